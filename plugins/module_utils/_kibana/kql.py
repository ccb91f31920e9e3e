# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the search that a task gives, in Elasticsearch's query DSL.

KQL, the language of Kibana's search bar, is turned into query DSL as Kibana does it.
Language: https://www.elastic.co/docs/explore-analyze/query-filter/languages/kql
"""

from __future__ import annotations

import contextlib
import json
import re
import typing as t

from .._core.errors import OptionError
from .._core.options import Params, checked_text

Query = dict[str, t.Any]

#: How deep parentheses and braces may be nested.
DEEPEST = 50

_SPACE = "[ \t\r\n\u00a0]"

_SPACES = re.compile(f"{_SPACE}*")

_OR, _AND, _NOT = (re.compile(f"(?i){word}{_SPACE}+") for word in (f"{_SPACE}+or", f"{_SPACE}+and", "not"))

_OPERATOR = re.compile("[<>]=?|:")

_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}

#: Where a text without quotation marks ends.
_END = re.compile(rf'(?i)[\\():<>"{{}}]|{_SPACE}(?:or|and){_SPACE}|not{_SPACE}')

_ESCAPE = re.compile(r'\\(?:([trn])|u([0-9a-fA-F]{4})|([\\():<>"*{}]|(?i:or|and|not)))')

_QUOTED_ESCAPE = re.compile(r'\\(?:([trn])|u([0-9a-fA-F]{4})|([\\"]))')

_WHITESPACE = {"t": "\t", "r": "\r", "n": "\n"}

#: What JavaScript takes off the ends of a text.
_TRIMMED = "\t\n\x0b\x0c\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))

#: What has a meaning in a C(query_string).
_RESERVED = re.compile(r'[+\-=&|><!(){}\[\]^"~*?:\\/]')


class _Literal(t.NamedTuple):
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


def searched(params: Params) -> Query | None:
    """The alerts that O(query) and O(kql) both match; V(None) if neither is given."""
    given = [] if params.get("query") is None else [_mapping(params["query"])]
    if params.get("kql") is not None:
        given.append(query_dsl(params["kql"]))
    # What matches everything adds nothing to the other.
    bounded = [one for one in given if one and list(one) != ["match_all"]] or given[:1]
    if not bounded:
        return None
    return bounded[0] if len(bounded) == 1 else {"bool": {"filter": bounded}}


def _mapping(query: t.Any) -> Query:
    """The query in query DSL. Where values become texts, Ansible hands over a mapping as its JSON."""
    found = query
    if isinstance(query, str):
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(query)
    if not isinstance(found, dict):
        raise OptionError(
            f"query takes a mapping, in Elasticsearch's query DSL, and is {query!r:.80}",
            "What you type into Kibana's search bar goes into kql.",
        )
    return found


def query_dsl(text: str) -> Query:
    """The query in Elasticsearch's query DSL. Raises `OptionError`, with the position, for what Kibana refuses too."""
    checked_text("kql", text)
    return _Parser(text).whole()


