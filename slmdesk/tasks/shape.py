"""The shape of a task: work on documents that makes a report.

A task is declared in one file, which says what may be asked (its fields), which steps
are done (its run), and what came of it (its report). Window, command, export, jobs,
history and search need nothing else about it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.letters import Letter
from slmdesk.base.protocol import lenient_from, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json
from slmdesk.models.service import able
from slmdesk.tasks.report import (
    Advice,
    Column,
    Edit,
    Layout,
    NotRead,
    Report,
    Section,
    Statement,
    ValueKind,
)

if TYPE_CHECKING:
    from pathlib import Path

    from slmdesk.base.runtime.service import Runtime
    from slmdesk.children.client import ChildClient
    from slmdesk.documents.retrieval import EmbeddingService, Retrieval
    from slmdesk.documents.service import DocumentService
    from slmdesk.models.loader.model_loader import ModelLoader
    from slmdesk.models.service import DefaultsService, ModelService
    from slmdesk.tasks.jobs.documents import PlanTools
    from slmdesk.tasks.jobs.runner import Plan
    from slmdesk.tasks.jobs.service import JobService

Q = TypeVar("Q", bound=Record)
R = TypeVar("R", bound=Record)
T = TypeVar("T", bound=Record)


def record_with(record: T, **fields: object) -> T:
    """`changed` for a record of which only some fields are known here."""
    change: Callable[..., T] = changed
    return change(record, **fields)


class FieldKind(StrEnum):
    CHOICE = "choice"
    """One of `values`. Where `takes_number`, any whole number between `least` and
    `most` too.
    """
    LINE = "line"
    FLAG = "flag"
    DAY = "day"
    """A day, as people write it. Its value is ISO 8601."""
    LIST = "list"
    """Several words, which the command takes separated by commas, and the window one
    below the other.
    """
    MODEL = "model"
    FILE = "file"
    """A file that is there. Its value is the absolute path."""


class Field(Record):
    """A field of a task's request: a control of its form in the window, an option of
    its command.
    """

    name: str
    """Name of the field of the request."""
    title: str
    """Words beside the control. Empty: the window has no control for it."""
    help: str
    """Line about the option. Empty: the command has no such option."""
    kind: FieldKind = FieldKind.LINE
    values: Sequence[tuple[str, str]] = ()
    """What can be chosen, each with its words."""
    usual: Json = ""
    takes_number: bool = False
    least: int = 0
    most: int = 0
    option: str = ""
    """How the command calls it, where that is not the name with
    dashes: "-m/--model".
    """
    metavar: str = ""
    unit: str = ""
    """What a number counts, in the help of its option: "words"."""
    is_repeated: bool = False
    """Whether the option can be given several times."""
    hint: str = ""
    """Words in an empty line of the window."""
    is_quick: bool = False
    """Whether another choice, where a report is shown, makes that
    other report at once.
    """

    @property
    def spellings(self) -> list[str]:
        """How the command calls it, the long one last: "-m", "--model"."""
        option = self.option or f"--{self.name.replace('_', '-')}"
        return option.split("/")


TEMPLATE = Field(
    "template",
    "",
    "A Word file with fields such as {{body}}, or an earlier letter as a pattern.",
    FieldKind.FILE,
    metavar="T.docx",
)
NO_SOURCES = Field(
    "no_sources",
    "",
    "Write no comments with the sources into the Word file.",
    FieldKind.FLAG,
)
"""Options of a task whose result is a letter."""


class Grid(Record):
    """What a person can do with the columns and rows of a grid."""

    kinds: tuple[tuple[str, str], ...] = (
        (ValueKind.TEXT, N_("Text")),
        (ValueKind.NUMBER, N_("Number")),
        (ValueKind.DATE, N_("Date")),
        (ValueKind.AMOUNT, N_("Amount of money")),
        (ValueKind.LABEL, N_("Own labels")),
    )
    """Kinds of columns that can be added, each with its words."""
    offers: tuple[Column, ...] = ()
    """Columns that one press adds."""
    sets: Sequence[tuple[str, str]] = ()
    """Sets of columns that come with the program: id and words of each."""
    labels: Callable[[Any, TaskContext], Pending[Sequence[str]]] | None = None
    """Looks for labels in the documents of a request, a line for each. None: a person
    has to write them.
    """
    fresh: str = ""
    """What the menu says for a report that begins with nothing of the shown one."""
    joins: str = ""
    """What the menu says for one more document of the shown report."""


class Documents(StrEnum):
    """Of how many documents a report is made."""

    ONE = "one"
    TWO = "two"
    """An old and a new one."""
    MANY = "many"
    NONE = "none"
    """Of none of the library: its request says what it is about, a file that is read
    for it alone, or a text.
    """


class TaskContext(Record):
    """The services that a task works with."""

    runtime: Runtime
    models: ModelService
    uses: DefaultsService
    loader: ModelLoader
    jobs: JobService
    retrieval: Retrieval
    embedding: EmbeddingService
    reader: ChildClient
    unknown_words: Callable[[Sequence[str], str], Pending[frozenset[str]]]
    """Returns those of the words that are not in the system's dictionary of a language.
    None if it has none.
    """
    passwords: dict[str, str]
    """Passwords of files, by the item that is made of them, until the program ends.
    They are never stored.
    """


class Growth(Record):
    """What became known while a task runs."""

    sections: tuple[Section, ...] = ()
    """Sections that are new, or take the place of those with the same id."""
    is_whole: bool = False
    """True if these are all sections so far: those before go."""
    lead: str = ""
    writing: str = ""
    """The words that the model is writing."""


class Work(Record, Generic[Q]):
    """One run of a task: what it is about, and what it may use."""

    job: JobRecord
    request: Q
    documents: Sequence[DocumentRecord]
    model: ModelRecord | None
    tools: PlanTools
    context: TaskContext
    grew: Callable[[Growth], None]
    """Tell what is known by now."""
    keep: Callable[[Any], None]
    """Store a result that is not finished."""
    before: Any = None
    """The stored result of the item, if it has one."""


class TaskRun(Generic[R]):
    """The steps of a task, while they are done (see `tasks.jobs.runner.Plan`). Base
    class. Service thread.
    """

    result: R | None = None
    """The finished result. None before the end."""

    @property
    def draft(self) -> R | None:
        """What there is so far, to be kept where the run ends early."""
        return None

    def run(self) -> Plan:
        """Yield the steps, and set `result` at the end. Raises KnownError where there
        can be no result.
        """
        raise NotImplementedError

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        """A step of the last batch is done, before the whole batch is."""

    def written(self, key: str, words: str) -> None:
        """The model wrote words of an answer."""

    def restarted(self) -> None:
        """The model was loaded anew: unfinished answers are written from their
        beginning.
        """

    def changed(self, stored: R | None) -> None:
        """A person changed what is stored of the report meanwhile."""


class TaskView(Record, Generic[Q, R]):
    """A report's item with all that belongs to it."""

    item: Item
    request: Q
    documents: tuple[DocumentRecord, ...]
    """Those that still exist."""
    result: R | None
    """None while it is made for the first time, or if that failed."""
    job: JobRecord | None
    draft: R | None = None

    @property
    def newest(self) -> R | None:
        """The result, or else what there is of it."""
        return self.result if self.result is not None else self.draft

    @property
    def is_done(self) -> bool:
        return self.result is not None and (self.job is None or self.job.status.is_end)


