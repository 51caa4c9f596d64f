"""The page of a simulation: one file that loads nothing, runs nothing, and shows what was said as text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from opshub.cli.simulation_page import page

HOSTILE = "<script>alert(1)</script> 退款 \u202e\" onload='x"
SIDE = {"rank": 1, "priority": 50.0, "band": HOSTILE, "route": "", "tags": []}
VALUE: dict[str, Any] = {
    "current": ["rules/own.rules"],
    "new": [HOSTILE],
    "at": "2026-01-01T00:00:00+00:00",
    "ideas": 1200,
    "changed": 2,
    "rules": [{"rule": HOSTILE, "begins": 1, "ends": 0}],
    "bands": [{"before": "", "after": HOSTILE, "ideas": 2}],
    "routes": [{"before": "", "after": HOSTILE, "ideas": 2}],
    "tags": [{"tag": HOSTILE, "gain": 1, "lose": 0}],
    "goals": [{"goal": HOSTILE, "gain": 1, "lose": 0}],
    "matches": [{"match": HOSTILE, "pieces": 3}, {"match": "", "pieces": 4}],
    "writes": [{"connection": HOSTILE, "field": HOSTILE, "current": 1, "new": 2, "differ": 1}],
    "moved": [
        {
            "idea": "IDEA-1",
            "title": HOSTILE,
            "before": SIDE,
            "after": {**SIDE, "priority": 1e6},
            "reasons": [{"change": "appears", "rule": HOSTILE, "effect": HOSTILE, "because": HOSTILE}],
        }
    ],
}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_nothing_that_was_said_becomes_a_part_of_the_page() -> None:
    text = page(VALUE)

    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert not reader.tags & {"script", "img", "link", "iframe", "form", "a", "object"}
    assert reader.attributes == {"lang", "charset", "name", "content", "http-equiv", "class"}
    assert "\u202e" not in text
    assert "url(" not in text and "@import" not in text


def test_the_page_says_who_moves_and_what_would_be_written() -> None:
    text = page(VALUE)

    assert "2 of 1,200 ideas change" in text
    assert "退款" in text
    assert "50 → 1,000,000" in text
    assert "What would be written" in text
    assert "Feedback that moves at the next sync" in text
    assert "no block any more" in text
