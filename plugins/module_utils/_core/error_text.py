# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of an API's error, from a body of any shape."""

from __future__ import annotations

import html
import json
import re
import typing as t

from .text import one_line

_LONGEST = 500

#: Characters of an HTML page in which its title is searched for.
_LONGEST_PAGE = 20_000


def words(body: t.Any) -> str:
    """The API's own words in an error's body, in any of the shapes that the platforms use; ``""`` if it has none.

    Control characters are removed, so that an answer cannot control a terminal.
    """
    text = re.sub(" +", " ", one_line(_words(body))).strip()
    if len(text) <= _LONGEST:
        return text
    # The text is cut between words: half of a token would not be recognised as a secret.
    return (re.sub(r"\S+$", "", text[: _LONGEST - 1]) or text[:40]) + "…"


def _words(body: t.Any, depth: int = 0) -> str:
    if depth > 5 or body is None:
        return ""
    if isinstance(body, str):
        return _text(body, depth)
    if isinstance(body, list):
        return "; ".join(filter(None, (_words(item, depth + 1) for item in body[:10])))
    if isinstance(body, dict):
        return _object(body, depth)
    return str(body)


def _text(body: str, depth: int) -> str:
    """The words in a text, which may be an HTML page, or the JSON of another answer (a conflict in Kibana)."""
    stripped = body.strip()
    if stripped.startswith(("{", "[")):
        try:
            return _words(json.loads(stripped), depth + 1) or stripped
        except (ValueError, RecursionError):
            return stripped
    if re.match(r"(?i)<(!|html|head|body|\?xml)", stripped):
        found = _title(stripped[:_LONGEST_PAGE])
        return f"an HTML page: {found}" if found else "an HTML page"
    return stripped


def _object(body: dict[str, t.Any], depth: int) -> str:
    # Kibana's update-by-query result: the first conflict says more than the counters.
    failures = body.get("failures")
    if isinstance(failures, list) and failures:
        return f"{body.get('version_conflicts', len(failures))} version conflicts; {_words(failures[0], depth + 1)}"
    for inner in (body.get("errors"), body.get("error")):
        if isinstance(inner, (dict, list)) and inner:
            return _words(inner, depth + 1)
    parts = [_words(body.get(key), depth + 1) for key in ("title", "message", "detail", "msg", "reason", "cause")]
    said = ": ".join(dict.fromkeys(filter(None, parts))) or _words(body.get("error"), depth + 1)
    place = _place(body)
    return _with_details(f"{place}: {said}" if place else said, body, depth)


def _place(body: dict[str, t.Any]) -> str:
    """What an error is about: Calseta's C(loc), or Datadog's C(source), a pointer, a parameter or a header."""
    location, source = body.get("loc"), body.get("source")
    if isinstance(location, list):
        return ".".join(map(str, location))
    if isinstance(source, dict):
        return ", ".join(f"{key} {value}" for key, value in source.items() if isinstance(value, str))
    return ""


def _with_details(said: str, body: dict[str, t.Any], depth: int) -> str:
    """What an error says, with Calseta's C(details.errors) and Datadog's C(meta)."""
    details, meta = body.get("details"), body.get("meta")
    errors = details.get("errors") if isinstance(details, dict) else None
    known = meta.items() if isinstance(meta, dict) else ()
    more = ", ".join(f"{key} {value}" for key, value in known if isinstance(value, (str, int, float)))
    said = f"{said.rstrip('.')}: {_words(errors, depth + 1)}" if errors else said
    return f"{said} ({more})" if said and more else said or more


def _title(page: str) -> str:
    """The title of an HTML page, or its first heading. The time it takes is linear in the length of the page."""
    for tag in ("title", "h1"):
        opening = re.search(rf"(?i)<{tag}\b[^<>]*>", page)
        rest = page[opening.end() :] if opening else ""
        end = re.search(rf"(?i)</{tag}", rest)
        found = html.unescape(re.sub("<[^<>]*>", " ", rest[: end.start()])).strip() if end else ""
        if found:
            return found
    return ""
