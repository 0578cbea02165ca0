"""Makes substitutes, and a table of them and their originals. Each original has one. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein, Prefix

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.text.folding import fold
from slmdesk.redact import Entry, Find, Kind, Table, pairs_of
from slmdesk.redact.finding import WORD, WordIndex, is_form_of, name_words, without_form
from slmdesk.redact.first_names import first_names, is_first_name, sex_of
from slmdesk.redact.rules import is_checked

_NAME_PIECE = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_COUNTRY = re.compile(r"[( ]*(?:\+\d{1,3}(?!\d)|\+\d\d|00\d\d|0)?")
FAR_APART = 3
"""Fewest letters in which substitutes for names must differ, so that a misspelt one is not taken for another."""
LEAST_HELD = 4
"""Fewest letters of an original that a substitute must not contain. Shorter ones could be a mere syllable."""
_TRIED_FAR = 400


def table_for(
    text: str, finds: Sequence[Find], *, others: Iterable[str] = (), draw: str = "", taken: Iterable[str] = ()
) -> Table:
    """Return the table of substitutes for these finds of a text. Another `draw` gives others. None resembles those
    `taken`.

    No substitute contains an original, or any of `others`, with LEAST_HELD or more letters, if that can be avoided.
    None occurs in the text. Raises KnownError "redaction.ambiguous" if one substitute would stand for two originals,
    "redaction.no_substitute" if none is free.
    """
    maker = _Maker(fold(text), _index((*others, *(part for find in finds for part in _parts(find)))), draw)
    for substitute in taken:
        maker.take(substitute)
    once = dict[str, Find]()
    for find in sorted(finds, key=_by_base):
        once.setdefault(find.text, find)
    try:
        for find in once.values():
            maker.add(find)
    except NoSubstituteError as err:
        raise KnownError("redaction.no_substitute") from err
    made = tuple(maker.entries)
    _check(made)
    return made


def _check(table: Table) -> None:
    """Check that no substitute stands for two originals. Raises KnownError "redaction.ambiguous"."""
    exact: dict[str, str] = {}
    alike: dict[str, str] = {}
    for original, substitute in pairs_of(table):
        same = exact.setdefault(substitute, original) == original
        if not same or alike.setdefault(fold(substitute), original).casefold() != original.casefold():
            raise KnownError("redaction.ambiguous")


def _by_base(find: Find) -> tuple[int, int]:
    """Return a sort key that puts names of several words first. Of single words the shortest come first, since longer
    ones may be their forms.
    """
    words = len(name_words(find.text)) if find.kind is Kind.PERSON else 0
    return (-words, len(find.text))


@dataclass(slots=True)
class _Maker:
    source: str
    originals: WordIndex
    draw: str = ""
    entries: list[Entry] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    """For each word of a name as it is written, its substitute."""
    taken: dict[str, None] = field(default_factory=dict)
    tries: int = 0

    def add(self, find: Find) -> None:
        self.tries = 0
        if find.kind is Kind.PERSON:
            self._add_person(find.text)
        elif find.kind is Kind.FIRM:
            self._add_firm(find.text)
        else:
            self._put(Entry(find.kind, find.text, self._made(find.kind, find.text)))

    def _put(self, entry: Entry) -> None:
        if entry.original not in dict(pairs_of(self.entries)):
            self.entries.append(entry)

    def _made(self, kind: Kind, original: str, end: str = "") -> str:
        self.tries = 0
        kept = set(map(fold, WORD.findall(original)))

        def is_free(made: str) -> bool:
            if kind is Kind.ADDRESS and not kept.issuperset(self._taken_in(made)):
                return False
            return self._is_free(made) and self._is_free(made + end)

        made = substitute_for(kind, original, is_free, self._seed(kind))
        self.take(made)
        return made

    def _seed(self, kind: Kind) -> str:
        return f"{self.draw}{kind}{len(self.entries)}"

    def _taken_in(self, made: str) -> set[str]:
        """Return the words of an address that stand for something else: each of them is put back alone, too."""
        return self.taken.keys() & set(map(fold, WORD.findall(made)))

    def take(self, substitute: str) -> None:
        self.taken[fold(substitute)] = None
        self.taken.update(dict.fromkeys(fold(word) for word in WORD.findall(substitute) if len(word) > 3))

    def _holds(self, plain: str) -> bool:
        """Return whether the substitute contains an original. After many tries return False, since some originals, such
        as the ending of a street name, cannot be avoided.
        """
        self.tries += 1
        return self.tries < _TRIED_FAR and bool(self.originals.numbers_in(plain))

    def _is_free(self, made: str) -> bool:
        plain = fold(made)
        return plain not in self.source and plain not in self.taken and not self._holds(plain)

    def _is_free_word(self, made: str) -> bool:
        """Return whether a name's word is free: `_is_free`, and no other substitute begins with it or resembles it."""
        plain = fold(made)
        if (
            self._holds(plain)
            or plain[: max(4, len(plain) - 1)] in self.source
            or any(plain.startswith(other) or other.startswith(plain) for other in self.taken)
        ):
            return False
        far = FAR_APART if self.tries < _TRIED_FAR else 1
        return all(Levenshtein.distance(plain, other, score_cutoff=far) >= far for other in self.taken)

    def _add_person(self, original: str) -> None:
        pieces = _NAME_PIECE.findall(original)
        named = name_words(original)
        made = original
        parts: list[tuple[str, str]] = []
        for piece in dict.fromkeys(pieces):
            if piece.endswith(".") or (piece not in named and (piece.islower() or len(piece) == 1)):
                substitute = self._initial(piece, named) if piece[0].isupper() and len(piece) <= 2 else piece
            else:
                is_first = (len(named) > 1 and piece == named[0]) or is_first_name(piece)
                substitute = self._word(piece, is_first=is_first)
                parts.append((piece, substitute))
            made = re.sub(rf"(?<![\w\0]){re.escape(piece)}(?![\w\0])", f"\0{substitute}\0", made)
        made = made.replace("\0", "")
        if made == original:  # lower-case words only: no part belongs to a name
            made = self._made(Kind.OTHER, original)
        owner = next(
            (entry for entry in self.entries if entry.kind is Kind.PERSON and self._belongs(parts, entry)), None
        )
        if owner is None:
            self._put(Entry(Kind.PERSON, original, made, tuple(part for part in parts if part[0] != original)))
            return
        new = tuple(part for part in dict.fromkeys(((original, made), *parts)) if part not in owner.pairs)
        self.entries[self.entries.index(owner)] = changed(owner, forms=(*owner.forms, *new))

    def _initial(self, piece: str, named: Sequence[str]) -> str:
        """Return another initial: that of the substitute, where it is known whose it is."""
        for entry in self.entries:
            if named and entry.original[0] == piece[0] and entry.original.endswith(f" {named[-1]}"):
                return entry.substitute[0] + piece[1:]
        return _other_initial(piece)

    def _belongs(self, parts: list[tuple[str, str]], entry: Entry) -> bool:
        own = {fold(original) for original, _ in entry.pairs if WORD.fullmatch(original)}
        return bool(parts) and all(
            fold(part) in own or any(is_form_of(fold(part), other) for other in own) for part, _ in parts
        )

    def _word(self, word: str, *, is_first: bool) -> str:
        if word in self.words:
            return self.words[word]
        self.tries = 0
        plain = fold(word)
        for base, substitute in self.words.items():
            cased = substitute.upper() if word.isupper() else substitute.capitalize()
            if base.casefold() == word.casefold() and cased not in self.words.values():
                return self._know(word, cased)
        for base, substitute in self.words.items():
            if not word.isupper() and is_form_of(plain, fold(base)):
                form = _with_same_ending(word, base, substitute)
                if self._is_free(form):
                    return self._know(word, form)
        seed = self._seed(Kind.PERSON) + str(len(self.words))
        listed = self._first_names(plain) if is_first else ()
        return self._know(word, name_word(word, self._is_free_word, seed, listed=listed))

    def _first_names(self, plain: str) -> Sequence[str]:
        """Return first names of the sex of a folded one: by the list, the title before it, or its end."""
        titled = re.search(rf"{_TITLE}(?:\s+dr\.?)?\s+{re.escape(plain)}", self.source)
        guess = ("male", "female")[plain.endswith(("a", "e"))]
        sex = sex_of(plain) or str((titled and titled.lastgroup) or guess)
        return first_names()[sex]

    def _know(self, word: str, substitute: str) -> str:
        self.words[word] = substitute
        self.take(substitute)
        return substitute

    def _add_firm(self, original: str) -> None:
        base, form = without_form(original)
        used = dict(pairs_of(self.entries)).values()
        for at, entry in enumerate(self.entries):
            known, other = without_form(entry.original)[0], without_form(entry.substitute)[0]
            if entry.kind is Kind.FIRM and fold(known) == fold(base):
                cased = other.upper() if base.isupper() else other
                made = original.replace(base, cased, 1)
                if made not in used:
                    self.entries[at] = changed(entry, forms=(*entry.forms, (original, made)))
                    self.take(made)
                    return
        made_base = self._made(Kind.FIRM, base, form)
        forms = ((base, made_base),) if form else ()
        self._put(Entry(Kind.FIRM, original, original.replace(base, made_base, 1), forms))
        self.take(original.replace(base, made_base, 1))


