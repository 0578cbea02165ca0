"""Rows about jobs of many prompts: the parts of a summary and the segments of a translation, in three ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.common import Row, Runner, has_server, interleave, middle, ratios, row_of
from benchmarks.engine_rows import NO_SERVER, NO_TUNED
from benchmarks.prompts import summary_prompts, translation_prompts
from benchmarks.subject import Subject

OTHERS = {"high": "the high-level API, one after another", "server": "the server engine, 8 at once"}
BOUNDS = {
    "high": "The same tokens are read on both sides, and a token written with others costs nearly as much as alone "
    "with this format on this processor.",
    "server": "It gives each request cells of its own; ours share one pool, through which attention looks for each.",
}


def summary_speed(subject: Subject) -> Iterator[Row]:
    """The parts of a summary."""
    goals = {"high": ("≤ 0.65", "≤ 0.4"), "server": ("≤ 0.9", "≤ 0.5")}
    yield from _ways("parts of a summary", summary_prompts, goals, subject, subject.rounds(2, 1))


def translation_speed(subject: Subject) -> Iterator[Row]:
    """The segments of a letter: short prompts behind instructions that are the same for all."""
    goals = {"high": ("≤ 0.45", "≤ 0.3"), "server": ("≤ 0.8", "≤ 0.5")}
    yield from _ways("segments of a translation", translation_prompts, goals, subject, 1)


def _ways(
    what: str,
    make: Callable[[Runner, str], list[dict[str, Any]]],
    goals: Mapping[str, tuple[str, str]],
    subject: Subject,
    rounds: int,
) -> Iterator[Row]:
    """The same prompts in our batch, one after another through the high-level API, and by the server engine.

    `goals`: with the file as published, and of our tuned copy against the others with the file as published.
    """
    names = {"ours": "steps_ours", "high": "steps_high"} | ({"server": "steps_server"} if has_server() else {})
    runners = {key: Runner(name, subject.path) for key, name in names.items()}
    if subject.tuned:
        runners["tuned"] = Runner("steps_ours", subject.tuned)
    try:
        # marked, else the server's slots have them of the round before
        prompts = [make(runners["ours"], f"{turn}. ") for turn in range(rounds + 1)]
        prompts[0] = prompts[0][:2]  # a short warm-up

        def side(key: str) -> Any:
            return lambda turn: runners[key].ask(prompts=prompts[turn])

        seen = interleave({key: side(key) for key in runners}, rounds)
        most = runners["ours"].ask(do="info_of")["sequences"]
    finally:
        for runner in runners.values():
            runner.close()
    number = len(prompts[-1])
    tokens = f"{number} prompts, {sum(prompt['tokens'] for prompt in prompts[-1]):,} tokens"
    for key, words in OTHERS.items():
        yield _against(f"{number} {what} ÷ {words}", "ours", key, goals[key][0], seen)
    if not subject.is_second:
        for key, words in OTHERS.items():
            yield _against(f"the same with our tuned copy ÷ {words}, as published", "tuned", key, goals[key][1], seen)
    ours = seen["ours"]
    share = f"{middle(ours, 'read_s') / middle(ours, 'seconds'):.0%} reading"
    together = f"{middle(ours, 'together'):.1f} answers a step, at most {most}; {tokens}"
    yield Row(f"where the time of the {what} goes", share, "reported", together)


def _against(what: str, of: str, to: str, goal: str, seen: Mapping[str, Sequence[Mapping[str, float]]]) -> Row:
    if of not in seen:
        return Row(what, NO_TUNED, goal)
    if to not in seen:
        return Row(what, NO_SERVER, goal)
    sides = [f"{middle(seen[key], 'seconds'):.0f} s, {middle(seen[key], 'written'):.0f} written" for key in (of, to)]
    return row_of(what, ratios(seen[of], seen[to], "seconds"), goal, " and ".join(sides), bound=BOUNDS[to])


ROWS = (summary_speed, translation_speed)
