# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the EDA controller asks of credential types and rulebooks, and makes of credentials, as eda-server does."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import ImmutableSandboxedEnvironment

Fields = t.Mapping[str, t.Any]

_FORMATS = {"aes_key", "aes_salt", "binary_base64", "pem_certificate", "ssh_private_key", "url", "vault_id"}
_RESERVED = {"ansible", "eda"}
#: The folders of a project that are searched. Only the first one that is there counts.
_FOLDERS = ("extensions/eda/rulebooks", "rulebooks")


class _Sandbox(ImmutableSandboxedEnvironment, NativeEnvironment):
    """The templates of credential types: their results are native values, and nothing undefined may be in them."""


_STRICT = _Sandbox(undefined=StrictUndefined)
_ACTIVATION = NativeEnvironment(undefined=StrictUndefined)


def wrong_schema(inputs: Fields) -> t.Iterator[str]:
    """What is wrong with the inputs of a credential type."""
    ids = [field.get("id", "") for field in inputs["fields"]]
    yield from (f"{one} is there twice" for one in set(ids) if ids.count(one) > 1)
    yield from (f"{one} is required, and no field" for one in inputs.get("required", []) if one not in ids)
    for field in inputs["fields"]:
        name = field["id"]
        if not re.fullmatch(r"\w+", name) or name.upper().startswith("EDA_") or not field.get("label"):
            yield f"{name}: its id, or no label"
        if field.get("type", "string") not in ("string", "boolean") or field.get("format", "url") not in _FORMATS:
            yield f"{name}: its type or format"
        kinds: dict[str, t.Any] = {"secret": bool, "multiline": bool, "help_text": str, "default": (str, bool)}
        yield from (f"{name}: {key}" for key in set(kinds) & set(field) if not isinstance(field[key], kinds[key]))


def wrong_injectors(inputs: Fields, injectors: Fields) -> t.Iterator[str]:
    """What is wrong with the injectors of a credential type that has these inputs."""
    yield from (f"unknown {key}" for key in set(injectors) - {"env", "extra_vars", "file"})
    yield from (
        f"{key} is reserved" for key in {*injectors.get("env", {}), *injectors.get("extra_vars", {})} & _RESERVED
    )
    keys = [key for kind in injectors.values() for key in kind]
    yield from (f"{key} is there twice" for key in set(keys) if keys.count(key) > 1)
    names: dict[str, t.Any] = {field["id"]: field.get("default", "") for field in inputs["fields"]}
    files = list(injectors.get("file", {}))
    yield from (f"{key} names no file" for key in files if not re.fullmatch(r"template(\.[^.]+)?", key))
    if files:
        names["eda"] = {"filename": {key.partition(".")[2]: "" for key in files}}
    for kind in injectors.values():
        for key, template in kind.items():
            if _undefined(template, names):
                yield f"{key} refers to what is not there"


def _undefined(template: str, names: Fields) -> bool:
    try:
        return isinstance(_STRICT.from_string(template).render(names), StrictUndefined)
    except TemplateError:
        return True


def environment(types: t.Sequence[Fields], inputs: t.Sequence[Fields], folder: Path) -> dict[str, str]:
    """The environment of an activation with a credential of each of these types; its files go into the folder."""
    templates: dict[str, t.Any] = {}
    files: dict[str, str] = {}
    for one, given in zip(types, inputs, strict=True):
        fields = one["inputs"]["fields"]
        # A default is stored with a credential; for variables, what is missing is then empty, but not for files.
        stored = {**{field["id"]: field["default"] for field in fields if field.get("default")}, **given}
        filled = {**{field["id"]: "" for field in fields}, **stored}
        for key, template in one["injectors"].get("file", {}).items():
            content = str(_STRICT.from_string(template).render(stored))
            assert key not in files, f"two credentials have a file {key}"
            if content:
                path = folder / key
                path.write_text(content, encoding="utf-8")
                files[key.partition(".")[2]] = str(path)
        for key, template in one["injectors"].get("env", {}).items():
            assert key not in templates, f"two credentials set {key}"
            late = "eda.filename" in template
            templates[key] = template if late else _STRICT.from_string(template).render(filled)
    variables = {"eda": {"filename": files}}
    return {
        key: str(_ACTIVATION.from_string(value).render(variables) if "{{" in str(value) else value)
        for key, value in templates.items()
    }


def rulebooks(project: Path) -> list[str]:
    """The rulebooks that the EDA controller finds in a project, by their paths within their folder."""
    folder = next((project / one for one in _FOLDERS if (project / one).is_dir()), None)
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in (".yml", ".yaml")] if folder else []
    return [str(path.relative_to(folder)) for path in found if folder and _is_rulebook(path)]


def _is_rulebook(path: Path) -> bool:
    """Rules have a name, a condition and an action, none of which is empty."""
    rulesets = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = [rule for ruleset in rulesets for rule in ruleset["rules"]]
    return all(
        rule.get("name") and rule.get("condition") and (rule.get("action") or rule.get("actions")) for rule in rules
    )
