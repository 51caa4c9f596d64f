"""The sample connector keeps every promise."""

from __future__ import annotations

from typing import Any, ClassVar

from opshub.sdk import Connector, WebhookRequest
from opshub.testing import ConnectorContract, Twin
from opshub.testing.sample import Sample
from opshub.testing.sample_twin import INTERNAL, SampleTwin


class TestSample(ConnectorContract):
    kind = "sample"
    internal = INTERNAL
    writes: ClassVar = {"priority": "high", "labels": ("churn", "l1")}
    other_writes: ClassVar = {"priority": "low", "labels": ()}
    project = "IDEAS"

    @classmethod
    def connector_class(cls) -> type[Connector[Any]]:
        return Sample

    def twin(self) -> Twin:
        return SampleTwin(clock=self.clock).populated()

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, SampleTwin)
        return str(twin.add("Another", "text")["id"])

    def webhook(self, twin: Twin) -> WebhookRequest:
        assert isinstance(twin, SampleTwin)
        return twin.webhook("7")
