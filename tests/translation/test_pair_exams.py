"""Exams for pairs of languages over the echo engine, told the right answers to as many items as a test wants."""

from __future__ import annotations

import pytest
from evaluation.test_auto_exams import examining, settled
from fakes.office import docx
from fakes.parallel import table
from fakes.recorder import add_model
from translation.test_translating import ENDED, translated

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.base.translation import Term
from slmdesk.jobs.types import JobChanged
from slmdesk.loader.energy import OtherPrograms
from slmdesk.models.service import DefaultUse
from slmdesk.translation.advice import note_lines
from slmdesk.translation.pair_exam import PairSkill, pair_items
from slmdesk.translation.pairs import KIND, notes_of, results_of
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.types import LiveTranslated, PairUsed, TranslationRequest

pytestmark = pytest.mark.process


def record(recorder):
    return recorder.calls.store.models.all()[0]


def examined(recorder, source="en", target="pl"):
    begin = len(recorder.events)
    job = recorder.calls.pair_exams.take(None, source, target)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED, begin)
    return recorder.calls.pair_exams.result(record(recorder), source, target)


def levels(result):
    return {skill.skill: skill.level for skill in result.skills}


def advice(recorder, source="en", target="pl", **more):
    return recorder.calls.translations.advice(None, source, target, **more)


def test_a_model_that_translates_well_is_good_and_nothing_is_said(opened):
    recorder = opened(known=table("en", "pl"))
    exam = examined(recorder)
    assert exam.level == "good"
    assert set(levels(exam).values()) == {"good"}
    said = advice(recorder)
    assert (said.words, said.level, said.better, said.offer) == ("", "good", None, "")
    recorder.services.close()
    assert results_of(record(opened())) == [exam], "kept with the model"


def test_one_that_answers_in_another_language_is_weak_and_others_are_offered(opened):
    recorder = opened(turned=True)
    exam = examined(recorder)
    assert levels(exam)[PairSkill.LANGUAGE] == levels(exam)[PairSkill.SENSE] == exam.level == "weak"
    assert levels(exam)[PairSkill.TAGS] == levels(exam)[PairSkill.NUMBERS] == "good"
    said = advice(recorder)
    assert said.words == "Echo is no translator into Polish: in its exam 0 of 12 answers were in Polish."
    assert said.offer
    assert said.better is None


def test_one_between_is_usable(opened):
    known = table("en", "pl")
    for item in (pair_items("en")[0], pair_items("en")[5]):
        known[item.text] = "To jest zupełnie inne zdanie o czymś innym."
    recorder = opened(known=known)
    exam = examined(recorder)
    assert (exam.level, exam.of(PairSkill.SENSE).passed) == ("fair", 4)
    said = advice(recorder)
    assert said.words.startswith("Echo is usable from English to Polish, but read what it writes: ")
    assert not said.offer


def test_nothing_is_asked_twice_and_pairs_are_kept_apart(opened):
    recorder = opened(known=table("en", "pl"), turned=True)
    first = examined(recorder)
    again = examined(recorder)
    assert changed(again, taken=first.taken) == first
    jobs = [job for job in recorder.calls.jobs.list() if job.kind == KIND]
    assert [job.done for job in jobs] == [18, 18]
    other = examined(recorder, "en", "de")
    assert other.level == "weak"
    assert [(exam.source, exam.target) for exam in results_of(record(recorder))] == [("en", "de"), ("en", "pl")]
    assert advice(recorder, "", "pl").level == "good", "of any source: from English"
    assert advice(recorder, "fi", "pl").level == "good", "Finnish has no items: from English"
    assert advice(recorder, "de", "pl").level == "", "not examined"


def test_pairs_that_cannot_be_examined_are_refused_with_a_reason(opened):
    recorder = opened()
    for pair, code in (
        (("en", "en"), "language.same"),
        (("fi", "en"), "exam.pair"),
        (("en", "xx"), "language.unknown"),
    ):
        with pytest.raises(KnownError) as caught:
            recorder.calls.pair_exams.take(None, *pair)
        assert caught.value.code == code


