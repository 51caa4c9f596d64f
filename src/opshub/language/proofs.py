"""What can be proven about rules together: repetitions, circles of tags, and routes to readers who may not know.

A finding is reported only where it is proven; what merely looks alike is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from opshub.language import tree
from opshub.language.findings import Findings
from opshub.language.lints import conjuncts, implies
from opshub.language.meaning import Definition, Term, Verdict, leaves
from opshub.language.schema import Schema

__all__ = ["report_proven"]

Rules = Sequence[tuple[tree.Rule, Verdict]]
VISIBILITY = "feedback.visibility"


def report_proven(
    rules: Rules,
    lets: Mapping[str, Definition],
    scores: Mapping[str, Definition],
    schema: Schema,
    findings: Findings,
) -> None:
    """Report what these rules do to each other and to those who read their routes."""
    sound = [(node, verdict) for node, verdict in rules if verdict.when.kind is not None]
    _report_repeated(sound, lets, findings)
    _report_circles(sound, Named(lets, scores), findings)
    for node, verdict in sound:
        _report_exposure(node, verdict, lets, schema, findings)


class Named(NamedTuple):
    """What conditions can name."""

    lets: Mapping[str, Definition]
    scores: Mapping[str, Definition]

    def below(self, when: Term) -> Iterator[Term]:
        """Every term of a condition, and of the lets and scores that it names."""
        seen: set[str] = set()
        waiting = [when]
        for root in waiting:
            for term in leaves(root, self.lets):
                yield term
                score = self.scores.get(str(term.detail)) if term.op == "score" else None
                if score is not None and score.name not in seen:
                    seen.add(score.name)
                    waiting.append(score.term)


def _report_repeated(rules: Rules, lets: Mapping[str, Definition], findings: Findings) -> None:
    alike: dict[object, list[tuple[tree.Rule, Verdict]]] = {}
    for node, verdict in rules:
        points = frozenset((score, amount) for score, amount, _ in verdict.additions)
        effects = (points, frozenset(verdict.tags), verdict.route, verdict.stops)
        if not (verdict.additions or verdict.tags) or verdict.stops:
            continue
        known = alike.setdefault(effects, [])
        for other, earlier in known:
            if implies(verdict.when, earlier.when, lets) and implies(earlier.when, verdict.when, lets):
                message = f"'{node.name}' says the same as '{other.name}' at {earlier.place}"
                findings.report("R320", node.mark, message, "leave one out, or tell them apart")
                break
        known.append((node, verdict))


def _report_circles(rules: Rules, named: Named, findings: Findings) -> None:
    """Each circle once, at the rule that stands first."""
    # Each rule of a circle gives a tag.
    reads = [frozenset(_tags_read(v.when, named) if v.tags else ()) for _, v in rules]
    givers: dict[str, list[int]] = {}
    for number, (_, verdict) in enumerate(rules):
        for tag in verdict.tags:
            givers.setdefault(tag, []).append(number)
    told: set[int] = set()
    for start in range(len(rules)):
        way = _way_back(start, reads, givers)
        if way and not told & set(way):
            told.update(way)
            _report_circle([rules[number] for number in way], named, findings)


def _way_back(start: int, reads: Sequence[frozenset[str]], givers: Mapping[str, Sequence[int]]) -> list[int]:
    """The shortest way from a rule over the rules whose tags it reads back to itself."""
    before: dict[int, int] = {}
    waiting = [start]
    for number in waiting:
        for tag in sorted(reads[number]):
            for giver in givers.get(tag, ()):
                if giver == start:
                    way = [number]
                    while way[-1] != start:
                        way.append(before[way[-1]])
                    return way[::-1]
                if giver not in before:
                    before[giver] = number
                    waiting.append(giver)
    return []


def _report_circle(way: Sequence[tuple[tree.Rule, Verdict]], named: Named, findings: Findings) -> None:
    parts = []
    for (node, verdict), (giver, given) in zip(way, [*way[1:], way[0]], strict=True):
        tag = sorted(set(given.tags) & set(_tags_read(verdict.when, named)))[0]
        who = "it" if giver is node else f"'{giver.name}'"
        parts.append(f"'{node.name}' reads \"{tag}\", which {who} gives")
    hint = "rules never read a tag that the hub wrote: ask for what stands behind it"
    findings.report("R321", way[0][0].mark, f"a circle of tags: {'; '.join(parts)}", hint)


def _tags_read(when: Term, named: Named) -> Iterator[str]:
    """Tags whose presence a condition asks for, itself or through what it names."""
    for term in named.below(when):
        if not term.op.startswith("contains") or term.operands[0].op not in ("idea", "row"):
            continue
        if term.operands[0].field[1] in ("idea.tags", "feedback.tags"):
            yield from (str(o.detail) for o in term.operands[1:] if o.op == "constant")
            yield from map(str, term.members if len(term.operands) == 1 else ())


def _report_exposure(
    node: tree.Rule, verdict: Verdict, lets: Mapping[str, Definition], schema: Schema, findings: Findings
) -> None:
    connection = verdict.route.partition(".")[0]
    audience = schema.audiences.get(connection, "")
    known = next((field.values for field in schema.feedback if field.name == VISIBILITY), ())
    demanded = _demanded(verdict.when, lets) if audience in known else set()
    if not demanded or not demanded <= set(known):
        return
    most_open = min(demanded, key=known.index)
    if known.index(most_open) > known.index(audience):
        route = next(effect for effect in node.effects if isinstance(effect, tree.Route))
        message = f"this rule is about {most_open} feedback, and '{connection}' is read by {audience} readers"
        hint = (
            "they would get an idea without what it is about; route it to a connection with a closer audience"
        )
        findings.report("R322", route.span, message, hint)


def _demanded(when: Term, lets: Mapping[str, Definition]) -> set[str]:
    """The visibilities one of which some feedback must have; empty where none is demanded."""
    for part in conjuncts(when, lets):
        if part.op in ("any", "all") and part.operands:
            for fact in conjuncts(part.operands[0], lets):
                found = _visibilities(fact)
                if found:
                    return found
    return set()


def _visibilities(fact: Term) -> set[str]:
    if not fact.operands or fact.operands[0].op != "row" or fact.operands[0].field[1] != VISIBILITY:
        return set()
    if fact.op == "in":
        return {str(value) for value in fact.members}
    constant: Any = fact.operands[-1]
    return {str(constant.detail)} if fact.op == "==" and constant.op == "constant" else set()
