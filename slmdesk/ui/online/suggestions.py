"""The models that are suggested, and the best of them for this PC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from slmdesk.base.policy import Policy
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.texts import _
from slmdesk.models.gguf.memory import is_quick, speed_in_words
from slmdesk.models.hub.search import Group
from slmdesk.models.online.hub import LANGUAGES, SKILLS, Suggestion
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import inside
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, row, set_tip
from slmdesk.ui.kit.widgets.rows import DOT, Choice, Rows
from slmdesk.ui.online.downloads import GET
from slmdesk.ui.online.hub import ANY_JOB, ANY_LANGUAGE, OfferCard, Offering, OfferList

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
        get = partial(at.fetch.start, entry.repo, entry.file, entry.quantization)
        self._get = self.add_button(GET, "download_button", f"{GET} {entry.title}", get)
        at.fetch.changed.connect(self.show_here)
        self.show_here()

    def show_suggestion(self, suggestion: Suggestion) -> None:
        entry = suggestion.entry
        about = f"{_(entry.good_for)} {_(entry.weakness)}".strip()
        self.set_sentence("\n".join((about, *_facts_of(suggestion))))
        self.set_info(_good_at(suggestion))
        why = _("Judged by its parameters in {quantization}; the file's own size may differ.").format(
            quantization=entry.quantization
        )
        if not entry.files:
            why = _("Its file is looked up when you press Download.")
        self.fit.show_fit(suggestion.fit, why=why)
        self.speed.show_speed(suggestion.speed, is_measured=False)
        size = bytes_for_people(entry.bytes) if entry.bytes else ""
        self.show_columns([SKILLS[skill] for skill in entry.skills], size)

    def allow(self, is_allowed: bool) -> None:
        if self.is_open and not is_allowed:
            self.toggle.click()  # its files have buttons to download them
        self._get.setVisible(is_allowed)
        self.toggle.setEnabled(is_allowed)

    def show_here(self) -> None:
        words = self.at.fetch.words_of(self._entry.repo, self._entry.file)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words}: {self._entry.title}")
            set_tip(self._get, self._get.accessibleName())


class Suggestions(OfferList):
    def __init__(self, at: Offering) -> None:
        super().__init__(at)
        self.setObjectName("suggestions")
        self._found: Sequence[Suggestion] = ()
        self._listed: list[Suggestion] = []
        """Those for the chosen job and language, in their order."""
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
        cards = column(gap=0)
        self._rows = Rows(cards, _key, self._make_card, SuggestionCard.show_suggestion)
        self._all = button(_("Show all {count}").format(count=0), "suggestions_all", self, on=self._on_all)
        self._all.setVisible(False)
        top, left = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft
        head = row((self._note, 1), (self._job, top), (self._language, top), gap=theme.SPACE_12)
        column(head, cards, (self._all, left), into=self, gap=theme.SPACE_8)
        suggestions = at.find.suggestions
        suggestions.changed.connect(lambda: self.show_suggestions(suggestions.value))

    def show_suggestions(self, suggestions: Sequence[Suggestion]) -> None:
        """Show the suggestions. While the page is visible, the cards stay in place and stay open or closed, even if
        only their order changed.
        """
        before, after = ([_key(suggestion) for suggestion in some] for some in (self._found, suggestions))
        stays = sorted(before) == sorted(after) if self.isVisible() else before == after
        self._found = suggestions
        self._note.setText(ABOUT)
        if not stays:
            self._show()
            return
        now = {_key(suggestion): suggestion for suggestion in suggestions}
        self._listed = [now[_key(suggestion)] for suggestion in self._listed]
        self._rows.show(self._listed[: len(self._rows.rows)])

    def choose(self, job: str, language: str) -> None:
        """Show the suggestions for a job and a language. An unknown language means any language."""
        self._job.show_value(job)
        self._language.show_value(language if language in LANGUAGES else "")
        self._show()
        self._language.setFocus()

    def show_policy(self, policy: Policy) -> None:
        self._is_managed = bool(policy.forced.get("offline"))
        for card in self._rows.rows.values():
            card.allow(not self._is_managed)

    def show_offline(self, is_offline: bool) -> None:
        """Show whether slmdesk is offline. Cards that were opened while offline send their request once online."""
        for card in self._rows.rows.values():
            if card.is_open and not is_offline:
                card.ask()

    def _show(self) -> None:
        job, language = self._job.currentData(), self._language.currentData()
        self._listed = [suggestion for suggestion in self._found if suggestion.is_for(job, language)]
        if language:  # models that name the language come before those with "many languages"
            self._listed.sort(key=partial(_place, language))
        self._all.setText(_("Show all {count}").format(count=len(self._listed)))
        self._all.setVisible(len(self._listed) > FIRST)
        self._rows.show(())
        self._rows.show(self._listed[:FIRST])

    def _on_all(self) -> None:
        self._all.setVisible(False)
        self._rows.show(self._listed)

    def _make_card(self, suggestion: Suggestion) -> SuggestionCard:
        card = SuggestionCard(suggestion, self, self.at)
        card.grown.connect(self.grown)
        card.allow(not self._is_managed)
        return card


def _place(language: str, suggestion: Suggestion) -> tuple[bool, bool, bool]:
    is_named = language in suggestion.entry.languages
    return suggestion.fit == "too_large", not is_quick(suggestion.speed), not is_named


def _key(suggestion: Suggestion) -> tuple[str, str, str]:
    entry = suggestion.entry
    return entry.repo, entry.file, entry.quantization


def _good_at(suggestion: Suggestion) -> str:
    """Return in a line what it is good at, and by whose measure."""
    jobs = ", ".join(inside(SKILLS[skill]) for skill in suggestion.entry.skills)
    measure = next(iter(suggestion.measures), _("not measured"))
    return DOT.join((_("Good at: {jobs}").format(jobs=jobs), measure))


def _facts_of(suggestion: Suggestion) -> Iterator[str]:
    entry = suggestion.entry
    second = _("sees pictures by a second file, which is fetched too") if entry.sees else ""
    if entry.hears:
        second = _("hears by a second file, which is fetched too")
    about = _("about {size}").format(size=bytes_for_people(entry.bytes)) if entry.bytes else ""
    speed = speed_in_words(suggestion.speed) if suggestion.speed else ""
    yield DOT.join(filter(None, (suggestion.languages, second)))
    yield DOT.join(filter(None, (suggestion.parameters, entry.quantization, about, speed)))
    yield suggestion.licence
    yield from suggestion.notes
    yield from suggestion.measures[1:]
