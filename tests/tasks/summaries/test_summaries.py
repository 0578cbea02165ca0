from __future__ import annotations

import json
import random

import pytest
from fakes.killed import kill_engine
from fakes.matrix import counts
from fakes.recorder import STARTER, sized
from tasks.jobs.test_jobs import count_saves

from slmdesk.base.documents import Block, BlockKind, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import ModelStateChanged
from slmdesk.base.types import Role
from slmdesk.tasks import summarize
from slmdesk.tasks.export import export_report
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Edit
from slmdesk.tasks.service import ReportGrew, ReportMade
from slmdesk.tasks.shape import Growth
from slmdesk.tasks.summaries import plan
from slmdesk.tasks.summaries.lines import count_words
from slmdesk.tasks.summaries.plan import NOT_WRITTEN, NOTHING_USABLE, TOO_MUCH_TO_DO
from slmdesk.tasks.summaries.shown import WRITING
from slmdesk.tasks.summaries.types import ALSO_IN, TO_DO, Kind, Length, Paper, SummaryRequest

pytestmark = pytest.mark.process

PAGES = 24
WORDED = {"language": "de"}
"""A request for which each line of an English document is worded by the model, in a step of its own."""
WORDS = (  # noqa: SIM905  lines, not a column of words
    "boiler tenant garden window lease roof repair notice payment deposit cellar stairs neighbour heating meter "
    "insurance key kitchen parking bicycle letter court witness signature agreement broker valuation transfer"
).split()


@pytest.fixture
def writer(monkeypatch):
    """Every model may write."""
    for module in (summarize, plan):
        monkeypatch.setattr(module, "may", lambda record, work: True)


def page(number: int, *blocks: str, heading: str = ""):
    text, made = "", []
    for words in ([heading] if heading else []) + list(blocks):
        kind = BlockKind.HEADING if words == heading else BlockKind.PARAGRAPH
        made.append(Block(kind, len(text), len(text) + len(words)))
        text += words + "\n"
    return page_of(number, str(number), text, made)


def long_document(pages: int, seed: int = 1) -> list:
    chance = random.Random(seed)
    made = []
    for number in range(1, pages + 1):
        blocks = [
            f"The {chance.choice(WORDS)} of flat {number}{letter} concerns the {chance.choice(WORDS)}, the "
            f"{chance.choice(WORDS)} and the {chance.choice(WORDS)} beside the {chance.choice(WORDS)}. It was the "
            f"{chance.choice(WORDS)} that the {chance.choice(WORDS)} spoke about in the {chance.choice(WORDS)}."
            for letter in "abcd"
        ]
        made.append(page(number, *blocks, heading=f"Chapter {number}" if number % 5 == 1 else ""))
    return made


def keep(recorder, name: str, pages, **more):
    """A document as it is after it was read."""
    store = recorder.services.store

    def add():
        record = store.documents.add(
            path=b"/x/" + name.encode(), name=name, sha256=name, format="pdf", bytes=1, mtime_ns=1, reader="1"
        )
        store.pages.save(record.id, pages)
        return store.documents.change(record.id, status="read", info={"format": "pdf", "pages": len(pages), **more})

    return recorder.services.service_thread.call(add)


def begin(recorder, *documents, **request):
    return recorder.calls.tasks.begin(
        "summary", SummaryRequest(tuple(document.id for document in documents), **request)
    )


def ended(recorder, item, begin=0):
    recorder.wait(ReportMade, lambda event: event.item == item.id, begin)
    return view(recorder, item).result


def view(recorder, item):
    return recorder.calls.tasks.open(item.id)


def text_at(recorder, span):
    pages = recorder.calls.store.pages.of_document(span.document, begin=span.page, limit=1)
    return pages[0].text[span.start : span.end]


def plain(summary) -> dict:
    shape = json.loads(
        json.dumps(summary, default=lambda struct: {k: getattr(struct, k) for k in struct.__struct_fields__})
    )
    del shape["seconds"]
    return shape


