"""A training worker without a model: it counts, saves its count, and does what its order says.

Order: `steps` to count, `seconds` for each, `crash_at` a count at which it dies once, `fail` to end
with an error in words. It keeps what the true worker promises: what it counted it never counts
again, and it ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path


def main() -> int:
    folder = Path(sys.argv[1])
    order = json.loads((folder / "order.json").read_text("utf-8"))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=watch, args=(stop,), daemon=True).start()
    if "fail" in order:
        say(error=order["fail"])
        return 1
    count, kept = 0, folder / "count"
    if kept.exists():
        count = int(kept.read_text())
    while count < order["steps"]:
        if stop.is_set():
            return 3
        if count == order.get("crash_at") and not (folder / "crashed").exists():
            (folder / "crashed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(order["seconds"])
        count += 1
        kept.write_text(str(count))
        with (folder / "counted").open("a") as lines:
            lines.write(f"{count}\n")
        say(progress=count / order["steps"], step=count, steps=order["steps"], bits=1.0)
    (folder / "result.json").write_text(json.dumps({"count": count}))
    return 0


def watch(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


def say(**report: object) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
