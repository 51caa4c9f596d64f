"""The one HTTP layer of all connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from opshub.clock import Clock

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Http", "HttpRules", "segment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRules:
    connect_timeout: float = 10
    read_timeout: float = 30
    deadline: float = 60
    max_bytes: int = 32 * 2**20
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 60
    rate: float | None = None
    burst: int = 10
    private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        raise NotImplementedError


class Http:
    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        rules: HttpRules = HttpRules(),
        secrets: Sequence[str] = (),
    ) -> None:
        raise NotImplementedError

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        raise NotImplementedError

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        raise NotImplementedError

    put = patch = post

    def delete(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        raise NotImplementedError

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        raise NotImplementedError

    def same_origin(self, link: str) -> str:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def segment(value: object) -> str:
    """A value as one segment of a path, every special character escaped."""
    return quote(str(value), safe="")
