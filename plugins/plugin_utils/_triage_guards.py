# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards in the common vocabulary, as the modules of each platform take them.

A guard that a platform cannot tell enough for keeps more from being changed, never less.
"""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

#: The options of the modules, by name; one that is not there is not set.
Guards = dict[str, list[str]]


def guards_of(
    platform: str,
    only_from: t.Any,
    only_assigned_to: t.Any,
    protect_severity: t.Any,
) -> Guards:
    """The guards on a platform, in its own words. Raises `vocabulary.VocabularyError`."""
    guards: Guards = {}
    # An empty text is a state or a severity that nobody has filled in; among users it is nobody.
    if only_from not in (None, ""):
        guards["only_from"] = _states(_words(only_from), platform)
    people = None if only_assigned_to is None else _words(only_assigned_to)
    if people is not None and platform != "calseta":
        guards["only_assigned_to"] = people
    if people is not None and platform == "calseta" and "" not in people:
        # Its alerts are nobody's.
        raise vocabulary.VocabularyError(
            "only_assigned_to has no empty text in it, and calseta assigns alerts to nobody"
        )
    if protect_severity not in (None, ""):
        guards["protect_severity"] = _severities(_words(protect_severity), platform)
    return guards


def after(guards: Guards, status: str | None, assignee: str | None) -> Guards:
    """The guards of what else is to be done to an alert that has just been given this status and this assignee."""
    more = {"only_from": status, "only_assigned_to": assignee}
    return {
        name: values if more.get(name) is None or more[name] in values else [*values, t.cast(str, more[name])]
        for name, values in guards.items()
    }


def _words(given: t.Any) -> list[str]:
    return [one.strip() for one in (given.split(",") if isinstance(given, str) else given)]


def _states(words: t.Sequence[str], platform: str) -> list[str]:
    found: list[str] = []
    for word in words:
        key, own = vocabulary.folded(word), vocabulary.own_statuses(platform)
        if key in vocabulary.STATUSES:
            # Not on_hold where it looks like in_progress, for that would let through what nobody has named.
            found += [one for one in own if vocabulary.common_status(one, platform) == key]
            continue
        anywhere = [one for name in vocabulary.PLATFORMS for one in vocabulary.own_statuses(name)]
        if key not in map(vocabulary.folded, anywhere):
            raise vocabulary.VocabularyError(
                f"only_from has {word!r} in it, and takes {', '.join(vocabulary.STATUSES)}, and platforms' own words"
            )
        found += [one for one in own if vocabulary.folded(one) == key]
    if words and not found:
        told = dict.fromkeys(vocabulary.common_status(one, platform) for one in vocabulary.own_statuses(platform))
        raise vocabulary.VocabularyError(
            f"only_from is {', '.join(words)}, of which {platform} tells nothing: here it takes {', '.join(told)}"
        )
    return list(dict.fromkeys(found))


def _severities(words: t.Sequence[str], platform: str) -> list[str]:
    found: list[str] = []
    for word in words:
        key = vocabulary.folded(word)
        rows = [
            row for name, row in vocabulary.SEVERITIES.items() if key in (name, *map(vocabulary.folded, row.values()))
        ]
        others = [one for name in vocabulary.PLATFORMS for one in vocabulary.own_severities(name)]
        if key in vocabulary.SEVERITIES:
            found.append(vocabulary.SEVERITIES[key][platform])
        elif rows:
            found.append(rows[0][platform])
        elif key in map(vocabulary.folded, others):
            found += [one for one in vocabulary.own_severities(platform) if vocabulary.folded(one) == key]
        else:
            raise vocabulary.VocabularyError(
                f"protect_severity has {word!r} in it, and takes {', '.join(vocabulary.SEVERITIES)}, and platforms' own"
                " words"
            )
    return list(dict.fromkeys(found))
