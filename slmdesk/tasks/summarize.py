"""Summarize documents: what it is, what has to be done, what else matters.

Each sentence has its page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, ModelRecord
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json
from slmdesk.base.write_in import WRITE_IN
from slmdesk.models.abilities import Ability, may
from slmdesk.models.service import DefaultUse, able
from slmdesk.tasks.deadlines.types import RECEIPT
from slmdesk.tasks.report import Edit, NotRead, Report
from slmdesk.tasks.shape import (
    Field,
    FieldKind,
    Growth,
    Task,
    TaskContext,
    TaskRun,
    TaskView,
    Work,
    WrongUsage,
)
from slmdesk.tasks.summaries.files import TABLE
from slmdesk.tasks.summaries.prompts import prompt_version
from slmdesk.tasks.summaries.types import (
    ADD,
    KEPT_OWN,
    RECEIVE,
    Deadline,
    Kind,
    Length,
    Paper,
    Summary,
    SummaryRequest,
    UnreadableDocument,
    in_own_words,
    request_from,
    text_of,
    whole_coverage_words,
    with_omitted,
)
from slmdesk.tasks.summaries.words import json_of

if TYPE_CHECKING:
    from slmdesk.documents.service import DocumentService

View = TaskView[SummaryRequest, Summary]

SUMMARIZED = "summarized"
"""Key in the facts of a document that was summarized.

