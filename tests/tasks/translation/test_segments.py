"""Segments are edited, approved and asked anew where they failed; lists and reports hold every segment."""

from __future__ import annotations

import json
import zipfile

import pytest
from fakes.office import docx
from fakes.recorder import add_model
from fakes.translations import Edits, begin, segments

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.translation import Origin, SegmentFlag, SegmentState, Term
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.translation.service import Handout

pytestmark = pytest.mark.process
ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.PAUSED)
TEXT = "The rent is due. The rent is low. You must not sublet. 12 %"


def ended(recorder, job):
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)


def translated(recorder, **request):
    item = begin(recorder, **{"target": "de", "source": "en", **request})
    ended(recorder, recorder.calls.tasks.open(item).job)
    return item


def statements(recorder, item):
    return list(recorder.calls.tasks.report(item).statements)


def memory(recorder):
    return {pair.source: pair.target for pair in recorder.calls.store.memory.page()}


def test_segments_are_edited_remembered_and_approved(opened):
    recorder = opened(turned=True)
    edits, item = Edits(recorder), translated(recorder, text=TEXT)
    edits.edit(item, 0, "Die Miete ist fällig.")
    edits.edit(item, 0, "Die Miete ist\njetzt fällig.")
    assert memory(recorder) == {"The rent is due.": "Die Miete ist jetzt fällig."}, "on one line, as the source"
    for number in (0, 1, 3):
        edits.approve(item, number)
    states = [row.state for row in segments(recorder, item)]
    approved, left = SegmentState.APPROVED, SegmentState.LEFT
    assert states == [approved, approved, SegmentState.TRANSLATED, left], "what was left cannot be approved"
    assert edits.approve(item, 0, False).state is SegmentState.EDITED
    assert edits.approve(item, 1, False).state is SegmentState.TRANSLATED


def test_a_report_says_of_each_segment_what_it_is_and_what_is_to_check_comes_first(opened):
    recorder = opened(turned=True)
    item, store = translated(recorder, text=TEXT), recorder.calls.store
    store.segments.change(item, 1, target="", state=SegmentState.FAILED, reason="tags")
    told = statements(recorder, item)
    assert [(one.text, one.other, one.is_to_check) for one in told] == [
        ("tHE RENT IS DUE.", "The rent is due.", False),
        ("", "The rent is low.", True),
        ("yOU MUST NOT SUBLET.", "You must not sublet.", True),
        ("12 %", "12 %", False),
    ]
    assert [one.missing for one in told if one.missing] == ["the marks of the formatting were lost"]
    assert told[3].notes == ("nothing to translate",)
    assert [one.id for one in sorted(told, key=lambda one: one.rank)] == ["1", "2", "0", "3"]
    assert recorder.calls.tasks.open(item).result.look == 2
    assert told[2].doubts == "Negation may be missing (“not”)"
    Edits(recorder).approve(item, 2)
    approved = statements(recorder, item)[2]
    assert (approved.is_approved, approved.is_to_check) == (True, False)


def test_the_last_change_is_taken_back_and_the_memory_forgets_it(opened):
    recorder = opened(turned=True)
    item, edits = translated(recorder, text=TEXT), Edits(recorder)
    before = segments(recorder, item)
    edits.edit(item, 2, "Nicht untervermieten.")
    edits.edit(item, 2, "Untervermieten verboten.")
    edits.approve(item, 2)
    edits.reword(item, 1, "more formal")
    for _ in range(2):
        edits.undo()
    assert segments(recorder, item)[2].state is SegmentState.EDITED
    assert memory(recorder) == {"You must not sublet.": "Untervermieten verboten."}
    edits.undo()
    assert memory(recorder) == {"You must not sublet.": "Nicht untervermieten."}
    edits.undo()
    assert memory(recorder) == {}
    after = segments(recorder, item)
    assert [(row.target, row.state, row.flags) for row in after] == [
        (row.target, row.state, row.flags) for row in before
    ]


def test_what_the_memory_had_before_comes_back(opened):
    recorder = opened(turned=True)
    store, pair = recorder.calls.store, [("The rent is low.", "Die Miete ist niedrig.")]
    store.memory.remember("en", "de", pair, origin=Origin.IMPORT)
    item, edits = translated(recorder, text="The rent is low."), Edits(recorder)
    edits.edit(item, 0, "Die Miete ist gering.")
    edits.undo()
    (kept,) = store.memory.recall("en", "de", "The rent is low.")
    assert (kept.target, kept.origin, kept.item) == (pair[0][1], Origin.IMPORT, None)


