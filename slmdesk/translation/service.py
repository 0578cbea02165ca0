"""The translation service: starts, resumes, opens and writes translations of texts and documents.  Service thread.

A translation is an item of kind `translation`; its segments are rows of their own, each stored as soon as it is made by
a job of that kind (see `plan`).  The reader child takes a document apart and puts it together again (tasks.rewrite):
the result is the same file with other words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file
from slmdesk.base.languages import LANGUAGES, language_of
from slmdesk.base.record import changed
from slmdesk.base.records import Item, JobRecord, ModelRecord
from slmdesk.base.translation import Origin as Made
from slmdesk.base.translation import SegmentRecord, SegmentState, Term
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.jobs.plan import JobPlanner, Plan
from slmdesk.jobs.resumable import REQUEST, begun_before
from slmdesk.jobs.service import JobService
from slmdesk.library.inputs import able
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.defaults import DefaultsService, DefaultUse
from slmdesk.models.service import ModelService
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions, RedactionService, Veil
from slmdesk.runtime.events import ItemChanged
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.store.segments import LOOK
from slmdesk.text.redaction.types import Kind
from slmdesk.translation.asking.prompts import DOMAINS, FORMALITIES, TranslationStyle, prompt_version
from slmdesk.translation.events import PairUsed, SegmentChanged, TranslationGrew
from slmdesk.translation.pairs.advice import PairAdvice, PairAdviceService
from slmdesk.translation.preparation import Preparation, whole_text
from slmdesk.translation.readout import KIND, left_parts, segments_of_item
from slmdesk.translation.terms.index import TermLists
from slmdesk.translation.types import (
    NO_GLOSSARY,
    RetryScope,
    TranslationRequest,
    TranslationView,
    UntranslatedPart,
    WrittenFile,
    request_from,
    request_of,
    shape_of,
)
from slmdesk.translation.writer import mark_unwritten, payload_of, written

if TYPE_CHECKING:
    from slmdesk.translation.plan import TranslationPlan

SEGMENTS_AT_ONCE = 500
MOST_TEXT = 5 << 20
"""Bytes of a text given in one go."""


@dataclass(slots=True, eq=False)
class _Live:
    plan: TranslationPlan
    done: int
    total: int
    """Segments that have their end, and all: counted once, not after each."""


class TranslationService(Service, JobPlanner):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        uses: DefaultsService,
        loader: ModelLoader,
        jobs: JobService,
        reader: ChildClient,
        pairs: PairAdviceService,
        redaction: RedactionService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._uses, self._pairs, self._redaction = models, uses, pairs, redaction
        self._loader, self._jobs, self._reader = loader, jobs, reader
        self._terms = TermLists(runtime.store)
        self._preparation = Preparation(runtime.service_thread, runtime.store, reader, self._terms, runtime.publish)
        self._live: dict[str, _Live] = {}
        self._passwords: dict[str, str] = {}
        """Of documents begun in this run, by item: never written anywhere."""
        jobs.plan_by(KIND, self)

    # ---- requests

    def begin(self, request: TranslationRequest, decisions: Decisions = NOTHING_DECIDED) -> Item:
        """Add a translation and have it made in the background.

        TranslationGrew and SegmentChanged are published; its job can be paused, resumed and cancelled.  `decisions`:
        about what is redacted.  Raises KnownError `language.…`, `request.invalid`, `model.…`, `store.…`,
        `glossary.unknown`, `redaction.…`.
        """
        request = self._checked(request)
        record = self.record(request.model)
        name = Path(request.path).name if request.path else " ".join(request.text.split())[:60]
        title = f"{name} → {LANGUAGES[request.target].name}"
        with self._store.together():
            item = self._store.items.add(KIND, title, settings={REQUEST: shape_of(request)})
            if request.redact:
                self._redaction.decide(item.id, decisions)
        if request.password:
            self._passwords[item.id] = request.password
        self._publish(ItemChanged(item))
        settings = self._settings_of(request, record)
        self._jobs.add(KIND, title, record, (), prompt_version=prompt_version(), settings=settings, item=item.id)
        return self._store.items.get(item.id)

    def begun_before(self, request: TranslationRequest) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None.  Raises KnownError as `begin`
        does.
        """
        request = self._checked(request)
        record = self.record(request.model)
        return begun_before(self._store, KIND, shape_of(request), record, path=request.path)

    def open(self, item: str) -> TranslationView:
        """Raises KnownError `item.unknown`."""
        found = self._store.items.get(item)
        if found.kind != KIND:
            raise KnownError("item.unknown", id=item[:80])
        jobs = [one for one in self._store.jobs.of_item(found.id) if one.kind == KIND]
        counts = self._store.segments.count(found.id)
        kept = self._store.results.get(found.id) or {}
        left = tuple(UntranslatedPart(*one) for one in left_parts(self._store, found.id))
        look = self._store.segments.count_look(found.id)
        is_done = bool(kept.get("done")) and not counts.get(SegmentState.OPEN)
        return TranslationView(found, request_of(found), counts, look, left, jobs[0] if jobs else None, is_done)

    def again(self, item: str, model: str | None = None, scope: RetryScope = RetryScope.FAILED) -> JobRecord:
        """Resume a translation, or translate the failed or all flagged segments again.

        The same model is then asked with looser sampling, as it would repeat itself; its answer replaces an existing
        translation only where the checks find it better.  What a person edited or approved stays.  Raises KnownError
        `item.unknown`, `model.…`.
        """
        view = self.open(item)
        record = self.record(model or view.request.model)
        if view.job and not view.job.status.is_end:
            if scope is RetryScope.FAILED and view.job.model_sha256 == record.sha256:
                return self._jobs.resume(view.job.id)
            self._jobs.cancel(view.job.id)
        reopened = self._reopen(view.item.id, scope)
        tried = sum(one.model_sha256 == record.sha256 for one in self._store.jobs.of_item(view.item.id))
        settings = self._settings_of(changed(view.request, model=model or view.request.model), record)
        settings["attempt"] = tried if reopened else 0
        return self._jobs.add(
            KIND, view.item.title, record, (), prompt_version=prompt_version(), settings=settings, item=view.item.id
        )

    def _reopen(self, item: str, scope: RetryScope) -> int:
        """Mark the segments of a scope as waiting, with the translation they have, and return how many."""
        numbers = set(self._store.segments.numbers(item, state=SegmentState.FAILED.value))
        if scope is RetryScope.FLAGGED:
            numbers.update(self._store.segments.numbers(item, state=LOOK))
        count = 0
        with self._store.together():
            for one in self._store.segments.numbered(item, sorted(numbers)):
                if one.state in (SegmentState.FAILED, SegmentState.TRANSLATED) and one.origin is not Made.MEMORY:
                    changed = self._store.segments.change(item, one.number, state=SegmentState.OPEN, reason="")
                    self._publish(SegmentChanged(item, changed))
                    count += 1
        return count

    def unlock(self, item: str, password: str) -> JobRecord:
        """Resume the translation of a locked document; the password is never stored and lasts until the program ends.

        Raises KnownError `item.unknown`, `job.…`.
        """
        self.use_password(item, password)
        return self.again(item)

    def _settings_of(self, request: TranslationRequest, record: ModelRecord) -> dict[str, Json]:
        """Return a job's settings: the request and decisions by the model's exam, so that the plan stays the same."""
        return shape_of(request) | {"tagged_first": self._pairs.is_tagged_first(record, request.source, request.target)}

    def use_password(self, item: str, password: str) -> None:
        """Raises KnownError `item.unknown`."""
        self._passwords[self._store.items.get(item).id] = password

    def segments(
        self, item: str, *, begin: int = 0, limit: int = SEGMENTS_AT_ONCE, states: Sequence[SegmentState] = ()
    ) -> list[SegmentRecord]:
        return self._store.segments.of_item(item, begin=begin, limit=limit, states=states)

    def text_of(self, item: str) -> str:
        paragraphs: list[str] = []
        for _, parts in groupby(segments_of_item(self._store, item), key=lambda one: one.unit):
            paragraphs.append("".join(one.lead + (one.target or one.source) + one.trail for one in parts))
        return "".join(paragraphs)

    def terms(self, source: str, target: str, domain: str = "") -> Sequence[Term]:
        """Return the terms of the active glossaries for a pair of languages; an empty language is any."""
        return self._terms.of(source, target, "" if domain == "everyday" else domain)

    def warning(
        self, model: str | None = None, source: str = "", target: str = "", *, for_document: bool = False
    ) -> str:
        """Return the warning before a model translates a pair of languages; empty when there is none.

        Raises KnownError `model.…`.
        """
        return self.advice(model, source, target, for_document=for_document).words

    def advice(
        self, model: str | None = None, source: str = "", target: str = "", *, for_document: bool = False
    ) -> PairAdvice:
        """Raises KnownError `model.…`."""
        has_terms = bool(target) and bool(self.terms(source, target))
        return self._pairs.advise(self.record(model), source, target, has_terms=has_terms, for_document=for_document)

    def record(self, model: str | None) -> ModelRecord:
        """Raises KnownError `model.…`."""
        default = None if model else self._uses.default(DefaultUse.TRANSLATE)
        return able(default or self._models.choose(model))

    # ---- the document, written

    def write(self, item: str, target: Path, *, replace: bool = False) -> Pending[WrittenFile]:
        """Write a translated copy of the document to `target`; the document itself is never changed.

        Ends with a Problem `file.exists`, `document.changed`, `disk.full` …  Raises KnownError `item.unknown`,
        `request.invalid` for a text, `file.is_source` where `target` is the document itself.
        """
        view = self.open(item)
        if not view.request.path:
            raise KnownError("request.invalid", what="this translation is no document's")
        if is_same_file(Path(view.request.path), target):
            raise KnownError("file.is_source", path=str(target))
        return in_slices(self._service_thread, self._writing(view, target, may_replace=replace))

    def _writing(self, view: TranslationView, target: Path, *, may_replace: bool) -> Slices[WrittenFile]:
        item = view.item.id
        payload = {**payload_of(view.request), "password": self._passwords.get(item, "")}
        file = yield from written(
            self._service_thread, self._reader, payload, self._answers(item), target, may_replace=may_replace
        )
        if file.refused or view.look:
            yield from mark_unwritten(
                self._store, item, frozenset(file.refused), lambda one: self._publish(SegmentChanged(item, one))
            )
        return file

    def _answers(self, item: str) -> Iterator[tuple[int, str, str]]:
        for unit, parts in groupby(segments_of_item(self._store, item), key=lambda one: one.unit):
            segments = list(parts)
            if any(one.target for one in segments):
                source = "".join(one.lead + one.source + one.trail for one in segments)
                yield unit, source, "".join(one.lead + (one.target or one.source) + one.trail for one in segments)

    # ---- making (see jobs)

    def plan(self, job: JobRecord) -> Plan:
        from slmdesk.translation.plan import UNSETTLED, TranslationPlan  # with all checks of text

        item = self._store.items.get(job.item or "")
        request = request_from(job.settings)
        kept = self._store.results.get(item.id) or {}
        if not kept.get("taken"):
            yield from self._preparation.cut(item.id, request, self._passwords.get(item.id, ""))
        yield from self._preparation.recall(item.id, request)
        veil = self.veil(item.id, request)
        if veil is not None and not kept.get("redacted"):
            yield from self._preparation.learn(item.id, request, veil)
        formality = request.formality or (
            "formal" if request.path else ""
        )  # left to itself a model says du and Sie by turns
        manner = TranslationStyle(request.target, request.source, request.domain, formality)
        attempt = job.settings.get("attempt")
        counts = self._store.segments.count(item.id)
        asked = (SegmentState.OPEN,) if isinstance(attempt, int) else UNSETTLED
        plan = TranslationPlan(
            manner,
            self.terms_of(request),
            model_sha256=job.model_sha256,
            attempt=attempt if isinstance(attempt, int) else None,
            todo=sum(counts.get(state, 0) for state in asked),
            segments=lambda begin, limit: self._store.segments.of_item(item.id, begin=begin, limit=limit),
            keep=lambda segment: self._keep(item.id, job.id, segment),
            is_tagged_first=job.settings.get("tagged_first") is not False,
            veil=veil,
        )
        done, total = self._counted(item.id)
        self._live[job.id] = _Live(plan, done, total)
        self._publish(TranslationGrew(item.id, job.id, done, total))  # there they are, before the first is translated
        try:
            yield from plan.run()
            kept = self._store.results.get(item.id) or {}
            self._store.results.save(item.id, {**kept, "done": True})
            self._publish(TranslationGrew(item.id, job.id, *self._counted(item.id)))
            self._publish(ItemChanged(self._store.items.get(item.id)))
            self._report_used(job, request)
        finally:
            self._live.pop(job.id, None)

    def _report_used(self, job: JobRecord, request: TranslationRequest) -> None:
        if record := self._models.by_sha256(job.model_sha256):
            language = (self._store.results.get(job.item or "") or {}).get("language")
            self._publish(PairUsed(record.id, request.source or str(language or ""), request.target))

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        if live := self._live.get(job):
            live.plan.received(key, value)

    def _keep(self, item: str, job: str, segment: SegmentRecord) -> None:
        now = self._store.segments.of_item(item, begin=segment.number, limit=1)
        if now and now[0].state in (SegmentState.EDITED, SegmentState.APPROVED):
            return  # a person was faster
        if now and changed(segment, revision=now[0].revision) == now[0]:
            return
        updated = self._store.segments.change(
            item,
            segment.number,
            target=segment.target,
            state=segment.state,
            origin=segment.origin,
            flags=segment.flags,
            reason=segment.reason,
            doubts=segment.doubts,
        )
        self._publish(SegmentChanged(item, updated))
        if live := self._live.get(job):
            live.done += bool(now) and now[0].state is SegmentState.OPEN
            self._publish(TranslationGrew(item, job, live.done, live.total))

    def _counted(self, item: str) -> tuple[int, int]:
        counts = self._store.segments.count(item)
        total = sum(counts.values())
        return total - counts.get(SegmentState.OPEN, 0), total

    # ---- inside

    def veil(self, item: str, request: TranslationRequest) -> Veil | None:
        """Return what stands between a translation and the model; None where it is not redacted."""
        return self._redaction.veil(item) if request.redact else None

    def replaced(self, item: str) -> dict[Kind, int]:
        """Return how many of what kind the model did not get to see: each counts once, however often it stands there.

        Raises KnownError `item.unknown`.
        """
        segments = segments_of_item(self._store, self.open(item).item.id)
        asked = [one for one in segments if one.state is not SegmentState.LEFT and one.origin is not Made.MEMORY]
        whole = whole_text(asked, is_text=False)
        table = self._redaction.table(item)
        return dict(Counter(one.kind for one in table if any(original in whole for original, _ in one.pairs)))

    def terms_of(self, request: TranslationRequest) -> Sequence[Term]:
        return self._terms.of_request(request)

    def _checked(self, request: TranslationRequest) -> TranslationRequest:
        target = language_of(request.target).code
        source = language_of(request.source).code if request.source else ""
        if source == target:
            raise KnownError("language.same", language=LANGUAGES[target].name)
        if request.domain not in DOMAINS or (request.formality and request.formality not in FORMALITIES):
            raise KnownError("request.invalid", what="domain or formality")
        if not request.path and not request.text.strip():
            raise KnownError("request.invalid", what="there is nothing to translate")
        if len(request.text.encode("utf-8", "replace")) > MOST_TEXT:
            raise KnownError("document.too_large", path="the text", bytes=len(request.text), limit=MOST_TEXT)
        named = (one if one == NO_GLOSSARY else self._store.glossaries.get(one).id for one in request.glossaries)
        glossaries = tuple(named)
        return changed(request, target=target, source=source, glossaries=glossaries)
