"""Projectors: which are sound, and which fit which model."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from fakes import tiny_vision
from fakes.hostile_weights import hostile
from fakes.tiny_gguf import tiny_projector, write

from slmdesk.base.errors import KnownError
from slmdesk.base.records import ModelRecord
from slmdesk.models.gguf.projectors import check_projector, named_for, projector_for, sight_bytes, tokens_at_once
from slmdesk.models.gguf.read import check_file

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("make", [tiny_vision.gemma3, tiny_vision.qwen25vl, tiny_vision.smolvlm])
def test_a_projector_fits_its_own_model_alone(make, tmp_path: Path) -> None:
    model, projector = make(tmp_path)
    header = check_projector(projector, check_file(model))
    assert sight_bytes(header) > header.weight_bytes
    assert tokens_at_once(header) == (16 if "gemma" in model.name else 0)
    other = tiny_vision.qwen25vl if make is not tiny_vision.qwen25vl else tiny_vision.smolvlm
    with pytest.raises(KnownError) as raised:
        check_projector(projector, check_file(other(tmp_path)[0]))
    assert raised.value.code == "projector.other_model"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"clip.has_vision_encoder": ("bool", False)}, "sees no pictures"),
        ({"clip.projector_type": ("string", "whatever")}, "not supported"),
        ({"clip.vision.patch_size": ("u32", 0)}, "names no size"),
        ({"clip.vision.image_mean": None}, "names no size"),
        ({"clip.vision.attention.head_count": ("u32", 5)}, "contradict"),
    ],
)
def test_a_flaw_is_said_before_anything_is_loaded(change, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "mmproj.gguf", tiny_vision.gemma3_projector(change=change))
    with pytest.raises(KnownError, match=r"projector\.unusable") as raised:
        check_projector(path)
    assert reason in str(raised.value.args_for_people["reason"])


@pytest.mark.parametrize("without", ["v.blk.1.attn_k.weight", "v.blk.0.ln2.weight", "v.patch_embd.weight"])
def test_missing_weights_are_said(without: str, tmp_path: Path) -> None:
    path = write(tmp_path / "mmproj.gguf", tiny_vision.gemma3_projector(without=without))
    with pytest.raises(KnownError) as raised:
        check_projector(path)
    assert raised.value.args_for_people["reason"] == "weights are missing"


@pytest.mark.parametrize("kind", tiny_vision.every_kind())
def test_each_kind_has_its_weights(kind: str, tmp_path: Path) -> None:
    """They were read by the library too."""
    check_projector(write(tmp_path / "mmproj.gguf", tiny_vision.every_kind()[kind]))


MAY_BE_MISSING = {
    tiny_vision.gemma3: r"v\.post_ln\.|.*\.bias$",
    tiny_vision.qwen25vl: r"v\.post_ln\.|.*(attn_out|ffn_\w+)\.bias$|.*ffn_gate\.weight$",
    tiny_vision.smolvlm: r"v\.post_ln\.|.*\.bias$",
    tiny_vision.paddleocr: r"v\..*\.bias$|v\.post_ln\.",
}


@pytest.mark.parametrize("make", MAY_BE_MISSING)
def test_no_weight_of_another_size_reaches_the_library(make, tmp_path: Path) -> None:
    passed = []
    for what, path in hostile(tiny_vision, make, tmp_path):
        with suppress(KnownError):
            check_projector(path)
            passed.append(what)
    missing = [what.removeprefix("without ") for what in passed if what.startswith("without ")]
    assert [name for name in missing if not re.match(MAY_BE_MISSING[make], name)] == []
    assert not [what for what in passed if what.startswith("longer ")]
    halves = {what.removeprefix("other ") for what in passed if what.startswith("other ")}
    assert not [name for name in halves if name.endswith(".bias")]
    assert not halves & {"v.position_embd.weight", "v.blk.0.ln1.weight", "mm.soft_emb_norm.weight"}


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (tiny_vision.qwen25vl, {"spatial_merge_size": ("u32", 16)}),
        (tiny_vision.qwen25vl, {"n_wa_pattern": ("u32", 1)}),
        (tiny_vision.qwen25vl, {"attention.head_count_kv": ("u32", 1)}),
        (tiny_vision.gemma3, {"projector.scale_factor": ("u32", 3)}),
        (tiny_vision.gemma3, {"attention.head_count_kv": ("u32", 0)}),
        (tiny_vision.gemma3, {"attention.head_count_kv": ("u32", 100_000)}),
        (tiny_vision.gemma3, {"attention.head_dim": ("u32", 100_000)}),
        (tiny_vision.gemma3, {"image_size": ("u32", 128)}),
        (tiny_vision.gemma3, {"patch_size": ("i32", 4)}),
        (tiny_vision.gemma3, {"attention.layer_norm_epsilon": ("f32", float("nan"))}),
        (tiny_vision.gemma3, {"attention.layer_norm_epsilon": ("f64", 1e-6)}),
        (tiny_vision.smolvlm, {"preproc_image_size": ("u32", 8192)}),
        (tiny_vision.smolvlm, {"preproc_image_size": None}),
        (tiny_vision.paddleocr, {"image_min_pixels": ("u32", 0)}),
        (tiny_vision.paddleocr, {"image_max_pixels": None}),
        (tiny_vision.paddleocr, {"image_max_pixels": ("u32", 1 << 29)}),
        (tiny_vision.paddleocr, {"image_max_pixels": ("u32", 32)}),
        (tiny_vision.smolvlm, {"projector.scale_factor": None, "spatial_merge_size": ("u32", 2)}),
    ],
)
def test_no_number_that_its_weights_do_not_have_reaches_the_library(make, change, tmp_path: Path) -> None:
    path = make(tmp_path, change={f"clip.vision.{key}": value for key, value in change.items()})[1]
    with pytest.raises(KnownError, match=r"projector\.unusable"):
        check_projector(path)


def test_half_a_file_is_no_projector(tmp_path: Path) -> None:
    path = tmp_path / "mmproj.gguf"
    path.write_bytes(tiny_vision.gemma3_projector().data[:-5000])
    with pytest.raises(KnownError, match=r"projector\.unusable"):
        check_projector(path)
    with pytest.raises(KnownError, match=r"projector\.unusable"):
        check_projector(write(path, tiny_projector()))


def record(name: str, path: str, *, source: str = "file", **header) -> ModelRecord:
    return ModelRecord(name, name, path.encode(), False, 1, name, 1, 1, header, source, 0.0, None)


def test_a_model_finds_its_projector_by_size_family_and_name() -> None:
    def projector(name: str, path: str, width: int = 2560, kind: str = "gemma3", **more) -> ModelRecord:
        return record(name, path, kind="projector", projector=kind, embedding_length=width, **more)

    model = record("Gemma 3 4b It", "/m/gemma-3-4b-it-Q4_K_M.gguf", architecture="gemma3", embedding_length=2560)
    right = projector("Gemma 3 4b It", "/m/mmproj-gemma-3-4b-it-f16.gguf")
    wider = projector("Gemma 3 12b It", "/m/mmproj-gemma-3-12b-it-f16.gguf", width=3840)
    qwen = projector("Qwen2.5 VL 3B", "/m/mmproj-qwen.gguf", kind="qwen2.5vl_merger")
    stranger = projector("Aya", "/other/mmproj-f16.gguf")
    assert projector_for(model, [wider, qwen, stranger, right]) is right
    assert projector_for(model, [wider, qwen, stranger]) is None
    nameless = projector("mmproj-F16", "/other/mmproj-F16.gguf")
    assert projector_for(model, [wider, nameless]) is nameless, "there is no other"
    assert projector_for(model, [stranger, nameless]) is None
    fetched = record("Gemma", "/m/g.gguf", architecture="gemma3", source="huggingface:some/one/g.gguf@1")
    beside = projector("Aya", "/m/aya.gguf", source="huggingface:some/one/mmproj.gguf@1")
    assert projector_for(fetched, [right, beside, nameless]) is beside
    assert projector_for(record("Llama", "/m/l.gguf", architecture="llama", embedding_length=2560), [right]) is None


def test_of_a_repository_the_projector_of_the_same_name_in_half_precision() -> None:
    names = ["mmproj-Qwen3-VL-4B-Instruct-Q8_0.gguf", "mmproj-Qwen3-VL-4B-Instruct-F16.gguf", "mmproj-BF16.gguf"]
    assert named_for("Qwen3-VL-4B-Instruct-Q4_K_M.gguf", names) == names[1]
    assert named_for("x.gguf", ["mmproj-F32.gguf", "mmproj-BF16.gguf", "mmproj-F16.gguf"]) == "mmproj-F16.gguf"
    assert not named_for("x.gguf", [])
