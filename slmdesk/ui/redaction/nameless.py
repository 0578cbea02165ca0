"""Two sheets: a text without names, looked at before it is copied for a cloud; and an
answer from there, into which the names are put back.
"""

from __future__ import annotations

import secrets
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, ngettext
from slmdesk.documents.finds import RedactionPreview
from slmdesk.documents.stand_ins import Key, Nameless, Returned
from slmdesk.tasks.redact import (
    ADD,
    RECOGNISED,
    TASK,
    edited,
    key_words,
    nameless_report,
    notes_of,
)
from slmdesk.tasks.report import Edit
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.shortcuts import keys_of
from slmdesk.ui.kit.widgets.build import (
    button,
    column,
    named,
    plain_label,
    row,
    split,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice
from slmdesk.ui.kit.widgets.rows import Choice
from slmdesk.ui.tasks.pages import ListView

LOOKING = _("Looking for names…")
NOTHING = _("No names were found. Add what must not go out, or copy the text as it is.")
COPIED = _("Copied.")
COPIED_WITHOUT = _("Copied without names. {keys} puts them back into an answer.")
SIZE = (900, 620)


class NamelessSheet(Dialog):
    """Looks through a text as soon as it is open. `item`: what the text is of."""

    back_requested = Signal()

    def __init__(self, bridge: Bridge, text: str, title: str, item: str, parent: QWidget) -> None:
        super().__init__(parent, "nameless", _("Copy without names"))
        self.resize(*SIZE)
        self._bridge, self._item = bridge, item
        self._draw = secrets.token_hex(8)
        self._preview: RedactionPreview | None = None
        self._made: Nameless | None = None
        self._replacing: Call | None = None
        self._build_ui()
        looking = bridge.services.stand_ins.look(text, title)
        bridge.follow(looking, self._take, self._say_problem)

    def _build_ui(self) -> None:
        intro = plain_label(_(RECOGNISED), self, name="nameless_intro", kind="muted")
        self._said = plain_label(LOOKING, self, name="nameless_said", kind="strong")
        self._finds = ListView(TASK, self, "nameless_finds")
        self._finds.edit_requested.connect(self._edit)
        self._text = _text("nameless_text", _("The text as it is copied"), self)
        parts = split("nameless_parts", self, self._finds, self._text, sizes=(400, 500))
        words = _("Replace this too")
        self._word = text_line("nameless_word", self, words, label=words)
        self._word.returnPressed.connect(self._add)
        add = button(_("Add"), "nameless_add", self, on=self._add)
        back = button(_("Put names back…"), "nameless_back", self, kind="quiet", on=self._back)
        self._copy = button(_("Copy"), "nameless_copy", self, kind="primary", on=self._on_copy)
        self._copy.setDefault(True)
        self._word.textChanged.connect(lambda typed: self._copy.setDefault(not typed))  # Enter adds it
        self._copy.setEnabled(False)
        foot = row((self._word, 1), add, back, self._copy, gap=theme.SPACE_8)
        column(
            self._said,
            (parts, 1),
            intro,
            foot,
            into=self,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )

    def _take(self, preview: RedactionPreview) -> None:
        """Replace what is chosen now. The copy waits until that is done."""
        self._preview = preview
        self._copy.setEnabled(False)
        if self._replacing is not None:
            self._replacing.cancel()
        replacing = self._bridge.services.stand_ins.replace(preview, self._draw)
        self._replacing = self._bridge.follow(replacing, partial(self._show, preview), self._say_problem)

    def _show(self, preview: RedactionPreview, made: Nameless) -> None:
        is_other = self._made is None
        self._made = made
        report = nameless_report(preview, made.table)
        self._finds.show_report(report, is_other=is_other)
        self._text.setPlainText(made.text)
        unsure = sum(not find.is_approved for find in report.statements)
        words = NOTHING
        if preview.found:
            words = ngettext("1 place replaced.", "{n:,} places replaced.", made.count)
        if unsure:
            words += " " + ngettext("1 find stays as it is.", "{n:,} finds stay as they are.", unsure)
        self._said.setText(words)
        self._copy.setEnabled(True)

    def _edit(self, edit: Edit) -> None:
        assert self._preview is not None  # else there is nothing to tick
        self._take(edited(self._preview, edit))

    def _add(self) -> None:
        if self._preview is None:
            return
        try:
            self._edit(Edit("", action=ADD, value=self._word.text()))
        except KnownError:
            self._said.setText(_("Write a word of two letters at least."))
            return
        self._word.clear()

    def _on_copy(self) -> None:
        preview, made = self._preview, self._made
        assert preview is not None
        assert made is not None  # else it cannot be pressed
        keep = self._bridge.services.stand_ins.keep(preview, made, self._item)
        self._bridge.ask(keep, lambda _key: self._copied(made), self._say_problem)

    def _copied(self, made: Nameless) -> None:
        copy_text(made.text)
        keys = keys_of("names_back").shown
        words = COPIED_WITHOUT.format(keys=keys) if keys else COPIED
        self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key="nameless"))
        self.accept()

    def _back(self) -> None:
        self.accept()
        self.back_requested.emit()

    def _say_problem(self, problem: Problem) -> None:
        self._said.setText(problem.sentence)


