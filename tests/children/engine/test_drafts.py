"""Drafts from the prompt: the same text in fewer steps, and nothing where they do not pay."""

from __future__ import annotations

import random

import numpy as np
import pytest
from children.engine.asking import GREEDY, Model
from fakes.tiny_gguf import tiny_gemma3, tiny_llama, write

from slmdesk.base.record import changed
from slmdesk.base.types import FinishReason, Sampling
from slmdesk.children.engine.interface import Piece
from slmdesk.children.engine.llama.context import Context, CostCurve
from slmdesk.children.engine.llama.sampler import Sampler
from slmdesk.children.engine.llama.sequence import SIZES, Copying, DraftGate

CHEAP = ((1, 1.0), (4, 1.1), (8, 1.2), (16, 1.4))
"""Many tokens cost little more than one: drafts pay wherever there is something to draft."""
DEAR = ((1, 1.0), (4, 4.0), (8, 8.0), (16, 16.0))
"""Drafts never pay."""
TEXT = (
    "The parcel for Mrs. Anna Weber was sent on the 14th of March and weighs 2.4 kilograms. It holds two lamps, four "
    "cups and a blue vase. The invoice of 86.50 euros is due within thirty days."
)
WAYS = ("Repeat this text word for word:\n\n{}", "Correct the spelling of this text:\n\n{}")
ENDS = [
    f"{who} {what}." for who in ("We", "They", "You", "My sons") for what in ("wait", "paid it", "agree", "know why")
]
LETTERS = " ".join(random.Random(1).choices("abcdefgh", k=60))
CHANGED = f"{LETTERS[:40]} x y z {LETTERS[40:]}"
"""Drafts of it from LETTERS are taken, cut and refused."""


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    """The tokens of each batch that was computed."""
    sizes: list[int] = []
    decode = Context.decode

    def counted(self: Context, *args, **more) -> int:
        sizes.append(self.size)
        return decode(self, *args, **more)

    monkeypatch.setattr(Context, "decode", counted)
    return sizes


@pytest.fixture
def chosen(monkeypatch) -> list[tuple[int, float]]:
    """Each token that was chosen, and by how much its logit exceeded the next."""
    seen: list[tuple[int, float]] = []
    sample = Sampler.sample

    def noted(self: Sampler, context: Context, index: int) -> int:
        token = sample(self, context, index)
        second, first = np.sort(context.logits(index))[-2:]
        seen.append((token, float(first - second)))
        return token

    monkeypatch.setattr(Sampler, "sample", noted)
    return seen


def spelling(limit: int = 200, stop: tuple[str, ...] = (), seed: int | None = None, **more) -> dict:
    """LETTERS with a change, by a grammar: copied by a tiny model too."""
    sampling = changed(GREEDY, max_tokens=limit, stop=stop, seed=seed, grammar=f'root ::= "{CHANGED}"')
    return {"text": LETTERS, "sampling": sampling, **more}


@pytest.fixture
def tiny(open_model, tmp_path) -> Model:
    return open_model(write(tmp_path / "t.gguf", tiny_llama()), cost_curve=CHEAP)


def drafted(model: Model, batches: list[int], **request) -> tuple:
    """What the answer says, its finish, and the batches of its own."""
    batches.clear()
    asked = model.ask(model.request(**request))
    return asked.text(), asked.finished().answer, [*batches]


@pytest.mark.pure
def test_what_is_copied_is_followed_and_trusted_the_more_the_longer():
    prompt = [*range(100, 160)]
    text = Copying(prompt)
    tokens = [*prompt, 7]
    text.note(tokens)
    assert text.following(5) == []
    seen = []
    for token in range(110, 140):
        tokens.append(token)
        text.note(tokens)
        seen.append(text.confidence)
    assert text.following(3) == [140, 141, 142]
    assert seen == sorted(seen)
    assert seen[-1] > 0.9
    tokens.append(7)
    text.note(tokens)
    assert text.following(3) == []
    assert text.confidence < seen[-1]


