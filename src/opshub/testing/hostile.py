"""A vendor and a connector that are out to hurt: what the engine must survive without losing good records."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from opshub.clock import Clock
from opshub.sdk import Cursor, Feedback, Page, Record, Ref, Tombstone
from opshub.testing.faults import Faults
from opshub.testing.junk import JUNK, NOT_RECORDS
from opshub.testing.sample import Sample, SampleSettings
from opshub.testing.sample_twin import SampleTwin
from opshub.testing.twin import Answer

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["CONNECTOR_TRICKS", "MALFORMED", "TWIN_TRICKS", "Hostile", "HostileSettings", "HostileTwin"]

TWIN_TRICKS = {
    "doubles": "an id comes twice in a page, with other content",
    "empty_pages": "pages without records, each with a new token, and no end",
    "huge": "one record of 20 MB",
    "huge_answer": "one page beyond every limit",
    "long_token": "tokens of 30 kB",
    "lying_total": "a total that is three times too large",
    "malformed": "thirty kinds of malformed records among good ones",
    "moving": "items change while they are being paged",
    "poison": "a page with what JSON does not allow",
    "same_page": "each page comes three times, with new tokens",
    "same_token": "the token that was just used",
    "short_total": "a total that is too small",
}
"""What the vendor may do, by name."""

CONNECTOR_TRICKS = {
    "bad_values": "translations with naive times, foreign refs, dangerous permalinks, and errors of every kind",
    "huge_cursor": "a cursor of 5 MB",
    "no_page": "something that is no page",
    "odd_cursor": "a cursor that is no JSON",
    "raises": "an error that is none of ours, after the second page",
}
"""What the connector itself may do, by name."""

HUGE = 20 * 2**20
PADDING = "0" * 30_000
MOVES = 60


class HostileSettings(SampleSettings):
    """Settings of one connection."""

    tricks: tuple[str, ...] = ()
    """What the connector does wrong."""


def _malformed() -> list[object]:
    """Records that are valid JSON and no valid items; most have an id of their own, from 9000 on."""
    good = {
        "id": "",
        "change": 0,
        "title": "t",
        "text": "x",
        "author": "ann",
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-01T00:00:00Z",
        "priority": None,
        "labels": [],
        "deleted": False,
        "marker": "",
        "version": 1,
        "notes": [],
    }
    made: list[object] = list(NOT_RECORDS)
    sendable = [value for value in JUNK if _is_json(value)]
    for number, value in enumerate(sendable):
        field = ("created", "notes", "title", "labels", "text", "updated", "author")[number % 7]
        made.append({**good, "id": f"{9000 + number}", field: value})
    for field in ("id", "created", "title", "notes"):
        made.append({key: value for key, value in {**good, "id": f"91{len(made)}"}.items() if key != field})
    ids: tuple[object, ...] = (None, {}, [], "", "x" * 5_000, "a/../b", "\x00")
    made += [{**good, "id": one} for one in ids]
    return made


def _is_json(value: object) -> bool:
    return value == value and value not in (float("inf"), 10**40, "\x00\ud800")


MALFORMED: list[object] = _malformed()
"""Records that no connector can read, or only just."""


class HostileTwin(SampleTwin):
    """The sample vendor with ``tricks`` by name; its items stay as they are, so that losses can be counted."""

    kind = "hostile"

    def __init__(self, *tricks: str, faults: Faults | None = None, clock: Clock | None = None) -> None:
        super().__init__(faults=faults, clock=clock)
        unknown = set(tricks) - TWIN_TRICKS.keys() - CONNECTOR_TRICKS.keys()
        if unknown:
            raise ValueError(f"no trick is called {', '.join(sorted(unknown))}")
        self.tricks = set(tricks) & TWIN_TRICKS.keys()
        self._connectors_own = set(tricks) & CONNECTOR_TRICKS.keys()
        self._moves = 0
        self._shows: dict[str, int] = {}

    def settings(self, url: str) -> dict[str, object]:
        return {**super().settings(url), "tricks": sorted(self._connectors_own)}

    def list_items(self, request: Request, body: Any) -> Answer:
        after = request.query_params.get("after", "0").removesuffix(PADDING)
        place, _, _ = after.partition(".")
        if "empty_pages" in self.tricks:
            return self._answer([], f"{place}.{len(self.received)}", more=True)
        if "moving" in self.tricks:
            self._move()
        items, following, more = self._page(self._shown(), int(place))
        if "same_page" in self.tricks:
            following, more = self._again(after, place, following, more)
        if "same_token" in self.tricks and place != "0":
            following, more = after, True
        return self._answer(self._spoilt(items, first=place == "0"), following, more)

    def _answer(self, items: list[Any], following: str, more: bool) -> Answer:
        total = len(self._shown())
        if "lying_total" in self.tricks:
            total *= 3
        elif "short_total" in self.tricks:
            total //= 3
        token = following + PADDING if "long_token" in self.tricks else following
        answer = Answer.of(200, {"items": items, "after": token, "more": more, "total": total})
        if "poison" in self.tricks:
            return replace(
                answer, body=answer.body.replace(b'"more"', b'"nan": NaN, "\\ud800": 1e999, "more"')
            )
        return answer

    def _spoilt(self, items: list[dict[str, Any]], *, first: bool) -> list[Any]:
        """The page with what does not belong there."""
        page: list[Any] = list(items)
        if "doubles" in self.tricks and items:
            page.append({**items[0], "title": "another of the same id"})
        if "malformed" in self.tricks and first:
            for number, bad in enumerate(MALFORMED):
                page.insert(number % (len(page) + 1), copy.deepcopy(bad))
        if first and {"huge", "huge_answer"} & self.tricks and items:
            size = HUGE * (4 if "huge_answer" in self.tricks else 1)
            page.append({**items[0], "id": "9999", "text": "x" * size})
        return page

    def _move(self) -> None:
        """Change one item, so that it moves from the front of the list to its end; ends some day."""
        if self._moves < MOVES and self.items:
            names = sorted(self.items, key=int)
            self.touch(self.items[names[self._moves * 7 % len(names)]])
            self._moves += 1

    def _again(self, after: str, place: str, following: str, more: bool) -> tuple[str, bool]:
        self._shows[place] = self._shows.get(place, 0) + 1
        if self._shows[place] % 3:
            return f"{place}.{len(self.received)}", True
        return following, more


class Hostile(Sample):
    """The sample connector, which also goes wrong by itself where ``tricks`` say so."""

    kind = "hostile"
    Settings: ClassVar[type[Any]] = HostileSettings

    @property
    def tricks(self) -> tuple[str, ...]:
        """What goes wrong."""
        tricks: tuple[str, ...] = getattr(self.settings, "tricks", ())
        return tricks

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        start = {"after": cursor["after"]} if cursor and "after" in cursor else None
        for number, page in enumerate(super().pull(start), 1):
            if "no_page" in self.tricks and number == 2:
                yield "a page"  # type: ignore[misc]  # it lies on purpose
            if "raises" in self.tricks and number == 3:
                raise RuntimeError("the connector broke")
            if "huge_cursor" in self.tricks:
                page = replace(page, cursor={**(page.cursor or {}), "padding": "x" * (5 * 2**20)})
            if "odd_cursor" in self.tricks:
                page = replace(page, cursor={**(page.cursor or {}), "odd": {1, 2}})
            yield page

    def normalize(self, record: Record) -> Feedback | Tombstone:
        seen = super().normalize(record)
        if "bad_values" not in self.tricks or isinstance(seen, Tombstone) or not seen.ref.id.isdigit():
            return seen
        return _spoilt_feedback(seen, int(seen.ref.id) % 12)


def _spoilt_feedback(seen: Feedback, way: int) -> Feedback:
    """Wrong in one of ten ways; the last two are right."""
    errors: tuple[type[BaseException], ...] = (
        RuntimeError,
        RecursionError,
        ZeroDivisionError,
        AttributeError,
    )
    if way < len(errors):
        raise errors[way]("on purpose")
    changes: tuple[dict[str, Any], ...] = (
        {"created_at": seen.created_at.replace(tzinfo=None)},
        {"ref": Ref("elsewhere", seen.ref.id)},
        {"url": "javascript:alert(1)"},
        {"text": None},
        {"tags": [1, None]},
        {"text": "\x00\ud800 lone", "title": "x" * 100_000},
    )
    return replace(seen, **changes[way - len(errors)]) if way - len(errors) < len(changes) else seen
