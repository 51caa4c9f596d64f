"""The tour in the README, the tutorial and other pages tell what the commands print: they are played, and compared.

``python tests/test_tour.py`` writes the outputs anew (``make docs`` does so too). In a page, ``<!-- file: NAME -->``
and ``<!-- append: NAME -->`` before a code block put the block into a file, ``<!-- slip: NAME -->`` changes a file as
the block's lines with ``-`` and ``+`` say until the next console block has run, and each ``$ opshub …`` of a console
block is run. A line ``⋮`` in an output stands for lines that are left out.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from opshub.cli import cli
from opshub.cli.demo.world import world

ROOT = Path(__file__).parent.parent
WIDTH = "100"
CUT = "⋮"
PORT = "8099"
"""The port of the practice tracker in the tutorial; a free one takes its place here."""

BLOCK = re.compile(
    r"(?:^<!-- (file|append|slip): (\S+) -->\n\n?)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
CHANGING = (
    (re.compile(r"(?<=127\.0\.0\.1:)\d{5}\b"), lambda found: "41817"),
    (re.compile(r" +[\d.]+(?=  complete)"), lambda found: f"{'0.1':>{len(found[0])}}"),
)
DAY = re.compile(r"(\d{4}-\d\d-\d\d)( \d\d:\d\d)?")
TODAY = date(2026, 5, 31)
"""The day that the pages show as the one on which they are played."""
LATELY = timedelta(days=60)


class Story:
    """A page, played block after block in the current folder.

    Where ``dated``, feedback in CSV files is as old on the day of the run as the page's is on the page's day.
    """

    def __init__(self, cleaning: contextlib.ExitStack, *, dated: bool = False) -> None:
        self.cleaning = cleaning
        self.days = datetime.now(UTC).date() - TODAY if dated else timedelta()
        self.slips: dict[Path, str] = {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    def told(self, page: str) -> str:
        """The page as it should be."""
        return BLOCK.sub(self._block, page)

    def _block(self, found: re.Match[str]) -> str:
        how, name, kind, text = found.groups()
        if how:
            self._file(how, Path(name), text)
            return found.group()
        if kind != "console":
            return found.group()
        told = "\n".join(self._console(text)) + "\n"
        for place, sound in self.slips.items():
            place.write_text(sound, encoding="utf-8")
        self.slips.clear()
        return found.group().replace(text, told)

    def _file(self, how: str, place: Path, text: str) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        if how == "slip":
            self.slips[place] = sound = place.read_text(encoding="utf-8")
            place.write_text(slipped(sound, text), encoding="utf-8")
            return
        if place.suffix == ".csv":
            text = DAY.sub(lambda found: self._dated(found, forth=True), text)
        with place.open("a" if how == "append" else "w", encoding="utf-8") as file:
            file.write(text.replace(PORT, self.port))

    def _dated(self, found: re.Match[str], *, forth: bool = False) -> str:
        """A day of the page as one of this run, or back; moments of this run become one that stays the same."""
        day, hour = date.fromisoformat(found[1]), found[2] or ""
        if hour and not forth:
            told = datetime.strptime(found[0], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
            if abs((datetime.now(UTC) - told).total_seconds()) < 86_400:
                return f"{TODAY} 08:15"
        shown = day if forth else day - self.days
        lately = timedelta() <= TODAY - shown < LATELY
        return f"{day + self.days if forth else shown}{hour}" if self.days and lately else found[0]

    def _console(self, text: str) -> Iterator[str]:
        parts = re.split(r"^(?=\$ )", text, flags=re.MULTILINE)
        for part in filter(None, parts):
            command, *old = part.rstrip("\n").split("\n")
            yield command
            words = shlex.split(command.removeprefix("$ "), comments=True)
            if words[:1] == ["opshub"] and words[1] not in ("demo", "serve"):
                printed = self._run(words[1:])
                # A broken environment must not empty the pages.
                assert any(printed) or not any(old), f"it prints nothing: {command}"
                yield from _cut(printed, old)
                if part.endswith("\n\n") and len(parts) > 1:
                    yield ""
                continue
            if words[:2] == ["python", "tracker.py"]:
                self._tracker()
            if words[:1] == ["cd"]:
                os.chdir(words[1])
            if words[:1] == ["rm"]:
                Path(words[1]).unlink()
            if words[:2] == ["chmod", "600"]:
                for name in Path().glob(words[2]):
                    name.chmod(0o600)
            yield from old

    def _run(self, words: list[str]) -> list[str]:
        done = CliRunner().invoke(cli, words, env={"COLUMNS": WIDTH}, catch_exceptions=False)
        text = done.stdout + (done.stderr if done.exit_code in (1, 2, 3, 4, 5, 6) else "")
        for pattern, instead in CHANGING:
            text = pattern.sub(instead, text.replace(f"127.0.0.1:{self.port}", f"127.0.0.1:{PORT}"))
        text = DAY.sub(self._dated, text)
        return text.rstrip("\n").split("\n")

    def _tracker(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "tracker.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.cleaning.callback(process.communicate, "\n", 20)
        assert process.stdout is not None
        assert process.stdout.readline(), "the practice tracker did not start"


def slipped(sound: str, change: str) -> str:
    """A file in which somebody made a mistake: lines with ``-`` become those with ``+`` that follow them."""
    for found in re.finditer(r"((?:^[- ].*\n)+)((?:^\+.*\n)*)", change, re.MULTILINE):
        old = "".join(line[1:] for line in found[1].splitlines(keepends=True))
        new = "".join(line[1:] for line in found[0].splitlines(keepends=True) if line[0] != "-")
        assert sound.count(old) == 1, f"not once in the file: {old}"
        sound = sound.replace(old, new)
    return sound


def _cut(new: list[str], old: list[str]) -> list[str]:
    """The output with as many lines at both ends as the page shows of it."""
    while old and not old[-1]:
        old.pop()
    if CUT not in old:
        return new
    before, after = old.index(CUT), len(old) - old.index(CUT) - 1
    return [*new[:before], CUT, *new[len(new) - after :]] if len(new) > before + after else new


def tour(page: str, folder: Path) -> str:
    """The README, its commands run in the demo's world."""
    with contextlib.ExitStack() as cleaning:
        made = cleaning.enter_context(world(folder / "demo", datetime.now(UTC)))
        cleaning.enter_context(contextlib.chdir(made.folder))
        begin, end = page.index("<!-- begin tour -->"), page.index("<!-- end tour -->")
        return page[:begin] + Story(cleaning).told(page[begin:end]) + page[end:]


def tutorial(page: str, folder: Path) -> str:
    """The tutorial, begun in an empty folder."""
    with contextlib.ExitStack() as cleaning:
        cleaning.enter_context(contextlib.chdir(folder))
        return Story(cleaning).told(page)


def hour(page: str, folder: Path) -> str:
    """A page that begins in an empty folder; what customers said is a few days old."""
    with contextlib.ExitStack() as cleaning:
        cleaning.enter_context(contextlib.chdir(folder))
        return Story(cleaning, dated=True).told(page)


PAGES: dict[str, Callable[[str, Path], str]] = {
    "README.md": tour,
    "docs/tutorial.md": tutorial,
    "docs/admins-hour.md": hour,
    "docs/review.md": hour,
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_what_the_commands_print(name: str, tmp_path: Path) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")

    told = PAGES[name](page, tmp_path)

    assert told.splitlines() == page.splitlines(), "run: make docs"


def main() -> None:
    """Write the outputs anew; as in the tests, without an encoder that happens to be installed."""
    os.environ["OPSHUB_HUB__ENCODER"] = "off"
    for name, told in PAGES.items():
        file = ROOT / name
        with tempfile.TemporaryDirectory() as folder:
            text = told(file.read_text(encoding="utf-8"), Path(folder))
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
