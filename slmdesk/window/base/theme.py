"""Colours, fonts, distances, style sheet and icons of the window. No other file names a colour."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QCoreApplication, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from slmdesk.base.record import Record
from slmdesk.base.texts import _

SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24, SPACE_32 = 4, 8, 12, 16, 24, 32
"""The only distances that the window uses, in device-independent pixels."""
SCROLL_BAR = 12
RADIUS, CONTROL_RADIUS = 8, 6
COLUMN_WIDTH = 720
ICON_SIZE = 18
LINE_HEIGHT = 1.5


FONT_SCALES = (80, 250)
"""Smallest and largest scale of text, in percent."""


class Theme(Record):
    """One set of colours, as #RRGGBB. Body text has a contrast of at least 5.4 : 1 on window, surface and raised."""

    name: str
    """"light", "dark" or "contrast"."""
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
    """Background of found words. Only text in the colour `text` is written on it."""
    code_word: str
    code_string: str
    code_number: str
    line_width: int = 1

    @property
    def separator(self) -> str:
        return _("{line_width}px solid {line}").format(line_width=self.line_width, line=self.line)

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
    """Return the high-contrast theme: the system's colours if contrasting enough, else black, white and one colour."""
    window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
    accent, on_accent = palette.color(QPalette.ColorRole.Highlight), palette.color(QPalette.ColorRole.HighlightedText)
    if contrast(window, text) < 10 or contrast(accent, on_accent) < 4.5:
        window, text, accent, on_accent = QColor("#000000"), QColor("#FFFFFF"), QColor("#FFE500"), QColor("#000000")
    ground, ink, strong, on_strong = (colour.name() for colour in (window, text, accent, on_accent))
    return Theme(
        name="contrast", is_dark=window.lightness() < 128, window=ground, surface=ground, raised=ground, text=ink,
        muted=ink, line=ink, accent=strong, on_accent=on_strong, warn=ink, danger=ink,
        mark="#5B4A12" if window.lightness() < 128 else "#FFE8A3",
        code_word=ink, code_string=ink, code_number=ink, line_width=2,
    )  # fmt: skip


