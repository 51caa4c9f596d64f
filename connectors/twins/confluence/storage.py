"""What Confluence makes of storage format that it is given: it checks it, and writes it in its own way."""

from __future__ import annotations

import html.entities
import re
import uuid
from xml.parsers import expat

__all__ = ["rewritten"]

VOID = re.compile(r"<(br|hr|col)\s*/?>")
TAG = re.compile(r"<(?!!\[CDATA)(/?)([\w:-]+)((?:\s+[\w:-]+\s*=\s*\"[^\"]*\")*)\s*(/?)>")
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*\"([^\"]*)\"")
PLAIN_CELL = re.compile(r"(<t[dh]\b[^>]*>)((?:(?!</?(?:p|table|ul|ol)\b).)*?)(</t[dh]>)", re.DOTALL)
NAMED = {ord(char): f"&{html.entities.codepoint2name[ord(char)]};" for char in "\u00a0–—‘’“”…äöüÄÖÜßé×"}


def rewritten(storage: str, seed: str) -> str:
    """The same content with named entities, sorted attributes, ids on macros and tables, paragraphs in cells.

    ValueError for what is not well-formed. ``seed`` makes ids that are the same in every run.
    """
    _check(storage)
    pieces = re.split(r"(<!\[CDATA\[.*?\]\]>)", storage, flags=re.DOTALL)
    texts = [piece if piece.startswith("<![CDATA[") else _markup(piece, seed) for piece in pieces]
    return PLAIN_CELL.sub(r"\1<p>\2</p>\3", "".join(texts))


def _markup(piece: str, seed: str) -> str:
    piece = piece.replace("&#39;", "'").replace("&quot;", '"') if "<" not in piece else _texts(piece)
    return TAG.sub(lambda tag: _tag(tag, seed), piece)


def _texts(piece: str) -> str:
    """Between tags quotes stand bare, and what has a name is written by it."""
    parts = re.split(r"(<[^>]*>)", piece)
    return "".join(
        part if part.startswith("<") else part.replace("&#39;", "'").replace("&quot;", '"').translate(NAMED)
        for part in parts
    )


def _tag(tag: re.Match[str], seed: str) -> str:
    closing, name, given, empty = tag.groups()
    if closing:
        return f"</{name}>"
    attributes = dict(ATTRIBUTE.findall(given))
    if name in ("ac:structured-macro", "table"):
        number = uuid.uuid5(uuid.NAMESPACE_OID, f"{seed} {tag.start()}")
        attributes.setdefault("ac:macro-id" if name != "table" else "ac:local-id", str(number))
    if name == "table":
        attributes |= {"data-layout": "default"}
    written = "".join(f' {key}="{value}"' for key, value in sorted(attributes.items()))
    return f"<{name}{written}{' /' if empty else ''}>"


def _check(storage: str) -> None:
    parser = expat.ParserCreate("utf-8")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
    parser.UseForeignDTD(True)
    parser.ExternalEntityRefHandler = lambda context, *_: (
        parser.ExternalEntityParserCreate(context).Parse(b"", True) and 1
    )
    try:
        parser.Parse(f"<page>{storage}</page>".encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        raise ValueError(f"Error parsing xhtml: {error}") from None
