"""Ask documents questions: answers with their passages, and what these do not say.

No job makes an answer. A person waits for it with the next question in mind, so it is
written at once as an answer in a chat is: it comes before all jobs, it can be stopped,
and it is never resumed. `tasks.questions.service` writes it; the service of tasks hands
it the request, and asks it for what it has by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import changed
from slmdesk.base.texts import N_
from slmdesk.base.types import Json
from slmdesk.tasks.questions.types import AskRequest, Conversation
from slmdesk.tasks.report import Report
from slmdesk.tasks.shape import Field, FieldKind, Task, TaskContext, TaskView

View = TaskView[AskRequest, Conversation]


class Ask(Task[AskRequest, Conversation]):
    kind, name, prefix, verb = "question", N_("Questions"), "", N_("Ask")
    command, help = "ask", "Ask documents, or all documents of a folder, the QUESTION."
    again = N_("Ask again")
    request, result = AskRequest, Conversation
    most_documents = 50
    asks = Field(
        "question",
        N_("Answers come only from what was read here, with quotations."),
        "",
        hint=N_("Ask this document"),
    )
    fields = (
        Field(
            "model",
            "",
            "Id or name of a model, or its beginning.",
            FieldKind.MODEL,
            option="-m/--model",
        ),
        Field(
            "item",
            "",
            "A question this one follows; without files it is put to the same ones.",
            option="-q/--item",
        ),
    )
    forms: ClassVar[tuple[str, ...]] = ("docx", "pdf", "html", "md", "xlsx", "json")

    def read(self, untrusted: Json) -> AskRequest:
        return lenient_from(AskRequest, untrusted, question="")

    def load(self, untrusted: Mapping[str, Json] | None) -> Conversation:
        """Read the stored answers. There are none before the first one is checked."""
        return Conversation.of((untrusted or {}).get("answers"))

    def shown(self, view: View, context: TaskContext) -> View:
        """Return the view with what was read of the documents."""
        from slmdesk.tasks.questions.report import (  # late: few show any
            not_read,
            read_of,
        )

        assert view.result is not None  # see `load`
        store = context.runtime.store
        read = tuple(read_of(store, document) for document in view.documents)
        missing = not_read(store, view.item)
        told = changed(view.result, read=read, not_read=missing)
        return changed(view, result=told)

    def report(
        self, view: View, context: TaskContext, *, is_exported: bool = False
    ) -> Report:
        from slmdesk.tasks.questions.report import exported_report, shown_report

        assert view.result is not None
        make = exported_report if is_exported else shown_report
        return make(view.item, view.result)

    def shape(self, view: View, context: TaskContext) -> dict[str, Json]:
        from slmdesk.tasks.questions.report import answer_shape

        assert view.result is not None
        return answer_shape(view.item, view.result, view.documents)

    def exported(self, view: View) -> dict[str, Json]:
        from slmdesk.tasks.questions.report import shape_of

        assert view.result is not None
        return shape_of(view.item, view.result)


TASK = Ask()
