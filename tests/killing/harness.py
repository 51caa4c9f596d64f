"""The kill harness: stop the hub at any moment, start it again, and compare the end with an undisturbed run.

Each trial serves the demo's twins, kills the hub once or three times in a row (at a named point or at a random
moment), lets a rival or a crowd of other processes in, with faults in a tenth of all requests, and then runs the hub
until it has nothing left to do. The database and the twins must then hold what an undisturbed run leaves there, the
twins must not have counted a write twice, and no process may have given up instead of waiting.

    python tests/killing/harness.py --trials 1000 --jobs 2
    python tests/killing/harness.py --mutant cursor-first --until-found
    python tests/killing/harness.py --trials 60 --jobs 2 --mutants
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opshub.engine.points import NAMES

HERE = Path(__file__).parent
LAG = 0.12
"""Seconds after which a run is tried again that was partly done."""

KINDS = ("kill", "rival", "kill", "crowd", "kill", "kill", "rival", "kill", "kill", "kill")
"""What is done in a trial, by its seed's last digit; by lot, what is rare would stay away for long."""

AWAKE = [name for name in NAMES if not name.endswith("before_commit")]
"""Where a hub may be paused: inside a transaction it would keep the database itself locked."""

CROWD = 4
"""Hubs that start at the same moment."""

PAUSE = 0.3
"""Seconds for which each of a crowd pauses between reading the lease and taking it."""

RUNS = 12
"""Runs within which the hub must have come to rest after the last kill."""


def sibling(name: str) -> Any:
    """A module beside this one, however this one was started."""
    full = f"opshub_killing_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


@dataclass(slots=True)
class Trial:
    """What is done to one hub."""

    seed: int
    kind: str
    kills: list[tuple[str, float]]
    """("point", n) stops at the n-th point that is passed, (a point's name, n) at the n-th of that name, ("moment",
    seconds) at a moment."""
    faults: bool

    @classmethod
    def drawn(cls, seed: int, span: tuple[int, float]) -> Trial:
        """The trial of a seed; ``span`` is how many points and seconds an undisturbed run takes."""
        rng = random.Random(f"trial {seed}")
        kind = KINDS[seed % len(KINDS)]
        turn = seed // len(KINDS) * KINDS.count(kind) + KINDS[: seed % len(KINDS)].count(kind)
        if kind == "rival":
            kills = [(AWAKE[turn % len(AWAKE)], 1.0)]
        else:
            kills = [(NAMES[turn % len(NAMES)], float(rng.randint(1, 2)))]
            kills += [cls._kill(rng, span) for _ in range(rng.choice((0, 2)))]
        return cls(seed, kind, kills, faults=rng.random() < 0.8)

    @staticmethod
    def _kill(rng: random.Random, span: tuple[int, float]) -> tuple[str, float]:
        if rng.random() < 0.5:
            return "point", float(rng.randint(1, span[0]))
        return "moment", rng.uniform(0.01, span[1])


@dataclass(slots=True)
class Verdict:
    """What became of a trial."""

    trial: Trial
    faults: list[str] = field(default_factory=list)
    runs: int = 0
    killed: int = 0
    struck: int = 0


