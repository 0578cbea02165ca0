"""Looks words up in Hunspell dictionaries, which are foreign files like any other."""

from __future__ import annotations

import gc
import io
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

from spylls.hunspell import Dictionary
from spylls.hunspell.algo.lookup import Lookup
from spylls.hunspell.algo.ngram_suggest import ngram_suggest
from spylls.hunspell.algo.suggest import Suggest
from spylls.hunspell.readers import read_aff, read_dic
from spylls.hunspell.readers.file_reader import BaseReader

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Progress
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.children.tasks.job import Job, Task, text_of, texts_of
from slmdesk.text.markup import MOST_LETTERS, parts_of, plain

MOST_BYTES = 64 << 20
"""Of each of the two files; the largest in use have a quarter of it."""
MOST_WORDS = 1_000_000
"""Of a dictionary; the largest in use have a third of it.  So many take some ten seconds and 800 MB."""
MOST_OPEN = 2
"""Dictionaries kept in memory, where each takes some 100 MB."""
LEAST_SUGGESTED, MOST_SUGGESTED = 3, 6
"""With fewer, words that only look alike are sought too."""
PROGRESS_EVERY = 50
WORD_S, SUGGESTING_S = 0.5, 1.0
"""Longer is not tried: where words are joined to others, some would take minutes."""
_COUNT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+")
"""What a list of words begins with: how many there are."""


class TooLong(Exception): ...


class TimedLookup(Lookup):  # type: ignore[misc]
    """Looks words up for as long as `limited` allows, on each thread of its own.  Raises TooLong after that."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._limits = threading.local()

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        self._limits.until = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._limits.until

    def check(self) -> None:
        if time.monotonic() > getattr(self._limits, "until", float("inf")):
            raise TooLong

    def affix_forms(self, *asked: Any, **how: Any) -> Iterator[Any]:
        """Every part of every way to cut a word comes by here."""
        self.check()
        yield from super().affix_forms(*asked, **how)


class FileLines(BaseReader):  # type: ignore[misc]
    """The lines of a file that was read whole: the library's own reader leaves files open."""

    def __init__(self, data: bytes, encoding: str = "cp1252") -> None:
        self._data = data
        super().__init__(self._opened(encoding))

    def reset_encoding(self, encoding: str) -> None:
        self.reset_io(self._opened(encoding))

    def _opened(self, encoding: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self._data), encoding=encoding, errors="surrogateescape")


class OpenDictionary:
    """A dictionary in memory.  Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Takes seconds.  Raises what the library stumbles over in a file that is no dictionary."""
        gc.disable()  # it would look through all words again and again: half of the time
        try:
            aff, context = read_aff(FileLines(path.with_suffix(".aff").read_bytes()))
            words = read_dic(FileLines(path.read_bytes(), context.encoding), aff=aff, context=context)
            self._dictionary = Dictionary(aff, words)
        finally:
            gc.enable()
        self._alike = aff.MAXNGRAMSUGS
        aff.MAXNGRAMSUGS, aff.PHONE = 0, None  # both look through all words, so not before all else
        self._lookup = self._dictionary.lookuper = TimedLookup(aff, words)
        self._suggest = self._dictionary.suggester = Suggest(aff, words, self._lookup)

    def has(self, word: str) -> bool:
        """Whether a word, or each part beside its apostrophe, is known.  A word that takes too long counts as known."""
        try:
            with self._lookup.limited(WORD_S):
                if self._lookup(plain(word)):
                    return True
                return "'" in plain(word) and all(map(self._lookup, parts_of(word)))
        except TooLong:
            return True

    def suggest(self, word: str) -> list[str]:
        """Words that may have been meant, best first.  Takes up to some seconds."""
        word = plain(word)
        found: dict[str, None] = {}
        with suppress(TooLong), self._lookup.limited(SUGGESTING_S):
            for suggestion in chain(self._listed(word), self._suggest(word)):
                if suggestion.isprintable():  # no half characters of another encoding
                    found[suggestion] = None
                if len(found) == MOST_SUGGESTED:
                    return list(found)
        if len(found) < LEAST_SUGGESTED:
            found.update(dict.fromkeys(islice(self._similar(word, found), self._alike)))
        return list(found)

    def _listed(self, word: str) -> Iterator[str]:
        """Words a letter away that stand in the list as they are: these are found at once."""
        for variant in dict.fromkeys((word, word.lower())):
            for edit in self._suggest.edits(variant):
                self._lookup.check()  # a dictionary may name letters to try without end
                text = getattr(edit, "text", "")
                if (
                    text
                    and text in self._dictionary.dic.index
                    and any(self._lookup.good_forms(text, capitalization=False, allow_nosuggest=False))
                ):
                    yield _as(word, text)

    def _similar(self, word: str, known: Collection[str]) -> Iterator[str]:
        aff = self._dictionary.aff
        similar = ngram_suggest(
            word.lower(), dictionary_words=self._suggest.words_for_ngram, prefixes=aff.PFX, suffixes=aff.SFX,
            known={own.lower() for own in known}, maxdiff=aff.MAXDIFF, onlymaxdiff=aff.ONLYMAXDIFF, has_phonetic=False,
        )  # fmt: skip
        return (_as(word, suggestion) for suggestion in similar if suggestion.isprintable())


