from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from chat.sending import send
from fakes.recorder import TIMEOUT_S, add_model, is_alive, result_of, row

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import (
    Event,
    ItemChanged,
    MessageAdded,
    MessageChanged,
    MessageEnded,
    MessageGrew,
    ModelState,
    ModelStateChanged,
    Noticed,
    NoticeOver,
    PromptProgress,
)
from slmdesk.base.types import Sampling
from slmdesk.chat.conversation import SYSTEM
from slmdesk.chat.types import ContextMeasured
from slmdesk.children.client import Outcome
from slmdesk.models.loader import model_loader

pytestmark = pytest.mark.process

WORDS = " ".join(f"word{number}" for number in range(400))


def ask(recorder, name: str, *args, **more):
    return recorder.services.service_thread.call(lambda: getattr(recorder.services.chats, name)(*args, **more))


def test_both_rows_are_kept_before_the_first_word_and_the_answer_ends_complete(opened) -> None:
    recorder = opened(slow=0.01)
    sent = send(recorder, "hello there", changes={"system": "Be short."}, sampling=Sampling(seed=7, temperature=0.5))
    assert row(recorder.services, sent.user_message.id).parts[0].text == "hello there"
    assert row(recorder.services, sent.answer.id).status is Status.STREAMING
    ended = recorder.end_of(sent.answer.id)
    assert (ended.message.text, ended.message.status) == ("You said: hello there", Status.COMPLETE)
    assert ended.usage is not None
    assert ended.usage.context_size == 4096
    kept = row(recorder.services, sent.answer.id)
    assert (kept.text, kept.status, kept.finish_reason) == (ended.message.text, Status.COMPLETE, "stop")
    assert (kept.seed, kept.sampling["temperature"], kept.model_name) == (7, 0.5, "Echo")
    assert (kept.tokens_out, kept.owner, kept.prompt_version) == (4, None, "chat-1")
    assert sent.item.title == "hello there"


def test_numbers_no_library_should_get_are_refused_before_anything_is_kept(opened) -> None:
    recorder = opened()
    with pytest.raises(KnownError, match=r"request\.invalid"):
        send(recorder, "hello", sampling=Sampling(temperature=float("nan")))
    assert recorder.events == []


def test_the_facts_of_an_answer_come_in_order(opened) -> None:
    recorder = opened()
    sent = send(recorder)
    recorder.end_of(sent.answer.id)
    kinds = [type(event) for event in recorder.events if isinstance(event, MessageAdded | MessageGrew | MessageEnded)]
    assert kinds[:2] == [MessageAdded, MessageAdded]
    assert kinds[-1] is MessageEnded
    assert MessageGrew in kinds
    states = [event.state for event in recorder.of(ModelStateChanged)]
    assert states[0] is ModelState.LOADING
    assert ModelState.READY in states
    assert recorder.of(ItemChanged)
    assert recorder.of(PromptProgress)
    assert recorder.words_of(sent.answer.id) == "You said: hello"


def test_h1_words_are_on_the_disk_while_they_stream(opened) -> None:
    recorder = opened(slow=0.02)
    sent = send(recorder, WORDS)
    shown = recorder.words_of(sent.answer.id, at_least=60)
    deadline = time.monotonic() + TIMEOUT_S
    while len(row(recorder.services, sent.answer.id).text) < len(shown):
        assert time.monotonic() < deadline
    assert row(recorder.services, sent.answer.id).status is Status.STREAMING
    opened_chat = ask(recorder, "open", sent.item.id)
    assert len(opened_chat.messages[-1].text) >= len(shown)
    ask(recorder, "stop", sent.answer.id)
    recorder.end_of(sent.answer.id)


def test_w4_cancel_while_the_model_loads_ends_the_answer_at_once(opened) -> None:
    recorder = opened(load_seconds=5.0)
    sent = send(recorder)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.LOADING and event.fraction > 0)
    ask(recorder, "stop", sent.answer.id)
    assert recorder.end_of(sent.answer.id).message.status is Status.CANCELLED
    recorder.calls.models.cancel_load()
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.NOT_LOADED)


