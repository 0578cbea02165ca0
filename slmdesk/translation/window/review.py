"""The bar above the table of segments, which filters them, and the help beside it for the current segment."""

from __future__ import annotations

from functools import partial
from html import escape

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.texts import _, grouped
from slmdesk.base.translation import Origin, SegmentRecord, SegmentState, weighty
from slmdesk.base.types import told_place
from slmdesk.translation.segments import LOOK_AT, SegmentHelp, SegmentNumbers, SimilarPair, TermUse
from slmdesk.translation.types import flag_words, reason_words
from slmdesk.translation.window.languages import DOMAINS
from slmdesk.window.base import theme
from slmdesk.window.base.live import Live
from slmdesk.window.base.text import inside
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import button, column, named, plain_label, row, show_column
from slmdesk.window.widgets.rows import empty_layout


class FilterBar(QWidget):
    """Chips with counts, each of which shows only some segments. One for what is edited comes with the first."""

    shown = ""
    """State of the segments that are shown. Empty: all."""

    def __init__(self, listed: Live[SegmentNumbers | None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("segment_filter_bar")
        self._listed = listed
        self._chips = {
            state: (words, button(words, name, self, kind="chip", on=partial(self._on_chip, state)))
            for state, words, name in (
                (LOOK_AT, _("To check"), "check_chip"), (SegmentState.EDITED.value, _("Edited"), "edited_chip"),
            )
        }  # fmt: skip
        for _words, chip in self._chips.values():
            chip.setCheckable(True)
        margins = (theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_12)
        row(*(chip for _words, chip in self._chips.values()), 1, into=self, gap=theme.SPACE_8, margins=margins)
        listed.changed.connect(self._show)

    def show_only(self, state: str) -> None:
        is_other, self.shown = state != self.shown, state
        self._show()
        if is_other:
            self._listed.again()

    def _on_chip(self, state: str) -> None:
        self.show_only("" if state == self.shown else state)

    def _show(self) -> None:
        listed = self._listed.value or SegmentNumbers((), {}, 0)
        for state, (words, chip) in self._chips.items():
            count = listed.look if state == LOOK_AT else listed.states.get(SegmentState(state), 0)
            width = chip.fontMetrics().horizontalAdvance(f"{words}  {grouped(listed.total)}")
            chip.setMinimumWidth(width + 2 * theme.SPACE_16)
            chip.setText(f"{words}  {grouped(count)}")
            chip.setChecked(state == self.shown)
            chip.setVisible(bool(count) or state in (LOOK_AT, self.shown))


ORIGINS = {
    Origin.PERSON: _("edited by you"),
    Origin.IMPORT: _("imported"),
    Origin.MEMORY: _("from memory"),
    Origin.MODEL: _("machine translation"),
}


class Suggestion(QFrame):
    taken = Signal(str)

    def __init__(self, words: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, label=_("Use: {words}").format(words=words), tip=_("Use"), kind="choice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._words = words
        column(plain_label(words, self, name="offered_words"), into=self, margins=(theme.SPACE_12, theme.SPACE_8))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.taken.emit(self._words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.taken.emit(self._words)
        else:
            super().keyPressEvent(event)


class SegmentPanel(QScrollArea):
    use_requested = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_panel", label=_("Help with the chosen segment"))
        self._keeper = keeper
        self._segment: SegmentRecord | None = None
        self._help: SegmentHelp | None = None
        """What is known about it, once that is asked for."""
        self._inner = named(QWidget(self), "segment_panel_inner")
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE_8)
        show_column(self, self._inner)
        keeper.theme_changed.connect(self._show)

    def show_segment(self, segment: SegmentRecord | None, hints: SegmentHelp | None) -> None:
        """Show a segment with the help that was found last, if that is for it."""
        hints = hints if segment and hints and hints.number == segment.number else None
        if segment is None or (segment, hints) != (self._segment, self._help):
            self._segment, self._help = segment, hints
            self._show()

    def _show(self) -> None:
        empty_layout(self._column)
        segment = self._segment
        if segment is None:
            self._add(plain_label(_("Select a sentence to see terms and similar translations."), self._inner,
                                  name="panel_empty", kind="muted"))  # fmt: skip
        else:
            self._show_flags(segment)
            if self._help is not None:
                self._show_likenesses(segment.number, self._help.likenesses)
                self._show_terms(self._help.terms)
        self._column.addStretch(1)

    def _show_flags(self, segment: SegmentRecord) -> None:
        light = [flag for flag in segment.flags if flag not in weighty(segment.flags)]
        hints = [flag_words(flag) for flag in light if flag.kind != "unsure"]
        why = [reason_words(segment.reason)] if segment.reason else []
        for words in [*why, *(flag_words(flag) for flag in weighty(segment.flags))]:
            self._add(plain_label(words, self._inner, name="segment_flag", kind="warn"))
        origin = ORIGINS.get(segment.origin, "") if segment.origin else ""
        about = [" · ".join(filter(None, (told_place(segment.place), origin))), *hints]
        for words in filter(None, about):
            self._add(plain_label(words, self._inner, name="segment_place", kind="small"))

    def _show_terms(self, terms: tuple[TermUse, ...]) -> None:
        if not terms:
            return
        self._head(_("Terms"))
        for term in terms:
            requested = _("not translated") if term.term.keeps else term.term.target
            used = _("used") if term.is_used else _("not used")
            words = f"{term.term.source} → {requested}: {used}" if requested else term.term.source
            words += _("; forbidden: {forbidden}").format(forbidden=", ".join(term.forbidden)) if term.forbidden else ""
            words += f" ({term.term.note})" if term.term.note else ""
            is_fine = term.is_used and not term.forbidden
            self._add(plain_label(words, self._inner, name="segment_term", kind="" if is_fine else "warn"))

    def _show_likenesses(self, number: int, likenesses: tuple[SimilarPair, ...]) -> None:
        if not likenesses:
            return
        self._head(_("Similar"))
        for likeness in likenesses:
            pair = likeness.pair
            domain = inside(DOMAINS.get(pair.domain, pair.domain))
            about = [f"{int(likeness.likeness * 100)} %", ORIGINS.get(pair.origin, "")]
            if domain:
                lower = _(", counted lower for it") if likeness.is_penalised else ""
                about.append(_("about {domain}").format(domain=domain) + lower)
            words = " · ".join(filter(None, about))
            self._add(plain_label(words, self._inner, name="likeness_about", kind="small"))
            self._add(self._difference(likeness))
            offer = Suggestion(pair.target, "use_likeness", self._inner)
            offer.taken.connect(partial(self.use_requested.emit, number))
            self._add(offer)

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

    def _head(self, words: str) -> None:
        self._add(plain_label(words, self._inner, name="panel_head", kind="group"))

    def _add(self, widget: QWidget) -> None:
        self._column.addWidget(widget)
