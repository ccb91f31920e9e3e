# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who asks a platform, and what its refusals mean."""

from __future__ import annotations

import base64
import contextlib
import importlib
import json
import os
import re
import time
import typing as t
from pathlib import Path

from .api import Answer, Api
from .errors import PassingError, SourceError
from .options import VARIABLES, WAYS, Args

_NEEDS = {
    "datadog": "the permission security_monitoring_signals_read, and keys of an organisation on this site",
    "kibana": "Kibana's privilege to read security alerts in this space, and that to read their index",
    "security_deck": "the role security-deck.alertSinks.viewer for the sink, and a token that has not expired",
    "calseta": "the scope alerts:read, and a key that has not expired",
}


class Platform:
    """Reads from one platform, with the credentials that the options name."""

    def __init__(self, options: Args, api: Api) -> None:
        self._options = options
        self._api = api
        self.name: str = options["platform"]
        self.base: str = options["api_url"]
        #: Whether its own objects are wanted as a whole.
        self.whole: bool = options["raw"]
        #: Whether the credentials are tokens that this fetches.
        self._renews = False
        self._headers = self._authorization()
        if self.name == "kibana":
            self._headers.update({"kbn-xsrf": "true", "elastic-api-version": "2023-10-31"})

    async def read(self, method: str, path: str, **asked: t.Any) -> dict[str, t.Any]:
        """The JSON object of an answer. Raises `PassingError`, or `SourceError` for what will not pass."""
        fetched = self._renews and not self._headers
        if fetched:
            await self._fetch_token()
        answer = await self._api.exchange(method, self.base + path, self._headers, **asked)
        if answer.status == 401 and self._renews and not fetched:
            await self._fetch_token()
            answer = await self._api.exchange(method, self.base + path, self._headers, **asked)
        self._refuse(f"{method} {path}", answer)
        if not isinstance(answer.body, dict):
            raise PassingError(f"{method} {path}: {answer.status} with a body that is no JSON object")
        return answer.body

    def _refuse(self, what: str, answer: Answer) -> None:
        """Raise an error unless it is a 2xx."""
        if 200 <= answer.status < 300:
            return
        what += f": {answer.status}"
        if answer.passing():
            raise PassingError(what, answer.wait())
        if 300 <= answer.status < 400:
            raise SourceError(f"{what}, a redirect, which is not followed: check the address (https, host, base path)")
        hint = f". It takes {_NEEDS[self.name]}" if answer.status in (401, 403) else ""
        hint = ". Check the address" if answer.status == 404 else hint
        raise SourceError(f"{what} {self._api.scrubbed(answer.text)}".strip() + hint)

    def _authorization(self) -> dict[str, str]:
        ways = WAYS[self.name]
        way = next((way for way in ways if all(self._options[name] for name in way)), None)
        if way is None:
            names = ", or ".join(" and ".join(way) for way in ways)
            variables = [one for way in ways for name in way for one in VARIABLES[self.name].get(name, [])]
            raise SourceError(f"No credentials: give {names}, or set {', '.join(variables)}")
        if way[0] in ("service_account_key_file", "instance_metadata"):
            self._renews = True
            return {}
        values = {name: str(self._options[name]) for name in way}
        for name, value in values.items():
            if name != "username":
                self._api.hide(value)
            if name != "password" and not re.fullmatch(r"[\x20-\x7e]+", value):
                raise SourceError(f"{name} has characters in it that no such credential has")
        if "app_key" in values:
            return {"DD-API-KEY": values["api_key"], "DD-APPLICATION-KEY": values["app_key"]}
        if "password" in values:
            pair = base64.b64encode(f"{values['username']}:{values['password']}".encode()).decode()
            return {"Authorization": f"Basic {self._api.hide(pair)}"}
        if self.name == "kibana" and "api_key" in values:
            # In it are an id and the key itself, in base64.
            with contextlib.suppress(ValueError):
                self._api.hide(base64.b64decode(values["api_key"]).decode().partition(":")[2])
            return {"Authorization": f"ApiKey {values['api_key']}"}
        return {"Authorization": f"Bearer {values[way[0]]}"}

    async def _fetch_token(self) -> None:
        """A token of Yandex Cloud, in exchange for the service account's key, or of the virtual machine."""
        if self._options["service_account_key_file"]:
            issuer = f"https://iam.{self._options['api_host']}/iam/v1/tokens"
            # An address of the user's is that of all services.
            url = issuer if self.base.startswith("https://alert-sink.") else f"{self.base}/iam/v1/tokens"
            jwt = self._api.hide(_jwt(self._options["service_account_key_file"], issuer))
            answer, name = await self._api.exchange("POST", url, {}, json={"jwt": jwt}), "iamToken"
        else:
            host = os.environ.get("YC_METADATA_ADDR") or "169.254.169.254"
            url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
            headers = {"Metadata-Flavor": "Google"}
            answer, name = await self._api.exchange("GET", url, headers, direct=True), "access_token"
        self._refuse("The request for a token", answer)
        token = answer.body.get(name) if isinstance(answer.body, dict) else None
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise PassingError("The answer to the request for a token has none in it")
        self._headers["Authorization"] = f"Bearer {self._api.hide(token)}"


_NO_JWT = "service_account_key_file takes PyJWT[crypto], where ansible-rulebook is installed"


def _jwt(key: t.Any, audience: str) -> str:
    """What a service account's key, its JSON or the path of its file, is exchanged as."""
    try:
        jwt = importlib.import_module("jwt")
    except ImportError:
        raise SourceError(_NO_JWT) from None
    try:
        if isinstance(key, str):
            key = json.loads(key if key.startswith("{") else Path(key).expanduser().read_text(encoding="utf-8"))
        # Such a file has a line of warning above the key.
        private = key["private_key"][max(key["private_key"].find("-----BEGIN"), 0) :]
        claims = {"iss": key["service_account_id"], "aud": audience, "iat": int(time.time())}
        claims["exp"] = claims["iat"] + 3600
        return str(jwt.encode(claims, private, algorithm="PS256", headers={"kid": key["id"]}))
    except NotImplementedError:
        # What PyJWT says of an algorithm for which it lacks the package cryptography.
        raise SourceError(_NO_JWT) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, jwt.PyJWTError):
        raise SourceError("service_account_key_file is not the authorized key of a service account") from None
