"""Which of a few languages a text is in.  For sentences: a word or two tell nothing, and are left undecided.

By py3langid, a naive Bayes model over byte sequences (Lui and Baldwin 2011, 2012).  Loading it takes some 0.4 s, at the
first question, so not on the window's thread.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
"""Codes of ISO 639-1 of the languages the exams ask in."""
LEAST_WORDS = 4
"""Below that a third of the answers were wrong on real messages; of the exams' pieces of four words 1 in 80 is."""
SURE = 0.8
"""Less than that is undecided: whole sentences of the eight languages reached 0.96 and more, those of a ninth 0.74."""

_ONE_BY_ONE = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""Letters that are written without spaces and count as a word each."""
_WORDS = re.compile(rf"{_ONE_BY_ONE}|(?:(?!{_ONE_BY_ONE})[^\W\d_])+")
_loading = threading.Lock()


def detect(text: str, among: Collection[str] = LANGUAGES) -> tuple[str | None, float]:
    """The code of the language a text is in, one of `among`, and how sure that is, 0..1.

    None when the text is too short or no language stands out; the second is then how sure the best guess would be.
    Any thread.  Raises ValueError for a code that is not known.
    """
    identifier = _identifier(frozenset(among))
    if len(_WORDS.findall(text)) < LEAST_WORDS:
        return None, 0.0
    code, sure = identifier.classify(text)
    return (code if sure >= SURE else None), sure


@cache
def _identifier(among: frozenset[str]) -> LanguageIdentifier:
    """One for each set of languages: `set_languages` changes what it is asked of."""
    found = copy.copy(_whole())
    found.set_languages(sorted(among))
    return found


def _whole() -> LanguageIdentifier:
    with _loading:
        return _load()


@cache
def _load() -> LanguageIdentifier:
    """The model, unpacked in memory: the library would do it in a temporary file, and a child may write none."""
    import io
    import lzma
    from array import array
    from zipfile import ZipFile

    from numpy.lib.format import read_array
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, ZipFile(io.BytesIO(packed.read())) as archive:
        data = {}
        for name in ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat"):
            with archive.open(f"{name}.npy") as part:
                data[name] = read_array(part, allow_pickle=False)
        tables = (data[name] for name in ("nextmove", "nextmove_row"))
        moves, rows = (array("HIL"[(2, 4, 8).index(one.dtype.itemsize)], one.tobytes()) for one in tables)
        classes, output = data["classes"].tolist(), data["out_feat"].tolist()
        return LanguageIdentifier(data["ptc"], data["pc"], classes, moves, output, norm_probs=True, tk_row=rows)
