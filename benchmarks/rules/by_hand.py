"""The same rules as a programmer would write them: one pass over the feedback, no engine.

``plain`` looks for words with ``re``; ``prefiltered`` first lets an automaton tell which words can be there, as opshub
does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import timedelta

from ideas import NOW, WORDS, Answer, Idea

__all__ = ["EFFECTS", "conclude", "facts", "plain", "prefiltered"]

RECENT, FRESH = NOW - timedelta(days=90), NOW - timedelta(days=14)
PAYING = frozenset({"business", "enterprise"})

EFFECTS: dict[str, tuple[float, str, str]] = {
    "leave": (30, "churn-risk", ""),
    "several leave": (15, "", ""),
    "security": (40, "security", "jira.SEC"),
    "blocked": (20, "blocker", ""),
    "low": (15, "", ""),
    "one low": (5, "", ""),
    "praise": (-15, "praise", ""),
    "quiet": (-10, "quiet", ""),
    "rich": (10, "", ""),
    "rising": (10, "rising", ""),
    "reviews": (5, "", ""),
    "detractor": (5, "", ""),
    "closed": (-50, "", ""),
    "key account": (5, "key-account", ""),
    "chinese": (0, "china", ""),
    "wiki only": (-5, "", ""),
    "pinned": (100, "", ""),
    "technical": (0, "integration", "jira.API"),
    "money leaves": (20, "", "jira.KEY"),
    "never delighted": (3, "", ""),
}
"""What each rule adds, tags and routes to, in order."""


def pattern(words: Iterable[str]) -> str:
    """The words as one pattern: whole words in English, anywhere in Chinese."""
    spaced = "|".join(r"\s+".join(map(re.escape, w.split())) for w in words if w.isascii())
    return "|".join([f"(?<![0-9A-Za-z])(?:{spaced})(?![0-9A-Za-z])", *(w for w in words if not w.isascii())])


def plain() -> Callable[[str], tuple[bool, ...]]:
    """Looks for each list of words in turn."""
    searches = [re.compile(pattern(words), re.IGNORECASE).search for words in WORDS.values()]
    return lambda text: tuple([search(text) is not None for search in searches])


def prefiltered() -> Callable[[str], tuple[bool, ...]]:
    """Looks closer only at those lists of which a part stands in the text."""
    from ahocorasick_rs import BytesAhoCorasick

    lists = list(WORDS.values())
    parts = [(max(word.split(), key=len), number) for number, words in enumerate(lists) for word in words]
    find = BytesAhoCorasick([part.encode() for part, _ in parts]).find_matches_as_indexes
    searches = [re.compile(pattern(words)).search for words in lists]
    nothing = (False,) * len(lists)

    def look(text: str) -> tuple[bool, ...]:
        folded = text.lower()
        hits = find(folded.encode(), True)
        if not hits:
            return nothing
        found = list(nothing)
        for number in {parts[hit[0]][1] for hit in hits}:
            found[number] = searches[number](folded) is not None
        return tuple(found)

    return look


def answer(idea: Idea, look: Callable[[str], tuple[bool, ...]]) -> Answer:
    """One idea, in one pass."""
    accounts: dict[str, float] = {}
    leaving_accounts: dict[str, float] = {}
    ratings: list[float] = []
    leave = security = blocked = detractor = key = chinese = hurt = delighted = False
    unhappy = happy = fresh = recents = reviews = technical = wiki = 0
    for text, kind, created, rating, language, plan, account, _, arr in idea.voices:
        leaves, insecure, blocks, praises, technical_ = look(text)
        recent = created > RECENT
        paying = plan in PAYING
        if recent:
            recents += 1
            accounts[account] = max(arr, accounts.get(account, arr))
            if rating is not None:
                ratings.append(rating)
                unhappy += rating < 0.4
            if leaves:
                leaving_accounts[account] = max(arr, leaving_accounts.get(account, arr))
                leave = leave or paying
            blocked = blocked or blocks
            reviews += kind == "review"
            key = key or arr > 100000
            chinese = chinese or language == "zh"
            technical += technical_
            fresh += created > FRESH
        security = security or insecure
        hurt = hurt or leaves or blocks or insecure
        delight = rating is not None and rating >= 0.9
        delighted = delighted or delight
        happy += praises or delight
        detractor = detractor or (kind == "nps" and rating is not None and rating < 0.3 and paying)
        wiki += kind == "wiki"
    count = len(idea.voices)
    held = (
        leave,
        len(leaving_accounts) >= 3,
        security,
        blocked,
        unhappy >= 2 and math.fsum(ratings) / len(ratings) < 0.4,
        unhappy == 1,
        happy / count > 0.5 and not hurt,
        not recents,
        sum(accounts.values()) > 500000,
        fresh >= 3,
        reviews >= 3,
        detractor,
        idea.status in ("Done", "Closed"),
        key,
        chinese,
        wiki == count,
        "pinned" in idea.tags,
        technical >= 2,
        sum(leaving_accounts.values()) > 200000,
        count >= 10 and not delighted,
    )
    return conclude(idea, len(accounts), held)


def conclude(idea: Idea, reach: int, held: Iterable[bool]) -> Answer:
    """The answer, from what the conditions say."""
    priority = min(max(reach * idea.impact * idea.confidence / max(idea.effort, 0.5), 0.0), 60.0)
    tags, route = [], ""
    for (amount, tag, to), holds in zip(EFFECTS.values(), held, strict=True):
        if holds:
            priority += amount
            if tag:
                tags.append(tag)
            route = route or to
    band = "P1" if priority >= 80 else "P2" if priority >= 50 else "P3" if priority >= 20 else "P4"
    return Answer(priority, band, tuple(sorted(tags)), route)


def facts(idea: Idea, look: Callable[[str], tuple[bool, ...]]) -> dict[str, float]:
    """What no rule engine can say: sums and counts over distinct accounts, and a mean."""
    recent = [voice for voice in idea.voices if voice.created > RECENT]
    leaving = [voice for voice in recent if look(voice.text)[0]]
    ratings = [voice.rating for voice in recent if voice.rating is not None]
    return {
        "reach": float(len({voice.account for voice in recent})),
        "revenue": math.fsum({voice.account: voice.arr for voice in recent}.values()),
        "leaving_accounts": float(len({voice.account for voice in leaving})),
        "leaving_revenue": math.fsum({voice.account: voice.arr for voice in leaving}.values()),
        "mean_rating": math.fsum(ratings) / len(ratings) if ratings else 1.0,
    }
