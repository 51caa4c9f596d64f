"""Values whose fields stay as they were made, which the type checker sees to: looking at run time costs too much."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

__all__ = ["fixed"]

C = TypeVar("C")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def fixed(kind: type[C]) -> type[C]:
    """A dataclass with slots, equal and hashed by its fields.

    A frozen one sets each field through a call, which makes it twice as slow to make. Rules are trees of them.
    """
    return dataclass(slots=True, unsafe_hash="__hash__" not in vars(kind))(kind)
