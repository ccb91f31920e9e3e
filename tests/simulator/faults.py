# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Misbehaviour on demand: which requests it strikes, and what it does to them.

A :class:`Fault` is plain data, so that it can be posted to ``/_simulator/faults`` as well. Example: the second and
third write to Kibana are done but never answered::

    sim.faults.add(Fault("close", platform="kibana", writes=True, when="after", nth=2, count=2))

Many have a name, which :meth:`Faults.add` takes in place of a fault, with other fields where given. The next write to
one alert is done, and answered 204::

    sim.faults.add("no_content", writes=True, path=alert_id)

============================ ================================================================== =====================
name                         what it does                                                       platforms
============================ ================================================================== =====================
Answers that leave open whether the write was done: it was, and with ``when="before"`` it was not (``UNCLEAR``)
---------------------------------------------------------------------------------------------------------------------
``no_content``               204                                                                all
``accepted``                 202 ``{}``                                                         all
``empty_object``             200 ``{}``                                                         all
``empty_body``               200 without a body                                                 all
``html_page``                200 with an HTML page                                              all
``see_other``                303 with ``location`` (``/``)                                      all
``timeout_408``              408                                                                all
``closed_499``               499                                                                all
``error_500``                500                                                                all
``error_502``                502 with an HTML page                                              all
``error_503``                503                                                                all
``error_503_wait``           503 with Retry-After (``wait``, 1)                                 all
``error_504``                504 with an HTML page                                              all
``reset``                    RST without a byte                                                 all
``close``                    FIN without a byte                                                 all
``truncate``                 half of the answer, then FIN                                       all
``cut``                      half of the answer, then RST                                       all
Answers to a write that was done
---------------------------------------------------------------------------------------------------------------------
``refresh_403``              403, ``indices:admin/refresh`` is unauthorized                     Kibana
``updated``                  200 ``{"status": "updated"}``, as the page of v1 has it            Datadog
``lost``                     answered as usual, then taken back; ``lost=True`` adds that to     all
                             any other fault
Answers about something else
---------------------------------------------------------------------------------------------------------------------
``another``                  the id of ``other`` (or the next alert) in place of this one's,    all; Kibana's writes
                             ``body`` merged in                                                 name no alert
``left_out``                 a bulk answer, search or list without its last ``forget`` (1)      all
``repeated``                 a bulk answer, search or list that ends with its first item once   all
                             more, ``body`` merged into that
``stale``                    a read that shows what was before each alert's last write          all
``conflict``                 409                                                                all
Below HTTP
---------------------------------------------------------------------------------------------------------------------
``early_hints``              103, 0.05 s, then the answer                                       all
``continues``                100 five hundred times, then the answer                            all
``one_behind``               103, 0.05 s, the answer, and the same answer once more before the  all
                             next one of that connection, which is one behind from then on
``endless``                  chunks without end at full speed                                   all
``endless_unframed``         the same without chunks or a length                                all
``endless_headers``          header lines without end at full speed                             all
``endless_continue``         100 without end at full speed                                      all
``gzip_bomb``                1.4 MB that unpack to 1.4 GB of valid JSON                         all
``trickle``                  a byte of the body every 0.1 s                                     all
``trickle_headers``          a byte of a header every 0.1 s                                     all
``short_body``               2 bytes under a Content-Length of 1000, then silence               all
Conditions, which last
---------------------------------------------------------------------------------------------------------------------
``maintenance``              503 with Retry-After (``wait``) for all, once ``after_writes`` (1) all
                             writes were received
``exhausted``                the same with 429                                                  all
``idle_reset``               RST for requests on a connection that was idle for ``idle`` (2) s  all
============================ ================================================================== =====================

Not faults but settings, for they are how a server is: ``read_lag`` and ``idle_seconds`` on all platforms
(:class:`.base.Settings`), ``rate_headers_twice`` on Datadog, ``tiebreaker`` on Calseta. Alerts without a status are
made by ``sim.kibana.add_alert(status=None)`` and ``sim.datadog.add_signal(triaged=False)``.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from typing import Any

from .log import Entry
from .wire import FLOODS

ACTIONS = {
    "status": "answers with `status` (503), `headers` and `body` (the platform's own error unless given)",
    "delay": "answers as usual, but waits `delay` seconds before (or after) it does what it is asked",
    "reset": "resets the connection (RST)",
    "close": "closes the connection without a byte",
    "truncate": "sends the first half of the answer under its full Content-Length, then closes",
    "cut": "sends the first half of the answer under its full Content-Length, then resets the connection",
    "html": "answers 200 (or `status`) with an HTML page",
    "empty": "answers 200 (or `status`) without a body",
    "redirect": "answers 302 (or `status`) with `location`",
    "merge": "answers as usual, with `body` merged into the JSON, and `headers` besides",
    "forget": "drops the last `forget` items of a list: of the request (before) or of the answer (after)",
    "repeat": "answers as usual, with the first item of the list once more at its end, `body` merged into that",
    "another": "answers as usual, with the id of `other` (or of the next alert) in place of this one's",
    "stale": "answers a read with what was before the last write of each alert",
    "twice": "answers as usual, and once more just before the connection's next answer: one answer behind from then on",
    **{name: flood.says for name, flood in FLOODS.items()},
}
EARLY_HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"
CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"
PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>gateway</p></body></html>"
_REFRESH = (
    "security_exception: action [indices:admin/refresh] is unauthorized for user [ana] with effective roles [triage]"
    " on indices [.internal.alerts-security.alerts-default-000001], this action is granted by the index privileges"
    " [maintenance,manage,all]"
)

