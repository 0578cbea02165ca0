"""Questions to documents: planned, answered, verified, kept; the echo engine says what it is told to."""

from __future__ import annotations

import pytest
from fakes.recorder import add_model

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import MessageEnded, Noticed
from slmdesk.base.types import Role
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered, QuestionPlanned
from slmdesk.tasks.service import ReportMade

pytestmark = pytest.mark.process

SAYS = "At 12 bar."
TEXT = "The pump stops at 12 bar.\fThe valve opens in winter and closes in summer.\fNothing else is known."


def document(recorder, path, text=TEXT):
    path.write_text(text, encoding="utf-8")
    return recorder.calls.documents.open(path)


def ask(recorder, question, *documents, **request):
    sent = recorder.calls.questions.ask(AskRequest(question, tuple(record.id for record in documents), **request))
    ended = recorder.end_of(sent.answer.id)
    if ended.message.status is not Status.COMPLETE:
        return sent, ended, None
    return sent, ended, recorder.wait(QuestionAnswered, lambda event: event.message == sent.answer.id).answered


def test_a_short_document_is_read_whole_and_the_sentence_that_says_it_is_cited(opened, tmp_path):
    recorder = opened(answer=SAYS)
    record = document(recorder, tmp_path / "manual.txt")
    sent, ended, answered = ask(recorder, "When does the pump stop?", record)
    assert (answered.answer, answered.found, answered.is_whole) == ("At 12 bar.", True, True)
    (cited,) = answered.citations
    assert (cited.document, cited.page, cited.quote) == (record.id, 1, "The pump stops at 12 bar.")
    planned = recorder.of(QuestionPlanned)[0]
    assert (planned.is_whole, planned.passages) == (True, 2)
    assert "manual.txt, page 1" in ended.message.text
    kept = recorder.calls.questions.result(sent.item.id).answers
    assert kept == {sent.answer.id: answered}
    assert recorder.calls.store.messages.get(sent.answer.id).text == ended.message.text
    _, documents = recorder.calls.questions.about(sent.item.id)
    assert [other_document.id for other_document in documents] == [record.id]


def test_what_stands_in_the_second_section_of_a_passage_is_found_and_named_as_a_section(opened, tmp_path):
    recorder = opened(model=False)
    text = "# Rent\n\nThe rent is 1,200 euros.\n\n# Deposit\n\nThe deposit amounts to 2,400 euros.\n"
    record = document(recorder, tmp_path / "lease.md", text)
    _, ended, answered = ask(recorder, "How high is the deposit?", record)
    cited = answered.citations[0]
    assert (cited.page, cited.quote) == (2, "The deposit amounts to 2,400 euros.")
    assert "lease.md, section 2" in ended.message.text
    (hit,) = recorder.calls.documents.search("deposit")
    (page,) = recorder.calls.store.pages.of_document(record.id, begin=hit.page, limit=1)
    assert (hit.page, page.text[hit.start : hit.end]) == (2, "The deposit amounts to 2,400 euros.")


def test_a_long_document_is_answered_from_its_best_passages(opened, tmp_path):
    filler = "\f".join(f"Chapter {number} is about gardens, roses and the rain of May. " * 12 for number in range(60))
    recorder = opened(answer=SAYS)
    record = document(recorder, tmp_path / "long.txt", f"{filler}\f{TEXT}")
    _, _, answered = ask(recorder, "At how many bar does the pump stop?", record)
    planned = recorder.of(QuestionPlanned)[0]
    assert (planned.is_whole, answered.is_whole) == (False, False)
    assert planned.tokens < planned.context_size
    assert [citation.page for citation in answered.citations] == [61]
    total = recorder.calls.store.passages.count([record.id])[0]
    assert 0 < answered.passages_read < answered.passages_total == total
    assert f"{answered.passages_read} most relevant passages of {total}" in answered.reading_words


def test_not_found_is_an_answer_with_the_nearest_passages(opened, tmp_path):
    recorder = opened(answer="Not in the text.")
    record = document(recorder, tmp_path / "manual.txt")
    _, ended, answered = ask(recorder, "What do new seals cost?", record)
    assert (answered.found, answered.citations) == (False, ())
    assert answered.nearest
    assert ended.message.text.startswith("Not in the text.")


def test_a_refusal_is_perhaps_where_a_sentence_has_the_words_of_the_question(opened, tmp_path):
    recorder = opened(answer="Not in the text.")
    record = document(recorder, tmp_path / "letter.txt", "The costs of two nights are met too, with a cap of 80 euros.")
    _, ended, answered = ask(recorder, "Up to what amount are nights refunded?", record)
    assert (answered.state, answered.citations[0].quote) == (
        "perhaps",
        "The costs of two nights are met too, with a cap of 80 euros.",
    )
    assert ended.message.text.startswith("Perhaps")


