"""The choice of languages, the advice on the chosen pair of languages, and the options of a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from slmdesk.base.record import changed
from slmdesk.base.runtime.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES
from slmdesk.models.evaluation.recommendation import PairAdvice
from slmdesk.models.service import DefaultUse
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.theme import ThemeKeeper, icon
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    CheckBox,
    button,
    column,
    named,
    passing,
    plain_label,
    row,
    set_tip,
    text_line,
)
from slmdesk.ui.kit.widgets.form import Field, Form, Listed
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.rows import Choice

DOMAINS: dict[object, str] = {
    "everyday": _("General"),
    "legal": _("Law"),
    "medical": _("Medicine"),
    "technical": _("Technology"),
    "finance": _("Money"),
}
FORMALITIES: dict[object, str] = {"": _("Automatic"), "formal": _("Formal"), "informal": _("Informal")}
MANNER = (
    Field(name="domain", title=_("Subject area"), control=Listed, values=tuple(DOMAINS.items())),
    Field(
        name="formality", title=_("Formality"), control=Listed, values=tuple(FORMALITIES.items()),
        is_there=lambda target: LANGUAGES[target].has_formal,
    ),
)  # fmt: skip
CODE = Qt.ItemDataRole.UserRole
WIDTH, HEIGHT = 300, 420
ICON_WIDTH = 28
ARROW_WIDTH = 60
"""Pixels that a choice needs beside the name: padding, edge and arrow."""


def languages() -> list[tuple[object, str]]:
    return sorted(((code, language.shown) for code, language in LANGUAGES.items()), key=lambda pair: pair[1])


def own_language() -> str:
    """Return the code of the system's language, or '' if it is not supported."""
    code = QLocale.system().name().partition("_")[0]
    return {"nb": "no", "nn": "no", "C": "en"}.get(code, code if code in LANGUAGES else "")


def other_than(language: str) -> str:
    """Return a likely language to translate into from this one: English, or from English the system's own language."""
    if language != "en":
        return "en"
    own = own_language()
    return own if own not in ("", "en") else "de"


def target_for(language: str, target: str, others: Iterable[str]) -> str:
    """Return the target language: `target`, or, for a text in that language, the first of `others` that differs."""
    if not language or language != target:
        return target
    return next((code for code in others if code in LANGUAGES and code != language), target)


