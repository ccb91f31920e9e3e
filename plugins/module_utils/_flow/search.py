# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches: their pages, their limits, and the refusal of searches that match every alert."""

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

#: How many pages in a row may show nothing new: some services filter a page after they have cut it.
_IDLE_PAGES = 50

_NARROW = (
    "Say what the alerts have in common, or from when on they are. To mean every alert, in future runs too, set"
    " allow_unbounded: true."
)


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """The alerts that a search found, up to its limit."""

    alerts: dict[str, Alert]
    #: Whether more alerts match.
    more: bool = False
    #: How many alerts match altogether, if the API counts them.
    total: int | None = None
    #: How many alerts match, if ``alerts`` leaves out those that need no change.
    matching: int | None = None


@dataclasses.dataclass(frozen=True)
class Page:
    """One page of a search. ``after`` is the cursor of the next page; V(None) is the end."""

    alerts: t.Mapping[str, Alert]
    after: t.Any = None
    total: int | None = None


def collect_pages(fetch: t.Callable[[t.Any, int], Page], limit: int, size: int) -> SearchResult:
    """The first ``limit`` alerts of a search, page by page; ``size`` is the most of a page.

    ``fetch`` is called with the ``after`` of the page before (at first V(None)) and the number of alerts to ask for. An
    alert on two pages, because new alerts came in between, counts once. Raises `TriageError` if the pages go round in
    circles.
    """
    alerts: dict[str, Alert] = {}
    after, known, idle = None, set(), 0
    while True:
        # Once the limit is reached, one alert is asked for: it shows whether there are more.
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
    """All alerts in the same space, sink or organisation, whatever their status."""

    def begin(self, limit: int) -> None:
        """Called before a search for ``limit`` alerts, so that alerts which arrive while it runs do not count."""

    def all_found(self, found: SearchResult) -> int | None:
        """The number of alerts, if the search found all that existed before it; V(None) if it left one out."""


class ListedPopulation:
    """The population of an API that does not count alerts. It is listed, oldest first, until the search lacks one.

    The first page is read before the search, further pages only as long as the search has found all of their alerts.
    Pages without an end that show nothing new count as the end: no alert on them was left out.
    """

    def __init__(self, fetch: t.Callable[[t.Any, int], Page], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._first = Page({})

    def begin(self, limit: int) -> None:
        # With one alert more than the limit, at least one is left out.
        self._size = min(self._size, limit + 1)
        self._first = self._fetch(None, self._size)

    def all_found(self, found: SearchResult) -> int | None:
        # A page that is not full has no other alerts behind it, whatever total comes with it.
        if len(self._first.alerts) >= self._size and (self._first.total or 0) > len(found.alerts):
            return None
        page, known, idle = self._first, set(), 0
        shown: set[str] = set()
        while found.alerts and not page.alerts.keys() - found.alerts.keys():
            idle = 0 if page.alerts.keys() - shown else idle + 1
            if page.after is None or page.after in known or idle > _IDLE_PAGES:
                return len(found.alerts)
            shown.update(page.alerts)
            known.add(page.after)
            page = self._fetch(page.after, self._size)
        return None


class Selection:
    """The search of a task, with its limits.

    ``search`` is called with the largest number of alerts to find. ``says_nothing`` is why the search matches every
    alert, if that can be seen without a request; otherwise V(None).
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
        #: How many alerts the search has selected, once it has run.
        self.matched: int | None = None
        if self._max < 1:
            raise OptionError(f"max_alerts must be at least 1, not {self._max}")
        if self._expected is not None and self._expected < 0:
            raise OptionError(f"expected_count must not be negative, and is {self._expected}")
        if says_nothing and self._population:
            raise UnboundedError(f"The search would match every alert: {says_nothing}", _NARROW)

    @property
    def needs_total(self) -> bool:
        """Whether the search must count all alerts that match."""
        return self._expected is not None

    def find(self) -> SearchResult:
        """The alerts that match now, up to ``max_alerts``. Raises `UnboundedError` if they are all there are."""
        found = self._run()
        if not found.more:
            self._refuse_everything(found)
        return found

    def select(self) -> dict[str, Alert]:
        """The alerts that match now. Raises `LimitError` or `UnboundedError` if they must not be written."""
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
                "The count includes alerts that already are in the desired state. Use the info module to list them.",
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
        """Refuse a search that matches every alert: it is more likely a mistake than intended."""
        total = self._population.all_found(found) if self._population else None
        if total:
            raise UnboundedError(
                f"The search leaves nothing out: it matches {total} alerts, and there are {total}"
                f" (max_alerts is {self._max}). Nothing was changed",
                _NARROW,
                {"matched": total, "total": total},
            )