class Speller:
    """The dictionaries that are open, the last used last.  Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[str, OpenDictionary] = OrderedDict()

    def opened(self, path: str) -> OpenDictionary:
        """The dictionary with this list of words; takes seconds the first time.

        Raises KnownError `dictionary.damaged` or `dictionary.too_large`.
        """
        with self._lock:
            found = self._open.pop(path, None) or _read(Path(path))
            self._open[path] = found
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return found


def spelling(job: Job, speller: Speller) -> Task:
    """Payload {dictionary: path of the list, words: […]}.  Result {wrong: […]}: those it does not have.

    A word that takes too long to look up counts as known.
    """
    words = [word for word in texts_of(job.payload.get("words"), "words") if len(word) <= MOST_LETTERS]
    dictionary = speller.opened(text_of(job, "dictionary"))
    wrong: list[Json] = []
    for number, word in enumerate(words):
        job.check()
        if number % PROGRESS_EVERY == 0:
            yield Progress(job.id, number, len(words), "word")
        if not dictionary.has(word):
            wrong.append(word)
    return {"wrong": wrong}


def suggestions(job: Job, speller: Speller) -> Task:
    """Payload {dictionary, word}.  Result {words: […]}: up to MOST_SUGGESTED that may have been meant, best first."""
    word = text_of(job, "word")
    dictionary = speller.opened(text_of(job, "dictionary"))
    yield Progress(job.id, 0, 1, "word")
    return {"words": list[Json](dictionary.suggest(word) if len(word) <= MOST_LETTERS else ())}


def _as(word: str, text: str) -> str:
    return text[:1].upper() + text[1:] if word[:1].isupper() else text


def _read(path: Path) -> OpenDictionary:
    try:
        for other_path in (path, path.with_suffix(".aff")):
            if not other_path.is_file():
                raise KnownError(
                    "dictionary.damaged", path=str(path), reason=_("{name} is not there").format(name=other_path.name)
                )
            if (size := other_path.stat().st_size) > MOST_BYTES:
                raise KnownError("dictionary.too_large", path=str(other_path), bytes=size, limit=MOST_BYTES)
        with path.open("rb") as stream:
            if not _COUNT.match(stream.readline(100)):
                raise KnownError("dictionary.damaged", path=str(path), reason=_("it is no list of words"))
            if sum(1 for line in stream if line.strip()) > MOST_WORDS:
                raise KnownError(
                    "dictionary.damaged",
                    path=str(path),
                    reason=_("it has more than {most_words:,} words").format(most_words=MOST_WORDS),
                )
        return OpenDictionary(path)
    except (KnownError, MemoryError):
        raise
    except OSError as err:
        raise KnownError("dictionary.damaged", path=str(path), reason=err.strerror or type(err).__name__) from err
    except Exception as err:  # the library checks nothing: whatever it stumbles over, the file is wrong
        raise KnownError("dictionary.damaged", path=str(path), reason=type(err).__name__) from err
