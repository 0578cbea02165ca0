from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest
from fakes.stepping import Price, Step, Stepping
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.record import changed
from slmdesk.base.types import Priority, Sampling
from slmdesk.children.engine.interface import Finished, Piece, PromptRead
from slmdesk.children.engine.llama.context import ABORTED, DECODED
from slmdesk.children.engine.llama.library import ThreadChooser
from slmdesk.children.engine.llama.sequence import CachedSequence, Outbox, repeats
from slmdesk.children.engine.llama.slots import Slots

ENDLESS = Sampling(temperature=1.0, seed=1, ignore_eos=True)


def in_background(iterator) -> tuple[threading.Thread, list]:
    events: list = []
    thread = threading.Thread(target=lambda: [events.append((time.perf_counter(), event)) for event in iterator])
    thread.start()
    return thread, events


@pytest.mark.pure
def test_w8_repeats_of_any_length_are_noticed_in_time():
    start = list(range(1000, 1100))
    for period in (1, 2, 7, 31, 80):
        loop = list(range(period))
        noticed = next(n for n in range(1, 400) if repeats(start + (loop * 400)[:n]))
        assert noticed <= 248, period  # looked at every 8 tokens: 256
    assert not repeats(list(range(500)))
    assert not repeats([1] * 100)  # a rule of dashes is no endless answer
    assert not repeats(([*range(81)] * 9)[:300])


@pytest.mark.pure
def test_the_first_word_behind_the_prompt_is_passed_on_at_once():
    outbox = Outbox()
    outbox.put(PromptRead("a", 5, 5))
    outbox.put(Piece("a", "The"))
    assert outbox.queue.get_nowait() == PromptRead("a", 5, 5)
    assert outbox.queue.get_nowait() == Piece("a", "The")


@pytest.mark.model
def test_several_answers_at_once_are_those_given_one_by_one(open_model, tmp_path):
    """In F32 the tiny model's choices are never near ties, so that batches cannot change them."""
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()))
    prompts = [f"{letter} " * (n + 2) for n, letter in enumerate("abcdefghij")]
    sampling = Sampling(temperature=0, max_tokens=40)
    alone = [model.ask(model.raw(prompt, sampling=sampling)).text() for prompt in prompts]
    together = model.ask(*(model.raw(p, key=str(n), sampling=sampling) for n, p in enumerate(prompts)))
    assert [together.text(str(n)) for n in range(len(prompts))] == alone
    assert not any(together.finished(str(n)).answer.reproducible for n in range(len(prompts)))


@pytest.mark.model
def test_more_requests_than_places_all_end(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), sequences=4)
    requests = [model.raw(f"word {n}", key=str(n), sampling=Sampling(max_tokens=20, seed=n)) for n in range(50)]
    asked = model.ask(*requests, priority=Priority.BACKGROUND)
    assert {asked.finished(str(n)).key for n in range(50)} == {str(n) for n in range(50)}


@pytest.mark.model
def test_an_answer_goes_on_while_a_long_prompt_is_read(fresh_starter):
    running = fresh_starter.engine.generate([fresh_starter.raw("Once upon a time", sampling=ENDLESS)])
    for event in running:
        if isinstance(event, Piece):
            break
    long = fresh_starter.raw(fresh_starter.words(1500), key="long", sampling=Sampling(temperature=0, max_tokens=1))
    reader = fresh_starter.engine.generate([long])
    thread, events = in_background(reader)
    between = 0
    for event in running:
        reads = [e.read for _, e in events if isinstance(e, PromptRead)]
        between += bool(reads) and 0 < reads[-1] < 1400 and isinstance(event, Piece)
        if between == 6 or isinstance(event, Finished):
            break
    running.close()
    reader.close()
    thread.join(120)
    assert between == 6
    assert max(b.read - a.read for a, b in zip_reads(events)) < 512  # in slices smaller than a batch


def zip_reads(events: list) -> list[tuple[PromptRead, PromptRead]]:
    reads = [event for _, event in events if isinstance(event, PromptRead)]
    return list(pairwise(reads))


