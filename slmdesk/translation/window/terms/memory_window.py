"""The window of the translation memory: search, edit, delete, import, export.  Widgets only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QWidget

from slmdesk.base.translation import MemoryShare, Origin
from slmdesk.runtime.events import Problem
from slmdesk.translation.terms.memory import FUZZY, Match, MemoryPage
from slmdesk.translation.window.terms.glossary_forms import DOMAINS, LanguagesForm, language_words
from slmdesk.translation.window.terms.memory_controller import MemoryController, TmxRequest, share_words
from slmdesk.translation.window.terms.memory_model import (
    CREATED,
    DIFFERENCE,
    DOMAIN,
    LANGUAGES,
    LIKE,
    ORIGIN,
    ORIGIN_WORDS,
    SOURCE,
    TARGET,
    MemoryModel,
)
from slmdesk.translation.window.terms.table_window import TableWindow
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import column, flow, row
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.file_dialogs import ask_file, ask_new_file
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

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
        origins = [(one, f"From {ORIGIN_WORDS[one]}") for one in (Origin.PERSON, Origin.IMPORT, Origin.MODEL)]
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
        for one in shares:
            pair = (one.source_language, one.target_language)
            counts[pair] = counts.get(pair, 0) + one.pairs
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
        penalised = any(one.penalty for one in matches)
        self._on_said(words + (" * of another domain, so some percent less." if penalised else ""))

    def _show_like(self, is_fuzzy: bool) -> None:
        self._search.setPlaceholderText(LIKE_HINT if is_fuzzy else WORDS_HINT)
        for at in (LIKE, DIFFERENCE):
            self._table.setColumnHidden(at, not is_fuzzy)
        for at in (ORIGIN, CREATED):
            self._table.setColumnHidden(at, is_fuzzy)
        self._origin.setEnabled(not is_fuzzy)
