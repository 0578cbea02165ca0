"""Says to people what of a redacted document was taken out, and what they are to look at themselves."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.library.redacted.types import Remark
from slmdesk.text.redaction.types import Kind

KIND_LABELS: dict[Kind, tuple[str, str]] = {
    Kind.PERSON: ("name", "names"), Kind.FIRM: ("company", "companies"), Kind.EMAIL: ("mail address", "mail addresses"),
    Kind.PHONE: ("phone number", "phone numbers"), Kind.IBAN: ("bank account", "bank accounts"),
    Kind.CARD: ("card number", "card numbers"), Kind.NUMBER: ("tax or personal number", "tax and personal numbers"),
    Kind.BIRTH: ("date of birth", "dates of birth"), Kind.ADDRESS: ("address", "addresses"),
    Kind.OTHER: ("other", "others"),
}  # fmt: skip
_REMOVED = {
    "thumbnail": "small preview pictures", "signature": "signatures, which would no longer be right",
    "macros": "macros", "control": "controls with programs", "printer": "settings of printers",
    "embedded": "files inside the document that cannot be looked into", "link": "links to templates and other files",
    "formula": "formulas that held words; their values stay", "picture": "pictures that cannot be cleaned",
    "sound": "sounds and films", "custom_xml": "data of other programs", "damaged": "damaged parts",
    "versions": "older versions kept in the file", "settings": "settings of the program",
    "properties": "properties of the file", "bookmarks": "bookmarks", "program": "programs",
    "annotations": "comments and fields as such; what they show is drawn on the page",
    "mail_route": "which way the mail took, and by which programs", "header": "headers that could not be written",
}  # fmt: skip
_UNSURE = {
    "picture": "Pictures: words in them are not seen", "encoding": "The letters: how they are encoded is a guess",
    "letters": "Pages with letters that only look like letters",
    "page_without_words": "Pages without words, such as scans",
}  # fmt: skip
_MOST_PLACES = 6


def label_of(kind: Kind, count: int) -> str:
    return KIND_LABELS[kind][count != 1]


def removed_lines(remarks: Sequence[Remark]) -> list[str]:
    return _lines(remarks, _REMOVED)


def unsure_lines(remarks: Sequence[Remark]) -> list[str]:
    return _lines(remarks, _UNSURE)


def _lines(remarks: Sequence[Remark], words: dict[str, str]) -> list[str]:
    places: dict[str, list[str]] = {}
    for one in remarks:
        places.setdefault(one.kind, []).append(one.place)
    lines = []
    for kind, found in places.items():
        named = [*dict.fromkeys(one for one in found if one)]
        shown = ", ".join(named[:_MOST_PLACES]) + (
            f" and {len(named) - _MOST_PLACES:,} more" if len(named) > _MOST_PLACES else ""
        )
        said = words.get(kind, kind.replace("_", " "))
        lines.append(f"{said[0].upper()}{said[1:]}" + (f" ({shown})" if shown else ""))
    return lines