@pytest.mark.model
def test_people_come_before_background_work(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama(layers=6)), sequences=2)
    work = [
        model.raw(f"work {n}", key=str(n), sampling=Sampling(max_tokens=300, seed=n, ignore_eos=True)) for n in range(6)
    ]
    thread, events = in_background(model.engine.generate(work, Priority.BACKGROUND))
    while not events:
        assert thread.is_alive()
        thread.join(0.005)
    model.ask(model.raw("a person", key="p", sampling=Sampling(max_tokens=100, seed=1, ignore_eos=True)))
    asked_at = time.perf_counter()
    thread.join(120)
    ends = [when for when, event in events if isinstance(event, Finished)]
    assert len(ends) == 6
    assert sum(when > asked_at for when in ends) >= 4  # the person did not wait for all of it


@pytest.mark.model
def test_a_person_may_drive_out_background_work_whose_text_comes_once(open_model, tmp_path):
    """The pool holds one of the two: the background answer goes, comes back, and goes on where it was."""
    path = write(tmp_path / "t.gguf", tiny_llama(layers=4))
    work_sampling = Sampling(temperature=20.0, top_k=0, top_p=1.0, min_p=0.0, max_tokens=600, seed=3, ignore_eos=True)
    model = open_model(path, context_tokens=1024, pool_tokens=1024, sequences=4)
    prompt = "w o r k " * 30
    thread, events = in_background(
        model.engine.generate([model.raw(prompt, key="w", sampling=work_sampling)], Priority.BACKGROUND)
    )
    while not any(isinstance(event, Piece) for _, event in events):  # words come 25 times a second at most
        assert thread.is_alive()
        thread.join(0.005)
    person = model.ask(model.raw("p e r s o n " * 60, key="p", sampling=changed(work_sampling, max_tokens=200, seed=2)))
    assert person.finished("p").answer.usage.output_tokens == 200
    thread.join(120)
    answer = events[-1][1].answer
    assert "".join(event.text for _, event in events if isinstance(event, Piece)) == answer.text
    assert answer.usage.output_tokens == 600
    assert answer.usage.cached_tokens == 0
    assert not answer.reproducible


@pytest.mark.model
def test_answers_that_outgrow_the_pool_wait_for_each_other(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=1024, pool_tokens=1024, sequences=4)
    requests = [
        model.raw(f"{n} ", key=str(n), sampling=Sampling(max_tokens=800, seed=n, ignore_eos=True)) for n in range(4)
    ]
    asked = model.ask(*requests)
    for n in range(4):
        answer = asked.finished(str(n)).answer
        assert answer.usage.output_tokens == 800
        assert answer.text == asked.text(str(n))


@pytest.mark.pure
def test_requests_that_begin_alike_are_written_together_since_they_share_the_cells_of_it():
    stepping = Stepping(two_threads_read_faster, steps=settled({2: 0.008, 1: 0.016}), threads=(2, 1), cells=2000)
    stepping.submit([600 + n for n in range(16)], answer=32, priority=Priority.BACKGROUND, same_text=True)
    assert max(step.written for step in stepping.run()) == 16


@pytest.mark.model
def test_where_they_cannot_share_them_one_gives_way_until_another_has_ended(open_model, tmp_path, monkeypatch):
    nothing = CachedSequence([], Priority.BACKGROUND)
    monkeypatch.setattr(Slots, "best_prefix", lambda _slots, _tokens, _adapter: (nothing, 0))
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=1024, pool_tokens=1024, sequences=8)
    shared = model.words(300)
    requests = [
        model.raw(f"{shared} {n}", key=str(n), sampling=Sampling(max_tokens=100, seed=n, ignore_eos=True))
        for n in range(8)
    ]
    asked = model.ask(*requests, priority=Priority.BACKGROUND)
    assert [asked.finished(str(n)).answer.usage.output_tokens for n in range(8)] == [100] * 8


