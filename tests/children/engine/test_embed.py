"""Texts as vectors by a real encoder, tiny and random: one each, of length 1, the same however they are batched."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.tiny_families import make
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.children.engine.llama.file_jobs import MOST_TEXTS

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make("bert", tmp_path_factory.mktemp("bert"))


def vectors(engine, path, texts, keep_going=lambda: True):
    return [np.frombuffer(vector, "<f4") for some in engine.embed(str(path), texts, keep_going) for vector in some]


def test_each_text_has_a_vector_of_its_own_and_batches_change_nothing(engine, bert):
    texts = [f"the pump number {number} stops" for number in range(MOST_TEXTS + 3)] + ["", "\ud800", "x " * 5000]
    embedded = vectors(engine, bert, texts)
    assert len(embedded) == len(texts)
    assert all(abs(float(np.linalg.norm(vector)) - 1) < 1e-4 for vector in embedded)
    alone = vectors(engine, bert, [texts[5]])
    assert float(embedded[5] @ alone[0]) > 0.999
    again = vectors(engine, bert, ["roses grow in may", texts[5]])
    assert float(again[1] @ alone[0]) > 0.999
    assert float(again[0] @ alone[0]) < 0.999


def test_a_chat_model_that_was_made_an_encoder_is_one(engine, tmp_path):
    path = write(tmp_path / "embedding.gguf", tiny_llama(change={"llama.pooling_type": ("u32", 3)}))
    first, other, again = vectors(engine, path, ["hello there", "a b c", "hello there"])
    assert float(first @ again) > 0.999 > float(first @ other)


def test_what_is_no_encoder_is_refused(engine, tmp_path):
    with pytest.raises(KnownError, match=r"model\.wrong_kind"):
        vectors(engine, write(tmp_path / "tiny.gguf", tiny_llama()), ["a"])
    with pytest.raises(KnownError, match=r"model\.missing"):
        vectors(engine, tmp_path / "none.gguf", ["a"])


def test_it_stops_and_the_engine_goes_on(engine, bert):
    asked = []

    def keep_going():
        asked.append(1)
        return len(asked) < 20

    with pytest.raises(Stopped):
        vectors(engine, bert, ["some words"] * 5000, keep_going)
    assert not engine.is_busy()
    assert len(vectors(engine, bert, ["a"])) == 1
