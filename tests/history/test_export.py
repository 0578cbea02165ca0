"""Summaries handed out with what proves them."""

from __future__ import annotations

import io
import json
import os
import queue
import signal

import docx
import openpyxl
import pypdfium2
import pytest
from fakes.recorder import STARTER, result_of, sized, wait_until

from slmdesk.base import texts
from slmdesk.base.documents import FORMS, Block, BlockKind, Paper, page_of, paragraph
from slmdesk.base.errors import KnownError
from slmdesk.base.language import catalogue_of
from slmdesk.base.runtime.messages import Problem
from slmdesk.tasks.service import ReportMade
from slmdesk.tasks.summaries.types import SummaryRequest

pytestmark = pytest.mark.process

PAGES = (
    "The rent of the flat is 850 euros and is due on the third day of each month without exception.",
    "The tenant must give three months of notice in writing before the lease of the flat ends.",
)


def keep(services):
    """A document as it is after it was read."""
    pages = [page_of(n, str(n), text, [Block(BlockKind.PARAGRAPH, 0, len(text))]) for n, text in enumerate(PAGES, 1)]
    record = services.store.documents.add(
        path=b"/x/lease.pdf", name="lease.pdf", sha256="ab", format="pdf", bytes=1, mtime_ns=1, reader="1"
    )
    services.store.pages.save(record.id, pages)
    return services.store.documents.change(record.id, status="read", info={"format": "pdf", "pages": len(pages)})


def given(recorder, begin):
    """What an export gives, waited for."""
    return result_of(recorder.services, lambda: begin(recorder.services.exports))


@pytest.fixture
def summary(opened):
    """Services with a summary of quotations: the model is too weak to write."""
    recorder = opened()
    sized(recorder.services, STARTER)
    record = recorder.ask(keep)
    item = recorder.calls.tasks.begin("summary", SummaryRequest((record.id,)))
    recorder.wait(ReportMade, lambda event: event.item == item.id)
    return recorder, item


def test_a_summary_goes_out_in_every_form_with_its_passages_and_its_coverage(summary) -> None:
    recorder, item = summary
    files = {}
    for form in FORMS:
        data = given(recorder, lambda exports, form=form: exports.give(item.id, form.id))
        assert isinstance(data, bytes), data
        files[form.id] = data
    shape = json.loads(files["json"])
    assert shape["format"] == "slmdesk-summary"
    assert shape["coverage"]["pages_read"] == 2
    words = {
        "docx": "\n".join(line.text for line in docx.Document(io.BytesIO(files["docx"])).paragraphs),
        "pdf": "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(files["pdf"])),
        "html": files["html"].decode(),
        "md": files["md"].decode(),
    }
    for form, text in words.items():
        for requested in ("2 of 2 pages read", "Passages", "What was read", "Summary: lease.pdf"):
            assert requested in text, (form, requested)
        assert text.count("three months of notice") == 1, form  # a quotation is its passage: once is enough
    book = openpyxl.load_workbook(io.BytesIO(given(recorder, lambda exports: exports.give(item.id, "xlsx"))))
    assert book.sheetnames == ["Summary", "Coverage"]
    assert book["Summary"].max_row > 1


def test_an_export_speaks_the_language_of_the_window_and_its_json_english(summary) -> None:
    recorder, item = summary

    def form(form: str, headings: str = "") -> str:
        return given(recorder, lambda exports: exports.give(item.id, form, headings=headings)).decode()

    english, json_then = form("md"), form("json")
    texts.use_catalogue(catalogue_of("de"))
    try:
        assert form("md").startswith("# Zusammenfassung: lease.pdf")
        assert "Seiten: 2 von 2 gelesen." in form("html")
        assert form("json") == json_then
        assert form("md", "document") == form("md", "en") == form("md", "fr") == english  # a catalogue is not there
    finally:
        texts.use_catalogue(None)
    assert form("md", "de").startswith("# Zusammenfassung: lease.pdf")


def test_a_file_is_written_whole_and_none_is_replaced_unasked(summary, tmp_path) -> None:
    recorder, item = summary
    target = tmp_path / "out.docx"
    size = given(recorder, lambda exports: exports.write(item.id, "docx", target))
    assert size == target.stat().st_size
    again = given(recorder, lambda exports: exports.write(item.id, "docx", target))
    assert isinstance(again, Problem)
    assert again.code == "file.exists"
    lost = given(recorder, lambda exports: exports.write(item.id, "pdf", tmp_path / "no" / "x.pdf"))
    assert isinstance(lost, Problem)
    assert given(recorder, lambda exports: exports.give(item.id, "odt")).code == "request.invalid"


@pytest.mark.parametrize("is_template", [False, True])
def test_neither_the_document_itself_nor_the_template_of_letters_is_written_over(
    summary, tmp_path, is_template
) -> None:
    recorder, item = summary
    target = tmp_path / "own.docx"
    target.write_bytes(b"own")
    if is_template:
        recorder.calls.settings.change(letter_template=str(target))
    else:
        recorder.ask(
            lambda services: [
                services.store.documents.change(document.id, path=os.fsencode(target))
                for document in services.store.documents.of_item(item.id)
            ]
        )
    with pytest.raises(KnownError) as raised:
        given(recorder, lambda exports: exports.write(item.id, "docx", target, replace=True))
    assert raised.value.code == "file.is_source"
    assert target.read_bytes() == b"own"


@pytest.mark.real_child
def test_a_printer_that_is_killed_is_said_and_the_next_one_prints(opened) -> None:
    recorder = opened()
    long = Paper("T", tuple(paragraph("many words " * 200) for _ in range(2000)))
    answers: queue.SimpleQueue = queue.SimpleQueue()
    recorder.ask(lambda services: services.exports.print(long).then(answers.put))
    wait_until(lambda: recorder.services.printer.pid)
    os.kill(recorder.services.printer.pid, signal.SIGKILL)
    lost = answers.get(timeout=60)
    assert isinstance(lost, Problem)
    assert lost.code in ("child.died", "child.start_failed")  # before or after its first word
    data = result_of(recorder.services, lambda: recorder.services.exports.print(Paper("after")))
    assert "after" in pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range()
