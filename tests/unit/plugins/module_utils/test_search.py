# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches: the pages they consist of, the population they are compared with, and the alerts a task may be about."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    LimitError,
    OptionError,
    TriageError,
    UnboundedError,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.change import Alert
from ansible_collections.secops.triage.plugins.module_utils._flow.search import (
    ListedPopulation,
    Page,
    SearchResult,
    Selection,
    collect_pages,
)


def alerts_of(ids: str) -> dict[str, Alert]:
    return {one: Alert(one, {}) for one in ids}


class Service:
    """Answers with the pages of a list, by their number; ``asked`` has the sizes that were asked for."""

    def __init__(self, *pages: str, total: int | None = None) -> None:
        self.pages = list(pages)
        self.total = total
        self.asked: list[int] = []
        self.numbers: list[int] = []

    def __call__(self, after: int | None, size: int) -> Page:
        self.asked.append(size)
        number = after or 0
        self.numbers.append(number)
        follows = number + 1 if number + 1 < len(self.pages) else None
        return Page(alerts_of(self.pages[number]), follows, self.total)


@pytest.mark.parametrize(
    ("pages", "limit", "found", "more", "asked"),
    [
        (["abc"], 5, "abc", False, [3]),
        ([""], 5, "", False, [3]),
        (["abc", "de"], 5, "abcde", False, [3, 2]),
        (["abc", "de"], 9, "abcde", False, [3, 3]),
        # A further page is read only to know whether there are more.
        (["abc", "def"], 3, "abc", True, [3, 1]),
        (["abc", ""], 3, "abc", False, [3, 1]),
        (["abc", "def"], 2, "ab", True, [2]),
        # An alert that moved onto the next page, because new ones came, counts once.
        (["abc", "cd"], 9, "abcd", False, [3, 3]),
        # A page may be empty where the service filters afterwards.
        (["abc", "", "", "d"], 9, "abcd", False, [3, 3, 3, 3]),
        (["abc", "abc", "d"], 3, "abc", True, [3, 1, 1]),
    ],
)
def test_pages(pages: list[str], limit: int, found: str, more: bool, asked: list[int]) -> None:
    service = Service(*pages, total=17)
    result = collect_pages(service, limit, 3)
    assert ("".join(result.alerts), result.more, result.total) == (found, more, 17)
    assert service.asked == asked


def test_pages_that_show_nothing_new_are_read_for_a_while() -> None:
    assert len(collect_pages(Service("a", *[""] * 50, "b"), 9, 3).alerts) == 2
    with pytest.raises(TriageError, match="round in circles"):
        collect_pages(Service("a", *[""] * 51, "b"), 9, 3)


def test_a_page_that_names_itself_as_the_next_ends_the_search() -> None:
    calls: list[t.Any] = []

    def fetch(after: t.Any, _size: int) -> Page:
        calls.append(after)
        return Page(alerts_of("abcdefgh"[len(calls)]), "again")

    with pytest.raises(TriageError, match="round in circles"):
        collect_pages(fetch, 99, 3)
    assert calls == [None, "again"]


@pytest.mark.parametrize(
    ("everything", "found", "count", "read"),
    [
        # All that there is was found: the number of alerts.
        (["ab"], "ab", 2, [0]),
        (["ab", "cd"], "abcd", 4, [0, 1]),
        (["ab", "cd"], "dcba", 4, [0, 1]),
        # An alert that the search has left out, on the first page or a later one, at which the listing ends.
        (["ab"], "a", None, [0]),
        (["ab", "cd", "ef"], "b", None, [0]),
        (["ab", "cd", "ef"], "abc", None, [0, 1]),
        # A search that finds nothing leaves everything out, even if there is nothing.
        (["ab"], "", None, [0]),
        ([""], "", None, [0]),
        # Alerts that came after the first page was read: the search shows more than there were.
        (["ab"], "abc", 3, [0]),
    ],
)
def test_population(everything: list[str], found: str, count: int | None, read: list[int]) -> None:
    service = Service(*everything)
    population = ListedPopulation(service, 2)
    population.begin(100)
    assert population.all_found(SearchResult(alerts_of(found))) == count
    assert service.numbers == read


