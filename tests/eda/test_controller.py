# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert appears, ansible-rulebook launches a job in a controller, and the job's runbook closes it, once."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.awx.controller import TOKEN as CONTROLLER_TOKEN
from ansible_collections.secops.triage.tests.awx.controller import Controller
from ansible_collections.secops.triage.tests.awx.fields import Item
from ansible_collections.secops.triage.tests.eda.kit import Jobs, awx
from ansible_collections.secops.triage.tests.eda.rulebook import Rulebook
from ansible_collections.secops.triage.tests.eda.test_rulebooks import TOKEN, assert_clean, payloads, post, statuses
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.awx.conftest import Definitions
from ansible_collections.secops.triage.tests.unit.awx.jobs import Variables
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import add
from ansible_collections.secops.triage.tests.unit.loopback import closed_port

ENDED = "controller job id: "
#: Answers to questions of the survey, beside the alert and the verdict.
ANSWERS = {"runbook_severities": ["critical", "high", "medium", "low"], "runbook_comment": "Handled."}


def launches(controller: Controller) -> list[t.Any]:
    """The bodies of the requests that launched a job, and what the controller would not take of them."""
    return [body for _method, path, body in controller.writes() if path.endswith("/launch/")]


def asked(platform: str, alert_id: str, **others: t.Any) -> Variables:
    return {"runbook_platform": platform, "runbook_id": alert_id, "runbook_verdict": "benign", **others}


def test_webhooks(definitions: Definitions, sim: Simulator, java_home: str, tmp_path: Path) -> None:
    port = closed_port()
    jobs = Jobs(definitions, sim, tmp_path)
    variables = {"webhook_port": port, "WEBHOOK_TOKEN": TOKEN, "runbook_answers": ANSWERS}
    sent = {platform: payload for platform, payload in payloads(sim).items() if platform in ("datadog", "kibana")}
    with awx(definitions, jobs.run) as controller:
        with Rulebook(sim, java_home, tmp_path, "webhook_controller", variables, controller.url) as rulebook:
            rulebook.wait_for("load source eda.builtin.webhook")
            for platform in [*sent, *sent]:
                # Senders send again where they are not sure.
                post(port, platform, sent[platform])
            rulebook.wait_for(ENDED, 2)
            # Its own change comes back: the alert is not new any more.
            (own,) = sim.kibana.alerts()
            post(port, "kibana", {**sim.kibana.alerts()[own], "_id": own})
            post(port, "jira", {"issue": "SEC-1"})
            rulebook.wait_for("A webhook was not recognized: this is no alert of a platform that is known")
            status = rulebook.stop()
        (signal,) = sim.datadog.signals
        wanted = [asked("datadog", signal, **ANSWERS), asked("kibana", own, **ANSWERS)]
        # Nothing of the event but platform and id goes there, and nothing that no question asks for.
        assert sorted((one["extra_vars"] for one in launches(controller)), key=str) == sorted(wanted, key=str)
        ended = controller.store.items["jobs"].values()
        assert [one["status"] for one in ended] == ["successful"] * 2
        outcomes = [one["artifacts"]["runbook_outcome"]["outcome"] for one in ended]
    assert_clean(sim, rulebook, status)
    assert CONTROLLER_TOKEN not in rulebook.said
    assert outcomes == ["closed"] * 2
    # Of the two that no webhook has told of, nothing is known.
    assert sorted(statuses(sim)) == ["archived", "closed", "open", "open"]


def test_polling(definitions: Definitions, sim: Simulator, java_home: str, tmp_path: Path) -> None:
    """Without a checkpoint, as in a container: whatever is still new comes again at the next start."""
    jobs: list[Variables] = []
    answer = [False]

    def run(_template: Item, variables: Variables) -> tuple[bool, Variables]:
        jobs.append(variables)
        return answer[0], {}

    variables = {"platform": "kibana", "interval": 0.2}
    first = add(sim, "kibana", 60)
    with awx(definitions, run) as controller:
        with Rulebook(sim, java_home, tmp_path, "polling_controller", variables, controller.url) as rulebook:
            rulebook.wait_for(ENDED)
            second = add(sim, "kibana", 10)
            rulebook.wait_for(ENDED, 2)
            rulebook.kill()
        assert jobs == [asked("kibana", first), asked("kibana", second)]
        sim.kibana.alerts()[first]["kibana.alert.workflow_status"] = "closed"
        answer[0] = True
        with Rulebook(sim, java_home, tmp_path, "polling_controller", variables, controller.url) as rulebook:
            rulebook.wait_for(ENDED)
            status = rulebook.stop()
    assert_clean(sim, rulebook, status)
    assert jobs[2:] == [asked("kibana", second)]


def test_callers_do_not_wait_for_jobs(definitions: Definitions, sim: Simulator, java_home: str, tmp_path: Path) -> None:
    """And an id of digits arrives as the text that the survey asks for."""
    port = closed_port()
    release = threading.Event()

    def run(_template: Item, _variables: Variables) -> tuple[bool, Variables]:
        return release.wait(300), {}

    ids = [str(10**20 + number) for number in range(20)]
    variables = {"webhook_port": port, "WEBHOOK_TOKEN": TOKEN}
    with awx(definitions, run) as controller:
        with Rulebook(sim, java_home, tmp_path, "webhook_controller", variables, controller.url) as rulebook:
            rulebook.wait_for("load source eda.builtin.webhook")
            for one in ids:
                post(port, "datadog", {"platform": "datadog", "id": one})
            assert ENDED not in rulebook.said
            release.set()
            rulebook.wait_for(ENDED, len(ids))
            status = rulebook.stop()
        assert sorted(one["extra_vars"]["runbook_id"] for one in launches(controller)) == ids
    assert_clean(sim, rulebook, status)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"runbook_answers": {"runbook_severities": "high"}},
            "Value high for 'runbook_severities' expected to be a list",
        ),
        ({"runbook_verdict": "nonsense"}, "Value nonsense for 'runbook_verdict' expected to be one of"),
        ({"controller_template": "No such template"}, "Job template No such template in organization Default does not"),
        ({"controller_organization": "SOC"}, "in organization SOC does not exist"),
    ],
)
def test_what_the_controller_refuses_is_said(
    definitions: Definitions, sim: Simulator, java_home: str, tmp_path: Path, variables: t.Any, said: str
) -> None:
    add(sim, "kibana", 60)
    given = {"platform": "kibana", "interval": 0.2, **variables}
    with awx(definitions, lambda _template, _variables: (True, {})) as controller:
        with Rulebook(sim, java_home, tmp_path, "polling_controller", given, controller.url) as rulebook:
            rulebook.wait_for(said)
            rulebook.stop()
        assert not controller.store.items["jobs"]
