"""Text without the characters that nobody sees: they hide instructions and disguise names."""

from __future__ import annotations

import re

# Never visible: C0 and C1 controls but tab and newline, soft hyphen, grapheme joiner, fillers,
# zero-width space, direction marks and overrides, invisible operators, byte order mark, marks of
# interlinear text, surrogates, noncharacters, tag characters and the variation selectors with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b"
    "\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Joiners belong to writing between other letters than ours (Persian, Hindi, emoji), one at a time.
_STRAY_JOINERS = re.compile(
    "(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])"
    "|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
_STRAY_SELECTORS = re.compile("(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+|(?<!\\S)[\ufe00-\ufe0f]+")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")


def visible(text: str) -> str:
    """Return `text` without the characters that nobody sees, line ends made one kind."""
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    return _STRAY_SELECTORS.sub("", _STRAY_JOINERS.sub("", text))
