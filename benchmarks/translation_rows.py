"""Rows about translation: what the app adds, text as it is typed."""

from __future__ import annotations

import json
import os
import queue
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common import MODEL, ROOT, Row, Runner, interleave, median_and_span, ratios, row_of
from benchmarks.program import Program, link_model
from benchmarks.prompts import translation_prompts
from benchmarks.translation_text import sentences
from slmdesk.base.paths import find_paths
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import Event
from slmdesk.base.translation import LiveSegment
from slmdesk.services import COMMANDS, open_services
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.types import LiveTranslated, TranslationRequest
from slmdesk.ui.translation.text import TYPED_MS, WORD_MS

SEGMENTS = 200
"""Of a document."""
EDITS, TYPING_S = 30, 0.4
"""Of the text, and how long is looked at each before the next cuts it short."""
PAIRS, FEW = 6, 32
"""Rounds and prompts of what the probabilities cost."""


def probabilities_cost() -> Iterator[Row]:
    """Our engine with the probabilities of the tokens, and without."""
    with Runner("steps_ours") as ours:
        asked = translation_prompts(ours, "", FEW)

        def side(with_probabilities: bool) -> Any:
            return lambda _turn: ours.ask(prompts=[{**row, "with_probabilities": with_probabilities} for row in asked])

        seen = interleave({"with": side(True), "without": side(False)}, PAIRS)
    yield row_of(
        "translation with the probabilities of its tokens ÷ without",
        ratios(seen["with"], seen["without"], "seconds"),
        "≤ 1.03",
        f"{FEW} prompts, {seen['with'][0]['written']:.0f} tokens written",
        digits=3,
    )


def desk_of_a_translation() -> Iterator[Row]:
    """What everything but the model costs: the job of a document over the echo engine, which answers at once."""
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.echo.options import ENVIRONMENT
    from fakes.echo.program import ECHO

    os.environ[ENVIRONMENT] = json.dumps({"turned": True})
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as home:
        services = open_services(find_paths(Path(home)), commands=COMMANDS | {"engine": ECHO})
        info: queue.Queue[Event] = queue.Queue()
        services.on(Event, info.put)
        link_model(services, str(MODEL))
        times = []
        for turn in range(4):
            text = "\n".join(f"{turn} {sentence}" for sentence in sentences(SEGMENTS))
            began = time.perf_counter()
            item = services.service_thread.call(
                partial(services.translations.begin, TranslationRequest("de", text=text, source="en"))
            )
            job = services.service_thread.call(partial(services.translations.open, item.id)).job
            assert job is not None
            _wait_for_end(info, job.id)
            segments = services.service_thread.call(partial(services.translations.segments, item.id))
            times.append((time.perf_counter() - began) * 1000 / len(segments))
        services.close()
    yield Row(
        "what the desk does for a segment of a translation, ms",
        median_and_span(times[1:], 1),
        "reported",
        f"{len(segments)} segments over the echo engine, cut, kept, checked and told",
    )


def typed_translation() -> Iterator[Row]:
    """From the end of the pause behind the last key to the first word that is another: 30 edits of a short text."""
    program = Program(str(MODEL), {})
    services = program.services
    record = services.service_thread.call(lambda: services.models.choose(None))
    manner = TranslationStyle("de", "en")
    waits: list[float] = []
    for number, text in enumerate(edits(EDITS + 1)):
        while not program._info.empty():
            program._info.get_nowait()
        began = time.perf_counter()
        services.service_thread.call(partial(services.live.translate, text, manner, record))
        at = began
        while True:
            at, event = program._info.get(timeout=120)
            if isinstance(event, LiveTranslated) and (has_words(event.segments[-1]) if number else event.is_done):
                break
        if number:  # before, the instructions are read and the two sentences that stay are translated
            waits.append((at - began) * 1000)
        time.sleep(TYPING_S)
    services.close()
    waits.sort()
    middle, late = statistics.median(waits), waits[int(len(waits) * 0.95)]
    yield Row(
        "first changed word after typing stops, ms",
        f"p50 {middle + TYPED_MS:.0f}, p95 {late + TYPED_MS:.0f}",
        "≤ 300",
        f"{TYPED_MS} of them the pause behind a letter ({WORD_MS} behind a blank or a sign, none after pasting); then "
        f"{waits[0]:.0f} to {waits[-1]:.0f}; {len(waits)} edits",
    )


def edits(count: int) -> Iterator[str]:
    """A text of three sentences, the last of which grows by a word at a time, as one writes on."""
    source = sentences(count)
    for number in range(count):
        words = source[number].split()
        yield f"{source[0]} {source[1]} {' '.join(words[: 3 + number % 6])}"


def has_words(segment: LiveSegment) -> bool:
    """Whether a translation of this segment has begun to show."""
    return any(sign.isalnum() for sign in segment.target)


def _wait_for_end(info: queue.Queue[Event], job: str) -> None:
    while True:
        event = info.get(timeout=300)
        if isinstance(event, JobChanged) and event.id == job and event.status is JobStatus.DONE:
            return


MORE = (probabilities_cost, desk_of_a_translation, typed_translation)
