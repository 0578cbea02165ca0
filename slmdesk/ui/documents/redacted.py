"""The pane for redacting a document: what was found, what to remove, how, and the copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from slmdesk.base.documents import has_page_pictures
from slmdesk.base.files import free_name
from slmdesk.base.protocol import Progress
from slmdesk.base.record import Record, changed, values_of
from slmdesk.base.records import DocumentRecord, ModelRecord
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, grouped, in_quotes
from slmdesk.base.types import told_place
from slmdesk.documents.redacted import (
    FINDER_LABELS,
    NO_MODEL,
    Asked,
    FoundWord,
    GivenOut,
    InnerPicture,
    RedactionPreview,
    RedactionRequest,
    counted_by_hand,
    label_of,
    removed_lines,
    unsure_lines,
)
from slmdesk.documents.types import file_of, page_ranges
from slmdesk.redact import Certainty, Kind
from slmdesk.redact.finding import INSIDE
from slmdesk.ui.documents.boxes import BoxLayer, PictureList
from slmdesk.ui.documents.controller import LOCKED, DocumentsController, is_file
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    show_column,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import ask_password
from slmdesk.ui.kit.widgets.files import ask_new_file
from slmdesk.ui.kit.widgets.form import Control, Field, FieldPart, Form, Listed, TextLine
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.rows import TickDelegate

BARS, NATURAL = "bars", "natural"
WAYS = ((BARS, _("Black bars")), (NATURAL, _("Natural words instead")))
LEAST_PART = 4
"""Fewest letters of a part of a person's name that is searched in the name of a file."""
KEY_SUFFIX = ".key"
TICKED = _("What is ticked is removed from all of the copy. The file itself stays as it is.")
ADD = _("Words that you add below are removed from all of the copy. The file itself stays as it is.")
DRAW = _("Draw a box on the page over a stamp, a signature or a photo.")
CHOOSE = _("Photos and signatures in the file can become black.")
READ_IT = _("Some private words may not be found: read the copy before you give it away.")


class Ticked(Control):
    """A check box, which stands without a title above it."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._box = CheckBox(field.title, parent)
        self._box.clicked.connect(lambda is_on: self.told(is_on))

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        self._box.setChecked(value)


class Secret(TextLine):
    """A passphrase, which counts while it is typed."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._line.setEchoMode(QLineEdit.EchoMode.Password)
        self._line.textEdited.connect(self.keep)


class Options(Record):
    is_pdf: bool = False
    is_drawn: bool = False
    """Whether pages are drawn, with bars and boxes: PDFs and pictures."""
    way: str = BARS
    resolution: int = 150
    layer: bool = False
    key: bool = False
    passphrase: str = ""

    @property
    def is_natural(self) -> bool:
        return not self.is_drawn and self.way == NATURAL

    @property
    def keeps_key(self) -> bool:
        return self.is_natural and self.key


OPTIONS = (
    Field(
        name="way", title=_("What stands in the place of the words"), control=Listed,
        values=WAYS, is_there=lambda options: not options.is_drawn,
    ),
    Field(
        name="resolution", title=_("How finely pages are drawn"), control=Listed,
        values=tuple((dpi, _("{name} pixels an inch").format(name=dpi)) for dpi in (100, 150, 200, 300)),
        is_there=lambda options: options.is_pdf,
    ),
    Field(
        name="layer", title=_("Text that can be searched for"), control=Ticked, is_there=lambda options: options.is_pdf
    ),
    Field(
        name="key", title=_("Keep a key that leads back"), control=Ticked, is_there=lambda options: options.is_natural
    ),
    Field(
        name="passphrase", title=_("Passphrase of the key"), control=Secret,
        is_there=lambda options: options.keeps_key,
    ),
)  # fmt: skip


class OptionPart(FieldPart):
    wraps_title = True

    def _lay_out(self) -> None:
        super()._lay_out()
        self._heading.setHidden(isinstance(self.control, Ticked))


