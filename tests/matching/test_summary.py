"""What an idea speaks of: terms, the middle, themes; word for word from its own feedback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.matching import Summary, sample, summary
from opshub.model import Feedback, Ref

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
ENGLISH = [
    "The weekly export loses its last column",
    "Weekly exports cut the last column",
    "Export to Excel: the last column is missing",
    "Our weekly export was late on Monday",
    "The Excel file of the weekly export is empty",
    "Export fails when the report is large",
    "A large report never finishes its export",
    "Large reports time out in the export",
]
CHINESE = [
    "导出报表太慢了，每次都要等十分钟",
    "每周导出报表很慢",
    "匯出報表的時候總是失敗",
    "导出报表失败，提示网络错误",
    "导出报表总是失败",
    "希望导出报表支持定时发送",
]


def pieces(texts: Sequence[str], titles: Sequence[str] = ()) -> list[Feedback]:
    return [
        Feedback(
            ref=Ref("desk", f"{at:04}"),
            url=f"https://desk.test/{at}",
            title=titles[at] if titles else "",
            text=text,
            created_at=BEGIN + timedelta(hours=at // 2),
        )
        for at, text in enumerate(texts)
    ]


def unknown(terms: Sequence[str]) -> Mapping[str, int]:
    return dict.fromkeys(terms, 1)


def of(texts: Sequence[str]) -> Summary:
    found = summary(pieces(texts), unknown)
    assert found is not None
    return found


def test_a_few_pieces_speak_for_themselves_and_so_do_many_that_say_one() -> None:
    assert summary(pieces(["Export fails", "Exports fail"]), unknown) is None
    assert summary(pieces(["Export fails"] * 9), unknown) is None
    assert summary([], unknown) is None


def test_english_terms_are_words_and_pairs_of_words_as_most_people_write_them() -> None:
    found = of(ENGLISH)

    assert [term.lower() for term in found.terms][:3] == ["export", "weekly", "column"]
    assert of(["Direct debit failed", "A direct debit", "No direct debit"]).terms[0] == "direct debit"


def test_chinese_terms_are_runs_that_recur_and_do_not_cut_words() -> None:
    found = of(CHINESE)

    assert found.terms[0] == "导出报表"
    assert "失败" in found.terms


def test_no_chinese_term_leaves_out_what_denies_it() -> None:
    found = of(["真的不错很好吃", "不错很好吃，谢谢", "不错很好吃"])

    assert found.terms[0].startswith("不错")
    assert of(["我没收到货", "一直没收到", "没收到"]).terms == ("没收到",)


def test_both_scripts_of_chinese_are_one_term_in_the_form_that_most_write() -> None:
    assert of(["報表失敗", "报表失败", "报表失败了", "今天报表失败"]).terms[0] == "报表失败"
    assert of(["報表失敗", "報表失敗", "报表失败了", "今天报表失败"]).terms[0] == "報表失敗"


def test_the_middle_is_the_piece_that_says_most_of_what_the_others_say() -> None:
    found = of(
        ["Dark mode hurts my eyes at night", "weekly export is slow", "slow export", "export is slow today"]
    )

    assert found.middle == Ref("desk", "0002")


def test_of_pieces_equally_near_the_oldest_is_the_middle() -> None:
    assert of(["Dark mode", "Dark mode", "Dark mode", "Light"]).middle == Ref("desk", "0000")


def test_with_vectors_of_all_pieces_the_nearest_to_their_mean_is_the_middle() -> None:
    three = pieces(["one", "two", "three"])
    near = {piece.ref: row for piece, row in zip(three, [(1.0, 0.0), (0.0, 1.0), (0.8, 0.6)], strict=True)}

    assert (found := summary(three, unknown, near)) is not None
    assert found.middle == three[2].ref
    del near[three[2].ref]
    assert (found := summary(three, unknown, near)) is not None
    assert found.middle == three[0].ref


def test_themes_part_an_idea_by_what_some_of_its_pieces_share() -> None:
    themes = of(ENGLISH).themes

    assert len(themes) > 1
    assert sum(theme.voices for theme in themes) <= len(ENGLISH)
    assert [theme.voices for theme in themes] == sorted((theme.voices for theme in themes), reverse=True)
    assert any("large" in [term.lower() for term in theme.terms] for theme in themes)


def test_what_all_say_is_no_theme() -> None:
    assert of(["Dark mode please"] * 4 + ["Dark mode at night"]).themes == ()


def test_words_that_are_rare_in_the_whole_store_tell_more() -> None:
    texts = ["ticket about zeppelins", "zeppelins in a ticket", "another ticket on zeppelins"]
    common = {"ticket": 5_000}

    found = summary(pieces(texts), lambda terms: {term: common.get(term, 1) for term in terms})

    assert found is not None
    assert found.terms[0] == "zeppelins"


def test_quotes_signatures_and_code_give_no_terms() -> None:
    noisy = [
        f"Export is slow {'today ' * n}\n> Dark mode\n```\nfoo.bar()\n```\n--\nAcme Office" for n in range(3)
    ]

    assert {"Dark mode", "foo", "bar", "Acme Office"}.isdisjoint(of(noisy).terms)


def test_of_very_many_pieces_the_oldest_and_the_newest_are_read() -> None:
    many = pieces([f"Export is slow word{at}" for at in range(500)])
    found = summary(many, unknown)

    assert found is not None
    assert found.read == 200
    assert [piece.ref.id for piece in sample(many)[99:101]] == ["0099", "0400"]


TEXTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(ENGLISH + CHINESE), min_size=1, max_size=2).map("\n".join),
        st.text(alphabet="ab 导出報表\n>-.'x1", max_size=40),
        st.text(max_size=30),
    ),
    min_size=3,
    max_size=12,
)


@given(TEXTS, st.randoms())
@settings(max_examples=80, deadline=None)
def test_the_order_in_which_pieces_are_given_changes_nothing(texts: list[str], random: Random) -> None:
    given_so = pieces(texts)
    otherwise = list(given_so)
    random.shuffle(otherwise)

    assert summary(otherwise, unknown) == summary(given_so, unknown)


@given(TEXTS, st.lists(st.text(max_size=20), min_size=12, max_size=12))
@settings(max_examples=80, deadline=None)
def test_every_word_that_is_shown_stands_in_a_piece(texts: list[str], titles: list[str]) -> None:
    given_so = pieces(texts, titles)
    found = summary(given_so, unknown)

    if found is None:
        return
    for term in (*found.terms, *(term for theme in found.themes for term in theme.terms)):
        assert any(term in piece.title or term in piece.text for piece in given_so)
    assert {found.middle, *(theme.middle for theme in found.themes)} <= {piece.ref for piece in given_so}
    assert sum(theme.voices for theme in found.themes) <= len(given_so)


@pytest.mark.parametrize("part", ["导", "a b ", "導出", "x1导", "a'", "ab\n"])
def test_long_texts_are_read_at_once(part: str) -> None:
    assert of([part * 300_000, part * 300_000, "Export fails"]).read == 3
