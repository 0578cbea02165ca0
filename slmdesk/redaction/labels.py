"""Texts for people about redaction, and the report on what was replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.redaction.service import PutBack, Veil
from slmdesk.text.redaction import Certainty, Find, Kind

NAMES = {
    Kind.PERSON: _("People"), Kind.FIRM: _("Firms"), Kind.EMAIL: _("E-mail addresses"), Kind.PHONE: _("Phone numbers"),
    Kind.IBAN: _("Bank accounts"), Kind.CARD: _("Cards"), Kind.NUMBER: _("Tax and person "
                                                                         "numbers"), Kind.BIRTH: _("Dates of birth"),
    Kind.ADDRESS: _("Addresses"), Kind.OTHER: _("Other words"),
}  # fmt: skip
REASONS = {
    "title": _("after a title"), "greeting": _("after a greeting"), "signature": _("below a closing"),
    "header": _("in a mail header"), "label": _("after a label"), "role": _("after a role"),
    "born": _("before a birth"), "address": _("above an address"), "large": _("written like a name"),
    "again": _("found elsewhere"), "email": _("looks like an e-mail address, or a part of one"),
    "list": _("on your list"), "table": _("replaced before"), "hand": _("marked by you"),
    "legal_form": _("before a legal form"), "iban": _("valid IBAN"),
    "iban_wrong": _("looks like a bank account, check digits wrong"),
    "card": _("valid check digit"), "phone": _("looks like a phone number"),
    "birth": _("after words about a birth"), "street": _("looks like a street"),
    "town": _("looks like a postcode with its town"),
}  # fmt: skip
CHECKED_NUMBER = _("valid check digits")
INCOMPLETE = _("Some may not be found. Look through the text before you send it.")


def reason_of(find: Find) -> str:
    if find.reason in REASONS:
        return REASONS[find.reason]
    return CHECKED_NUMBER if find.certainty is Certainty.SURE else _("looks like such a number")


def counted(finds: Sequence[Find]) -> str:
    counts = Counter(find.kind for find in finds if find.certainty is not Certainty.UNSURE)
    unsure = sum(find.certainty is Certainty.UNSURE for find in finds)
    parts = [f"{NAMES[kind]}: {counts[kind]}" for kind in NAMES if counts[kind]]
    parts += [_("not sure, left as they are: {unsure}").format(unsure=unsure)] if unsure else []
    return " · ".join(parts) or _("Nothing was found.")


def replaced_words(counts: Mapping[Kind, int]) -> str:
    parts = [f"{NAMES[kind]}: {counts[kind]}" for kind in NAMES if counts.get(kind)]
    if not parts:
        return _("Nothing was found to be redacted, so the model saw the text as it is.")
    return _("Replaced before the model saw it: {parts}. Some may not have been found.").format(parts=" · ".join(parts))


def put_back_words(count: int, marked: Sequence[str]) -> str:
    """Say how many replacements in an answer were changed back to the original words. `marked` are words that only
    resemble a replacement.
    """
    words = ", ".join(f"\u201c{mark}\u201d" for mark in marked)
    return _("{count} restored").format(count=count) + (
        _(", {count} not recognised: {words}").format(count=len(marked), words=words) if marked else ""
    )


# ---- the report on what was replaced for an item, and on what came back in answers


class RedactionReport(Record):
    replaced: tuple[tuple[Kind, int], ...] = ()
    """How many words of each kind were replaced, in the order of `labels.NAMES`. The words are not stored."""
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
        """Count the replacements in redacted texts. Raises KnownError store.*."""
        self.is_asked = True
        self.replaced |= self.veil.replaced_in(hidden)

    def add_answer(self, back: PutBack) -> None:
        self.put_back += back.count
        self.marked |= dict.fromkeys(back.text[start:end] for start, end in back.marked)

    def report(self) -> RedactionReport | None:
        """Return what was counted so far. None if the model was given no text."""
        if not self.is_asked:
            return None
        counts = Counter(self.replaced.values())
        return RedactionReport(
            tuple((kind, counts[kind]) for kind in NAMES if counts[kind]), self.put_back, tuple(self.marked)
        )