class NamesBackSheet(Dialog):
    """Puts names back into a text as soon as it is open."""

    def __init__(self, bridge: Bridge, text: str, key: str, parent: QWidget) -> None:
        super().__init__(parent, "names_back", _("Put names back"))
        self.resize(*SIZE)
        self._bridge, self._source = bridge, text
        self._build_ui()
        bridge.ask(bridge.services.stand_ins.newest(), self._list)
        self._begin(key)

    def _build_ui(self) -> None:
        self._said = plain_label("", self, name="names_back_said", kind="strong")
        self._keys = Choice([], self)
        named(self._keys, "names_back_key", label=_("Key"))
        self._keys.value_chosen.connect(self._begin)
        self._text = _text("names_back_text", _("The text with its names"), self)
        self._text.setPlainText(self._source)
        self._notes = _text("names_back_notes", _("What came back and what not"), self)
        self._notes.hide()
        self._copy = button(_("Copy"), "names_back_copy", self, kind="primary", on=self._on_copy)
        self._copy.setDefault(True)
        label = plain_label(_("Key"), self, name="names_back_key_label", wraps=False)
        column(
            self._said,
            row(label, (self._keys, 1), gap=theme.SPACE_8),
            (self._text, 3),
            (self._notes, 2),
            row(1, self._copy),
            into=self,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )

    def _list(self, keys: tuple[Key, ...]) -> None:
        self._keys.setEnabled(bool(keys))
        for key in keys:
            self._keys.addItem(key_words(key), key.id)

    def _begin(self, key: str) -> None:
        self._copy.setEnabled(False)
        returning = self._bridge.services.stand_ins.put_back(self._source, key)
        self._bridge.follow(returning, self._show, self._say_problem)

    def _show(self, returned: Returned) -> None:
        made = returned.made
        self._source = made.text  # another key goes on with it: two texts may be mixed
        self._keys.setCurrentIndex(self._keys.findData(returned.key.id))
        self._text.setPlainText(made.text)
        notes = "\n".join(notes_of(returned))
        self._notes.setPlainText(notes)
        self._notes.setHidden(not notes)
        count = len(made.back)
        self._said.setText(ngettext("1 place put back.", "{n:,} places put back.", count))
        self._copy.setEnabled(True)

    def _on_copy(self) -> None:
        copy_text(self._text.toPlainText())
        self._bridge.notice_raised.emit(Notice(COPIED, life_ms=UNDO_MS, key="nameless"))
        self.accept()

    def _say_problem(self, problem: Problem) -> None:
        self._said.setText(problem.sentence)


def _text(name: str, label: str, parent: QWidget) -> QPlainTextEdit:
    made = named(QPlainTextEdit(parent), name, label=label)
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    return made
