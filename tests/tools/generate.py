# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the parts of the documentation that repeat code: tables of README and docs, options of the doc fragments.

The modules' argument specs are the source. A table stands between two comments, ``begin: NAME`` and ``end: NAME``. The
descriptions of a fragment are written by hand; the rest of each option is generated. So are the tasks of the role
awx_setup for one of the two collections that it can use: names of modules cannot be variables. The action plugins are
generated whole, one for each module.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.secops.triage.plugins.module_utils import platforms
from ansible_collections.secops.triage.plugins.module_utils._calseta.words import CALSETA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._core.options import CONNECTION_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._core.provenance import PROVENANCE_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._datadog.words import DATADOG_OPTIONS, SIGNALS_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import GUARDS_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.info import INFO_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.search import SELECTION_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._kibana.words import (
    KIBANA_ALERTS_OPTIONS,
    KIBANA_OPTIONS,
    KQL_OPTIONS,
)
from ansible_collections.secops.triage.plugins.module_utils._security_deck.words import YANDEX_IAM_OPTIONS
from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

from . import listing
from .places import ROOT

Specs = dict[str, dict[str, Any]]

#: The doc fragments that repeat a Python object.
FRAGMENTS: dict[str, Specs] = {
    "calseta": {name: CALSETA_OPTIONS.options[name] for name in ("api_key",)},
    "connection": CONNECTION_OPTIONS.options,
    "datadog": DATADOG_OPTIONS.options,
    "guards": GUARDS_OPTIONS.options,
    "info": INFO_OPTIONS.options,
    "kibana": KIBANA_OPTIONS.options,
    "kibana_alerts": {
        name: spec for name, spec in KIBANA_ALERTS_OPTIONS.options.items() if name not in KQL_OPTIONS.options
    },
    "kql": KQL_OPTIONS.options,
    "provenance": PROVENANCE_OPTIONS.options,
    "security_deck": YANDEX_IAM_OPTIONS.options,
    "selection": SELECTION_OPTIONS.options,
    "signals": SIGNALS_OPTIONS.options,
}


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of cells. A cell is plain text, with code between backticks and ``M(name)`` for a module."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def rst(self) -> str:
        """The table as reStructuredText wants it."""
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
        for row in (self.head, *self.rows):
            for column, cell in enumerate(row):
                text = re.sub(r"`([^`]+)`", r"``\1``", cell)
                text = re.sub(r"M\((\w+)\)", r":ansplugin:`\1 <secops.triage.\1#module>`", text)
                lines.append(f"   {'  -' if column else '* -'} {text}".rstrip())
        return "\n".join(lines)

    def markdown(self) -> str:
        """The table as GitHub and Galaxy show it."""
        lines = [" | ".join(self.head), " | ".join("---" for _cell in self.head)]
        lines += [" | ".join(re.sub(r"M\((\w+)\)", r"`\1`", cell) for cell in row) for row in self.rows]
        return "\n".join(f"| {line} |" for line in lines)


@dataclasses.dataclass(frozen=True)
class Platform:
    """A platform's cells in the tables. ``read``, ``write`` and ``extra`` are permissions, in its own words."""

    name: str
    modules: dict[str, str]
    options: Specs
    read: str
    write: str
    extra: str = ""


_TITLES = {name: row.title for name, row in platforms.PLATFORMS.items()}

