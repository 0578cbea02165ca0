"""Notices at the foot of the window, and exports, which report their results there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QStandardPaths, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from slmdesk.base.documents import FORMS, Form, Paper
from slmdesk.base.files import write_out
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    button,
    cut_to_lines,
    named,
    passing,
    row,
    set_icon,
    set_tip,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import TextDialog, sheets_over
from slmdesk.ui.kit.widgets.files import FileDialog, ask_new_file
from slmdesk.ui.kit.widgets.opening import open_path

if TYPE_CHECKING:
    from slmdesk.services import Services

MOST_BARS = 4
LEAST_WORDS, NOTICE_WIDTH = 48, 420
"""Pixels of the words of a notice beside its buttons, and of the place between the parts of the line, at the least."""
UNDO_MS = 10_000
LONG_MS = 30_000
REMOVAL_MS = 120_000
"""How long *Undo* of a removal is offered: until it is missed, a person has gone on with something else."""


class Notice(Record):
    text: str
    details: str = ""
    """Text for *Copy details*. For an error of the program itself, it contains no text of the person."""
    action: str = ""
    on_action: Callable[[], None] | None = None
    other: str = ""
    on_other: Callable[[], None] | None = None
    on_gone: Callable[[], None] | None = None
    """Called when the notice is gone, after `on_action`."""
    life_ms: int = 0
    """Milliseconds until the notice disappears. 0: it stays until it is closed."""
    key: str = ""
    """A later notice with the same key replaces this one."""
    is_error: bool = False
    report: str = ""
    """Report of an error of the program itself. It is shown in the error dialog instead of a notice."""
    topic: str = ""
    """What the notice is about. It disappears when that is over (`NoticeArea.drop_topic`)."""
    full: str = ""
    """The full text if `text` is a summary. *More* shows it."""


def notice_of(
    problem: Problem, *, action: str = "", on_action: Callable[[], None] | None = None, topic: str = ""
) -> Notice:
    """Return the notice for a problem. It replaces an earlier notice of the same problem. Its topic is the problem's
    code unless `topic` is given.
    """
    key = f"{problem.code} {sorted(problem.args.items())}"
    args = "".join(f"\n{name}: {value}" for name, value in problem.args.items())
    details = problem.report or f"{problem.sentence}\n{problem.code}{args}"
    return Notice(
        problem.short,
        details,
        action,
        on_action,
        key=key,
        is_error=True,
        report=problem.report,
        topic=topic or problem.code,
    )


def undoable(words: str, undo: Callable[[], None], key: str) -> Notice:
    return Notice(words, action=_("Undo"), on_action=undo, life_ms=REMOVAL_MS, key=key)


def trashed(item: Item, restore: Callable[[str], None]) -> Notice:
    words = _("“{title}” was moved to the trash.").format(title=item.shown_title)
    return undoable(words, partial(restore, item.id), f"trash {item.id}")


def trash(bridge: Bridge, id: str, restored: Callable[[Item], None] | None = None) -> None:
    """Move a history item to the trash. A notice offers to undo this, and `restored` is then called with the item."""

    def restore(id: str) -> None:
        bridge.ask(bridge.services.history.restore(id), restored)

    def gone(item: Item) -> None:
        bridge.notice_raised.emit(trashed(item, restore))

    bridge.ask(bridge.services.history.trash(id), gone)


class NoticeWords(ElidedLabel):
    """The words of a notice, in smaller letters on two lines where one has no room for them."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:  # another size of letters
            self._cut()

    @property
    def fonts(self) -> tuple[QFont, QFont]:
        """The fonts of one line and of two."""
        large = QApplication.font()
        small = QFont(large)
        small.setPointSizeF(large.pointSizeF() * theme.SMALL)
        return large, small

    def widths(self) -> tuple[int, int]:
        """Return the width in which all words stand on two lines, and that of one."""
        large, small = self.fonts
        words = QFontMetrics(small).horizontalAdvance(self.full_text)
        longest = max((QFontMetrics(small).horizontalAdvance(word) for word in self.full_text.split()), default=0)
        return words // 2 + longest, QFontMetrics(large).horizontalAdvance(self.full_text)

    @property
    def is_cut(self) -> bool:
        return self.text().endswith("…") and not self.full_text.endswith("…")

    def _cut(self) -> None:
        large, small = self.fonts
        width = max(self.width(), LEAST_WORDS)
        is_one = QFontMetrics(large).horizontalAdvance(self.full_text) <= width
        font = large if is_one else small
        if self.font() != font:
            self.setFont(font)
        self.setWordWrap(not is_one)
        self.setText(self.full_text if is_one else cut_to_lines(self.full_text, small, width, 2))
        set_tip(self, self.full_text if self.is_cut else "")


