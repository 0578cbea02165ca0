"""Builds documents for export: a chat, a comparison, a summary with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.core.paper import Paper, Piece, PieceKind, Run, heading, item, paragraph, small, table
from slmdesk.core.records import Item, Message
from slmdesk.core.types import Json, Role
from slmdesk.exports.chats import Shown, attached_lines, cut_words, iso_time, opening_of, origin_of
from slmdesk.exports.json_values import mapping, objects, sequence
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


def question_paper(
    subject: Item, path: Sequence[Message], documents: Sequence[Mapping[str, Json]], not_read: Json = ()
) -> Paper:
    """Questions to documents: questions and answers, the quotations with their pages; what was read as an appendix.

    `documents` are {name, page_kind, coverage: {pages_total, pages_read, unreadable: [{page, reason}]}},
    `not_read` {name, reason} of those that could not be read at all.
    """
    pieces: list[Piece] = [piece for one in path for piece in _said(one)]
    pieces.append(heading("What was read"))
    for one in documents:
        if len(documents) > 1:
            pieces.append(heading(str(one.get("name", "")), 3))
        pieces += coverage_pieces(mapping(one.get("coverage")), _page_word(one))
    pieces += not_read_pieces(not_read)
    names = ", ".join(str(one.get("name", "")) for one in documents)
    return Paper(_title(subject), tuple(pieces), f"Questions to {names}" if names else "")


def comparison_paper(
    subject: Item, messages: Sequence[Message], figures: Mapping[str, Sequence[tuple[str, str]]], vote: str
) -> Paper:
    pieces: list[Piece] = []
    for one in messages:
        pieces += _said(one)
        if one.id in figures:
            pieces.append(table(("Measured", ""), tuple((name, value) for name, value in figures[one.id])))
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


# ---- summaries


def summary_paper(title: str, result: Mapping[str, Json]) -> Paper:
    """A summary with its evidence: a reference after each sentence; passages and coverage as an appendix.

    `result` is {kind, sentences: [{text, pages, supported, flags, quotation, group, file, passages: [{page, file,
    text}]}], coverage: {pages_total, pages_read, blocks_total, blocks_read, unreadable: [{page, reason}]}, note,
    left_out, documents: [{name, page_kind, sentences, coverage, omitted}], not_read: [{name,
    reason}]}; what is missing in it is left out.
    """
    documents = objects(result.get("documents"))
    pieces: list[Piece] = []
    kind = str(result.get("kind") or "")
    kinds = {str(one.get("name", "")): _page_word(one) for one in documents}
    word = next(iter(kinds.values())) if len(set(kinds.values())) == 1 else "page"
    if len(documents) > 1:
        for one in documents:
            pieces += [
                heading(str(one.get("name", ""))),
                *_sentences(kind, objects(one.get("sentences")), _page_word(one)),
            ]
            pieces += [
                small(piece.text) for piece in coverage_pieces(mapping(one.get("coverage")), _page_word(one))[:1]
            ]
        pieces.append(heading("Together"))
    sentences = [
        {**one, "page_kind": kinds.get(str(one.get("file") or ""), word)} for one in objects(result.get("sentences"))
    ]
    pieces += _sentences(kind, sentences, word)
    if note := str(result.get("note") or ""):
        pieces.append(small(note))
    if left_out := _number(result, "left_out"):
        pieces.append(small(f"Left out, since the text does not support them: {left_out} sentences."))
    for one in documents:
        if missing := objects(one.get("omitted")):
            name = f": {one.get('name', '')}" if len(documents) > 1 else ""
            pieces += [heading(f"Also in the document{name}"), *_sentences("bullets", missing, _page_word(one))]
    every = [*sentences, *(each for one in documents if len(documents) > 1 for each in _kinded(one))]
    pieces += [*_marks(every, word), *_passages(every, word)]
    if isinstance(coverage := result.get("coverage"), Mapping):
        pieces += [heading("What was read"), *coverage_pieces(coverage, word), *not_read_pieces(result.get("not_read"))]
    names = ", ".join(str(one.get("name", "")) for one in documents)
    subtitle = "" if not names or names in title else f"Summary of {names}"  # a title of our own names it already
    return Paper(title, tuple(pieces), subtitle, str(result.get("language") or ""))


def _sentences(kind: str, sentences: Sequence[Mapping[str, Json]], word: str) -> list[Piece]:
    if kind in ("paragraph", "simple") and not any(one.get("group") for one in sentences):
        return [paragraph(*(run for one in sentences for run in (*_runs_of(one, word), Run(" "))))] if sentences else []
    pieces: list[Piece] = []
    group = ""
    for one in sentences:
        if str(one.get("group") or "") != group:
            group = str(one.get("group") or "")
            pieces.append(heading(group, 3))
        pieces.append(item(*_runs_of(one, word)))
    return pieces


def _runs_of(one: Mapping[str, Json], word: str) -> list[Run]:
    runs = [Run(_said_by(one)), Run(_reference(one, word), cite=True)]
    if one.get("supported") is False:
        runs.append(Run(" (not supported by the text)", italic=True))
    return runs


def _passages(sentences: Sequence[Mapping[str, Json]], word: str) -> list[Piece]:
    """The passages that support each sentence; a quotation that is a whole sentence was shown already."""
    pieces: list[Piece] = []
    has_whole = False
    for one in sentences:
        found = [each for each in sequence(one.get("passages")) if isinstance(each, Mapping) and each.get("text")]
        if one.get("quotation"):
            said = " ".join(str(one.get("text")).split())
            others = [each for each in found if " ".join(str(each["text"]).split()) != said]
            has_whole, found = has_whole or len(others) < len(found), others
        elif found:
            pieces.append(small(_short(_said_by(one))))
        for each in found:
            place = _reference({**each, "pages": [each.get("page")], "page_kind": one.get("page_kind")}, word)
            runs = (Run(_short(" ".join(str(each["text"]).split()), 600)), Run(place, cite=True))
            pieces.append(Piece(PieceKind.QUOTE, runs))
    if has_whole:
        pieces.insert(0, small("Where a quotation above is the whole passage, it is not given once more."))
    return [heading("Passages"), *pieces] if pieces else []


def _kinded(document: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    return [{**one, "page_kind": _page_word(document)} for one in objects(document.get("sentences"))]


def _page_word(one: Mapping[str, Json]) -> str:
    return str(one.get("page_kind") or "page")


def coverage_pieces(coverage: Mapping[str, Json], page_word: str = "page") -> list[Piece]:
    read, total = _number(coverage, "pages_read"), _number(coverage, "pages_total")
    words = f"{read} of {total} {_plural(page_word, total)} read"
    every = _number(coverage, "blocks_total")
    if missed := every - _number(coverage, "blocks_read"):
        words += f"; {missed} of {every} paragraphs in them {'was' if missed == 1 else 'were'} not read"
    pieces = [paragraph(words + ".")]
    unread = objects(coverage.get("unreadable"))
    if unread:
        rows = tuple((str(one.get("page", "")), str(one.get("reason", ""))) for one in unread)
        pieces.append(table((f"Not read: {page_word}", "Reason"), rows))
    return pieces


def not_read_pieces(documents: Json) -> list[Piece]:
    """Which documents ({name, reason}) could not be read at all, and why."""
    rows = _not_read(documents)
    return [table(("Not read: document", "Reason"), rows)] if rows else []


def _not_read(documents: Json) -> tuple[tuple[str, str], ...]:
    found = objects(documents)
    return tuple((" ".join(str(one.get("name", "")).split()), str(one.get("reason", ""))) for one in found)


def summary_sheets(result: Mapping[str, Json]) -> dict[str, list[tuple[str | int | float | bool | None, ...]]]:
    rows: list[tuple[str | int | float | bool | None, ...]] = [
        ("Sentence", "File", "Pages", "Found in the document", "Quotation", "To check")
    ]
    for one in objects(result.get("sentences")):
        supported, quoted = one.get("supported"), one.get("quotation")
        rows.append((
            str(one.get("text", "")), str(one.get("file") or ""), _pagesequence(one),
            "" if supported is None else "yes" if supported else "no", "yes" if quoted else "",
            "; ".join(_flag_words(one)),
        ))  # fmt: skip
    coverage = result.get("coverage")
    sheets = {"Summary": rows}
    if isinstance(coverage, Mapping):
        info = [(name.replace("_", " "), _number(coverage, name)) for name in coverage if name != "unreadable"]
        unread = objects(coverage.get("unreadable"))
        missing = [(f"not read: {one.get('page', '')}", str(one.get("reason", ""))) for one in unread]
        missing += [(f"not read: {name}", reason) for name, reason in _not_read(result.get("not_read"))]
        sheets["Coverage"] = [("", ""), *info, *missing]
    return sheets


def _marks(sentences: Sequence[Mapping[str, Json]], page_word: str) -> list[Piece]:
    rows = tuple(
        (_short(str(one.get("text", ""))), words, _reference(one, page_word).strip(" []"))
        for one in sentences
        for words in _flag_words(one)
    )
    return [heading("To check"), table(("Sentence", "Not in its passage", "Where"), rows)] if rows else []


def _flag_words(one: Mapping[str, Json]) -> list[str]:
    words = []
    for flag in sequence(one.get("flags")):
        if isinstance(flag, Mapping):
            said = f"{flag.get('kind', '')}: {flag.get('text', '')}".strip(": ")
            words.append(f"{said} (there: {flag['detail']})" if flag.get("detail") else said)
        elif isinstance(flag, str):
            words.append(flag)
    return words


def _said_by(one: Mapping[str, Json]) -> str:
    text = " ".join(str(one.get("text", "")).split())
    return f"“{text}”" if one.get("quotation") else text


def _reference(one: Mapping[str, Json], page_word: str) -> str:
    pages, name = _pagesequence(one), str(one.get("file") or "")
    if not pages:
        return f" [{name}]" if name else ""
    kind = str(one.get("page_kind") or page_word)
    short = "p." if kind == "page" else kind
    return f" [{name + ', ' if name else ''}{short} {pages}]"


def _pagesequence(one: Mapping[str, Json]) -> str:
    return ", ".join(str(page) for page in sequence(one.get("pages")))


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _number(values: Mapping[str, Json], name: str) -> int:
    value = values.get(name)
    return int(value) if isinstance(value, int | float) else 0
