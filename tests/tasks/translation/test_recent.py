"""Typed translations: a person's words for a sentence, and the history of what was typed."""

from __future__ import annotations

import queue

import pytest
from fakes.recorder import on_service_thread
from fakes.translations import Edits

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime import service
from slmdesk.base.translation import NewSegment, Origin, SegmentState
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.service import is_mostly_same
from slmdesk.tasks.translation.types import LiveTranslated, TranslationRequest, translation_of

pytestmark = pytest.mark.process

MANNER = TranslationStyle("de", "en")


@pytest.fixture
def recorder(opened):
    return opened(turned=True)


def typed(recorder, text, manner=MANNER):
    """Translate a text that is typed; its segments when all is done."""
    live = recorder.calls.live
    record = recorder.calls.models.choose(None)
    recorder.events.clear()
    live.translate(text, manner, record)
    return done(recorder)


def done(recorder):
    return recorder.wait(LiveTranslated, lambda event: event.is_done).segments


def keep(recorder, text, segments, item="", manner=MANNER):
    return recorder.calls.translations.keep(text, manner, segments, item)


def remembered(recorder, source):
    return [pair.target for pair in recorder.calls.store.memory.recall("en", "de", source)]


def test_a_persons_words_are_remembered(recorder):
    typed(recorder, "The sun is up. We go out.")
    live = recorder.calls.live
    live.put(1, "Wir gehen aus.", "We go out.")
    live.put(1, "Wir gehen\nhinaus. ")
    segment = live.segments()[1]
    assert (segment.target, segment.state, segment.origin) == ("Wir gehen\nhinaus.", SegmentState.EDITED, Origin.PERSON)
    assert remembered(recorder, "We go out.") == ["Wir gehen hinaus."]


@pytest.mark.parametrize(
    ("index", "target", "source"),
    [(5, "Ja.", ""), (-1, "Ja.", ""), (0, "Ja.", "Another sentence.")],
)
def test_words_for_what_is_not_there_are_refused(recorder, index, target, source):
    typed(recorder, "The sun is up.\n12 %")
    before = recorder.calls.live.segments()
    with pytest.raises(KnownError, match=r"request\.invalid"):
        recorder.calls.live.put(index, target, source)
    assert recorder.calls.live.segments() == before
    assert recorder.calls.store.memory.page() == []


def test_any_sentence_can_be_changed_or_emptied_where_it_stands(recorder):
    text = "Yes, we do.\n12 %\nYes, we do. We go out."
    typed(recorder, text)
    live = recorder.calls.live
    live.put(1, "12 v. H.")
    live.put(3, "")
    live.put(2, "Ja, und wir gehen aus.")
    words = "yES, WE DO.\n12 v. H.\nJa, und wir gehen aus."
    segments = live.segments()
    assert translation_of(segments) == words, "the same sentence elsewhere stays"
    assert remembered(recorder, "Yes, we do.") == [], "the words of two sentences are not those of one"
    item = keep(recorder, text, segments)
    typed(recorder, "")
    old = recorder.calls.translations.kept(item)
    recorder.events.clear()
    live.adopt(old.text, MANNER, recorder.calls.models.choose(None), old.segments)
    assert translation_of(done(recorder)) == words


def test_what_a_person_wrote_is_not_overwritten_by_words_that_still_come(opened):
    recorder = opened(turned=True, slow=0.1)
    live = recorder.calls.live
    record = recorder.calls.models.choose(None)
    live.translate("One two three four five six seven.", MANNER, record)
    recorder.wait(LiveTranslated, lambda event: event.segments and event.segments[0].target)
    live.put(0, "Eins bis sieben.")
    last = recorder.wait(LiveTranslated, lambda event: event.is_done).segments
    assert last[0].target == "Eins bis sieben."
    assert live.segments()[0].state is SegmentState.EDITED


def test_each_paragraph_says_its_language(recorder):
    text = "The weather is fine today and we go out.\nDas Wetter ist heute schön und wir gehen hinaus.\nOk"
    segments = typed(recorder, text, TranslationStyle("fr"))
    assert [(segment.language, segment.paragraph) for segment in segments] == [("en", 0), ("de", 1), ("de", 2)]
    (already,) = typed(recorder, segments[1].source, TranslationStyle("de"))
    assert (already.source, already.state) == (segments[1].source, SegmentState.LEFT)


def test_what_was_typed_is_kept_once_while_it_is_edited(recorder):
    segments = typed(recorder, "The rent is due today.")
    item = keep(recorder, "The rent is due today.", segments)
    longer = "The rent is due today. It is high."
    assert keep(recorder, longer, typed(recorder, longer), item) == item
    items = recorder.calls.history.items("translation")
    assert [item.title for item in items] == ["The rent is due today. It is high. → German"]
    opened = recorder.calls.translations.kept(item)
    assert (opened.text, opened.manner) == (longer, MANNER)
    assert [segment.target for segment in opened.segments] == ["tHE RENT IS DUE TODAY.", "iT IS HIGH."]
    other = keep(recorder, "Quite another letter.", typed(recorder, "Quite another letter."), item)
    assert other not in ("", item)


def searched(recorder, words):
    """The items that are found, and whether some were not looked through."""
    result = recorder.calls.translations.search(words)
    return [item.id for item, _ in result.found], result.was_cut


