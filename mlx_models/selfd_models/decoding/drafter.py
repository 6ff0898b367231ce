"""The drafter: a small network that guesses a byte from a row's embedding and one older row.

h = max(0, x W_x + n W_n + c W_c + b)^2 ;  scores = h W_o + b_o

x is the guessed row's own hashed embedding, which no matrix of the model has touched; n and c are
the decoder's output and the latent as they stood where the model last looked. It is trained to
give the model's own distribution (`training.drafting`), and decides how fast text comes, never
which text: after a night of training the same drafter serves on, and guesses a little worse.
Letters: D byte width, H hidden neurons.
"""

from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from selfd_models.config import BYTES
from selfd_models.errors import CheckpointError

Floats = NDArray[np.float32]

SHIPPED = Path(__file__).parents[1] / "weights" / "nano-drafter.safetensors"
HIDDEN = 192


class Drafter(NamedTuple):
    """embedded, normal, context: (D, H). hidden_bias: (H,). out: (H, 256). bias: (256,)."""

    embedded: Floats
    normal: Floats
    context: Floats
    hidden_bias: Floats
    out: Floats
    bias: Floats

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Read a drafter.   Raises: CheckpointError: the file is missing or not a drafter."""
        try:
            held = load_file(path)
            found = cls(*(held[name].astype(np.float32) for name in cls._fields))
        except (OSError, SafetensorError, KeyError) as error:
            raise CheckpointError(f"{path.name} is no drafter: {error}") from error
        width, hidden = found.embedded.shape
        shapes = ((width, hidden),) * 3 + ((hidden,), (hidden, BYTES), (BYTES,))
        if tuple(part.shape for part in found) != shapes:
            raise CheckpointError(f"{path.name} is no drafter: its parts do not fit together")
        return found

    @property
    def width(self) -> int:
        """Give the byte width of the models that it can guess for."""
        return len(self.embedded)

    def save(self, path: Path) -> None:
        """Write it in half precision."""
        save_file({name: part.astype(np.float16) for name, part in self._asdict().items()}, path)

    def begin(self, normal: Floats, context: Floats) -> Floats:
        """Take in the row that the model last looked at.   Args: (D,) each.   Returns: (H,)."""
        begun: Floats = normal.dot(self.normal)
        begun += context.dot(self.context)
        begun += self.hidden_bias
        return begun

    def guess(self, begun: Floats, row: Floats) -> Floats:
        """Guess what follows a row.   Args: row: (D,), embedded.   Returns: (256,), scores."""
        hidden = row.dot(self.embedded)
        hidden += begun
        np.maximum(hidden, 0.0, out=hidden)
        hidden *= hidden
        scores: Floats = hidden.dot(self.out)
        scores += self.bias
        return scores
