"""The table of settings as lines to print, and its validation errors as one sentence each."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from selfd_daemon.errors import SettingError

_TYPES: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One line of the table. `rule` is empty where the type says it all."""

    name: str
    type: str
    default: str
    rule: str
    sentence: str

    @property
    def variable(self) -> str:
        """The environment's name for it."""
        return "SELFD_" + self.name.replace(".", "_").upper()


def setting_lines(model: type[BaseModel], group: str = "") -> tuple[SettingLine, ...]:
    """Return the lines of a settings model, groups flattened, in the order of the source."""
    lines: list[SettingLine] = []
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            lines.extend(setting_lines(annotation, f"{name}."))
        else:
            lines.append(_line(group + name, field))
    return tuple(lines)


def explain(
    error: ValidationError, origins: Mapping[str, str], lines: Sequence[SettingLine]
) -> SettingError:
    """Turn the first complaint into a sentence that names the setting, the value and the rule."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"][:2])
    by_name = {line.name: line for line in lines}
    origin = origins.get(name, "file")
    line = by_name.get(name)
    if line is None:
        return SettingError(f"there is no setting {name!r}{_hint(name, by_name)}", name=name)
    rule = f"{line.type}, {line.rule}" if line.rule else line.type
    where = f"the environment's {line.variable}" if origin == "environment" else f"the {origin}"
    return SettingError(f"{name} must be {rule}; got {first['input']!r} from {where}", name=name)


def _hint(name: str, known: Mapping[str, SettingLine]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {near[0]!r}?" if near else ": selfd settings lists them all"


def _line(name: str, field: FieldInfo) -> SettingLine:
    # A default that the platform chooses is told in words: the page must not differ per machine.
    default = "the platform's own" if field.default_factory else _shown(field.default)
    return SettingLine(
        name=name,
        type=_type(field.annotation),
        default=default,
        rule=_rule(field),
        sentence=field.description or "",
    )


def _type(annotation: Any) -> str:
    if get_origin(annotation) is tuple:
        return "names, by commas"
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(get_args(annotation))
    assert not isinstance(annotation, types.UnionType), "a setting has one type"
    return _TYPES[annotation]


def _rule(field: FieldInfo) -> str:
    parts: list[str] = []
    for check in field.metadata:
        match check:
            case Ge(ge=bound):
                parts.append(f"at least {bound}")
            case Gt(gt=bound):
                parts.append(f"more than {bound}")
            case Le(le=bound):
                parts.append(f"at most {bound}")
            case Lt(lt=bound):
                parts.append(f"less than {bound}")
    return ", ".join(parts)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value)


def reference_page(lines: Sequence[SettingLine]) -> str:
    """Return docs/reference/settings.md; a test holds the file to it."""
    rows = [
        f"| `{line.name}` | `{line.variable}` | {line.type} | {line.default} | {line.rule} "
        f"| {line.sentence} |"
        for line in lines
    ]
    return _PAGE_HEAD + "\n".join(rows) + "\n"


_PAGE_HEAD = """# Settings

Each setting can be given in three places. A flag (where `selfd up --help` shows one) wins over \
the environment, that
over `settings.toml` in the data folder, that over the default. `selfd settings` prints the \
value in force and where
it came from. Settings are read once, at start.

```toml
# settings.toml
port = 7353

[feeds]
allow_private = ["nas.local"]
```

This page is generated from the table in `daemon/selfd_daemon/settings/`: \
`python -m selfd_daemon.settings` prints it.

| setting | environment | type | default | rule | meaning |
| --- | --- | --- | --- | --- | --- |
"""
