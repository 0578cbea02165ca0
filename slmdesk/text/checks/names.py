"""Finds names in a sentence that its source does not have: people, places, organisations, acronyms.

By capital letters, where the language writes only names with them.  German capitalises all nouns; there a word counts
when it looks like a name (after a title, beside another name, before a legal form) or is in the very place where the
source has another one.
"""

from __future__ import annotations

import re
from functools import cache

from slmdesk.base.record import Record
from slmdesk.text.checks.words import CLAUSE_WORDS, any_same, folded, function_words, tables

_TOKEN = re.compile(r"[^\W_]+(?:['’&][^\W_]+)*")
_OPENS = re.compile(r"[.!?:…]['\"”’)»“]*\s+$|[\"“„«»‘(\[–—•;]\s*$|^\s*(?:[-*•]\s*)?$|\n\s*$")
_NUMBERED, _WORDED = r"\d{1,3}(?:\.\d{1,3})*", rf"(?i:§+|(?:{CLAUSE_WORDS.replace(' ', '|')})\b\.?)"
_HEADED = re.compile(
    rf"(?:^|[\n.!?;:•|(])\s*(?:{_WORDED}\s*(?:{_NUMBERED}[a-z]?|[A-Z]|[IVXLC]{{1,6}})"
    rf"|\(?(?:{_NUMBERED}|[A-Za-z]|[IVXivx]{{1,5}})\)|{_NUMBERED}\.|\d{{1,3}}(?:\.\d{{1,3}})+)[.):]?(?:\s*[–—:|-])?\s+$"
)
_LONGEST_NUMBER = 40
"""Signs before a word in which such a number is looked for: it goes over blanks, also over thousands of lines."""
_JOINED = re.compile(r"^[\s.&-]{1,3}$|^[’']$|^ (?:of|de|der|van|von|di|da|del|della|the|for|and) $")


class Token(Record):
    start: int
    end: int
    word: str
    large: bool
    opens: bool
    acronym: bool


@cache
def _common() -> frozenset[str]:
    found = tables()["names"]
    months = " ".join(" ".join(tables()[kind]["names"]) for kind in ("months", "weekdays"))
    return frozenset(f"{found['common']} {found['titles']} {months}".split())


@cache
def _titles() -> frozenset[str]:
    return frozenset(tables()["names"]["titles"].split())


@cache
def _forms() -> frozenset[str]:
    return frozenset(tables()["names"]["forms"].split())


@cache
def _german_common() -> tuple[str, ...]:
    return tuple(tables()["names"]["german_common"].split())


def tokens(text: str) -> list[Token]:
    found = []
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if not raw.isalpha() and any(sign.isdigit() for sign in raw):  # a code, see check_numbers
            continue
        if raw.islower():
            found.append(Token(match.start(), match.end(), folded(raw), False, False, False))
            continue
        acronym = len(raw) > 1 and raw[0].isupper() and sum(sign.isupper() for sign in raw) > 1
        opens = raw[0].isupper() and _OPENS.search(text, max(0, match.start() - 6), match.start()) is not None
        is_headed = raw[0].isupper() and begins_title(text, match.start())
        if match.start() >= 6 and opens and not text[match.start() - 6 : match.start()].strip():
            opens = "\n" in text[match.start() - 6 : match.start()]
        found.append(Token(match.start(), match.end(), folded(raw), raw[0].isupper(), opens or is_headed, acronym))
    return found


def begins_title(text: str, at: int) -> bool:
    """Whether a number with which a line begins ("§ 2", "Art. 5 –", "3.2") stands before the word there: no name."""
    return _HEADED.search(text, max(0, at - _LONGEST_NUMBER), at) is not None


