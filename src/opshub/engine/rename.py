"""What an idea is called, where a person says so: in own words, or in those of its own feedback."""

from __future__ import annotations

from dataclasses import replace

from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.reading import find_pieces, living, summarized
from opshub.engine.titles import in_own_words, refuse_long, title_of
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Feedback, Idea
from opshub.store.base import Store
from opshub.store.rows import ActionKind

__all__ = ["rename"]


def rename(
    work: Work, idea: str, asked: Asked, *, title: str = "", piece: str = "", middle: bool = False
) -> Done:
    """Call an idea by a title, by the words of a piece of its feedback, or by those of the piece in its middle.

    UsageError where not one of these is given, where a tracked item says what the idea is called, where it is called so
    already, or where there are no such words; NotFoundError.
    """
    refuse_long(title)
    store = work.store
    one, notes = living(store, idea)
    _refuse_tracked(store, one)
    if (bool(title) + bool(piece) + middle) != 1:
        raise UsageError(
            f"one way is needed to say what {one.id} is called",
            hint=f'write: opshub ideas rename {one.id} "A title", or --from FEEDBACK, or --middle',
        )
    if title:
        after = in_own_words(one, title, [voice for _, voice in store.voices([one.number])])
    else:
        after = _called_as(one, _piece(store, one, piece))
    if after.title == one.title:
        raise UsageError(f"{one.id} is called so already: {one.title}", hint=_see(one))
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        deed.idea(after)
        return Done(deed.keep(ActionKind.RENAME, one.number), tuple(notes))


def _see(one: Idea) -> str:
    return f"see: opshub ideas show {one.id}"


def _refuse_tracked(store: Store, one: Idea) -> None:
    item = store.item(one.item) if one.item is not None else None
    if item is not None:
        raise UsageError(
            f"{one.id} is called as its tracked item {item.key} is",
            hint=f"rename it there: {item.url or item.key}; the next sync takes that over",
        )


def _piece(store: Store, one: Idea, name: str) -> Feedback:
    """The piece of that name, or that in the middle where none is named."""
    if name:
        return find_pieces(store, one, [name])[0]
    voices = {voice.ref: voice for _, voice in store.voices([one.number])}
    found = summarized(store, [*voices.values()])
    if found is None:
        why = "it holds fewer than three pieces, or all say the same"
        raise UsageError(f"{one.id} has no middle: {why}", hint=f"name one: --from FEEDBACK; {_see(one)}")
    return voices[found.middle]


def _called_as(one: Idea, piece: Feedback) -> Idea:
    """Its words are those of one piece, so that one decides who may read them."""
    if not (piece.title.strip() or piece.text.strip()):
        raise UsageError(f"{piece.ref} has no text", hint=f"name another one; {_see(one)}")
    return replace(one, title=title_of(piece), visibility=piece.visibility)