class NoticeBar(QFrame):
    closed = Signal()

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "notice_bar", label=_("Notice"))
        self.notice = notice
        self._timer = QTimer(self, singleShot=True, interval=max(notice.life_ms, 1))
        self._timer.timeout.connect(self.closed)
        self._build_ui()
        if notice.life_ms:
            self._timer.start()

    def _build_ui(self) -> None:
        notice, tip = self.notice, _("Copy details")
        sign = named(QLabel(self), "notice_sign")
        sign.setVisible(notice.is_error)
        set_icon(sign, "triangle-alert", "danger")
        self._label = NoticeWords(self, name="notice_text", text=" ".join(notice.text.split()))
        self._more = button(_("Details"), "notice_more", self, tip=_("Show all of this notice"), on=self._on_more)
        copy = tool_button("copy_details_button", self, tip=tip, label=tip, icon="copy")
        copy.clicked.connect(lambda: copy_text(notice.details))
        act = button(notice.action, "notice_action", self, on=self.act)
        other = button(notice.other, "notice_other_action", self, on=self._on_other)
        for part, is_there in ((self._more, notice.full), (copy, notice.details), (act, notice.action),
                               (other, notice.other)):  # fmt: skip
            part.setVisible(bool(is_there))
        tip = _("Close this notice")
        close = tool_button("notice_close", self, tip=tip, label=tip, icon="x", on=self.closed)
        self._buttons = row(copy, act, other, close, gap=theme.SPACE_4)
        margins = (theme.SPACE_12, 0, theme.SPACE_4, 0)
        row(sign, (self._label, 1), self._more, self._buttons, into=self, gap=theme.SPACE_8, margins=margins)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self.notice.life_ms:
            self._timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        two, __ = self.widths()
        has_room = self.width() >= self._beside + self._more_width + scaled(LEAST_WORDS)
        self._more.setVisible(bool(self.notice.full) or (self.width() < two and has_room))

    @property
    def _more_width(self) -> int:
        return self._more.sizeHint().width() + theme.SPACE_8

    @property
    def _beside(self) -> int:
        return self._buttons.sizeHint().width() + theme.SPACE_48

    def widths(self) -> tuple[int, int]:
        """Return the width with all words on two lines, and that with all words on one."""
        beside = self._beside
        if self.notice.full:
            beside += self._more_width
        two, one = self._label.widths()
        return beside + min(two, one), beside + one

    def _on_more(self) -> None:
        words = self.notice.full or self.notice.text
        TextDialog(self.window(), title=_("Notice"), intro="", text=words, is_prose=False).show()

    def act(self) -> None:
        if self.notice.on_action is not None:
            self.notice.on_action()
        self.closed.emit()

    def _on_other(self) -> None:
        if self.notice.on_other is not None:
            self.notice.on_other()
        self.closed.emit()


