"""Any token model read as a distribution over next bytes.

A text's probability is the sum over every way to cut it into tokens, the last of which may reach
beyond its end. A `Path` is one such way up to a token's end, with what the model says of the next
token; paths with equal states are one. Tokens are sorted by their bytes, so that those that begin
with given bytes are a range and their probability the difference of two running sums.

Without a bound this is exact. `beam` bounds the paths that end at one byte, `least` their share of
all probability; what is dropped is counted (`dropped`), so that the error is known, and no byte is
given less than 1e-9, for it may have been among that. Tokens that are
no text (ends, markers) are left out: the distribution is that of a text that goes on, and `ending`
tells apart from it how likely it is that the text does not.
Letters: V tokens that are text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
State = TypeVar("State", bound=Hashable)

BEAM = 16  # within 1e-4 bits per byte of no bound (docs/lab/0009)
LEAST = 1e-5
FLOOR = 1e-9


class TokenModel(Protocol[State]):
    """A model over tokens; `vocabulary[t]` are token t's bytes, empty where it is no text."""

    @property
    def vocabulary(self) -> Sequence[bytes]: ...
    def start(self) -> State: ...
    def step(self, state: State, token: int) -> State:
        """Return the state after one more token, without working anything out."""
        ...

    def next(self, states: Sequence[State]) -> NDArray[np.floating]:
        """Return the probability of each token after each state: (states, vocabulary)."""
        ...


class Branches(NamedTuple):
    """What may follow in a range of sorted tokens. bytes, begins, ends: one entry each."""

    bytes: NDArray[np.intp]
    begins: NDArray[np.intp]
    ends: NDArray[np.intp]
    whole: int  # tokens at the front of the range that end here


class Vocabulary:
    """Tokens in the order of their bytes, and the tree that this order is."""

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self.order = sorted((n for n, token in enumerate(tokens) if token), key=tokens.__getitem__)
        self._sorted = [tokens[number] for number in self.order]
        self.branches = lru_cache(maxsize=1 << 16)(self._branches)

    def __len__(self) -> int:
        return len(self.order)

    def _branches(self, begin: int, end: int, depth: int) -> Branches:
        """Divide the tokens of a range, all equal up to `depth`, by their byte there."""
        front = begin
        while front < end and len(self._sorted[front]) == depth:
            front += 1
        found: list[tuple[int, int, int]] = []
        at = front
        while at < end:
            token = self._sorted[at]
            byte = token[depth]
            if byte == 255:
                after = end
            else:
                beyond = token[:depth] + bytes((byte + 1,))
                after = bisect_left(self._sorted, beyond, at, end)
            found.append((byte, at, after))
            at = after
        columns = np.array(found, np.intp).reshape(-1, 3).T
        return Branches(columns[0], columns[1], columns[2], front - begin)


@dataclass(slots=True)
class _Path(Generic[State]):
    """A way to cut the text up to a token's end.

    weight: its probability, over that of the text up to now. sums: (V + 1,), running sums over the
    sorted tokens. begin, end: those that go on as the text did since; depth: bytes of it. over: the
    probability that the text ends where this path's last token does.
    """

    state: State
    weight: float
    sums: Floats
    begin: int
    end: int
    depth: int = 0
    over: float = 0.0


