"""``rules``: check and test rule files, and look up what they can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from opshub.cli.checked import FILES, checked_rules, diagnostics_view, many, sound_rules
from opshub.cli.coverage import coverage
from opshub.cli.rulefiles import explain, export, fmt, new
from opshub.cli.session import Session, pass_session
from opshub.cli.simulate import simulate
from opshub.cli.text import hang, line, screen
from opshub.cli.view import json_option, say, show
from opshub.errors import ConfigError

__all__ = ["rules"]


@click.group()
def rules() -> None:
    """Check and test rule files, and look up what they can use."""


for _command in (coverage, explain, export, fmt, new):
    rules.add_command(_command)


@rules.command("check")
@FILES
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@json_option
@pass_session
def check(session: Session, files: tuple[Path, ...], strict: bool, as_json_: bool) -> None:
    """Check rule files: those named, or all that are configured.

    Every mistake is shown at once, with its line, a caret and a hint. The exit code is 2 if there is any error;
    warnings leave it 0, unless the check is strict. Lookup tables are read as well: a broken one is an error, and what
    is odd in the others is told. So are settings of write-back by which two connections write one field or one list.
    """
    from opshub.config.tables import check_tables
    from opshub.config.writers import shared_fields, shared_lists

    checked = checked_rules(session, files)
    notes = check_tables(session.config())
    lists, perhaps = shared_lists(session.config()), shared_fields(session.config())
    passed = checked.rules is not None and not (strict and (checked.diagnostics or lists))
    value = {
        "passed": passed,
        "diagnostics": list(checked.diagnostics),
        "tables": list(notes),
        "writers": [{"place": p.place, "message": p.message, "hint": p.hint} for p in (*lists, *perhaps)],
    }
    rendered = [*[diagnostic.render() for diagnostic in checked.diagnostics], *notes]
    rendered += [f"warning: {problem}\n  = {problem.hint}" for problem in (*lists, *perhaps)]
    show(value, as_json_, lambda ready: diagnostics_view(ready, rendered))
    click.get_current_context().exit(0 if passed else 2)


@rules.command("test")
@FILES
@json_option
@pass_session
def test(session: Session, files: tuple[Path, ...], as_json_: bool) -> None:
    """Run the `test` blocks of rule files: those named, or all that are configured.

    The exit code is 1 if a test fails, 2 if the files do not pass their check.
    """
    from opshub.language import run_tests

    results = run_tests(sound_rules(session, files, as_json_))
    passed = all(result.passed for result in results)
    show({"passed": passed, "tests": list(results)}, as_json_, _tests)
    click.get_current_context().exit(0 if passed else 1)


@rules.command("fields")
@click.argument("word", required=False)
@json_option
@pass_session
def fields(session: Session, word: str | None, as_json_: bool) -> None:
    """List the fields that rules can read; with WORD those that have it in their name or description."""
    from opshub.config.rules import rule_schema

    known = rule_schema(session.config())
    found = [
        field
        for field in (*known.idea, *known.feedback)
        if not word or word.lower() in f"{field.name} {field.doc}".lower()
    ]
    value = [
        {
            "name": field.name,
            "kind": str(field.kind),
            "doc": field.doc,
            "optional": field.optional,
            "values": list(field.values),
            "origin": field.origin,
            "currency": field.currency,
        }
        for field in found
    ]
    show(value, as_json_, _fields)


@rules.command("functions")
@click.argument("word", required=False)
@json_option
def functions(word: str | None, as_json_: bool) -> None:
    """List the functions of the rules language; with WORD those that have it in their name or description."""
    from opshub.language.across import EVERY

    value = [
        {
            "name": name,
            "signature": one.signature,
            "doc": one.doc,
            "examples": [{"code": code, "gives": gives} for code, gives in one.examples.items()],
        }
        for name, one in sorted(EVERY.items())
        if not word or word.lower() in f"{one.signature} {one.doc}".lower()
    ]
    show(value, as_json_, _functions)


@rules.command("lsp")
@pass_session
def lsp(session: Session) -> None:
    """Serve an editor: diagnostics, completion, hover and more, in the Language Server Protocol on stdin and stdout.

    Editors start it themselves. It needs the extra `lsp`: pip install "opshub[lsp]".
    """
    from importlib.util import find_spec

    if find_spec("pygls") is None:
        raise ConfigError(
            "the language server needs the package pygls", hint='run: pip install "opshub[lsp]"'
        )
    from opshub.cli.language_server import serve_editor
    from opshub.cli.workbench import Workbench

    serve_editor(Workbench(Path.cwd(), Path(session.config_path) if session.config_path else None))


def _tests(value: Mapping[str, Any]) -> None:
    results: Sequence[Mapping[str, Any]] = value["tests"]
    for result in results:
        mark = "ok  " if result["passed"] else "FAIL"
        say(f"{mark}  {result['name']}  ({result['path']}:{result['line']})")
        for failure in result["failures"]:
            say("\n".join(f"      {part}" for part in failure.splitlines()))
    failed = sum(not result["passed"] for result in results)
    say(
        f"{many(len(results), 'test')}, {failed} failed"
        if results
        else "there are no tests in the rule files"
    )


def _fields(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        say("no field has that word; all: opshub rules fields")
    kinds = [f"{row['kind']}, may be missing" if row["optional"] else row["kind"] for row in rows]
    names = max((len(row["name"]) for row in rows), default=0)
    room = max(map(len, kinds), default=0)
    for row, kind in zip(rows, kinds, strict=True):
        doc = row["doc"] + (f" ({', '.join(row['values'])})" if row["values"] else "")
        doc += f", in {row['currency']} where it has no currency of its own" if row["currency"] else ""
        origin = f"from {row['origin']}" if row["origin"] else ""
        say(hang(f"{row['name']:<{names}}  {kind:<{room}}  ", [line(doc), line(origin)], screen()))


def _functions(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        say(row["signature"], bold=True)
        say(f"  {row['doc']}")
        for example in row["examples"]:
            say(f"    {example['code']}  →  {example['gives']}")
    if not rows:
        say("no function has that word")


rules.add_command(simulate)
