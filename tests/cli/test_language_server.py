"""``opshub rules lsp`` as an editor knows it: a process that speaks JSON-RPC on its pipes."""

from __future__ import annotations

import json
import queue
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pygls", reason="the extra lsp is not installed")

PATIENCE = 30.0
CONFIG = '[hub]\nrules = ["rules"]\n\n[connections.tracker]\nkind = "jira"\nas = "ideas"\nurl = "https://jira.invalid"\n'
STARTER = files("opshub_rules").joinpath("starter.rules").read_text(encoding="utf-8")


class Editor:
    """A client of one language server."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "opshub", "rules", "lsp"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe)
        assert process.stderr is not None
        self.folder = folder
        self.process: Any = process
        self.notes: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._count = 0
        self._version = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._errors = threading.Thread(target=process.stderr.read, daemon=True)
        self._reader.start()
        self._errors.start()
        self.capabilities = self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
        self.tell("initialized")

    def _read(self) -> None:
        stream = self.process.stdout
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = stream.readline()
            message = json.loads(stream.read(length))
            (self.answers if "id" in message else self.notes).put(message)

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, **params: Any) -> None:
        self._send(method=method, params=params)

    def ask(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._send(id=self._count, method=method, params=params)
        answer = self.answers.get(timeout=PATIENCE)
        assert "error" not in answer, answer
        return answer["result"]

    def uri(self, name: str) -> str:
        return (self.folder / "rules" / name).as_uri()

    def open(self, name: str, text: str) -> None:
        document = {"uri": self.uri(name), "languageId": "rules", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)

    def type(self, name: str, text: str) -> None:
        self._version += 1
        document = {"uri": self.uri(name), "version": self._version}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def told(self, name: str) -> list[dict[str, Any]]:
        """The next diagnostics of a file."""
        while True:
            note = self.notes.get(timeout=PATIENCE)
            if note["method"] == "textDocument/publishDiagnostics" and note["params"]["uri"] == self.uri(
                name
            ):
                found: list[dict[str, Any]] = note["params"]["diagnostics"]
                return found

    def at(self, method: str, name: str, line: int, character: int) -> Any:
        place = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self.uri(name)}, position=place)

    def close(self) -> int:
        self.ask("shutdown")
        self.tell("exit")
        return int(self.process.wait(PATIENCE))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for thread in (self._reader, self._errors):
            thread.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Editor]]:
    """Starts an editor in a folder with a configuration and some rule files."""
    editors: list[Editor] = []

    def begin(**texts: str) -> Editor:
        (tmp_path / "rules").mkdir()
        (tmp_path / "opshub.toml").write_text(CONFIG, encoding="utf-8")
        for name, text in texts.items():
            (tmp_path / "rules" / f"{name}.rules").write_text(text, encoding="utf-8")
        editors.append(Editor(tmp_path))
        return editors[-1]

    yield begin
    for editor in editors:
        editor.kill()


def test_mistakes_are_told_as_one_types_and_taken_back_when_they_are_mended(
    start: Callable[..., Editor],
) -> None:
    editor = start(team="score priority = idea.voices\n")
    first = editor.told("team.rules")
    editor.open("team.rules", "score priority = idea.voices\n")
    editor.type("team.rules", 'rule "x" { when idea.voicez > 5 tag "x" }\n')
    broken = editor.told("team.rules")
    editor.type("team.rules", 'rule "x" { when idea.voices > 5 tag "x" }\n')
    mended = editor.told("team.rules")

    assert (first, mended) == ([], [])
    assert [(d["code"], d["severity"], d["source"]) for d in broken] == [("R101", 1, "opshub")]
    assert "did you mean 'idea.voices'?" in broken[0]["message"]
    assert broken[0]["range"] == {"start": {"line": 0, "character": 16}, "end": {"line": 0, "character": 27}}


def test_all_files_are_one_set_with_what_is_unsaved_in_it(start: Callable[..., Editor]) -> None:
    editor = start(a="let unhappy = rating < 0.4\n", b="score priority = count feedback where unhappy\n")
    editor.told("b.rules")

    editor.open("a.rules", "let gloomy = rating < 0.4\n")
    found = editor.told("b.rules")
    editor.tell("textDocument/didClose", textDocument={"uri": editor.uri("a.rules")})

    assert [d["code"] for d in found] == ["R101"]
    assert editor.told("b.rules") == []


def test_places_are_counted_in_utf_16_also_behind_chinese_and_emoji(start: Callable[..., Editor]) -> None:
    editor = start(team="")
    editor.open(
        "team.rules", 'rule "x" { when any feedback (text mentions ["退款", "😀"] and ratin < 1) tag "x" }\n'
    )
    (found,) = editor.told("team.rules") or editor.told("team.rules")

    line = 'rule "x" { when any feedback (text mentions ["退款", "😀"] and '
    start_at, end_at = found["range"]["start"]["character"], found["range"]["end"]["character"]
    assert (found["code"], start_at) == ("R101", len(line.encode("utf-16-le")) // 2)
    assert end_at - start_at == len("ratin")


def test_full_width_punctuation_is_marked_where_it_stands(start: Callable[..., Editor]) -> None:
    editor = start(team="")
    editor.open("team.rules", "# 评分\nscore priority = max（idea.voices，1）\n")
    (found,) = editor.told("team.rules") or editor.told("team.rules")

    assert found["code"] == "R005"
    assert found["range"]["start"] == {"line": 1, "character": 20}


def test_a_proposal_replaces_the_whole_dotted_name(start: Callable[..., Editor]) -> None:
    editor = start()
    editor.open("x.rules", "score 分 = idea.vo")

    items = {item["label"]: item for item in editor.at("completion", "x.rules", 0, 17)}

    edit = items["idea.voices"]["textEdit"]
    assert (edit["newText"], edit["range"]["start"]["character"]) == ("idea.voices", 10)


def test_hovering_tells_of_fields_functions_lets_and_mistakes(start: Callable[..., Editor]) -> None:
    editor = start(
        team="let unhappy = rating < 0.4\nscore priority = clamp(count feedback where unhapy, 0, 9)\n"
    )
    assert editor.told("team.rules")
    editor.open("team.rules", (editor.folder / "rules" / "team.rules").read_text(encoding="utf-8"))

    told = [
        editor.at("hover", "team.rules", line, character)["contents"]["value"]
        for line, character in [(0, 16), (1, 19), (0, 6), (1, 46)]
    ]

    assert "feedback.rating" in told[0] and "may be missing" in told[0]
    assert "clamp(value: number" in told[1] and "clamp(120, 0, 100)" in told[1]
    assert "let unhappy = rating < 0.4" in told[2]
    assert "R101" in told[3] and "Before" in told[3]
    assert editor.at("hover", "team.rules", 9, 0) is None


def test_a_name_leads_to_its_definition_in_another_file(start: Callable[..., Editor]) -> None:
    editor = start(a="# 不满\nlet unhappy = rating < 0.4\nbands priority { P1 >= 9, P2 otherwise }\n")
    editor.open("b.rules", 'score s = count feedback where unhappy\ntest "t" {\n expect band == "P2"\n}\n')
    (editor.folder / "rules" / "b.rules").write_text("", encoding="utf-8")

    let = editor.at("definition", "b.rules", 0, 34)
    band = editor.at("definition", "b.rules", 2, 18)

    assert (let["uri"], let["range"]["start"]) == (editor.uri("a.rules"), {"line": 1, "character": 4})
    assert band["range"]["start"] == {"line": 2, "character": 26}
    assert editor.at("definition", "b.rules", 0, 0) is None


def test_an_outline_shows_statements_and_bands(start: Callable[..., Editor]) -> None:
    editor = start()
    editor.open("s.rules", STARTER)

    found = editor.ask("textDocument/documentSymbol", textDocument={"uri": editor.uri("s.rules")})

    assert [symbol["name"] for symbol in found][:2] == ["recent", "fresh"]
    (bands,) = [symbol for symbol in found if symbol["detail"] == "bands"]
    assert [band["name"] for band in bands["children"]] == ["P1", "P2", "P3", "P4"]


def test_formatting_gives_the_whole_text_anew_and_leaves_alone_what_cannot_be_read(
    start: Callable[..., Editor],
) -> None:
    editor = start()
    given = {"options": {"tabSize": 4, "insertSpaces": True}, "textDocument": {"uri": editor.uri("x.rules")}}
    editor.open("x.rules", "# 评分\nscore   priority=idea.voices")
    (edit,) = editor.ask("textDocument/formatting", **given)
    editor.type("x.rules", edit["newText"])

    assert edit["newText"] == "# 评分\nscore priority = idea.voices\n"
    assert edit["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 28}}
    assert editor.ask("textDocument/formatting", **given) == []
    editor.type("x.rules", "score   priority=")
    assert editor.ask("textDocument/formatting", **given) == []


def test_a_broken_configuration_is_told_and_the_last_good_one_stays(start: Callable[..., Editor]) -> None:
    editor = start(team='rule "x" { when idea.voices > 5 route to tracker.A }\n')
    assert editor.told("team.rules") == []

    (editor.folder / "opshub.toml").write_text("[hub\n", encoding="utf-8")
    editor.open("team.rules", 'rule "x" { when idea.voices > 6 route to tracker.A }\nlet\n')
    found = editor.told("team.rules")
    note = editor.notes.get(timeout=PATIENCE)

    assert [d["code"] for d in found] == ["R016"]
    assert (note["method"], "opshub.toml" in note["params"]["message"]) == ("window/showMessage", True)


def test_it_ends_when_the_editor_says_so(start: Callable[..., Editor]) -> None:
    assert start().close() == 0


def test_nothing_that_is_half_typed_makes_it_fail(start: Callable[..., Editor]) -> None:
    editor = start()
    editor.open("x.rules", "")
    chance = random.Random(7)
    text = STARTER
    for _ in range(150):
        at = chance.randrange(len(text) + 1)
        cut = chance.choice([0, 1, 5, 60])
        bit = chance.choice(
            [
                '"',
                "{",
                "}",
                "(",
                ")",
                "[",
                "]",
                "\r",
                "\n",
                "\u2028",
                "“",
                "，",
                "😀",
                "idea.",
                "when ",
                "#",
                "==",
            ]
        )
        text = text[:at] + bit + text[at + cut :]
        editor.type("x.rules", text)
        line = chance.randrange(text.count("\n") + 3)
        for method in ("completion", "hover", "definition"):
            editor.at(method, "x.rules", line, chance.randrange(120))
        editor.ask("textDocument/documentSymbol", textDocument={"uri": editor.uri("x.rules")})
    editor.type("x.rules", "let a = 1 < 2\n")
    while [d["code"] for d in editor.told("x.rules")] != ["R305"]:
        pass


def test_a_missing_library_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['pygls'] = None; sys.argv = ['opshub', 'rules', 'lsp'];"
        "from opshub.cli import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )

    assert ended.returncode == 2
    assert 'pip install "opshub[lsp]"' in ended.stderr


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from('a退😀\n\r\t"#\u2028'), max_size=40), offset=st.integers(0, 40))
def test_every_place_survives_the_way_to_the_editor_and_back(text: str, offset: int) -> None:
    from opshub.cli.language_server import Ruler

    at = min(offset, len(text))
    ruler = Ruler(text, lambda part: len(part.encode("utf-16-le")) // 2)
    inside_line_end = text[at - 1 : at + 1] == "\r\n"

    assert inside_line_end or ruler.offset(ruler.position(at)) == at
