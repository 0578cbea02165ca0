from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from slmdesk.ui.kit.widgets.features import hide_features

pytestmark = pytest.mark.gui


def test_what_the_organisation_sets_is_said_on_the_page_of_settings(start, paths) -> None:
    paths.policy_file.write_text('[network]\noffline = true\n[models]\nfolder = "/srv/models"\n')
    program = start()
    note = program.find("policy_note")
    program.wait(lambda: note.text())
    assert note.text() == "Set by your organisation: work offline; models in the folder /srv/models."
    assert not note.isHidden()
    assert program.ask(lambda services: services.network.is_offline) is True
    switch = program.find("offline_switch")
    assert (switch.isEnabled(), switch.isChecked()) == (False, True)
    program.mentions("network_words", "Set by your organisation.")


def test_a_broken_policy_is_noticed_in_the_window(start, paths) -> None:
    paths.policy_file.write_text("nonsense")
    program = start()
    program.wait(lambda: any("policy file" in notice for notice in program.notices()))
    program.says("policy_note", "Set by your organisation: work offline.")


def test_what_stands_in_a_hidden_part_may_be_hidden_before_it(start) -> None:
    program = start()
    page = program.frame.settings_page
    hide_features(program.window, ["token", "settings.network"])
    page.show_section("network")
    assert program.find("row_token").isHidden()
    assert program.find("network_body").isHidden()


def test_nobody_is_offered_a_network_that_the_organisation_has_switched_off(start, paths) -> None:
    paths.policy_file.write_text('[network]\noffline = true\n[features]\nhidden = ["models.import"]\n')
    program = start()
    program.window.show_page("Models")
    page = program.frame.models_page
    program.mentions("search_note", "organisation")
    program.wait(lambda: page.findChild(QWidget, "suggestion_card") is not None)
    program.wait(lambda: page.findChild(QWidget, "suggestion_card").isVisible())
    names = ("allow_network_button", "download_button", "suggestion_details_button")
    assert not [button for name in names for button in page.findChildren(QPushButton, name) if button.isVisible()]
    assert not program.find("find_models_button").isVisible()
    assert not program.find("library_add_button").isVisible()
