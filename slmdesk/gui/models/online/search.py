"""The third part of the page: the search on the Hub."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.models.common.card import DOT
from slmdesk.gui.models.online.details import MakeDetails, OfferCard
from slmdesk.gui.models.online.filters import SearchFilters
from slmdesk.gui.widgets.named import name_clear_button, named
from slmdesk.gui.widgets.text import plain_label
from slmdesk.services.base.events import Problem
from slmdesk.services.online.catalogue import OfferedRepo, Offers
from slmdesk.services.online.repo_page import RepoJudged
from slmdesk.services.online.search import Filters
from slmdesk.text.words.cards import ReadableCard

HINT = "Type a name, such as “qwen 1.5b”, or paste a link or owner/name. Only GGUF models are listed."
OFFLINE_HINT = "The search needs the network."
NOTHING = "Nothing on the Hub has such a name. Try fewer or other words."
NOTHING_PASSES = "Nothing on the Hub is as you chose. Try fewer words, or choose less."
AT_ONCE, EACH_TURN = 3, 2
"""Results that are shown before the window paints, and those that follow with each turn of its loop."""
ESTIMATED = "Judged by the number of its weights; open it for the real sizes."


class RepoCard(OfferCard):
    """A repository that was found."""

    def __init__(self, repo: OfferedRepo, parent: QWidget, make_details: MakeDetails) -> None:
        super().__init__(parent, make_details, name="repo_card", title=repo.repo, repo=repo.repo)
        self.show_repo(repo)
        self.add_details_button("files_button")

    def show_repo(self, repo: OfferedRepo) -> None:
        self.set_info(_info_of(repo))
        why = ESTIMATED if repo.is_about else "Of its file that fits best."
        self.fit.show_fit(repo.fit, why=why, is_about=repo.is_about)
        self.set_trouble(repo.problem.sentence if repo.problem else "")


class HubSearch(QWidget):
    """Field, filters, results, and the states in between.

    Emits `words_changed`, `search_requested`, `more_requested`, `too_large_requested`, `filters_chosen` with Filters;
    `opened`, `closed` and `page_requested` with a repository, `download_requested` with repository and file,
    `link_chosen` with an address, `grown` with the first and the last widget to scroll to.
    """

    words_changed = Signal(str)
    search_requested = Signal()
    more_requested = Signal()
    too_large_requested = Signal()
    filters_chosen = Signal(object)
    opened = Signal(str)
    closed = Signal(str)
    page_requested = Signal(str)
    download_requested = Signal(str, str)
    link_chosen = Signal(str)
    grown = Signal(QWidget, QWidget)

    def __init__(self, parent: QWidget, make_details: MakeDetails) -> None:
        super().__init__(parent)
        self.setObjectName("hub_search")
        self._make_details = make_details
        self._cards: list[RepoCard] = []
        self._waiting: list[OfferedRepo] = []
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._on_turn)
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
        name_clear_button(self._field)
        self._filters = SearchFilters(self)
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
        self._left_out = plain_label("", self, name="search_left_out", kind="muted")
        self._too_large = named(QPushButton("Show them", self), "search_too_large")
        self._too_large.setAccessibleName("Show what is too large for this PC too")
        self._more = named(QPushButton("More", self), "search_more")
        self._more.setAccessibleName("More results")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(self._field)
        layout.addWidget(self._filters)
        layout.addWidget(self._busy)
        layout.addWidget(self._note)
        layout.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self._rows)
        left_out = QHBoxLayout()
        left_out.setSpacing(theme.SPACE_12)
        left_out.addWidget(self._left_out, 1)
        left_out.addWidget(self._too_large)
        layout.addLayout(left_out)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)

    def _connect(self) -> None:
        self._field.textChanged.connect(self.words_changed)
        self._field.returnPressed.connect(self.search_requested)
        self._filters.filters_chosen.connect(self.filters_chosen)
        self._too_large.clicked.connect(self.too_large_requested)
        self._again.clicked.connect(self.search_requested)
        self._more.clicked.connect(self.more_requested)

    @property
    def field(self) -> QLineEdit:
        return self._field

    def show_here(self) -> None:
        """Show which files are being downloaded, or in the library."""
        for card in self._cards:
            if card.details is not None:
                card.details.show_here()

    @Slot(bool)
    def show_offline(self, is_offline: bool) -> None:
        """Offline, nothing can be searched."""
        self._is_offline = is_offline
        for widget in (self._field, self._filters):
            widget.setEnabled(not is_offline)
        if is_offline or not self._cards:
            self.clear()

    @Slot()
    def clear(self) -> None:
        self._set(OFFLINE_HINT if self._is_offline else HINT)
        self._show_cards(())

    @Slot()
    def show_searching(self) -> None:
        """Show that a search is running; the earlier results stay until it ends."""
        self._set("Asking the Hub…", is_busy=True)

    @Slot(object)
    def show_filters(self, filters: Filters) -> None:
        self._filters.show_filters(filters)

    @Slot(object)
    def show_found(self, found: Offers) -> None:
        """Show the results, and what was left out of them."""
        nothing = NOTHING_PASSES if found.too_large or found.other_licence else NOTHING
        self._set("" if found.repos else nothing, may_be_more=found.may_be_more)
        self._left_out.setText(" ".join(_left_out(found)))
        self._left_out.setVisible(bool(self._left_out.text()))
        self._too_large.setText("Show it" if found.too_large == 1 else "Show them")
        self._too_large.setVisible(bool(found.too_large))
        self._show_cards(found.repos)

    @Slot(object)
    def show_failed(self, problem: Problem) -> None:
        self._set(problem.sentence, kind="danger")
        self._again.setVisible(True)
        self._show_cards(())

    @Slot(str, object)
    def show_repo(self, asked: str, repo: OfferedRepo) -> None:
        """Show the files of one of the results, which opens."""
        for card in self._cards_of(asked):
            card.show_repo(repo)
            card.show_details().show_repo(repo)
            self.grown.emit(card, card)

    @Slot(str, object)
    def show_repo_failed(self, asked: str, problem: Problem) -> None:
        """Show why the files of one of the results are unknown."""
        for card in self._cards_of(asked):
            card.show_details().show_problem(problem)

    @Slot(str, object)
    def show_judged(self, asked: str, judged: RepoJudged | Problem) -> None:
        for card in self._cards_of(asked):
            if card.details is not None:
                card.details.show_judged(judged)

    @Slot(str, object)
    def show_card(self, asked: str, text: ReadableCard | Problem) -> None:
        for card in self._cards_of(asked):
            if card.details is not None:
                card.details.show_card(text)

    def _show_end(self) -> None:
        """While field or filters have the focus, scroll so that the results are visible."""
        focus = self.focusWidget()
        if focus is not None and focus.hasFocus() and (focus is self._field or self._filters.isAncestorOf(focus)):
            self.grown.emit(self._field, self)

    def _cards_of(self, asked: str) -> list[RepoCard]:
        return [card for card in self._cards if card.repo.casefold() == asked.casefold()]

    def _set(self, note: str, *, is_busy: bool = False, may_be_more: bool = False, kind: str = "muted") -> None:
        self._busy.setVisible(is_busy)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._note.setProperty("kind", kind)
        self._note.style().unpolish(self._note)
        self._note.style().polish(self._note)
        self._again.setVisible(False)
        self._more.setVisible(may_be_more)
        self._left_out.setVisible(False)
        self._too_large.setVisible(False)

    def _show_cards(self, found: Sequence[OfferedRepo]) -> None:
        """Show the results; those shown before keep their place and open details."""
        names = [one.repo for one in found]
        kept = [card.repo for card in self._cards]
        if kept and names[: len(kept)] == kept:
            found = found[len(kept) :]
        else:
            for card in self._cards:
                self._rows.removeWidget(card)
                card.hide()
                if card.is_open:
                    self.closed.emit(card.repo)
                card.deleteLater()
            self._cards.clear()
        self._waiting = list(found)
        self._add(AT_ONCE)

    @Slot()
    def _on_turn(self) -> None:
        self._add(EACH_TURN)

    def _add(self, count: int) -> None:
        """Add some results; the rest in later event loop turns."""
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        for one in now:
            self._cards.append(self._card_of(one))
            self._rows.addWidget(self._cards[-1])
        if self._waiting:
            self._turn.start()
        else:
            self._turn.stop()
            self._show_end()

    def _card_of(self, repo: OfferedRepo) -> RepoCard:
        card = RepoCard(repo, self, self._make_details)
        card.opened.connect(lambda: self.opened.emit(repo.repo))
        card.closed.connect(lambda: self.closed.emit(repo.repo))
        card.page_requested.connect(lambda: self.page_requested.emit(repo.repo))
        card.file_requested.connect(lambda name: self.download_requested.emit(repo.repo, name))
        card.link_chosen.connect(self.link_chosen)
        return card


def _left_out(found: Offers) -> list[str]:
    """Which results are not shown, in sentences."""
    locale, many, licences = QLocale(), found.too_large, found.other_licence
    large = f"{locale.toString(many)} more {'is' if many == 1 else 'are'} too large for this PC." if many else ""
    other = f"{locale.toString(licences)} {'has' if licences == 1 else 'have'} another licence." if licences else ""
    return [one for one in (large, other) if one]


def _info_of(repo: OfferedRepo) -> str:
    locale, count = QLocale(), len(repo.files)
    parts = [
        repo.parameters,
        f"{locale.toString(count)} file{'' if count == 1 else 's'}",
        f"licence: {repo.licence}",
        f"{locale.toString(repo.downloads)} downloads",
        f"{locale.toString(repo.likes)} likes",
        f"updated {repo.updated}" if repo.updated else "",
        "gated" if repo.is_gated else "",
    ]
    return DOT.join(part for part in parts if part)
