"""The way through a question: the best passages, then more, then what was passed over, then one check."""

from __future__ import annotations

import pytest

from slmdesk.base.record import changed
from slmdesk.base.records import Passage
from slmdesk.claims.types import Mark
from slmdesk.evaluation.exams import YES_NO, Skill, SkillResult
from slmdesk.library.search import Citation, RankedPassages
from slmdesk.questions.grounds import LEAST_SURE, SURE, UNTOLD
from slmdesk.questions.plan import CONTRADICTED, UNDECIDED, AnswerContext, Asked, Reply, asks_for_all, plan
from slmdesk.questions.prompt import NOT_FOUND, Part, Source

pytestmark = pytest.mark.pure

CITED = Citation("d", 1, 0, 4, "here")
OTHER = Citation("d", 2, 0, 4, "there")


def reading(count, *, is_whole=False, wider=None):
    sources = tuple(Source(n, Passage(n, "d", n, n, 0, 4, "text"), "") for n in range(1, count + 1))
    return AnswerContext(RankedPassages((), ()), sources, is_whole, 10, 4096, 9, wider=wider)


YES, NO = Reply("Yes", (-0.2, -3.0)), Reply("No", (-3.0, -0.2))
EXAM = SkillResult(Skill.TRUTH, "good", 21, 24, 0.9, 0.9)
SAYS, REFUSES = Reply("a: At 12 bar."), Reply(NOT_FOUND)
WHOLE = reading(9, is_whole=True)
BEST = reading(2, wider=WHOLE)


def judge(_reading, _question, text, _certainty):
    """The words "a: …" are found and cited, "b: …" found and cited elsewhere, "m: …" marked, others are not found."""
    kind, _, words = text.partition(": ")
    if kind in ("a", "b", "m"):
        return Part(words, True, (OTHER if kind == "b" else CITED,), (Mark("number", words, 0, 1),) * (kind == "m"))
    return Part(NOT_FOUND, False)


def through(question, *replies, begin=BEST, truth=None, judged=judge, is_faithful=False):
    """The steps of a question with these replies, and what was answered."""
    asked = Asked(question, (), names=False, truth=truth, is_faithful=is_faithful)
    steps, way = [], plan(asked, begin, judged)
    step, left = next(way), list(replies)
    while True:
        steps.append(step)
        try:
            step = way.send(left.pop(0))
        except StopIteration as end:
            assert not left, "replies that nobody asked for"
            return steps, end.value


def test_the_best_passages_are_read_and_no_more_when_they_answer_it():
    steps, answered = through("When does it stop?", Reply("a: At 12 bar."))
    assert [len(step.reading.sources) for step in steps] == [2]
    assert (answered.answer, answered.citations, answered.is_whole) == ("At 12 bar.", (CITED,), False)
    assert (answered.passages_read, answered.passages_total) == (2, 9)


def test_the_whole_text_is_read_after_not_in_the_text():
    steps, answered = through("When does it stop?", REFUSES, NO, SAYS)
    assert [step.reading.is_whole for step in steps] == [False, False, True]
    assert (answered.answer, answered.is_whole) == ("At 12 bar.", True)
    _, answered = through("When does it stop?", REFUSES, NO, REFUSES, NO)
    assert (answered.answer, answered.found, answered.is_whole) == (NOT_FOUND, False, True)


@pytest.mark.parametrize(
    ("then", "answer", "marks"),
    [((SAYS,), "At 12 bar.", 0), ((REFUSES, NO), "At 13 bar.", 1), ((Reply("m: At 14 bar."),), "At 13 bar.", 1)],
)
def test_a_marked_answer_from_passages_stands_where_the_whole_text_gives_no_better_one(then, answer, marks):
    steps, answered = through("When does it stop?", Reply("m: At 13 bar."), *then)
    assert [step.reading.is_whole for step in steps[:2]] == [False, True]
    assert (answered.answer, len(answered.marks)) == (answer, marks)


