"""Writes the manual's generated pages: ``python -m opshub.cli.manual [FOLDER]``.

``settings.md`` comes from the settings classes, ``commands.md`` from the commands; on the pages of connectors and of
the rules language the marked sections come from the code. So none can fall behind.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import click

from opshub.sdk.settings import meanings

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

__all__ = ["commands_page", "connector_page", "pages", "settings_page", "write"]

NOTE = "<!-- Made by `make docs` from the code; changes here are lost. -->"


def commands_page() -> str:
    """The manual of all commands."""
    from opshub.cli import cli

    parts = ["# Commands", NOTE, _help(cli), _options(cli)]
    context = click.Context(cli, info_name="opshub")
    for command, path in _walk(cli, context, "opshub"):
        parts += [f"## `{path}`", f"```text\n{_usage(command, path)}\n```", _help(command), _options(command)]
    return "\n\n".join(filter(None, parts)) + "\n"


def settings_page() -> str:
    """The manual of all settings: the hub's, those of every connection, those of each bundled connector."""
    from opshub.config.currencies import CurrencySettings
    from opshub.config.fields import TableSettings
    from opshub.config.settings import ConnectionSettings, HubSettings
    from opshub.plugins import Registry

    registry = Registry()
    parts = ["# Settings", NOTE, _INTRODUCTION, *_section("[hub]", HubSettings, "## The hub")]
    parts += _section("[connections.NAME]", ConnectionSettings, "## Every connection")
    parts += _section("[currencies]", CurrencySettings, "## Currencies")
    parts += _section("[tables.NAME]", TableSettings, "## Lookup tables")
    for info in registry.kinds():
        if info.origin == "bundled":
            made = registry.connector(info.kind)
            parts += _section("[connections.NAME]", made.Settings, f"## `{info.kind}`")
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
Settings stand in `opshub.toml`: here, in a folder above, or where `--config` or `OPSHUB_CONFIG` says. Any of them can
come from the environment instead: `OPSHUB_HUB__DATABASE` for `database` under `[hub]`,
`OPSHUB_CONNECTIONS__SUPPORT__TOKEN` for `token` under `[connections.support]`; in a connection's name, `-` is written
`_`. Lists and tables are written as JSON there. A file of the same name in the secrets folder works too. The
environment comes before the secrets folder, and both before the file.

A setting that nobody knows is an error, with the line and a suggestion; all mistakes of a file are told at once."""


def _walk(group: click.Group, context: click.Context, path: str) -> Iterator[tuple[click.Command, str]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        yield command, f"{path} {name}"
        if isinstance(command, click.Group):
            yield from _walk(command, context, f"{path} {name}")


def _usage(command: click.Command, path: str) -> str:
    words = [path]
    if any(isinstance(param, click.Option) for param in command.params):
        words.append("[OPTIONS]")
    for param in command.params:
        if isinstance(param, click.Argument):
            shown = param.metavar or (param.name or "").upper()
            words.append(shown if param.required or shown.startswith("[") else f"[{shown}]")
    return " ".join([*words, "COMMAND"] if isinstance(command, click.Group) else words)


def _help(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").replace("\b\n", "")


def _options(command: click.Command) -> str:
    lines = []
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            names = ", ".join(f"`{name}`" for name in param.opts)
            default = (
                f" Default: {param.default}." if param.show_default and param.default is not None else ""
            )
            lines.append(f"- {names}{_taken(param)}: {param.help or ''}{default}")
    return "\n".join(lines)


def _taken(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + " | ".join(f"`{choice}`" for choice in option.type.choices)
    return (
        f" {option.metavar or {'integer': 'NUMBER', 'integer range': 'NUMBER'}.get(option.type.name, 'TEXT')}"
    )


def _section(table: str, model: type[BaseModel], title: str) -> Iterator[str]:
    yield title
    doc = " ".join((model.__doc__ or "").split()).replace("``", "`")
    yield f"{doc}\n\n`{table}`" if doc else f"`{table}`"
    rows = ["| setting | kind | default | what it does |", "|---|---|---|---|"]
    inner: list[tuple[str, type[BaseModel]]] = []
    meant = meanings(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        nested = _nested(field.annotation)
        if nested is not None:
            each = ".FIELD" if get_origin(field.annotation) is dict else ""
            inner.append((f"{table[:-1]}.{key}{each}]", nested))
        meaning = _cell(" ".join(meant[name].split()))
        rows.append(f"| `{key}` | {_cell(_kind(field))} | {_cell(_default(field))} | {meaning} |")
    yield "\n".join(rows)
    for below, nested in inner:
        yield from _section(below, nested, f"### `{below}`")


def _nested(annotation: object) -> type[BaseModel] | None:
    from pydantic import BaseModel

    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _kind(field: FieldInfo) -> str:
    return _named(field.annotation)


def _named(annotation: Any) -> str:
    """A type in the words of somebody who writes the file."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _named(args[0])
    if origin is Literal:
        return _either(str(option) for option in args)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_named(arg) for arg in args if arg is not type(None)))
    if origin in (tuple, list, set, frozenset):
        return f"list of {_named(args[0])}s"
    if origin is dict:
        return f"table of {_named(args[1])}s"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _either(str(option.value) for option in annotation)
    return _WORDS.get(getattr(annotation, "__name__", ""), "table" if _nested(annotation) else "text")