#: A module's value says which of its options chooses the platform.
PLATFORMS = (
    Platform(
        _TITLES["datadog"],
        {"signal_info": "", "signal_state": "", "signal_incident_link": ""},
        DATADOG_OPTIONS.options,
        "`security_monitoring_signals_read`",
        "`security_monitoring_signals_write`",
        "`user_access_read`, to look up an `assignee`, or one of `only_assigned_to`, that is not a uuid;"
        " `incident_read`, for an `incident_title`, and `incident_write`, to create that incident",
    ),
    Platform(
        _TITLES["kibana"],
        {
            **dict.fromkeys(("kibana_alert_info", "kibana_alert_status"), ""),
            **dict.fromkeys(("kibana_alert_tags", "kibana_alert_assignees"), ""),
            "alert_note": "provider: kibana",
        },
        KIBANA_OPTIONS.options,
        "Kibana's privilege to read security alerts in the space, and `read` and `view_index_metadata` on the indices"
        " `.alerts-security.alerts-SPACE` and `.internal.alerts-security.alerts-SPACE-*`, and on `.siem-signals-SPACE`"
        " where the stack was upgraded from before 8.0",
        "Kibana's privilege to change security alerts in the space, and `maintenance`, `write`, `read` and"
        " `view_index_metadata` on the same indices",
        "Kibana's privilege for notes, to read and to leave them",
    ),
    Platform(
        _TITLES["security_deck"],
        dict.fromkeys(("alert_info", "alert_update", "alert_note"), "provider: security_deck"),
        YANDEX_IAM_OPTIONS.options,
        "the role `security-deck.alertSinks.viewer` for the alert's sink",
        "the role `security-deck.alertSinks.editor`, which includes the other",
    ),
    Platform(
        _TITLES["calseta"],
        dict.fromkeys(("alert_info", "alert_update", "alert_note"), "provider: calseta"),
        FRAGMENTS["calseta"],
        "the scope `alerts:read`",
        "the scope `alerts:write`, which does not include the other",
    ),
)

#: The action plugin of a module.
_ACTION = '''\
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of `{module}`. `make generate` writes this file."""

from __future__ import annotations

from ansible_collections.secops.triage.plugins.plugin_utils._action import ModuleAction, main_of


class ActionModule(ModuleAction):
    """Runs the task of `{module}`."""

    module = "{module}"


main = main_of(ActionModule.module)
'''

#: The columns of the vocabulary's tables, which are in the order of its platforms.
_COLUMNS = tuple(row.column for row in platforms.PLATFORMS.values())
#: The extra that goes with a status.
_EXTRAS = {"incident": "the incident", "tag": "a tag"}

#: The beginning of the sentence on environment variables in a description.
_ENVIRONMENT = "      - If not set, the value of the environment variable"

#: The keys of a spec that an option's documentation repeats, in its order.
_KEYS = ("type", "elements", "choices", "default", "required", "aliases")

#: Variables that are no option's fallback: platform, the option they replace, names, and the file that reads them.
OTHER_VARIABLES = (
    (_TITLES["calseta"], "`api_url`", ("CALSETA_API_URL",), "_calseta/endpoint.py"),
    (
        _TITLES["security_deck"],
        "the host of the metadata service, with `instance_metadata`",
        ("YC_METADATA_ADDR",),
        "_security_deck/endpoint.py",
    ),
    (
        "all",
        "the job in `provenance: auto`, if there is an `AWX_PRIVATE_DATA_DIR`, and the play is not known",
        ("JOB_ID",),
        "_core/provenance.py",
    ),
    ("all", "`ca_path`", ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), "_core/options.py"),
    # These are read by requests, in upper and in lower case.
    ("all", "`proxy`", ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"), ""),
)


def documentation(module: str) -> dict[str, Any]:
    """A module's DOCUMENTATION."""
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text()
    found = re.search(r'^DOCUMENTATION = r"""\n(.*?)^"""', text, re.DOTALL | re.MULTILINE)
    assert found, module
    parsed: dict[str, Any] = yaml.safe_load(found[1])
    return parsed


def variables(spec: dict[str, Any]) -> list[str]:
    """The environment variables that replace an option that is not set, by precedence."""
    return list(spec.get("env", ()))


def modules_table() -> Table:
    """The modules by platform."""
    rows = [
        (f"M({module})", f"{one.name}{f', `{choice}`' if choice else ''}", documentation(module)["short_description"])
        for one in PLATFORMS
        for module, choice in one.modules.items()
    ]
    return Table(("Module", "Platform", "What it does"), rows)


def permissions_table() -> Table:
    """The permissions that the credentials need."""
    rows = [
        (
            one.name,
            ", ".join(f"M({module})" for module in one.modules),
            "; ".join(filter(None, (one.read, one.extra))),
            one.write,
        )
        for one in PLATFORMS
    ]
    return Table(("Platform", "Modules", "To read", "To write"), rows)


