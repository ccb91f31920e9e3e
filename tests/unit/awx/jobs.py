# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job as a controller runs it: survey, credentials and private data directory, and ansible-runner for the rest."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: The example project, whose playbooks are those of the job templates.
PROJECT = Path(__file__).parents[3] / "docs" / "examples" / "awx-project"
#: Where Ansible finds the collection: the checkout, or where ansible-test has put it.
COLLECTIONS = Path(__file__).parents[6]
#: The number of every job.
NUMBER = 41

Definition = t.Mapping[str, t.Any]
Variables = dict[str, t.Any]


class _Unsafe(str):
    """A text that Ansible must not take for a template.

    ansible-core 2.19 and newer reads one that looks like a number or a date as such, an empty one as null, and fails at
    one that is just ``*``.
    """

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


def _unsafe(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {_Unsafe(key): _unsafe(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unsafe(inner) for inner in value]
    return _Unsafe(value) if isinstance(value, str) else value


def inject(credential_type: Definition, inputs: t.Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment variables that a credential of that type gives to a job; its files go into the folder."""
    sandbox = ImmutableSandboxedEnvironment()
    names: Variables = {key: value for key, value in inputs.items() if value}
    files: dict[str, str] = {}
    for label, template in credential_type["injectors"].get("file", {}).items():
        path = folder / label
        path.write_text(sandbox.from_string(template).render(names), encoding="utf-8")
        path.chmod(0o600)
        files[label.partition(".")[2]] = str(path)
    names["tower"] = {"filename": files}
    return {
        name: sandbox.from_string(template).render(names)
        for name, template in credential_type["injectors"]["env"].items()
    }


def answered(template: Definition, answers: t.Mapping[str, t.Any]) -> Variables:
    """What becomes of the answers at launch: defaults are filled in, and what no question asks for is dropped."""
    questions = template["survey_spec"]["spec"] if template["survey_enabled"] else []
    missing = unanswered(questions, answers)
    assert not missing, f"a controller would not launch it: {missing}"
    return taken(questions, answers)


def taken(questions: t.Sequence[Definition], answers: t.Mapping[str, t.Any]) -> Variables:
    """The answers to these questions of a survey, with the defaults of those that nobody has answered."""
    defaults = {one["variable"]: one["default"] for one in questions if "default" in one}
    return {
        **defaults,
        **{one["variable"]: answers[one["variable"]] for one in questions if one["variable"] in answers},
    }


def unanswered(questions: t.Sequence[Definition], answers: t.Mapping[str, t.Any]) -> list[str]:
    """The variables that a controller misses at launch."""
    found = taken(questions, answers)
    return [one["variable"] for one in questions if one["required"] and one["variable"] not in found]


@dataclasses.dataclass(frozen=True)
class Ended:
    """What is left of a job: its return code, what it printed, its artifacts and the folder with all of it."""

    code: int
    stdout: str
    artifacts: Variables
    folder: Path

    def leaks(self, secrets: t.Iterable[str]) -> list[str]:
        """The files, by their paths, that have one of the secrets in them, but for what the job was given as such.

        ansible-runner notes the environment of every job, and a controller deletes that note with the folder.
        """
        wanted = [one.encode() for one in secrets]
        contents = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        given = {path for path in contents if path.is_relative_to(self.folder / "env")}
        assert all(any(one in contents[path] for path in given) for one in wanted), "nothing to look for"
        noted = self.folder / "artifacts" / str(NUMBER) / "command"
        contents[noted] = json.dumps({**json.loads(contents[noted]), "env": None}).encode()
        return [
            str(path.relative_to(self.folder))
            for path, content in contents.items()
            if path not in given and any(one in content for one in wanted)
        ]


def run_job(
    folder: Path,
    template: Definition,
    environment: t.Mapping[str, str],
    given: t.Mapping[str, t.Any],
    hosts: t.Sequence[Definition],
    *options: str,
) -> Ended:
    """Run a job of that template, in a new private data directory.

    ``environment`` is that of the credentials, ``given`` are the variables besides the template's own: answers, and
    what nodes before this one in a workflow have handed on.
    """
    shutil.copytree(PROJECT, folder / "project")
    for name in ("env", "inventory", "bin"):
        (folder / name).mkdir(exist_ok=True)
    _script(folder / "bin" / "ansible-playbook", f'exec "{sys.executable}" -m ansible.cli.playbook "$@"')
    hostvars = {one["name"]: one["variables"] for one in hosts}
    listed = json.dumps({"all": {"hosts": list(hostvars)}, "_meta": {"hostvars": hostvars}})
    _script(folder / "inventory" / "hosts", f"cat <<'END'\n{listed}\nEND")
    told = {"awx_job_id": NUMBER, "awx_job_template_name": template["name"]}
    variables = yaml.dump({**template["extra_vars"], **_unsafe({**given, **told})}, Dumper=_Dumper)
    (folder / "env" / "extravars").write_text(variables, encoding="utf-8")
    if options:
        (folder / "env" / "cmdline").write_text(" ".join(options), encoding="utf-8")
    (folder / "env" / "envvars").write_text(
        json.dumps(
            {
                **environment,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_HOME": str(folder / "home"),
                "AWX_PRIVATE_DATA_DIR": str(folder),
                "JOB_ID": str(NUMBER),
            }
        ),
        encoding="utf-8",
    )
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    command = [sys.executable, "-m", "ansible_runner", "run", str(folder), "--ident", str(NUMBER)]
    run = subprocess.run(
        [*command, "--playbook", template["playbook"]],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Ended(run.returncode, run.stdout, _artifacts(folder), folder)


def _script(path: Path, code: str) -> None:
    path.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
    path.chmod(0o700)


def _artifacts(folder: Path) -> Variables:
    """What the job has set by ``set_stats``: it comes with the last event."""
    found: Variables = {}
    for path in (folder / "artifacts" / str(NUMBER) / "job_events").glob("*.json"):
        event = json.loads(path.read_text(encoding="utf-8"))
        if event["event"] == "playbook_on_stats":
            found = event["event_data"].get("artifact_data", {})
    return found
