"""A paper of a few pages is read while its reader has not asked yet."""

from __future__ import annotations

import pytest
from fakes.recorder import result_of, wait_until

from slmdesk.base.paths import find_paths
from slmdesk.base.protocol import Failed
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.base.saved_states import states_in
from slmdesk.chat.types import SendRequest
from slmdesk.models.loader.model_loader import count_tokens
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered

pytestmark = pytest.mark.process

PAPER = "The pump stops at 12 bar.\n\n" + " ".join(f"Part{number} has its own number." for number in range(200))
QUESTION = "When does the pump stop?"


def written(recorder, text):
    return recorder.end_of(recorder.calls.chats.send(SendRequest(text)).answer.id).message


def document(recorder, path, text=PAPER):
    path.write_text(text, encoding="utf-8")
    return result_of(recorder.services, lambda: recorder.services.documents.open(path)).id


def expect(recorder, document, **more):
    """Wait until the model has the reading, or it is decided that it has none."""
    services = recorder.services
    recorder.calls.questions.expect_question(document, **more)
    record = recorder.calls.models.choose(None)
    if recorder.calls.loader.loaded():  # counting, which decides it, comes before another count
        result_of(services, lambda: count_tokens(services.loader, record, ["behind it"]))


def expected(opened, folder, text=PAPER, **echo):
    """A paper on which a question is expected, with a model that was used before."""
    recorder = opened(answer="At 12 bar.", **echo)
    paper = document(recorder, folder / "pump.txt", text)
    written(recorder, "hello")
    expect(recorder, paper)
    return recorder, paper


def is_busy(recorder):
    return recorder.ask(lambda services: services.loader.is_busy)


def asked(recorder, document, **more):
    sent = recorder.calls.questions.ask(AskRequest(QUESTION, (document,), **more))
    message = recorder.end_of(sent.answer.id).message
    assert message.status is Status.COMPLETE
    recorder.wait(QuestionAnswered, lambda event: event.message == sent.answer.id)
    return message


def test_a_question_finds_its_paper_read(opened, tmp_path):
    recorder, paper = expected(opened, tmp_path)
    wait_until(lambda: not is_busy(recorder))
    expect(recorder, paper)
    assert not is_busy(recorder), "once is enough"
    message = asked(recorder, paper)
    assert message.text.startswith("At 12 bar.")
    assert message.tokens_in - message.tokens_reused < 60
    assert message.tokens_reused > 1000


def test_a_long_paper_that_was_read_ahead_is_asked_as_a_whole(opened, tmp_path):
    recorder, paper = expected(opened, tmp_path, " ".join(3 * [PAPER]))
    wait_until(lambda: not is_busy(recorder))
    assert asked(recorder, paper).tokens_reused > 2500


def test_what_took_long_to_read_ahead_is_kept_for_another_day(opened, tmp_path):
    recorder, paper = expected(opened, tmp_path, slow_read=0.3)
    wait_until(lambda: not is_busy(recorder))
    asked(recorder, paper)
    result_of(recorder.services, recorder.services.states.when_quiet)
    assert len(states_in(find_paths().states)) == 1


@pytest.fixture
def reading(opened, tmp_path):
    """A paper that is being read for some seconds."""
    recorder, paper = expected(opened, tmp_path, slow_read=1.0)
    assert is_busy(recorder)
    return recorder, paper


def test_a_reading_that_failed_does_not_count_as_read(reading):
    recorder, _paper = reading

    def fail(services) -> bool:
        ahead = services.chats.answers.read_ahead
        ahead.on_event(ahead.lease, Failed("x", "engine.failed", {}), print)
        return ahead.holds(ahead.last[3])

    assert not recorder.ask(fail)


def until_given_up(recorder):
    wait_until(lambda: recorder.ask(lambda services: services.chats.answers.read_ahead.lease) is None)
    assert not recorder.ask(lambda services: services.questions.ahead_s), "it was not read to its end"


def test_the_reading_ends_where_its_question_is_asked(reading):
    recorder, paper = reading
    sent = recorder.calls.questions.ask(AskRequest(QUESTION, (paper,)))
    until_given_up(recorder)
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE


def test_the_reading_ends_where_a_job_takes_the_model(reading):
    recorder, _paper = reading
    loader = recorder.services.loader
    record = recorder.calls.models.choose(None)

    def start(lease):
        lease.start("batch", {}, lambda _event: None, priority="background")

    lease = recorder.ask(lambda _services: loader.acquire(record, start, print))
    until_given_up(recorder)
    assert is_busy(recorder), "the job goes on"
    recorder.ask(lambda _services: lease.release())


def weak(recorder, paper):
    (model,) = recorder.calls.store.models.all()
    header = {**model.header, "parameters": 135_000_000}
    recorder.calls.store.models.change(model.id, header=header)


def let_go(recorder, paper):
    recorder.calls.models.unload()


@pytest.mark.parametrize("reason", [weak, let_go])
def test_a_paper_is_not_read_ahead(opened, tmp_path, reason):
    recorder = opened(answer="At 12 bar.", slow_read=0.05)
    paper = document(recorder, tmp_path / "pump.txt")
    written(recorder, "hello")
    reason(recorder, paper)
    expect(recorder, paper)
    assert not is_busy(recorder)


def test_a_paper_longer_than_the_context_is_not_read_ahead(opened, tmp_path):
    recorder, _paper = expected(opened, tmp_path, 5 * PAPER, slow_read=0.05)
    assert not is_busy(recorder)


def test_a_model_at_work_is_left_alone(opened, tmp_path):
    recorder = opened(answer="word " * 2000, slow=0.1)
    paper = document(recorder, tmp_path / "pump.txt")
    sent = recorder.calls.chats.send(SendRequest("hello"))
    recorder.words_of(sent.answer.id)
    expect(recorder, paper)
    assert recorder.ask(lambda services: services.chats.answers.read_ahead.lease) is None
    recorder.calls.chats.stop(sent.answer.id)
    recorder.end_of(sent.answer.id)


def test_questions_on_show_load_a_model_that_was_let_go(opened, tmp_path):
    recorder = opened()
    paper = document(recorder, tmp_path / "pump.txt")
    recorder.calls.questions.expect_question(paper, loads=True)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
