"""Markdown as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from opshub.sdk.text.html import plain_from_html
from opshub.sdk.text.plain import Lines, tidy, with_address

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["plain_from_markdown"]

LONGEST = 100_000
"""Longer texts are no Markdown that a person wrote; they stay as they are."""

APART = {
    "blockquote_close": 2,
    "bullet_list_close": 2,
    "heading_close": 2,
    "hr": 2,
    "ordered_list_close": 2,
    "table_close": 2,
}


def plain_from_markdown(source: str) -> str:
    """The text that a reader of the rendered page sees; an address behind other words stands in brackets."""
    if len(source) > LONGEST:
        return tidy(source)
    lines = Lines()
    cells: list[int] = []
    for token in _parser().parse(source):
        if token.type == "inline":
            lines.text(_inline(token.children or ()))
        elif token.type == "list_item_open":
            lines.bullet()
        elif token.type in ("td_open", "th_open"):
            cells.append(lines.size)
        elif token.type == "tr_close":
            lines.row(cells)
            lines.apart()
            cells = []
        elif token.type == "paragraph_close":
            lines.apart(1 if token.hidden else 2)
        elif token.type in ("fence", "code_block"):
            lines.text(token.content)
            lines.apart(2)
        elif token.type == "html_block":
            lines.text(plain_from_html(token.content))
            lines.apart(2)
        elif token.type in APART:
            lines.apart(APART[token.type])
    return lines.whole()


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    opened: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "link_open":
            opened.append((str(token.attrGet("href") or ""), len(parts)))
        elif token.type == "link_close" and opened:
            address, since = opened.pop()
            parts.append(with_address("".join(parts[since:]), address))
        elif token.type == "html_inline":
            parts.append("\n" if token.content.lower().startswith("<br") else "")
        else:
            parts.append(token.content)
    return "".join(parts)
