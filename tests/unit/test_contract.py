# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of every module promises, held against the module."""

from __future__ import annotations

import copy
import importlib
import json
import pkgutil
import re
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.secops.triage.plugins import doc_fragments
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.documented import (
    MODULES,
    PLUGINS,
    ROOT,
    Documented,
    Yaml,
    documented,
    fragment,
)
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module, without_environment

pytestmark = pytest.mark.versions

#: An id that every platform takes for one.
SOME_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
#: What a value is called that nobody may see.
SECRET = re.compile(r"key|token|password|secret|credential|proxy")
EXAMPLES = [pytest.param(name, n, id=f"{name}-{n}") for name in MODULES for n in range(len(documented(name).examples))]


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Documented:
    without_environment(monkeypatch)
    return documented(request.param)


def test_modules_are_found() -> None:
    assert len(MODULES) >= 4


def validated(module: Documented, params: Params) -> t.Any:
    """The parameters as Ansible takes them."""
    constraints = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
    given = {name: module.arguments.get(name) for name in constraints}
    return ArgumentSpecValidator(module.spec, **given).validate(copy.deepcopy(params))


# Options


def test_options_are_documented_as_they_are(module: Documented) -> None:
    """Type, default, choices, aliases, elements, suboptions and whether one must be given."""
    assert_documented(module.options, module.spec)


def assert_documented(options: Yaml, specs: Yaml) -> None:
    assert sorted(options) == sorted(specs)
    known = {"description", "type", "default", "choices", "elements", "required", "aliases", "suboptions"}
    for name, spec in specs.items():
        doc = options[name]
        assert doc["description"], name
        assert doc["type"] == spec.get("type", "str"), name
        for key in ("default", "choices", "elements", "required"):
            assert doc.get(key) == spec.get(key), (name, key)
        assert sorted(doc.get("aliases", [])) == sorted(spec.get("aliases", [])), name
        assert set(doc) <= {*known, "version_added"}, name
        assert set(spec) <= {*known, "options", "no_log", "fallback"}, name
        assert_documented(doc.get("suboptions", {}), spec.get("options", {}))


def test_constraints_name_options(module: Documented) -> None:
    for name, constraints in module.arguments.items():
        if name not in ("argument_spec", "supports_check_mode"):
            named = {option for group in constraints for option in group if isinstance(option, str)}
            assert named <= set(module.spec), name


def test_what_is_secret_is_not_logged(module: Documented) -> None:
    for name, spec in module.spec.items():
        assert bool(spec.get("no_log")) == bool(SECRET.search(name)), name


def test_secrets_are_not_even_in_the_invocation(module: Documented) -> None:
    """Which is in every result, whatever else went wrong."""
    marker = "q7ZwKx3vTn9LrMb2JcH8dPs5GyFq4ZtX"
    for name, spec in module.spec.items():
        for alias in [name, *spec.get("aliases", [])] if spec.get("no_log") else []:
            printed = json.dumps(run_module(module.name, {alias: marker}))
            assert "invocation" in printed
            assert marker not in printed, alias


