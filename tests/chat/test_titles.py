"""Titles that the model writes while nobody waits, and those it leaves alone."""

from __future__ import annotations

import pytest
from chat.sending import ask, call
from fakes.recorder import wait_until

from slmdesk.base.runtime.events import ItemChanged, ModelState
from slmdesk.chat.titles import title_in

LONG = "My landlord ended the lease of my flat by a letter of 3 May. Which notice period does he have to keep?"
pytestmark = pytest.mark.process
TITLE = "Notice period of a lease"


def title_of(recorder, chat):
    return call(recorder, lambda: recorder.services.chats.open(chat).item.title)


def begin(recorder, idle_s=0.0):
    def do():
        recorder.services.titles.idle_s = idle_s
        recorder.services.titles.begin()

    call(recorder, do)


def is_at_rest(recorder):
    """Whether nothing is written."""
    return call(recorder, lambda: not recorder.services.loader.is_busy)


def test_the_first_words_give_way_to_a_title_of_the_model(opened):
    recorder = opened(answer=TITLE)
    begin(recorder)
    chat = ask(recorder, LONG)[0].item.id
    wait_until(lambda: title_of(recorder, chat) == TITLE)
    assert {hit.item for hit in call(recorder, lambda: recorder.services.history.search("lease"))} == {chat}
    begin(recorder, idle_s=3600)
    ask(recorder, f"{LONG} And what about the deposit?", chat=chat)
    call(recorder, recorder.services.titles.write_next)
    wait_until(lambda: is_at_rest(recorder))
    assert title_of(recorder, chat) == TITLE, "written once"


def test_a_title_of_the_person_stays(opened):
    recorder = opened(answer=TITLE)
    begin(recorder, idle_s=3600)
    chat = ask(recorder, LONG)[0].item.id
    call(recorder, lambda: recorder.services.chats.rename(chat, "Mine"))
    call(recorder, recorder.services.titles.write_next)
    wait_until(lambda: is_at_rest(recorder))
    assert title_of(recorder, chat) == "Mine"


@pytest.mark.parametrize("case", ["off", "not begun", "short", "unsaved"])
def test_no_title_is_written(opened, case):
    recorder = opened(answer=TITLE)
    if case == "off":
        call(recorder, lambda: recorder.services.settings.change(model_titles=False))
    if case != "not begun":
        begin(recorder, idle_s=3600)
    question = "Which notice period?" if case == "short" else LONG
    chat = ask(recorder, question, save=case != "unsaved")[0].item.id
    call(recorder, recorder.services.titles.write_next)
    wait_until(lambda: is_at_rest(recorder))
    assert title_of(recorder, chat) == question
    assert TITLE not in {event.item.title for event in recorder.events if isinstance(event, ItemChanged)}


def test_no_model_is_loaded_for_a_title(opened):
    recorder = opened(answer=TITLE)
    begin(recorder, idle_s=3600)
    chat = ask(recorder, LONG)[0].item.id
    call(recorder, recorder.services.models.unload)
    call(recorder, recorder.services.titles.write_next)
    assert call(recorder, lambda: recorder.services.loader.state.state) is ModelState.NOT_LOADED
    assert title_of(recorder, chat) == LONG


def test_a_chat_deleted_meanwhile_gets_none(opened):
    recorder = opened(answer=TITLE)
    begin(recorder, idle_s=3600)
    chat = ask(recorder, LONG)[0].item.id
    call(recorder, lambda: recorder.services.history.delete_for_good(chat))
    call(recorder, recorder.services.titles.write_next)
    wait_until(lambda: is_at_rest(recorder))


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (TITLE, TITLE),
        (f"**Title: “{TITLE}.”**", TITLE),
        (f"\n\n# {TITLE}\n\nThe landlord …", TITLE),
        ("Titel: Kündigung des lease", "Kündigung des lease"),
        ("", ""),
        ("…", ""),
        ("A poem about the sea", ""),
        ("The landlord has to keep a notice period of three months, if the lease was for more than five years", ""),
        ("notice " * 11, ""),
    ],
)
def test_what_a_model_writes_is_a_title_only_if_it_is_one(written, title):
    assert title_in(written, LONG) == title
    assert title_in("租约的通知期", "我的房东终止了租约，通知期是多久？") == "租约的通知期", "without spaces"