def environment_table() -> Table:
    """The environment variables, by precedence."""
    rows = [
        (one.name, f"`{option}`", ", else ".join(f"`{name}`" for name in variables(spec)))
        for one in PLATFORMS
        for option, spec in one.options.items()
        if variables(spec)
    ]
    for platform, option, names, _file in OTHER_VARIABLES:
        joint = ", " if option == "`proxy`" else ", else "
        rows.append((platform, option, joint.join(f"`{name}`" for name in names)))
    order = [*(one.name for one in PLATFORMS), "all"]
    return Table(("Platform", "Option", "Environment variable"), sorted(rows, key=lambda row: order.index(row[0])))


def connection_table() -> Table:
    """The options that all modules share."""
    described = _options(_fragment("connection").read_text())
    rows = []
    for name, spec in CONNECTION_OPTIONS.options.items():
        default = spec.get("default", "")
        shown = f"`{_yaml(default)}`" if default != "" else ""
        rows.append((f"`{name}`", spec["type"], shown, _plain(described[name])))
    return Table(("Option", "Type", "Default", "What it is"), rows)


def statuses_table() -> Table:
    """Every status of the vocabulary, on every platform."""
    rows = [
        (
            f"`{name}`",
            *(
                f"`{one.native}`{_lossy(one)}{f' and {_EXTRAS[one.extra]}' if one.extra else ''}"
                for one in row.values()
            ),
        )
        for name, row in vocabulary.STATUSES.items()
    ]
    return Table(("Status", *_COLUMNS), rows)


def verdicts_table() -> Table:
    """Every verdict of the vocabulary, on every platform."""
    rows = [(f"`{name}`", *map(_verdict, row.values())) for name, row in vocabulary.VERDICTS.items()]
    return Table(("Verdict on closing", *_COLUMNS), rows)


def severities_table() -> Table:
    """Every severity that can be protected, on every platform."""
    rows = [
        (f"`{name}`", *(f"`{word}`{' ~' if _nearest(name, word) else ''}" for word in row.values()))
        for name, row in vocabulary.SEVERITIES.items()
    ]
    return Table(("Severity", *_COLUMNS), rows)


def _nearest(name: str, word: str) -> bool:
    """Whether the platform's word for this severity is the name of another one."""
    return vocabulary.folded(word) != name and vocabulary.folded(word) in vocabulary.SEVERITIES


def _verdict(verdict: vocabulary.Verdict | None) -> str:
    if verdict is None:
        return "refused"
    if verdict.stays_open:
        return f"{f'`{verdict.status}`, ' if verdict.status else ''}stays open{_lossy(verdict)}"
    return f"`{verdict.native}`{_lossy(verdict)}" if verdict.native else "left out"


def _lossy(word: vocabulary.Status | vocabulary.Verdict) -> str:
    return " ~" if word.lossy else ""


TABLES: dict[str, Callable[[], Table]] = {
    "connection": connection_table,
    "environment": environment_table,
    "modules": modules_table,
    "permissions": permissions_table,
    "severities": severities_table,
    "statuses": statuses_table,
    "verdicts": verdicts_table,
}


def _plain(description: Any) -> str:
    first: str = description if isinstance(description, str) else description[0]
    return re.sub(r"\b[VOCE]\(([^)]*)\)", r"`\1`", first)


def _fragment(name: str) -> Path:
    return ROOT / "plugins" / "doc_fragments" / f"{name}.py"


def _options(text: str) -> dict[str, Any]:
    parsed = yaml.safe_load(text.partition('DOCUMENTATION = r"""')[2].partition('"""')[0])
    return {name: option["description"] for name, option in parsed["options"].items()}


def fragment(text: str, specs: Specs) -> str:
    """A fragment's file with the options of the specs, in the same order."""
    head, start, rest = text.partition("options:\n")
    body, quotes, tail = rest.partition('"""')
    written = {found[1]: found[0] for found in re.finditer(r"^  (\w+):\n(?:    .*\n|\n)+", body, re.MULTILINE)}
    if set(written) != set(specs):
        differing = ", ".join(sorted(set(written) ^ set(specs)))
        raise SystemExit(f"Either the doc fragment or the Python object does not have: {differing}")
    return head + start + "".join(_option(name, spec, written[name]) for name, spec in specs.items()) + quotes + tail


