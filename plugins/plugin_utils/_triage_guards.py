# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards in the common vocabulary, as the modules of each platform take them.

A guard that a platform cannot express exactly protects more alerts, never fewer.
"""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

#: The guard options of a module, by name; a missing one is not set.
Guards = dict[str, list[str]]


def guards_of(
    platform: str,
    only_from: t.Any,
    only_assigned_to: t.Any,
    protect_severity: t.Any,
) -> Guards:
    """The guards on a platform, in its own words. Raises `vocabulary.VocabularyError`."""
    guards: Guards = {}
    # An empty text is an unanswered question of a survey. Among users it is nobody.
    if only_from not in (None, ""):
        guards["only_from"] = _states(_words(only_from), platform)
    users = None if only_assigned_to is None else _words(only_assigned_to)
    if users is not None and platform != "calseta":
        guards["only_assigned_to"] = users
    if users is not None and platform == "calseta" and "" not in users:
        # Calseta assigns alerts to nobody, so such a guard would protect every alert.
        raise vocabulary.VocabularyError(
            "only_assigned_to has no empty text in it, and calseta assigns alerts to nobody"
        )
    if protect_severity not in (None, ""):
        guards["protect_severity"] = _severities(_words(protect_severity), platform)
    return guards


def after(guards: Guards, status: str | None, assignee: str | None) -> Guards:
    """The guards of the next call for an alert, after a call that has set this status and this assignee.

    They let the alert through as that call leaves it; V(None) is a field that the call did not set.
    """
    own = {"only_from": status, "only_assigned_to": assignee}
    return {
        name: values if own.get(name) is None or own[name] in values else [*values, t.cast(str, own[name])]
        for name, values in guards.items()
    }


def _words(given: t.Any) -> list[str]:
    return [one.strip() for one in (given.split(",") if isinstance(given, str) else given)]


def _states(words: t.Sequence[str], platform: str) -> list[str]:
    own = vocabulary.own_statuses(platform)
    captions = {one: vocabulary.common_status(one, platform) for one in own}
    known = _own_words(vocabulary.own_statuses, platform)
    # A state that looks like in_progress is not on_hold: on_hold would let through alerts that the user has not named.
    known |= {caption: [one for one in own if captions[one] == caption] for caption in vocabulary.STATUSES}
    if not words:
        raise vocabulary.VocabularyError(
            "only_from is empty, and would keep every alert: name a state, or leave it out"
        )
    found = _known("only_from", words, known, vocabulary.STATUSES)
    if not found:
        raise vocabulary.VocabularyError(
            f"only_from is {', '.join(words)}, of which {platform} tells nothing: here it takes"
            f" {', '.join(dict.fromkeys(captions.values()))}"
        )
    return found


def _severities(words: t.Sequence[str], platform: str) -> list[str]:
    # No word for "not rated yet": modules protect such alerts with any severity, and an empty list would protect none.
    known: dict[str, list[str]] = {}
    # The first severity with a word is the one that it stands for, so it is entered last.
    for row in reversed(list(vocabulary.SEVERITIES.values())):
        known |= {vocabulary.folded(word): [row[platform]] for word in row.values()}
    known |= {caption: [row[platform]] for caption, row in vocabulary.SEVERITIES.items()}
    return _known("protect_severity", words, known, vocabulary.SEVERITIES)


def _own_words(words_of: t.Callable[[str], list[str]], platform: str) -> dict[str, list[str]]:
    """Every platform's own words as keys, and the words of this platform that are the same, if any."""
    known: dict[str, list[str]] = {
        vocabulary.folded(one): [] for name in vocabulary.PLATFORMS for one in words_of(name)
    }
    for one in words_of(platform):
        known[vocabulary.folded(one)].append(one)
    return known


def _known(
    option: str, words: t.Iterable[str], known: t.Mapping[str, list[str]], captions: t.Iterable[str]
) -> list[str]:
    """The platform's words for these words, each once. Raises `vocabulary.VocabularyError` for an unknown one."""
    found: list[str] = []
    for word in words:
        if vocabulary.folded(word) not in known:
            raise vocabulary.VocabularyError(
                f"{option} has {word!r} in it, and takes {', '.join(captions)}, and platforms' own words"
            )
        found += known[vocabulary.folded(word)]
    return list(dict.fromkeys(found))
