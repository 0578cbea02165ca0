from __future__ import annotations

import pytest
from fakes.tiny_gguf import tiny_llama, write
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from slmdesk.core.policy import Policy

pytestmark = pytest.mark.gui


def test_models_of_the_organisation_are_there(start, paths, tmp_path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    model = write(shared / "ours.gguf", tiny_llama())
    paths.policy_file.write_text(f'[models]\nfolder = "{shared}"\n')
    service_thread = start()
    service_thread.wait(lambda: service_thread.ask(lambda services: services.models.list()))
    (record,) = service_thread.ask(lambda services: services.models.list())
    assert (record.path, record.linked) == (bytes(model), True)


def test_what_the_organisation_sets_is_said_on_the_page_of_settings(start, paths) -> None:
    paths.policy_file.write_text('[network]\noffline = true\n[models]\nfolder = "/srv/models"\n')
    service_thread = start()
    note = service_thread.find("policy_note")
    service_thread.wait(lambda: note.text())
    assert note.text() == "Set by your organisation: work offline; models in the folder /srv/models."
    assert not note.isHidden()
    assert service_thread.ask(lambda services: services.network.is_offline) is True
    switch = service_thread.find("offline_switch")
    assert (switch.isEnabled(), switch.isChecked()) == (False, True)
    assert "Set by your organisation." in service_thread.find("network_words").text()
    refused: list = []
    service_thread.bridge.ask(lambda services: services.network.set_offline(False), None, refused.append)
    service_thread.wait(lambda: refused)
    assert refused[0].code == "setting.managed"


def test_such_a_setting_is_shown_but_cannot_be_changed(start) -> None:
    service_thread = start()
    page = service_thread.frame.settings_page
    note = service_thread.find("policy_note")
    assert note.isHidden()
    assert service_thread.find("offline_switch").isEnabled()
    page.show_policy(Policy("p", {"context_tokens": 2048}))
    assert not service_thread.find("setting_context_tokens").isEnabled()
    assert service_thread.find("setting_theme").isEnabled()
    assert page.findChild(QLabel, "context_tokens_sentence").text() == "Set by your organisation."


def test_a_broken_policy_is_noticed_in_the_window(start, paths) -> None:
    paths.policy_file.write_text("nonsense")
    service_thread = start()
    service_thread.wait(lambda: any("policy file" in one for one in service_thread.notices()))
    service_thread.wait(lambda: service_thread.find("policy_note").text() == "Set by your organisation: work offline.")


def test_nobody_is_offered_a_network_that_the_organisation_has_switched_off(start, paths) -> None:
    paths.policy_file.write_text('[network]\noffline = true\n[features]\nhidden = ["models.import"]\n')
    service_thread = start()
    service_thread.window.show_page("Models")
    page = service_thread.frame.models_page
    service_thread.wait(lambda: "organisation" in service_thread.find("offline_words").text())
    service_thread.wait(lambda: page.findChild(QWidget, "suggestion_card") is not None)
    service_thread.wait(lambda: page.findChild(QWidget, "suggestion_card").isVisible())
    names = ("allow_network_button", "download_button", "suggestion_details_button")
    assert not [one for name in names for one in page.findChildren(QPushButton, name) if one.isVisible()]
    ways = service_thread.find("more_ways_button")
    assert ways.width() < page.width() / 2, "what is left keeps its size"
