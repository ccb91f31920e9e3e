# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of Yandex Cloud."""

from __future__ import annotations

import importlib
import json
import time
import typing as t
from pathlib import Path

from .errors import SourceError
from .platform import Args
from .urls import host_name
from .values import environment

if t.TYPE_CHECKING:
    from .answers import Answer
    from .api import Api

_NO_JWT = "service_account_key_file takes PyJWT[crypto], where ansible-rulebook is installed"


async def request_token(api: Api, options: Args) -> tuple[Answer, str]:
    """The answer to a request for a token, and the name of the key that it is under."""
    if options["service_account_key_file"]:
        return await _exchange_key(api, options), "iamToken"
    return await _ask_metadata(api), "access_token"


async def _exchange_key(api: Api, options: Args) -> Answer:
    audience = f"https://iam.{host_name('api_host', options['api_host'])}/iam/v1/tokens"
    # An api_url is the address of all services.
    base = options["api_url"]
    url = audience if base.startswith("https://alert-sink.") else f"{base}/iam/v1/tokens"
    jwt = api.hide(_jwt(options["service_account_key_file"], audience))
    return await api.exchange("POST", url, {}, json={"jwt": jwt})


async def _ask_metadata(api: Api) -> Answer:
    host = environment("YC_METADATA_ADDR") or "169.254.169.254"
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
    return await api.exchange("GET", url, {"Metadata-Flavor": "Google"}, direct=True)


def _jwt(value: str, audience: str) -> str:
    """The signed request for a token. ``value`` is the JSON of an authorized key, or the path of its file."""
    try:
        jwt = importlib.import_module("jwt")
    except ImportError:
        raise SourceError(_NO_JWT) from None
    try:
        key = json.loads(_text(value))
        # A key file may have a line of warning above the key.
        private = key["private_key"][max(key["private_key"].find("-----BEGIN"), 0) :]
        claims = {"iss": key["service_account_id"], "aud": audience, "iat": int(time.time())}
        claims["exp"] = claims["iat"] + 3600
        return str(jwt.encode(claims, private, algorithm="PS256", headers={"kid": key["id"]}))
    except NotImplementedError:
        # PyJWT raises it if the package cryptography is missing.
        raise SourceError(_NO_JWT) from None
    except (ValueError, TypeError, KeyError, AttributeError, jwt.PyJWTError):
        raise SourceError("service_account_key_file is not the authorized key of a service account") from None


def _text(key: str) -> str:
    """The JSON of a key, which is the text itself or in the file of that name. Raises `SourceError`."""
    if key.startswith("{"):
        return key
    try:
        return Path(key).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"service_account_key_file {key} cannot be read: {reason}") from None
