"""Files: every format and encoding, whole, damaged and hostile."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opshub.sdk import (
    BadAnswerError,
    BadRecordError,
    ConfigError,
    Connector,
    Lines,
    MissingError,
    PausedError,
)
from opshub_connectors.files import Files, FilesSettings
from opshub_connectors.files import connector as pages

COLUMNS = {"id": "key", "text": "said"}
CHINESE = "key,said\n1,方便，快捷，味道可口，快递给力\n2,导出的文件打不开了，希望能修复\n"


def files(folder: Path, **more: Any) -> Files:
    options: dict[str, Any] = {"paths": ["*"], "columns": COLUMNS, "values": {"created": "2024-05-01"}} | more
    return Files("box", FilesSettings(folder=folder, **options), None)


def pulled(connector: Connector[Any]) -> list[Any]:
    return [record for page in connector.pull(None) for record in page.records]


def texts(connector: Files) -> list[str]:
    return [connector.normalize(record).text for record in pulled(connector)]


def outcome(connector: Files) -> list[str]:
    """What each row says, or what is wrong with it."""
    found = []
    for record in pulled(connector):
        try:
            found.append(connector.normalize(record).text)
        except BadRecordError as error:
            found.append(f"! {error}")
    return found


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"]
)
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(CHINESE.encode(encoding))

    got = texts(files(tmp_path))

    assert got == ["方便，快捷，味道可口，快递给力", "导出的文件打不开了，希望能修复"]


@pytest.mark.parametrize("encoding", ["big5", "cp1252", "shift_jis", "euc_kr", "gb18030", "utf-16-be"])
def test_the_encoding_can_be_set(tmp_path: Path, encoding: str) -> None:
    said = {"big5": "匯出", "cp1252": "naïve", "shift_jis": "遅い", "euc_kr": "느려요"}.get(encoding, "太慢")
    (tmp_path / "a.csv").write_bytes(f"key,said\n1,{said}\n".encode(encoding))

    assert texts(files(tmp_path, encoding=encoding)) == [said]


@pytest.mark.parametrize("encoding", ["euc_kr", "shift_jis", "cp1252", "big5"])
def test_a_text_in_another_language_is_never_taken_for_chinese_gb18030(tmp_path: Path, encoding: str) -> None:
    said = {
        "euc_kr": "주문한 음식이 너무 늦게 도착했고 앱이 자꾸 멈춥니다",
        "shift_jis": "注文した料理が届くのが遅くて、アプリも止まります",
        "cp1252": "Die Ausfuhr schlägt fehl während ich größere Dateien öffne",
        "big5": "訂單送達的時間太慢，而且應用程式常常當機",
    }[encoding]
    (tmp_path / "a.csv").write_bytes(f"key,said\n1,{said}\n".encode(encoding))

    with pytest.raises(PausedError, match=r"a\.csv, line 2, byte \d+: this is not UTF-8") as caught:
        texts(files(tmp_path))

    assert "set encoding = " in caught.value.hint


def test_the_wrong_encoding_is_told_with_line_byte_and_next_step(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"key,said\n1,fine\n2," + "太慢".encode("gb18030") + b"\n")

    with pytest.raises(PausedError) as caught:
        pulled(files(tmp_path, encoding="utf-8"))

    assert str(caught.value) == "a.csv, line 3, byte 21: this is not utf-8"
    assert "set encoding" in caught.value.hint


def test_damaged_utf8_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("key,said\n1,太慢了，打不开\n2,".encode() + b"\xff\xfe\n")

    with pytest.raises(PausedError, match=r"a\.csv, line 3, byte 36: damaged UTF-8"):
        pulled(files(tmp_path))


def test_a_fault_beyond_the_first_piece_has_its_true_place(tmp_path: Path) -> None:
    whole = b"key,said\n" + b"1,x\n" * 400_000
    (tmp_path / "a.csv").write_bytes(whole + "2,é".encode("cp1252") + b"\n")

    with pytest.raises(PausedError, match=rf"line 400002, byte {len(whole) + 3}:"):
        pulled(files(tmp_path))


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    rows=st.lists(st.tuples(cells, cells), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(rows=[('a "quoted" cell', "two\nlines"), ("'", '"')], delimiter=",", encoding="gb18030", end="\r\n")
@settings(max_examples=60, deadline=None)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    encoding: str,
    end: str,
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("key", "said"), *rows])
    (folder / "a.csv").write_bytes(text.getvalue().encode(encoding))

    got = [(each["key"], each["said"]) for each in pulled(files(folder, encoding=encoding))]

    assert got == [row for row in rows if any(row)]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    rows=st.lists(
        st.fixed_dictionaries({"key": st.integers(0), "said": st.just("x"), "more": values}), max_size=5
    )
)
@settings(max_examples=60, deadline=None)
def test_any_json_arrives_as_it_is_from_lines_and_from_an_array(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("json")
    (folder / "a.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (folder / "b.json").write_text(json.dumps({"data": {"items": rows}}), encoding="utf-8")
    plain = {"permalink": "https://x.example.org/{key}"}

    lines = pulled(files(folder, paths="a.jsonl", **plain))
    array = pulled(files(folder, paths="b.json", records="data.items", **plain))

    assert lines == array == rows


@pytest.mark.parametrize("key", [2**64 - 1, 2**64, 2**64 + 1, 10**30])
def test_names_of_twenty_digits_and_more_stay_apart(tmp_path: Path, key: int) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"key": {key}, "said": "x"}}\n', encoding="utf-8")

    (row,) = pulled(files(tmp_path, paths="a.jsonl"))

    assert row["key"] == key and isinstance(row["key"], int)


def test_a_number_of_thousands_of_digits_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'[{{"key": {"1" * 5000}, "said": "x"}}]', encoding="utf-8")

    with pytest.raises(BadAnswerError, match=r"a\.json: a number has thousands of digits"):
        pulled(files(tmp_path, paths="a.json"))


def test_a_quote_that_never_closes_spoils_its_own_line_only(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'key,said\n1,"one"\n2,"two\n3,three\n4,"four ""4"""\n5,five\n', encoding="utf-8"
    )

    got = outcome(files(tmp_path))

    assert got[0] == "one"
    assert got[1].startswith("! a.csv, line 3: the quotes do not fit together")
    assert got[2:] == ["three", 'four "4"', "five"]


