"""``opshub rules lsp``: what editors ask about rule files, in the Language Server Protocol over stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from opshub import __version__
from opshub.cli.workbench import Set, Workbench
from opshub.language import Diagnostic
from opshub.language.completion import Proposal, propose
from opshub.language.formatting import formatted
from opshub.language.hovering import define, explain, rationale
from opshub.language.symbols import Symbol, symbols, word_at

__all__ = ["Ruler", "serve_editor"]

QUIET = 0.15
"""Seconds without a key after which the files are checked."""

_KINDS: Mapping[str, types.CompletionItemKind] = {
    "keyword": types.CompletionItemKind.Keyword,
    "field": types.CompletionItemKind.Field,
    "value": types.CompletionItemKind.EnumMember,
    "function": types.CompletionItemKind.Function,
    "let": types.CompletionItemKind.Variable,
    "score": types.CompletionItemKind.Variable,
    "destination": types.CompletionItemKind.Reference,
}
_ORDER = tuple(kind for kind in _KINDS if kind != "keyword")
_SYMBOLS: Mapping[str, types.SymbolKind] = {
    "let": types.SymbolKind.Variable,
    "score": types.SymbolKind.Number,
    "rule": types.SymbolKind.Function,
    "match": types.SymbolKind.Function,
    "bands": types.SymbolKind.Enum,
    "band": types.SymbolKind.EnumMember,
    "test": types.SymbolKind.Method,
}


def serve_editor(workbench: Workbench) -> None:
    """Answer one editor until it closes its end; nothing else reaches the stream that it reads."""
    with (
        os.fdopen(os.dup(sys.stdin.fileno()), "rb") as asked,
        os.fdopen(os.dup(sys.stdout.fileno()), "wb") as told,
        redirect_stdout(sys.stderr),
    ):
        _Editor(workbench).server.start_io(asked, told)


class Ruler:
    """Converts between places in a text and a line with a column in the client's units (UTF-16, if it says nothing)."""

    def __init__(self, text: str, units: Callable[[str], int]) -> None:
        self._text = text
        self._units = units
        self._ends = [found.span() for found in re.finditer(r"\r\n|\r|\n", text)]
        self._starts = [0, *(end for _, end in self._ends)]

    def position(self, offset: int) -> types.Position:
        """The line and column of a place."""
        line = bisect_right(self._starts, offset) - 1
        return types.Position(line, self._units(self._text[self._starts[line] : offset]))

    def range(self, start: int, end: int) -> types.Range:
        """The stretch between two places."""
        return types.Range(self.position(start), self.position(end))

    def offset(self, position: types.Position) -> int:
        """The place of a line and column; behind the end of a line is its end."""
        if position.line >= len(self._starts):
            return len(self._text)
        at = self._starts[position.line]
        end = self._ends[position.line][0] if position.line < len(self._ends) else len(self._text)
        left = position.character
        while at < end and left > 0:
            left -= self._units(self._text[at])
            at += 1
        return at

    def marked(self, diagnostic: Diagnostic) -> tuple[int, int]:
        """The stretch that a diagnostic marks; its lines end at line feeds only."""
        start = 0
        for _ in range(diagnostic.line - 1):
            start = self._text.index("\n", start) + 1
        first, last = start + diagnostic.column - 1, start + diagnostic.end_column - 1
        return min(first, len(self._text)), min(last, len(self._text))


