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
        line = f"{_when(record)} {record.levelname.lower():8} {record.getMessage()} {shown}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        row = {"at": _when(record), "level": record.levelname.lower(), "event": record.getMessage()}
        row.update({name: value for name, value in facts.items() if value not in (None, "")})
        if record.exc_info:
            row["traceback"] = self.formatException(record.exc_info)
        return json.dumps(row, default=str)


def _when(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _plain(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text.isprintable() or " " in text else text


def log_to(stream: IO[str], style: Literal["text", "json"], *, debug: bool = False) -> None:
    """Send the daemon's events to a stream; nothing else in the process logs there.

    Libraries are silenced: what they would say is no event, and may quote addresses that hold a secret. ``debug``
    adds the traceback of an unexpected error.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json() if style == "json" else _Text())
    LOG.handlers[:] = [handler]
    LOG.setLevel(logging.DEBUG if debug else logging.INFO)
    LOG.propagate = False
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)


def say(event: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Log one event of the stable list in the manual, with its facts."""
    LOG.log(level, event, extra={"facts": facts})
