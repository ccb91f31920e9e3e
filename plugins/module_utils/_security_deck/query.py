# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Deck: the sink and the parameters of a search.

API: https://yandex.cloud/docs/security-deck/api-ref/Alert/list
"""

from __future__ import annotations

from .._core.errors import OptionError
from .._core.options import Params, checked_ids, checked_text
from .words import ID

_LONGEST_FILTER = 2048


def search_of(query: Params) -> tuple[str, dict[str, str]]:
    """The sink, and the parameters of the search."""
    if not query.get("sink_id"):
        raise OptionError("query.sink_id is missing: Security Deck searches one sink")
    sink = checked_ids("query.sink_id", [query["sink_id"]], ID, "Security Deck sink")[0]
    names = {"filter": "filter", "order_by": "orderBy"}
    parameters = {name: query[option].strip() for option, name in names.items() if (query.get(option) or "").strip()}
    for option, name in names.items():
        checked_text(f"query.{option}", parameters.get(name))
    if len(parameters.get("filter", "")) > _LONGEST_FILTER:
        raise OptionError(f"query.filter is longer than the {_LONGEST_FILTER} characters that Security Deck takes")
    return sink, parameters
