"""Documents attached in a chat: whole where they fit, else by passages; kept, counted, continued, forgotten."""

from __future__ import annotations

import pytest
from chat.sending import ask_with, send
from fakes.contents import contents
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import MessageChanged
from slmdesk.base.types import AttachMode, Origin
from slmdesk.chat.attachment_text import page_text, with_mark
from slmdesk.chat.types import AttachRequest, ContextMeasured, QuotesFound, SendRequest
from slmdesk.claims.types import marks_of

pytestmark = pytest.mark.process

SHORT = "The pump stops at 12 bar.\fThe valve opens in winter and closes in summer."
LONG = "\f".join(f"Chapter {number} is about gardens, roses and the rain of May. " * 12 for number in range(60))


def document(recorder, path, text=SHORT):
    path.write_text(text, encoding="utf-8")
    return result_of(recorder.services, lambda: recorder.services.documents.open(path))


def test_a_short_document_goes_in_whole_and_is_what_its_pages_say(opened, tmp_path):
    recorder = opened()
    record = document(recorder, tmp_path / "manual.txt")
    sent, ended, question = ask_with(recorder, "When does the pump stop?", AttachRequest(record.id))
    assert ended.message.status is Status.COMPLETE
    assert question.words == "When does the pump stop?"
    (part,) = question.attachments
    pages = recorder.calls.documents.pages(record.id)
    assert part.text == "\n".join(with_mark(page.number, page_text(page), "page") for page in pages)
    assert "12 bar" in part.text
    about = part.attached
    assert (about.is_whole, about.pages_used, about.pages_total, about.words_left_out) == (True, (1, 2), 2, 0)
    assert part.origin is Origin.DOCUMENT
    assert ended.usage.prompt_tokens + 60 >= about.tokens > 0
    prompt = recorder.calls.chats.seen_by_model(sent.answer.id).text
    assert part.text in prompt
    assert prompt.index("12 bar") < prompt.index("When does the pump stop?")


def test_a_long_document_goes_in_by_passages_and_the_rest_is_counted(opened, tmp_path):
    recorder = opened()
    record = document(recorder, tmp_path / "long.txt", f"{LONG}\f{SHORT}")
    _, ended, question = ask_with(recorder, "At how many bar does the pump stop?", AttachRequest(record.id))
    assert ended.message.status is Status.COMPLETE
    about = question.attachments[0].attached
    assert not about.is_whole
    assert 61 in about.pages_used
    assert about.pages_total == 62
    pages = recorder.calls.documents.pages(record.id)
    assert about.words_total == sum(len(page_text(page).split()) for page in pages)
    assert 0 < about.words_read < about.words_total
    assert about.words_left_out == about.words_total - about.words_read
    assert "12 bar" in question.attachments[0].text
    assert about.tokens < 2000


def test_a_follow_up_finds_the_document_read_and_asks_for_more_passages_of_a_long_one(opened, tmp_path):
    recorder = opened()
    short = document(recorder, tmp_path / "manual.txt")
    sent, _, _ = ask_with(recorder, "When does the pump stop?", AttachRequest(short.id))
    _, ended, question = ask_with(recorder, "And the valve?", chat=sent.item.id)
    assert question.attachments == ()
    assert ended.usage.cached_tokens > ended.usage.prompt_tokens // 2
    long = document(recorder, tmp_path / "long.txt", f"{LONG}\f{SHORT}")
    sent, _, first = ask_with(recorder, "At how many bar does the pump stop?", AttachRequest(long.id))
    _, _, second = ask_with(recorder, "What is chapter 7 about?", chat=sent.item.id)
    (more,) = second.attachments
    assert more.attached.is_more
    assert more.text
    assert not set(more.attached.places) & set(first.attachments[0].attached.places)
    _, _, third = ask_with(recorder, "Thanks", chat=sent.item.id)
    assert third.attachments == ()


def test_an_answer_is_made_anew_with_the_very_same_text(opened, tmp_path):
    recorder = opened()
    record = document(recorder, tmp_path / "manual.txt")
    sent, _, question = ask_with(recorder, "When does the pump stop?", AttachRequest(record.id))
    services = recorder.services
    again = services.service_thread.call(lambda: services.chats.try_again(sent.answer.id))
    assert recorder.end_of(again.id).message.status is Status.COMPLETE
    path = services.service_thread.call(lambda: services.chats.open(sent.item.id)).messages
    assert path[0].parts == question.parts
    assert path[1].id == again.id


