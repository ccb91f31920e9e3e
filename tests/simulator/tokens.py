# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud's ways to an IAM token: a service account's signed JWT, and a virtual machine's metadata."""

from __future__ import annotations

import functools
import random
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .seeds import cloud_id

AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens"
LONGEST = 3600


@functools.cache
def _key_pair() -> tuple[str, str]:
    """Private and public key in PEM; made once per process, for that takes a while."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    hidden = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    shown = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hidden.decode(), shown.decode()


class TokenError(Exception):
    """A JWT that is not accepted, with the reason."""


class TokenIssuer:
    """Issues tokens and knows which are good."""

    def __init__(self, standing: tuple[str, ...], chance: random.Random) -> None:
        self._chance = chance
        self._key_id, self._account_id = cloud_id(chance, "aje"), cloud_id(chance, "aje")
        # The moment each token expires; those of the credentials never do.
        self.tokens: dict[str, float] = {token: float("inf") for token in standing}

    def key_file(self) -> dict[str, str]:
        """An authorized key as the cloud's tools write it, private key first marked as theirs."""
        private, public = _key_pair()
        mark = f"PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <{self._key_id}>\n"
        return {
            "id": self._key_id,
            "service_account_id": self._account_id,
            "created_at": "2026-01-02T03:04:05.000000000Z",
            "key_algorithm": "RSA_2048",
            "public_key": public,
            "private_key": mark + private,
        }

    def issue(self, seconds: float) -> str:
        """A new token."""
        token = "t1." + "".join(self._chance.choice("BcDfGhJkLmNpQrStVwXz23456789") for _position in range(60))
        self.tokens[token] = time.time() + seconds
        return token

    def exchange(self, encoded: Any) -> None:
        """Verify a JWT as the service does; raises :class:`TokenError`."""
        try:
            header = jwt.get_unverified_header(encoded)
            if header.get("kid") != self._key_id:
                raise TokenError("the key of the JWT was not found")
            claims: dict[str, Any] = jwt.decode(
                encoded,
                _key_pair()[1],
                algorithms=["PS256"],
                audience=AUDIENCE,
                issuer=self._account_id,
                options={"require": ["iss", "aud", "iat", "exp"]},
                leeway=5,
            )
        except jwt.PyJWTError as error:
            raise TokenError(f"JWT is not valid: {error}") from error
        if claims["exp"] - claims["iat"] > LONGEST:
            raise TokenError("JWT lives longer than an hour")

    def check(self, token: str, revoked: list[str]) -> str | None:
        """Why a token is not good, ``None`` if it is."""
        expires = self.tokens.get(token)
        if expires is None or token in revoked:
            return "The token is invalid"
        return "The token has expired" if time.time() >= expires else None

    def expire(self) -> None:
        """End the lives of all issued tokens now."""
        for token, expires in self.tokens.items():
            if expires != float("inf"):
                self.tokens[token] = 0.0
