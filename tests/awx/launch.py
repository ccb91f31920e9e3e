# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a controller launches: jobs, workflows and their approvals, with the variables that each job gets."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Mapping

from ansible_collections.secops.triage.tests.unit.awx.jobs import Variables, taken, unanswered
from ansible_collections.secops.triage.tests.unit.awx.rules import wrong_answers

from .fields import JOBS, Item
from .store import Store

#: A job: the template and its variables go in, whether it was successful and its artifacts come out.
Run = Callable[[Item, Variables], tuple[bool, Variables]]


class Launcher:
    """`run` runs the jobs that a controller would start."""

    def __init__(self, store: Store, run: Run) -> None:
        self.store, self.run = store, run

    def launch(self, kind: str, number: int, body: Mapping[str, t.Any]) -> tuple[int, Item]:
        """Answer a launch. What nobody is asked for at launch is ignored, and the answer names it."""
        template = self.store.items[kind][number]
        questions = self.store.questions(kind, number)
        answers = body.get("extra_vars", {})
        faults = [f"'{one}' value missing" for one in unanswered(questions, answers)]
        faults += wrong_answers(questions, answers)
        if faults:
            return 400, {"variables_needed_to_start": faults}
        variables = {**(answers if template["ask_variables_on_launch"] else {}), **taken(questions, answers)}
        start = {"job_templates": self._job, "workflow_job_templates": self._workflow}[kind]
        started = start(number, variables)
        jobs = {"job_templates": "jobs", "workflow_job_templates": "workflow_jobs"}[kind]
        return 201, {**self.store.shown(jobs, started), "ignored_fields": _ignored(template, body, variables)}

    def decide(self, number: int, decision: str) -> None:
        """Approve or deny: the nodes after an approval run only if it was approved."""
        approval = self.store.items["workflow_approvals"][number]
        approval["status"] = {"approve": "successful", "deny": "failed"}[decision]
        workflow = self.store.items["workflow_jobs"][approval["workflow_job"]]
        self._after(workflow, approval["node"], approval, approval["artifacts"])

    def _job(self, number: int, variables: Variables, workflow: Item | None = None) -> Item:
        """Run a job. A template's own variables yield to those of its launch, and none to what the controller sets."""
        template = self.store.items["job_templates"][number]
        own = json.loads(template["extra_vars"] or "{}")
        given = {"awx_workflow_job_id": workflow["id"]} if workflow else {}
        everything = {**own, **variables, **given}
        job = self.store.add("jobs", job_template=number, extra_vars=everything, artifacts={}, status="running")
        job["job_explanation"] = self._refusal(number)
        job["result_stdout"] = "" if job["job_explanation"] else self._unfound(template)
        successful = not job["job_explanation"] and not job["result_stdout"]
        if successful:
            successful, job["artifacts"] = self.run(template, job["extra_vars"])
        job["status"] = "successful" if successful else "failed"
        return job

    def _refusal(self, number: int) -> str:
        """A credential must have what its type requires. Defaults are filled in by the browser, and by nobody else."""
        for one in self.store.links.get(("job_templates", number, "credentials"), []):
            credential = self.store.items["credentials"][one]
            inputs = self.store.items["credential_types"][credential["credential_type"]]["inputs"]
            missing = sorted(set(inputs.get("required", [])) - set(credential["inputs"]))
            if missing:
                return (
                    f"Job cannot start because Credential {credential['name']} does not provide one or more required"
                    f" fields ({', '.join(missing)}). Task failed pre-start check."
                )
        return ""

    def _unfound(self, template: Item) -> str:
        """collections/requirements.yml is installed only for an organization with a Galaxy credential."""
        organization = self.store.items["projects"][template["project"]]["organization"]
        if self.store.links.get(("organizations", organization, "galaxy_credentials")):
            return ""
        return "ERROR! Could not find or access '/runner/project/secops.triage.triage' on the Ansible Controller."

    def _workflow(self, number: int, variables: Variables) -> Item:
        template = self.store.items["workflow_job_templates"][number]
        own = json.loads(template["extra_vars"] or "{}")
        workflow = self.store.add(
            "workflow_jobs", workflow_job_template=number, extra_vars={**own, **variables}, status="running"
        )
        nodes = self.store.items["workflow_job_template_nodes"]
        mine = [one for one, node in nodes.items() if node["workflow_job_template"] == number]
        for root in set(mine).difference(
            *(self._linked(one, outcome) for one in mine for outcome in ("success", "failure"))
        ):
            self._node(workflow, root, {})
        return workflow

    def _linked(self, node: int, outcome: str) -> list[int]:
        return self.store.links.get(("workflow_job_template_nodes", node, f"{outcome}_nodes"), [])

    def _node(self, workflow: Item, number: int, artifacts: Variables) -> None:
        """A workflow's variables reach all of its jobs, and win over the artifacts of the nodes before."""
        job = self.store.items["workflow_job_template_nodes"][number]["unified_job_template"]
        kind = next(one for one in JOBS if job in self.store.items[one])
        if kind == "workflow_approval_templates":
            self.store.add(
                "workflow_approvals", workflow_job=workflow["id"], node=number, artifacts=artifacts, status="pending"
            )
            return
        ended = self._job(job, {**artifacts, **workflow["extra_vars"]}, workflow)
        self._after(workflow, number, ended, {**artifacts, **ended["artifacts"]})

    def _after(self, workflow: Item, node: int, ended: Item, artifacts: Variables) -> None:
        """A workflow fails where a node fails that no other follows in this case."""
        following = self._linked(node, "success" if ended["status"] == "successful" else "failure")
        for one in following:
            self._node(workflow, one, artifacts)
        if not following:
            workflow["status"] = ended["status"]


def _ignored(template: Item, body: Mapping[str, t.Any], variables: Variables) -> Item:
    """The fields that nobody is asked for at launch, and the variables that became none of the job's."""
    unasked = {key: value for key, value in body.get("extra_vars", {}).items() if key not in variables}
    given = {**body, "extra_vars": unasked}
    return {key: value for key, value in given.items() if value and not template.get(f"ask_{key}_on_launch")}
