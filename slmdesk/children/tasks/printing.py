"""Prints our own documents to PDF."""

from __future__ import annotations

import base64

from slmdesk.base.documents import Paper
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Progress, record_from
from slmdesk.children.printing import PAGES, print_pdf
from slmdesk.children.tasks.job import Job, Task, text_of


def to_pdf(job: Job) -> Task:
    """Payload {paper: the fields of core.paper.Paper, page: "A4" or "Letter"}.  Progress in pages.

    Result {pdf: base64, pages}.
    """
    page = text_of(job, "page", "A4")
    if page not in PAGES:
        raise KnownError("request.invalid", what="page")
    paper = record_from(Paper, job.payload.get("paper"))
    pages = print_pdf(paper, page)
    done = 0
    while True:
        job.check()
        try:
            done, total = next(pages)
        except StopIteration as end:
            return {"pdf": base64.b64encode(end.value).decode("ascii"), "pages": done}
        yield Progress(job.id, done, total, "page")