@pytest.mark.pure
@pytest.mark.parametrize(
    ("prompt", "written", "following", "chosen", "then"),
    [
        ([1, 2, 3, 50, 51, 52, 1, 2, 3, 60, 61, 62, 1, 2, 3, 70], [50, 51, 52, 1, 2, 3, 60, 9, 1, 2, 3], [70], 70, []),
        ([*range(100, 120)], [103, 104, 105, 106, 7], [], 108, [109, 110]),  # another word for 107
    ],
    ids=["found again where it was left", "a changed word does not lose the passage"],
)
def test_behind_a_change_it_goes_on(prompt, written, following, chosen, then):
    text, tokens = Copying(prompt), [*prompt]
    for token in written:
        tokens.append(token)
        text.note(tokens)
    assert text.following(2) == following
    tokens.append(chosen)
    text.note(tokens)
    assert text.following(2) == then


@pytest.mark.pure
def test_a_token_is_never_looked_up_across_the_bytes_of_two():
    token = 0x01020304
    text = Copying([0x02030401, 0x02030401, 0x02030401, 0x02030401, 5])
    text.note([0, token, token, token])
    assert text.following(9) == []


@pytest.mark.pure
def test_drafts_are_as_long_as_pays_by_the_cost_curve():
    assert DraftGate(CostCurve(DEAR)).size(1.0, 100.0) == 0
    gate = DraftGate(CostCurve(CHEAP))
    assert gate.size(1.0, 0.0) == SIZES[-1]
    assert gate.size(0.0, 0.0) == 0
    sizes = [gate.size(confidence / 100, 0.0) for confidence in range(101)]
    assert sizes == sorted(sizes)
    real = DraftGate(CostCurve([(1, 1.0), (2, 1.53), (4, 2.63), (8, 4.58), (16, 8.76)]))
    assert real.size(0.6, 0.0) == 0
    assert real.size(0.95, 0.0) == 7
    assert real.size(0.99, 0.0) == 7
    assert real.size(0.99, 5.0) == 15  # what was saved may be staked
    assert real.size(0.99, -5.0) == 0


@pytest.mark.pure
def test_where_drafts_cost_more_than_the_curve_says_they_end_and_are_tried_again():
    gate = DraftGate(CostCurve(CHEAP))
    gate.note(1, 0.01)
    for _ in range(40):
        gate.note(16, 0.01 * 1.4 * 20)
    assert gate.size(0.7, 0.0) == 0
    for _ in range(1000):
        gate.note(1, 0.01)
    assert gate.size(0.7, 0.0) > 0


@pytest.mark.model
@pytest.mark.parametrize(
    ("ways", "ends"),
    [(WAYS[:1], ENDS[:2]), pytest.param(WAYS, ENDS, marks=pytest.mark.soak)],
    ids=["some", "all"],
)
def test_greedy_answers_are_the_same_but_for_near_ties(open_model, starter_model, batches, chosen, ways, ends):
    """Batches of other sizes round differently, as slices of a prompt do: only what hardly decided may turn."""
    with_drafts, without = (open_model(starter_model, cost_curve=curve) for curve in (CHEAP, DEAR))
    parted = steps = tokens = 0
    for text in (way.format(f"{TEXT.replace('86', str(90 + n))} {end}") for way in ways for n, end in enumerate(ends)):
        request = {"text": text, "sampling": changed(GREEDY, max_tokens=24)}
        seen = []
        for model in (with_drafts, without):
            chosen.clear()
            drafted(model, batches, **request)
            seen.append([*chosen])
            steps += len(batches) if model is with_drafts else 0
        tokens += len(seen[1])
        ties = [(step[1], other[1]) for step, other in zip(*seen, strict=False) if step[0] != other[0]]
        if ties:
            parted += 1
            assert max(ties[0]) < 0.6, text
        else:
            assert len(seen[0]) == len(seen[1])
    assert parted <= len(ends) / 2
    assert steps < 0.6 * tokens


