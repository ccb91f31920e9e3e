# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of service accounts that are no good, and secrets of Security Deck that nobody may see."""

from __future__ import annotations

import json
import sys
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, run_module, without_rsa


@pytest.fixture
def deck(sim: Simulator, security_deck: Params, monkeypatch: pytest.MonkeyPatch) -> Params:
    """A task without credentials; the machine that it runs on has a metadata service."""
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host)
    del security_deck["iam_token"]
    return {**security_deck, "alert_id": sim.security_deck.add_alert().id, "status": "RESOLVED", "retries": 0}


@pytest.fixture
def key(sim: Simulator) -> dict[str, str]:
    return sim.security_deck.service_account_key()


def run(deck: Params, **options: t.Any) -> Result:
    return run_module("alert_update", {**deck, **options})


def elliptic(key: dict[str, str]) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()


@pytest.mark.versions
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda key: "/no/such/place/key.json", "The file that service_account_key_file names does not exist"),
        (lambda key: "/", "cannot be read: Is a directory"),
        (lambda key: sys.executable, "cannot be read: it is not text"),
        (lambda key: __file__, "is not JSON"),
        (lambda key: "\ufeff{", "is not JSON"),
        (lambda key: json.dumps(key)[:-20], "is not JSON"),
        (lambda key: "{}", "has no id and no service_account_id and no private_key"),
        (lambda key: [key], "has no id and no service_account_id and no private_key"),
        (lambda key: {**key, "id": ""}, "has no id"),
        (lambda key: {**key, "service_account_id": 7}, "has no service_account_id"),
        (lambda key: {**key, "private_key": None}, "has no private_key"),
        (lambda key: {**key, "private_key": key["private_key"][:700]}, "not an RSA key in PEM"),
        (lambda key: {**key, "private_key": "q7ZwKx3vTn9LrMb2JcH8"}, "not an RSA key in PEM"),
        (lambda key: {**key, "private_key": elliptic(key)}, "not an RSA key in PEM"),
        (lambda key: {**key, "private_key": key["public_key"]}, "not an RSA key in PEM"),
    ],
)
def test_bad_key_is_told_without_what_is_secret_in_it(
    sim: Simulator, deck: Params, key: dict[str, str], spoil: t.Callable[[dict[str, str]], t.Any], says: str
) -> None:
    result = run(deck, service_account_key_file=spoil(key))
    assert result["failed"]
    assert says in result["msg"]
    assert not [line for line in lines(key) if line in json.dumps(result)]
    assert not sim.log


def lines(key: dict[str, str]) -> list[str]:
    """What of the key nobody may see."""
    return [line for line in key["private_key"].splitlines() if "-----" not in line and "PLEASE" not in line]


@pytest.mark.versions
def test_without_pyjwt_it_is_asked_for(deck: Params, key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    assert "PyJWT[crypto]" in run(deck, service_account_key_file=key)["msg"]


@pytest.mark.versions
def test_without_what_pyjwt_needs_it_is_asked_for(deck: Params, key: dict[str, str]) -> None:
    with without_rsa():
        assert "PyJWT[crypto]" in run(deck, service_account_key_file=key)["msg"]


# What is printed


class Echo(Fault):
    """An answer that repeats whatever secret the request had in it."""

    def matches(self, entry: Entry) -> bool:
        given = f"{entry.headers.get('authorization')} {json.dumps(entry.body)}"
        self.body = {"code": 3, "message": given, "details": []}
        return super().matches(entry)


@pytest.mark.versions
@pytest.mark.parametrize("way", ["iam_token", "service_account_key_file", "instance_metadata"])
@pytest.mark.parametrize("place", ["/iam/v1/tokens", "/alerts/", "nowhere"])
def test_no_secret_in_any_output(sim: Simulator, deck: Params, key: dict[str, str], way: str, place: str) -> None:
    given = {"iam_token": sim.credentials.iam_token, "service_account_key_file": key, "instance_metadata": True}
    sim.faults.add(Echo("status", path=place, status=400, count=None))
    result = run(deck, **{way: given[way]})
    bearers = [entry.headers["authorization"][7:] for entry in sim.log if "authorization" in entry.headers]
    encoded = [entry.body["jwt"] for entry in sim.log.select(path="/iam/v1/tokens")]
    assert encoded or bearers
    printed = json.dumps(result)
    # Nor the beginning of one, where words were too long and have been cut.
    assert not [secret for secret in [*lines(key), *bearers, *encoded] if secret[:30] in printed]


@pytest.mark.parametrize("before", [0, 1, 460, 490])
def test_secret_is_not_cut_in_half(sim: Simulator, deck: Params, before: int) -> None:
    """Half of it would not be taken out as the whole is."""
    secret = sim.credentials.iam_token
    body = {"code": 3, "message": f"{'no ' * (before // 3)}{secret} and so on{' and on' * 80}"}
    sim.faults.add(Fault("status", status=400, body=body))
    printed = json.dumps(run(deck, iam_token=secret))
    assert "and on" in printed or "no no" in printed
    assert secret[:20] not in printed


@pytest.mark.parametrize("form", [dict, json.dumps, lambda key: json.dumps(key, indent=2) + "\n"])
@pytest.mark.parametrize("options", [{}, {"status": "Open"}, {"status": "nonsense"}, {"provider": "nobody"}])
@pytest.mark.parametrize("place", ["task", "environment"])
def test_key_is_not_printed_in_whatever_form_it_came(
    deck: Params,
    key: dict[str, str],
    form: t.Callable[[dict[str, str]], t.Any],
    options: Params,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The invocation is part of every result, of those too that fail before the module has a say."""
    if place == "task":
        deck["service_account_key_file"] = form(key)
    else:
        monkeypatch.setenv("YC_SERVICE_ACCOUNT_KEY_FILE", str(form(key)))
    printed = json.dumps(run(deck, **options))
    assert "service_account_key_file" in printed
    assert not [line for line in lines(key) if line in printed]
