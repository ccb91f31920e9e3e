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
from .._core.values import dig, integer, text
from .._flow.guards import folded
from .._http.client import Client

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_PAGE = 100


class User(t.NamedTuple):
    """A user as far as an answer shows one. Which of the fields are there differs between the calls."""

    uuid: str | None = None
    handle: str | None = None
    name: str | None = None
    #: Datadog's number of the account, in digits, or whatever the answer has instead.
    number: str | None = None

    @classmethod
    def of(cls, value: t.Any) -> User | None:
        """The user in an answer; V(None) where the answer does not say who it is.

        Nobody is an account with the number -1, whatever it is called, and nothing else is. With a uuid or a handle
        beside that number, the answer contradicts itself, and the user is unknown.
        """
        number = dig(value, "id")
        uuid, handle, name = (text(dig(value, key)) or None for key in ("uuid", "handle", "name"))
        if integer(number) == -1:
            return None if uuid or handle else NOBODY
        user = cls(uuid, handle, name, None if number is None else str(number) or None)
        return None if user == NOBODY else user

    @property
    def shown(self) -> str:
        """What names this user in a result: the uuid if it is known; C("") is nobody."""
        return self.uuid or self.handle or self.name or self.number or ""

    @property
    def shown_name(self) -> str | None:
        """What people call this user; C("") is nobody, V(None) is not known."""
        return "" if self == NOBODY else self.name or self.handle

    @property
    def names(self) -> list[str]:
        """All that may name this user in a result, depending on how much an answer shows."""
        return [one for one in (self.uuid, self.handle, self.name) if one]

    @property
    def identities(self) -> dict[str, str]:
        """What belongs to this user alone. A display name does not, and a number cannot be looked up."""
        return {kind: one for kind, one in (("uuid", self.uuid), ("handle", self.handle)) if one}


NOBODY = User()


class Users:
    """Finds the one user that a task means."""

    def __init__(self, client: Client, base: str) -> None:
        self._client = client
        self._base = base
        self._known: dict[str, User] = {}
        self._lock = threading.Lock()

    def find(self, option: str, desired: str, *, statuses: str = "Active,Pending") -> User:
        """The user with this uuid, handle or e-mail; C("") is nobody. Raises `OptionError` unless it is just one.

        ``statuses`` are those of the accounts that are looked for, V("") for all: disabled ones, too.
        """
        desired = (checked_text(option, desired) or "").strip()
        if not desired:
            return NOBODY
        if re.fullmatch(_UUID, desired.lower()):
            return User(uuid=desired.lower())
        found = self._search(desired, statuses)
        matches = {user.uuid: user for user, email in found if _goes_by(desired, user.handle, email)}
        if not matches:
            which = "an active or invited user" if statuses else "a user"
            raise OptionError(f"{option} {desired!r} is neither the handle nor the e-mail of {which}")
        if len(matches) > 1:
            shown = ", ".join(f"{user.handle} ({user.uuid})" for user in matches.values())
            raise OptionError(f"{option} {desired!r} could be any of {shown}", "Give the uuid.")
        return next(iter(matches.values()))

    def allowed(self, words: t.Iterable[str]) -> dict[str, dict[str, str]]:
        """The identities of those whom O(only_assigned_to) names. A uuid gets its handle, for reads may show that."""
        users = {word: self.find("only_assigned_to", word, statuses="") for word in words}
        return {word: (user if user.handle else self._complete(user)).identities for word, user in users.items()}

    def same(self, user: User | None, other: User) -> bool:
        """Whether both are one user: by uuid, else by handle, else by name, as far as both are known."""
        if user is None or NOBODY in (user, other):
            return user == other
        if user.uuid:
            return user.uuid.lower() == (other.uuid or "").lower()
        if not other.handle and not other.name:
            other = self._complete(other)
        if user.handle:
            return folded(user.handle) == folded(other.handle or "")
        return user.name is not None and user.name == other.name

    def _search(self, desired: str, statuses: str) -> t.Iterator[tuple[User, str]]:
        """Users that the API's free-text filter finds, with their e-mail."""
        asked = {"filter": desired, **({"filter[status]": statuses} if statuses else {}), "page[size]": _PAGE}
        for page in range(1000):
            answer = self._get("/api/v2/users", {**asked, "page[number]": page})
            users = answer.get("data")
            for user in users if isinstance(users, list) else []:
                if re.fullmatch(_UUID, str(dig(user, "id")).lower()):
                    yield _user(user), text(dig(user, "attributes", "email")) or ""
            if not isinstance(users, list) or len(users) < _PAGE:
                return

    def _complete(self, other: User) -> User:
        """The user of a uuid with handle and name, which is looked up once.

        Data about a user with another uuid is ignored.
        """
        uuid = t.cast(str, other.uuid)
        with self._lock:
            if uuid not in self._known:
                found = _user(self._get(f"/api/v2/users/{segment(uuid)}").get("data"))
                self._known[uuid] = found if folded(found.uuid or "") == folded(uuid) else other
            return self._known[uuid]

    def _get(self, path: str, params: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        try:
            body = self._client.get(self._base + path, params).body
        except RefusedError as error:
            if error.status == 403:
                error.hint = "To look up a user, the application key may need user_access_read; or give the uuid."
            raise
        return body if isinstance(body, dict) else {}


def _goes_by(name: str, *names: str | None) -> bool:
    return folded(name) in [folded(one) for one in names if one]


def _user(value: t.Any) -> User:
    attributes = dig(value, "attributes")
    return User(text(dig(value, "id")), text(dig(attributes, "handle")), text(dig(attributes, "name")))
