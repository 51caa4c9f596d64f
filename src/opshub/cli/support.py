"""``ideas support``: a person says which goal an idea supports."""

from __future__ import annotations

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.view import say
from opshub.errors import UsageError

__all__ = ["support_"]


@click.command("support")
@click.argument("idea")
@click.argument("goal")
@click.option("--because", metavar="REASON", default="", help="Why; shown beside the goal.")
@click.option("--clear", is_flag=True, help="Take back what a person said; what rules say stays.")
@pass_session
def support_(session: Session, idea: str, goal: str, because: str, clear: bool) -> None:
    """Say that an idea supports a goal.

    GOAL is its title, or a part of it that no other goal has. It is kept with your name and the reason, stands wherever
    the idea is shown, and rules can weigh it: idea.goals contains "…".
    """
    from opshub.cli.override import user
    from opshub.clock import SystemClock
    from opshub.engine.goals import clear_support, support
    from opshub.sdk import clean
    from opshub.store.rows import Support

    if clear and because:
        raise UsageError("--clear takes no reason", hint=f'run: opshub ideas support {idea} "{goal}" --clear')
    with session.hub() as hub:
        if clear:
            title = hub.act("ideas support", lambda work: clear_support(work, idea, goal))
            say(f"{idea}: no person lets it support {title} any more")
            return
        said = Support(0, "", " ".join(clean(because).split()), clean(user()), SystemClock().now())
        found = hub.act("ideas support", lambda work: support(work, idea, goal, said))
    say(f"IDEA-{found.idea}: supports {found.goal}; what would be written: opshub plan")