@pytest.mark.real_child
def test_w1_child_killed_in_the_middle_keeps_the_words_and_the_next_wish_works(opened) -> None:
    recorder = opened(slow=0.02)
    sent = send(recorder, WORDS)
    recorder.words_of(sent.answer.id, at_least=5)
    os.kill(recorder.services.engine.pid, signal.SIGKILL)
    ended = recorder.end_of(sent.answer.id)
    assert ended.message.status is Status.FAILED
    assert ended.problem is not None
    assert (ended.problem.code, ended.problem.args["how"]) == ("child.died", "killed")
    assert "try again" in ended.problem.sentence
    kept = row(recorder.services, sent.answer.id)
    assert (kept.status, kept.error_code, kept.text) == (Status.FAILED, "child.died", recorder.words_of(sent.answer.id))
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.CRASHED)

    again = ask(recorder, "try_again", sent.answer.id, sampling=Sampling(max_tokens=3))
    assert recorder.end_of(again.id).message.status is Status.COMPLETE
    path = ask(recorder, "open", sent.item.id)
    assert path.messages[-1].id == again.id
    assert path.siblings[again.id] == (sent.answer.id, again.id)
    assert ask(recorder, "show_version", sent.answer.id).messages[-1].id == sent.answer.id


def test_w7_two_deaths_in_a_row_at_load_and_it_is_not_started_by_itself_also_after_a_restart(opened) -> None:
    recorder = opened(at=-1, fault="abort")
    for _ in range(2):
        ended = recorder.end_of(send(recorder).answer.id)
        assert ended.problem.code == "child.died"
    children = recorder.services.engine.generation
    ask(recorder, "measure", None, "words")  # nor is it opened to measure
    ended = recorder.end_of(send(recorder).answer.id)
    assert (ended.problem.code, ended.problem.args["times"]) == ("model.crashes", 2)
    assert recorder.services.engine.generation == children
    recorder.services.close()

    calm = opened()
    calm.services.service_thread.call(calm.services.models.warm_up)
    state = calm.wait(ModelStateChanged)
    assert (state.state, state.problem.code) == (ModelState.CRASHED, "model.crashes")
    assert calm.services.engine.generation == 0
    model = calm.services.service_thread.call(calm.services.models.list)[0]
    calm.services.service_thread.call(lambda: calm.services.models.use(model.id))
    calm.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
    assert calm.end_of(send(calm).answer.id).message.status is Status.COMPLETE


@pytest.mark.real_child
def test_w7_a_child_that_was_ended_since_it_did_not_stop_counts_as_no_crash(opened) -> None:
    recorder = opened(load_seconds=3.0)
    sent = send(recorder)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.LOADING and event.fraction > 0)
    recorder.services.engine.child.end(Outcome.CANCEL_IGNORED, "")  # another job of it was deaf
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE
    assert recorder.services.engine.generation == 2
    (model,) = recorder.calls.models.list()
    assert "crashes" not in model.info
    assert not [event for event in recorder.events if isinstance(event, ModelStateChanged) and event.problem]


@pytest.mark.real_child
def test_w7_a_model_that_dies_as_its_context_is_measured_is_not_loaded_again_for_that(opened, monkeypatch) -> None:
    recorder = opened()
    recorder.end_of(send(recorder).answer.id)
    services = recorder.services
    loader = services.loader

    def measure_as_it_dies() -> None:
        held = loader.loaded()
        services.engine.child.end(Outcome.ABORTED, "")
        with monkeypatch.context() as patch:
            patch.setattr(loader, "loaded", lambda: held)  # what was asked a moment before
            services.chats.measure(None, "words")

    services.service_thread.call(measure_as_it_dies)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.CRASHED)
    assert services.service_thread.call(lambda: services.models.state.state) is ModelState.CRASHED


def test_w7_three_deaths_in_a_minute_in_use(opened) -> None:
    recorder = opened(at=1, fault="segfault")
    for _ in range(3):
        ended = recorder.end_of(send(recorder).answer.id)
        assert (ended.problem.code, ended.problem.args["how"]) == ("child.died", "segfault")
    ended = recorder.end_of(send(recorder).answer.id)
    assert (ended.problem.code, ended.problem.args["times"]) == ("model.crashes", 3)