@pytest.mark.model
def test_stop_strings_and_the_limit_hold_within_a_draft(tiny, batches):
    whole, _, sizes = drafted(tiny, batches, **spelling())
    assert whole == CHANGED
    assert max(sizes[1:]) > 8
    for limit in range(4, 60):
        text, answer, _ = drafted(tiny, batches, **spelling(limit))
        assert whole.startswith(text)
        assert answer.usage.output_tokens == limit
        assert answer.finish_reason is FinishReason.LENGTH
    for begin in range(4, 40, 3):
        stop = whole[begin : begin + 7]
        text, answer, _ = drafted(tiny, batches, **spelling(stop=(stop,)))
        assert text == whole[: whole.index(stop)]
        assert answer.finish_reason is FinishReason.STOP_STRING
    again, _, _ = drafted(tiny, batches, **spelling())
    assert again == whole  # nothing of a refused draft is left in memory


@pytest.mark.model
def test_a_stop_within_a_draft_leaves_the_model_usable(tiny, batches):
    for pieces in (1, 2, 3):
        running = tiny.engine.generate([tiny.request(**spelling())])
        seen = 0
        for event in running:
            seen += isinstance(event, Piece)
            if seen == pieces:
                break
        running.close()
    text, answer, _ = drafted(tiny, batches, **spelling())
    assert text == CHANGED
    assert answer.usage.cached_tokens > 20


@pytest.mark.model
def test_a_given_seed_is_never_drafted_for(tiny, batches):
    _, answer, sizes = drafted(tiny, batches, **spelling(seed=3))
    assert answer.reproducible
    assert set(sizes[1:]) == {1}


@pytest.mark.model
def test_each_token_of_a_draft_has_its_probability_and_obeys_the_grammar(tiny, open_model, tmp_path, batches):
    without = open_model(tmp_path / "t.gguf", cost_curve=DEAR)
    request = spelling(with_probabilities=True)
    text, answer, sizes = drafted(tiny, batches, **request)
    plain, expected, _ = drafted(without, batches, **request)
    assert text == plain == CHANGED
    assert max(sizes[1:]) > 1
    assert [probability[:2] for probability in answer.probabilities] == [
        probability[:2] for probability in expected.probabilities
    ]
    for probability, other in zip(answer.probabilities, expected.probabilities, strict=True):
        assert probability[2] == pytest.approx(other[2], abs=0.05)


@pytest.mark.model
def test_a_memory_that_cannot_go_back_has_no_drafts(open_model, tmp_path, batches):
    text = "a b c d e f g h " * 12
    sampling = changed(GREEDY, max_tokens=60, grammar=f'root ::= "{text}"')
    sizes = []
    for name, file in (("whole", tiny_llama()), ("window", tiny_gemma3(window=32))):
        model = open_model(write(tmp_path / f"{name}.gguf", file), cost_curve=CHEAP, sequences=1)
        batches.clear()
        asked = model.ask(model.raw(text, sampling=sampling))
        assert asked.finished().answer.usage.output_tokens > 40
        sizes.append(max(batches[1:]))
    assert sizes[0] > 1
    assert sizes[1] == 1


@pytest.mark.model
def test_free_text_is_written_token_by_token(open_model, starter_model, batches):
    curve = ((1, 1.0), (2, 1.53), (4, 2.63), (8, 4.58), (16, 8.76))
    model = open_model(starter_model, cost_curve=curve)
    _, _, sizes = drafted(model, batches, text="Tell me a story about a fox.", sampling=Sampling(max_tokens=12))
    assert set(sizes[1:]) == {1}


@pytest.mark.model
def test_answers_written_together_have_no_drafts(open_model, tmp_path, monkeypatch):
    written: list[tuple[int, int]] = []
    decode = Context.decode

    def counted(self: Context, *args, **more) -> int:
        if self._requested[: self.size].all():
            written.append((self.size, len(set(self._sequences[: self.size]))))
        return decode(self, *args, **more)

    monkeypatch.setattr(Context, "decode", counted)
    path = write(tmp_path / "t.gguf", tiny_llama())
    model = open_model(path, cost_curve=((1, 1.0), (2, 1.1), (4, 1.2), (8, 1.5), (16, 2.0)))
    model.ask(*(model.request(key=str(n), **spelling()) for n in range(3)))
    assert (3, 3) in written
    assert all(size == answers for size, answers in written if answers > 1)
