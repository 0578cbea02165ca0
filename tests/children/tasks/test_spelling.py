"""Dictionaries, good ones and others, as the child reads them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import spylls
from fakes import tiny_dictionary

from slmdesk.base.errors import KnownError
from slmdesk.children.tasks import spelling as task
from slmdesk.children.tasks.job import Job
from slmdesk.children.tasks.spelling import OpenDictionary, Speller, spelling, suggestions

pytestmark = pytest.mark.pure


def run(kind, speller=None, **payload):
    """The result of a task."""
    steps = kind(Job("1", payload), speller or Speller())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_wrong_words_are_told_and_forms_are_known(tmp_path):
    path = str(tiny_dictionary.write(tmp_path))
    words = ["The", "letters", "sennt", "don’t", "friend's", "xyz's", "Monday"]
    assert run(spelling, dictionary=path, words=words) == {"wrong": ["sennt", "xyz's"]}


def test_suggestions_come_best_first_with_the_capital_of_the_word(tmp_path):
    path = str(tiny_dictionary.write(tmp_path))
    assert run(suggestions, dictionary=path, word="leter")["words"][0] == "letter"
    assert run(suggestions, dictionary=path, word="Becuase")["words"][0] == "Because"
    assert run(suggestions, dictionary=path, word="telefone")["words"][0] == "telephone"
    assert run(suggestions, dictionary=path, word="q" * 60) == {"words": []}


def test_a_real_dictionary(tmp_path):
    path = str(Path(spylls.__file__).parent / "hunspell/data/en/en_US.dic")
    speller = Speller()
    words = ["because", "becuase", "children's", "definately", "England"]
    assert run(spelling, speller, dictionary=path, words=words) == {"wrong": ["becuase", "definately"]}
    assert run(suggestions, speller, dictionary=path, word="becuase")["words"][0] == "because"
    assert run(suggestions, speller, dictionary=path, word="Definately")["words"][0] == "Definitely"


def test_two_dictionaries_stay_open(tmp_path):
    speller = Speller()
    paths = [str(tiny_dictionary.write(tmp_path, code)) for code in ("en_US", "en_GB", "en_AU")]
    first = speller.opened(paths[0])
    assert speller.opened(paths[0]) is first
    speller.opened(paths[1])
    speller.opened(paths[2])
    assert speller.opened(paths[0]) is not first


COMPOUNDS = "SET UTF-8\nCOMPOUNDMIN 1\nCOMPOUNDFLAG C\n" + "".join(
    f"SFX {flag} Y 1\nSFX {flag} 0 a .\n" for flag in "ABDEFGH"
)


def test_a_word_that_can_be_cut_in_endless_ways_is_not_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(task, "WORD_S", 0.05)
    monkeypatch.setattr(task, "SUGGESTING_S", 0.05)
    words = ["a/CABDEFGH", "aa/CABDEFGH", "aaa/CABDEFGH"]
    path = str(tiny_dictionary.write(tmp_path, words=words, forms=COMPOUNDS))
    speller = Speller()
    assert run(spelling, speller, dictionary=path, words=["a" * 40 + "x", "qx"]) == {"wrong": ["qx"]}
    run(suggestions, speller, dictionary=path, word="a" * 40 + "x")


def test_letters_to_try_are_tried_no_longer_than_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(task, "SUGGESTING_S", -1.0)
    forms = f"SET UTF-8\nTRY {''.join(map(chr, range(0x4E00, 0x5E00)))}\n"
    dictionary = OpenDictionary(tiny_dictionary.write(tmp_path, forms=forms))
    edits, tried = dictionary._suggest.edits, []
    dictionary._suggest.edits = lambda word: (tried.append(edit) or edit for edit in edits(word))
    dictionary.suggest("sennt")
    assert len(tried) < 10


def test_a_dictionary_of_too_many_words_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(task, "MOST_WORDS", 3)
    path = tiny_dictionary.write(tmp_path, words=["a", "b", "c"])
    assert run(spelling, dictionary=str(path), words=["a"]) == {"wrong": []}
    path = tiny_dictionary.write(tmp_path, words=["a", "b", "c", "d"])
    with pytest.raises(KnownError, match=r"^dictionary\.damaged ") as caught:
        run(spelling, dictionary=str(path), words=["a"])
    assert "more than 3 words" in caught.value.args_for_people["reason"]


@pytest.mark.parametrize(
    ("forms", "words"),
    [
        ("SET KLINGON-8\n", b"1\nword\n"),
        ("SET UTF-8\nSFX A Y many\nSFX A 0 s .\n", b"1\nword/A\n"),
        ("SET UTF-8\nSFX A Y 1\nSFX A 0 s [\n", b"1\nword/A\n"),
        ("FLAG long\nAF 1\nAF\n", b"1\nword/7\n"),
        ("SET UTF-8\n", b"<html>no list</html>\n"),
        ("SET UTF-8\n", b""),
        ("SET UTF-8\n", b"\x7fELF\x00\x01"),
    ],
)
def test_a_broken_dictionary_is_named(tmp_path, forms, words):
    path = tiny_dictionary.write(tmp_path, forms=forms)
    path.write_bytes(words)
    with pytest.raises(KnownError, match=r"^dictionary\.damaged ") as caught:
        run(spelling, dictionary=str(path), words=["word"])
    assert caught.value.args_for_people["path"] == str(path)


def test_files_that_are_missing_or_too_large(tmp_path, monkeypatch):
    path = tiny_dictionary.write(tmp_path)
    path.with_suffix(".aff").rename(tmp_path / "elsewhere")
    with pytest.raises(KnownError, match=r"^dictionary\.damaged "):
        run(spelling, dictionary=str(path), words=["word"])
    (tmp_path / "elsewhere").rename(path.with_suffix(".aff"))
    monkeypatch.setattr(task, "MOST_BYTES", 20)
    with pytest.raises(KnownError, match=r"^dictionary\.too_large "):
        run(spelling, dictionary=str(path), words=["word"])


def test_random_damage_ends_in_a_known_error_or_an_answer(tmp_path):
    chance = random.Random(1)
    path = tiny_dictionary.write(tmp_path)
    aff = path.with_suffix(".aff")
    good, listed = aff.read_bytes(), path.read_bytes()
    for _ in range(150):
        for file, data in ((aff, bytearray(good)), (path, bytearray(listed))):
            for _ in range(chance.randint(0, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            file.write_bytes(data)
        try:
            found = run(spelling, dictionary=str(path), words=["letter", "sennt"])
        except KnownError as err:
            assert err.code == "dictionary.damaged"  # noqa: PT017
        else:
            assert set(found["wrong"]) <= {"letter", "sennt"}


def test_what_is_asked_is_checked(tmp_path):
    path = str(tiny_dictionary.write(tmp_path))
    for payload in ({"words": "word"}, {"words": [1]}, {}):
        with pytest.raises(KnownError, match="request"):
            run(spelling, dictionary=path, **payload)
    assert OpenDictionary(Path(path)).has("Letter")
