"""The folder ``editors``: the colours know every word of the grammar, and the extension's parts fit together."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lark.lexer import PatternStr

from opshub.language.machine import lark

EXTENSION = Path(__file__).parent.parent / "editors" / "vscode"
GRAMMAR: Mapping[str, Any] = json.loads((EXTENSION / "syntaxes" / "rules.tmLanguage.json").read_text("utf-8"))
WORDS = sorted(
    terminal.pattern.value
    for terminal in lark().terminals
    if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha()
)
_LISTED = re.compile(r"^\\b\(\?:([a-z|]+)\)\\b")


def _patterns() -> list[Mapping[str, Any]]:
    return [GRAMMAR["repository"][entry["include"].lstrip("#")] for entry in GRAMMAR["patterns"]]


def _scopes(line: str) -> Iterator[tuple[str, str]]:
    """The words of a line with their scopes, as a TextMate engine has them: the first pattern of the leftmost match."""
    at = 0
    while at < len(line):
        found = [
            (m.start(), i, m, p)
            for i, p in enumerate(_patterns())
            if (m := re.compile(p.get("match") or p["begin"]).search(line, at)) and m.end() > m.start()
        ]
        if not found:
            return
        _, _, match, pattern = min(found, key=lambda part: part[:2])
        at = match.end()
        if "begin" in pattern:
            until = re.compile(rf'(?:\\.|[^"\\])*(?:{pattern["end"]})').match(line, at)
            at = until.end() if until else len(line)
            yield line[match.start() : at], pattern["name"]
        elif "captures" in pattern:
            yield from ((match[int(group)], told["name"]) for group, told in pattern["captures"].items())
        else:
            yield match[0], pattern["name"]


def scopes(line: str) -> dict[str, str]:
    return {text: scope.removesuffix(".opshub-rules") for text, scope in _scopes(line)}


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_grammar_has_its_colour(word: str) -> None:
    scope = scopes(f"x {word} y")[word]

    assert scope.split(".")[0] in ("keyword", "constant", "support")


def test_the_colours_know_no_word_that_the_grammar_does_not() -> None:
    listed = [
        word for p in _patterns() if (m := _LISTED.match(p.get("match", ""))) for word in m[1].split("|")
    ]

    assert sorted(listed) == WORDS


def test_parts_of_a_line_are_told_apart() -> None:
    found = scopes('let leaving = clamp(account.arr, 1.5, 15%) > 90d and text == "a \\" b" # why "not"')

    assert found == {
        "let": "keyword.control",
        "leaving": "entity.name.variable",
        "=": "keyword.operator",
        "clamp": "support.function",
        "account.arr": "variable.other.member",
        "1.5": "constant.numeric",
        "15%": "constant.numeric",
        ">": "keyword.operator",
        "90d": "constant.numeric",
        "and": "keyword.operator.word",
        "text": "variable.other",
        "==": "keyword.operator",
        '"a \\" b"': "string.quoted.double",
        '# why "not"': "comment.line.number-sign",
    }


def test_an_amount_and_its_currency_are_one_literal() -> None:
    found = scopes("spend > 1_000.50 EUR and rating > 5 AND x")

    assert found["1_000.50 EUR"] == found["5"] == "constant.numeric"
    assert found["AND"] == "variable.other"


def test_words_inside_of_names_and_fields_are_no_keywords() -> None:
    found = scopes("ruled idea.tags 评分 2026-01-31 unhappy_test")

    assert found == {
        "ruled": "variable.other",
        "idea.tags": "variable.other.member",
        "评分": "variable.other",
        "2026-01-31": "constant.numeric",
        "unhappy_test": "variable.other",
    }


def test_a_text_that_is_not_closed_ends_with_its_line() -> None:
    starter = files("opshub_rules").joinpath("starter.rules").read_text(encoding="utf-8")

    assert scopes('tag "open') == {"tag": "keyword.other", '"open': "string.quoted.double"}
    assert all(
        text == "" or dict(_scopes(text))
        for text in map(str.strip, starter.splitlines())
        if text.strip("{}[],()")
    )


def test_the_extension_names_files_that_exist() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    told = package["contributes"]
    named = [package["main"], told["languages"][0]["configuration"], told["grammars"][0]["path"]]

    assert all((EXTENSION / name).is_file() for name in named)
    assert told["grammars"][0]["scopeName"] == GRAMMAR["scopeName"]
    assert told["languages"][0]["id"] == told["grammars"][0]["language"]
    assert json.loads((EXTENSION / "language-configuration.json").read_text(encoding="utf-8"))["brackets"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_extension_is_sound_javascript_and_starts_the_server() -> None:
    program = (
        "const Module = require('module'); const load = Module._load; let made;"
        "const folder = { uri: { fsPath: '/here' } };"
        "const vscode = { workspace: { workspaceFolders: [folder], createFileSystemWatcher: () => ({}),"
        " getConfiguration: () => ({ get: (name) => ({ command: 'opshub', config: 'x.toml' })[name] }) } };"
        "class LanguageClient { constructor(id, name, server) { made = server } async start() {} }"
        "Module._load = (name, ...rest) => name === 'vscode' ? vscode"
        " : name === 'vscode-languageclient/node' ? { LanguageClient } : load(name, ...rest);"
        f"require({json.dumps(str(EXTENSION / 'extension.js'))}).activate().then(() =>"
        " console.log(JSON.stringify(made)));"
    )
    ended = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)

    assert json.loads(ended.stdout) == {
        "command": "opshub",
        "args": ["--config", "x.toml", "rules", "lsp"],
        "options": {"cwd": "/here"},
    }
