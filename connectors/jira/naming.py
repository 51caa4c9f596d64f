"""Fields by the names that people see: each stands for the id that Jira has for it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from opshub.sdk import MissingError
from opshub_connectors.jira.site import Site

__all__ = ["NAMES", "identified", "in_record", "titled"]

NAMES = "opshub:names"
"""The key under which a record says which id a field's name stood for."""

_ID = re.compile(r"customfield_\d+")


def titled(site: Site, name: str) -> tuple[str, str]:
    """Id and name of a field that is called by either; MissingError where none is, or several are."""
    titles = {str(row.get("id")): str(row.get("name")) for row in site.catalogue if isinstance(row, dict)}
    if name in titles:
        return name, titles[name]
    same = [ident for ident, title in titles.items() if title.strip().casefold() == name.strip().casefold()]
    if len(same) > 1:
        hint = f"name it by its id: {' or '.join(sorted(same))}"
        raise MissingError(f"{len(same)} fields of this Jira are called {name}", hint=hint)
    if same:
        return same[0], titles[same[0]]
    by_title = {title.lower(): ident for ident, title in titles.items()}
    close = difflib.get_close_matches(name.lower(), [*by_title, *titles], n=1, cutoff=0.6)
    found = by_title.get(close[0], close[0]) if close else ""
    hint = f"did you mean {found} ({titles[found]})?" if found else "see Settings > Issues > Custom fields"
    raise MissingError(f"no field of this Jira is called {name}", hint=hint)


def identified(site: Site, names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """The id of each field; Jira is asked only where a name is no id by its looks. MissingError."""
    sure = frozenset(known)
    return {name: name if name in sure or _ID.fullmatch(name) else titled(site, name)[0] for name in names}


def in_record(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The id of each field when the record was read."""
    said = record.get(NAMES)
    return {name: str(said.get(name, name)) if isinstance(said, Mapping) else name for name in names}
