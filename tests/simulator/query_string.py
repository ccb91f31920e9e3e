# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search language that Datadog and Elasticsearch share in its simple parts.

``field:value``, ``field:(a OR b)``, ``field:[1 TO 5]``, ``field:>5``, ``_exists_:field``, quoted phrases, ``*`` and
``?``, ``-`` and ``NOT``, ``AND`` (understood between terms), ``OR`` and parentheses.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Optional

# Answers whether a document has a value at a field (``None``: anywhere).
Lookup = Callable[[Optional[str], str], bool]
Test = Callable[[Lookup], bool]

_TOKEN = re.compile(
    r"""\s*(\(|\)|-(?=\S)|!|[\[{][^\s\]}]+\ TO\ [^\s\]}]+[\]}]"""
    r"""|(?:[^\s():"\\\[{]|\\.)+:(?="|\(|[^\s)])|"(?:[^"\\]|\\.)*"|(?:[^\s()"\\]|\\.)+)"""
)

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def _plain(escaped: re.Match[str]) -> str:
    """The character itself. Within brackets, a pattern takes an asterisk for nothing else."""
    return f"[{escaped[1]}]" if escaped[1] in "*?" else escaped[1]


def compile_text(text: str, default_or: bool = False) -> Test:
    """The query as a function of a lookup; ``default_or`` joins bare neighbours with OR. Raises ``ValueError``."""
    tokens: list[str] = []
    position, text = 0, text.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise ValueError(f"cannot parse {text!r}")
        tokens.append(found.group(1))
        position = found.end()
    if not tokens:
        return lambda lookup: True
    parser = _Parser(tokens, default_or)
    test = parser.any_of(None)
    if parser.next is not None:
        raise ValueError(f"cannot parse {text!r}: unexpected {parser.next!r}")
    return test


def matches(pattern: str, value: str) -> bool:
    """Whether a value is what the pattern says, ``*`` and ``?``, ranges, comparisons and any case understood."""
    bounds = _bounds(pattern)
    if bounds:
        return all(_within(value, sign, bound) for sign, bound in bounds if bound != "*")
    if "*" in pattern or "?" in pattern:
        return fnmatch.fnmatchcase(value.lower(), pattern.lower())
    return pattern.lower() == value.lower()


def _bounds(pattern: str) -> list[tuple[str, str]]:
    """The bounds of ``[1 TO 5]``, ``{1 TO 5}`` or ``>5``; none if it is neither."""
    span = re.fullmatch(r"([\[{])(\S+) TO (\S+)([\]}])", pattern)
    if span:
        first, low, high, last = span.groups()
        return [(">=" if first == "[" else ">", low), ("<=" if last == "]" else "<", high)]
    compared = re.fullmatch(r"(>=|<=|>|<)(.+)", pattern)
    return [(compared[1], compared[2])] if compared else []


def _within(value: str, sign: str, bound: str) -> bool:
    """Whether a value is on this side of the bound: as a number if both are numbers, else as text."""
    try:
        order = float(value) - float(bound)
    except ValueError:
        order = float((value > bound) - (value < bound))
    return {">": order > 0, ">=": order >= 0, "<": order < 0, "<=": order <= 0}[sign]


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str], default_or: bool) -> None:
        self._tokens, self._default_or = tokens, default_or

    @property
    def next(self) -> str | None:
        return self._tokens[0] if self._tokens else None

    def any_of(self, field: str | None) -> Test:
        tests = [self._all_of(field)]
        while self.next in ("OR", "||"):
            self._tokens.pop(0)
            tests.append(self._all_of(field))
        return tests[0] if len(tests) == 1 else lambda lookup: any(test(lookup) for test in tests)

    def _all_of(self, field: str | None) -> Test:
        tests = [self._one(field)]
        join_or = False
        while self.next not in (None, ")", "OR", "||"):
            if self.next in ("AND", "&&"):
                self._tokens.pop(0)
            else:
                join_or = self._default_or
            tests.append(self._one(field))
        if len(tests) == 1:
            return tests[0]
        combine = any if join_or else all
        return lambda lookup: combine(test(lookup) for test in tests)

    def _one(self, field: str | None) -> Test:
        if not self._tokens:
            raise ValueError("the query ends too early")
        token = self._tokens.pop(0)
        if token in ("-", "!", "NOT"):
            inner = self._one(field)
            return lambda lookup: not inner(lookup)
        if token == "(":
            test = self.any_of(field)
            if not self._tokens or self._tokens.pop(0) != ")":
                raise ValueError("a parenthesis is not closed")
            return test
        if token == ")":
            raise ValueError("a parenthesis is not open")
        if token.endswith(":") and self._tokens and not token.startswith('"'):
            return self._of_field(re.sub(r"\\(.)", r"\1", token[:-1]))
        value = _ESCAPED.sub(_plain, token[1:-1] if token.startswith('"') else token)
        return lambda lookup: lookup(field, value)

    def _of_field(self, field: str) -> Test:
        """What is asked of a field, or whether there is one."""
        if field == "_exists_":
            name = self._tokens.pop(0)
            return lambda lookup: lookup(name, "*")
        return self._one(field)
