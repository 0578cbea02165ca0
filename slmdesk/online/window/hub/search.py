"""The third part of the page: the search on the Hub."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QWidget

from slmdesk.online.catalogue import OfferedRepo, Offers
from slmdesk.online.window.hub.details import OfferCard, Offering, OfferList
from slmdesk.online.window.hub.filters import SearchFilters
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.build import CLEAR, button, column, row, set_kind, text_line
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.text import plain_label, show_words

HINT = "Type a name, such as “qwen 1.5b”, or paste a link or owner/name. Only GGUF models are listed."
OFFLINE_HINT = "The search needs the network."
NOTHING = "Nothing on the Hub has such a name. Try fewer or other words."
NOTHING_PASSES = "Nothing on the Hub is as you chose. Try fewer words, or choose less."
AT_ONCE, EACH_TURN = 3, 2
"""Results that are shown before the window paints, and those that follow with each turn of its loop."""
ESTIMATED = "Judged by the number of its weights; open it for the real sizes."


class RepoCard(OfferCard):
    def __init__(self, repo: OfferedRepo, parent: QWidget, at: Offering) -> None:
        super().__init__(parent, at, name="repo_card", title=repo.repo, repo=repo.repo)
        self._show_info(repo)
        self.add_details_button("files_button")

    def show_repo(self, repo: OfferedRepo) -> None:
        self._show_info(repo)
        super().show_repo(repo)

    def _show_info(self, repo: OfferedRepo) -> None:
        self.set_info(_info_of(repo))
        why = ESTIMATED if repo.is_about else "Of its file that fits best."
        self.fit.show_fit(repo.fit, why=why, is_about=repo.is_about)
        self.set_trouble(repo.problem.sentence if repo.problem else "")


class HubSearch(OfferList):
    def __init__(self, parent: QWidget, at: Offering) -> None:
        super().__init__(parent, at)
        self.setObjectName("hub_search")
        self._cards: list[RepoCard] = []
        self._waiting: list[OfferedRepo] = []
        self._turn = Delay(self, 0, lambda: self._add(EACH_TURN))
        self._is_offline = True
        self._build_ui()
        self._connect()
        self.clear()

    def _build_ui(self) -> None:
        hint, label = "Search the Hugging Face Hub", "Search the Hub"
        self.field = text_line("hub_search_box", self, hint, label=label, most=500, clears=CLEAR)
        self._filters = SearchFilters(self)
        self._busy = thin_bar("search_bar", self, "Searching", most=0, height=3, keeps_place=True)
        self._note = plain_label("", self, name="search_note", kind="muted")
        find = self.at.find
        self._again = button("Try again", "search_again", self, on=find.search_again)
        self._rows = column(gap=0)
        self._left_out = plain_label("", self, name="search_left_out", kind="muted")
        show_them = "Show what is too large for this PC too"
        self._too_large = button("Show them", "search_too_large", self, label=show_them, on=find.show_too_large)
        self._more = button("More", "search_more", self, label="More results", on=find.more)
        left = Qt.AlignmentFlag.AlignLeft
        left_out = row((self._left_out, 1), self._too_large, gap=theme.SPACE_12)
        head = (self.field, self._filters, self._busy, self._note, (self._again, left))
        column(*head, self._rows, left_out, (self._more, left), into=self, gap=theme.SPACE_8)

    def _connect(self) -> None:
        find = self.at.find
        self.field.textChanged.connect(find.search)
        self.field.returnPressed.connect(find.search_again)
        self._filters.filters_chosen.connect(find.choose)
        find.filters_shown.connect(self._filters.show_filters)
        find.search_cleared.connect(self.clear)
        find.search_began.connect(self.show_searching)
        find.found.connect(self.show_found)
        find.search_failed.connect(self.show_failed)

    def offers(self) -> Sequence[OfferCard]:
        return self._cards

    def show_here(self) -> None:
        for card in self._cards:
            card.show_here()

    def show_offline(self, is_offline: bool) -> None:
        self._is_offline = is_offline
        for widget in (self.field, self._filters):
            widget.setEnabled(not is_offline)
        if is_offline or not self._cards:
            self.clear()

    def clear(self) -> None:
        self._set(OFFLINE_HINT if self._is_offline else HINT)
        self._show_cards(())

    def show_searching(self) -> None:
        """Show that a search is running; the earlier results stay until it ends."""
        self._set("Asking the Hub…", is_busy=True)

    def show_found(self, found: Offers) -> None:
        nothing = NOTHING_PASSES if found.too_large or found.other_licence else NOTHING
        self._set("" if found.repos else nothing, may_be_more=found.may_be_more)
        show_words(self._left_out, " ".join(_left_out(found)))
        self._too_large.setText("Show it" if found.too_large == 1 else "Show them")
        self._too_large.setVisible(bool(found.too_large))
        self._show_cards(found.repos)

    def show_failed(self, problem: Problem) -> None:
        self._set(problem.sentence, kind="danger")
        self._again.setVisible(True)
        self._show_cards(())

    def _show_end(self) -> None:
        """While field or filters have the focus, scroll so that the results are visible."""
        focus = self.focusWidget()
        if focus is not None and focus.hasFocus() and (focus is self.field or self._filters.isAncestorOf(focus)):
            self.grown.emit(self.field, self)

    def _set(self, note: str, *, is_busy: bool = False, may_be_more: bool = False, kind: str = "muted") -> None:
        self._busy.setVisible(is_busy)
        show_words(self._note, note)
        set_kind(self._note, kind)
        self._again.setVisible(False)
        self._more.setVisible(may_be_more)
        self._left_out.setVisible(False)
        self._too_large.setVisible(False)

    def _show_cards(self, found: Sequence[OfferedRepo]) -> None:
        names = [one.repo for one in found]
        kept = [card.repo for card in self._cards]
        if kept and names[: len(kept)] == kept:
            found = found[len(kept) :]
        else:
            for card in self._cards:
                self._rows.removeWidget(card)
                card.hide()
                if card.is_open:
                    self.at.find.close_repo(card.repo)
                card.deleteLater()
            self._cards.clear()
        self._waiting = list(found)
        self._add(AT_ONCE)

    def _add(self, count: int) -> None:
        """Add some results; the rest in later event loop turns."""
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        for one in now:
            self._cards.append(RepoCard(one, self, self.at))
            self._rows.addWidget(self._cards[-1])
        if self._waiting:
            self._turn.start()
        else:
            self._turn.stop()
            self._show_end()


def _left_out(found: Offers) -> list[str]:
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