def test_what_is_said_is_chosen_at_once_with_its_ledger(opened) -> None:
    recorder = opened()
    lease = page(1, "The rent is 900 euros a month.", "Please pay the deposit by 3 May 2027.", heading="Lease")
    without_words = page_of(2, "2", "", (), status=PageStatus.SCANNED), page_of(3, "3", "", ())
    document = keep(recorder, "lease.pdf", [lease, *without_words])
    item = begin(recorder, document)
    summary = ended(recorder, item)
    assert (summary.method, summary.note) == ("quotations", "")
    assert [
        (sentence.group, sentence.text, text_at(recorder, sentence.blocks[0])) for sentence in summary.sentences
    ] == [
        ("", "Lease: The rent is 900 euros a month.", "The rent is 900 euros a month."),
        (TO_DO, *["Please pay the deposit by 3 May 2027."] * 2),
    ]
    assert all(sentence.supported and sentence.pages == (1,) for sentence in summary.sentences)
    ledger = summary.coverage
    assert (ledger.pages_total, ledger.pages_read, ledger.blocks_total, ledger.blocks_read) == (3, 1, 3, 3)
    assert [(gap.page, gap.reason) for gap in ledger.unreadable] == [(2, "scanned"), (3, "empty")]
    opened_again = view(recorder, item)
    assert opened_again.result == summary
    assert opened_again.job.status is JobStatus.DONE
    assert opened_again.job.total == 0  # nothing was asked
    messages = recorder.calls.store.messages.of_item(item.id)
    assert [message.role for message in messages] == [Role.USER, Role.ASSISTANT]
    assert "[p. 1]" in messages[1].text
    assert "1 of 3 pages read. Not read: 2 (scanned); 3 (empty)." in messages[1].text
    hits = recorder.calls.history.search("900 euros")
    assert item.id in {hit.item for hit in hits}
    exported = recorder.calls.history.export(item.id, "md")
    assert "1 of 3 pages read" in exported


SHORT_LETTER = ("The rent of the flat is 900 euros a month.", "Please pay the deposit by 3 May 2027.")


@pytest.mark.parametrize("request_", [{}, {"language": "en"}, {"kind": Kind.PARAGRAPH}])
def test_what_needs_no_wording_needs_no_model(opened, request_) -> None:
    recorder = opened(model=False)
    item = begin(recorder, keep(recorder, "a.pdf", [page(1, *SHORT_LETTER)]), **request_)
    summary = ended(recorder, item)
    assert (summary.method, summary.model) == ("quotations", "")
    assert [text_at(recorder, sentence.blocks[0]) for sentence in summary.sentences] == list(SHORT_LETTER)
    assert view(recorder, item).job.model_sha256 == ""


def test_a_summary_that_was_deleted_is_made_again_only_on_request(opened) -> None:
    recorder = opened(model=False)
    calls, document = recorder.calls, keep(recorder, "a.pdf", [page(1, *SHORT_LETTER)])
    request = SummaryRequest((document.id,))
    item = calls.tasks.begin_first("summary", request)
    ended(recorder, item)
    for away in (lambda _id: None, calls.history.trash, calls.history.delete_for_good):
        away(item.id)
        assert calls.tasks.begin_first("summary", request) is None
    ended(recorder, begin(recorder, document))


@pytest.mark.parametrize("request_", [WORDED, {"kind": Kind.SIMPLE}, {"instruction": "Tell all.", "language": "en"}])
def test_what_needs_wording_is_refused_without_a_model_and_nothing_is_kept(opened, request_) -> None:
    recorder = opened(model=False)
    document = keep(recorder, "a.pdf", [page(1, *SHORT_LETTER)])
    with pytest.raises(KnownError, match=r"model\.none"):
        begin(recorder, document, **request_)
    assert recorder.calls.history.titles() == []


def test_a_model_is_loaded_by_the_first_line_that_it_words(opened) -> None:
    recorder = opened()
    document = keep(recorder, "a.pdf", [page(1, *SHORT_LETTER)])
    ended(recorder, begin(recorder, document))
    assert not [change for change in recorder.of(ModelStateChanged) if change.model]
    ended(recorder, begin(recorder, document, **WORDED))
    assert [change for change in recorder.of(ModelStateChanged) if change.model]


