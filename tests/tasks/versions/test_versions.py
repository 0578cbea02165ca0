from __future__ import annotations

import random

import pytest
from fakes.recorder import LARGE, STARTER, result_of, sized
from tasks.summaries.test_summaries import keep, page

from slmdesk.base.documents import Page, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.types import Role
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Coverage
from slmdesk.tasks.compare import TASK
from slmdesk.tasks.export import book_of, paper_of
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.service import ReportMade
from slmdesk.tasks.versions.difference.compare import difference
from slmdesk.tasks.versions.difference.types import Run
from slmdesk.tasks.versions.remarks import remarks_in
from slmdesk.tasks.versions.report import report_of
from slmdesk.tasks.versions.types import (
    Comparison,
    Side,
    VersionRequest,
    Wording,
    by_importance,
    coverage_line,
    headline,
    marked_text,
    version_stem,
)
from slmdesk.tasks.versions.words import json_of, text_of

pytestmark = pytest.mark.process

RENT = "The rent of the flat is 900 euros a month, and it is due on the first day of the month."
NOTICE = "The tenant gives notice of 30 days before the end of the lease in writing."
GARDEN = "The garden belongs to the flat, and the tenant mows the lawn every second week."


def compared(recorder, old, new, **request) -> tuple[str, Comparison]:
    """A comparison as it is at first, before a model is asked."""
    item = recorder.calls.tasks.begin("versions", VersionRequest(old.id, new.id, **request)).id
    recorder.wait(ReportMade, lambda event: event.item == item)
    return item, view(recorder, item).result


def view(recorder, item: str):
    return recorder.calls.tasks.open(item)


def has_described(recorder, item: str) -> bool:
    """Whether a job had a model describe it."""
    return any(job.item == item and job.model_sha256 for job in recorder.calls.jobs.list())


def two(recorder, garden=GARDEN):
    old = keep(recorder, "old.pdf", [page(1, RENT, NOTICE), page(2, GARDEN)])
    new = keep(recorder, "new.pdf", [page(1, RENT.replace("900", "950"), NOTICE.replace("30", "60")), page(2, garden)])
    return old, new


def test_a_comparison_is_kept_with_its_documents_and_its_words(opened) -> None:
    recorder = opened(model=False)
    old, new = two(recorder)
    item, made = compared(recorder, old, new)
    assert headline(made) == "2 changes on 1 page: 1 amount, 1 period."
    shown = view(recorder, item)
    assert shown.result == made
    assert not has_described(recorder, item)
    messages = recorder.calls.store.messages.of_item(item)
    assert [message.role for message in messages] == [Role.USER, Role.ASSISTANT]
    assert "30 days → 60 days" in messages[1].text
    about = recorder.calls.history.about(new.id, "versions")
    assert [entry.id for entry in about] == [item]


def test_facts_come_before_words_and_longer_words_first(opened) -> None:
    recorder = opened(model=False)
    old = keep(recorder, "a", [page(1, "The house is red and old.", GARDEN, RENT)])
    longer = GARDEN.replace("every second week", "whenever the grass has grown higher than a hand, or the owner asks")
    new = keep(recorder, "b", [page(1, "The house is blue and old.", longer, RENT.replace("900", "950"))])
    _, made = compared(recorder, old, new)
    first = [made.changes[at].new for at in by_importance(made.changes)]
    assert [text[:10] for text in first] == ["The rent o", "The garden", "The house "]


def test_what_the_headline_counts_adds_up_and_is_what_is_listed(opened) -> None:
    recorder = opened(model=False)
    both = "It begins on 1 April 2025 and lasts 36 months from the day on which the keys are handed over."
    old = keep(recorder, "old.pdf", [page(1, both, RENT, GARDEN)])
    changed = both.replace("April", "May").replace("36", "24")
    words = changed, RENT.replace("900", "950"), GARDEN, "The cellar may be used as well."
    new = keep(recorder, "new.pdf", [page(1, *words)])
    _, made = compared(recorder, old, new)
    assert len(made.changes) == 3
    assert headline(made) == "3 changes on 1 page: 1 amount, 1 period; 1 passage added."


