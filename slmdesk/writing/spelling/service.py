"""The spelling service: finds words of a text that are in no dictionary, and suggests words that may have been meant.

Dictionaries come from elsewhere and are slow to read. A child process reads them, so that a broken one does no harm and
the window never waits.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, stored_list
from slmdesk.base.sealing import SealBroken, seal, unseal
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES, NO_BLANKS, usual_language
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.children.reach import AllowedPaths
from slmdesk.runtime.events import Noticed, Pending
from slmdesk.runtime.messages import Problem, problem_for, problem_of
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

LEAST_TOLD = 8
"""Fewest words of a paragraph whose language is detected. A shorter paragraph has the language of the text around."""
TELLING = 5_000
"""Characters of a text by which its language is told."""
WORDS_AT_ONCE = 500
MOST_KNOWN = 200_000
IDLE_S = 600.0
"""Seconds without a request after which the process with the dictionaries ends."""
MOST_DEATHS = 2
"""Most crashes of the process over one dictionary. After these, the dictionary is not tried again."""
OFFERED = tuple(sorted(set(LANGUAGES) - {"sr"}))
"""Languages that are detected. Serbian is not, because it is mistaken for Croatian or Bulgarian."""


class SpellingService(Service):
    """Service that checks spelling in a process of its own. Service thread."""

    def __init__(
        self, runtime: Runtime, speller: ChildClient, keys: Callable[[], Sequence[bytes]] = lambda: (b"",)
    ) -> None:
        super().__init__(runtime)
        self._speller = speller
        self._own = OwnWords(runtime.paths.own_words, keys)
        with suppress(KnownError):  # reported when a text is checked
            self._own.words()  # read now, while the file has the key of the history
        self._found: tuple[Dictionary, ...] | None = None
        self._known: dict[Path, dict[str, bool]] = {}
        self._deaths: dict[Path, int] = {}
        self._said: set[str] = set()
        self._language, self._region = usual_language()
        """Language used for texts that are too short to detect one: the language detected last."""
        self._idle: Later | None = None
        self._settings_seen = _seen(runtime.settings.current)
        runtime.settings.listeners.append(self._on_settings)

    def check(self, request: SpellingRequest) -> Pending[Misspelled]:
        """Find the misspelled words.

        Nothing is found if there is no dictionary for a paragraph's language, or if the check is off in the settings.
        Ends with a Problem of the process if it crashed over a dictionary. A broken dictionary is reported once
        (`dictionary.…`) and then ignored.
        """
        return in_slices(self._service_thread, self._checking(request))

    def suggest(self, request: SpellingRequest, word: str) -> Pending[Suggestions]:
        """Suggest words that may have been meant by a word of the first paragraph.

        Takes up to some seconds.
        """
        return in_slices(self._service_thread, self._suggesting(request, word))

    def state(self) -> Pending[SpellingState]:
        """Return the dictionaries in use and the person's own words.

        Ends with a Problem `file.unreadable`.
        """
        self._found = None
        return in_slices(self._service_thread, self._stating())

    def choose(self, place: str) -> Pending[None]:
        """Use the dictionaries in a folder, or one dictionary file. "" means the dictionaries of the system.

        Ends with a Problem `dictionary.none` if there is no dictionary, or `setting.…`; then nothing is changed.
        """
        return in_slices(self._service_thread, self._choosing(place))

    def add_words(self, words: Collection[str]) -> None:
        """Add words to the person's own words. Raises KnownError `file.…`, `disk.full`; then nothing is added."""
        self._own.add(frozenset(words))
        self._publish(SpellingChanged())

    def remove_words(self, words: Collection[str]) -> None:
        """Remove words from the person's own words. Raises as `add_words` does."""
        self._own.remove(frozenset(words))
        self._publish(SpellingChanged())

    # ---- checking

    def reseal(self) -> None:
        """Write the person's own words again, encrypted with the current key of the history.

        Raises KnownError file.…
        """
        self._own.reseal()

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
            result = yield self._ask("spelling", dictionary, words=some)
            wrong = set(_texts(result, "wrong"))
            known.update((word, word not in wrong) for word in some)

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
        result = yield self._ask("suggestions", dictionary, word=word)
        return Suggestions(word, tuple(_texts(result, "words")))

    # ---- which dictionary

    def _dictionaries(self) -> Slices[tuple[Dictionary, ...]]:
        if self._found is None:
            place = self._settings.current.spelling_place
            looked = yield pending_on_file_thread(
                self._service_thread, lambda: find_dictionaries(place), name="dictionaries"
            )
            self._found = looked
            self._let_open(looked)
        return self._found

    def _let_open(self, found: tuple[Dictionary, ...]) -> None:
        """Allow the process to open only these dictionaries. A process started with others is replaced."""
        folders = tuple(sorted({str(dictionary.path.parent) for dictionary in found}))
        self._speller.may_open(AllowedPaths(folders))
        if not self._speller.can_open(folders):
            self._speller.renew()

    def _told(self, text: str) -> str:
        found = detect(text[:TELLING], OFFERED)[0]
        if found:
            self._language = found
        return self._language

    def _dictionary_for(
        self, paragraph: str, words: int, around: str, found: tuple[Dictionary, ...]
    ) -> Dictionary | None:
        fixed = self._settings.current.spelling_language
        language = around
        if words >= LEAST_TOLD and not fixed:
            told, sure = detect(paragraph[:TELLING], OFFERED)
            language = told if told and sure >= SURE else around
        dictionary = chosen_for(language, found, fixed, self._region)
        is_left_alone = dictionary is None or self._deaths.get(dictionary.path, 0) >= MOST_DEATHS
        return None if is_left_alone or (not fixed and language in NO_BLANKS) else dictionary

    # ---- the child

    def _ask(self, kind: str, dictionary: Dictionary, **asked: Json) -> Pending[Mapping[str, Json]]:
        pending: Pending[Mapping[str, Json]] = Pending()

        def finish(event: Done | Failed | Cancelled) -> None:
            if isinstance(event, Done):
                pending.end(event.result)
            elif isinstance(event, Failed):
                pending.end(self._failed(dictionary, event))
            else:  # the child was replaced
                pending.end(problem_for(KnownError("child.died", how="ended", detail="")))

        def on_event(event: FromChild) -> None:  # on a thread of the client
            if isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: finish(event))

        self._speller.start(kind, {"dictionary": str(dictionary.path), **asked}, on_event)
        if self._idle:
            self._idle.cancel()
        self._idle = self._service_thread.call_later(IDLE_S, self._speller.renew)
        return pending

    def _failed(self, dictionary: Dictionary, event: Failed) -> Problem:
        is_broken = event.code.startswith("dictionary.")
        deaths = self._deaths[dictionary.path] = MOST_DEATHS if is_broken else self._deaths.get(dictionary.path, 0) + 1
        problem = problem_of(event.code, event.args)
        if deaths == MOST_DEATHS:
            if not is_broken:
                why = _("it takes too long") if event.code == "child.hung" else _("the process that reads it ended")
                problem = problem_for(KnownError("dictionary.damaged", path=str(dictionary.path), reason=why))
            self._publish(Noticed(problem))
        return problem

    # ---- settings and own words

    def _stating(self) -> Slices[SpellingState]:
        found = yield from self._dictionaries()
        return SpellingState(found, tuple(sorted(self._own.words())), self._settings.current.spelling_place)

    def _choosing(self, place: str) -> Slices[None]:
        found = yield pending_on_file_thread(
            self._service_thread, lambda: find_dictionaries(place), name="dictionaries"
        )
        if place and not found:
            raise KnownError("dictionary.none", path=place)
        self._settings.change(spelling_place=place, spelling_language="")

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
            self._deaths.clear()
            self._publish(SpellingChanged())


