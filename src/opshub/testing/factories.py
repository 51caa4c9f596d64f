"""Small makers of model values for tests: everything has a default, everything can be said otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from opshub.model import (
    Account,
    Change,
    Comment,
    Feedback,
    Person,
    RankedIdea,
    Ranking,
    Ref,
    TrackedItem,
    Visibility,
)

__all__ = ["MOMENT", "account", "change", "comment", "feedback", "item", "person", "ranking"]

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""When everything happens; number 3 happens three minutes later."""


def feedback(number: int | str = 1, *, connection: str = "support", **values: Any) -> Feedback:
    """Feedback with this id."""
    return Feedback(
        **{
            "ref": Ref(connection, str(number)),
            "url": f"https://desk.test/tickets/{number}",
            "title": f"Ticket {number}",
            "text": f"Please add export {number}.",
            "created_at": _moment(number),
            "updated_at": _moment(number),
            "visibility": Visibility.CUSTOMER,
            "author": person(),
            **values,
        }
    )


def item(number: int | str = 1, *, connection: str = "jira", **values: Any) -> TrackedItem:
    """A tracked item with this id, called ``FEED-`` and the number."""
    return TrackedItem(
        **{
            "ref": Ref(connection, str(number)),
            "key": f"FEED-{number}",
            "url": f"https://tracker.test/browse/FEED-{number}",
            "title": f"Idea {number}",
            "created_at": _moment(number),
            "updated_at": _moment(number),
            "status": "open",
            **values,
        }
    )


def comment(number: int | str = 1, text: str = "Me too.", **values: Any) -> Comment:
    """A comment that the customer may read."""
    return Comment(**{"id": str(number), "text": text, "visibility": Visibility.CUSTOMER, **values})


def person(name: str = "Ann", **values: Any) -> Person:
    """A person, whose id is the name in lower case."""
    return Person(**{"id": name.lower(), "name": name, **values})


def account(name: str = "Acme", **values: Any) -> Account:
    """An account, whose id is the name in lower case."""
    return Account(**{"id": name.lower(), "name": name, "plan": "business", "arr": 12_000.0, **values})


def change(target: str = "1", version: str = "", **fields: Any) -> Change:
    """A change of fields by name."""
    return Change(target=target, fields=fields or {"priority": "High"}, version=version)


def ranking(count: int = 3, **values: Any) -> Ranking:
    """So many ranked ideas."""
    rows = (
        RankedIdea(
            **{
                "rank": rank,
                "idea": f"IDEA-{rank}",
                "title": f"Idea {rank}",
                "band": "P1",
                "score": 100.0 - rank,
                "voices": rank,
                **values,
            }
        )
        for rank in range(1, count + 1)
    )
    return Ranking(tuple(rows))


def _moment(number: int | str) -> datetime:
    return MOMENT + timedelta(minutes=int(number) if str(number).isdigit() else 0)
