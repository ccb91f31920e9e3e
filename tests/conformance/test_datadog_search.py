# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does ``signal_info`` find what Datadog's own client finds, and do both see the same in it?"""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.v2 import models as v2
from datadog_api_client.v2.api.security_monitoring_api import SecurityMonitoringApi

from ansible_collections.secops.triage.plugins.module_utils._datadog.api import PAGE
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, run_module

QUERIES = (
    "",
    "@workflow.triage.state:archived",
    "-@workflow.triage.state:open status:(high OR critical)",
    "@workflow.triage.assignee.handle:greta@example.com",
    '*malware* OR "port scan"',
)
SORTS = ("timestamp", "-timestamp")


@pytest.fixture(autouse=True)
def many(sim: Simulator) -> None:
    sim.reset(alerts={"datadog": 300})


def ago(days: int) -> dt.datetime:
    """That long ago, to the second."""
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0) - dt.timedelta(days=days)


def found_by_the_client(client: ApiClient, query: str, sort: str, since: dt.datetime) -> list[t.Any]:
    """The signals since then, page by page, as the client's paginator goes through them."""
    request = v2.SecurityMonitoringSignalListRequest(
        filter=v2.SecurityMonitoringSignalListRequestFilter(query=query, _from=since),
        page=v2.SecurityMonitoringSignalListRequestPage(limit=70),
        sort=v2.SecurityMonitoringSignalsSort(sort),
    )
    pages = SecurityMonitoringApi(client).search_security_monitoring_signals_with_pagination(body=request)
    return [signal.to_dict() for signal in pages]


def found_by_us(datadog: Params, query: str, sort: str, since: dt.datetime) -> Result:
    return run_module("signal_info", {**datadog, "query": query, "sort": sort, "from": since.isoformat(), "raw": True})


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", QUERIES)
def test_both_find_the_same_in_the_same_order(
    datadog_client: ApiClient, datadog: Params, query: str, sort: str
) -> None:
    since = ago(days=7)
    theirs, ours = found_by_the_client(datadog_client, query, sort, since), found_by_us(datadog, query, sort, since)
    assert [signal["id"] for signal in ours["signals"]] == [signal["id"] for signal in theirs]
    assert theirs
    assert not ours["truncated"]


def test_both_see_the_same_in_a_signal(datadog_client: ApiClient, datadog: Params) -> None:
    theirs = found_by_the_client(datadog_client, "", "timestamp", ago(days=30))
    ours = found_by_us(datadog, "", "timestamp", ago(days=30))["signals"]
    assert len(ours) == len(theirs) == 300
    for mine, signal in zip(ours, theirs):
        shown = signal["attributes"]["attributes"]
        triage = shown["workflow"]["triage"]
        assert mine["raw"]["attributes"]["attributes"] == shown
        assert (mine["title"], mine["severity"], mine["status"]) == (shown["title"], shown["status"], triage["state"])
        assert (mine["verdict"] or "none", mine["incident_ids"]) == (triage["archiveReason"], triage["incidentIds"])
        assert mine["assignee"] == triage["assignee"].get("uuid", "")
        assert mine["rule"] == shown["workflow"]["rule"]["name"]
        created = dt.datetime.fromisoformat(mine["created"].replace("Z", "+00:00"))
        assert created == dt.datetime.fromisoformat(signal["attributes"]["timestamp"])


def test_a_read_and_a_search_agree(datadog_client: ApiClient, datadog: Params) -> None:
    """What the client is answered for one signal is what the module shows of it, found or read."""
    found = {row.pop("id"): row for row in found_by_us(datadog, "", "timestamp", ago(days=30))["signals"]}
    read = run_module("signal_info", {**datadog, "signal_ids": list(found)})["signals"]
    for row in read[:20]:
        signal_id = row.pop("id")
        answer = SecurityMonitoringApi(datadog_client).get_security_monitoring_signal(signal_id).to_dict()
        assert row.pop("version") == answer["data"]["attributes"]["version"]
        assert row == {key: value for key, value in found[signal_id].items() if key not in ("version", "raw")}


def test_the_clients_largest_page_is_ours(sim: Simulator, datadog_client: ApiClient) -> None:
    """Neither the client nor the simulator takes more."""
    limit = v2.SecurityMonitoringSignalListRequestPage.validations["limit"]["inclusive_maximum"]
    assert limit == PAGE
