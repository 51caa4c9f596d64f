"""Every error that opshub raises, grouped by what happens next.

The engine catches the four groups below and never reads a message to decide.

OpshubError
├── StopError                    the command ends; a person changes something and runs it again
│   ├── ConfigError              a setting is unknown, mistyped or missing
│   ├── FencedError              another process took over the work
│   ├── NotFoundError            no idea, run, record or connection has that name
│   ├── PlanTooLargeError        a plan would change more than the limit allows
│   ├── PluginError              a connector cannot be loaded
│   ├── RuleError                a rule file does not pass its check
│   ├── StoreBusyError           another process holds the database
│   ├── StoreError               the database cannot be used
│   └── UsageError               the command's words do not fit together
├── PausedError                  this connection rests until an admin acts; the others go on
│   ├── AuthenticationError      the credentials are wrong, expired or revoked
│   ├── MissingError             the project, form or page that the settings name is not there
│   ├── PermissionDeniedError    the account may not do this
│   ├── RemovedEndpointError     the vendor has taken this address away
│   ├── RequestError             the vendor refuses the request as wrong
│   └── UnsafeAddressError       an address leads where the hub must not go
├── RetryError                   this connection is tried again later; the others go on
│   ├── BadAnswerError           the answer is cut, malformed, endless or too large
│   ├── CursorExpiredError       the saved cursor is no longer accepted; pull again from the start
│   ├── RateLimitedError         the vendor asks to wait
│   ├── UnavailableError         the vendor cannot be reached or fails
│   └── UnknownOutcomeError      a write was sent and nobody knows whether it was done
└── SkipError                    this one record or write is set aside; the rest goes on
    ├── BadRecordError           a record cannot be understood
    ├── ConflictError            the remote value changed since it was read
    └── RefusedWriteError        the remote refuses this field
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

__all__ = [
    "AuthenticationError",
    "BadAnswerError",
    "BadRecordError",
    "ConfigError",
    "ConflictError",
    "CursorExpiredError",
    "FencedError",
    "MissingError",
    "NotFoundError",
    "OpshubError",
    "PausedError",
    "PermissionDeniedError",
    "PlanTooLargeError",
    "PluginError",
    "RateLimitedError",
    "RefusedWriteError",
    "RemovedEndpointError",
    "RequestError",
    "RetryError",
    "RuleError",
    "SkipError",
    "StopError",
    "StoreBusyError",
    "StoreError",
    "UnavailableError",
    "UnknownOutcomeError",
    "UnsafeAddressError",
    "UsageError",
]


class OpshubError(Exception):
    """Base of all errors of opshub.

    ``str(error)`` names the thing and the reason; ``hint`` names the next step, and may be empty. Neither ever
    holds a secret. ``exit_code`` is what the command line ends with. Where a vendor's answer is the reason, ``status``
    is its HTTP status and ``answer`` the JSON that came with it: for connectors to read, never to be shown.
    """

    exit_code: ClassVar[int] = 1
    status: int = 0
    answer: Any = None

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class StopError(OpshubError):
    """The command ends; a person changes something and runs it again."""


class ConfigError(StopError):
    """A setting is unknown, mistyped or missing."""

    exit_code = 2


class FencedError(StopError):
    """Another process took over the work."""


class NotFoundError(StopError):
    """No idea, run, record or connection has that name."""

    exit_code = 5


class PlanTooLargeError(StopError):
    """A plan would change more than the limit allows."""


class PluginError(StopError):
    """A connector cannot be loaded."""

    exit_code = 2


class RuleError(StopError):
    """A rule file does not pass its check."""

    exit_code = 2


class StoreBusyError(StopError):
    """Another process holds the database."""


class StoreError(StopError):
    """The database cannot be used."""


class UsageError(StopError):
    """The command's words do not fit together."""

    exit_code = 2


class PausedError(OpshubError):
    """This connection rests until an admin acts; the others go on."""


class AuthenticationError(PausedError):
    """The credentials are wrong, expired or revoked."""

    exit_code = 3


class MissingError(PausedError):
    """The project, form or page that the settings name is not there."""

    exit_code = 5


class PermissionDeniedError(PausedError):
    """The account may not do this."""

    exit_code = 4


class RemovedEndpointError(PausedError):
    """The vendor has taken this address away."""


class RequestError(PausedError):
    """The vendor refuses the request as wrong."""


class UnsafeAddressError(PausedError):
    """An address leads where the hub must not go."""


class RetryError(OpshubError):
    """This connection is tried again later; the others go on."""


class BadAnswerError(RetryError):
    """The answer is cut, malformed, endless or too large."""


class CursorExpiredError(RetryError):
    """The saved cursor is no longer accepted; pull again from the start."""


class RateLimitedError(RetryError):
    """The vendor asks to wait.

    ``until`` is the aware moment before which nothing may be sent, ``scope`` what the vendor limits
    (``"connection"``, or an endpoint or item that it names).
    """

    exit_code = 6

    def __init__(self, message: str, *, until: datetime, scope: str = "connection", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.until = until
        self.scope = scope


class UnavailableError(RetryError):
    """The vendor cannot be reached or fails."""


class UnknownOutcomeError(RetryError):
    """A write was sent and nobody knows whether it was done."""


class SkipError(OpshubError):
    """This one record or write is set aside; the rest goes on."""


class BadRecordError(SkipError):
    """A record cannot be understood; ``record_id`` is empty where even that could not be read."""

    def __init__(self, message: str, *, record_id: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.record_id = record_id


class ConflictError(SkipError):
    """The remote value changed since it was read."""


class RefusedWriteError(SkipError):
    """The remote refuses this field; ``field`` is its remote name."""

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field
