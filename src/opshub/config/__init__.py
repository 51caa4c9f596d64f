"""The configuration: one file, the environment and a secrets folder; and the hub made from them."""

from __future__ import annotations

from opshub.config.loading import FILE, Config, Configured, find, load
from opshub.config.opening import close, connect, limits, open_hub
from opshub.config.rules import check_rules, load_rules, other_rules, rule_entries, rule_files
from opshub.config.settings import ConnectionSettings, HubSettings

__all__ = [
    "FILE",
    "Config",
    "Configured",
    "ConnectionSettings",
    "HubSettings",
    "check_rules",
    "close",
    "connect",
    "find",
    "limits",
    "load",
    "load_rules",
    "open_hub",
    "other_rules",
    "rule_entries",
    "rule_files",
]