# How an answer tells the client to come back in so many seconds.
WAITS: dict[str, Callable[[float], dict[str, str | list[str]]]] = {
    "retry_after": lambda wait: {"Retry-After": f"{wait:g}"},
    "retry_after_date": lambda wait: {"Retry-After": formatdate(time.time() + wait, usegmt=True)},
    "retry_after_epoch": lambda wait: {"Retry-After": f"{time.time() + wait:.0f}"},
    "retry_after_exponent": lambda wait: {"Retry-After": f"{wait / 100:g}e2"},
    "retry_after_twice": lambda wait: {"Retry-After": [f"{wait:g}", f"{wait:g}"]},
    "ratelimit_reset": lambda wait: _reset(f"{wait:g}"),
    "ratelimit_reset_epoch": lambda wait: _reset(str(int(time.time() + wait))),
    "ratelimit_reset_twice": lambda wait: _reset(f"{wait:g}", f"{wait:g}"),
    "ratelimit_reset_differs": lambda wait: _reset("0", f"{wait:g}"),
    "ratelimit_reset_unreadable": lambda wait: {**_reset("soon"), "X-RateLimit-Period": f"{wait:g}"},
}
# Those that any client understands.
WAIT_FORMS = ("retry_after", "retry_after_date", "ratelimit_reset", "ratelimit_reset_epoch")

# Answers that do not say whether the write was done. It was; with when="before" it was not.
UNCLEAR: dict[str, dict[str, Any]] = {
    "no_content": {"action": "empty", "status": 204},
    "accepted": {"status": 202, "body": {}},
    "empty_object": {"status": 200, "body": {}},
    "empty_body": {"action": "empty"},
    "html_page": {"action": "html"},
    "see_other": {"action": "redirect", "status": 303, "location": "/"},
    "timeout_408": {"status": 408},
    "closed_499": {"status": 499},
    "error_500": {"status": 500},
    "error_502": {"status": 502, "html": True},
    "error_503": {"status": 503},
    "error_503_wait": {"status": 503, "wait_form": "retry_after"},
    "error_504": {"status": 504, "html": True},
    "reset": {"action": "reset"},
    "close": {"action": "close"},
    "cut": {"action": "cut"},
    "truncate": {"action": "truncate"},
}
NAMED: dict[str, dict[str, Any]] = {
    **{name: {"when": "after", **fields} for name, fields in UNCLEAR.items()},
    **{name: {"action": name} for name in FLOODS},
    "refresh_403": {"status": 403, "when": "after", "body": {"message": _REFRESH, "status_code": 403}},
    "updated": {"status": 200, "when": "after", "body": {"status": "updated"}},
    "another": {"action": "another"},
    "left_out": {"action": "forget", "when": "after"},
    "repeated": {"action": "repeat"},
    "stale": {"action": "stale", "writes": False},
    "lost": {"action": "delay", "lost": True},
    "early_hints": {"action": "delay", "prelude": EARLY_HINTS, "delay": 0.05},
    "continues": {"action": "delay", "prelude": CONTINUE * 500},
    "one_behind": {"action": "twice", "prelude": EARLY_HINTS, "delay": 0.05},
    "conflict": {"status": 409},
    "maintenance": {"status": 503, "wait_form": "retry_after", "after_writes": 1, "count": None},
    "exhausted": {"status": 429, "wait_form": "retry_after", "after_writes": 1, "count": None},
    "idle_reset": {"action": "reset", "idle": 2.0, "count": None},
}


