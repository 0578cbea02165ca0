"""Letters become Word files in the reader's child: in our own form, or in a person's template."""

from __future__ import annotations

import io

import docx
import pytest
from fakes.recorder import result_of

from slmdesk.base.letters import Letter, LetterPart
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import in_slices
from slmdesk.documents.letters import letter_file

pytestmark = pytest.mark.process
LETTER = Letter(
    sender=("Anna Muster", "Hauptstr. 1"),
    recipient=("Stadtwerke GmbH", "54321 Köln"),
    subject="Rechnung 4711",
    date="2026-11-30",
    body=(LetterPart("Die Rechnung ist bezahlt.", ("S. 1: „120 €“",)),),
    signature="Anna Muster",
    language="de",
    model="Qwen",
)


def written(services, template="", *, has_sources=True):
    def begin():
        made = letter_file(services.service_thread, services.reader, LETTER, str(template), has_sources=has_sources)
        return in_slices(services.service_thread, made)

    return result_of(services, begin)


def test_our_own_form_is_filled(services):
    document = docx.Document(io.BytesIO(written(services)))
    said = [paragraph.text for paragraph in document.paragraphs]
    assert [text for text in said if text] == ["Rechnung 4711", "Die Rechnung ist bezahlt.", "Anna Muster"]
    assert "Datum: 30. November 2026" in document.tables[0].cell(1, 1).text
    assert "Unser Zeichen" not in document.tables[0].cell(1, 1).text
    assert [comment.text for comment in document.comments] == ["S. 1: „120 €“"]


def test_a_template_of_a_person_is_filled_without_sources(services, tmp_path):
    own, path = docx.Document(), tmp_path / "own.docx"
    own.add_paragraph("{{subject}}")
    own.add_paragraph("{{body}}")
    own.save(path)
    before = path.read_bytes()
    document = docx.Document(io.BytesIO(written(services, path, has_sources=False)))
    assert [paragraph.text for paragraph in document.paragraphs] == ["Rechnung 4711", "Die Rechnung ist bezahlt."]
    assert not list(document.comments)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "document."),
        ("text.txt", b"{{body}}", "letter.no_word"),
        ("empty.docx", b"", "document."),
        ("gone.docx", None, "letter.no_template"),
        ("~$own.docx", b"\x05Anna" + bytes(157), "letter.lock_file"),
    ],
)
def test_a_file_that_is_no_template_is_told(services, tmp_path, name, data, code):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    problem = written(services, path)
    assert isinstance(problem, Problem)
    assert problem.code.startswith(code)
