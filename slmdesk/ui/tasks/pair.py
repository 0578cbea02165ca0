"""Chooses the other version of a document, for tasks that are about an old and a new
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFrame, QWidget

from slmdesk.base.documents import FORMATS
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.tasks.versions.types import version_stem
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import (
    NameLabel,
    button,
    keep_place,
    named,
    plain_label,
    row,
    set_kind,
)
from slmdesk.ui.kit.widgets.files import LAST_FOLDER, FileDrop, ask_file
from slmdesk.ui.kit.widgets.rows import Choice

FILE = "file"
ARROW = 64
"""Pixels of a drop-down list beside its words."""
DIRECTIONS = {
    True: QBoxLayout.Direction.LeftToRight,
    False: QBoxLayout.Direction.RightToLeft,
}
"""In which the names stand: that of the other document first if the shown one is the
newer.
"""
Named = tuple[str, str]
"""Id and name of a document."""


def _id_of(record: DocumentRecord | None) -> str:
    return record.id if record is not None else ""


class PairBar(QFrame):
    """The names of both versions, old and new, of which the other one is chosen or
    dropped.
    """

    asked = Signal(str, str)
    """Emitted with the ids of the old and the new document that a report is to be made
    of.
    """
    refused = Signal(object)
    """Emitted with the Problem of a file that cannot be read."""
    said = Signal(str)
    reading = Signal(str)

    def __init__(self, bridge: Bridge, kind: str, verb: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"{kind}_pair_bar")
        self._bridge = bridge
        self._records: Sequence[DocumentRecord] = ()
        """Documents of which words were read."""
        self._record: DocumentRecord | None = None
        self._other: DocumentRecord | None = None
        self._is_new = True
        """Whether the shown document is the newer version."""
        self._is_unmade = False
        """Whether no report was made of the shown document, and none was begun."""
        self._shown: tuple[Named, ...] = ()
        """The old and the new document of the report on show."""
        self._asked: tuple[str, str] | None = None
        """The two of which a report has been asked for and has not come."""
        FileDrop(parent, self.open_file)
        self._choice = named(
            Choice([], self), f"{kind}_other", label=_("The other version")
        )
        self._choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._choice.setMinimumContentsLength(8)
        self._choice.cut = Qt.TextElideMode.ElideMiddle
        set_kind(self._choice, "head")
        self._choice.value_chosen.connect(self._on_chosen)
        self._arrow = plain_label("→", self, name=f"{kind}_arrow", wraps=False)
        self._here = NameLabel(self, name=f"{kind}_here", kind="heading")
        self._here.setMinimumWidth(80)
        self._pair = named(QWidget(self), f"{kind}_pair")
        self._names = row(
            (self._choice, 1),
            self._arrow,
            (self._here, 1),
            into=self._pair,
            gap=theme.SPACE_8,
        )
        tip = _("Layout differences are ignored")
        self._begin = button(
            verb, f"{kind}_begin_pair", self, kind="primary", tip=tip, on=self.begin
        )
        keep_place(self._begin)
        row((self._pair, 1000), 1, self._begin, into=self, gap=theme.SPACE_8)

    def show_records(self, records: Sequence[DocumentRecord]) -> None:
        """Offer the documents of a list, as far as words were read of them."""
        ids = [record.id for record in records if record.status is DocumentStatus.READ]

        def answered(with_text: set[str]) -> None:
            self._records = [record for record in records if record.id in with_text]
            self._show()
            self.begin_known()

        self._bridge.ask(self._bridge.services.documents.with_text(ids), answered)

    def show_document(self, record: DocumentRecord | None) -> None:
        if _id_of(record) == _id_of(self._record):
            return
        self._record, self._is_unmade = record, False
        if record is None or record.id not in dict(
            self._shown
        ):  # else it is the other side of the same report
            self._other, self._asked, self._shown = None, None, ()
        self._show()

    def show_pair(self, documents: tuple[Named, ...]) -> None:
        """Show the old and the new document of the report on show; none if there is no
        report.
        """
        self._shown = documents
        if documents:
            self._asked = None
            self._is_new = (
                self._record is not None and documents[-1][0] == self._record.id
            )
        self._show()

    def show_unmade(self) -> None:
        """No report was made of the shown document yet. Where both versions are known
        one is begun.
        """
        self._is_unmade = self._asked is None
        self.begin_known()

    def compare_with(self, other: DocumentRecord) -> None:
        """Make a report of the shown document and this one, unless there is. One
        without words is named instead.
        """
        if self._record is None or {self._record.id, other.id} == set(
            dict(self._shown)
        ):
            return
        both = {self._record.id: self._record.name, other.id: other.name}
        answered = partial(self._on_with_text, other, both)
        self._bridge.ask(
            self._bridge.services.documents.with_text(list(both)),
            answered,
            self._on_refused,
        )

    def _on_with_text(
        self, other: DocumentRecord, both: Mapping[str, str], with_text: set[str]
    ) -> None:
        empty = next((name for id, name in both.items() if id not in with_text), "")
        if (
            self._record is None or self._record.id not in both
        ):  # another one is shown meanwhile
            return
        if empty:
            words = _(
                "{name} has no words that were read; there is nothing to compare."
            )
            self.said.emit(words.format(name=empty))
        else:
            self._on_read(other)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.begin_known()

    def begin_known(self) -> None:
        """Begin without a click where both versions are known and were not compared
        before.
        """
        if self.isVisible() and self._is_unmade:
            self.begin()

    def begin(self) -> None:
        if self._record is None or self._other is None:
            return
        pair = self._in_order(self._other.id, self._record.id)
        if pair != self._asked:
            self._is_unmade, self._asked = False, pair
            self.asked.emit(*pair)

    def _in_order(self, other: str, here: str) -> tuple[str, str]:
        """Return the old and the new one."""
        if self._is_new:
            return other, here
        return here, other

    def forget_asked(self) -> None:
        """What was asked for does not come."""
        self._asked = None

    def swap(self) -> None:
        self._is_new = not self._is_new
        self._show()
        self.begin()

    @property
    def can_swap(self) -> bool:
        return self._other is not None

    def _show(self) -> None:
        """Show what the document can be compared with, and the chosen pair."""
        here = _id_of(self._record)
        reported, name = next(
            (each for each in self._shown if each[0] != here), ("", "")
        )
        if reported:
            self._other = self._found(reported) or self._other
        self._propose()
        chosen = reported
        if self._other is not None:
            chosen = self._other.id
            name = self._other.name
        self._offer(here, chosen, name)
        if self._record is not None:
            self._here.set_full_text(self._record.name)
        self._names.setDirection(DIRECTIONS[self._is_new])
        self._here.setVisible(bool(chosen))
        self._arrow.setVisible(bool(chosen))
        self._begin.setEnabled(
            self._other is not None
        )  # a document that is gone can be named, and not compared
        pair_on_show = tuple(id for id, __ in self._shown)
        self._begin.setVisible(self._in_order(chosen, here) != pair_on_show)
        self.fit()

    def _offer(self, here: str, chosen: str, name: str) -> None:
        """Fill the list of other versions, and choose one in it,
        which has this name.
        """
        others = [
            (record.id, record.name) for record in self._records if record.id != here
        ]
        if chosen and chosen not in dict(
            others
        ):  # it is in the list no more, or not yet
            others.append((chosen, name))
        self._choice.clear()
        for id, words in (("", _("Compare with…")), *others, (FILE, _("A file…"))):
            self._choice.addItem(words, id)
        self._choice.setCurrentIndex(max(0, self._choice.findData(chosen)))

    def fit(self) -> None:
        """Let both names be as wide as they are, and share the place where there is not
        enough.
        """
        words = self._choice.fontMetrics().horizontalAdvance(self._choice.currentText())
        widths = (
            words + scaled(ARROW),
            max(self._here.sizeHint().width(), self._here.minimumWidth()),
        )
        self._choice.setMaximumWidth(widths[0])
        self._pair.setMaximumWidth(
            sum(widths) + self._arrow.sizeHint().width() + 2 * theme.SPACE_8
        )

    def _propose(self) -> None:
        """Choose as the other version the document whose name differs by the version
        alone, until a person chooses.
        """
        here = self._record
        if here is None or self._other is not None or self._shown:
            return
        stem = version_stem(here.name)
        alike = (
            record
            for record in self._records
            if record.id != here.id and version_stem(record.name) == stem
        )
        self._other = next(alike, None)
        if self._other is not None:
            self._is_new = here.mtime_ns >= self._other.mtime_ns

    def _on_chosen(self, value: object) -> None:
        record = self._found(str(value))
        if value == FILE:
            self._ask_file()
        elif record is not None:
            self._choose(record)

    def _choose(self, record: DocumentRecord) -> None:
        """Compare with this document. The file that was modified later counts as the
        newer version.
        """
        if self._record is not None:
            self._other, self._is_new, self._shown = (
                record,
                self._record.mtime_ns >= record.mtime_ns,
                (),
            )
            self._show()
            self.begin()

    def _ask_file(self) -> None:
        suffixes = " ".join(
            f"*{suffix}" for file_format in FORMATS for suffix in file_format.suffixes
        )
        words = _("Documents ({suffixes});;All files (*)").format(suffixes=suffixes)
        title, name = _("The other version"), "versions_dialog"
        dialog = ask_file(
            self,
            title,
            lambda path: self.open_file([path]),
            name=name,
            filters=words,
            last=LAST_FOLDER,
        )
        dialog.rejected.connect(self._show)

    def open_file(self, paths: Sequence[Path]) -> None:
        self.reading.emit(_("Reading {name}…").format(name=paths[0].name))
        self._bridge.follow(
            self._bridge.services.documents.open(paths[0]),
            self._on_read,
            self._on_refused,
        )

    def _on_read(self, record: DocumentRecord) -> None:
        self.reading.emit("")
        if self._found(record.id) is None:
            self._records = [record, *self._records]
        self._choose(record)

    def _on_refused(self, problem: Problem) -> None:
        self.reading.emit("")
        self.refused.emit(problem)

    def _found(self, document: str) -> DocumentRecord | None:
        return next((record for record in self._records if record.id == document), None)
