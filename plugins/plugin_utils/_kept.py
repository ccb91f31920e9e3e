# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was kept of a task: JSON, or what a command of Ansible has printed."""

from __future__ import annotations

import json
import os
import re
import stat
import typing as t

import yaml
from ansible.module_utils.common.yaml import yaml_load

Fields = dict[str, t.Any]

#: What stands before a result: C(localhost | CHANGED =>) of an ad-hoc command, C(changed: [localhost] =>) of a play.
_MARK = re.compile(
    r"^(?:\S+ \| [A-Z]+!?|(?:ok|changed|failed|fatal): \[[^\]\n]+\](?:: [A-Z]+!)?)(?: => \(item=.*\))? =>[ \t]*",
    re.MULTILINE,
)
#: The lines of a result in YAML: blanks stand before each of them.
_INDENTED = re.compile(r"\n((?:[ \t]+\S.*\n|[ \t]*\n)+)")


class KeptError(ValueError):
    """What was kept cannot be read; the text says why, and what to give instead."""


def parse_kept(text: str) -> Fields:
    """The result in it, a mapping; a list becomes its C(alerts). Raises `KeptError`."""
    text = text.lstrip("\ufeff")
    # Warnings, which may come first, begin with a bracket, too.
    if text.lstrip()[:1] in ("{", "[") and not _MARK.search(text):
        return _mapping(_json(text))
    found = [_mapping(one) for one in _results(text + "\n")]
    # A diff and the facts of a play come with other results, or with none.
    rows = [one for one in found if "signals" in one or "alerts" in one]
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise KeptError(f"has the results of {len(rows)} tasks; keep each in a file of its own")
    raise KeptError(
        "is neither JSON nor the output of a task with signals or alerts; keep what the task has returned as JSON, or"
        " all that the command has printed"
    )


def from_variable(value: t.Any) -> Fields:
    """What a variable has: a text, a list or a mapping. Nothing, or only blanks, is {}. Raises `KeptError`."""
    if isinstance(value, str):
        return parse_kept(value) if value.strip() else {}
    return {} if value is None else _mapping(value)


def from_file(path: str, private: bool = False) -> Fields:
    """What a file has. A ``private`` one is no link, and nobody else can have written it. Raises `KeptError`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if private else 0))
        with os.fdopen(handle, encoding="utf-8") as file:
            _check_owner(os.fstat(handle), private)
            return parse_kept(file.read())
    except OSError as error:
        raise KeptError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeptError("is no text in UTF-8") from None


def _check_owner(status: os.stat_result, private: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeptError("is no regular file")
    if private and (status.st_uid not in (os.geteuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        raise KeptError("can be written by others, so nobody knows who made it; make it again, for yourself only")


def _mapping(value: t.Any) -> Fields:
    if isinstance(value, (list, tuple)):
        return {"alerts": list(value)}
    if not isinstance(value, dict):
        raise KeptError(f"is neither a list nor a mapping, but {type(value).__name__}")
    # `secops.triage.way_back` writes them so: a text in which no template can begin.
    inner = value.get("restore_alerts")
    return {**value, "restore_alerts": _json(inner)} if isinstance(inner, str) and inner.strip() else dict(value)


def _json(text: str) -> t.Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeptError(f"begins as JSON, and is none: {error}") from None


def _results(text: str) -> t.Iterator[t.Any]:
    """Every result in what a command has printed, in JSON or in YAML."""
    for mark in _MARK.finditer(text):
        try:
            if text.startswith("{", mark.end()):
                yield json.JSONDecoder().raw_decode(text, mark.end())[0]
                continue
            lines = _INDENTED.match(text, mark.end())
            if lines:
                yield yaml_load(lines[1])
        except (ValueError, RecursionError, yaml.YAMLError) as error:
            raise KeptError(f"has a result that cannot be read: {' '.join(str(error).split())}") from None
