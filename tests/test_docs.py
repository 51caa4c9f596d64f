"""The manual is complete and tells what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from opshub.cli import COMMANDS, cli
from opshub.cli.manual import pages
from opshub.plugins import Registry

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
AGAIN = "run: make docs"


def _commands(group: click.Group = cli, path: str = "opshub") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name="opshub")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def _bundled() -> set[str]:
    return {info.kind for info in Registry().kinds() if info.origin == "bundled"}


def test_every_command_has_help_and_so_has_every_option() -> None:
    for path, command in _commands():
        assert command.help, path
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help, f"{path} {param.opts[0]}"


def test_the_list_of_commands_says_what_their_help_says() -> None:
    for name, (_, summary) in COMMANDS.items():
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert (
            (command.help or "").split("\n")[0].rstrip(".").startswith(summary.rstrip(".").split(":")[0])
        ), name


def test_every_command_is_in_the_manual() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")

    for path, _ in _commands():
        assert f"## `{path}`" in page, AGAIN


def test_what_is_made_from_the_code_is_up_to_date() -> None:
    made = pages(DOCS)

    assert {"commands.md", "settings.md", "rules.md", "zendesk.md"} <= {file.name for file in made}
    assert [file.name for file, text in made.items() if file.read_text(encoding="utf-8") != text] == [], AGAIN


def test_every_page_of_a_connector_has_its_table_of_settings() -> None:
    for page in (DOCS / "connectors").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert text.count("<!-- begin generated: settings -->") == 1, page.name
        assert "| setting | default | |" in text, page.name


def test_every_connector_has_a_page_and_a_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    pages = {page.stem for page in (DOCS / "connectors").glob("*.md")}
    rows = set(re.findall(r"^\|.*\(docs/connectors/(\w+)\.md\)", readme, re.MULTILINE))

    assert _bundled() == pages
    assert _bundled() == rows


def test_the_two_commands_stand_at_the_top_of_the_readme() -> None:
    top = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])

    assert "make demo" in top
    assert "make test" in top


PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)

    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve()
        source = file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in {
            "src",
            "connectors",
            "rules",
        }
        assert file.exists() or (source and not (ROOT / "src").is_dir()), target
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file), target


def _examples(page: Path) -> Iterator[str]:
    """The command lines in a page's code blocks."""
    for block in re.findall(r"```.*?```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        yield from re.findall(r"^(?:\$ )?(opshub [a-z].*)$", block, re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_manual_exist(page: Path) -> None:
    known = {path for path, _ in _commands()}

    for line in _examples(page):
        words = line.split()
        assert f"opshub {words[1]}" in known, line
        group = any(path.startswith(f"opshub {words[1]} ") for path in known)
        if group and len(words) > 2 and re.match(r"[a-z]", words[2]):
            assert f"opshub {words[1]} {words[2]}" in known, line
