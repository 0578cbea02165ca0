"""A document translated by a real model that writes noise, or little better: the structure is right all the same."""

from __future__ import annotations

import re

import docx
import pytest
from fakes import tiny_gguf
from fakes.recorder import LLAMA, Recorder, import_model, open_echo

from slmdesk.base.records import JobStatus
from slmdesk.base.text.tagged import Tags, problems
from slmdesk.base.translation import SegmentState, Term
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.translation.types import TranslationRequest, WrittenFile

STARTER = pytest.param("starter", marks=[pytest.mark.model, pytest.mark.soak])


@pytest.fixture(params=[pytest.param("random weights", marks=pytest.mark.process), STARTER])
def recorder(request, home, tmp_path):
    """Services over the real engine with the model."""
    if request.param == "starter":
        request.getfixturevalue("measured_before")
        path = request.getfixturevalue("starter_model")
    else:
        path = tiny_gguf.write(tmp_path / "tiny.gguf", tiny_gguf.tiny_llama())
    services = open_echo(LLAMA)
    listener = Recorder(services)
    import_model(services, path, link=True)
    yield listener
    services.close()


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


def test_structure_is_right_whatever_the_model_says(recorder, tmp_path):
    services = recorder.calls
    path, target = tmp_path / "lease.docx", tmp_path / "lease.de.docx"
    lease(path)
    glossary = services.store.glossaries.add("law", source_language="en", target_language="de")
    services.store.terms.add(glossary.id, [Term("tenant", "Mieter")])
    item = services.tasks.begin("translation", TranslationRequest("de", path=str(path), source="en"))
    recorder.wait(JobChanged, lambda event: event.status in (JobStatus.DONE, JobStatus.FAILED))
    view = services.tasks.open(item.id)
    assert view.is_done
    segments = services.tasks.open(item.id).newest.segments
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
    is_said = any(flag.kind == "formatting" for segment in segments for flag in segment.flags)
    for look in ("bold", "italic"):
        assert [bool(getattr(run, look)) for run in made.paragraphs[1].runs].count(True) == 1 or is_said
    assert made.tables[0].cell(0, 1).text == "4711"
