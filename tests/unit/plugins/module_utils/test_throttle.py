# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import email.utils
import threading
import time
import typing as t

import pytest
from requests.structures import CaseInsensitiveDict
from urllib3._collections import HTTPHeaderDict

from ansible_collections.secops.triage.plugins.module_utils._core.backoff import LONGEST_WAIT, backoff, retry_after
from ansible_collections.secops.triage.plugins.module_utils._http.throttle import Throttle


def date_in(seconds: float) -> dict[str, str]:
    return {"Retry-After": email.utils.formatdate(time.time() + seconds, usegmt=True)}


def epoch_in(seconds: float) -> dict[str, str]:
    return {"X-RateLimit-Reset": str(int(time.time() + seconds))}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "86400"}, LONGEST_WAIT),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "nan"}, 0),
        ({"Retry-After": "inf"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "Fri, 99 Foo 2026 99:99:99 GMT"}, 0),
        ({"Retry-After": ""}, 0),
        ({"X-RateLimit-Reset": "4"}, 4),
        ({"X-RateLimit-Reset": "4000"}, LONGEST_WAIT),
        ({"X-RateLimit-Reset": "later"}, 0),
        ({"Retry-After": "2", "X-RateLimit-Reset": "50"}, 2),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "5"}, 5),
        # A header that was sent twice is joined to one.
        ({"X-RateLimit-Reset": "6, 6"}, 6),
        ({"X-RateLimit-Reset": "2, 9,4"}, 9),
        ({"X-RateLimit-Reset": "later, 4"}, 4),
        ({"Retry-After": "3, 7"}, 7),
        ({"Retry-After": "Fri, 99 Foo 2026 99:99:99 GMT, 7"}, 7),
        ({"Retry-After": "3, 7", "X-RateLimit-Reset": "50, 50"}, 7),
        # By the RFC a number is of digits; what else Python takes for one is none.
        ({"Retry-After": "1e2"}, 0),
        ({"Retry-After": "0x10"}, 0),
        ({"Retry-After": "1_000"}, 0),
        ({"Retry-After": "1,5"}, 5),
        ({"Retry-After": "1e2", "X-RateLimit-Reset": "1e2", "X-RateLimit-Period": "8"}, 8),
        # A moment that has passed.
        ({"Retry-After": "1500000000"}, 0),
        ({"X-RateLimit-Reset": "1500000000, 1500000001"}, 0),
        ({"X-RateLimit-Reset": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"Retry-After": "9" * 30}, LONGEST_WAIT),
        ({"X-RateLimit-Period": "10"}, 10),
        ({"X-RateLimit-Reset": "later", "X-RateLimit-Period": "10, 20"}, 20),
        ({"X-RateLimit-Reset": "4", "X-RateLimit-Period": "10"}, 4),
        ({"X-RateLimit-Period": "86400"}, LONGEST_WAIT),
    ],
)
def test_told_wait(headers: dict[str, str], wait: float) -> None:
    assert retry_after(headers, limited=True) == wait


def twice(seconds: float) -> dict[str, str]:
    """A date behind one that has passed, as the one header that two are joined to."""
    dates = (email.utils.formatdate(time.time() + after, usegmt=True) for after in (-50, seconds))
    return {"Retry-After": ", ".join(dates)}


def old_date_in(seconds: float) -> dict[str, str]:
    return {"Retry-After": time.asctime(time.gmtime(time.time() + seconds))}


def reset_date_in(seconds: float) -> dict[str, str]:
    return {"X-RateLimit-Reset": date_in(seconds)["Retry-After"]}


def retry_epoch_in(seconds: float) -> dict[str, str]:
    return {"Retry-After": epoch_in(seconds)["X-RateLimit-Reset"]}


@pytest.mark.parametrize("in_seconds", [date_in, old_date_in, epoch_in, twice, reset_date_in, retry_epoch_in])
def test_told_when_to_come_back(in_seconds: t.Callable[[float], dict[str, str]]) -> None:
    assert 150 < retry_after(in_seconds(200), limited=True) <= 200
    assert retry_after(in_seconds(9000), limited=True) == LONGEST_WAIT
    assert retry_after(in_seconds(-30), limited=True) == 0


def test_headers_as_requests_has_them() -> None:
    """Two of a name are one there, in whatever case they were sent."""
    doubled = HTTPHeaderDict([("x-ratelimit-reset", "6"), ("X-RateLimit-Reset", "6")])
    assert retry_after(CaseInsensitiveDict(doubled), limited=True) == 6


