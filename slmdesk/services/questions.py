"""Questions to documents: answered from the whole text where it fits, else from the best passages, with citations
that were verified.  Everything on the desk thread.

A question is an item of kind `question` whose messages are as a chat's, so that history, search, trash and export know
it; what was verified is its result in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise

from slmdesk.core.errors import KnownError
from slmdesk.core.records import DocumentRecord, DocumentStatus, Ending, Item, Message, ModelRecord, Status
from slmdesk.core.types import Answer, Json, Origin, Role, Sampling, TextPart
from slmdesk.core.wire import dataclass_from, to_json
from slmdesk.services.answers import Answers
from slmdesk.services.conversation import Sent, active_path, title_from, words_of
from slmdesk.services.desk import Desk
from slmdesk.services.exam_items import Skill
from slmdesk.services.exams import result_of
from slmdesk.services.facts import (
    Fact,
    ItemChanged,
    MessageAdded,
    MessageEnded,
    Problem,
    QuestionAnswered,
    QuestionPlanned,
)
from slmdesk.services.loading import EngineRoom
from slmdesk.services.models import ModelService
from slmdesk.services.question_prompt import (
    NOT_FOUND,
    PROMPT_VERSION,
    Answered,
    Citation,
    borne_by,
    grammar_of,
    nearest_of,
    said_in,
    share_of,
    turns_of,
    verified,
)
from slmdesk.services.question_reading import ANSWER_TOKENS, Reading, ReadingChoice, ReadingWish
from slmdesk.services.retrieval import Ranked, Retrieval
from slmdesk.services.sentences import problem_for
from slmdesk.store import Store

KIND = "question"
MOST_DOCUMENTS = 50
FEWEST_PARAMETERS = 300_000_000
"""A model without an exam and with fewer is taken for too weak to quote."""
NEAREST = 3
MOST_BEFORE = 2
"""Earlier questions with their answers that a follow-up is given with."""
LEAST_SHARE = 0.5
"""Of the words looked for that a passage must have to be shown as an answer where no model wrote one."""


@dataclass(frozen=True, slots=True)
class AskWish:
    """A question."""

    question: str
    documents: tuple[str, ...] = ()
    """Ids of documents that were read; for a follow-up: none means those of its item."""
    item: str | None = None
    """The question it follows; None: a new one."""
    model: str | None = None
    """Id of a model; None: the one last used."""


@dataclass(slots=True, eq=False)
class _Asking:
    """A question on its way to an answer."""

    item: str
    question: str
    answer: Message
    record: ModelRecord | None
    documents: tuple[DocumentRecord, ...]
    before: tuple[tuple[str, str], ...]
    explicit: bool
    choice: ReadingChoice | None = None
    is_written: bool = False
    """The model has it; from now on `Answers` looks after it."""
    reading: Reading = field(default_factory=lambda: Reading(Ranked((), ())))
    answered: Answered | None = None


class QuestionService:
    """Asks documents."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        models: ModelService,
        room: EngineRoom,
        answers: Answers,
        retrieval: Retrieval,
        tell: Callable[[Fact], None],
    ) -> None:
        self._desk, self._store, self._models, self._room = desk, store, models, room
        self._answers, self._retrieval, self._tell = answers, retrieval, tell
        self._asking: dict[str, _Asking] = {}

    # ---- wishes

    def ask(self, wish: AskWish) -> Sent:
        """Keep a question and the row of its answer, then have it answered.

        Told as a chat's answer is, with QuestionPlanned before its first word and QuestionAnswered at its end.  Where
        no model is, or it is too weak, the passages that fit best are the answer, and it says so.
        Raises KnownError `request.invalid` (no words, no documents), `document.unknown`, `document.stopped` (not read),
        `model.unknown`, `store.…`.
        """
        if not wish.question.strip():
            raise KnownError("request.invalid", what="no text")
        item = self._store.item(wish.item) if wish.item else None
        if item is not None and item.kind != KIND:
            raise KnownError("request.invalid", what=f"this is a {item.kind}, which no documents can be asked in")
        documents = self._documents(wish.documents, item)
        record = self._model(wish.model)
        path: tuple[Message, ...] = ()
        if item is None:
            item = self._store.add_item(KIND, title_from(wish.question))
        else:
            path = active_path(self._store.messages(item.id), _leaf(item))
            if path and (self._answers.is_writing(path[-1].id) or path[-1].id in self._asking):
                raise KnownError("request.invalid", what="the last answer is still being written")
        self._store.link_documents(item.id, [one.id for one in documents])
        self._tell(ItemChanged(item))
        user = self._store.add_message(
            item.id,
            parent=path[-1].id if path else None,
            role=Role.USER,
            parts=(TextPart(wish.question, Origin.PERSON),),
            status=Status.COMPLETE,
        )
        self._tell(MessageAdded(user))
        answer = self._begin(item, user, record, documents, path, explicit=wish.model is not None)
        return Sent(self._store.item(item.id), user, answer)

    def again(self, message: str, *, model: str | None = None) -> Message:
        """A new version of an answer beside the old one, shown instead of it.  Raises KnownError as `ask` does."""
        old = self._store.message(message)
        item = self._store.item(old.item)
        path = active_path(self._store.messages(item.id), message)
        at = next((place for place, one in enumerate(path) if one.id == message), 0)
        if item.kind != KIND or old.role is not Role.ASSISTANT or not at or self.is_busy(message):
            raise KnownError("request.invalid", what="not an answer that has ended")
        documents = self._documents((), item)
        return self._begin(item, path[at - 1], self._model(model), documents, path[: at - 1], explicit=True)

    def stop(self, message: str) -> None:
        """Stop an answer; its words stay.  No error when nothing is written."""
        asking = self._asking.get(message)
        if asking is None or asking.is_written:
            self._answers.stop(message)
            return
        self._let_go(asking)
        self._end(asking, Ending(Status.CANCELLED))

    def is_busy(self, message: str) -> bool:
        """Whether this answer is under way here."""
        return message in self._asking or self._answers.is_writing(message)

    # ---- looking

    def documents_of(self, item: str) -> list[DocumentRecord]:
        """What was asked."""
        return self._store.documents_of_item(item)

    def answered(self, item: str) -> dict[str, Answered]:
        """What was verified of the answers of an item, by the ids of its messages."""
        kept = (self._store.result(item) or {}).get("answers")
        found: dict[str, Answered] = {}
        for id, shape in kept.items() if isinstance(kept, Mapping) else ():
            with suppress(KnownError):  # of a newer program: its words are in the message
                found[id] = dataclass_from(Answered, shape)
        return found

    def close(self) -> None:
        """The desk ends: what was not begun yet is `interrupted`, as what is being written."""
        for asking in tuple(self._asking.values()):
            if not asking.is_written:
                self._let_go(asking)
                with suppress(KnownError):  # then the next desk does it
                    self._store.end_message(asking.answer.id, "", Ending(Status.INTERRUPTED))
        self._asking.clear()

    # ---- beginning

    def _documents(self, wanted: Sequence[str], item: Item | None) -> tuple[DocumentRecord, ...]:
        found = [self._store.document(one) for one in dict.fromkeys(wanted)]
        if not found and item is not None:
            found = self._store.documents_of_item(item.id)
        if not found:
            raise KnownError("request.invalid", what="no document to ask")
        if len(found) > MOST_DOCUMENTS:
            raise KnownError("request.invalid", what=f"at most {MOST_DOCUMENTS} documents can be asked at once")
        for one in found:
            if one.status is not DocumentStatus.READ:
                raise KnownError("document.stopped", path=one.name)
        return tuple(found)

    def _model(self, wanted: str | None) -> ModelRecord | None:
        try:
            return self._models.choose(wanted)
        except KnownError as err:
            if err.code == "model.none":
                return None
            raise

    def _begin(
        self,
        item: Item,
        user: Message,
        record: ModelRecord | None,
        documents: tuple[DocumentRecord, ...],
        path: Sequence[Message],
        *,
        explicit: bool,
    ) -> Message:
        sampling = {key: value for key, value in to_json(_SAMPLING).items() if value not in (None, [], False)}
        answer = self._store.add_message(
            item.id,
            parent=user.id,
            role=Role.ASSISTANT,
            parts=(),
            status=Status.STREAMING,
            model_sha256=record.sha256 if record else None,
            model_name=record.name if record else None,
            sampling=sampling,
            prompt_version=PROMPT_VERSION,
        )
        self._tell(MessageAdded(answer))
        self._tell(ItemChanged(self._store.change_item_settings(item.id, leaf=answer.id)))
        before = self._before(item.id, path)
        asking = _Asking(item.id, words_of(user), answer, record, documents, before, explicit)
        self._asking[answer.id] = asking
        self._desk.post(lambda: self._choose(asking))
        return answer

    def _before(self, item: str, path: Sequence[Message]) -> tuple[tuple[str, str], ...]:
        answered = self.answered(item)
        pairs: list[tuple[str, str]] = []
        for asked, told in pairwise(path):
            if asked.role is Role.USER and told.id in answered and not answered[told.id].is_quoted:
                pairs.append((words_of(asked), answered[told.id].answer))
        return tuple(pairs[-MOST_BEFORE:])

    # ---- what is read for it

    def _choose(self, asking: _Asking) -> None:
        if not self._is_open(asking):
            return

        def failed(problem: Problem | None) -> None:
            self._end(asking, _failing(problem) if problem else Ending(Status.CANCELLED), problem)

        able = asking.record if asking.record and not is_weak(asking.record) else None
        wish = ReadingWish(asking.question, asking.before, asking.documents, able, asking.explicit)
        asking.choice = ReadingChoice(
            self._desk,
            self._store,
            self._room,
            self._retrieval,
            wish,
            lambda found: self._chosen(asking, found),
            failed,
        )
        asking.choice.begin()

    def _chosen(self, asking: _Asking, reading: Reading) -> None:
        asking.choice, asking.reading = None, reading
        if not reading.sources:
            self._quote(asking)
            return
        planned = QuestionPlanned(
            asking.item, asking.answer.id, reading.is_whole, len(reading.sources), reading.tokens, reading.context_size
        )
        self._tell(planned)
        self._write(asking)

    # ---- the answer

    def _write(self, asking: _Asking) -> None:
        assert asking.record is not None
        turns = turns_of(asking.reading.sources, asking.question, asking.before, names=len(asking.documents) > 1)
        sampling = replace(_SAMPLING, grammar=grammar_of(len(asking.reading.sources)))
        asking.is_written = True
        self._answers.start(
            asking.answer,
            self._store,
            asking.record,
            turns,
            sampling,
            explicit=asking.explicit,
            watcher=_Watcher(lambda message: self._written(asking, message)),
            polish=lambda text: self._kept_words(asking, text),
        )

    def _kept_words(self, asking: _Asking, text: str) -> str:
        try:
            return self._polished(asking, text)
        except KnownError:  # the pages cannot be read now: nothing was verified, and the words stay as they came
            return text

    def _polished(self, asking: _Asking, text: str) -> str:
        """What is kept of an answer's words: the answer, and the quotations that stand where they should."""
        quotes, answer, is_found = said_in(text)
        citations = verified(quotes, asking.reading.sources, self._page_text) if is_found else []
        nearest = () if citations else tuple(self._nearest(asking))
        asking.answered = Answered(
            answer=answer if is_found else NOT_FOUND,
            found=is_found,
            citations=tuple(borne_by(citations, answer)),
            dropped=len(quotes) - len(citations) if is_found else 0,
            nearest=nearest,
            is_whole=asking.reading.is_whole,
        )
        return self._words(asking, asking.answered)

    def _quote(self, asking: _Asking) -> None:
        """No model, or a weak one: the passages themselves are the answer."""
        nearest = tuple(one for one in self._nearest(asking) if one.quote)
        shares = [share_of(asking.reading.ranked.words, one.quote) for one in nearest]
        least = max([LEAST_SHARE, *(NEAR_BEST * share for share in shares)])
        fitting = tuple(one for one, share in zip(nearest, shares, strict=True) if share >= least)
        answer = (QUOTED if asking.record else WITHOUT_MODEL) if fitting else NOT_FOUND
        asking.answered = Answered(answer, bool(fitting), fitting, 0, () if fitting else nearest, False, True)
        text = self._words(asking, asking.answered)
        ending = Ending(Status.COMPLETE, finish_reason="stop")
        try:
            message = self._store.end_message(asking.answer.id, text, ending)
        except KnownError as err:
            self._fail(asking, err)
            return
        self._tell(MessageEnded(message))
        self._written(asking, message)

    def _nearest(self, asking: _Asking) -> list[Citation]:
        return nearest_of(asking.reading.ranked.words, asking.reading.ranked.passages, self._page_text, NEAREST)

    def _written(self, asking: _Asking, message: Message) -> None:
        """The row has ended: keep what was verified beside it."""
        self._asking.pop(asking.answer.id, None)
        if asking.answered is None or message.status is not Status.COMPLETE:
            return
        with suppress(KnownError):  # deleted meanwhile, or a full disk: the words are in the row
            kept = self._store.result(asking.item) or {}
            old = kept.get("answers")
            answers: dict[str, Json] = {
                **(old if isinstance(old, Mapping) else {}),
                message.id: to_json(asking.answered),
            }
            self._store.save_result(asking.item, {**kept, "answers": answers})
        self._tell(QuestionAnswered(asking.item, message.id, asking.answered))

    def _words(self, asking: _Asking, answered: Answered) -> str:
        """The answer with its citations as people read it in a history or an export."""
        names = {one.id: one.name for one in asking.documents}
        if answered.found:
            lines = [answered.answer] if answered.citations else [answered.answer, UNPROVEN]
        else:
            lines = [f"{NOT_FOUND} {NEAREST_WORDS}" if answered.nearest else NOT_FOUND]
        for one in answered.citations or answered.nearest:
            quote = " ".join(one.quote.split())
            lines.append(f"> \u201c{quote}\u201d \u2014 {names.get(one.document, '')}, page {one.page}")
        return "\n\n".join(lines)

    def _page_text(self, document: str, page: int) -> str:
        pages = self._store.pages(document, begin=page, limit=1)
        return pages[0].text if pages and pages[0].number == page else ""

    # ---- ends

    def _is_open(self, asking: _Asking) -> bool:
        return self._asking.get(asking.answer.id) is asking and not asking.is_written

    def _let_go(self, asking: _Asking) -> None:
        if asking.choice:
            asking.choice.cancel()

    def _fail(self, asking: _Asking, error: KnownError) -> None:
        problem = problem_for(error)
        self._end(asking, _failing(problem), problem)

    def _end(self, asking: _Asking, ending: Ending, problem: Problem | None = None) -> None:
        self._asking.pop(asking.answer.id, None)
        message = replace(asking.answer, status=ending.status, owner=None, error_code=ending.error_code)
        with suppress(KnownError):  # the row stays `streaming`, and the next desk makes it `interrupted`
            message = self._store.end_message(asking.answer.id, "", ending)
        self._tell(MessageEnded(message, problem))


