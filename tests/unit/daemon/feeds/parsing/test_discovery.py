"""A page names its feeds in its head; links that only look like feeds come after those."""

from __future__ import annotations

import pytest

from selfd_daemon.feeds.parsing.discovery import find_feeds, looks_like_page

URL = "https://blog.example/about/"


def found(page: str) -> list[str]:
    return list(find_feeds(page.encode(), URL))


def test_feeds_of_the_head_come_first_and_comments_last() -> None:
    page = """<html><head>
        <link rel="alternate" type="application/rss+xml" title="Comments" href="/c.xml">
        <link rel='ALTERNATE home' type='application/atom+xml; charset=utf-8' href='../posts.atom'>
        <link rel="stylesheet" type="text/css" href="/feed.css">
        <link rel="alternate" hreflang="de" href="/de/">
        <link rel="alternate" type="application/feed+json" href="//cdn.example/feed.json">
        </head><body><a href="/feed/">Feed</a><a href="/shop">Shop</a></body></html>"""
    assert found(page) == [
        "https://blog.example/posts.atom",
        "https://cdn.example/feed.json",
        "https://blog.example/feed/",
        "https://blog.example/c.xml",
    ]


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/feed", "https://blog.example/feed"),
        ("/rss.xml", "https://blog.example/rss.xml"),
        ("index.xml?x=1", "https://blog.example/about/index.xml?x=1"),
        ("/feed.json", "https://blog.example/feed.json"),
    ],
)
def test_links_that_look_like_feeds_are_found(link: str, address: str) -> None:
    assert found(f'<html><body><a href="{link}">x</a>') == [address]


def test_the_base_of_the_page_counts_and_unsafe_links_do_not() -> None:
    page = """<base href="https://other.example/x/"><link rel=feed href="feed.xml">
        <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">"""
    assert found(page) == ["https://other.example/x/feed.xml"]


def test_a_page_without_feeds_has_none() -> None:
    assert found("<html><head><title>Hi</title></head><body><a href=/about>x</a>") == []
    assert found("") == []


@pytest.mark.parametrize(
    ("body", "media_type", "page"),
    [
        (b"<!DOCTYPE html><html>", "", True),
        (b"\xef\xbb\xbf \n<!-- x --><!doctype HTML>", "", True),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', "", True),
        (b"<div>Hi", "text/html", True),
        (b'<rss version="2.0">', "text/html", False),
        (b"<!DOCTYPE html><rss>", "", False),
        (b"<feed>", "", False),
    ],
)
def test_a_feed_that_is_served_as_a_page_is_still_a_feed(
    body: bytes, media_type: str, page: bool
) -> None:
    assert looks_like_page(body, media_type) is page
