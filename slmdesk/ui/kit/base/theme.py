"""Colours, fonts, distances, style sheet and icons of the window. No other file names a colour."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QCoreApplication, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QFileDialog, QToolButton, QWidget

from slmdesk.base.record import Record

SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24, SPACE_32, SPACE_48 = 4, 8, 12, 16, 24, 32, 48
"""The only distances that the window uses, in device-independent pixels."""
SCROLL_BAR = 12
RADIUS, CONTROL_RADIUS, COMPOSER_RADIUS = 12, 8, 14
COLUMN_WIDTH = 720
ICON_SIZE = 18
LINE_HEIGHT = 1.5
SMALL = 0.87
"""Size of the letters of hints and of the line at the foot."""


FONT_SCALES = (80, 250)
"""Smallest and largest scale of text, in percent."""


class Theme(Record):
    """One set of colours, as #RRGGBB. docs/design.md says what each is for; the tests compute their contrasts."""

    name: str
    """"light", "dark" or "contrast"."""
    is_dark: bool
    ground: str
    """The window, its side bar and status line."""
    sheet: str
    """The page, popovers and menus."""
    fill: str
    """Plain buttons, a person's own messages, code."""
    hover: str
    """What the mouse is over, the current place, search fields."""
    desk: str
    """Behind the pages of a document."""
    ink: str
    ink2: str
    """Icons and secondary text."""
    ink3: str
    """Hints, dates and placeholders."""
    off: str
    """Words of what cannot be pressed now."""
    line: str
    """Separators. Decoration only: form fields have `edge`."""
    edge: str
    accent: str
    """The main action, progress and focus."""
    on_accent: str
    soft: str
    """Ground of the chosen row or chip."""
    soft_ink: str
    """Text on `soft`, links and text buttons."""
    sel: str
    """Ground of selected text."""
    mark: str
    """Ground of found words. Only text in the colour `ink` is written on it."""
    warn: str
    warn_soft: str
    danger: str
    danger_soft: str
    added: str
    removed: str
    code_word: str
    code_string: str
    code_number: str
    line_width: int = 1

    @property
    def separator(self) -> str:
        return f"{self.line_width}px solid {self.line}"

    def colour(self, token: str) -> QColor:
        return QColor(str(getattr(self, token)))

    @property
    def shade(self) -> QColor:
        """What lies over the window below a sheet."""
        return QColor(0, 0, 0, 120 if self.is_dark else 80)

    def mixed(self, ground: str, share: float) -> str:
        """Return the colour of a ground with this share of ink over it: 0.08 under the mouse, 0.14 while pressed."""
        below, ink = self.colour(ground), self.colour("ink")
        red, green, blue = (
            round(part * (1 - share) + over * share)
            for part, over in ((below.red(), ink.red()), (below.green(), ink.green()), (below.blue(), ink.blue()))
        )
        return QColor(red, green, blue).name()


LIGHT = Theme(
    name="light", is_dark=False, ground="#F5F3EE", sheet="#FFFFFF", fill="#F2F0EA", hover="#EAE7DF", desk="#E9E6DE",
    ink="#1F1E1B", ink2="#57554E", ink3="#68655D", off="#858177", line="#E4E1D9", edge="#858177", accent="#1B6B58",
    on_accent="#FFFFFF", soft="#E1EFE9", soft_ink="#15584A", sel="#CDE5DB", mark="#FFE79A", warn="#855700",
    warn_soft="#FBF0D6", danger="#B3261E", danger_soft="#FBE7E4", added="#15584A", removed="#A3221B",
    code_word="#7A3E9D", code_string="#1F6F3C", code_number="#8A4B00",
)  # fmt: skip
DARK = Theme(
    name="dark", is_dark=True, ground="#161715", sheet="#1E1F1D", fill="#292B28", hover="#31332F", desk="#121311",
    ink="#ECEAE4", ink2="#B3B1A9", ink3="#A5A29B", off="#7B7D76", line="#32342F", edge="#7B7D76", accent="#7ECBB3",
    on_accent="#0B1F18", soft="#20372F", soft_ink="#A3DFCC", sel="#2B5145", mark="#5C4B14", warn="#E8BB63",
    warn_soft="#352B18", danger="#F39A93", danger_soft="#3B2220", added="#A3DFCC", removed="#F6ABA4",
    code_word="#CFA5EC", code_string="#9BD3A6", code_number="#E9B982",
)  # fmt: skip
_current = [LIGHT]


