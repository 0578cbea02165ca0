"""All colours, fonts and distances of the window: no other file names a colour."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from slmdesk.base.record import Record

SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24, SPACE_32 = 4, 8, 12, 16, 24, 32
"""The only distances, in device-independent pixels."""
SCROLL_BAR = 12
RADIUS, CONTROL_RADIUS = 8, 6
COLUMN_WIDTH = 720
ICON_SIZE = 18
LINE_HEIGHT = 1.5


FONT_SCALES = (80, 250)
"""Least and most, in percent."""


class Theme(Record):
    """One set of colours, as #RRGGBB.  Body text keeps at least 5.4 : 1 on window, surface and raised."""

    name: str
    """light, dark or contrast."""
    is_dark: bool
    window: str
    surface: str
    raised: str
    text: str
    muted: str
    line: str
    accent: str
    on_accent: str
    warn: str
    danger: str
    mark: str
    """Under found words; only `text` is written on it."""
    code_word: str
    code_string: str
    code_number: str
    line_width: int = 1

    @property
    def separator(self) -> str:
        return f"{self.line_width}px solid {self.line}"

    def colour(self, token: str) -> QColor:
        return QColor(str(getattr(self, token)))


LIGHT = Theme(
    name="light", is_dark=False, window="#F6F6F3", surface="#FFFFFF", raised="#EFEFEB", text="#1C1D1F",
    muted="#5C6066", line="#DDDDD8", accent="#1F6F5C", on_accent="#FFFFFF", warn="#8A5A00", danger="#B3261E",
    mark="#FFE8A3", code_word="#7A3E9D", code_string="#1F6F3C", code_number="#8A4B00",
)  # fmt: skip
DARK = Theme(
    name="dark", is_dark=True, window="#17181A", surface="#1E2023", raised="#282B2F", text="#E9E9E6",
    muted="#A4A8AE", line="#34373C", accent="#6CC3A8", on_accent="#0E1F1A", warn="#E7B75A", danger="#F2938C",
    mark="#5B4A12", code_word="#CFA5EC", code_string="#9BD3A6", code_number="#E9B982",
)  # fmt: skip


def contrast_theme(palette: QPalette) -> Theme:
    """High contrast: the system's own colours where they are far enough apart, else black, white and one colour."""
    window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
    accent, on_accent = palette.color(QPalette.ColorRole.Highlight), palette.color(QPalette.ColorRole.HighlightedText)
    if contrast(window, text) < 10 or contrast(accent, on_accent) < 4.5:
        window, text, accent, on_accent = QColor("#000000"), QColor("#FFFFFF"), QColor("#FFE500"), QColor("#000000")
    ground, ink, one, on_one = (colour.name() for colour in (window, text, accent, on_accent))
    return Theme(
        name="contrast", is_dark=window.lightness() < 128, window=ground, surface=ground, raised=ground, text=ink,
        muted=ink, line=ink, accent=one, on_accent=on_one, warn=ink, danger=ink,
        mark="#5B4A12" if window.lightness() < 128 else "#FFE8A3",
        code_word=ink, code_string=ink, code_number=ink, line_width=2,
    )  # fmt: skip


def contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of two colours, 1..21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Fonts(Record):
    """The system's sans and monospace fonts at the chosen scale.  Sizes are points, so that the system's DPI counts."""

    family: str
    mono_family: str
    base_points: float
    scale: int = 100

    def text(self, size: float = 1.0, *, bold: bool = False) -> QFont:
        """The sans font; `size` is a share of the base size."""
        font = QFont(self.family)
        font.setPointSizeF(self.base_points * size * self.scale / 100)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def mono(self, size: float = 0.94) -> QFont:
        font = QFont(self.mono_family)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setFixedPitch(True)
        font.setPointSizeF(self.base_points * size * self.scale / 100)
        return font

    def points(self, size: float = 1.0) -> float:
        return round(self.base_points * size * self.scale / 100, 2)


def system_fonts(scale: int = 100) -> Fonts:
    """The system's fonts; at least 11 pt (13 on macOS, where a point is a pixel)."""
    general = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    screen = QApplication.primaryScreen()
    floor = 13.0 if screen is not None and screen.logicalDotsPerInch() < 80 else 11.0
    return Fonts(general.family(), mono.family(), max(general.pointSizeF(), floor), scale)


def palette_of(theme: Theme) -> QPalette:
    """The theme as a palette, for everything Qt paints by itself."""
    roles = {
        QPalette.ColorRole.Window: "window", QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "surface", QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Text: "text", QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.Button: "raised", QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "danger", QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text", QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent", QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.LinkVisited: "accent", QPalette.ColorRole.Accent: "accent",
        QPalette.ColorRole.Light: "surface", QPalette.ColorRole.Midlight: "raised",
        QPalette.ColorRole.Mid: "line", QPalette.ColorRole.Dark: "line", QPalette.ColorRole.Shadow: "line",
    }  # fmt: skip
    palette = QPalette()
    for role, token in roles.items():
        palette.setColor(role, theme.colour(token))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("muted"))
    return palette
