# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the event source and the event filter, for which antsibull-docs has no type of plugin."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from collections.abc import Sequence
from pathlib import Path

from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import to_rst_plain

from .places import ROOT, binary, tool_environment

#: The folder of each kind, and its title.
KINDS = {"event_source": "event source", "event_filter": "event filter"}

_ROOT = ROOT / "extensions" / "eda" / "plugins"


def names(kind: str) -> list[str]:
    """The plugins of a kind."""
    return sorted(path.stem for path in (_ROOT / kind).glob("*.py") if not path.name.startswith("_"))


def page(kind: str, name: str) -> str:
    """A plugin's page in reStructuredText."""
    # Their documentation has a module's form.
    command = [binary("ansible-doc"), "--json", "--type", "module", "--module-path", str(_ROOT / kind), name]
    told = subprocess.run(command, env=tool_environment(), cwd=ROOT, check=True, stdout=subprocess.PIPE)
    plugin = json.loads(told.stdout)[name]
    doc = plugin["doc"]
    heading = f"secops.triage.{name} {KINDS[kind]} -- {doc['short_description']}"
    lines = [f".. _{kind}_{name}:", "", heading, "=" * len(heading), "", *_paragraphs(doc["description"])]
    lines += _section("Options", _options(doc.get("options") or {}))
    lines += _section("Notes", _paragraphs(doc.get("notes") or []))
    lines += _section("Examples", [".. code-block:: yaml", "", *_indented(plugin["examples"].strip("\n"))])
    return "\n".join([*lines, ""])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [title, "-" * len(title), "", *lines, ""] if lines else []


def _paragraphs(texts: str | Sequence[str]) -> list[str]:
    return [line for text in ([texts] if isinstance(texts, str) else texts) for line in (_rst(text), "")]


def _rst(text: str) -> str:
    plain = to_rst_plain(parse(text, Context()))
    # Sphinx knows only the variables that antsibull-docs lists.
    return re.sub(r":envvar:`([^`]+)`", lambda found: f"``{found[1]}``".replace("\\", ""), plain)


def _options(options: dict[str, dict[str, t.Any]]) -> list[str]:
    """A table of the options, the required ones first."""
    if not options:
        return []
    rows = [".. list-table::", "   :header-rows: 1", "   :widths: auto", "", "   * - Option", "     - Meaning"]
    for name, option in sorted(options.items(), key=lambda one: (not one[1].get("required"), one[0])):
        rows += [f"   * - | ``{name}``", *(f"       | {fact}" for fact in _facts(option))]
        cell = _paragraphs(option["description"])
        rows += [f"     - {cell[0]}", *(f"       {line}".rstrip() for line in cell[1:])]
    return rows


def _facts(option: dict[str, t.Any]) -> list[str]:
    facts = [option.get("type", "str"), *(["required"] if option.get("required") else [])]
    if option.get("choices"):
        facts.append("one of " + ", ".join(f"``{choice}``" for choice in option["choices"]))
    if option.get("default") is not None:
        facts.append(f"default ``{json.dumps(option['default'])}``")
    return facts


def _indented(text: str) -> list[str]:
    return [f"   {line}".rstrip() for line in text.splitlines()]


def write(folder: Path) -> None:
    """Write all pages into a folder, as ``KIND_NAME.rst``."""
    for kind in KINDS:
        for name in names(kind):
            (folder / f"{kind}_{name}.rst").write_text(page(kind, name))
