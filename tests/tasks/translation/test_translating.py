"""Translations over the echo engine, which exchanges capital and small letters: what is structure must be right."""

from __future__ import annotations

import io
import zipfile

import pytest
from fakes import tiny_dictionary
from fakes.office import docx
from fakes.translations import Edits, begin, segments

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.translation import Origin, SegmentState, Term
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.types import LiveTranslated, TranslationRequest, WrittenFile, translation_of

pytestmark = pytest.mark.process


ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.PAUSED)


def translated(recorder, **given):
    """Begin, wait for the end of its job, and open."""
    tasks, item = recorder.calls.tasks, begin(recorder, **given)
    job = tasks.open(item).job
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    return tasks.open(item)


def write(recorder, view, target):
    """Write a document; what came of it."""
    return recorder.calls.translations.write(view.item.id, target)


def run(text, look=""):
    return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def test_a_text_comes_back_line_for_line(opened):
    recorder = opened(turned=True)
    text = "Pay 900 euros now. It is late.\n\n  See https://example.org/x\n12 %\n"
    view = translated(recorder, target="de", text=text, source="en")
    assert view.is_done
    words = translation_of(recorder.calls.tasks.open(view.item.id).newest.segments)
    assert words.split("\n")[0].swapcase() == "Pay 900 euros now. It is late."
    assert words.endswith("12 %\n")
    assert len(words.splitlines()) == len(text.splitlines())
    states = [segment.state for segment in recorder.calls.tasks.open(view.item.id).newest.segments]
    assert states[-1] is SegmentState.LEFT
    assert any(isinstance(event, ReportGrew) for event in recorder.events)


def test_what_waits_behind_the_segments_in_hand_counts(opened):
    recorder = opened(turned=True)
    text = "\n".join(f"The garden of house {number} is green." for number in range(250))
    assert translated(recorder, target="de", text=text, source="en").is_done
    sums = [
        event.total + event.steps_ahead for event in recorder.events if isinstance(event, JobChanged) and event.total
    ]
    assert set(sums) == {250}


def test_how_many_segments_there_are_is_told_before_the_first_is_translated(opened):
    recorder = opened(turned=True)
    translated(recorder, target="de", text="The garden is green.\nThe house is blue.", source="en")
    first = recorder.of(ReportGrew)[0].growth
    waiting = [one for section in first.sections for one in section.statements]
    assert [one.is_open for one in waiting] == [True, True]
    assert {one.missing for one in waiting} == {"not translated yet"}  # still true where the job is cancelled


def test_after_a_pause_each_translation_is_told_as_it_comes_and_the_share_goes_on(opened):
    recorder = opened(turned=True, slow=0.008)
    text = "\n".join(f"The garden of house {number} is green." for number in range(60))
    jobs, item = recorder.calls.jobs, begin(recorder, target="de", text=text, source="en")
    job = recorder.calls.tasks.open(item).job
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.done >= 3)
    jobs.pause(job.id)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.PAUSED)
    start = len(recorder.events)
    jobs.resume(job.id)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE)
    after = recorder.events[start:]
    changed = [at for at, event in enumerate(after) if isinstance(event, ReportGrew)]
    all_done = next(at for at, event in enumerate(after) if isinstance(event, JobChanged) and event.done == 60)
    assert sum(at < all_done for at in changed) > 20, "they were not held back until the last had come"
    early = [event.share for event in after[:all_done] if isinstance(event, JobChanged) and event.done <= 30]
    assert early
    assert max(early) < 0.7


def test_what_is_flagged_is_not_asked_for_again_by_itself(opened):
    recorder = opened()  # says again what it is told: nothing is translated
    text = "\n".join(f"The garden of house {number} is green." for number in range(20))
    translated(recorder, target="de", text=text, source="en")
    jobs = [event for event in recorder.events if isinstance(event, JobChanged)]
    assert max(job.done for job in jobs) == 20


def test_what_does_not_look_translated_is_asked_for_once_more_as_plainly_as_can_be(opened):
    text = "The blood pressure of the patient is too high."
    plain = "Translate from English into German. Give only the translation."
    german = "Der Blutdruck des Patienten ist zu hoch."
    recorder = opened(known={text: text, f"{plain}\n\n{text}": german})
    view = translated(recorder, target="de", source="en", text=text, domain="medical")
    assert translation_of(recorder.calls.tasks.open(view.item.id).newest.segments).strip() == german


def test_a_document_comes_back_with_its_formatting(opened, tmp_path):
    recorder = opened(turned=True)
    path = tmp_path / "a.docx"
    body = "<w:p>" + run("The rent is ") + run("900 euros", "<w:b/>") + run(" a month.") + "</w:p>"
    path.write_bytes(docx(body))
    before = path.read_bytes()
    view = translated(recorder, target="de", source="en", path=str(path))
    target = tmp_path / "a.de.docx"
    written = write(recorder, view, target)
    assert isinstance(written, WrittenFile), written
    assert written.refused == ()
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as made:
        xml = made.read("word/document.xml").decode()
    assert "tHE RENT IS " in xml
    assert '<w:b/><w:lang w:val="de-DE"/></w:rPr><w:t xml:space="preserve">900 EUROS</w:t>' in xml
    assert path.read_bytes() == before, "the document itself is never touched"
    again = write(recorder, view, target)
    assert isinstance(again, Problem)
    assert again.code == "file.exists"


