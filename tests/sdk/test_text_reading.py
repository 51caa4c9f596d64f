"""Vendors' rich texts become what a reader sees, and nothing can stop that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.sdk import (
    plain_from_adf,
    plain_from_html,
    plain_from_markdown,
    plain_from_storage,
    plain_from_wiki,
    quote,
)

READERS: list[Callable[[str], str]] = [
    plain_from_html,
    plain_from_storage,
    plain_from_markdown,
    plain_from_wiki,
]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("just text", "just text"),
        ("<p>Hello&nbsp;<b>wor</b>ld</p><p>你好</p>", "Hello world\n\n你好"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>one<li>two<ol><li>deep</li></ol></ul>after", "- one\n- two\n- deep\n\nafter"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ("<pre>a\n  b</pre>c\nd", "a\n  b\n\nc d"),
        ("<style>p {}</style><p>x</p><script>if (a < b) alert('</p>')</script>y", "x\n\ny"),
        ("x <!-- hidden > text --> y", "x y"),
        (
            "<a href='https://acme.test/browse/FEED-1'>this one</a>.",
            "this one (https://acme.test/browse/FEED-1).",
        ),
        ('<a href="https://acme.test/x">https://acme.test/x</a>', "https://acme.test/x"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ('<img alt="a chart" src="x">', "a chart"),
        ('<a title="1 > 0">fine</a>', "fine"),
        ("1 < 2 and 3 > 2 &lt;b&gt; &amp; &#20320; &copy", "1 < 2 and 3 > 2 <b> & 你 ©"),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
        ("<p>cut <b", "cut <b"),
        ("<style>never closed", "never closed"),
        ("<!DOCTYPE html><html><head><title>T</title></head><body>x</body></html>", "x"),
    ],
)
def test_html_becomes_text(source: str, text: str) -> None:
    assert plain_from_html(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            '<p>See</p><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
            "<ac:plain-text-body><![CDATA[if a < b:\n    <p>]]></ac:plain-text-body></ac:structured-macro><p>end</p>",
            "See\n\nif a < b:\n    <p>\n\nend",
        ),
        (
            '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Careful</p></ac:rich-text-body>'
            "</ac:structured-macro>",
            "Careful",
        ),
        (
            '<p>by <ac:link><ri:page ri:content-title="Roadmap &amp; plans" /></ac:link></p>',
            "by Roadmap & plans",
        ),
        (
            "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status>"
            "<ac:task-body>call them</ac:task-body></ac:task></ac:task-list>",
            "- call them",
        ),
    ],
)
def test_a_confluence_page_becomes_text(source: str, text: str) -> None:
    assert plain_from_storage(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("# Title\n\nhello *you* and `code`", "Title\n\nhello you and code"),
        ("- a\n- b\n  - c\n\nafter", "- a\n- b\n- c\n\nafter"),
        ("1. a\n\n2. b", "- a\n\n- b"),
        ("[here](https://acme.test/x) ![chart](y.png)", "here (https://acme.test/x) chart"),
        ("```py\nx = '<b>'\n```\nend", "x = '<b>'\n\nend"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("> quoted\n> text\n\nmine", "quoted\ntext\n\nmine"),
        ("a<br>b <b>bold</b> &amp; ~~old~~", "a\nb bold & old"),
        ("<div>block</div>", "block"),
    ],
)
def test_markdown_becomes_text(source: str, text: str) -> None:
    assert plain_from_markdown(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("h1. Title\nText", "Title\nText"),
        ("* one\n** two\n# three\n- four", "- one\n- two\n- three\n- four"),
        (
            "[here|https://acme.test/x] and [https://acme.test/y]",
            "here (https://acme.test/x) and https://acme.test/y",
        ),
        ("[~ann] saw !shot.png|thumbnail!", "@ann saw shot.png"),
        (
            "*bold* _it_ -old- +new+ {{mono}} a*b*c snake_case_name 2026-03-01",
            "bold it old new mono a*b*c snake_case_name 2026-03-01",
        ),
        ("{code:java}\nint *a*;\n{code}\nafter", "int *a*;\n\nafter"),
        ("{noformat}h1. raw{noformat}", "h1. raw"),
        ("{quote}said{quote} {color:red}red{color} {panel:title=x}in{panel}", "said red in"),
        ("||a||b||\n|1|2|", "a | b\n1 | 2"),
        ("a\\\\b \\*no\\* \\{x\\}", "a\nb *no* {x}"),
        ("bq. quoted\n----\nend", "quoted\n\nend"),
        ("{code} never closed", " never closed"),
    ],
)
def test_wiki_markup_becomes_text(source: str, text: str) -> None:
    assert plain_from_wiki(source) == text


def adf(*content: Any) -> dict[str, Any]:
    """A document."""
    return {"type": "doc", "version": 1, "content": list(content)}


def text(words: str, **more: Any) -> dict[str, Any]:
    """A text node."""
    return {"type": "text", "text": words, **more}


def node(kind: str, *content: Any, **attributes: Any) -> dict[str, Any]:
    """Any other node."""
    return {"type": kind, "content": list(content), "attrs": attributes}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, ""),
        ("plain already", "plain already"),
        (adf(), ""),
        (
            adf(node("paragraph", text("a"), node("hardBreak"), text("b")), node("paragraph", text("c"))),
            "a\nb\n\nc",
        ),
        (
            adf(
                node(
                    "bulletList", node("listItem", node("paragraph", text("x"))), node("listItem", text("y"))
                )
            ),
            "- x\n- y",
        ),
        (adf(node("heading", text("T"), level=1), node("codeBlock", text("a  b"))), "T\n\na  b"),
        (
            adf(
                node(
                    "paragraph", text("see", marks=[{"type": "link", "attrs": {"href": "https://a.test/1"}}])
                )
            ),
            "see (https://a.test/1)",
        ),
        (
            adf(
                node(
                    "paragraph",
                    node("mention", text="@Ann", id="7"),
                    node("emoji", shortName=":smile:"),
                    node("status", text="DONE"),
                    node("date", timestamp="1772323200000"),
                    node("inlineCard", url="https://a.test/x"),
                )
            ),
            "@Ann:smile:DONE2026-03-01https://a.test/x",
        ),
        (
            adf(
                node(
                    "table",
                    node(
                        "tableRow",
                        node("tableHeader", node("paragraph", text("a"))),
                        node("tableCell", text("b")),
                    ),
                )
            ),
            "a | b",
        ),
        (adf(node("expand", node("paragraph", text("in")), title="More")), "More\n\nin"),
        (adf(node("taskList", node("taskItem", text("do it"), state="TODO"))), "- do it"),
        (adf(node("somethingNew", node("paragraph", text("kept")))), "kept"),
        (adf(node("rule"), None, 7, "x", {"type": "text"}, {"type": "text", "text": 5, "marks": 3}), ""),
    ],
)
def test_a_document_becomes_text(document: object, expected: str) -> None:
    assert plain_from_adf(document) == expected


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=150, deadline=None)
@given(
    source=st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                "< > </ <a <p> <ul> <li> </ul> </p> <li> <pre> <script> </script> <!-- --> "
                "<![CDATA[ ]]> \" ' = / & &# ; [ ] ( ) | || ! <table> <tr> <td> </tr> <ac:task> "
                "* _ - + ^ ~ ` ``` # h1. bq. {code} {noformat} {color:red} {{ }} \\ \\\\ \n \n\n > a 导 https://x.y "
                "href= <a\thref='https://x'> <ac:parameter> \t \x00 \ud800".split(" ")
            ),
            max_size=40,
        ).map("".join),
    )
)
def test_no_text_breaks_a_reader(read: Callable[[str], str], source: str) -> None:
    assert isinstance(read(source), str)


KINDS = [
    "text",
    "doc",
    "listItem",
    "date",
    "mention",
    "table",
    "tableRow",
    "tableCell",
    "paragraph",
    "expand",
]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["type", "content", "attrs", "marks", "text", "url", "timestamp"]), inner
        ),
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    ["text", "doc", "listItem", "date", "mention", "table", "tableRow", "tableCell"]
                )
            }
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_json_breaks_the_document_reader(document: Any) -> None:
    assert isinstance(plain_from_adf(document), str)


def test_a_document_nested_without_end_is_read() -> None:
    document: Any = text("deep")
    for _ in range(50_000):
        document = {"type": "blockquote", "content": [document]}

    assert plain_from_adf(document) == "deep"


HOSTILE = [
    *(
        "<",
        "<a ",
        '<a "',
        '<a "> <a "\'> <a \'"> ',
        "<!--",
        "<![CDATA[",
        "<script>",
        "<style></",
        "<div>",
        "&#",
        "&",
    ),
    *(
        "[",
        "[a|",
        "[a](",
        "![",
        "![a](",
        "*a ",
        "**a ",
        "_",
        "`a",
        "~~",
        "{code}",
        "{code}{noformat}",
        "{color",
        "!a",
    ),
    *(
        "{{a",
        "|a",
        "|a|b|\n|-|-|\n",
        "h1. ",
        "- ",
        "* ",
        "> ",
        "\\",
        " ",
        "\n",
        " \n",
        "\t",
        "<b a=1>x",
        "a\\\\",
    ),
    *(
        "<ac:parameter>",
        '<a href="https://x">',
        "https://",
        "<pre>",
        "</a>",
        "-a-",
        "[a]: b\n",
        "1. ",
        "]]>",
        "?",
        "=\"'",
    ),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_takes_time_in_proportion(piece: str) -> None:
    """Nothing to assert: a reader that goes over its text again and again would not come back for minutes."""
    for read in (plain_from_html, plain_from_storage, plain_from_wiki):
        read(piece * (60_000 // len(piece)))
    plain_from_markdown(piece * (3_000 // len(piece)))


def test_a_text_too_long_for_markdown_stays_as_it_is() -> None:
    assert plain_from_markdown("*a* " * 50_000).startswith("*a* *a*")


@pytest.mark.parametrize(
    ("source", "width", "expected"),
    [
        ("short", 200, "short"),
        ("two\n lines\tand  more", 200, "two lines and more"),
        ("one two three four", 12, "one two…"),
        ("导出" * 50, 10, "导出导出导出导出导…"),
        ("x" * 10, 10, "x" * 10),
        ("x" * 11, 10, "x" * 9 + "…"),
        ("", 5, ""),
    ],
)
def test_a_quote_fits_on_one_line(source: str, width: int, expected: str) -> None:
    assert quote(source, width) == expected


@given(st.text(), st.integers(1, 50))
def test_a_quote_is_never_wider_than_asked_for(source: str, width: int) -> None:
    found = quote(source, width)

    assert len(found) <= width
    assert "\n" not in found
