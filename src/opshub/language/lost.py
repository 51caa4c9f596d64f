"""What stands in statements that could not be read, so that one mistake has no echo."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Lost"]


@dataclass(slots=True)
class Lost:
    """Names that are not known, and words that may be used, because their statement was not understood.

    ``outcomes`` are the parts of a decision that a mistake has left open, such as a route to nowhere.
    """

    names: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    pack: bool = False
    """Whether a whole pack is missing, and with it every name that it would have brought."""
    _texts: list[str] = field(default_factory=list)
    _words: set[str] = field(default_factory=set)

    def add(self, text: str, names: set[str]) -> None:
        """Remember a statement that could not be read, and what it would have defined."""
        self.names |= names
        self._texts.append(text)
        self._words |= set(re.findall(r"\w+", text))

    def defines(self, name: str) -> bool:
        """Whether the name may be defined by what was not understood."""
        return name in self.names or (self.pack and "." not in name)

    def uses(self, name: str) -> bool:
        """Whether what was not understood names something."""
        return name in self._words

    def says(self, value: str) -> bool:
        """Whether a text, such as a tag, stands in what was not understood."""
        word = re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")
        return any(word.search(text) for text in self._texts)
