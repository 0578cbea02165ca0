"""A document's translation on the translator's page: what goes before and after the pane that shows its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from slmdesk.base.documents import Form, takes_password, translated_name
from slmdesk.base.files import free_name
from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import ItemChanged, ItemGone
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, MemoryPair
from slmdesk.services import Services
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Edit, Report, Section, Statement
from slmdesk.tasks.shape import TaskView
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.report import unfinished_words
from slmdesk.tasks.translation.service import Handout
from slmdesk.tasks.translation.types import (
    KIND,
    GlossariesChanged,
    Translation,
    TranslationRequest,
    WrittenFile,
    language_of_most,
)
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay, ignored
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.build import (
    ElidedButton,
    ElidedLabel,
    button,
    column,
    keep_place,
    named,
    plain_label,
    plain_tip,
    row,
    set_tip,
)
from slmdesk.ui.kit.widgets.dialogs import Question, ask_password
from slmdesk.ui.kit.widgets.files import ask_new_file
from slmdesk.ui.kit.widgets.notices import ask_where, tell_not_written
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.parts import EmptyState
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.pane import ResultPane
from slmdesk.ui.translation.languages import AdviceLine, LanguageChoice, own_language, target_for
from slmdesk.ui.translation.text import TranslateController

LOCKED = ("document.locked", "document.wrong_password")
RECHECK_MS = 1000
"""Milliseconds after the last change of a glossary until a document is checked again."""
CHOSEN_MS = 120
"""Milliseconds for which a segment must stay chosen before the memory is searched."""
View = TaskView[TranslationRequest, Translation]


class DocumentPane(QStackedWidget):
    chosen = Signal(object)
    form_requested = Signal(object, object)
    """Emitted with the documents and the manner that the form shows."""
    files_requested = Signal()
    opened = Signal()

    def __init__(
        self,
        controller: TranslateController,
        results: ResultController,
        pane: ResultPane,
        keeper: ThemeKeeper,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("document_translation_pane")
        self._bridge, self._state, self._controller = controller.bridge, controller.state, controller
        self._results, self._pane = results, pane
        self._view: View | None = None
        """The shown translation as it was when it was opened."""
        self._language = ""
        """Language of its document. Empty until it is known."""
        self._beside: dict[str, str] = {}
        """Ids of translations that are written beside their originals when done, by their jobs."""
        self._written: Path | None = None
        self._written_sections: Sequence[Section] = ()
        """What the translation said when it was written."""
        self._pair: MemoryPair | None = None
        """What is offered from the memory for the chosen segment."""
        self._current: Statement | None = None
        self._locked = ""
        """Id of the job for which a password was asked last."""
        self._build_ui(pane, keeper)
        self._connect()
        self._show_any()

    def _build_ui(self, pane: ResultPane, keeper: ThemeKeeper) -> None:
        self.head = named(QWidget(self), "document_head")
        self._title = ElidedLabel(self.head, name="translation_title", kind="heading", cut=Qt.TextElideMode.ElideMiddle)
        words = _("Language of the translation")
        self._target = named(LanguageChoice(keeper, self._controller.view, self.head), "document_target", label=words)
        words, name = _("Save translation"), "save_translation_button"
        self._save = button(words, name, self.head, kind="primary", on=self._on_save)
        row((self._title, 1), self._target, self._save, into=self.head, gap=theme.SPACE_8)
        none, body = named(QWidget(self), "document_none"), named(QWidget(self), "document_body")
        choose = button(_("Choose a document…"), "open_document_button", none, kind="primary", on=self.files_requested)
        empty = EmptyState(
            none, "document_empty", icon="languages", line=_("No document yet"),
            hint=_("Choose a document, or drop one here. The layout stays as it is."),
        )  # fmt: skip
        empty.add(choose)
        column((empty, 1), into=none)
        self.advice = AdviceLine(self._bridge, self, for_document=True)
        self._similar = named(ElidedButton("", body), "similar_button", label=_("Similar"), kind="quiet")
        self._similar.hide()
        self._said = plain_label("", body, name="document_written", kind="small")
        self._open = button(_("Open the file"), "open_translation_button", body, kind="quiet", on=self._on_open_file)
        keep_place(self._open)
        margins = (theme.SPACE_24, 0, theme.SPACE_16, theme.SPACE_4)
        foot = row((self._said, 1), self._open, gap=theme.SPACE_4, margins=margins)
        column(self.advice, (pane, 1), self._similar, foot, into=body, gap=0)
        self._pane.export.setMenu(save_menu(self._pane.export, self._on_handout))
        self.addWidget(none)
        self.addWidget(body)

    def _connect(self) -> None:
        pane, results = self._pane, self._results
        self._target.value_chosen.connect(self._on_target)
        self._similar.clicked.connect(self._on_similar)
        self._similar_timer = Delay(self, CHOSEN_MS, self._ask_similar, "chosen_timer")
        self._recheck_timer = Delay(self, RECHECK_MS, self._recheck, "recheck_timer")
        pane.fills.append(self._fill_menu)
        pane.current_changed.connect(self._on_current)
        results.begun.connect(lambda _has_model: self._save.setEnabled(False))
        results.made.connect(self._on_made)
        results.job_reported.connect(self._on_shown_job)
        self._bridge.on(JobChanged, self._on_job)
        self._bridge.on(ItemChanged, self._on_item)
        self._bridge.on(ItemGone, lambda event: self._close(event.id))
        self._bridge.on(GlossariesChanged, lambda _event: self._recheck_timer.start())
        bind(self, "segment.approve", pane.approve)
        bind(self, "segment.hint", partial(pane.act, "reword"))

    def _fill_menu(self, menu: QMenu) -> None:
        if self._path is not None:
            otherwise = menu.addAction(_("Translate otherwise…"), self._on_otherwise)
            named(otherwise, "document_otherwise")
            otherwise.setToolTip(_("Subject, formality, glossaries, title"))

    def _show_any(self) -> None:
        is_there = self._view is not None
        self.setCurrentIndex(int(is_there))
        for part in (self._title, self._target, self._save):
            part.setVisible(is_there)

    @property
    def item(self) -> str:
        return self._view.item.id if self._view else ""

    @property
    def _path(self) -> Path | None:
        if self._view is None or not self._view.request.path:
            return None
        return Path(self._view.request.path)

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
        formality = ""
        if LANGUAGES[target].has_formal:
            formality = request.formality
        self.begin([Path(request.path)], changed(request, target=target, formality=formality), beside=False)

    def _on_target(self, target: str) -> None:
        if self._view is None or target == self._view.request.target:
            return
        self._results.cancel()
        source = self._view.request.source
        if source == target:
            source = ""
        self._begin_in(changed(self._view.request, source=source, glossaries=()), target)

    def _on_otherwise(self) -> None:
        if self._path is not None:
            look = self._bridge.services.translations.choose([self._path])
            manner = self._manner
            self._bridge.follow(look, lambda chosen: self.form_requested.emit(chosen, manner))

    @property
    def _manner(self) -> TranslationStyle:
        """Return how the shown document is translated, or else the last text."""
        if self._view is None:
            return self._controller.manner
        request = self._view.request
        return TranslationStyle(request.target, request.source, request.domain, request.formality)

    def begin(self, paths: Sequence[Path], request: TranslationRequest, beside: bool) -> None:
        """Translate documents one after the other and show the first. The choices are saved."""

        def work(services: Services) -> list[View]:
            self._state.change(
                translate_sheet_names=request.sheet_names, translate_properties=request.properties,
                translate_beside=beside,
            )  # fmt: skip
            requests = [changed(request, path=str(path.absolute())) for path in paths]
            items = [services.tasks.begin(KIND, each).id for each in requests]
            return [services.tasks.view(item) for item in items]

        def begun(views: list[View]) -> None:
            if beside:
                self._beside.update({view.job.id: view.item.id for view in views if view.job})
            self._on_opened(views[0])

        self._bridge.ask(work, begun)

    def open(self, item: str) -> None:
        self._bridge.ask(self._bridge.services.tasks.view(item), self._on_opened)

    def _on_opened(self, view: View) -> None:
        if view.item.id != self.item:
            self._save.setEnabled(False)
        self._view, self._language = view, view.request.source
        self._written, self._pair, self._locked = None, None, ""
        self._results.choose(view.item.id)
        self._show_any()
        self._title.set_full_text(Path(view.request.path).name or view.item.shown_title)
        for part in (self._target, self._save):
            part.setVisible(bool(view.request.path))
        self._show_languages()
        self._say("")
        self.opened.emit()

    def _on_item(self, event: ItemChanged) -> None:
        if event.item.deleted_at is not None:
            self._close(event.item.id)

    def _close(self, item: str) -> None:
        if item == self.item:
            self._view = None
            self._results.restart()
            self._show_any()

    # ---- what is shown

    def _on_made(self, report: Report) -> None:
        """Find out the language of the document, once it is known, and say that a written file does not follow."""
        if self._results.item != self.item:
            return
        self._save.setEnabled(bool(report.sections))
        self._similar_timer.start()
        if not self._language:
            self._bridge.ask(self._bridge.services.tasks.view(self.item), self._on_language)
        if self._written is not None and report.sections != self._written_sections:
            words = _("Changed since {written} was written. Save it again to have that in the file.")
            self._say(words.format(written=self._written))

    def _on_language(self, view: View) -> None:
        if view.item.id == self.item and view.newest is not None:
            self._language = language_of_most(view.newest.segments) or view.newest.language
            self._show_languages()

    @property
    def languages(self) -> tuple[str, str]:
        if self._view is None:
            return "", ""
        return self._language, self._view.request.target

    def _show_languages(self) -> None:
        source, target = self.languages
        known = ""
        if source in LANGUAGES:
            known = _("From {language}").format(language=LANGUAGES[source].shown)
        set_tip(self._target, known)
        self._target.show_value(target)
        self.advice.show_about(source, target)

    def take_focus(self) -> None:
        self._pane.take_focus()

    def _recheck(self) -> None:
        if self._view is not None:
            self._bridge.follow(self._bridge.services.translations.recheck(self.item))

    # ---- the memory

    def _on_current(self, statement: Statement | None) -> None:
        self._current = statement
        self._show_similar([])
        self._similar_timer.start()

    def _ask_similar(self) -> None:
        if self._current is not None and self._current.id:
            asked = self._bridge.services.memory.similar(self.item, int(self._current.id))
            self._bridge.ask(asked, partial(self._on_similar_found, self._current), ignored)

    def _on_similar_found(self, statement: Statement, found: Sequence[tuple[MemoryPair, float]]) -> None:
        if statement is self._current:
            self._show_similar(found)

    def _show_similar(self, found: Sequence[tuple[MemoryPair, float]]) -> None:
        """Offer the most similar sentence of the memory."""
        self._pair = None
        self._similar.setVisible(bool(found))
        if not found:
            return
        pair, likeness = found[0]
        self._pair = pair
        words = _("Similar in the memory ({percent} %): {words}")
        words = words.format(percent=int(likeness * 100), words=pair.target)
        self._similar.setText(words)
        self._similar.setAccessibleName(words)
        self._similar.setToolTip(plain_tip(f"{pair.source}\n{pair.target}"))

    def _on_similar(self) -> None:
        if self._pair is not None and self._current is not None:
            self._results.edit(Edit(self._current.id, self._pair.target))

    # ---- a locked document

    def _on_shown_job(self, event: JobChanged) -> None:
        problem = event.problem
        if problem is None or event.id == self._locked or self._results.item != self.item:
            return
        if _may_unlock(problem):
            self._locked = event.id
            self._ask_password(problem, self._unlock)

    def _ask_password(self, problem: Problem, unlock: Callable[[str], None]) -> None:
        name = Path(str(problem.args.get("path", ""))).name
        ask_password(self, name, unlock, is_wrong=problem.code != LOCKED[0])

    def _unlock(self, password: str) -> None:
        use = self._bridge.services.translations.use_password(self.item, password)
        self._bridge.ask(use, lambda _none: self._results.begin_again())

    # ---- files

    def _on_save(self) -> None:
        self._bridge.ask(self._bridge.services.tasks.view(self.item), self._on_save_asked)

    def _on_save_asked(self, view: View) -> None:
        source = Path(view.request.path)
        proposed = source.with_name(translated_name(source, view.request.target))
        write = partial(self._write, view.item.id, replace_it=True)  # the dialog asks whether a file is replaced
        title, name = _("Save the translated document"), "save_translation_dialog"
        save = partial(ask_new_file, self, title, write, name=name, proposed=proposed)
        ask_save_anyway(self, view, save, self.take_focus)

    def _on_handout(self, what: Handout, form: str) -> None:
        if self._view is None:
            return
        view, path = self._view, self._path
        name, folder = view.item.shown_title, None
        if path is not None:
            name, folder = path.stem, path.parent
        title = f"{name} {view.request.target} {SUFFIX_WORDS[what]}"
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

    def _on_job(self, event: JobChanged) -> None:
        if event.status is JobStatus.DONE and (item := self._beside.pop(event.id, "")):
            self._write_beside(item)

    def _write_beside(self, item: str) -> None:
        def work(services: Services) -> Path:
            request = services.tasks.view(item).request
            path = Path(request.path)
            return free_name(path.with_name(translated_name(path, request.target)))

        self._bridge.ask(work, lambda path: self._write(item, path, replace_it=False))

    def _on_open_file(self) -> None:
        if self._written is not None:
            open_outside(QUrl.fromLocalFile(str(self._written)))

    def _show_written(self, path: Path) -> None:
        self._written, self._written_sections = path, self._results.report.sections
        self._say(_("Written to {path}.").format(path=path))

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._open.setVisible(self._written is not None)


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


def ask_save_anyway(parent: QWidget, view: View, save: Callable[[], object], look: Callable[[], None]) -> None:
    """If something is not translated, say so and ask whether to save anyway. Else call `save`. Does not block."""
    words = ""
    if view.newest is not None:
        words = unfinished_words(view.newest)
    if not words:
        save()
        return
    still = _("Still open: {words}.").format(words=words)
    more = _("What is not translated stays in the language of the original.")
    question = Question(parent, "save_anyway", _("Save the document"), still, more)
    question.add_choice(_("Save anyway"), "save_anyway_button", save)
    question.add_choice(_("Review"), "look_first_button", look, is_beside=True, is_default=True)
    question.add_cancel("save_cancel_button")
    question.open()
