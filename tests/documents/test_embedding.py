"""Passages by meaning: vectors made in the background where a model for that is, kept, and joined with the words."""

from __future__ import annotations

from functools import partial

import pytest
from fakes.recorder import Recorder, add_model, result_of, wait_until

from slmdesk.base.text.sentences import search_words
from slmdesk.documents.retrieval import fused, with_meaning

pytestmark = pytest.mark.process


def add_encoder(services, path):
    record = add_model(services, path, "Encoder")
    return services.service_thread.call(lambda: services.store.models.change(record.id, header={"kind": "encoder"}))


def document(services, path, *pages):
    path.write_text("\f".join(pages), encoding="utf-8")
    return result_of(services, lambda: services.documents.open(path))


def ranked(services, question, record):
    return result_of(services, lambda: services.retrieval.rank(question, [record.id]))


def vectors_of(services, encoder, record):
    which = partial(services.store.vectors.after, encoder.sha256, [record.id], after=0, limit=1000)
    return services.service_thread.call(which)


def long(words):
    return " ".join([words] * 40)


def test_meaning_finds_what_words_do_not(services, tmp_path):
    Recorder(services)
    encoder = add_encoder(services, tmp_path / "encoder.gguf")
    assert services.service_thread.call(services.embedding.model).id == encoder.id
    pages = [long("zyzzyva fuzzy pizzazz"), long("moon room spoon balloon"), long("quick brown fox jumps")]
    record = document(services, tmp_path / "a.txt", *pages)
    wait_until(lambda: len(vectors_of(services, encoder, record)) == 3)
    wait_until(lambda: not services.service_thread.call(lambda: services.embedding.waiting))
    assert (
        services.service_thread.call(lambda: services.store.passages.find(search_words("zzzyzzy"), [record.id])) == []
    )
    assert ranked(services, "zzzyzzy fzzy", record).passages[0].page == 1
    both = ranked(services, "balloon", record).passages
    assert both[0].page == 2, "by words and by meaning"
    assert len(both) == 3


def test_vectors_go_with_their_passages_and_their_document(services, tmp_path):
    encoder = add_encoder(services, tmp_path / "encoder.gguf")
    record = document(services, tmp_path / "a.txt", long("moon room"), long("fox box"))
    wait_until(lambda: len(vectors_of(services, encoder, record)) == 2)
    document(services, tmp_path / "a.txt", long("moon room"), long("fox box"), long("new words"))
    wait_until(lambda: len(vectors_of(services, encoder, record)) == 3)
    services.service_thread.call(lambda: services.documents.forget(record.id))
    wait_until(lambda: not vectors_of(services, encoder, record))


def test_what_was_read_before_the_model_came_gets_vectors_when_it_is_asked(services, tmp_path):
    pages = [long(f"word{number} room") for number in range(70)]
    record = document(services, tmp_path / "a.txt", *pages)
    encoder = add_encoder(services, tmp_path / "encoder.gguf")
    assert ranked(services, "word7", record).passages[0].page == 8
    wait_until(lambda: len(vectors_of(services, encoder, record)) == 70)


def test_without_a_model_or_with_one_that_is_gone_words_decide(services, tmp_path):
    record = document(services, tmp_path / "a.txt", long("moon room"), long("fox box"))
    assert [passage.page for passage in ranked(services, "fox", record).passages] == [2]
    add_encoder(services, tmp_path / "encoder.gguf")
    (tmp_path / "encoder.gguf").unlink()
    services.service_thread.call(lambda: services.embedding.index(record.id))
    wait_until(lambda: not services.service_thread.call(lambda: services.embedding.waiting))
    assert services.service_thread.call(services.embedding.model) is None, "not tried again and again"
    assert [passage.page for passage in ranked(services, "fox", record).passages] == [2]


def test_rankings_are_joined_by_their_places():
    assert fused([1, 2, 3], [3, 1]) == [1, 3, 2]
    assert fused([]) == []
    assert fused([1, 2], [3], weights=(1.0, 2.0)) == [3, 1, 2]


def test_the_best_by_words_stays_first():
    assert with_meaning([1, 2, 3], [3, 2]) == [1, 2, 3]
    assert with_meaning([1, 2, 3], [4, 5, 2]) == [1, 2, 3, 4, 5]
    assert with_meaning([], [7, 8]) == [7, 8]
    assert with_meaning([1], []) == [1]
