# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all filters of this collection share: their errors."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ._vocabulary import VocabularyError

Filter = t.TypeVar("Filter", bound=t.Callable[..., t.Any])


def as_filter(function: Filter) -> Filter:
    """The function as a filter: a `VocabularyError` fails the task that uses it, with the same text."""

    @functools.wraps(function)
    def called(*values: t.Any, **named: t.Any) -> t.Any:
        try:
            return function(*values, **named)
        except VocabularyError as error:
            raise AnsibleFilterError(str(error)) from None

    return t.cast(Filter, called)
