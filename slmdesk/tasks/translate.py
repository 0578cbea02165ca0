"""Translate a text or a document.

A document is translated as its file lies on the disk, into a file of the same format,
so it is not read into the library. Its segments lie in a table of their own, each
stored when it is done: the result of the task is read from there, and a change of it
has the changed segments alone. What works on them is imported late: it brings all the
rules for what is masked, and others look at all tasks that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DocumentRecord, ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Slices, in_slices
from slmdesk.base.texts import N_, _
from slmdesk.base.translation import (
    LANGUAGES,
    Origin,
    SegmentRecord,
    SegmentState,
    language_of,
)
from slmdesk.base.types import Json
from slmdesk.chat.conversation import title_from
from slmdesk.tasks.report import Edit, Layout, Report
from slmdesk.tasks.shape import (
    Documents,
    Field,
    Task,
    TaskContext,
    TaskRun,
    TaskView,
    Work,
)
from slmdesk.tasks.translation.types import (
    KIND,
    NO_GLOSSARY,
    REWORD,
    Remembered,
    Translation,
    TranslationRequest,
    is_to_check,
    request_from,
    segment_in,
)

TITLE = 60
MOST_TEXT = 5 << 20
"""Most bytes of a text that is translated (not of a document)."""
View = TaskView[TranslationRequest, Translation]


class Wish(Record):
    """How a person wants other words for a segment."""

    hint: str = ""


class Translate(Task[TranslationRequest, Translation]):
    kind = KIND
    name = N_("Translation")
    prefix = ""
    command = "translate"
    help = "Translate FILE into a file of the same format, or a text."
    verb = N_("Translate")
    again = N_("Try again")
    request = TranslationRequest
    result = Translation
    documents = Documents.NONE
    layout = Layout.PAGES
    sides = (N_("Source"), N_("Translation"))
    steps = (
        ("segment.previous", N_("Previous to check")),
        ("segment.next", N_("Next to check")),
    )
    cancelled = N_("Cancelled. What is translated is kept.")
    written = ""
    grows_in_place = True
    forms = ("docx", "pdf", "html", "md", "xlsx", "json")
    actions: ClassVar[Mapping[str, str]] = {REWORD: N_("Other words…")}
    action_fields: ClassVar[Mapping[str, Sequence[Field]]] = {
        REWORD: (
            Field(
                "hint",
                N_("What to do differently"),
                "",
                hint=N_("e.g. shorter, more formal"),
            ),
        ),
    }
    asking_actions = (REWORD,)

    @property
    def prompt_version(self) -> str:
        from slmdesk.tasks.translation.prompts import prompt_version  # late, as below

        return prompt_version()

    # ---- what is asked

    def read(self, untrusted: Json) -> TranslationRequest:
        return request_from(untrusted)

    def documents_of(self, request: TranslationRequest) -> tuple[str, ...]:
        return ()

    def with_documents(
        self, request: TranslationRequest, documents: tuple[str, ...]
    ) -> TranslationRequest:
        return request

    def file_of(self, request: TranslationRequest) -> str:
        return request.path

    def checked(self, request: TranslationRequest) -> TranslationRequest:
        """Return a request with codes for its languages.

        Raises KnownError `language.…`, `request.invalid`, `document.too_large`.
        """
        from slmdesk.tasks.translation.prompts import DOMAINS, FORMALITIES

        target = language_of(request.target).code
        source = ""
        if request.source:
            source = language_of(request.source).code
        if source == target:
            raise KnownError("language.same", language=LANGUAGES[target].shown)
        if request.domain not in DOMAINS or request.formality not in ("", *FORMALITIES):
            raise KnownError("request.invalid", what=_("domain or formality"))
        if not request.path and not request.text.strip():
            what = _("there is nothing to translate")
            raise KnownError("request.invalid", what=what)
        size = len(request.text.encode("utf-8", "replace"))
        if size > MOST_TEXT:
            raise KnownError(
                "document.too_large", path="the text", bytes=size, limit=MOST_TEXT
            )
        return changed(request, target=target, source=source)

    def completed(
        self,
        request: TranslationRequest,
        documents: Sequence[DocumentRecord],
        context: TaskContext,
    ) -> TranslationRequest:
        """Return a request with whole ids of its glossaries.

        Raises KnownError `glossary.unknown`.
        """
        glossaries = list[str]()
        for id in request.glossaries:
            known = id
            if id != NO_GLOSSARY:
                known = context.runtime.store.glossaries.get(id).id
            glossaries.append(known)
        return changed(request, glossaries=tuple(glossaries))

    def title(
        self, request: TranslationRequest, documents: Sequence[DocumentRecord]
    ) -> str:
        name = Path(request.path).name or title_from(request.text, TITLE)
        return f"{name} → {LANGUAGES[request.target].name}"

    def words(
        self, request: TranslationRequest, documents: Sequence[DocumentRecord]
    ) -> str:
        """Return "": a search looks through the segments."""
        return ""

    def model(self, request: TranslationRequest, context: TaskContext) -> ModelRecord:
        from slmdesk.tasks.translation.segments import translator

        return translator(context.models, context.uses, request.model)

    # ---- what is stored

    def stored(self, item: str, context: TaskContext) -> Translation | None:
        from slmdesk.tasks.translation.report import stored_translation

        return stored_translation(context.runtime.store, item)

    def keep(self, item: str, result: Translation, context: TaskContext) -> None:
        from slmdesk.tasks.translation.report import keep_translation

        keep_translation(context.runtime.store, item, result)

    # ---- what a person changes

    def renewed(
        self, view: View, request: TranslationRequest
    ) -> tuple[TranslationRequest, Translation | None]:
        """Ask again for what failed, and where the translation was ended, for what is
        to check. What a person wrote or approved stays.
        """
        if view.newest is None:
            return request, None
        opened = list[SegmentRecord]()
        for segment in view.newest.segments:
            is_asked = segment.state is SegmentState.FAILED
            if not view.newest.is_draft:
                is_asked = is_to_check(segment) and _is_models(segment)
            if is_asked:
                opened.append(changed(segment, state=SegmentState.OPEN, reason=""))
        return request, changed(view.newest, segments=tuple(opened))

    def former(self, view: View, edit: Edit, context: TaskContext) -> Translation:
        from slmdesk.tasks.translation.segments import remembered_before

        segment = _segment(view, edit)
        before = remembered_before(context.runtime.store, segment, view.request)
        pairs = tuple[Remembered, ...]()
        if edit.text is not None:
            pairs = (before,)
        return changed(_of(view), segments=(segment,), remembered=pairs)

    def restored(
        self, view: View, former: Translation
    ) -> tuple[TranslationRequest, Translation]:
        return view.request, changed(former, is_ended=_of(view).is_ended)

    def edited(self, view: View, edit: Edit, context: TaskContext) -> Translation:
        """Return the segment with a person's words, which the memory has then, or that
        it is approved.
        """
        from slmdesk.tasks.translation.segments import approved, edited, remembered

        segment = _segment(view, edit)
        if edit.text is None:
            segment = approved(segment, is_approved=bool(edit.approved))
            return changed(_of(view), segments=(segment,))
        store = context.runtime.store
        segment = edited(store, segment, view.request, edit.text)
        if edit.approved:
            segment = approved(segment, is_approved=True)
        pairs = (remembered(segment, view.request),)
        return changed(_of(view), segments=(segment,), remembered=pairs)

    def asked_for(
        self, view: View, edit: Edit, context: TaskContext
    ) -> Pending[Translation]:
        """Return the segment with other words.

        Ends with a Problem `translation.no_better` if the model gives nothing usable.
        """
        from slmdesk.tasks.translation.segments import reworded

        segment = _segment(view, edit)
        hint = lenient_from(Wish, edit.value).hint

        def asking() -> Slices[Translation]:
            found = yield from reworded(context, segment, view.request, hint)
            return changed(_of(view), segments=(found,))

        return in_slices(context.runtime.service_thread, asking())

    # ---- what it says

    def report(
        self, view: View, context: TaskContext, *, is_exported: bool = False
    ) -> Report:
        from slmdesk.tasks.translation.report import report_of

        return report_of(view.item.shown_title, _of(view), view.request)

    def kept_words(self, view: View, context: TaskContext) -> str:
        """Return "", as for the request."""
        return ""

    def start(self, work: Work[TranslationRequest]) -> TaskRun[Translation]:
        from slmdesk.tasks.translation.run import Translating

        return Translating(work)


TASK = Translate()


def _of(view: View) -> Translation:
    return view.newest or Translation()


def _segment(view: View, edit: Edit) -> SegmentRecord:
    number = -1
    if edit.statement.isdecimal():
        number = int(edit.statement)
    return segment_in(view.newest, number)


def _is_models(segment: SegmentRecord) -> bool:
    """Return whether a segment failed, or has the words of a model."""
    if segment.state is SegmentState.FAILED:
        return True
    return (
        segment.state is SegmentState.TRANSLATED and segment.origin is not Origin.MEMORY
    )
