"""python -m benchmarks.quality.translations MODEL [--aside] [--plain] [NAME …]: wrong translations, and their flags.

Each document of benchmarks/quality/translation is translated by the program; with `--plain` by one plain question to
the same model as well.  What both make is judged sentence by sentence (see `segments`); of the program also whether
what is wrong was flagged, and what is right was not.  The last lines are tables in Markdown; what was made stands in
the folder SLMDESK_QUALITY_OUT, if that is set, for a reader.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.desk import Desk, Made
from benchmarks.quality.segments import (
    Document,
    Row,
    Score,
    Verdict,
    by_pair,
    documents,
    judged,
    rows_of_whole,
    score,
)
from slmdesk.base.record import to_json
from slmdesk.base.text.tagged import Tags, plain
from slmdesk.base.translation import LANGUAGES, SegmentRecord, SegmentState, Term, flags_json
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.translation.types import TranslationRequest

PLAIN = "Translate this document into {language}. Keep names, numbers and dates exact. Give the translation alone."
PLAIN_TOKENS = 900
OUT_VARIABLE = "SLMDESK_QUALITY_OUT"
HEAD = (
    "| document | pair | segments | wrong | wrong flagged | right flagged | s | plain wrong | plain s |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


class TranslatingDesk(Desk):
    """The program as it translates a document."""

    def translation(self, document: Document) -> Made:
        """Have a document translated, with the terms of its glossary; the result is its segments."""
        self._use(document)
        request = TranslationRequest(target=document.target, source=document.source, path=str(document.path))
        began, start = time.perf_counter(), len(self._events)
        item = self._call(lambda: self.services.translations.begin(request))
        job = self._call(lambda: self.services.translations.open(item.id)).job
        assert job is not None
        _, at = self._wait(JobChanged, lambda event: event.id == job.id and event.status.is_end, start)
        segments: list[SegmentRecord] = self._call(lambda: self.services.translations.segments(item.id))
        return Made(self._call(lambda: self.services.translations.text_of(item.id)), at - began, 0.0, segments)

    def _use(self, document: Document) -> None:
        """Have the glossary of this document and no other."""
        glossaries = self.services.glossaries
        for glossary in self._call(glossaries.all):
            self._call(lambda glossary=glossary: glossaries.change(glossary.id, is_active=False))
        if document.terms:
            made = self._call(lambda: glossaries.add(document.name, document.source, document.target))
            terms = [Term(term.source, term.target) for term in document.terms]
            self._call(lambda: glossaries.add_terms(made.id, terms))


def rows_of(segments: Sequence[SegmentRecord]) -> list[Row]:
    """The segments of a translation as they are judged: what needs a look is flagged."""
    return [
        Row(
            plain(segment.source, Tags(segment.paired, segment.lone)),
            plain(segment.target or segment.source, Tags(segment.paired, segment.lone)),
            bool(segment.flags) or segment.state is SegmentState.FAILED,
        )
        for segment in segments
    ]


def _plain(desk: TranslatingDesk, document: Document) -> Made:
    words = PLAIN.format(language=LANGUAGES[document.target].name)
    return desk.plain(desk.read(document.path), words, PLAIN_TOKENS)


def _keep(document: Document, side: str, made: Made, verdicts: Sequence[Verdict]) -> None:
    folder = os.environ.get(OUT_VARIABLE)
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, f"{document.name}.{side}.txt").write_text(made.text, encoding="utf-8")
    marks: list[Any] = [
        {"source": verdict.segment.text, "target": verdict.target, "faults": verdict.faults, "flagged": verdict.flagged}
        for verdict in verdicts
    ]
    kept = {"verdicts": marks, "seconds": made.seconds, "segments": [to_json(row) for row in made.result or ()]}
    Path(folder, f"{document.name}.{side}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1), "utf-8")


def _printed(verdicts: Sequence[Verdict], segments: Sequence[SegmentRecord]) -> None:
    """Print what is wrong, and what is right and flagged."""
    for verdict in verdicts:
        if verdict.faults or verdict.flagged:
            state = "wrong" if verdict.faults else "right"
            print(f"  {state}{', flagged' if verdict.flagged else ''}: {verdict.segment.text!r}")
            print(f"      {verdict.target!r}  {'; '.join(verdict.faults)}")
    for segment in segments:
        if segment.flags:
            print(f"  flags of {segment.source[:50]!r}: {flags_json(segment.flags)}")


def _row(document: Document, ours: Score, made: Made, other: Score | None, other_s: float) -> str:
    cells = [
        document.name,
        document.pair,
        str(ours.right + ours.wrong),
        str(ours.wrong),
        str(ours.wrong_flagged),
        str(ours.right_flagged),
        f"{made.seconds:.0f}",
        str(other.wrong) if other else "",
        f"{other_s:.0f}" if other else "",
    ]
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str]) -> int:
    """Run the measure; print what is wrong as each document is there."""
    options = {argument for argument in arguments if argument.startswith("--")}
    model, *names = [argument for argument in arguments if not argument.startswith("--")] or [""]
    if not model or options - {"--aside", "--plain"}:
        print(__doc__, file=sys.stderr)
        return 2
    some = [document for document in documents(aside="--aside" in options) if not names or document.name in names]
    rows: list[str] = []
    results: list[tuple[Document, Sequence[Verdict]]] = []
    desk = TranslatingDesk(model)
    try:
        for document in some:
            made = desk.translation(document)
            results.append((document, judged(document, rows_of(made.result))))
            _keep(document, "ours", made, results[-1][1])
            other, seconds = None, 0.0
            if "--plain" in options:
                whole = _plain(desk, document)
                verdicts = judged(document, rows_of_whole(document.text, whole.text))
                _keep(document, "plain", whole, verdicts)
                other, seconds = score(verdicts), whole.seconds
            rows.append(_row(document, score(results[-1][1]), made, other, seconds))
            print(rows[-1], flush=True)
            if not document.is_aside:
                _printed(results[-1][1], made.result)
    finally:
        desk.close()
    print("\n".join([HEAD, *rows]))
    for pair, row in by_pair(results).items():
        print(f"\n{pair}: {row.wrong} of {row.right + row.wrong} wrong, {row.wrong_flagged} of them flagged; ", end="")
        print(f"{row.right_flagged} of {row.right} right ones flagged")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
