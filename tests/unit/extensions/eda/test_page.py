# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event filter understands the payloads of the docs page, once a platform has filled them in."""

from __future__ import annotations

import json
import re
import textwrap
import typing as t
from pathlib import Path

from ansible_collections.secops.triage.extensions.eda.plugins.event_filter.normalize import main

PAGE = Path(__file__).parents[4] / "docs" / "docsite" / "rst" / "eda.rst"


def pasted(caption: str) -> str:
    """The block of the page with this caption."""
    pattern = rf"\.\. code-block:: text\n +:caption: {caption}\n\n((?: +.*\n|\n)+)"
    found = re.search(pattern, PAGE.read_text(encoding="utf-8"))
    assert found
    return textwrap.dedent(found[1])


def understood(text: str) -> dict[str, t.Any]:
    event = main({"payload": json.loads(text)})
    assert isinstance(event, dict)
    return dict(event["alert"])


def test_datadog() -> None:
    known = {
        "SECURITY_SIGNAL_ID": "AQAAAYNqUBVU4-rffwAAAABBWU5x",
        "SECURITY_SIGNAL_SEVERITY": "medium",
        "SECURITY_RULE_NAME": "Brute force",
        "SECURITY_SIGNAL_TITLE": "Brute force of SSH on web-07",
        "HOSTNAME": "",
        "TAGS": "env:prod,host:web-07",
        "LINK": "https://app.datadoghq.com/event/jump_to?event_id=7",
    }
    alert = understood(re.sub(r"\$([A-Z_]+)", lambda found: known[found[1]], pasted("Datadog: payload")))
    assert alert == {
        "platform": "datadog",
        "id": known["SECURITY_SIGNAL_ID"],
        "severity": "medium",
        "rule": "Brute force",
        "host": "web-07",
        "title": "Brute force of SSH on web-07",
        "status": None,
        "new": True,
        "created": None,
        "url": known["LINK"],
    }


def test_elastic_security() -> None:
    document = {"_id": "a" * 64, "kibana": {"alert": {"uuid": "a" * 64, "workflow_status": "open"}}}
    known = {
        "context.rule.name": "Brute force",
        "context.rule.severity": "high",
        "context.alerts.asJSON": json.dumps(
            [{**document, "@timestamp": "2026-01-31T08:00:00Z", "host": {"name": "db"}}]
        ),
    }
    body = pasted("Elastic Security: body")
    assert "{{{context.alerts.asJSON}}}" in body
    alert = understood(re.sub(r"\{{2,3}([\w.]+)\}{2,3}", lambda found: known[found[1]], body))
    assert alert == {
        "platform": "kibana",
        "id": "a" * 64,
        "severity": "high",
        "rule": "Brute force",
        "host": "db",
        "title": None,
        "status": "open",
        "new": True,
        "created": "2026-01-31T08:00:00.000Z",
        "url": None,
    }
