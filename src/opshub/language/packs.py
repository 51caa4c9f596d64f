"""Puts the packs that files use in the place of their ``use``, with what the files set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from opshub.language import tree
from opshub.language.diagnostics import Source
from opshub.language.findings import Findings, suggestion

__all__ = ["Arranged", "arrange"]


@dataclass(frozen=True, slots=True)
class Arranged:
    """All statements in the order in which they count; ``settings`` are those of parameters, by file and name."""

    statements: tuple[tree.Statement, ...]
    settings: Mapping[int, Mapping[str, tree.Setting]]


def arrange(
    statements: Sequence[tree.Statement], findings: Findings, given: int, packs: Mapping[str, Source]
) -> Arranged:
    """The statements of all files, packs where they are used first.

    Files from number ``given`` on are there because they are used; their tests are their own affair, because what a
    file sets may change what comes out.
    """
    arranging = _Arranging(statements, findings, given, packs)
    ordered = [statement for file in range(given) for statement in arranging.of(file)]
    arranging.check_settings()
    return Arranged(tuple(ordered), arranging.settings)


@dataclass(slots=True)
class _Arranging:
    statements: Sequence[tree.Statement]
    findings: Findings
    given: int
    packs: Mapping[str, Source]
    settings: dict[int, dict[str, tree.Setting]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    inside: list[int] = field(default_factory=list)

    def of(self, file: int) -> Iterator[tree.Statement]:
        """The statements of a file that was not in its place yet."""
        if file in self.done:
            return
        self.done.add(file)
        self.inside.append(file)
        begun = False
        for statement in self._own(file):
            if isinstance(statement, tree.Use):
                yield from self._used(statement, begun)
            elif file < self.given or not isinstance(statement, tree.Test):
                yield statement
            begun = begun or not isinstance(statement, tree.Use | tree.Parameter)
        self.inside.pop()

    def _own(self, file: int) -> list[tree.Statement]:
        return [statement for statement in self.statements if statement.span.file == file]

    def _used(self, node: tree.Use, begun: bool) -> Iterator[tree.Statement]:
        if begun:
            hint = "move it above the first statement that is neither use nor parameter"
            self.findings.report("R015", node.mark, "'use' stands at the top of a file", hint)
        pack = self.packs.get(node.pack)
        if pack is None:
            hint = suggestion(node.pack, tuple(self.packs)) or "'opshub rules new' lists the packs"
            self.findings.report("R117", node.mark, f"there is no pack '{node.pack}'", hint)
            self.findings.lost.pack = True
            return
        file = next((i for i, s in enumerate(self.findings.sources) if s.path == pack.path), None)
        if file is None:
            hint = f'write it on one line: use "{node.pack}"'
            self.findings.report("R117", node.mark, "the pack's name does not stand beside 'use'", hint)
            self.findings.lost.pack = True
            return
        if file in self.inside:
            hint = "take the common part out of both"
            self.findings.report(
                "R119", node.mark, f"'{node.pack}' uses itself, perhaps through others", hint
            )
            return
        self._set(node, file)
        yield from self.of(file)

    def _set(self, node: tree.Use, file: int) -> None:
        known = self.settings.setdefault(file, {})
        for setting in node.settings:
            first = known.setdefault(setting.name, setting)
            if first is not setting:
                hint = f"the first stands at {self.findings.place(first.span)}"
                self.findings.report("R108", setting.mark, f"'{setting.name}' is set twice", hint)

    def check_settings(self) -> None:
        """Report what no parameter of its pack takes."""
        for file, settings in self.settings.items():
            parameters = {node.name: node for node in self._own(file) if isinstance(node, tree.Parameter)}
            for name, setting in settings.items():
                self._check_setting(setting, name, parameters)

    def _check_setting(
        self, setting: tree.Setting, name: str, parameters: Mapping[str, tree.Parameter]
    ) -> None:
        parameter = parameters.get(name)
        if parameter is None:
            hint = suggestion(name, tuple(parameters)) or "this pack has no parameters"
            self.findings.report("R118", setting.mark, f"the pack has no parameter '{name}'", hint)
        elif isinstance(setting.value, tree.Literal) and setting.value.kind is not parameter.value.kind:
            message = f"'{name}' is {parameter.value.kind.one}, not {setting.value.kind.one}"
            hint = f"it is declared at {self.findings.place(parameter.span)}"
            self.findings.report("R118", setting.value.span, message, hint)