def test_a_part_that_was_passed_over_is_asked_for_by_itself():
    steps, answered = through("How much is it, and why?", Reply("a: 60 euros."), Reply("b: Because steel is dear."))
    assert "every part" in steps[0].turns[-1].text
    assert "Answer only this part of it: why?" in steps[1].turns[-1].text
    assert steps[1].turns[-1].text.startswith(steps[0].turns[-1].text.partition("Answer in")[0].rstrip()), "kept"
    assert (answered.answer, answered.citations) == ("60 euros.\nBecause steel is dear.", (CITED, OTHER))


def test_a_part_is_not_asked_about_and_cannot_be_refused_by_a_model_with_an_exam():
    steps, _ = through("How much is it, and why?", YES, Reply("a: 60 euros."), SAYS, begin=WHOLE, truth=EXAM)
    assert [step.choices for step in steps] == [YES_NO, (), ()]
    assert NOT_FOUND not in steps[-1].turns[-1].text


def test_what_a_model_says_that_did_not_know_whether_it_is_there_is_less_certain():
    told = []

    def judged(_reading, _question, text, certainty):
        told.append(certainty)
        return Part(text, True, (CITED,))

    for odds in (0.1, -0.1):
        through("When does it stop?", REFUSES, Reply("", (odds, 0.0)), SAYS, begin=WHOLE, judged=judged)
    assert told == [CONTRADICTED, UNDECIDED]


def test_what_no_part_of_the_text_answers_is_said():
    _, answered = through("How much is it, and why?", Reply("a: 60 euros."), REFUSES, NO, begin=WHOLE)
    assert answered.answer == "60 euros.\nNot in the text: \u201cwhy?\u201d"


def test_an_answer_to_both_parts_needs_one_step():
    steps, answered = through("How much is it, and why?", Reply("a: 60 euros, because steel is dear."))
    assert len(steps) == 1
    assert answered.answer == "60 euros, because steel is dear."


@pytest.mark.parametrize(
    ("replies", "is_found"),
    [
        ((SAYS,), True),
        ((REFUSES, YES, SAYS), True),  # it knows, and was only asked in a way that lets it refuse
        ((REFUSES, Reply("", (-0.8, -0.7)), SAYS), True),  # it does not know whether it knows
        ((REFUSES, YES, REFUSES), False),
        ((REFUSES, NO), False),
    ],
)
def test_a_refusal_of_a_model_without_an_exam_is_asked_about(replies, is_found):
    steps, answered = through("When does it stop?", *replies, begin=WHOLE)
    assert [step.choices for step in steps] == [(), YES_NO, ()][: len(replies)]
    assert [NOT_FOUND in step.turns[-1].text for step in steps] == [True, False, False][: len(replies)]
    assert (answered.answer, answered.found) == (("At 12 bar." if is_found else NOT_FOUND), is_found)


@pytest.mark.parametrize(
    ("reply", "expected"), [((3.0, 0.0), 3.0 + LEAST_SURE), ((-0.2, 0.0), LEAST_SURE - 0.2), ((-5.0, 0.0), UNTOLD)]
)
def test_a_yes_of_a_model_whose_family_others_found_faithful_counts_and_its_no_costs_nothing(reply, expected):
    told = []

    def judged(_reading, _question, text, certainty):
        told.append(certainty)
        return Part(text, True, (CITED,))

    through("When does it stop?", SAYS, Reply("", reply), begin=WHOLE, judged=judged, is_faithful=True)
    assert told == [pytest.approx(expected)]
    assert len(through("When does it stop?", REFUSES, NO, begin=WHOLE, is_faithful=True)[0]) == 2


def certainties(exam, *replies):
    """What is told of how certain a model with this exam is."""
    told = []

    def judged(_reading, _question, text, certainty):
        told.append(certainty)
        return Part(text, True, (CITED,))

    through("When does it stop?", *replies, begin=WHOLE, truth=exam, judged=judged)
    return told


