"""Which model of the curated list to take first on this PC and for a job, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from slmdesk.base.record import Record, changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.text.sentences import detect
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, usual_language
from slmdesk.history.store import Store
from slmdesk.models.abilities import Ability, may
from slmdesk.models.gguf.memory import QUICK_WORDS, WORDS_A_TOKEN, Speed
from slmdesk.models.hub.search import CatalogueEntry, Commercial, Skill, find_entry, load_catalogue
from slmdesk.models.running import USUAL_BANDWIDTH, SpeedService
from slmdesk.models.service import CARD_SHARE, COMFORTABLE, MOST_BYTES, Pc, is_starter, translator_family

JOBS = (Skill.CHAT, Skill.SUMMARIES, Skill.TRANSLATION)
OTHERS_BYTES = 3 << 30
"""Memory left to the system and other programs."""
SERVES = 30
"""Merit from which a model is more than a last resort."""
GOOD = 60
"""Merit, in chat and in summaries, from which a model is good enough: of those the fastest is offered first."""
PATIENT_WORDS = 1.5
"""Words per second from which a good answer is worth more than a quick one."""
USUAL_CONTEXT = 4096
_GIB = 1 << 30


class Recommendation(Record):
    entry: CatalogueEntry
    words_per_s: float
    """Expected words a second; 0 on a graphics card, whose speed is not forecast, and where nothing was measured."""
    reason: str
    finder: CatalogueEntry | None = None
    """What finds passages by their meaning, and is fetched with it. None where such a model is here."""

    @property
    def bytes(self) -> int:
        """Size of all that is fetched."""
        return self.entry.bytes + (self.finder.bytes if self.finder else 0)

    @property
    def words(self) -> str:
        """The model in a few words: "Gemma 4 E4B, 5.2 GB, about 6 words a second"."""
        pace = _("about {words:.0f} words a second").format(words=self.words_per_s) if self.words_per_s else ""
        return ", ".join(part for part in (self.entry.title, bytes_for_people(self.entry.bytes), pace) if part)

    @property
    def offer(self) -> str:
        """What is said where the model in use is too weak."""
        return _("Better for this PC: {words}.").format(words=self.words)


class _Candidate(Record):
    entry: CatalogueEntry
    merit: int
    words_per_s: float
    is_comfortable: bool
    is_all_round: bool = False
    """Whether it is good enough at questions and summaries, and in a chat."""

    @property
    def is_quick(self) -> bool:
        return not self.words_per_s or self.words_per_s >= QUICK_WORDS

    @property
    def is_first(self) -> bool:
        is_waited_for = not self.words_per_s or self.words_per_s >= PATIENT_WORDS
        return self.is_all_round and self.is_comfortable and is_waited_for and self.entry.bytes <= MOST_BYTES

    @property
    def key(self) -> tuple[float | bool, ...]:
        """Sort key: the fastest that is good enough at all; else what serves, leaves room, is quick, and has a free
        licence; then by merit.
        """
        is_free = self.entry.commercial is Commercial.YES
        if self.is_first and is_free:
            return False, self.entry.active_bytes
        is_large = Skill.TRANSLATION not in self.entry.merit and self.entry.bytes > MOST_BYTES
        return True, self.merit < SERVES, not self.is_comfortable, is_large, not self.is_quick, not is_free, -self.merit


def gigabytes(total_bytes: int) -> int:
    """Return the memory of a PC as it is sold: what the system reports lacks what the graphics unit has taken."""
    return -(-total_bytes // _GIB)


def recommend(job: Skill, pc: Pc, *, languages: Sequence[str] = ()) -> Recommendation | None:
    """Return the model to take for a job on a PC, or None if none serves.

    It must speak all `languages` (ISO 639-1). A PC that was not measured yet counts as an ordinary one.
    """
    able = [
        candidate
        for entry in _catalogue()
        if job in entry.merit and entry.commercial is not Commercial.NO and all(map(entry.speaks, languages))
        if (candidate := _candidate(job, entry, pc))
    ]
    best = min(able, key=lambda candidate: candidate.key, default=None)
    if best is None:
        return None
    words_per_s = best.words_per_s if pc.pace.bandwidth > 0 else 0.0
    return Recommendation(best.entry, words_per_s, _reason(job, best, able, pc, languages))


def _candidate(job: Skill, entry: CatalogueEntry, pc: Pc) -> _Candidate | None:
    merit, needed = entry.merit[job], entry.memory(USUAL_CONTEXT)
    is_all_round = job is not Skill.TRANSLATION and all(
        entry.merit.get(each, 0) >= GOOD for each in (Skill.CHAT, Skill.SUMMARIES)
    )
    if any(needed <= device.memory_bytes * CARD_SHARE for device in pc.devices if not device.is_integrated):
        return _Candidate(entry, merit, 0.0, True, is_all_round)
    budget = gigabytes(pc.total_bytes) * _GIB - OTHERS_BYTES
    if needed > budget:
        return None
    pace = pc.pace if pc.pace.bandwidth > 0 else changed(pc.pace, bandwidth=USUAL_BANDWIDTH)
    speed = pace.of_size(entry.active_bytes, entry.quantization)
    return _Candidate(entry, merit, _words(speed), needed <= COMFORTABLE * budget, is_all_round)


def _words(speed: Speed | None) -> float:
    return speed.tokens_per_s * WORDS_A_TOKEN if speed else 0.0


def _reason(job: Skill, best: _Candidate, able: Sequence[_Candidate], pc: Pc, languages: Sequence[str]) -> str:
    entry = best.entry
    if best.words_per_s and pc.pace.bandwidth <= 0:
        parts = [_("It fits into {size} GB beside your other programs").format(size=gigabytes(pc.total_bytes))]
    elif best.words_per_s:
        first = _("It fits into {size} GB beside your other programs and writes about {words:.0f} words a second")
        parts = [first.format(size=gigabytes(pc.total_bytes), words=best.words_per_s)]
    else:
        parts = [_("It fits onto the graphics card")]
    if languages:
        names = ", ".join(LANGUAGES[code].shown if code in LANGUAGES else code for code in languages)
        parts.append(_("speaks {languages}").format(languages=names))
    measures = [measure for measure in entry.measured if measure.job == job]
    parts += [f"{_(measure.words)} ({measure.source}, {measure.date})" for measure in measures]
    slow = [other for other in able if other.merit > best.merit and not other.is_quick and other.is_comfortable]
    if slow and best.is_quick and pc.pace.bandwidth > 0:
        other = max(slow, key=lambda candidate: candidate.merit)
        words = _("{title} would write only {words:.0f}").format(title=other.entry.title, words=other.words_per_s)
        parts.append(words)
    if not best.is_quick and not best.is_first:
        parts.append(_("nothing quicker serves"))
    larger = [other for other in able if other.merit > best.merit and other.is_all_round]
    larger = [other for other in larger if other.is_quick and other.is_comfortable]
    if best.is_first and larger:
        other = max(larger, key=lambda candidate: candidate.merit)
        words = _("{title} ({size}) is better and fits too, but takes longer to fetch")
        parts.append(words.format(title=other.entry.title, size=bytes_for_people(other.entry.bytes)))
    if entry.commercial is Commercial.CONDITIONS:
        words = _("its licence ({licence}) has conditions, but none without suits this PC and these languages")
        parts.append(words.format(licence=entry.licence))
    return "; ".join(parts) + "."


@cache
def _catalogue() -> tuple[CatalogueEntry, ...]:
    return load_catalogue()


def entry_of(record: ModelRecord) -> CatalogueEntry | None:
    """Return the entry of the curated list from which a model of the library was downloaded."""
    place, __, rest = record.source.partition(":")
    if place != "huggingface":
        return None
    return find_entry(_catalogue(), "/".join(rest.removeprefix("huggingface:").split("/")[:2]))


ENGLISH_ONLY = "smollm2"
"""Beginning of the names of models that write English alone, by the card of HuggingFaceTB/SmolLM2-135M-Instruct."""


def languages_of(record: ModelRecord) -> Sequence[str]:
    """Return the languages that a model was made for, by code. Empty if nobody lists them."""
    if entry := entry_of(record):
        return () if entry.speaks("") else entry.languages
    if family := translator_family(record):
        return family.languages
    return ("en",) if record.name.casefold().startswith(ENGLISH_ONLY) else ()


MOST_NAMED = 8


class BetterModel(Record):
    id: str
    name: str
    words: str


class PairAdvice(Record):
    """What speaks against a model for a pair of languages."""

    target: str
    words: str
    """Empty: nothing speaks against it."""
    better: BetterModel | None = None
    """A model on this PC that was made for it."""
    offer: str = ""
    """Which model to get for it, in a sentence. Empty if there is none, or one on this PC is better."""


class RecommendationService:
    """Recommends models for this PC, and says what speaks against one. Service thread."""

    def __init__(self, store: Store, measuring: SpeedService) -> None:
        self._store, self.pc = store, measuring.pc

    def recommend(self, jobs: Sequence[Skill] = JOBS, languages: Sequence[str] | None = None) -> Recommendations:
        """Return a recommendation for each job. Without languages it is for that of the user account."""
        pc = self.pc()
        if languages is None:
            languages = [code for code in usual_language()[:1] if code]
        by_job = {job: recommend(job, pc, languages=languages) for job in jobs}
        return Recommendations(gigabytes(pc.total_bytes), by_job)

    def first(self) -> Recommendation | None:
        """Return what to get where there is no good model: for questions, summaries and chat, else for chat alone."""
        by_job = self.recommend((Skill.SUMMARIES, Skill.CHAT)).by_job
        first = by_job[Skill.SUMMARIES] or by_job[Skill.CHAT]
        return first and changed(first, finder=self._finder())

    def _finder(self) -> CatalogueEntry | None:
        if any(model.kind == "encoder" for model in self._store.models.all()):
            return None
        return next(entry for entry in _catalogue() if Skill.EMBEDDING in entry.good_at)

    def gap(self, model: str, text: str, *, is_astray: bool = False) -> str:
        """Return in words what a model cannot do where these words were said, or '': it was not made for their
        language, or (`is_astray`) its answer had to be ended. The starter's card says what it is. Raises `model.…`.
        """
        record, code = self._store.models.get(model), detect(text)[0]
        made_for = languages_of(record)
        if is_starter(record):
            return ""
        if code is not None and made_for and code not in made_for:
            words = _("{name} was not made for {language}: its answers may be nonsense.")
            return words.format(name=record.name, language=LANGUAGES[code].shown)
        return _("{name} went astray; a better model seldom does.").format(name=record.name) if is_astray else ""

    def for_pair(self, record: ModelRecord, source: str, target: str, *, has_terms: bool = False) -> PairAdvice:
        """Return what speaks against a model for a pair of language codes, and what would be better.

        An empty source means any language. With an empty target, it is about the model in general.
        """
        words = _against(record, target)
        parts = [words, _format_words(record)]
        family = translator_family(record)
        if has_terms and family and family.translation and not family.translation.terms:
            parts.append(_("It cannot be told a glossary: look at the terms flagged."))
        better, offer = None, ""
        if words and target:
            better = self._translator(record, source, target)
            if better is None and not is_starter(record):  # the starter has one offer already
                offer = self._offer(source, target)
        return PairAdvice(target, " ".join(part for part in parts if part), better, offer)

    def _translator(self, record: ModelRecord, source: str, target: str) -> BetterModel | None:
        for model in self._store.models.all():
            if model.can_chat and model.sha256 != record.sha256 and _is_translator(model, source, target):
                words = _("{name}, on this PC, was made for translation.").format(name=model.name)
                return BetterModel(model.id, model.name, words)
        return None

    def _offer(self, source: str, target: str) -> str:
        here = {entry.repo for model in self._store.models.all() if (entry := entry_of(model)) is not None}
        languages = [code for code in (source, target) if code]
        best = self.recommend((Skill.TRANSLATION,), languages).by_job[Skill.TRANSLATION]
        return best.offer if best and best.entry.repo not in here else ""


def _against(record: ModelRecord, target: str) -> str:
    languages = languages_of(record)
    if languages and target and target not in languages:
        words = _("{name} was not made for {name2}; its publisher names {named}.")
        return words.format(name=record.name, name2=LANGUAGES[target].shown, named=_named(languages))
    if not may(record, Ability.TRANSLATE):
        return _("{name} is very small: expect poor translations.").format(name=record.name)
    return ""


def _is_translator(record: ModelRecord, source: str, target: str) -> bool:
    entry = entry_of(record)
    if entry is not None:
        return Skill.TRANSLATION in entry.skills and all(entry.speaks(code) for code in (source, target) if code)
    if translator_family(record) is None:
        return False
    languages = languages_of(record) or tuple(LANGUAGES)
    return target in languages and (not source or source in languages)


def _named(languages: Sequence[str]) -> str:
    names = [LANGUAGES[language].shown for language in languages if language in LANGUAGES]
    if len(names) == 1:
        return names[0]
    if 0 < len(names) <= MOST_NAMED:
        return _("{names} and {name}").format(names=", ".join(names[:-1]), name=names[-1])
    return _("{count} others").format(count=len(names))


def _format_words(record: ModelRecord) -> str:
    """Return a warning for a model without instruction training, which continues a text instead of translating it."""
    if record.header.get("has_chat_template") is not False or translator_family(record):
        return ""
    return _(
        "{name} brings no chat format; a plain one is used, and it may go on writing instead of translating."
    ).format(name=record.name)


class Recommendations(Record):
    total_gb: int
    by_job: Mapping[Skill, Recommendation | None]

    @property
    def shown(self) -> tuple[tuple[str, Recommendation | None], ...]:
        """What each is for, in words, and the recommendation; one for chat and summaries if one model serves both."""
        chat, summaries = self.by_job.get(Skill.CHAT), self.by_job.get(Skill.SUMMARIES)
        is_same = chat is not None and summaries is not None and chat.entry is summaries.entry
        return tuple(
            (_LEADS[job].format(size=self.total_gb), recommendation)
            for job, recommendation in self.by_job.items()
            if job is not Skill.SUMMARIES or not is_same
        )

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(
            f"{lead}: {recommendation.words if recommendation else NONE_FITS}." for lead, recommendation in self.shown
        )


NONE_FITS = _("none of the list fits")
_LEADS: Mapping[Skill, str] = {
    Skill.CHAT: _("For this PC ({size} GB)"),
    Skill.SUMMARIES: _("For summaries and questions"),
    Skill.TRANSLATION: _("For translating"),
}
