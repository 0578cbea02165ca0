"""Rows about what a person waits for in a chat: the next turn, the next day, beside long prompts and jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.common import Row, Runner, interleave, middle, ratios, row_of, runners
from benchmarks.engine_rows import asked
from benchmarks.prompts import long_text, segment_messages
from benchmarks.subject import Subject

QUESTION = "Which of these steps should I do first, and what can wait until tomorrow?"
JOB = 120
"""Segments of the translation beside which a person asks."""


def turns_of(exchanges: int, mark: str) -> list[list[str]]:
    """So many questions with answers, about 215 tokens each pair, and a short question."""
    words = long_text(exchanges * 215, mark)
    size = len(words) // exchanges
    pieces = [words[at * size : (at + 1) * size] for at in range(exchanges)]
    pairs = [(["user", piece[: size // 4]], ["assistant", piece[size // 4 :]]) for piece in pieces]
    return [*(turn for pair in pairs for turn in pair), ["user", f"{mark}: {QUESTION}"]]


def turn_ten(subject: Subject) -> Iterator[Row]:
    """The first token of turn 10, in the same process and after a restart, against reading the chat anew."""
    with Runner("chats", subject.path) as runner:
        seen = []
        for n in range(subject.rounds(4, 3)):
            before = turns_of(8, f"chat {n}")[:-1]
            turns = [*before, ["user", "And then?"], ["user", QUESTION]]
            seen.append(runner.ask(do="turn", turns=turns))
    anew = f"read anew {middle(seen, 'anew_s'):.2f} s"
    yield row_of(
        "first token of turn 10 ÷ the chat read anew",
        ratios_of(seen, "kept_s", "anew_s"),
        "≤ 0.05",
        f"{middle(seen, 'kept_s') * 1000:.0f} ms, {middle(seen, 'cached'):.0f} of {middle(seen, 'prompt'):.0f} tokens "
        f"in memory; {anew}",
        digits=3,
        bound="The new question itself must be read, and a first token be written.",
    )
    yield row_of(
        "the same after a restart",
        ratios_of(seen, "restart_s", "anew_s"),
        "≤ 0.03",
        f"{middle(seen, 'restart_s') * 1000:.0f} ms, {middle(seen, 'restored_s') * 1000:.0f} of them for the state of "
        f"{middle(seen, 'bytes') / 1e6:.0f} MB; {anew}",
        digits=3,
        bound="The new question itself must be read and a first token be written; that alone takes as long as in the "
        "row above.",
    )


def ratios_of(seen: list[Any], of: str, to: str) -> list[float]:
    """Of two figures of each round."""
    return [answer[of] / answer[to] for answer in seen]


def states(subject: Subject) -> Iterator[Row]:
    """Taking the state of a text and putting it back, against reading the text."""
    with Runner("chats", subject.path) as runner:
        for tokens in (1500, 3000):
            rounds = range(subject.rounds(4, 2))
            seen = [runner.ask(do="states", text=long_text(tokens, f"state {n}")) for n in rounds][1:]
            for key, words in (("taken_s", "`state_of`"), ("restored_s", "`restore`")):
                yield row_of(
                    f"{words} of {tokens:,} tokens ÷ reading them",
                    ratios_of(seen, key, "read_s"),
                    "≤ 0.02",
                    f"{middle(seen, key) * 1000:.0f} ms for {middle(seen, 'bytes') / 1e6:.0f} MB; "
                    f"reading {middle(seen, 'read_s'):.1f} s",
                    digits=3,
                    bound="The cells are copied through memory once.",
                )


def read_ahead(subject: Subject) -> Iterator[Row]:
    """From Enter to the first token of a question in a chat of yesterday, read while the question was typed or not."""
    with Runner("program", subject.path) as program:

        def side(ahead: bool) -> Any:
            return lambda turn: program.ask(
                do="next_question", turns=turns_of(8, f"{ahead} {turn}"), question=QUESTION, ahead=ahead
            )

        seen = interleave({"ahead": side(True), "not": side(False)}, subject.rounds(4, 2))
    yield row_of(
        "first token after Enter in a long chat, read while typing ÷ not read",
        ratios(seen["ahead"], seen["not"], "first_token_s"),
        "≤ 0.3",
        f"{middle(seen['ahead'], 'first_token_s'):.2f} s and {middle(seen['not'], 'first_token_s'):.2f} s; "
        f"{middle(seen['not'], 'prompt'):.0f} tokens, read in {middle(seen['ahead'], 'ahead_s'):.1f} s",
        bound="The question itself must be read.",
    )


def pause_beside(subject: Subject) -> Iterator[Row]:
    """One answer goes on while another prompt is read: what each loses."""
    with runners("ours", model=subject.path, context=8192, pool=16384) as (runner,):
        alone, beside = [], []
        for n in range(subject.rounds(3, 2)):
            alone.append(runner.ask(do="read", long=long_text(4000, f"alone {n}")))
            beside.append(runner.ask(do="beside", prompt=long_text(100, f"a {n}"), long=long_text(4000, f"b {n}")))
    yield row_of(
        "longest pause of an answer, ms, while 4,000 tokens are read beside it",
        [figures["pause"] * 1000 for figures in beside],
        subject.goal("≤ 200", "≤ 400"),
        f"median between tokens {middle(beside, 'median') * 1000:.0f} ms; the longest after {middle(beside, 'at'):.0%} "
        "of the reading",
        digits=0,
        bound="Slices are sized to take a fifth of a second; a smaller one costs more a token.",
    )
    yield row_of(
        "reading them beside an answer ÷ alone",
        ratios(beside, alone, "first_token_s"),
        subject.goal("≤ 1.6", "reported"),
        f"{middle(beside, 'first_token_s'):.1f} s and {middle(alone, 'first_token_s'):.1f} s",
        bound="Slices kept small for the pauses cost more a token than whole ones, and each carries a token of the "
        "answer.",
    )


def beside_job(subject: Subject) -> Iterator[Row]:
    """A person's question while a translation runs in the background, against the same alone."""
    with runners("ours", model=subject.path) as (runner,):
        request = {"do": "person", "prompt": lambda mark: long_text(300, mark)}
        job = segment_messages(JOB)

        def with_job(turn: int) -> Any:
            return asked(runner, job=job, after_s=0.5 + 0.37 * turn, **request)(turn)

        alone = asked(runner, job=[], **{**request, "prompt": lambda mark: long_text(300, f"alone {mark}")})
        seen = interleave({"beside": with_job, "alone": alone}, subject.rounds(7, 3))
    yield row_of(
        "a person's first token while a job runs ÷ alone",
        ratios(seen["beside"], seen["alone"], "first_token_s"),
        "≤ 1.15",
        f"{middle(seen['beside'], 'first_token_s'):.2f} s and {middle(seen['alone'], 'first_token_s'):.2f} s, prompts "
        "of 300 tokens",
        bound="The step that is being computed is ended first.",
    )


ROWS = (turn_ten, states, read_ahead, pause_beside, beside_job)
