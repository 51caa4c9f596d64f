"""``ideas why`` for people: an account that adds up, and each quote once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.cli.text import hang, width_of, wrap
from opshub.cli.why import view

QUOTES = [
    {
        "feedback": "desk:7",
        "quote": "We will cancel if the export stays broken. " * 4,
        "url": "https://desk.example/7",
        "who": "Ann",
        "visibility": "customer",
    },
    {
        "feedback": "store:r-2",
        "quote": "导出的表格全是乱码，" * 9,
        "url": "https://store.example/" + "r" * 90,
        "who": "",
        "visibility": "public",
    },
]


def part(effect: str, rule: str, line: int, **more: Any) -> dict[str, Any]:
    return {
        "effect": effect,
        "rule": rule,
        "place": f"rules/own.rules:{line}",
        "score": "",
        "amount": 0.0,
        "because": "",
        "saw": {},
        "quotes": [],
        "by": "",
        "until": "",
        **more,
    }


LEAVING = {"saw": {"feedback.text mentions": "cancel"}, "quotes": QUOTES[:1]}
WHY = {
    "idea": "IDEA-7",
    "title": "Export is broken \x1b[2J",
    "band": "P1",
    "scores": {"priority": 1234567.5, "reach": 2.0},
    "parts": [
        part("tag churn", "Somebody leaves", 9, **LEAVING),
        part(
            "priority +30",
            "Somebody leaves",
            9,
            score="priority",
            amount=30.0,
            because="a customer talks about leaving",
            **LEAVING,
        ),
        part("stop", "Somebody leaves", 9, **LEAVING),
        part(
            "reach = 2",
            "reach",
            3,
            score="reach",
            amount=2.0,
            saw={"count distinct accounts": 2},
            quotes=QUOTES,
        ),
        part("priority = 9", "priority", 4, score="priority", amount=9.0, saw={"reach": 2.0, "arr": None}),
        part("priority -5", "Praise", 12, score="priority", amount=-5.0, because="所有人都满意"),
        part("band P1", "bands", 20, saw={"priority": 1234567.5}),
    ],
    "written": [
        {"run": 3, "connection": "jira", "field": "labels", "before": None, "value": list("abcdefgh")}
    ],
}


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    view(WHY)
    return capsys.readouterr().out.splitlines()


def test_each_contribution_is_told_once_and_in_the_order_of_the_account(shown: list[str]) -> None:
    account = shown[3 : shown.index("", 3)]
    heads = [line.split("  ")[0] for line in account if not line.startswith(" ")]

    assert heads == ["reach", "priority", "priority", "priority", "tag", "band"]
    assert not any("stop" in line for line in shown)


def test_a_contribution_says_amount_reason_rule_place_and_evidence(shown: list[str]) -> None:
    text = " ".join(" ".join(shown).split())

    assert "+30 because a customer talks about leaving Somebody leaves rules/own.rules:9 [1]" in text
    assert "feedback.text mentions cancel" in text
    assert "-5 because 所有人都满意 Praise rules/own.rules:12" in text
    assert "reach 2 count distinct accounts rules/own.rules:3 [1][2]" in text
    assert "reach 2, arr missing" in text
    assert "P1 priority 1,234,567.5" in text


def test_each_quote_stands_once_with_its_number_its_speaker_and_its_address(shown: list[str]) -> None:
    text = "\n".join(shown)

    assert text.count("“") == 2
    assert shown.index("    Ann (customer)  https://desk.example/7") > shown.index("", 3)
    assert f"    somebody (public)\n    {QUOTES[1]['url']}" in text


def test_it_fits_80_columns_in_chinese_too_but_never_breaks_an_address(shown: list[str]) -> None:
    long = [line for line in shown if width_of(line) > 80]

    assert [line.strip() for line in long] == [QUOTES[1]["url"]]
    assert not any(line.strip()[:1] in tuple("，。") for line in shown if line.strip())
    assert "\x1b" not in "\n".join(shown)


def test_of_a_long_list_only_the_beginning_is_shown(shown: list[str]) -> None:
    assert shown[-1] == "written in run 3  jira labels  nothing → a, b, c, d, e and 3 more"


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab 表格，。e\u0301"), max_size=60), st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width)

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width_of(line) <= width + 1 for line in lines) or "，" in text or "。" in text


def test_parts_hang_below_each_other_and_stay_whole_where_they_can() -> None:
    shown = hang("priority  +4  ", ["because it is late", "a rule", "own.rules:1"], 36)

    assert shown.splitlines() == [
        "priority  +4  because it is late",
        "              a rule  own.rules:1",
    ]