def test_a_forgotten_document_is_named_and_what_was_sent_stays(opened, tmp_path):
    recorder = opened()
    long = document(recorder, tmp_path / "long.txt", f"{LONG}\f{SHORT}")
    sent, _, first = ask_with(recorder, "At how many bar does the pump stop?", AttachRequest(long.id))
    services = recorder.services
    services.service_thread.call(lambda: services.documents.forget(long.id))
    _, ended, second = ask_with(recorder, "What is chapter 7 about?", chat=sent.item.id)
    assert ended.message.status is Status.COMPLETE
    assert second.attachments[0].attached.is_gone
    kept = services.service_thread.call(lambda: services.store.messages.get(first.id))
    assert kept.attachments[0].text == first.attachments[0].text


def test_text_in_no_document_goes_the_same_ways(opened):
    recorder = opened()
    _, _, question = ask_with(
        recorder, "When does the pump stop?", AttachRequest(name="Pasted text", source=("The pump stops.",))
    )
    assert question.attachments[0].text == "The pump stops."
    pasted = "\n\n".join([*(LONG.split("\f")), "The pump stops at 12 bar."])
    sent, _, question = ask_with(
        recorder, "At how many bar does the pump stop?", AttachRequest(name="Pasted", source=(pasted,))
    )
    about = question.attachments[0].attached
    assert not about.is_whole
    assert about.words_left_out > 0
    assert "12 bar" in question.attachments[0].text
    _, _, more = ask_with(recorder, "What is chapter 7 about?", chat=sent.item.id)
    assert more.attachments[0].attached.is_more


def test_true_quotations_are_told_with_their_page_and_others_are_not(opened, tmp_path):
    recorder = opened(answer='It says "the pump stops at 12 bar" and "it never stops at all".')
    record = document(recorder, tmp_path / "manual.txt")
    sent, _, _ = ask_with(recorder, "When?", AttachRequest(record.id))
    (quote,) = recorder.wait(QuotesFound).quotes
    assert (quote.name, quote.document, quote.page) == ("manual.txt", record.id, 1)
    assert quote.quote == "The pump stops at 12 bar"
    services = recorder.services
    assert services.service_thread.call(lambda: services.chats.open(sent.item.id)).quotes == {sent.answer.id: (quote,)}


@pytest.mark.parametrize("save", [True, False])
def test_what_no_document_says_is_marked_and_kept_with_the_answer_until_it_is_edited(opened, save):
    recorder = opened(answer="It stops at 12 bar and 95 degrees.")
    sent, _, _ = ask_with(recorder, "When?", AttachRequest(name="Pasted", source=(SHORT,)), save=save)
    id, marks = sent.answer.id, recorder.wait(QuotesFound).marks
    assert [mark.text for mark in marks] == ["95"]
    (changed,) = [each.message for each in recorder.of(MessageChanged) if each.message.id == id]
    chats = recorder.calls.chats
    assert chats.open(sent.item.id).messages[-1] == changed
    assert marks_of(changed) == marks
    assert marks_of(chats.edits.edit_answer(id, "At 12 bar.")) == ()
    assert marks_of(chats.edits.restore_original(id)) == marks
    again = chats.try_again(id)
    assert marks_of(again) == ()
    assert recorder.wait(QuotesFound, lambda event: event.message == again.id).marks == marks


def test_an_answer_that_was_stopped_is_marked_as_far_as_it_goes(opened):
    recorder = opened(slow=0.1, answer=f"95 degrees, {LONG}")
    sent = send(recorder, "When?", attach=(AttachRequest(name="Pasted", source=(SHORT,)),))
    recorder.words_of(sent.answer.id, at_least=3)
    recorder.calls.chats.stop(sent.answer.id)
    assert recorder.wait(QuotesFound).marks[0].text == "95"  # numbers that follow may have been written by then
    assert recorder.end_of(sent.answer.id).message.status is Status.CANCELLED


def test_it_is_stopped_while_it_is_decided_and_tried_again(opened, tmp_path):
    recorder = opened(load_seconds=0.5)
    services = recorder.services
    record = document(recorder, tmp_path / "manual.txt")
    sent = services.service_thread.call(
        lambda: services.chats.send(SendRequest("When?", attach=(AttachRequest(record.id),)))
    )
    services.service_thread.call(lambda: services.chats.stop(sent.answer.id))
    assert recorder.end_of(sent.answer.id).message.status is Status.CANCELLED
    again = services.service_thread.call(lambda: services.chats.try_again(sent.answer.id))
    assert recorder.end_of(again.id).message.status is Status.COMPLETE
    question = services.service_thread.call(lambda: services.store.messages.get(sent.user_message.id))
    assert question.attachments[0].attached.is_whole