@pytest.mark.model
def test_one_that_does_not_fit_ends_and_the_others_go_on(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=512)
    asked = model.ask(
        model.raw("a b", key="fits", sampling=Sampling(max_tokens=10, seed=1)),
        model.raw("x y " * 400, key="too long"),
    )
    assert asked.finished("fits").answer.usage.output_tokens > 0
    failed = asked.failed("too long")
    assert failed.code == "context.full"
    assert failed.args["needed"] > failed.args["available"] == 512


def two_threads_read_faster(tokens: int, threads: int) -> float:
    """Seconds as on an office computer: 3.6 ms a token with two threads, double with one, 8 ms at least."""
    return max(0.008, tokens * 0.0036) * (2 if threads == 1 else 1)


def settled(costs: dict[int, float]) -> ThreadChooser:
    """The chooser for steps after a load whose trial measured this."""
    chooser = ThreadChooser(tuple(costs))
    for threads, cost in costs.items():
        chooser.note(threads, cost)
    chooser.settle()
    return chooser


@pytest.mark.pure
@pytest.mark.parametrize(("seed", "threads"), [(True, {2}), (False, {1, 2})])
def test_deep_in_a_text_a_given_seed_is_written_by_all_threads_since_others_round_differently(seed, threads):
    stepping = Stepping(
        lambda tokens, threads: tokens * threads * 0.01, steps=settled({2: 0.02, 1: 0.01}), threads=(2, 1)
    )
    stepping.submit([300], answer=60, priority=Priority.INTERACTIVE, seed=seed)
    assert {step.threads for step in stepping.run() if step.written} == threads


@pytest.mark.pure
def test_background_work_reads_whole_slices_while_answers_ride_along():
    stepping = Stepping(two_threads_read_faster, steps=settled({2: 0.008, 1: 0.016}), threads=(2, 1))
    stepping.submit([700] * 11, answer=40, priority=Priority.BACKGROUND)
    reading = [step for step in stepping.run() if step.read and step.code == DECODED]
    assert sum(step.read for step in reading) == 7700
    assert all(step.read + step.written == 512 for step in reading[:-1])
    assert len(reading) <= 7700 // 500 + 1
    assert any(step.written for step in reading)


def slices_beside_an_answer(price: Price, tokens: int) -> list[Step]:
    """The steps that read a prompt of so many tokens while an answer is written, but the last, which is a rest."""
    stepping = Stepping(price, steps=settled({2: price(1, 2), 1: price(1, 1)}), threads=(2, 1))
    stepping.submit([20], answer=1000, priority=Priority.INTERACTIVE)
    stepping.run(most=3)
    stepping.submit([tokens], answer=5, priority=Priority.INTERACTIVE)
    return [step for step in stepping.run() if step.read and step.written][:-1]


@pytest.mark.pure
def test_a_persons_answer_waits_no_longer_than_a_pause_for_another_prompt():
    mixed = slices_beside_an_answer(two_threads_read_faster, 3000)
    sizes = [step.read + step.written for step in mixed]
    assert sizes[:3] == [17, 32, 55]
    assert set(sizes[2:]) == {55}, "0.2 s"


@pytest.mark.pure
def test_where_so_short_a_pause_is_too_short_to_read_it_is_longer():
    def slow(tokens: int, threads: int) -> float:
        return (0.05 + tokens * 0.03) * (2 if threads == 1 else 1)

    assert {step.read for step in slices_beside_an_answer(slow, 500)} == {16}


@pytest.mark.pure
def test_slices_become_smaller_the_more_has_been_read_and_larger_again_behind_a_busy_moment():
    read = 0

    def deep(tokens: int, threads: int) -> float:
        nonlocal read
        read += tokens
        busy = 8 if 1000 < read < 1100 else 1
        return tokens * (0.004 + read * 0.000002) * (2 if threads == 1 else 1) * busy

    steps = slices_beside_an_answer(deep, 3000)
    sizes = [step.read for step in steps]
    assert max(sizes) in sizes[2:5]
    assert 16 in sizes[10:]
    assert sizes[-1] in range(17, 24), "0.2 s"


