# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Kibana makes of the values of a search in KQL: clauses of Elasticsearch's query DSL."""

from __future__ import annotations

import re
import typing as t

from .kql_text import Literal

Query = dict[str, t.Any]

#: What has a meaning in a C(query_string).
_RESERVED = re.compile(r'[+\-=&|><!(){}\[\]^"~*?:\\/]')


def any_of(queries: list[Query]) -> Query:
    """The alerts that at least one of these clauses matches."""
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def anywhere(value: Literal) -> Query:
    """The alerts that have this value in any field."""
    if value.is_everything:
        return {"match_all": {}}
    if value.has_wildcard:
        return {"query_string": {"query": _query_string(value)}}
    return {"multi_match": {"type": _kind(value), "query": value.value, "lenient": True}}


def matching(field: str, has_wildcard: bool, value: Literal) -> Query:
    """The alerts whose field has this value. Elasticsearch resolves the asterisks in the field."""
    if value.is_everything:
        return {"exists": {"field": field}}
    if value.has_wildcard:
        return {"query_string": {"fields": [field], "query": _query_string(value, field)}}
    if has_wildcard:
        return {"multi_match": {"fields": [field], "type": _kind(value), "query": value.value, "lenient": True}}
    return {"match_phrase" if value.quoted else "match": {field: value.value}}


def _kind(value: Literal) -> str:
    return "phrase" if value.quoted else "best_fields"


def _query_string(value: Literal, field: str | None = None) -> str:
    r"""The value in the language of C(query_string), where a blank would separate words.

    Kibana knows from its data view that nearly all fields are keywords, and asks for the whole value. So blanks are
    escaped, but for fields of words.
    """
    words = field is None or field == "message" or field.endswith((".message", ".text"))
    parts = [_RESERVED.sub(r"\\\g<0>", part) for part in value.parts]
    return "*".join(parts) if words else re.sub(r"\s", r"\\\g<0>", "*".join(parts))
