"""A model that was not made for the language of a question says so below the chat, with the way to a better one."""

import pytest
from fakes import tiny_gguf

pytestmark = pytest.mark.gui
GERMAN = "Schreibe mir bitte eine kurze Absage an einen Bewerber."


def test_a_model_for_english_alone_is_told_for_a_german_question(start, tmp_path):
    file = tiny_gguf.write(
        tmp_path / "smol.gguf", tiny_gguf.tiny_llama(change={"general.name": ("string", "SmolLM2 Tiny")})
    )
    program = start().with_model(file)
    line = program.page._gap
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
    assert program.page._better.text().startswith("Get ")
    program.click(program.page._better)
    program.wait(lambda: program.window.current_page == "Models")


def test_a_model_whose_languages_nobody_lists_is_not_accused(program):
    program.say(GERMAN)
    program.ask(lambda _services: None)
    assert program.page._gap.isHidden()
