"""What is on disk, what is declared and what is installed are the same."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points, packages_distributions
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest

import opshub
from opshub.language.machine import digest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
AGAIN = "run: pip install -e . (make does it when pyproject.toml changes)"

needs_source = pytest.mark.skipif(not (ROOT / "src").is_dir(), reason="the installed package is under test")


@needs_source
def test_every_package_on_disk_is_declared() -> None:
    found = set()
    for name, folder in SETUPTOOLS["package-dir"].items():
        for init in (ROOT / folder).rglob("__init__.py"):
            inner = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join((name, *inner)))

    assert set(SETUPTOOLS["packages"]) == found
    assert SETUPTOOLS["packages"] == sorted(SETUPTOOLS["packages"])


@pytest.mark.parametrize("package", SETUPTOOLS["packages"])
def test_every_declared_package_is_installed(package: str) -> None:
    assert find_spec(package) is not None, AGAIN


@needs_source
def test_every_folder_with_code_is_a_package() -> None:
    for folder in SETUPTOOLS["package-dir"].values():
        for module in (ROOT / folder).rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), module.parent


FOLDERS = {"opshub.connectors": "connectors", "opshub.twins": "connectors/twins"}


@needs_source
@pytest.mark.parametrize(("group", "folder"), FOLDERS.items())
def test_every_bundled_connector_and_twin_is_registered(group: str, folder: str) -> None:
    modules = {module.stem for module in (ROOT / folder).glob("[!_]*.py")}
    modules |= {module.parent.name for module in (ROOT / folder).glob("*/__init__.py")} - {"twins"}

    assert set(PROJECT["project"]["entry-points"][group]) == modules


@pytest.mark.parametrize("group", ["opshub.connectors", "opshub.rulepacks", "opshub.twins"])
def test_every_entry_point_is_installed_and_loads(group: str) -> None:
    declared = PROJECT["project"]["entry-points"][group]
    installed = {point.name: point for point in entry_points(group=group) if point.name in declared}

    assert {name: point.value for name, point in installed.items()} == declared, AGAIN
    for point in installed.values():
        assert point.load()


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("opshub", "py.typed"),
        ("opshub_connectors", "py.typed"),
        ("opshub.cli", "starter.toml"),
        ("opshub.sdk", "scaffold_connector.txt"),
        ("opshub.sdk", "scaffold_test.txt"),
        ("opshub.language", "grammar.lark"),
    ],
)
def test_data_that_the_code_reads_is_installed(package: str, name: str) -> None:
    assert (files(package) / name).is_file()


def test_the_version_is_the_same_everywhere() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert opshub.__version__ == PROJECT["project"]["version"]
    assert re.search(rf"^## {re.escape(opshub.__version__)}\b", changelog, re.MULTILINE)


def test_the_code_imports_only_what_it_declares() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    texts = [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
    declared = {re.split(r"[^\w.-]", text)[0] for text in texts}
    folded = {_folded(name) for name in declared} | {"opshub", "pytest", "jsonschema"}
    distributions = packages_distributions()

    for module, name in _imports():
        owners = {_folded(owner) for owner in distributions.get(name, [name])}
        assert owners & (folded | BROUGHT), f"{module} imports {name}"


BROUGHT = {"httpcore", "pydantic", "requests", "pydantic-core"}
"""What declared dependencies bring and make part of their own interface."""


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imports() -> Iterator[tuple[str, str]]:
    """Every outside package that the shipped code imports: (module, package)."""
    own = set(SETUPTOOLS["package-dir"])
    for package in sorted(own):
        folder = Path(str(files(package)))
        for module in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else names
                for name in filter(None, names):
                    top = name.split(".")[0]
                    if top not in sys.stdlib_module_names and top not in own and top != "opshub_dropins":
                        yield str(module.relative_to(folder.parent)), top


def test_the_tables_that_are_shipped_are_those_of_the_grammar() -> None:
    tables = json.loads((files("opshub.language") / "tables.json").read_text(encoding="utf-8"))

    assert tables["grammar"] == digest(), "run: make docs"
