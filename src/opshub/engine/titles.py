"""What an idea is called, after its feedback, its tracked item or a person, and who may read that.

A title is a text that came from somewhere: whoever may not read that may not read the title.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opshub.errors import UsageError
from opshub.model import Feedback, Idea, TrackedItem

__all__ = ["TITLE", "as_item", "in_own_words", "kept_private", "new_idea", "refuse_long", "title_of"]

TITLE = 100
"""Characters of a title that is taken from a text."""


def title_of(feedback: Feedback) -> str:
    """What an idea is called that begins with this feedback: its title, else the beginning of its text."""
    line = feedback.title.strip() or next(iter(feedback.text.strip().splitlines()), "").strip()
    if len(line) <= TITLE:
        return line or "(no text)"
    cut = line[:TITLE].rsplit(" ", 1)[0] if " " in line[:TITLE] else line[:TITLE]
    return f"{cut}…"


def new_idea(number: int, first: Feedback) -> Idea:
    """An idea that begins with this feedback."""
    return Idea(
        number=number, title=title_of(first), created_at=first.created_at, visibility=first.visibility
    )


def as_item(idea: Idea, item: TrackedItem) -> Idea:
    """The idea, called as its tracked item is; one without a title says nothing of what the idea is called."""
    return replace(idea, title=item.title, visibility=item.visibility) if item.title else idea


def in_own_words(idea: Idea, title: str, pieces: Iterable[Feedback]) -> Idea:
    """The idea as a person calls it; that may tell something of every piece, so as few read it as the most private."""
    seen = (piece.visibility for piece in pieces)
    return replace(idea, title=title, visibility=max([idea.visibility, *seen], key=lambda it: it.rank))


def kept_private(idea: Idea, piece: Feedback, *, began: bool) -> Idea:
    """The idea, no more public than a piece whose words it is called by, or was when that ``began`` it.

    What became more private takes the title along; what became more public does not, since another text may have been
    meant by that.
    """
    named = idea.item is None and (began or idea.title == title_of(piece))
    if named and piece.visibility.rank > idea.visibility.rank:
        return replace(idea, visibility=piece.visibility)
    return idea


def refuse_long(title: str) -> None:
    """UsageError where what a person calls an idea is longer than any title."""
    if len(title) > TITLE:
        raise UsageError(f"the title is longer than {TITLE} characters", hint="say it shorter")
