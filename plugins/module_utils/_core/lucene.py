# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Datadog's query language has from Lucene, as Elasticsearch's has: the ways to say everything."""

from __future__ import annotations

import re
import typing as t

#: A term with its field, which may be a phrase or a range; or what joins words and groups.
_WORDS = re.compile(r"""[()]|&&|\|\||[-+!](?=[^\s)])|(?:"(?:\\.|[^"\\])*"?|[\[{][^\]}]*[\]}]?|\\.|[^\s()"\[{\\])+|\S""")

_NOT = ("NOT", "-", "!")

_OR = ("OR", "||")

#: What says nothing by itself: of a field in front of parentheses, all is in them.
_NEITHER = r"AND|&&|\+|.*(?<!\\):"

#: A field that there shall be, whatever is in it.
_FIELD = re.compile(r"_exists_:(?P<exists>.+)|(?P<field>.+?):(?:\*+|[\[{]\s*\*\s+TO\s+(?:\*|now)\s*[\]}])")


def matches_everything(query: str, everywhere: t.Container[str]) -> bool:
    """Whether a query is for everything, or for all but what it leaves out, be it by one of several alternatives.

    ``everywhere`` are the fields that there always are.
    """
    return _group(iter(_WORDS.findall(query)), everywhere)


def _group(words: t.Iterator[str], everywhere: t.Container[str]) -> bool:
    """The same of what is in parentheses; takes the words up to where these end."""
    # Of the present alternative: whether nothing in it is a bound so far.
    everything, free, negative = False, True, False
    for word in words:
        if word == ")":
            break
        if word in _OR:
            everything, free = everything or free, True
        elif word in _NOT:
            negative = True
        elif not re.fullmatch(_NEITHER, word):
            says_nothing = _group(words, everywhere) if word == "(" else _is_free(word, everywhere)
            free = free and (negative or says_nothing)
            negative = False
    return everything or free


def _is_free(word: str, everywhere: t.Container[str]) -> bool:
    """Whether that is a term for everything."""
    asked = _FIELD.fullmatch(word)
    return bool(re.fullmatch(r"\*+(:\*+)?", word) or (asked and (asked["exists"] or asked["field"]) in everywhere))
