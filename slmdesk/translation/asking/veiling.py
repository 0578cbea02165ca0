"""What of a segment a model is asked: the segment itself, or, where it is redacted, with substitutes; and the way back.

Service thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slmdesk.base.record import Record, changed
from slmdesk.base.translation import SegmentFlag, Term
from slmdesk.redaction.service import Veil
from slmdesk.text.terms.matching import terms_in
from slmdesk.text.translation.tagged import Tags, plain

if TYPE_CHECKING:
    from slmdesk.text.redaction.returning import Lost, Veiled
    from slmdesk.text.translation.answer import Cleaned  # with all checks of text: only who translates waits for them

REDACTION = "redaction"
"""Kind of the flags for substitutes that did not come back whole, and the reason where nothing could be asked."""


class AskedText(Record):
    text: str
    terms: tuple[Term, ...] = ()
    """Of the glossary that occur in it."""
    hint: str = ""
    veiled: Veiled | None = None

    def back(self, found: Cleaned) -> Cleaned:
        """What the model made of it, with the originals, and flags for what did not come back whole."""
        if self.veiled is None or not found.target:
            return found
        made = self.veiled.back(found.target)
        moved = ((made.moved(start, end), least) for start, end, least in found.doubts)
        doubts = tuple((*place, least) for place, least in moved if place is not None)
        unsure = (changed(one, text=self.veiled.words(one.text)) for one in found.flags)
        return changed(found, target=made.text, doubts=doubts, flags=(*map(_flag, made.lost), *unsure))


def asked_about(
    source: str, tags: Tags, language: str, terms: Sequence[Term], veil: Veil | None = None, hint: str = ""
) -> AskedText:
    """What the model is asked about a segment; `terms`: of the glossaries, `hint`: of a person for this time.

    Raises KnownError redaction.* where it cannot be redacted so that the originals can be put back, store.*.
    """
    if veil is None:
        return AskedText(source, terms_in(plain(source, tags), terms, language), hint)
    (veiled,) = veil.over([source], tags=[tags], language=language)
    used = terms_in(plain(veiled.text, tags), terms, language)
    others = [*(one.target for one in used), hint]
    if not any(others):
        return AskedText(veiled.text, used, "", veiled)
    veiled, *more = veil.over([source, *others], tags=[tags], language=language)
    targets = [one.text for one in more[:-1]]
    hidden = (changed(term, target=target) for term, target in zip(used, targets, strict=True))
    return AskedText(veiled.text, tuple(hidden), more[-1].text, veiled)


def _flag(lost: Lost) -> SegmentFlag:
    from slmdesk.text.redaction.returning import Loss

    details = {Loss.MISSING: "missing", Loss.CHANGED: "added", Loss.FORMAT: "format", Loss.ENDING: lost.words}
    return SegmentFlag(REDACTION, lost.original or lost.words, details[lost.loss])
