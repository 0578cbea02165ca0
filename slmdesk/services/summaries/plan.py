"""The plan of a summary's job: one question about each document, or about each part of a long one.

The model writes; the program links each sentence to its passages by rule, checks and marks it, adds what the form of
the paper makes sure of (decisions, actions), and lists what the document says beside.  A model that is too weak writes
nothing: sentences of the document itself are chosen.  See jobs.plan.Plan; service thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from slmdesk.core.errors import KnownError
from slmdesk.core.record import changed
from slmdesk.core.records import DocumentRecord, JobRecord, ModelRecord
from slmdesk.core.types import Json
from slmdesk.services.documents.citations import Coverage
from slmdesk.services.documents.job_service import PlanTools
from slmdesk.services.evaluation.exam_items import Skill
from slmdesk.services.evaluation.exams import is_weak
from slmdesk.services.jobs.plan import AskedQuestion, Batch, Plan, StepValue, Yield
from slmdesk.services.jobs.steps import step_key
from slmdesk.services.summaries.additions import with_additions
from slmdesk.services.summaries.linking import Point, Source, linked
from slmdesk.services.summaries.omissions import Candidate, omitted, weighty
from slmdesk.services.summaries.papers import Paper, paper_of
from slmdesk.services.summaries.parts import SummaryParts
from slmdesk.services.summaries.prompts import AnswerPoint, Kind, Style, points_in, prompt_version, sentences_requested
from slmdesk.services.summaries.selection import (
    in_order,
    kept,
    quotations,
    sections_of,
    select,
    sentence_for,
)
from slmdesk.services.summaries.source_text import SingleText, SummaryTexts
from slmdesk.services.summaries.types import (
    DocumentSummary,
    PartialSummary,
    Sentence,
    Summary,
    SummaryRequest,
    figures_words,
)
from slmdesk.services.summaries.writing import Writing
from slmdesk.text.words.sentences import sentence_spans

LEAST_PARAMETERS = 700_000_000
"""A smaller model that sat no exam is not trusted to summarize in its own words."""
WRITTEN_COST = 1.5
"""What one written token costs, in tokens read."""
PIECES_AT_ONCE = 400
NO_SECTION = -1
UNFINISHED = "This summary was stopped before its end. These are the sentences that had been written."


class SummaryPlan:
    def __init__(
        self,
        job: JobRecord,
        request: SummaryRequest,
        record: ModelRecord,
        texts: Sequence[DocumentRecord],
        tools: PlanTools,
        *,
        reported: Callable[[PartialSummary], None],
    ) -> None:
        self._job, self._request, self._record = job, request, record
        self._tools, self._reported = tools, reported
        self._texts = SummaryTexts(texts, tools.pages)
        self._parts = SummaryParts(request, self._texts)
        self._part_of: dict[str, int] = {}
        self._styles: list[Style] = []
        self._writing = Writing()
        self._candidates: dict[int, list[Candidate]] = {}
        """The sentences of a document that matter, by its first piece."""
        self._is_weak = is_weak(record, (Skill.FORMAT, Skill.TRUTH), LEAST_PARAMETERS)
        self._left_out = 0
        self._shown: list[Sentence] = []
        self._began = time.monotonic()
        self.summary: Summary | None = None

    # ---- the whole

    def run(self) -> Plan:
        """Yield all batches; `summary` is set at the end."""
        yield from self._texts.read()
        self._styles = [self._style(text) for text in self._texts.texts]
        if not self._is_weak:
            yield from self._parts.measure(self._tools)
        if self._is_weak or not self._parts.ranges:
            finals = yield from self._quoted()
        else:
            finals = yield from self._written()
        documents: list[DocumentSummary] = []
        for text, style, final in zip(self._texts.texts, self._styles, finals, strict=True):
            missing = self._omitted(text, (yield from self._weighty(text)), final)
            documents.append(self._texts.one(text, final, missing, style.paper.value))
        self.summary = self._summary(documents, self._joint(finals))

    def _style(self, text: SingleText) -> Style:
        request = self._request
        paper = request.paper
        if paper is Paper.AUTO:
            pieces = [self._texts.pieces[at] for at in text.pieces]
            headings = [one.text for one in pieces if one.is_heading]
            paper = paper_of("\n".join(one.text for one in pieces[:120]), headings, text.record.format or "")
        language = request.language or text.language
        return Style(request.kind, language, request.focus, request.instruction, paper)

    # ---- written by the model

    def _written(self) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        parts = self._parts
        steps = [parts.step(at, self._style_of(at)) for at in range(len(parts.ranges))]
        version = prompt_version()
        self._part_of = {step_key(self._job.model_sha256, version, step): at for at, step in enumerate(steps)}
        about = sum(map(parts.requested, range(len(steps))))
        cost = (sum(parts.tokens) + about * 35 * WRITTEN_COST) / len(steps)
        values: list[StepValue] = yield Batch(steps, version, cost, name="points")
        points: list[list[Point]] = []
        for at, value in enumerate(values):
            parts.receive(at, value)
            points.append(self._linked(at, self._answers_in(at, value)))
            yield Yield()
        missing = values.count(None)
        if missing and (missing > len(values) / 2 or not any(points)):
            raise self._why_nothing()  # a summary of less than half of a text is none
        finals: list[list[Point]] = []
        for text, style in zip(self._texts.texts, self._styles, strict=True):
            mine = [one for at, some in enumerate(points) if parts.ranges[at].start in text.pieces for one in some]
            finals.append((yield from self._final(text, style, mine)))
        return finals

    def _style_of(self, part: int) -> Style:
        start = self._parts.ranges[part].start
        return next(
            style
            for text, style in zip(self._texts.texts, self._styles, strict=True)
            if start in text.pieces
        )  # fmt: skip

    def _answers_in(self, at: int, value: StepValue) -> list[AnswerPoint]:
        if value is None:
            return []
        is_cut = value.get("finish_reason") in ("length", "repeat")
        return points_in(str(value.get("text", "")), self._style_of(at), is_cut=is_cut)

    def _linked(self, at: int, answers: Sequence[AnswerPoint]) -> list[Point]:
        """Link sentences about a part to its passages; titles, which say nothing, are left out."""
        part = self._parts.ranges[at]
        among, source = self._parts.linkable(part), self._source(part.start)
        worded = [one for one in answers if not self._texts.is_title(one.text)]
        return [linked(Point(one.text, (), label=one.label), source, among) for one in worded]

    def _final(self, text: SingleText, style: Style, points: list[Point]) -> Generator[AskedQuestion, Any, list[Point]]:
        def sentence(point: Point) -> Point | None:
            return sentence_for(point, self._source(text.pieces.start), text.pieces, self._spans(text))

        final = kept(points, sentence)
        self._left_out += len(points) - len(final)
        if style.kind is Kind.SECTIONS:
            names = sections_of(self._texts.pieces, text.pieces)
            return [changed(one, label=names[one.links[0]] if one.links else "") for one in final]
        if style.is_prose or style.kind is Kind.OWN:
            return final or self._sentences_of(text.pieces, self._parts.points_of(text))
        candidates = yield from self._weighty(text)
        count = self._parts.points_of(text)
        unsaid = partial(self._omitted, text, candidates)
        final = with_additions(final, unsaid, self._texts.pieces, text.pieces, style, count)
        final = final or self._sentences_of(text.pieces, count)
        return in_order(final) if style.has_labels else final

    def _weighty(self, text: SingleText) -> Generator[AskedQuestion, Any, list[Candidate]]:
        candidates = self._candidates.get(text.pieces.start)
        if candidates is None:
            candidates = self._candidates[text.pieces.start] = []
            for begin in range(text.pieces.start, text.pieces.stop, PIECES_AT_ONCE):
                some = range(begin, min(begin + PIECES_AT_ONCE, text.pieces.stop))
                candidates += weighty(self._texts.pieces, some, self._spans(text), text.language)
                yield Yield()
        return candidates

    def _omitted(
        self, text: SingleText, candidates: Sequence[Candidate], said: Sequence[Point], most: int | None = None
    ) -> list[Point]:
        sections = {at: self._texts.section_of(at) for at in text.pieces}
        return omitted(candidates, said, sections, self._texts.rarity, text.language, most)

    def _why_nothing(self) -> KnownError:
        failure = self._tools.failure() or KnownError("request.invalid", what="no part could be summarized")
        return KnownError("context.too_small", **failure.args_for_people) if failure.code == "context.full" else failure

    # ---- what is shown meanwhile

    def written(self, key: str, words: str) -> None:
        """Take words of an answer as they are written; whole sentences are linked and reported at once."""
        at = self._part_of.get(key)
        if at is not None and self._parts.ranges:
            points = self._linked(at, self._writing.add(at, words, self._style_of(at)))
            if points or self._writing.is_due:
                self._report(points)

    def restarted(self) -> None:
        """The model is there, or there again: steps that were under way are answered from their beginning."""
        self._writing.restart()

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        at = self._part_of.get(key)
        if at is not None:
            self._parts.receive(at, value)
            known = self._writing.end(at)
            self._report(self._linked(at, self._answers_in(at, value)[known:]))

    def _report(self, points: Sequence[Point]) -> None:
        parts, texts = self._parts, self._texts
        sentences = texts.sentences(points)
        self._shown += sentences
        self._reported(
            PartialSummary(sentences, parts.pages_read, texts.page_count, texts.page_kind, self._writing.line)
        )

    @property
    def draft(self) -> Summary | None:
        if not self._shown:
            return None
        read, total = self._parts.pages_read, self._texts.page_count
        by_document: dict[str, list[Sentence]] = {}
        for one in self._shown:
            by_document.setdefault(one.blocks[0].document if one.blocks else "", []).append(one)
        documents = [
            changed(self._texts.one(text, []), sentences=tuple(by_document.get(text.record.id, ())))
            for text in self._texts.texts
        ]
        return Summary(
            kind=Kind.BULLETS.value,
            language=self._request.language or self._texts.language,
            method="model",
            sentences=tuple(self._shown),
            coverage=Coverage(total, read, 0, 0, ()),
            documents=tuple(documents),
            model=self._record.name,
            note=UNFINISHED,
            not_read=self._request.not_read,
            is_draft=True,
        )

    # ---- without wording

    def _quoted(self) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        """Choose for each document the sentences that matter most; for a long one by part, then among all parts."""
        found: list[list[Point]] = []
        by_sections = self._request.kind is Kind.SECTIONS
        for text in self._texts.texts:
            points: list[Point] = []
            for name, part in self._runs(text):
                points += [changed(one, label=name) for one in self._sentences_of(part, self._parts.target)]
                yield Yield()
            is_enough = by_sections or len(points) <= self._parts.target
            found.append(points if is_enough else self._select(points, self._parts.target))
        return found

    def _runs(self, text: SingleText) -> Iterator[tuple[str, range]]:
        """Yield the sections of a document with their names; for other kinds of summaries unnamed parts of equal
        length.
        """
        if self._request.kind is not Kind.SECTIONS:
            for begin in range(text.pieces.start, text.pieces.stop, PIECES_AT_ONCE):
                yield "", range(begin, min(begin + PIECES_AT_ONCE, text.pieces.stop))
            return
        names = sections_of(self._texts.pieces, text.pieces)
        for name, group in groupby(text.pieces, key=names.__getitem__):
            here = list(group)
            yield name, range(here[0], here[-1] + 1)

    def _sentences_of(self, pieces: range, count: int) -> list[Point]:
        text = self._texts.text_at(pieces.start) if pieces else None
        if text is None:
            return []
        spans = self._spans(text)
        return quotations(self._texts.pieces, pieces, count, spans, self._request.focus, text.language)

    # ---- the result

    def _joint(self, finals: Sequence[Sequence[Point]]) -> list[Point]:
        """Choose from the points of several documents those of their joint summary; no document goes unheard."""
        if len(finals) < 2:
            return list(finals[0]) if finals else []
        kind = Kind.BULLETS if self._request.kind is Kind.SECTIONS else self._request.kind
        target = max(sentences_requested(kind, self._request.length), len(finals))
        label = "" if kind is Kind.BULLETS else None
        every = [one if label is None else changed(one, label=label) for some in finals for one in some]
        return self._select(every, target)

    def _select(self, points: Sequence[Point], count: int) -> list[Point]:
        several = len(self._texts.texts) > 1
        sections = self._texts.section_of

        def owner(point: Point) -> int:
            if not point.links:
                return NO_SECTION
            at = point.links[0]
            return self._texts.texts.index(self._texts.text_at(at)) if several else sections(at)

        return select(points, count, owner, focus=self._request.focus)

    def _summary(self, documents: Sequence[DocumentSummary], joint: Sequence[Point]) -> Summary:
        names = {one.document: one.name for one in documents} if len(documents) > 1 else {}
        sentences = self._texts.sentences(joint, names) if names else documents[0].sentences if documents else ()
        return Summary(
            kind=self._request.kind.value,
            language=self._request.language or self._texts.language,
            method="quotations" if self._is_weak else "model",
            sentences=sentences,
            coverage=self._texts.coverage(),
            documents=tuple(documents),
            model=self._record.name,
            note=self._note(sentences),
            left_out=self._left_out,
            seconds=round(time.monotonic() - self._began, 1),
            not_read=self._request.not_read,
        )

    def _note(self, sentences: Sequence[Sentence]) -> str:
        if not self._texts.pieces:
            return "There is no text that could be summarized."
        if self._is_weak:
            return (
                f"{self._record.name} is too weak to summarize in its own words: these are sentences of the text, "
                "chosen because they say most of it."
            )
        figures = figures_words(self._texts.figures())
        if sentences and all(one.quotation for one in sentences):
            usable = "The model gave no usable points: these are sentences of the text that say most of it."
            return f"{usable} {figures}".rstrip()
        return figures

    # ---- small things

    def _source(self, piece: int) -> Source:
        style = self._styles[self._texts.texts.index(self._texts.text_at(piece))]
        return self._texts.source(piece, style.language)

    @staticmethod
    def _spans(text: SingleText) -> Callable[[str], Sequence[tuple[int, int]]]:
        return lambda words: sentence_spans(words, text.language)
