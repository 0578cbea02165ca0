"""Asks for files, takes dropped ones, and asks before a file on another computer is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QLineEdit, QListView, QWidget

from slmdesk.base.documents import FORMATS, Format
from slmdesk.base.policy import Policy
from slmdesk.base.runtime.messages import Problem, bytes_for_people
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label, is_on, server_of
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.base.window_state import visited_folder
from slmdesk.ui.kit.widgets.build import named, passing
from slmdesk.ui.kit.widgets.dialogs import Question

if TYPE_CHECKING:
    from slmdesk.models.importer import ImportEnded, ImportProgress


_POLICY = "share_policy"
_ALLOWED = "share_servers"
"""Properties of the application: the organisation's rules, and the computers that the person allowed in this run."""
MOST_NAME = 80
WHY = _(
    "To open it, this PC connects to that computer and tells it who you are. Do so only if you know it. "
    "slmdesk asks once for each computer until it is closed."
)


def heed(policy: Policy) -> None:
    """Apply the organisation's rules from now on. What was allowed before is asked again."""
    app = QApplication.instance()
    assert app is not None
    app.setProperty(_POLICY, policy)
    app.setProperty(_ALLOWED, frozenset())


def admit(
    parent: QWidget | None, paths: Sequence[Path], then: Callable[[list[Path]], object], *, is_chosen: bool = False
) -> None:
    """Call `then` with the paths that may be opened, after a question for those on other computers. Access no path.

    `is_chosen`: a person chose them in a dialog, and is not asked. Offline by policy, only shares that it names open.
    """
    policy = _policy()
    away = [path for path in paths if server_of(str(path)) and not is_on(str(path), policy.shares)]
    if policy.forced.get("offline") is True and away:
        _say_refused(parent, away)
        paths = [path for path in paths if path not in away]
        away = []
    unknown = [path for path in away if server_of(str(path)).casefold() not in _allowed()]
    if unknown and not is_chosen:
        _ask(parent, list(paths), unknown, then)
    elif paths:
        then(list(paths))


def _policy() -> Policy:
    policy = QApplication.instance().property(_POLICY)  # type: ignore[union-attr]
    return policy if isinstance(policy, Policy) else Policy()


def _allowed() -> frozenset[str]:
    return QApplication.instance().property(_ALLOWED) or frozenset()  # type: ignore[union-attr]


def _where(paths: Sequence[Path]) -> str:
    names = [clean_label(path.name or str(path), MOST_NAME) for path in paths]
    servers = sorted({clean_label(server_of(str(path)), MOST_NAME) for path in paths})
    what = _("“{name}” is") if len(names) == 1 else _("{count} of these files are")
    what = what.format(name=names[0], count=len(names))
    return _("{what} on another computer: {servers}.").format(what=what, servers=", ".join(servers))


def _say_refused(parent: QWidget | None, paths: Sequence[Path]) -> None:
    words = _("Your organisation has set slmdesk to work offline, so nothing is opened there.")
    Question(parent, "share_refused_dialog", _("Not opened"), _where(paths), words).open()


def _ask(
    parent: QWidget | None, paths: list[Path], unknown: Sequence[Path], then: Callable[[list[Path]], object]
) -> None:
    question = Question(parent, "share_dialog", _("Open from another computer?"), _where(unknown), WHY)

    def allow() -> None:
        servers = {server_of(str(path)).casefold() for path in unknown}
        QApplication.instance().setProperty(_ALLOWED, _allowed() | servers)  # type: ignore[union-attr]
        then(paths)

    def refuse() -> None:
        if here := [path for path in paths if path not in unknown]:
            then(here)

    question.add_choice(_("Open"), "share_open_button", allow)
    question.add_cancel(is_default=True)
    question.rejected.connect(refuse)
    question.open()


LAST_FOLDER, LAST_MODEL_FOLDER = "last_document_folder", "last_model_folder"
"""Properties of the application: the folders where a document and a model file were last chosen."""


def document_folder(last: str = LAST_FOLDER) -> str:
    """Return the folder of the file chosen last, on any page; in a new run that of the last one. At first, return the
    home folder.
    """
    app = QApplication.instance()
    return str((app.property(last) if app else "") or visited_folder() or Path.home())


def note_document_folder(chosen: Path, last: str = LAST_FOLDER) -> None:
    if app := QApplication.instance():
        app.setProperty(last, str(chosen.parent))


