"""The plan of a summary's job. Rules choose at once what the summary says; a model is only used to word it.

The model puts each chosen sentence by itself into another language or into everyday words, or it writes what a person
asked for. The result always keeps to the allowed number of words. See jobs.runner.Plan. Service thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, JobRecord, ModelRecord
from slmdesk.base.texts import N_, _, in_english
from slmdesk.base.types import Json
from slmdesk.evaluation.exams import Skill, is_weak
from slmdesk.jobs.documents import PlanTools
from slmdesk.jobs.runner import AskedQuestion, Batch, Plan, Question, StepValue, Yield, step_key
from slmdesk.library.types import Coverage, Mark
from slmdesk.summaries.choosing import Chosen, allowed_words, choose, joint
from slmdesk.summaries.lines import Line, by_day, count_words, joined, lines_of, paper_of, sections_of
from slmdesk.summaries.linking import Point, SingleText, SummaryTexts, distinct, linked
from slmdesk.summaries.prompts import line_in, own_step, points_in, prompt_version, simple_step
from slmdesk.summaries.types import (
    EARLIER,
    KEY_POINTS,
    TO_DO,
    DocumentSummary,
    Kind,
    Paper,
    PartialSummary,
    Sentence,
    Summary,
    SummaryRequest,
    figures_words,
)
from slmdesk.text.checks.support import check, stems
from slmdesk.text.sentences import search_words, sentence_spans
from slmdesk.text.tagged import Tags
from slmdesk.text.translation_checks import cleaned, flags_of
from slmdesk.translation.prompts import TranslationStyle, styled, translation_step
from slmdesk.translation.prompts import prompt_version as translation_version

LEAST_PARAMETERS = 700_000_000
"""A model with fewer parameters and without an exam is not trusted to word sentences."""
WRITTEN_COST = 1.5
"""Cost of a written token compared with a token read."""
LINE_COST = 60.0
"""Cost of wording one line, in tokens read."""
FEW_WORDS = 120
"""Of a paper with fewer words than this, the summary only says what the paper is and what must be done."""
NEAR = 1.1
"""If a person asked for a number of words, the summary may differ from it by this factor."""
FOCUSED = 10.0
"""Worth added to a line that contains a word of the focus. This is more than any other line is worth."""
SHARED_TOKENS = 400
"""Approximate number of tokens for the instructions and the chat format."""
TEXTS_AT_ONCE = 400
"""Number of texts whose tokens are counted in one request, or whose links are searched in one slice."""
UNFINISHED = f"{N_('This summary was stopped before its end.')} {N_('These sentences had been written.')}"
TOO_MUCH_TO_DO = N_("What has to be done fills more than this length; all else is left out.")
TOO_MUCH_IN = N_("{names}: What has to be done fills more than this length; all else is left out.")
TOO_WEAK = N_("{model} is too weak to word sentences itself: these are sentences of the text.")
NOTHING_USABLE = N_("The model's answer has nothing that the text says: these are sentences of the text.")
PARTLY_GIVEN = N_("{name} is longer than {model} reads at once: it was given the passages that matter most.")


@dataclass(slots=True)
class Selection:
    """What the summary says about one document."""

    text: SingleText
    paper: Paper
    lines: list[Line]
    words: int
    """Number of words that the summary may have."""
    is_number: bool
    """True when a person asked for this number of words, so that it is a target and not only a maximum."""
    is_small: bool
    """True when only what the paper is and what must be done is said, however few words are allowed."""
    points: list[Point] = field(default_factory=list)
    chosen: Chosen = field(init=False)

    def __post_init__(self) -> None:
        self.choose()

    def choose(self, lengths: Sequence[int] | None = None) -> None:
        chosen = choose(self.lines, 0 if self.is_small else self.words, lengths)
        if self.is_number and sum(count_words(line.text) for line in chosen.every) < self.words / NEAR:
            chosen = choose(self.lines, int(self.words * NEAR), lengths)
        self.chosen = changed(chosen, is_over=chosen.is_over and not self.is_small)


StepFor = Callable[[Selection, str], dict[str, Json]]
Worded = Callable[[Selection, Point, str], Point]
"""Function that receives a line and a model's answer, and returns the line as it will be shown."""


