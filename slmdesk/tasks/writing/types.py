"""Requests and results of the writing service, its texts for people, and its prompts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from slmdesk.base.record import Record
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.base.texts import N_, _, in_quotes, ngettext
from slmdesk.base.translation import LANGUAGES, NO_BLANKS
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.writing.edits import Edit, applied, letters_of, numbers_and_words

MOST_TEXT = 200_000
"""Most characters of a text that is corrected at once, which is about 1,500 sentences."""
MOST_REWRITTEN = 6_000
"""Most characters of a text that is rewritten. The model gets it as a whole."""


class Task(StrEnum):
    REPHRASE = "rephrase"
    SHORTEN = "shorten"
    EXPAND = "expand"
    TONE = "tone"
    CONTINUE = "continue"


LENGTHS = ("half", "sentence")
SHORTENED_BELOW = 0.8
"""Share of its length below which a text counts as shortened."""
TONES = ("friendlier", "firmer", "plainer", "formal")


class CorrectRequest(Record):
    text: str
    language: str = ""
    """Language code (ISO 639-1). Empty means that it is detected."""
    model: str | None = None


class DocumentRequest(Record):
    path: str
    target: Path | None = None
    """File to write with tracked changes. None if only the changes are wanted."""
    language: str = ""
    model: str | None = None
    may_replace: bool = False


class RewriteRequest(Record):
    text: str
    task: Task
    manner: str = ""
    """One of LENGTHS or TONES."""
    language: str = ""
    model: str | None = None
    again: int = 0
    """Number of earlier requests of the same kind. Each gets a different result."""


def length_of(text: str, language: str) -> int:
    """Return the number of words, or of letters in languages without spaces between words."""
    return sum(map(str.isalnum, text)) if language in NO_BLANKS else len(numbers_and_words(text))


def is_as_long_as_asked(request: RewriteRequest, text: str, language: str, below: float = SHORTENED_BELOW) -> bool:
    """Return whether a rewritten text has the requested length: `below` this share if shortened, longer if expanded."""
    share = length_of(text, language) / max(1, length_of(request.text, language))
    if request.task is Task.SHORTEN:
        return share < below
    return request.task is not Task.EXPAND or share > 1


class Change(Record):
    edit: Edit
    """The edit, in characters of the whole text."""
    old: str
    line: int
    doubt: str = ""
    """Why the change is only suggested (writing.doubts, `model` or `dictionary`). Empty means that it is made."""
    sentence: tuple[int, int] = (0, 0)

    @property
    def is_made(self) -> bool:
        return not self.doubt

    @property
    def kind(self) -> str:
        return kind_of(self.old, self.edit.new, is_fact=self.doubt in FACT_DOUBTS)


class Correction(Record):
    """A text and its changes. The changes are in order and do not overlap."""

    source: str
    changes: tuple[Change, ...]
    language: str
    sentences: int
    unanswered: tuple[int, ...] = ()
    """Lines of uncorrected sentences: too long, or the model's answer was no correction."""

    @property
    def text(self) -> str:
        return applied(self.source, [change.edit for change in self.changes if change.is_made])


class Version(Record):
    text: str
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    edits: Sequence[Edit] = ()
    is_cut: bool = False
    """Whether the model reached the token limit, so that the end is missing."""
    others: Sequence[tuple[int, int]] = ()
    """Positions (start, end) in `text`, in characters, of words that differ from the source."""
    denies_otherwise: bool = False
    """Whether source and version differ in the number of negating words, such as "not"."""

    def kind_of(self, old: str, new: str) -> str:
        """Return what the change of some words to others touches."""
        facts = numbers_and_words(" ".join((*self.added, *self.missing)))
        return kind_of(old, new, is_fact=not set(facts).isdisjoint(numbers_and_words(f"{old} {new}")))


class Rewriting(Record):
    """Versions of a text, which differ from it and each other. A rephrased text has up to three, others have one."""

    source: str
    versions: tuple[Version, ...]
    language: str
    asked: int = 1


DOUBT_WORDS: Mapping[str, str] = {
    "number": N_("changes a number or a date"),
    "name": N_("changes a name"),
    "negation": N_("changes a negation"),
    "meaning": N_("may change the meaning"),
    "words": N_("different wording"),
    "address": N_("changes an address or a placeholder"),
    "line break": N_("would move a line break"),
    "formatting": N_("it lies across formatting that would be lost"),
    "model": N_("weak model"),
    "dictionary": N_("first suggestion of the dictionary"),
}


FACT, WORD, SIGN = N_("figure or name"), N_("word"), N_("sign")
FACT_DOUBTS = frozenset(("number", "name", "address"))


def kind_of(old: str, new: str, *, is_fact: bool) -> str:
    """Return what a change touches: FACT, WORD, or SIGN for punctuation, capital letters and spaces."""
    if is_fact:
        return FACT
    return SIGN if letters_of(old) == letters_of(new) else WORD


def doubt_words(change: Change) -> str:
    """Return why a change is only suggested. Earlier versions have stored other reasons."""
    return _(DOUBT_WORDS.get(change.doubt, DOUBT_WORDS["meaning"]))


def change_words(change: Change) -> str:
    kind = _(change.kind)
    if change.is_made:
        return kind
    return _("suggestion, {kind}: {doubt_word}").format(kind=kind, doubt_word=doubt_words(change))


def note_of(change: Change) -> str:
    """Return what a comment in a Word file says of a change that is only suggested. Empty: it is made."""
    if change.is_made:
        return ""
    new = change.edit.new.strip()
    words = in_quotes(new) if new else _("nothing")
    return _("{words} instead? ({change})").format(words=words, change=change_words(change))


