"""Compares a text with its correction and tells which changes are in doubt. Also finds the sentences to correct, and
what a model is asked to continue.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.text.checks.negation import denials
from slmdesk.text.checks.numbers import find_numbers
from slmdesk.text.checks.words import folded, function_words, same_word, stem, tables
from slmdesk.text.preserved import changed, is_chatter, is_code, is_only_protected, without_chatter
from slmdesk.text.sentences import sentence_spans

REWRITTEN_SHARE, REWRITTEN_WORDS = 0.4, 3
"""A sentence counts as rewritten if more than this share of its words changed, and more than this number of words."""
_FIGURES = re.compile(r"\d(?:[\d.,:/'’]*\d)?")
_SIGNED = re.compile(r"[-−–+±<>≤≥]\s?(?=\d)|[%‰€$£¥§°]")
_RUN_TOGETHER = re.compile(
    r"\b(do|does|did|is|are|was|were|have|has|had|ca|wo|would|should|could|must|need)nt\b", re.IGNORECASE
)
"""Matches English negations without an apostrophe, such as "dont" for "don't"."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PART = re.compile(r"[^\W\d_]+")
_OPENS = re.compile(r"(?:^|[.!?:…])[\s'\"“”„«»‘(\[¿¡*_#>-]*$")
_ASKED = re.compile(r"(?:^|[.!?:;,]\s+)(\w+n)\s+$")
_NOT_VERBS = "denn wenn wann dann nun schon allein sondern gegen wegen neben eben von an"
_NO_VERBS = frozenset(_NOT_VERBS.split())
_HELPERS = re.compile(r"(?:k[öo]nn|d[üu]rf|m[üu]ss|soll|woll|möcht|hab|hätt|hatt|w[üu]rd|werd|war)(?:en|t?en)|sind")
_BEGUN = re.compile(r"[.!?]\s+([^\W\d_]+)")
_ADDRESSES = re.compile(r"D(?:u|ir|ich|ein\w{0,2})|Eu(?:ch|er|re\w?)|Sie|Ihnen|Ihr\w{0,2}")
_LARGE_BEHIND_COMMA = frozenset(("en", "fr", "nl"))
_TITLE_WORDS = "herr herrn frau dr prof firma familie stadt mr mrs ms miss monsieur madame mme m señor señora"
_TITLES = frozenset(_TITLE_WORDS.split())
_FRENCH_HALF = frozenset(("ne", "n"))
_FRENCH_BOTH = frozenset(("pas", "jamais", "aucun", "aucune", "rien", "ni", "sans", "non"))
_FACTS = frozenset(("number", "date", "amount", "unit", "percent"))


def doubts_of(text: str, edits: Sequence[Edit], language: str) -> list[str]:
    """Return for each change of a sentence why it must not be made without asking, or "" if it may.

    The reasons are `number`, `name`, `negation`, `meaning`, `address` (text that must stay letter for letter), `words`
    (other words than the writer's), `line break`, `rewritten` (too much of the sentence) and `beside` (the change may
    belong to another that is only suggested). `language` is an ISO 639-1 code.
    """
    doubts = [_doubt(text, edit, language) for edit in edits]
    others = [edit for edit in edits if not _is_plain(text, edit)]  # many misspelled words are no new wording
    touched = sum(max(word_count(edit.old(text)), word_count(edit.new)) for edit in others)
    if touched > REWRITTEN_WORDS and touched > REWRITTEN_SHARE * word_count(text):
        return [doubt or "rewritten" for doubt in doubts]
    if any(doubt in _REWORDED for doubt in doubts):
        doubts = [doubt or _beside(text, edit) for doubt, edit in zip(doubts, edits, strict=True)]
    made = [edit for edit, doubt in zip(edits, doubts, strict=True) if not doubt]
    together = _fact(text, applied(text, made), language) if len(made) > 1 else ""
    if together == "negation" and not _parts_denial(text, applied(text, made), language):
        rest = [edit for edit in made if not _parts_only(edit.old(text), edit.new)]
        together = _fact(text, applied(text, rest), language)
    if together:
        return [doubt or together for doubt in doubts]  # each change alone is harmless, but not all together
    doubts = [doubt or _gone(text, edit) for doubt, edit in zip(doubts, edits, strict=True)]
    made = [edit for edit, doubt in zip(edits, doubts, strict=True) if not doubt]
    half = "beside" if any(doubts) else "meaning"
    return [
        doubt or half * _is_large_inside(text, edit, made, language) for doubt, edit in zip(doubts, edits, strict=True)
    ]


