# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a search in KQL: fields and values, with their quotation marks, escapes and asterisks."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import OptionError

#: What separates words, and any number of it.
SPACE = "[ \t\r\n\u00a0]"

SPACES = re.compile(f"{SPACE}*")

#: Where a text without quotation marks ends.
_END = re.compile(rf'(?i)[\\():<>"{{}}]|{SPACE}(?:or|and){SPACE}|not{SPACE}')

_ESCAPE = re.compile(r'\\(?:([trn])|u([0-9a-fA-F]{4})|([\\():<>"*{}]|(?i:or|and|not)))')

_QUOTED_ESCAPE = re.compile(r'\\(?:([trn])|u([0-9a-fA-F]{4})|([\\"]))')

_WHITESPACE = {"t": "\t", "r": "\r", "n": "\n"}

#: What JavaScript takes off the ends of a text.
_TRIMMED = "\t\n\x0b\x0c\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


class Literal(t.NamedTuple):
    """A field or a value. Asterisks that are wildcards stand between its ``parts``."""

    parts: tuple[str, ...]
    quoted: bool
    #: Where it begins in the text.
    start: int

    @property
    def text(self) -> str:
        return "*".join(self.parts)

    @property
    def has_wildcard(self) -> bool:
        return len(self.parts) > 1

    @property
    def is_everything(self) -> bool:
        return self.parts == ("", "")

    @property
    def value(self) -> str | bool:
        """The value in JSON. A word in quotation marks is a text."""
        return self.text if self.quoted else {"true": True, "false": False}.get(self.text, self.text)

    @property
    def is_null(self) -> bool:
        return self.text == "null" and not self.quoted


class Text:
    """The text of a search, read from its beginning to its end. ``_at`` is the place that was reached."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _literal(self, what: str) -> Literal:
        start = self._at
        if self._takes('"'):
            return Literal((self._joined(self._quoted(start), start),), True, start)
        read: list[list[str]] = [[]]
        while not (self._at == len(self._text) or self._at_end()):
            if self._takes("*"):
                read.append([])
            else:
                read[-1].append(self._escaped(_ESCAPE) or self._character())
        if self._at == start:
            raise self._error(f"here, Kibana expects {what}")
        parts = ["".join(one) for one in read]
        parts[0] = parts[0].lstrip(_TRIMMED)
        parts[-1] = parts[-1].rstrip(_TRIMMED)
        return Literal(tuple(self._joined(part, start) for part in parts), False, start)

    def _at_end(self) -> bool:
        """Whether a text without quotation marks ends here."""
        return _END.match(self._text, self._at) is not None and not _ESCAPE.match(self._text, self._at)

    def _quoted(self, start: int) -> str:
        read: list[str] = []
        while self._at < len(self._text):
            if self._takes('"'):
                return "".join(read)
            read.append(self._escaped(_QUOTED_ESCAPE) or self._character())
        raise self._error("the quotation mark is not closed", start)

    def _escaped(self, pattern: re.Pattern[str]) -> str:
        """The text behind a backslash, if there is one here that means something."""
        found = self._take(pattern)
        if not found:
            return ""
        return _WHITESPACE.get(found[1]) or (chr(int(found[2], 16)) if found[2] else found[3])

    def _character(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _joined(self, text: str, start: int) -> str:
        r"""The text, in which pairs of ``\u`` have become the characters that they mean."""
        try:
            joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            joined = "\0"
        if "\0" in joined:
            raise self._error("a character is written that cannot be stored (NUL, or half of a surrogate pair)", start)
        return joined

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern matches here, if it does; the parser goes on behind it."""
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found

    def _takes(self, character: str) -> bool:
        found = self._text.startswith(character, self._at)
        self._at += found
        return found

    def _error(self, why: str, at: int | None = None) -> OptionError:
        place = self._at if at is None else at
        rest = self._text[place : place + 30]
        where = f"at character {place + 1}, {rest!r}" if rest else "at its end"
        return OptionError(f"kql cannot be read {where}: {why}")
