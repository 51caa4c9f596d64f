"""Checks the functions that take a name: of a score that places an idea among all ideas, of a goal."""

from __future__ import annotations

from dataclasses import replace

from opshub.language import tree
from opshub.language.across import ACROSS
from opshub.language.findings import Findings, suggestion
from opshub.language.meaning import BROKEN, Term
from opshub.language.names import Names, Place

__all__ = ["attaining", "placing"]


def placing(node: tree.Call, place: Place, names: Names, findings: Findings, *, outside: bool) -> Term:
    """What such a call reads; ``outside`` is a test's expect."""
    function = ACROSS[node.function]
    if place is Place.FEEDBACK or outside:
        where = "in a test's expect" if outside else "in a condition on one piece of feedback"
        hint = f"give it a name: score place = {function.name}(…)"
        findings.report("R209", node.span, f"'{function.name}' cannot stand {where}", hint)
        return BROKEN
    score = _score(node, names, findings)
    if score is None:
        return BROKEN
    read = names.quantity(function.name, score, f"{function.name}({score})")
    shown = [names.quantity(name, score, label.format(score)) for label, name in function.shows.items()]
    return replace(read, operands=(names.score(score), *shown))


def _score(node: tree.Call, names: Names, findings: Findings) -> str | None:
    """The score that is named; a mistake is reported."""
    named = node.arguments[0] if len(node.arguments) == 1 else None
    known = [name for name in names.scores if name not in names.placed]
    if not isinstance(named, tree.Name):
        hint = f"write the name of a score: {node.function}({known[0] if known else 'reach'})"
        findings.report("R222", node.span, f"'{node.function}' takes the name of one score", hint)
        return None
    if names.resolve(named, Place.IDEA).kind is None:
        return None
    if named.name not in names.scores:
        message = f"'{named.name}' is no score with a line of its own"
        hint = suggestion(named.name, known) or f"write above: score {named.name.replace('.', '_')} = …"
        findings.report("R222", named.span, message, hint)
        return None
    if named.name in names.placed:
        message = f"'{named.name}' itself reads other ideas"
        listed = f", such as {known[0]}" if known else ""
        hint = f"name a score that reads its own idea alone{listed}"
        findings.report("R223", named.span, message, hint)
        return None
    return named.name


def attaining(node: tree.Call, names: Names, findings: Findings, *, outside: bool) -> Term:
    """How a goal stands, as a call names it; ``outside`` is a test's expect."""
    if outside:
        hint = f"give it a name: score so_far = {node.function}(…)"
        findings.report("R209", node.span, f"'{node.function}' cannot stand in a test's expect", hint)
        return BROKEN
    named = node.arguments[0] if len(node.arguments) == 1 else None
    if not isinstance(named, tree.Literal) or not isinstance(named.value, str):
        hint = f'write its title: {node.function}("{next(iter(names.goals), "Adoption by winter")}")'
        findings.report("R232", node.span, f"'{node.function}' takes the title of one goal", hint)
        return BROKEN
    return names.attaining(node.function, named.value, named.span)
