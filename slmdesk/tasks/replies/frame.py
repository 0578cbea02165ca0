"""The fixed parts of an answer: to whom, on what, and how it greets. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from itertools import takewhile
from operator import attrgetter

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.claims.deadlines.finding import is_closing
from slmdesk.claims.deadlines.wording import sender_of
from slmdesk.claims.finders.names import has_address
from slmdesk.claims.finders.numbers import Day, find_days, find_ibans
from slmdesk.exports.letters import day_words
from slmdesk.redact.first_names import is_first_name
from slmdesk.redact.rules import PARTICLES
from slmdesk.tasks.replies.points import Sentence, words
from slmdesk.tasks.replies.types import Fact, Frame
from slmdesk.tasks.replies.wording import amounts_in, sentences_in
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.papers import (
    letterhead_of,
    line_above,
    own_date,
    subject_of,
)

MOST_ADDRESS = 6
"""Lines of an address behind its name."""
MOST_SIGNATURE = 3
"""Lines below a closing, or the last ones, among which the name is."""
TAIL_CHARACTERS = 400
"""So many behind the closing are searched for who signed."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_OF_CODE = (
    r"(?:(?! [-–—]+ | / [^\W\d_]{2}|[.]? (?-i:[a-zß-ÿ]{2})|[.] [^\W\d_]{3})[^:;,|()\n])"
)
"""A sign of a file number, which ends before the first word in small letters, and
behind its figures before any word: "Stadt Köln 12/26", but "12/26 Betroffener".
"""
_CODE = (
    r"\s*[:.(]?\s*(?:Nr\.|No\.?|n[°º.])?\s*(?!(?-i:[a-zß-ÿ])[^\W\d_]{2})"
    rf"(?P<code>{_OF_CODE}{{1,30}}?\d(?:(?! [^\W\d_]{{4}}){_OF_CODE}){{0,30}})"
)
_NAME = r"(?:(?:Prof\.|Dr\.|(?-i:[A-ZÀ-Ý])[\w.’'-]*)[ ]){0,3}(?-i:[A-ZÀ-Ý])[\w’'-]+"
_PERSON = re.compile(r"(?:[A-ZÀ-Ý][\w.’'-]+ ){1,3}[A-ZÀ-Ý][\w’'-]+")
_WITH_PARTICLES = re.compile(
    rf"(?:[A-ZÀ-Ý][\w.’'-]+ (?:{PARTICLES} )*){{1,3}}[A-ZÀ-Ý][\w’'-]+"
)
"""A name such as Leonie von Tann, but also "Mairie de Paris"."""
_COUPLE = re.compile(rf"{_PERSON.pattern}(?: (?:und|and|et|y|e|&) {_PERSON.pattern})?")
_FROM = re.compile(r"\W*(?:Absender|From|Expéditeur|Remitente)\b\W*")
_RETURN_LINE = re.compile(
    r"\W*(?P<name>[^\n·•|,]{2,60}?)\s*(?P<mark>[·•|,–—])\s+(?P<street>[^\n]*\d[^\n]*?)"
    r"\s*(?P=mark)\s+(?P<town>(?:[A-Z]{1,3}-)?\d{4,5} [A-ZÀ-Ý][^\n·•|,]*)$",
    re.MULTILINE,
)
"""The address of who writes in one line, above that of whom it is written to."""
_SIGNED = re.compile(
    r"(?=[A-ZÀ-Ý])(?![IVX]{2,}\.)"
    r"(?:(?:[A-ZÀ-Ý][\w.’'&-]*|[^\W\d_]{1,3}|[&–—-])(?: |$)){2,7}"
)
"""Words with capitals, but for short ones: no sentence, and no numbered heading."""


_TOWN = re.compile(r"\b\d{4,5} +[A-ZÀ-Ý]")
"""With its postcode, an address ends."""
_OTHER = re.compile(
    r"[\W_]*(?:$|(?:An|To|À|A)\b[: ]"
    r"|(?:Herrn?|Frau|Mrs?|Ms|Miss|Monsieur|Madame|Mme|M|Sra?|Don|Doña)\b[. ])"
)
"""A line below which another address stands, or none."""
_ARTICLE = re.compile(r"An? ")
"""In English, where it stands before no addressee: "A change to your lease"."""
_FOR = re.compile(
    r"(?:i\. ?[AV]\.|Im Auftrag|In Vertretung|gez\.|p\.p\.|Fdo\.?:?|Pour)(?:\s+|$)"
)
"""Before the name of who signed."""
_CONTACT = re.compile(
    r"^.*(?:bearbeit|ansprech|auskunft|kontakt|contact|handled|officer|suivi"
    r"|interlocut|persona de)\w*[^:\n]*:(.*)",
    re.IGNORECASE | re.MULTILINE,
)


