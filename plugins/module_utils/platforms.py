# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platforms: a row each, of data only. What is about all of them takes their names, and their order, from here.

``make generate`` writes them into what cannot ask: choices in documentation, surveys, comments of playbooks, tables.
"""

from __future__ import annotations

import typing as t

from ._calseta import words as calseta
from ._core.options import ArgumentSpec
from ._datadog import words as datadog
from ._kibana import words as kibana
from ._security_deck import words as security_deck


class Platform(t.NamedTuple):
    """A platform."""

    #: The name in options, results and events, which is that of its folder.
    name: str
    #: The product, in the documentation's tables.
    title: str
    #: The same, as the heading of a column.
    column: str
    #: The native words of an alert's status, the first one that of a new alert, and of its severity.
    statuses: t.Sequence[str]
    severities: t.Sequence[str]
    #: How to reach it, and the ways to authenticate: the options that each needs.
    options: ArgumentSpec
    auth_methods: t.Sequence[t.Sequence[str]]
    #: What an id looks like wherever it is read from a text: nothing in it means anything to a template or a shell.
    id_pattern: str
    #: Another name that users may give.
    alias: str | None = None
    #: Names that only events have: what others call it, in lower case with underscores.
    event_names: t.Sequence[str] = ()
    #: Words that no row of the vocabulary has, and the captions that are nearest.
    other_statuses: t.Mapping[str, str] = {}
    other_verdicts: t.Mapping[str, str] = {}
    #: Severities that say that there is none yet.
    unrated: t.Sequence[str] = ()
    #: The fields of an info row that say when an alert got into a common status. Where it is ``updated``, the time of
    #: the last change, it is about the present status only.
    status_times: t.Mapping[str, str] = {}
    #: Whether administrators define verdicts of their own.
    has_own_verdicts: bool = False
    #: Whether ids are UUIDs, which may be written in capitals.
    has_uuids: bool = False


_ROWS = (
    Platform(
        "datadog",
        "Datadog Cloud SIEM",
        "Datadog",
        datadog.STATES,
        datadog.SEVERITIES,
        datadog.DATADOG_OPTIONS,
        datadog.AUTH_METHODS,
        datadog.SIGNAL_ID,
        event_names=("datadog_security", "datadog_cloud_siem"),
        other_verdicts={"remediated": "true_positive"},
        status_times={"in_progress": "updated", "resolved": "updated"},
    ),
    Platform(
        "kibana",
        "Elastic Security",
        "Elastic Security",
        kibana.STATUSES,
        kibana.SEVERITIES,
        kibana.KIBANA_OPTIONS,
        kibana.AUTH_METHODS,
        kibana.ID,
        alias="elastic",
        event_names=("elastic_security", "elasticsearch"),
        other_statuses={"in-progress": "in_progress"},
        other_verdicts={"automated_closure": "other"},
        status_times={"in_progress": "updated", "resolved": "updated"},
        has_own_verdicts=True,
    ),
    Platform(
        "security_deck",
        "Yandex Cloud Security Deck",
        "Security Deck",
        security_deck.STATUSES,
        security_deck.SEVERITIES,
        security_deck.SECURITY_DECK_OPTIONS,
        security_deck.AUTH_METHODS,
        security_deck.ID,
        event_names=("securitydeck", "yandex_security_deck", "yandex_cloud_security_deck"),
        other_verdicts={security_deck.UNCLASSIFIED: "unknown"},
    ),
    Platform(
        "calseta",
        "Calseta",
        "Calseta",
        calseta.STATUSES,
        calseta.SEVERITIES,
        calseta.CALSETA_OPTIONS,
        calseta.AUTH_METHODS,
        calseta.ID,
        other_verdicts={"False Positive - Inaccurate Data": "false_positive"},
        unrated=calseta.UNRATED,
        status_times={"resolved": "closed"},
        has_uuids=True,
    ),
)

#: Every platform by its name.
PLATFORMS: dict[str, Platform] = {row.name: row for row in _ROWS}

#: Every other name that users may give, and the platform's own.
ALIASES: dict[str, str] = {row.alias: row.name for row in _ROWS if row.alias}


def names_with_aliases() -> list[str]:
    """Every name that users may give, an alias behind the platform's own."""
    return [name for row in _ROWS for name in (row.name, row.alias) if name]
