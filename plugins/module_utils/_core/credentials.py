# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: which of them a task uses, and how each goes into a header."""

from __future__ import annotations

import re
import typing as t

from .errors import OptionError
from .options import Params, TaskContext, is_given


def secret(params: Params, name: str, context: TaskContext) -> str:
    """A secret option as it goes into a header: without the newline that a file lookup leaves at its end.

    The shortened value is hidden as well: Ansible hides only the value as it was given.
    """
    value = str(params[name]).strip()
    context.hide(value)
    if not value or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise OptionError(f"{name} is empty, or has characters in it that no such credential has")
    return value


def select_credentials(
    params: Params, spec: t.Mapping[str, t.Any], auth_methods: t.Sequence[t.Sequence[str]]
) -> t.Sequence[str]:
    """The one way to authenticate, of ``ways``: each the names of the options that it needs.

    What the task gives comes before what the environment holds: an access token in a task must not lose to an API key
    that somebody exported, nor the other way round, for it may belong to another organisation.
    """
    named = [
        method for method in auth_methods if any(params.get(name) and is_given(params, spec, name) for name in method)
    ]
    # Where the task gives half of one, the other half is missing: nobody whom the environment knows steps in.
    meant = named or auth_methods
    complete = [method for method in meant if all(params.get(name) for name in method)]
    if named and len(complete) > 1:
        raise OptionError(f"Give only one of {_alternatives(complete)}")
    if complete:
        return complete[0]
    missing = [
        f"{name} is missing"
        for method in meant
        if any(params.get(name) for name in method)
        for name in method
        if not params.get(name)
    ]
    raise OptionError(
        f"No credentials: {'; '.join(missing) or 'none were given'}",
        f"Give {_alternatives(auth_methods)}, as options, in module_defaults or in the environment"
        f" ({', '.join(n for method in auth_methods for name in method for n in spec[name].get('env', ()))}).",
    )


def _alternatives(auth_methods: t.Iterable[t.Sequence[str]]) -> str:
    return ", or ".join(" and ".join(method) for method in auth_methods)
