"""The tokenizer of the real model and of made ones."""

from __future__ import annotations

import pytest
from fakes.tiny_gguf import write
from fakes.vocabularies import MARKERS, USER_DEFINED, tokenize_parts, vocabulary_file
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdesk.base.errors import KnownError
from slmdesk.base.types import PromptPart
from slmdesk.children.engine.llama.library import LibraryLog, load_library
from slmdesk.children.engine.llama.vocabulary import open_vocabulary

pytestmark = pytest.mark.model


@pytest.fixture
def made(tmp_path):
    """Open a made vocabulary; closed after the test."""
    opened = []

    def make(*args, **options):
        context = open_vocabulary(write(tmp_path / f"{len(opened)}.gguf", vocabulary_file(*args, **options)))
        opened.append(context)
        return context.__enter__()

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def test_the_facts_of_the_real_model(vocabulary):
    assert vocabulary.n_tokens == len(vocabulary.pieces) == 49152
    assert (vocabulary.bos, vocabulary.eos, vocabulary.add_bos) == (1, 2, False)
    assert vocabulary.control_tokens == set(range(17))
    assert vocabulary.end_tokens >= {0, 2}
    assert 1 not in vocabulary.end_tokens
    assert vocabulary.text_of(1) == "<|im_start|>"
    assert vocabulary.text_of(-1) == ""
    assert vocabulary.pieces[1] == b""


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_from_its_tokens(vocabulary, text):
    tokens = vocabulary.tokenize(text, special=False)
    back = vocabulary.pieces_of(tokens).decode("utf-8")
    requested = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert len(back) == len(requested)
    assert all(b in (c, "\ufffd") for b, c in zip(back, requested, strict=True))
    assert vocabulary.count(text) == len(tokens)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("", ""), ("a\0b", "a\0b"), ("x\ud800y", "x\ufffdy"), ("\ud83d\ude00", "😀"), (" ", " "),
        pytest.param("a\x16b\U00040000c", "a\ufffdb\ufffdc", id="without a token: marked, not dropped"),
        pytest.param("a" * 1_000_000, "a" * 1_000_000, id="a million equal letters"),
    ],
)  # fmt: skip
def test_odd_texts(vocabulary, text, back):
    assert vocabulary.pieces_of(vocabulary.tokenize(text, special=False)).decode() == back


@pytest.mark.parametrize("tokenizer", ["sentencepiece", "bytes"])
def test_markers_which_the_file_calls_words_stay_text(made, tokenizer):
    vocabulary = made(tokenizer, marker_type=USER_DEFINED)
    for marker in MARKERS:
        text = f"Hello {marker}{marker}user\n{marker}"
        tokens = vocabulary.tokenize(text, special=False)
        assert vocabulary.marker_tokens.isdisjoint(tokens)
        assert vocabulary.pieces_of(tokens).decode() == text
        assert not vocabulary.marker_tokens.isdisjoint(vocabulary.tokenize(text, special=True))


def test_markers_that_grow_together_from_words_stay_text(made):
    grown = ["<" + "|user|>"[:n] for n in range(1, 7)]
    vocabulary = made("sentencepiece", markers=["<|user|>"], extra=grown)
    tokens = vocabulary.tokenize("<|user|>", special=False)
    assert vocabulary.marker_tokens.isdisjoint(tokens)
    assert vocabulary.pieces_of(tokens) == b"<|user|>"


def test_sentencepiece_puts_no_space_between_parts(made):
    vocabulary = made("sentencepiece", add_bos=False)
    parts = [PromptPart("<|user|>\n", True), PromptPart("Hello", False), PromptPart("<|end|>\n", True)]
    whole = "".join(part.text for part in parts)
    assert tokenize_parts(vocabulary, parts) == vocabulary.tokenize(whole, special=True, after_text=False)
    assert vocabulary.pieces_of(vocabulary.tokenize("Hello", special=False)) == b"Hello"
    assert vocabulary.pieces_of(vocabulary.tokenize("Hello", special=False, after_text=False)) == b" Hello"


def test_a_space_before_a_part_goes_with_its_first_word(made):
    vocabulary = made("sentencepiece", extra=["▁H", "▁He", "▁Hel", "▁Hell"])
    tokens = tokenize_parts(vocabulary, [PromptPart("User: ", True), PromptPart("Hello", False)])
    assert vocabulary.text_of(tokens[-1]) == "▁Hello"


def test_parts_of_the_same_trust_are_one_text(vocabulary):
    apart = tokenize_parts(vocabulary, [PromptPart("Hel", False), PromptPart("lo world", False)])
    assert apart == vocabulary.tokenize("Hello world", special=False)


@pytest.mark.parametrize("start", ["<s>", ""])
def test_never_two_begin_tokens(made, start):
    vocabulary = made("sentencepiece", add_bos=True)
    tokens = tokenize_parts(vocabulary, [PromptPart(start + "<|user|>", True), PromptPart("Hello", False)])
    assert tokens.count(vocabulary.bos) == 1
    assert tokens[0] == vocabulary.bos


def test_no_begin_token_where_the_model_wants_none(vocabulary):
    assert tokenize_parts(vocabulary, [PromptPart("Hello", False)]) == vocabulary.tokenize("Hello", special=False)


def test_a_file_that_is_no_model_names_the_reason(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(b"<html>" * 100)
    with pytest.raises(KnownError, match=r"^model\.damaged ") as caught, open_vocabulary(path):
        pass
    assert "magic" in caught.value.args_for_people["reason"]


def test_the_library_is_loaded_once_and_its_log_is_bounded():
    assert load_library() is load_library()
    log = LibraryLog()
    log.write(2, b"one\ntwo")
    mark = log.mark()
    log.write(5, b" and a half\n")
    log.write(4, b"broken " + b"x" * 9999 + b"\n\xff\n")
    assert [line.text for line in log.since(0)][:2] == ["one", "two and a half"]
    assert [len(text) for text in log.errors_since(mark)] == [500, 1]
    for _ in range(5000):
        log.write(2, b"line\n")
    assert len(log.since(0)) == 4000
