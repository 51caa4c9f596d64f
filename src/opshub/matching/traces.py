"""What machines put into a text: stack traces, code, logs, addresses, random names. What tells of them stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["without_code", "without_noise", "without_traces"]

# Every repetition is possessive or short, so that no text makes a search slow; and most patterns begin with what is
# rare in a text, so that a search is quick where there is nothing to find.
_FRAME = re.compile(
    r"at(?<!\Sat)\s{1,8}+(?:async\s|new\s)?"
    r"(?:(?P<name>[\w$.<>/`@\[\]+-]{2,300}+)\s?\((?:[^()\n]|\([^()\n]{0,40}+\)){0,300}+\)"
    r"(?:\sin\s[^\n]{1,200}?:line\s\d++)?|[^\s()]{1,300}:\d++:\d++)"
)
_PYTHON = re.compile(r'File "[^"\n]{1,300}+", line \d++(?:, in (?P<name>[\w<>.]{1,100}+))?')
_LEADERS = re.compile(r"Traceback \(most recent call last\):|\.\.\. \d++ (?:more|common frames omitted)")
_MOMENT = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9}+)?(?:Z|[+-]\d\d:?\d\d)?"
    r"(?:\s{1,4}+\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?(?!\w))?"
)
_ADDRESS = re.compile(r"(?:(?:https?|ftp|file)://|www\.)[^\s<>\"'\[\](){}，。；、）】」』]++")
_MAILBOX = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w.-]{3,}+")
_LONG = re.compile(r"(?<![A-Za-z0-9+/=_-])(?:0x[0-9a-fA-F]{4,}+|[A-Za-z0-9+/=_-]{16,}+)")
_HEX = re.compile(r"[0-9a-fA-F-]++")
_PART = re.compile(r"[/_=+-]++")
_FENCES = {
    "{code": re.compile(r"\{code(?:[:|][^{}\n]{0,80}+)?\}"),
    "{noformat": re.compile(r"\{noformat(?:[:|][^{}\n]{0,80}+)?\}"),
    "```": re.compile("```"),
    "~~~": re.compile("~~~"),
}
_CODE_ENDS = ("{", "}", ";", ");", "})", "],", "/>", "=>")
_CODE_SIGNS = (" = ", " => ", "();", "::", " == ", "</", "&&")


def without_traces(text: str) -> str:
    """The text with one frame of each stack trace, by its name alone."""
    if "at " in text or "at\t" in text:
        text = " ".join(_tops(text))
    if 'File "' in text:
        text = _PYTHON.sub(lambda found: found["name"] or "", text)
    return _LEADERS.sub(" ", text) if "..." in text or "Traceback" in text else text


def _tops(text: str) -> Iterator[str]:
    """The text without frames; the name of a stack's first one is kept."""
    end = 0
    for found in _FRAME.finditer(text):
        if not _is_frame(found[0], found["name"] or ""):
            continue
        between = text[end : found.start()]
        yield between
        if (end == 0 or not between.isspace()) and found["name"]:
            yield " ".join(found["name"].split(".")[-2:])
        end = found.end()
    yield text[end:]


def _is_frame(whole: str, name: str) -> bool:
    """Whether this is a frame and no prose: ``at the door (left)``, ``at 10:30:15``."""
    if not name:
        return "/" in whole
    return "." in name.strip(".") or ("." in whole and whole[-2].isdigit() and ":" in whole)


def without_code(text: str) -> tuple[str, str]:
    """The text without code between fences or indented, and that code."""
    code: list[str] = []
    for mark, fence in _FENCES.items():
        if mark in text:
            text = " ".join(_outside(text, fence, code))
    if "\n    " in text or "\n\t" in text:
        lines = text.splitlines()
        code += filter(_is_code, lines)
        text = "\n".join(line for line in lines if not _is_code(line))
    return text, "\n".join(code)


def _outside(text: str, fence: re.Pattern[str], code: list[str]) -> Iterator[str]:
    """What stands outside of fenced code, which is put into ``code``; a fence without its end is none."""
    fences = list(fence.finditer(text))
    end = 0
    for opening, closing in zip(fences[::2], fences[1::2], strict=False):
        yield text[end : opening.start()]
        code.append(text[opening.end() : closing.start()])
        end = closing.end()
    yield text[end:]


def _is_code(line: str) -> bool:
    """Whether a line is indented and ends or reads like code; an indented paragraph does not."""
    if not line.startswith(("    ", "\t")):
        return False
    return line.rstrip().endswith(_CODE_ENDS) or any(sign in line for sign in _CODE_SIGNS)


def without_noise(text: str) -> str:
    """The text without addresses, moments and names that machines gave."""
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    if "@" in text:
        text = _MAILBOX.sub(" ", text)
    if ":" in text and ("-" in text or "/" in text):
        text = _MOMENT.sub(" ", text)
    return _LONG.sub(_named, text) if "0x" in text or max(map(len, text.split()), default=0) >= 16 else text


def _named(found: re.Match[str]) -> str:
    """A long word, unless it is a number in hexadecimal or an encoding."""
    word = found[0]
    if word.startswith("0x"):
        return " "
    digits = sum(map(str.isdigit, word))
    if digits >= 4 and _HEX.fullmatch(word) and not word.replace("-", "").isdigit():
        return " "
    if digits >= 3 and max(map(len, _PART.split(word))) >= 30:
        return " "
    return word