def foreign_names(
    sentence: str, said: list[Token], known: list[Token], words: frozenset[str], language: str
) -> list[tuple[int, int]]:
    """Positions of names in `sentence` that are not in the source, whose words are `known` (and `words`, as a set)."""
    missing = [at for at, token in enumerate(said) if token.large and not _is_known(token, known, words)]
    chosen = []
    for at in missing:
        token = said[at]
        if token.word in _common() or (token.opens and token.word in function_words()):
            continue
        if token.acronym or _is_replaced(said, at, known, language):
            chosen.append(at)
        elif language == "de":
            if _stands_like_a_name(sentence, said, at, words):
                chosen.append(at)
        elif not token.opens or _is_first_of_name(sentence, said, at, missing):
            chosen.append(at)
    return _merged(sentence, said, chosen)


def _is_known(token: Token, known: list[Token], words: frozenset[str]) -> bool:
    if token.word in words:
        return True
    word = re.sub(r"['’]s?$", "", token.word)
    if word in words or any(word == part for part in words if part.startswith(word)):
        return True
    if token.acronym:
        return _is_initials(word, known)
    if len(word) > 3 and any(other.endswith(word) for other in words):  # Mietvertrag, Vertrag
        return True
    near = [other for other in words if other[:3] == word[:3]]
    return any_same(word, near) or (
        len(word) > 5 and any(word in other or other in word for other in near if len(other) > 4)
    )


def _is_initials(word: str, known: list[Token]) -> bool:
    letters = word.rstrip("s") if len(word) > 3 else word
    large = "".join(token.word[0] for token in known if token.large)
    every = "".join(token.word[0] for token in known)
    return letters in large or letters in every


def _is_replaced(said: list[Token], at: int, known: list[Token], language: str) -> bool:
    """Whether the source has another capitalised word between the same neighbours, which the sentence lacks."""
    token = said[at]
    before = said[at - 1].word if at else ""
    after = said[at + 1].word if at + 1 < len(said) else ""
    here = {other.word for other in said}
    for place, other in enumerate(known):
        if not other.large or other.word in here or other.word in function_words() or any_same(other.word, here):
            continue
        left = known[place - 1].word if place else ""
        right = known[place + 1].word if place + 1 < len(known) else ""
        same_left = bool(before) and before == left
        same_right = bool(after) and after == right
        if same_left and same_right:
            return True
        if token.opens and language != "de" and (other.opens or not left) and same_right and after not in _VERBS:
            return True
    return False


_VERBS = frozenset(
    ["is", "are", "was", "were", "will", "shall", "has", "have", "of", "the", "ist", "sind", "est", "es", "wird"]
)


def _stands_like_a_name(sentence: str, said: list[Token], at: int, words: frozenset[str]) -> bool:
    token = said[at]
    before = said[at - 1] if at else None
    after = said[at + 1] if at + 1 < len(said) else None
    if before is not None and before.word in _titles() and _joins(sentence, before, token):
        return True
    if after is not None and after.word in _forms() and _joins(sentence, token, after):
        return True
    if token.word.endswith(_german_common()) or token.opens:
        return False
    beside = before is not None and before.large and not before.opens and _joins(sentence, before, token)
    if beside and before is not None:
        lead = said[at - 2] if at > 1 else None
        return (
            before.word not in _common()
            and (lead is None or lead.word not in _ARTICLES)
            and (before.word in words or not before.word.endswith(_german_common()))
        )
    return False


_ARTICLES = frozenset(["der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines"])


def _is_first_of_name(sentence: str, said: list[Token], at: int, missing: list[int]) -> bool:
    """Whether the first word of a sentence begins a name: the next word is capitalised too, and adjacent."""
    token = said[at]
    if at + 1 >= len(said) or token.word in function_words():
        return False
    after = said[at + 1]
    return (
        after.large
        and after.word not in _common()
        and _joins(sentence, token, after)
        and (at + 1 in missing or not after.acronym)
    )


def _joins(sentence: str, one: Token, other: Token) -> bool:
    return _JOINED.match(sentence[one.end : other.start]) is not None


def _merged(sentence: str, said: list[Token], chosen: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for at in chosen:
        start, end = said[at].start, said[at].end
        if spans and re.fullmatch(r"[\s.&-]{1,3}", sentence[spans[-1][1] : start]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
