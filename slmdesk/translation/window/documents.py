"""Translation of documents: inspected, begun one after another, followed, written. No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.documents import takes_password, translated_name
from slmdesk.base.files import free_name
from slmdesk.base.record import Record, changed
from slmdesk.base.records import JobRecord, JobStatus, ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.base.translation import GlossaryRecord, SegmentState
from slmdesk.jobs.service import event_of
from slmdesk.jobs.types import JobChanged, left_words
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.documents import ChosenDocuments, LookedThrough
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.segments import SegmentNumbers
from slmdesk.translation.service import Handout
from slmdesk.translation.types import (
    RetryScope,
    TranslationGrew,
    TranslationRequest,
    TranslationView,
    UntranslatedPart,
    WrittenFile,
    counted_left,
)
from slmdesk.translation.window.languages import AdviceController
from slmdesk.translation.window.review import SegmentsController
from slmdesk.window.base.bridge import Bridge

MORE = " What comes behind the text below is redacted too, without being shown here."
LOCKED = ("document.locked", "document.wrong_password")


class StartedTranslation(Record):
    """A document whose translation was begun in this run of the window."""

    item: str
    job: str
    path: Path
    status: JobStatus = JobStatus.OPEN
    share: float | None = None
    writes_beside: bool = False
    written: Path | None = None


class DocumentRequest(Record):
    manner: TranslationStyle
    glossaries: tuple[str, ...] = ()
    sheet_names: bool = False
    properties: bool = False
    columns: tuple[int, ...] = ()
    beside: bool = False
    password: str = ""
    redact: bool = False


class DocumentTranslation(QObject):
    """The segments of the shown translation are in `segments`."""

    form_requested = Signal(object, object)
    columns_received = Signal(object)
    language_received = Signal(object, str)
    glossaries_received = Signal(object)
    opened = Signal(object)
    progressed = Signal(object, str)
    ended = Signal(str, bool)
    written = Signal(object)
    queue_changed = Signal(object)
    password_requested = Signal(str, bool)
    save_asked = Signal(object)
    retry_asked = Signal(object, object)
    preview_arrived = Signal(object, str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="document_translation")
        self._bridge = bridge
        self.segments = SegmentsController(bridge, self)
        self.advice = AdviceController(bridge, self, for_document=True)
        self.item = self._job = ""
        """The id of the shown translation; empty: none."""
        self._done: TranslationView | None = None
        """The shown one, once it is done: its segments are counted anew whenever they are listed."""
        self._counted = (0, 0)
        """How many segments are done, of how many."""
        self._queue: list[StartedTranslation] = []
        self._looked: tuple[Sequence[Path], DocumentRequest] | None = None
        """What is begun once a person has looked at what is redacted."""
        self._after_unlock: Callable[[str], None] | None = None
        bridge.on(TranslationGrew, self._on_grew)
        bridge.on(JobChanged, self._on_job)
        self.segments.listed.connect(self._on_listed)

    # ---- before the beginning

    def look(self, paths: Sequence[Path]) -> None:
        def come(found: ChosenDocuments, settings: Settings) -> None:
            self.form_requested.emit(found, settings)
            self._ask_language(found.paths[0])
            if found.table is not None:
                self._ask_columns(found.table)

        def work(services: Services) -> Pending[tuple[ChosenDocuments, Settings]]:
            settings = services.settings.current
            return services.translation_start.look(paths).map(lambda found: (found, settings))

        self._bridge.follow(work, lambda found: come(*found))

    def _ask_language(self, path: Path) -> None:
        def come(language: str) -> None:
            if language:
                self.language_received.emit(path, language)

        request = TranslationRequest("en", path=str(path.absolute()))
        self._bridge.follow(self._bridge.services.translation_start.language(request), come)

    def _ask_columns(self, path: Path) -> None:
        self._bridge.follow(self._bridge.services.translation_start.columns(path), self.columns_received.emit)

    def ask_glossaries(self, manner: TranslationStyle) -> None:
        def work(services: Services) -> list[GlossaryRecord]:
            return services.glossaries.of_pair(manner.source, manner.target)

        self._bridge.ask(work, self.glossaries_received.emit)

    def begin(self, paths: Sequence[Path], request: DocumentRequest) -> None:
        """Translate documents, one after another; the first is shown.  The choices are saved.

        Where they are redacted `preview_arrived` comes first, and `go_on` begins.
        """
        if not request.redact:
            self._begin(paths, request, NOTHING_DECIDED)
            return
        self._looked = (paths, request)
        shapes = [_shape(path, request) for path in paths]

        def work(services: Services) -> Pending[LookedThrough]:
            return services.translation_start.look_through(shapes, services.redaction.look)

        def come(found: LookedThrough) -> None:
            self.preview_arrived.emit(found.preview, "" if found.is_whole else MORE)

        self._bridge.follow(work, come)

    def go_on(self, decisions: Decisions) -> None:
        looked, self._looked = self._looked, None
        if looked is not None:
            self._begin(*looked, decisions)

    def _begin(self, paths: Sequence[Path], request: DocumentRequest, decisions: Decisions) -> None:
        shapes = [_shape(path, request) for path in paths]

        def work(services: Services) -> list[TranslationView]:
            services.settings.change(
                translate_sheet_names=request.sheet_names, translate_properties=request.properties,
                translate_beside=request.beside,
            )  # fmt: skip
            items = [services.translations.begin(shape, decisions).id for shape in shapes]
            return [services.translations.open(item) for item in items]

        def begun(views: list[TranslationView]) -> None:
            self._queue += [
                StartedTranslation(
                    view.item.id, view.job.id if view.job else "", Path(view.request.path), writes_beside=request.beside
                )
                for view in views
            ]
            self.queue_changed.emit(list(self._queue))
            self._on_opened(views[0])

        self._bridge.ask(work, begun)

    # ---- the shown translation

    def open(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.translations.open(item), self._on_opened)

    def close(self) -> None:
        """Show no translation; one being made goes on."""
        self.item, self._job, self._done = "", "", None
        self.segments.show_item("", TranslationRequest(""))

    def pause(self) -> None:
        self._bridge.services.jobs.pause(self._job)

    def cancel(self) -> None:
        """Cancel the translation; finished segments stay."""
        self._bridge.services.jobs.cancel(self._job)

    def resume(self) -> None:
        """Resume, or retry what failed."""
        self.try_again(RetryScope.FAILED, None)

    def try_again(self, scope: RetryScope, model: str | None) -> None:
        """Translate again what failed, or everything to review; `model`: another model, or None for the same."""
        self._bridge.ask(self._bridge.services.translations.again(self.item, model, scope), self._on_again)

    def ask_retry(self) -> None:
        item = self.item

        def work(services: Services) -> tuple[TranslationView, list[ModelRecord]]:
            return services.translations.open(item), services.models.list()

        self._bridge.ask(work, lambda found: self.retry_asked.emit(*found))

    def unlock(self, password: str) -> None:
        item, after = self.item, self._after_unlock
        self._after_unlock = None
        if after is not None:
            after(password)
            return
        self._bridge.ask(self._bridge.services.translations.unlock(item, password), self._on_again)

    # ---- files

    def ask_save(self) -> None:
        self._bridge.ask(self._bridge.services.translations.open(self.item), self.save_asked.emit)

    def write(self, target: Path) -> None:
        """Write the translated document.  An existing file is replaced: the dialog has asked."""
        self._write(self.item, target, replace_it=True)

    def hand_out(self, what: Handout, form: str, target: Path) -> None:
        """Write both languages, a report or TMX. An existing file is replaced: the dialog has asked."""
        item = self.item

        self._bridge.follow(
            self._bridge.services.translation_files.write(item, what, form, target, replace=True),
            lambda _size: self.written.emit(target),
        )

    def _write(self, item: str, target: Path, *, replace_it: bool) -> None:
        def come(result: WrittenFile) -> None:
            self._note(item, written=result.path)
            if item == self.item:
                self.written.emit(result.path)

        self._bridge.follow(
            self._bridge.services.translations.write(item, target, replace=replace_it),
            come,
            partial(self._on_not_written, item, target, replace_it=replace_it),
        )

    def _on_not_written(self, item: str, target: Path, problem: Problem, *, replace_it: bool) -> None:
        if not _may_unlock(problem) or item != self.item:
            self._bridge.problem_met.emit(problem)
            return

        def again(password: str) -> None:  # the password of an earlier run is known nowhere
            def work(services: Services) -> None:
                services.translations.use_password(item, password)

            self._bridge.ask(work, lambda _none: self._write(item, target, replace_it=replace_it))

        self._after_unlock = again
        self.password_requested.emit(str(problem.args.get("path", "")), problem.code != LOCKED[0])

    # ---- events

    def _on_opened(self, view: TranslationView) -> None:
        job = view.job
        self.item, self._job = view.item.id, job.id if job else ""
        self._counted, self._after_unlock, self._done = _counted(view), None, None
        self.opened.emit(view)
        self.segments.show_item(view.item.id, view.request)
        if view.is_done or (job is None and view.counts):
            self._show_done(view, view.counts, view.look)
        elif job is None:
            self.ended.emit("", False)
        else:
            self._show_job(event_of(job))

    def _on_again(self, job: JobRecord) -> None:
        self._job = job.id
        self._note(self.item, job=job.id, status=job.status)
        self._show_job(event_of(job))

    def _on_grew(self, event: TranslationGrew) -> None:
        if event.item == self.item:
            self._counted = (event.done, event.total)

    def _on_job(self, event: JobChanged) -> None:
        known = next(
            (translation for translation in self._queue if translation.job and translation.job == event.id), None
        )
        if known is not None:
            self._note(known.item, status=event.status, share=event.share)
            if event.status is JobStatus.DONE and known.writes_beside and known.written is None:
                self._write_beside(known)
        if event.id == self._job:
            self._show_job(event)

    def _show_job(self, event: JobChanged) -> None:
        self._done, problem = None, event.problem
        if event.status in (JobStatus.OPEN, JobStatus.RUNNING):
            self.progressed.emit(event, self._words_of(event))
        elif event.status is JobStatus.DONE:
            item = self.item
            self._bridge.ask(self._bridge.services.translations.open(item), self._on_done)
        elif problem is not None:
            self.ended.emit(problem.sentence, True)
            if _may_unlock(problem):
                self.password_requested.emit(str(problem.args.get("path", "")), problem.code != LOCKED[0])
        elif event.status is JobStatus.CANCELLED:
            self.ended.emit("Cancelled. What is translated is kept.", True)
        else:
            self.ended.emit("Paused. What is translated is kept.", True)

    def _words_of(self, event: JobChanged) -> str:
        if event.status is JobStatus.OPEN and not event.done:
            before = sum(translation.status is JobStatus.RUNNING for translation in self._queue)
            return "It is this one's turn when the one before is done." if before else "Waiting for its turn…"
        words = [counted_words(*self._counted, event.share) or "Reading the document…", left_words(event.left)]
        return " · ".join(word for word in words if word)

    def _on_done(self, view: TranslationView) -> None:
        if view.item.id != self.item:
            return
        self.segments.refresh()
        self._show_done(view, view.counts, view.look)

    def _show_done(self, view: TranslationView, states: Mapping[SegmentState, int], look: int) -> None:
        self._done = view
        self.ended.emit(done_words(states, look, view.left), bool(states.get(SegmentState.FAILED)))

    def _on_listed(self, found: SegmentNumbers) -> None:
        if self._done is not None:
            self._show_done(self._done, found.states, found.look)

    def _write_beside(self, known: StartedTranslation) -> None:
        def work(services: Services) -> Path:
            request = services.translations.open(known.item).request
            return free_name(known.path.with_name(translated_name(known.path, request.target)))

        self._bridge.ask(work, lambda path: self._write(known.item, path, replace_it=False))

    def _note(self, item: str, **changes: object) -> None:
        for at, translation in enumerate(self._queue):
            if translation.item == item:
                self._queue[at] = changed(translation, **changes)  # type: ignore[arg-type]
                self.queue_changed.emit(list(self._queue))
                return


def _shape(path: Path, request: DocumentRequest) -> TranslationRequest:
    manner = request.manner
    return TranslationRequest(
        manner.target, path=str(path.absolute()), source=manner.source, domain=manner.domain,
        formality=manner.formality, glossaries=request.glossaries, sheet_names=request.sheet_names,
        properties=request.properties, columns=request.columns, password=request.password, redact=request.redact,
    )  # fmt: skip


def _may_unlock(problem: Problem) -> bool:
    return problem.code in LOCKED and takes_password(Path(str(problem.args.get("path", ""))))


def _counted(view: TranslationView) -> tuple[int, int]:
    total = sum(view.counts.values())
    return total - view.counts.get(SegmentState.OPEN, 0), total


# ---- texts about a document's translation


LOOK_WORDS = ("needs review", "need review")
AHEAD = 0.05
"""From this difference on the share of the work and the count of segments seem to contradict each other."""


def done_words(states: Mapping[SegmentState, int], look: int, left: Sequence[UntranslatedPart]) -> str:
    counts = {state.value: count for state, count in states.items()}
    if not counts:
        return "There is no text to translate in it."
    done = sum(counts.values()) - counts.get("left", 0) - counts.get("failed", 0) - counts.get("open", 0)
    words = f"{done:,} {'segments are' if done != 1 else 'segment is'} translated"
    words += f", {_counted_words(counts['left'], 'stays as it is', 'stay as they are')}" if counts.get("left") else ""
    words += f", {counts['failed']:,} could not be translated" if counts.get("failed") else ""
    words += f", {_counted_words(look, *LOOK_WORDS)}" if look else ""
    parts = f" Not translated: {counted_left(part.kind for part in left)}." if left else ""
    return f"{words}.{parts}"


def unfinished(view: TranslationView) -> int:
    return view.counts.get(SegmentState.OPEN, 0) + view.counts.get(SegmentState.FAILED, 0)


def unfinished_words(view: TranslationView) -> str:
    """What is unfinished and speaks against writing the document now; empty: nothing."""
    reported = [
        (view.counts.get(SegmentState.OPEN, 0), ("not translated yet",) * 2),
        (view.counts.get(SegmentState.FAILED, 0), ("could not be translated",) * 2),
        (view.look, LOOK_WORDS),
    ]
    return ", ".join(_counted_words(count, *words) for count, words in reported if count)


def _counted_words(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def counted_words(done: int, total: int, share: float | None) -> str:
    """How many segments are done; empty: none exist yet.

    A segment whose first answer had a fault is done only with its second: the bar, which shows `share` of the work, may
    then be far ahead of the count, and the text says why.
    """
    if not total:
        return ""
    is_ahead = share is not None and share - done / total >= AHEAD
    return f"{done:,} of {total:,} segments" + (" ready, more are half done" if is_ahead else "")