def test_a_better_model_on_this_pc_is_named_first_and_can_be_used(opened, tmp_path):
    recorder = opened(known=table("en", "pl"))
    other = add_model(recorder.services, tmp_path / "other.gguf", "Other")
    services = recorder.calls
    job = services.pair_exams.take(other.id, "en", "pl")
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    first = next(model.id for model in services.models.list() if model.name == "Echo")
    services.store.models.set_info(first, pair_exams=weak_fact(recorder, other.id))
    services.uses.set_default(DefaultUse.TRANSLATE, first)
    said = advice(recorder)
    assert said.level == "weak"
    assert said.better.name == "Other"
    assert said.better.words == "Other, on this PC, is good at it."
    services.uses.set_default(DefaultUse.TRANSLATE, said.better.id)
    assert advice(recorder).words == ""


def weak_fact(recorder, model):
    """The result of another model, made weak."""
    event = next(entry for entry in recorder.calls.store.models.all() if entry.id == model).info["pair_exams"]
    pair = dict(event["pairs"]["en-pl"], level="weak")
    pair["skills"] = [dict(skill, level="weak", passed=0) for skill in pair["skills"]]
    return {**event, "pairs": {"en-pl": pair}}


def test_without_an_exam_the_publishers_list_of_languages_is_told(opened, tmp_path):
    recorder = opened()
    store = recorder.calls.store
    smol = "huggingface:HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF/smollm2-1.7b-instruct-q4_k_m.gguf@main"
    first = record(recorder).id
    store.models.change(first, source=smol)
    recorder.calls.uses.set_default(DefaultUse.TRANSLATE, first)
    assert advice(recorder, "en", "pl").words == "Echo was not made for Polish; its publisher names English."
    assert advice(recorder, "en", "pl").offer
    assert advice(recorder, "pl", "en").words == ""
    other = add_model(recorder.services, tmp_path / "euro.gguf", "Euro")
    euro = "huggingface:QuantFactory/EuroLLM-1.7B-Instruct-GGUF/EuroLLM-1.7B-Instruct.Q4_K_M.gguf@main"
    store.models.change(other.id, source=euro)
    said = advice(recorder, "en", "pl")
    assert said.better.words == "Euro, on this PC, was made for translation."
    assert advice(recorder, "en", "th").better is None, "Thai is none of its languages"


def test_a_glossary_that_is_passed_over_is_said_where_one_holds(opened):
    words = {key: said.replace("Velmora", "skład").replace("Certaplus", "") for key, said in table("en", "pl").items()}
    recorder = opened(known=words)
    assert examined(recorder).is_weak(PairSkill.GLOSSARY)
    assert "glossary" not in advice(recorder).words
    services = recorder.calls
    made = services.store.glossaries.add("Terms", source_language="en", target_language="pl")
    services.store.terms.add(made.id, [Term("depot", "magazyn")])
    assert "It often passes over a glossary (1 of 3 terms used)" in advice(recorder).words


def test_where_tags_are_lost_they_are_not_asked_for_but_placed(opened, tmp_path):
    known = {source: words.replace("<", "(").replace(">", ")") for source, words in table("en", "de").items()}
    recorder = opened(known=known, turned=True)
    assert examined(recorder, "en", "de").is_weak(PairSkill.TAGS)
    assert "placed afterwards" in advice(recorder, "en", "de", for_document=True).words
    path = tmp_path / "a.docx"
    words = "<w:r><w:t xml:space='preserve'>The rent is </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>due</w:t></w:r>"
    path.write_bytes(docx(f"<w:p>{words}</w:p>"))
    view = translated(recorder, target="de", path=str(path), source="en")
    assert view.job.settings["tagged_first"] is False
    steps = recorder.calls.store.jobs.steps(view.job.id)
    assert not any("numbered tags" in str(step.input) for step in steps)
    segment = recorder.calls.translations.segments(view.item.id)[0]
    assert any(flag.kind == "formatting" for flag in segment.flags), segment
    assert "<1>" in segment.target


