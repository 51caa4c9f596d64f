"""Files: which rows arrive, what they become, and what an unchanged file costs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from opshub.sdk import (
    BadRecordError,
    Cursor,
    Feedback,
    MissingError,
    Page,
    PermissionDeniedError,
    Rating,
    Visibility,
)
from opshub_connectors.files import Files, FilesSettings
from opshub_connectors.files import connector as module

COLUMNS = {"id": "key", "text": "said", "created": "when"}


def files(folder: Path, declared: Mapping[str, str] = MappingProxyType({}), **more: Any) -> Files:
    """A connection to files in a folder, with the columns key, said and when."""
    options: dict[str, Any] = {"paths": ["*"], "columns": COLUMNS} | more
    return Files("box", FilesSettings(folder=folder, **options), None, declared=declared)


def records(pages: Iterable[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def feedback(connector: Files, cursor: Cursor | None = None) -> list[Feedback]:
    return [connector.normalize(record) for record in records(connector.pull(cursor))]


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(key: object, **more: Any) -> dict[str, Any]:
    return {"key": key, "said": f"text {key}", "when": "2024-05-01", **more}


def test_a_row_becomes_feedback_with_everything_that_columns_name(tmp_path: Path) -> None:
    nested = {
        "key": 7,
        "head": "Export fails",
        "said": "It says <b>no</b>",
        "when": "2019-02-13T12:37:55.032-0500",
        "changed": 1718000000,
        "who": {"id": "u1", "name": "Ann", "mail": "ann@acme.test"},
        "firm": {"name": "Acme", "plan": "business", "arr": "1,200.50"},
        "stars": "4",
        "labels": ["csv", "export"],
        "links": [{"key": "A-1"}, {"key": "A-2"}],
        "status": "open",
        "open": True,
    }
    write(tmp_path / "a.jsonl", nested)
    connector = files(
        tmp_path,
        text_format="html",
        permalink="https://issues.example.org/browse/{key}?by={who.name}",
        visibility="customer",
        values={"language": "en", "tags": "imported"},
        declared={"who.mail": "text"},
        columns={
            **COLUMNS,
            "title": "head",
            "updated": "changed",
            "author": "who.name",
            "author_id": "who.id",
            "email": "who.mail",
            "account": "firm.name",
            "account_plan": "firm.plan",
            "account_arr": "firm.arr",
            "rating": "stars",
            "tags": "labels[]",
            "mentions": "links[].key",
        },
    )

    got = feedback(connector)[0]

    assert (got.ref.id, got.title, got.text) == ("7", "Export fails", "It says no")
    assert got.url == "https://issues.example.org/browse/7?by=Ann"
    assert got.created_at == datetime(2019, 2, 13, 17, 37, 55, 32000, tzinfo=UTC)
    assert got.updated_at == datetime(2024, 6, 10, 6, 13, 20, tzinfo=UTC)
    assert got.author and (got.author.id, got.author.name, got.author.email) == ("u1", "Ann", "ann@acme.test")
    assert got.account and (got.account.id, got.account.plan, got.account.arr) == ("Acme", "business", 1200.5)
    assert got.rating == Rating(4, 1, 5)
    assert (got.tags, got.language, got.visibility) == (("csv", "export"), "en", Visibility.CUSTOMER)
    assert got.mentions == ("A-1", "A-2")
    assert got.fields == {"status": "open", "open": True, "who.mail": "ann@acme.test"}


def test_comments_keep_their_author_time_and_visibility(tmp_path: Path) -> None:
    said = [
        {"body": "first", "author": "Bo", "date": "2024-05-02T10:00:00+08:00", "public": True},
        {"body": "second", "public": False},
    ]
    write(tmp_path / "a.jsonl", row(1, notes=said))
    where = {"path": "notes", "text": "body", "author": "author", "created": "date", "visibility": "public"}

    first, second = feedback(files(tmp_path, comments=where))[0].comments

    assert (first.id, first.text, first.visibility) == ("1", "first", Visibility.PUBLIC)
    assert first.created_at == datetime(2024, 5, 2, 2, tzinfo=UTC)
    assert (second.id, second.author, second.visibility) == ("2", None, Visibility.INTERNAL)


def test_only_links_of_the_right_type_are_duplicates_and_only_the_later_of_a_pair(tmp_path: Path) -> None:
    link = [{"type": "Related", "key": "A-1"}, {"type": "Duplicate", "key": "A-9"}]
    write(
        tmp_path / "a.jsonl",
        row("A-10", links=link),
        row("A-9", links=[{"type": "Duplicate", "key": "A-10"}]),
    )
    where = {"path": "links", "key": "key", "where": {"type": "Duplicate"}}

    one_sided = feedback(files(tmp_path, duplicates=where))
    both_sided = feedback(files(tmp_path, duplicates={**where, "both_sides": True}))

    assert [each.duplicate_of for each in one_sided] == ["A-9", "A-10"]
    assert [each.duplicate_of for each in both_sided] == ["A-9", ""]


def test_a_column_whose_name_looks_like_a_path_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("key,Q1. How [really]?,when\n1,fine,2024-05-01\n", encoding="utf-8")

    got = feedback(files(tmp_path, columns={**COLUMNS, "text": "Q1. How [really]?"}))

    assert [each.text for each in got] == ["fine"]


def test_rows_without_an_id_get_one_from_their_content_and_equal_rows_stay_two(tmp_path: Path) -> None:
    same, other = {"said": "good", "when": "2024-05-01"}, {"said": "bad", "when": "2024-05-01"}
    connector = files(tmp_path, columns={"text": "said", "created": "when"})
    write(tmp_path / "a.jsonl", same, other, same)
    first = [each.ref.id for each in feedback(connector)]

    write(tmp_path / "a.jsonl", {"said": "new", "when": "2024-05-01"}, same, other, same)
    second = [each.ref.id for each in feedback(connector)]

    assert len(set(first)) == 3
    assert second[1:] == first


def test_a_row_is_the_same_record_wherever_it_stands(tmp_path: Path) -> None:
    connector = files(tmp_path, permalink="https://x.example.org/{key}")
    write(tmp_path / "a.jsonl", row(1), row(2))
    before = records(connector.pull(None))

    write(tmp_path / "b.jsonl", row(3), row(1), row(2))
    (tmp_path / "a.jsonl").unlink()
    after = records(connector.pull(None))

    assert after[1:] == before


def test_a_bad_row_says_its_file_and_line_and_the_others_arrive(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1), row(2, when="yesterday"), row(3))
    connector = files(tmp_path)

    good, bad, also_good = records(connector.pull(None))

    assert [connector.normalize(each).ref.id for each in (good, also_good)] == ["1", "3"]
    with pytest.raises(BadRecordError, match=r"a\.jsonl, line 2: 'yesterday' is not a date") as caught:
        connector.normalize(bad)
    assert caught.value.record_id == "2"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"when": None}, "no date"),
        ({"said": "", "head": ""}, "no text and no title"),
        ({"stars": 9}, "the rating 9 is not on the scale 1-5"),
        ({"stars": "many"}, "'many' is not a number"),
        ({"who": "nobody"}, "'nobody' is no visibility"),
        ({"notes": [3]}, "comment 1 is a int"),
        ({"slug": ""}, "the permalink needs 'slug', which is empty"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    write(tmp_path / "a.jsonl", row(1, slug="s"), row(2, **{"slug": "s", **more}))
    connector = files(
        tmp_path,
        permalink="https://x.example.org/{slug}",
        comments={"path": "notes", "text": "body"},
        columns={**COLUMNS, "rating": "stars", "visibility": "who"},
    )

    bad = records(connector.pull(None))[1]

    with pytest.raises(BadRecordError, match=reason):
        connector.normalize(bad)


def test_dates_without_a_zone_are_read_in_the_zone_that_is_set(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1, when="2024-05-01 08:30"), row(2, when="01.05.2024 08:30"))

    got = feedback(files(tmp_path, zone="Asia/Shanghai", dates=["%d.%m.%Y %H:%M"]))

    assert {each.created_at for each in got} == {datetime(2024, 5, 1, 0, 30, tzinfo=UTC)}


def test_numbers_may_have_a_decimal_comma(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1, stars="4,5", cost="€ 1.234,50"))
    connector = files(tmp_path, decimal=",", numbers=["cost"], columns={**COLUMNS, "rating": "stars"})

    got = feedback(connector)[0]

    assert got.rating == Rating(4.5, 1, 5)
    assert got.fields == {"cost": 1234.5}


def test_a_scale_may_have_a_name(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1, nps=9))

    got = feedback(files(tmp_path, columns={**COLUMNS, "rating": "nps", "rating_scale": "0-10 nps"}))[0]

    assert got.rating == Rating(9, 0, 10, "nps")


def test_without_a_permalink_the_address_is_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a b.jsonl", row("k/1"))

    got = feedback(files(tmp_path))[0]

    assert got.url == f"{(tmp_path / 'a b.jsonl').as_uri()}#k%2F1"


def test_an_address_that_is_no_web_address_is_not_a_permalink(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1, url="javascript:alert(1)"), row(2, url="https://x.example.org/2"))

    first, second = feedback(files(tmp_path, columns={**COLUMNS, "url": "url"}))

    assert first.url.startswith("file:///")
    assert second.url == "https://x.example.org/2"


def test_a_permalink_quotes_what_columns_hold(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row("../?x=1#é {said}"))

    got = feedback(files(tmp_path, permalink="https://x.example.org/{key}"))[0]

    assert got.url == "https://x.example.org/..%2F%3Fx%3D1%23%C3%A9%20%7Bsaid%7D"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"permalink": "https://{host}/x"}, "behind the host only"),
        ({"permalink": "ftp://x.example.org/{key}"}, "begin it with http"),
        ({"permalink": "https://x.example.org/{key"}, "not closed"),
        ({"values": {"langauge": "en"}}, "did you mean 'language'"),
        ({"columns": {"id": "key", "text": "said"}}, "say when rows were written"),
        ({"columns": {"id": "key", "created": "when"}}, "say where the text stands"),
        ({"columns": {**COLUMNS, "rating_scale": "good to bad"}}, "worst-best"),
        ({"paths": []}, "name the files to read"),
        ({"encoding": "utf-9"}, "no encoding is called"),
        ({"zone": "Mars/Olympus"}, "no time zone is called"),
        ({"output": "ranking.xls"}, "must end in .csv or .json"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_reason(
    tmp_path: Path, wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        files(tmp_path, **wrong)


def test_an_unchanged_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", row(1))
    connector = files(tmp_path)
    cursor = list(connector.pull(None))[-1].cursor
    monkeypatch.setattr(Path, "open", lambda *_a, **_k: pytest.fail(f"{path} was opened"))

    pages = list(connector.pull(cursor))

    assert pages == []


def test_a_file_that_was_only_touched_gives_no_rows_and_is_remembered(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", row(1))
    connector = files(tmp_path)
    cursor = list(connector.pull(None))[-1].cursor
    os.utime(path, (1, 1))

    touched = list(connector.pull(cursor))

    assert records(touched) == []
    assert list(connector.pull(touched[-1].cursor)) == []


def test_only_the_changed_file_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1))
    write(tmp_path / "b.jsonl", row(2))
    connector = files(tmp_path)
    cursor = list(connector.pull(None))[-1].cursor
    write(tmp_path / "b.jsonl", row(2), row(33))

    got = feedback(connector, cursor)

    assert [each.ref.id for each in got] == ["2", "33"]


@given(cut=st.integers(0, 6), sizes=st.lists(st.integers(0, 5), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_a_pull_resumes_after_any_page_and_loses_and_repeats_nothing(
    tmp_path_factory: pytest.TempPathFactory, cut: int, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("resume")
    for number, size in enumerate(sizes):
        write(folder / f"{number}.jsonl", *({"said": "same", "when": "2024-05-01"} for _ in range(size)))
    connector = files(folder, columns={"text": "said", "created": "when"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS_A_PAGE", 2)
        whole = list(connector.pull(None))
        before = whole[:cut]
        cursor = json.loads(json.dumps(before[-1].cursor)) if before else None
        after = list(connector.pull(cursor))

    assert records(before) + records(after) == records(whole)
    assert all(len(page.records) <= 2 for page in whole)


def test_a_file_that_changed_while_it_was_half_read_is_read_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_A_PAGE", 1)
    write(tmp_path / "a.jsonl", row(1), row(2))
    connector = files(tmp_path)
    half = next(connector.pull(None)).cursor
    write(tmp_path / "a.jsonl", row(0), row(1), row(2))

    got = feedback(connector, half)

    assert [each.ref.id for each in got] == ["0", "1", "2"]


def test_the_cursor_is_bound_to_what_the_settings_say_of_the_rows(tmp_path: Path) -> None:
    plain = files(tmp_path).scope()

    assert plain == files(tmp_path, output="r.csv").scope()
    assert plain != files(tmp_path, columns={**COLUMNS, "title": "head"}).scope()
    assert json.dumps(plain)


def test_a_missing_file_is_an_error_and_the_others_arrive(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1))
    connector = files(tmp_path, paths=["gone.csv", "*.xlsx", "a.jsonl"])
    pages = connector.pull(None)

    arrived = [connector.normalize(record).ref.id for record in next(pages).records]

    assert arrived == ["1"]
    with pytest.raises(MissingError, match=r"gone\.csv: there is no such file \(one more file") as caught:
        list(pages)
    assert caught.value.hint


def test_a_file_that_may_not_be_read_is_a_permission_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.jsonl", row(1))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)

    with pytest.raises(PermissionDeniedError, match=r"a\.jsonl: this user may not read it") as caught:
        list(files(tmp_path).pull(None))
    assert caught.value.hint == "run: chmod u+r a.jsonl"


def test_a_column_that_is_missing_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("key,Said it,when\n1,x,2024-05-01\n", encoding="utf-8")
    connector = files(tmp_path, columns={**COLUMNS, "text": "said_it"})

    with pytest.raises(MissingError) as caught:
        list(connector.pull(None))

    assert "no column 'said_it', which columns.text names; its columns are key, Said it, when" in str(
        caught.value
    )
    assert caught.value.hint == "set columns.text to 'Said it'"


def test_json_may_leave_out_what_is_empty_but_not_the_text_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1))

    sparse = feedback(files(tmp_path, columns={**COLUMNS, "author": "reporter"}))

    assert sparse[0].author is None
    with pytest.raises(MissingError, match=r"columns\.text"):
        list(files(tmp_path, columns={**COLUMNS, "text": "body"}).pull(None))


def test_the_check_tells_what_of_each_file_is_understood(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1), row(2, when="never"))
    (tmp_path / "b.unknown").write_text("x", encoding="utf-8")

    findings = list(files(tmp_path, output="out/ranking.csv").check())

    assert [(each.ok, each.subject) for each in findings] == [
        (True, "a.jsonl"),
        (False, "file"),
        (False, "output"),
    ]
    assert "1 of the first 2 rows are understood; a.jsonl, line 2" in findings[0].detail
    assert all(each.hint for each in findings)


def test_the_check_tells_of_rows_that_share_an_id(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1), row(1, said="later"), row(2))

    (finding,) = files(tmp_path).check()

    assert "1 have the id of another row: of those the last one counts" in finding.detail


def test_rows_are_paged_by_size_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIZE_OF_A_PAGE", 1000)
    write(tmp_path / "a.jsonl", *(row(number, said="x" * 600) for number in range(4)))

    pages = list(files(tmp_path).pull(None))

    assert [len(page.records) for page in pages] == [2, 2, 0]


def test_the_keys_of_the_hub_in_a_row_are_not_believed(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row(1, **{"opshub:id": "9", "opshub:problem": "x"}))

    got = feedback(files(tmp_path))

    assert [each.ref.id for each in got] == ["1"]
