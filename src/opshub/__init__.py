"""opshub: feedback from where customers speak, priorities to where teams work."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
