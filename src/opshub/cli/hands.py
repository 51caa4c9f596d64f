"""What people do to ideas and links by hand, its history, how it is taken back, and why a link stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.text import hang, screen
from opshub.cli.view import Column, heading, json_option, plain, say, short, show, table

if TYPE_CHECKING:
    from opshub.engine.deed import Asked, Done
    from opshub.engine.linked import WhyLinked
    from opshub.engine.work import Work
    from opshub.store.rows import Action

__all__ = ["COMMANDS", "asked_by", "tell_done", "tell_merged", "told_done"]

MOST = 10
"""Moved pieces that are listed one by one."""

HISTORY = (
    Column("action", "action", right=True),
    Column("when", "when"),
    Column("what", "told"),
    Column("undone by", "undone_by", right=True),
)
SIGNS = (
    Column("evidence", "maker"),
    Column("idea", "idea"),
    Column("", "standing"),
    Column("what it says", "says"),
)

by_option = click.option("--by", metavar="NAME", help="Who decides it; default: your user name.")
because_option = click.option("--because", metavar="REASON", default="", help="Why; shown beside the link.")


@click.command("link")
@click.argument("feedback")
@click.argument("idea")
@because_option
@by_option
@json_option
@pass_session
def link_(session: Session, feedback: str, idea: str, because: str, by: str | None, as_json_: bool) -> None:
    """Say that a piece of feedback belongs to an idea.

    FEEDBACK is its name (desk:94), as `opshub ideas show` tells it. What you say binds: no key, duplicate link or text
    that comes later moves it. `opshub ideas undo` takes it back.
    """
    from opshub.engine.regroup import link

    _act(session, "ideas link", partial(link, feedback=feedback, idea=idea), by, because, as_json_)


@click.command("unlink")
@click.argument("feedback")
@because_option
@by_option
@json_option
@pass_session
def unlink_(session: Session, feedback: str, because: str, by: str | None, as_json_: bool) -> None:
    """Say that a piece of feedback does not belong to its idea.

    It goes where else a key or duplicate link of its own leads, or begins an idea of its own. The machine never links
    it to the idea again; `opshub ideas link` and `opshub ideas undo` do.
    """
    from opshub.engine.regroup import unlink

    _act(session, "ideas unlink", partial(unlink, feedback=feedback), by, because, as_json_)


@click.command("merge")
@click.argument("idea")
@click.argument("into")
@because_option
@by_option
@json_option
@pass_session
def merge_(session: Session, idea: str, into: str, because: str, by: str | None, as_json_: bool) -> None:
    """Make an idea part of another: both mean the same.

    Feedback and tracked items of IDEA go to INTO, and so does all that comes for IDEA later. Its name stays known:
    `opshub ideas show IDEA` tells where it went. INTO keeps its title and its tracked item; where it has none, it takes
    those of IDEA. `opshub ideas undo` parts them again.
    """
    from opshub.engine.merge import merge

    _act(session, "ideas merge", partial(merge, idea=idea, into=into), by, because, as_json_)


@click.command("split")
@click.argument("idea")
@click.argument("feedback", nargs=-1, required=True)
@click.option("--title", default="", help="What the new idea is called; default: as its oldest feedback.")
@because_option
@by_option
@json_option
@pass_session
def split_(
    session: Session,
    idea: str,
    feedback: Sequence[str],
    title: str,
    because: str,
    by: str | None,
    as_json_: bool,
) -> None:
    """Begin an idea of its own with some of an idea's feedback: it means something else.

    FEEDBACK are names (desk:94 desk:97), as `opshub ideas show IDEA` tells them. Tracked items stay with IDEA. The
    machine never brings the two together again; `opshub ideas link`, `merge` and `undo` do.
    """
    from opshub.engine.merge import split

    deed = partial(split, idea=idea, feedback=feedback, title=_one_line(title))
    _act(session, "ideas split", deed, by, because, as_json_)


@click.command("rename")
@click.argument("idea")
@click.argument("title", default="")
@click.option(
    "--from", "piece", metavar="FEEDBACK", default="", help="Call it by the words of this piece of it."
)
@click.option("--middle", is_flag=True, help="Call it by the piece that `ideas show` finds in its middle.")
@because_option
@by_option
@json_option
@pass_session
def rename_(
    session: Session,
    idea: str,
    title: str,
    piece: str,
    middle: bool,
    because: str,
    by: str | None,
    as_json_: bool,
) -> None:
    """Say what an idea is called: by a TITLE of your own, or by the words of its own feedback.

    The hub itself never changes what an idea is called; an idea with a tracked item is called as that is. Rules that
    read titles decide anew. Own words may tell something of every piece, so as few may read them as the most private
    one of these.
    """
    from opshub.engine.rename import rename

    deed = partial(rename, idea=idea, title=_one_line(title), piece=piece, middle=middle)
    _act(session, "ideas rename", deed, by, because, as_json_)


@click.command("undo")
@click.argument("action", required=False)
@because_option
@by_option
@json_option
@pass_session
def undo_(session: Session, action: str | None, because: str, by: str | None, as_json_: bool) -> None:
    """Take back what somebody did by hand.

    ACTION is a number from `opshub ideas history`, or an idea (IDEA-12) whose last action is meant; without it, the
    last action of all. What was linked, bound, named and forbidden is again as it was; feedback that by now names
    something else goes there. Where a later action stands on it, that one must be undone first.
    """
    from opshub.engine.undo import undo

    _act(session, "ideas undo", partial(undo, what=action), by, because, as_json_)


@click.command("history")
@click.argument("idea")
@json_option
@pass_session
def history_(session: Session, idea: str, as_json_: bool) -> None:
    """Show what people did by hand to an idea: who, when, why, and whether it was undone."""
    from opshub.engine.undo import history

    zone = session.config().hub.timezone
    with session.hub((), reading=True) as hub:
        rows = [_told(action, undone) for action, undone in history(hub.store, idea)]

    def view(ready: Sequence[Mapping[str, Any]]) -> None:
        shown = [
            {**row, "when": short(row["at"], zone), "undone_by": row["undone_by"] or ""} for row in ready
        ]
        table(shown, HISTORY, empty="nobody did anything by hand to it")

    show(rows, as_json_, view)


@click.command("why-linked")
@click.argument("feedback")
@json_option
@pass_session
def why_linked_(session: Session, feedback: str, as_json_: bool) -> None:
    """Show why a piece of feedback belongs to its idea: what decided, and what was weaker or refused.

    FEEDBACK is its name (desk:94), as `opshub ideas show` tells it.
    """
    zone = session.config().hub.timezone
    with session.hub((), reading=True) as hub:
        value = _linked(hub.why_linked(feedback))
    show(value, as_json_, lambda ready: _view(ready, zone))


COMMANDS = (link_, unlink_, merge_, split_, rename_, undo_, history_, why_linked_)
"""What the group ``ideas`` takes from here."""


def _act(
    session: Session,
    command: str,
    deed: Callable[..., Done],
    by: str | None,
    because: str,
    as_json_: bool,
) -> None:
    """Do it, and tell what was done, what followed, and how to take it back."""
    with session.hub() as hub:
        done = hub.act(command, _asking(deed, asked_by(by, because)))
    show(told_done(done), as_json_, tell_done)


def asked_by(by: str | None, because: str) -> Asked:
    """Who wants something done, this user where nobody is named, and why."""
    from opshub.cli.override import user
    from opshub.engine.deed import Asked

    return Asked(who=_one_line(by) if by is not None else _one_line(user()), because=_one_line(because))


def told_done(done: Done) -> dict[str, Any]:
    """What was done, for people and for JSON."""
    return {**_told(done.action, 0), "notes": list(done.notes)}


def tell_done(ready: Mapping[str, Any]) -> None:
    """Say what was done, what followed, and how to take it back."""
    say(f"action {ready['action']}: {ready['told']}")
    for moved in ready["links"][:MOST]:
        say(f"  {moved['feedback']}: {_place(moved['before'])} → {_place(moved['after'])}")
    if len(ready["links"]) > MOST:
        say(f"  and {len(ready['links']) - MOST} more")
    for note in ready["notes"]:
        say(hang("  ", [note], screen()))
    if ready["kind"] != "undo":
        say(f"take it back: opshub ideas undo {ready['action']}; what would be written: opshub plan")


def tell_merged(value: Mapping[str, Any]) -> bool:
    """Say which idea this one is part of, where it is part of another; whether it is."""
    merged = value.get("merged")
    if merged:
        say(f"merged into {merged['into']}  {merged['title']}")
        say(hang("", [f"{merged['told']}; to take it back: opshub ideas undo {merged['action']}"], screen()))
    return bool(merged)


def _asking(deed: Callable[..., Done], asked: Asked) -> Callable[[Work], Done]:
    return lambda work: deed(work, asked=asked)


def _one_line(text: str) -> str:
    from opshub.sdk import clean

    return " ".join(clean(text).split())


def _place(idea: str | None) -> str:
    return idea or "no idea"


def _told(action: Action, undone: int) -> dict[str, Any]:
    """An action for people and for JSON."""
    return {
        "action": action.number,
        "kind": str(action.kind),
        "told": action.told(),
        "at": plain(action.at),
        "by": action.who,
        "because": action.because,
        "idea": f"IDEA-{action.idea}" if action.idea else None,
        "other": f"IDEA-{action.other}" if action.other else None,
        "feedback": [str(ref) for ref in action.feedback],
        "undoes": action.undoes or None,
        "undone_by": undone or None,
        "links": [
            {
                "feedback": str(change.feedback),
                "before": f"IDEA-{change.before.idea}" if change.before else None,
                "after": f"IDEA-{change.after.idea}" if change.after else None,
            }
            for change in action.links
        ],
    }


def _linked(why: WhyLinked) -> dict[str, Any]:
    link = why.link
    return {
        "feedback": str(why.feedback.ref),
        "title": why.feedback.title,
        "text": why.feedback.text,
        "url": why.feedback.url,
        "idea": f"IDEA-{link.idea}" if link else None,
        "idea_title": why.idea.title if why.idea else "",
        "linked_by": str(link.maker) if link else "",
        "reason": link.reason if link else "",
        "confidence": link.confidence if link else None,
        "evidence": [
            {**plain(sign), "idea": f"IDEA-{sign.idea}" if sign.idea else None} for sign in why.signs
        ],
        "actions": [_told(action, undone) for action, undone in why.actions],
    }


def _view(value: Mapping[str, Any], zone: str) -> None:
    place = f"{value['idea']}  {value['idea_title']}" if value["idea"] else "no idea"
    heading(f"{value['feedback']} → {place}")
    if value["linked_by"]:
        sure = "" if value["confidence"] == 1 else f" (confidence {value['confidence']:.2f})"
        say(hang("", [f"linked by {value['linked_by']}: {value['reason']}{sure}"], screen()))
    else:
        say("it has no words of its own, and nobody linked it")
    if value["evidence"]:
        say("")
        heading("What speaks for which idea")
    for sign in value["evidence"]:
        because = f" — {sign['because']}" if sign["because"] else ""
        idea = f" {sign['idea']}" if sign["idea"] else ""
        say(hang("  ", [f"{sign['standing']}{idea}: {sign['says']} ({sign['maker']}){because}"], screen()))
    if value["actions"]:
        say("")
        heading("What people did")
        rows = [
            {**row, "when": short(row["at"], zone), "undone_by": row["undone_by"] or ""}
            for row in value["actions"]
        ]
        table(rows, HISTORY)
