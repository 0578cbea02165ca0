"""The models that are suggested, and the best of them for this PC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from slmdesk.base.policy import Policy
from slmdesk.base.texts import _
from slmdesk.gguf.memory import is_quick, speed_in_words
from slmdesk.hub.search import Group
from slmdesk.online.hub import (
    LANGUAGES,
    SKILLS,
    Suggestion,
)
from slmdesk.online.window.downloads import GET
from slmdesk.online.window.hub import ANY_JOB, ANY_LANGUAGE, OfferCard, Offering, OfferList
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.text import inside
from slmdesk.window.widgets.build import (
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
)
from slmdesk.window.widgets.rows import DOT, Choice

FIRST = 3
ABOUT = _("Picked by us, with strengths and weaknesses. Sizes are approximate.")


class SuggestionCard(OfferCard):
    def __init__(self, suggestion: Suggestion, parent: QWidget, at: Offering) -> None:
        entry = self._entry = suggestion.entry
        super().__init__(
            parent, at, name="suggestion_card", title=entry.title, repo=entry.repo,
            toggle_name="suggestion_details_button",
        )  # fmt: skip
        self.show_suggestion(suggestion)
        self.key = _key(suggestion)
        self._get = self.add_button(GET, name="download_button", spoken=f"{GET} {entry.title}")
        self._get.clicked.connect(lambda: at.fetch.start(entry.repo, entry.file, entry.quantization))
        self.show_here()

    def show_suggestion(self, suggestion: Suggestion) -> None:
        entry = suggestion.entry
        self.set_sentence(f"{_(entry.good_for)} {_(entry.weakness)}".strip())
        self.set_info(_suggestion_info(suggestion))
        why = _("Judged by its parameters in {quantization}; the file's own size may differ.").format(
            quantization=entry.quantization
        )
        self.fit.show_fit(suggestion.fit, why=why)
        self.speed.show_speed(suggestion.speed, is_measured=False)
        size = bytes_for_people(entry.bytes) if entry.bytes else ""
        self.show_columns([SKILLS[skill] for skill in entry.skills], size)

    def allow(self, is_allowed: bool) -> None:
        self._get.setVisible(is_allowed)
        self.toggle.setEnabled(is_allowed)

    def show_here(self) -> None:
        words = self.at.here.words_of(self._entry.repo, self._entry.file)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words}: {self._entry.title}")
            self._get.setToolTip(plain_tip(self._get.accessibleName()))
        super().show_here()


class Suggestions(OfferList):
    def __init__(self, at: Offering) -> None:
        super().__init__(at)
        self.setObjectName("suggestions")
        self._found: Sequence[Suggestion] = ()
        self._cards: list[SuggestionCard] = []
        self._waiting: list[Suggestion] = []
        self._is_managed = False
        self._note = plain_label(_("Reading the list…"), self, name="suggestions_note", kind="muted")
        self._job = named(Choice([*ANY_JOB, (Group.COMPARISON.value, _("For comparison"))], self), "suggestions_job")
        self._job.setAccessibleName(_("What the model is for"))
        self._job.setToolTip(_("Embedding models write nothing: they find passages by what they mean."))
        self._language = named(Choice(ANY_LANGUAGE, self), "suggestions_language")
        self._language.setAccessibleName(_("The language it was made for"))
        self._language.setToolTip(_("Models of many languages are shown for each."))
        self._job.value_chosen.connect(self._show)
        self._language.value_chosen.connect(self._show)
        self._rows = column(gap=0)
        self._all = button(_("Show all {count}").format(count=0), "suggestions_all", self, on=self._on_all)
        self._all.setVisible(False)
        top, left = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft
        head = row((self._note, 1), (self._job, top), (self._language, top), gap=theme.SPACE_12)
        column(head, self._rows, (self._all, left), into=self, gap=theme.SPACE_8)
        suggestions = at.find.suggestions
        suggestions.changed.connect(lambda: self.show_suggestions(suggestions.value))

    def show_suggestions(self, found: Sequence[Suggestion]) -> None:
        """Show the suggestions. While the page is visible, the cards stay in place and stay open or closed, even if
        only their order changed.
        """
        before, after = ([_key(suggestion) for suggestion in some] for some in (self._found, found))
        stays = sorted(before) == sorted(after) if self.isVisible() else before == after
        self._found = found
        self._note.setText(ABOUT)
        if not stays:
            self._show()
            return
        now = {_key(suggestion): suggestion for suggestion in found}
        for card in self._cards:
            card.show_suggestion(now[card.key])
        self._waiting = [now[_key(suggestion)] for suggestion in self._waiting]

    def choose(self, job: str, language: str) -> None:
        """Show the suggestions for a job and a language. An unknown language means any language."""
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
        """Show whether slmdesk is offline. Cards that were opened while offline send their request once online."""
        for card in self._cards:
            if card.is_open and not is_offline:
                card.ask()

    def _show(self) -> None:
        self._drop(self._rows, self._cards)
        job, language = self._job.currentData(), self._language.currentData()
        found = [suggestion for suggestion in self._found if suggestion.is_for(job, language)]
        if language:  # models that name the language come before those with "many languages"
            found.sort(key=partial(_place, language))
        self._waiting = found[FIRST:]
        self._all.setText(_("Show all {count}").format(count=len(found)))
        self._all.setVisible(bool(self._waiting))
        self._add(found[:FIRST])

    def _on_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._all.setVisible(False)
        self._add(waiting)

    def _add(self, found: Sequence[Suggestion]) -> None:
        for suggestion in found:
            self._cards.append(SuggestionCard(suggestion, self, self.at))
            self._cards[-1].grown.connect(self.grown)
            self._rows.addWidget(self._cards[-1])
            self._cards[-1].allow(not self._is_managed)


def _place(language: str, suggestion: Suggestion) -> tuple[bool, bool, bool]:
    is_named = language in suggestion.entry.languages
    return suggestion.fit == "too_large", not is_quick(suggestion.speed), not is_named


def _key(suggestion: Suggestion) -> tuple[str, str, str]:
    entry = suggestion.entry
    return entry.repo, entry.file, entry.quantization


def _suggestion_info(suggestion: Suggestion) -> str:
    entry = suggestion.entry
    jobs = ", ".join(inside(SKILLS[skill]) for skill in entry.skills)
    about = _("about {size}").format(size=bytes_for_people(entry.bytes)) if entry.bytes else ""
    speed = speed_in_words(suggestion.speed) if suggestion.speed else ""
    lines = (
        (_("Good at: {jobs}").format(jobs=jobs), suggestion.languages),
        (suggestion.parameters, entry.quantization, about, speed),
        (suggestion.licence,),
        *((note,) for note in suggestion.notes),
    )
    return "\n".join(DOT.join(part for part in line if part) for line in lines)
