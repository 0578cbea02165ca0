"""The page of settings: few settings are in sight, all are found by the search, and a font can be chosen."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from slmdesk.ui.kit.base.theme import FAMILY
from slmdesk.ui.kit.widgets.rows import Choice
from slmdesk.ui.kit.widgets.settings import Switch

pytestmark = pytest.mark.gui
MOST = 18


def in_sight(page) -> list[str]:
    return [each.objectName() for each in page.settings if each.isVisible()]


@pytest.fixture
def page(program):
    program.window.show_page("Settings")
    return program.frame.settings_page


def test_a_section_is_shown_at_a_time_and_few_settings_are_not_advanced_and_all_are_found(program, page):
    values, names = [], []
    for entry in page.side_list.findChildren(QToolButton):
        if entry.objectName().startswith("settings_"):
            entry.click()
            names += in_sight(page)
            values += [each for each in page.settings if each.isVisible() and isinstance(each.widget, Choice | Switch)]
    assert len(values) <= MOST, [each.objectName() for each in values]
    assert len(names) == len(set(names))
    assert {each.objectName() for each in page.settings if each.is_offered} - set(names), "the rest is folded"
    page.show_section("general")
    QTest.keyClicks(page.field, "download")
    names = in_sight(page)
    assert {"row_downloads_at_once", "row_speed_limit_kib", "row_notify"} <= set(names)
    assert "row_theme" not in names
    QTest.keyClicks(page.field, "xyz")
    assert in_sight(page) == []
    assert program.find("settings_nothing").isVisible()
    page.field.clear()
    assert "row_theme" in in_sight(page)
    assert "row_notify_names" not in in_sight(page), "folded again"

    program.window.resize(1400, 800)
    program.wait(page.side_list.isVisible)
    places = program.find("settings_places")  # where the side bar is folded the sections stand on the page
    assert not places.isVisible()
    program.window.resize(700, 600)
    program.wait(places.isVisible)
    places.setCurrentIndex(places.findData("network"))
    places.activated.emit(places.currentIndex())
    assert "row_proxy" in in_sight(page)


def test_the_systems_font_is_used_at_once(program, page):
    assert QApplication.font().family() == FAMILY
    program.click(program.setting("system_font"))
    program.wait(lambda: QApplication.font().family() != FAMILY)
    program.frame.settings.change("font_scale", 125)
    program.wait(lambda: program.frame.keeper.fonts.scale == 125)
    assert QApplication.font().family() != FAMILY


def test_the_next_run_shows_the_same_section(start):
    program = start(page="")
    program.window.show_page("Settings")
    program.frame.settings_page.show_section("privacy")
    program.close()
    again = start(page="")
    assert again.window.current_page == "Settings"
    assert again.frame.settings_page.section == "privacy"
    assert again.frame.settings_page.sections["privacy"].isVisible()
    again.frame.settings_page.show_section("gone")
    assert again.frame.settings_page.section == "privacy"


def test_high_contrast_is_chosen(program, page):
    choice = program.find("setting_theme")
    choice.setCurrentIndex(choice.findData("contrast"))
    choice.activated.emit(choice.currentIndex())
    program.wait(lambda: program.frame.keeper.theme.name == "contrast")
    assert program.frame.settings.current.theme == "contrast"
    program.frame.keeper.set_choice("light")
