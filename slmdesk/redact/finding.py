"""Finds private data everywhere in a text, and listed words. Pure functions. The result may be incomplete."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum

from rapidfuzz.distance import Prefix

from slmdesk.base.record import Record, changed
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.terms import fits, spans_of
from slmdesk.base.text.words import function_words
from slmdesk.base.translation import Forms
from slmdesk.claims.finders.names import LEGAL_FORM
from slmdesk.redact import RANK, Certainty, Find, Finder, Kind, Listed
from slmdesk.redact.rules import (
    ALONE,
    end_of_name,
    find_addresses,
    find_by_shape,
    find_names,
    is_counting,
    is_no_name,
    is_role,
)

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
LEAST_NAME = 3
"""Fewest letters of a part of a name that is searched for alone."""
_LAST_NUMBER = re.compile(r"[ \u00a0,]*\d+$")
_PLAIN_ENDING = re.compile(r"(?:['’]s?|s|es|ens)$")
_ARTICLE = re.compile(
    r"(?<!\w)(?:der|die|das|dem|den|des|ein|eine[mnrs]?|kein\w*|zum|zur|im|am|beim|vom)[ \u00a0]+$", re.IGNORECASE
)
"""Matches an article. After it, a capitalised German word may be an ordinary noun."""


def find_private(
    text: str, *, language: str = "", listed: Sequence[Listed] = (), others: Sequence[Find] = ()
) -> tuple[Find, ...]:
    """Return the private data in a text, in order and without overlaps.

    `language` is an ISO 639-1 code and is detected if empty. `listed` is the user's own list. `others` is what other
    finders see in the text; what cannot be a name is left out. Any thread.
    """
    language = language or detect(text)[0] or ""
    finds = [
        *find_by_shape(text, language),
        *find_addresses(text),
        *find_names(text, language),
        *_on_list(text, listed, language),
        *(name for find in others if (name := _plausible(text, find))),
    ]
    sure = [find for find in _without_overlaps(finds) if find.certainty is not Certainty.UNSURE]
    finds += _again(text, sure, listed, language)
    return tuple(_joined(text, _without_overlaps(finds)))


def _plausible(text: str, find: Find) -> Find | None:
    """Return what another finder found: of a name the part from its first large word to its last, of an address what
    stands before a number that counts something.
    """
    if find.kind is Kind.ADDRESS:
        return _without_count(text, find)
    if find.kind not in (Kind.PERSON, Kind.FIRM):
        return find
    if not name_words(find.text):
        return None
    if find.kind is Kind.FIRM:
        return find
    words = [word for word in WORD.finditer(find.text) if not (word[0][0].islower() or is_no_name(word[0]))]
    if not words or is_role(find.text):
        return None
    start, end = words[0].start(), end_of_name(find.text, *words[-1].span())
    return changed(find, start=find.start + start, end=find.start + end, text=find.text[start:end])


def _without_count(text: str, address: Find) -> Find | None:
    number = _LAST_NUMBER.search(address.text)
    if number is None or not is_counting(text, address.end):
        return address
    if number.start() == 0:
        return None
    return changed(address, end=address.start + number.start(), text=address.text[: number.start()])


def _on_list(text: str, listed: Sequence[Listed], language: str) -> Iterator[Find]:
    for entry in listed:
        for start, end in spans_of(text, entry.words, language, forms=Forms.STEM):
            if entry.kind is not Kind.PERSON or text[start].isupper():
                yield Find(entry.kind, start, end, text[start:end], Certainty.SURE, "list", (Finder.LIST,))


def _again(text: str, finds: Sequence[Find], listed: Sequence[Listed], language: str) -> Iterator[Find]:
    """Yield where else in the text the finds stand, by whoever found them first."""
    people = [find for find in finds if find.kind is Kind.PERSON]
    names = [changed(find, certainty=Certainty.LIKELY) for find in people]
    names += (
        Find(entry.kind, 0, 0, entry.words, Certainty.SURE, "list", (Finder.LIST,))
        for entry in listed
        if entry.kind is Kind.PERSON
    )
    yield from _names_again(text, names, language)
    for find in {(find.kind, find.text): find for find in finds if find.kind is not Kind.PERSON}.values():
        for each in dict.fromkeys((find.text, _without_legal_form(find.text) if find.kind is Kind.FIRM else find.text)):
            for match in re.finditer(rf"(?<!\w){re.escape(each)}(?!\w)", text):
                yield Find(find.kind, *match.span(), match[0], find.certainty, "again", find.by)


def without_form(firm: str) -> tuple[str, str]:
    """Return what a firm is called, and its legal form with what stands before it."""
    form = LEGAL_FORM.search(firm)
    base = firm[: form.start()].rstrip(" ,\u00a0") if form else firm
    return (base, firm[len(base) :]) if base else (firm, "")


def _without_legal_form(firm: str) -> str:
    short, _form = without_form(firm)
    return short if len(short) > LEAST_NAME and not is_no_name(short) else firm


def name_words(name: str) -> list[str]:
    """Return the words of a person's name that are searched for alone, without initials and words like "von"."""
    return [
        part
        for part in WORD.findall(name)
        if len(part) >= LEAST_NAME and not (part.islower() or is_no_name(part) or fold(part) in function_words())
    ]


