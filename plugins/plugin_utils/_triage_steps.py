# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fewest calls of modules that bring alerts of several platforms to their desired states."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

from ._desired_state import MODULES, DesiredState, Fields, desired_state
from ._triage_guards import Guards, after, guards_of

#: The modules that read an alert of which nothing is written.
_INFO = {
    "datadog": "signal_info",
    "kibana": "kibana_alert_info",
    "security_deck": "alert_info",
    "calseta": "alert_info",
}
#: The options that are lists, of which a desired state has one element at most.
_LISTS = ("tags", "assignees")


def triage_steps(
    alerts: t.Any,
    on_lossy: str = "warn",
    verdict_map: t.Any = None,
    only_from: t.Any = None,
    only_assigned_to: t.Any = None,
    protect_severity: t.Any = None,
) -> list[Fields]:
    """The calls, in the order in which they are to be made: for each alert its status comes first, and its note last.

    Guards are lists, or texts with commas, as Ansible takes a list.
    Raises `vocabulary.VocabularyError`, which names everything that is wrong with the alerts at once.
    """
    if on_lossy not in ("warn", "fail", "allow"):
        raise vocabulary.VocabularyError(f"on_lossy is {on_lossy!r}, and takes warn, fail, allow")
    if not isinstance(alerts, (list, tuple)):
        raise vocabulary.VocabularyError("triage_steps takes a list of alerts, each with its platform and id")
    states, wrong = _desired_states(alerts, vocabulary.checked_map(verdict_map or {}))
    guards: dict[str, Guards] = {}
    for platform in dict.fromkeys(state.platform for state in states):
        try:
            guards[platform] = guards_of(platform, only_from, only_assigned_to, protect_severity)
        except vocabulary.VocabularyError as error:
            wrong.append(str(error))
    _refuse("Nothing was sent", list(dict.fromkeys(wrong)))
    if on_lossy == "fail":
        lost = describe_losses([one for state in states for one in state.lost])
        _refuse("Nothing was sent, for this would lose meaning, and on_lossy is fail", lost)
    return _grouped(states, guards)


def describe_losses(lost: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """What is lost, in words: one text for all alerts that lose the same."""
    ids_by_loss: dict[str, list[str]] = {}
    for one in lost:
        becomes = "has no place there" if one["written"] is None else f"is only {one['written']} there"
        becomes += ", and it stays open" if one["option"] == "verdict" and one["written"] is None else ""
        loss = f"{one['platform']}: {one['option']} {one['desired']} {becomes}"
        ids_by_loss.setdefault(loss, []).append(one["id"])
    return [
        f"{loss} ({', '.join(ids[:5])}{f', and {len(ids) - 5} more' if len(ids) > 5 else ''})"
        for loss, ids in ids_by_loss.items()
    ]


def _desired_states(
    alerts: t.Iterable[t.Any], overrides: t.Mapping[str, t.Mapping[str, str]]
) -> tuple[list[DesiredState], list[str]]:
    """The desired state of every alert, and what is wrong with the alerts that have none."""
    states: dict[tuple[str, str], DesiredState] = {}
    wrong: list[str] = []
    for number, alert in enumerate(alerts, 1):
        try:
            state = desired_state(alert, overrides)
        except vocabulary.VocabularyError as error:
            wrong.append(f"{_label(alert, number)}: {error}")
            continue
        first = states.setdefault((state.platform, state.id), state)
        if first.fields != state.fields:
            wrong.append(f"{_label(alert, number)}: it is in the list before, and something else is asked of it there")
        first.lost += [one for one in state.lost if one not in first.lost]
    return list(states.values()), wrong


def _grouped(states: t.Iterable[DesiredState], guards: t.Mapping[str, Guards]) -> list[Fields]:
    """The calls for all alerts. Equal calls of a module, with equal guards, are one."""
    steps: dict[str, Fields] = {}
    for state in states:
        losses = state.lost
        for module, args, guarded in _calls(state, guards[state.platform]):
            step = {"platform": state.platform, "module": module, "args": args, "guards": guarded}
            found = steps.setdefault(json.dumps(step), {**step, "ids": [], "lost": [], "alerts": []})
            found["ids"].append(state.id)
            found["alerts"].append(state.alert)
            # Only the first call of an alert has its losses: each is reported once.
            found["lost"] += losses
            losses = []
    platforms = list(dict.fromkeys(step["platform"] for step in steps.values()))
    order = {name: [_INFO[name], *MODULES[name]] for name in platforms}
    return sorted(
        steps.values(),
        key=lambda step: (platforms.index(step["platform"]), order[step["platform"]].index(step["module"])),
    )


def _calls(state: DesiredState, guards: Guards) -> t.Iterator[tuple[str, Fields, Guards]]:
    """The calls for one alert: the module, its options, and its guards."""
    if not state.fields:
        # The read shows that the alert exists, and in which state.
        info = _INFO[state.platform]
        yield info, _provider(info, state.platform), {}
    for module, options in MODULES[state.platform].items():
        args = _args(options, state.fields)
        if args:
            yield module, {**_provider(module, state.platform), **args}, guards
            written = {field: state.fields.get(field) for field in options.values()}
            guards = after(guards, written.get("status"), written.get("assignee"))


def _provider(module: str, platform: str) -> Fields:
    """The option that chooses the platform, for a module that has several."""
    return {"provider": platform} if module.startswith("alert_") else {}


def _args(options: t.Mapping[str, str], fields: Fields) -> Fields:
    """The options of a module that have something to write."""
    args = {option: fields[field] for option, field in options.items() if field in fields}
    for option in args.keys() & set(_LISTS):
        args[option] = [args[option]] if args[option] else []
    return args


def _label(alert: t.Any, number: int) -> str:
    words = [str(alert[name]) for name in ("platform", "id") if alert.get(name)] if isinstance(alert, dict) else []
    return f"alert {number}" + (f" ({' '.join(words)})" if words else "")


def _refuse(message: str, reasons: t.Sequence[str]) -> None:
    if reasons:
        more = f"; and {len(reasons) - 10} more" if len(reasons) > 10 else ""
        raise vocabulary.VocabularyError(f"{message}. {'; '.join(reasons[:10])}{more}")
