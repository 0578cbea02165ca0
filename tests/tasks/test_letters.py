"""A task whose result is a letter exports it as one, with what the settings say of who writes."""

from __future__ import annotations

import email
import email.policy
import io
from contextlib import closing
from types import SimpleNamespace

import docx
import pypdfium2
import pytest
from fakes.recorder import open_echo, result_of

from slmdesk.base.documents import Paper
from slmdesk.base.letters import Letter, LetterPart
from slmdesk.base.records import Item
from slmdesk.base.runtime.service import in_slices
from slmdesk.tasks.export import export_report
from slmdesk.tasks.report import Report
from slmdesk.tasks.shape import ReportRequest, ReportTask, TaskView

pytestmark = pytest.mark.process
LETTER = Letter(
    recipient=("Stadtwerke GmbH",), subject="Rechnung", body=(LetterPart("Bezahlt.", ("S. 1",)),), language="de"
)


class Writing(ReportTask):
    kind = "writing a letter"
    forms = ("docx", "pdf", "eml", "md")

    def letter(self, view, context):
        return LETTER


class Asked(ReportRequest):
    template: str = ""
    no_sources: bool = False


def made(services, form, **asked):
    item = Item(1, "i", Writing.kind, "Letter", None, False, 0.0, 0.0, None, 1)
    view = TaskView(item, Asked((), **asked), (), Report(Writing.kind, "Letter"), None)
    tasks = SimpleNamespace(open=lambda _id: view, task=lambda _kind: Writing())

    def slices():
        context = services.task_context
        make = yield from export_report(tasks, context, item, form)
        return make

    return result_of(services, lambda: in_slices(services.service_thread, slices()))()


@pytest.fixture
def named(home):
    with closing(open_echo()) as services:
        services.call.settings.change(letter_sender="Anna Muster\nHauptstr. 1")
        yield services


def test_the_word_file_has_sender_signature_and_sources(named):
    document = docx.Document(io.BytesIO(made(named, "docx")))
    assert document.tables[0].cell(0, 1).text == "Anna Muster\nHauptstr. 1"
    assert document.paragraphs[-1].text == "Anna Muster"
    assert len(list(document.comments)) == 1


def test_the_template_is_that_of_the_request_or_else_of_the_settings(named, tmp_path):
    for name in ("own", "asked"):
        template = docx.Document()
        template.add_paragraph(name)
        template.add_paragraph("{{body}}")
        template.save(tmp_path / f"{name}.docx")
    named.call.settings.change(letter_template=str(tmp_path / "own.docx"), letter_sources=False)
    document = docx.Document(io.BytesIO(made(named, "docx")))
    assert [paragraph.text for paragraph in document.paragraphs] == ["own", "Bezahlt."]
    assert not list(document.comments)
    asked = docx.Document(io.BytesIO(made(named, "docx", template=str(tmp_path / "asked.docx"))))
    assert asked.paragraphs[0].text == "asked"


def test_sources_are_left_out_where_the_command_says_so(named):
    assert not list(docx.Document(io.BytesIO(made(named, "docx", no_sources=True))).comments)


def test_it_is_a_page_and_a_mail(named):
    paper = made(named, "pdf")
    assert isinstance(paper, Paper)
    assert paper.head[0].text == "Anna Muster\nHauptstr. 1"
    mail = email.message_from_bytes(made(named, "eml"), policy=email.policy.default)
    assert mail.get_content().replace("\r\n", "\n") == "Bezahlt.\nAnna Muster\n"


def test_a_page_is_printed_with_each_part_of_its_head_where_an_envelope_shows_it(named):
    pdf = result_of(named, lambda: named.exports.print(made(named, "pdf")))
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        (page,) = document
        words = page.get_textpage()
        left, _bottom, _right, top = words.get_charbox(words.get_text_range().index("Stadtwerke"))
        text = words.get_text_range()
        down_mm = (page.get_height() - top) * 25.4 / 72
    assert left * 25.4 / 72 == pytest.approx(25, abs=1)
    assert 50 < down_mm < 63
    assert "1 / 1" not in text
    assert "Rechnung" in text
