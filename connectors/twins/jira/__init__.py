"""The loopback twin of Jira."""

from __future__ import annotations

from opshub_connectors.twins.jira.state import Issue
from opshub_connectors.twins.jira.twin import JiraTwin

__all__ = ["Issue", "JiraTwin"]
