"""robots.txt as RFC 9309 has it: which pages of a site a robot of our name may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

MAX_BYTES = 500 * 1024  # the RFC's own figure; what comes after is not read
_SAFE = "/?&=:;,+$!*'()@%-._~"


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one robot; without rules everything is allowed."""

    rules: Sequence[tuple[str, bool]] = ()

    @classmethod
    def parse(cls, body: bytes, agent: str) -> Robots:
        """Read the group that names this robot, or else the one for all."""
        groups: dict[str, list[tuple[str, bool]]] = {}
        names: list[str] = []
        in_rules = False
        for line in body[:MAX_BYTES].decode("utf-8-sig", "replace").splitlines():
            key, _, value = line.partition("#")[0].partition(":")
            key, value = key.strip().lower(), value.strip()
            if key == "user-agent":
                if in_rules:
                    names, in_rules = [], False
                names.append(value.lower())
                groups.setdefault(value.lower(), [])
            elif key in ("allow", "disallow"):
                in_rules = True
                for name in names:
                    if value:  # an empty rule says nothing
                        groups[name].append((_normal(value), key == "allow"))
        return cls(groups.get(agent.lower(), groups.get("*", [])))

    def allow(self, url: str) -> bool:
        """Say whether a page may be read: the longest rule that matches wins, allowing on a tie."""
        parts = urlsplit(url)
        path = _normal((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        matching = [
            (len(pattern), allowed) for pattern, allowed in self.rules if _matches(pattern, path)
        ]
        return max(matching, default=(0, True))[1]


NOTHING_ALLOWED = Robots([("/", False)])


def _matches(pattern: str, path: str) -> bool:
    """Match from the start of the path; `*` is anything and a final `$` is the end.

    Piece by piece, since a regular expression made of a stranger's pattern may take for ever.
    """
    to_end = pattern.endswith("$")
    first, *pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    last = pieces.pop() if to_end and pieces else None
    for piece in pieces:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= place
    return not to_end or place == len(path)


def _normal(path: str) -> str:
    """Write the same path in one way, however it is escaped."""
    return quote(unquote(path, errors="replace"), safe=_SAFE)
