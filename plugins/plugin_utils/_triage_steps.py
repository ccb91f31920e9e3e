# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do to alerts of several platforms, as the fewest calls of modules."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

from ._triage_guards import Guards, after, guards_of
from ._triage_wish import MODULES, Fields, Wish, wish_of

#: What looks at an alert of which nothing is written.
_LOOKS = {
    "datadog": "signal_info",
    "kibana": "kibana_alert_info",
    "security_deck": "alert_info",
    "calseta": "alert_info",
}


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
    Raises `vocabulary.VocabularyError`, which tells everything that is wrong with the alerts at once.
    """
    if on_lossy not in ("warn", "fail", "allow"):
        raise vocabulary.VocabularyError(f"on_lossy is {on_lossy!r}, and takes warn, fail, allow")
    if not isinstance(alerts, (list, tuple)):
        raise vocabulary.VocabularyError("triage_steps takes a list of alerts, each with its platform and id")
    also = vocabulary.checked_map(verdict_map or {})
    wishes, wrong = _wishes(alerts, also)
    guards: dict[str, Guards] = {}
    for platform in dict.fromkeys(wish.platform for wish in wishes):
        try:
            guards[platform] = guards_of(platform, only_from, only_assigned_to, protect_severity)
        except vocabulary.VocabularyError as error:
            wrong.append(str(error))
    _refuse("Nothing was sent", list(dict.fromkeys(wrong)))
    if on_lossy == "fail":
        lost = told_lost([one for wish in wishes for one in wish.lost])
        _refuse("Nothing was sent, for this would lose meaning, and on_lossy is fail", lost)
    return _grouped(wishes, guards)


def told_lost(lost: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """What is lost, in words: one text for all alerts that lose the same."""
    alike: dict[str, list[str]] = {}
    for one in lost:
        becomes = "has no place there" if one["written"] is None else f"is only {one['written']} there"
        becomes += ", and it stays open" if one["option"] == "verdict" and one["written"] is None else ""
        story = f"{one['option']} {one['asked']} {becomes}"
        alike.setdefault(f"{one['platform']}: {story}", []).append(one["id"])
    return [
        f"{story} ({', '.join(ids[:5])}{f', and {len(ids) - 5} more' if len(ids) > 5 else ''})"
        for story, ids in alike.items()
    ]


def _wishes(alerts: t.Iterable[t.Any], also: t.Mapping[str, t.Mapping[str, str]]) -> tuple[list[Wish], list[str]]:
    """What is to become of every alert, and what is wrong with those of which that cannot be told."""
    wishes: dict[tuple[str, str], Wish] = {}
    wrong: list[str] = []
    for number, alert in enumerate(alerts, 1):
        try:
            wish = wish_of(alert, also)
        except vocabulary.VocabularyError as error:
            wrong.append(f"{_called(alert, number)}: {error}")
            continue
        first = wishes.setdefault((wish.platform, wish.id), wish)
        if first.fields != wish.fields:
            wrong.append(f"{_called(alert, number)}: it is in the list before, and something else is asked of it there")
        first.lost += [one for one in wish.lost if one not in first.lost]
    return list(wishes.values()), wrong


def _grouped(wishes: t.Iterable[Wish], guards: t.Mapping[str, Guards]) -> list[Fields]:
    """Alerts of which a module is to make the same, with the same guards, are one call."""
    steps: dict[str, Fields] = {}
    for wish in wishes:
        told = wish.lost
        for module, args, guarded in _calls(wish, guards[wish.platform]):
            step = {"platform": wish.platform, "module": module, "args": args, "guards": guarded}
            found = steps.setdefault(json.dumps(step), {**step, "ids": [], "lost": [], "alerts": []})
            found["ids"].append(wish.id)
            found["alerts"].append(wish.alert)
            # Once for each alert, however many calls it takes.
            found["lost"] += told
            told = []
    platforms = list(dict.fromkeys(step["platform"] for step in steps.values()))
    order = {name: [_LOOKS[name], *MODULES[name]] for name in platforms}
    return sorted(
        steps.values(),
        key=lambda step: (platforms.index(step["platform"]), order[step["platform"]].index(step["module"])),
    )


def _calls(wish: Wish, guards: Guards) -> t.Iterator[tuple[str, Fields, Guards]]:
    """The calls for one alert: the module, its options, and the guards that stand before it."""
    # Modules of several providers ask which one it is.
    several = {"provider": wish.platform}
    if not wish.fields:
        # So that it is known to be there, and how it stands.
        look = _LOOKS[wish.platform]
        yield look, several if look == "alert_info" else {}, {}
    for module, options in MODULES[wish.platform].items():
        written = {field: wish.fields[field] for field in options.values() if field in wish.fields}
        args: Fields = {option: written[field] for option, field in options.items() if field in written}
        for option in {"tags", "assignees"} & set(args):
            args[option] = [args[option]] if args[option] else []
        if args:
            yield module, {**(several if module.startswith("alert_") else {}), **args}, guards
            guards = after(guards, written.get("status"), written.get("assignee"))


def _called(alert: t.Any, number: int) -> str:
    words = [str(alert[name]) for name in ("platform", "id") if alert.get(name)] if isinstance(alert, dict) else []
    return f"alert {number}" + (f" ({' '.join(words)})" if words else "")


def _refuse(because: str, reasons: t.Sequence[str]) -> None:
    if reasons:
        more = f"; and {len(reasons) - 10} more" if len(reasons) > 10 else ""
        raise vocabulary.VocabularyError(f"{because}. {'; '.join(reasons[:10])}{more}")