class Outside:
    """The twins, in a process of their own that outlives every kill."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "outside.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question: Any) -> Any:
        """One question, one answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the twins' process ended")
        return json.loads(line)

    def close(self) -> None:
        """End the twins."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)


class Harness:
    """Runs trials one after another; forks a child for every life of the hub."""

    def __init__(self, mutant: str = "") -> None:
        self.inside = sibling("inside")
        self.inside.warm_up()
        if mutant:
            sibling("mutants").MUTANTS[mutant]()
        self.outside = Outside()
        self.reference: Any = None
        self.span = (1, 1.0)

    def close(self) -> None:
        self.outside.close()

    def learn(self) -> None:
        """An undisturbed run: what it leaves behind, how many points it passes, how long it takes."""
        with tempfile.TemporaryDirectory() as folder:
            config = self.outside.ask(do="open", folder=folder, seed=0, faults=False)["config"]
            began = time.monotonic()
            points = Path(folder) / "points"
            self._life(config, ("count", 0.0), points)
            took = time.monotonic() - began
            self._rest(config, Verdict(Trial(0, "kill", [], False)))
            self.span = (int(points.read_text()), took)
            self.reference = self._state(config)

    def run(self, trial: Trial) -> Verdict:
        """One trial."""
        verdict = Verdict(trial)
        with tempfile.TemporaryDirectory() as folder:
            opened = self.outside.ask(do="open", folder=folder, seed=trial.seed, faults=trial.faults)
            config = opened["config"]
            if trial.seed % 3 == 0:
                # Records that wait for the normalize stage, which otherwise has nothing to do.
                self._life(config, ("pull", 0.0))
            if trial.kind == "crowd":
                self._crowd(config, trial, verdict)
            elif trial.kind == "rival":
                self._rival(config, trial, verdict)
            else:
                for kill in trial.kills:
                    verdict.killed += self._life(config, kill) < 0
            self._rest(config, verdict)
            self._compare(self._state(config), verdict)
        return verdict

    # -- lives --------------------------------------------------------------------------------------------------

    def _fork(self, config: str, plan: tuple[str, float], **more: Any) -> int:
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = self.inside.live(config, plan, **more)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        return pid

    def _life(self, config: str, plan: tuple[str, float], note: Path | None = None) -> int:
        """One life of the hub: its exit code, or minus the signal that ended it."""
        _, status = os.waitpid(self._fork(config, plan, note=note), 0)
        return os.waitstatus_to_exitcode(status)

    def _rest(self, config: str, verdict: Verdict) -> None:
        """Run until the hub has nothing left to do."""
        self.outside.ask(do="calm")
        quiet = 0
        for _ in range(RUNS):
            verdict.runs += 1
            code = self._life(config, ("none", 0.0))
            if code not in (0, 7):
                verdict.faults.append(f"an undisturbed run ended with {code}")
            quiet = quiet + 1 if code == 0 else 0
            if quiet == 2:
                return
            time.sleep(LAG if code == 7 else 0)
        verdict.faults.append(f"no rest after {RUNS} runs")

    def _crowd(self, config: str, trial: Trial, verdict: Verdict) -> None:
        """Hubs at the same moment: first after one that died holding the lease, then when nobody holds it."""
        verdict.killed += self._life(config, trial.kills[0]) < 0
        for _ in range(2):
            gate = multiprocessing.get_context("fork").Barrier(CROWD, timeout=60)
            pids = [self._fork(config, ("crowd", PAUSE), gate=gate) for _ in range(CROWD)]
            for pid in pids:
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                if code not in (0, 7):
                    verdict.faults.append(f"one of a crowd ended with {code} instead of waiting its turn")

    def _rival(self, config: str, trial: Trial, verdict: Verdict) -> None:
        """A hub that is paused long enough for another one to take over, and then wakes."""
        pid = self._fork(config, trial.kills[0], end=signal.SIGSTOP)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return
        code = self._life(config, ("none", 0.0))
        if code not in (0, 7):
            verdict.faults.append(f"the rival ended with {code}")
        os.kill(pid, signal.SIGCONT)
        os.waitpid(pid, 0)

    # -- judgement ----------------------------------------------------------------------------------------------

    def _state(self, config: str) -> Any:
        outside = self.outside.ask(do="dump")
        inside = sibling("outside").renamed(self.inside.dump(config), outside["names"])
        for part in ("outbox", "written"):
            inside[part].sort(key=str)
        return {"inside": inside, **outside["state"]}

    def _compare(self, state: Any, verdict: Verdict) -> None:
        for part in ("inside", "tracker", "wiki", "desk"):
            if state[part] != self.reference[part]:
                verdict.faults.append(f"{part} differs: {_difference(self.reference[part], state[part])}")
        for what, count in state["writes"].items():
            if count > self.reference["writes"].get(what, 0):
                verdict.faults.append(f"written {count} times: {what}")
        verdict.struck = state["struck"]


def _difference(wanted: Any, found: Any, at: str = "") -> str:
    """The first place where two values part."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in sorted({*wanted, *found}):
            if wanted.get(name) != found.get(name):
                return _difference(wanted.get(name), found.get(name), f"{at}/{name}")
    if isinstance(wanted, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip(wanted, found, strict=False)):
            if one != other:
                return _difference(one, other, f"{at}/{index}")
        return f"{at}: {len(wanted)} entries, found {len(found)}"
    if isinstance(wanted, str) and isinstance(found, str):
        pairs = zip(wanted, found, strict=False)
        start = max(0, next((i for i, (a, b) in enumerate(pairs) if a != b), 0) - 60)
        wanted, found = wanted[start:], found[start:]
    return f"{at}: wanted {str(wanted)[:300]}, found {str(found)[:300]}"


