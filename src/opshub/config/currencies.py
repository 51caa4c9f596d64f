"""The currencies that the configuration names: the hub's own, and what one unit of each other is worth in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from opshub.config.problems import Problem, meant
from opshub.sdk.settings import Settings

if TYPE_CHECKING:
    from opshub.config.loading import Config
    from opshub.config.section import Section

__all__ = ["Code", "CurrencySettings", "rates_of", "unpriced"]


def _code(code: str) -> str:
    """The code, if ISO 4217 has it; ValueError."""
    from opshub.language.currencies import DIGITS

    if code in DIGITS or not code:
        return code
    near = f'; did you mean "{code.upper()}"?' if code.upper() in DIGITS else ""
    raise ValueError(f'is no currency of ISO 4217, such as "EUR"{near or _near(code)}')


def _near(code: str) -> str:
    from opshub.language.currencies import DIGITS

    found = meant(code.upper(), {name.casefold() for name in DIGITS})
    return found.upper().replace("; DID YOU MEAN", "; did you mean") if found else ""


Code = Annotated[str, AfterValidator(_code)]
"""A currency's code of ISO 4217."""


class CurrencySettings(Settings):
    """The currencies of amounts of money, under `[currencies]`: beside `hub` each line is the code of another currency
    with what one unit of it is worth in the hub's, such as `USD = 0.92`."""

    hub: Code
    """The currency that the hub counts in, by its code of ISO 4217, such as `EUR`; `account.arr` is money then."""


def rates_of(section: Section) -> tuple[str, dict[str, Decimal], list[Problem]]:
    """The hub's currency, the rates by code, and what is wrong with either."""
    made, problems = section.only({"hub"}).check(CurrencySettings)
    hub = made.hub if made else ""
    if made and not hub:
        problems.append(section.problem("hub", 'must not be empty: write hub = "EUR"'))
    rates = {}
    for code, rate in section.without({"hub"}).table.items():
        reason = _wrong(code, rate, hub)
        if reason:
            problems.append(section.problem(code, reason))
        else:
            rates[code] = Decimal(str(rate))
    return hub, rates, problems


def _wrong(code: str, rate: object, hub: str) -> str:
    try:
        _code(code)
    except ValueError as error:
        return str(error)
    if code == hub:
        return "is the hub's own currency, whose rate is 1: leave this line out"
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        return f"must be a number: what one {code} is worth in {hub or 'the currency of the hub'}"
    if not 0 < rate < math.inf:
        return f"must be more than 0: what one {code} is worth in {hub or 'the currency of the hub'}"
    return ""


def unpriced(config: Config) -> Iterator[Problem]:
    """Currencies and fields of money that the table ``[currencies]`` leaves without a worth."""
    for path, code, what in _named(config):
        subject = f"[{'.'.join(path)}]"
        if not config.currency:
            reason = f"{subject} {what}, and nothing says in which currency the hub counts"
            yield config.problem(path, reason, f'add a table [currencies] with: hub = "{code or "EUR"}"')
        elif code and code not in (config.currency, *config.rates):
            reason = f'{subject} is in "{code}", which has no rate in [currencies]'
            yield config.problem(
                path, reason, f"add there: {code} = what one {code} is worth in {config.currency}"
            )


def _named(config: Config) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Everything that is money or names a currency, with its place, the currency, and what it is."""
    for name, connection in config.connections.items():
        path = ("connections", name)
        if connection.common.currency:
            yield path, connection.common.currency, "has amounts in a currency"
        for field, one in connection.common.fields.items():
            if one.type == "money":
                yield (*path, "fields", field), one.currency, "is money"
    for name, table in config.tables.items():
        for column, one in table.columns.items():
            if one.type == "money":
                yield ("tables", name, "columns", column), one.currency, "is money"
