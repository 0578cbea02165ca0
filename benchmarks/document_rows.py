"""Rows about documents: a summary against the ways others would do it, and a question to what was read yesterday."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.asking import pages_of
from benchmarks.common import MODEL, Row, Runner, interleave, median_and_span, ratios
from benchmarks.reading import fetched
from benchmarks.reading_samples import SAMPLES
from benchmarks.steps import as_json
from slmdesk.core.documents import Page
from slmdesk.core.records import DocumentRecord, DocumentStatus, Passage
from slmdesk.services.documents.job_service import PlanTools
from slmdesk.services.questions.prompt import Source, text_turns_of, turns_of
from slmdesk.services.summaries.parts import SummaryParts
from slmdesk.services.summaries.prompts import Style
from slmdesk.services.summaries.source_text import SummaryTexts
from slmdesk.services.summaries.types import SummaryRequest
from slmdesk.text.passages.cut import PassageBuilder

DOCUMENT = "maint-guide.en.pdf"
"""63 pages of a real manual, fetched by name and checked (see benchmarks/reading.py)."""
MODEL_VARIABLE = "SLMDESK_BENCH_MODEL"
"""Another model than the starter."""
PART_VARIABLE = "SLMDESK_BENCH_PART"
"""Every so-manieth chunk of the document is asked about; 1: the document whole, which takes long with any model."""
PART = 8
ROUNDS = 2
THREADS_VARIABLE = "SLMDESK_BENCH_THREADS"
"""So many threads for each side, and seconds of the processor instead of the clock: for a PC that others use too.  With
one thread nothing waits in barriers, which would count.
"""
SIZES = (1500, 3200)
"""Tokens of the document that are asked about."""
QUESTIONS = ("Who may upload a package?", "What does the file rules hold?", "How is a package built again?")


def model() -> Path:
    """What is measured with."""
    return Path(os.environ.get(MODEL_VARIABLE) or MODEL)


@cache
def pages() -> tuple[Page, ...]:
    """Of the document, as our reader reads them."""
    sample = next(one for one in SAMPLES if one.file_name == DOCUMENT)
    return tuple(pages_of(fetched(sample)))


def document() -> DocumentRecord:
    """A record for whoever wants one."""
    return DocumentRecord(
        n=1, id="d", path=b"", name=DOCUMENT, sha256="", format="pdf", bytes=0, mtime_ns=0, reader="",
        status=DocumentStatus.READ, info={}, collection=None, error_code=None, error_args={}, added=0.0, opened=0.0,
    )  # fmt: skip


def summary_prompts(ours: Runner) -> list[dict[str, Any]]:
    """What a summary of the document asks of its chunks: made by the summary's own plan."""
    whole = pages()

    def some(_document: str, begin: int, limit: int) -> Sequence[Page]:
        return [page for page in whole if begin <= page.number < begin + limit]

    request = SummaryRequest(("d",), language="en")
    texts = SummaryTexts([document()], some)
    parts = SummaryParts(request, texts)
    for _pause in texts.read():
        pass
    tools = PlanTools(
        some, lambda texts, reported: reported(ours.ask(do="count", texts=list(texts))["counts"]),
        ours.ask(do="info_of")["pool"] // 2, lambda: None,
    )  # fmt: skip
    measuring = parts.measure(tools)
    question = next(measuring, None)
    while question is not None:
        received: list[Any] = []
        question.ask(received.append)  # type: ignore[union-attr]
        try:
            question = measuring.send(received[0])
        except StopIteration:
            question = None
    part = int(os.environ.get(PART_VARIABLE) or PART)
    style = Style(request.kind, "en")
    steps: list[Any] = [parts.step(at, style) for at in range(0, len(parts.ranges), part)]
    rendered = ours.ask(do="render", messages=[step["messages"] for step in steps])
    return [
        {
            "messages": step["messages"], "text": text, "tokens": tokens,
            "grammar": step["sampling"]["grammar"], "max_tokens": step["sampling"]["max_tokens"],
        }
        for step, text, tokens in zip(steps, rendered["texts"], rendered["tokens"], strict=True)
    ]  # fmt: skip


def summary_speed() -> Iterator[Row]:
    """The chunks of a summary in our batch, one after another through the high-level API, and by the server engine."""
    yield from three_ways(f"summary of {DOCUMENT}", summary_prompts, "≤ 0.6")


