"""Cuts a rule file into statements and finds what would keep the grammar from reading them.

The text that it hands on has the same length as the file's, so places stay true; full-width punctuation outside of
texts is reported and replaced there, so that the rest of the statement can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from opshub.language.findings import Findings, suggestion
from opshub.language.tree import Span

__all__ = ["DEEPEST", "OPENING", "RESERVED", "STATEMENTS", "Block", "scan"]

DEEPEST = 50
LARGEST = 65_536
_IGNORED = " \t\r\n\f"

STATEMENTS = ("alert", "bands", "goal", "let", "match", "parameter", "rule", "score", "signal", "test", "use")
RESERVED = frozenset(
    "account accounts all and any as assign because by contains count distinct expect false feedback for given "
    "idea in is key matches max mean median mentions min missing no not notify of open or otherwise over "
    "per person persons reported route share stop sum supports tag to true when where within".split()
) | set(STATEMENTS)

_TOKEN = re.compile(
    r'(?P<comment>#[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*")|(?P<curly>[“”„][^“”"\n]*["“”])|(?P<open>")'
    r"|(?P<bracket>[(){}\[\]])|(?P<wide>(?:(?![＆｜])[，、：；（）【】。《》\uff01-\uff5e])+|[“”„])"
    r"|(?P<single>['‘’`][^'‘’`\"\n]*['‘’`])|(?P<blank>[\u00a0\u3000\ufeff]+)"
)
_NEXT = re.compile("[#\"“”„(){}\\[\\]'‘’`]")
"""What begins a comment, a text or a bracket: a search for a set of characters is many times faster."""
_WIDE = re.compile("[“”„，、：；（）【】。《》\uff01-\uff5e\u00a0\u3000\ufeff]")
_NARROW: dict[int, str] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_NARROW.update(zip(map(ord, "，、：；（）【】。“”„《》"), ',,  ()[]."""<>', strict=True))
_GIVING = re.compile(r"\b(?:(?:let|score|parameter|signal)\s+\w+|given\b[^\n]*?[\w.]+|,\s*[\w.]+)\s*\Z")
"""What stands before a colon that should be ``=``."""
_PLAIN = "|".join(sorted(set(STATEMENTS) - {"match", "signal"}))
_MATCH = r"match\b(?![ \t]*(?:[=!]?=|(?:in|is)\b))"
OPENING = rf"(?:{_PLAIN}|signal)\b|{_MATCH}"
"""The first word of a statement; where a test expects something of ``match``, it is none."""
_STATEMENT = re.compile(
    rf"^(?:[ \t]*(?:(?:{_PLAIN})\b|{_MATCH}|(?:key[ \t]+)?signal[ \t]+\w+\s*=(?!=))"
    r"|(?P<other>[^\W\d]\w*)[ \t]+(?:\"[^\"\n]*\"\s*\{|\w+\s*=(?!=)))",
    re.M,
)
_DEFINED = re.compile(r'(?:let|parameter|score|signal)[ \t]+(\w+)|^[ \t]*goal[ \t]+"([^"\n]*)"', re.M)
_HEADING = re.compile(r"\s*((?:rule|match|alert|goal|test|bands)[ \t]+(?:\"[^\"\n]*\"|\w+))")
_BRACKETS = frozenset("(){}[]")
_PARTNER = {")": "(", "]": "[", "}": "{"}


@dataclass(slots=True)
class Block:
    """One statement's characters; ``broken`` where the grammar would only stumble over what is reported already."""

    file: int
    start: int
    end: int
    broken: bool = False

    def defines(self, text: str) -> set[str]:
        """Names that the statement would define."""
        return {name or title for name, title in _DEFINED.findall(text, self.start, self.end)}


def scan(file: int, findings: Findings) -> tuple[str, list[Block]]:
    """The repaired text of a file and its statements."""
    text = findings.sources[file].text
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        findings.report(
            "R008", Span(file, 0, 1), "this file is larger than 65,536 bytes", "split it by subject"
        )
        return text, [Block(file, 0, len(text), broken=True)]
    text = _narrowed(text, file, findings)
    blocks = _blocks(text, file, findings)
    for block in blocks:
        _check_brackets(text, block, findings)
    return text, blocks


def _narrowed(text: str, file: int, findings: Findings) -> str:
    """The text with full-width punctuation outside of texts replaced; one finding a line lists what was found."""
    if _WIDE.search(text) is None:
        return text
    pieces, done = [], 0
    wide: dict[int, list[tuple[int, str, str]]] = {}
    for token in _TOKEN.finditer(text):
        if token.lastgroup not in ("curly", "wide", "blank"):
            continue
        found = token[0]
        narrow = _narrow(text, token)
        signs = [
            (token.start() + i, c, n) for i, (c, n) in enumerate(zip(found, narrow, strict=True)) if c != n
        ]
        if token.lastgroup != "blank" and signs:
            wide.setdefault(findings.line(Span(file, token.start(), token.end())), []).extend(signs)
        pieces += [text[done : token.start()], narrow]
        done = token.end()
    for signs in wide.values():
        typed = {sign: instead for _, sign, instead in signs}
        findings.report(
            "R005",
            Span(file, signs[0][0], signs[-1][0] + 1),
            f"full-width punctuation: {' '.join(typed)}",
            "type instead:  "
            + "   ".join(f"{sign} → {to.strip() or 'nothing'}" for sign, to in typed.items()),
        )
    return "".join([*pieces, text[done:]])


def _narrow(text: str, token: re.Match[str]) -> str:
    """What should stand in the place of full-width signs, of the same length."""
    found = token[0]
    if token.lastgroup == "blank":
        return " " * len(found)
    if token.lastgroup == "curly":
        return f'"{found[1:-1]}"'
    line = text[text.rfind("\n", 0, token.start()) + 1 : token.start()]
    if found in ("：", "＝") and _GIVING.search(line):
        return "="
    return found.translate(_NARROW).replace(":", " ").replace(";", " ")


