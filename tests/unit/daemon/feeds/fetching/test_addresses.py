"""Only public addresses are fetched, and hosts that the owner allowed by name."""

from __future__ import annotations

import httpx2
import pytest

from selfd_daemon.feeds.errors import AddressError
from selfd_daemon.feeds.fetching.addresses import (
    AllowedHosts,
    checked_url,
    host_of,
    is_public,
    port_of,
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1",
        "fd12:3456:789a::1", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_internet_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34", "172.15.0.1", "172.32.0.1", "11.0.0.1", "100.63.255.255", "100.128.0.1",
        "192.167.255.255", "169.253.255.255", "128.0.0.1", "2606:2800:220:1::1",
        "::ffff:93.184.216.34",
    ],
)  # fmt: skip
def test_an_address_beside_the_private_ranges_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "must start with https"),
        ("not a url", "must start with https"),
        ("ftp://example.com/feed", "must start with https"),
        ("javascript:alert(1)", "must start with https"),
        ("file:///etc/passwd", "must start with https"),
        ("//127.0.0.1/", "must start with https"),
        ("http://", "names no host"),
        ("http:///127.0.0.1/", "names no host"),
        ("http://:80/", "names no host"),
        ("http://exa mple.com/", "names no host"),
        ("http://user:secret@example.com/", "leave it out"),
        ("http://example.com@127.0.0.1/", "leave it out"),
        ("http://example.com:99999/", "ports go from 1 to 65535"),
        ("http://example.com:0/", "ports go from 1 to 65535"),
        ("http://example.com:-1/", "ports go from 1 to 65535"),
        ("http://999.1.1.1/", "is not a URL"),
        ("http://127.0.0.1\t/", "is not a URL"),
        ("http://①②⑦.⓪.⓪.①/", "is not a URL"),
        ("https://example.com/" + "a" * 5000, "at most 4096"),
    ],
)
def test_a_url_that_no_feed_can_be_at_is_refused_with_the_reason(url: str, complaint: str) -> None:
    with pytest.raises(AddressError, match=complaint) as caught:
        checked_url(url)
    assert caught.value.code == "INVALID_INPUT"


def test_a_password_in_a_url_is_not_repeated_in_the_message() -> None:
    with pytest.raises(AddressError) as caught:
        checked_url("https://me:hunter2@example.com/feed")
    assert "hunter2" not in str(caught.value)


def test_a_url_is_kept_but_for_its_fragment() -> None:
    url = checked_url(" https://Bücher.example.com/feed?a=1#top ")
    assert str(url) == "https://xn--bcher-kva.example.com/feed?a=1"
    assert host_of(url) == "xn--bcher-kva.example.com"
    assert port_of(url) == 443


def test_an_allowed_host_covers_every_port_and_a_host_with_port_only_that_one() -> None:
    allowed = AllowedHosts(["NAS.local", "127.0.0.1:8000", "[::1]:80", "fd00::7", "bücher.lan"])
    assert allowed.permit("nas.local.", 1234)
    assert allowed.permit("127.0.0.1", 8000)
    assert not allowed.permit("127.0.0.1", 8001)
    assert allowed.permit("::1", 80)
    assert not allowed.permit("::1", 443)
    assert allowed.permit("fd00::7", 443)
    assert allowed.permit("xn--bcher-kva.lan", 443)
    assert not allowed.permit("sub.nas.local", 80)


@pytest.mark.parametrize("entry", ["", "http://", "a b", "nas.local/path", "me@nas.local"])
def test_an_entry_that_is_no_host_is_refused_with_its_text(entry: str) -> None:
    with pytest.raises(AddressError, match=r"feeds\.allow_private has"):
        AllowedHosts([entry])


def test_the_port_of_an_allowed_host_may_be_the_schemes_own() -> None:
    assert not AllowedHosts(["nas.local:80"]).permit("nas.local", 443)
    assert port_of(httpx2.URL("http://nas.local/")) == 80
