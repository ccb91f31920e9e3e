# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a controller asks of credential types, surveys and projects before it takes them, as AWX 24 does."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from jinja2 import StrictUndefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Fields = t.Mapping[str, t.Any]

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FILE = re.compile(r"template(\.[a-zA-Z_][a-zA-Z0-9_]*)?")
_FIELD = {"id", "label", "type", "format", "choices", "help_text", "multiline", "secret", "ask_at_runtime", "default"}
#: Variables of the environment that no credential may set, besides those of Ansible.
_FORBIDDEN = {
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CACHE"),
    *("CALLBACK_CONNECTION", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION"),
}
_ANSWERS: dict[str, type] = {
    **dict.fromkeys(("text", "textarea", "password", "multiplechoice", "multiselect"), str),
    "integer": int,
    "float": float,
}
#: A line that makes a file a playbook. Newer controllers also take the second word with its collection.
_PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|include|import_playbook):\s*?.*?$", re.MULTILINE)


class _Exploding:
    """What `tower.filename` is, until a file injector gives it a meaning."""

    def __str__(self) -> str:
        raise UndefinedError("there is no unnamed file injector")


class _Tower:
    filename: t.Any

    def __init__(self) -> None:
        self.filename = _Exploding()


def wrong_inputs(inputs: Fields) -> t.Iterator[str]:
    """What is wrong with the inputs of a credential type."""
    yield from (f"inputs: unknown {key}" for key in set(inputs) - {"fields", "required"})
    fields = inputs.get("fields", [])
    ids = [field.get("id", "") for field in fields]
    yield from (f"{one} is there twice" for one in ids if ids.count(one) > 1)
    yield from (f"{one} is required, and no field" for one in inputs.get("required", []) if one not in ids)
    for field in fields:
        yield from (f"{field['id']}: unknown {key}" for key in set(field) - _FIELD)
        if not _NAME.fullmatch(field["id"]) or field["id"] == "tower" or not field.get("label"):
            yield f"{field['id']}: no name, or no label"
        if field.get("type") not in ("string", "boolean"):
            yield f"{field['id']}: its type"
        if field.get("format", "url") not in ("ssh_private_key", "url"):
            yield f"{field['id']}: its format"


def wrong_injectors(inputs: Fields, injectors: Fields) -> t.Iterator[str]:
    """What is wrong with the injectors of a credential type that has these inputs."""
    yield from (f"injectors: unknown {key}" for key in set(injectors) - {"file", "env", "extra_vars"})
    names: dict[str, t.Any] = dict.fromkeys((field["id"] for field in inputs["fields"]), "EXAMPLE")
    names["tower"] = tower = _Tower()
    files = list(injectors.get("file", {}))
    yield from (f"{one} names no file" for one in files if not _FILE.fullmatch(one))
    if files == ["template"]:
        tower.filename = "EXAMPLE_FILENAME"
    elif "template" in files:
        yield "several files, one without a name"
    else:
        for one in files:
            setattr(tower.filename, one.partition(".")[2], "EXAMPLE_FILENAME")
    for name in injectors.get("env", {}):
        if not _NAME.fullmatch(name) or name in _FORBIDDEN or name.startswith("ANSIBLE_"):
            yield f"{name} may not be set"
    strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for kind, injector in injectors.items():
        for key, template in injector.items():
            try:
                rendered = strict.from_string(template).render(names)
            except UndefinedError as error:
                yield f"{key}: {error}"
                continue
            if kind == "env" and not rendered.isascii():
                yield f"{key}: only ASCII goes into the environment"


def wrong_survey(survey: Fields) -> t.Iterator[str]:
    """What is wrong with a survey."""
    if not isinstance(survey.get("name"), str) or not isinstance(survey.get("description"), str):
        yield "no name, or no description"
    if not survey.get("spec"):
        yield "no questions"
    names = [question.get("variable") for question in survey.get("spec", [])]
    yield from (f"{one} is asked twice" for one in names if names.count(one) > 1)
    for question in survey.get("spec", []):
        for key, kind in {"type": str, "question_name": str, "variable": str, "required": bool}.items():
            if not isinstance(question.get(key), kind):
                yield f"{question.get('variable')}: no {key}"
        yield from (f"{question['variable']}: {fault}" for fault in _wrong_question(question))


def _wrong_question(question: Fields) -> t.Iterator[str]:
    kind, default, choices = question["type"], question.get("default", ""), question.get("choices")
    if kind not in _ANSWERS:
        yield f"no such type: {kind}"
        return
    if default != "" and not isinstance(default, _ANSWERS[kind]):
        yield f"its default is no {kind}"
    yield from (f"its {key} is no integer" for key in ("min", "max") if not isinstance(question.get(key, 0), int))
    if kind in ("multiplechoice", "multiselect"):
        if not choices:
            yield "no choices"
        elif any(one not in choices for one in str(default).splitlines()):
            yield "its default is none of the choices"


def wrong_answers(questions: t.Sequence[Fields], answers: Fields) -> t.Iterator[str]:
    """What a controller finds wrong with the answers at launch, beside answers that are missing."""
    for question in questions:
        name = question["variable"]
        if name in answers and (answers[name] != "" or question["required"]):
            yield from (
                f"Value {answers[name]} for '{name}' {fault}." for fault in _wrong_answer(question, answers[name])
            )


def _wrong_answer(question: Fields, answer: t.Any) -> t.Iterator[str]:
    kind = question["type"]
    expected = list if kind == "multiselect" else _ANSWERS[kind]
    # To AWX a truth value is no number.
    # pylint: disable-next=unidiomatic-typecheck
    if type(answer) is not expected and not (kind == "float" and type(answer) is int):
        yield f"expected to be a {expected.__name__}"
        return
    if kind in ("multiplechoice", "multiselect"):
        given = answer if isinstance(answer, list) else [answer]
        if any(one not in question["choices"] for one in given):
            yield f"expected to be one of {question['choices']}"
    size = len(answer) if isinstance(answer, str) else answer
    if question.get("min", "") != "" and size < question["min"]:
        yield "is too small"
    if question.get("max", "") != "" and size > question["max"]:
        yield "is too large"


def playbooks(project: Path) -> list[str]:
    """The playbooks that a controller finds in a project, by their paths within it."""
    found = []
    for path in sorted(project.rglob("*.y*ml")):
        inner = path.relative_to(project)
        folders = inner.parts[:-1]
        if {"roles", "tasks", "group_vars", "host_vars"} & set(folders) or any(one.startswith(".") for one in folders):
            continue
        if path.suffix in (".yml", ".yaml") and _PLAYBOOK.search(path.read_text(encoding="utf-8")):
            found.append(str(inner))
    return found