def _names_again(text: str, names: Sequence[Find], language: str) -> Iterator[Find]:
    by_beginning: dict[str, dict[str, Find]] = defaultdict(dict)
    for name in names:
        for word in name_words(name.text):
            plain = fold(word[: end_of_name(word, 0, len(word))])
            by_beginning[plain[:LEAST_NAME]][plain] = name
            if plain.endswith("s") and language == "de" and len(plain) > 5:
                by_beginning[plain[:LEAST_NAME]].setdefault(plain[:-1], name)
    if not by_beginning:
        return
    small = {fold(word) for word in ALONE.findall(text) if word.islower()}
    for match in WORD.finditer(text):
        if len(match[0]) < LEAST_NAME or match[0].islower():
            continue
        plain = fold(match[0])
        known = _name_of(plain, by_beginning.get(plain[:LEAST_NAME], {}), language)
        if known is None:
            continue
        certainty = known.certainty
        may_be_noun = language in ("de", "") and _ARTICLE.search(text, max(0, match.start() - 12), match.start())
        if certainty is not Certainty.SURE and (plain in small or may_be_noun):
            certainty = Certainty.UNSURE
        end = end_of_name(text, *match.span())
        yield Find(Kind.PERSON, match.start(), end, text[match.start() : end], certainty, "again", known.by)


def _name_of(word: str, known: Mapping[str, Find], language: str) -> Find | None:
    for name, find in known.items():
        if word == name or (word.startswith(name) and _PLAIN_ENDING.fullmatch(word[len(name) :])):
            return find
        if language == "pl" and len(name) > LEAST_NAME and (fits(word, name, "pl") or _declined(word, name)):
            return find
    return None


def is_form_of(word: str, name: str) -> bool:
    """Return whether a folded word is a folded part of a name with another ending, in any language."""
    if word.startswith(name) and _PLAIN_ENDING.fullmatch(word[len(name) :]):
        return True
    return len(name) > LEAST_NAME and len(word) > LEAST_NAME and _declined(word, name)


def _declined(word: str, name: str) -> bool:
    """Return whether both are forms of the same Polish name. Neither needs to be the form in the dictionary."""
    shared = Prefix.similarity(word, name)
    return (
        shared >= max(4, len(name) - 3)
        and len(word) - shared <= 4
        and fits(word, name[:shared], "pl")
        and fits(name, name[:shared], "pl")
    )


def _without_overlaps(finds: Iterable[Find]) -> list[Find]:
    """Return the surest and longest finds. Those of one kind that overlap are joined; of a name, an address or a firm
    that overlaps something else, the remaining parts are kept. Each says all who found it.
    """
    kept: list[Find] = []
    for find in sorted(finds, key=_first_kept):
        over = [other for other in kept if find.start < other.end and other.start < find.end]
        if over and find.certainty is Certainty.UNSURE:
            continue
        kept = [other for other in kept if other not in over]
        if all(find.kind is other.kind and "list" not in (find.reason, other.reason) for other in over):
            kept.append(_union(*over, find))
        else:
            kept += [changed(other, by=all_by(other, find)) for other in over]
            if find.kind in _IN_WORDS or find.reason == "list":
                kept += _remaining_parts(find, over)
    return sorted(kept, key=lambda find: find.start)