@pytest.mark.parametrize(
    ("total", "everything", "found", "count", "read"),
    [
        # A full page with more behind it than were found.
        (3, ["ab", "c"], "ab", None, [0]),
        (3, ["ab", "c"], "abc", 3, [0, 1]),
        # A page that is not full has nothing behind it, so the total is wrong.
        (9, ["a"], "a", 1, [0]),
        (9, ["a"], "b", None, [0]),
        (9, [""], "a", 1, [0]),
        (0, ["ab"], "ab", 2, [0]),
        (0, ["ab", "c"], "ab", None, [0, 1]),
    ],
)
def test_population_that_is_counted(
    total: int, everything: list[str], found: str, count: int | None, read: list[int]
) -> None:
    service = Service(*everything, total=total)
    population = ListedPopulation(service, 2)
    population.begin(100)
    assert population.all_found(SearchResult(alerts_of(found))) == count
    assert service.numbers == read


def test_population_is_read_before_the_search() -> None:
    """An alert that comes while the search runs is not one that it has left out."""
    service = Service("ab")
    population = ListedPopulation(service, 2)
    population.begin(100)
    service.pages[0] = "abc"
    assert population.all_found(SearchResult(alerts_of("ab"))) == 2
    assert service.numbers == [0]


@pytest.mark.parametrize(("limit", "size"), [(1, 2), (5, 6), (500, 10)])
def test_population_asks_for_one_alert_more_than_may_match(limit: int, size: int) -> None:
    service = Service("a")
    ListedPopulation(service, 10).begin(limit)
    assert service.asked == [size]


@pytest.mark.parametrize("shown", ["ab", ""])
def test_population_whose_pages_have_no_end_ends(shown: str) -> None:
    """Each page names another one, and shows nothing new: nothing is seen that the search has left out."""
    calls: list[t.Any] = []

    def fetch(after: t.Any, _size: int) -> Page:
        calls.append(after)
        assert len(calls) < 1000
        return Page(alerts_of(shown), len(calls))

    population = ListedPopulation(fetch, 2)
    population.begin(100)
    assert population.all_found(SearchResult(alerts_of("ab"))) == 2


def test_population_is_read_on_behind_empty_pages() -> None:
    population = ListedPopulation(Service("a", *[""] * 40, "b"), 2)
    population.begin(100)
    assert population.all_found(SearchResult(alerts_of("a"))) is None


def test_population_whose_pages_go_round_in_circles_ends() -> None:
    population = ListedPopulation(lambda _after, _size: Page(alerts_of("ab"), "again"), 2)
    population.begin(100)
    assert population.all_found(SearchResult(alerts_of("ab"))) == 2


class Everything:
    """A population that knows how many alerts there are, and logs when it is looked at."""

    def __init__(self, ids: str, log: list[str]) -> None:
        self._ids = ids
        self._log = log

    def begin(self, limit: int) -> None:
        self._log.append(f"begin {limit}")

    def all_found(self, found: SearchResult) -> int | None:
        self._log.append("all_found")
        return len(found.alerts) if set(self._ids) <= set(found.alerts) else None


def selection(
    found: SearchResult, *, everything: str = "abcdefgh", says_nothing: str | None = None, **given: t.Any
) -> tuple[Selection, list[str]]:
    log: list[str] = []

    def search(limit: int) -> SearchResult:
        log.append(f"search {limit}")
        return found

    params = {"max_alerts": 3, "allow_unbounded": False, **given}
    return Selection(params, search, Everything(everything, log), says_nothing), log


ABC = SearchResult(alerts_of("abc"))


