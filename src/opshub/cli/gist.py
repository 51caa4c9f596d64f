"""What ``ideas show`` says of what an idea speaks of: terms, a quote from the middle, and themes within it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opshub.cli.text import hang, line, screen
from opshub.cli.view import Column, heading, plain, say, table

if TYPE_CHECKING:
    from opshub.engine.reading import Gist
    from opshub.model import Evidence

__all__ = ["ready", "view"]

THEMES = (Column("voices", "voices", right=True), Column("theme", "terms"), Column("in its middle", "quote"))


def ready(gist: Gist | None) -> dict[str, Any] | None:
    """The value as JSON has it; None where a single piece speaks for itself."""
    if gist is None:
        return None
    return {
        "terms": list(gist.terms),
        "middle": _quote(gist.middle),
        "themes": [
            {"terms": list(terms), "voices": voices, "middle": _quote(middle)}
            for terms, voices, middle in gist.themes
        ],
        "read": gist.read,
    }


def _quote(quote: Evidence) -> dict[str, Any]:
    return {**plain(quote), "feedback": str(quote.feedback)}


def view(value: Mapping[str, Any], voices: int) -> None:
    """Print it for people; ``voices`` are all pieces of the idea."""
    if value["terms"]:
        say(hang("speaks of  ", [line(term) for term in value["terms"]], screen()))
    middle = value["middle"]
    say(hang("in the middle  ", [f"“{line(middle['quote'])}”", line(middle["who"])], screen()))
    say(f"  {middle['feedback']} ({middle['visibility']})  {middle['url']}")
    if value["themes"]:
        say("")
        heading("Themes")
        table([{**theme, "quote": theme["middle"]["quote"]} for theme in value["themes"]], THEMES)
    if value["read"] < voices:
        say(f"from the oldest and the newest {value['read'] // 2:,} of {voices:,} voices")
