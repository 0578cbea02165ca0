"""The version service: compares two versions of a document and stores the result.  Service thread.

A comparison is an item of kind `versions`, linked to its two documents.  Pages are read in pieces and compared on a
thread of their own.  Where an exam trusts the model with wording, a job then says in a few sentences of its words
what changed, each checked against both versions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from typing import Any

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import lenient_from, stored_from
from slmdesk.evaluation.exam_items import Skill
from slmdesk.evaluation.exams import ExamService
from slmdesk.jobs.plan import AskedQuestion, Batch, JobPlanner, Plan, StepValue, Yield
from slmdesk.jobs.resumable import request_in
from slmdesk.jobs.service import JobService
from slmdesk.jobs.steps import scores_of
from slmdesk.library.citations import Coverage, Unread
from slmdesk.library.inputs import able, read_document
from slmdesk.library.results import DocumentItems
from slmdesk.models.defaults import DefaultsService, DefaultUse
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread, pending_on_file_thread
from slmdesk.runtime.messages import problem_of
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.text.words.language import LANGUAGES, detect
from slmdesk.versions.events import VersionsCompared, VersionsFailed
from slmdesk.versions.report import text_of
from slmdesk.versions.types import Comparison, Side, Wording

KIND = "versions"
LANGUAGE_CHARACTERS = 4000
PAGES_AT_ONCE = 50
REST_EVERY_S, REST_S = 0.02, 0.001
"""While it compares, others get their turn so often, and for so long: pure Python lets nobody else run."""
SKILLS = (Skill.FORMAT, Skill.TRUTH)
"""What a model must be trusted with before it words anything here."""


class VersionRequest(Record):
    old: str
    """Ids of documents, or the only ones that begin so."""
    new: str
    model: str | None = None
    """Whose words are wanted; None: the default for summaries, if its exam says that it can be trusted."""
    with_words: bool = True


class KeptRequest(Record):
    old: str
    new: str
    model: str | None = None
    """The checksum of the one that may be asked."""
    named: bool = False


class VersionView(Record):
    item: Item
    documents: tuple[DocumentRecord, ...]
    """The old one, the new one; those that are still here."""
    comparison: Comparison | None
    """None while it is made, or when that failed."""
    job: JobRecord | None
    is_busy: bool = False


class VersionService(Service, JobPlanner):
    def __init__(
        self, runtime: Runtime, models: ModelService, uses: DefaultsService, jobs: JobService, exams: ExamService
    ) -> None:
        super().__init__(runtime)
        self._models, self._uses, self._jobs, self._exams = models, uses, jobs, exams
        self._items = DocumentItems(runtime.store, runtime.publish, KIND)
        self._busy: dict[str, threading.Event] = {}
        self._closed = False
        jobs.plan_by(KIND, self)
        jobs.when_done(KIND, self._on_reported)

    # ---- requests

    def comparable(self, documents: Sequence[str]) -> set[str]:
        return self._store.documents.with_text(documents)

    def begin(self, request: VersionRequest) -> Item:
        """Add a comparison and have it made; VersionsCompared or VersionsFailed follows.

        Raises KnownError `document.unknown`, `document.not_read`, the document's own error where it could not be read,
        `model.…` where one is named, `store.…`.
        """
        old, new = read_document(self._store, request.old), read_document(self._store, request.new)
        record = self._model(request)
        kept = KeptRequest(old.id, new.id, record.sha256 if record else None, request.model is not None)
        asked = f"Compare {old.name} (old) with {new.name} (new)"
        item = self._items.add(f"Compare: {old.name} and {new.name}", (old, new), to_json(kept), asked)
        self._compare(item.id, old, new)
        return self._store.items.get(item.id)

    def again(self, item: str) -> None:
        """Raises KnownError as `begin` does, and `item.unknown`."""
        found = self._items.find(item)
        if found.id not in self._busy:
            kept = _kept_request(found)
            self._compare(found.id, read_document(self._store, kept.old), read_document(self._store, kept.new))

    def cancel(self, item: str) -> None:
        """Cancel comparing; VersionsFailed follows with `versions.stopped`.  What is stored already stays."""
        if stop := self._busy.get(item):
            stop.set()

    def open(self, item: str) -> Pending[VersionView]:
        """Raises KnownError `item.unknown`."""
        found = self._items.find(item)
        request = _kept_request(found)
        here = {one.id: one for one in self._store.documents.of_item(found.id)}
        documents = tuple(here[side] for side in (request.old, request.new) if side in here)
        job = self._items.newest_job(found.id)

        def view(comparison: Comparison | None) -> VersionView:
            return VersionView(found, documents, comparison, job, found.id in self._busy)

        kept = self._store.results.get(found.id)
        read = pending_on_file_thread(self._service_thread, lambda: stored_from(Comparison, kept), name="compare")
        return read.map(view)

    def paragraphs(
        self, document: str, first: tuple[int, int], last: tuple[int, int], most: int = 500
    ) -> Pending[tuple[str, ...]]:
        """The paragraphs of a document from a place (page, character) to another, at most so many; for what is folded
        together as the same.
        """
        found = self._store.documents.get(document).id

        def read() -> tuple[str, ...]:
            from slmdesk.text.difference.parts import units_of

            texts: list[str] = []
            for page in self._pages(found, threading.Event(), first[0], last[0]):
                for unit in units_of([page]):
                    if first <= (page.number, unit.place.start) and (page.number, unit.place.end) <= last:
                        texts.append(unit.text)
                        if len(texts) >= most:
                            return tuple(texts)
            return tuple(texts)

        return pending_on_file_thread(self._service_thread, read, name="compare")

    def close(self) -> None:
        self._closed = True
        for stop in self._busy.values():
            stop.set()

    # ---- comparing

    def _compare(self, item: str, old: DocumentRecord, new: DocumentRecord) -> None:
        stop = self._busy[item] = threading.Event()
        on_file_thread(
            self._service_thread,
            lambda: self._found(old, new, stop),
            lambda found: self._on_found(item, found),
            name="compare",
        )

    def _found(self, old: DocumentRecord, new: DocumentRecord, stop: threading.Event) -> tuple[Comparison, Json]:
        """On a thread of its own."""
        from slmdesk.text.difference.compare import difference

        began = rested = time.monotonic()

        def checkpoint() -> None:
            nonlocal rested
            if stop.is_set():
                raise KnownError("versions.stopped")
            if time.monotonic() - rested > REST_EVERY_S:
                time.sleep(REST_S)
                rested = time.monotonic()

        before = list(self._pages(old.id, stop))
        after = before if old.id == new.id else list(self._pages(new.id, stop))
        language = _language_of(after) or _language_of(before)
        found = difference(before, after, language=language, checkpoint=checkpoint)
        comparison = Comparison(
            _side(old, before), _side(new, after), found.changes, found.rows, old.sha256 == new.sha256,
            seconds=round(time.monotonic() - began, 1), language=language,
        )  # fmt: skip
        return comparison, to_json(comparison)

    def _pages(self, document: str, stop: threading.Event, begin: int = 1, end: int | None = None) -> list[Page]:
        """The pages of a document, fetched on the service thread some at a time."""
        found: list[Page] = []
        while not self._closed:
            if stop.is_set():
                raise KnownError("versions.stopped")
            at = found[-1].number + 1 if found else begin
            some = self._service_thread.call(
                partial(self._store.pages.of_document, document, begin=at, limit=PAGES_AT_ONCE)
            )
            found += [one for one in some if end is None or one.number <= end]
            if not some or (end is not None and some[-1].number >= end):
                return found
        raise KnownError("versions.stopped")

    def _on_found(self, item: str, found: tuple[Comparison, Json] | Problem) -> None:
        self._busy.pop(item, None)
        if self._closed:
            return
        if isinstance(found, Problem):
            self._publish(VersionsFailed(item, found))
            return
        comparison, shape = found
        assert isinstance(shape, dict)
        self._keep(item, comparison, shape)
        stored = self._store.items.get(item)
        request = _kept_request(stored)
        record = self._models.by_sha256(request.model or None)
        if record is not None and _chosen(comparison) and self._may_report(record, is_named=request.named):
            title = stored.title.removeprefix("Compare: ")
            self._jobs.add(KIND, title, record, (), prompt_version=_prompt_version(), item=item)
        self._publish(VersionsCompared(item, comparison))

    def _keep(
        self, item: str, comparison: Comparison, shape: Mapping[str, Json], record: ModelRecord | None = None
    ) -> None:
        """The result, and its text as a message, so that the history finds it."""
        words = text_of(comparison)
        self._store.results.save(item, shape)
        self._items.keep_words(item, words, record)

    # ---- in a model's words (see jobs)

    def plan(self, job: JobRecord) -> Plan:
        item = self._store.items.get(job.item or "").id
        comparison = stored_from(Comparison, self._store.results.get(item))
        record = self._models.by_sha256(job.model_sha256)
        if record is None or comparison is None:
            raise KnownError("model.unknown", wanted=job.title, known="none")
        skills = yield from self._exams.examined(record, SKILLS, Batch(cost=60.0, later=5000.0))
        if any(skills[one].level == "weak" for one in SKILLS if one in skills):
            note = (
                f"{record.name} is too weak to tell the changes in its own words, so the passages stand for themselves."
            )
            comparison = changed(comparison, note=note)
        else:
            truth = skills.get(Skill.TRUTH)
            reported = yield from self._reported(comparison, truth.threshold if truth else None)
            comparison = changed(comparison, sentences=tuple(reported), model=record.name)
        self._keep(item, comparison, to_json(comparison), record)

    def _reported(
        self, comparison: Comparison, threshold: float | None
    ) -> Generator[AskedQuestion, Any, list[Wording]]:
        from slmdesk.versions import wording  # loads all checks

        changes = comparison.changes
        chosen = wording.chosen_of(changes)
        step = wording.digest_step(changes, chosen, comparison.language)
        values: list[StepValue] = yield Batch([step], wording.prompt_version(), 400.0, 60.0)
        reported = wording.digest_in(changes, chosen, values[0] or {}, comparison.language)
        yield Yield()
        asked = [one for one in reported if one.supported]
        if threshold is None or not asked:
            return reported
        steps = [wording.truth_of(changes[one.change], one) for one in asked]
        values = yield Batch(steps, self._exams.prompt_version(), 60.0, 0.0)
        judged = {
            one.text: wording.doubted(one, scores_of(value), threshold)
            for one, value in zip(asked, values, strict=True)
        }
        return [judged.get(one.text, one) for one in reported]

    def _on_reported(self, job: JobRecord) -> None:
        comparison = stored_from(Comparison, self._store.results.get(job.item)) if job.item else None
        if job.item and comparison:
            self._publish(VersionsCompared(job.item, comparison))

    # ---- inside

    def _model(self, request: VersionRequest) -> ModelRecord | None:
        """Whose words may be asked for; a model that is named must be there, another need not."""
        if not request.with_words:
            return None
        if request.model is not None:
            return able(self._models.choose(request.model))
        try:
            return self._uses.default(DefaultUse.SUMMARIZE) or self._models.choose(None)
        except KnownError:
            return None

    def _may_report(self, record: ModelRecord, *, is_named: bool) -> bool:
        """Whether it is worth asking: the exam trusts it, or it was named and nobody knows yet."""
        skills = self._exams.skills(record)
        levels = [skills[one].level if one in skills else "" for one in SKILLS]
        return "weak" not in levels and (is_named or "" not in levels)


def _language_of(pages: Sequence[Page]) -> str:
    sample = ""
    for page in pages:
        sample += page.text[: LANGUAGE_CHARACTERS - len(sample)]
        if len(sample) >= LANGUAGE_CHARACTERS:
            break
    return detect(sample, LANGUAGES)[0] or ""


def _side(record: DocumentRecord, pages: Sequence[Page]) -> Side:
    unread = tuple(
        Unread(page.number, page.reason or page.status.value, record.id)
        for page in pages
        if page.status is not PageStatus.READ
    )
    blocks = sum(len(page.blocks) for page in pages)
    coverage = Coverage(len(pages), len(pages) - len(unread), blocks, blocks, unread)
    trouble = problem_of(record.error_code, record.error_args).sentence if record.error_code else ""
    return Side(record.id, record.name, str(record.info.get("page_kind") or "page"), coverage, trouble)


def _prompt_version() -> str:
    from slmdesk.versions.wording import prompt_version

    return prompt_version()


def _chosen(comparison: Comparison) -> list[int]:
    from slmdesk.versions.wording import chosen_of

    return chosen_of(comparison.changes)


def _kept_request(item: Item) -> KeptRequest:
    return lenient_from(KeptRequest, request_in(item), old="none", new="none")
