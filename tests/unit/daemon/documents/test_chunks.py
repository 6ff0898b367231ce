"""Cutting: verbatim, right line numbers, sizes, and borders that a person would choose."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_daemon.documents.chunks import MAX_BYTES, Chunk, Section, cut

LINES = st.lists(
    st.one_of(
        st.text(max_size=200),
        st.sampled_from(
            ["", "   ", "# Heading", "```", "def f():", "    return 1", "Title", "====="]
        ),
        st.text(alphabet="abc é語😀. ", min_size=1000, max_size=6000),
    ),
    max_size=60,
)


def chunks(text: str, *, markdown: bool = False, first_line: int = 1) -> list[Chunk]:
    return list(cut([Section(text, first_line)], markdown=markdown))


@given(LINES, st.booleans())
def test_every_chunk_is_verbatim_small_and_knows_its_lines(
    lines: Sequence[str], markdown: bool
) -> None:
    text = "\n".join(lines).replace("\r", "").encode("utf-8", "replace").decode()
    lines = text.split("\n")
    position = 0
    for chunk in chunks(text, markdown=markdown):
        assert 0 < len(chunk.text.encode()) <= MAX_BYTES
        found = text.index(chunk.text, position)
        assert text[position:found].strip() == ""  # nothing between two chunks is lost
        assert text.count("\n", 0, found) == chunk.start_line - 1
        assert chunk.end_line == chunk.start_line + chunk.text.count("\n")
        position = found + len(chunk.text)
    assert text[position:].strip() == ""


def test_a_short_text_is_one_chunk_without_the_blank_lines_around_it() -> None:
    assert chunks("\n\n  one\ntwo\n\n") == [Chunk("  one\ntwo", 3, 4)]


@pytest.mark.parametrize("text", ["", "\n\n", "   \n\t\n"])
def test_blank_text_has_no_chunks(text: str) -> None:
    assert chunks(text) == []


def test_a_heading_starts_a_chunk_rather_than_ending_one() -> None:
    paragraph = "A sentence of some length that fills the page.\n" * 15
    text = f"# One\n\n{paragraph}\n## Two\n\n{paragraph}\n## Three\n\n{paragraph}"
    starts = [chunk.text.partition("\n")[0] for chunk in chunks(text, markdown=True)]
    assert starts == ["# One", "## Two", "## Three"]


def test_a_comment_in_a_fenced_block_is_no_heading() -> None:
    filler = "words words words words\n" * 28
    text = f"{filler}\n```sh\nmake\n# not a heading\nmake test\n```\n\n{filler}"
    assert not any(chunk.text.startswith("# not") for chunk in chunks(text, markdown=True))


def test_a_function_starts_a_chunk() -> None:
    body = "    value = compute(value) + 1\n" * 14
    source = "\n\n".join(f"def function_{n}(value):\n{body}    return value" for n in range(6))
    starts = [chunk.text.partition("\n")[0] for chunk in chunks(source)]
    assert all(start.startswith("def function_") for start in starts)
    assert len(starts) == 3  # two functions fill one


def test_a_long_line_is_cut_between_sentences_and_keeps_its_number() -> None:
    sentence = "The quick brown fox jumps over the lazy dog and sleeps. "
    found = chunks("short\n" + sentence * 100)
    assert {chunk.end_line for chunk in found} == {2}
    assert all(chunk.text.rstrip().endswith(".") for chunk in found)


def test_a_line_without_a_space_is_cut_between_characters() -> None:
    text = "語" * 5000
    found = chunks(text)
    assert "".join(chunk.text for chunk in found) == text


def test_the_heading_of_a_section_stands_above_each_of_its_chunks() -> None:
    pages = [
        Section("First words.\n" * 150, 1, "Page 1"),
        Section("Page 2\nhas its own line", 151, "Page 2"),
    ]
    found = list(cut(pages, markdown=False))
    assert all(chunk.text.startswith("Page 1\n\nFirst") for chunk in found[:-1])
    assert found[-1] == Chunk("Page 2\nhas its own line", 151, 152)
