"""Checks goals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from opshub.language import tree, watching
from opshub.language.findings import Findings
from opshub.language.meaning import Verdict
from opshub.language.schema import Kind
from opshub.language.series import Series, Target
from opshub.language.watches import Watches

__all__ = ["GoalChecker"]

_SIGNS = {"reach": ">=", "fall to": "<="}
_FORM = "write: signal adoption reach 40% by 2026-12-31, or fall to 5%"


class GoalChecker:
    """The goals of one rule set."""

    def __init__(self, findings: Findings, watches: Watches) -> None:
        self.targets: list[Target] = []
        self._findings = findings
        self._watches = watches
        self._marks: dict[str, tree.Span] = {}

    def goal(self, node: watching.Goal) -> None:
        """Check a goal; all signals are known by now."""
        self._watches.once("goal", node.name, node.mark)
        aim = node.aim
        series = self._watches.known(aim.signal, aim.mark)
        if aim.verb not in _SIGNS:
            self._findings.report("R131", aim.pace, f"a goal does not '{aim.verb}'", _FORM)
        bound = self._bound(aim.target, series)
        by = aim.by.value if isinstance(aim.by.value, datetime) else None
        if by is None:
            self._findings.report("R231", aim.by.span, "a goal needs a date", "write a day: by 2026-12-31")
        self._marks.setdefault(node.name, node.mark)
        if series is None or bound is None or by is None or aim.verb not in _SIGNS:
            return
        shown = self._findings.text(aim.span).removeprefix("signal").strip()
        self.targets.append(
            Target(
                name=node.name,
                place=self._findings.place(node.span),
                signal=series.name,
                sign=_SIGNS[aim.verb],
                bound=bound,
                by=by,
                shown=" ".join(shown.split()),
                because=node.reason.text if node.reason else "",
            )
        )

    def _bound(self, target: tree.Literal, series: Series | None) -> float | None:
        """The target in the signal's unit; another unit is reported."""
        message, hint = "", ""
        value = target.value
        if not isinstance(value, float) or target.kind is not Kind.NUMBER:
            message, hint = f"a target is a number, this is {target.kind.one}", "write 40%, 0.4 or 50000"
        elif series is not None and series.term is not None and not series.parts:
            share = self._findings.text(target.span).endswith("%")
            if series.term.op == "share" and not (share or 0 <= value <= 1):
                message = f"'{series.name}' is a share, from 0 to 1; it never comes to {value:g}"
                hint = f"write {value:g}%"
            elif series.term.op == "count" and share:
                message = f"'{series.name}' is a count; a percentage says nothing of it"
                hint = "write how many: 500"
        if message:
            self._findings.report("R230", target.span, message, hint)
        return value if isinstance(value, float) and not message else None

    def report_unsupported(self, rules: Iterable[Verdict]) -> None:
        """Warn of goals that no rule lets any idea support."""
        named = {goal for rule in rules for goal in rule.goals}
        for name, mark in self._marks.items():
            if name not in named:
                hint = f'add to a rule: supports "{name}"; people can say so too: opshub ideas support IDEA'
                self._findings.report("R330", mark, f"no rule supports '{name}'", hint)
