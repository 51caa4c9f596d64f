"""What of a search's terms a store looks for, and how it corrects for the length of what it finds."""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Collection, Iterable, Mapping

__all__ = [
    "CLASSES",
    "ENOUGH",
    "MOST_TERMS",
    "add_up",
    "best",
    "length_class",
    "single_terms",
    "split_terms",
    "wanted_terms",
]

MOST_TERMS = 24
"""Terms of one full-text search; what comes after them is left out."""

ENOUGH = 2000
"""Once a search knows so many pieces it takes in no others: these have none of its heavier terms.

Moffat and Zobel, "Self-indexing inverted files for fast text retrieval", ACM TOIS 14 (1996), there "continue".
"""

CLASSES = 64
"""Classes of length, half an octave each."""

_CUT = re.compile(r"[\x00-\x20\x7f]+")
_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

_K1, _B = 1.2, 0.75


def split_terms(text: str) -> list[str]:
    """The terms of a text as the index holds them."""
    return [term for term in _CUT.split(text.translate(_SMALL)) if term]


def single_terms(terms: Iterable[str]) -> list[str]:
    """Those that the index can hold as one term, each once."""
    found = [term for term in dict.fromkeys(terms) if term]
    # One look at all of them nearly always suffices.
    return [term for term in found if not _CUT.search(term)] if _CUT.search("".join(found)) else found


def wanted_terms(weights: Mapping[str, float]) -> dict[str, float]:
    """The terms that a search looks for, as the index holds them, with their weights."""
    wanted: dict[str, float] = {}
    for term in single_terms(weights):
        wanted.setdefault(term.translate(_SMALL), weights[term])
    return dict(list(wanted.items())[:MOST_TERMS])


def length_class(terms: int) -> int:
    """The class of length of a piece with so many terms."""
    return min(CLASSES - 1, round(2 * math.log2(terms))) if terms > 1 else 0


def add_up(scores: dict[int, float], pieces: Collection[int], weight: float) -> None:
    """Add the weight of a term to the scores of the pieces that hold it; heavier terms came before."""
    for piece in pieces if len(scores) < ENOUGH else scores.keys() & pieces:
        scores[piece] = scores.get(piece, 0.0) + weight


def best(scores: Mapping[int, float], usual: float, limit: int) -> list[tuple[float, int]]:
    """The highest scores, each with its piece: a number whose remainder by ``CLASSES`` is the class of its length.

    As in BM25 (k1 1.2, b 0.75) for terms that stand in a piece once: the longer it is than ``usual``, the less a term
    in it says. Ties go to the lowest number.
    """
    norms = [1 / (1 + _K1 * (1 - _B + _B * 2 ** (length / 2) / max(usual, 1.0))) for length in range(CLASSES)]
    told = [score * norms[piece % CLASSES] for piece, score in scores.items()]
    # Most are far below the best, and one comparison says so.
    bound = heapq.nlargest(limit, told)[-1:] or [0.0]
    found = sorted((-score, piece) for score, piece in zip(told, scores, strict=True) if score >= bound[0])
    return [(-score, piece) for score, piece in found[:limit]]
