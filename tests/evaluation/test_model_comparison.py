from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.recorder import TIMEOUT_S, add_model, on_service_thread, open_echo
from fakes.recorder import Recorder as ReportedBy

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus, Status
from slmdesk.chat.types import SendRequest
from slmdesk.evaluation.comparison import KIND, AnswerMeasurements, CompareRequest
from slmdesk.jobs.types import JobChanged
from slmdesk.runtime.events import ItemChanged, MessageEnded, MessageGrew, ModelState, ModelStateChanged

pytestmark = pytest.mark.process

PROMPT = "Which letter is the best of all?"


def models(recorder, tmp_path: Path, count: int) -> list[str]:
    """Ids of so many models."""
    known = on_service_thread(recorder, recorder.services.models.list)
    made = [add_model(recorder.services, tmp_path / f"m{n}.gguf", f"Model {n}") for n in range(count - len(known))]
    return [*(one.id for one in known), *(one.id for one in made)]


def begin(recorder, ids, **request):
    return on_service_thread(
        recorder, lambda: recorder.services.comparing.begin(CompareRequest(PROMPT, tuple(ids), **request))
    )


def ended(recorder, held, begin_at: int = 0):
    """The comparison once all its answers have ended."""
    for answer in held.answers:
        recorder.end_of(answer.message.id, begin_at)
    recorder.wait(
        ItemChanged, lambda event: event.item.id == held.item.id and not recorder.services.jobs.is_held, begin_at
    )
    return on_service_thread(recorder, lambda: recorder.services.comparing.open(held.item.id))


@pytest.mark.real_child
def test_models_answer_one_after_another_under_the_same_conditions(opened, tmp_path) -> None:
    recorder = opened()
    ids = models(recorder, tmp_path, 3)
    held = begin(recorder, ids)
    assert held.is_running
    found = ended(recorder, held)
    assert not found.is_running
    assert found.prompt == PROMPT
    assert [answer.message.model_name for answer in found.answers] == ["Echo", "Model 0", "Model 1"]
    assert all(
        answer.message.status is Status.COMPLETE and PROMPT.split()[-1] in answer.message.text
        for answer in found.answers
    )
    assert {answer.message.seed for answer in found.answers} == {found.seed}
    assert len({json.dumps(dict(answer.message.sampling)) for answer in found.answers}) == 1
    for answer in found.answers:
        assert isinstance(answer.figures, AnswerMeasurements)
        assert answer.figures.memory_bytes > 1_000_000
        assert answer.figures.total_s >= answer.figures.first_token_s
        assert answer.figures.output_tokens > 0
        assert answer.figures.energy_j is not None
        assert (
            dict(answer.figures.lines())["Energy"].endswith("Wh (estimated)")
            or answer.figures.energy_source != "estimated"
        )
    # one after another: no word of the second before the first has ended
    events = [event for event in recorder.events if isinstance(event, MessageGrew | MessageEnded)]
    order = [event.message if isinstance(event, MessageGrew) else event.message.id for event in events]
    assert list(dict.fromkeys(order)) == [answer.message.id for answer in found.answers]
    assert order == sorted(order, key=[answer.message.id for answer in found.answers].index)


def test_what_was_loaded_before_is_loaded_again_and_answers_by_default(opened, tmp_path) -> None:
    recorder = opened()
    ids = models(recorder, tmp_path, 3)
    on_service_thread(
        recorder, lambda: recorder.services.chats.send(SendRequest("hello", model=ids[2]), explicit_model=True)
    )
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY and event.model == ids[2])
    recorder.wait(MessageEnded)
    at = len(recorder.events)
    ended(recorder, begin(recorder, ids[:2]), at)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY and event.model == ids[2], at)
    assert on_service_thread(recorder, lambda: recorder.services.models.choose(None).id) == ids[2]