def test_without_blanks_between_words_tags_are_always_asked_for(opened):
    known = {source: words.replace("<", "(").replace(">", ")") for source, words in table("en", "ja").items()}
    recorder = opened(known=known, turned=True)
    assert examined(recorder, "en", "ja").is_weak(PairSkill.TAGS)
    assert "placed afterwards" not in advice(recorder, "en", "ja", for_document=True).words
    assert recorder.calls.pair_advice.is_tagged_first(record(recorder), "en", "ja")


def test_the_decision_of_a_job_stays_when_an_exam_comes_between(opened):
    recorder = opened(turned=True, slow=0.004)
    service, services = recorder.calls.translations, recorder.calls
    item = service.begin(TranslationRequest("de", text="One. Two. Three.", source="en"))
    job = services.jobs.pause(service.open(item.id).job.id)
    assert job.settings["tagged_first"] is True
    examined(recorder, "en", "de")
    assert services.store.jobs.get(job.id).settings["tagged_first"] is True


def test_a_model_that_could_not_be_asked_is_not_weak(opened):
    recorder = opened(fail="model.damaged")
    job = recorder.calls.pair_exams.take(None, "en", "pl")
    ended = recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    assert ended.status is JobStatus.FAILED
    assert ended.problem.code == "model.damaged"
    assert results_of(record(recorder)) == []
    assert advice(recorder).level == ""


@pytest.fixture
def begun(opened):
    return examining(opened, "first_pair_exams")


def typed(recorder, text, target="pl"):
    begin = len(recorder.events)
    recorder.calls.live.translate(text, TranslationStyle(target, "en"), record(recorder))
    recorder.wait(LiveTranslated, lambda event: event.is_done, begin)


def exams(recorder):
    return [job for job in recorder.calls.jobs.list() if job.kind == KIND]


def test_a_pair_is_examined_once_by_itself_after_it_was_first_used(begun):
    recorder = begun(turned=True)
    typed(recorder, "The rent is due.")
    assert recorder.of(PairUsed)[0] == PairUsed(record(recorder).id, "en", "pl")
    recorder.wait(JobChanged, lambda event: event.kind == KIND and event.status is JobStatus.DONE)
    assert results_of(record(recorder))[0].level == "weak"
    typed(recorder, "The rent is due today.")
    settled(recorder)
    assert len(exams(recorder)) == 1


def test_no_pair_is_examined_by_itself_where_that_is_switched_off(begun):
    recorder = begun(turned=True)
    recorder.calls.settings.change(exams_at_first_use=False)
    typed(recorder, "The rent is not due.")
    settled(recorder)
    assert exams(recorder) == []


def test_a_pair_that_failed_or_is_slow_is_not_tried_again_by_itself(begun, monkeypatch):
    monkeypatch.setattr("slmdesk.evaluation.exams.LONGEST_S", 0.001)
    quiet: list[bool] = []
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: bool(quiet))
    recorder = begun(turned=True, slow=0.01)
    for text, notes in (("The rent is due.", {}), ("The dog sleeps.", {"en-pl": "slow"})):  # beside others, then alone
        begin = len(recorder.events)
        typed(recorder, text)
        recorder.wait(JobChanged, lambda event: event.kind == KIND and event.status is JobStatus.PAUSED, begin)
        assert notes_of(record(recorder)) == notes
        quiet.append(True)
    assert note_lines(notes_of(record(recorder))) == (
        "English → Polish: no automatic test, it would take long on this PC.",
    )
    assert examined(recorder).level == "weak", "a person may still ask for it"
    assert notes_of(record(recorder)) == {}
