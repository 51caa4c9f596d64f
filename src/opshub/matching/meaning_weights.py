"""Weights of the scorer with an encoder, made by ``benchmarks/matching/train.py``."""

from __future__ import annotations

__all__ = ["MEANING"]

MEANING: dict[str, dict[str, tuple[float, ...]]] = {
    "minilm": {
        "plain": (-6.928, 6.685, -2.297, -6.747, 2.03, 0.0, 0.0, -0.6, 0.21, 9.939, 1.215),
    },
    "universal": {
        "across": (-5.649, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 13.047, 0.0),
        "cjk": (-15.87, 5.619, -3.321, -1.317, 0.0, 0.0, 3.733, -0.067, 2.686, 8.427, 2.619),
        "plain": (-5.4, 7.488, -1.022, -7.563, 3.971, 0.0, 0.0, -0.517, -0.024, 6.548, 0.358),
        "titled": (-12.699, 6.548, 0.988, -3.609, 0.0, 1.233, 0.0, 0.0, 3.089, 6.154, 3.318),
    },
}
