"""Settings that come from the environment and from a folder of secrets, as texts with their origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from opshub.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Given", "decode", "from_environment", "from_folder", "strays", "variable"]

PREFIX = "OPSHUB_"
SECTIONS = ("HUB", "CONNECTIONS")
MAX_SECRET = 64 * 1024
_SECRET = "put the secret alone into it, as text"


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """A text for one setting. ``path`` is in lower case: ``("connections", "support", "token")``."""

    path: tuple[str, ...]
    text: str
    origin: str


def variable(*path: str) -> str:
    """The environment variable for a setting: ``OPSHUB_CONNECTIONS__SUPPORT__TOKEN``."""
    return PREFIX + "__".join(part.replace("-", "_").replace(".", "_").upper() for part in path)


def from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    """Every variable of the hub's sections."""
    for name in sorted(environ):
        path = _path(name)
        if path:
            yield Given(path, environ[name], f"environment variable {name}")


def strays(environ: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none."""
    alike = re.compile(rf"{PREFIX}(HUB|CONNECTIONS?)_|{PREFIX}.*__", re.IGNORECASE)
    return [name for name in sorted(environ) if alike.match(name) and not _path(name)]


def from_folder(folder: Path, *, guarded: bool = True) -> Iterator[Given]:
    """Every file named like such a variable. ConfigError where others than the owner may read one."""
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        path = _path(file.name)
        if not path or not file.is_file():
            continue
        if guarded:
            _guard(file)
        yield Given(path, _read(file), f"secret file {file.name}")


def decode(model: type[BaseModel], given: Mapping[str, str]) -> dict[str, object]:
    """The texts as values for a model: lists and tables from JSON or ``__`` names, the rest as it is.

    ``given`` maps what stands behind the section's name, in lower case. ValueError for broken JSON.
    """
    from pydantic_settings import EnvSettingsSource, SettingsError

    class Texts(EnvSettingsSource):
        def _load_env_vars(self) -> Mapping[str, str | None]:
            return dict(given)

    try:
        return Texts(cast(Any, model), case_sensitive=False, env_prefix="", env_nested_delimiter="__")()
    except SettingsError as error:
        raise ValueError('must be JSON, such as ["a", "b"] or {"a": "b"}') from error


def _path(name: str) -> tuple[str, ...]:
    if not name.upper().startswith(PREFIX):
        return ()
    section, *rest = name[len(PREFIX) :].split("__")
    enough = 1 if section.upper() == "HUB" else 2
    if section.upper() not in SECTIONS or len(rest) < enough or not all(rest):
        return ()
    return (section.lower(), *(part.lower() for part in rest))


def _guard(file: Path) -> None:
    mode = file.stat().st_mode
    if mode & 0o077:
        raise ConfigError(
            f"the secret file {file} can be read by others than its owner", hint=f"run: chmod 600 {file}"
        )


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_SECRET + 1)
        if len(data) > MAX_SECRET:
            raise ConfigError(f"the secret file {file} is larger than {MAX_SECRET // 1024} KiB", hint=_SECRET)
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"the secret file {file} is not UTF-8 text", hint=_SECRET) from error
    except OSError as error:
        hint = "run opshub as the file's owner"
        raise ConfigError(f"the secret file {file} cannot be read: {error.strerror}", hint=hint) from error
