"""Bytes of a text file into text: what it declares, what it plainly is, what it most likely is."""

from __future__ import annotations

import codecs
import re

from selfd_daemon.documents.errors import UnreadableError

_MARKS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(  # PEP 263 and its like, XML, HTML, CSS
    rb"(?:coding[:=]|encoding\s*=|charset\s*=|@charset)\s*[\"']?\s*([A-Za-z0-9][\w.:-]{1,39})"
)
_DECLARED_WITHIN = 1024
_SAMPLE = 64 * 1024
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b"))
_CONTROL_SHARE = 0.01
_LONE_BYTES = 1.5  # mean length of runs of high bytes: Latin text has single ones
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_BAD_SHARE = 0.1  # of what is beyond ASCII: a damaged file is still worth reading


def decode(data: bytes) -> str:
    """Return the text with `\\n` line ends and without a byte order mark.

    Raises:
        UnreadableError: it is binary, or in no encoding that can be told.
    """
    text = _marked(data)
    if text is None:
        if is_binary(data):
            raise UnreadableError("binary, not text")
        text = _unmarked(data)
    text = text.encode("utf-8", "replace").decode()  # no lone surrogates, which JSON cannot hold
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_binary(data: bytes) -> bool:
    """Tell from the first bytes whether this is no text; bytes after a byte order mark are text."""
    sample = data[:_SAMPLE]
    if any(sample.startswith(mark) for mark, _ in _MARKS):
        return False
    if b"\0" in sample:
        return _wide(sample) is None
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > len(sample) * _CONTROL_SHARE


def _marked(data: bytes) -> str | None:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    return None


def _unmarked(data: bytes) -> str:
    wide = _wide(data[:_SAMPLE])
    names = [wide] if wide else ["utf-8", _declared(data)]
    for name in filter(None, names):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return _mended(data) or _detected(data)


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:_DECLARED_WITHIN])
    return match.group(1).decode("ascii") if match else None


def _wide(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: every other byte of Western text is zero."""
    even, odd = sample[0::2], sample[1::2]
    if not odd:
        return None
    low, high = even.count(0) / len(even), odd.count(0) / len(odd)
    if max(low, high) < 0.4 or min(low, high) > 0.05:
        return None
    name = "utf-16-be" if low > high else "utf-16-le"
    text = sample[: len(sample) // 2 * 2].decode(name, "replace")
    odd_ones = sum(
        1 for char in text if char == "\ufffd" or not (char.isprintable() or char.isspace())
    )
    return name if odd_ones <= len(text) * _CONTROL_SHARE else None


def _mended(data: bytes) -> str | None:
    """Return UTF-8 with a few bad bytes marked, None when it was not UTF-8 to begin with."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    beyond = sum(1 for char in text if char > "\x7f")
    return text if bad <= (beyond - bad) * _BAD_SHARE else None


def _detected(data: bytes) -> str:
    runs = _HIGH_RUN.findall(data[:_SAMPLE])
    if runs and sum(map(len, runs)) / len(runs) < _LONE_BYTES:
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            pass  # not Western after all
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        raise UnreadableError("not UTF-8, and in no encoding that can be recognised")
    text = data.decode(best.encoding, "replace")
    if text.count("\ufffd") > len(text) * _CONTROL_SHARE:
        raise UnreadableError("not UTF-8, and in no encoding that can be recognised")
    return text
