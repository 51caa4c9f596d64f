"""Hostile rule files: whatever stands in them, the checker answers with diagnostics."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opshub.language import Checked, Schema, Source, check, run_tests
from opshub.language.codes import CODES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Check = Callable[..., Checked]
_SETTINGS = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

_SEEDS = [
    *(code.before for code in CODES.values() if len(code.before) < 1_000),
    *(code.after for code in CODES.values()),
    files("opshub_rules").joinpath("starter.rules").read_text(encoding="utf-8")[:3_000],
]
_BITS = [
    *'(){}[]"“”，：；（）=<>!+-*/%.,#&|\\\n 0123456789',
    *"let score rule when tag route to as stop bands test given expect and or not in is missing where".split(),
    *"any all no count distinct accounts sum mean share of feedback text rating idea.voices 90d".split(),
    *"2026-13-01 ago( clamp( account.spend EUR USD ZZZ 1_000 \x00 \ud800".split(),
    "500 EUR",
]


def _mutated(text: str, seed: int) -> str:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice([0, 0, 1, 2, 8]))
        text = text[:at] + chance.choice(["", f" {chance.choice(_BITS)} ", chance.choice(_BITS)]) + text[end:]
    return text


@settings(_SETTINGS, max_examples=400)
@given(text=st.sampled_from(_SEEDS), seed=st.integers(0, 2**32))
def test_a_mutated_file_is_checked_without_a_crash_and_runs_if_it_passes(
    text: str, seed: int, checked: Check, schema: Schema
) -> None:
    found = checked(_mutated(text, seed))

    assert (found.rules is None) == any(d.severity == "error" for d in found.diagnostics)
    for diagnostic in found.diagnostics:
        assert diagnostic.render().encode("utf-8")
        assert diagnostic.line >= 1
        assert 1 <= diagnostic.column < diagnostic.end_column
    if found.rules is not None:
        run_tests(found.rules)
        rows = [tuple(None for _ in schema.feedback)]
        assert found.rules.decide(tuple(None for _ in schema.idea), rows, NOW).parts is not None


@_SETTINGS
@given(text=st.text(max_size=200))
@example(text="score priority = " + "-" * 30_000 + "1")
@example(text='rule "x" { when ' + "not " * 10_000 + "idea.urgent }")
@example(text="score priority = 1" + " + 1" * 10_000)
@example(text='rule "x" { when idea.urgent' + " or idea.urgent" * 4_000 + " }")
@example(text="score priority = " + "9" * 5_000)
@example(text="score priority = count feedback where created > ago(" + "9" * 400 + "d)")
@example(text="(" * 60_000)
@example(text='"' * 60_000)
@example(text="use " + "#" * 60_000)
@example(text="\n" * 60_000 + "use")
def test_no_text_at_all_crashes_the_checker(text: str, schema: Schema) -> None:
    found = check([Source("x.rules", text)], schema)

    assert all(d.render() for d in found.diagnostics)


def test_rules_at_the_depth_limit_still_compile(checked: Check) -> None:
    deep = "not (" * 45 + "idea.voices + 1 > 2" + ")" * 45

    found = checked(f'rule "deep" {{ when {deep} priority +1 }}')

    assert found.rules is not None
