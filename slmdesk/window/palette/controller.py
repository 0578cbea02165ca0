"""What the palette lists for the words that were typed.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record
from slmdesk.base.records import Found, ModelRecord
from slmdesk.history.service import ItemTitle
from slmdesk.library.names import LibraryName
from slmdesk.library.search import TextHit
from slmdesk.runtime.events import Problem
from slmdesk.text.words.folding import find_spans
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay
from slmdesk.window.palette.entries import Entry, Listing, Offers, Section
from slmdesk.window.palette.matching import Matcher, Named, NameList
from slmdesk.window.palette.names import KeptNames
from slmdesk.window.widgets.snippet import HIT_BEGIN, HIT_END

N = TypeVar("N", bound=Named)
MOST_NAMES, MOST_HITS = 6, 12
SEARCH_AFTER_MS = 80
"""After the last key: while a person types, searches in texts would only be in the way."""
RECENT_ITEMS, RECENT_DOCUMENTS = 5, 3
KINDS = {
    "chat": ("Chat", "message-square"),
    "space": ("Space", "folder-open"),
    "translation": ("Translation", "languages"),
    "summary": ("Summary", "list-checks"),
    "question": ("Question", "search"),
    "extraction": ("Table", "sliders"),
    "versions": ("Comparison of versions", "arrow-left-right"),
    "comparison": ("Comparison of models", "package"),
    "writing": ("Text", "pencil"),
}
OTHER_KIND = ("Result", "file-text")


class Openers(Record):
    item: Callable[[ItemTitle], object]
    message: Callable[[Found, str], object]
    """With a hit and the words that found it."""
    name: Callable[[LibraryName], object]
    passage: Callable[[TextHit], object]
    model: Callable[[str], object]


class PaletteController(QObject):
    """Names are found at once, in memory.  Texts are searched on the service thread, one search at a time, of the
    newest words; an answer to older words is dropped.
    """

    listed = Signal(object)

    def __init__(self, bridge: Bridge, openers: Openers, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="palette_controller")
        self._bridge, self._open = bridge, openers
        self.names = KeptNames(bridge, self)
        self._offers = Offers()
        self._words = ""
        self._sections: list[Section] = []
        self._hits: list[Section] = []
        self._search_timer = Delay(self, SEARCH_AFTER_MS, self._search)
        self._is_open = self._is_searching = self._is_searched = False
        self.names.changed.connect(self._on_names_changed)

    def begin(self, offers: Offers) -> None:
        self._offers, self._is_open = offers, True
        self.names.refresh()
        self._words = ""
        self._list()

    def end(self) -> None:
        self._is_open, self._words, self._offers = False, "", Offers()

    def find(self, words: str) -> None:
        words = " ".join(words.split())
        if words != self._words:
            self._words = words
            self._list()

    def _on_names_changed(self) -> None:
        if self._is_open:
            self._sections = self._found_names() if self._words else self._first_sections()
            self._report()

    # ---- names

    def _list(self) -> None:
        self._hits, self._is_searched = [], not _is_searchable(self._words)
        self._sections = self._found_names() if self._words else self._first_sections()
        self._report()
        self._search_timer.start()

    def _first_sections(self) -> list[Section]:
        names = self.names.now
        items = [self._item_entry(one, with_kind=True) for one in names.items[:RECENT_ITEMS]]
        documents = [one for one in names.library.names if not one.is_folder][:RECENT_DOCUMENTS]
        recent = [*items, *map(self._name_entry, documents)]
        return [Section("Actions", self._offers.useful), Section("Recent", recent)]

    def _found_names(self) -> list[Section]:
        names, offers, matcher = self.names.now, self._offers, Matcher(self._words)
        found = [
            _section(matcher, "Actions", NameList(offers.actions), _as_it_is),
            _section(matcher, "Pages", NameList(offers.pages), _as_it_is),
            _section(matcher, "Settings", NameList(offers.settings), _as_it_is),
            _section(matcher, "Models", NameList(list(map(self._model_entry, names.models))), _as_it_is),
            _section(matcher, "Documents", names.library, self._name_entry),
            _section(matcher, "Chats", names.chats, self._item_entry),
            _section(matcher, "Spaces", names.spaces, self._item_entry),
            _section(matcher, "Translations", names.translations, self._item_entry),
            _section(
                matcher, "Summaries, questions and tables", names.results, partial(self._item_entry, with_kind=True)
            ),
        ]
        return [section for _, section in sorted(found, key=lambda pair: pair[0])]

    def _item_entry(self, title: ItemTitle, *, with_kind: bool = False) -> Entry:
        kind, icon = KINDS.get(title.kind, OTHER_KIND)
        return Entry(title.name or kind, icon, partial(self._open.item, title), kind if with_kind else "")

    def _name_entry(self, name: LibraryName) -> Entry:
        icon, detail = ("folder-open", "Folder") if name.is_folder else ("file-text", name.folder)
        return Entry(name.name, icon, partial(self._open.name, name), detail)

    def _model_entry(self, model: ModelRecord) -> Entry:
        return Entry(model.name, "cpu", partial(self._open.model, model.id), "Use this model")

    # ---- texts

    def _search(self) -> None:
        """Search the texts for the newest words; while a search is under way, after it."""
        if self._is_searching or self._is_searched or not self._is_open:
            return
        self._is_searching, words = True, self._words
        self._bridge.ask(
            lambda services: (
                services.history.search(words, limit=MOST_HITS + 1, archived=False),
                services.documents.search_typed(words, MOST_HITS + 1),
            ),
            partial(self._on_found, words),
            self._on_refused,
        )

    def _on_found(self, words: str, found: tuple[Sequence[Found], Sequence[TextHit]]) -> None:
        self._is_searching = False
        if words != self._words:
            self._search()
            return
        self._is_searched = True
        kinds = {one.id: one.kind for one in self.names.now.items}
        messages = [self._message_entry(one, kinds.get(one.item, "")) for one in found[0] if one.message]
        passages = [self._passage_entry(one) for one in found[1]]
        self._hits = [_newest("In chats and results", messages), _newest("In documents", passages)]
        self._report()

    def _on_refused(self, problem: Problem) -> None:
        self._is_searching, self._is_searched = False, True
        self._bridge.problem_met.emit(problem)
        self._report()

    def _message_entry(self, found: Found, kind: str) -> Entry:
        name, icon = KINDS.get(kind, OTHER_KIND)
        choose = partial(self._open.message, found, self._words)
        return Entry(" ".join(found.title.split()) or name, icon, choose, name, snippet=found.snippet)

    def _passage_entry(self, hit: TextHit) -> Entry:
        place = f"Page {hit.page}" if hit.page else ""
        choose = partial(self._open.passage, hit)
        name = " ".join(hit.name.split())
        return Entry(name, "file-text", choose, place, snippet=marked(hit.words, self._words))

    def _report(self) -> None:
        sections = tuple(one for one in chain(self._sections, self._hits) if one.entries)
        self.listed.emit(Listing(self._words, sections, self._is_searched and not self.names.is_coming))


def _section(matcher: Matcher, heading: str, names: NameList[N], entry_of: Callable[[N], Entry]) -> tuple[int, Section]:
    """The best of these names as entries, and how well the best matches."""
    found, total, rank = matcher.find(names, MOST_NAMES)
    return rank, Section(heading, [entry_of(one) for one in found], total)


def _as_it_is(entry: Entry) -> Entry:
    return entry


def _newest(heading: str, entries: Sequence[Entry]) -> Section:
    """Places in texts; one more than is shown was asked for, to see whether there are more."""
    is_cut = len(entries) > MOST_HITS
    return Section(f"{heading}: the newest {MOST_HITS}" if is_cut else heading, entries[:MOST_HITS])


def _is_searchable(words: str) -> bool:
    """Whether texts are searched for these words: a single letter begins too many."""
    letters = "".join(words.split())
    return len(letters) > 1 or not letters.isascii()


def marked(text: str, words: str) -> str:
    """Plain text with the found words between U+E000 and U+E001."""
    text = text.replace(HIT_BEGIN, "\ufffd").replace(HIT_END, "\ufffd")
    pieces, at = [], 0
    for begin, end in find_spans(text, words):
        pieces += [text[at:begin], HIT_BEGIN, text[begin:end], HIT_END]
        at = end
    return "".join([*pieces, text[at:]])
