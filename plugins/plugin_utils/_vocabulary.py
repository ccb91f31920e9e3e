# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One vocabulary for all platforms: the captions of OCSF, and how each platform says them.

Tables and pure functions, without Ansible. ``make generate`` writes the tables of the page C(vocabulary) from them.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.secops.triage.plugins.module_utils.platforms import ALIASES
from ansible_collections.secops.triage.plugins.module_utils.platforms import PLATFORMS as _ROWS

#: The platforms, as the info modules name them, in the order of the tables' columns.
PLATFORMS = tuple(_ROWS)


class VocabularyError(ValueError):
    """A word is in no table, or the platform refuses it. The text lists the words that are allowed."""


class Status(t.NamedTuple):
    """How a platform says a status."""

    native: str
    #: Whether the platform's word says less than the caption.
    lossy: bool = False
    #: What says the rest: C(incident), a link to one, or C(tag), a tag of the caption's name.
    extra: str = ""


class Verdict(t.NamedTuple):
    """How a platform says a verdict on closing. With V(None) the field is left out."""

    native: str | None
    lossy: bool = False
    #: Whether the alert is left open. It gets ``status`` instead, or keeps its own if that is V(None).
    stays_open: bool = False
    status: str | None = None


Word = t.TypeVar("Word")


def _table(rows: dict[str, tuple[Word, ...]]) -> dict[str, dict[str, Word]]:
    """The rows, each with a word for every platform. Raises `ValueError`, which names the row that has not."""
    for name, words in rows.items():
        if len(words) < len(PLATFORMS):
            raise ValueError(f"the vocabulary's row {name} has no word for {', '.join(PLATFORMS[len(words) :])}")
        if len(words) > len(PLATFORMS):
            raise ValueError(f"the vocabulary's row {name} has too many words")
    return {name: dict(zip(PLATFORMS, words)) for name, words in rows.items()}


_NEVER: Verdict | None = None

#: Every status, on every platform.
STATUSES: dict[str, dict[str, Status]] = _table(
    {
        "new": (Status("open"), Status("open"), Status("OPEN"), Status("Open")),
        "in_progress": (
            Status("under_review"),
            Status("acknowledged"),
            Status("IN_PROGRESS"),
            Status("Triaging"),
        ),
        "on_hold": (
            Status("under_review", lossy=True),
            Status("acknowledged", lossy=True),
            Status("NEED_INFO"),
            Status("Triaging", lossy=True),
        ),
        "escalated": (
            Status("under_review", extra="incident"),
            Status("acknowledged", extra="tag"),
            Status("IN_PROGRESS", lossy=True),
            Status("Escalated"),
        ),
        "resolved": (Status("archived"), Status("closed"), Status("RESOLVED"), Status("Closed")),
    }
)

#: Every verdict, on every platform; V(None) is one that the platform refuses.
VERDICTS: dict[str, dict[str, Verdict | None]] = _table(
    {
        "true_positive": (
            Verdict("true_positive_malicious"),
            Verdict("true_positive"),
            Verdict("TRUE_POSITIVE"),
            Verdict("True Positive - Suspicious Activity"),
        ),
        "benign": (
            Verdict("true_positive_benign"),
            Verdict("benign_positive"),
            Verdict("BENIGN_POSITIVE"),
            Verdict("Benign Positive - Suspicious but Expected"),
        ),
        "false_positive": (
            Verdict("false_positive"),
            Verdict("false_positive"),
            Verdict("FALSE_POSITIVE"),
            Verdict("False Positive - Incorrect Detection Logic"),
        ),
        "test": (
            Verdict("testing_or_maintenance"),
            Verdict("other", lossy=True),
            Verdict("BENIGN_POSITIVE", lossy=True),
            Verdict("Not Applicable", lossy=True),
        ),
        "duplicate": (
            Verdict("other", lossy=True),
            Verdict("duplicate"),
            Verdict("UNDETERMINED", lossy=True),
            Verdict("Duplicate"),
        ),
        "insufficient_data": (
            Verdict("other", lossy=True),
            Verdict("other", lossy=True),
            Verdict("UNDETERMINED"),
            Verdict("Undetermined"),
        ),
        "disregard": (
            Verdict("other", lossy=True),
            Verdict("other", lossy=True),
            Verdict("UNDETERMINED", lossy=True),
            Verdict("Not Applicable"),
        ),
        "managed_externally": (
            Verdict("investigated_case_opened"),
            Verdict("other", lossy=True),
            Verdict(None, lossy=True, stays_open=True),
            Verdict(None, stays_open=True, status="Escalated"),
        ),
        "suspicious": (_NEVER, _NEVER, _NEVER, Verdict("True Positive - Suspicious Activity")),
        "security_risk": (_NEVER, _NEVER, _NEVER, Verdict("True Positive - Suspicious Activity")),
        "unknown": (Verdict("none"), Verdict(None), Verdict(None), Verdict("Undetermined")),
    }
)

#: Every severity, or the nearest one that the platform has.
SEVERITIES: dict[str, dict[str, str]] = _table(
    {
        "informational": ("info", "low", "INFO", "Informational"),
        "low": ("low", "low", "LOW", "Low"),
        "medium": ("medium", "medium", "MEDIUM", "Medium"),
        "high": ("high", "high", "HIGH", "High"),
        "critical": ("critical", "critical", "HIGH", "Critical"),
    }
)