class ByteView(Generic[State]):
    """A token model, read byte by byte."""

    def __init__(
        self,
        model: TokenModel[State],
        vocabulary: Vocabulary | None = None,
        *,
        beam: int | None = BEAM,
        least: float = LEAST,
        ends: Sequence[int] = (),
    ) -> None:
        """Begin an empty text.

        Args:
            vocabulary: that of the model, where it is at hand: it takes a while to sort.
            beam: None keeps every path of the least share.
            ends: the tokens that end a text, for `ending`.
        """
        self._ends = list(ends)
        self._model = model
        self._vocabulary = vocabulary or Vocabulary(model.vocabulary)
        self._beam = beam
        self._least = least
        self.dropped = 0.0
        self.restarts = 0
        self._spare: tuple[State, bytes] | None = None  # what was dropped last, and read since
        self._paths: list[_Path[State]] = []
        self._restart()

    def fork(self) -> ByteView[State]:
        """Give a view at the same place that is read on by itself."""
        twin = object.__new__(ByteView)
        twin.__dict__.update(self.__dict__)
        twin._paths = [
            _Path(path.state, path.weight, path.sums, path.begin, path.end, path.depth, path.over)
            for path in self._paths
        ]
        return twin

    def next(self) -> Floats:
        """Give the probability of each byte: (256,), its sum 1."""
        chances = np.zeros(256)
        for path in self._paths:
            found = self._vocabulary.branches(path.begin, path.end, path.depth)
            mass = path.sums[found.ends] - path.sums[found.begins]
            chances[found.bytes] += path.weight * mass
        total = chances.sum()
        if not total > 0.0:  # no token goes on from here: nothing is known
            return np.full(256, 1 / 256)
        chances /= total
        chances += FLOOR
        chances /= 1.0 + 256 * FLOOR
        return chances

    def ending(self) -> float:
        """Give the probability that the text ends here: by the paths whose last token does."""
        return sum(path.weight * path.over for path in self._paths if not path.depth)

    def read(self, data: bytes) -> None:
        """Read on.

        A byte that no token holds begins a new text after it (`restarts`).
        """
        for byte in data:
            self._read(byte)

    def _read(self, byte: int) -> None:
        if self._spare is not None:
            self._spare = (self._spare[0], self._spare[1] + bytes((byte,)))
        if not self._step(byte):
            self._recover()

    def _recover(self) -> None:
        """Go back to what was dropped, or begin anew where that leads here no more than the rest.

        What comes of it is counted as dropped already.
        """
        spare, self._spare = self._spare, None
        if spare is not None:
            self._paths = []
            self._begin([(spare[0], 1.0)])
            if all(self._step(byte) for byte in spare[1]):
                return
        self._restart()
        self.restarts += 1

    def _step(self, byte: int) -> bool:
        """Read a byte; false where no path leads on with it."""
        ended: dict[State, float] = {}
        going: list[_Path[State]] = []
        total = 0.0
        for path in self._paths:
            found = self._vocabulary.branches(path.begin, path.end, path.depth)
            at = int(np.searchsorted(found.bytes, byte))
            if at == len(found.bytes) or found.bytes[at] != byte:
                continue
            path.begin, path.end = int(found.begins[at]), int(found.ends[at])
            path.depth += 1
            total += path.weight * float(path.sums[path.end] - path.sums[path.begin])
            front = self._vocabulary.branches(path.begin, path.end, path.depth).whole
            for number in range(path.begin, path.begin + front):
                weight = path.weight * float(path.sums[number + 1] - path.sums[number])
                state = self._model.step(path.state, self._vocabulary.order[number])
                ended[state] = ended.get(state, 0.0) + weight
            path.begin += front  # those tokens ended; the others go on
            if path.begin < path.end:
                going.append(path)
        if not total > 0.0:
            return False
        self._keep(going, ended, total)
        return True

    def _keep(self, going: list[_Path[State]], ended: dict[State, float], total: float) -> None:
        """Go on with the likeliest paths, and count what the others had."""
        new = sorted(ended.items(), key=lambda item: item[1], reverse=True)
        chosen = [
            (state, weight) for state, weight in new[: self._beam] if weight > self._least * total
        ]
        kept: list[_Path[State]] = []
        shares = sum(weight for _, weight in chosen)
        for path in going:
            share = path.weight * float(path.sums[path.end] - path.sums[path.begin])
            if share > self._least * total:
                kept.append(path)
                shares += share
        if not kept and not chosen:
            chosen = new[:1]
            shares = sum(weight for _, weight in chosen)
        if new and not chosen:
            self._spare = (new[0][0], b"")
        self.dropped += max(0.0, 1.0 - shares / total)
        self._paths = kept
        if chosen:
            self._begin(chosen)
        for path in self._paths:
            path.weight /= shares

    def _begin(self, chosen: Sequence[tuple[State, float]]) -> None:
        tables = self._model.next([state for state, _ in chosen])
        for (state, weight), row in zip(chosen, tables, strict=True):
            sums = np.zeros(len(self._vocabulary) + 1)
            np.cumsum(row[self._vocabulary.order], dtype=np.float64, out=sums[1:])
            over = float(row[self._ends].sum()) if self._ends else 0.0
            over /= max(over + float(sums[-1]), FLOOR)
            sums /= sums[-1]
            self._paths.append(_Path(state, weight, sums, 0, len(self._vocabulary), over=over))

    def _restart(self) -> None:
        self._paths = []
        self._begin([(self._model.start(), 1.0)])
