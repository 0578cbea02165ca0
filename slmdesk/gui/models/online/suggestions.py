"""The second part of the page: suggested models from the bundled list, without any network request."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from slmdesk.core.policy import Policy
from slmdesk.core.speed import is_too_slow, speed_in_words
from slmdesk.gui.base import theme
from slmdesk.gui.models.common.card import DOT
from slmdesk.gui.models.online.details import MakeDetails, OfferCard, RepoDetails
from slmdesk.gui.models.online.installed_index import GET, Here
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label, plain_tip
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import bytes_for_people
from slmdesk.services.online.catalogue import LANGUAGES, SKILLS, OfferedRepo, Suggestion
from slmdesk.services.online.repo_page import RepoJudged
from slmdesk.text.words.cards import ReadableCard

FIRST = 5
"""Shown before a person asks for all: the search stands below them."""
EMBEDDING = "embedding"
"""What is no use for chatting is shown to those alone who ask for it."""
ABOUT = "Chosen by hand, with what each is bad at, best first. Sizes are estimates; the Hub knows the real ones."
OFFLINE = "Its files and its card are on the Hub: allow the network to see them."


class SuggestionCard(OfferCard):
    """One suggestion.  Emits `download_requested`, and what an OfferCard emits."""

    download_requested = Signal()

    def __init__(self, one: Suggestion, parent: QWidget, make_details: MakeDetails) -> None:
        super().__init__(parent, make_details, name="suggestion_card", title=one.title, repo=one.repo)
        self.show_suggestion(one)
        self.add_details_button("suggestion_details_button")
        self._one, self.key = one, _key(one)
        self._get = self.add_button(GET, name="download_button", spoken=f"{GET} {one.title}")
        self._get.clicked.connect(self.download_requested)

    def show_suggestion(self, one: Suggestion) -> None:
        """Show what is known of it; speed and fit change as this PC is measured."""
        self.set_sentence(f"{one.good_for} {one.weakness}")
        self.set_info(_info_of(one))
        why = f"Judged by its parameters in {one.quantization}; the file's own size may differ."
        self.fit.show_fit(one.fit, why=why, is_about=True, is_slow=is_too_slow(one.speed))

    def allow(self, is_allowed: bool) -> None:
        """Whether its details can be requested and its files downloaded."""
        self._get.setVisible(is_allowed)
        self.show_details_button(is_allowed)

    def show_here(self, here: Here) -> None:
        """Show whether one of its files is being downloaded, or in the library."""
        words = here.words_of(self._one.repo, self._one.file)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words}: {self._one.title}")
            self._get.setToolTip(plain_tip(self._get.accessibleName()))
        if self.details is not None:
            self.details.show_here()


class Suggestions(QWidget):
    """Cards of the bundled list, for one job or all.

    Emits `download_requested` with repository, file, quantization; `file_requested` with repository and file; `opened`,
    `closed` and `page_requested` with a repository; `link_chosen` with an address; `grown` with the first and the last
    widget to scroll to.
    """

    download_requested = Signal(str, str, str)
    file_requested = Signal(str, str)
    opened = Signal(str)
    closed = Signal(str)
    page_requested = Signal(str)
    link_chosen = Signal(str)
    grown = Signal(QWidget, QWidget)

    def __init__(self, parent: QWidget, make_details: MakeDetails, here: Here) -> None:
        super().__init__(parent)
        self.setObjectName("suggestions")
        self._make_details, self._here = make_details, here
        self._found: Sequence[Suggestion] = ()
        self._cards: list[SuggestionCard] = []
        self._waiting: list[Suggestion] = []
        self._is_offline, self._is_managed = True, False
        self._note = plain_label("Reading the list…", self, name="suggestions_note", kind="muted")
        self._job = named(Choice([("", "Any job"), *SKILLS.items()], self), "suggestions_job")
        self._job.setAccessibleName("What the model is for")
        self._job.setToolTip("Embedding models write nothing: they find passages by what they mean.")
        languages = sorted(LANGUAGES.items(), key=lambda one: one[1])
        self._language = named(Choice([("", "Any language"), *languages], self), "suggestions_language")
        self._language.setAccessibleName("The language it was made for")
        self._language.setToolTip("Models of many languages are shown for each.")
        self._job.value_chosen.connect(self._show)
        self._language.value_chosen.connect(self._show)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._all = named(QPushButton("", self), "suggestions_all")
        self._all.clicked.connect(self._on_all)
        self._all.setVisible(False)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_12)
        head.addWidget(self._note, 1)
        head.addWidget(self._job, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._language, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(head)
        layout.addLayout(self._rows)
        layout.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeft)

    @Slot(object)
    def show_suggestions(self, found: Sequence[Suggestion]) -> None:
        """Show the list; unchanged cards stay as they are, open or not."""
        if found == self._found:
            return
        is_same = [_key(one) for one in found] == [_key(one) for one in self._found]
        self._found = found
        self._note.setText(ABOUT)
        if not is_same:
            self._show()
            return
        now = {_key(one): one for one in found}
        for card in self._cards:
            card.show_suggestion(now[card.key])
        self._waiting = [now[_key(one)] for one in self._waiting]

    def choose(self, job: str, language: str) -> None:
        """Show those for a job and a language; an unknown language counts as any."""
        self._job.show_value(job)
        self._language.show_value(language if language in LANGUAGES else "")
        self._show()
        self._language.setFocus()

    @Slot(object)
    def show_policy(self, policy: Policy) -> None:
        """Disable the buttons where the organisation allows no network."""
        self._is_managed = bool(policy.forced.get("offline"))
        for card in self._cards:
            card.allow(not self._is_managed)

    def show_here(self) -> None:
        """Show which ones are being downloaded, or in the library."""
        for card in self._cards:
            card.show_here(self._here)

    @Slot(bool)
    def show_offline(self, is_offline: bool) -> None:
        """Offline, nothing can be requested; what is opened meanwhile is requested once online."""
        was_offline, self._is_offline = self._is_offline, is_offline
        for card in self._cards:
            if was_offline and not is_offline and card.is_open:
                card.show_details().show_loading()
                self.opened.emit(card.repo)

    @Slot(str, object)
    def show_repo(self, asked: str, repo: OfferedRepo) -> None:
        """Show the files of one of them, where it is open."""
        for details in self._details_of(asked):
            details.show_repo(repo)
            if isinstance(card := details.parentWidget(), SuggestionCard):
                self.grown.emit(card, card)

    @Slot(str, object)
    def show_repo_failed(self, asked: str, problem: Problem) -> None:
        for details in self._details_of(asked):
            details.show_problem(problem)

    @Slot(str, object)
    def show_judged(self, asked: str, judged: RepoJudged | Problem) -> None:
        for details in self._details_of(asked):
            details.show_judged(judged)

    @Slot(str, object)
    def show_card(self, asked: str, text: ReadableCard | Problem) -> None:
        for details in self._details_of(asked):
            details.show_card(text)

    @Slot()
    def _show(self) -> None:
        """Show those for the chosen job, from the first."""
        for card in self._cards:
            self._rows.removeWidget(card)
            card.hide()
            card.deleteLater()
            if card.is_open:
                self.closed.emit(card.repo)
        self._cards.clear()
        job, language = self._job.currentData(), self._language.currentData()
        found = [one for one in self._found if one.is_for(job, language) and (job or one.skills != (EMBEDDING,))]
        if language:  # of those that fit, the ones that name it come before those of "many languages"
            found.sort(key=lambda one: (one.fit == "too_large", is_too_slow(one.speed), language not in one.codes))
        self._waiting = found[FIRST:]
        self._all.setText(f"Show all {len(found)}")
        self._all.setVisible(bool(self._waiting))
        self._add(found[:FIRST])

    @Slot()
    def _on_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._all.setVisible(False)
        self._add(waiting)

    def _add(self, found: Sequence[Suggestion]) -> None:
        for one in found:
            self._cards.append(self._card_of(one))
            self._rows.addWidget(self._cards[-1])
            self._cards[-1].show_here(self._here)
            self._cards[-1].allow(not self._is_managed)

    def _card_of(self, one: Suggestion) -> SuggestionCard:
        card = SuggestionCard(one, self, self._make_details)
        card.opened.connect(lambda: self._on_opened(card))
        card.closed.connect(lambda: self.closed.emit(one.repo))
        card.page_requested.connect(lambda: self.page_requested.emit(one.repo))
        card.file_requested.connect(lambda name: self.file_requested.emit(one.repo, name))
        card.link_chosen.connect(self.link_chosen)
        card.download_requested.connect(lambda: self.download_requested.emit(one.repo, one.file, one.quantization))
        return card

    def _on_opened(self, card: SuggestionCard) -> None:
        if self._is_offline and card.details is not None:
            card.details.show_note(OFFLINE)
        else:
            self.opened.emit(card.repo)

    def _details_of(self, asked: str) -> list[RepoDetails]:
        named = [card for card in self._cards if card.is_open and card.repo.casefold() == asked.casefold()]
        return [card.details for card in named if card.details is not None]


def _key(one: Suggestion) -> tuple[str, str, str]:
    return one.repo, one.file, one.quantization


def _info_of(one: Suggestion) -> str:
    jobs = ", ".join(SKILLS[skill].lower() for skill in one.skills)
    about = f"about {bytes_for_people(one.about_bytes)}" if one.about_bytes else ""
    speed = speed_in_words(one.speed) if one.speed else ""
    lines = ((f"Good at: {jobs}", one.languages), (one.parameters, one.quantization, about, speed), (one.licence,))
    return "\n".join(DOT.join(part for part in line if part) for line in lines)