It stays where the summary is deleted.
"""
LEAST_WORDS, MOST_WORDS = 10, 5000
MOST_FOCUS, MOST_INSTRUCTION = 300, 2000
NO_MODEL = (
    "--own-words is for what needs no model: no --model, --language, --instruction or "
    "--kind simple."
)
KINDS = {
    Kind.BULLETS: N_("Bullet points"),
    Kind.PARAGRAPH: N_("A paragraph"),
    Kind.SECTIONS: N_("By section"),
    Kind.SIMPLE: N_("In everyday words"),
    Kind.OWN: N_("As I say below"),
}
FIELDS = (
    Field(
        "length",
        N_("Length"),
        "short, medium, long, or a number of words.",
        FieldKind.CHOICE,
        (("short", N_("Short")), ("medium", N_("Medium")), ("long", N_("Long"))),
        Length.MEDIUM.value,
        takes_number=True,
        least=LEAST_WORDS,
        most=MOST_WORDS,
        unit="words",
        is_quick=True,
    ),
    Field(
        "kind",
        N_("What the summary is like"),
        "What the summary is like.",
        FieldKind.CHOICE,
        tuple((kind.value, KINDS.get(kind, "")) for kind in Kind),
        Kind.BULLETS.value,
    ),
    Field(
        "paper",
        "",
        "What sort of document it is, for the result.",
        FieldKind.CHOICE,
        tuple((paper.value, "") for paper in Paper),
        Paper.AUTO.value,
    ),
    Field("language", "", "Of the summary, such as de; else the document's."),
    Field(
        "focus", N_("Focus"), "Words whose matter comes first.", hint=N_("Focus on…")
    ),
    Field(
        "instruction",
        N_("In your own words"),
        "An instruction of your own, in words; needed with --kind own.",
        hint=N_("What it is to be like"),
    ),
    Field(
        "own_words",
        "",
        "Sentences of the document only; no model writes.",
        FieldKind.FLAG,
        usual=False,
    ),
    Field(
        "model",
        "",
        "Id or name, or its beginning.",
        FieldKind.MODEL,
        option="-m/--model",
    ),
    Field(
        "received",
        "",
        "When the documents were received, as 2026-11-03; remembered for them.",
        FieldKind.DAY,
        metavar="DAY",
    ),
    Field(
        "place",
        "",
        "Whose law and holidays reckon deadlines, such as DE-BY, GB-ENG, FR, ES; "
        "remembered too.",
    ),
)


class Summarize(Task[SummaryRequest, Summary]):
    kind = "summary"
    name = N_("Summary")
    prefix = "Summary"
    command = "summarize"
    help = "Summarize each FILE, and several also together."
    verb = N_("Summarize")
    request = SummaryRequest
    result = Summary
    forms = ("docx", "pdf", "html", "md", "xlsx", "ics", "json")
    texts = ("md", "txt", "json")
    folder_file = TABLE
    more_help = """Summarize each FILE, and several also together; a folder stands for
    the documents in it.

    First what it is, then what has to be done, then what else matters; each sentence
    names its page.
    """
    file_help = (
        "A file (.md, .json, .docx, .pdf, .html, .xlsx; .ics: what is due, as a "
        "calendar); for several documents or a folder: a folder, or an .ics file."
    )
    folded = Field(
        "omitted", "", "Give the passages that are left out, too.", FieldKind.FLAG
    )
    fields = FIELDS
    actions: ClassVar[Mapping[str, str]] = {ADD: N_("Add"), RECEIVE: N_("Received…")}
    action_fields: ClassVar[Mapping[str, Sequence[Field]]] = {RECEIVE: RECEIPT}
    switches: ClassVar[Mapping[str, str]] = {
        KEPT_OWN: N_("In the document's own words")
    }
    follows_words = True
    has_preview = True
    made_key = SUMMARIZED

    @property
    def prompt_version(self) -> str:
        return prompt_version()

    def request_of(self, options: Mapping[str, Any]) -> SummaryRequest:
        focus = str(options.get("focus", "")).strip()
        instruction = str(options.get("instruction", "")).strip()
        request = self.read({**options, "focus": focus, "instruction": instruction})
        if request.instruction and request.kind is Kind.BULLETS:
            request = changed(request, kind=Kind.OWN)
        if request.kind is Kind.OWN and not request.instruction:
            raise WrongUsage("--kind own needs an --instruction.")
        if request.own_words and (request.model or request.may_need_model):
            raise WrongUsage(NO_MODEL)
        return request

    def opened(
        self,
        documents: Sequence[str],
        options: Mapping[str, Any],
        library: DocumentService,
    ) -> None:
        if not options.keys() & {"received", "place"}:
            return
        for document in documents:
            library.receive(document, options.get("received"), options.get("place"))

    def checked(self, request: SummaryRequest) -> SummaryRequest:
        return checked(request)

    def read(self, untrusted: Json) -> SummaryRequest:
        return request_from(untrusted)

    def too_many(self) -> str:
        return _("1 to {most_documents} documents can be summarized at once").format(
            most_documents=self.most_documents
        )

    def words(
        self, request: SummaryRequest, documents: Sequence[DocumentRecord]
    ) -> str:
        names = ", ".join(document.name for document in documents[:20])
        parts = list[str]()
        if request.kind is not Kind.OWN:
            parts.append(f"as {request.kind.value}")
        if isinstance(request.length, int):
            parts.append(f"{request.length} words")
        else:
            parts.append(request.length.value)
        if request.focus:
            parts.append(f"focus: {request.focus}")
        if request.instruction:
            parts.append(request.instruction)
        return f"Summarize {names} ({', '.join(parts)})"

    def model(
        self, request: SummaryRequest, context: TaskContext
    ) -> ModelRecord | None:
        """Return the model for a request, or None if the rules alone make it.

        A model that may not write is used only where a person names it or asks for what
        needs one.
        """
        if request.own_words:
            return None
        if request.model:
            return able(context.models.choose(request.model))
        try:
            record = context.uses.default(DefaultUse.SUMMARIZE)
            record = record or able(context.models.choose(None))
        except KnownError:
            is_needed = changed(request, language="").may_need_model
            if is_needed or _is_translated(request, context):
                raise
            return None
        if request.may_need_model or may(record, Ability.WRITE):
            return record
        return None

    def start(self, work: Work[SummaryRequest]) -> TaskRun[Summary]:
        from slmdesk.tasks.summaries.plan import (
            SummaryPlan,
        )  # late: it brings all checks

        return SummaryPlan(work)

    def with_unread(
        self, request: SummaryRequest, files: Sequence[NotRead]
    ) -> SummaryRequest:
        unread = tuple(UnreadableDocument(file.name, file.reason) for file in files)
        return changed(request, not_read=unread)

    def unread(self, request: SummaryRequest) -> Sequence[NotRead]:
        return [
            NotRead(document.name, document.reason) for document in request.not_read
        ]

    def deadlines(self, view: View, context: TaskContext) -> tuple[Deadline, ...]:
        """Return by when is to be done what a finished summary says."""
        # late: it brings all checks
        from slmdesk.tasks.summaries.deadlines import deadlines_of, page_words
        from slmdesk.tasks.summaries.einvoice import told_anew

        if view.result is None:
            return ()
        records = {document.id: document for document in view.documents}
        words = page_words(context.runtime.store.pages.of_document)
        return tuple(deadlines_of(told_anew(view.result), records, words))

    def shape(self, view: View, context: TaskContext) -> dict[str, Json]:
        from slmdesk.tasks.summaries.einvoice import told_anew  # late, as above

        assert view.result is not None  # it is done
        return json_of(told_anew(view.result), self.deadlines(view, context))

    def writer(
        self,
        view: View,
        context: TaskContext,
        *,
        has_folded: bool = False,
    ) -> Callable[[Path], list[Path]]:
        from slmdesk.tasks.summaries.einvoice import told_anew  # late, as above
        from slmdesk.tasks.summaries.files import write_summaries

        assert view.result is not None  # it is done
        return partial(
            write_summaries,
            summary=told_anew(view.result),
            deadlines=self.deadlines(view, context),
            has_omitted=has_folded,
            has_line=context.runtime.settings.current.model_line,
        )

    def edited(self, view: View, edit: Edit, context: TaskContext) -> Summary:
        """Return the summary with a passage that was left out.

        The statement is its document and its number.
        """
        document, __, number = edit.statement.partition(" ")
        if edit.action != ADD or view.result is None or not number.isdecimal():
            raise KnownError("request.invalid", what=_("no such sentence"))
        return with_omitted(view.result, document, int(number))

    def report(
        self,
        view: View,
        context: TaskContext,
        *,
        is_exported: bool = False,
    ) -> Report:
        """Return what it says.

        For the window that has the days too; why none can be told stands among its
        notes.
        """
        if view.newest is None:
            return Report(self.kind, view.item.shown_title)
        from slmdesk.tasks.summaries.einvoice import told_anew  # late, as above

        summary = told_anew(view.newest)
        if is_exported:
            return self._exported_report(view, summary, context)
        return self._shown_report(view, summary, context)

    def _exported_report(
        self, view: View, summary: Summary, context: TaskContext
    ) -> Report:
        # late: they bring all checks
        from slmdesk.tasks.summaries.deadlines import deadlines_of, page_words
        from slmdesk.tasks.summaries.report import report_of

        if view.item.settings.get(KEPT_OWN):
            summary = in_own_words(summary)
        records = {document.id: document for document in view.documents}
        words = page_words(context.runtime.store.pages.of_document)
        deadlines = deadlines_of(summary, records, words, is_exported=True)
        return report_of(view.item.shown_title, summary, deadlines, words)

    def _shown_report(
        self, view: View, summary: Summary, context: TaskContext
    ) -> Report:
        from slmdesk.tasks.summaries.shown import (
            WRITING,
            shown_report,
        )  # late, as above

        title = view.item.shown_title
        in_own = bool(view.item.settings.get(KEPT_OWN))
        deadlines = tuple[Deadline, ...]()
        trouble = ""
        try:
            deadlines = self.deadlines(view, context)
        except KnownError as err:
            reason = problem_for(err).sentence
            trouble = _("Deadlines not reckoned: {reason}").format(reason=reason)
        report = shown_report(title, summary, deadlines, in_own=in_own, trouble=trouble)

        job = view.job
        is_awaited = job is not None and job.model_sha256 and not job.status.is_end
        # else its note says why no model wrote it
        if is_awaited and summary.is_draft and summary.method == "quotations":
            report = changed(report, writer=WRITING)
        return report

    def grown(self, report: Report, growth: Growth) -> Report:
        from slmdesk.tasks.summaries.shown import grown_report  # late, as above

        return grown_report(report, growth)

    def kept_words(self, view: View, context: TaskContext) -> str:
        assert view.result is not None  # it is done
        summary = view.result
        words = text_of(summary.kind, summary.sentences, summary.page_kinds)
        parts = (words, summary.note, whole_coverage_words(summary))
        return "\n\n".join(filter(None, parts))


TASK = Summarize()


def _is_translated(request: SummaryRequest, context: TaskContext) -> bool:
    if not request.language:
        return False
    from slmdesk.base.text.sentences import LANGUAGES, detect

    for document in request.documents:
        for page in context.runtime.store.pages.of_document(document, limit=1):
            language, __ = detect(page.text, LANGUAGES)
            if language != request.language:
                return True
    return False


def checked(request: SummaryRequest) -> SummaryRequest:
    """Return a request that can be carried out. Raises KnownError `request.invalid`."""
    known = WRITE_IN
    if request.language and request.language not in known:
        what = _("no language {language}; known are {known}").format(
            language=request.language[:20], known=", ".join(sorted(known))
        )
        raise KnownError("request.invalid", what=what)
    length = request.length
    if isinstance(length, int) and not LEAST_WORDS <= length <= MOST_WORDS:
        what = _("a summary has {least_words} to {most_words} words").format(
            least_words=LEAST_WORDS, most_words=MOST_WORDS
        )
        raise KnownError("request.invalid", what=what)
    if len(request.focus) > MOST_FOCUS or len(request.instruction) > MOST_INSTRUCTION:
        what = _("the focus or the instruction is too long")
        raise KnownError("request.invalid", what=what)
    if request.kind is Kind.OWN and not request.instruction.strip():
        what = _("a summary of one's own kind wants an instruction")
        raise KnownError("request.invalid", what=what)
    return request