class Head(Record):
    """What stands around the text of a letter, in its own lines."""

    above: str
    """Above the salutation."""
    greeting: str
    below: str
    """Behind the closing."""
    is_mail: bool
    author: str = ""
    """Who sent a mail: Name <address>."""


def head_of(
    pieces: Sequence[Piece], here: range, language: str, text: str
) -> tuple[str, str, str]:
    """Return what stands above the salutation, the salutation, and what stands behind
    the closing.
    """
    at = letterhead_of(pieces, here, language)
    if at < 0:
        return text[: 2 * TAIL_CHARACTERS], "", _below(text)
    start = pieces[at].start
    return text[:start], pieces[at].text, _below(text[start:])


def _below(text: str) -> str:
    """Return what stands behind the first closing, since an earlier mail may follow, or
    one of the last lines that is a name.
    """
    lines = text.split("\n")
    closings = [number for number, line in enumerate(lines) if is_closing(line.strip())]
    if not closings:
        last = [*filter(None, map(str.strip, lines))][-MOST_SIGNATURE:]
        return next(filter(_PERSON.fullmatch, last), "")
    return "\n".join(lines[closings[0] + 1 :])[:TAIL_CHARACTERS]


def frame_of(
    head: Head,
    pieces: Sequence[Piece],
    here: range,
    language: str,
    written: str,
    today: str,
) -> Frame:
    """Return the fixed parts. `language`: of the letter; `written`: of the answer."""
    known = sentences_in(written)
    day = _day_words(own_date(pieces, here, language)[0], written)
    dated = known["subject"].format(day=day)
    opening = "opening"
    if not day:
        dated, opening = "", "opening_undated"
    address = next(iter(_MAIL.findall(head.author)), "")
    signed = _signed(head, address)
    if head.is_mail:
        dated = ""
    recipient = tuple(_recipient(head, signed))
    greeted = signed
    if signed and recipient[0].startswith(signed):  # "Eva Berg und Max Horn"
        greeted = recipient[0]
    subject = _subject(pieces, here, language, recipient)
    return Frame(
        recipient=recipient,
        recipient_mail=address,
        subject=" – ".join(filter(None, (subject, dated))) or known["undated"],
        our_ref=next(iter(_codes("our_ref", head.above, language)), ""),
        date=today,
        salutation=_greeting(head, greeted, address, language, written),
        opening=known[opening].format(day=day),
        ending=known["ending"],
        closing=known["closing"],
    )


def _subject(
    pieces: Sequence[Piece], here: range, language: str, recipient: Sequence[str]
) -> str:
    """Return what the letter is about, where it says so: marked as its subject, or in
    the line above the salutation. None that is an addressee.
    """
    line = line_above(pieces, here, language)
    is_other = _OTHER.match(line) is not None
    if language == "en" and _ARTICLE.match(line):
        is_other = False
    if is_other or has_address(line) or line in recipient:
        line = ""
    return subject_of(pieces, here, language)[1] or line


def _recipient(head: Head, signed: str) -> Iterator[str]:
    """Yield the name of who wrote the letter, and the lines of the address below it.

    An office that does not begin a letter which a person signed is written to, and one
    whose name had to be cut off is no name.
    """
    line = _RETURN_LINE.match(head.above)
    if line:
        yield from line.group("name", "street", "town")
        return
    office = sender_of(head.above, is_mail=False)
    begins = head.above.lstrip(" *_|\n").startswith(office)
    if office.endswith("…") or (signed and not begins):
        office = ""
    name = _private_sender(head, signed) or office or _author(head) or signed
    name = name or _signature(head)
    if name:
        yield name
        yield from _address(head.above, name) or _address(head.below, name)


def _address(text: str, name: str) -> list[str]:
    """Return the lines below a name up to where its address ends, and above that of
    another person.
    """
    below = text.partition(name)[2].splitlines()[1 : 1 + MOST_ADDRESS]
    lines = list(takewhile(lambda line: not _OTHER.match(line), below))
    first = next(filter(has_address, lines), None)
    if first is None:
        return []
    begin = lines.index(first)
    known = [*lines[:begin], *takewhile(has_address, lines[begin:])]
    if _TOWN.search(first):
        known = lines[: begin + 1]
    return [line.strip(" *_|") for line in known if not re.search(r"[:@\t]", line)]


def _private_sender(head: Head, signed: str) -> str:
    """Return the person with whose address a letter begins: below it stands that of
    whom it is written to. None of who is greeted in it, or of whom another signed.
    """
    above = _FROM.sub("", head.above, count=1)
    name = above.strip().partition("\n")[0].strip(" *_|")
    is_person = _COUPLE.fullmatch(name) and not sender_of(name, is_mail=False)
    is_signed = fold(name).startswith(fold(signed))
    is_other = name.rpartition(" ")[2] in head.greeting or not is_signed
    return name if is_person and not is_other and _address(head.above, name) else ""


