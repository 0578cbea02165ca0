"""Questions asked anew, answers changed by hand, messages deleted and brought back, chats gone on elsewhere."""

from __future__ import annotations

import pytest
from chat.sending import ask, call
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ItemGone
from slmdesk.base.types import Role
from slmdesk.chat.conversation import turns_for_engine
from slmdesk.chat.types import Rewrite, SendRequest, request_for

pytestmark = pytest.mark.process


def talk(recorder, *words: str, **more):
    """A chat of these questions; what was sent, one by one."""
    sent = [ask(recorder, words[0], **more)[0]]
    sent += [ask(recorder, word, sent[0].item.id)[0] for word in words[1:]]
    return sent


def path(recorder, chat: str):
    return call(recorder, lambda: recorder.services.chats.open(chat)).messages


def words(recorder, chat: str) -> list[str]:
    return [message.words for message in path(recorder, chat)]


def prompt_of(recorder, message: str) -> str:
    return result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(message)).text


def edits(recorder, name: str, *args, **more):
    return call(recorder, lambda: getattr(recorder.services.chats.edits, name)(*args, **more))


SAVED = pytest.mark.parametrize("save", [True, False], ids=["kept", "unsaved"])


@SAVED
def test_an_edited_question_is_a_branch_and_the_old_one_stays_with_what_followed(opened, save) -> None:
    recorder = opened()
    sent, two, _three = talk(recorder, "one", "two", "three", save=save)
    chat = sent.item.id
    again = ask(recorder, "other", chat, instead_of=two.user_message.id)[0]
    assert words(recorder, chat) == ["one", "You said: one", "other", "You said: other"]
    opened_chat = call(recorder, lambda: recorder.services.chats.open(chat))
    assert opened_chat.siblings[again.user_message.id] == (two.user_message.id, again.user_message.id)
    back = call(recorder, lambda: recorder.services.chats.show_version(two.user_message.id))
    assert [message.words for message in back.messages][2::2] == ["two", "three"]
    first = ask(recorder, "first of all", chat, instead_of=sent.user_message.id)[0]
    assert words(recorder, chat) == ["first of all", "You said: first of all"]
    assert first.user_message.parent is None


def test_only_a_question_can_be_asked_anew(opened) -> None:
    recorder = opened()
    (sent,) = talk(recorder, "one")
    with pytest.raises(KnownError, match=r"request\.invalid"):
        ask(recorder, "x", sent.item.id, instead_of=sent.answer.id)
    assert words(recorder, sent.item.id) == ["one", "You said: one"]


@SAVED
def test_an_edited_answer_keeps_what_the_model_wrote_and_goes_on_in_the_chat(opened, save) -> None:
    recorder = opened()
    sent, _two = talk(recorder, "one", "two", save=save)
    edited = edits(recorder, "edit_answer", sent.answer.id, "I said so")
    assert (edited.text, edited.original) == ("I said so", "You said: one")
    assert words(recorder, sent.item.id) == ["one", "I said so", "two", "You said: two"]
    edits(recorder, "edit_answer", sent.answer.id, "I said so twice")
    restored = edits(recorder, "restore_original", sent.answer.id)
    assert (restored.text, restored.original) == ("You said: one", None)
    for id, text in ((sent.answer.id, "  "), (sent.user_message.id, "x")):
        with pytest.raises(KnownError):
            edits(recorder, "edit_answer", id, text)


def test_the_search_finds_the_new_words_alone_and_the_model_is_given_them(opened) -> None:
    recorder = opened()
    (sent,) = talk(recorder, "zebra")
    edits(recorder, "edit_answer", sent.answer.id, "A giraffe")
    history = recorder.services.history
    assert [each.message for each in call(recorder, lambda: history.search("giraffe"))] == [sent.answer.id]
    assert [each.message for each in call(recorder, lambda: history.search("zebra"))] == [sent.user_message.id]
    two = ask(recorder, "and then?", sent.item.id)[0]
    seen = prompt_of(recorder, two.answer.id)
    assert "A giraffe" in seen
    assert "You said: zebra" not in seen


@SAVED
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with what follows"])
def test_deleted_messages_are_gone_and_come_back_as_they_were(opened, save, alone) -> None:
    recorder = opened()
    sent = talk(recorder, "one", "two", "three", save=save)
    chat, before = sent[0].item.id, path(recorder, sent[0].item.id)
    deleted = edits(recorder, "delete", sent[1].user_message.id, alone=alone)
    whole = ["one", "You said: one", "two", "You said: two", "three", "You said: three"]
    if alone:
        assert deleted == 1
        assert words(recorder, chat) == [word for word in whole if word != "two"]
    else:
        assert deleted == 4
        assert words(recorder, chat) == whole[:2]
    assert edits(recorder, "undo_delete", chat)
    after = path(recorder, chat)
    assert [(message.id, message.words, message.parent, message.status) for message in after] == [
        (message.id, message.words, message.parent, message.status) for message in before
    ]
    assert not edits(recorder, "undo_delete", chat)


