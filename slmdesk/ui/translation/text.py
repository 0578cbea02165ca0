"""Translation of typed text: languages, manner, results, earlier translations. It has no widgets."""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, ngettext
from slmdesk.base.translation import LANGUAGES, LiveSegment, Origin, SegmentState, weighty
from slmdesk.base.types import common_prefix
from slmdesk.services import Services
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.service import KeptText
from slmdesk.tasks.translation.types import (
    LiveTranslated,
    flag_words,
    is_emptied,
    laid_out,
    language_of_most,
    source_of,
)
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.window_state import WindowState, WindowStateFile
from slmdesk.ui.translation.languages import ViewSettings, other_than, own_language, target_for

KEEP_AFTER_MS = 10_000
"""Milliseconds without typing after which a finished translation is saved in the history."""
TYPED_MS, WORD_MS, PASTED_MS = 150, 100, 0
"""Milliseconds to wait after a change before the text is translated.

TYPED_MS applies inside a word: about as long as practised typists take for a letter, to avoid translating half words.
WORD_MS applies after the character that ends a word, PASTED_MS after text was inserted or removed at once.
"""
MOST_CHARACTERS = 50_000
"""Most characters of the text in the pane. A longer text is translated as a document."""


@dataclass(slots=True, eq=False)
class _Entry:
    item: str = ""
    """Id of the item. It is used on the service thread only."""
    kept: tuple[str, TranslationStyle, tuple[str, ...]] | None = None
    """Text, manner and translations as they were saved last."""


