"""The twins' process: serves the demo's world, one after another, as it is told on standard input."""

from __future__ import annotations

import json
import re
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opshub.cli.demo.world import World, world
from opshub.testing import Fault

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
LAG = 0.1
SHARE = 0.16
RATE = 0.1
KINDS = (
    Fault("rate_limit", {"seconds": 0}),
    Fault("status", {"code": 500}),
    Fault("status", {"code": 503}),
    "reset",
    "truncate",
    "malformed",
    "lost_answer",
    "lost_request",
)


class Stage:
    """The present world, and how it is asked about."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.world: World | None = None
        self.ports: dict[str, int] = {}
        """The same in every trial: the hub makes names from addresses."""

    def open(self, folder: str, seed: int, faults: bool) -> Any:
        """Close the last world and serve a fresh one."""
        self.stack.close()
        self.stack = ExitStack()
        made = self.stack.enter_context(world(Path(folder), NOW, SHARE, self.ports))
        self.world = made
        self.ports = {name: int(twin.url.rpartition(":")[2]) for name, twin in made.twins.items()}
        made.twins["tracker"].faults.lag = timedelta(seconds=LAG)
        for number, twin in enumerate(made.twins.values()):
            twin.keep_answers = False
            twin.page_limit = 7
            if faults:
                twin.faults.random(RATE, seed * 10 + number, KINDS)
        text = made.config.read_text("utf-8").replace('apply = "approve"', 'apply = "auto"')
        text = text.replace("[hub]\n", '[hub]\nlease = "1s"\nwait = "60s"\n')
        made.config.write_text(text, "utf-8")
        return {"config": str(made.config)}

    def calm(self) -> Any:
        """End the faults; what struck stays counted."""
        assert self.world is not None
        for name, twin in self.world.twins.items():
            lag = twin.faults.lag
            twin.faults.clear()
            twin.faults.lag = lag if name == "tracker" else timedelta(0)
        return {}

    def dump(self) -> Any:
        """All twins without issue keys, whose order may differ; and what they counted."""
        assert self.world is not None
        twins = self.world.twins
        issues = sorted(twins["tracker"].state.present(), key=lambda issue: issue.number)
        names = {issue.key: f"<{issue.summary}>" for issue in issues}
        names |= {str(issue.id): f"<{issue.summary}>" for issue in issues}
        state = {
            "tracker": sorted(renamed(list(twins["tracker"].dump().values()), names), key=str),
            "wiki": renamed(self._pages(), names),
            "desk": renamed(twins["support"].dump(), names),
            "writes": self._writes(names),
            "struck": sum(len(twin.faults.fired) for twin in twins.values()),
        }
        return {"names": names, "state": state}

    def _pages(self) -> Any:
        """The wiki's content without the ids that it deals out anew with each version."""
        assert self.world is not None
        text = json.dumps(self.world.twins["wiki"].dump(), ensure_ascii=False)
        return json.loads(re.sub(r' ac:(local|macro)-id=\\"[^"]*\\"', "", text))

    def _writes(self, names: dict[str, str]) -> dict[str, int]:
        """Writes that change something for good: what the wiki counts is told by its page's versions."""
        assert self.world is not None
        counted: dict[str, int] = {}
        for name in ("tracker", "support"):
            for (operation, target), count in self.world.twins[name].writes.items():
                counted[renamed(f"{name} {operation} {target}", names)] = count
        return counted


def renamed(value: Any, names: dict[str, str]) -> Any:
    """The value with keys and ids replaced by what they stand for."""
    pattern = re.compile(
        "|".join(re.escape(name) + r"(?![0-9])" for name in sorted(names, key=len, reverse=True))
    )
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return json.loads(pattern.sub(lambda found: json.dumps(names[found.group()])[1:-1], text))


def main() -> None:
    """Answer questions until standard input ends."""
    stage = Stage()
    for line in sys.stdin:
        question = json.loads(line)
        answer = getattr(stage, question.pop("do"))(**question)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    stage.stack.close()


if __name__ == "__main__":
    main()
