"""Exams for pairs of languages over the echo engine, told the right answers to as many items as a test wants."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fakes.office import docx
from fakes.parallel import table
from fakes.told import add_model

from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobStatus
from slmdesk.core.translation import Term
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.models.defaults import Use
from slmdesk.services.translation.asking.prompts import Manner
from slmdesk.services.translation.events import LiveTranslated, PairUsed
from slmdesk.services.translation.pairs.advice import made_for
from slmdesk.services.translation.pairs.exams import KIND, notes_of, results_of
from slmdesk.services.translation.pairs.items import PairSkill, pair_items
from slmdesk.services.translation.pairs.labels import note_lines
from slmdesk.services.translation.types import TranslationRequest

pytestmark = pytest.mark.process
ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.PAUSED)


def on_service_thread(told, fn):
    return told.services.service_thread.call(fn)


def record(told):
    return on_service_thread(told, lambda: told.services.store.models()[0])


def examined(told, source="en", target="pl"):
    begin = len(told.facts)
    job = on_service_thread(told, lambda: told.services.pair_exams.take(None, source, target))
    told.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED, begin)
    return on_service_thread(told, lambda: told.services.pair_exams.result(record(told), source, target))


def levels(result):
    return {one.skill: one.level for one in result.skills}


def advice(told, source="en", target="pl", **more):
    return on_service_thread(told, lambda: told.services.translations.advice(None, source, target, **more))


def test_a_model_that_translates_well_is_good_and_nothing_is_said(opened):
    told = opened(known=table("en", "pl"))
    found = examined(told)
    assert found.level == "good"
    assert set(levels(found).values()) == {"good"}
    said = advice(told)
    assert (said.words, said.level, said.better, said.has_offers) == ("", "good", None, False)
    told.services.close()
    assert results_of(record(opened())) == [found], "kept with the model"


def test_one_that_answers_in_another_language_is_weak_and_others_are_offered(opened):
    told = opened(turned=True)
    found = examined(told)
    assert levels(found)[PairSkill.LANGUAGE] == levels(found)[PairSkill.SENSE] == found.level == "weak"
    assert levels(found)[PairSkill.TAGS] == levels(found)[PairSkill.NUMBERS] == "good"
    said = advice(told)
    assert said.words == "Echo was not made for Polish: in its exam 0 of 12 answers were in Polish."
    assert said.has_offers
    assert said.better is None


def test_one_between_is_usable(opened):
    known = table("en", "pl")
    for item in (pair_items("en")[0], pair_items("en")[5]):
        known[item.text] = "To jest zupełnie inne zdanie o czymś innym."
    told = opened(known=known)
    found = examined(told)
    assert (found.level, found.of(PairSkill.SENSE).passed) == ("fair", 4)
    said = advice(told)
    assert said.words.startswith("Echo is usable from English to Polish, but read what it writes: ")
    assert not said.has_offers


def test_nothing_is_asked_twice_and_pairs_are_kept_apart(opened):
    told = opened(known=table("en", "pl"), turned=True)
    first = examined(told)
    again = examined(told)
    assert replace(again, taken=first.taken) == first
    jobs = [one for one in on_service_thread(told, told.services.jobs.list) if one.kind == KIND]
    assert [one.done for one in jobs] == [18, 18]
    other = examined(told, "en", "de")
    assert other.level == "weak"
    assert [(one.source, one.target) for one in results_of(record(told))] == [("en", "de"), ("en", "pl")]
    assert advice(told, "", "pl").level == "good", "of any source: from English"
    assert advice(told, "fi", "pl").level == "good", "Finnish has no items: from English"
    assert advice(told, "de", "pl").level == "", "not examined"


def test_pairs_that_cannot_be_examined_are_refused_with_a_reason(opened):
    told = opened()
    for pair, code in (
        (("en", "en"), "language.same"),
        (("fi", "en"), "exam.pair"),
        (("en", "xx"), "language.unknown"),
    ):
        with pytest.raises(KnownError) as caught:
            on_service_thread(told, lambda pair=pair: told.services.pair_exams.take(None, *pair))
        assert caught.value.code == code


def test_a_better_model_on_this_pc_is_named_first_and_can_be_used(opened, tmp_path):
    told = opened(known=table("en", "pl"))
    other = add_model(told.services, tmp_path / "other.gguf", "Other")
    services = told.services
    job = on_service_thread(told, lambda: services.pair_exams.take(other.id, "en", "pl"))
    told.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    first = next(one.id for one in on_service_thread(told, services.models.list) if one.name == "Echo")
    on_service_thread(told, lambda: services.store.set_model_facts(first, pair_exams=weak_fact(told, other.id)))
    on_service_thread(told, lambda: services.uses.set_default(Use.TRANSLATE, first))
    said = advice(told)
    assert said.level == "weak"
    assert said.better.name == "Other"
    assert said.better.words == "Other, on this PC, is good at it."
    on_service_thread(told, lambda: services.uses.set_default(Use.TRANSLATE, said.better.id))
    assert advice(told).words == ""


def weak_fact(told, model):
    """The result of another model, made weak."""
    event = next(one for one in told.services.store.models() if one.id == model).facts["pair_exams"]
    pair = dict(event["pairs"]["en-pl"], level="weak")
    pair["skills"] = [dict(one, level="weak", passed=0) for one in pair["skills"]]
    return {**event, "pairs": {"en-pl": pair}}


def test_without_an_exam_the_publishers_list_of_languages_is_told(opened, tmp_path):
    told = opened()
    store = told.services.store
    smol = "huggingface:HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF/smollm2-1.7b-instruct-q4_k_m.gguf@main"
    first = record(told).id
    on_service_thread(told, lambda: store.change_model(first, source=smol))
    on_service_thread(told, lambda: told.services.uses.set_default(Use.TRANSLATE, first))
    assert advice(told, "en", "pl").words == "Echo was not made for Polish; its publisher names English."
    assert advice(told, "en", "pl").has_offers
    assert advice(told, "pl", "en").words == ""
    other = add_model(told.services, tmp_path / "euro.gguf", "Euro")
    euro = "huggingface:QuantFactory/EuroLLM-1.7B-Instruct-GGUF/EuroLLM-1.7B-Instruct.Q4_K_M.gguf@main"
    on_service_thread(told, lambda: store.change_model(other.id, source=euro))
    said = advice(told, "en", "pl")
    assert said.better.words == "Euro, on this PC, was made for translation."
    assert advice(told, "en", "th").better is None, "Thai is none of its languages"
    assert "EuroLLM 1.7B Instruct" in [one.title for one in made_for("de", "fi")]


def test_a_model_without_a_chat_format_is_said(opened):
    told = opened(known=table("en", "pl"))
    on_service_thread(
        told, lambda: told.services.store.change_model(record(told).id, header={"has_chat_template": False})
    )
    examined(told)
    assert advice(told).words.startswith("Echo brings no chat format; a plain one is used")


def test_a_glossary_that_is_passed_over_is_said_where_one_holds(opened):
    known = {
        one: words.replace("Velmora", "skład").replace("Certaplus", "") for one, words in table("en", "pl").items()
    }
    told = opened(known=known)
    assert examined(told).is_weak(PairSkill.GLOSSARY)
    assert "glossary" not in advice(told).words
    services = told.services
    made = on_service_thread(
        told, lambda: services.store.add_glossary("Terms", source_language="en", target_language="pl")
    )
    on_service_thread(told, lambda: services.store.add_terms(made.id, [Term("depot", "magazyn")]))
    assert "It often passes over a glossary (1 of 3 terms used)" in advice(told).words


def test_where_tags_are_lost_they_are_not_asked_for_but_placed(opened, tmp_path):
    known = {one: words.replace("<", "(").replace(">", ")") for one, words in table("en", "de").items()}
    told = opened(known=known, turned=True)
    assert examined(told, "en", "de").is_weak(PairSkill.TAGS)
    assert "placed afterwards" in advice(told, "en", "de", for_document=True).words
    path = tmp_path / "a.docx"
    words = "<w:r><w:t xml:space='preserve'>The rent is </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>due</w:t></w:r>"
    path.write_bytes(docx(f"<w:p>{words}</w:p>"))
    service = told.services.translations
    item = on_service_thread(told, lambda: service.begin(TranslationRequest("de", path=str(path), source="en")))
    job = on_service_thread(told, lambda: service.open(item.id)).job
    told.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    assert on_service_thread(told, lambda: told.services.store.job(job.id)).settings["tagged_first"] is False
    steps = on_service_thread(told, lambda: told.services.store.steps(job.id))
    assert not any("numbered tags" in str(one.input) for one in steps)
    segment = on_service_thread(told, lambda: service.segments(item.id))[0]
    assert any(one.kind == "formatting" for one in segment.flags), segment
    assert "<1>" in segment.target


def test_a_plain_first_try_has_a_second_before_tags_are_placed(opened, tmp_path):
    known = {one: words.replace("<", "(").replace(">", ")") for one, words in table("en", "de").items()}
    told = opened(known=known | {"The rent is 900 euros": "Die Miete ist hoch"}, turned=True)
    examined(told, "en", "de")
    path = tmp_path / "a.docx"
    words = (
        "<w:r><w:t xml:space='preserve'>The rent is </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>900 euros</w:t></w:r>"
    )
    path.write_bytes(docx(f"<w:p>{words}</w:p>"))
    service = told.services.translations
    item = on_service_thread(told, lambda: service.begin(TranslationRequest("de", path=str(path), source="en")))
    job = on_service_thread(told, lambda: service.open(item.id)).job
    told.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    steps = [str(one.input) for one in on_service_thread(told, lambda: told.services.store.steps(job.id))]
    assert sum("A first translation was wrong: " in one for one in steps) == 1
    assert not any("numbered tags" in one for one in steps)


def test_without_blanks_between_words_tags_are_always_asked_for(opened):
    known = {one: words.replace("<", "(").replace(">", ")") for one, words in table("en", "ja").items()}
    told = opened(known=known, turned=True)
    assert examined(told, "en", "ja").is_weak(PairSkill.TAGS)
    assert "placed afterwards" not in advice(told, "en", "ja", for_document=True).words
    assert on_service_thread(told, lambda: told.services.pair_advice.is_tagged_first(record(told), "en", "ja"))


def test_the_decision_of_a_job_stays_when_an_exam_comes_between(opened):
    told = opened(turned=True, slow=0.02)
    service, services = told.services.translations, told.services
    item = on_service_thread(
        told, lambda: service.begin(TranslationRequest("de", text="One. Two. Three.", source="en"))
    )
    job = on_service_thread(told, lambda: services.jobs.pause(service.open(item.id).job.id))
    assert job.settings["tagged_first"] is True
    examined(told, "en", "de")
    assert on_service_thread(told, lambda: services.store.job(job.id)).settings["tagged_first"] is True


def test_a_model_that_could_not_be_asked_is_not_weak(opened):
    told = opened(fail="model.damaged")
    job = on_service_thread(told, lambda: told.services.pair_exams.take(None, "en", "pl"))
    ended = told.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    assert ended.status is JobStatus.FAILED
    assert ended.problem.code == "model.damaged"
    assert results_of(record(told)) == []
    assert advice(told).level == ""


@pytest.fixture
def begun(opened):
    """Services in which a pair is examined soon after it was first translated."""

    def make(**echo):
        told = opened(**echo)
        first = told.services.first_pair_exams

        def begin() -> None:
            first.idle_s = 0.05
            first.is_on_battery = lambda: False
            first.is_away = lambda: True
            first.begin()

        on_service_thread(told, begin)
        return told

    return make


def typed(told, text, target="pl"):
    begin = len(told.facts)
    on_service_thread(told, lambda: told.services.live.translate(text, Manner(target, "en"), record(told)))
    told.wait(LiveTranslated, lambda event: event.is_done, begin)


def exams(told):
    return [one for one in on_service_thread(told, told.services.jobs.list) if one.kind == KIND]


def test_a_pair_is_examined_once_by_itself_after_it_was_first_used(begun):
    told = begun(turned=True)
    typed(told, "The rent is due.")
    assert told.of(PairUsed)[0] == PairUsed(record(told).id, "en", "pl")
    told.wait(JobChanged, lambda event: event.kind == KIND and event.status is JobStatus.DONE)
    assert results_of(record(told))[0].level == "weak"
    typed(told, "The rent is due today.")
    passed = threading.Event()
    on_service_thread(told, lambda: told.services.service_thread.call_later(0.3, passed.set))
    assert passed.wait(20)
    assert len(exams(told)) == 1


def test_not_on_battery_nor_when_it_is_switched_off(begun):
    told = begun(turned=True)
    on_service_thread(told, lambda: setattr(told.services.first_pair_exams, "is_on_battery", lambda: True))
    typed(told, "The rent is due.")
    on_service_thread(told, lambda: told.services.settings.change(exams_at_first_use=False))
    typed(told, "The rent is not due.")
    passed = threading.Event()
    on_service_thread(told, lambda: told.services.service_thread.call_later(0.3, passed.set))
    assert passed.wait(20)
    assert exams(told) == []


def test_a_pair_that_failed_or_is_slow_is_not_tried_again_by_itself(begun, monkeypatch):
    monkeypatch.setattr("slmdesk.services.evaluation.auto_exams.LONGEST_S", 0.001)
    told = begun(turned=True, slow=0.01)
    typed(told, "The rent is due.")
    told.wait(JobChanged, lambda event: event.kind == KIND and event.status is JobStatus.PAUSED)
    assert notes_of(record(told)) == {"en-pl": "slow"}
    assert note_lines(notes_of(record(told))) == (
        "English → Polish: no automatic test, it would take long on this PC.",
    )
    assert examined(told).level == "weak", "a person may still ask for it"
    assert notes_of(record(told)) == {}
