"""The third part of the page: the search on the Hub."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from slmdesk.gui import theme
from slmdesk.gui.models.card import DOT, Card, FitMark
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import breakable, plain_label
from slmdesk.services.facts import Problem
from slmdesk.services.offers import LANGUAGES, OfferedFile, OfferedRepo
from slmdesk.services.sentences import bytes_for_people

HINT = "Type a name, such as “qwen 1.5b”, or paste a link or owner/name. Only GGUF models are listed."
OFFLINE_HINT = "The search needs the network."
NOTHING = "Nothing on the Hub has such a name. Try fewer or other words."
GATED = (
    "Gated: its publisher asks you to agree to conditions first. Open its page, sign in and accept them; then set "
    "HF_TOKEN to your access token and start slmdesk again."
)
SORTS = (("downloads", "Most downloaded"), ("updated", "Newest"), ("likes", "Most liked"))
NO_FILES = "No model file in it that could be used here."


class FileRow(QWidget):
    """One file of a repository.  Emits `download_requested`."""

    download_requested = Signal()

    def __init__(self, file: OfferedFile, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("file_row")
        self.setAccessibleName(file.name)
        words = plain_label(breakable(file.words), self, name="file_words")
        size = f"{bytes_for_people(file.size_bytes)}{DOT}" if file.size_bytes else ""
        name = plain_label(breakable(f"{size}{file.name}"), self, name="file_name", kind="small")
        fit = FitMark(self)
        fit.show_fit(file.fit, why="Judged by the size of the file.")
        get = named(QPushButton("Download", self), "download_file_button")
        get.setAccessibleName(f"Download {file.name}")
        if file.is_recommended:
            get.setProperty("kind", "primary")
        get.clicked.connect(self.download_requested)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(words)
        column.addWidget(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_16, theme.SPACE_4, 0, theme.SPACE_4)
        row.setSpacing(theme.SPACE_12)
        row.addLayout(column, 1)
        row.addWidget(fit)
        row.addWidget(get, 0, Qt.AlignmentFlag.AlignVCenter)


class RepoCard(Card):
    """A repository that was found; its files open below it.

    Emits `files_requested`, `page_requested`, `download_requested` with a file's name.
    """

    files_requested = Signal()
    page_requested = Signal()
    download_requested = Signal(str)

    def __init__(self, repo: OfferedRepo, parent: QWidget) -> None:
        super().__init__(parent, name="repo_card", title=repo.repo)
        self.repo = repo.repo
        self.set_facts(_facts_of(repo))
        self.set_sentence(GATED if repo.is_gated else "")
        page = self.add_button("Its page…", name="page_button", spoken=f"Read about {repo.repo} in the browser")
        page.clicked.connect(self.page_requested)
        self._open = self.add_button("Files", name="files_button", spoken=f"Show the files of {repo.repo}")
        self._open.setCheckable(True)
        self._open.clicked.connect(self._on_open)
        self._files = named(QWidget(self), "repo_files")
        self._column = QVBoxLayout(self._files)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._note = plain_label("", self._files, name="files_note", kind="muted")
        self._column.addWidget(self._note)
        self._files.setVisible(False)
        self.body.addWidget(self._files)
        self._rows: list[FileRow] = []
        self._is_known = False

    def show_files(self, repo: OfferedRepo) -> None:
        """Its files, with what they weigh."""
        self._is_known = repo.problem is None
        self.set_facts(_facts_of(repo))
        self.set_trouble(repo.problem.sentence if repo.problem else "")
        for old in self._rows:
            old.hide()
            old.deleteLater()
        self._rows.clear()
        self._note.setText(NO_FILES)
        self._note.setVisible(not repo.files)
        for file in repo.files:
            row = FileRow(file, self._files)
            row.download_requested.connect(lambda name=file.name: self.download_requested.emit(name))
            self._column.addWidget(row)
            self._rows.append(row)
        self._open.setChecked(True)
        self._files.setVisible(True)

    def show_problem(self, problem: Problem) -> None:
        """Why its files are not known."""
        self.set_trouble(problem.sentence)
        self._open.setChecked(False)
        self._files.setVisible(False)

    @Slot()
    def _on_open(self) -> None:
        is_open = self._open.isChecked()
        self._files.setVisible(is_open)
        if is_open and not self._is_known:
            self.set_trouble("")
            self._note.setText("Asking the Hub for the files…")
            self._note.setVisible(True)
            self.files_requested.emit()


class HubSearch(QWidget):
    """Field, results, and the states in between.

    Emits `words_changed`, `search_requested`, `more_requested`, `files_requested` and `page_requested` with a
    repository, `download_requested` with repository and file, `sort_chosen`, `language_chosen`.
    """

    words_changed = Signal(str)
    search_requested = Signal()
    more_requested = Signal()
    files_requested = Signal(str)
    page_requested = Signal(str)
    download_requested = Signal(str, str)
    sort_chosen = Signal(object)
    language_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hub_search")
        self._cards: list[RepoCard] = []
        self._is_offline = True
        self._build_ui()
        self._connect()
        self.clear()

    def _build_ui(self) -> None:
        self._field = named(QLineEdit(self), "hub_search_box")
        self._field.setAccessibleName("Search the Hub")
        self._field.setPlaceholderText("Search the Hugging Face Hub")
        self._field.setClearButtonEnabled(True)
        self._field.setMaxLength(500)
        for clear in self._field.findChildren(QToolButton):  # Qt's own, without a name
            named(clear, "hub_search_clear").setAccessibleName("Clear the search")
        self._sort = named(Choice(list(SORTS), self), "search_sort")
        self._sort.setAccessibleName("Order of the results")
        languages = sorted(LANGUAGES.items(), key=lambda pair: pair[1])
        self._language = named(Choice([("", "Any language"), *languages], self), "search_language")
        self._language.setAccessibleName("Language the model should know")
        self._busy = named(QProgressBar(self), "search_bar")
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(3)
        self._busy.setAccessibleName("Searching")
        policy = self._busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(policy)
        self._note = plain_label("", self, name="search_note", kind="muted")
        self._again = named(QPushButton("Try again", self), "search_again")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._more = named(QPushButton("More", self), "search_more")
        self._more.setAccessibleName("More results")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        choices = QHBoxLayout()
        choices.setSpacing(theme.SPACE_8)
        choices.addWidget(self._sort)
        choices.addWidget(self._language)
        choices.addStretch(1)
        layout.addWidget(self._field)
        layout.addLayout(choices)
        layout.addWidget(self._busy)
        layout.addWidget(self._note)
        layout.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self._rows)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)

    def _connect(self) -> None:
        self._field.textChanged.connect(self.words_changed)
        self._field.returnPressed.connect(self.search_requested)
        self._sort.value_chosen.connect(self.sort_chosen)
        self._language.value_chosen.connect(self.language_chosen)
        self._again.clicked.connect(self.search_requested)
        self._more.clicked.connect(self.more_requested)

    @property
    def field(self) -> QLineEdit:
        """Where a person types."""
        return self._field

    @Slot(bool)
    def show_offline(self, is_offline: bool) -> None:
        """Offline nothing can be asked."""
        self._is_offline = is_offline
        for widget in (self._field, self._sort, self._language):
            widget.setEnabled(not is_offline)
        if is_offline or not self._cards:
            self.clear()

    @Slot()
    def clear(self) -> None:
        """Nothing is asked."""
        self._set(OFFLINE_HINT if self._is_offline else HINT)
        self._show_cards(())

    @Slot()
    def show_searching(self) -> None:
        """Asked, not answered; what was found before stays until then."""
        self._set("Asking the Hub…", is_busy=True)

    @Slot(object, bool)
    def show_found(self, found: Sequence[OfferedRepo], may_be_more: bool) -> None:
        """The results."""
        self._set("" if found else NOTHING, may_be_more=may_be_more)
        self._show_cards(found)

    @Slot(object)
    def show_failed(self, problem: Problem) -> None:
        """Why there is no result."""
        self._set(problem.sentence, kind="danger")
        self._again.setVisible(True)
        self._show_cards(())

    @Slot(object)
    def show_files(self, repo: OfferedRepo) -> None:
        """The files of one of the results."""
        for card in self._cards:
            if card.repo.casefold() == repo.repo.casefold():
                card.show_files(repo)

    @Slot(str, object)
    def show_files_failed(self, repo: str, problem: Problem) -> None:
        """Why the files of one of the results are not known."""
        for card in self._cards:
            if card.repo == repo:
                card.show_problem(problem)

    def _set(self, note: str, *, is_busy: bool = False, may_be_more: bool = False, kind: str = "muted") -> None:
        self._busy.setVisible(is_busy)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._note.setProperty("kind", kind)
        self._note.style().unpolish(self._note)
        self._note.style().polish(self._note)
        self._again.setVisible(False)
        self._more.setVisible(may_be_more)

    def _show_cards(self, found: Sequence[OfferedRepo]) -> None:
        """Those that stay keep their place and what is open in them."""
        names = [one.repo for one in found]
        kept = [card.repo for card in self._cards]
        if kept and names[: len(kept)] == kept:
            found = found[len(kept) :]
        else:
            for card in self._cards:
                self._rows.removeWidget(card)
                card.hide()
                card.deleteLater()
            self._cards.clear()
        for one in found:
            self._cards.append(self._card_of(one))
            self._rows.addWidget(self._cards[-1])

    def _card_of(self, repo: OfferedRepo) -> RepoCard:
        card = RepoCard(repo, self)
        card.files_requested.connect(lambda: self.files_requested.emit(repo.repo))
        card.page_requested.connect(lambda: self.page_requested.emit(repo.repo))
        card.download_requested.connect(lambda name: self.download_requested.emit(repo.repo, name))
        return card


def _facts_of(repo: OfferedRepo) -> str:
    locale, count = QLocale(), len(repo.files)
    parts = [
        f"{locale.toString(count)} file{'' if count == 1 else 's'}",
        f"licence: {repo.licence or 'not stated'}",
        f"{locale.toString(repo.downloads)} downloads",
        f"{locale.toString(repo.likes)} likes",
        f"updated {repo.updated}" if repo.updated else "",
    ]
    return DOT.join(part for part in parts if part)
