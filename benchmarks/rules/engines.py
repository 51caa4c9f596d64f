"""The same rules in the languages of other engines, each condition compiled once.

What an engine cannot say (sums and counts over distinct accounts, a mean) it is given for nothing; so are the score and
the effects. Only its conditions are measured, on dictionaries made beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from by_hand import FRESH, RECENT, facts
from ideas import WORDS, Idea

__all__ = ["ENGINES", "context"]

Judge = Callable[[dict[str, Any]], list[bool]]

NOTHING = -1.0
"""Stands for a rating that is missing: not every engine has a way to say so."""


def pattern(words: tuple[str, ...]) -> str:
    """A pattern without look-around, which engines in Rust and C++ do not have, and without any escape."""
    spaced = "|".join(" +".join(w.split()) for w in words if w.isascii())
    chinese = "|".join(w for w in words if not w.isascii())
    return f"(?i)(?:^|[^0-9A-Za-z])(?:{spaced})(?:$|[^0-9A-Za-z])|{chinese}"


PATTERNS = {name: pattern(words) for name, words in WORDS.items()}


def context(idea: Idea, look: Any) -> dict[str, Any]:
    """An idea as dictionaries."""
    voices = [voice._asdict() for voice in idea.voices]
    for voice in voices:
        voice["created"] = int(voice["created"].timestamp())
        voice["rating"] = NOTHING if voice["rating"] is None else voice["rating"]
    return {
        "fs": voices,
        "n": len(voices),
        "status": idea.status,
        "tags": list(idea.tags),
        **facts(idea, look),
    }


R, F = int(RECENT.timestamp()), int(FRESH.timestamp())


def _cel() -> list[str]:
    says = {name: f"f.text.matches({_quoted(text)})" for name, text in PATTERNS.items()}
    paying = '(f.plan == "business" || f.plan == "enterprise")'
    unhappy = f"f.created > {R} && f.rating >= 0.0 && f.rating < 0.4"
    return [
        f"fs.exists(f, f.created > {R} && {paying} && {says['leaving']})",
        "leaving_accounts >= 3.0",
        f"fs.exists(f, {says['insecure']})",
        f"fs.exists(f, f.created > {R} && {says['blocked']})",
        f"mean_rating < 0.4 && fs.filter(f, {unhappy}).size() >= 2",
        f"fs.filter(f, {unhappy}).size() == 1",
        f"fs.filter(f, f.rating >= 0.9 || {says['praise']}).size() * 2 > n && "
        f"!fs.exists(f, {says['leaving']} || {says['blocked']} || {says['insecure']})",
        f"!fs.exists(f, f.created > {R})",
        "revenue > 500000.0",
        f"fs.filter(f, f.created > {F}).size() >= 3",
        f'fs.filter(f, f.created > {R} && f.kind == "review").size() >= 3',
        f'fs.exists(f, f.kind == "nps" && f.rating >= 0.0 && f.rating < 0.3 && {paying})',
        'status in ["Done", "Closed"]',
        f"fs.exists(f, f.created > {R} && f.arr > 100000.0)",
        f'fs.exists(f, f.created > {R} && f.language == "zh")',
        'fs.all(f, f.kind == "wiki")',
        '"pinned" in tags',
        f"fs.filter(f, f.created > {R} && {says['technical']}).size() >= 2",
        "leaving_revenue > 200000.0",
        "n >= 10 && !fs.exists(f, f.rating >= 0.9)",
    ]


def _quoted(text: str) -> str:
    return f'"{text}"'


def rust_cel() -> Judge:
    """common-expression-language, in Rust."""
    import cel

    programs = [cel.compile(text) for text in _cel()]
    return lambda it: [program.execute(it) for program in programs]


def cpp_cel() -> Judge:
    """cel-expr-python, in C++."""
    from cel_expr_python import cel

    kinds: dict[str, Any] = {
        "fs": cel.Type.List(cel.Type.DYN),
        "n": cel.Type.INT,
        "status": cel.Type.STRING,
        "tags": cel.Type.List(cel.Type.STRING),
    }
    numbers = ("reach", "revenue", "leaving_accounts", "leaving_revenue", "mean_rating")
    environment = cel.NewEnv(variables={**kinds, **dict.fromkeys(numbers, cel.Type.DOUBLE)})
    programs = [environment.compile(text) for text in _cel()]

    def judge(it: dict[str, Any]) -> list[bool]:
        activation = environment.Activation(it)
        return [program.eval(activation).value() for program in programs]

    return judge


def python_cel() -> Judge:
    """cel-python."""
    import celpy

    environment = celpy.Environment()
    programs = [environment.program(environment.compile(text)) for text in _cel()]

    def judge(it: dict[str, Any]) -> list[bool]:
        values = {name: celpy.json_to_cel(value) for name, value in it.items()}
        return [bool(program.evaluate(values)) for program in programs]

    return judge


def zen() -> Judge:
    """zen-engine, expressions in Rust."""
    import zen as engine

    says = {name: f"matches(#.text, {_quoted(text)})" for name, text in PATTERNS.items()}
    paying = '#.plan in ["business", "enterprise"]'
    unhappy = f"#.created > {R} and #.rating >= 0 and #.rating < 0.4"
    programs = [
        engine.compile_expression(text)
        for text in (
            f"some(fs, #.created > {R} and {paying} and {says['leaving']})",
            "leaving_accounts >= 3",
            f"some(fs, {says['insecure']})",
            f"some(fs, #.created > {R} and {says['blocked']})",
            f"mean_rating < 0.4 and count(fs, {unhappy}) >= 2",
            f"count(fs, {unhappy}) == 1",
            f"count(fs, #.rating >= 0.9 or {says['praise']}) * 2 > n and "
            f"none(fs, {says['leaving']} or {says['blocked']} or {says['insecure']})",
            f"none(fs, #.created > {R})",
            "revenue > 500000",
            f"count(fs, #.created > {F}) >= 3",
            f'count(fs, #.created > {R} and #.kind == "review") >= 3',
            f'some(fs, #.kind == "nps" and #.rating >= 0 and #.rating < 0.3 and {paying})',
            'status in ["Done", "Closed"]',
            f"some(fs, #.created > {R} and #.arr > 100000)",
            f'some(fs, #.created > {R} and #.language == "zh")',
            'all(fs, #.kind == "wiki")',
            '"pinned" in tags',
            f"count(fs, #.created > {R} and {says['technical']}) >= 2",
            "leaving_revenue > 200000",
            "n >= 10 and none(fs, #.rating >= 0.9)",
        )
    ]
    return lambda it: [program.evaluate(it) for program in programs]


def rule_engine() -> Judge:
    """rule-engine, in Python."""
    import rule_engine as engine

    says = {name: f'f["text"] =~~ {_quoted(text)}' for name, text in PATTERNS.items()}
    paying = 'f["plan"] in ["business", "enterprise"]'
    unhappy = f'f["created"] > {R} and f["rating"] >= 0 and f["rating"] < 0.4'

    def some(condition: str) -> str:
        return f"[f for f in fs if {condition}].length > 0"

    def count(condition: str) -> str:
        return f"[f for f in fs if {condition}].length"

    hurt = " or ".join(says[name] for name in ("leaving", "blocked", "insecure"))
    happy = count(f'f["rating"] >= 0.9 or {says["praise"]}')
    rules = [
        engine.Rule(text)
        for text in (
            some(f'f["created"] > {R} and {paying} and {says["leaving"]}'),
            "leaving_accounts >= 3",
            some(says["insecure"]),
            some(f'f["created"] > {R} and {says["blocked"]}'),
            f"mean_rating < 0.4 and {count(unhappy)} >= 2",
            f"{count(unhappy)} == 1",
            f"{happy} * 2 > n and not ({some(hurt)})",
            f'not ({some(f"""f["created"] > {R}""")})',
            "revenue > 500000",
            f'{count(f"""f["created"] > {F}""")} >= 3',
            f'{count(f"""f["created"] > {R} and f["kind"] == "review" """)} >= 3',
            some(f'f["kind"] == "nps" and f["rating"] >= 0 and f["rating"] < 0.3 and {paying}'),
            'status in ["Done", "Closed"]',
            some(f'f["created"] > {R} and f["arr"] > 100000'),
            some(f'f["created"] > {R} and f["language"] == "zh"'),
            count('f["kind"] == "wiki"') + " == n",
            '"pinned" in tags',
            f'{count(f"""f["created"] > {R} and {says["technical"]}""")} >= 2',
            "leaving_revenue > 200000",
            f'n >= 10 and not ({some("""f["rating"] >= 0.9""")})',
        )
    ]
    return lambda it: [rule.matches(it) for rule in rules]


def json_logic() -> Judge:
    """json-logic-qubit, in Python, with one operation of our own for patterns."""
    from json_logic import add_operation, jsonLogic

    add_operation("says", lambda text, name: searches[name](text) is not None)
    searches = {name: re.compile(text).search for name, text in PATTERNS.items()}

    def var(name: str) -> dict[str, Any]:
        return {"var": name}

    def says(name: str) -> dict[str, Any]:
        return {"says": [var("text"), name]}

    def count(condition: Mapping[str, Any]) -> dict[str, Any]:
        return {"reduce": [{"filter": [var("fs"), condition]}, {"+": [var("accumulator"), 1]}, 0]}

    def over(name: str, least: float) -> dict[str, Any]:
        return {">": [var(name), least]}

    recent, paying = over("created", R), {"in": [var("plan"), ["business", "enterprise"]]}
    unhappy = {"and": [recent, {"<=": [0, var("rating")]}, {"<": [var("rating"), 0.4]}]}
    bad = {
        "and": [{"==": [var("kind"), "nps"]}, {"<=": [0, var("rating")]}, {"<": [var("rating"), 0.3]}, paying]
    }
    delighted = {">=": [var("rating"), 0.9]}
    hurt = {"or": [says("leaving"), says("blocked"), says("insecure")]}
    happy = {"*": [count({"or": [delighted, says("praise")]}), 2]}
    rules: list[dict[str, Any]] = [
        {"some": [var("fs"), {"and": [recent, paying, says("leaving")]}]},
        {">=": [var("leaving_accounts"), 3]},
        {"some": [var("fs"), says("insecure")]},
        {"some": [var("fs"), {"and": [recent, says("blocked")]}]},
        {"and": [{"<": [var("mean_rating"), 0.4]}, {">=": [count(unhappy), 2]}]},
        {"==": [count(unhappy), 1]},
        {"and": [{">": [happy, var("n")]}, {"none": [var("fs"), hurt]}]},
        {"none": [var("fs"), recent]},
        over("revenue", 500000),
        {">=": [count(over("created", F)), 3]},
        {">=": [count({"and": [recent, {"==": [var("kind"), "review"]}]}), 3]},
        {"some": [var("fs"), bad]},
        {"in": [var("status"), ["Done", "Closed"]]},
        {"some": [var("fs"), {"and": [recent, over("arr", 100000)]}]},
        {"some": [var("fs"), {"and": [recent, {"==": [var("language"), "zh"]}]}]},
        {"all": [var("fs"), {"==": [var("kind"), "wiki"]}]},
        {"in": ["pinned", var("tags")]},
        {">=": [count({"and": [recent, says("technical")]}), 2]},
        over("leaving_revenue", 200000),
        {"and": [{">=": [var("n"), 10]}, {"none": [var("fs"), delighted]}]},
    ]
    return lambda it: [bool(jsonLogic(rule, it)) for rule in rules]


ENGINES: dict[str, tuple[str, Callable[[], Judge], int]] = {
    "zen-engine": ("zen-engine", zen, 1000),
    "cel-expr-python": ("cel-expr-python", cpp_cel, 4000),
    "common-expression-language": ("common-expression-language", rust_cel, 400),
    "json-logic-qubit": ("json-logic-qubit", json_logic, 400),
    "rule-engine": ("rule-engine", rule_engine, 200),
    "cel-python": ("cel-python", python_cel, 50),
}
"""Engine → its package, what compiles the rules for it, and on how many of the ideas it is measured."""
