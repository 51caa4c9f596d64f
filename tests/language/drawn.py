"""Random rule files: those that pass their check, for both interpreters, and whole ones with every statement."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

__all__ = ["LETS", "SIGNALS", "SIGNS", "broken_files", "conditions", "files", "own_conditions", "whole_files"]

SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _joined(clauses: st.SearchStrategy[str], leaves: int) -> st.SearchStrategy[str]:
    """Clauses, and what ``and``, ``or`` and ``not`` make of them."""
    return st.recursive(
        clauses,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not {}".format, inner),
        ),
        max_leaves=leaves,
    )


_signs = st.sampled_from(list(SIGNS))
_literals = st.sampled_from(["0", "1", "2.5", "15%", "3", "-2"])
_row_conditions = _joined(
    st.sampled_from(
        [
            "rating < 0.5",
            "rating != 1",
            "feedback.rating >= 15%",
            'account.plan in ["free", "business"]',
            'account.plan == "business"',
            "account.plan is missing",
            "account.arr is not missing",
            "created > ago(10d)",
            "created <= ago(36h)",
            "created > idea.created",
            "age(created) > 10d",
            "age(created) - 2d <= 36h",
            "created + 36h > idea.created",
            "created - 2d < ago(3d)",
            "age(created) >= age(idea.created) + 1d",
            "(created - idea.created) / 1d > 2",
            "decay(created, 3d) > 0.2",
            "days_since(created) == 3",
            'feedback.tags contains "a"',
            'feedback.tags contains any ["a", "b"]',
            'feedback.tags contains all ["a", "b"]',
            'text matches "(?i)cancel|退.*x"',
            'text mentions ["cancel", "退款"]',
            'text mentions ["switch to"]',
            "account.arr * 2 > 3 + rating",
            "account.arr / rating > 1",
            "account.spend > 100 EUR",
            "account.spend * 2 - 5 USD >= -idea.budget / 3",
            "account.spend / 10 EUR < rating",
            "account.spend in [100 EUR, 1_000 USD, -5 JPY]",
            "account.spend is missing",
            "dear",
            "rating < signal rate",
            'idea.goals contains "Win"',
            'progress("Win") < rating',
            "early",
            "angry",
        ]
    ),
    leaves=6,
)
own_conditions = _joined(
    st.sampled_from(
        [
            "rating < 0.5",
            'account.plan in ["free", "business"]',
            "account.plan is missing",
            "not (rating >= 15%)",
            "created + 36h > feedback.updated",
            "(feedback.updated - created) / 1d > 2",
            'feedback.tags contains any ["a", "b"]',
            'text matches "(?i)cancel|退.*x"',
            'text mentions ["cancel", "退款"]',
            "account.arr / rating > 1",
            "account.spend > 100 EUR",
            "1 in [1, 2]",
            "dear",
            "early",
            "angry",
        ]
    ),
    leaves=6,
)
_where = st.one_of(st.just(""), st.builds(" where {}".format, _row_conditions))
_windows = st.sampled_from(["", " within 10d", " within 36h"])
_verbs = st.sampled_from(["sum", "mean", "median", "min", "max"])
_row_numbers = st.sampled_from(
    [
        "decay(created, 2d)",
        "days_since(created)",
        "rating * 2",
        "account.arr / rating",
        "weight + 1",
        "max(rating, idea.voices)",
        "account.spend / 10 EUR",
        "max(account.spend, idea.budget, 1 USD) / 1 EUR",
    ]
)
_gathered = st.one_of(
    st.builds("(count feedback{})".format, _where),
    st.builds("(count distinct {}{})".format, st.sampled_from(["accounts", "persons"]), _where),
    st.builds("(share of feedback where {})".format, _row_conditions),
    st.builds("({} {}{})".format, _verbs, st.sampled_from(["rating", "(rating)", "weight"]), _where),
    st.builds("({} ({}){}{})".format, _verbs, _row_numbers, _windows, _where),
    st.builds(
        "(share of {}{} where {})".format, st.sampled_from(["accounts", "persons"]), _windows, _row_conditions
    ),
    st.builds("(count feedback{}{})".format, _windows, _where),
    st.builds(
        "({} account.arr over distinct {}{})".format,
        _verbs,
        st.sampled_from(["accounts", "persons"]),
        _where,
    ),
    st.builds("(({} account.spend{}) / 10 EUR)".format, _verbs, _where),
    st.builds("(({} (account.spend * 2) over distinct accounts{}) / 1 USD)".format, _verbs, _where),
)
_numbers = st.recursive(
    st.one_of(
        _literals,
        _gathered,
        st.sampled_from(
            [
                *("idea.voices", "idea.impact", "base", "double", "signal rate", "signal twice"),
                *('progress("Win")', 'days_left("Win")'),
            ]
        ),
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("-{}".format, inner),
        st.builds("clamp({}, 0, {})".format, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("min({})".format, inner),
        st.builds("round({}, 1)".format, inner),
    ),
    max_leaves=5,
)
conditions = _joined(
    st.one_of(
        st.builds("{} {} {}".format, _numbers, _signs, _numbers),
        st.builds(
            "{} feedback{} ({})".format, st.sampled_from(["any", "all", "no"]), _windows, _row_conditions
        ),
        st.builds(
            "{}{} ({})".format,
            st.sampled_from(
                ["any account", "all accounts", "no account", "any person", "all persons", "no person"]
            ),
            _windows,
            _row_conditions,
        ),
        st.builds("{} is missing".format, _numbers),
        st.sampled_from(
            [
                'idea.tags contains "b"',
                'idea.goals contains "Win"',
                'idea.goals contains any ["Win", "Calm"]',
                'idea.goals contains all ["Win", "Calm"]',
                'met("Win")',
                "idea.urgent",
                "(max created) < ago(5d)",
                "max (age(created)) > 5d",
                "age(idea.created) - 3d < 2d",
                "popular",
                "pressing",
                "pressing is missing",
                "pressing == false",
                "1 in [1, 2]",
                "idea.budget >= 1_000.50 EUR",
                "sum account.spend > 200 USD",
                "clamp(idea.budget, 1 EUR, mean account.spend) != round(max account.spend, 1)",
            ]
        ),
    ),
    leaves=4,
)


SIGNALS = (
    "signal rate = reported, per day\nsignal twice = rate * 2\n"
    'goal "Win" { signal rate reach 2 by 2026-02-01 }\ngoal "Calm" { signal twice fall to 3 by 2025-12-01 }'
)


LETS = (
    'let early = created < 2025-12-30\nlet angry = rating < 0.3 and text mentions ["slow", "cancel"]\n'
    "let dear = account.spend >= 300 USD"
)
_TARGETS = ('"IDEA-4"', '"FEED-12"', 'idea "Bulk export"')


@st.composite
def files(draw: st.DrawFn) -> str:
    lines = [
        SIGNALS,
        LETS,
        "let popular = idea.voices > 2",
        "let pressing = idea.urgent",
        "let weight = rating * 3",
        "parameter floor = 2",
        "score base = idea.voices",
        "let double = base * 2",
        f"score place = {draw(st.sampled_from(['rank', 'normalize', 'percentile']))}(base) + floor",
        f"score other = {draw(_numbers)}",
        f"score priority = {draw(_numbers)}",
    ]
    for i in range(draw(st.integers(1, 4))):
        stop = draw(st.sampled_from(["", "stop", 'supports "Win"', 'supports "Win" supports "Calm" stop']))
        also = draw(st.sampled_from(["", "and place > floor", "or place <= 4", "and base > -floor"]))
        lines.append(
            f'rule "{i}" {{ when {draw(conditions)} {also} priority +{i + 1} tag "t{i}" route to board.P{i} {stop} }}'
        )
    for i in range(draw(st.integers(0, 3))):
        lines.append(f'match "{i}" {{ when {draw(own_conditions)} to {draw(st.sampled_from(_TARGETS))} }}')
    return "\n".join([*lines, "bands priority { A >= 3, B >= -20%, C otherwise }"])


# --- every statement ---------------------------------------------------------------------------------------------

_because = st.sampled_from(["", ' because "so 退款 it \\"is\\""'])
_uses = st.lists(
    st.sampled_from(
        ['use "starter"', 'use "rice"', 'use "rice" { effort_floor = 2, }', 'use\n  # why\n  "starter"']
    ),
    max_size=2,
    unique_by=lambda use: "rice" in use,
)
_PERIODS = ("hour", "day", "week", "month")
_counted = st.one_of(
    st.just("count feedback"),
    st.builds("count feedback where {}".format, own_conditions),
    st.builds("share of feedback where {}".format, own_conditions),
    st.builds("{} {}".format, _verbs, st.sampled_from(["rating", "(rating * 2)", "account.arr"])),
    st.builds("count distinct accounts where {}".format, own_conditions),
    st.builds(
        "{}reported{}".format, st.sampled_from(["", "sum ", "mean "]), st.sampled_from(["", ' "desk/x"'])
    ),
)
_values = st.sampled_from(["0", "-2", "0.5", "15%", "3", "1_000"])
_GIVEN_IDEA = (
    'idea.title = "退款"',
    "idea.voices = 3",
    "idea.impact = -2.5",
    "idea.urgent = true",
    'idea.tags = ["b", "a"]',
    "idea.budget = 1_000.50 EUR",
    "idea.created = 2025-12-01",
    'idea.goals = ["Win"]',
    "others.base = [2, 1, -3]",
)
_GIVEN_FEEDBACK = (
    'feedback.text = "I will cancel\\\\now"',
    'text = "slow, 退款"',
    "rating = 15%",
    'feedback.tags = ["a"]',
    'account.plan = "free"',
    'account.id = "acme"',
    "account.arr = 60",
    "account.spend = 500 USD",
    "feedback.created = ago(2d)",
    "created = 2025-12-31",
    'feedback.visibility = "public"',
)


@st.composite
def _alert(draw: st.DrawFn, number: int, periods: dict[str, str]) -> str:
    told = []
    for name in draw(st.lists(st.sampled_from(sorted(periods)), min_size=1, max_size=2, unique=True)):
        long = draw(st.sampled_from(["", *(f" for {n} {periods[name]}{'s' * (n > 1)}" for n in (1, 2, 30))]))
        told.append(f"signal {name} {draw(_signs)} {draw(_values)}{long}")
    deeds = draw(
        st.lists(
            st.sampled_from(
                [
                    f'open idea "Breach {number}"',
                    f'open idea "Breach {number}" in jira.EXP',
                    f'open idea "Breach {number}" in "board.MY-TEAM"',
                    'tag "breach"',
                    'notify "Look: 退款"',
                ]
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda deed: deed[:6],
        ).filter(lambda deeds: deeds != ['tag "breach"'])
    )
    return f'alert "a{number}" {{ when {" and ".join(told)} {" ".join(deeds)} }}'


@st.composite
def _test(draw: st.DrawFn, number: int, base: str, alerts: int) -> str:
    ideas = draw(st.lists(st.sampled_from(_GIVEN_IDEA), max_size=3, unique=True))
    rows = draw(
        st.lists(
            st.lists(st.sampled_from(_GIVEN_FEEDBACK), min_size=1, max_size=3, unique_by=_field_of),
            max_size=3,
        )
    )
    series = draw(st.sampled_from(["", "given signal rate = [1, 2.5, 3%]", "given signal rate = -3"]))
    expected = [
        *("priority >= 3", "not (base < other)", "band is missing", 'band == "B"', "route is missing"),
        *('tags contains "t0"', "alerts is missing", 'goals contains "Win"', 'route == "board.P0"'),
        *(["match is missing"] if len(rows) == 1 else []),
        *([f'match == "{name}"' for name in re.findall('(?m)^match "(.)"', base)] if len(rows) == 1 else []),
        *(f'alerts contains "a{n}"' for n in range(alerts)),
    ]
    expects = draw(st.lists(st.sampled_from(expected), min_size=1, max_size=4))
    given = [f"given {', '.join(ideas)}"] * bool(ideas) + [f"given {', '.join(row)}" for row in rows]
    cut = draw(st.integers(1, len(expects)))
    told = [*given, series, *(f"expect {', '.join(part)}" for part in (expects[:cut], expects[cut:]) if part)]
    return f'test "x{number}" {{ {" ".join(filter(None, told))} }}'


def _field_of(given: str) -> str:
    return given.partition(" =")[0].removeprefix("feedback.")


@st.composite
def whole_files(draw: st.DrawFn) -> str:
    """Files that pass their check and have every statement: use, signal, alert and test beside the others."""
    base = draw(files())
    lines, periods = [], {"rate": "day", "twice": "day"}
    for i in range(draw(st.integers(0, 3))):
        period = draw(st.sampled_from(_PERIODS))
        key = draw(st.sampled_from(["", "key "]))
        lines.append(f"{key}signal s{i} = {draw(_counted)}, per {period}")
        periods[f"s{i}"] = period
    alerts = draw(st.integers(0, 3))
    lines += [draw(_alert(i, periods)) for i in range(alerts)]
    lines.append(f"parameter weighty = {draw(_values)}{draw(_because)}")
    lines += [draw(_test(i, base, alerts)) for i in range(draw(st.integers(0, 3)))]
    return "\n".join([*draw(_uses), base, *lines]) + "\n"


_TORN = (
    "",
    "=",
    "==",
    "}",
    "{",
    '"',
    "signal",
    "for 3 days",
    "in jira.NIX",
    "退款",
    "idea.voices",
    "[1]",
    "# cut",
)


@st.composite
def broken_files(draw: st.DrawFn) -> str:
    """Whole files whose statements are shuffled, said twice or left out, with some of their words exchanged."""
    lines = draw(st.permutations(draw(whole_files()).splitlines()))
    text = "\n".join(lines[draw(st.integers(0, 5)) :] + lines[: draw(st.integers(0, 3))])
    words = re.findall(r"\s+|\S+", text)
    for at in draw(st.lists(st.integers(0, len(words) - 1), max_size=4)):
        words[at] = draw(st.sampled_from([*_TORN, words[at - 1]]))
    return "".join(words)
