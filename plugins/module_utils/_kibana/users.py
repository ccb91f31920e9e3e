# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the uids of the users whom a task names, and their names. Alerts have the uids of profiles.

Kibana has no public calls for that. Its own pages use these: to choose an assignee, and to show who it is.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import AmbiguousError, OptionError, RequestError
from .._core.options import checked_text
from .._core.text import one_line
from .._core.values import dig, text
from .._flow.guards import folded
from .api import KibanaApi

_FIND = "/internal/detection_engine/users/_find"

_PROFILES = "/internal/security/user_profile/_bulk_get"

# Internal calls have versions of their own, and since 9.0 need a header that says who calls.
_HEADERS = {"elastic-api-version": "1", "x-elastic-internal-origin": "Kibana"}

#: The bytes that the uids of one request take. Kibana puts them into a line for Elasticsearch, which takes 4,096.
_LINE = 3500

#: The uid of a profile ends in a number or in a word: C(u_<hash>_0), C(u_jane.doe@example.com_es).
_UID = r"u_\S+_[A-Za-z0-9]+"


def uids(api: KibanaApi, option: str, names: t.Sequence[str]) -> dict[str, str]:
    """The uid of each name, which is a user name, an e-mail or a uid. A uid is not looked up.

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
            "Kibana knows users who have logged in, and may see this space. Give a user name as it is, an e-mail"
            " address, or the profile's uid.",
        )
    return {name: found[name][0] if name in found else name for name in names}


def _not_one(name: str, users: t.Sequence[str]) -> str | None:
    """Why a name does not stand for one user; V(None) if it does."""
    if not users:
        return f"there is no user called {name!r}"
    return f"{name!r} could be any of {', '.join(users)}" if len(users) > 1 else None


def _find(api: KibanaApi, name: str) -> list[str]:
    """The uids of the users with exactly this name or e-mail. Each realm may have one."""
    try:
        answer = api.client.request("GET", api.base + _FIND, params={"searchTerm": name}, headers=_HEADERS)
    except RequestError as error:
        if error.status in (400, 403, 404):
            error.hint = "This Kibana does not let users be looked up by name: give the uids of their profiles."
        raise
    if not isinstance(answer.body, list):
        raise AmbiguousError("GET", _FIND, "the answer does not show users", status=answer.status)
    found = [text(dig(one, "uid")) for one in answer.body if _goes_by(name, dig(one, "user"))]
    return [one_line(uid) for uid in dict.fromkeys(found) if uid]


def _goes_by(name: str, user: t.Any) -> bool:
    """Whether a user has this name or this e-mail. Only an e-mail may be written in another case."""
    return dig(user, "username") == name or ("@" in name and folded(text(dig(user, "email")) or "") == folded(name))


def names_of(api: KibanaApi, uids: t.Iterable[str]) -> dict[str, str]:
    """The names of the users with these uids, as people know them. Users whom Kibana does not show are left out."""
    names: dict[str, str] = {}
    for found in api.client.each(lambda batch: _profiles(api, batch), _by_length(list(dict.fromkeys(uids)))):
        names.update(found)
    return names


def _profiles(api: KibanaApi, uids: t.Sequence[str]) -> dict[str, str]:
    answer = api.client.request("POST", api.base + _PROFILES, {"uids": list(uids)}, headers=_HEADERS, safe=True)
    if not isinstance(answer.body, list):
        raise AmbiguousError("POST", _PROFILES, "the answer does not show users", status=answer.status)
    found = {text(dig(one, "uid")): _name(dig(one, "user")) for one in answer.body}
    return {uid: found[uid] for uid in uids if found.get(uid)}


def _name(user: t.Any) -> str:
    """A user's full name, or else the e-mail, or the user name: on Cloud the last is a number."""
    told = (text(dig(user, key)) for key in ("full_name", "email", "username"))
    return next((one_line(one) for one in told if one), "")


def _by_length(uids: t.Sequence[str]) -> list[list[str]]:
    """The uids in batches that fit into a line. One that does not fit alone is no uid of a profile."""
    several: list[list[str]] = []
    size = 0
    for uid in uids:
        length = len(uid.encode()) + 1
        if length > _LINE:
            continue
        if not several or size + length > _LINE:
            several.append([])
            size = 0
        several[-1].append(uid)
        size += length
    return several