def test_a_document_that_changed_meanwhile_is_not_mixed_up(opened, tmp_path):
    recorder = opened(turned=True)
    path = tmp_path / "a.docx"
    path.write_bytes(docx(f"<w:p>{run('One thing')}</w:p>"))
    view = translated(recorder, target="de", source="en", path=str(path))
    path.write_bytes(docx(f"<w:p>{run('Another thing')}</w:p>"))
    assert write(recorder, view, tmp_path / "b.docx").code == "document.changed"
    assert not (tmp_path / "b.docx").exists()


def test_what_a_person_wrote_is_remembered_and_used_again(opened):
    recorder = opened(turned=True)
    view = translated(recorder, target="de", source="en", text="The house is big. It stands here.")
    Edits(recorder).edit(view.item.id, 0, "Das Haus ist groß.")
    recorder.events.clear()
    second = translated(recorder, target="de", source="en", text="Look! The house is big.")
    known = next(segment for segment in second.result.segments if segment.source == "The house is big.")
    assert (known.target, known.origin) == ("Das Haus ist groß.", Origin.MEMORY)
    (shown, *_others) = (
        one for section in recorder.of(ReportGrew)[0].growth.sections for one in section.statements if one.text
    )
    assert shown.text == "Das Haus ist groß."


def test_an_edit_without_its_tags_is_refused_with_a_reason(opened, tmp_path):
    recorder = opened(turned=True)
    path = tmp_path / "a.docx"
    path.write_bytes(docx("<w:p>" + run("The ") + run("end", "<w:b/>") + run(" is near.") + "</w:p>"))
    view = translated(recorder, target="de", source="en", path=str(path))
    with pytest.raises(KnownError, match=r"translation\.tags"):
        Edits(recorder).edit(view.item.id, 0, "Das Ende ist nah.")
    kept = Edits(recorder).edit(view.item.id, 0, "Das <1>Ende</1> ist nah.")
    assert kept.state is SegmentState.EDITED


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"target": "xx", "text": "a"}, "language.unknown"),
        ({"target": "de", "source": "de", "text": "a"}, "language.same"),
        ({"target": "de", "text": "  \n"}, "request.invalid"),
        ({"target": "de", "text": "a", "domain": "cooking"}, "request.invalid"),
        ({"target": "de", "text": "a " * (3 << 20)}, "document.too_large"),
        ({"target": "de", "text": "a", "glossaries": ("nope",)}, "glossary.unknown"),
    ],
)
def test_bad_wishes_are_refused_before_anything_is_kept(opened, given, code):
    recorder = opened(turned=True)
    with pytest.raises(KnownError) as caught:
        recorder.calls.tasks.begin("translation", TranslationRequest(**given))
    assert caught.value.code == code


def test_typed_text_is_asked_again_only_where_it_changed(opened):
    recorder = opened(turned=True)
    live = recorder.calls.live
    record = recorder.calls.models.choose(None)
    manner = TranslationStyle("de", "en")

    def wait_for(count):
        done = recorder.wait(LiveTranslated, lambda event: event.is_done and len(event.segments) == count)
        return [segment.target for segment in done.segments]

    live.translate("The sun is up. We go out.", manner, record)
    first = wait_for(2)
    assert first == ["tHE SUN IS UP.", "wE GO OUT."]
    recorder.events.clear()
    live.translate("The sun is up. We go out now. It is warm.", manner, record)
    assert wait_for(3) == ["tHE SUN IS UP.", "wE GO OUT NOW.", "iT IS WARM."]
    seen = [event.segments[0].target for event in recorder.events if isinstance(event, LiveTranslated)]
    assert set(seen) == {"tHE SUN IS UP."}, "what did not change is there from the first moment"
    live.translate("", manner, record)
    assert wait_for(0) == []


def test_a_segment_is_tried_again_with_a_wish_and_kept(opened):
    recorder = opened(turned=True)
    view = translated(recorder, target="de", source="en", text="The house is big. It stands here.")
    edits = Edits(recorder)
    edits.edit(view.item.id, 1, "Es steht hier.")
    kept = edits.reword(view.item.id, 1, "more formal")
    assert (kept.target, kept.state, kept.origin) == ("iT STANDS HERE.", SegmentState.TRANSLATED, Origin.MODEL)


@pytest.mark.parametrize(
    ("source", "answer", "target"),
    [("Die Miete", "Translation:\nThe  rent.", "The rent"), ("Die Miete:", '"The rent"', "The rent:")],
)
def test_typed_text_a_document_and_a_second_try_make_the_same_of_an_answer(opened, tmp_path, source, answer, target):
    recorder = opened(answer=answer)
    path = tmp_path / "a.docx"
    path.write_bytes(docx(f"<w:p>{run(source)}</w:p>"))
    view = translated(recorder, target="en", source="de", path=str(path))
    (of_document,) = recorder.calls.tasks.open(view.item.id).newest.segments
    tried_again = Edits(recorder).reword(view.item.id, 0, "")
    record = recorder.calls.models.choose(None)
    recorder.calls.live.translate(source, TranslationStyle("en", "de"), record)
    typed = recorder.wait(LiveTranslated, lambda event: event.is_done and len(event.segments) == 1)
    assert [of_document.target, tried_again.target, typed.segments[0].target] == [target] * 3