class FileDialog(QFileDialog):
    """A dialog for files or folders that takes a typed path at once. Qt marks the folders above as it is typed, which
    then counted as chosen too: nothing was, or the dialog went into one of them. And it takes the end of "answer of
    30.11" for a suffix, so that the file had none that a system knows.
    """

    def accept(self) -> None:
        line, view = self.findChild(QLineEdit, "fileNameEdit"), self.findChild(QListView, "listView")
        if line is not None and view is not None and "/" in QDir.fromNativeSeparators(line.text()):
            view.selectionModel().clearSelection()  # what is typed counts where nothing is marked
        if line is not None:
            line.setText(self._with_suffix(line.text()))
        super().accept()

    def _with_suffix(self, typed: str) -> str:
        """Return the name of a new file with the suffix of its kind, unless any kind may be written."""
        suffix = f".{self.defaultSuffix()}"
        is_given = typed.casefold().endswith(suffix.casefold()) or self.directory().exists(typed)
        if not typed or is_given or f"*{suffix}" not in self.selectedNameFilter():
            return typed
        return typed + suffix


def ask_file(
    parent: QWidget, title: str, chosen: Callable[[Path], object], *, name: str, filters: str = "", last: str = ""
) -> QFileDialog:
    """Ask for a file, starting in the folder used last if `last` names what for. Does not block."""

    def selected(path: Path) -> None:
        if last:
            note_document_folder(path, last)
        admit(parent, [path], lambda paths: chosen(paths[0]), is_chosen=True)

    dialog = FileDialog(parent, title, document_folder(last), filters)
    return _open_dialog(dialog, selected, name, QFileDialog.AcceptMode.AcceptOpen)


def ask_files(
    parent: QWidget,
    title: str,
    chosen: Callable[[list[Path]], object],
    *,
    name: str,
    filters: str,
    last: str = LAST_FOLDER,
) -> QFileDialog:
    """Ask for existing files, starting in the folder used last. Does not block."""
    dialog = passing(FileDialog(parent, title, document_folder(last), filters), name)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def selected(paths: list[str]) -> None:
        if paths:
            note_document_folder(Path(paths[0]), last)
            admit(parent, [Path(path) for path in paths], chosen, is_chosen=True)

    dialog.filesSelected.connect(selected)
    dialog.open()
    return dialog


def ask_documents(
    parent: QWidget, title: str, chosen: Callable[[list[Path]], object], *, name: str,
    formats: Sequence[Format] = FORMATS,
) -> None:  # fmt: skip
    """Ask for documents in these formats, as `ask_files` does."""
    suffixes = " ".join(f"*{suffix}" for each in formats for suffix in each.suffixes)
    filters = _("Documents ({suffixes});;All files (*)").format(suffixes=suffixes)
    ask_files(parent, title, chosen, name=name, filters=filters)


def ask_new_file(
    parent: QWidget, title: str, chosen: Callable[[Path], object], *, name: str, proposed: Path, filters: str = ""
) -> QFileDialog:
    """Ask where to write a file of the kind of `proposed`. The dialog asks before replacing a file. Does not block."""
    dialog = FileDialog(parent, title, str(proposed.parent), filters)
    dialog.setDefaultSuffix(proposed.suffix.lstrip("."))
    dialog.selectFile(proposed.name)
    return _open_dialog(dialog, chosen, name, QFileDialog.AcceptMode.AcceptSave)


def _open_dialog(
    dialog: QFileDialog, chosen: Callable[[Path], object], name: str, mode: QFileDialog.AcceptMode
) -> QFileDialog:
    passing(dialog, name).setAcceptMode(mode)
    if mode is QFileDialog.AcceptMode.AcceptOpen:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.open()
    return dialog


MODEL_SUFFIX = ".gguf"
MODEL_FILTER = _("Model files (*.gguf);;All files (*)")


def model_files(event: QDropEvent) -> list[Path]:
    return [path for path in dropped_paths(event) if path.suffix.lower() == MODEL_SUFFIX]


