"""The diagnostics of goals and of owners: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["GOALS"]

_SIGNAL = "signal adoption = reported, per week\n\n"
_GOAL = (
    'goal "Adoption by winter" {\n    signal adoption reach 40% by 2026-12-31\n'
    '    because "below that the feature does not pay"\n}\n'
)
_RULE = '\nrule "It helps to begin" {\n    when any feedback (text mentions ["onboarding"])\n    supports "%s"\n}\n'
_SUPPORTED = _SIGNAL + _GOAL + _RULE % "Adoption by winter"

_ASSIGNED = (
    'rule "They may leave" {\n    when any feedback (text mentions ["cancel"])\n'
    '    route to jira.SEC as urgent assign "ann@acme.test"\n}\n'
)

GOALS = {
    "R130": (
        "error",
        "An unknown goal",
        "Ideas support goals by their titles, which one of the files defines; another title would support nothing.",
        _SUPPORTED + '\nrule "Many" {\n    when idea.voices > 9\n    supports "Adoption by summer"\n}\n',
        _SUPPORTED + '\nrule "Many" {\n    when idea.voices > 9\n    supports "Adoption by winter"\n}\n',
    ),
    "R131": (
        "error",
        "Not an aim of a goal",
        "A goal lets its signal reach a value from below, or fall to one from above.",
        _SUPPORTED.replace("reach", "exceed"),
        _SUPPORTED,
    ),
    "R132": (
        "error",
        "An owner that no rule gives",
        "A test can only expect a person that one of the rules assigns.",
        _ASSIGNED + '\ntest "Leaving" {\n    given feedback.text = "cancel"\n'
        '    expect owner == "anne@acme.test"\n}\n',
        _ASSIGNED + '\ntest "Leaving" {\n    given feedback.text = "cancel"\n'
        '    expect owner == "ann@acme.test"\n}\n',
    ),
    "R230": (
        "error",
        "A target in another unit than its signal",
        "A share goes from 0 to 1, so 40 is never reached where 40% is meant; a count is compared with a count.",
        _SUPPORTED.replace("reported,", "share of feedback where rating > 0.8,").replace("40%", "40"),
        _SUPPORTED.replace("reported,", "share of feedback where rating > 0.8,"),
    ),
    "R231": (
        "error",
        "A goal without a date",
        "By when is what makes a wish a goal. A date stands without quotes.",
        _SUPPORTED.replace("by 2026-12-31", 'by "winter"'),
        _SUPPORTED,
    ),
    "R232": (
        "error",
        "How a goal stands, without its title",
        "progress, met and days_left take the title of one goal, in quotes as the goal has it.",
        _SUPPORTED + '\nrule "Hurry" {\n    when progress(adoption) < 0.5\n    priority +5\n}\n',
        _SUPPORTED + '\nrule "Hurry" {\n    when progress("Adoption by winter") < 0.5\n    priority +5\n}\n',
    ),
    "R233": (
        "error",
        "An owner without a name",
        "assign gives an idea to a person, by an address or a name of at most 100 characters.",
        _ASSIGNED.replace("ann@acme.test", " "),
        _ASSIGNED,
    ),
    "R330": (
        "warning",
        "A goal that no rule supports",
        "Nothing that the rules say moves it: perhaps the rule is missing, or only people say what supports it.",
        _SIGNAL + _GOAL,
        _SUPPORTED,
    ),
    "R331": (
        "warning",
        "An owner that the tracker is not told of",
        "The connection's connector cannot give its items to people, so only the hub shows who owns the idea.",
        _ASSIGNED.replace("jira.SEC", "board.SEC"),
        _ASSIGNED,
    ),
}