def test_more_is_read_where_the_best_passages_do_not_answer_it(opened, tmp_path):
    page = "Chapter {} is about gardens, roses and the rain of May. "
    text = "\f".join(page.format(number) * 12 + "The pump stops." for number in range(18))
    recorder = opened(answer="Not in the text.")
    record = document(recorder, tmp_path / "long.txt", text)
    _, _, answered = ask(recorder, "When does the pump stop?", record)
    planned = recorder.of(QuestionPlanned)
    assert [step.is_whole for step in planned] == [False, True]
    assert planned[0].passages < planned[1].passages
    assert (answered.state, answered.is_whole) == ("perhaps", True)
    assert {citation.quote for citation in answered.citations} == {"The pump stops."}


def test_an_item_of_questions_is_begun_opened_and_stopped_as_those_of_all_tasks(opened, tmp_path):
    recorder = opened(answer="At 14 bar.", slow=0.2)
    record = document(recorder, tmp_path / "manual.txt")
    request = AskRequest("When does the pump stop?", (record.id,))
    item = recorder.calls.tasks.begin("question", request)
    (asked, answer, read) = recorder.calls.tasks.report(item.id).sections
    assert (asked.title, answer.statements[0].is_open, read.document) == (request.question, True, record.id)
    recorder.wait(ReportMade, lambda event: event.item == item.id)
    (asked, *quoted, answer, _read) = recorder.calls.tasks.report(item.id).sections
    assert [statement.place for section in quoted for statement in section.statements] == ["p. 1"]
    assert (answer.statements[0].text, answer.statements[0].is_supported) == ("At 14 bar.", False)
    assert "number not in the quotation" in answer.statements[0].doubts
    again = recorder.calls.tasks.begin("question", changed(request, item=item.id, documents=()))
    recorder.calls.tasks.stop(again.id)
    recorder.wait(ReportMade, lambda event: len(recorder.of(ReportMade)) > 1)
    view = recorder.calls.tasks.open(again.id)
    assert (again.id, len(view.result.messages), len(view.result.answers)) == (item.id, 4, 1)
    assert recorder.calls.tasks.report(item.id).sections[-2].statements[0].missing == "The answer was stopped."


def test_the_last_question_is_asked_again_of_what_its_item_is_about(opened, tmp_path):
    recorder = opened(answer=SAYS)
    record = document(recorder, tmp_path / "manual.txt")
    sent, *_ = ask(recorder, "When does the pump stop?", record)
    job = recorder.calls.tasks.again(sent.item.id)
    recorder.wait(QuestionAnswered, lambda event: event.message != sent.answer.id)
    view = recorder.calls.tasks.open(sent.item.id)
    asked = [message.words for message in view.result.messages if message.role is Role.USER]
    assert (job, view.job, asked) == (None, None, ["When does the pump stop?"] * 2)
    assert [document.id for document in view.documents] == [record.id]


RENT = "The rent is 1,200 euros a month, due on the third. Mrs Adeyemi may keep a cat if the landlord agrees."


@pytest.mark.parametrize(
    ("answer", "question", "state", "kinds"),
    [
        ("1,200 euros a month.", "What is the rent?", "in the text", []),
        ("The rent is 1,400 euros a month.", "What is the rent?", "check this", ["amount"]),
        ("The rent is 1,200 euros a month, due on the 5 May.", "What is the rent?", "check this", ["date"]),
        ("No, it is not 1,400 euros but 1,200 euros.", "Is it 1,400 euros?", "in the text", []),
        ("Mrs Okonkwo may keep a cat if he agrees.", "Who may keep a cat?", "check this", ["name"]),
        ("Not in the text.", "Who pays for broken windows?", "not in the text", []),
    ],
)
def test_an_answer_is_in_the_text_or_to_be_checked_or_not_in_the_text(opened, tmp_path, answer, question, state, kinds):
    recorder = opened(answer=answer)
    _, ended, answered = ask(recorder, question, document(recorder, tmp_path / "lease.txt", RENT))
    assert (answered.state, [mark.kind for mark in answered.marks]) == (state, kinds)
    assert bool(answered.citations) is (state != "not in the text")
    for mark in answered.marks:
        assert answered.answer[mark.start : mark.end] == mark.text
    assert ("Check this:" in ended.message.text) is bool(kinds)


def test_a_follow_up_keeps_its_documents_and_its_item(opened, tmp_path):
    recorder = opened(answer=SAYS)
    record = document(recorder, tmp_path / "manual.txt")
    first, _, _ = ask(recorder, "When does the pump stop?", record)
    second, _, answered = ask(recorder, "Why?", item=first.item.id)
    assert second.item.id == first.item.id
    assert second.user_message.parent == first.answer.id
    assert answered.citations
    path = recorder.calls.chats.open(first.item.id).messages
    assert [message.id for message in path][-1] == second.answer.id
    assert len(recorder.calls.questions.result(first.item.id).answers) == 2


