"""Questions that ask two things at once."""

from __future__ import annotations

import pytest

from slmdesk.questions.grounds import parts_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("By how much is the project over budget and why?", ("By how much is the project over budget?", "why?")),
        ("How much rent is payable a year, and on which days?", ("How much rent is payable a year?", "on which days?")),
        ("Combien de plants sont morts, et pourquoi ?", ("Combien de plants sont morts?", "pourquoi ?")),
        ("Warum scheidet sie aus, und was kostet sie?", ("Warum scheidet sie aus?", "was kostet sie?")),
        ("¿Cuánto cuesta y cuándo se paga?", ("¿Cuánto cuesta?", "cuándo se paga?")),
        ("how much is the rent and when is it due", ("how much is the rent?", "when is it due?")),
        ("What is the rent? When is it due?", ("What is the rent?", "When is it due?")),
        ("Who pays, when does he pay and how much is it?", ("Who pays, when does he pay?", "how much is it?")),
    ],
)
def test_a_question_of_two_parts_is_split(question, parts):
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "When does the pump stop?", "Which firms and which persons took part?", "Who signs for landlord and tenant?",
        "What does it say about how and when the rent is paid?", "Summarize this and explain how it works.",
        "Wer haftet für Frost und Wasser, wenn niemand da ist?", "and why?", "?", "",
    ],
)  # fmt: skip
def test_what_asks_one_thing_stays_whole(question):
    assert parts_of(question) == (question,)
