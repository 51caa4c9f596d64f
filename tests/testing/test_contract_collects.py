"""What the contract reads, collects and leaves out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from opshub.testing import ConnectorContract
from opshub.testing.contract import promises
from opshub.testing.sample import Sample

Kept = Callable[..., bool]


DROPIN = """
{imports}
from opshub.sdk import Connector, Settings

class AcmeSettings(Settings):
    pass

class Acme(Connector[AcmeSettings]):
    kind = "acme"
    Settings = AcmeSettings
    def pull(self, cursor):
        {body}
        yield from ()
    def normalize(self, record):
        raise KeyError("id")
"""


@pytest.mark.parametrize(
    ("promise", "imports", "body"),
    [
        ("test_it_imports_nothing_beyond_the_sdk", "import opshub.store", ""),
        ("test_it_imports_nothing_beyond_the_sdk", "from opshub.engine.hub import Hub", ""),
        ("test_it_imports_nothing_beyond_the_sdk", "import time", ""),
        ("test_it_imports_nothing_beyond_the_sdk", "import logging", ""),
        ("test_it_never_asks_for_the_time", "from datetime import datetime", "datetime.now()"),
        ("test_it_never_asks_for_the_time", "import datetime", "datetime.datetime.utcnow()"),
        ("test_it_never_asks_for_the_time", "import datetime", "datetime.date.today()"),
    ],
)
def test_a_module_that_reaches_too_far_is_found(
    tmp_path: Path, promise: str, imports: str, body: str, keeps_contract: Kept
) -> None:
    (tmp_path / "acme.py").write_text(DROPIN.format(imports=imports, body=body))

    class Contract(ConnectorContract):
        kind = "acme"
        plugins = tmp_path

        def table(self, url: str) -> dict[str, object]:
            return {}

    assert not keeps_contract(promise, Contract)


def test_a_waiver_names_a_promise_and_a_reason() -> None:
    with pytest.raises(TypeError, match="test_unheard_of"):

        class Contract(ConnectorContract):
            waived: ClassVar = {"test_unheard_of": "because"}

    with pytest.raises(TypeError, match="a promise and a reason"):

        class Other(ConnectorContract):
            waived: ClassVar = {"test_a_pull_brings_records": ""}


def test_promises_about_what_a_connector_cannot_do_are_not_collected(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text(DROPIN.format(imports="", body=""))

    class Contract(ConnectorContract):
        kind = "acme"
        plugins = tmp_path
        waived: ClassVar = {"test_a_pull_brings_records": "it is empty"}

    left = {name for name in promises() if getattr(Contract, name) is not None}

    assert "test_pulling_twice_gives_the_same" in left
    assert not {name for name in left if "written" in name or "publish" in name or "webhook" in name}
    assert "test_a_pull_brings_records" not in left
    assert "test_trouble_on_the_wire_becomes_our_error" not in left


def test_the_common_settings_are_those_of_the_configuration() -> None:
    from opshub.config.settings import ConnectionSettings
    from opshub.testing.trial import COMMON

    assert {info.alias or name for name, info in ConnectionSettings.model_fields.items()} == COMMON


def test_every_promise_has_been_broken_once() -> None:
    told = "".join(path.read_text() for path in Path(__file__).parent.glob("test_contract_*.py"))

    assert [name for name in promises() if f'"{name}"' not in told] == []


def test_an_internal_text_that_is_nowhere_is_found(keeps: Kept) -> None:
    assert not keeps("test_the_internal_text_is_among_the_records", Sample, internal="a text that is nowhere")
