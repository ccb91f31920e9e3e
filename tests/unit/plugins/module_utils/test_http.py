# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client makes of answers and of their absence: retries, rate limits, credentials, the guard of check mode."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    AmbiguousError,
    NotSentError,
    RefusedError,
    RequestError,
    UnreachableError,
)
from ansible_collections.secops.triage.plugins.module_utils._http.client import Client
from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.client import make_client
from ansible_collections.secops.triage.tests.unit.loopback import closed_port

pytestmark = pytest.mark.versions

SIGNALS = "/api/v2/security_monitoring/signals"
LOST = ["reset", "close", "truncate", "html", "empty", "status"]
WRITE = {"data": {"attributes": {"state": "archived"}}}


class Api:
    """The simulator's Datadog with one signal, as requests by a client."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.id = sim.datadog.add_signal().id
        self.path = f"{SIGNALS}/{self.id}"
        self.url = sim.datadog.url + self.path
        self.keys = {
            "DD-API-KEY": sim.credentials.datadog_api_key,
            "DD-APPLICATION-KEY": sim.credentials.datadog_app_key,
        }
        sim.log.clear()

    def client(self, **options: t.Any) -> Client:
        return make_client(self.keys, **options)

    def write(self, client: Client) -> t.Any:
        return client.request("PATCH", f"{self.url}/update", WRITE)

    @property
    def statuses(self) -> list[int | None]:
        return [entry.status for entry in self.sim.log]


@pytest.fixture
def api(sim: Simulator) -> Api:
    return Api(sim)


# Reads and writes that go wrong


@pytest.mark.parametrize("action", LOST)
def test_a_read_is_tried_again(api: Api, action: str) -> None:
    api.sim.faults.add(Fault(action))
    assert api.client().get(api.url).body["data"]["id"] == api.id
    assert len(api.sim.log) == 2


@pytest.mark.parametrize("status", [408, 425, 499, 500, 504])
def test_a_read_is_tried_again_after(api: Api, status: int) -> None:
    api.sim.faults.add(Fault("status", status=status))
    assert api.client().get(api.url).status == 200
    assert api.statuses == [status, 200]


@pytest.mark.parametrize("retries", [0, 1])
def test_a_read_is_tried_no_more_often_than_told(api: Api, retries: int) -> None:
    api.sim.faults.add(Fault("close", count=None))
    with pytest.raises(AmbiguousError):
        api.client(retries=retries).get(api.url)
    assert len(api.sim.log) == retries + 1


def test_a_post_that_says_it_reads_is_a_read(api: Api) -> None:
    api.sim.faults.add(Fault("close"))
    answer = api.client(read_only=True).request("POST", f"{api.sim.datadog.url}{SIGNALS}/search", {}, safe=True)
    assert answer.status == 200
    assert len(api.sim.log) == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", LOST)
def test_a_write_is_sent_once_and_its_fate_is_unknown(api: Api, action: str, when: str) -> None:
    api.sim.faults.add(Fault(action, when=when))
    with pytest.raises(AmbiguousError) as caught:
        api.write(api.client(retries=3))
    assert caught.value.method == "PATCH"
    assert caught.value.path == f"/datadog{api.path}/update"
    assert len(api.sim.log) == 1


def test_a_write_without_an_answer_in_time_is_sent_once(api: Api) -> None:
    api.sim.faults.add(Fault("delay", when="after", delay=0.6))
    with pytest.raises(AmbiguousError, match=r"no answer from 127\.0\.0\.1:\d+ within 0\.2 s") as caught:
        api.write(api.client(timeout=0.2))
    assert caught.value.status is None
    assert len(api.sim.log) == 1


def test_a_read_without_an_answer_in_time_is_tried_again(api: Api) -> None:
    api.sim.faults.add(Fault("delay", delay=4.0))
    assert api.client(timeout=1.5).get(api.url).status == 200


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 408, 425, 499, 500, 501, 502, 504, 520])
def test_the_fate_of_a_write_is_unknown_after(api: Api, status: int) -> None:
    """Be it a redirect, or a no of something between here and the service: the service may have done it."""
    api.sim.faults.add(Fault("status", when="after", status=status))
    with pytest.raises(AmbiguousError, match=f"{status}") as caught:
        api.write(api.client(retries=3))
    assert caught.value.status == status
    assert len(api.sim.log) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 422])
@pytest.mark.parametrize("writes", [True, False])
def test_a_no_is_not_asked_again(api: Api, status: int, writes: bool) -> None:
    api.sim.faults.add(Fault("status", status=status, body={"errors": ["No."]}, headers={"X-Request-Id": "r-1"}))
    client = api.client(retries=3)
    with pytest.raises(RefusedError, match=rf"{status} .*: No\.") as caught:
        api.write(client) if writes else client.get(api.url)
    assert caught.value.status == status
    assert caught.value.hint == f"hint for {status} {writes}"
    assert caught.value.request_id == "r-1"
    assert len(api.sim.log) == 1


@pytest.mark.parametrize("writes", [True, False])
def test_where_nobody_listens_nothing_was_sent(api: Api, writes: bool) -> None:
    url = f"http://127.0.0.1:{closed_port()}/x"
    with pytest.raises(UnreachableError, match=r"no connection to 127\.0\.0\.1:\d+.*refused") as caught:
        api.client().request("PATCH" if writes else "GET", url, WRITE if writes else None)
    assert "object at" not in str(caught.value)
    assert "Connection(" not in str(caught.value)
    assert caught.value.status is None


def test_a_host_without_an_address(api: Api) -> None:
    with pytest.raises(UnreachableError, match=r"no connection to nowhere\.invalid"):
        api.client(retries=0).get("https://nowhere.invalid/x")


@pytest.mark.parametrize(
    ("body", "headers", "request_id"),
    [
        ({"requestId": "a"}, {}, "a"),
        ({"code": 3, "details": [{"@type": "x"}, {"@type": "y.RequestInfo", "requestId": "b"}]}, {}, "b"),
        ({"message": "m"}, {"X-Server-Trace-Id": "c"}, "c"),
        ({"message": "m"}, {"x-opaque-id": "d"}, "d"),
        ({"requestId": 5, "details": "none"}, {}, None),
        ([], {}, None),
    ],
)
def test_the_request_id_is_found(api: Api, body: t.Any, headers: dict[str, str], request_id: str | None) -> None:
    api.sim.faults.add(Fault("status", status=400, body=body, headers=headers))
    with pytest.raises(RequestError) as caught:
        api.client().get(api.url)
    assert caught.value.report()["request_id"] == request_id


# The guard


@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT", "DELETE"])
def test_a_read_only_client_raises_and_sends_nothing(api: Api, method: str) -> None:
    with pytest.raises(RuntimeError, match="could write, and this client is read-only"):
        api.client(read_only=True).request(method, api.url, WRITE)
    assert len(api.sim.log) == 0


def test_a_read_only_client_reads(api: Api) -> None:
    assert api.client(read_only=True).get(api.url).status == 200


# Rate limits

FORMS = ["retry_after", "retry_after_date", "ratelimit_reset", "ratelimit_reset_epoch", None]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("writes", [True, False])
def test_a_429_is_waited_out(api: Api, form: str | None, writes: bool) -> None:
    """Of writes too: a 429 says that nothing was done."""
    wait = 0.3 if form in ("retry_after", "ratelimit_reset") else 0.0
    api.sim.faults.add(Fault("status", status=429, wait_form=form, wait=wait, html=not writes))
    client = api.client()
    api.write(client) if writes else client.get(api.url)
    assert api.statuses == [429, 200]
    assert api.sim.log[1].time - api.sim.log[0].time >= wait


def test_a_date_or_an_epoch_is_waited_for(api: Api) -> None:
    """Both have whole seconds: of nearly two to wait, nearly one is left at least. Both are waited for at once."""
    forms = ("retry_after_date", "ratelimit_reset_epoch")
    paths = {form: f"{api.url}?{form}" for form in forms}
    for form in forms:
        api.sim.faults.add(Fault("status", path=form, status=429, wait_form=form, wait=1.9))
    clients = {form: api.client() for form in forms}
    make_client(concurrency=2).each(lambda form: clients[form].get(paths[form]), forms)
    for form in forms:
        refused, answered = api.sim.log.select(path=form)
        assert answered.time - refused.time >= 0.8


def test_a_429_that_stays_is_told(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=429, wait_form="retry_after", wait=0.02, count=None))
    with pytest.raises(RefusedError) as caught:
        api.write(api.client(retries=2))
    assert caught.value.status == 429
    assert caught.value.hint is not None
    assert "Refused 3 times" in caught.value.hint
    assert len(api.sim.log) == 3


def test_a_429_holds_all_workers_and_no_herd_follows(api: Api) -> None:
    latency, wait = 0.04, 0.4
    api.sim.latency = latency
    api.sim.faults.add(Fault("status", status=429, nth=4, wait_form="retry_after", wait=wait))
    client = api.client(concurrency=8)
    assert len(client.each(client.get, [api.url] * 80)) == 80
    (refused,) = api.sim.log.select(status=429)
    late = [entry.time for entry in api.sim.log if entry.time >= refused.time + wait]
    assert len(late) >= 80 - 3 * 8, "who was not under way by then waited for as long as the server said"
    # One goes alone, and its answer lets two follow; only theirs let in the rest.
    first, second, _third, fourth = late[:4]
    assert second - first >= latency
    assert fourth - second >= latency
    assert api.sim.log.peak <= 8


def test_a_limit_that_lasts_does_not_make_every_request_wait_in_turn(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=429, wait_form="retry_after", wait=0.02, count=None))
    client = api.client(concurrency=8, retries=2)

    def told(_number: int) -> str:
        with pytest.raises(RefusedError) as caught:
            api.write(client)
        assert caught.value.status == 429
        return caught.value.message

    stories = client.each(told, range(60))
    assert sum("not sent, after 429 to PATCH" in story for story in stories) >= 60 - 8
    assert len(api.sim.log) <= 8 * 3, "no more than those who were under way, with their retries"


def outcomes(api: Api, client: Client, count: int, write: bool) -> list[RequestError | None]:
    """What becomes of as many requests at once."""

    def one(_number: int) -> RequestError | None:
        try:
            api.write(client) if write else client.get(api.url)
        except RequestError as error:
            return error
        return None

    return client.each(one, range(count))


@pytest.mark.parametrize("count", [40, 200])
@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("wait", [0.05, None])
def test_maintenance_does_not_cost_every_request_its_tries(
    api: Api, count: int, write: bool, wait: float | None
) -> None:
    """However many there are: a few find out, and the rest is not sent."""
    api.sim.faults.add(
        Fault("status", status=503, nth=9, count=None, wait_form="retry_after" if wait else None, wait=wait or 0)
    )
    start = time.monotonic()
    results = outcomes(api, api.client(concurrency=4, retries=2), count, write)
    assert time.monotonic() - start < 8
    assert results.count(None) == 8
    sent = [one for one in results if isinstance(one, AmbiguousError)]
    # Of those that were under way, and one more in each round.
    assert len(sent) <= 4 + 2
    assert len(api.sim.log) <= 8 + 4 + 2
    unsent = [one for one in results if isinstance(one, NotSentError)]
    assert len(sent) + len(unsent) + 8 == count
    for error in unsent:
        assert f"not sent, after 503 to {'PATCH' if write else 'GET'}" in error.message
        assert error.status == 503


def test_who_waits_does_not_wait_for_what_has_ended(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=503, wait_form="retry_after", wait=60))
    api.sim.faults.add(Fault("status", status=401, count=None))
    api.sim.latency = 0.2
    start = time.monotonic()
    results = outcomes(api, api.client(concurrency=4), 30, True)
    assert time.monotonic() - start < 5
    assert None not in results


def test_one_alert_that_is_not_available_ends_nothing(api: Api) -> None:
    other = api.sim.datadog.add_signal().id
    api.sim.faults.add(Fault("status", status=503, path=other, count=None, wait_form="retry_after", wait=0.02))
    client = api.client(concurrency=4, retries=3)
    urls = [api.url] * 10 + [api.url.replace(api.id, other)] + [api.url] * 30
    errors = client.each_alone(client.get, urls)
    assert [number for number, one in enumerate(errors) if isinstance(one, Exception)] == [10]


def test_a_write_during_short_maintenance_is_sent_once_and_the_others_get_through(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=503, nth=3, count=1, wait_form="retry_after", wait=0.1))
    results = outcomes(api, api.client(concurrency=2, retries=2), 20, True)
    assert sum(one is not None for one in results) == 1
    assert len(api.sim.log) == 20


def test_after_the_limit_everything_is_answered(api: Api) -> None:
    api.sim.settings.datadog.rate_limit = 5
    api.sim.settings.datadog.rate_period = 0.3
    client = api.client(concurrency=8, retries=6)
    # The simulator tells whole seconds; the period is shorter, so that each wait is enough.
    assert len(client.each(client.get, [api.url] * 9)) == 9
    assert api.statuses.count(200) == 9


def test_a_503_waits_as_told(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=503, wait_form="retry_after", wait=0.55))
    api.client().get(api.url)
    assert api.sim.log[1].time - api.sim.log[0].time >= 0.55


# Credentials


def test_a_refused_credential_is_not_tried_a_thousand_times(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=401, count=None))
    client = api.client(concurrency=8)

    def told(_number: int) -> int | None:
        with pytest.raises(RefusedError) as caught:
            client.get(api.url)
        return caught.value.status

    assert set(client.each(told, range(200))) == {401}
    assert len(api.sim.log) <= 8


def test_a_403_ends_what_has_the_same_cause(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=403, method="PATCH", count=None))
    client = api.client(concurrency=4, cause_of=lambda path, writing: "writes" if writing else None)
    results = outcomes(api, client, 100, True)
    assert {one.status for one in results if one} == {403}
    assert all(isinstance(one, RefusedError) and one.hint for one in results)
    assert sum("not sent, after 403 to PATCH" in str(one) for one in results) >= 96
    assert len(api.sim.log) <= 4
    assert client.get(api.url).status == 200, "reads have another cause"


def test_a_403_without_a_cause_is_that_of_one_alert(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=403, method="PATCH"))
    results = outcomes(api, api.client(concurrency=1), 5, True)
    assert [one is None for one in results] == [False, True, True, True, True]


def test_the_first_error_ends_the_reading(api: Api) -> None:
    api.sim.faults.add(Fault("status", status=403, count=None))
    client = api.client(concurrency=4)
    with pytest.raises(RefusedError):
        client.each(client.get, [api.url] * 200)
    assert len(api.sim.log) < 100


def test_an_anonymous_request_takes_no_credentials(api: Api) -> None:
    with pytest.raises(RefusedError):
        api.client().request("GET", api.url, anonymous=True)
    assert "dd-api-key" not in api.sim.log[0].headers


def test_answers_keep_the_order_of_the_items(api: Api) -> None:
    ids = [api.sim.datadog.add_signal().id for dummy in range(30)]
    client = api.client(concurrency=8)
    urls = [f"{api.sim.datadog.url}{SIGNALS}/{one}" for one in ids]
    assert [answer.body["data"]["id"] for answer in client.each(client.get, urls)] == ids
    assert client.each(client.get, []) == []


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_connections_are_kept_and_few(api: Api, concurrency: int) -> None:
    api.sim.latency = 0.005
    client = api.client(concurrency=concurrency)
    client.each(client.get, [api.url] * 60)
    api.sim.latency = 0
    for _turn in range(5):
        client.get(api.url)
    assert len(api.sim.log) == 65
    assert api.sim.log.connections <= concurrency
    assert api.sim.log.peak <= concurrency
