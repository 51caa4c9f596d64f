"""The rules language beside Python by hand and six rule engines, and over a stored hub: the same rules and answers.

``python benchmarks/rules/run.py [--ideas N] [--stored N]``. The engines are installed into an environment of their own,
from the package index. Each is measured in one process in turns with opshub, with the garbage collector at rest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from engines import ENGINES  # noqa: E402  # found on the path above
from sides import installed  # noqa: E402  # found on the path above


def main() -> int:
    """Measure and print; 1 where answers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ideas", type=int, default=20_000)
    parser.add_argument("--stored", type=int, default=100_000, help="ideas that other rules are tried over")
    options = parser.parse_args()
    count = options.ideas
    cache = HERE.parent / ".cache" / "rules"
    python = installed(cache, *(package for package, _, _ in ENGINES.values()))
    same = True
    for texts in ("texts", "bare"):
        print(f"\n{'with' if texts == 'texts' else 'without'} words in the texts")
        found = _side(python, "by hand", count, texts)
        same = same and found["same"]
        each = found["ours"] / count * 1e6
        _tell("opshub", f"{each:8.1f} µs an idea")
        _tell("opshub, with what each rule saw", f"{found['explained'] / found['ours']:8.2f} ×")
        for name in ("prefiltered", "plain"):
            goal = {"prefiltered": 1.1, "plain": 0.3}[name] if texts == "texts" else None
            _tell(
                f"opshub against {name} Python by hand", *_ratio(found["ours"] / found[name], goal, most=True)
            )
        fastest = float("inf")
        for name, (_, _, few) in ENGINES.items():
            found = _side(python, name, min(count, few), texts)
            same = same and found["same"]
            ratio = found["cost"] / found["ours"]
            goal = 100.0 if name == "rule-engine" and texts == "texts" else None
            fastest = ratio if goal is None and name != "rule-engine" and ratio < fastest else fastest
            _tell(f"{name} against opshub", *_ratio(ratio, goal, most=False))
            if not found["same"]:
                _tell(f"{name} ANSWERS OTHERWISE", "")
        goal = 15.0 if texts == "texts" else 8.0
        _tell("the fastest of the others", *_ratio(fastest, goal, most=False))
    same = _stored(python, min(count, 5000), options.stored) and same
    print("\nall answers are equal" if same else "\nANSWERS DIFFER")
    return 0 if same else 1


def _stored(python: Path, few: int, many: int) -> bool:
    """What is decided and tried over a stored hub; whether its answers are those of Python by hand."""
    found = _told([str(python), str(HERE / "stored.py"), str(few), str(many)])
    decide, trials, checked = found["decide"], found["simulate"], found["check"]
    print("\nover a stored hub")
    ratio = decide["stored"] / decide["plain"]
    _tell(f"{few:,} stored ideas against plain Python by hand", *_ratio(ratio, 0.35, most=True))
    for name in ("number", "word"):
        ratio = trials[name] / trials["rows"]
        _tell(f"another {name} tried over {many:,}, against reading", *_ratio(ratio, 1.5, most=True))
        _tell("  ideas that it changes", f"{trials['changed'][name]:8,}")
    _tell("  most memory held", f"{trials['memory']:8.0f} MB")
    for name, goal in (("first", ""), ("check", "≤ 10")):
        _tell(f"rule file checked and compiled, {name}", f"{checked[name] * 1000:8.1f} ms", goal)
    return bool(decide["same"])


def _side(python: Path, name: str, count: int, texts: str) -> dict[str, Any]:
    return _told([str(python), str(HERE / "side.py"), name, str(count), texts])


def _told(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _ratio(ratio: float, goal: float | None, *, most: bool) -> tuple[str, str]:
    shown = f"{ratio:8.2f} ×"
    if goal is None:
        return shown, ""
    holds = ratio <= goal if most else ratio >= goal
    return shown, f"{'≤' if most else '≥'} {goal:g}  {'holds' if holds else 'MISSED'}"


def _tell(what: str, value: str, goal: str = "") -> None:
    print(f"  {what:<46}{value:>18}  {goal}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