class SummaryPlan:
    def __init__(
        self,
        job: JobRecord,
        request: SummaryRequest,
        record: ModelRecord | None,
        texts: Sequence[DocumentRecord],
        tools: PlanTools,
        *,
        reported: Callable[[PartialSummary], None],
    ) -> None:
        self._job, self._request, self._record = job, request, record
        self._model_name = record.name if record else ""
        self._tools, self._reported = tools, reported
        self._texts = SummaryTexts(texts, tools.pages)
        self._selections: list[Selection] = []
        self._lines: dict[str, tuple[Selection, Line, Worded]] = {}
        """Lines by the key of the step that words them."""
        self._worded_as: dict[Line, Point] = {}
        self._writing: dict[str, str] = {}
        """Unfinished answers by the key of their step."""
        self._notes: list[str] = []
        self._left_out = 0
        self._shown: list[Sentence] = []
        self._began = time.monotonic()
        self.summary: Summary | None = None

    def run(self) -> Plan:
        """Yield all batches. `summary` is set at the end."""
        yield from self._texts.read()
        for text in self._texts.texts:
            self._selections.append((yield from self._selection(text)))
            yield Yield()
        is_own = bool(self._request.instruction)
        has_words = is_own or self._request.kind is Kind.SIMPLE or any(map(self._is_translated, self._selections))
        method, some = (
            "quotations",
            [selection for selection in self._selections if (selection.text.pieces if is_own else selection.lines)],
        )
        if has_words and some:
            if self._record is None:
                raise KnownError("model.none")
            if is_weak(self._record, (Skill.FORMAT, Skill.TRUTH), LEAST_PARAMETERS):
                self._notes.append(TOO_WEAK.format(model=self._model_name))
            else:
                method = "model"
                yield from self._written(some) if is_own else self._worded(some)
        if names := ", ".join(selection.text.record.name for selection in self._selections if selection.chosen.is_over):
            self._notes.insert(0, TOO_MUCH_IN.format(names=names) if len(self._selections) > 1 else TOO_MUCH_TO_DO)
        documents = list[DocumentSummary]()
        for selection in self._selections:
            documents.append((yield from self._document(selection)))
        self.summary = self._summary(documents, method)

    def _selection(self, text: SingleText) -> Generator[Yield, None, Selection]:
        pieces = [self._texts.pieces[at] for at in text.pieces]
        paper, request = self._request.paper, self._request
        if paper is Paper.AUTO:
            headings = [piece.text for piece in pieces if piece.is_heading]
            paper = paper_of("\n".join(piece.text for piece in pieces[:120]), headings, text.record.format or "")
        spans = partial(sentence_spans, language=text.language)
        lines = yield from lines_of(self._texts.pieces, text.pieces, spans, text.language, paper)
        yield Yield()
        focus = stems(" ".join(search_words(f"{request.focus} {request.instruction}")))
        if focus:
            lines = [changed(line, worth=line.worth + FOCUSED * bool(focus & stems(line.text))) for line in lines]
        total = sum(count_words(piece.text) for piece in pieces)
        is_number = isinstance(request.length, int)
        is_small = total < FEW_WORDS and not (focus or is_number)
        is_small = is_small and any(line.is_first or line.is_action for line in lines)
        is_small = is_small and not any(line.is_earlier for line in lines)
        return Selection(text, paper, lines, allowed_words(total, request.length), is_number, is_small)

    def _language(self, selection: Selection) -> str:
        return self._request.language or selection.text.language

    def _is_translated(self, selection: Selection) -> bool:
        return self._language(selection) != selection.text.language

    def _worded(self, selections: Sequence[Selection]) -> Generator[AskedQuestion, Any, None]:
        """Have the model word the chosen lines. Drop lines if the wording has made the summary too long."""
        for selection in selections:
            for line in selection.chosen.every:
                self._worded_as[line] = Point(line.text, (line.piece,), quotation=self._quotation(line))
        if self._request.kind is Kind.SIMPLE:
            yield from self._pass(selections, self._simple_step, self._simple)
        yield from self._pass(
            [selection for selection in selections if self._is_translated(selection)],
            self._translation_step,
            self._translated,
        )
        for selection in selections:
            much = selection.words + 1
            known = self._worded_as
            lengths = [count_words(known[line].text) if line in known else much for line in selection.lines]
            selection.choose(lengths)
            selection.points = [
                changed(known[line], label=label)
                for label, labelled in groupby(self._labelled(selection), key=itemgetter(1))
                for line in self._by_day(selection, label, [line for line, __ in labelled])
                if line in known
            ]

    def _pass(
        self, selections: Sequence[Selection], step_for: StepFor, worded: Worded
    ) -> Generator[AskedQuestion, Any, None]:
        """Have each line worded by its own step. A line whose step fails stays unchanged."""
        version = f"{prompt_version()} {translation_version()}"
        steps, lines = dict[str, Mapping[str, Json]](), list[tuple[str, Line]]()
        for selection in selections:
            for line in selection.chosen.every:
                step = step_for(selection, self._worded_as[line].text)
                key = step_key(self._job.model_sha256, version, step)
                steps[key], self._lines[key] = step, (selection, line, worded)
                lines.append((key, line))
        if not steps:
            return
        values: list[StepValue] = yield Batch(list(steps.values()), version, LINE_COST, name="lines")
        if not any(values):
            raise self._why_nothing()
        answers = dict(zip(steps, values, strict=True))
        for key, line in lines:  # a sentence of two documents is asked once
            if (value := answers[key]) is not None:
                self._worded_as[line] = self._wording(key, line, value)

    def _wording(self, key: str, line: Line, value: Mapping[str, Json]) -> Point:
        """Return a line in the model's words, or unchanged if the model's words cannot be used."""
        selection, __, worded = self._lines[key]
        point = self._worded_as[line]
        is_cut = value.get("finish_reason") in ("length", "repeat")
        return point if is_cut else worded(selection, point, str(value.get("text", "")))

    def _simple_step(self, selection: Selection, text: str) -> dict[str, Json]:
        return simple_step(text, selection.text.language)

    def _simple(self, selection: Selection, point: Point, answer: str) -> Point:
        text = line_in(answer)
        return point if not text or check(text, point.text, selection.text.language) else changed(point, text=text)

    def _translation_step(self, selection: Selection, text: str) -> dict[str, Json]:
        style = TranslationStyle(self._language(selection), selection.text.language)
        return translation_step(text, Tags(), styled(style, self._record))

    def _translated(self, selection: Selection, point: Point, answer: str) -> Point:
        source, target = selection.text.language, self._language(selection)
        text = cleaned(point.text, answer, Tags(), languages=(source, target)).target
        flags = flags_of(point.text, text, source_language=source, target_language=target, tags=Tags())
        if any(flag.kind in ("empty", "chatter") for flag in flags):
            return point
        marks = [Mark(flag.kind, flag.text, 0, len(text), flag.detail) for flag in flags]
        return changed(point, text=text, flags=tuple(marks))

    def _written(self, selections: Sequence[Selection]) -> Generator[AskedQuestion, Any, None]:
        version = prompt_version()
        steps = []
        for selection in selections:
            given = yield from self._given(selection)
            language, words = self._language(selection), selection.words
            steps.append(own_step(given, selection.paper, self._request.instruction, words, language))
        cost = sum(selection.words for selection in selections) / len(steps) * 2 * WRITTEN_COST
        values: list[StepValue] = yield Batch(steps, version, cost, name="written")
        if not any(values):
            raise self._why_nothing()
        for selection, value in zip(selections, values, strict=True):
            if value is None:
                self._texts.unread.update(dict.fromkeys(selection.text.pieces, N_("not answered by the model")))
                continue
            is_cut = value.get("finish_reason") in ("length", "repeat")
            answer = points_in(str(value.get("text", "")), self._language(selection), is_cut=is_cut)
            among = [at for at in selection.text.pieces if not self._texts.pieces[at].says_nothing]
            source = self._texts.source(selection.text.pieces.start, self._language(selection))
            points = distinct([linked(Point(text, ()), source, among or selection.text.pieces) for text in answer])
            yield Yield()
            kept = [point for point in points if point.is_kept]
            self._left_out += len(points) - len(kept)
            if kept:  # the person's request decides what matters
                selection.points = self._cut(kept, selection.words)
                selection.chosen = changed(selection.chosen, rest=(), is_over=False)
            elif NOTHING_USABLE not in self._notes:
                self._notes.append(NOTHING_USABLE)

    def _given(self, selection: Selection) -> Generator[AskedQuestion, Any, str]:
        """Return what the model reads of a document: the whole text if it fits, else the lines that matter most."""
        texts = [self._texts.pieces[at].text for at in selection.text.pieces]
        tokens = 0
        for begin in range(0, len(texts), TEXTS_AT_ONCE):
            some = texts[begin : begin + TEXTS_AT_ONCE]
            counts = yield Question(partial(self._tools.count, some))
            tokens += sum(counts) + len(some)
        space = self._tools.context_tokens - SHARED_TOKENS - 3 * selection.words
        if tokens <= space:
            return "\n".join(
                f"\n# {piece.text}" if piece.is_heading else piece.text
                for piece in (self._texts.pieces[at] for at in selection.text.pieces)
            ).strip()
        if space <= 0:
            available = self._tools.context_tokens
            raise KnownError("context.too_small", needed=available - space, available=available)
        words = sum(map(count_words, texts))
        chosen = choose(selection.lines, int(0.9 * words * space / tokens))
        self._notes.append(PARTLY_GIVEN.format(name=selection.text.record.name, model=self._model_name))
        return "\n".join(line.text for line in sorted(chosen.every, key=lambda line: (line.piece, line.start)))

    def _cut(self, points: Sequence[Point], words: int) -> list[Point]:
        most = words * NEAR if isinstance(self._request.length, int) else words
        kept, used = list[Point](), 0
        for point in points:
            used += count_words(point.text)
            if used <= most or not kept:
                kept.append(point)
        return kept

    def _why_nothing(self) -> KnownError:
        failure = self._tools.failure() or KnownError("request.invalid", what=_("nothing could be worded"))
        return KnownError("context.too_small", **failure.args_for_people) if failure.code == "context.full" else failure

    def written(self, key: str, words: str) -> None:
        """Record words of an answer while the model writes it."""
        if key not in self._lines:
            self._writing[key] = self._writing.get(key, "") + words
            self._report(())

    def restarted(self) -> None:
        """Drop unfinished answers, because the model was loaded again and writes them anew."""
        self._writing.clear()

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        self._writing.pop(key, None)
        if key in self._lines:
            self._report([self._wording(key, self._lines[key][1], value)])

    def _report(self, points: Sequence[Point]) -> None:
        sentences = self._texts.sentences(points)
        self._shown += sentences
        total = self._texts.page_count
        writing = next(iter(self._writing.values()), "")
        self._reported(PartialSummary(sentences, total, total, self._texts.page_kind, writing))

    @property
    def draft(self) -> Summary | None:
        if not self._shown:
            return None
        by_document: dict[str, list[Sentence]] = {}
        for sentence in self._shown:
            by_document.setdefault(sentence.blocks[0].document, []).append(sentence)
        documents = [
            changed(self._texts.one(text, []), sentences=tuple(by_document.get(text.record.id, ())))
            for text in self._texts.texts
        ]
        total = self._texts.page_count
        return Summary(
            kind=self._request.kind.value,
            language=self._request.language or self._texts.language,
            method="model",
            sentences=tuple(self._shown),
            coverage=Coverage(total, total, 0, 0, ()),
            documents=tuple(documents),
            model=self._model_name,
            note=UNFINISHED,
            not_read=self._request.not_read,
            is_draft=True,
        )

    def _labelled(self, selection: Selection) -> Iterator[tuple[Line, str]]:
        """Yield the chosen lines with labels: what the paper is, things to do, other points, what earlier mails say."""
        kind, chosen = self._request.kind, selection.chosen
        names = sections_of(self._texts.pieces, selection.text.pieces) if kind is Kind.SECTIONS else {}
        is_prose = kind is Kind.PARAGRAPH
        if chosen.first:
            yield chosen.first, ""
        for line in chosen.actions:
            if not line.is_earlier:
                yield line, "" if is_prose else TO_DO
        for line in chosen.points:
            if not line.is_earlier:
                yield line, "" if is_prose else names.get(line.piece, KEY_POINTS)
        for line in (*chosen.actions, *chosen.points):
            if line.is_earlier:
                yield line, EARLIER

    def _by_day(self, selection: Selection, label: str, lines: list[Line]) -> list[Line]:
        text = selection.text
        return by_day(lines, self._texts.pieces, text.pieces, text.language) if label == TO_DO else lines

    def _quotation(self, line: Line) -> str:
        return self._texts.pieces[line.piece].text[line.start : line.end]

    def _document(self, selection: Selection) -> Generator[Yield, None, DocumentSummary]:
        if not selection.points:
            selection.points = [
                Point(line.text, line.pieces, label=label, quotation=self._quotation(line))
                for label, labelled in groupby(self._labelled(selection), key=itemgetter(1))
                for line in self._by_day(selection, label, joined([line for line, __ in labelled], self._texts.pieces))
            ]
        said = [point.quotation for point in selection.points]
        rest = [
            Point(line.text, (line.piece,), quotation=quotation)
            for line in selection.chosen.rest
            if (quotation := self._quotation(line)) not in said
        ]
        omitted = list[Sentence]()
        for at in range(0, len(rest), TEXTS_AT_ONCE):
            omitted += self._texts.sentences(rest[at : at + TEXTS_AT_ONCE])
            yield Yield()
        made = self._texts.one(selection.text, selection.points, selection.paper.value)
        return changed(made, omitted=tuple(omitted))

    def _summary(self, documents: Sequence[DocumentSummary], method: str) -> Summary:
        names = {document.document: document.name for document in documents} if len(documents) > 1 else {}
        sentences = documents[0].sentences if documents else ()
        if names:
            sentences = self._texts.sentences(joint([selection.points for selection in self._selections]), names)
        notes = [*self._notes, in_english(figures_words, self._texts.figures())]
        if not any(selection.points for selection in self._selections):
            notes = [N_("There is no text that could be summarized.")]
        return Summary(
            kind=self._request.kind.value,
            language=self._request.language or self._texts.language,
            method=method,
            sentences=sentences,
            coverage=self._texts.coverage(),
            documents=tuple(documents),
            model=self._model_name,
            note=" ".join(filter(None, notes)),
            left_out=self._left_out,
            seconds=round(time.monotonic() - self._began, 1),
            not_read=self._request.not_read,
            words=sum(selection.words for selection in self._selections),
        )
