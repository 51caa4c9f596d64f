"""Rules change while the daemon runs: a set that passes its check takes over, any other leaves the last good one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opshub.daemon.logs import say
from opshub.engine.declared import Declared
from opshub.engine.hub import Hub
from opshub.errors import ConfigError, RuleError
from opshub.language import RuleSet

__all__ = ["RuleWatch"]


Look = tuple[tuple[str, int, int, int], ...]


@dataclass(slots=True)
class RuleWatch:
    """Looks at the rule files' sizes and times, and loads them anew when those differ.

    ``entries`` gives the files of each entry of ``rules``, and of each table; ``declare`` reads the tables that rules
    need. An entry that had files and has none any more is a file
    on its way to a new name, or a mistake: the rules in force stay.
    """

    hub: Hub
    entries: Callable[[], Mapping[str, Sequence[Path]]]
    load: Callable[[], RuleSet]
    declare: Callable[[RuleSet], Sequence[Declared]] = lambda rules: ()
    seen: Look | None = None
    filled: frozenset[str] = frozenset()

    def check(self) -> bool:
        """Load the rules if a file changed; whether other rules are in force now."""
        look, filled = self._look()
        if look == self.seen:
            return False
        first, self.seen = self.seen is None, look
        try:
            gone = sorted(self.filled - filled)
            if gone:
                what = "file" if gone[0].startswith("tables.") else "rule file"
                raise ConfigError(f"there is no {what} at {', '.join(gone)} any more", hint="put it back")
            rules = self.load()
            declared = self.declare(rules)
        except (RuleError, ConfigError, OSError) as error:
            self.hub.rule_problems = tuple(str(error).splitlines())
            say("rules.refused", level=logging.ERROR, reason=str(error))
            return False
        changed, mended = rules.hash != self.hub.rules.hash, bool(self.hub.rule_problems)
        changed = changed or _stamps(declared) != _stamps(self.hub.declared)
        self.hub.rules, self.hub.declared = rules, declared
        self.hub.rule_problems, self.filled = (), filled
        if changed or mended or not first:
            say("rules.loaded", changed=changed)
        return changed

    def _look(self) -> tuple[Look, frozenset[str]]:
        found, filled = [], set()
        try:
            for entry, files in self.entries().items():
                for file in files:
                    stat = file.stat()
                    found.append((str(file), stat.st_ino, stat.st_mtime_ns, stat.st_size))
                    filled.add(entry)
        except (OSError, ConfigError) as error:
            # What cannot be looked at is a change too: loading will say what is wrong.
            found.append((str(error), 0, 0, 0))
        return tuple(found), frozenset(filled)


def _stamps(declared: Sequence[Declared]) -> set[tuple[str, str]]:
    """The tables by name, as they are now."""
    return {(one.table.name, one.table.digest) for one in declared if one.table is not None}
