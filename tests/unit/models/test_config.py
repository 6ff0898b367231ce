"""Presets: what they count to, how they split, and what is refused."""

import tracemalloc
from dataclasses import replace

import pytest

from selfd_models.config import NANO, PRESETS, TINY, preset
from selfd_models.errors import ConfigError
from selfd_models.parameters import count, initialise, mixer_shares, specify


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("nano", 10_709_500), ("small", 29_382_140), ("base", 99_470_799), ("elara", 2_791_783_872)],
)
def test_each_preset_has_exactly_so_many_parameters(name: str, parameters: int) -> None:
    assert count(preset(name)) == parameters


def test_no_preset_is_left_out_of_the_count() -> None:
    assert set(PRESETS) == {"nano", "small", "base", "elara"}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_mixer_splits_thirty_forty_twenty_ten(name: str) -> None:
    shares = mixer_shares(preset(name))
    wanted = {"spike": 0.30, "state": 0.40, "liquid": 0.20, "gate": 0.10}
    assert shares == pytest.approx(wanted, abs=0.025)


def test_the_largest_preset_is_counted_without_allocating_it() -> None:
    tracemalloc.start()
    try:
        assert count(preset("elara")) > 2.7e9
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_elara_has_thirty_two_layers_all_applied_twice() -> None:
    elara = preset("elara")
    assert len(elara.pattern) == 32
    assert elara.core == (0, 32)
    assert elara.experts == 8


def test_first_parameters_have_the_shapes_that_were_specified() -> None:
    made = initialise(TINY, seed=0)
    assert {name: value.shape for name, value in made.items()} == {
        name: spec.shape for name, spec in specify(TINY).items()
    }
    assert sum(value.size for value in made.values()) == count(TINY)


def test_the_same_seed_gives_the_same_first_parameters() -> None:
    first, second = initialise(TINY, seed=5), initialise(TINY, seed=5)
    assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pattern": "HXH"}, "pattern may hold H and A only"),
        ({"core": (2, 9)}, "does not lie within the pattern"),
        ({"byte_width": 200}, "byte_width must divide by 12"),
        ({"table_rows": 1000}, "table_rows must be a power of two"),
        ({"heads": 3}, "kv_heads must divide heads"),
        ({"experts_used": 9}, "experts_used must be 1 to 8"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(
    change: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        replace(NANO, **change)  # type: ignore[arg-type]  # one field of any type


def test_an_unknown_preset_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no preset 'mega': there are nano"):
        preset("mega")
