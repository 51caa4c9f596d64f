"""Every function of the language has a sentence and examples, and the examples are true."""

from __future__ import annotations

import pytest

from opshub.language.functions import FUNCTIONS
from opshub.language.reference import evaluate

EXAMPLES = [(call, result) for function in FUNCTIONS.values() for call, result in function.examples.items()]


@pytest.mark.parametrize(("call", "result"), EXAMPLES)
def test_an_example_gives_what_the_manual_says(call: str, result: str) -> None:
    assert evaluate(call) == result


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_a_sentence_and_an_example(name: str) -> None:
    function = FUNCTIONS[name]

    assert function.doc.endswith(".")
    assert function.examples
    assert all(name in call for call in function.examples)


def test_signatures_read_as_rules_do() -> None:
    assert (
        FUNCTIONS["round"].signature == "round(value: number or money, [digits: number]) -> number or money"
    )
    assert FUNCTIONS["max"].signature == (
        "max(value: number or money, [others: number or money], …) -> number or money"
    )
    assert FUNCTIONS["ago"].signature == "ago(duration: duration) -> time"
