# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog's users: who a task means, and whether an answer shows the same one.

API: https://docs.datadoghq.com/api/latest/users/#list-all-users
"""

from __future__ import annotations

import re
import threading
import typing as t

from .._core.errors import OptionError, RefusedError
from .._core.options import checked_text
from .._core.urls import segment
from .._core.values import dig, text
from .._http.client import Client

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_PAGE = 100


class User(t.NamedTuple):
    """A user as far as an answer shows one. Which of the three are there differs between the calls."""

    uuid: str | None = None
    handle: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, value: t.Any) -> User:
        if dig(value, "id") == -1:
            return NOBODY
        user = cls(*(text(dig(value, key)) or None for key in ("uuid", "handle", "name")))
        if user == NOBODY and isinstance(dig(value, "id"), int) and value["id"] > 0:
            # Somebody has it, even if the answer does not tell who that is.
            return cls(name=str(value["id"]))
        return NOBODY if user == (None, None, "Unassigned") else user

    @property
    def shown(self) -> str:
        """What names this user in a result: the uuid if it is known; C("") is nobody."""
        return self.uuid or self.handle or self.name or ""


NOBODY = User()


class Users:
    """Finds the one user that a task means."""

    def __init__(self, client: Client, base: str) -> None:
        self._client = client
        self._base = base
        self._known: dict[str, User] = {}
        self._lock = threading.Lock()

    def find(self, option: str, desired: str) -> User:
        """The user with this uuid, handle or e-mail; C("") is nobody. Raises `OptionError` unless it is just one."""
        desired = (checked_text(option, desired) or "").strip()
        if not desired:
            return NOBODY
        if re.fullmatch(_UUID, desired.lower()):
            return User(uuid=desired.lower())
        matches = {
            user.uuid: user
            for user, email in self._search(desired)
            if desired.casefold() in ((user.handle or "").casefold(), email.casefold())
        }
        if not matches:
            raise OptionError(f"{option} {desired!r} is neither the handle nor the e-mail of an active or invited user")
        if len(matches) > 1:
            shown = ", ".join(f"{user.handle} ({user.uuid})" for user in matches.values())
            raise OptionError(f"{option} {desired!r} could be any of {shown}", "Give the uuid.")
        return next(iter(matches.values()))

    def same(self, user: User, other: User) -> bool:
        """Whether both are one user: by uuid, else by handle, else by name, as far as both are known."""
        if NOBODY in (user, other):
            return user == other
        if user.uuid:
            return user.uuid.lower() == (other.uuid or "").lower()
        if not other.handle and not other.name:
            other = self._complete(other)
        if user.handle:
            return user.handle.casefold() == (other.handle or "").casefold()
        return user.name == other.name

    def _search(self, desired: str) -> t.Iterator[tuple[User, str]]:
        """Users that the API's free-text filter finds, with their e-mail."""
        for page in range(1000):
            answer = self._get(
                "/api/v2/users",
                {"filter": desired, "filter[status]": "Active,Pending", "page[size]": _PAGE, "page[number]": page},
            )
            users = answer.get("data")
            for user in users if isinstance(users, list) else []:
                if re.fullmatch(_UUID, str(dig(user, "id")).lower()):
                    yield _user(user), text(dig(user, "attributes", "email")) or ""
            if not isinstance(users, list) or len(users) < _PAGE:
                return

    def _complete(self, other: User) -> User:
        """The user of a uuid with handle and name, which is looked up once."""
        uuid = t.cast(str, other.uuid)
        with self._lock:
            if uuid not in self._known:
                self._known[uuid] = _user(self._get(f"/api/v2/users/{segment(uuid)}").get("data"))
            return self._known[uuid]

    def _get(self, path: str, params: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        try:
            body = self._client.get(self._base + path, params).body
        except RefusedError as error:
            if error.status == 403:
                error.hint = "To look up a user, the application key may need user_access_read; or give the uuid."
            raise
        return body if isinstance(body, dict) else {}


def _user(value: t.Any) -> User:
    attributes = dig(value, "attributes")
    return User(text(dig(value, "id")), text(dig(attributes, "handle")), text(dig(attributes, "name")))
