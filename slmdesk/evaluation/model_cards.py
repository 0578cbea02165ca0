"""Builds model cards: what is known of the models on this PC, exam results in words, and the speed in a benchmark."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import (
    Cancelled,
    Done,
    Failed,
    FromChild,
    Progress,
    Token,
    answer_from,
    messages_to_json,
    stored_from,
)
from slmdesk.base.record import Number, Record, to_json
from slmdesk.base.records import JobStatus, ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.types import ChatMessage, Json, LoadedModel, Role, Sampling, TextPart
from slmdesk.base.untrusted import clean_label
from slmdesk.children.client import JobHandle
from slmdesk.evaluation.exams import ExamResult, ExamService, Skill, SkillResult, note_of, result_of
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.read import plain_metadata, read_header, require_chat_model
from slmdesk.jobs.service import JobService
from slmdesk.loader.energy import Energy, EnergySource, Meter, energy_words
from slmdesk.loader.model_loader import Lease, ModelLoader
from slmdesk.models.importer import VERIFIED
from slmdesk.models.service import DefaultUse, Fit, ModelService, Pc, can_do, fit_header, uses_in
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem, bytes_for_people, problem_for, problem_of
from slmdesk.runtime.service import Runtime, Service, ServiceThread, pending_on_file_thread
from slmdesk.store import Store

MOST_FIELDS = 2000
FIELD_CHARACTERS = 400
NAME_CHARACTERS = 120


class ModelCard(Record):
    record: ModelRecord
    uses: tuple[DefaultUse, ...] = ()
    exam: str = ""
    tokens_per_s: float | None = None


class ModelDetails(Record):
    card: ModelCard
    can_do: tuple[DefaultUse, ...]
    exam_lines: tuple[str, ...]
    exam_taken: float | None
    """Time of the exam in seconds since the epoch."""
    exam_note: str
    bench: BenchResult | None
    verified: float
    """When the file was last compared with its checksum (at first: when it was added), in seconds since the epoch."""
    fields: tuple[tuple[str, str], ...] = ()
    fields_left_out: int = 0
    fit: Fit | None = None
    problem: Problem | None = None
    is_measured: bool = False
    """Whether the speed in `fit` was measured on answers that the model wrote on this PC."""


class _Read(Record):
    header: GgufHeader | None = None
    fields: tuple[tuple[str, str], ...] = ()
    fit: Fit | None = None
    problem: Problem | None = None


class CardService(Service):
    """Service that builds model cards. Service thread; file headers are read on another."""

    def __init__(self, runtime: Runtime, bench: BenchService, exams: ExamService, pc: Callable[[], Pc]) -> None:
        super().__init__(runtime)
        self.pc, self._bench, self._exams = pc, bench, exams

    def list(self) -> tuple[ModelCard, ...]:
        return tuple(self._card(model) for model in self._store.models.all())

    def exams(self) -> Mapping[str, tuple[str, str]]:
        """Return what each examined model is good for, by id: a few words for a menu, and a whole sentence."""
        models = self._store.models.all()
        pairs = ((model, result_of(model)) for model in models)
        return {model.id: (few_words(result), sentence_of(model.name, result)) for model, result in pairs if result}

    def details(self, model: str) -> Pending[ModelDetails]:
        """Read all that is known of a model.  Raises KnownError `model.unknown`."""
        record = self._store.models.get(model)
        context, pc = self._settings.current.context_tokens, self.pc()
        read = pending_on_file_thread(self._service_thread, lambda: _read(record, context, pc), name="read-details")
        return read.map(lambda details: self._details(record, details))

    def _card(self, record: ModelRecord) -> ModelCard:
        result, bench = result_of(record), self._bench.result(record)
        exam, uses = short_words(result) if result else "", uses_in(self._settings.current, record)
        return ModelCard(record, uses, exam, bench.output_tokens_per_s if bench else None)

    def _details(self, old: ModelRecord, details: _Read) -> ModelDetails:
        try:
            record = self._store.models.get(old.id)
        except KnownError:
            record = old  # removed meanwhile, which the caller is told separately
        result, verified = result_of(record), record.info.get(VERIFIED)
        left_out = max(0, len(details.fields) - MOST_FIELDS) + (
            details.header.metadata_left_out if details.header else 0
        )
        return ModelDetails(
            card=self._card(record), can_do=tuple(use for use in DefaultUse if can_do(record, use)),
            exam_lines=lines_of(result) if result else (), exam_taken=result.taken if result else None,
            exam_note=self._exam_note(record) if result is None else "", bench=self._bench.result(record),
            verified=float(verified) if isinstance(verified, int | float) else record.added,
            fields=details.fields[:MOST_FIELDS], fields_left_out=left_out, fit=details.fit,
            problem=details.problem, is_measured=record.sha256 in self.pc().pace.measured,
        )  # fmt: skip

    def _exam_note(self, record: ModelRecord) -> str:
        if note := note_words(record):
            return note
        job = self._exams.unfinished(record)
        if job is None or job.status is not JobStatus.PAUSED:
            return ""
        return _("The exam is paused: {done} of {total} tasks are done. “Test now” goes on with it.").format(
            done=job.done, total=job.total
        )


def _read(record: ModelRecord, context_tokens: int, pc: Pc) -> _Read:
    """Read the header of a model's file. Runs on a file thread."""
    try:
        header = read_header(Path(os.fsdecode(record.path)))
        fields = tuple(
            (clean_label(key, NAME_CHARACTERS), clean_label(_plain(value), FIELD_CHARACTERS))
            for key, value in sorted(plain_metadata(header).items())
        )
        fit = None
        if record.can_chat:
            require_chat_model(header)
            fit = fit_header(header, context_tokens, pc, sha256=record.sha256)
        return _Read(header, fields, fit)
    except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
        return _Read(problem=problem_for(err))


