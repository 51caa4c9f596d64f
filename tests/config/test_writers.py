"""Two settings that write one field, one list or one file are told, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from opshub.config import load
from opshub.config.writers import shared_fields, shared_lists

JIRA = """
[connections.{name}]
kind  = "jira"
url   = "{url}"
email = "a@acme.test"
query = '{query}'
as    = "ideas"
apply = "{apply}"
[connections.{name}.write]
band = "{remote}"
"""


def jira(
    name: str, query: str, url: str = "https://acme.test", remote: str = "priority", apply: str = "auto"
) -> str:
    return JIRA.format(name=name, query=query, url=url, remote=remote, apply=apply)


def told(folder: Path, text: str) -> list[str]:
    (folder / "opshub.toml").write_text(text, encoding="utf-8")
    config = load(folder / "opshub.toml", {})
    return [str(problem) for problem in (*shared_lists(config), *shared_fields(config))]


def test_two_connections_that_own_one_field_of_one_site_are_told_without_any_secret(tmp_path: Path) -> None:
    (found,) = told(tmp_path, jira("a", "labels = idea") + jira("b", "project = A", url="https://acme.test/"))

    assert found == (
        'opshub.toml:20: [connections.b] writes "priority" at https://acme.test, and so does [connections.a] '
        "(opshub.toml:10)"
    )


@pytest.mark.parametrize(
    "other",
    [
        jira("b", "labels = idea", url="https://other.test"),
        jira("b", "labels = idea", remote="customfield_10042"),
        jira("b", "labels = idea", apply="never"),
    ],
)
def test_another_site_another_field_or_nothing_written_is_no_clash(other: str, tmp_path: Path) -> None:
    assert told(tmp_path, jira("a", "labels = idea") + other) == []


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("project = A", "project = B", True),
        ("project = A", 'project in (B, "C") and labels = x', True),
        ("labels = x AND project = A", "project = b", True),
        ("project = A", "project = a", False),
        ("project = A or labels = x", "project = B", False),
        ("not project = A", "project = B", False),
        ("project != A", "project = B", False),
        ('summary ~ "and project = A"', "project = B", False),
        ("labels = x", "project = B", False),
    ],
)
def test_queries_that_certainly_find_different_projects_are_no_clash(
    one: str, other: str, apart: bool, tmp_path: Path
) -> None:
    assert (told(tmp_path, jira("a", one) + jira("b", other)) == []) is apart


LIST = '\n[connections.{name}]\nkind = "files"\noutput = "{output}"\npublish = {publish}\n'


def test_two_lists_for_one_file_are_told_however_it_is_written(tmp_path: Path) -> None:
    text = LIST.format(name="a", output="ranking.csv", publish=5)
    text += LIST.format(name="b", output="./x/../ranking.csv", publish=9)

    (found,) = told(tmp_path, text)

    assert found.startswith(
        "opshub.toml:10: [connections.b] its ranked list goes where that of [connections.a] goes"
    )
    assert found.endswith("/ranking.csv")


def test_a_list_of_another_file_is_no_clash(tmp_path: Path) -> None:
    text = LIST.format(name="a", output="a.csv", publish=5) + LIST.format(name="b", output="b.csv", publish=5)

    assert told(tmp_path, text) == []


def test_two_lists_for_one_section_of_a_page_are_told_and_two_sections_are_fine(tmp_path: Path) -> None:
    page = (
        '\n[connections.{name}]\nkind = "confluence"\nurl = "https://acme.test"\nemail = "a@acme.test"\n'
        'page = "42"\nsection = "{section}"\npublish = 5\n'
    )
    one, other = page.format(name="a", section="top"), page.format(name="b", section="more")

    assert told(tmp_path, one + other) == []
    assert len(told(tmp_path, one + other.replace("more", "top"))) == 1


def test_a_list_that_would_replace_a_lookup_table_is_told(tmp_path: Path) -> None:
    table = '\n[tables.crm]\nfile = "accounts.csv"\nkey = "Domain"\n[tables.crm.columns]\nsegment = { type = "text" }\n'

    (found,) = told(tmp_path, LIST.format(name="a", output="accounts.csv", publish=5) + table)

    assert "would replace the file of [tables.crm]" in found