def test_a_term_that_is_not_translated_is_hidden_from_the_model_and_comes_back(opened, tmp_path):
    recorder = opened(turned=True, doubted="MX", slow=0.02)
    source, target = "We meet at the Blue Door at six.", "wE MEET AT THE Blue Door AT SIX."
    services = recorder.calls
    names = Term("Blue Door", "", keeps=True)
    services.glossaries.add_term(services.glossaries.keep_list().id, names)
    path = tmp_path / "a.docx"
    path.write_bytes(docx(f"<w:p>{run(source)}</w:p>"))
    view = translated(recorder, target="de", source="en", path=str(path))
    (of_document,) = services.tasks.open(view.item.id).newest.segments
    tried_again = Edits(recorder).reword(view.item.id, 0, "")
    record = services.models.choose(None)
    services.live.translate(source, TranslationStyle("de", "en"), record)
    typed = recorder.wait(LiveTranslated, lambda event: event.is_done and len(event.segments) == 1)
    assert [segment.target for segment in (of_document, tried_again, typed.segments[0])] == [target] * 3
    assert not any(flag.kind == "glossary" for flag in of_document.flags)
    assert [doubted(segment) for segment in (of_document, typed.segments[0])] == [[("MEET", 0.25), ("SIX", 0.25)]] * 2
    shown = [segment.target for event in recorder.of(LiveTranslated) for segment in event.segments]
    assert len(set(shown)) > 3, "as it is written"
    assert not any("zor" in text.casefold() for text in shown)


def doubted(segment):
    return [(segment.target[begin:end], least) for begin, end, least in segment.doubts]


def test_words_the_model_was_unsure_of_are_kept_until_they_are_edited(opened, tmp_path):
    recorder = opened(turned=True, doubted="GX")
    path = tmp_path / "a.docx"
    body = run("The ") + run("big house", "<w:b/>") + run(" is fixed. It stands here.")
    path.write_bytes(docx(f"<w:p>{body}</w:p>"))
    view = translated(recorder, target="de", source="en", path=str(path))
    edits = Edits(recorder)

    def kept():
        return segments(recorder, view.item.id)

    assert [doubted(segment) for segment in kept()] == [[("BIG", 0.25), ("FIXED", 0.25)], []]
    assert kept()[0].target == "tHE <1>BIG HOUSE</1> IS FIXED."
    edits.approve(view.item.id, 0)
    assert doubted(kept()[0]) == [("BIG", 0.25), ("FIXED", 0.25)]
    again = edits.reword(view.item.id, 0, "more formal")
    assert doubted(again) == [("BIG", 0.25), ("FIXED", 0.25)]
    edits.edit(view.item.id, 0, "Das <1>große Haus</1> steht fest.")
    assert kept()[0].doubts == ()


def test_words_in_no_dictionary_of_the_target_are_marked(opened, tmp_path, monkeypatch):
    tiny_dictionary.write(tmp_path / "shared", "en_US", ["letter", "good"])
    tiny_dictionary.install(monkeypatch, tmp_path / "shared")
    recorder = opened(answer="the letter is verbetled")
    text = "Der Brief ist verbessert worden."
    view = translated(recorder, target="en", source="de", text=text)
    (segment,) = recorder.calls.tasks.open(view.item.id).newest.segments
    again = Edits(recorder).reword(view.item.id, 0, "")
    for row in (segment, again):
        assert [flag.text for flag in row.flags if flag.kind == "word"] == ["verbetled"]
    assert view.result.look == 1
    assert recorder.calls.translations.recheck(view.item.id) == 0
    record = recorder.calls.models.choose(None)
    recorder.calls.live.translate(text, TranslationStyle("en", "de"), record)
    done = recorder.wait(LiveTranslated, lambda event: event.is_done)
    assert [flag.text for flag in done.segments[0].flags if flag.kind == "word"] == ["verbetled"]


def test_where_formatting_is_guessed_nobody_knows_how_sure_the_words_are(opened, tmp_path):
    recorder = opened(answer="ein festes Haus X", doubted="X")
    path = tmp_path / "a.docx"
    path.write_bytes(docx("<w:p>" + run("a fixed ") + run("house", "<w:b/>") + run(" X") + "</w:p>"))
    view = translated(recorder, target="de", source="en", path=str(path))
    (segment,) = recorder.calls.tasks.open(view.item.id).newest.segments
    again = Edits(recorder).reword(view.item.id, 0, "")
    for row in (segment, again):
        assert "formatting" in [flag.kind for flag in row.flags]
        assert row.doubts == ()
    assert again.target == segment.target
