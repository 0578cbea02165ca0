"""The plan of a summary's job: batches for the points of chunks, their checks and merges, then the coverage.

See jobs.plan.Plan; service thread.  The model writes the words, the program sets the links.  Where the exam shows that
the model cannot be trusted to write or to judge, sentences of the document itself are chosen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from slmdesk.core.errors import KnownError
from slmdesk.core.records import DocumentRecord, JobRecord, ModelRecord
from slmdesk.core.types import Json
from slmdesk.services.documents.job_service import PlanTools
from slmdesk.services.evaluation.exam_items import Skill, truth_step
from slmdesk.services.evaluation.exams import ExamService, SkillResult
from slmdesk.services.jobs.plan import AskedQuestion, Batch, Plan, StepValue, Yield
from slmdesk.services.jobs.steps import scores_of, step_key
from slmdesk.services.jobs.time_left import ExpectedBatch
from slmdesk.services.summaries.chunks import SummaryChunks
from slmdesk.services.summaries.forecast import (
    CHECK_COST,
    MERGE_COST,
    MOST_POINTS,
    WRITTEN_COST,
    ahead_of_merges,
    ahead_of_points,
)
from slmdesk.services.summaries.linking import Point, Source, doubted, fewest, linked, shown
from slmdesk.services.summaries.prompts import (
    Kind,
    Style,
    merge_step,
    points_in,
    prompt_version,
    sentences_requested,
    without_glue,
)
from slmdesk.services.summaries.selection import chosen, in_order, merged_groups, quotations, sections_of, select
from slmdesk.services.summaries.source_text import SingleText, SummaryTexts
from slmdesk.services.summaries.types import (
    DocumentSummary,
    PartialSummary,
    Sentence,
    Summary,
    SummaryRequest,
    figures_words,
)
from slmdesk.text.words.sentences import sentence_spans

SKILLS = (Skill.FORMAT, Skill.BLOCK, Skill.TRUTH)
"""What a model must have been examined in before it words a summary."""
PIECES_AT_ONCE = 400
MOST_LEVELS = 8


class SummaryPlan:
    """The plan of one summary, with its results so far."""

    def __init__(
        self,
        job: JobRecord,
        request: SummaryRequest,
        record: ModelRecord,
        texts: Sequence[DocumentRecord],
        tools: PlanTools,
        *,
        exams: ExamService,
        reported: Callable[[PartialSummary], None],
    ) -> None:
        self._job, self._request, self._record, self._records = job, request, record, texts
        self._tools, self._exams, self._reported = tools, exams, reported
        self._texts = SummaryTexts(texts, tools.pages)
        self._chunks = SummaryChunks(request, self._texts)
        self._chunk_of: dict[str, int] = {}
        self._shown: list[Sentence] = []
        self._skills: Mapping[Skill, SkillResult] = {}
        self._left_out = 0
        self._began = time.monotonic()
        self._style = Style(request.kind, request.language, request.focus, request.instruction)
        self.summary: Summary | None = None

    # ---- the whole

    def run(self) -> Plan:
        """Yield all batches; `summary` is set at the end."""
        yield from self._examine()
        yield from self._texts.read()
        self._style = replace(self._style, language=self._request.language or self._texts.language)
        if not self._is_weak:
            yield from self._chunks.measure(self._tools)
        if self._is_weak or not self._chunks.ranges:
            quoted = yield from self._quoted()
            each = max(1, self._chunks.target // max(1, len(self._texts.texts)))
            joint = [one for some in quoted for one in select(some, each)]
            documents = [self._texts.one(text, some) for text, some in zip(self._texts.texts, quoted, strict=True)]
        else:
            points = yield from self._points()
            points = yield from self._checked(points, ahead=self._ahead(sum(map(len, points)), is_checked=True))
            finals = yield from self._merged_documents(points)
            joint = yield from self._merged_joint(finals)
            documents = [self._texts.one(text, final) for text, final in zip(self._texts.texts, finals, strict=True)]
        self.summary = self._summary(documents, joint)

    @property
    def _is_weak(self) -> bool:
        levels = {skill: one.level for skill, one in self._skills.items()}
        return "weak" in (levels.get(Skill.FORMAT), levels.get(Skill.TRUTH))

    def _examine(self) -> Generator[AskedQuestion, Any, None]:
        """Test the model where its abilities are unknown: about a minute, once for each model."""
        later = sum(one.bytes for one in self._records) / 4 + 1
        ahead = (ExpectedBatch("points", 1, later, is_sure=False),)  # the exam may say that it is not worth asking
        batch = Batch(cost=CHECK_COST, name="exam", ahead=ahead)
        self._skills = yield from self._exams.examined(self._record, SKILLS, batch)

    # ---- points

    def _points(self) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        """Ask for the points of every chunk and link them by rule."""
        chunks = self._chunks
        if not chunks.ranges:
            return []
        steps = [chunks.step(chunk, self._style) for chunk in chunks.ranges]
        version = prompt_version()
        self._chunk_of = {step_key(self._job.model_sha256, version, step): at for at, step in enumerate(steps)}
        about = sum(map(chunks.points_asked, chunks.ranges))
        cost = (chunks.tokens + about * 35 * WRITTEN_COST) / len(steps)
        values: list[StepValue] = yield Batch(steps, version, cost, name="points", ahead=self._ahead(about))
        if all(value is None for value in values):
            raise self._why_nothing()
        points: list[list[Point]] = []
        for at, value in enumerate(values):
            chunks.receive(at, value)
            points.append(self._points_in(at, value))
            yield Yield()
        return points

    def _ahead(self, points: int, *, is_checked: bool = False) -> tuple[ExpectedBatch, ...]:
        """Return the batches that will probably follow so many points."""
        target = self._chunks.target if self._request.kind is not Kind.EXECUTIVE else MOST_POINTS
        can_check = self._threshold is not None
        found = ahead_of_points(points, len(self._texts.texts), target, can_check=can_check)
        return found[1:] if is_checked and can_check else found

    def _why_nothing(self) -> KnownError:
        """Return the error why no part could be summarized."""
        failure = self._tools.failure() or KnownError("request.invalid", what="no part could be summarized")
        return KnownError("context.too_small", **failure.args_for_people) if failure.code == "context.full" else failure

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        """Take the result of a step of the last batch as it arrives."""
        at = self._chunk_of.get(key)
        if at is not None:
            self._chunks.receive(at, value)
            points = self._texts.sentences(self._points_in(at, value))
            self._shown += points
            self._reported(
                PartialSummary(points, self._chunks.pages_read, self._texts.page_count, self._texts.page_kind)
            )

    def so_far(self) -> PartialSummary:
        """Return all points of this run so far, as published."""
        return PartialSummary(
            tuple(self._shown), self._chunks.pages_read, self._texts.page_count, self._texts.page_kind
        )

    def _points_in(self, at: int, value: StepValue) -> list[Point]:
        """Return the points in a chunk's answer; for an answer without any, sentences of the chunk itself."""
        chunk = self._chunks.ranges[at]
        if value is None:
            return []
        has_labels = self._request.kind is Kind.EXECUTIVE
        source = self._source(chunk[0])
        is_cut = value.get("finish_reason") == "length"
        named = self._chunks.nameable(chunk)
        language = self._style.language
        text = str(value.get("text", ""))
        text = without_glue(text, " ".join(self._texts.pieces[at].text for at in chunk))
        found = points_in(text, len(named), language=language, has_labels=has_labels, is_cut=is_cut)
        is_named_well = self._level(Skill.BLOCK) != "weak"
        points = [
            linked(
                Point(one.text, tuple(named[number - 1] for number in sorted(one.numbers)), label=one.label),
                source,
                named,
                is_named_well=is_named_well,
            )
            for one in found
        ]
        return points or self._sentences_of(chunk, 1 if len(self._chunks.ranges) > 8 else 2)

    def _checked(
        self, points: list[list[Point]], name: str = "checks", ahead: tuple[ExpectedBatch, ...] = ()
    ) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        """Ask the model of each point whether the text says it, and return the points with the result."""
        threshold = self._threshold
        asked = [
            (row, column)
            for row, some in enumerate(points)
            for column, point in enumerate(some)
            if point.is_supported and not point.is_quotation
        ]
        if threshold is None or not asked:
            return points
        result = [list(some) for some in points]
        steps = [self._truth_step(points[row][column]) for row, column in asked]
        version = self._exams.prompt_version()
        values: list[StepValue] = yield Batch(steps, version, CHECK_COST, name=name, ahead=ahead)
        for (row, column), value in zip(asked, values, strict=True):
            result[row][column] = doubted(result[row][column], scores_of(value), threshold)
        return result

    # ---- merging

    def _merged_documents(self, points: list[list[Point]]) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        """Merge the points of each document until as many are left as requested."""
        streams: list[list[Point]] = []
        target: list[int] = []
        owners: list[int] = []
        for number, text in enumerate(self._texts.texts):
            mine = [one for some, chunk in zip(points, self._chunks.ranges, strict=True) if chunk.start in text.pieces
                    for one in some]  # fmt: skip
            for stream, count in self._streams(text, mine):
                streams.append(stream)
                target.append(count)
                owners.append(number)
        merged = yield from self._merged(streams, target)
        finals: list[list[Point]] = [[] for _ in self._texts.texts]
        for owner, stream in zip(owners, merged, strict=True):
            finals[owner] += stream
        return finals

    def _streams(self, text: SingleText, points: list[Point]) -> Iterable[tuple[list[Point], int]]:
        """Yield what is merged separately (a document, or a section of one), and how many sentences it may have."""
        if self._request.kind is not Kind.SECTIONS:
            yield points, self._chunks.target
            return
        sections = sections_of(self._texts.pieces, text.pieces)
        by_section: dict[str, list[Point]] = {}
        for point in points:
            by_section.setdefault(sections[point.links[0]], []).append(replace(point, label=sections[point.links[0]]))
        length = self._request.length
        for stream in by_section.values():
            if isinstance(length, int):
                yield stream, max(1, round(self._chunks.target / len(by_section)))
            else:
                yield stream, self._chunks.target

    def _merged_joint(self, finals: list[list[Point]]) -> Generator[AskedQuestion, Any, list[Point]]:
        """Merge the points of several documents into a joint summary."""
        if len(finals) < 2:
            return finals[0] if finals else []
        kind = Kind.BULLETS if self._request.kind is Kind.SECTIONS else self._request.kind
        target = sentences_requested(kind, self._request.length)
        every = [replace(one, label="" if kind is Kind.BULLETS else one.label) for some in finals for one in some]
        merged = yield from self._merged([every], [max(target, len(finals))])
        there = {self._texts.pieces[at].document for one in merged[0] for at in one.links}
        missing = [some[0] for text, some in zip(self._texts.texts, finals, strict=True)
                   if some and text.record.id not in there]  # fmt: skip
        return in_order([*merged[0], *missing])  # no document goes unheard

    def _merged(
        self, streams: list[list[Point]], target: list[int]
    ) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        """Merge level by level until each stream has as many points as requested."""
        for level in range(MOST_LEVELS):
            if self._request.kind is Kind.EXECUTIVE:
                break  # what is asked for by its kind is chosen, not retold
            pooled = [[one for one in stream if one.is_supported] or stream for stream in streams]
            large = [at for at, stream in enumerate(pooled) if len(stream) > 1.5 * target[at]]
            if not large:
                break
            self._left_out += sum(len(streams[at]) - len(pooled[at]) for at in large)
            streams = [pooled[at] if at in large else stream for at, stream in enumerate(streams)]
            groups = [(at, *group) for at in large for group in merged_groups(streams[at], target[at])]
            steps = [merge_step(self._style, [one.text for one in group], fewer) for _, group, fewer in groups]
            ahead = ahead_of_merges(len(groups), is_first=level == 0, can_check=self._threshold is not None)
            values: list[StepValue] = yield Batch(steps, prompt_version(), MERGE_COST, name="merges", ahead=ahead)
            retold = [self._retold(group, value) for (_, group, _), value in zip(groups, values, strict=True)]
            retold = yield from self._checked(
                retold, "checks of merges", tuple(one for one in ahead if one.name == "merges")
            )
            fresh: dict[int, list[Point]] = {at: [] for at in large}
            for (at, group, fewer), reported in zip(groups, retold, strict=True):
                fresh[at] += chosen(group, reported, fewer)
            shrinks = any(len(fresh[at]) < len(streams[at]) for at in large)
            streams = [fresh.get(at, stream) for at, stream in enumerate(streams)]
            if not shrinks:
                break
        return [self._selected(stream, count) for stream, count in zip(streams, target, strict=True)]

    def _selected(self, stream: list[Point], count: int) -> list[Point]:
        kept = select(stream, count, focus=self._request.focus)
        self._left_out += sum(not one.is_supported for one in stream) - sum(not one.is_supported for one in kept)
        return kept

    def _retold(self, group: Sequence[Point], value: StepValue) -> list[Point]:
        """Return the points a merge made of a group, with links to the pieces of the points it names."""
        found: list[Point] = []
        answer = value or {}
        is_cut = answer.get("finish_reason") == "length"
        text = without_glue(str(answer.get("text", "")), " ".join(one.text for one in group))
        for one in points_in(text, len(group), language=self._style.language, is_cut=is_cut):
            named = [group[number - 1] for number in one.numbers]
            source = self._source(named[0].links[0])
            links = fewest([at for point in named for at in point.links], one.text, source)
            among = sorted({at for point in group for at in point.links})
            found.append(linked(Point(one.text, links, label=named[0].label), source, among))
        return found

    # ---- without wording

    def _quoted(self) -> Generator[AskedQuestion, Any, list[list[Point]]]:
        """Choose for each document its most central sentences; for a long one by part, then among all parts."""
        found: list[list[Point]] = []
        by_sections = self._request.kind is Kind.SECTIONS
        for text in self._texts.texts:
            points: list[Point] = []
            for name, part in self._parts(text):
                points += [replace(one, label=name) for one in self._sentences_of(part, self._chunks.target)]
                yield Yield()
            found.append(points if by_sections else select(points, self._chunks.target, focus=self._request.focus))
        return found

    def _parts(self, text: SingleText) -> Iterator[tuple[str, range]]:
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
        language = self._texts.text_at(pieces.start).language if pieces else ""

        def spans(text: str) -> Sequence[tuple[int, int]]:
            return sentence_spans(text, language)

        return quotations(self._texts.pieces, pieces, count, spans, self._request.focus)

    # ---- the result

    def _summary(self, documents: Sequence[DocumentSummary], joint: Sequence[Point]) -> Summary:
        names = {one.document: one.name for one in documents} if len(documents) > 1 else {}
        sentences = self._texts.sentences(joint, names) if names else documents[0].sentences if documents else ()
        return Summary(
            kind=self._request.kind.value,
            language=self._style.language,
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
        return self._texts.source(piece, self._style.language)

    def _truth_step(self, point: Point) -> dict[str, Json]:
        return truth_step(shown(point, self._source(point.links[0])), point.text)

    def _level(self, skill: Skill) -> str:
        one = self._skills.get(skill)
        return one.level if one else "weak"

    @property
    def _threshold(self) -> float | None:
        one = self._skills.get(Skill.TRUTH)
        return one.threshold if one and one.level != "weak" else None
