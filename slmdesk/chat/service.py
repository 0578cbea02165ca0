"""The chat service: sends messages, has them answered, continues answers and writes them again. Service thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import changed
from slmdesk.base.records import Item, Message, ModelRecord, Status
from slmdesk.base.runtime.events import (
    ItemChanged,
    MessageAdded,
    MessageChanged,
    MessageEnded,
    Noticed,
    Pending,
)
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.runtime.service import Later, Runtime, Service
from slmdesk.base.texts import _
from slmdesk.base.types import (
    MOST_PICTURES,
    AttachmentPart,
    AttachMode,
    ChatMessage,
    Json,
    Lazy,
    Origin,
    Role,
    Sampling,
    TextPart,
)
from slmdesk.chat.answers import LEAST_CHARACTERS, AnswerRequest, Answers, ModelChoice
from slmdesk.chat.conversation import (
    NEW_CHAT,
    ContextWindow,
    Conversation,
    EphemeralStore,
    InspectedPrompt,
    SentMessage,
    StoredChat,
    Stores,
    active_path,
    brings_text,
    can_continue,
    chat_in,
    is_private,
    leaf_of,
    siblings_on,
    title_from,
    window_of,
    window_then,
    window_with,
)
from slmdesk.chat.presets import PresetService, preset_of, with_preset
from slmdesk.chat.prompt import PROMPT_VERSION, PromptBuilder, undecided
from slmdesk.chat.types import (
    KIND,
    MOST_ATTACHED,
    AttachRequest,
    ChatOptions,
    Rewrite,
    SendRequest,
    asked_with,
    check_options,
    kept_of,
    options_from,
)
from slmdesk.documents.saved_states import StateService
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService

if TYPE_CHECKING:
    from slmdesk.chat.attachments import MeasuredAttachment
    from slmdesk.chat.context import ContextMeter
    from slmdesk.chat.edits import Edits, PrivateChats, WindowService
    from slmdesk.chat.pictures import Pictures
    from slmdesk.chat.spaces import ChatPlaces, SpaceService
    from slmdesk.children.client import ChildClient
    from slmdesk.documents.retrieval import Retrieval


AS_SET = Sampling()
"""The sampling of an answer for which nothing is set beside the options of its chat."""


class ChatService(Service):
    answers: Answers
    presets: PresetService
    _runtime: Runtime
    _prompt: PromptBuilder
    _saved_states: StateService
    _choice: ModelChoice
    _stores: Stores
    _meter: Lazy[ChatService, ContextMeter] = Lazy(
        "chat.context:ContextMeter", lambda s, new: new(s._runtime, s._prompt.prompts, s._prompt.sources)
    )
    window: Lazy[ChatService, WindowService] = Lazy(
        "chat.edits:WindowService",
        lambda s, new: new(s._runtime, s._stores, s._choice, s._prompt.writer, s.answers),
    )
    """Service for the part of a chat that the model sees."""
    edits: Lazy[ChatService, Edits] = Lazy(
        "chat.edits:Edits",
        lambda s, new: new(s._runtime, s._stores, s._prompt.quotes, s._saved_states),
    )
    """Service that changes and deletes messages."""
    private: Lazy[ChatService, PrivateChats] = Lazy(
        "chat.edits:PrivateChats",
        lambda s, new: new(s._runtime, s._stores.unsaved, s.answers, s.drop),
    )
    """Service for private chats, which exist only in memory."""
    spaces: Lazy[ChatService, SpaceService] = Lazy(
        "chat.spaces:SpaceService", lambda s, new: new(s._runtime, s.presets)
    )
    places: Lazy[ChatService, ChatPlaces] = Lazy("chat.spaces:ChatPlaces", lambda s, new: new(s._runtime))
    """Service for the order of chats in their list."""

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        retrieval: Callable[[], Retrieval],
        states: StateService,
        reader: Callable[[], ChildClient],
        forget_preset: Callable[[str], None],
    ) -> None:
        super().__init__(runtime)
        self._runtime, self._models, self._saved_states = runtime, models, states
        self._choice = ModelChoice(runtime.store, models, loader)
        self._stores = Stores(runtime.store, EphemeralStore())
        self.answers = Answers(runtime, loader, self._stores)
        self._prompt = PromptBuilder(runtime, self._stores, models, loader, retrieval, states, reader)
        self.presets = PresetService(runtime, forget_preset)
        self._states = ChatStates(runtime, models, states)
        self.shown: dict[str, set[str]] = {}
        """Chats opened in this instance, with the ids of the messages that a frontend knows."""

    @property
    def pictures(self) -> Pictures:
        """Return the service that makes pictures to attach."""
        return self._prompt.pictures

    # ---- answers

    def new_chat(self, title: str = NEW_CHAT) -> Item:
        item = self._store.items.add(KIND, title)
        self._publish(ItemChanged(item))
        return item

    def send(self, request: SendRequest, *, explicit_model: bool = False) -> SentMessage:
        """Save a question and an empty message for its answer, then have the answer written.

        A later failure ends the answer as `failed` and keeps its text. `explicit_model`: a person chose this model for
        this very answer, so a model that crashed too often is tried once more. Raises KnownError `model.none`,
        `model.unknown`, `item.unknown`, `request.invalid` (no text), and `store.…` when nothing could be saved.
        """
        if not request.text.strip():
            raise KnownError("request.invalid", what=_("no text"))
        if len(request.attach) > MOST_ATTACHED:
            raise KnownError(
                "request.invalid",
                what=_("at most {most_attached} documents can be attached at once").format(most_attached=MOST_ATTACHED),
            )
        chat: StoredChat | None = None
        path: Sequence[Message] = ()
        replaced: Sequence[AttachmentPart] = ()
        if request.chat is not None:
            chat = self._chat_to_answer(request.chat)
            path = chat.path
            if path and self.answers.is_writing(path[-1].id):
                raise KnownError("request.invalid", what=_("the last answer is still being written"))
            if request.instead_of:
                *path, question = chat.path_to(request.instead_of)
                if question.role is not Role.USER:
                    raise KnownError("request.invalid", what=_("not a question"))
                replaced = question.attachments
        elif request.space:
            request = self._in_space(request)
        attached = undecided(self._store, request.attach, replaced)
        options = self._options_for(request, chat)  # everything is checked before anything is saved
        has_text = brings_text(request.text, has_attachments=bool(request.attach))
        asked = self._choice.request(options, request.model, request.sampling, has_text=has_text)
        self._check_pictures(request.attach, asked.record)
        chat = self._renewed(chat, options, request.text) if chat else self._begun(request, options)
        self._link(chat.item, request)
        if chat.item.archived:  # a chat in use leaves the archive
            self.places.change([chat.item.id], archived=False)
        user = chat.store.messages.add(
            chat.item.id,
            parent=path[-1].id if path else None,
            role=Role.USER,
            parts=(TextPart(request.text, Origin.PERSON), *attached),
            status=Status.COMPLETE,
        )
        self._say_added(user)
        if request.anyway:
            self._models.force_load(asked.record)
        answer = self._add_answer(chat, user, asked)
        if request.instead_of:
            chat.store.items.change_settings(chat.item.id, leaf=answer.id)
        item = chat.store.items.get(chat.item.id)
        if chat.store is self._store:
            self._publish(ItemChanged(item))
        if replaced_signs := self._store.take_replaced():
            self._publish(Noticed(problem_for(KnownError("text.replaced", count=replaced_signs))))
        self._start(answer, asked, chat, (*path, user), explicit=explicit_model)
        return SentMessage(item, user, answer)

    def stop(self, message: str) -> None:
        """Stop an answer and store it as `cancelled`, with its text so far."""
        self.answers.stop(message)

    def try_again(
        self,
        message: str,
        *,
        model: str | None = None,
        sampling: Sampling = AS_SET,
        rewrite: Rewrite | None = None,
    ) -> Message:
        """Write a new version of an answer with the chat's current options, and show it in place of the old version.

        `model`: use this model for this answer only. `rewrite`: rephrase the old answer in this way. Raises KnownError
        like `send`.
        """
        chat, (*before, old) = self._ended_answer(message)
        question = before[-1] if before else None
        brings = question is not None and brings_text(question.words, has_attachments=bool(question.attachments))
        brings = brings or rewrite is not None
        request = self._choice.request(chat.options, model, sampling, has_text=brings)
        answer = self._add_answer(chat, question, request, kept_of(rewrite, old) if rewrite else {})
        self._publish(ItemChanged(chat.store.items.change_settings(chat.item.id, leaf=answer.id)))
        path = asked_with(before, answer, [old])
        self._start(answer, request, chat, path, goes_on=len(path) > len(before))
        return answer

    def continue_answer(self, message: str) -> Message:
        """Continue an answer that was cut.  Raises KnownError `request.invalid` for any other message."""
        chat, (*before, old) = self._ended_answer(message)
        if not can_continue(old):
            raise KnownError("request.invalid", what=_("this answer is complete"))
        request = self._choice.request_as(old)
        growing = chat.store.messages.reopen(message)
        self._publish(MessageChanged(growing))
        self._start(growing, request, chat, asked_with(before, old, chat.messages), goes_on=True)
        return growing

    def show_version(self, message: str) -> Conversation:
        """Show this version of an answer and return the chat.  Raises KnownError `item.unknown`."""
        message_store = self._stores.of(message)
        item = message_store.items.change_settings(message_store.messages.get(message).item, leaf=message)
        self._publish(ItemChanged(item))
        return self.open(item.id)

    def keep_examples(self, answer: str) -> Pending[None]:
        """Keep what was read of the examples before an answer at once, and not when its chat has rested: for a command,
        which ends before. Raises KnownError `item.unknown`.
        """
        chat = self.answers.chat_of(answer)
        record = self._models.by_sha256(self._stores.of(answer).messages.get(answer).model_sha256)
        with suppress(KnownError):  # the preset is gone or shipped
            if record and chat.store is self._store and not (chat.options.lora or self._store.read_only):
                self._states.keep_beginning(record, chat.options)
        return self._saved_states.when_quiet()

    # ---- looking

    def item(self, chat: str) -> Item:
        """Return the item of a chat or of any other kind. Raises KnownError `item.unknown`."""
        return self._stores.of(chat).items.get(chat)

    def sees(self, chat: str) -> bool:
        """Return whether the model that answers in a chat ("": a new one) sees pictures. Raises KnownError model.*"""
        options = self.answers.chat(chat).options if chat else self.presets.for_new_chats()
        return self._models.sees(self._choice.record_for(options))

    def open(self, chat: str) -> Conversation:
        """Return the active path of a chat, including text that was not saved yet. Raises KnownError `item.unknown`."""
        opened = self.answers.chat(chat)
        self.shown[opened.item.id] = {message.id for message in opened.messages}
        path = opened.path
        quotes = self._prompt.quotes.of(opened.item.id)
        return Conversation(opened.item, path, siblings_on(path, opened.messages), quotes)

    def open_end(self, chat: str, most: int) -> Conversation:
        """Return only the last `most` messages of a long chat's active path, which is much faster. Other chats are
        returned like by `open`. Raises KnownError `item.unknown`.
        """
        item = self._stores.of(chat).items.get(chat)
        if is_private(chat) or window_of(item) != ContextWindow():
            return self.open(chat)
        places = self._store.messages.tree_of_item(item.id)
        path = active_path(places, leaf_of(item))
        if len(path) <= most:
            return self.open(chat)
        self.shown[item.id] = {place.id for place in places}
        older, end = [place.id for place in path[:-most]], [place.id for place in path[-most:]]
        messages, quotes = tuple(self.some(end)), self._prompt.quotes.of(item.id)
        return Conversation(item, messages, siblings_on(path, places), quotes, tuple(older))

    def some(self, ids: Sequence[str]) -> list[Message]:
        """Return these saved messages in the given order, without those that were deleted."""
        return [self.answers.as_it_is(message) for message in self._store.messages.some(ids)]

    def messages(self, chat: str) -> list[Message]:
        """Return all messages of a chat's tree, oldest first.  Raises KnownError `item.unknown`."""
        return list(self.answers.chat(chat).messages)

    def seen_by_model(self, message: str) -> Pending[InspectedPrompt]:
        """Return the exact prompt of an answer, or for a person's message the prompt up to it. Loads the model if
        needed.

        Raises KnownError `item.unknown`, `model.…`.
        """
        chat = self.answers.chat_of(message)
        path, window, thinking = chat.path_to(message), chat.window, ""
        last = path[-1]
        if last.role is Role.ASSISTANT:
            path = asked_with(path[:-1], last, chat.messages)
            window = window_then(chat.item, last)
            thinking = options_from(last.sampling).thinking
        turns, ids = window.turns(path)
        record = self._models.by_sha256(last.model_sha256) or self._models.choose(None)
        shown = self._prompt.prompts.show(record, turns, ids, thinking or chat.options.sampling.thinking)
        return shown.map(lambda seen: changed(seen, left_out=len(window.left_out(path))))

    def expect_question(self, chat: str) -> None:
        """Load the model of a chat and let it read the chat, because a person has begun to type the next question.

        Raises KnownError `item.unknown`, `model.…`, `adapter.…`.
        """
        opened = self.answers.chat(chat)
        path = opened.path
        if path and self.answers.is_writing(path[-1].id):
            return
        request = self._choice.request(opened.options, None, Sampling())
        turns, _ids = opened.window.turns(path)
        state = self._prompt.known_state(request, turns)
        self.answers.read_ahead.begin(changed(request, turns=tuple(turns), state=state))

    def measure(
        self,
        chat: str | None,
        draft: str,
        attach: Sequence[AttachRequest] = (),
        new_options: ChatOptions | None = None,
    ) -> None:
        """Count the tokens that this chat takes together with `draft` and `attach`. ContextMeasured is published.

        `new_options` are those of a new chat. Only the newest request counts. When the model is not loaded, the count
        is an estimate. Raises KnownError `model.none`, `model.several`.
        """
        from slmdesk.chat.context import ContextRequest

        opened = self.answers.chat(chat) if chat else None
        options = opened.options if opened else new_options or ChatOptions()
        window = opened.window if opened else window_with(options)
        path = opened.path if opened else ()
        record = self._choice.record_for(options)
        self._meter.measure(ContextRequest(chat, record, window, path, draft, tuple(attach), options))

    def measure_attachment(self, request: AttachRequest) -> Pending[MeasuredAttachment]:
        """Measure an attachment, with its text in the form for the model."""
        return self._prompt.sources.measure(request)

    # ---- keeping

    def rename(self, chat: str, title: str) -> Item:
        """Change the title of a chat. The title is reduced to one non-empty line. Raises KnownError `item.unknown`."""
        name = title_from(title)
        item = self._stores.of(chat).items.rename(chat, name)
        self._publish(ItemChanged(item))
        return item

    def options(self, chat: str) -> ChatOptions:
        """Return the options of a chat.  Raises KnownError `item.unknown`."""
        return options_from(self._stores.of(chat).items.get(chat).settings)

    def change_options(self, chat: str, options: ChatOptions) -> Item:
        """Set all options of a chat for later answers. Raises KnownError `item.unknown`, `request.invalid`."""
        check_options(options)
        item = self._stores.of(chat).items.change_settings(chat, **options.settings)
        self._publish(ItemChanged(item))
        return item

    def keep_draft(self, chat: str, draft: str, attachments: Sequence[Json] = ()) -> None:
        """Store the unsent text and attachments in the item's settings `draft` and `draft_attachments`.

        An empty draft without attachments removes these settings. Raises KnownError `item.unknown`.
        """
        kept = list(attachments) or None
        self._stores.of(chat).items.change_settings(chat, draft=draft or None, draft_attachments=kept)

    def trash_all(self, chats: Sequence[str]) -> list[Item]:
        """Move chats to the trash, either all or none, and stop answers that are being written in them.

        Raises KnownError `item.unknown`, store.*.
        """
        for chat in chats:
            for message in self._store.messages.of_item(chat):
                self.stop(message.id)
        with self._store.together():
            items = [self._store.items.trash(chat) for chat in chats]
        for item in items:
            self._publish(ItemChanged(item))
        return items

    def restore_all(self, chats: Sequence[str]) -> list[Item]:
        """Restore chats from the trash, either all or none. Raises KnownError `item.unknown`, store.*."""
        with self._store.together():
            items = [self._store.items.restore(chat) for chat in chats]
        for item in items:
            self._publish(ItemChanged(item))
        return items

    def drop(self, chat: str) -> None:
        self.shown.pop(chat, None)
        self.edits.drop(chat)

    def close(self) -> None:
        self._states.close()
        self.answers.close()

    # ---- inside

    def _options_for(self, request: SendRequest, chat: StoredChat | None) -> ChatOptions:
        """Return the options of a chat from this question on."""
        old = chat.options if chat else request.options or self.presets.for_new_chats()
        changes = dict(request.changes)
        preset = stored_from(str, changes.pop("preset", None))
        if preset is not None:
            old = with_preset(old, self.presets.get(preset) if preset else None)
        return self._choice.options_for(old, changes)

    def _check_pictures(self, attach: Sequence[AttachRequest], record: ModelRecord) -> None:
        shown = sum(each.mode is AttachMode.PICTURE for each in attach)
        if shown > MOST_PICTURES:
            what = _("at most {most} pictures can be shown at once").format(most=MOST_PICTURES)
            raise KnownError("request.invalid", what=what)
        if shown and not self._models.sees(record):
            raise KnownError("model.blind", name=record.name)

    def _in_space(self, request: SendRequest) -> SendRequest:
        space = self.spaces.get(request.space)
        for attachment in space.attachments:
            if attachment.document:
                self._store.documents.get(attachment.document)
        options = request.options or self.spaces.options(space)
        return changed(request, space=space.id, options=options, attach=(*space.attachments, *request.attach))

    def _chat_to_answer(self, id: str) -> StoredChat:
        chat = self.answers.chat(id)
        if chat.item.kind != KIND:
            raise KnownError(
                "request.invalid", what=_("this is a {kind}, which cannot be talked with").format(kind=chat.item.kind)
            )
        return chat

    def _renewed(self, chat: StoredChat, options: ChatOptions, text: str) -> StoredChat:
        if options == chat.options and not (chat.item.title == NEW_CHAT and not chat.messages):
            return chat
        if options != chat.options:
            chat.store.items.change_settings(chat.item.id, **options.settings)
        if chat.item.title == NEW_CHAT and not chat.messages:
            self.rename(chat.item.id, text)
        return self.answers.chat(chat.item.id)

    def _begun(self, request: SendRequest, options: ChatOptions) -> StoredChat:
        store = self._store if request.save else self._stores.unsaved
        item = store.items.add(KIND, title_from(request.text), settings=options.settings_of_new)
        if request.save:
            if request.space:
                item = self._store.items.place(item.id, space=request.space)
            self._publish(ItemChanged(item))
        return self.answers.chat(item.id)

    def _add_answer(
        self,
        chat: StoredChat,
        parent: Message | None,
        request: AnswerRequest,
        more: Mapping[str, Json] = MappingProxyType({}),
    ) -> Message:
        if request.lora:
            self._store.models.change(request.lora.id, last_used=time.time())
        answer = chat.store.messages.add(
            chat.item.id,
            parent=parent.id if parent else None,
            role=Role.ASSISTANT,
            parts=(),
            status=Status.STREAMING,
            model_sha256=request.record.sha256,
            model_name=request.record.name,
            sampling={**request.sampling_kept, **more},
            seed=request.sampling.seed,
            prompt_version=PROMPT_VERSION,
            preset=self.presets.name_of(chat.options.preset) or None,
        )
        self._say_added(answer)
        return answer

    def _start(
        self,
        answer: Message,
        request: AnswerRequest,
        chat: StoredChat,
        path: Sequence[Message],
        *,
        explicit: bool = True,
        goes_on: bool = False,
    ) -> None:
        prepared = self._prompt.build_prompt(request, answer, chat, path, explicit=explicit, goes_on=goes_on)
        self.answers.start(answer, request, prepared, explicit=explicit)

    def _say_added(self, message: Message) -> None:
        self.shown.setdefault(message.item, set()).add(message.id)
        self._publish(MessageAdded(message))

    def _ended_answer(self, message: str) -> tuple[StoredChat, tuple[Message, ...]]:
        """Return the chat of an answer that has ended, and the path to this answer."""
        chat = self.answers.chat_of(message)
        path = chat.path_to(message)
        if path[-1].role is not Role.ASSISTANT or path[-1].status is Status.STREAMING:
            raise KnownError("request.invalid", what=_("not an answer that has ended"))
        return chat, path

    def _link(self, item: Item, request: SendRequest) -> None:
        documents = [self._store.documents.get(each.document).id for each in request.attach if each.document]
        if documents and not is_private(item.id):
            known = [document.id for document in self._store.documents.of_item(item.id)]
            self._store.documents.link(item.id, list(dict.fromkeys([*known, *documents])))