def test_a_job_that_an_older_version_began_with_a_model_goes_on(opened) -> None:
    recorder = opened()
    services, document = recorder.services, keep(recorder, "a.pdf", [page(1, *SHORT_LETTER)])
    request = SummaryRequest((document.id,))

    def begun() -> str:
        item = services.store.items.add("summary", "Summary: a.pdf", settings={"wish": to_json(request)})
        services.store.documents.link(item.id, [document.id])
        sha256, settings = services.models.choose(None).sha256, to_json(request)
        job = services.store.jobs.add("summary", "a", model_sha256=sha256, steps=[], settings=settings, item=item.id)
        assert services.tasks.begun_before("summary", request).id == job.id
        return services.jobs.resume(job.id).item

    item = services.service_thread.call(begun)
    recorder.wait(ReportMade, lambda event: event.item == item)
    assert recorder.calls.tasks.open(item).result.method == "quotations"


def texts_in(growth: Growth) -> list[str]:
    return [statement.text for section in growth.sections for statement in section.statements]


def test_lines_come_while_they_are_worded(opened) -> None:
    recorder = opened(slow=0.0005)
    item = begin(recorder, keep(recorder, "a.pdf", long_document(PAGES)), length=Length.SHORT, **WORDED)
    summary = ended(recorder, item)
    assert summary.method == "model"
    shown = [text for event in recorder.of(ReportGrew) for text in texts_in(event.growth)]
    assert {sentence.text for sentence in summary.sentences} <= set(shown)
    assert len(shown) == len(set(shown))
    recorder.wait(JobChanged, lambda change: change.status is JobStatus.DONE)
    assert any(change.eta_s is not None and change.eta_s > 0 for change in recorder.of(JobChanged))


LONG_LETTER = [*SHORT_LETTER, *(f"The {word} of the house is older than the {word} beside it." for word in WORDS)]
ANSWER = """What it is:
- A letter about a flat that costs 900 euros a month [1]
To do:
- Pay the deposit by 3 May 2027 [2]
Good to know:
- The boiler is older than the one beside it [3]
"""


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize("request_", [{}, {"kind": Kind.SIMPLE}, {"kind": Kind.PARAGRAPH}, {"focus": "boiler"}])
def test_a_model_that_may_write_tells_it_after_the_rules(opened, request_) -> None:
    recorder = opened(answer=ANSWER)
    document = keep(recorder, "a.pdf", [page(1, *LONG_LETTER)])
    own = ended(recorder, begin(recorder, document, own_words=True, **request_))
    begun = len(recorder.events)
    item = begin(recorder, document, **request_)
    summary = ended(recorder, item, begun)
    first = next(event for event in recorder.events[begun:] if isinstance(event, ReportGrew))
    assert first.growth.is_whole
    assert texts_in(first.growth) == [sentence.text for sentence in own.sentences]
    assert (summary.method, own.method, summary.note) == ("model", "quotations", "")
    groups = ("", "", "") if "kind" in request_ and request_["kind"] is Kind.PARAGRAPH else ("", TO_DO, "Key points")
    assert [(each.group, each.text) for each in summary.sentences if each.group != ALSO_IN] == [
        (group, line.removeprefix("- ").partition(" [")[0])
        for group, line in zip(groups, ANSWER.splitlines()[1::2], strict=True)
    ]
    assert [text_at(recorder, each.blocks[0]) for each in summary.sentences[:3]] == LONG_LETTER[:3]
    assert summary.documents[0].own_words == own.documents[0].sentences
    assert "[" not in "".join(event.growth.writing for event in recorder.of(ReportGrew))


@pytest.mark.usefixtures("writer")
def test_the_rules_tell_it_while_another_job_has_the_model(opened) -> None:
    recorder = opened(answer=ANSWER, slow=0.05)
    first, second = (keep(recorder, name, [page(1, *LONG_LETTER)]) for name in ("a.pdf", "b.pdf"))
    begin(recorder, first)
    item = begin(recorder, second)
    grown = recorder.wait(ReportGrew, lambda event: event.item == item.id)
    assert grown.growth.is_whole
    waiting = view(recorder, item)
    assert waiting.job.status is JobStatus.OPEN
    assert [sentence.text for sentence in waiting.draft.sentences] == texts_in(grown.growth)
    assert recorder.calls.tasks.report(item.id).writer == WRITING
    assert ended(recorder, item).method == "model"


