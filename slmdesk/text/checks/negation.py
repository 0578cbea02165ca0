"""Finds sentences that contradict their source by negations or opposite words, or that drop a condition."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from slmdesk.base.record import Record
from slmdesk.text.checks.words import WORD, WordSet, folded, function_words, listed, stem, tables, word_set
from slmdesk.text.sentences import sentence_spans

_WORD = re.compile(r"n['’]t\b|[^\W\d_]+(?:-[^\W\d_]+)*(?=n['’]t\b)|[^\W\d_]+(?:[-][^\W\d_]+)*(?:['’][^\W\d_]+)?")
_CLAUSE = re.compile(r"[,;:()–—]")
_MODAL = frozenset(["may", "shall", "must", "kann", "konnen", "darf", "muss"])
"""Words that forbid when they are negated, although some of them are opposites otherwise."""
_MORE_WORDS = "more less fewer later earlier mehr weniger spater fruher plus moins mas menos piu meno wiecej mniej"
_MORE = frozenset(_MORE_WORDS.split())
_THAN = frozenset(["than", "als", "que", "de", "di", "niz"])
_NEAR = 3
"""Most content words after a negation that belong to it."""


class Word(Record):
    """Word with its position in the sentence. `clause` is the number of its clause."""

    start: int
    end: int
    word: str
    stem: str
    clause: int
    hard: bool
    content: bool


_Denial = tuple[int, frozenset[str]]


class Line(Record):
    words: tuple[Word, ...]
    stems: frozenset[str]
    forms: frozenset[str]
    denials: tuple[_Denial, ...]
    """For each negation: its index among the words, and the stems of the words it negates."""


@cache
def _soft() -> WordSet:
    return word_set(tables()["negation"]["soft"])


@cache
def _hard(language: str) -> frozenset[str]:
    # "no" denies in English, Spanish and Italian, "ni", "ne", "mai", "sans" and the like are other words elsewhere.
    not_here = {
        "en": "ne n pas jamais aucun aucune ni sans rien personne mai nie ani bez nic nada nulla non",
        "de": "n ne no none pas mai sin non ni nada personne rien bez",
        "fr": "no none mai nie non sin n't",
        "es": "nie mai ne n pas none bez personne",
        "it": "nie no sin none pas personne bez",
        "pl": "ni no none ne n pas mai sin sans non personne nada",
        "": "n ne ni personne mai sin nic",
    }
    return listed("negation", "hard") - frozenset(not_here.get(language, "").split())


@cache
def _prefixes() -> tuple[str, ...]:
    return tuple(sorted(tables()["negation"]["prefixes"], key=len, reverse=True))


@cache
def _kept() -> WordSet:
    return word_set(tables()["negation"]["kept"])


@lru_cache(maxsize=20_000)
def _senses(word: str) -> tuple[tuple[int, int], ...]:
    """Return the pairs of opposites that a folded word belongs to, as (index of the pair, side 0 or 1)."""
    senses = [(pair, side) for pair, sides in enumerate(_pairs()) for side in (0, 1) if word in sides[side]]
    return tuple((pair, side) for pair, side in senses if (pair, 1 - side) not in senses)


@cache
def _pairs() -> tuple[tuple[WordSet, WordSet], ...]:
    return tuple((word_set(word), word_set(other)) for word, other in tables()["negation"]["antonyms"])


def lines(text: str, language: str) -> list[Line]:
    return [take_apart(text[start:end], language) for start, end in sentence_spans(text, language)]


def take_apart(sentence: str, language: str) -> Line:
    hard, small = _hard(language), function_words(language if language else "en")
    words: list[Word] = []
    clause = last = 0
    for match in _WORD.finditer(sentence):
        word = folded(match.group())
        if "'" in word or "’" in word:
            word = word.replace("’", "'")
            word = word if word in hard else word.partition("'")[2] if word.index("'") < 3 else word.partition("'")[0]
        if last and (_CLAUSE.search(sentence, last, match.start()) or word in listed("negation", "joiners")):
            clause += 1
        last = match.end()
        is_hard = word in hard or word == "n't" or word == "cannot"
        if language == "fr" and word in ("ne", "pas") and any(w.hard and w.clause == clause for w in words[-4:]):
            is_hard = False  # "ne … pas" is one negation
        content = not is_hard and len(word) > 1 and word not in small
        if content and words and words[-1].hard and word in listed("negation", "phrases") and _opens(words):
            content = False  # "in no event may they": what is negated comes after it
        words.append(Word(match.start(), match.end(), word, stem(word), clause, is_hard, content))
    denials = tuple(
        (at, _denied(words, at)) for at, word in enumerate(words) if word.hard and not _is_phrase(words, at)
    )
    contents = [word for word in words if word.content]
    return Line(tuple(words), frozenset(w.stem for w in contents), frozenset(w.word for w in contents), denials)


def _opens(words: list[Word]) -> bool:
    """Return whether the last negation is the first or second word of its clause: "in no", "auf keinen"."""
    clause = words[-1].clause
    return sum(word.clause == clause for word in words) <= 2 or len(words) <= 2


def _is_phrase(words: list[Word], at: int) -> bool:
    """Return whether a "not" is part of a limit ("not before March", "no more than ten") or of "not only"."""
    return is_limit([word.word for word in words[at + 1 : at + 4] if word.clause == words[at].clause])


def is_limit(after: Sequence[str]) -> bool:
    """Return whether the three folded words behind a "not" make it a limit: "before March", "more than ten". The last
    word of a clause is none: "liegt nicht vor".
    """
    is_more = any(more in _MORE and than in _THAN for more, than in pairwise(after))
    return len(after) > 1 and (after[0] in listed("negation", "bounds") or is_more)


def _denied(words: list[Word], at: int) -> frozenset[str]:
    clause = words[at].clause
    next_no = next((place for place in range(at + 1, len(words)) if words[place].hard), len(words))
    before = [word.stem for word in words[:at] if word.clause == clause and word.content][-2:]
    after = [word.stem for word in words[at + 1 : next_no] if word.clause == clause and word.content][:_NEAR]
    return frozenset(before + after)


def turned_round(said: Line, known: list[Line], source_forms: frozenset[str]) -> list[tuple[int, int, str]]:
    """Return where the sentence contradicts its source, as (start, end, words of the source instead)."""
    if not said.stems or not known:
        return []
    alike = _alike(said, known)
    spans = _denials(said, alike) if alike else []
    spans += _prefixed(said, alike or known, source_forms)
    spans += _antonyms(said, alike)
    seen: list[tuple[int, int, str]] = []
    for span in sorted(spans):
        if not seen or span[0] >= seen[-1][1]:
            seen.append(span)
    return seen


def _alike(said: Line, known: list[Line]) -> list[Line]:
    shared = [(len(said.stems & line.stems), line) for line in known]
    best = max(count for count, _ in shared)
    if best < (2 if len(said.stems) > 2 else 1) or best / len(said.stems) < 0.3:
        return []
    return [line for count, line in sorted(shared, key=lambda pair: -pair[0]) if count >= best * 0.7][:4]


def _denials(said: Line, alike: list[Line]) -> list[tuple[int, int, str]]:
    best = alike[0]
    here, there = _unmatched(said.denials, best.denials)
    for at, denied in here:
        about = [line for line in alike if denied & line.stems]
        head = _head(said, at)
        if any(_is_put_off(said, at, line) for line in about):
            continue
        if (
            head in best.stems
            and not any(line.denials or _has_soft(line, said) for line in about)
            and not _opposite_word(said, about)
        ):
            word = said.words[at]
            return [(word.start, word.end, "")]
    for at, denied in there:
        overlap = denied & said.stems
        if _head(best, at) not in said.stems or len(overlap) < min(2, len(denied)) or _is_put_off(best, at, said):
            continue
        is_affirmed = any(overlap <= line.stems and not line.denials for line in alike[1:])
        if is_affirmed or _has_soft(said, best) or _opposite_word(said, [best]):
            continue
        shown = next((word for word in said.words if word.stem == _head(best, at) and word.content), said.words[0])
        return [(shown.start, shown.end, best.words[at].word)]
    return []


def _is_put_off(line: Line, at: int, other: Line) -> bool:
    """Return whether a negation only delays: it ends with an event ("not … until") that, in the other sentence, comes
    before the same action.
    """
    ends, earlier, later = (listed("negation", name) for name in ("until", "earlier", "later"))
    until = next((place for place in range(at + 1, len(line.words)) if line.words[place].word in ends), None)
    if until is None:
        return False
    event = {word.stem for word in line.words[until + 1 :] if word.content}
    head = _head(line, at)
    for place, word in enumerate(other.words):
        if word.word not in earlier | later:
            continue
        behind = {follower.stem for follower in other.words[place + 1 :] if follower.clause == word.clause}
        rest = {word.stem for word in (*other.words[:place], *other.words[place + 1 :])} - behind
        sooner, then = (rest, behind) if word.word in earlier else (behind, rest)
        if event & sooner and head in then and head not in sooner:
            return True
    return False


def _unmatched(first: Sequence[_Denial], other: Sequence[_Denial]) -> tuple[list[_Denial], list[_Denial]]:
    """Pair negations with those of the other side that negate most of the same words. Return the rest of each side."""
    pairs = sorted(
        ((len(mine[1] & theirs[1]), mine, theirs) for mine in first for theirs in other), key=lambda pair: -pair[0]
    )
    left, right = list(first), list(other)
    for shared, mine, theirs in pairs:
        if shared and mine in left and theirs in right:
            left.remove(mine)
            right.remove(theirs)
    return left, right


def _head(line: Line, at: int) -> str:
    """Return the stem of the word a negation applies to: the next content word of its clause, or the last before."""
    clause = line.words[at].clause
    after = [word.stem for word in line.words[at + 1 :] if word.clause == clause and word.content]
    before = [word.stem for word in line.words[:at] if word.clause == clause and word.content]
    return after[0] if after else before[-1] if before else ""


def _has_soft(line: Line, other: Line) -> bool:
    """Return whether the line denies something by a word like "refuse" that the other line lacks."""
    return any(word in _soft() and word not in other.forms and stem(word) not in other.stems for word in line.forms)


def _opposite_word(said: Line, known: list[Line]) -> bool:
    there = frozenset().union(*(line.forms for line in known))
    here_senses = {sense for word in said.words if word.word not in _MODAL for sense in _senses(word.word)}
    there_senses = {sense for line in known for word in line.words for sense in _senses(word.word)}
    for pair, side in here_senses:
        turned = (pair, 1 - side)
        if turned in there_senses and turned not in here_senses and (pair, side) not in there_senses:
            return True
    return any(_base(word) and _base_in(_base(word), there) for word in said.forms) or any(
        _base(word) and _base_in(_base(word), said.forms) for word in there
    )


@lru_cache(maxsize=20_000)
def _base(word: str) -> str:
    """Return a word without a prefix like "un-" or "in-", or "" if it has no such prefix."""
    if word in _kept():
        return ""
    for prefix in _prefixes():
        if word.startswith(prefix) and len(word) - len(prefix) >= (4 if len(prefix) > 1 else 6):
            return word[len(prefix) :]
    return ""


def _base_in(base: str, words: frozenset[str]) -> bool:
    root = stem(base)
    return any(word[:4] == base[:4] and stem(word) == root for word in words)


def _prefixed(said: Line, alike: list[Line], source_forms: frozenset[str]) -> list[tuple[int, int, str]]:
    prefixed: list[tuple[int, int, str]] = []
    stems_there = frozenset(stem(word) for word in source_forms)
    near = frozenset().union(*(line.forms for line in alike))
    denied = frozenset().union(*(stems for line in alike for _, stems in line.denials))
    for word in said.words:
        if not word.content or word.stem in stems_there:
            continue
        base, full = _base(word.word), word.word[:-4] + "ful"
        if base and _base_in(base, near) and stem(base) not in denied:
            prefixed.append((word.start, word.end, base))
        elif word.word.endswith("less") and _base_in(full, near):
            prefixed.append((word.start, word.end, full))
        elif not said.denials:
            turned = next((other for other in near if _base(other) and stem(_base(other)) == word.stem), "")
            turned = turned or next((w for w in near if w.endswith("less") and word.word == w[:-4] + "ful"), "")
            beside = (other.word for other in said.words if other is not word and other.clause == word.clause)
            if turned and not any(other in _soft() for other in beside):
                prefixed.append((word.start, word.end, turned))
    return prefixed


def _antonyms(said: Line, alike: list[Line]) -> list[tuple[int, int, str]]:
    return [
        (word.start, word.end, turned)
        for at, word in enumerate(said.words)
        for sense in _senses(word.word)
        if (turned := _turned_by(said, at, alike, sense))
    ]


def _turned_by(said: Line, at: int, alike: list[Line], sense: tuple[int, int]) -> str:
    """Return the opposite that the source has in place of the word at `at`, or "" if it has none."""
    around = [word.stem for word in said.words[max(0, at - 4) : at + 5] if word.content and word is not said.words[at]]
    verdicts: list[str] = []
    for line in alike:
        anchors = [place for place, word in enumerate(line.words) if word.stem in around]
        if not anchors:
            continue
        same = _distance(line, sense, anchors)
        opposite = _distance(line, (sense[0], 1 - sense[1]), anchors)
        if same and (opposite is None or opposite[0] >= same[0]):
            return ""
        if opposite:
            verdicts.append(opposite[1])
    is_forbidden = said.words[at].word in _MODAL and said.denials
    if is_forbidden or not verdicts or len(said.denials) != len(alike[0].denials):
        return ""
    return verdicts[0]


def _distance(line: Line, sense: tuple[int, int], anchors: list[int]) -> tuple[float, str] | None:
    """Return the word of that sense nearest to the anchors, with its mean distance in words from the nearest two of
    them. None if there is no such word nearby.
    """
    best: tuple[float, str] | None = None
    for place, word in enumerate(line.words):
        if sense in _senses(word.word):
            far = sorted(abs(place - anchor) for anchor in anchors if anchor != place)[:2]
            score = sum(far) / len(far) if far else 9.0
            if score <= 7 and (best is None or score < best[0]):
                best = (score, word.word)
    return best


# Finds statements that the source limits ("if", "unless", "only") and the sentence does not. Clauses are compared by
# their words. A condition of the source counts as left out if the sentence repeats the clause beside it, but has no
# condition of its own and hardly a word of this one. An "only" counts as left out if the sentence repeats the words
# it limits.

LEAST_REPORTED = 0.6
"""Least share of the sentence's words that must occur beside the condition, for both to be about the same thing."""
MOST_NAMED = 0.34
"""Largest share of the condition's own words in a sentence that has left the condition out."""
LEAST_WORDS = 2
"""Fewest own words of a condition. Phrases such as "if any" do not count."""
LIMITED = 4
"""Number of words after an "only" that it may limit."""
MOST_DETAIL = 160
_STOP = re.compile(r"[,;:]\s|[.!?](?:\s|$)|\s[–—]\s")


