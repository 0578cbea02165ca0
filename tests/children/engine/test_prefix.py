from __future__ import annotations

import random

import pytest
from children.engine.asking import GREEDY
from fakes.tiny_gguf import tiny_gemma3, tiny_llama, write
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.types import Priority, Sampling, common_prefix
from slmdesk.children.engine.llama.context import Adapter
from slmdesk.children.engine.llama.sequence import CachedSequence
from slmdesk.children.engine.llama.slots import WORTH_SWAPPING, Slots


class Cells:
    """What a context does with the memory of sequences, cell by cell."""

    def __init__(self, cells: int, places: int) -> None:
        self.cells = cells
        self.max_sequences = places
        self.rows: dict[int, list[int]] = {n: [] for n in range(places)}
        """The token of each cell."""

    def add(self, sequence: int, tokens: list[int]) -> None:
        self.rows[sequence] += tokens

    def copy(self, source: int, target: int) -> None:
        assert self.rows[target] == []
        self.rows[target] = list(self.rows[source])

    def cut(self, sequence: int, length: int) -> bool:
        del self.rows[sequence][length:]
        return True

    def forget(self, sequence: int) -> None:
        self.rows[sequence] = []

    def state_size(self, sequence: int, *, partial: bool = False) -> int:
        return len(self.rows[sequence])

    def state(self, sequence: int) -> memoryview:
        return memoryview(bytes(self.rows[sequence]))

    def put_state(self, sequence: int, data: memoryview) -> bool:
        assert self.rows[sequence] == []
        self.add(sequence, list(data))
        return True

    def last_position(self, sequence: int) -> int:
        return len(self.rows[sequence]) - 1

    def first_position(self, sequence: int) -> int:
        return 0 if self.rows[sequence] else -1


def read(slots: Slots, cells: Cells, holding: CachedSequence, count: int) -> None:
    cells.add(holding.seq_id, holding.tokens[holding.read : holding.read + count])
    holding.read += count


@pytest.mark.pure
@given(st.integers(0, 2**32))
def test_a_slot_has_what_its_sequence_has_read_whatever_happens(seed):
    rng = random.Random(seed)
    cells = Cells(400, 4)
    slots = Slots(cells, sliding_window=0)
    trunk = [rng.randrange(9) for _ in range(160)]
    for now in range(60):
        action = rng.random()
        active = list(slots.active)
        if action < 0.4:
            tokens = trunk[: rng.randrange(1, 160)] + [rng.randrange(9) for _ in range(rng.randrange(1, 100))]
            adapter = Adapter(number=rng.randrange(2))
            holding = CachedSequence(tokens, rng.choice(list(Priority)), adapter)
            assert slots.open(holding) is (len(active) < 4)
            assert holding.read < len(tokens)
        elif action < 0.7 and active:
            holding = rng.choice(active)
            read(slots, cells, holding, rng.randrange(1, 80))
            holding.read = min(holding.read, len(holding.tokens))
        elif action < 0.9 and active:
            slots.keep(rng.choice(active), now, is_disposable=rng.random() < 0.5)
        elif action < 0.95 and active:
            slots.drop(rng.choice(active))
        elif found := slots.state_of(trunk, lambda _size: True):
            length, data = found
            assert list(data) == trunk[:length]
        assert sorted(slot.seq_id for slot in (*slots.active, *slots.idle)) == [0, 1, 2, 3]
        for slot in (*slots.active, *slots.idle):
            assert cells.rows[slot.seq_id] == slot.tokens[: slot.read]


@pytest.mark.pure
@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)), st.integers(-1, 9))
def test_common_prefix(tokens, other, limit):
    expected = 0
    for a, b in zip(tokens, other, strict=False):
        if a != b:
            break
        expected += 1
    assert common_prefix(tokens, other, limit) == max(0, min(expected, limit))


TURN = Sampling(temperature=0, max_tokens=8)


