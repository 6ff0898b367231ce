"""A publisher is known by its site, whatever the host, the section or the feed's address."""

from __future__ import annotations

import pytest

from selfd_daemon.knowledge.publishers import publisher, site


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.bbc.co.uk/news/1", "bbc.co.uk"),
        ("http://feeds.bbc.co.uk/rss", "bbc.co.uk"),
        ("https://edition.cnn.com/x", "cnn.com"),
        ("https://ann.github.io/", "ann.github.io"),
        ("https://smh.com.au", "smh.com.au"),
        ("http://127.0.0.1:8000/feed", None),
        ("http://[::1]/feed", None),
        ("http://localhost/feed", None),
        ("not a url", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_a_site_is_what_its_owner_registered(url: str, name: str | None) -> None:
    assert site(url) == name


def test_two_feeds_of_one_publisher_are_one_source() -> None:
    news = publisher("https://www.bbc.co.uk/1", "https://feeds.bbc.co.uk/news", "feed:1")
    sport = publisher("https://bbc.co.uk/2", "https://feeds.bbc.co.uk/sport", "feed:2")
    assert news == sport


def test_a_feed_that_gathers_from_others_brings_several_sources() -> None:
    one = publisher("https://a.org/1", "https://gather.net/feed", "feed:1")
    other = publisher("https://b.org/1", "https://gather.net/feed", "feed:1")
    assert one != other


def test_feeds_without_a_name_are_sources_of_their_own() -> None:
    one = publisher("https://a.org/1", "http://192.168.1.2/feed", "feed:1")
    assert one == "feed:1" != publisher("https://a.org/1", "http://192.168.1.2/other", "feed:2")
