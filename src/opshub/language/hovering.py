"""What an editor says of the word under the pointer, in Markdown, and where that word is defined."""

from __future__ import annotations

from opshub.language.across import EVERY
from opshub.language.codes import CODES
from opshub.language.completion import Known
from opshub.language.currencies import Currencies
from opshub.language.symbols import Symbol, Word

__all__ = ["define", "explain", "rationale"]

_LONGEST = 1_000


def explain(word: Word, known: Known) -> str:
    """What a word means; empty where there is nothing to say."""
    if word.kind != "name":
        return ""
    symbol = define(word, known)
    if symbol is not None:
        return f"```rules\n{symbol.text[:_LONGEST]}\n```\n\n{symbol.word} in {symbol.path}"
    function = EVERY.get(word.text)
    if function is not None:
        examples = "\n".join(f"{call}  # {gives}" for call, gives in function.examples.items())
        return f"```rules\n{function.signature}\n```\n\n{function.doc}\n\n```rules\n{examples}\n```"
    field = known.field(word.text)
    if field is None:
        return _rate(word.text, known.schema.currencies)
    sure = "; may be missing" if field.optional else ""
    values = f"\n\nOne of: {', '.join(field.values)}" if field.values else ""
    currency = f"\n\nAmounts without a currency are in {field.currency}." if field.currency else ""
    return f"**{field.name}** ({field.kind}{sure})\n\n{field.doc}{values}{currency}"


def _rate(code: str, currencies: Currencies) -> str:
    """What a currency is worth in the hub's."""
    if code not in currencies.known:
        return ""
    if code == currencies.hub:
        return f"**{code}**: the currency that the hub counts in"
    return f"**{code}**: 1 {code} is {currencies.rates[code]} {currencies.hub} in [currencies]"


def define(word: Word, known: Known) -> Symbol | None:
    """What defines a word: a statement with that name, or the band that a text names."""
    name = word.text
    kinds: tuple[str, ...] = ("let", "score", "parameter", "signal", "band")
    if word.kind == "text":
        name, kinds = name.strip('"'), ("band", "goal", "match")
    return next((symbol for symbol in known.symbols if symbol.name == name and symbol.word in kinds), None)


def rationale(code: str) -> str:
    """Why a diagnostic exists, with an example before and after."""
    told = CODES[code]
    before, after = told.before[:_LONGEST].strip(), told.after[:_LONGEST].strip()
    return (
        f"**{code}: {told.title}**\n\n{told.reason}\n\nBefore:\n\n```rules\n{before}\n```\n\n"
        f"After:\n\n```rules\n{after}\n```"
    )
