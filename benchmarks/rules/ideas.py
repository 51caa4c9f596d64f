"""Ideas with their feedback, the same for the same seed, and the answers that every side must give."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

__all__ = ["NOW", "WORDS", "Answer", "Idea", "Voice", "digest", "make"]

NOW = datetime(2026, 11, 22, tzinfo=UTC)

WORDS = {
    "leaving": ("cancel", "refund", "switch to", "competitor", "not renew", "退订", "退款"),
    "insecure": ("security", "vulnerability", "exploit", "data leak", "漏洞", "泄露"),
    "blocked": ("crash", "data loss", "outage", "unusable", "崩溃", "闪退"),
    "praise": ("love", "great", "awesome", "thank you", "好用", "喜欢"),
    "technical": ("api", "webhook", "sdk", "rate limit", "接口"),
}
_PLANS = ("free", "team", "business", "enterprise")
_KINDS = ("ticket", "ticket", "ticket", "review", "nps", "wiki")
_COMMON = (
    "the board export report when we open it again and then nothing happens for a while please look at this because "
    "our team needs the weekly numbers before monday it worked last month since the update every second file is empty "
    "renewal switching rarely comes before friday but reports matter most to people who plan their week"
).split()
_CHINESE = "导出的报表打不开每次更新以后都要等很久希望尽快处理我们团队每周都需要这些数据"


class Voice(NamedTuple):
    """One piece of feedback; ``rating`` is None where there is none."""

    text: str
    kind: str
    created: datetime
    rating: float | None
    language: str
    plan: str
    account: str
    author: str
    arr: float


class Idea(NamedTuple):
    """An idea and its feedback, earliest first."""

    impact: float
    confidence: float
    effort: float
    status: str
    tags: tuple[str, ...]
    voices: tuple[Voice, ...]


class Answer(NamedTuple):
    """What rules say of an idea."""

    priority: float
    band: str
    tags: tuple[str, ...]
    route: str


def make(count: int, *, texts: bool = True) -> Iterator[Idea]:
    """So many ideas; without ``texts`` the feedback is empty of words."""
    rng = random.Random(7)
    accounts = [(f"a{n}", rng.choice(_PLANS), float(rng.randrange(1, 300) * 1000)) for n in range(3000)]
    for _ in range(count):
        voices = sorted(
            (_voice(rng, accounts, texts) for _ in range(rng.randint(1, 20))), key=lambda v: v.created
        )
        yield Idea(
            float(rng.randint(1, 5)),
            rng.choice((0.5, 0.8, 1.0)),
            rng.choice((0.0, 1.0, 2.0, 5.0, 8.0)),
            rng.choice(("Open", "Open", "Open", "In Progress", "Done", "Closed")),
            ("pinned",) if rng.random() < 0.02 else ("ui",),
            tuple(voices),
        )


def _voice(rng: random.Random, accounts: list[tuple[str, str, float]], texts: bool) -> Voice:
    account, plan, arr = rng.choice(accounts)
    language = "zh" if rng.random() < 0.2 else "en"
    # No mean of these lies so near to 0.4 that an engine of decimals and one of floats would disagree.
    rating = rng.randrange(10) / 10 + 0.003 if rng.random() < 0.4 else None
    created = NOW - timedelta(seconds=rng.randrange(300 * 86400))
    text = _text(rng, language) if texts else ""
    return Voice(
        text, rng.choice(_KINDS), created, rating, language, plan, account, f"p{rng.randrange(9000)}", arr
    )


def _text(rng: random.Random, language: str) -> str:
    if language == "zh":
        at = rng.randrange(10)
        parts = [_CHINESE[at:], _CHINESE]
    else:
        parts = [" ".join(rng.choices(_COMMON, k=rng.randint(20, 90)))]
    for words in WORDS.values():
        if rng.random() < 0.04:
            word = rng.choice([w for w in words if w.isascii() == (language == "en")])
            parts.insert(
                rng.randrange(len(parts) + 1), f" {word.capitalize()} " if language == "en" else word
            )
    return "".join(parts)


def digest(answers: Iterable[Answer]) -> str:
    """A name for all answers in order."""
    found = hashlib.blake2b(digest_size=8)
    for answer in answers:
        found.update(repr((round(answer.priority, 6) + 0.0, *answer[1:])).encode())
    return found.hexdigest()
