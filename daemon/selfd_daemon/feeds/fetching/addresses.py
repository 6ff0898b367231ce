"""Which addresses may be fetched: public ones, and those of hosts that the owner allowed by name.

Addresses are checked and never names: resolvers take `2130706433`, `0x7f.1` and `127.1` as well.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

import httpx2

from selfd_daemon.feeds.errors import AddressError

PUBLIC_PORTS = frozenset({80, 443, 8080, 8443})
MAX_URL_LENGTH = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_HOST_AND_PORT = re.compile(r"[^/:@\s]+:\d{1,5}(?:/|$)")

# `is_global` says yes to these, and each of them can lead to a private IPv4 address.
_TUNNELS = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
)


def is_public(address: str) -> bool:
    """Say whether an address literal belongs to the open internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class AllowedHosts:
    """The hosts of `feeds.allow_private`: `nas.local` for every port, `nas.local:8000` for one."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._any_port: set[str] = set()
        self._one_port: set[tuple[str, int]] = set()
        for entry in entries:
            url = _entry_url(entry)
            # `host:80` names the port that a URL leaves out, so the text decides.
            if url.port is None and not entry.rstrip().endswith(":80"):
                self._any_port.add(host_of(url))
            else:
                self._one_port.add((host_of(url), url.port or 80))

    def permit(self, host: str, port: int) -> bool:
        """Say whether the owner allows this host at this port, wherever its address is."""
        host = _plain(host)
        return host in self._any_port or (host, port) in self._one_port


def with_scheme(text: str) -> str:
    """Complete what people type: `example.org/feed` and `feed:` links are web addresses."""
    text = text.strip()
    if text.lower().startswith("feed:"):
        text = text[5:].removeprefix("//")
    if (
        text
        and not text.startswith("/")
        and (_HOST_AND_PORT.match(text) or ("." in text and not _SCHEME.match(text)))
    ):
        return f"https://{text}"
    return text


def checked_url(text: str) -> httpx2.URL:
    """Return the URL that `text` is, if a feed can be at it.

    Raises:
        AddressError: not http or https, no host, credentials in it, or a port out of range.
    """
    text = text.strip()
    if len(text) > MAX_URL_LENGTH:
        raise AddressError(f"the URL has {len(text)} characters, at most {MAX_URL_LENGTH} are read")
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        reason = str(error).rstrip(".")
        raise AddressError(f"{text!r} is not a URL: {reason[:1].lower()}{reason[1:]}") from error
    if url.scheme not in _DEFAULT_PORTS:
        raise AddressError(f"{text!r} is not a web address: it must start with https:// or http://")
    if not url.host or "%" in url.host.partition("%25")[0]:
        raise AddressError(f"{text!r} names no host: write it like https://example.org/feed")
    if url.userinfo:
        raise AddressError(
            f"the URL of {url.host!r} holds a name or password, which is not sent: leave it out"
        )
    if not 0 < port_of(url) < 65536:
        raise AddressError(f"{text!r} has port {url.port}, ports go from 1 to 65535")
    return url.copy_with(fragment=None)


def host_of(url: httpx2.URL) -> str:
    """Return the host as it is resolved: ASCII, lower case, no final dot."""
    return _plain(url.raw_host.decode("ascii"))


def port_of(url: httpx2.URL) -> int:
    """Return the port, the scheme's own when none is written."""
    return _DEFAULT_PORTS.get(url.scheme, 0) if url.port is None else url.port


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _entry_url(entry: str) -> httpx2.URL:
    host = entry.strip().removeprefix("http://").removeprefix("https://").rstrip("/")
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"  # a bare IPv6 address
    try:
        url = httpx2.URL(f"http://{host}/")
    except httpx2.InvalidURL as error:
        raise AddressError(f"feeds.allow_private has {entry!r}, which is no host") from error
    named = url.host and "%" not in url.host
    if not named or url.userinfo or url.path != "/" or url.query:
        raise AddressError(
            f"feeds.allow_private has {entry!r}: write a host, or host:port, such as nas.local:8000"
        )
    return url
