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


def matches_everything(query: str) -> bool:
    """Whether a query is for everything, or for all but what it leaves out, be it by one of several alternatives."""
    return _group(iter(_WORDS.findall(query)))


def _group(words: t.Iterator[str]) -> bool:
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
            says_nothing = _group(words) if word == "(" else bool(re.fullmatch(r"\*+(:\*+)?", word))
            free = free and (negative or says_nothing)
            negative = False
    return everything or free