def _plain(value: Json) -> str:
    if isinstance(value, Mapping):  # a long list, which the header's reader has summarised
        return f"{value.get('count', '?')} values of the type {value.get('type', '?')}"
    if isinstance(value, list | tuple):
        return ", ".join(str(entry) for entry in value[:100])
    return str(value)


_NOUNS: Mapping[Skill, str] = {
    Skill.FORMAT: _("keeping to a form"),
    Skill.BLOCK: _("finding where a text says something"),
    Skill.TRUTH: _("judging true and false"),
    Skill.LANGUAGE: _("answering in the language asked"),
    Skill.CORRECT: _("corrections"),
    Skill.SUMMARY: _("writing summaries"),
}
_FEW: Mapping[Skill, str] = {
    Skill.FORMAT: _("fixed forms"),
    Skill.BLOCK: _("sources"),
    Skill.TRUTH: _("true or false"),
    Skill.LANGUAGE: _("languages"),
    Skill.CORRECT: _("corrections"),
    Skill.SUMMARY: _("summaries"),
}
_LEVELS: Mapping[Skill, Mapping[str, str]] = {
    Skill.FORMAT: {
        "good": _("Keeps to a form that is asked for, such as a list or a single word"),
        "fair": _("Keeps to a form more often than not"),
        "weak": _("Does not keep to a form; ask it for plain text"),
    },
    Skill.BLOCK: {
        "good": _("Names the passage that says something"),
        "fair": _("Often names the passage that says something; slmdesk checks each"),
        "weak": _("Names the wrong passages; slmdesk finds them by their words instead"),
    },
    Skill.TRUTH: {
        "good": _("Tells true from altered statements about a text"),
        "fair": _("Often tells true from altered statements; check what matters"),
        "weak": _("Do not rely on its judgement of true and false"),
    },
    Skill.LANGUAGE: {
        "good": _("Answers in the language asked"),
        "fair": _("Mostly answers in the language asked"),
        "weak": _("Often answers in another language than asked, or says nothing new"),
    },
    Skill.CORRECT: {
        "good": _("Corrects mistakes without rewriting"),
        "fair": _("Corrects some mistakes without rewriting; read what it changed"),
        "weak": _("Misses mistakes, or rewrites when it should correct"),
    },
    Skill.SUMMARY: {
        "good": _("Writes summaries; slmdesk checks each sentence"),
        "fair": _("Writes no summaries, as it leaves out or mixes up too much: they keep the document's own words"),
        "weak": _("Writes no summaries: they keep the document's own words"),
    },
}


def sentence_of(name: str, result: ExamResult) -> str:
    return f"{name}: {short_words(result)}."


