from __future__ import annotations

import json
import random

import pytest
from fakes.killed import kill_engine
from fakes.matrix import counts

from slmdesk.core.documents import Block, BlockKind, PageStatus, page_of
from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobStatus, Role
from slmdesk.services.evaluation.exam_items import Skill, items
from slmdesk.services.evaluation.exams import SKILLS
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.summaries.events import SummaryEnded, SummaryGrew
from slmdesk.services.summaries.export import export_summary
from slmdesk.services.summaries.prompts import Kind, Length
from slmdesk.services.summaries.types import SummaryRequest

pytestmark = pytest.mark.process

PAGES = 80
"""Of a document that does not fit whole."""
WORDS = (  # noqa: SIM905  lines, not a column of words
    "boiler tenant garden window lease roof repair notice payment deposit cellar stairs neighbour heating meter "
    "insurance key kitchen parking bicycle letter court witness signature agreement broker valuation transfer"
).split()


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


def trust(recorder, level: str = "good") -> None:
    """The model as if it had been examined."""
    services = recorder.services
    shape = {
        "version": items()[0],
        "skills": [
            {"skill": skill.value, "level": level, "passed": 9, "total": 12, "auc": 0.9, "threshold": 0.0}
            for skill in (Skill.FORMAT, Skill.BLOCK, Skill.TRUTH)
        ],
    }
    model = services.service_thread.call(lambda: services.models.choose(None))
    services.service_thread.call(lambda: services.store.models.set_info(model.id, **{SKILLS: shape}))


def begin(recorder, *documents, **request):
    services = recorder.services
    return services.service_thread.call(
        lambda: services.summaries.begin(SummaryRequest(tuple(one.id for one in documents), **request))
    )


def ended(recorder, item, begin=0):
    return recorder.wait(SummaryEnded, lambda event: event.item == item.id, begin).summary


def view(recorder, item):
    return recorder.services.service_thread.call(lambda: recorder.services.summaries.open(item.id))


def steps_asked(recorder):
    seen = []
    real = recorder.services.store.jobs.save_step

    def save(job, key, value):
        kept = real(job, key, value)
        seen.append((key, kept))
        return kept

    recorder.services.store.jobs.save_step = save
    return seen


def text_at(recorder, span):
    found = recorder.services.service_thread.call(
        lambda: recorder.services.store.pages.of_document(span.document, begin=span.page, limit=1)
    )
    return found[0].text[span.start : span.end]


def plain(summary) -> dict:
    shape = json.loads(json.dumps(summary, default=lambda one: {k: getattr(one, k) for k in one.__struct_fields__}))
    del shape["seconds"]
    return shape


def test_a_short_document_in_one_pass_with_its_ledger(opened) -> None:
    recorder = opened()
    trust(recorder)
    document = keep(
        recorder, "lease.pdf",
        [page(1, "The rent is 900 euros a month.", "The garden belongs to the flat.", heading="Lease"),
         page_of(2, "2", "", (), status=PageStatus.SCANNED), page_of(3, "3", "", ())],
    )  # fmt: skip
    item = begin(recorder, document)
    summary = ended(recorder, item)
    assert summary.method == "model"
    assert any("900 euros" in one.text for one in summary.sentences)
    for one in summary.sentences:
        assert one.supported
        assert one.pages == (1,)
        assert one.text.rstrip(".") in text_at(recorder, one.blocks[0])
    ledger = summary.coverage
    assert (ledger.pages_total, ledger.pages_read, ledger.blocks_total, ledger.blocks_read) == (3, 1, 3, 3)
    assert [(one.page, one.reason) for one in ledger.unreadable] == [(2, "scanned"), (3, "empty")]
    opened_again = view(recorder, item)
    assert opened_again.summary == summary
    assert opened_again.job.status is JobStatus.DONE
    messages = recorder.services.service_thread.call(lambda: recorder.services.store.messages.of_item(item.id))
    assert [one.role for one in messages] == [Role.USER, Role.ASSISTANT]
    assert "[p. 1]" in messages[1].text
    assert "1 of 3 pages read. Not read: 2 (scanned); 3 (empty)." in messages[1].text
    found = recorder.services.service_thread.call(lambda: recorder.services.history.search("900 euros"))
    assert item.id in {one.item for one in found}
    exported = recorder.services.service_thread.call(lambda: recorder.services.history.export(item.id, "md"))
    assert "1 of 3 pages read" in exported


