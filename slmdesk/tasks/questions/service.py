"""The question service, which answers questions about documents with verified citations. Service thread.

The model reads the whole text if that takes little time, otherwise the best passages first (see `plan`). A question is
an item of kind `question` with messages like those of a chat, so history, search, trash and export treat it like a
chat. The verified answer is stored as the result of the item.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import (
    AnswerEnding,
    CollectionRecord,
    DocumentRecord,
    DocumentStatus,
    Item,
    Message,
    ModelRecord,
    Status,
)
from slmdesk.base.runtime.events import ItemChanged, MessageAdded, MessageEnded, Noticed, Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import Runtime, Service, in_slices
from slmdesk.base.texts import _
from slmdesk.base.types import Answer, Json, Origin, Role, TextPart
from slmdesk.chat.answers import AnswerRequest, Answers, Watcher
from slmdesk.chat.conversation import SentMessage, active_path, leaf_of, title_from
from slmdesk.documents.retrieval import Retrieval
from slmdesk.documents.saved_states import WORTH_S, StateService
from slmdesk.models.abilities import Ability, may
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.tasks.questions.plan import (
    READ_PER_S,
    SAMPLING,
    WHOLE_S,
    AnswerContext,
    Asked,
    Asking,
    ContextBuilder,
    ReadingRequest,
    Reply,
    Step,
    plan,
)
from slmdesk.tasks.questions.prompt import PROMPT_VERSION, Answered, text_turns_of
from slmdesk.tasks.questions.suggested import suggested
from slmdesk.tasks.questions.types import AskRequest, Conversation, QuestionAnswered, QuestionPlanned, collection_of
from slmdesk.tasks.service import ReportMade

log = logging.getLogger(__name__)

KIND = "question"
MOST_DOCUMENTS = 50
MOST_BEFORE = 2
LEAST_MEASURED = 200
"""Smallest number of newly read tokens from which a model's reading speed is measured."""


