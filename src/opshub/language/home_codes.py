"""The diagnostics of match blocks: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["HOMES"]

_EXPORT = 'match "Export form" {\n    when tags contains "export"\n    to "IDEA-45"\n}\n'
_TEST = '\ntest "an export" {\n    given  feedback.tags = ["export"]\n    expect match == "Export form"\n}\n'

HOMES = {
    "R340": (
        "error",
        "A match block that asks more than one piece of feedback",
        "Which idea feedback belongs to is asked before there is an idea, and asked again only when the feedback or "
        "the rules change: so it can depend neither on ideas nor on the time.",
        'match "Export form" {\n    when tags contains "export" and idea.voices > 3\n    to "IDEA-45"\n}\n',
        _EXPORT,
    ),
    "R341": (
        "error",
        "Not the name of an idea",
        "Feedback goes to an idea by its number, to the idea of a tracked item by its key or address, or to one that "
        "the hub begins under a title; 'idea' before the text tells them apart.",
        _EXPORT.replace('"IDEA-45"', '"Bulk export"'),
        _EXPORT.replace('"IDEA-45"', 'idea "Bulk export"'),
    ),
    "R342": (
        "warning",
        "A match block that is never reached",
        "Each piece of feedback belongs to the first block that holds for it, and an earlier one always does.",
        _EXPORT
        + '\nmatch "Bulk export" {\n    when tags contains "export" and rating < 0.4\n    to "FEED-12"\n}\n',
        'match "Bulk export" {\n    when tags contains "export" and rating < 0.4\n    to "FEED-12"\n}\n\n'
        + _EXPORT,
    ),
    "R343": (
        "error",
        "A test of a match block without its one piece of feedback",
        "A match block is about one piece of feedback, so a test of one gives just that.",
        _EXPORT + _TEST.replace("feedback.tags", "idea.tags"),
        _EXPORT + _TEST,
    ),
    "R344": (
        "error",
        "A match block that is not there",
        "A test can only expect a match block that one of the files defines.",
        _EXPORT + _TEST.replace('== "Export form"', '== "Exprot form"'),
        _EXPORT + _TEST,
    ),
}
