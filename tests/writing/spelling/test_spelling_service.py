"""Texts checked by real dictionaries in the real child."""

from __future__ import annotations

import pytest
from fakes import tiny_dictionary
from fakes.recorder import result_of

from slmdesk.base.protocol import Failed
from slmdesk.runtime.events import Noticed
from slmdesk.runtime.messages import Problem
from slmdesk.writing.spelling.types import SpellingChanged, SpellingRequest

pytestmark = pytest.mark.process

ENGLISH = "The letter was sennt on Monday and received by the corut becuase of a delay"
GERMAN = "Der Brief wurde am Montag an das Geriht gesandt und ist dort eingegangen"


@pytest.fixture
def checked(opened, tmp_path):
    """Services that use the dictionaries of a folder, and what is misspelled in some paragraphs."""
    folder = tmp_path / "dictionaries"
    tiny_dictionary.write(folder, "en_US")
    tiny_dictionary.write(folder, "de_DE", tiny_dictionary.GERMAN)
    recorder = opened(model=False)
    services = recorder.services
    assert result_of(services, lambda: services.spelling.choose(str(folder))) is None

    def wrong(*paragraphs, around="", names=()):
        request = SpellingRequest(paragraphs, around or "\n".join(paragraphs), names)
        found = result_of(services, lambda: services.spelling.check(request))
        if isinstance(found, Problem):
            return found
        return [[paragraph[slice(*span)] for span in spans] for paragraph, spans in zip(paragraphs, found, strict=True)]

    wrong.recorder, wrong.services, wrong.folder = recorder, services, folder
    return wrong


def test_each_paragraph_is_checked_in_its_own_language(checked):
    assert checked(ENGLISH, GERMAN, "") == [["sennt", "corut", "becuase"], ["Geriht"], []]


def test_a_short_paragraph_is_in_the_language_of_the_text_around_it(checked):
    assert checked("Das Geriht", around=GERMAN) == [["Geriht"]]
    assert checked("Das Geriht") == [["Geriht"]]  # the last language that was told
    assert checked("The corut", around=ENGLISH) == [["corut"]]


def test_a_language_without_a_dictionary_is_not_checked(checked):
    french = "La lettre a été envoyée lundi au tribunal et reçue avec du retarrd par le greffe"
    assert checked(french) == [[]]


def test_one_dictionary_for_all_text(checked):
    change(checked, spelling_language="de_DE")
    assert "letter" in checked(ENGLISH)[0]


def test_switched_off_nothing_is_asked(checked):
    change(checked, spelling=False)
    assert checked(ENGLISH) == [[]]
    assert not checked.services.speller.is_running


def test_own_words_count_as_right_until_they_are_removed(checked):
    services = checked.services
    services.service_thread.call(lambda: services.spelling.add_words(["sennt", "Corut"]))
    checked.recorder.wait(SpellingChanged)
    assert checked(ENGLISH) == [["corut", "becuase"]]
    assert services.paths.own_words.read_text() == "Corut\nsennt\n"
    state = result_of(services, services.spelling.state)
    assert state.words == ("Corut", "sennt")
    assert [dictionary.code for dictionary in state.dictionaries] == ["de_DE", "en_US"]
    services.service_thread.call(lambda: services.spelling.remove_words(["sennt"]))
    assert checked(ENGLISH) == [["sennt", "corut", "becuase"]]


def test_suggestions(checked):
    services = checked.services
    request = SpellingRequest((ENGLISH,), ENGLISH)
    found = result_of(services, lambda: services.spelling.suggest(request, "becuase"))
    assert (found.word, found.words[0]) == ("becuase", "because")


def test_a_place_without_dictionaries_is_refused(checked, tmp_path):
    services = checked.services
    problem = result_of(services, lambda: services.spelling.choose(str(tmp_path / "nothing")))
    assert (problem.code, services.settings.current.spelling_place) == ("dictionary.none", str(checked.folder))
    assert "Nothing was changed" in problem.sentence


def test_a_broken_dictionary_is_said_once_and_the_others_go_on(checked):
    (checked.folder / "en_US.aff").write_text("SET KLINGON-8\n")
    problem = checked(ENGLISH)
    assert problem.code == "dictionary.damaged"
    assert checked.recorder.wait(Noticed).problem.code == "dictionary.damaged"
    assert checked(ENGLISH, GERMAN) == [[], ["Geriht"]]
    assert sum(isinstance(event, Noticed) for event in checked.recorder.events) == 1
    tiny_dictionary.write(checked.folder, "en_US")
    change(checked, spelling=False)
    change(checked, spelling=True)  # a change of the settings tries again
    assert checked(ENGLISH)[0] == ["sennt", "corut", "becuase"]


def test_a_dictionary_that_kills_its_child_is_left_alone(checked):
    services = checked.services
    found = result_of(services, services.spelling.state).dictionaries
    dictionary = next(one for one in found if one.code == "en_US")
    died = Failed("1", "child.died", {"how": "killed", "detail": ""})
    for _ in range(2):
        services.service_thread.call(lambda: services.spelling._failed(dictionary, died))
    assert checked.recorder.wait(Noticed).problem.code == "dictionary.damaged"
    assert checked(ENGLISH) == [[]]


HOSTILE = "SET UTF-8\nSFX S Y 1\nSFX S 0 s (a+)+b\n"
"""A pattern that takes for ever on many letters a."""


@pytest.mark.real_child
def test_a_dictionary_that_hangs_is_ended_and_left_alone(checked):
    (checked.folder / "en_US.aff").write_text(HOSTILE)
    for _ in range(2):
        assert isinstance(checked("a" * 35 + "s and the letter", around=ENGLISH), Problem)
    problem = checked.recorder.wait(Noticed).problem
    assert (problem.code, problem.args["reason"]) == ("dictionary.damaged", "it takes too long")
    assert checked(ENGLISH, GERMAN) == [[], ["Geriht"]]


def change(checked, **values):
    services = checked.services
    services.service_thread.call(lambda: services.settings.change(**values))
