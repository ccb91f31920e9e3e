# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches: what one finds, page by page, how many it may find, and whether it leaves anything out."""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import LimitError, OptionError, TriageError, UnboundedError
from .._core.options import ArgumentSpec, Params
from .change import Alert

SELECTION_OPTIONS = ArgumentSpec(
    {
        "max_alerts": {"type": "int", "default": 100},
        "expected_count": {"type": "int"},
        "allow_unbounded": {"type": "bool", "default": False},
    }
)

#: How many pages in a row may show nothing new: a service may leave out what it has filtered only afterwards.
_IDLE_PAGES = 50

_NARROW = (
    "Say what the alerts have in common, or from when on they are. To mean every alert, in future runs too, set"
    " allow_unbounded: true."
)


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What a search found, at the most as many as were wanted."""

    alerts: dict[str, Alert]
    #: Whether there are more than these.
    more: bool = False
    #: How many there are altogether, where the API tells.
    total: int | None = None
    #: How many match, where those that need no change are not among the alerts.
    matching: int | None = None


@dataclasses.dataclass(frozen=True)
class Page:
    """One answer of a search. ``after`` asks for the next one; V(None) is the end."""

    alerts: t.Mapping[str, Alert]
    after: t.Any = None
    total: int | None = None


def collect_pages(fetch: t.Callable[[t.Any, int], Page], limit: int, size: int) -> SearchResult:
    """The first ``limit`` alerts of a search, page by page; ``size`` is the most of a page.

    ``fetch`` is called with the ``after`` of the page before, at first V(None), and with how many alerts to ask for.
    What turns up on two pages, because new alerts came in between, counts once.
    """
    alerts: dict[str, Alert] = {}
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


class Population(t.Protocol):
    """All alerts in the same space, sink or organisation, whatever their status and whatever a search asks for."""

    def begin(self, limit: int) -> None:
        """Look before a search for ``limit`` alerts: what comes while it runs counts as neither found nor left out."""

    def all_found(self, found: SearchResult) -> int | None:
        """How many alerts there are, if the search has left none of them out that existed when the task began."""


class ListedPopulation:
    """The population of an API that does not count: it is listed, the oldest alerts first, until one is left out.

    One page of it is read before the search, and further pages only as long as all of their alerts were found.
    """

    def __init__(self, fetch: t.Callable[[t.Any, int], Page], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._first = Page({})

    def begin(self, limit: int) -> None:
        # An alert more than may match is enough to show that one is left out.
        self._size = min(self._size, limit + 1)
        self._first = self._fetch(None, self._size)

    def all_found(self, found: SearchResult) -> int | None:
        if (self._first.total or 0) > len(found.alerts):
            return None
        page, known = self._first, set()
        while found.alerts and not page.alerts.keys() - found.alerts.keys():
            if page.after is None or page.after in known:
                return len(found.alerts)
            known.add(page.after)
            page = self._fetch(page.after, self._size)
        return None


class Selection:
    """How a task chooses its alerts by a search, and how many of them it may be about.

    ``search`` is called with how many alerts it may find at the most. ``says_nothing`` is why the search has neither a
    filter nor a window, V(None) if it has one.
    """

    def __init__(
        self,
        params: Params,
        search: t.Callable[[int], SearchResult],
        population: Population,
        says_nothing: str | None = None,
    ) -> None:
        self._search = search
        self._max: int = params["max_alerts"]
        self._expected: int | None = params.get("expected_count")
        self._population = None if params["allow_unbounded"] else population
        #: How many alerts the task is about, once that is known.
        self.matched: int | None = None
        if self._max < 1:
            raise OptionError(f"max_alerts must be at least 1, not {self._max}")
        if self._expected is not None and self._expected < 0:
            raise OptionError(f"expected_count must not be negative, and is {self._expected}")
        if says_nothing and self._population:
            raise UnboundedError(f"The search would match every alert: {says_nothing}", _NARROW)

    @property
    def needs_total(self) -> bool:
        """Whether the number of all that match has to be known."""
        return self._expected is not None

    def find(self) -> SearchResult:
        """The alerts that match now, or as many of them as there may be."""
        found = self._run()
        if not found.more:
            self._refuse_everything(found)
        return found

    def select(self) -> dict[str, Alert]:
        """The alerts that match now. Raises `LimitError` or `UnboundedError` if the task must not be about them."""
        found = self._run()
        if found.more:
            many = f"more than {self._max}" if found.total is None else found.total
            raise LimitError(
                f"The query matches {many} alerts, and max_alerts is {self._max}. Nothing was changed",
                "Narrow the query, or raise max_alerts.",
                {"matched": found.total},
            )
        matching = len(found.alerts) if found.matching is None else found.matching
        if self._expected not in (None, matching):
            raise LimitError(
                f"The query matches {matching} alerts, and expected_count is {self._expected}. Nothing was changed",
                "Every alert that matches counts, also one that is as it should be. The info module shows them.",
                {"matched": matching},
            )
        self._refuse_everything(found)
        self.matched = len(found.alerts)
        return found.alerts

    def _run(self) -> SearchResult:
        if self._population:
            self._population.begin(self._max)
        return self._search(self._max)

    def _refuse_everything(self, found: SearchResult) -> None:
        """Refuse a search that leaves nothing out: what matches every alert today was hardly meant so."""
        total = self._population.all_found(found) if self._population else None
        if total:
            raise UnboundedError(
                f"The search leaves nothing out: it matches {total} alerts, and there are {total}"
                f" (max_alerts is {self._max}). Nothing was changed",
                _NARROW,
                {"matched": total, "total": total},
            )
