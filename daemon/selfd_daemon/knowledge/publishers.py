"""Who stands behind an article, so that one voice is not counted twice."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

# Hosts under which strangers publish: there, the whole name tells who it is.
_SHARED = {"blogspot.com", "github.io", "gitlab.io", "medium.com", "netlify.app", "pages.dev"}
_SHARED |= {"substack.com", "tumblr.com", "vercel.app", "wordpress.com"}
_SECOND_LEVEL = {"ac", "co", "com", "edu", "gov", "net", "org"}


def publisher(article_url: str | None, feed_url: str, feed_id: str) -> str:
    """Name who publishes an article: the site that it links to, by way of the feed's site.

    A feed without a name of its own, such as one at an address in the local network, is its own.
    """
    by_way_of = site(feed_url)
    if by_way_of is None:
        return feed_id
    return f"{site(article_url or '') or by_way_of} {by_way_of}"


def site(url: str) -> str | None:
    """Return the part of a host name that its owner registered; None where there is no name."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # a bracket that is no address
        return None
    labels = host.split(".")
    if len(labels) < 2 or _is_address(host):
        return None
    two = ".".join(labels[-2:])
    if two in _SHARED or (labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2):
        return ".".join(labels[-3:])
    return two


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
