# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that no server should give: what came instead of a good one, or what became of a good one on the way."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import typing as t

from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.simulator import Entry, Fault

from .tasks import Task
from .values import Values, deep, json_values, texts

#: About as deep as json reads; whoever comes after it must not break there.
_DEEPEST = 1200
_deep_texts = st.builds(
    lambda depth, ends, core: ends[0] * depth + core + ends[1] * depth,
    st.integers(100, _DEEPEST),
    st.sampled_from([("[", "]"), ('{"a":', "}"), ('{"data":', "}"), ('{"errors":[', "]}")]),
    st.sampled_from(["1", '"x"', "{}", ""]),
).map(str.encode)

_header_texts = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f", exclude_categories=["Cc"]),
    max_size=20,
)
_waits = st.one_of(
    st.sampled_from(["-1", "nan", "inf", "1e400", "0", "300", "86400", "9" * 400, "soon", ",", "0x10", "1_0"]),
    st.sampled_from(["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 9999 07:28:00 GMT", "2026-01-01T00:00:00Z"]),
    st.sampled_from(["Mon, 1 Jan 0001 00:00:00 +9999", "Fri, 99 Foo 2026 99:99:99", "Mon, 1 Jan 0000 00:00"]),
)
_places = st.sampled_from(["http://[", "//", "https://elsewhere.invalid/", "/x", "http://[::1", "\xe4\xff", "a" * 5000])
#: Headers that somebody reads, with what nobody can read.
headers = st.dictionaries(
    st.sampled_from(["Retry-After", "X-RateLimit-Reset", "x-operation-poll-interval"]),
    _waits | _header_texts,
    max_size=2,
) | st.fixed_dictionaries(
    {},
    optional={
        "Location": _places | _header_texts,
        "Content-Type": st.sampled_from(["text/html", "application/json; charset=klingon"]) | _header_texts,
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "br", "nothing"]),
        "Set-Cookie": _header_texts,
        "X-Request-ID": _header_texts,
        "WWW-Authenticate": _header_texts,
    },
)
_FIELDS = re.findall(
    r"\S+",
    """
    id uuid _id state status severity tags classification assignee subject done error archive_reason archiveReason
    archive_comment archiveComment incident_ids incidentIds hitCount kibana.alert.workflow_status value
    kibana.alert.workflow_reason close_classification malice_override
    """,
)
_OK = 200
statuses = st.one_of(
    st.just(_OK),
    st.integers(200, 599).filter(lambda status: status not in (204, 205, 304)),
    st.sampled_from([201, 202, 206, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 409, 412, 418, 422, 425, 429]),
    st.sampled_from([500, 501, 502, 503, 504, 507, 520, 599]),
)


@dataclasses.dataclass
class Spoiled(Fault):
    """A fault that was drawn. ``steps`` are what becomes of a good answer: each picks a value in it by a number, and
    puts another in its place, takes it away, or has it twice; "field" picks among those that the modules look at."""

    steps: list[tuple[int, str, t.Any]] = dataclasses.field(default_factory=list)
    #: What has been answered in the end.
    served: list[t.Any] = dataclasses.field(default_factory=list, repr=False)

    def matches(self, entry: Entry) -> bool:
        if self.action == "status" and not self.served:
            self.served.append(self.body.decode("utf-8", "replace") if isinstance(self.body, bytes) else self.body)
        return super().matches(entry)

    def altered(self, body: t.Any) -> t.Any:
        holder = {"": copy.deepcopy(body)}
        for number, kind, value in self.steps:
            places = list(_places_in(holder))
            if kind == "field":
                places = [place for place in places if place[1] in _FIELDS] or places
            where, key = places[number % len(places)]
            if kind == "drop" and key != "":
                del where[key]
            elif kind == "twice" and isinstance(where, list):
                where.insert(0, where[key])
            elif kind == "wrap":
                where[key] = [where[key]]
            elif kind == "text":
                where[key] = json.dumps(where[key])
            else:
                where[key] = copy.deepcopy(value)
        self.served.append(holder[""])
        return holder[""]


def _places_in(node: t.Any) -> t.Iterator[tuple[t.Any, t.Any]]:
    """Every place of a value: what holds it, and under which key."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    for key in keys:
        yield node, key
        yield from _places_in(node[key])


def _replacements(task: Task) -> Values:
    """Anything, and what could be taken for true: another alert's id, and the very values that are asked for."""
    known = ["open", "closed", "archived", "RESOLVED", "OPEN", "Closed", "Open", "none", "Low", "LOW", *task.ids]
    return st.one_of(json_values, deep(300), st.sampled_from(known), st.lists(st.sampled_from(known)))


def spoiled(task: Task) -> st.SearchStrategy[Spoiled]:
    """One fault: which requests it strikes, and what is answered."""
    which: dict[str, Values] = {
        "platform": st.just(task.platform),
        "nth": st.sampled_from([1, 1, 1, 2, 3]),
        "count": st.sampled_from([1, 1, 2, None]),
        "writes": st.sampled_from([None, True, True, False]),
    }
    step = st.tuples(
        st.integers(0, 400),
        st.sampled_from(["put", "field", "field", "drop", "twice", "wrap", "text"]),
        _replacements(task),
    )
    altered = st.fixed_dictionaries(
        {"action": st.just("merge"), "steps": st.lists(step, min_size=1, max_size=3), "headers": headers, **which}
    )
    bodies = st.one_of(
        _replacements(task).map(json.dumps),
        _deep_texts,
        texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.binary(max_size=40),
        st.sampled_from(
            [b"", b"null", b"{", b"[" * 100_000, b"9" * 5000, b"1e400", b"NaN", b'{"a":1,"a":2}', b"\xef\xbb\xbf{}"]
        ),
    )
    replaced = st.fixed_dictionaries(
        {
            "action": st.just("status"),
            "status": statuses,
            "body": bodies,
            "headers": headers,
            "when": st.sampled_from(["before", "after"]),
            **which,
        }
    )
    return st.one_of(altered, altered, replaced).map(lambda fault: Spoiled(**fault))
