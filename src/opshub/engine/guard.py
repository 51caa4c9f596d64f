"""Where the engine calls a connector's own code: whatever goes wrong there is that connection's matter alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opshub.engine.connection import Connection
from opshub.errors import BadAnswerError, OpshubError, PausedError, RetryError, SkipError, StopError

__all__ = ["Halted", "asking", "reason_of"]


class Halted(PausedError):
    """A connector raised what would end the whole command: it ends the work with that connection."""

    def __init__(self, reason: OpshubError) -> None:
        super().__init__(str(reason), hint=reason.hint)
        self.reason = reason


def reason_of(error: OpshubError) -> OpshubError:
    """What the connector itself raised."""
    return error.reason if isinstance(error, Halted) else error


@contextmanager
def asking(
    connection: Connection, otherwise: type[RetryError | SkipError] = BadAnswerError
) -> Iterator[None]:
    """Run a connector's code. What is none of our errors becomes ``otherwise``, what stops commands a pause."""
    try:
        yield
    except StopError as error:
        raise Halted(error) from error
    except OpshubError:
        raise
    except Exception as error:
        # The vendor's answer or the connector's own defect: one connection must not take the others down.
        kind = connection.connector.kind
        raise otherwise(
            f"{connection.name}: an answer does not have the expected shape "
            f"({type(error).__name__} in connector {kind})",
            hint="try again later; if it stays, report it to the connector's author with the vendor's answer",
        ) from error
