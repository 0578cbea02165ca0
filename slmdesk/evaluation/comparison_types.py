"""A comparison of models: what is asked, answered and measured; and the vote that earlier versions kept."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.record import Number, Record
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.wire import stored_dict, stored_from, stored_list
from slmdesk.loader.energy import EnergySource, energy_words
from slmdesk.runtime.messages import bytes_for_people

LEAST, MOST = 2, 4
ANSWER_TOKENS = 512


class CompareRequest(Record):
    prompt: str
    models: tuple[str, ...]
    """Ids, unique prefixes or names; two to four."""
    seed: int | None = None
    """The same for all; None: one is drawn."""
    max_tokens: int = ANSWER_TOKENS


class AnswerMeasurements(Record):
    first_token_s: Number
    total_s: Number
    """From the request to the last word; loading is not in it."""
    tokens_per_s: Number
    output_tokens: int
    memory_bytes: int
    energy_j: Number | None = None
    energy_source: str = ""

    def lines(self) -> list[tuple[str, str]]:
        energy = "not measured"
        if self.energy_j is not None and self.energy_source in tuple(EnergySource):
            energy = energy_words(self.energy_j, EnergySource(self.energy_source))
        return [
            ("First word after", _seconds(self.first_token_s)),
            ("Whole answer", f"{_seconds(self.total_s)}, {self.output_tokens:,} tokens"),
            ("Speed", f"{self.tokens_per_s:.1f} tokens/s"),
            ("Memory", bytes_for_people(self.memory_bytes)),
            ("Energy", energy),
        ]


class Vote(Record):
    """Made by versions that had voting; still shown and exported."""

    best: str | None
    """Id of an answer; None: none of them."""
    note: str = ""


class ComparedAnswer(Record):
    message: Message
    figures: AnswerMeasurements | None

    @property
    def name(self) -> str:
        return self.message.model_name or "unknown model"


class Comparison(Record):
    item: Item
    prompt: str
    answers: tuple[ComparedAnswer, ...]
    vote: Vote | None
    seed: int | None = None

    @property
    def is_running(self) -> bool:
        return any(one.message.status is Status.STREAMING for one in self.answers)


def vote_of(item: Item) -> Vote | None:
    return stored_from(Vote, item.settings.get("vote"))


def names_of(item: Item) -> list[str]:
    return stored_list(str, item.settings.get("models"))


def vote_words(vote: Vote | None, names: Mapping[str, str]) -> str:
    if vote is None:
        return ""
    said = "none was good" if vote.best is None else f"best answer: {names.get(vote.best) or 'unknown'}"
    return f"Vote: {said}. {vote.note}".strip()


def figures_of(item: Item) -> dict[str, AnswerMeasurements]:
    return stored_dict(AnswerMeasurements, item.settings.get("measured"))


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
