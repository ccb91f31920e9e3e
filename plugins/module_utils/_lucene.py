# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Datadog's query language has from Lucene, as Elasticsearch's has: the ways to say everything."""

from __future__ import annotations

import re


def matches_everything(query: str) -> bool:
    """Whether a query is for everything, be it by one of several alternatives.

    Parentheses are not looked at: those with such an alternative in them say nothing, and were not meant like that.
    """
    alternatives = re.split(r"\bOR\b|\|\|", re.sub(r"[()]", " ", query))
    return any(all(re.fullmatch(r"AND|&&|\*+(:\*+)?", word) for word in one.split()) for one in alternatives)
