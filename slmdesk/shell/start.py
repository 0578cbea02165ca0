"""The start page: the field for a message, four cards that take files, and the last things."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QDateTime, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.chat.window.header import ModelsController
from slmdesk.window.base import theme
from slmdesk.window.base.text import long_day
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.build import (
    ElidedButton,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    set_icon,
    show_column,
    show_words,
)
from slmdesk.window.widgets.opening import admit, choose_model_file, dropped_paths
from slmdesk.window.widgets.rows import order_tabs

if TYPE_CHECKING:
    from slmdesk.evaluation.recommendation import Recommendations
    from slmdesk.models.importer import ImportEnded

COLUMN = 756
NARROW = 560
"""Width of the column, at the usual text size, below which the cards stand in one column."""
CARD_HEIGHT = 84
MOST_RECENT = 8
SMALL_BYTES = 400_000_000
"""Models with smaller files are good for trying things out."""
DOCUMENT, TRANSLATE, COMPARE, WRITE = "document", "translate", "compare", "write"
CARDS = (
    (DOCUMENT, "file-text", _("Understand a document"), _("Summary, questions, tables"), _("Drop to read")),
    (TRANSLATE, "languages", _("Translate"), _("Texts, Word, PowerPoint, PDF"), _("Drop to translate")),
    (
        COMPARE,
        "git-compare",
        _("Compare two versions"),
        _("What changed, word by word"),
        _("Drop two files to compare"),
    ),
    (WRITE, "pencil", _("Improve a text"), _("Spelling, wording, tone"), _("Drop to correct")),
)
KIND_ICONS = {"chat": "message-square", "translation": "languages", "writing": "pencil", "table": "table"}


class Card(QFrame):
    """A thing to do. A press opens its page; files dropped on it are worked on at once."""

    chosen = Signal(str)
    dropped = Signal(str, object)

    def __init__(self, key: str, icon: str, title: str, line: str, drop_words: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"card_{key}", label=f"{title}. {line}", kind="choice")
        self._key, self._line_words, self._drop_words = key, line, drop_words
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAcceptDrops(True)
        sign = named(QLabel(self), f"card_{key}_icon")
        set_icon(sign, icon, "accent")
        heading = plain_label(title, self, name=f"card_{key}_title", kind="heading")
        self._line = plain_label(line, self, name=f"card_{key}_line", kind="muted")
        top = Qt.AlignmentFlag.AlignTop
        words = column(heading, self._line, 1, gap=0)
        margins = (theme.SPACE_24, theme.SPACE_16)
        row((sign, top), (words, 1), into=self, gap=theme.SPACE_16, margins=margins)
        self.setMinimumHeight(scaled(CARD_HEIGHT))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._key)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._light(False)
        if files := dropped_paths(event):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            admit(self, files, lambda paths: self.dropped.emit(self._key, list(paths)))

    def _light(self, is_over: bool) -> None:
        self._line.setText(self._drop_words if is_over else self._line_words)
        self.setProperty("dropping", is_over)
        self.style().unpolish(self)
        self.style().polish(self)


class StartPage(QScrollArea):
    card_chosen = Signal(str)
    files_dropped = Signal(str, object)
    item_chosen = Signal(str)
    models_requested = Signal()
    recommendation_requested = Signal()
    shown = Signal()

    def __init__(self, models: ModelsController) -> None:
        super().__init__()
        named(self, "start_page", label=_("Start"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # as a stop of Tab it would lead back to the field
        self._items: Sequence[Item] | None = None
        self._in_order: Sequence[QWidget] = ()
        self._models = models
        self._is_listed = False
        """Whether it is known which models can chat."""
        self._offer: str | None = None
        """Name of the recommended model. None: not known yet."""
        self._is_asked = False
        self._progress = ""
        self._added: frozenset[str] | None = None
        """Ids of the models that were added but are not listed yet. None: nothing was added since the last list."""
        self._build_ui()
        self.show_recent(())
        models.models_listed.connect(self._on_listed)
        for told in (models.starter_found, models.state_changed):
            told.connect(self._show_model)
        models.imports.progressed.connect(self._on_progressed)
        models.imports.ended.connect(self._on_imported)

    def _build_ui(self) -> None:
        inner = named(QWidget(self), "start_inner")
        inner.setMinimumHeight(1)
        holder = self._holder = QWidget(inner)
        self._title = plain_label("", holder, name="start_title", kind="hero")
        self._title.setIndent(theme.SPACE_16)
        self._slot = QVBoxLayout()
        self._cards = [Card(*card, parent=holder) for card in CARDS]
        for card in self._cards:
            card.chosen.connect(self.card_chosen)
            card.dropped.connect(self.files_dropped)
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.SPACE_12)
        self._hint = plain_label(_("Or drop files on one of these."), holder, name="start_hint", kind="small")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._recent = column(gap=0, margins=(theme.SPACE_16, 0))
        lock = named(QLabel(holder), "start_lock")
        set_icon(lock, "lock", "ink2")
        stays = plain_label(_("Everything stays on this PC."), holder, name="start_stays", kind="muted", wraps=False)
        self._stays = QWidget(holder)
        row(1, lock, stays, 1, into=self._stays, gap=theme.SPACE_8)
        self._model_words = plain_label("", holder, name="start_model", kind="muted", wraps=False)
        self._starter = button(_("Use the small starter model"), "starter_button", holder, kind="text")
        self._file = button(_("Add a model file…"), "add_model_button", holder, kind="text")
        self._better = button(_("Get a better one"), "better_model_button", holder, kind="text")
        self._starter.clicked.connect(self._models.import_starter)
        self._file.clicked.connect(self._on_file)
        self._better.clicked.connect(self.models_requested)
        self._model_line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._model_line.setSpacing(0)
        self._model_line.addStretch(1)
        for part in (self._model_words, self._starter, self._file, self._better):
            self._model_line.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        self._model_line.addStretch(1)
        self._lay_out = column(
            self._title, self._slot, self._grid, self._hint, self._recent, self._stays, self._model_line, 1,
            into=holder, gap=theme.SPACE_16,
        )  # fmt: skip
        row(1, (holder, 1000), 1, into=inner, margins=(theme.SPACE_24, 0))
        show_column(self, inner)
        self._show_model()
        self._fit()

    def take_composer(self, composer: QWidget, in_order: Sequence[QWidget]) -> None:
        """Put the field for a message between the title and the cards, with its parts in the order of Tab. The page
        Chat takes it back.
        """
        self._slot.addWidget(composer)
        self._in_order = in_order
        self._order_tabs()

    def _order_tabs(self) -> None:
        recent = self._holder.findChildren(QWidget, "recent_item")
        order_tabs(*self._in_order, *self._cards, *recent, self._starter, self._file, self._better)

    def show_recent(self, items: Sequence[Item]) -> None:
        """Show the items that were changed last, by day. Without any this is the first start."""
        if items == self._items:
            return
        self._items = items
        while taken := self._recent.takeAt(0):
            if widget := taken.widget():
                widget.hide()
                widget.deleteLater()
        today = QDate.currentDate()
        self._title.setText(long_day(today) if items else _("What do you want to do?"))
        for day, group in groupby(items, lambda item: _day_words(item.updated, today)):
            heading = plain_label(day, self._holder, name="recent_day", kind="small")
            heading.setContentsMargins(theme.SPACE_8, theme.SPACE_16, 0, theme.SPACE_4)
            self._recent.addWidget(heading)
            for item in group:
                self._recent.addWidget(self._row(item))
        self._stays.setVisible(not items)
        self._order_tabs()

    def _row(self, item: Item) -> QWidget:
        title = clean_label(item.shown_title) or _("Untitled")
        made = named(ElidedButton(title.replace("&", "&&"), self._holder), "recent_item", label=title, kind="recent")
        made.setToolTip(plain_tip(title))
        set_icon(made, KIND_ICONS.get(item.kind, "file-text"), "ink2")
        made.clicked.connect(lambda _checked=False, id=item.id: self.item_chosen.emit(id))
        return made

    def _on_file(self) -> None:
        choose_model_file(self.window(), "model_file_dialog", self._models.look_at)

    def _on_listed(self) -> None:
        self._is_listed = True
        if self._added is not None and self._added <= {model.id for model in self._models.listed}:
            self._progress, self._added = "", None
        self._show_model()

    def refresh_offer(self) -> None:
        if not self._better.isHidden():  # what was offered stays until the answer is there
            self.recommendation_requested.emit()

    def show_recommendations(self, found: Recommendations | None) -> None:
        recommendation = next(iter(found.by_job.values()), None) if found else None
        self._offer = recommendation.entry.title if recommendation else ""
        self._show_model()

    def _on_imported(self, ends: Sequence[ImportEnded]) -> None:
        """Show what was being done until the models are listed: in between there seems to be none."""
        self._added = frozenset(end.model.id for end in ends if end.model)
        if self._is_listed:
            self._on_listed()

    def _on_progressed(self, words: str, _share: float) -> None:
        self._progress, self._added = words, None
        self._show_model()

    def _show_model(self) -> None:
        """Show which model is used, or how to get one. Nothing is shown before all of it is known."""
        state = self._models.state
        used = [model for model in self._models.listed if model.id == state.model]
        is_small = bool(used) and used[0].bytes < SMALL_BYTES
        is_missing = self._is_listed and not self._models.listed
        if (is_small or is_missing) and not self._is_asked:
            self._is_asked = True
            self.recommendation_requested.emit()
        is_settled = self._offer is not None and not self._progress
        words = self._progress
        if is_small and is_settled:
            words = _("Using {name}, a small model to try things.").format(name=state.name)
        elif is_missing and is_settled:
            words = _("No model yet.")
        show_words(self._model_words, words)
        self._starter.setVisible(is_settled and is_missing and self._models.has_starter)
        self._file.setVisible(is_settled and is_missing)
        self._better.setVisible(is_settled and (is_small or is_missing))
        offer = _("Get {model}").format(model=self._offer)
        self._better.setText(offer if self._offer else _("Get a better one") if is_small else _("All models"))

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Put the cards into one or two columns, and the title at a twelfth of the height."""
        self._holder.setMaximumWidth(scaled(COLUMN))
        columns = 1 if self.viewport().width() < scaled(NARROW) else 2
        for at, card in enumerate(self._cards):
            self._grid.addWidget(card, at // columns, at % columns)
            card.setMinimumHeight(scaled(CARD_HEIGHT))
        direction = QBoxLayout.Direction
        self._model_line.setDirection(direction.TopToBottom if columns == 1 else direction.LeftToRight)
        top = scaled(60) if self._items else max(theme.SPACE_24, self.viewport().height() * 12 // 100)
        self._lay_out.setContentsMargins(0, top, 0, theme.SPACE_24)


def _day_words(seconds: float, today: QDate) -> str:
    days = QDateTime.fromSecsSinceEpoch(int(seconds)).date().daysTo(today)
    if days <= 0:
        return _("Today")
    return _("Yesterday") if days == 1 else _("Last week") if days <= 7 else _("Earlier")
