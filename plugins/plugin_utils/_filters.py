# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all filters of this collection have in common: how they tell users what is wrong."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ._vocabulary import VocabularyError

Filter = t.TypeVar("Filter", bound=t.Callable[..., t.Any])


def told(function: Filter) -> Filter:
    """A function as a filter: what it refuses is an error of the task that uses it, in the same words."""

    @functools.wraps(function)
    def called(*values: t.Any, **named: t.Any) -> t.Any:
        try:
            return function(*values, **named)
        except VocabularyError as error:
            raise AnsibleFilterError(str(error)) from None

    return t.cast(Filter, called)