class WrongUsage(Exception):
    """Options of a command that do not go together, said in a sentence for the command
    line, which is English.
    """


class Task(Generic[Q, R]):
    """Base class of the tasks. It has no state: there is one object of each."""

    kind: ClassVar[str]
    """Of its items and jobs. It is stored, so it never changes."""
    name: ClassVar[str]
    """What people call it, as the title of its page: N_("Summary")."""
    command: ClassVar[str] = ""
    """Name of its command. Empty: `kind`."""
    verb: ClassVar[str] = N_("Begin")
    """What the button says that makes one: N_("Summarize")."""
    help: ClassVar[str]
    """What its command does, in a line."""
    prefix: ClassVar[str]
    """What stands before the names of the documents in the title of an item, if
    anything. It is stored in English.
    """
    request: type[Q]
    result: type[R]
    again: ClassVar[str] = N_("Make it again")
    """What its menu calls it to do the same once more."""
    documents: ClassVar[Documents] = Documents.MANY
    most_documents: ClassVar[int] = 500
    fields: ClassVar[Sequence[Field]] = ()
    asks: ClassVar[Field | None] = None
    """The field that stays below the report, so that its words are asked for again and
    again. None: it has none.
    """
    forms: ClassVar[Sequence[str]] = ("docx", "pdf", "html", "md", "xlsx", "json")
    """What its reports can be exported as."""
    form_action: ClassVar[str] = ""
    """What the form does to a report that is there, by an edit without a statement.
    Empty: it begins another one.
    """
    saves_as: ClassVar[str] = ""
    """The form that has a button of its own in the window."""
    more_help: ClassVar[str] = ""
    """What the help of its command says. Empty: `help` alone."""
    file_help: ClassVar[str] = ""
    """What the help says of the file that the command writes. Empty: which forms there
    are.
    """
    texts: ClassVar[Sequence[str]] = ("txt",)
    """Forms of files that hold what the command prints."""
    folded: ClassVar[Field | None] = None
    """Option of its command that prints its folded sections too. Empty: it has none."""
    folder_file: ClassVar[str] = ""
    """Name of the table in a folder of files, as `writer` writes it. Empty: several
    documents become one file.
    """
    gives_drafts: ClassVar[bool] = False
    """Whether a command that is stopped prints and writes what there is by then."""
    actions: ClassVar[Mapping[str, str]] = {}
    """What a person can do with a statement beside changing its text: name of the
    action -> its words.
    """
    asking_actions: ClassVar[Collection[str]] = ()
    """Those of the actions for which a model is asked at once (see `asked_for`)."""
    action_fields: ClassVar[Mapping[str, Sequence[Field]]] = {}
    """What is asked before an action is taken, by its name. The value of the Edit then
    has what was answered.
    """
    switches: ClassVar[Mapping[str, str]] = {}
    """Other ways to show a report: key in the settings of its item -> words for it."""
    kinds: ClassVar[Mapping[str, str]] = {}
    """Words for the sorts of its statements. Sorts with the same words are counted and
    chosen together.
    """
    sides: ClassVar[tuple[str, str]] = (N_("Old"), N_("New"))
    """What stands above the two texts of a report of pages."""
    steps: ClassVar[Sequence[tuple[str, str]]] = (
        ("versions.previous", N_("The change before")),
        ("versions.next", N_("The next change")),
    )
    """Keys and words of the buttons that go back and on in a report of pages."""
    follows_words: ClassVar[bool] = False
    """Whether the words that a model writes are shown at once."""
    has_preview: ClassVar[bool] = False
    """Whether a run shows something before it asks a model, which is then done while
    the job waits for its turn.
    """
    grows_in_place: ClassVar[bool] = False
    """Whether what a run found takes the place of an earlier result at once. Otherwise
    that stays until the end.
    """
    layout: ClassVar[Layout] = Layout.LIST
    """How its reports are shown before one is there."""
    looking: ClassVar[str] = N_("Reading the document…")
    """What is said while that is looked for which a person need not say (see
    `proposed`).
    """
    cancelled: ClassVar[str] = N_("It was cancelled.")
    written: ClassVar[str] = N_("These sentences had been written.")
    """What is said after that of a report that is not finished."""
    made_key: ClassVar[str] = ""
    """Key in the facts of a document that such a report was made of, where the first
    one is made unasked.
    """

    @property
    def grid(self) -> Grid:
        """What a person can do where its layout is a grid."""
        return Grid()

    @property
    def prompt_version(self) -> str:
        """Which wording of its prompts asks the model. Stored steps of another one are
        done again.
        """
        return f"{self.kind}-1"

    def request_of(self, options: Mapping[str, Any]) -> Q:
        """Return the request of the options of its command, yet without documents. They
        are named as its fields.

        Raises WrongUsage with a sentence about the options.
        """
        return self.read(dict(options))

    def opened(
        self,
        documents: Sequence[str],
        options: Mapping[str, Any],
        library: DocumentService,
    ) -> None:
        """Keep what the options say of the documents themselves, which are read."""

    def checked(self, request: Q) -> Q:
        """Return a request that can be carried out. Raises KnownError
        `request.invalid`.
        """
        return request

    def lacks(self, request: Q) -> str:
        """Return why nothing can be made of a request, in a sentence for people, or ""
        if it can be asked.
        """
        return ""

    def proposed(self, request: Q, context: TaskContext) -> Pending[Q]:
        """Return the request with what a person need not say, where it lacks that."""
        raise NotImplementedError

    def documents_of(self, request: Q) -> tuple[str, ...]:
        """Return the ids of the documents that a request is about."""
        documents: tuple[str, ...] = getattr(request, "documents", ())
        return documents

    def with_documents(self, request: Q, documents: tuple[str, ...]) -> Q:
        """Return the request about other documents."""
        return record_with(request, documents=documents)

    def with_model(self, request: Q, model: str | None) -> Q:
        return record_with(request, model=model) if model else request

    def read(self, untrusted: Json) -> Q:
        """Read a stored request. What it does not know is as usual."""
        return lenient_from(self.request, untrusted)

    def file_of(self, request: Q) -> str:
        """Return the path of the file that a request is about, or "": work on one that
        changed since begins anew.
        """
        return ""

    def stored(self, item: str, context: TaskContext) -> R | None:
        """Return the stored result of an item, finished or not. None if there is none
        that can be read.
        """
        return self.load(context.runtime.store.results.get(item))

    def keep(self, item: str, result: R, context: TaskContext) -> None:
        """Store a result, or a change of one as `edited`, `restored` and `renewed`
        return it.
        """
        context.runtime.store.results.save(item, self.dump(result))

    def load(self, untrusted: Mapping[str, Json] | None) -> R | None:
        """Read a stored result. None if there is none that can be read."""
        return stored_from(self.result, untrusted)

    def dump(self, result: R) -> dict[str, Json]:
        return to_json(result)

    def too_many(self) -> str:
        """Return why a request has too few or too many documents."""
        return _("1 to {most} documents can be used at once").format(
            most=self.most_documents
        )

    def title(self, request: Q, documents: Sequence[DocumentRecord]) -> str:
        """Return the title of an item, without the prefix."""
        first, more = documents[0].name, len(documents) - 1
        return f"{first} and {more} more" if more else first

    def words(self, request: Q, documents: Sequence[DocumentRecord]) -> str:
        """Return the request as a person would say it, in English: it is stored as a
        message. Empty: none is.
        """
        return (
            f"{self.prefix} {', '.join(document.name for document in documents[:20])}"
        )

    def model(self, request: Q, context: TaskContext) -> ModelRecord | None:
        """Return the model that is asked; None if there is none, and rules alone make
        it. Raises KnownError `model.…` where it cannot do without.
        """
        named: str | None = getattr(request, "model", None)
        try:
            return able(context.models.choose(named))
        except KnownError as err:
            if named or err.code != "model.none":
                raise
            return None

    def has_model(self, context: TaskContext) -> bool:
        """Return whether there is a model that can be asked."""
        with suppress(KnownError):
            return self.model(self.read({}), context) is not None
        return False

    def follow_up(
        self, view: TaskView[Q, R], context: TaskContext
    ) -> ModelRecord | None:
        """Return the model of a second job, which adds to the result of a first that
        needed none.
        """
        return None

    def start(self, work: Work[Q]) -> TaskRun[R]:
        raise NotImplementedError

    def completed(
        self, request: Q, documents: Sequence[DocumentRecord], context: TaskContext
    ) -> Q:
        """Return the request with what its documents add to it."""
        return request

    def renewed(self, view: TaskView[Q, R], request: Q) -> tuple[Q, R | None]:
        """Return what is asked where a report is made again, and the result to begin
        with; None: the stored one.
        """
        return request, None

    def former(
        self, view: TaskView[Q, R], edit: Edit, context: TaskContext
    ) -> R | None:
        """Return what `restored` needs to take back an edit that is made now."""
        return view.newest

    def restored(self, view: TaskView[Q, R], former: R) -> tuple[Q, R]:
        """Return request and result where a person takes back a change before which the
        result was `former`.
        """
        return view.request, former

    def is_filled(self, view: TaskView[Q, R], request: Q) -> bool:
        """Return whether a report has all that a changed request asks for, so that
        nothing need be done.
        """
        return False

    def draft_kept(self, draft: R, before: R | None, request: Q) -> R | None:
        """Return what is stored of a run that did not come to its end. None: what is
        stored stays.
        """
        return draft if before is None or self.is_draft(before) else None

    def shown(self, view: TaskView[Q, R], context: TaskContext) -> TaskView[Q, R]:
        """Return the view as it is shown and exported, where that is more than what is
        stored.
        """
        return view

    def is_draft(self, result: R) -> bool:
        """Return whether a stored result is not finished."""
        return bool(getattr(result, "is_draft", False))

    def with_unread(self, request: Q, files: Sequence[NotRead]) -> Q:
        """Return the request with the files of its folder that could not be read."""
        return request

    def unread(self, request: Q) -> Sequence[NotRead]:
        return ()

    def writer(
        self, view: TaskView[Q, R], context: TaskContext, *, has_folded: bool = False
    ) -> Callable[[Path], list[Path]]:
        """Return the function that writes a file for each document into a folder, which
        runs on another thread.
        """
        raise NotImplementedError

    def joined(self, result: R, before: R | None, request: Q) -> R:
        """Return a new result with what a person changed in the one before."""
        return result

    def facts(self, result: R) -> dict[str, Json]:
        """Return settings of the item that say of its result what lists show, so that
        they need not read it.
        """
        return {}

    def report(
        self, view: TaskView[Q, R], context: TaskContext, *, is_exported: bool = False
    ) -> Report:
        """Return what its result, or else its draft, says. `is_exported`: for a file,
        which has room for all of it.
        """
        raise NotImplementedError

    def grown(self, report: Report, growth: Growth) -> Report:
        """Return a report with what became known: new sections at its end, others in
        the place of those before.
        """
        sections: dict[object, Section] = {}
        known = () if growth.is_whole else report.sections
        for at, section in enumerate((*known, *growth.sections)):
            sections[section.id or at] = section
        return changed(
            report,
            sections=tuple(sections.values()),
            lead=growth.lead or report.lead,
            is_draft=True,
        )

    def letter(self, view: TaskView[Q, R], context: TaskContext) -> Letter | None:
        """Return the letter that its result is, which is written into a template where
        it is exported. None: it is none.
        """
        return None

    def unfolded(
        self, section: Section, context: TaskContext
    ) -> Pending[Sequence[Statement]]:
        """Return the statements of a folded section that is shown when asked for.
        Service thread.
        """
        pending: Pending[Sequence[Statement]] = Pending()
        pending.end(section.statements)
        return pending

    def shape(self, view: TaskView[Q, R], context: TaskContext) -> dict[str, Json]:
        """Return the result for programs: what the command prints as JSON."""
        return to_json(view.result) if view.result is not None else {}

    def exported(self, view: TaskView[Q, R]) -> dict[str, Json]:
        """Return the result for programs, as an export has it."""
        head: dict[str, Json] = {"format": f"slmdesk-{self.kind}", "version": 1}
        result = self.dump(view.newest) if view.newest is not None else {}
        return {**head, "id": view.item.id, "title": view.item.title, **result}

    def kept_words(self, view: TaskView[Q, R], context: TaskContext) -> str:
        """Return the result as text, by which a search finds it. Empty: it is found
        otherwise.
        """
        lines = [
            statement.text
            for statement in self.report(view, context).statements
            if statement.text
        ]
        return "\n".join(f"- {line}" for line in lines)

    def asked_by(
        self, request: Q, result: R | None, edit: Edit
    ) -> tuple[Q, R | None] | None:
        """Return request and result after an edit that changes what is asked: a job
        finds what is missing then. None: it changes the result alone (see `edited`).
        """
        return None

    def begins_by(self, request: Q, edit: Edit) -> bool:
        """Return whether an edit asks for a report of its own, and leaves the shown one
        as it is.
        """
        return False

    def advice(self, result: R, edit: Edit) -> Advice | None:
        """Return what may be done with a model once a person made an edit."""
        return None

    def edited(self, view: TaskView[Q, R], edit: Edit, context: TaskContext) -> R:
        """Return the result with a person's change. Raises KnownError `request.invalid`
        where it has no such thing.
        """
        raise KnownError("request.invalid", what=_("this cannot be changed"))

    def asked_for(
        self, view: TaskView[Q, R], edit: Edit, context: TaskContext
    ) -> Pending[R]:
        """Return the result with what a model says, for one of the actions that ask it.
        Ends with a Problem where it says nothing of use.
        """
        raise NotImplementedError


class ReportRequest(Record):
    documents: tuple[str, ...]
    """Ids of documents, or unique beginnings of ids."""
    model: str | None = None
    """Id of the model; None for the model used last."""


class ReportTask(Task[ReportRequest, Report]):
    """A task that asks a model for statements, and needs no record of its own: what is
    stored is the report.
    """

    request, result = ReportRequest, Report
    fields = (
        Field(
            "model",
            "",
            "Id or name, or its beginning.",
            FieldKind.MODEL,
            option="-m/--model",
        ),
    )
    grows_in_place = True

    def model(self, request: ReportRequest, context: TaskContext) -> ModelRecord:
        return able(context.models.choose(request.model))

    def read(self, untrusted: Json) -> ReportRequest:
        return lenient_from(ReportRequest, untrusted, documents=())

    def report(
        self,
        view: TaskView[ReportRequest, Report],
        context: TaskContext,
        *,
        is_exported: bool = False,
    ) -> Report:
        return view.newest or Report(self.kind, view.item.shown_title)