class TranslateController(QObject):
    """Controller of typed translations, shared by the text pane and TranslateEntry."""

    shown = Signal()
    refused = Signal(str)
    manner_changed = Signal()
    text_opened = Signal()
    document_asked = Signal(str)
    saved = Signal(object)

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="translate_controller")
        self.bridge = bridge
        self.state = state
        self.text = ""
        self._restored = state.current.last_typed
        """Id of the text that was shown when the program ended. Empty once it has been looked up."""
        self.manner = _first_manner(state.current)
        self._chosen_for: str | None = None
        """Language of the text for which a person chose the languages, '' for any. None: they chose none for it."""
        self._entry = _Entry()
        self.is_stale = False
        """Whether the shown translation does not match the current text or manner."""
        self.last = PaneState((), True, "")
        self._edits: dict[int, LiveSegment] = {}
        """What a person changed and is not stored yet, by index."""
        self._unedited: tuple[LiveSegment, ...] = ()
        """The segments before what a person changes now. Empty if they change nothing."""
        self._held: LiveTranslated | None = None
        """What came meanwhile. It is shown afterwards, so that nothing moves while a person types."""
        self._timer = Delay(self, TYPED_MS, self.translate, "typed_timer")
        self._keep_timer = Delay(self, KEEP_AFTER_MS, self._on_pause, "keep_typed_timer")
        self.view = ViewSettings(bridge, state, self)
        bridge.on(LiveTranslated, self._on_translated)

    def set_text(self, text: str) -> None:
        if text == self.text:
            return
        before = self.text
        if not text.strip() and before.strip():
            self.restart()
            self.bridge.ask(lambda _services: self.state.change(last_typed=""))
        self.text = text
        if len(text) > MOST_CHARACTERS:
            self._timer.stop()
            self.refused.emit(too_long_words(len(text)))
            return
        # without a number, the timer would use its last interval, which may be 0
        self._timer.start_in(pause_ms(before, text))

    @property
    def languages(self) -> tuple[str, str]:
        """Return source and target. A source that is not known yet is a likely one."""
        target = self.manner.target
        return self.manner.source or self.last.language or other_than(target), target

    def set_source(self, code: str) -> None:
        """Set the source language, as a person chose it. Empty means that it is detected."""
        self._change(changed(self.manner, source=code))
        self._chosen_for = self.last.language if self.text.strip() else None

    def set_target(self, code: str) -> None:
        self._change(self._into(code))
        self._chosen_for = self.last.language if self.text.strip() else None

    def detect(self, language: str, before: str = "") -> None:
        """Translate a text in this language into that used last, or, where it is in that, into the person's own, or
        into that of the text `before`.
        """
        before = before or self.manner.source or self.last.language
        target = target_for(language, self.manner.target, (own_language(), before, "en", "de"))
        self._change(changed(self._into(target), source=""))

    def _into(self, code: str) -> TranslationStyle:
        formality = self.manner.formality if LANGUAGES[code].has_formal else ""
        return changed(self.manner, target=code, formality=formality)

    def set_manner(self, values: Mapping[str, str]) -> None:
        """Set the subject or the form of address. An empty one means that it is as in the text."""
        self._change(changed(self.manner, **values))

    def swap(self) -> None:
        """Swap the languages, and continue with the translation, if there is one."""
        source = self.manner.source or self.last.language or "en"
        if source == self.manner.target:
            return
        words = self.last.text.strip()
        self.restart()
        self.manner = changed(self.manner, source=self.manner.target, target=source, formality="")
        self.view.note_used(self.manner.source, self.manner.target)
        self.manner_changed.emit()
        self.text = words or self.text
        self._timer.start(0)
        self.text_opened.emit()

    def stop(self) -> None:
        self._timer.stop()
        self.bridge.services.live.stop()

    # ---- what a person changes in the translation

    def edit(self, text: str, most_same: int | None = None) -> bool:
        """Take the whole translation as a person has it now. It is stored by `settle`, when the sentence is left.

        `most_same`: see `edited`. Return False, and leave it as it was, if the model is still writing what was changed.
        """
        before = self._unedited = self._unedited or self.last.segments
        is_undone = text == laid_out(before, shown_of)[0]
        segments = before if is_undone else edited(self.last.segments, text, most_same)
        both = enumerate(zip(self.last.segments, segments, strict=True))
        changes = [(at, old, new) for at, (old, new) in both if new is not old]
        is_written = all(old.state is not SegmentState.OPEN for _at, old, _new in changes)
        if is_written:
            self._edits.update((at, new) for at, _old, new in changes)
            if is_undone:
                self._edits = {
                    at: segment for at, segment in self._edits.items() if segment.state is SegmentState.EDITED
                }
            self.last = changed(self.last, segments=segments)
            self._keep_timer.start()
        self.shown.emit()
        return is_written

    def settle(self) -> None:
        """Store what a person changed, whose sentence they left."""
        self._unedited = ()
        edits = dict(self._edits)
        if not edits:
            if self._held is not None:
                self._on_translated(self._held)
            return
        self._entry.kept = None  # saved again, which links the memory's pairs to it

        def work(services: Services) -> None:
            for at, segment in reversed(edits.items()):  # one that was joined to the one before comes first
                services.live.put(at, segment.target, segment.source)

        def stored(_none: object) -> None:
            for at, segment in edits.items():
                if self._edits.get(at) is segment:
                    del self._edits[at]
            if self._held is not None:
                self._on_translated(self._held)

        def refused(problem: Problem) -> None:
            stored(None)
            self.bridge.problem_met.emit(problem)

        self.bridge.ask(work, stored, refused)

    # ---- what is kept

    def keep(self) -> None:
        """Save the text and its translation in the history, unless nothing has changed since."""
        self.settle()
        self._save()

    def _on_pause(self) -> None:
        """Save what is shown, after what came meanwhile. The memory does not get a sentence that is half typed."""
        held = self._held
        if held is not None and source_of(held.segments) == self.last.source:
            self._held, self._unedited = None, held.segments
            segments = tuple(self._edits.get(at, segment) for at, segment in enumerate(held.segments))
            self.last = PaneState(segments, held.is_done, language_of_most(segments))
            self.shown.emit()
            if held.problem is not None:
                self.refused.emit(held.problem.sentence)
        self._save()

    def _save(self) -> None:
        self._keep_timer.stop()
        shown = changed(self.last, segments=tuple(map(left, self.last.segments)))
        manner, entry = self.manner, self._entry
        now = (shown.source, manner, tuple(segment.target for segment in shown.segments))
        if self.is_stale or entry.kept == now or not any(now[2]):
            return
        entry.kept = now

        def work(services: Services) -> None:
            kept = services.translations.keep(now[0], manner, shown.segments, entry.item)
            entry.item = kept or entry.item
            self.state.change(last_typed=entry.item)

        def refused(problem: Problem) -> None:
            entry.kept = None  # it is tried again
            self.bridge.problem_met.emit(problem)

        self.bridge.ask(work, None, refused)

    def restart(self) -> None:
        """Save the current text, and begin a new one with what is typed from now on."""
        self.keep()
        self._entry, self.is_stale, self._chosen_for = _Entry(), True, None

    def restore(self) -> None:
        """Show the text shown when the program ended, unless there is a text already. A deleted text is ignored."""
        item, self._restored = self._restored, ""
        if not item or self.text:
            return

        def work(services: Services) -> KeptText | None:
            with contextlib.suppress(KnownError):  # deleted for good
                if services.history.item(item).deleted_at is None:
                    return _opened(services, item)
            return None

        def come(kept: KeptText | None) -> None:
            if kept is not None and not self.text:
                self._on_opened(item, kept)

        self.bridge.ask(work, come)

    def open(self, item: str) -> None:
        """Open an earlier translation. A typed text is shown here; for a document, `document_asked` is emitted."""
        self.restart()

        def work(services: Services) -> KeptText | None:
            kept = _opened(services, item)
            if kept is not None:
                self.state.change(last_typed=item)
            return kept

        self.bridge.ask(work, partial(self._on_opened, item))

    def _on_opened(self, item: str, kept: KeptText | None) -> None:
        if kept is None:
            self.document_asked.emit(item)
            return
        self._timer.stop()
        self.manner, self.text, self.is_stale = kept.manner, kept.text, False
        self._entry = _Entry(item, (kept.text, kept.manner, tuple(segment.target for segment in kept.segments)))
        self.manner_changed.emit()
        self.text_opened.emit()
        self.shown.emit()  # which came before, with the sentences that are known

    def save_text(self, text: str, path: Path) -> None:
        """Write a text that is too long for the pane into a file, to translate it as a document. Then emit `saved`.

        An existing file is replaced, because the dialog has already asked.
        """
        self.bridge.ask(
            lambda _services: write_out(path, text.encode("utf-8", "replace")), lambda _none: self.saved.emit(path)
        )

    def _change(self, manner: TranslationStyle) -> None:
        if manner.source == manner.target:
            other = self.last.language if self.last.language not in ("", manner.target) else "en"
            other = other if other != manner.target else "de"
            manner = changed(manner, source="", target=other if manner.target == self.manner.target else manner.target)
        if manner != self.manner:
            if manner.target != self.manner.target and self.last.is_done:
                self.restart()  # keep the translation into the other language
            self._keep_timer.stop()
            old, self.manner, self.is_stale = self.manner, manner, True
            if (manner.source, manner.target) != (old.source, old.target):
                self.view.note_used(manner.source, manner.target)
            self._timer.start(0)
        self.manner_changed.emit()

    def translate(self) -> None:
        text, manner = self.text, self.manner
        self.bridge.ask(
            lambda services: services.live.translate(text, manner, services.translations.record(None)),
            self._on_begun,
            lambda problem: self.refused.emit(problem.sentence),
        )

    def _on_begun(self, _none: None) -> None:
        self.is_stale = self.is_stale and self._timer.isActive()  # unless another change is waiting

    def _on_translated(self, event: LiveTranslated) -> None:
        self._held = event if self._edits else None
        if self._edits:
            return
        before, self._unedited = self.last.language, ()
        self.last = PaneState(event.segments, event.is_done, language_of_most(event.segments))
        if self._is_there_already:
            self.is_stale = True  # what is shown is not worth keeping
            self.detect(self.last.language, before)
        self.shown.emit()
        if event.is_done and event.segments:
            self._keep_timer.start()
        if event.problem is not None:
            self.refused.emit(event.problem.sentence)

    @property
    def _is_there_already(self) -> bool:
        """Return whether the text, as far as its language is known, is in the target language, and not because a person
        chose that for it.
        """
        if self.last.source != self.text or self._chosen_for in ("", self.last.language):
            return False
        known, manner = [segment for segment in self.last.segments if segment.language], self.manner
        return all(each.language == manner.target for each in known) and any(_is_there(each, manner) for each in known)

    # ---- other words

    def place_of(self, begin: int, end: int) -> WordPlace | None:
        """Return where words of the translation stand. None if they are in no sentence that is translated."""
        __, spans = laid_out(self.last.segments, shown_of)
        at = bisect_right(spans, begin, key=lambda span: span[0]) - 1
        end = min(end, spans[at][1]) if at >= 0 else begin
        if begin >= end or self.last.segments[at].state in (SegmentState.OPEN, SegmentState.LEFT):
            return None
        return WordPlace(at, self.last.segments[at], begin - spans[at][0], end - spans[at][0])

    def take(self, place: WordPlace, target: str) -> None:
        segments = list(self.last.segments)
        if place.index < len(segments) and segments[place.index].source == place.segment.source:
            segments[place.index] = changed(segments[place.index], target=target)
            self.edit(laid_out(segments, shown_of)[0])
            self.settle()


