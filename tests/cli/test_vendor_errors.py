"""What vendors refuse ends with its own exit code, at the connection that it concerns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opshub.cli import cli
from opshub.plugins import Registry
from opshub.testing import Twin


@pytest.fixture
def desk() -> Iterator[tuple[Twin, str]]:
    twin: Twin = Registry().twin("zendesk")()
    with twin.serve() as url:
        yield twin, url


@pytest.fixture
def tracker() -> Iterator[tuple[Twin, str]]:
    twin: Twin = Registry().twin("jira")()
    with twin.serve() as url:
        yield twin, url


def configure(here: Path, kind: str, table: Mapping[str, object], **more: object) -> None:
    settings = {"kind": kind, **table, **more}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (here / "opshub.toml").write_text("[connections.it]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def run(here: Path, *args: str) -> Result:
    return CliRunner().invoke(cli, ["--config", str(here / "opshub.toml"), *args], catch_exceptions=False)


def test_a_wrong_token_ends_with_3(tmp_path: Path, desk: tuple[Twin, str]) -> None:
    twin, url = desk
    configure(tmp_path, "zendesk", twin.settings(url), token="canary-wrong-token")

    synced, checked = run(tmp_path, "sync"), run(tmp_path, "connections", "check")

    for result in (synced, checked):
        assert result.exit_code == 3, result.output
        assert "it" in result.output and "next: " in result.output
        assert "canary-wrong-token" not in result.output


def test_a_missing_permission_ends_with_4(tmp_path: Path, desk: tuple[Twin, str]) -> None:
    twin, url = desk
    configure(tmp_path, "zendesk", twin.settings(url))
    twin.faults.always("status", code=403)

    synced = run(tmp_path, "sync")

    assert synced.exit_code == 4, synced.output
    assert "PermissionDeniedError" in synced.stdout
    assert "next: " in synced.stderr


def test_an_unknown_project_is_named(tmp_path: Path, tracker: tuple[Twin, str]) -> None:
    twin, url = tracker
    configure(tmp_path, "jira", twin.settings(url), query="project = NOPE")

    synced = run(tmp_path, "sync")

    assert synced.exit_code in (1, 5), synced.output
    assert "NOPE" in synced.stderr