def test_one_that_fails_does_not_keep_the_others_from_answering(opened, tmp_path) -> None:
    recorder = opened()
    ids = models(recorder, tmp_path, 3)
    (tmp_path / "m0.gguf").unlink()
    found = ended(recorder, begin(recorder, ids))
    assert [answer.message.status for answer in found.answers] == [Status.COMPLETE, Status.FAILED, Status.COMPLETE]
    assert found.answers[1].message.error_code == "model.missing"
    assert found.answers[1].figures is None


def test_stopping_ends_all_and_keeps_the_words(opened, tmp_path) -> None:
    recorder = opened(slow=0.2)
    held = begin(recorder, models(recorder, tmp_path, 3))
    words = recorder.words_of(held.answers[0].message.id)
    on_service_thread(recorder, recorder.services.comparing.stop)
    found = ended(recorder, held)
    assert [answer.message.status for answer in found.answers] == [Status.CANCELLED] * 3
    assert found.answers[0].message.text.startswith(words)
    assert [answer.message.text for answer in found.answers[1:]] == ["", ""]
    on_service_thread(recorder, recorder.services.comparing.stop)  # nothing runs: no error
    begin(recorder, models(recorder, tmp_path, 3))  # and another may begin


def test_what_cannot_be_compared_is_refused_and_nothing_is_kept(opened, tmp_path) -> None:
    recorder = opened(slow=0.2)
    ids = models(recorder, tmp_path, 3)
    for wrong in ((ids[0],), (ids[0], ids[0]), (*ids, *ids)):
        with pytest.raises(KnownError, match=r"request\.invalid"):
            begin(recorder, wrong)
    with pytest.raises(KnownError, match=r"model\.unknown"):
        begin(recorder, (ids[0], "ffffffff"))
    store = recorder.services.store
    on_service_thread(recorder, lambda: store.models.change(ids[2], header={"kind": "encoder"}))
    with pytest.raises(KnownError, match=r"model\.wrong_kind"):
        begin(recorder, ids)
    on_service_thread(recorder, lambda: store.models.change(ids[2], header={}))
    assert on_service_thread(recorder, recorder.services.comparing.items) == []
    begin(recorder, ids)
    with pytest.raises(KnownError, match=r"measuring\.twice"):
        begin(recorder, ids)
    with pytest.raises(KnownError, match=r"measuring\.twice"):
        on_service_thread(recorder, lambda: recorder.services.bench.run(ids[0]))


def test_an_answer_being_written_ends_first_and_a_job_stands_back(opened, tmp_path) -> None:
    recorder = opened(slow=0.01)
    ids = models(recorder, tmp_path, 2)
    job = on_service_thread(recorder, lambda: recorder.services.exams.take(ids[0]))
    recorder.wait(JobChanged, lambda event: event.done >= 1)
    sent = on_service_thread(
        recorder, lambda: recorder.services.chats.send(SendRequest("a b c d e f g h", model=ids[0]))
    )
    recorder.words_of(sent.answer.id)
    held = begin(recorder, ids)
    first = recorder.wait(MessageGrew, lambda event: event.message == held.answers[0].message.id)
    assert recorder.events.index(recorder.end_of(sent.answer.id)) < recorder.events.index(first)
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE
    ended(recorder, held)
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status is JobStatus.DONE)


def test_a_comparison_is_no_chat_but_is_found_trashed_and_exported(opened, tmp_path) -> None:
    recorder = opened()
    services = recorder.services
    found = ended(recorder, begin(recorder, models(recorder, tmp_path, 2)))
    assert on_service_thread(recorder, services.history.items) == []
    assert on_service_thread(recorder, lambda: services.history.search("letter best"))[0].item == found.item.id
    with pytest.raises(KnownError, match="comparison"):
        on_service_thread(recorder, lambda: services.chats.send(SendRequest("more", chat=found.item.id)))
    text = on_service_thread(recorder, lambda: services.history.export(found.item.id, "md"))
    for answer in found.answers:
        assert text.count(f"**{answer.name} (model)**") == 1
    assert "tokens/s" in text
    assert "Vote" not in text
    assert (
        json.loads(on_service_thread(recorder, lambda: services.history.export(found.item.id, "json")))["kind"] == KIND
    )
    on_service_thread(recorder, lambda: services.history.trash(found.item.id))
    assert on_service_thread(recorder, services.comparing.items) == []
    assert [one.id for one in on_service_thread(recorder, lambda: services.history.items(None, deleted=True))] == [
        found.item.id
    ]
    on_service_thread(recorder, lambda: services.history.restore(found.item.id))
    assert [one.id for one in on_service_thread(recorder, services.comparing.items)] == [found.item.id]


