"""Compares models: several models answer the same prompt in turn under equal conditions. Service thread.

A comparison is an item of kind `comparison`. Its prompt is a message with the answers as children, so that history,
search, trash and export treat it like a chat. Measurements are in its settings.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_dict, stored_from, stored_list
from slmdesk.base.record import Number, Record, to_json
from slmdesk.base.records import AnswerEnding, Item, Message, ModelRecord, Status
from slmdesk.base.texts import _
from slmdesk.base.types import Answer, Json, Origin, Role, Sampling, TextPart
from slmdesk.chat.answers import AnswerRequest, Answers, Watcher
from slmdesk.chat.conversation import title_from, turns_for_engine, words_of
from slmdesk.jobs.service import JobService
from slmdesk.loader.energy import EnergySource, Meter, energy_words
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.running import PreviousModel, mark, return_to
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import ItemChanged, MessageAdded, MessageEnded
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.runtime.service import Later, Runtime, Service

KIND = "comparison"
PROMPT_VERSION = "compare-1"
LOOK_S = 0.25
SEEDS = 1 << 31

SETTINGS = Sampling(
    temperature=0.4, top_k=40, top_p=0.9, min_p=0.05, repeat_penalty=1.1, penalty_last_n=256,
    frequency_penalty=0.0, presence_penalty=0.0,
)  # fmt: skip
"""Sampling settings for all models, whatever a model's file recommends."""


@dataclass(slots=True, eq=False)
class _Run:
    item: str
    user: Message
    waiting: list[tuple[Message, ModelRecord]]
    before: PreviousModel
    current: str = ""
    stopped: bool = False
    later: Later | None = None
    measured: dict[str, Json] = field(default_factory=dict)


