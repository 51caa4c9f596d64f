"""The daemon: every connection on its own schedule, the rules reloaded when they change, health for whoever asks."""

from __future__ import annotations

from opshub.daemon.logs import log_to
from opshub.daemon.runner import Daemon

__all__ = ["Daemon", "log_to"]
