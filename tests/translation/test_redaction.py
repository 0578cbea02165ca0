"""Translations that are redacted: what reaches the engine, what comes back, and what is kept."""

from __future__ import annotations

import pytest
from fakes.office import docx

from slmdesk.base.records import JobStatus
from slmdesk.base.translation import Origin, SegmentState, Term
from slmdesk.jobs.types import JobChanged
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.text.redaction import Kind
from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.replacing import redacted
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.types import LiveTranslated, TranslationRequest

pytestmark = pytest.mark.process

LETTER = (
    "Ashworth has not paid yet. The rent is 900 euros.\n"
    "Dear Ms Ashworth, please use the account GB33 BUKB 2020 1555 5555 55.\n"
    "Call me at +44 20 7946 0958 or write to mary.jonas@harper.example today.\n"
    "\n"
    "Kind regards\n"
    "Peter Lindqvist\n"
)
PRIVATE = ("ashworth", "5555", "2020 1555", "7946", "harper.example", "jonas", "lindqvist")
MARK = "Mr Corbett-Vance"


def begun(recorder, decisions=NOTHING_DECIDED, **given):
    service = recorder.calls.translations
    item = service.begin(TranslationRequest(target="de", source="en", **given), decisions)
    return item, service.open(item.id).job


def translated(recorder, decisions=NOTHING_DECIDED, **given):
    """Begin, wait for the end of its job, and open."""
    item, job = begun(recorder, decisions, **given)
    ended = (JobStatus.DONE, JobStatus.FAILED)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ended)
    return recorder.calls.translations.open(item.id)


def words_of(recorder, view):
    return recorder.calls.translations.text_of(view.item.id)


def segments_of(recorder, view):
    return recorder.calls.translations.segments(view.item.id)


def table_of(recorder, view):
    return recorder.calls.redaction.table(view.item.id)


def flags_of(recorder, view):
    return [flag for one in segments_of(recorder, view) for flag in one.flags if flag.kind == "redaction"]


def test_nothing_private_reaches_the_engine_and_the_translation_has_the_originals(opened, asked):
    recorder = opened(turned=True)
    view = translated(recorder, text=LETTER, redact=True)
    assert view.is_done
    assert asked(), "the recording must hear what is asked"
    assert [one for one in PRIVATE if one in asked()] == []
    words = words_of(recorder, view)
    assert "Ashworth HAS NOT PAID YET." in words.replace("ASHWORTH", "Ashworth")
    for original in ("GB33 BUKB 2020 1555 5555 55", "+44 20 7946 0958", "mary.jonas@harper.example"):
        assert original.casefold() in words.casefold()
    assert len(words.splitlines()) == len(LETTER.splitlines())
    assert flags_of(recorder, view) == []
    kinds = {one.kind for one in table_of(recorder, view)}
    assert {Kind.PERSON, Kind.IBAN, Kind.PHONE, Kind.EMAIL} <= kinds
    counts = recorder.calls.translations.replaced(view.item.id)
    assert counts[Kind.IBAN] == counts[Kind.PHONE] == 1


def test_the_search_finds_the_originals_where_nothing_is_redacted(opened, asked):
    recorder = opened(turned=True)
    view = translated(recorder, text=LETTER)
    assert [one for one in PRIVATE if one not in asked()] == []
    assert table_of(recorder, view) == ()
    assert "redact" not in recorder.calls.history.item(view.item.id).settings["wish"]


def test_the_words_of_a_glossary_and_a_hint_are_hidden_too(opened, asked):
    recorder = opened(turned=True)
    terms = (Term("landlord", MARK), Term("Ashworth", "Eschwert"), Term("account", "", keeps=True))
    made = recorder.calls.glossaries.add("ours", "en", "de")
    recorder.calls.glossaries.add_terms(made.id, terms)
    text = f"{LETTER}The landlord has a garden behind the house.\n"
    view = translated(recorder, text=text, redact=True)
    number = next(one.number for one in segments_of(recorder, view) if "Call me" in one.source)
    hint = "Say it as Ms Penhallow would."
    recorder.calls.segment_edits.retry(view.item.id, number, hint)
    assert "landlord = mr " in asked()
    assert "say it as ms " in asked()
    assert [one for one in (*PRIVATE, "corbett", "vance", "penhallow", "eschwert") if one in asked()] == []


def test_what_a_person_left_is_sent_and_what_was_added_is_not(opened, asked):
    recorder = opened(turned=True)
    decisions = Decisions(added=((Kind.OTHER, "garden"),), left=("Ashworth",))
    view = translated(recorder, decisions, text=f"{LETTER}The garden is green.\n", redact=True)
    assert "ashworth" in asked()
    assert "garden" not in asked()
    assert "garden" in words_of(recorder, view).casefold()


