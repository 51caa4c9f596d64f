"""What somebody asked for with ``ideas override``."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from datetime import UTC, time
from typing import Any
from zoneinfo import ZoneInfo

from opshub.cli.sync import moment_of
from opshub.clock import SystemClock
from opshub.errors import UsageError
from opshub.model import Override
from opshub.sdk import clean

__all__ = ["made", "user"]


def made(until: str, zone: str, because: str, what: Mapping[str, Any]) -> Override:
    """The override of some idea that somebody asked for."""
    now = SystemClock().now()
    try:
        end = moment_of(until, zone, now, "--until", 1).astimezone(UTC)
        there = end.astimezone(ZoneInfo(zone))
    except OverflowError as error:
        raise UsageError(
            f"--until {until} lies beyond the calendar", hint="write a day: 2030-06-01"
        ) from error
    return Override(
        idea=0,
        priority=what["priority"],
        band=clean(what["band"] or ""),
        tags=tuple(sorted({clean(tag) for tag in what["tags"]})),
        route=clean(what["route"] or ""),
        owner=clean(what["owner"] or ""),
        because=" ".join(clean(because).split()),
        who=clean(user()),
        at=now,
        until=end,
        day=f"{there:%Y-%m-%d}" if there.time() == time() else f"{there:%Y-%m-%d %H:%M}",
    )


def user() -> str:
    """The operating system's name for who runs this; the number of a user that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}"
