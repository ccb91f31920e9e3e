# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every new alert becomes an event, and only one."""

from __future__ import annotations

import asyncio
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import (
    PLATFORMS,
    SOURCE,
    add,
    args_of,
    close,
    error_of,
    everywhere,
    ids_of,
    running,
    searches,
)
from ansible_collections.secops.triage.tests.unit.harness import run_module


@everywhere
def test_new_alerts_become_events_and_older_ones_do_not(sim: Simulator, platform: str) -> None:
    async def scenario() -> list[str]:
        async with running(args_of(sim, platform, overlap=0)) as feed:
            while not searches(sim, platform):
                await asyncio.sleep(0)
            first = add(sim, platform)
            given = await feed.ids(1)
            second = add(sim, platform)
            assert [*given, *await feed.ids(1)] == [first, second]
            return given

    assert asyncio.run(scenario())
    assert not sim.log.writes()


@everywhere
def test_shape_is_that_of_the_info_modules(sim: Simulator, platform: str) -> None:
    """The status in the platform's own words, and the severity in lower case."""
    alert_id = add(sim, platform, 60)
    args = args_of(sim, platform, since="now-10m")

    async def scenario() -> dict[str, t.Any]:
        async with running(args) as feed:
            (event,) = await feed.events(1)
            assert set(event) == {"alert"}
            return dict(event["alert"])

    alert = asyncio.run(scenario())
    module, provider = {"datadog": ("signal_info", {}), "kibana": ("kibana_alert_info", {})}.get(
        platform, ("alert_info", {"provider": platform})
    )
    name = "signal_ids" if platform == "datadog" else "alert_ids"
    connection = {key: value for key, value in args.items() if key in ("api_url", "api_key", "app_key", "iam_token")}
    result = run_module(module, {**connection, **provider, name: [alert_id]})
    (shown,) = result["signals" if platform == "datadog" else "alerts"]
    for field in ("id", "platform", "title", "status", "created"):
        assert alert[field] == shown[field], field
    assert alert["severity"] == ("info" if shown["severity"] == "Informational" else shown["severity"].lower())
    # Calseta's lists do not show the rule.
    assert alert["rule"] == (None if platform == "calseta" else shown["rule"])
    assert alert["new"] is True


@everywhere
def test_alert_that_comes_late_is_found_within_the_overlap(sim: Simulator, platform: str) -> None:
    """And nothing comes twice for it."""

    async def scenario() -> None:
        async with running(args_of(sim, platform, since="now-10m", overlap=100)) as feed:
            first = add(sim, platform, 100)
            assert await feed.ids(1) == [first]
            same, late, newest = (add(sim, platform, age) for age in (100, 150, 50))
            assert sorted(await feed.ids(3)) == sorted([same, late, newest])

    asyncio.run(scenario())


@everywhere
def test_alert_that_comes_later_than_the_overlap_is_missed(sim: Simulator, platform: str) -> None:
    async def scenario() -> None:
        async with running(args_of(sim, platform, since="now-10m", overlap=0)) as feed:
            first = add(sim, platform, 100)
            assert await feed.ids(1) == [first]
            count = searches(sim, platform)
            while searches(sim, platform) < count + 2:
                await asyncio.sleep(0)
            add(sim, platform, 200)
            last = add(sim, platform, 50)
            assert await feed.ids(1) == [last]

    asyncio.run(scenario())


