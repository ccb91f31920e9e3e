# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``vendor.py FILE``: the module's reads and writes, by ``datadog-api-client``.

One GET a signal, then the bulk call for batches of 199 of those that are not yet as wanted. ``FILE`` is JSON with
``api_url``, ``api_key``, ``app_key``, ``ids``, ``state``, ``archive_reason`` and ``threads``; 0 is the client that
sends one request after the other.
"""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

from datadog_api_client import ApiClient, Configuration, ThreadedApiClient
from datadog_api_client.v2 import models
from datadog_api_client.v2.api.security_monitoring_api import SecurityMonitoringApi

_BATCH = 199


def _bulk(task: dict[str, t.Any], ids: list[str]) -> models.SecurityMonitoringSignalsBulkUpdateRequest:
    attributes = models.SecurityMonitoringSignalUpdateAttributes(
        state=models.SecurityMonitoringSignalState(task["state"]),
        archive_reason=models.SecurityMonitoringSignalArchiveReason(task["archive_reason"]),
    )
    kind = models.SecurityMonitoringSignalType("signal")
    data = [models.SecurityMonitoringSignalsBulkUpdateData(attributes, one, type=kind) for one in ids]
    return models.SecurityMonitoringSignalsBulkUpdateRequest(data=data)


def _state(answer: t.Any) -> t.Any:
    return answer.data.attributes.custom["workflow"]["triage"]["state"]


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text())
    keys = {"apiKeyAuth": task["api_key"], "appKeyAuth": task["app_key"]}
    configuration = Configuration(host=task["api_url"], api_key=keys)
    threads = task["threads"]
    with ThreadedApiClient(configuration, threads) if threads else ApiClient(configuration) as client:
        api = SecurityMonitoringApi(client)

        def each(call: t.Callable[[t.Any], t.Any], arguments: t.Iterable[t.Any]) -> list[t.Any]:
            answers = [call(one) for one in arguments]
            return [one.get() for one in answers] if threads else answers

        states = map(_state, each(api.get_security_monitoring_signal, task["ids"]))
        open_ids = [one for one, state in zip(task["ids"], states) if state != task["state"]]
        batches = [open_ids[start : start + _BATCH] for start in range(0, len(open_ids), _BATCH)]
        each(api.bulk_edit_security_monitoring_signals, [_bulk(task, batch) for batch in batches])


if __name__ == "__main__":
    main()