def dropped_paths(event: QDropEvent) -> list[Path]:
    """Return all files and folders in a drag, some of which may be on other computers. No path is accessed."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


class FileDrop(QObject):
    """Allows dropping files anywhere on `page`. `dropped` is called with the files that `pick` finds in the drag."""

    def __init__(
        self,
        page: QWidget,
        dropped: Callable[[Sequence[Path]], None],
        *,
        pick: Callable[[QDropEvent], list[Path]] = dropped_paths,
        entered: Callable[[], None] | None = None,
    ) -> None:
        """`entered` is called as soon as suitable files are dragged over the page."""
        super().__init__(page, objectName="file_drop")
        self._page, self._dropped, self._pick, self._entered = page, dropped, pick, entered
        self._frame: QFrame | None = None
        page.setAcceptDrops(True)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DragLeave:
            self._light(False)
        if not isinstance(event, QDropEvent) or event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return False
        files = self._pick(event)
        if files:
            self._light(event.type() == QEvent.Type.DragEnter)
            event.setDropAction(Qt.DropAction.CopyAction)  # a move would take the file from its folder
            event.accept()
            if event.type() == QEvent.Type.Drop:
                admit(self._page, files, self._dropped)
            elif self._entered is not None:
                self._entered()
        return bool(files)

    def _light(self, is_over: bool) -> None:
        """Frame the page while files are over it. The frame floats, so that nothing moves."""
        if self._frame is None:
            self._frame = named(QFrame(self._page), "drop_frame", kind="drop")
            self._frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._frame.setGeometry(self._page.rect())
        self._frame.setVisible(is_over)
        self._frame.raise_()


class ModelDrop(FileDrop):
    def __init__(self, page: QWidget, dropped: Callable[[Sequence[Path]], None]) -> None:
        super().__init__(page, dropped, pick=model_files)


def choose_model_file(parent: QWidget, name: str, chosen: Callable[[Sequence[Path]], None]) -> None:
    """Ask for model files, in the folder used last or the home folder. Does not block."""
    ask_files(parent, _("Add model files"), chosen, name=name, filters=MODEL_FILTER, last=LAST_MODEL_FOLDER)


class ModelImports(QObject):
    """Imports model files one after the other. Emits `progressed` with a text and a fraction, and `ended` with all
    ImportEnded events after the last file.
    """

    progressed = Signal(str, float)
    ended = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="model_imports")
        self._bridge = bridge
        self._running: Call | None = None
        self._waiting: deque[tuple[Path, bool]] = deque()
        self._over: list[ImportEnded] = []
        self._count = 0

    def add(self, paths: Sequence[Path], *, link: bool) -> None:
        """Queue these files for import: as copies, or with `link` as links to where they are."""
        self._waiting.extend((path, link) for path in paths)
        self._count += len(paths)
        if self._running is None:
            self._next()

    def cancel(self) -> None:
        """Stop. Nothing of the current file is kept, and the waiting files are dropped."""
        self._waiting.clear()
        if self._running is not None:
            self._running.cancel()

    def _next(self) -> None:
        if not self._waiting:
            over, self._over, self._count, self._running = self._over, [], 0, None
            self._tell_not_checked(over)
            self.ended.emit(tuple(over))
            return
        path, link = self._waiting.popleft()
        self._say(path, _("Adding…"), 0.0)
        asked = self._bridge.services.models.import_file(path, link=link)
        refused = partial(self._on_refused, path)
        self._running = self._bridge.follow(asked, self._on_ended, refused, self._on_progressed)

    def _tell_not_checked(self, over: Sequence[ImportEnded]) -> None:
        from slmdesk.ui.kit.widgets.notices import Notice  # imported late: it needs the dialogs of this module

        words = _("{name} is not checked: {reason}.")
        told = [words.format(name=Path(end.path).name, reason=end.not_checked) for end in over if end.not_checked]
        if told:
            full = "\n".join(told)
            self._bridge.notice_raised.emit(Notice(told[0], full, key="not checked", full=full))

    def _say(self, path: Path, words: str, fraction: float) -> None:
        at = _("{count} of {count2}  ·  ") if self._count > 1 else ""
        at = at.format(count=len(self._over) + 1, count2=self._count)
        self.progressed.emit(f"{at}{path.name}: {words}", fraction)

    def _on_progressed(self, now: ImportProgress) -> None:
        size, size2 = bytes_for_people(now.done_bytes), bytes_for_people(now.total_bytes)
        words = _("{size} of {size2}").format(size=size, size2=size2)
        self._say(now.path, words, now.done_bytes / now.total_bytes if now.total_bytes else 0.0)

    def _on_refused(self, path: Path, problem: Problem) -> None:
        from slmdesk.models.importer import ImportEnded

        self._on_ended(ImportEnded(str(path), None, problem))

    def _on_ended(self, end: ImportEnded) -> None:
        self._over.append(end)
        self._next()
