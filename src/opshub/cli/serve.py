"""``opshub serve``: the daemon."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from opshub.cli.session import Session, pass_session

if TYPE_CHECKING:
    from opshub.daemon import Daemon

__all__ = ["serve"]


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Where health is; default: as configured.")
@click.option(
    "--log", "style", type=click.Choice(["text", "json"]), help="How to log; default: as configured."
)
@pass_session
def serve(session: Session, listen: str | None, style: str | None) -> None:
    """Run the daemon: each connection on its schedule (`every`), until SIGTERM or Ctrl-C.

    A changed rule file or table takes effect at once if it passes its check; otherwise the last good ones keep running,
    and /healthz says which line is wrong. /healthz answers whether the daemon lives, /readyz whether it can work.
    A stop lets each connection finish its page first; a second signal ends at once.
    """
    from opshub.config.rules import load_declared, load_rules, rule_entries
    from opshub.config.tables import table_entries
    from opshub.daemon import Daemon, log_to
    from opshub.daemon.reload import RuleWatch

    config = session.connected()
    log_to(sys.stderr, "json" if (style or config.hub.log) == "json" else "text", debug=session.debug)
    with session.hub() as hub:
        daemon = Daemon(
            hub,
            RuleWatch(
                hub,
                lambda: {**rule_entries(config), **table_entries(config)},
                lambda: load_rules(config),
                lambda rules: load_declared(config, rules, hub.store),
            ),
        )
        _stop_on_signals(daemon)
        with daemon.pages(listen or config.hub.listen):
            daemon.run()


def _stop_on_signals(daemon: Daemon) -> None:
    """The first signal asks for an orderly end; the second is one, which the database survives like a kill."""
    asked = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(1)
        asked = True
        daemon.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
