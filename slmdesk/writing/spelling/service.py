"""The spelling service: finds words of a text that are in no dictionary, and suggests words that may have been meant.

The dictionaries are the system's, and only files that nobody but the administrator can write.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.sealing import SealBroken, seal, unseal
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.translation import DETECTED, NO_BLANKS, usual_language
from slmdesk.runtime.events import Noticed, Pending
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.runtime.service import Later, Runtime, Service, Slices, in_slices, pending_on_file_thread
from slmdesk.text.markup import word_spans
from slmdesk.text.sentences import SURE, detect
from slmdesk.writing.spelling.types import (
    Dictionary,
    Misspelled,
    SpellingChanged,
    SpellingRequest,
    SpellingState,
    Suggestions,
)

if TYPE_CHECKING:
    from slmdesk.writing.spelling.lookup import Speller

T = TypeVar("T")

LEAST_TOLD = 8
"""Fewest words of a paragraph whose language is detected. A shorter paragraph has the language of the text around."""
TELLING = 5_000
"""Characters of a text by which its language is told."""
WORDS_AT_ONCE = 20
"""Words that are looked up before a request for suggestions has its turn."""
MOST_KNOWN = 200_000
IDLE_S = 600.0
"""Seconds without a request after which the dictionaries are dropped from memory."""


class SpellingService(Service):
    def __init__(self, runtime: Runtime, keys: Callable[[], Sequence[bytes]] = lambda: (b"",)) -> None:
        super().__init__(runtime)
        self._own = OwnWords(runtime.paths.own_words, keys)
        with suppress(KnownError):  # reported when a text is checked
            self._own.words()  # read now, while the file has the key of the history
        self._speller: Speller | None = None
        self._found: tuple[Dictionary, ...] | None = None
        self._known: dict[Path, dict[str, bool]] = {}
        self._broken: set[Path] = set()
        self._said: set[str] = set()
        self._language, self._region = usual_language()
        """Language used for texts that are too short to detect one: the language detected last."""
        self._idle: Later | None = None
        self._settings_seen = _seen(runtime.settings.current)
        runtime.settings.listeners.append(self._on_settings)

    def check(self, request: SpellingRequest) -> Pending[Misspelled]:
        """Find the misspelled words.

        Nothing is found if there is no dictionary for a paragraph's language, or if the check is off in the settings.
        Ends with a Problem `dictionary.…` if a dictionary is broken. It is reported once and then ignored.
        """
        return in_slices(self._service_thread, self._checking(request))

    def suggest(self, request: SpellingRequest, word: str) -> Pending[Suggestions]:
        """Suggest words that may have been meant by a word of the first paragraph.

        What is not found within a fifth of a second is left out.
        """
        return in_slices(self._service_thread, self._suggesting(request, word))

    def unknown(self, words: Sequence[str], language: str) -> Pending[frozenset[str]]:
        """Return those of the words that are not in the dictionary of a language (ISO 639-1). None if it has none."""
        found: Pending[frozenset[str]] = Pending()
        asked = in_slices(self._service_thread, self._unknown(words, language))
        asked.then(lambda result: found.end(frozenset() if isinstance(result, Problem) else result))
        return found

    def state(self) -> Pending[SpellingState]:
        """Return the dictionaries in use and the person's own words.

        Ends with a Problem `file.unreadable`.
        """
        self._found = None
        return in_slices(self._service_thread, self._stating())

    def add_words(self, words: Collection[str]) -> None:
        """Add words to the person's own words. Raises KnownError `file.…`, `disk.full`; then nothing is added."""
        self._own.add(frozenset(words))
        self._publish(SpellingChanged())

    def remove_words(self, words: Collection[str]) -> None:
        """Remove words from the person's own words. Raises as `add_words` does."""
        self._own.remove(frozenset(words))
        self._publish(SpellingChanged())

    def reseal(self) -> None:
        """Write the person's own words again, encrypted with the current key of the history.

        Raises KnownError file.…
        """
        self._own.reseal()

    def close(self) -> None:
        """Stop what is being looked up, and drop the dictionaries from memory until they are needed again."""
        if self._speller:
            self._speller.close()
            self._speller = None

    # ---- checking

    def _checking(self, request: SpellingRequest) -> Slices[Misspelled]:
        if not self._settings.current.spelling:
            return ((),) * len(request.paragraphs)
        found = yield from self._dictionaries()
        if not found:
            return ((),) * len(request.paragraphs)
        around = self._told(request.around)
        asked: list[tuple[Dictionary | None, list[tuple[int, int]]]] = []
        words: dict[Dictionary, dict[str, None]] = {}
        for paragraph in request.paragraphs:
            spans = word_spans(paragraph, request.names)
            dictionary = self._dictionary_for(paragraph, len(spans), around, found) if spans else None
            asked.append((dictionary, spans))
            if dictionary:
                words.setdefault(dictionary, {}).update((paragraph[start:end], None) for start, end in spans)
            yield
        for dictionary, all_words in words.items():
            yield from self._look_up(dictionary, list(all_words))
        own = self._own_words()
        return tuple(
            tuple(span for span in spans if dictionary and self._is_wrong(dictionary, paragraph[slice(*span)], own))
            for paragraph, (dictionary, spans) in zip(request.paragraphs, asked, strict=True)
        )

    def _look_up(self, dictionary: Dictionary, words: list[str]) -> Slices[None]:
        known = self._known.setdefault(dictionary.path, {})
        if len(known) > MOST_KNOWN:
            known.clear()
        unknown = [word for word in words if word not in known]
        for at in range(0, len(unknown), WORDS_AT_ONCE):
            some = unknown[at : at + WORDS_AT_ONCE]
            wrong = yield self._wrong(dictionary, some)
            known.update((word, word not in wrong) for word in some)

    def _unknown(self, words: Sequence[str], language: str) -> Slices[frozenset[str]]:
        dictionary = chosen_for(language, (yield from self._dictionaries()), region=self._region)
        if dictionary is None or dictionary.path in self._broken or not self._settings.current.spelling:
            return frozenset()
        yield from self._look_up(dictionary, list(words))
        wrong = [word for word in words if self._is_wrong(dictionary, word, self._own_words())]
        joined = {word: [f"{word[:at]}-{word[at:]}" for at in range(4, len(word) - 3)] for word in wrong}
        yield from self._look_up(dictionary, [form for forms in joined.values() for form in forms])
        known = self._known[dictionary.path]
        return frozenset(word for word, forms in joined.items() if not any(known.get(form) for form in forms))

    def _is_wrong(self, dictionary: Dictionary, word: str, own: OwnWords | None) -> bool:
        is_known = self._known[dictionary.path].get(word, True)  # another check may just have emptied the cache
        return not is_known and not (own and own.has(word))

    def _suggesting(self, request: SpellingRequest, word: str) -> Slices[Suggestions]:
        found = yield from self._dictionaries()
        paragraph = request.paragraphs[0]
        spans = word_spans(paragraph, request.names)
        dictionary = self._dictionary_for(paragraph, len(spans), self._told(request.around), found)
        if dictionary is None:
            return Suggestions(word, ())
        words = yield self._asked(dictionary, lambda speller: speller.suggestions(dictionary.path, word))
        return Suggestions(word, words)

    # ---- which dictionary

    def _dictionaries(self) -> Slices[tuple[Dictionary, ...]]:
        if self._found is None:
            self._found = yield pending_on_file_thread(self._service_thread, find_dictionaries, name="dictionaries")
        return self._found

    def _told(self, text: str) -> str:
        found = detect(text[:TELLING], DETECTED)[0]
        if found:
            self._language = found
        return self._language

    def _dictionary_for(
        self, paragraph: str, words: int, around: str, found: tuple[Dictionary, ...]
    ) -> Dictionary | None:
        fixed = self._settings.current.spelling_language
        language = around
        if words >= LEAST_TOLD and not fixed:
            told, sure = detect(paragraph[:TELLING], DETECTED)
            language = told if told and sure >= SURE else around
        dictionary = chosen_for(language, found, fixed, self._region)
        is_left_alone = dictionary is None or dictionary.path in self._broken
        return None if is_left_alone or (not fixed and language in NO_BLANKS) else dictionary

    # ---- the dictionaries in memory

    def _wrong(self, dictionary: Dictionary, words: Sequence[str]) -> Pending[frozenset[str]]:
        return self._asked(dictionary, lambda speller: speller.wrong(dictionary.path, words))

    def _asked(self, dictionary: Dictionary, ask: Callable[[Speller], Pending[T]]) -> Pending[T]:
        from slmdesk.writing.spelling.lookup import Speller

        if self._speller is None:
            self._speller = Speller(self._service_thread)
        if self._idle:
            self._idle.cancel()
        self._idle = self._service_thread.call_later(IDLE_S, self.close)
        return ask(self._speller).then(partial(self._note, dictionary))

    def _note(self, dictionary: Dictionary, result: object) -> None:
        if isinstance(result, Problem) and dictionary.path not in self._broken:
            self._broken.add(dictionary.path)
            self._publish(Noticed(result))

    # ---- settings and own words

    def _stating(self) -> Slices[SpellingState]:
        found = yield from self._dictionaries()
        return SpellingState(found, tuple(sorted(self._own.words())))

    def _own_words(self) -> OwnWords | None:
        """Return the person's own words. If the file cannot be read, show a notice and return None."""
        try:
            self._own.words()
        except KnownError as err:
            if err.code not in self._said:
                self._said.add(err.code)
                self._publish(Noticed(problem_for(err)))
            return None
        return self._own

    def _on_settings(self, settings: Settings) -> None:
        seen = _seen(settings)
        if seen != self._settings_seen:
            self._settings_seen, self._found = seen, None
            self._broken.clear()
            self.close()
            self._publish(SpellingChanged())