class OptionsForm(Form):
    def make_part(self, field: Any, parent: Any, prefix: str) -> FieldPart:
        return OptionPart(field, parent, prefix, self)


SAID_LINES = 5
"""Lines for what is said below the list, which keeps its place; more of them scroll."""
LIGHT_MS = 50
"""Time after a tick before the page is marked anew, so that a kind's ticks cost one search."""


class RedactPane(QFrame):
    """Searches the shown document when it comes into view. One button writes the copy, and stops that while it runs."""

    page_requested = Signal()

    def __init__(self, bridge: Bridge, documents: DocumentsController, boxes: BoxLayer, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("redact_pane")
        self._bridge, self._documents, self._boxes = bridge, documents, boxes
        self._record: DocumentRecord | None = None
        self._path = Path()
        self._preview: RedactionPreview | None = None
        self._following: Call | None = None
        self._asking: Call | None = None
        """A model is asked, while the person looks at what was found before."""
        self._options = Options()
        self._password = ""
        self._target = Path()
        """What was written. Empty if that is no longer what would be written."""
        self._light_timer = Delay(self, LIGHT_MS, self._light)
        self._build_ui()
        self._connect()
        self._keep_place()
        self._show_options()

    def _build_ui(self) -> None:
        self._said = plain_label("", self, name="redaction_said")
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._told = plain_label("", self, name="redaction_asking", kind="muted", is_hidden=True)
        self._enough = button(_("Stop asking"), "redaction_enough", self, kind="quiet", on=self._stop_asking)
        self._enough.hide()
        self._progress = thin_bar("redaction_progress", self, _("Progress"), keeps_place=True)
        self._finds = FindsList(self)
        label = _("Another word that is to be removed everywhere in the file")
        self._word = text_line("redaction_word", self, _("Remove this too, everywhere"), label=label)
        self._add = button(_("Add"), "redaction_add", self, on=self._on_add)
        self._others = plain_label("", self, name="redaction_others", kind="muted", is_hidden=True)
        self._trouble = plain_label("", self, name="redaction_trouble", kind="danger", is_hidden=True)
        self._copy = button(_("Open copy"), "redaction_open", self, kind="primary", on=lambda: self._open(self._target))
        self._folder = button(
            _("Open folder"), "redaction_folder", self, kind="quiet", on=lambda: self._open(self._target.parent)
        )
        self._how = self._make_how()
        self._how_button = button("", "redaction_options", self, kind="quiet", icon="chevron-down")
        self._how_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the words
        self._how_button.clicked.connect(lambda: self._how.toggle(self._how_button))
        self._elsewhere = button(_("Save as…"), "redaction_elsewhere", self, kind="quiet", on=self._ask_where)
        self._write = button(_("Save copy"), "redaction_write", self, kind="primary", on=self._on_write)
        foot = row(self._how_button, 1, self._elsewhere, self._folder, self._copy, self._write, gap=theme.SPACE_8)
        word = row((self._word, 1), self._add, gap=theme.SPACE_8)
        by_hand = self._make_by_hand()
        margins = (theme.SPACE_24, theme.SPACE_4, theme.SPACE_24, theme.SPACE_12)
        below = QWidget(self)
        asking = row((self._told, 1), self._enough, gap=theme.SPACE_8)
        column(self._said, self._trouble, asking, self._others, 1, into=below, gap=theme.SPACE_8)
        self._below = named(QScrollArea(self), "redaction_below")
        self._below.setAccessibleName(_("About this copy"))
        show_column(self._below, below)
        for part in (below, self._below.viewport()):
            part.setAutoFillBackground(False)  # the ground of the pane shows
        parts = (self._progress, (self._finds, 1), self._below, by_hand, word, foot)
        column(*parts, into=self, gap=theme.SPACE_8, margins=margins)

    def _make_by_hand(self) -> QHBoxLayout:
        """Return the row for what no words take out: boxes on pages, or pictures inside the document."""
        self._drawn = plain_label("", self, name="redaction_drawn", kind="muted")
        tip = _("Put a box on the page in sight; the arrow keys move it, with Shift they size it")
        self._add_box = tool_button("redaction_add_box", self, icon="square", label=tip, tip=tip, on=self._on_add_box)
        tip = _("Take back the last change of a box")
        self._undo_box = tool_button(
            "redaction_undo_box", self, icon="undo-2", label=tip, tip=tip, on=self._boxes.undo
        )  # fmt: skip
        tip = _("Remove the selected box")
        self._drop_box = tool_button(
            "redaction_remove_box", self, icon="trash-2", label=tip, tip=tip, on=self._boxes.remove
        )  # fmt: skip
        self._box_parts = (self._add_box, self._undo_box, self._drop_box)
        self._choice = Popover(self, "redaction_choice", label=_("Pictures in the document"), width=420)
        self._pictures = PictureList(self._choice)
        column(self._pictures, into=self._choice, margins=theme.SPACE_8)
        self._choose = button(_("Pictures…"), "redaction_choose", self, kind="quiet")
        self._choose.hide()
        self._choose.clicked.connect(lambda: self._choice.toggle(self._choose))
        return row((self._drawn, 1), *self._box_parts, self._choose, gap=theme.SPACE_4)

    def _make_how(self) -> Popover:
        how = Popover(self, "redaction_how", label=_("What stands in the place of the words"))
        self._form = OptionsForm(how, OPTIONS, prefix="redaction")
        self._form.changed.connect(lambda chosen: self._show_options(**chosen))
        for part in self._form.parts:
            part.setFocusProxy(part.widget)  # the popover puts the focus into the first
        column(*self._form.parts, into=how, gap=theme.SPACE_12, margins=theme.SPACE_16)
        return how

    def _connect(self) -> None:
        self._word.returnPressed.connect(self._on_add)
        self._finds.chosen_changed.connect(self._on_other)
        self._finds.chosen_changed.connect(self._light_timer.start)
        self._finds.itemSelectionChanged.connect(self._light)
        self._finds.itemClicked.connect(lambda _item: self._light())
        self._finds.itemActivated.connect(lambda _item: self.page_requested.emit())
        self._pictures.itemChanged.connect(lambda _item: self._on_by_hand())
        self._boxes.shown.connect(self._show_by_hand)
        self._boxes.changed.connect(self._on_by_hand)

    def show_document(self, record: DocumentRecord | None) -> None:
        if (record.id if record else "") == (self._record.id if self._record else ""):
            return
        self._stop()
        self._record, self._path = record, file_of(record) if record else Path()
        self._preview, self._target, self._password = None, Path(), ""
        self._finds.show_found(())
        self._show_pictures(())
        self._boxes.clear()
        self._said.clear()
        show_words(self._others, "")
        self._show_work("", None)
        is_drawn = has_page_pictures(self._path)
        for part in self._box_parts:
            part.setVisible(is_drawn)
        self._boxes.setVisible(is_drawn and self.isVisible())
        self._how_button.setHidden(is_drawn and self._path.suffix.lower() != ".pdf")
        self._show_options(is_pdf=self._path.suffix.lower() == ".pdf", is_drawn=is_drawn)
        if self.isVisible():
            self._look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._boxes.setVisible(self._options.is_drawn)
        if self._preview is None and self._following is None:
            self._look()
        else:
            self._light()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_below"):
            self._keep_place()

    def _keep_place(self) -> None:
        """Keep the place of what is said, so that the list does not move when words come."""
        self._below.setFixedHeight(SAID_LINES * self._said.fontMetrics().lineSpacing() + theme.SPACE_4)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._boxes.hide()
        self._documents.pages.find("")

    def _look(self) -> None:
        if self._record is None:
            return
        if not is_file(self._record):
            words = _("{name} is inside {name2}: save it as a file of its own to give it out redacted.")
            self._said.setText(breakable(words.format(name=self._record.name, name2=self._path.name)))
            return
        following = self._bridge.follow(
            self._bridge.services.redaction.preview(self._path, password=self._password), self._on_looked,
            self._on_unread, self._on_progress,
        )  # fmt: skip
        self._show_work(_("Looking through {name}…").format(name=self._path.name), following)

    def _light(self) -> None:
        """Cover what is removed, as in the copy, and light the selected row's words: short ones as whole words."""
        if not self.isVisible() or self._preview is None:
            return
        removed = () if self._options.is_natural else self._finds.chosen
        phrases = [(word.words, is_whole(word.words)) for word in removed]
        self._documents.pages.cover(phrases, (self._finds.selected, is_whole(self._finds.selected)))

    def _on_add_box(self) -> None:
        self.page_requested.emit()
        self._boxes.add()

    def _show_pictures(self, pictures: Sequence[InnerPicture]) -> None:
        self._pictures.show_pictures(pictures)
        self._choose.setVisible(bool(pictures))
        self._show_by_hand()

    def _on_by_hand(self) -> None:
        self._show_by_hand()
        self._on_other()

    def _show_by_hand(self) -> None:
        counted = counted_by_hand(len(self._boxes.boxes), len(self._pictures.chosen))
        pages = page_ranges([box.page for box in self._boxes.boxes])
        words = _("Black in the copy: {counted}, page {pages}") if pages else _("Black in the copy: {counted}")
        hint = DRAW if self._options.is_drawn else CHOOSE
        self._drawn.setText(words.format(counted=", ".join(counted), pages=pages) if counted else hint)
        self._drawn.setVisible(self._options.is_drawn or self._pictures.count() > 0)
        self._drop_box.setEnabled(self._boxes.has_selected)
        self._undo_box.setEnabled(self._boxes.can_undo)

    def _on_add(self) -> None:
        if self._preview is None or self._following is not None:
            return
        from slmdesk.documents.redacted import added_word  # its libraries are large

        words = " ".join(self._word.text().split())
        if len(words) < 2:
            self._show_trouble(_("Write a word of two letters at least."))
            return
        word = added_word(self._preview.text, words)
        self._finds.add(word)
        self._word.clear()
        unseen = _("“{words}” does not stand in the text; it is looked for in all of the file.").format(words=words)
        self._show_trouble("" if word.count else breakable(unseen))

    @property
    def _proposed(self) -> Path:
        """Where the copy is written: beside the file, with a name that tells none of what is removed."""
        rest = self._path.stem
        for words in sorted(self._told_by(self._path), key=len, reverse=True):
            rest = re.sub(re.escape(words), " ", rest, flags=re.IGNORECASE)
        rest = re.sub(r"[\s_.,-]*\s[\s_.,-]*", " ", rest).strip(" _.,-")
        is_telling = sum(map(str.isalpha, rest)) >= LEAST_PART and not self._told_by(Path(rest))
        stem = _("{stem}.redacted").format(stem=rest) if is_telling else _("redacted copy")
        return free_name(self._path.with_name(stem + self._path.suffix))

    def _on_write(self) -> None:
        if self._preview is None:
            self._look()
        elif self._following is None:
            self._give_out(self._proposed)
        else:
            self._stop()
            self._said.setText(_("Stopped. Nothing was written."))

    def _ask_where(self) -> None:
        ask_new_file(
            self, _("Write the redacted copy"), self._give_out, name="redaction_dialog", proposed=self._proposed,
            filters=f"*{self._path.suffix}",
        )  # fmt: skip

    def _give_out(self, target: Path) -> None:
        self._stop_asking()
        preview = self._preview
        if preview is None:
            return
        options = self._options
        request = RedactionRequest(
            tuple((word.kind, word.words) for word in (*self._finds.chosen, *preview.unseen)), target,
            substitutes=options.is_natural,
            key=target.with_name(target.name + KEY_SUFFIX) if options.keeps_key else None,
            passphrase=options.passphrase, resolution=options.resolution, text_layer=options.layer,
            password=self._password, boxes=self._boxes.boxes, pictures=self._pictures.chosen,
        )  # fmt: skip
        following = self._bridge.follow(
            self._bridge.services.redaction.give_out(preview, request), self._on_given_out, self._on_refused,
            self._on_progress,
        )  # fmt: skip
        self._show_work(_("Writing and checking {name}…").format(name=target.name), following)

    def _open(self, path: Path) -> None:
        open_outside(QUrl.fromLocalFile(str(path)))

    def _unlock(self, password: str) -> None:
        self._password = password
        self._look()

    def _on_progress(self, report: object) -> None:
        if isinstance(report, Progress) and report.unit == "page":
            self._progress.setRange(0, report.total)
            self._progress.setValue(report.done)

    def _on_looked(self, preview: RedactionPreview) -> None:
        self._preview = preview
        self._show_work("", None)
        self._finds.show_found(preview.found)
        self._show_pictures(preview.pictures)
        count, name = len(preview.found), self._path.name
        words = (
            _("{count:,} found in {name}. {ticked}").format(count=count, name=name, ticked=TICKED)
            if count
            else _("Nothing private was found in {name}. {add}").format(name=name, add=ADD)
        )
        self._said.setText(breakable(words))
        self._show_remarks(preview)
        self._allow()
        self._bridge.ask(self._bridge.services.redaction.model_for(None), self._ask, self._on_unasked)

    def _ask(self, record: ModelRecord | None) -> None:
        """Ask the usual model what else is private, unless something else has begun."""
        preview = self._preview
        show_words(self._told, NO_MODEL if record is None else "")
        if record is None or preview is None or self._following is not None or self._asking is not None:
            return
        self._asking = self._bridge.follow(
            self._bridge.services.redaction.ask(preview, record), self._on_asked, self._on_unasked, self._on_page
        )
        self._enough.show()
        self._progress.setVisible(True)
        show_words(self._told, _("{model} looks too: what it finds is added above.").format(model=record.name))

    def _on_page(self, asked: object) -> None:
        if isinstance(asked, Asked):
            self._take(asked.preview)
            self._progress.setRange(0, asked.total)
            self._progress.setValue(asked.done)

    def _take(self, preview: RedactionPreview) -> None:
        """Add what a model has found. What the person ticked stays as it is."""
        self._preview = preview
        self._finds.take(preview.found)
        words = _("{count:,} found in {name}. {ticked}")
        count = self._finds.count
        self._said.setText(breakable(words.format(count=count, name=self._path.name, ticked=TICKED if count else ADD)))

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

    def _show_remarks(self, of: RedactionPreview | GivenOut, *more: str) -> None:
        unsure = [*more, *unsure_lines(of.unsure)]
        lines = [_("Taken out: {line}").format(line=line) for line in removed_lines(of.removed)]
        lines += [_("Look at it yourself: {line}").format(line=line) for line in unsure]
        show_words(self._others, breakable("\n".join(lines)))

    def _on_unread(self, problem: Problem) -> None:
        self._show_work("", None)
        if problem.code in LOCKED and self._options.is_pdf:
            ask_password(self, self._path.name, self._unlock, is_wrong=problem.code != "document.locked")
            return
        self._said.setText("")
        self._on_problem(problem)

    def _on_given_out(self, made: GivenOut) -> None:
        self._show_work("", None)
        counts = [f"{grouped(count)} {label_of(kind, count)}" for kind, count in made.replaced if count]
        said = ", ".join([*counts, *counted_by_hand(made.boxes, made.pictures)]) or _("nothing")
        key = _(" The key is {name}.").format(name=made.key.name) if made.key else ""
        words = _("{name} is written; nothing that was ticked is left in its text. Replaced: {said}.{key} {read_it}")
        self._said.setText(breakable(words.format(name=made.target.name, said=said, key=key, read_it=READ_IT)))
        told = ", ".join(map(in_quotes, self._told_by(made.target)))
        self._show_remarks(made, *([_("The name of the file still tells {told}.").format(told=told)] if told else []))
        self._show_options(passphrase="")
        self._target = made.target
        self._allow()

    def _on_refused(self, problem: Problem) -> None:
        self._show_work("", None)
        self._said.setText(_("Nothing was written."))
        self._on_problem(problem)

    def _on_problem(self, problem: Problem) -> None:
        self._show_trouble(breakable(problem.sentence))

    def _show_trouble(self, words: str) -> None:
        show_words(self._trouble, words)
        if words:  # once it has its place
            QTimer.singleShot(0, self._below, lambda: self._below.ensureWidgetVisible(self._trouble))

    def _stop(self) -> None:
        """Cancel the work that is going on. Then nothing is written."""
        self._stop_asking()
        if self._following is not None:
            self._following.cancel()
            self._show_work("", None)

    def _told_by(self, path: Path) -> list[str]:
        """Return the removed words, and parts of people's names, that the name of a file contains."""
        name, told = path.stem.casefold(), list[str]()
        for word in self._finds.chosen:
            parts = word.words.split() if word.kind is Kind.PERSON else []
            told += [word.words, *(part for part in parts if len(part) >= LEAST_PART)]
        return [original for original in dict.fromkeys(told) if original.casefold() in name]

    def _show_work(self, words: str, following: Call | None) -> None:
        self._following = following
        self._show_trouble("")
        if words:
            self._said.setText(breakable(words))
        self._progress.setVisible(following is not None)
        self._progress.setRange(0, 0)
        by_hand = (self._choose, self._boxes, self._add_box)
        for widget in (self._finds, *by_hand, self._word, self._add, self._how_button):
            widget.setEnabled(following is None and self._preview is not None)
        self._allow()

    def _on_other(self) -> None:
        """Offer to save again what is no longer what was written."""
        self._target = Path()
        self._allow()

    def _allow(self) -> None:
        is_written = self._target != Path()
        is_to_move = not is_written or bool(self._told_by(self._target))
        self._elsewhere.setVisible(is_to_move)  # for both there is no room
        self._folder.setVisible(not is_to_move)
        self._copy.setVisible(is_written)
        self._write.setVisible(not is_written)
        lacks_passphrase = self._options.keeps_key and not self._options.passphrase
        is_working = self._following is not None
        is_chosen = bool(self._finds.chosen or self._boxes.boxes or self._pictures.chosen)
        is_ready = self._preview is not None and is_chosen and not lacks_passphrase and not is_working
        self._elsewhere.setEnabled(is_ready)
        if self._preview is None:  # it could not be read, or its password is missing
            self._write.setText(_("Try again"))
            self._write.setEnabled(not is_working and self._record is not None and is_file(self._record))
        else:
            self._write.setText(_("Stop") if is_working else _("Save copy"))
            self._write.setEnabled(is_ready or is_working)

    def _show_options(self, **changes: Any) -> None:
        self._options = changed(self._options, **changes)
        self._show_by_hand()
        self._form.show_values(values_of(self._options), self._options)
        self._how_button.setText(dict(WAYS)[NATURAL if self._options.is_natural else BARS])
        self._light_timer.start()
        self._on_other()


WORDS, TIMES, BY, PLACE = range(4)
ROW = 28
HEAD = (_("Words"), _("Times"), _("Found by"), _("Where they stand"))
MOST_BEFORE = 16
"""Most letters shown before the words, so that the words are visible in a narrow column."""


def is_whole(words: str) -> bool:
    return sum(map(str.isalnum, words)) < INSIDE


class FindsList(QTreeWidget):
    """The finds below their kinds. A tick at a kind is for all of its finds."""

    chosen_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "redaction_list", label=_("What was found; ticked lines are removed"))
        self._found: list[tuple[FoundWord, QTreeWidgetItem]] = []
        self.setItemDelegate(TickDelegate(self))
        self.setHeaderLabels(HEAD)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.header().setStretchLastSection(False)
        for at, mode in (
            (WORDS, QHeaderView.ResizeMode.Stretch),
            (TIMES, QHeaderView.ResizeMode.ResizeToContents),
            (BY, QHeaderView.ResizeMode.ResizeToContents),
            (PLACE, QHeaderView.ResizeMode.Stretch),
        ):
            self.header().setSectionResizeMode(at, mode)
        self.itemChanged.connect(lambda _item: self.chosen_changed.emit())

    def show_found(self, words: Sequence[FoundWord]) -> None:
        self._found = []
        self.clear()
        for word in words:
            self._append(word)
        if self._found:
            self.setCurrentItem(self._found[0][1])
        self.chosen_changed.emit()

    @property
    def count(self) -> int:
        return len(self._found)

    def take(self, words: Sequence[FoundWord]) -> None:
        """Add the rows that are new, at the top of their kinds. The others say anew who found them."""
        rows = {word.words.casefold(): item for word, item in self._found}
        for word in words:
            item = rows.get(word.words.casefold())
            if item is None:
                self._append(word, at_top=True)
            else:
                item.setText(BY, _by(word))
        self.chosen_changed.emit()

    def add(self, added: FoundWord) -> None:
        """Add a row, or tick the row that has these words."""
        words = added.words.casefold()
        item = next((item for word, item in self._found if word.words.casefold() == words), None)
        if item is None:
            item = self._append(added)
            self.chosen_changed.emit()
        item.setCheckState(WORDS, Qt.CheckState.Checked)
        self.setCurrentItem(item)

    @property
    def selected(self) -> str:
        """The words of the selected row. Empty for a kind."""
        return next((word.words for word, item in self._found if item.isSelected()), "")

    @property
    def chosen(self) -> list[FoundWord]:
        return [word for word, item in self._found if item.checkState(WORDS) == Qt.CheckState.Checked]

    def _kinds(self) -> Iterator[QTreeWidgetItem]:
        return (item for at in range(self.topLevelItemCount()) if (item := self.topLevelItem(at)) is not None)

    def _append(self, word: FoundWord, *, at_top: bool = False) -> QTreeWidgetItem:
        self.blockSignals(True)
        top = next((item for item in self._kinds() if item.data(WORDS, Qt.ItemDataRole.UserRole) == word.kind), None)
        if top is None:
            top = QTreeWidgetItem(self)
            top.setData(WORDS, Qt.ItemDataRole.UserRole, str(word.kind))
            top.setFlags(top.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
            top.setFirstColumnSpanned(True)
            top.setExpanded(True)
        item = QTreeWidgetItem()
        top.insertChild(0 if at_top else top.childCount(), item)
        for each in (top, item):
            each.setSizeHint(WORDS, QSize(0, scaled(ROW)))
        for number, text in enumerate(_cells(word)):
            item.setText(number, text)
            item.setToolTip(number, plain_tip(_tip(word) if number == PLACE else text))
        item.setCheckState(WORDS, Qt.CheckState.Checked if word.is_chosen else Qt.CheckState.Unchecked)
        name = label_of(word.kind, top.childCount())
        top.setText(WORDS, f"{name[0].upper()}{name[1:]} ({grouped(top.childCount())})")
        self.blockSignals(False)
        self._found.append((word, item))
        return item


def _by(word: FoundWord) -> str:
    return ", ".join(FINDER_LABELS[by] for by in word.by)


def _cells(word: FoundWord) -> tuple[str, str, str, str]:
    place = word.places[0] if word.places else None
    before = place.before[-MOST_BEFORE:] if place else ""
    before = before.partition(" ")[2] if len(before) == MOST_BEFORE else before  # no half word
    around = f"…{before}{place.words}{place.after.rstrip()}…" if place else ""
    if word.is_author:
        around = around or _("Author or editor of the file")
    words = _("{words}, perhaps").format(words=word.words) if word.certainty is Certainty.UNSURE else word.words
    return words, grouped(word.count), _by(word), around


def _tip(word: FoundWord) -> str:
    lines = [f"{told_place(place.place)}: …{place.before}{place.words}{place.after}…" for place in word.places]
    return "\n".join(lines) or _cells(word)[PLACE]
