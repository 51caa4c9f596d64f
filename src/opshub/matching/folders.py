"""Encoders out of a folder of the admin's own: a model2vec folder, or an ONNX model with its tokenizer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opshub.errors import ConfigError
from opshub.matching.encoder import Encoder, blank, unit

if TYPE_CHECKING:
    from opshub.matching.encoder import Vectors

__all__ = ["Onnx", "Static", "look", "open_folder"]

MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
"""Where an ONNX model lies in a folder; the first that is there is taken."""

LONGEST = 600
"""Characters of a text that are encoded: they bound the time that one text takes."""

TOKENS = 256
"""Tokens of a text that an ONNX model reads."""

BATCH = 32
"""Texts that an ONNX model reads at once: they are brought to one length, so more only fill up memory."""


def open_folder(folder: Path) -> Encoder:
    """The model of a folder. ConfigError for a folder without one, and where a package is missing to read it."""
    model, tokens = look(folder)
    return Onnx(model, tokens) if model.suffix == ".onnx" else Static(model, tokens)


def look(folder: Path) -> tuple[Path, Path]:
    """The files of a folder's model and of its tokenizer; loads neither. ConfigError as for opening it."""
    if not folder.is_dir():
        raise ConfigError(
            f"there is no folder {folder} with an encoder",
            hint='name a folder, "universal", "minilm", "auto" or "off" as encoder under [hub]',
        )
    tokens = folder / "tokenizer.json"
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    static = folder / "model.safetensors"
    if not tokens.is_file() or not (model or static.is_file()):
        raise ConfigError(
            f"the folder {folder} holds no encoder that can be read",
            hint=f"it needs tokenizer.json beside {' or '.join(MODELS[:2])} (ONNX) or model.safetensors (model2vec)",
        )
    if model:
        _need(folder, "onnxruntime", "tokenizers", "numpy")
        return model, tokens
    if _setting(folder / "config.json", "model_type") != "model2vec":
        raise ConfigError(
            f"the folder {folder} holds a model that only PyTorch can run",
            hint="export it to ONNX (optimum-cli export onnx), or distill it with model2vec",
        )
    _need(folder, "model2vec", "numpy")
    return static, tokens


def _need(folder: Path, *modules: str) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise ConfigError(
            f"the encoder in {folder} needs {' and '.join(missing)}, which is not installed",
            hint="run: pip install 'opshub[models]', or set encoder = \"off\" under [hub]",
        )


def _digest(*files: Path) -> str:
    """What tells one version of a model from another."""
    mark = hashlib.blake2b(digest_size=6)
    for path in files:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                mark.update(piece)
    return mark.hexdigest()


def _setting(path: Path, name: str) -> Any:
    """One setting of a JSON file; None where there is none."""
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="copy the model's folder again") from error
    return told.get(name) if isinstance(told, dict) else None


class Static:
    """A vector for each token, and their mean for a text: small and fast, blind to the order of words."""

    def __init__(self, model: Path, tokens: Path) -> None:
        """Both files lie in one folder."""
        self._files = model, tokens

    @cached_property
    def name(self) -> str:
        """With what tells this model from others."""
        return f"{self._files[1].parent.name} {_digest(*self._files)}"

    @property
    def dims(self) -> int:
        """Numbers in a vector."""
        return int(self._model.dim)

    @cached_property
    def _model(self) -> Any:
        from model2vec import StaticModel

        folder = self._files[1].parent
        try:
            return StaticModel.from_pretrained(folder)
        except Exception as error:
            raise _damaged(folder, error) from error

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text."""
        import numpy as np

        cut = [text[:LONGEST] for text in texts]
        if not cut:
            return np.zeros((0, self.dims), np.float32)
        return blank(unit(self._model.encode(cut, use_multiprocessing=False)), texts)


class Onnx:
    """A transformer on the CPU: the mean of its tokens' vectors, or the first one's where its folder says so."""

    def __init__(self, model: Path, tokens: Path, name: str = "") -> None:
        """Without a name that of the folder counts, with what tells this model from others."""
        self._files = model, tokens
        self._called = name

    @cached_property
    def name(self) -> str:
        """With the version of model and tokenizer."""
        return self._called or f"{self._files[1].parent.name} {_digest(*self._files)}"

    @cached_property
    def dims(self) -> int:
        """Numbers in a vector."""
        return int(self._batch(["a"]).shape[1])

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """The tokenizer and the model. ConfigError where either is damaged."""
        import onnxruntime
        from tokenizers import Tokenizer

        model, tokens = self._files
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            cutter = Tokenizer.from_file(str(tokens))
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise _damaged(model.parent, error) from error
        cutter.enable_truncation(TOKENS)
        cutter.enable_padding()
        return cutter, session

    @cached_property
    def _first(self) -> bool:
        """Whether the first token speaks for all."""
        return bool(_setting(self._files[1].parent / "1_Pooling" / "config.json", "pooling_mode_cls_token"))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row for each text; those of like length go together, and the order is that of the texts."""
        import numpy as np

        rows = np.zeros((len(texts), self.dims), np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for begin in range(0, len(order), BATCH):
            part = order[begin : begin + BATCH]
            rows[part] = self._batch([texts[at][:LONGEST] for at in part])
        return blank(unit(rows), texts)

    def _batch(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        cutter, session = self._loaded
        told = cutter.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in told], np.int64)
        given = {
            "input_ids": np.array([one.ids for one in told], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        wanted = [it.name for it in session.get_inputs() if it.name in given]
        out = session.run(None, {name: given[name] for name in wanted})[0]
        if out.ndim == 2:
            return np.asarray(out, np.float32)
        if self._first:
            return np.asarray(out[:, 0], np.float32)
        weights = mask[:, :, None].astype(np.float32)
        return np.asarray((out * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1), np.float32)


def _damaged(folder: Path, error: Exception) -> ConfigError:
    return ConfigError(
        f"the encoder in {folder} cannot be loaded: {error}".splitlines()[0],
        hint="copy the model's folder again, or name another encoder under [hub]",
    )
