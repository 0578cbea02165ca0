"""What was read of a document is kept, found again by another process, and gone with what it belongs to (H10)."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.recorder import ECHO, LLAMA, Recorder, add_model, import_model, open_echo, result_of, sized

from slmdesk.base.paths import find_paths
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import DocumentGone
from slmdesk.base.saved_states import states_in
from slmdesk.base.settings import SettingsFile
from slmdesk.tasks.questions import service
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered

pytestmark = pytest.mark.process

SAYS = "At 12 bar."
TEXT = "The pump stops at 12 bar.\fThe valve opens in winter and closes in summer.\fNothing else is known."
SLOW, WORTH_S = 0.3, 0.15
"""Seconds for the text, and from how many on it is worth keeping."""


class Session:
    """One run of the program."""

    def __init__(self, folder: Path, *, model: bool = True, engine: Sequence[str] = ECHO) -> None:
        self.folder = folder
        self.services = open_echo(engine)
        self.recorder = Recorder(self.services)
        if model and not self.call(self.services.models.list):
            add_model(self.services, folder / "echo.gguf")

    def call(self, fn):
        return self.services.service_thread.call(fn)

    def document(self, name: str = "manual.txt", text: str = TEXT):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return result_of(self.services, lambda: self.services.documents.open(path))

    def ask(self, question: str, *documents, **request):
        """The answer's row, once nothing is being saved any more."""
        sent = self.call(
            lambda: self.services.questions.ask(AskRequest(question, tuple(d.id for d in documents), **request))
        )
        ended = self.recorder.end_of(sent.answer.id)
        assert ended.message.status is Status.COMPLETE, ended
        self.recorder.wait(QuestionAnswered, lambda event: event.message == sent.answer.id)
        self.quiet()
        return ended.message

    def quiet(self) -> None:
        result_of(self.services, self.services.states.when_quiet)

    def forget(self, document) -> None:
        self.call(lambda: self.services.documents.forget(document.id))
        self.recorder.wait(DocumentGone, lambda event: event.id == document.id)


@pytest.fixture
def session(monkeypatch, tmp_path):
    """Opens runs of the program, one after another or side by side, over one home."""
    monkeypatch.setattr(service, "WORTH_S", WORTH_S)
    opened = []

    def open_one(**echo) -> Session:
        monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"answer": SAYS, "slow_read": SLOW} | echo))
        desk = Session(tmp_path)
        opened.append(desk)
        return desk

    yield open_one
    for client in opened:
        client.services.close()


def states() -> list[Path]:
    return [state.path for state in states_in(find_paths().states)]


def test_another_run_need_not_read_the_document_again(session):
    first = session()
    record = first.document()
    read = first.ask("When does the pump stop?", record)
    assert read.tokens_reused == 0
    (kept,) = states_in(find_paths().states)
    head = kept.head
    assert head is not None
    assert (head.documents, head.model) == ((record.id,), read.model_sha256)
    first.services.close()

    second = session()
    answer = second.ask("And when does the pump stop?", record)
    assert answer.text == read.text
    assert answer.tokens_reused == head.tokens > 20
    assert states() == [kept.path]
    second.ask("And in summer?", item=answer.item)


def test_the_question_is_not_in_it(session):
    desk = session()
    desk.ask("Zebrafishxq?", desk.document())
    (kept,) = states()
    raw = kept.read_bytes()  # the echo engine's state is words
    assert b"valve" in raw
    assert b"Zebrafishxq" not in raw


def test_what_is_read_soon_is_not_kept(session):
    desk = session(slow_read=0)
    desk.ask("When does the pump stop?", desk.document())
    assert states() == []


@pytest.mark.parametrize("harm", ["flipped", "short", "other version", "unreadable"])
def test_a_state_that_is_of_no_use_is_read_anew_and_kept_anew(session, harm):
    first = session()
    record = first.document()
    read = first.ask("When does the pump stop?", record)
    first.services.close()
    (kept,) = states()
    whole = kept.read_bytes()
    if harm == "flipped":
        kept.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    elif harm == "short":
        kept.write_bytes(whole[:-100])
    elif harm == "unreadable":
        kept.unlink()
        kept.mkdir()
    second = session(version="2") if harm == "other version" else session()
    answer = second.ask("And when does the pump stop?", record)
    assert (answer.text, answer.tokens_reused) == (read.text, 0)
    if harm == "unreadable":
        return
    assert states() == [kept]
    assert kept.read_bytes() != b""
    second.services.close()
    third = session(version="2") if harm == "other version" else session()
    assert third.ask("And the pump?", record).tokens_reused > 20


