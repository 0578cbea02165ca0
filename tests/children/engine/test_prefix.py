from __future__ import annotations

import random

import pytest
from children.engine.asking import GREEDY
from fakes.tiny_gguf import tiny_gemma3, tiny_llama, write
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.types import Priority, Sampling, common_prefix
from slmdesk.children.engine.llama.context import NO_ADAPTER
from slmdesk.children.engine.llama.pool import WORTH_SWAPPING, Pool, SwappedSequence, SwapSpace
from slmdesk.children.engine.llama.sequence import CachedSequence


class Cells:
    """What a context does with the memory of sequences, cell by cell."""

    def __init__(self, cells: int, places: int) -> None:
        self.cells = cells
        self.max_sequences = places
        self.rows: dict[int, list[object]] = {n: [] for n in range(places)}

    def add(self, sequence: int, count: int) -> None:
        self.rows[sequence] += [object() for _ in range(count)]

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
        return memoryview(bytes(len(self.rows[sequence])))

    def put_state(self, sequence: int, data: memoryview) -> bool:
        self.add(sequence, len(data))
        return True

    def last_position(self, sequence: int) -> int:
        return len(self.rows[sequence]) - 1

    def first_position(self, sequence: int) -> int:
        return 0 if self.rows[sequence] else -1

    @property
    def used(self) -> int:
        return len({id(cell) for row in self.rows.values() for cell in row})


@pytest.mark.pure
@given(st.integers(0, 2**32))
def test_shared_cells_count_once_whatever_happens(seed):
    rng = random.Random(seed)
    cells = Cells(4000, 6)
    pool = Pool(cells, sliding_window=0)
    trunk = [rng.randrange(9) for _ in range(60)]
    for now in range(60):
        action = rng.random()
        active = list(pool.active)
        if action < 0.35 and len(active) < 4:
            tokens = trunk[: rng.randrange(1, 60)] + [rng.randrange(9) for _ in range(rng.randrange(1, 40))]
            holding = CachedSequence(tokens, rng.choice(list(Priority)))
            assert pool.open(holding)
            assert cells.rows[holding.seq_id] == cells.rows[holding.seq_id][: holding.read]
            assert holding.read < len(tokens)
        elif action < 0.75 and active:
            holding = rng.choice(active)
            count = rng.randrange(1, 20)
            holding.tokens += [rng.randrange(9) for _ in range(max(0, holding.read + count - len(holding.tokens)))]
            cells.add(holding.seq_id, count)
            pool.grow(holding, count)
        elif action < 0.85 and active:
            pool.keep(rng.choice(active), now, 0.0)
        elif action < 0.92 and active:
            pool.drop(rng.choice(active))
        else:
            pool.make_space(rng.randrange(3000, 4000), last_too=rng.random() < 0.5)
        assert pool.free == cells.cells - cells.used
        for holding in (*pool.active, *pool.kept):
            assert len(cells.rows[holding.seq_id]) == holding.read
    for holding in (*pool.active, *pool.kept):
        pool.drop(holding)
    assert pool.is_empty
    assert cells.used == 0


@pytest.mark.pure
def test_the_newest_chat_goes_last():
    cells = Cells(100, 6)
    pool = Pool(cells, sliding_window=0)
    for now, (priority, tokens) in enumerate(
        [(Priority.INTERACTIVE, [1] * 10), (Priority.INTERACTIVE, [2] * 10), (Priority.BACKGROUND, [3] * 10)]
    ):
        holding = CachedSequence(tokens, priority)
        pool.open(holding)
        cells.add(holding.seq_id, 10)
        pool.grow(holding, 10)
        pool.keep(holding, now, 0.0)
    assert pool.make_space(71, last_too=False)
    assert sorted(h.tokens[0] for h in pool.kept) == [1, 2]
    assert pool.make_space(81, last_too=False)
    assert [h.tokens[0] for h in pool.kept] == [2]
    assert not pool.make_space(91, last_too=False)
    assert pool.make_space(100, last_too=True)


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
def test_tokens_that_fill_a_tile_leave_nothing_behind(open_model, tmp_path):
    """The same question deep in a text, alone and along with tokens that nobody needs: same answer, same cells."""
    text, question = "a b c d e f g h " * 60, "x y z u v w " * 5
    answers, free = [], []
    for attention in (0.0, 1e9):
        model = open_model(write(tmp_path / "t.gguf", tiny_llama()), context_tokens=2048)
        model.ask(model.raw(text, sampling=TURN))
        scheduler = model.engine.model(model.info.handle).scheduler
        scheduler.tiles.note(32, 256, attention)
        answer = model.answer(model.raw(text + question, sampling=TURN))
        usage = answer.usage
        new = usage.prompt_tokens - usage.cached_tokens
        assert 16 <= new < 64
        answers.append(answer.text)
        free.append(scheduler.pool.free)
        again = model.answer(model.raw(text + question, sampling=TURN))
        assert again.usage.cached_tokens == usage.prompt_tokens - 1
    assert answers[0] == answers[1]
    assert free[0] == free[1]


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


