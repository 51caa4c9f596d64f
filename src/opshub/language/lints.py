"""What can be proven about conditions: contradictions, implications, and where a missing value would surprise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from opshub.language.findings import Findings
from opshub.language.meaning import COMPARE, GATHERING, SEARCHES, Definition, Term, show
from opshub.language.schema import Field
from opshub.language.tree import Span

__all__ = ["conjuncts", "fragile", "implies", "never", "proven", "report_beyond"]

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def conjuncts(term: Term, lets: Mapping[str, Definition]) -> frozenset[Term]:
    """The conditions that all hold where this one does; lets are followed."""
    stack, found, seen = [term], set(), set()
    while stack:
        part = stack.pop()
        if part.op == "and":
            stack.extend(part.operands)
        elif part.op == "let" and part.detail not in seen:
            seen.add(part.detail)
            found.add(part)
            stack.append(lets[str(part.detail)].term)
        else:
            found.add(_literal_right(part))
    return frozenset(found)


def _literal_right(term: Term) -> Term:
    """A comparison with its constant on the right."""
    if term.op in _MIRRORED and term.operands[0].op == "constant" and term.operands[1].op != "constant":
        left, right = term.operands
        return Term(_MIRRORED[term.op], term.kind, (right, left), None, term.optional, term.row, term.late)
    return term


def implies(later: Term, earlier: Term, lets: Mapping[str, Definition]) -> bool:
    """Whether it is provable that wherever ``later`` holds, ``earlier`` holds too."""
    return _Proof(lets).holds(later, earlier)


class _Proof:
    """Looks for a proof, and gives up after so many steps: no proof is no accusation."""

    def __init__(self, lets: Mapping[str, Definition]) -> None:
        self._lets = lets
        self._left = 300

    def holds(self, later: Term, earlier: Term) -> bool:
        self._left -= 1
        later, earlier = self._plain(later), self._plain(earlier)
        if later == earlier:
            return True
        if self._left < 0:
            return False
        if earlier.op == "and":
            return all(self.holds(later, part) for part in earlier.operands)
        if later.op == "or":
            return all(self.holds(part, earlier) for part in later.operands)
        if earlier.op == "or" and any(self.holds(later, part) for part in earlier.operands):
            return True
        if later.op == "and":
            return any(self.holds(part, earlier) for part in later.operands)
        if later.op == earlier.op == "not":
            return self.holds(earlier.operands[0], later.operands[0])
        return self._entails(later, earlier)

    def _plain(self, term: Term) -> Term:
        while term.op == "let":
            term = self._lets[str(term.detail)].term
        return _literal_right(term)

    def _entails(self, fact: Term, part: Term) -> bool:
        if fact.op == part.op and fact.op in ("any", "all", "no"):
            same = fact.gathering.over == part.gathering.over and fact.operands[1:] == part.operands[1:]
            if fact.op == "any":
                weaker = same or part.gathering.over == "feedback"
                return weaker and self.holds(fact.where, part.where)
            ways = (fact.where, part.where) if fact.op == "all" else (part.where, fact.where)
            return same and self.holds(*ways)
        if part.op == "missing":
            asked = fact.op in COMPARE or fact.op in ("in", "contains", "mentions")
            return bool(part.detail) and asked and part.operands[0] in fact.operands
        if fact.operands[0:1] != part.operands[0:1]:
            return False
        if fact.op == part.op == "mentions":
            return set(fact.members) <= set(part.members)
        return _follows(fact, part)


def _follows(fact: Term, part: Term) -> bool:
    """Whether one comparison of a value with something written out follows from another of the same value."""
    known, allowed = _values(fact), _values(part)
    if known is not None and allowed is not None:
        return set(known) <= set(allowed)
    if part.op not in COMPARE or part.operands[1].op != "constant":
        return False
    bound: Any = part.operands[1].detail
    if known is not None:
        return all(COMPARE[part.op](value, bound) for value in known)
    if fact.op not in COMPARE or fact.operands[1].op != "constant":
        return False
    value: Any = fact.operands[1].detail
    up, down = (">", ">="), ("<", "<=")
    if part.op == "!=" and fact.op in (*up, *down):
        return not COMPARE[fact.op](bound, value)
    if fact.op in up and part.op in up:
        return bool(value > bound or (value == bound and not (fact.op == ">=" and part.op == ">")))
    if fact.op in down and part.op in down:
        return bool(value < bound or (value == bound and not (fact.op == "<=" and part.op == "<")))
    return False


def never(term: Term, lets: Mapping[str, Definition]) -> str:
    """Why a condition cannot hold, in words, or nothing where that cannot be proven."""
    parts = conjuncts(term, lets) if term.op in ("and", "let") else [_literal_right(term)]
    # Putting them in order, so that the same reason is told each time, takes far longer than looking for one.
    return _contradiction(list(parts)) and _contradiction(sorted(parts, key=show))


def _contradiction(parts: Sequence[Term]) -> str:
    for part in parts:
        if part.op in COMPARE and all(operand.op == "constant" for operand in part.operands):
            left, right = (operand.detail for operand in part.operands)
            if not COMPARE[part.op](left, right):
                return f"{show(part)} is false"
    for i, one in enumerate(parts):
        for other in parts[i + 1 :]:
            if one.operands[:1] == other.operands[:1] and (_clash(one, other) or _clash(other, one)):
                return f"{show(one)} contradicts {show(other)}"
    return ""


def _clash(one: Term, other: Term) -> bool:
    """Whether two facts about the same value exclude each other."""
    if one.op == "missing":
        compares = other.op in COMPARE or other.op == "in" or other.op in SEARCHES
        return not one.detail and (compares or (other.op == "missing" and bool(other.detail)))
    values = _values(one)
    if values is None:
        return one.op in ("<", "<=") and other.op in (">", ">=") and _apart(one, other)
    allowed = _values(other)
    if allowed is not None:
        return not set(values) & set(allowed)
    if other.op in COMPARE and other.operands[1].op == "constant":
        compare, bound = COMPARE[other.op], other.operands[1].detail
        return not any(compare(value, bound) for value in values)
    return False


def _values(term: Term) -> tuple[Any, ...] | None:
    if term.op == "in":
        return term.members
    if term.op == "==" and term.operands[1].op == "constant":
        return (term.operands[1].detail,)
    return None


def _apart(below: Term, above: Term) -> bool:
    if below.operands[1].op != "constant" or above.operands[1].op != "constant":
        return False
    high: Any = below.operands[1].detail
    low: Any = above.operands[1].detail
    return bool(high < low or (high == low and not (below.op == "<=" and above.op == ">=")))


def fragile(term: Term, lets: Mapping[str, Definition]) -> frozenset[Term]:
    """The fields whose absence makes this condition false without a word; ``is missing`` asks on purpose."""
    stack, found, seen = [term], set(), set()
    while stack:
        part = stack.pop()
        if part.op in ("idea", "row"):
            found.add(part)
        elif part.op == "let" and part.detail not in seen:
            seen.add(part.detail)
            stack.append(lets[str(part.detail)].term)
        elif part.op not in GATHERING and part.op != "missing":
            if part.op == "and":
                proven = {p.operands[0] for p in part.operands if p.op == "missing" and p.detail}
                found |= frozenset().union(*(fragile(p, lets) for p in part.operands)) - proven
            else:
                stack.extend(part.operands)
    return frozenset(found)


def proven(term: Term) -> frozenset[Term]:
    """The fields that are certainly there where a condition holds."""
    if term.op == "and":
        return frozenset().union(*map(proven, term.operands))
    if term.op == "missing":
        return frozenset(term.operands) if term.detail else frozenset()
    if term.op in ("==", "!=", "<", "<=", ">", ">=", "in") or term.op in SEARCHES:
        return frozenset(operand for operand in term.operands if operand.op in ("idea", "row", "let"))
    return frozenset()


def report_beyond(field: Field | None, value: Term, span: Span, findings: Findings) -> None:
    """Report a comparison with a number that the field never reaches."""
    number = value.detail
    if field is None or value.op != "constant" or not isinstance(number, float):
        return
    least = -math.inf if field.least is None else field.least
    most = math.inf if field.most is None else field.most
    if least <= number <= most:
        return
    bounds = f"from {least:g} to {most:g}" if math.isfinite(most) else f"{least:g} at least"
    hint = f"a value of this field is {bounds}"
    if field.name == "feedback.rating":
        hint = (
            "it is a share of the scale: of 1 to 5 stars, 1 is 0 and 5 are 1; rating_value is as it was given"
        )
    findings.report("R336", span, f"'{field.name}' is {bounds}, never {number:g}", hint)
