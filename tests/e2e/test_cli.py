"""The commands against a real daemon: what they print, where, and with which status."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from support.command import SELFD, Command
from support.daemon import running_daemon

ROOT = Path(__file__).parents[2]
FEEDS = ROOT / "docs" / "tutorial" / "demo" / "feeds"


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Give the command, with a daemon that may fetch from this machine."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    with running_daemon(folder, SELFD_FEEDS_ALLOW_PRIVATE="127.0.0.1"):
        yield Command(folder)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_status_says_how_the_daemon_is(selfd: Command) -> None:
    shown = selfd.ok("status").out
    assert " is ready, up " in shown
    assert f"data      {selfd.folder}" in shown
    assert selfd.ok("status", "--json").json["ready"] is True


def test_what_is_remembered_is_recalled_and_forgotten(selfd: Command) -> None:
    shown = selfd.ok("remember", "The boat is moored at pier nine.", "--tag", "boat").out
    id = shown.split()[0]
    assert shown == f"{id}  remembered\n"
    assert "moored at pier nine" in selfd.ok("recall", "boat pier").out
    assert id in selfd.ok("recall", "--tag", "boat").out
    assert selfd.ok("forget", id).out == f"{id}  forgotten\n"
    assert id not in selfd.ok("recall", "boat pier").out


def test_what_is_told_again_is_counted(selfd: Command) -> None:
    id = selfd.ok("remember", "Milk is bought on Mondays.").out.split()[0]
    again = selfd.ok("remember", "Milk is bought on Mondays.").out
    assert again == f"{id}  known already, told 2 times now\n"


def test_a_memory_has_the_kind_source_and_time_that_were_given(selfd: Command) -> None:
    told = ("The roof was mended.", "--kind", "fact", "--source", "diary", "--at", "2020-02-03")
    memory = selfd.ok("remember", *told, "--json").json
    assert (memory["kind"], memory["source"]) == ("FACT", "diary")
    assert memory["createdAt"].startswith(("2020-02-02", "2020-02-03"))


def test_stdin_is_remembered_whole_or_by_lines(selfd: Command) -> None:
    whole = selfd.ok("remember", "-", "--json", input="two\nlines with Grüße").json
    assert whole["text"] == "two\nlines with Grüße"
    lines = selfd.ok(
        "remember", "--lines", input="first of three\n\nsecond of three\nthird of three"
    )
    assert lines.out == "3 memories told\n"


def test_a_folder_is_read_once_and_cited_by_path_and_line(selfd: Command, tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text("# Tea\n\nThe samovar stands in the east wing.\n")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    first = selfd.ok("ingest", ".", cwd=tmp_path)
    assert first.out.startswith(".  1 file: 1 new; 1 new passage in ")
    assert first.err == "  skipped photo.png: binary (image/png)\n"
    again = selfd.ok("ingest", ".", cwd=tmp_path)
    assert "1 unchanged; 0 new passages" in again.out
    assert "tea.md:1-3  chunk:" in selfd.ok("recall", "samovar", cwd=tmp_path).out
    [job] = selfd.ok("ingest", str(tmp_path), "--json").json
    assert job["metrics"]["skipped_files"] == [
        {"path": str(tmp_path.resolve() / "photo.png"), "reason": "binary (image/png)"}
    ]


def test_reading_can_be_left_to_itself(selfd: Command, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("words")
    id = selfd.ok("ingest", str(tmp_path), "--no-wait").out.split()[0]
    assert "succeeded" in selfd.ok("jobs", "watch", id).out


def test_an_answer_quotes_its_source(selfd: Command) -> None:
    id = selfd.ok("remember", "The lighthouse keeper is called Marit Olsen.").out.split()[0]
    shown = selfd.ok("ask", "What is the lighthouse keeper called?").out
    assert "Marit Olsen" in shown
    assert f"[1] {id}  note, " in shown
    answer = selfd.ok("ask", "What is the lighthouse keeper called?", "--json").json
    assert answer["citations"][0]["item"]["id"] == id
    assert answer["citations"][0]["quote"] in "The lighthouse keeper is called Marit Olsen."


def test_an_answer_is_streamed_to_a_terminal(selfd: Command) -> None:
    selfd.ok("remember", "The glacier guide is called Tenzing Rai.")
    status, shown = selfd.on_a_terminal("ask", "What is the glacier guide called?")
    assert status == 0
    assert "Tenzing Rai" in shown
    assert "confidence" in shown


def test_a_question_without_support_is_not_answered(selfd: Command) -> None:
    shown = selfd.ok("ask", "How many moons orbit the planet Zyrgon?").out
    assert "abstained, by builtin" in shown


def test_a_conversation_goes_on_and_can_be_read(selfd: Command) -> None:
    selfd.ok("remember", "The orchard has ninety pear trees.")
    answer = selfd.ok("ask", "How many pear trees has the orchard?", "--json").json
    id = answer["conversationId"]
    selfd.ok("ask", "Where is the orchard?", "--in", id)
    assert id in selfd.ok("conversations").out
    shown = selfd.ok("conversations", id).out
    assert shown.count("› ") == 2
    assert "ninety pear trees" in shown


def test_a_chat_keeps_to_one_conversation(selfd: Command) -> None:
    selfd.ok("remember", "The observatory opens at dusk.")
    typed = "When does the observatory open?\nAnd the dome?\n"
    done = selfd.ok("chat", input=typed)
    assert "opens at dusk" in done.out
    id = done.err.split()[-5]
    assert selfd.ok("conversations", id).out.count("› ") == 2


def test_feeds_are_followed_polled_listed_exported_and_dropped(
    selfd: Command, tmp_path: Path
) -> None:
    with served(FEEDS) as address:
        added = selfd.ok("feeds", "add", f"{address}/go-blog.rss").out
        assert "  The Go Blog  4 articles\n" in added
        assert "1 feed polled: 0 new articles, 1 unchanged\n" in selfd.ok("feeds", "poll").out
        assert f"  {address}/go-blog.rss\n" in selfd.ok("feeds").out
        assert "The Go Gopher  The Go Blog, 2014-03-2" in selfd.ok("articles").out
        selfd.ok("feeds", "export", tmp_path / "feeds.opml")
        removed = selfd.ok("feeds", "remove", f"{address}/go-blog.rss").out
        assert "no longer followed" in removed
        assert selfd.ok("articles").err.startswith("no articles: ")
        imported = selfd.ok("feeds", "import", tmp_path / "feeds.opml")
        assert imported.out == "1 feed followed\n"
        selfd.ok("feeds", "remove", f"{address}/go-blog.rss")


def test_a_feed_that_breaks_is_named_with_its_reason(selfd: Command) -> None:
    with served(FEEDS) as address:
        selfd.ok("feeds", "add", f"{address}/rust-blog.atom")
    polled = selfd("feeds", "poll")
    assert polled.status == 1
    assert f"failed {address}/rust-blog.atom: '127.0.0.1' refused the connection" in polled.err
    assert polled.err.endswith("selfd feeds remove ID drops one\n")
    assert "refused the connection" in selfd.ok("feeds", "list").out
    selfd.ok("feeds", "remove", f"{address}/rust-blog.atom")


def test_events_are_replayed_as_lines(selfd: Command) -> None:
    selfd.ok("remember", "Events come in order.")
    lines = selfd.ok("events", "--after", "0", "--count", "2", "--json").out.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2]
    shown = selfd.ok("events", "--after", "0", "--count", "1", "--kind", "memory.added").out
    assert "memory.added" in shown


def test_jobs_are_listed_and_a_finished_one_can_be_cancelled_without_harm(
    selfd: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("words")
    [job] = selfd.ok("ingest", str(tmp_path), "--json").json
    assert f"{job['id']}  ingest" in selfd.ok("jobs", "--state", "succeeded").out
    assert "succeeded" in selfd.ok("jobs", "cancel", job["id"]).out


def test_a_backup_is_written_and_checked(selfd: Command, tmp_path: Path) -> None:
    shown = selfd.ok("backup", "copy.db", cwd=tmp_path).out
    assert shown.startswith("copy.db  ")
    assert shown.endswith("opened and checked\n")
    assert (tmp_path / "copy.db").stat().st_size > 0
    assert "there already" in selfd("backup", "copy.db", cwd=tmp_path).err


def test_storage_and_models_are_shown(selfd: Command) -> None:
    assert "on disk" in selfd.ok("storage").out
    assert "packed" in selfd.ok("storage", "compress").out
    assert "as they were written" in selfd.ok("storage", "verify").out
    assert "mind:builtin" in selfd.ok("models").out
    assert selfd.ok("models", "list", "--json").json[0]["isDefault"] is True


def test_a_link_lets_a_browser_in_once(selfd: Command) -> None:
    link = selfd.ok("open", "--print").out.strip()
    url, code = link.split("/#code=")
    request = urllib.request.Request(
        f"{url}/session", json.dumps({"code": code}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as reply:
        assert json.load(reply) == {"signedIn": True}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_a_bar_shows_how_far_reading_is(selfd: Command, tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"{number}.md").write_text(f"words number {number}")
    status, shown = selfd.on_a_terminal("ingest", str(tmp_path))
    assert status == 0
    assert "reading" in shown
    assert "100%" in shown
    assert "400 new" in shown


def test_text_from_elsewhere_cannot_steer_the_terminal(selfd: Command) -> None:
    selfd.ok("remember", "-", input="A title \x1b]0;owned\x07 with \x1b[31mcolour in it")
    _, shown = selfd.on_a_terminal("recall", "colour title")
    assert "\x1b]0" not in shown
    assert "\x1b[31m" not in shown


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    line = ["bash", "-c", f"'{SELFD}' settings | head -1"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
