"""Models to download: the controller for suggestions and the search on the Hub, and the details of each model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.gguf.memory import Speed, is_too_slow, speed_in_words
from slmdesk.models.service import Fit, PaceChanged
from slmdesk.online.hub import LANGUAGES, SKILLS, Filters, OfferedFile, OfferedRepo, Offers, RepoJudged
from slmdesk.online.window.downloads import GET, DownloadsController, InstalledIndex
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.text.cards import ReadableCard
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, Delay
from slmdesk.window.base.shortcuts import WindowState, WindowStateFile
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.markdown.reader import MarkdownReader
from slmdesk.window.widgets.build import breakable, button, column, named, plain_label, row, set_kind, show_words
from slmdesk.window.widgets.model_rows import ModelRow
from slmdesk.window.widgets.opening import ask_about_link
from slmdesk.window.widgets.rows import DOT, FitMark
from slmdesk.window.widgets.tokens import GATED_CODES, GatedPanel, TokenController

if TYPE_CHECKING:
    from slmdesk.online.hub import Search
    from slmdesk.services import Services

T = TypeVar("T")

DEBOUNCE_MS = 300
PAGE = 10
_FILTERS = ("task", "language", "license", "author", "fits", "sort")
"""Fields of Filters that the state of the window stores, each with the prefix `search_`."""


class HubController(QObject):
    suggested = Signal(object)
    filters_shown = Signal(object)
    search_began = Signal()
    found = Signal(object)
    linked = Signal(object)
    search_failed = Signal(object)
    search_cleared = Signal()
    page_known = Signal(str)
    offline_changed = Signal(bool)

    def __init__(
        self, bridge: Bridge, settings: Settings, state: WindowStateFile, parent: QObject | None = None
    ) -> None:
        super().__init__(parent, objectName="find_controller")
        self._state = state
        self._bridge = bridge
        self.is_offline = settings.offline
        self._words, self._limit, self._turn = "", PAGE, 0
        self.filters = filters_in(state.current)
        self._search: Search | None = None
        self._with_too_large = False
        self._asking: Call | None = None
        self._timer = Delay(self, DEBOUNCE_MS, self.search_now)
        bridge.when_open(self._on_opened)
        bridge.on(PaceChanged, self._on_opened)
        bridge.settings_changed.connect(self._on_settings_changed)

    def search(self, words: str) -> None:
        """Search after a pause in typing. Earlier requests are cancelled."""
        self._give_up()
        self._words = words.strip()
        self._restart()
        if self._words or self.filters.narrows:
            self._timer.start()
        else:
            self.search_cleared.emit()

    def search_now(self) -> None:
        self._give_up()
        if self.is_offline or not (self._words or self.filters.narrows):
            return
        self.search_began.emit()
        self._asking = self._bridge.follow(
            partial(self._ask, self._words, self._limit),
            partial(self._on_found, self._turn),
            partial(self._on_failed, self._turn),
        )

    def search_again(self) -> None:
        self._restart()
        self.search_now()

    def choose(self, filters: Filters) -> None:
        if filters == self.filters:
            return
        self.filters = filters
        self._bridge.ask(lambda _services: self._state.change(**values_of(filters)))
        if self._words or filters.narrows:
            self.search_again()
        else:
            self._give_up()
            self._restart()
            self.search_cleared.emit()

    def more(self) -> None:
        self._limit += PAGE
        self.search_now()

    def show_too_large(self) -> None:
        self._with_too_large = True
        self.search_now()

    def follow(self, request: Callable[[Services], Any], then: Callable[[Any], object]) -> Call:
        """Ask about a repository, and call `then` with the answer or a Problem."""
        return self._bridge.follow(request, then, then)

    def ask_page(self, repo: str) -> None:
        self._bridge.ask(self._bridge.services.offers.page_of(repo), self.page_known.emit)

    # ---- private

    def _restart(self) -> None:
        self._limit, self._search, self._with_too_large = PAGE, None, False

    def _ask(self, words: str, limit: int, services: Services) -> Pending[Any]:
        """Search for the words, or read the repository if they are a link. Service thread."""
        link = services.offers.link_in(words)
        if link is not None:
            return services.offers.repo(link.repo, file=link.file, quantization=link.quantization)
        return services.offers.search(
            words, limit=limit, filters=self.filters, with_too_large=self._with_too_large, before=self._search
        )

    def _give_up(self) -> None:
        self._timer.stop()
        self._turn += 1
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _on_found(self, turn: int, found: Offers | OfferedRepo) -> None:
        if turn != self._turn:
            return
        self._asking = None
        if isinstance(found, OfferedRepo):
            self.found.emit(Offers((found,)))
            self.linked.emit(found)
        else:
            self._search = found.search
            self.found.emit(found)

    def _on_failed(self, turn: int, problem: Problem) -> None:
        if turn == self._turn:
            self._asking = None
            self.search_failed.emit(problem)

    def _on_opened(self) -> None:
        self._bridge.ask(lambda _services: self.filters, self.filters_shown.emit)
        self._bridge.ask(self._bridge.services.offers.suggestions(), self.suggested.emit)

    def _on_settings_changed(self, settings: Settings) -> None:
        if settings.offline == self.is_offline:
            return
        self.is_offline = settings.offline
        if self.is_offline:
            self._give_up()
        self.offline_changed.emit(self.is_offline)
        if not self.is_offline:
            self.search_now()


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


# ---- the details below a model to download


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
    here: InstalledIndex


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

    def show_here(self, here: InstalledIndex) -> None:
        words = here.words_of(self._file.repo, self._file.name, self._file.sha256)
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
        parts = _("in {parts} parts").format(parts=file.parts) if file.parts > 1 else ""
        pace = speed_in_words(speed) if speed else ""
        self._about.setText(breakable(DOT.join(words for words in (size, parts, needs, pace, file.name) if words)))


class RepoDetails(QWidget):
    known = Signal(object)

    def __init__(self, at: Offering, repo: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._at, self._repo = at, repo
        self._calls: list[Call] = []
        self.setObjectName("repo_details")
        self.rows: list[FileRow] = []
        self._gated: GatedPanel | None = None
        self.reader: MarkdownReader | None = None
        self._build_ui()

    def _build_ui(self) -> None:
        self._info = plain_label("", self, name="details_facts", kind="small")
        self._note = plain_label("", self, name="files_note", kind="muted")
        self._again = button(_("Try again"), "details_again", self, on=self.ask)
        self._files = column(gap=0)
        self._others = plain_label("", self, name="other_files", kind="small")
        self._heading = plain_label(_("What the publisher says"), self, name="card_heading", kind="strong")
        self._card_note = plain_label("", self, name="card_note", kind="muted")
        label = _("Read about {repo} in the browser").format(repo=self._repo)
        self._page = button(_("Model page…"), "page_button", self, label=label, on=self._ask_page)
        self._card = column()
        self._whole = button(_("Show all"), "card_whole", self, on=self._on_whole)
        self._whole.setCheckable(True)
        margins = (theme.SPACE_16, theme.SPACE_4, 0, theme.SPACE_4)
        parts = (self._info, self._note, (self._again, _LEFT), self._files, self._others, self._heading, self._card)
        foot = row(self._whole, self._page, 1, gap=theme.SPACE_8)
        self._column = column(*parts, self._card_note, foot, into=self, gap=theme.SPACE_8, margins=margins)
        self._clear()

    def show_here(self) -> None:
        for other_row in self.rows:
            other_row.show_here(self._at.here)

    def ask(self) -> None:
        """Request the files and the model card. When offline, say that this needs the network."""
        self.stop()
        self._clear()
        is_offline, repo = self._at.find.is_offline, self._repo
        _say(self._note, OFFLINE if is_offline else _("Asking the Hub for the files…"), kind="muted")
        if not is_offline:
            self._follow(lambda services: services.offers.repo(repo), self.show_repo)

    def stop(self) -> None:
        for call in self._calls:
            call.cancel()
        self._calls = []

    def _follow(self, request: Callable[[Services], Any], then: Callable[[Any], object]) -> None:
        calls = self._calls  # an answer that comes after `stop` is for nobody
        calls.append(self._at.find.follow(request, lambda answer: then(answer) if self._calls is calls else None))

    def show_repo(self, repo: OfferedRepo | Problem) -> None:
        self._clear()
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
            self._follow(lambda services: services.repo_pages.judge(source, first.name), self.show_judged)
        if source is not None:
            self._follow(lambda services: services.repo_pages.card(source), self.show_card)
        self.known.emit(repo)

    def show_judged(self, judged: RepoJudged | Problem) -> None:
        """Show the memory the files need. If `judged` is a Problem or no chat model, recommend no file and say why."""
        if judged.code.startswith("model.") if isinstance(judged, Problem) else judged.kind in KINDS:
            for other_row in self.rows:
                other_row.show_not_recommended()
        if isinstance(judged, Problem):
            if self._gated is not None and judged.code in GATED_CODES:
                self._gated.show_problem(judged)
            elif judged.code.startswith("model."):
                _say(self._note, judged.sentence, kind="warn")
            return
        if self._gated is not None:
            self._gated.hide()  # the token opened the file
        for other_row in self.rows:
            if fit := judged.fits.get(other_row.name):
                other_row.show_fit(fit)
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
        self._drop_reader()
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
        panel.page_requested.connect(lambda _repo: self._ask_page())
        panel.try_again_requested.connect(lambda _repo: self.ask())
        self._column.insertWidget(1, panel)

    def _clear(self) -> None:
        for widget in (*self.rows, *([self._gated] if self._gated else [])):
            widget.hide()
            widget.deleteLater()
        self.rows.clear()
        self._gated = None
        self._drop_reader()
        for label in (self._info, self._note, self._others, self._card_note):
            _say(label, "")
        for thing in (self._again, self._heading, self._whole, self._page):
            thing.hide()
        self._whole.setChecked(False)
        self._whole.setText(_("Show all"))

    def _drop_reader(self) -> None:
        if self.reader is not None:
            self.reader.hide()
            self.reader.deleteLater()
            self.reader = None


class OfferCard(ModelRow):
    grown = Signal(QWidget, QWidget)

    def __init__(self, parent: QWidget, at: Offering, *, name: str, title: str, repo: str, toggle_name: str) -> None:
        super().__init__(parent, name=name, title=title, toggle_name=toggle_name)
        self.at, self.repo = at, repo
        self.details: RepoDetails | None = None
        self.toggle.clicked.connect(self._on_clicked)

    def show_details(self) -> RepoDetails:
        if self.details is None:
            self.details = RepoDetails(self.at, self.repo, self)
            self.details.known.connect(lambda _repo: self.grown.emit(self, self))
            self.body.addWidget(self.details)
        self.open()
        self.details.show()
        return self.details

    def show_here(self) -> None:
        if self.details is not None:
            self.details.show_here()

    def _on_clicked(self) -> None:
        if self.is_open:
            self.ask()
        elif self.details is not None:
            self.details.hide()
            self.details.stop()

    def ask(self) -> None:
        details, focus = self.show_details(), self.window().focusWidget()
        if focus is not None and details.isAncestorOf(focus):
            self.toggle.setFocus()  # the widget with the focus goes; Qt would focus the next one in the window
        details.ask()


class OfferList(QWidget):
    grown = Signal(QWidget, QWidget)

    def __init__(self, at: Offering) -> None:
        super().__init__()
        self.at = at

    def _drop(self, rows: QVBoxLayout, cards: list[Any]) -> None:
        for card in cards:
            rows.removeWidget(card)
            card.hide()
            if card.details is not None:
                card.details.stop()
            card.deleteLater()
        cards.clear()


def _say(label: QLabel, text: str, *, kind: str = "") -> None:
    show_words(label, text)
    if kind and label.property("kind") != kind:
        set_kind(label, kind)
