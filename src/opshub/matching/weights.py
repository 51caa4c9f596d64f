"""Weights of the scorer, made by ``benchmarks/matching/train.py``: a constant, then one for each feature."""

from __future__ import annotations

__all__ = ["WEIGHTS"]

WEIGHTS: dict[str, tuple[float, ...]] = {
    "cjk": (-9.144, 0.653, 0.0, 0.0, 0.0, 0.0, 4.1, 0.333, 6.488),
    "plain": (-4.344, 3.124, 0.0, 0.0, 6.681, 0.0, 0.0, 0.0, 0.0),
    "titled": (-9.226, 4.36, 0.0, 0.0, 0.0, 4.093, 0.0, 0.0, 6.375),
}
