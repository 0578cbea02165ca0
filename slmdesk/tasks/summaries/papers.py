"""The layout of a document: its letterhead, title, date, signature, sections, and the mails in it. Pure functions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise, takewhile

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.base.text.relevance import sums_up, with_umlauts
from slmdesk.base.text.threads import ends_earlier, headers_in
from slmdesk.claims.deadlines.finding import ends_with_receipt, find_terms, is_closing, is_title
from slmdesk.claims.finders.numbers import Day, find_dates
from slmdesk.tasks.summaries.linking import Piece

FIRST_PIECES = 15
"""Number of pieces at the beginning that are searched for the letterhead and the title."""
MOST_TITLE, MOST_CLOSING = 200, 250
"""Most characters of a title and a closing."""
_ADDRESSED = re.compile(r"[^,:!\d]{0,79}[,:!]|[^,:!]{0,79}[,:!]$")
"""Matches a salutation ("Dear customer 4711,"), and no address that begins like one: "Madame Claire Vasseur 4, impasse
du Puits".
"""
LONG_TEXT, MOST_DATED = 300, 300
"""From how many characters on a piece is a page whose lines are not told apart, and most of a line with the date."""
MOST_SIGNATURE, SIGNATURE_CHARACTERS = 8, 500
"""Most pieces that are searched for the end of a signature, and fewest characters that are none."""
MOST_SECTIONS = 30
MARKS = "*_#>`•▪◦‣ "
"""Characters of Markdown and list markers around a sentence. They do not belong to the sentence."""

_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_NUMBER = re.compile(r"\(?(?:\d+(?:\.\d{1,2})+[.)]?|\d+[.)]|[IVX]+[.)]|[a-h]\))\s+(?=\S)")
_FIELD = re.compile(r"[^:.]{3,60}(?::\s+| \| )\S")
_ITEM = re.compile(r"(\d{1,2})[.)]\s")
_LISTS = re.compile(r":\s(?=1[.)]\s)")


def has(name: str, text: str, language: str, *, at_start: bool = False) -> bool:
    known = pattern(name, language)
    text = with_umlauts(text, language)
    if at_start:
        return known.match(text) is not None
    return known.search(text) is not None


@cache
def pattern(name: str, language: str = "") -> re.Pattern[str]:
    """Return a pattern for the named word list in `paper_words.toml`, in this language or else in all languages."""
    by_language = _tables()[name]
    alternatives = by_language.get(language) or "|".join(by_language.values())
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("slmdesk.tasks.summaries").joinpath("paper_words.toml").read_text("utf-8"))


def without_number(text: str) -> str:
    """Return a heading or an item of a list without the number in front of it."""
    number = _NUMBER.match(text)
    return text[number.end() :] if number else text


def item_spans(piece: Piece) -> list[tuple[int, int]]:
    """Return start and end of each item of a numbered list in one piece ("1. … 2. …", perhaps with words above it that
    end with a colon, or "4. … 5. …", which goes on from another), or else of the whole piece.
    """
    first, starts = _ITEM.match(piece.text), [0]
    number = int(first[1]) if first else 0
    if not number and (colon := _LISTS.search(piece.text)):
        starts.append(colon.end())
        number = 1
    # "2. … Street 17, 3. floor" is no list that goes on
    gap = r"(?<=[.;])\s" if number > 1 else r"\s"
    while number and (after := re.compile(rf"{gap}(?={number + 1}[.)]\s)").search(piece.text, starts[-1])):
        starts.append(after.end())
        number += 1
    return list(pairwise([*starts, len(piece.text)]))


def sections_of(pieces: Sequence[Piece], here: range) -> dict[int, str]:
    """Map the index of each piece to the heading above it. Without headings, map it to its pages."""
    headings = [at for at in here if pieces[at].is_heading]
    levels = sorted({pieces[at].level for at in headings})
    top = list[int]()
    for level in levels:
        more = [at for at in headings if pieces[at].level <= level]
        if top and (len(top) >= 3 or len(more) > MOST_SECTIONS):
            break
        top = more
    if len(top) < 2:
        return {at: f"Page {pieces[at].page}" for at in here}
    names: dict[int, str] = {}
    name = ""
    starts = set(top)
    for at in here:
        if at in starts:
            name = pieces[at].text[:120]
        names[at] = name
    return names


class Part(Record):
    """A piece that is part of the text itself, and no letterhead, header of a mail or signature."""

    at: int
    heading: str

    @property
    def lead(self) -> str:
        """Return what stands in front of what is no sentence: a row of a table, a field of a form, an item."""
        return f"{self.heading.rstrip(': ')}: " if self.heading else ""


def parts_of(pieces: Sequence[Piece], here: range, language: str, thread: Thread) -> Iterator[Part]:
    """Yield the parts of the text, and collect the headers of the mails in it."""
    letterhead = letterhead_of(pieces, here, language)
    titled = title_of(pieces, here, language)[0]
    heading, is_closed = "", False
    for at in here:
        piece = pieces[at]
        if at > here.start and (piece.kind is BlockKind.QUOTE) != (pieces[at - 1].kind is BlockKind.QUOTE):
            is_closed = False  # a reply stands below the quoted mail's signature
        if piece.is_heading:
            heading = "" if at == titled else piece.text
            is_closed = False
        elif thread.is_header(piece, at, language):
            is_closed = False
        elif is_closed or _is_signed(pieces, at, here) or _closes(piece):
            if is_closed and find_terms(piece.text, language):
                yield Part(at, heading)  # what can be done against a decision stands below its signature
            is_closed = True
        elif at > letterhead or len(piece.text) > LONG_TEXT:
            yield Part(at, heading)


def _closes(piece: Piece) -> bool:
    return len(piece.text) < MOST_CLOSING and is_closing(piece.text)


def _is_signed(pieces: Sequence[Piece], at: int, here: range) -> bool:
    """Return whether a piece is the "-- " above a mail's signature, and not a rule between parts of its text."""
    if pieces[at].text != "--":
        return False
    kind, below = pieces[at].kind, pieces[at + 1 : min(here.stop, at + 1 + MOST_SIGNATURE)]
    return sum(len(piece.text) for piece in takewhile(lambda piece: piece.kind is kind, below)) < SIGNATURE_CHARACTERS


