"""Every exception of the libraries below has its meaning here."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore
import httpx
import pytest

from opshub.errors import OpshubError, PausedError, RetryError
from opshub.sdk.failures import HTTPX_ERRORS, TRANSPORT, of_transport
from opshub.sdk.network import _as_httpx


def exceptions_of(module: object) -> list[type[Exception]]:
    """All exception classes that a module shows."""
    found = [getattr(module, name) for name in dir(module)]
    return [one for one in found if isinstance(one, type) and issubclass(one, Exception)]


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    """A class and all that derive from it."""
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def test_every_exception_of_httpx_is_caught() -> None:
    assert [kind for kind in exceptions_of(httpx) if not issubclass(kind, HTTPX_ERRORS)] == []


@pytest.mark.parametrize("kind", exceptions_of(httpx))
def test_every_exception_of_httpx_has_a_meaning(kind: type[Exception]) -> None:
    error = kind.__new__(kind)

    meaning = of_transport(error)

    assert any(isinstance(error, listed) for listed, _ in TRANSPORT)
    assert issubclass(meaning.kind, (PausedError, RetryError))
    assert issubclass(meaning.kind, OpshubError)


@pytest.mark.parametrize("kind", [kind for root in HTTPX_ERRORS for kind in below(root)])
def test_what_reached_the_vendor_is_never_called_unsent(kind: type[Exception]) -> None:
    unsent = (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
        httpx.LocalProtocolError,
        httpx.InvalidURL,
    )

    assert of_transport(kind.__new__(kind)).sent or issubclass(kind, unsent)


@pytest.mark.parametrize("kind", exceptions_of(httpcore))
def test_every_exception_of_httpcore_becomes_one_of_httpx(kind: type[Exception]) -> None:
    with pytest.raises(httpx.TransportError), _as_httpx():
        raise kind("x")