@dataclass
class Fault:
    """One misbehaviour.

    ``action`` is a key of :data:`ACTIONS`. It strikes requests that match ``platform``, ``method``, ``path`` (a
    regular expression, searched in path and query) and ``writes`` (true: only writes, false: only reads), each where
    given: from the ``nth`` match on (1), ``count`` times (1; ``None`` is always), each time with ``probability`` (drawn
    from a seeded generator), once the platform has received ``after_writes`` writes since the fault was added (0), and
    where the connection was ``idle`` for as many seconds (0). ``when`` says whether it acts before or after the
    request was handled: "after" a write, the write has happened; one that is ``lost`` is then taken back. ``prelude``
    is text that is sent at once, before all else. ``delay`` seconds pass at that moment with any action. ``wait_form``
    (a key of :data:`WAITS`) tells the client to wait ``wait`` seconds; ``html`` replaces an error's body with a page.
    """

    action: str = "status"
    platform: str | None = None
    method: str | None = None
    path: str | None = None
    writes: bool | None = None
    nth: int = 1
    count: int | None = 1
    probability: float = 1.0
    when: str | None = None
    status: int | None = None
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    wait_form: str | None = None
    wait: float = 1.0
    html: bool = False
    location: str | None = None
    forget: int = 1
    name: str | None = None
    after_writes: int = 0
    idle: float = 0.0
    lost: bool = False
    prelude: str = ""
    other: str | None = None
    writes_seen: int = 0
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}, one of {', '.join(ACTIONS)}")
        if self.wait_form is not None and self.wait_form not in WAITS:
            raise ValueError(f"unknown wait_form {self.wait_form!r}, one of {', '.join(WAITS)}")
        if self.when is None:
            self.when = "after" if self.action in ("truncate", "cut", "merge", "forget") else "before"
        if self.when not in ("before", "after"):
            raise ValueError(f"when is 'before' or 'after', not {self.when!r}")
        self._path = re.compile(self.path) if self.path is not None else None

    @classmethod
    def named(cls, name: str | None, **fields: Any) -> Fault:
        """The fault of a name in :data:`NAMED`, with other fields where given."""
        if name is None:
            return cls(**fields)
        if name not in NAMED:
            raise ValueError(f"unknown fault {name!r}, one of {', '.join(NAMED)}")
        return cls(**{"name": name, **NAMED[name], **fields})

    def matches(self, entry: Entry) -> bool:
        """Whether the request is of the kind that the fault strikes."""
        return (
            (self.platform is None or self.platform == entry.platform)
            and (self.method is None or self.method == entry.method)
            and (self.writes is None or self.writes == entry.is_write)
            and (self._path is None or self._path.search(entry.path) is not None)
            and entry.idle >= self.idle
        )

    def begun(self, entry: Entry) -> bool:
        """Whether the platform has had the writes that come before the fault; counts them."""
        begun = self.writes_seen >= self.after_writes
        self.writes_seen += entry.is_write and self.platform in (None, entry.platform)
        return begun

    def altered(self, body: Any) -> Any:
        """What "merge" makes of the JSON that a platform has answered."""
        return body if self.body is None else _merged(body, self.body)

    @property
    def code(self) -> int:
        """The status it answers with."""
        if self.status is not None:
            return self.status
        return {"status": 503, "redirect": 302}.get(self.action, 200)

    @property
    def label(self) -> str:
        """What the log calls it."""
        return self.name or (self.action if self.action != "status" else str(self.code))

    def all_headers(self) -> list[tuple[str, str]]:
        """Its own headers, and those that tell the client when to come back; a name may come twice."""
        waits = WAITS[self.wait_form](self.wait) if self.wait_form else {}
        place = {"Location": self.location or "/"} if self.action == "redirect" else {}
        given = {**waits, **place, **self.headers}
        return [(name, one) for name, value in given.items() for one in ([value] if isinstance(value, str) else value)]

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON-ready values."""
        return asdict(self)


class Faults:
    """The faults in force; the first that matches a request strikes it."""

    def __init__(self, seed: int = 0) -> None:
        self._faults: list[Fault] = []
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Start the generator that draws probabilities again."""
        self._random = random.Random(seed)

    def add(self, fault: Fault | str, **fields: Any) -> Fault:
        """Put a fault in force, or one of :data:`NAMED` by its name, with other fields where given."""
        made = Fault.named(fault, **fields) if isinstance(fault, str) else fault
        self._faults.append(made)
        return made

    def clear(self) -> None:
        """Behave well again."""
        self._faults.clear()

    def strike(self, entry: Entry) -> Fault | None:
        """The fault that strikes this request, counted; usually none."""
        for fault in [one for one in self._faults if one.begun(entry)]:
            if not fault.matches(entry):
                continue
            fault.seen += 1
            if fault.seen < fault.nth or (fault.count is not None and fault.struck >= fault.count):
                continue
            if fault.probability < 1.0 and self._random.random() >= fault.probability:
                continue
            fault.struck += 1
            entry.fault = fault.label
            return fault
        return None

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults))

    def __len__(self) -> int:
        return len(self._faults)


def _reset(*values: str) -> dict[str, str | list[str]]:
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": list(values)}


def _merged(into: Any, what: Any) -> Any:
    """``what`` merged into ``into``, key by key and, for lists, item by item."""
    if isinstance(into, dict) and isinstance(what, dict):
        return {**into, **{key: _merged(into.get(key), value) for key, value in what.items()}}
    if isinstance(into, list) and isinstance(what, list):
        return [_merged(old, new) for old, new in zip(into, what)] + into[len(what) :]
    return what
