"""Colours can be read, choices take effect at once, icons take the theme's colour."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from slmdesk.ui.kit.base.theme import (
    DARK,
    FOLDER,
    LIGHT,
    ThemeKeeper,
    contrast,
    contrast_theme,
    icon,
    palette_of,
    pixmap,
    style_sheet,
    window_fonts,
)

pytestmark = pytest.mark.gui

GROUNDS = ("ground", "sheet", "fill", "hover", "desk")
MIXED = ("ground", "fill", "line", "accent")
PAIRS = (
    *((ground, ink, least) for ground in GROUNDS for ink, least in (("ink", 10), ("ink2", 5.8), ("ink3", 4.6))),
    *((ground, ink, 4.5) for ground in ("sheet", "fill") for ink in ("accent", "soft_ink", "warn", "danger")),
    *(("sheet", ink, 4.5) for ink in ("code_word", "code_string", "code_number", "added", "removed")),
    ("accent", "on_accent", 4.5), ("soft", "soft_ink", 4.5), ("soft", "ink", 4.5), ("sel", "ink", 4.5),
    ("mark", "ink", 4.5), ("warn_soft", "warn", 4.5), ("danger_soft", "danger", 4.5), ("ground", "soft_ink", 4.5),
    ("sheet", "edge", 3), ("ground", "edge", 3),
)  # fmt: skip


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_words_can_be_read_on_every_ground(theme):
    for ground, ink, least in PAIRS:
        assert contrast(theme.colour(ground), theme.colour(ink)) >= least, (ground, ink)


@pytest.mark.parametrize(("ground", "ink"), [("#000000", "#FFFFFF"), ("#FFFFFF", "#000000"), ("#808080", "#909090")])
def test_high_contrast_is_high_whatever_the_system_offers(qapp, ground, ink):
    palette = QPalette()
    for role, colour in (("Window", ground), ("WindowText", ink), ("Highlight", ink), ("HighlightedText", ground)):
        palette.setColor(QPalette.ColorRole[role], QColor(colour))
    theme = contrast_theme(palette)
    for token in ("ink", "ink2", "ink3", "soft_ink", "danger", "warn", "line", "edge"):
        assert contrast(theme.colour("sheet"), theme.colour(token)) >= 10
    assert contrast(theme.colour("mark"), theme.colour("ink")) >= 4.5
    assert theme.line_width == 2


@pytest.mark.parametrize("theme", [LIGHT, DARK, contrast_theme(QPalette())], ids=lambda theme: theme.name)
def test_the_current_entry_of_a_menu_has_a_ground_of_its_own(qapp, qtbot, theme):
    menu = QMenu()
    qtbot.addWidget(menu)
    menu.setStyleSheet(style_sheet(theme, window_fonts()))
    plain, current = menu.addAction("Copy"), menu.addAction("Rename")
    menu.setActiveAction(current)
    picture = menu.grab().toImage()
    colours = {picture.pixelColor(menu.actionGeometry(entry).center().x(), menu.actionGeometry(entry).top() + 4).name()
               for entry in (plain, current)}  # fmt: skip
    assert len(colours) == 2


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_quiet_button_that_does_nothing_is_paler(qapp, qtbot, theme):
    pictures = []
    for is_enabled in (True, False):
        made = QPushButton("Columns")
        made.setProperty("kind", "quiet")
        made.setEnabled(is_enabled)
        made.setStyleSheet(style_sheet(theme, window_fonts()))
        qtbot.addWidget(made)
        picture = made.grab().toImage()
        pictures.append(
            {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
        )
    assert theme.ink2.lower() in pictures[0]
    assert theme.ink2.lower() not in pictures[1]


def test_choice_and_scale_take_effect_and_are_told(qapp, qtbot):
    keeper = ThemeKeeper(qapp, choice="light")
    with qtbot.waitSignal(keeper.theme_changed) as reported:
        keeper.set_choice("dark")
    assert reported.args == [DARK]
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.ground)
    before = qapp.font().pointSizeF()
    with qtbot.waitSignal(keeper.theme_changed):
        keeper.set_font_scale(200)
    assert qapp.font().pointSizeF() == pytest.approx(2 * before)
    with qtbot.assertNotEmitted(keeper.theme_changed):
        keeper.set_choice("dark")
    keeper.set_font_scale(100)
    keeper.set_choice("light")


def test_high_contrast_is_chosen_and_shows_what_cannot_be_pressed(qapp, qtbot):
    """On a system that has it, it is the system's; chosen here, black, white and one colour."""
    keeper, window = ThemeKeeper(qapp, choice="light"), QWidget()
    qtbot.addWidget(window)
    keeper.dress(window)
    for kind in ("", "primary", "quiet", "text"):
        button = QPushButton("Correct", window)
        button.setProperty("kind", kind)
        button.move(0, 0)
        button.show()
    window.show()
    keeper.set_choice("contrast")
    assert (keeper.theme.name, keeper.theme.ground, keeper.theme.ink) == ("contrast", "#000000", "#ffffff")
    assert contrast(keeper.theme.colour("off"), keeper.theme.colour("ground")) >= 4.5
    for button in window.findChildren(QPushButton):
        pictures = []
        for is_enabled in (True, False):
            button.setEnabled(is_enabled)
            picture = button.grab().toImage()
            pixels = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
            pictures.append({pixel.name() for pixel in pixels if pixel.alpha() == 255})
        assert {keeper.theme.ink, keeper.theme.accent.lower()} & pictures[0]
        assert not {keeper.theme.ink, keeper.theme.accent.lower()} & pictures[1], button.property("kind")
        assert keeper.theme.off.lower() in pictures[1]
        button.hide()
    keeper.set_choice("light")


