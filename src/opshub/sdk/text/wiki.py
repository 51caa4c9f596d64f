from __future__ import annotations


def plain_from_wiki(source: str) -> str:
    raise NotImplementedError


def wiki_from_plain(text: str) -> str:
    raise NotImplementedError