def test_sentences_come_while_they_are_written(opened) -> None:
    """The first one is on the screen before the answer has ended; its beginning before that."""
    recorder = opened(slow=0.002)
    trust(recorder)
    item = begin(recorder, keep(recorder, "short.pdf", long_document(4)), length=Length.SHORT)
    summary = ended(recorder, item)
    grown = recorder.of(SummaryGrew)
    first = next(at for at, one in enumerate(grown) if one.points)
    assert any(one.writing for one in grown[: first + 1])
    answered = next(at for at, one in enumerate(grown) if one.pages_read)
    assert first < answered
    shown = [one.text for event in grown for one in event.points]
    assert len(shown) == len(set(shown))
    assert all(one.text in shown for one in summary.sentences if not one.quotation)


def test_of_a_long_text_the_pages_fill_part_by_part(opened) -> None:
    recorder = opened(slow=0.0005)
    trust(recorder)
    item = begin(recorder, keep(recorder, "long.pdf", long_document(PAGES)), length=Length.SHORT)
    summary = ended(recorder, item)
    read = [one.pages_read for one in recorder.of(SummaryGrew)]
    assert len(set(read)) >= 4
    assert read == sorted(read)
    assert read[-1] == PAGES == summary.coverage.pages_read
    recorder.wait(JobChanged, lambda one: one.status is JobStatus.DONE)
    assert any(one.eta_s is not None and one.eta_s > 0 for one in recorder.of(JobChanged))


