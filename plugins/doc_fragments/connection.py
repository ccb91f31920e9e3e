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
      - Whether O(api_url) may be plain HTTP, which shows the credentials to everybody on the way.
      - For an address of the same machine it always may.
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
    description: How long to wait for an answer, in seconds.
    type: float
    default: 30
  retries:
    description:
      - How often a request is sent again after a time-out, a broken connection, a 5xx, or a 429.
      - After a 429 all requests of the task wait as long as the server says, at most 300 seconds.
      - A write is sent again only after a read that does not show it; one that adds something, such as a link or a note,
        only if it was clearly not done.
    type: int
    default: 4
  proxy:
    description:
      - The URL of a proxy.
      - If not set, the environment variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) are used, as usual in upper
        or lower case.
    type: str
  concurrency:
    description: How many requests may be under way at the same time, from V(1) to V(64).
    type: int
    default: 8
"""
