"""The way through a question: the best passages, then more, then one check."""

from __future__ import annotations

from functools import partial

import pytest

from slmdesk.base.records import Passage
from slmdesk.claims.types import Mark
from slmdesk.documents.retrieval import RankedPassages
from slmdesk.documents.search import Citation
from slmdesk.tasks.questions.plan import AnswerContext, Asked, Reply, asks_for_all, plan
from slmdesk.tasks.questions.prompt import Part, Source

pytestmark = pytest.mark.pure
NOT_FOUND = "Not in the text."

CITED = Citation("d", 1, 0, 4, "here")


def reading(count, *, is_whole=False, wider=None):
    sources = tuple(Source(n, Passage(n, "d", n, n, 0, 4, "text"), "") for n in range(1, count + 1))
    return AnswerContext(RankedPassages((), ()), sources, is_whole, 10, 4096, 9, wider=wider)


SAYS, MARKED = "a: At 12 bar.", "m: At 13 bar."
YES, NO = (-0.2, -3.0), (-3.0, -0.2)
WHOLE = reading(9, is_whole=True)
BEST = reading(2, wider=WHOLE)


def judge(nearest, _reading, text):
    """The words "a: …" are found and cited, "m: …" marked, others are not found."""
    kind, _, words = text.partition(": ")
    if kind in ("a", "m"):
        return Part(words, True, (CITED,), (Mark("number", words, 0, 1),) * (kind == "m"))
    return Part(NOT_FOUND, False, nearest=(CITED,), perhaps=nearest)


def through(question, *replies, begin=BEST, nearest=""):
    """The steps of a question with these replies, words or scores, and what was answered."""
    steps, way = [], plan(Asked(question, (), names=False), begin, partial(judge, nearest))
    step, left = next(way), list(replies)
    while True:
        steps.append(step)
        try:
            reply = left.pop(0)
            step = way.send(Reply(reply) if isinstance(reply, str) else Reply("", reply))
        except StopIteration as end:
            assert not left, "replies that nobody asked for"
            return steps, end.value


def test_the_best_passages_are_read_and_no_more_when_they_answer_it():
    steps, answered = through("When does it stop?", SAYS)
    assert [len(step.reading.sources) for step in steps] == [2]
    assert (answered.answer, answered.citations, answered.is_whole) == ("At 12 bar.", (CITED,), False)
    assert (answered.passages_read, answered.passages_total) == (2, 9)


def test_the_whole_text_is_read_after_not_in_the_text():
    steps, answered = through("When does it stop?", NOT_FOUND, NO, SAYS)
    assert [step.reading.is_whole for step in steps] == [False, False, True]
    assert (answered.answer, answered.is_whole) == ("At 12 bar.", True)
    _, answered = through("When does it stop?", NOT_FOUND, NO, NOT_FOUND, NO)
    assert (answered.answer, answered.found, answered.nearest) == (NOT_FOUND, False, (CITED,))


@pytest.mark.parametrize(
    ("then", "answer", "marks"),
    [((SAYS,), "At 12 bar.", 0), ((NOT_FOUND, NO), "At 13 bar.", 1), ((MARKED,), "At 13 bar.", 1)],
)
def test_a_marked_answer_from_passages_stands_where_the_whole_text_gives_no_better_one(then, answer, marks):
    steps, answered = through("When does it stop?", MARKED, *then)
    assert [step.reading.is_whole for step in steps[:2]] == [False, True]
    assert (answered.answer, len(answered.marks)) == (answer, marks)


def test_a_refusal_that_passages_speak_against_shows_them_first():
    _, answered = through("When does it stop?", NOT_FOUND, NO, begin=WHOLE, nearest="Perhaps.")
    assert (answered.answer, answered.state, answered.citations) == ("Perhaps.", "perhaps", (CITED,))
    assert not answered.supported


@pytest.mark.parametrize(("replies", "answer"), [((YES, SAYS), "At 12 bar."), ((YES, NOT_FOUND), NOT_FOUND)])
def test_a_model_that_refuses_what_it_says_stands_there_must_answer(replies, answer):
    steps, answered = through("When does it stop?", NOT_FOUND, *replies, begin=WHOLE)
    assert [NOT_FOUND in step.turns[-1].text for step in steps] == [True, False, False]
    assert [len(step.choices) for step in steps] == [0, 2, 0]
    assert answered.answer == answer


def test_a_model_may_always_say_that_the_text_does_not_tell():
    for question in ("When does it stop?", "Does it stop?"):
        (step,), _ = through(question, SAYS, begin=WHOLE)
        assert NOT_FOUND in step.turns[-1].text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("List all decisions.", True),
        ("Fasse das zusammen.", True),
        ("When does it stop?", False),
        ("Wer zahlt?", False),
    ],
)
def test_what_is_asked_of_all_pages(question, expected):
    assert asks_for_all(question) is expected


def test_of_several_documents_it_is_said_how_many_bear_the_answer():
    names = enumerate(("d.txt", "e.txt"), 1)
    sources = tuple(Source(n, Passage(n, name[0], 1, 1, 0, 4, "text"), name) for n, name in names)
    context = AnswerContext(RankedPassages((), ()), sources, False, 10, 4096, 9, documents=7)
    _, answered = through("When does it stop?", SAYS, begin=context)
    assert [(look.name, look.says) for look in answered.looked_at] == [("d.txt", True), ("e.txt", False)]
    assert answered.documents_words == "Supported by 1 of 7 documents: d.txt. 2 of 7 documents were looked at."
    _, answered = through("When does it stop?", NOT_FOUND, NO, begin=context)
    assert answered.documents_words == "2 of 7 documents were looked at. None says it: d.txt, e.txt."
    _, answered = through("When does it stop?", SAYS)
    assert answered.documents_words == ""
