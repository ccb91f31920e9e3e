# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer: its body, decompressed within limits and parsed."""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
import typing as t

from .._core.errors import AmbiguousError
from .deadline import LARGEST_BODY

if t.TYPE_CHECKING:
    import requests

#: The most characters of a body that is not JSON, and the most bytes of an error's body that is parsed as JSON.
_LONGEST_TEXT = 20_000

_LARGEST_ERROR = 4 * 2**20

#: The advice for plain HTTP that was sent to a port for TLS.
TAKES_TLS = "The server takes only TLS at this port. Did you mean https:// in the address?"

#: The words of nginx, Apache and Go in a 400 to plain HTTP.
_WANTS_TLS = "(?i)plain HTTP request was sent to HTTPS|speaking plain HTTP to an SSL|HTTP request to an HTTPS"

#: Bytes that are read at a time.
_PIECE = 65536

_REQUEST_ID_HEADERS = ("x-request-id", "x-server-trace-id", "x-opaque-id")


@dataclasses.dataclass(frozen=True)
class Answer:
    """A server's answer. ``body`` is the parsed JSON; of an error, the text if it is not JSON."""

    status: int
    reason: str
    headers: t.Mapping[str, str]
    body: t.Any

    @property
    def wants_tls(self) -> bool:
        """Whether this is the 400 of a server that takes only TLS at this port."""
        return self.status == 400 and isinstance(self.body, str) and re.search(_WANTS_TLS, self.body) is not None

    @property
    def request_id(self) -> str | None:
        """The id under which the service's operators find this request."""
        for name in _REQUEST_ID_HEADERS:
            if self.headers.get(name):
                return self.headers[name]
        if isinstance(self.body, dict):
            if isinstance(self.body.get("requestId"), str):
                return t.cast(str, self.body["requestId"])
            details = self.body.get("details")
            for detail in details if isinstance(details, list) else []:
                if isinstance(detail, dict) and isinstance(detail.get("requestId"), str):
                    return t.cast(str, detail["requestId"])
        return None


def answer_of(method: str, path: str, answer: Answer, content: bytes, scrub: t.Callable[[t.Any], t.Any]) -> Answer:
    """The answer with this body. Raises `AmbiguousError` for a success whose body is empty or not JSON."""
    good = 200 <= answer.status < 300
    try:
        body = _json(content, LARGEST_BODY if good else _LARGEST_ERROR)
    except (ValueError, RecursionError):
        # The first cut may halve a secret, which is not scrubbed then. The second cut removes that half.
        text = content[: 10 * _LONGEST_TEXT].decode("utf-8", "replace")
        body = scrub(text)[:_LONGEST_TEXT]
        if good:
            kind = answer.headers.get("Content-Type", "no content type")
            raise AmbiguousError(
                method,
                path,
                f"{answer.status} with a body that is not JSON ({kind})",
                status=answer.status,
                body=body if body.lstrip().startswith("<") else None,
                request_id=answer.request_id,
                hint="A proxy or a login page may have answered, or the answer was cut short: check the address.",
            ) from None
    if good and not content and answer.status != 204:
        raise AmbiguousError(method, path, f"{answer.status} with an empty body", status=answer.status)
    return dataclasses.replace(answer, body=body if good else scrub(body))


def read_body(response: requests.Response) -> bytes:
    """An answer's body, decompressed. Raises `OSError` if it is too large, or in an encoding that was not asked for."""
    raw = response.raw
    # urllib3 before 2 would accept an answer that was cut short.
    raw.enforce_content_length = True
    # urllib3 must not decompress: before 2.6 it does so without a limit.
    raw.decode_content = False
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise OSError(f"the answer is encoded as {encoding}, which was not asked for")
    source = raw if encoding == "identity" else gzip.GzipFile(fileobj=raw)
    body = bytearray()
    while piece := source.read(_PIECE):
        body += piece
        if len(body) > LARGEST_BODY:
            raise OSError(f"the answer is larger than {LARGEST_BODY // 2**20} MiB")
    return bytes(body)


def _json(content: bytes, largest: int) -> t.Any:
    """The JSON in a body; V(None) if it is empty. Raises `ValueError` if it is not JSON, or too large."""
    if len(content) > largest:
        raise ValueError(f"more than {largest} bytes")
    return json.loads(content) if content else None