def test_nothing_of_a_deleted_message_stays_in_the_history_s_file(opened) -> None:
    recorder = opened()
    _one, two = talk(recorder, "keep", "xylophone")
    edits(recorder, "delete", two.user_message.id, alone=False)
    assert call(recorder, lambda: recorder.services.history.search("xylophone")) == []
    assert {each.id for each in recorder.of(ItemGone)} == {two.user_message.id, two.answer.id}
    recorder.services.close()
    for file in (recorder.services.paths.data).rglob("*"):
        assert not file.is_file() or b"xylophone" not in file.read_bytes(), file


def test_deleting_versions_keeps_the_others(opened) -> None:
    recorder = opened()
    (sent,) = talk(recorder, "one")
    second = call(recorder, lambda: recorder.services.chats.try_again(sent.answer.id))
    recorder.end_of(second.id)
    edits(recorder, "delete", second.id, alone=False)
    assert [each.id for each in path(recorder, sent.item.id)] == [sent.user_message.id, sent.answer.id]
    edits(recorder, "delete", sent.user_message.id, alone=False)
    assert path(recorder, sent.item.id) == ()
    edits(recorder, "undo_delete", sent.item.id)
    edits(recorder, "undo_delete", sent.item.id)
    assert {each.id for each in call(recorder, lambda: recorder.services.chats.messages(sent.item.id))} == {
        sent.user_message.id,
        sent.answer.id,
        second.id,
    }


def test_an_answer_being_written_is_neither_deleted_nor_edited(opened) -> None:
    recorder = opened(slow=0.2)
    sent = call(recorder, lambda: recorder.services.chats.send(SendRequest("one two three four five six")))
    for name, args, more in (
        ("delete", (sent.user_message.id,), {"alone": False}),
        ("edit_answer", (sent.answer.id, "x"), {}),
        ("fork", (sent.answer.id,), {}),
    ):
        with pytest.raises(KnownError, match=r"request\.invalid"):
            edits(recorder, name, *args, **more)
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE


def test_an_answer_without_its_question_begins_no_conversation(opened) -> None:
    recorder = opened()
    sent, _two = talk(recorder, "one", "two")
    edits(recorder, "delete", sent.user_message.id, alone=True)
    turns, ids = turns_for_engine("", path(recorder, sent.item.id))
    assert [(turn.role, turn.text) for turn in turns][:2] == [
        (Role.USER, "(deleted)"),
        (Role.ASSISTANT, "You said: one"),
    ]
    assert len(turns) == len(ids)
    assert "(deleted)" in prompt_of(recorder, path(recorder, sent.item.id)[-1].id)


@SAVED
def test_a_fork_is_a_chat_of_its_own_up_to_the_message(opened, save) -> None:
    recorder = opened()
    sent, two, _three = talk(recorder, "one", "two", "three", save=save)
    edits(recorder, "edit_answer", sent.answer.id, "changed")
    copy = edits(recorder, "fork", two.answer.id)
    assert copy.title == "one (copy)"
    assert words(recorder, copy.id) == ["one", "changed", "two", "You said: two"]
    answers = path(recorder, copy.id)
    assert answers[1].original == "You said: one"
    assert answers[3].tokens_out == path(recorder, sent.item.id)[3].tokens_out is not None
    ask(recorder, "more", copy.id)
    assert words(recorder, copy.id)[4:] == ["more", "You said: more"]
    assert words(recorder, sent.item.id)[-2] == "three"


@pytest.mark.parametrize("rewrite", list(Rewrite))
def test_an_answer_is_written_once_more_from_itself_and_is_a_version(opened, rewrite) -> None:
    recorder = opened()
    _one, two = talk(recorder, "one", "two")
    again = call(recorder, lambda: recorder.services.chats.try_again(two.answer.id, rewrite=rewrite))
    ended = recorder.end_of(again.id).message
    assert ended.text == f"You said: {request_for(rewrite, 'You said: two')}"
    assert ended.parent == two.user_message.id
    assert ended.sampling["rewrite"] == rewrite
    seen = prompt_of(recorder, again.id)
    assert seen.index("You said: two") < seen.index(request_for(rewrite, ""))
    three = ask(recorder, "three", two.item.id)[0]
    assert request_for(rewrite, "") not in prompt_of(recorder, three.user_message.id).replace(ended.text, "")


def test_the_request_is_in_the_language_of_the_answer() -> None:
    german = "Der Vertrag wurde am 3. Mai von den Parteien unterschrieben und ist damit gültig."
    assert request_for(Rewrite.SHORTER, german).startswith("Schreibe")
    assert request_for(Rewrite.SHORTER, "The contract was signed by the parties.").startswith("Write")
