"""The window of the translation memory: search, edit, delete, import, export."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.translation import MemoryFilter, MemoryPair, MemoryShare, Origin
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.memory import FUZZY, Match, MemoryImport, MemoryPage
from slmdesk.translation.types import MemoryChanged
from slmdesk.translation.window.terms_forms import DOMAINS, LanguagesForm, TableController, TableWindow, language_words
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.text import day_words
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import column, flow, named, plain_label, plain_tip, row
from slmdesk.window.widgets.notices import UNDO_MS, Notice
from slmdesk.window.widgets.opening import ask_file, ask_new_file
from slmdesk.window.widgets.rows import Choice

# ---- the table model of the translation memory


LIKE, SOURCE, TARGET, DIFFERENCE, LANGUAGES, DOMAIN, ORIGIN, CREATED = range(8)
COLUMNS = ("Like", "Source", "Translation", "What differs", "Languages", "Domain", "From", "Kept on")
ORIGIN_WORDS = {
    Origin.PERSON: "you", Origin.IMPORT: "a file", Origin.MODEL: "a model", Origin.MEMORY: "the memory",
}  # fmt: skip
Index = QModelIndex | QPersistentModelIndex


class MemoryModel(QAbstractTableModel):
    edited = Signal(int, str, str)
    page_requested = Signal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("memory_model")
        self._keeper = keeper
        self._rows: list[Match] = []
        self.found = 0
        """The number of pairs found, including those not loaded yet."""
        self._is_waiting = False

    def show_page(self, page: MemoryPage, is_first: bool) -> None:
        """The first page replaces what is there, later ones are appended."""
        rows = [Match(pair, 0.0, ()) for pair in page.pairs]
        self._is_waiting = False
        if is_first:
            self._show(rows, page.found)
        elif rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows += rows
            self.endInsertRows()

    def show_matches(self, matches: Sequence[Match]) -> None:
        self._show(list(matches), len(matches))

    def change(self, pair: MemoryPair) -> None:
        for number, match in enumerate(self._rows):
            if match.pair.n == pair.n:
                self._rows[number] = Match(pair, match.likeness, match.changes, match.penalty)
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(COLUMNS) - 1))

    def pairs(self, rows: Sequence[int]) -> list[MemoryPair]:
        return [self._rows[number].pair for number in rows if number < len(self._rows)]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and 0 < len(self._rows) < self.found

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent) and not self._is_waiting:
            self._is_waiting = True
            self.page_requested.emit(self._rows[-1].pair.n)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[section] if orientation is Qt.Orientation.Horizontal else str(section + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.AccessibleTextRole):
            return cells_of(match)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(match) if index.column() == LIKE else cells_of(match)[index.column()])
        if role == Qt.ItemDataRole.ForegroundRole and index.column() > DIFFERENCE:
            return self._keeper.theme.colour("muted")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        pair, words = self._rows[index.row()].pair, str(value)
        if role != Qt.ItemDataRole.EditRole or words == (pair.source, pair.target)[index.column() == TARGET]:
            return False
        if index.column() == SOURCE:
            self.edited.emit(pair.n, words, pair.target)
        elif index.column() == TARGET:
            self.edited.emit(pair.n, pair.source, words)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (SOURCE, TARGET) else flags

    def _show(self, rows: list[Match], found: int) -> None:
        if (rows, found) == (self._rows, self.found):
            self._is_waiting = False
            return  # what is selected, or being edited, stays so
        self.beginResetModel()
        self._rows, self.found, self._is_waiting = rows, found, False
        self.endResetModel()


def cells_of(match: Match) -> tuple[str, ...]:
    pair = match.pair
    day = day_words(pair.created)
    return (
        f"{match.percent} %" + (" *" if match.penalty else "") if match.likeness else "",
        pair.source,
        pair.target,
        "; ".join(f"{old or '—'} → {new or '—'}" for old, new in match.changes),
        f"{pair.source_language} → {pair.target_language}",
        pair.domain,
        ORIGIN_WORDS[pair.origin],
        day,
    )


def _tip(match: Match) -> str:
    if not match.likeness:
        return ""
    words = f"{match.percent} % of the letters are the same."
    if match.penalty:
        words = f"{words[:-1]}, {match.penalty:.0%} taken off because the entry is of another domain."
    return words


# ---- memory window


WORDS_HINT = "Search words of the source"
TMX_FILES = "TMX (*.tmx *.xml);;All files (*)"
LIKE_HINT = "A sentence: those like it are shown, with what differs"
WIDTHS = {LIKE: 9, SOURCE: 42, TARGET: 42, DIFFERENCE: 36, LANGUAGES: 13, DOMAIN: 11, ORIGIN: 12, CREATED: 12}
"""Of the columns, in letters."""


class MemoryWindow(TableWindow):
    def __init__(self, controller: MemoryController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(controller, parent, name="memory", title="Translation memory", height=640)
        self._controller = controller
        self._model = MemoryModel(keeper, self)
        self._build_ui()
        self._connect()
        self._show_like(False)
        controller.refresh()

    def _build_ui(self) -> None:
        self._summary = plain_label("", self, name="memory_summary")
        self._search = self._search_line("memory_search", "Search the memory", most=2000)
        self._like = named(QCheckBox(f"Sentences alike ({FUZZY:.0%} or more)", self), "memory_like_box")
        self._pair = self._choice([(("", ""), "All languages")], "memory_pair_choice", "Languages")
        domains: list[tuple[object, str]] = [
            (None, "All domains"), ("", "No domain"), *((code, words) for code, words in DOMAINS if code),
        ]  # fmt: skip
        self._domain = self._choice(domains, "memory_domain_choice", "Domain")
        origins = [(origin, f"From {ORIGIN_WORDS[origin]}") for origin in (Origin.PERSON, Origin.IMPORT, Origin.MODEL)]
        self._origin = self._choice(
            [(None, "From anywhere"), *origins], "memory_origin_choice", "Where entries are from"
        )
        self._table = self._make_table(self._model, name="memory_table", words="Remembered translations", widths=WIDTHS)
        self._delete = self._button("Delete", "delete_pairs_button", "Delete the chosen entries (Del)")
        self._import = self._button("Import TMX…", "import_tmx_button", "Add the pairs of another program (Ctrl+O)")
        self._export = self._button("Export TMX…", "export_tmx_button", "For another program; a model's are left out")
        self._delete.setEnabled(False)
        self._build_end("memory_close")
        self._lay_out()

    def _choice(self, values: list[tuple[object, str]], name: str, words: str) -> Choice:
        return named(Choice(values, self), name, label=words, tip=words)

    def _lay_out(self) -> None:
        look = row((self._search, 1), self._like, gap=theme.SPACE_8)
        filters = flow(self._pair, self._domain, self._origin, gap=theme.SPACE_8)
        foot = row(self._delete, self._import, self._export, 1, self._close, gap=theme.SPACE_8)
        column(
            self._summary, look, filters, self._trouble, (self._table, 1), self._said, foot, self._notices, into=self,
            gap=theme.SPACE_8, margins=(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12),
        )  # fmt: skip

    def _connect(self) -> None:
        controller, model = self._controller, self._model
        self._search.textChanged.connect(controller.search)
        self._like.toggled.connect(self._on_like)
        self._pair.value_chosen.connect(lambda pair: self._controller.set_languages(*pair))
        self._domain.value_chosen.connect(controller.set_domain)
        self._origin.value_chosen.connect(controller.set_origin)
        self._delete.clicked.connect(self._on_delete)
        self._import.clicked.connect(self._on_import)
        self._export.clicked.connect(self._on_export)
        self._table.selectionModel().selectionChanged.connect(self._show_delete)
        model.modelReset.connect(self._show_delete)
        model.edited.connect(controller.change)
        model.page_requested.connect(controller.more)
        controller.shares_received.connect(self._on_shares)
        controller.page_received.connect(self._on_page)
        controller.matches_received.connect(self._on_matches)
        controller.pair_changed.connect(model.change)
        controller.asked.connect(self._on_asked)
        QShortcut(QKeySequence("Ctrl+O"), self, self._on_import)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self._table, self._on_delete)
        delete.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # ---- user actions

    def _on_like(self, is_fuzzy: bool) -> None:
        self._show_like(is_fuzzy)
        self._controller.set_fuzzy(is_fuzzy)

    def _on_delete(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        self._controller.forget([pair.n for pair in self._model.pairs(rows)])

    def _show_delete(self) -> None:
        self._delete.setEnabled(self._table.selectionModel().hasSelection())

    def _on_import(self) -> None:
        ask_file(self, "Import a translation memory", self._on_file, name="tmx_file_dialog", filters=TMX_FILES)

    def _on_file(self, path: Path) -> None:
        self._on_refused("")
        self._controller.import_file(TmxRequest(path))

    def _on_export(self) -> None:
        ask_new_file(
            self,
            "Export the memory as TMX",
            self._controller.export,
            name="tmx_export_dialog",
            proposed=Path.home() / "slmdesk memory.tmx",
            filters="TMX (*.tmx)",
        )

    # ---- events

    def _on_asked(self, problem: Problem, request: TmxRequest) -> None:
        form = LanguagesForm(self, problem, request.path.name)

        def read(source: str, target: str) -> None:
            self._controller.import_file(TmxRequest(request.path, source, target, request.domain))

        form.requested.connect(read)
        form.open()

    def _on_shares(self, shares: Sequence[MemoryShare]) -> None:
        self._summary.setText(share_words(shares))
        counts: dict[tuple[str, str], int] = {}
        for share in shares:
            pair = (share.source_language, share.target_language)
            counts[pair] = counts.get(pair, 0) + share.pairs
        chosen = self._pair.currentData()
        with QSignalBlocker(self._pair):
            self._pair.clear()
            self._pair.addItem("All languages", ("", ""))
            for (source, target), count in counts.items():
                words = f"{language_words(source)} → {language_words(target)} ({count:,})"
                self._pair.addItem(words, (source, target))
            places = [at for at in range(self._pair.count()) if self._pair.itemData(at) == chosen]
            self._pair.setCurrentIndex(places[0] if places else 0)
        self._export.setEnabled(bool(shares))

    def _on_page(self, page: MemoryPage, is_first: bool) -> None:
        self._model.show_page(page, is_first)
        if is_first:
            self._on_said(f"{page.found:,} of {page.total:,} entries." if page.found != page.total else "")

    def _on_matches(self, matches: Sequence[Match]) -> None:
        self._model.show_matches(matches)
        words = f"{len(matches)} like it." if matches else "Nothing in the memory is like this sentence."
        penalised = any(match.penalty for match in matches)
        self._on_said(words + (" * of another domain, so some percent less." if penalised else ""))

    def _show_like(self, is_fuzzy: bool) -> None:
        self._search.setPlaceholderText(LIKE_HINT if is_fuzzy else WORDS_HINT)
        for at in (LIKE, DIFFERENCE):
            self._table.setColumnHidden(at, not is_fuzzy)
        for at in (ORIGIN, CREATED):
            self._table.setColumnHidden(at, is_fuzzy)
        self._origin.setEnabled(not is_fuzzy)


# ---- the translation memory as its window shows it


PAGE = 300
SEARCH_MS = 200
ASKING = ("glossary.no_languages", "glossary.more_languages")


class TmxRequest(Record):
    path: Path
    source: str = ""
    target: str = ""
    domain: str = ""


class MemoryController(TableController):
    shares_received = Signal(object)
    page_received = Signal(object, bool)
    matches_received = Signal(object)
    pair_changed = Signal(object)
    asked = Signal(object, object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent, name="memory_controller", search_ms=SEARCH_MS)
        self._requested = MemoryFilter()
        self._is_fuzzy = False
        self.outdated.connect(self.read)
        bridge.on(MemoryChanged, self._on_changed)

    # ---- looking

    def refresh(self) -> None:
        self._ask(lambda services: services.memory.shares(), self.shares_received.emit)
        self.read()

    def search(self, words: str) -> None:
        """Show only pairs with these words, or like this sentence, after a pause in typing."""
        self._requested = changed(self._requested, words=words.strip())
        self._timer.start()

    def set_fuzzy(self, is_fuzzy: bool) -> None:
        """Whether to search for similar sentences instead of words."""
        self._is_fuzzy = is_fuzzy
        self.read()

    def set_languages(self, source: str, target: str) -> None:
        """Show only pairs of these languages; '' is any."""
        self._requested = changed(self._requested, source_language=source, target_language=target)
        self.read()

    def set_domain(self, domain: str | None) -> None:
        """Show only pairs of this domain; None is any."""
        self._requested = changed(self._requested, domain=domain)
        self.read()

    def set_origin(self, origin: Origin | None) -> None:
        """Show only pairs of this origin; None is any."""
        self._requested = changed(self._requested, origin=origin)
        self.read()

    def read(self) -> None:
        self._timer.stop()
        self._turn += 1
        turn, requested = self._turn, self._requested
        if self._is_fuzzy and requested.words:

            def like(services: Services) -> list[Match]:
                return services.memory.matches(
                    requested.source_language, requested.target_language, requested.words, requested.domain or ""
                )

            self._ask(like, partial(self._on_matches, turn))
            return
        self._ask(lambda services: services.memory.page(requested, limit=PAGE), partial(self._on_page, turn, True))

    def more(self, before: int) -> None:
        """Read the page of pairs with numbers below this one."""
        requested = self._requested
        self._ask(
            lambda services: services.memory.page(requested, before=before, limit=PAGE),
            partial(self._on_page, self._turn, False),
        )

    # ---- changing

    def change(self, n: int, source: str, target: str) -> None:
        """Change the text of a pair; if that fails, the old one is shown again."""
        self._bridge.ask(self._bridge.services.memory.change(n, source, target), self._on_pair, self._on_change_refused)

    def forget(self, numbers: Sequence[int]) -> None:
        """Delete pairs; a notice offers to undo it, or to delete them for good at once."""
        requested = list(numbers)
        if requested:
            self._ask(lambda services: services.memory.forget(requested), self._on_gone)

    # ---- files

    def import_file(self, request: TmxRequest) -> None:
        self.said.emit(f"Reading {request.path.name}…")
        self._follow(
            lambda services: services.memory.import_file(
                request.path, source=request.source, target=request.target, domain=request.domain
            ),
            lambda done: self.said.emit(imported_words(done)),
            partial(self._on_import_refused, request),
            self._on_rows,
        )

    def export(self, path: Path) -> None:
        """Write the pairs of the chosen languages, or all, as TMX."""
        requested = self._requested
        self.said.emit(f"Writing {path.name}…")
        self._follow(
            lambda services: services.memory.export_file(
                path, source=requested.source_language, target=requested.target_language
            ),
            self._on_written,
        )

    # ---- events

    def _on_changed(self, _event: object) -> None:
        self._timer.start()
        self._ask(lambda services: services.memory.shares(), self.shares_received.emit)

    def _on_page(self, turn: int, is_first: bool, page: MemoryPage) -> None:
        if turn == self._turn:
            self.page_received.emit(page, is_first)

    def _on_matches(self, turn: int, matches: list[Match]) -> None:
        if turn == self._turn:
            self.matches_received.emit(matches)

    def _on_pair(self, pair: MemoryPair) -> None:
        self.refused.emit("")
        self.pair_changed.emit(pair)

    def _on_gone(self, gone: list[MemoryPair]) -> None:
        if not gone:
            return
        self._is_forgetting = True

        def undo() -> None:
            self._ask(lambda services: services.memory.restore(gone))

        one = "One entry was deleted." if len(gone) == 1 else f"{len(gone)} entries were deleted."
        self.noticed.emit(
            Notice(
                one, action="Undo", on_action=undo, other="Delete for good", on_other=self._purge, life_ms=UNDO_MS,
                key="memory",
            )
        )  # fmt: skip

    def _on_import_refused(self, request: TmxRequest, problem: Problem) -> None:
        if problem.code in ASKING:
            self.said.emit("")
            self.asked.emit(problem, request)
        else:
            self._on_failed(problem)


def imported_words(done: MemoryImport) -> str:
    said = [f"{done.kept:,} pairs were kept."]
    if done.duplicates:
        said.append(f"{done.duplicates:,} were there already.")
    if done.replaced:
        said.append(f"{done.replaced:,} took the place of another translation.")
    if done.skipped:
        said.append(f"{done.skipped:,} could not be used, the first is {done.first_skipped}.")
    if done.contradictions:
        said.append(f"{len(done.contradictions):,} have two translations in the file: the last one counts.")
    return " ".join(said)


def share_words(shares: Sequence[MemoryShare]) -> str:
    total = sum(share.pairs for share in shares)
    if not total:
        return "Empty. Sentences you edit are saved here; you can also import a TMX file."
    pairs = len({(share.source_language, share.target_language) for share in shares})
    entries = "entry" if total == 1 else "entries"
    return f"{total:,} {entries} in {pairs} {'pair' if pairs == 1 else 'pairs'} of languages."
