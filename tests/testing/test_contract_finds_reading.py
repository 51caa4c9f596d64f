"""Each promise about pulling, translating, failing and manners can be broken, and is then found broken."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ConfigDict, SecretStr

from opshub.errors import (
    AuthenticationError,
    BadAnswerError,
    OpshubError,
    RateLimitedError,
    UnavailableError,
)
from opshub.model import (
    Cursor,
    Feedback,
    Record,
    Ref,
    Tombstone,
    Visibility,
)
from opshub.sdk import Connector, Finding, Page, Settings
from opshub.testing import Answer
from opshub.testing.sample import Sample
from opshub.testing.sample_twin import SampleTwin

Kept = Callable[..., bool]


class StartsAnew(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        yield from super().pull(None)


class SkipsOne(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        for page in super().pull(cursor):
            yield replace(page, cursor={"after": str(int(str((page.cursor or {})["after"])) + 1)})


class MovesOnWhenNothingCame(Sample):
    lag = timedelta(seconds=30)

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        for page in super().pull(cursor):
            after = int(str((page.cursor or {})["after"]))
            yield page if page.records else replace(page, cursor={"after": str(after + 1)})


class FiltersByTimeStrictly(Sample):
    """Asks for what is newer than the newest seen, in whole minutes: what shares a minute is lost."""

    granularity = timedelta(minutes=1)

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        newest = str((cursor or {}).get("newest", ""))
        for page in super().pull(None):
            fresh = [r for r in page.records if str(r["updated"])[:16] > newest[:16]]
            newest = max([newest, *(str(r["updated"]) for r in fresh)])
            yield Page(fresh, {"newest": newest})


class NeverTheSame(Sample):
    count = 0

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        for page in super().pull(cursor):
            NeverTheSame.count += 1
            yield replace(page, records=[{**record, "read": NeverTheSame.count} for record in page.records])


class BigCursor(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        for page in super().pull(cursor):
            yield replace(page, cursor={**(page.cursor or {}), "seen": ["x" * 100] * 1000})


class PullsNothing(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        yield Page([], {"after": "0"})


class StopsAtRepeats(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        with contextlib.suppress(BadAnswerError):
            yield from super().pull(cursor)


class BlamesItself(Sample):
    def _fetch(self, path: str, after: str | None, **params: object) -> Any:
        return self.http.get(path, params={**({"after": after} if after else {}), **params})


class HalfCensus(Sample):
    def census(self) -> Iterator[Page]:
        yield next(super().census())


class CalmCensus(Sample):
    def census(self) -> Iterator[Page]:
        with contextlib.suppress(UnavailableError):
            yield from super().census()


class RewindsToTheEnd(Sample):
    def rewind(self, since: Any) -> Cursor:
        return {"after": "999999"}


class CalmPull(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        with contextlib.suppress(UnavailableError):
            yield from super().pull(cursor)


class TranslatesWorms(Sample):
    """Every way in which a translation can go wrong, by name."""

    way = ""
    calls = 0

    def normalize(self, record: Record) -> Feedback | Tombstone:
        seen = super().normalize(record)
        TranslatesWorms.calls += 1
        if self.way == "mutates":
            record["title"] = "changed"  # type: ignore[index]  # what the promise forbids
        if self.way == "asks":
            self.http.get("/me")
        if self.way == "none":
            return Tombstone(seen.ref)
        if isinstance(seen, Tombstone):
            return seen
        worms: dict[str, dict[str, Any]] = {
            "counts": {"title": str(self.calls)},
            "naive": {"created_at": seen.created_at.replace(tzinfo=None)},
            "script": {"url": "javascript:alert(1)"},
            "listed": {"tags": list(seen.tags)},
            "foreign": {"ref": Ref("other", seen.ref.id)},
            "open": {"comments": tuple(replace(c, visibility=Visibility.PUBLIC) for c in seen.comments)},
        }
        return replace(seen, **worms.get(self.way, {}))


def worm(way: str) -> type[Connector[Any]]:
    return type(f"Worm{way.title()}", (TranslatesWorms,), {"way": way})


class TrustsItsInput(Sample):
    def normalize(self, record: Record) -> Feedback | Tombstone:
        it: Any = record
        return replace(super().normalize({**record, "title": "x"}), title=it["title"].strip())


class PassesAnything(Sample):
    def normalize(self, record: Record) -> Feedback | Tombstone:
        it: Any = record
        return replace(super().normalize({**record, "title": "x"}), title=it["title"])


class NamesAnything(Sample):
    def identify(self, record: Record) -> str:
        return str(record["id"]) if isinstance(record, dict) else "unknown"


class Renames(Sample):
    """Turns one error of the SDK into another."""

    old: type[OpshubError] = OpshubError

    def _fetch(self, path: str, after: str | None, **params: object) -> Any:
        try:
            return super()._fetch(path, after, **params)
        except self.old as error:
            raise ValueError("something went wrong") from error


def renames(old: type[OpshubError]) -> type[Connector[Any]]:
    return type(f"Renames{old.__name__}", (Renames,), {"old": old})


class Impatient(Sample):
    def _fetch(self, path: str, after: str | None, **params: object) -> Any:
        query = {**({"after": after} if after else {}), **params}
        return self.http.send("GET", path, params=query, repeatable=False).json()


class SaysNothing(Sample):
    def check(self) -> Iterator[Finding]:
        yield from ()


class AlwaysContent(Sample):
    def check(self) -> Iterator[Finding]:
        yield Finding(True, "everything")


class RaisesInCheck(Sample):
    def check(self) -> Iterator[Finding]:
        yield Finding(True, str(self.http.get("/me")["name"]))


class LaxSettings(Settings):
    model_config = ConfigDict(extra="allow")

    url: str
    """Where."""

    token: str
    """Said aloud."""

    webhook_secret: SecretStr = SecretStr("")


class Lax(Sample):
    Settings: ClassVar[Any] = LaxSettings

    @classmethod
    def headers(cls, settings: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {settings.token}"}


class TellsTheToken(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        try:
            yield from super().pull(cursor)
        except AuthenticationError as error:
            raise AuthenticationError(f"refused {self.settings.token.get_secret_value()}") from error


class LogsTheToken(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        logging.getLogger("acme").debug("with %s", self.settings.token.get_secret_value())
        yield from super().pull(cursor)


class Sleeps(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        time.sleep(0)
        yield from super().pull(cursor)


class Logs(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        logging.getLogger("acme").info("pulling")
        yield from super().pull(cursor)


class Prints(Sample):
    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        print("pulling")  # noqa: T201  # what the promise forbids
        yield from super().pull(cursor)


class TwinThatLies(SampleTwin):
    def list_items(self, request: Any, body: Any) -> Answer:
        answer = super().list_items(request, body)
        return replace(answer, body=answer.body.replace(b'"total":23', b'"total":99'))


BROKEN: list[tuple[Any, ...]] = [
    ("test_a_census_lists_every_id", HalfCensus),
    ("test_a_census_that_breaks_off_raises", CalmCensus),
    ("test_a_check_finds_that_all_is_well", SaysNothing),
    ("test_a_check_reports_every_failure_and_raises_none", AlwaysContent),
    ("test_a_check_reports_every_failure_and_raises_none", RaisesInCheck),
    ("test_a_cursor_is_a_small_json_object", BigCursor),
    ("test_a_failure_amid_the_pages_is_no_end", CalmPull),
    ("test_a_promised_total_is_kept", Sample, TwinThatLies),
    ("test_a_pull_brings_records", PullsNothing),
    ("test_a_pull_from_the_end_brings_nothing", StartsAnew),
    ("test_a_pull_resumes_after_any_page", StartsAnew),
    ("test_a_pull_resumes_after_any_page", SkipsOne),
    ("test_a_repeated_token_is_noticed", StopsAtRepeats),
    ("test_a_rewound_pull_brings_everything_since", RewindsToTheEnd),
    ("test_an_expired_cursor_is_called_that", BlamesItself),
    ("test_every_error_status_becomes_the_right_error", renames(AuthenticationError)),
    ("test_every_form_of_429_is_a_wait", renames(RateLimitedError)),
    ("test_every_setting_is_described", Lax),
    ("test_junk_is_refused_as_junk_or_read_soundly", TrustsItsInput),
    ("test_junk_is_refused_as_junk_or_read_soundly", PassesAnything),
    ("test_no_change_is_missed_for_showing_late", MovesOnWhenNothingCame),
    ("test_no_change_slips_between_two_pulls", FiltersByTimeStrictly),
    ("test_nothing_sleeps_logs_or_prints", Sleeps),
    ("test_nothing_sleeps_logs_or_prints", Logs),
    ("test_nothing_sleeps_logs_or_prints", Prints),
    ("test_pulling_twice_gives_the_same", NeverTheSame),
    ("test_refs_are_unique_and_name_the_record", worm("foreign")),
    ("test_secrets_appear_nowhere", TellsTheToken),
    ("test_secrets_appear_nowhere", LogsTheToken),
    ("test_settings_that_sound_secret_are_secret", Lax),
    ("test_some_records_are_understood", worm("none")),
    ("test_translating_is_pure_and_repeatable", worm("mutates")),
    ("test_translating_is_pure_and_repeatable", worm("asks")),
    ("test_translating_is_pure_and_repeatable", worm("counts")),
    ("test_trouble_on_the_wire_becomes_our_error", renames(BadAnswerError)),
    ("test_trouble_on_the_wire_becomes_our_error", CalmPull),
    ("test_trouble_that_passes_is_lived_through", Impatient),
    ("test_unknown_settings_are_refused", Lax),
    ("test_what_is_no_record_is_refused", NamesAnything),
    ("test_what_is_understood_is_sound", worm("naive")),
    ("test_what_is_understood_is_sound", worm("script")),
    ("test_what_is_understood_is_sound", worm("listed")),
    ("test_what_is_internal_stays_inside", worm("open")),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken[0]}-{broken[1].__name__}")
def test_a_broken_promise_is_found(broken: tuple[Any, ...], keeps: Kept) -> None:
    assert not keeps(*broken)
