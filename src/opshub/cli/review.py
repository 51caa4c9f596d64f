"""``review``: what a likeness leaves open, answered key by key or by scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, at_terminal, heading, json_option, plain, say, show, table
from opshub.errors import NotFoundError, OpshubError, StoreBusyError, UsageError

if TYPE_CHECKING:
    from opshub.engine.deed import Asked, Done
    from opshub.engine.finding import Found
    from opshub.engine.hub import Hub
    from opshub.engine.inquiry import Choice, Inquiry
    from opshub.engine.work import Work
    from opshub.model import Feedback

__all__ = ["review"]

AT_ONCE = 500
"""Pieces that are looked at before the first question; the daemon, or the next time, goes on."""

BETWEEN = 50
"""Pieces that are looked at between two questions: new ones, and those that answers make worth more or less."""

PAGE = 10
"""Questions between two looks at what is worth most."""

TEXT = 2000

FOUND = 9
"""Ideas that words find for an answer: each has a key."""

COLUMNS = (
    Column("about", "name"),
    Column("kind", "kind"),
    Column("expected", "expected", right=True),
    Column("worth", "worth", right=True),
    Column("idea", "idea"),
    Column("title", "idea_title"),
    Column("text", "start"),
)
KEYS = "y yes, the first  ·  1-3 that one  ·  n not the first  ·  e new: none of them  ·  o another idea  ·  s skip"
MORE = "u undo the last answer  ·  q quit"

by_option = click.option("--by", metavar="NAME", help="Who answers; default: your user name.")


@click.group(invoke_without_command=True)
@click.option("--list", "list_", is_flag=True, help="List what is asked instead of asking.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many to list."
)
@click.option(
    "--kind",
    default="",
    help="Only feedback of this kind, such as ticket or review; idea: only whether two ideas are one; "
    "part: only whether part of an idea belongs to it.",
)
@by_option
@json_option
@click.pass_context
def review(ctx: click.Context, list_: bool, limit: int, kind: str, by: str | None, as_json_: bool) -> None:
    """Answer which idea feedback belongs to, where its text alone does not tell.

    Shows a text beside the three ideas that it resembles most, those questions first whose answers are worth most. One
    key answers: y, n, e (new), o (another idea), s (skip), u (undo), q (quit). Every answer is an action that `opshub
    ideas undo` takes back. Where nobody is at the terminal, or with --list or --json, it lists the questions.
    """
    if ctx.invoked_subcommand is not None:
        return
    session = ctx.find_object(Session) or Session()
    with session.hub() as hub:
        listing = as_json_ or list_ or not at_terminal()
        if not listing:
            say("looking at what is new …")
        note = _prepared(hub)
        if listing:
            _list(hub, limit, kind, as_json_, note)
        else:
            _Reviewer(hub, kind, by).run(note)


@review.command("answer")
@click.argument("name", metavar="FEEDBACK|IDEA|IDEA/FEEDBACK")
@click.argument("answer")
@click.option("--because", metavar="REASON", default="", help="Why; shown beside the link.")
@by_option
@json_option
@pass_session
def answer_(session: Session, name: str, answer: str, because: str, by: str | None, as_json_: bool) -> None:
    """Answer one question.

    FEEDBACK is its name (desk:94). ANSWER is yes (it belongs to the first idea that is offered), no (not to the first),
    new (to none that is offered), or the idea that it belongs to (IDEA-12). Of an IDEA (IDEA-7) it is asked whether it
    is one with others: yes merges it into the first, no keeps it apart from that and new from all, and the name of
    another idea merges it into that. Of part of an idea (IDEA-7/desk:94) yes leaves it there, no and new begin an idea
    with it, and the name of another idea moves all of it there.
    """
    from opshub.cli.hands import tell_done, told_done

    with session.hub() as hub:
        done = _answer(hub, name, answer, _asked(by, because))
    show(told_done(done), as_json_, tell_done)


def _asked(by: str | None, because: str = "") -> Asked:
    from opshub.cli.hands import asked_by

    return asked_by(by, because)


def _answer(hub: Hub, name: str, said: str, asked: Asked) -> Done:
    from opshub.engine.review import answer

    return hub.act("review", lambda work: answer(work, name, said, asked))


def _prepared(hub: Hub) -> str:
    """Look at some of what is new; what is to be said of the rest."""
    from opshub.cli.progress import watching
    from opshub.engine.review import prepare

    try:
        with watching() as looking:
            whole = hub.act("review", partial(prepare, most=AT_ONCE), patient=False, watch=looking)
    except StoreBusyError as error:
        return f"{error}; these are the questions that there are"
    return "" if whole else "not all feedback was looked at yet: opshub matching prepare"


def _list(hub: Hub, limit: int, kind: str, as_json_: bool, note: str) -> None:
    from opshub.engine.review import inquiries

    rows = [_told(it) for it in inquiries(hub.store, limit, kind, hub.limits)]

    def view(ready: Sequence[Mapping[str, Any]]) -> None:
        if not ready:
            _nothing(hub, kind)
        else:
            table([{**row, "expected": f"{row['expected']:.2f}"} for row in ready], COLUMNS)
            say("answer one: opshub review answer ABOUT yes|no|new|IDEA; all by key: opshub review")
        if note:
            say(note)

    show(rows, as_json_, view)


def _nothing(hub: Hub, kind: str) -> None:
    """Say why there is nothing to answer, and what to do."""
    whole = {"": "", "idea": " about whole ideas", "part": " about parts of ideas"}
    of = whole.get(kind, f" about feedback of kind {kind!r}")
    if not hub.store.count_ideas():
        say("nothing is asked: there is no feedback yet; run: opshub sync")
    else:
        say(f"nothing is asked{of}; new feedback is looked at by: opshub sync, then opshub review")
        say("how attaching stands: opshub matching status")


def _told(it: Inquiry) -> dict[str, Any]:
    """A question for people and for JSON."""
    from opshub.cli.suggest import quote

    many = f"{len(it.pieces)} pieces: " if it.pieces else ""
    return {
        "name": it.name,
        "feedback": str(it.feedback.ref),
        "kind": it.kind,
        "title": it.feedback.title,
        "text": it.feedback.text[:TEXT],
        "start": many + (it.feedback.title or it.feedback.text)[:200],
        "url": it.feedback.url,
        "created_at": plain(it.feedback.created_at),
        "belongs_to": it.own.id,
        "own_title": it.own.title,
        "attached": it.attached,
        "moves": it.moves,
        "expected": it.chance,
        "seen": [quote(piece) for piece in it.seen],
        "pieces": [str(ref) for ref in it.pieces],
        "guards": list(it.guards),
        "worth": it.worth,
        "idea": it.choices[0].idea.id,
        "idea_title": it.choices[0].idea.title,
        "offers": [_offer(it.feedback, choice) for choice in it.choices],
    }


def _offer(feedback: Feedback, choice: Choice) -> dict[str, Any]:
    from opshub.matching import terms

    near = choice.nearest
    both = set(terms(feedback.title, feedback.text)) & set(terms(near.title, near.text)) if near else ()
    return {
        "idea": choice.idea.id,
        "title": choice.idea.title,
        "likeness": choice.likeness,
        "voices": choice.voices,
        "nearest": str(near.ref) if near else "",
        "nearest_text": near.text[:TEXT] if near else "",
        "shared": list(choice.shared),
        "terms": sorted(both),
    }


class _Reviewer:
    """Asks one question after another until there are none or the person leaves."""

    def __init__(self, hub: Hub, kind: str, by: str | None) -> None:
        self.hub, self.kind, self.asked = hub, kind, _asked(by)
        self.skipped: set[str] = set()
        self.waiting: list[str] = []
        self.actions: list[int] = []

    def run(self, note: str) -> None:
        """Ask, and tell at the end what was done."""
        shown = 0
        if note:
            say(note)
        while (found := self._next()) is not None:
            shown += 1
            if not self._ask(_told(found)):
                break
        if not shown:
            _nothing(self.hub, self.kind)
            return
        count = len(self.actions)
        say(f"{count} answer{'' if count == 1 else 's'} kept; what they taught: opshub matching status")

    def _next(self) -> Inquiry | None:
        """What is worth most of what still stands; looked for again when a page is done."""
        from opshub.engine.review import inquiries, inquiry

        while self.waiting:
            with suppress(UsageError, NotFoundError):  # an answer meanwhile settled it
                return inquiry(self.hub.store, self.waiting.pop(0))
        rows = inquiries(self.hub.store, len(self.skipped) + PAGE, self.kind, self.hub.limits)
        fresh = [it for it in rows if it.name not in self.skipped][:PAGE]
        self.waiting = [it.name for it in fresh[1:]]
        return fresh[0] if fresh else None

    def _ask(self, asked: Mapping[str, Any]) -> bool:
        """One question until it is answered or left; whether to go on."""
        from opshub.cli.beside import beside

        click.echo()
        beside(asked)
        _hints(asked)
        heading(KEYS)
        say(MORE)
        while True:
            key = _key()
            if key in ("q", ""):
                return False
            if key == "u":
                return self._undo()
            if key == "s":
                self.skipped.add(asked["name"])
                return True
            said = self._said(key, asked)
            if said is None:
                say("one of these keys: y n e o s u q, or the number of an idea")
            if said is not None and self._do(partial(self._answer, asked, said)):
                return True

    def _answer(self, shown: Mapping[str, Any], said: str) -> Done:
        """Do it, and look at a little more of what waits."""
        from opshub.engine.review import answer, prepare

        def deed(work: Work) -> Done:
            done = answer(work, shown["name"], said, self.asked, shown["idea"], shown["pieces"])
            prepare(work, most=BETWEEN, each=BETWEEN)
            return done

        return self.hub.act("review", deed)

    def _said(self, key: str, asked: Mapping[str, Any]) -> str | None:
        """The answer that a key stands for; None for one that means nothing, and for an idea left empty."""
        if key.isdecimal() and 1 <= int(key) <= len(asked["offers"]):
            return str(asked["offers"][int(key) - 1]["idea"])
        if key == "o":
            return self._named("" if asked["attached"] else asked["belongs_to"])
        return {"y": "yes", "n": "no", "e": "new"}.get(key)

    def _named(self, own: str) -> str | None:
        """An idea by its name, or one of those but its own that a person's words find; None where nothing is chosen."""
        from opshub.cli.failing import complain
        from opshub.engine.reading import find_idea

        said = click.prompt("words to find it by, or IDEA", default="", show_default=False).strip()
        try:
            return find_idea(self.hub.store, said).id if said else None
        except NotFoundError:
            if said.upper().startswith("IDEA-"):
                return said  # answering with it tells that it is not there
        try:
            found = self.hub.find(said, FOUND + 1)
        except UsageError as error:
            complain(str(error), error.hint)
            return None
        return _chosen([it for it in found if it.idea.id != own][:FOUND])

    def _undo(self) -> bool:
        """Take back the last answer of this review; what it answered is asked again."""
        from opshub.engine.undo import undo

        if not self.actions:
            say("there is nothing to undo in this review")
            return True
        last = self.actions[-1]
        deed = partial(undo, what=str(last), asked=self.asked)
        if self._do(lambda: self.hub.act("review", deed), undoing=True):
            self.actions.pop()
            self.waiting.clear()
        return True

    def _do(self, deed: Callable[[], Done], *, undoing: bool = False) -> bool:
        """Do it and say what was done; an error is told, and the question stays."""
        from opshub.cli.failing import complain

        try:
            done = deed()
        except OpshubError as error:
            complain(str(error), error.hint)
            return False
        say(f"action {done.action.number}: {done.action.told()}")
        for note in done.notes:
            say(f"  {note}")
        if not undoing:
            self.actions.append(done.action.number)
        return True