def test_an_open_quote_in_the_last_row_is_a_bad_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('key,said\n1,one\n2,"two\n', encoding="utf-8")

    assert outcome(files(tmp_path)) == ["one", "! a.csv, line 3: a quote is opened and never closed"]


def test_a_file_full_of_open_quotes_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lines, "limit", 4000)
    (tmp_path / "a.csv").write_text("key,said\n" + 'a","b\n' * 5000, encoding="utf-8")

    with pytest.raises(BadAnswerError, match="more than 100 quotes are opened and not closed"):
        pulled(files(tmp_path))


def test_a_row_with_more_cells_than_columns_is_a_bad_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("key,said\n1,one,extra\n2,two,,\n3\n\n4,four\n", encoding="utf-8")

    got = outcome(files(tmp_path))

    assert got == [
        "! a.csv, line 2: 3 cells, but the first line names 2 columns",
        "two",
        "! a.csv, line 4: no text and no title",
        "four",
    ]


def test_columns_of_the_same_name_and_without_a_name_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("key,said,note,note,\n1,one,a,b,c\n", encoding="utf-8")

    record = pulled(files(tmp_path))[0]

    assert (record["note"], record["note (2)"], record["column 5"]) == ("a", "b", "c")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_cell_of_20_mb_is_a_bad_record_and_the_rest_arrives(tmp_path: Path, name: str) -> None:
    huge = "x" * (20 << 20)
    rows = [{"key": 1, "said": "one"}, {"key": 2, "said": huge}, {"key": 3, "said": "three"}]
    lines = (
        [json.dumps(row) for row in rows]
        if name == "a.jsonl"
        else ["key,said", *(f'{row["key"]},"{row["said"]}"' for row in rows)]
    )
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    connector = files(tmp_path)

    got = outcome(connector)

    assert got[0] == "one" and got[2:] == ["three"]
    assert got[1].startswith(f"! {name}, line {2 if name == 'a.jsonl' else 3}: too large")
    assert max(len(json.dumps(record)) for record in pulled(connector)) < 5000


def test_a_cell_of_many_lines_beyond_the_limit_is_a_bad_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lines, "limit", 1000)
    (tmp_path / "a.csv").write_text('key,said\n1,"' + "y\n" * 1000 + '"\n2,two\n', encoding="utf-8")

    got = outcome(files(tmp_path))

    assert got == ["! a.csv, line 2: too large: a cell may have 4,194,304 characters, a row 1,000", "two"]


def test_a_quote_that_runs_away_through_a_long_file_spoils_its_own_line_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lines, "limit", 1000)
    rest = [f"{number},text {number}" for number in range(3, 500)]
    (tmp_path / "a.csv").write_text("\n".join(["key,said", '2,"two', *rest]), encoding="utf-8")

    got = outcome(files(tmp_path))

    assert got[0].startswith("! a.csv, line 2: too large")
    assert got[1:] == [f"text {number}" for number in range(3, 500)]


def test_a_cell_larger_than_the_csv_module_allows_by_itself_arrives(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"key,said\n1,{'x' * 200_000}\n", encoding="utf-8")

    assert [len(text) for text in texts(files(tmp_path))] == [200_000]


def test_zero_bytes_do_not_stop_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"key,said\n1,be\0fore\n2,two\n")

    assert outcome(files(tmp_path))[1] == "two"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"key": 1,', "not JSON"),
        ("[1]", "a JSON array where an object belongs"),
        ('"text"', "a JSON text where"),
        ("[" * 100_000, "nested too deeply"),
        ('{"key": ' + "9" * 5000 + "}", "a number has thousands of digits"),
    ],
)
def test_a_broken_line_of_json_is_a_bad_record(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{line}\n{{"key": 2, "said": "two"}}\n', encoding="utf-8")

    got = outcome(files(tmp_path))

    assert got[0].startswith(f"! a.jsonl, line 1: {reason}")
    assert got[1] == "two"


def test_half_surrogates_and_nan_in_json_do_not_stop_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"key": 1, "said": "cut \\ud83d", "n": NaN}\n', encoding="utf-8")

    record = pulled(files(tmp_path))[0]

    assert record["n"] is None
    assert record["said"].startswith("cut ")