@pytest.mark.real_child
@counts("w1_summaries")
def test_kills_change_nothing_and_no_stored_step_is_done_twice(opened, count) -> None:
    recorder = opened(slow=0.002)
    trust(recorder)
    pages = long_document(PAGES * (1 + count // 2))  # the engine is killed after one to three steps, often later
    undisturbed = plain(ended(recorder, begin(recorder, keep(recorder, "a.pdf", pages))))
    services = recorder.services
    services.service_thread.call(
        lambda: services.store.database.run("delete from steps")
    )  # or nothing would be asked again
    asked = steps_asked(recorder)
    start = len(recorder.events)
    chance = random.Random(count)
    document = keep(recorder, "b.pdf", pages)
    item = begin(recorder, document)
    job = view(recorder, item).job
    kill_engine(recorder, job.id, start, kills=count, chance=chance)
    disturbed = plain(ended(recorder, item, start))
    assert json.dumps(disturbed).replace(document.id, "D").replace("b.pdf", "a.pdf") == json.dumps(undisturbed).replace(
        undisturbed["documents"][0]["document"], "D"
    )
    assert len(asked) == len({key for key, _ in asked})
    assert all(kept for _, kept in asked)


def test_a_desk_that_ends_leaves_the_rest_to_the_next(opened) -> None:
    recorder = opened(slow=0.01)
    trust(recorder)
    item = begin(recorder, keep(recorder, "a.pdf", long_document(PAGES)))
    recorder.wait(SummaryGrew, lambda one: one.pages_read)
    recorder.services.close()
    again = opened()
    asked = steps_asked(again)
    done = view(again, item).job.done
    assert done > 0
    again.services.service_thread.call(again.services.jobs.take_up)
    summary = ended(again, item)
    assert summary.coverage.pages_read == PAGES
    assert view(again, item).job.total - done == len(asked)


def growing(opened):
    """A summary of which the first sentences are written."""
    recorder = opened(slow=0.01)
    trust(recorder)
    item = begin(recorder, keep(recorder, "a.pdf", long_document(PAGES)))
    recorder.wait(SummaryGrew, lambda one: one.points)
    return recorder, recorder.services, item


def test_what_was_written_before_a_summary_was_stopped_stays(opened) -> None:
    recorder, services, item = growing(opened)
    job = view(recorder, item).job
    services.service_thread.call(lambda: services.jobs.cancel(job.id))
    recorder.wait(JobChanged, lambda one: one.id == job.id and one.status is JobStatus.CANCELLED)
    shown = [one for event in recorder.of(SummaryGrew) for one in event.points]
    stopped = view(recorder, item)
    assert stopped.summary is None
    assert list(stopped.draft.sentences) == shown
    with pytest.raises(KnownError):
        services.service_thread.call(lambda: services.summaries.add(item.id, stopped.documents[0].id, 0))
    make = services.service_thread.call(lambda: export_summary(services.store, stopped.item, "json"))
    exported = json.loads(make())
    assert exported["sentences"][0]["text"] == shown[0].text
    assert "stopped before its end" in exported["note"]
    services.close()
    again = opened()
    assert view(again, item).draft == stopped.draft
    start = len(again.events)
    again.services.service_thread.call(lambda: again.services.summaries.again(item.id))
    summary = ended(again, item, start)
    finished = view(again, item)
    assert (finished.summary, finished.draft) == (summary, None)
    assert not summary.is_draft


def test_what_is_written_is_stored_while_it_grows(opened) -> None:
    """So that it is there after a kill, when nothing is put away at the end."""
    recorder, services, item = growing(opened)
    stored = services.service_thread.call(lambda: services.store.results.get(item.id))
    assert stored["is_draft"]
    assert stored["sentences"]
    services.service_thread.call(lambda: services.jobs.cancel(view(recorder, item).job.id))


def test_after_an_edit_only_what_changed_is_asked_again(opened) -> None:
    recorder = opened()
    trust(recorder)
    pages = long_document(PAGES)
    ended(recorder, begin(recorder, keep(recorder, "old.pdf", pages)))
    whole = recorder.services.service_thread.call(lambda: recorder.services.store.jobs.page()[0]).total
    pages[20] = page(21, "A page that was written anew, and says that the boiler must be replaced by March.")
    asked = steps_asked(recorder)
    start = len(recorder.events)
    summary = ended(recorder, begin(recorder, keep(recorder, "new.pdf", pages)), start)
    assert summary.coverage.pages_read == PAGES
    assert 0 < len(asked) < whole / 3


def test_a_weak_model_gives_sentences_of_the_text_as_quotations(opened) -> None:
    recorder = opened()
    trust(recorder, "weak")
    document = keep(recorder, "long.pdf", long_document(20))
    item = begin(recorder, document, length=Length.SHORT)
    summary = ended(recorder, item)
    assert summary.method == "quotations"
    assert "too weak" in summary.note
    assert len(summary.sentences) == 5
    for one in summary.sentences:
        assert one.quotation
        assert one.supported
        assert text_at(recorder, one.blocks[0]) == one.text
    assert summary.coverage.pages_read == 20
    assert view(recorder, item).job.total == 0  # nothing was asked


def test_without_an_exam_a_small_model_is_not_trusted_to_write(opened) -> None:
    recorder = opened()
    services = recorder.services
    model = services.service_thread.call(lambda: services.models.choose(None))
    document = keep(recorder, "a.pdf", long_document(2))
    assert ended(recorder, begin(recorder, document)).method == "model"  # its size is not known
    header = {**model.header, "parameters": 135_000_000}
    services.service_thread.call(
        lambda: services.store.database.run("update models set header = ? where id = ?", (json.dumps(header), model.id))
    )
    again = begin(recorder, document, length=Length.SHORT)
    assert ended(recorder, again).method == "quotations"


def test_several_documents_one_each_and_one_together(opened) -> None:
    recorder = opened()
    trust(recorder)
    one = keep(recorder, "one.pdf", long_document(8, seed=3))
    two = keep(recorder, "two.pdf", long_document(8, seed=4))
    summary = ended(recorder, begin(recorder, one, two, kind=Kind.PARAGRAPH))
    assert [each.name for each in summary.documents] == ["one.pdf", "two.pdf"]
    assert all(each.coverage.pages_read == 8 and each.sentences for each in summary.documents)
    assert {each.file for each in summary.sentences} >= {"one.pdf", "two.pdf"}
    for each in summary.sentences:
        assert each.file.split(", ")[0] == {one.id: "one.pdf", two.id: "two.pdf"}[each.blocks[0].document]
    assert summary.coverage.pages_total == 16


@pytest.mark.parametrize("kind", [Kind.SECTIONS, Kind.EXECUTIVE, Kind.SIMPLE])
def test_other_kinds(opened, kind) -> None:
    recorder = opened()
    trust(recorder)
    summary = ended(
        recorder, begin(recorder, keep(recorder, "a.pdf", long_document(12)), kind=kind, length=Length.SHORT)
    )
    assert summary.sentences
    groups = [one.group for one in summary.sentences]
    if kind is Kind.SECTIONS:
        assert list(dict.fromkeys(groups)) == ["Chapter 1", "Chapter 6", "Chapter 11"]
    if kind is Kind.EXECUTIVE:
        assert set(groups) == {"Fact"}


def test_a_weak_model_quotes_by_sections_too(opened) -> None:
    recorder = opened()
    trust(recorder, "weak")
    document = keep(recorder, "a.pdf", long_document(12))
    summary = ended(recorder, begin(recorder, document, kind=Kind.SECTIONS, length=Length.MEDIUM))
    assert [one.group for one in summary.sentences] == ["Chapter 1"] * 2 + ["Chapter 6"] * 2 + ["Chapter 11"] * 2
    assert all(one.quotation for one in summary.sentences)


def test_a_document_without_words_is_no_error(opened) -> None:
    recorder = opened()
    trust(recorder)
    document = keep(recorder, "scan.pdf", [page_of(n, str(n), "", (), status=PageStatus.SCANNED) for n in (1, 2)])
    summary = ended(recorder, begin(recorder, document))
    assert summary.sentences == ()
    assert (summary.coverage.pages_read, len(summary.coverage.unreadable)) == (0, 2)
    assert summary.note


def test_tables_of_figures_are_not_retold_and_that_is_said(opened) -> None:
    """A small model makes up what they are about: nothing of them is shown to it."""
    recorder = opened()
    trust(recorder)
    rows = [f"{row} {row * 37 % 101} {row * 53 % 97} {row * 71 % 89} {row * 29 % 83}" for row in range(1, 80)]
    pages = [*long_document(2), *(page(number, *rows) for number in range(3, 9))]
    asked = steps_asked(recorder)
    summary = ended(recorder, begin(recorder, keep(recorder, "table.pdf", pages)))
    assert summary.coverage.pages_read == 8
    assert {page for one in summary.sentences for page in one.pages} <= {1, 2}
    assert "3–8" in summary.note
    few = len(asked)
    alone = ended(recorder, begin(recorder, keep(recorder, "figures.pdf", pages[2:])), len(recorder.events))
    assert all(one.quotation for one in alone.sentences)
    assert alone.coverage.pages_read == 6
    assert len(asked) == few  # no model was asked


def test_pause_and_resume(opened) -> None:
    recorder = opened(slow=0.01)
    trust(recorder)
    item = begin(recorder, keep(recorder, "a.pdf", long_document(24)))
    recorder.wait(SummaryGrew)
    job = view(recorder, item).job
    recorder.services.service_thread.call(lambda: recorder.services.jobs.pause(job.id))
    recorder.wait(JobChanged, lambda one: one.status is JobStatus.PAUSED)
    assert view(recorder, item).summary is None
    recorder.services.service_thread.call(lambda: recorder.services.jobs.resume(job.id))
    assert ended(recorder, item).coverage.pages_read == 24
