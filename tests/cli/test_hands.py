"""Linking by hand as a person does it: what is printed, in text and in JSON, and what to do next."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Begin, Run, value

FEEDBACK = """\
id,text,created
1,Export to CSV,2026-01-05T08:00:00Z
2,导出 Excel 失败,2026-01-06T08:00:00Z
3,Dark mode,2026-01-07T08:00:00Z
"""


@pytest.fixture
def run(begin: Begin) -> Run:
    """Runs a command in a folder where everything is synced."""
    return begin({"desk.csv": FEEDBACK}, hub='timezone = "Asia/Shanghai"')


def test_linking_says_what_moved_and_how_to_take_it_back(run: Run) -> None:
    done = run("ideas", "link", "desk:2", "IDEA-1", "--because", "同一个愿望", "--by", "李娜")

    assert done.stdout.splitlines() == [
        "action 1: 李娜 linked desk:2 to IDEA-1: 同一个愿望",
        "  desk:2: IDEA-2 → IDEA-1",
        "take it back: opshub ideas undo 1; what would be written: opshub plan",
    ]
    assert "linked by person: 李娜 linked it on" in run("ideas", "show", "IDEA-1").stdout


def test_every_command_by_hand_speaks_json(run: Run) -> None:
    linked = value(run("ideas", "link", "desk:2", "IDEA-1", "--by", "ann", "--json"))
    unlinked = value(run("ideas", "unlink", "desk:1", "--by", "ann", "--json"))
    undone = value(run("ideas", "undo", "--by", "ann", "--json"))
    history = value(run("ideas", "history", "IDEA-1", "--json"))
    why = value(run("ideas", "why-linked", "desk:2", "--json"))

    assert linked["links"] == [{"feedback": "desk:2", "before": "IDEA-2", "after": "IDEA-1"}]
    assert (unlinked["kind"], unlinked["idea"], unlinked["other"]) == ("unlink", "IDEA-1", "IDEA-4")
    assert (undone["undoes"], undone["by"], undone["notes"]) == (2, "ann", [])
    assert [(row["action"], row["undone_by"]) for row in history] == [(1, None), (2, 3), (3, None)]
    assert (why["idea"], why["linked_by"]) == ("IDEA-1", "person")
    assert (why["evidence"][0]["standing"], why["evidence"][0]["idea"]) == ("decides", "IDEA-1")


def test_the_history_stands_in_columns_with_the_hub_s_time(run: Run) -> None:
    empty = run("ideas", "history", "IDEA-1")
    run("ideas", "link", "desk:2", "IDEA-1", "--because", "同一个愿望", "--by", "李娜")
    run("ideas", "undo", "1", "--by", "ann")

    head, first, second = run("ideas", "history", "IDEA-1").stdout.splitlines()

    assert empty.stdout == "nobody did anything by hand to it\n"
    assert head.split() == ["action", "when", "what", "undone", "by"]
    assert first.split()[3:] == ["李娜", "linked", "desk:2", "to", "IDEA-1:", "同一个愿望", "2"]
    assert second.split()[3:] == ["ann", "undid", "action", "1"]


def test_a_merged_idea_says_where_it_went(run: Run) -> None:
    merged = run("ideas", "merge", "IDEA-2", "IDEA-1", "--because", "同一个愿望", "--by", "李娜")
    shown, why = run("ideas", "show", "IDEA-2"), run("ideas", "why", "IDEA-2")

    assert merged.stdout.splitlines()[:2] == [
        "action 1: 李娜 merged IDEA-2 into IDEA-1: 同一个愿望",
        "  desk:2: IDEA-2 → IDEA-1",
    ]
    for told in (shown.stdout, why.stdout):
        assert told.splitlines()[:2] == ["IDEA-2  导出 Excel 失败", "merged into IDEA-1  Export to CSV"]
        assert "opshub ideas undo 1" in told
    assert value(run("ideas", "show", "IDEA-2", "--json"))["merged"]["into"] == "IDEA-1"
    assert "IDEA-2" not in run("ideas", "list").stdout
    refused = run("ideas", "override", "IDEA-2", "--priority", "1", "--because", "x", "--until", "3d")
    assert "error: IDEA-2 was merged into IDEA-1" in refused.stderr


def test_splitting_names_the_new_idea(run: Run) -> None:
    run("ideas", "merge", "IDEA-2", "IDEA-1", "--by", "ann")

    done = run("ideas", "split", "IDEA-1", "desk:2", "--title", "导出 Excel", "--by", "李娜")

    assert done.stdout.splitlines()[:2] == [
        "action 2: 李娜 split desk:2 off IDEA-1 as IDEA-4",
        "  desk:2: IDEA-1 → IDEA-4",
    ]
    assert run("ideas", "show", "IDEA-4").stdout.startswith("IDEA-4  导出 Excel\n")


def test_renaming_tells_both_titles_and_lists_show_the_new_one(run: Run) -> None:
    done = run("ideas", "rename", "IDEA-1", "导出  CSV", "--because", "people say so", "--by", "ann")

    assert done.stdout.splitlines() == [
        "action 1: ann renamed IDEA-1 from “Export to CSV” to “导出 CSV”: people say so",
        "take it back: opshub ideas undo 1; what would be written: opshub plan",
    ]
    assert "导出 CSV" in run("ideas", "list").stdout
    assert "Export to CSV" not in run("ideas", "list").stdout


def test_why_linked_tells_what_a_person_refused(run: Run) -> None:
    run("ideas", "link", "desk:2", "IDEA-1", "--by", "ann")
    run("ideas", "unlink", "desk:2", "--by", "bob", "--because", "not at all")

    told = run("ideas", "why-linked", "desk:2").stdout

    assert told.splitlines()[:2] == [
        "desk:2 → IDEA-4  导出 Excel 失败",
        "linked by same: it stands alone since bob unlinked it from IDEA-1",
    ]
    assert "bob unlinked desk:2 from IDEA-1: not at all" in told


@pytest.mark.parametrize(
    ("words", "told", "step"),
    [
        (("link", "desk:9", "IDEA-1"), "there is no feedback 'desk:9'", "opshub ideas show IDEA"),
        (("link", "desk:1", "IDEA-9"), "there is no idea 'IDEA-9'", "opshub ideas list"),
        (("link", "\x1b[2Jdesk", "IDEA-1"), "there is no feedback", "opshub ideas show IDEA"),
        (("link", "desk:1", "IDEA-2", "--by", " "), "--by needs the name", "leave it out"),
        (
            ("link", "desk:1", "IDEA-2", "--because", "x" * 501),
            "--because is longer than 500",
            "people read it",
        ),
        (("unlink", "desk:1"), "desk:1 stands alone in IDEA-1", "opshub ideas link desk:1 IDEA"),
        (("merge", "IDEA-1", "IDEA-1"), "IDEA-1 cannot be merged into itself", "opshub ideas list"),
        (("merge", "IDEA-1", "IDEA-9"), "there is no idea 'IDEA-9'", "opshub ideas list"),
        (
            ("split", "IDEA-1", "desk:2"),
            "desk:2 belongs to IDEA-2, not to IDEA-1",
            "opshub ideas show IDEA-1",
        ),
        (("split", "IDEA-1", "desk:1"), "nothing would be left of IDEA-1", "name only"),
        (
            ("split", "IDEA-1", "desk:1", "--title", "x" * 101),
            "the title is longer than 100",
            "say it shorter",
        ),
        (("rename", "IDEA-1"), "one way is needed to say what IDEA-1 is called", "--from FEEDBACK"),
        (("rename", "IDEA-1", "Export  to\x1b CSV"), "IDEA-1 is called so already", "ideas show IDEA-1"),
        (
            ("rename", "IDEA-1", "--from", "desk:2"),
            "desk:2 belongs to IDEA-2, not to IDEA-1",
            "ideas show IDEA-1",
        ),
        (("rename", "IDEA-1", "--middle"), "IDEA-1 has no middle", "--from FEEDBACK"),
        (("rename", "IDEA-9", "CSV"), "there is no idea 'IDEA-9'", "opshub ideas list"),
        (("undo", "7"), "there is no action 7", "opshub ideas history IDEA"),
        (("undo", "IDEA-1"), "nobody did anything to IDEA-1", "opshub ideas history IDEA-1"),
        (("history", "IDEA-9"), "there is no idea 'IDEA-9'", "opshub ideas list"),
        (("why-linked", "desk:9"), "there is no feedback 'desk:9'", "opshub ideas show IDEA"),
    ],
)
def test_every_refusal_names_the_thing_and_the_next_step(
    run: Run, words: tuple[str, ...], told: str, step: str
) -> None:
    refused = run("ideas", *words)

    assert refused.exit_code != 0
    assert f"error: {told}" in refused.stderr
    assert "next: " in refused.stderr and step in refused.stderr
    assert "\x1b" not in refused.output
