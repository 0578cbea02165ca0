"""What the listener's child can do: hear what is dictated, and write recordings down."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.documents import (
    RECOGNISED_BEFORE,
    BlockKind,
    DocumentInfo,
    Page,
    PageKind,
    PageStatus,
    page_of,
)
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Partial, Progress
from slmdesk.base.record import to_json
from slmdesk.base.sound import Stretch, Stretches, bytes_of, is_loud, loudness, sound_of
from slmdesk.base.times import PAUSE_S, Segment, place_of, shown_time
from slmdesk.children.engine.whisper import Whisper
from slmdesk.children.formats.reading import PageText
from slmdesk.children.formats.recordings import Piece, pieces, sound_at
from slmdesk.children.tasks.job import Job, Task, text_of
from slmdesk.children.tasks.reader import chosen_format, named_wrongly, reading_of
from slmdesk.children.tasks.spoken import with_commands
from slmdesk.models.gguf.header import ASR
from slmdesk.models.gguf.read import read_header

if TYPE_CHECKING:
    from slmdesk.children.engine.llama.hearing import HearingModel

MOST_STEPS = 256
PLAYED_S = 20.0
"""Seconds of sound that are given to be played."""
_BEFORE = 200
"""Characters of what was said before that help to hear what comes."""
_LEAST_STUTTER, _STUTTER = 40, 2.4
_ENDS = (".", "!", "?", "…")


@cache
def loaded_model(path: str, projector: str) -> Whisper | HearingModel:
    """One is enough: the app starts another child for another model."""
    if read_header(Path(path), cut=True).kind != ASR:
        return Whisper(path)
    from slmdesk.children.engine.llama.hearing import HearingModel  # llama.cpp, which Whisper does not need

    return HearingModel(path, projector)


def _model_of(job: Job) -> Whisper | HearingModel:
    return loaded_model(text_of(job, "model"), text_of(job, "projector", ""))


def dictate(job: Job) -> Task:
    """Payload {model, projector: "" for none, language: a code or ""}; each step {sound: base64 of samples}.

    Partials {text, is_final}, their keys the numbers of the stretches.  Result {}.
    """
    yield Progress(job.id, 0, 1, "model")
    model = _model_of(job)
    yield Progress(job.id, 1, 1, "model")
    language, before, number = text_of(job, "language", ""), "", 0
    stretches = Stretches()

    def heard(stretch: Stretch) -> str:
        nonlocal language, before
        transcript = model.hear(
            stretch.sound, language, before=before, is_draft=not stretch.is_final, stop=job.stop.is_set
        )
        if stretch.is_final:
            language, before = language or transcript.language, transcript.text[-_BEFORE:]
        return with_commands(transcript.text, language or transcript.language)

    def pieces(*, at_end: bool = False) -> Iterator[Partial]:
        nonlocal number
        while stretch := stretches.take(at_end=at_end):
            text = heard(stretch)
            if stretch.is_final or not is_stutter(text):
                yield Partial(job.id, str(number), {"text": text, "is_final": stretch.is_final})
            if not stretch.is_final:
                return
            number += 1

    for steps in job.batches(MOST_STEPS):
        job.worked()
        for step in steps:
            try:
                sound = base64.b64decode(str(step.payload.get("sound", "")), validate=True)
            except (binascii.Error, ValueError) as err:
                raise KnownError("request.invalid", what="sound") from err
            stretches.feed(sound_of(sound))
        yield from pieces()
    yield from pieces(at_end=True)
    return {}


def sound(job: Job) -> Task:
    """Payload as for `read`, with {start} in seconds.  Result {sound: base64 of samples}, "" at the end."""
    start = job.payload.get("start")
    if not isinstance(start, int | float) or start < 0:
        raise KnownError("request.invalid", what="start")
    yield Progress(job.id, 0, 1, "sound")
    data = bytes_of(sound_at(reading_of(job), start, PLAYED_S))
    return {"sound": base64.b64encode(data).decode("ascii")}


def is_stutter(text: str) -> bool:
    """Return whether a draft repeats itself, as Whisper does where it heard too little, or is empty."""
    data = text.encode()
    return not data or (len(data) > _LEAST_STUTTER and len(zlib.compress(data)) * _STUTTER < len(data))


def read(job: Job) -> Task:
    """Payload as for the reader's `read`, with {model, projector}; `encoding` is the language spoken, "" for that
    of its first words.  Partials, Progress and result as there: a page is half a minute, its passages have their times
    as places.
    """
    reading = reading_of(job)
    if (chosen := chosen_format(reading, "")) != "recording":
        raise named_wrongly(reading, chosen)
    language = reading.encoding
    pages, is_heard, number = pieces(reading), False, 0
    model = None
    with closing(pages):  # type: ignore[type-var]  # a generator
        for number, piece in enumerate(pages, 1):
            job.check()
            label = f"{shown_time(piece.start)}–{shown_time(piece.end)}"
            if number in reading.recognised:
                page, is_heard = Page(number, label, "", PageStatus.READ, (), RECOGNISED_BEFORE), True
            elif not is_loud(loudness(piece.sound)).any():
                page = page_of(number, label, "", ())
            else:
                model = model or _model_of(job)
                transcript = model.hear(piece.sound, language, stop=job.stop.is_set)
                language = language or (transcript.language if transcript.segments else "")
                page = _page(number, label, piece, transcript.segments)
                is_heard |= bool(transcript.segments)
            yield Partial(job.id, str(number), to_json(page))
            yield Progress(job.id, number, number + round(piece.left_s / 26) if piece.left_s else 0, "page")
    if not is_heard:
        raise KnownError("speech.silent", path=reading.path)
    info = DocumentInfo(
        "recording", number, PageKind.PART, encoding=language, notes=tuple(reading.notes), counts=reading.counts
    )
    return to_json(info)


def _page(number: int, label: str, piece: Piece, segments: Sequence[Segment]) -> Page:
    """A passage is a sentence, or what is said up to a pause."""
    text, passages = PageText(), list[list[Segment]]()
    for each in segments:
        last = passages[-1][-1] if passages else None
        if last is None or last.text.endswith(_ENDS) or each.start - last.end >= PAUSE_S:
            passages.append([])
        passages[-1].append(each)
    for some in passages:
        place = place_of(piece.start + some[0].start, piece.start + some[-1].end)
        text.add(BlockKind.PARAGRAPH, " ".join(each.text for each in some), place=place)
    return page_of(number, label, text.text, text.blocks)
