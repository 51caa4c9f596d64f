"""Constants and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and data beside the repository; tests skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with recordings and data is not beside the repository")
    return SHARED


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting, colour, width or extra of the machine reaches a test."""
    for name in [name for name in os.environ if name.startswith("OPSHUB_")]:
        monkeypatch.delenv(name)
    for name in ("COLUMNS", "CREDENTIALS_DIRECTORY", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    # What commands print of likenesses is by words, whatever extras are installed; and no model is loaded for it.
    monkeypatch.setenv("OPSHUB_HUB__ENCODER", "off")
    yield