def test_states_go_with_the_document_the_model_and_the_question(session):
    desk = session()
    record = desk.document()
    desk.ask("When does the pump stop?", record)
    assert states()
    desk.forget(record)
    assert states() == []

    record = desk.document()
    desk.services.close()
    two = session()
    answer = two.ask("When does the pump stop?", record)
    assert states()
    two.call(lambda: two.services.history.delete_for_good(answer.item))
    assert states() == []
    two.services.close()

    three = session()
    answer = three.ask("When does the pump stop?", record)
    three.call(lambda: three.services.history.trash(answer.item))
    assert states(), "it can still be taken back"
    three.call(lambda: three.services.history.empty_trash())
    assert states() == []
    three.services.close()

    four = session()
    answer = four.ask("When does the pump stop?", record)
    assert states()
    model = four.call(four.services.models.list)[0]
    four.call(lambda: four.services.models.remove(model.id))
    assert states() == []


def test_a_document_that_was_changed_is_read_and_kept_anew(session):
    desk = session()
    record = desk.document()
    desk.ask("When does the pump stop?", record)
    (old,) = states()
    changed = desk.document(text=TEXT.replace("12 bar", "14 bar zebrafishxq"))
    assert changed.id == record.id
    assert states() == []
    desk.services.close()
    two = session()
    two.ask("When does the pump stop?", changed)
    assert states()
    assert states() != [old]


def test_none_is_kept_when_none_may_be(session):
    desk = session()
    desk.call(lambda: desk.services.settings.change(saved_states_mib=0))
    record = desk.document()
    desk.ask("When does the pump stop?", record)
    assert states() == []
    desk.services.close()
    two = session()
    two.call(lambda: two.services.settings.change(saved_states_mib=100))
    two.ask("When does the pump stop?", record)
    assert states()
    two.call(lambda: two.services.settings.change(saved_states_mib=0))
    deadline = time.monotonic() + 60
    while states():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_all_can_be_deleted_and_the_size_is_told(session):
    desk = session()
    desk.ask("When does the pump stop?", desk.document())
    size = result_of(desk.services, desk.services.states.size)
    assert (size.files, size.bytes) == (1, states()[0].stat().st_size)
    desk.call(desk.services.states.forget_all)
    assert states() == []


def test_deleted_while_it_is_being_saved_it_is_gone(session, monkeypatch):
    desk = session()
    record = desk.document()
    loader = desk.services.loader
    started = []
    real = loader.client.start

    def start_later(kind, payload, listener, **more):
        if kind == "save_state":
            desk.services.states.forget([record.id])
            started.append(kind)
        return real(kind, payload, listener, **more)

    monkeypatch.setattr(loader.client, "start", start_later)
    desk.ask("When does the pump stop?", record)
    assert started
    assert states() == []


def test_two_desks_keep_and_use_the_same(session):
    first, two = session(), session()
    record = first.document()
    first.ask("When does the pump stop?", record)
    (kept,) = states()
    assert two.ask("When does the valve open?", record).tokens_reused > 20
    assert states() == [kept]
    two.forget(record)
    assert states() == []


@pytest.mark.real_child
def test_an_engine_that_dies_while_it_saves_costs_only_time(session):
    desk = session()
    record = desk.document()
    real = desk.services.engine.start

    def start_and_kill(kind, payload, listener, **more):
        job = real(kind, payload, listener, **more)
        if kind == "save_state":
            os.kill(desk.services.engine.pid, signal.SIGKILL)
        return job

    desk.services.engine.start = start_and_kill
    desk.ask("When does the pump stop?", record)
    desk.services.engine.start = real
    assert all(state.head for state in states_in(find_paths().states))
    assert desk.ask("And the valve?", record).text
    desk.call(desk.services.states.forget_all)
    assert list(find_paths().states.iterdir()) == []


def test_the_organisation_decides(session):
    paths = find_paths()
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.policy_file.write_text("[models]\nsaved_states_mib = 0\n", encoding="utf-8")
    desk = session()
    settings: SettingsFile = desk.services.settings
    assert (settings.current.saved_states_mib, "saved_states_mib" in settings.policy.managed) == (0, True)
    desk.ask("When does the pump stop?", desk.document())
    assert states() == []


def test_the_real_engine_keeps_and_finds_it_inside_its_sandbox(monkeypatch, tmp_path):
    """With a model of a few kilobytes, for what it says is not the subject."""
    monkeypatch.setattr(service, "WORTH_S", 0.0)
    answers = []
    for run in range(2):
        desk = Session(tmp_path, model=False, engine=LLAMA)
        try:
            if not run:
                import_model(desk.services, tiny_gguf.write(tmp_path / "tiny.gguf", tiny_gguf.tiny_llama()))
                sized(desk.services, 4_000_000_000)
            record = desk.document(text=TEXT * 5)
            answers.append(desk.ask("What does the valve do in winter?", record))
        finally:
            desk.services.close()
    assert len(states()) == 1
    assert answers[0].tokens_reused == 0
    assert answers[1].tokens_reused > 200
