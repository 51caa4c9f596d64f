"""Ideas found by words: as a command, and for whoever has to name one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, json_option, say, show, table

if TYPE_CHECKING:
    from opshub.engine.finding import Found

__all__ = ["find_", "found_ideas", "told_idea"]

TEXT = 400
"""Characters of the nearest piece that are told."""

COLUMNS = (
    Column("idea", "idea"),
    Column("voices", "voices", right=True),
    Column("title", "title"),
    Column("somebody says", "says"),
)


@click.command("find")
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="How many.")
@json_option
@pass_session
def find_(session: Session, words: Sequence[str], limit: int, as_json_: bool) -> None:
    """Find ideas by words, or by a whole text.

    First come ideas whose titles hold all WORDS, then those whose feedback is most like them: by words, and with an
    encoder also by what they mean, in whatever language.
    """
    with session.hub((), reading=True) as hub:
        found = [told_idea(it) for it in hub.find(" ".join(words), limit)]
    show(found, as_json_, _view)


def _view(rows: Sequence[Mapping[str, Any]]) -> None:
    found_ideas(rows)
    if rows:
        say("one of them: opshub ideas show IDEA")


def found_ideas(rows: Sequence[Mapping[str, Any]], *, numbered: bool = False) -> None:
    """Print ideas as they were found, with a key for each where one is to be chosen."""
    columns = (Column("", "key"), *COLUMNS) if numbered else COLUMNS
    keyed = [{**row, "key": str(at)} for at, row in enumerate(rows, 1)]
    table(keyed, columns, empty="no idea says anything like that")


def told_idea(it: Found) -> dict[str, Any]:
    """An idea that was found, for people and for JSON."""
    near = it.nearest
    return {
        "idea": it.idea.id,
        "title": it.idea.title,
        "voices": it.voices,
        "titled": it.titled,
        "likeness": it.likeness,
        "nearest": str(near.ref) if near else "",
        "says": (near.text or near.title)[:TEXT] if near else "",
        "shared": list(it.shared),
    }
