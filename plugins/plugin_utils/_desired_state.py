# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to become of an alert, as a user asks for it, in the words of its platform."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

Fields = dict[str, t.Any]

#: What can be asked of an alert, beside C(platform) and C(id).
ASKED = ("status", "verdict", "comment", "assignee", "incident_id")

#: The modules of each platform, in the order in which they are called, and which of their options has which field.
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


@dataclasses.dataclass
class Wish:
    """What is to become of an alert: ``fields`` has what is to be written, in the platform's own words."""

    alert: t.Mapping[str, t.Any]
    platform: str
    id: str
    fields: Fields = dataclasses.field(default_factory=dict)
    lost: list[Fields] = dataclasses.field(default_factory=list)

    def loses(self, option: str, written: str | None) -> None:
        asked = self.alert[option]
        self.lost.append(
            {"platform": self.platform, "id": self.id, "option": option, "asked": asked, "written": written}
        )


def wish_of(alert: t.Any, also: t.Mapping[str, t.Mapping[str, str]]) -> Wish:
    """The wish. Raises `vocabulary.VocabularyError` where it cannot be made out, or the platform has nothing for it."""
    if not isinstance(alert, dict):
        raise vocabulary.VocabularyError("it is no mapping with a platform and an id")
    unknown = [str(name) for name in alert if name not in ("platform", "id", *ASKED)]
    if unknown:
        taken = ", ".join(("platform", "id", *ASKED))
        raise vocabulary.VocabularyError(f"it has {', '.join(unknown)}, and takes {taken}")
    platform = vocabulary.platform_named(alert.get("platform"))
    wish = Wish(alert, platform, _id(alert, platform))
    # A survey gives empty texts for what nobody has filled in. An assignee of that name is nobody.
    asked = {name: alert.get(name) for name in ASKED if alert.get(name) not in (None, "")}
    if alert.get("assignee") == "":
        asked["assignee"] = ""
    if not asked:
        raise vocabulary.VocabularyError(f"nothing is asked of it: give it any of {', '.join(ASKED)}")
    _status(wish, asked, also.get(platform))
    places = {field for options in MODULES[platform].values() for field in options.values()}
    for name in ("comment", "assignee", "incident_id"):
        if name in asked and name in places:
            wish.fields[name] = _incident(asked[name]) if name == "incident_id" else _text(asked[name])
        elif asked.get(name):
            wish.loses(name, None)
    return wish


def _status(wish: Wish, asked: Fields, also: t.Mapping[str, str] | None) -> None:
    """What is to be written of the status and the verdict, and what that loses."""
    platform = wish.platform
    status = vocabulary.status_of(asked["status"], platform) if "status" in asked else None
    closing = status is not None and vocabulary.closes(status, platform)
    if "verdict" in asked and not closing:
        raise vocabulary.VocabularyError("verdict goes only with a status that closes, as resolved does")
    verdict = vocabulary.verdict_of(asked["verdict"], platform, also) if "verdict" in asked else None
    if verdict and verdict.stays_open:
        wish.fields.update({} if verdict.status is None else {"status": verdict.status})
    elif status:
        wish.fields["status"] = status.native
    if verdict and verdict.native:
        wish.fields["verdict"] = verdict.native
    if verdict and verdict.lossy:
        wish.loses("verdict", verdict.native)
    if status and status.besides == "tag":
        wish.fields["tag"] = vocabulary.folded(asked["status"])
    if status and (status.lossy or (status.besides == "incident" and "incident_id" not in asked)):
        wish.loses("status", status.native)


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
    """A text as it is: before ansible-core 2.19 its type says that nothing in it is a template."""
    return value if isinstance(value, str) else str(value)


def _incident(value: t.Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise vocabulary.VocabularyError(f"incident_id {value!r} is no number") from None
