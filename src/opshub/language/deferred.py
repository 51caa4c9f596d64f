"""Rules that are known by their texts, before anything of them is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from opshub.language.diagnostics import Source
from opshub.language.schema import Kind, Schema

if TYPE_CHECKING:
    from opshub.language.ruleset import RuleSet

__all__ = ["deferred", "fingerprint", "meaning", "used"]

_USE = re.compile(r'^[^\S\n]*+use(?:\s|#[^\n]*+)*+["“”„]((?:\\.|[^"“”\\\n])*+)["“”]', re.M)

_WRITTEN = r"\d[ \t]+[A-Z]{3}\b"
"""Where an amount of money may be written out."""


@cache
def meaning() -> str:
    """The name of the code that gives rules their meaning: with any other code every idea is decided anew."""
    code = hashlib.sha256()
    for file in sorted(Path(__file__).parent.iterdir()):
        if file.suffix in (".py", ".json"):
            code.update(file.read_bytes())
    return code.hexdigest()[:16]


def fingerprint(sources: Sequence[Source], schema: Schema) -> str:
    """The name of a rule set: the same for the same texts, fields, rates that they read, and code that reads them."""
    fields = [[f.name, f.kind, f.optional, f.values, f.origin] for f in (*schema.idea, *schema.feedback)]
    named = [[source.path, source.text] for source in (*sources, *used(sources, schema.packs))]
    money = _money([text for _, text in named], schema)
    told = json.dumps([meaning(), schema.reading, named, fields, money], ensure_ascii=True)
    return hashlib.sha256(told.encode("ascii")).hexdigest()[:16]


def _money(texts: Sequence[str], schema: Schema) -> list[Any]:
    """What amounts are worth, where some text may read one: a written amount, or the name of a field of money."""
    fields = [field for field in (*schema.idea, *schema.feedback) if field.kind is Kind.MONEY]
    names = [re.escape(field.name.rpartition(".")[2]) for field in fields]
    reads = re.compile("|".join([_WRITTEN, *(rf"\b{name}\b" for name in names)]))
    if not any(reads.search(text) for text in texts):
        return []
    rates = sorted((code, str(rate)) for code, rate in schema.currencies.rates.items())
    return [schema.currencies.hub, rates, [[field.name, field.currency] for field in fields]]


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
