"""Texts of the window: changes as they come, other suggestions when asked again, documents opened and written, kept."""

from __future__ import annotations

import pytest
from fakes import tiny_dictionary
from fakes.office import docx, odf, paragraph
from fakes.recorder import STARTER, result_of, sized

from slmdesk.base.record import changed, to_json
from slmdesk.base.runtime.events import ended
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.types import Origin, TextPart
from slmdesk.models.loader.model_loader import Words
from slmdesk.tasks.writing import service
from slmdesk.tasks.writing.edits import Edit
from slmdesk.tasks.writing.files import WriteRequest
from slmdesk.tasks.writing.types import (
    TEMPERATURE,
    Change,
    CorrectRequest,
    RewriteRequest,
    Task,
    is_as_long_as_asked,
    rewriting_steps,
)

pytestmark = pytest.mark.process
TEXT = "We recieved it.\nThe two key was lost.\nWe recieved it."
KNOWN = {"We recieved it.": "We received it.", "The two key was lost.": "The two keys were lost."}


@pytest.fixture
def recorder(opened):
    return opened(known=KNOWN)


def test_the_changes_of_a_sentence_come_before_the_end_and_are_those_of_the_result(recorder):
    services, came = recorder.services, []
    correction = result_of(services, lambda: services.writing.correct(CorrectRequest(TEXT, "en"), came.append))
    assert sorted((change.edit.start, change.edit.new) for some in came for change in some) == [
        (change.edit.start, change.edit.new) for change in correction.changes
    ]
    assert len(correction.changes) == 4
    assert len(came) == 3, "a sentence that stands there twice is asked once, and each has its changes"
    assert correction.unanswered == ()


def test_a_misspelled_word_that_the_model_leaves_gets_a_suggestion(opened, tmp_path, monkeypatch):
    tiny_dictionary.write(tmp_path / "shared", "en_US", ["the", "letter", "lay", "on", "her", "good", "table"])
    tiny_dictionary.install(monkeypatch, tmp_path / "shared")
    sentence = "The leter lay on her god tabel."
    services, came = opened(known={sentence: "The letter lay on her god tabel."}).services, []
    correction = result_of(services, lambda: services.writing.correct(CorrectRequest(sentence, "en"), came.append))
    assert [(change.old, change.edit.new, change.doubt) for change in correction.changes] == [
        ("leter", "letter", ""),
        ("god", "good", "dictionary"),
        ("tabel", "table", "dictionary"),
    ]
    assert [change for some in came for change in some] == list(correction.changes)


@pytest.mark.parametrize("answer", ["Paris.", "The capital is a city in the north of the land."])
def test_a_sentence_that_the_model_answers_stays_as_it_is(opened, answer):
    services = opened(known={"What is teh name of their new garden": answer}).services
    request = CorrectRequest("What is teh name of their new garden", "en")
    correction = result_of(services, lambda: services.writing.correct(request))
    assert (correction.changes, correction.unanswered) == ((), (1,))


def test_behind_the_comma_of_a_salutation_the_first_word_stays_small(opened):
    text = "Sehr geehrte Frau Novak,\n\nhiermit schiken wir den Plan."
    services = opened(known={"hiermit schiken wir den Plan.": "Hiermit schicken wir den Plan."}).services
    correction = result_of(services, lambda: services.writing.correct(CorrectRequest(text, "de")))
    assert correction.text == "Sehr geehrte Frau Novak,\n\nhiermit schicken wir den Plan."


def test_a_fault_of_whoever_hears_of_changes_is_told(recorder):
    services = recorder.services

    def fail(_changes):
        raise ValueError("a fault")

    problem = result_of(services, lambda: services.writing.correct(CorrectRequest(TEXT, "en"), fail))
    assert isinstance(problem, Problem)


def test_asked_again_something_else_may_come():
    def seeds(task, again):
        steps = rewriting_steps(RewriteRequest("A text.", task, "half", again=again), "en")
        return [step["sampling"].get("seed") for step in steps]

    first, second = seeds(Task.REPHRASE, 0), seeds(Task.REPHRASE, 1)
    assert len(first) == len(second) == 3
    assert not set(first) & set(second)
    assert seeds(Task.SHORTEN, 0) != seeds(Task.SHORTEN, 1) != seeds(Task.SHORTEN, 2)