def contrast(color: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(color), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Fonts(Record):
    """The system's sans and monospace fonts at the chosen scale. Sizes are in points, to follow the system's DPI."""

    family: str
    mono_family: str
    base_points: float
    scale: int = 100

    def text(self, size: float = 1.0, *, bold: bool = False) -> QFont:
        """Return the sans font. `size` is a factor on the base size."""
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
    """Return the system's fonts, at least 11 pt (13 on macOS, where a point is a pixel). `scale` is in percent."""
    general = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    screen = QApplication.primaryScreen()
    floor = 13.0 if screen is not None and screen.logicalDotsPerInch() < 80 else 11.0
    return Fonts(general.family(), mono.family(), max(general.pointSizeF(), floor), scale)


def palette_of(theme: Theme) -> QPalette:
    """Return the theme as a QPalette, for everything that Qt paints by itself."""
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


# ---- chooses the theme (the system's, light or dark) and applies it to the application


class ThemeKeeper(QObject):
    """Applies the theme and the fonts. Emits `theme_changed` with the new Theme, also if only `fonts` has changed."""

    theme_changed = Signal(object)

    def __init__(
        self, app: QApplication, *, choice: str = "system", scale: int = 100, is_sheet_later: bool = False
    ) -> None:
        """With `is_sheet_later`, the style sheet is only set by `put_on_sheet`, once the window is built."""
        super().__init__(app)
        self.setObjectName("theme_keeper")
        self._app = app
        self._hints = app.styleHints()  # keep a reference, otherwise PySide destroys the object
        self._system_palette = QPalette(app.palette())  # read before our palette replaces it
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
        """Set the style sheet, once the window is built.

        If the application has a style sheet, Qt restyles a whole page each time it is put into another widget. That
        would take a third of the time in which the window is built.
        """
        self._is_sheet_on = True
        self._app.setStyleSheet(style_sheet(self.theme, self.fonts))

    def set_choice(self, choice: str) -> None:
        self.choice = choice
        self._renew()

    def set_font_scale(self, percent: int) -> None:
        """Scale all text to 80..250 percent, at once."""
        low, high = FONT_SCALES
        self.fonts = system_fonts(min(max(percent, low), high))
        self._renew(fonts_changed=True)

    def _on_system_changed(self) -> None:
        self._renew()

    def _renew(self, *, fonts_changed: bool = False) -> None:
        chosen = self._chosen()
        if fonts_changed or chosen != self.theme:
            self.theme = chosen
            self._app.setOverrideCursor(Qt.CursorShape.WaitCursor)  # all widgets are restyled, which takes a moment
            self._dress()
            self.theme_changed.emit(chosen)
            self._app.restoreOverrideCursor()

    def _chosen(self) -> Theme:
        if self._wants_contrast():
            return contrast_theme(self._system_palette)
        if self.choice in ("light", "dark"):
            return DARK if self.choice == "dark" else LIGHT
        scheme = self._hints.colorScheme()
        if scheme == Qt.ColorScheme.Unknown:  # the offscreen platform and a bare X server do not report a scheme
            is_dark = self._system_palette.color(QPalette.ColorRole.Window).lightness() < 128
        else:
            is_dark = scheme == Qt.ColorScheme.Dark
        return DARK if is_dark else LIGHT

    def _wants_contrast(self) -> bool:
        hints = self._accessibility()
        return hints is not None and hints.contrastPreference() == Qt.ContrastPreference.HighContrast

    def _accessibility(self) -> Any:
        """Return Qt's accessibility hints, or None before Qt 6.10."""
        ask = getattr(self._hints, "accessibility", None)
        return ask() if ask is not None else None

    def _dress(self) -> None:
        self._app.setProperty(SCALE, self.fonts.scale)
        if not self._is_sheet_on:
            self._app.setStyleSheet("")
        self._app.setStyle("Fusion")  # set each time: this makes every layout use the new font size
        self._app.setPalette(palette_of(self.theme))
        self._app.setFont(self.fonts.text())
        if self._is_sheet_on:
            self._app.setStyleSheet(style_sheet(self.theme, self.fonts))


# ---- the application's one style sheet, a function for each part of the window


def style_sheet(theme: Theme, fonts: Fonts) -> str:
    """Return the style sheet. It selects widgets by class, objectName or the property `kind`. If two rules are equally
    specific, the later one wins.
    """
    t = theme
    parts = (
        _base(t, fonts),
        _bars(t, fonts),
        _panels(t),
        _chat(t),
        _translator(t),
        _compare(t),
        _frames(t),
        _buttons(t, fonts),
        _labels(t, fonts),
        _fields(t, fonts),
        _tables(t),
    )
    return "".join(parts)


def _base(t: Theme, fonts: Fonts) -> str:
    focus = f"border: 2px solid {t.accent};"
    return f"""
    QToolTip {{ background: {t.raised}; color: {t.text}; border: {t.separator};
        padding: 4px 8px; font-size: {fonts.points(0.9)}pt; }}
    QMenu {{ background: {t.surface}; color: {t.text}; border: {t.separator}; padding: 4px; }}
    QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: {CONTROL_RADIUS}px; }}
    QMenu::item:selected {{ background: {t.raised}; color: {t.text}; }}
    QMenu::item:disabled {{ color: {t.muted}; }}
    QMenu::separator {{ height: {t.line_width}px; background: {t.line}; margin: 4px 8px; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QPushButton {{ background: {t.raised}; color: {t.text}; border: 2px solid {t.raised};
        border-radius: {CONTROL_RADIUS}px; padding: 4px 12px; }}
    QPushButton:hover {{ border-color: {t.line}; }}
    QPushButton:focus {{ {focus} }}
    QPushButton:disabled {{ color: {t.muted}; }}
    QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; }}
    QPushButton[kind="primary"]:focus {{ border-color: {t.text}; }}
    QPushButton[kind="primary"]:disabled {{ background: {t.raised}; color: {t.muted}; border-color: {t.raised}; }}
    #newest_button {{ background: {t.surface}; border: {t.separator}; }}
    #newest_button:hover {{ background: {t.raised}; }}
    QToolButton {{ background: transparent; color: {t.text}; border: 2px solid transparent;
        border-radius: {CONTROL_RADIUS}px; padding: 3px; }}
    QToolButton:hover, QToolButton:checked {{ background: {t.raised}; }}
    QToolButton:focus {{ {focus} }}
    QToolButton::menu-indicator {{ image: none; }}
    QScrollBar:vertical {{ background: transparent; width: {SCROLL_BAR}px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: {SCROLL_BAR}px; margin: 0; }}
    QScrollBar::handle {{ background: {t.line}; border-radius: 4px; margin: 2px; min-height: 32px; min-width: 32px; }}
    QScrollBar::handle:disabled {{ background: transparent; }}
    QScrollBar::handle:hover {{ background: {t.muted}; }}
    #conversation QScrollBar {{ background: {t.surface}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _bars(t: Theme, fonts: Fonts) -> str:
    return f"""
    #side_bar {{ background: {t.window}; border: none; border-right: {t.separator}; }}
    #side_bar QToolButton {{ padding: 6px 4px; color: {t.muted}; font-size: {fonts.points(0.8)}pt; }}
    #side_bar QToolButton:checked {{ color: {t.text}; background: {t.raised}; }}
    #status_bar {{ background: {t.window}; border: none; border-top: {t.separator}; }}
    #status_bar QLabel {{ color: {t.muted}; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="status"] {{ background: transparent; border-color: transparent; color: {t.muted};
        padding: 1px 6px; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="status"]:hover {{ color: {t.text}; }}
    QPushButton[kind="status"][online="true"] {{ color: {t.accent}; }}
    QPushButton[kind="status"]:focus {{ border-color: {t.accent}; }}
    #full_bar {{ background: {t.raised}; border: none; border-radius: {CONTROL_RADIUS}px; }}
    #full_bar QPushButton {{ background: {t.surface}; border-color: {t.surface}; }}
    #full_bar QPushButton:hover {{ border-color: {t.line}; }}
    #full_bar QPushButton:focus {{ border-color: {t.accent}; }}
    #notice_bar {{ background: {t.raised}; border: none; border-top: {t.separator}; }}
    #notice_bar QPushButton {{ background: {t.surface}; border-color: {t.surface}; }}
    #notice_bar QPushButton:hover {{ border-color: {t.line}; }}
    #notice_bar QPushButton:focus {{ border-color: {t.accent}; }}
    """


def _panels(t: Theme) -> str:
    return f"""
    #chat_list, #document_list, #document_view, #folder_list, #hit_view, #folder_documents, #folder_overview,
    #folder_chips, #thumbnails, #dialog_area, #dialog_inner {{
        background: {t.window}; border: none;
    }}
    #documents_work, #documents_empty, #side_head, #document_pages, #document_unread {{
        background: {t.surface}; border: none; }}
    #about_document, #about_inner, #find_bar, #reading_bar, #document_side,
        #summary_pane, #summary_inner, #making_summary, #question_pane, #question_inner, #question_busy,
        #folder_question_pane, #folder_question_inner, #folder_question_busy, #folder_question_foot,
        #table_pane, #column_chooser, #column_chips, #making_table, #cell_detail, #table_setup, #table_foot,
        #versions_pane, #versions_inner, #versions_form, #versions_busy, #versions_result, #versions_bar,
        #versions_list {{ background: {t.surface}; border: none; }}
    #work, #settings_inner, #empty_inner, #first_start, #first_start_inner, #settings_page, #empty_chat, #models_page,
        #models_inner {{ background: {t.surface}; border: none; }}
    #palette_panel {{ background: {t.surface}; border: {t.separator}; border-radius: {RADIUS}px; }}
    #palette_list {{ background: {t.surface}; border: none; outline: none; }}
    #palette_line {{ background: {t.surface}; border-color: {t.surface}; padding: 4px; }}
    #network_panel, #context_parts {{ background: {t.surface}; border: {t.separator}; }}
    #context_parts_inner {{ background: {t.surface}; border: none; }}
    """


def _chat(t: Theme) -> str:
    return f"""
    #chat_view {{ background: {t.window}; border: none; }}
    #chat_panel {{ background: {t.window}; border: none; border-left: {t.separator}; }}
    #chat_panel_scroll, #chat_panel_inner {{ background: {t.window}; border: none; }}
    #chat_header {{ background: {t.surface}; border: none; border-bottom: {t.separator}; }}
    #chat_title {{ font-weight: 600; }}
    QToolButton[kind="picker"] {{ padding: 3px 8px; }}
    #composer {{ background: {t.surface}; border: 2px solid {t.line}; border-radius: {RADIUS}px; }}
    #composer[focused="true"] {{ border-color: {t.accent}; }}
    #input_box, #attachment_bar, #attachment_inner {{ background: {t.surface}; border: none; }}
    #mention_list {{ background: {t.surface}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px;
        padding: 4px; outline: none; }}
    #space_editor #attachment_bar, #space_editor #attachment_inner {{ background: transparent; }}
    QFrame[kind="attachment"] {{ background: {t.raised}; border: 2px solid {t.raised};
        border-radius: {CONTROL_RADIUS}px; }}
    QFrame[kind="attachment"]:hover {{ border-color: {t.line}; }}
    QFrame[kind="attachment"]:focus {{ border-color: {t.accent}; }}
    QPushButton[kind="example"] {{ text-align: left; padding: 8px 12px; }}
    """


def _translator(t: Theme) -> str:
    return f"""
    #translate_splitter::handle, #review_splitter::handle, #writing_body::handle, #writing_work::handle
        {{ background: transparent; }}
    #writing_changes {{ background: {t.window}; border: 2px solid transparent; outline: none; }}
    #writing_changes:focus {{ border-color: {t.accent}; border-radius: {CONTROL_RADIUS}px; }}
    #writing_changes::item {{ padding: 4px; border-radius: {CONTROL_RADIUS}px; }}
    #writing_changes::item:selected {{ background: {t.raised}; color: {t.text}; }}
    #writing_scroll, #writing_inner, #suggestion_area, #suggestion_inner {{ background: {t.window}; border: none; }}
    #translation_flags {{ background: {t.window}; border: none; color: {t.warn}; }}
    #language_list, #earlier_list, #wording_list {{ background: {t.surface}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; }}
    #translation_flags::item, #language_list::item, #earlier_list::item, #wording_list::item {{ padding: 3px 4px;
        border: 1px solid transparent; }}
    #translation_flags::item:selected, #language_list::item:selected, #earlier_list::item:selected,
        #wording_list::item:selected {{ background: {t.raised}; color: {t.text}; border-color: {t.line}; }}
    #translation_flags:focus::item:selected, #earlier_list:focus::item:selected, #wording_list:focus::item:selected
        {{ border-color: {t.accent}; }}
    #language_list::item:disabled {{ color: {t.muted}; }}
    #language_popup, #sentence_frame {{ background: {t.surface}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; }}
    QListWidget[kind="list"] {{ background: {t.surface}; color: {t.text}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; outline: none; padding: 4px; }}
    QListWidget[kind="list"]:focus {{ border-color: {t.accent}; }}
    QListWidget[kind="list"]::item {{ padding: 3px 0; }}
    QListWidget[kind="list"]::item:selected {{ background: {t.raised}; color: {t.text}; }}
    """


def _compare(t: Theme) -> str:
    return f"""
    QFrame[kind="column"] {{ background: transparent; border: none; border-right: {t.separator}; }}
    #compared_text, #compared_text > QWidget {{ background: transparent; }}
    #compared_text {{ border: 2px solid transparent; border-radius: {CONTROL_RADIUS}px; }}
    #compared_text:focus {{ border-color: {t.accent}; }}
    #compare_page, #compare_form, #compare_inner, #compare_result, #compare_columns, #compare_columns_inner {{
        background: {t.surface}; border: none; }}
    """


def _frames(t: Theme) -> str:
    return f"""
    QFrame[kind="card"] {{ background: transparent; border: none; border-bottom: {t.separator}; }}
    QFrame[kind="band"] {{ background: {t.raised}; border: none; border-radius: {RADIUS}px; }}
    QFrame[kind="band"] QPushButton {{ background: {t.surface}; border-color: {t.surface}; }}
    QFrame[kind="band"] QPushButton:hover {{ border-color: {t.line}; }}
    QFrame[kind="band"] QPushButton:focus {{ border-color: {t.accent}; }}
    QFrame[kind="row"] {{ background: transparent; border: 2px solid transparent;
        border-radius: {CONTROL_RADIUS}px; }}
    QFrame[kind="row"]:hover {{ background: {t.raised}; }}
    QFrame[kind="row"][lit="true"] {{ background: {t.raised}; border-color: {t.line}; }}
    QFrame[kind="row"]:focus {{ border-color: {t.accent}; }}
    """


def _buttons(t: Theme, fonts: Fonts) -> str:
    return f"""
    QCheckBox {{ spacing: 8px; padding: 3px; border: 2px solid transparent; border-radius: {CONTROL_RADIUS}px; }}
    QCheckBox#check_box::indicator {{ width: {round(fonts.points(1.15))}px; height: {round(fonts.points(1.15))}px; }}
    QCheckBox:focus {{ border-color: {t.accent}; }}
    QToolButton[kind="small"] {{ color: {t.muted}; font-size: {fonts.points(0.87)}pt; padding: 1px 6px; }}
    QToolButton[kind="tight"] {{ padding: 2px 0px; }}
    QToolButton[kind="tight"]::menu-indicator {{ image: none; }}
    QToolButton[kind="small"]:hover {{ color: {t.text}; }}
    QToolButton[kind="primary"] {{ background: {t.accent}; border-color: {t.accent}; padding: 4px; }}
    QToolButton[kind="primary"]:focus {{ border-color: {t.text}; }}
    QToolButton[kind="primary"]:disabled {{ background: {t.raised}; border-color: {t.raised}; }}
    QPushButton[kind="quiet"] {{ padding: 1px 8px; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="chip"] {{ background: {t.surface}; border: 2px solid {t.line}; padding: 2px 12px; }}
    QPushButton[kind="chip"]:checked {{ border-color: {t.accent}; }}
    QPushButton[kind="chip"]:focus {{ border-color: {t.text}; }}
    QPushButton[kind="chip"]:disabled {{ color: {t.muted}; }}
    """


def _labels(t: Theme, fonts: Fonts) -> str:
    return f"""
    QLabel[kind="figure"] {{ font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="strong"] {{ font-weight: 600; }}
    #summary_group, #summary_also {{ padding: 12px 0 4px 1px; }}
    QLabel[kind="title"] {{ font-size: {fonts.points(1.5)}pt; font-weight: 600; }}
    QLabel[kind="heading"] {{ font-size: {fonts.points(1.15)}pt; font-weight: 600; }}
    QLabel[kind="muted"] {{ color: {t.muted}; }}
    QLabel[kind="small"] {{ color: {t.muted}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="badge"] {{ background: {t.raised}; color: {t.text}; font-size: {fonts.points(0.87)}pt;
        border-radius: {CONTROL_RADIUS}px; padding: 1px 8px; }}
    QLabel[kind="warn"] {{ color: {t.warn}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="danger"] {{ color: {t.danger}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="drop"] {{ color: {t.muted}; border: {t.line_width}px dashed {t.muted};
        border-radius: {RADIUS}px; padding: 16px; }}
    """


def _fields(t: Theme, fonts: Fonts) -> str:
    return f"""
    #chat_panel QPlainTextEdit, #compare_question, #source_text, #target_text, #writing_editor
        {{ background: {t.surface}; border-color: {t.line}; }}
    #chat_panel QPlainTextEdit:focus, #compare_question:focus, #source_text:focus, #target_text:focus,
        #writing_editor:focus {{ border-color: {t.accent}; }}
    QComboBox:disabled, QLineEdit:disabled {{ color: {t.muted}; background: {t.window}; }}
    QLineEdit, QComboBox {{ background: {t.surface}; color: {t.text}; border: 2px solid {t.line};
        border-radius: {CONTROL_RADIUS}px; padding: 3px 8px; selection-background-color: {t.accent};
        selection-color: {t.on_accent}; }}
    QComboBox[kind="quiet"] {{ background: transparent; border-color: transparent; color: {t.muted};
        padding: 1px 24px 1px 0; font-size: {fonts.points(0.87)}pt; }}
    QComboBox[kind="quiet"]::drop-down {{ width: 0; }}
    QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {{ border-color: {t.accent}; }}
    QComboBox {{ padding-right: 28px; combobox-popup: 0; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {t.surface}; color: {t.text}; border: {t.separator};
        selection-background-color: {t.raised}; selection-color: {t.text}; }}
    QComboBox QAbstractItemView::item {{ padding: 4px 6px; border: none; }}
    QComboBox QAbstractItemView::item:selected {{ background: {t.raised}; color: {t.text}; }}
    QPlainTextEdit {{ background: {t.raised}; border: 2px solid {t.raised}; border-radius: {CONTROL_RADIUS}px;
        padding: 4px; }}
    QPlainTextEdit[kind="code"] {{ font-family: "{fonts.mono_family}"; font-size: {fonts.points(0.94)}pt; }}
    """


def _tables(t: Theme) -> str:
    return f"""
    QSplitter::handle {{ background: {t.line}; }}
    QTableView {{ background: {t.surface}; color: {t.text}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px;
        selection-background-color: {t.raised}; selection-color: {t.text}; }}
    QTableView:focus {{ border-color: {t.accent}; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.muted}; border: none; border-bottom: {t.separator};
        padding: 4px 8px; }}
    QHeaderView::section:vertical {{ border: none; }}
    QTableCornerButton::section {{ background: {t.surface}; border: none; border-bottom: {t.separator}; }}
    QTableView {{ outline: none; }}
    QTableView::item {{ padding: 0 4px; border: 1px solid transparent; }}
    QTableView::item:selected {{ background: {t.raised}; color: {t.text}; }}
    QTableView::item:focus {{ border-color: {t.accent}; }}
    QProgressBar {{ background: {t.raised}; border: none; border-radius: 2px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
    QProgressBar[kind="warn"]::chunk {{ background: {t.warn}; }}
    """


# ---- lucide icons in the theme's colours, sharp at every screen scale


FOLDER = Path(__file__).with_name("icons")
STROKE = "1.5"
SCALES = (1.0, 1.5, 2.0, 3.0)
"""Screen scales for which a pixmap is drawn. Qt picks the nearest."""

SCALE = "slmdesk_text_scale"
"""Property of the application: the scale of its text in percent. Icons grow with it."""


def scaled(size: int = ICON_SIZE) -> int:
    app = QCoreApplication.instance()
    percent = app.property(SCALE) if app is not None else None
    return round(size * percent / 100) if isinstance(percent, int) else size


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8").replace('stroke-width="2"', f'stroke-width="{STROKE}"')


def pixmap(name: str, colour: QColor, *, size: int = ICON_SIZE, scale: float = 1.0) -> QPixmap:
    """Return a one-colour icon. `size` is in device-independent pixels. Raises FileNotFoundError for unknown names."""
    key = _("lucide {name} {name2} {size} {scale}").format(name=name, name2=colour.name(), size=size, scale=scale)
    known = QPixmap()
    if QPixmapCache.find(key, known):  # a list of models uses each icon thirty times
        return known
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour.name()).encode()))
    drawn = QPixmap(round(size * scale), round(size * scale))
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    QPixmapCache.insert(key, drawn)
    return drawn


def icon(name: str, colour: QColor, *, size: int = ICON_SIZE) -> QIcon:
    made = QIcon()
    for scale in SCALES:
        made.addPixmap(pixmap(name, colour, size=size, scale=scale))
    return made