class WordPlace(Record):
    index: int
    segment: LiveSegment
    begin: int
    end: int

    @property
    def words(self) -> str:
        return self.segment.target[self.begin : self.end]


def _opened(services: Services, item: str) -> KeptText | None:
    """Return an earlier text with its sentences. None for a document or a text that is too long for the pane."""
    kept = services.translations.kept(item)
    if kept is None or len(kept.text) > MOST_CHARACTERS:
        return None
    record = None
    with contextlib.suppress(KnownError):
        record = services.translations.record(None)
    services.live.adopt(kept.text, kept.manner, record, kept.segments)
    return kept


def too_long_words(characters: int) -> str:
    return _(
        "The text has {characters:,} characters; here are {most_characters:,} at most. "
        "It can be translated as a document."
    ).format(characters=characters, most_characters=MOST_CHARACTERS)


def _first_manner(last: WindowState) -> TranslationStyle:
    """Return the languages that were used last. In the beginning, detect the source and translate into the system's
    language, or into German if that is English.
    """
    target = last.translate_target if last.translate_target in LANGUAGES else other_than("en")
    source = last.translate_source
    return TranslationStyle(target, source if source in LANGUAGES and source != target else "")


def pause_ms(before: str, now: str) -> int:
    if abs(len(now) - len(before)) > 1:
        return PASTED_MS
    return TYPED_MS if now[-1:].isalnum() else WORD_MS


