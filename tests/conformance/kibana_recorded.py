# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers that were recorded of Kibana, by their shapes, and requests that bring them about.

Not here, because the simulator has neither privileges on an index nor a space without Elastic Security: the refusal by
an index, and the 404 of the latter. Both have the shape of ENGINE.
"""

from __future__ import annotations

from ansible_collections.secops.triage.tests.conformance.shapes import Case
from ansible_collections.secops.triage.tests.simulator import Fault

_COUNTS = ("took", "total", "updated", "deleted", "batches", "version_conflicts", "noops", "throttled_millis")
UPDATED = {
    **dict.fromkeys((*_COUNTS, "requests_per_second", "throttled_until_millis"), int),
    "timed_out": bool,
    "retries": {"bulk": int, "search": int},
    "failures": [],
}
#: What the text of a conflict's message holds.
ABORTED = {
    **UPDATED,
    "failures": [
        {
            "index": str,
            "id": str,
            "cause": dict.fromkeys(("type", "reason", "index_uuid", "shard", "index"), str),
            "status": int,
        }
    ],
}
#: An error of Kibana's core, and one of its detection engine.
CORE = {"statusCode": int, "error": str, "message": str}
ENGINE = {"message": str, "status_code": int}

_STATUS, _SEARCH = "/api/detection_engine/signals/status", "/api/detection_engine/signals/search"
_CLOSE = {"status": "closed", "signal_ids": ["{alert}"]}

CASES = [
    Case("ubq_ok_by_id", "POST", _STATUS, 200, UPDATED, _CLOSE),
    Case("ubq_empty", "POST", _STATUS, 200, UPDATED, {"status": "closed", "signal_ids": ["unknown"]}),
    Case("409_abort", "POST", _STATUS, 409, ENGINE, _CLOSE, settings={"conflicts": {"{alert}": 1}}),
    Case("400_xsrf", "POST", _STATUS, 400, CORE, _CLOSE, headers={"kbn-xsrf": ""}),
    Case("400_search_empty", "POST", _SEARCH, 400, ENGINE, {}),
    Case("400_es_query", "POST", _SEARCH, 400, ENGINE, {"query": {"mtch": {}}}),
    Case("401", "POST", _STATUS, 401, CORE, _CLOSE, headers={"Authorization": "ApiKey bm90OmE6a2V5"}),
    Case("403_kibana_privilege", "POST", _STATUS, 403, CORE, _CLOSE, key="kibana_read_only_api_key"),
    Case("404_route", "POST", "/api/detection_engine/signals/nothing", 404, CORE, {}),
    Case("413", "POST", _STATUS, 413, CORE, _CLOSE, settings={"body_limit": 10}),
    Case("429_overload", "POST", _STATUS, 429, CORE, _CLOSE, fault=Fault(status=429)),
    Case("500", "POST", _STATUS, 500, ENGINE, _CLOSE, fault=Fault(status=500)),
]