@pytest.mark.parametrize(
    ("task", "manner", "text", "language", "is_so"),
    [
        (Task.SHORTEN, "half", "one two three", "en", True),
        (Task.SHORTEN, "half", "one two three.", "en", True),
        (Task.SHORTEN, "half", "one two three 4", "en", False),
        (Task.SHORTEN, "sentence", "one two three", "en", True),
        (Task.SHORTEN, "sentence", "one two three four", "en", False),
        (Task.EXPAND, "", "one two three four", "en", False),
        (Task.EXPAND, "", "one two three four and five", "en", True),
        (Task.TONE, "formal", "one", "en", True),
        (Task.SHORTEN, "half", "二三四五六七八九十二三四五六七", "zh", True),
        (Task.SHORTEN, "half", "二三四五六七八九十，二三四五六七八九", "zh", False),
        (Task.SHORTEN, "sentence", "二三四五六七八九十，二三四五六七八九", "zh", False),
    ],
)
def test_what_is_as_short_or_as_long_as_asked(task, manner, text, language, is_so):
    source = "one two three four" if language == "en" else "一二三四五六七八九十一二三四五六七八九十"
    assert is_as_long_as_asked(RewriteRequest(source, task, manner), text, language) == is_so


@pytest.mark.parametrize(
    ("task", "manner", "first", "second", "told"),
    [
        (Task.SHORTEN, "half", f"{TEXT} So.", "The key was lost.", "Write at most 5 words."),
        (Task.SHORTEN, "half", TEXT, f"{TEXT} So.", "writing.not_shorter"),
        (Task.SHORTEN, "sentence", f"{TEXT} So.", "We lost it.", "Write at most 5 words."),
        (
            Task.SHORTEN,
            "half",
            TEXT,
            "We recieved it. Both keys were lost, we say.",
            "Write at most 5 words.",
        ),
        (Task.TONE, "friendlier", TEXT, TEXT, "writing.no_version"),
        (Task.EXPAND, "", "We lost it.", f"{TEXT} So.", "Write at least 22 words."),
        (Task.EXPAND, "", "We lost it.", "We lost all.", "writing.not_longer"),
    ],
)
def test_a_text_not_as_long_as_asked_is_asked_for_once_more_with_a_number_of_words(
    opened, task, manner, first, second, told
):
    request = RewriteRequest(TEXT, task, manner, "en")
    steps = [rewriting_steps(request, "en", is_counted=counted)[0] for counted in (False, True)]
    said = ["".join(part["text"] for part in step["messages"][-1]["parts"]) for step in steps]
    services = opened(known=dict(zip(said, (first, second), strict=True))).services
    result = result_of(services, lambda: services.writing.rewrite(request))
    if isinstance(result, Problem):
        assert result.code == told
    else:
        assert [version.text for version in result.versions] == [second]
        assert told in said[1]


def test_where_the_likeliest_words_are_the_text_itself_others_are_asked_for(recorder, monkeypatch):
    asked = []

    def answer(_loader, _record, steps):
        asked.extend(steps)
        return ended([Words(TEXT if len(asked) == 1 else "Sadly, we lost two keys.")])

    monkeypatch.setattr(service, "ask_once", answer)
    request = RewriteRequest(TEXT, Task.TONE, "friendlier", "en")
    rewriting = result_of(recorder.services, lambda: recorder.services.writing.rewrite(request))
    assert [version.text for version in rewriting.versions] == ["Sadly, we lost two keys."]
    assert [step["sampling"].get("temperature") for step in asked] == [0.0, TEMPERATURE]


def test_a_model_too_weak_to_rewrite_is_not_asked(recorder):
    services = recorder.services
    sized(services, STARTER)
    problem = result_of(services, lambda: services.writing.rewrite(RewriteRequest(TEXT, Task.SHORTEN, "half", "en")))
    assert (problem.code, "too weak" in problem.sentence) == ("writing.weak_model", True)


def kept(recorder, text, item="", changes=()):
    services = recorder.services
    return services.service_thread.call(lambda: services.writing.keep(text, item, changes))