def _parts(find: Find) -> tuple[str, ...]:
    if find.kind is Kind.PERSON:
        return (find.text, *name_words(find.text))
    if find.kind is Kind.FIRM:
        name, __ = without_form(find.text)
        return (find.text, name)
    return (find.text,)


def _index(originals: Iterable[str]) -> WordIndex:
    return WordIndex(word for word in {fold(original) for original in originals} if len(word) >= LEAST_HELD)


def _other_initial(piece: str) -> str:
    return chr((ord(piece[0]) - 65 + 7) % 26 + 65) + piece[1:]


def _with_same_ending(word: str, base: str, substitute: str) -> str:
    shared = Prefix.similarity(word.lower(), base.lower())
    old, new = base[shared:], word[shared:]
    return substitute.removesuffix(old) + new


# Makes a substitute for an original. A substitute has the same kind and shape, reads naturally, and belongs to
# nobody. Pure functions. Names are composed of syllables. Numbers keep their groups, and their check digits are wrong
# on purpose. E-mail addresses are in a domain that nobody can have (RFC 2606). Nothing but the shape is derived from
# the original.

_TITLE = (
    r"(?<!\w)(?:(?P<male>herrn?|mr|m|monsieur|sr|senor|don|signor|pan)"
    r"|(?P<female>frau|mrs|ms|miss|mme|madame|sra|senora|dona|pani))\.?"
)
"""Matches a folded title before a name, in the group of its sex."""
_BEGINS = "Bel Cor Dal Fen Gar Hol Jor Kem Lam Mor Nel Per Rav Sel Tam Ul Vel Wen Zan Bren Dor Fal Gol Hem Kol"
_MIDDLES = "ba de di ga ko la le mi na ra ro ta ti va ve vi wa"
_ENDS = "man lor vik nert dan rin mer tel nor ken lund bor rem dol ster than lin"
_WORDS_TOO = """
brendan dormer falster fenster hemmer holman holster jordan mortimer nelken perrin ulken ulster zanken gollin
fallin merlin
"""
"""What the syllables may make that is a word, or the name of somebody or some place."""
_BEGIN, _MIDDLE, _END = _BEGINS.split(), _MIDDLES.split(), _ENDS.split()
_ENDING = re.compile(r"(?:[dc]z?[sk]?k[ia]|sk[ia]|[aeiouy])?$")
"""Matches the ending that the substitute for a word of a name keeps, so that inflected forms still suit it."""
_STREET_END = re.compile(
    r"(?:-?(?:straße|strasse|str|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|graben|pfad|markt|hof|berg|wall"
    r"|straat|laan|plein|gracht|kade|dijk))?$",
    re.IGNORECASE,
)
_STREET_WORDS = (
    "street st road rd lane avenue ave court square drive close way terrace gardens crescent row mews hill place "
    "grove park walk green boulevard blvd flat unit apartment apt suite rue bd quai route allee cours impasse chemin "
    "passage villa calle c avda avenida plaza pza paseo camino ronda carrer travesia via viale piazza piazzale corso "
    "largo vicolo strada ul ulica ulicy al aleja aleje pl plac os osiedle m am im an auf in zum zur unter hinter vor "
    "der dem den alte alter neue neuer strasse str weg platz ring damm ufer markt bis ter the a d de du des del "
)
_KEPT = frozenset(_STREET_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BOXES = ("post", "mail", "info", "box")
MOST_TRIES = 5_000
Free = Callable[[str], bool]
"""Function that returns whether a substitute may be used: it is not in the source and stands for nothing else."""


class NoSubstituteError(Exception): ...


def name_word(original: str, free: Free, seed: str, *, listed: Sequence[str] = ()) -> str:
    """Return a substitute for a name's word, in the same case, with the same ending if inflection may depend on it."""
    ending = "" if listed else _end_of(fold(original), _ENDING)
    names = [name.capitalize() for name in listed]
    made = _first_free(_mixed(names, _syllables(seed, ending), seed), free)
    return made.upper() if original.isupper() and len(original) > 1 else made


def _end_of(word: str, ends: re.Pattern[str]) -> str:
    found = ends.search(word)
    assert found is not None  # it may be empty
    return found[0]


def substitute_for(kind: Kind, original: str, free: Free, seed: str) -> str:
    makers: Mapping[Kind, Callable[[str, random.Random], str]] = {
        Kind.FIRM: lambda _, rng: _syllable_word(rng, ""),
        Kind.EMAIL: lambda _, rng: f"{rng.choice(_BOXES)}.{_syllable_word(rng, '').lower()}@example.org",
        Kind.PHONE: _phone,
        Kind.IBAN: _code,
        Kind.CARD: _code,
        Kind.NUMBER: _code,
        Kind.REFERENCE: _code,
        Kind.BIRTH: _date,
        Kind.ADDRESS: _place,
        Kind.WEB: lambda _, rng: f"www.{_syllable_word(rng, '').lower()}.example.org",
    }
    make = makers.get(kind, _words)
    rng = random.Random(seed)
    return _first_free((make(original, rng) for _ in range(MOST_TRIES)), free)


def _first_free(made: Iterator[str], free: Free) -> str:
    for name in made:
        if free(name):
            return name
    raise NoSubstituteError


def _mixed(listed: list[str], others: Iterator[str], seed: str) -> Iterator[str]:
    random.Random(seed).shuffle(listed)
    yield from listed
    yield from others


def _syllables(seed: str, ending: str) -> Iterator[str]:
    rng = random.Random(seed)
    made = (_syllable_word(rng, ending) for _ in range(MOST_TRIES))
    return (word for word in made if word.lower() not in _WORDS_TOO.split())


def _syllable_word(rng: random.Random, ending: str) -> str:
    middle = rng.choice(_MIDDLE) if rng.random() < 0.3 or ending[:1] in ("a", "e", "i", "o", "u", "y") else ""
    return rng.choice(_BEGIN) + middle + rng.choice(_END) + ending


def _digit(rng: random.Random, old: str, digits: str = "0123456789") -> str:
    return rng.choice(digits.replace(old, ""))


def _other_digits(words: str, rng: random.Random) -> str:
    return re.sub(r"\d", lambda digit: _digit(rng, digit[0]), words)


def _code(original: str, rng: random.Random) -> str:
    """Return other digits and letters in the same groups, with wrong check digits. Letters of a country are kept."""
    keeps = 0
    if re.match(r"[A-Z]{2}\s?[\dU]", original, re.IGNORECASE):
        keeps = 2

    def other(sign: re.Match[str]) -> str:
        return _digit(rng, sign[0]) if sign[0].isdigit() else rng.choice("BCDFGHKLMN")

    while True:
        made = original[:keeps] + re.sub(r"[^\W_]", other, original[keeps:])
        if not is_checked(made):
            return made


def _phone(original: str, rng: random.Random) -> str:
    country = _COUNTRY.match(original)
    assert country is not None  # it may be empty
    return country[0] + _other_digits(original[country.end() :], rng)


def _date(original: str, rng: random.Random) -> str:
    """Return another day, another month if in digits, and a year near the original's, so that ages stay about right."""
    is_named = re.search(r"[^\W\d_]{3,}", original) is not None

    def other(digits: re.Match[str]) -> str:
        if len(digits[0]) == 4:
            return str(int(digits[0]) + rng.choice((-2, -1, 1, 2)))
        return f"{rng.randint(1, 28 if is_named else 12):0{len(digits[0])}}"

    return re.sub(r"\d+", other, original)


def _place(original: str, rng: random.Random) -> str:
    """Return a street or town with other words and another number. Words for kinds of streets are kept."""

    def other(match: re.Match[str]) -> str:
        word = match[0]
        if fold(word) in _KEPT or word.islower() or len(word) < 2:
            return word
        if word.isupper() and len(word) <= 2:
            return "".join(rng.choice("BCDFGHKLMN") for _ in word)
        return _syllable_word(rng, "") + _end_of(word, _STREET_END)

    made = re.sub(r"(?<!\d)[1-9]", lambda digit: _digit(rng, digit[0], "123456789"), _WORD.sub(other, original))
    made = re.sub(r"0|(?<=\d)\d", lambda digit: _digit(rng, digit[0]), made)
    return made if made != original else _words(original, rng)  # of small words alone nothing has changed


def _words(original: str, rng: random.Random) -> str:
    """Return one or two invented words, or digits if the original consists of digits."""
    if not re.search(r"[^\W\d_]{2,}", original):
        return _other_digits(original, rng)
    made = _syllable_word(rng, "")
    return f"{made} {_syllable_word(rng, '')}" if re.search(r"\w\s+\w", original) else made