@pytest.mark.parametrize("threshold", [-4.0, 0.9, 4.0])
def test_a_yes_counts_from_where_the_exam_saw_the_model_mean_it(threshold):
    at_limit = Reply("Yes", (threshold - 1.0, -1.0))
    assert certainties(changed(EXAM, threshold=threshold), at_limit, SAYS) == [pytest.approx(LEAST_SURE)]


@pytest.mark.parametrize(("passed", "is_sure"), [(19, False), (22, True), (24, True)])
def test_the_yes_of_a_model_whose_exam_is_good_counts_more_than_words_in_common(passed, is_sure):
    (certainty,) = certainties(changed(EXAM, passed=passed), YES, SAYS)
    assert (certainty >= SURE) is is_sure
    (certainty,) = certainties(changed(EXAM, passed=passed), Reply("", (-0.7, -1.0)), SAYS)
    assert certainty < LEAST_SURE


def test_a_model_with_an_exam_is_asked_first_whether_it_is_there_and_cannot_refuse():
    steps, answered = through("When does it stop?", YES, SAYS, begin=WHOLE, truth=EXAM)
    assert [step.choices for step in steps] == [YES_NO, ()]
    assert not any(NOT_FOUND in step.turns[-1].text for step in steps)
    assert (answered.answer, answered.found) == ("At 12 bar.", True)


def test_what_it_denies_is_looked_for_in_more_and_is_not_in_the_text():
    steps, answered = through("When does it stop?", NO, NO, truth=EXAM)
    assert [step.reading.is_whole for step in steps] == [False, True]
    assert (answered.answer, answered.found) == (NOT_FOUND, False)


@pytest.mark.parametrize("exam", [EXAM, None])
def test_a_yes_or_no_cannot_be_refused(exam):
    replies = [Reply("", (-9.0, 0.0))] * (exam is not None) + [Reply("a: No.")]
    steps, _ = through("Does it stop?", *replies, begin=WHOLE, truth=exam)
    assert not any(NOT_FOUND in step.turns[-1].text for step in steps)


def test_marks_move_with_their_part():
    def marked(_reading, question, text, _certainty):
        return Part(text, True, (CITED,), (Mark("number", text[:2], 0, 2),))

    way = plan(Asked("How much is it, and why?", (), names=False, truth=None), WHOLE, marked)
    next(way)
    way.send(Reply("60 euros."))
    with pytest.raises(StopIteration) as end:
        way.send(Reply("Because of 70."))
    answered = end.value.value
    assert [answered.answer[mark.start : mark.end] for mark in answered.marks] == ["60", "Be"]


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


def test_of_several_documents_it_is_said_which_were_looked_at_and_which_say_something():
    names = enumerate(("d.txt", "e.txt"), 1)
    sources = tuple(Source(n, Passage(n, name[0], 1, 1, 0, 4, "text"), name) for n, name in names)
    context = AnswerContext(RankedPassages((), ()), sources, False, 10, 4096, 9, documents=7)
    _, answered = through("When does it stop?", Reply("a: At 12 bar."), begin=context)
    assert [(look.name, look.says) for look in answered.looked_at] == [("d.txt", True), ("e.txt", False)]
    assert answered.documents_words == "2 of 7 documents were looked at. Cited: d.txt. Nothing cited: e.txt."
    _, answered = through("When does it stop?", REFUSES, NO, begin=context)
    assert answered.documents_words == "2 of 7 documents were looked at. None says it: d.txt, e.txt."
    _, answered = through("When does it stop?", Reply("a: At 12 bar."))
    assert answered.documents_words == ""


def test_that_it_is_not_in_the_text_is_said_as_it_was_judged():
    plain = Asked("Etage?", (), names=False, truth=None)
    way = plan(plain, WHOLE, lambda *_: Part("Das steht nicht im Text.", False))
    next(way)
    with pytest.raises(StopIteration) as end:
        way.send(Reply("Vier."))
    assert end.value.value.answer == "Das steht nicht im Text."
