"""Each job ends exactly once; the echo engine keeps the promises of Engine."""

from __future__ import annotations

import threading

import pytest
from fakes.echo.engine import EchoEngine
from fakes.echo.options import EchoOptions

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Cancelled, Done, Failed, Partial, Step, Token
from slmdesk.base.types import LoadSpec
from slmdesk.children.tasks.engine import batch, chat
from slmdesk.children.tasks.job import Job
from slmdesk.children.worker.main import run_job

pytestmark = pytest.mark.pure


def engine(**options):
    made = EchoEngine(EchoOptions(**options))
    return made, made.load(LoadSpec("", context_tokens=options.get("context", 4096)), lambda part: True).handle


def driven(task, job=None):
    sent = []
    run_job(job or Job("1", {}), task, sent.append)
    return sent


def test_a_job_ends_with_its_result_a_code_or_a_cancel():
    def works():
        yield Token("1", "x")
        return {"a": 1}

    def raises(err):
        yield Token("1", "x")
        raise err

    assert driven(works()) == [Token("1", "x"), Done("1", {"a": 1})]
    assert driven(raises(KnownError("context.full", needed=2, available=1)))[1:] == [
        Failed("1", "context.full", {"needed": 2, "available": 1})
    ]
    assert driven(raises(Stopped()))[1:] == [Cancelled("1")]
    assert driven(raises(RuntimeError("secret")))[1:] == [Failed("1", "bug", {})]


@pytest.fixture(autouse=True)
def quiet(caplog):
    yield
    assert "secret" not in caplog.text
    caplog.clear()


def test_a_cancelled_job_is_closed_before_its_end_is_told():
    closed = []
    job = Job("1", {})

    def works():
        try:
            while True:
                yield Token("1", "x")
                job.cancel()
        finally:
            closed.append(True)

    sent = []

    def send(event):
        assert not isinstance(event, Cancelled) or closed
        sent.append(event)

    run_job(job, works(), send)
    assert sent[-1] == Cancelled("1")
    assert len(sent) == 3


def test_a_result_that_is_no_json_ends_with_a_code():
    def send(event):
        if isinstance(event, Done):
            raise ValueError("secret: inf is no JSON")
        sent.append(event)

    def works():
        yield Token("1", "x")
        return {"a": float("inf")}

    sent = []
    run_job(Job("1", {}), works(), send)
    assert sent[-1] == Failed("1", "bug", {})


def test_steps_come_in_waves_and_a_cancel_wakes_who_waits():
    job = Job("1", {})
    for number in range(3):
        job.add_step(Step("1", str(number), {}))
    batches = job.batches(2)
    assert [step.key for step in next(batches)] == ["0", "1"]
    assert [step.key for step in next(batches)] == ["2"]
    job.add_step(Step("1", "3", {}))
    job.end_steps()
    assert [[step.key for step in batch] for batch in batches] == [["3"]]
    other = Job("2", {})
    threading.Timer(0.01, other.cancel).start()
    with pytest.raises(Stopped):
        next(other.batches(2))


def step(key, text):
    return Step("1", key, {"messages": [{"role": "user", "parts": [{"text": text}]}]})


def test_a_step_that_comes_later_does_not_wait_for_those_before():
    made, handle = engine(words=True)
    job = Job("1", {"handle": handle, "stream": True})
    job.add_step(step("long", '#echo {"slow": 0.01, "repeat": "on"}'))
    ended = []
    for event in batch(job, made):
        if isinstance(event, Token) and event.key == "long" and not ended:
            ended.append("begun")
            job.add_step(step("short", "hello"))
            job.add_step(step("wrong", None))
            job.end_steps()
        elif isinstance(event, Partial):
            ended.append(event.key)
    assert sorted(ended[1:3]) == ["short", "wrong"]
    assert ended[3:] == ["long"]
    assert not made.is_busy()


def test_a_cancel_ends_all_answers_of_a_batch():
    made, handle = engine(words=True)
    job = Job("1", {"handle": handle, "stream": True})
    job.add_step(step("a", '#echo {"slow": 0.01, "repeat": "on"}'))
    events = batch(job, made)
    next(event for event in events if isinstance(event, Token))
    job.add_step(step("b", '#echo {"slow": 0.01, "repeat": "and on"}'))
    next(event for event in events if isinstance(event, Token) and event.key == "b")
    job.cancel()
    with pytest.raises(Stopped):
        list(events)
    for thread in threading.enumerate():
        if thread.name.startswith("job 1 "):
            thread.join(5)
    assert not made.is_busy()


def answers_of(text, **options):
    made, handle = engine(**options)
    job = Job("1", {"handle": handle})
    asked = []
    generate = made.generate
    made.generate = lambda requests, *rest: [asked.extend(requests), generate(requests, *rest)][1]
    for number, each in enumerate((text, "hello")):
        job.add_step(step(str(number), each))
    job.end_steps()
    answers = {event.key: event.value["answer"] for event in batch(job, made) if isinstance(event, Partial)}
    return answers, asked


def test_an_empty_answer_of_a_model_that_was_not_to_think_is_asked_once_with_thoughts():
    answers, asked = answers_of("Why?", thought="Because of it.", silent=("Why?",))
    assert (answers["0"]["text"], answers["0"]["thought"]) == ("You said: Why?", "Because of it.")
    assert (answers["1"]["text"], answers["1"]["thought"]) == ("You said: hello", "")
    assert [(request.key, request.thinking) for request in asked] == [("0", "off"), ("1", "off"), ("0", "on")]
    assert asked[2].sampling.thought_tokens == 2048


def test_what_stays_empty_is_empty():
    answers, asked = answers_of("Why?", thought="Hm.", known={"Why?": " "})
    assert answers["0"]["text"].strip() == ""
    assert len(asked) == 3
    answers, asked = answers_of("Why?", silent=("Why?",))
    assert answers["0"]["text"] == "", "a model that cannot think"
    assert len(asked) == 2


def test_a_chat_is_asked_again_too():
    made, handle = engine(thought="So so.", silent=("Why?",))
    job = Job("1", {"handle": handle, "messages": [{"role": "user", "parts": [{"text": "Why?"}]}]})
    sent = driven(chat(job, made), job)
    assert sent[-1].result["text"] == "You said: Why?"
    assert "".join(event.text for event in sent if isinstance(event, Token) and event.is_thought) == "So so."