def _parts_only(old: str, new: str) -> bool:
    """Return whether a change only ends a sentence, or begins one: all words stay."""
    before, other = (re.sub(r"[\s.!?]", "", side).casefold() for side in (old, new))
    return before == other


def _parts_denial(old: str, new: str, language: str) -> bool:
    """Return whether a "not" begins a sentence that ended one before."""
    before, other = (sum(bool(denials(word, language)) for word in _BEGUN.findall(side)) for side in (old, new))
    return before != other


def goes_on_small(above: str, sentence: str, edit: Edit, language: str) -> bool:
    """Return whether a change only capitalises the small word that goes on behind the comma of a salutation."""
    is_behind = above.rstrip().endswith(",") and language not in _LARGE_BEHIND_COMMA
    old, begin = edit.old(sentence), _tables()["begin"].get(language, "").split()
    is_first = not edit.start and _capitalises(old, edit.new, language, begin)
    return is_behind and is_first and not (language == "de" and _ADDRESSES.fullmatch(edit.new))


def _capitalises(old: str, new: str, language: str, more: Sequence[str] = ()) -> bool:
    is_small = folded(new) in _small(language) or folded(new) in more
    return old.casefold() == new.casefold() and new[:1].isupper() and is_small


def _is_large_inside(text: str, edit: Edit, made: Sequence[Edit], language: str) -> bool:
    """Return whether a change capitalises a small word that opens no sentence once all changes are made."""
    new = edit.new
    is_always = language == "en" and new[:1] == "I" and not new[1:2].isalpha()
    is_always |= language == "de" and _ADDRESSES.fullmatch(new) is not None
    if is_always or not _capitalises(edit.old(text), new, language):
        return False
    before = applied(text[: edit.start], [each for each in made if each.end <= edit.start and each is not edit])
    return not _OPENS.search(before)


def _gone(text: str, edit: Edit) -> str:
    """Return "words" for a removed word: even a small one may be half of a verb ("sammeln … ein", "give … up")."""
    is_removed = not edit.new.strip() and bool(words_in(edit.old(text)))
    return "words" if is_removed and not _is_repeated(text, edit) else ""


def facts_beside(old: str, new: str, language: str) -> tuple[list[str], list[str]]:
    added, missing = _facts_only_in(new, old, language), _facts_only_in(old, new, language)
    added += _only(_FIGURES, new, old, added) + [name for name in _names(new, language) if name not in _words_of(old)]
    missing += _only(_FIGURES, old, new, missing) + [
        name for name in _names(old, language) if name not in _words_of(new)
    ]
    return list(dict.fromkeys(added)), list(dict.fromkeys(missing))


def denies_otherwise(old: str, new: str, language: str) -> bool:
    counts = []
    for text in (old, new):
        negations = _denials(_RUN_TOGETHER.sub(r"\1n't", text) if language == "en" else text, language)
        counts.append(negations if isinstance(negations, int) else negations.total())
    return counts[0] != counts[1]


def _facts_only_in(text: str, other: str, language: str) -> list[str]:
    from slmdesk.text.checks.support import check  # late: only who corrects waits for it

    flags = check(text, other, language, language)
    names = [each.text for each in flags if each.kind == "name" and not _is_common(each.text, language)]
    return [each.text for each in flags if each.kind in _FACTS] + names


def _only(pattern: re.Pattern[str], text: str, other: str, known: Sequence[str]) -> list[str]:
    there = set(pattern.findall(other))
    return [
        figure for figure in pattern.findall(text) if figure not in there and not any(figure in each for each in known)
    ]


_REWORDED = frozenset(("words", "meaning", "negation"))
SELF_CONTAINED = frozenset(("spelling", "capital letter", "repeated word", "spacing"))


def _beside(text: str, edit: Edit) -> str:
    """Return "beside" if a change may belong to one only suggested, else "". Half a new wording makes no sentence."""
    return "" if _is_plain(text, edit) else "beside"


def _is_plain(text: str, edit: Edit) -> bool:
    return reason_of(text, edit) in SELF_CONTAINED


