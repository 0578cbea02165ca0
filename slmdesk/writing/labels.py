"""Words for changes and doubts, the same in the window and on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slmdesk.text.words.sentences import sentence_spans
from slmdesk.writing.types import Change, Correction, RewriteRequest, Rewriting, Version

DOUBT_WORDS: Mapping[str, str] = {
    "number": "it touches a number or a date",
    "name": "it touches a name",
    "negation": "it touches what is denied",
    "meaning": "it may change the meaning",
    "words": "it puts other words in place of yours",
    "address": "it touches an address or a placeholder",
    "line break": "it would move a line break",
    "rewritten": "most of the sentence would change",
    "beside": "it may belong to another suggestion in the sentence",
    "formatting": "it lies across formatting that would be lost",
    "model": "the model often changes too much",
}


def change_words(change: Change) -> str:
    if change.is_made:
        return change.reason
    return f"suggestion, {change.reason}: {DOUBT_WORDS[change.doubt]}"


def note_of(change: Change) -> str:
    words = f"“{change.edit.new.strip()}”" if change.edit.new.strip() else "nothing"
    return f"{words} instead? ({change_words(change)})"


def marked_sentence(text: str, change: Change) -> str:
    """The sentence of a change in one line, removed words between [- and -], added ones between {+ and +}."""
    start, end = change.sentence
    old, new = change.old.strip(), change.edit.new.strip()
    before, after = text[start : change.edit.start], text[change.edit.end : end]
    lead = " " if change.old[:1].isspace() or change.edit.new[:1].isspace() else ""
    marks = f"{f'[-{old}-]' if old else ''}{f'{{+{new}+}}' if new else ''}" or "[- -]"
    trail = " " if change.old[1:][-1:].isspace() or change.edit.new[1:][-1:].isspace() else ""
    return " ".join(f"{before}{lead}{marks}{trail}{after}".split())


def counted(found: Correction) -> str:
    made = sum(one.is_made for one in found.changes)
    suggested = len(found.changes) - made
    if not found.changes:
        return "No mistakes found."
    words = f"{made} {'change' if made == 1 else 'changes'} made"
    return f"{words}, {suggested} only suggested." if suggested else f"{words}."


def unanswered_words(found: Correction, place: str = "line") -> str:
    count = len(found.unanswered)
    if not count:
        return ""
    lines = sorted(set(found.unanswered))
    named = ", ".join(map(str, lines[:20])) + (f" and {len(lines) - 20} more" if len(lines) > 20 else "")
    said = "1 sentence" if count == 1 else f"{count} sentences"
    return (
        f"{said} could not be checked and {'stays' if count == 1 else 'stay'} as written"
        f" ({place}{'s' if len(lines) > 1 else ''} {named})."
    )


def remarks(found: Rewriting, version: Version, request: RewriteRequest) -> Iterator[str]:
    if version.added:
        yield f"Not in your text: {_listed(version.added)}."
    if version.missing:
        yield f"Missing from it: {_listed(version.missing)}."
    if version.spoilt:
        yield f"Changed by the model although it stands for something redacted: {_listed(version.spoilt)}."
    if version.denies_otherwise:
        yield "It may deny something else than your text: compare each “not” and “no”."
    if version.is_cut:
        yield "It ends at the limit of its length, so its end is missing."
    if request.manner == "sentence" and (sentences := len(sentence_spans(version.text, found.language))) > 1:
        yield f"It has {sentences} sentences, not one."


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"“{one}”" for one in words)