def test_it_is_found_by_text_translation_and_title_alone_among_translations(recorder):
    item = keep(recorder, "The rent is due today.", typed(recorder, "The rent is due today."))
    chat = recorder.calls.chats.new_chat("rent")
    for words in ("rent", "due tod", "german"):
        assert searched(recorder, words) == ([item], False), words
    assert searched(recorder, "landlord") == ([], False)
    keep(recorder, "The rent is due now.", typed(recorder, "The rent is due now."), item)
    assert searched(recorder, "today")[0] == [], "what it was before is not found any more"
    assert chat.id in {hit.item for hit in recorder.calls.history.search("rent")}


def test_documents_are_found_by_what_stands_in_them_as_it_is_now(recorder, tmp_path, monkeypatch):
    path = tmp_path / "letter.txt"
    path.write_text("The rent is due.\nÜber den Wolken ist es schön.\n")
    request = TranslationRequest("fr", path=str(path))
    item = recorder.calls.tasks.begin("translation", request).id
    job = recorder.calls.tasks.open(item).job
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE)
    for words in ("rent due", "über", "WOLKEN", "letter"):
        assert searched(recorder, words) == ([item], False), words
    Edits(recorder).edit(item, 0, "Le loyer est dû.")
    hits = recorder.calls.translations.search("loyer").found
    assert "Le \ue000loyer\ue001" in hits[0][1]
    assert searched(recorder, "rent wolken") == ([], False), "all words in one segment"
    monkeypatch.setattr("slmdesk.tasks.translation.service.MOST_SEARCHED", 0)
    assert searched(recorder, "wolken") == ([], True), "what was not looked through is said"
    recorder.calls.history.trash(item)
    assert searched(recorder, "loyer") == ([], False)


def test_a_long_search_lets_others_come_between_and_ends_for_the_next(recorder, monkeypatch):
    monkeypatch.setattr(service, "SLICE_S", 0.0)

    def fill():
        store = recorder.calls.store
        for _ in range(10):
            item = store.items.add("translation", "Manual → German", settings={"wish": {"path": "/m", "target": "de"}})
            words = "Die Pumpe für die Höhe der Überläufe hält bei 12 bar, wenn das Ventil schließt. " * 2
            store.segments.add(item.id, [NewSegment(number, words, target=words) for number in range(200)])

    on_service_thread(recorder, fill)
    ended, turns = queue.SimpleQueue(), 0
    on_service_thread(recorder, lambda: recorder.calls.translations.search("zebra").then(ended.put))
    while ended.empty():
        on_service_thread(recorder, lambda: None)
        turns += 1
    assert ended.get().found == ()
    assert turns > 3, "it is work for more than a turn"
    on_service_thread(recorder, lambda: recorder.calls.translations.search("zebra").then(ended.put))
    assert len(searched(recorder, "ventil")[0]) == 10
    left = ended.get(timeout=60)
    assert (left.found, left.was_cut) == ((), True), "the one before is told what was found so far"


def test_a_title_of_the_persons_stays_and_a_forgotten_one_is_not_written_into(recorder):
    segments = typed(recorder, "The rent is due today.")
    item = keep(recorder, "The rent is due today.", segments)
    recorder.calls.history.rename(item, "Letter to the landlord")
    keep(recorder, "The rent is due today!", segments, item)
    assert recorder.calls.history.item(item).title == "Letter to the landlord"
    recorder.calls.history.trash(item)
    assert keep(recorder, "The rent is due today!", segments, item) not in ("", item)


def test_nothing_is_kept_where_the_person_wants_none_or_nothing_is_there(recorder):
    segments = typed(recorder, "The rent is due today.")
    assert keep(recorder, "   ", segments) == ""
    assert keep(recorder, "The rent is due today.", ()) == ""
    recorder.calls.settings.change(writing_history=False)
    assert keep(recorder, "The rent is due today.", segments) == ""
    assert recorder.calls.history.items("translation") == []


def test_a_kept_text_goes_on_without_asking_again(recorder):
    live = recorder.calls.live
    typed(recorder, "The sun is up.")
    live.put(0, "Die Sonne ist da.")
    item = keep(recorder, "The sun is up.", live.segments())
    recorder.calls.store.database.run("delete from memory")
    typed(recorder, "")
    old = recorder.calls.translations.kept(item)
    record = recorder.calls.models.choose(None)
    recorder.events.clear()
    live.adopt(old.text, TranslationStyle("de", "en", "legal"), record, old.segments)
    assert [(row.target, row.state) for row in done(recorder)] == [("Die Sonne ist da.", SegmentState.EDITED)]


def test_a_kept_text_knows_its_doubts_still(opened):
    recorder = opened(turned=True, doubted="X")
    segments = typed(recorder, "We fix it.")
    assert segments[0].doubts == ((3, 6, 0.25),)
    item = keep(recorder, "We fix it.", segments)
    old = recorder.calls.translations.kept(item)
    assert old.segments[0].doubts == ((3, 6, 0.25),)
    live, record = recorder.calls.live, recorder.calls.models.choose(None)
    typed(recorder, "")
    live.adopt(old.text, MANNER, record, old.segments)
    assert live.segments()[0].doubts == ((3, 6, 0.25),)


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("Hello there", "Hello there, you", True),
        ("Hello there", "Oh, Hello there", True),
        ("Hello there", "Hello dear there", True),
        ("Hello there", "Good bye now", False),
        ("Hello", "", False),
        ("aaaa", "aa", True),
    ],
)
def test_an_edited_text_is_told_from_another(old, new, is_same):
    assert is_mostly_same(old, new) is is_same
