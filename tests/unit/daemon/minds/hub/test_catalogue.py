"""What machines of several sizes are told to run."""

from __future__ import annotations

from datetime import UTC, datetime

from selfd_daemon.host.state import HostState
from selfd_daemon.minds.hub.catalogue import KNOWN, recommend


def _host(device: str, gigabytes: float, disk: float = 500.0) -> HostState:
    return HostState(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        device=device,
        cpu_load=0.1,
        memory_total=int(gigabytes * 1e9),
        memory_available=int(gigabytes * 0.7e9),
        resident_memory=0,
        disk_free=int(disk * 1e9),
        on_battery=None,
        battery_share=None,
        low_power_mode=None,
        thermal_pressure=None,
        watts=None,
        idle_seconds=None,
        display_asleep=None,
    )


def test_a_larger_machine_is_told_of_larger_models_and_each_fits() -> None:
    largest = 0
    for gigabytes in (4, 8, 16, 36, 128):
        host = _host("Apple M4 Max", gigabytes)
        found = recommend(host, {}, frozenset(), "metal")
        assert all(each.resident_memory <= host.memory_available for each in found)
        assert found[0].resident_memory >= largest
        largest = found[0].resident_memory
    assert largest > 30e9


def test_each_reason_has_the_figures_it_rests_on() -> None:
    first = recommend(_host("Apple M2", 16), {}, frozenset(), "metal")[0]
    assert first.model == "mlx-community/Qwen3-8B-4bit"
    assert "8.2e9 parameters in 4 bits need" in first.reason
    assert "that can be had" in first.reason
    assert "500.0 GB are free" in first.reason
    assert first.expected is not None
    assert f"Apple M2 should give about {first.expected:,.0f} bytes/s" in first.reason


def test_the_chip_is_the_one_that_is_named_and_not_one_it_begins_with() -> None:
    slow = recommend(_host("Apple M1", 16), {}, frozenset(), "metal")[0]
    fast = recommend(_host("Apple M1 Ultra", 16), {}, frozenset(), "metal")[0]
    assert slow.expected is not None
    assert fast.expected is not None
    assert fast.expected > 5 * slow.expected * slow.resident_memory / fast.resident_memory


def test_an_unknown_chip_is_not_guessed_at() -> None:
    first = recommend(_host("a box with a fan", 16), {}, frozenset(), "metal")[0]
    assert first.expected is None
    assert "is not known before it is measured" in first.reason


def test_what_is_here_already_comes_first_with_its_measured_speed() -> None:
    here = "mlx-community/Qwen3-0.6B-4bit"
    found = recommend(
        _host("Apple M2", 16), {here: 321.0}, frozenset({here, "other/model"}), "metal"
    )
    assert (found[0].model, found[0].present, found[0].measured) == (here, True, 321.0)
    assert sum(each.model.startswith("mlx-community/Qwen3-0.6B") for each in found) == 1


def test_without_mlx_only_what_ships_is_said_to_run() -> None:
    host = _host("a box with a fan", 64)
    found = recommend(host, {}, frozenset(), None)
    assert found[0].model == "builtin"
    assert [each.runnable for each in found] == [True, *[False] * (len(found) - 1)]
    assert all("mlx-lm is missing: install selfd[mlx]" in each.reason for each in found[1:])
    slow = recommend(host, {}, frozenset(), "processor")
    assert all(each.runnable for each in slow)
    assert "on the processor here" in slow[0].reason


def test_a_full_disk_leaves_what_is_here() -> None:
    here = "mlx-community/Qwen3-4B-4bit"
    found = recommend(_host("Apple M2", 16, disk=11.0), {}, frozenset({here}), "metal")
    assert found[0].model == here
    assert all(each.present or each.resident_memory < 2.1e9 for each in found)


def test_a_model_is_named_once_however_it_may_be_packed() -> None:
    assert len({known.hub for known in KNOWN}) == len(KNOWN)
