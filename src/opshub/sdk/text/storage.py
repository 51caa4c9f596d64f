from __future__ import annotations

from collections.abc import Sequence


def escape_storage(text: str) -> str:
    raise NotImplementedError


def storage_from_plain(text: str, links: Sequence[str] = ()) -> str:
    raise NotImplementedError
