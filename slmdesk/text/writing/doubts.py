"""Tells which changes of a correction must not be made unasked: they touch a number, a name, a negation or the sense.

Rules without a model, on the safe side: a change that may be right but cannot be told from a changed fact is a doubt.
Numbers, names and negations are read as in translations (text.checks), but compared to the letter, since both wordings
are in one language.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import resources

from slmdesk.text.checks.denials import denials
from slmdesk.text.checks.numbers import find_numbers
from slmdesk.text.checks.words import folded, function_words, same_word, stem, tables
from slmdesk.text.translation.opposites import opposite_flags
from slmdesk.text.translation.placeholders import changed
from slmdesk.text.writing.edits import ALIKE, Edit, applied, likeness, reason_of, word_count, words_in

REWRITTEN_SHARE, REWRITTEN_WORDS = 0.4, 3
"""A sentence of which more than this share of words, and more words than these, changed was rewritten."""
_FIGURES = re.compile(r"\d(?:[\d.,:/'’]*\d)?")
_SIGNED = re.compile(r"[-−–+±<>≤≥]\s?(?=\d)|[%‰€$£¥§°]")
_RUN_TOGETHER = re.compile(
    r"\b(do|does|did|is|are|was|were|have|has|had|ca|wo|would|should|could|must|need)nt\b", re.IGNORECASE
)
"""English: "dont", which denies as "don't" does."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PART = re.compile(r"[^\W\d_]+")
_OPENS = re.compile(r"(?:^|[.!?:…])[\s'\"“”„«»‘(\[¿¡*_#>-]*$")
_TITLE_WORDS = "herr herrn frau dr prof firma familie stadt mr mrs ms miss monsieur madame mme m señor señora"
_TITLES = frozenset(_TITLE_WORDS.split())
_FRENCH_HALF = frozenset(("ne", "n"))
_FRENCH_BOTH = frozenset(("pas", "jamais", "aucun", "aucune", "rien", "ni", "sans", "non"))
_FACTS = frozenset(("number", "date", "amount", "unit", "percent"))


def doubts_of(text: str, edits: Sequence[Edit], language: str) -> list[str]:
    """For each change of a sentence why it must not be made unasked: "" where it may.

    Otherwise one of `number`, `name`, `negation`, `meaning`, `address` (what must stay letter for letter), `words`
    (other words than the writer's), `line break`, `rewritten` (too much of the sentence), `beside` (it may belong to
    another one that is only suggested).  `language`: ISO 639-1.
    """
    doubts = [_doubt(text, one, language) for one in edits]
    touched = sum(max(word_count(one.old(text)), word_count(one.new)) for one in edits)
    if touched > REWRITTEN_WORDS and touched > REWRITTEN_SHARE * word_count(text):
        return [one or "rewritten" for one in doubts]
    if any(one in _REWORDED for one in doubts):
        doubts = [one or _beside(text, edit) for one, edit in zip(doubts, edits, strict=True)]
    made = [edit for edit, doubt in zip(edits, doubts, strict=True) if not doubt]
    if len(made) > 1 and (together := _fact(text, applied(text, made), language)):
        return [one or together for one in doubts]  # harmless alone, not together
    return doubts


def facts_beside(old: str, new: str, language: str) -> tuple[list[str], list[str]]:
    added, missing = _facts_only_in(new, old, language), _facts_only_in(old, new, language)
    added += _only(_FIGURES, new, old, added) + [one for one in _names(new, language) if one not in _words_of(old)]
    missing += _only(_FIGURES, old, new, missing) + [one for one in _names(old, language) if one not in _words_of(new)]
    return list(dict.fromkeys(added)), list(dict.fromkeys(missing))


def denies_otherwise(old: str, new: str, language: str) -> bool:
    counts = []
    for text in (old, new):
        found = _denials(_RUN_TOGETHER.sub(r"\1n't", text) if language == "en" else text, language)
        counts.append(found if isinstance(found, int) else found.total())
    return counts[0] != counts[1]


def _facts_only_in(one: str, other: str, language: str) -> list[str]:
    from slmdesk.text.checks.check import check  # late: only who corrects waits for it

    found = check(one, other, language, language)
    names = [each.text for each in found if each.kind == "name" and not _is_common(each.text, language)]
    return [each.text for each in found if each.kind in _FACTS] + names


def _only(pattern: re.Pattern[str], one: str, other: str, known: Sequence[str]) -> list[str]:
    there = set(pattern.findall(other))
    return [found for found in pattern.findall(one) if found not in there and not any(found in each for each in known)]


