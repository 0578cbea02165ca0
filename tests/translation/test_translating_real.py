"""A document translated by the real starter model, which is too weak for it: the structure is right all the same."""

from __future__ import annotations

import re

import docx
import pytest

from slmdesk.base.records import JobStatus
from slmdesk.base.translation import SegmentState, Term
from slmdesk.jobs.types import JobChanged
from slmdesk.text.tagged import Tags, problems
from slmdesk.translation.types import TranslationRequest, WrittenFile

pytestmark = pytest.mark.model


def lease(path):
    """A heading, a paragraph with two looks, one with an address, a table with a number."""
    made = docx.Document()
    made.add_heading("Lease")
    paragraph = made.add_paragraph("The tenant pays ")
    paragraph.add_run("940 euros").bold = True
    paragraph.add_run(" on the ")
    paragraph.add_run("third").italic = True
    paragraph.add_run(" day.")
    made.add_paragraph("Write to https://example.org/a and do not wait. It is late.")
    cells = made.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = "Rooms", "4711"
    made.save(str(path))


def test_structure_is_right_whatever_the_model_says(over_llama, tmp_path):
    services = over_llama.calls
    path, target = tmp_path / "lease.docx", tmp_path / "lease.de.docx"
    lease(path)
    glossary = services.store.glossaries.add("law", source_language="en", target_language="de")
    services.store.terms.add(glossary.id, [Term("tenant", "Mieter")])
    item = services.translations.begin(TranslationRequest("de", path=str(path), source="en"))
    over_llama.wait(JobChanged, lambda event: event.status in (JobStatus.DONE, JobStatus.FAILED))
    view = services.translations.open(item.id)
    assert view.is_done
    segments = services.translations.segments(item.id)
    for segment in segments:
        kinds = {flag.kind for flag in segment.flags}
        if segment.state is SegmentState.TRANSLATED:
            assert problems(segment.target, Tags(segment.paired, segment.lone)) == []
            there, here = (sorted(re.findall(r"\d{3,}", words)) for words in (segment.source, segment.target))
            assert there == here or kinds & {"number", "placeholder", "length", "untranslated", "repeated"}
            assert set(there) == set(here) or kinds & {"number", "placeholder"}
            assert (
                ("https://" not in segment.source)
                or "https://example.org/a" in segment.target
                or "placeholder" in kinds
            )
            assert "tenant" not in segment.source or "Mieter" in segment.target or "glossary" in kinds
        else:
            assert (segment.state, segment.reason) in {
                (SegmentState.LEFT, "nothing"), (SegmentState.FAILED, "no_answer"), (SegmentState.FAILED, "tags")
            }  # fmt: skip
    assert [segment.source for segment in segments][-1] == "Rooms", "a number is no segment"

    written = services.translations.write(item.id, target)
    assert isinstance(written, WrittenFile), written
    assert written.refused == ()
    made = docx.Document(str(target))
    assert len(made.paragraphs) == 3
    assert [bool(run.bold) for run in made.paragraphs[1].runs].count(True) == 1
    assert [bool(run.italic) for run in made.paragraphs[1].runs].count(True) == 1
    assert made.tables[0].cell(0, 1).text == "4711"