def _option(name: str, spec: dict[str, Any], written: str) -> str:
    """One option: the description and the version as they are written, and the rest from the spec."""
    found = re.search(r"^    description:.*\n(?:      .*\n)*", written, re.MULTILINE)
    assert found, name
    description = re.sub(rf"^{_ENVIRONMENT} .*\n(?:        .*\n)*", "", found[0], flags=re.MULTILINE)
    version = re.search(r"^    version_added: .*\n", written, re.MULTILINE)
    keys = "".join(f"    {key}: {_yaml(spec[key])}\n" for key in _KEYS if key in spec)
    return f"  {name}:\n{description}{_environment(spec)}{version[0] if version else ''}{keys}"


def _environment(spec: dict[str, Any]) -> str:
    """The sentence on the environment variables of an option, or nothing if it has none."""
    names = [f"E({one})" for one in variables(spec)]
    if not names:
        return ""
    return f"{_ENVIRONMENT} {' is used, else '.join(names)}{'' if names[1:] else ' is used'}.\n"


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(value)}]" if isinstance(value, (list, tuple)) else str(value)


def page(text: str, markdown: bool) -> str:
    """A page with its tables up to date."""
    begin, end = ("<!-- ", " -->") if markdown else (".. ", "")

    def filled(place: re.Match[str]) -> str:
        table = TABLES[place[2]]()
        return f"{place[1]}\n\n{table.markdown() if markdown else table.rst()}\n\n{place[3]}"

    name = rf"({re.escape(begin)}begin: (\w+){end})\n.*?^({re.escape(begin)}end: \2{end})$"
    return re.sub(name, filled, text, flags=re.DOTALL | re.MULTILINE)


def controller_tasks(text: str) -> str:
    """The tasks of the role awx_setup for AWX's collection, with the modules of the automation controller's."""
    return re.sub(r"^  awx\.awx\.(?=\w+:$)", "  ansible.controller.", text, flags=re.MULTILINE)


def generated() -> Iterator[tuple[Path, str]]:
    """Every file with generated parts, and its text with these parts up to date."""
    for name, specs in FRAGMENTS.items():
        yield _fragment(name), fragment(_fragment(name).read_text(), specs)
    tasks = ROOT / "roles" / "awx_setup" / "tasks"
    yield tasks / "ansible.controller.yml", controller_tasks((tasks / "awx.awx.yml").read_text())
    # The EDA controller finds rulebooks in projects, and none in collections.
    for rulebook in sorted((ROOT / "extensions" / "eda" / "rulebooks").glob("*_controller.yml")):
        folder = ROOT / "docs" / "examples" / "awx-project" / "extensions" / "eda" / "rulebooks"
        yield folder / rulebook.name, rulebook.read_text()
    for module in sorted(ROOT.glob("plugins/modules/*.py")):
        yield ROOT / "plugins" / "action" / module.name, _ACTION.format(module=module.stem)
    yield from ((path, listing.current(path.read_text())) for path in listing.files())
    for path in (ROOT / "README.md", *sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))):
        yield path, page(path.read_text(), path.suffix == ".md")


def contradictions() -> Iterator[str]:
    """Permissions and variables that only this file names: the plugins do not have them."""
    folder = ROOT / "plugins" / "module_utils"
    everything = "".join(path.read_text() for path in folder.rglob("*.py"))
    for one in PLATFORMS:
        for permission in re.findall(r"`([\w.:-]+)`", one.read + one.write + one.extra):
            # Some hints are made of two parts.
            if permission.rpartition("_")[0] not in everything and permission not in everything:
                yield f"no hint of the modules names the permission {permission}"
    for _platform, _option_name, names, file in OTHER_VARIABLES:
        yield from (f"{file} does not read {one}" for one in names if file and one not in (folder / file).read_text())


def _present(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def complaints() -> list[str]:
    """The contradictions, and a diff for every file that is out of date."""
    found = list(contradictions())
    for path, text in generated():
        name = str(path.relative_to(ROOT))
        present, expected = _present(path).splitlines(), text.splitlines()
        found += difflib.unified_diff(present, expected, name, f"{name} as generated", lineterm="")
    return found


def main() -> int:
    """Write the files, or with ``--check`` print what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if something differs")
    if not parser.parse_args().check:
        for path, text in generated():
            if _present(path) != text:
                path.write_text(text)
                print(f"wrote {path.relative_to(ROOT)}")
    found = complaints()
    print(*found, sep="\n", file=sys.stderr, end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
