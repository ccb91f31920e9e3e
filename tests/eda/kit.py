# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller that has what the role awx_setup makes, and runs its jobs on the simulator."""

from __future__ import annotations

import contextlib
import json
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

from ansible_collections.secops.triage.tests.awx.controller import Controller, controller
from ansible_collections.secops.triage.tests.awx.fields import FIELDS, Item
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.awx.conftest import Definitions
from ansible_collections.secops.triage.tests.unit.awx.jobs import PROJECT, Variables, run_job
from ansible_collections.secops.triage.tests.unit.awx.rules import playbooks
from ansible_collections.secops.triage.tests.unit.playbooks.playing import connections

Run = Callable[[Item, Variables], tuple[bool, Variables]]


@contextlib.contextmanager
def awx(definitions: Definitions, run: Run) -> Iterator[Controller]:
    """A controller with the project, the inventory, the job templates and their surveys."""
    with controller(playbooks(PROJECT), run=run) as one:
        store = one.store
        organization = store.named("organizations", "Default")["id"]
        project, inventory = (
            store.create(kind, {**_written(kind, definitions[f"controller_{kind}"][0]), "organization": organization})
            for kind in ("projects", "inventories")
        )
        store.finish_update(store.items["project_updates"][project["current_update"]])
        for template in definitions["controller_templates"]:
            places = {"project": project["id"], "inventory": inventory["id"]}
            fields = {**_written("job_templates", template), **places, "extra_vars": json.dumps(template["extra_vars"])}
            number = store.create("job_templates", fields)["id"]
            if template["survey_enabled"]:
                store.write_survey("job_templates", number, template["survey_spec"])
        yield one


def _written(kind: str, definition: t.Mapping[str, t.Any]) -> Item:
    """The fields of a definition that name no other object."""
    return {key: value for key, value in definition.items() if FIELDS[kind].get(key) is not None}


class Jobs:
    """Runs the jobs of a controller on the simulator, as its execution environment does."""

    def __init__(self, definitions: Definitions, sim: Simulator, folder: Path) -> None:
        self._definitions, self._sim, self._folder = definitions, sim, folder
        #: The name of the template and the variables of each job.
        self.launched: list[tuple[str, Variables]] = []

    def run(self, template: Item, variables: Variables) -> tuple[bool, Variables]:
        self.launched.append((template["name"], variables))
        folder = self._folder / f"job-{len(self.launched)}"
        (folder / "env").mkdir(parents=True)
        urls = {"datadog": self._sim.datadog.url, "security_deck": self._sim.security_deck.url}
        own = {"runbook_remediation": {"tasks": "tasks/remediation.yml"}, "runbook_api_urls": urls}
        hosts = self._definitions["controller_hosts"]
        ended = run_job(folder, {**template, "extra_vars": own}, connections(self._sim), variables, hosts)
        return ended.code == 0, ended.artifacts
