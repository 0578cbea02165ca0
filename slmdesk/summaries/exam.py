"""The part of a model's exam that tells whether it may write summaries: eight short papers, one in each language.

A model writes each summary as it would for a person, and the same checks judge it. What they accept must be right, and
must say most of what a reader needs, no less than the sentences that the rules choose. Pure functions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Generator, Sequence
from functools import cache, partial
from importlib import resources

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.record import Record, converted
from slmdesk.base.types import Json
from slmdesk.evaluation.exams import Skill, SkillResult
from slmdesk.jobs.runner import Yield
from slmdesk.summaries.checking import checked
from slmdesk.summaries.choosing import choose
from slmdesk.summaries.lines import Line, count_words, lines_of
from slmdesk.summaries.linking import Source, headings_above, pieces_of
from slmdesk.summaries.prompts import Numbered, entries_of, note_step, numbered, part_of, written_in
from slmdesk.text.sentences import detect, sentence_spans

WORDS = 60
"""Words that a summary may have, about half of a paper's. What a model writes beyond them is not read."""
NEAR = 1.15
RIGHT, FAIR_RIGHT = 0.97, 0.9
"""Least shares of right sentences at which a model is called good or fair."""
TOLD, FAIR_TOLD = 0.8, 0.6
"""Least shares of the points."""


class ExamPaper(Record):
    language: str
    text: str
    musts: tuple[str, ...]
    facts: tuple[str, ...]
    beside: tuple[tuple[str, str, str], ...]
    wrong: tuple[str, ...]

    @property
    def most_points(self) -> int:
        return 2 * len(self.musts) + len(self.facts)

    def points(self, sentences: Sequence[str]) -> int:
        """Return the points of what is said: two for each must, one for each other fact."""
        return sum(
            points * any(_has(fact, sentence) for sentence in sentences)
            for points, facts in ((2, self.musts), (1, self.facts))
            for fact in facts
        )

    def contradicts(self, sentence: str) -> bool:
        return any(_has(pattern, sentence) for pattern in self.wrong) or any(
            _is_exchanged(sentence, *values) for values in self.beside
        )


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _is_exchanged(sentence: str, value: str, own: str, foreign: str) -> bool:
    """Return whether the words on both sides of a value are of what it does not belong to.

    Only words of the value's own clause count, if it has any.
    """
    for match in re.finditer(value, sentence, re.IGNORECASE):
        begin = max((cut.end() for cut in _CLAUSE.finditer(sentence, 0, match.start())), default=0)
        end = _CLAUSE.search(sentence, match.end())
        for before, after in (
            (sentence[begin : match.start()], sentence[match.end() : end.start() if end else None]),
            (sentence[: match.start()], sentence[match.end() :]),
        ):
            words = re.compile(f"(?P<own>{own})|{foreign}", re.IGNORECASE)
            nearest = [*list(words.finditer(before))[-1:], *list(words.finditer(after))[:1]]
            if nearest:
                if not any(near["own"] for near in nearest):
                    return True
                break
    return False


_CLAUSE = re.compile(r"[,;:–—](?=\s)")


class _Given(Record):
    """A paper as the plan of a summary gets it."""

    paper: ExamPaper
    source: Source
    text: Numbered
    background: str
    rules: tuple[str, ...]
    """The sentences that the rules choose, in as many words as the model may write."""


@cache
def papers() -> tuple[ExamPaper, ...]:
    shape = tomllib.loads(resources.files("slmdesk.summaries").joinpath("exam_papers.toml").read_text("utf-8"))
    return tuple(converted(table, ExamPaper) for table in shape["paper"])


@cache
def _given() -> tuple[_Given, ...]:
    return tuple(map(_read, papers()))


def _read(paper: ExamPaper) -> _Given:
    blocks = []
    for match in re.finditer(r"\S(?:.|\n(?!\n))*", paper.text):
        kind = BlockKind.QUOTE if match[0].startswith(">") else BlockKind.PARAGRAPH
        blocks.append(Block(kind, *match.span()))
    pieces, _count = pieces_of("", Page(1, "", paper.text, PageStatus.READ, tuple(blocks)))
    here, spans = range(len(pieces)), partial(sentence_spans, language=paper.language)
    lines = _ended(lines_of(pieces, here, spans, paper.language))
    part = part_of(here, lines)
    return _Given(
        paper,
        Source(pieces, paper.language, headings=headings_above(pieces)),
        numbered(entries_of(pieces, part, spans)),
        "\n".join(pieces[at].text for at in here if at not in part),
        tuple(line.text for line in choose(lines, WORDS).every),
    )


def _ended(work: Generator[Yield, None, list[Line]]) -> list[Line]:
    while True:
        try:
            next(work)
        except StopIteration as end:
            lines: list[Line] = end.value
            return lines


class SummaryPapers:
    """The papers for `evaluation.exams`."""

    def steps(self) -> list[dict[str, Json]]:
        return [note_step(given.text, given.paper.language, WORDS, background=given.background) for given in _given()]

    def judged(self, answers: Sequence[str]) -> SkillResult:
        """Return the result in points, over all papers, of what is accepted and right."""
        accepted = right = told = 0
        for given, answer in zip(_given(), answers, strict=True):
            sentences = _accepted(given, answer)
            true = [sentence for sentence in sentences if not given.paper.contradicts(sentence)]
            accepted, right = accepted + len(sentences), right + len(true)
            if detect(" ".join(true))[0] == given.paper.language:
                told += given.paper.points(true)
        most = sum(given.paper.most_points for given in _given())
        rules = sum(given.paper.points(given.rules) for given in _given())
        share_right, share_told = right / max(1, accepted), told / most
        is_good = share_right >= RIGHT and share_told >= TOLD and told >= rules
        is_fair = share_right >= FAIR_RIGHT and share_told >= FAIR_TOLD
        return SkillResult(Skill.SUMMARY, "good" if is_good else "fair" if is_fair else "weak", told, most)


def _accepted(given: _Given, answer: str) -> list[str]:
    """Return the sentences that no check speaks against, as far as they fit into the summary."""
    said = written_in(answer, given.text, given.paper.language, is_cut=True).said
    sentences, words = list[str](), 0
    for point in checked(said, given.source, range(len(given.source.pieces))):
        words += count_words(point.text)
        if words > WORDS * NEAR:
            break
        if point.is_supported:
            sentences.append(point.text)
    return sentences
