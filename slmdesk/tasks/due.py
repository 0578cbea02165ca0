"""List what is due: all days of the papers that were read, the past ones first.

No job makes this list, and nothing of it is stored with its item: what was found lies
beside each paper, and with it what a person said of a day. `tasks.deadlines.service`
finds the days when a paper is read, and gives the list of a folder, or of all papers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import changed, sparse
from slmdesk.base.runtime.events import Pending, ended
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json
from slmdesk.documents.types import DaysFound
from slmdesk.tasks.deadlines.types import (
    BACK,
    CAME,
    DONE,
    MINE,
    MOVE,
    NOT_MINE,
    RECEIPT,
    SHEET,
    DueDay,
    DueList,
    DueRequest,
    Said,
    State,
)
from slmdesk.tasks.report import Edit, Report, Section, Statement
from slmdesk.tasks.shape import Documents, Field, FieldKind, Task, TaskContext, TaskView

View = TaskView[DueRequest, DueList]


class DueTask(Task[DueRequest, DueList]):
    kind, name, prefix = "due", N_("Deadlines"), ""
    help = "List what is due in the papers that were read."
    verb = N_("Show what is due")
    again = N_("Look through all papers anew")
    request, result = DueRequest, DueList
    documents = Documents.NONE
    grows_in_place = True
    forms = ("docx", "pdf", "html", "md", "xlsx", "ics", "json")
    actions: ClassVar[Mapping[str, str]] = {
        DONE: N_("Done"),
        NOT_MINE: N_("Not mine"),
        MOVE: N_("Move…"),
        BACK: N_("Open again"),
        MINE: N_("This is mine"),
        CAME: N_("Received…"),
        SHEET: N_("Sheet for the file…"),
    }
    action_fields: ClassVar[Mapping[str, Sequence[Field]]] = {
        MOVE: (
            Field(
                "to",
                N_("To this day"),
                "",
                FieldKind.DAY,
                hint=N_("Day, month and year"),
            ),
        ),
        CAME: RECEIPT,
    }

    def read(self, untrusted: Json) -> DueRequest:
        return lenient_from(DueRequest, untrusted)

    def with_documents(
        self, request: DueRequest, documents: tuple[str, ...]
    ) -> DueRequest:
        """Return the request as it is: it is about all papers, or those of a folder."""
        return request

    def keep(self, item: str, result: DueList, context: TaskContext) -> None:
        """Keep what a person said of these days, beside their papers."""
        documents = context.runtime.store.documents
        for day in result.days:
            documents.say_of_day(day.document, day.found.key, sparse(day.said))
        context.runtime.publish(DaysFound())

    def former(self, view: View, edit: Edit, context: TaskContext) -> DueList:
        return DueList((_day_of(view, edit, context),))

    def edited(self, view: View, edit: Edit, context: TaskContext) -> DueList:
        """Return the changed day alone."""
        day = _day_of(view, edit, context)
        if edit.action not in SAYS:
            raise KnownError("request.invalid", what=_("this cannot be changed"))
        return DueList((changed(day, said=SAYS[edit.action](day, edit.value)),))

    def report(
        self, view: View, context: TaskContext, *, is_exported: bool = False
    ) -> Report:
        from slmdesk.tasks.deadlines.report import report_of  # late: all its checks

        title = _folder_of(view, context) or _(self.name)
        return report_of(self.kind, title, _listed(view), is_exported=is_exported)

    def unfolded(
        self, section: Section, context: TaskContext
    ) -> Pending[Sequence[Statement]]:
        """Return the other days, which the list has by their ids alone."""
        from slmdesk.tasks.deadlines.report import statement_of
        from slmdesk.tasks.deadlines.service import other_days

        ids = [statement.id for statement in section.statements]
        others = other_days(context.runtime.store, ids)
        return ended([statement_of(day) for day in others])

    def shape(self, view: View, context: TaskContext) -> dict[str, Json]:
        from slmdesk.tasks.deadlines.report import shape_of

        return shape_of(_listed(view))

    def exported(self, view: View) -> dict[str, Json]:
        from slmdesk.tasks.deadlines.report import shape_of

        head: dict[str, Json] = {"format": f"slmdesk-{self.kind}", "version": 1}
        return {**head, **shape_of(_listed(view))}


def _moved_to(value: Json) -> str:
    """Return the day of an answer, or "" to move it back to that of its paper."""
    assert isinstance(value, Mapping)  # what its form asks for
    return str(value["to"])


SAYS: Mapping[str, Callable[[DueDay, Json], Said]] = {
    DONE: lambda day, _value: changed(day.said, state=State.DONE),
    NOT_MINE: lambda day, _value: changed(day.said, state=State.NOT_MINE),
    BACK: lambda day, _value: changed(day.said, state=State.OPEN),
    MINE: lambda day, _value: changed(day.said, state=State.OPEN, mine=day.found),
    MOVE: lambda day, value: changed(day.said, day=_moved_to(value)),
}
"""What a person says of a day by each of its actions."""
TASK = DueTask()


def _listed(view: View) -> DueList:
    assert view.result is not None  # its service always gives a list
    return view.result


def _folder_of(view: View, context: TaskContext) -> str:
    """Return the title of the list of a folder."""
    with suppress(KnownError):  # it is of all papers, or the folder is gone
        folder = context.runtime.store.collections.get(view.request.folder)
        return _("Deadlines in {folder}").format(folder=folder.name)
    return ""


def _day_of(view: View, edit: Edit, context: TaskContext) -> DueDay:
    from slmdesk.tasks.deadlines.service import find_day

    return find_day(context.runtime.store, _listed(view), edit.statement)
