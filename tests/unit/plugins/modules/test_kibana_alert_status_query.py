# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Elastic Security by a query: it is frozen before it is applied, and never does more than was counted."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    counts_of,
    four_runs,
    run_module,
)

NAME = "kibana_alert_status"
STATUS = "kibana.alert.workflow_status"
NOISE: dict[str, t.Any] = {"term": {"kibana.alert.rule.name": "Noise"}}
NOISY: dict[str, t.Any] = {"kibana.alert.rule.name": "Noise"}


@pytest.fixture
def noise(kibana: Params) -> Params:
    """A task that closes what a noisy rule has found."""
    return {**kibana, "query": NOISE, "status": "closed", "retries": 1}


def noisy(sim: Simulator, count: int = 5, **fields: t.Any) -> list[str]:
    """So many open alerts of the noisy rule, a second apart, the oldest first."""
    return [
        sim.kibana.add_alert(
            **{**NOISY, "@timestamp": f"2026-03-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000Z"}, **fields
        )
        for n in range(count)
    ]


def quiet(sim: Simulator) -> str:
    """Let the space have nothing but an alert of another rule, which is closed. Returns its id."""
    sim.reset(alerts={"kibana": 0})
    return sim.kibana.add_alert("closed")


def closed(sim: Simulator) -> set[str]:
    return {key for key, document in sim.kibana.alerts().items() if document.get(STATUS) == "closed"}


def run(task: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**task, **options}, check=check)


def test_closes_what_matches_and_has_another_status(sim: Simulator, noise: Params) -> None:
    before, ids = closed(sim), noisy(sim)
    done = sim.kibana.add_alert("closed", "duplicate", **NOISY)
    runs = four_runs(sim, NAME, noise)
    assert [row["id"] for row in runs.real["alerts"]] == ids
    assert (runs.real["matched"], runs.again["matched"]) == (5, 0)
    assert runs.again["alerts"] == []
    assert closed(sim) == {*before, *ids, done}
    assert not sim.kibana.writes_of(done)


def test_nothing_matches(sim: Simulator, noise: Params) -> None:
    runs = four_runs(sim, NAME, {**noise, "space_id": "soc-lab"})
    assert runs.real["matched"] == 0


def test_finds_alerts_from_before_8_0(sim: Simulator, noise: Params) -> None:
    (key,) = noisy(sim, 1, legacy=True)
    done = sim.kibana.add_alert("closed", legacy=True, **NOISY)
    runs = four_runs(sim, NAME, noise)
    assert list(by_id(runs.real)) == [key]
    assert not sim.kibana.writes_of(done)


def test_five_thousand_are_one_search_five_writes_and_one_search(sim: Simulator, noise: Params) -> None:
    quiet(sim)
    noisy(sim, 5000)
    result = run(noise, max_alerts=5000)
    assert result["counts"]["changed"] == 5000
    # A request counts all alerts before the search.
    assert [entry.is_write for entry in sim.log] == [False, False, *[True] * 5, False]


# As many as were allowed, and no more


@pytest.mark.parametrize("check", [True, False])
def test_more_than_max_alerts_is_an_error_and_nothing_is_written(sim: Simulator, noise: Params, check: bool) -> None:
    noisy(sim, 7)
    result = run(noise, max_alerts=6, check=check)
    assert result["failed"]
    assert not result["changed"]
    assert result["matched"] == 7
    assert "max_alerts" in result["msg"]
    assert not sim.log.writes()


def test_just_max_alerts_is_no_error(sim: Simulator, noise: Params) -> None:
    noisy(sim, 7)
    assert four_runs(sim, NAME, {**noise, "max_alerts": 7}).real["matched"] == 7


def test_a_hundred_are_allowed_unless_the_task_says_more(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim, 101)
    result = run(noise)
    assert (result["error"]["kind"], result["matched"]) == ("limit", 101)
    sim.kibana.alerts().pop(ids[0])
    assert run(noise)["counts"]["changed"] == 100


def test_far_more_than_a_search_counts(sim: Simulator, noise: Params) -> None:
    """Elasticsearch stops counting at 10,000 unless it is told not to."""
    noisy(sim, 10_200)
    result = run(noise, max_alerts=10_100)
    assert result["matched"] == 10_200
    assert [entry.is_write for entry in sim.log] == [False, False]


