"""What the daemon says: one event a line, as text for people or as JSON for machines, times in UTC."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import IO, Literal

__all__ = ["LOG", "log_to", "say"]

LOG = logging.getLogger("opshub.daemon")


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        shown = " ".join(
            f"{name}={_plain(value)}" for name, value in facts.items() if value not in (None, "")
        )
        return f"{_when(record)} {record.levelname.lower():7} {record.getMessage()} {shown}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        row = {"at": _when(record), "level": record.levelname.lower(), "event": record.getMessage(), **facts}
        return json.dumps(row, ensure_ascii=False, default=str)


def _when(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _plain(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text.isprintable() or " " in text else text


def log_to(stream: IO[str], style: Literal["text", "json"]) -> None:
    """Send the daemon's events to a stream; nothing else in the process logs there."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json() if style == "json" else _Text())
    LOG.handlers[:] = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def say(event: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Log one event of the stable list in the manual, with its facts."""
    LOG.log(level, event, extra={"facts": facts})