def test_unread_pages_are_said_and_empty_ones_are_not(opened) -> None:
    recorder = opened(model=False)
    scanned = [page_of(at, "", "", [], status=PageStatus.SCANNED) for at in (3, 4)]
    blank = page_of(5, "", "", [])
    old = keep(recorder, "old.pdf", [page(1, RENT), page(2, GARDEN), *scanned, blank])
    new = keep(recorder, "new.pdf", [page(1, RENT), page(2, GARDEN)])
    _, made = compared(recorder, old, new)
    assert coverage_line(made) == (
        "Old version: 3 of 5 pages read; New version: 2 of 2 pages read. Pages 3–4 of the old version (old.pdf) could "
        "not be read (scanned) and were not compared."
    )


def three(recorder):
    return two(recorder, GARDEN.replace("second", "third"))


def test_a_trusted_model_says_what_changed_and_is_marked(opened) -> None:
    right = "The monthly rent of the flat rises from 900 euros to 950 euros."
    wrong = "The garden was sold for 7,000 euros."
    recorder = opened(answer=f"{right}\n{wrong}")
    sized(recorder.services, LARGE)
    old, new = three(recorder)
    item, made = compared(recorder, old, new)
    assert made.sentences == ()  # what the rules found is told at once
    job = view(recorder, item).job.id
    recorder.wait(JobChanged, lambda change: change.id == job and change.status is JobStatus.DONE)
    diff = view(recorder, item).result
    rent = next(at for at, change in enumerate(diff.changes) if "rent" in change.old)
    told = [(sentence.change, sentence.text, [mark.kind for mark in sentence.marks]) for sentence in diff.sentences]
    assert (rent, right, []) in told
    assert (rent + 1, wrong, ["amount"]) in told or (rent, wrong, ["amount"]) in told
    assert diff.model
    shown = view(recorder, item)
    assert shown.result.sentences == diff.sentences
    assert shown.job is not None
    assert shown.job.status is JobStatus.DONE


def test_fewer_than_three_changes_speak_for_themselves(opened) -> None:
    recorder = opened()
    sized(recorder.services, LARGE)
    item, made = compared(recorder, *two(recorder))
    assert len(made.changes) == 2
    assert not has_described(recorder, item)


def test_a_small_model_is_not_asked_unless_it_is_named(opened) -> None:
    recorder = opened()
    sized(recorder.services, STARTER)
    old, new = three(recorder)
    item, _ = compared(recorder, old, new)
    assert not has_described(recorder, item)
    sized(recorder.services, LARGE)
    item, _ = compared(recorder, old, new, with_words=False)
    assert not has_described(recorder, item)
    with pytest.raises(KnownError, match=r"model\.unknown"):
        compared(recorder, old, new, model="absent")


def test_it_can_be_stopped_and_leaves_the_desk_free(opened) -> None:
    recorder = opened(model=False)
    chance = random.Random(3)

    def pages(seed: int) -> list[Page]:
        words = [f"w{chance.randrange(4000)}" for _ in range(400)]
        return [page(at, *(" ".join(chance.sample(words, 30)) for _ in range(12))) for at in range(1, 60)]

    old, new = keep(recorder, "a", pages(1)), keep(recorder, "b", pages(2))
    item = recorder.calls.tasks.begin("versions", VersionRequest(old.id, new.id)).id
    recorder.wait(JobChanged, lambda change: change.status is JobStatus.RUNNING)
    recorder.ask(lambda _services: None)  # the control: the app answers before the comparison has come
    assert not recorder.of(ReportMade)
    job = view(recorder, item).job
    recorder.calls.jobs.cancel(job.id)
    recorder.wait(JobChanged, lambda change: change.id == job.id and change.status is JobStatus.CANCELLED)
    assert view(recorder, item).result is None
    recorder.calls.tasks.begin("versions", VersionRequest(old.id, new.id))
    recorder.wait(ReportMade)