def test_what_the_memory_has_for_similar_sentences_is_offered(opened):
    recorder = opened(turned=True)
    pairs = [("The rent is due on the first day.", "Die Miete ist am ersten Tag fällig."), ("Go home.", "Geh heim.")]
    recorder.calls.store.memory.remember("en", "de", pairs, domain="legal", origin=Origin.PERSON)
    item = translated(recorder, text="The landlord wants rent. The rent is due on the last day.")
    assert recorder.calls.memory.similar(item, 0) == []
    ((pair, likeness),) = recorder.calls.memory.similar(item, 1)
    assert (pair.target, 0.75 <= likeness < 0.95) == (pairs[0][1], True)


def test_what_failed_is_asked_anew_and_kept_where_it_is_better(opened):
    recorder = opened(turned=True)
    service, store = recorder.calls.tasks, recorder.calls.store
    item = translated(recorder, text=TEXT)
    store.segments.change(item, 0, target="", state=SegmentState.FAILED, reason="no_answer")
    steps = store.jobs.steps(service.open(item).job.id)
    asked = {step.key for step in steps}
    job = service.again(item)
    ended(recorder, job)
    again = {step.key for step in store.jobs.steps(job.id)}
    assert again, "the model was asked"
    assert not again & asked, "and not for what is known already"
    assert segments(recorder, item)[0].target == "tHE RENT IS DUE."
    assert segments(recorder, item)[0].state is SegmentState.TRANSLATED
    kept = segments(recorder, item)[2]
    assert (kept.target, kept.state) == ("yOU MUST NOT SUBLET.", SegmentState.TRANSLATED)
    assert [flag.kind for flag in kept.flags] == ["negation"]
    assert service.open(item).is_done


def test_a_person_s_words_are_never_asked_anew(opened):
    recorder = opened(turned=True)
    item = translated(recorder, text=TEXT)
    Edits(recorder).edit(item, 2, "Nein, doch 7.")
    assert statements(recorder, item)[2].is_to_check
    ended(recorder, recorder.calls.tasks.again(item))
    assert segments(recorder, item)[2].target == "Nein, doch 7."


def test_another_try_takes_what_the_memory_has_by_now_unless_the_model_is_told_a_wish(opened):
    recorder = opened(turned=True)
    item, edits = translated(recorder, text=TEXT), Edits(recorder)
    pair = [("The rent is due.", "Die Miete ist fällig.")]
    recorder.calls.store.memory.remember("en", "de", pair, origin=Origin.PERSON)
    assert edits.reword(item, 0, "more formal").origin is Origin.MODEL
    known = edits.reword(item, 0, "")
    assert (known.target, known.state, known.origin) == (pair[0][1], SegmentState.TRANSLATED, Origin.MEMORY)
    assert edits.reword(item, 0, "").target == "tHE RENT IS DUE.", "the same words are no other try"


def test_after_a_glossary_changed_all_is_checked_anew(opened):
    recorder = opened(turned=True)
    store = recorder.calls.store
    item = translated(recorder, text=TEXT)
    lasting = (SegmentFlag("unsure", "due"), SegmentFlag("formatting"), SegmentFlag("redaction", "Kolb", "missing"),
               SegmentFlag("unwritten"))  # fmt: skip
    stale = SegmentFlag("number", "7", "missing"), SegmentFlag("formatting", "1", "empty")
    made = store.glossaries.add("law", source_language="en", target_language="de")
    store.terms.add(made.id, [Term("rent", "Miete")])
    store.segments.change(item, 0, flags=(*stale, *lasting))
    assert recorder.calls.translations.recheck(item) == 2
    kinds = [[flag.kind for flag in row.flags] for row in segments(recorder, item)]
    assert kinds == [["glossary", *(flag.kind for flag in lasting)], ["glossary"], ["negation"], []]


def test_what_no_check_tells_stays_where_another_try_is_no_better(opened):
    recorder = opened(turned=True)
    store = recorder.calls.store
    item, right, lasting = translated(recorder, text=TEXT), "Nicht untervermieten.", (SegmentFlag("unwritten"),)
    store.segments.change(item, 2, target=right, flags=lasting)
    ended(recorder, recorder.calls.tasks.again(item))
    assert (segments(recorder, item)[2].target, segments(recorder, item)[2].flags) == (right, lasting)


def handed(recorder, item, what, form, target):
    result = recorder.calls.translations.write_handout(item, what, form, target)
    assert not isinstance(result, Problem), result
    return target


