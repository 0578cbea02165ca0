"""The chunks of a summary's texts: pieces that fit a request, what is asked of them, and which pages are done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any

from slmdesk.core.chunking import chunk_tokens, chunked
from slmdesk.core.types import Json
from slmdesk.services.documents.job_service import PlanTools
from slmdesk.services.jobs.plan import AskedQuestion, Question, StepValue
from slmdesk.services.summaries.prompts import Kind, Length, Style, points_step, sentences_requested
from slmdesk.services.summaries.source_text import SummaryTexts
from slmdesk.services.summaries.types import SummaryRequest

WIDTH = 16
"""Requests that are to fit the pool side by side."""
SHARED_TOKENS, ANSWER_TOKENS = 300, 160
"""Of the instructions, and of an answer, about."""
TEXTS_AT_ONCE = 400
"""Whose tokens are counted in one message."""


class SummaryChunks:
    """The chunks of all documents of a summary."""

    def __init__(self, request: SummaryRequest, texts: SummaryTexts) -> None:
        self._request, self._texts = request, texts
        self.ranges: list[range] = []
        """Of each chunk, the pieces."""
        self.tokens = 0
        """Of all pieces."""
        self.pages_read = 0
        """Pages of which every chunk has been answered."""
        self._received: set[int] = set()
        """Chunks whose answers have come."""
        self._open_chunks: Counter[tuple[str, int]] = Counter()
        """How many chunks of each page are still to be answered."""

    @property
    def target(self) -> int:
        """How many sentences the summary of a document may have."""
        return sentences_requested(self._request.kind, self._request.length)

    def measure(self, tools: PlanTools) -> Generator[AskedQuestion, Any, None]:
        """Count the tokens of each piece and group the pieces into chunks."""
        counts: list[int] = []
        for begin in range(0, len(self._texts.pieces), TEXTS_AT_ONCE):
            some = [piece.text for piece in self._texts.pieces[begin : begin + TEXTS_AT_ONCE]]

            def ask(answered: Callable[[Any], None], some: Sequence[str] = some) -> None:
                tools.count(some, answered)

            counts += yield Question(ask)
        self.tokens = sum(counts)
        size = chunk_tokens(2 * tools.context_tokens, WIDTH, SHARED_TOKENS, ANSWER_TOKENS)
        for text in self._texts.texts:
            here = text.pieces
            runs = chunked(self._texts.pieces[here.start : here.stop], counts[here.start : here.stop], size)
            chunks = [range(here.start + run.start, here.start + run.stop) for run in runs]
            self.ranges += [chunk for chunk in chunks if not all(self._texts.pieces[at].is_figures for at in chunk)]
        for chunk in self.ranges:
            self._open_chunks.update({(self._texts.pieces[at].document, self._texts.pieces[at].page) for at in chunk})
        every = {(piece.document, piece.page) for piece in self._texts.pieces}
        self.pages_read = len(every - set(self._open_chunks))  # figures alone: nothing of them is asked

    def receive(self, at: int, value: StepValue) -> None:
        """Note which pages are complete with this chunk; each chunk counts once, live or when its job is resumed."""
        chunk = self.ranges[at]
        if at in self._received:
            return
        self._received.add(at)
        if value is None:
            self._texts.unread.update(dict.fromkeys(chunk, "not answered by the model"))
            return
        for page in {(self._texts.pieces[one].document, self._texts.pieces[one].page) for one in chunk}:
            self._open_chunks[page] -= 1
            self.pages_read += self._open_chunks[page] == 0

    def nameable(self, chunk: range) -> Sequence[int]:
        """Return the pieces of a chunk a point may name: no figures, and headings only when there is nothing else."""
        pieces = self._texts.pieces
        worded = [at for at in chunk if not pieces[at].is_figures]
        return [at for at in worded if not pieces[at].says_nothing] or worded

    def step(self, chunk: range, style: Style) -> dict[str, Json]:
        """Return the step that asks for the points of a chunk."""
        named = self.nameable(chunk)
        headings: dict[int, list[str]] = {}
        for at in chunk:
            if at not in named and not self._texts.pieces[at].is_figures:
                place = next((place for place, one in enumerate(named) if one > at), len(named))
                headings.setdefault(place, []).append(self._texts.pieces[at].text)
        blocks = [self._texts.pieces[at].text for at in named]
        return points_step(style, blocks, self.points_asked(chunk), headings)

    def points_asked(self, chunk: range) -> int:
        """Return the number of points asked of a chunk: more than are kept, but never so many that the model pads."""
        text = self._texts.text_at(chunk[0])
        mine = sum(one.start in text.pieces for one in self.ranges)
        length = self._request.length
        base = 3 if isinstance(length, int) else {Length.SHORT: 2, Length.MEDIUM: 3, Length.LONG: 4}[length]
        per_chunk = -(-self.target // mine) if self._request.kind is not Kind.SECTIONS else 2
        characters = sum(len(self._texts.pieces[at].text) for at in self.nameable(chunk))
        return int(max(1, min(max(base, per_chunk), 12, characters // 120 + 1)))