def _seen(settings: Settings) -> tuple[bool, str, str]:
    return settings.spelling, settings.spelling_language, settings.spelling_place


def _texts(untrusted: Mapping[str, Json], name: str) -> list[str]:
    return stored_list(str, untrusted.get(name))


# ---- finds Hunspell dictionaries
#
# Searches where systems and LibreOffice keep dictionaries, or a place that a person chose. Pure except for reading
# folders.


_CODE = re.compile(r"([a-z]{2,3})(?:[_-]([A-Za-z]{2}))?(?=$|[_.@-])")
MOST_FOUND = 200
"""Most dictionaries that are read from one folder. A folder with more is not searched further."""


def find_dictionaries(place: str = "") -> tuple[Dictionary, ...]:
    """Return the dictionaries of the system, or those of the folder or `.dic` or `.aff` file at `place`, sorted by
    code.

    If several have the same code, the first one found is used. Reads folders, so do not call it on the window's thread.
    """
    found: dict[str, Dictionary] = {}
    for path in _lists_at(Path(place)) if place else _lists_in(usual_folders()):
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
    if not known:  # no language in the name: the person chose this file for all texts
        return found[0] if len(found) == 1 and not found[0].language else None
    wanted = [f"{language}_{end}" for end in (region, language.upper(), "US")]
    return min(
        known, key=lambda dictionary: wanted.index(dictionary.code) if dictionary.code in wanted else len(wanted)
    )


