"""What people read about redaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slmdesk.base.record import Record
from slmdesk.redaction.service import PutBack, Veil
from slmdesk.text.redaction.types import Certainty, Find, Kind

NAMES = {
    Kind.PERSON: "People", Kind.FIRM: "Firms", Kind.EMAIL: "E-mail addresses", Kind.PHONE: "Phone numbers",
    Kind.IBAN: "Bank accounts", Kind.CARD: "Cards", Kind.NUMBER: "Tax and person numbers", Kind.BIRTH: "Dates of birth",
    Kind.ADDRESS: "Addresses", Kind.OTHER: "Other words",
}  # fmt: skip
REASONS = {
    "title": "a title stands before it", "greeting": "it is greeted", "signature": "it stands under a closing",
    "header": "it stands in a mail header", "label": "a label stands before it", "role": "a role stands before it",
    "born": "a birth follows it", "address": "it stands above an address", "large": "it is written like a name",
    "again": "it was found elsewhere", "email": "it looks like an e-mail address, or a part of one",
    "list": "it is on your list", "table": "it was replaced before", "hand": "you marked it",
    "legal_form": "a legal form follows it", "iban": "its check digits are right",
    "iban_wrong": "it looks like a bank account, but its check digits are wrong",
    "card": "its check digit is right", "phone": "it looks like a phone number",
    "birth": "words about a birth stand before it", "street": "it looks like a street",
    "town": "it looks like a postcode with its town",
}  # fmt: skip
CHECKED_NUMBER = "its check digits are right"
INCOMPLETE = "Some may not be found. Look through the text before you send it."


def reason_of(find: Find) -> str:
    if find.reason in REASONS:
        return REASONS[find.reason]
    return CHECKED_NUMBER if find.certainty is Certainty.SURE else "it looks like a number of this kind"


def counted(finds: Sequence[Find]) -> str:
    counts = Counter(find.kind for find in finds if find.certainty is not Certainty.UNSURE)
    unsure = sum(find.certainty is Certainty.UNSURE for find in finds)
    parts = [f"{NAMES[kind]}: {counts[kind]}" for kind in NAMES if counts[kind]]
    parts += [f"not sure, left as they are: {unsure}"] if unsure else []
    return " · ".join(parts) or "Nothing was found."


def replaced_words(counts: Mapping[Kind, int]) -> str:
    parts = [f"{NAMES[kind]}: {counts[kind]}" for kind in NAMES if counts.get(kind)]
    if not parts:
        return "Nothing was found to be redacted, so the model saw the text as it is."
    return f"Replaced before the model saw it: {' · '.join(parts)}. Some may not have been found."


def put_back_words(count: int, marked: Sequence[str]) -> str:
    """What became of the substitutes in an answer; `marked`: words that only resemble one."""
    words = ", ".join(f"\u201c{one}\u201d" for one in marked)
    return f"{count} put back" + (f", {len(marked)} not recognised: {words}" if marked else "")


# ---- what was replaced for an item before a model saw it, and what came back


class RedactionReport(Record):
    replaced: tuple[tuple[Kind, int], ...] = ()
    """How many of which kind, in the order of `labels.NAMES`; none of the originals."""
    put_back: int = 0
    marked: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        words = replaced_words(dict(self.replaced))
        return f"{words} {put_back_words(self.put_back, self.marked)}." if self.replaced else words


@dataclass(slots=True)
class Tally:
    veil: Veil
    replaced: dict[str, Kind] = field(default_factory=dict)
    put_back: int = 0
    marked: dict[str, None] = field(default_factory=dict)
    is_asked: bool = False

    def add_hidden(self, hidden: Sequence[str]) -> None:
        """Raises KnownError store.*."""
        self.is_asked = True
        self.replaced |= self.veil.replaced_in(hidden)

    def add_answer(self, back: PutBack) -> None:
        self.put_back += back.count
        self.marked |= dict.fromkeys(back.text[start:end] for start, end in back.marked)

    def report(self) -> RedactionReport | None:
        """What was counted so far; None where the model was given nothing."""
        if not self.is_asked:
            return None
        counts = Counter(self.replaced.values())
        return RedactionReport(
            tuple((kind, counts[kind]) for kind in NAMES if counts[kind]), self.put_back, tuple(self.marked)
        )
