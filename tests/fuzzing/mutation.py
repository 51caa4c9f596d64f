"""Rule files that nobody would write: pieces of real ones, with words, signs and bytes deleted, doubled and swapped.

File number N of a seed is always the same, on every machine, so that a failure can be had again by its number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import opshub
import opshub_rules
from opshub.language.codes import CODES
from opshub.language.scanner import RESERVED

__all__ = ["LARGEST", "SEEDS", "made"]

ROOT = Path(__file__).parents[2]
LARGEST = 800
"""Characters of most files: small ones are quick, and reach as deep."""

MORE = """\
score a = max(1, 2) + round(idea.fields.impact, 1) / percentile(b)
score b = normalize(c) * rank(c)
score c = median (rating * 2) over distinct persons within 30d where d
match "m" { when tags contains "a" and text mentions ["b"] to "IDEA-45" }
match "n" { when created > 2026-05-01 or rating < 4% to idea "b" }
test "o" { given feedback.tags = ["a"] expect match == "m" }
let d = true == false and text matches "a\\\\d" and tags contains any ["a"] and created - 3d < ago(36h)
let e = any account (d) and no person within 9d (d) and (share of persons where accounts.segment in ["x", "y"]) > 4%
"""
_PARTS = re.compile(r"(?m)^(?=[a-z])")
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*|[^\W\d][\w.]*|[<>=!]=|\d[\w.%-]*|\s+|.', re.S)
_SIGNS = [
    *'()[]{}"“”‘，、：；（）【】。《＝＞＋=<>!+-*/%.,#&|\\;:$',
    *("==", "!=", ">=", "<=", "\n", " "),
]
_NAMES = """
    idea.voices idea.title idea.tags idea.created idea.fields.impact rating feedback.text text created priority tags
    account.spend idea.budget signal EUR USD goal Adoption idea.goals
    account.plan account.id author.id account.arr feedback.visibility accounts.segment accounts.seats per distinct
    feedback.fields.areas ago age decay days_since clamp round normalize rank percentile lower length board jira.SEC
