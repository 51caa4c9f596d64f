"""Connectors are found by entry point and in the admin's folder, and one broken file never stops the rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opshub.errors import PluginError
from opshub.plugins import KindInfo, Registry

CONNECTOR = '''
from opshub.sdk import Connector, Settings

class AcmeSettings(Settings):
    """Settings of one connection."""

class {name}(Connector[AcmeSettings]):
    """A connector."""
    kind = "{kind}"
    Settings = AcmeSettings
    {extra}
    def pull(self, cursor):
        yield from ()
    def normalize(self, record):
        raise KeyError("id")
'''

Install = Callable[..., None]


def source(kind: str, *, name: str = "Acme", extra: str = "") -> str:
    return CONNECTOR.format(kind=kind, name=name, extra=extra)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    return plugins


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with entry points on the path: what an installer does, without one."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules: list[str] = []

    def put(
        package: str, module: str, text: str, *points: tuple[str, str, str], version: str = "1.2"
    ) -> None:
        (site / f"{module}.py").write_text(text)
        modules.append(module)
        info = site / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(
            "".join(f"[{group}]\n{name} = {module}:{value}\n" for group, name, value in points)
        )

    yield put
    for module in modules:
        sys.modules.pop(module, None)


def test_listing_what_is_installed_imports_none_of_it(install: Install) -> None:
    install("acme-hub", "acme_hub", "raise RuntimeError('imported')", ("opshub.connectors", "acme", "Acme"))

    kinds = Registry().kinds()

    assert KindInfo("acme", "1.2", "acme-hub 1.2") in kinds
    assert "acme_hub" not in sys.modules


def test_an_installed_connector_is_loaded_by_its_kind(install: Install) -> None:
    install("acme-hub", "acme_hub", source("acme"), ("opshub.connectors", "acme", "Acme"))

    assert Registry().connector("acme").kind == "acme"


def test_an_unknown_kind_gets_a_suggestion(install: Install) -> None:
    install("acme-hub", "acme_hub", source("acme"), ("opshub.connectors", "acme", "Acme"))

    with pytest.raises(PluginError, match=r"no connector 'acne'; did you mean 'acme'\?") as caught:
        Registry().connector("acne")

    assert "opshub connections kinds" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import a_package_that_is_not_there", "No module named 'a_package_that_is_not_there'"),
        ("class Other: pass", "has no attribute 'Acme'"),
        ("Acme = 3", "3 is not a subclass of opshub.sdk.Connector"),
        (source("other"), "its kind is 'other'"),
        (source("acme").replace("Settings = AcmeSettings", ""), "its Settings is not a subclass"),
        (source("acme").replace("def pull", "def push"), "it lacks pull"),
        ("raise ValueError", "ValueError"),
    ],
)
def test_a_package_that_fails_is_named_with_its_reason(install: Install, text: str, reason: str) -> None:
    install("acme-hub", "acme_hub", text, ("opshub.connectors", "acme", "Acme"))

    with pytest.raises(PluginError) as caught:
        Registry().connector("acme")

    assert "acme-hub 1.2" in str(caught.value)
    assert reason in str(caught.value)


def test_two_packages_with_one_name_are_both_named(install: Install) -> None:
    install("acme-hub", "acme_hub", source("acme"), ("opshub.connectors", "acme", "Acme"))
    install("acme-two", "acme_two", source("acme"), ("opshub.connectors", "acme", "Acme"))
    registry = Registry()

    with pytest.raises(PluginError, match="exists twice") as caught:
        registry.connector("acme")

    assert "acme-hub 1.2" in str(caught.value)
    assert "acme-two 1.2" in str(caught.value)
    assert len(registry.problems) == 1
    assert {info.origin for info in registry.kinds() if info.kind == "acme" and info.problem} == {
        "acme-hub 1.2",
        "acme-two 1.2",
    }


def test_a_file_in_the_folder_is_a_connector(folder: Path) -> None:
    (folder / "acme.py").write_text(source("acme"))
    registry = Registry(folder)

    found = registry.connector("acme")

    assert found.kind == "acme"
    assert found.__module__ == "opshub_dropins.acme"
    assert KindInfo("acme", "", str(folder / "acme.py")) in registry.kinds()
    assert registry.problems == []


def test_files_in_the_folder_may_share_a_private_one(folder: Path) -> None:
    (folder / "_shared.py").write_text("KIND = 'acme'")
    (folder / "acme.py").write_text("from opshub_dropins._shared import KIND\n" + source("acme"))

    assert Registry(folder).connector("acme").kind == "acme"


def test_a_base_class_without_a_kind_is_no_connector(folder: Path) -> None:
    base = source("x", name="Base").replace('kind = "x"', "pass")
    (folder / "acme.py").write_text(base + source("acme"))
    registry = Registry(folder)

    assert registry.problems == []
    assert registry.connector("acme").kind == "acme"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("broken.py", "x = 1\ndef (", "broken.py:2: SyntaxError"),
        ("broken.py", "x = 1\n\nimport nowhere_at_all", "broken.py:3: ModuleNotFoundError"),
        ("broken.py", "import sys\nsys.exit(3)", "broken.py:2: SystemExit: 3"),
        ("broken.py", "raise RuntimeError", "broken.py:1: RuntimeError"),
        ("broken.py", "x = 1", "broken.py: no connector is defined here"),
        ("broken.py", source("acme").replace("def normalize", "def other"), "Acme is not a connector"),
        (
            "broken.py",
            source("a2", extra='replaces = "zendesk"'),
            "replaces = 'zendesk', but the kind is 'a2'",
        ),
        ("not-a-name.py", source("acme"), "must be a Python name"),
        ("broken.py", "\0", "broken.py"),
    ],
)
def test_one_broken_file_is_reported_and_the_rest_load(
    folder: Path, name: str, text: str, problem: str
) -> None:
    (folder / "good.py").write_text(source("good"))
    (folder / name).write_text(text)
    registry = Registry(folder)

    assert registry.connector("good").kind == "good"
    assert len(registry.problems) == 1
    assert problem in registry.problems[0]


def test_a_file_that_everybody_may_write_is_not_run(folder: Path) -> None:
    (folder / "acme.py").write_text(source("acme"))
    (folder / "acme.py").chmod(0o666)

    assert "chmod o-w" in Registry(folder).problems[0]


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    assert "is not there" in Registry(tmp_path / "nowhere").problems[0]


def test_a_file_does_not_replace_a_package_silently(folder: Path, install: Install) -> None:
    install("acme-hub", "acme_hub", source("acme"), ("opshub.connectors", "acme", "Acme"))
    (folder / "acme.py").write_text(source("acme"))
    registry = Registry(folder)

    with pytest.raises(PluginError) as caught:
        registry.connector("acme")

    assert "acme-hub 1.2" in str(caught.value)
    assert str(folder / "acme.py") in str(caught.value)
    assert str(caught.value) in registry.problems


def test_a_file_replaces_a_package_when_it_says_so(folder: Path, install: Install) -> None:
    install("acme-hub", "acme_hub", source("acme"), ("opshub.connectors", "acme", "Acme"))
    (folder / "acme.py").write_text(source("acme", extra='replaces = "acme"'))
    registry = Registry(folder)

    assert registry.connector("acme").__module__ == "opshub_dropins.acme"
    assert registry.problems == []
    assert [info.origin for info in registry.kinds() if info.kind == "acme"] == [str(folder / "acme.py")]


def test_two_files_with_one_kind_are_both_named(folder: Path) -> None:
    (folder / "one.py").write_text(source("acme", extra='replaces = "acme"'))
    (folder / "two.py").write_text(source("acme"))

    with pytest.raises(PluginError, match=r"one\.py and .*two\.py"):
        Registry(folder).connector("acme")


def test_twins_and_rule_packs_are_found_by_name(install: Install) -> None:
    install("acme-hub", "acme_hub", "class AcmeTwin: kind = 'acme'", ("opshub.twins", "acme", "AcmeTwin"))
    registry = Registry()

    assert registry.twin("acme").__name__ == "AcmeTwin"
    assert "acme" in registry.twins()
    with pytest.raises(PluginError, match="no twin 'acmee'; did you mean 'acme'"):
        registry.twin("acmee")
    with pytest.raises(PluginError, match="no rule pack 'nothing-like-it'"):
        registry.pack("nothing-like-it")


def test_the_bundled_rule_pack_is_a_folder() -> None:
    assert "starter" in Registry().packs()
    assert Registry().pack("starter").is_file()


def test_listing_kinds_is_light() -> None:
    program = "import sys, opshub.plugins as p; p.Registry().packs(); print('pydantic' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
