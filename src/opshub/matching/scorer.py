"""The shipped judgement: how likely two pieces of feedback mean the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

from opshub.matching.meaning_weights import MEANING
from opshub.matching.weights import WEIGHTS

__all__ = ["learned", "probability"]


def probability(form: str, features: Sequence[float], encoder: str = "") -> float:
    """From 0 to 1, rounded to 4 places, by the weights of that form."""
    constant, *weights = learned(form, encoder)
    found = constant + math.fsum(weight * feature for weight, feature in zip(weights, features, strict=True))
    return round(1 / (1 + math.exp(-found)), 4) if found > -700 else 0.0


def learned(form: str, encoder: str = "") -> tuple[float, ...]:
    """The weights of a form: a constant, then one for each feature.

    With an encoder those that were learned with it, or else with the one most like it: one that reads English alone has
    none for other forms, nor has a model of the admin's own for any.
    """
    if not encoder:
        return WEIGHTS[form]
    return MEANING.get(encoder, {}).get(form) or MEANING["universal"][form]
