# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: which of them a task uses, and the form in which each goes into a header."""

from __future__ import annotations

import re
import typing as t

from .errors import OptionError
from .options import Params, TaskContext, is_given

#: The options that a way to authenticate needs.
AuthMethod = t.Sequence[str]


def secret(params: Params, name: str, context: TaskContext) -> str:
    """A secret option as it goes into a header, without the newline that a file lookup leaves at its end.

    The shortened value is hidden too, because Ansible hides only the value that the task gave.
    """
    value = str(params[name]).strip()
    context.hide(value)
    if not value or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise OptionError(f"{name} is empty, or has characters in it that no such credential has")
    return value


def select_credentials(params: Params, spec: t.Mapping[str, t.Any], auth_methods: t.Sequence[AuthMethod]) -> AuthMethod:
    """The authentication method of the task: one of ``auth_methods``, each the names of the options that it needs.

    Options of the task win over environment variables. An access token in a task must not lose to an exported API key,
    nor a key to an exported token: they may belong to different organisations. Raises `OptionError` if no method is
    complete, or if the task gives options of several.
    """
    given = [method for method in auth_methods if any(_is_named(params, spec, name) for name in method)]
    # If the task gives half of a method, only its methods count: the environment does not complete another one.
    candidates = given or auth_methods
    complete = [method for method in candidates if all(map(params.get, method))]
    if len(given) > 1:
        raise OptionError(f"Give only one of {_alternatives(given)}")
    if not complete:
        raise _no_credentials(spec, auth_methods, _missing(params, candidates))
    return complete[0]


def _no_credentials(
    spec: t.Mapping[str, t.Any], auth_methods: t.Sequence[AuthMethod], missing: t.Sequence[str]
) -> OptionError:
    variables = [variable for method in auth_methods for name in method for variable in spec[name].get("env", ())]
    return OptionError(
        f"No credentials: {'; '.join(f'{name} is missing' for name in missing) or 'none were given'}",
        f"Give {_alternatives(auth_methods)}, as options or in the environment ({', '.join(variables)}).",
    )


def _is_named(params: Params, spec: t.Mapping[str, t.Any], name: str) -> bool:
    return bool(params.get(name)) and is_given(params, spec, name)


def _missing(params: Params, auth_methods: t.Iterable[AuthMethod]) -> list[str]:
    """The missing options of the methods that are given in part."""
    begun = [method for method in auth_methods if any(map(params.get, method))]
    return [name for method in begun for name in method if not params.get(name)]


def _alternatives(auth_methods: t.Iterable[AuthMethod]) -> str:
    return ", or ".join(" and ".join(method) for method in auth_methods)
