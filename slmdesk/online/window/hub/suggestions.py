"""The second part of the page: suggested models from the bundled list, without any network request."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from slmdesk.base.policy import Policy
from slmdesk.gguf.speed import is_too_slow, speed_in_words
from slmdesk.online.catalogue import LANGUAGES, SKILLS, Suggestion
from slmdesk.online.window.hub.details import OfferCard, Offering, OfferList
from slmdesk.online.window.hub.installed_index import GET
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, plain_tip

FIRST = 5
EMBEDDING = "embedding"
"""What is no use for chatting is shown to those alone who ask for it."""
ABOUT = "Chosen by hand, with what each is bad at, best first. Sizes are estimates; the Hub knows the real ones."


class SuggestionCard(OfferCard):
    def __init__(self, one: Suggestion, parent: QWidget, at: Offering) -> None:
        super().__init__(parent, at, name="suggestion_card", title=one.title, repo=one.repo)
        self.show_suggestion(one)
        self.add_details_button("suggestion_details_button")
        self._one, self.key = one, _key(one)
        self._get = self.add_button(GET, name="download_button", spoken=f"{GET} {one.title}")
        self._get.clicked.connect(lambda: at.fetch.start(one.repo, one.file, one.quantization))
        self.show_here()

    def show_suggestion(self, one: Suggestion) -> None:
        self.set_sentence(f"{one.good_for} {one.weakness}")
        self.set_info(_info_of(one))
        why = f"Judged by its parameters in {one.quantization}; the file's own size may differ."
        self.fit.show_fit(one.fit, why=why, is_about=True, is_slow=is_too_slow(one.speed))

    def allow(self, is_allowed: bool) -> None:
        """Whether its details can be requested and its files downloaded."""
        self._get.setVisible(is_allowed)
        self.show_details_button(is_allowed)

    def show_here(self) -> None:
        words = self.at.here.words_of(self._one.repo, self._one.file)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words}: {self._one.title}")
            self._get.setToolTip(plain_tip(self._get.accessibleName()))
        super().show_here()


class Suggestions(OfferList):
    def __init__(self, parent: QWidget, at: Offering) -> None:
        super().__init__(parent, at)
        self.setObjectName("suggestions")
        self._found: Sequence[Suggestion] = ()
        self._cards: list[SuggestionCard] = []
        self._waiting: list[Suggestion] = []
        self._is_managed = False
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
        self._rows = column(gap=0)
        self._all = button("", "suggestions_all", self, on=self._on_all)
        self._all.setVisible(False)
        top, left = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft
        head = row((self._note, 1), (self._job, top), (self._language, top), gap=theme.SPACE_12)
        column(head, self._rows, (self._all, left), into=self, gap=theme.SPACE_8)
        at.find.suggested.connect(self.show_suggestions)

    def offers(self) -> Sequence[OfferCard]:
        return [card for card in self._cards if card.is_open]

    def show_suggestions(self, found: Sequence[Suggestion]) -> None:
        """Show the list; cards in view stay where they are, open or not, also if their order changes."""
        if found == self._found:
            return
        before, after = ([_key(one) for one in some] for some in (self._found, found))
        stays = sorted(before) == sorted(after) if self.isVisible() else before == after
        self._found = found
        self._note.setText(ABOUT)
        if not stays:
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

    def show_policy(self, policy: Policy) -> None:
        self._is_managed = bool(policy.forced.get("offline"))
        for card in self._cards:
            card.allow(not self._is_managed)

    def show_here(self) -> None:
        for card in self._cards:
            card.show_here()

    def show_offline(self, is_offline: bool) -> None:
        """What is opened while offline is asked for once online."""
        for card in [] if is_offline else self.offers():
            card.ask()

    def _show(self) -> None:
        for card in self._cards:
            self._rows.removeWidget(card)
            card.hide()
            card.deleteLater()
            if card.is_open:
                self.at.find.close_repo(card.repo)
        self._cards.clear()
        job, language = self._job.currentData(), self._language.currentData()
        found = [one for one in self._found if one.is_for(job, language) and (job or one.skills != (EMBEDDING,))]
        if language:  # of those that fit, the ones that name it come before those of "many languages"
            found.sort(key=lambda one: (one.fit == "too_large", is_too_slow(one.speed), language not in one.codes))
        self._waiting = found[FIRST:]
        self._all.setText(f"Show all {len(found)}")
        self._all.setVisible(bool(self._waiting))
        self._add(found[:FIRST])

    def _on_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._all.setVisible(False)
        self._add(waiting)

    def _add(self, found: Sequence[Suggestion]) -> None:
        for one in found:
            self._cards.append(SuggestionCard(one, self, self.at))
            self._rows.addWidget(self._cards[-1])
            self._cards[-1].allow(not self._is_managed)


def _key(one: Suggestion) -> tuple[str, str, str]:
    return one.repo, one.file, one.quantization


def _info_of(one: Suggestion) -> str:
    jobs = ", ".join(SKILLS[skill].lower() for skill in one.skills)
    about = f"about {bytes_for_people(one.about_bytes)}" if one.about_bytes else ""
    speed = speed_in_words(one.speed) if one.speed else ""
    lines = ((f"Good at: {jobs}", one.languages), (one.parameters, one.quantization, about, speed), (one.licence,))
    return "\n".join(DOT.join(part for part in line if part) for line in lines)
