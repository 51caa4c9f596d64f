"""HTML, and Confluence's storage format, as plain text."""

from __future__ import annotations

from collections.abc import Collection

from opshub.sdk.text.markup import Tag, attribute, walk
from opshub.sdk.text.plain import SPACES, Lines, tidy, with_address

__all__ = ["plain_from_html", "plain_from_storage"]

BLOCKS = frozenset(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul"
    " ac:rich-text-body ac:plain-text-body ac:structured-macro ac:task ac:layout-cell ac:layout-section".split()
)
SPACED = frozenset("blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul ac:structured-macro".split())
CELLS = frozenset(("td", "th"))
HIDDEN = frozenset(("script", "style", "template", "title"))
HIDDEN_IN_STORAGE = frozenset(("ac:parameter", "ac:task-id", "ac:task-status", "ac:placeholder"))
LISTS = frozenset(("ol", "ul"))
VERBATIM = frozenset(("pre", "ac:plain-text-body"))
BULLETS = frozenset(("li", "ac:task-body"))


def plain_from_html(source: str) -> str:
    """The text that a reader of the page sees, line by line; an address behind other words stands in brackets.

    Takes any text, also one that is no HTML.
    """
    return _plain(source, HIDDEN)


def plain_from_storage(source: str) -> str:
    """The text of a page in Confluence's storage format: without macro parameters, code blocks verbatim."""
    return _plain(source, HIDDEN | HIDDEN_IN_STORAGE)


def _plain(source: str, hidden: Collection[str]) -> str:
    if "<" not in source and "&" not in source:
        return tidy(SPACES.sub(" ", source))
    writer = _Writer()
    skipping, skipped = "", [""]
    for part in walk(source):
        if skipping:
            skipped.append(part if isinstance(part, str) else "")
            if isinstance(part, Tag) and part.name == skipping and part.is_end:
                skipping = ""
        elif isinstance(part, str):
            writer.text(part)
        elif part.name in hidden and not part.is_end and not part.is_empty:
            skipping, skipped = part.name, []
        else:
            writer.tag(part)
    if skipping:  # never closed: the author's text, not a script's
        writer.text(" ".join(skipped))
    writer.row_ends()
    return writer.lines.whole()


class _Writer:
    """Puts texts and tags down as lines."""

    def __init__(self) -> None:
        self.lines = Lines()
        self._verbatim = 0
        self._lists = 0
        self._link = ("", 0)
        self._cells: list[int] = []

    def text(self, text: str) -> None:
        """Text between tags; its line breaks are spaces, but for verbatim blocks."""
        if not self._verbatim:
            text = SPACES.sub(" ", text.replace("\n", " "))
            if self.lines.at_start:
                text = text.lstrip(" ")
        self.lines.text(text)

    def tag(self, tag: Tag) -> None:
        """A tag, as far as it shapes the text."""
        name = tag.name
        if name in ("tr", "table"):
            self.row_ends()
        if name in LISTS and tag.is_end:
            self._lists = max(0, self._lists - 1)
        if name in BLOCKS:
            self.lines.apart(2 if name in SPACED and not self._lists else 1)
        if name in LISTS and not tag.is_end:
            self._lists += 1
        if name in VERBATIM and not tag.is_empty:
            self._verbatim = max(0, self._verbatim + (-1 if tag.is_end else 1))
        if name == "a":
            self._anchor(tag)
        elif name == "br":
            self.lines.text("\n")
        elif name in CELLS and not tag.is_end:
            self._cells.append(self.lines.size)
        elif not tag.is_end:
            self._opened(tag)

    def row_ends(self) -> None:
        """Several cells become one line; a single one is layout and keeps its lines."""
        if len(self._cells) > 1:
            self.lines.row(self._cells)
        self._cells = []

    def _opened(self, tag: Tag) -> None:
        if tag.name in BULLETS:
            self.lines.bullet()
        elif tag.name == "img":
            self.text(attribute(tag, "alt"))
        elif tag.name in ("ri:page", "ri:attachment"):
            self.text(attribute(tag, "ri:content-title") or attribute(tag, "ri:filename"))

    def _anchor(self, tag: Tag) -> None:
        if tag.is_end:
            address, since = self._link
            self.lines.text(with_address(self.lines.since(since), address))
        self._link = ("", 0) if tag.is_end else (attribute(tag, "href"), self.lines.size)
