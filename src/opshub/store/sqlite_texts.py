"""SQLite: what was found in texts, and the words that decisions need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson

from opshub.model import Ref
from opshub.store import text_statements as sql
from opshub.store.codec import stored_json
from opshub.store.database import json_of
from opshub.store.rows import Said
from opshub.store.sqlite_actions import Actions

__all__ = ["Texts"]


class Texts(Actions):
    """What was found in texts."""

    def said(self, refs: Sequence[Ref]) -> dict[Ref, Said]:
        """What was found in the texts of feedback, as far as that is known of the texts as they stand now."""
        names = {key: ref for ref, key in self._keys_of(refs).items()}
        rows = self._rows(sql.SAID, (json_of(names),)) if names else []
        bare: dict[int, Said] = {}
        found = {}
        for key, known, facts in rows:
            if facts:
                found[names[key]] = Said(known, orjson.loads(facts))
            else:
                found[names[key]] = bare.get(known) or bare.setdefault(known, Said(known))
        return found

    def put_said(self, rows: Mapping[Ref, Said]) -> None:
        """Keep it until a text changes; feedback that the store does not know is left out."""
        with self._turn:
            keys = self._keys_of(rows)
            self._write_many(
                sql.PUT_SAID, [(key, rows[ref].known, _told(ref, rows[ref])) for ref, key in keys.items()]
            )

    def legends(self) -> set[str]:
        """The legends that decisions name."""
        return {legend for (legend,) in self._rows(sql.LEGENDS)}

    def drop_facts(self, prefix: str, but: Collection[str]) -> int:
        """Forget the facts whose names begin with ``prefix``, except some; how many."""
        with self._turn:
            names = [name for (name,) in self._rows(sql.FACTS) if name.startswith(prefix)]
            return self._write(sql.DROP_FACTS, (json_of(name for name in names if name not in but),))


def _told(ref: Ref, said: Said) -> str:
    return stored_json(said.facts, str(ref)).decode() if said.facts else ""
