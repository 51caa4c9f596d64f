"""The rules language: text in, decisions out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opshub.language.currencies import Currencies
from opshub.language.diagnostics import Diagnostic, Source
from opshub.language.schema import Field, Kind, Schema
from opshub.later import later as _later

if TYPE_CHECKING:
    from opshub.language.across import QUANTITIES
    from opshub.language.checking import Checked, check
    from opshub.language.destinations import misrouted
    from opshub.language.legend import Legend
    from opshub.language.outcome import Outcome, Part
    from opshub.language.ruleset import EMPTY, RuleSet
    from opshub.language.testing import TestResult, run_tests
else:
    __getattr__ = _later(
        __name__,
        {
            "across": ("QUANTITIES",),
            "checking": ("Checked", "check"),
            "destinations": ("misrouted",),
            "legend": ("Legend",),
            "outcome": ("Outcome", "Part"),
            "ruleset": ("EMPTY", "RuleSet"),
            "testing": ("TestResult", "run_tests"),
        },
    )

__all__ = [
    "EMPTY",
    "QUANTITIES",
    "Checked",
    "Currencies",
    "Diagnostic",
    "Field",
    "Kind",
    "Legend",
    "Outcome",
    "Part",
    "RuleSet",
    "Schema",
    "Source",
    "TestResult",
    "check",
    "misrouted",
    "run_tests",
]
