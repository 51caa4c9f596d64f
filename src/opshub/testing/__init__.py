"""What connector authors test with: twins on loopback sockets, faults, factories, the contract.

Nothing here needs pytest to be imported, and what is heavy is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opshub.testing.faults import Fault, Faults
from opshub.testing.twin import Answer, Received, Twin

if TYPE_CHECKING:
    from opshub.testing.contract import ConnectorContract
    from opshub.testing.recorded import RecordedAnswer, RecordedTwin
    from opshub.testing.specs import SpecJudge

__all__ = [
    "Answer",
    "ConnectorContract",
    "Fault",
    "Faults",
    "Received",
    "RecordedAnswer",
    "RecordedTwin",
    "SpecJudge",
    "Twin",
]

LATER = {
    "ConnectorContract": "contract",
    "RecordedAnswer": "recorded",
    "RecordedTwin": "recorded",
    "SpecJudge": "specs",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: a twin in a demo needs no contract."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"opshub.testing.{LATER[name]}"), name)
