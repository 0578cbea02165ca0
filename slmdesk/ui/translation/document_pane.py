"""The pane that shows a document's translation, and its dialogs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QMenu, QScrollArea, QStackedWidget, QWidget

from slmdesk.base.documents import Form, takes_password, translated_name
from slmdesk.base.files import free_name
from slmdesk.base.record import changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.runtime.events import ItemChanged, ItemGone
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, SegmentState
from slmdesk.services import Services
from slmdesk.tasks.jobs.service import event_of
from slmdesk.tasks.jobs.types import JobChanged, left_words
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.service import Handout
from slmdesk.tasks.translation.types import (
    RetryScope,
    TranslationGrew,
    TranslationRequest,
    TranslationView,
    WrittenFile,
)
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.bars import show_share, thin_bar
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    button,
    column,
    named,
    plain_label,
    row,
    set_tip,
    show_column,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import Question, ask_password
from slmdesk.ui.kit.widgets.files import ask_new_file
from slmdesk.ui.kit.widgets.notices import ask_where, tell_not_written
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.parts import EmptyState, Popover
from slmdesk.ui.translation.documents import PDF, done_words, unfinished, unfinished_words
from slmdesk.ui.translation.languages import AdviceLine, LanguageChoice, ViewSettings, own_language, target_for
from slmdesk.ui.translation.segment_list import SegmentPane
from slmdesk.ui.translation.text import TranslateController

LOCKED = ("document.locked", "document.wrong_password")


class DocumentPane(QStackedWidget):
    chosen = Signal(object)
    form_requested = Signal(object, object)
    """Emitted with the documents and the manner that the form shows."""
    files_requested = Signal()
    opened = Signal()

    def __init__(self, controller: TranslateController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_translation_pane")
        self._bridge, self._state, self._controller = controller.bridge, controller.state, controller
        self._view: TranslationView | None = None
        """The shown translation. None if none is shown."""
        self._job: JobChanged | None = None
        """How far its job is. None if it has none."""
        self._counted = (0, 0)
        """Number of finished segments and number of all segments, while they are translated."""
        self._beside: dict[str, str] = {}
        """Ids of translations that are written beside their originals when done, by their jobs."""
        self._written: Path | None = None
        self._said = ""
        """What is said of the written file, until the translation goes on."""
        self._build_ui(controller.view, keeper)
        self.segments.counted.connect(self._on_counted)
        self.segments.words_changed.connect(self._on_words_changed)
        self._bridge.on(TranslationGrew, self._on_grew)
        self._bridge.on(JobChanged, self._on_job)
        self._bridge.on(ItemChanged, self._on_item)
        self._bridge.on(ItemGone, lambda event: self._close(event.id))

    def _build_ui(self, view: ViewSettings, keeper: ThemeKeeper) -> None:
        self.head = named(QWidget(self), "document_head")
        self._title = ElidedLabel(self.head, name="translation_title", kind="heading", cut=Qt.TextElideMode.ElideMiddle)
        words = _("Language of the translation")
        self._target = named(LanguageChoice(keeper, view, self.head), "document_target", label=words)
        self._target.value_chosen.connect(self._on_target)
        self._save = button(_("Save translation"), "save_translation_button", self.head, kind="primary")
        self._save.clicked.connect(self._on_save)
        self._option_button = tool_button(
            "document_options_button", self.head, label=_("Options"), tip=_("Try again, export"),
            icon="sliders", colour="ink2",
        )  # fmt: skip
        self._progress = thin_bar(
            "translation_progress", self, _("Translating the document"), most=100, height=3, keeps_place=True
        )
        self._words = plain_label("", self, name="translation_progress_words", kind="small")
        self._pause = button(_("Pause"), "pause_translation_button", self, kind="quiet", on=self._on_pause)
        self._cancel = button(_("Cancel"), "cancel_translation_button", self, kind="quiet", on=self._on_cancel)
        self._cancel.setToolTip(_("Translate no further; what is translated is kept"))
        self._resume = button(_("Continue"), "resume_translation_button", self, kind="quiet", on=self._on_resume)
        self._open = button(_("Open the file"), "open_translation_button", self, kind="quiet", on=self._on_open_file)
        self.segments = SegmentPane(self._bridge, keeper, self)
        self.advice = AdviceLine(self._bridge, self, for_document=True)
        self._build_options()
        self._lay_out()

    def _build_options(self) -> None:
        options = self._options = Popover(self, "document_options", label=_("Options"), width=380)
        self._retry = button(
            _("Try again"), "retry_all_button", options, kind="text", on=self._on_retry,
            tip=_("Another try for what failed or is to check. What you edited or approved stays."),
        )  # fmt: skip
        self._more = button(
            _("Export"), "export_translation_button", options, kind="text",
            tip=_("Both languages side by side, a report, the pairs as TMX"),
        )  # fmt: skip
        self._more.setMenu(save_menu(self._more, self._on_export))
        self._otherwise = button(
            _("Translate otherwise…"), "document_otherwise_button", options, kind="text", on=self._on_otherwise,
            tip=_("Subject, formality, glossaries, title"),
        )  # fmt: skip
        for done in (self._retry, self._otherwise):
            done.clicked.connect(options.dismiss)
        column(
            row(self._otherwise, 1), row(self._retry, 1), row(self._more, 1), into=options,
            gap=theme.SPACE_8, margins=theme.SPACE_16,
        )  # fmt: skip
        self._option_button.clicked.connect(lambda: options.toggle(self._option_button))

    def _lay_out(self) -> None:
        row(
            (self._title, 1), self._target, self._save, self._option_button, into=self.head,
            gap=theme.SPACE_8,
        )  # fmt: skip
        none, scrolled = named(QWidget(self), "document_none"), named(QScrollArea(self), "document_scroll")
        choose = button(_("Choose a document…"), "open_document_button", none, kind="primary", on=self.files_requested)
        empty = EmptyState(
            none, "document_empty", icon="languages", line=_("No document yet"),
            hint=_("Choose a document, or drop one here. The layout stays as it is."),
        )  # fmt: skip
        empty.add(choose)
        column((empty, 1), into=none)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # with large letters in a low window
        body, foot = named(QWidget(), "document_body"), named(QWidget(self), "document_foot")
        show_column(scrolled, body)
        foot.setMinimumHeight(self._pause.sizeHint().height() + theme.SPACE_8)
        row(
            (self._words, 1), self._resume, self._pause, self._cancel, self._open, into=foot, gap=theme.SPACE_4,
            margins=(theme.SPACE_24, 0, theme.SPACE_16, theme.SPACE_4),
        )  # fmt: skip
        column(self._progress, self.advice, (self.segments, 1), foot, into=body, gap=0)
        self.addWidget(none)
        self.addWidget(scrolled)
        self._show_any()

    def _show_any(self) -> None:
        is_there = self._view is not None
        self.setCurrentIndex(int(is_there))
        for part in (self._title, self._target, self._save, self._option_button):
            part.setVisible(is_there)

    @property
    def item(self) -> str:
        return self._view.item.id if self._view else ""

    # ---- before the beginning

    def look(self, paths: Sequence[Path]) -> None:
        """Find the documents to translate. Then `chosen` is emitted with these documents."""
        self._bridge.follow(self._bridge.services.translations.choose(paths), self.chosen.emit)

    def begin_as_last(self, path: Path) -> None:
        """Translate a document into the language of the last one. One in that language is translated into another."""
        manner, last = self._manner, self._state.current
        request = TranslationRequest(
            manner.target, path=str(path.absolute()), domain=manner.domain, formality=manner.formality,
            sheet_names=last.translate_sheet_names, properties=last.translate_properties,
        )  # fmt: skip

        def told(language: str) -> None:
            self._begin_in(request, target_for(language, manner.target, (own_language(), "en", "de")))

        self._bridge.follow(self._bridge.services.translations.detect(request), told)

    def _begin_in(self, request: TranslationRequest, target: str) -> None:
        formality = request.formality if LANGUAGES[target].has_formal else ""
        self.begin([Path(request.path)], changed(request, target=target, formality=formality), beside=False)

    def _on_target(self, target: str) -> None:
        if self._view is not None and target != self._view.request.target:
            if self._is_running:
                self._on_cancel()
            source = self._view.request.source
            request = changed(self._view.request, source="" if source == target else source, glossaries=())
            self._begin_in(request, target)

    def _on_otherwise(self) -> None:
        if self._view is not None:
            look = self._bridge.services.translations.choose([Path(self._view.request.path)])
            manner = self._manner
            self._bridge.follow(look, lambda chosen: self.form_requested.emit(chosen, manner))

    @property
    def _manner(self) -> TranslationStyle:
        """Return how the shown document is translated, or else the last text."""
        if self._view is None:
            return self._controller.manner
        request = self._view.request
        return TranslationStyle(request.target, request.source, request.domain, request.formality)

    @property
    def _is_running(self) -> bool:
        return self._job is not None and self._job.status in (JobStatus.OPEN, JobStatus.RUNNING)

    def begin(self, paths: Sequence[Path], request: TranslationRequest, beside: bool) -> None:
        """Translate documents one after the other and show the first. The choices are saved."""

        def work(services: Services) -> list[TranslationView]:
            self._state.change(
                translate_sheet_names=request.sheet_names, translate_properties=request.properties,
                translate_beside=beside,
            )  # fmt: skip
            items = [services.translations.begin(changed(request, path=str(path.absolute()))).id for path in paths]
            return [services.translations.open(item) for item in items]

        def begun(views: list[TranslationView]) -> None:
            if beside:
                self._beside.update({view.job.id: view.item.id for view in views if view.job})
            self._on_opened(views[0])

        self._bridge.ask(work, begun)

    def open(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.translations.open(item), self._on_opened)

    def _on_item(self, event: ItemChanged) -> None:
        if event.item.deleted_at is not None:
            self._close(event.item.id)

    def _close(self, item: str) -> None:
        if item == self.item:
            self._view = self._job = None
            self.segments.close_view()
            self._show_any()

    def _on_pause(self) -> None:
        if self._job is not None:
            self._bridge.services.jobs.pause(self._job.id)

    def _on_cancel(self) -> None:
        if self._job is not None:
            self._bridge.services.jobs.cancel(self._job.id)

    def _on_retry(self) -> None:
        """Translate what failed or is to check again, by the model that is chosen now."""
        item = self.item
        self._bridge.ask(
            lambda services: services.translations.again(
                item, services.translations.record(None).id, RetryScope.FLAGGED
            ),
            self._on_again,
        )

    def _on_resume(self) -> None:
        self._bridge.ask(self._bridge.services.translations.again(self.item), self._on_again)

    def _ask_password(self, problem: Problem, unlock: Callable[[str], None]) -> None:
        name = Path(str(problem.args.get("path", ""))).name
        ask_password(self, name, unlock, is_wrong=problem.code != LOCKED[0])

    def _unlock(self, password: str) -> None:
        self._bridge.ask(self._bridge.services.translations.unlock(self.item, password), self._on_again)

    # ---- files

    def _on_save(self) -> None:
        self._bridge.ask(self._bridge.services.translations.open(self.item), self._on_save_asked)

    def _on_save_asked(self, view: TranslationView) -> None:
        source = Path(view.request.path)
        proposed = source.with_name(translated_name(source, view.request.target))
        write = partial(self._write, view.item.id, replace_it=True)  # the dialog asks whether a file is replaced
        title, name = _("Save the translated document"), "save_translation_dialog"
        save = partial(ask_new_file, self, title, write, name=name, proposed=proposed)
        ask_save_anyway(self, view, save, self.segments.look)

    def _on_export(self, what: Handout, form: str) -> None:
        if (view := self._view) is None:
            return
        source = Path(view.request.path)
        title = f"{source.stem or view.item.shown_title} {view.request.target} {SUFFIX_WORDS[what]}"
        folder = source.parent if view.request.path else None
        ask_where(self, title, form, partial(self._hand_out, what, form), FORMS[what], folder=folder)

    def _hand_out(self, what: Handout, form: str, target: Path) -> None:
        """Write both languages, a report or TMX. An existing file is replaced, because the dialog has already asked."""
        self._bridge.follow(
            self._bridge.services.translations.write_handout(self.item, what, form, target, replace=True),
            lambda _size: self._show_written(target),
            partial(tell_not_written, self._bridge, target),
        )

    def _write(self, item: str, target: Path, *, replace_it: bool) -> None:
        def written(result: WrittenFile) -> None:
            if item == self.item:
                self._show_written(result.path)

        def refused(problem: Problem) -> None:
            if not _may_unlock(problem) or item != self.item:
                tell_not_written(self._bridge, target, problem)
                return
            self._ask_password(problem, again)

        def again(password: str) -> None:  # passwords are not stored between runs
            self._bridge.ask(
                self._bridge.services.translations.use_password(item, password),
                lambda _none: self._write(item, target, replace_it=replace_it),
            )

        self._bridge.follow(
            self._bridge.services.translations.write(item, target, replace=replace_it), written, refused
        )

    def _write_beside(self, item: str) -> None:
        def work(services: Services) -> Path:
            request = services.translations.open(item).request
            path = Path(request.path)
            return free_name(path.with_name(translated_name(path, request.target)))

        self._bridge.ask(work, lambda path: self._write(item, path, replace_it=False))

    def _on_open_file(self) -> None:
        if self._written is not None:
            open_outside(QUrl.fromLocalFile(str(self._written)))

    def _on_opened(self, view: TranslationView) -> None:
        is_same, total = view.item.id == self.item, sum(view.counts.values())
        self._view, self._job = view, event_of(view.job) if view.job else None
        if self._job is not None and view.is_done:  # whatever became of a later try
            self._job = changed(self._job, status=JobStatus.DONE, problem=None)
        self._counted = (total - view.counts.get(SegmentState.OPEN, 0), total)
        self._written, self._said = None, ""
        self._show_any()
        self._title.set_full_text(Path(view.request.path).name or view.item.shown_title)
        self._show_languages()
        for part in (self._save, self._target, self._otherwise):
            part.setVisible(bool(view.request.path))
        if is_same:  # the chosen segment stays chosen
            self.segments.refresh()
        else:
            self.segments.show_view(view)
        self.opened.emit()
        self._settle()
        self._offer_to_unlock()

    def _on_again(self, job: JobRecord) -> None:
        if self._job is not None and (item := self._beside.pop(self._job.id, "")):
            self._beside[job.id] = item
        self._show_job(event_of(job))

    def _on_grew(self, event: TranslationGrew) -> None:
        if event.item == self.item:
            self._counted = (event.done, event.total)

    def _on_job(self, event: JobChanged) -> None:
        if event.status is JobStatus.DONE and (item := self._beside.pop(event.id, "")):
            self._write_beside(item)
        if self._job is not None and event.id == self._job.id:
            self._show_job(event)

    @property
    def languages(self) -> tuple[str, str]:
        if self._view is None:
            return "", ""
        return self._view.request.source or self.segments.language, self._view.request.target

    def _on_counted(self) -> None:
        if self._view is not None:
            self._show_languages()
            self._settle()

    def _show_languages(self) -> None:
        source, target = self.languages
        known = LANGUAGES[source].shown if source in LANGUAGES else ""
        set_tip(self._target, _("From {language}").format(language=known) if known else "")
        self._target.show_value(target)
        self.advice.show_about(source, target)

    @property
    def _states(self) -> Mapping[SegmentState, int]:
        return self.segments.states if self._is_listed else self._view.counts if self._view else {}

    @property
    def _is_listed(self) -> bool:
        """Return whether all segments are in the list, which is read after the translation."""
        known = sum(self._view.counts.values()) if self._view else 0
        return sum(self.segments.states.values()) >= known

    # ---- how far it is

    def _show_job(self, event: JobChanged) -> None:
        if event.status is not JobStatus.DONE:
            self._job = event
            self._settle()
            self._offer_to_unlock()
            return

        def done(view: TranslationView) -> None:
            if view.item.id == self.item:
                self._view, self._job = view, event
                self.segments.count()
                self.segments.refresh()

        self._bridge.ask(self._bridge.services.translations.open(self.item), done)

    def _offer_to_unlock(self) -> None:
        problem = self._job.problem if self._job else None
        if problem is not None and _may_unlock(problem):
            self._ask_password(problem, self._unlock)

    def _settle(self) -> None:
        """Show how far the translation is, and offer what can be done now.

        A document without segments can be neither written nor tried again.
        """
        view, job, has_segments, is_running = self._view, self._job, bool(self._states), self._is_running
        if view is None:
            return
        focused = next((key for key in (self._resume, self._pause, self._cancel) if key.hasFocus()), None)
        if job is not None and is_running:
            show_share(self._progress, job)
            words, may_go_on, self._said = self._running_words(job), False, ""
        else:
            words, may_go_on = self._end_words(view, job)
        self._words.setText(self._said or words)
        for part in (self._progress, self._pause, self._cancel):
            part.setVisible(is_running)
        self._resume.setVisible(may_go_on)
        self._open.setVisible(self._written is not None)
        self._more.setEnabled(has_segments)
        for way in (self._save, self._retry):
            way.setEnabled(has_segments and not is_running)
        if focused is self._resume and is_running:  # the same key pauses it
            self._pause.setFocus(Qt.FocusReason.OtherFocusReason)
        elif focused in (self._pause, self._cancel) and may_go_on:
            self._resume.setFocus(Qt.FocusReason.OtherFocusReason)
        elif focused in (self._pause, self._cancel) and not is_running:
            self.segments.take_focus()

    def _running_words(self, job: JobChanged) -> str:
        if job.status is JobStatus.OPEN and not job.done:
            return _("Waiting…")
        done, total = self._counted
        words = (
            _("{done:,} of {total:,} segments").format(done=done, total=total) if total else _("Reading the document…")
        )
        return " · ".join(filter(None, (words, left_words(job.left))))

    def _end_words(self, view: TranslationView, job: JobChanged | None) -> tuple[str, bool]:
        """Return how the translation ended, and whether it can go on."""
        if job is None and not self._states:
            return "", False
        if job is None or job.status is JobStatus.DONE:
            look = self.segments.look_count if self._is_listed else view.look
            words = done_words(self._states, look, view.left)
            words += f" {PDF}" if view.request.path.lower().endswith(".pdf") else ""
            return words, bool(self._states.get(SegmentState.FAILED))
        if job.problem is not None:
            return job.problem.sentence, True
        is_cancelled = job.status is JobStatus.CANCELLED
        cancelled, paused = _("Cancelled. What is translated is kept."), _("Paused. What is translated is kept.")
        return cancelled if is_cancelled else paused, True

    def _show_written(self, path: Path) -> None:
        self._written, self._said = path, _("Written to {path}.").format(path=path)
        self._settle()

    def _on_words_changed(self) -> None:
        if self._written is not None:
            words = _("Changed since {written} was written. Save it again to have that in the file.")
            self._said = words.format(written=self._written)
            self._settle()


def _may_unlock(problem: Problem) -> bool:
    return problem.code in LOCKED and takes_password(Path(str(problem.args.get("path", ""))))


FORMS = {
    Handout.PAIR: (
        Form("docx", _("Both languages, as a Word table")),
        Form("xlsx", _("Both languages, as a spreadsheet")),
        Form("html", _("Both languages, as a web page")),
        Form("md", _("Both languages, as Markdown")),
    ),
    Handout.REPORT: (
        Form("html", _("Report, as a web page")),
        Form("docx", _("Report, as a Word document")),
        Form("md", _("Report, as Markdown")),
        Form("json", _("Report, as JSON")),
    ),
    Handout.TMX: (Form("tmx", _("The pairs, as TMX for other programs")),),
}
SUFFIX_WORDS = {Handout.PAIR: _("both languages"), Handout.REPORT: _("report"), Handout.TMX: _("pairs")}


def save_menu(parent: QWidget, chosen: Callable[[Handout, str], object]) -> QMenu:
    menu = named(QMenu(parent), "handout_menu")
    for what, forms in FORMS.items():
        menu.addSeparator()  # Qt hides the one at the top
        for form in forms:
            action = menu.addAction(f"{form.name}…", partial(chosen, what, form.id))
            action.setObjectName(f"handout_{what.value}_{form.id}")
    return menu


def ask_save_anyway(
    parent: QWidget, view: TranslationView, save: Callable[[], object], look: Callable[[], None]
) -> None:
    """If something is not translated, say so and ask whether to save anyway. Else call `save`. Does not block."""
    if not unfinished(view):
        save()
        return
    still = _("Still open: {words}.").format(words=unfinished_words(view))
    more = _("What is not translated stays in the language of the original.")
    question = Question(parent, "save_anyway", _("Save the document"), still, more)
    question.add_choice(_("Save anyway"), "save_anyway_button", save)
    question.add_choice(_("Review"), "look_first_button", look, is_beside=True, is_default=True)
    question.add_cancel("save_cancel_button")
    question.open()