""".split()
_VALUES = [
    *"0 1 2.5 15% 0% 100% 1e9 00 1.2.3 90d 36h 0d 5w 3m 1y 2026-05-01 2026-02-30 0000-00-00 9999-12-31 500EUR".split(),
    *(
        '"a"',
        '"退款"',
        '""',
        '"(?i)a|b*"',
        '"(((a*)*)*)*"',
        '"["',
        '"\\\\"',
        '"board.P"',
        '"UTC"',
        '"ﬁ\u200d"',
    ),
    *("9" * 30, "9" * 400 + "d", "0." + "0" * 400 + "1", "9" * 20 + "%", "99999999999d", "x" * 300),
    *("500 EUR", "1_000 USD", "0.5 JPY", "5 XXX", "-3 EUR", "1,000 EUR", "9" * 20 + " EUR", "5 eur", "1__0"),
]
_HOSTILE = [
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\ufeff",
    "\u00a0",
    "\u3000",
    "\r",
    "\f",
    "\u2028",
    "\U0001f9e8",
    "\u0301",
    "٣",
    "²",
]
_BYTES = [
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xed\xb0\x80",
    b"\xf4\x90\x80\x80",
    b"\xe2\x80",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\r",
]


def _documented() -> list[str]:
    pages = sorted((ROOT / "docs").glob("*.md"))
    return [
        block for page in pages for block in re.findall(r"```rules\n(.*?)```", page.read_text("utf-8"), re.S)
    ]


def _files() -> list[str]:
    folders = [Path(package.__path__[0]) for package in (opshub, opshub_rules)]
    found = [file for folder in folders for file in sorted(folder.glob("**/*.rules"))]
    texts = [file.read_text("utf-8") for file in found]
    texts += [text for code in CODES.values() for text in (code.before, code.after)]
    return list(dict.fromkeys([MORE, *texts, *_documented()]))


SEEDS = _files()
_STATEMENTS = [[part for part in _PARTS.split(text) if part.strip()] for text in SEEDS]


def _some(chance: random.Random) -> str:
    """Some statements of one file, and those that define what they read."""
    parts = chance.choice(_STATEMENTS)
    if sum(map(len, parts)) <= LARGEST and chance.random() < 0.5:
        return "".join(parts)
    taken = set(chance.choices(range(len(parts)), k=chance.choice([1, 1, 2, 3])))
    defined = {
        found[1]: i for i, p in enumerate(parts) if (found := re.match(r"(?:key )?\w+\s+(\w+)\s*=", p))
    }
    open_ = list(taken)
    while open_:
        needed = {defined[word] for word in re.findall(r"\w+", parts[open_.pop()]) if word in defined} - taken
        taken |= needed
        open_ += needed
    return "".join(parts[i] for i in sorted(taken))


_SORTS = [re.compile(pattern) for pattern in (r'"', r"\d", r"[^\W\d]", r"[<>=!]")]
_OF_SORT = {sort: [word for word in (*_NAMES, *_VALUES, *_SIGNS) if sort.match(word)] for sort in _SORTS}


def _alike(chance: random.Random, token: str, tokens: list[str]) -> str:
    """Another token of the same sort, so that the file often stays one that can be read."""
    for sort, known in _OF_SORT.items():
        if sort.match(token):
            own = chance.choice(tokens)
            return own if sort.match(own) else chance.choice(known)
    return token


def _any(chance: random.Random) -> str:
    sort: list[str] = chance.choice([_SIGNS, sorted(RESERVED), _NAMES, _VALUES, _HOSTILE])
    return chance.choice(sort)


def _deep(chance: random.Random, token: str) -> str:
    times = chance.choice([2, 5, 20, 48, 60, 400])
    before, behind = chance.choice(
        [("(", ")"), ("not ", ""), ("-", ""), ("[", "]"), ("{", "}"), ("max(1, ", ")"), ("(", "")]
    )
    return before * times + token + behind * times


def _replace(chance: random.Random, tokens: list[str], at: int) -> None:
    tokens[at] = _alike(chance, tokens[at], tokens)


def _swap(chance: random.Random, tokens: list[str], at: int) -> None:
    other = chance.randrange(len(tokens))
    tokens[at], tokens[other] = tokens[other], tokens[at]


def _delete(chance: random.Random, tokens: list[str], at: int) -> None:
    del tokens[at : at + chance.choice([1, 1, 1, 2, 8])]


def _double(chance: random.Random, tokens: list[str], at: int) -> None:
    tokens[at:at] = tokens[at : at + chance.choice([1, 1, 4, 30])] * chance.choice([1, 1, 1, 3, 20])


def _insert(chance: random.Random, tokens: list[str], at: int) -> None:
    tokens.insert(at, f" {_any(chance)} " if chance.random() < 0.5 else _any(chance))


def _nest(chance: random.Random, tokens: list[str], at: int) -> None:
    tokens[at] = _deep(chance, tokens[at])


_CHANGES: list[Callable[[random.Random, list[str], int], None]]
_CHANGES = [*[_replace] * 8, *[_insert] * 4, *[_delete] * 3, _double, _double, _swap, _swap, _nest]


def _changed(chance: random.Random, text: str) -> str:
    tokens: list[str] = _TOKEN.findall(text)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 2, 3, 5, 9])):
        if tokens:
            chance.choice(_CHANGES)(chance, tokens, chance.randrange(len(tokens)))
    return "".join(tokens)


def _bytes(chance: random.Random, data: bytes) -> bytes:
    """The file with other line ends, other marks at its head, cut off, or with a few bytes changed."""
    kind = chance.randrange(6)
    at = chance.randrange(len(data) + 1)
    if kind == 0:
        return data.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b"\x0b"]))
    if kind == 1:
        return b"\xef\xbb\xbf" + data
    if kind == 2:
        return data[:at]
    if kind == 3:
        return data[:at] + chance.choice(_BYTES) + data[at:]
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def made(seed: int, number: int) -> bytes:
    """File ``number`` of a seed."""
    chance = random.Random(f"{seed} {number}")
    text = _changed(chance, _some(chance))
    if chance.random() < 0.2:
        other = _changed(chance, _some(chance))
        cut = chance.randrange(len(text) + 1)
        text = chance.choice([text + other, text[:cut] + other[chance.randrange(len(other) + 1) :]])
    if chance.random() < 0.001:
        text *= chance.choice([10, 100])
    elif len(text) > 2 * LARGEST:
        text = text[: 2 * LARGEST]
    data = text.encode()
    return _bytes(chance, data) if chance.random() < 0.2 else data
