"""Rows about the engine: one answer and many, against other loops and against itself without a measure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.common import (
    OURS,
    Row,
    Runner,
    has_server,
    interleave,
    median_and_span,
    middle,
    ratios,
    row_of,
    runners,
)
from benchmarks.prompts import long_text
from benchmarks.subject import Subject

LETTER = (
    "Dear Ms. Brown, thank you for your order of the 12th of May, which we recieved yesterday. The two office chairs "
    "and the desk will be delivered to your adress in Leeds on Thursday between nine and twelve o'clock. Please make "
    "sure that somebody is at home to sign for them. The invoice of 486.50 pounds is enclosed; it is payable within "
    "thirty days. If anything is damaged or missing, please let us no within a week. Yours sincerely, Martin Cole"
)
WORD_GRAMMAR = 'root ::= (word " ")+\nword ::= [a-zA-Z,.\']+'
NO_SERVER = "not measured: xllamacpp is not installed (`make bench` does that)"
NO_TUNED = "no tuned copy"


def asked(runner: Runner, **request: Any) -> Callable[[int], Mapping[str, float]]:
    """A side for `interleave`: what is a function here makes another text each turn."""

    def side(turn: int) -> Mapping[str, float]:
        mark = f"{runner.name}-{turn}"
        return runner.ask(**{key: value(mark) if callable(value) else value for key, value in request.items()})

    return side


def one_stream(subject: Subject) -> Iterator[Row]:
    """Tokens a second of one answer: our engine and the whole program, against two others."""
    names = ["ours", "plain", "program", *(["server"] if has_server() else [])]
    with runners(*names, model=subject.path) as sides:
        request = {"prompt": lambda mark: long_text(300, mark), "max_tokens": 128}
        seen = interleave({side.name: asked(side, **request) for side in sides}, subject.rounds(5, 3))
    rates = {name: f"{middle(figures, 'rate'):.0f}" for name, figures in seen.items()}
    plain = f"{rates['ours']} and {rates['plain']} tokens/s"
    bound = (
        "The weights are read into memory of our own, so that a file that is cut or vanishes ends nothing; "
        "mapped they are somewhat faster."
    )
    yield row_of("one answer, tokens/s ÷ a plain loop", _rates(seen, "ours", "plain"), "≥ 0.95", plain, bound=bound)
    what = "the same ÷ the server engine"
    if has_server():
        server = f"server engine {rates['server']} tokens/s"
        yield row_of(what, _rates(seen, "ours", "server"), "≥ 1.0", server, bound=bound)
    else:
        yield Row(what, NO_SERVER, "≥ 1.0")
    yield row_of(
        "through services, store, pipe and worker ÷ a plain loop",
        _rates(seen, "program", "plain"),
        "≥ 0.92",
        f"{rates['program']} tokens/s",
        bound="The app, its database and the pipe share the cores with the model; " + bound[0].lower() + bound[1:],
    )


def _rates(seen: Mapping[str, list[Mapping[str, float]]], of: str, to: str) -> list[float]:
    return ratios(seen[of], seen[to], "rate")


def first_token(subject: Subject) -> Iterator[Row]:
    """The time to the first token of a new prompt, against a plain loop."""
    with runners("ours", "plain", model=subject.path) as sides:
        for tokens in (300, 2000):
            request = {"prompt": lambda mark, tokens=tokens: long_text(tokens, f"{tokens} {mark}"), "max_tokens": 2}
            seen = interleave({side.name: asked(side, **request) for side in sides}, subject.rounds(5, 2))
            yield row_of(
                f"first token of a prompt of {tokens:,} tokens ÷ a plain loop (time)",
                ratios(seen["ours"], seen["plain"], "first_token_s"),
                "≤ 1.05",
                f"{middle(seen['ours'], 'first_token_s'):.2f} s and {middle(seen['plain'], 'first_token_s'):.2f} s",
                bound="The weights are read into memory of our own; mapped they are somewhat faster.",
            )


def shared_requests(subject: Subject) -> Iterator[Row]:
    """Sixteen requests sharing their instructions, together against one after another."""
    goal = subject.goal("≥ 1.8", "≥ 2.0")
    yield _shared_row("16 requests with shared instructions ÷ one after another", subject.path, goal, subject)
    if not subject.is_second:
        what = "the same with the tuned copy"
        yield _shared_row(what, subject.tuned, "≥ 2.3", subject) if subject.tuned else Row(what, NO_TUNED, "≥ 2.3")


def _shared_row(what: str, model: Path, goal: str, subject: Subject) -> Row:
    number = 16
    with runners("ours", model=model, context=2048, pool=8192, sequences=number) as (runner,):
        request = {
            "do": "many",
            "texts": [f"Letter {n}: please send the papers of {1990 + n}." for n in range(number)],
            "max_tokens": 32,
        }

        def side(together: bool) -> Callable[[int], Mapping[str, float]]:
            # marked by the side too: what the other has read would be shared
            return asked(runner, together=together, shared=lambda mark: long_text(600, f"{together} {mark}"), **request)

        seen = interleave({"together": side(True), "after": side(False)}, subject.rounds(4, 2))
    return row_of(
        what,
        ratios(seen["after"], seen["together"], "seconds"),
        goal,
        f"{middle(seen['after'], 'seconds'):.1f} s and {middle(seen['together'], 'seconds'):.1f} s; 32 tokens each",
        bound="The shared start is read once on both sides, and attention over it costs each token as much together "
        "as alone.",
    )


def grammar() -> Iterator[Row]:
    """A grammar that the model obeys anyway, against none."""
    with runners("ours") as (ours,):
        request = {"prompt": lambda mark: long_text(200, mark), "max_tokens": 96}
        seen = interleave({"bound": asked(ours, grammar=WORD_GRAMMAR, **request), "free": asked(ours, **request)}, 5)
    yield row_of(
        "decode under a grammar ÷ free", ratios(seen["bound"], seen["free"], "rate"), "≥ 0.95", "words grammar"
    )


def drafts() -> Iterator[Row]:
    """A letter written again, with drafts from the letter, against none: a given seed has none."""
    with runners("ours") as (runner,):
        prompt = (
            "<|im_start|>user\nCorrect the spelling of letter {mark}:\n\n{letter}<|im_end|>\n<|im_start|>assistant\n"
        )
        request = {"prompt": lambda mark: prompt.format(mark=mark, letter=LETTER), "max_tokens": 100}
        seen = interleave({"drafts": asked(runner, **request), "none": asked(runner, seed=1, **request)}, 5)
    value = ratios(seen["drafts"], seen["none"], "rate")
    yield row_of("decode of a corrected letter with drafts ÷ without", value, "≥ 1.3", "three mistakes, 100 tokens")


@contextmanager
def busy_core() -> Iterator[None]:
    """Another program that keeps one core busy."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


