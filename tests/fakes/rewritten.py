"""Documents listed and written again by a rewriter, with all units changed or some."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.rewriting.rewriters import LeftAsIs, Options, Rewriter, Rewriting, Unit, written_to


def pieces_of(rewriter: Rewriter, data: bytes, **options: object) -> list[Unit | LeftAsIs]:
    return list(rewriter(Rewriting(Reading("a", data=data), Options(**options))))


def texts(rewriter: Rewriter, data: bytes, **options: object) -> list[str]:
    return [unit.text for unit in pieces_of(rewriter, data, **options) if isinstance(unit, Unit)]


def left(rewriter: Rewriter, data: bytes, **options: object) -> list[tuple[str, str, str]]:
    """Kind, place and text of what is not translated."""
    return [
        (piece.kind, piece.place, piece.text)
        for piece in pieces_of(rewriter, data, **options)
        if isinstance(piece, LeftAsIs)
    ]


def written(
    rewriter: Rewriter,
    data: bytes,
    change: Callable[[str], str] | Mapping[str, str] = str.swapcase,
    refused: tuple[int, ...] = (),
    **options: object,
) -> bytes:
    """The document with all units changed, or those of a mapping; `refused` are the numbers of those that cannot be."""
    units = list(enumerate(texts(rewriter, data, **options)))
    if isinstance(change, Mapping):
        answers = {number: (text, change[text]) for number, text in units if text in change}
    else:
        answers = {number: (text, change(text)) for number, text in units}
    out = io.BytesIO()
    assert written_to(rewriter, Rewriting(Reading("a", data=data), Options(**options)), answers, out) == [*refused]
    return out.getvalue()
