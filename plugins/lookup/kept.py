# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: kept
short_description: What was kept of a task, without running the templates in it
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Reads what a task has returned, from a variable or from a file. It may be JSON, what an ad-hoc command or a playbook
    has printed in JSON or in YAML, or the output of C(--diff).
  - Alerts have text in them that attackers wrote. An extra variable is read as it came, and nothing of it is run, while
    any use of it in C({{ }}) would run it. Variables from elsewhere were written by whoever wrote the play, and are
    templated as usual.
options:
  _terms:
    description: The names of variables, of which the first one that has something counts.
    type: list
    elements: str
  file:
    description: A file to read if none of the variables has anything. An empty text is none.
    type: str
    default: ""
  private:
    description: Whether the file must be yours, neither a link nor one that others can write to.
    type: bool
    default: false
seealso:
  - plugin: secops.triage.undo
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See what would take the task back
  ansible.builtin.debug:
    msg: "{{ lookup('secops.triage.kept', file='archived.txt').signals | secops.triage.undo }}"
"""

RETURN = r"""
_raw:
  description: The mapping that was kept; of a list C(alerts) is that list; an empty mapping if there is nothing.
  type: list
  elements: dict
"""

import typing as t
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.secops.triage.plugins.plugin_utils._harmless import plain
from ansible_collections.secops.triage.plugins.plugin_utils._kept import KeptError, from_file, from_variable


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core carries no types
    """Ansible marks what it returns as unsafe, so that no template is run in it later, either."""

    def run(
        self, terms: list[str], variables: dict[str, t.Any] | None = None, **options: t.Any
    ) -> list[dict[str, t.Any]]:
        self.set_options(var_options=variables, direct=options)
        for name in terms:
            found = _named(name, from_variable, self._value(name, variables or {}))
            if found:
                return [found]
        path = self.get_option("file")
        if not path:
            return [{}]
        return [_named(path, from_file, str(Path(path).expanduser()), self.get_option("private"))]

    def _value(self, name: str, variables: dict[str, t.Any]) -> t.Any:
        extra = load_extra_vars(self._loader)
        value = extra[name] if name in extra else self._templar.template(variables.get(name))
        return plain(value)


def _named(name: str, read: t.Callable[..., dict[str, t.Any]], *values: t.Any) -> dict[str, t.Any]:
    try:
        return t.cast("dict[str, t.Any]", plain(read(*values)))
    except KeptError as error:
        raise AnsibleLookupError(f"{name} {error}.") from None