@pytest.mark.usefixtures("writer")
def test_a_summary_is_written_in_the_language_of_its_reader(opened, asked) -> None:
    recorder = opened(answer="- Die Miete beträgt 900 Euro. [1]\n- Die Kaution beträgt 700 Euro. [2]\n")
    document = keep(recorder, "a.pdf", [page(1, *LONG_LETTER)])
    summary = ended(recorder, begin(recorder, document, reader="de"))
    assert summary.language == "de"
    assert [(each.text, each.supported) for each in summary.sentences[:2]] == [
        ("Die Miete beträgt 900 Euro.", True), ("Die Kaution beträgt 700 Euro.", False)
    ]  # fmt: skip
    assert "auf deutsch" in asked()


@pytest.mark.usefixtures("writer")
def test_the_rules_tell_it_where_the_model_does_not(opened) -> None:
    recorder = opened(answer=ANSWER, slow=0.05)
    document = keep(recorder, "a.pdf", [page(1, *LONG_LETTER)])
    own = ended(recorder, begin(recorder, document, own_words=True))
    item = begin(recorder, document)
    recorder.wait(ReportGrew, lambda event: event.item == item.id and event.growth.writing)
    recorder.calls.jobs.cancel(view(recorder, item).job.id)
    recorder.wait(JobChanged, lambda change: change.status is JobStatus.CANCELLED)
    draft = view(recorder, item).draft
    assert (draft.sentences, draft.method, draft.note) == (
        own.sentences, "quotations", NOT_WRITTEN.format(model=draft.model)
    )  # fmt: skip


def test_a_model_that_may_not_write_writes_nothing(opened) -> None:
    recorder = opened(answer=ANSWER)
    document = keep(recorder, "a.pdf", [page(1, *LONG_LETTER)])
    for request, is_asked in (({}, False), ({"kind": Kind.SIMPLE}, True), ({"model": "echo"}, True)):
        summary = ended(recorder, begin(recorder, document, **request))
        assert (summary.method, "too weak" in summary.note) == ("quotations", is_asked)


UNDATED = (
    "sign the enclosed consent of both neighbours",
    "return the yellow parking permit",
    "register the dog and its vaccination",
    "collect a new key for the cellar",
    "report any damp found behind the wardrobe",
    "show your passport and birth certificate",
    "name two people who may open your letters",
    "confirm the number of children at school",
    "order a bigger bin for garden waste",
    "complete the questionnaire about heating costs",
)


@pytest.mark.parametrize("request_", [{}, WORDED])
def test_what_has_a_day_is_said_even_if_it_is_too_long_and_what_has_no_room_is_told(opened, request_) -> None:
    recorder = opened()
    duties = [f"Please bring the {word} of the house back by {at} May 2027." for at, word in enumerate(WORDS, 1)]
    document = keep(recorder, "a.pdf", [*long_document(2), page(3, *duties)])
    summary = ended(recorder, begin(recorder, document, length=Length.SHORT, **request_))
    assert [
        text_at(recorder, sentence.blocks[0]) for sentence in summary.sentences if sentence.group == TO_DO
    ] == duties
    assert summary.note == ""
    some = [f"Please {duty} at the office in the town hall." for duty in UNDATED]
    document = keep(recorder, "a.pdf", [*long_document(2), page(3, *some)])
    summary = ended(recorder, begin(recorder, document, length=Length.SHORT, **request_))
    assert 0 < sum(sentence.group == TO_DO for sentence in summary.sentences) < len(some)
    assert summary.note == TOO_MUCH_TO_DO
    beside = begin(recorder, document, keep(recorder, "b.pdf", long_document(2)), length=Length.SHORT, **request_)
    assert ended(recorder, beside).note == f"a.pdf: {TOO_MUCH_TO_DO}"


@pytest.mark.usefixtures("writer")
@pytest.mark.parametrize(
    "length", [40, *(pytest.param(length, marks=pytest.mark.soak) for length in (Length.SHORT, Length.LONG))]
)
def test_what_a_model_writes_has_the_words_that_are_allowed(opened, length) -> None:
    """Lines it makes longer give way; of what it writes for a person the rest is left out."""
    recorder = opened()
    document = keep(recorder, "a.pdf", long_document(PAGES))
    for request in ({}, {"kind": Kind.OWN, "instruction": "Say all."}):
        summary = ended(recorder, begin(recorder, document, length=length, **request))
        written = [sentence.text for sentence in summary.sentences if sentence.group != ALSO_IN]
        assert 0 < sum(map(count_words, written)) <= summary.words * 1.1


