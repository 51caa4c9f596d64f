"""From likeness to expected precision: what answers teach, how it is held, and that it is the same everywhere."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.matching.calibration import SHIPPED, Features, Weights, careful, chance, features, fit
from opshub.matching.matcher import model_name

logits = st.floats(-7.6, 7.6).map(lambda value: round(value, 4))
examples = st.lists(st.tuples(st.builds(Features, logits, logits), st.booleans()), max_size=30)


def answers(count: int, truth: Weights, seed: int = 7) -> list[tuple[Features, bool]]:
    """What a reviewer says where the truth is known."""
    dice = random.Random(seed)
    found = [Features(dice.uniform(-4, 6), dice.uniform(0, 5)) for _ in range(count)]
    return [(it, dice.random() < chance(it, truth)) for it in found]


def test_without_answers_a_likeness_is_taken_at_its_word() -> None:
    assert fit([]) == SHIPPED
    assert chance(features([0.8, 0.3]), SHIPPED) == 0.8


def test_features_are_the_logit_and_its_margin_to_the_best_of_the_others() -> None:
    found = features([0.5, 0.2, 0.25])

    assert found == Features(0.0, round(math.log(3), 4))


def test_a_likeness_of_nothing_and_of_certainty_have_a_logit_too() -> None:
    assert features([]) == Features(-7.6004, 0.0)
    assert features([1.0]) == Features(7.6004, 15.2008)


def test_answers_that_contradict_the_shipped_scorer_outweigh_it() -> None:
    truth = Weights(-2.0, 0.6, 0.8)

    found = fit(answers(4000, truth))

    assert found == pytest.approx(truth, abs=0.25)


def test_by_words_alone_less_is_sure_than_answers_say() -> None:
    learned, found = Weights(0.1, 0.9, 0.0), Features(3.5, 0.0)

    assert careful(learned, model_name("words 1", "universal 0.2")) == learned
    assert chance(found, careful(learned, model_name("words 1"))) < 0.95 < chance(found, learned)


def test_a_few_answers_move_little() -> None:
    found = fit([(Features(2.0, 1.0), False)])

    assert found.constant == pytest.approx(0, abs=0.4)
    assert found != SHIPPED


def test_what_is_expected_after_answers_holds_on_others() -> None:
    truth = Weights(-1.0, 0.9, 0.4)
    learned = fit(answers(400, truth))
    sure = [right for it, right in answers(20_000, truth, seed=8) if chance(it, learned) >= 0.95]

    assert len(sure) > 1000
    assert sum(sure) / len(sure) == pytest.approx(0.96, abs=0.03)


def test_a_feature_that_would_count_backwards_does_not_count() -> None:
    upside = [(Features(float(at), 1.0), at < 0) for at in range(-5, 6)] * 5

    found = fit(upside)

    assert found.logit == 0.0
    assert found.constant == pytest.approx(0, abs=1)


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_alike_give_finite_weights(right: bool) -> None:
    found = fit([(Features(3.0, 2.0), right)] * 500)

    assert all(map(math.isfinite, found))
    assert (chance(Features(3.0, 2.0), found) > 0.5) is right


@given(examples, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_no_bit(rows: list[tuple[Features, bool]], dice: random.Random) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)

    assert repr(fit(rows)) == repr(fit(shuffled))


@given(examples, logits, st.lists(logits, min_size=2, max_size=9))
def test_whatever_was_answered_a_higher_likeness_is_never_expected_to_be_right_less_often(
    rows: list[tuple[Features, bool]], margin: float, along: list[float]
) -> None:
    weights = fit(rows)

    chances = [chance(Features(logit, margin), weights) for logit in sorted(along)]

    assert all(one <= other for one, other in pairwise(chances))


@given(st.lists(st.floats(0, 1), max_size=5))
def test_features_are_numbers_that_a_database_holds(likenesses: list[float]) -> None:
    assert all(math.isfinite(value) and abs(value) < 16 for value in features(likenesses))


def test_the_weights_are_known_to_the_last_bit() -> None:
    rows = [(Features(float(at % 7) - 2, float(at % 5)), at % 3 > 0) for at in range(100)]

    assert repr(fit(rows)) == "Weights(constant=0.363286, logit=0.18786, margin=0.039166)"
