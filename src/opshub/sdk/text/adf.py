"""Atlassian Document Format: to plain text, and from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opshub.sdk.clean import clean
from opshub.sdk.text.plain import Lines, link_pattern, tidy, with_address
from opshub.sdk.times import parse_time

__all__ = ["adf_from_plain", "plain_from_adf"]

BLOCKS = frozenset(
    "blockCard blockquote bulletList codeBlock decisionItem decisionList embedCard expand extension heading"
    " layoutColumn layoutSection listItem mediaGroup mediaSingle nestedExpand orderedList panel paragraph rule table"
    " tableRow taskItem taskList".split()
)
SPACED = frozenset(
    "blockquote bulletList codeBlock heading orderedList panel paragraph table taskList".split()
)
BULLETS = frozenset(("decisionItem", "listItem", "taskItem"))
CELLS = frozenset(("tableCell", "tableHeader"))
SAYING = {
    "blockCard": ("url",),
    "embedCard": ("url",),
    "emoji": ("text", "shortName"),
    "expand": ("title",),
    "inlineCard": ("url",),
    "media": ("alt",),
    "mediaInline": ("alt",),
    "mention": ("text",),
    "nestedExpand": ("title",),
    "placeholder": ("text",),
    "status": ("text",),
}
"""Where nodes without content keep their words."""


def plain_from_adf(document: object) -> str:
    """The document's text, line by line; an address behind other words stands in brackets.

    Takes what the API sends: a document, None, or a text that is plain already. Unknown nodes give what is in them.
    """
    if isinstance(document, str):
        return tidy(document)
    writer = _Writer()
    writer.waiting.append((document, False))
    while writer.waiting:
        writer.put(*writer.waiting.pop())
    return writer.lines.whole()


class _RowEnd:
    """Stands on the stack where a table's row is over."""


class _Writer:
    """Puts nodes down as lines; ``waiting`` is what comes next, last first, and whether it is set tight."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.waiting: list[tuple[object, bool]] = []
        self._cells: list[int] = []

    def put(self, node: object, tight: bool) -> None:
        """A node, a number of line breaks, or a row's end."""
        if isinstance(node, Mapping):
            self._open(node, tight)
        elif isinstance(node, int):
            self.lines.apart(node)
        elif isinstance(node, _RowEnd):
            if self._cells:
                self.lines.row(self._cells)
            self._cells = []

    def _open(self, node: Mapping[Any, Any], tight: bool) -> None:
        kind = str(node.get("type", ""))
        if kind in BLOCKS:
            breaks = 2 if kind in SPACED and not tight else 1
            self.lines.apart(breaks)
            self.waiting.append((breaks, tight))
        if kind == "tableRow":
            self._cells = []
            self.waiting.append((_RowEnd(), tight))
        if kind in CELLS:
            self._cells.append(self.lines.size)
        if kind in BULLETS:
            self.lines.bullet()
        self.lines.text(_leaf(kind, node))
        content = node.get("content")
        if isinstance(content, list):
            within = tight or kind in BULLETS
            self.waiting.extend((part, within) for part in reversed(content) if isinstance(part, Mapping))


def _leaf(kind: str, node: Mapping[Any, Any]) -> str:
    found = node.get("attrs")
    attributes: Mapping[Any, Any] = found if isinstance(found, Mapping) else {}
    if kind == "text":
        return _linked(_text(node.get("text")), node.get("marks"))
    if kind == "hardBreak":
        return "\n"
    if kind == "date":
        return _day(attributes.get("timestamp"))
    names = SAYING.get(kind, ())
    return next((_text(attributes.get(name)) for name in names if attributes.get(name)), "")


def _linked(text: str, marks: object) -> str:
    for mark in marks if isinstance(marks, list) else ():
        if (
            isinstance(mark, Mapping)
            and mark.get("type") == "link"
            and isinstance(mark.get("attrs"), Mapping)
        ):
            return text + with_address(text, _text(mark["attrs"].get("href")))
    return text


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _day(stamp: object) -> str:
    try:
        return parse_time(stamp).date().isoformat()
    except ValueError:
        return ""


def adf_from_plain(text: str, links: Sequence[str] = ()) -> dict[str, Any]:
    """A document of paragraphs that shows the text as it is; nothing in it can mention, link or format.

    Blank lines part paragraphs, single line breaks stay. Addresses that begin with one of ``links`` (origins such as
    ``https://acme.zendesk.com``) become links.
    """
    pattern = link_pattern(tuple(links))
    paragraphs = [block for block in tidy(clean(text)).split("\n\n") if block.strip()]
    content = []
    for block in paragraphs:
        inline: list[dict[str, Any]] = []
        for number, line in enumerate(block.strip("\n").split("\n")):
            if number:
                inline.append({"type": "hardBreak"})
            inline.extend(_inline(line, pattern))
        content.append({"type": "paragraph", "content": inline})
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph", "content": []}]}


def _inline(line: str, pattern: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    position = 0
    for found in pattern.finditer(line) if pattern is not None else ():
        nodes.append({"type": "text", "text": line[position : found.start()]})
        mark = {"type": "link", "attrs": {"href": found[0]}}
        nodes.append({"type": "text", "text": found[0], "marks": [mark]})
        position = found.end()
    nodes.append({"type": "text", "text": line[position:]})
    return [node for node in nodes if node["text"]]
