# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that repeats a secret in another form gives it away to nobody."""

from __future__ import annotations

import base64
import html
import json
import re
import typing as t
from urllib.parse import quote, quote_plus

import pytest
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.secops.triage.plugins.module_utils._core.secret_forms import Secrets, forms_of
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module, without_environment
from ansible_collections.secops.triage.tests.unit.loopback import Loopback, Reply

SECRETS = [
    "q7Zt3WvK9xLr2MbN8sHd5GcJ4yPf6TnQ",
    "Qz7/vK@3xW:9#tN5r%LmB2jc",
    "Tw9+vKx4==?&<LqZ>m7\"'\\",
    "Ключ-vKx4LqZm7",
    "two words of it",
]
REPEATED: dict[str, t.Callable[[str], str]] = {
    "as it is": str,
    "URL": lambda secret: quote(secret, safe=""),
    "path": quote,
    "form": quote_plus,
    "URL in lower case": lambda secret: re.sub("%..", lambda code: code.group().lower(), quote(secret, safe="")),
    "HTML": html.escape,
    "HTML's text": lambda secret: html.escape(secret, quote=False),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON in characters": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON of PHP": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
}


def shown(text: str, secret: str) -> str:
    """What is left of a text once the forms are taken out, the longest first, as Ansible does."""
    for form in sorted(forms_of(secret), key=len, reverse=True):
        text = text.replace(form, "*")
    return text


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("how", REPEATED)
def test_forms(secret: str, how: str) -> None:
    left = shown(f"before {REPEATED[how](secret)} after", secret)
    # Of base64, the last character may tell four bits.
    assert len(left) <= len("before * after") + 1
    assert left.startswith("before *")
    assert left.endswith(" after")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "Bearer "])
@pytest.mark.parametrize("after", ["", "\n", ":pass"])
def test_base64_of_a_text_with_a_secret_in_it(secret: str, before: str, after: str) -> None:
    text = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    left = shown(text, secret)
    assert "*" in left
    # What remains is of what stands before and after, but for a character at each end.
    assert len(left) <= len(base64.b64encode((before + after).encode())) + 6


def test_nothing_is_made_of_short_secrets_and_of_none() -> None:
    assert forms_of("") == set()
    assert forms_of("abc/def") == {"abc/def"}
    assert len(forms_of(SECRETS[0])) < 12, "each costs a look at every text of a result"


def test_half_of_a_surrogate_pair_is_hidden_too() -> None:
    assert "Tw9vKx4LqZ\ud800" in forms_of("Tw9vKx4LqZ\ud800")


@pytest.mark.parametrize("secret", ["q7Zt3WvK9xLr2MbN8sHd5GcJ4yPf6TnQ", "Qz7/vK@3xW:9#tN5r%LmB2jc"])
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("how", REPEATED)
def test_a_server_that_repeats_a_key(monkeypatch: pytest.MonkeyPatch, secret: str, status: int, how: str) -> None:
    without_environment(monkeypatch)
    said = REPEATED[how](secret)
    options: Params = {"provider": "calseta", "api_key": secret, "status": "Triaging", "retries": 0}
    with Loopback() as server:
        for body in (json.dumps({"error": {"message": f"bad key {said}"}}), f"bad key {said}"):
            server.reply = Reply(status, {"X-Request-Id": said}, body.encode())
            task = {**options, "api_url": server.url, "alert_ids": ["6f1d8f7c-3c52-4a4e-9f0c-2d7f4f7f5b11"]}
            result = run_module("alert_update", task)
            assert result["failed"]
            assert said[:-1] not in json.dumps(result, ensure_ascii=False)


def test_a_secret_of_which_others_are_parts_is_hidden_whole() -> None:
    """In whatever order a set has its texts, which differs from process to process."""
    key = SECRETS[0]
    parts = {key[start:end] for start in range(len(key)) for end in range(start + 8, len(key) + 1)}
    secrets = Secrets(parts)
    assert remove_values(f"job {key} of the night", secrets) == "job ******** of the night"
    secrets.update(forms_of(f"{key}{key}"))
    assert next(iter(secrets)) in forms_of(f"{key}{key}")
    assert [len(one) for one in secrets] == sorted((len(one) for one in secrets), reverse=True)