def _doubt(text: str, edit: Edit, language: str) -> str:
    old, new = edit.old(text), edit.new
    if old.count("\n") != new.count("\n"):
        return "line break"
    if _FIGURES.search(old) and _FIGURES.search(new):
        return "number"  # it may only have moved, but in a date that matters
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
        text, after = (_RUN_TOGETHER.sub(r"\1n't", side) for side in (text, after))
    if _denials(text, language) != _denials(after, language):
        return "negation"
    from slmdesk.text.checks.support import check  # late: only who corrects waits for it

    is_parted = _parts_only(text, after) and not _parts_denial(text, after, language)
    kinds = {flag.kind for pair in ((after, text), (text, after)) for flag in check(*pair, language, language)}
    if kinds & {"number", "amount", "unit", "percent"}:
        return "number"
    if "negation" in kinds and not is_parted:
        return "negation"
    return ""


def _figures(text: str) -> tuple[list[str], list[str]]:
    return _FIGURES.findall(text), [figure.strip() for figure in _SIGNED.findall(text)]


def _number_words(text: str, language: str) -> Counter[float]:
    """Count the numbers written in words. A word for one that may be an article does not count."""
    numbers = (
        number for number in find_numbers(text, language) if not any(map(str.isdigit, text[number.start : number.end]))
    )
    return Counter(number.values[0] for number in numbers if not (number.soft and number.values[0] == 1))


@cache
def _calendar() -> dict[str, tuple[str, int]]:
    return {
        word: (kind, number)
        for kind in ("months", "weekdays")
        for number, names in enumerate(tables()[kind]["names"])
        for word in names.split()
        if len(word) > 2
    }


def names_date(text: str) -> bool:
    """Return whether a text has the name of a month or a weekday."""
    return bool(_dates(text))


def _dates(text: str) -> Counter[tuple[str, int]]:
    return Counter(_calendar()[word] for word in map(folded, words_in(text)) if word in _calendar())


def _mends_date(text: str, edit: Edit) -> bool:
    before, after = words_in(edit.old(text)), words_in(edit.new)
    if len(before) != 1 or len(after) != 1:
        return False
    old, new = folded(before[0]), folded(after[0])
    return old not in _calendar() and new in _calendar() and likeness(old, new) >= ALIKE


def _words_of(text: str) -> frozenset[str]:
    return frozenset(words_in(text))


def _touches_name(text: str, edit: Edit, language: str) -> bool:
    old, new = edit.old(text), edit.new
    if old.casefold() == new.casefold():
        return any(name not in new for name in _names_at(text, edit.start, edit.end, language))
    if language == "de" and old[:1].isupper() and new[:1].isupper() and old != new and _sound(old) == _sound(new):
        return True  # Meyer and Maier: any noun may be a name
    here = _names_at(text, edit.start, edit.end, language)
    after = applied(text, [edit])
    there = _names_at(after, edit.start, edit.start + len(new), language)
    if _mends_date(text, edit) or _is_no_name(text, edit, language):
        return False
    small = {word.casefold() for word in words_in(old)}
    return here != [word for word in there if word.casefold() not in small or word in here]


def _is_no_name(text: str, edit: Edit, language: str) -> bool:
    """Return whether the first word of a sentence was misspelled, and is a function word or ends as no name does."""
    before, after = words_in(edit.old(text)), words_in(edit.new)
    if len(before) != 1 or len(after) != 1 or not _OPENS.search(text, 0, edit.start):
        return False
    if _is_common(after[0], language) and _is_typo(folded(before[0]), folded(after[0])):
        return True
    endings = tuple(_tables()["endings"].get(language, "").split())
    return bool(endings) and folded(after[0]).endswith(endings) and likeness(before[0], after[0]) >= ALIKE


_SOUNDS = (("y", "i"), ("ai", "ei"), ("dt", "t"), ("tt", "t"), ("th", "t"), ("ff", "f"), ("ph", "f"))


def _sound(name: str) -> str:
    """Return how a German name sounds. Names that sound alike (Meyer, Maier) belong to different people."""
    sound = name.casefold()
    for letters, other in _SOUNDS:
        sound = sound.replace(letters, other)
    return sound


def _names(text: str, language: str) -> list[str]:
    names = _names_at(text, 0, len(text), language)
    return [name for name in dict.fromkeys(names) if folded(name) not in _TITLES]


