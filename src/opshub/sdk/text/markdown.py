from __future__ import annotations


def plain_from_markdown(source: str) -> str:
    raise NotImplementedError
