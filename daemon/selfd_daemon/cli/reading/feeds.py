"""feeds: add, list, remove, poll, import, export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.input import read_text, reason
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, LINK, WARN, note, print_json, say
from selfd_daemon.cli.terminal.progress import finish
from selfd_daemon.cli.terminal.text import minute, one_line, plural

app = typer.Typer(name="feeds", invoke_without_command=True)


@app.callback()
def feeds(context: typer.Context, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Follow web feeds: add, list, remove, poll, import, export."""
    if not context.invoked_subcommand:
        list_feeds(data_dir, json)


@app.command("add")
def add(
    urls: Annotated[
        list[str], typer.Argument(metavar="URL", help="A feed, or a page that names one.")
    ],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Follow feeds."""
    client = Client.find(data_dir)
    added = [client.send("add_feed", url=url) for url in urls]
    if json:
        print_json(added)
        return
    for feed in added:
        title = one_line(feed["title"] or feed["url"], 80)
        say((feed["id"], LINK), f"  {title}  {plural(feed['articleCount'], 'article')}")


@app.command("list")
def list_feeds(data_dir: DataDir = None, json: AsJson = False) -> None:
    """List the feeds that are followed."""
    followed = Client.find(data_dir).send("feeds")
    if json:
        print_json(followed)
        return
    if not followed:
        note("no feeds yet: selfd feeds add URL follows one")
    for feed in followed:
        title = one_line(feed["title"] or feed["url"], 60)
        say((feed["id"], LINK), f"  {title}  {_health(feed)}")
        say(("  " + feed["url"], DIM))
        if feed["error"]:
            again = "" if feed["gone"] else f" ({_tries(feed)})"
            say(("  " + one_line(feed["error"]) + again, WARN))


@app.command("remove")
def remove(
    names: Annotated[list[str], typer.Argument(metavar="FEED", help="Their ids or addresses.")],
    data_dir: DataDir = None,
) -> None:
    """Stop following feeds, and drop their articles."""
    client = Client.find(data_dir)
    for feed in _known(client, names):
        client.send("remove_feed", id=feed["id"])
        say((feed["id"], LINK), f"  no longer followed: {feed['url']}")


@app.command("poll")
def poll(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FEED",
            help="Their ids or addresses; nothing means all.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Ask the feeds for news now."""
    client = Client.find(data_dir)
    ids = [feed["id"] for feed in _known(client, names)] if names else None
    job = finish(client, client.send("poll_feeds", ids=ids), title="polling feeds")
    if json:
        print_json(job)
        return
    say(_summary(job["metrics"]))
    failing = [
        feed for feed in client.send("feeds") if feed["error"] and (not ids or feed["id"] in ids)
    ]
    for feed in failing:
        note(("  failed ", WARN), f"{feed['url']}: {one_line(feed['error'])}")
    if failing:
        raise CommandError(
            f"{plural(len(failing), 'feed')} failed: they are tried again later, "
            "selfd feeds remove ID drops one"
        )


@app.command("import")
def import_opml(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An OPML file, or - for stdin.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Follow every feed of an OPML file."""
    added = Client.find(data_dir).send("import_opml", opml=read_text(file))
    if json:
        print_json(added)
        return
    say(f"{plural(len(added), 'feed')} followed")
    if added:
        note(("selfd feeds poll asks them for news now", DIM))


@app.command("export")
def export_opml(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="The OPML file to write; nothing prints it.", show_default=False
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the feeds that are followed as OPML, for another reader."""
    from selfd_daemon.feeds.parsing.opml import Subscription, write_opml

    followed = Client.find(data_dir).send("feeds")
    subscriptions = [Subscription(url=feed["url"], title=feed["title"]) for feed in followed]
    opml = write_opml(subscriptions, datetime.now(UTC))
    if file is None:
        print(opml, end="")
        return
    try:
        file.expanduser().write_text(opml, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {str(file)!r}: {reason(error)}") from error
    note(f"written to {file}")


def _health(feed: Mapping[str, Any]) -> str:
    """Say what a feed has brought, when it was asked and when it is asked again."""
    counted = plural(feed["articleCount"], "article")
    if feed["unreadCount"]:
        counted += f" ({feed['unreadCount']:,} unread)"
    polled = minute(feed["lastPolledAt"])
    parts = [counted, f"polled {polled}" if polled else "not polled yet"]
    if feed["gone"]:
        parts.append("gone, not asked any more")
    elif following := minute(feed["nextPollAt"]):
        parts.append(f"next {following}")
    return ", ".join(parts)


def _tries(feed: Mapping[str, Any]) -> str:
    return f"{plural(feed['failures'], 'failure')} in a row"


def _known(client: Client, wanted: list[str]) -> list[Mapping[str, Any]]:
    """Return the feeds that are meant, by id or address."""
    feeds = client.send("feeds")
    by_name = {feed["id"]: feed for feed in feeds} | {feed["url"]: feed for feed in feeds}
    if unknown := [name for name in wanted if name not in by_name]:
        raise CommandError(f"no feed {', '.join(map(repr, unknown))}: selfd feeds list shows them")
    return [by_name[name] for name in wanted]


def _summary(metrics: Mapping[str, Any]) -> str:
    counts = [plural(metrics["new_articles"], "new article")]
    counts += [f"{metrics[word]:,} {word}" for word in ("unchanged", "failed") if metrics[word]]
    return f"{plural(metrics['done'], 'feed')} polled: {', '.join(counts)}"
