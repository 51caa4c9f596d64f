from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def plain_from_adf(document: object) -> str:
    raise NotImplementedError


def adf_from_plain(text: str, links: Sequence[str] = ()) -> dict[str, Any]:
    raise NotImplementedError
