"""What the contract's own tests share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from opshub.sdk import Connector, WebhookRequest
from opshub.testing import ConnectorContract, Twin
from opshub.testing.sample_twin import INTERNAL, SampleTwin

Kept = Callable[..., bool]


def contract_of(
    connector: type[Connector[Any]], twin: type[SampleTwin] = SampleTwin, **attributes: Any
) -> type[ConnectorContract]:
    """The contract of a connector, as its author would write it."""

    class Contract(ConnectorContract):
        kind = "sample"
        internal = INTERNAL
        writes: ClassVar = {"priority": "high", "labels": ("churn", "l1")}
        other_writes: ClassVar = {"priority": "low", "labels": ()}
        project = "IDEAS"

        @classmethod
        def connector_class(cls) -> type[Connector[Any]]:
            return connector

        def twin(self) -> Twin:
            return twin(clock=self.clock).populated()

        def fresh(self, vendor: Twin) -> str:
            assert isinstance(vendor, SampleTwin)
            return str(vendor.add("Another", "text")["id"])

        def webhook(self, vendor: Twin) -> WebhookRequest:
            assert isinstance(vendor, SampleTwin)
            return vendor.webhook("7")

    for name, value in attributes.items():
        setattr(Contract, name, value)
    return Contract


def kept(made: type[ConnectorContract], promise: str) -> bool:
    """Whether a promise holds, run as the test runner would."""
    trial = made()
    trial.setup_method()
    try:
        getattr(trial, promise)()
    except Exception:
        return False
    finally:
        with contextlib.suppress(Exception):
            trial.teardown_method()
    return True


@pytest.fixture
def keeps() -> Kept:
    """Whether a connector, written for the sample twin or another one, keeps a promise."""

    def judge(
        promise: str, connector: type[Connector[Any]], twin: type[SampleTwin] = SampleTwin, **attributes: Any
    ) -> bool:
        return kept(contract_of(connector, twin, **attributes), promise)

    return judge


@pytest.fixture
def keeps_contract() -> Kept:
    """Whether a contract's promise holds."""
    return lambda promise, made: kept(made, promise)
