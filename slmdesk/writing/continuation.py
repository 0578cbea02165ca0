"""Continues a text where the cursor stands, by the model that is loaded already, while nothing else is asked of it."""

from __future__ import annotations

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Token
from slmdesk.base.types import FinishReason
from slmdesk.base.wire import answer_from
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service import Runtime, Service
from slmdesk.text.words.language import detect
from slmdesk.text.writing.continuation import can_be_continued, continuation_of, is_whole, last_word
from slmdesk.writing.prompts import continuation_request
from slmdesk.writing.service import OFFERED

TELLING = 5_000
"""Characters by which the language of a text is told."""


class ContinuationService(Service):
    """Service thread."""

    def __init__(self, runtime: Runtime, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._loader = loader
        self._language = "en"
        """Of the last text that was long enough to tell."""

    def after(self, text: str) -> Pending[str]:
        """The rest of the sentence at the end of `text`, or "" for none.

        It is none where no model is loaded, where that one has work, where the settings are against it, where the text
        is too short, and where the model fails: nobody asked for it.  Cancelled, it reports nothing.
        """
        loaded = self._loader.loaded()
        is_free = loaded is not None and not self._loader.is_busy and not self._loader.others_wait(loaded[0])
        if loaded is None or not (is_free and self._settings.current.continue_typing and can_be_continued(text)):
            return ended("")
        self._language = detect(text[-TELLING:], OFFERED)[0] or self._language
        payload = continuation_request(text, self._language)
        typed = last_word(text.rpartition("\n")[2])[1]
        pending: Pending[str] = Pending(lambda: lease.release())
        written = ""

        def on_event(event: FromChild) -> None:
            nonlocal written
            if isinstance(event, Token) and not event.is_thought:
                written += event.text
                if is_whole(written, typed) or self._loader.others_wait(lease.record):
                    pending.end(continuation_of(written, typed, text, is_cut=True))
                    lease.release()
            elif isinstance(event, Done):
                pending.end(_said(event, typed, text))
            elif isinstance(event, Failed | Cancelled):
                pending.end("")

        def start(lease: Lease) -> None:
            lease.start("chat", payload, on_event, priority="background")

        lease = self._loader.acquire(loaded[0], start, lambda _problem: pending.end(""))
        return pending


def _said(event: Done, typed: str, text: str) -> str:
    try:
        answer = answer_from(event.result)
    except KnownError:
        return ""
    return continuation_of(answer.text, typed, text, is_cut=answer.finish_reason is FinishReason.LENGTH)