class NoticeArea(QWidget):
    """The notices, in the line at the foot of the window, where they cover nothing. The newest is shown and the others
    wait below it; beside an error that asks nothing, what asked before stays in sight.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice_area")
        self._bars: list[NoticeBar] = []
        self._layout = row(into=self, gap=0)
        self._place, self._line = QRect(), QRect()
        self._focused_before: QWidget | None = None
        cast(QApplication, QApplication.instance()).focusChanged.connect(self._on_focus)
        self.setVisible(False)

    @property
    def bars(self) -> list[NoticeBar]:
        return list(self._bars)

    def show_notice(self, notice: Notice) -> None:
        """Add a notice and remove the same notice, if shown. If there are too many, the oldest is removed, but first
        those with a time limit, and at the last those with an Undo.
        """
        same = [bar for bar in self._bars if _is_same(bar.notice, notice)]
        passing_first = sorted(self._bars, key=lambda bar: (bar.notice.action == _("Undo"), not bar.notice.life_ms))
        for old in same or passing_first[: max(0, len(self._bars) - MOST_BARS + 1)]:
            self._drop(old)
        bar = NoticeBar(notice, self)
        bar.closed.connect(lambda: self._drop(bar))
        self._bars.append(bar)
        self._layout.addWidget(bar)
        self._fit()

    def undo(self) -> bool:
        """Undo what the newest notice with an Undo offers to undo. Returns False if there is none."""
        bar = next((bar for bar in reversed(self._bars) if bar.notice.action == _("Undo")), None)
        if bar is not None:
            bar.act()
        return bar is not None

    def set_place(self, place: QRect, line: QRect) -> None:
        """Set where the notices stand: in the middle of the place, or in the whole line where it is too narrow."""
        self._place, self._line = place, line
        self._fit()

    def drop_topic(self, topic: str) -> None:
        for bar in [bar for bar in self._bars if bar.notice.topic == topic]:
            self._drop(bar)

    def drop_key(self, key: str) -> None:
        for bar in [bar for bar in self._bars if key and bar.notice.key == key]:
            self._drop(bar)

    def drop_text(self, text: str) -> None:
        for bar in [bar for bar in self._bars if bar.notice.text == text]:
            self._drop(bar)

    def end(self) -> None:
        """Let take effect what could still be undone."""
        for bar in self.bars:
            if bar.notice.on_gone is not None:
                self._drop(bar)

    def _drop(self, bar: NoticeBar) -> None:
        if bar not in self._bars:
            return
        self._bars.remove(bar)
        focus, before = QApplication.focusWidget(), self._focused_before
        if focus is not None and before is not None and bar.isAncestorOf(focus) and isValid(before):
            before.setFocus()  # not in what is next to the notices
        self._layout.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        self._fit()
        if bar.notice.on_gone is not None:
            bar.notice.on_gone()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # "More" or a longer text has come
            self._fit()
        return done

    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self.isAncestorOf(new) and not (old is not None and self.isAncestorOf(old)):
            self._focused_before = old

    def _fit(self) -> None:
        widths = {bar: bar.widths() for bar in self._bars}
        shown = self._bars[-1:]
        if shown and shown[0].notice.is_error and not shown[0].notice.action:
            both = [*[bar for bar in self._bars if bar.notice.action][-1:], *shown]
            shown = both if sum(widths[bar][0] for bar in both) <= self._line.width() else shown
        is_narrow = self._place.width() < max(scaled(NOTICE_WIDTH), sum(widths[bar][0] for bar in shown))
        place = self._line if is_narrow else self._place
        for bar in self._bars:
            if self._layout.stretch(self._layout.indexOf(bar)) != widths[bar][1]:  # Qt would ask for a layout anew
                self._layout.setStretchFactor(bar, widths[bar][1])
            bar.setMinimumWidth(widths[bar][0] if len(shown) > 1 else 0)
            bar.setVisible(bar in shown)
        self.setVisible(bool(self._bars))
        if shown and not place.isEmpty():
            width = place.width() if is_narrow else min(sum(widths[bar][1] for bar in shown), place.width())
            middle = place.center()
            place = QRect(place.x(), place.y(), width, place.height())
            place.moveCenter(middle)
            self.setGeometry(place)
            if (around := self.parentWidget()) is not None and sheets_over(around):
                self.raise_()


def _is_same(notice: Notice, other: Notice) -> bool:
    is_act = notice.on_gone is not None or other.on_gone is not None  # each has an Undo of its own
    return (notice.text == other.text and not is_act) or bool(notice.key and notice.key == other.key)


MOST_NAME = 80
_SUFFIX = re.compile(r"(?<=\w)\.[A-Za-z][A-Za-z0-9]{1,4}(?=\s|$)")
"""Most letters of a title that are used for a file name."""


class ExportMenu(QMenu):
    form_chosen = Signal(str)

    def __init__(self, parent: QWidget, title: str = _("Export as"), forms: Sequence[Form] = FORMS) -> None:
        super().__init__(title, parent)
        self.setObjectName("export_menu")
        for form in forms:
            action = self.addAction(f"{form.name}…", partial(self.form_chosen.emit, form.id))
            action.setObjectName(f"export_{form.id}")


class ChatsExportMenu(ExportMenu):
    together_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        together = ExportMenu(self, _("All into one file"))
        together.setObjectName("together_menu")
        together.form_chosen.connect(self.together_chosen)
        self.addSeparator()
        self.addMenu(together)
        self.show_count(1)

    def show_count(self, count: int) -> None:
        for action in self.actions()[-2:]:  # not stored: PySide would treat stored actions as deleted with a menu
            action.setVisible(count > 1)


def give_export_menu(
    button: QPushButton | QToolButton,
    chosen: Callable[[str], object],
    title: str = _("Export as"),
    forms: Sequence[Form] = FORMS,
) -> None:
    menu = ExportMenu(button, title, forms)
    menu.form_chosen.connect(chosen)
    button.setMenu(menu)


def open_export(button: QPushButton | QToolButton) -> None:
    """Do what a press on a button for exports does, if it can be pressed now."""
    menu = button.menu()
    if not button.isVisible() or not button.isEnabled():
        return
    if menu is None:
        button.click()
    else:
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))


def ask_where(
    parent: QWidget,
    title: str,
    form: str,
    chosen: Callable[[Path], None],
    forms: Sequence[Form] = FORMS,
    *,
    folder: Path | None = None,
) -> None:
    """Ask for the file to write to. The dialog itself asks before a file is replaced.

    The proposed name is made from `title`, in `folder`. None: the system's folder for documents.
    """
    name = next(offered.name for offered in forms if offered.id == form)
    place = folder or Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    proposed = place / f"{file_name(title)}.{form}"
    ask_new_file(parent, _("Export"), chosen, name="export_dialog", proposed=proposed, filters=f"{name} (*.{form})")


def ask_folder(
    parent: QWidget, title: str, chosen: Callable[[Path], None], *, place: str = "", name: str = "folder_dialog"
) -> QFileDialog:
    """Ask for a folder, beginning in `place`, or else among the documents. Does not block."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    dialog = passing(FileDialog(parent, title, place or documents), name)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.open()
    return dialog