class QuestionService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        answers: Answers,
        retrieval: Retrieval,
        states: StateService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader = models, loader
        self._answers, self._retrieval, self._states = answers, retrieval, states
        self._asking: dict[str, Asking] = {}
        self._unsaved: dict[str, dict[str, Answered]] = {}  # by item and message; saved with the item's next answer
        self.ahead_s: dict[str, float] = {}  # seconds that reading ahead took, by document
        self._read_per_s: dict[str, float] = {}  # tokens read per second, by model

    def ask(self, request: AskRequest) -> SentMessage:
        """Save a question and an empty message for its answer, then start answering.

        The same events as for a chat's answer are published, and also QuestionPlanned before the first word and
        QuestionAnswered at the end. If there is no model or only a weak one, the best passages are the answer, which is
        said in its text. Raises KnownError `request.invalid` (no words, no documents), `document.unknown`,
        `document.stopped` (not read), `collection.unknown`, `collection.empty` (nothing was read of it yet),
        `model.unknown`, `store.…`.
        """
        if not request.question.strip():
            raise KnownError("request.invalid", what=_("no text"))
        request, path = self._following(request)
        documents = self._folder_of(request.collection) if request.collection else self._documents(request.documents)
        record = self._model(request.model)
        item = self._item_of(request, documents)
        user = self._store.messages.add(
            item.id,
            parent=path[-1].id if path else None,
            role=Role.USER,
            parts=(TextPart(request.question, Origin.PERSON),),
            status=Status.COMPLETE,
        )
        self._publish(MessageAdded(user))
        answer = self._begin(item, user, record, documents, path, explicit=request.model is not None)
        return SentMessage(self._store.items.get(item.id), user, answer)

    def _following(self, request: AskRequest) -> tuple[AskRequest, tuple[Message, ...]]:
        """Return a request with what its item is about, where it names nothing itself, and the messages before it."""
        if not request.item:
            return request, ()
        item = self._store.items.get(request.item)
        if item.kind != KIND:
            what = _("this is a {kind}, which no documents can be asked in").format(kind=item.kind)
            raise KnownError("request.invalid", what=what)
        path = active_path(self._store.messages.of_item(item.id), leaf_of(item))
        if path and (self._answers.is_writing(path[-1].id) or path[-1].id in self._asking):
            raise KnownError("request.invalid", what=_("the last answer is still being written"))
        request = changed(request, item=item.id)
        if not (request.collection or request.documents):
            documents = tuple(document.id for document in self._store.documents.of_item(item.id))
            request = changed(request, collection=collection_of(item), documents=documents)
        return request, path

    def _item_of(self, request: AskRequest, documents: Sequence[DocumentRecord]) -> Item:
        """Return the item of a question, which is about what is asked now."""
        items, folder = self._store.items, request.collection
        id = request.item or items.add(KIND, title_from(request.question)).id
        item = items.change_settings(id, collection=self._store.collections.get(folder).id if folder else None)
        if not folder:  # the documents of a folder are linked as they are cited
            self._store.documents.link(item.id, [document.id for document in documents])
        self._publish(ItemChanged(item))
        return item

    def expect_question(self, document: str, *, loads: bool = False) -> None:
        """Let the idle model read a document ahead that fits its context, because a person who opened it will probably
        ask.

        `loads`: also load a model that was unloaded. Raises KnownError `document.…`, `model.…`.
        """
        documents = self._documents([document])
        record = self._models.choose(None)
        if not may(record, Ability.ANSWER):
            return
        loaded = self._loader.loaded()
        if loaded and loaded[0].id == record.id:
            request = ReadingRequest("", (), documents, record, explicit=False)
            self._context_for(request).then(partial(self._read_ahead, record, document))
        elif loads:
            self._answers.read_ahead.load(record)

    def suggested(self, document: str) -> tuple[str, ...]:
        """Return up to three questions that the first pages of a document invite."""
        pages = self._store.pages.of_document(document, begin=1, limit=20, with_text=True)
        return suggested("\n".join(page.text for page in pages))

    def stop(self, message: str) -> None:
        """Stop an answer and keep its text so far. Does nothing when no answer is being written."""
        asking = self._asking.get(message)
        if asking is None or asking.is_written:
            self._answers.stop(message)
            return
        asking.let_go()
        self._end(asking, AnswerEnding(Status.CANCELLED))

    def about(self, item: str) -> tuple[CollectionRecord | None, list[DocumentRecord]]:
        """Return what a follow-up question without documents is about: either a folder or a list of documents.

        Raises KnownError `item.unknown`, `collection.unknown`.
        """
        record = self._store.items.get(item)
        collection = collection_of(record)
        folder = self._store.collections.get(collection) if collection else None
        return folder, [] if folder else self._store.documents.of_item(record.id)

    def begin(self, request: AskRequest) -> Item:
        """Ask, and return the item of the question."""
        return self.ask(request).item

    def again(self, item: str, model: str | None) -> None:
        """Ask the last question of an item again. Raises what `ask` raises, and `item.unknown`."""
        path = active_path(self._store.messages.of_item(item), leaf_of(self._store.items.get(item)))
        asked = [message.words for message in path if message.role is Role.USER]
        self.ask(AskRequest(asked[-1], item=item, model=model))

    def stop_item(self, item: str) -> None:
        """Stop the newest answer of an item."""
        if leaf := leaf_of(self._store.items.get(item)):
            self.stop(leaf)

    def result(self, item: str) -> Conversation:
        """Return the questions and answers of an item, with those that could not be saved. Raises `item.unknown`."""
        kept = Conversation.of((self._store.results.get(item) or {}).get("answers"))
        messages = tuple(map(self._answers.as_it_is, self._store.messages.of_item(item)))
        return Conversation({**kept.answers, **self._unsaved.get(item, {})}, messages)

    def close(self) -> None:
        """Store unanswered questions as `interrupted` when the app ends."""
        for asking in tuple(self._asking.values()):
            if not asking.is_written:
                asking.let_go()
                with suppress(KnownError):  # if this fails, the next instance does it
                    self._store.messages.end(asking.answer.id, "", AnswerEnding(Status.INTERRUPTED))
        self._asking.clear()

    def _folder_of(self, collection: str) -> tuple[DocumentRecord, ...]:
        folder = self._store.collections.get(collection)
        asked = tuple(self._store.collections.asked_documents(folder.id))
        if not asked:
            raise KnownError("collection.empty", name=folder.name)
        return asked

    def _documents(self, requested: Sequence[str]) -> tuple[DocumentRecord, ...]:
        documents = [self._store.documents.get(id) for id in dict.fromkeys(requested)]
        if not documents:
            raise KnownError("request.invalid", what=_("no document to ask"))
        if len(documents) > MOST_DOCUMENTS:
            raise KnownError(
                "request.invalid",
                what=_("at most {most_documents} documents can be asked at once").format(most_documents=MOST_DOCUMENTS),
            )
        for document in documents:
            if document.status is not DocumentStatus.READ:
                raise KnownError("document.stopped", path=document.name)
        return tuple(documents)

    def _model(self, requested: str | None) -> ModelRecord | None:
        try:
            return self._models.choose(requested)
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
        writer: dict[str, Any] = {"model_sha256": record.sha256, "model_name": record.name} if record else {}
        sampling = {key: value for key, value in to_json(SAMPLING).items() if value not in (None, [], False)}
        answer = self._store.messages.add(
            item.id,
            parent=user.id,
            role=Role.ASSISTANT,
            parts=(),
            status=Status.STREAMING,
            sampling=sampling,
            prompt_version=PROMPT_VERSION,
            **writer,
        )
        self._publish(MessageAdded(answer))
        self._publish(ItemChanged(self._store.items.change_settings(item.id, leaf=answer.id)))
        before = self._before(item.id, path)
        asking = Asking(item.id, user.words, answer, record, documents, before, explicit)
        self._asking[answer.id] = asking
        self._service_thread.post(lambda: self._choose(asking))
        return answer

    def _before(self, item: str, path: Sequence[Message]) -> tuple[tuple[str, str], ...]:
        answered = self.result(item).answers
        pairs: list[tuple[str, str]] = []
        for asked, reported in pairwise(path):
            if asked.role is Role.USER and reported.id in answered and not answered[reported.id].is_quoted:
                pairs.append((asked.words, answered[reported.id].answer))
        return tuple(pairs[-MOST_BEFORE:])

    def _context_for(self, request: ReadingRequest) -> Pending[AnswerContext | None]:
        builder = ContextBuilder(self._store, self._loader, self._retrieval)
        return in_slices(self._service_thread, builder.build_context(request))

    def _read_ahead(self, record: ModelRecord, document: str, reading: AnswerContext | Problem | None) -> None:
        """Have a text read that is read whole. A failure to read ahead only costs time."""
        if isinstance(reading, AnswerContext) and reading.is_whole:
            turns = text_turns_of(reading.sources, names=False)
            request = AnswerRequest(
                record, tuple(turns), SAMPLING, state=self._states.known(record, turns, PROMPT_VERSION)
            )
            self._answers.read_ahead.begin(request, partial(self.ahead_s.__setitem__, document))

    def _choose(self, asking: Asking) -> None:
        if self._asking.get(asking.answer.id) is not asking:  # it was stopped
            return
        able = asking.record if asking.record and may(asking.record, Ability.ANSWER) else None
        whole_tokens = WHOLE_S * (self._read_per_s.get(able.id, READ_PER_S) if able else READ_PER_S)
        request = ReadingRequest(asking.question, asking.before, asking.documents, able, asking.explicit, whole_tokens)
        asking.choice = self._context_for(request)
        asking.choice.then(partial(self._chosen, asking))

    def _chosen(self, asking: Asking, reading: AnswerContext | Problem | None) -> None:
        asking.choice = None
        if isinstance(reading, Problem):
            self._fail(asking, reading)
        elif reading is None:  # loading the model was cancelled
            self._end(asking, AnswerEnding(Status.CANCELLED))
        elif reading.sources:
            self._read(asking, reading)
        else:
            self._quote(asking, reading)

    def _read(self, asking: Asking, reading: AnswerContext) -> None:
        if reading.wider and self._is_read(asking, reading.wider):
            reading = reading.wider  # nothing is cheaper, and it holds everything
        asked = Asked(asking.question, asking.before, names=len(asking.documents) > 1)
        asking.plan = plan(asked, reading, lambda context, text: asking.evidence(context, self._store).part(text))
        try:
            request = self._request(asking, next(asking.plan))
        except KnownError as err:
            self._fail(asking, problem_for(err))
            return
        asking.is_written = True
        self._answers.start(asking.answer, request, explicit=asking.explicit)

    def _request(self, asking: Asking, step: Step) -> AnswerRequest:
        assert asking.record is not None
        if step.reading is not asking.reading:
            reading = asking.reading = step.reading
            about = reading.is_whole, len(reading.sources), reading.tokens, reading.context_size
            self._publish(QuestionPlanned(asking.item, asking.answer.id, *about))
        return AnswerRequest(
            asking.record,
            step.turns,
            step.sampling,
            watcher=Watcher(
                lambda message: self._written(asking, message),
                lambda text: self._kept_words(asking, text),
                lambda answer, scores: self._next(asking, step, answer, scores),
            ),
            state=self._known_state(asking, step.reading),
            choices=step.choices,
        )

    def _is_read(self, asking: Asking, reading: AnswerContext) -> bool:
        is_ahead = reading.is_whole and self._answers.read_ahead.holds(asking.text_of(reading))
        return is_ahead or self._known_state(asking, reading) is not None

    def _known_state(self, asking: Asking, reading: AnswerContext) -> dict[str, Json] | None:
        if asking.record is None or not reading.is_whole:
            return None
        return self._states.known(asking.record, asking.text_of(reading), PROMPT_VERSION)

    def _next(self, asking: Asking, step: Step, answer: Answer, scores: Sequence[float]) -> AnswerRequest | None:
        assert asking.record is not None
        new = answer.usage.prompt_tokens - answer.usage.cached_tokens
        if new >= LEAST_MEASURED:
            self._read_per_s[asking.record.id] = new / max(answer.timing.first_token_s, 1e-3)
        if step.reading.is_whole:
            asking.read_s = max(asking.read_s, answer.timing.first_token_s)  # a second step finds the text already read
        assert asking.plan is not None
        try:
            return self._request(asking, asking.plan.send(Reply(answer.text, tuple(scores))))
        except StopIteration as end:
            asking.answered = end.value
        except KnownError:  # pages unreadable now: the words stay unverified
            log.info("an answer could not be verified")
        return None

    def _keep_state(self, asking: Asking) -> None:
        """Save the model's state for documents that were read whole and took long, so they need not be read again."""
        ids = [document.id for document in asking.documents]
        read_s = asking.read_s + (self.ahead_s.pop(ids[0], 0.0) if len(ids) == 1 else 0.0)
        if asking.record and asking.reading.is_whole and read_s > WORTH_S:
            self._states.keep(asking.record, asking.text_of(asking.reading), PROMPT_VERSION, ids)

    def _kept_words(self, asking: Asking, text: str) -> str:
        if asking.answered is None:
            return text
        return asking.evidence(asking.reading, self._store).words(asking.answered)

    def _quote(self, asking: Asking, reading: AnswerContext) -> None:
        asking.reading = reading
        evidence = asking.evidence(reading, self._store)
        asking.answered = evidence.quoted()
        ending = AnswerEnding(Status.COMPLETE, finish_reason="stop")
        try:
            message = self._store.messages.end(asking.answer.id, evidence.words(asking.answered), ending)
        except KnownError as err:
            self._fail(asking, problem_for(err))
            return
        self._publish(MessageEnded(message))
        self._written(asking, message)

    def _written(self, asking: Asking, message: Message) -> None:
        self._asking.pop(asking.answer.id, None)
        if asking.answered is not None and message.status is Status.COMPLETE:
            self._keep_state(asking)
            self._keep(asking, message.id, asking.answered)
            self._publish(QuestionAnswered(asking.item, message.id, asking.answered))
        self._publish(ReportMade(asking.item))

    def _keep(self, asking: Asking, message: str, answered: Answered) -> None:
        """Store an answer, and those that could not be stored before."""
        unsaved = {**self._unsaved.pop(asking.item, {}), message: answered}
        try:
            kept = self._store.results.get(asking.item) or {}
            shapes = {id: to_json(answered) for id, answered in unsaved.items()}
            answers = {**(stored_from(dict, kept.get("answers")) or {}), **shapes}
            self._store.results.save(asking.item, {**kept, "answers": answers})
            self._link_cited(asking, answered)
        except KnownError as err:
            if err.code.startswith(("store.", "disk.")):  # not where the item or a document was deleted meanwhile
                self._unsaved[asking.item] = unsaved
                self._publish(Noticed(problem_for(KnownError("question.unsaved"))))

    def _link_cited(self, asking: Asking, answered: Answered) -> None:
        if not collection_of(self._store.items.get(asking.item)):
            return
        before = [document.id for document in self._store.documents.of_item(asking.item)]
        cited = [citation.document for citation in (*answered.citations, *answered.nearest)]
        self._store.documents.link(asking.item, list(dict.fromkeys([*before, *cited])))

    def _fail(self, asking: Asking, problem: Problem) -> None:
        ending = AnswerEnding(Status.FAILED, error_code=problem.code, error_args=dict(problem.args))
        self._end(asking, ending, problem)

    def _end(self, asking: Asking, ending: AnswerEnding, problem: Problem | None = None) -> None:
        self._asking.pop(asking.answer.id, None)
        message = changed(asking.answer, status=ending.status, owner=None, error_code=ending.error_code)
        with suppress(KnownError):  # the next instance changes `streaming` to `interrupted`
            message = self._store.messages.end(asking.answer.id, "", ending)
        self._publish(MessageEnded(message, problem))
        self._publish(ReportMade(asking.item))
