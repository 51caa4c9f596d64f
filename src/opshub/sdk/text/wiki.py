"""Jira's wiki markup: to plain text, and plain text so escaped that none of it takes effect."""

from __future__ import annotations

import re

from opshub.sdk.clean import clean
from opshub.sdk.text.markup import unescape
from opshub.sdk.text.plain import tidy, with_address

__all__ = ["plain_from_wiki", "wiki_from_plain"]

MACRO = re.compile(
    r"(?<!\\)\{(?:code|noformat|quote|panel|color|anchor|section|column|html|csv)\b[^{}\n]{0,500}\}",
    re.IGNORECASE,
)
CODE = re.compile(r"(?<!\\)\{(code|noformat)(?::[^{}\n]{0,500})?\}", re.IGNORECASE)
LINK = re.compile(r"(?<!\\)\[([^\[\]\n|]{1,1000})\|([^\[\]\n|]{1,2000})(?:\|[^\[\]\n]{0,200})?\]")
BARE_LINK = re.compile(r"(?<!\\)\[((?:https?://|mailto:)[^\[\]\n|\s]{1,2000})\]")
MENTION = re.compile(r"(?<!\\)\[~([^\[\]\n|]{1,200})\]")
IMAGE = re.compile(r"(?<!\\)!([^!\s|][^!\n|]{0,254})(?:\|[^!\n]{0,200})?!")
MONO = re.compile(r"(?<!\\)\{\{([^{}\n]{1,2000})\}\}")
HEADING = re.compile(r"(?m)^[ \t]*(?:h[1-6]|bq)\.[ \t]+")
BULLET = re.compile(r"(?m)^[ \t]*[*#-]{1,20}[ \t]+")
RULE = re.compile(r"(?m)^[ \t]*-{4,5}[ \t]*$")
ROW = re.compile(r"(?m)^[ \t]*(\|[^\n]*)$")
CELLS = re.compile(r"[ \t]*\|{1,2}[ \t]*")
PAIRS = (
    *(
        re.compile(
            rf"(?<![\w{mark}\\]){mark}([^\s{mark}](?:[^{mark}\n]{{0,2000}}[^\s{mark}])?){mark}(?![\w{mark}])"
        )
        for mark in (r"\*", "_", r"\+", r"\^", "~", r"\-")
    ),
    re.compile(r"\?\?([^?\n]{1,2000})\?\?"),
)
ESCAPED = re.compile(r"\\([{}\[\]!*_+^~?|#@()\-:;<>])")

SPECIALS = {ord(sign): f"\\{sign}" for sign in "{}[]!*_-+^~?|#()"} | {ord("\\"): "&#92;"}
ENTITY = re.compile(r"&(?=#?\w{1,31};)")
LEADING = re.compile(r"(?m)^([ \t]*)([hHbB])(?=(?:[1-6]|[qQ])\.)")


def plain_from_wiki(source: str) -> str:
    """The text without its markup, code blocks verbatim; an address behind other words stands in brackets."""
    parts = []
    position = 0
    opening = CODE.search(source)
    while opening is not None:
        closing = source.find("{" + opening[1] + "}", opening.end())
        if closing < 0:
            break
        parts += [_prose(source[position : opening.start()]), "\n", source[opening.end() : closing], "\n"]
        position = closing + len(opening[1]) + 2
        opening = CODE.search(source, position)
    parts.append(_prose(source[position:]))
    return tidy("".join(parts))


def _prose(text: str) -> str:
    text = MACRO.sub("", text)
    text = RULE.sub("", HEADING.sub("", BULLET.sub("- ", text)))
    text = MENTION.sub(r"@\1", text)
    text = BARE_LINK.sub(r"\1", LINK.sub(_link, text))
    text = MONO.sub(r"\1", IMAGE.sub(r"\1", text))
    text = ROW.sub(_row, text)
    for pair in PAIRS:
        text = pair.sub(r"\1", text)
    text = ESCAPED.sub(r"\1", text.replace("\\\\ ", "\n").replace("\\\\", "\n"))
    return unescape(text)


def _link(found: re.Match[str]) -> str:
    label, target = found[1].strip(), found[2].strip()
    return label + with_address(label, target)


def _row(found: re.Match[str]) -> str:
    return CELLS.sub(" | ", found[1].strip().strip("|"))


def wiki_from_plain(text: str) -> str:
    """The text with everything escaped that wiki markup could take for more than text."""
    escaped = ENTITY.sub("&amp;", tidy(clean(text))).translate(SPECIALS)
    return LEADING.sub(lambda found: f"{found[1]}&#{ord(found[2])};", escaped)
