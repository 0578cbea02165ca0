"""Replaces private data in a text with substitutes, and restores the originals in a model's answer. Pure functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum

from rapidfuzz.distance import Levenshtein

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.types import common_prefix
from slmdesk.text.checks.numbers import find_dates
from slmdesk.text.folding import fold
from slmdesk.text.redaction import Find, Kind, Table
from slmdesk.text.redaction.finding import WORD, is_form_of
from slmdesk.text.redaction.table import check, extended
from slmdesk.text.tagged import Tags, pieces

_KEPT_ENDING = re.compile(r"['’]s?$|s$")
_BLANK = r"[ \u00a0\u202f\n]{1,3}"
_BETWEEN_DIGITS = r"[\s()/.|>-]"
LEAST_DIGITS = 5
"""Fewest consecutive digits of a substitute that distinguish it from other numbers."""
_DIGITS = re.compile(r"\d(?:[ \u00a0\u202f()/.-]{0,2}\d){4,40}")
_STEM = 5
"""Number of first letters that a word with another ending must share with a substitute to resemble it."""
_BY_SIGNS = frozenset({Kind.IBAN, Kind.CARD, Kind.NUMBER, Kind.PHONE})
_WORD_EDGE = re.compile(r"(?<!\w)(?=.)", re.DOTALL)
_BEGINNING = 4
"""Number of first letters by which names are looked up. Names that are not longer are restored only in exact form."""


class Redacted(Record):
    """Text with substitutes, the table for restoring the originals, and the position of each substitute in order."""

    text: str
    table: Table
    spans: tuple[tuple[int, int], ...]


class Restored(Record):
    """Answer with restored originals. All positions are in `text`, in order."""

    text: str
    put_back: tuple[tuple[int, int], ...]
    marked: tuple[tuple[int, int], ...]
    """Positions of words that resemble a substitute but were left as the model wrote them."""
    taken: tuple[tuple[int, int], ...] = ()
    """Positions in the model's answer of the substitutes that were replaced, parallel to `put_back`."""
    bent: frozenset[int] = frozenset()
    """Indices of the substitutes that had an ending, which was dropped."""


def redacted(text: str, finds: Sequence[Find], table: Table = ()) -> Redacted:
    """Replace finds with substitutes. The finds must be in order and without overlaps.

    The result is verified: restoring the originals gives exactly the text. Raises KnownError "redaction.ambiguous",
    "redaction.no_substitute", "redaction.not_reversible", ValueError for finds of another text.
    """
    return redacted_all([text], [finds], table)[0]


def redacted_all(texts: Sequence[str], finds: Sequence[Sequence[Find]], table: Table = ()) -> list[Redacted]:
    """Do what `redacted` does for several texts with the same table. No substitute occurs in any of the texts."""
    return redacted_by(texts, finds, extended("\n".join(texts), [find for each in finds for find in each], table))


def redacted_by(texts: Sequence[str], finds: Sequence[Sequence[Find]], table: Table) -> list[Redacted]:
    """Do what `redacted_all` does, with a table that `extended` made for these finds of these texts."""
    by_original = {original: substitute for entry in table for original, substitute in entry.pairs}
    back = _Back(table)
    return [_replaced(text, each, back, by_original) for text, each in zip(texts, finds, strict=True)]


def _replaced(text: str, finds: Sequence[Find], back: _Back, by_original: Mapping[str, str]) -> Redacted:
    parts, spans, end, length = list[str](), [], 0, 0
    for find in finds:
        if find.start < end or text[find.start : find.end] != find.text:
            raise ValueError("these are no finds of this text")
        substitute = by_original[find.text]
        parts += text[end : find.start], substitute
        length += find.start - end
        spans.append((length, length + len(substitute)))
        length += len(substitute)
        end = find.end
    whole = "".join((*parts, text[end:]))
    if back.restored(whole, marks=False).text != text:
        put = {(start, end): find.text for (start, end), find in zip(spans, finds, strict=True)}
        wrong = put.items() ^ {(start, end): original for start, end, original, _ in back.found(whole)}.items()
        words = dict.fromkeys(" ".join(form.split()) for _, form in sorted(wrong))
        raise KnownError("redaction.not_reversible", words="”, “".join(words))
    return Redacted(whole, back.table, tuple(spans))


