# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every role promises: its specification, its defaults, its page and all examples of it say the same."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.secops.triage.tests.unit.test_docs import EXAMPLES, ROOT, blocks, name_of

pytestmark = pytest.mark.versions

Yaml = dict[str, t.Any]

ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
PAGES = [block for name in ROLES for block in blocks(ROOT / "roles" / name / "README.md") if block.language == "yaml"]


def specification(role: str) -> Yaml:
    specs: Yaml = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    return t.cast(Yaml, specs["argument_specs"]["main"]["options"])


def file(role: str, name: str) -> Path:
    return ROOT / "roles" / role / name


def options(spec: Yaml) -> t.Iterator[tuple[str, Yaml]]:
    """All options, and those within them."""
    for name, option in spec.items():
        yield name, option
        yield from options(option.get("options", {}))


@pytest.mark.parametrize("role", ROLES)
def test_specification(role: str) -> None:
    spec = specification(role)
    for name, option in options(spec):
        assert option["description"], name
        assert option["type"] != "list" or "elements" in option, name
    assert all(name.startswith(f"{role}_") for name in spec)
    defaults = yaml.safe_load(file(role, "defaults/main.yml").read_text())
    assert {name: option["default"] for name, option in spec.items() if "default" in option} == defaults
    assert not [name for name, option in spec.items() if option.get("required") and name in defaults]


@pytest.mark.parametrize("role", ROLES)
def test_page(role: str) -> None:
    """A table of the variables has all of them; and all pages say where more is told."""
    page = file(role, "README.md").read_text()
    listed = re.findall(rf"^\| `({role}_\w+)` ", page, re.MULTILINE)
    assert not listed or sorted(listed) == sorted(specification(role))
    assert f"ansible-doc -t role secops.triage.{role}" in page


def uses(node: t.Any) -> t.Iterator[tuple[str, Yaml]]:
    """Every use of a role of this collection in a playbook, with its variables."""
    if isinstance(node, list):
        for one in node:
            yield from uses(one)
    if not isinstance(node, dict):
        return
    for key in ("ansible.builtin.include_role", "ansible.builtin.import_role"):
        if str(node.get(key, {}).get("name", "")).startswith("secops.triage."):
            yield node[key]["name"].rpartition(".")[2], node.get("vars", {})
    for value in node.values():
        yield from uses(value)


USES = [
    (name_of(block), role, variables)
    for block in [*EXAMPLES, *PAGES]
    for role, variables in uses(yaml.safe_load(block.code))
]


def static(value: t.Any) -> bool:
    """Whether nothing of it is a template, which only a play can fill in."""
    return "{{" not in str(value)


@pytest.mark.parametrize(("place", "role", "variables"), USES)
def test_example_is_what_the_role_takes(place: str, role: str, variables: Yaml) -> None:
    spec = specification(role)
    assert [name for name in variables if name.startswith(f"{role}_") and name not in spec] == [], place
    given = {name: value for name, value in variables.items() if name in spec and static(value)}
    asked = {name: {**spec[name], "required": False} for name in given}
    assert ArgumentSpecValidator(asked).validate(given).error_messages == []


def test_every_role_has_an_example() -> None:
    assert sorted({role for _place, role, _variables in USES}) == ROLES