def _seen(settings: Settings) -> tuple[bool, str]:
    return settings.spelling, settings.spelling_language


# ---- finds the Hunspell dictionaries of the system
#
# Searches where systems and LibreOffice keep them. Pure except for reading folders.


_CODE = re.compile(r"([a-z]{2,3})(?:[_-]([A-Za-z]{2}))?(?=$|[_.@-])")
MOST_FOUND = 200
"""Most dictionaries that are read from one folder. A folder with more is not searched further."""
ADMINISTRATOR = 0
"""The user whose files are read. On Windows, files belong to this number, whoever owns them."""


def find_dictionaries() -> tuple[Dictionary, ...]:
    """Return the dictionaries of the system, sorted by code. If several have the same code, the first one is used.

    Reads folders, so do not call it on the window's thread.
    """
    found: dict[str, Dictionary] = {}
    for path in _lists_in(system_folders()):
        code = code_of(path.stem)
        found.setdefault(code, Dictionary(code, path))
    return tuple(found[code] for code in sorted(found))


def chosen_for(language: str, found: Iterable[Dictionary], fixed: str = "", region: str = "") -> Dictionary | None:
    """Return the dictionary for a text in this language (ISO 639-1, or "" if it is unknown).

    `fixed` is the code of a dictionary that is used for all texts. If a language has several dictionaries, the one for
    `region` ("GB") is used, else the one for the language's own region ("de_DE"), else the first.
    """
    found = tuple(found)
    if fixed:
        return next((dictionary for dictionary in found if dictionary.code == fixed), None)
    known = [dictionary for dictionary in found if language and dictionary.language == language]
    wanted = [f"{language}_{end}" for end in (region, language.upper(), "US")]
    return min(
        known,
        key=lambda dictionary: wanted.index(dictionary.code) if dictionary.code in wanted else len(wanted),
        default=None,
    )