def with_substitutes(text: str, table: Table, left: Collection[str] = ()) -> str:
    """Replace the originals of the table where they occur exactly and as whole words. Nothing else is searched.

    This is for text that is not prose, such as a grammar. The originals in `left` are not replaced.
    """
    pairs = {original: substitute for entry in table for original, substitute in entry.pairs if original not in left}
    if not pairs:
        return text
    longest = sorted(pairs, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    return pattern.sub(lambda found: pairs[found[0]], text)


def restored(text: str, table: Table) -> Restored:
    """Replace the substitutes with their originals. Raises KnownError "redaction.ambiguous"."""
    check(table)
    return _Back(table).restored(text)


def restored_so_far(text: str, table: Table) -> str:
    """Restore the originals in an unfinished answer. A possible beginning of a substitute at its end is left out."""
    return Restorer(table).add(text)


class Restorer:
    def __init__(self, table: Table) -> None:
        """Prepare the restoration of the table's originals. Raises KnownError "redaction.ambiguous"."""
        check(table)
        self._back = _Back(table)
        self._squeezed = {_squeezed(substitute) for entry in table for _, substitute in entry.pairs}
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for form in self._squeezed:
            self._by_letter[form[:1]].append(form)
        self._longest = max((len(sub) for entry in table for _, sub in entry.pairs), default=0) + 16
        self._waiting = ""

    def add(self, piece: str) -> str:
        self._waiting += piece
        cut = self._safe()
        ready, self._waiting = self._waiting[:cut], self._waiting[cut:]
        return self._back.restored(ready, marks=False).text if ready else ""

    def end(self) -> str:
        ready, self._waiting = self._waiting, ""
        return self._back.restored(ready, marks=False).text

    def restored(self, text: str) -> Restored:
        return self._back.restored(text)

    def without_begun(self, text: str) -> str:
        """Cut a text that broke off before an incomplete substitute at its end. A complete one stays."""
        for start in _word_starts(text, max(0, len(text) - self._longest)):
            plain = _squeezed(text[start:])
            if plain and plain not in self._squeezed and self._begins(plain):
                return text[:start]
        return text

    def _safe(self) -> int:
        """Return the position before which no substitute can begin that continues after the text received so far."""
        last = _last_start(self._waiting)
        for start in _word_starts(self._waiting, max(0, len(self._waiting) - self._longest)):
            plain = _squeezed(self._waiting[start:])
            if not plain or start == last or self._begins(plain):
                return start
        return len(self._waiting)

    def _begins(self, plain: str) -> bool:
        return any(form.startswith(plain) for form in self._by_letter.get(plain[:1], ()))


def _word_starts(text: str, first: int) -> Iterator[int]:
    return (match.start() for match in re.compile(r"(?<!\w)\w|[^\w\s](?=\w)|[^\w\s]\Z").finditer(text, first))


def _last_start(text: str) -> int:
    last = re.search(r"\S+$", text)
    return last.start() if last else len(text)


class _Back:
    def __init__(self, table: Table) -> None:
        self.table = table
        pairs = [(entry.kind, original, substitute) for entry in table for original, substitute in entry.pairs]
        self._exact = {substitute: original for _, original, substitute in pairs}
        self._alike: dict[str, str] = {}
        for _, original, substitute in pairs:
            self._alike.setdefault(_squeezed(substitute), original)
        shapes = sorted(
            {(substitute, kind in _BY_SIGNS) for kind, _, substitute in pairs}, key=lambda pair: (-len(pair[0]), pair)
        )
        by_letter: dict[str, list[str]] = defaultdict(list)
        for substitute, by_signs in shapes:
            for letter in _first_letters(substitute, by_signs=by_signs):
                by_letter[letter].append(_shape(substitute, by_signs=by_signs))
        self._patterns = {
            letter: re.compile(rf"(?:{'|'.join(some)})(?!\w)", re.IGNORECASE) for letter, some in by_letter.items()
        }
        own = {fold(word) for _, original, _ in pairs for word in WORD.findall(original)}
        self._words = {
            fold(word): substitute
            for _, _, substitute in pairs
            for word in WORD.findall(substitute)
            if len(word) > 3 and fold(word) not in own and "@" not in substitute
        }
        self._names = {fold(sub): orig for kind, orig, sub in pairs if kind is Kind.PERSON and WORD.fullmatch(sub)}
        self._by_beginning: dict[str, list[str]] = defaultdict(list)
        for plain in self._names:
            if len(plain) > _BEGINNING:
                self._by_beginning[plain[:_BEGINNING]].append(plain)
        self._digits = [re.sub(r"\D", "", sub) for kind, _, sub in pairs if kind in _BY_SIGNS]
        self._emails = [sub.partition("@")[0].partition(".")[2] for kind, _, sub in pairs if kind is Kind.EMAIL]
        self._days = {
            reading
            for kind, _, sub in pairs
            if kind is Kind.BIRTH
            for date in find_dates(sub)
            for reading in date.readings
        }

    def restored(self, text: str, *, marks: bool = True) -> Restored:
        """Replace substitutes with their originals. `marks` also finds words that resemble one, which takes longer."""
        parts, put_back, gaps, end, length = list[str](), [], [], 0, 0
        taken, bent = list[tuple[int, int]](), set[int]()
        for start, stop, original, is_bent in self.found(text):
            parts += text[end:start], original
            gaps.append((end, start, length))
            length += start - end
            if is_bent:
                bent.add(len(taken))
            taken.append((start, stop))
            put_back.append((length, length + len(original)))
            length += len(original)
            end = stop
        gaps.append((end, len(text), length))
        marked = [
            (start - first + moved, stop - first + moved)
            for first, last, moved in (gaps if marks else ())
            for start, stop in self.resembling(text, first, last)
        ]
        whole = "".join((*parts, text[end:]))
        return Restored(whole, tuple(put_back), tuple(sorted(marked)), tuple(taken), frozenset(bent))

    def found(self, text: str) -> Iterator[tuple[int, int, str, bool]]:
        exact = list(self._exactly(text))
        hits, at = exact.copy(), 0
        for word in WORD.finditer(text):
            start, end = word.span()
            while at < len(exact) and exact[at][1] <= start:
                at += 1
            if at < len(exact) and exact[at][0] < end:
                continue
            known = self._with_ending(word[0])
            if known is not None:
                hits.append((start, end, *known))
        return iter(sorted(hits))

    def _exactly(self, text: str) -> Iterator[tuple[int, int, str, bool]]:
        end = 0
        for match in _WORD_EDGE.finditer(text) if self._patterns else ():
            start = match.start()
            pattern = self._patterns.get(text[start].casefold()[:1]) if start >= end else None
            if pattern and (found := pattern.match(text, start)):
                end = found.end()
                if (original := self._original(found[0])) is not None:
                    yield start, end, original, False

    def _original(self, words: str) -> str | None:
        """Return the original, or None if only the pattern matches: for it, not for folding, a dotless ı is an i."""
        if words in self._exact:
            return self._exact[words]
        original = self._alike.get(_squeezed(words))
        if original is None:
            return None
        return original.upper() if words.isupper() and any(word.isalpha() for word in words) else original

    def _with_ending(self, word: str) -> tuple[str, bool] | None:
        """Return the original of a name to which the model gave an ending, and whether the ending was dropped. None if
        the word is no such name.

        A possessive is kept. Other endings are dropped, since they fit only the substitute.
        """
        kept = _KEPT_ENDING.search(word)
        if kept and (known := self._names.get(fold(word[: kept.start()]))):
            return known + kept[0], False
        if not word[0].isupper():
            return None
        folded = fold(word)
        for plain in self._by_beginning.get(folded[:_BEGINNING], ()):
            if folded.startswith(plain[:-1]) and is_form_of(folded, plain):
                return self._names[plain], True
        return None

    def resembling(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        last = start
        for match in _DIGITS.finditer(text, start, end):
            plain = re.sub(r"\D", "", match[0])
            if any(_share_digits(plain, digits) for digits in self._digits):
                last = match.end()
                yield match.span()
        for day in find_dates(text[start:end]) if self._days else ():
            if self._days & set(day.readings) and start + day.start >= last:
                yield start + day.start, start + day.end
        for word in WORD.finditer(text, start, end):
            if self._is_like(fold(word[0]), large=word[0][0].isupper()):
                yield word.span()

    def _is_like(self, word: str, *, large: bool) -> bool:
        if word in self._words or any(len(email) > 3 and email in word for email in self._emails):
            return True
        if len(word) < 4 or not large:
            return False
        most = 1 if len(word) < 6 else 2
        return any(
            (
                abs(len(word) - len(other_word)) <= most
                and Levenshtein.distance(word, other_word, score_cutoff=most) <= most
            )
            or (len(word) >= _STEM and word[:_STEM] == other_word[:_STEM])
            for other_word in self._words
        )


def _first_letters(substitute: str, *, by_signs: bool) -> dict[str, None]:
    letters = [substitute[0], next(sign for sign in substitute if sign.isalnum())] if by_signs else [substitute[0]]
    return dict.fromkeys(" \u00a0\u202f\n" if letters[0].isspace() else [letter.casefold()[:1] for letter in letters])


def _squeezed(words: str) -> str:
    return re.sub(r"[\W_]", "", words.casefold())


def _shape(substitute: str, *, by_signs: bool) -> str:
    if by_signs:
        signs = [letter for letter in substitute if letter.isalnum()]
        begins = re.escape(substitute[: next(at for at, letter in enumerate(substitute) if letter.isalnum())])
        ends = "" if substitute[-1].isalnum() else re.escape(substitute[-1])
        widest = max(3, *map(len, re.split(r"[^\W_]+", substitute)))
        between = f"{_BETWEEN_DIGITS}{{0,{widest}}}"
        return (f"(?:{begins})?" if begins else "") + between.join(map(re.escape, signs)) + ends
    return _BLANK.join(re.escape(word) for word in re.split(r"\s", substitute))


def _share_digits(number: str, other: str) -> bool:
    return any(number[at : at + LEAST_DIGITS] in other for at in range(len(number) - LEAST_DIGITS + 1))


# ---- a text as the model sees it, and the restoration of the originals in the model's answer
#
# Pure functions. Whatever did not come back whole is reported with its words, and never guessed.


# Libraries are imported where they are used: that takes 0.25 s, and few texts are redacted.


class Loss(StrEnum):
    MISSING = "missing"
    CHANGED = "changed"
    """Something similar to the substitute came back, and stays as the model wrote it."""
    ENDING = "ending"
    """The substitute came back with an ending. It was dropped, since the right one for the original is unknown."""
    FORMAT = "format"
    """Only a part of the original was formatted, and now all of it is."""


class Lost(Record):
    loss: Loss
    words: str
    """The original if it is missing or formatted differently, the ending if it was dropped, else the model's words."""
    original: str = ""
    """The original that was restored without the ending."""


class Returned(Record):
    text: str
    count: int
    lost: tuple[Lost, ...]
    _made: Restored

    def moved(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a part of the model's text is after the restoration, or None if it touches a substitute."""
        shift = 0
        for (old_start, old_end), (_, new_end) in zip(self._made.taken, self._made.put_back, strict=True):
            if start < old_end and old_start < end:
                return None
            if old_end <= start:
                shift = new_end - old_end
        return start + shift, end + shift


class Veiled(Record):
    text: str
    table: Table = ()
    originals: tuple[str, ...] = ()
    """The originals that were replaced, each once, in order."""
    formatted: tuple[str, ...] = ()
    """Those originals that had formatting inside. It is around the whole substitute now."""

    def back(self, answer: str) -> Returned:
        """Restore the originals in the model's answer to this text. Raises KnownError "redaction.ambiguous"."""
        made = restored(answer, self.table) if self.table else Restored(answer, (), ())
        lost = [Lost(Loss.MISSING, words) for words in self._missing(made)]
        for number in sorted(made.bent):
            wrote, now = made.taken[number], made.put_back[number]
            original = made.text[now[0] : now[1]]
            lost.append(Lost(Loss.ENDING, self._ending(answer[wrote[0] : wrote[1]], original), original))
        lost += [Lost(Loss.CHANGED, made.text[start:end]) for start, end in made.marked]
        lost += [Lost(Loss.FORMAT, words) for words in self.formatted]
        return Returned(made.text, len(made.put_back), tuple(dict.fromkeys(lost)), made)

    def back_so_far(self, answer: str) -> str:

        return restored_so_far(answer, self.table)

    def words(self, answer: str) -> str:

        return restored(answer, self.table).text

    def holds(self, words: str) -> bool:
        plain = words.casefold()
        return any(own.casefold() in plain for entry in self.table for own, _ in entry.pairs)

    def _ending(self, wrote: str, original: str) -> str:
        for substitute in (sub for entry in self.table for own, sub in entry.pairs if own == original):
            if wrote[: len(substitute) - 1].casefold() == substitute[:-1].casefold():
                return f"…{wrote[common_prefix(wrote.casefold(), substitute.casefold()) :]}"
        return "…"

    def _missing(self, made: Restored) -> list[str]:
        there = {made.text[start:end].casefold() for start, end in made.put_back}
        missing = []
        for original in self.originals:
            entry = next((entry for entry in self.table if any(original == own for own, _ in entry.pairs)), None)
            forms = {own.casefold() for own, _ in entry.pairs} if entry else {original.casefold()}
            if not any(form in words for form in forms for words in there):
                missing.append(original)
        return missing


# ---- formatting


class Untagged(Record):
    words: str
    tags: tuple[tuple[int, str], ...]
    """Each tag, with the position in `words` before which it was."""

    @classmethod
    def of(cls, text: str, tags: Tags) -> Untagged:
        words, found = "", []
        for piece in pieces(text, tags):
            if isinstance(piece, str):
                words += piece
            else:
                found.append((len(words), str(piece)))
        return cls(words, tuple(found))

    def divided(self, finds: Sequence[Find]) -> list[Find]:
        """Return the finds, with names split where a tag is between two of their words."""
        cuts = sorted({at for at, _ in self.tags})
        divided: list[Find] = []
        for find in finds:
            within = [at for at in cuts if find.start < at < find.end and self._is_between(at)]
            if find.kind is not Kind.PERSON or not within:
                divided.append(find)
                continue
            for start, end in zip((find.start, *within), (*within, find.end), strict=True):
                part = self.words[start:end]
                first = start + len(part) - len(part.lstrip())
                if part := part.strip():
                    divided.append(Find(find.kind, first, first + len(part), part, find.certainty, find.reason))
        return divided

    def _is_between(self, at: int) -> bool:
        return self.words[at - 1].isspace() or self.words[at].isspace()

    def tagged(self, hidden: str, finds: Sequence[Find], spans: Sequence[tuple[int, int]]) -> tuple[str, list[str]]:
        """Put the tags back into the words with substitutes, and return the text and the finds whose formatting moved.
        Formatting inside a find is put around it.

        `finds` are the replaced finds, and `spans` their positions in `hidden`.
        """
        opened = {tag: at for at, tag in self.tags if not tag.startswith("</")}
        closed = {tag.replace("/", ""): at for at, tag in self.tags if tag.startswith("</")}
        numbers = {tag: number for number, (_, tag) in enumerate(self.tags)}
        placed: list[tuple[int, int, int, str]] = []
        moved: dict[str, None] = {}
        for number, (at, tag) in enumerate(self.tags):
            begins = opened.get(tag.replace("/", ""), -1) if tag.startswith("</") else -1
            ends = closed.get(tag, len(self.words) + 1)
            place, rank, order = at, _OTHER, number
            for find, span in zip(finds, spans, strict=True):
                is_inside = find.start < at < find.end or (at == find.end and find.start < begins)
                if find.end <= at:
                    place = span[1] + at - find.end
                if not is_inside:
                    continue
                moved[find.text] = None
                place, rank = span[1], _LATE
                if tag.startswith("</"):
                    rank = _INNER_CLOSE if begins > find.start else _OUTER_CLOSE
                    order = -numbers[tag.replace("/", "")] if begins > find.start else number
                elif ends <= find.end:
                    place, rank = span[0], _INNER_OPEN
                break
            placed.append((place, rank, order, tag))
        parts, end = list[str](), 0
        for place, _, _, tag in sorted(placed):
            parts += hidden[end:place], tag
            end = place
        return "".join((*parts, hidden[end:])), list(moved)


_INNER_CLOSE, _OUTER_CLOSE, _LATE, _OTHER, _INNER_OPEN = range(5)
"""Order of tags at the same position, so that no tags cross."""