@pytest.mark.parametrize(
    ("text", "kind", "place", "hint"),
    [
        ('[{"key": 1},\n{"key"', BadAnswerError, "line 2, column 7: not JSON", "it may be cut"),
        ('{"key": 1}\n{"key": 2}', BadAnswerError, "line 2, column 1: not JSON", 'format = "jsonl"'),
        ('{"issues": [], "n": 1}', MissingError, "an object with issues, n", 'records = "issues"'),
        ("[" * 100_000, BadAnswerError, "nested too deeply", "JSON lines"),
    ],
)
def test_a_json_file_that_is_not_rows_is_an_error_with_its_place(
    tmp_path: Path, text: str, kind: type[Exception], place: str, hint: str
) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    with pytest.raises(kind, match=place) as caught:
        pulled(files(tmp_path))

    assert hint in getattr(caught.value, "hint", "")


def test_an_empty_array_is_no_error_and_an_empty_csv_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    (tmp_path / "b.csv").write_text("", encoding="utf-8")

    assert pulled(files(tmp_path, paths="a.json")) == []
    with pytest.raises(BadAnswerError, match=r"b\.csv: the file is empty"):
        pulled(files(tmp_path, paths="b.csv"))


def test_a_name_without_a_known_ending_needs_the_format(tmp_path: Path) -> None:
    (tmp_path / "export.2024").write_text("key\tsaid\n1\tone\n", encoding="utf-8")

    assert texts(files(tmp_path, format="tsv")) == ["one"]
    with pytest.raises(PausedError, match=r"export\.2024: the format cannot be told"):
        pulled(files(tmp_path))


def workbook(path: Path, *rows: tuple[Any, ...], sheet: str = "Rows") -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(path)


def test_a_sheet_gives_rows_with_numbers_and_dates(tmp_path: Path) -> None:
    when = datetime(2024, 5, 1, 8, 30)
    workbook(
        tmp_path / "a.xlsx",
        ("key", "said", "when", "n", None),
        (1.0, "太慢", when, 2.5, None),
        (None, None, None, None, None),
        (2, "two", when, True, None),
    )
    connector = files(tmp_path, zone="Asia/Shanghai", columns={**COLUMNS, "created": "when"})

    first, second = [connector.normalize(record) for record in pulled(connector)]

    assert (first.ref.id, first.text, first.fields) == ("1", "太慢", {"n": 2.5})
    assert first.created_at.isoformat() == "2024-05-01T00:30:00+00:00"
    assert (second.ref.id, second.fields) == ("2", {"n": True})


def test_a_sheet_is_chosen_by_name_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", ("key", "said"), (1, "one"), sheet="Reviews")

    assert texts(files(tmp_path, sheet="Reviews")) == ["one"]
    with pytest.raises(MissingError, match=r"no sheet 'Revues'; its sheets are Reviews"):
        pulled(files(tmp_path, sheet="Revues"))


def test_a_bad_row_of_a_sheet_says_its_number(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", ("key", "said"), (1, "one"), (2, None), (3, "three", "beyond"))

    got = outcome(files(tmp_path))

    assert got == [
        "one",
        "! a.xlsx, row 3: no text and no title",
        "! a.xlsx, row 4: cells beyond the 2 named columns",
    ]


@pytest.mark.parametrize("damage", ["text", "other zip", "cut"])
def test_a_damaged_workbook_is_an_error_with_a_next_step(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, ("key", "said"), *((n, "x" * 50) for n in range(500)))
    if damage == "text":
        path.write_text("key,said", encoding="utf-8")
    elif damage == "other zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "hello")
    else:
        path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(BadAnswerError, match=r"a\.xlsx") as caught:
        pulled(files(tmp_path))

    assert "save it as .xlsx again" in caught.value.hint


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbook(tmp_path / "a.xlsx", ("key", "said"), (1, "one"))
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)

    with pytest.raises(ConfigError, match="openpyxl") as caught:
        pulled(files(tmp_path))

    assert "opshub[xlsx]" in caught.value.hint


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_memory_stays_flat_however_long_the_file_is(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ROWS_A_PAGE", 20)
    line = json.dumps({"key": 1, "said": "x" * 8000}) if name == "a.jsonl" else "1," + "x" * 8000
    lines = [line if name == "a.jsonl" else "key,said", *[line] * 1500]
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    connector = files(tmp_path, permalink="https://x.example.org/{key}")
    tracemalloc.start()

    count = sum(len(page.records) for page in connector.pull(None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count >= 1500
    assert peak < 6 << 20 < (tmp_path / name).stat().st_size
