"""Signing in a browser: a link that works once, then a cookie that scripts cannot read.

The cookie is `expiry.nonce.seal`, sealed with the token: no table of sessions is kept, it outlives
a restart, and a new token ends every session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

COOKIE = "selfd_session"
CODE_SECONDS = 600.0
SESSION_SECONDS = 30 * 86_400
MOST_CODES = 16  # that may wait to be used; the oldest goes first

Clock = Callable[[], float]


class Sessions:
    """Hands out one-time codes and judges cookies. `now` in seconds since the epoch."""

    def __init__(self, token: str, *, now: Clock) -> None:
        self._key = hashlib.sha256(b"selfd session\0" + token.encode()).digest()
        self._now = now
        self._codes: dict[str, float] = {}

    def new_code(self) -> str:
        """Return a code that signs in one browser within ten minutes."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = self._now() + CODE_SECONDS
        while len(self._codes) > MOST_CODES:
            self._codes.pop(next(iter(self._codes)))
        return code

    def redeem(self, code: str) -> str | None:
        """Return a cookie's value for an unused code, None for any other."""
        expiry = self._codes.pop(code, 0.0)
        return self._sealed(self._now() + SESSION_SECONDS) if expiry > self._now() else None

    def admits(self, cookie: str) -> bool:
        """Say whether a cookie is ours and not too old."""
        stem, _, seal = cookie.rpartition(".")
        expiry = stem.partition(".")[0]
        return (
            hmac.compare_digest(seal.encode(), self._seal(stem).encode())
            and int(expiry) > self._now()
        )

    def _sealed(self, expiry: float) -> str:
        stem = f"{int(expiry)}.{secrets.token_urlsafe(12)}"
        return f"{stem}.{self._seal(stem)}"

    def _seal(self, stem: str) -> str:
        return hmac.new(self._key, stem.encode(), hashlib.sha256).hexdigest()
