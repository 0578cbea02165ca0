"""Looks words up in Hunspell dictionaries, on a thread of the app.

The library that reads them is Python, so it would keep the window's thread waiting while it works. It therefore rests
after every few milliseconds, and stops at once where it takes too long.
"""

from __future__ import annotations

import gc
import io
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel
from spylls.hunspell import Dictionary
from spylls.hunspell.algo.lookup import Lookup
from spylls.hunspell.algo.suggest import Suggest
from spylls.hunspell.readers import read_aff, read_dic
from spylls.hunspell.readers.file_reader import BaseReader

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import ServiceThread
from slmdesk.base.text.markup import MOST_LETTERS, parts_of, plain
from slmdesk.base.texts import _

SLICE_S, REST_S = 0.002, 0.001
"""Seconds of work after which the thread rests, and for how long. The window's thread has its turn meanwhile."""
WORD_S = 0.2
"""Most seconds for one word. Where words are joined to others, some would take minutes."""
SUGGESTING_S, ALIKE_S = 0.2, 0.08
"""Most seconds from the request for suggestions to their end, and how many of them are left for words that look alike.
What is not found until then is left out.
"""
MOST_BYTES = 64 << 20
"""Most bytes of each of the two files of a dictionary. The largest in use have a quarter of it."""
MOST_WORDS = 1_000_000
"""Most words of a dictionary. The largest in use have a third of it."""
MOST_OPEN = 2
"""Most dictionaries in memory, where each takes about 70 MB."""
LEAST_SUGGESTED, MOST_SUGGESTED = 3, 6
"""With fewer suggestions, words that only look alike are searched too."""
SHORT_WORD = 5
"""Letters of a word up to which a word that looks alike differs in one letter, else in two."""
WORDS_AT_ONCE = 5_000
"""Words of a dictionary that are compared between two rests."""
_COUNT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+")
"""Matches the beginning of a word list: how many words there are."""

T = TypeVar("T")


class TooLong(Exception): ...


class Stopped(Exception): ...


class Speller:
    """Dictionaries in memory, and the thread that looks words up in them until `close`. Called on the service thread.

    A request ends with a Problem `dictionary.damaged` or `dictionary.too_large` if the dictionary cannot be used.
    """

    def __init__(self, service_thread: ServiceThread) -> None:
        self._service_thread = service_thread
        self._pace = Pace()
        self.in_use: OrderedDict[Path, OpenDictionary] = OrderedDict()
        self._asked: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="spelling", daemon=True).start()

    def wrong(self, path: Path, words: Sequence[str]) -> Pending[frozenset[str]]:
        """Return the words that are not in the dictionary. A word that takes too long counts as right."""
        return self._ask(lambda: frozenset(word for word in words if not self._opened(path).has(word)))

    def suggestions(self, path: Path, word: str) -> Pending[tuple[str, ...]]:
        """Return up to MOST_SUGGESTED words that may have been meant, best first, after SUGGESTING_S at the latest.

        There are none if the dictionary is not open. It is opened then.
        """
        until = time.monotonic() + SUGGESTING_S

        def suggest() -> tuple[str, ...]:
            dictionary = self.in_use.get(path)
            return tuple(dictionary.suggest(word, until)) if dictionary else ()

        suggested = self._ask(suggest)
        self._ask(lambda: self._opened(path))
        return suggested

    def close(self) -> None:
        """End the thread within milliseconds. Requests that are open never end."""
        self._pace.is_stopped = True
        self._asked.put(None)

    def _ask(self, work: Callable[[], T]) -> Pending[T]:
        pending: Pending[T] = Pending()

        def run() -> None:
            result: T | Problem
            try:
                result = work()
            except Exception as err:
                if isinstance(err, Stopped):
                    raise
                result = problem_for(err)
            self._service_thread.post(lambda: pending.end(result))

        self._asked.put(run)
        return pending

    def _run(self) -> None:
        with suppress(Stopped):
            while work := self._asked.get():
                self._pace.begin()
                work()

    def _opened(self, path: Path) -> OpenDictionary:
        dictionary = self.in_use.pop(path, None) or read_dictionary(path, self._pace)
        self.in_use[path] = dictionary
        if len(self.in_use) > MOST_OPEN:
            self.in_use.popitem(last=False)
        return dictionary


class Pace:
    """Decides when the work rests and when it stops."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._rest_at = self._until = 0.0

    def begin(self) -> None:
        self._rest_at = time.monotonic() + SLICE_S

    @contextmanager
    def limited(self, until: float) -> Iterator[None]:
        """Raise TooLong from `check` after this time."""
        self._until = until
        try:
            yield
        finally:
            self._until = 0.0

    def check(self) -> None:
        """Rest if it is time to. Raises TooLong, and Stopped if nobody waits for the work any more."""
        now = time.monotonic()
        if self.is_stopped:
            raise Stopped
        if self._until and now > self._until:
            raise TooLong
        if now >= self._rest_at:
            time.sleep(REST_S)
            self.begin()


class PacedLookup(Lookup):  # type: ignore[misc]
    def __init__(self, aff: Any, words: Any, pace: Pace) -> None:
        super().__init__(aff, words)
        self._pace = pace

    def affix_forms(self, *asked: Any, **how: Any) -> Iterator[Any]:
        """Each part of each way to cut a word passes here."""
        self._pace.check()
        yield from super().affix_forms(*asked, **how)


class FileLines(BaseReader):  # type: ignore[misc]
    """The lines of a file that was read as a whole: the library's own reader leaves files open."""

    def __init__(self, data: bytes, pace: Pace, encoding: str = "cp1252") -> None:
        self._data, self._pace = data, pace
        super().__init__(self._opened(encoding))

    def __next__(self) -> Any:
        self._pace.check()
        return super().__next__()

    def reset_encoding(self, encoding: str) -> None:
        self.reset_io(self._opened(encoding))

    def _opened(self, encoding: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self._data), encoding=encoding, errors="surrogateescape")