def short_words(result: ExamResult) -> str:
    by_level = {level: [_NOUNS[skill.skill] for skill in result.skills if skill.level == level] for level in _ORDER}
    parts = [_("good for {listed}").format(listed=_listed([_("short chats"), *by_level["good"]]))]
    if by_level["fair"]:
        parts.append(_("fair at {listed}").format(listed=_listed(by_level["fair"])))
    if by_level["weak"]:
        parts.append(_("do not rely on it for {listed}").format(listed=_listed(by_level["weak"], _("or"))))
    return "; ".join(parts)


def few_words(result: ExamResult) -> str:
    weak = [_FEW[skill.skill] for skill in result.skills if skill.level == "weak"]
    fair = [_FEW[skill.skill] for skill in result.skills if skill.level == "fair"]
    if len(weak) == len(result.skills):
        return _("for short chats only")
    if weak:
        return _("weak at {weak}").format(weak=", ".join(weak))
    return _("good, but fair at {fair}").format(fair=", ".join(fair)) if fair else _("good at all that was examined")


def lines_of(result: ExamResult) -> tuple[str, ...]:
    return tuple(f"{_LEVELS[skill.skill][skill.level]}: {_grounds(skill)}." for skill in result.skills)


def thinking_lines(plain: ExamResult, thinking: ExamResult) -> tuple[str, ...]:
    pairs = [(plain.of(skill.skill), skill) for skill in thinking.skills]
    rows = [(_NOUNS[two.skill], result, two) for result, two in pairs if result is not None]
    width = max(len(noun) for noun, _one, _two in rows)
    lines = [f"{'':<{width}}  without    with thinking"]
    lines += [
        f"{noun:<{width}}  {f'{result.passed} of {result.total}':<9}  {two.passed} of {two.total}"
        for noun, result, two in rows
    ]
    if not thinking.thoughts:
        return (*lines, _("It did not think aloud before any answer, so both are the same question asked twice."))
    gain = sum(two.passed - result.passed for _noun, result, two in rows)
    total = sum(two.total for *__, two in rows)
    if abs(gain) <= SMALL_GAIN:
        return (*lines, _("Thinking made little difference: {gain:+} of {sum} tasks.").format(gain=gain, sum=total))
    how = _("passes more with") if gain > 0 else _("passes fewer with")
    return (*lines, _("It {how} thinking: {gain:+} of {sum} tasks.").format(how=how, gain=gain, sum=total))


def note_words(record: ModelRecord) -> str:
    note: Mapping[str, Json] = note_of(record)
    minutes = note.get("minutes")
    match note.get("reason"):
        case "slow":
            about = _("about {minutes} min").format(minutes=minutes) if isinstance(minutes, int) else _("long")
            return _("No automatic test: it would take {about} on this PC.").format(about=about)
        case "offered":
            about = _(" The test takes about {minutes} min.") if isinstance(minutes, int) else ""
            about = about.format(minutes=minutes)
            return _("Not tested yet.{about} It runs in the background.").format(about=about)
        case "stopped":
            return _("The exam was stopped. You can run it again; what was answered is kept.")
        case "failed":
            return _("The exam could not be done. You can run it again.")
    return ""


SMALL_GAIN = 3
"""Number of tasks by which two exams of the same model may differ by chance."""
_ORDER = ("good", "fair", "weak")


def _grounds(result: SkillResult) -> str:
    if result.skill is Skill.SUMMARY:
        return _("{passed} of {total} points in eight languages").format(passed=result.passed, total=result.total)
    if result.auc is None:
        return _("{passed} of {total} tasks").format(passed=result.passed, total=result.total)
    return _("it trusts the true one of two in {auc} of 100 cases, and guessing gives 50").format(
        auc=round(result.auc * 100)
    )


def _listed(words: Sequence[str], last: str = _("and")) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