def test_a_text_is_kept_as_one_item_which_the_history_finds(recorder):
    services = recorder.services
    item = kept(recorder, "The first words of a letter")
    assert kept(recorder, "Other words of a letter", item) == item
    assert services.service_thread.call(lambda: services.writing.kept(item))[0] == "Other words of a letter"
    assert [entry.title for entry in recorder.calls.writing.earlier()] == ["Other words of a letter"]
    assert [hit.item for hit in services.service_thread.call(lambda: services.history.search("other"))] == [item]
    assert not services.service_thread.call(lambda: services.history.search("first"))
    services.service_thread.call(lambda: services.history.rename(item, "My letter"))
    kept(recorder, "Once more", item)
    assert services.service_thread.call(services.writing.earlier)[0].title == "My letter"
    services.service_thread.call(lambda: services.history.delete_for_good(item))
    assert services.service_thread.call(lambda: services.writing.kept(item)) == ("", ())
    again = kept(recorder, "Typed on", item)
    assert again not in ("", item)


def test_changes_are_kept_with_a_text_and_those_that_do_not_fit_it_are_not_opened(recorder):
    services, text = recorder.services, "The two key was lost."
    change = Change(Edit(8, 11, "keys"), "key", 1, "meaning", (0, 21))

    def opened():
        return services.service_thread.call(lambda: services.writing.kept(item))

    item = kept(recorder, text, changes=[change])
    assert opened() == (text, (change,))
    kept(recorder, text, item, [change, changed(change, old="else")])
    assert opened() == (text, (change,))
    services.service_thread.call(lambda: services.store.items.change_settings(item, changes=[{"edit": 1}]))
    assert opened() == (text, ()), "of a newer program"
    of_before = {**to_json(change), "reason": "form of a word"}
    services.service_thread.call(lambda: services.store.items.change_settings(item, changes=[of_before]))
    assert opened() == (text, (change,)), "of an older program"
    kept(recorder, text, item, [changed(change, edit=Edit(7, 7, " old"), old="")])
    (message,) = services.service_thread.call(lambda: services.store.messages.of_item(item))
    recorder.calls.store.messages.change_parts(message.id, (TextPart(f"So {text}", Origin.PERSON),))
    assert opened() == (f"So {text}", ()), "the place of an insertion fits any text"
    kept(recorder, text, item)
    assert opened() == (text, ())


def test_nothing_is_kept_of_no_words_or_where_that_was_chosen(recorder):
    assert kept(recorder, " \n") == ""
    recorder.calls.settings.change(writing_history=False)
    assert kept(recorder, "Words") == ""


@pytest.mark.parametrize("kind", ["docx", "odt"])
def test_a_document_is_opened_as_its_words(recorder, tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    made = {
        "docx": docx(paragraph("It is late.") + paragraph("We go.")),
        "odt": odf("text", "<text:p>It is late.</text:p>"),
    }
    path.write_bytes(made[kind])
    opened = result_of(recorder.services, lambda: recorder.services.writing.open_file(path))
    assert opened.text == ("It is late.\nWe go." if kind == "docx" else "It is late.")
    assert opened.how is None
    replaced = recorder.calls.writing.write_file(WriteRequest("Other words", path, source=opened))
    assert replaced.code == "file.is_source"


def test_a_text_file_is_written_with_its_own_mark_and_line_ends(recorder, tmp_path):
    path, target = tmp_path / "a.md", tmp_path / "b.md"
    path.write_bytes("\ufeff# Größe\r\n\r\nIt is late.\r\n".encode())
    opened = recorder.calls.writing.open_file(path)
    assert opened.text == "# Größe\n\nIt is late.\n"
    recorder.calls.writing.write_file(WriteRequest(opened.text, target, source=opened))
    assert target.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.pdf", b"%PDF-1.4", "writing.unknown_format"),
        ("a.txt", b" \n", "writing.empty"),
        ("a.txt", b"\x7fELF\0\0", "document.binary"),
        ("a.md", "Grüße".encode("latin-1"), "writing.encoding"),
        ("a.txt", b"word " * 50_000, "writing.too_long"),
        ("a.docx", b"PK\3\4 no archive", "document.damaged"),
    ],
)
def test_what_is_no_text_to_write_on_is_refused(recorder, tmp_path, name, data, code):
    path = tmp_path / name
    path.write_bytes(data)
    problem = result_of(recorder.services, lambda: recorder.services.writing.open_file(path))
    assert problem.code == code
    missing = result_of(recorder.services, lambda: recorder.services.writing.open_file(tmp_path / "none.txt"))
    assert missing.code == "file.missing"
