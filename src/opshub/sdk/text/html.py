from __future__ import annotations


def plain_from_html(source: str) -> str:
    raise NotImplementedError


def plain_from_storage(source: str) -> str:
    raise NotImplementedError
