"""References that people and vendors state: issue keys, addresses, duplicate links."""

from __future__ import annotations

import re

from opshub.model import Feedback, Ref

__all__ = ["addresses_in", "keys_in", "references"]

# Both patterns begin with a literal, so the scan skips from one occurrence of it to the next, and neither can
# backtrack over more than the few characters behind it.
_DASH_NUMBER = re.compile(r"-([1-9][0-9]{0,9})(?![0-9A-Za-z_])")
_ADDRESS = re.compile(r"://[^\s<>\"'|\\^`{}\[\]]{1,1000}")

_PROJECT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_MAX_PROJECT = 20
_TRAILING = ".,;:!?)，。；：！？）】」』、"

MAX_REFERENCES = 50
"""References of one piece of feedback that are followed; a text with more is a list, not a voice."""


def keys_in(text: str) -> list[str]:
    """Issue keys such as ``FEED-12`` in a text: two or more capitals, digits or underscores, a dash, a number."""
    if "-" not in text:
        return []
    found: list[str] = []
    for match in _DASH_NUMBER.finditer(text):
        start = match.start()
        low = max(0, start - _MAX_PROJECT - 1)
        at = start
        while at > low and text[at - 1] in _PROJECT:
            at -= 1
        project = text[at:start]
        if 2 <= len(project) <= _MAX_PROJECT and "A" <= project[0] <= "Z":
            if at and (text[at - 1].isalnum() or text[at - 1] == "-") and text[at - 1].isascii():
                continue
            found.append(f"{project}-{match.group(1)}")
    return found


def addresses_in(text: str) -> list[str]:
    """Web addresses in a text, without the punctuation that ends a sentence."""
    if "://" not in text:
        return []
    found: list[str] = []
    for match in _ADDRESS.finditer(text):
        start = match.start()
        for scheme in ("https", "http"):
            if text[max(0, start - len(scheme)) : start].lower() == scheme:
                found.append(scheme + match.group().rstrip(_TRAILING))
                break
    return found


def references(feedback: Feedback) -> list[str]:
    """Everything a piece of feedback refers to, each once, the vendor's own statements first.

    A duplicate link is given as ``connection:id``, the text of a ``Ref``.
    """
    found = dict.fromkeys(feedback.mentions)
    if feedback.duplicate_of:
        found = {str(Ref(feedback.ref.connection, feedback.duplicate_of)): None, **found}
    for text in (feedback.title, feedback.text, *(comment.text for comment in feedback.comments)):
        found.update(dict.fromkeys(keys_in(text)))
        found.update(dict.fromkeys(addresses_in(text)))
    own = {feedback.ref.id, feedback.url}
    return [name for name in found if name and name not in own][:MAX_REFERENCES]
