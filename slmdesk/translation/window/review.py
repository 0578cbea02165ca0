"""The bar above the table of segments (filter, find and replace), and the help below it for the current segment."""

from __future__ import annotations

from functools import partial
from html import escape
from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.base.translation import Origin, SegmentRecord, SegmentState
from slmdesk.text.tagged import Search
from slmdesk.translation.segments import LOOK_AT, Hits, SegmentFilter, SegmentHelp, SegmentNumbers, SimilarPair, TermUse
from slmdesk.translation.types import REASON_WORDS, STATE_WORDS, flag_words, kind_words
from slmdesk.translation.window.languages import DOMAINS
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    CLEAR,
    CheckBox,
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    show_column,
    text_line,
    tool_button,
)
from slmdesk.window.widgets.rows import Choice, empty_layout

TYPED_MS = 200


class FilterBar(QWidget):
    """Bar with a list of states and flags with counts, and a search field. Ctrl+H shows a replacement field below."""

    requested = Signal(object)
    search_changed = Signal(object)
    replace_requested = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_filter_bar")
        self._listed: SegmentNumbers | None = None
        self.hits: Hits | None = None
        """Where the searched words were found. None while this is unknown, or if nothing is to be replaced."""
        self._timer = Delay(self, TYPED_MS, self._on_requested, "typed_filter_timer")
        self._build_ui()
        self._connect()
        self._show_replacing(False)

    def _build_ui(self) -> None:
        self._choice = named(
            Choice([(("", ""), _("All segments"))], self), "segment_filter", label=_("Which segments are shown"),
            tip=_("Which segments are shown"),
        )  # fmt: skip
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        tip, find = _("Search in source and translation"), "segment.find"
        self._search = text_line(
            "segment_search", self, _("Search in the segments"), tip=tip, clears=CLEAR, shortcut=find
        )
        tip = _("Replace words in the translations")
        self._more = tool_button("replace_toggle", self, _("Replace"), tip=tip, shortcut="segment.replace")
        self._more.setCheckable(True)
        self._instead = text_line("replace_with", self, _("Put instead"), label=_("What is put instead"))
        self._exact = named(CheckBox(_("Match case"), self), "replace_match_case")
        self._whole = named(CheckBox(_("Whole words"), self), "replace_whole_words")
        self._said = plain_label("", self, name="replace_hits", kind="muted", wraps=False)
        self._one = button(
            _("Replace"), "replace_one_button", self, tip=_("Replace in the chosen segment and go to the next")
        )
        self._all = button(_("Replace all"), "replace_all_button", self, on=lambda: self.replace_requested.emit(True))
        self.undo_button = tool_button(
            "undo_segment_button", self, label=_("Undo the last change"), tip=_("Undo the last change"),
            shortcut="segment.undo", icon="undo-2",
        )  # fmt: skip
        top = row(self._choice, (self._search, 1), self._more, self.undo_button, gap=theme.SPACE_8)
        self._row = named(QWidget(self), "replace_row")
        self._instead.setMinimumWidth(200)
        parts = (self._instead, self._exact, self._whole, self._one, self._all, self._said)
        self._row.setLayout(flow(*parts, gap=theme.SPACE_8))
        column(top, self._row, into=self, gap=theme.SPACE_8)
        for before, after in pairwise((self._search, self._instead, self._exact, self._whole, self._one, self._all,
                                       self._more, self.undo_button)):  # fmt: skip
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self._choice.value_chosen.connect(self._on_requested)
        self._search.textChanged.connect(self._timer.start)
        self._more.toggled.connect(self._show_replacing)
        self._exact.toggled.connect(self._on_requested)
        self._whole.toggled.connect(self._on_requested)
        self._one.clicked.connect(self._on_one)
        self._instead.returnPressed.connect(self._on_one)

    @property
    def search(self) -> Search:
        words = self._search.text()
        if not self._more.isChecked():
            return Search(words)
        return Search(words, self._exact.isChecked(), self._whole.isChecked())

    @property
    def instead(self) -> str:
        return self._instead.text()

    @property
    def is_replacing(self) -> bool:
        return self._more.isChecked()

    def clear(self) -> None:
        self._search.clear()
        self._timer.stop()  # the list is asked for anyway
        self._more.setChecked(False)
        self._choice.setCurrentIndex(0)

    def look(self, state: str = "", flag: str = "") -> None:
        self._fill(state, flag)
        self._on_requested()

    def search_words(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def replace_words(self) -> None:
        self._more.setChecked(True)
        (self._instead if self._search.text() else self._search).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_listed(self, found: SegmentNumbers) -> None:
        self._listed = found
        if not self._choice.view().isVisible():
            state, flag = self._value()
            self._fill(state, flag)

    def show_hits(self, hits: Hits) -> None:
        self.hits = hits
        count = len(hits.numbers)
        words = ngettext("{places:,} in {n:,} segment", "{places:,} in {n:,} segments", count, places=hits.places)
        words += _(", {count:,} of them approved").format(count=len(hits.approved)) if hits.approved else ""
        self._said.setText(words if self._search.text() else "")
        self._one.setEnabled(bool(count))
        self._all.setEnabled(bool(count))

    def _on_requested(self) -> None:
        state, flag = self._value()
        self.hits = None
        self.requested.emit(SegmentFilter(state, flag, self._search.text()))
        if self._more.isChecked():
            self._one.setEnabled(False)
            self._all.setEnabled(False)
        self.search_changed.emit(self.search)

    def _on_one(self) -> None:
        if self._one.isEnabled():
            self.replace_requested.emit(False)

    def _show_replacing(self, is_on: bool) -> None:
        self._row.setVisible(is_on)
        self._said.clear()
        self._one.setEnabled(False)
        self._all.setEnabled(False)
        if is_on:
            self._on_requested()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._more.isChecked():
            self._more.setChecked(False)
            return
        super().keyPressEvent(event)

    def _value(self) -> tuple[str, str]:
        found = self._choice.currentData()
        return (str(found[0]), str(found[1])) if found else ("", "")

    def _fill(self, state: str, flag: str) -> None:
        found = self._listed
        values: list[tuple[tuple[str, str], str]] = [(("", ""), _("All segments"))]
        if found is not None:
            values = [
                (("", ""), _("All {total:,} segments").format(total=found.total)),
                ((LOOK_AT, ""), _("Needs review: {look:,}").format(look=found.look)),
            ]
            values += [
                ((state.value, ""), f"{STATE_WORDS[state].capitalize()}: {found.states[state]:,}")
                for state in SegmentState if found.states.get(state)
            ]  # fmt: skip
            values += [
                (("", kind), _("Flag: {kind}: {count:,}").format(kind=kind_words(kind), count=count))
                for kind, count in found.flags.items()
            ]
        if (state, flag) not in [value for value, __ in values]:
            values.append(((state, flag), f"{_words_of(state, flag)}: 0"))
        old = [(self._choice.itemData(at), self._choice.itemText(at)) for at in range(self._choice.count())]
        if [words for __, words in old] != [words for __, words in values]:
            self._choice.clear()
            for value, words in values:
                self._choice.addItem(words, value)
        at = next(at for at, (value, __) in enumerate(values) if value == (state, flag))
        self._choice.setCurrentIndex(at)


def _words_of(state: str, flag: str) -> str:
    if flag:
        return _("Flag: {kind}").format(kind=kind_words(flag))
    return _("Needs review") if state == LOOK_AT else STATE_WORDS[SegmentState(state)].capitalize()


# ---- the help for the current segment


ORIGINS = {
    Origin.PERSON: _("edited by you"),
    Origin.IMPORT: _("imported"),
    Origin.MEMORY: _("from the memory"),
    Origin.MODEL: _("machine translation"),
}


class SegmentPanel(QScrollArea):
    use_requested = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_panel", label=_("Help with the chosen segment"))
        self._keeper = keeper
        self._segment: SegmentRecord | None = None
        self._help: SegmentHelp | None = None
        self._back = ""
        self._others: tuple[str, ...] | None = None
        self._inner = named(QWidget(self), "segment_panel_inner")
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        self._column.setSpacing(theme.SPACE_4)
        show_column(self, self._inner)
        keeper.theme_changed.connect(self._show)

    # ---- events

    def show_segment(self, segment: SegmentRecord | None) -> None:
        if segment is not None and segment == self._segment:
            return
        if segment is None or self._segment is None or segment.number != self._segment.number:
            self._help, self._back, self._others = None, "", None
        elif segment.target != self._segment.target:
            self._back = ""
        self._segment = segment
        self._show()

    def show_help(self, found: SegmentHelp) -> None:
        if self._segment is not None and found.number == self._segment.number and found != self._help:
            self._help = found
            self._show()

    def show_back(self, number: int, words: str) -> None:
        if self._segment is not None and number == self._segment.number:
            self._back = words or _("(the model gave no answer)")
            self._show()

    def show_others(self, number: int, words: list[str]) -> None:
        if self._segment is not None and number == self._segment.number:
            self._others = tuple(words)
            self._show()

    # ---- private

    def _show(self) -> None:
        empty_layout(self._column)
        segment = self._segment
        if segment is None:
            self._add(plain_label(_("Select a sentence to see terms and similar translations."), self._inner,
                                  name="panel_empty", kind="muted"))  # fmt: skip
        else:
            self._show_flags(segment)
            if self._help is not None:
                self._show_terms(self._help.terms)
                self._show_likenesses(self._help.likenesses)
            if self._back:
                self._head("Back into the language of the source")
                self._add(plain_label(self._back, self._inner, name="back_translation"))
            self._show_others()
        self._column.addStretch(1)

    def _show_flags(self, segment: SegmentRecord) -> None:
        why = [REASON_WORDS.get(segment.reason, segment.reason)] if segment.reason else []
        said = [*why, *(flag_words(flag) for flag in segment.flags)]
        if segment.place or segment.origin:
            origin = ORIGINS.get(segment.origin, "") if segment.origin else ""
            about = " · ".join(filter(None, (segment.place, origin)))
            self._add(plain_label(about, self._inner, name="segment_place", kind="muted"))
        for words in said:
            self._add(plain_label(f"• {words}", self._inner, name="segment_flag", kind="warn"))

    def _show_terms(self, terms: tuple[TermUse, ...]) -> None:
        if not terms:
            return
        self._head("Terms of the glossary")
        for term in terms:
            requested = _("stays as it is") if term.term.keeps else term.term.target
            used = "used" if term.is_used else _("not used")
            words = f"{term.term.source} → {requested}: {used}" if requested else term.term.source
            words += _("; forbidden: {forbidden}").format(forbidden=", ".join(term.forbidden)) if term.forbidden else ""
            words += f" ({term.term.note})" if term.term.note else ""
            is_fine = term.is_used and not term.forbidden
            self._add(plain_label(words, self._inner, name="segment_term", kind="" if is_fine else "warn"))

    def _show_likenesses(self, likenesses: tuple[SimilarPair, ...]) -> None:
        if not likenesses:
            return
        self._head("Like it in the memory")
        for likeness in likenesses:
            pair = likeness.match.pair
            domain = DOMAINS.get(pair.domain, pair.domain).lower()
            about = [f"{int(likeness.match.likeness * 100)} %", ORIGINS.get(pair.origin, "")]
            about += (
                [
                    _("about {domain}").format(domain=domain)
                    + (_(", counted lower for it") if likeness.is_penalised else "")
                ]
                if domain
                else []
            )
            self._add(plain_label(" · ".join(part for part in about if part), self._inner, name="likeness_about",
                                  kind="muted"))  # fmt: skip
            self._add(self._difference(likeness))
            self._offer(pair.target, "use_likeness", _("Use"))

    def _difference(self, pair: SimilarPair) -> QLabel:
        """Return a label that compares the remembered source with this source: removed words struck out, new words
        marked.

        Every word is escaped.
        """
        colours = self._keeper.theme
        forms = {
            "same": "{}",
            "gone": f'<s style="color:{colours.ink2}">{{}}</s>',
            "new": f'<b style="background:{colours.mark};color:{colours.ink}">{{}}</b>',
        }
        words = " ".join(forms[kind].format(escape(text)) for kind, text in pair.runs)
        label = plain_label("", self._inner, name="likeness_source")
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setText(words)
        reported = {"same": "{}", "gone": _("[only in the memory: {}]"), "new": _("[only here: {}]")}
        label.setAccessibleName(" ".join(reported[kind].format(text) for kind, text in pair.runs))
        return label

    def _show_others(self) -> None:
        if self._others is None:
            return
        self._head("Other wordings")
        if not self._others:
            self._add(plain_label(_("The model has no other."), self._inner, name="no_others", kind="muted"))
        for words in self._others:
            self._offer(words, "use_other", _("Use"))

    def _offer(self, words: str, name: str, button_words: str) -> None:
        number = self._segment.number if self._segment is not None else 0
        use = button(
            button_words, name, self._inner, kind="quiet", label=_("Use: {word}").format(word=words[:80]),
            on=partial(self.use_requested.emit, number, words),
        )  # fmt: skip
        offered, holder = plain_label(words, self._inner, name="offered_words"), named(QWidget(self._inner), "offer")
        row(
            (offered, 1), (use, Qt.AlignmentFlag.AlignTop), into=holder, gap=theme.SPACE_8,
            margins=(0, 0, 0, theme.SPACE_4),
        )  # fmt: skip
        self._add(holder)

    def _head(self, words: str) -> None:
        self._add(plain_label(words, self._inner, name="panel_head", kind="strong"))

    def _add(self, widget: QWidget) -> None:
        self._column.addWidget(widget)
