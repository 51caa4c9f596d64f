"""The formatter: one way of writing, the same tree, every comment, and nothing to do the second time."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import opshub
import opshub_rules
from opshub.language import Source
from opshub.language.codes import CODES
from opshub.language.findings import Findings
from opshub.language.formatting import formatted
from opshub.language.parser import parse
from opshub.language.scanner import RESERVED
from opshub.language.tree import Span

_SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def _bare(node: object) -> object:
    """A tree without its places."""
    if isinstance(node, Span):
        return None
    if isinstance(node, tuple | list):
        return [_bare(inner) for inner in node]
    if dataclasses.is_dataclass(node):
        return type(node), {f.name: _bare(getattr(node, f.name)) for f in dataclasses.fields(node)}
    return node


def _tree(text: str) -> object:
    findings = Findings([Source("x.rules", text)])
    statements = parse(findings)
    assert findings.all() == ()
    return _bare(statements)


def _printed(text: str) -> str:
    found = formatted(Source("x.rules", text))
    assert found.text is not None, found.diagnostics[0].render()
    return found.text


def _readable(text: str) -> bool:
    findings = Findings([Source("x.rules", text)])
    return bool(parse(findings)) and not findings.all()


def _comments(text: str) -> list[str]:
    return [found.rstrip() for found in re.findall(r'"(?:\\.|[^"\\\n])*"|(#[^\n]*)', text) if found]


def keeps_its_meaning(text: str) -> None:
    printed = _printed(text)

    assert _tree(printed) == _tree(text)
    assert _printed(printed) == printed
    assert _comments(printed) == _comments(text)
    assert "\n\n\n" not in printed
    assert [line for line in printed.split("\n") if line != line.rstrip()] == []


PACKAGES = [Path(package.__path__[0]) for package in (opshub, opshub_rules)]
FILES = sorted(file for package in PACKAGES for file in package.glob("**/*.rules"))
AFTER = [pytest.param(code.after, id=name) for name, code in CODES.items()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_rule_file_of_the_repository_is_laid_out_as_the_formatter_does(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    keeps_its_meaning(text)
    assert _printed(text) == text


@pytest.mark.parametrize("text", AFTER)
def test_every_example_of_the_manual_keeps_its_meaning(text: str) -> None:
    keeps_its_meaning(text)


MORE = """score a = max(1, 2)
let b = true == false and text matches "a\\\\d" and tags contains any ["a"]
score c = median (rating * 2) over distinct persons within 30d where b
let d = any account (b) and no person within 9d (b)
let e = idea.voices <= 3 or idea.voices < 4 or idea.voices != 5 or idea.voices > 6 or -idea.voices / 2 * 3 >= 7 - 8
"""
TEXTS = [
    MORE,
    *(file.read_text(encoding="utf-8") for file in FILES),
    *(code.after for code in CODES.values()),
]
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*|[^\W\d][\w.]*|[<>=!]=|\d[\w.%-]*|\S')


def _statements() -> list[list[str]]:
    """The tokens of every statement of the rule files and of the manual, largest left out."""
    found = [_TOKEN.findall(part) for text in TEXTS for part in re.split(r"(?m)^(?=[a-z])", text) if part]
    bare = [[token for token in tokens if not token.startswith("#")] for tokens in found]
    return [tokens for tokens in bare if 0 < len(tokens) < 60]


_GAPS = [" "] * 6 + ["  ", "\n", "\n  \n\n\t", " # why\n", "\n# above \n\n"]


@st.composite
def _files(draw: st.DrawFn) -> str:
    """Statements of the language, with comments and blank lines wherever a blank may stand."""
    written = ""
    for first, *rest in draw(st.lists(st.sampled_from(_statements()), min_size=1, max_size=4)):
        seed = draw(st.randoms(use_true_random=False))
        written += "".join([first, *(seed.choice(_GAPS) + token for token in rest)])
        written += seed.choice(["\n", "\n\n\n", " # end\n", "\n# between\n"])
    return written


@_SETTINGS
@given(_files())
def test_any_file_that_can_be_read_keeps_its_tree_and_its_comments(text: str) -> None:
    assume(_readable(text))

    keeps_its_meaning(text)


def test_what_is_tried_has_every_word_of_the_language() -> None:
    seen = {token for tokens in _statements() for token in tokens}

    assert sorted(RESERVED - seen) == []
    assert sorted(set("== != < <= > >= + - * / ( ) [ ] { } , =".split()) - seen) == []


MESSY = """\


# head
let a=rating<0.5 # bad
let   bcd =text mentions ["a","b",
"c",
  # inner
]
rule "x" {when a
and (b or not(c)) and any feedback(bcd) tag "x"   priority   -5 because "z"

   # last
} # end
bands priority {P1>=70,P2 >= -5, P3 otherwise}
test "t" { given feedback.text="x", idea.voices=1 expect priority>=clamp (1, - 2,3) }
"""

NEAT = """\
# head
let a   = rating < 0.5  # bad
let bcd = text mentions ["a", "b",
    "c",
    # inner
]

rule "x" {
    when a
        and (b or not (c)) and any feedback (bcd)
    tag "x"
    priority -5 because "z"

    # last
}  # end

bands priority { P1 >= 70, P2 >= -5, P3 otherwise }

test "t" {
    given  feedback.text = "x", idea.voices = 1
    expect priority >= clamp(1, -2, 3)
}
"""


def test_a_messy_file_becomes_a_neat_one() -> None:
    assert _printed(MESSY) == NEAT


def test_line_ends_of_windows_stay() -> None:
    assert _printed("let a=rating<1\r\n# b\r\n") == "let a = rating < 1\r\n# b\r\n"


def test_a_file_of_comments_or_of_nothing_stays_what_it_is() -> None:
    assert _printed("# only this\n\n\n\n# and this") == "# only this\n\n# and this\n"
    assert _printed("") == ""


def test_a_file_with_a_mistake_is_not_touched_and_says_which() -> None:
    found = formatted(Source("x.rules", 'rule "A" {\n  when idea.voices = 5\n  priority +5\n}\n'))

    assert found.text is None
    assert [d.code for d in found.diagnostics] == ["R001"]
