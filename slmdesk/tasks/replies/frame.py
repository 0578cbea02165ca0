"""The fixed parts of an answer: to whom, on what, and how it greets. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.claims.deadlines.wording import sender_of
from slmdesk.claims.finders.names import has_address
from slmdesk.claims.finders.numbers import Day, find_amounts, find_days, find_ibans
from slmdesk.tasks.replies.points import Sentence, words
from slmdesk.tasks.replies.types import Fact, Frame
from slmdesk.tasks.replies.wording import sentences_in
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.papers import (
    MARKS,
    has,
    letterhead_of,
    own_date,
    title_of,
)

MOST_ADDRESS = 4
"""Lines of an address behind its name."""
TAIL_CHARACTERS = 400
"""So many behind the closing are searched for who signed."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CODE = (
    r"\s*[:.]?\s*(?:Nr\.|No\.?|n[°º.])?\s*"
    r"(?P<code>(?=[^;,|\n]*\d)(?:(?! [-–—] )[^;,|\n]){3,40})"
)
_NAME = r"(?:(?:Prof\.|Dr\.|(?-i:[A-ZÀ-Ý])[\w.’'-]+)[ ]){0,3}(?-i:[A-ZÀ-Ý])[\w’'-]+"
_PERSON = re.compile(r"(?:[A-ZÀ-Ý][\w.’'-]+ ){1,3}[A-ZÀ-Ý][\w’'-]+")


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
    pieces: Sequence[Piece], here: range, language: str, text: str, tail: str
) -> tuple[str, str, str]:
    """Return what stands above the salutation, the salutation, and what stands behind
    the closing. `text`, `tail`: the first page and the last one.
    """
    at = letterhead_of(pieces, here, language)
    greeting = pieces[at].text if at >= 0 else ""
    above = text[: pieces[at].start] if at >= 0 else text[: TAIL_CHARACTERS * 2]
    below = ""
    for at in here:
        if has("closing", pieces[at].text.strip(MARKS), language, at_start=True):
            below = tail[pieces[at].start :][:TAIL_CHARACTERS]
    return above, greeting, below


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
    day = _day_words(own_date(pieces, here, language)[0], known)
    subject = title_of(pieces, here, language)[1]
    dated = known["subject"].format(day=day) if day else ""
    opening = "opening" if day else "opening_undated"
    address = _MAIL.search(head.author)
    person = _person(head, language)
    return Frame(
        recipient=tuple(_recipient(head)),
        recipient_mail=address[0] if address else "",
        subject=f"Re: {subject}"
        if head.is_mail
        else " – ".join(filter(None, (subject, dated))),
        our_ref=_code("our_ref", head.above, language),
        your_ref=_code("your_ref", head.above, language),
        date=today,
        salutation=_salutation(person, head, written),
        opening=known[opening].format(day=day),
        ending=known["ending"],
        closing=known["closing"],
    )


def _recipient(head: Head) -> Iterator[str]:
    """Yield the name of who wrote the letter, and the lines of the address below it."""
    name = sender_of(head.above, is_mail=False) or _author(head)
    if not name:
        return
    yield name
    lines = [line.strip(" \t*_|") for line in head.above.splitlines()]
    first = next((at for at, line in enumerate(lines) if name in line), len(lines))
    block = lines[first + 1 : first + 1 + MOST_ADDRESS]
    last = max((at for at, line in enumerate(block) if has_address(line)), default=-1)
    for line in block[: last + 1]:
        if line and ":" not in line and "@" not in line:
            yield line


def _author(head: Head) -> str:
    """Return the name of who sent a mail."""
    return head.author.partition("<")[0].strip(' "') if "<" in head.author else ""


def _person(head: Head, language: str) -> tuple[str, str]:
    """Return the title and the name of who signed, or is named as who works on it. None
    who is greeted.
    """
    title = words(language)["title"]
    named = rf"(?P<title>{title})\s+(?P<name>{_NAME})"
    for text in (head.below, *re.findall(r":.*", head.above)):
        for match in re.finditer(named, text):
            if match["name"].split()[-1] not in head.greeting:
                return match["title"], match["name"]
    return "", ""


def _salutation(person: tuple[str, str], head: Head, written: str) -> str:
    greetings = words(written)["salutation"]
    title, name = person
    if title in greetings and name:
        return str(greetings[title].format(name=name))
    for line in map(str.strip, head.below.splitlines()[1:]):
        if _PERSON.fullmatch(line) and fold(line.split()[-1]) in fold(head.author):
            return str(sentences_in(written)["person"].format(name=line))
    return str(greetings[""])


def _day_words(day: Day | None, known: Mapping[str, str]) -> str:
    if day is None or not all(day):
        return ""
    year, month, number = day
    name = known["months"].split()[(month or 1) - 1]
    return known["day"].format(day=number, month=name, year=year)


def _code(name: str, text: str, language: str) -> str:
    found = re.search(
        rf"(?<!\w)(?:{words(language)[name]}){_CODE}", text, re.IGNORECASE
    )
    return " ".join(found["code"].split()).strip(" .") if found else ""


def facts_of(
    sentences: Sequence[Sentence], frame: Frame, language: str
) -> Iterator[Fact]:
    """Yield what stands beside the points: days, amounts, accounts, the file number."""
    if frame.recipient:
        yield Fact("sender", frame.recipient[0])
    if frame.your_ref:
        yield Fact("reference", frame.your_ref)
    finders: Mapping[str, Callable[[str], Sequence[tuple[int, int]]]] = {
        "date": partial(find_days, language=language),
        "amount": partial(find_amounts, language=language),
        "account": find_ibans,
    }
    known = set[str]()
    for kind, find in finders.items():
        for sentence in sentences:
            for start, end in find(sentence.text):
                words_of = sentence.text[start:end]
                if words_of not in known:
                    known.add(words_of)
                    yield Fact(kind, words_of, sentence.spans)
