"""The list of names that are always found in documents given out."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui


def test_names_of_the_settings_are_kept_with_their_kinds(start):
    program = start()
    program.window.show_page("Settings")
    program.click("setting_private_names")
    program.find("private_names_text").setPlainText("Nightjar\n\nAnna Berg\nHollowell & Sons Ltd\nNightjar")
    program.click("private_names_save")
    program.wait(lambda: "3 names" in program.find("private_names_sentence").text())
    names = program.ask(lambda services: services.redaction.names())
    assert [(name.words, str(name.kind)) for name in names] == [
        ("Nightjar", "other"),
        ("Anna Berg", "person"),
        ("Hollowell & Sons Ltd", "firm"),
    ]
