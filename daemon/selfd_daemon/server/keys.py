"""What each token opens: the owner's everything, the menu bar's the documents that it ships."""

from __future__ import annotations

from dataclasses import dataclass

from selfd_daemon.clients.menubar.documents import digest, digests
from selfd_daemon.server.token import Authenticate, bearer_of

API = "/graphql"


@dataclass(frozen=True, slots=True)
class Keys:
    """The tokens' checks; a narrow one is for the API alone and for a few documents there."""

    owner: Authenticate
    narrow: Authenticate
    documents: frozenset[bytes]

    @classmethod
    def of(cls, *, token: str, menubar_token: str) -> Keys:
        """Return the keys of a daemon with these tokens."""
        return cls(bearer_of(token), bearer_of(menubar_token), digests())

    def known(self, shown: str | None) -> bool:
        """Say whether an Authorization header holds one of our tokens."""
        return self.owner(shown) or self.narrow(shown)

    def opens(self, shown: str | None, path: str) -> bool:
        """Say whether a known token is also for this path."""
        return path == API or self.owner(shown)

    def permits(self, shown: str | None, document: str) -> bool:
        """Say whether who showed this may have the document run."""
        return self.owner(shown) or (self.narrow(shown) and digest(document) in self.documents)
