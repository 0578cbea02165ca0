"""The spelling service: finds words of a text that are in no dictionary, and suggests words that may have been meant.

The dictionaries are the system's, and only files that nobody but the administrator can write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import Noticed, Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import Later, Runtime, Service, Slices, in_slices, pending_on_file_thread, sliced
from slmdesk.base.settings import Settings
from slmdesk.base.text.markup import word_spans
from slmdesk.base.text.sentences import detect, language_in
from slmdesk.base.translation import DETECTED, NO_BLANKS, usual_language
from slmdesk.tasks.writing.spelling.dictionaries import chosen_for, find_dictionaries
from slmdesk.tasks.writing.spelling.own_words import OwnWords
from slmdesk.tasks.writing.spelling.types import (
    Dictionary,
    Misspelled,
    SpellingChanged,
    SpellingRequest,
    SpellingState,
    Suggestions,
)

if TYPE_CHECKING:
    from slmdesk.tasks.writing.spelling.lookup import Speller

T = TypeVar("T")

TELLING = 5_000
"""Characters of a text by which its language is told."""
WORDS_AT_ONCE = 20
"""Words that are looked up before a request for suggestions has its turn."""
MOST_KNOWN = 200_000
IDLE_S = 600.0
"""Seconds without a request after which the dictionaries are dropped from memory."""


class SpellingService(Service):
    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._own = OwnWords(runtime.paths.own_words, partial(runtime.store.keys_for, "words"))
        with suppress(KnownError):  # reported when a text is checked
            self._own.words()  # read now, while the file has the key of the history
        self.speller: Speller | None = None
        self._found: tuple[Dictionary, ...] | None = None
        self._known: dict[Path, dict[str, bool]] = {}
        self._broken: set[Path] = set()
        self._said: set[str] = set()
        self._language, self._region = usual_language()
        """Language used for texts that are too short to detect one: the language detected last."""
        self._idle: Later | None = None
        self._settings_seen = _seen(runtime.settings.current)
        runtime.settings.listeners.append(self._on_settings)

    @sliced
    def check(self, request: SpellingRequest) -> Slices[Misspelled]:
        """Find the misspelled words.

        Nothing is found if there is no dictionary for a paragraph's language, or if the check is off in the settings.
        Ends with a Problem `dictionary.…` if a dictionary is broken. It is reported once and then ignored.
        """
        dictionaries = yield from self._used()
        if not dictionaries:
            return ((),) * len(request.paragraphs)
        around = self._told(request.around)
        asked: list[tuple[Dictionary | None, list[tuple[int, int]]]] = []
        words: dict[Dictionary, dict[str, None]] = {}
        for paragraph in request.paragraphs:
            spans = word_spans(paragraph, request.names)
            dictionary = self._dictionary_for(paragraph, around, dictionaries) if spans else None
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

    @sliced
    def suggest(self, request: SpellingRequest, word: str) -> Slices[Suggestions]:
        """Suggest words that may have been meant by a word of the first paragraph.

        What is not found within a fifth of a second is left out.
        """
        dictionaries = yield from self._dictionaries()
        paragraph = request.paragraphs[0]
        dictionary = self._dictionary_for(paragraph, self._told(request.around), dictionaries)
        if dictionary is None:
            return Suggestions(word, ())
        words = yield self._suggested(dictionary, word)
        return Suggestions(word, words)

    def unknown(self, words: Sequence[str], language: str) -> Pending[frozenset[str]]:
        """Return those of the words that are not in the dictionary of a language (ISO 639-1). None if it has none."""
        pending: Pending[frozenset[str]] = Pending()
        asked = in_slices(self._service_thread, self._unknown(words, language))
        asked.then(lambda result: pending.end(frozenset() if isinstance(result, Problem) else result))
        return pending

    @sliced
    def mended(self, words: Sequence[str], language: str) -> Slices[Mapping[str, str]]:
        """Return the first suggestion for each of the words that is not in the dictionary of a language (ISO 639-1)."""
        wrong = yield from self._unknown(words, language)
        dictionary = chosen_for(language, (yield from self._dictionaries()), region=self._region)
        mended: dict[str, str] = {}
        if dictionary is None:
            return mended
        for word in sorted(wrong):
            found = yield self._suggested(dictionary, word)
            if found and not isinstance(found, Problem):
                mended[word] = found[0]
        return mended

    @sliced
    def state(self) -> Slices[SpellingState]:
        """Return the dictionaries in use and the person's own words.

        Ends with a Problem `file.unreadable`.
        """
        self._found = None
        dictionaries = yield from self._dictionaries()
        return SpellingState(dictionaries, tuple(sorted(self._own.words())))

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
        if self.speller:
            self.speller.close()
            self.speller = None

    # ---- checking

    def _look_up(self, dictionary: Dictionary, words: list[str]) -> Slices[None]:
        """Learn of each word whether a dictionary has it, some at a time. What was learned before is kept."""
        known = self._known.setdefault(dictionary.path, {})
        if len(known) > MOST_KNOWN:
            known.clear()
        unknown = [word for word in words if word not in known]
        for at in range(0, len(unknown), WORDS_AT_ONCE):
            some = unknown[at : at + WORDS_AT_ONCE]
            wrong = yield self._wrong(dictionary, some)
            known.update((word, word not in wrong) for word in some)

    def _unknown(self, words: Sequence[str], language: str) -> Slices[frozenset[str]]:
        dictionary = chosen_for(language, (yield from self._used()), region=self._region)
        if dictionary is None or dictionary.path in self._broken:
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

    # ---- which dictionary

    def _dictionaries(self) -> Slices[tuple[Dictionary, ...]]:
        if self._found is None:
            self._found = yield pending_on_file_thread(self._service_thread, find_dictionaries, name="dictionaries")
        return self._found

    def _used(self) -> Slices[tuple[Dictionary, ...]]:
        if not self._settings.current.spelling:
            return ()
        return (yield from self._dictionaries())

    def _told(self, text: str) -> str:
        language = detect(text[:TELLING], DETECTED)[0]
        if language:
            self._language = language
        return self._language

    def _dictionary_for(self, paragraph: str, around: str, dictionaries: tuple[Dictionary, ...]) -> Dictionary | None:
        fixed = self._settings.current.spelling_language
        language = ""
        if not fixed:
            language = language_in(paragraph[:TELLING], around)
        dictionary = chosen_for(language, dictionaries, fixed, self._region)
        if dictionary is None or dictionary.path in self._broken or language in NO_BLANKS:
            return None
        return dictionary

    # ---- the dictionaries in memory

    def _wrong(self, dictionary: Dictionary, words: Sequence[str]) -> Pending[frozenset[str]]:
        return self._asked(dictionary, lambda speller: speller.wrong(dictionary.path, words))

    def _suggested(self, dictionary: Dictionary, word: str) -> Pending[tuple[str, ...]]:
        return self._asked(dictionary, lambda speller: speller.suggestions(dictionary.path, word))

    def _asked(self, dictionary: Dictionary, ask: Callable[[Speller], Pending[T]]) -> Pending[T]:
        from slmdesk.tasks.writing.spelling.lookup import Speller

        if self.speller is None:
            self.speller = Speller(self._service_thread)
        if self._idle:
            self._idle.cancel()
        self._idle = self._service_thread.call_later(IDLE_S, self.close)
        return ask(self.speller).then(partial(self._note, dictionary))

    def _note(self, dictionary: Dictionary, result: object) -> None:
        if isinstance(result, Problem) and dictionary.path not in self._broken:
            self._broken.add(dictionary.path)
            self._publish(Noticed(result))

    # ---- settings and own words

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
