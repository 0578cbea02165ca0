"""The help for the current segment: findings, terms, similar sentences from the memory, other translations."""

from __future__ import annotations

from functools import partial
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.translation import Origin, SegmentRecord
from slmdesk.translation.asking.labels import REASON_WORDS, flag_words
from slmdesk.translation.segment_list import SegmentHelp, SimilarPair, TermUse
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import button, row
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import plain_label

ORIGINS = {
    Origin.PERSON: "written by you",
    Origin.IMPORT: "imported",
    Origin.MEMORY: "from the memory",
    Origin.MODEL: "by a model",
}
DOMAIN_WORDS = {"legal": "law", "medical": "medicine", "technical": "technology", "finance": "money"}


class SegmentPanel(QScrollArea):
    use_requested = Signal(int, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "segment_panel", label="Help with the chosen segment")
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
            self._back = words or "(the model gave no answer)"
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
            self._add(plain_label("Choose a segment to see its terms, and what the memory has like it.", self._inner,
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
        said = [*why, *(flag_words(one) for one in segment.flags)]
        if segment.place or segment.origin:
            origin = ORIGINS.get(segment.origin, "") if segment.origin else ""
            about = " · ".join(one for one in (segment.place, origin) if one)
            self._add(plain_label(about, self._inner, name="segment_place", kind="muted"))
        for words in said:
            self._add(plain_label(f"• {words}", self._inner, name="segment_flag", kind="warn"))

    def _show_terms(self, terms: tuple[TermUse, ...]) -> None:
        if not terms:
            return
        self._head("Terms of the glossary")
        for one in terms:
            requested = "stays as it is" if one.term.keeps else one.term.target
            used = "used" if one.is_used else "not used"
            words = f"{one.term.source} → {requested}: {used}" if requested else one.term.source
            words += f"; forbidden: {', '.join(one.forbidden)}" if one.forbidden else ""
            words += f" ({one.term.note})" if one.term.note else ""
            is_fine = one.is_used and not one.forbidden
            self._add(plain_label(words, self._inner, name="segment_term", kind="" if is_fine else "warn"))

    def _show_likenesses(self, likenesses: tuple[SimilarPair, ...]) -> None:
        if not likenesses:
            return
        self._head("Like it in the memory")
        for one in likenesses:
            pair = one.match.pair
            domain = DOMAIN_WORDS.get(pair.domain, pair.domain)
            about = [f"{int(one.match.likeness * 100)} %", ORIGINS.get(pair.origin, "")]
            about += [f"about {domain}" + (", counted lower for it" if one.is_penalised else "")] if domain else []
            self._add(plain_label(" · ".join(part for part in about if part), self._inner, name="likeness_about",
                                  kind="muted"))  # fmt: skip
            self._add(self._difference(one))
            self._offer(pair.target, "use_likeness", "Use")

    def _difference(self, one: SimilarPair) -> QLabel:
        """The remembered source compared with this one: removed words struck out, new ones marked.

        Every word is escaped.
        """
        colours = self._keeper.theme
        forms = {
            "same": "{}",
            "gone": f'<s style="color:{colours.muted}">{{}}</s>',
            "new": f'<b style="background:{colours.mark};color:{colours.text}">{{}}</b>',
        }
        words = " ".join(forms[kind].format(escape(text)) for kind, text in one.runs)
        label = plain_label("", self._inner, name="likeness_source")
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setText(words)
        reported = {"same": "{}", "gone": "[only in the memory: {}]", "new": "[only here: {}]"}
        label.setAccessibleName(" ".join(reported[kind].format(text) for kind, text in one.runs))
        return label

    def _show_others(self) -> None:
        if self._others is None:
            return
        self._head("Other wordings")
        if not self._others:
            self._add(plain_label("The model has no other.", self._inner, name="no_others", kind="muted"))
        for words in self._others:
            self._offer(words, "use_other", "Use")

    def _offer(self, words: str, name: str, button_words: str) -> None:
        number = self._segment.number if self._segment is not None else 0
        use = button(
            button_words, name, self._inner, kind="quiet", label=f"Use: {words[:80]}",
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