def test_a_report_holds_every_segment_once(opened, tmp_path):
    recorder = opened(turned=True)
    item = translated(recorder, text=TEXT)
    recorder.calls.store.segments.change(item, 1, target="", state=SegmentState.FAILED, reason="tags")
    shape = json.loads(handed(recorder, item, Handout.REPORT, "json", tmp_path / "r.json").read_text("utf-8"))
    sources = [[segment["source"] for segment in shape[name]] for name in ("failed", "flagged", "left", "translated")]
    assert sources == [["The rent is low."], ["You must not sublet."], ["12 %"], ["The rent is due."]]
    assert shape["failed"][0]["reason"] == "the marks of the formatting were lost"
    assert shape["counts"]["all"] == 4
    assert shape["counts"]["not translated"] == 1
    assert shape["counts"]["to look at"] == recorder.calls.tasks.open(item).result.look == 2
    assert shape["facts"]["Languages"] == "English to German"
    assert shape["facts"]["Model"] == "Echo"
    for form in ("html", "md"):
        words = handed(recorder, item, Handout.REPORT, form, tmp_path / f"r.{form}").read_text("utf-8")
        assert "You must not sublet." in words.replace("\\", "")
        assert "Not translated" in words
    assert zipfile.is_zipfile(handed(recorder, item, Handout.REPORT, "docx", tmp_path / "r.docx"))


def test_what_is_untranslated_in_the_file_is_flagged_until_it_is_written(opened, tmp_path):
    recorder = opened(turned=True)
    path, report = tmp_path / "a.docx", tmp_path / "r.json"
    run = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>".format
    path.write_bytes(docx(f"<w:p>{run('', 'The ')}{run('<w:rPr><w:b/></w:rPr>', 'end')}{run('', ' is near.')}</w:p>"))
    item = translated(recorder, path=str(path))
    recorder.calls.store.segments.change(item, 0, target="Das <1>Ende ist nah.")
    written = recorder.calls.translations.write(item, tmp_path / "b.docx")
    assert written.refused == (0,)
    assert SegmentFlag("unwritten") in segments(recorder, item)[0].flags
    shape = json.loads(handed(recorder, item, Handout.REPORT, "json", report).read_text("utf-8"))
    assert "Untranslated in the file" in shape["flagged"][0]["reason"]
    recorder.calls.store.segments.change(item, 0, target="Das <1>Ende</1> ist nah.")
    assert recorder.calls.translations.write(item, tmp_path / "c.docx").refused == ()
    assert SegmentFlag("unwritten") not in segments(recorder, item)[0].flags


def test_both_languages_side_by_side_and_tmx(opened, tmp_path):
    recorder = opened(turned=True)
    item = translated(recorder, text="Salt & pepper are here. 12 %")
    from openpyxl import load_workbook

    book = load_workbook(handed(recorder, item, Handout.PAIR, "xlsx", tmp_path / "p.xlsx"))
    cells = [[cell.value for cell in row] for row in book.worksheets[0].rows]
    pairs, (_gap, (line, _beside)) = cells[:3], cells[3:]
    assert pairs == [["English", "German"], ["Salt & pepper are here.", "sALT & PEPPER ARE HERE."], ["12 %", "12 %"]]
    assert "language model (Echo)" in line
    tmx = handed(recorder, item, Handout.TMX, "tmx", tmp_path / "p.tmx")
    done = recorder.calls.memory.import_file(tmx)
    assert not isinstance(done, Problem), done
    assert memory(recorder) == {"Salt & pepper are here.": "sALT & PEPPER ARE HERE."}
    again = recorder.calls.translations.write_handout(item, Handout.TMX, "tmx", tmx)
    assert again.code == "file.exists"
    with pytest.raises(KnownError):
        recorder.calls.translations.write_handout(item, Handout.TMX, "docx", tmx)


def test_a_tmx_names_the_language_each_segment_was_told_to_be_in(opened, tmp_path):
    recorder = opened(turned=True)
    item = translated(recorder, source="", text="The weather is fine today and we go out.")
    words = handed(recorder, item, Handout.TMX, "tmx", tmp_path / "p.tmx").read_text()
    assert 'srclang="*all*"' in words
    assert '<tuv xml:lang="en"><seg>The weather is fine today and we go out.</seg>' in words


def test_another_model_is_asked_for_what_failed(opened, tmp_path):
    recorder = opened(turned=True)
    item = translated(recorder, text=TEXT)
    other = add_model(recorder.services, tmp_path / "home" / "models" / "other.gguf", name="Other")
    recorder.calls.store.segments.change(item, 0, target="", state=SegmentState.FAILED, reason="")
    job = recorder.calls.tasks.again(item, model=other.id)
    ended(recorder, job)
    assert job.model_sha256 == other.sha256
    assert segments(recorder, item)[0].target == "tHE RENT IS DUE."