def test_a_vote_of_an_earlier_version_is_read_and_exported(opened, tmp_path) -> None:
    recorder = opened()
    services = recorder.services
    found = ended(recorder, begin(recorder, models(recorder, tmp_path, 2)))
    best = found.answers[0].message.id
    vote = {"best": best, "note": "clearer", "time": 1.0}
    on_service_thread(recorder, lambda: services.store.items.change_settings(found.item.id, blind=True, vote=vote))
    reopened = on_service_thread(recorder, lambda: services.comparing.open(found.item.id))
    assert (reopened.vote.best, reopened.vote.note) == (best, "clearer")
    text = on_service_thread(recorder, lambda: services.history.export(found.item.id, "md"))
    assert "Vote: best answer: Echo. clearer" in text
    as_json = json.loads(on_service_thread(recorder, lambda: services.history.export(found.item.id, "json")))
    assert as_json["settings"]["vote"] == vote


def test_put_into_the_bin_while_it_runs_it_stops(opened, tmp_path) -> None:
    recorder = opened(slow=0.2)
    held = begin(recorder, models(recorder, tmp_path, 3))
    recorder.words_of(held.answers[0].message.id)
    on_service_thread(recorder, lambda: recorder.services.history.trash(held.item.id))
    assert [answer.message.status for answer in ended(recorder, held).answers] == [Status.CANCELLED] * 3


def test_the_end_of_the_program_keeps_what_came_and_marks_the_rest(opened, tmp_path) -> None:
    recorder = opened(slow=0.2)
    held = begin(recorder, models(recorder, tmp_path, 3))
    words = recorder.words_of(held.answers[0].message.id)
    recorder.services.close()
    again = opened()
    found = on_service_thread(again, lambda: again.services.comparing.open(held.item.id))
    assert [answer.message.status for answer in found.answers] == [Status.INTERRUPTED] * 3
    assert found.answers[0].message.text.startswith(words.rstrip())


KILLED = """
import os, sys, signal, time
sys.path.insert(0, sys.argv[1])
from fakes.recorder import Recorder, open_echo, row
from slmdesk.evaluation.comparison import CompareRequest
from slmdesk.runtime.events import MessageEnded
recorder = Recorder(open_echo())
services = recorder.services
ids = tuple(one.id for one in services.service_thread.call(services.models.list))
held = services.service_thread.call(lambda: services.comparing.begin(CompareRequest("one two three four", ids)))
recorder.end_of(held.answers[0].message.id)
recorder.words_of(held.answers[1].message.id, 2)
while not row(services, held.answers[1].message.id).text:  # a row is written four times a second
    time.sleep(0.01)
print(held.item.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_in_the_middle_keeps_what_came_and_marks_the_rest(opened, tmp_path, monkeypatch) -> None:
    recorder = opened(slow=0.05)
    models(recorder, tmp_path, 3)
    recorder.services.close()
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"words": True, "slow": 0.4}))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(Path(__file__).parents[1])],
        capture_output=True, text=True, timeout=TIMEOUT_S * 2, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    again = ReportedBy(open_echo())
    try:
        services = again.services
        services.service_thread.call(
            services.store.messages.mark_interrupted
        )  # what the watch does within five seconds
        found = services.service_thread.call(lambda: services.comparing.open(done.stdout.strip()))
        states = [answer.message.status for answer in found.answers]
        assert states == [Status.COMPLETE, Status.INTERRUPTED, Status.INTERRUPTED]
        assert found.answers[0].figures is not None
        assert found.answers[1].message.text
        assert found.answers[2].message.text == ""
    finally:
        services.close()