def trials(count: int, first: int, mutant: str = "", *, until_found: bool = False) -> list[Verdict]:
    """Run trials with the seeds from ``first``; ``until_found`` ends at the first fault."""
    harness = Harness(mutant)
    verdicts: list[Verdict] = []
    try:
        harness.learn()
        for seed in range(first, first + count):
            verdict = harness.run(Trial.drawn(seed, harness.span))
            verdicts.append(verdict)
            if verdict.faults and until_found:
                break
    finally:
        harness.close()
    return verdicts


def _worker(count: int, first: int, mutant: str, until_found: bool) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--trials", str(count), "--first", str(first), "--as-json"]
    command += ["--mutant", mutant] if mutant else []
    command += ["--until-found"] if until_found else []
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def spread(
    count: int, jobs: int, mutant: str = "", *, until_found: bool = False, first: int = 1
) -> dict[str, Any]:
    """Trials over several processes, and what they found together."""
    shares = [count // jobs + (job < count % jobs) for job in range(jobs)]
    starts = [first + sum(shares[:job]) for job in range(jobs)]
    workers = [_worker(n, at, mutant, until_found) for n, at in zip(shares, starts, strict=True) if n]
    answers = [worker.communicate()[0] for worker in workers]
    if not all(answers):
        raise RuntimeError("a worker of the harness failed; see its message above")
    found = [json.loads(answer) for answer in answers]
    kinds: Counter[str] = Counter()
    for one in found:
        kinds.update(one["kinds"])
    return {
        "trials": sum(one["trials"] for one in found),
        "kills": sum(one["kills"] for one in found),
        "faults struck": sum(one["faults struck"] for one in found),
        "kinds": dict(kinds),
        "failed": [row for one in found for row in one["failed"]],
    }


def summary(verdicts: list[Verdict]) -> dict[str, Any]:
    """Counts, and every trial that failed with its seed."""
    return {
        "trials": len(verdicts),
        "kills": sum(v.killed for v in verdicts),
        "faults struck": sum(v.struck for v in verdicts),
        "kinds": dict(Counter(v.trial.kind for v in verdicts)),
        "failed": [
            {"seed": v.trial.seed, "kind": v.trial.kind, "kills": v.trial.kills, "faults": v.faults}
            for v in verdicts
            if v.faults
        ],
    }


def hunt(count: int, jobs: int, first: int) -> dict[str, str]:
    """Seed every bug in turn: in which trial and by what it was found, or that it was not."""

    def seek(name: str) -> str:
        answer = _worker(count, first, name, True).communicate()[0]
        if not answer:
            raise RuntimeError(f"a worker of the harness failed with {name}; see its message above")
        told = json.loads(answer)
        if not told["failed"]:
            return f"NOT FOUND in {told['trials']} trials"
        return f"found in trial {told['trials']}: {told['failed'][0]['faults'][0][:120]}"

    names = list(sibling("mutants").MUTANTS)
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(names, pool.map(seek, names), strict=True))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="seed of the first trial")
    parser.add_argument("--mutant", default="", help="seed this bug and expect it to be found")
    parser.add_argument(
        "--mutants",
        action="store_true",
        help="seed every bug in turn and expect it to be found in so many trials",
    )
    parser.add_argument("--until-found", action="store_true")
    parser.add_argument("--as-json", action="store_true")
    given = parser.parse_args()
    count, first, mutant = given.trials, given.first, given.mutant
    if given.mutants:
        told: dict[str, Any] = hunt(count, given.jobs, first)
        wrong = any(how.startswith("NOT") for how in told.values())
    else:
        told = (
            spread(count, given.jobs, mutant, until_found=given.until_found, first=first)
            if given.jobs > 1
            else summary(trials(count, first, mutant, until_found=given.until_found))
        )
        wrong = bool(told["failed"]) != bool(mutant)
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=None if given.as_json else 2) + "\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
