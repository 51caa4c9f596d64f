"""The hub's own section on a page: where it is, what it says, and a page with another one in its place.

The section is the body of a Page Properties macro (``details``), which Cloud and Data Center both have, and whose
parameter ``id`` holds the section's name. Comments in the markup and unknown attributes are dropped on saving; a macro
and its parameters are what Confluence stores, and a macro with a body cannot be deleted by half.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from html.entities import name2codepoint
from urllib.parse import quote
from xml.parsers import expat

from opshub.sdk import RankedIdea, Ranking, escape_storage

__all__ = ["fingerprint", "rendered", "replaced", "section", "without"]

MACRO = "details"
COLUMNS = ("Rank", "Idea", "Band", "Score", "Voices", "Tags")
NOTE = "Ranked by opshub. What stands in this box is replaced by the next list."
EMPTY = "There are no ranked ideas yet."
ENTITIES = "".join(
    f'<!ENTITY {name} "&#{code};">'
    for name, code in name2codepoint.items()
    if name not in ("amp", "lt", "gt", "quot")
).encode()
"""The named entities of HTML: Confluence writes them, and XML does not know them."""

BLANKS = re.compile(r"[\s\u00a0\u200b\ufeff]+")
URL_SAFE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(slots=True)
class _Macro:
    """A macro; ``start`` to ``end`` is the whole, ``body`` its body, ``inner`` what stands in the body."""

    kind: str
    depth: int
    start: int
    end: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    body: tuple[int, int] | None = None
    inner: tuple[int, int] = (0, 0)


class _Walk:
    """One pass over storage format, by byte offsets."""

    def __init__(self, storage: str) -> None:
        self.bytes = storage.encode("utf-8", "surrogatepass")
        self.macros: list[_Macro] = []
        self.tokens: list[tuple[str, str]] = []
        self.layout_end = -1
        """Where the tag that closes a layout begins, if a layout ends the page."""
        self._open: list[_Macro] = []
        self._path: list[str] = []
        self._behind: list[int] = []
        self._parameter = ""
        self._text: list[str] = []
        self._parse()

    def _parse(self) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
        parser.UseForeignDTD(True)
        parser.ExternalEntityRefHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        parser.SkippedEntityHandler = lambda name, _: self._said(f"&{name};")
        self._parser = parser
        self._offset = len(b"<hub>")
        try:
            parser.Parse(b"<hub>" + self.bytes + b"</hub>", True)
        except expat.ExpatError as error:
            at = error.offset + 1 - (self._offset if error.lineno == 1 else 0)
            raise ValueError(
                f"the page is not well-formed: line {error.lineno}, column {at}: {expat.ErrorString(error.code)}"
            ) from None

    def _declare(self, context: str, *_: object) -> int:
        self._parser.ExternalEntityParserCreate(context).Parse(ENTITIES, True)
        return 1

    @property
    def _here(self) -> int:
        return self._parser.CurrentByteIndex - self._offset

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._behind.append(self._after() if name in ("ac:structured-macro", "ac:rich-text-body") else 0)
        depth = len(self._path)
        if name == "ac:structured-macro":
            self._open.append(_Macro(attributes.get("ac:name", ""), depth, self._here))
        elif self._open and depth == self._open[-1].depth + 1:
            if name == "ac:parameter":
                self._parameter = attributes.get("ac:name", "")
                self._open[-1].parameters[self._parameter] = ""
            elif name == "ac:rich-text-body":
                self._open[-1].body = (self._here, -1)
                self._open[-1].inner = (self._behind[-1], -1)
        if name in ("tr", "td", "th", "a"):
            self._token("cell" if name == "th" else name, attributes.get("href", "") if name == "a" else "")

    def _end(self, name: str) -> None:
        depth, macro = len(self._path), self._open[-1] if self._open else None
        self._path.pop()
        opened = self._behind.pop()
        empty = self.bytes[opened - 2 : opened] == b"/>"
        if name in ("p", "br", "li", "td", "th", "a", "h1", "h2", "h3"):
            self._text.append(" ")
        if depth == 2:
            self.layout_end = self._here if name == "ac:layout" else -1
        if macro is None:
            return
        if name == "ac:structured-macro" and depth == macro.depth:
            macro.end = opened if empty else self._after()
            self.macros.append(self._open.pop())
        elif name == "ac:rich-text-body" and depth == macro.depth + 1 and macro.body:
            macro.inner = (opened, opened if empty else self._here)
            macro.body = (macro.body[0], opened if empty else self._after())

    def _said(self, text: str) -> None:
        if "ac:parameter" in self._path:
            if self._open and self._path[-1] == "ac:parameter":
                self._open[-1].parameters[self._parameter] += text
        else:
            self._text.append(text)

    def _token(self, kind: str, value: str) -> None:
        self._flush()
        self.tokens.append(("cell" if kind == "td" else kind, value))

    def _flush(self) -> None:
        said = BLANKS.sub(" ", unicodedata.normalize("NFC", "".join(self._text))).strip()
        self._text.clear()
        if said:
            self.tokens.append(("text", said))

    def _after(self) -> int:
        """Behind the tag that stands here."""
        return self.bytes.index(b">", self._tag_quotes(self._here)) + 1

    def _tag_quotes(self, at: int) -> int:
        """Past the quoted attributes of the tag at this offset, in which ``>`` may stand."""
        found = re.compile(rb"""</?[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*""").match(
            self.bytes, at
        )
        return found.end() if found else at

    def all_tokens(self) -> list[tuple[str, str]]:
        self._flush()
        return self.tokens


def _own(storage: str, name: str) -> tuple[_Walk, _Macro | None]:
    walk = _Walk(storage)
    own = [m for m in walk.macros if m.kind == MACRO and m.parameters.get("id", "").strip() == name]
    if len(own) > 1:
        raise ValueError(f"the section {name!r} stands there {len(own)} times")
    if own and own[0].body is None:
        raise ValueError(f"the section {name!r} has lost its body")
    return walk, own[0] if own else None


def section(storage: str, name: str) -> str | None:
    """What stands in the section, in storage format; None for a page without one. ValueError for a broken page."""
    walk, own = _own(storage, name)
    if own is None or own.body is None:
        return None
    return walk.bytes[slice(*own.inner)].decode()


def replaced(storage: str, name: str, body: str) -> str:
    """The page with this section body; all the rest of it is the same, byte for byte.

    A page without the section gets it at its end, inside the layout where one ends the page.
    """
    walk, own = _own(storage, name)
    filled = f"<ac:rich-text-body>{body}</ac:rich-text-body>"
    if own is not None and own.body is not None:
        start, end = own.body
    else:
        filled = (
            f'<ac:structured-macro ac:name="{MACRO}" ac:schema-version="1">'
            f'<ac:parameter ac:name="id">{escape_storage(name)}</ac:parameter>{filled}</ac:structured-macro>'
        )
        start = end = len(walk.bytes)
        if walk.layout_end >= 0:
            start = end = walk.layout_end
            cell = f"<ac:layout-cell>{filled}</ac:layout-cell>"
            filled = f'<ac:layout-section ac:type="single">{cell}</ac:layout-section>'
    return (walk.bytes[:start] + filled.encode() + walk.bytes[end:]).decode("utf-8", "surrogatepass")


def without(storage: str, name: str) -> str:
    """The page without the section; a page that is not well-formed, or has two, is given back as it is."""
    try:
        walk, own = _own(storage, name)
    except ValueError:
        return storage
    if own is None:
        return storage
    return (walk.bytes[: own.start] + walk.bytes[own.end :]).decode("utf-8", "surrogatepass")


def fingerprint(body: str) -> str:
    """A hash of what a reader sees in the section: rows, cells, texts and links.

    Confluence writes the same content in its own way: other entities, attributes, ids, paragraphs in cells.
    """
    tokens = json.dumps(_Walk(body).all_tokens(), ensure_ascii=True)
    return hashlib.blake2b(tokens.encode(), digest_size=12).hexdigest()


def rendered(ranking: Ranking) -> str:
    """The list in storage format, every text escaped."""
    if not ranking.rows:
        return f"<p>{NOTE}</p><p>{EMPTY}</p>"
    head = "".join(f"<th>{column}</th>" for column in COLUMNS)
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in ranking.rows)
    return f"<p>{NOTE}</p><table><tbody><tr>{head}</tr>{rows}</tbody></table>"


def _cells(row: RankedIdea) -> str:
    title = escape_storage(row.title)
    if re.match(r"https?://[^\s/]", row.url, re.IGNORECASE):
        title = f'<a href="{escape_storage(quote(row.url, safe=URL_SAFE))}">{title}</a>'
    score = f"{round(row.score, 2):.12g}{f' ({row.note})' if row.note else ''}"
    texts = (row.band, score, str(row.voices), ", ".join(row.tags))
    cells = (str(row.rank), f"{escape_storage(row.idea)}: {title}", *map(escape_storage, texts))
    return "".join(f"<td>{cell}</td>" for cell in cells)