def test_closing_while_it_streams_leaves_no_process_and_all_words(opened) -> None:
    recorder = opened(slow=0.02)
    sent = send(recorder, WORDS)
    recorder.words_of(sent.answer.id, at_least=10)
    pid = recorder.services.engine.pid
    recorder.services.close()
    assert not is_alive(pid)
    shown = recorder.words_of(sent.answer.id)

    later = opened()
    kept = row(later.services, sent.answer.id)
    assert kept.status is Status.INTERRUPTED
    assert kept.text.startswith(shown)
    ask(later, "continue_answer", sent.answer.id)
    changed = later.wait(MessageChanged)
    assert (changed.message.status, changed.message.text) == (Status.STREAMING, kept.text)
    ended = later.end_of(sent.answer.id)
    assert ended.message.status is Status.COMPLETE
    assert ended.message.text.startswith(kept.text)
    assert len(ended.message.text) > len(kept.text)
    assert row(later.services, sent.answer.id).text == ended.message.text


def test_only_a_cut_answer_goes_on_and_only_an_ended_one_is_tried_again(opened) -> None:
    recorder = opened()
    sent = send(recorder)
    recorder.end_of(sent.answer.id)
    with pytest.raises(KnownError):
        ask(recorder, "continue_answer", sent.answer.id)
    with pytest.raises(KnownError):
        ask(recorder, "try_again", sent.user_message.id)


def test_context_full_keeps_the_message_and_names_both_numbers(opened) -> None:
    recorder = opened()
    recorder.ask(lambda services: services.settings.change(context_tokens=256))
    sent = send(recorder, WORDS)
    ended = recorder.end_of(sent.answer.id)
    assert (ended.message.status, ended.problem.code) == (Status.FAILED, "context.full")
    assert ended.problem.args["needed"] > ended.problem.args["available"] == 256
    assert "256" in ended.problem.sentence
    assert "new chat" in ended.problem.sentence
    assert row(recorder.services, sent.user_message.id).words == WORDS


def test_without_a_model_nothing_is_kept_and_the_reason_is_named(opened) -> None:
    recorder = opened(model=False)
    with pytest.raises(KnownError, match=r"model\.none"):
        send(recorder)
    assert recorder.calls.history.items() == []
    assert recorder.ask(lambda services: services.models.state).state is ModelState.NONE
    with pytest.raises(KnownError, match=r"request\.invalid"):
        send(recorder, "  \n ")


def test_a_chat_that_is_not_saved_leaves_no_word_on_the_disk(opened, home) -> None:
    recorder = opened()
    first = send(recorder, "zebrafish-marker", save=False)
    recorder.end_of(first.answer.id)
    second = send(recorder, "and now", chat=first.item.id, save=False)
    assert recorder.end_of(second.answer.id).message.text == "You said: and now"
    assert len(ask(recorder, "open", first.item.id).messages) == 4
    assert recorder.calls.history.items() == []
    recorder.services.close()
    assert b"zebrafish" not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    control = opened()
    control.end_of(send(control, "zebrafish-marker").answer.id)
    control.services.close()
    assert b"zebrafish" in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_with_no_model_loaded_the_vocabulary_says_how_much_it_is(opened) -> None:
    recorder = opened()
    ask(recorder, "measure", None, "three more words")
    measured = recorder.wait(ContextMeasured)
    own = len(SYSTEM.split())
    assert measured.context_size == 4096
    assert 3 + own <= measured.tokens < 3 + 8 + 2 * own
    assert recorder.of(ModelStateChanged) == []
    ask(recorder, "measure", None, "")
    assert recorder.wait(ContextMeasured, begin=1).tokens == 0


def test_h9_half_characters_are_replaced_and_said(opened) -> None:
    recorder = opened()
    sent = send(recorder, "odd \ud800 end")
    assert recorder.wait(Noticed).problem.code == "text.replaced"
    assert row(recorder.services, sent.user_message.id).words == "odd \ufffd end"
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE


@pytest.mark.real_child
def test_an_idle_model_is_freed(opened, monkeypatch) -> None:
    monkeypatch.setattr(model_loader, "MINUTE_S", 0.001)
    recorder = opened()
    recorder.end_of(send(recorder).answer.id)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY and event.memory_bytes > 0)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.NOT_LOADED)
    assert recorder.end_of(send(recorder).answer.id).message.status is Status.COMPLETE


def test_another_context_size_is_used_with_the_next_answer(opened) -> None:
    recorder = opened()
    assert recorder.end_of(send(recorder).answer.id).usage.context_size == 4096
    recorder.calls.settings.change(context_tokens=512)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.NOT_LOADED)
    assert recorder.end_of(send(recorder).answer.id).usage.context_size == 512


@pytest.mark.real_child
def test_w3_closing_with_a_frozen_child_leaves_no_process(opened) -> None:
    recorder = opened(slow=0.02)
    sent = send(recorder, WORDS)
    recorder.words_of(sent.answer.id, at_least=3)
    pid = recorder.services.engine.pid
    os.kill(pid, signal.SIGSTOP)
    recorder.services.close()  # it would be frozen for ever
    assert not is_alive(pid)


def test_another_models_answers_end_before_it_is_replaced(opened, tmp_path) -> None:
    recorder = opened(slow=0.01)
    other = add_model(recorder.services, tmp_path / "home" / "models" / "other.gguf", "Other")
    first = send(recorder, WORDS, model="Echo", sampling=Sampling(max_tokens=60))
    recorder.words_of(first.answer.id)
    second = send(recorder, "hello", model=other.id)
    assert recorder.end_of(second.answer.id).message.model_name == "Other"
    ends = [event.message.id for event in recorder.of(MessageEnded)]
    assert ends == [first.answer.id, second.answer.id]


def test_h5_full_disk_keeps_the_words_here_and_saves_them_when_there_is_room(opened) -> None:
    recorder = opened(slow=0.002)
    sent = send(recorder, WORDS * 3)
    conn = recorder.services.store.database.conn
    pages = recorder.services.service_thread.call(lambda: conn.execute("pragma page_count").fetchone()[0])
    recorder.services.service_thread.call(lambda: conn.execute(f"pragma max_page_count={pages}").fetchall())
    noticed = recorder.wait(Noticed)
    assert noticed.problem.code == "store.full"
    ended = recorder.end_of(sent.answer.id)
    assert ended.message.status is Status.COMPLETE
    assert len(row(recorder.services, sent.answer.id).text) < len(ended.message.text)
    assert ask(recorder, "open", sent.item.id).messages[-1].text == ended.message.text
    assert len([notice for notice in recorder.of(Noticed) if notice.problem.code == "store.full"]) == 1
    with pytest.raises(KnownError, match=r"store\.full"):
        send(recorder, WORDS * 100)
    recorder.services.service_thread.call(lambda: conn.execute("pragma max_page_count=100000").fetchall())
    deadline = time.monotonic() + TIMEOUT_S
    while row(recorder.services, sent.answer.id).status is not Status.COMPLETE:
        assert time.monotonic() < deadline
    assert row(recorder.services, sent.answer.id).text == ended.message.text
    assert recorder.wait(NoticeOver).code == "store.full"


def test_h3_two_desks_see_each_other(opened) -> None:
    recorder, other = opened(), opened()
    other.services.service_thread.call(other.services.watch.start)
    sent = send(recorder, "from the first")
    recorder.end_of(sent.answer.id)
    other.wait(ItemChanged, lambda event: event.item.id == sent.item.id)
    ask(other, "open", sent.item.id)
    begin = len(other.events)
    second = send(recorder, "once more", chat=sent.item.id)
    recorder.end_of(second.answer.id)
    other.wait(MessageAdded, lambda event: event.message.id == second.answer.id, begin)
    other.wait(
        MessageAdded | MessageChanged,
        lambda event: event.message.id == second.answer.id and event.message.status is Status.COMPLETE,
        begin,
    )
    both = [send(desk, f"at once {number}") for number in range(10) for desk in (recorder, other)]
    for number, reply in enumerate(both):
        assert (recorder, other)[number % 2].end_of(reply.answer.id).message.status is Status.COMPLETE


