# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._core.urls import proxy_url

pytestmark = pytest.mark.versions


def hidden_of(url: str) -> set[str]:
    hidden: set[str] = set()
    proxy_url(url, "proxy", hidden.add)
    return hidden


@pytest.mark.parametrize(
    ("url", "user", "password"),
    [
        ("http://me:Tw9vKx4LqZ@proxy:3128", "me", "Tw9vKx4LqZ"),
        ("me:Tw9vKx4LqZ@proxy:3128", "me", "Tw9vKx4LqZ"),
        (" http://me:Tw9%40Kx%2F4@proxy\n", "me", "Tw9@Kx/4"),
        ("http://me:Tw9@Kx4@proxy", "me", "Tw9@Kx4"),
        ("http://a%40b:Tw9%C3%BC@proxy", "a@b", "Tw9ü"),
    ],
)
def test_a_password_is_hidden_in_all_of_its_forms(url: str, user: str, password: str) -> None:
    """As it stands in the URL, as it is, and as it is sent; and the whole URL."""
    hidden = hidden_of(url)
    pair = base64.b64encode(f"{user}:{password}".encode("latin-1")).decode()
    assert {password, pair} <= hidden
    assert any(url.strip() in one for one in hidden)


def test_a_token_in_place_of_a_user_is_hidden() -> None:
    assert {"Tw9vKx4LqZ", base64.b64encode(b"Tw9vKx4LqZ:").decode()} <= hidden_of("http://Tw9vKx4LqZ:@proxy")


@pytest.mark.parametrize("url", ["proxy:3128", "https://proxy", "http://me@proxy:3128"])
def test_nothing_else_is_hidden(url: str) -> None:
    assert hidden_of(url) == set()


@pytest.mark.parametrize("character", "/?#[")
@pytest.mark.parametrize("before", ["Tw9", "12"])
def test_a_password_that_ends_too_soon_is_refused_unsaid(before: str, character: str) -> None:
    """To go on would mean to take a part of it for a host or a port, and to name it."""
    with pytest.raises(OptionError, match="proxy is not a URL such as") as caught:
        proxy_url(f"http://me:{before}{character}Kx4LqZ@proxy:3128", "proxy", lambda secret: None)
    assert "Kx4LqZ" not in str(caught.value)
    assert f":{before}" not in str(caught.value)