def test_all_text_of_a_dressed_window_is_scaled(qapp, qtbot):
    keeper, window = ThemeKeeper(qapp, choice="light"), QWidget()
    qtbot.addWidget(window)
    inner = QWidget(window)
    button = QPushButton("Correct", inner)
    keeper.dress(window)
    window.show()
    before = button.font().pointSizeF()
    keeper.set_font_scale(200)
    assert button.font().pointSizeF() == inner.font().pointSizeF() == pytest.approx(2 * before)
    keeper.set_font_scale(100)


def test_the_system_is_followed(qapp, qtbot):
    keeper = ThemeKeeper(qapp, choice="system")
    assert keeper.theme in (LIGHT, DARK)
    keeper.set_choice("dark")
    assert keeper.theme is DARK


def test_the_style_sheet_names_no_colour_of_its_own(qapp):
    sheet = style_sheet(LIGHT, window_fonts())
    known = {getattr(LIGHT, name) for name in LIGHT.__struct_fields__ if str(getattr(LIGHT, name)).startswith("#")}
    known |= {LIGHT.mixed(token, share) for token in MIXED for share in (0.04, 0.05, 0.06, 0.08, 0.12, 0.14)}
    colours = {word.strip(";") for word in sheet.split() if word.startswith("#") and len(word.strip(";")) == 7}
    assert {colour for colour in colours if _is_colour(colour)} <= known
    assert palette_of(DARK).color(QPalette.ColorRole.Text) == QColor(DARK.ink)


def _is_colour(word):
    return all(letter in "0123456789abcdefABCDEF" for letter in word[1:])


def test_icons_are_drawn_in_the_colour_asked_for(qapp):
    drawn = pixmap("copy", QColor("#1F6F5C"), size=18, scale=2.0)
    assert drawn.width() == 36
    image = drawn.toImage()
    solid = [image.pixelColor(x, y) for x in range(36) for y in range(36) if image.pixelColor(x, y).alpha() == 255]
    assert solid
    assert {colour.name() for colour in solid} == {"#1f6f5c"}


def test_every_icon_can_be_drawn(qapp):
    names = sorted(path.stem for path in FOLDER.glob("*.svg"))
    assert {"copy", "refresh-cw", "play", "house", "arrow-down"} <= set(names)
    for name in names:
        assert not icon(name, QColor(Qt.GlobalColor.black)).isNull()
    assert (FOLDER / "LICENSE").is_file()
    with pytest.raises(FileNotFoundError):
        pixmap("no-such-icon", QColor("black"))
