"""The window of the translation memory: search, edit, delete, import, export."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QWidget

from slmdesk.base.record import changed
from slmdesk.base.texts import _, grouped, ngettext
from slmdesk.base.translation import MemoryFilter, MemoryPair, MemoryShare, Origin
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.memory import FUZZY, Match, MemoryImport, MemoryPage
from slmdesk.translation.types import MemoryChanged
from slmdesk.translation.window.languages import DOMAINS
from slmdesk.translation.window.terms_forms import (
    Index,
    LanguagesForm,
    RowsModel,
    TableWindow,
    language_words,
)
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.text import day_words
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import column, flow, named, plain_label, plain_tip, row
from slmdesk.window.widgets.opening import ask_file, ask_new_file
from slmdesk.window.widgets.rows import Choice

# ---- the table model of the translation memory


LIKE, SOURCE, TARGET, DIFFERENCE, LANGUAGES, DOMAIN, ORIGIN, CREATED = range(8)
COLUMNS = (
    _("Like"),
    _("Source"),
    _("Translation"),
    _("What differs"),
    _("Languages"),
    _("Domain"),
    _("From"),
    _("Kept on"),
)
ORIGIN_WORDS = {
    Origin.PERSON: _("you"), Origin.IMPORT: _("a file"), Origin.MODEL: _("a model"), Origin.MEMORY: _("the memory"),
}  # fmt: skip


class MemoryModel(RowsModel):
    edited = Signal(object)
    columns = COLUMNS

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(keeper, parent, "memory_model")

    def change(self, pair: MemoryPair) -> None:
        for at, match in enumerate(self.rows):
            if match.pair.n == pair.n:
                self.update_row(at, changed(match, pair=pair))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.AccessibleTextRole):
            return cells_of(match)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(match) if index.column() == LIKE else cells_of(match)[index.column()])
        if role == Qt.ItemDataRole.ForegroundRole and index.column() > DIFFERENCE:
            return self._keeper.theme.colour("ink2")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Request a change of a cell. It is shown once it is saved."""
        pair = self.rows[index.row()].pair
        name = {SOURCE: "source", TARGET: "target"}.get(index.column())
        if role == Qt.ItemDataRole.EditRole and name and str(value) != getattr(pair, name):
            self.edited.emit(changed(pair, **{name: str(value)}))
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (SOURCE, TARGET) else flags


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
    words = _("{percent} % of the letters are the same.").format(percent=match.percent)
    if match.penalty:
        words = _("{word}, {penalty:.0%} taken off because the entry is of another domain.").format(
            word=words[:-1], penalty=match.penalty
        )
    return words


# ---- memory window


WORDS_HINT = _("Search words of the source")
TMX_FILES = _("TMX (*.tmx *.xml);;All files (*)")
LIKE_HINT = _("A sentence: those like it are shown, with what differs")
WIDTHS = {LIKE: 9, SOURCE: 42, TARGET: 42, DIFFERENCE: 36, LANGUAGES: 13, DOMAIN: 11, ORIGIN: 12, CREATED: 12}
"""Widths of the columns in letters."""
PAGE = 300
SEARCH_MS = 200
ASKING = ("glossary.no_languages", "glossary.more_languages")


