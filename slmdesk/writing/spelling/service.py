"""The spelling service: which words of a text are in no dictionary, and which words may have been meant.

Dictionaries are foreign files and slow to read: a child process has them, so that a broken one is noticed and the
window never waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.languages import LANGUAGES, NO_BLANKS
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.settings import Settings
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_list
from slmdesk.children.client import ChildClient
from slmdesk.children.reach import AllowedPaths
from slmdesk.runtime.events import Noticed, Problem
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.service_thread import Later
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.words.language import SURE, detect
from slmdesk.text.words.spelling import word_spans
from slmdesk.writing.spelling.dictionaries import chosen_for, find_dictionaries, usual_language
from slmdesk.writing.spelling.events import SpellingChanged
from slmdesk.writing.spelling.own_words import OwnWords
from slmdesk.writing.spelling.types import Dictionary, Misspelled, SpellingRequest, SpellingState, Suggestions

LEAST_TOLD = 8
"""Words of a paragraph whose own language is told; others are in that of the text around them."""
TELLING = 5_000
"""Characters of a text by which its language is told."""
WORDS_AT_ONCE = 500
MOST_KNOWN = 200_000
IDLE_S = 600.0
"""The child with the dictionaries ends when nobody has asked it for so long."""
MOST_DEATHS = 2
"""Of the child over one dictionary: it is not tried again."""
OFFERED = tuple(sorted(set(LANGUAGES) - {"sr"}))
"""Languages told apart; Serbian is taken for Croatian or Bulgarian by turns."""


class SpellingService(Service):
    """Service thread."""

    def __init__(
        self, runtime: Runtime, speller: ChildClient, keys: Callable[[], Sequence[bytes]] = lambda: (b"",)
    ) -> None:
        super().__init__(runtime)
        self._speller = speller
        self._own = OwnWords(runtime.paths.own_words, keys)
        with suppress(KnownError):  # told when a text is checked
            self._own.words()  # now, while its key is that of the history
        self._found: tuple[Dictionary, ...] | None = None
        self._known: dict[Path, dict[str, bool]] = {}
        self._deaths: dict[Path, int] = {}
        self._said: set[str] = set()
        self._language, self._region = usual_language()
        """Of texts too short to tell: that of the last one that was told."""
        self._idle: Later | None = None
        self._settings_seen = _seen(runtime.settings.current)
        runtime.settings.listeners.append(self._on_settings)

    def check(self, request: SpellingRequest) -> Pending[Misspelled]:
        """Find the misspelled words; none where there is no dictionary for a paragraph's language, or in the settings
        the check is off.

        Ends with a Problem of the child where that died over a dictionary; one that is broken is noticed once
        (`dictionary.…`) and then left alone.
        """
        return in_slices(self._service_thread, self._checking(request))

    def suggest(self, request: SpellingRequest, word: str) -> Pending[Suggestions]:
        """Words that may have been meant by a word of the first paragraph.  Takes up to some seconds."""
        return in_slices(self._service_thread, self._suggesting(request, word))

    def state(self) -> Pending[SpellingState]:
        """Ends with a Problem `file.unreadable`."""
        self._found = None
        return in_slices(self._service_thread, self._stating())

    def choose(self, place: str) -> Pending[None]:
        """Use the dictionaries in a folder, or one file; "" for those of the system.

        Ends with a Problem `dictionary.none` where there is none, or `setting.…`; nothing is changed then.
        """
        return in_slices(self._service_thread, self._choosing(place))

    def add_words(self, words: Collection[str]) -> None:
        """Raises KnownError `file.…`, `disk.full`; they are then as they were."""
        self._own.add(frozenset(words))
        self._publish(SpellingChanged())

    def remove_words(self, words: Collection[str]) -> None:
        """Raises as `add_words` does."""
        self._own.remove(frozenset(words))
        self._publish(SpellingChanged())

    # ---- checking

    def reseal(self) -> None:
        """Write the own words as the key of the history asks for.  Raises KnownError file.…"""
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
        unknown = [one for one in words if one not in known]
        for at in range(0, len(unknown), WORDS_AT_ONCE):
            some = unknown[at : at + WORDS_AT_ONCE]
            result = yield self._ask("spelling", dictionary, words=some)
            wrong = set(_texts(result, "wrong"))
            known.update((one, one not in wrong) for one in some)

    def _is_wrong(self, dictionary: Dictionary, word: str, own: OwnWords | None) -> bool:
        is_known = self._known[dictionary.path].get(word, True)  # another check may just have emptied what is known
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
        """The child may open dictionaries alone; one that was started for others is replaced."""
        folders = tuple(sorted({str(one.path.parent) for one in found}))
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
                why = "it takes too long" if event.code == "child.hung" else "the process that reads it ended"
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
        """The person's words; None, and a notice, where the file cannot be read."""
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
