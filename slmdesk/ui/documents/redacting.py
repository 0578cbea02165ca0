"""The pane for redacting a document: what was found, what is removed, and the copy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.documents import has_page_pictures
from slmdesk.base.errors import KnownError
from slmdesk.base.files import free_name
from slmdesk.base.protocol import Progress
from slmdesk.base.records import DocumentRecord, ModelRecord
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, in_quotes
from slmdesk.documents.finds import RedactionPreview
from slmdesk.documents.redacted import Asked, GivenOut, RedactionRequest
from slmdesk.documents.search import FoundPlaces
from slmdesk.documents.types import Span, file_of
from slmdesk.redact.finding import INSIDE
from slmdesk.tasks.redact import (
    ADD,
    NO_MODEL,
    TASK,
    edited,
    id_of,
    joined,
    name_of_copy,
    names_in,
    remark_lines,
    replaced_words,
    report_of,
)
from slmdesk.tasks.report import Edit, Report, Statement
from slmdesk.ui.documents.boxes import ByHand
from slmdesk.ui.documents.controller import LOCKED, DocumentsController, is_file
from slmdesk.ui.documents.copying import CopyOptions
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    show_column,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import ask_password
from slmdesk.ui.kit.widgets.files import ask_new_file
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.tasks.pages import ListView

NOWHERE = Path()
KEY_SUFFIX = ".key"
TICKED = _("What is ticked is removed from all of the copy. The file itself stays as it is.")
ADD_BELOW = _("Words that you add below are removed from all of the copy. The file itself stays as it is.")
FOUND = _("{count:,} found in {name}. {ticked}")
NOTHING_FOUND = _("Nothing private was found in {name}. {add}")
READ_IT = _("Some private words may not be found: read the copy before you give it away.")
INSIDE_ANOTHER = _("{name} is inside {name2}: save it as a file of its own to give it out redacted.")
UNSEEN = _("“{words}” does not stand in the text; it is looked for in all of the file.")
WRITTEN = _("{name} is written; nothing that was ticked is left in its text. Replaced: {said}.{key} {read_it}")
SAID_LINES = 5
"""Lines for what is said below the list, which keeps its place; more of them scroll."""
MOST_UNDONE = 200


def phrase_of(statement: Statement) -> tuple[str, bool]:
    """Return the words to look for on the pages, and whether as whole words only."""
    words = statement.text
    return words, sum(map(str.isalnum, words)) < INSIDE


class RedactPane(QFrame):
    """Searches the shown document when it comes into view.

    One button writes the copy, and stops that while it runs.
    """

    page_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        documents: DocumentsController,
        by_hand: ByHand,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("redact_pane")
        self._bridge = bridge
        self._documents = documents
        self._by_hand = by_hand
        self._record: DocumentRecord | None = None
        self._path = NOWHERE
        self._is_file = False
        """Whether it is one of its own, and not inside another."""
        self._found: RedactionPreview | None = None
        """What was found by now. None before the document was looked through."""
        self._chosen: RedactionPreview | None = None
        """The same with what a person ticked and added."""
        self._undo: list[RedactionPreview] = []
        """What was chosen before each change of a person, the last one at the end."""
        self._places: dict[str, Sequence[Span]] = {}
        """Where finds stand on the pages, by their ids. Empty while they are looked for."""
        self._following: Call | None = None
        """The document is looked through, or the copy is written."""
        self._asking: Call | None = None
        """A model is asked, while the person looks at what was found before."""
        self._password = ""
        self._target = NOWHERE
        """What was written. Nowhere if that is no longer what would be written."""
        self._build_ui()
        self._connect()
        self._keep_place()
        self._show_options()

    # ---- its parts

    def _build_ui(self) -> None:
        progress = _("Progress")
        self._progress = thin_bar("redaction_progress", self, progress, keeps_place=True)
        self._finds = ListView(TASK, self, "redaction_finds")
        self._list = self._finds.list
        label = _("What was found; ticked lines are removed")
        named(self._list, "redaction_list", label=label)
        margins = (theme.SPACE_24, theme.SPACE_4, theme.SPACE_24, theme.SPACE_12)
        column(
            self._progress,
            (self._finds, 1),
            self._build_below(),
            self._by_hand,
            self._build_line(),
            self._build_foot(),
            into=self,
            gap=theme.SPACE_8,
            margins=margins,
        )

    def _build_below(self) -> QWidget:
        """Return the place of all that is said."""
        self._said = plain_label("", self, name="redaction_said")
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._trouble = self._label("redaction_trouble", "danger")
        self._told = self._label("redaction_asking", "muted")
        self._others = self._label("redaction_others", "muted")
        self._enough = button(
            _("Stop asking"),
            "redaction_enough",
            self,
            kind="quiet",
            on=self._stop_asking,
        )
        self._enough.hide()
        asking = row((self._told, 1), self._enough, gap=theme.SPACE_8)
        below = QWidget(self)
        parts = (self._said, self._trouble, asking, self._others, 1)
        column(*parts, into=below, gap=theme.SPACE_8)
        self._below = named(QScrollArea(self), "redaction_below")
        self._below.setAccessibleName(_("About this copy"))
        show_column(self._below, below)
        for part in (below, self._below.viewport()):
            part.setAutoFillBackground(False)  # the ground of the pane shows
        return self._below

    def _label(self, name: str, kind: str) -> Any:
        return plain_label("", self, name=name, kind=kind, is_hidden=True)

    def _build_line(self) -> Any:
        """Return the line for words that a person adds."""
        self._word = text_line(
            "redaction_word",
            self,
            _("Remove this too, everywhere"),
            label=_("Another word that is to be removed everywhere in the file"),
        )
        self._add = button(_("Add"), "redaction_add", self, on=self._on_add)
        words = _("Undo")
        self._undo_button = tool_button("redaction_undo", self, icon="undo-2", label=words, tip=words, on=self.undo)
        parts = ((self._word, 1), self._add, self._undo_button)
        return row(*parts, gap=theme.SPACE_8)

    def _build_foot(self) -> Any:
        self._how = CopyOptions(self)
        self._how_button = button("", "redaction_options", self, kind="quiet", icon="chevron-down")
        # the arrow behind the words
        self._how_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._how_button.clicked.connect(lambda: self._how.toggle(self._how_button))
        self._elsewhere = button(
            _("Save as…"),
            "redaction_elsewhere",
            self,
            kind="quiet",
            on=self._ask_where,
        )
        self._folder = button(
            _("Open folder"),
            "redaction_folder",
            self,
            kind="quiet",
            on=lambda: self._open(self._target.parent),
        )
        self._copy = button(
            _("Open copy"),
            "redaction_open",
            self,
            kind="primary",
            on=lambda: self._open(self._target),
        )
        self._write = button(
            _("Save copy"),
            "redaction_write",
            self,
            kind="primary",
            on=self._on_write,
        )
        last = (self._elsewhere, self._folder, self._copy, self._write)
        return row(self._how_button, 1, *last, gap=theme.SPACE_8)

    def _connect(self) -> None:
        self._word.returnPressed.connect(self._on_add)
        self._finds.edit_requested.connect(self._edit)
        self._finds.statement_chosen.connect(self._on_find_chosen)
        rows = self._list.selectionModel()
        rows.currentChanged.connect(lambda *_rows: self._light())
        self._by_hand.changed.connect(self._on_other)
        self._by_hand.page_requested.connect(self.page_requested)
        self._how.form.changed.connect(lambda chosen: self._show_options(**chosen))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._by_hand.lay_over(is_on=True)
        if self._chosen is None and self._following is None:
            self._look()
        else:
            self._light()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._by_hand.lay_over(is_on=False)
        self._documents.pages.find("")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        fonts = (QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if event.type() in fonts and hasattr(self, "_below"):
            self._keep_place()

    def _keep_place(self) -> None:
        """Keep the place of what is said, so that words do not move the list."""
        line = self._said.fontMetrics().lineSpacing()
        self._below.setFixedHeight(SAID_LINES * line + theme.SPACE_4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        else:
            super().keyPressEvent(event)

    # ---- the document

    def show_document(self, record: DocumentRecord | None) -> None:
        if _id_in(record) == _id_in(self._record):
            return
        self._stop()
        self._record = record
        self._path, self._is_file = NOWHERE, False
        if record is not None:
            self._path, self._is_file = file_of(record), is_file(record)
        self._password = ""
        self._found = self._chosen = None
        self._undo.clear()
        self._places.clear()
        self._finds.show_report(Report(TASK.kind, ""))
        self._said.clear()
        show_words(self._others, "")
        is_drawn = has_page_pictures(self._path)
        is_pdf = self._path.suffix.lower() == ".pdf"
        self._by_hand.show_document(is_drawn=is_drawn)
        self._by_hand.lay_over(is_on=self.isVisible())
        self._how_button.setHidden(is_drawn and not is_pdf)
        self._show_options(is_pdf=is_pdf, is_drawn=is_drawn)
        self._show_work("", None)
        if self.isVisible():
            self._look()

    def _look(self) -> None:
        record, name = self._record, self._path.name
        if record is None:
            return
        if not self._is_file:
            self._say(INSIDE_ANOTHER.format(name=record.name, name2=name))
            return
        services = self._bridge.services
        following = self._bridge.follow(
            services.redaction.preview(self._path, password=self._password),
            self._on_looked,
            self._on_unread,
            self._on_progress,
        )
        self._show_work(_("Looking through {name}…").format(name=name), following)

    def _on_looked(self, preview: RedactionPreview) -> None:
        self._found = self._chosen = preview
        self._show_work("", None)
        self._show(preview, is_other=True)
        first = next(iter(self._finds.report.statements), None)
        if first is not None:
            self._list.go_to(first)
        self._by_hand.show_pictures(preview.pictures)
        self._say_found(NOTHING_FOUND)
        self._show_remarks(self._finds.report.notes)
        model = self._bridge.services.redaction.model_for(None)
        self._bridge.ask(model, self._ask, self._on_unasked)

    def _on_unread(self, problem: Problem) -> None:
        self._show_work("", None)
        if problem.code in LOCKED and self._how.options.is_pdf:
            is_wrong = problem.code != "document.locked"
            ask_password(self, self._path.name, self._unlock, is_wrong=is_wrong)
            return
        self._said.setText("")
        self._show_trouble(problem.sentence)

    def _unlock(self, password: str) -> None:
        self._password = password
        self._look()

    # ---- what a model adds

    def _ask(self, record: ModelRecord | None) -> None:
        """Ask the usual model what else is private, unless something else has begun."""
        show_words(self._told, "")
        if record is None:
            show_words(self._told, _(NO_MODEL))
            return
        if self._found is None or self._following or self._asking:
            return
        self._asking = self._bridge.follow(
            self._bridge.services.redaction.ask(self._found, record),
            self._on_asked,
            self._on_unasked,
            self._on_page,
        )
        self._enough.show()
        self._progress.setVisible(True)
        words = _("{model} looks too: what it finds is added above.")
        show_words(self._told, words.format(model=record.name))

    def _on_page(self, asked: object) -> None:
        if isinstance(asked, Asked):
            self._take(asked.preview)
            self._show_amount(asked.done, asked.total)

    def _take(self, preview: RedactionPreview) -> None:
        """Add what a model has found. What the person ticked stays as it is."""
        assert self._chosen is not None  # else no model is asked
        self._found = preview
        self._show(joined(preview, self._chosen))
        self._say_found(FOUND)

    def _on_asked(self, preview: RedactionPreview) -> None:
        self._stop_asking()
        self._take(preview)
        show_words(self._told, _("The model has looked at all of it."))

    def _on_unasked(self, problem: Problem) -> None:
        self._stop_asking()
        show_words(self._told, breakable(problem.sentence))

    def _stop_asking(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
        self._enough.hide()
        self._progress.setVisible(self._following is not None)
        show_words(self._told, "")

    # ---- what a person changes

    @property
    def _ticked(self) -> list[Statement]:
        """What is removed."""
        return [find for find in self._finds.report.statements if find.is_approved]

    def _edit(self, edit: Edit) -> None:
        """Take a change, which can be taken back."""
        before = self._chosen
        assert before is not None  # else there is nothing to change
        self._show(edited(before, edit))
        self._undo = [*self._undo, before][-MOST_UNDONE:]
        self._undo_button.setEnabled(True)

    def undo(self) -> None:
        """Take back the last change. What was found since stays."""
        if self._undo_button.isEnabled():
            assert self._found is not None  # else nothing was changed
            self._show(joined(self._found, self._undo.pop()))
            self._show_trouble("")  # it is about the last added word
            self._undo_button.setEnabled(bool(self._undo))

    def _on_add(self) -> None:
        words = " ".join(self._word.text().split())
        try:
            self._edit(Edit("", action=ADD, value=words))
        except KnownError:
            self._show_trouble(_("Write a word of two letters at least."))
            return
        finds = {find.id: find for find in self._finds.report.statements}
        added = finds[id_of(words)]
        self._list.go_to(added)
        self._word.clear()
        self._show_trouble("")
        if not added.quotes:
            self._show_trouble(UNSEEN.format(words=words))

    def _show(self, preview: RedactionPreview, *, is_other: bool = False) -> None:
        self._chosen = preview
        self._finds.show_report(report_of(preview, self._places), is_other=is_other)
        self._light()
        self._find_places()
        self._on_other()

    def _find_places(self) -> None:
        """Find where new finds stand on the pages. What stands there is lit then."""
        record, finds = self._record, list(self._finds.report.statements)
        new = [find for find in finds if find.id not in self._places]
        if record is None or not new:
            return

        def found(each: Sequence[FoundPlaces]) -> None:
            if self._chosen is None or _id_in(self._record) != record.id:
                return
            for find, known in zip(new, each, strict=True):
                self._places[find.id] = known.spans(record.id)
            self._finds.show_report(report_of(self._chosen, self._places), is_other=False)
            self._light()

        self._places |= {find.id: () for find in new}
        phrases = list(map(phrase_of, new))
        services = self._bridge.services
        self._bridge.follow(services.documents.find_each(record.id, phrases), found)

    def _on_find_chosen(self, _find: Statement) -> None:
        self.page_requested.emit()
        self._light()

    def _light(self) -> None:
        """Cover what is removed, as in the copy, and light the selected words."""
        if not self.isVisible():
            return
        removed = [span for find in self._ticked for span in find.sources]
        if self._how.options.is_natural:
            removed = []
        selected = self._list.current or Statement("")
        self._documents.pages.cover(removed, selected.sources)

    # ---- the copy

    def _show_options(self, **changes: Any) -> None:
        self._how.show_options(**changes)
        self._how_button.setText(self._how.options.words)
        self._light()
        self._on_other()

    def _on_write(self) -> None:
        if self._chosen is None:
            self._look()
        elif self._following is None:
            self._give_out(self._proposed)
        else:
            self._stop()
            self._said.setText(_("Stopped. Nothing was written."))

    @property
    def _proposed(self) -> Path:
        """Where the copy is written: beside the file."""
        return free_name(self._path.with_name(name_of_copy(self._path, self._ticked)))

    def _ask_where(self) -> None:
        ask_new_file(
            self,
            _("Write the redacted copy"),
            self._give_out,
            name="redaction_dialog",
            proposed=self._proposed,
            filters=f"*{self._path.suffix}",
        )

    def _give_out(self, target: Path) -> None:
        self._stop_asking()
        preview, options = self._chosen, self._how.options
        if preview is None:
            return
        key: Path | None = None
        if options.keeps_key:
            key = target.with_name(target.name + KEY_SUFFIX)
        request = RedactionRequest(
            preview.chosen,
            target,
            substitutes=options.is_natural,
            key=key,
            passphrase=options.passphrase,
            resolution=options.resolution,
            text_layer=options.layer,
            password=self._password,
            boxes=self._by_hand.boxes,
            pictures=self._by_hand.pictures,
        )
        following = self._bridge.follow(
            self._bridge.services.redaction.give_out(preview, request),
            self._on_given_out,
            self._on_refused,
            self._on_progress,
        )
        words = _("Writing and checking {name}…").format(name=target.name)
        self._show_work(words, following)

    def _on_given_out(self, made: GivenOut) -> None:
        self._show_work("", None)
        key = ""
        if made.key is not None:
            key = _(" The key is {name}.").format(name=made.key.name)
        words = WRITTEN.format(
            name=made.target.name,
            said=replaced_words(made.replaced, made.boxes, made.pictures),
            key=key,
            read_it=READ_IT,
        )
        self._say(words)
        lines = list[str]()
        told = ", ".join(map(in_quotes, names_in(made.target.name, self._ticked)))
        if told:
            still = _("The name of the file still tells {told}.").format(told=told)
            lines.append(_("Look at it yourself: {line}").format(line=still))
        lines += remark_lines(made.removed, made.unsure)
        self._show_remarks(lines)
        self._show_options(passphrase="")
        self._target = made.target
        self._allow()

    def _on_refused(self, problem: Problem) -> None:
        self._show_work("", None)
        self._said.setText(_("Nothing was written."))
        self._show_trouble(problem.sentence)

    def _open(self, path: Path) -> None:
        open_outside(QUrl.fromLocalFile(str(path)))

    def _stop(self) -> None:
        """Cancel the work that is going on. Then nothing is written."""
        self._stop_asking()
        if self._following is not None:
            self._following.cancel()
            self._show_work("", None)

    # ---- what is said, and what can be done now

    def _say(self, words: str) -> None:
        self._said.setText(breakable(words))

    def _say_found(self, nothing: str) -> None:
        """Say how much was found, or that it is nothing."""
        count = len(list(self._finds.report.statements))
        words = FOUND
        ticked = TICKED
        if not count:
            words, ticked = nothing, ADD_BELOW
        name = self._path.name
        self._say(words.format(count=count, name=name, ticked=ticked, add=ticked))

    def _show_remarks(self, lines: Sequence[str]) -> None:
        show_words(self._others, breakable("\n".join(lines)))

    def _show_trouble(self, words: str) -> None:
        show_words(self._trouble, breakable(words))
        if words:  # once it has its place
            shown = self._below.ensureWidgetVisible
            QTimer.singleShot(0, self._below, lambda: shown(self._trouble))

    def _on_progress(self, report: object) -> None:
        if isinstance(report, Progress) and report.unit == "page":
            self._show_amount(report.done, report.total)

    def _show_amount(self, done: int, total: int) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(done)

    def _show_work(self, words: str, following: Call | None) -> None:
        """Show what is done now, and let nothing be changed meanwhile."""
        self._following = following
        self._show_trouble("")
        if words:
            self._say(words)
        self._progress.setVisible(following is not None)
        self._progress.setRange(0, 0)
        is_allowed = following is None and self._chosen is not None
        for widget in (self._finds, self._word, self._add, self._how_button):
            widget.setEnabled(is_allowed)
        self._undo_button.setEnabled(is_allowed and bool(self._undo))
        self._by_hand.allow(is_allowed)
        self._allow()

    def _on_other(self) -> None:
        """Offer to save again what is no longer what was written."""
        self._target = NOWHERE
        self._allow()

    def _allow(self) -> None:
        is_written = self._target != NOWHERE
        is_told = bool(names_in(self._target.name, self._ticked))
        # for both there is no room
        self._elsewhere.setVisible(is_told or not is_written)
        self._folder.setVisible(is_written and not is_told)
        self._copy.setVisible(is_written)
        if is_written and self._write.hasFocus():
            self._copy.setFocus()  # which stands in its place
        self._write.setVisible(not is_written)
        is_working = self._following is not None
        is_chosen = bool(self._ticked) or self._by_hand.has_any
        is_ready = is_chosen and not (is_working or self._how.options.lacks_passphrase)
        self._elsewhere.setEnabled(is_ready)
        words, can_write = _("Save copy"), is_ready
        if self._chosen is None:  # it could not be read, or its password is missing
            words, can_write = _("Try again"), self._is_file and not is_working
        elif is_working:
            words, can_write = _("Stop"), True
        self._write.setText(words)
        self._write.setEnabled(can_write)


def _id_in(record: DocumentRecord | None) -> str:
    if record is None:
        return ""
    return record.id
