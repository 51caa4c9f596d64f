"""The standard schema of the hub, as the rules see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from opshub.language import Checked, Currencies, Field, Kind, RuleSet, Schema, Source, check

_VISIBILITIES = ("public", "customer", "internal", "restricted")
_LINKS = ("person", "key", "rule", "same", "similarity")
_ALWAYS = (
    "idea.title idea.voices idea.accounts idea.persons idea.created idea.tags idea.goals "
    "feedback.text feedback.kind feedback.connection feedback.created feedback.visibility feedback.tags feedback.link"
).split()


def _field(text: str) -> Field:
    name, kind = text.split()
    values = {"feedback.visibility": _VISIBILITIES, "feedback.link": _LINKS}.get(name, ())
    least, most = (0, 1) if name == "feedback.rating" else (None, None)
    return Field(
        name, Kind[kind.upper()], f"The {name}.", name not in _ALWAYS, values, least=least, most=most
    )


STANDARD = Schema(
    idea=tuple(
        map(
            _field,
            (
                "idea.title text,idea.voices number,idea.accounts number,idea.persons number,idea.created time,"
                "idea.status text,idea.tags texts,idea.item_kind text,idea.impact number,idea.confidence number,"
                "idea.effort number,idea.urgent bool,idea.budget money,idea.goals texts"
            ).split(","),
        )
    ),
    feedback=tuple(
        map(
            _field,
            (
                "feedback.text text,feedback.title text,feedback.kind text,feedback.connection text,"
                "feedback.created time,feedback.updated time,feedback.rating number,feedback.rating_value number,"
                "feedback.language text,feedback.visibility text,feedback.tags texts,feedback.link text,"
                "author.id text,author.name text,account.id text,account.name text,account.domain text,"
                "account.plan text,account.arr number,account.spend money"
            ).split(","),
        )
    ),
    destinations={"jira": ("SEC", "EXP"), "board": None, "wiki": ()},
    assigns=frozenset({"jira"}),
    audiences={"jira": "internal", "board": "customer"},
    packs={
        name: Source(f"packs/{name}.rules", text)
        for name, text in {
            "starter": "score reach = idea.voices\n",
            "rice": "parameter effort_floor = 0.5\nscore rice = idea.impact / max(idea.effort, effort_floor)\n",
            "round": 'use "round"\n',
        }.items()
    },
    currencies=Currencies("EUR", {"USD": Decimal("0.92"), "JPY": Decimal("0.006")}),
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def schema() -> Schema:
    return STANDARD


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def checked() -> Callable[..., Checked]:
    """Checks some texts as the files ``0.rules``, ``1.rules`` …"""

    def run(*texts: str) -> Checked:
        return check([Source(f"{i}.rules", text) for i, text in enumerate(texts)], STANDARD)

    return run


@pytest.fixture(scope="session")
def rules(checked: Callable[..., Checked]) -> Callable[[str], RuleSet]:
    """The rule set of a text that must pass its check."""

    def run(text: str) -> RuleSet:
        found = checked(text)
        assert found.rules is not None, "\n".join(d.render() for d in found.diagnostics)
        return found.rules

    return run


@pytest.fixture(scope="session")
def idea() -> Callable[..., tuple[object, ...]]:
    """An idea's values by short name, the others missing."""

    def make(**values: object) -> tuple[object, ...]:
        return tuple(values.get(field.name.removeprefix("idea.")) for field in STANDARD.idea)

    return make


@pytest.fixture(scope="session")
def feedback() -> Callable[..., tuple[object, ...]]:
    """One row of feedback: ``text=…``, ``account_plan=…``, ``author_id=…``, the others missing."""

    def make(**values: object) -> tuple[object, ...]:
        names = [field.name.removeprefix("feedback.").replace(".", "_") for field in STANDARD.feedback]
        assert not set(values) - set(names)
        return tuple(values.get(name) for name in names)

    return make
