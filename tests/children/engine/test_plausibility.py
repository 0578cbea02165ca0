from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.children.engine.llama import context
from slmdesk.models.gguf.read import check_file, check_tokenizer

pytestmark = pytest.mark.model


def with_merges_in_another_order(path: Path, target: Path) -> Path:
    """Every merge still joins pieces of the vocabulary: only their order, which is their rank, is lost."""
    data = path.read_bytes()
    key = b"tokenizer.ggml.merges"
    at = data.index(key) + len(key) + 8  # behind the types of the list and of its items
    count, start = struct.unpack_from("<Q", data, at)[0], at + 8
    merges, end = [], start
    for _ in range(count):
        length = 8 + struct.unpack_from("<Q", data, end)[0]
        merges.append(data[end : end + length])
        end += length
    random.Random(1).shuffle(merges)
    target.write_bytes(data[:start] + b"".join(merges) + data[end:])
    return target


def with_layers_of_zeros(path: Path, target: Path) -> Path:
    data = bytearray(path.read_bytes())
    start = check_file(path).data_start
    data[start + 40_000_000 : start + 70_000_000] = bytes(30_000_000)
    target.write_bytes(data)
    return target


def test_a_working_model_behaves(open_model, starter_model) -> None:
    assert open_model(starter_model, behaves=None).info.behaves is True


@pytest.mark.parametrize("damage", [with_merges_in_another_order, with_layers_of_zeros])
def test_damage_that_header_and_vocabulary_hide_is_found_by_trying(
    damage, open_model, starter_model, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(context, "OTHERS", context.OTHERS[:2])  # each is read by a model in doubt
    path = damage(starter_model, tmp_path / "damaged.gguf")
    check_tokenizer(path, check_file(path))
    assert open_model(path, behaves=None).info.behaves is False


def test_a_model_of_random_numbers_is_noise_and_answers_all_the_same(open_model, tmp_path) -> None:
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), behaves=None)
    assert model.info.behaves is False
    assert model.answer(model.raw("a b c")).usage.output_tokens > 0


def test_what_is_known_is_not_tried_again(open_model, tmp_path) -> None:
    path = write(tmp_path / "t.gguf", tiny_llama())
    assert open_model(path, behaves=True).info.behaves is True


def test_where_the_sentences_do_not_fit_nothing_is_said(open_model, tmp_path) -> None:
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=16, pool_tokens=16, behaves=None)
    assert model.info.behaves in (None, False)
