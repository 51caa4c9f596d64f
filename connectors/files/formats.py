"""Rows out of JSON texts, one after another, each with its place; a broken row never stops its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TextIO

from opshub.sdk import BadAnswerError, Lines, MissingError, Row
from opshub_connectors.files.select import select

__all__ = ["JSON_LIMIT", "json_items", "json_lines"]

JSON_LIMIT = 256 << 20
"""Bytes of the largest JSON file that is not one of lines: it has to be read as a whole."""


def json_lines(stream: TextIO) -> Iterator[Row]:
    """Rows of a file with one JSON object a line."""
    lines = Lines(stream)
    while lines.peek():
        place = lines.begin()
        try:
            line = next(lines)
        except OverflowError:
            start = lines.taken[0]
            lines.leave_line()
            yield Row.broken(place, f"too large: a line may have {lines.limit:,} characters", start)
            continue
        if line.strip():
            yield _object(place, line)


def _object(place: str, line: str) -> Row:
    try:
        value = _decoded(line)
    except json.JSONDecodeError as error:
        return Row.broken(place, f"not JSON: {error}", line)
    except RecursionError:
        return Row.broken(place, "nested too deeply", line)
    except ValueError as error:
        return Row.broken(place, str(error), line)
    if not isinstance(value, dict):
        return Row.broken(place, f"a JSON {_noun(value)} where an object belongs", line)
    return Row(place, value)


def _decoded(text: str) -> object:
    """What the text holds, NaN as missing; a ValueError where it is not JSON, or a number in it cannot be read."""
    try:
        # Not orjson: it makes a nearby fraction of a whole number beyond 64 bits, and refuses half surrogates.
        return json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise ValueError("a number has thousands of digits") from None


def json_items(text: str, name: str, records: str) -> Iterator[Row]:
    """Rows of a JSON text: an array of objects, or an object that holds one at the path ``records``."""
    try:
        whole = _decoded(text)
    except RecursionError:
        raise BadAnswerError(f"{name}: nested too deeply", hint="export it as JSON lines") from None
    except json.JSONDecodeError as error:
        hint = 'set format = "jsonl"' if error.msg == "Extra data" else "export it again; it may be cut"
        raise BadAnswerError(
            f"{name}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}", hint=hint
        ) from None
    except ValueError as error:
        raise BadAnswerError(f"{name}: {error}", hint="export it as text, in quotes") from None
    for number, item in enumerate(_array(whole, name, records), 1):
        place = f"item {number}"
        if isinstance(item, dict):
            yield Row(place, item)
        else:
            yield Row.broken(place, f"a JSON {_noun(item)} where an object belongs", json.dumps(item))


def _array(whole: object, name: str, records: str) -> list[object]:
    if isinstance(whole, list) and not records:
        return whole
    if records and isinstance(whole, dict):
        at = select(whole, records)
        if at or select(whole, records.removesuffix("[]")) == []:
            return at
    keys = sorted(whole) if isinstance(whole, dict) else []
    lists = [key for key in keys if isinstance(whole, dict) and isinstance(whole[key], list)]
    raise MissingError(
        f"{name}: the rows are not {f'at {records!r}' if records else 'at the top'}; the file holds "
        f"{'an object with ' + ', '.join(keys[:20]) if keys else 'a JSON ' + _noun(whole)}",
        hint=f'set records = "{lists[0] if lists else "path.to.the.list"}"'
        if keys
        else "remove the setting records",
    )


def _noun(value: object) -> str:
    nouns = {dict: "object", list: "array", str: "text", bool: "truth value", type(None): "null"}
    return nouns.get(type(value), "number")
