"""Models to download: the search on the Hub, and the details of each model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, QObject, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, bytes_for_people
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.models.gguf.memory import Speed, is_too_slow, speed_in_words
from slmdesk.models.online.cards import ReadableCard
from slmdesk.models.online.hub import (
    LANGUAGES,
    LICENCES,
    PERMISSIVE_ONES,
    SKILLS,
    Filters,
    OfferedFile,
    OfferedRepo,
    Offers,
    RepoJudged,
    Suggestion,
)
from slmdesk.models.service import Fit, PaceChanged
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.base.window_state import WindowState, WindowStateFile
from slmdesk.ui.kit.markdown.reader import MarkdownReader
from slmdesk.ui.kit.widgets.bars import SettingsController, thin_bar
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    CheckBox,
    breakable,
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    set_kind,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.model_rows import ModelRow
from slmdesk.ui.kit.widgets.opening import ask_about_link
from slmdesk.ui.kit.widgets.rows import DOT, Choice, FitMark, Rows
from slmdesk.ui.kit.widgets.tokens import GATED_CODES, GatedPanel, TokenController
from slmdesk.ui.online.downloads import GET, DownloadsController

if TYPE_CHECKING:
    from slmdesk.models.online.hub import Search
    from slmdesk.services import Services

DEBOUNCE_MS = 300
PAGE = 10
_FILTERS = ("task", "language", "license", "author", "fits", "sort")
"""Fields of Filters that the state of the window stores, each with the prefix `search_`."""


class HubController(QObject):
    """What the parts of the page share: whether slmdesk is offline, and requests to the Hub."""

    page_known = Signal(str)
    offline_changed = Signal(bool)

    def __init__(
        self, bridge: Bridge, settings: SettingsController, state: WindowStateFile, parent: QObject | None = None
    ) -> None:
        super().__init__(parent, objectName="find_controller")
        self.bridge, self.state, self.settings, self.is_offline = bridge, state, settings, settings.current.offline
        services = bridge.services
        self.suggestions: Live[Sequence[Suggestion]] = Live(
            bridge, self, lambda: services.hub.suggestions(), (), on=(PaceChanged,)
        )
        bridge.settings_changed.connect(self._on_settings_changed)

    def ask_page(self, repo: str) -> None:
        self.bridge.ask(self.bridge.services.hub.page_of(repo), self.page_known.emit)

    def _on_settings_changed(self, settings: Settings) -> None:
        if settings.offline == self.is_offline:
            return
        self.is_offline = settings.offline
        self.offline_changed.emit(self.is_offline)


def filters_in(state: WindowState) -> Filters:
    chosen = Filters(**{name: getattr(state, f"search_{name}") for name in _FILTERS})
    return changed(
        chosen,
        task=chosen.task if chosen.task in SKILLS else "",
        language=chosen.language if chosen.language in LANGUAGES else "",
        sort=chosen.sort if chosen.sort in ("downloads", "updated", "likes") else "downloads",
    )


def values_of(filters: Filters) -> dict[str, str | bool]:
    return {f"search_{name}": getattr(filters, name) for name in _FILTERS}


NO_FILES = _("No model file in it that could be used here.")
UNCLEAR = _("None of these is recommended: the text of its publisher below says what they are for.")
NOTHING_FITS = _("None of these is recommended for this PC: take a smaller model rather than one this cut down.")
BY_SIZE = _("Judged by the size of the file.")
NO_CARD = _("The publisher wrote nothing.")
OFFLINE = _("Its files and its card are on the Hub: allow the network to see them.")
KINDS = {
    "encoder": _("An embedding model: it writes nothing, it finds passages by what they mean."),
    "adapter": _("An adapter: it changes the model it was made for, and is no use without that."),
}
CUT = _("The card is longer; its page on the Hub has all of it.")
PLAIN = _("Part of the card is shown without formatting, which would have taken too long.")
_LEFT = Qt.AlignmentFlag.AlignLeft


class Offering(Record):
    find: HubController
    fetch: DownloadsController
    tokens: TokenController
    keeper: ThemeKeeper


class FileRow(QWidget):
    def __init__(self, at: Offering, repo: str, file: OfferedFile, parent: QWidget, *, is_primary: bool) -> None:
        super().__init__(parent)
        named(self, "file_row", label=file.name)
        self._file, self.name = file, file.name
        kind = "strong" if file.is_recommended else ""
        self._words = plain_label(breakable(file.words), self, name="file_words", kind=kind)
        self._about = plain_label("", self, name="file_name", kind="small")
        self.fit = FitMark(self)
        self.fit.show_fit(file.fit, why=BY_SIZE)
        label, kind = f"{GET} {file.name}", "primary" if is_primary else ""
        self._get = button(GET, "download_file_button", self, label=label, kind=kind)
        self._get.clicked.connect(lambda: at.fetch.start(repo, file.name))
        texts = column(self._words, self._about, gap=0)
        get = (self._get, Qt.AlignmentFlag.AlignVCenter)
        row((texts, 1), self.fit, get, into=self, gap=theme.SPACE_12, margins=(0, theme.SPACE_4))
        self._say(file.speed)

    def show_here(self, fetch: DownloadsController) -> None:
        words = fetch.words_of(self._file.repo, self._file.name, self._file.sha256)
        if words != self._get.text():
            self._get.setText(words)
            self._get.setAccessibleName(f"{words} {self._file.name}")

    def show_not_recommended(self) -> None:
        self._file = self._file.not_recommended()
        set_kind(self._words, "")
        self._words.setText(breakable(self._file.words))
        set_kind(self._get, "")

    def show_fit(self, fit: Fit) -> None:
        needed, free = bytes_for_people(fit.memory.total), bytes_for_people(fit.available_bytes)
        why = _("Needs about {needed} of memory with a context of {context_tokens:,} tokens; {free} are free.").format(
            needed=needed, context_tokens=fit.context_tokens, free=free
        )
        self.fit.show_fit(fit.verdict, why=why, is_slow=is_too_slow(fit.speed))
        self._say(fit.speed, _("needs {needed} of memory").format(needed=needed))

    def _say(self, speed: Speed | None, needs: str = "") -> None:
        file = self._file
        size = bytes_for_people(file.size_bytes) if file.size_bytes else ""
        if file.eyes_bytes:
            size = _("{size} and {more} to see or hear").format(size=size, more=bytes_for_people(file.eyes_bytes))
        parts = _("in {parts} parts").format(parts=file.parts) if file.parts > 1 else ""
        pace = speed_in_words(speed) if speed else ""
        self._about.setText(breakable(DOT.join(words for words in (size, parts, needs, pace, file.name) if words)))


class RepoDetails(QWidget):
    """The files of a repository and what its publisher says, for one request. For another, it is made anew."""

    known = Signal(object)

    def __init__(self, at: Offering, repo: str, again: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._at, self._repo, self._ask_again = at, repo, again
        self._calls: list[Call] = []
        self.setObjectName("repo_details")
        self.rows: list[FileRow] = []
        self._gated: GatedPanel | None = None
        self.reader: MarkdownReader | None = None
        self._build_ui()
        at.fetch.changed.connect(self.show_here)
        self.destroyed.connect(partial(_cancel, self._calls))

    def _build_ui(self) -> None:
        self._info = plain_label("", self, name="details_facts", kind="small")
        self._note = plain_label("", self, name="files_note", kind="muted")
        self._again = button(_("Try again"), "details_again", self, on=self._ask_again)
        self._files = column(gap=0)
        self._others = plain_label("", self, name="other_files", kind="small")
        self._heading = plain_label(_("What the publisher says"), self, name="card_heading", kind="strong")
        self._card_note = plain_label("", self, name="card_note", kind="muted")
        label = _("Read about {repo} in the browser").format(repo=self._repo)
        self._page = button(_("Model page…"), "page_button", self, label=label, on=self._ask_page)
        self._card = column()
        self._whole = button(_("Show all"), "card_whole", self, folds=True, on=self._on_whole)
        margins = (theme.SPACE_16, theme.SPACE_4, 0, theme.SPACE_4)
        parts = (self._info, self._note, (self._again, _LEFT), self._files, self._others, self._heading, self._card)
        foot = row(self._whole, self._page, 1, gap=theme.SPACE_8)
        self._column = column(*parts, self._card_note, foot, into=self, gap=theme.SPACE_8, margins=margins)
        for unknown in (self._info, self._others, self._again, self._heading, self._whole, self._page):
            unknown.hide()

    def show_here(self) -> None:
        for file in self.rows:
            file.show_here(self._at.fetch)

    def ask(self) -> None:
        """Request the files and the model card. When offline, say that this needs the network."""
        is_offline, repo = self._at.find.is_offline, self._repo
        _say(self._note, OFFLINE if is_offline else _("Asking the Hub for the files…"), kind="muted")
        if not is_offline:
            self._follow(lambda services: services.hub.offered(repo), self.show_repo)

    def _follow(self, request: Callable[[Services], Any], then: Callable[[Any], object]) -> None:
        """Ask about the repository, and call `then` with the answer or a Problem."""
        self._calls.append(self._at.find.bridge.follow(request, then, then))

    def show_repo(self, repo: OfferedRepo | Problem) -> None:
        _say(self._note, "")
        if isinstance(repo, Problem):
            _say(self._note, repo.sentence, kind="danger")
            self._again.show()
            return
        if repo.is_gated:
            self._show_gated(repo.repo)
        if not repo.files or repo.is_unclear:
            _say(self._note, UNCLEAR if repo.files else NO_FILES, kind="muted")
        elif repo.recommended is None and any(file.size_bytes and file.has_known_form for file in repo.files):
            _say(self._note, NOTHING_FITS, kind="warn")
        for file in repo.files:
            is_primary = file.is_recommended and not repo.is_gated
            self.rows.append(FileRow(self._at, self._repo, file, self, is_primary=is_primary))
            self._files.addWidget(self.rows[-1])
        self.show_here()
        _say(self._others, breakable("\n".join((_("Not models by themselves:"), *repo.others))) if repo.others else "")
        self._heading.show()
        self._page.show()
        _say(self._card_note, _("Asking for the card…"))
        source, first = repo.source, repo.recommended or next((file for file in repo.files if file.size_bytes), None)
        if source is not None and first is not None:
            self._follow(lambda services: services.hub.judge(source, first.name), self.show_judged)
        if source is not None:
            self._follow(lambda services: services.hub.card(source), self.show_card)
        self.known.emit(repo)

    def show_judged(self, judged: RepoJudged | Problem) -> None:
        """Show the memory the files need. If `judged` is a Problem or no chat model, recommend no file and say why."""
        if judged.code.startswith("model.") if isinstance(judged, Problem) else judged.kind in KINDS:
            for file in self.rows:
                file.show_not_recommended()
        if isinstance(judged, Problem):
            if self._gated is not None and judged.code in GATED_CODES:
                self._gated.show_problem(judged)
            elif judged.code.startswith("model."):
                _say(self._note, judged.sentence, kind="warn")
            return
        if self._gated is not None:
            self._gated.hide()  # the token opened the file
        for file in self.rows:
            if fit := judged.fits.get(file.name):
                file.show_fit(fit)
        seen = (
            _("Was made for up to {most_tokens:,} tokens at once. ").format(most_tokens=judged.most_tokens)
            if judged.most_tokens
            else ""
        )
        template = "" if judged.has_chat_template else _("Brings no chat format; a plain one is used.")
        _say(self._info, f"{seen}{KINDS.get(judged.kind, template)}".strip())

    def show_card(self, card: ReadableCard | Problem) -> None:
        if isinstance(card, Problem) or not card.text:
            words = (
                _("The card cannot be read. {sentence}").format(sentence=card.sentence)
                if isinstance(card, Problem)
                else NO_CARD
            )
            _say(self._card_note, words)
            return
        reader = MarkdownReader(self._at.keeper, self, label=_("What the publisher says"))
        reader.link_chosen.connect(lambda address: ask_about_link(self.window(), address))
        reader.height_known.connect(self._whole.setVisible)
        reader.written.connect(lambda: self._on_written(card.is_cut))
        self.reader = reader
        self._card.addWidget(reader)
        reader.show_markdown(card.text)

    def _ask_page(self) -> None:
        self._at.find.ask_page(self._repo)

    def _on_whole(self) -> None:
        is_whole = self._whole.isChecked()
        self._whole.setText(_("Show less") if is_whole else _("Show all"))
        if self.reader is not None:
            self.reader.show_whole(is_whole)

    def _on_written(self, is_cut: bool) -> None:
        reader = self.reader
        plain = PLAIN if reader is not None and reader.is_plain else ""
        _say(self._card_note, " ".join(words for words in (plain, CUT if is_cut else "") if words))

    def _show_gated(self, repo: str) -> None:
        panel = self._gated = GatedPanel(self._at.tokens, repo, self)
        panel.page_requested.connect(self._ask_page)
        panel.try_again_requested.connect(self._ask_again)
        self._column.insertWidget(1, panel)


class OfferCard(ModelRow):
    grown = Signal(QWidget, QWidget)

    def __init__(self, parent: QWidget, at: Offering, *, name: str, title: str, repo: str, toggle_name: str) -> None:
        super().__init__(parent, name=name, title=title, toggle_name=toggle_name)
        self.at, self.repo = at, repo
        self.details: RepoDetails | None = None
        self.toggle.clicked.connect(self._on_clicked)

    def show_details(self) -> RepoDetails:
        """Show details, in which nothing is known yet."""
        self._drop_details()
        details = self.details = RepoDetails(self.at, self.repo, self.ask, self)
        details.known.connect(lambda _repo: self.grown.emit(self, self))
        self.body.addWidget(details)
        self.open()
        return details

    def ask(self) -> None:
        self.show_details().ask()

    def _on_clicked(self) -> None:
        if self.is_open:
            self.ask()
        else:
            self._drop_details()

    def _drop_details(self) -> None:
        if (details := self.details) is None:
            return
        focus, self.details = self.window().focusWidget(), None
        if focus is not None and details.isAncestorOf(focus):
            self.toggle.setFocus()  # the widget with the focus goes; Qt would focus the next one in the window
        details.hide()
        details.deleteLater()


class OfferList(QWidget):
    grown = Signal(QWidget, QWidget)

    def __init__(self, at: Offering) -> None:
        super().__init__()
        self.at = at


def _cancel(calls: list[Call], *_gone: object) -> None:
    for call in calls:
        call.cancel()
    calls.clear()


def _say(label: QLabel, text: str, *, kind: str = "") -> None:
    show_words(label, text)
    if kind and label.property("kind") != kind:
        set_kind(label, kind)


ANY_JOB: list[tuple[object, str]] = [("", _("All tasks")), *SKILLS.items()]
ANY_LANGUAGE: list[tuple[object, str]] = [("", _("All languages")), *sorted(LANGUAGES.items(), key=itemgetter(1))]
HINT = _("Type a name, such as “qwen 1.5b”, or paste a link or owner/name. Only GGUF models are listed.")
OFFLINE_HINT = _("The search needs the network.")
OFFLINE_BY_POLICY = _("Your organisation has set slmdesk to work offline: nothing is searched or downloaded.")
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
        details = super().show_details()
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
        self._found: Sequence[OfferedRepo] = ()
        self._adding = Delay(self, 0, lambda: self._add(EACH_TURN))
        self._limit = PAGE
        self.filters = filters_in(at.find.state.current)
        self._search: Search | None = None
        self._with_too_large = False
        self._asking: Call | None = None
        self._timer = Delay(self, DEBOUNCE_MS, self.search_now)
        self._build_ui()
        self._filters.show_filters(self.filters)
        self.field.textChanged.connect(self.search)
        self.field.returnPressed.connect(self.search_again)
        self._filters.filters_chosen.connect(self.choose)
        at.find.settings.policy_shown.connect(lambda _policy: self.show_offline(at.find.is_offline))
        self.clear()

    def _build_ui(self) -> None:
        hint, label = _("Search the Hugging Face Hub"), _("Search the Hub")
        self.field = text_line("hub_search_box", self, hint, label=label, most=500, clears=CLEAR)
        self._filters = SearchFilters(self)
        self._busy = thin_bar("search_bar", self, _("Searching"), most=0, height=3, keeps_place=True)
        self._note = plain_label("", self, name="search_note", kind="muted")
        self._again = button(_("Try again"), "search_again", self, on=self.search_again)
        allow = partial(self.at.find.settings.change, "offline", False)
        self._allow = button(_("Allow the network"), "allow_network_button", self, on=allow)
        cards = column(gap=0)
        self._rows = Rows(cards, attrgetter("repo"), self._make_card)
        self._left_out = plain_label("", self, name="search_left_out", kind="muted")
        show_them = _("Show what is too large for this PC too")
        self._too_large = button(_("Show"), "search_too_large", self, label=show_them, on=self.show_too_large)
        self._more = button(_("More"), "search_more", self, label=_("More results"), on=self.more)
        left = Qt.AlignmentFlag.AlignLeft
        left_out = row((self._left_out, 1), self._too_large, gap=theme.SPACE_12)
        head = (self.field, self._filters, self._busy, self._note, (self._again, left), (self._allow, left))
        column(*head, cards, left_out, (self._more, left), into=self, gap=theme.SPACE_8)

    @property
    def _words(self) -> str:
        return self.field.text().strip()

    def search(self) -> None:
        """Search after a pause in typing. Earlier requests are cancelled."""
        self._restart()
        if self._words or self.filters.narrows:
            self._timer.start()
        else:
            self.clear()

    def search_now(self) -> None:
        self._give_up()
        if self.at.find.is_offline or not (self._words or self.filters.narrows):
            return
        self._set(_("Asking the Hub…"), is_busy=True)

        def answered(answer: Offers | OfferedRepo | Problem) -> None:
            if call is self._asking:
                self._asking = None
                self.show_found(answer)

        call: Call = self.at.find.bridge.follow(partial(self._ask, self._words, self._limit), answered, answered)
        self._asking = call

    def search_again(self) -> None:
        self._restart()
        self.search_now()

    def choose(self, filters: Filters) -> None:
        if filters == self.filters:
            return
        self.filters = filters
        self.at.find.bridge.ask(lambda _services: self.at.find.state.change(**values_of(filters)))
        self._restart()
        if self._words or filters.narrows:
            self.search_now()
        else:
            self.clear()

    def more(self) -> None:
        self._limit += PAGE
        self.search_now()

    def show_too_large(self) -> None:
        self._with_too_large = True
        self.search_now()

    def _restart(self) -> None:
        self._give_up()
        self._limit, self._search, self._with_too_large = PAGE, None, False

    def _ask(self, words: str, limit: int, services: Services) -> Pending[Any]:
        """Search for the words, or read the repository if they are a link. Service thread."""
        link = services.hub.link_in(words)
        if link is not None:
            return services.hub.offered(link.repo, file=link.file, quantization=link.quantization)
        return services.hub.search(
            words, limit=limit, filters=self.filters, with_too_large=self._with_too_large, before=self._search
        )

    def _give_up(self) -> None:
        self._timer.stop()
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def show_offline(self, is_offline: bool) -> None:
        for widget in (self.field, self._filters):
            widget.setEnabled(not is_offline)
        if is_offline or not self._found:
            self._give_up()
            self.clear()

    def clear(self) -> None:
        is_set = self.at.find.settings.is_managed("offline")
        hint = HINT
        if self.at.find.is_offline:
            hint = OFFLINE_BY_POLICY if is_set else OFFLINE_HINT
        self._set(hint)
        self._allow.setVisible(self.at.find.is_offline and not is_set)
        self._show_cards(())

    def show_found(self, answer: Offers | OfferedRepo | Problem) -> None:
        if isinstance(answer, Problem):
            self._set(answer.sentence, kind="danger")
            self._again.show()
            self._show_cards(())
            return
        offers = Offers((answer,)) if isinstance(answer, OfferedRepo) else answer
        nothing = NOTHING_PASSES if offers.too_large or offers.other_licence else NOTHING
        self._set("" if offers.repos else nothing, may_be_more=offers.may_be_more)
        show_words(self._left_out, " ".join(_left_out(offers)))
        self._too_large.setVisible(bool(offers.too_large))
        self._search = offers.search
        self._show_cards(offers.repos)
        if isinstance(answer, OfferedRepo):
            self._rows.rows[answer.repo].show_details().show_repo(answer)

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
        self._allow.setVisible(False)
        self._more.setVisible(may_be_more)
        self._left_out.setVisible(False)
        self._too_large.setVisible(False)

    def _show_cards(self, repos: Sequence[OfferedRepo]) -> None:
        names = [repo.repo for repo in repos]
        kept = list(self._rows.rows)
        if names[: len(kept)] != kept:
            self._rows.show(())
        self._found = repos
        self._add(AT_ONCE)

    def _add(self, count: int) -> None:
        self._rows.show(self._found[: len(self._rows.rows) + count])
        if len(self._rows.rows) < len(self._found):
            self._adding.start()
        else:
            self._adding.stop()
            self._show_end()

    def _make_card(self, repo: OfferedRepo) -> RepoCard:
        card = RepoCard(repo, self, self.at)
        card.grown.connect(self.grown)
        return card


def _left_out(offers: Offers) -> Iterator[str]:
    shown, many, licences = QLocale().toString, offers.too_large, offers.other_licence
    if many:
        yield ngettext(
            "{count} more is too large for this PC.",
            "{count} more are too large for this PC.",
            many,
            count=shown(many),
        )
    if licences:
        yield ngettext(
            "{licences} has another licence.",
            "{licences} have another licence.",
            licences,
            licences=shown(licences),
        )


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


SORTS = (("downloads", _("Most downloaded")), ("updated", _("Newest")), ("likes", _("Most liked")))
COMMON_LICENCES = ("apache-2.0", "mit", "llama3.1", "llama3.2", "gemma", "cc-by-4.0", "cc-by-nc-4.0", "other")
FILTER_MS = 400
TASK_TIP = _("As its publisher labelled it; many good models carry no label and are not found then.")
FITS_TIP = _("Judged by the number of weights and the names of the files, before their real sizes are known.")


class SearchFilters(QWidget):
    filters_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("search_filters")
        self._timer = Delay(self, FILTER_MS, self._notify)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        licences: list[tuple[object, str]] = [("", _("All licences")), (PERMISSIVE_ONES, _("Free for any use"))]
        licences += [(licence, LICENCES[licence].name) for licence in COMMON_LICENCES]
        sorts: list[tuple[object, str]] = list(SORTS)
        self._task, self._language, self._license, self._sort = self._choices = [
            named(Choice(values, self), f"search_{name}", label=label)
            for name, label, values in (
                ("task", _("What the model is for"), [job for job in ANY_JOB if job[0] != "speech"]),
                ("language", _("Language the model should know"), ANY_LANGUAGE),
                ("license", _("Licence"), licences),
                ("sort", _("Order of the results"), sorts),
            )
        ]
        self._task.setToolTip(TASK_TIP)
        clears = _("Clear the publisher")
        self._author = text_line(
            "search_author", self, _("All publishers"), label=_("Publisher"), most=100, clears=clears
        )
        self._fits = named(CheckBox(_("Fits this PC"), self), "search_fits", tip=FITS_TIP)
        parts = (self._task, self._language, self._license, self._author, self._sort, self._fits)
        flow(*parts, gap=theme.SPACE_8, into=self)

    def _connect(self) -> None:
        for choice in self._choices:
            choice.value_chosen.connect(self._notify)
        self._fits.clicked.connect(self._notify)
        self._author.textChanged.connect(self._timer.start)
        self._author.returnPressed.connect(self._notify)

    @property
    def filters(self) -> Filters:
        task, language, license, sort = (choice.currentData() for choice in self._choices)
        return Filters(task, language, license, self._author.text().strip(), self._fits.isChecked(), sort)

    def show_filters(self, filters: Filters) -> None:
        for choice, value in zip(
            self._choices, (filters.task, filters.language, filters.license, filters.sort), strict=True
        ):
            choice.show_value(value)
        self._fits.setChecked(filters.fits)
        if self._author.text().strip() != filters.author:
            self._author.setText(filters.author)
            self._timer.stop()  # nobody typed the text, so nothing is searched

    def _notify(self) -> None:
        self._timer.stop()
        self.filters_chosen.emit(self.filters)
