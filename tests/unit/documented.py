# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module says of itself: its documentation, whole, and what it gives to Ansible."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import typing as t
from pathlib import Path
from unittest import mock

import yaml
from ansible.module_utils.basic import AnsibleModule

ROOT = Path(__file__).parents[2]
PLUGINS = "ansible_collections.secops.triage.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")

Yaml = dict[str, t.Any]

#: What Ansible gives to every result.
COMMON = {"changed", "failed", "msg", "diff", "invocation", "warnings"}
TYPES: dict[str, t.Any] = {
    "str": str,
    "int": int,
    "bool": bool,
    "list": list,
    "dict": dict,
    "float": (float, int),
}


@dataclasses.dataclass(frozen=True)
class Documented:
    """A module. ``doc`` has the fragments in it; ``arguments`` is what it makes its `AnsibleModule` of."""

    name: str
    doc: Yaml
    examples: list[Yaml]
    returns: Yaml
    arguments: Yaml

    @property
    def options(self) -> Yaml:
        return t.cast(Yaml, self.doc["options"])

    @property
    def spec(self) -> Yaml:
        return t.cast(Yaml, self.arguments["argument_spec"])

    @property
    def groups(self) -> set[str]:
        """The action groups that the documentation tells of."""
        membership = self.doc["attributes"]["action_group"]["membership"]
        return {name.removeprefix("secops.triage.") for name in membership}

    @property
    def platforms(self) -> list[str]:
        """Where the module works, in the names of the simulator's platforms and of the fixtures for them."""
        providers = self.spec.get("provider", {}).get("choices")
        return list(providers) if providers else sorted(self.groups - {"all"})

    @property
    def info(self) -> bool:
        """Whether it only looks."""
        return self.name.endswith("_info")

    def texts(self) -> t.Iterator[str]:
        """Every text that a reader sees."""
        yield from _texts(self.doc)
        yield from _texts(self.returns)


def _texts(node: t.Any) -> t.Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("description", "short_description", "notes", "returned"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _texts(value)


@functools.cache
def documented(name: str) -> Documented:
    module = importlib.import_module(f"{PLUGINS}.modules.{name}")
    own = yaml.safe_load(module.DOCUMENTATION)
    doc: Yaml = {"options": {}, "attributes": {}, "notes": [], "requirements": []}
    for part in [*map(fragment, own.pop("extends_documentation_fragment")), own]:
        for key, value in part.items():
            if isinstance(doc.get(key), dict):
                doc[key] = {**doc[key], **value}
            elif isinstance(doc.get(key), list):
                doc[key] = [*doc[key], *value]
            else:
                doc[key] = value
    return Documented(
        name, doc, yaml.safe_load(module.EXAMPLES), yaml.safe_load(module.RETURN), arguments_of(module.main)
    )


def fragment(name: str) -> Yaml:
    """A doc fragment of this collection, by its full name."""
    namespace, collection, file, *variable = name.split(".")
    assert (namespace, collection) == ("secops", "triage"), name
    found = importlib.import_module(f"{PLUGINS}.doc_fragments.{file}").ModuleDocFragment
    text = getattr(found, variable[0].upper() if variable else "DOCUMENTATION")
    return t.cast(Yaml, yaml.safe_load(text))


class _StoppedError(Exception):
    pass


def arguments_of(main: t.Callable[[], None]) -> Yaml:
    """What a module's ``main`` makes an `AnsibleModule` of; it gets no further."""
    stopped = mock.patch.object(AnsibleModule, "__init__", side_effect=_StoppedError)
    with stopped as made, contextlib.suppress(_StoppedError):
        main()
    return t.cast(Yaml, made.call_args.kwargs)


def _seen(value: t.Any, doc: Yaml, path: str, error: Yaml) -> t.Iterator[str]:
    """The paths of all documented keys that are in a value; asserts that there are no others, and of what type."""
    if value is None:
        assert "V(null)" in str(doc["description"]), f"{path} is null"
        return
    kind = doc["type"]
    assert isinstance(value, TYPES[kind]), path
    assert kind != "int" or not isinstance(value, bool), path
    yield path
    if path.endswith((".before", ".raw", ".fields", ".evidence")):
        # The fields beside it, once more: every run of a module is held to that. And what is the API's own.
        return
    contains = doc.get("contains") or (error if path.endswith("error") else {})
    inside = value if kind == "list" else [value] if kind == "dict" else []
    if kind == "list" and doc.get("elements") != "dict":
        assert all(isinstance(item, TYPES[doc["elements"]]) for item in inside), path
        return
    for item in inside:
        assert not set(item) - set(contains), f"{path} has more than is documented"
        missing = [key for key, one in contains.items() if "returned" not in one and key not in item]
        # As the description of the list says, of what could not be looked at.
        assert not missing or set(item) - {"operation_id"} == {"id", "title", "changed", "before", "error"}, (
            f"{path} lacks {missing}"
        )
        for key, one in item.items():
            yield from _seen(one, contains[key], f"{path}.{key}", error)


def checked(module: Documented, result: Yaml) -> set[str]:
    """The paths of all that is in a result; asserts that it is as documented."""
    error = module.returns["error"]["contains"]
    assert not set(result) - COMMON - set(module.returns)
    return {
        path
        for key, value in result.items()
        if key not in COMMON
        for path in _seen(value, module.returns[key], key, error)
    }
