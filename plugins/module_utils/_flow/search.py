# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which alerts a task is about, where it does not name them: what a search finds, once, and counted."""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import OptionError, TriageError
from .._core.options import ArgumentSpec, Params
from .change import Fields

SELECTION_OPTIONS = ArgumentSpec(
    {
        "max_alerts": {"type": "int", "default": 1000},
        "expected_count": {"type": "int"},
        "allow_unbounded": {"type": "bool", "default": False},
    }
)

#: How many pages in a row may show nothing new: a service may leave out what it has filtered only afterwards.
_IDLE_PAGES = 50


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What a search found, at the most as many as were wanted."""

    alerts: dict[str, Fields]
    #: Whether there are more than these.
    more: bool = False
    #: How many there are altogether, where the API tells.
    total: int | None = None
    #: How many match, where those that need no change are not among the alerts.
    matching: int | None = None


@dataclasses.dataclass(frozen=True)
class Page:
    """One answer of a search. ``after`` asks for the next one; V(None) is the end."""

    alerts: t.Mapping[str, Fields]
    after: t.Any = None
    total: int | None = None


def collect_pages(fetch: t.Callable[[t.Any, int], Page], limit: int, size: int) -> SearchResult:
    """The first ``limit`` alerts of a search, page by page; ``size`` is the most of a page.

    ``fetch`` is called with the ``after`` of the page before, at first V(None), and with how many alerts to ask for.
    What turns up on two pages, because new alerts came in between, counts once.
    """
    alerts: dict[str, Fields] = {}
    after, known, idle = None, set(), 0
    while True:
        # Whether there are more is asked for only where the last page did not tell.
        page = fetch(after, max(1, min(size, limit - len(alerts))))
        idle = 0 if page.alerts.keys() - alerts.keys() else idle + 1
        alerts.update(page.alerts)
        after = page.after
        if after is None or len(alerts) > limit:
            break
        if after in known or idle > _IDLE_PAGES:
            raise TriageError("The search goes round in circles: the service names pages that show nothing new")
        known.add(after)
    kept = dict(list(alerts.items())[:limit])
    return SearchResult(kept, len(alerts) > limit, page.total)


class Selection:
    """How a task chooses its alerts by a search, and how many of them it may be about.

    ``search`` is told how many alerts it may find at the most, and shows them as a read does, but for fields that a
    search does not show.
    """

    def __init__(self, params: Params, search: t.Callable[[int], SearchResult]) -> None:
        self._search = search
        self._max: int = params["max_alerts"]
        self._expected: int | None = params.get("expected_count")
        self._unbounded: bool = params.get("allow_unbounded", True)
        #: How many alerts the task is about, once that is known.
        self.matched: int | None = None
        if self._max < 1:
            raise OptionError(f"max_alerts must be at least 1, not {self._max}")
        if self._expected is not None and self._expected < 0:
            raise OptionError(f"expected_count must not be negative, and is {self._expected}")

    @classmethod
    def of(cls, params: Params, search: t.Callable[[int], SearchResult]) -> Selection | None:
        """How the task searches; V(None) if it names its alerts.

        Limits may come from defaults that many tasks share. A number that is expected belongs to one task, and must not
        be forgotten in silence: without a query it is an `OptionError`.
        """
        if params.get("query") is not None:
            return cls(params, search)
        if params.get("expected_count") is not None:
            raise OptionError("Without a query there is no use for expected_count")
        return None

    @property
    def counts(self) -> bool:
        """Whether the number of all that match has to be known."""
        return self._expected is not None

    def refuse(self, why: str | None) -> None:
        """Refuse a search without bounds, unless that is allowed; V(None) is one that has some."""
        if why and not self._unbounded:
            raise OptionError(
                f"The search is not bounded: {why}",
                "Say what the alerts have in common, or from when on they are. To mean every alert, now and in future"
                " runs, set allow_unbounded: true.",
            )

    def find(self) -> SearchResult:
        """The alerts that match now, or as many of them as there may be."""
        return self._search(self._max)

    def select(self) -> dict[str, Fields]:
        """The alerts that match now. Raises `OptionError` if there are more than there may be."""
        found = self.find()
        if found.more:
            many = f"more than {self._max}" if found.total is None else found.total
            raise OptionError(
                f"The query matches {many} alerts, and max_alerts is {self._max}. Nothing was changed",
                "Narrow the query, or raise max_alerts.",
                {"matched": found.total},
            )
        matching = len(found.alerts) if found.matching is None else found.matching
        if self._expected not in (None, matching):
            raise OptionError(
                f"The query matches {matching} alerts, and expected_count is {self._expected}. Nothing was changed",
                "Every alert that matches counts, also one that is as it should be. The info module shows them.",
                {"matched": len(found.alerts)},
            )
        self.matched = len(found.alerts)
        return found.alerts
