# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authorities, and certificates that are good or not, as files."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme
from cryptography import x509

HOST = "127.0.0.1"


class Authority:
    """A certificate authority, as a file and as a directory that OpenSSL can look into."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.file))
        self.directory = folder / "authorities"
        self.directory.mkdir()
        (self.directory / f"{_subject_hash(self.file)}.0").write_bytes(self.file.read_bytes())

    def issue(self, name: str, *hosts: str, age: timedelta = timedelta()) -> Path:
        """A certificate and its key, in one PEM file; it is good for a day from ``age`` ago."""
        start = datetime.now(timezone.utc) - timedelta(hours=1) - age
        issued = self._ca.issue_cert(*(hosts or (HOST,)), not_before=start, not_after=start + timedelta(days=1))
        path = self._folder / f"{name}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path


def _subject_hash(certificate: Path) -> str:
    """The name under which OpenSSL looks for an authority: as ``openssl x509 -subject_hash`` says it.

    It is that of the subject's parts in DER, in lower case, each as UTF-8 and without spaces that do not count.
    """
    subject = x509.load_pem_x509_certificate(certificate.read_bytes()).subject
    parts = b""
    for attribute in subject:
        value = " ".join(str(attribute.value).lower().split()).encode()
        oid = x509.Name([attribute]).public_bytes()
        # SEQUENCE, SET, SEQUENCE, then the identifier of the attribute, which the value follows.
        identifier = oid[6 : 6 + 2 + oid[7]]
        inner = identifier + _der(0x0C, value)
        parts += _der(0x31, _der(0x30, inner))
    return f"{int.from_bytes(hashlib.sha1(parts, usedforsecurity=False).digest()[:4], 'little'):08x}"


def _der(tag: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([tag, len(content)]) + content
