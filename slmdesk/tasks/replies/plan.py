"""The run of a reply: points and fixed parts by rules at once, then the wording of each
point that has a stance. Service thread.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, Passage
from slmdesk.base.text.relevance import FoldedText
from slmdesk.base.text.sentences import sentences
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.claims.evidence import best
from slmdesk.claims.judge import judge
from slmdesk.documents.retrieval import RankedPassages
from slmdesk.documents.types import Span, info_of
from slmdesk.models.abilities import Ability, may
from slmdesk.tasks.jobs.runner import (
    AskedQuestion,
    Batch,
    Plan,
    Question,
    StepValue,
    Yield,
    step_key,
)
from slmdesk.tasks.replies.edits import answered_anew, as_point
from slmdesk.tasks.replies.frame import (
    Head,
    facts_of,
    frame_of,
    head_of,
    references_of,
)
from slmdesk.tasks.replies.points import points_of, sentences_of
from slmdesk.tasks.replies.report import lead_of, letter_sections
from slmdesk.tasks.replies.types import (
    LANGUAGES,
    MOST_PAGES,
    Offer,
    Point,
    Reply,
    ReplyRequest,
    joined,
    with_point,
)
from slmdesk.tasks.replies.wording import (
    filled,
    prompt_version,
    to_word,
    worded_answer,
    wording_step,
)
from slmdesk.tasks.shape import Growth, TaskRun, Work
from slmdesk.tasks.summaries.deadlines import MAILS
from slmdesk.tasks.summaries.linking import SummaryTexts

COST = 200.0
"""Cost of wording a point, in tokens read."""
MOST_OFFERS = 3

Steps = Generator[AskedQuestion, Any, None]


class Replying(TaskRun[Reply]):
    def __init__(self, work: Work[ReplyRequest]) -> None:
        self._work = work
        self._reply: Reply = work.before or Reply()
        self._asked: dict[str, Point] = {}
        """What a model is asked for, by the keys of the steps."""
        self._writing: dict[str, str] = {}

        @lru_cache(maxsize=1)  # many sentences stand on it
        def page_of(document: str, number: int) -> Page:
            return work.tools.pages(document, number, 1)[0]

        self._page_of = page_of

    @property
    def draft(self) -> Reply | None:
        return self._reply if self._reply.papers else None

    def changed(self, stored: Reply | None) -> None:
        self._reply = joined(self._reply, stored)

    def run(self) -> Plan:
        if not self._reply.papers:
            yield from self._read()
        model = self._work.model
        self._reply = changed(self._reply, model="")
        if model is not None:
            is_strong = may(model, Ability.WRITE)
            self._reply = changed(self._reply, model=model.name, is_strong=is_strong)
            yield from self._word(model.sha256)
        self.result = self._reply

    def _read(self) -> Steps:
        """Find the points and the fixed parts by rules."""
        work, request = self._work, self._work.request
        texts = SummaryTexts(work.documents, work.tools.pages)
        yield from texts.read()
        one = texts.texts[0]
        if not one.pieces:
            raise KnownError("reply.nothing", name=one.record.name)
        language = one.language if one.language in LANGUAGES else "en"
        written = request.language or language
        found = sentences_of(texts.pieces, one.pieces, language)
        points = points_of(found)
        for at, point in enumerate(points):
            yield Yield()
            offers = yield from self._offers(point)
            spans = tuple(self._exact(span, point.text) for span in point.spans)
            kind = _page_kind(one.record)
            points[at] = changed(point, spans=spans, page_kind=kind, offers=offers)

        head = self._head(one.record, texts, language)
        today = date.today().isoformat()
        frame = frame_of(head, texts.pieces, one.pieces, language, written, today)
        info = info_of(one.record)
        mails = (*info.references.split(), *info.message_id.split())
        references = references_of(head.above, found, language)
        frame = changed(
            frame,
            your_ref=next(iter(references), ""),
            in_reply_to=info.message_id,
            references=mails,
        )
        reply = Reply(
            tuple(points),
            tuple(facts_of(found, frame, references, language)),
            frame,
            written,
            tuple((document.id, document.name) for document in work.documents),
            tone=request.tone,
        )
        self._reply = _with_stances(reply, request)
        self._show()

    def _head(self, record: DocumentRecord, texts: SummaryTexts, language: str) -> Head:
        here = texts.texts[0].pieces
        written = "\n".join(self._pages())
        above, greeting, below = head_of(texts.pieces, here, language, written)
        is_mail = record.format in MAILS
        author = info_of(record).author if is_mail else ""
        return Head(above, greeting, below, is_mail, author)

    def _exact(self, span: Span, words: str) -> Span:
        """Return where the words stand in a paragraph, or all of it."""
        page = self._page_of(span.document, span.page)
        found = FoldedText(page.text[span.start : span.end]).find(words)
        start, end = found or (0, span.end - span.start)
        return changed(span, start=span.start + start, end=span.start + end)

    def _offers(self, point: Point) -> Generator[AskedQuestion, Any, tuple[Offer, ...]]:
        """Return what our own papers say to a point."""
        papers = {document.id: document for document in self._work.documents[1:]}
        if point.is_other or not papers:
            return ()
        rank = self._work.context.retrieval.rank
        ranked: RankedPassages = yield Question(
            lambda answered: rank(point.text, tuple(papers)).then(answered)
        )
        some = ranked.passages[:MOST_OFFERS]
        return tuple(_offer(point, each, papers[each.document]) for each in some)

    # ---- the wording

    def _word(self, sha256: str) -> Steps:
        version = prompt_version()
        while points := to_word(self._reply):
            reply = self._reply
            steps = dict[str, Mapping[str, Json]]()
            self._asked = {}
            for point in points:
                step = wording_step(point, reply.language, reply.tone)
                key = step_key(sha256, version, step)
                steps[key] = step
                self._asked[key] = point
            self._show()
            values: list[StepValue] = yield Batch(
                list(steps.values()), version, COST, name="wording"
            )
            for key, value in zip(steps, values, strict=True):
                self._receive(key, str((value or {}).get("text", "")))

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        self._receive(key, str(value.get("text", "")))
        self._show()

    def written(self, key: str, words: str) -> None:
        self._writing[key] = self._writing.get(key, "") + words
        self._show()

    def restarted(self) -> None:
        self._writing.clear()

    def _receive(self, key: str, answer: str) -> None:
        asked = self._asked.pop(key, None)
        self._writing.pop(key, None)
        if asked is None:
            return
        sources = self._sources(asked)
        text = worded_answer(answer, asked, self._reply.language)
        point = changed(asked, is_asked=True)
        if text:
            marks = judge(
                text, [asked.text, asked.said, *sources], self._reply.language
            )
            point = changed(point, answer=text, marks=marks)
        self._reply = joined(with_point(self._reply, point), self._reply)

    def _sources(self, point: Point) -> Sequence[str]:
        return [*self._pages(), *(each.text for each in point.offers)]

    def _pages(self) -> list[str]:
        """Return what the pages of the letter say."""
        pages = self._work.tools.pages(self._work.documents[0].id, 1, MOST_PAGES)
        return [page.text for page in pages]

    def _show(self) -> None:
        writing = {
            point.id: filled(self._writing.get(key, ""), point)
            for key, point in self._asked.items()
        }
        sections = letter_sections(self._reply, writing)
        self._work.grew(Growth(sections, lead=lead_of(self._reply)))


def _with_stances(reply: Reply, request: ReplyRequest) -> Reply:
    """Return a reply with the stances that are known from the start."""
    stances, said = dict(request.stances), dict(request.said)
    numbered = dict(enumerate((*reply.shown, *reply.others), 1))
    for number in {**stances, **said}:
        if number not in numbered:
            what = _("there is no point {number}").format(number=number)
            raise KnownError("request.invalid", what=what)
        point = changed(
            as_point(numbered[number]),
            stance=stances.get(number, ""),
            said=said.get(number, ""),
        )
        reply = with_point(reply, point)
    return answered_anew(reply)


def _offer(point: Point, passage: Passage, paper: DocumentRecord) -> Offer:
    """Return the sentence of a passage that says most to a point."""
    parts = sentences(passage.text) or [passage.text]
    chosen = best(point.text, parts, most=1).passages
    text = parts[next(iter(chosen), 0)]
    start = passage.start + max(0, passage.text.find(text))
    span = Span(paper.id, passage.page, start, start + len(text))
    return Offer(" ".join(text.split()), span, paper.name, _page_kind(paper))


def _page_kind(paper: DocumentRecord) -> str:
    return info_of(paper).page_kind.value