def _first_kept(find: Find) -> tuple[int, bool, int, int]:
    """Return a sort key. Names come last: "Sabine Krüger Tannenweg 8" is a name and a street."""
    return -RANK[find.certainty], find.kind is Kind.PERSON, find.start - find.end, find.start


_IN_WORDS = (Kind.PERSON, Kind.FIRM, Kind.ADDRESS)


def all_by(*finds: Find) -> tuple[Finder, ...]:
    found = {by for find in finds for by in find.by}
    return tuple(by for by in Finder if by in found)


def _remaining_parts(find: Find, over: Sequence[Find]) -> Iterator[Find]:
    """Yield what the kept finds leave of a find: from the end of one to the start of the next. They do not overlap."""
    inner = sorted(at for find in over for at in (find.start, find.end))
    edges = [find.start, *inner, find.end]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        rest = find.text[max(0, start - find.start) : max(0, end - find.start)]
        part = _WORDS.search(rest)
        if part and not (find.kind is Kind.PERSON and part[0].islower()):  # a "von" or "der" alone is nobody
            begin = start + part.start()
            yield changed(find, start=begin, end=begin + len(part[0]), text=part[0])


def _union(first: Find, *others: Find) -> Find:
    """Return one find from the beginning of the first to the end of the last. They overlap."""
    whole = sorted((first, *others), key=lambda find: find.start)
    text = whole[0].text
    for find in whole[1:]:
        text += find.text[max(0, whole[0].start + len(text) - find.start) :]
    return changed(first, start=whole[0].start, end=whole[0].start + len(text), text=text, by=all_by(*whole))


def _joined(text: str, finds: Sequence[Find]) -> list[Find]:
    """Return the finds with those parts of a person's name in one that stand beside each other."""
    joined = list[Find]()
    for find in finds:
        last = joined[-1] if joined else find
        if last.kind is find.kind is Kind.PERSON and text[last.end : find.start] in (" ", "\u00a0"):
            certainty = max(last.certainty, find.certainty, key=lambda each: RANK[each])
            whole = text[last.start : find.end]
            joined[-1] = changed(last, end=find.end, text=whole, certainty=certainty, by=all_by(last, find))
        else:
            joined.append(find)
    return joined


# Finds listed words in text, however they are written there. Differences of case, kinds of spaces and dashes,
# invisible characters, and composed or decomposed letters are ignored. In long words and numbers so are spaces,
# hyphens and dots, so that an IBAN is found both in groups of four and in one piece.

