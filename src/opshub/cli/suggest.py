"""Suggestions: ideas that might be one, and ideas that might be two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.text import hang, screen
from opshub.cli.view import heading, json_option, say, show

if TYPE_CHECKING:
    from opshub.engine.parting import SplitSuggestion
    from opshub.engine.suggest import MergeSuggestion
    from opshub.model import Feedback

__all__ = ["COMMANDS", "quote"]

QUOTE = 160
"""Characters of a text that are shown."""

QUOTED = 8
"""Pieces of a second subject that are shown; JSON has all."""


@click.command("suggest")
@click.option("--merge", "kind", flag_value="merge", help="Only ideas that might be one.")
@click.option("--split", "kind", flag_value="split", help="Only ideas that might hold two subjects.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many of each."
)
@json_option
@pass_session
def suggest_(session: Session, kind: str | None, limit: int, as_json_: bool) -> None:
    """Suggest which ideas to merge, and which to split.

    Each suggestion comes with the pieces that speak for it, with the command that follows it, and with the one that
    refuses it for good. The first call reads all feedback; later ones only what changed.
    """
    from opshub.cli.progress import watching
    from opshub.engine.suggest import suggestions

    with session.hub() as hub, watching() as looking:
        merges, splits = hub.act("ideas suggest", lambda work: suggestions(work, limit), watch=looking)
    value: dict[str, Any] = {}
    if kind != "split":
        value["merge"] = [_merge(it) for it in merges]
    if kind != "merge":
        value["split"] = [_split(it) for it in splits]
    show(value, as_json_, _view)


@click.command("refuse")
@click.argument("idea")
@click.argument("other", required=False)
@click.option("--again", is_flag=True, help="Take a refusal back: suggest it again.")
@click.option("--by", metavar="NAME", help="Who decides it; default: your user name.")
@json_option
@pass_session
def refuse_(
    session: Session, idea: str, other: str | None, again: bool, by: str | None, as_json_: bool
) -> None:
    """Say that two ideas are not one, or that one idea is one subject: it is never suggested again.

    Nothing is changed by it. `opshub ideas merge` and `opshub ideas split` remain possible.
    """
    from opshub.cli.override import user
    from opshub.engine.deed import Asked
    from opshub.engine.suggest import refuse, suggest_again

    do = suggest_again if again else refuse
    names, asked = [idea, *([other] if other else [])], Asked(by if by is not None else user())
    with session.hub() as hub:
        action = hub.act("ideas refuse", lambda work: do(work, names, asked)).action
    ideas = [f"IDEA-{number}" for number in (action.idea, action.other) if number]
    value = {"ideas": ideas, "refused": not again, "action": action.number}

    def view(ready: Mapping[str, Any]) -> None:
        what = "to split" if len(ready["ideas"]) == 1 else "to merge"
        may = "may be suggested again" if again else "is not suggested again"
        say(f"{what} {' and '.join(ready['ideas'])} {may}")
        if not again:
            say(f"take it back: opshub ideas undo {ready['action']}")

    show(value, as_json_, view)


COMMANDS = (suggest_, refuse_)
"""What the group ``ideas`` takes from here."""


def _merge(it: MergeSuggestion) -> dict[str, Any]:
    return {
        "idea": it.idea.id,
        "title": it.idea.title,
        "voices": it.voices[0],
        "into": it.into.id,
        "into_title": it.into.title,
        "into_voices": it.voices[1],
        "likeness": it.likeness,
        "alike": it.alike,
        "pieces": [[quote(one), quote(two)] for one, two in it.pieces],
    }


def _split(it: SplitSuggestion) -> dict[str, Any]:
    return {"idea": it.idea.id, "title": it.idea.title, "pieces": [quote(piece) for piece in it.second]}


def quote(piece: Feedback) -> dict[str, str]:
    """A piece of feedback as it is shown among others."""
    whole = " ".join((piece.title if piece.title and not piece.text else piece.text).split())
    shown = whole if len(whole) <= QUOTE else f"{whole[: QUOTE - 1]}…"
    return {"feedback": str(piece.ref), "text": shown}


def _view(value: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    if not any(value.values()):
        say("nothing to suggest")
    for it in value.get("merge", ()):
        heading(f"{it['idea']} ({it['voices']}) → {it['into']} ({it['into_voices']})")
        say(hang("  ", [f"{it['title']}  →  {it['into_title']}"], screen()))
        say(f"  {it['alike']} alike, the nearest {it['likeness']:.2f}")
        for pair in it["pieces"]:
            _quotes(pair)
        say(f"  yes: opshub ideas merge {it['idea']} {it['into']}")
        say(f"  no:  opshub ideas refuse {it['idea']} {it['into']}")
    for it in value.get("split", ()):
        heading(f"{it['idea']} seems to hold two subjects")
        say(hang("  ", [it["title"]], screen()))
        _quotes(it["pieces"][:QUOTED])
        if len(it["pieces"]) > QUOTED:
            say(f"    and {len(it['pieces']) - QUOTED} more")
        say(f"  yes: opshub ideas split {it['idea']} {' '.join(one['feedback'] for one in it['pieces'])}")
        say(f"  no:  opshub ideas refuse {it['idea']}")


def _quotes(pieces: Sequence[Mapping[str, str]]) -> None:
    for piece in pieces:
        say(hang("    ", [f"{piece['feedback']}: {piece['text']}"], screen()))
