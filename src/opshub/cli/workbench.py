"""Rule files as somebody edits them: unsaved texts in place of those on disk, checked as the sets that they form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opshub.config import Config, find, load, rule_files
from opshub.config.rules import rule_schema, sources
from opshub.errors import ConfigError
from opshub.language import Diagnostic, Schema, Source, check
from opshub.language.completion import Known

__all__ = ["Set", "Workbench"]


@dataclass(frozen=True, slots=True)
class Set:
    """Files that are checked together."""

    files: tuple[Path, ...]
    sources: tuple[Source, ...]
    schema: Schema

    def findings(self) -> dict[Path, list[Diagnostic]]:
        """What is wrong in each file, also where that is nothing."""
        found: dict[Path, list[Diagnostic]] = {file: [] for file in self.files}
        for diagnostic in check(self.sources, self.schema).diagnostics:
            file = self.file(diagnostic.path)
            if file is not None:
                found[file].append(diagnostic)
        return found

    def known(self) -> Known:
        """The names that its files define."""
        return Known.of(self.schema, self.sources)

    def file(self, shown: str) -> Path | None:
        """The file that is shown by that name, if it is one of these."""
        pairs = zip(self.files, self.sources, strict=True)
        return next((file for file, source in pairs if source.path == shown), None)

    def text(self, file: Path) -> str:
        """A file's text."""
        return self.sources[self.files.index(file)].text


@dataclass(slots=True)
class Workbench:
    """The configured rule files are one set; any other file that is open is a set of its own.

    ``unsaved`` are the texts of open files. A configuration that does not load leaves the last good one in use, or
    none; ``trouble`` says why, and what stands in the way of reading a file.
    """

    folder: Path
    config_path: Path | None = None
    unsaved: dict[Path, str] = field(default_factory=dict)
    trouble: str = ""
    _config: Config | None = None
    _seen: tuple[str, int] | None = None

    def sets(self) -> list[Set]:
        """All sets as they are now."""
        self.trouble = ""
        config = self._load()
        files = [file.resolve() for file in rule_files(config)] if config else []
        alone = [(file,) for file in self.unsaved if file not in files]
        groups = [tuple(files), *alone] if files else alone
        return [made for group in groups if (made := self._set(config, group))]

    def of(self, file: Path) -> Set:
        """The set that an open file belongs to."""
        return next(one for one in self.sets() if file in one.files)

    def _set(self, config: Config | None, files: Sequence[Path]) -> Set | None:
        if config is None:
            from opshub.engine.facts import schema

            texts = tuple(Source(str(file), self.unsaved[file]) for file in files)
            return Set(tuple(files), texts, schema([]))
        readable, texts = [], ()
        for file in files:
            try:
                texts = (*texts, *sources(config, [file], self.unsaved))
                readable.append(file)
            except ConfigError as error:
                self.trouble = str(error)
        return Set(tuple(readable), texts, rule_schema(config)) if readable else None

    def _load(self) -> Config | None:
        try:
            path = self.config_path or find(os.environ, self.folder)
            seen = (str(path), path.stat().st_mtime_ns)
            if seen != self._seen:
                self._config, self._seen = load(path), seen
        except (ConfigError, OSError) as error:
            self.trouble = str(error)
        return self._config
