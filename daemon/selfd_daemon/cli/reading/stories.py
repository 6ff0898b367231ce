"""stories, trends: what the articles of many feeds come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First
from selfd_daemon.cli.terminal.output import DIM, LINK, WARN, note, paragraph, print_json, say
from selfd_daemon.cli.terminal.text import minute, one_line, plural

_LISTED = 3

Hours: TypeAlias = Annotated[
    int, typer.Option("--hours", metavar="N", min=1, help="Of the last so many hours.")
]


def stories(
    hours: Hours = 48, first: First = 20, data_dir: DataDir = None, json: AsJson = False
) -> None:
    """List events that several articles tell, and where their sources differ."""
    found = Client.find(data_dir).send("stories", hours=hours, first=first)
    if json:
        print_json(found)
        return
    if not found:
        note("no stories: selfd feeds poll asks for news, --hours N looks further back")
    for number, story in enumerate(found):
        told = f"{plural(story['sources'], 'source')}, {plural(len(story['articles']), 'article')}"
        since = minute(story["firstSeenAt"])
        say(*(["\n"] if number else []), (one_line(story["title"], 90), LINK), f"  {told}")
        say((f"  {story['id']}, since {since}", DIM))
        for article in story["articles"]:
            say(f"  {article['feed']['title']}: {one_line(article['title'], 90)}")
        for dispute in story["disputes"]:
            say(("  they differ", WARN))
            paragraph(dispute, indent=4)


def trends(
    hours: Hours = 24, first: First = 10, data_dir: DataDir = None, json: AsJson = False
) -> None:
    """List terms that come up more often than usual, and how often next."""
    found = Client.find(data_dir).send("trends", hours=hours, first=first)
    if json:
        print_json(found)
        return
    if not found:
        note("no trends: one needs three independent sources and more articles than usual")
    for trend in found:
        counted = f"  {plural(trend['count'], 'article')}, {trend['burst']:.1f} times as expected"
        say((trend["term"], LINK), counted)
        say((f"  next {plural(hours, 'hour')}: about {trend['forecast']:.1f}{_tested(trend)}", DIM))
        for article in trend["articles"][:_LISTED]:
            say(f"  {article['feed']['title']}: {one_line(article['title'], 90)}")


def _tested(trend: Mapping[str, Any]) -> str:
    """Say how far such forecasts were off, where there is a past to tell."""
    if trend["forecastError"] is None:
        return ", not tested yet"
    return f", off by {trend['forecastError']:.1f} on average so far"
