"""Projectors by which models hear: which are sound, and what of a broken one never reaches the library."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from fakes import tiny_hearing, tiny_vision
from fakes.hostile_weights import hostile

from slmdesk.base.errors import KnownError
from slmdesk.base.records import ModelRecord
from slmdesk.models.gguf.hearing import hearing_bytes
from slmdesk.models.gguf.projectors import check_projector, facts_of, hears, projector_for
from slmdesk.models.gguf.read import check_file, require_chat_model
from slmdesk.models.importer import require_no_projector, require_usable

pytestmark = pytest.mark.pure
MAKERS = [tiny_hearing.qwen3_asr, tiny_hearing.voxtral]


@pytest.mark.parametrize("make", MAKERS)
def test_a_model_that_hears_is_told_by_its_names_and_has_its_own_projector(make, tmp_path: Path) -> None:
    model, projector = map(check_file, make(tmp_path))
    assert (model.kind, projector.kind, hears(projector)) == ("asr", "projector", True)
    require_no_projector(model)
    require_usable(projector)
    with pytest.raises(KnownError, match=r"model\.wrong_kind"):
        require_chat_model(model)
    check_projector(make(tmp_path)[1], model)
    assert hearing_bytes(projector) > projector.weight_bytes
    other = MAKERS[make is MAKERS[0]]
    with pytest.raises(KnownError, match=r"projector\.other_model"):
        check_projector(make(tmp_path)[1], check_file(other(tmp_path)[0]))


def record(name: str, kind: str, **header) -> ModelRecord:
    return ModelRecord(
        id=name, name=name, path=f"/models/{name}.gguf".encode(), linked=False, bytes=1, mtime_ns=1, inode=1,
        sha256=name, header={"kind": kind, **header}, source="file", added=0.0, last_used=None,
    )  # fmt: skip


def test_pictures_and_sound_have_projectors_of_their_own(tmp_path: Path) -> None:
    ears = record("mmproj-Qwen3-ASR-0.6B", "projector", **facts_of(check_file(tiny_hearing.qwen3_asr(tmp_path)[1])))
    eyes = record("mmproj-Qwen3-VL-0.6B", "projector", projector="qwen3vl_merger", embedding_length=64)
    listener = record("Qwen3-ASR-0.6B", "asr", architecture="qwen3vl", embedding_length=64)
    seer = record("Qwen3-VL-0.6B", "model", architecture="qwen3vl", embedding_length=64)
    assert projector_for(listener, [eyes, ears]) == ears
    assert projector_for(seer, [ears, eyes]) == eyes
    assert projector_for(listener, [eyes]) is None


@pytest.mark.parametrize(
    ("make", "change", "reason"),
    [
        (tiny_hearing.qwen3_asr, {"projector_type": ("string", "ultravox")}, "not supported"),
        (tiny_hearing.qwen3_asr, {"embedding_length": ("u32", 0)}, "names no size"),
        (tiny_hearing.qwen3_asr, {"num_mel_bins": ("u32", 80)}, "contradict"),
        (tiny_hearing.qwen3_asr, {"attention.head_count": ("u32", 3)}, "contradict"),
        (tiny_hearing.qwen3_asr, {"attention.layer_norm_epsilon": ("f32", float("nan"))}, "contradict"),
        (tiny_hearing.qwen3_asr, {"attention.layer_norm_epsilon": ("f64", 1e-5)}, "another type"),
        (tiny_hearing.qwen3_asr, {"block_count": ("u32", 3)}, "missing"),
        (tiny_hearing.qwen3_asr, {"block_count": ("i32", 2)}, "another type"),
        (tiny_hearing.qwen3_asr, {"feed_forward_length": ("u32", 96)}, "not those in its header"),
        (tiny_hearing.voxtral, {"projector.stack_factor": ("u32", 0)}, "contradict"),
        (tiny_hearing.voxtral, {"projector.stack_factor": ("u32", 8)}, "contradict"),
    ],
)
def test_a_flaw_is_said_before_anything_is_loaded(make, change, reason: str, tmp_path: Path) -> None:
    path = make(tmp_path, change={f"clip.audio.{key}": value for key, value in change.items()})[1]
    with pytest.raises(KnownError, match=r"projector\.unusable") as raised:
        check_projector(path)
    assert reason in str(raised.value.args_for_people["reason"])


@pytest.mark.parametrize("make", MAKERS)
def test_no_weight_of_another_size_reaches_the_library(make, tmp_path: Path) -> None:
    passed = []
    for what, path in hostile(tiny_hearing, make, tmp_path):
        with suppress(KnownError):
            check_projector(path)
            passed.append(what)
    assert not [what for what in passed if what.startswith("longer ")]
    missing = {what.removeprefix("without ") for what in passed if what.startswith("without ")}
    assert {name for name in missing if name.endswith(".weight")} <= {"a.post_ln.weight"}
    assert not [name for name in missing if ".conv" in name or name.startswith("mm.")]
    others = {what.removeprefix("other ") for what in passed if what.startswith("other ")}
    assert not [name for name in others if name.endswith(".bias") or ".conv1d." in name or ".conv2d." in name]
    assert not others & {"a.position_embd.weight", "a.blk.0.ln1.weight"}


def test_a_projector_for_pictures_is_still_one(tmp_path: Path) -> None:
    model, projector = tiny_vision.qwen25vl(tmp_path)
    assert not hears(check_projector(projector, check_file(model)))
