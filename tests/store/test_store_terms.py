"""What a full-text search takes out of all that it found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.store.terms import CLASSES, best


@given(
    st.dictionaries(st.integers(0, 40 * CLASSES), st.sampled_from([0.5, 1.0, 2.0, 3.5]), max_size=60),
    st.floats(1, 300),
    st.integers(1, 20),
)
@settings(max_examples=150, deadline=None)
def test_the_best_are_those_that_sorting_all_of_them_would_put_first(
    scores: dict[int, float], usual: float, limit: int
) -> None:
    every = best(scores, usual, len(scores) or 1)

    assert best(scores, usual, limit) == every[:limit]
    assert every == sorted(every, key=lambda found: (-found[0], found[1]))
    assert sorted(piece for _, piece in every) == sorted(scores)


def test_of_equal_scores_the_shorter_text_is_better_and_of_equal_texts_the_older_one() -> None:
    long, short, younger = 1 * CLASSES + 12, 2 * CLASSES + 3, 3 * CLASSES + 3

    found = best({long: 1.0, younger: 1.0, short: 1.0}, 20.0, 3)

    assert [piece for _, piece in found] == [short, younger, long]
