"""Texts checked by dictionaries of the system."""

from __future__ import annotations

import pytest
from fakes import tiny_dictionary
from fakes.recorder import result_of

from slmdesk.base.runtime.events import Noticed
from slmdesk.base.runtime.messages import Problem
from slmdesk.tasks.writing.spelling.types import SpellingChanged, SpellingRequest

pytestmark = pytest.mark.process

ENGLISH = "The letter was sennt on Monday and received by the corut becuase of a delay"
GERMAN = "Der Brief wurde am Montag an das Geriht gesandt und ist dort eingegangen"


@pytest.fixture
def checked(opened, tmp_path, monkeypatch):
    """Services that use the dictionaries of a folder, and what is misspelled in some paragraphs."""
    folder = tmp_path / "dictionaries"
    tiny_dictionary.write(folder, "en_US")
    tiny_dictionary.write(folder, "de_DE", tiny_dictionary.GERMAN)
    tiny_dictionary.install(monkeypatch, folder)
    recorder = opened(model=False)
    services = recorder.services

    def wrong(*paragraphs, around="", names=()):
        request = SpellingRequest(paragraphs, around or "\n".join(paragraphs), names)
        reply = result_of(services, lambda: services.spelling.check(request))
        if isinstance(reply, Problem):
            return reply
        return [[paragraph[slice(*span)] for span in spans] for paragraph, spans in zip(paragraphs, reply, strict=True)]

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
    assert checked.services.service_thread.call(lambda: checked.services.spelling.speller) is None


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
    assert checked(ENGLISH) == [["sennt", "corut", "becuase"]]
    suggestions = result_of(services, lambda: services.spelling.suggest(request, "becuase"))
    assert (suggestions.word, suggestions.words[0]) == ("becuase", "because")


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


def test_without_a_request_for_long_the_dictionaries_are_dropped_and_read_again(checked):
    services = checked.services
    assert checked(ENGLISH) == [["sennt", "corut", "becuase"]]
    services.service_thread.call(services.spelling.close)
    assert checked("And the corut was sennt a letterr", around=ENGLISH) == [["corut", "sennt", "letterr"]]


def change(checked, **values):
    services = checked.services
    services.service_thread.call(lambda: services.settings.change(**values))
