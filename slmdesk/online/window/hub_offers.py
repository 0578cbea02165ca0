"""Two parts of the page of models: the suggested models, which need no request, and the search on the Hub."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.base.policy import Policy
from slmdesk.base.texts import _, ngettext
from slmdesk.gguf.memory import WORDS_A_TOKEN, is_too_slow, speed_in_words
from slmdesk.online.hub import LANGUAGES, LICENCES, PERMISSIVE_ONES, SKILLS, Filters, OfferedRepo, Offers, Suggestion
from slmdesk.online.window.downloads import GET
from slmdesk.online.window.hub import OfferCard, Offering, OfferList, RepoDetails
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    CLEAR,
    CheckBox,
    button,
    column,
    flow,
    named,
    plain_label,
    plain_tip,
    row,
    set_kind,
    show_words,
    text_line,
)
from slmdesk.window.widgets.rows import DOT, Choice

ANY_JOB: list[tuple[object, str]] = [("", _("All tasks")), *SKILLS.items()]
ANY_LANGUAGE: list[tuple[object, str]] = [("", _("All languages")), *sorted(LANGUAGES.items(), key=itemgetter(1))]
HINT = _("Type a name, such as “qwen 1.5b”, or paste a link or owner/name. Only GGUF models are listed.")
OFFLINE_HINT = _("The search needs the network.")
NOTHING = _("Nothing on the Hub has such a name. Try fewer or other words.")
NOTHING_PASSES = _("Nothing on the Hub is as you chose. Try fewer words, or choose less.")
AT_ONCE, EACH_TURN = 3, 2
"""Number of results shown before the window paints, and number added in each turn of the event loop after that."""
ESTIMATED = _("Judged by the number of its weights; open it for the real sizes.")


class RepoCard(OfferCard):
    keeps_facts = True

    def __init__(self, repo: OfferedRepo, parent: QWidget, at: Offering) -> None:
        super().__init__(parent, at, name="repo_card", title=repo.repo, repo=repo.repo, toggle_name="files_button")
        self.show_repo(repo)

    def show_details(self) -> RepoDetails:
        is_new, details = self.details is None, super().show_details()
        if is_new:
            details.known.connect(self.show_repo)
        return details

    def show_repo(self, repo: OfferedRepo) -> None:
        self.set_info(_info_of(repo))
        why = ESTIMATED if repo.is_about else _("Of its file that fits best.")
        self.fit.show_fit(repo.fit, why=why, is_about=repo.is_about)
        self.set_trouble(repo.problem.sentence if repo.problem else "")


class HubSearch(OfferList):
    def __init__(self, at: Offering) -> None:
        super().__init__(at)
        self.setObjectName("hub_search")
        self._cards: list[RepoCard] = []
        self._waiting: list[OfferedRepo] = []
        self._turn = Delay(self, 0, lambda: self._add(EACH_TURN))
        self._is_offline = True
        self._build_ui()
        self._connect()
        self.clear()

    def _build_ui(self) -> None:
        hint, label = _("Search the Hugging Face Hub"), _("Search the Hub")
        self.field = text_line("hub_search_box", self, hint, label=label, most=500, clears=CLEAR)
        self._filters = SearchFilters(self)
        self._busy = thin_bar("search_bar", self, _("Searching"), most=0, height=3, keeps_place=True)
        self._note = plain_label("", self, name="search_note", kind="muted")
        find = self.at.find
        self._again = button(_("Try again"), "search_again", self, on=find.search_again)
        self._rows = column(gap=0)
        self._left_out = plain_label("", self, name="search_left_out", kind="muted")
        show_them = _("Show what is too large for this PC too")
        self._too_large = button(_("Show"), "search_too_large", self, label=show_them, on=find.show_too_large)
        self._more = button(_("More"), "search_more", self, label=_("More results"), on=find.more)
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
        find.linked.connect(lambda repo: self._cards[0].show_details().show_repo(repo))
        find.search_failed.connect(self.show_failed)

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
        self._set(_("Asking the Hub…"), is_busy=True)

    def show_found(self, found: Offers) -> None:
        nothing = NOTHING_PASSES if found.too_large or found.other_licence else NOTHING
        self._set("" if found.repos else nothing, may_be_more=found.may_be_more)
        show_words(self._left_out, " ".join(_left_out(found)))
        self._too_large.setVisible(bool(found.too_large))
        self._show_cards(found.repos)

    def show_failed(self, problem: Problem) -> None:
        self._set(problem.sentence, kind="danger")
        self._again.setVisible(True)
        self._show_cards(())

    def _show_end(self) -> None:
        """If the search field or a filter has the focus, scroll so that the results are visible."""
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
        names = [repo.repo for repo in found]
        kept = [card.repo for card in self._cards]
        if kept and names[: len(kept)] == kept:
            found = found[len(kept) :]
        else:
            self._drop(self._rows, self._cards)
        self._waiting = list(found)
        self._add(AT_ONCE)

    def _add(self, count: int) -> None:
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        for repo in now:
            self._cards.append(RepoCard(repo, self, self.at))
            self._cards[-1].grown.connect(self.grown)
            self._rows.addWidget(self._cards[-1])
        if self._waiting:
            self._turn.start()
        else:
            self._turn.stop()
            self._show_end()


def _left_out(found: Offers) -> list[str]:
    locale, many, licences = QLocale(), found.too_large, found.other_licence
    large = (
        ngettext(
            "{count} more is too large for this PC.",
            "{count} more are too large for this PC.",
            many,
            count=locale.toString(many),
        )
        if many
        else ""
    )
    other = (
        ngettext(
            "{licences} has another licence.",
            "{licences} have another licence.",
            licences,
            licences=locale.toString(licences),
        )
        if licences
        else ""
    )
    return [offer for offer in (large, other) if offer]


def _info_of(repo: OfferedRepo) -> str:
    locale, count = QLocale(), len(repo.files)
    parts = [
        repo.parameters,
        ngettext("{count} file", "{count} files", count, count=locale.toString(count)),
        _("licence: {licence}").format(licence=repo.licence),
        _("{downloads} downloads").format(downloads=locale.toString(repo.downloads)),
        _("{likes} likes").format(likes=locale.toString(repo.likes)),
        _("updated {updated}").format(updated=repo.updated) if repo.updated else "",
        "gated" if repo.is_gated else "",
    ]
    return DOT.join(part for part in parts if part)


# ---- the filters for the search on the Hub


SORTS = (("downloads", _("Most downloaded")), ("updated", _("Newest")), ("likes", _("Most liked")))
COMMON_LICENCES = ("apache-2.0", "mit", "llama3.1", "llama3.2", "gemma", "cc-by-4.0", "cc-by-nc-4.0", "other")
DEBOUNCE_MS = 400
TASK_TIP = _("As its publisher labelled it; many good models carry no label and are not found then.")
FITS_TIP = _("Judged by the number of weights and the names of the files, before their real sizes are known.")


class SearchFilters(QWidget):
    filters_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("search_filters")
        self._timer = Delay(self, DEBOUNCE_MS, self._notify)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._task = self._choice("search_task", _("What the model is for"), ANY_JOB)
        self._task.setToolTip(TASK_TIP)
        self._language = self._choice("search_language", _("Language the model should know"), ANY_LANGUAGE)
        licences = [(licence, LICENCES[licence].name) for licence in COMMON_LICENCES]
        free = (PERMISSIVE_ONES, _("Free for any use"))
        self._license = self._choice("search_license", _("Licence"), [("", _("All licences")), free, *licences])
        self._sort = self._choice("search_sort", _("Order of the results"), list(SORTS))
        clears = _("Clear the publisher")
        self._author = text_line(
            "search_author", self, _("All publishers"), label=_("Publisher"), most=100, clears=clears
        )
        self._fits = named(CheckBox(_("Fits this PC"), self), "search_fits", tip=FITS_TIP)
        parts = (self._task, self._language, self._license, self._author, self._sort, self._fits)
        flow(*parts, gap=theme.SPACE_8, into=self)

    def _choice(self, name: str, spoken: str, values: Sequence[tuple[object, str]]) -> Choice:
        return named(Choice(list(values), self), name, label=spoken)

    def _connect(self) -> None:
        for choice in (self._task, self._language, self._license, self._sort):
            choice.value_chosen.connect(self._notify)
        self._fits.clicked.connect(self._notify)
        self._author.textChanged.connect(self._timer.start)
        self._author.returnPressed.connect(self._notify)

    @property
    def filters(self) -> Filters:
        task, language, license, sort = (
            choice.currentData() for choice in (self._task, self._language, self._license, self._sort)
        )
        return Filters(task, language, license, self._author.text().strip(), self._fits.isChecked(), sort)

    def show_filters(self, filters: Filters) -> None:
        self._task.show_value(filters.task)
        self._language.show_value(filters.language)
        self._license.show_value(filters.license)
        self._sort.show_value(filters.sort)
        self._fits.setChecked(filters.fits)
        if self._author.text().strip() != filters.author:
            self._author.setText(filters.author)
            self._timer.stop()  # nobody typed the text, so nothing is searched

    def _notify(self) -> None:
        self._timer.stop()
        self.filters_chosen.emit(self.filters)


# ---- the second part of the page


FIRST = 5
LEAST_WORDS = 4.0
"""Words a second from which a model is pleasant to wait for."""
EMBEDDING = "embedding"
"""Skill of models that cannot chat. A model that has only this skill is shown only if the person asks for the skill."""
ABOUT = _("Picked by us, with strengths and weaknesses. Sizes are approximate.")


class SuggestionCard(OfferCard):
    def __init__(self, suggestion: Suggestion, parent: QWidget, at: Offering) -> None:
        super().__init__(
            parent, at, name="suggestion_card", title=suggestion.title, repo=suggestion.repo,
            toggle_name="suggestion_details_button",
        )  # fmt: skip
        self.show_suggestion(suggestion)
        self._one, self.key = suggestion, _key(suggestion)
        self._get = self.add_button(GET, name="download_button", spoken=f"{GET} {suggestion.title}")
        self._get.clicked.connect(lambda: at.fetch.start(suggestion.repo, suggestion.file, suggestion.quantization))
        self.show_here()

    def show_suggestion(self, suggestion: Suggestion) -> None:
        self.set_sentence(f"{suggestion.good_for} {suggestion.weakness}")
        self.set_info(_suggestion_info(suggestion))
        why = _("Judged by its parameters in {quantization}; the file's own size may differ.").format(
            quantization=suggestion.quantization
        )
        self.fit.show_fit(suggestion.fit, why=why)
        self.speed.show_speed(suggestion.speed, is_measured=False)
        size = bytes_for_people(suggestion.about_bytes) if suggestion.about_bytes else ""
        self.show_columns([SKILLS[skill] for skill in suggestion.skills], size)

    def allow(self, is_allowed: bool) -> None:
        self._get.setVisible(is_allowed)
        self.toggle.setEnabled(is_allowed)

    def show_here(self) -> None:
        words = self.at.here.words_of(self._one.repo, self._one.file)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words}: {self._one.title}")
            self._get.setToolTip(plain_tip(self._get.accessibleName()))
        super().show_here()


def best_of(found: Sequence[Suggestion]) -> Suggestion | None:
    """Return the suggestion that is most useful here: it fits, chats, and writes fast enough to wait for."""
    able = [each for each in found if each.fit == "fits" and "chat" in each.skills]
    quick = [each for each in able if each.speed is None or each.speed.tokens_per_s * WORDS_A_TOKEN >= LEAST_WORDS]
    fastest = sorted(able, key=lambda each: -(each.speed.tokens_per_s if each.speed else 0.0))
    return next(iter(quick or fastest), None)


class Suggestions(OfferList):
    best_known = Signal(object)

    def __init__(self, at: Offering) -> None:
        super().__init__(at)
        self.setObjectName("suggestions")
        self._found: Sequence[Suggestion] = ()
        self._cards: list[SuggestionCard] = []
        self._waiting: list[Suggestion] = []
        self._is_managed = False
        self._note = plain_label(_("Reading the list…"), self, name="suggestions_note", kind="muted")
        self._job = named(Choice(ANY_JOB, self), "suggestions_job")
        self._job.setAccessibleName(_("What the model is for"))
        self._job.setToolTip(_("Embedding models write nothing: they find passages by what they mean."))
        self._language = named(Choice(ANY_LANGUAGE, self), "suggestions_language")
        self._language.setAccessibleName(_("The language it was made for"))
        self._language.setToolTip(_("Models of many languages are shown for each."))
        self._job.value_chosen.connect(self._show)
        self._language.value_chosen.connect(self._show)
        self._rows = column(gap=0)
        self._all = button("", "suggestions_all", self, on=self._on_all)
        self._all.setVisible(False)
        top, left = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignLeft
        head = row((self._note, 1), (self._job, top), (self._language, top), gap=theme.SPACE_12)
        column(head, self._rows, (self._all, left), into=self, gap=theme.SPACE_8)
        at.find.suggested.connect(self.show_suggestions)

    def show_suggestions(self, found: Sequence[Suggestion]) -> None:
        """Show the suggestions. While the page is visible, the cards stay in place and stay open or closed, even if
        only their order changed.
        """
        if found == self._found:
            return
        self.best_known.emit(best_of(found))
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
        found = [suggestion for suggestion in found if job or suggestion.skills != (EMBEDDING,)]
        if language:  # models that name the language come before those with "many languages"
            found.sort(key=lambda file: (file.fit == "too_large", is_too_slow(file.speed), language not in file.codes))
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


def _key(suggestion: Suggestion) -> tuple[str, str, str]:
    return suggestion.repo, suggestion.file, suggestion.quantization


def _suggestion_info(suggestion: Suggestion) -> str:
    jobs = ", ".join(SKILLS[skill].lower() for skill in suggestion.skills)
    about = _("about {size}").format(size=bytes_for_people(suggestion.about_bytes)) if suggestion.about_bytes else ""
    speed = speed_in_words(suggestion.speed) if suggestion.speed else ""
    lines = (
        (_("Good at: {jobs}").format(jobs=jobs), suggestion.languages),
        (suggestion.parameters, suggestion.quantization, about, speed),
        (suggestion.licence,),
    )
    return "\n".join(DOT.join(part for part in line if part) for line in lines)