_REWORDED = frozenset(("words", "meaning", "negation"))
_SELF_CONTAINED = frozenset(("spelling", "capital letter", "repeated word", "spacing"))


def _beside(text: str, edit: Edit) -> str:
    """Whether a change may belong to one that is only suggested: half of a new wording is no sentence."""
    return "" if reason_of(text, edit) in _SELF_CONTAINED else "beside"


def _doubt(text: str, edit: Edit, language: str) -> str:
    old, new = edit.old(text), edit.new
    if old.count("\n") != new.count("\n"):
        return "line break"
    return _fact(text, applied(text, [edit]), language, edit) or _sense(text, edit, language)


def _fact(text: str, after: str, language: str, edit: Edit | None = None) -> str:
    if any(changed(text, after)):
        return "address"
    if _figures(text) != _figures(after) or _number_words(text, language) != _number_words(after, language):
        return "number"
    if _dates(text) != _dates(after) and not (edit and _mends_date(text, edit)):
        return "number"
    if edit is not None and _touches_name(text, edit, language):
        return "name"
    if language == "en":
        text, after = (_RUN_TOGETHER.sub(r"\1n't", one) for one in (text, after))
    if _denials(text, language) != _denials(after, language):
        return "negation"
    from slmdesk.text.checks.check import check  # late: only who corrects waits for it

    kinds = {one.kind for pair in ((after, text), (text, after)) for one in check(*pair, language, language)}
    if kinds & {"number", "amount", "unit", "percent"}:
        return "number"
    if "negation" in kinds or opposite_flags(text, after, language, language):
        return "negation"
    return ""


# ---- numbers


def _figures(text: str) -> tuple[list[str], list[str]]:
    return _FIGURES.findall(text), [one.strip() for one in _SIGNED.findall(text)]


def _number_words(text: str, language: str) -> Counter[float]:
    """Numbers in words; a soft one may be an article, and is none where it means one."""
    found = (one for one in find_numbers(text, language) if not any(map(str.isdigit, text[one.start : one.end])))
    return Counter(one.values[0] for one in found if not (one.soft and one.values[0] == 1))


@cache
def _calendar() -> dict[str, tuple[str, int]]:
    return {
        word: (kind, number)
        for kind in ("months", "weekdays")
        for number, names in enumerate(tables()[kind]["names"])
        for word in names.split()
        if len(word) > 2
    }


def _dates(text: str) -> Counter[tuple[str, int]]:
    return Counter(_calendar()[word] for word in map(folded, words_in(text)) if word in _calendar())


def _mends_date(text: str, edit: Edit) -> bool:
    before, after = words_in(edit.old(text)), words_in(edit.new)
    if len(before) != 1 or len(after) != 1:
        return False
    old, new = folded(before[0]), folded(after[0])
    return old not in _calendar() and new in _calendar() and likeness(old, new) >= ALIKE


# ---- names


def _words_of(text: str) -> frozenset[str]:
    return frozenset(words_in(text))


def _touches_name(text: str, edit: Edit, language: str) -> bool:
    old, new = edit.old(text), edit.new
    if old.casefold() == new.casefold():
        return any(one not in new for one in _names_at(text, edit.start, edit.end, language))
    if language == "de" and old[:1].isupper() and new[:1].isupper() and old != new and _sound(old) == _sound(new):
        return True  # Meyer and Maier: any noun may be a name
    here = _names_at(text, edit.start, edit.end, language)
    after = applied(text, [edit])
    there = _names_at(after, edit.start, edit.start + len(new), language)
    if _mends_date(text, edit):
        return False
    small = {one.casefold() for one in words_in(old)}
    return here != [one for one in there if one.casefold() not in small or one in here]


_SOUNDS = (("y", "i"), ("ai", "ei"), ("dt", "t"), ("tt", "t"), ("th", "t"), ("ff", "f"), ("ph", "f"))


def _sound(name: str) -> str:
    """A name as it is heard: its spellings are names of different people."""
    sound = name.casefold()
    for one, other in _SOUNDS:
        sound = sound.replace(one, other)
    return sound


def _names(text: str, language: str) -> list[str]:
    found = _names_at(text, 0, len(text), language)
    return [one for one in dict.fromkeys(found) if folded(one) not in _TITLES]


