# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desired state of an alert: what a user says in the common vocabulary, in the platform's own words."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

Fields = dict[str, t.Any]

#: The fields of a desired state. An alert has at least one of them, beside C(platform) and C(id).
FIELDS = ("status", "verdict", "comment", "assignee", "incident_id")

#: The modules of each platform in the order of their calls, and the field that each of their options takes.
MODULES: dict[str, dict[str, dict[str, str]]] = {
    "datadog": {
        "signal_state": {
            "state": "status",
            "archive_reason": "verdict",
            "archive_comment": "comment",
            "assignee": "assignee",
        },
        "signal_incident_link": {"incident_id": "incident_id"},
    },
    "kibana": {
        "kibana_alert_status": {"status": "status", "reason": "verdict"},
        "kibana_alert_assignees": {"assignees": "assignee"},
        "kibana_alert_tags": {"tags": "tag"},
        "alert_note": {"text": "comment"},
    },
    "security_deck": {
        "alert_update": {"status": "status", "classification": "verdict", "assignee_subject_id": "assignee"},
        "alert_note": {"text": "comment"},
    },
    "calseta": {
        "alert_update": {"status": "status", "close_classification": "verdict"},
        "alert_note": {"text": "comment"},
    },
}

#: The fields that each platform can store.
_STORED = {
    platform: {field for options in modules.values() for field in options.values()}
    for platform, modules in MODULES.items()
}
#: Values that are treated as unset: a survey sends an empty text for an unanswered question.
_UNSET: dict[str, tuple[t.Any, ...]] = {
    **dict.fromkeys(FIELDS, (None, "")),
    # An empty assignee is nobody.
    "assignee": (None,),
}
#: Stands for the verdict that is not given: it changes nothing.
_NO_VERDICT = vocabulary.Verdict(None)


@dataclasses.dataclass
class DesiredState:
    """``fields`` has what to write, in the platform's own words, and ``lost`` what the platform cannot store."""

    alert: t.Mapping[str, t.Any]
    platform: str
    id: str
    fields: Fields = dataclasses.field(default_factory=dict)
    lost: list[Fields] = dataclasses.field(default_factory=list)

    def set(self, field: str, value: t.Any) -> None:
        """Write this value; V(None) leaves the field as it is."""
        if value is not None:
            self.fields[field] = value

    def lose(self, option: str, written: str | None) -> None:
        """Note that the platform stores ``written`` instead of what the user said, or nothing."""
        desired = self.alert[option]
        self.lost.append(
            {"platform": self.platform, "id": self.id, "option": option, "desired": desired, "written": written}
        )


def desired_state(alert: t.Any, overrides: t.Mapping[str, t.Mapping[str, str]]) -> DesiredState:
    """The desired state of an alert as a user gives it; ``overrides`` is what `vocabulary.checked_map` returns.

    Raises `vocabulary.VocabularyError` if the alert is malformed, or its platform refuses one of the words.
    """
    _check_keys(alert)
    platform = vocabulary.platform_named(alert.get("platform"))
    state = DesiredState(alert, platform, _id(alert, platform))
    desired = {name: alert[name] for name in FIELDS if alert.get(name) not in _UNSET[name]}
    if not desired:
        raise vocabulary.VocabularyError(f"nothing is asked of it: give it any of {', '.join(FIELDS)}")
    _set_status(state, desired, overrides.get(platform))
    for name, converted in (("comment", _text), ("assignee", _text), ("incident_id", _incident)):
        if name in desired and name in _STORED[platform]:
            state.set(name, converted(desired[name]))
        elif desired.get(name):
            state.lose(name, None)
    return state


def _check_keys(alert: t.Any) -> None:
    if not isinstance(alert, dict):
        raise vocabulary.VocabularyError("it is no mapping with a platform and an id")
    allowed = ("platform", "id", *FIELDS)
    unknown = [str(name) for name in alert if name not in allowed]
    if unknown:
        raise vocabulary.VocabularyError(f"it has {', '.join(unknown)}, and takes {', '.join(allowed)}")


def _set_status(state: DesiredState, desired: Fields, overrides: t.Mapping[str, str] | None) -> None:
    """Set the status and the verdict, and note what that loses."""
    status, verdict = _platform_words(desired, state.platform, overrides)
    if status is None:
        return
    state.set("status", verdict.status if verdict.stays_open else status.native)
    state.set("verdict", verdict.native)
    if status.extra == "tag":
        state.set("tag", vocabulary.folded(desired["status"]))
    if verdict.lossy:
        state.lose("verdict", verdict.native)
    if status.lossy or (status.extra == "incident" and "incident_id" not in desired):
        state.lose("status", status.native)


def _platform_words(
    desired: Fields, platform: str, overrides: t.Mapping[str, str] | None
) -> tuple[vocabulary.Status | None, vocabulary.Verdict]:
    """How the platform says the status and the verdict. Only a status that closes may have a verdict."""
    status = vocabulary.status_of(desired["status"], platform) if "status" in desired else None
    if "verdict" not in desired:
        return status, _NO_VERDICT
    if status is None or not vocabulary.closes(status, platform):
        raise vocabulary.VocabularyError("verdict goes only with a status that closes, as resolved does")
    return status, vocabulary.verdict_of(desired["verdict"], platform, overrides)


def _id(alert: t.Mapping[str, t.Any], platform: str) -> str:
    """The id as the modules return it."""
    alert_id = _text(alert.get("id") or "")
    alert_id = alert_id if alert_id == alert_id.strip() else alert_id.strip()
    if not alert_id:
        raise vocabulary.VocabularyError("it has no id")
    try:
        return str(uuid.UUID(alert_id)) if platform == "calseta" else alert_id
    except ValueError:
        raise vocabulary.VocabularyError("its id is no UUID, as those of calseta are") from None


def _text(value: t.Any) -> str:
    """The text itself, not a copy: before ansible-core 2.19 its type marks it as unsafe, so that it is no template."""
    return value if isinstance(value, str) else str(value)


def _incident(value: t.Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise vocabulary.VocabularyError(f"incident_id {value!r} is no number") from None
