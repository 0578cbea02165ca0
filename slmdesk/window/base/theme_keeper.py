"""Chooses the theme (the system's, light or dark) and applies it to the application."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from slmdesk.window.base.icons import SCALE
from slmdesk.window.base.style_sheet import style_sheet
from slmdesk.window.base.theme import DARK, FONT_SCALES, LIGHT, Theme, contrast_theme, palette_of, system_fonts


class ThemeKeeper(QObject):
    """Emits `theme_changed` with the new Theme, also when only the fonts changed; read `fonts` beside it."""

    theme_changed = Signal(object)

    def __init__(
        self, app: QApplication, *, choice: str = "system", scale: int = 100, is_sheet_later: bool = False
    ) -> None:
        """`is_sheet_later`: `put_on_sheet` is called once the window is built."""
        super().__init__(app)
        self.setObjectName("theme_keeper")
        self._app = app
        self._hints = app.styleHints()  # kept: what PySide gives out dies with the wrapper it was asked from
        self._system_palette = QPalette(app.palette())  # before ours hides it
        self.choice = choice
        self.fonts = system_fonts(scale)
        self.theme = self._chosen()
        self._hints.colorSchemeChanged.connect(self._on_system_changed)
        hints = self._accessibility()
        if hints is not None:
            hints.contrastPreferenceChanged.connect(self._on_system_changed)
        self._is_sheet_on = not is_sheet_later
        self._dress()

    def put_on_sheet(self) -> None:
        """Style what has been built.

        Where the application has a style sheet, Qt looks at a whole page anew each time it is put into another widget:
        a third of the time that the window takes.
        """
        self._is_sheet_on = True
        self._app.setStyleSheet(style_sheet(self.theme, self.fonts))

    def set_choice(self, choice: str) -> None:
        self.choice = choice
        self._renew()

    def set_font_scale(self, percent: int) -> None:
        """Scale all text, 80..250 percent; takes effect at once."""
        low, high = FONT_SCALES
        self.fonts = system_fonts(min(max(percent, low), high))
        self._renew(fonts_changed=True)

    def _on_system_changed(self) -> None:
        self._renew()

    def _renew(self, *, fonts_changed: bool = False) -> None:
        chosen = self._chosen()
        if fonts_changed or chosen != self.theme:
            self.theme = chosen
            self._app.setOverrideCursor(Qt.CursorShape.WaitCursor)  # all widgets are looked at: it takes a moment
            self._dress()
            self.theme_changed.emit(chosen)
            self._app.restoreOverrideCursor()

    def _chosen(self) -> Theme:
        if self._wants_contrast():
            return contrast_theme(self._system_palette)
        if self.choice in ("light", "dark"):
            return DARK if self.choice == "dark" else LIGHT
        scheme = self._hints.colorScheme()
        if scheme == Qt.ColorScheme.Unknown:  # offscreen and a bare X server say nothing
            is_dark = self._system_palette.color(QPalette.ColorRole.Window).lightness() < 128
        else:
            is_dark = scheme == Qt.ColorScheme.Dark
        return DARK if is_dark else LIGHT

    def _wants_contrast(self) -> bool:
        hints = self._accessibility()
        return hints is not None and hints.contrastPreference() == Qt.ContrastPreference.HighContrast

    def _accessibility(self) -> Any:
        """Qt's accessibility hints; None before Qt 6.10."""
        ask = getattr(self._hints, "accessibility", None)
        return ask() if ask is not None else None

    def _dress(self) -> None:
        self._app.setProperty(SCALE, self.fonts.scale)
        if not self._is_sheet_on:
            self._app.setStyleSheet("")
        self._app.setStyle("Fusion")  # anew each time: by this every layout learns of letters of another size
        self._app.setPalette(palette_of(self.theme))
        self._app.setFont(self.fonts.text())
        if self._is_sheet_on:
            self._app.setStyleSheet(style_sheet(self.theme, self.fonts))
