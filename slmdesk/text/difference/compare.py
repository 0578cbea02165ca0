"""Compares two versions of a document: passages added, removed, changed and moved.  Pure; any thread.

Blocks that both have anchor the comparison (see `alignment`); what lies between is compared by sentences, and changed
sentences by words.  A sentence's counterpart is the one with most words in common (Dice 1945, rarer words counting
more), as far as the order allows; what is elsewhere unchanged, or nearly so, was moved.  The two versions are put
into a fixed order first, so that comparing them the other way round shows the same changes reversed.
"""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.documents import Page
from slmdesk.text.difference.clauses import clauses_of
from slmdesk.text.difference.matching import Matcher, Yield, order_key
from slmdesk.text.difference.parts import units_of
from slmdesk.text.difference.presentation import ChangeBuilder, in_order, moved_together
from slmdesk.text.difference.types import Difference


def difference(
    old: Sequence[Page], new: Sequence[Page], *, language: str = "", checkpoint: Yield = lambda: None
) -> Difference:
    """Compare two documents by their pages.

    `language` is a code of ISO 639-1, for finding the ends of sentences.  `checkpoint` is called often: it may raise to
    stop, or wait to let others work.
    """
    before, after = units_of(old), units_of(new)
    swapped = order_key(before) > order_key(after)
    work = Matcher(old, new, before, after, language, checkpoint) if not swapped else Matcher(
        new, old, after, before, language, checkpoint
    )  # fmt: skip
    events = [one.turned() for one in work.run()] if swapped else work.run()
    clauses = clauses_of(before), clauses_of(after)
    return ChangeBuilder(in_order(moved_together(events)), clauses, language, checkpoint).build()