class PaneState(Record):
    segments: tuple[LiveSegment, ...]
    is_done: bool
    language: str

    @property
    def text(self) -> str:
        """Return the translation as one text. Segments without a translation are left out."""
        return laid_out(self.segments, shown_of)[0]

    @property
    def source(self) -> str:
        return source_of(self.segments)


def shown_of(segment: LiveSegment) -> str:
    if segment.state is SegmentState.LEFT:
        return segment.source
    return segment.target


def left(segment: LiveSegment) -> LiveSegment:
    """Return a segment as it is once a person has left it: one without words gives up its place."""
    is_without = segment.state is SegmentState.EDITED and not segment.target
    return changed(segment, origin=Origin.PERSON) if is_without else segment


def edited(segments: tuple[LiveSegment, ...], text: str, most_same: int | None = None) -> tuple[LiveSegment, ...]:
    """Return the segments with what a person made of their translation, which is `text` as a whole now.

    Where the space between two sentences is gone, the first has the words of both, and the second is emptied. One whose
    words are gone keeps its place, without an origin, until it is left.

    `most_same`: most characters that are the same in the beginning. Without it, a space that is typed in front of a
    space would be taken for one behind it, in the next sentence.
    """
    old, spans = laid_out(segments, shown_of)
    if not spans or text == old:
        return segments
    begin = common_prefix(old, text, most_same)
    end = len(old) - common_prefix(old[::-1], text[::-1], min(len(old), len(text)) - begin)
    starts = [start for start, _end in spans]
    first = max(0, bisect_right(starts, begin) - 1)
    while (
        first
        and begin <= starts[first]
        and (
            segments[first].state is SegmentState.OPEN
            or is_emptied(segments[first])
            or (begin == end == spans[first - 1][1] and spans[first][1] > begin)
        )
    ):
        first -= 1  # what stands behind a sentence belongs to it, unless there is a space and a next one
    last = max(first, bisect_left(starts, end) - 1)
    beyond = [*starts[1:], len(old)]
    start, rest = min(starts[first], begin), len(text) - len(old)
    while last + 1 < len(spans) and not text[start : beyond[last] + rest].endswith(old[spans[last][1] : beyond[last]]):
        last += 1
    words = text[start : beyond[last] + rest]
    words = words.removesuffix(old[spans[last][1] : beyond[last]])
    new = dict.fromkeys(range(first + 1, last + 1), "") | {first: words}
    return tuple(
        changed(
            segment, target=new[at], state=SegmentState.EDITED, flags=(), doubts=(),
            origin=Origin.PERSON if words or at > first else None,
        )
        if at in new
        else segment
        for at, segment in enumerate(segments)
    )  # fmt: skip


