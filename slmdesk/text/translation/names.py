"""Finds names that a translation lost or added: "Herr Yilmaz" for nobody, "Family Office" for "Hausverwaltung".

By capital letters inside sentences, for pairs of languages with Latin letters; in German, where all nouns have them,
only after a title ("Frau Krüger").  Places, peoples and languages have a name of their own in each language and are not
judged (`places`, by their beginnings).
"""

from __future__ import annotations

import difflib
import re
from functools import cache

from slmdesk.base.translation import SegmentFlag
from slmdesk.text.checks.names import begins_title
from slmdesk.text.checks.words import folded, function_words, tables, word_set
from slmdesk.text.words.folding import fold

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_OPENS = re.compile(r"(?:^|[.!?:;…•|/(\[‘]|(?<![\s'\"“”„«»*_-])(?=[\s'\"“”„«»*_-]*[\n„“”\"»«]))[\s'\"“”„«»*_-]*$")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_NAMING = word_set(
    "mr mrs ms miss herr herrn frau monsieur madame mme mlle señor señora senor senora sr sra signor signora pan pani"
)
_BEFORE = word_set("the a an this that each every any our your their his her its my no such")
_PLACES = word_set(
    "german* english* engl* french* franc* frank* franz* span* espan* espag* ital* poland polish pologn* polon* "
    "dutch* swiss switz* schweiz* suiss* suiz* svizzer* austri* osterreich* autrich* belg* europ* brit* united "
    "etats estados stati royaume regno reino unis unidos uniti london* londr* munich* munch* vienn* wien cologn* "
    "koln geneva genev* ginebra lisb* brussel* bruxel* bruxelles paris* rome roma venic* venez* venis* milan* "
    "mail* warsaw varsov* prag* copenhag* athen* mosc* mosk* russ* chin* japan* japon* turk* turqu* greec* greek* "
    "griech* grec* irish ireland irland* scot* schott* wales welsh americ* ameri* canad* india* arab* latin* "
    "portug* danish denmark danemark* sweden swedish schwed* suec* norw* finn* czech* tchequ* hungar* ungar* "
    "hongr* roman* bavar* bavier* saxon* rhin* danub* alps alp* alem* allem* deutsch* tedesc* inglat* ingles* "
    "florenc* florenz turin* napl* neapel sevill* zurich* basel bern* christ* jew* islam* muslim* god"
)
_ALIKE = 0.75
"""From this on two spellings are of one name: "Müllers" and "Müller"."""


def name_flags(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    if not (_LATIN.search(source) and _LATIN.search(target)):
        return []
    there, here = _spellings(source), _spellings(target)
    found = []
    for word in _names(source, source_language):
        if not _is_in(word, here):
            found.append(SegmentFlag("name", word, "missing"))
    for word in _names(target, target_language):
        if not _is_in(word, there):
            found.append(SegmentFlag("name", word, "added"))
    return found


def _names(text: str, language: str) -> list[str]:
    words = list(_WORD.finditer(text))
    large = sum(one[0][0].isupper() for one in words)
    is_title = language != "de" and len(words) > 1 and large > len(words) / 2
    found = []
    for at, one in enumerate(words):
        word, before = one[0], folded(words[at - 1][0]) if at else ""
        if not word[0].isupper() or len(word) < 3 or word.isupper() or _is_common(word):
            continue
        is_named = before in _NAMING and not re.search(r"[^\s.]", text[words[at - 1].end() : one.start()])
        if not is_named and (language == "de" or is_title or _opens(text, one.start())):
            continue
        if not is_named and (before in _BEFORE or re.match(r"\s?\d", text[one.end() :])):
            continue
        found.append(word)
    return list(dict.fromkeys(found))


def _opens(text: str, at: int) -> bool:
    return bool(_OPENS.search(text, 0, at) or begins_title(text, at))


def _is_common(word: str) -> bool:
    plain = folded(word)
    return plain in _known() or plain in function_words() or plain in _PLACES


@cache
def _known() -> frozenset[str]:
    found = tables()["names"]
    days = " ".join(" ".join(tables()[kind]["names"]) for kind in ("months", "weekdays"))
    return frozenset(f"{found['common']} {found['titles']} {found['forms']} {days}".split())


def _spellings(text: str) -> list[str]:
    return [fold(one[0]) for one in _WORD.finditer(text)]


def _is_in(name: str, words: list[str]) -> bool:
    wanted = fold(name)
    wanted = re.sub(r"['’]s?$", "", wanted)
    for word in words:
        if wanted in word or (len(word) > 3 and word in wanted):
            return True
        if wanted[:2] == word[:2] and difflib.SequenceMatcher(None, wanted, word).ratio() >= _ALIKE:
            return True
    return False