def file_name(untrusted: str) -> str:
    """Return a title as a file name of letters, digits and blanks: no folder, leading dot or name a system forbids.

    The endings of files named in it go: "invoice.docx and 4 more" is "invoice and 4 more".
    """
    short = _SUFFIX.sub("", untrusted[: 4 * MOST_NAME])
    kept = "".join(sign if sign.isalnum() or sign in " -_" else " " for sign in short)
    name = " ".join(kept.split())
    whole = name[: MOST_NAME + 1].rpartition(" ")[0] if len(name) > MOST_NAME else name
    return whole or name[:MOST_NAME] or _("export")


class ExportController(QObject):
    """Writes exports. Emits `written` with the Path of each complete file."""

    written = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="export_controller")
        self._bridge = bridge

    def export(self, item: str, form: str, target: Path) -> None:
        """Write an item of the history to a file. An existing file is replaced, as the dialog has asked before."""
        self._follow(lambda services: services.exports.write(item, form, target, replace=True), target)

    def print(self, paper: Callable[[Services], Paper], target: Path) -> None:
        """Write a document of the program's as a PDF. Replaces an existing file, as the dialog asked before."""

        def write(data: bytes) -> None:
            self._bridge.ask(
                lambda _services: write_out(target, data),
                lambda _none: self._on_written(target, len(data)),
                partial(self._on_failed, target),
            )

        self._bridge.follow(
            lambda services: services.exports.print(paper(services)), write, partial(self._on_failed, target)
        )

    def export_together(self, chats: Sequence[str], form: str, target: Path) -> None:
        """Write several chats into one file, a section each. Replaces an existing file, as the dialog asked before."""
        self._follow(lambda services: services.exports.write_several(chats, form, target, replace=True), target)

    def export_all(self, items: Sequence[tuple[str, str]], form: str, folder: Path) -> None:
        """Write items, given as pairs of id and title, into files of a folder, one after the other. No file is
        replaced.

        The first item that cannot be written ends the export. A notice says so, and how many were written.
        """
        _Exports(self._bridge, items, form, folder, self).begin()

    def write_text(self, text: str, target: Path) -> None:
        """Write a text to a file. An existing file is replaced, as the dialog has asked before.

        The notice offers no "Open", since the text may be a program.
        """
        self.write_bytes(text.encode(), target)

    def write_bytes(self, data: bytes, target: Path) -> None:
        self._bridge.ask(
            lambda _services: write_out(target, data),
            lambda _none: self._bridge.notice_raised.emit(written(target)),
            partial(self._on_failed, target),
        )

    def _follow(self, writing: Callable[[Services], Pending[int]], target: Path) -> None:
        self._on_progressed(target, (0, 0))
        self._bridge.follow(
            writing,
            partial(self._on_written, target),
            partial(self._on_failed, target),
            partial(self._on_progressed, target),
        )

    def _on_progressed(self, target: Path, report: tuple[int, int]) -> None:
        done, total = report
        if total:
            pages = _(": page {done:,} of {total:,}").format(done=done, total=total)
        elif done:
            pages = _(": {done:,} pages").format(done=done)
        else:
            pages = "…"
        self._bridge.notice_raised.emit(
            Notice(_("Writing {name}{pages}").format(name=target.name, pages=pages), key=f"export {target}")
        )

    def _on_failed(self, target: Path, problem: Problem) -> None:
        tell_not_written(self._bridge, target, problem)

    def _on_written(self, target: Path, _size: int) -> None:
        self._bridge.notice_raised.emit(document_written(target))
        self.written.emit(target)


