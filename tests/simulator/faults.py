# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Misbehaviour on demand: which requests it strikes, and what it does to them.

A :class:`Fault` is plain data, so that it can be posted to ``/_simulator/faults`` as well. Example: the second and
third write to Kibana are done but never answered::

    sim.faults.add(Fault("close", platform="kibana", writes=True, when="after", nth=2, count=2))
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from typing import Any

from .log import Entry

ACTIONS = {
    "status": "answers with `status` (503), `headers` and `body` (the platform's own error unless given)",
    "delay": "answers as usual, but waits `delay` seconds before (or after) it does what it is asked",
    "reset": "resets the connection (RST)",
    "close": "closes the connection without a byte",
    "truncate": "sends the first half of the answer under its full Content-Length, then closes",
    "html": "answers 200 (or `status`) with an HTML page",
    "empty": "answers 200 (or `status`) without a body",
    "redirect": "answers 302 (or `status`) with `location`",
    "merge": "answers as usual, with `body` merged into the JSON, and `headers` besides",
    "forget": "drops the last `forget` items of a bulk: of the request (before) or of the answer (after)",
}
WAIT_FORMS = ("retry_after", "retry_after_date", "ratelimit_reset", "ratelimit_reset_epoch")
PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>gateway</p></body></html>"


@dataclass
class Fault:
    """One misbehaviour.

    ``action`` is a key of :data:`ACTIONS`. It strikes requests that match ``platform``, ``method``, ``path`` (a
    regular expression, searched in path and query) and ``writes`` (true: only writes, false: only reads), each where
    given: from the ``nth`` match on (1), ``count`` times (1; ``None`` is always), each time with ``probability`` (drawn
    from a seeded generator). ``when`` says whether it acts before or after the request was handled: "after" a write,
    the write has happened. ``delay`` seconds pass at that moment with any action. ``wait_form`` (one of
    :data:`WAIT_FORMS`) tells the client to wait ``wait`` seconds; ``html`` replaces an error's body with a page.
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
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    wait_form: str | None = None
    wait: float = 1.0
    html: bool = False
    location: str | None = None
    forget: int = 1
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}, one of {', '.join(ACTIONS)}")
        if self.wait_form is not None and self.wait_form not in WAIT_FORMS:
            raise ValueError(f"unknown wait_form {self.wait_form!r}, one of {', '.join(WAIT_FORMS)}")
        if self.when is None:
            self.when = "after" if self.action in ("truncate", "merge", "forget") else "before"
        if self.when not in ("before", "after"):
            raise ValueError(f"when is 'before' or 'after', not {self.when!r}")
        self._path = re.compile(self.path) if self.path is not None else None

    def matches(self, entry: Entry) -> bool:
        """Whether the request is of the kind that the fault strikes."""
        return (
            (self.platform is None or self.platform == entry.platform)
            and (self.method is None or self.method == entry.method)
            and (self.writes is None or self.writes == entry.is_write)
            and (self._path is None or self._path.search(entry.path) is not None)
        )

    def altered(self, body: Any) -> Any:
        """What "merge" makes of the JSON that a platform has answered."""
        return _merged(body, self.body)

    @property
    def code(self) -> int:
        """The status it answers with."""
        if self.status is not None:
            return self.status
        return {"status": 503, "redirect": 302}.get(self.action, 200)

    def wait_headers(self) -> dict[str, str]:
        """The headers that tell the client when to come back."""
        if self.wait_form == "retry_after":
            return {"Retry-After": f"{self.wait:g}"}
        if self.wait_form == "retry_after_date":
            return {"Retry-After": formatdate(time.time() + self.wait, usegmt=True)}
        if self.wait_form == "ratelimit_reset":
            return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{self.wait:g}"}
        if self.wait_form == "ratelimit_reset_epoch":
            return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time() + self.wait))}
        return {}

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

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Behave well again."""
        self._faults.clear()

    def strike(self, entry: Entry) -> Fault | None:
        """The fault that strikes this request, counted; usually none."""
        for fault in self._faults:
            if not fault.matches(entry):
                continue
            fault.seen += 1
            if fault.seen < fault.nth or (fault.count is not None and fault.struck >= fault.count):
                continue
            if fault.probability < 1.0 and self._random.random() >= fault.probability:
                continue
            fault.struck += 1
            entry.fault = fault.action if fault.action != "status" else str(fault.code)
            return fault
        return None

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults))

    def __len__(self) -> int:
        return len(self._faults)


def _merged(into: Any, what: Any) -> Any:
    """``what`` merged into ``into``, key by key and, for lists, item by item."""
    if isinstance(into, dict) and isinstance(what, dict):
        return {**into, **{key: _merged(into.get(key), value) for key, value in what.items()}}
    if isinstance(into, list) and isinstance(what, list):
        return [_merged(old, new) for old, new in zip(into, what)] + into[len(what) :]
    return what