@pytest.mark.real_child
@counts("w1_summaries")
def test_kills_change_nothing_and_no_stored_step_is_done_twice(opened, count) -> None:
    recorder = opened(slow=0.002)
    pages = long_document(PAGES * (1 + count) // 3)  # the engine is killed after one to three steps, often later
    request = {"length": Length.LONG, **WORDED}
    undisturbed = plain(ended(recorder, begin(recorder, keep(recorder, "a.pdf", pages), **request)))
    recorder.calls.store.database.run("delete from steps")  # or nothing would be asked again
    asked = count_saves(recorder)
    start = len(recorder.events)
    chance = random.Random(count)
    document = keep(recorder, "b.pdf", pages)
    item = begin(recorder, document, **request)
    job = view(recorder, item).job
    kill_engine(recorder, job.id, start, kills=count, chance=chance)
    disturbed = plain(ended(recorder, item, start))
    first = undisturbed["documents"][0]["document"]
    assert json.dumps(disturbed).replace(document.id, first).replace("b.pdf", "a.pdf") == json.dumps(undisturbed)
    assert len(asked) == len({key for key, _ in asked})
    assert all(kept for _, kept in asked)


def growing(opened):
    """A summary of which the first sentences are written."""
    recorder = opened(slow=0.01)
    item = begin(recorder, keep(recorder, "a.pdf", long_document(PAGES)), **WORDED)
    recorder.wait(ReportGrew, lambda event: event.growth.sections)
    return recorder, item


def test_what_was_written_before_a_summary_was_stopped_stays(opened) -> None:
    recorder, item = growing(opened)
    job = view(recorder, item).job
    recorder.calls.jobs.cancel(job.id)
    recorder.wait(JobChanged, lambda change: change.id == job.id and change.status is JobStatus.CANCELLED)
    shown = [text for event in recorder.of(ReportGrew) for text in texts_in(event.growth)]
    stopped = view(recorder, item)
    assert stopped.result is None
    assert [sentence.text for sentence in stopped.draft.sentences] == shown
    with pytest.raises(KnownError):
        recorder.calls.tasks.edit(item.id, Edit(f"{stopped.documents[0].id} 0", action="add"))
    made = recorder.ask(lambda services: export_report(services.tasks, services.task_context, stopped.item, "json"))
    exported = json.loads(made())
    assert exported["sentences"][0]["text"] == shown[0]
    assert "stopped before its end" in exported["note"]
    recorder.services.close()
    again = opened()
    assert view(again, item).draft == stopped.draft
    start = len(again.events)
    again.calls.tasks.again(item.id)
    summary = ended(again, item, start)
    finished = view(again, item)
    assert (finished.result, finished.draft) == (summary, None)
    assert not summary.is_draft


def test_what_is_written_is_stored_while_it_grows(opened) -> None:
    """So that it is there after a kill, when nothing is put away at the end."""
    recorder, item = growing(opened)
    stored = recorder.calls.store.results.get(item.id)
    assert stored["is_draft"]
    assert stored["sentences"]
    recorder.calls.jobs.cancel(view(recorder, item).job.id)


def test_after_an_edit_only_what_changed_is_asked_again(opened) -> None:
    recorder = opened()
    pages = long_document(PAGES)
    ended(recorder, begin(recorder, keep(recorder, "old.pdf", pages), **WORDED))
    whole = recorder.ask(lambda services: services.store.jobs.page()[0]).total
    pages[20] = page(21, "A page that was written anew: Please replace the boiler for 900 euros by March 2027.")
    asked = count_saves(recorder)
    summary = ended(recorder, begin(recorder, keep(recorder, "new.pdf", pages), **WORDED))
    assert any("boiler for 900" in sentence.text for sentence in summary.sentences)
    assert 0 < len(asked) < whole / 3


def test_a_model_too_weak_to_word_gives_sentences_of_the_text_and_says_so(opened) -> None:
    recorder = opened()
    sized(recorder.services, STARTER)
    item = begin(recorder, keep(recorder, "long.pdf", long_document(PAGES)), **WORDED)
    summary = ended(recorder, item)
    assert (summary.method, view(recorder, item).job.total) == ("quotations", 0)
    assert "too weak" in summary.note
    assert all(
        sentence.text == text_at(recorder, sentence.blocks[0]) for sentence in summary.sentences if sentence.quotation
    )
    assert all(sentence.quotation for sentence in summary.sentences[1:])


def test_a_small_model_is_not_trusted_to_word(opened) -> None:
    recorder = opened()
    model = recorder.calls.models.choose(None)
    document = keep(recorder, "a.pdf", long_document(2))
    assert ended(recorder, begin(recorder, document, **WORDED)).method == "model"  # its size is not known
    recorder.calls.store.models.change(model.id, header={**model.header, "parameters": 135_000_000})
    again = begin(recorder, document, length=Length.SHORT, **WORDED)
    assert ended(recorder, again).method == "quotations"


def test_of_several_documents_first_what_each_is_then_what_several_say(opened) -> None:
    recorder = opened()
    documents = []
    for name, begin_at in (("one.pdf", 0), ("two.pdf", 13)):
        bought = range(begin_at, begin_at + 13)
        costs = [f"The new {WORDS[at]} was bought by the owner of the house for {at}17 euros." for at in bought]
        fee = f"The fee for the garden of {'this' if begin_at else 'the'} house is 120 euros a year."
        documents.append(keep(recorder, name, [page(1, *costs, fee)]))
    summary = ended(recorder, begin(recorder, *documents, length=Length.LONG))
    assert [each.name for each in summary.documents] == ["one.pdf", "two.pdf"]
    assert all(each.coverage.pages_read == 1 and each.sentences for each in summary.documents)
    assert [(each.file, each.group) for each in summary.sentences] == [
        ("one.pdf", ""), ("two.pdf", ""), ("one.pdf, two.pdf", "In several documents")
    ]  # fmt: skip
    assert summary.sentences[2].text == "The fee for the garden of the house is 120 euros a year."
    assert [span.document for span in summary.sentences[2].blocks] == [document.id for document in documents]
    assert summary.coverage.pages_total == 2


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.BULLETS, {"", "Key points"}),
        (Kind.SECTIONS, {"", "Chapter 1", "Chapter 6", "Chapter 11"}), (Kind.PARAGRAPH, {""}),
    ],
)  # fmt: skip
def test_sections_are_named_and_prose_has_no_groups(opened, kind, expected) -> None:
    recorder = opened()
    summary = ended(recorder, begin(recorder, keep(recorder, "a.pdf", long_document(12)), kind=kind))
    assert {sentence.group for sentence in summary.sentences} == expected


