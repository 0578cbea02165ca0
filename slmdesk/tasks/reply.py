"""Answer a letter: its points, a stance for each, and the letter ready to sign."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from slmdesk.base.errors import KnownError
from slmdesk.base.letters import Letter
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json
from slmdesk.base.write_in import WRITE_IN
from slmdesk.claims.judge import judge
from slmdesk.models.abilities import Ability, is_smaller, may
from slmdesk.tasks.replies.edits import (
    ACTIONS,
    FIELDS,
    WORD_ANEW,
    answered_anew,
    taken,
)
from slmdesk.tasks.replies.report import letter_of, report_of
from slmdesk.tasks.replies.types import (
    MOST_PAGES,
    STANCES,
    Reply,
    ReplyRequest,
    joined,
    with_point,
)
from slmdesk.tasks.replies.wording import prompt_version, to_word, writer_of
from slmdesk.tasks.report import Edit, Report
from slmdesk.tasks.shape import (
    NO_SOURCES,
    TEMPLATE,
    Field,
    FieldKind,
    Task,
    TaskContext,
    TaskRun,
    TaskView,
    Work,
    WrongUsage,
)

View = TaskView[ReplyRequest, Reply]

FEWEST = 1_200_000_000
"""Fewest parameters of a model that words an answer unasked. Those called 1.5B have
more, those called 1B fewer.
"""
WRONG_POINT = "“{given}” is no point and {what}: 2={example}."


class Answer(Task[ReplyRequest, Reply]):
    kind = "reply"
    name = N_("Reply")
    prefix = "Reply"
    command = "reply"
    help = "Answer the letter FILE: its points, and a letter ready to sign."
    verb = N_("Reply")
    request = ReplyRequest
    result = Reply
    most_documents = 50
    forms = ("docx", "pdf", "eml", "html", "md", "json")
    texts = ("txt", "json")
    more_help = """Answer the letter FILE: what it asks, demands and offers, in its own
    words, each with a number.

    With --stance the letter is worded; a point without one is named as open. Further
    FILEs are papers of your own, to be quoted.

    --all prints the other sentences of the letter with numbers, too: a stance makes one
    of them a point.
    """
    folded = Field(
        "all",
        "",
        "Give the other sentences of the letter, too.",
        FieldKind.FLAG,
    )
    fields = (
        Field(
            "stance",
            "",
            "What we say to a point: agree, refuse, ask, time, paid, open.",
            metavar="N=STANCE",
            is_repeated=True,
        ),
        Field(
            "say",
            "",
            "A line of your own on a point.",
            metavar="N=WORDS",
            is_repeated=True,
        ),
        Field("language", "", "Of the answer, such as de; else the letter's."),
        Field(
            "tone",
            N_("Tone"),
            "How the letter sounds.",
            FieldKind.CHOICE,
            (
                ("formal", N_("Formal")),
                ("friendlier", N_("Friendly")),
                ("firmer", N_("Firm")),
                ("plainer", N_("Plain")),
            ),
            "formal",
        ),
        Field(
            "model",
            "",
            "Id or name, or its beginning.",
            FieldKind.MODEL,
            option="-m/--model",
        ),
        TEMPLATE,
        NO_SOURCES,
    )
    actions: ClassVar[Mapping[str, str]] = ACTIONS
    action_fields: ClassVar[Mapping[str, Sequence[Field]]] = FIELDS
    form_action = WORD_ANEW
    saves_as = "docx"
    follows_words = True
    grows_in_place = True
    has_preview = True
    made_key = "replied"
    looking = N_("Reading the letter…")

    @property
    def prompt_version(self) -> str:
        return prompt_version()

    # ---- what is asked

    def request_of(self, options: Mapping[str, Any]) -> ReplyRequest:
        stances = _by_point(options["stance"], "a stance", "refuse")
        for number, stance in stances:
            if stance not in STANCES:
                known = ", ".join(STANCES)
                raise WrongUsage(f"--stance {number} takes one of {known}.")
        said = _by_point(options["say"], "words", "we paid in May")
        return changed(self.read(dict(options)), stances=stances, said=said)

    def read(self, untrusted: Json) -> ReplyRequest:
        return lenient_from(ReplyRequest, untrusted, documents=())

    def checked(self, request: ReplyRequest) -> ReplyRequest:
        if request.language not in ("", *WRITE_IN):
            what = _("no language {language}; known are {known}").format(
                language=request.language[:20], known=", ".join(sorted(WRITE_IN))
            )
            raise KnownError("request.invalid", what=what)
        return request

    def model(self, request: ReplyRequest, context: TaskContext) -> ModelRecord | None:
        """Return the model that words the answers, or None: sentences of ours stand."""
        record = super().model(request, context)
        if record is None or request.model:
            return record
        if is_smaller(record, FEWEST) or not may(record, Ability.LETTER):
            return None
        return record

    def start(self, work: Work[ReplyRequest]) -> TaskRun[Reply]:
        from slmdesk.tasks.replies.plan import Replying  # late: it brings all checks

        return Replying(work)

    # ---- what is stored

    def joined(
        self, result: Reply, before: Reply | None, request: ReplyRequest
    ) -> Reply:
        return joined(result, before)

    def draft_kept(
        self, draft: Reply, before: Reply | None, request: ReplyRequest
    ) -> Reply:
        return joined(draft, before)

    def renewed(
        self, view: View, request: ReplyRequest
    ) -> tuple[ReplyRequest, Reply | None]:
        """Ask again for what no person wrote."""
        reply = view.newest
        if reply is None:
            return request, None
        return request, answered_anew(reply)

    # ---- what a person changes

    def asked_by(
        self, request: ReplyRequest, result: Reply | None, edit: Edit
    ) -> tuple[ReplyRequest, Reply | None] | None:
        """Return the reply with a stance that a model words, if one may."""
        if result is not None and edit.action == WORD_ANEW:
            tone = self.read(edit.value).tone
            return changed(request, tone=tone), changed(
                answered_anew(result), tone=tone
            )
        if result is None or not result.model or edit.text is not None:
            return None
        reply = taken(result, edit)
        return (request, reply) if reply is not None and to_word(reply) else None

    def restored(self, view: View, former: Reply) -> tuple[ReplyRequest, Reply]:
        return changed(view.request, tone=former.tone), former

    def edited(self, view: View, edit: Edit, context: TaskContext) -> Reply:
        reply = taken(_reply_of(view), edit)
        if reply is None:
            raise KnownError("request.invalid", what=_("no such point"))
        for point in reply.points:
            if edit.text and point.id == edit.statement:
                sources = [point.text, point.said, *_texts(view, context)]
                marks = judge(point.answer, sources, reply.language)
                reply = with_point(reply, changed(point, marks=marks))
        return reply

    # ---- what it says

    def report(
        self, view: View, context: TaskContext, *, is_exported: bool = False
    ) -> Report:
        title = view.item.shown_title
        return report_of(title, _reply_of(view), is_exported=is_exported)

    def letter(self, view: View, context: TaskContext) -> Letter:
        return letter_of(_reply_of(view))

    def shape(self, view: View, context: TaskContext) -> dict[str, Json]:
        reply = _reply_of(view)
        points: list[Json] = [
            {
                "number": number,
                "text": point.text,
                "place": point.place,
                "stance": point.stance,
                "said": point.said,
                "answer": point.answer,
                "offers": [
                    to_json(offer) | {"place": offer.place} for offer in point.offers
                ],
                "marks": [mark.text for mark in point.marks],
            }
            for number, point in enumerate(reply.shown, 1)
        ]
        others: list[Json] = [
            {"number": number, "text": point.text, "place": point.place}
            for number, point in enumerate(reply.others, 1 + len(points))
        ]
        letter = letter_of(reply)
        body: list[Json] = [part.text for part in letter.body]
        facts: list[Json] = [
            {"kind": each.kind, "text": each.text} for each in reply.facts
        ]
        return {
            "language": reply.language,
            "points": points,
            "others": others,
            "facts": facts,
            "letter": to_json(letter) | {"body": body},
            "model": writer_of(reply),
        }


TASK = Answer()


def _reply_of(view: View) -> Reply:
    return view.newest or Reply()


def _by_point(
    given: Sequence[str], what: str, example: str
) -> tuple[tuple[int, str], ...]:
    found = list[tuple[int, str]]()
    for each in given:
        match = re.fullmatch(r"\s*([1-9]\d{0,2})\s*=\s*(\S.*)", each)
        if match is None:
            raise WrongUsage(WRONG_POINT.format(given=each, what=what, example=example))
        number = int(match[1])
        if number in dict(found):
            raise WrongUsage(f"Point {number} has {what} twice.")
        found.append((number, match[2].strip()))
    return tuple(found)


def _texts(view: View, context: TaskContext) -> list[str]:
    """Return what the letter and our own papers say."""
    pages = context.runtime.store.pages.of_document
    return [
        page.text
        for document in view.documents
        for page in pages(document.id, limit=MOST_PAGES)
    ]