def test_deleted_for_good_the_text_is_in_no_file(opened, tmp_path, home):
    recorder = opened()
    services = recorder.services
    ask_with(recorder, "Hello", AttachRequest(name="Pasted text", source=("Zanzibarquartz is hidden here.",)))
    item = services.service_thread.call(lambda: services.history.items()[0])
    assert services.service_thread.call(lambda: services.history.search("Zanzibarquartz"))
    services.service_thread.call(lambda: services.history.delete_for_good(item.id))
    paths = [path for path, held in contents(home) if b"anzibarquartz" in held.lower()]
    assert paths == []


def test_the_meter_says_what_takes_how_much(opened, tmp_path):
    recorder = opened()
    services = recorder.services
    record = document(recorder, tmp_path / "manual.txt")
    long = document(recorder, tmp_path / "long.txt", LONG)
    services.service_thread.call(
        lambda: services.chats.measure(None, "When does it stop?", (AttachRequest(record.id), AttachRequest(long.id)))
    )
    event = recorder.wait(ContextMeasured)
    kinds = {part.name or part.kind: (part.tokens, part.note) for part in event.parts}
    assert kinds["manual.txt"][1] == "whole"
    assert "passages" in kinds["long.txt"][1]
    assert kinds["question"][0] > 0
    assert kinds["answer"][0] == 512
    assert event.tokens == sum(part.tokens for part in event.parts if part.kind != "answer")
    ask_with(recorder, "When does it stop?", AttachRequest(record.id))
    assert recorder.of(MessageChanged)


@pytest.mark.parametrize("times", [3, 100])
def test_x9_longer_than_the_context_is_read_in_part_and_the_rest_is_named(opened, tmp_path, times):
    recorder = opened()
    services = recorder.services
    services.service_thread.call(lambda: services.settings.change(context_tokens=512))
    pages = [
        f"Chapter {n} is about gardens. " + "Roses grow in May and June. " * 40 for n in range(times * 512 // 245 + 1)
    ]
    record = document(recorder, tmp_path / "long.txt", "\f".join([*pages, "The pump stops at 12 bar."]))
    _, ended, question = ask_with(recorder, "At how many bar does the pump stop?", AttachRequest(record.id))
    assert ended.message.status is Status.COMPLETE
    assert ended.usage.prompt_tokens + 128 <= 512
    about = question.attachments[0].attached
    words = sum(len(page.split()) for page in pages) + 6
    assert words > times * 500
    assert (about.words_total, about.words_read + about.words_left_out) == (words, words)
    assert about.pages_used[-1] == len(pages) + 1
    assert len(question.attachments[0].text.split()) >= about.words_read > 0


def test_in_a_tiny_context_a_forced_whole_document_is_refused_with_its_words_kept(opened, tmp_path):
    recorder = opened()
    services = recorder.services
    services.service_thread.call(lambda: services.settings.change(context_tokens=512))
    record = document(recorder, tmp_path / "long.txt", LONG)
    sent, ended, question = ask_with(recorder, "Roses?", AttachRequest(record.id, mode=AttachMode.WHOLE))
    assert ended.problem.code == "context.full"
    assert question.words == "Roses?"
    assert question.attachments[0].attached.words_left_out == 0
    _, again, _ = ask_with(recorder, "Hello", chat=sent.item.id)
    assert again.message.status is Status.COMPLETE


def test_a_document_without_words_and_one_that_is_not_read_are_named(opened, tmp_path):
    recorder = opened()
    empty = document(recorder, tmp_path / "empty.txt", " ")
    _, ended, question = ask_with(recorder, "What is in it?", AttachRequest(empty.id))
    assert ended.message.status is Status.COMPLETE
    about = question.attachments[0].attached
    assert (about.words_total, about.pages_used, question.attachments[0].text) == (0, (), "")
    with pytest.raises(KnownError, match=r"document\.unknown"):
        ask_with(recorder, "What is in it?", AttachRequest("nothing"))
    with pytest.raises(KnownError, match=r"request\.invalid"):
        ask_with(recorder, "What is in it?", *[AttachRequest(empty.id)] * 51)