def test_a_person_says_what_sort_of_paper_it_is(opened) -> None:
    recorder = opened()
    document = keep(recorder, "a.pdf", [page(1, "The roof is repaired for 900 euros.", heading="Garden club")])
    for paper in (Paper.AUTO, Paper.MINUTES):
        summary = ended(recorder, begin(recorder, document, paper=paper, length=20))
        assert summary.documents[0].paper == paper.value


def test_what_has_the_words_of_the_focus_comes_first(opened) -> None:
    recorder = opened()
    bees = f"Bees are kept behind the {', the '.join(WORDS[:12])} and the house of the other tenant."
    document = keep(recorder, "a.pdf", [*long_document(12), page(13, bees, heading="Background")])
    for focus in ("", "bees"):
        summary = ended(recorder, begin(recorder, document, focus=focus, length=Length.SHORT))
        assert any("Bees" in sentence.text for sentence in summary.sentences) == bool(focus)


GARDEN = "The garden of flat 3b belongs to the tenant of flat 3b."


@pytest.mark.usefixtures("writer")
def test_of_a_text_longer_than_the_context_the_facts_of_each_section_are_told(opened) -> None:
    recorder = opened(answer=f"- {GARDEN} [1]\n")
    document = keep(recorder, "a.pdf", [page(1, GARDEN), *long_document(PAGES)])
    request = {"kind": Kind.OWN, "instruction": "What about the garden?", "length": 60}
    counts = []
    for context in (8192, 1024):
        recorder.calls.settings.change(context_tokens=context)
        item = begin(recorder, document, **request)
        assert [sentence.text for sentence in ended(recorder, item).sentences][:1] == [GARDEN]
        steps = recorder.calls.store.jobs.steps(view(recorder, item).job.id)
        counts.append(len(steps))
    assert counts[0] == 1 < counts[1]


