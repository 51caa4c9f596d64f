"""Rules that are known by their texts, before anything of them is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from opshub.language.diagnostics import Source
from opshub.language.schema import Schema

if TYPE_CHECKING:
    from opshub.language.ruleset import RuleSet

__all__ = ["deferred", "fingerprint", "used"]

_USE = re.compile(r'^[ \t]*use(?:\s|#[^\n]*)*"((?:\\.|[^"\\\n])*)"', re.M)

_MEANING = "1"
"""Changes whenever the same text starts to mean something else, so that every idea is decided anew."""


def fingerprint(sources: Sequence[Source], schema: Schema) -> str:
    """The name of a rule set: the same texts over the same fields have the same."""
    fields = [[f.name, f.kind, f.optional, f.values, f.origin] for f in (*schema.idea, *schema.feedback)]
    named = [[source.path, source.text] for source in (*sources, *used(sources, schema.packs))]
    told = json.dumps([_MEANING, named, fields], ensure_ascii=True)
    return hashlib.sha256(told.encode("ascii")).hexdigest()[:16]


def used(sources: Sequence[Source], packs: Mapping[str, Source]) -> tuple[Source, ...]:
    """The packs that the sources use, and those that packs use, which are not among the sources themselves."""
    there = {source.path for source in sources}
    found: list[Source] = []
    left = list(sources)
    while left:
        for name in _USE.findall(left.pop(0).text):
            pack = packs.get(re.sub(r"\\(.)", r"\1", name))
            if pack is not None and pack.path not in there:
                there.add(pack.path)
                found.append(pack)
                left.append(pack)
    return tuple(found)


def deferred(hash: str, made: Callable[[], RuleSet]) -> RuleSet:
    """Rules that passed their check at an earlier time: read and compiled when more than their hash is needed."""
    return cast("RuleSet", _Deferred(hash, made))


class _Deferred:
    def __init__(self, hash: str, made: Callable[[], RuleSet]) -> None:
        self.hash = hash
        self._made = cache(made)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)
