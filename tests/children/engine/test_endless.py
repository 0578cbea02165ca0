"""Grammars: each ends a model that would never end what it began."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slmdesk
from slmdesk.base.record import Record, changed
from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.base.types import USUAL_SAMPLING
from slmdesk.children.engine.llama.library import load_library
from slmdesk.children.engine.llama.sampler import Sampler
from slmdesk.children.engine.llama.vocabulary import Vocabulary
from slmdesk.redact.asking import finds_in, turns_about
from slmdesk.tasks.replies.types import Point, Stance
from slmdesk.tasks.replies.wording import worded_answer, wording_step
from slmdesk.tasks.summaries.prompts import Numbered, note_step, own_step, written_in
from slmdesk.tasks.tables.prompts import row_step, said_in
from slmdesk.tasks.tables.types import Column, ColumnKind
from slmdesk.tasks.translation.prompts import TranslationStyle, projection_step
from slmdesk.tasks.translation.typed import step_from
from slmdesk.tasks.versions.difference.types import Change, ChangeKind
from slmdesk.tasks.versions.remarks import digest_step, remarks_in

COLUMNS = [Column("Tenant"), Column("Rooms", kind=ColumnKind.LIST)]
PAPER = Numbered("[1] Rent rises. [2] It ends.", ((0,), (1,)))
POINT = Point("p1", "Bitte überweisen Sie 20,00 EUR bis zum 15.12.2026.", stance=Stance.AGREE)
TYPED = LiveSegment("The house", "", "", "en", "Das Haus", SegmentState.TRANSLATED)
STYLE = TranslationStyle("de", "en")
MOST_TOKENS = 30_000


class Made(Record):
    module: str
    grammar: str
    read: Callable[[str], object]
    """What the program does with an answer."""


def made(module: str, step: Any, read: Callable[[str], object]) -> Made:
    return Made(module, step["sampling"]["grammar"], read)


def lines_in(said: str) -> object:
    return written_in(said, PAPER, "en")


ALL: Mapping[str, Made] = {
    "row": made("tasks/tables/prompts.py", row_step(COLUMNS, ["Text"]), lambda said: [*said_in(said, COLUMNS)]),
    "summary": made("tasks/summaries/prompts.py", note_step(PAPER, "en", 5), lines_in),
    "own summary": made("tasks/summaries/prompts.py", own_step(PAPER, "en", 5, "Who?"), lines_in),
    "letter": made(
        "tasks/replies/wording.py",
        wording_step(POINT, "de", "formal"),
        lambda said: worded_answer(said, POINT, "de"),
    ),
    "other words": made("tasks/translation/typed.py", step_from(4, TYPED, STYLE, ()), str.split),
    "tags": made("tasks/translation/prompts.py", projection_step("The old house", "Das alte Haus", "old"), str.split),
    "versions": made(
        "tasks/versions/remarks.py",
        digest_step((), (), ""),
        lambda said: remarks_in([Change(ChangeKind.CHANGED, (), (), (), ())], [0], {"text": said}, "en"),
    ),
    "redacting": Made("redact/asking.py", str(turns_about("Text")[1].grammar), lambda said: finds_in(said, "Text")),
}
_FIXED = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]')
_ENDLESS = re.compile(r"[*+]|\{\d*,\}")


def modules_with_grammars() -> Iterator[str]:
    room = Path(slmdesk.__file__).parent
    for path in sorted(room.rglob("*.py")):
        if re.search(r"\bgrammar=(?!self)", path.read_text("utf-8")):
            yield path.relative_to(room).as_posix()


def test_all_grammars_are_tried_here() -> None:
    assert {*modules_with_grammars()} == {made.module for made in ALL.values()}


@pytest.mark.parametrize("name", ALL)
def test_every_repetition_has_a_bound(name: str) -> None:
    rules = dict(line.split(" ::= ") for line in _FIXED.sub("_", ALL[name].grammar).splitlines())
    assert not any(map(_ENDLESS.search, rules.values()))
    used = {rule: {*re.findall(r"[a-z]+", body)} & {*rules} for rule, body in rules.items()}
    while used:  # no rule may be part of itself
        ended = [rule for rule, others in used.items() if not others & {*used}]
        assert ended, f"a rule repeats itself: {[*used]}"
        for rule in ended:
            del used[rule]


class Voice:
    """Logits of a model that likes some tokens, whatever came before, and ends last of all."""

    pointer = None

    def __init__(self, vocabulary: Vocabulary, likes: re.Pattern[str]) -> None:
        self._logits = np.random.default_rng(0).random(vocabulary.n_tokens, dtype=np.float32)
        for token, piece in enumerate(vocabulary.pieces):
            text = piece.decode("utf-8", "replace")
            self._logits[token] += 9 * bool(likes.fullmatch(text)) + 5 * bool(_LETTER.fullmatch(text))
        self._logits[[*vocabulary.end_tokens]] = -9

    def logits(self, _index: int) -> Any:
        return self._logits.copy()


_LETTER = re.compile(r"[a-z ]")
VOICES: Mapping[str, re.Pattern[str]] = {
    "opens": re.compile(r'["\[{,]|- |\n- |", "'),
    "never closes": _LETTER,
}


def spoken(vocabulary: Vocabulary, grammar: str, likes: re.Pattern[str]) -> str:
    sampling = changed(USUAL_SAMPLING, temperature=0.0, grammar=grammar)
    sampler = Sampler(load_library(), vocabulary, vocab=vocabulary.vocab, sampling=sampling, seed=0)
    voice, said = Voice(vocabulary, likes), list[int]()
    try:
        while len(said) < MOST_TOKENS:
            token = sampler.sample(voice, 0)  # type: ignore[arg-type]
            if token in vocabulary.end_tokens:
                return vocabulary.pieces_of(said).decode("utf-8", "replace")
            said.append(token)
    finally:
        sampler.close()
    raise AssertionError(vocabulary.pieces_of(said[-80:]))


@pytest.mark.model
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("voice", VOICES)
def test_a_model_that_never_ends_is_ended(vocabulary: Vocabulary, name: str, voice: str) -> None:
    said = spoken(vocabulary, ALL[name].grammar, VOICES[voice])
    assert said
    ALL[name].read(said)