def _names_at(text: str, start: int, end: int, language: str) -> list[str]:
    """Return the words of a part of the text that may be names.

    Inside a sentence every capitalised word may be one. In German, which capitalises all nouns, it must be next to
    another name or after a title. At the beginning of a sentence it must not be a function word.
    """
    words = list(_WORD.finditer(text))
    names = []
    for at, word in enumerate(words):
        if word.end() <= start or word.start() >= end or not _is_large(word[0]) or _is_common(word[0], language):
            continue
        is_title = at > 0 and folded(words[at - 1][0]) in _TITLES and _is_near(text, words[at - 1], word)
        beside = [words[each] for each in (at - 1, at + 1) if 0 <= each < len(words)]
        is_pair = any(_is_near(text, each, word) and _is_proper(each[0], language) for each in beside)
        opens = bool(_OPENS.search(text, 0, word.start()))
        if is_title or is_pair or _is_odd(word[0]) or opens or language != "de":
            names.append(word[0])
    return names


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


def _is_near(text: str, match: re.Match[str], other: re.Match[str]) -> bool:
    first, second = sorted((match, other), key=lambda word: word.start())
    return text[first.end() : second.start()] in (" ", ". ", "-", "\u00a0", "\n")


def _denials(text: str, language: str) -> Counter[str] | int:
    """Count negating words. For French return only their number, as "ne … pas" is one negation, often without "ne"."""
    words = denials(text, language) or []
    if language != "fr":
        return Counter("not" if word.endswith(("n't", "n’t")) or word == "cannot" else word for word in words)
    both = sum(word in _FRENCH_BOTH for word in words)
    return both or sum(word in _FRENCH_HALF for word in words)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("slmdesk.text").joinpath("weighty.toml").read_text("utf-8"))


@cache
def _weighty(language: str) -> frozenset[str]:
    return frozenset(_tables()["weighty"].get(language, "").split())


@cache
def _small(language: str) -> frozenset[str]:
    """Return words without a meaning of their own. They may replace each other if the sentence is else the same."""
    return function_words(language or "en") | frozenset(_tables()["small"].get(language, "").split())