def _either(options: Iterable[str]) -> str:
    *most, last = (f"`{option}`" for option in options)
    return f"{', '.join(most)} or {last}" if most else last


_WORDS = {
    "bool": "yes or no",
    "int": "number",
    "float": "number",
    "str": "text",
    "Path": "path",
    "SecretStr": "secret",
    "timedelta": "duration",
    "datetime": "time",
    "date": "date",
}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), [], {}, frozenset()) or _nested(type(value)) is not None:
        return ""
    if isinstance(value, timedelta):
        return f'`"{_span(value)}"`'
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Path):
        return "" if value == Path() else f'`"{value}"`'
    if isinstance(value, Enum):
        return f'`"{value.value}"`'
    if isinstance(value, tuple | list | frozenset | set):
        entries = ", ".join(f'"{entry}"' for entry in value)
        return f"`[{entries}]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _span(value: timedelta) -> str:
    from opshub.cli.view import span

    return span(value.total_seconds())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def connector_page(text: str, model: type[BaseModel]) -> str:
    """A connector's page with its table of settings made anew, where it has a place for it."""
    before, opened, rest = text.partition(_BEGIN)
    _, closed, after = rest.partition(_END)
    if not opened or not closed:
        return text
    rows = ["| setting | default | |", "|---|---|---|"]
    meant = meanings(model)
    for name, field in model.model_fields.items():
        secret = " (secret)" if "secret" in _kind(field) else ""
        default = "required" if field.is_required() else _default(field) or _nothing(field)
        meaning = _cell(" ".join(meant[name].split()))
        rows.append(f"| `{field.alias or name}`{secret} | {_cell(default)} | {meaning} |")
    return f"{before}{_BEGIN}{chr(10).join(rows)}\n{_END}{after}"


_BEGIN = "<!-- begin generated: settings -->\n"
_END = "<!-- end generated: settings -->"


def _nothing(field: FieldInfo) -> str:
    """How an empty default is written in the file."""
    if _nested(field.annotation) is not None:
        return "a table of its own"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, Path):
        return "none"
    return "`{}`" if isinstance(value, dict) else '`""`' if isinstance(value, str) else "`[]`"


def pages(folder: Path) -> dict[Path, str]:
    """Every page of the manual in the folder that is made from the code, as it should be."""
    from opshub.language.reference import reference
    from opshub.plugins import Registry

    made = {folder / "commands.md": commands_page(), folder / "settings.md": settings_page()}
    rules = folder / "rules.md"
    if rules.is_file():
        made[rules] = reference(rules.read_text(encoding="utf-8"))
    registry = Registry()
    for info in registry.kinds():
        page = folder / "connectors" / f"{info.kind}.md"
        if info.origin == "bundled" and page.is_file():
            text = page.read_text(encoding="utf-8")
            made[page] = connector_page(text, registry.connector(info.kind).Settings)
    return made


def write(folder: Path) -> list[Path]:
    """Write the pages into a folder; the files."""
    made = pages(folder)
    for file, text in made.items():
        file.write_text(text, encoding="utf-8")
    return list(made)


if __name__ == "__main__":
    for written in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        print(written)
