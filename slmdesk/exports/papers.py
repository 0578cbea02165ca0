"""Builds documents for export: a chat, questions to documents, a comparison; and what is said of what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.paper import Paper, Piece, PieceKind, heading, item, paragraph, small, table
from slmdesk.base.record import Record
from slmdesk.base.records import Item, Message
from slmdesk.base.types import Role
from slmdesk.exports.chats import Shown, attached_lines, cut_words, iso_time, opening_of, origin_of
from slmdesk.exports.markdown import pieces_of


def chat_paper(subject: Item, path: Sequence[Message]) -> Paper:
    return Paper(_title(subject), tuple(_chat(subject, path)), f"{_about(subject)}, exported from slmdesk")


def chats_paper(title: str, chats: Sequence[Shown]) -> Paper:
    pieces = [heading("Contents")]
    pieces += [item(_title(subject), mark=f"{number}.") for number, (subject, _path) in enumerate(chats, start=1)]
    for subject, path in chats:
        pieces += [Piece(PieceKind.RULE), heading(_title(subject)), small(_about(subject)), *_chat(subject, path)]
    return Paper(title, tuple(pieces), "Exported from slmdesk")


def _chat(subject: Item, path: Sequence[Message]) -> list[Piece]:
    opening = [piece for name, words in opening_of(subject) for piece in (heading(name, 3), *_lines(words))]
    return [*opening, *(piece for one in path for piece in _said(one))]


def _about(subject: Item) -> str:
    origin = origin_of(subject)
    return f"A chat of {_day(subject.created)}" + (f", imported from {origin['program']}" if origin else "")


class ReadDocument(Record):
    name: str
    page_kind: str
    pages: int
    unread: Sequence[tuple[int, str]]
    """Pages, each with the reason."""


def question_paper(
    subject: Item, path: Sequence[Message], documents: Sequence[ReadDocument], not_read: Sequence[tuple[str, str]]
) -> Paper:
    """Questions to documents: questions and answers, the quotations with their pages; what was read as an appendix.

    `not_read`: the names of documents that could not be read at all, each with the reason.
    """
    pieces: list[Piece] = [piece for one in path for piece in _said(one)]
    pieces.append(heading("What was read"))
    for one in documents:
        if len(documents) > 1:
            pieces.append(heading(one.name, 3))
        pieces += coverage_pieces(one.pages - len(one.unread), one.pages, one.unread, one.page_kind)
    pieces += not_read_pieces(not_read)
    names = ", ".join(document.name for document in documents)
    return Paper(_title(subject), tuple(pieces), f"Questions to {names}" if names else "")


def comparison_paper(
    subject: Item, messages: Sequence[Message], figures: Mapping[str, Sequence[tuple[str, str]]], vote: str
) -> Paper:
    pieces: list[Piece] = []
    for one in messages:
        pieces += _said(one)
        if one.id in figures:
            pieces.append(table(("Measured", ""), tuple((name, value) for name, value in figures[one.id])))
    if vote:
        pieces += [heading("Vote"), paragraph(vote)]
    return Paper(_title(subject), tuple(pieces), f"A comparison of {_day(subject.created)}, exported from slmdesk")


def _said(one: Message) -> list[Piece]:
    words = one.words
    pieces = [heading(_speaker(one), 3), small(iso_time(one.created).replace("T", " ").replace("Z", " UTC"))]
    pieces += pieces_of(words) if one.role is Role.ASSISTANT else _lines(words)
    pieces += [small(line) for line in attached_lines(one)]
    if cut := cut_words(one.status):
        pieces.append(small(f"({cut})"))
    return pieces


def _lines(words: str) -> list[Piece]:
    return [paragraph(part.strip("\n")) for part in words.split("\n\n") if part.strip()]


def _speaker(one: Message) -> str:
    if one.role is Role.USER:
        return "You"
    return "Instructions" if one.role is Role.SYSTEM else one.model_name or "Model"


def _title(subject: Item) -> str:
    return " ".join(subject.title.split()) or "Untitled"


def _day(seconds: float) -> str:
    return iso_time(seconds)[:10]


# ---- documents


def coverage_pieces(
    read: int, total: int, unread: Sequence[tuple[int, str]], page_word: str, rest: str = ""
) -> list[Piece]:
    """How many pages were read, and which were not and why; `rest`: what the sentence ends with."""
    pieces = [paragraph(f"{read} of {total} {page_word if total == 1 else page_word + 's'} read{rest}.")]
    if unread:
        rows = tuple((str(page), reason) for page, reason in unread)
        pieces.append(table((f"Not read: {page_word}", "Reason"), rows))
    return pieces


def not_read_pieces(documents: Sequence[tuple[str, str]]) -> list[Piece]:
    """Which documents could not be read at all, and why."""
    rows = tuple((" ".join(name.split()), reason) for name, reason in documents)
    return [table(("Not read: document", "Reason"), rows)] if rows else []
