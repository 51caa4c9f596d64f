"""How a command ends: with an exit code, and with errors that say what to do next."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from opshub.errors import OpshubError

__all__ = ["INTERRUPTED", "complain", "ending"]

INTERRUPTED = 130
UNEXPECTED = 70


def ending(run: Callable[..., Any], *args: Any, **extra: Any) -> NoReturn:
    """Run a command and leave the process with its exit code; no error shows a traceback unless asked to."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = run(*args, **extra)
        sys.stdout.flush()
    except OpshubError as error:
        complain(str(error), error.hint)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        sys.exit(_usage(error))
    except click.Abort:
        complain("stopped", "what is stored stays; run the command again to go on")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _forget_stdout()
        sys.exit(1)
    except Exception as error:  # the last door: whatever comes here is a bug, and people get words for it
        sys.exit(_unexpected(error, debug="--debug" in (extra.get("args") or sys.argv[1:])))
    sys.exit(code if isinstance(code, int) else 0)


def complain(message: str, hint: str = "") -> None:
    """Say on stderr what is wrong and what to do next."""
    from opshub.cli.text import block

    click.secho("error: ", fg="red", bold=True, nl=False, err=True, color=_colours())
    click.echo(block(message), err=True)
    if hint:
        click.secho("next: ", bold=True, nl=False, err=True, color=_colours())
        click.echo(block(hint), err=True)


def _colours() -> bool | None:
    from opshub.cli.text import colours

    return colours(sys.stderr)


def _usage(error: click.ClickException) -> int:
    ctx = getattr(error, "ctx", None)
    if isinstance(
        error, getattr(click.exceptions, "NoArgsIsHelpError", ())
    ):  # click 8.1 has none and needs none
        click.echo(error.format_message(), err=True)
        return error.exit_code
    path = ctx.command_path if ctx is not None else "opshub"
    complain(error.format_message().rstrip("."), f"run: {path} --help")
    return error.exit_code


def _unexpected(error: Exception, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    hint = "run it again with opshub --debug, and report the traceback with what you did"
    complain(f"opshub met something it did not expect ({type(error).__name__}); this is a bug", hint)
    return UNEXPECTED


def _forget_stdout() -> None:
    # The reader has gone; without this the interpreter complains again when it flushes at exit.
    with contextlib.suppress(OSError):
        sys.stdout.close()
