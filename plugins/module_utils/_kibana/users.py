# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the uids of the users whom a task names. Alerts know users by the uids of their profiles.

Kibana has no public call for that. Its own page of alerts uses this one to choose an assignee.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import AmbiguousError, OptionError, RequestError
from .._core.options import checked_text
from .._core.text import one_line
from .._core.values import dig, text
from .api import KibanaApi

_FIND = "/internal/detection_engine/users/_find"

#: The uid of a profile ends in a number or in a word: C(u_<hash>_0), C(u_jane.doe@example.com_es).
_UID = r"u_\S+_[A-Za-z0-9]+"


def uids(api: KibanaApi, option: str, names: t.Sequence[str]) -> dict[str, str]:
    """The uid of each name, which is a user name or a uid. A uid is not looked up.

    Raises `OptionError`, once for all names, if there is no user of a name, or several.
    """
    for name in names:
        checked_text(option, name)
    strangers = list(dict.fromkeys(name for name in names if not re.fullmatch(_UID, name)))
    found = dict(zip(strangers, api.client.each(lambda name: _find(api, name), strangers)))
    wrong = [said for said in (_not_one(name, users) for name, users in found.items()) if said]
    if wrong:
        raise OptionError(
            f"{option}: {'; '.join(wrong)}",
            "Kibana knows users who have logged in, and may see this space. Give a user name as it is, or the profile's"
            " uid.",
        )
    return {name: found[name][0] if name in found else name for name in names}


def _not_one(name: str, users: t.Sequence[str]) -> str | None:
    """Why a name does not stand for one user; V(None) if it does."""
    if not users:
        return f"there is no user called {name!r}"
    return f"{name!r} could be any of {', '.join(users)}" if len(users) > 1 else None


def _find(api: KibanaApi, name: str) -> list[str]:
    """The uids of the users with exactly this name. Each realm may have one."""
    # Internal calls have versions of their own, and since 9.0 need a header that says who calls.
    headers = {"elastic-api-version": "1", "x-elastic-internal-origin": "Kibana"}
    try:
        answer = api.client.request("GET", api.base + _FIND, params={"searchTerm": name}, headers=headers)
    except RequestError as error:
        if error.status in (400, 403, 404):
            error.hint = "This Kibana does not let users be looked up by name: give the uids of their profiles."
        raise
    if not isinstance(answer.body, list):
        raise AmbiguousError("GET", _FIND, "the answer does not show users", status=answer.status)
    found = [text(dig(one, "uid")) for one in answer.body if dig(one, "user", "username") == name]
    return [one_line(uid) for uid in dict.fromkeys(found) if uid]
