"""The error tree is drawn where it is defined, and the drawing is the tree."""

from __future__ import annotations

import re

import pytest

from opshub import errors
from opshub.errors import OpshubError

DRAWN = re.compile(r"^((?:[│ ]   )*)(?:├── |└── )?(\w+Error)(?:\s{2,}(.+))?$")


def _tree(root: type[OpshubError], depth: int = 0) -> list[tuple[int, str]]:
    below = [sub for sub in root.__subclasses__() if sub.__module__ == errors.__name__]
    groups = {"StopError": 0, "PausedError": 1, "RetryError": 2, "SkipError": 3}
    below.sort(key=lambda sub: (groups.get(sub.__name__, 4), sub.__name__))
    return [(depth, root.__name__), *(row for sub in below for row in _tree(sub, depth + 1))]


def _drawing() -> list[tuple[int, str, str]]:
    rows = []
    for text in (errors.__doc__ or "").splitlines():
        found = DRAWN.match(text)
        if found:
            marked = "├── " in text or "└── " in text
            rows.append((len(found[1]) // 4 + marked, found[2], found[3] or ""))
    return rows


def test_the_drawing_is_the_tree() -> None:
    assert [(depth, name) for depth, name, _ in _drawing()] == _tree(OpshubError)


def test_the_drawing_says_what_the_classes_say() -> None:
    for _, name, sentence in _drawing():
        if name != "OpshubError":
            doc = (getattr(errors, name).__doc__ or "").splitlines()[0]
            assert doc.rstrip(".").lower().startswith(sentence.lower()), name


def test_all_errors_are_exported_and_named_as_such() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }

    assert classes == set(errors.__all__)
    assert all(name.endswith("Error") for name in classes)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("StopError", 1),
        ("ConfigError", 2),
        ("RuleError", 2),
        ("UsageError", 2),
        ("PluginError", 2),
        ("AuthenticationError", 3),
        ("PermissionDeniedError", 4),
        ("MissingError", 5),
        ("NotFoundError", 5),
        ("RateLimitedError", 6),
        ("UnavailableError", 1),
    ],
)
def test_exit_codes_are_those_of_the_manual(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code
