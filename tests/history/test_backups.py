from __future__ import annotations

from pathlib import Path

import pytest
from fakes.recorder import result_of, row

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Restored
from slmdesk.base.runtime.events import ItemChanged, ItemGone, MessageEnded, ModelsChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.chat.types import SendRequest
from slmdesk.history.store import BackupResult

pytestmark = pytest.mark.process


def said(recorder, words: str):
    services = recorder.services
    sent = services.service_thread.call(lambda: services.chats.send(SendRequest(text=words)))
    recorder.end_of(sent.answer.id)
    return sent


def test_an_open_window_goes_back_to_a_backup_and_on_from_there(opened, tmp_path) -> None:
    recorder = opened()
    services = recorder.services
    first = said(recorder, "the first chat")
    copy = tmp_path / "copy.db"
    assert isinstance(result_of(services, lambda: services.backups.make(copy)), BackupResult)
    second = said(recorder, "the second chat")
    begin = len(recorder.events)
    done = result_of(services, lambda: services.backups.restore(copy))
    assert isinstance(done, Restored), done
    gone = [event.id for event in recorder.of(ItemGone, begin)]
    assert set(gone) == {first.item.id, second.item.id}
    assert [event.item.id for event in recorder.of(ItemChanged, begin)] == [first.item.id]
    assert recorder.of(ModelsChanged, begin)
    assert [item.id for item in services.service_thread.call(services.history.items)] == [first.item.id]
    with pytest.raises(KnownError, match=r"item\.unknown"):
        services.service_thread.call(lambda: services.chats.open(second.item.id))
    after = len(recorder.events)
    services.service_thread.call(services.watch.look)
    assert recorder.of(ItemChanged, after) == [], "what was restored is no news of another desk"
    again = services.service_thread.call(lambda: services.chats.send(SendRequest(text="and on", chat=first.item.id)))
    recorder.wait(MessageEnded, lambda event: event.message.id == again.answer.id)
    assert row(services, again.answer.id).text == "You said: and on"


def test_what_cannot_be_restored_is_told_and_changes_nothing(opened, tmp_path) -> None:
    recorder = opened()
    services = recorder.services
    sent = said(recorder, "kept")
    broken = tmp_path / "broken.db"
    broken.write_bytes(Path(services.paths.database).read_bytes()[:-4096])
    problem = result_of(services, lambda: services.backups.restore(broken))
    assert isinstance(problem, Problem)
    assert problem.code == "backup.unusable"
    other = opened()
    with pytest.raises(KnownError, match=r"store\.in_use"):
        result_of(services, lambda: services.backups.restore(broken))
    other.services.close()
    assert services.service_thread.call(lambda: services.chats.open(sent.item.id)).item.title == "kept"
    assert result_of(services, lambda: services.backups.make(tmp_path / "after.db")), "the lock was given back"


def test_no_backup_is_put_back_under_an_answer_that_is_being_written(opened, tmp_path) -> None:
    recorder = opened(slow=0.05, repeat="word ")
    services = recorder.services
    copy = tmp_path / "copy.db"
    result_of(services, lambda: services.backups.make(copy))
    sent = services.service_thread.call(lambda: services.chats.send(SendRequest(text="go")))
    recorder.words_of(sent.answer.id)
    with pytest.raises(KnownError, match="being written"):
        result_of(services, lambda: services.backups.restore(copy))
    services.service_thread.call(lambda: services.chats.stop(sent.answer.id))
    recorder.end_of(sent.answer.id)
    assert isinstance(result_of(services, lambda: services.backups.restore(copy)), Restored)


def test_emptying_the_bin_is_told(opened) -> None:
    recorder = opened()
    services = recorder.services
    chats = [said(recorder, words).item.id for words in ("one", "two", "three")]
    for chat in chats[:2]:
        services.service_thread.call(lambda chat=chat: services.history.trash(chat))
    emptied = services.service_thread.call(services.history.empty_trash)
    assert set(emptied.ids) == set(chats[:2])
    assert {event.id for event in recorder.of(ItemGone)} == set(chats[:2])
    assert [item.id for item in services.service_thread.call(services.history.items)] == chats[2:]
    assert services.service_thread.call(services.history.empty_trash).ids == ()