def three_ways(
    what: str, make: Callable[[Runner], list[dict[str, Any]]], goal: str, rounds: int = ROUNDS
) -> Iterator[Row]:
    """The same prompts in our batch, one after another through the high-level API, and by the server engine.

    `make` gets a runner of ours, to count and render with.
    """
    names = {"ours": "steps_ours", "high": "steps_high", "server": "steps_server"}
    threads = int(os.environ.get(THREADS_VARIABLE) or 0)
    runners = {key: Runner(name, model(), threads=threads or None) for key, name in names.items()}
    try:
        prompts = make(runners["ours"])

        def side(key: str) -> Any:
            def ask(turn: int) -> Mapping[str, float]:
                some = prompts if turn else prompts[:2]  # a short warm-up
                # marked, else the server's slots have them of the round before
                marked = [{**one, "text": f"{turn} {one['text']}"} for one in some]
                return runners[key].ask(prompts=marked)

            return ask

        seen = interleave({key: side(key) for key in runners}, rounds)
        info = runners["ours"].ask(do="info_of")
    finally:
        for one in runners.values():
            one.close()
    tokens = sum(one["tokens"] for one in prompts)
    goals = {
        "high": ("the high-level API, one after another", goal),
        "server": ("the server engine, 8 at once", "≤ 1.0"),
    }
    for key, (words, requested) in goals.items():
        detail = f"{len(prompts)} prompts, {tokens:,} tokens; {_spent(key, seen[key])}"
        by = "cpu_s" if threads else "seconds"
        yield Row(f"{what} ÷ {words}", median_and_span(ratios(seen["ours"], seen[key], by)), requested, detail)
    curve = ", ".join(f"{size}: {cost}" for size, cost in info["curve"])
    ours = seen["ours"]
    yield Row(
        f"where the time of the {what.partition(' ')[0]} goes",
        f"{_middle(ours, 'read_s') / _middle(ours, 'seconds'):.0%} reading",
        "reported",
        f"{_spent('ours', ours)}; {_middle(ours, 'together'):.1f} answers a step, at most {info['sequences']}; "
        f"{_middle(ours, 'read'):,.0f} tokens were really read; cost of a step by answers {curve}",
    )


def saved_states() -> Iterator[Row]:
    """The first token of a question to a document: read yesterday, and read now."""
    builder = PassageBuilder("d")
    passages = [one for page in pages() for one in builder.feed(page)]
    with Runner("steps_ours", model()) as ours, tempfile.TemporaryDirectory() as folder:
        counts = ours.ask(do="count", texts=[passage.text for passage in passages])["counts"]
        for limit in SIZES:
            sizes = list(accumulate(count + 14 for count in counts))
            some = passages[: sum(size <= limit for size in sizes)]
            yield _question_row(ours, some, Path(folder) / str(limit))


def _question_row(ours: Runner, passages: Sequence[Passage], folder: Path) -> Row:
    sources = [Source(number, passage, DOCUMENT) for number, passage in enumerate(passages, 1)]
    shared = as_json(text_turns_of(sources, names=False))

    def ask(turn: int, folder: Path, **more: Any) -> Mapping[str, float]:
        asked = as_json(tuple(turns_of(sources, QUESTIONS[turn % len(QUESTIONS)], (), names=False)))
        return ours.ask(do="question", messages=asked, shared=shared, folder=str(folder), **more)

    saved = ask(0, folder, keep=True)
    empty = folder.with_name("empty")
    seen = interleave({"kept": lambda turn: ask(turn, folder), "anew": lambda turn: ask(turn, empty)}, 3)
    assert all(figures["restored"] for figures in seen["kept"])
    return Row(
        "first token of a question to a document of yesterday ÷ read anew",
        median_and_span(ratios(seen["kept"], seen["anew"], "first_token_s"), 3),
        "≤ 0.05",
        f"{saved['prompt']} tokens: {_middle(seen['kept'], 'first_token_s') * 1000:.0f} ms, "
        f"{_middle(seen['kept'], 'restore_s') * 1000:.0f} of them for {saved['bytes'] / 1e6:.0f} MB of state; "
        f"anew {_middle(seen['anew'], 'first_token_s'):.1f} s; saving took {saved['save_s'] * 1000:.0f} ms",
    )


def _spent(key: str, seen: Sequence[Mapping[str, float]]) -> str:
    words = f"{key} {_middle(seen, 'seconds'):.0f} s, {_middle(seen, 'cpu_s'):.0f} s of the processor"
    if "read_s" in seen[0]:
        words += f" ({_middle(seen, 'read_s'):.0f} reading, {_middle(seen, 'write_s'):.0f} writing)"
    return f"{words}, {_middle(seen, 'written'):.0f} tokens written"


def _middle(seen: Sequence[Mapping[str, float]], key: str) -> float:
    return statistics.median(one[key] for one in seen)


ROWS = (summary_speed, saved_states)
