"""The readable text of an HTML page: what a person reads, in lines, headings as in Markdown.

Lines are those of the extracted text: a page's source has no lines worth pointing at.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = (
    "script, style, template, noscript, svg, math, iframe, object, canvas, form, button, select, "
    "nav, footer, aside, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=search]"
)
_SPACED = frozenset(  # these stand between blank lines
    ("article", "blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre",
     "section", "table")
)  # fmt: skip
_BLOCKS = _SPACED | {
    "address", "body", "caption", "center", "dd", "details", "div", "dt", "fieldset", "figcaption",
    "header", "hr", "legend", "main", "ol", "summary", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
_MARKS = {**{f"h{level}": "#" * level + " " for level in range(1, 7)}, "li": "- "}
_CELLS = frozenset(("td", "th"))
_SPACE = re.compile(r"[ \t\r\n\f]+")
_MAIN_SHARE = 0.5  # of the page's text: a smaller <main> is not the page's subject


def page_text(html: str) -> str:
    """Return the text of a page, its title first when no heading of the page says it."""
    tree = LexborHTMLParser(html)
    title = tree.css_first("title")
    name = _SPACE.sub(" ", title.text()).strip() if title else ""
    for node in tree.css(_DROPPED):
        node.decompose()
    text = _node_text(_subject(tree))
    if name and not any(line.startswith("#") and name in line for line in text.split("\n", 9)):
        text = f"# {name}\n\n{text}"
    return text.strip("\n")


def _subject(tree: LexborHTMLParser) -> LexborNode:
    """Return the page's main part, or the whole body where none stands out."""
    body = tree.body or tree.root
    assert body is not None, "the parser makes a body for whatever it is given"
    whole = len(body.text())
    for node in tree.css("main, [role=main], article"):
        if len(node.text()) >= whole * _MAIN_SHARE:
            return node
    return body


def _node_text(top: LexborNode) -> str:
    """Walk without recursion, since a page may be nested as deep as its author likes."""
    lines = _Lines()
    node: LexborNode | None = top
    while node is not None:
        lines.enter(node)
        if node.child is not None:
            node = node.child
            continue
        while node is not None:
            lines.leave(node)
            if node.mem_id == top.mem_id:
                return lines.text()
            if node.next is not None:
                node = node.next
                break
            node = node.parent
    return lines.text()


class _Lines:
    """The text so far and the line ends that are due before the next of it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._due = 0
        self._mark = ""
        self._verbatim = 0  # how deep in `pre`, where white space is kept as it is

    def enter(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "-text":
            self._write(node.text(deep=False))
        elif tag in _MARKS or tag in _BLOCKS:
            self._break(2 if tag in _SPACED else 1)
            self._mark = _MARKS.get(tag) or self._mark
        elif tag in _CELLS and self._parts and not self._due:
            self._parts.append(" | ")
        elif tag == "br":
            self._due += 1
        if tag == "pre":
            self._verbatim += 1

    def leave(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "pre":
            self._verbatim -= 1
        if tag in _MARKS or tag in _BLOCKS:
            self._mark = ""
            self._break(2 if tag in _SPACED else 1)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in "".join(self._parts).split("\n"))

    def _write(self, text: str) -> None:
        if not self._verbatim:
            text = _SPACE.sub(" ", text)
            if self._due or not self._parts or self._parts[-1].endswith((" ", "\n")):
                text = text.lstrip(" ")
        if not text:
            return
        if self._parts:
            self._parts.append("\n" * min(self._due, 2))
        self._parts.append(self._mark + text)
        self._due, self._mark = 0, ""

    def _break(self, lines: int) -> None:
        if not self._mark:  # a paragraph in a list's item stays beside its dash
            self._due = max(self._due, lines)
