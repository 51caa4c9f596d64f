"""Traditional Chinese as simplified, character by character: for comparing texts, not for showing them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["simplified"]


def simplified(text: str) -> str:
    """The text with each traditional character as the simplified one that stands for it."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    lines = files("opshub.matching").joinpath("traditional.txt").read_text(encoding="utf-8").splitlines()
    many, few = (line for line in lines if line and not line.startswith("#"))
    return {ord(one): other for one, other in zip(many, few, strict=True)}
