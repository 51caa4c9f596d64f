"""Confluence: the hub's section on a page, whatever else stands there."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opshub.sdk import RankedIdea, Ranking
from opshub_connectors.confluence.section import fingerprint, rendered, replaced, section, without
from opshub_connectors.twins.confluence.cql import parsed
from opshub_connectors.twins.confluence.storage import rewritten

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
escaped = words.map(html.escape)
entities = st.sampled_from(["&nbsp;", "&eacute;", "&mdash;", "&#160;", "&amp;", "&lt;p&gt;"])
attribute = words.map(lambda text: html.escape(text).replace("&lt;", "<") if "<" not in text else "x").map(
    lambda text: text.replace("<", "&lt;")
)
plain_macro = st.builds(
    lambda name, text: (
        f'<ac:structured-macro ac:name="{name}"><ac:parameter ac:name="id">other</ac:parameter>'
        f"<ac:plain-text-body><![CDATA[{text.replace(']]>', '')}]]></ac:plain-text-body></ac:structured-macro>"
    ),
    st.sampled_from(["code", "details", "noformat"]),
    words,
)


def element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda text: f"<p>{text}</p>", inner),
        st.builds(lambda value, text: f'<div class="{value}" title=">">{text}</div>', attribute, inner),
        st.builds(
            lambda text: (
                '<ac:structured-macro ac:name="details"><ac:parameter ac:name="id">mine</ac:parameter>'
                f"<ac:rich-text-body>{text}</ac:rich-text-body></ac:structured-macro>"
            ),
            inner,
        ),
        st.builds(lambda one, two: one + two, inner, inner),
    )


pages = st.recursive(
    escaped | entities | plain_macro | st.just("<br/>") | st.just("<ac:image />"), element, max_leaves=8
)


def listed(*titles: str) -> Ranking:
    rows = (
        RankedIdea(
            rank=n,
            idea=f"IDEA-{n}",
            title=title,
            band="P1",
            score=1.5,
            voices=1,
            url="https://x.example.org/é?a=1&b",
        )
        for n, title in enumerate(titles, 1)
    )
    return Ranking(tuple(rows))


@given(before=pages, after=pages)
@example(before="<ac:rich-text-body>", after="")
@example(before='<p title="&lt;/ac:rich-text-body>">&gt;</p>', after="<!-- <ac:structured-macro> -->")
@settings(max_examples=120, deadline=None)
def test_everything_outside_the_section_stays_byte_for_byte(before: str, after: str) -> None:
    try:
        added = replaced(before, "opshub", "<p>one</p>")
    except ValueError:
        assert before == "<ac:rich-text-body>"
        return
    page = added + after

    changed = replaced(page, "opshub", "<p>two</p>")

    assert added.startswith(before)
    assert section(changed, "opshub") == "<p>two</p>"
    assert changed == page.replace(
        f"{added[len(before) :]}", added[len(before) :].replace("<p>one</p>", "<p>two</p>")
    )
    assert without(changed, "opshub") == before + after
    assert replaced(changed, "opshub", "<p>two</p>") == changed


@given(titles=st.lists(words, max_size=5))
@example(titles=["]]>", "<ac:link>", "&nbsp;", "a  b", "{macro}", "“quoted” – é×", "'q' \"q\"", ""])
@settings(max_examples=100, deadline=None)
def test_any_list_survives_confluence_s_own_way_of_writing(titles: list[str]) -> None:
    ranking = listed(*titles)
    page = replaced("<p>x</p>", "opshub", rendered(ranking))

    stored = section(rewritten(page, "1"), "opshub")

    assert stored is not None
    assert fingerprint(stored) == fingerprint(rendered(ranking))


@given(title=words)
@settings(max_examples=100, deadline=None)
def test_a_title_is_one_text_and_never_markup(title: str) -> None:
    body = rendered(listed(title))

    tags = re.findall(r"<[^>]*>", body)

    assert tags == re.findall(r"<[^>]*>", rendered(listed("")))


@pytest.mark.parametrize(
    "body",
    [
        "<p>x</p>",
        '<p>x</p><ac:structured-macro ac:name="details"><ac:parameter ac:name="id">opshub-2</ac:parameter>'
        "<ac:rich-text-body><p>not mine</p></ac:rich-text-body></ac:structured-macro>",
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<ac:structured-macro ac:name="details">'
        '<ac:parameter ac:name="id">opshub</ac:parameter>]]></ac:plain-text-body></ac:structured-macro>',
        '<ac:structured-macro ac:name="expand"><ac:parameter ac:name="id">opshub</ac:parameter>'
        "<ac:rich-text-body /></ac:structured-macro>",
    ],
)
def test_what_only_looks_like_the_section_is_not_it(body: str) -> None:
    assert section(body, "opshub") is None


def test_the_section_is_found_wherever_it_was_moved() -> None:
    one = replaced("", "opshub", "<p>list</p>")
    cell = f"<ac:layout-cell><p>a</p>{one}</ac:layout-cell>"
    moved = f"<ac:layout><ac:layout-section>{cell}</ac:layout-section></ac:layout>"

    changed = replaced(moved, "opshub", "<p>new</p>")

    assert changed == moved.replace("<p>list</p>", "<p>new</p>")


def test_an_emptied_section_is_filled_again() -> None:
    emptied = replaced("<p>x</p>", "opshub", "").replace(
        "<ac:rich-text-body></ac:rich-text-body>", '<ac:rich-text-body class="a>b" />'
    )

    filled = replaced(emptied, "opshub", "<p>new</p>")

    assert section(emptied, "opshub") == ""
    assert filled == emptied.replace(
        '<ac:rich-text-body class="a>b" />', "<ac:rich-text-body><p>new</p></ac:rich-text-body>"
    )


def test_a_page_that_is_a_layout_gets_the_section_inside() -> None:
    page = "<ac:layout><ac:layout-section><ac:layout-cell><p>a</p></ac:layout-cell></ac:layout-section></ac:layout>"

    filled = replaced(page, "opshub", "<p>list</p>")

    assert filled.startswith(page.removesuffix("</ac:layout>"))
    assert filled.endswith("</ac:layout-section></ac:layout>")
    assert section(filled, "opshub") == "<p>list</p>"


def test_text_behind_a_layout_keeps_the_section_at_the_end() -> None:
    page = "<ac:layout></ac:layout><p>after</p>"

    assert replaced(page, "opshub", "").startswith(page)


@pytest.mark.parametrize(
    "page", ["<p>open", "</hub><hub>", "a & b", "<p>\x01</p>", "<p>\ud800</p>", "<!DOCTYPE x><p/>"]
)
def test_a_page_that_is_not_well_formed_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="not well-formed: line 1, column"):
        replaced(page, "opshub", "<p>list</p>")
    assert without(page, "opshub") == page


def test_entities_cannot_grow_without_end() -> None:
    with pytest.raises(ValueError, match="not well-formed"):
        fingerprint('<!DOCTYPE a [<!ENTITY b "' + "x" * 1000 + '"><!ENTITY c "&b;&b;&b;">]><p>&c;</p>')


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('type in (page, comment) and space in ("A", "B")', ["1", "2"]),
        (
            '(type = page or type = comment) and lastmodified >= "2024/05/01 08:00" order by lastmodified desc',
            ["2"],
        ),
        ("type = page and not (label = x)", []),
        ('space = "A\\"B"', []),
    ],
)
def test_the_twin_understands_queries(query: str, found: list[str]) -> None:
    from datetime import UTC, datetime

    rows = [
        {
            "id": "1",
            "type": "page",
            "space": "A",
            "label": ["x"],
            "lastmodified": datetime(2024, 4, 1, tzinfo=UTC),
        },
        {
            "id": "2",
            "type": "comment",
            "space": "B",
            "label": [],
            "lastmodified": datetime(2024, 5, 1, tzinfo=UTC),
        },
    ]

    got = [row["id"] for row in rows if parsed(query, "Asia/Shanghai").test(row)]

    assert got == found


@pytest.mark.parametrize(
    "query", ["type", "type = page and", 'type = "page', "nosuch = 1", "type > 3", "(type = page"]
)
def test_the_twin_refuses_queries_that_it_does_not_understand(query: str) -> None:
    row = {"id": "1", "type": "page"}

    with pytest.raises(ValueError):
        parsed(query, "UTC").test(row)


def test_what_a_person_set_is_noted_behind_the_score() -> None:
    (row,) = listed("one").rows

    page = rendered(Ranking((replace(row, note="set by a person until 2030-06-01"),)))

    assert "<td>1.5 (set by a person until 2030-06-01)</td>" in page