def test_more_than_one_search_shows(sim: Simulator, noise: Params) -> None:
    other = quiet(sim)
    ids = noisy(sim, 10_500)
    result = run(noise, max_alerts=50_000)
    assert result["matched"] == 10_500
    assert result["counts"] == counts_of(10_500, changed=10_500)
    assert closed(sim) == {other, *ids}
    # A count, two windows, eleven batches, and 10,500 alerts read again.
    assert (len(sim.log.reads()), len(sim.log.writes())) == (5, 11)


def test_more_of_the_same_moment_than_two_searches_show(sim: Simulator, noise: Params) -> None:
    """There is no going on from a time that all of them share, but by what is known already."""
    count = 20_500
    quiet(sim)
    (key,) = noisy(sim, 1)
    document = sim.kibana.alerts().pop(key)
    sim.kibana.alerts().update((f"alert-{number:05}", dict(document)) for number in range(count))
    result = run(noise, max_alerts=50_000, check=True)
    assert result["matched"] == result["counts"]["changed"] == count
    assert len(sim.log) == 4


# Frozen


def test_alert_that_comes_up_after_the_search_is_not_touched(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    sim.faults.add(Meanwhile(lambda entry: late.extend(noisy(sim, 3)), path="signals/status"))
    late: list[str] = []
    result = run(noise)
    assert list(by_id(result)) == ids
    assert result["matched"] == 5
    assert len(late) == 3
    assert not closed(sim) & set(late)


def test_alert_that_begins_to_match_after_the_search_is_not_touched(sim: Simulator, noise: Params) -> None:
    noisy(sim)
    other = sim.kibana.add_alert()
    sim.faults.add(Meanwhile(lambda entry: sim.kibana.alerts()[other].update(NOISY), path="signals/status"))
    result = run(noise)
    assert not result.get("failed")
    assert other not in closed(sim) | set(by_id(result))


def test_alert_that_matches_no_more_at_the_write_is_not_changed(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    changed = {"kibana.alert.rule.name": "Credential theft"}
    sim.faults.add(Meanwhile(lambda entry: sim.kibana.alerts()[ids[2]].update(changed), path="signals/status"))
    result = run(noise)
    assert ids[2] not in closed(sim)
    assert set(ids) - closed(sim) == {ids[2]}
    assert [key for key, row in by_id(result).items() if not row["changed"]] == [ids[2]]
    assert result["failed"], "it was counted in, and is not closed"
    assert result["counts"] == counts_of(5, changed=4, failed=1, unconfirmed=1)


def test_write_names_the_query_and_the_ids_together(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    run(noise)
    (write,) = sim.log.writes()
    assert write.body == {
        "query": {"bool": {"filter": [NOISE, {"ids": {"values": ids}}]}},
        "conflicts": "abort",
        "status": "closed",
    }


def test_runtime_mappings_are_for_the_search_and_the_ids_for_the_write(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    mappings = {"kibana.alert.rule.name": {"type": "keyword"}}
    four_runs(sim, NAME, {**noise, "runtime_mappings": mappings})
    sim.log.clear()
    noisy(sim)
    run(noise, runtime_mappings=mappings, check=False)
    # The count, the search, and the read of what was written.
    assert [entry.body["runtime_mappings"] for entry in sim.log.reads()] == [mappings] * 3
    (write,) = sim.log.writes()
    # The call would drop them without a word, and then find nothing by the query.
    assert "runtime_mappings" not in write.body
    assert [list(clause) for clause in write.body["query"]["bool"]["filter"]] == [["ids"]]
    assert not set(write.body["query"]["bool"]["filter"][0]["ids"]["values"]) & set(ids)


# Conflicts


def test_abort_reports_what_was_done_and_sends_nothing_more(sim: Simulator, noise: Params) -> None:
    other = quiet(sim)
    ids = noisy(sim, 2500)
    sim.settings.kibana.batch_size = 100
    sim.settings.kibana.conflicts = {ids[1150]: 9}
    result = run(noise, max_alerts=5000, retries=0)
    assert result["failed"]
    assert result["changed"]
    assert [entry.status for entry in sim.log.writes()] == [200, 409]
    # The server keeps the batches that it has finished.
    done = [*ids[:1150], *ids[1151:1200]]
    assert closed(sim) == {other, *done}
    assert [key for key, row in by_id(result).items() if row["changed"]] == done
    # Some of the batch that met the conflict may have been updated: nobody but the server knows which.
    assert result["counts"] == counts_of(2500, changed=1199, failed=1301, unconfirmed=801)
    assert by_id(result)[ids[1150]]["error"]["status"] == 409
    assert "conflicts is abort" in by_id(result)[ids[2400]]["error"]["message"]


def test_abort_is_not_tried_again(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    sim.settings.kibana.conflicts = {ids[0]: 1}
    assert run(noise)["failed"]
    assert len(sim.log.writes()) == 1


def test_proceed_sends_again_what_met_a_conflict(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    sim.settings.kibana.conflicts = {ids[1]: 1, ids[3]: 1}
    result = run(noise, conflicts="proceed")
    assert result["counts"] == counts_of(5, changed=5)
    assert [entry.body["conflicts"] for entry in sim.log.writes()] == ["proceed", "proceed"]
    assert [entry.wrote for entry in sim.log.writes()] == [[ids[0], ids[2], ids[4]], [ids[1], ids[3]]]


def test_proceed_reports_what_always_meets_a_conflict(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)
    sim.settings.kibana.conflicts = {ids[1]: 99}
    result = run(noise, conflicts="proceed")
    assert result["failed"]
    assert result["counts"] == counts_of(5, changed=4, failed=1, unconfirmed=1)
    assert ids[1] in result["msg"]


# What goes wrong


@pytest.mark.parametrize("answer", [{"timed_out": True}, {"_shards": {"failed": 1}}])
@pytest.mark.parametrize("check", [True, False])
def test_incomplete_search_is_refused(sim: Simulator, noise: Params, answer: dict[str, t.Any], check: bool) -> None:
    noisy(sim)
    sim.faults.add(Fault("merge", path="signals/search", count=None, body=answer))
    result = run(noise, check=check)
    assert result["failed"]
    assert not result["changed"]
    assert "incomplete" in result["msg"]
    assert not sim.log.writes()


def test_incomplete_second_window_is_refused(sim: Simulator, noise: Params) -> None:
    noisy(sim, 10_001)
    sim.faults.add(Fault("merge", path="signals/search", nth=3, count=None, body={"timed_out": True}))
    assert "incomplete" in run(noise, max_alerts=20_000)["msg"]
    assert not sim.log.writes()


def test_time_out_of_a_write_is_looked_at_before_it_is_sent_again(sim: Simulator, noise: Params) -> None:
    """After its 30 seconds Kibana says 503 or so, and the update may go on."""
    noisy(sim)
    sim.faults.add(Fault("status", writes=True, when="after", status=503))
    result = run(noise)
    assert result["counts"]["changed"] == 5
    assert len(sim.log.writes()) == 1


def test_update_that_timed_out_within_is_looked_at(sim: Simulator, noise: Params) -> None:
    noisy(sim)
    sim.faults.add(Fault("merge", path="signals/status", body={"timed_out": True}))
    result = run(noise)
    assert result["counts"]["changed"] == 5
    assert len(sim.log.writes()) == 1


def test_wrong_query_is_told_in_the_words_of_the_server(sim: Simulator, noise: Params) -> None:
    result = run(noise, query={"mtch": {"host.name": "web-01"}})
    assert "did you mean [match]" in result["error"]["message"]
    assert result["error"]["status"] == 400


def test_write_that_is_too_large_is_refused_and_reported(sim: Simulator, noise: Params) -> None:
    noisy(sim, 50)
    sim.settings.kibana.body_limit = 2000
    result = run(noise)
    assert result["failed"]
    assert not result["changed"]
    assert result["counts"] == counts_of(50, failed=50)
    assert result["error"]["status"] == 413
    assert "Payload content length greater than maximum allowed" in result["msg"]


def test_an_analyst_who_was_faster_keeps_the_verdict(sim: Simulator, noise: Params) -> None:
    ids = noisy(sim)

    def analyst(entry: Entry) -> None:
        sim.kibana.alerts()[ids[0]].update({STATUS: "closed", "kibana.alert.workflow_reason": "true_positive"})

    sim.faults.add(Meanwhile(analyst, path="signals/status"))
    result = run(noise, reason="false_positive")
    assert by_id(result)[ids[0]]["reason"] == "true_positive"
    assert result["warnings"]
