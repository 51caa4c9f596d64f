"""What connector authors test with: twins on loopback sockets, faults, factories, the contract."""

from __future__ import annotations

from opshub.testing.faults import Fault, Faults
from opshub.testing.twin import Answer, Received, Twin

__all__ = ["Answer", "Fault", "Faults", "Received", "Twin"]
