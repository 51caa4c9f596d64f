"""Answering what a likeness leaves open, key by key at a terminal and by scripts; and how attaching stands."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Begin, Run, configure, value

from opshub.cli.beside import marked
from opshub.clock import SystemClock
from opshub.store import open_store

FEEDBACK = """\
id,text,created
1,Export to CSV loses the last column,2026-01-05T08:00:00Z
2,导出 Excel 失败，最后一列丢失,2026-01-06T08:00:00Z
3,Dark mode please,2026-01-07T08:00:00Z
4,The CSV export loses the last column of my long monthly report on sales,2026-01-08T08:00:00Z
5,导出 Excel 最后一列丢失,2026-01-09T08:00:00Z
"""


@pytest.fixture
def run(begin: Begin) -> Run:
    """Runs a command in a folder where everything is synced."""
    return begin({"desk.csv": FEEDBACK})


def open_(run: Run) -> list[str]:
    return sorted(row["feedback"] for row in value(run("review", "--json")))


# -- by scripts ---------------------------------------------------------------------------------------------------


def test_what_is_asked_is_listed_with_the_idea_that_is_offered(run: Run) -> None:
    listed = run("review", "--list").stdout.splitlines()

    assert listed[0].split() == ["about", "kind", "expected", "worth", "idea", "title", "text"]
    assert any(line.startswith("desk:4") and "IDEA-1" in line for line in listed)
    assert listed[-1] == "answer one: opshub review answer ABOUT yes|no|new|IDEA; all by key: opshub review"


def test_a_question_says_in_json_what_both_texts_share(run: Run) -> None:
    rows = {row["feedback"]: row for row in value(run("review", "--json"))}

    assert set(rows) == {"desk:4", "desk:5"}
    offer = rows["desk:5"]["offers"][0]
    assert (offer["idea"], offer["nearest"]) == ("IDEA-2", "desk:2")
    assert {"导出", "excel", "丢失"} <= set(offer["terms"])
    assert rows["desk:4"]["moves"] == 1
    assert [row["feedback"] for row in value(run("review", "--json", "--limit", "1"))] != []
    assert value(run("review", "--json", "--kind", "ticket")) == []


def test_without_a_terminal_it_lists(run: Run) -> None:
    assert run("review").stdout == run("review", "--list").stdout


def test_an_answer_says_what_was_done_and_how_to_take_it_back(run: Run) -> None:
    run("review", "--list")

    done = run("review", "answer", "desk:4", "yes", "--by", "李娜", "--because", "同一个愿望")

    assert done.stdout.splitlines() == [
        "action 1: 李娜 linked desk:4 to IDEA-1: 同一个愿望",
        "  desk:4: IDEA-4 → IDEA-1",
        "take it back: opshub ideas undo 1; what would be written: opshub plan",
    ]
    assert open_(run) == ["desk:5"]
    assert value(run("ideas", "undo", "--json"))["undoes"] == 1
    assert open_(run) == ["desk:4", "desk:5"]


def test_no_is_kept_as_an_action_with_its_idea(run: Run) -> None:
    run("review", "--list")

    done = value(run("review", "answer", "desk:4", "no", "--by", "ann", "--json"))

    assert (done["kind"], done["idea"], done["told"]) == (
        "refuse",
        "IDEA-1",
        "ann said that desk:4 does not belong to IDEA-1",
    )
    assert "ann said that desk:4" in run("ideas", "history", "IDEA-1").stdout
    assert "refused IDEA-1" in run("ideas", "why-linked", "desk:4").stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("desk:9", "yes"), 5, "there is no feedback 'desk:9'"),
        (("desk:1", "yes"), 2, "nobody is asked about desk:1"),
        (("desk:4", "maybe"), 5, "there is no idea 'maybe'"),
        (("desk:4", "IDEA-4"), 2, "desk:4 is in IDEA-4 already"),
        (("desk:4", "\x1b[2J"), 5, "there is no idea"),
        (("desk:4", "yes", "--by", ""), 2, "--by needs the name"),
        (("desk:4",), 2, "Missing argument"),
    ],
)
def test_a_wrong_answer_ends_with_an_error_and_changes_nothing(
    run: Run, words: tuple[str, ...], code: int, told: str
) -> None:
    before = open_(run)

    done = run("review", "answer", *words)

    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr
    assert "\x1b" not in done.stderr
    assert open_(run) == before


def test_where_nothing_is_asked_it_says_what_to_do(lay: Begin) -> None:
    invoke = lay({"desk.csv": FEEDBACK})

    assert invoke("review").stdout == "nothing is asked: there is no feedback yet; run: opshub sync\n"
    assert invoke("matching", "status").stdout == "nothing was looked at yet: opshub review\n"
    invoke("sync")
    invoke("review", "answer", "desk:4", "no")
    for piece in ("desk:4", "desk:5"):
        invoke("review", "--list")
        invoke("review", "answer", piece, "no")
    done = invoke("review").stdout.splitlines()
    assert done == [
        "nothing is asked; new feedback is looked at by: opshub sync, then opshub review",
        "how attaching stands: opshub matching status",
    ]


def test_while_another_process_writes_it_lists_what_there_is(run: Run, folder: Path) -> None:
    before = run("review", "--list").stdout
    store = open_store(folder / "opshub.db", clock=SystemClock())
    lease = store.acquire("hub", "the other one", timedelta(seconds=60), SystemClock().now())

    listed = run("review", "--list")

    assert lease is not None
    store.release(lease)
    store.close()
    assert listed.stdout.startswith(before)
    assert "the other one; these are the questions that there are" in listed.stdout


# -- key by key ---------------------------------------------------------------------------------------------------


class Terminal:
    """A person at a terminal."""

    def __init__(self, folder: Path, width: int = 110, **more: str) -> None:
        self.master, slave = pty.openpty()
        environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm", **more}
        command = [sys.executable, "-m", "opshub", "review", "--by", "ann"]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str) -> str:
        """Read until something is there; what came since the last time."""
        deadline, found = time.monotonic() + 30, ""
        while text not in found:
            assert time.monotonic() < deadline, found
            ready, _, _ = select.select([self.master], [], [], 1)
            try:
                part = os.read(self.master, 65536).decode() if ready else ""
            except OSError:
                part = ""
            if not part and self.process.poll() is not None:
                break
            found += part
        self.seen += found
        return found

    def press(self, key: str) -> None:
        """A key that is waited for: what is typed before that is thrown away, so that it answers nothing unseen."""
        deadline = time.monotonic() + 30
        while termios.tcgetattr(self.master)[3] & termios.ICANON and time.monotonic() < deadline:
            time.sleep(0.005)
        os.write(self.master, key.encode())

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def name(self, idea: str) -> None:
        """Answer with another idea, by its name or by words."""
        self.press("o")
        self.until("IDEA:")
        self.type(f"{idea}\n")

    def end(self) -> int:
        self.until("\0")
        code = self.process.wait(10)
        os.close(self.master)
        return code


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "")


def lines_before(shown: str) -> int:
    """Lines before the first question."""
    return next(at for at, line in enumerate(bare(shown).split("\n")) if line.startswith("desk:"))


def test_a_person_answers_key_by_key_skips_and_takes_back(run: Run, folder: Path) -> None:
    person = Terminal(folder)
    first = person.until("q quit")
    person.press("y")
    second = person.until("q quit")
    person.press("u")
    again = person.until("q quit")
    person.press("x")
    person.until("one of these keys")
    person.press("s")
    skipped = person.until("q quit")
    person.press("n")
    person.until("kept")

    assert person.end() == 0
    assert "desk:5 (feedback)" in first
    assert "1  IDEA-2" in first
    assert "action 1: ann linked desk:5 to IDEA-2" in second
    assert "action 2: ann undid action 1" in again
    assert "desk:5 (feedback)" in again
    assert "desk:4 (feedback)" in skipped
    assert "action 3: ann said that desk:4 does not belong to IDEA-1" in person.seen
    assert "1 answer kept" in person.seen
    assert open_(run) == ["desk:5"]


def test_another_idea_is_typed_and_a_wrong_one_is_told_while_the_question_stays(
    run: Run, folder: Path
) -> None:
    person = Terminal(folder)
    person.until("q quit")
    person.name("IDEA-77")
    told = person.until("next:")
    person.name("IDEA-3")
    person.until("q quit")
    person.press("q")

    assert person.end() == 0
    assert "there is no idea 'IDEA-77'" in told
    assert value(run("ideas", "why-linked", "desk:5", "--json"))["idea"] == "IDEA-3"


def test_another_idea_is_found_by_its_words_and_chosen_by_its_number(run: Run, folder: Path) -> None:
    person = Terminal(folder)
    person.until("q quit")
    person.name("mode dark")
    found = person.until("none of them")
    person.press("x")
    person.until("one of these keys")
    person.name("?!")
    wrong = person.until("next:")
    person.name("丢失")
    own = person.until("none of them")
    person.press("x")
    person.until("one of these keys")
    person.name("mode dark")
    person.until("none of them")
    person.press("1")
    person.until("q quit")
    person.press("q")

    assert person.end() == 0
    assert "1  IDEA-3       1  Dark mode please" in bare(found)
    assert "IDEA-5" not in bare(own)
    assert "1  IDEA-2" in bare(own)
    assert "there is no word to look for" in wrong
    assert value(run("ideas", "why-linked", "desk:5", "--json"))["idea"] == "IDEA-3"
    assert "action 1: ann linked desk:5 to IDEA-3" in person.seen


def test_words_that_no_idea_has_leave_the_question_open(run: Run, folder: Path) -> None:
    person = Terminal(folder, OPSHUB_HUB__ENCODER="off")
    person.until("q quit")
    person.name("xyzzy")
    person.until("no idea says anything like that")
    person.press("q")

    assert person.end() == 0
    assert "0 answers kept" in person.seen


def test_a_number_picks_one_of_the_ideas_and_interrupting_leaves_in_good_order(
    run: Run, folder: Path
) -> None:
    person = Terminal(folder)
    person.until("q quit")
    person.press("1")
    person.until("q quit")
    person.press("\x03")

    assert person.end() == 0
    assert value(run("ideas", "why-linked", "desk:5", "--json"))["idea"] == "IDEA-2"


def test_shared_words_are_in_colour_beside_each_other_and_chinese_keeps_its_columns(
    run: Run, folder: Path
) -> None:
    run("review", "--list")
    person = Terminal(folder, 60)
    shown = person.until("q quit")
    person.press("q")
    person.end()

    assert "\x1b[32m\x1b[1m导出\x1b[0m" in shown
    head, line = bare(shown).split("\n")[lines_before(shown) :][:2]
    assert head.startswith("desk:5 (feedback)") and head.index("1  IDEA-2") == 31
    # Eight wide characters before it: their columns, not their count, place the second text.
    from opshub.cli.text import width_of

    left, right = line.rsplit("   ", 1)
    assert width_of(left) == 28
    assert right.startswith("导出 Excel")


def test_without_colours_and_on_a_narrow_screen_texts_stand_below_each_other(run: Run, folder: Path) -> None:
    person = Terminal(folder, 40, NO_COLOR="1")
    shown = person.until("q quit")
    person.press("q")
    person.end()

    assert "\x1b[32m" not in shown
    assert bare(shown).split("\n")[lines_before(shown)] == "desk:5 (feedback)"


def test_marks_stand_around_whole_words_and_pairs_of_characters() -> None:
    shown = marked("Exports, exporting 导出失败 xy", {"export", "导出"})

    assert re.findall(r"\x1b\[32m\x1b\[1m(.*?)\x1b\[0m", shown) == ["Exports", "exporting", "导出"]
    assert bare(shown) == "Exports, exporting 导出失败 xy"


# -- how it stands ------------------------------------------------------------------------------------------------


def test_status_says_for_each_kind_why_it_does_not_attach(run: Run) -> None:
    run("review", "--list")
    run("review", "answer", "desk:4", "yes")

    status = run("matching", "status").stdout.splitlines()
    (row,) = value(run("matching", "status", "--json"))

    assert status[1].split() == [
        "feedback",
        "1",
        "1",
        "5",
        "0",
        "no",
        "99",
        "more",
        "answers",
        "are",
        "needed",
    ]
    assert status[2] == 'similar = "learn", attach = 0.95, ask = 0.1'
    assert (row["answers"], row["open"], row["attaching"], row["precision"]) == (1, 1, False, None)


def test_tune_compares_promises_and_says_which_lines_to_write(run: Run) -> None:
    run("review", "--list")

    compared = run("matching", "tune").stdout.splitlines()
    tried = run("matching", "tune", "--attach", "0.97", "--ask", "0.2").stdout.splitlines()

    assert [line.split()[1] for line in compared[1:]] == ["0.9", "0.95", "0.98", "0.99"]
    assert [line.split()[1] for line in tried[1:3]] == ["0.95", "0.97"]
    assert tried[3:] == ["", "to have it so, write in opshub.toml:", "[hub]", "attach = 0.97", "ask = 0.2"]
    rows = value(run("matching", "tune", "--json"))
    assert all(abs(row["attached"] + row["asked"] + row["new"] - 1) < 0.001 for row in rows)


@pytest.mark.parametrize(
    "words", [("--attach", "0.4"), ("--attach", "1"), ("--ask", "0.97"), ("--attach", "much"), ("--ask", "0")]
)
def test_promises_that_make_no_sense_are_refused(run: Run, words: tuple[str, ...]) -> None:
    assert run("matching", "tune", *words).exit_code == 2


def test_what_tune_says_can_be_written_and_a_wrong_pair_is_told_with_its_place(
    run: Run, folder: Path
) -> None:
    configure(folder, hub="attach = 0.97\nask = 0.2\n")
    assert "attach = 0.97, ask = 0.2" in run("review", "--list").output + run("matching", "status").stdout

    configure(folder, hub="attach = 0.6\nask = 0.7\n")
    wrong = run("matching", "status")
    assert wrong.exit_code == 2
    assert "ask must be smaller than attach" in wrong.stderr


def test_looking_again_keeps_what_people_said_and_tells_how_much_was_looked_at(run: Run) -> None:
    run("review", "--list")
    run("review", "answer", "desk:4", "yes")

    again = run("matching", "rematch")

    assert again.stdout == "5 looked at, 1 open: opshub review\n"
    assert run("matching", "prepare").stdout == again.stdout
    assert value(run("ideas", "why-linked", "desk:4", "--json"))["linked_by"] == "person"


def test_there_is_no_history_before_the_first_fit(run: Run) -> None:
    assert run("matching", "history").stdout.startswith("nothing was learned yet")
    assert value(run("matching", "history", "--json")) == []
