"""What the matcher reads of a text: what somebody says, without what mail programs and machines add."""

from __future__ import annotations

import re
import unicodedata

from opshub.matching.han import simplified
from opshub.matching.mail import own_words
from opshub.matching.traces import without_code, without_noise, without_traces

__all__ = ["read", "said"]

MOST = 20_000
"""Characters that are looked at; what stands behind them is not what somebody wants to say."""

_EMOJI = re.compile(
    "[\u200d\u20e3\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f]+"
)
_ANSWER = re.compile(
    r"\s{0,8}+(?:re|fwd?|aw|wg|sv|vs|antw|tr|回复|回覆|答复|转发|轉寄)\s{0,2}+[:：]", re.IGNORECASE
)


def read(title: str, text: str) -> tuple[str, str]:
    """Title and text as far as they are matched: for comparing, never for showing.

    Without quotes, signatures, addresses and emoji, in one width and one Chinese script. Of a stack trace the error and
    the topmost place are left; code comes last, since its words are what two reports of one bug share. Where nothing
    is left of both, all is read. Linear in the length of both, whatever they hold.
    """
    head, body = _one_script(title[:MOST]), text[:MOST]
    spoken, code = without_code(without_traces(own_words(body)))
    spoken = _one_script(without_noise(f"{spoken}\n{code}" if code else spoken))
    begin = 0
    while answer := _ANSWER.match(head, begin):
        begin = answer.end()
    head = head[begin:]
    if any(map(str.isalnum, head)) or any(map(str.isalnum, spoken)):
        return head.strip(), spoken.strip()
    return _one_script(title[:MOST]), _one_script(body)


def said(text: str) -> str:
    """What somebody says in a text, as it stands there: without code and without what is not read."""
    return without_noise(without_code(without_traces(own_words(text[:MOST])))[0])


def _one_script(text: str) -> str:
    """The text without emoji, in one width and one Chinese script."""
    if text.isascii():
        return text
    return simplified(unicodedata.normalize("NFKC", _EMOJI.sub(" ", text)))