@pytest.mark.usefixtures("writer")
def test_of_two_answers_at_once_one_is_shown_while_it_is_written(opened) -> None:
    recorder = opened(answer=GARDEN, slow=0.001)
    documents = [keep(recorder, name, [page(1, GARDEN, name)]) for name in ("a.pdf", "b.pdf")]
    ended(recorder, begin(recorder, *documents, kind=Kind.OWN, instruction="What about the garden?"))
    writing = [event.growth.writing for event in recorder.of(ReportGrew)]
    assert GARDEN in writing
    assert all(GARDEN.startswith(text) for text in writing)


@pytest.mark.usefixtures("writer")
def test_an_answer_without_anything_that_the_text_says_is_none_and_that_is_said(opened) -> None:
    recorder = opened(answer="- ...")
    document = keep(recorder, "a.pdf", [page(1, GARDEN)])
    summary = ended(recorder, begin(recorder, document, kind=Kind.OWN, instruction="What about the garden?"))
    assert summary.note == NOTHING_USABLE
    assert [sentence.quotation for sentence in summary.sentences] == [True]


def test_a_document_without_words_is_no_error(opened) -> None:
    recorder = opened()
    document = keep(recorder, "scan.pdf", [page_of(n, str(n), "", (), status=PageStatus.SCANNED) for n in (1, 2)])
    summary = ended(recorder, begin(recorder, document))
    assert summary.sentences == ()
    assert (summary.coverage.pages_read, len(summary.coverage.unreadable)) == (0, 2)
    assert summary.note


@pytest.mark.usefixtures("writer")
def test_what_cannot_be_cut_into_lines_is_answered_about_and_an_empty_document_beside_it_not(opened) -> None:
    recorder = opened(answer="- The tenant pays 900.")
    text = "tenant pays = 900"
    code = keep(recorder, "rent.py", [page_of(1, "1", text, [Block(BlockKind.CODE, 0, len(text))])])
    scan = keep(recorder, "scan.pdf", [page_of(1, "1", "", (), status=PageStatus.SCANNED)])
    summary = ended(recorder, begin(recorder, code, scan, kind=Kind.OWN, instruction="Explain it."))
    said = [[sentence.text for sentence in each.sentences] for each in summary.documents]
    assert said == [["The tenant pays 900."], []]
    assert summary.note == ""


def test_a_text_in_a_language_that_is_not_known_is_worded_in_the_one_that_is_asked_for(opened) -> None:
    recorder = opened()
    document = keep(recorder, "a.pdf", [page(1, "ქირა არის 900 ევრო ყოველ თვეში.")])
    assert ended(recorder, begin(recorder, document, **WORDED)).method == "model"


def test_what_two_documents_ask_for_in_the_same_words_is_in_the_summary_of_each(opened) -> None:
    recorder = opened()
    duty = "Please pay the rent by 3 May 2027."
    rent = "The rent for {} is 900 euros a month."
    documents = [keep(recorder, name, [page(1, rent.format(name), duty)]) for name in ("A-Z", "B-Z")]
    summary = ended(recorder, begin(recorder, *documents, **WORDED))
    for document in summary.documents:
        assert [text_at(recorder, each.blocks[0]) for each in document.sentences if each.group == TO_DO] == [duty]
        assert {span.document for each in document.sentences for span in each.blocks} == {document.document}


def test_tables_of_figures_are_not_retold_and_that_is_said(opened) -> None:
    recorder = opened()
    rows = [f"{row} {row * 37 % 101} {row * 53 % 97} {row * 71 % 89} {row * 29 % 83}" for row in range(1, 80)]
    pages = [*long_document(2), *(page(number, *rows) for number in range(3, 9))]
    table = "\n".join(row.replace(" ", "\t") for row in rows)
    pages.append(page_of(9, "9", table, [Block(BlockKind.TABLE_ROW, 0, len(table))]))  # these are said, or counted
    summary = ended(recorder, begin(recorder, keep(recorder, "table.pdf", pages)))
    assert summary.coverage.pages_read == 9
    assert {page for sentence in summary.sentences for page in sentence.pages} <= {1, 2, 9}
    assert "see 3–8." in summary.note