KILLED = """
import os, signal, sys, time
sys.path.insert(0, "tests")
from fakes.recorder import Recorder, open_echo, row
from slmdesk.chat.types import SendRequest
services = open_echo()
recorder = Recorder(services)
sent = services.service_thread.call(lambda: services.chats.send(SendRequest(" ".join(map(str, range(100, 500))))))
recorder.words_of(sent.answer.id, at_least=40)
while "100 101" not in row(services, sent.answer.id).text:
    time.sleep(0.01)
print(sent.answer.id, services.engine.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_w6_c1_a_killed_desk_leaves_no_child_and_its_answer_becomes_interrupted(opened, monkeypatch) -> None:
    recorder = opened(slow=0.02)
    recorder.calls.watch.start()
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=TIMEOUT_S)
    message, pid = killed.stdout.split()
    changed = recorder.wait(MessageChanged, lambda event: event.message.status is Status.INTERRUPTED)
    assert changed.message.id == message
    assert changed.message.text.startswith("You said: 100 101")
    deadline = time.monotonic() + 60
    while is_alive(int(pid)):
        assert time.monotonic() < deadline


def test_g5_a_bug_is_noticed_without_words_of_the_user_and_the_desk_goes_on(opened) -> None:
    recorder = opened()
    for _ in range(50):
        recorder.services.service_thread.post(lambda: int("MARKER words of the user"))
    noticed = recorder.wait(Noticed)
    assert noticed.problem.code == "bug"
    assert "MARKER" not in noticed.problem.report + noticed.problem.sentence
    assert recorder.services.service_thread.call(lambda: 1) == 1

    def fails(_event: object) -> None:
        raise RuntimeError("MARKER")

    recorder.services.on(Event, fails)
    assert recorder.end_of(send(recorder).answer.id).message.status is Status.COMPLETE


def test_start_works_with_nothing(home, opened) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.json").write_text("{broken")
    (home / "data").mkdir()
    (home / "data" / "slmdesk.sqlite3").write_bytes(b"no database at all" * 100)
    recorder = opened(model=False)
    codes = {recorder.wait(Noticed, lambda event, code=code: event.problem.code == code).problem.code
             for code in ("setting.invalid", "store.set_aside")}  # fmt: skip
    assert codes == {"setting.invalid", "store.set_aside"}
    assert recorder.calls.history.items() == []


def test_a_chat_without_instructions_has_ours_and_its_own_go_before(opened) -> None:
    recorder = opened()
    sent = send(recorder, "hello")
    recorder.end_of(sent.answer.id)
    seen = result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(sent.answer.id))
    assert seen.text == f"<system>{SYSTEM}\n<user>hello\n<assistant>"
    blank = send(recorder, "hello", changes={"system": "   "})
    recorder.end_of(blank.answer.id)
    seen = result_of(recorder.services, lambda: recorder.services.chats.seen_by_model(blank.answer.id))
    assert seen.text.startswith(f"<system>{SYSTEM}\n")


def test_a_question_that_brings_a_text_is_answered_strictly(opened) -> None:
    recorder = opened()
    short = send(recorder, "hello")
    assert (short.answer.sampling["repeat_penalty"], "temperature" in short.answer.sampling) == (1.1, False)
    recorder.end_of(short.answer.id)
    long = send(recorder, "Correct this letter. " * 20)
    assert (long.answer.sampling["repeat_penalty"], long.answer.sampling["temperature"]) == (1.0, 0.2)
    recorder.end_of(long.answer.id)
    again = ask(recorder, "try_again", long.answer.id)
    assert again.sampling["temperature"] == 0.2
    recorder.end_of(again.id)
    own = send(recorder, "Correct this letter. " * 20, sampling=Sampling(temperature=0.9))
    assert own.answer.sampling["temperature"] == 0.9
    recorder.end_of(own.answer.id)
