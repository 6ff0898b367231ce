"""Low-rank adapters on an mlx-lm model, from pairs of a prompt and what should have been said.

With `rejected` in a pair, its loss is direct preference optimisation (Rafailov et al. 2023, eq. 7)
beside the likelihood of what was chosen; without, it is that likelihood alone. The order of pairs
follows from the seed and the step, so that a run that was stopped goes on exactly.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn as _nn
from mlx.optimizers import Adam
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm import load
from mlx_lm.generate import generate_step
from mlx_lm.tuner.utils import linear_to_lora_layers
from numpy.typing import NDArray

nn: Any = _nn  # its stubs leave out what it exports
BETA = 0.1  # of the preference loss, as in the paper
STATE, REFERENCE, ADAPTER = "state.safetensors", "reference.json", "adapter"
WEIGHTS = "adapters.safetensors"  # as mlx-lm calls it


@dataclass(frozen=True)
class Pair:
    """A prompt, what should be said to it, and what should not; None: nothing is known of that."""

    prompt: str
    chosen: str
    rejected: str | None = None


@dataclass(frozen=True)
class Adaptation:
    """What is asked of a run. layers: of the model, from the last; rank and scale: of LoRA."""

    model: Path
    folder: Path
    pairs: Sequence[Pair]
    steps: int = 100
    rate: float = 1e-4
    rank: int = 8
    scale: float = 10.0
    layers: int = 8
    seed: int = 7353
    save_steps: int = 20
    adapter: Path | None = None  # to go on from; None begins as nothing


class Adapter:
    """A model with adapters on it that learn; the model's own weights stay as they are."""

    def __init__(self, order: Adaptation) -> None:
        self._order = order
        loaded: tuple[Any, ...] = load(str(order.model))
        self._model, self._tokenizer = loaded[:2]
        self._model.freeze()
        self._shape = {"rank": order.rank, "scale": order.scale, "dropout": 0.0}
        self._layers = min(order.layers, len(self._model.layers))
        mx.random.seed(order.seed)
        linear_to_lora_layers(self._model, self._layers, self._shape)
        if order.adapter is not None:
            self._model.load_weights(str(order.adapter / WEIGHTS), strict=False)
        self._optimiser = Adam(learning_rate=order.rate)
        self._optimiser.init(self._model.trainable_parameters())
        self.step = 0
        self._reference = self._first_likelihoods()
        self._resume()

    def learn(
        self, report: Callable[[int, float], None], stopping: Callable[[], bool]
    ) -> Path | None:
        """Take the steps that are left.   Returns: the adapter's folder; None if it was stopped."""
        order = self._order
        graded = nn.value_and_grad(self._model, self._loss)
        while self.step < order.steps and not stopping():
            rng = np.random.default_rng((order.seed, self.step))
            loss, gradients = graded(int(rng.integers(len(order.pairs))))
            self._optimiser.update(self._model, gradients)
            mx.eval(self._model.trainable_parameters(), self._optimiser.state, loss)
            self.step += 1
            report(self.step, float(loss))
            if self.step % order.save_steps == 0:
                self._save()
        self._save()
        return self._write() if self.step >= order.steps else None

    def bits(self, prompt: str, text: str) -> tuple[float, int]:
        """Give the bits that the model needs for a text after a prompt, and the text's bytes."""
        likelihood, _ = self._likelihood(prompt, text)
        return -float(likelihood) / float(np.log(2.0)), max(1, len(text.encode()))

    @property
    def shows_states(self) -> bool:
        """Whether the architecture lets its last layer be read."""
        return hasattr(self._model, "model")

    def state(self, text: str) -> NDArray[np.float32]:
        """Give the mean of the last layer over a text: (D,)."""
        hidden = self._model.model(mx.array([self._plain(text)]))[0].astype(mx.float32)
        return np.array(hidden.mean(axis=0), np.float32)

    def continued(self, beginning: str, size: int, *, temperature: float, seed: int) -> str:
        """Go on with a text by `size` bytes, some more where a token has them."""
        key, ends = mx.random.key(seed), list(self._tokenizer.eos_token_ids)

        def sample(scores: mx.array) -> mx.array:
            nonlocal key
            key, drawn = mx.random.split(key)
            scores[:, ends] = -mx.inf  # it is asked for so many bytes
            return mx.random.categorical(scores / temperature, key=drawn)

        made: list[int] = []
        steps = generate_step(mx.array(self._plain(beginning)), self._model, max_tokens=size,
                              sampler=sample)  # fmt: skip
        for token, _ in steps:
            made.append(int(token))
            text = str(self._tokenizer.decode(made))
            if len(text.encode("utf-8", "replace")) >= size:
                break
        return text

    def continuation_bits(self, beginning: str, text: str) -> tuple[float, int]:
        """Give the bits that the model needs to go on with a text so, and the text's bytes."""
        likelihood = self._after(self._plain(beginning), self._plain(text))
        return -float(likelihood) / float(np.log(2.0)), max(1, len(text.encode()))

    def _loss(self, number: int) -> Any:
        pair = self._order.pairs[number]
        chosen, length = self._likelihood(pair.prompt, pair.chosen)
        loss = -chosen / length
        if pair.rejected is not None:
            rejected, _ = self._likelihood(pair.prompt, pair.rejected)
            before = self._reference[number]
            margin = (chosen - before[0]) - (rejected - before[1])
            loss = loss - nn.log_sigmoid(BETA * margin)
        return loss

    def _likelihood(self, prompt: str, text: str) -> tuple[Any, int]:
        """Give the log likelihood of a text after a prompt, and its tokens."""
        head = self._prompt_tokens(prompt)
        tail = list(self._tokenizer.encode(text, add_special_tokens=False))
        tail.append(self._tokenizer.eos_token_id)
        return self._after(head, tail), len(tail)

    def _after(self, head: list[int], tail: list[int]) -> Any:
        """Give the log likelihood of tokens after others."""
        tokens = mx.array([head + tail])
        scores = self._model(tokens[:, :-1]).astype(mx.float32)
        told = nn.losses.cross_entropy(scores, tokens[:, 1:], reduction="none")[0]
        return -told[len(head) - 1 :].sum()

    def _plain(self, text: str) -> list[int]:
        """Give the tokens of a text that is no chat; at least one."""
        found = list(self._tokenizer.encode(text, add_special_tokens=False))
        return found or [self._tokenizer.eos_token_id]

    def _prompt_tokens(self, prompt: str) -> list[int]:
        if getattr(self._tokenizer, "chat_template", None):
            turn = [{"role": "user", "content": prompt}]
            return list(self._tokenizer.apply_chat_template(turn, add_generation_prompt=True))
        return list(self._tokenizer.encode(prompt)) or [self._tokenizer.eos_token_id]

    def _first_likelihoods(self) -> dict[int, tuple[float, float]]:
        """Give what the model said of each pair before it learned; adapters begin as nothing."""
        kept = self._order.folder / REFERENCE
        if not kept.exists():
            found = {
                number: (
                    float(self._likelihood(pair.prompt, pair.chosen)[0]),
                    float(self._likelihood(pair.prompt, pair.rejected)[0]),
                )
                for number, pair in enumerate(self._order.pairs)
                if pair.rejected is not None
            }
            partial = kept.with_suffix(".partial")
            partial.write_text(json.dumps(found), "utf-8")
            partial.replace(kept)
        known = json.loads(kept.read_text("utf-8"))
        return {int(number): (both[0], both[1]) for number, both in known.items()}

    def _save(self) -> None:
        trees = {"adapter": self._model.trainable_parameters(), "moments": self._optimiser.state}
        flat: Any = tree_flatten(trees)
        partial = self._order.folder / f"partial-{STATE}"
        mx.save_safetensors(str(partial), dict(flat), metadata={"step": str(self.step)})
        partial.replace(self._order.folder / STATE)

    def _resume(self) -> None:
        path = self._order.folder / STATE
        if not path.exists():
            return
        found: Any = mx.load(str(path), return_metadata=True)
        flat, header = found
        trees: Any = tree_unflatten(list(flat.items()))
        self._model.update(trees["adapter"])
        self._optimiser.state = trees["moments"]
        self.step = int(header["step"])

    def _write(self) -> Path:
        """Write the adapter in the form that mlx-lm loads."""
        folder = self._order.folder / ADAPTER
        folder.mkdir(exist_ok=True)
        flat: Any = tree_flatten(self._model.trainable_parameters())
        mx.save_safetensors(str(folder / WEIGHTS), dict(flat))
        config = {
            "fine_tune_type": "lora",
            "num_layers": self._layers,
            "lora_parameters": self._shape,
        }
        (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
        return folder
