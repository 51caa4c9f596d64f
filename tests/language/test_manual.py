"""The manual of the language is what the code says, and the grammar is what it claims to be."""

from __future__ import annotations

from pathlib import Path

from lark import Lark

from opshub.language.codes import CODES
from opshub.language.functions import FUNCTIONS
from opshub.language.machine import grammar
from opshub.language.reference import cut, evaluate, reference
from opshub.language.scanner import RESERVED


def test_the_generated_sections_of_the_manual_are_up_to_date(root: Path) -> None:
    manual = (root / "docs" / "rules.md").read_text(encoding="utf-8")

    assert reference(manual) == manual, "run: make docs"


def test_every_code_and_function_has_its_section(root: Path) -> None:
    manual = (root / "docs" / "rules.md").read_text(encoding="utf-8")

    assert [code for code in CODES if f"\n### {code}\n" not in manual] == []
    assert [name for name, f in FUNCTIONS.items() if f"\n### `{f.signature}`\n" not in manual] == []


def test_the_grammar_has_no_ambiguity() -> None:
    parser = Lark(grammar(), parser="lalr", lexer="basic", strict=True)

    words = {
        t.pattern.value for t in parser.terminals if t.pattern.type == "str" and t.pattern.value.isalpha()
    }
    assert words == RESERVED


def test_a_page_without_marks_stays_as_it_is() -> None:
    assert reference("# Rules\n\n<!-- begin grammar -->\n") == "# Rules\n\n<!-- begin grammar -->\n"


def test_an_example_that_is_no_expression_says_why() -> None:
    assert evaluate("idea.effort +").startswith("error[R006]")


def test_a_long_line_of_an_example_is_cut() -> None:
    assert cut("short\n" + "x" * 161) == "short\n" + "x" * 80 + " …"
