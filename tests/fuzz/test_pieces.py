# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small pieces that look first at what others have written, each alone, and so with many more examples."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.plugins.module_utils._core.backoff import LONGEST_WAIT, retry_after
from ansible_collections.secops.triage.plugins.module_utils._core.error_text import words
from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._core.options import checked_ids
from ansible_collections.secops.triage.plugins.module_utils._core.urls import base_url, segment
from ansible_collections.secops.triage.plugins.module_utils._datadog.endpoint import site
from ansible_collections.secops.triage.plugins.module_utils._kibana.kql import query_dsl
from ansible_collections.secops.triage.tests.simulator.query_dsl import compile_query

from .spoiled import headers
from .tasks import addresses
from .values import deep, json_values, texts

#: Pieces of KQL, whole words and single characters.
_kql = st.lists(
    st.sampled_from(
        [
            *(" and ", " or ", "not ", "(", ")", "{", "}", ":", "*", '"', "<", ">=", "\\", "\\u", "d83e", "\\n", " "),
            *("host.name", "null", "true", "a", "now-1d", "\u00a0", "AND", "-", "[1 TO 2]", "message", "ä🦊"),
        ]
    )
    | texts,
    max_size=30,
).map("".join)

_digits = st.text("0123456789+-.eE _:,/nafiNTGM", max_size=20)


@given(
    given_headers=headers
    | st.fixed_dictionaries({}, optional=dict.fromkeys(("Retry-After", "X-RateLimit-Reset"), _digits | texts)),
    limited=st.booleans(),
)
def test_nobody_waits_longer_than_the_longest_wait(given_headers: dict[str, str], limited: bool) -> None:
    assert 0 <= retry_after(given_headers, limited=limited) <= LONGEST_WAIT


@given(body=json_values | deep(900) | texts)
def test_words_are_short_and_cannot_paint(body: object) -> None:
    said = words(body)
    assert len(said) <= 500
    assert not any(unicodedata.category(one) in ("Cc", "Cs") for one in said)


@given(value=addresses | texts, allow_http=st.booleans())
def test_an_address_is_one_that_paths_can_be_appended_to(value: str, allow_http: bool) -> None:
    with contextlib.suppress(OptionError):
        url = base_url(value, allow_http=allow_http)
        base, whole = urlsplit(url), urlsplit(f"{url}/v1/alerts/x")
        assert whole.path == f"{base.path}/v1/alerts/x"
        assert (whole.query, whole.fragment, whole.username, whole.password) == ("", "", None, None)
        assert whole.hostname
        assert whole.scheme == "https" or allow_http or whole.hostname in ("localhost", "::1") or "127." in whole.netloc


@given(value=addresses | texts | st.text("abcAPI.-:/@", max_size=20))
def test_a_site_is_where_the_keys_go(value: str) -> None:
    with contextlib.suppress(OptionError):
        assert urlsplit(f"https://api.{site(value)}").netloc == f"api.{site(value)}"


@given(text=_kql)
def test_a_text_in_kql_is_a_query_or_an_error_with_its_place(text: str) -> None:
    try:
        query = query_dsl(text)
    except OptionError as error:
        refusal = error.message
    else:
        refusal = ""
    if refusal:
        assert refusal.startswith(("kql cannot be read at ", "kql has a character in it"))
        return
    # Elasticsearch takes it, and the same text in parentheses is the same query.
    compile_query(query, 0)
    json.dumps(query).encode()
    if text.strip(" \t\r\n\u00a0"):
        assert query_dsl(f"({text})") == query
        assert query_dsl(f"not ({text})") == {"bool": {"must_not": [query]}}


@given(text=texts | st.text('abc\\\\"\\*: (){}<>n', max_size=20))
def test_a_value_in_quotation_marks_is_found_as_it_is(text: str) -> None:
    quoted = re.sub(r'["\\]', r"\\\g<0>", text)
    with contextlib.suppress(OptionError):
        (found,) = query_dsl(f'a:"{quoted}"')["bool"]["should"]
        assert found == {"match_phrase": {"a": text}}


@given(values=st.lists(texts | st.text("abc._-/%", max_size=5), max_size=4))
def test_an_id_is_one_segment(values: list[str]) -> None:
    with contextlib.suppress(OptionError):
        for one in checked_ids("ids", values, r"[A-Za-z0-9_=-]{1,256}", "thing"):
            path = urlsplit(f"https://example.com/a/{segment(one)}/b").path
            assert path.count("/") == 3
            assert unquote(path).split("/")[2] == one
            assert one not in ("", ".", "..")
