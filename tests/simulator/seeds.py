# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Believable security alerts, the same for the same seed; each platform dresses them in its own format."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

SEVERITIES = ("info", "low", "medium", "high", "critical")
#: When somebody looked at an alert, as the part of its age that has passed since.
TRIAGED_AFTER = 0.75
_LETTERS = "0123456789abcdefghijklmnopqrstuv"
# What is seen, how bad it is, which product saw it, and what to do.
_SCENES = (
    ("Impossible travel for {user}", "high", "okta", "Confirm with the user, then reset the sessions."),
    ("Password spraying against {host}", "medium", "azure-ad", "Block the source and review the failed sign-ins."),
    ("Encoded PowerShell command on {host}", "high", "crowdstrike", "Decode the command and look at its parent."),
    ("Known malware hash executed on {host}", "critical", "defender", "Isolate the host and collect its memory."),
    ("Outbound connection from {host} to a known command server", "critical", "zeek", "Isolate the host."),
    ("Privileged role granted to {user}", "medium", "cloudtrail", "Check the change request."),
    ("Public read access enabled on bucket backups-{number}", "high", "cloudtrail", "Make the bucket private."),
    ("New access key created for {user}", "low", "cloudtrail", "Ask the owner whether the key is wanted."),
    ("Port scan from {source}", "low", "suricata", "Nothing, unless it goes on."),
    ("DNS tunnelling suspected from {host}", "high", "zeek", "Look at the volume of TXT queries."),
    ("Brute force of SSH on {host}", "medium", "sshd", "Restrict the port to the bastion hosts."),
    ("Security group opened to the world", "high", "cloudtrail", "Revoke the rule."),
    ("Audit logging disabled by {user}", "critical", "cloudtrail", "Enable it again and find out why."),
    ("Container started with a privileged flag on {host}", "medium", "falco", "Check the deployment's manifest."),
    ("Shell spawned in a container on {host}", "high", "falco", "Check who was on call."),
    ("Unusual volume of downloads by {user}", "medium", "workspace", "Compare with the user's usual work."),
    ("Multi-factor authentication disabled for {user}", "high", "okta", "Enable it again."),
    ("Login from a Tor exit node as {user}", "high", "okta", "Reset the sessions."),
    ("Vulnerable library loaded on {host}", "info", "agent", "Schedule the update."),
    ("Certificate of {host} was issued by an unknown authority", "info", "zeek", "Compare with the inventory."),
)
_HOSTS = ("web", "db", "mail", "build", "vpn", "files", "proxy", "ldap", "queue", "cache")
_GIVEN = ("amira", "bruno", "chiara", "dmitri", "elif", "femi", "greta", "hiro", "ines", "jonas")
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_TAGS = ("env:prod", "env:staging", "team:payments", "team:platform", "team:web", "compliance:pci", "triage:auto")


@dataclass(frozen=True)
class Scene:
    """One thing that happened, in nobody's format; ``age`` is in seconds."""

    title: str
    severity: str
    source: str
    advice: str
    host: str
    address: str
    source_address: str
    user: str
    tags: tuple[str, ...]
    age: float


def scenes(chance: random.Random, count: int) -> Iterator[Scene]:
    """This many things that happened within the last two weeks."""
    for _position in range(count):
        title, severity, source, advice = chance.choice(_SCENES)
        number = chance.randrange(1, 100)
        host = f"{chance.choice(_HOSTS)}-{number:02d}"
        source_address = f"{chance.choice(_NETWORKS[1:])}.{chance.randrange(1, 255)}"
        user = f"{chance.choice(_GIVEN)}@example.com"
        yield Scene(
            title.format(user=user, host=host, source=source_address, number=number),
            severity,
            source,
            advice,
            host,
            f"{_NETWORKS[0]}.{number}",
            source_address,
            user,
            tuple(chance.sample(_TAGS, chance.randrange(0, 4))),
            chance.uniform(60, 14 * 86400),
        )


def generator(seed: int, name: str) -> random.Random:
    """The generator of one platform: its ids do not depend on how many alerts the others have."""
    return random.Random(f"{seed}/{name}")


def uuid4(chance: random.Random) -> str:
    """A reproducible UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def hexadecimal(chance: random.Random, length: int) -> str:
    """A reproducible hexadecimal id."""
    return f"{chance.getrandbits(length * 4):0{length}x}"


def cloud_id(chance: random.Random, prefix: str) -> str:
    """A reproducible id of 20 characters, as the Yandex cloud makes them."""
    return prefix + "".join(chance.choice(_LETTERS) for _position in range(20 - len(prefix)))


def signal_id(chance: random.Random) -> str:
    """A reproducible id as Datadog's signals have: a moment and an inner id, in URL-safe base64."""
    inner = base64.urlsafe_b64encode(chance.getrandbits(144).to_bytes(18, "big"))
    moment = b"\x01\x00\x00\x01" + chance.getrandbits(72).to_bytes(9, "big")
    return base64.urlsafe_b64encode(moment + bytes(4) + inner).decode().rstrip("=")
