"""What stands between the job of an item and the model: it hides what is private, and puts it back into what comes.

A plan asks and checks as if nothing were hidden; its steps are stored and sent with substitutes, under keys that no
plain step has, and its results come to it with the originals.  Whatever begins such a plan, on any kind of document,
wraps it here.  Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.types import ChatMessage, Json
from slmdesk.base.wire import messages_from, messages_to_json
from slmdesk.jobs.plan import AskedQuestion, Batch, Plan, StepValue, Yield
from slmdesk.jobs.steps import step_key
from slmdesk.redaction.report import Tally
from slmdesk.redaction.service import Veil

if TYPE_CHECKING:
    from slmdesk.text.redaction.replacing import Restorer

VERSION = "+redacted"
"""Stands behind the prompt version of steps with substitutes: no plain one is taken for them, nor they for it."""
STEPS_AT_ONCE = 4
MOST_TIMES = 3
"""The steps of a batch are hidden again while they themselves tell more names, at most so often."""
_FORMS = ("grammar", "json_schema")
"""Of a sampling, what may repeat a person's words: the column of a table is a key of its answer."""


class VeiledJob:
    def __init__(self, veil: Veil, model_sha256: str) -> None:
        self._veil, self._model = veil, model_sha256
        self._plain: dict[str, str] = {}
        self._writing: dict[str, Restorer] = {}
        self.tally = Tally(veil)

    def run(self, plan: Plan, texts: Iterable[Sequence[str]] = ()) -> Plan:
        """The plan, with its steps hidden and its results put back.

        `texts`: all that it is about, in slices: read first, so that a name told on the last page is hidden on the
        first, and a resumed job hides as it did before.  Raises KnownError redaction.*, store.*.
        """
        try:
            for some in texts:
                self._veil.hide(some)
                yield Yield()
            answer: Any = None
            while True:
                try:
                    asked = plan.send(answer)
                except StopIteration:
                    return
                if isinstance(asked, Batch):
                    hidden = yield from self._hidden(asked)
                    values: Sequence[StepValue] = yield hidden
                    answer = [self._put_back(one) for one in values]
                else:
                    answer = yield asked
        finally:
            plan.close()

    def counting(
        self, count: Callable[[Sequence[str], Callable[[Any], None]], object]
    ) -> Callable[[Sequence[str], Callable[[Any], None]], object]:
        return lambda texts, answered: count(self._veil.hide(texts, keeps=False), answered)

    def result(self, key: str, value: Mapping[str, Json]) -> tuple[str, Mapping[str, Json]]:
        self._writing.pop(key, None)
        text = self._veil.put_back(str(value.get("text", ""))).text
        return self._plain.get(key, key), {**value, "text": text}

    def words(self, key: str, words: str) -> tuple[str, str]:
        if key not in self._writing:
            self._writing[key] = self._veil.restorer()
        return self._plain.get(key, key), self._writing[key].add(words)

    def restarted(self) -> None:
        self._writing.clear()

    # ---- inside

    def _hidden(self, batch: Batch) -> Generator[AskedQuestion, Any, Batch]:
        version = batch.prompt_version + VERSION
        steps: list[dict[str, Json]] = []
        for _ in range(MOST_TIMES):
            before, steps = self._veil.table, []
            for at in range(0, len(batch.steps), STEPS_AT_ONCE):
                some = [messages_from(one.get("messages", ())) for one in batch.steps[at : at + STEPS_AT_ONCE]]
                turns = iter(self._veil.hide_turns([turn for each in some for turn in each]))
                for step, own in zip(batch.steps[at : at + STEPS_AT_ONCE], some, strict=True):
                    steps.append(self._step(step, [next(turns) for _ in own]))
                yield Yield()
            if self._veil.table == before:
                break
        else:
            new = "”, “".join(one.original for one in self._veil.table if one not in before)
            raise KnownError("redaction.not_reversible", words=new)
        for step, plain in zip(steps, batch.steps, strict=True):
            self._plain[step_key(self._model, version, step)] = step_key(self._model, batch.prompt_version, plain)
            words = [part.text for turn in messages_from(step["messages"]) for part in turn.parts]
            self.tally.add_hidden(words)
        return changed(batch, steps=steps, prompt_version=version)

    def _step(self, step: Mapping[str, Json], turns: Sequence[ChatMessage]) -> dict[str, Json]:
        made = {**step, "messages": messages_to_json(turns)}
        sampling = step.get("sampling")
        if isinstance(sampling, Mapping):
            made["sampling"] = {
                name: self._veil.hide_known(one) if name in _FORMS and isinstance(one, str) else one
                for name, one in sampling.items()
            }
        return made

    def _put_back(self, value: StepValue) -> StepValue:
        """A stored result with the originals; where a probability stood in its text is not known any more."""
        if value is None or not isinstance(value.get("text"), str):
            return value
        back = self._veil.put_back(str(value["text"]))
        self.tally.add_answer(back)
        kept = {name: one for name, one in value.items() if name != "probabilities" or back.text == value["text"]}
        return {**kept, "text": back.text}
