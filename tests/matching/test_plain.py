"""What the matcher reads: what people say, without what mail programs and machines add to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.matching import fingerprint, read, terms

JAVA = """The export fails
java.lang.NullPointerException: no name
\tat org.acme.Export.run(Export.java:12)
\tat org.acme.Main.main(Main.java:3)
\t... 23 more
Caused by: java.io.IOException: disk full
\tat org.acme.Disk.write(Disk.java:9)"""
PYTHON = """It breaks every night
Traceback (most recent call last):
  File "/app/x.py", line 3, in run_report
    total = row["sum"]
KeyError: 'sum'"""
JAVASCRIPT = """TypeError: undefined is not a function
    at renderList (https://app.acme.test/main.js:1:2345)
    at async Promise.all (index.js:1:2)
    at https://app.acme.test/main.js:9:1
Please help"""
DOTNET = """System.NullReferenceException: Object reference not set
   at Acme.Web.Export.Run(String name, Int32 count) in C:\\src\\Export.cs:line 42
   at Acme.Web.Program.Main()"""


def words(text: str) -> list[str]:
    return read("", text)[1].split()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Still slow.\n> it was slow\n>> slow?\nPlease look", "Still slow. Please look"),
        ("Only >90% of users\n>= 5 of us\n>90% at night", "Only >90% of users >= 5 of us >90% at night"),
        ("Still slow.\n\nOn Mon, May 3, 2027 at 10:00 Ann <a@b.test> wrote:\n> old", "Still slow."),
        (
            "Still slow.\n\nOn Mon, May 3, 2027 at 10:00 Ann Doe\n<ann@acme.test> wrote:\n\nold text",
            "Still slow.",
        ),
        ("On 3 May you wrote:\n> one\nMy answer\n> two\nMy other", "My answer My other"),
        ("Immer noch langsam.\nAm 3. Mai 2027 um 10:00 schrieb Ann:\nalt", "Immer noch langsam."),
        ("还是很慢\n\n在 2027年5月3日，张三 <a@b.test> 写道：\n旧的", "还是很慢"),
        ("還是很慢\n\n張三 於 2027年5月3日 寫道：\n> 舊的", "还是很慢"),
        ("Still slow.\n-----Original Message-----\nold", "Still slow."),
        ("Still slow.\n\nFrom: Bo\nSent: Monday\nTo: Ann\nSubject: Export\n\nold", "Still slow."),
        ("还是不行\n\n发件人: 张三\n发送时间: 2027年\n主题: 导出\n\n旧的", "还是不行"),
        ("From: the office in Rome\nit is slow", "From: the office in Rome it is slow"),
        (
            "FYI\n---------- Forwarded message ---------\nFrom: Bo\nDate: Mon\nTo: Ann\n\nIt is slow",
            "FYI It is slow",
        ),
        ("From: Bo\nDate: Mon\nSubject: Export\n\nIt is slow", "It is slow"),
        ("It is slow\n-- \nAnn Doe\nAcme", "It is slow"),
        ("It is slow\n\nBest regards,\nAnn Doe\nAcme", "It is slow"),
        ("It is slow\nSent from my iPhone", "It is slow"),
        ("太慢了\n\n发自我的 iPhone", "太慢了"),
        ("Sent from Outlook, mails lose\ntheir files", "Sent from Outlook, mails lose their files"),
        ("##- Please type your reply above this line -##\nIt is slow", "It is slow"),
    ],
)
def test_of_a_mail_what_its_writer_wrote_is_read(text: str, said: str) -> None:
    assert words(text) == said.split()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            JAVA,
            "The export fails java.lang.NullPointerException: no name Export run "
            "Caused by: java.io.IOException: disk full Disk write",
        ),
        (
            " ".join(JAVA.split()),
            "The export fails java.lang.NullPointerException: no name Export run "
            "Caused by: java.io.IOException: disk full Disk write",
        ),
        (PYTHON, "It breaks every night run_report KeyError: 'sum' total = row[\"sum\"]"),
        (JAVASCRIPT, "TypeError: undefined is not a function renderList Please help"),
        (DOTNET, "System.NullReferenceException: Object reference not set Export Run"),
        (
            "Look at this (please) at 10:30:15 at the door (left)",
            "Look at this (please) at 10:30:15 at the door (left)",
        ),
    ],
)
def test_of_a_stack_trace_the_error_and_its_place_are_read(text: str, said: str) -> None:
    assert words(text) == said.split()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "It fails\n```java\nfoo(bar);\nthrow new AcmeException();\n```\nhere",
            "It fails here java foo(bar); throw new AcmeException();",
        ),
        ("It fails {code:java}foo(bar);{code} here {noformat}x{noformat}", "It fails here foo(bar); x"),
        ("It fails ``` here", "It fails ``` here"),
        (
            "It fails:\n\n    total = 3;\n    for x in y {\n    as we wrote",
            "It fails: as we wrote total = 3; for x in y {",
        ),
        ("see https://a.test/x?y=1 and www.b.test, ask ann@acme.test", "see and ask"),
        ("id 550e8400-e29b-41d4-a716-446655440000 at 0xdeadbeef", "id at"),
        ("2027-05-03T10:00:00,123Z ERROR disk full", "disk full"),
        (
            "since 2027-05-03 in src/main/java/org/acme/Export2.java",
            "since 2027-05-03 in src/main/java/org/acme/Export2.java",
        ),
        ("call 12345678901234567890", "call 12345678901234567890"),
        ("👍🏽 Ｄａｒｋ mode 很好😀❤️", "Dark mode 很好"),
    ],
)
def test_what_machines_add_is_not_read_or_comes_last(text: str, said: str) -> None:
    assert words(text) == said.split()


@pytest.mark.parametrize(
    ("title", "read_as"),
    [
        ("Re: RE: Fwd: Export 👍", "Export"),
        ("回复：转发：匯出", "汇出"),
        ("Refund", "Refund"),
        ("re:", "re:"),
    ],
)
def test_of_a_title_the_marks_of_answers_are_not_read(title: str, read_as: str) -> None:
    assert read(title, "")[0] == read_as


@pytest.mark.parametrize("text", ["> all\n> quoted", "https://a.test/x", "😀"])
def test_where_nothing_would_be_left_all_is_read(text: str) -> None:
    assert read("", text)[1].split() == (text.split() if text != "😀" else [])
    assert read("Export", text)[1].strip() == ""


def test_both_scripts_of_chinese_are_one_when_compared() -> None:
    assert terms("", "裏面的臺灣報表，後臺開發") == terms("", "里面的台湾报表，后台开发")
    assert fingerprint("", "導出報表太慢") == fingerprint("", "导出报表太慢")


def test_the_same_answer_to_another_question_is_not_the_same_text() -> None:
    assert fingerprint("", "Yes, please\n> Dark mode?") != fingerprint("", "Yes, please\n> Export?")


@given(st.text(alphabet=st.sampled_from("at (.)>\n-:{}`~codeOnwrote1写道发自=x\t")), st.text())
@settings(max_examples=200, deadline=None)
def test_what_is_read_holds_words_wherever_the_text_does(title: str, text: str) -> None:
    found = read(title, text)

    assert read(*found) is not None
    assert any(map(str.isalnum, "".join(found))) == any(
        map(str.isalnum, "".join(read(title, "")[:1]) + read("", text)[1])
    )


MILLION = 2**20
SLOW = {
    name: (part * (MILLION // len(part) + 1))[:MILLION]
    for name, part in {
        "frames": "at a.b(c) ",
        "frames that do not end": "at a.b(",
        "frames in files": "at a.b(c) in ",
        "frames behind tabs": "at" + "\t" * 50,
        "places": "at x:1",
        "files": 'File "',
        "leaders": "Traceback (most ",
        "dates": "2027-01-01 00:00",
        "numbers": "1234-",
        "hexadecimal": "deadbeef-",
        "base64": "aB3",
        "mailboxes": "a@",
        "addresses": "www.http://",
        "code": "{code:",
        "fences": "```",
        "errors": "aError ",
        "indented": "\n    x = 1",
        "lines": "\n",
        "who wrote": "on 1\n",
        "they wrote": "on 1 wrote:\n",
        "heads": "from:\nto:\n",
        "quotes": ">\n",
        "ends": "--\n",
        "regards": "regards\n",
        "devices": "sent from my x\n",
        "traditional": "寫",
        "emoji": "😀",
        "answers": "re:",
        "combining": "a\u0301",
    }.items()
}


@pytest.mark.parametrize("name", SLOW)
def test_a_megabyte_of_anything_is_read_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that grew with the square of the length would not end while anybody waits for it."""
    monkeypatch.setattr("opshub.matching.plain.MOST", 2 * MILLION)

    assert all(isinstance(part, str) for part in (*read(SLOW[name], ""), *read("", SLOW[name])))
