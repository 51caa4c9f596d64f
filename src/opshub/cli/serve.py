"""``opshub serve``: the daemon."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from opshub.cli.session import Session, pass_session

__all__ = ["serve"]


@click.command()
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:8484", show_default=True, help="Where health is."
)
@click.option(
    "--log", "style", type=click.Choice(["text", "json"]), help="How to log; default: as configured."
)
@pass_session
def serve(session: Session, listen: str, style: str | None) -> None:
    """Run the daemon: each connection on its schedule (`every`), until SIGTERM or Ctrl-C.

    A changed rule file takes effect at once if it passes its check; otherwise the last good rules keep running, and
    /healthz says which line is wrong. /healthz answers whether the daemon lives, /readyz whether it can work.
    A stop lets each connection finish its page first; a second signal ends at once.
    """
    from opshub.clock import SystemClock
    from opshub.config import load, open_hub
    from opshub.config.rules import load_rules, rule_files
    from opshub.daemon import Daemon, log_to
    from opshub.daemon.reload import RuleWatch

    config = load(Path(session.config_path) if session.config_path else None)
    hub = open_hub(config, clock=SystemClock())
    log_to(sys.stderr, "json" if (style or config.hub.log) == "json" else "text")
    daemon = Daemon(hub, RuleWatch(hub, lambda: rule_files(config), lambda: load_rules(config)))

    def on_signal(number: int, frame: FrameType | None) -> None:
        if daemon.stop.is_set():
            raise SystemExit(1)
        daemon.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    try:
        with daemon.pages(listen):
            daemon.run()
    finally:
        hub.store.close()
