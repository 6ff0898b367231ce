"""Two training processes over MLX's ring learn what one does with the joint batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfd_models.training.blas import preload
from support.hybrid import invent, ops_or_skip

WORKER = """
import json, math, sys
from pathlib import Path
import mlx.core as mx
from selfd_models.config import TINY
from selfd_models.training import run
from selfd_models.training.trainer import Options

folder, told = Path(sys.argv[1]), []
options = Options(
    config=TINY, corpus=folder / "corpus", state=folder / sys.argv[2], backend="mlx", texts=4,
    rows=64, steps=3, second_pass_from=0, report_steps=1, evaluate_seconds=math.inf,
)
run(options, report=told.append, say=print, stopping=lambda: False)
if mx.distributed.init().rank() == 0:
    result = {"workers": mx.distributed.init().size(), "task": [one.task for one in told]}
    (folder / (sys.argv[2] + ".json")).write_text(json.dumps(result))
"""


@pytest.mark.mlx
def test_two_workers_learn_what_one_does_with_the_joint_batch(tmp_path: Path) -> None:
    ops_or_skip("mlx")
    launcher = Path(sys.executable).with_name("mlx.launch")
    if not launcher.exists():
        pytest.skip("mlx.launch is not installed beside this Python")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "notes.txt").write_bytes(invent(100_000, seed=4).tobytes())
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    environment = {**os.environ, **preload(), "OPENBLAS_NUM_THREADS": "1"}
    alone = [sys.executable, str(script), str(tmp_path), "one"]
    joint = [str(launcher), "--backend", "ring", "-n", "2", "--", *alone[:-1], "two"]
    for command in (alone, joint):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr
    one = json.loads((tmp_path / "one.json").read_text())
    two = json.loads((tmp_path / "two.json").read_text())
    assert (one["workers"], two["workers"]) == (1, 2)
    assert two["task"] == pytest.approx(one["task"], abs=2e-3)
    assert one["task"][-1] < one["task"][0]
