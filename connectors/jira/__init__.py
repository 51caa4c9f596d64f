"""Jira Cloud and Data Center."""

from __future__ import annotations

from opshub_connectors.jira.connector import Jira
from opshub_connectors.jira.settings import JiraSettings

__all__ = ["Jira", "JiraSettings"]
