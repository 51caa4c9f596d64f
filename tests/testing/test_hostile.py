"""The hostile vendor hurts in every way that it names, and hides none of its good records."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import orjson
import pytest

from opshub.clock import FrozenClock
from opshub.errors import BadAnswerError
from opshub.model import Feedback, Tombstone, Visibility
from opshub.testing.factories import MOMENT, account, change, comment, feedback, item, person, ranking
from opshub.testing.hostile import CONNECTOR_TRICKS, MALFORMED, TWIN_TRICKS, Hostile, HostileTwin
from opshub.testing.junk import broken_records
from opshub.testing.trial import build, raised

GOOD = {str(number) for number in range(1, 24)}
ENDLESS = {"empty_pages", "huge_answer", "same_token"}


def pulled(*tricks: str) -> tuple[list[Any], Exception | None, HostileTwin]:
    """The pages of a pull, what ended it, and the twin."""
    clock = FrozenClock(MOMENT)
    twin = HostileTwin(*tricks, clock=clock).populated(23)
    pages: list[Any] = []
    with twin.serve() as url:
        connector = build(Hostile, twin.settings(url), clock=clock)
        with closing(connector.http):
            error = raised(lambda: pages.extend(connector.pull(None)))
    return pages, error, twin


def ids(pages: list[Any]) -> list[str]:
    return [str(r["id"]) for page in pages for r in page.records if isinstance(r, Mapping) and "id" in r]


@pytest.mark.parametrize("trick", sorted(TWIN_TRICKS.keys() - ENDLESS - {"poison"}))
def test_a_pull_comes_through_with_every_good_record(trick: str) -> None:
    pages, error, _ = pulled(trick)

    assert error is None
    assert set(ids(pages)) >= GOOD


@pytest.mark.parametrize("trick", sorted(ENDLESS))
def test_what_has_no_end_is_ended(trick: str) -> None:
    _, error, _ = pulled(trick)

    assert isinstance(error, BadAnswerError)


def test_the_tricks_are_as_described() -> None:
    plain = pulled()[0]

    assert sorted(ids(plain), key=int) == sorted(GOOD, key=int)
    assert len(ids(pulled("doubles")[0])) > len(GOOD)
    assert pulled("lying_total")[0][0].total == 69
    assert pulled("short_total")[0][0].total == 7
    assert len(pulled("same_page")[0]) == 3 * len(plain)
    assert len(orjson.dumps(pulled("huge_cursor")[0][0].cursor)) > 5 * 2**20
    assert len(orjson.dumps(pulled("long_token")[0][0].cursor)) > 30_000
    assert max(len(str(r["text"])) for p in pulled("huge")[0] for r in p.records) == 20 * 2**20
    assert isinstance(pulled("raises")[1], RuntimeError)
    assert raised(lambda: orjson.dumps(pulled("odd_cursor")[0][0].cursor)) is not None


def test_items_move_while_they_are_paged() -> None:
    clock = FrozenClock(MOMENT)
    twin = HostileTwin("moving", clock=clock).populated(23)

    with twin.serve() as url:
        connector = build(Hostile, twin.settings(url), clock=clock)
        with closing(connector.http):
            pages = list(connector.pull(None))

    assert len(ids(pages)) > len(GOOD)
    assert {item["change"] for item in twin.items.values()} != set(range(1, 24))


def test_there_are_thirty_kinds_of_malformed_records_and_none_hurts() -> None:
    connector = build(Hostile, HostileTwin().settings("http://127.0.0.1:9"), clock=FrozenClock(MOMENT))

    assert len(MALFORMED) >= 30
    for record in MALFORMED:
        seen: Any = None
        try:
            seen = connector.normalize(record)  # type: ignore[arg-type]  # some are no records
        except (KeyError, TypeError, ValueError):
            continue
        assert isinstance(seen, Feedback | Tombstone)


def test_the_connectors_own_tricks_reach_it_by_its_settings() -> None:
    settings = HostileTwin("bad_values", "moving").settings("http://127.0.0.1:9")

    assert settings["tricks"] == ["bad_values"]
    assert "bad_values" in CONNECTOR_TRICKS
    with pytest.raises(ValueError, match="no trick is called sawing"):
        HostileTwin("sawing")


def test_broken_records_differ_in_one_place_and_leave_the_original_alone() -> None:
    good = {"id": 1, "deep": {"list": [{"a": 1}]}}
    before = orjson.dumps(good)

    broken = dict(broken_records(good))

    assert broken["id = gone"] == {"deep": {"list": [{"a": 1}]}}
    assert broken["deep.list = None"] == {"id": 1, "deep": {"list": None}}
    assert broken["deep.list.0.a = 'junk'"] == {"id": 1, "deep": {"list": [{"a": "junk"}]}}
    assert orjson.dumps(good) == before
    assert len(list(broken_records(good, most=7))) == 7


def test_factories_make_values_that_can_be_said_otherwise() -> None:
    assert feedback(3).created_at > feedback(2).created_at
    assert feedback("x", text="hello", visibility=Visibility.INTERNAL).text == "hello"
    assert item(7).key == "FEED-7"
    assert comment(text="no").text == "no"
    assert person("Bo").id == "bo"
    assert account(plan="free").plan == "free"
    assert change("5", priority="Low").fields == {"priority": "Low"}
    assert [row.rank for row in ranking(4).rows] == [1, 2, 3, 4]


def test_importing_the_package_needs_no_test_runner_and_no_server() -> None:
    program = (
        "import sys; from opshub.testing import Twin, Faults, ConnectorContract; "
        "print(sorted({'pytest', 'jsonschema', 'uvicorn', 'starlette'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
