"""What connector authors test with: twins on loopback sockets, faults, factories, the contract.

Nothing here needs pytest to be imported, and what is heavy is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opshub.later import later as _later
from opshub.testing.faults import Fault, Faults
from opshub.testing.twin import Answer, Received, Twin

if TYPE_CHECKING:
    from opshub.testing.contract import ConnectorContract
    from opshub.testing.recorded import RecordedAnswer, RecordedTwin
    from opshub.testing.specs import SpecJudge
else:
    __getattr__ = _later(
        __name__,
        {
            "contract": ("ConnectorContract",),
            "recorded": ("RecordedAnswer", "RecordedTwin"),
            "specs": ("SpecJudge",),
        },
    )

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