class ModelComparisonService(Service):
    def __init__(
        self, runtime: Runtime, models: ModelService, loader: ModelLoader, jobs: JobService, answers: Answers
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._jobs, self._answers = models, loader, jobs, answers
        self._run: _Run | None = None

    # ---- wishes

    def begin(self, request: CompareRequest) -> Comparison:
        """Store the prompt and empty answers, and have the models write their answers in turn.

        Each model is loaded anew and answers alone: jobs wait, and answers in progress elsewhere are finished first. A
        failure does not stop the other answers. Raises KnownError `request.invalid`, `model.…`, `store.…`,
        `feature.hidden`.
        """
        self._models.require("models.compare")
        records = self._checked(request)
        self._jobs.hold()
        try:
            item = self._add(request, records)
        except BaseException:
            self._run = None
            self._jobs.let_go()
            raise
        self._when_free()
        return self.open(item)

    def stop(self) -> None:
        run = self._run
        if run is None or run.stopped:
            return
        run.stopped = True
        if run.current:
            self._answers.stop(run.current)
        else:
            self._advance(run)

    def open(self, id: str) -> Comparison:
        """Return a comparison, including text that is not stored yet. Raises KnownError `item.unknown`."""
        item = self._store.items.get(id)
        if item.kind != KIND:
            raise KnownError("item.unknown", id=id[:80])
        messages = [self._answers.as_it_is(message) for message in self._store.messages.of_item(item.id)]
        prompt = next((words_of(message) for message in messages if message.role is Role.USER), "")
        figures = figures_of(item)
        answers = tuple(
            ComparedAnswer(message, figures.get(message.id)) for message in messages if message.role is Role.ASSISTANT
        )
        seed = stored_from(int, item.settings.get("seed"))
        return Comparison(item, prompt, answers, vote_of(item), seed)

    def items(self, *, before: tuple[float, int] | None = None, limit: int = 50) -> list[Item]:
        """Return a page of comparisons, newest first. `before` is (updated, n) of the last comparison seen."""
        return self._store.items.page(KIND, before=before, limit=limit)

    def close(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        if run.later:
            run.later.cancel()
        for message, _record in run.waiting:
            with suppress(KnownError):  # then the next instance does it
                self._store.messages.end(message.id, "", AnswerEnding(Status.INTERRUPTED))

    # ---- beginning

    def _checked(self, request: CompareRequest) -> list[ModelRecord]:
        if not request.prompt.strip():
            raise KnownError("request.invalid", what=_("no text"))
        if self._jobs.is_held:
            raise KnownError("measuring.twice")
        if not LEAST <= len(request.models) <= MOST:
            what = _("two to four models can be compared, not {count}").format(count=len(request.models))
            raise KnownError("request.invalid", what=what)
        records = [self._models.choose(model) for model in request.models]
        for record in records:
            if not record.can_chat:
                raise KnownError("model.wrong_kind", kind=record.kind)
        if len({record.id for record in records}) < len(records):
            raise KnownError("request.invalid", what=_("each model can be named once"))
        return records

    def _add(self, request: CompareRequest, records: Sequence[ModelRecord]) -> str:
        seed = secrets.randbelow(SEEDS) if request.seed is None else request.seed
        names = [record.name for record in records]
        settings: dict[str, Json] = {"models": names, "seed": seed, "max_tokens": request.max_tokens}
        item = self._store.items.add(KIND, title_from(request.prompt), settings=settings)
        self._publish(ItemChanged(item))
        parts = (TextPart(request.prompt, Origin.PERSON),)
        user = self._store.messages.add(item.id, parent=None, role=Role.USER, parts=parts, status=Status.COMPLETE)
        self._publish(MessageAdded(user))
        sampling = {key: value for key, value in to_json(SETTINGS).items() if value not in (None, [], False)}
        sampling["max_tokens"] = request.max_tokens
        waiting = []
        for record in records:
            answer = self._store.messages.add(
                item.id, parent=user.id, role=Role.ASSISTANT, status=Status.STREAMING, model_sha256=record.sha256,
                model_name=record.name, sampling=sampling, seed=seed, prompt_version=PROMPT_VERSION,
            )  # fmt: skip
            self._publish(MessageAdded(answer))
            waiting.append((answer, record))
        self._run = _Run(item.id, user, waiting, mark(self._models, self._loader))
        return item.id

    def _when_free(self) -> None:
        """Wait until other answers are finished, then load the first model anew, as the other models will be."""
        run = self._run
        if run is None:
            return
        run.later = None
        if self._loader.is_busy and not run.stopped:
            run.later = self._service_thread.call_later(LOOK_S, self._when_free)
            return
        self._loader.unload()
        self._advance(run)

    # ---- in turn

    def _advance(self, run: _Run) -> None:
        if self._run is not run:
            return
        while run.stopped and run.waiting:
            message, _record = run.waiting.pop(0)
            with suppress(KnownError):  # deleted meanwhile or a disk error; nothing is lost
                self._publish(MessageEnded(self._store.messages.end(message.id, "", AnswerEnding(Status.CANCELLED))))
        if not run.waiting:
            self._finish(run)
            return
        message, record = run.waiting.pop(0)
        run.current = message.id
        turns, _ids = turns_for_engine("", (run.user,))
        requested = max(1, int(str(message.sampling.get("max_tokens") or ANSWER_TOKENS)))
        sampling = Sampling(seed=message.seed, max_tokens=requested).over(SETTINGS)
        watcher = _Watcher(self._loader, lambda ended, figures: self._on_ended(run, ended, figures))
        request = AnswerRequest(record, tuple(turns), sampling, watcher=watcher)
        self._answers.start(message, request, explicit=True)

    def _finish(self, run: _Run) -> None:
        if run.later:
            run.later.cancel()
        self._run = None
        self._jobs.let_go()
        return_to(run.before, self._models, self._loader, self._store)
        with suppress(KnownError):
            self._publish(ItemChanged(self._store.items.get(run.item)))

    def _on_ended(self, run: _Run, message: Message, figures: AnswerMeasurements | None) -> None:
        if self._run is not run:
            return
        run.current = ""
        if figures is not None:
            run.measured[message.id] = to_json(figures)
            with suppress(KnownError):  # full disk: saving the text is tried again
                self._publish(ItemChanged(self._store.items.change_settings(run.item, measured=dict(run.measured))))
        if message.status is Status.CANCELLED:
            run.stopped = True
        self._service_thread.post(lambda: self._advance(run))


class _Watcher(Watcher):
    def __init__(self, loader: ModelLoader, reported: Callable[[Message, AnswerMeasurements | None], None]) -> None:
        super().__init__()
        self._loader, self._reported = loader, reported
        self._meter: Meter | None = None
        self._began = 0.0
        self._figures: AnswerMeasurements | None = None

    def began(self) -> None:
        self._meter, self._began = Meter(self._loader.client.pid), time.monotonic()

    def ending(self, answer: Answer | None) -> None:
        spent = self._meter.spent() if self._meter else None
        if answer is not None:
            self._figures = AnswerMeasurements(
                first_token_s=round(answer.timing.first_token_s, 3),
                total_s=round(time.monotonic() - self._began, 3),
                tokens_per_s=round(answer.timing.tokens_per_s, 2),
                output_tokens=answer.usage.output_tokens,
                memory_bytes=self._loader.memory_bytes(),
                energy_j=spent.joules if spent else None,
                energy_source=spent.source.value if spent else "",
            )

    def ended(self, message: Message) -> None:
        self._reported(message, self._figures)


# ---- a comparison of models


LEAST, MOST = 2, 4
ANSWER_TOKENS = 512


class CompareRequest(Record):
    prompt: str
    models: tuple[str, ...]
    """Ids, unique prefixes or names of two to four models."""
    seed: int | None = None
    """Random seed for all models. None means that one is drawn."""
    max_tokens: int = ANSWER_TOKENS


class AnswerMeasurements(Record):
    first_token_s: Number
    total_s: Number
    """Seconds from the request to the last word, without loading the model."""
    tokens_per_s: Number
    output_tokens: int
    memory_bytes: int
    energy_j: Number | None = None
    energy_source: str = ""

    def lines(self) -> list[tuple[str, str]]:
        energy = _("not measured")
        if self.energy_j is not None and self.energy_source in tuple(EnergySource):
            energy = energy_words(self.energy_j, EnergySource(self.energy_source))
        whole = _("{seconds}, {output_tokens:,} tokens")
        return [
            (_("First word after"), _seconds(self.first_token_s)),
            (_("Whole answer"), whole.format(seconds=_seconds(self.total_s), output_tokens=self.output_tokens)),
            (_("Speed"), _("{tokens_per_s:.1f} tokens/s").format(tokens_per_s=self.tokens_per_s)),
            (_("Memory"), bytes_for_people(self.memory_bytes)),
            (_("Energy"), energy),
        ]


class Vote(Record):
    """Vote for an answer, from program versions that had voting. It is still shown and exported."""

    best: str | None
    """Id of the best answer. None means that no answer was good."""
    note: str = ""


class ComparedAnswer(Record):
    message: Message
    figures: AnswerMeasurements | None

    @property
    def name(self) -> str:
        return self.message.model_name or _("unknown model")


class Comparison(Record):
    item: Item
    prompt: str
    answers: tuple[ComparedAnswer, ...]
    vote: Vote | None
    seed: int | None = None

    @property
    def is_running(self) -> bool:
        return any(answer.message.status is Status.STREAMING for answer in self.answers)


def vote_of(item: Item) -> Vote | None:
    return stored_from(Vote, item.settings.get("vote"))


def names_of(item: Item) -> list[str]:
    return stored_list(str, item.settings.get("models"))


def vote_words(vote: Vote | None, names: Mapping[str, str]) -> str:
    if vote is None:
        return ""
    said = (
        _("none was good")
        if vote.best is None
        else _("best answer: {name}").format(name=names.get(vote.best) or _("unknown"))
    )
    return _("Vote: {said}. {note}").format(said=said, note=vote.note).strip()


def figures_of(item: Item) -> dict[str, AnswerMeasurements]:
    return stored_dict(AnswerMeasurements, item.settings.get("measured"))


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return _("{seconds:.2f} s").format(seconds=seconds) if seconds < 10 else f"{seconds:.0f} s"
    return _("{seconds:.1f} min").format(seconds=seconds / 60)


def export_parts(
    item: Item, messages: Sequence[Message]
) -> tuple[Item, Sequence[Message], Mapping[str, Sequence[tuple[str, str]]], str]:
    """Return what an export shows: item, messages in order, measurements by message, and vote as a sentence (or "")."""
    figures = figures_of(item)
    lines = {message.id: figures[message.id].lines() for message in messages if message.id in figures}
    names = {message.id: message.model_name or "" for message in messages}
    return item, messages, lines, vote_words(vote_of(item), names)
