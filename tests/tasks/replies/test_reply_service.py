"""A reply as it is begun, changed, worded and taken back."""

from __future__ import annotations

import pytest
from fakes.recorder import sized

from slmdesk.base.documents import Block, BlockKind, page_of
from slmdesk.tasks.replies.edits import SAY
from slmdesk.tasks.replies.types import ReplyRequest
from slmdesk.tasks.replies.wording import writer_of
from slmdesk.tasks.report import Edit
from slmdesk.tasks.service import ReportMade

pytestmark = pytest.mark.process

ASKED = "Please send us the keys of the house."
LETTER = ("Dear Sir or Madam,", f"It rains. {ASKED}", "Who has it?")
WORDED = "We agree to send the keys of the house."


def keep(recorder, name: str, lines):
    text, blocks = "", []
    for line in lines:
        blocks.append(Block(BlockKind.PARAGRAPH, len(text), len(text) + len(line)))
        text += f"{line}\n"
    store = recorder.services.store
    page = page_of(1, "1", text, blocks)

    def add():
        record = store.documents.add(
            path=f"/x/{name}".encode(),
            name=name,
            sha256=name,
            format="txt",
            bytes=1,
            mtime_ns=1,
            reader="1",
        )
        store.pages.save(record.id, [page])
        info = {"format": "txt", "pages": 1}
        return store.documents.change(record.id, status="read", info=info).id

    return recorder.services.service_thread.call(add)


def begun(recorder, *documents: str):
    item = recorder.calls.tasks.begin("reply", ReplyRequest(documents))
    recorder.wait(ReportMade, lambda event: event.item == item.id)
    return item.id


def reply_of(recorder, item: str):
    return recorder.calls.tasks.view(item).newest


def edited(recorder, item: str, edit: Edit):
    begin = len(recorder.events)
    former = recorder.calls.tasks.edit(item, edit)
    recorder.wait(ReportMade, lambda event: event.item == item, begin)
    return former


def test_a_stance_is_worded_by_a_model_and_taken_back(opened) -> None:
    recorder = opened(answer=WORDED)
    sized(recorder.services, 3_000_000_000)
    item = begun(recorder, keep(recorder, "letter.txt", LETTER))
    first, second = reply_of(recorder, item).shown
    assert "come back to you" in first.answer

    former = edited(recorder, item, Edit(first.id, action="agree"))
    assert reply_of(recorder, item).shown[0].answer == WORDED
    assert writer_of(reply_of(recorder, item)) == "Echo"
    recorder.calls.tasks.restore(item, former)
    assert reply_of(recorder, item).shown[0] == first
    assert second.stance == ""


def test_a_small_model_is_not_asked(opened) -> None:
    recorder = opened(answer=WORDED)
    sized(recorder.services, 500_000_000)
    item = begun(recorder, keep(recorder, "letter.txt", LETTER))
    first, __ = reply_of(recorder, item).shown
    edited(recorder, item, Edit(first.id, action="agree"))
    edited(recorder, item, Edit(first.id, action=SAY, value={"text": "on Monday"}))
    assert reply_of(recorder, item).shown[0].answer.endswith("On Monday.")
    assert writer_of(reply_of(recorder, item)) == ""


def test_a_value_that_no_paper_has_is_marked_where_a_person_writes_it(opened) -> None:
    recorder = opened(model=False)
    item = begun(recorder, keep(recorder, "letter.txt", LETTER))
    first, __ = reply_of(recorder, item).shown
    edited(recorder, item, Edit(first.id, text="We send the keys on 3 May 2027."))
    (mark,) = reply_of(recorder, item).shown[0].marks
    assert mark.text == "3 May 2027"


def test_a_point_has_the_place_of_its_own_words(opened) -> None:
    recorder = opened(model=False)
    document = keep(recorder, "letter.txt", LETTER)
    first, __ = reply_of(recorder, begun(recorder, document)).shown
    (page,) = recorder.calls.store.pages.of_document(document)
    (span,) = first.spans
    assert page.text[span.start : span.end] == ASKED.rstrip(".")


def test_a_page_is_not_read_anew_for_each_of_its_sentences(opened, monkeypatch) -> None:
    recorder = opened(model=False)
    document = keep(recorder, "letter.txt", (*LETTER, *[f"The roof of house {n} is dry." for n in range(100)]))
    pages, read = recorder.services.store.pages, list[str]()

    def counted(document: str, **settings):
        read.append(document)
        return of_document(document, **settings)

    of_document = pages.of_document
    monkeypatch.setattr(pages, "of_document", counted)
    assert len(reply_of(recorder, begun(recorder, document)).others) > 99
    assert len(read) < 10
