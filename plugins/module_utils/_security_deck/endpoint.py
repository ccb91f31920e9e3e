# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud: the addresses of its services, and how to get an IAM token.

API: https://yandex.cloud/docs/iam/api-ref/IamToken/create
"""

from __future__ import annotations

import json
import re
import sys
import time
import typing as t
from pathlib import Path

from .._core.credentials import secret, select_credentials
from .._core.endpoint import Endpoint, TokenRequest, bearer
from .._core.errors import OptionError
from .._core.options import Params, TaskContext, environment_value, is_given
from .._core.urls import base_url
from .._core.values import dig
from .words import AUTH_METHODS, YANDEX_IAM_OPTIONS

_TOKENS = "/iam/v1/tokens"

_METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"

#: What some editors put before a text.
_BOM = "\ufeff"

#: The roles that reading alerts takes, and changing them.
READ_ROLE = "security-deck.alertSinks.viewer"
_WRITE_ROLE = "security-deck.alertSinks.editor"


def security_deck_endpoint(params: Params, context: TaskContext, role: str = _WRITE_ROLE) -> Endpoint:
    """The API that has alerts and their comments. ``role`` is what the account needs."""
    hints = {
        401: "Check the IAM token: they expire after 12 hours at most.",
        403: f"Check that the account has the role {role} for the alert's sink.",
    }
    base = service_url(params, "alert-sink")
    way = select_credentials(_without_stray_oauth(params), YANDEX_IAM_OPTIONS.options, AUTH_METHODS)[0]
    if way == "iam_token":
        headers, token = bearer(_iam_token(params, context)), None
    else:
        headers, token = {}, _local_token() if way == "instance_metadata" else _exchange(params, context)
    return Endpoint(base, lambda status, writing: hints.get(status), headers, token)


def service_url(params: Params, service: str) -> str:
    """The address of one of the cloud's services: C(api_url) is that of all, and C(api_host) the end of all names."""
    host = _host(params)
    if params["api_url"]:
        return base_url(params["api_url"], allow_http=params["allow_http"])
    return f"https://{service}.{host}"


def _host(params: Params) -> str:
    host = re.sub(r":443$", "", params["api_host"].strip())
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
        raise OptionError(f"api_host {params['api_host']!r} is not a host such as api.cloud.yandex.net")
    return host


def _iam_token(params: Params, context: TaskContext) -> str:
    if _is_oauth(params):
        raise OptionError(
            "iam_token is an OAuth token (it begins with y0_), and Security Deck takes IAM tokens only",
            "Get one with yc iam create-token, or give service_account_key_file. YC_TOKEN may hold either kind.",
        )
    return secret(params, "iam_token", context)


def _is_oauth(params: Params) -> bool:
    return bool(re.match(r"y[0-9]_", str(params["iam_token"] or "").strip()))


def _without_stray_oauth(params: Params) -> Params:
    """The options without an OAuth token that the environment holds for another tool, where there is another way."""
    others = any(params[name] for way in AUTH_METHODS for name in way if name != "iam_token")
    stray = others and _is_oauth(params) and not is_given(params, YANDEX_IAM_OPTIONS.options, "iam_token")
    return {**params, "iam_token": None} if stray else params


def _local_token() -> TokenRequest:
    """The request for the token of the virtual machine that this runs on."""
    host = environment_value(["YC_METADATA_ADDR"]) or "169.254.169.254"
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", host):
        raise OptionError("YC_METADATA_ADDR is not a host, or a host and a port")
    return TokenRequest(
        "GET",
        f"http://{host}{_METADATA}",
        _METADATA,
        "access_token",
        "instance_metadata works on a virtual machine of the cloud that has a service account.",
        {"Metadata-Flavor": "Google"},
        local=True,
    )


def _exchange(params: Params, context: TaskContext) -> TokenRequest:
    """The request that exchanges the key of a service account for a token."""
    key = _key(params["service_account_key_file"], context)
    audience = f"https://iam.{_host(params)}{_TOKENS}"
    return TokenRequest(
        "POST",
        service_url(params, "iam") + _TOKENS,
        _TOKENS,
        "iamToken",
        "Check the service account's key.",
        body=lambda: {"jwt": _jwt(key, audience, context)},
    )


def _key(value: t.Any, context: TaskContext) -> dict[str, str]:
    """A service account's key, of a file's path or contents; what is secret in it is hidden."""
    key = _loaded(value.strip().lstrip(_BOM)) if isinstance(value, str) else value
    parts = {name: dig(key, name) for name in ("id", "service_account_id", "private_key")}
    lacking = [name for name, part in parts.items() if not isinstance(part, str) or not part]
    if lacking:
        raise OptionError(f"service_account_key_file has no {' and no '.join(lacking)}")
    context.hide(parts["private_key"])
    # Such a file has a line of warning above the key.
    parts["private_key"] = parts["private_key"][max(parts["private_key"].find("-----BEGIN"), 0) :]
    context.hide(parts["private_key"].strip())
    return t.cast("dict[str, str]", parts)


def _loaded(content: str) -> t.Any:
    if not content.startswith("{"):
        try:
            content = Path(content).expanduser().read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise OptionError(
                "The file that service_account_key_file names does not exist",
                "Give its path on the machine that the module runs on, or what is in it.",
            ) from None
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise OptionError(f"service_account_key_file cannot be read: {reason}") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise OptionError("service_account_key_file is not JSON") from None


def _jwt(key: dict[str, str], audience: str, context: TaskContext) -> str:
    try:
        import jwt  # noqa: PLC0415  # needed for key files only, and not everywhere installed
    except ImportError:
        raise _missing_jwt() from None
    now = int(time.time())
    claims = {"iss": key["service_account_id"], "aud": audience, "iat": now, "exp": now + 3600}
    try:
        token = jwt.encode(claims, key["private_key"], algorithm="PS256", headers={"kid": key["id"]})
    except NotImplementedError:
        # What PyJWT says of an algorithm for which it lacks the package cryptography.
        raise _missing_jwt() from None
    except (ValueError, TypeError, AttributeError, jwt.PyJWTError):
        raise OptionError("The private_key of service_account_key_file is not an RSA key in PEM") from None
    context.hide(token)
    return token


def _missing_jwt() -> OptionError:
    return OptionError(
        f"service_account_key_file needs the Python package PyJWT[crypto] for {sys.executable}",
        "Install it there, or give iam_token.",
    )
