"""What a vendor answered, and its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opshub.errors import BadAnswerError

__all__ = ["Answer"]

CHARSETS = frozenset({"iso-8859-1", "latin-1", "latin1", "windows-1252", "gb18030", "gbk", "gb2312"})
SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with their names in lower case, and the decoded body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, {len(self.content)} bytes)"

    def json(self) -> Any:
        """The body as JSON, None where it is empty; BadAnswerError for what is no whole JSON.

        What strict readers choke on and vendors send all the same is mended: NaN becomes None, half a surrogate pair
        U+FFFD, a number beyond 64 bits a float.
        """
        import orjson

        if not self.content.strip():
            return None
        try:
            return orjson.loads(self.content)
        except ValueError:
            return self._mended()

    def link(self, relation: str = "next") -> str | None:
        """The address that the ``Link`` header gives for a relation."""
        for part in re.finditer(r"<([^<>]*)>([^<]*)", self.headers.get("link", "")[:20_000]):
            if re.search(rf"\brel\s*=\s*\"?{re.escape(relation)}\b", part[2], re.IGNORECASE):
                return part[1]
        return None

    @property
    def is_html(self) -> bool:
        """Whether a web page came, whatever the header says."""
        return self.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    def _mended(self) -> Any:
        if self.is_html:
            raise BadAnswerError(
                "A web page came where JSON was expected: a login page?",
                hint="Check the address and the credentials in the connection's settings.",
            )
        try:
            read = json.loads(
                self._text(), parse_int=_number, parse_float=_number, parse_constant=_none, strict=False
            )
            return _storable(read)
        except RecursionError:
            raise BadAnswerError("The answer is nested too deeply.") from None
        except ValueError:
            raise BadAnswerError("The answer is not JSON, or was cut.") from None

    def _text(self) -> str | bytes:
        declared = self.headers.get("content-type", "").lower().rpartition("charset=")[2].strip(' "')
        return self.content.decode(declared) if declared in CHARSETS else self.content


def _none(_: str) -> None:
    return None


def _number(digits: str) -> int | float | None:
    if len(digits) < 20 and digits.lstrip("-").isdigit():
        return int(digits)
    number = float(digits)
    return number if abs(number) != float("inf") else None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(part) for name, part in value.items()}
    return value