REST_S = 20.0
"""Seconds after its last answer until the state of a chat is saved."""
LEAST_TOKENS = 200
"""Fewest tokens of a conversation whose state is saved. Shorter ones are read again in a moment."""


class ChatStates(Service):
    """Keeps on the disk what a model has read of a chat, so that it can go on another day without being read again.

    The state is saved once the chat has rested, so that it never delays an answer, and is deleted with the chat
    (library.saved_states). Chats that are not kept have no state.
    """

    def __init__(self, runtime: Runtime, models: ModelService, states: StateService) -> None:
        super().__init__(runtime)
        self._models, self._states = models, states
        self._resting: dict[str, Later] = {}
        runtime.events.on(MessageEnded, self._on_message_ended)

    def known(self, record: ModelRecord, turns: list[ChatMessage]) -> dict[str, Json] | None:
        return self._states.known(record, turns, PROMPT_VERSION) if turns else None

    def close(self) -> None:
        for later in self._resting.values():
            later.cancel()
        self._resting.clear()

    def _on_message_ended(self, event: MessageEnded) -> None:
        message = event.message
        if is_private(message.item) or self._store.read_only:
            return
        if earlier := self._resting.pop(message.item, None):
            earlier.cancel()
        if message.status is Status.COMPLETE and (message.tokens_in or 0) + (message.tokens_out or 0) >= LEAST_TOKENS:
            self._resting[message.item] = self._service_thread.call_later(REST_S, lambda: self._rested(message))

    def _rested(self, message: Message) -> None:
        self._resting.pop(message.item, None)
        with suppress(KnownError):  # the chat was deleted meanwhile, or its model is gone
            chat = chat_in(self._store, message.item)
            item, path, record = chat.item, chat.path, self._models.by_sha256(message.model_sha256)
            is_last = bool(path) and path[-1].id == message.id
            if item.kind == KIND and item.deleted_at is None and is_last and record and not chat.options.lora:
                turns, _ids = chat.window.turns(path)
                self._states.keep(record, turns, PROMPT_VERSION, [item.id], replaces=True)
                self.keep_beginning(record, chat.options)

    def keep_beginning(self, record: ModelRecord, options: ChatOptions) -> None:
        """Keep what was read of a preset's examples, with which other chats begin, for as long as the preset stays."""
        turns, _ids = window_with(options).turns(())
        is_long = sum(len(turn.text) for turn in turns) >= LEAST_CHARACTERS
        if not (options.examples and options.preset and is_long) or self.known(record, turns):
            return
        preset = preset_of(self._store.presets.get(options.preset)).options  # a shipped one has few examples
        if (preset.system, preset.examples) == (options.system, options.examples):
            self._states.keep(record, turns, PROMPT_VERSION, [options.preset])