def _author(head: Head) -> str:
    """Return the name of who sent a mail."""
    return head.author.rpartition("<")[0].strip(' "')


def _names(head: Head) -> list[str]:
    """Return the lines below the closing without what stands around a name, one that
    names several in its parts.
    """
    parts = re.split(r"[,!(\n]", head.below)
    return [*filter(None, (_FOR.sub("", part.strip(" *_")) for part in parts))]


def _signature(head: Head) -> str:
    """Return a line below the closing that can be a name, also of an office."""
    return next(filter(_SIGNED.fullmatch, _names(head)[:MOST_SIGNATURE]), "")


def _signed(head: Head, address: str) -> str:
    """Return the name of the person who signed: it has a first name, perhaps behind
    their office, or begins as that of a person does.
    """
    for line in (_author(head), *_names(head)):
        is_name = _WITH_PARTICLES.fullmatch(line)
        if is_name and not sender_of(line, is_mail=False):
            has_first = any(map(is_first_name, line.split()[:-1]))
            if has_first or _begins_as_person(line, address):
                return line
    return ""


def _begins_as_person(name: str, address: str) -> bool:
    """Return whether a name begins with a first name or a doctorate, or with the
    initial of an address. A department has an address of its name, but no first name.
    """
    initial = re.match(rf"{fold(name)[:1]}[._-]", fold(address))
    first = re.sub(r"^(?:\w\. )+", "", name).partition(" ")[0]
    return bool(initial) or first in ("Dr.", "Prof.") or is_first_name(first)


def _greeting(
    head: Head, signed: str, address: str, language: str, written: str
) -> str:
    """Return the salutation of who signed, or is named as who works on it, where the
    letter says how they are addressed. None of who is greeted in it. It has no name
    where one may be an office: "Staatsanwalt Max Muster".
    """
    named = rf"(?P<title>{words(language)['title']})\.?\s+(?P<name>{_NAME})"
    greetings = words(written)["salutation"]
    for match in re.finditer(
        named, "\n".join((head.below, *_CONTACT.findall(head.above)))
    ):
        last = match["name"].split()[-1]
        name = " ".join((*re.findall(r"(?:Dr|Prof)\.", match["name"]), last))
        if (
            match["title"] in greetings
            and last not in head.greeting
            and (last in signed or not signed)
        ):
            return str(greetings[match["title"]].format(name=name))
    if signed and _begins_as_person(signed, address):
        return str(sentences_in(written)["person"].format(name=signed))
    return str(greetings[""])


def _day_words(day: Day | None, language: str) -> str:
    """Return the day of a letter in words, or "" for one that is none."""
    with suppress(ValueError, TypeError):
        return day_words(date(*(day or ())), language)
    return ""


def references_of(
    above: str, sentences: Sequence[Sentence], language: str
) -> Sequence[str]:
    """Return the file number that the letter asks us to use, or else those that it
    calls its own, or else those in its letterhead.
    """
    text = " ".join((above, *map(attrgetter("text"), sentences)))
    ours = _codes("our_ref", above, language)
    for kind, where in (("asked_ref", text), ("own_ref", above), ("your_ref", above)):
        codes = [code for code in _codes(kind, where, language) if code not in ours]
        if codes:
            return codes
    return ()


def _codes(name: str, text: str, language: str) -> Sequence[str]:
    label = rf"(?<!\w)(?:{words(language)[name]})(?![^\W\d_]){_CODE}"
    found = re.finditer(label, text, re.IGNORECASE)
    return [
        *dict.fromkeys(" ".join(code["code"].split()).strip(" .") for code in found)
    ]


def facts_of(
    sentences: Sequence[Sentence],
    frame: Frame,
    references: Sequence[str],
    language: str,
) -> Iterator[Fact]:
    """Yield what stands beside the points: days, amounts, accounts, the file numbers.
    Of several that the letter has, none is sure.
    """
    kind = "references" if len(references) > 1 else "reference"
    yield from map(partial(Fact, "sender"), frame.recipient[:1])
    yield from map(partial(Fact, kind), references)
    finders: Mapping[str, Callable[[str], Sequence[tuple[int, int]]]] = {
        "date": partial(find_days, language=language),
        "amount": partial(amounts_in, language=language),
        "account": find_ibans,
    }
    found = dict[str, Fact]()
    for kind, find in finders.items():
        for sentence in sentences:
            for span in find(sentence.text):
                fact = Fact(kind, sentence.text[slice(*span)], sentence.spans)
                found.setdefault(fact.text, fact)
    yield from found.values()
