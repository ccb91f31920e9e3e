# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definitions of the kit, rendered once by Ansible, as it renders them for whoever makes things of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.secops.triage.tests.unit.awx.jobs import COLLECTIONS

Definitions = dict[str, list[dict[str, t.Any]]]

#: What the first credential has of secrets.
API_KEY = "zR7wq2Lk9x"
#: A key file, as the second has it: ansible-core before 2.19 makes that of its text.
KEY_FILE = {
    "id": "ajek2Lp0zR7wq9x",
    "private_key": "-----BEGIN PRIVATE KEY-----\nk8Vn3Tq6Zs\n-----END PRIVATE KEY-----\n",
}

_PLAY = [
    {
        "name": "Render the definitions",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Get them",
                "ansible.builtin.include_role": {
                    "name": "secops.triage.awx_setup",
                    "tasks_from": "definitions",
                    "public": True,
                },
            },
            {
                "name": "Write them",
                "ansible.builtin.copy": {
                    "content": "{{ awx_setup_definitions | combine(awx_setup_eda_definitions) | to_json }}",
                    "dest": "{{ playbook_dir }}/definitions.json",
                    "mode": "0600",
                },
            },
        ],
    }
]


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    """What `infra.aap_configuration` takes, by its names for it, for three credentials, two of them to be made."""
    folder = tmp_path_factory.mktemp("awx")
    (folder / "play.yml").write_text(yaml.safe_dump(_PLAY), encoding="utf-8")
    (folder / "variables.json").write_text(
        json.dumps(
            {
                "awx_setup_project_url": "https://git.example.com/soc/triage-project.git",
                "awx_setup_credentials": [
                    {
                        "name": "Calseta of the SOC",
                        "credential_type": "secops.triage Calseta",
                        "inputs": {"url": "https://calseta.example.com", "api_key": API_KEY},
                    },
                    {
                        "name": "Security Deck of the SOC",
                        "credential_type": "secops.triage Security Deck",
                        "inputs": {"service_account_key": KEY_FILE},
                    },
                    {"name": "Datadog of the SOC"},
                ],
                "awx_setup_approvers": {"teams": ["SOC leads"]},
                "awx_setup_approval_timeout": 600,
            }
        ),
        encoding="utf-8",
    )
    run = subprocess.run(
        [sys.executable, "-m", "ansible.cli.playbook", "play.yml", "-e", "@variables.json"],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found: Definitions = json.loads((folder / "definitions.json").read_text(encoding="utf-8"))
    return found
