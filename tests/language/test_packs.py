"""Packs: a rule file stands on another by name, and sets its parameters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opshub.language import Checked, Schema, Source, check, run_tests
from opshub.language.deferred import fingerprint

PACK = """\
parameter floor = 2
parameter window = 90d because "a quarter"
parameter word = "b"

score spread = max(idea.voices, floor)

rule "Recent" {
    when any feedback (created > ago(window) and account.plan == word)
    spread +10
}

test "in the pack" {
    given  idea.voices = 1
    expect spread == 2
}
"""


def _checked(schema: Schema, own: str, packs: dict[str, str], *more: Source) -> Checked:
    made = {name: Source(f"packs/{name}.rules", text) for name, text in packs.items()}
    return check([Source("own.rules", own), *more], replace(schema, packs=made))


def _passes(found: Checked) -> int:
    assert [d.render() for d in found.diagnostics] == []
    assert found.rules is not None
    results = run_tests(found.rules)
    assert [result.failures for result in results if not result.passed] == []
    return len(results)


def _codes(found: Checked) -> list[tuple[str, str, int]]:
    return [(d.code, d.path, d.line) for d in found.diagnostics]


def test_what_a_pack_defines_can_be_used_and_its_tests_stay_with_it(schema: Schema) -> None:
    own = (
        'use "p"\n\nscore priority = spread * 2\n\n'
        'test "t" {\n    given  idea.voices = 1\n    expect priority == 4\n}\n'
    )

    assert _passes(_checked(schema, own, {"p": PACK})) == 1


def test_parameters_are_set_where_the_pack_is_used(schema: Schema) -> None:
    own = (
        'use "p" { floor = -3, window = 1d, word = "a" }\n\n'
        'test "old" {\n    given  feedback.created = ago(2d), account.plan = "a"\n    expect spread == 0\n}\n\n'
        'test "new" {\n    given  feedback.created = ago(1h), account.plan = "a", idea.voices = 1\n'
        "    expect spread == 11\n}\n"
    )

    assert _passes(_checked(schema, own, {"p": PACK})) == 2


def test_packs_stand_on_packs_and_are_there_once(schema: Schema) -> None:
    packs = {
        "p": PACK,
        "q": 'use "p" { floor = 5 }\nscore q = spread\n',
        "r": 'use "p"\nscore r = spread\n',
    }
    own = 'use "q"\nuse "r"\n\ntest "t" {\n    given  idea.voices = 1\n    expect q == 5, r == 5\n}\n'

    assert _passes(_checked(schema, own, packs)) == 1


def test_a_pack_among_the_files_themselves_is_not_there_twice_and_keeps_its_tests(schema: Schema) -> None:
    own = 'use "p"\n\nscore priority = spread\n'

    found = _checked(schema, own, {"p": PACK}, Source("packs/p.rules", PACK))

    assert _passes(found) == 1


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ('use "pp"\n', ("R117", "own.rules", 1)),
        ('use "p" { flor = 1 }\n', ("R118", "own.rules", 1)),
        ('use "p" { floor = "1" }\n', ("R118", "own.rules", 1)),
        ('use "p" {\n    floor = 1,\n    floor = 2,\n}\n', ("R108", "own.rules", 3)),
        ('use "p" { floor = 1 }\nuse "p" { floor = 2 }\n', ("R108", "own.rules", 2)),
        ('score a = 1\nuse "p"\n', ("R015", "own.rules", 2)),
        ('use "p"\nscore spread = 1\n', ("R108", "own.rules", 2)),
        ('use "p"\nscore floor = 1\n', ("R108", "own.rules", 2)),
        ("score a = later\nparameter later = 1\n", ("R109", "own.rules", 1)),
        ("use ＂p＂\n", ("R117", "own.rules", 1)),
        ('use "a"\n', ("R119", "packs/b.rules", 1)),
    ],
)
def test_every_mistake_has_its_place(schema: Schema, own: str, expected: tuple[str, str, int]) -> None:
    packs = {"p": PACK, "a": 'use "b"\n', "b": 'use "a"\n'}

    found = _checked(schema, own, packs)

    assert found.rules is None
    assert [found for found in _codes(found) if found[0] != "R005"] == [expected]


def test_a_pack_that_itself_has_a_mistake_says_so_in_its_own_lines(schema: Schema) -> None:
    found = _checked(schema, 'use "p"\n', {"p": "score a = 1\nscore b = idea.voicse\n"})

    assert _codes(found) == [("R101", "packs/p.rules", 2)]


def test_a_changed_pack_makes_other_rules_of_the_same_files(schema: Schema) -> None:
    own = [Source("own.rules", 'use "q"\n')]
    packs = {"q": Source("q", 'use "p"\n'), "p": Source("p", PACK), "unused": Source("u", "")}

    before = fingerprint(own, replace(schema, packs=packs))

    assert fingerprint(own, replace(schema, packs=packs | {"unused": Source("u", "#")})) == before
    assert fingerprint(own, replace(schema, packs=packs | {"p": Source("p", PACK + "\n")})) != before
