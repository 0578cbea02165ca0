"""The header reader on files that are right, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.tiny_gguf import tiny_bert, tiny_gemma3, tiny_llama, tiny_qwen2, write

from slmdesk.base.errors import KnownError
from slmdesk.models.gguf.header import MAX_TEMPLATE_BYTES, GgufHeader, ListSummary
from slmdesk.models.gguf.read import check_file, plain_metadata, read_header, require_chat_model
from tests.models.gguf.test_faults import counted_verdict

pytestmark = pytest.mark.pure


def header_of(tmp_path: Path, file: tiny_gguf.TinyFile) -> GgufHeader:
    return check_file(write(tmp_path / "model file.gguf", file))


@pytest.mark.model
def test_the_starter_model_is_known_by_its_header(starter_model: Path) -> None:
    assert counted_verdict(starter_model)[1] < 8 * 49_152, "a few calls for each of its tokens"
    header = check_file(starter_model)
    require_chat_model(header)
    assert (header.kind, header.architecture, header.quantization) == ("model", "llama", "Q4_1")
    assert (header.parameters, header.context_length, header.license) == (134_515_008, 8192, "apache-2.0")
    assert (header.layers, header.heads[0], header.kv_heads[0], header.key_length) == (30, 9, 3, 64)
    assert header.vocab_size == 49_152
    assert header.data_end == header.file_bytes == starter_model.stat().st_size
    assert header.chat_template is not None
    assert "<|im_start|>" in header.chat_template


@pytest.mark.parametrize(
    ("file", "quantization", "tied"),
    [(tiny_llama(), "F32", False), (tiny_qwen2(), "F16", True), (tiny_gemma3(), "F16", True)],
)
def test_a_tiny_model_says_what_it_is(tmp_path: Path, file: tiny_gguf.TinyFile, quantization: str, tied: bool) -> None:
    header = header_of(tmp_path, file)
    require_chat_model(header)
    assert header.quantization == quantization
    assert header.name.startswith("Tiny ")
    assert header.has_chat_template
    assert header.template_bytes == len(tiny_gguf.CHATML)
    assert header.data_end == len(file.data)
    assert ("output.weight" not in header.tensors.shapes) == tied
    assert header.weight_bytes == header.data_end - header.data_start
    assert json.loads(json.dumps(plain_metadata(header), allow_nan=False))["general.license"] == "apache-2.0"


def called(architecture: str) -> tiny_gguf.TinyFile:
    return tiny_llama(change={"general.architecture": ("string", architecture)})


def numbered(key: str, number: int, **more) -> tiny_gguf.TinyFile:
    return tiny_llama(change={f"llama.{key}": ("u32", number)}, **more)


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("model", tiny_llama()),
        ("model", tiny_qwen2()),
        ("encoder", tiny_bert()),
        ("encoder", numbered("pooling_type", 3)),
        ("reranker", numbered("pooling_type", 4)),
        ("reranker", tiny_bert(change={"bert.classifier.output_labels": ("array", ("string", ["yes", "no"]))})),
        ("head", called("eagle3")),
        ("head", called("dflash")),
        ("head", called("gemma4-assistant")),
        ("head", numbered("block_count", 65)),
        ("head", numbered("embedding_length", 4096, layers=1)),
        ("head", numbered("nextn_predict_layers", 1, layers=1)),
        ("head", tiny_gguf.tiny_layers()),
        ("projector", tiny_gguf.tiny_projector()),
        ("projector", tiny_llama(change={"general.type": ("string", "clip-vision")})),
        ("adapter", tiny_gguf.tiny_adapter()),
        ("vocabulary", tiny_gguf.tiny_vocabulary()),
        ("imatrix", tiny_gguf.tiny_imatrix()),
        ("split", tiny_gguf.tiny_split(1)),
        ("speech", called("wavtokenizer-dec")),
        ("picture", called("flux")),
        ("encoder", called("t5encoder")),
        ("unknown", called("brandnew")),
    ],
)
def test_what_a_file_is_its_header_says_and_the_start_of_its_header_as_well(tmp_path: Path, kind: str, file) -> None:
    header = header_of(tmp_path, file)
    assert header.kind == kind
    if kind == "model":
        require_chat_model(header)
    else:
        with pytest.raises(KnownError, match=rf"^model\.{'unsupported' if kind == 'unknown' else 'wrong_kind'} "):
            require_chat_model(header)
    vocabulary = file.marks.get("value:tokenizer.ggml.tokens")
    if vocabulary and "nextn" not in str(file.marks) and kind != "split":  # what is counted by tensors needs them all
        path = tmp_path / "start.gguf"
        path.write_bytes(file.data[: vocabulary + 100])
        with pytest.raises(KnownError, match=r"^model\.incomplete "):
            read_header(path)
        assert read_header(path, cut=True).kind == kind


def test_the_name_falls_back_to_parts_and_to_the_file(tmp_path: Path) -> None:
    parts = {"general.name": None, "general.basename": ("string", "smol"), "general.size_label": ("string", "135M")}
    assert header_of(tmp_path, tiny_llama(change=parts)).name == "smol 135M"
    assert header_of(tmp_path, tiny_llama(change={"general.name": None})).name == "model file"


def test_the_quantization_is_named_by_the_file_else_by_most_bytes(tmp_path: Path) -> None:
    for file_type, named in ((15, "Q4_K_M"), (3, "Q4_1"), (1024 + 7, "Q8_0"), (999, "F32"), (None, "F32")):
        change = {"general.file_type": None if file_type is None else ("u32", file_type)}
        assert header_of(tmp_path, tiny_llama(change=change)).quantization == named


def test_sampling_defaults_are_taken_where_they_make_sense(tmp_path: Path) -> None:
    change = {
        "general.sampling.temp": ("f32", 0.5),
        "general.sampling.top_k": ("i32", 20),
        "general.sampling.top_p": ("f32", 7.0),
        "general.sampling.min_p": ("f32", float("nan")),
        "general.sampling.penalty_repeat": ("string", "1.1"),
        "general.sampling.penalty_last_n": ("i32", 128),
    }
    sampling = header_of(tmp_path, tiny_llama(change=change)).sampling
    assert (sampling.temperature, sampling.top_k, sampling.penalty_last_n) == (0.5, 20, 128)
    assert (sampling.top_p, sampling.min_p, sampling.repeat_penalty) == (None, None, None)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, None),
        ({"tokenizer.chat_template": "plain", "tokenizer.chat_template.tool_use": "tools"}, "plain"),
        ({"tokenizer.chat_template.tool_use": "tools", "tokenizer.chat_template.default": "named"}, "named"),
        ({"tokenizer.chat_template.rag": "rag", "tokenizer.chat_template.tool_use": "tools"}, "rag"),
        ({"tokenizer.chat_template": ""}, ""),
    ],
)
def test_the_default_of_several_templates(tmp_path: Path, keys: dict[str, str], expected: str | None) -> None:
    file = tiny_llama(template=None, change={key: ("string", text) for key, text in keys.items()})
    header = header_of(tmp_path, file)
    assert header.chat_template == expected
    assert not any(key.startswith("tokenizer.chat_template") for key in header.metadata)


def test_m7_a_template_over_the_limit_is_measured_but_not_kept(tmp_path: Path) -> None:
    header = header_of(tmp_path, tiny_llama(template="x" * (300 << 10)))
    assert header.chat_template is None
    assert header.template_bytes == 300 << 10
    assert len(header_of(tmp_path, tiny_llama(template="x" * MAX_TEMPLATE_BYTES)).chat_template or "") == 256 << 10


def test_lists_are_kept_when_short_and_summarised_when_long(tmp_path: Path) -> None:
    change = {
        "llama.attention.head_count_kv": ("array", ("u32", [1, 2])),
        "general.languages": ("array", ("string", ["en", "de"])),
        "x.long": ("array", ("f32", [0.5] * 5000)),
    }
    header = header_of(tmp_path, tiny_llama(change=change))
    assert header.kv_heads == (1, 2)
    assert header.metadata["x.long"] == ListSummary("f32", 5000, None)
    assert header.metadata["tokenizer.ggml.tokens"] == ListSummary("string", header.vocab_size, None)
    plain = plain_metadata(header)
    assert plain["general.languages"] == ["en", "de"]
    assert plain["x.long"] == {"type": "f32", "count": 5000}


def test_much_metadata_is_left_out_and_counted(tmp_path: Path) -> None:
    change = {f"x.{number}": ("string", "y" * 5000) for number in range(1000)}
    header = header_of(tmp_path, tiny_llama(change=change))
    assert header.metadata_left_out > 0
    assert header.metadata_left_out + len(header.metadata) > 1000
    assert str(header.metadata["x.0"]).endswith("…")
    require_chat_model(header)  # numbers are kept all the same


@pytest.mark.parametrize("version", [1, 4, 0x0300_0000])
def test_other_versions_are_named(tmp_path: Path, version: int) -> None:
    with pytest.raises(KnownError, match=r"^model\.unsupported ") as caught:
        read_header(write(tmp_path / "x.gguf", tiny_llama(version=version)))
    assert "GGUF" in str(caught.value.args_for_people["architecture"])