class OpenDictionary:
    def __init__(self, path: Path, pace: Pace) -> None:
        """Read the dictionary, which takes about a second. Raises whatever the library raises for a wrong file."""
        self._pace = pace
        with _without_collector():
            aff, context = read_aff(FileLines(path.with_suffix(".aff").read_bytes(), pace))
            words = read_dic(FileLines(path.read_bytes(), pace, context.encoding), aff=aff, context=context)
            aff.MAXNGRAMSUGS, aff.PHONE = 0, None  # both look through all words in Python
            self._dictionary = Dictionary(aff, words)
            self._stems = list(self._suggested_stems())
        self._lookup = self._dictionary.lookuper = PacedLookup(aff, words, pace)
        self.suggester = self._dictionary.suggester = Suggest(aff, words, self._lookup)

    def has(self, word: str) -> bool:
        """Return whether the word, or each part beside its apostrophe, is known. A word that takes too long is."""
        try:
            with self._pace.limited(time.monotonic() + WORD_S):
                if self._lookup(plain(word)):
                    return True
                return "'" in plain(word) and all(map(self._lookup, parts_of(word)))
        except TooLong:
            return True

    def suggest(self, word: str, until: float) -> list[str]:
        """Return the words that were found until then, best first."""
        word = plain(word)
        suggestions: dict[str, None] = {}
        if len(word) > MOST_LETTERS:
            return []
        with suppress(TooLong), self._pace.limited(until - ALIKE_S):
            for suggestion in chain(self._listed(word), self.suggester(word)):
                if suggestion.isprintable():  # no half characters of another encoding
                    suggestions[suggestion] = None
                if len(suggestions) == MOST_SUGGESTED:
                    return list(suggestions)
        if len(suggestions) < LEAST_SUGGESTED:
            with suppress(TooLong), self._pace.limited(until):
                suggestions.update(dict.fromkeys(self._alike(word)))
        return list(suggestions)

    def _listed(self, word: str) -> Iterator[str]:
        """Yield words one letter away that stand in the list as they are, since these are found at once."""
        for variant in dict.fromkeys((word, word.lower())):
            for edit in self.suggester.edits(variant):
                self._pace.check()  # a dictionary may name very many letters to try
                text = getattr(edit, "text", "")
                if (
                    text
                    and text in self._dictionary.dic.index
                    and any(self._lookup.good_forms(text, capitalization=False, allow_nosuggest=False))
                ):
                    yield _as(word, text)

    def _alike(self, word: str) -> list[str]:
        """Return listed words that differ in one or two letters, the nearest first."""
        distances: dict[str, tuple[int, int]] = {}
        most = 1 if len(word) <= SHORT_WORD else 2
        for variant in dict.fromkeys((word, word.lower())):
            for at in range(0, len(self._stems), WORDS_AT_ONCE):
                self._pace.check()
                some = self._stems[at : at + WORDS_AT_ONCE]
                for stem, edits, _at in process.extract(
                    variant, some, scorer=OSA.distance, score_cutoff=most, limit=None
                ):
                    if stem.isprintable():
                        distances[_as(word, stem)] = edits, Indel.distance(variant, stem)
        return sorted(distances, key=distances.__getitem__)[:LEAST_SUGGESTED]

    def _suggested_stems(self) -> Iterator[str]:
        aff = self._dictionary.aff
        unwanted = {*filter(None, (aff.FORBIDDENWORD, aff.NOSUGGEST, aff.ONLYINCOMPOUND))}
        for word in self._dictionary.dic.words:
            self._pace.check()
            if not unwanted & word.flags:
                yield word.stem


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let Python's collector look neither now nor later at what is made here, a million objects that stay."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if is_on:
            gc.enable()


def _as(word: str, text: str) -> str:
    return text[:1].upper() + text[1:] if word[:1].isupper() else text


def read_dictionary(path: Path, pace: Pace) -> OpenDictionary:
    try:
        for file in (path, path.with_suffix(".aff")):
            if (size := file.stat().st_size) > MOST_BYTES:
                raise KnownError("dictionary.too_large", path=str(file), bytes=size, limit=MOST_BYTES)
        with path.open("rb") as stream:
            if not _COUNT.match(stream.readline(100)):
                raise KnownError("dictionary.damaged", path=str(path), reason=_("it is no list of words"))
            if sum(1 for line in stream if line.strip()) > MOST_WORDS:
                reason = _("it has more than {most_words:,} words").format(most_words=MOST_WORDS)
                raise KnownError("dictionary.damaged", path=str(path), reason=reason)
        return OpenDictionary(path, pace)
    except (KnownError, MemoryError, Stopped):
        raise
    except OSError as err:
        raise KnownError("dictionary.damaged", path=str(path), reason=err.strerror or type(err).__name__) from err
    except Exception as err:  # the library checks nothing: whatever it raises, the file is wrong
        raise KnownError("dictionary.damaged", path=str(path), reason=type(err).__name__) from err
