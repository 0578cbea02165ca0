"""What the model sees of a chat that has become longer than the context: over a real echo child."""

from __future__ import annotations

import pytest
from chat.sending import ask, call
from fakes.recorder import result_of, row

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.types import AttachMode, Role
from slmdesk.chat.attachment_text import space_for_answer
from slmdesk.chat.conversation import groups_to_leave_out, window_of
from slmdesk.chat.prompt import SHARE
from slmdesk.chat.types import (
    AttachRequest,
    ChatOptions,
    ContextMeasured,
    NotesBegun,
    Rewrite,
    SendRequest,
    TurnsLeftOut,
)

pytestmark = pytest.mark.process
ASK = ""
"""What is chosen where a full chat asks the person."""

CONTEXT = 256
SYSTEM = "Be short."
TURNS = 14


def words(number: int, count: int = 20) -> str:
    return " ".join(f"q{number}w{at}" for at in range(count))


def window_service(recorder):
    return recorder.services.chats.window


def small(opened, **echo):
    recorder = opened(**echo)
    call(recorder, lambda: recorder.services.settings.change(context_tokens=CONTEXT))
    return recorder


def say(recorder, text: str, chat: str | None, way: str = "", **more):
    return ask(recorder, text, chat, options=ChatOptions(system=SYSTEM, when_full=way), **more)[1]


def choose(recorder, chat: str, way: str) -> None:
    options = ChatOptions(system=SYSTEM, when_full=way)
    call(recorder, lambda: recorder.services.chats.change_options(chat, options))


def talk(recorder, way: str, turns: int = TURNS, chat: str | None = None):
    """Many questions of one chat; returns its id and how each answer ended."""
    ends = []
    for number in range(turns):
        ends.append(say(recorder, words(number), chat, way))
        chat = ends[-1].message.item
    return chat, ends


def item_of(recorder, chat):
    return call(recorder, lambda: recorder.services.chats.open(chat).item)


def seen_by(recorder, message: str):
    return result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(message))


def test_a_chat_that_asks_is_refused_when_it_is_full_and_nothing_is_left_out(opened) -> None:
    recorder = small(opened)
    chat, ends = talk(recorder, ASK, turns=7)
    refused = next(end for end in ends if end.problem)
    assert refused.problem.code == "context.full"
    assert recorder.of(TurnsLeftOut) == []
    assert "left_out_to" not in item_of(recorder, chat).settings
    choose(recorder, chat, "leave_out")
    again = call(recorder, lambda: recorder.services.chats.try_again(refused.message.id))
    assert recorder.end_of(again.id).message.status is Status.COMPLETE


def test_the_oldest_turns_are_left_out_in_large_bites_and_the_chat_goes_on(opened) -> None:
    recorder = small(opened)
    chat, ends = talk(recorder, "leave_out")
    assert [end.message.status for end in ends] == [Status.COMPLETE] * TURNS
    bites = recorder.of(TurnsLeftOut)
    assert 2 <= len(bites) < TURNS / 2  # for several questions the beginning of the prompt stays as it is
    assert [bite.count for bite in bites] == sorted({bite.count for bite in bites})
    for end in ends:
        assert end.message.tokens_in + space_for_answer(CONTEXT, None) <= CONTEXT
        if any(bite.message == end.message.id for bite in bites):
            assert end.message.tokens_in <= CONTEXT * SHARE
        elif end.message.id != ends[0].message.id:
            assert end.message.tokens_reused > 0
    conversation = call(recorder, lambda: recorder.services.chats.open(chat))
    window = window_of(conversation.item)
    assert len(conversation.messages) == 2 * TURNS  # all of it is kept
    assert len(window.left_out(conversation.messages)) == bites[-1].count
    assert conversation.messages[window.place(conversation.messages)].role is Role.USER


def test_what_the_model_saw_says_exactly_what_was_left_out_then(opened) -> None:
    recorder = small(opened)
    _chat, ends = talk(recorder, "leave_out")
    bite = recorder.of(TurnsLeftOut)[0]
    at = next(number for number, end in enumerate(ends) if end.message.id == bite.message)
    before, then, last = (seen_by(recorder, ends[position].message.id) for position in (at - 1, at, -1))
    assert (before.left_out, "q0w0" in before.text) == (0, True)
    assert (then.left_out, "q0w0" in then.text) == (bite.count, False)
    assert last.left_out == recorder.of(TurnsLeftOut)[-1].count
    assert then.text.startswith(f"<system>{SYSTEM}\n<user>q{bite.count // 2}w0 ")
    assert then.tokens == ends[at].message.tokens_in