class MemoryWindow(TableWindow):
    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(bridge, parent, name="memory", title=_("Translation memory"), height=640, search_ms=SEARCH_MS)
        self._model = MemoryModel(keeper, self)
        self._build_ui()
        self._connect()
        self._show_like(False)
        self._read_shares()
        self.read()

    def _build_ui(self) -> None:
        self._summary = plain_label("", self, name="memory_summary")
        self._search = self._search_line("memory_search", _("Search the memory"), most=2000)
        self._like = named(
            QCheckBox(_("Sentences alike ({fuzzy:.0%} or more)").format(fuzzy=FUZZY), self), "memory_like_box"
        )
        self._pair = self._choice([(("", ""), _("All languages"))], "memory_pair_choice", _("Languages"))
        domains: list[tuple[object, str]] = [
            (None, _("All domains")), ("", _("No domain")), *DOMAINS.items(),
        ]  # fmt: skip
        self._domain = self._choice(domains, "memory_domain_choice", _("Domain"))
        origins = [
            (origin, _("From {origin_word}").format(origin_word=ORIGIN_WORDS[origin]))
            for origin in (Origin.PERSON, Origin.IMPORT, Origin.MODEL)
        ]
        self._origin = self._choice(
            [(None, _("From anywhere")), *origins], "memory_origin_choice", _("Where entries are from")
        )
        self._table = self._make_table(
            self._model, "memory_table", _("Remembered translations"), WIDTHS, self._on_delete
        )
        self._delete = self._button(_("Delete"), "delete_pairs_button", _("Delete the chosen entries (Del)"))
        self._import = self._button(
            _("Import TMX…"), "import_tmx_button", _("Add the pairs of another program (Ctrl+O)")
        )
        self._export = self._button(
            _("Export TMX…"), "export_tmx_button", _("For another program; a model's are left out")
        )
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
        self._search.textChanged.connect(self._timer.start)
        self._like.toggled.connect(self._on_like)
        for choice in (self._pair, self._domain, self._origin):
            choice.value_chosen.connect(self.read)
        self._delete.clicked.connect(self._on_delete)
        self._import.clicked.connect(self._on_import)
        self._export.clicked.connect(self._on_export)
        self._table.selectionModel().selectionChanged.connect(self._show_delete)
        self._model.modelReset.connect(self._show_delete)
        self._model.edited.connect(self._on_edited)
        self._model.page_requested.connect(self._on_page_requested)
        self._bridge.on(MemoryChanged, self._on_changed)
        QShortcut(QKeySequence("Ctrl+O"), self, self._on_import)

    # ---- what is shown

    def _read_shares(self) -> None:
        self._ask(lambda services: services.memory.shares(), self._on_shares)

    def _on_changed(self, _event: object) -> None:
        self._timer.start()
        self._read_shares()

    def _on_shares(self, shares: Sequence[MemoryShare]) -> None:
        self._summary.setText(share_words(shares))
        counts: dict[tuple[str, str], int] = {}
        for share in shares:
            pair = (share.source_language, share.target_language)
            counts[pair] = counts.get(pair, 0) + share.pairs
        chosen = self._pair.currentData()
        with QSignalBlocker(self._pair):
            self._pair.clear()
            self._pair.addItem(_("All languages"), ("", ""))
            for (source, target), count in counts.items():
                words = f"{language_words(source)} → {language_words(target)} ({grouped(count)})"
                self._pair.addItem(words, (source, target))
            places = [at for at in range(self._pair.count()) if self._pair.itemData(at) == chosen]
            self._pair.setCurrentIndex(places[0] if places else 0)
        self._export.setEnabled(bool(shares))

    @property
    def _requested(self) -> MemoryFilter:
        source, target = self._pair.currentData()
        return MemoryFilter(
            words=self._search.text().strip(), source_language=source, target_language=target,
            domain=self._domain.currentData(), origin=self._origin.currentData(),
        )  # fmt: skip

    def read(self) -> None:
        self._timer.stop()
        self._turn += 1
        requested = self._requested
        if not self._like.isChecked() or not requested.words:
            self._read_page(requested, None)
            return

        def like(services: Services) -> list[Match]:
            return services.memory.matches(
                requested.source_language, requested.target_language, requested.words, requested.domain or ""
            )

        self._ask(like, partial(self._on_matches, self._turn))

    def _on_page_requested(self) -> None:
        self._read_page(self._requested, self._model.rows[-1].pair.n)

    def _read_page(self, requested: MemoryFilter, before: int | None) -> None:
        """Read the page of pairs with numbers below `before`. None means the first page."""
        begin = 0 if before is None else len(self._model.rows)
        self._ask(
            lambda services: services.memory.page(requested, before=before, limit=PAGE),
            partial(self._on_page, self._turn, begin),
        )

    def _on_page(self, turn: int, begin: int, page: MemoryPage) -> None:
        if turn == self._turn:
            self._model.show_rows([Match(pair, 0.0, ()) for pair in page.pairs], page.found, begin)
            if not begin:
                self._say(
                    _("{found:,} of {total:,} entries.").format(found=page.found, total=page.total)
                    if page.found != page.total
                    else ""
                )

    def _on_matches(self, turn: int, matches: list[Match]) -> None:
        if turn == self._turn:
            self._model.show_rows(matches, len(matches))
            words = (
                _("{count} like it.").format(count=len(matches))
                if matches
                else _("Nothing in the memory is like this sentence.")
            )
            penalised = any(match.penalty for match in matches)
            self._say(words + (_(" * of another domain, so some percent less.") if penalised else ""))

    def _on_like(self, is_fuzzy: bool) -> None:
        self._show_like(is_fuzzy)
        self.read()

    def _show_like(self, is_fuzzy: bool) -> None:
        self._search.setPlaceholderText(LIKE_HINT if is_fuzzy else WORDS_HINT)
        for at in (LIKE, DIFFERENCE, ORIGIN, CREATED):
            self._table.setColumnHidden(at, is_fuzzy == (at in (ORIGIN, CREATED)))
        self._origin.setEnabled(not is_fuzzy)

    def _show_delete(self) -> None:
        self._delete.setEnabled(self._table.selectionModel().hasSelection())

    # ---- changing

    def _on_edited(self, pair: MemoryPair) -> None:
        """Change the text of a pair. If that fails, show the old text again."""
        call = self._bridge.services.memory.change(pair.n, pair.source, pair.target)
        self._bridge.ask(call, self._on_pair, self._on_change_refused)

    def _on_pair(self, pair: MemoryPair) -> None:
        self._refuse("")
        self._model.change(pair)

    def _on_delete(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        numbers = [self._model.rows[at].pair.n for at in rows]
        if numbers:
            self._ask(lambda services: services.memory.forget(numbers), self._on_gone)

    def _on_gone(self, gone: list[MemoryPair]) -> None:
        if gone:
            words = ngettext("One entry was deleted.", "{n} entries were deleted.", len(gone))
            undo = partial(self._ask, lambda services: services.memory.restore(gone))
            self._offer_undo(words, undo, other=_("Delete for good"), key="memory")

    # ---- files

    def _on_import(self) -> None:
        ask_file(self, _("Import a translation memory"), self._on_file, name="tmx_file_dialog", filters=TMX_FILES)

    def _on_file(self, path: Path) -> None:
        self._refuse("")
        self._read_file(path)

    def _read_file(self, path: Path, source: str = "", target: str = "") -> None:
        self._say(_("Reading {name}…").format(name=path.name))
        self._follow(
            lambda services: services.memory.import_file(path, source=source, target=target),
            lambda done: self._say(imported_words(done)),
            partial(self._on_import_refused, path),
            self._on_rows,
        )

    def _on_import_refused(self, path: Path, problem: Problem) -> None:
        if problem.code not in ASKING:
            self._on_failed(problem)
            return
        self._say("")
        form = LanguagesForm(self, problem, path.name)
        form.requested.connect(lambda languages: self._read_file(path, *languages))
        form.open()

    def _on_export(self) -> None:
        name, filters = "tmx_export_dialog", _("TMX (*.tmx)")
        proposed = Path.home() / _("slmdesk memory.tmx")
        ask_new_file(
            self, _("Export the memory as TMX"), self._export_to, name=name, proposed=proposed, filters=filters
        )

    def _export_to(self, path: Path) -> None:
        """Write the pairs of the chosen languages, or all pairs if none are chosen."""
        source, target = self._pair.currentData()
        self._say(_("Writing {name}…").format(name=path.name))
        self._follow(lambda services: services.memory.export_file(path, source=source, target=target), self._on_written)


def imported_words(done: MemoryImport) -> str:
    said = [_("{kept:,} pairs were kept.").format(kept=done.kept)]
    if done.duplicates:
        said.append(_("{duplicates:,} were there already.").format(duplicates=done.duplicates))
    if done.replaced:
        said.append(_("{replaced:,} took the place of another translation.").format(replaced=done.replaced))
    if done.skipped:
        said.append(
            _("{skipped:,} could not be used, the first is {first_skipped}.").format(
                skipped=done.skipped, first_skipped=done.first_skipped
            )
        )
    if done.contradictions:
        said.append(
            _("{count:,} have two translations in the file: the last one counts.").format(
                count=len(done.contradictions)
            )
        )
    return " ".join(said)


def share_words(shares: Sequence[MemoryShare]) -> str:
    total = sum(share.pairs for share in shares)
    if not total:
        return _("Empty. Sentences you edit are saved here; you can also import a TMX file.")
    pairs = len({(share.source_language, share.target_language) for share in shares})
    entries = ngettext("entry", "entries", total)
    return ngettext(
        "{total:,} {entries} in {n} pair of languages.",
        "{total:,} {entries} in {n} pairs of languages.",
        pairs,
        total=total,
        entries=entries,
    )
