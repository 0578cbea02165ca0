"""Examples of a preset: adding them, making them of corrected answers, and trying them. Service thread.

They are tried by leaving each out once: the model is asked it with all others before it. That is a job of kind
`examples`, with a step for each; it is forgotten as soon as the preset changes (chat.presets).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record, changed
from slmdesk.base.records import JobRecord, JobStatus, JobStep
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import problem_of
from slmdesk.base.runtime.service import Runtime, Service
from slmdesk.base.texts import _
from slmdesk.base.types import MOST_THOUGHT_TOKENS, THINKING_OFF, Json, Role, Sampling
from slmdesk.chat.answers import ModelChoice
from slmdesk.chat.attachment_text import space_for_answer
from slmdesk.chat.context import Prompts
from slmdesk.chat.conversation import window_with
from slmdesk.chat.pairs import ReadPairs, pairs_in, text_of
from slmdesk.chat.presets import Preset, bytes_in
from slmdesk.chat.prompt import PROMPT_VERSION, refusal_of_words
from slmdesk.chat.service import ChatService
from slmdesk.chat.settings import TEXT_SAMPLING
from slmdesk.chat.types import (
    MOST_EXAMPLE,
    MOST_EXAMPLES,
    ChatOptions,
    Example,
    options_from,
    rewrite_of,
    sampling_for,
)
from slmdesk.documents.saved_states import StateService
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.jobs.service import JobService
from slmdesk.tasks.jobs.types import EXAMPLES

KIND = EXAMPLES
LEAST_TRIED = 5
"""Fewest examples that are tried."""
OFFERED_AFTER = 3
"""Number of corrected answers after which it is offered to teach by them, and then each time so many more."""
SPARE_TOKENS = 32
"""Tokens that an answer may have beyond the letters of the one that was wanted."""


class Room(Record):
    tokens: int
    """Tokens of instructions and examples together."""
    context: int

    @property
    def fits(self) -> bool:
        return self.tokens + space_for_answer(self.context, None) <= self.context

    @property
    def words(self) -> str:
        words = _("{tokens:,} of {context:,} tokens of the context").format(tokens=self.tokens, context=self.context)
        advice = _("too long for the model: remove some, or choose a larger context")
        return words if self.fits else f"{words}: {advice}"


class Tried(Record):
    """An example that was left out once, with what the model answered."""

    question: str
    wanted: str
    answer: str = ""
    likeness: float = 0.0
    """1: as it was written, but for spaces and capital letters."""
    problem: str = ""
    """Why there is no answer."""

    @property
    def is_same(self) -> bool:
        return self.likeness == 1.0


class Score(Record):
    job: JobRecord
    model: str
    tried: tuple[Tried, ...]
    total: int

    @property
    def problem(self) -> str:
        return problem_of(self.job.error_code, self.job.error_args).sentence if self.job.error_code else ""

    @property
    def same(self) -> int:
        return sum(trial.is_same for trial in self.tried)

    @property
    def words(self) -> str:
        words = _("{same} of {total} as you wrote them").format(same=self.same, total=len(self.tried))
        return words if len(self.tried) == self.total else f"{words} ({len(self.tried)}/{self.total})"


class Taught(Record):
    preset: Preset
    before: Preset | None
    """None: the preset is new."""
    added: int


class ExampleService(Service):
    def __init__(
        self,
        runtime: Runtime,
        chats: ChatService,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        states: StateService,
    ) -> None:
        super().__init__(runtime)
        self._presets, self._models, self._jobs, self._states = chats.presets, models, jobs, states
        self._choice = ModelChoice(runtime.store, models, loader)
        self._prompts = Prompts(runtime, loader)

    # ---- which there are

    def read(self, path: Path) -> ReadPairs:
        """Read pairs from a CSV, TSV or JSONL file. Raises KnownError `file.unreadable`."""
        return pairs_in(text_of(bytes_in(path)), MOST_EXAMPLE)

    def add(self, wanted: str, pairs: Sequence[tuple[str, str]]) -> Taught:
        """Add examples to a preset (id or name), but for those that it has; to a copy of a shipped one. One that there
        is not is made. Raises KnownError `request.invalid` (too many), store.*.
        """
        try:
            preset = self._presets.get(wanted)
        except KnownError as err:
            if err.code != "preset.unknown":
                raise
            preset = Preset("", wanted, ChatOptions())
        name = f"{preset.name} (copy)" if preset.is_shipped else preset.name
        if preset.is_shipped:
            preset = next((own for own in self._presets.list() if own.name == name and not own.is_shipped), preset)
        known = preset.options.examples
        new = [example for example in dict.fromkeys(Example(*pair) for pair in pairs) if example not in known]
        if len(known) + len(new) > MOST_EXAMPLES:
            what = _("a preset has at most {most} examples").format(most=MOST_EXAMPLES)
            raise KnownError("request.invalid", what=what)
        options = changed(preset.options, examples=(*known, *new))
        if preset.id and not new:
            return Taught(preset, preset, 0)
        if preset.id and not preset.is_shipped:
            return Taught(self._presets.change(preset.id, preset.name, options), preset, len(new))
        return Taught(self._presets.add(name, options), None, len(new))

    def take_back(self, taught: Taught) -> None:
        """Undo `add`. Raises KnownError `preset.unknown`, store.*."""
        if taught.before is None:
            self._presets.delete(taught.preset.id)
        else:
            self._presets.change(taught.preset.id, taught.before.name, taught.before.options)

    def room(self, options: ChatOptions) -> Pending[Room]:
        """Measure how much of the context instructions and examples take. Raises KnownError model.*."""
        turns, _ids = window_with(options).turns(())
        return self._prompts.measure(self._choice.record_for(options), turns).map(lambda measure: Room(*measure))

    # ---- what a person corrected

    def offer(self, chat: str) -> tuple[Preset, int] | None:
        """Return the preset to teach once an answer was corrected in a chat, and by how many. None: not yet."""
        try:
            preset = self._presets.get(options_from(self._store.items.get(chat).settings).preset)
        except KnownError:  # a private chat, none without a preset, or it is gone
            return None
        count = len(self.corrections(preset))
        return (preset, count) if count and count % OFFERED_AFTER == 0 else None

    def corrections(self, preset: Preset) -> tuple[tuple[str, str], ...]:
        """Return what was asked in chats with a preset and corrected, the oldest first, but for examples there are."""
        known = {
            (example.question, example.answer) for each in self._presets.list() for example in each.options.examples
        }
        corrected = self._store.messages.corrected(preset.id, MOST_EXAMPLES)
        pairs = [
            (asked.words.strip(), answer.text.strip())
            for asked, answer in reversed(corrected)
            if asked.role is Role.USER and not asked.attachments and rewrite_of(answer) is None
        ]
        new = (pair for pair in dict.fromkeys(pairs) if pair not in known)
        return tuple(pair for pair in new if all(0 < len(side) <= MOST_EXAMPLE for side in pair))

    def teach(self, preset: str) -> Taught:
        """Make examples of what a person corrected in chats with a preset, as many as there is room for. Raises what
        `add` raises.
        """
        known = self._presets.get(preset)
        free = MOST_EXAMPLES - len(known.options.examples)
        return self.add(preset, self.corrections(known)[-free:] if free else ())

    # ---- whether they teach

    def begin(self, preset: str, model: str | None = None) -> JobRecord:
        """Try the examples of a preset in the background. What was answered already is not asked again.

        Raises KnownError `preset.unknown`, `request.invalid` (too few), `model.…`, store.*.
        """
        known = self._presets.get(preset)
        options = known.options
        if len(options.examples) < LEAST_TRIED:
            what = _("it takes {least} examples to try them").format(least=LEAST_TRIED)
            raise KnownError("request.invalid", what=what)
        record = self._choice.request(options, model, Sampling()).record
        for example in options.examples:
            if refused := refusal_of_words(record, example.question):
                raise refused
        last = self._last(known.id)
        if last and last.model_sha256 == record.sha256 and last.status is not JobStatus.DONE:
            return self._jobs.resume(last.id)
        self._cancel(known.id)
        steps, settings = _steps(options), {"preset": known.id}
        job = self._jobs.add(KIND, known.name, record, steps, prompt_version=PROMPT_VERSION, settings=settings)
        self._store.jobs.forget_of_preset(known.id, but=job.id)
        return job

    def score(self, preset: str) -> Score | None:
        """Return what came of trying the examples of a preset (id), so far. None if they were not tried as they are."""
        if (job := self._last(preset)) is None:
            return None
        examples = tuple(dict.fromkeys(self._presets.get(preset).options.examples))
        record = self._models.by_sha256(job.model_sha256)
        pairs = zip(examples, self._store.jobs.steps(job.id), strict=False)  # in the same order
        tried = tuple(trial for example, step in pairs if (trial := _tried(example, step)))
        return Score(job, record.name if record else "", tried, len(examples))

    def _last(self, preset: str) -> JobRecord | None:
        jobs = self._store.jobs.page(kind=KIND)
        return next((job for job in jobs if job.settings.get("preset") == preset), None)

    def forget(self, preset: str) -> None:
        """Forget what was read of the examples of a preset, and what came of trying them. Raises KnownError store.*."""
        self._cancel(preset)
        self._store.jobs.forget_of_preset(preset)
        with suppress(KnownError):  # a file that cannot be deleted now is by the next sweep
            self._states.forget([preset])

    def _cancel(self, preset: str) -> None:
        for job in self._store.jobs.unfinished(KIND):
            if job.settings.get("preset") == preset:
                with suppress(KnownError):  # it has just ended
                    self._jobs.cancel(job.id)


def _steps(options: ChatOptions) -> list[dict[str, Json]]:
    """Ask each example with all others before it. A model that would think by itself does not: that takes minutes."""
    sampling = sampling_for(Sampling(temperature=0.0), options, TEXT_SAMPLING)
    thinking, spare = (sampling.thinking, MOST_THOUGHT_TOKENS) if options.thinking else (THINKING_OFF, 0)
    steps, examples = [], tuple(dict.fromkeys(options.examples))
    for at, example in enumerate(examples):
        others = (*examples[:at], *examples[at + 1 :])
        most = min(sampling.max_tokens or MOST_EXAMPLE, len(example.answer) + SPARE_TOKENS) + spare
        turns = window_with(changed(options, examples=others)).question(example.question)
        steps.append(step_of(turns, changed(sampling, thinking=thinking, max_tokens=most)))
    return steps


def _tried(example: Example, step: JobStep) -> Tried | None:
    if step.error_code:
        sentence = problem_of(step.error_code, step.error_args).sentence
        return Tried(example.question, example.answer, problem=sentence)
    if not step.value:
        return None
    answer = str(stored_from(str, step.value.get("text")) or "").strip()
    return Tried(example.question, example.answer, answer, likeness(example.answer, answer))


def likeness(wanted: str, answer: str) -> float:
    """Return how alike two texts are, 0 to 1, whatever their spaces and capital letters."""
    from rapidfuzz.distance import Levenshtein

    plain, other = (" ".join(text.split()).casefold() for text in (wanted, answer))
    return 1.0 if plain == other else min(0.999, Levenshtein.normalized_similarity(plain, other))
