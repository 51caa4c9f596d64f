"""``ideas``: the ranked list and the reasons behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from opshub.cli import gist
from opshub.cli.finding import find_
from opshub.cli.hands import COMMANDS as BY_HAND
from opshub.cli.hands import tell_merged
from opshub.cli.session import Session, pass_session
from opshub.cli.sheet import sheet, told
from opshub.cli.suggest import COMMANDS as SUGGESTIONS
from opshub.cli.support import support_
from opshub.cli.text import hang, line, screen, wrap
from opshub.cli.view import Column, as_json, heading, json_option, number, plain, say, short, show, table
from opshub.errors import UsageError

if TYPE_CHECKING:
    from opshub.engine.hub import Hub
    from opshub.engine.reading import IdeaView, Merged, Why
    from opshub.model import Contribution, Decision, Evidence, Feedback, Idea, Link
    from opshub.store.rows import Facet

__all__ = ["ideas"]

COLUMNS = (
    Column("#", "rank", right=True),
    Column("idea", "idea"),
    Column("band", "band"),
    Column("priority", "priority", right=True),
    Column("voices", "voices", right=True),
    Column("title", "title"),
    Column("tags", "tags"),
)
MARK = Column("", "mark")
OWNER = Column("owner", "owner")
SIMILAR = (Column("idea", "idea"), Column("likeness", "likeness", right=True), Column("title", "title"))
PAGE = 500


@click.group()
def ideas() -> None:
    """Read the ranked ideas and the reasons behind them; set what rules may not."""


for _command in (*BY_HAND, *SUGGESTIONS):
    ideas.add_command(_command)
ideas.add_command(support_)
ideas.add_command(find_)


@ideas.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Leave out so many of the best.")
@click.option("--band", help="Only ideas of this band.")
@click.option("--owner", help="Only ideas that belong to this person.")
@click.option("--goal", help="Only ideas that support this goal: its title, or a part that no other has.")
@json_option
@pass_session
def list_(
    session: Session,
    limit: int,
    offset: int,
    band: str | None,
    owner: str | None,
    goal: str | None,
    as_json_: bool,
) -> None:
    """List ideas, best first."""
    from opshub.engine.goals import find_goal

    if owner and goal:
        raise UsageError("--owner and --goal exclude each other", hint="use one of them")
    with session.hub((), reading=True) as hub:
        facet = (
            ("owner", owner) if owner else None if goal is None else ("goal", find_goal(hub.rules, goal).name)
        )
        rows = hub.ranked(limit, offset, band, facet)
        there = hub.store.count_ideas()
    value = [_row(offset + place, *row) for place, row in enumerate(rows, 1)]
    show(value, as_json_, lambda ready: _list(ready, _none(there, band, facet)))


def _list(rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """The table; where a person set something, a mark stands behind the number."""
    by_hand = any(row["override"] for row in rows)
    columns = (*COLUMNS[:4], MARK, *COLUMNS[4:]) if by_hand else COLUMNS
    columns = (*columns, OWNER) if any(row["owner"] for row in rows) else columns
    table([{**row, "mark": "*" if row["override"] else ""} for row in rows], columns, empty=empty)
    if by_hand:
        say("* set by a person: opshub ideas why IDEA")


def _none(there: int, band: str | None, facet: Facet | None) -> str:
    """What to say where the list is empty."""
    if not there:
        return "no ideas yet: opshub sync"
    asked = [f"in band {band}"] if band else []
    verb = "supports" if facet and facet[0] == "goal" else "belongs to"
    asked += [f"that {verb} {facet[1]}"] if facet else []
    return f"no idea {' '.join(asked) or 'is that far down'}; there are {there:,} in all"


@ideas.command("show")
@click.argument("idea")
@json_option
@pass_session
def show_(session: Session, idea: str, as_json_: bool) -> None:
    """Show one idea with its feedback.

    IDEA is its name (IDEA-12) or the key of its tracked item (FEED-7).
    """
    zone = session.config().hub.timezone
    with session.hub((), reading=True) as hub:
        value = _shown(hub.show(idea))
    show(value, as_json_, lambda ready: _view(ready, zone))


@ideas.command("why")
@click.argument("idea")
@click.argument("field", required=False)
@json_option
@pass_session
def why(session: Session, idea: str, field: str | None, as_json_: bool) -> None:
    """Show why an idea has its numbers: each rule, what it saw, and quotes with where they stand.

    With FIELD (a score, band, tags or route) only what touched that field.
    """
    from opshub.cli.why import view

    with session.hub((), reading=True) as hub:
        value = _reasons(hub.why(idea, field))
    show(value, as_json_, view)


@ideas.command("why-not")
@click.argument("idea")
@click.argument("rule")
@json_option
@pass_session
def why_not(session: Session, idea: str, rule: str, as_json_: bool) -> None:
    """Show why a rule does not hold for an idea, or a match block for feedback: what decided, and what comes nearest.

    RULE is the name of a rule or of a match block, or a part of it that no other has. About a match block a piece of
    feedback (desk:94) can be asked in place of an idea. The nearest miss is the smallest change of one value with which
    the rule would have held.
    """
    from opshub.cli.why_not import ready, view

    zone = session.config().hub.timezone
    with session.hub(()) as hub:
        value = ready(hub.why_not(idea, rule))
    show(value, as_json_, lambda told: view(told, zone))


@ideas.command("override")
@click.argument("idea")
@click.option("--priority", type=float, help="The priority, whatever the rules say.")
@click.option("--band", help="The band; without it, the one that the priority reaches.")
@click.option("--tag", "tags", multiple=True, help="A tag beside those of the rules; can be repeated.")
@click.option("--route", metavar="DESTINATION", help="Where the idea goes: jira.SEC.")
@click.option("--owner", metavar="PERSON", help="Whom the idea belongs to: ann@acme.test.")
@click.option("--because", metavar="REASON", help="Why; shown beside the number.")
@click.option(
    "--until",
    metavar="WHEN",
    help='When the rules decide again: the beginning of a day ("2030-06-01"), a moment, or a time from now ("30d").',
)
@click.option("--clear", is_flag=True, help="Let the rules decide again at once.")
@pass_session
def override(
    session: Session, /, idea: str, clear: bool, because: str | None, until: str | None, **what: Any
) -> None:
    """Set what the rules may not decide for a while: priority, band, tags, route, owner.

    What is set is kept with your name and the reason, stands wherever the number is shown, and ends by itself. A new
    override of an idea replaces the one before.
    """
    if clear:
        if because or until or any(value not in (None, ()) for value in what.values()):
            raise UsageError("--clear takes nothing else", hint=f"run: opshub ideas override {idea} --clear")
        with session.hub() as hub:
            hub.clear_override(idea)
        say(f"{idea}: the rules decide again")
        return
    if not because or not until:
        raise UsageError("an override needs a reason and an end", hint='add: --because "…" --until 30d')
    from opshub.cli.override import made

    wanted = made(until, session.config().hub.timezone, because, what)
    with session.hub() as hub:
        hub.override(idea, wanted)
    say(f"{idea}: set by {wanted.who} until {wanted.day}; what would be written: opshub plan")


@ideas.command("export")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="What to write.",
)
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="A file; default: stdout.")
@click.option("--band", help="Only ideas of this band.")
@pass_session
def export(session: Session, format_: str, output: str | None, band: str | None) -> None:
    """Write all ranked ideas as CSV or JSON.

    In CSV, texts that a spreadsheet would take for a formula begin with an apostrophe.
    """
    with session.hub((), reading=True) as hub:
        rows = list(_all(hub, band))
    text = as_json(rows) + "\n" if format_ == "json" else sheet(rows)
    with click.open_file(output or "-", "w", encoding="utf-8", atomic=bool(output)) as file:
        file.write(text)


def _row(rank: int, idea: Idea, decision: Decision, voices: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "idea": idea.id,
        "title": idea.title,
        "band": decision.band,
        "priority": decision.scores.get("priority", 0.0),
        "voices": voices,
        "tags": list(decision.tags),
        "goals": list(decision.goals),
        "owner": decision.owner,
        "route": decision.route,
        "scores": dict(decision.scores),
        "visibility": str(idea.visibility),
        "override": _override(decision),
    }


def _override(decision: Decision) -> dict[str, Any] | None:
    """What a person set, with what the rules say instead; None where nobody did."""
    if decision.override is None:
        return None
    shown: dict[str, Any] = plain(decision.override)
    del shown["idea"]
    return {**shown, "rules": plain(decision.ruled)}


def _all(hub: Hub, band: str | None) -> Iterator[dict[str, Any]]:
    offset = 0
    while rows := hub.ranked(PAGE, offset, band):
        yield from (_row(offset + place, *row) for place, row in enumerate(rows, 1))
        offset += len(rows)


def _shown(view: IdeaView) -> dict[str, Any]:
    decision = view.decision
    return {
        **_row(0, view.idea, decision, len(view.voices)),
        "created_at": plain(view.idea.created_at),
        "urgency": decision.urgency,
        "destination": f"{view.route.connection}.{view.route.project}" if view.route else "",
        "item": view.item_key,
        "url": view.item_url,
        "merged": _merged(view.merged),
        "summary": gist.ready(view.gist),
        "feedback": [_piece(feedback, link) for feedback, link in view.voices],
        "similar": [
            {"idea": f"IDEA-{number}", "title": title, "likeness": round(likeness, 2)}
            for number, title, likeness in view.suggestions
        ],
    }


def _merged(merged: Merged | None) -> dict[str, Any] | None:
    """Which idea it became part of."""
    if merged is None:
        return None
    into = {"into": merged.into.id, "title": merged.into.title}
    return {**into, "told": merged.told, "action": merged.action}


def _piece(feedback: Feedback, link: Link) -> dict[str, Any]:
    author, account = feedback.author, feedback.account
    return {
        "ref": str(feedback.ref),
        "title": feedback.title,
        "text": feedback.text,
        "url": feedback.url,
        "created_at": plain(feedback.created_at),
        "visibility": str(feedback.visibility),
        "author": (author.name or author.id) if author else "",
        "account": (account.name or account.id) if account else "",
        "linked_by": str(link.maker),
        "reason": link.reason,
        "confidence": link.confidence,
    }


def _view(value: Mapping[str, Any], zone: str) -> None:
    heading(f"{value['idea']}  {value['title']}")
    if tell_merged(value):
        return
    _facts(value)
    if value["summary"]:
        say("")
        gist.view(value["summary"], value["voices"])
    room = None if screen() is None else (screen() or 0) - 2
    for piece in value["feedback"]:
        say("")
        who = ", ".join(filter(None, (piece["author"], piece["account"])))
        at = short(piece["created_at"], zone)
        say(f"{at}  {piece['ref']}  {who or 'somebody'} ({piece['visibility']})", bold=True)
        for part in _start(piece["title"], piece["text"]).splitlines():
            say("\n".join(f"  {text}" for text in wrap(line(part), room)))
        say(f"  {piece['url']}")
        say(hang("  ", [f"linked by {piece['linked_by']}: {piece['reason']}"], screen()))
    if value["similar"]:
        say("")
        heading("Resembles")
        table(value["similar"], SIMILAR)


def _facts(value: Mapping[str, Any]) -> None:
    pairs = [
        ("band", value["band"]),
        ("scores", ", ".join(f"{name} {number(amount)}" for name, amount in value["scores"].items())),
        ("tags", ", ".join(value["tags"])),
        ("supports", ", ".join(value["goals"])),
        ("goes to", value["destination"] or value["route"] or "inbox"),
        ("urgency", value["urgency"]),
        ("owner", value["owner"]),
        ("item", f"{value['item']}  {value['url']}".strip()),
        ("voices", str(value["voices"])),
        ("by hand", _by_hand(value["override"])),
    ]
    for name, text in pairs:
        if text:
            say(f"{name:<8} {text}")


def _by_hand(override: Mapping[str, Any] | None) -> str:
    """``priority 90 (the rules: 62); set by ann until 2030-06-01: the board wants it``."""
    if override is None:
        return ""
    said = [
        f"{name} {_short(override[name])} (the rules: {_short(override['rules'][name])})"
        for name in ("priority", "band", "route", "owner")
        if override[name] not in (None, "")
    ]
    said += [f"tag {tag}" for tag in override["tags"]]
    return f"{', '.join(said)}; {told(override)}"


def _short(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(value or "nothing")


def _start(title: str, text: str, size: int = 400) -> str:
    whole = text if not title or text.startswith(title) else f"{title}\n{text}"
    return whole if len(whole) <= size else f"{whole[: size - 1]}…"


def _reasons(why: Why) -> dict[str, Any]:
    return {
        "idea": why.idea.id,
        "title": why.idea.title,
        "merged": _merged(why.merged),
        "band": why.decision.band,
        "scores": dict(why.decision.scores),
        "tags": list(why.decision.tags),
        "goals": list(why.decision.goals),
        "route": why.decision.route,
        "override": _override(why.decision),
        "parts": [_part(part, quotes) for part, quotes in why.parts],
        "written": [plain(row) for row in why.written],
    }


def _part(part: Contribution, quotes: Sequence[Evidence]) -> dict[str, Any]:
    shown: dict[str, Any] = plain(part)
    del shown["evidence"]
    return {**shown, "quotes": [{**plain(quote), "feedback": str(quote.feedback)} for quote in quotes]}
