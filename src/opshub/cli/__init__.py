"""The command line: one module a command family, imported only when its command runs."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

import click

from opshub import __version__
from opshub.cli.failing import ending

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS = {
    "init": ("init:init", "Write a commented opshub.toml and a starter rule file."),
    "demo": ("demo:demo", "Run the whole cycle on sample feedback, without any account."),
    "sync": ("sync:sync", "Pull, match, score, route, plan, and apply where that is automatic."),
    "plan": ("plan:plan", "Show what would be written, old and new value, and why."),
    "apply": ("plan:apply", "Write the plan."),
    "revert": ("plan:revert", "Put back what stood there before a run wrote."),
    "resolve": ("plan:resolve", "Settle a conflict: keep the hub's value or the remote one."),
    "ideas": ("ideas:ideas", "Read the ranked ideas and the reasons behind them; set what rules may not."),
    "review": ("review:review", "Answer which idea feedback belongs to, where its text alone does not tell."),
    "matching": ("matching:matching", "See and tune when feedback joins ideas by likeness."),
    "rules": ("rules:rules", "Check and test rule files, and look up what they can use."),
    "goals": ("goals:goals", "List all goals: how they stand, and which ideas support them."),
    "signals": ("signals:signals", "Show signals over time, and alerts."),
    "records": ("records:records", "Look at records that could not be understood."),
    "connections": ("connections:connections", "See and check what is connected; begin a connector."),
    "serve": ("serve:serve", "Run the daemon: each connection on its schedule."),
    "status": ("status:status", "Show how the hub is."),
}
"""Command → where it is, and the line that ``--help`` shows for it."""


class _Commands(click.Group):
    """The root group: lists its commands without importing them, and ends every error in one way."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"opshub.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"no such command: {args[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def main(self, *args: Any, **extra: Any) -> Any:
        extra["standalone_mode"] = False
        return ending(super().main, *args, **extra)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="The configuration; default: opshub.toml here or above.")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.version_option(__version__, message="opshub %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: str | None, debug: bool) -> None:
    """Customer feedback in, ranked ideas out, priorities written back, with the reasons.

    Begin with `opshub demo`, or with `opshub init` for connections of your own.
    """
    from opshub.cli.session import Session

    ctx.obj = Session(config, debug)


def main() -> None:
    """The ``opshub`` command."""
    # What is imported stays to the end, and a batch makes much that dies by itself: walking all of it again and again
    # would take a tenth of a large sync, and more of a small one.
    gc.set_threshold(20_000)
    cli(prog_name="opshub")
