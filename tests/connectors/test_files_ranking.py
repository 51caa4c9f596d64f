"""Files: the ranked list in a CSV or JSON file."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opshub.sdk import ConfigError, MissingError, Publishes, RankedIdea, Ranking, UnavailableError
from opshub_connectors.files import Files, FilesSettings
from opshub_connectors.files.ranking import FORMULA, PLAIN_NUMBER, guarded


def files(folder: Path, output: str = "ranking.csv", **more: Any) -> Files:
    return Files("box", FilesSettings(folder=folder, output=output, **more), None)


def ranking(*titles: str) -> Ranking:
    return Ranking(
        tuple(
            RankedIdea(
                rank=number,
                idea=f"IDEA-{number}",
                title=title,
                band="P1",
                score=80.126,
                voices=3,
                url="https://hub.example.org/1",
                tags=("csv", "export"),
            )
            for number, title in enumerate(titles, 1)
        )
    )


def test_the_list_goes_into_a_csv_file(tmp_path: Path) -> None:
    connector = files(tmp_path)
    assert isinstance(connector, Publishes)

    receipt = connector.publish(ranking("导出 CSV", 'a "quoted", one'))

    rows = list(csv.reader(io.StringIO((tmp_path / "ranking.csv").read_text("utf-8"), newline="")))
    assert rows[0] == ["rank", "idea", "title", "band", "score", "voices", "tags", "url"]
    assert rows[1] == [
        "1",
        "IDEA-1",
        "导出 CSV",
        "P1",
        "80.13",
        "3",
        "csv, export",
        "https://hub.example.org/1",
    ]
    assert rows[2][2] == 'a "quoted", one'
    assert receipt.url == (tmp_path / "ranking.csv").as_uri()


def test_the_list_goes_into_a_json_file(tmp_path: Path) -> None:
    files(tmp_path, "ranking.json").publish(ranking("太慢"))

    written = json.loads((tmp_path / "ranking.json").read_text("utf-8"))

    assert written["ideas"][0]["title"] == "太慢"
    assert written["ideas"][0]["tags"] == ["csv", "export"]


@pytest.mark.parametrize("output", ["ranking.csv", "ranking.json"])
def test_the_fingerprint_is_that_of_what_stands_in_the_file(tmp_path: Path, output: str) -> None:
    connector = files(tmp_path, output)
    before = connector.published()
    connector.publish(ranking("=1+1", "two\nlines", "太慢"))

    same = connector.published()

    assert before is None
    assert same == connector.fingerprint(ranking("=1+1", "two\nlines", "太慢"))
    assert same != connector.fingerprint(ranking("=1+1", "two\nlines", "慢"))


@pytest.mark.parametrize("output", ["ranking.csv", "ranking.json"])
def test_the_same_list_twice_is_the_same_file(tmp_path: Path, output: str) -> None:
    connector = files(tmp_path, output)
    connector.publish(ranking("one"))
    first = (tmp_path / output).read_bytes()

    connector.publish(ranking("one"))

    assert (tmp_path / output).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [output]


def test_saving_it_unchanged_in_a_spreadsheet_is_no_change(tmp_path: Path) -> None:
    connector = files(tmp_path)
    connector.publish(ranking("one, two", "three"))
    path = tmp_path / "ranking.csv"
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)

    path.write_bytes(text.getvalue().encode("utf-8-sig"))

    assert connector.published() == connector.fingerprint(ranking("one, two", "three"))


def test_an_edited_or_broken_file_has_another_fingerprint(tmp_path: Path) -> None:
    connector = files(tmp_path, "ranking.json")
    connector.publish(ranking("one"))
    (tmp_path / "ranking.json").write_text('{"ideas": [', encoding="utf-8")

    broken = connector.published()

    assert broken not in (None, connector.fingerprint(ranking("one")))


def test_a_byte_order_mark_is_written_on_request_only(tmp_path: Path) -> None:
    files(tmp_path, "plain.csv").publish(ranking("太慢"))
    files(tmp_path, "excel.csv", excel=True).publish(ranking("太慢"))

    plain, excel = ((tmp_path / name).read_bytes() for name in ("plain.csv", "excel.csv"))

    assert excel == b"\xef\xbb\xbf" + plain


@given(
    lead=st.text(" \t\r\n\u3000\xa0", max_size=3),
    sign=st.sampled_from("=+-@＝＋－＠"),
    rest=st.text(max_size=8),
)
@example(lead="", sign="-", rest="5.2")
@settings(max_examples=100, deadline=None)
def test_no_text_begins_like_a_formula(lead: str, sign: str, rest: str) -> None:
    text = f"{lead}{sign}{rest}"

    safe = guarded(text)

    assert safe == f"'{text}" or PLAIN_NUMBER.fullmatch(text)
    assert not FORMULA.match(safe) or PLAIN_NUMBER.fullmatch(safe)


@pytest.mark.parametrize("text", ["-5.2", "+3", "plain", "a=b", "", "1-2"])
def test_plain_texts_and_numbers_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


def test_a_title_that_is_a_formula_stays_a_text_in_a_spreadsheet(tmp_path: Path) -> None:
    files(tmp_path).publish(ranking('=HYPERLINK("https://evil.example.org")', "@SUM(A1)", "\t=1"))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in csv.reader(io.StringIO((tmp_path / "ranking.csv").read_text("utf-8"), newline="")):
        sheet.append(row)

    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}

    assert kinds == {"s"}


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("", encoding="utf-8")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "ranking.csv").symlink_to("real.csv")

    files(tmp_path).publish(ranking("one"))

    assert (tmp_path / "ranking.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640
    assert b"one" in (tmp_path / "real.csv").read_bytes()


def test_a_write_that_fails_leaves_the_old_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = files(tmp_path)
    connector.publish(ranking("old"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(UnavailableError, match="No space left") as caught:
        connector.publish(ranking("new"))

    assert caught.value.hint == "free some space"
    assert connector.published() == connector.fingerprint(ranking("old"))


def test_a_missing_folder_is_told_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="there is no such folder") as caught:
        files(tmp_path, "out/ranking.csv").publish(ranking("one"))

    assert caught.value.hint.startswith("run: mkdir -p")


def test_an_output_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "ranking.csv").mkdir()

    with pytest.raises(MissingError, match="that is a folder"):
        files(tmp_path).publish(ranking("one"))


def test_without_an_output_publishing_says_what_to_set(tmp_path: Path) -> None:
    connector = Files("box", FilesSettings(paths="a.csv", columns={"text": "t", "created": "d"}), None)

    with pytest.raises(ConfigError, match="no file is named for the ranked list") as caught:
        connector.publish(ranking("one"))

    assert "output" in caught.value.hint


def test_the_output_is_never_read_as_feedback(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("key,said,when\n1,one,2024-05-01\n", encoding="utf-8")
    columns = {"id": "key", "text": "said", "created": "when"}
    connector = files(tmp_path, paths="*.csv", columns=columns)
    connector.publish(ranking("one"))

    pages = list(connector.pull(None))

    assert [record["key"] for page in pages for record in page.records] == ["1"]


def test_what_a_person_set_is_noted_beside_its_row(tmp_path: Path) -> None:
    first, second = ranking("one", "two").rows
    noted = Ranking((replace(first, note="set by a person until 2030-06-01"), second))

    files(tmp_path).publish(noted)
    files(tmp_path, "ranking.json").publish(noted)

    rows = list(csv.reader(io.StringIO((tmp_path / "ranking.csv").read_text("utf-8"), newline="")))
    items = json.loads((tmp_path / "ranking.json").read_text("utf-8"))["ideas"]
    assert [row[-1] for row in rows] == ["note", "set by a person until 2030-06-01", ""]
    assert [item.get("note") for item in items] == ["set by a person until 2030-06-01", None]
    assert files(tmp_path).published() == files(tmp_path).fingerprint(noted)
