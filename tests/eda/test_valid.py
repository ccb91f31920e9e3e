# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does ansible-rulebook take the collection's rulebooks? This needs no Java."""

from __future__ import annotations

import json
import runpy
import typing as t
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml
from ansible_rulebook.util import substitute_variables

from ansible_collections.secops.triage.tests.eda.rulebook import COLLECTIONS

EXTENSION = COLLECTIONS / "ansible_collections" / "secops" / "triage" / "extensions" / "eda"
RULEBOOKS = sorted(EXTENSION.glob("rulebooks/*.yml"))
PLUGINS = sorted(EXTENSION.glob("plugins/event_*/*.py"))


def validate(rulesets: t.Any) -> None:
    schema = resources.files("ansible_rulebook") / "schema" / "ruleset_schema.json"
    jsonschema.validate(rulesets, json.loads(schema.read_text(encoding="utf-8")))


def test_there_are_some() -> None:
    assert [file.name for file in RULEBOOKS] == [
        "polling.yml",
        "polling_controller.yml",
        "webhook.yml",
        "webhook_controller.yml",
        "webhooks.yml",
    ]
    assert [file.stem for file in PLUGINS] == ["normalize", "alerts", "webhooks"]


@pytest.mark.parametrize("file", RULEBOOKS, ids=lambda file: file.name)
def test_rulebook_is_valid(file: Path) -> None:
    validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", RULEBOOKS, ids=lambda file: file.name)
def test_no_host_of_a_play_is_left_out(file: Path) -> None:
    """The hosts of a rulebook become the limit of its plays, which add hosts that escalate, or stand for alerts."""
    for ruleset in yaml.safe_load(file.read_text(encoding="utf-8")):
        assert ruleset["hosts"] == "all"


@pytest.mark.parametrize("file", PLUGINS, ids=lambda file: file.name)
def test_example_of_a_plugin_is_valid(file: Path) -> None:
    validate(yaml.safe_load(runpy.run_path(str(file))["EXAMPLES"]))


@pytest.mark.parametrize("rulebook", ["webhook.yml", "webhook_controller.yml", "webhooks.yml"])
@pytest.mark.parametrize(
    "token", ["0123456789", "123456", "1e5", "True", "None", "[1]", "a'b\"c\\<&>", "Kq7ZxT5vLm9", 123456]
)
def test_token_of_the_webhook_stays_a_text(token: str | int, rulebook: str) -> None:
    """Templates of rulebooks are native: a token of digits would become a number, which no caller's token equals."""
    (ruleset,) = yaml.safe_load((EXTENSION / "rulebooks" / rulebook).read_text(encoding="utf-8"))
    (source,) = ruleset["sources"]
    (template,) = [args["token"] for args in source.values() if "token" in args]
    assert substitute_variables(template, {"WEBHOOK_TOKEN": token}) == str(token)