class LanguageChoice(Choice):
    def __init__(self, keeper: ThemeKeeper, view: ViewSettings, parent: QWidget, *, detect: str = "") -> None:
        """Create the choice. `detect` is the label for detecting the language; if empty, a language must be chosen."""
        super().__init__([*([("", detect)] if detect else []), *languages()], parent)
        self.setProperty("kind", "head")
        self.currentTextChanged.connect(self.updateGeometry)
        self._keeper, self._view, self._detect = keeper, view, detect

    def show_detected(self, words: str) -> None:
        self.setItemText(0, words or self._detect)

    def sizeHint(self) -> QSize:
        """Return the width of the name that is shown, so that the arrow stands beside it."""
        words = self.fontMetrics().horizontalAdvance(self.currentText())
        return QSize(words + ARROW_WIDTH, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(super().minimumSizeHint())

    def showPopup(self) -> None:
        popup = LanguagePopup(self._keeper, self._detect, self._view, self.currentData(), self)
        popup.chosen.connect(self._on_chosen)
        below = self.mapToGlobal(QPoint(0, self.height() + 2))
        space = self.screen().availableGeometry()
        popup.resize(max(WIDTH, self.width()), min(HEIGHT, space.height() - theme.SPACE_16))
        popup.move(
            max(space.left(), min(below.x(), space.right() - popup.width())),
            max(space.top(), min(below.y(), space.bottom() - popup.height())),
        )
        popup.show()
        popup.setFocus()

    def hidePopup(self) -> None:
        for popup in self.findChildren(LanguagePopup):
            popup.close()
        super().hidePopup()

    def _on_chosen(self, code: str) -> None:
        self.show_value(code)
        self.value_chosen.emit(code)


class LanguagePopup(QFrame):
    chosen = Signal(str)

    def __init__(self, keeper: ThemeKeeper, detect: str, view: ViewSettings, now: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        passing(self, "language_popup")
        self._keeper, self._detect, self._view, self._chosen = keeper, detect, view, now
        self._search = text_line("language_search", self, _("Search a language"), clears=CLEAR)
        self._list = named(QListWidget(self), "language_list", label=_("Languages"))
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column(self._search, (self._list, 1), into=self, gap=theme.SPACE_8, margins=theme.SPACE_8)
        self.setFocusProxy(self._search)
        self._search.textChanged.connect(self._fill_again)
        self._search.installEventFilter(self)
        self._list.viewport().installEventFilter(self)
        self._list.installEventFilter(self)
        self._list.itemClicked.connect(self._on_taken)
        self._view.changed.connect(self._fill_again)
        QShortcut(QKeySequence("Ctrl+D"), self, self._on_pin)
        self._fill(now)

    @property
    def code(self) -> str:
        """Return the language code of the current row. Empty means "detect", or that there is no current row."""
        item = self._list.currentItem()
        return str(item.data(CODE)) if item is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_taken()
                return True
            moves = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
            if watched is self._search and event.key() in moves:
                self._list.event(event)
                return True
        if watched is self._list.viewport() and isinstance(event, QMouseEvent):
            at = event.position().toPoint()
            item = self._list.itemAt(at)
            is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            is_pin = at.x() > self._list.viewport().width() - ICON_WIDTH if is_mirrored else at.x() < ICON_WIDTH
            if item is not None and item.data(CODE) and is_pin:
                if event.type() == QEvent.Type.MouseButtonPress:
                    self._list.setCurrentItem(item)
                    self._on_pin()
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _on_taken(self) -> None:
        item = self._list.currentItem()
        if item is not None and item.flags() & Qt.ItemFlag.ItemIsSelectable:
            code = str(item.data(CODE))
            self.close()
            self.chosen.emit(code)

    def _on_pin(self) -> None:
        if self.code:
            self._view.toggle_favourite(self.code)

    def _fill_again(self) -> None:
        self._fill(self.code)

    def _fill(self, now: str) -> None:
        words = fold(self._search.text().strip())
        self._list.clear()
        codes = [str(code) for code, __ in languages()]
        if words:
            matching = [code for code in codes if _is_meant(code, words)]
            self._add("", sorted(matching, key=lambda code: not fold(LANGUAGES[code].shown).startswith(words)))
        else:
            if self._detect:
                self._add("", [""])
            self._add(_("Pinned"), self._view.favourites)
            used = dict.fromkeys((*self._view.recent, *([self._chosen] if self._chosen else [])))
            self._add(_("Used last"), [code for code in used if code not in self._view.favourites])
            self._add(_("All languages"), codes)
        listed = [self._list.item(row).data(CODE) for row in range(self._list.count())]
        first = next((row for row, code in enumerate(listed) if code is not None), -1)
        self._list.setCurrentRow(listed.index(now) if now in listed and not words else first)

    def _add(self, heading: str, codes: list[str]) -> None:
        if heading and codes:
            item = QListWidgetItem(heading, self._list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        for code in codes:
            language = LANGUAGES.get(code)
            words = language.shown if language else self._detect
            if language and language.own_name != language.shown:
                words += f" — {language.own_name}"
            item = QListWidgetItem(words, self._list)
            item.setData(CODE, code)
            is_pinned = code in self._view.favourites
            if language:
                item.setToolTip(_("A click on the pin, or Ctrl+D, keeps it on top of the list"))
                item.setIcon(icon("pin", self._keeper.theme.colour("accent" if is_pinned else "ink2")))
                item.setData(
                    Qt.ItemDataRole.AccessibleTextRole, _("{words}, pinned").format(words=words) if is_pinned else words
                )


def _is_meant(code: str, words: str) -> bool:
    language = LANGUAGES[code]
    return code == words or words in fold(language.shown) or words in fold(language.own_name)


class AdviceLine(QFrame):
    """Line with the advice on the model for a pair of languages. It is hidden while there is no warning."""

    models_requested = Signal(str)
    model_changed = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget, *, for_document: bool = False) -> None:
        super().__init__(parent)
        name = "document_" if for_document else ""
        named(self, f"{name}advice_line", kind="band")
        self._bridge = bridge
        self._pair: tuple[str, str] | None = None
        self._advice: Live[PairAdvice | None] = Live(
            bridge, self, self._ask, None, on=(ModelsChanged,),
            on_some={ModelStateChanged: lambda event: event.state is ModelState.READY},
            refused=lambda _problem: self._advice.put(None),  # the page shows the problem
        )  # fmt: skip
        self._words = plain_label("", self, name=f"{name}translate_warning")
        self._use = button(_("Use"), f"{name}use_better_button", self, on=self._on_use)
        self._see = button(
            _("See models made for this"), f"{name}see_models_button", self, on=self._on_see,
            tip=_("Opens the page of models with those meant for translating into this language"),
        )  # fmt: skip
        middle = Qt.AlignmentFlag.AlignVCenter
        buttons = row((self._use, middle), (self._see, middle), 1, gap=theme.SPACE_8)
        column(
            (self._words, 1), buttons, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8),
        )  # fmt: skip
        self._advice.changed.connect(self._show)
        bridge.settings_changed.connect(self._advice.again)
        self.hide()

    def show_about(self, source: str, target: str) -> None:
        """Show the advice for a pair of language codes and keep it up to date.

        An empty source means any language. An empty target hides the advice.
        """
        pair = (source, target) if target else None
        if pair != self._pair:
            self._pair = pair
            self._advice.again()
        if pair is None:
            self._advice.put(None)

    def _ask(self) -> object:
        if self._pair is None:
            return None
        return self._bridge.services.translations.advice(None, *self._pair)

    def _on_use(self) -> None:
        advice = self._advice.value
        if advice and (better := advice.better):
            call = self._bridge.services.uses.set_default(DefaultUse.TRANSLATE, better.id)
            self._bridge.ask(call, lambda _record: self.model_changed.emit())

    def _on_see(self) -> None:
        if advice := self._advice.value:
            self.models_requested.emit(advice.target)

    def _show(self) -> None:
        advice = self._advice.value
        better = advice.better if advice else None
        offer = advice.offer if advice else ""
        parts = (advice.words if advice else "", better.words if better else "", offer)
        words = " ".join(part for part in parts if part)
        self._words.setText(words)
        self._use.setVisible(better is not None)
        if better is not None:
            self._use.setAccessibleName(_("Translate with {name}").format(name=better.name))
            set_tip(self._use, _("Translate with {name} from now on").format(name=better.name))
        self._see.setVisible(bool(offer))
        self.setVisible(bool(words))


FONT_STEPS = (50, 67, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300)
MOST_RECENT = 4


class ViewSettings(QObject):
    """What was last chosen on the text page. Emits `changed` as soon as one is changed, before it is saved."""

    changed = Signal()

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="translate_view")
        self._bridge, self._state, last = bridge, state, state.current
        percent = min(max(last.translate_font_percent, FONT_STEPS[0]), FONT_STEPS[-1])
        self.last = changed(last, translate_font_percent=percent)

    @property
    def favourites(self) -> list[str]:
        return _codes(self.last.translate_favourites)

    @property
    def recent(self) -> list[str]:
        return _codes(self.last.translate_recent)[:MOST_RECENT]

    def toggle_favourite(self, code: str) -> None:
        codes = self.favourites
        if code in codes:
            codes.remove(code)
        else:
            codes.append(code)
        self.change(translate_favourites=" ".join(codes))

    def note_used(self, source: str, target: str) -> None:
        recent = " ".join(_codes(f"{target} {source} {self.last.translate_recent}")[:MOST_RECENT])
        self.change(translate_recent=recent, translate_source=source, translate_target=target)

    def enlarge(self) -> None:
        percent = self.last.translate_font_percent
        self.change(translate_font_percent=next((step for step in FONT_STEPS if step > percent), FONT_STEPS[-1]))

    def shrink(self) -> None:
        percent = self.last.translate_font_percent
        steps = (step for step in reversed(FONT_STEPS) if step < percent)
        self.change(translate_font_percent=next(steps, FONT_STEPS[0]))

    def change(self, **fields: Any) -> None:
        last = changed(self.last, **fields)
        if last != self.last:
            self.last = last
            self._bridge.ask(lambda _services: self._state.change(**fields), None, lambda _problem: None)
            self.changed.emit()


def _codes(kept: str) -> list[str]:
    return list(dict.fromkeys(code for code in kept.split() if code in LANGUAGES))


class TextOptions(Popover):
    def __init__(self, view: ViewSettings, parent: QWidget) -> None:
        super().__init__(parent, "translate_options", label=_("Options of the translation"), width=380)
        self._view = view
        self.form = Form(self, MANNER, prefix="translate")
        self._shade = named(CheckBox(_("Highlight uncertain words"), self), "shade_button")
        self._together = named(CheckBox(_("Scroll together"), self), "together_box")
        boxes = (row(box, 1) for box in (self._shade, self._together))
        column(*self.form.parts, *boxes, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._shade.toggled.connect(lambda is_on: view.change(translate_doubts=is_on))
        self._together.toggled.connect(lambda is_on: view.change(translate_together=is_on))
        view.changed.connect(self._on_view)
        self._on_view()

    def _on_view(self) -> None:
        self._shade.setChecked(self._view.last.translate_doubts)
        self._together.setChecked(self._view.last.translate_together)