def code_of(stem: str) -> str:
    """Return the language and region in a file's name: "de_DE" of "de_DE_frami", "fr" of "fr-classique"."""
    found = _CODE.match(stem)
    if not found:
        return stem
    language, region = found.groups()
    return f"{language}_{region.upper()}" if region else language


def system_folders(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Iterator[Path]:
    if platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
            if folder := environment.get(variable):
                yield from _inside(Path(folder) / "LibreOffice/share/extensions", "dict-*")
    elif platform == "darwin":
        yield Path("/Library/Spelling")
        yield from _inside(Path("/Applications/LibreOffice.app/Contents/Resources/extensions"), "dict-*")
    else:
        shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        for data in map(Path, shared.split(":")):
            yield from (data / "hunspell", data / "myspell/dicts", data / "myspell")
        system = (Path("/usr/lib/libreoffice"), Path("/usr/lib64/libreoffice"))
        for office in (*system, *_inside(Path("/opt"), "libreoffice*")):
            yield from _inside(office / "share/extensions", "dict-*")


def _inside(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_dir())
    except OSError:
        return []


def _lists_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the word lists that have a file of word forms beside them. Lists for hyphenation have none."""
    for folder in folders:
        try:
            for path in sorted(folder.glob("*.dic"))[:MOST_FOUND]:
                if _is_of_system(path) and _is_of_system(path.with_suffix(".aff")):
                    yield path
        except OSError:
            continue


def _is_of_system(path: Path) -> bool:
    """Return whether this is a file that only the administrator can write."""
    try:
        about = path.stat()
    except OSError:
        return False
    is_open_to_others = sys.platform != "win32" and about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(about.st_mode) and about.st_uid == ADMINISTRATOR and not is_open_to_others


# ---- the person's own words
#
# The words are in a plain text file, one word a line, which may be edited by hand. If the history is encrypted, the
# file is encrypted too. A file that is still plain, or has an earlier key, is encrypted again when it is read.


MOST_BYTES = 4 << 20
MOST_LETTERS = 200
_MARK = b"SLMDESK WORDS 1\n"


class OwnWords:
    """The person's own words, stored in a file that is read again when it has changed. Service thread."""

    def __init__(self, path: Path, keys: Callable[[], Sequence[bytes]] = lambda: (b"",)) -> None:
        """Use the file at `path`.

        `keys` returns the current 32-byte key, which is empty while the history is not encrypted, and then the earlier
        keys that may still open the file.
        """
        self._path, self._keys = path, keys
        self._seen: tuple[int, int] | None = None
        self._words: frozenset[str] = frozenset()
        self._is_current = True
        """Whether the file is encrypted with the current key, or plain if there is none."""

    def words(self) -> frozenset[str]:
        """Return all words. Raises KnownError `file.unreadable`."""
        try:
            about = self._path.stat()
            if (seen := (about.st_mtime_ns, about.st_size)) != self._seen:
                self._words, self._seen = self._read(about.st_size), seen
                if not self._is_current:
                    with suppress(KnownError):  # the next reading tries again
                        self._write(self._words)
        except FileNotFoundError:
            self._words, self._seen = frozenset(), None
        except (OSError, ValueError) as err:
            reason = getattr(err, "strerror", None) or _("it is no text in UTF-8")
            raise KnownError("file.unreadable", path=str(self._path), reason=reason) from err
        return self._words

    def has(self, word: str) -> bool:
        """Return whether a word is included, also if it is capitalised at the beginning of a sentence."""
        return word in self._words or (word[:1].isupper() and word[:1].lower() + word[1:] in self._words)

    def add(self, words: frozenset[str]) -> None:
        """Add words. Raises KnownError `file.…`, `disk.full`; then the file stays unchanged."""
        self._write(self.words() | words)

    def remove(self, words: frozenset[str]) -> None:
        """Remove words. Raises as `add` does."""
        self._write(self.words() - words)

    def reseal(self) -> None:
        """Write the file again with the current key of the history, or plain if there is none, unless it is so already.

        Raises KnownError file.…, `disk.full`
        """
        self._seen = None
        words = self.words()
        if not self._is_current:
            self._write(words)

    def _read(self, size: int) -> frozenset[str]:
        if size > MOST_BYTES:
            raise KnownError("file.unreadable", path=str(self._path), reason=_("it is too large for a list of words"))
        untrusted, (key, *former) = self._path.read_bytes(), self._keys()
        opened_by = b""
        if untrusted.startswith(_MARK):
            opened_by, untrusted = self._opened(untrusted.removeprefix(_MARK), (key, *former))
        lines = untrusted.decode("utf-8-sig").splitlines()
        words = frozenset(word for line in lines if (word := line.strip()) and len(word) <= MOST_LETTERS)
        self._is_current = opened_by == key
        return words

    def _opened(self, sealed: bytes, keys: Sequence[bytes]) -> tuple[bytes, bytes]:
        for key in filter(None, keys):
            with suppress(SealBroken):
                return key, unseal(key, sealed, _MARK)
        raise KnownError("file.unreadable", path=str(self._path), reason=_("it is sealed otherwise"))

    def _write(self, words: frozenset[str]) -> None:
        data, key = "".join(f"{word}\n" for word in sorted(words)).encode(), self._keys()[0]
        write_atomically(self._path, _MARK + seal(key, data, _MARK) if key else data)
        self._words, self._seen, self._is_current = words, None, True
