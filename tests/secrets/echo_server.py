# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that repeats the secrets of its requests in its answers, and a machine on which Python does."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import jwt

from ansible_collections.secops.triage.tests.simulator import Entry, Fault

_CREDENTIALS = ("authorization", "dd-api-key", "dd-application-key", "proxy-authorization")
#: The characters of an API's words that a message has room for.
_ROOM = 500
#: A service account whose tokens are refused.
REFUSED_ACCOUNT = "ajerefused0000000001"


def credentials_in(entry: Entry) -> list[str]:
    """The secrets of a request: those of its headers, what can be read in them, and a token in its body."""
    values = [entry.headers[name].rpartition(" ")[2] for name in _CREDENTIALS if name in entry.headers]
    if entry.headers.get("authorization", "").startswith(("Basic ", "ApiKey ")):
        values.append(base64.b64decode(values[0]).decode().partition(":")[2])
    if isinstance(entry.body, dict) and "jwt" in entry.body:
        values.append(entry.body["jwt"])
    return values


class Echo(Fault):
    """Refuses what is about certain alerts, and repeats what it was asked with.

    ``about`` has the kind of refusal for an alert's id. A 403 goes for writes only, and its words are so long that they
    end amid a secret; a 500 has line breaks and escape sequences around it; a redirect takes it along in an address.
    """

    def __init__(self, elsewhere: str) -> None:
        super().__init__("status", count=None)
        self.about: dict[str, str] = {}
        self._elsewhere = elsewhere

    def matches(self, entry: Entry) -> bool:
        told = f"{entry.path} {json.dumps(entry.body)}"
        kind = next((kind for alert_id, kind in self.about.items() if alert_id in told), _refused_token(entry))
        if not kind or (kind == "403" and not entry.is_write):
            return False
        secrets = credentials_in(entry)
        self.action = "redirect" if kind == "redirect" else "status"
        self.status = 307 if kind == "redirect" else int(kind)
        self.location = f"{self._elsewhere}/{secrets[-1]}?key={secrets[0]}"
        self.headers = {"X-Request-Id": secrets[0]} if kind == "401" else {}
        said = ", ".join(secrets)
        if kind == "403":
            # The last one is cut in its middle.
            said = ("." * (_ROOM - len("Forbidden: ") - len(secrets[-1]) // 2)) + secrets[-1]
        elif kind == "500":
            said = "\x1b[2J\x1b]0;all is well\x07\r\n" + "\n\t".join(secrets) + "\x9b31m\u202e"
        self.body = {"message": said}
        return True


def _refused_token(entry: Entry) -> str:
    if not entry.path.endswith("/iam/v1/tokens"):
        return ""
    claims = jwt.decode(entry.body["jwt"], options={"verify_signature": False})
    return "400" if claims["iss"] == REFUSED_ACCOUNT else ""


_QUOTES_HEADERS = """
import http.client

original = http.client.HTTPConnection.putheader

def putheader(self, header, *values):
    if header.lower() in ("authorization", "dd-application-key"):
        raise RuntimeError(f"no room for {header}: {values}")
    original(self, header, *values)

http.client.HTTPConnection.putheader = putheader
"""
_IS_KILLED = _QUOTES_HEADERS.replace("raise RuntimeError", "import os; os.kill(os.getpid(), 9); print")


def break_pythons(folder: Path) -> dict[str, Path]:
    """Folders for PYTHONPATH that each break a module in another way."""
    broken = {
        # As http.client itself does with headers that it does not like.
        "crash": ("sitecustomize.py", _QUOTES_HEADERS),
        "killed": ("sitecustomize.py", _IS_KILLED),
        "import": ("requests.py", "raise RuntimeError('this installation is broken')\n"),
    }
    made: dict[str, Path] = {}
    for kind, (name, source) in broken.items():
        made[kind] = folder / kind
        made[kind].mkdir(parents=True)
        (made[kind] / name).write_text(source)
    return made