def marked_sentence(text: str, change: Change) -> str:
    """Return the sentence of a change in one line. Removed words are in [- -], added words in {+ +}."""
    start, end = change.sentence
    marks = ""
    if change.old:
        marks = f"[-{change.old}-]"
    if change.edit.new:
        marks += f"{{+{change.edit.new}+}}"
    before, after = text[start : change.edit.start], text[change.edit.end : end]
    return " ".join(f"{before}{marks}{after}".split())


def counted(correction: Correction) -> str:
    made = sum(change.is_made for change in correction.changes)
    suggested = len(correction.changes) - made
    if not correction.changes:
        return _("No mistakes found.")
    words = ngettext("{n} change made", "{n} changes made", made)
    return (
        _("{words}, {suggested} only suggested.").format(words=words, suggested=suggested) if suggested else f"{words}."
    )


def unanswered_words(correction: Correction, place: str = "line") -> str:
    count = len(correction.unanswered)
    if not count:
        return ""
    lines = sorted(set(correction.unanswered))
    named = ", ".join(map(str, lines[:20])) + (
        _(" and {count} more").format(count=len(lines) - 20) if len(lines) > 20 else ""
    )
    said = ngettext("1 sentence", "{n} sentences", count)
    return ngettext(
        "{said} could not be checked and stays as written ({place}{what} {named}).",
        "{said} could not be checked and stay as written ({place}{what} {named}).",
        count,
        said=said,
        place=place,
        what="s" if len(lines) > 1 else "",
        named=named,
    )


def remarks(rewriting: Rewriting, version: Version, request: RewriteRequest) -> Iterator[str]:
    if version.added:
        yield _("Not in your text: {listed}.").format(listed=_listed(version.added))
    if version.missing:
        yield _("Missing: {listed}.").format(listed=_listed(version.missing))
    if version.denies_otherwise:
        yield _("It may deny something else than your text: compare each “not” and “no”.")
    if version.is_cut:
        yield _("It ends at the limit of its length, so its end is missing.")
    if request.manner == "sentence" and (sentences := len(sentence_spans(version.text, rewriting.language))) > 1:
        yield _("It has {sentences} sentences, not one.").format(sentences=sentences)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(in_quotes(word) for word in words)


VARIANTS = 3
SENTENCE_WORDS = 30
"""Most words that the prompt allows for a text in one sentence."""
LEAST_ANSWER = 48
TEMPERATURE = 0.7
"""Sampling temperature for variants and new text. Shortening and changing the tone use the likeliest words."""


@cache
def texts() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.tasks.writing").joinpath("prompts.toml").read_text("utf-8"))


def correction_step(sentence: str, language: str) -> dict[str, Json]:
    """Build the step that corrects a sentence."""
    asked = TextPart(f"{_told(_of(language)['correct'], language)}\n\n")
    turns = [ChatMessage(Role.USER, (asked, TextPart(sentence, Origin.PERSON)))]
    return step_of(turns, Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=LEAST_ANSWER + 2 * _size(sentence)))


def rewriting_steps(request: RewriteRequest, language: str, *, is_counted: bool = False) -> list[dict[str, Json]]:
    """Build the steps that rewrite a text: VARIANTS steps with different seeds to rephrase it, else one.

    `is_counted`: whether the prompt gives the number of words.
    """
    known = _of(language)
    name = request.manner or request.task.value
    rules = known[name] if request.task is Task.CONTINUE else f"{known[name]} {known['keep']}"
    if is_counted:
        rules = f"{rules} {_length_asked(request, language)}"
    asked = TextPart(f"{_told(rules, language)}\n\n")  # beside the text, since small models ignore instructions
    turns = [ChatMessage(Role.USER, (asked, TextPart(request.text.strip(), Origin.PERSON)))]
    most = LEAST_ANSWER + 2 * _size(request.text)
    if request.task in (Task.EXPAND, Task.CONTINUE):
        most = max(400, most) if request.task is Task.EXPAND else 120
    if request.task in (Task.SHORTEN, Task.TONE) and not request.again:
        return [step_of(turns, Sampling(temperature=0.0, max_tokens=most))]
    count = VARIANTS if request.task is Task.REPHRASE else 1
    seeds = range(1 + request.again * count, 1 + (request.again + 1) * count)
    return [step_of(turns, Sampling(temperature=TEMPERATURE, max_tokens=most, seed=seed)) for seed in seeds]


def _length_asked(request: RewriteRequest, language: str) -> str:
    known, length = _of(language), length_of(request.text, language)
    half = max(1, length // 2)
    most = min(half, SENTENCE_WORDS) if request.manner == "sentence" else half
    unit = "characters" if language in NO_BLANKS else "words"
    is_long = request.task is Task.EXPAND
    asked: str = known["at_least" if is_long else "at_most"]
    return asked.format(count=2 * length if is_long else most, unit=unit)


def _of(language: str) -> Mapping[str, Any]:
    prompts: Mapping[str, Any] = texts().get(language) or texts()["en"]
    return prompts


def _told(rules: str, language: str) -> str:
    if language in texts():
        return rules
    return f"{rules} {texts()['other']['language'].format(language=LANGUAGES[language].name)}"


def _size(text: str) -> int:
    """Return a text's largest likely number of tokens: its words, or its letters if words are long or not separated."""
    return max(len(text.split()), len(text) // 3)
