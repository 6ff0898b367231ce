"""Cut the text of a document into pieces that can be found, quoted and opened at a line.

A chunk is a verbatim run of the section's text without the blank lines around it. It ends at the
strongest border near its full size: a heading, a paragraph or function, a sentence, and only inside
a line that is longer than a whole chunk at a sentence, a word or, last, a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MIN_BYTES = 600  # a stronger border is not worth a smaller chunk
MAX_BYTES = 1200
_BYTES_PER_STEP = 250  # one step of strength outweighs this much size

_HEADING = re.compile(r"#{1,6}\s+\S")
_UNDERLINE = re.compile(r"(=+|-{3,})\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$|[。！？]$")
_BREAK_IN_LINE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
_MAX_HEADING = 120


@dataclass(frozen=True, slots=True)
class Section:
    """Text whose first line is number `first_line` of the document.

    `heading` names it where the lines alone do not say where they are from, as in a page of a PDF:
    every chunk of the section then begins with it, above a blank line.
    """

    text: str
    first_line: int = 1
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document with its 1-based, inclusive line range."""

    text: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line, or a part of one that is too long. `strength` is that of the border before it."""

    text: str
    line: int
    size: int
    strength: int
    joint: str


def cut(sections: Sequence[Section], *, markdown: bool) -> Iterator[Chunk]:
    """Yield the chunks of a document in order; with `markdown`, headings are the best borders."""
    for section in sections:
        pieces = _pieces(section, markdown=markdown)
        heading = section.heading[:_MAX_HEADING].strip() if section.heading else ""
        start = 0
        while start < len(pieces):
            end = _end(pieces, start)
            yield from _chunk(pieces[start:end], heading)
            start = end


def _end(pieces: Sequence[_Piece], start: int) -> int:
    """Return where the chunk that begins at `start` ends best."""
    size = pieces[start].size
    best, best_score = start + 1, -1
    for index in range(start + 1, len(pieces)):
        score = size + _BYTES_PER_STEP * pieces[index].strength
        if (size >= MIN_BYTES or best_score < 0) and score >= best_score:
            best, best_score = index, score
        size += len(pieces[index].joint) + pieces[index].size
        if size > MAX_BYTES:
            return best
    return len(pieces)


def _chunk(pieces: Sequence[_Piece], heading: str) -> Iterator[Chunk]:
    full = [index for index, piece in enumerate(pieces) if piece.text.strip()]
    if not full:
        return
    kept = pieces[full[0] : full[-1] + 1]
    text = kept[0].text + "".join(piece.joint + piece.text for piece in kept[1:])
    if heading and not text.lstrip("# ").startswith(heading):
        text = f"{heading}\n\n{text}"
    yield Chunk(text, kept[0].line, kept[-1].line)


def _pieces(section: Section, *, markdown: bool) -> list[_Piece]:
    pieces: list[_Piece] = []
    lines = section.text.split("\n")
    strengths = _strengths(lines, markdown=markdown)
    for number, (line, strength) in enumerate(zip(lines, strengths, strict=True)):
        for part_number, part in enumerate(_parts(line)):
            first = part_number == 0
            pieces.append(
                _Piece(
                    text=part,
                    line=section.first_line + number,
                    size=len(part.encode()),
                    strength=strength if first else 1,
                    joint="\n" if first else "",
                )
            )
    return pieces


def _strengths(lines: Sequence[str], *, markdown: bool) -> list[int]:
    """Say for each line how good a border lies before it, from 0 to 4."""
    strengths: list[int] = []
    fenced = False
    previous, blank, under_heading = "", True, False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        heading = markdown and not fenced and _is_heading(line, following)
        if markdown and _FENCE.match(line):
            fenced = not fenced
        if heading:
            strength = 4
        elif under_heading or not line.strip():
            strength = 0
        elif blank:
            strength = 0 if fenced else _paragraph(line)
        else:
            strength = 1 if _SENTENCE_END.search(previous) else 0
        strengths.append(strength)
        if line.strip():
            under_heading = heading or (under_heading and bool(_UNDERLINE.match(line)))
            previous = line.rstrip()
        blank = not line.strip()
    return strengths


def _is_heading(line: str, following: str) -> bool:
    if _HEADING.match(line):
        return True
    return bool(line.strip() and _UNDERLINE.match(following) and not _UNDERLINE.match(line))


def _paragraph(line: str) -> int:
    """Rate a line after a blank one: at the margin a paragraph or function starts, deeper less."""
    if not line[0].isspace():
        return 3
    return 2 if len(line) - len(line.lstrip()) <= 4 else 1


def _parts(line: str) -> Iterator[str]:
    """Yield a line, or a line longer than a chunk in parts that join to it again."""
    start = 0
    while len(line) - start > MAX_BYTES // 4:
        window = line[start : start + MAX_BYTES]
        fitting = len(window.encode()[:MAX_BYTES].decode(errors="ignore"))
        if start + fitting >= len(line):
            break
        window = window[:fitting]
        ends = [match.end() for match in _BREAK_IN_LINE.finditer(window)]
        sentence = next((end for end in reversed(ends) if end > fitting // 2), 0)
        length = sentence or window.rfind(" ") + 1 or fitting
        yield line[start : start + length]
        start += length
    yield line[start:]
