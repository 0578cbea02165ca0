"""A model that was not made for the language of a question says so below the chat, with the way to a better one."""

from pathlib import Path

import pytest
from fakes import tiny_gguf
from PySide6.QtWidgets import QPushButton, QWidget

from slmdesk.models import service

pytestmark = pytest.mark.gui
GERMAN = "Schreibe mir bitte eine kurze Absage an einen Bewerber."


def small_english_model(folder: Path) -> Path:
    named = {"general.name": ("string", "SmolLM2 Tiny")}
    return tiny_gguf.write(folder / "smol.gguf", tiny_gguf.tiny_llama(change=named))


def test_a_model_for_english_alone_is_told_for_a_german_question(start, tmp_path, monkeypatch):
    monkeypatch.setattr(service, "STARTER_MOST", 0)
    program = start().with_model(small_english_model(tmp_path))
    line = program.find("language_gap")
    program.say("Please write a short letter to an applicant for me.")
    assert line.isHidden()
    program.say(GERMAN)
    program.wait(line.isVisible)
    assert line.text() == "SmolLM2 Tiny was not made for German: its answers may be nonsense."
    program.say("Und noch eine etwas freundlichere Fassung davon.")
    assert line.isVisible()
    chat = program.chat.chat
    program.chat.new_chat()
    program.wait(line.isHidden)
    program.chat.open_chat(chat)
    program.wait(line.isVisible)
    card = program.page.findChild(QWidget, "better_card")
    program.wait(card.isVisible)
    program.click(card.findChild(QPushButton, "better_all_button"))
    program.wait(lambda: program.window.current_page == "Models")


def test_a_model_whose_languages_nobody_lists_is_not_accused(program):
    program.say(GERMAN)
    program.ask(lambda _services: None)
    assert program.find("language_gap").isHidden()