def folded(word: str) -> str:
    """The word as the key of a comparison: C(In Progress), C(in-progress) and C(IN_PROGRESS) are the same."""
    return re.sub(r"[\s_-]+", "_", word.strip().lower())


def platform_named(name: t.Any) -> str:
    """The platform of this name. Raises `VocabularyError`."""
    known = {**{one: one for one in PLATFORMS}, **ALIASES}
    platform = known.get(folded(name)) if isinstance(name, str) else None
    if platform is None:
        raise VocabularyError(f"There is no platform {name!r}, but {_listed(known)}")
    return platform


def own_statuses(platform: str) -> list[str]:
    """The platform's words for a status, in the order of a triage."""
    return _unique([*(row[platform].native for row in STATUSES.values()), *_ROWS[platform].other_statuses])


def own_verdicts(platform: str) -> list[str]:
    """The platform's words for a verdict."""
    words = [row[platform] for row in VERDICTS.values()]
    return _unique([*(one.native for one in words if one and one.native), *_ROWS[platform].other_verdicts])


def own_severities(platform: str) -> list[str]:
    """The platform's words for a severity, from low to high, then the words that are no level."""
    return _unique([*(row[platform] for row in SEVERITIES.values()), *_ROWS[platform].unrated])


def status_of(word: t.Any, platform: str) -> Status:
    """How the platform says a caption. One of its own words is returned as it spells it. Raises `VocabularyError`."""
    found = STATUSES.get(folded(word)) if isinstance(word, str) else None
    if found:
        return found[platform]
    return Status(_own("status", word, own_statuses(platform), STATUSES, platform))


def closes(status: Status, platform: str) -> bool:
    """Whether an alert is closed with this status."""
    return status.native == STATUSES["resolved"][platform].native


def verdict_of(word: t.Any, platform: str, overrides: t.Mapping[str, str] | None = None) -> Verdict:
    """How the platform says a caption. One of its own words is returned as it spells it.

    ``overrides`` replaces words of the table; its keys are captions as `folded` returns them.
    Raises `VocabularyError` for an unknown word, and for a verdict that the platform refuses.
    """
    key = folded(word) if isinstance(word, str) else ""
    if overrides and key in overrides:
        return Verdict(overrides[key])
    if key not in VERDICTS:
        return Verdict(_own("verdict", word, own_verdicts(platform), VERDICTS, platform))
    verdict = VERDICTS[key][platform]
    if verdict is None:
        taken = [name for name, row in VERDICTS.items() if row[platform]]
        raise VocabularyError(
            f"{platform} has nothing for the verdict {key}, and takes {_listed(taken)}, or a verdict map that says what"
            " it is there"
        )
    return verdict


def checked_map(given: t.Any) -> dict[str, dict[str, str]]:
    """A verdict map as users write it, C({platform: {verdict: its own word}}), with the keys that `verdict_of` takes.

    Elastic Security accepts any word, for its administrators define more of them. Raises `VocabularyError`.
    """
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        raise VocabularyError("A verdict map has a mapping of verdicts for each platform")
    checked: dict[str, dict[str, str]] = {}
    for name, words in given.items():
        platform = platform_named(name)
        own = {_mapped_caption(caption): _mapped_word(word, platform) for caption, word in words.items()}
        checked.setdefault(platform, {}).update(own)
    return checked


def _mapped_caption(caption: t.Any) -> str:
    if not isinstance(caption, str) or folded(caption) not in VERDICTS:
        raise VocabularyError(f"There is no verdict {caption!r} to map, but {_listed(VERDICTS)}")
    return folded(caption)


def _mapped_word(word: t.Any, platform: str) -> str:
    if _ROWS[platform].has_own_verdicts and isinstance(word, str) and word.strip():
        return word
    return _own("verdict", word, own_verdicts(platform), (), platform)


def common_status(native: t.Any, platform: str) -> str:
    """The caption of a platform's status, V(unknown) if there is none."""
    exact = {
        row[platform].native: name for name, row in STATUSES.items() if row[platform] == Status(row[platform].native)
    }
    return _common(native, {**exact, **_ROWS[platform].other_statuses}) or "unknown"


def common_verdict(native: t.Any, platform: str) -> str:
    """The caption of a platform's verdict: V(unknown) if the alert has none, V(other) if no caption fits."""
    if not native:
        return "unknown"
    # Of several captions with the same word the first one wins.
    exact = {
        one.native: name
        for name, row in reversed(list(VERDICTS.items()))
        for one in [row[platform]]
        if one and one.native and not one.lossy
    }
    return _common(native, {**exact, **_ROWS[platform].other_verdicts}) or "other"


def _common(native: t.Any, words: t.Mapping[str, str]) -> str | None:
    by_word = {folded(word): name for word, name in words.items()}
    return by_word.get(folded(native)) if isinstance(native, str) else None


def _own(kind: str, word: t.Any, own: t.Sequence[str], captions: t.Collection[str], platform: str) -> str:
    by_word = {folded(one): one for one in own}
    if not isinstance(word, str) or folded(word) not in by_word:
        shared = f"{_listed(captions)}, and of its own " if captions else ""
        raise VocabularyError(f"{platform} has no {kind} {word!r}; it takes {shared}{_listed(own)}")
    return by_word[folded(word)]


def _unique(words: t.Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _listed(words: t.Iterable[str]) -> str:
    return ", ".join(words)