@pytest.mark.parametrize(
    ("found", "given", "refused", "matched"),
    [
        (ABC, {}, None, 3),
        (SearchResult({}), {}, None, 0),
        (ABC, {"expected_count": 3}, None, 3),
        (ABC, {"expected_count": 2}, LimitError, 3),
        (SearchResult({}), {"expected_count": 0}, None, 0),
        (ABC, {"expected_count": 0}, LimitError, 3),
        # What is as it should be already counts, where the search leaves that out of its alerts.
        (SearchResult(alerts_of("ab"), matching=7), {"expected_count": 7}, None, 2),
        (SearchResult(alerts_of("ab"), matching=7), {"expected_count": 2}, LimitError, 7),
        (SearchResult(alerts_of("abc"), more=True), {}, LimitError, None),
        (SearchResult(alerts_of("abc"), more=True, total=9), {}, LimitError, 9),
        (SearchResult(alerts_of("abc"), more=True, total=9), {"allow_unbounded": True}, LimitError, 9),
        (ABC, {"everything": "abc"}, UnboundedError, 3),
        (ABC, {"everything": "abc", "allow_unbounded": True}, None, 3),
        # Alerts that were raised since.
        (ABC, {"everything": "ab"}, UnboundedError, 3),
        (SearchResult({}), {"everything": ""}, None, 0),
        # The limits come first: they say more.
        (ABC, {"everything": "abc", "expected_count": 2}, LimitError, 3),
        (SearchResult(alerts_of("abc"), more=True), {"everything": "abc"}, LimitError, None),
    ],
)
def test_which_searches_may_be_written_to(
    found: SearchResult, given: dict[str, t.Any], refused: type[TriageError] | None, matched: int | None
) -> None:
    made, log = selection(found, **given)
    if refused is None:
        assert made.select() == found.alerts
        assert made.matched == matched
    else:
        with pytest.raises(refused) as error:
            made.select()
        assert error.value.__class__ is refused
        assert error.value.extra_results["matched"] == matched
        assert made.matched is None
    unbounded = given.get("allow_unbounded")
    assert log[:2] == (["search 3"] if unbounded else ["begin 3", "search 3"])


@pytest.mark.parametrize(
    ("found", "given", "refused"),
    [
        (ABC, {}, False),
        # A module that only shows alerts may show the first ones.
        (SearchResult(alerts_of("abc"), more=True), {"everything": "abc"}, False),
        (ABC, {"everything": "abc"}, True),
        (ABC, {"everything": "abc", "allow_unbounded": True}, False),
    ],
)
def test_which_searches_may_be_shown(found: SearchResult, given: dict[str, t.Any], refused: bool) -> None:
    made, _log = selection(found, **given)
    if refused:
        with pytest.raises(UnboundedError, match="The search leaves nothing out"):
            made.find()
    else:
        assert made.find() is found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_alerts": 0}, "max_alerts must be at least 1, not 0"),
        ({"expected_count": -1}, "expected_count must not be negative, and is -1"),
        ({"says_nothing": "query is empty"}, "The search would match every alert: query is empty."),
    ],
)
def test_refused_before_anything_is_sent(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionError) as refused:
        selection(ABC, **given)
    assert str(refused.value).startswith(words)


def test_a_search_that_says_nothing_is_taken_where_the_task_allows_it() -> None:
    made, log = selection(ABC, everything="abc", says_nothing="query is empty", allow_unbounded=True)
    assert made.select() == ABC.alerts
    assert log == ["search 3"]


def test_words_of_the_limits() -> None:
    many, _log = selection(SearchResult(alerts_of("abc"), more=True))
    with pytest.raises(LimitError, match="matches more than 3 alerts, and max_alerts is 3"):
        many.select()
    other, _log = selection(ABC, expected_count=2)
    with pytest.raises(LimitError, match="matches 3 alerts, and expected_count is 2"):
        other.select()
    everything, _log = selection(ABC, everything="abc")
    with pytest.raises(UnboundedError, match="it matches 3 alerts, and there are 3") as refused:
        everything.select()
    assert refused.value.extra_results == {"matched": 3, "total": 3}


@pytest.mark.parametrize(("given", "needs"), [({}, False), ({"expected_count": 0}, True)])
def test_the_number_of_all_matches_is_needed_to_compare_it(given: dict[str, t.Any], needs: bool) -> None:
    assert selection(ABC, **given)[0].needs_total is needs
