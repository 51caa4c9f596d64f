"""Which encoding a file is in, checked over the whole file before the first row leaves."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

from opshub.errors import PausedError

__all__ = ["Examined", "digest_of", "examine"]

CHUNK = 1 << 20
SAMPLE = 1 << 18

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# The commonest Chinese characters make up a good third of any Chinese text, and next to nothing of Korean,
# Japanese or Western text read as GB18030; statistical detection takes short Chinese files for Korean.
COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "评论快慢差味服务送店菜错误打开登录导出退款希望无法建议账号"
)
ENOUGH = 0.1


@dataclass(frozen=True, slots=True)
class Examined:
    """A file's encoding and a hash of its content."""

    encoding: str
    digest: str


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    byte: int


def examine(path: Path, name: str, encoding: str) -> Examined:
    """Find out or check a text file's encoding. PausedError names the line and the byte that do not fit."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    digest = digest_of(path)
    if encoding != "auto":
        return Examined(_checked(path, name, encoding), digest)
    if marked := next((codec for mark, codec in MARKS if head.startswith(mark)), ""):
        return Examined(_checked(path, name, marked), digest)
    fault = _fault(path, "utf-8")
    if (wide := _wide(head, 0.02 if fault else 0.4)) and _fault(path, wide) is None:
        return Examined(wide, digest)
    if fault is None:
        return Examined("utf-8", digest)
    return Examined(_guess(path, name, head, fault), digest)


def digest_of(path: Path) -> str:
    """A hash of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _checked(path: Path, name: str, encoding: str) -> str:
    if fault := _fault(path, encoding):
        raise PausedError(
            f"{name}, line {fault.line}, byte {fault.byte}: this is not {encoding}",
            hint="set encoding to what the file was saved in (gb18030, utf-16, cp1252 …), or remove the "
            "setting to have it found out",
        )
    return encoding


def _wide(head: bytes, share: float) -> str:
    """UTF-16 without a mark shows by the zero half of its ASCII characters, of which text has at least a share."""
    if not (low := head[0::2].count(0)) + (high := head[1::2].count(0)):
        return ""
    if max(low, high) < share * len(head) / 2 or min(low, high) > max(low, high) / 4:
        return ""
    return "utf-16-le" if high > low else "utf-16-be"


def _fault(path: Path, encoding: str) -> _Fault | None:
    """Decode the whole file in pieces; the first place that does not decode."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, byte = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                start = getattr(error, "start", 0)
                whole = error.object if isinstance(error, UnicodeDecodeError) else b""
                good = whole[:start].decode(encoding, errors="replace")
                at = byte - pending + start + 1
                return _Fault(line + good.count("\n"), at)
            line += text.count("\n")
            byte += len(chunk)
            if not chunk:
                return None


def _guess(path: Path, name: str, head: bytes, fault: _Fault) -> str:
    place = f"{name}, line {fault.line}, byte {fault.byte}"
    sample = _around(path, fault.byte)
    if _mostly_utf8(head[: fault.byte - 1] + sample):
        raise PausedError(
            f"{place}: damaged UTF-8; the text around it is in UTF-8",
            hint="export the file again, or repair that line",
        )
    if _chinese(sample) and _fault(path, "gb18030") is None:
        return "gb18030"
    guess = _likely(sample)
    likely = f", perhaps {guess}" if guess else ""
    raise PausedError(
        f"{place}: this is not UTF-8, and which encoding it is cannot be told for certain{likely}",
        hint=f'set encoding = "{guess or "gb18030"}" or whatever the file was saved in',
    )


def _around(path: Path, byte: int) -> bytes:
    """What follows the fault: before it there may be nothing but ASCII."""
    with path.open("rb") as file:
        file.seek(byte - 1)
        return file.read(SAMPLE)


def _mostly_utf8(sample: bytes) -> bool:
    """Other encodings hold valid UTF-8 by chance, but never mostly."""
    wide = [char for char in sample.decode("utf-8", errors="replace") if char > "\x7f"]
    return wide.count("\ufffd") * 4 < len(wide)


def _chinese(sample: bytes) -> bool:
    text = sample.decode("gb18030", errors="ignore")
    wide = [char for char in text if char >= "\u3400"]
    return len(wide) >= 4 and sum(char in COMMON for char in wide) >= ENOUGH * len(wide)


def _likely(sample: bytes) -> str:
    """The statistically likeliest encoding: good enough for a hint, too often wrong to read a file by."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample).best()
    return "" if best is None or best.encoding in ("ascii", "utf_8") else best.encoding