INSIDE = 6
"""Fewest letters and digits of a listed word that is also found inside longer words ("Müllers", "Müllerhof")."""
INSIDE_VALUES = 4
"""The same limit in names and values for machines, where words are joined ("AnnaSchmidt.docx")."""
COMPACT = 8
"""Fewest letters and digits of a word that is found regardless of spaces, hyphens and dots inside it."""
LEAST_BESIDE_FIGURES = 3
"""Fewest letters of a word that is whole even next to a digit ("2026Ashworth"). The "B" of "B2" is not."""
_BEGIN = 4
APART = "\u200b"
"""Invisible character inserted where a text's format changes. Words may continue across it, or begin or end there."""
_HYPHENS = "\u00ad\ufffe"
"""Invisible characters that occur only inside words."""
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\ufffe\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe20-\ufe2f"
)
_CLUSTER = re.compile(rf"(?<=\w)[-\u00ad\u2010]\r?\n[ \t\u00a0]*(?=[^\W\d_])|\s+|[{_UNSEEN}]+|.[{_MARKS}]*", re.DOTALL)
"""Matches a letter with its accents, a run of white space, or invisible text, including the hyphen of a broken word."""
_UNUSUAL = re.compile(r"\s\s|[^\S ]")
_NO_WORD = re.compile(r"[\W_\u115f\u1160]+")
_FIGURE = re.compile(r"\d")
_HEXADECIMAL = re.compile(r"[a-f]+")
_SAME = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-") | dict.fromkeys("’‘ʼ´`", "'") | dict.fromkeys("“”„«»", '"'))


class Joint(IntEnum):
    NONE = 0
    LETTERS = 1
    FIGURES = 2


class _Needle(Record):
    number: int
    folded: str
    compact: str


class _Folded(Record):
    text: str
    begins: Sequence[int]
    ends: Sequence[int]
    apart: frozenset[int] = frozenset()
    """Positions of characters that follow an invisible separator."""


class WordIndex:
    def __init__(self, words: Iterable[str]) -> None:
        self._by_begin: dict[str, list[tuple[int, str]]] = {}
        for number, word in enumerate(words):
            self._by_begin.setdefault(word[:_BEGIN], []).append((number, word))
        self._sizes = {len(begin) for begin in self._by_begin}

    def numbers_in(self, text: str) -> list[int]:
        begins = {text[at : at + size] for size in self._sizes for at in range(len(text) - size + 1)}
        return sorted(
            number for begin in self._by_begin.keys() & begins for number, word in self._by_begin[begin] if word in text
        )


_Hit = tuple[int, int, int, Joint]
"""Start, end, number of the word, and what the word is joined to."""


class WordList:
    def __init__(self, originals: Iterable[str]) -> None:
        self.originals = tuple(originals)
        self._needles = [
            _Needle(number, _fold(original).text.strip(), squeezed(original))
            for number, original in enumerate(self.originals)
        ]
        self._needles = [needle for needle in self._needles if needle.folded]
        self._index = WordIndex(needle.compact for needle in self._needles)

    def places_in(self, text: str, *, bare: bool = False, edges: Sequence[int] = ()) -> list[tuple[int, int, int]]:
        """Return (start, end, number of the word) for each listed word, in order and without overlaps. Of two that
        begin together the longer is taken.

        `bare` says that the text is a name or value for machines (see INSIDE_VALUES). With `edges`, only words with
        digits that cross one of these positions are returned.
        """
        least = INSIDE_VALUES if bare else INSIDE
        all_found = []
        for needle, (begin, end, number, joint) in self._hits(text, bare=bare):
            if edges and (bisect_left(edges, begin) == bisect_left(edges, end) or not _FIGURE.search(needle.compact)):
                continue
            is_number = bare and _HEXADECIMAL.fullmatch(needle.compact)  # "Ada" of 00ADA12F
            if joint is Joint.NONE or (joint is Joint.LETTERS and len(needle.compact) >= least and not is_number):
                all_found.append((begin, end, number))
        return _apart(all_found)

    def seen(self, text: str) -> list[tuple[int, int, int, bool]]:
        """Return (start, end, number, whether it is a whole word) wherever `found` could find a word.

        Inside longer words only listed words of INSIDE_VALUES or more letters are searched.
        """
        return sorted(
            {
                (begin, end, number, joint is Joint.NONE)
                for needle, (begin, end, number, joint) in self._hits(text, bare=False)
                if joint is Joint.NONE or (joint is Joint.LETTERS and len(needle.compact) >= INSIDE_VALUES)
            }
        )

    def _hits(self, text: str, *, bare: bool) -> Iterator[tuple[_Needle, _Hit]]:
        likely = [self._needles[at] for at in self._index.numbers_in(squeezed(text))]
        if not likely:
            return
        folded = _fold(text)
        compact: _Folded | None = None
        for needle in likely:
            minds_figures = len(needle.compact) < LEAST_BESIDE_FIGURES or (
                bare and _HEXADECIMAL.fullmatch(needle.compact) is not None
            )
            for hit in _plain(needle, folded, minds_figures=minds_figures):
                yield needle, hit
            if len(needle.compact) >= COMPACT:
                compact = compact or _compacted(folded)
                for hit in _spread(needle, folded, compact):
                    yield needle, hit
            elif len(needle.compact) >= INSIDE_VALUES:
                for hit in _spaced(needle, folded):
                    yield needle, hit


def _plain(needle: _Needle, folded: _Folded, *, minds_figures: bool) -> Iterator[_Hit]:
    at = folded.text.find(needle.folded)
    while at >= 0:
        end = at + len(needle.folded)
        yield _hit(needle, folded, at, end, minds_figures=minds_figures)
        at = folded.text.find(needle.folded, at + 1)


def _spread(needle: _Needle, folded: _Folded, compact: _Folded) -> Iterator[_Hit]:
    at = compact.text.find(needle.compact)
    while at >= 0:
        first, last = compact.begins[at], compact.ends[at + len(needle.compact) - 1]
        hit = _hit(needle, folded, first, last)
        if hit[3] is Joint.NONE or last - first == len(needle.compact):
            yield hit
        at = compact.text.find(needle.compact, at + 1)


def _spaced(needle: _Needle, folded: _Folded) -> Iterator[_Hit]:
    letters, text = " ".join(needle.compact), folded.text
    at = text.find(letters)
    while at >= 0:
        end = at + len(letters)
        if not (_goes_on(folded, at - 1, -1) or _goes_on(folded, end, 1)):
            hit = _hit(needle, folded, at, end)
            if hit[3] is Joint.NONE:
                yield hit
        at = text.find(letters, at + 1)


def _goes_on(folded: _Folded, blank: int, step: int) -> bool:
    text = folded.text
    if not 0 <= blank < len(text) or text[blank] != " " or folded.ends[blank] - folded.begins[blank] > 1:
        return False
    near, other = (text[at : at + 1] if at >= 0 else "" for at in (blank + step, blank + 2 * step))
    return near.isalnum() and not other.isalnum()


def _hit(needle: _Needle, folded: _Folded, at: int, end: int, *, minds_figures: bool = False) -> _Hit:
    joints = [
        _joint(folded.text[beside], folded.text[edge], minds_figures=minds_figures)
        for place, beside, edge in ((at, at - 1, at), (end, end, end - 1))
        if 0 < place < len(folded.text) and place not in folded.apart
    ]
    return folded.begins[at], folded.ends[end - 1], needle.number, max(joints, default=Joint.NONE)


def _joint(neighbour: str, edge: str, *, minds_figures: bool) -> Joint:
    if neighbour.isdigit() and edge.isdigit():
        return Joint.FIGURES
    if not edge.isalpha() or not neighbour.isalnum() or (neighbour.isdigit() and not minds_figures):
        return Joint.NONE
    return Joint.LETTERS


def _apart(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    kept: list[tuple[int, int, int]] = []
    for span in sorted(spans, key=lambda each: (each[0], -each[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def squeezed(text: str) -> str:
    return _NO_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def _fold(text: str) -> _Folded:
    if text.isascii() and not _UNUSUAL.search(text):
        return _Folded(text.lower().translate(_SAME), range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    apart: set[int] = set()
    for match in _CLUSTER.finditer(text):
        raw = match[0]
        if raw[0].isspace():
            piece = " "
        elif raw.isascii() and len(raw) == 1:
            piece = raw.lower()
        elif "\n" in raw:  # a hyphen of its own stands before a capital ("Anna-Lena")
            piece = "-" if text[match.end()].isupper() else ""
        elif re.match(f"[{_UNSEEN}]", raw):
            if raw.strip(_HYPHENS):
                apart.add(len(begins))
            continue
        else:
            piece = unicodedata.normalize("NFKC", raw).casefold()
            if unicodedata.decomposition(raw[0]).startswith("<su"):  # raised or lowered, as the sign of a note is
                apart |= {len(begins), len(begins) + len(piece)}
        piece = piece.translate(_SAME)
        pieces.append(piece)
        begins += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return _Folded("".join(pieces), begins, ends, frozenset(apart))


def _compacted(folded: _Folded) -> _Folded:
    kept = [at for at, letter in enumerate(folded.text) if letter.isalnum()]
    return _Folded("".join(folded.text[at] for at in kept), kept, [at + 1 for at in kept])