def count_words(shown: PaneState, manner: TranslationStyle, *, has_text: bool = False) -> str:
    if not any(segment.source.strip() for segment in shown.segments):
        return _("There are no words to translate.") if has_text else _("Translated on this PC")
    count = len(shown.segments)
    todo = sum(segment.state is SegmentState.OPEN for segment in shown.segments)
    if not shown.is_done:
        return _("{count} of {count2} sentences").format(count=count - todo, count2=count)
    words = ngettext("{n} sentence", "{n} sentences", count)
    failed = sum(segment.state is SegmentState.FAILED for segment in shown.segments)
    if failed:
        words += _(", {failed} could not be translated").format(failed=failed)
    own = sum(segment.state is SegmentState.EDITED for segment in shown.segments)
    if own:
        words += _(", {own} edited").format(own=own)
    there = sum(_is_there(segment, manner) for segment in shown.segments)
    if there:
        if count == 1:
            which = _("it is")
        elif there == count:
            which = _("all are")
        else:
            which = ngettext("1 is", "{n} are", there)
        words += _("; {which} in {name} already").format(which=which, name=LANGUAGES[manner.target].shown)
    return words


def to_check(shown: PaneState) -> list[int]:
    done = ((at, segment) for at, segment in enumerate(shown.segments) if segment.state is not SegmentState.OPEN)
    return [at for at, segment in done if weighty(segment.flags)]


def _is_there(segment: LiveSegment, manner: TranslationStyle) -> bool:
    is_left = segment.state is SegmentState.LEFT and not manner.source and segment.language == manner.target
    return is_left and any(letter.isalpha() for letter in segment.source)


def language_words(shown: PaneState, manner: TranslationStyle) -> str:
    """Return the detected languages, the most frequent first. Empty if one was chosen, or if there is no text."""
    worded = [segment for segment in shown.segments if any(letter.isalpha() for letter in segment.source)]
    if manner.source or not worded:
        return ""
    names = [LANGUAGES[code].shown for code, __ in Counter(each.language for each in worded).most_common() if code]
    return _("{names} detected").format(names=", ".join(names)) if names else _("Language not recognised")


def tip_of(segment: LiveSegment) -> str:
    return "\n".join(flag_words(flag) for flag in segment.flags)