_sheet = [""]


def sheet() -> str:
    """Return the style sheet of the theme, for a window that is no child of the main window."""
    return _sheet[0]


def current() -> Theme:
    """Return the theme of the application, for widgets that paint themselves."""
    return _current[0]


def set_look(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet knows."""
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def contrast_theme(palette: QPalette | None) -> Theme:
    """Return the high-contrast theme: the system's colours if contrasting enough, else black, white and one colour."""
    ground, ink, accent, on_accent = QColor("#000000"), QColor("#FFFFFF"), QColor("#FFE500"), QColor("#000000")
    if palette is not None:
        roles = QPalette.ColorRole
        own = [palette.color(role) for role in (roles.Window, roles.WindowText, roles.Highlight, roles.HighlightedText)]
        if contrast(own[0], own[1]) >= 10 and contrast(own[2], own[3]) >= 4.5:
            ground, ink, accent, on_accent = own
    below, text, strong, on_strong = (colour.name() for colour in (ground, ink, accent, on_accent))
    is_dark = ground.lightness() < 128
    grounds = dict.fromkeys(("ground", "sheet", "fill", "desk", "hover", "soft", "warn_soft", "danger_soft"), below)
    inks = ("ink", "ink2", "ink3", "line", "edge", "soft_ink", "warn", "danger", "added", "removed", "code_word",
            "code_string", "code_number")  # fmt: skip
    return Theme(
        name="contrast", is_dark=is_dark, off="#A0A0A0" if is_dark else "#5F5F5F", accent=strong,
        on_accent=on_strong, sel="#4D4500" if is_dark else "#FFE8A3", mark="#5B4A12" if is_dark else "#FFE8A3",
        line_width=2, **grounds, **dict.fromkeys(inks, text),
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
    """The window's sans and monospace fonts at the chosen scale. Sizes are in points, to follow the system's DPI.

    Sizes of text are factors on the base size: 2 for the title of Start, 1.33 for leads, 1.13 for text that is read,
    1 for everything else, 0.87 for hints.
    """

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


FAMILY = "Source Sans 3"
FONT_FILES = ("Regular", "Medium", "Semibold", "It")


@lru_cache(maxsize=1)
def bundled_family() -> str:
    """Load the font that comes with slmdesk. Return its name, or '' if it cannot be loaded. Other scripts than Latin,
    Greek and Cyrillic are written in the system's fonts.
    """
    folder = FOLDER.with_name("fonts")
    loaded = [QFontDatabase.addApplicationFont(str(folder / f"SourceSans3-{name}.ttf")) for name in FONT_FILES]
    return FAMILY if loaded[0] >= 0 else ""


def window_fonts(scale: int = 100, *, is_bundled: bool = True) -> Fonts:
    """Return the bundled font or the system's, 15 pixels high at 96 dots per inch. `scale` is in percent."""
    general = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    screen = QApplication.primaryScreen()
    floor = 15.0 if screen is not None and screen.logicalDotsPerInch() < 80 else 11.25
    family = (bundled_family() if is_bundled else "") or general.family()
    return Fonts(family, mono.family(), max(general.pointSizeF(), floor), scale)


def palette_of(theme: Theme) -> QPalette:
    """Return the theme as a QPalette, for everything that Qt paints by itself."""
    roles = {
        QPalette.ColorRole.Window: "ground", QPalette.ColorRole.WindowText: "ink",
        QPalette.ColorRole.Base: "sheet", QPalette.ColorRole.AlternateBase: "fill",
        QPalette.ColorRole.Text: "ink", QPalette.ColorRole.PlaceholderText: "ink3",
        QPalette.ColorRole.Button: "fill", QPalette.ColorRole.ButtonText: "ink",
        QPalette.ColorRole.BrightText: "danger", QPalette.ColorRole.ToolTipBase: "ink",
        QPalette.ColorRole.ToolTipText: "sheet", QPalette.ColorRole.Highlight: "sel",
        QPalette.ColorRole.HighlightedText: "ink", QPalette.ColorRole.Link: "soft_ink",
        QPalette.ColorRole.LinkVisited: "soft_ink", QPalette.ColorRole.Accent: "accent",
        QPalette.ColorRole.Light: "sheet", QPalette.ColorRole.Midlight: "hover",
        QPalette.ColorRole.Mid: "line", QPalette.ColorRole.Dark: "line", QPalette.ColorRole.Shadow: "line",
    }  # fmt: skip
    palette = QPalette()
    for role, token in roles.items():
        palette.setColor(role, theme.colour(token))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("off"))
    return palette


FILE_BUTTONS = {
    "backButton": "chevron-left", "forwardButton": "chevron-right", "toParentButton": "arrow-up",
    "newFolderButton": "plus", "listModeButton": "square", "detailModeButton": "list-checks",
}  # fmt: skip
"""Buttons of Qt's file dialog, whose own icons are black on dark too."""


class ThemeKeeper(QObject):
    """Applies the theme and the fonts. Emits `theme_changed` with the new Theme, also if only `fonts` has changed."""

    theme_changed = Signal(object)

    def __init__(self, app: QApplication, *, choice: str = "system", scale: int = 100, is_bundled: bool = True) -> None:
        super().__init__(app)
        self.setObjectName("theme_keeper")
        self._app = app
        self._hints = app.styleHints()  # keep a reference, otherwise PySide destroys the object
        self._system_palette = QPalette(app.palette())  # read before our palette replaces it
        self.choice = choice
        self._is_bundled = is_bundled
        self.fonts = window_fonts(scale, is_bundled=is_bundled)
        self.theme = self._chosen()
        self._hints.colorSchemeChanged.connect(self._renew)
        hints = self._accessibility()
        if hints is not None:
            hints.contrastPreferenceChanged.connect(self._renew)
        self._window: QWidget | None = None
        app.focusChanged.connect(self._on_focus_changed)
        self._dress()

    def dress(self, window: QWidget) -> None:
        """Give the style sheet to the main window, once it is built, and with each change of the theme.

        A window's style sheet holds for its dialogs and menus too. Setting it takes a tenth of the time that one for
        the whole application takes.
        """
        self._window = window
        window.setStyleSheet(sheet())

    def set_choice(self, choice: str) -> None:
        self.choice = choice
        self._renew()

    def set_font_scale(self, percent: int, *, is_bundled: bool | None = None) -> None:
        """Scale all text to 80..250 percent, at once, in slmdesk's own font or the system's."""
        low, high = FONT_SCALES
        self._is_bundled = self._is_bundled if is_bundled is None else is_bundled
        self.fonts = window_fonts(min(max(percent, low), high), is_bundled=self._is_bundled)
        self._renew(fonts_changed=True)

    def _on_focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and isinstance(dialog := now.window(), QFileDialog):
            for button in dialog.findChildren(QToolButton):
                if name := FILE_BUTTONS.get(button.objectName()):
                    button.setIcon(icon(name, self.theme.colour("ink2")))

    def _renew(self, *_news: object, fonts_changed: bool = False) -> None:
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
        if self.choice == "contrast":
            return contrast_theme(None)
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
        _current[0] = self.theme
        self._app.setProperty(SCALE, self.fonts.scale)
        if self._window is not None:
            self._window.setStyleSheet("")  # with a style sheet, each of the next steps would polish all widgets
        self._app.setStyle("Fusion")  # set each time: this makes every layout use the new font size
        self._app.setPalette(palette_of(self.theme))
        self._app.setFont(self.fonts.text())
        if self._window is not None and self._window.font() != self._app.font():
            for widget in (self._window, *self._window.findChildren(QWidget)):
                if widget.font() != self._app.font():
                    widget.setFont(self._app.font())  # what had a style sheet follows neither application nor parent
        _sheet[0] = style_sheet(self.theme, self.fonts)
        if self._window is not None:
            self._window.setStyleSheet(_sheet[0])


def style_sheet(theme: Theme, fonts: Fonts) -> str:
    """Return the style sheet. It selects widgets by class, objectName or the property `kind`. If two rules are equally
    specific, the later one wins.
    """
    t = theme
    parts = (
        _base(t, fonts),
        _bars(t, fonts),
        _panels(t),
        _chat(t, fonts),
        _translator(t, fonts),
        _writing(t, fonts),
        _frames(t),
        _buttons(t, fonts),
        _labels(t, fonts),
        _fields(t, fonts),
        _tables(t),
        _contrast(t) if t.line_width > 1 else "",
    )
    return "".join(parts)


def _contrast(t: Theme) -> str:
    """In high contrast all grounds are alike: edges and the one colour tell fields, buttons and what is chosen."""
    return f"""
    QLineEdit[kind="search"], QFrame[kind="band"], QFrame[kind="best"], QFrame[kind="band"] QPushButton,
        QComboBox:disabled, QLineEdit:disabled {{ border: {t.separator}; }}
    QPushButton:disabled, QPushButton[kind="primary"]:disabled {{ border: 2px dashed {t.off}; color: {t.off}; }}
    QPushButton[kind="quiet"]:disabled, QPushButton[kind="text"]:disabled {{ border-color: transparent; }}
    QToolButton:hover, QPushButton[kind="text"]:hover, QPushButton[kind="section"]:hover,
        QFrame[kind="row"]:hover {{ border-color: {t.line}; }}
    QToolButton:checked, QPushButton[kind="section"]:checked, QFrame[kind="row"][lit="true"],
        QLineEdit:focus {{ border-color: {t.accent}; }}
    QMenu::item:selected, QComboBox QAbstractItemView::item:selected, QListWidget::item:selected,
        QTableView::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
    """


def _base(t: Theme, fonts: Fonts) -> str:
    over, pressed = t.mixed("fill", 0.08), t.mixed("fill", 0.14)
    edge = f"{t.line_width}px solid {t.ink if t.line_width > 1 else t.fill}"
    return f"""
    QToolTip {{ background: {t.ink}; color: {t.sheet}; border: none; padding: 4px 8px;
        font-size: {fonts.points(0.87)}pt; }}
    QMenu {{ background: {t.sheet}; color: {t.ink}; border: {t.separator}; border-radius: {RADIUS}px; padding: 6px; }}
    QMenu::item {{ padding: 7px 24px 7px 12px; border-radius: {CONTROL_RADIUS}px; }}
    QMenu::icon {{ padding-left: 8px; }}
    QMenu::item:selected {{ background: {t.fill}; color: {t.ink}; }}
    QMenu::item:disabled {{ color: {t.off}; }}
    QMenu::separator {{ height: {t.line_width}px; background: {t.line}; margin: 6px 8px; }}
    QDialog, QDialog QScrollArea, QDialog #qt_scrollarea_viewport > QWidget {{ background: {t.sheet}; border: none; }}
    QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; button-layout: 3; }}
    QPushButton {{ background: {t.fill}; color: {t.ink}; border: {edge}; border-radius: {CONTROL_RADIUS}px;
        padding: 6px 14px; font-weight: 500; }}
    QPushButton:hover {{ background: {over}; border-color: {over}; }}
    QPushButton:pressed {{ background: {pressed}; border-color: {pressed}; }}
    QPushButton:disabled {{ color: {t.off}; background: {t.fill}; border-color: {t.fill}; }}
    QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
        font-weight: 600; }}
    QPushButton[kind="primary"]:hover {{ background: {t.mixed("accent", 0.08)}; }}
    QPushButton[kind="primary"]:pressed {{ background: {t.mixed("accent", 0.14)}; }}
    QPushButton[kind="primary"]:disabled {{ background: {t.fill}; color: {t.ink3}; border-color: {t.fill}; }}
    QPushButton[kind="text"] {{ background: transparent; border-color: transparent; color: {t.soft_ink};
        padding: 6px 8px; }}
    QPushButton[kind="text"]:hover {{ background: {t.fill}; }}
    QPushButton[kind="warn"] {{ background: {t.warn_soft}; border-color: {t.warn_soft}; color: {t.warn};
        padding: 3px 10px; }}
    QPushButton[kind="danger"] {{ color: {t.danger}; }}
    #newest_button {{ background: {t.sheet}; border: {t.separator}; }}
    QToolButton {{ background: transparent; color: {t.ink}; border: {t.line_width}px solid transparent;
        border-radius: {CONTROL_RADIUS}px; padding: 4px; }}
    QToolButton:hover, QToolButton:checked {{ background: {t.fill}; }}
    QToolButton:pressed {{ background: {over}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QScrollBar:vertical {{ background: transparent; width: {SCROLL_BAR}px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: {SCROLL_BAR}px; margin: 0; }}
    QScrollBar::handle {{ background: {t.mixed("line", 0.12)}; border-radius: 4px; margin: 2px; min-height: 32px;
        min-width: 32px; }}
    QScrollBar::handle:disabled {{ background: transparent; }}
    QScrollBar::handle:hover {{ background: {t.edge}; }}
    #conversation QScrollBar {{ background: {t.sheet}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _bars(t: Theme, fonts: Fonts) -> str:
    return f"""
    #main_window, #side_bar, #side_lists, #status_bar {{ background: {t.ground}; border: none; }}
    #chat_view {{ background: {t.ground}; border: none; }}
    QPushButton[kind="new"] {{ background: transparent; border-color: transparent; color: {t.soft_ink};
        text-align: left; padding: 6px 10px; }}
    QPushButton[kind="new"]:hover {{ background: {t.mixed("ground", 0.04)}; border-color: transparent; }}
    #page_area {{ background: {t.sheet}; border: none; border-radius: {RADIUS}px; }}
    QPushButton[kind="status"] {{ background: transparent; border-color: transparent; color: {t.ink2};
        padding: 2px 6px; font-size: {fonts.points(0.87)}pt; text-align: left; }}
    QPushButton[kind="status"]:hover {{ color: {t.ink}; }}
    QPushButton[kind="status"][online="true"] {{ color: {t.warn}; background: {t.warn_soft}; }}
    #notice_bar {{ background: {t.sheet}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px; }}
    #notice_bar QPushButton, #notice_bar QToolButton {{ background: transparent; border-color: transparent;
        color: {t.soft_ink}; padding: 1px 6px; }}
    #notice_bar QPushButton:hover, #notice_bar QToolButton:hover {{ background: {t.fill}; }}
    """


def _panels(t: Theme) -> str:
    return f"""
    #chat_list, #document_list, #document_view, #folder_list, #hit_view, #dialog_area, #dialog_inner {{
        background: {t.ground}; border: none;
    }}
    #documents_work, #documents_empty, #document_head, #document_body, #document_unread {{
        background: {t.sheet}; border: none; }}
    #document_pages {{ background: {t.sheet}; border: none; }}
    QFrame[kind="pill"] {{ background: {t.sheet}; border: {t.separator}; border-radius: 16px; }}
    QFrame[kind="pill"] QToolButton {{ border-radius: 14px; }}
    QFrame[kind="pill"] QLineEdit {{ padding: 2px 4px; min-height: 0; }}
    QFrame[kind="result"], QFrame[kind="result"] QListView, QFrame[kind="result"] QFrame[kind="plain"] {{
        background: {t.sheet}; border: none; outline: none; }}
    #about_document, #about_inner, #document_side,
        #redact_pane, #folder_view, #folder_overview, #folder_documents {{ background: {t.sheet}; border: none; }}
    #work, #settings_inner, #settings_page, #empty_chat, #models_page,
        #models_inner, #jobs_page, #jobs_inner {{ background: {t.sheet}; border: none; }}
    QPushButton[kind="section"] {{ background: transparent; border-color: transparent; padding: 4px 8px;
        text-align: left; font-weight: 400; }}
    QPushButton[kind="section"]:hover {{ background: {t.mixed("ground", 0.04)}; }}
    QPushButton[kind="section"]:checked {{ background: {t.soft}; color: {t.soft_ink}; font-weight: 500; }}
    #palette_panel {{ background: {t.sheet}; border: {t.separator}; border-radius: {RADIUS}px; }}
    #palette_list {{ background: {t.sheet}; border: none; outline: none; }}
    #palette_line {{ background: {t.sheet}; border-color: {t.sheet}; padding: 4px; }}
    #network_panel {{ background: {t.sheet}; border: {t.separator}; }}
    """


def _chat(t: Theme, fonts: Fonts) -> str:
    return f"""
    #chat_panel_scroll, #chat_panel_inner {{ background: {t.sheet}; border: none; }}
    #chat_header {{ background: {t.sheet}; border: none; }}
    #chat_title {{ font-size: {fonts.points(1.13)}pt; font-weight: 600; }}
    #message ActionButton {{ color: {t.ink2}; }}
    #composer {{ background: {t.sheet}; border: {t.line_width}px solid {t.mixed("line", 0.06)};
        border-radius: {COMPOSER_RADIUS}px; }}
    #composer[focused="true"] {{ border-color: {t.edge}; }}
    #input_box, #attachment_bar, #attachment_inner {{ background: {t.sheet}; border: none; }}
    #input_box {{ font-size: {fonts.points(1.13)}pt; }}
    QToolButton[kind="meter"], QToolButton[kind="meter_warn"] {{ color: {t.ink2}; padding: 5px 8px;
        font-size: {fonts.points(0.87)}pt; }}
    QSlider:horizontal {{ min-height: 20px; }}
    QSlider::groove:horizontal {{ height: 4px; background: {t.line}; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {t.sheet}; border: 2px solid {t.accent}; width: 14px; height: 14px;
        margin: -7px 0; border-radius: 9px; }}
    QToolButton[kind="meter_warn"] {{ color: {t.warn}; }}
    #mention_list {{ background: {t.sheet}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px;
        padding: 4px; outline: none; }}
    #space_editor #attachment_bar, #space_editor #attachment_inner {{ background: transparent; }}
    QFrame[kind="attachment"] {{ background: {t.sheet}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; }}
    QFrame[kind="attachment"]:hover {{ border-color: {t.edge}; }}
    #start_page, #start_inner {{ background: {t.sheet}; border: none; }}
    QPushButton[kind="recent"] {{ background: transparent; border-color: transparent; text-align: left;
        padding: 8px; font-weight: 400; }}
    QPushButton[kind="recent"]:hover {{ background: {t.fill}; }}
    """


def _translator(t: Theme, fonts: Fonts) -> str:
    return f"""
    #translate_scroll, #source_side, #target_side {{ background: {t.sheet}; border: none; }}
    #translate_work {{ background: {t.sheet}; border: none; border-top: {t.separator}; }}
    #source_text, #target_text {{ background: {t.sheet}; border: none; padding: 0; font-size: {fonts.points(1.33)}pt; }}
    #swap_button {{ background: {t.sheet}; border: {t.separator}; border-radius: {scaled(34) // 2}px;
        padding: 0; }}
    #swap_button:hover {{ background: {t.fill}; }}
    QComboBox[kind="head"] {{ background: transparent; border-color: transparent; padding-left: 4px;
        font-weight: 500; font-size: {fonts.points(1.13)}pt; }}
    QComboBox[kind="head"]:hover {{ background: {t.fill}; }}
    #document_body {{ background: {t.sheet}; border: none; }}
    QPushButton[kind="flag"] {{ background: transparent; border-color: transparent; color: {t.warn};
        font-size: {fonts.points(0.87)}pt; padding: 5px 8px; }}
    QPushButton[kind="flag"]:hover {{ background: {t.fill}; }}
    #language_list {{ background: {t.sheet}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px; }}
    #language_list::item, #earlier_list::item
        {{ padding: 3px 4px; border: 1px solid transparent; }}
    #language_list::item:selected, #earlier_list::item:selected
        {{ background: {t.soft}; color: {t.soft_ink}; border-color: {t.soft}; }}
    #language_list::item:disabled {{ color: {t.ink2}; }}
    #language_popup {{ background: {t.sheet}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; }}
    QListWidget[kind="list"] {{ background: {t.sheet}; color: {t.ink}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; outline: none; padding: 4px; }}
    QListWidget[kind="list"]::item {{ padding: 3px 0; }}
    QListWidget[kind="list"]::item:selected {{ background: {t.soft}; color: {t.soft_ink}; }}
    """


def _writing(t: Theme, fonts: Fonts) -> str:
    return f"""
    #writing_correct, #writing_accept_all {{ font-size: {fonts.points()}pt; }}
    #writing_side, #writing_list, #earlier_side, #earlier_list {{
        background: {t.ground}; border: none; outline: none; }}
    #writing_bar {{ background: {t.sheet}; border: none; border-radius: {RADIUS}px; }}
    #writing_desk {{ background: {t.desk}; border: none; border-bottom-left-radius: {RADIUS}px; }}
    #writing_editor {{ background: {t.sheet}; border: {t.separator}; border-bottom: none;
        border-top-left-radius: {CONTROL_RADIUS}px; border-top-right-radius: {CONTROL_RADIUS}px;
        font-size: {fonts.points(1.13)}pt; selection-background-color: {t.sel}; selection-color: {t.ink}; }}
    #writing_pane {{ background: {t.sheet}; border: none; border-left: {t.separator};
        border-bottom-right-radius: {RADIUS}px; }}
    #writing_pane[below="true"] {{ border-left: none; border-top: {t.separator}; }}
    #writing_selection_bar {{ border-radius: 11px; }}
    QPushButton[kind="bar"] {{ background: transparent; border-color: transparent; padding: 5px 8px; }}
    QPushButton[kind="bar"]:hover {{ background: {t.fill}; }}
    QPlainTextEdit[kind="bare"] {{ background: transparent; border: none; padding: 0; }}
    #writing_changes, #suggestion_area, #suggestion_inner {{ background: transparent; border: none; outline: none; }}
    """


def _frames(t: Theme) -> str:
    return f"""
    QFrame[kind="card"] {{ background: transparent; border: none; border-bottom: {t.separator}; }}
    QFrame[kind="band"] {{ background: {t.fill}; border: none; border-radius: {RADIUS}px; }}
    QFrame[kind="band"] QPushButton {{ background: {t.sheet}; border-color: {t.sheet}; }}
    QFrame[kind="band"] QPushButton:hover {{ border-color: {t.line}; }}
    QFrame[kind="row"] {{ background: transparent; border: 2px solid transparent;
        border-radius: {CONTROL_RADIUS}px; }}
    QFrame[kind="row"]:hover {{ background: {t.fill}; }}
    QFrame[kind="row"][lit="true"] {{ background: {t.soft}; border-color: {t.soft}; }}
    QFrame[kind="popover"] {{ background: {t.sheet}; border: {t.line_width}px solid {t.mixed("line", 0.06)};
        border-radius: {RADIUS}px; }}
    QDialog[kind="sheet"] {{ background: {t.sheet}; border: {t.separator}; border-radius: {COMPOSER_RADIUS}px; }}
    QFrame[kind="best"] {{ background: {t.soft}; border: none; border-radius: {RADIUS}px; }}
    QFrame[kind="best"] QLabel[kind="group"] {{ color: {t.soft_ink}; }}
    QFrame[kind="choice"] {{ background: {t.sheet}; border: {t.separator}; border-radius: {RADIUS}px; }}
    QFrame[kind="choice"]:hover {{ border-color: {t.edge}; }}
    QFrame[kind="drop"] {{ border: 2px dashed {t.accent}; border-radius: {RADIUS}px; background: transparent; }}
    QFrame[kind="choice"][dropping="true"] {{ background: {t.soft}; border: 2px dashed {t.accent}; }}
    """


def _buttons(t: Theme, fonts: Fonts) -> str:
    padding = 7 * fonts.scale // 100
    return f"""
    QCheckBox {{ spacing: 8px; padding: 3px; border: 2px solid transparent; border-radius: {CONTROL_RADIUS}px; }}
    QCheckBox#check_box::indicator {{ width: {round(fonts.points(1.15))}px; height: {round(fonts.points(1.15))}px; }}
    QToolButton[kind="small"] {{ color: {t.ink2}; font-size: {fonts.points(0.87)}pt; padding: 1px 6px; }}
    QToolButton[kind="tight"] {{ padding: 2px 0px; }}
    QToolButton[kind="tight"]::menu-indicator {{ image: none; }}
    QToolButton[kind="small"]:hover {{ color: {t.ink}; }}
    QToolButton[kind="primary"] {{ background: {t.accent}; border-color: {t.accent}; padding: 4px; }}
    QToolButton[kind="primary"]:disabled {{ background: {t.fill}; border-color: {t.fill}; }}
    QToolButton[kind="round"] {{ background: {t.accent}; border-radius: {padding + 9 * fonts.scale // 100 + 1}px;
        padding: {padding}px; }}
    QToolButton[kind="round"]:hover {{ background: {t.mixed("accent", 0.08)}; }}
    QToolButton[kind="round"]:disabled {{ background: {t.fill}; }}
    QPushButton[kind="quiet"] {{ background: transparent; border-color: transparent; color: {t.ink2};
        padding: 3px 8px; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="quiet"]:hover {{ background: {t.fill}; }}
    QPushButton[kind="quiet"]:disabled {{ color: {t.off}; }}
    QPushButton[kind="chip"] {{ background: {t.sheet}; border: {t.separator}; border-radius: 14px; padding: 4px 12px;
        font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="chip"]:hover {{ border-color: {t.edge}; }}
    QPushButton[kind="chip"]:checked {{ background: {t.soft}; color: {t.soft_ink}; border-color: {t.soft}; }}
    QPushButton[kind="chip"]:disabled {{ color: {t.off}; }}
    """


def _labels(t: Theme, fonts: Fonts) -> str:
    return f"""
    QLabel[kind="strong"] {{ font-weight: 600; }}
    QLabel[kind="title"] {{ font-size: {fonts.points(1.33)}pt; font-weight: 600; }}
    QLabel[kind="section"] {{ font-size: {fonts.points(1.73)}pt; font-weight: 600; }}
    QLabel[kind="hero"] {{ font-size: {fonts.points(2)}pt; font-weight: 600; }}
    QLabel[kind="group"] {{ color: {t.ink2}; font-size: {fonts.points(0.87)}pt; font-weight: 600; }}
    QLabel[kind="read"] {{ font-size: {fonts.points(1.13)}pt; }}
    QLabel[kind="heading"] {{ font-size: {fonts.points(1.13)}pt; font-weight: 600; }}
    QLabel[kind="muted"] {{ color: {t.ink2}; }}
    QLabel[kind="small"] {{ color: {t.ink3}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="badge"] {{ background: {t.fill}; color: {t.ink}; font-size: {fonts.points(0.87)}pt;
        border-radius: {CONTROL_RADIUS}px; padding: 1px 8px; }}
    QLabel[kind="dot"] {{ color: {t.accent}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="warn"] {{ color: {t.warn}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="danger"] {{ color: {t.danger}; font-size: {fonts.points(0.87)}pt; }}
    """


def _fields(t: Theme, fonts: Fonts) -> str:
    combo_edge = f"{t.line_width}px solid {t.ink if t.line_width > 1 else t.fill}"
    return f"""
    #chat_panel QPlainTextEdit {{ background: {t.sheet}; border-color: {t.edge}; }}
    #chat_panel QPlainTextEdit:focus {{ border-color: {t.accent}; }}
    QComboBox:disabled, QLineEdit:disabled {{ color: {t.off}; background: {t.fill}; border-color: {t.fill}; }}
    QLineEdit {{ background: {t.sheet}; color: {t.ink}; border: {t.line_width}px solid {t.edge};
        border-radius: {CONTROL_RADIUS}px; padding: 5px 10px; selection-background-color: {t.sel};
        selection-color: {t.ink}; placeholder-text-color: {t.ink3}; }}
    QLineEdit[kind="search"] {{ background: {t.hover}; border-color: {t.hover}; }}
    QComboBox {{ background: {t.fill}; color: {t.ink}; border: {combo_edge}; border-radius: {CONTROL_RADIUS}px;
        padding: 5px 10px; }}
    QComboBox:hover {{ background: {t.mixed("fill", 0.05)}; }}
    QComboBox[kind="quiet"] {{ background: transparent; border-color: transparent; color: {t.ink2};
        padding: 1px 24px 1px 0; font-size: {fonts.points(0.87)}pt; }}
    QComboBox[kind="quiet"]::drop-down {{ width: 0; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {t.accent}; }}
    QComboBox {{ padding-right: 28px; combobox-popup: 0; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {t.sheet}; color: {t.ink}; border: {t.separator}; outline: none;
        border-radius: {CONTROL_RADIUS}px; padding: 4px 0;
        selection-background-color: {t.fill}; selection-color: {t.ink}; }}
    QComboBox QAbstractItemView::item {{ padding: 4px 6px; border: none; }}
    QComboBox QAbstractItemView::item:selected {{ background: {t.fill}; color: {t.ink}; }}
    QPlainTextEdit {{ background: {t.fill}; border: {t.line_width}px solid {t.fill}; border-radius: {CONTROL_RADIUS}px;
        padding: 4px; }}
    QPlainTextEdit[kind="code"] {{ font-family: "{fonts.mono_family}"; font-size: {fonts.points(0.94)}pt; }}
    """


def _tables(t: Theme) -> str:
    return f"""
    QSplitter::handle {{ background: {t.line}; }}
    QTableView {{ background: {t.sheet}; color: {t.ink}; border: none; gridline-color: {t.line};
        selection-background-color: {t.soft}; selection-color: {t.ink}; }}
    QHeaderView {{ background: {t.sheet}; border: none; }}
    QHeaderView::section {{ background: {t.sheet}; color: {t.ink}; border: none; border-bottom: {t.separator};
        padding: 8px; font-weight: 600; }}
    QHeaderView::section:vertical {{ border: none; }}
    QTableCornerButton::section {{ background: {t.sheet}; border: none; border-bottom: {t.separator}; }}
    QTableView {{ outline: none; }}
    #frozen_names {{ border-right: {t.separator}; }}
    QTableView::item {{ padding: 0 4px; border: 1px solid transparent; }}
    QTableView::item:selected {{ background: {t.soft}; color: {t.ink}; }}
    QProgressBar {{ background: {t.line}; border: none; border-radius: 2px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
    QProgressBar[kind="warn"]::chunk {{ background: {t.warn}; }}
    """


FOLDER = Path(__file__).with_name("icons")
STROKE = "1.6"
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
    key = f"lucide {name} {colour.name()} {size} {scale}"
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
