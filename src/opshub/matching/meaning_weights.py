"""Weights of the scorer with an encoder, made by ``benchmarks/matching/train.py``: a constant, one for each feature."""

from __future__ import annotations

__all__ = ["MEANING"]

MEANING: dict[str, dict[str, tuple[float, ...]]] = {
    "universal": {
        "across": (-12.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0, 4.0),
        "cjk": (-12.0, 3.0, 1.0, 1.0, 0.0, 0.0, 2.0, 1.0, 2.0, 8.0, 4.0),
        "plain": (-12.0, 3.0, 1.0, 1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 8.0, 4.0),
        "titled": (-12.0, 3.0, 1.0, 1.0, 1.0, 2.0, 0.0, 1.0, 2.0, 8.0, 4.0),
    },
}
