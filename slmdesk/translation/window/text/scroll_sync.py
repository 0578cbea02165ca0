"""Keeps the panes of source and translation in step: scrolled together, the pointed-at segment highlighted in both."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.translation.window.text.segment_edit import Mark, SegmentEdit, Span, size16
from slmdesk.translation.window.text.status_text import PaneState, shown_of, tip_of
from slmdesk.window.base.theme_keeper import ThemeKeeper


class ScrollSync(QObject):
    def __init__(self, source: SegmentEdit, target: SegmentEdit, keeper: ThemeKeeper, parent: QObject) -> None:
        super().__init__(parent, objectName="reading")
        self._source, self._target, self._keeper = source, target, keeper
        self._is_following = False
        for pane, other in ((source, target), (target, source)):
            pane.verticalScrollBar().valueChanged.connect(partial(self._follow, pane, other))
            pane.pointed.connect(self._on_pointed)

    def show(self, shown: PaneState, *, is_source_there: bool, is_shaded: bool) -> None:
        """`is_source_there`: the source pane holds exactly the text the segments come from."""
        self._is_following = True
        self._target.show_text(shown.text)
        self._is_following = False
        sources, targets = spans_of(shown)
        colour = self._keeper.theme.colour("mark")
        self._source.show_spans(sources if is_source_there else [], [], colour)
        self._target.show_spans(targets, self._marks(shown, targets, is_shaded), colour)

    def _marks(self, shown: PaneState, spans: list[Span], is_shaded: bool) -> list[Mark]:
        warn = self._keeper.theme.colour("warn")
        found = []
        for one, span in zip(shown.segments, spans, strict=True):
            if is_shaded and one.state is not SegmentState.OPEN:
                found += [Mark(part, warn, True, tip) for part, tip in _doubts(one, span[0])]
            if one.flags and one.state is not SegmentState.OPEN and span[0] < span[1]:
                found.append(Mark(span, warn, False, tip_of(one)))
        return found

    def _on_pointed(self, index: int) -> None:
        self._source.light(index)
        self._target.light(index)

    def _follow(self, pane: SegmentEdit, other: SegmentEdit, _value: int) -> None:
        if not self._is_following and pane.isVisible():
            self._is_following = True
            other.scroll_into_view(pane.top())
            self._is_following = False


def _doubts(segment: LiveSegment, begin: int) -> list[tuple[Span, str]]:
    found = []
    for start, end, likely in segment.doubts:
        span = (begin + size16(segment.target[:start]), begin + size16(segment.target[:end]))
        found.append((span, f"The model gave “{segment.target[start:end]}” {round(100 * likely)} %."))
    return found


def spans_of(shown: PaneState) -> tuple[list[Span], list[Span]]:
    source: list[Span] = []
    target: list[Span] = []
    at = there = 0
    for one in shown.segments:
        lead, trail, size, other = size16(one.lead), size16(one.trail), size16(one.source), size16(shown_of(one))
        source.append((at + lead, at + lead + size))
        target.append((there + lead, there + lead + other))
        at += lead + size + trail
        there += lead + other + trail
    return source, target
