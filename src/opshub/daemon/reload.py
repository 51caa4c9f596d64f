"""Rules change while the daemon runs: a set that passes its check takes over, any other leaves the last good one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from opshub.daemon.logs import say
from opshub.engine.hub import Hub
from opshub.errors import ConfigError, RuleError
from opshub.language import RuleSet

__all__ = ["RuleWatch"]


@dataclass(slots=True)
class RuleWatch:
    """Looks at the rule files' sizes and times, and loads them anew when those differ."""

    hub: Hub
    files: Callable[[], Iterable[Path]]
    load: Callable[[], RuleSet]
    seen: tuple[tuple[str, int, int], ...] = ()

    def begin(self) -> None:
        """Take the present files as those of the rules in force."""
        self.seen = self._look()

    def check(self) -> bool:
        """Load the rules if a file changed; whether other rules are in force now."""
        look = self._look()
        if look == self.seen:
            return False
        self.seen = look
        try:
            rules = self.load()
        except (RuleError, ConfigError) as error:
            self.hub.rule_problems = tuple(str(error).splitlines())
            say("rules.refused", level=logging.ERROR, reason=str(error))
            return False
        changed = rules.hash != self.hub.rules.hash
        self.hub.rules, self.hub.rule_problems = rules, ()
        say("rules.loaded", changed=changed)
        return changed

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        try:
            for file in self.files():
                stat = file.stat()
                found.append((str(file), stat.st_mtime_ns, stat.st_size))
        except (OSError, ConfigError) as error:
            # A file that vanished is a change too: loading will say what is wrong.
            found.append((str(error), 0, 0))
        return tuple(found)
