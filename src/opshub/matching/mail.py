"""What of a mail's text its writer wrote: no quotes of others, no earlier messages, no signature.

Line by line and once over the text, because mails come from strangers: the well-known parsers of replies search with
patterns whose time grows with the square of the text (12 KB of ``On On On …`` took one of them six seconds).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

__all__ = ["own_words"]

_LONGEST = 300
"""Characters of a line that can be a mail's furniture; what is longer is what somebody says."""

_WROTE = (
    ("on ", "wrote:"),
    ("am ", ":", "schrieb"),
    ("le ", "a écrit :"),
    ("le ", "a écrit:"),
    ("el ", "escribió:"),
    ("em ", "escreveu:"),
    ("il ", "ha scritto:"),
    ("op ", ":", "schreef"),
    ("den ", ":", "skrev"),
)
"""How a line begins and ends, and what it may have to hold, that says who wrote what follows."""

_WROTE_HAN = ("写道", "寫道", "写到")

_FROM = tuple("from:|von:|de:|da:|van:|发件人|發件人|寄件者|寄件人|差出人:|보낸 사람:".split("|"))
_HEADS = _FROM + tuple(
    (
        "sent:|date:|to:|subject:|cc:|gesendet:|datum:|an:|betreff:|envoyé|objet|à:|à :|enviado|para:|asunto:|assunto:"
        "|inviato:|oggetto:|verzonden:|aan:|发送时间|發送時間|收件人|收件者|主题|主題|主旨|抄送|日期|寄件日期|時間"
        "|送信日時:|宛先:|件名:|받는 사람:|제목:"
    ).split("|")
)

_EARLIER = (
    *("original message", "ursprüngliche nachricht", "message d'origine", "mensaje original"),
    *("mensagem original", "messaggio originale", "oorspronkelijk bericht", "原始邮件", "原始郵件", "原邮件"),
)
_FORWARDED = ("forwarded message", "weitergeleitete nachricht", "转发邮件", "转发的邮件", "轉寄郵件")

_DEVICE = (
    *("sent from my ", "sent from mail for ", "sent from outlook", "sent via ", "get outlook for "),
    *("发自我的", "發自我的", "发自 ", "从我的", "從我的", "來自我的", "来自我的", "发送自", "获取 outlook"),
    *("von meinem ", "gesendet von ", "envoyé de ", "envoyé depuis ", "enviado desde ", "enviado do "),
    *("inviato da ", "verzonden vanaf ", "sendt fra ", "skickat från ", "iphoneから送信", "나의 iphone"),
)
_ABOVE = ("##- please type your reply above", "please type your reply above", "请在此行上方")
_REGARDS = frozenset(
    "best regards|kind regards|warm regards|regards|best wishes|sincerely|yours sincerely|cheers|"
    "mit freundlichen grüßen|viele grüße|beste grüße|cordialement|bien cordialement|saludos|un saludo|"
    "atenciosamente|cordiali saluti|met vriendelijke groet|此致|此致敬礼|顺祝商祺|順頌商祺".split("|")
)
_SIGNATURE = 20
"""Lines that a signature has at most."""


def own_words(text: str) -> str:
    """The text without what mail programs add to it; an earlier message that nothing stands before is kept."""
    if "\n" not in text:
        return text
    lines = text.splitlines()
    return "\n".join(_unsigned(list(_unquoted(lines))))


def _unquoted(lines: Sequence[str]) -> Iterator[str]:
    """The lines up to the first earlier message, without quoted ones."""
    said, at = False, 0
    while at < len(lines):
        plain = lines[at].strip()
        lower = plain[:_LONGEST].lower()
        skipped = _furniture(lines, at, lower)
        if skipped and said and not _answered(lines, at + skipped, lower):
            return
        if not skipped and not _quoted(plain) and not _device(plain, lower, said):
            said = said or any(map(str.isalnum, plain))
            yield lines[at]
        at += skipped or 1


def _furniture(lines: Sequence[str], at: int, lower: str) -> int:
    """How many lines here announce another message; 0 for what somebody says."""
    if not lower or len(lines[at]) > _LONGEST:
        return 0
    if lower[0] in "-_*" and any(name in lower for name in (*_EARLIER, *_FORWARDED)):
        return 1 + _heads(lines, at + 1)
    if lower.lstrip("*").startswith(_FROM):
        further = _heads(lines, at + 1)
        return 1 + further if further else 0
    return _attribution(lines, at, lower)


def _heads(lines: Sequence[str], at: int) -> int:
    """How many lines are the head of a mail: from whom, when, to whom, about what."""
    heads = (line[:40].strip(" *\t").lower().startswith(_HEADS) for line in lines[at : at + 8])
    return sum(takewhile(bool, heads))


def _attribution(lines: Sequence[str], at: int, lower: str) -> int:
    """How many lines say who wrote what follows: ``On Monday, 3 May 2027, Ann wrote:``, perhaps broken."""
    whole = lower
    for count in range(1, 4):
        if _wrote(whole):
            return count
        if at + count == len(lines) or not lower.startswith(tuple(begin for begin, *_ in _WROTE)):
            return 0
        whole = f"{whole} {lines[at + count][:_LONGEST].strip().lower()}"
    return 0


def _wrote(line: str) -> bool:
    if line[-1] not in ":：" or not any(map(str.isdigit, line)):
        return False
    if line.rstrip(":： ").endswith(_WROTE_HAN):
        return True
    return any(
        line.startswith(begin) and line.endswith(end) and all(one in line for one in inside)
        for begin, end, *inside in _WROTE
    )


def _answered(lines: Sequence[str], at: int, lower: str) -> bool:
    """Whether what was announced is not all that follows: it is forwarded, or quoted line by line."""
    if any(name in lower for name in _FORWARDED):
        return True
    following = next((line for line in lines[at : at + 4] if line.strip()), "")
    return _quoted(following.strip())


def _quoted(plain: str) -> bool:
    """Whether a line is a quote; ``>90 %`` and ``>= 5`` are none."""
    return plain.startswith(">") and not plain[1:2].isdigit() and plain[1:2] != "="


def _device(plain: str, lower: str, said: bool) -> bool:
    """Whether a mail program put the line there; what a text begins with is somebody's word."""
    return len(plain) <= 80 and (lower.startswith(_ABOVE) or (said and lower.startswith(_DEVICE)))


def _unsigned(lines: list[str]) -> list[str]:
    """The lines before the signature."""
    for at in range(max(1, len(lines) - _SIGNATURE), len(lines)):
        plain = lines[at].strip()
        if plain == "--" or (plain.rstrip(",.!，。！").lower() in _REGARDS and _names(lines[at + 1 :])):
            return lines[:at]
    return lines


def _names(lines: Sequence[str]) -> bool:
    """Whether lines are short enough to be somebody's name, office and address."""
    return len(lines) <= _SIGNATURE // 2 and all(len(line) <= 60 for line in lines)
