"""Tables of pages and mails as plain text."""

from __future__ import annotations

import pytest

from opshub.sdk import plain_from_html, plain_from_storage


def test_a_row_of_a_table_is_one_line_with_its_cells_apart() -> None:
    source = (
        "<p>Before</p><table><tbody><tr><th><p>Rank</p></th><th><p>Idea</p></th></tr>"
        '<tr><td><p>1</p></td><td><p><a href="https://x.example/7">IDEA-1</a></p><ul><li>ours</li></ul></td></tr>'
        "</tbody></table><p>After</p>"
    )

    assert plain_from_storage(source).splitlines() == [
        "Before",
        "",
        "Rank | Idea",
        "1 | IDEA-1 (https://x.example/7) - ours",
        "",
        "After",
    ]


def test_an_empty_cell_keeps_its_place_and_an_empty_row_takes_none() -> None:
    source = "<table><tr><td></td><td></td></tr><tr><td>a</td><td></td><td>c</td></tr></table>"

    assert plain_from_html(source) == "a |  | c"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>z", ["a | b", "c | d", "z"]),
        ("say <td>a</td><td>b</td>", ["say", "a | b"]),
        ("<table><tr><td>side<td><table><tr><td>c<td>d</table>z</table>y", ["side |", "c | d", "z", "y"]),
    ],
    ids=["ends left out", "cells without a table", "a table in a table"],
)
def test_careless_tables_keep_their_rows(source: str, lines: list[str]) -> None:
    assert [line for line in plain_from_html(source).splitlines() if line] == lines


def test_a_table_of_one_cell_is_layout_and_keeps_its_paragraphs() -> None:
    assert plain_from_html("<table><tr><td><p>one</p><p>two</p></td></tr></table>") == "one\n\ntwo"
