"""Weights of the scorer with an encoder, made by ``benchmarks/matching/train.py``."""

from __future__ import annotations

__all__ = ["MEANING"]

MEANING: dict[str, dict[str, tuple[float, ...]]] = {
    "minilm": {
        "plain": (-6.928, 6.685, -2.297, -6.747, 2.03, 0.0, 0.0, -0.6, 0.21, 9.939, 1.215),
    },
    "universal": {
        "across": (-11.35, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 13.0, 0.0),
        "cjk": (-9.453, 2.897, -1.989, 1.123, 0.0, 0.0, 3.513, -1.808, 2.293, -0.05, 5.365),
        "plain": (-6.41, 8.808, 0.308, -10.981, 4.792, 0.0, 0.0, -1.205, -0.592, 6.247, 1.794),
        "titled": (-12.051, 10.235, -0.788, -7.199, 0.0, 1.801, 0.0, 0.0, 2.777, -1.501, 8.397),
    },
}