@pytest.mark.model
def test_what_is_reused_gives_the_same_as_going_on(fresh_starter):
    """Compared with an answer that was never interrupted, not with a prompt read anew: that rounds differently."""
    prompt = "The old house by the river"
    whole = fresh_starter.answer(fresh_starter.raw(prompt, sampling=Sampling(temperature=0, max_tokens=20)))
    tokens = 8
    half = (
        fresh_starter.ask(fresh_starter.raw(prompt, key="b", sampling=Sampling(temperature=0, max_tokens=tokens)))
        .finished("b")
        .answer
    )
    assert whole.text.startswith(half.text)
    rest = fresh_starter.answer(
        fresh_starter.raw(prompt + half.text, sampling=Sampling(temperature=0, max_tokens=20 - tokens))
    )
    assert rest.usage.cached_tokens >= rest.usage.prompt_tokens - 2
    assert half.text + rest.text == whole.text


@pytest.mark.model
def test_the_prefix_of_a_cancelled_answer_stays(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()))
    text = model.words(400)
    stream = model.engine.generate([model.raw(text, sampling=Sampling(ignore_eos=True, seed=1))])
    for event in stream:
        if hasattr(event, "text"):
            break
    stream.close()
    usage = model.answer(model.raw(text, sampling=TURN)).usage
    assert usage.cached_tokens == usage.prompt_tokens - 1


@pytest.mark.model
def test_a_prefix_behind_a_sliding_window_is_read_anew(open_model, tmp_path):
    """engine-notes §8: llama.cpp goes on without its past, and says nothing."""
    model = open_model(write(tmp_path / "t.gguf", tiny_gemma3(window=32)), context_tokens=2048, sequences=1)
    assert model.info.sliding_window == 32
    long = "a b c d e f g h " * 100
    fresh = open_model(write(tmp_path / "t.gguf", tiny_gemma3(window=32)), context_tokens=2048, sequences=1)
    expected = fresh.answer(fresh.raw(long[:400] + " x", sampling=TURN))
    model.ask(model.raw(long, sampling=TURN))
    early = model.answer(model.raw(long[:400] + " x", sampling=TURN))
    assert early.text == expected.text
    assert early.usage.cached_tokens in (0, *range(expected.usage.prompt_tokens - 40, expected.usage.prompt_tokens))
    again = model.answer(model.raw(long[:400] + " x", sampling=TURN))
    assert again.usage.cached_tokens > 0  # within the window it is reused
    assert again.text == expected.text


@pytest.mark.model
def test_old_prefixes_make_room_for_a_new_prompt(open_model, tmp_path):
    model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=1024, pool_tokens=1024)
    for n in range(12):
        answer = model.answer(model.raw(f"{n} " * 300, sampling=Sampling(seed=n, max_tokens=20)))
        assert answer.usage.output_tokens > 0
    assert model.answer(model.raw("11 " * 300, sampling=GREEDY)).usage.cached_tokens > 300


def held(slots: Slots, cells: Cells, tokens: list[int], now: int, *, is_disposable: bool = False) -> int:
    """A sequence that was read and has ended; its slot."""
    sequence = CachedSequence(tokens, Priority.INTERACTIVE)
    assert slots.open(sequence)
    read(slots, cells, sequence, len(tokens) - sequence.read)
    slots.keep(sequence, now, is_disposable=is_disposable)
    return sequence.seq_id


INSTRUCTIONS = list(range(20))
CHATS = {name: [*range(50 * n, 50 * n + 100)] for n, name in enumerate(("one", "two", "three"), 1)}


@pytest.mark.pure
def test_a_conversation_goes_on_in_its_slot_and_another_takes_one_of_its_own():
    cells = Cells(400, 2)
    slots = Slots(cells, sliding_window=0)
    first, second = held(slots, cells, CHATS["one"], 1), held(slots, cells, CHATS["two"], 2)
    assert first != second
    following = CachedSequence([*CHATS["one"], 7, 8], Priority.INTERACTIVE)
    assert slots.open(following)
    assert (following.seq_id, following.read) == (first, 100)
    assert [slot.tokens for slot in slots.idle] == [CHATS["two"]]


