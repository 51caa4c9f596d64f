"""What an idea speaks of, in the words of its own feedback: nothing is said that nobody wrote."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import mul
from typing import NamedTuple

from opshub.matching.wording import holds, overlap, phrases, telling
from opshub.model import Feedback, Ref

__all__ = ["Summary", "Theme", "sample", "summary"]

MOST = 200
"""Pieces of an idea that are read: the oldest half and the newest half of so many."""

_LEAST = 3
TERMS = 6
THEMES = 5
_THEME_TERMS = 3
_WIDE = 0.6
"""What this share of the pieces says is what the idea is about, and no theme within it."""

_MOSTLY = 0.75
"""From this share on a longer phrase stands for the shorter one within it."""

_ONCE = 1 / (1 + math.log1p(1))
"""The weight of what only one piece says."""


class Theme(NamedTuple):
    """Pieces of an idea that share words which the others do not use; each piece is in one theme at most."""

    terms: tuple[str, ...]
    voices: int
    middle: Ref
    """The piece that says most of what the theme's pieces say."""


class Summary(NamedTuple):
    """``terms`` are words and phrases as people wrote them, the most telling first; ``read`` how many pieces count."""

    middle: Ref
    terms: tuple[str, ...]
    themes: tuple[Theme, ...]
    read: int


class _Piece(NamedTuple):
    ref: Ref
    forms: Mapping[str, str]
    length: float


def sample(pieces: Sequence[Feedback]) -> list[Feedback]:
    """Those of the pieces that are read, oldest first, whatever order they are given in."""
    ordered = sorted(pieces, key=lambda piece: (piece.created_at, piece.ref))
    return ordered if len(ordered) <= MOST else ordered[: MOST // 2] + ordered[-MOST // 2 :]


def summary(
    pieces: Sequence[Feedback],
    counted: Callable[[Sequence[str]], Mapping[str, int]],
    vectors: Mapping[Ref, Sequence[float]] | None = None,
) -> Summary | None:
    """What these pieces speak of, whatever order they are given in; None for fewer than three, or where all say one.

    ``counted`` says in how many pieces of the whole store each term stands. With a vector of each piece the middle is
    the one nearest to the mean of all, else the one that says most of what the others say.
    """
    said = [(piece.ref, phrases(piece)) for piece in sample(pieces)]
    if len(said) < _LEAST or all(forms.keys() == said[0][1].keys() for _, forms in said):
        return None
    often = Counter(name for _, forms in said for name in forms)
    weights = _weights([name for name, count in often.items() if count > 1], counted)
    read = [_Piece(ref, forms, _length(forms, weights)) for ref, forms in said]
    near = vectors if vectors and all(piece.ref in vectors for piece in read) else None
    middle = _nearest(read, near) if near else _middle(read, weights)
    return Summary(middle, _terms(read, weights, TERMS), _themes(read, weights), len(read))


def _weights(names: Sequence[str], counted: Callable[[Sequence[str]], Mapping[str, int]]) -> dict[str, float]:
    """How much each phrase tells: the rarer its rarest term in the whole store, the more; a phrase more than a word."""
    terms = sorted({term for name in names for term in telling(name)})
    counts = counted(terms)
    weights = {}
    for name in names:
        parts = telling(name)
        rarest = min(counts.get(part, 0) for part in parts)
        weights[name] = (1 + 0.15 * (len(parts) - 1)) / (1 + math.log1p(rarest))
    return weights


def _length(forms: Mapping[str, str], weights: Mapping[str, float]) -> float:
    return math.sqrt(math.fsum(weights.get(name, _ONCE) ** 2 for name in forms)) or 1.0


def _middle(pieces: Sequence[_Piece], weights: Mapping[str, float]) -> Ref:
    """The piece nearest to the sum of all by cosine; of several the oldest."""
    shares: dict[str, list[float]] = {}
    for piece in pieces:
        for name in piece.forms:
            if name in weights:
                shares.setdefault(name, []).append(weights[name] / piece.length)
    centre = {name: math.fsum(parts) for name, parts in shares.items()}

    def nearness(piece: _Piece) -> float:
        shared = math.fsum(weights[name] * centre[name] for name in piece.forms if name in centre)
        return round(shared / piece.length, 4)

    return max(pieces, key=nearness).ref


def _nearest(pieces: Sequence[_Piece], vectors: Mapping[Ref, Sequence[float]]) -> Ref:
    """The piece whose vector is nearest to the mean of all; of several the oldest."""
    rows = [vectors[piece.ref] for piece in pieces]
    mean = [math.fsum(column) for column in zip(*rows, strict=True)]
    near = [round(math.fsum(map(mul, row, mean)) / len(rows), 4) for row in rows]
    return pieces[near.index(max(near))].ref


def _terms(pieces: Sequence[_Piece], weights: Mapping[str, float], most: int) -> tuple[str, ...]:
    """What several of these pieces say, the most telling first, none within another."""
    often = Counter(name for piece in pieces for name in piece.forms if name in weights)
    scores = {name: round(count * weights[name], 4) for name, count in often.items() if count > 1}
    chosen: list[str] = []
    for name in sorted(scores, key=lambda name: (-scores[name], -len(name), name)):
        if len(chosen) < most and not any(overlap(name, other) for other in chosen):
            whole = _whole(name, often)
            chosen.append(name if any(overlap(whole, other) for other in chosen) else whole)
    return tuple(_form(name, pieces) for name in chosen)


def _whole(name: str, often: Mapping[str, int]) -> str:
    """The longest phrase around a word or a run of characters that most who say it say."""
    around = [
        longer
        for longer, count in often.items()
        if len(longer) > len(name)
        and name in longer
        and count >= _MOSTLY * often[name]
        and holds(longer, name)
    ]
    return max(around, key=lambda longer: (len(longer), often[longer], longer), default=name)


def _form(name: str, pieces: Sequence[_Piece]) -> str:
    """A phrase as most of the pieces write it; of several forms the one that was first."""
    return Counter(piece.forms[name] for piece in pieces if name in piece.forms).most_common(1)[0][0]


def _themes(pieces: Sequence[_Piece], weights: Mapping[str, float]) -> tuple[Theme, ...]:
    """Groups of pieces around what they alone share, the largest first as it was found."""
    left = list(pieces)
    themes: list[Theme] = []
    while len(left) > 1 and len(themes) < THEMES:
        often = Counter(name for piece in left for name in piece.forms if name in weights)
        scores = {
            name: round(count * weights[name], 4)
            for name, count in often.items()
            if 1 < count <= max(2, len(pieces) * _WIDE) and (count < len(pieces))
        }
        if not scores:
            break
        best = min(scores, key=lambda name: (-scores[name], -len(name), name))
        group = [piece for piece in left if best in piece.forms]
        left = [piece for piece in left if best not in piece.forms]
        themes.append(Theme(_terms(group, weights, _THEME_TERMS), len(group), _middle(group, weights)))
    return tuple(sorted(themes, key=lambda theme: -theme.voices)) if len(themes) > 1 else ()
