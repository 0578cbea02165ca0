"""What is marked in an answer: values that no document before it has and the person did not say."""

from __future__ import annotations

import pytest

from slmdesk.base.types import ChatMessage, Origin, Role, TextPart
from slmdesk.chat.checking import marks_on

pytestmark = pytest.mark.pure

LEASE = "The rent is 850 euros a month. The deposit is 1,700 euros. The lease began on 3 May 2026."


def marked(answer: str, document: str = LEASE, said: str = "What is due?", before: str = "") -> list[str]:
    """The marked words, as they stand in the answer."""
    parts = (TextPart("A document, ", Origin.PROGRAM), TextPart(document, Origin.DOCUMENT), TextPart(said))
    earlier = ChatMessage(Role.ASSISTANT, (TextPart(before, Origin.MODEL),))
    marks = marks_on(answer, [ChatMessage(Role.USER, parts), earlier])
    assert all(answer[mark.start : mark.end] == mark.text for mark in marks)
    return [mark.text for mark in marks]


def test_values_that_stand_nowhere_are_marked_where_they_are():
    answer = "The lease began on 3 May 2026.\n\n- **Rent:** 850 euros\n- **Fee:** 4,200 euros by 5 June"
    assert marked(answer) == ["4,200 euros", "5 June"]


def test_a_value_of_something_else_is_marked():
    assert marked("The deposit is 850 euros.") == ["850 euros"]


def test_a_bare_number_of_something_else_is_not():
    paper = "The house is in Mill Lane 12. It has 26 rooms and was built for 80 people."
    assert marked("The owner of the house lives in Mill Lane 26.", paper) == []


def test_what_the_person_said_is_known_and_what_the_model_said_is_not():
    answer = "You pay 300 euros for the repair."
    assert marked(answer, said="I pay 300 euros for the repair.") == []
    assert marked(answer, before=answer) == ["300 euros"]


@pytest.mark.parametrize(
    "answer",
    [
        "## Key Points\n\nKind regards,\nElla Brooks\n\nGood luck with the Housing Office!",
        "Die Miete beträgt 850 Euro im Monat, die Kaution 1.700 Euro. Das Mietverhältnis begann am 3. Mai 2026.",
        "```python\nrent = 850\nprint(rent)\n```",
    ],
)
def test_words_names_and_another_language_are_not_marked(answer):
    assert marked(answer) == []


def test_a_code_that_stands_nowhere_is_marked():
    assert marked("See contract AB-1234.") == ["AB-1234"]


def test_without_a_document_nothing_is_marked():
    assert marks_on("4,200 euros", [ChatMessage(Role.USER, (TextPart("How much?"),))]) == ()
