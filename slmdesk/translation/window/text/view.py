"""View settings of the translator's text: languages on top, font size, side by side.  No widgets here."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record, changed
from slmdesk.base.settings import Settings
from slmdesk.window.base.bridge import Bridge

FONT_STEPS = (50, 67, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300)
MOST_RECENT = 4


class TextView(Record):
    favourites: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    font_percent: int = 100
    is_paired: bool = False
    is_shaded: bool = False


class ViewSettings(QObject):
    """Emits `changed` with a TextView; changes are saved."""

    changed = Signal(object)

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="translate_view")
        self._bridge = bridge
        self.view = TextView(
            _codes(settings.translate_favourites),
            _codes(settings.translate_recent)[:MOST_RECENT],
            settings.translate_font_percent,
            settings.translate_pairs,
            settings.translate_doubts,
        )

    def toggle_favourite(self, code: str) -> None:
        old = self.view.favourites
        new = tuple(one for one in old if one != code) if code in old else (*old, code)
        self._change(changed(self.view, favourites=new), translate_favourites=" ".join(new))

    def note_used(self, code: str) -> None:
        if code in LANGUAGES:
            new = (code, *(one for one in self.view.recent if one != code))[:MOST_RECENT]
            self._change(changed(self.view, recent=new), translate_recent=" ".join(new))

    def enlarge(self) -> None:
        self._set_font(next((one for one in FONT_STEPS if one > self.view.font_percent), FONT_STEPS[-1]))

    def shrink(self) -> None:
        self._set_font(next((one for one in reversed(FONT_STEPS) if one < self.view.font_percent), FONT_STEPS[0]))

    def reset_font(self) -> None:
        self._set_font(100)

    def set_paired(self, is_paired: bool) -> None:
        self._change(changed(self.view, is_paired=is_paired), translate_pairs=is_paired)

    def set_shaded(self, is_shaded: bool) -> None:
        self._change(changed(self.view, is_shaded=is_shaded), translate_doubts=is_shaded)

    def _set_font(self, percent: int) -> None:
        self._change(changed(self.view, font_percent=percent), translate_font_percent=percent)

    def _change(self, view: TextView, **kept: Any) -> None:
        if view != self.view:
            self.view = view
            self._bridge.ask(self._bridge.services.settings.change(**kept), None, lambda _problem: None)
            self.changed.emit(view)


def _codes(kept: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in kept.split() if one in LANGUAGES))
