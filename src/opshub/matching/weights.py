"""Weights of the scorer, made by ``benchmarks/matching/train.py``: a constant, then one for each feature."""

from __future__ import annotations

__all__ = ["WEIGHTS"]

WEIGHTS: dict[str, tuple[float, ...]] = {
    "cjk": (-5.362, 0.563, 0.0, 0.0, 0.0, 0.0, 2.715, 0.0, 2.196),
    "plain": (-7.0, 4.0, 1.0, 2.0, 2.0, 0.0, 0.0, 1.0, 2.0),
    "titled": (-9.226, 4.36, 0.0, 0.0, 0.0, 4.093, 0.0, 0.0, 6.375),
}