class _Parser:
    """Recursive descent. Each method reads what it is named after, from ``_at`` on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        #: The fields that the braces around this place belong to, each with a dot behind it.
        self._path = ""

    def whole(self) -> Query:
        self._take(_SPACES)
        if self._at == len(self._text):
            return {"match_all": {}}
        query = self._alternatives(self._clause)
        self._take(_SPACES)
        if self._at < len(self._text):
            raise self._error("here, Kibana expects 'and', 'or' or the end")
        return query

    def _alternatives(self, one: t.Callable[[], Query]) -> Query:
        """What ``one`` reads, or several of it with C(or), C(and) and C(not)."""
        found = [self._conjunction(one)]
        while self._take(_OR):
            found.append(self._conjunction(one))
        return found[0] if len(found) == 1 else _any_of(found)

    def _conjunction(self, one: t.Callable[[], Query]) -> Query:
        found = [self._negation(one)]
        while self._take(_AND):
            found.append(self._negation(one))
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def _negation(self, one: t.Callable[[], Query]) -> Query:
        return {"bool": {"must_not": [one()]}} if self._take(_NOT) else one()

    def _clause(self) -> Query:
        if self._takes("("):
            return self._group(self._clause, ")")
        literal = self._literal("a field or a value")
        end = self._at
        self._take(_SPACES)
        operator = self._take(_OPERATOR)
        if not operator:
            self._at = end
            return self._anywhere(literal)
        self._take(_SPACES)
        if operator[0] != ":":
            return self._range(literal, _RANGES[operator[0]])
        return self._nested(literal) if self._takes("{") else self._values(literal)

    def _group(self, one: t.Callable[[], Query], end: str) -> Query:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} parentheses or braces are open")
        self._take(_SPACES)
        found = self._alternatives(one)
        self._take(_SPACES)
        if not self._takes(end):
            raise self._error(f"here, Kibana expects 'and', 'or' or {end}")
        self._depth -= 1
        return found

    def _nested(self, name: _Literal) -> Query:
        """The query in braces, whose fields are those of the same object in a list."""
        outer, path = self._path, self._field(name)
        self._path = f"{path}."
        query = self._group(self._clause, "}")
        self._path = outer
        return {"nested": {"path": path, "query": query, "score_mode": "none", "ignore_unmapped": True}}

    def _values(self, name: _Literal) -> Query:
        if self._takes("("):
            return self._group(lambda: self._values(name), ")")
        value = self._value()
        field = self._field(name, wildcards=True)
        if value.is_everything and name.is_everything:
            return {"match_all": {}}
        return _any_of([_matching(field, name.has_wildcard, value)])

    def _range(self, name: _Literal, bound: str) -> Query:
        value = self._value()
        return _any_of([{"range": {self._field(name): {bound: value.value}}}])

    def _anywhere(self, value: _Literal) -> Query:
        """A value without a field."""
        self._refuse_null(value)
        if self._path:
            raise self._error("in braces, each value needs a field", value.start)
        if value.is_everything:
            return {"match_all": {}}
        if value.has_wildcard:
            return {"query_string": {"query": _query_string(value)}}
        return {"multi_match": {"type": _kind(value), "query": value.value, "lenient": True}}

    def _field(self, name: _Literal, *, wildcards: bool = False) -> str:
        self._refuse_null(name)
        if not name.text:
            raise self._error("the field has no name", name.start)
        if name.has_wildcard and not wildcards:
            raise self._error("a range, or what stands in braces, takes one field, without an asterisk", name.start)
        return self._path + name.text

    def _value(self) -> _Literal:
        value = self._literal("a value")
        self._refuse_null(value)
        return value

    def _refuse_null(self, literal: _Literal) -> None:
        if literal.is_null:
            why = "Elasticsearch does not find null; write 'not FIELD: *' for alerts without a field"
            raise self._error(why, literal.start)

    def _literal(self, what: str) -> _Literal:
        start = self._at
        if self._takes('"'):
            return _Literal((self._joined(self._quoted(start), start),), True, start)
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
        return _Literal(tuple(self._joined(part, start) for part in parts), False, start)

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


def _any_of(queries: list[Query]) -> Query:
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def _matching(field: str, has_wildcard: bool, value: _Literal) -> Query:
    """The alerts whose field has this value. Elasticsearch resolves the asterisks in the field."""
    if value.is_everything:
        return {"exists": {"field": field}}
    if value.has_wildcard:
        return {"query_string": {"fields": [field], "query": _query_string(value, field)}}
    if has_wildcard:
        return {"multi_match": {"fields": [field], "type": _kind(value), "query": value.value, "lenient": True}}
    return {"match_phrase" if value.quoted else "match": {field: value.value}}


def _kind(value: _Literal) -> str:
    return "phrase" if value.quoted else "best_fields"


def _query_string(value: _Literal, field: str | None = None) -> str:
    r"""The value in the language of C(query_string), where a blank would separate words.

    Kibana knows from its data view that nearly all fields are keywords, and asks for the whole value. So blanks are
    escaped, but for fields of words.
    """
    words = field is None or field == "message" or field.endswith((".message", ".text"))
    parts = [_RESERVED.sub(r"\\\g<0>", part) for part in value.parts]
    return "*".join(parts) if words else re.sub(r"\s", r"\\\g<0>", "*".join(parts))
