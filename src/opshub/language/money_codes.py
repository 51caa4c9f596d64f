"""The diagnostics of amounts of money: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["AMOUNTS"]

AMOUNTS = {
    "R140": (
        "error",
        "There is no such currency",
        "An amount is a number, a blank and the currency's code of ISO 4217 in capitals: 500 EUR. Signs such as $ or ¥ "
        "stand for several currencies, so none of them is taken.",
        'rule "Large" {\n    when any feedback (account.spend > 500 EUX)\n    priority +5\n}\n',
        'rule "Large" {\n    when any feedback (account.spend > 500 EUR)\n    priority +5\n}\n',
    ),
    "R141": (
        "error",
        "A currency without a rate",
        "The hub counts in one currency, that of [currencies] in opshub.toml. Any other needs its rate there: what one "
        "of it is worth in the hub's.",
        'rule "Large" {\n    when any feedback (account.spend > 500 GBP)\n    priority +5\n}\n',
        'rule "Large" {\n    when any feedback (account.spend > 500 USD)\n    priority +5\n}\n',
    ),
    "R235": (
        "error",
        "Arithmetic that money does not have",
        "Amounts are added to and subtracted from amounts, multiplied with and divided by numbers, and divided by "
        "amounts, which gives a number. A bare number beside an amount could be of any currency.",
        "score priority = (sum account.spend + 500) / 10_000 EUR\n",
        "score priority = (sum account.spend + 500 EUR) / 10_000 EUR\n",
    ),
}
