"""The version service: compares two versions of a document and stores the result. Service thread.

A comparison is an item of kind `versions`, linked to its two documents. Pages are read in pieces and compared on a
separate thread. If an exam shows that the model can be trusted with wording, a job then adds a sentence of the model to
some changes (see `remarks`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from, picked, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.texts import N_, in_english
from slmdesk.base.types import Json
from slmdesk.evaluation.exams import Skill, skills_of
from slmdesk.jobs.documents import DocumentJobs, read_document
from slmdesk.jobs.runner import Batch, JobPlanner, Plan, StepValue, Yield
from slmdesk.jobs.service import JobService, request_in
from slmdesk.library.types import Coverage, Unread, unread_parts
from slmdesk.models.service import DefaultsService, DefaultUse, ModelService, able
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem, problem_of
from slmdesk.runtime.service import Runtime, Service, on_file_thread, pending_on_file_thread
from slmdesk.text.sentences import LANGUAGES, detect
from slmdesk.versions.remarks import chosen_of, digest_step, prompt_version, remarks_in
from slmdesk.versions.types import (
    Comparison,
    Side,
    VersionsCompared,
    VersionsFailed,
    by_importance,
    change_words,
    clause_words,
    coverage_line,
    headline,
    marked_text,
    pages_of,
    place_words,
)

KIND = "versions"
LANGUAGE_CHARACTERS = 4000
PAGES_AT_ONCE = 50
MOST_PARAGRAPHS = 500
REST_EVERY_S, REST_S = 0.02, 0.001
"""While comparing, pause for REST_S seconds every REST_EVERY_S seconds. Otherwise pure Python blocks other threads."""
SKILLS = (Skill.FORMAT, Skill.TRUTH)
"""Skills that a model must have, by its exam, before it describes changes without being named."""
NOTHING = N_("{model} wrote nothing about the changes.")


class VersionRequest(Record):
    old: str
    """Ids of documents, or unique prefixes of ids."""
    new: str
    model: str | None = None
    """Model that describes the changes. None means the default for summaries, if its exam says it can be trusted."""
    with_words: bool = True


class KeptRequest(Record):
    old: str
    new: str
    model: str | None = None
    """Checksum of the model that may be asked."""
    named: bool = False


class VersionView(Record):
    item: Item
    comparison: Comparison | None
    """The result. None while the comparison is made, or if it failed."""
    job: JobRecord | None
    is_busy: bool = False


class VersionService(Service, JobPlanner):
    def __init__(self, runtime: Runtime, models: ModelService, uses: DefaultsService, jobs: JobService) -> None:
        super().__init__(runtime)
        self._models, self._uses = models, uses
        self._items = DocumentJobs(runtime, jobs, KIND, "Compare")
        self._busy: dict[str, threading.Event] = {}
        self._closed = False
        jobs.plan_by(KIND, self)
        jobs.when_done(KIND, self._on_reported)

    def comparable(self, documents: Sequence[str]) -> set[str]:
        return self._store.documents.with_text(documents)

    def begin(self, request: VersionRequest) -> Item:
        """Store a new comparison and make it in the background. VersionsCompared or VersionsFailed is published at its
        end.

        Raises KnownError `document.unknown`, `document.not_read`, the document's own error if it could not be read,
        `model.…` if a model is named, `store.…`.
        """
        old, new = read_document(self._store, request.old), read_document(self._store, request.new)
        record = self._model(request)
        kept = KeptRequest(old.id, new.id, record.sha256 if record else None, request.model is not None)
        words = f"Compare {old.name} (old) with {new.name} (new)"
        item = self._items.add((old, new), f"{old.name} and {new.name}", kept, words)
        self._compare(item.id, old, new)
        return self._store.items.get(item.id)

    def cancel(self, item: str) -> None:
        """Cancel a comparison. Then VersionsFailed is published with `versions.stopped`. A stored result stays."""
        if stop := self._busy.get(item):
            stop.set()

    def open(self, item: str) -> Pending[VersionView]:
        """Return a comparison. Raises KnownError `item.unknown`."""
        record = self._items.find(item)
        job = self._items.newest_job(record.id)

        def view(comparison: Comparison | None) -> VersionView:
            return VersionView(record, comparison, job, record.id in self._busy)

        kept = self._store.results.get(record.id)
        read = pending_on_file_thread(self._service_thread, lambda: stored_from(Comparison, kept), name="compare")
        return read.map(view)

    def paragraphs(self, document: str, first: tuple[int, int], last: tuple[int, int]) -> Pending[tuple[str, ...]]:
        """Return the paragraphs from place `first` to place `last` (page, character), at most MOST_PARAGRAPHS.

        They are the unchanged paragraphs that the view has folded.
        """
        document_id = self._store.documents.get(document).id

        def read() -> tuple[str, ...]:
            from slmdesk.versions.difference.parts import units_of

            texts = (
                unit.text
                for page in self._pages(document_id, threading.Event(), first[0], last[0])
                for unit in units_of([page])
                if first <= (page.number, unit.place.start) and (page.number, unit.place.end) <= last
            )
            return tuple(islice(texts, MOST_PARAGRAPHS))

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
            lambda outcome: self._on_found(item, outcome),
            name="compare",
        )

    def _found(self, old: DocumentRecord, new: DocumentRecord, stop: threading.Event) -> tuple[Comparison, Json]:
        """Compare two documents and return the result. Runs on a thread of its own."""
        from slmdesk.versions.difference.compare import difference

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
        diff = difference(before, after, language=language, checkpoint=checkpoint)
        comparison = Comparison(
            _side(old, before), _side(new, after), diff.changes, diff.rows, old.sha256 == new.sha256,
            seconds=round(time.monotonic() - began, 1), language=language,
        )  # fmt: skip
        return comparison, to_json(comparison)

    def _pages(self, document: str, stop: threading.Event, begin: int = 1, end: int | None = None) -> list[Page]:
        """Return the pages of a document, which the service thread reads in portions."""
        pages: list[Page] = []
        while not self._closed:
            if stop.is_set():
                raise KnownError("versions.stopped")
            at = pages[-1].number + 1 if pages else begin
            some = self._service_thread.call(
                partial(self._store.pages.of_document, document, begin=at, limit=PAGES_AT_ONCE)
            )
            pages += [page for page in some if end is None or page.number <= end]
            if not some or (end is not None and some[-1].number >= end):
                return pages
        raise KnownError("versions.stopped")

    def _on_found(self, item: str, outcome: tuple[Comparison, Json] | Problem) -> None:
        self._busy.pop(item, None)
        if self._closed:
            return
        if isinstance(outcome, Problem):
            self._publish(VersionsFailed(item, outcome))
            return
        comparison, shape = outcome
        assert isinstance(shape, dict)
        self._keep(item, comparison, shape)
        stored = self._store.items.get(item)
        request = _kept_request(stored)
        record = self._models.by_sha256(request.model or None)
        if record is not None and chosen_of(comparison.changes) and self._may_report(record, is_named=request.named):
            self._items.start(stored, record, prompt_version())
        self._publish(VersionsCompared(item, comparison))

    def _keep(
        self, item: str, comparison: Comparison, shape: Mapping[str, Json], record: ModelRecord | None = None
    ) -> None:
        """Store the result, and its text as a message, so that a search of the history finds it."""
        self._store.results.save(item, shape)
        self._items.keep_words(item, in_english(text_of, comparison), record)

    # ---- in a model's words (see jobs)

    def plan(self, job: JobRecord) -> Plan:
        item = self._store.items.get(job.item or "").id
        comparison = stored_from(Comparison, self._store.results.get(item))
        record = self._models.by_sha256(job.model_sha256)
        if record is None or comparison is None:
            raise KnownError("model.unknown", wanted=job.title, known="none")
        changes, language = comparison.changes, comparison.language
        chosen = chosen_of(changes)
        values: list[StepValue] = yield Batch([digest_step(changes, chosen, language)], prompt_version(), 400.0)
        yield Yield()
        remarks = remarks_in(changes, chosen, values[0] or {}, language)
        note = "" if remarks else NOTHING.format(model=record.name)
        comparison = changed(comparison, sentences=tuple(remarks), model=record.name, note=note)
        self._keep(item, comparison, to_json(comparison), record)

    def _on_reported(self, job: JobRecord) -> None:
        comparison = stored_from(Comparison, self._store.results.get(job.item)) if job.item else None
        if job.item and comparison:
            self._publish(VersionsCompared(job.item, comparison))

    def _model(self, request: VersionRequest) -> ModelRecord | None:
        """Return the model that may describe the changes, or None. A model named in the request must exist."""
        if not request.with_words:
            return None
        if request.model is not None:
            return able(self._models.choose(request.model))
        try:
            return self._uses.default(DefaultUse.SUMMARIZE) or self._models.choose(None)
        except KnownError:
            return None

    def _may_report(self, record: ModelRecord, *, is_named: bool) -> bool:
        """Return whether to ask a model: its exam says it can be trusted, or a person named it."""
        skills = skills_of(record)
        return is_named or all(skill in skills and skills[skill].level != "weak" for skill in SKILLS)


def _language_of(pages: Sequence[Page]) -> str:
    sample = ""
    for page in pages:
        sample += page.text[: LANGUAGE_CHARACTERS - len(sample)]
    return detect(sample, LANGUAGES)[0] or ""


def _side(record: DocumentRecord, pages: Sequence[Page]) -> Side:
    unread = tuple(
        Unread(page.number, page.reason or page.status.value, record.id)
        for page in pages
        if page.status is not PageStatus.READ
    )
    blocks = sum(page.block_count for page in pages)
    parts = unread_parts(record.info)
    coverage = Coverage(len(pages), len(pages) - len(unread), blocks, blocks, unread, parts)
    trouble = in_english(problem_of, record.error_code, record.error_args).sentence if record.error_code else ""
    return Side(record.id, record.name, str(record.info.get("page_kind") or "page"), coverage, trouble)


def _kept_request(item: Item) -> KeptRequest:
    return lenient_from(KeptRequest, request_in(item), old="none", new="none")


def text_of(comparison: Comparison, most: int = 200) -> str:
    lines = [headline(comparison)]
    if comparison.note:
        lines += ["", comparison.note]
    if comparison.changes:
        lines += ["", "**Changes, the most important first**", ""]
    order = by_importance(comparison.changes)
    for at in order[:most]:
        change = comparison.changes[at]
        lines.append(f"- {change_words(change)}{place_words(change, comparison, ' [{}]')}")
        lines += [f"  - {comparison.model}: {remark}"] if (remark := comparison.remark(at)) else []
    if len(order) > most:
        lines.append(f"- and {len(order) - most:,} more")
    return "\n".join([*lines, "", coverage_line(comparison)])


def json_of(comparison: Comparison) -> dict[str, Json]:
    """Return the comparison as JSON for programs. This format is the contract of `slmdesk compare --json`."""
    changes: list[Json] = [
        {
            **picked(change, "kind", "old", "new"),
            "clause": clause_words(change),
            **picked(change, "old_clause", "new_clause"),
            "pages": pages_of(change),
            "old_pages": sorted({place.page for place in change.old_places}),
            "new_pages": sorted({place.page for place in change.new_places}),
            "named": [to_json(named) for named in change.named],
            "marked": marked_text(change.old_runs, change.new_runs),
        }
        for change in comparison.changes
    ]
    reported: list[Json] = [
        {**picked(sentence, "change", "text", "supported"), "flags": [to_json(mark) for mark in sentence.marks]}
        for sentence in comparison.sentences
        if sentence.supported
    ]
    return {
        "changes": changes,
        "summary": headline(comparison),
        "sentences": reported,
        "important": list[Json](by_importance(comparison.changes)),
        "same_bytes": comparison.same_bytes,
        "old": _side_shape(comparison.old),
        "new": _side_shape(comparison.new),
        **picked(comparison, "model", "note", "seconds"),
    }


def _side_shape(side: Side) -> dict[str, Json]:
    return {
        "document": side.document,
        "file": side.name,
        **picked(side.coverage, "pages_total", "pages_read"),
        "unreadable": [picked(page, "page", "reason") for page in side.coverage.unreadable],
        "trouble": side.trouble,
    }