def openers(language: str) -> tuple[str, ...]:
    """Return the words that begin a condition: "if", "provided that"."""
    return tuple(tables()["conditions"]["openers"].get(language, ()))


@cache
def _openers(language: str) -> re.Pattern[str] | None:
    phrases = openers(language)
    return (
        re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, phrases))})(?![\w'’-])", re.IGNORECASE)
        if phrases
        else None
    )


def left_away(sentence: str, source: str, language: str) -> str:
    """Return the condition that the source has and the sentence leaves out, in the words of the source, or ""."""
    if _openers(language) is None or _has_sign(sentence, language):
        return ""
    said = _stems(sentence, language)
    loss, least = "", LEAST_REPORTED
    for start, end in sentence_spans(source, language):
        line = source[start:end]
        reported = len(said & _stems(line, language)) / max(1, len(said))
        if reported < least or (loss and reported == least):
            continue
        left = (condition for condition in _conditions(line, language) if _is_left(said, line, condition, language))
        condition = next(left, "") or _limit(said, line, language)
        if condition or reported > least or not loss:
            loss, least = condition, reported
    return loss[:MOST_DETAIL]


def _has_sign(sentence: str, language: str) -> bool:
    opener = _openers(language)
    words = {folded(word) for word in WORD.findall(sentence)}
    signs = listed("conditions", "signs", language) | listed("conditions", "limits", language)
    return bool(words & signs) or bool(opener and opener.search(sentence))


def _conditions(line: str, language: str) -> Iterator[str]:
    opener = _openers(language)
    for match in opener.finditer(line) if opener else ():
        before = [folded(word) for word in WORD.findall(line[: match.start()])[-1:]]
        if before and before[0] in listed("conditions", "not_behind"):
            continue  # "even if", "see if"
        stop = _STOP.search(line, match.end())
        yield line[match.start() : stop.start() if stop else len(line)].rstrip(" .")


def _is_left(said: frozenset[str], line: str, condition: str, language: str) -> bool:
    beside = _stems(line.replace(condition, " ", 1), language)
    own = _stems(condition, language) - beside
    return (
        len(own) >= LEAST_WORDS
        and len(said & beside) >= max(2, LEAST_REPORTED * len(said))
        and len(own & said) <= MOST_NAMED * len(own)
    )


def _limit(said: frozenset[str], line: str, language: str) -> str:
    """Return an "only" of the source with the words it limits, if the sentence repeats these words, else ""."""
    words = list(WORD.finditer(line))
    limits, small = listed("conditions", "limits", language), function_words(language)
    for at, word in enumerate(words):
        before = folded(words[at - 1][0]) if at else ""
        if folded(word[0]) not in limits or before in listed("conditions", "not_before_limit"):
            continue
        behind = [word for word in words[at + 1 :] if folded(word[0]) not in small][:LIMITED]
        reported = sum(stem(folded(match[0])) in said for match in behind)
        if behind and reported >= min(2, len(behind)):
            return line[word.start() : behind[-1].end()]
    return ""


def _stems(text: str, language: str) -> frozenset[str]:
    small = function_words(language)
    words = (folded(word) for word in WORD.findall(text))
    return frozenset(stem(word) for word in words if len(word) > 1 and word not in small)


# Detects whether a sentence contains a negation, explicit or implied by a word. For comparing a sentence with its
# translation, where only the presence of a negation can be detected, not what is negated. Languages: English, German,
# French, Spanish, Italian, Polish, Portuguese and Dutch.

_NO_WORDS = {
    "en": "not no never none nobody nothing nowhere neither nor cannot without",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts nirgends weder ohne",
    "fr": "ne n pas jamais aucun aucune rien ni sans non",
    "es": "no nunca jamás ningún ninguna ninguno nadie nada ni sin tampoco",
    "it": "non no mai nessun nessuna nessuno niente nulla né senza neppure neanche",
    "pl": "nie nigdy żaden żadna żadne żadnej żadnego nikt nikogo nic niczego ani bez nigdzie",
    "pt": "não nunca jamais nenhum nenhuma ninguém nada nem sem",
    "nl": "niet geen nooit niemand niets nergens noch zonder",
}
_NO = {language: frozenset(words.split()) for language, words in _NO_WORDS.items()}
_WORDS = re.compile(r"(?<![\w-])[^\W\d_]+(?:['’]t\b)?(?!-\w)")
_FRENCH_SHORT = re.compile(r"\bn\b(?!['’])")
_NUMERO = re.compile(r"\bno\.\s?(?=\S*\d)", re.IGNORECASE)
_NOT_ONLY = re.compile(
    r"\b(?:not only|nicht (?:nur|allein)|(?:non|pas) seulement|no (?:s[oó]lo|solamente)|non (?:solo|soltanto)|"
    r"não (?:só|apenas)|niet (?:alleen|slechts)|nie tylko)\b",
    re.IGNORECASE,
)
_FRENCH_EMPTY = re.compile(
    r"\b((?:à moins|avant|de peur|de crainte) qu(?:e\b|['’])[^,;.]*?)\b(?:ne\s|n['’])"
    r"(?![^,;.]*\b(?:pas|plus|jamais|rien|personne|aucune?)\b)",
    re.IGNORECASE,
)
"""Matches a "ne" that denies nothing: "à moins qu'il ne pleuve"."""
_MORE_THAN = re.compile(r"\bplus d(?:e\b|['’])")
_FRENCH_ONLY = re.compile(r"\b(?:ne\b|n['’]).*\bqu(?:e\b|['’])", re.IGNORECASE)
_FRENCH_FULL = frozenset(["pas", "jamais", "aucun", "aucune", "rien", "ni", "plus", "personne", "point", "sans", "non"])
_HALF = word_set(
    "except excepte excepto impossib* imposib* unmoglich* niemozliw* unable incapa* unless sauf hormis salvo tranne "
    "eccetto ausser ausgenommen behalve tenzij exceto oprocz moins chyba only nur lediglich seul* solo soltanto "
    "solamente uniquement tylko jedynie wylacznie hardly barely kaum guere appena invalid* ungultig* nieprawidlow* "
    "unknown unbekannt* inconnu* desconocid* sconosciut* nieznan* unavailable until erst forbid* prohibit* banned "
    "refus* deny denied denies reject* exclude* excluding fail fails failed lack lacks absent exempt* verweiger* "
    "abgelehnt* lehnt lehnte ausgeschloss* verbot* verbiet* untersag* fehlt fehlen fehlte entfallt interdi* exclu* "
    "absent* manque manquent rejet* prohib* rechaz* carece* falta faltan vieta* esclu* manca mancano rifiut* respin* "
    "assen* zakaz* wyklucz* brak brakuje odmow* odrzuc* zabron* ignor* suppress* omit* missing hochstens maximal* "
    "spatestens most latest maximum massimo maximo tard uiterlijk hoogstens najwyzej najpozniej hasta"
)
"""Folded words that imply a negation without a word of _NO: at most is no more than."""
_PREFIXED = {
    "en": re.compile(
        r"\b(?:un(?!der|i(?!n|m|d)|til|less)\w{2,}(?:ed|fit|able|ible|al|ful|ing|nt|en|rn|et|it|ar|ly)|non-?\w+|\w+less"
        r"|in\w{2,}(?:ible|able|ent|plete|rect|ible)|im(?:proper|perfect|mature)\w*|dis(?:allow|abl|connect)\w*)\b"
    ),
    "de": re.compile(r"\b(?:un(?!d|s|ter|gef)\w{4,}|[Nn]icht-\w+|\w{3,}los(?:e[mnrs]?)?)\b"),
    "fr": re.compile(r"\b(?:in\w{2,}(?:ible|able|ent|et|ect)e?s?|non-\w+)\b"),
    "es": re.compile(r"\bin\w{2,}(?:ible|able|iente|eto|ecto|ect[oa]s)\b"),
    "it": re.compile(r"\bin\w{2,}(?:ibile|abile|ente|eto|etto)\b"),
    "pl": re.compile(r"\bnie(?!dz|kt|mi|ch|st|raz|co|mal)\w{3,}"),
}
"""Matches lower-case words negated by prefix or ending. Capitalised ones such as "Unfall" or "Indien" do not count."""


def _old_denial(text: str, language: str) -> str | None:
    """Return the first negating word of a text, or "" if there is none. None means the language has no word list."""
    signs = _old_denials(text, language)
    return None if signs is None else next(iter(signs), "")


def _old_denials(text: str, language: str) -> list[str] | None:
    """Return the words of a text that negate, in order. None means that the language has no word list."""
    no = _NO.get(language)
    if no is None:
        return None
    text = _NOT_ONLY.sub(" ", text)
    if language == "en":
        text = _NUMERO.sub(" ", text)  # "no. 5" is a number, not a denial
    if language == "fr":
        text = _FRENCH_EMPTY.sub(r"\1", _FRENCH_SHORT.sub(" ", text))
    words: list[str] = _WORDS.findall(text.casefold())
    if language == "fr" and is_french_only(text):
        return []
    said = [word for word in words if word in no or (language == "en" and word.endswith(("n't", "n’t")))]
    if language == "fr" and _FRENCH_FULL & set(said):
        said = [word for word in said if word not in ("ne", "n")]  # "ne … pas" is one
    return said


def is_french_only(text: str) -> bool:
    """Return whether a French text has a "ne … que", which means "only", and denies nothing else."""
    words = set(_WORDS.findall(_MORE_THAN.sub(" ", text.casefold())))
    return _FRENCH_ONLY.search(text) is not None and not _FRENCH_FULL & words


def denying(language: str) -> frozenset[str]:
    """Return the folded words that negate in a language. An Italian "né" would be a "ne" then."""
    return frozenset(folded(word) for word in _NO.get(language, ()) if word != "né")


def denying_clauses(text: str, language: str) -> int:
    """Return how many clauses of a text deny something of their own. A "nor" denies nothing new, a "without" little."""
    clauses = (set(_old_denials(clause, language) or ()) - _JOINED for clause in _CLAUSES.split(text))
    return max(sum(map(bool, clauses)), int(bool(_old_denials(text, language))))


_CLAUSES = re.compile(r"[,;:()–—]|[.!?](?=\s\D)")
_JOINED_WORDS = "ni nor neither weder noch né nem ani sin ohne without sans senza sem zonder bez"
_JOINED = frozenset(_JOINED_WORDS.split())


_NOT_UNTIL = re.compile(r"(?:not|n['’]t)\b[^.;]*?\buntil\b")


def half_denials(text: str, language: str) -> int:
    """Return how many words of a text may imply a negation: "forbidden", "invalid", "unless", "undone"."""
    if language == "en":
        text = _NOT_UNTIL.sub("", text)  # it is one with its "not"
    prefixed = _PREFIXED[language].findall(text[:1].casefold() + text[1:]) if language in _PREFIXED else []
    return len(prefixed) + sum(folded(word) in _HALF for word in WORD.findall(text))


def is_prefixed(text: str, language: str) -> bool:
    """Return whether a word of a text is negated by its prefix or ending: "unchecked"."""
    prefixed = _PREFIXED.get(language)
    return prefixed is not None and prefixed.search(text[:1].casefold() + text[1:]) is not None


def implies_denial(sentence: str, language: str) -> bool:
    """Return whether a word may deny something besides "not": "refuse", "until", "unknown"."""
    return half_denials(sentence, language) > 0 or any(folded(word) in _implying() for word in WORD.findall(sentence))


@cache
def _implying() -> WordSet:
    bounds = f"{tables()['negation']['soft']} {tables()['negation']['bounds']} {tables()['negation']['until']}"
    disputes = "disput* contest* bestreit* bestritt* dagegen failing mangels defaut defecto difetto mancanza"
    exempts = "exonerat* befreit exoner* dispens* exent* exim* esent* esoner* zwoln* isent* vrijgesteld"
    put_off = "vertag* verschob* verschieb* postpon* adjourn* ajourn* repouss* aplaz* rinvi* odroc* adia* uitgesteld"
    return word_set(
        f"{bounds} {disputes} {exempts} {put_off} instead statt anstatt lieu vez invece zamiast without ohne sans sin "
        "senza bez sem zonder"
    )


def ends_something(sentence: str, other: str) -> bool:
    """Return whether a word that the other sentence lacks says that somebody stops or leaves something: "cease"."""
    known = {stem(folded(word)) for word in WORD.findall(other)}
    return any(word in _ending() and stem(word) not in known for word in map(folded, WORD.findall(sentence)))


@cache
def _ending() -> WordSet:
    return word_set(
        "cease* stop* suspend* halt* refrain* abstain* avoid* prevent* contest* einstell* eingestellt unterlass* "
        "unterblieb* unterbleib* aussetz* ausgesetzt verzicht* vermeid* verhinder* bestreit* bestritt* cess* abst* "
        "evit* empech* contest* renonc* renunci* rinunc* sospend* sospes* asten* zaprzest* wstrzym* zawies* unik* "
        "zrzek* staak* staken opschort* onthoud* vermijd* betwist* disagree* dissens* disaccord* desacuerd* desaccord* "
        "fuori hors fuera fora buiten"
    )


_NOT = r"(?<![\w-])(?:{})(?!-?\w)"
_NEGATIONS = {
    "en": re.compile(
        _NOT.format(r"not|no(?!\.\s?\S*\d)|never|none|nobody|nothing|nowhere|neither|nor|cannot|\w+n['’]t")
    ),
    "de": re.compile(_NOT.format("nicht|kein(?:e[mnrs]?)?|nie|niemals|niemand(?:e[mn])?|nichts|nirgends|weder")),
    "fr": re.compile(
        _NOT.format(r"pas|jamais|aucune?|rien|ni|non|n(?:e\s|['’])(?:\w+\s){1,4}?(?:plus(?! d)|personne|point)")
    ),
    "es": re.compile(_NOT.format("no|nunca|jamás|ning[uú]n[oa]?|nadie|nada|ni|tampoco")),
    "it": re.compile(_NOT.format("non|no|mai|nessun[oa]?|niente|nulla|né|neppure|neanche")),
    "pl": re.compile(_NOT.format("nie|nigdy|żad(?:en|n[aey]|nej|nego)|nikt|nikogo|nic|niczego|ani|nigdzie")),
    "pt": re.compile(_NOT.format("não|nunca|jamais|nenhuma?|ninguém|nada|nem")),
    "nl": re.compile(_NOT.format("niet|geen|nooit|niemand|niets|nergens|noch")),
}
"""By language. "Without" is none of them: another language says it in many other ways."""
_NOT_ONLY_WORDS = re.compile(
    r"\b(?:not only|nicht (?:nur|allein)|(?:non|pas) seulement|no (?:s[oó]lo|solamente)|non (?:solo|soltanto)|"
    r"não (?:só|apenas)|niet (?:alleen|slechts)|nie tylko)\b"
)


def denials(text: str, language: str) -> list[str] | None:
    """Return the words of a text that negate, in order, or None if the language has no word list."""
    pattern = _NEGATIONS.get(language)
    return None if pattern is None else pattern.findall(_NOT_ONLY_WORDS.sub(" ", text.casefold()))


def denial(text: str, language: str) -> str | None:
    """Return the first negating word of a text, or "" if there is none. None means the language has no word list."""
    words = denials(text, language)
    return None if words is None else next(iter(words), "")


def is_denial_implied(text: str) -> bool:
    """Return whether a text may say no without a negation: "forbidden", "unless", "at most"."""
    return any(folded(word) in _HALF for word in WORD.findall(text))
