# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `CONNECTION_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  allow_http:
    description:
      - Whether O(api_url) may be plain HTTP, which sends the credentials unencrypted.
      - Addresses of the same machine may always be plain HTTP.
    type: bool
    default: false
  validate_certs:
    description: Whether to check the server's certificate. V(false) is for tests only.
    type: bool
    default: true
  ca_path:
    description:
      - A file, or a directory, with the CA certificates to trust instead of the usual ones.
      - If not set, the environment variables E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE) and E(SSL_CERT_FILE) are used.
    type: path
  timeout:
    description:
      - How long an exchange may take, in seconds, from connecting to the end of the answer.
    type: float
    default: 30
  retries:
    description:
      - How often a request is sent again after a time-out, a broken connection, a 5xx, or a 429.
      - After a 429 or a 503 all requests of the task wait as long as the server says, at most 300 seconds.
      - A write is sent again only after a read that does not show it. A write that adds something, such as a link or a
        note, is sent again only if it clearly had no effect.
    type: int
    default: 4
  proxy:
    description:
      - The URL of a proxy.
      - If not set, the environment variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) are used, as usual in upper
        or lower case. Requests to the same machine bypass them.
      - Plain HTTP goes through a proxy only if O(allow_http=true).
    type: str
  concurrency:
    description: The maximum number of requests at the same time, from V(1) to V(64).
    type: int
    default: 8
"""
