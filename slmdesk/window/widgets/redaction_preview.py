"""Dialog that shows what would be redacted in a text before a model gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTextCharFormat
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QToolButton,
    QWidget,
)

from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _, ngettext
from slmdesk.redaction.labels import INCOMPLETE, NAMES, reason_of
from slmdesk.redaction.service import Decisions, Preview
from slmdesk.text.redaction import Certainty, Find, Kind
from slmdesk.window.base import theme
from slmdesk.window.base.text import character_at, utf16_at
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.build import button, column, flow, named, passing, plain_label, set_icon, split
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.rows import TickDelegate

INTRO = _("Marked words are replaced before the model sees them, and put back into its answer.")
NOTHING = _("Nothing was found.")


class Wording(Record):
    title: str = _("Redact before sending")
    text: str = _("The message")
    accept: str = _("Send")
    everywhere: str = _("everywhere in this chat")


MESSAGE = Wording()


@dataclass(slots=True)
class _Choice:
    """All finds of the same words. They are replaced together, everywhere, or not at all."""

    find: Find
    places: list[tuple[int, int]]
    is_chosen: bool
    is_by_hand: bool = False


class RedactionPreview(Dialog):
    """Dialog with the text and its finds. Does not block."""

    accepted_with = Signal(object)

    def __init__(self, parent: QWidget, preview: Preview, wording: Wording = MESSAGE, *, hidden_rest: str = "") -> None:
        """`hidden_rest` says what is redacted too without being shown."""
        super().__init__(parent)
        passing(self, "redaction_preview", wording.title)
        self.resize(scaled(860), scaled(560))
        self._preview, self._wording = preview, wording
        self._choices = _choices_of(preview.finds)
        self._build_ui(INTRO + hidden_rest)
        self._fill()
        self._show()
        self._send.setFocus()

    def _build_ui(self, intro: str) -> None:
        self._text = named(QPlainTextEdit(self._preview.text, self), "redaction_text", label=self._wording.text)
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._text.viewport().installEventFilter(self)
        self._list = named(QListWidget(self), "redaction_list", kind="list", label=_("What was found"))
        self._list.setItemDelegate(TickDelegate(self._list))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        self._add = button(_("Redact selection"), "redaction_add", self, on=self._on_add)
        self._add.setToolTip(
            _("Redact the selected words too, {everywhere}").format(everywhere=self._wording.everywhere)
        )
        self._add.setAutoDefault(False)
        self._kinds = [self._kind_button(kind) for kind in dict.fromkeys(choice.find.kind for choice in self._choices)]
        self._said = plain_label("", self, name="redaction_said", kind="small")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._send = named(QPushButton(self._wording.accept, self), "redaction_send")
        self._send.setProperty("kind", "primary")
        self._send.setDefault(True)
        self._buttons.addButton(self._send, QDialogButtonBox.ButtonRole.AcceptRole)
        parts = split("redaction_parts", self, self._text, self._list, sizes=(520, 300), grows=0)
        column(
            plain_label(intro, self, name="redaction_intro"),
            flow(*self._kinds, self._add, gap=theme.SPACE_8),
            (parts, 1), self._said, self._buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._list.itemChanged.connect(self._on_item_changed)
        self._text.selectionChanged.connect(self._on_selection_changed)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._on_selection_changed()

    def _kind_button(self, kind: Kind) -> QPushButton:
        tip = _("Replace all of this kind, or none")
        made = button(NAMES[kind], f"redaction_kind_{kind}", self, kind="chip", tip=tip)
        made.setCheckable(True)
        made.setAutoDefault(False)
        made.setProperty("of", str(kind))
        made.clicked.connect(self._on_kind_clicked)
        return made

    @property
    def decisions(self) -> Decisions:
        added = tuple(
            (choice.find.kind, choice.find.text)
            for choice in self._choices
            if choice.is_chosen and (choice.is_by_hand or choice.find.certainty is Certainty.UNSURE)
        )
        left = tuple(
            choice.find.text
            for choice in self._choices
            if not choice.is_chosen and not choice.is_by_hand and choice.find.certainty is not Certainty.UNSURE
        )
        return Decisions(added, left)

    # ---- what is shown

    def _fill(self) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        for choice in self._choices:
            times = _(" ({count} times)").format(count=len(choice.places)) if len(choice.places) > 1 else ""
            unsure = _("not sure: ") if choice.find.certainty is Certainty.UNSURE else ""
            item = QListWidgetItem(f"{choice.find.text}{times}\n{unsure}{reason_of(choice.find)}")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if choice.is_chosen else Qt.CheckState.Unchecked)
            self._list.addItem(item)
        self._list.blockSignals(False)

    def _show(self) -> None:
        marks, text = [], self._preview.text
        for choice in self._choices:
            for start, end in choice.places:
                mark = QTextEdit.ExtraSelection()
                cursor = self._text.textCursor()
                cursor.setPosition(utf16_at(text, start))
                cursor.setPosition(utf16_at(text, end), cursor.MoveMode.KeepAnchor)
                mark.cursor, mark.format = cursor, self._format(choice)
                marks.append(mark)
        self._text.setExtraSelections(marks)
        for each in self._kinds:
            own = [choice for choice in self._choices if choice.find.kind == each.property("of")]
            chosen = sum(choice.is_chosen for choice in own)
            each.setText(f"{NAMES[Kind(each.property('of'))]} {chosen}/{len(own)}")
            each.setChecked(chosen == len(own))
        places = sum(len(choice.places) for choice in self._choices if choice.is_chosen)
        unsure = sum(not choice.is_chosen and choice.find.certainty is Certainty.UNSURE for choice in self._choices)
        left = ngettext("left as it is", "left as they are", unsure)
        found = _("{places} replaced").format(places=places) + (
            _(", {unsure} not sure and {left}").format(unsure=unsure, left=left) if unsure else ""
        )
        self._said.setText(f"{found if self._choices else NOTHING.rstrip('.')}. {INCOMPLETE}")

    def _format(self, choice: _Choice) -> QTextCharFormat:
        shape = QTextCharFormat()
        colours = theme.current()
        if choice.is_chosen:
            shape.setBackground(colours.colour("accent"))
            shape.setForeground(colours.colour("on_accent"))
        else:
            shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
            shape.setUnderlineColor(colours.colour("accent"))
        return shape

    # ---- what is decided

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        choice = self._choices[self._list.row(item)]
        choice.is_chosen = item.checkState() is Qt.CheckState.Checked
        self._show()

    def _on_kind_clicked(self) -> None:
        pressed = self.sender()
        own = [choice for choice in self._choices if pressed is not None and choice.find.kind == pressed.property("of")]
        wanted = not all(choice.is_chosen for choice in own)
        for choice in own:
            choice.is_chosen = wanted
        self._fill()
        self._show()

    def _on_selection_changed(self) -> None:
        self._add.setEnabled(self._text.textCursor().hasSelection())

    def _on_add(self) -> None:
        """Add the selected words as a find, wherever they occur. Partly selected words are added whole."""
        from slmdesk.text.redaction.finding import marked

        text, cursor = self._preview.text, self._text.textCursor()
        ends = (character_at(text, cursor.selectionStart()), character_at(text, cursor.selectionEnd()))
        finds = marked(text, *ends)
        first = next((find for find in finds if find.start < ends[1] and ends[0] < find.end), None)
        if first is None:
            return
        known = next((choice for choice in self._choices if choice.find.text == first.text), None)
        if known is not None:
            known.is_chosen = True
        else:
            find = changed(first, reason="hand")
            self._choices.append(_Choice(find, [(find.start, find.end) for find in finds], True, is_by_hand=True))
        self._fill()
        self._show()

    def _on_accepted(self) -> None:
        self.accept()
        self.accepted_with.emit(self.decisions)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_click = isinstance(event, QMouseEvent) and event.type() is QEvent.Type.MouseButtonRelease
        if is_click and isinstance(event, QMouseEvent) and not self._text.textCursor().hasSelection():
            unit = self._text.cursorForPosition(event.position().toPoint()).position()
            at = character_at(self._preview.text, unit)
            for choice in self._choices:
                if any(start <= at <= end for start, end in choice.places):
                    choice.is_chosen = not choice.is_chosen
                    self._fill()
                    self._show()
                    break
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send on Enter, unless a button has the focus, which is then pressed."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not isinstance(self.focusWidget(), QPushButton):
            self._on_accepted()
        else:
            super().keyPressEvent(event)


def _choices_of(finds: Sequence[Find]) -> list[_Choice]:
    """Return the finds of the same words as one choice each. They are replaced unless all of them are unsure."""
    by_words: dict[str, _Choice] = {}
    for find in finds:
        sure = find.certainty is not Certainty.UNSURE
        choice = by_words.setdefault(find.text, _Choice(find, [], is_chosen=sure))
        if sure and not choice.is_chosen:
            choice.find, choice.is_chosen = find, True
        choice.places.append((find.start, find.end))
    return list(by_words.values())


# ---- the button that switches redaction on


class Shield(QToolButton):
    """Button that switches redaction on and off. At first it is off."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, label=_("Redact"))
        self.setCheckable(True)
        self.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        self.toggled.connect(self._on_toggled)
        self._on_toggled(False)

    def _on_toggled(self, is_on: bool) -> None:
        state = _("on") if is_on else _("off")
        set_icon(self, "shield", "accent" if is_on else "ink2")
        self.setToolTip(_("Redact names and numbers before the model sees them: {state}").format(state=state))
        self.setAccessibleDescription(_("Is {state}").format(state=state))
