"""The house style, where a machine can check it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

LONGEST_MODULE = 400
LONGEST_FUNCTION = 30
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def _sources() -> Iterator[Path]:
    for package in ("opshub", "opshub_connectors"):
        yield from sorted(Path(str(files(package))).rglob("*.py"))


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])


HERE = Path(__file__).parent
BESIDE = [
    pytest.param(path, id=_name(path))
    for folder in (HERE, HERE.parent / "benchmarks")
    for path in sorted(folder.rglob("*.py"))
    if ".cache" not in path.parts  # what the benchmarks install to compare with
]
SOURCES = [pytest.param(path, id=_name(path)) for path in _sources()]


@pytest.mark.parametrize("path", SOURCES)
def test_modules_are_short_and_well_named(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    assert path.stem not in BANNED_NAMES


@pytest.mark.parametrize("path", SOURCES)
def test_functions_are_short(path: Path) -> None:
    long = {
        node.name: _length(node)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > LONGEST_FUNCTION
    }

    assert long == {}


@pytest.mark.parametrize("path", [*SOURCES, *BESIDE])
def test_what_a_checker_is_told_to_overlook_has_its_reason_beside_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    bare = [
        line for line in lines if re.search(r"# (type: ignore|noqa)[^ ]*( *\[[^]]*\]| [A-Z]+\d+)?\s*$", line)
    ]

    assert bare == []


@pytest.mark.parametrize("path", SOURCES)
def test_only_the_command_line_prints(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    printed = [node.lineno for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"]

    assert "cli" in path.parts or printed == []


@pytest.mark.parametrize("path", SOURCES)
def test_no_class_is_a_manager_or_helper(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]

    assert [name for name in classes if name.endswith(("Manager", "Helper", "Util", "Utils", "Data"))] == []


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body and signature, without its decorators and its docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


STOPPING = {"ConfigError", "NotFoundError", "PlanTooLargeError", "RuleError", "StoreBusyError", "UsageError"}
OUTER = [path for path in _sources() if {"cli", "config"} & {*path.parts}]


@pytest.mark.parametrize("path", OUTER, ids=_name)
def test_what_stops_a_command_names_the_next_step(path: Path) -> None:
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    stopping = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in STOPPING]

    silent = [call.lineno for call in stopping if not any(word.arg == "hint" for word in call.keywords)]

    assert silent == []
