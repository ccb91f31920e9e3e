# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Calseta checks requests, and how it words what it refuses."""

from __future__ import annotations

import json
from typing import Any

from .base import Call, RefusedError
from .calseta_alerts import ENUMS
from .dates import parse_iso

_TRUE, _FALSE = ("true", "yes", "on", "1", "t", "y"), ("false", "no", "off", "0", "f", "n")


def refused(
    status: int, code: str, message: str, details: Any = None, headers: dict[str, str] | None = None
) -> RefusedError:
    """A refusal in the server's envelope."""
    return RefusedError(status, {"error": {"code": code, "message": message, "details": details or {}}}, headers)


def invalid(errors: list[dict[str, Any]]) -> RefusedError:
    """The refusal of a request that does not validate."""
    return refused(422, "VALIDATION_ERROR", "The request is not valid.", {"errors": errors})


def broken() -> RefusedError:
    """The answer to what the server did not expect."""
    return refused(500, "INTERNAL_ERROR", "Something went wrong.")


def fault(kind: str, place: list[Any], message: str) -> dict[str, Any]:
    """One fault of a request that does not validate."""
    return {"type": kind, "loc": place, "msg": message}


def body_of(call: Call) -> dict[str, Any]:
    """The body, if it is an object that says to be JSON."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip()
    if not call.raw or (call.raw.strip() == b"null" and kind.endswith("json")):
        raise invalid([fault("missing", ["body"], "must be there")])
    body = None
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        try:
            body = json.loads(call.raw)
        except ValueError as error:
            place = len(call.raw)
            raise invalid([fault("json_invalid", ["body", place], "must be JSON")]) from error
    if not isinstance(body, dict):
        message = "must be an object"
        raise invalid([fault("model_attributes_type", ["body"], message)])
    return body


def whole_of(call: Call, name: str, default: int, most: int | None = None) -> int:
    """A query parameter that is a number from 1 to ``most``."""
    try:
        number = int(call.query.get(name, str(default)))
    except ValueError as error:
        message = "must be an integer"
        raise invalid([fault("int_parsing", ["query", name], message)]) from error
    if number < 1:
        message = "must be 1 or more"
        raise invalid([fault("greater_than_equal", ["query", name], message)])
    if most is not None and number > most:
        message = f"must be {most} or less"
        raise invalid([fault("less_than_equal", ["query", name], message)])
    return number


def flag_of(call: Call, name: str) -> bool | None:
    """A query parameter that is a boolean, ``None`` where it is not given."""
    text = call.query.get(name)
    if text is None:
        return None
    if text.lower() not in (*_TRUE, *_FALSE):
        message = "must be a boolean"
        raise invalid([fault("bool_parsing", ["query", name], message)])
    return text.lower() in _TRUE


def time_of(call: Call, name: str) -> float | None:
    """A query parameter that is a moment, in seconds; ``None`` where it is not given."""
    try:
        return parse_iso(call.query[name]) if name in call.query else None
    except ValueError as error:
        message = "must be a date, or a date and time"
        raise invalid([fault("datetime_from_date_parsing", ["query", name], message)]) from error


def storable(text: str) -> bool:
    """Whether the database takes the text: it takes neither a NUL nor half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def validated(body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """What a PATCH really asks for, and whether it resets the override; all faults at once if it has any.

    Null is not given, and unknown fields are nothing.
    """
    given = {name: body[name] for name in (*ENUMS, "tags") if body.get(name) is not None}
    faults = []
    for name, value in given.items():
        if name == "tags":
            faults += _tag_faults(value)
        elif value not in ENUMS[name]:
            faults.append(fault("enum", ["body", name], f"must be one of {', '.join(ENUMS[name])}"))
    reset = body.get("reset_malice_override", False)
    if reset is None or isinstance(reset, (dict, list)):
        faults.append(fault("bool_type", ["body", "reset_malice_override"], "must be a boolean"))
    elif str(reset).lower() not in (*_TRUE, *_FALSE):
        message = "must be a boolean"
        faults.append(fault("bool_parsing", ["body", "reset_malice_override"], message))
    if faults:
        raise invalid(faults)
    return given, str(reset).lower() in _TRUE


def _tag_faults(tags: Any) -> list[dict[str, Any]]:
    if not isinstance(tags, list):
        return [fault("list_type", ["body", "tags"], "must be a list")]
    wrong = [place for place, tag in enumerate(tags) if not isinstance(tag, str)]
    return [fault("string_type", ["body", "tags", place], "must be a string") for place in wrong]


def page_of(rows: list[dict[str, Any]], number: int, size: int) -> dict[str, Any]:
    """One page of a list, in the server's envelope."""
    meta = {"total": len(rows), "page": number, "page_size": size, "total_pages": -(-len(rows) // size)}
    return {"data": rows[(number - 1) * size : number * size], "meta": meta}