def _blocks(text: str, file: int, findings: Findings) -> list[Block]:
    """The statements; one ends where a line begins with the word of the next, whatever brackets are open."""
    starts = []
    for match in _STATEMENT.finditer(text):
        word = match["other"]
        if "signal" in match[0] and text[: match.start()].rstrip().endswith((",", "given")):
            continue  # a value that a test gives, on a line of its own
        if word is None:
            starts.append((match.start(), False))
        elif word not in RESERVED:
            starts.append((match.start(), True))
            span = Span(file, match.start("other"), match.end("other"))
            findings.report("R003", span, f"'{word}' is not a statement", suggestion(word, STATEMENTS))
    ends = [start for start, _ in starts[1:]] + [len(text)] * bool(starts)
    blocks = [Block(file, start, end, broken) for (start, broken), end in zip(starts, ends, strict=True)]
    before = Block(file, 0, starts[0][0] if starts else len(text))
    return [before, *blocks] if re.sub(r"#[^\n]*", "", text[: before.end]).strip(_IGNORED) else blocks


def _check_brackets(text: str, block: Block, findings: Findings) -> None:
    """Report the first quote or bracket without a partner, or the first that is nested too deeply."""
    opened: list[tuple[str, int]] = []
    for sign, kind, at in _paired(text, block):
        if kind == "bracket" and sign not in _PARTNER and len(opened) < DEEPEST:
            opened.append((sign, at))
        elif sign in _PARTNER and opened and opened[-1][0] == _PARTNER[sign]:
            opened.pop()
        else:
            _report_bracket(text, block, Span(block.file, at, at + len(sign)), kind, opened, findings)
            block.broken = True
            return
    if opened:
        sign, at = opened[-1]
        _report_open(text, block, sign, Span(block.file, at, at + 1), findings)
        block.broken = True


def _report_bracket(
    text: str, block: Block, span: Span, kind: str, opened: list[tuple[str, int]], findings: Findings
) -> None:
    """Report a quote without a partner, a bracket that closes nothing, or one that opens too deeply."""
    sign = text[span.start : span.end]
    if kind == "open":
        _report_quote(text, span, findings)
    elif kind == "single":
        hint = f'write "{sign[1:-1]}"'
        findings.report("R012", span, f"a text stands in double quotes, not in {sign[0]}", hint)
    elif sign in _PARTNER:
        _report_stray(text, block, span, opened, findings)
    else:
        findings.report("R009", span, f"more than {DEEPEST} levels deep", "name the inner parts with let")


def _paired(text: str, block: Block) -> Iterator[tuple[str, str, int]]:
    """Brackets, and quotes without a partner: the sign, its kind, where it begins."""
    at = block.start
    while found := _NEXT.search(text, at, block.end):
        sign, start, at = found[0], found.start(), found.end()
        if sign in _BRACKETS:
            yield sign, "bracket", start
            continue
        token = _TOKEN.match(text, start, block.end)
        at = token.end() if token else at
        if token and token.lastgroup in ("open", "single"):
            yield token[0], token.lastgroup, start


def _report_open(text: str, block: Block, sign: str, span: Span, findings: Findings) -> None:
    """Report a bracket that is still open where its statement ends."""
    bare = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text[block.start : block.end]).rstrip()
    line = findings.line(Span(block.file, block.start + len(bare) - 1, block.end))
    hint = f"write '{_closing(sign)}' behind what it holds"
    if sign == "{":
        hint = f"write '}}' on a line of its own below line {line}"
    findings.report("R002", span, f"this '{sign}' is not closed: is a '{_closing(sign)}' missing?", hint)


def _closing(sign: str) -> str:
    return next(close for close, partner in _PARTNER.items() if partner == sign)


def _report_quote(text: str, span: Span, findings: Findings) -> None:
    """Report the text of a line that is not closed: the one with a letter behind it, else the last."""
    start, end = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.start)
    end = len(text) if end < 0 else end
    for token in _TOKEN.finditer(text, start, span.start):
        behind = text[token.end() : token.end() + 1]
        if token.lastgroup == "text" and (behind.isalnum() or behind == "_"):
            quoted = Span(span.file, token.start(), token.end())
            word = re.split(r"[,\])}”“]", token[0])[0].rstrip()
            findings.report(
                "R004", quoted, "this text is not closed where it should be", f'write {word.rstrip(chr(34))}"'
            )
            return
    findings.report(
        "R004", span._replace(end=end), "this text is not closed", "end it with '\"' on the same line"
    )


def _report_stray(
    text: str, block: Block, span: Span, opened: list[tuple[str, int]], findings: Findings
) -> None:
    """Report a closing bracket that has no partner, or the one inside of it that lacks its own."""
    sign, partner = text[span.start], _PARTNER[text[span.start]]
    heading = _HEADING.match(text, block.start) if sign == "}" and not opened else None
    if any(other == partner for other, _ in opened):
        other, at = opened[-1]
        place = Span(block.file, at, at + 1)
        message = f"this '{other}' is not closed before the '{sign}' of line {findings.line(span)}"
        findings.report("R002", place, message, f"a '{_closing(other)}' is missing")
    elif heading:
        end = heading.end()
        hint = f"write {heading[1]} {{"
        findings.report("R002", Span(block.file, end - 1, end), "a '{' is missing here", hint)
    else:
        hint = f"leave it out, or is a '{partner}' missing before it?"
        findings.report("R002", span, f"this '{sign}' closes nothing", hint)