def test_every_fallback_is_documented_and_works(module: Documented, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which the documentation names them."""
    for name, spec in module.spec.items():
        variables = spec["fallback"][1] if "fallback" in spec else []
        text = " ".join(module.options[name]["description"])
        named = [variable for variable in re.findall(r"E\((\w+)\)", text) if variable in variables]
        assert named == list(variables), name
        for variable in reversed(variables):
            monkeypatch.setenv(variable, f"from-{variable}")
            assert validated(module, {}).validated_parameters[name] == f"from-{variable}"


def test_a_variable_that_is_set_but_empty_is_not_set(module: Documented, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWX sets the variables of fields that nobody has filled in."""
    for name, spec in module.spec.items():
        variables = list(spec["fallback"][1]) if "fallback" in spec else []
        for variable in variables:
            monkeypatch.setenv(variable, f"from-{variable}")
        for variable, following in zip(variables, [*variables[1:], None]):
            monkeypatch.setenv(variable, "")
            expected = f"from-{following}" if following else spec.get("default")
            assert validated(module, {}).validated_parameters[name] == expected


def test_choices_of_the_task_and_of_the_environment_differ_in_nothing(module: Documented) -> None:
    """A fallback is not checked against choices, so no option has both."""
    assert not [name for name, spec in module.spec.items() if "fallback" in spec and "choices" in spec]


# Examples


def stand_in(spec: Yaml) -> t.Any:
    """A value where an example has a template."""
    if "choices" in spec:
        return spec["choices"][0]
    values = {"list": [SOME_ID], "int": 1, "float": 1.0, "bool": True, "dict": {"match_all": {}}}
    return values.get(spec.get("type", "str"), SOME_ID)


def task_of(module: Documented, example: Yaml) -> Params:
    """An example's options, templates replaced."""
    names = {alias: name for name, spec in module.spec.items() for alias in [name, *spec.get("aliases", [])]}
    given: Params = example[f"secops.triage.{module.name}"]
    assert set(given) <= set(names), "options that there are not"
    return {
        alias: stand_in(module.spec[names[alias]]) if isinstance(value, str) and "{{" in value else value
        for alias, value in given.items()
    }


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_example_passes_the_argument_spec(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example may leave to the environment what the environment can give."""
    module = documented(name)
    without_environment(monkeypatch)
    for spec in module.spec.values():
        for variable in spec["fallback"][1] if "fallback" in spec else []:
            monkeypatch.setenv(variable, "from-the-environment")
    assert validated(module, task_of(module, module.examples[number])).error_messages == []


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_example_gets_as_far_as_asking_the_api(
    name: str, number: int, sim: Simulator, request: pytest.FixtureRequest
) -> None:
    """With this connection, and with its own for all else: the module itself refuses nothing of it."""
    module = documented(name)
    task = task_of(module, module.examples[number])
    connection = {option for option, spec in module.spec.items() if "fallback" in spec or spec.get("no_log")}
    task = {option: value for option, value in task.items() if option not in {*connection, "api_url"}}
    task.update(request.getfixturevalue(task.get("provider", module.platforms[0])))
    result = run_module(name, {**task, "retries": 0}, check=True)
    assert sim.log, result["msg"]


def test_examples_are_tasks_with_names_and_full_names(module: Documented) -> None:
    assert module.examples
    for example in module.examples:
        assert example["name"][0].isupper()
        actions = [key for key in example if key not in ("name", "delegate_to", "register", "when", "loop", "vars")]
        assert actions == [f"secops.triage.{module.name}"]


def test_examples_take_secrets_from_variables(module: Documented) -> None:
    """Newer cores quote a failing task's source; a path is no secret."""
    for example in module.examples:
        for name, value in example[f"secops.triage.{module.name}"].items():
            if SECRET.search(name):
                assert value.startswith(("{{", "/")), name


# Around it


def test_action_groups_are_as_documented(module: Documented) -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert module.groups == {name for name, members in groups.items() if module.name in members}
    assert "all" in module.groups
    assert not {member for members in groups.values() for member in members} - set(MODULES)


def test_everything_that_belongs_to_a_module_is_there(module: Documented) -> None:
    assert module.doc["module"] == module.name
    assert module.doc["version_added"] in ("1.0.0", "1.1.0")
    assert module.doc["author"]
    assert not module.doc["short_description"].endswith(".")
    assert [entry for entry in module.doc["seealso"] if entry.get("link", "").startswith("https://")]
    assert list((ROOT / "tests" / "unit" / "plugins" / "modules").glob(f"test_{module.name}*.py"))
    assert (ROOT / "tests" / "integration" / "targets" / module.name / "tasks" / "main.yml").is_file()
    for platform in module.platforms:
        assert hasattr(importlib.import_module(f"{PLUGINS}.doc_fragments.{platform}"), "ModuleDocFragment")
    for attribute in ("check_mode", "diff_mode", "idempotent", "platform", "action_group"):
        nothing_to_show = module.info and attribute == "diff_mode"
        assert module.doc["attributes"][attribute]["support"] == ("N/A" if nothing_to_show else "full")


def test_check_mode_is_supported(module: Documented) -> None:
    """By the one flow, so no module says it itself."""
    assert module.arguments["supports_check_mode"] is True


def test_markup_is_semantic_and_names_what_there_is(module: Documented) -> None:
    returned = set(_paths(module.returns))
    for text in module.texts():
        assert not re.search(r"\b[IB]\(", text), text
        for name in re.findall(r"\bC\((\w+)[=)]", text):
            assert name not in module.spec, f"C({name}) is an option: O({name})"
        for name, _equals, value in re.findall(r"\bO\((\w+)(=([^)]*))?\)", text):
            assert name in module.spec, text
            assert not value or value in map(str, module.spec[name].get("choices", ["false", "true"])), text
        for name in re.findall(r"\bRV\(([\w.\[\]]+)\)", text):
            assert name.replace("[]", "") in returned, text


def _paths(returns: Yaml, prefix: str = "") -> t.Iterator[str]:
    for name, doc in returns.items():
        yield prefix + name
        yield from _paths(doc.get("contains", {}), f"{prefix}{name}.")


def test_no_part_of_a_fragment_is_called_as_another_fragment() -> None:
    """Ansible takes ``attributes.connection`` for the file ``connection.py``, if there is one."""
    files = [name for _finder, name, _package in pkgutil.iter_modules(doc_fragments.__path__)]
    for file in files:
        parts = vars(importlib.import_module(f"{PLUGINS}.doc_fragments.{file}").ModuleDocFragment)
        assert not {part.lower() for part in parts} & set(files), file


def test_fragments_are_called_as_what_they_repeat() -> None:
    """``kibana`` is KIBANA_OPTIONS, in whatever file that is."""
    plain = {name for _finder, name, _package in pkgutil.iter_modules(doc_fragments.__path__)} - {"attributes"}
    folder = ROOT / "plugins" / "module_utils"
    files = [".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py")]
    known: dict[str, t.Any] = {}
    for file in files:
        members = vars(importlib.import_module(f"{PLUGINS}.module_utils.{file}"))
        known.update({name: value for name, value in members.items() if name.endswith("_OPTIONS")})
    assert plain >= {"connection", "datadog", "kibana", "security_deck", "calseta"}
    for name in plain:
        assert set(fragment(f"secops.triage.{name}")["options"]) <= set(known[f"{name.upper()}_OPTIONS"].options), name
