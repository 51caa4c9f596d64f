"""Who judges likeness for a store: the full-text matcher, with an encoder where one is to be used."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from opshub.engine.work import Work
from opshub.matching import FullText
from opshub.matching.encoder import open_encoder
from opshub.matching.meaning import Meaning
from opshub.store.base import Store

__all__ = ["ENCODED", "encode", "full_text", "meaning_of", "unencoded"]

ENCODED = 256
"""Pieces that are encoded into one transaction: seconds of work, of which the transaction itself is a small part."""

_MEANINGS: WeakKeyDictionary[Store, Meaning] = WeakKeyDictionary()
"""The signs of a store's vectors stay in memory for as long as it is open."""


def meaning_of(store: Store, setting: str) -> Meaning | None:
    """What the encoder of ``[hub] encoder`` knows of a store; None without one. ConfigError if it cannot be had."""
    encoder = open_encoder(setting)
    if encoder is None:
        return None
    known = _MEANINGS.get(store)
    if known is None or known.encoder is not encoder:
        known = _MEANINGS[store] = Meaning(encoder)
    return known


def full_text(store: Store, setting: str) -> FullText:
    """The matcher, with what the encoder knows."""
    return FullText(meaning_of(store, setting))


def unencoded(store: Store, setting: str) -> bool:
    """Whether there is anything for ``encode`` to do; loads no encoder for an empty store."""
    if setting == "off":
        return bool(store.encoder())
    return bool(store.unencoded(1)) or (store.last_seq() > 0 and _other(store, meaning_of(store, setting)))


def _other(store: Store, meaning: Meaning | None) -> bool:
    return meaning is not None and store.encoder() != meaning.name


def encode(work: Work, limit: int = ENCODED) -> bool:
    """Give one batch of indexed feedback its vectors; whether there was any.

    Vectors of another encoder are forgotten first. Where the package of the encoder is missing they stay, to be used by
    the next one that has it. Encoding itself is done before the transaction begins.
    """
    store, meaning = work.store, meaning_of(work.store, work.limits.encoder)
    if _other(store, meaning) or (work.limits.encoder == "off" and store.encoder()):
        with work.commit("match"):
            store.use_encoder(meaning.name if meaning else "")
    rows = store.unencoded(limit) if meaning else []
    if not meaning or not rows:
        return False
    with work.timed("match"):
        made = meaning.encode([row.feedback for row in rows])
        with work.commit("match"):
            store.put_vectors(made)
    work.watch.stage("encode", len(rows), lambda: store.count_vectors()[1])
    return True
