"""The plan of a summary's job. Rules choose at once sentences of the document; then a model that may write tells it.

What the model writes is checked sentence by sentence. What must be known and is not said stands below it in the
document's own words. A model that may not write can only put the chosen sentences into another language. The result
always keeps to the allowed number of words. See jobs.runner.Plan. Service thread.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.text.sentences import search_words, sentence_spans
from slmdesk.base.text.stems import beginnings
from slmdesk.base.text.tagged import Tags
from slmdesk.base.texts import N_, _, in_english
from slmdesk.base.types import Json
from slmdesk.claims.types import Mark
from slmdesk.claims.words import stems as stems_of
from slmdesk.documents.types import Coverage, pages_read_words
from slmdesk.models.abilities import FEWEST_THAT_WORD, Ability, is_smaller, may
from slmdesk.tasks.jobs.runner import AskedQuestion, Batch, Plan, Question, StepValue, Yield, step_key
from slmdesk.tasks.report import Section, Statement
from slmdesk.tasks.shape import Growth, TaskRun, Work
from slmdesk.tasks.summaries import einvoice
from slmdesk.tasks.summaries.checking import checked, unsaid
from slmdesk.tasks.summaries.choosing import Chosen, allowed_words, choose, joint, left_out
from slmdesk.tasks.summaries.lines import Line, count_words, joined, lines_of
from slmdesk.tasks.summaries.linking import Point, SingleText, Source, SummaryTexts, distinct
from slmdesk.tasks.summaries.papers import own_date, sections_of
from slmdesk.tasks.summaries.prompts import (
    FACTS_WORDS,
    Entry,
    Numbered,
    Written,
    entries_of,
    facts_step,
    note_step,
    numbered,
    own_step,
    part_of,
    prompt_version,
    without_numbers,
    written_in,
)
from slmdesk.tasks.summaries.types import (
    ALSO_IN,
    EARLIER,
    KEY_POINTS,
    TO_DO,
    DocumentSummary,
    Kind,
    Sentence,
    Summary,
    SummaryRequest,
    figures_words,
    group_words,
    place_words,
)
from slmdesk.tasks.translation.answers import cleaned
from slmdesk.tasks.translation.checks import flags_of
from slmdesk.tasks.translation.prompts import TranslationStyle, styled, translation_step
from slmdesk.tasks.translation.prompts import prompt_version as translation_version

WRITTEN_COST = 1.5
"""Cost of a written token compared with a token read."""
SECTION_TOKENS = 2000
"""Most tokens of a section of a long document, of which the model notes the facts."""
LINE_COST = 60.0
"""Cost of wording one line, in tokens read."""
FEW_WORDS = 60
"""Of a paper with fewer words than this, the summary only says what the paper is and what must be done."""
NEAR = 1.1
"""If a person asked for a number of words, the summary may differ from it by this factor."""
FOCUSED = 10.0
"""Worth added to a line that contains a word of the focus. This is more than any other line is worth."""
SHARED_TOKENS = 400
"""Approximate number of tokens for the instructions and the chat format."""
STEMMED_AT_ONCE = 50
"""Number of paragraphs whose words are stemmed in one slice."""
TEXTS_AT_ONCE = 400
"""Number of texts whose tokens are counted in one request, or whose links are searched in one slice."""
UNFINISHED = f"{N_('This summary was stopped before its end.')} {N_('These sentences had been written.')}"
NOT_WRITTEN = N_("{model} did not finish its text: these are sentences of the document.")
TOO_MUCH_TO_DO = N_("Not all that has to be done has room in this length: see the passages that are left out.")
TOO_MUCH_IN = N_("{names}: Not all that has to be done has room in this length: see the passages that are left out.")
TOO_WEAK = N_("{model} is too weak to word sentences itself: these are sentences of the text.")
NOTHING_USABLE = N_("The model's answer has nothing that the text says: these are sentences of the text.")


@dataclass(slots=True)
class Selection:
    """What the summary says about one document."""

    text: SingleText
    lines: list[Line]
    words: int
    """Number of words that the summary may have."""
    is_number: bool
    """True when a person asked for this number of words, so that it is a target and not only a maximum."""
    is_small: bool
    """True when only what the paper is and what must be done is said, however few words are allowed."""
    points: list[Point] = field(default_factory=list)
    lead: Sequence[Point] = ()
    """What an e-invoice asks for. It comes first, whoever words the rest."""
    own_words: list[Point] = field(default_factory=list)
    """What the rules chose, if a model wrote the points."""
    chosen: Chosen = field(init=False)

    def __post_init__(self) -> None:
        self.choose()

    @property
    def leaves_out_duties(self) -> bool:
        """Whether the rules alone chose, and not all that has to be done had room."""
        rest = self.chosen.rest if self.chosen.is_over and not self.own_words else ()
        return any(line.is_action for line in rest)

    def choose(self, lengths: Sequence[int] | None = None) -> None:
        chosen = choose(self.lines, 0 if self.is_small else self.words, lengths)
        if self.is_number and sum(count_words(line.text) for line in chosen.every) < self.words / NEAR:
            chosen = choose(self.lines, int(self.words * NEAR), lengths)
        self.chosen = changed(chosen, is_over=chosen.is_over and not self.is_small)


class SummaryPlan(TaskRun[Summary]):
    def __init__(self, work: Work[SummaryRequest]) -> None:
        request, record = work.request, work.model
        self._job, self._request, self._record = work.job, request, record
        self._model_name = record.name if record else ""
        self._tools = work.tools
        self._grew = work.grew
        self._texts = SummaryTexts(work.documents, work.tools.pages)
        is_free = request.kind is not Kind.SECTIONS and not request.own_words
        self._is_writer = is_free and record is not None and may(record, Ability.WRITE)
        self._selections: list[Selection] = []
        self._lines: dict[str, tuple[Selection, Line]] = {}
        """Lines by the key of the step that translates them."""
        self._worded_as: dict[Line, Point] = {}
        self._writing: dict[str, str] = {}
        """Unfinished answers by the key of their step."""
        self._notes: list[str] = []
        self._quoted: tuple[Sentence, ...] = ()
        """What the rules chose, shown until the model has written."""
        self._shown: list[Sentence] = []
        self._began = time.monotonic()

    def run(self) -> Plan:
        """Yield all batches. `result` is set at the end."""
        yield from self._texts.read()
        for text in self._texts.texts:
            self._selections.append((yield from self._selection(text)))
            yield Yield()
        request, record, method = self._request, self._record, "quotations"
        some = [selection for selection in self._selections if selection.lines or self._writes_own(selection)]
        translated = [selection for selection in some if self._is_translated(selection)]
        needs_model = bool(request.instruction or request.kind is Kind.SIMPLE or translated)
        if some and not request.own_words and (record or needs_model):
            if record is None:
                raise KnownError("model.none")
            if self._is_writer:
                method = yield from self._write([task for task in some if needs_model or not task.is_small])
            elif is_smaller(record, FEWEST_THAT_WORD) or not translated:
                self._notes.append(TOO_WEAK.format(model=self._model_name))
            else:
                method = "model"
                yield from self._translate(translated)
        over = [selection for selection in self._selections if selection.leaves_out_duties]
        if names := ", ".join(selection.text.record.name for selection in over):
            self._notes.insert(0, TOO_MUCH_IN.format(names=names) if len(self._selections) > 1 else TOO_MUCH_TO_DO)
        documents = list[DocumentSummary]()
        for selection in self._selections:
            documents.append((yield from self._document(selection)))
        self.result = self._summary(documents, method)

    def _writes_own(self, selection: Selection) -> bool:
        return bool(self._request.instruction and selection.text.pieces)

    def _selection(self, text: SingleText) -> Generator[Yield, None, Selection]:
        pieces = [self._texts.pieces[at] for at in text.pieces]
        request = self._request
        spans = partial(sentence_spans, language=text.language)
        lines = yield from lines_of(self._texts.pieces, text.pieces, spans, text.language)
        yield Yield()
        focus = beginnings(" ".join(search_words(f"{request.focus} {request.instruction}")))
        if focus:
            lines = [changed(line, worth=line.worth + FOCUSED * bool(focus & beginnings(line.text))) for line in lines]
        total = sum(count_words(piece.text) for piece in pieces)
        is_number = isinstance(request.length, int)
        is_small = total < FEW_WORDS and not (focus or is_number)
        is_small = is_small and any(line.is_action or self._is_said(line) for line in lines)
        is_small = is_small and not any(line.is_earlier for line in lines)
        if total < FEW_WORDS:
            total = max(total, sum(count_words(line.text) for line in lines))  # a row of a table is told with its head
        words = allowed_words(total, request.length, is_written=self._is_writer)
        lead = einvoice.told(text, self._texts.pieces, self._tools.findings(text.record))
        if lead and text.record.format == einvoice.FORMAT:
            lines = []  # of a list of fields nothing else is told
        return Selection(text, lines, words, is_number, is_small, lead=lead)

    def _is_said(self, line: Line) -> bool:
        """Return whether a line says what the paper is. A title alone does not."""
        return line.is_first and not self._texts.pieces[line.piece].is_heading

    def _language(self, selection: Selection) -> str:
        reader = self._request.reader if self._is_writer and selection.text.language else ""
        return self._request.language or reader or selection.text.language

    def _is_translated(self, selection: Selection) -> bool:
        return self._language(selection) != selection.text.language

    def _translate(self, selections: Sequence[Selection]) -> Generator[AskedQuestion, Any, None]:
        """Have the model translate the chosen lines one by one. Drop lines if that has made the summary too long.

        A line whose step fails stays unchanged.
        """
        version = f"{prompt_version()} {translation_version()}"
        steps, lines = dict[str, Mapping[str, Json]](), list[tuple[str, Line]]()
        for selection in selections:
            for line in selection.chosen.every:
                self._worded_as[line] = Point(line.text, (line.piece,), quotation=self._quotation(line))
                style = TranslationStyle(self._language(selection), selection.text.language)
                step = translation_step(line.text, Tags(), styled(style, self._record))
                key = step_key(self._job.model_sha256, version, step)
                steps[key], self._lines[key] = step, (selection, line)
                lines.append((key, line))
        values: list[StepValue] = yield Batch(list(steps.values()), version, LINE_COST, name="lines")
        if not any(values):
            raise self._why_nothing()
        answers = dict(zip(steps, values, strict=True))
        for key, line in lines:  # a sentence of two documents is asked once
            if (value := answers[key]) is not None:
                self._worded_as[line] = self._wording(key, line, value)
        for selection in selections:
            much = selection.words + 1
            known = self._worded_as
            lengths = [count_words(known[line].text) if line in known else much for line in selection.lines]
            selection.choose(lengths)
            selection.points = [
                *selection.lead,
                *(changed(known[line], label=label) for line, label in self._labelled(selection) if line in known),
            ]

    def _wording(self, key: str, line: Line, value: Mapping[str, Json]) -> Point:
        """Return a line in the model's words, or unchanged if the model's words cannot be used."""
        selection, __ = self._lines[key]
        point = self._worded_as[line]
        if _is_cut(value):
            return point
        source, target = selection.text.language, self._language(selection)
        text = cleaned(point.text, str(value.get("text", "")), Tags(), languages=(source, target)).target
        flags = flags_of(point.text, text, source_language=source, target_language=target, tags=Tags())
        if any(flag.kind in ("empty", "chatter") for flag in flags):
            return point
        marks = [Mark(flag.kind, flag.text, 0, len(text), flag.detail) for flag in flags]
        return changed(point, text=text, flags=tuple(marks))

    def _write(self, selections: Sequence[Selection]) -> Generator[AskedQuestion, Any, str]:
        """Have the model tell the documents, and check what it wrote. Return the method of the summary."""
        for selection in self._selections:
            selection.points = self._chosen_points(selection)
        self._show_own_words()
        version = prompt_version()
        steps = list[Mapping[str, Json]]()
        texts = list[Numbered]()
        for selection in selections:
            text, background = yield from self._given(selection)
            steps.append(self._writing_step(selection, text, background))
            texts.append(text)
        cost = sum(selection.words for selection in selections) / max(1, len(steps)) * 2 * WRITTEN_COST
        values: list[StepValue] = (yield Batch(steps, version, cost, name="written")) if steps else []
        if steps and not any(values) and self._request.may_need_model:
            raise self._why_nothing()
        failed = NOT_WRITTEN.format(model=self._model_name)
        written = list[tuple[Selection, Written]]()
        for selection, text, value in zip(selections, texts, values, strict=True):
            if value is None:
                if failed not in self._notes:
                    self._notes.append(failed)
                continue
            answer = str(value.get("text", ""))
            told = written_in(answer, text, self._language(selection), is_cut=_is_cut(value))
            written.append((selection, self._cut(told, selection.words)))
        for selection, text_written in written:
            yield from self._tell(selection, text_written)
        return "model" if any(selection.own_words for selection in selections) else "quotations"

    def _source(self, selection: Selection) -> Source:
        return self._texts.source(self._language(selection))

    def _show_own_words(self) -> None:
        names = {text.record.id: text.record.name for text in self._texts.texts} if len(self._texts.texts) > 1 else {}
        every = [selection.points for selection in self._selections]
        self._quoted = self._texts.sentences(joint(every) if names else every[0], names)
        self._grew(Growth(_sections_of(self._quoted, self._texts.page_kind, "own"), is_whole=True))

    def _writing_step(self, selection: Selection, text: Numbered, background: str) -> dict[str, Json]:
        request, language = self._request, self._language(selection)
        if request.instruction:
            return own_step(text, language, selection.words, request.instruction)
        is_simple = request.kind is Kind.SIMPLE
        return note_step(
            text, language, selection.words, background=background, focus=request.focus, is_simple=is_simple
        )

    def _given(self, selection: Selection) -> Generator[AskedQuestion, Any, tuple[Numbered, str]]:
        """Return what the model reads of a document, and earlier messages if they fit beside it.

        What does not fit the context is read section by section; the model then gets the facts of all sections.
        """
        pieces, here, language = self._texts.pieces, selection.text.pieces, selection.text.language
        spans = partial(sentence_spans, language=language)
        part = list(here) if self._request.instruction else part_of(here, selection.lines)
        space = self._tools.context_tokens - SHARED_TOKENS - 4 * selection.words
        if space <= 0:
            available = self._tools.context_tokens
            raise KnownError("context.too_small", needed=available - space, available=available)
        entries = entries_of(pieces, part, spans)
        text = numbered(entries)
        rest = set(here) - set(part) if self._is_thread(selection) else set[int]()
        earlier = "\n".join(pieces[at].text for at in sorted(rest))
        size, beside = yield from self._sizes([text.text, earlier])
        while size > space:
            entries = yield from self._facts(entries, min(space, SECTION_TOKENS), language)
            text, before = numbered(entries), size
            (size,) = yield from self._sizes([text.text])
            if size > before / 2 and size > space:
                raise KnownError("context.too_small", needed=size, available=space)
        return text, earlier if size + beside <= space else ""

    def _is_thread(self, selection: Selection) -> bool:
        return any(line.is_earlier for line in selection.lines) and not self._request.instruction

    def _facts(self, entries: Sequence[Entry], most: int, language: str) -> Generator[AskedQuestion, Any, list[Entry]]:
        """Return the facts of a long text, section by section. `most`: tokens of a section."""
        sizes = yield from self._sizes([text for text, __ in entries])
        sections = [list[Entry]()]
        filled = 0
        for entry, size in zip(entries, sizes, strict=True):
            is_heading = not entry[1]
            room = most / 2 if is_heading else most  # a heading begins a section, unless the last is small
            if sections[-1] and filled + size > room:
                sections.append([])
                filled = 0
            sections[-1].append(entry)
            filled += size
        texts = [numbered(section) for section in sections]
        version = prompt_version()
        values: list[StepValue] = yield Batch(
            [facts_step(text, language) for text in texts], version, most + FACTS_WORDS * 2 * WRITTEN_COST, name="facts"
        )
        if not any(values):
            raise self._why_nothing()
        facts = list[Entry]()
        for section, text, value in zip(sections, texts, values, strict=True):
            if value is None:
                pieces = [at for __, some in section for at in some]
                self._texts.unread.update(dict.fromkeys(pieces, N_("not answered by the model")))
                continue
            said = written_in(str(value.get("text", "")), text, language, is_cut=_is_cut(value)).said
            facts += [(sentence.text, sentence.places) for sentence in said if sentence.places]
            yield Yield()
        return facts

    def _sizes(self, texts: Sequence[str]) -> Generator[AskedQuestion, Any, list[int]]:
        """Return the number of tokens of each text."""
        sizes = list[int]()
        for begin in range(0, len(texts), TEXTS_AT_ONCE):
            sizes += yield Question(partial(self._tools.count, texts[begin : begin + TEXTS_AT_ONCE]))
        return sizes

    def _tell(self, selection: Selection, written: Written) -> Generator[Yield, None, None]:
        """Take what the model wrote for the summary, with what must be known besides."""
        source = self._source(selection)
        for number, at in enumerate(selection.text.pieces):
            stems_of(source.text_of([at]), source.language)  # kept: a new word takes half a millisecond
            if number % STEMMED_AT_ONCE == 0:
                yield Yield()
        points = list[Point]()
        for label, point in zip(written.labels, checked(written.said, source, selection.text.pieces), strict=True):
            points.append(changed(point, label=self._label(label)))
            yield Yield()
        points = distinct(points)
        if not points:
            if NOTHING_USABLE not in self._notes:
                self._notes.append(NOTHING_USABLE)
            return
        is_own = bool(self._request.instruction)  # the person's request decides what matters
        also = [] if is_own else self._also(selection, unsaid(selection.lines, points, source))
        selection.own_words = selection.points
        selection.points = [*selection.lead, *points, *also]
        rest = () if is_own else left_out(selection.lines, [point.text for point in selection.points])
        selection.chosen = changed(selection.chosen, rest=tuple(rest))

    def _label(self, label: str) -> str:
        return "" if self._request.kind is Kind.PARAGRAPH or self._request.instruction else label

    def _also(self, selection: Selection, lines: Sequence[Line]) -> list[Point]:
        """Return lines to stand below a written summary, in at most half of its words; the rest counts as left out."""
        kept, used = list[Line](), 0
        for line in sorted(lines, key=lambda line: (not line.is_due, -line.worth)):
            words = count_words(line.text)
            if not kept or used + words <= selection.words / 2:
                kept.append(line)
                used += words
        return [
            Point(line.text, line.pieces, label=ALSO_IN, quotation=self._quotation(line))
            for line in sorted(kept, key=lambda line: line.place)
        ]

    def _cut(self, written: Written, words: int) -> Written:
        """Return the sentences that fit. What takes the place of one later may be longer."""
        most = words * NEAR if isinstance(self._request.length, int) else words
        used = list(accumulate(count_words(sentence.text) for sentence in written.said))
        kept = max(1, sum(length <= most for length in used))
        return Written(written.said[:kept], written.labels[:kept])

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
        sections = _sections_of(sentences, self._texts.page_kind, f"grown {len(self._shown)}")
        self._shown += sentences
        total = self._texts.page_count
        read = pages_read_words(total, total, self._texts.page_kind).capitalize()
        writing = without_numbers(next(iter(self._writing.values()), ""))
        self._grew(Growth(sections, lead=f"{read}.", writing=writing))

    @property
    def draft(self) -> Summary | None:
        shown = self._shown or self._quoted
        if not shown:
            return None
        by_document: dict[str, list[Sentence]] = {}
        for sentence in shown:
            by_document.setdefault(sentence.blocks[0].document, []).append(sentence)
        documents = [
            changed(self._texts.one(text, []), sentences=tuple(by_document.get(text.record.id, ())))
            for text in self._texts.texts
        ]
        total = self._texts.page_count
        return Summary(
            kind=self._request.kind.value,
            language=self._request.language or self._texts.language,
            method="model" if self._shown else "quotations",
            sentences=tuple(shown),
            coverage=Coverage(total, total, 0, 0, ()),
            documents=tuple(documents),
            model=self._model_name,
            note=UNFINISHED if self._shown else NOT_WRITTEN.format(model=self._model_name),
            not_read=self._request.not_read,
            is_draft=True,
        )

    def _labelled(self, selection: Selection) -> Iterator[tuple[Line, str]]:
        """Yield the chosen lines with labels: what the paper is, things to do, other points, what earlier mails say."""
        kind, chosen = self._request.kind, selection.chosen
        names = sections_of(self._texts.pieces, selection.text.pieces) if kind is Kind.SECTIONS else {}
        is_prose = kind is Kind.PARAGRAPH
        for line in (*([chosen.first] if chosen.first else []), *chosen.also):
            yield line, ""
        for line in chosen.actions:
            if not line.is_earlier:
                yield line, "" if is_prose else TO_DO
        for line in chosen.points:
            if not line.is_earlier:
                yield line, "" if is_prose else names.get(line.piece, KEY_POINTS)
        for line in (*chosen.actions, *chosen.points):
            if line.is_earlier:
                yield line, EARLIER

    def _quotation(self, line: Line) -> str:
        return self._texts.pieces[line.piece].text[line.start : line.end]

    def _chosen_points(self, selection: Selection) -> list[Point]:
        """Return what the rules chose as points, grouped."""
        return [
            *selection.lead,
            *(
                Point(line.text, line.pieces, label=label, quotation=self._quotation(line))
                for label, labelled in groupby(self._labelled(selection), key=itemgetter(1))
                for line in joined([line for line, __ in labelled])
            ),
        ]

    def _document(self, selection: Selection) -> Generator[Yield, None, DocumentSummary]:
        selection.points = selection.points or self._chosen_points(selection)
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
        text = selection.text
        made = self._texts.one(text, selection.points, self._request.paper.value)
        own = own_date(self._texts.pieces, text.pieces, text.language)[0] or ()
        own_words = self._texts.sentences(selection.own_words)
        return changed(made, omitted=tuple(omitted), own_words=own_words, dated=tuple(part or 0 for part in own))

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
            language=self._language(self._selections[0]) or self._texts.language,
            method=method,
            sentences=sentences,
            coverage=self._texts.coverage(),
            documents=tuple(documents),
            model=self._model_name,
            note=" ".join(filter(None, notes)),
            seconds=round(time.monotonic() - self._began, 1),
            not_read=self._request.not_read,
            words=sum(selection.words for selection in self._selections),
            own_words=self._quoted if names and method == "model" else (),
        )


def _is_cut(value: Mapping[str, Json]) -> bool:
    return value.get("finish_reason") in ("length", "repeat")


def _sections_of(sentences: Sequence[Sentence], page_kind: str, id: str) -> tuple[Section, ...]:
    """Return the newest sentences in their groups. `id`: how the ids of the statements begin."""
    made = list[tuple[str, Statement]]()
    for number, sentence in enumerate(sentences):
        statement = Statement(
            " ".join(sentence.text.split()),
            sentence.blocks,
            place_words(sentence, page_kind).strip("[]"),
            marks=sentence.flags,
            id=f"{id} {number}",
            is_quotation=sentence.quotation,
            is_supported=sentence.supported,
        )
        made.append((group_words(sentence.group), statement))
    groups = groupby(made, key=itemgetter(0))
    return tuple(Section(tuple(statement for __, statement in some), title) for title, some in groups)
