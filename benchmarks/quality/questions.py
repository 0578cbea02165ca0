"""python -m benchmarks.quality.questions MODEL [--aside] [--plain] [--raw] [--truth THRESHOLD] [NAME …]: answers.

Each question of benchmarks/quality/documents is asked of the program (with --plain of the same model in a chat with the
document attached, too) and judged by the rules written down before (see `expectations`).  A line for each answer, at
the end a table in Markdown.  --raw prints what the model wrote before it was checked.  --truth: the model's exam in
telling true from false is taken for passed, with this threshold; without it no answer is asked about again.

*Certified* is an answer with a quotation and without a mark; *invented* one that is wrong, or that the document does
not give.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.quality.desk import Desk, Made
from benchmarks.quality.expectations import Document, Question, denies, documents, is_right, plain
from slmdesk.core.records import DocumentRecord
from slmdesk.core.types import Json
from slmdesk.services.base.events import MessageGrew
from slmdesk.services.evaluation.exam_items import Skill, items
from slmdesk.services.evaluation.exams import SKILLS, SkillResult, shape_of_skill
from slmdesk.services.questions.prompt import Answered

OPTIONS = {"--aside", "--plain", "--raw", "--truth"}


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer of one side, judged by rule."""

    side: str
    document: str
    question: Question
    answer: str
    seconds: float
    is_right: bool
    """Where there is no answer: honest."""
    is_certified: bool = False
    page: bool | None = None
    """Whether the first quotation is from the right page; None without one."""
    flags: str = ""

    @property
    def is_invented(self) -> bool:
        """Whether something wrong is shown as if it were certain."""
        return self.is_certified and not self.is_right

    @property
    def line(self) -> str:
        """As it is printed."""
        verdict = ("honest" if self.is_right else "INVENTED") if self.question.none else str(self.is_right)
        page = {True: "page", False: "WRONG PAGE", None: "-"}[self.page]
        certified = "certified" if self.is_certified else "-"
        head = f"{self.document} {self.side} {self.seconds:.1f} s | {verdict} | {certified} | {page} | {self.flags}"
        return f"{head}\n    {self.question.question}\n    {' '.join(self.answer.split())}"


def ours(desk: Desk, record: DocumentRecord, document: Document, question: Question) -> Judged:
    """What the program answers."""
    made = desk.answer(record, question.question)
    answered: Answered = made.result
    is_certified = answered.found and answered.supported
    right = (not answered.found and question.none) or (bool(made.text) and is_right(made.text, question))
    page = None
    if answered.found and answered.citations and not question.none:
        first = answered.citations[0]
        (there,) = desk.services.service_thread.call(
            lambda: desk.services.store.pages.of_document(record.id, begin=first.page, limit=1)
        )
        page = plain(question.quote) in plain(there.text) or plain(question.heading) in plain(there.text)
    flags = ", ".join(f"{one.kind} {one.text[:40]!r}" for one in answered.marks)
    shown = made.text or answered.answer
    return Judged("ours", document.name, question, shown, made.seconds, right, is_certified, page, flags)


def attached(desk: Desk, record: DocumentRecord, document: Document, question: Question) -> Judged:
    """What the model says in a chat with the document attached."""
    made: Made = desk.plain(record, question.question)
    right = denies(made.text) if question.none else False
    right = right or is_right(made.text, question)
    return Judged("plain", document.name, question, made.text, made.seconds, right, is_certified=True)


def table(judged: Sequence[Judged]) -> str:
    """The figures of each side."""
    lines = [
        "| side | right | of two parts | honest where there is none | certified inventions | right page | s (median) |",
        "|---|---|---|---|---|---|---|",
    ]
    sides: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        sides[one.side].append(one)
    for side, some in sides.items():
        asked, none = [one for one in some if not one.question.none], [one for one in some if one.question.none]
        cells = [
            side,
            _share([one.is_right for one in asked]),
            _share([one.is_right for one in asked if one.question.two_parts]),
            _share([one.is_right for one in none]),
            str(sum(one.is_invented for one in some)),
            _share([one.page for one in asked if one.page is not None]),
            f"{statistics.median(one.seconds for one in some):.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(found: Sequence[bool]) -> str:
    return f"{sum(found)} of {len(found)}"


def _trust(desk: Desk, threshold: float) -> None:
    """Note of the model that it can tell true from false."""
    (record,) = desk.services.service_thread.call(desk.services.store.models.all)
    skill = shape_of_skill(SkillResult(Skill.TRUTH, "good", 20, 24, 0.9, threshold))
    shape: dict[str, Json] = {"version": items()[0], "skills": [skill]}
    desk.services.service_thread.call(lambda: desk.services.store.models.set_info(record.id, **{SKILLS: shape}))


def main(arguments: Sequence[str]) -> int:
    """Run the measure; print a line as each answer is there."""
    options = {one for one in arguments if one.startswith("--")}
    model, *names = [one for one in arguments if not one.startswith("--")] or [""]
    threshold = float(names.pop(0)) if "--truth" in options and names else None
    if not model or options - OPTIONS:
        print(__doc__, file=sys.stderr)
        return 2
    some = [one for one in documents(aside="--aside" in options) if not names or one.name in names]
    desk = Desk(model)
    if threshold is not None:
        _trust(desk, threshold)
    written: list[str] = []
    if "--raw" in options:
        desk.services.on(MessageGrew, lambda event: written.append(event.text))
    judged: list[Judged] = []
    try:
        for document in some:
            record = desk.read(document.path)
            for question in document.questions:
                for side in (ours, attached) if "--plain" in options else (ours,):
                    written.clear()
                    judged.append(side(desk, record, document, question))
                    print(judged[-1].line, flush=True)
                    if side is ours and written:
                        print("    RAW " + repr("".join(written)), flush=True)
    finally:
        if judged:
            print(table(judged), flush=True)
        desk.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
