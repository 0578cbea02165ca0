from __future__ import annotations

import re
from collections import Counter

import pytest
from rapidfuzz.distance import Levenshtein

from slmdesk.base.records import JobStep, StepStatus
from slmdesk.evaluation.exams import (
    Question,
    Skill,
    corrects,
    is_answer,
    items,
    judge,
    keeps_format,
    separation,
)
from slmdesk.evaluation.model_cards import sentence_of
from slmdesk.jobs.runner import step_key
from slmdesk.text.sentences import LANGUAGES, detect

pytestmark = pytest.mark.pure

FORMAT = {
    r"- [^\n]+\n- [^\n]+\n- [^\n]+": "- a\n- b\n- c", "ja|nee": "ja", "2024-05-03": "2024-05-03", "5": "5",
    r"[^\n,]+,[^\n,]+,[^\n,]+,[^\n,]+": "red, green, blue, black", r"\[2\]": "[2]",
    r"1\. [^\n]+\n2\. [^\n]+": "1. Hund\n2. Katze", r"[^\n;]+;[^\n;]+;[^\n;]+": "Lima; Quito; Bogotá",
    "CASA": "CASA", r"\* [^\n]+\n\* [^\n]+": "* jabłko\n* gruszka",
}  # fmt: skip


def perfect(question: Question) -> dict:
    item = question.item
    match question.skill:
        case Skill.FORMAT:
            words = (
                FORMAT[item["pattern"]]
                if "pattern" in item
                else "{" + ", ".join(f'"{k}": 1' for k in item["json"]) + "}"
            )
        case Skill.CORRECT:
            words = item["right"]
        case Skill.BLOCK:
            words = str(item["right"])
        case Skill.TRUTH:
            return {"text": "Yes", "scores": [-0.1, -3.0] if question.is_true else [-3.0, -0.1]}
        case Skill.LANGUAGE:
            words = {
                "en": "It keeps the rain off and is good for walks.", "de": "Er schützt vor dem Regen, hält trocken.",
                "fr": "On y lit et on y emprunte des livres.", "es": "Une las dos orillas para los coches y la gente.",
                "it": "Prepara il pane e lo vende nella sua bottega.", "pt": "Diz as horas para que ninguém se atrase.",
                "nl": "Daarmee rijdt men snel door de stad.", "pl": "Wpada przez nie światło i świeże powietrze.",
            }[item["language"]]  # fmt: skip
    return {"text": words, "scores": []}


def steps_of(answer) -> list[JobStep]:
    version, questions = items()
    return [
        JobStep(step_key("aa", f"exam {version}", q.step()), q.step(), StepStatus.DONE, answer(q), 0, None, {})
        for q in questions
    ]


def test_there_are_twelve_items_a_skill_in_several_languages() -> None:
    _, questions = items()
    for skill in {*Skill} - {Skill.SUMMARY}:
        mine = [question for question in questions if question.skill is skill and question.is_true]
        assert len(mine) >= 12
        assert len({task.item["language"] for task in mine}) >= 5
        assert {task.item["language"] for task in mine} <= set(LANGUAGES)
    shapes = [str(question.step()) for question in questions]
    assert Counter(shapes).most_common(1)[0][1] == 1
    assert all(re.compile(question.item["pattern"]) for question in questions if "pattern" in question.item)
    blocks = [question.item for question in questions if question.skill is Skill.BLOCK]
    assert all(1 <= block["right"] <= len(block["blocks"]) <= 9 for block in blocks)
    assert len({block["right"] for block in blocks}) >= 4  # whoever always says the same number is not good
    assert all(
        Levenshtein.distance(question.item["wrong"], question.item["right"]) > 1
        for question in questions
        if "wrong" in question.item
    )


def test_who_answers_all_is_good_at_all() -> None:
    result = judge(steps_of(perfect), "aa", now=1.0)
    assert [(skill.skill, skill.level, skill.passed == skill.total) for skill in result.skills] == [
        (skill, "good", True) for skill in Skill if skill is not Skill.SUMMARY
    ]
    assert result.of(Skill.TRUTH).auc == 1.0
    assert sentence_of("A model", result) == (
        "A model: good for short chats, keeping to a form, finding where a text says something, judging true and "
        "false, answering in the language asked and corrections."
    )


def test_who_echoes_or_says_nothing_is_weak_and_it_is_said() -> None:
    for value in ({}, {"text": "You said: it", "scores": [-1.0, -1.0]}):
        result = judge(steps_of(lambda _question, value=value: value), "aa", now=1.0)
        assert {skill.level for skill in result.skills} == {"weak"}
        assert sentence_of("Echo", result).startswith(
            "Echo: good for short chats; do not rely on it for keeping to a form, finding where a text says something"
        )


def test_a_correction_is_near_to_the_right_text_and_no_rewriting() -> None:
    wrong, right = "She go to the office every days.", "She goes to the office every day."
    assert corrects(wrong, right, right)
    assert not corrects(wrong, right, wrong)
    assert not corrects(wrong, right, "Every day, she walks over to her office.")
    assert not corrects(wrong, right, f"Here is the corrected text: {right}")


def test_a_form_is_kept_whole_or_not() -> None:
    assert keeps_format('{"name": "Anna", "age": 31}', {"json": ["name", "age"]})
    assert not keeps_format('Sure! {"name": "Anna", "age": 31}', {"json": ["name", "age"]})
    assert not keeps_format("[" * 100_000, {"json": ["name"]})
    assert not keeps_format("ja.", {"pattern": "ja|nee"})


def test_a_parrot_and_a_broken_record_give_no_answer() -> None:
    asked = "Beschreibe in zwei Sätzen, wozu ein Regenschirm da ist."
    assert is_answer(asked, "Er schützt vor dem Regen und hält trocken.")
    assert not is_answer(asked, asked)
    assert not is_answer(asked, f"{asked} Das ist es.")
    assert not is_answer(asked, "Der Schirm ist gut für den Regen, " + "und das ist das, " * 9)


def test_true_and_altered_are_told_apart_by_a_threshold() -> None:
    split = separation([2.0, 1.5, 1.0], [-0.5, -1.0, -2.0])
    assert (split.auc, split.threshold, split.right) == (1.0, 0.25, 6)
    assert separation([0.0, 0.0], [0.0, 0.0]).auc == 0.5
    assert separation([-3.0], [3.0]).auc == 0.0
    # a threshold chosen by these says 6 of 8; told by thresholds that do not know them it is guessing
    assert separation([3.0, 1.0, -1.0, -3.0], [2.0, 0.0, -2.0, -4.0]).right <= 4


def test_each_item_is_written_in_its_language() -> None:
    for task in items()[1]:
        texts = [task.item[key] for key in ("text", "true", "altered", "right", "said") if key in task.item]
        if task.skill is Skill.BLOCK:
            texts = [" ".join(task.item["blocks"]), task.item["said"]]
        if task.skill is Skill.FORMAT:
            texts.append(task.item["ask"])
        assert {detect(text)[0] for text in texts} <= {task.item["language"]}, texts
