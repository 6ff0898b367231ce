"""The body: one sample of the machine, its network, and what of it changed."""

from __future__ import annotations

import socket
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest

from selfd_daemon.self_model.measures.body import Body, changes, network_up
from support.self_model import NOON, STATE, Machine

pytestmark = pytest.mark.anyio


async def test_a_sample_has_what_the_host_measured() -> None:
    body = await Body(Machine(), backend="numpy", now=lambda: NOON).sample()
    assert (body.device, body.backend, body.sampled_at) == ("a machine", "numpy", NOON)
    assert (body.cpu_load, body.watts, body.on_battery) == (0.25, 12.5, False)


@pytest.mark.parametrize(
    ("address", "is_up", "found"),
    [
        ("192.168.1.7", True, True),
        ("192.168.1.7", False, False),
        ("2001:db8::7", True, True),
        ("127.0.0.1", True, False),
        ("169.254.3.4", True, False),
        ("fe80::1%awdl0", True, False),
    ],
)
def test_a_network_is_an_address_beyond_this_machine(
    monkeypatch: pytest.MonkeyPatch, address: str, is_up: bool, found: bool
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    card = SimpleNamespace(family=psutil.AF_LINK, address="02:00:00:00:00:01")
    held = {"en0": [card, SimpleNamespace(family=family, address=address)]}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: held)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"en0": SimpleNamespace(isup=is_up)})
    assert network_up() is found


async def test_only_what_a_person_cares_for_counts_as_a_change() -> None:
    machine = Machine()
    body = Body(machine, backend="numpy", now=lambda: NOON)
    before = await body.sample()
    machine.state = replace(STATE, cpu_load=0.9, watts=40.0, low_power_mode=True)
    assert changes(before, await body.sample()) == [("low power mode", "off", "on")]


async def test_what_is_not_told_any_more_is_no_change() -> None:
    machine = Machine()
    body = Body(machine, backend="numpy", now=lambda: NOON)
    before = await body.sample()
    machine.state = replace(STATE, thermal_pressure=None, on_battery=None)
    assert changes(before, await body.sample()) == []
