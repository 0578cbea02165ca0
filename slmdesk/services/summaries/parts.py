"""The parts of a summary's texts that a model is asked about: whole documents where they fit, else their sections."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from itertools import groupby
from typing import Any

from slmdesk.core.chunking import chunked
from slmdesk.core.types import Json
from slmdesk.services.documents.job_service import PlanTools
from slmdesk.services.jobs.plan import AskedQuestion, Question, StepValue
from slmdesk.services.summaries.prompts import (
    MOST_POINTS,
    POINT_TOKENS,
    Kind,
    Style,
    sentences_requested,
    summary_step,
)
from slmdesk.services.summaries.selection import sections_of
from slmdesk.services.summaries.source_text import SingleText, SummaryTexts
from slmdesk.services.summaries.types import SummaryRequest

SHARED_TOKENS = 400
"""Of the instructions and the chat format, about."""
PART_TOKENS = 1500
"""Of a part of a text that does not fit whole: small models overlook what stands in the middle of much more."""
LONG_TOKENS = 3000
"""A text of more has more to say: its summary grows with the 0.8th power of its length."""
GROWTH = 0.8
LEAST_OF_PART, MOST_OF_PART = 2, 6
TOO_MANY_FIGURES = 0.3
"""Of a text's characters: tables of figures are left out where they are more, since a small model makes up what they
count."""
TITLE_CHARACTERS = 120
TEXTS_AT_ONCE = 400
"""Whose tokens are counted in one message."""


def _rounded(tokens: int) -> float:
    """To the next half power of two: an edit of one page then asks nothing else of the parts it leaves as they were."""
    return math.exp2(round(2 * math.log2(max(tokens, 1))) / 2)


class SummaryParts:
    def __init__(self, request: SummaryRequest, texts: SummaryTexts) -> None:
        self._request, self._texts = request, texts
        self.ranges: list[range] = []
        self.tokens: list[int] = []
        self.pages_read = 0
        """Pages of which every part has been answered."""
        self._points: list[int] = []
        self._received: set[int] = set()
        self._open_parts: Counter[tuple[str, int]] = Counter()
        """How many parts of each page are still to be answered."""
        self._whole: set[int] = set()

    @property
    def target(self) -> int:
        """How many sentences the summary of a short document may have."""
        return sentences_requested(self._request.kind, self._request.length)

    def points_of(self, text: SingleText) -> int:
        """Return how many sentences the summary of a document has: more for a long one, if no number was given."""
        return round(
            self._sentences_for(sum(self.tokens[at] for at, one in enumerate(self.ranges) if one.start in text.pieces))
        )

    def _sentences_for(self, tokens: float) -> float:
        grows = not isinstance(self._request.length, int) and self._request.kind is not Kind.SECTIONS
        return self.target * max(1.0, tokens / LONG_TOKENS) ** GROWTH if grows else self.target

    def measure(self, tools: PlanTools) -> Generator[AskedQuestion, Any, None]:
        counts: list[int] = []
        for begin in range(0, len(self._texts.pieces), TEXTS_AT_ONCE):
            some = [piece.text for piece in self._texts.pieces[begin : begin + TEXTS_AT_ONCE]]

            def ask(answered: Callable[[Any], None], some: Sequence[str] = some) -> None:
                tools.count(some, answered)

            counts += yield Question(ask)
        for text in self._texts.texts:
            self._cut(text, counts, tools.context_tokens)
        for part in self.ranges:
            self._open_parts.update({(self._texts.pieces[at].document, self._texts.pieces[at].page) for at in part})
        every = {(piece.document, piece.page) for piece in self._texts.pieces}
        self.pages_read = len(every - set(self._open_parts))  # figures alone: nothing of them is asked

    def _cut(self, text: SingleText, counts: Sequence[int], context_tokens: int) -> None:
        """Cut a document: whole if it fits, else by its sections into near-equal parts."""
        here = text.pieces
        size = sum(counts[here.start : here.stop]) + len(here)
        answer = min(self.target, MOST_POINTS) * POINT_TOKENS
        by_sections = self._request.kind is Kind.SECTIONS
        if not by_sections and size + SHARED_TOKENS + answer <= context_tokens:
            parts = [here]
            self._whole.add(len(self.ranges))
        else:
            most = max(200, min(PART_TOKENS, context_tokens - SHARED_TOKENS - MOST_OF_PART * POINT_TOKENS))
            groups = [here]
            if by_sections:
                names = sections_of(self._texts.pieces, here)
                runs = [list(group) for _name, group in groupby(here, key=names.__getitem__)]
                groups = [range(run[0], run[-1] + 1) for run in runs]
            parts = []
            for group in groups:
                found = chunked(self._texts.pieces[group.start : group.stop], counts[group.start : group.stop], most)
                parts += [range(group.start + one.start, group.start + one.stop) for one in found]
        parts = [one for one in parts if any(self._says(at) for at in one)]
        tokens = [sum(counts[at] for at in part) for part in parts]
        first = len(self.ranges)
        self.ranges += parts
        self.tokens += tokens
        if first in self._whole and parts:
            self._points.append(self.target)
        elif by_sections:
            self._points += [self.target] * len(parts)
        else:
            whole = _rounded(sum(tokens))
            each = self._sentences_for(whole) / whole
            self._points += [max(LEAST_OF_PART, min(MOST_OF_PART, round(each * one))) for one in tokens]

    def _says(self, at: int) -> bool:
        return not self._texts.pieces[at].is_figures

    def receive(self, at: int, value: StepValue) -> None:
        """Note which pages are complete with this part; each part counts once, live or when its job is resumed."""
        part = self.ranges[at]
        if at in self._received:
            return
        self._received.add(at)
        if value is None:
            self._texts.unread.update(dict.fromkeys(part, "not answered by the model"))
            return
        for page in {(self._texts.pieces[one].document, self._texts.pieces[one].page) for one in part}:
            self._open_parts[page] -= 1
            self.pages_read += self._open_parts[page] == 0

    def linkable(self, part: range) -> Sequence[int]:
        """Return the pieces of a part that can support a sentence: headings only when there is nothing else."""
        return [at for at in part if not self._texts.pieces[at].says_nothing] or list(part)

    def requested(self, at: int) -> int:
        part = self.ranges[at]
        characters = sum(len(self._texts.pieces[one].text) for one in part)
        return max(1, min(self._points[at], characters // 80 + 1))

    def step(self, at: int, style: Style) -> dict[str, Json]:
        part = self.ranges[at]
        is_whole = at in self._whole
        title = "" if is_whole else self._title(part)
        return summary_step(style, self.shown(part, is_whole=is_whole), self.requested(at), title)

    def _title(self, part: range) -> str:
        """Return the first heading of a part's document, not its file name: a renamed file is asked nothing anew."""
        pieces = self._texts.pieces
        title = next((pieces[at].text for at in self._texts.text_at(part.start).pieces if pieces[at].is_heading), "")
        return title[:TITLE_CHARACTERS] or "…"

    def shown(self, part: range, *, is_whole: bool) -> str:
        pieces = self._texts.pieces
        figures = sum(len(pieces[at].text) for at in part if pieces[at].is_figures)
        has_few = is_whole and figures < TOO_MANY_FIGURES * sum(len(pieces[at].text) for at in part)
        lines = []
        for at in part:
            if pieces[at].is_heading:
                lines.append(f"\n# {pieces[at].text}")
            elif has_few or self._says(at):
                lines.append(pieces[at].text)
        return "\n".join(lines).strip()