def test_pinned_messages_stay_in_the_prompt_with_their_answer(opened) -> None:
    recorder = small(opened)
    chat, ends = talk(recorder, "leave_out", turns=2)
    item = call(recorder, lambda: window_service(recorder).pin(ends[0].message.id, pinned=True))
    assert window_of(item).pinned == {ends[0].message.id}
    _chat, ends = talk(recorder, "leave_out", chat=chat)
    assert {end.message.status for end in ends} == {Status.COMPLETE}
    seen = seen_by(recorder, ends[-1].message.id).text
    assert seen.startswith(f"<system>{SYSTEM}\n<user>{words(0)}\n<assistant>You said: {words(0)}\n<user>")
    assert f"<user>{words(1)}\n" not in seen
    call(recorder, lambda: window_service(recorder).pin(row(recorder.services, ends[0].message.id).id, pinned=True))
    cleared = call(recorder, lambda: window_service(recorder).pin(ends[0].message.id, pinned=False))
    assert len(window_of(cleared).pinned) == 1


def test_notes_of_the_model_stand_for_the_turns_left_out(opened) -> None:
    recorder = small(opened)
    chat, ends = talk(recorder, "summarize")
    assert {end.message.status for end in ends} == {Status.COMPLETE}
    bites, begun = recorder.of(TurnsLeftOut), recorder.of(NotesBegun)
    assert bites
    assert [event.message for event in begun] == [bite.message for bite in bites]
    assert all(bite.has_notes for bite in bites)
    notes = item_of(recorder, chat).settings["earlier_notes"]
    assert notes.startswith("You said:")  # what the fake makes of any request
    seen = seen_by(recorder, ends[-1].message.id).text
    assert seen.startswith(f"<system>{SYSTEM}\n\n[Notes on what was said earlier in this conversation:]\n{notes}\n[End")
    for end in ends:
        assert end.message.tokens_in + space_for_answer(CONTEXT, None) <= CONTEXT


def test_notes_can_be_edited_and_removed_and_all_be_seen_again(opened) -> None:
    recorder = small(opened)
    chat, _ends = talk(recorder, "summarize", turns=8)
    service = window_service(recorder)
    assert (
        call(recorder, lambda: service.change_notes(chat, "  The rent is 900.  ")).settings["earlier_notes"]
        == "The rent is 900."
    )
    end = say(recorder, "short", chat)
    assert "The rent is 900.\n[End" in seen_by(recorder, end.message.id).text
    assert "earlier_notes" not in call(recorder, lambda: service.change_notes(chat, " ")).settings
    noted = result_of(recorder.services, lambda: service.summarize_left_out(chat))
    assert noted.settings["earlier_notes"].startswith("You said:")
    item = call(recorder, lambda: service.see_all(chat))
    assert {"left_out_to", "earlier_notes"} & set(item.settings) == set()
    assert "[Notes" in seen_by(recorder, end.message.id).text  # what it saw then
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: service.summarize_left_out(chat))
    with pytest.raises(KnownError, match=r"text\.too_long"):
        call(recorder, lambda: service.change_notes(chat, "x" * 20_001))


def test_a_new_chat_begins_with_notes_on_this_one(opened) -> None:
    recorder = small(opened)
    chat, _ends = talk(recorder, ASK, turns=3)
    new = result_of(recorder.services, lambda: window_service(recorder).new_chat_with_notes(chat))
    assert new.title.startswith("Continued: q0w0")
    assert new.settings["system"] == SYSTEM
    end = say(recorder, "and now", new.id)
    assert seen_by(recorder, end.message.id).text.startswith(f"<system>{SYSTEM}\n\n[Notes on what was said")
    assert len(call(recorder, lambda: recorder.services.chats.open(chat)).messages) == 6
    empty = call(recorder, recorder.services.chats.new_chat)
    with pytest.raises(KnownError, match=r"request\.invalid"):
        call(recorder, lambda: window_service(recorder).new_chat_with_notes(empty.id))


def test_a_question_that_is_too_long_alone_is_refused_and_leaves_nothing_out(opened) -> None:
    recorder = small(opened)
    chat, _ends = talk(recorder, "leave_out", turns=2)
    end = say(recorder, words(9, 300), chat)
    assert end.problem.code == "context.full"
    assert 300 < end.problem.args["needed"] < 400  # its own, without the turns before it
    assert "left_out_to" not in item_of(recorder, chat).settings
    assert say(recorder, "short", chat).message.status is Status.COMPLETE


def test_on_another_branch_all_is_seen_and_a_chat_that_is_not_kept_makes_room_too(opened) -> None:
    recorder = small(opened)
    chat, ends = talk(recorder, "leave_out", turns=8)
    again = call(recorder, lambda: recorder.services.chats.try_again(ends[0].message.id))
    recorder.end_of(again.id)
    conversation = call(recorder, lambda: recorder.services.chats.open(chat))
    assert window_of(conversation.item).left_out(conversation.messages) == frozenset()
    unsaved = say(recorder, words(0), None, "leave_out", save=False).message.item
    for number in range(1, 9):
        assert say(recorder, words(number), unsaved, save=False).message.status is Status.COMPLETE
    assert recorder.of(TurnsLeftOut)[-1].item == unsaved


def test_stopping_while_notes_are_written_leaves_the_chat_as_it_was(opened) -> None:
    recorder = small(opened)
    chat, _ends = talk(recorder, ASK, turns=3)
    recorder.services.close()
    recorder = small(opened, slow=0.2)
    choose(recorder, chat, "summarize")
    sent = call(recorder, lambda: recorder.services.chats.send(SendRequest(words(3, 60), chat=chat)))
    recorder.wait(NotesBegun)
    call(recorder, lambda: recorder.services.chats.stop(sent.answer.id))
    assert recorder.end_of(sent.answer.id).message.status is Status.CANCELLED
    assert not {"left_out_to", "earlier_notes"} & set(item_of(recorder, chat).settings)


