"""Redact a document: what is private in it, and what of that a copy leaves out.

No job makes this report, and nothing of it is stored: a list of all that is secret in
a paper is not to lie about. `documents.redacted` looks through the file, not through
what was read of it for other tasks, since also what a file hides is told by a copy. The
report lives as long as a window shows it or a command runs, so a person's edits change
it here and not through the service of tasks. Its export is the copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from slmdesk.base.record import changed
from slmdesk.base.records import title_words
from slmdesk.base.texts import N_, _, day_words, grouped, ngettext
from slmdesk.base.types import told_place
from slmdesk.documents.finds import (
    FoundWord,
    Place,
    RedactionPreview,
    Remark,
    added_word,
    counted_by_hand,
)
from slmdesk.documents.stand_ins import Key, Returned
from slmdesk.documents.types import Span
from slmdesk.redact import Certainty, Finder, Kind, Table, pairs_of
from slmdesk.redact.stand_ins import Why, is_long
from slmdesk.tasks.report import Edit, Report, Section, Statement
from slmdesk.tasks.shape import Documents, ReportRequest, Task

ADD = "add"
"""Action with no statement: other words, which are the value, are removed too."""
MOST_BEFORE = 16
LEAST_PART = 4
"""Fewest letters of a part of a person's name that is looked for in a file's name."""
MOST_PLACES = 6
"""Most places that a remark names."""
FINDERS: Mapping[Finder, str] = {
    Finder.LIST: N_("list"),
    Finder.RULE: N_("rule"),
    Finder.SMALL: N_("finder"),
    Finder.MODEL: N_("model"),
}
NO_MODEL = N_(
    "No language model of a billion parameters looks too: names that stand alone "
    "may be missed."
)
KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.PERSON: (N_("name"), N_("names")),
    Kind.FIRM: (N_("company"), N_("companies")),
    Kind.EMAIL: (N_("mail address"), N_("mail addresses")),
    Kind.PHONE: (N_("phone number"), N_("phone numbers")),
    Kind.IBAN: (N_("bank account"), N_("bank accounts")),
    Kind.CARD: (N_("card number"), N_("card numbers")),
    Kind.NUMBER: (N_("tax or personal number"), N_("tax and personal numbers")),
    Kind.REFERENCE: (
        N_("file or customer number"),
        N_("file and customer numbers"),
    ),
    Kind.BIRTH: (N_("date of birth"), N_("dates of birth")),
    Kind.ADDRESS: (N_("address"), N_("addresses")),
    Kind.WEB: (N_("web address"), N_("web addresses")),
    Kind.OTHER: (N_("other"), N_("others")),
}
REMOVED: Mapping[str, str] = {
    "thumbnail": N_("small preview pictures"),
    "signature": N_("signatures, which would no longer be right"),
    "macros": N_("macros"),
    "control": N_("controls with programs"),
    "printer": N_("settings of printers"),
    "embedded": N_("files inside the document that cannot be looked into"),
    "link": N_("links to templates and other files"),
    "formula": N_("formulas that held words; their values stay"),
    "picture": N_("pictures that cannot be cleaned"),
    "chosen_picture": N_("what chosen pictures show"),
    "sound": N_("sounds and films"),
    "custom_xml": N_("data of other programs"),
    "damaged": N_("damaged parts"),
    "versions": N_("older versions kept in the file"),
    "settings": N_("settings of the program"),
    "properties": N_("properties of the file"),
    "bookmarks": N_("bookmarks"),
    "program": N_("programs"),
    "annotations": N_(
        "comments and fields as such; what they show is drawn on the page"
    ),
    "mail_route": N_("which way the mail took, and by which programs"),
    "header": N_("headers that could not be written"),
}
UNSURE: Mapping[str, str] = {
    "picture": N_("Pictures: words in them are not seen"),
    "encoding": N_("The letters: how they are encoded is a guess"),
    "letters": N_("Pages with letters that only look like letters"),
    "page_without_words": N_("Pages without words, such as scans"),
    "finder": N_("Names and addresses: the small finder does not run on this system"),
}
WHY: Mapping[Why, str] = {
    Why.SHARED: N_("another text has the same for somebody else"),
    Why.STRANGER: N_("it may be another person"),
    Why.UNCLEAR: N_("it is not clear what it stands for"),
}
TOO_SHORT = N_("Stays as it is: so short, it would stand for other words too.")
RECOGNISED = N_(
    "Nothing is sent from here. Whoever knows the matter may recognise it by what "
    "happened, by days, sums and places."
)


Places = Mapping[str, Sequence[Span]]
"""Where finds stand on the pages, by the ids of their statements."""
NO_PLACES: Places = MappingProxyType({})


class Redact(Task[ReportRequest, RedactionPreview]):
    kind, name, prefix, verb = "redact", N_("Redact"), "Redact", N_("Save copy")
    help = "Write a copy of FILE without names and numbers, for others."
    request, result = ReportRequest, RedactionPreview
    documents = Documents.ONE
    most_documents = 1


TASK = Redact()


# ---- what it says


def report_of(preview: RedactionPreview, places: Places = NO_PLACES) -> Report:
    """Return the finds as statements, which have a tick where they are removed.

    `places`: where they stand on the pages, as far as that is known.
    """
    sections = list[Section]()
    for kind in Kind:
        words = [word for word in preview.found if word.kind is kind]
        if words:
            sections.append(_section(kind, words, places))
    return Report(
        TASK.kind,
        preview.path.name,
        tuple(sections),
        notes=tuple(remark_lines(preview.removed, preview.unsure)),
        has_ticks=True,
    )


def nameless_report(preview: RedactionPreview, table: Table) -> Report:
    """Return the finds, each with what stands for it in a copy without names."""
    pairs = dict(pairs_of(table))

    def told(find: Statement) -> Statement:
        if find.text in pairs:
            return changed(find, notes=(f"→ {pairs[find.text]}  ·  {find.notes[0]}",))
        if not is_long(find.text):
            return changed(find, notes=(_(TOO_SHORT),), is_approved=False)
        return find

    report = report_of(preview)
    sections = [
        changed(section, statements=tuple(map(told, section.statements)))
        for section in report.sections
    ]
    return changed(report, sections=tuple(sections))


def key_words(key: Key) -> str:
    return f"{title_words(key.title)}, {day_words(key.time)}"


def notes_of(returned: Returned) -> Iterator[str]:
    """Yield what came back changed, what not at all, what was left, and what is new."""
    made = returned.made
    other = [f"{b.stand_in} → {b.original}" for b in made.back if b.is_changed]
    gone = [f"{stand_in} ({original})" for stand_in, original in made.missing]
    left = [f"{words} ({_(WHY[why])})" for words, why in made.left]
    for words, told in (
        (_("Came back changed: {words}"), other),
        (_("Did not come back: {words}"), gone),
        (_("Left as it is: {words}"), left),
        (_("New, and nobody of yours: {words}"), made.new),
    ):
        if told:
            yield words.format(words=", ".join(dict.fromkeys(told)))
    for key, count in returned.others:
        words = ngettext(
            "1 stand-in is of “{title}”: choose that key.",
            "{n:,} stand-ins are of “{title}”: choose that key.",
            count,
            title=key_words(key),
        )
        yield words


def _section(kind: Kind, words: Sequence[FoundWord], places: Places) -> Section:
    count = len(words)
    name = label_of(kind, count)
    title = f"{name[0].upper()}{name[1:]} ({grouped(count)})"
    statements = tuple(_statement(word, places) for word in words)
    return Section(statements, title, id=_id_of_kind(kind))


def _statement(word: FoundWord, places: Places) -> Statement:
    id = id_of(word.words)
    told = [told_place(place.place) for place in word.places]
    finders = ""
    if word.by:
        finders = _("found by {finders}").format(
            finders=", ".join(_(FINDERS[by]) for by in word.by)
        )
    about = [f"{grouped(word.count)} ×", finders]
    if word.places:
        about.append(_near(word.places[0]))
    if word.is_author and not word.count:
        about = [_("Author or editor of the file"), finders]
    if word.certainty is Certainty.UNSURE:
        about.insert(0, _("perhaps"))
    return Statement(
        word.words,
        tuple(places.get(id, ())),
        place=", ".join(dict.fromkeys(filter(None, told))),
        quotes=tuple(map(_around, word.places)),
        id=id,
        kind=str(word.kind),
        notes=("  ·  ".join(filter(None, about)),),
        is_quotation=True,
        is_approved=word.is_chosen,
    )


def _around(place: Place) -> str:
    around = f"…{place.before.lstrip()}{place.words}{place.after.rstrip()}…"
    return ": ".join(filter(None, (told_place(place.place), around)))


def _near(place: Place) -> str:
    """Return the words with so little before them that they are seen in one line."""
    before = place.before[-MOST_BEFORE:]
    if len(before) == MOST_BEFORE:
        before = before.partition(" ")[2]  # no half word
    return f"…{before}{place.words}{place.after.rstrip()}…"


def id_of(words: str) -> str:
    """Return the id of the statement of some words, which are the same in any case."""
    return f"words {words.casefold()}"


def _id_of_kind(kind: Kind) -> str:
    return f"kind {kind}"


def label_of(kind: Kind, count: int) -> str:
    return _(KINDS[kind][count != 1])


def replaced_words(
    replaced: Iterable[tuple[Kind, int]], boxes: int, pictures: int
) -> str:
    """Return what a copy leaves out: "2 names, 1 mail address, 1 box"."""
    said = [f"{grouped(count)} {label_of(kind, count)}" for kind, count in replaced]
    return ", ".join([*said, *counted_by_hand(boxes, pictures)]) or _("nothing")


def remark_lines(removed: Sequence[Remark], unsure: Sequence[Remark]) -> Iterator[str]:
    """Yield what else is taken out, and what a person must look at."""
    for line in _lines(removed, REMOVED):
        yield _("Taken out: {line}").format(line=line)
    for line in _lines(unsure, UNSURE):
        yield _("Look at it yourself: {line}").format(line=line)


def _lines(remarks: Sequence[Remark], words: Mapping[str, str]) -> Iterator[str]:
    places: dict[str, dict[str, None]] = {}
    for remark in remarks:
        places.setdefault(remark.kind, {})[told_place(remark.place)] = None
    for kind, told in places.items():
        named = list(filter(None, told))
        shown = ", ".join(named[:MOST_PLACES])
        more = len(named) - MOST_PLACES
        if more > 0:
            shown += _(" and {count:,} more").format(count=more)
        line = _(words.get(kind, kind.replace("_", " ")))
        line = f"{line[0].upper()}{line[1:]}"
        if shown:
            line += f" ({shown})"
        yield line


# ---- what a person changes


def edited(preview: RedactionPreview, edit: Edit) -> RedactionPreview:
    """Return what was found after a tick, or with words that a person adds.

    Raises KnownError `request.invalid` for words that are too short.
    """
    if edit.action == ADD:
        return _added(preview, str(edit.value))
    found = list[FoundWord]()
    for word in preview.found:
        if edit.statement in (id_of(word.words), _id_of_kind(word.kind)):
            word = changed(word, is_chosen=bool(edit.approved))
        found.append(word)
    return changed(preview, found=tuple(found))


def _added(preview: RedactionPreview, words: str) -> RedactionPreview:
    added = added_word(preview.text, words)
    id = id_of(added.words)
    if id not in _ids(preview):
        return changed(preview, found=(*preview.found, added))
    return edited(preview, Edit(id, approved=True))


def joined(preview: RedactionPreview, before: RedactionPreview) -> RedactionPreview:
    """Return what was found by now with what a person changed in the finds before.

    What is new stands first, so that it is seen. What was there keeps its place and its
    tick; it only says who else found it.
    """
    finders = {id_of(word.words): word.by for word in preview.found}
    known = _ids(before)
    fresh = [word for word in preview.found if id_of(word.words) not in known]
    kept = [
        changed(word, by=finders.get(id_of(word.words), word.by))
        for word in before.found
    ]
    return changed(preview, found=(*fresh, *kept))


def _ids(preview: RedactionPreview) -> set[str]:
    return {id_of(word.words) for word in preview.found}


# ---- the copy


def names_in(name: str, chosen: Iterable[Statement]) -> list[str]:
    """Return which removed words, and parts of people's names, a file's name tells."""
    told = dict[str, None]()
    for find in chosen:
        told[find.text] = None
        if find.kind == Kind.PERSON:
            parts = [part for part in find.text.split() if len(part) >= LEAST_PART]
            told |= dict.fromkeys(parts)
    stem = Path(name).stem.casefold()
    return [words for words in told if words.casefold() in stem]


def name_of_copy(path: Path, chosen: Sequence[Statement]) -> str:
    """Return a name for the copy of a file that tells none of what is removed."""
    rest = path.stem
    for words in sorted(names_in(path.name, chosen), key=len, reverse=True):
        rest = re.sub(re.escape(words), " ", rest, flags=re.IGNORECASE)
    rest = re.sub(r"[\s_.,-]*\s[\s_.,-]*", " ", rest).strip(" _.,-")
    is_telling = sum(map(str.isalpha, rest)) >= LEAST_PART
    if not is_telling or names_in(f"{rest}{path.suffix}", chosen):
        return _("redacted copy") + path.suffix
    return _("{stem}.redacted").format(stem=rest) + path.suffix