def _chosen(found: Sequence[Found]) -> str | None:
    """The idea whose number is pressed; None for any other key."""
    from opshub.cli.finding import found_ideas, told_idea

    rows = [told_idea(it) for it in found]
    found_ideas(rows, numbered=True)
    if not rows:
        return None
    say("its number; any other key: none of them")
    key = _key()
    return str(rows[int(key) - 1]["idea"]) if key in map(str, range(1, len(rows) + 1)) else None


def _hints(asked: Mapping[str, Any]) -> None:
    """What to know before answering."""
    click.echo()
    first = asked["offers"][0]
    say(f"expected to be right: {asked['expected']:.2f}; worth {asked['worth']:.2f}; {asked['url']}")
    if asked["pieces"]:
        own, many = asked["belongs_to"], asked["moves"]
        say(
            f"{many} pieces of {own} lie apart from its others: y if they belong there, n or e: an idea of their own"
        )
        say("any answer but y moves them all; see them: opshub ideas suggest --split")
    elif asked["attached"]:
        say(f"it was attached to {first['idea']} by its likeness: y keeps it there, n and e take it out")
    elif asked["moves"] > 1:
        whole = "are they one idea? " if asked["kind"] == "idea" else ""
        part = f"{asked['belongs_to']} with its {asked['moves']} pieces and items"
        say(f"{whole}yes makes {part} part of {first['idea']}")
    for guard in asked["guards"]:
        say(f"look closely: {guard}")


def _key() -> str:
    """One key; empty where the terminal is gone or the person interrupts."""
    try:
        return click.getchar().lower()
    except (KeyboardInterrupt, EOFError):
        return ""
