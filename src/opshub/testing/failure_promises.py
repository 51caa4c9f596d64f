"""What every connector promises on a bad day: the right error, and never an empty page instead of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from opshub.errors import (
    AuthenticationError,
    BadAnswerError,
    ConflictError,
    CursorExpiredError,
    MissingError,
    OpshubError,
    PermissionDeniedError,
    RateLimitedError,
    RemovedEndpointError,
    RequestError,
    RetryError,
    UnavailableError,
)
from opshub.sdk import Finding
from opshub.testing.trial import Trial, canonical, some_of

__all__ = ["FAULTS", "FailurePromises"]

STATUSES: Mapping[int, tuple[type[OpshubError], ...]] = {
    400: (RequestError, CursorExpiredError),
    401: (AuthenticationError,),
    403: (PermissionDeniedError,),
    404: (MissingError,),
    409: (RequestError, ConflictError, RetryError),
    410: (RemovedEndpointError,),
    422: (RequestError,),
    500: (UnavailableError,),
    502: (UnavailableError,),
    503: (UnavailableError,),
    504: (UnavailableError,),
}
"""What a status means that stays; the first is the usual one."""

BROKEN: Mapping[str, tuple[type[OpshubError], ...]] = {
    "cut_gzip": (BadAnswerError, UnavailableError),
    "empty": (BadAnswerError,),
    "login_page": (BadAnswerError, AuthenticationError),
    "lost_answer": (UnavailableError, BadAnswerError),
    "lost_request": (UnavailableError, BadAnswerError),
    "malformed": (BadAnswerError,),
    "redirect": (OpshubError,),
    "reset": (UnavailableError, BadAnswerError),
    "truncate": (UnavailableError, BadAnswerError),
}
"""What trouble on the wire means."""

FAULTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    *(("status", {"code": code}) for code in STATUSES),
    *((kind, {}) for kind in BROKEN),
    ("rate_limit", {"seconds": 7200}),
)
"""Every fault that a promise walks through."""

PASSING: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("status", {"code": 503}),
    ("reset", {}),
    ("truncate", {}),
    ("lost_answer", {}),
    ("rate_limit", {"seconds": 2}),
)


class FailurePromises(Trial):
    """Promises about what happens when the vendor fails."""

    def test_every_error_status_becomes_the_right_error(self) -> None:
        for code, meant in STATUSES.items():
            error = self._pull_under("status", code=code)
            assert isinstance(error, meant), f"{code} became {error!r}"

    def test_every_form_of_429_is_a_wait(self) -> None:
        soon, late = timedelta(seconds=7200), self.clock.now() + timedelta(seconds=7200)
        forms: list[Mapping[str, Any]] = [{"seconds": 7200}, {"date": late}, *self.rate_limits]

        for form in forms:
            asked = self.clock.now()
            error = self._pull_under("rate_limit", **form)
            assert isinstance(error, RateLimitedError), f"429 with {form} became {error!r}"
            assert error.until >= asked
            if form.get("seconds") == 7200:
                assert error.until >= asked + soon
            if "date" in form:
                assert error.until >= late - timedelta(seconds=1)

    def test_trouble_on_the_wire_becomes_our_error(self) -> None:
        for kind, meant in BROKEN.items():
            error = self._pull_under(kind)
            assert isinstance(error, meant), f"{kind} became {error!r}"

    def test_trouble_that_passes_is_lived_through(self) -> None:
        calm = [canonical(record) for record in self.records(self.connect())]
        needed = len(self.vendor.requests())

        for kind, options in PASSING:
            self.vendor.faults.clear()
            self.vendor.faults.once(kind, method="GET", after=needed // 2, **options)
            assert [canonical(record) for record in self.records(self.connect())] == calm, kind

    def test_a_failure_amid_the_pages_is_no_end(self) -> None:
        before = len(self.vendor.requests())
        whole = len(self.pages(self.connect()))
        needed = len(self.vendor.requests()) - before

        for after in some_of(needed):
            self.vendor.faults.clear()
            self.vendor.faults.always("status", after=after, code=503)
            got, error = self._drained()
            ended = error is None and len(got) < whole
            assert not ended, f"request {after + 1} of {needed} failed, and the pull looked complete"

    def test_a_check_finds_that_all_is_well(self) -> None:
        findings = list(self.connect().check())

        assert findings, "check() says nothing"
        assert [finding for finding in findings if not finding.ok] == []

    def test_a_check_reports_every_failure_and_raises_none(self) -> None:
        for kind, options in FAULTS:
            self.vendor.faults.clear()
            self.vendor.faults.always(kind, **options)
            findings = list(self.connect().check())
            assert all(isinstance(finding, Finding) for finding in findings)
            failed = [finding for finding in findings if not finding.ok]
            assert failed, f"check() is content under {kind} {options}"
            assert all(finding.subject and (finding.detail or finding.hint) for finding in failed)

    def _pull_under(self, kind: str, **options: Any) -> Exception | None:
        """What a pull raises while this fault lasts."""
        self.vendor.faults.clear()
        self.vendor.faults.always(kind, **options)
        got, error = self._drained()
        assert self.vendor.faults.count(kind), "the connector asked nothing"
        assert not any(page.records for page in got), f"{kind} {options}: records came out of a failure"
        return error

    def _drained(self) -> tuple[list[Any], Exception | None]:
        got = []
        try:
            for page in self.connect().pull(None):
                got.append(page)
        # Every error is judged by the promise.
        except Exception as error:
            return got, error
        return got, None


def under_each_fault(trial: Trial, act: Callable[[], object]) -> Iterator[Exception]:
    """The errors of an action under each fault."""
    for kind, options in FAULTS:
        trial.vendor.faults.clear()
        trial.vendor.faults.always(kind, **options)
        try:
            act()
        # Every error is read by the promise.
        except Exception as error:
            yield error
    trial.vendor.faults.clear()
