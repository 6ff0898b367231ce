"""robots.txt is read as RFC 9309 has it."""

from __future__ import annotations

import time

import pytest

from selfd_daemon.feeds.fetching.robots import NOTHING_ALLOWED, Robots

SITE = "https://news.example"


def allowed(rules: str, path: str, agent: str = "selfd") -> bool:
    return Robots.parse(rules.encode(), agent).allow(SITE + path)


@pytest.mark.parametrize(
    ("pattern", "path", "blocked"),
    [
        ("/", "/anything", True),
        ("/private", "/private/page", True),
        ("/private", "/privateer", True),
        ("/private/", "/private", False),
        ("/*.pdf", "/a/b.pdf?x=1", True),
        ("/*.pdf$", "/a/b.pdf?x=1", False),
        ("/*.pdf$", "/a/b.pdf", True),
        ("/a*b*c", "/a/x/b/y/c/z", True),
        ("/a*b*c", "/a/x/c/y/b", False),
        ("/exact$", "/exact", True),
        ("/exact$", "/exactly", False),
        ("/x*x$", "/x", False),
        ("/*?print=", "/page?print=1", True),
        ("/z%C3%BCrich", "/zürich", True),
        ("/zürich", "/z%C3%BCrich", True),
    ],
)
def test_patterns_match_from_the_start_with_stars_and_an_end(
    pattern: str, path: str, blocked: bool
) -> None:
    assert allowed(f"User-agent: *\nDisallow: {pattern}", path) is not blocked


def test_the_longest_rule_wins_and_allowing_wins_a_tie() -> None:
    rules = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /t\nDisallow: /t"
    assert not allowed(rules, "/a/x")
    assert allowed(rules, "/a/b/x")
    assert not allowed(rules, "/a/b/c")
    assert allowed(rules, "/t")


def test_our_own_group_counts_and_not_the_one_for_all() -> None:
    rules = "User-agent: *\nDisallow: /\n\nuser-agent: other\nUSER-AGENT: SelfD # us\nDisallow: /x"
    assert allowed(rules, "/page")
    assert not allowed(rules, "/x")
    assert not allowed(rules, "/page", agent="stranger")
    split = "User-agent: selfd\nDisallow: /a\n\nUser-agent: selfd\nDisallow: /b"
    assert not allowed(split, "/a")
    assert not allowed(split, "/b")


@pytest.mark.parametrize(
    "text", ["", "<html>Not found", "Disallow: /", "User-agent: *\nDisallow:", "Sitemap: /x"]
)
def test_what_says_nothing_forbids_nothing(text: str) -> None:
    assert allowed(text, "/page")


def test_while_a_site_has_trouble_nothing_is_allowed() -> None:
    assert not NOTHING_ALLOWED.allow(f"{SITE}/page")


def test_hostile_patterns_cost_no_time() -> None:
    began = time.process_time()
    allowed("User-agent: *\nDisallow: /" + "*a" * 50_000 + "$", "/" + "a" * 4000 + "b")
    assert time.process_time() - began < 1
