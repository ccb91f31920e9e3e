# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests of a task go wrong, and how: drawn from a seed, whatever the order in which requests come in."""

from __future__ import annotations

import collections
import json
import random
import re
import typing as t

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.faults import WAIT_FORMS, Faults

#: Faults that leave no doubt: the request was refused, and nothing was done.
REFUSALS = ("429", "401", "403")


class FaultMix(Faults):
    """Strikes requests with a probability, and with a fault that depends on the seed, on what the request is about and
    on how often that was asked for, and on nothing else.

    With a ``late`` storm, the requests before the first write are struck more rarely: else most tasks would end there.
    ``timeout`` is the client's, in seconds; slow answers take longer.
    """

    def __init__(self, sim: Simulator, seed: str, rate: float, timeout: float, *, late: bool) -> None:
        super().__init__()
        self._sim = sim
        self._key = seed
        self._rate = rate / 8 if late else rate
        self._full_rate = rate
        self._timeout = timeout
        self._asked: collections.Counter[str] = collections.Counter()
        self.struck_kinds: collections.Counter[str] = collections.Counter()
        #: The bodies by the requests' numbers, as they came in: some faults alter what the log has.
        self.bodies: dict[int, str] = {}

    def strike(self, entry: Entry) -> Fault | None:
        self.bodies[entry.number] = json.dumps(entry.body)
        key = f"{entry.method} {self._about(entry)}"
        self._asked[key] += 1
        if entry.is_write:
            self._rate = self._full_rate
        chance = random.Random(f"{self._key} {key} {self._asked[key]}")
        if chance.random() >= self._rate:
            return None
        name, fault = self._draw(chance, entry)
        entry.fault = name
        self.struck_kinds[name] += 1
        if name == "expired":
            # No fault at all: the token that the request carries is not good any more.
            self._sim.security_deck.tokens.expire()
            return None
        return fault

    def _about(self, entry: Entry) -> str:
        """The path, with what tells one request of a kind from another: the names of operations are drawn by lot."""
        operation = self._sim.security_deck.operations.get(entry.path.rpartition("/")[2])
        if operation:
            return f"operation of {operation.alert.id}"
        ids = re.findall(r'"(?:id|values|signal_ids)": \[?"([^"]+)"', json.dumps(entry.body))
        return f"{entry.path} {ids[0] if ids else ''}"

    def _draw(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        kinds = [self._limited, self._broken, self._broken, self._dropped, self._slow, self._garbled, self._odd]
        if entry.is_write:
            kinds += [self._unclear] * 2
        if entry.path.endswith("/bulk/update"):
            kinds += [self._forgetful] * 7
        return chance.choice(kinds)(chance, entry)

    def _limited(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        form = chance.choice([*WAIT_FORMS, None])
        # Dates and epochs are whole seconds, and cannot be shorter.
        wait = 1.0 if form in ("retry_after_date", "ratelimit_reset_epoch") else chance.choice([0.02, 0.1])
        return f"429 {form}", Fault(status=429, wait_form=form, wait=wait, html=chance.random() < 0.3)

    def _broken(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        status, when = chance.choice([500, 502, 503, 504]), _when(chance)
        form = "retry_after" if status == 503 and chance.random() < 0.5 else None
        fault = Fault(status=status, when=when, html=chance.random() < 0.3, wait_form=form, wait=0.1)
        return f"{status} {when}", fault

    def _dropped(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        action, when = chance.choice(["reset", "close"]), _when(chance)
        return f"{action} {when}", Fault(action, when=when)

    def _slow(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        when = _when(chance)
        return f"slow {when}", Fault("delay", when=when, delay=self._timeout * chance.uniform(1.3, 2.0))

    def _garbled(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        action, when = chance.choice(["truncate", "html", "empty"]), _when(chance)
        when = "after" if action == "truncate" else when
        return f"{action} {when}", Fault(action, when=when)

    def _odd(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        if entry.platform == "security_deck" and chance.random() < 0.5:
            return "expired", Fault()
        when = _when(chance)
        if entry.platform == "security_deck" and re.search(r"/(alerts|comments)(\?|$)", entry.path):
            # An empty object is a list without an item.
            return "403", Fault(status=403)
        return chance.choice(
            [
                ("redirect", Fault("redirect", location="https://login.example.com/")),
                ("403", Fault(status=403)),
                (f"nothing {when}", Fault(status=200, body={}, when=when)),
                (f"null {when}", Fault(status=200, body="null", when=when)),
            ]
        )

    def _unclear(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        name = chance.choice(["no_content", "accepted", "see_other", "timeout_408", "closed_499", "cut", "another"])
        return f"{name} after", Fault.named(name)

    def _forgetful(self, chance: random.Random, entry: Entry) -> tuple[str, Fault]:
        when = _when(chance)
        return f"forget {when}", Fault("forget", when=when, forget=chance.choice([1, 2, 5]))


def _when(chance: random.Random) -> t.Literal["before", "after"]:
    return "before" if chance.random() < 0.5 else "after"