@contextmanager
def nothing_else() -> Iterator[None]:
    """A machine that rests."""
    yield


def threads(subject: Subject) -> Iterator[Row]:
    """Threads chosen while running against each fixed count, idle and with one core kept busy."""
    for name, goal, surroundings in (("one core busy", "≥ 0.9", busy_core), ("idle", "≥ 0.95", nothing_else)):
        own = OURS[0]
        counts = {"chosen": None, "one": 1, "two": 2}
        sides = {key: Runner(own, subject.path, threads=count) for key, count in counts.items()}
        try:
            request = {"prompt": lambda mark: long_text(100, mark), "max_tokens": 128}
            with surroundings():
                seen = interleave({key: asked(side, **request) for key, side in sides.items()}, 5)
        finally:
            for side in sides.values():
                side.close()
        best = [max(a["rate"], b["rate"]) for a, b in zip(seen["one"], seen["two"], strict=True)]
        rates = ", ".join(f"{key} {middle(figures, 'rate'):.0f}" for key, figures in seen.items())
        yield row_of(
            f"threads chosen while running ÷ best fixed count ({name})",
            [a["rate"] / b for a, b in zip(seen["chosen"], best, strict=True)],
            goal,
            f"tokens/s: {rates}",
            bound="Other counts are tried now and then, which costs some steps; the best of two noisy sides is "
            "compared with one.",
        )


def cancelling() -> Iterator[Row]:
    """Closing the iterator inside a long prompt."""
    with runners("ours", context=8192) as (runner,):
        times = [runner.ask(do="abort", prompt=long_text(4000, f"{n}"))["seconds"] * 1000 for n in range(12)][1:]
    yield Row("a cancel inside a 4,000-token prompt, ms until nothing is computed", median_and_span(times, 1), "≤ 50")


ROWS = (one_stream, first_token, shared_requests, threads)
MORE = (grammar, drafts, cancelling)
