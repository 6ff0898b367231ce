"""Feed a daemon what lies beside this file, and ask it five questions.

    make demo                      a daemon of its own, in a folder that goes away again
    make demo DATA_DIR=~/selfd     the daemon that runs on that folder

The feeds are served from this machine, which a daemon only fetches when `feeds.allow_private` names
127.0.0.1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SELFD = str(Path(sys.executable).with_name("selfd"))
SECONDS_TO_START = 60.0

PAGES = ("docs/explanation", "docs/reference", "docs/decisions")
MEMORIES = (
    "Ada keeps the spare key under the blue pot by the back door.",
    "The plumber, Mr Okafor, can be reached on 555-0142 before noon.",
    "Grandmother's birthday is on the 3rd of May; she likes yellow tulips.",
)
QUESTIONS = (
    "Where does Ada keep the spare key?",
    "Who stole the tarts?",
    "Who designed the Go gopher T-shirt for the radio station?",
    "Which passages keep their ids in a changed file?",
    "What is the melting point of tungsten?",
)


class Feeds(SimpleHTTPRequestHandler):
    """Serves the saved feeds, without a word."""

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        """Name a feed's own type."""
        return "application/atom+xml" if str(path).endswith(".atom") else "application/rss+xml"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: this is the daemon's business."""


@contextmanager
def served_feeds() -> Iterator[str]:
    """Serve the feeds folder on a free port of this machine; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Feeds, directory=str(HERE / "feeds")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def own_daemon() -> Iterator[Path]:
    """Run a daemon on a new folder, stop it at the end, and give the folder."""
    with tempfile.TemporaryDirectory(prefix="selfd-demo-") as folder:
        command = [SELFD, "up", "--port", "0", "--data-dir", folder]
        environment = {**os.environ, "SELFD_FEEDS_ALLOW_PRIVATE": "127.0.0.1"}
        log = Path(folder, "demo.log")
        with log.open("wb") as output:
            daemon = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            until = time.monotonic() + SECONDS_TO_START
            while not Path(folder, "daemon.json").exists():
                if daemon.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"the daemon did not start:\n{log.read_text()}")
                time.sleep(0.05)
            yield Path(folder)
            show("down")
        finally:
            daemon.terminate()
            daemon.wait(timeout=20)


def show(*arguments: str) -> None:
    """Run one command as a reader would type it, and say which; one that fails ends the demo."""
    line = " ".join(["$ selfd", *(f'"{word}"' if " " in word else word for word in arguments)])
    print(f"\n\033[1m{line}\033[0m" if sys.stdout.isatty() else f"\n{line}", flush=True)
    done = subprocess.run([SELFD, *arguments], cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def tour() -> None:
    """Read, follow, remember, ask."""
    show("ingest", *PAGES, "docs/tutorial/demo/books")
    with served_feeds() as address:
        show("feeds", "add", f"{address}/go-blog.rss", f"{address}/rust-blog.atom")
        show("feeds", "poll")
    for text in MEMORIES:
        show("remember", text)
    show("status")
    for question in QUESTIONS:
        show("ask", question)


def main() -> None:
    """Choose the daemon and give the tour."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data-dir", type=Path, help="use the daemon that runs on this folder")
    chosen = parser.parse_args().data_dir
    started = time.monotonic()
    if chosen:
        os.environ["SELFD_DATA_DIR"] = str(chosen.expanduser().absolute())
        tour()
    else:
        with own_daemon() as folder:
            os.environ["SELFD_DATA_DIR"] = str(folder)
            tour()
    print(f"\nall of that took {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