@pytest.mark.pure
def test_a_noisy_trial_at_the_load_does_not_decide_about_reading():
    """One thread looked better for single steps, far better than two: reading must find out by itself."""
    stepping = Stepping(two_threads_read_faster, steps=settled({2: 0.0134, 1: 0.0100}), threads=(2, 1))
    stepping.submit([700] * 11, answer=4, priority=Priority.BACKGROUND)
    reading = [step for step in stepping.run() if step.read >= 64]
    assert [step.threads for step in reading[:2]] == [1, 2]
    assert [step.threads for step in reading].count(2) >= len(reading) - 3


@pytest.mark.pure
def test_beside_a_persons_answer_no_number_of_threads_is_tried_nor_compared_with_one_of_before():
    """A try takes twice as long; and a slice costs the more the more has been read, with any number of threads."""
    read = 0

    def deep(tokens: int, threads: int) -> float:
        nonlocal read
        read += tokens
        return tokens * (0.004 + read * 0.000002) * (1.8 if threads == 1 else 1)

    stepping = Stepping(deep, steps=settled({2: 0.0134, 1: 0.0100}), threads=(2, 1))
    stepping.submit([512 * 4], answer=1, priority=Priority.INTERACTIVE)
    stepping.run()
    stepping.context.steps.clear()
    read = 0
    stepping.submit([20], answer=1000, priority=Priority.INTERACTIVE)
    stepping.run(most=3)
    stepping.submit([4000], answer=5, priority=Priority.INTERACTIVE)
    mixed = [step for step in stepping.run() if step.read and step.written]
    assert len(mixed) > 100
    assert {step.threads for step in mixed} == {2}


@pytest.mark.pure
def test_threads_that_collapse_beside_an_answer_are_left():
    steps = 0

    def becomes_busy(tokens: int, threads: int) -> float:
        nonlocal steps
        steps += 1
        busy = 8 if steps > 30 and threads == 2 else 1
        return two_threads_read_faster(tokens, threads) * busy

    stepping = Stepping(becomes_busy, steps=settled({2: 0.0134, 1: 0.0100}), threads=(2, 1))
    stepping.submit([512 * 4], answer=1, priority=Priority.INTERACTIVE)
    stepping.run()
    stepping.context.steps.clear()
    steps = 0
    stepping.submit([20], answer=1000, priority=Priority.INTERACTIVE)
    stepping.run(most=3)
    stepping.submit([4000], answer=5, priority=Priority.INTERACTIVE)
    mixed = [step.threads for step in stepping.run() if step.read and step.written]
    assert mixed[10:25] == [2] * 15
    assert mixed[50:].count(1) > 0.9 * len(mixed[50:])


@pytest.mark.pure
def test_what_few_tokens_took_says_nothing_about_threads():
    stepping = Stepping(two_threads_read_faster, steps=settled({2: 0.008, 1: 0.009}), threads=(2, 1))
    for _ in range(20):
        stepping.submit([30], answer=1, priority=Priority.INTERACTIVE)
        stepping.run()
    assert [step.threads for step in stepping.context.steps] == [2] * 20


@pytest.mark.pure
def test_a_try_to_read_with_threads_that_collapse_is_given_up_and_read_again():
    def busy(tokens: int, threads: int) -> float:
        return two_threads_read_faster(tokens, 1) * (20 if threads == 2 else 1)

    stepping = Stepping(busy, steps=settled({2: 0.3, 1: 0.016}), threads=(2, 1))
    stepping.submit([512] * 12, answer=1, priority=Priority.BACKGROUND)
    steps = stepping.run()
    assert any(step.code == ABORTED and step.threads == 2 for step in steps)
    assert sum(step.read for step in steps if step.code == DECODED) == 12 * 512
    assert {step.threads for step in steps if step.code == DECODED} == {1}
