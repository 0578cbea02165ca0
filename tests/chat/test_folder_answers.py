"""A folder attached to a question: the passages of all its documents that fit, with their pages; kept, continued."""

from __future__ import annotations

import os

import pytest
from chat.sending import ask_with
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.types import AttachMode, used_words
from slmdesk.chat.prompt import undecided
from slmdesk.chat.types import AttachRequest, QuotesFound, SendRequest

pytestmark = pytest.mark.process

OLD = 1_700_000_000
"""When the files were changed last: those changed just now may still be written, and are read later."""
FILLER = "Roses, tulips and the rain of May are written about here. " * 8
TEXTS = {
    "pump.txt": f"{FILLER}\fThe pump stops at 12 bar when the filter is full.",
    "valve.txt": f"{FILLER}\f{FILLER}\fThe valve closes at 3 bar, after the pump.",
    "boat.txt": f"{FILLER}\fThe boat leaves at noon.",
}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "Manuals"
    path.mkdir()
    for name, text in TEXTS.items():
        (path / name).write_text(text)
        os.utime(path / name, (OLD, OLD))
    return path


def watched(recorder, path):
    """The folder in the library, all of it read."""
    services = recorder.services
    state = result_of(services, lambda: services.collections.add(path))
    return result_of(services, lambda: services.collections.look(state.record.id)).record


def attach(record):
    return AttachRequest(name=record.name, collection=record.id, mode=AttachMode.PASSAGES)


def of(question):
    """The folder's own part, and its documents by name."""
    abouts = [attachment.attached for attachment in question.attachments]
    (own,) = [about for about in abouts if about.is_folder]
    return own, {about.name: about for about in abouts if about.is_of_folder}


def test_the_passages_that_fit_come_from_all_documents_with_name_and_page(opened, folder):
    recorder = opened()
    record = watched(recorder, folder)
    sent, ended, question = ask_with(recorder, "At how many bar does the pump stop?", attach(record))
    assert ended.message.status is Status.COMPLETE
    own, documents = of(question)
    assert (own.documents_total, own.documents_used, own.documents_unread) == (3, len(documents), 0)
    assert used_words(own) == f"3 documents looked through, passages of {len(documents)} read"
    assert 2 in documents["pump.txt"].pages_used
    assert 3 in documents["valve.txt"].pages_used
    assert documents["pump.txt"].pages_total == 2
    prompt = result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(sent.answer.id)).text
    assert 'Passages of an attached document, "pump.txt"' in prompt
    assert "[page 2]" in prompt.partition("pump.txt")[2]
    assert "12 bar" in prompt


def test_a_quotation_is_found_in_the_document_of_the_folder(opened, folder):
    recorder = opened(answer='The manual says "The pump stops at 12 bar" there.')
    record = watched(recorder, folder)
    _, ended, question = ask_with(recorder, "When does the pump stop?", attach(record))
    _, documents = of(question)
    quoted = recorder.wait(QuotesFound, lambda event: event.message == ended.message.id)
    (quote,) = quoted.quotes
    assert (quote.name, quote.page, quote.document) == ("pump.txt", 2, documents["pump.txt"].document)


def test_later_questions_search_the_folder_again_and_repeat_no_passage(opened, folder):
    recorder = opened()
    record = watched(recorder, folder)
    sent, _, first = ask_with(recorder, "When does the pump stop?", attach(record))
    _, _, second = ask_with(recorder, "When does the boat leave?", chat=sent.item.id)
    own, documents = of(second)
    assert own.is_more
    assert "boat.txt" in documents
    assert used_words(documents["boat.txt"]).startswith("more passages")
    for name, about in of(first)[1].items():
        assert not set(about.places) & set(documents[name].places if name in documents else ())
    _, _, third = ask_with(recorder, "Thanks", chat=sent.item.id)
    assert third.attachments == ()


def test_where_no_word_fits_the_documents_are_shown_as_they_begin(opened, folder):
    recorder = opened()
    record = watched(recorder, folder)
    _, _, question = ask_with(recorder, "Zusammenfassung?", attach(record))
    own, documents = of(question)
    assert own.documents_used == len(documents) == 3


def test_a_document_attached_by_itself_is_not_read_twice(opened, folder):
    recorder = opened()
    record = watched(recorder, folder)
    services = recorder.services
    readable = services.service_thread.call(lambda: services.collections.readable(record.id))
    pump = next(document for document in readable if document.name == "pump.txt")
    _, _, question = ask_with(recorder, "When does the pump stop?", attach(record), AttachRequest(pump.id, pump.name))
    own, documents = of(question)
    assert own.documents_total == 3
    assert "pump.txt" not in documents
    assert sum("12 bar" in attachment.text for attachment in question.attachments) == 1


def test_a_question_asked_anew_searches_the_folder_anew(opened, folder):
    recorder = opened()
    record = watched(recorder, folder)
    sent, _, _ = ask_with(recorder, "When does the pump stop?", attach(record))
    _, _, again = ask_with(recorder, "When does the boat leave?", chat=sent.item.id, instead_of=sent.user_message.id)
    own, documents = of(again)
    assert not own.is_more
    assert "boat.txt" in documents


def test_a_folder_without_a_document_or_off_the_list_is_refused_and_nothing_is_kept(opened, tmp_path):
    recorder = opened()
    (tmp_path / "Empty").mkdir()
    record = watched(recorder, tmp_path / "Empty")
    services = recorder.services
    for request, code in ((attach(record), "collection.empty"), (AttachRequest(collection="x"), "collection.unknown")):
        with pytest.raises(KnownError) as err:
            services.service_thread.call(
                lambda attached=request: services.chats.send(SendRequest("Why?", attach=(attached,)))
            )
        assert err.value.code == code
        with pytest.raises(KnownError):
            services.service_thread.call(lambda attached=request: undecided(services.store, [attached], ()))
    assert services.service_thread.call(lambda: services.history.items("chat", before=None, limit=5)) == []


def test_a_folder_taken_off_the_list_is_named_at_the_next_question(opened, folder):
    recorder = opened()
    record = watched(recorder, folder)
    sent, _, first = ask_with(recorder, "When does the pump stop?", attach(record))
    services = recorder.services
    result_of(services, lambda: services.collections.forget(record.id))
    _, ended, second = ask_with(recorder, "When does the boat leave?", chat=sent.item.id)
    assert ended.message.status is Status.COMPLETE
    own, documents = of(second)
    assert own.is_gone
    assert documents == {}
    kept = services.service_thread.call(lambda: services.store.messages.get(first.id))
    assert any("12 bar" in attachment.text for attachment in kept.attachments)


def test_unreadable_files_are_counted(opened, folder):
    recorder = opened()
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 no archive")
    os.utime(folder / "broken.docx", (OLD, OLD))
    record = watched(recorder, folder)
    _, _, question = ask_with(recorder, "When does the pump stop?", attach(record))
    own, _ = of(question)
    assert own.documents_unread == 1
    assert used_words(own).endswith("; 1 could not be read")