@dataclass(slots=True)
class _Editor:
    """One editor's session."""

    workbench: Workbench
    server: LanguageServer = field(init=False)
    _told: dict[Path, list[types.Diagnostic]] = field(default_factory=dict)
    _said: str = ""
    _due: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        # Whole texts at each change: what counts as a line's end differs between the protocol and Python.
        self.server = LanguageServer("opshub", __version__, types.TextDocumentSyncKind.Full)
        points = types.CompletionOptions(trigger_characters=[".", '"'])
        answers: Mapping[str, tuple[Any, Any]] = {
            types.INITIALIZED: (self._begin, None),
            types.TEXT_DOCUMENT_DID_OPEN: (self._changed, None),
            types.TEXT_DOCUMENT_DID_CHANGE: (self._changed, None),
            types.TEXT_DOCUMENT_DID_SAVE: (self._changed, None),
            types.TEXT_DOCUMENT_DID_CLOSE: (self._closed, None),
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (lambda _: self._soon(), None),
            types.TEXT_DOCUMENT_COMPLETION: (self._complete, points),
            types.TEXT_DOCUMENT_HOVER: (self._hover, None),
            types.TEXT_DOCUMENT_DEFINITION: (self._definition, None),
            types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (self._symbols, None),
            types.TEXT_DOCUMENT_FORMATTING: (self._format, None),
        }
        for name, (answer, options) in answers.items():
            self.server.feature(name, options)(_plain(answer))

    def _begin(self, _: types.InitializedParams) -> None:
        root = self.server.workspace.root_path
        if root:
            self.workbench.folder = Path(root)
        self._soon()

    def _changed(self, params: Any) -> None:
        uri = params.text_document.uri
        self.workbench.unsaved[_file(uri)] = self.server.workspace.get_text_document(uri).source
        self._soon()

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        self.workbench.unsaved.pop(_file(params.text_document.uri), None)
        self._soon()

    def _soon(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_later(QUIET, self._check)

    def _check(self) -> None:
        """Tell the editor what is wrong now, where that differs from what it was told."""
        found = {
            file: [self._diagnostic(self._ruler(one, file), diagnostic) for diagnostic in diagnostics]
            for one in self.workbench.sets()
            for file, diagnostics in one.findings().items()
        }
        for file in {**self._told, **found}:
            if found.get(file, []) != self._told.get(file, None):
                params = types.PublishDiagnosticsParams(_uri(file), found.get(file, []))
                self.server.text_document_publish_diagnostics(params)
        self._told = found
        if self.workbench.trouble and self.workbench.trouble != self._said:
            message = types.ShowMessageParams(types.MessageType.Warning, self.workbench.trouble)
            self.server.window_show_message(message)
        self._said = self.workbench.trouble

    def _ruler(self, one: Set, file: Path) -> Ruler:
        return Ruler(one.text(file), self.server.workspace.position_codec.client_num_units)

    def _diagnostic(self, ruler: Ruler, found: Diagnostic) -> types.Diagnostic:
        severe = found.severity == "error"
        return types.Diagnostic(
            range=ruler.range(*ruler.marked(found)),
            message=f"{found.message}\n{found.hint}" if found.hint else found.message,
            severity=types.DiagnosticSeverity.Error if severe else types.DiagnosticSeverity.Warning,
            code=found.code,
            source="opshub",
        )

    def _place(self, params: Any) -> tuple[Set, Path, Ruler, int]:
        file = _file(params.text_document.uri)
        one = self.workbench.of(file)
        ruler = self._ruler(one, file)
        return one, file, ruler, ruler.offset(params.position)

    def _complete(self, params: types.CompletionParams) -> list[types.CompletionItem]:
        one, file, ruler, offset = self._place(params)
        found = propose(one.text(file), offset, one.known())
        return [self._item(proposal, ruler.range(proposal.start, offset)) for proposal in found]

    def _item(self, found: Proposal, replaced: types.Range) -> types.CompletionItem:
        order = _ORDER.index(found.kind) if found.kind in _ORDER else len(_ORDER)
        return types.CompletionItem(
            label=found.label,
            kind=_KINDS[found.kind],
            detail=found.detail or None,
            documentation=found.doc or None,
            sort_text=f"{order}{found.label}",
            text_edit=types.TextEdit(replaced, found.label),
        )

    def _hover(self, params: types.HoverParams) -> types.Hover | None:
        one, file, ruler, offset = self._place(params)
        word = word_at(one.text(file), offset)
        said = explain(word, one.known()) if word else ""
        here = params.position
        codes = [
            str(told.code)
            for told in self._told.get(file, ())
            if (told.range.start.line, told.range.start.character)
            <= (here.line, here.character)
            <= (told.range.end.line, told.range.end.character)
        ]
        parts = [part for part in (said, *map(rationale, codes)) if part]
        if not parts:
            return None
        marked = ruler.range(word.start, word.end) if word else None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts)), marked)

    def _definition(self, params: types.DefinitionParams) -> types.Location | None:
        one, file, _, offset = self._place(params)
        word = word_at(one.text(file), offset)
        found = define(word, one.known()) if word else None
        there = one.file(found.path) if found else None
        if found is None or there is None:
            return None
        return types.Location(_uri(there), self._ruler(one, there).range(found.start, found.end))

    def _symbols(self, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        file = _file(params.text_document.uri)
        one = self.workbench.of(file)
        ruler = self._ruler(one, file)
        found = symbols([one.sources[one.files.index(file)]])
        bands = [self._symbol(symbol, ruler) for symbol in found if symbol.word == "band"]
        made = [self._symbol(symbol, ruler) for symbol in found if symbol.word != "band"]
        for symbol in made:
            if symbol.kind == types.SymbolKind.Enum:
                symbol.children = [band for band in bands if _within(band.range, symbol.range)]
        return made

    def _format(self, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        file = _file(params.text_document.uri)
        one = self.workbench.of(file)
        source = one.sources[one.files.index(file)]
        text = formatted(source).text
        if text is None or text == source.text:
            return []
        return [types.TextEdit(self._ruler(one, file).range(0, len(source.text)), text)]

    def _symbol(self, found: Symbol, ruler: Ruler) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=found.name or found.word,
            kind=_SYMBOLS.get(found.word, types.SymbolKind.Property),
            range=ruler.range(found.first, found.last),
            selection_range=ruler.range(found.start, found.end),
            detail=found.word,
        )


def _plain(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A plain function: the library looks at a handler's attributes, which methods do not take."""
    return lambda params: answer(params)


def _within(inner: types.Range, outer: types.Range) -> bool:
    return outer.start.line <= inner.start.line and inner.end.line <= outer.end.line


def _file(uri: str) -> Path:
    return Path(to_fs_path(uri) or uri).resolve()


def _uri(file: Path) -> str:
    return from_fs_path(str(file)) or file.as_uri()