class SoleUse:
    """The engine for one trial alone: nothing is loaded, and jobs wait. At its `end` the model that was loaded before
    is loaded again, and the usual model answers as before.

    Raises KnownError `measuring.twice` while there is another trial, and `measuring.answer` while an answer is written.
    """

    def __init__(self, store: Store, models: ModelService, loader: ModelLoader, jobs: JobService) -> None:
        self._store, self._models, self._loader, self._jobs = store, models, loader, jobs
        if jobs.is_held:
            raise KnownError("measuring.twice")
        jobs.hold()
        if loader.is_busy:
            jobs.let_go()
            raise KnownError("measuring.answer")
        self._loaded, self._usual = loader.loaded(), self._usual_model()
        loader.unload()

    def end(self) -> None:
        self._jobs.let_go()
        usual, now = self._usual, self._usual_model()
        if usual and now and now.id != usual.id:
            with suppress(KnownError):  # the model was removed, or the disk is full: another one then answers
                self._store.models.change(usual.id, last_used=time.time())
        if self._loaded is not None:
            self._loader.choose(self._loaded[0], explicit=False)

    def _usual_model(self) -> ModelRecord | None:
        """Return the model that answers when none is named. None if there is none, or several and none was used."""
        with suppress(KnownError):
            return self._models.choose(None)
        return None


INFO_KEY = "bench"
OUTPUT_TOKENS = 64
SENTENCES = 40
TOKENS_A_SENTENCE = 24
"""Upper limit for the tokens of a sentence with any tokenizer."""


class BenchResult(Record):
    prompt_tokens_per_s: Number
    output_tokens_per_s: Number
    prompt_tokens: int
    """Prompt tokens that were processed anew, not taken from the cache."""
    output_tokens: int
    memory_bytes: int
    measured: Number
    """Time of the benchmark in seconds since the epoch."""
    energy_j: Number | None = None
    """Joules for reading the prompt and writing the answer together. None if not even an estimate was possible."""
    energy_source: str = ""

    def energy_words(self) -> str:
        """Return the energy of 1,000 generated tokens in words.

        The energy is divided between reading and writing in proportion to their time, because both keep the cores busy.
        """
        if self.energy_j is None or self.energy_source not in tuple(EnergySource):
            return _("not measured")
        reading = self.prompt_tokens / max(self.prompt_tokens_per_s, 1e-6)
        writing = self.output_tokens / max(self.output_tokens_per_s, 1e-6)
        share = self.energy_j * writing / max(reading + writing, 1e-6)
        return energy_words(share, EnergySource(self.energy_source), max(self.output_tokens, 1))

    def sentence(self) -> str:
        return _(
            "Reads {prompt_tokens_per_s:.0f} and writes {output_tokens_per_s:.1f} tokens a second with "
            "{size} of memory; energy: {energy}."
        ).format(
            prompt_tokens_per_s=self.prompt_tokens_per_s,
            output_tokens_per_s=self.output_tokens_per_s,
            size=bytes_for_people(self.memory_bytes),
            energy=self.energy_words(),
        )


class BenchProgress(Record):
    """Progress of a benchmark: a label, and the share done, 0..1."""

    what: str
    fraction: float


