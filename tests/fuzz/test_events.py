# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the event filter bear whatever comes over a webhook?"""

from __future__ import annotations

import copy
import typing as t

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.extensions.eda.plugins.event_filter.normalize import main
from ansible_collections.secops.triage.tests.unit.extensions.eda.test_normalize import KEYS, RECOGNIZED, SIGNAL_ID, UUID

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(), inner),
    max_leaves=10,
)
WORDS = ["payload", "body", "meta", "source", "platform", "alerts", "alert", "signal", "data", "new", "all", "context"]
WORDS += ["_source", "_id", "uuid", "sinkId", "source_name", "attributes", "tags", "indicators", "rule", "kibana"]
ODD = st.recursive(
    JSON | st.sampled_from(["datadog", "kibana", SIGNAL_ID, UUID, "signal", "hostname", "host:x", "[{}]", "[" * 9999]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


@given(event=ODD)
def test_nothing_makes_it_fail(event: t.Any) -> None:
    """What comes out are mappings, each an alert or marked, as what ansible-rulebook then adds to needs them."""
    given_event = copy.deepcopy(event)
    result = main(event)
    for one in result if isinstance(result, list) else [result]:
        assert ("unrecognized" in one) or set(one["alert"]) == KEYS
        assert isinstance(one.get("meta", {}).get("source", {}), dict)
    assert repr(event) == repr(given_event)


@given(base=st.sampled_from([one[1] for one in RECOGNIZED]), data=st.data())
def test_a_spoiled_alert_does_not_make_it_fail(base: t.Any, data: st.DataObject) -> None:
    payload = copy.deepcopy(base)
    place = payload
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    assert main({"payload": payload})