def held(pool: Pool, cells: Cells, tokens: list[int], priority: Priority = Priority.INTERACTIVE, ended_s: float = 0.0):
    """A sequence that was read and has ended."""
    sequence = CachedSequence(tokens, priority)
    assert pool.open(sequence)
    cells.add(sequence.seq_id, len(tokens) - sequence.read)
    pool.grow(sequence, len(tokens) - sequence.read)
    pool.keep(sequence, 1, ended_s)


def room(size: int) -> SwapSpace:
    return SwapSpace(size, lambda: 1 << 40)


INSTRUCTIONS = list(range(20))
CHATS = {name: [*INSTRUCTIONS, *range(100 * n, 100 * n + 80)] for n, name in enumerate(("one", "two"), 1)}


@pytest.mark.pure
def test_another_conversation_is_swapped_out_and_comes_back_whole_when_it_goes_on():
    cells, swap = Cells(4000, 6), room(1000)
    pool = Pool(cells, sliding_window=0, swap=swap)
    held(pool, cells, CHATS["one"])
    held(pool, cells, CHATS["two"])
    following = CachedSequence([*CHATS["two"], *range(900, 930)], Priority.INTERACTIVE)
    assert pool.open(following)
    pool.clear_for(following, 0.0)
    assert following.read == 100, "its own conversation is found in memory"
    assert [sequence.tokens for sequence in pool.kept] == [CHATS["two"]], "its own stays"
    assert [copy.tokens for copy in swap.held] == [CHATS["one"]]
    assert pool.holds(CHATS["one"])
    assert pool.free == 4000 - cells.used == 3900
    pool.keep(following, 2, 0.0)
    back = CachedSequence([*CHATS["one"], 7, 8], Priority.INTERACTIVE)
    assert pool.open(back)
    pool.clear_for(back, 0.0)
    assert back.read == 100
    assert [copy.tokens for copy in swap.held] == [following.tokens[: following.read]]
    assert pool.free == 4000 - cells.used


@pytest.mark.pure
def test_what_a_job_left_goes_only_when_it_has_rested_and_what_is_short_is_not_copied():
    cells, swap = Cells(4000, 6), room(1000)
    pool = Pool(cells, sliding_window=0, swap=swap)
    held(pool, cells, CHATS["one"], Priority.BACKGROUND, ended_s=10.0)
    held(pool, cells, CHATS["two"], Priority.BACKGROUND, ended_s=90.0)
    held(pool, cells, list(range(500, 500 + WORTH_SWAPPING - 1)))
    new = CachedSequence(list(range(700, 800)), Priority.INTERACTIVE)
    assert pool.open(new)
    pool.clear_for(new, 60.0)
    assert [sequence.tokens for sequence in pool.kept] == [CHATS["two"]]
    assert not swap.held


@pytest.mark.pure
def test_copies_keep_within_their_space_and_the_oldest_goes_first():
    swap = room(250)
    for n in range(3):
        assert swap.make_space(100)
        swap.add(SwappedSequence([n] * 100, NO_ADAPTER, bytes(100)))
    assert [copy.tokens[0] for copy in swap.held] == [1, 2]
    assert not swap.make_space(251)
    assert not SwapSpace(250, lambda: 100).make_space(30), "a quarter of what is free"
    swap.add(SwappedSequence([*[2] * 100, 3], NO_ADAPTER, bytes(101)))
    assert [len(copy.tokens) for copy in swap.held] == [100, 101], "a longer one of the same takes its place"
