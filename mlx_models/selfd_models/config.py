"""The byte hybrid's dials: one frozen dataclass, and the four presets.

Every size that is not a field here is derived from one, in this file or in `parameters.py`.
"""

from dataclasses import dataclass, replace
from typing import Literal

from selfd_models.errors import ConfigError

BYTES = 256
START = 256  # the row of the byte embedding that stands before the first byte
LONGEST_PATCH = 16  # research/models.md section 1.4: cap 16
PHASES = 16  # positions since the last patch end that the decoder tells apart
TYPICAL_PATCH = 5.5  # bytes; the unit of elapsed time in the liquid path
NGRAM_ORDERS = (3, 4, 5, 6)  # BLT hashes n = 3..8; longer contexts are covered by the word tables
TABLES = len(NGRAM_ORDERS) + 2  # and the word so far, and the word so far with the one before it
RECALL_ORDERS = (3, 4, 6)
RECALLS = len(RECALL_ORDERS)
RECALL_ROWS = 4 * BYTES + 1  # (what followed, how often in a row: 1, 2, 3, more), or nothing yet
RECALL_BITS = 14  # slots per order: twice the 8 kB that a piece of text usually has
CONV_TAPS = 4

LayerKind = Literal["H", "A"]  # hybrid mixer with experts; windowed attention with a dense layer


@dataclass(frozen=True)
class Config:
    """What a person chooses about a byte hybrid; widths in floats, hidden sizes in neurons."""

    name: str
    byte_width: int
    latent_width: int
    table_rows: int
    encoder_layers: int
    encoder_hidden: int
    decoder_layers: int
    decoder_hidden: int
    pattern: str
    core: tuple[int, int]
    state_channels: int
    state_size: int
    state_head: int
    spiking: int
    liquid: int
    gate_rank: int
    expert_hidden: int
    shared_hidden: int
    heads: int
    kv_heads: int
    head_width: int
    attention_hidden: int
    window: int
    draft_width: int
    experts: int = 8
    experts_used: int = 2
    draft_length: int = 8

    def __post_init__(self) -> None:
        if set(self.pattern) - {"H", "A"} or not self.pattern:
            raise ConfigError(f"pattern may hold H and A only, got {self.pattern!r}")
        if not 0 <= self.core[0] < self.core[1] <= len(self.pattern):
            raise ConfigError(f"core {self.core} does not lie within the pattern {self.pattern!r}")
        if self.byte_width % (2 * TABLES) or self.byte_width % RECALLS:
            raise ConfigError(f"byte_width must divide by {2 * TABLES}, got {self.byte_width}")
        if self.table_rows & (self.table_rows - 1):
            raise ConfigError(f"table_rows must be a power of two, got {self.table_rows}")
        if self.state_channels % self.state_head or self.heads % self.kv_heads:
            raise ConfigError("heads must divide state_channels, and kv_heads must divide heads")
        if not 0 < self.experts_used <= self.experts:
            raise ConfigError(f"experts_used must be 1 to {self.experts}, got {self.experts_used}")

    @property
    def table_width(self) -> int:
        """Give the width of one hashed n-gram embedding; they lie side by side."""
        return self.byte_width // TABLES

    @property
    def table_bits(self) -> int:
        """Give the number of bits of a row number in a hashed table."""
        return self.table_rows.bit_length() - 1

    @property
    def recall_width(self) -> int:
        """Give the width of one recall embedding; they lie side by side."""
        return self.byte_width // RECALLS

    @property
    def pool_width(self) -> int:
        """Give the number of byte channels pooled by maximum, and as many by mean."""
        return self.byte_width // 2

    @property
    def state_heads(self) -> int:
        """Give the number of state-space heads."""
        return self.state_channels // self.state_head

    def layer_kinds(self) -> tuple[LayerKind, ...]:
        """List the latent layers' kinds, first to last."""
        return tuple("H" if kind == "H" else "A" for kind in self.pattern)


TINY = Config(  # for tests: every part present, nothing large
    name="tiny",
    byte_width=48,
    latent_width=32,
    table_rows=256,
    encoder_layers=1,
    encoder_hidden=48,
    decoder_layers=1,
    decoder_hidden=48,
    pattern="HAH",
    core=(1, 3),
    state_channels=16,
    state_size=8,
    state_head=8,
    spiking=16,
    liquid=8,
    gate_rank=4,
    expert_hidden=16,
    shared_hidden=32,
    heads=2,
    kv_heads=1,
    head_width=16,
    attention_hidden=64,
    window=16,
    draft_width=16,
)

NANO = Config(
    name="nano",
    byte_width=192,
    latent_width=256,
    table_rows=2**15,
    encoder_layers=2,
    encoder_hidden=256,
    decoder_layers=2,
    decoder_hidden=384,
    pattern="HHAH",
    core=(1, 3),
    state_channels=128,
    state_size=16,
    state_head=32,
    spiking=160,
    liquid=64,
    gate_rank=24,
    expert_hidden=128,
    shared_hidden=256,
    heads=4,
    kv_heads=2,
    head_width=64,
    attention_hidden=512,
    window=128,
    draft_width=64,
)

SMALL = replace(  # about 30 M: an evening on a laptop's graphics cores
    NANO,
    name="small",
    byte_width=288,
    latent_width=384,
    encoder_hidden=512,
    decoder_layers=3,
    decoder_hidden=768,
    pattern="HHAHHAHH",
    core=(1, 5),
    state_channels=192,
    state_size=32,
    spiking=224,
    liquid=96,
    gate_rank=40,
    expert_hidden=224,
    shared_hidden=448,
    heads=6,
    attention_hidden=1152,
    window=256,
    draft_width=128,
)

BASE = replace(  # about 100 M
    NANO,
    name="base",
    byte_width=384,
    latent_width=640,
    table_rows=2**16,
    encoder_hidden=1024,
    decoder_layers=4,
    decoder_hidden=1024,
    pattern="HHHA" * 3,
    core=(2, 7),
    state_channels=320,
    state_size=64,
    state_head=64,
    spiking=384,
    liquid=160,
    gate_rank=64,
    expert_hidden=352,
    shared_hidden=768,
    heads=10,
    attention_hidden=1920,
    window=256,
    draft_width=192,
)

ELARA = replace(  # 2.8 G: 32 layers, all of them applied twice
    NANO,
    name="elara",
    byte_width=768,
    latent_width=2048,
    table_rows=2**17,
    encoder_layers=3,
    encoder_hidden=2048,
    decoder_layers=4,
    decoder_hidden=2048,
    pattern="HHHA" * 8,
    core=(0, 32),
    state_channels=1024,
    state_size=128,
    state_head=64,
    spiking=1280,
    liquid=560,
    gate_rank=208,
    expert_hidden=1920,
    shared_hidden=3840,
    heads=32,
    kv_heads=8,
    attention_hidden=8192,
    window=512,
    draft_width=512,
)

PRESETS = {config.name: config for config in (NANO, SMALL, BASE, ELARA)}


def preset(name: str) -> Config:
    """Give a preset by name.   Raises: ConfigError: there is none of that name."""
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}: there are {', '.join(PRESETS)}")
    return PRESETS[name]
