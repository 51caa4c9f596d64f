"""The rules language: text in, decisions out."""

from __future__ import annotations

from opshub.language.checking import Checked, check
from opshub.language.diagnostics import Diagnostic, Source
from opshub.language.legend import Legend
from opshub.language.outcome import Outcome, Part
from opshub.language.ruleset import EMPTY, RuleSet
from opshub.language.schema import Field, Kind, Schema
from opshub.language.testing import TestResult, run_tests

__all__ = [
    "EMPTY",
    "Checked",
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
    "run_tests",
]
