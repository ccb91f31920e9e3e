# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API says of an error, in plain words, out of any body."""

from __future__ import annotations

import json
import re
import typing as t

from .errors import _LONGEST_PAGE, _title
from .text import one_line

_LONGEST = 500


def words(body: t.Any) -> str:
    """The API's own words out of an error's body, in any of the shapes that the platforms use; ``""`` if it has none.

    Control characters are taken out: an answer must not be able to paint a terminal.
    """
    text = re.sub(" +", " ", one_line(_words(body))).strip()
    if len(text) <= _LONGEST:
        return text
    # Between words: half of a token would not be known for the secret that it is.
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
    """Plain words from a text that may be an HTML page, or (a conflict in Kibana) the JSON of another answer."""
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
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        return _words(errors, depth + 1)
    error = body.get("error")
    if isinstance(error, (dict, list)) and error:
        return _words(error, depth + 1)
    parts = [_words(body.get(key), depth + 1) for key in ("title", "message", "detail", "msg", "reason", "cause")]
    said = ": ".join(dict.fromkeys(filter(None, parts))) or (error if isinstance(error, str) else "")
    place = body.get("loc")
    if isinstance(place, list):
        said = f"{'.'.join(str(step) for step in place)}: {said}"
    details = body.get("details")
    if isinstance(details, dict) and details.get("errors"):
        said = f"{said.rstrip('.')}: {_words(details['errors'], depth + 1)}"
    return said


def _title(page: str) -> str:
    """The title of an HTML page, or its first heading. Takes no longer than the page is long, whatever is in it."""
    for tag in ("title", "h1"):
        opening = re.search(rf"(?i)<{tag}\b[^<>]*>", page)
        rest = page[opening.end() :] if opening else ""
        end = re.search(rf"(?i)</{tag}", rest)
        found = html.unescape(re.sub("<[^<>]*>", " ", rest[: end.start()])).strip() if end else ""
        if found:
            return found
    return ""
