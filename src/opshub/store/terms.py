"""What of a search's terms a store looks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["MOST_TERMS", "single_terms"]

MOST_TERMS = 24
"""Terms of one full-text search; what comes after them is left out."""

_CUT = re.compile(r"[\x00-\x20\x7f]")


def single_terms(terms: Iterable[str]) -> list[str]:
    """Those that the index can hold as one term, each once."""
    return [term for term in dict.fromkeys(terms) if term and not _CUT.search(term)]