def test_formatting_inside_of_what_is_hidden_keeps_the_words_right(opened, asked, tmp_path):
    recorder = opened(turned=True)

    def run(text, look=""):
        return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}<w:t xml:space='preserve'>{text}</w:t></w:r>"

    path = tmp_path / "a.docx"
    first = run("Dear Ms ") + run("Jane", "<w:b/>") + run(" Ashworth, the account is GB33 BUKB ")
    path.write_bytes(docx(f"<w:p>{first}{run('2020 1555', '<w:i/>')}{run(' 5555 55.')}</w:p>"))
    view = translated(recorder, path=str(path), redact=True)
    assert [one for one in ("jane", "ashworth", "5555", "2020") if one in asked()] == []
    (segment,) = segments_of(recorder, view)
    assert segment.target, segment
    plain = segment.target.casefold()
    assert "ashworth" in plain
    assert "gb33 bukb 2020 1555 5555 55" in plain
    assert [(flag.text, flag.detail) for flag in flags_of(recorder, view)] == [
        ("GB33 BUKB 2020 1555 5555 55", "format")
    ]


SENTENCE = "Dear Ms Ashworth, please pay {}."


def test_a_substitute_that_comes_back_changed_or_not_at_all_is_named_at_its_segment(opened):
    texts = [SENTENCE.format(one) for one in ("now", "soon", "today", "tomorrow")]
    name = next(sub for own, sub in redacted(texts[0], find_private(texts[0])).table[0].pairs if own == "Ashworth")
    cases = (
        (f"Liebe Frau {name[:-1]}x, bitte zahlen.", ["missing", "added"], f"{name[:-1]}x"),
        (f"Liebe Frau {name}owi, bitte zahlen.", ["…owi"], "Frau Ashworth,"),
        (f"Bitte zahlen Sie {name}s Rechnung.", [], "Ashworths Rechnung"),
        ("Bitte zahlen.", ["missing"], "Bitte zahlen."),
    )
    known = {text.replace("Ashworth", name): case[0] for text, case in zip(texts, cases, strict=True)}
    recorder = opened(known=known)
    for text, (answer, details, words) in zip(texts, cases, strict=True):
        view = translated(recorder, text=text, redact=True)
        assert [flag.detail for flag in flags_of(recorder, view)] == details, answer
        assert words in words_of(recorder, view)


def test_history_and_memory_hold_the_originals(opened):
    recorder = opened(turned=True)
    view = translated(recorder, text=LETTER, redact=True)
    substitutes = [sub for entry in table_of(recorder, view) for _, sub in entry.pairs]
    kept = "\n".join(f"{one.source}\n{one.target}" for one in segments_of(recorder, view))
    assert not [substitute for substitute in substitutes if substitute.casefold() in kept.casefold()]
    number = next(one.number for one in segments_of(recorder, view) if "Ashworth has" in one.source)
    recorder.calls.segment_edits.edit(view.item.id, number, "Ashworth hat nicht gezahlt.")
    pairs = recorder.calls.store.memory.recall("en", "de", "Ashworth has not paid yet.")
    assert [(pair.target, pair.origin) for pair in pairs] == [("Ashworth hat nicht gezahlt.", Origin.PERSON)]


def test_a_stopped_translation_goes_on_with_the_same_table_and_deleting_it_deletes_that(opened, asked):
    recorder = opened(turned=True, slow=0.02)
    text = "".join(f"House {number} belongs to Ms Ashworth and Mr Lindqvist.\n" for number in range(40))
    item, job = begun(recorder, text=text, redact=True)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.done >= 3)
    recorder.calls.jobs.pause(job.id)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.PAUSED)
    before = recorder.calls.redaction.table(item.id)
    assert before
    begin = len(recorder.events)
    recorder.calls.jobs.resume(job.id)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE, begin)
    assert recorder.calls.redaction.table(item.id) == before
    assert "ashworth" not in asked()
    view = recorder.calls.translations.open(item.id)
    assert {one.state for one in segments_of(recorder, view)} == {SegmentState.TRANSLATED}
    assert words_of(recorder, view).casefold().count("ashworth") == 40
    recorder.calls.history.delete_for_good(item.id)
    assert recorder.calls.store.redactions.of_item(item.id) == []


def test_typed_text_is_hidden_in_memory_alone(opened, asked):
    recorder = opened(turned=True)
    live, manner = recorder.calls.live, TranslationStyle("de", "en")
    record = recorder.calls.translations.record(None)
    live.translate(LETTER, manner, record, redact=True)
    done = recorder.wait(LiveTranslated, lambda event: event.is_done and event.segments)
    assert asked()
    assert [one for one in PRIVATE if one in asked()] == []
    shown = "".join(segment.lead + segment.target + segment.trail for segment in done.segments).casefold()
    assert "ashworth" in shown
    assert "gb33 bukb 2020 1555 5555 55" in shown
    grown = [segment for event in recorder.of(LiveTranslated) for segment in event.segments]
    substitutes = [sub for own in recorder.services.live.veil.table for _, sub in own.pairs]
    assert substitutes
    assert not [one for one in substitutes for each in grown if one.casefold() in each.target.casefold()]
    item = recorder.calls.recent.keep(LETTER, manner, done.segments, redact=True)
    assert recorder.calls.store.redactions.of_item(item) == []
    assert recorder.calls.recent.open(item).redact
