"""Whether the pieces of one idea speak of two subjects."""

from __future__ import annotations

import pytest

from opshub.matching import subjects

EXPORT = (
    "The export to Excel never finishes",
    "Excel export hangs for ever",
    "export to excel cannot finish",
    "my Excel export hangs, never ends",
)
LOGIN = ("The login code by text message is late", "login code arrives late", "late login code again")
CHINESE = ("导出 Excel 一直没有完成", "Excel 导出卡住了，一直转圈", "导出一直转圈没有完成")


def parts(*texts: str) -> tuple[int, ...]:
    found = subjects([("", text) for text in texts], {})
    return found.second if found else ()


def test_the_smaller_of_two_groups_that_share_nothing_is_told() -> None:
    assert parts(*EXPORT, *LOGIN) == (4, 5, 6)
    assert parts(LOGIN[0], *EXPORT, *LOGIN[1:]) == (0, 5, 6)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(EXPORT, id="one subject"),
        pytest.param((*EXPORT, LOGIN[0]), id="a single stranger"),
        pytest.param((), id="nothing"),
        pytest.param(EXPORT[:1], id="a single piece"),
        pytest.param((*EXPORT, "", "", ""), id="pieces without words"),
    ],
)
def test_one_subject_is_left_whole(texts: tuple[str, ...]) -> None:
    assert parts(*texts) == ()


def test_twins_in_another_script_are_never_told_apart() -> None:
    assert (
        parts(*(text.replace("Excel ", "") for text in EXPORT), *(it.replace("Excel", "") for it in CHINESE))
        == ()
    )


def test_words_that_everybody_uses_count_less() -> None:
    texts = [("", f"please help pennyroyal {text}") for text in (*EXPORT, *LOGIN)]
    everywhere = {"pleas": 0.01, "please": 0.01, "help": 0.01, "pennyroyal": 0.01}

    assert subjects(texts, {}) is None
    assert subjects(texts, everywhere) is not None