@pytest.mark.pure
def test_a_conversation_that_made_room_is_swapped_out_and_comes_back_whole_when_it_goes_on():
    cells = Cells(400, 2)
    slots = Slots(cells, sliding_window=0)
    for now, chat in enumerate(CHATS.values()):
        held(slots, cells, chat, now)
    assert [copy.tokens for copy in slots.swapped] == [CHATS["one"]]
    assert slots.holds(CHATS["one"])
    back = CachedSequence([*CHATS["one"], 7, 8], Priority.INTERACTIVE)
    assert slots.open(back)
    assert back.read == 100
    assert [copy.tokens for copy in slots.swapped] == [CHATS["two"]]


@pytest.mark.pure
def test_what_jobs_left_makes_room_first_and_is_not_copied_nor_is_what_is_short():
    cells = Cells(400, 3)
    slots = Slots(cells, sliding_window=0)
    held(slots, cells, CHATS["one"], 1)
    held(slots, cells, CHATS["two"], 3, is_disposable=True)
    held(slots, cells, list(range(200, 200 + WORTH_SWAPPING - 1)), 2)
    held(slots, cells, CHATS["three"], 4)
    assert sorted(slot.tokens[0] for slot in slots.idle) == [50, 150, 200]
    held(slots, cells, [250] * 90, 5)
    held(slots, cells, [251] * 90, 6)
    assert [copy.tokens for copy in slots.swapped] == [CHATS["one"]]


@pytest.mark.pure
def test_a_beginning_that_another_slot_has_is_shared():
    cells = Cells(400, 3)
    slots = Slots(cells, sliding_window=0)
    text = list(range(200))
    running = CachedSequence([*text, 1], Priority.BACKGROUND)
    assert slots.open(running)
    read(slots, cells, running, 150)
    beside = CachedSequence([*text, 2], Priority.BACKGROUND)
    assert slots.open(beside)
    assert (beside.read, beside.seq_id == running.seq_id) == (150, False)


@pytest.mark.pure
def test_a_job_goes_on_in_the_slots_it_left_without_copying():
    cells = Cells(400, 2)
    slots = Slots(cells, sliding_window=0)
    held(slots, cells, [*INSTRUCTIONS, *range(50, 130)], 1, is_disposable=True)
    following = CachedSequence([*INSTRUCTIONS, *range(130, 200)], Priority.BACKGROUND)
    assert slots.open(following)
    assert following.read == len(INSTRUCTIONS)
    assert not slots.swapped


@pytest.mark.pure
def test_a_persons_answer_finds_its_cells_in_a_row_and_a_job_its_instructions():
    cells = Cells(400, 6)
    slots = Slots(cells, sliding_window=0)
    held(slots, cells, CHATS["one"], 1)
    held(slots, cells, CHATS["two"], 2)
    for now in (3, 4):
        held(slots, cells, [now, *range(200, 250)], now, is_disposable=True)
    following = CachedSequence([*CHATS["two"], 7, 8], Priority.INTERACTIVE)
    assert slots.open(following)
    slots.make_way(following)
    assert following.read == 100
    assert [slot.tokens[0] for slot in slots.idle if slot.read] == [4]
    assert [copy.tokens for copy in slots.swapped] == [CHATS["one"]]


@pytest.mark.pure
def test_copies_keep_within_their_space_and_the_oldest_goes_first(monkeypatch):
    monkeypatch.setattr("slmdesk.children.engine.llama.slots.MOST_BYTES", 250)
    cells = Cells(1000, 1)
    slots = Slots(cells, sliding_window=0)
    for now in range(4):
        held(slots, cells, [now] * 100, now)
    assert [copy.tokens[0] for copy in slots.swapped] == [1, 2]
    held(slots, cells, [4] * 260, 4)
    held(slots, cells, [5] * 100, 5)
    assert [copy.tokens[0] for copy in slots.swapped] == [2, 3], "one alone would not fit"
    monkeypatch.setattr("slmdesk.children.engine.llama.slots.free_memory", lambda: 300)
    held(slots, cells, [6] * 100, 6)
    assert [copy.tokens[0] for copy in slots.swapped] == [2, 3], "a quarter of what is free"
