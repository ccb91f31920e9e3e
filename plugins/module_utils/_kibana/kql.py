# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KQL, the language of Kibana's search bar, in Elasticsearch's query DSL, as Kibana turns it into that.

Language: https://www.elastic.co/docs/explore-analyze/query-filter/languages/kql
"""

from __future__ import annotations

import re
import typing as t

from .._core.options import checked_text
from .kql_dsl import Query, any_of, anywhere, matching
from .kql_text import SPACE, SPACES, Literal, Text

#: How deep parentheses and braces may be nested.
DEEPEST = 50

_OR, _AND, _NOT = (re.compile(f"(?i){word}{SPACE}+") for word in (f"{SPACE}+or", f"{SPACE}+and", "not"))

_OPERATOR = re.compile("[<>]=?|:")

_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def query_dsl(text: str) -> Query:
    """The query in Elasticsearch's query DSL. Raises `OptionError`, with the position, for what Kibana refuses too."""
    checked_text("kql", text)
    return _Parser(text).whole()


class _Parser(Text):
    """Recursive descent. Each method reads what it is named after, from ``_at`` on."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        #: The fields that the braces around this place belong to, each with a dot behind it.
        self._path = ""

    def whole(self) -> Query:
        self._take(SPACES)
        if self._at == len(self._text):
            return {"match_all": {}}
        query = self._alternatives(self._clause)
        self._take(SPACES)
        if self._at < len(self._text):
            raise self._error("here, Kibana expects 'and', 'or' or the end")
        return query

    def _alternatives(self, one: t.Callable[[], Query]) -> Query:
        """What ``one`` reads, or several of it with C(or), C(and) and C(not)."""
        found = [self._conjunction(one)]
        while self._take(_OR):
            found.append(self._conjunction(one))
        return found[0] if len(found) == 1 else any_of(found)

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
        self._take(SPACES)
        operator = self._take(_OPERATOR)
        if not operator:
            self._at = end
            return self._anywhere(literal)
        self._take(SPACES)
        if operator[0] != ":":
            return self._range(literal, _RANGES[operator[0]])
        return self._nested(literal) if self._takes("{") else self._values(literal)

    def _group(self, one: t.Callable[[], Query], end: str) -> Query:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} parentheses or braces are open")
        self._take(SPACES)
        found = self._alternatives(one)
        self._take(SPACES)
        if not self._takes(end):
            raise self._error(f"here, Kibana expects 'and', 'or' or {end}")
        self._depth -= 1
        return found

    def _nested(self, name: Literal) -> Query:
        """The query in braces, whose fields are those of the same object in a list."""
        outer, path = self._path, self._field(name)
        self._path = f"{path}."
        query = self._group(self._clause, "}")
        self._path = outer
        return {"nested": {"path": path, "query": query, "score_mode": "none", "ignore_unmapped": True}}

    def _values(self, name: Literal) -> Query:
        if self._takes("("):
            return self._group(lambda: self._values(name), ")")
        value = self._value()
        field = self._field(name, wildcards=True)
        if value.is_everything and name.is_everything:
            return {"match_all": {}}
        return any_of([matching(field, name.has_wildcard, value)])

    def _range(self, name: Literal, bound: str) -> Query:
        value = self._value()
        return any_of([{"range": {self._field(name): {bound: value.value}}}])

    def _anywhere(self, value: Literal) -> Query:
        """A value without a field."""
        self._refuse_null(value)
        if self._path:
            raise self._error("in braces, each value needs a field", value.start)
        return anywhere(value)

    def _field(self, name: Literal, *, wildcards: bool = False) -> str:
        self._refuse_null(name)
        if not name.text:
            raise self._error("the field has no name", name.start)
        if name.has_wildcard and not wildcards:
            raise self._error("a range, or what stands in braces, takes one field, without an asterisk", name.start)
        return self._path + name.text

    def _value(self) -> Literal:
        value = self._literal("a value")
        self._refuse_null(value)
        return value

    def _refuse_null(self, literal: Literal) -> None:
        if literal.is_null:
            why = "Elasticsearch does not find null; write 'not FIELD: *' for alerts without a field"
            raise self._error(why, literal.start)
