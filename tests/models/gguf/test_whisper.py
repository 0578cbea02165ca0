"""Speech models: their headers, and hostile ones, of which none may come to native code."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from fakes.tiny_whisper import numbers, tiny_whisper, vocabulary

from slmdesk.base.errors import KnownError
from slmdesk.models.gguf.read import check_file, read_header

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_whisper(tmp_path_factory.mktemp("whisper") / "ggml-tiny.bin").read_bytes()


def test_what_a_header_says(model: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ggml-tiny.bin"
    path.write_bytes(model)
    header = check_file(path)
    assert (header.kind, header.architecture, header.quantization, header.vocab_size) == (
        "whisper", "whisper", "F16", 51_865,
    )  # fmt: skip
    assert header.file_bytes == header.data_end == len(model)
    path.write_bytes(model[:100_000])
    assert read_header(path, cut=True).name == header.name
    path.write_bytes(numbers(vocabulary=51_864, state=512, text_state=512, heads=8, text_heads=8) + model[48:100_000])
    assert read_header(path, cut=True).architecture == "whisper.en"
    assert read_header(path, cut=True).name == "Whisper base (English)"


@pytest.mark.parametrize(
    "changed",
    [
        {"vocabulary": 100}, {"vocabulary": 1 << 31}, {"context": 1 << 30}, {"heads": 0}, {"layers": 1 << 20},
        {"state": 65, "text_state": 65}, {"bands": 81}, {"text_context": 0}, {"text_layers": 0},
        {"type": 999}, {"type": 4}, {"type": 15}, {"type": 3007}, {"type": 1 << 31},
    ],
)  # fmt: skip
def test_numbers_of_no_whisper(model: bytes, tmp_path: Path, changed: dict[str, int]) -> None:
    path = tmp_path / "ggml.bin"
    path.write_bytes(numbers(**changed) + model[48:])
    with pytest.raises(KnownError) as caught:
        check_file(path)
    assert caught.value.code == "model.not_gguf"


def test_what_follows_does_not_fit(model: bytes, tmp_path: Path) -> None:
    path, name = tmp_path / "ggml.bin", b"encoder.conv1.weight"
    at = model.index(name)
    broken = {
        "more layers": (numbers(layers=2) + model[48:], "model.incomplete"),
        "a shape": (model[: at - 4] + struct.pack("<I", 65) + model[at:], "model.damaged"),
        "a type": (model[: at - 16] + struct.pack("<I", 99) + model[at - 12 :], "model.damaged"),
        "a name twice": (model.replace(name, b"encoder.conv2.weight"), "model.damaged"),
        "filters": (model[:48] + struct.pack("<2I", 80, 1 << 30) + model[56:], "model.damaged"),
        "cut": (model[:-10], "model.incomplete"),
        "more behind": (model + bytes(100), "model.damaged"),
    }
    for what, (data, code) in broken.items():
        path.write_bytes(data)
        with pytest.raises(KnownError) as caught:
            check_file(path)
        assert caught.value.code == code, what


@pytest.mark.parametrize("words", [vocabulary(10), struct.pack("<I", 60_000), struct.pack("<2I", 50_257, 1 << 30)])
def test_a_wrong_vocabulary(tmp_path: Path, words: bytes) -> None:
    with pytest.raises(KnownError) as caught:
        check_file(tiny_whisper(tmp_path / "ggml.bin", words=words))
    assert caught.value.code == "model.damaged"
