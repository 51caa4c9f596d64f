"""From feedback to the idea it speaks for: explicit evidence first, then the same text, then a likeness."""

from __future__ import annotations

from opshub.matching.calibration import SHIPPED, Features, Weights, careful, chance, features, fit
from opshub.matching.explicit import addresses_in, keys_in, references
from opshub.matching.fulltext import FullText, piece_of
from opshub.matching.matcher import Candidate, Matcher
from opshub.matching.plain import read
from opshub.matching.spoken import language_of
from opshub.matching.subjects import LOOKED_AT, gathered, in_chinese, subjects
from opshub.matching.summary import Summary, sample, summary
from opshub.matching.terms import columns, fingerprint, fold, terms
from opshub.matching.votes import AGAIN, HEARD, NEAREST, Heard, Votes

__all__ = [
    "AGAIN",
    "HEARD",
    "LOOKED_AT",
    "NEAREST",
    "SHIPPED",
    "Candidate",
    "Features",
    "FullText",
    "Heard",
    "Matcher",
    "Summary",
    "Votes",
    "Weights",
    "addresses_in",
    "careful",
    "chance",
    "columns",
    "features",
    "fingerprint",
    "fit",
    "fold",
    "gathered",
    "in_chinese",
    "keys_in",
    "language_of",
    "piece_of",
    "read",
    "references",
    "sample",
    "subjects",
    "summary",
    "terms",
]
