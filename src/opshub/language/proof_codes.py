"""The diagnostics of rules taken together: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["PROOFS"]

_LEAVING = 'rule "Leaving" {\n    when any feedback (text mentions ["cancel"])\n    priority +30\n}\n\n'
_RATE = "signal rate = share of feedback where rating < 0.4, per day\n\n"

PROOFS = {
    "R320": (
        "warning",
        "A rule that repeats another",
        "Both hold for the same ideas and do the same, so points count twice. Often one of them was to be changed.",
        _LEAVING + 'rule "Churn" {\n    when any feedback (text mentions ["cancel"])\n    priority +30\n}\n',
        _LEAVING + 'rule "Churn" {\n    when any feedback (text mentions ["refund"])\n    priority +30\n}\n',
    ),
    "R321": (
        "warning",
        "A circle of tags",
        "A rule waits for a tag that is only given because of that same rule. The hub takes its own tags out before "
        "rules read any, so a circle never feeds itself: the rule sees only what a person put there.",
        'rule "A" {\n    when idea.tags contains "hot"\n    tag "watch"\n}\n\n'
        'rule "B" {\n    when idea.tags contains "watch"\n    tag "hot"\n}\n',
        'rule "A" {\n    when idea.voices > 20\n    tag "watch"\n    tag "hot"\n}\n',
    ),
    "R322": (
        "warning",
        "A route to readers who may not know",
        "The rule holds because of feedback that is more private than the readers of the destination. The hub keeps it "
        "from them, so what arrives there is an idea without what it is about.",
        'rule "Secret" {\n    when any feedback (visibility == "internal")\n    route to board.OPEN\n}\n',
        'rule "Secret" {\n    when any feedback (visibility == "internal")\n    route to jira.SEC\n}\n',
    ),
    "R335": (
        "warning",
        "Two alerts that open the same idea",
        "Each alert opens an idea of its own, so there would be two of one title, and people would decide twice.",
        _RATE + 'alert "Bad" {\n    when signal rate > 20%\n    open idea "Find out why"\n}\n\n'
        'alert "Worse" {\n    when signal rate > 40%\n    open idea "Find out why"\n}\n',
        _RATE + 'alert "Bad" {\n    when signal rate > 20%\n    open idea "Find out why"\n}\n\n'
        'alert "Worse" {\n    when signal rate > 40%\n    notify "It is worse than bad"\n}\n',
    ),
    "R336": (
        "warning",
        "A number that the field never reaches",
        "A rating is a share of its scale, whatever the scale: of one to five stars, one is 0 and five are 1. Compared "
        "with a number beyond, it is always less, or never more.",
        'rule "Unhappy" {\n    when any feedback (rating < 3)\n    tag "unhappy"\n}\n',
        'rule "Unhappy" {\n    when any feedback (rating < 0.5)\n    tag "unhappy"\n}\n',
    ),
}
