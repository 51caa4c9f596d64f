"""``init``: a place to begin."""

from __future__ import annotations

from pathlib import Path

import click

from opshub.cli.view import say
from opshub.errors import UsageError

__all__ = ["init"]


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def init(folder: Path, force: bool) -> None:
    """Write a commented opshub.toml and a starter rule file.

    They stand in FOLDER, which is made if need be; default: here. Both pass their own checks as they are.
    """
    from importlib.resources import files

    from opshub.plugins import Registry

    template = files("opshub.cli") / "starter.toml"
    texts = {
        folder / "opshub.toml": template.read_text(encoding="utf-8"),
        folder / "rules" / "starter.rules": Registry().pack("starter").read_text(encoding="utf-8"),
    }
    there = [str(file) for file in texts if file.exists()]
    if there and not force:
        raise UsageError(
            f"{' and '.join(there)} exist already", hint="use --force to overwrite, or another folder"
        )
    for file, text in texts.items():
        _write(file, text)
    _tell(folder, list(texts))


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        hint = "choose a folder that you may write to: opshub init FOLDER"
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint=hint) from error


def _tell(folder: Path, files: list[Path]) -> None:
    for file in files:
        say(f"wrote {file}")
    if folder != Path():
        say(f"\nnext: cd {folder}")
    say("\nthen describe a connection in opshub.toml, and:")
    say("  opshub rules check         are the rules in order?")
    say("  opshub connections check   does every connection work?")
    say("  opshub sync                pull, match, score, plan")
    say("  opshub ideas list          the result")
