"""Words looked up in dictionaries, good ones and others."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest
import spylls
from fakes import tiny_dictionary

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.service import ServiceThread
from slmdesk.tasks.writing.spelling import lookup
from slmdesk.tasks.writing.spelling.lookup import OpenDictionary, Pace, Speller

pytestmark = pytest.mark.pure
REAL = Path(spylls.__file__).parent / "hunspell/data/en/en_US.dic"


def opened(path):
    return lookup.read_dictionary(path, Pace())


def wrong(dictionary, *words):
    return [word for word in words if not dictionary.has(word)]


def suggested(dictionary, word):
    return dictionary.suggest(word, time.monotonic() + 60)


def test_wrong_words_are_told_and_forms_are_known(tmp_path):
    dictionary = opened(tiny_dictionary.write(tmp_path))
    words = ["The", "letters", "sennt", "don’t", "friend's", "xyz's", "Monday"]
    assert wrong(dictionary, *words) == ["sennt", "xyz's"]


def test_suggestions_come_best_first_with_the_capital_of_the_word(tmp_path):
    dictionary = opened(tiny_dictionary.write(tmp_path))
    assert suggested(dictionary, "leter")[0] == "letter"
    assert suggested(dictionary, "Becuase")[0] == "Because"
    assert suggested(dictionary, "telefone")[0] == "telephone"
    assert suggested(dictionary, "q" * 60) == []


def test_a_real_dictionary():
    dictionary = opened(REAL)
    words = ["because", "becuase", "children's", "definately", "England"]
    assert wrong(dictionary, *words) == ["becuase", "definately"]
    assert suggested(dictionary, "becuase")[0] == "because"
    assert suggested(dictionary, "Definately")[0] == "Definitely"
    assert "tomorrow" in suggested(dictionary, "tommorow")  # two letters away


COMPOUNDS = "SET UTF-8\nCOMPOUNDMIN 1\nCOMPOUNDFLAG C\n" + "".join(
    f"SFX {flag} Y 1\nSFX {flag} 0 a .\n" for flag in "ABDEFGH"
)


def test_a_word_that_can_be_cut_in_endless_ways_is_not_marked(tmp_path):
    words = ["a/CABDEFGH", "aa/CABDEFGH", "aaa/CABDEFGH"]
    dictionary = opened(tiny_dictionary.write(tmp_path, words=words, forms=COMPOUNDS))
    assert wrong(dictionary, "a" * 40 + "x", "qx") == ["qx"]
    dictionary.suggest("a" * 40 + "x", time.monotonic() + 0.1)  # ends


def test_letters_to_try_are_tried_no_longer_than_the_limit(tmp_path):
    forms = f"SET UTF-8\nTRY {''.join(map(chr, range(0x4E00, 0x5E00)))}\n"
    dictionary = opened(tiny_dictionary.write(tmp_path, forms=forms))
    edits, tried = dictionary.suggester.edits, []
    dictionary.suggester.edits = lambda word: (tried.append(edit) or edit for edit in edits(word))
    assert dictionary.suggest("sennt", time.monotonic() - 1.0) == []
    assert len(tried) < 10


@pytest.fixture
def speller():
    thread = ServiceThread(lambda error: None)
    speller = Speller(thread)
    speller.call = lambda begin: _result(thread, begin)
    yield speller
    speller.close()
    for running in threading.enumerate():
        if running.name == "spelling":
            running.join(10)
            assert not running.is_alive()
    thread.close()


def _result(thread, begin):
    ended, results = threading.Event(), []

    def start():
        begin().then(lambda result: (results.append(result), ended.set()))

    thread.call(start)
    assert ended.wait(60)
    return results[0]


def test_suggestions_of_a_dictionary_that_is_not_open_are_none_until_it_is(tmp_path, speller):
    path = tiny_dictionary.write(tmp_path)
    assert speller.call(lambda: speller.suggestions(path, "leter")) == ()
    assert speller.call(lambda: speller.wrong(path, ["leter"])) == {"leter"}
    assert speller.call(lambda: speller.suggestions(path, "leter"))[0] == "letter"


def test_suggestions_end_in_time_even_after_other_work(tmp_path, speller):
    words = ["a/CABDEFGH", "aa/CABDEFGH", "aaa/CABDEFGH"]
    path = tiny_dictionary.write(tmp_path, words=words, forms=COMPOUNDS)
    speller.call(lambda: speller.wrong(path, ["a"]))
    limits = []
    dictionary = speller.in_use[path]
    dictionary.suggest = lambda word, until: limits.append(until) or ["a"]
    before = time.monotonic()
    speller.call(lambda: speller.suggestions(path, "b"))
    assert before < limits[0] <= time.monotonic() + lookup.SUGGESTING_S


def test_two_dictionaries_stay_open(tmp_path, speller):
    paths = [tiny_dictionary.write(tmp_path, code) for code in ("en_US", "en_GB", "en_AU")]
    for path in (*paths, paths[1]):
        speller.call(lambda path=path: speller.wrong(path, ["word"]))
    assert list(speller.in_use) == [paths[2], paths[1]]


def test_what_is_looked_up_stops_when_it_is_closed(tmp_path, speller):
    words = ["a/CABDEFGH", "aa/CABDEFGH", "aaa/CABDEFGH"]
    path = tiny_dictionary.write(tmp_path, words=words, forms=COMPOUNDS)
    speller.wrong(path, ["a" * 40 + "x"] * 10_000)  # the fixture waits for the thread


def test_the_work_rests_every_few_milliseconds(monkeypatch):
    rests = []
    monkeypatch.setattr(lookup.time, "sleep", rests.append)
    opened(REAL)
    assert len(rests) > 10
    assert set(rests) == {lookup.REST_S}


def test_a_dictionary_of_too_many_words_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lookup, "MOST_WORDS", 3)
    assert opened(tiny_dictionary.write(tmp_path, words=["a", "b", "c"])).has("a")
    path = tiny_dictionary.write(tmp_path, words=["a", "b", "c", "d"])
    with pytest.raises(KnownError, match=r"^dictionary\.damaged ") as caught:
        opened(path)
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
        opened(path)
    assert caught.value.args_for_people["path"] == str(path)


def test_files_that_are_missing_or_too_large(tmp_path, monkeypatch):
    path = tiny_dictionary.write(tmp_path)
    path.with_suffix(".aff").rename(tmp_path / "elsewhere")
    with pytest.raises(KnownError, match=r"^dictionary\.damaged "):
        opened(path)
    (tmp_path / "elsewhere").rename(path.with_suffix(".aff"))
    monkeypatch.setattr(lookup, "MOST_BYTES", 20)
    with pytest.raises(KnownError, match=r"^dictionary\.too_large "):
        opened(path)


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
            mistakes = wrong(opened(path), "letter", "sennt")
        except KnownError as err:
            assert err.code == "dictionary.damaged"  # noqa: PT017
        else:
            assert set(mistakes) <= {"letter", "sennt"}


def test_the_collector_is_as_before(tmp_path):
    import gc

    assert gc.isenabled()
    OpenDictionary(tiny_dictionary.write(tmp_path), Pace())
    assert gc.isenabled()