def _sense(text: str, edit: Edit, language: str) -> str:
    sides = [_RUN_TOGETHER.sub(r"\1n't", side) if language == "en" else side for side in (edit.old(text), edit.new)]
    old, new = (_PART.findall(side) for side in sides)
    if _is_polite(old, new, language):
        return "" if _is_asked(text, edit) else "meaning"
    before, after = Counter(map(folded, old)), Counter(map(folded, new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    if not gone and not come and list(map(folded, old)) != list(map(folded, new)):
        return "words"  # in another order
    if _is_repeated(text, edit) or "".join(gone) == "".join(come):
        return ""
    for word, others in [*((word, come) for word in gone), *((word, gone) for word in come)]:
        is_weighty = word in _weighty(language)
        if any(_is_turned(word, each) for each in others):
            return "negation"
        if is_weighty and not any(each not in _weighty(language) and likeness(word, each) >= ALIKE for each in others):
            return "meaning"
        if not is_weighty and word not in _small(language) and not any(_is_form(word, each) for each in others):
            return "words"
    return ""


def _is_form(word: str, other: str) -> bool:
    is_same = same_word(word, other) or stem(word) == stem(other)
    return is_same or _is_typo(word, other) or likeness(word, other) >= ALIKE


def _is_typo(word: str, other: str) -> bool:
    """Return whether a short word has letters in the wrong order ("teh"), or an English past with -ayed for -aid."""
    is_swapped = word[:1] == other[:1] and sorted(word) == sorted(other)
    return is_swapped or any(
        wrong.endswith("ayed") and two == f"{wrong[:-4]}aid" for wrong, two in ((word, other), (other, word))
    )


_TURNING = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "des", "de", "miss")


def _is_turned(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return len(short) > 3 and any(long == prefix + short for prefix in _TURNING)


def _is_repeated(text: str, edit: Edit) -> bool:
    words = [word.casefold() for word in words_in(edit.old(text))]
    if edit.new.strip() or not words:
        return False
    before = [word.casefold() for word in words_in(text[: edit.start])][-len(words) :]
    after = [word.casefold() for word in words_in(text[edit.end :])][: len(words)]
    return words in (before, after)


def _is_polite(old: Sequence[str], new: Sequence[str], language: str) -> bool:
    """Return whether a German "Sie" (you) became "sie" (they, she) or the reverse."""
    if language != "de" or [word.casefold() for word in old] != [word.casefold() for word in new]:
        return False
    polite = ("sie", "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer", "ihres")
    return any(word != other and word.casefold() in polite for word, other in zip(old, new, strict=True))


def _is_asked(text: str, edit: Edit) -> bool:
    """Return whether a sentence begins here, or "sie" became "Sie" in what can only be asked of the reader: behind
    "bitte" and a verb, or behind a verb that comes first, with "bitte" or where nothing is asked or conditional.
    """
    if not edit.new[:1].isupper():
        return False
    before, after = text[: edit.start].casefold(), text[edit.end :].casefold()
    if not before.strip(' "„“»(') or re.search(r"[.!?]\s+$", before):
        return True
    if edit.new != "Sie" or re.search(r"\bbitte,?\s+\w+n\s+$", before):
        return edit.new == "Sie"
    first = _ASKED.search(before)
    if first is None or first[1] in _NO_VERBS:
        return False
    clause, comma, more = after.partition(",")
    is_told = re.match(r"[^?;:]*[.!]\s*$", after) is not None and not _HELPERS.fullmatch(first[1])
    follows = not comma or re.match(r"\s+(?:wenn|falls|damit|ob|dass|um|sobald|bevor|weil|da|wie|was)\b", more)
    return bool(re.search(r"\bbitte\b", clause)) or (is_told and bool(follows) and not before[: first.start()].strip())


_TOKEN = re.compile(r"\s+|\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)
_SIGNS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‑": "-"})
"""Signs that models write in their own way, such as quotation marks. Differences between these are not mistakes."""
ALIKE = 0.7
"""Least similarity of two spellings of the same word."""


HALF_ALIKE = 0.5
"""Least similarity of a word that may replace another one."""


class Edit(Record):
    """Change of a text: characters `start` to `end` become `new`. Either may be empty."""

    start: int
    end: int
    new: str

    def old(self, text: str) -> str:
        return text[self.start : self.end]


def edits_of(old: str, new: str) -> list[Edit]:
    """Return the changes that lead from `old` to `new`, in order.

    White space, line breaks and kinds of quotation marks stay as in the old text. A full stop after "Mr" is neither
    added nor removed.
    """
    mine, theirs = _TOKEN.findall(old), _TOKEN.findall(new.strip())
    keys, others = list(map(_key, mine)), list(map(_key, theirs))
    places = [0]
    for token in mine:
        places.append(places[-1] + len(token))
    ranges: list[list[int]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if ranges and _goes_on(mine, ranges[-1], (a, b, c, d)):
            ranges[-1][1], ranges[-1][3] = b, d
        else:
            ranges.append([a, b, c, d])
    edits: list[Edit] = []
    for change in ranges:
        a, b, c, d = _slid(keys, mine, *change)
        edits += _word_by_word(Edit(places[a], places[b], "".join(theirs[c:d])), old)
    return list(_moved_as_one([edit for edit in edits if not _is_style(old, edit)], old))


def applied(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made. They must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def reason_of(text: str, edit: Edit) -> str:
    """Return in a few words what kind of mistake a change corrects. The words are the same for all languages."""
    old, new = edit.old(text), edit.new
    before, after = old.split(), new.split()
    if not "".join(before) or not "".join(after):
        return _added_or_removed(text, edit)
    if "".join(before) == "".join(after):
        return "spacing"
    if old.casefold() == new.casefold():
        return "capital letter" if old.lower() == new.lower() else "spelling"  # Grüssen, Grüßen
    if _letters(old) == _letters(new):
        return "punctuation"
    if len(before) == len(after) == 1:
        word, other = folded(old), folded(new)
        is_like = _is_typo(word, other) or (not same_word(word, other) and likeness(word, other) >= ALIKE)
        if word == other or is_like:
            return "spelling"
        if same_word(word, other):
            return "form of a word"
    words = words_in(f"{old} {new}")
    return "grammar" if words and all(map(_is_small, words)) else "wording"


def likeness(word: str, other: str) -> float:
    """Return how similar the spellings of two words are, from 0 to 1."""
    return difflib.SequenceMatcher(None, word.casefold(), other.casefold(), autojunk=False).ratio()


def word_count(text: str) -> int:
    return sum(token[0].isalnum() for token in _TOKEN.findall(text))


def words_in(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text) if token[0].isalpha()]


_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof)$")


def _is_style(text: str, edit: Edit) -> bool:
    """Return whether a change is only a matter of habit: the full stop after "Mr"."""
    return (edit.old(text), edit.new) in ((".", ""), ("", ".")) and bool(_ABBREVIATED.search(text[: edit.start]))


def _word_by_word(edit: Edit, text: str) -> list[Edit]:
    old, new = list(re.finditer(r"\S+", edit.old(text))), re.findall(r"\S+", edit.new)
    if len(old) < 2 or len(old) != len(new):
        return [edit]
    pairs = [(match[0], other) for match, other in zip(old, new, strict=True)]
    if not all(likeness(*pair) >= HALF_ALIKE or all(map(_is_small, pair)) for pair in pairs):
        return [edit]
    return [
        Edit(edit.start + match.start(), edit.start + match.end(), other)
        for match, other in zip(old, new, strict=True)
        if match[0] != other
    ]


def is_shortened(text: str, edit: Edit, language: str) -> bool:
    """Return whether a change is none of a mistake: it writes in short, as in speech, what stands there in full."""
    old, new = (folded(side).replace("’", "'") for side in (edit.old(text), edit.new))
    for short, full in _short_forms(language):
        new = short.sub(full, new)
    return " ".join(old.replace("cannot", "can not").split()) == " ".join(new.split()) != folded(edit.new)


@cache
def _short_forms(language: str) -> list[tuple[re.Pattern[str], str]]:
    pairs = [pair.split("=") for pair in _tables()["short"].get(language, "").split(",") if pair]
    begin = r"(?<!\w)"
    return [(re.compile(f"{begin}{short}".replace(f"{begin}-", "") + r"(?!\w)"), full) for short, full in pairs]


MOST_MOVED = 24
"""Most characters between a word's old and new place, for its move to be one change."""


def _moved_as_one(edits: Sequence[Edit], text: str) -> Iterator[Edit]:
    """Yield the edits, with the two of a moved word as one: "3 Oktober" becomes "October 3"."""
    before: Edit | None = None
    for edit in edits:
        if before is not None and _is_move(before, edit, text):
            before = Edit(before.start, edit.end, before.new + text[before.end : edit.start] + edit.new)
            continue
        if before is not None:
            yield before
        before = edit
    if before is not None:
        yield before


def _is_move(first: Edit, second: Edit, text: str) -> bool:
    gap = text[first.end : second.start]
    if len(gap) > MOST_MOVED or "\n" in gap:
        return False
    (gone, come), (gone_then, come_then) = (_gone_and_come(edit, text) for edit in (first, second))
    pairs = [*((word, other) for word in gone for other in come_then)]
    pairs += [(word, other) for word in gone_then for other in come]
    return any(likeness(*pair) >= ALIKE for pair in pairs)


def _gone_and_come(edit: Edit, text: str) -> tuple[list[str], list[str]]:
    """Return the words that a change removes and adds, but for those that it mends."""
    old, new = ([word for word in words_in(side) if not _is_small(word)] for side in (edit.old(text), edit.new))
    gone = [word for word in old if not any(likeness(word, other) >= HALF_ALIKE for other in new)]
    return gone, [word for word in new if not any(likeness(word, other) >= HALF_ALIKE for other in old)]


def _key(token: str) -> str:
    return " " if token.isspace() else token.translate(_SIGNS)


def _goes_on(tokens: Sequence[str], before: Sequence[int], after: tuple[int, int, int, int]) -> bool:
    gap = "".join(tokens[before[1] : after[0]])
    if gap.strip() or "\n" in gap or "\r" in gap:
        return False
    sides = "".join(tokens[before[0] : before[1]]), "".join(tokens[after[0] : after[1]])
    return all(any(sign.isalnum() for sign in side) for side in sides)


def _slid(keys: Sequence[str], tokens: Sequence[str], a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    """Move a removal by one token if it would otherwise remove a line break."""
    if c == d and b < len(keys) and keys[a] == keys[b] == " " and _breaks(tokens[a]) and not _breaks(tokens[b]):
        return a + 1, b + 1, c, d
    return a, b, c, d


def _breaks(token: str) -> bool:
    return "\n" in token or "\r" in token


def _is_small(word: str) -> bool:
    return folded(word) in function_words()


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _added_or_removed(text: str, edit: Edit) -> str:
    words = words_in(edit.old(text) + edit.new)
    if not words and not _letters(edit.old(text) + edit.new):
        return "punctuation" if (edit.old(text) + edit.new).strip() else "spacing"
    if edit.new.strip():
        return "missing word"
    beside = words_in(text[: edit.start])[-len(words) :] + words_in(text[edit.end :])[: len(words)]
    return (
        "repeated word" if {word.casefold() for word in words} <= {word.casefold() for word in beside} else "extra word"
    )


MOST_SENTENCE = 1_500
"""Most characters of a sentence sent to the model. A longer one is a table or a list without marks, and is reported."""
LEAST_WRAPPED = 50
"""Fewest characters of a line whose sentence may continue on the next line."""
LEAST_FINISHED = 6
"""Fewest words of a line without an end sign that may be a sentence lacking that sign. A shorter one is a heading."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LEFT = re.compile(r"[ \t]*(?:>|\||<[!/a-zA-Z]|\[[^\]]{1,200}\]:| {4}|\t|---+\s*$|===+\s*$)")
"""Matches lines that are not corrected: quotations of others, tables, markup, indented code."""
_MARK = re.compile(r"[ \t]*(?:#{1,6}[ \t]+|[-*+•–][ \t]+(?:\[[ xX]\][ \t]+)?|\(?\d{1,3}[.)][ \t]+|\(?[a-z]\)[ \t]+)?")
_ENDS = (".", "!", "?", "…", ":", ";")


class Passage(Record):
    """Sentence of a text: characters `start` to `end`, on line `line` (from 1). Line ends inside it are kept."""

    start: int
    end: int
    line: int
    paragraph: tuple[int, int]
    """Characters of the paragraph around it, by which the language is detected."""
    is_heading: bool = False

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def asked(self, text: str) -> str:
        """Return its words on one line."""
        return " ".join(self.of(text).split())


def passages(text: str, language: str = "") -> Iterator[Passage]:
    """Yield the sentences of a text in order, without Markdown marks before them.

    Code, tables, markup, quoted mails and text without words are left out.
    """
    for start, end, line, is_marked in _paragraphs(text):
        plain = text[start:end].replace("\r", " ").replace("\n", " ")
        for first, last in sentence_spans(plain, language):
            words = plain[first:last]
            if is_only_protected(words) or is_code(words):
                continue
            is_short = len(words.split()) < LEAST_FINISHED or is_marked
            is_heading = is_short and not words.endswith(_ENDS)
            number = line + text.count("\n", start, start + first)
            yield Passage(start + first, start + last, number, (start, end), is_heading)


def answer_in(answer: str, source: str, *, is_heading: bool = False) -> str:
    """Return a model's correction of a sentence, on one line and without talk, or "" if the answer has none."""
    text = without_chatter(source, answer).strip()
    text = " ".join(text.split("\n\n")[0].split())
    if source[:1] not in "*`\"'" and text[:1] in "*`" and text.strip("*`"):
        text = text.strip("*`")
    if not text or (is_chatter(source, text) and not source.rstrip().endswith("?")):
        return ""
    if not 0.5 * len(source) - 10 <= len(text) <= 1.6 * len(source) + 20:
        return ""
    if is_heading and text.endswith(".") and not source.endswith("."):
        text = text.removesuffix(".")
    return text


def _paragraphs(text: str) -> Iterator[tuple[int, int, int, bool]]:
    """Yield lines that belong together: (start, end, first line's number, whether a list or heading mark precedes)."""
    fence, number = "", 0
    open_one: tuple[int, int, int, bool] | None = None
    for match in _LINE.finditer(text):
        if not match[0]:
            break
        number += 1
        line = match[0].rstrip("\r\n")
        if fenced := _FENCE.match(line):
            fence = "" if fence and fenced[1].startswith(fence) else fence or fenced[1][:3]
        is_left = bool(fence or fenced or not line.strip() or _LEFT.match(line))
        mark = _MARK.match(line)
        lead = mark.end() if mark else 0
        is_marked = bool(mark and mark[0].strip())
        start, end = match.start() + lead, match.start() + len(line)
        if open_one and not is_left and not is_marked and _line_goes_on(text, open_one, line):
            open_one = (open_one[0], end, open_one[2], open_one[3])
            continue
        if open_one:
            yield open_one
        open_one = None if is_left else (start, end, number, is_marked)
    if open_one:
        yield open_one


def _line_goes_on(text: str, before: tuple[int, int, int, bool], line: str) -> bool:
    last = text[before[0] : before[1]].splitlines()[-1]
    return len(last) >= LEAST_WRAPPED and (line.lstrip()[:1].islower() or not last.rstrip().endswith(_ENDS))
