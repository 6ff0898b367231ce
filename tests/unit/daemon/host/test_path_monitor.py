"""The call into macOS's Network framework, made to a stand-in that checks what it is handed.

The stand-in is C with the functions of Network/path_monitor.h, and it calls the block from a thread
of its own, as a dispatch queue does. The framework itself is asked where the tests run on a Mac.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from selfd_daemon.host import path_monitor

STAND_IN = """
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct block {
    void *isa; int flags; int reserved; void (*invoke)(void *, void *);
    struct { unsigned long reserved, size; } *descriptor;
};
void *_NSConcreteGlobalBlock[32];
static struct block *handler;
static void *queue_set;
static int path[2];

void stand_in_path(int expensive, int constrained) { path[0] = expensive; path[1] = constrained; }
void *dispatch_get_global_queue(long identity, unsigned long flags) { return &path; }
void *nw_path_monitor_create(void) { return &handler; }
void nw_path_monitor_set_queue(void *monitor, void *queue) { queue_set = queue; }
void nw_path_monitor_set_update_handler(void *monitor, struct block *block) { handler = block; }
static void *tell(void *unused) { handler->invoke(handler, path); return NULL; }
void nw_path_monitor_start(void *monitor) {
    pthread_t thread;
    bool whole = handler->isa == _NSConcreteGlobalBlock && handler->flags == 1 << 28
        && handler->descriptor->size == sizeof(struct block) && queue_set == &path;
    if (whole && path[0] >= 0 && pthread_create(&thread, NULL, tell, NULL) == 0)
        pthread_detach(thread);
}
void nw_path_monitor_cancel(void *monitor) { queue_set = NULL; }
bool nw_path_is_expensive(void *path) { return ((int *)path)[0]; }
bool nw_path_is_constrained(void *path) { return ((int *)path)[1]; }
"""


@pytest.fixture(scope="module")
def framework(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler makes the stand-in")
    folder = tmp_path_factory.mktemp("framework")
    source, library = folder / "network.c", folder / "network.so"
    source.write_text(STAND_IN)
    command = [compiler, "-shared", "-fPIC", "-pthread", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize(
    ("expensive", "constrained", "costly"),
    [(0, 0, False), (1, 0, True), (0, 1, True), (1, 1, True)],
)
def test_what_the_path_says_is_heard(
    framework: ctypes.CDLL, expensive: int, constrained: int, costly: bool
) -> None:
    framework.stand_in_path(expensive, constrained)
    assert path_monitor.is_costly(framework, framework) is costly


def test_nothing_is_claimed_where_no_answer_comes(
    framework: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path_monitor, "PATIENCE", 0.01)
    framework.stand_in_path(-1, 0)
    assert path_monitor.is_costly(framework, framework) is None


def test_the_program_ends_well_wherever_it_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "selfd_daemon.host.path_monitor"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path("/"),
    )
    allowed = ("0\n", "1\n", "") if sys.platform == "darwin" else ("",)
    assert done.stdout in allowed
    assert done.stderr == ""
