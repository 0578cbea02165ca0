"""Rows about the engine alone: against other loops, and against itself without a measure."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.common import Row, Runner, interleave, long_text, median_and_span, ratios, runners

ROUNDS = 7
WORD_GRAMMAR = 'root ::= (word " ")+\nword ::= [a-zA-Z,.\']+'


def asked(runner: Runner, **request: Any) -> Callable[[int], Mapping[str, float]]:
    """A side for `interleave`: texts holding {turn} are new each time."""

    def side(turn: int) -> Mapping[str, float]:
        mark = f"{runner.name}-{turn}"
        return runner.ask(**{key: value(mark) if callable(value) else value for key, value in request.items()})

    return side


def single_stream() -> Iterator[Row]:
    """Decode and first token of one answer, against three others."""
    with runners("ours", "plain", "high", "server") as sides:
        request = {"prompt": lambda mark: long_text(1200, mark), "max_tokens": 128}
        seen = interleave({one.name: asked(one, **request) for one in sides}, ROUNDS)
    goals = {"plain": "≥ 0.97", "server": "≥ 1.0", "high": "≥ 1.0"}
    names = {"plain": "a plain loop", "server": "llama.cpp's server engine", "high": "the high-level API"}
    rate = statistics.median(one["rate"] for one in seen["ours"])
    for name, goal in goals.items():
        yield Row(
            f"decode ÷ {names[name]}",
            median_and_span(ratios(seen["ours"], seen[name], "rate")),
            goal,
            f"ours {rate:.0f} tokens/s",
        )
    first = statistics.median(one["first_token_s"] for one in seen["ours"])
    for name in goals:
        value = median_and_span(ratios(seen["ours"], seen[name], "first_token_s"))
        yield Row(f"first token ÷ {names[name]} (time)", value, "≤ 1.0", f"ours {first * 1000:.0f} ms, 300 tokens read")


def shared_requests() -> Iterator[Row]:
    """Requests sharing their instructions, together against one after another."""
    for number in (8, 16):
        with runners("ours", context=2048, pool=8192, sequences=number) as (one,):
            request = {
                "do": "many",
                "shared": lambda mark: long_text(2400, mark),
                "texts": [f"Letter {n}: please send the papers of {1990 + n}." for n in range(number)],
                "max_tokens": 32,
            }
            sides = {"together": asked(one, together=True, **request), "after": asked(one, together=False, **request)}
            seen = interleave(sides, 5)
        value = median_and_span(ratios(seen["after"], seen["together"], "seconds"))
        yield Row(
            f"{number} requests with shared instructions ÷ one after another", value, "≥ 2.8 (16)", "32 tokens each"
        )


def long_chat() -> Iterator[Row]:
    """First token of turn 10 against reading the whole chat anew."""
    turns = [[role, long_text(500, f"{role} {n}")] for n in range(10) for role in ("user", "assistant")][:-1]
    with runners("ours", "ours") as (kept, fresh):

        def tenth(turn: int) -> Mapping[str, float]:
            mark = [["user", f"round {turn}"], ["assistant", "Yes."]]
            kept.ask(do="chat", turns=mark + turns[:-2], max_tokens=1)
            return kept.ask(do="chat", turns=mark + turns, max_tokens=2)

        def again(turn: int) -> Mapping[str, float]:
            mark = [["user", f"other {turn}"], ["assistant", "Yes."]]
            return fresh.ask(do="chat", turns=mark + turns, max_tokens=2)

        seen = interleave({"kept": tenth, "again": again}, ROUNDS)
    value = median_and_span(ratios(seen["kept"], seen["again"], "first_token_s"), 3)
    detail = f"{seen['kept'][0]['cached']:.0f} tokens reused; new are one answer and one question"
    yield Row("first token of turn 10 ÷ full re-read", value, "≤ 0.05", detail)


def grammar() -> Iterator[Row]:
    """A grammar that the model obeys anyway, against none."""
    with runners("ours") as (one,):
        request = {"prompt": lambda mark: long_text(800, mark), "max_tokens": 96}
        seen = interleave({"bound": asked(one, grammar=WORD_GRAMMAR, **request), "free": asked(one, **request)}, ROUNDS)
    value = median_and_span(ratios(seen["bound"], seen["free"], "rate"))
    yield Row("decode under a grammar ÷ free", value, "≥ 0.95", "words grammar, 96 tokens")


@contextmanager
def busy_core() -> Iterator[None]:
    """Another program that keeps one core busy."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def threads() -> Iterator[Row]:
    """Threads chosen while running against each fixed count, idle and with one core kept busy."""
    for name, surroundings in (("one core busy", busy_core), ("machine idle", None)):
        with Runner("ours") as chosen, Runner("ours", threads=1) as one, Runner("ours", threads=2) as two:
            request = {"prompt": lambda mark: long_text(400, mark), "max_tokens": 128}
            sides = {"chosen": asked(chosen, **request), "one": asked(one, **request), "two": asked(two, **request)}
            if surroundings is None:
                seen = interleave(sides, ROUNDS)
            else:
                with surroundings():
                    seen = interleave(sides, ROUNDS)
        best = [max(a["rate"], b["rate"]) for a, b in zip(seen["one"], seen["two"], strict=True)]
        value = median_and_span([a["rate"] / b for a, b in zip(seen["chosen"], best, strict=True)])
        rates = ", ".join(f"{k} {statistics.median(x['rate'] for x in v):.0f}" for k, v in seen.items())
        yield Row(f"threads chosen while running ÷ best fixed count ({name})", value, "≥ 0.9", f"tokens/s: {rates}")


def cancelling() -> Iterator[Row]:
    """Closing the iterator inside a long prompt."""
    with runners("ours", context=8192) as (one,):
        times = [one.ask(do="abort", prompt=long_text(16000, f"{n}"))["seconds"] * 1000 for n in range(12)][1:]
    yield Row("a cancel inside a 4,000-token prompt, ms until nothing is computed", median_and_span(times, 1), "≤ 50")


def pause_beside() -> Iterator[Row]:
    """One answer goes on while another prompt is read."""
    with runners("ours", context=8192, pool=16384) as (one,):
        seen = [
            one.ask(do="beside", prompt=long_text(200, f"a{n}"), max_tokens=400, long=long_text(16000, f"b{n}"))
            for n in range(5)
        ]
    value = median_and_span([figures["pause"] * 1000 for figures in seen], 0)
    usual = statistics.median(figures["median"] for figures in seen) * 1000
    detail = f"median between tokens {usual:.0f} ms; the reading took {seen[0]['read_s']:.1f} s"
    yield Row("longest pause of an answer, ms, while 4,000 tokens are read beside it", value, "reported", detail)


ROWS = (single_stream, shared_requests, long_chat, grammar, threads, cancelling, pause_beside)