def test_what_is_the_same_is_fetched_when_it_is_unfolded(opened) -> None:
    recorder = opened(model=False)
    old, new = two(recorder)
    _, made = compared(recorder, old, new)
    folded = next(section for section in report_of("", made).sections if section.is_folded)
    services = recorder.services
    (same,) = result_of(services, lambda: TASK.unfolded(folded, services.task_context))
    assert (same.text, same.other) == (GARDEN, GARDEN)


def test_a_remark_stands_below_the_rules_words_in_every_form() -> None:
    first, second = page(1, RENT, NOTICE), page(1, RENT.replace("900", "950"), NOTICE.replace("30", "60"))
    diff = difference([first], [second], language="en")
    sides = (Side(name, name, "page", Coverage(1, 1, 1, 1)) for name in ("old.pdf", "new.pdf"))
    said = (Wording(0, "It costs more."), Wording(1, "An older version's doubt.", supported=False))
    comparison = Comparison(*sides, diff.changes, diff.rows, sentences=said, model="Echo")
    lines = text_of(comparison).splitlines()
    at = lines.index("- 900 euros → 950 euros [p. 1]")
    assert lines[at + 1] == "  - Echo: It costs more."
    assert json_of(comparison)["sentences"] == [{"change": 0, "text": "It costs more.", "supported": True, "flags": []}]
    words = ["".join(run.text for run in piece.runs) for piece in paper_of(report_of("V", comparison)).pieces]
    assert words[words.index("Echo: It costs more.") - 1] == "900 euros → 950 euros"
    rows = book_of(report_of("V", comparison)).sheets["Changes"]
    assert [row[-1] for row in rows] == ["Echo", "It costs more.", ""]
    assert "doubt" not in str((lines, words, rows))


SUM = ("The rent of the flat is 900 euros.", "The rent of the flat is 950 euros.")


def remarks(old: str, new: str, said: str, **answer: str) -> list[tuple[str, list[str]]]:
    changes = difference([page(1, old)], [page(1, new)], language="en").changes
    wordings = remarks_in(changes, range(len(changes)), {"text": said, **answer}, "en")
    return [(wording.text, [mark.text for mark in wording.marks]) for wording in wordings]


def test_a_model_s_sentence_stays_as_written_and_what_no_version_says_is_marked() -> None:
    right = "The rent of the flat rises from 900 euros to 950 euros."
    wrong = "The rent of the flat rises to 980 euros."
    assert remarks(*SUM, f"{right}\n{wrong}") == [(right, []), (wrong, ["980 euros"])]
    assert remarks(*SUM, "The rent of the flat rises", finish_reason="length") == []
    assert Wording(0, wrong, marks=(Mark("amount", "980 euros", 31, 40),)).words == (
        f"{wrong} (amount not in the quotation)"
    )


def test_the_versions_of_a_document_share_a_name() -> None:
    names = (
        "lease.docx",
        "lease_v2.docx",
        "Lease-final.pdf",
        "lease (2).docx",
        "Copy of lease.docx",
        "lease copy.docx",
    )
    assert {version_stem(name) for name in names} == {"lease"}
    assert version_stem("lease 2024.docx") != version_stem("lease 2025.docx")
    assert version_stem("final.docx") != version_stem("copy.docx")


def test_signs_of_differences_in_the_wordings_are_taken_apart():
    old, new = (Run("Pay [-5-] "),), (Run("Pay {+6+}[- "),)
    assert marked_text(old, new) == "Pay { +6+ }[ - "
    assert marked_text([Run("[-x-]", True)], [Run("y", True)]) == "[-[ -x- ]-]{+y+}"
