# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: the open incident with a title, which is found or created, once.

API: https://docs.datadoghq.com/api/latest/incidents/#search-for-incidents and #create-an-incident
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .._core.errors import AmbiguousError, OptionError, RefusedError, TriageError
from .._core.options import checked_text
from .._core.text import has_control_characters
from .._core.values import dig, integer, text
from .._flow.change import Refused, outcome_of
from .._http.answer import Answer
from .api import SignalApi

_INCIDENTS = "/api/v2/incidents"

_SEARCH = f"{_INCIDENTS}/search"

#: The states of an incident that somebody still works on. The others are resolved and completed.
_OPEN = "state:(active OR stable)"

_CLOSED = ("resolved", "completed")

#: The most incidents of one answer.
_PAGE = 100

#: The most open incidents that are looked through.
_MOST = 10_000

#: Seconds before the first look for an incident that was created; each further pause is twice as long.
_FIRST_PAUSE = 0.25


class TitledIncident:
    """The open incident with this title. ``number`` is its public id; V(None) as long as there is none.

    ``created`` says whether this task has created it; V(None) if nobody knows.
    """

    def __init__(self, api: SignalApi, title: str) -> None:
        self._api = api
        self.title = (checked_text("incident_title", title) or "").strip()
        if not self.title or has_control_characters(self.title):
            raise OptionError("incident_title is the title of an incident: one line that is not empty")
        self.number: int | None = None
        self.created: bool | None = False
        #: Whether searches show the incident, so that another task finds it.
        self.visible = True

    def find(self) -> None:
        """Look for the incident. Raises `OptionError` if several have the title."""
        numbers = self._search()
        if len(numbers) > 1:
            raise OptionError(
                f"incident_title {self.title!r} could be any of {', '.join(f'IR-{one}' for one in numbers)}",
                "Give incident_id, or close those that are not meant.",
            )
        self.number = next(iter(numbers), None)

    def create(self, read_lag: float) -> None:
        """Create the incident. The request is sent once, unless it was clearly not carried out.

        Raises `TriageError` if there is no incident then, or if nobody knows whether there is one.
        """
        attributes = {"title": self.title, "customer_impacted": False}
        try:
            answer = self._asked("POST", _INCIDENTS, {"data": {"type": "incidents", "attributes": attributes}})
            self.number = self._number(dig(answer.body, "data"), "POST", _INCIDENTS)
        except TriageError as error:
            if isinstance(outcome_of(error), Refused):
                raise
            self._settle(error, read_lag)
            return
        if self.number is None:
            said = "the answer does not show the incident"
            self._settle(AmbiguousError("POST", _INCIDENTS, said, status=answer.status), read_lag)
            return
        self.created = True
        # The next task would create another one if its search did not find this one.
        self.visible = bool(self._await(read_lag))

    def _settle(self, doubt: TriageError, read_lag: float) -> None:
        """Look whether the incident is there after an unclear answer. It is never created again."""
        self.created = None
        numbers = self._await(read_lag)
        if len(numbers) != 1:
            method, path = doubt.method or "POST", doubt.path or _INCIDENTS
            raise AmbiguousError(
                method,
                path,
                doubt.message.removeprefix(f"{method} {path}: "),
                status=doubt.status,
                request_id=doubt.request_id,
                hint=f"Nobody knows whether the incident {self.title!r} was created: look for it in Datadog before you"
                " run the task again, and give incident_id if it is there.",
            )
        self.number = numbers[0]

    def _await(self, read_lag: float) -> list[int]:
        """The incidents with the title, as soon as a search shows any. Nothing is known of a search that fails."""
        end, pause = time.monotonic() + read_lag, _FIRST_PAUSE
        while True:
            with contextlib.suppress(TriageError):
                numbers = self._search()
                if numbers:
                    return numbers
            if time.monotonic() >= end or self._api.client.is_stopped():
                return []
            self._api.client.pause(max(0.0, min(pause, end - time.monotonic())))
            pause *= 2

    def _search(self) -> list[int]:
        """The public ids of the open incidents with just this title. What a search finds by words is too much."""
        numbers: list[int | None] = []
        offset, most = 0, 0
        while offset < _MOST:
            found, total = self._page(offset)
            numbers += [self._number(dig(one, "data"), "GET", _SEARCH) for one in found]
            offset += len(found)
            if total is not None and total < most:
                # Those behind it have moved up, so that a page may have missed one. It must not be created again.
                raise TriageError("An incident was closed during the search for incident_title", "Run the task again.")
            if (len(found) < _PAGE) if total is None else offset >= total:
                return list(dict.fromkeys(one for one in numbers if one))
            most = total or 0
        raise TriageError(f"There are more than {_MOST} open incidents", "Give incident_id.")

    def _page(self, offset: int) -> tuple[list[t.Any], int | None]:
        """The open incidents from this one on, the newest first, and how many there are altogether."""
        page = {"query": _OPEN, "sort": "-created", "page[size]": _PAGE, "page[offset]": offset}
        answer = self._asked("GET", _SEARCH, params=page)
        found = dig(answer.body, "data", "attributes", "incidents")
        total = integer(dig(answer.body, "data", "attributes", "total"))
        if not isinstance(found, list) or (not found and offset < (total or 0)):
            raise AmbiguousError("GET", _SEARCH, "the answer does not show incidents", status=answer.status)
        return found, total

    def _number(self, incident: t.Any, method: str, path: str) -> int | None:
        """The public id of an incident, if it has the title and is open.

        Raises `AmbiguousError` if it has no public id: another one must not be created in its place.
        """
        attributes = dig(incident, "attributes")
        if (text(dig(attributes, "title")) or "").strip() != self.title or dig(attributes, "state") in _CLOSED:
            return None
        number = integer(dig(attributes, "public_id"))
        if number is None or number < 1:
            raise AmbiguousError(method, path, f"the incident {self.title!r} has no public id in the answer")
        return number

    def _asked(self, method: str, path: str, body: t.Any = None, params: t.Mapping[str, t.Any] | None = None) -> Answer:
        try:
            return self._api.client.request(method, self._api.base + path, body, params=params)
        except RefusedError as error:
            if error.status == 403:
                right = "incident_read, and incident_write to create an incident"
                error.hint = f"To use incident_title, the application key needs {right}; or give incident_id."
            raise
