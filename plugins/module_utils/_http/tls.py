# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The TLS context: which certificates are trusted."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

from .._core.errors import OptionError
from .._core.options import Connection
from .deadline import DeadlineSSLSocket

# transport reports that requests is missing.
with contextlib.suppress(ImportError):
    import urllib3
    from requests.utils import DEFAULT_CA_BUNDLE_PATH


def tls_context(connection: Connection) -> ssl.SSLContext:
    """A context with the CAs of the option, of the environment or of requests, and with the deadline of an exchange.

    Raises `OptionError` if the CA certificates cannot be used.
    """
    if not connection.validate_certs:
        urllib3.disable_warnings()
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.sslsocket_class = DeadlineSSLSocket
        return context
    authorities = connection.authorities or DEFAULT_CA_BUNDLE_PATH
    try:
        if Path(authorities).is_dir():
            context = ssl.create_default_context(capath=authorities)
        else:
            context = ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise OptionError(f"The CA certificates in {authorities} cannot be used: {error}") from None
    # urllib3 before 2 does not pass IP addresses on to OpenSSL, so OpenSSL cannot check them. That urllib3 compares
    # the certificate's names and addresses itself if OpenSSL does not.
    context.check_hostname = not getattr(urllib3, "__version__", "").startswith("1.")
    context.sslsocket_class = DeadlineSSLSocket
    return context
