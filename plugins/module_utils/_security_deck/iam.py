# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud: IAM tokens, given, exchanged for a service account's key, or from an instance's metadata.

API: https://yandex.cloud/docs/iam/api-ref/IamToken/create
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
import threading
import time
import typing as t
from pathlib import Path

from .._core.credentials import secret, select_credentials
from .._core.errors import AmbiguousError, CredentialsError, OptionError, RequestError, TriageError
from .._core.options import Connection, Params, TaskContext, is_given
from .._core.values import dig
from .._http.client import Authorization, Client
from .words import YANDEX_IAM_OPTIONS

_TOKENS = "/iam/v1/tokens"

#: What some editors put before a text.
_BOM = "\ufeff"

_WAYS = (("iam_token",), ("service_account_key_file",), ("instance_metadata",))

_METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"


class IamToken(Authorization):
    """A token, fetched when it is first needed and once more if it is refused: they live for 12 hours at most."""

    def __init__(self, fetch: t.Callable[[], str], hide: t.Callable[[str], None]) -> None:
        super().__init__({})
        self._fetch = fetch
        self._hide = hide
        self._fetched = 0
        self._failure: TriageError | None = None
        self._lock = threading.Lock()

    def headers(self) -> t.Mapping[str, str]:
        with self._lock:
            if not self._fetched:
                self._get()
            return dict(self._headers)

    def renew(self, stale: t.Mapping[str, str]) -> bool:
        with self._lock:
            if self._headers == stale:
                if self._fetched > 1:
                    return False
                self._get()
            return self._headers != stale

    def _get(self) -> None:
        if self._failure:
            # One refusal is enough: every alert would ask anew.
            raise self._failure
        try:
            token = self._fetch()
        except TriageError as error:
            # Not as it is: to whoever reads an alert, a 404 would say that there is no such alert.
            self._failure = CredentialsError(error)
            raise self._failure from None
        self._hide(token)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._fetched += 1


def iam_authorization(params: Params, context: TaskContext, connection: Connection, base: str | None) -> Authorization:
    """The authorization that the options ask for. ``base`` replaces the host of the IAM API."""
    way = select_credentials(_without_stray_oauth(params), YANDEX_IAM_OPTIONS.options, _WAYS)[0]
    if way == "iam_token":
        if _is_oauth(params):
            raise OptionError(
                "iam_token is an OAuth token (it begins with y0_), and Security Deck takes IAM tokens only",
                "Get one with yc iam create-token, or give service_account_key_file. YC_TOKEN may hold either kind.",
            )
        return Authorization({"Authorization": f"Bearer {secret(params, 'iam_token', context)}"})
    if way == "instance_metadata":
        near = dataclasses.replace(connection, direct=True, timeout=min(connection.timeout, 5.0))
        client = Client(near, Authorization({}), context, lambda status, writing: None)
        return IamToken(lambda: _from_metadata(client), context.hide)
    key = _key(params["service_account_key_file"], context)
    issuer = f"https://iam.{params['api_host']}{_TOKENS}"
    client = Client(connection, Authorization({}), context, lambda status, writing: "Check the service account's key.")
    url = f"{base or 'https://iam.' + params['api_host']}{_TOKENS}"
    return IamToken(lambda: _exchanged(client, url, _jwt(key, issuer, context)), context.hide)


def _is_oauth(params: Params) -> bool:
    return bool(re.match(r"y[0-9]_", str(params["iam_token"] or "").strip()))


def _without_stray_oauth(params: Params) -> Params:
    """The options without an OAuth token that the environment holds for another tool, where there is another way."""
    options = YANDEX_IAM_OPTIONS.options
    others = any(params[name] for way in _WAYS for name in way if name != "iam_token")
    stray = others and _is_oauth(params) and not is_given(params, options, "iam_token")
    return {**params, "iam_token": None} if stray else params


def _from_metadata(client: Client) -> str:
    host = os.environ.get("YC_METADATA_ADDR") or "169.254.169.254"
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", host):
        raise OptionError("YC_METADATA_ADDR is not a host, or a host and a port")
    try:
        answer = client.request(
            "GET", f"http://{host}{_METADATA}", headers={"Metadata-Flavor": "Google"}, anonymous=True
        )
    except RequestError as error:
        error.hint = "instance_metadata works on a virtual machine of the cloud that has a service account."
        raise
    return _token(answer.body, "access_token", "GET", _METADATA)


def _exchanged(client: Client, url: str, jwt: str) -> str:
    answer = client.request("POST", url, {"jwt": jwt}, safe=True, anonymous=True)
    return _token(answer.body, "iamToken", "POST", _TOKENS)


def _token(body: t.Any, name: str, method: str, path: str) -> str:
    token = dig(body, name)
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise AmbiguousError(method, path, "the answer has no token in it")
    return token


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