def title_of(pieces: Sequence[Piece], here: range, language: str) -> tuple[int, str]:
    """Return the index of the title's piece, and the title: the subject, the heading right above the salutation, or
    else the first heading. Returns (-1, "") if there is none.
    """
    subject = subject_of(pieces, here, language)
    if subject[1]:
        return subject
    letterhead = letterhead_of(pieces, here, language)
    above = [at for at in here[:FIRST_PIECES] if letterhead < 0 or at <= letterhead]
    kinds = [at for at in above if is_title(pieces[at].text) and not _ENDS.search(pieces[at].text)]
    named = kinds[:1] + [at for at in above if pieces[at].is_heading and not _NUMBER.match(pieces[at].text)]
    last = letterhead - 1
    if line_above(pieces, here, language):
        named.insert(last not in named, last)  # a line above the salutation, behind the headings if it is none
    for at in named:
        if len(pieces[at].text) < MOST_TITLE:
            return at, _as_title(pieces[at].text)
    return -1, ""


def subject_of(pieces: Sequence[Piece], here: range, language: str) -> tuple[int, str]:
    """Return the index and the words of what is marked as the subject, above the salutation or below it."""
    subject = rf"(?:{pattern('subject').pattern}\W*:\W*)+"
    for at in here[:FIRST_PIECES]:
        text = greeting(language).split(pieces[at].text, maxsplit=1)[0].strip()
        if match := re.search(rf"{subject}(\S.{{4,140}})$", text, re.IGNORECASE):
            return at, _as_title(match[1])
    return -1, ""


def line_above(pieces: Sequence[Piece], here: range, language: str) -> str:
    """Return the line right above the salutation, or "" for one that is no title."""
    at = letterhead_of(pieces, here, language) - 1
    if at < here.start:
        return ""
    text = pieces[at].text
    if _FIELD.match(text) or sums_up(text) or find_dates(text, language):
        return ""
    return _as_title(text)


def _as_title(text: str) -> str:
    title = text.strip(MARKS).rstrip(".:")
    return title[:1].upper() + title[1:]


