"""``opshub demo``: the whole cycle on sample feedback, without any account."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import click

from opshub.cli.view import at_terminal, say
from opshub.errors import UsageError

__all__ = ["called", "demo"]

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Pull feedback from a desk, a survey, a wiki and a file, and a tracker's issues; form, score and route ideas.",
        ("sync",),
    ),
    ("The ideas, most important first.", ("ideas", "list", "--limit", "12")),
    ("Why is the first one first? Every number ends at somebody's words.", ("ideas", "why", "{first}")),
    ("What would be written to the tracker and the wiki. Nothing leaves without an approval.", ("plan",)),
    ("Approve it.", ("apply",)),
    ("Pull again: the hub recognizes its own writes, so nothing changes and nothing is written.", ("sync",)),
    (
        "A few records could not be understood. They wait with their reasons; nothing was lost.",
        ("records", "list"),
    ),
)


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where the demo's configuration, rules and database are put.",
)
@click.option("--force", is_flag=True, help="Replace what an earlier demo left there.")
@click.option(
    "--stay", is_flag=True, help="Keep the twins running afterwards, to try more commands; ends with Ctrl-C."
)
def demo(folder: Path, force: bool, stay: bool) -> None:
    """Run the whole cycle on sample feedback, without any account.

    The vendors are loopback twins: small stateful fakes that speak the vendors' protocols on this machine. What is
    shown are the ordinary commands with their ordinary output; the folder with their configuration stays.
    """
    from opshub.cli.demo.outside import shown
    from opshub.cli.demo.world import world
    from opshub.clock import SystemClock

    began = time.monotonic()
    _make_room(folder, force)
    with world(folder, SystemClock().now()) as made:
        click.echo(
            "Lantern is a planning tool. Its customers speak in four places, its team works in a tracker and a wiki.\n"
            f"The demo lives in {folder}/."
        )
        for number, (words, command) in enumerate(STEPS, start=1):
            say(f"\n{number}. {words}", bold=True)
            _run(made.config, command)
            if command[0] == "apply":
                click.echo(shown(made))
        _farewell(folder, time.monotonic() - began)
        if stay:
            _stay()


def _make_room(folder: Path, force: bool) -> None:
    """An empty folder; UsageError if something else than an earlier demo is there."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    config = folder / "opshub.toml"
    ours = config.is_file() and config.read_text("utf-8", "replace").startswith("# Written by `opshub demo`.")
    if ours and (force or not at_terminal() or _agreed(folder)):
        shutil.rmtree(folder)
        return
    raise UsageError(
        f"{folder}/ is not empty" + ("" if ours else " and no demo made it"),
        hint=f"choose another one: opshub demo --folder {folder}2" if not ours else "add --force",
    )


def _agreed(folder: Path) -> bool:
    return click.confirm(f"{folder}/ holds an earlier demo. Replace it?", default=True)


def _run(config: Path, command: tuple[str, ...]) -> None:
    """Run one command as its user would, showing it first."""
    from opshub.cli import cli

    words = [word.replace("{first}", _first(config)) for word in command]
    say(f"$ opshub {' '.join(words)}", fg="cyan")
    try:
        cli.main(["--config", str(config), *words], prog_name="opshub")
    except SystemExit as ended:
        if ended.code not in (0, None):
            raise


def _first(config: Path) -> str:
    from opshub.cli.session import Session

    with Session(str(config)).hub(reading=True) as hub:
        ranked = hub.ranked(limit=1)
    return ranked[0][0].id if ranked else ""


def _farewell(folder: Path, seconds: float) -> None:
    config, opshub = folder / "opshub.toml", called()
    say(f"\nThat took {seconds:.0f} seconds. To look further:", bold=True)
    for line in (
        f"{opshub} --config {config} ideas show IDEA-1",
        f"{opshub} --config {config} ideas list --json",
        f"{opshub} --config {config} rules test",
        f"less {folder / 'rules' / 'demo.rules'}",
        f"{opshub} demo --stay          # the same, and the twins stay up for sync, plan, apply, revert",
        f"{opshub} init                 # begin with connections of your own",
    ):
        click.echo(f"  {line}")


def called() -> str:
    """How somebody in this folder starts opshub: a fresh clone has it in no PATH."""
    own = Path(sys.argv[0])
    if shutil.which("opshub") or own.name != "opshub":
        return "opshub"
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)


def _stay() -> None:
    click.echo("\nThe twins are running. Open another terminal; Ctrl-C ends them.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo(os.linesep + "The twins are gone.")