def code_of(stem: str) -> str:
    """Return the language and region in a file's name: "de_DE" of "de_DE_frami", "fr" of "fr-classique"."""
    found = _CODE.match(stem)
    if not found:
        return stem
    language, region = found.groups()
    return f"{language}_{region.upper()}" if region else language


def usual_folders(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Iterator[Path]:
    home = Path.home()
    yield from (Path(path) for path in environment.get("DICPATH", "").split(os.pathsep) if Path(path).is_absolute())
    if platform == "win32":
        office = Path(environment.get("APPDATA", home)) / "LibreOffice/4"
        yield from _extensions(office)
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
            if folder := environment.get(variable):
                yield from _inside(Path(folder) / "LibreOffice/share/extensions", "dict-*")
    elif platform == "darwin":
        yield home / "Library/Spelling"
        yield from _extensions(home / "Library/Application Support/LibreOffice/4")
        yield Path("/Library/Spelling")
        yield from _inside(Path("/Applications/LibreOffice.app/Contents/Resources/extensions"), "dict-*")
    else:
        shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        own = environment.get("XDG_DATA_HOME") or str(home / ".local/share")
        for data in map(Path, (own, *shared.split(":"))):
            yield from (data / "hunspell", data / "myspell/dicts", data / "myspell")
        yield from _extensions(Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "libreoffice/4")
        system = (Path("/usr/lib/libreoffice"), Path("/usr/lib64/libreoffice"))
        for office in (*system, *_inside(Path("/opt"), "libreoffice*")):
            yield from _inside(office / "share/extensions", "dict-*")


def _extensions(office: Path) -> Iterator[Path]:
    packages = office / "user/uno_packages/cache/uno_packages"
    for folder in _inside(packages, "*/*.oxt"):
        yield folder
        yield from _inside(folder, "*")


def _inside(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_dir())
    except OSError:
        return []


def _lists_at(place: Path) -> Iterator[Path]:
    """Yield the word lists in a chosen folder and in its direct subfolders. Dictionaries often have a folder each."""
    if place.is_dir():
        yield from _lists_in((place, *_inside(place, "*")[:MOST_FOUND]))
    else:
        yield from _pairs((place.with_suffix(".dic"),))


def _lists_in(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            names = sorted(folder.glob("*.dic"))[:MOST_FOUND]
        except OSError:
            continue
        yield from _pairs(names)


def _pairs(lists: Iterable[Path]) -> Iterator[Path]:
    """Yield the word lists that have a file of word forms beside them. Lists for hyphenation have none."""
    for path in lists:
        try:
            if path.is_file() and path.with_suffix(".aff").is_file():
                yield path
        except OSError:
            continue


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