def test_room_is_made_for_a_document_and_one_left_out_is_still_searched(opened) -> None:
    recorder = opened()
    call(recorder, lambda: recorder.services.settings.change(context_tokens=2048))
    attach = (AttachRequest(name="lease.txt", source=("The rent is 900 euros. The key is blue.",)),)
    chat = say(recorder, "What is the rent?", None, "leave_out", attach=attach).message.item
    while not recorder.of(TurnsLeftOut):
        assert say(recorder, words(1, 150), chat).message.status is Status.COMPLETE
    conversation = call(recorder, lambda: recorder.services.chats.open(chat))
    assert conversation.messages[0].id in window_of(conversation.item).left_out(conversation.messages)
    end = say(recorder, "What about the rent and the key?", chat)
    assert seen_by(recorder, end.message.id).text.count("The rent is 900 euros.") == 1
    whole = AttachRequest(name="long.txt", source=(words(2, 600),), mode=AttachMode.WHOLE)
    end = say(recorder, "What is in this?", chat, attach=(whole,))
    assert end.message.status is Status.COMPLETE
    assert end.message.tokens_in <= 2048 * SHARE


def test_the_meter_counts_notes_and_pinned_messages_on_their_own(opened) -> None:
    recorder = small(opened)
    chat, ends = talk(recorder, "summarize", turns=6)
    call(recorder, lambda: window_service(recorder).pin(ends[-1].message.id, pinned=True))
    begin = len(recorder.events)
    call(recorder, lambda: recorder.services.chats.measure(chat, "three more words"))
    measured = recorder.wait(ContextMeasured, begin=begin)
    parts = {part.kind: part.tokens for part in measured.parts}
    assert set(parts) == {"instructions", "notes", "pinned", "conversation", "question", "answer"}
    assert sum(parts.values()) - parts["answer"] == measured.tokens
    assert measured.when_full == "summarize"


@pytest.mark.parametrize(
    ("sizes", "stays", "most", "count"),
    [
        ([10, 10, 10], [False] * 3, 35, 0),
        ([10, 10, 10], [False] * 3, 25, 1),
        ([10, 10, 10], [True, False, False], 25, 2),
        ([10, 10, 30], [False] * 3, 25, 2),
        ([30], [False], 25, 0),
    ],
)
def test_as_few_groups_as_needed_are_left_out(sizes, stays, most, count) -> None:
    assert groups_to_leave_out(sizes, stays, 5, most) == count


def test_a_copy_of_a_chat_and_deletions_keep_what_is_left_out(opened) -> None:
    recorder = small(opened)
    chats = recorder.services.chats
    chat, ends = talk(recorder, "summarize", turns=8)
    call(recorder, lambda: chats.window.pin(ends[0].message.id, pinned=True))
    end = say(recorder, "short", chat)
    old = call(recorder, lambda: chats.open(chat))
    copy = call(recorder, lambda: chats.edits.fork(end.message.id))
    new = call(recorder, lambda: chats.open(copy.id))
    window, copied = window_of(old.item), window_of(new.item)
    assert copied.notes == window.notes
    assert copied.place(new.messages) == window.place(old.messages) > 0
    assert len(copied.left_out(new.messages)) == len(window.left_out(old.messages)) > 0
    assert seen_by(recorder, new.messages[-1].id).text == seen_by(recorder, end.message.id).text
    call(recorder, lambda: chats.edits.delete(window.after, alone=True))
    less = call(recorder, lambda: chats.open(chat))
    assert window_of(less.item).place(less.messages) == window.place(old.messages) - 1


def test_an_answer_written_once_more_sees_the_one_it_came_from(opened) -> None:
    recorder = small(opened)
    _chat, ends = talk(recorder, "leave_out", turns=6)
    text = ends[-1].message.text
    answer = call(recorder, lambda: recorder.services.chats.try_again(ends[-1].message.id, rewrite=Rewrite.SHORTER))
    assert recorder.end_of(answer.id).message.status is Status.COMPLETE
    assert f"<assistant>{text}\n<user>Write your answer again" in seen_by(recorder, answer.id).text


def test_an_answer_cut_at_the_end_of_the_context_is_continued_once_there_is_room(opened) -> None:
    recorder = small(opened)
    chat, _ends = talk(recorder, ASK, turns=3)
    end = say(recorder, words(3, 60), chat)
    assert end.message.finish_reason == "length"
    choose(recorder, chat, "leave_out")
    begin = len(recorder.events)
    call(recorder, lambda: recorder.services.chats.continue_answer(end.message.id))
    longer = recorder.end_of(end.message.id, begin).message
    assert longer.status is Status.COMPLETE
    assert len(longer.text) > len(end.message.text)
    assert recorder.of(TurnsLeftOut)
