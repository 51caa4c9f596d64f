"""``matching``: when feedback joins ideas by likeness, what other promises would come to, and looking at all again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, json_option, plain, say, short, show, table
from opshub.errors import UsageError

if TYPE_CHECKING:
    from opshub.engine.tuning import Prospect, Standing
    from opshub.engine.work import Work

__all__ = ["matching"]

STATUS = (
    Column("kind", "kind"),
    Column("answers", "answers", right=True),
    Column("open", "open", right=True),
    Column("looked at", "seen", right=True),
    Column("version", "version", right=True),
    Column("right of sure", "measured", right=True),
    Column("attaches", "attaching"),
    Column("why not", "why"),
)
TUNE = (
    Column("kind", "kind"),
    Column("promise", "attach", right=True),
    Column("expected", "expected", right=True),
    Column("right of sure", "measured", right=True),
    Column("attached", "attached", right=True),
    Column("asked", "asked", right=True),
    Column("new", "new", right=True),
    Column("would attach", "on"),
)
HISTORY = (
    Column("kind", "kind"),
    Column("version", "version", right=True),
    Column("when", "when"),
    Column("answers", "answers", right=True),
    Column("right of sure", "measured", right=True),
    Column("promise", "promise", right=True),
    Column("attaches", "attaching"),
    Column("attached", "attached", right=True),
    Column("asked", "asked", right=True),
    Column("weights", "weights"),
    Column("model", "model"),
)
NOTHING = "nothing was looked at yet: opshub review"


@click.group()
def matching() -> None:
    """See and tune when feedback joins ideas by likeness."""


@matching.command("status")
@json_option
@pass_session
def status_(session: Session, as_json_: bool) -> None:
    """Show for each kind of feedback what was answered, how often it was right, and whether a likeness attaches."""
    from opshub.engine.tuning import standings

    with session.hub((), reading=True) as hub:
        rows = [_standing(it) for it in standings(hub.store, hub.limits)]
        limits = hub.limits

    def view(ready: Sequence[Mapping[str, Any]]) -> None:
        table([{**row, "measured": _of(row)} for row in ready], STATUS, empty=NOTHING)
        if ready:
            say(f'similar = "{limits.similar}", attach = {limits.attach:g}, ask = {limits.ask:g}')
            say(f"likenesses are valued by: {ready[0]['model']}")

    show(rows, as_json_, view)


def _standing(it: Standing) -> dict[str, Any]:
    return {**plain(it), "precision": it.precision}


def _of(row: Mapping[str, Any]) -> str:
    """``19 of 20``; empty where there is nothing to count."""
    return f"{row['right']} of {row['sure']}" if row["sure"] else ""


@matching.command("tune")
@click.option(
    "--attach", type=click.FloatRange(0.5, 0.999), help="The promise to try: how often it must be right."
)
@click.option(
    "--ask", type=click.FloatRange(0.001, 0.999), help="From which expectation on a person is asked."
)
@click.option("--kind", help="Only this kind of feedback.")
@json_option
@pass_session
def tune(session: Session, attach: float | None, ask: float | None, kind: str | None, as_json_: bool) -> None:
    """Show what promises would come to on this hub's own answers and feedback, before anything is changed.

    Without options it compares some promises. With --attach or --ask it sets them beside those in force and says which
    lines to write in opshub.toml; it changes nothing itself.
    """
    from opshub.engine.tuning import PROMISES, prospects

    with session.hub((), reading=True) as hub:
        limits, tried = hub.limits, attach is not None or ask is not None
        now, wanted = limits.attach, limits.attach if attach is None else attach
        if (limits.ask if ask is None else ask) >= wanted:
            raise UsageError(
                "--ask must be smaller than --attach",
                hint="what attaches is not asked about; see: opshub matching tune",
            )
        found = prospects(hub.store, limits, [now] if tried else PROMISES)
        found += prospects(hub.store, limits, [wanted], ask) if tried else []
    rows = [_prospect(it) for it in found if kind in (None, it.kind)]

    def view(ready: Sequence[Mapping[str, Any]]) -> None:
        table([_shares(row) for row in sorted(ready, key=lambda row: row["kind"])], TUNE, empty=NOTHING)
        if ready and tried:
            _lines(attach, ask)

    show(rows, as_json_, view)


def _prospect(it: Prospect) -> dict[str, Any]:
    told = plain(it)
    return {**told, **told.pop("expected"), "expected": it.expected.right, "right": it.right}


def _shares(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it is printed."""
    shares = {name: f"{100 * row[name]:.1f} %" for name in ("attached", "asked", "new")}
    expected = f"{row['expected']:.3f}" if row["attached"] else ""
    on = "yes" if row["attaching"] else f"no: {row['why']}"
    return {
        **row,
        **shares,
        "attach": f"{row['attach']:g}",
        "expected": expected,
        "measured": _of(row),
        "on": on,
    }


def _lines(attach: float | None, ask: float | None) -> None:
    """What to write where, for what was tried."""
    say("")
    say("to have it so, write in opshub.toml:")
    say("[hub]")
    for name, value in (("attach", attach), ("ask", ask)):
        if value is not None:
            say(f"{name} = {value:g}")


@matching.command("history")
@click.option("--kind", default="", help="Only this kind of feedback.")
@json_option
@pass_session
def history(session: Session, kind: str, as_json_: bool) -> None:
    """List every version of what was learned, with what it was measured at."""
    zone = session.config().hub.timezone
    with session.hub((), reading=True) as hub:
        rows = [plain(it) for it in hub.store.calibrations(kind)]

    def view(ready: Sequence[Mapping[str, Any]]) -> None:
        shown = [
            {
                **row,
                "when": short(row["at"], zone),
                "measured": _of(row),
                "weights": ", ".join(f"{weight:.3f}" for weight in row["weights"]),
            }
            for row in ready
        ]
        table(shown, HISTORY, empty="nothing was learned yet: it begins with 50 answers to opshub review")

    show(rows, as_json_, view)


@matching.command("prepare")
@pass_session
def prepare_(session: Session) -> None:
    """Look at all feedback that was not looked at yet, and prepare what is asked.

    The daemon does so in the quiet between two turns. It shows how far it is, can be stopped and goes on where it was.
    """
    _prepare(session, again=False)


@matching.command("rematch")
@pass_session
def rematch(session: Session) -> None:
    """Look at all feedback again, from the beginning.

    What people, keys, rules and equal texts decided stays. What a likeness had attached and would not attach now is
    asked about. It can be stopped; `opshub matching prepare` goes on where it was.
    """
    _prepare(session, again=True)


def _prepare(session: Session, *, again: bool) -> None:
    from opshub.cli.progress import watching

    with session.hub() as hub:
        with watching() as looking:
            whole = hub.act("matching", partial(_look, again=again), watch=looking)
        counts = hub.store.count_questions()
    opened = sum(count for (_, state), count in counts.items() if state == "open")
    looked = sum(counts.values())
    say(f"{looked:,} looked at, {opened:,} open: opshub review")
    if not whole:
        say("stopped before the end: opshub matching prepare")


def _look(work: Work, *, again: bool) -> bool:
    from opshub.engine.asking import begin_again
    from opshub.engine.review import prepare

    if again:
        with work.commit("match"):
            begin_again(work)
    return prepare(work)
