"""What the commands over rule files share: the files to check, and how findings are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session
from opshub.cli.view import say, show

if TYPE_CHECKING:
    from opshub.language import Checked, RuleSet

__all__ = ["FILES", "checked_rules", "diagnostics_view", "many", "sound_rules"]

FILES = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")


def checked_rules(session: Session, files: Sequence[Path]) -> Checked:
    """What the checker says of the named files, or of all that are configured."""
    from opshub.config import check_rules

    return check_rules(session.config(), [file.absolute() for file in files] or None)


def sound_rules(session: Session, files: Sequence[Path], as_json_: bool) -> RuleSet:
    """The rules of the files; where they do not pass their check that is shown, and the command ends with 2."""
    checked = checked_rules(session, files)
    if checked.rules is not None:
        return checked.rules
    rendered = [d.render() for d in checked.diagnostics]
    value = {"passed": False, "diagnostics": list(checked.diagnostics)}
    show(value, as_json_, lambda ready: diagnostics_view(ready, rendered))
    click.get_current_context().exit(2)


def diagnostics_view(value: Mapping[str, Any], rendered: Sequence[str]) -> None:
    """Print findings, and how many there are."""
    for text in rendered:
        say(text)
        say("")
    severities = [row["severity"] for row in value["diagnostics"]]
    errors, warnings = severities.count("error"), severities.count("warning")
    files = len({row["path"] for row in value["diagnostics"]})
    counts = ", ".join(
        many(count, word) for count, word in ((errors, "error"), (warnings, "warning")) if count
    )
    told = f"{counts} in {many(files, 'file')}" if files > 1 else counts
    if value["passed"]:
        say("the rules pass their check" + (f"; {told}" if told else ""))
    else:
        say(f"{told}; correct them, then again: opshub rules check")
    if counts:
        codes = dict.fromkeys(row["code"] for row in value["diagnostics"])
        say(f"what a code means: opshub rules explain {next(iter(codes))}")


def many(count: int, word: str) -> str:
    """``1 test``, ``2 tests``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
