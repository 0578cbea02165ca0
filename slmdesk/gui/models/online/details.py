"""The details below a model to download: its files, whether they fit, and its card."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from slmdesk.core.speed import Speed, is_too_slow, speed_in_words
from slmdesk.gui.base import theme
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.markdown.reader import MarkdownReader
from slmdesk.gui.models.common.card import DOT, Card, FitMark
from slmdesk.gui.models.online.installed_index import GET, Here
from slmdesk.gui.widgets.access_token import TokenController
from slmdesk.gui.widgets.gated_panel import GATED_CODES, GatedPanel
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import breakable, plain_label
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import bytes_for_people
from slmdesk.services.models.fit import Fit
from slmdesk.services.online.catalogue import OfferedFile, OfferedRepo
from slmdesk.services.online.repo_page import RepoJudged
from slmdesk.text.words.cards import ReadableCard

NO_FILES = "No model file in it that could be used here."
NOTHING_FITS = "None of these is recommended for this PC: take a smaller model rather than one this cut down."
BY_SIZE = "Judged by the size of the file."
NO_CARD = "Its publisher wrote nothing about it."
KINDS = {
    "encoder": "An embedding model: it writes nothing, it finds passages by what they mean.",
    "adapter": "An adapter: it changes the model it was made for, and is no use without that.",
}
CUT = "The card is longer; its page on the Hub has all of it."
PLAIN = "Part of the card is shown without formatting, which would have taken too long."
_LEFT = Qt.AlignmentFlag.AlignLeft


class FileRow(QWidget):
    """One file of a repository.  Emits `download_requested`."""

    download_requested = Signal()

    def __init__(self, file: OfferedFile, parent: QWidget, *, is_primary: bool) -> None:
        super().__init__(parent)
        self.setObjectName("file_row")
        self.setAccessibleName(file.name)
        self._file = file
        words = plain_label(
            breakable(file.words), self, name="file_words", kind="strong" if file.is_recommended else ""
        )
        self._about = plain_label("", self, name="file_name", kind="small")
        self._fit = FitMark(self)
        self._fit.show_fit(file.fit, why=BY_SIZE)
        get = self._get = named(QPushButton(GET, self), "download_file_button")
        get.setAccessibleName(f"{GET} {file.name}")
        if is_primary:
            get.setProperty("kind", "primary")
        get.clicked.connect(self.download_requested)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(words)
        column.addWidget(self._about)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.SPACE_4, 0, theme.SPACE_4)
        row.setSpacing(theme.SPACE_12)
        row.addLayout(column, 1)
        row.addWidget(self._fit)
        row.addWidget(get, 0, Qt.AlignmentFlag.AlignVCenter)
        self._say(file.speed)

    @property
    def name(self) -> str:
        return self._file.name

    @property
    def fit(self) -> FitMark:
        return self._fit

    def show_here(self, here: Here) -> None:
        """Show whether it is being downloaded, or in the library."""
        words = here.words_of(self._file.repo, self._file.name, self._file.sha256)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words} {self._file.name}")

    def show_fit(self, fit: Fit) -> None:
        """Show whether it fits, judged by its header."""
        needed, free = bytes_for_people(fit.memory.total), bytes_for_people(fit.available_bytes)
        why = f"Needs about {needed} of memory with a context of {fit.context_tokens:,} tokens; {free} are free."
        self._fit.show_fit(fit.verdict, why=why, is_slow=is_too_slow(fit.speed))
        self._say(fit.speed, f"needs {needed} of memory")

    def _say(self, speed: Speed | None, needs: str = "") -> None:
        file = self._file
        size = bytes_for_people(file.size_bytes) if file.size_bytes else ""
        parts = f"in {file.parts} parts" if file.parts > 1 else ""
        pace = speed_in_words(speed) if speed else ""
        self._about.setText(breakable(DOT.join(one for one in (size, parts, needs, pace, file.name) if one)))


class RepoDetails(QWidget):
    """The details of one repository.

    Emits `download_requested` with a file's name, `link_chosen` with an address of its card, `page_requested`,
    `again_requested` after a failure.
    """

    download_requested = Signal(str)
    link_chosen = Signal(str)
    page_requested = Signal()
    again_requested = Signal()

    def __init__(self, keeper: ThemeKeeper, tokens: TokenController, here: Here, repo: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._repo, self._here = repo, here
        self.setObjectName("repo_details")
        self._keeper, self._tokens = keeper, tokens
        self._rows: list[FileRow] = []
        self._gated: GatedPanel | None = None
        self._reader: MarkdownReader | None = None
        self._build_ui()

    def _build_ui(self) -> None:
        self._info = plain_label("", self, name="details_facts", kind="small")
        self._note = plain_label("", self, name="files_note", kind="muted")
        self._again = named(QPushButton("Try again", self), "details_again")
        self._again.clicked.connect(self.again_requested)
        self._files = QVBoxLayout()
        self._files.setSpacing(0)
        self._others = plain_label("", self, name="other_files", kind="small")
        self._heading = plain_label("What its publisher says", self, name="card_heading", kind="strong")
        self._card_note = plain_label("", self, name="card_note", kind="muted")
        self._page = named(QPushButton("Its page…", self), "page_button")
        self._page.setAccessibleName(f"Read about {self._repo} in the browser")
        self._page.clicked.connect(self.page_requested)
        self._card = QVBoxLayout()
        self._card.setContentsMargins(0, 0, 0, 0)
        self._whole = named(QPushButton("Read all of it", self), "card_whole")
        self._whole.setCheckable(True)
        self._whole.clicked.connect(self._on_whole)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.SPACE_16, theme.SPACE_4, 0, theme.SPACE_4)
        self._column.setSpacing(theme.SPACE_8)
        self._column.addWidget(self._info)
        self._column.addWidget(self._note)
        self._column.addWidget(self._again, 0, _LEFT)
        self._column.addLayout(self._files)
        for thing in (self._others, self._heading):
            self._column.addWidget(thing)
        self._column.addLayout(self._card)
        foot = QHBoxLayout()
        foot.setSpacing(theme.SPACE_8)
        foot.addWidget(self._whole)
        foot.addWidget(self._page)
        foot.addStretch(1)
        self._column.addWidget(self._card_note)
        self._column.addLayout(foot)
        self._clear()

    @property
    def rows(self) -> list[FileRow]:
        return self._rows

    @property
    def reader(self) -> MarkdownReader | None:
        """The widget with the card, once it is loaded."""
        return self._reader

    def show_here(self) -> None:
        """Show which files are being downloaded, or in the library."""
        for row in self._rows:
            row.show_here(self._here)

    def show_loading(self) -> None:
        """Show that the request is running."""
        self._clear()
        _say(self._note, "Asking the Hub for the files…", kind="muted")

    def show_note(self, sentence: str) -> None:
        """Show why nothing is requested."""
        self._clear()
        _say(self._note, sentence, kind="muted")

    def show_repo(self, repo: OfferedRepo) -> None:
        """Show the files with their sizes; the card is requested next."""
        self._clear()
        if repo.is_gated:
            self._show_gated(repo.repo)
        if not repo.files:
            _say(self._note, NO_FILES, kind="muted")
        elif repo.recommended is None and any(one.size_bytes and one.has_known_form for one in repo.files):
            _say(self._note, NOTHING_FITS, kind="warn")
        for file in repo.files:
            row = FileRow(file, self, is_primary=file.is_recommended and not repo.is_gated)
            row.download_requested.connect(lambda name=file.name: self.download_requested.emit(name))
            self._files.addWidget(row)
            self._rows.append(row)
        self.show_here()
        _say(self._others, breakable("\n".join(("Not models by themselves:", *repo.others))) if repo.others else "")
        self._heading.show()
        self._page.show()
        _say(self._card_note, "Asking for the card…")

    def show_problem(self, problem: Problem) -> None:
        self._clear()
        _say(self._note, problem.sentence, kind="danger")
        self._again.show()

    def show_judged(self, judged: RepoJudged | Problem) -> None:
        """Show what the files need, judged by a header; a Problem if it is no chat model, or not available."""
        if isinstance(judged, Problem):
            if self._gated is not None and judged.code in GATED_CODES:
                self._gated.show_problem(judged)
            elif judged.code.startswith("model."):
                _say(self._note, judged.sentence, kind="warn")
            return
        if self._gated is not None:
            self._gated.hide()  # the token opened the file
        for row in self._rows:
            if fit := judged.fits.get(row.name):
                row.show_fit(fit)
        seen = f"Was made for up to {judged.most_tokens:,} tokens at once. " if judged.most_tokens else ""
        template = "" if judged.has_chat_template else "Brings no chat format; a plain one is used."
        _say(self._info, f"{seen}{KINDS.get(judged.kind, template)}".strip())

    def show_card(self, card: ReadableCard | Problem) -> None:
        if isinstance(card, Problem):
            _say(self._card_note, f"The card cannot be read. {card.sentence}")
            return
        if not card.text:
            _say(self._card_note, NO_CARD)
            return
        reader = MarkdownReader(self._keeper, self, label="What its publisher says")
        reader.link_chosen.connect(self.link_chosen)
        reader.height_known.connect(self._whole.setVisible)
        reader.written.connect(lambda: self._on_written(card.is_cut))
        self._drop_reader()
        self._reader = reader
        self._card.addWidget(reader)
        reader.show_markdown(card.text)

    @Slot()
    def _on_whole(self) -> None:
        is_whole = self._whole.isChecked()
        self._whole.setText("Show less" if is_whole else "Read all of it")
        if self._reader is not None:
            self._reader.show_whole(is_whole)

    def _on_written(self, is_cut: bool) -> None:
        reader = self._reader
        plain = PLAIN if reader is not None and reader.is_plain else ""
        _say(self._card_note, " ".join(one for one in (plain, CUT if is_cut else "") if one))

    def _show_gated(self, repo: str) -> None:
        panel = self._gated = GatedPanel(self._tokens, repo, self)
        panel.page_requested.connect(lambda _repo: self.page_requested.emit())
        panel.try_again_requested.connect(lambda _repo: self.again_requested.emit())
        self._column.insertWidget(1, panel)

    def _clear(self) -> None:
        for one in (*self._rows, *([self._gated] if self._gated else [])):
            one.hide()
            one.deleteLater()
        self._rows.clear()
        self._gated = None
        self._drop_reader()
        for label in (self._info, self._note, self._others, self._card_note):
            _say(label, "")
        for thing in (self._again, self._heading, self._whole, self._page):
            thing.hide()
        self._whole.setChecked(False)
        self._whole.setText("Read all of it")

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.hide()
            self._reader.deleteLater()
            self._reader = None


MakeDetails = Callable[[str, QWidget], RepoDetails]


class OfferCard(Card):
    """A model that can be downloaded; its details open below.

    Emits `opened` and `closed` on a person's click, and what its details emit: `page_requested`, `file_requested` with
    a file's name, `link_chosen` with an address.
    """

    opened = Signal()
    closed = Signal()
    page_requested = Signal()
    file_requested = Signal(str)
    link_chosen = Signal(str)

    def __init__(self, parent: QWidget, make_details: MakeDetails, *, name: str, title: str, repo: str) -> None:
        super().__init__(parent, name=name, title=title)
        self.repo = repo
        self.details: RepoDetails | None = None
        self._make_details = make_details
        self._spoken = title
        self._open: QPushButton | None = None

    @property
    def is_open(self) -> bool:
        return self._open is not None and self._open.isChecked()

    def add_details_button(self, name: str) -> None:
        self._open = self.add_button("Details", name=name, spoken=f"Show files and card of {self._spoken}")
        self._open.setCheckable(True)
        self._open.clicked.connect(self._on_open)

    def show_details_button(self, is_shown: bool) -> None:
        if self._open is not None:
            self._open.setVisible(is_shown)

    def show_details(self) -> RepoDetails:
        """Open the details without requesting anything."""
        if self.details is None:
            self.details = self._make_details(self.repo, self)
            self.details.download_requested.connect(self.file_requested)
            self.details.link_chosen.connect(self.link_chosen)
            self.details.again_requested.connect(self._on_again)
            self.details.page_requested.connect(self.page_requested)
            self.body.addWidget(self.details)
        if self._open is not None:
            self._open.setChecked(True)
            self._open.setText("Close")
        self.details.show()
        return self.details

    @Slot()
    def _on_open(self) -> None:
        if self.is_open:
            self._on_again()
        elif self.details is not None and self._open is not None:
            self._open.setText("Details")
            self.details.hide()
            self.closed.emit()

    @Slot()
    def _on_again(self) -> None:
        details, focus = self.show_details(), self.window().focusWidget()
        if self._open is not None and focus is not None and details.isAncestorOf(focus):
            self._open.setFocus()  # what has it now goes; Qt would give it to whatever comes next in the window
        details.show_loading()
        self.opened.emit()


def _say(label: QLabel, text: str, *, kind: str = "") -> None:
    """Show a text, or hide the label if it is empty; `kind` changes its look."""
    label.setText(text)
    label.setVisible(bool(text))
    if kind and label.property("kind") != kind:
        label.setProperty("kind", kind)
        label.style().unpolish(label)
        label.style().polish(label)
