"""Who and what is named: capitals that no sentence, headline or shout explains."""

from __future__ import annotations

import pytest

from selfd_daemon.facts.names import MOST, read_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Yesterday Maya met Tom at the Bank of England.", ["Maya", "Tom", "Bank of England"]),
        ("Hey Mel! How are you, Caroline?", ["Mel", "Caroline"]),
        ("We flew to Rio de Janeiro in May.", ["Rio de Janeiro"]),
        ("I saw Maya's sister.", ["Maya"]),
        ("Ingrid Moe spoke. Later Moe left with Ingrid.", ["Ingrid Moe"]),
        ("Maya moved to Oslo.", ["Maya", "Oslo"]),
        ("Painting is fun. Nature heals.", []),
        ("I called Dr. Smith on Monday.", ["Dr. Smith"]),
        ("The meeting with ACME went well.", ["ACME"]),
        ("nothing here has a capital", []),
        ("", []),
        ("Five Reasons Why Apple Will Win In Europe Today", []),
        ("STOP SHOUTING AT ME PLEASE NOW", []),
        ("Then I'm sure I've seen Ann.", ["Ann"]),
        ("Tom said so; but Tom knows.", ["Tom"]),
        ("Bergen is wet. I like Bergen.", ["Bergen"]),
    ],
)
def test_names_are_read(text: str, names: list[str]) -> None:
    assert sorted(read_names(text)) == sorted(names)


def test_no_text_gives_more_than_a_limit() -> None:
    names = " ".join(f"then we met Anna{chr(97 + n % 26)}{chr(97 + n // 26)}," for n in range(200))
    assert len(read_names(names)) == MOST