@everywhere
def test_many_pages(sim: Simulator, platform: str) -> None:
    """Some of them have the same time, as a rule that finds many makes them."""
    many = 550 if platform == "calseta" else 1050
    ids = {add(sim, platform, 500 - number // 400) for number in range(many)}
    got = ids_of(args_of(sim, platform, since="now-10m"), len(ids))
    assert len(got) == len(ids)
    assert set(got) == ids


@everywhere
def test_closed_alerts_are_left_out_by_only_new(sim: Simulator, platform: str) -> None:
    ids = [add(sim, platform, 90 - number, closed=not number % 2) for number in range(4)]
    assert ids_of(args_of(sim, platform, since="now-10m"), 2) == ids[1::2]
    assert ids_of(args_of(sim, platform, since="now-10m", only_new=False), 4) == ids


@everywhere
def test_change_of_an_alert_is_no_event(sim: Simulator, platform: str) -> None:
    """Neither the runbook's own work on it nor its reopening."""

    async def scenario() -> None:
        async with running(args_of(sim, platform, since="now-10m", only_new=False)) as feed:
            first = add(sim, platform, 60)
            assert await feed.ids(1) == [first]
            close(sim, platform, first)
            second = add(sim, platform, 30)
            assert await feed.ids(1) == [second]

    asyncio.run(scenario())


QUERIES: list[tuple[str, t.Any]] = [
    ("datadog", "@workflow.triage.state:archived"),
    ("kibana", {"term": {"kibana.alert.workflow_status": "closed"}}),
    ("security_deck", {"filter": 'status = "RESOLVED"'}),
    ("calseta", {"status": ["Closed", "Escalated"]}),
]


@pytest.mark.parametrize(("platform", "query"), QUERIES, ids=[one[0] for one in QUERIES])
def test_query(sim: Simulator, platform: str, query: t.Any) -> None:
    args = args_of(sim, platform, since="now-10m", only_new=False)
    if platform == "security_deck":
        query = {**args["query"], **query}
    add(sim, platform, 90)
    closed = add(sim, platform, 80, closed=True)
    last = add(sim, platform, 70, closed=True)
    assert ids_of({**args, "query": query}, 2) == [closed, last]


def test_alert_with_a_future_time_does_not_hide_earlier_ones(sim: Simulator, checkpoint: str) -> None:
    args = args_of(sim, "datadog", checkpoint=checkpoint)
    future = add(sim, "datadog", -86400)
    assert ids_of(args, 1) == [future]
    now = add(sim, "datadog", 0)
    assert ids_of(args, 1) == [now]


@everywhere
def test_no_search_goes_back_behind_the_first_start(sim: Simulator, platform: str, checkpoint: str) -> None:
    """Alerts from before are somebody else's, after a restart too."""
    args = args_of(sim, platform, checkpoint=checkpoint, since="now-150s")
    add(sim, platform, 200)
    first = add(sim, platform, 100)
    assert ids_of(args, 1) == [first]
    add(sim, platform, 190)
    second = add(sim, platform, 90)
    assert ids_of(args, 2) == [first, second]


def test_raw_is_the_platforms_own_object(sim: Simulator) -> None:
    alert_id = add(sim, "kibana", 60)

    async def scenario() -> None:
        async with running(args_of(sim, "kibana", since="now-10m", raw="true")) as feed:
            (event,) = await feed.events(1)
            assert event["alert"]["raw"]["_source"] == sim.kibana.alerts()[alert_id]

    asyncio.run(scenario())


def test_several_sources_at_once(sim: Simulator) -> None:
    ids = [add(sim, platform, 60) for platform in PLATFORMS]

    async def one(platform: str) -> list[str]:
        async with running(args_of(sim, platform, since="now-10m")) as feed:
            return await feed.ids(1)

    async def scenario() -> list[list[str]]:
        return await asyncio.gather(*map(one, PLATFORMS))

    assert asyncio.run(scenario()) == [[alert_id] for alert_id in ids]


# The checkpoint


def test_start_counts_as_one_though_nothing_came_up(sim: Simulator, checkpoint: str) -> None:
    async def scenario() -> None:
        async with running(args_of(sim, "datadog", checkpoint=checkpoint, overlap=0)):
            while not searches(sim, "datadog"):
                await asyncio.sleep(0)

    asyncio.run(scenario())
    kept = Path(checkpoint).read_text(encoding="utf-8")
    meanwhile = add(sim, "datadog")
    assert ids_of(args_of(sim, "datadog", checkpoint=checkpoint, overlap=0), 1) == [meanwhile]
    assert set(json.loads(kept)) == {"place", "first", "since"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        "[" * 100_000,
        '{"place": "", "first": "2026-01-31", "since": "soon"}',
        '{"place": "", "first": "soon", "since": "2026-01-31"}',
        '{"place": "", "first": 7e99, "since": "2026-01-31"}',
        '{"first": "2026-01-31", "since": "2026-01-31"}',
        "\xff",
    ],
)
def test_unreadable_checkpoint_is_refused(sim: Simulator, checkpoint: str, content: str) -> None:
    Path(checkpoint).write_bytes(content.encode("latin-1"))
    assert "remove it to begin at since again" in error_of(args_of(sim, "datadog", checkpoint=checkpoint))
    assert not len(sim.log)
    assert Path(checkpoint).read_bytes() == content.encode("latin-1")


def test_checkpoint_of_another_source_is_refused(sim: Simulator, checkpoint: str) -> None:
    add(sim, "datadog", 60)
    ids_of(args_of(sim, "datadog", checkpoint=checkpoint, since="now-10m"), 1)
    said = error_of(args_of(sim, "kibana", checkpoint=checkpoint))
    assert "is that of another source, datadog http" in said


def test_unwritable_checkpoint_is_refused_at_once(sim: Simulator, tmp_path: Path) -> None:
    said = error_of(args_of(sim, "datadog", checkpoint=str(tmp_path / "missing" / "file")))
    assert "cannot be written: No such file" in said
    assert not len(sim.log)


def test_checkpoint_is_private_and_leaves_no_other_file(sim: Simulator, checkpoint: str) -> None:
    add(sim, "datadog", 60)
    ids_of(args_of(sim, "datadog", checkpoint=checkpoint, since="now-10m"), 1)
    assert [one.name for one in Path(checkpoint).parent.iterdir()] == [Path(checkpoint).name]
    assert Path(checkpoint).stat().st_mode & 0o777 == 0o600


def test_source_imports_nothing_of_ansible() -> None:
    """ansible-rulebook may have an environment of its own, in which only its own requirements are sure to be."""
    library = SOURCE.parents[1] / "module_utils"
    for file in [SOURCE, *library.rglob("*.py")]:
        imports = [line for line in file.read_text(encoding="utf-8").splitlines() if "import " in line.split("#")[0]]
        assert not [line for line in imports if "ansible" in line or "requests" in line], file
