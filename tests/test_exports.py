"""The public surface is what ``__all__`` says: true, sorted, complete."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

DOORS = ("opshub.config", "opshub.language", "opshub.matching", "opshub.sdk", "opshub.testing")
"""Packages whose ``__init__`` is what others import from."""

PACKAGES = ("opshub", "opshub_connectors")


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        folder = Path(str(files(package)))
        for module in sorted(folder.rglob("*.py")):
            parts = module.relative_to(folder).with_suffix("").parts
            name = ".".join((package, *(part for part in parts if part != "__init__")))
            if not any(part.startswith("_") and part != "__init__" for part in parts):
                yield name


@pytest.mark.parametrize("name", list(_modules()))
def test_all_is_true_and_sorted(name: str) -> None:
    module = importlib.import_module(name)
    exported = list(getattr(module, "__all__", ()))

    # As ruff sorts it: constants, classes, the rest.
    assert exported == sorted(exported, key=lambda word: (not word.isupper(), not word[:1].isupper(), word))
    assert len(exported) == len(set(exported))
    assert [word for word in exported if not hasattr(module, word)] == []


@pytest.mark.parametrize("name", DOORS)
def test_a_door_lets_through_what_it_imports_and_nothing_else(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("opshub")
        for alias in node.names
    }
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    public = {word for word in imported | defined if not word.startswith("_")}
    assert set(module.__all__) >= public