NEAR_BEST = 0.7
"""And of what the best of them has."""
QUOTED = "These passages fit the question best. The model is too weak to answer from a text, so nothing was added."
WITHOUT_MODEL = "These passages fit the question best. There is no model here that could answer from them."
UNPROVEN = "No passage could be shown for this answer; check it before you rely on it. The nearest ones:"
NEAREST_WORDS = "The nearest passages:"
_SAMPLING = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=ANSWER_TOKENS)


class _Watcher:
    """Hears the end of an answer; see `answers.Watcher`."""

    def __init__(self, ended: Callable[[Message], None]) -> None:
        self._ended = ended

    def began(self) -> None:
        """Nothing to note."""

    def ending(self, answer: Answer | None) -> None:
        """Nothing to note."""

    def ended(self, message: Message) -> None:
        """Its row has ended, and that was told."""
        self._ended(message)


def is_weak(record: ModelRecord) -> bool:
    """Whether a model cannot be trusted to keep to the form of an answer with quotations, by its exam or its size."""
    result = result_of(record)
    if result is not None and (skill := result.of(Skill.FORMAT)):
        return skill.level == "weak"
    parameters = record.header.get("parameters")
    return isinstance(parameters, int) and 0 < parameters < FEWEST_PARAMETERS


def _failing(problem: Problem) -> Ending:
    return Ending(Status.FAILED, error_code=problem.code, error_args=dict(problem.args))


def _leaf(item: Item) -> str | None:
    leaf = item.settings.get("leaf")
    return leaf if isinstance(leaf, str) else None