def test_the_reset_of_a_limit_that_was_not_hit_says_nothing() -> None:
    assert retry_after({"X-RateLimit-Reset": "50", "X-RateLimit-Period": "50"}, limited=False) == 0
    assert retry_after({"X-RateLimit-Reset": "50", "Retry-After": "3"}, limited=False) == 3


def test_backoff_grows_with_jitter_up_to_a_bound() -> None:
    assert backoff(0) == 0
    for attempt, longest in ((1, 0.5), (2, 1), (3, 2), (4, 4), (20, 30), (900, 30)):
        waits = {backoff(attempt) for dummy in range(50)}
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(waits) > 1


@dataclasses.dataclass(frozen=True)
class Stay:
    """One request between its admission and its end."""

    ticket: int
    start: float
    end: float


def stays(pace: Throttle, count: int, *, widens: bool = True) -> list[Stay]:
    """What so many requests do that are all there at once, each under way for some milliseconds; by admission."""
    done: list[Stay] = []
    lock = threading.Lock()
    admitted: list[int] = []

    def stay(ticket: int) -> None:
        mark = pace.enter(ticket)
        start = time.monotonic()
        with lock:
            admitted.append(ticket)
        time.sleep(0.02)
        end = time.monotonic()
        pace.leave()
        if widens:
            pace.recover(mark)
        with lock:
            done.append(Stay(ticket, start, end))

    threads = [threading.Thread(target=stay, args=(pace.ticket(),)) for dummy in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(done) == count
    return sorted(done, key=lambda one: one.start)


def most_at_once(done: t.Sequence[Stay]) -> int:
    return max(sum(other.start <= one.start < other.end for other in done) for one in done)


@pytest.mark.parametrize("width", [1, 3])
def test_no_more_than_the_width_at_a_time(width: int) -> None:
    assert most_at_once(stays(Throttle(width), 10)) <= width


def test_a_hold_holds_everybody_and_then_one_goes_first() -> None:
    pace = Throttle(8)
    until = time.monotonic() + 0.1
    pace.hold(0.1)
    done = stays(pace, 12)
    assert done[0].start >= until
    # One alone, then two: nobody else before the first was answered, and no more than two before the next.
    assert done[1].start >= done[0].end
    assert done[3].start >= min(done[1].end, done[2].end)
    assert most_at_once(done) <= 8


def test_without_a_success_it_stays_with_one() -> None:
    pace = Throttle(8)
    pace.hold(0)
    assert most_at_once(stays(pace, 4, widens=False)) == 1


def test_an_answer_to_a_request_from_before_the_hold_does_not_widen() -> None:
    pace = Throttle(8)
    mark = pace.enter(pace.ticket())
    pace.hold(0)
    pace.leave()
    pace.recover(mark)
    assert most_at_once(stays(pace, 4, widens=False)) == 1


def test_the_longest_hold_counts() -> None:
    pace = Throttle(2)
    until = time.monotonic() + 0.1
    pace.hold(0.1)
    pace.hold(0)
    assert stays(pace, 1)[0].start >= until


def test_who_asked_first_goes_first_and_keeps_the_place_over_all_tries() -> None:
    pace = Throttle(1)
    tickets = [pace.ticket() for dummy in range(5)]
    pace.hold(0.3)
    order: list[int] = []

    def go(ticket: int) -> None:
        pace.enter(ticket)
        order.append(ticket)
        pace.leave()

    threads = [threading.Thread(target=go, args=(ticket,)) for ticket in reversed(tickets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert order == tickets


def test_rounds_in_which_nobody_got_through_are_counted() -> None:
    pace = Throttle(3)
    marks = [pace.enter(pace.ticket()) for dummy in range(3)]
    # Those that were under way together are one round.
    assert [pace.put_off(mark, 0.001) for mark in marks] == [1, 1, 1]
    for _each in marks:
        pace.leave()
    for rounds in (2, 3):
        assert pace.put_off(pace.enter(pace.ticket()), 0.001) == rounds
        pace.leave()
    pace.recover(pace.enter(pace.ticket()))
    assert pace.put_off(pace.enter(pace.ticket()), 0.001) == 1


def test_an_end_lets_go_those_that_wait() -> None:
    pace = Throttle(2)
    pace.hold(60)
    threading.Timer(0.05, pace.release).start()
    assert len(stays(pace, 5)) == 5
