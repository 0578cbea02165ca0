"""The form of answers: checked with its place, kept in a chat and in presets, refused before anything is sent."""

from __future__ import annotations

import json

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.types import THINKING_OFF, Sampling
from slmdesk.chat.types import (
    GRAMMAR,
    MOST_FORM,
    SCHEMA,
    ChatOptions,
    SendRequest,
    check_form,
    check_options,
    options_from,
    read_form,
    require_form,
    sampling_for,
)

SCHEMA_TEXT = '{"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}, "required": ["age"]}'
GRAMMAR_TEXT = 'root ::= "Yes" | "No"'


@pytest.mark.pure
def test_a_form_is_checked_with_its_place() -> None:
    found = check_form(SCHEMA, SCHEMA_TEXT)
    assert (found.problem, found.not_kept) == ("", ("minimum",))
    assert check_form(GRAMMAR, GRAMMAR_TEXT).problem == ""
    found = check_form(SCHEMA, '{\n "type": "strin"}')
    assert (found.line, found.column) == (2, 10)
    assert found.problem.startswith("Line 2, column 10: the type is none of")
    assert check_form(GRAMMAR, 'x ::= "a"').problem == "Has no rule named root."
    assert check_form(GRAMMAR, " " * (MOST_FORM + 1)).problem == "It is longer than 32,768 characters."


@pytest.mark.pure
def test_a_bound_answer_has_no_thought_and_a_wish_goes_before_the_chat() -> None:
    options = ChatOptions(json_schema=SCHEMA_TEXT, thinking="on")
    assert options_from(json.loads(json.dumps(options.settings))) == options
    plain = sampling_for(Sampling(), options, Sampling())
    assert (plain.json_schema, plain.grammar, plain.thinking) == (SCHEMA_TEXT, None, THINKING_OFF)
    requested = sampling_for(Sampling(grammar=GRAMMAR_TEXT), options, Sampling())
    assert (requested.json_schema, requested.grammar) == (None, GRAMMAR_TEXT)
    assert sampling_for(Sampling(), ChatOptions(thinking="on"), Sampling()).thinking == "on"


@pytest.mark.pure
def test_two_forms_and_one_that_is_too_long_are_refused() -> None:
    for wrong in ({"json_schema": "{}", "grammar": "x"}, {"grammar": "x" * (MOST_FORM + 1)}):
        with pytest.raises(KnownError, match="form of the answer"):
            check_options(ChatOptions(**wrong))
    assert options_from({"grammar": "x" * (MOST_FORM + 1), "json_schema": 7}) == ChatOptions()
    with pytest.raises(KnownError, match="at once"):
        require_form(Sampling(grammar=GRAMMAR_TEXT, json_schema="{}"))


@pytest.mark.pure
def test_a_form_is_read_from_a_file(tmp_path) -> None:
    file = tmp_path / "schema.json"
    file.write_bytes("\ufeff{\r\n}".encode())
    assert read_form(file) == "{\n}"
    file.write_bytes(b"\xff\xfe{")
    with pytest.raises(KnownError, match="UTF-8"):
        read_form(file)
    file.write_text("x" * (MOST_FORM + 1))
    with pytest.raises(KnownError, match="longer than"):
        read_form(file)
    with pytest.raises(KnownError, match="unreadable"):
        read_form(tmp_path)


@pytest.mark.process
def test_what_cannot_be_used_is_kept_in_the_chat_and_refused_before_anything_is_sent(opened) -> None:
    recorder = opened()
    chats, call = recorder.services.chats, recorder.services.service_thread.call
    sent = call(lambda: chats.send(SendRequest("hello", options=ChatOptions(grammar=GRAMMAR_TEXT))))
    answer = recorder.end_of(sent.answer.id).message
    assert answer.sampling["grammar"] == GRAMMAR_TEXT
    call(lambda: chats.change_options(sent.item.id, ChatOptions(grammar="root ::= (")))
    assert call(lambda: chats.options(sent.item.id)).grammar == "root ::= ("
    before = call(lambda: chats.messages(sent.item.id))
    for refused in (
        lambda: chats.send(SendRequest("again", chat=sent.item.id)),
        lambda: chats.try_again(sent.answer.id),
        lambda: chats.presets.add("x", ChatOptions(grammar="root ::= (")),
    ):
        with pytest.raises(KnownError, match=r"grammar\.invalid") as caught:
            call(refused)
        assert "line 1, column 11" in caught.value.args_for_people["reason"]
    assert call(lambda: chats.messages(sent.item.id)) == before