class _Exports(QObject):
    def __init__(
        self, bridge: Bridge, items: Sequence[tuple[str, str]], form: str, folder: Path, parent: QObject
    ) -> None:
        super().__init__(parent, objectName="exports")
        self._bridge, self._items, self._form, self._folder = bridge, items, form, folder
        self._done = 0
        self._is_stopped = False
        self._key = f"export {folder} {items[0][0]}"

    def begin(self) -> None:
        total = len(self._items)
        if self._done == total or self._is_stopped:
            self._say(
                _("{done:,} of {total:,} chats were written to {folder}.").format(
                    done=self._done, total=total, folder=self._folder
                )
            )
            self.deleteLater()
            return
        notice = Notice(
            _("Writing {done:,} of {total:,}…").format(done=self._done + 1, total=total),
            action=_("Cancel"),
            on_action=self._stop,
            key=self._key,
        )
        self._bridge.notice_raised.emit(notice)
        item, title = self._items[self._done]
        form, folder = self._form, self._folder
        self._bridge.follow(
            self._bridge.services.exports.write_new(item, form, folder, file_name(title)),
            self._on_written,
            self._on_failed,
        )

    def _stop(self) -> None:
        self._is_stopped = True

    def _on_written(self, _size: int) -> None:
        self._done += 1
        self.begin()

    def _on_failed(self, problem: Problem) -> None:
        name = f"{file_name(self._items[self._done][1])}.{self._form}"
        said = _("{done:,} of {count:,} chats were written to {folder}, {name} was not. {sentence}").format(
            done=self._done, count=len(self._items), folder=self._folder, name=name, sentence=problem.sentence
        )
        tell_not_written(self._bridge, self._folder / name, problem, words=said, key=self._key)
        self.deleteLater()

    def _say(self, words: str) -> None:
        self._bridge.notice_raised.emit(
            Notice(
                words,
                action=_("Open folder"),
                on_action=partial(open_path, self._folder),
                life_ms=2 * UNDO_MS,
                key=self._key,
            )
        )


def tell_not_written(bridge: Bridge, target: Path, problem: Problem, *, words: str = "", key: str = "") -> None:
    """Say which file was not written, and why, in place of the notice `key` that it is being written.

    `words`: what is said instead. A bug opens its dialog too, which alone would leave that notice.
    """
    words = words or _("{name} was not written. {sentence}").format(name=target.name, sentence=problem.short)
    bridge.notice_raised.emit(changed(notice_of(problem), text=words, key=key or f"export {target}", report=""))
    if problem.report:
        bridge.problem_met.emit(problem)


def document_written(target: Path) -> Notice:
    notice = written(target)
    return changed(
        notice, action=_("Open"), on_action=partial(open_path, target), other=notice.action, on_other=notice.on_action
    )


def written(target: Path) -> Notice:
    return Notice(
        _("Written to {target}.").format(target=target),
        action=_("Open folder"),
        on_action=partial(open_path, target.parent),
        life_ms=2 * UNDO_MS,
        key=f"export {target}",
    )