class BenchService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        note: Callable[[ModelRecord, float, int], None],
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._jobs, self._note = models, loader, jobs, note
        self._bench: _Bench | None = None

    def run(self, model: str | None) -> Pending[BenchResult | None]:
        """Load a model anew and measure it. Jobs wait meanwhile, and the model in use is loaded again afterwards.

        Reports BenchProgress. The result is None if it was cancelled. Raises KnownError `model.…`, and `measuring.…`
        while an answer is being written or another benchmark runs.
        """
        record = self._models.choose(model)
        alone = SoleUse(self._store, self._models, self._loader, self._jobs)

        def on_end(result: BenchResult | Problem | None) -> None:
            self._bench = None
            alone.end()
            if isinstance(result, BenchResult):
                self._note(record, result.output_tokens_per_s, result.prompt_tokens + result.output_tokens // 2)

        self._bench = _Bench(self._service_thread, self._store, self._loader, record)
        pending = self._bench.pending.then(on_end)
        self._service_thread.post(self._bench.begin)  # later, so that the caller also gets the first progress report
        return pending

    def cancel(self) -> None:
        if self._bench is not None:
            self._bench.cancel()

    close = cancel

    def result(self, record: ModelRecord) -> BenchResult | None:
        return stored_from(BenchResult, record.info.get(INFO_KEY))


class _Bench:
    def __init__(self, service_thread: ServiceThread, store: Store, loader: ModelLoader, record: ModelRecord) -> None:
        self._service_thread, self._store, self._loader, self.record = service_thread, store, loader, record
        self.pending: Pending[BenchResult | None] = Pending(self.cancel)
        self._meter: Meter | None = None
        self._job: JobHandle | None = None
        self._lease: Lease | None = None
        self._is_over = False
        self._written = 0

    def begin(self) -> None:
        if self._is_over:
            return
        self._progressed("starting", 0.0)

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(self._child_is_there)

        self._job = self._loader.client.start("render", {}, on_event)

    def cancel(self) -> None:
        if self._job:
            self._job.cancel()
        self._finish(None)

    def _child_is_there(self) -> None:
        if self._is_over:
            return
        self._progressed(_("loading the model"), 0.05)
        self._lease = self._loader.acquire(self.record, self._warm_up, self._no_model, explicit=True)

    def _no_model(self, problem: Problem | None) -> None:
        self._finish(problem or problem_for(KnownError("model.not_loaded")))

    def _warm_up(self, lease: Lease) -> None:
        self._progressed(_("warming up"), 0.2)
        lease.start("chat", _question(lease.model, "Warming up.", 4), lambda event: self._on_warm_up(lease, event))

    def _on_warm_up(self, lease: Lease, event: FromChild) -> None:
        if isinstance(event, Done):
            self._progressed("reading", 0.4)
            self._meter = Meter(self._loader.client.pid)
            lease.start("chat", _question(lease.model, "Measuring.", OUTPUT_TOKENS), self._on_event)
        elif isinstance(event, Failed | Cancelled):
            self._end(event)

    def _on_event(self, event: FromChild) -> None:
        if isinstance(event, Progress) and event.total > 0:
            self._progressed("reading", 0.4 + 0.2 * min(1.0, event.done / event.total))
        elif isinstance(event, Token):
            self._written += 1
            self._progressed("writing", 0.6 + 0.4 * min(1.0, self._written / OUTPUT_TOKENS))
        elif isinstance(event, Done | Failed | Cancelled):
            self._end(event)

    def _end(self, event: Done | Failed | Cancelled) -> None:
        spent = self._meter.spent() if self._meter else None
        try:
            if isinstance(event, Done):
                result = _result(event.result, self._loader.memory_bytes(), spent)
                with suppress(KnownError):  # disk read-only or full: report the measurement anyway
                    self._store.models.set_info(self.record.id, **{INFO_KEY: to_json(result)})
                self._finish(result)
            elif isinstance(event, Failed):
                self._finish(problem_of(event.code, event.args))
            else:
                self._finish(problem_for(KnownError("model.not_loaded")))
        except KnownError as err:
            self._finish(problem_for(err))

    def _finish(self, result: BenchResult | Problem | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._lease:
            self._lease.release()
        self.pending.end(result)

    def _progressed(self, what: str, fraction: float) -> None:
        self.pending.progress(BenchProgress(what, fraction))


def _question(model: LoadedModel, beginning: str, tokens: int) -> dict[str, Json]:
    """Return the request of a measurement. Its beginning differs each time, so only the template is cached already."""
    count = min(SENTENCES, max(1, (model.context_tokens - 128) // TOKENS_A_SENTENCE))
    text = " ".join([beginning, *(f"In room {n} stands a table with {n + 2} chairs." for n in range(count))])
    turns = [ChatMessage(Role.USER, (TextPart(f"{text}\n\nDescribe the rooms."),))]
    sampling = Sampling(temperature=0.0, max_tokens=tokens, ignore_eos=True)
    return {"messages": messages_to_json(turns), "sampling": to_json(sampling)}


def _result(untrusted: Mapping[str, Json], memory_bytes: int, spent: Energy | None) -> BenchResult:
    answer = answer_from(untrusted)
    read = answer.usage.prompt_tokens - answer.usage.cached_tokens
    return BenchResult(
        prompt_tokens_per_s=round(read / max(answer.timing.first_token_s, 1e-6), 2),
        output_tokens_per_s=round(answer.timing.tokens_per_s, 2),
        prompt_tokens=read,
        output_tokens=answer.usage.output_tokens,
        memory_bytes=memory_bytes,
        measured=time.time(),
        energy_j=spent.joules if spent else None,
        energy_source=spent.source.value if spent else "",
    )
