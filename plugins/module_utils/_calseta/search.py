# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: searches, whose pages lose rows where the column that they are sorted by has equal values.

The server sorts by one column and pages by offset. Among equal values every page has an order of its own, so that
pages repeat some rows and leave out others. The number of different rows, held against the total, shows that.

API: https://docs.calseta.com/api-reference/alerts/list-alerts
"""

from __future__ import annotations

import dataclasses
import sys
import typing as t

from .._core.errors import TriageError
from .._flow.change import Alert, Fields
from .._flow.search import Page, SearchResult, collect_pages

#: The most rows of a page. One page loses none.
PAGE = 500

#: The most rows to read in another order.
_MOST = 100 * PAGE

#: The columns to sort by where another one has lost rows, those first in which few rows are equal.
_ORDERS = ("created_at", "occurred_at", "title")

#: The columns by which a search can also be filtered, and whose values have no commas.
_FILTERS = ("status", "severity")

Parameters = t.Mapping[str, str]

#: Called with a search's parameters, the number of a page and its size: the page's rows, each with a uuid, and how many
#: match altogether.
Fetch = t.Callable[[Parameters, int, int], tuple[list[Fields], int]]


@dataclasses.dataclass
class Reading:
    """The pages of a search, read in one order. ``rows`` has, by uuid, those of its other readings, too."""

    fetch: Fetch
    alert_of: t.Callable[[Fields], Alert]
    parameters: Parameters
    rows: dict[str, Fields] = dataclasses.field(default_factory=dict)
    #: How many rows the pages had that were read, if they were full.
    reach: int = 0
    #: The smallest total that any page told: alerts may come and leave.
    total: int = sys.maxsize

    def page(self, after: tuple[int, int] | None, size: int) -> Page:
        """The page of a number, and how many alerts there were before it was asked for; at first there is neither."""
        number, before = after or (1, 0)
        rows, total = self.fetch(self.parameters, number, size)
        self.rows.update((row["uuid"], row) for row in rows)
        self.reach, self.total = max(self.reach, number * size), min(self.total, total)
        alerts = {row["uuid"]: self.alert_of(row) for row in rows}
        if total < before:
            # Some match no more, and the others have moved up: onto the page that has been read already.
            return Page(alerts, (max(1, number - 1), total), total)
        # Behind a full page there may be more than the total told: an alert may have come after it was counted.
        follows = len(rows) >= size or (rows and number * size < total)
        return Page(alerts, (number + 1, total) if follows else None, total)

    def collect(self, limit: int) -> SearchResult:
        """Read pages until there are more alerts than ``limit``, which one more than the limit shows."""
        # Pages are counted, so all of them must be of one size.
        size = min(PAGE, limit + 1)
        return collect_pages(lambda after, _limit: self.page(after, size), limit, size)

    @property
    def missing(self) -> int:
        """How many rows the pages should have shown, and have not."""
        return max(0, min(self.reach, self.total) - len(self.rows))

    def sorted_by(self, column: str) -> Reading:
        """The same rows, to be read in another order."""
        parameters = {**self.parameters, "sort_by": column, "sort_order": "desc"}
        return Reading(self.fetch, self.alert_of, parameters, self.rows)


def find(fetch: Fetch, alert_of: t.Callable[[Fields], Alert], parameters: Parameters, limit: int) -> SearchResult:
    """The first ``limit`` alerts of a search, in its order; of equal ones the newest first, then by uuid.

    Raises `TriageError` if the search does not show all that match in any order.
    """
    reading = Reading(fetch, alert_of, parameters)
    found = reading.collect(limit)
    column = parameters["sort_by"]
    # The values in the server's order, whatever that is.
    ranks = {
        value: rank for rank, value in enumerate(dict.fromkeys(str(row.get(column)) for row in reading.rows.values()))
    }
    if reading.missing:
        _complete(_narrowed(reading, column, ranks) if found.more else reading, column)
    rows = sorted(reading.rows.values(), key=lambda row: str(row["uuid"]))
    rows.sort(key=lambda row: str(row.get("created_at")), reverse=True)
    rows.sort(key=lambda row: ranks.get(str(row.get(column)), len(ranks)))
    return SearchResult({row["uuid"]: alert_of(row) for row in rows[:limit]}, len(rows) > limit, found.total)


def _narrowed(reading: Reading, column: str, values: t.Iterable[str]) -> Reading:
    """The search for the rows with these values alone: those before which no other row comes."""
    filtered = {column: ",".join(values)} if column in _FILTERS else {}
    return dataclasses.replace(reading, parameters={**reading.parameters, **filtered})


def _complete(reading: Reading, column: str) -> None:
    """Add the rows to a reading that it has lost, by reading them in other orders."""
    for other in _ORDERS:
        again = reading.sorted_by(other)
        if other != column and not again.collect(_MOST).more and not again.missing:
            return
    raise TriageError(
        f"The search shows {len(reading.rows)} of the {reading.total} alerts that match: where several have the same"
        f" {column}, Calseta repeats some on its pages and leaves out others",
        f"Narrow the query: up to {PAGE} alerts come in one page, which leaves out none.",
    )
