"""``rules fmt``, ``rules explain`` and ``rules export``: the files themselves, whatever the rules mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from opshub.cli.checked import FILES, many, sound_rules
from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, json_option, say, show, table
from opshub.errors import UsageError

__all__ = ["explain", "export", "fmt", "new"]


@click.command("fmt")
@FILES
@click.option("--check", "only_check", is_flag=True, help="Change nothing; name the files that would change.")
@pass_session
def fmt(session: Session, files: tuple[Path, ...], only_check: bool) -> None:
    """Lay out rule files in one way: those named, or all that are configured.

    Tokens and comments stay as they are, and so do line breaks inside of clauses. A file that cannot be read is left
    alone and reported; then the exit code is 2. With --check it is 1 if a file would change.
    """
    from opshub.config.rules import rule_files, sources
    from opshub.language.formatting import formatted

    named = [file.absolute() for file in files]
    texts = sources(session.config(), named or None)
    paths = named or rule_files(session.config())
    changed = broken = 0
    for path, source in zip(paths, texts, strict=True):
        found = formatted(source)
        for diagnostic in found.diagnostics:
            say(diagnostic.render() + "\n")
        broken += found.text is None
        if found.text is None or found.text == source.text:
            continue
        changed += 1
        say(f"{'would change' if only_check else 'changed'} {source.path}")
        if not only_check:
            _replace(path, found.text)
    left = f"; {many(broken, 'file')} cannot be read and stay as they are" if broken else ""
    say(f"{many(len(paths), 'file')}, {changed} {'to change' if only_check else 'changed'}{left}")
    click.get_current_context().exit(2 if broken else int(only_check and changed > 0))


def _replace(path: Path, text: str) -> None:
    """Put a text in the place of a file at once, so that nobody reads half of it."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.new")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.chmod(target.stat().st_mode & 0o777)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        hint = "make the file and its folder writable, or see what would change: opshub rules fmt --check"
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint=hint) from error


@click.command("explain")
@click.argument("code")
@json_option
def explain(code: str, as_json_: bool) -> None:
    """Explain the code of a finding, such as R102: why it exists, and an example before and after."""
    from opshub.language.codes import CODES
    from opshub.language.findings import suggestion

    name = code.strip().strip("[]").upper()
    if name not in CODES:
        hint = suggestion(name, tuple(CODES)) or "the codes stand in the manual of the rules, docs/rules.md"
        raise UsageError(f"there is no code {code!r}", hint=hint)
    value = {
        "code": name,
        **{k: getattr(CODES[name], k) for k in ("severity", "title", "reason", "before", "after")},
    }
    show(value, as_json_, _explained)


def _explained(value: Mapping[str, Any]) -> None:
    from opshub.language.reference import cut

    say(f"{value['severity']}[{value['code']}]: {value['title']}", bold=True)
    say(f"{value['reason']}\n")
    for moment in ("before", "after"):
        say(f"{moment}:\n")
        say("\n".join(f"    {line}".rstrip() for line in cut(value[moment]).splitlines()) + "\n")


@click.command("export")
@FILES
@json_option
@pass_session
def export(session: Session, files: tuple[Path, ...], as_json_: bool) -> None:
    """Print the checked tree of rule files for other tools: those named, or all that are configured.

    JSON has everything: `version`, and for each of `files` its `path` and `statements`. Every node says what it is
    (`node`), where it stands (`at`), and names its parts; times are ISO 8601, durations seconds. The version rises when
    a node loses a value. Without --json only an outline is shown. The exit code is 2 if the files do not pass
    their check.
    """
    from opshub.config.rules import sources
    from opshub.language.exporting import exported

    sound_rules(session, files, as_json_)
    texts = sources(session.config(), [file.absolute() for file in files] or None)
    show(exported(texts), as_json_, _outline)


def _outline(value: Mapping[str, Any]) -> None:
    for file in value["files"]:
        statements: Sequence[Mapping[str, Any]] = file["statements"]
        say(file["path"], bold=True)
        for node in statements:
            say(f"  {node['at']['line']:>5}  {node['node']} {node.get('name', node.get('score', ''))}")


@click.command("new")
@click.argument("pack", required=False)
@json_option
@pass_session
def new(session: Session, pack: str | None, as_json_: bool) -> None:
    """Copy a rule pack into the rules folder, to be edited there; without PACK list the packs.

    A file of the rules folder goes before the installed pack of its name: what says `use` goes on with the copy.
    """
    config = session.config()
    if pack is None:
        texts = {
            name: config.registry.pack(name).read_text(encoding="utf-8") for name in config.registry.packs()
        }
        rows = [{"pack": name, "about": text.partition("\n")[0].lstrip("# ")} for name, text in texts.items()]
        show(rows, as_json_, lambda ready: table(ready, (Column("pack", "pack"), Column("", "about"))))
        return
    text = config.registry.pack(pack).read_text(encoding="utf-8")
    folder = next((config.folder / e for e in config.hub.rules if (config.folder / e).is_dir()), None)
    if folder is None:
        raise UsageError(
            "no rules folder is there", hint='make one, and name it: rules = ["rules"] under [hub]'
        )
    file = folder / f"{pack}.rules"
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        hint = "the copy is yours: remove it to begin again, or use it as it is"
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint=hint) from error
    value = {"pack": pack, "file": str(file)}
    show(value, as_json_, lambda ready: say(f"wrote {ready['file']}; edit it, then run: opshub rules test"))
