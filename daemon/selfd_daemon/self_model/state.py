"""The self-model as it is stored: JSON out of it, and it out of JSON of any age."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, TypeVar

from selfd_graphql.ports import (
    AffectInfo,
    BodyInfo,
    CalibrationBinInfo,
    CapabilityInfo,
    IdentityInfo,
    SelfModelInfo,
)
from selfd_storage import GoalRecord, SelfVersionRecord

Part = TypeVar("Part")
State = dict[str, Any]

_MOMENTS = frozenset(("born_at", "sampled_at", "created_at", "reached_at"))
# What moves all the time makes a new version only when it moved so far, absolutely or in shares.
_LOAD = 0.1
_SHARE = 0.05
_SLOW = frozenset(("memory_available", "resident_memory", "disk_free"))
_FREE = frozenset(("sampled_at", "idle_seconds", "watts"))
_AFFECT = 0.05


def encoded(model: SelfModelInfo) -> State:
    """Return what is stored of a self-model; its time and hash are the version's own."""
    state = asdict(model)
    del state["as_of"], state["hash"]
    return json.loads(json.dumps(state, default=_plain))  # type: ignore[no-any-return]  # ours


def decoded(version: SelfVersionRecord) -> SelfModelInfo:
    """Return the self-model of a version; what an older selfd did not know is None."""
    state = version.state
    return SelfModelInfo(
        as_of=version.at,
        hash=version.hash,
        identity=_part(IdentityInfo, state["identity"]),
        body=_part(BodyInfo, state["body"]),
        affect=_part(AffectInfo, state["affect"]),
        capabilities=tuple(_part(CapabilityInfo, each) for each in state["capabilities"]),
        goals=tuple(_part(GoalRecord, each) for each in state["goals"]),
        attention=state["attention"],
        attention_id=state["attention_id"],
        calibration_error=state["calibration_error"],
        calibration=tuple(_part(CalibrationBinInfo, each) for each in state["calibration"]),
        counts=state["counts"],
        limits=tuple(state["limits"]),
        unknown=tuple(state["unknown"]),
    )


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether a state is worth a version of its own: more moved than noise does."""
    for name, value in after.items():
        was: Any = before.get(name)
        if name == "body":
            if any(_moved(part, was[part], value[part]) for part in value):
                return True
        elif name == "affect":
            if any(_apart(was[part], value[part], _AFFECT) for part in value if part != "inputs"):
                return True
        elif was != value:
            return True
    return False


def _moved(part: str, was: Any, value: Any) -> bool:
    if part in _FREE:
        return (was is None) != (value is None)
    if part in _SLOW:
        return bool(abs(value - was) > _SHARE * max(value, was))
    if part in ("cpu_load", "battery_share"):
        return _apart(was, value, _LOAD)
    return bool(was != value)


def _apart(was: float | None, value: float | None, least: float) -> bool:
    if was is None or value is None:
        return (was is None) != (value is None)
    return bool(abs(value - was) >= least)


def _part(kind: type[Part], values: Mapping[str, Any]) -> Part:
    """Build a part from JSON: lists become tuples, moments are read, what is missing is None."""
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: _value(name, values.get(name)) for name in names})


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if name in _MOMENTS and value is not None:
        return datetime.fromisoformat(value)
    return value


def _plain(value: object) -> str:
    assert isinstance(value, datetime), "nothing else in it is not JSON"
    return value.isoformat()
