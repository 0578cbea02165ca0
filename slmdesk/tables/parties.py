"""Finds sender and recipient of a document, and the parties of a contract, by where names stand. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record, changed
from slmdesk.tables.layout import Line, Place, Strength, phrase
from slmdesk.text.checks.names import LEGAL_FORM, has_address, is_address, name_span
from slmdesk.text.checks.numbers import find_dates
from slmdesk.text.folding import fold

FOOT_LINES = 10
HEAD_LINES = 16
"""Number of lines of the first page that count as its head: letterhead, address and reference lines."""
_LABEL = re.compile(r"^[^:]{1,40}:(?:\s|$)|^[^:]{1,40} :\s")
_RUN = re.compile(
    r"(?<!\S)(?P<name>[A-ZÀ-ÖØ-Þ\d][^\s,;:]*(?:\s+(?:[A-ZÀ-ÖØ-Þ\d&+][^\s,;:]*|und|and|et|y|di|de|des|du|of|für|for))*)\s*,?\s*$"
)
_BETWEEN = re.compile(r"(?<![a-z])(?:between|zwischen|entre|tra|fra)(?![a-z])")
_AND = re.compile(r"(?:^|(?<=[\s)\"\u201d\u00bb,;\u2013-]))(?:and|und|et|y|e|ed|sowie)\s+(?=\S)")


_NAMES = re.compile(r"[A-ZÀ-ÖØ-Þ][^\W\d_]|\d[^\W\d_]?[A-ZÀ-ÖØ-Þ&]")
"""A word that can be part of a name. "5 h 30" has no such word."""


class Party(Record):
    name: str
    place: Place
    strength: Strength
    role: str = ""
    """"first" or "second" if the document calls the party so, else ""."""


def seller_of(lines: Sequence[Line]) -> Party | None:
    """Return who wrote an invoice: the name at the start of the letterhead, preferably one with a legal form."""
    first, registered = _letterhead(lines), _registered(lines)
    if first is None or registered is None:
        return first or registered
    customer = customer_of(lines)
    is_customer = customer is not None and customer.place == first.place
    return registered if is_customer or not LEGAL_FORM.search(first.name) else first


def _registered(lines: Sequence[Line]) -> Party | None:
    """Return the first name with a legal form at the foot that is beside words about its registration or tax."""
    foot = list(lines[max(HEAD_LINES // 2, len(lines) - FOOT_LINES) :])
    for at, line in enumerate(foot):
        near = " ".join(line.text for line in foot[max(0, at - 1) : at + 5])
        if not phrase("register").search(near):
            continue
        for cell in line.cells or ((0, len(line.text)),):
            for match in LEGAL_FORM.finditer(line.text, *cell):
                name = _RUN.search(line.text, cell[0], match.start())
                party = _party(line, name.start("name"), match.end(), Strength.ADJACENT) if name else None
                words = line.text[cell[0] : match.end()]
                if party is not None and not phrase("not_the_firm").search(fold(words)):
                    return party
    return None


def _letterhead(lines: Sequence[Line]) -> Party | None:
    head = [line for line in lines[:HEAD_LINES] if line.page == lines[0].page]
    for at, line in enumerate(head):
        words = fold(line.words)
        if phrase("greeting").match(words) or phrase("addressed").match(words) or phrase("customer_label").match(words):
            return None
        if _is_no_name(line, words) or (line.kind is BlockKind.TABLE_ROW and (line.level or len(line.cells) > 2)):
            continue
        party = _party(line, *line.cell(), Strength.NEAR)
        if party is None:
            continue
        near = [below for below in head[at + 1 : at + 5] if below.block <= line.block + 1]
        small = [word for word in party.name.split() if word[0].islower()]
        is_title = line.kind is BlockKind.HEADING and small and not LEGAL_FORM.search(party.name)
        is_phrase = not all(phrase("small_word").fullmatch(word) for word in small)
        if is_title and any(LEGAL_FORM.search(below.words) or (is_phrase and _is_firm(below)) for below in near):
            continue  # what it is about: the firm stands below
        around = " ".join([line.words, *(line.words for line in near)])
        again = sum(fold(party.name) in fold(line.words) for line in lines) > 1
        if has_address(around) or phrase("contact").search(around) or LEGAL_FORM.search(party.name) or again:
            return changed(party, strength=Strength.ADJACENT)
        return party
    return None


def _is_firm(line: Line) -> bool:
    """Return whether a line begins with a name, as below a title, rather than with an address."""
    is_name = not _is_no_name(line, fold(line.words)) and not phrase("addressed").match(fold(line.words))
    return is_name and _party(line, *line.cell(), Strength.NEAR) is not None


def customer_of(lines: Sequence[Line]) -> Party | None:
    """Return who receives an invoice: the name behind "Bill to", behind "To", or above the second address."""
    head = [line for line in lines[:HEAD_LINES] if line.page == lines[0].page] if lines else []
    for at, line in enumerate(head):
        words = fold(line.words)
        if phrase("customer_label").match(words) and at + 1 < len(head):
            below = next(
                (line for line in head[at + 1 : at + 3] if not phrase("salutation_alone").match(fold(line.words))), None
            )
            party = _party(below, *below.cell(), Strength.LABEL) if below else None
            if party is not None and ":" not in words[:-1]:
                return party
    for at, line in enumerate(head):
        words = fold(line.words)
        if phrase("greeting").match(words):
            break
        near = " ".join(line.words for line in head[at : at + 4])
        if phrase("addressed").match(words) and has_address(near) and not _LABEL.match(words):
            above = head[at - 1] if at and head[at - 1].block == line.block else None
            if above is not None and LEGAL_FORM.search(above.text):
                line = above  # a firm, and who is to read it there
            party = _party(line, *line.cell(), Strength.ADJACENT)
            if party is not None:
                return party
    return _second_address(head, is_seller_known=_registered(lines) is not None)


def _second_address(head: Sequence[Line], *, is_seller_known: bool) -> Party | None:
    """Return the name above the second of exactly two addresses, or above the only address if the seller is known."""
    begun: list[Party] = []
    blocks: dict[int, list[Line]] = {}
    for line in head:
        if phrase("greeting").match(fold(line.words)):
            break
        if line.kind is not BlockKind.TABLE_ROW:
            blocks.setdefault(line.block, []).append(line)
    for some in blocks.values():
        if not any(has_address(line.words) and len(line.cells) <= 2 for line in some):
            continue
        first = next((line for line in some if not _is_no_name(line, fold(line.words))), None)
        if first is not None and (party := _party(first, *first.cell(), Strength.ADJACENT)) is not None:
            begun.append(party)
    return begun[1] if len(begun) == 2 else begun[0] if len(begun) == 1 and is_seller_known else None


def _is_no_name(line: Line, words: str) -> bool:
    is_sender_line = bool(
        re.search(r"^(?:from|von|absender|seller|supplier|emetteur|de|da|mittente|emisor)\s*:$", words)
    )
    return bool(
        phrase("title").match(words) or _LABEL.match(words) or is_sender_line or phrase("salutation_alone").match(words)
        or is_address(line.words) or _is_date_line(line) or not any(word.isalpha() for word in words)
        or phrase("contact").match(words) or len(line.words) < 3
    )  # fmt: skip


def _is_date_line(line: Line) -> bool:
    return len(line.words) < 50 and any(date.readings and date.end - date.start > 5 for date in find_dates(line.words))


def _party(line: Line, start: int, end: int, strength: Strength) -> Party | None:
    span = name_span(line.text, start, end)
    if span is None or not _NAMES.search(line.text, *span):
        return None
    name = line.text[slice(*span)]
    if any(phrase("verb").fullmatch(word) for word in name.split()):
        return None  # a sentence
    return Party(name, line.place(*span), strength)


def parties_of(lines: Sequence[Line]) -> tuple[Party | None, Party | None]:
    """Return who gives and who receives, from the words "between A and B" above the clauses of a contract."""
    parties = [
        _defined(line, match.end(), len(line.text))
        for line in lines[: HEAD_LINES * 2]
        if (match := phrase("on_one_side").match(line.text)) is not None
    ]
    sides = [party for party in parties if party is not None]
    if len(parties) == len(sides) == 2:
        return _in_order(sides)
    for at, line in enumerate(lines[: HEAD_LINES * 2]):
        match = (
            _BETWEEN.search(fold(line.text)) if len(fold(line.text)) == len(line.text) else _BETWEEN.search(line.text)
        )
        if match is None or match.start() > 160:
            continue
        both = _in_line(line, match.end()) or _in_lines(lines[at:], match.end())
        if len(both) == 2:
            return _in_order(both)
    return None, None


def _in_order(parties: Sequence[Party]) -> tuple[Party, Party]:
    party, other = parties
    is_turned = party.role == "second" or other.role == "first"
    is_contrary = party.role and party.role == other.role
    if is_contrary:
        return changed(party, strength=Strength.NEAR), changed(other, strength=Strength.NEAR)
    return (other, party) if is_turned else (party, other)


def _in_line(line: Line, begin: int) -> list[Party]:
    """Return both parties of one sentence: "between Ada Byron (the Landlord) and Tom Klein (the Tenant)"."""
    rest = line.text[begin:]
    end = phrase("preamble_behind").search(fold(rest)) if len(fold(rest)) == len(rest) else None
    rest = rest[: end.start()] if end else rest
    if len(rest.strip(" :\n")) < 12:
        return []
    for match in _best_cuts(rest):
        party = _defined(line, begin, begin + match.start())
        other = _defined(line, begin + match.end(), begin + len(rest))
        if party is not None and other is not None:
            return [party, other]
    return []


def _best_cuts(rest: str) -> Iterator[re.Match[str]]:
    """Yield the likely "and" between two parties, first those after a bracket, a quotation mark or a comma.

    An "and" may also be inside a company's name.
    """
    cuts = list(_AND.finditer(rest))
    strong = [cut for cut in cuts if rest[: cut.start()].rstrip()[-1:] in tuple('")\u201d\u00bb\u201c\u2013-,;')]
    yield from strong
    yield from (cut for cut in cuts if cut not in strong)


def _in_lines(lines: Sequence[Line], begin: int) -> list[Party]:
    parties: list[Party] = []
    seen: set[int] = set()
    is_next = False
    for number, line in enumerate(lines[:HEAD_LINES]):
        start = begin if number == 0 else 0
        words = fold(line.text[start:]).strip()
        if number and (phrase("preamble_ends").match(words) or (line.kind is BlockKind.HEADING and parties)):
            break
        match = _AND.match(line.text.lstrip()) if number else None
        is_alone = phrase("and_alone").match(words) is not None
        start += len(line.text) - len(line.text.lstrip()) + match.end() if match and not is_alone else 0
        is_more = bool(parties) and phrase("called").match(words) is not None
        if (
            not words.strip(" :.,") or is_alone or is_more
            or (line.block in seen and match is None and not is_next)
        ):  # fmt: skip
            is_next = is_next or is_alone
            if parties and phrase("role").search(words) and not parties[-1].role:
                parties[-1] = changed(parties[-1], role=_role_in(words))
            continue
        if number == 0 and re.search(r"(?:soussigne|parties|parteien|following|suivants|siguientes|seguenti)", words):
            continue
        party = _defined(line, start, len(line.text))
        if party is not None and not is_address(line.words):
            parties.append(party)
            seen.add(line.block)
            is_next = False
    return parties if len(parties) == 2 else []


def _defined(line: Line, start: int, end: int) -> Party | None:
    raw = line.text[start:end]
    party = _party(line, start + len(raw) - len(raw.lstrip(" :,")), end, Strength.ADJACENT)
    if party is None:
        return None
    behind = line.text[party.place.end - line.start : end]
    return changed(party, role=_role_in(fold(behind)))


def _role_in(words: str) -> str:
    """Return what a party is called from here on: "(the Landlord)". The last such word is used."""
    matches = list(phrase("role").finditer(words))
    return ("first" if matches[-1]["first"] else "second") if matches else ""