def _names_at(text: str, start: int, end: int, language: str) -> list[str]:
    """The words of a stretch that may be names.

    Inside a sentence every capitalised word may be one; in German, which capitalises all nouns, one beside another or
    behind a title.  At the beginning of a sentence one that is no function word.
    """
    words = list(_WORD.finditer(text))
    found = []
    for at, one in enumerate(words):
        if one.end() <= start or one.start() >= end or not _is_large(one[0]) or _is_common(one[0], language):
            continue
        is_title = at > 0 and folded(words[at - 1][0]) in _TITLES and _is_near(text, words[at - 1], one)
        beside = [words[each] for each in (at - 1, at + 1) if 0 <= each < len(words)]
        is_pair = any(_is_near(text, each, one) and _is_proper(each[0], language) for each in beside)
        opens = bool(_OPENS.search(text, 0, one.start()))
        if is_title or is_pair or _is_odd(one[0]) or opens or language != "de":
            found.append(one[0])
    return found


def _is_large(word: str) -> bool:
    return word[0].isupper() and len(word) > 1


def _is_odd(word: str) -> bool:
    return any(sign.isupper() for sign in word[1:])


def _is_proper(word: str, language: str) -> bool:
    return word[0].isupper() and not _is_common(word, language)


def _is_common(word: str, language: str) -> bool:
    plain = folded(word)
    if language == "en" and re.split("['’]", plain)[0] == "i":  # "I've"
        return True
    return plain in _small(language) or plain in _calendar() or plain in _weighty(language)


def _is_near(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    first, second = sorted((one, other), key=lambda found: found.start())
    return text[first.end() : second.start()] in (" ", ". ", "-", "\u00a0", "\n")


# ---- negations and sense


def _denials(text: str, language: str) -> Counter[str] | int:
    """The words that deny; of French how many, as "ne … pas" is one and often written without its "ne"."""
    words = denials(text, language) or []
    if language != "fr":
        return Counter("not" if one.endswith(("n't", "n’t")) or one == "cannot" else one for one in words)
    both = sum(one in _FRENCH_BOTH for one in words)
    return both or sum(one in _FRENCH_HALF for one in words)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("slmdesk.text.writing").joinpath("weighty.toml").read_text("utf-8"))


@cache
def _weighty(language: str) -> frozenset[str]:
    return frozenset(_tables()["weighty"].get(language, "").split())


@cache
def _small(language: str) -> frozenset[str]:
    """Words that carry no matter: one may stand for another where the sentence is otherwise the same."""
    return function_words(language or "en") | frozenset(_tables()["small"].get(language, "").split())


def _sense(text: str, edit: Edit, language: str) -> str:
    sides = [_RUN_TOGETHER.sub(r"\1n't", one) if language == "en" else one for one in (edit.old(text), edit.new)]
    old, new = (_PART.findall(one) for one in sides)
    if _is_polite(old, new, language):
        return "meaning"
    before, after = Counter(map(folded, old)), Counter(map(folded, new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    if _is_repeated(text, edit) or "".join(gone) == "".join(come):
        return ""
    for one, others in [*((one, come) for one in gone), *((one, gone) for one in come)]:
        is_weighty = one in _weighty(language)
        if any(_is_turned(one, each) for each in others):
            return "negation"
        if is_weighty and not any(each not in _weighty(language) and likeness(one, each) >= ALIKE for each in others):
            return "meaning"
        if not is_weighty and one not in _small(language) and not any(_is_form(one, each) for each in others):
            return "words"
    return ""


def _is_form(one: str, other: str) -> bool:
    return same_word(one, other) or stem(one) == stem(other) or likeness(one, other) >= ALIKE


_TURNING = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "des", "de", "miss")


def _is_turned(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and any(long == prefix + short for prefix in _TURNING)


def _is_repeated(text: str, edit: Edit) -> bool:
    words = [one.casefold() for one in words_in(edit.old(text))]
    if edit.new.strip() or not words:
        return False
    before = [one.casefold() for one in words_in(text[: edit.start])][-len(words) :]
    after = [one.casefold() for one in words_in(text[edit.end :])][: len(words)]
    return words in (before, after)


def _is_polite(old: Sequence[str], new: Sequence[str], language: str) -> bool:
    """German: whether "Sie" (you) becomes "sie" (they, she), or the other way round."""
    if language != "de" or [one.casefold() for one in old] != [one.casefold() for one in new]:
        return False
    polite = ("sie", "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer", "ihres")
    return any(one != other and one.casefold() in polite for one, other in zip(old, new, strict=True))