def letterhead_of(pieces: Sequence[Piece], here: range, language: str) -> int:
    """Return the index of the piece with the salutation, above which everything is letterhead; -1 if there is none.

    "Madame Claire Vasseur, 4 impasse du Puits" is no salutation but an address.
    """
    has_begun = False
    for at in here[:FIRST_PIECES]:
        text = pieces[at].text.strip(MARKS)
        is_sender = is_field("sender", text, "")
        if pieces[at].kind is BlockKind.QUOTE or (is_sender and has_begun):
            break  # an earlier mail, with a salutation of its own
        if not pieces[at].is_heading and len(text) > LONG_TEXT and greeting(language).search(text):
            return at
        is_salutation = has("salutation", text, language, at_start=True) and _ADDRESSED.match(text)
        if not pieces[at].is_heading and is_salutation:
            return at
        has_begun |= is_sender or _ENDS.search(pieces[at].text) is not None
    return -1


@cache
def greeting(language: str) -> re.Pattern[str]:
    """Return the pattern of a salutation, which begins with a capital: not "lo spettacolo pirotecnico, con …".

    One behind a comma is none: "Veuillez agréer, Madame la Préfète, …".
    """
    known = pattern("salutation", language).pattern
    return re.compile(rf"(?<!,\s)(?-i:(?![a-zß-ÿ])){known}[^,:!.;\d]{{0,60}}[,:!]\s+", re.IGNORECASE)


def own_date(pieces: Sequence[Piece], here: range, language: str) -> tuple[Day | None, str]:
    """Return the date of the paper, and the words of the date: the first complete date in a title, a letterhead or a
    short line such as a signature.
    """
    letterhead = letterhead_of(pieces, here, language)
    for at in here:
        text = pieces[at].text
        is_line = pieces[at].kind is not BlockKind.TABLE_ROW and len(text) < MOST_DATED
        is_line = is_line and not _ENDS.search(text.strip(MARKS)) and text[-1:] != ":"
        if not (pieces[at].is_heading or is_line or at <= letterhead):
            continue
        for date in find_dates(text, language):
            before = text[: date.start]
            is_other = has("other_date", before, "") or ends_with_receipt(before)
            if date.readings and all(date.readings[0]) and not is_other:
                return date.readings[0], text[date.start : date.end]
    return None, ""


class Thread:
    """The mails in a document: the newest, and those that it answers."""

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._dates: list[tuple[int, ...]] = []

    def is_header(self, piece: Piece, at: int, language: str) -> bool:
        """Return whether a piece belongs to the header of a mail. If so, remember the date in it."""
        text = piece.text.strip(MARKS)
        is_sender = is_field("sender", text, "")
        is_earlier = any(headers_in([text, ">"] if piece.kind is BlockKind.QUOTE else [text])) or ends_earlier(text)
        if not is_sender and not is_earlier and not (self._begins and is_field("header", text, "")):
            return False
        if is_sender or (is_earlier and self._begins):
            self._begins.append(at)
            self._dates.append(())
        for date in find_dates(text, language) if self._begins else ():
            if not self._dates[-1] and date.readings and all(date.readings[0]):
                self._dates[-1] = tuple(part or 0 for part in date.readings[0])
            elif len(self._dates[-1]) == 3 and date.minutes:
                self._dates[-1] += (date.minutes[0],)
        return True

    def earlier(self, pieces: Sequence[Piece], among: Sequence[int]) -> frozenset[int]:
        """Return which of the pieces belong to mails that the newest one answers: those that it quotes, or else those
        below the headers of other mails.
        """
        quoted = frozenset(at for at in among if pieces[at].kind is BlockKind.QUOTE)
        if self._begins and any(at not in quoted for at in among) and quoted:
            return quoted
        if len(self._begins) < 2 or not all(self._dates):
            return frozenset()
        is_answered = self._dates[0] > self._dates[-1] and sum(at < self._begins[0] for at in among) > 1
        dates = {at: (9999,) if is_answered and at < self._begins[0] else self._date_of(at) for at in among}
        newest = max(dates.values())
        return frozenset(at for at in among if dates[at] < newest)

    def _date_of(self, at: int) -> tuple[int, ...]:
        """Return when the mail that contains a piece was sent: year, month, day, minutes. Larger is later."""
        dates = zip(self._begins[::-1], self._dates[::-1], strict=True)
        return next((date for begin, date in dates if begin < at), ())


def is_field(name: str, text: str, language: str) -> bool:
    return ":" in text and re.match(rf"{pattern(name, language).pattern}\W*:", text, re.IGNORECASE) is not None
