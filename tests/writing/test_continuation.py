"""A text continued at the cursor: by the echo engine, and by the starter model."""

from __future__ import annotations

import pytest
from fakes.recorder import LLAMA, Recorder, import_model, open_echo, result_of

from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.jobs.runner import step_of
from slmdesk.loader.model_loader import ask_once
from slmdesk.runtime.events import ModelState, ModelStateChanged

TEXT = "The hearing was moved.\nThe letter was se"
ANSWER = "The letter was sent on Monday to the court. It is there."


def load(recorder):
    services = recorder.services
    record = services.service_thread.call(lambda: services.models.list()[0])
    services.service_thread.call(lambda: services.loader.choose(record, explicit=True))
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
    return record


def after(services, text=TEXT):
    return result_of(services, lambda: services.continuations.after(text))


@pytest.mark.process
def test_the_rest_of_the_sentence_comes_behind_half_a_word(opened):
    recorder = opened(answer=ANSWER)
    load(recorder)
    assert after(recorder.services) == "nt on Monday to the court."
    assert after(recorder.services, "The hearing was moved.\nThe letter was ") == "sent on Monday to the court."
    assert after(recorder.services, TEXT + "x") == ""
    assert after(recorder.services, "Too short") == ""


@pytest.mark.process
def test_no_model_is_loaded_for_it(opened):
    recorder = opened(answer=ANSWER)
    assert after(recorder.services) == ""
    assert not recorder.services.engine.is_running


@pytest.mark.process
def test_nothing_comes_while_the_model_has_work_or_the_setting_is_off(opened):
    recorder = opened(answer=ANSWER, slow=0.2)
    services, record = recorder.services, load(recorder)
    step = step_of([ChatMessage(Role.USER, (TextPart("hello"),))], Sampling())
    work = services.service_thread.call(lambda: ask_once(services.loader, record, [step]))
    assert after(services) == ""
    services.service_thread.call(work.cancel)
    services.service_thread.call(lambda: services.settings.change(continue_typing=False))
    assert after(services) == ""


@pytest.mark.process
def test_cancelled_it_lets_the_model_go(opened):
    recorder = opened(answer=ANSWER, slow=0.5)
    services = recorder.services
    load(recorder)
    pending = services.service_thread.call(lambda: services.continuations.after(TEXT))
    assert services.service_thread.call(lambda: services.loader.is_busy)
    services.service_thread.call(pending.cancel)
    assert not services.service_thread.call(lambda: services.loader.is_busy)
    assert not pending.is_ended


@pytest.mark.process
def test_a_model_that_fails_says_nothing(opened):
    recorder = opened(fail="context.full")
    load(recorder)
    assert after(recorder.services) == ""


@pytest.mark.model
def test_the_starter_model_goes_on_within_a_word(home, starter_model, measured_before):
    services = open_echo(LLAMA)
    try:
        import_model(services, starter_model, link=True)
        recorder = Recorder(services)
        load(recorder)
        for text, typed in (
            ("Dear Ms Meyer,\nthank you for your letter of 4 March. We would like to inf", "inf"),
            ("A long line. " * 20 + "The capital of Italy is the city of Ro", "Ro"),
            ("We kindly ask you to send us the signed contract ", ""),
        ):
            found = after(services, text)
            print(repr(text[-30:]), "->", repr(found))
            assert found
            assert found == found.rstrip().partition("\n")[0]
            assert not (typed and found[0].isspace())
    finally:
        services.close()
