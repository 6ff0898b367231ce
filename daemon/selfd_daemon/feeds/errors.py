"""FeedError                     a ServiceError, so that its code and message reach the client
├── AddressError              the URL cannot be fetched at all (scheme, credentials, port)
├── AddressRefusedError       the host is at a private address that the owner has not allowed
├── OfflineError              selfd was told to open no connections
├── UnreachableError          no address, refused, time-out, broken TLS, a reply cut short
│   └── NetworkDownError      the fault is near us: there is no network at all
├── StatusError               the server answered with a status other than success
│   └── GoneError             410: removed for good
├── TooLargeError             the reply is larger than feeds.max_body_bytes
├── NotAFeedError             what came back is no feed
├── RobotsError               the site's robots.txt keeps the page from being read
├── NoArticleError            there is no article on the page, or no page
├── ParserError               reading it took too long, too much memory, or broke the parser
└── OpmlError                 the list of subscriptions cannot be read
"""

from __future__ import annotations

from typing import ClassVar

from selfd_graphql.errors import ServiceError


class FeedError(ServiceError):
    """Base of what following feeds can fail with; the message is shown beside the feed."""

    CODE: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(self.CODE, message)


class AddressError(FeedError):
    """The URL cannot be fetched at all."""

    CODE = "INVALID_INPUT"


class AddressRefusedError(FeedError):
    """The host is at a private address; the message names the setting that allows it."""

    CODE = "PRIVATE_ADDRESS"


class OfflineError(FeedError):
    """selfd was told to open no connections."""

    CODE = "OFFLINE"


class UnreachableError(FeedError):
    """Nothing usable came back; trying again later may help."""

    CODE = "UNREACHABLE"


class NetworkDownError(UnreachableError):
    """There is no network, or nobody who knows addresses; the server is not to blame."""


class StatusError(FeedError):
    """The server refused; `retry_after` is its header of that name, as sent."""

    CODE = "HTTP_STATUS"

    def __init__(self, message: str, *, status: int, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class GoneError(StatusError):
    """The server says that the feed was removed for good."""

    CODE = "GONE"


class TooLargeError(FeedError):
    """The reply is larger than is read."""

    CODE = "TOO_LARGE"


class NotAFeedError(FeedError):
    """What came back is no feed."""

    CODE = "NOT_A_FEED"


class RobotsError(FeedError):
    """The site does not want the page to be read by a machine, or cannot say."""

    CODE = "ROBOTS_REFUSED"


class NoArticleError(FeedError):
    """There is no article on the page, or no page."""

    CODE = "NO_ARTICLE"


class ParserError(FeedError):
    """Reading it took too long or too much memory, or broke the parser."""

    CODE = "PARSER_FAILED"


class OpmlError(FeedError):
    """The list of subscriptions cannot be read."""

    CODE = "INVALID_INPUT"
