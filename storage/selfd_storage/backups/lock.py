"""The lock of an encrypted backup: AES-256-GCM under a key that scrypt makes of a passphrase.

Each chunk is sealed with its number and whether it is the last, so that chunks can neither be
changed, moved nor left out (the STREAM construction of Hoang et al. 2015).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from selfd_storage.errors import BackupError, PassphraseError

SALT_BYTES = 16
COST = {"n": 1 << 17, "r": 8, "p": 1}  # OWASP's first choice for scrypt: 128 MiB, a blink of work
MOST_MEMORY = 1 << 30  # what a file of strangers may make us take
_CHECK = b"\xff" * 12  # a nonce that no chunk has
_NUMBER_BYTES = 11


@dataclass(frozen=True, slots=True)
class Lock:
    """A key with the salt that it was made with."""

    key: bytes
    salt: bytes

    @classmethod
    def make(cls, passphrase: str) -> Self:
        """Return a lock with a fresh salt."""
        if not passphrase:
            raise PassphraseError("the passphrase is empty: give one, or write the backup without")
        salt = os.urandom(SALT_BYTES)
        return cls(_stretch(passphrase, salt, COST), salt)

    @classmethod
    def open(cls, facts: Mapping[str, Any], passphrase: str | None) -> Self:
        """Return the lock that a header describes.

        Raises:
            PassphraseError: there is no passphrase, or it is another one.
        """
        if not passphrase:
            raise PassphraseError("the backup is encrypted: give its passphrase")
        salt = bytes.fromhex(facts["salt"])
        lock = cls(_stretch(passphrase, salt, facts["scrypt"]), salt)
        if lock._check() != bytes.fromhex(facts["check"]):
            raise PassphraseError("that is not the passphrase this backup was written with")
        return lock

    def facts(self) -> dict[str, Any]:
        """Return what a header must say so that the passphrase opens it again."""
        return {
            "name": "aes-256-gcm",
            "scrypt": COST,
            "salt": self.salt.hex(),
            "check": self._check().hex(),
        }

    def seal(self, number: int, data: bytes, *, last: bool) -> bytes:
        """Encrypt a chunk; a number is used once for a key."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.key).encrypt(_nonce(number, last), data, None)

    def unseal(self, number: int, data: bytes, *, last: bool) -> bytes | None:
        """Decrypt a chunk; None when any of it was changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self.key).decrypt(_nonce(number, last), data, None)
        except InvalidTag:
            return None

    def _check(self) -> bytes:
        """Return what tells a wrong passphrase from a damaged file."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.key).encrypt(_CHECK, b"", self.salt)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big") + bytes([last])


def _stretch(passphrase: str, salt: bytes, cost: Mapping[str, int]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    n, r, p = cost["n"], cost["r"], cost["p"]
    if 128 * n * r * p > MOST_MEMORY:
        raise BackupError("the backup asks for too much memory to be opened: it is none of selfd's")
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode("utf-8"))