@pytest.mark.parametrize("model", [False, True], ids=["none", "weak"])
def test_without_a_model_that_can_do_it_passages_are_shown(opened, tmp_path, model):
    recorder = opened(answer="Roses.", model=False)
    if model:
        weak = add_model(recorder.services, tmp_path / "weak.gguf")
        header = {**weak.header, "parameters": 135_000_000}
        recorder.calls.store.models.change(weak.id, header=header)
    record = document(recorder, tmp_path / "manual.txt")
    _, ended, answered = ask(recorder, "At how many bar does the pump stop?", record)
    assert (answered.is_quoted, answered.found, answered.state) == (True, True, "perhaps")
    assert answered.citations[0].quote == "The pump stops at 12 bar."
    assert "No model here can answer" in ended.message.text
    assert "Roses" not in ended.message.text
    _, ended, perhaps = ask(recorder, "Wer hat die Pump gebaut?", record)
    assert (perhaps.state, perhaps.supported, bool(perhaps.citations)) == ("perhaps", False, True)
    assert ended.message.text.startswith("Vielleicht: ")
    _, ended, nothing = ask(recorder, "Who wrote the opera?", record)
    assert (nothing.state, nothing.found, nothing.citations) == ("no passage", False, ())
    assert ended.message.text.startswith("No passage with these words.")


def test_an_answer_is_stopped_before_and_while_it_is_written(opened, tmp_path):
    recorder = opened(answer=SAYS, slow=0.2)
    record = document(recorder, tmp_path / "manual.txt")
    request = AskRequest("When does the pump stop?", (record.id,))

    def ask_and_stop(services):
        sent = services.questions.ask(request)
        services.questions.stop(sent.answer.id)
        return sent.answer.id

    assert recorder.end_of(recorder.ask(ask_and_stop)).message.status is Status.CANCELLED
    late = recorder.calls.questions.ask(request).answer.id
    recorder.words_of(late, 2)
    recorder.calls.questions.stop(late)
    ended = recorder.end_of(late).message
    assert ended.status is Status.CANCELLED
    assert ended.text.startswith("At")
    assert not recorder.of(QuestionAnswered)


@pytest.mark.parametrize(
    ("code", "said"), [("store.full", ["question.unsaved"]), ("item.unknown", []), ("document.unknown", [])]
)
def test_quotations_that_cannot_be_saved_are_said(opened, tmp_path, monkeypatch, code, said):
    recorder = opened(answer=SAYS)
    record = document(recorder, tmp_path / "manual.txt")

    def fail(*_given):
        raise KnownError(code)

    with monkeypatch.context() as patch:
        patch.setattr(recorder.services.store.results, "save", fail)
        sent, ended, answered = ask(recorder, "When does the pump stop?", record)
    assert ended.message.text.startswith("At 12 bar.")
    assert answered.citations
    assert [event.problem.code for event in recorder.of(Noticed)] == said
    item = sent.item.id
    assert recorder.calls.questions.result(item).answers == ({sent.answer.id: answered} if said else {})
    if said:
        later, _, after = ask(recorder, "And again?", record, item=item)
        both = {sent.answer.id: answered, later.answer.id: after}
        assert recorder.calls.questions.result(item).answers == both
        assert set(recorder.calls.store.results.get(item)["answers"]) == set(both), "saved with the next answer"


def test_an_engine_that_dies_fails_the_question_with_its_words_kept(opened, tmp_path):
    recorder = opened(answer=SAYS, fault="abort", at=2)
    record = document(recorder, tmp_path / "manual.txt")
    _, ended, _ = ask(recorder, "When does the pump stop?", record)
    assert (ended.message.status, ended.problem.code) == (Status.FAILED, "child.died")


def test_what_cannot_be_asked_is_refused_and_leaves_nothing(opened, tmp_path):
    recorder = opened(answer=SAYS)
    record = document(recorder, tmp_path / "manual.txt")
    chat = recorder.calls.chats.new_chat()
    for request, code in [
        (AskRequest(" ", (record.id,)), "request.invalid"),
        (AskRequest("Why?"), "request.invalid"),
        (AskRequest("Why?", ("nothing",)), "document.unknown"),
        (AskRequest("Why?", (record.id,), item=chat.id), "request.invalid"),
        (AskRequest("Why?", (record.id,), model="nothing"), "model.unknown"),
    ]:
        with pytest.raises(KnownError, match=code):
            recorder.calls.questions.ask(request)
    assert recorder.calls.store.items.page("question") == []
    assert not recorder.of(MessageEnded)
