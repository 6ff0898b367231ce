"""Text and HTML from strangers made harmless: what stays is what a person would see.

Runs in the child. HTML goes through nh3's allow-list: no scripts, styles, forms, frames or images
(a remote image tells its server who reads when), links without referrer.
"""

from __future__ import annotations

import functools
import html
import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

import nh3
from selectolax.lexbor import LexborHTMLParser

from selfd_daemon.visible import visible

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s",
    "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "time", "tr", "u", "ul", "var", "wbr",
}  # fmt: skip
_BLOCKS = {
    "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "summary", "table", "td", "th",
    "tr", "ul",
}  # fmt: skip
_DROPPED_WITH_CONTENT = {
    "audio", "canvas", "embed", "frame", "frameset", "iframe", "map", "math", "noembed", "noframes",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title",
    "video", "xmp",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # or nh3 allows some of its own choice
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_MAX_URL_LENGTH = 4096

# HTML parsers need quadratic time for deep nesting (50,000 elements take nh3 6 s), so that is
# flattened first. Elements of raw text cannot nest and stay, since their content is dropped.
_MAX_DEPTH = 200
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CLOSED_BY_ITSELF = frozenset({"br", "hr", "img", "input", "link", "meta", "p", "li", "wbr"})
_TAG_BUT_RAW_TEXT = re.compile(
    r"</?(?!(?:script|style|iframe|noembed|noframes|textarea|title|xmp)\b)[a-zA-Z][^>]*>", re.I
)

_MAY_HIDE = re.compile(r"hidden|display|visibility|font-size|opacity", re.I)
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|"
    r"(?:font-size|opacity)\s*:\s*0+(?:\.0*)?\s*(?:px|r?em|pt|%)?\s*(?:;|!|$)",
    re.I,
)

_SPACES = re.compile(r"[^\S\n]+")
_WHITE_SPACE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_ANY_TAG = re.compile(r"<(/?)([a-z0-9]+)>")


def one_line(text: str, limit: int) -> str:
    """Return visible text on one line, cut at `limit` characters."""
    return " ".join(visible(text[: 2 * limit]).split())[:limit].rstrip()


def paragraphs(text: str, limit: int) -> str:
    """Return visible text with its lines, long runs of spaces and empty lines made short."""
    lines = (_SPACES.sub(" ", line).strip() for line in visible(text).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()[:limit].rstrip()


def safe_html(source: str, base: str) -> str:
    """Return the allowed part of some HTML, links made absolute; "" where nothing remains."""
    return visible(_cleaner(base).clean(_prepared(source))).strip()


def plain_text(source: str, limit: int) -> str:
    """Return what a person would read of some HTML, a line for each block."""
    # Without attributes a tag ends at its first ">", so that the pattern cannot be misled.
    bare = _bare_cleaner().clean(_prepared(source))
    lines = _ANY_TAG.sub(lambda tag: "\n" if tag[2] in _BLOCKS else "", _kept_lines(bare))
    return paragraphs(html.unescape(lines), limit)


def html_of_text(text: str) -> str:
    """Return plain text as HTML that shows it."""
    return html.escape(text, quote=False).replace("\n", "<br>\n")


def web_link(url: str, base: str = "") -> str | None:
    """Return the absolute http or https address of a link, None where it leads elsewhere."""
    link = visible(url).strip()
    if not link or link.endswith("://"):
        return None
    try:
        absolute = urljoin(base, link)
        parts = urlsplit(absolute)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return None
    except ValueError:
        return None
    return absolute if len(absolute) <= _MAX_URL_LENGTH else None


@functools.lru_cache(maxsize=8)
def _cleaner(base: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative=lambda url: web_link(url, base),
        link_rel="noopener noreferrer nofollow",
    )


@functools.cache
def _bare_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_BLOCKS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={"*": set()},
        link_rel=None,
    )


def _kept_lines(bare: str) -> str:
    """Turn line ends of the source into spaces, but for those inside `pre`."""
    parts = re.split(r"(<pre>.*?</pre>)", bare, flags=re.DOTALL)
    return "".join(
        part if part.startswith("<pre>") else _WHITE_SPACE.sub(" ", part) for part in parts
    )


def _prepared(source: str) -> str:
    """Make HTML fit for a real parser, and take out what it hides from people."""
    if _too_deep(source):
        source = _TAG_BUT_RAW_TEXT.sub("\n", source)
    return _without_hidden(source) if _MAY_HIDE.search(source) else source


def _without_hidden(source: str) -> str:
    page = LexborHTMLParser(source)
    hidden = [
        node
        for node in page.css("[hidden], [style]")
        if "hidden" in node.attributes or _HIDING_STYLE.search(node.attributes.get("style") or "")
    ]
    if not hidden or page.body is None:
        return source
    for node in hidden:
        if node.tag not in ("html", "body"):
            node.decompose()
    return page.body.html or ""


def _too_deep(source: str) -> bool:
    """Say whether elements may be nested too deep, in one pass over the tags."""
    if source.count("<") <= _MAX_DEPTH:
        return False
    depth, open_elements = 0, Counter[str]()
    for closing, name in _TAG_NAME.findall(source):
        name = name.lower()
        if name in _CLOSED_BY_ITSELF:
            continue
        if not closing:
            open_elements[name] += 1
            depth += 1
        elif open_elements[name]:
            open_elements[name] -= 1
            depth -= 1
        if depth > _MAX_DEPTH:
            return True
    return False
