"""Lets a package offer names whose modules are imported when somebody asks for one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["later"]


def later(package: str, offers: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package; ``offers`` are names by the module, below the package, that has them."""
    homes = {name: f"{package}.{module}" for module, names in offers.items() for name in names}

    def offered(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return offered
