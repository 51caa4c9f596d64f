"""Random files with every statement: printed they are the same, they run without fault, nothing breaks the check."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.language.drawn import SIGNS, broken_files, whole_files
from tests.language.test_formatting import keeps_its_meaning

from opshub.language import Checked, RuleSet, Schema, Source, run_tests
from opshub.language.completion import Known, propose
from opshub.language.exporting import exported
from opshub.language.formatting import formatted
from opshub.language.series import Series

Check = Callable[..., Checked]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@_SETTINGS
@given(text=whole_files())
def test_a_file_with_every_statement_is_the_same_when_it_is_printed(text: str) -> None:
    keeps_its_meaning(text)


@_SETTINGS
@given(text=whole_files())
def test_a_file_with_every_statement_passes_and_its_tests_run(
    text: str, rules: Callable[[str], RuleSet]
) -> None:
    made = rules(text)

    results = run_tests(made)

    assert len(results) == text.count('\ntest "')
    assert all(result.passed == (not result.failures) for result in results)
    json.dumps(exported([Source("x.rules", text)]), allow_nan=False)


@_SETTINGS
@given(text=whole_files(), data=st.data())
def test_an_alert_is_in_breach_exactly_while_all_its_periods_pass_all_its_bounds(
    text: str, data: st.DataObject, rules: Callable[[str], RuleSet]
) -> None:
    signals = rules(text).signals
    drawn = st.lists(st.sampled_from([None, -2.0, 0.0, 0.15, 0.5, 3.0, 7.5]), min_size=31, max_size=31)
    known = {name: data.draw(drawn) for name, series in signals.all.items() if not series.parts}

    def read(series: Series, periods: int) -> list[float | None]:
        return known[series.name][-periods:]

    for alert in signals.alerts:
        passed = [
            value is not None and SIGNS[limit.sign](value, limit.bound)
            for limit in alert.limits
            for value in signals.last(limit.signal, limit.periods, read)
        ]

        assert (signals.breached(alert, read) is not None) is all(passed)


@_SETTINGS
@given(text=broken_files(), data=st.data())
def test_a_broken_file_never_crashes_what_reads_it(
    text: str, data: st.DataObject, checked: Check, schema: Schema
) -> None:
    found = checked(text)

    assert (found.rules is None) == any(d.severity == "error" for d in found.diagnostics)
    for diagnostic in found.diagnostics:
        assert diagnostic.render().encode()
        assert diagnostic.line >= 1
        assert 1 <= diagnostic.column < diagnostic.end_column
    at = data.draw(st.integers(0, len(text)))
    assert all(it.label for it in propose(text, at, Known.of(schema, [Source("0.rules", text)])))
    laid = formatted(Source("0.rules", text))
    assert (laid.text is None) is bool(laid.diagnostics)
    assume(laid.text is not None)
    keeps_its_meaning(text)


def test_what_is_drawn_has_every_statement() -> None:
    seen: set[str] = set()

    @settings(_SETTINGS, derandomize=True, database=None)
    @given(whole_files())
    def look(text: str) -> None:
        seen.update(line.removeprefix("key ").partition(" ")[0] for line in text.splitlines())

    look()

    every = "use parameter let score rule match bands signal alert goal test"
    assert sorted({*every.split()} - seen) == []
