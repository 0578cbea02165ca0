"""A summary beside the pages: each sentence leads to its page, what is doubtful is marked, what was read is said."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QEvent, QLocale, QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.records import Item, JobStatus
from slmdesk.gui import theme
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import breakable, plain_label, plain_tip
from slmdesk.services.facts import JobChanged
from slmdesk.services.sentences import time_for_people
from slmdesk.services.summary_prompts import Kind, Length
from slmdesk.services.summary_shapes import PAGE_WORDS, Sentence, Summary, coverage_words, text_of

KINDS = [
    (Kind.BULLETS, "Bullet points"),
    (Kind.PARAGRAPH, "A paragraph"),
    (Kind.EXECUTIVE, "Decisions, dates, amounts"),
    (Kind.SECTIONS, "By section"),
    (Kind.SIMPLE, "In everyday words"),
    (Kind.OWN, "As I say below"),
]
LENGTHS = [(Length.SHORT, "short"), (Length.MEDIUM, "medium"), (Length.LONG, "long")]
FLAG_WORDS = {
    "number": "a number that does not stand there",
    "date": "a date that does not stand there",
    "amount": "an amount that does not stand there",
    "percent": "a percentage that does not stand there",
    "unit": "another unit than stands there",
    "name": "a name that does not stand there",
    "negation": "says the opposite of what stands there",
    "words": "hardly a word of it stands there",
    "doubt": "the model doubts it itself",
}


class SentenceRow(QFrame):
    """One sentence.  Emits `chosen`."""

    chosen = Signal()

    def __init__(self, sentence: Sentence, page_kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_sentence")
        self.setProperty("kind", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.sentence = sentence
        words = f"“{sentence.text}”" if sentence.quotation else sentence.text
        text = plain_label(breakable(words), self, name="sentence_text")
        singular, plural = PAGE_WORDS.get(page_kind, ("page", "pages"))
        pages = ", ".join(map(str, sentence.pages[:8]))
        place = f"{singular if len(sentence.pages) == 1 else plural} {pages}" if pages else "no place found"
        file = f"{sentence.file}, " if sentence.file else ""
        doubts = _doubts_of(sentence)
        foot = plain_label(f"{file}{place}", self, name="sentence_pages", kind="small")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_8, theme.SPACE_12, theme.SPACE_8)
        column.setSpacing(theme.SPACE_4)
        column.addWidget(text)
        column.addWidget(foot)
        if doubts:
            column.addWidget(plain_label(f"⚠ {doubts}", self, name="sentence_flags", kind="warn"))
            self.setToolTip(plain_tip("\n".join(one.detail for one in sentence.flags if one.detail)))
        self.setAccessibleName(f"{words} {file}{place}. {doubts}")

    def show_lit(self, is_lit: bool) -> None:
        """It is the one whose passage is marked, or that comes from a passage clicked at."""
        self.setProperty("lit", is_lit)
        self.style().unpolish(self)
        self.style().polish(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to its passage."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to its passage, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


def _doubts_of(sentence: Sentence) -> str:
    kinds = dict.fromkeys(FLAG_WORDS.get(one.kind, one.kind) for one in sentence.flags)
    doubts = [*kinds]
    if not sentence.supported and not doubts:
        doubts = ["not found in the document"]
    return "Look at this: " + "; ".join(doubts) if doubts else ""


class SummaryPane(QScrollArea):
    """Asks for a summary, shows how it grows and what it is.

    Emits `summary_requested` with a Kind, a Length, focus words and an instruction, `sentence_chosen` with a Sentence,
    `earlier_chosen` with an item's id, `pause_requested`, `resume_requested`, `cancel_requested`.
    """

    summary_requested = Signal(object, object, str, str)
    sentence_chosen = Signal(object)
    earlier_chosen = Signal(str)
    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summary_pane")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(240)
        self._rows: list[SentenceRow] = []
        self._summary: Summary | None = None
        self._is_paused = False
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "summary_inner")
        self._kind = named(Choice(list(KINDS), inner), "summary_kind")
        self._kind.setAccessibleName("What the summary is like")
        self._length = named(Choice(list(LENGTHS), inner), "summary_length")
        self._length.setAccessibleName("How long the summary is")
        self._length.show_value(Length.MEDIUM)
        self._focus = named(QLineEdit(inner), "summary_focus")
        self._focus.setPlaceholderText("Above all: words it is to look for")
        self._focus.setAccessibleName("What the summary is above all about; may be empty")
        self._begin = named(QPushButton("Summarize", inner), "summarize_button")
        self._begin.setProperty("kind", "primary")
        self._earlier = named(Choice([], inner), "earlier_summaries")
        self._earlier.setAccessibleName("Summaries made before")
        self._earlier.setVisible(False)
        for choice in (self._kind, self._length, self._earlier):  # long values must not widen the pane
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(6)
        self._making = self._making_bar(inner)
        self._note = plain_label("", inner, name="summary_note", kind="muted")
        self._coverage = plain_label("", inner, name="summary_coverage", kind="small")
        self._copy = named(QPushButton("Copy with pages", inner), "copy_summary_button")
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        choices = QHBoxLayout()
        choices.addWidget(self._kind, 3)
        choices.addWidget(self._length, 2)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        column.setSpacing(theme.SPACE_8)
        column.addLayout(choices)
        for widget in (self._focus, self._begin, self._earlier, self._making, self._note):
            column.addWidget(widget)
        column.addLayout(self._list)
        column.addWidget(self._coverage)
        column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(inner)
        self.show_nothing()

    def _making_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "making_summary")
        self._making_words = plain_label("", bar, name="making_words", kind="muted")
        self._pause = named(QPushButton("Pause", bar), "pause_summary_button")
        self._cancel = named(QPushButton("Cancel", bar), "cancel_summary_button")
        self._bar = named(QProgressBar(bar), "making_bar")
        self._bar.setAccessibleName("Making the summary")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        row = QHBoxLayout()
        row.addWidget(self._making_words, 1)
        row.addWidget(self._pause)
        row.addWidget(self._cancel)
        column = QVBoxLayout(bar)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._bar)
        return bar

    def _connect(self) -> None:
        self._begin.clicked.connect(self._on_begin)
        self._focus.returnPressed.connect(self._on_begin)
        self._kind.currentIndexChanged.connect(self._on_kind)
        self._earlier.value_chosen.connect(lambda item: self.earlier_chosen.emit(str(item)))
        self._pause.clicked.connect(self._on_pause)
        self._cancel.clicked.connect(self.cancel_requested)
        self._copy.clicked.connect(self._on_copy)

    # ---- what is shown

    @property
    def rows(self) -> Sequence[SentenceRow]:
        """The sentences on show."""
        return tuple(self._rows)

    @Slot()
    def show_nothing(self) -> None:
        """No summary yet."""
        self._summary = None
        self._clear()
        self._making.setVisible(False)
        self._coverage.setVisible(False)
        self._copy.setVisible(False)
        self._begin.setEnabled(True)
        self._say("Each sentence of the summary will lead to the page it comes from.")

    @Slot(object)
    def show_earlier(self, items: Sequence[Item]) -> None:
        """Summaries made before."""
        self._earlier.clear()
        for item in items:
            made = QDateTime.fromSecsSinceEpoch(int(item.created))
            when = QLocale().toString(made, QLocale.FormatType.ShortFormat)
            self._earlier.addItem(f"Made {when}", item.id)
        self._earlier.setVisible(len(items) > 1)

    @Slot()
    def show_begun(self) -> None:
        """One is being made."""
        self.show_nothing()
        self._say("")
        self._making.setVisible(True)
        self._making_words.setText("Waiting for the model…")
        self._bar.setRange(0, 0)
        self._begin.setEnabled(False)

    @Slot(object, int, int)
    def show_growing(self, points: Sequence[Sentence], read: int, total: int) -> None:
        """The first points, before they are checked and merged."""
        if self._summary is None:
            self._fill(points, "page")
            self._say(f"First points, {read} of {total} pages read. They are checked and put together next.")

    @Slot(object)
    def show_job(self, fact: JobChanged) -> None:
        """How far it is."""
        self._is_paused = fact.status is JobStatus.PAUSED
        is_ended = fact.status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)
        self._making.setVisible(not is_ended)
        self._begin.setEnabled(is_ended)
        self._pause.setText("Go on" if self._is_paused else "Pause")
        if is_ended:
            if fact.problem is not None and self._summary is None:
                self._say(fact.problem.sentence)
            elif fact.status is JobStatus.CANCELLED and self._summary is None:
                self._say("The summary was cancelled.")
            return
        left = f", {time_for_people(fact.eta_s)} left" if fact.eta_s else ""
        trouble = f" {fact.problem.sentence}" if fact.problem else ""
        if self._is_paused:
            self._making_words.setText(f"Paused.{trouble}")
        elif fact.total:
            self._making_words.setText(f"Step {fact.done} of {fact.total}{left}")
        self._bar.setRange(0, fact.total)
        self._bar.setValue(fact.done)

    @Slot(object)
    def show_summary(self, summary: Summary) -> None:
        """It is made."""
        self._summary = summary
        kind = summary.documents[0].page_kind if len(summary.documents) == 1 else "page"
        self._making.setVisible(False)
        self._begin.setEnabled(True)
        self._say(summary.note)
        self._fill(summary.sentences, kind)
        self._coverage.setText(coverage_words(summary.coverage, kind))
        self._coverage.setVisible(True)
        self._copy.setVisible(bool(summary.sentences))

    def light(self, sentences: Sequence[Sentence]) -> None:
        """Mark these sentences; the first is brought into sight."""
        lit = [row for row in self._rows if row.sentence in sentences]
        for row in self._rows:
            row.show_lit(row in lit)
        if lit:
            self.ensureWidgetVisible(lit[0])

    # ---- heard

    @Slot()
    def _on_begin(self) -> None:
        kind = Kind(self._kind.currentData())  # Qt keeps an enum's text alone
        words = self._focus.text().strip()
        is_own = kind is Kind.OWN
        if is_own and not words:
            self._say("Say below what the summary is to be like.")
            self._focus.setFocus()
            return
        wish = ("", words) if is_own else (words, "")
        self.summary_requested.emit(kind, Length(self._length.currentData()), *wish)

    @Slot()
    def _on_kind(self) -> None:
        is_own = self._kind.currentData() == Kind.OWN
        self._focus.setPlaceholderText("What it is to be like" if is_own else "Above all: words it is to look for")

    @Slot()
    def _on_pause(self) -> None:
        (self.resume_requested if self._is_paused else self.pause_requested).emit()

    @Slot()
    def _on_copy(self) -> None:
        if self._summary is not None:
            kind = self._summary.documents[0].page_kind if len(self._summary.documents) == 1 else "page"
            words = text_of(self._summary.kind, self._summary.sentences, kind)
            QGuiApplication.clipboard().setText(f"{words}\n\n{coverage_words(self._summary.coverage, kind)}")

    def _on_sentence(self, row: SentenceRow) -> None:
        self.light([row.sentence])
        self.sentence_chosen.emit(row.sentence)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down walk along the sentences."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self._rows:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            at = self._rows.index(watched) + step
            if step and 0 <= at < len(self._rows):
                self._rows[at].setFocus()
                self.ensureWidgetVisible(self._rows[at])
                return True
        return False

    # ---- inside

    def _fill(self, sentences: Sequence[Sentence], kind: str) -> None:
        self._clear()
        group = ""
        for sentence in sentences:
            if sentence.group and sentence.group != group:
                group = sentence.group
                self._list.addWidget(plain_label(group, self, name="summary_group", kind="strong"))
            row = SentenceRow(sentence, kind, self)
            row.chosen.connect(lambda row=row: self._on_sentence(row))
            row.installEventFilter(self)
            self._rows.append(row)
            self._list.addWidget(row)

    def _clear(self) -> None:
        self._rows = []
        while self._list.count():
            item = self._list.itemAt(0)
            widget = item.widget() if item else None
            if widget is None:
                break
            self._list.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def _say(self, words: str) -> None:
        self._note.setText(words)
        self._note.setVisible(bool(words))
