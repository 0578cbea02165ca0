from __future__ import annotations

import pytest

from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.documents.types import Span
from slmdesk.tasks.replies.edits import ADD, POINT, RESTORE, SAY, STRIKE, UP, taken
from slmdesk.tasks.replies.report import letter_of, report_of
from slmdesk.tasks.replies.types import (
    Frame,
    Offer,
    Point,
    Reply,
    joined,
    with_point,
)
from slmdesk.tasks.replies.wording import own_answer, to_word
from slmdesk.tasks.report import Edit

pytestmark = pytest.mark.pure

FIRST, SECOND = Point("p1", "Please send the keys."), Point("p2", "Who has the lease?")
REPLY = Reply((FIRST, SECOND), frame=Frame(closing="Yours"), language="en", model="M")


def after(reply: Reply, *edits: Edit) -> Reply:
    for edit in edits:
        reply = taken(reply, edit) or pytest.fail(f"{edit}")
    return reply


def answers(reply: Reply) -> dict[str, str]:
    return {part.id: part.text for part in letter_of(reply).body if part.id}


def test_a_stance_has_a_sentence_of_ours_at_once() -> None:
    reply = after(REPLY, Edit("p1", action="refuse"))
    assert answers(reply)["p1"].endswith("We are unable to comply with this.")
    assert letter_of(reply).is_draft
    reply = after(reply, Edit("p2", action="open"))
    assert not letter_of(reply).is_draft


def test_a_struck_point_is_left_out_of_the_letter_and_comes_back() -> None:
    reply = after(REPLY, Edit("p1", action="agree"), Edit("p1", action=STRIKE))
    assert "p1" not in answers(reply)
    assert "p1" in answers(after(reply, Edit("p1", action=RESTORE)))


def test_points_are_moved_and_added() -> None:
    reply = after(REPLY, Edit("p2", action=UP))
    assert [point.id for point in reply.shown] == ["p2", "p1"]
    reply = after(reply, Edit("", action=ADD, value={"text": "The fence"}))
    assert reply.points[-1].text == "The fence"
    assert taken(reply, Edit("", action=ADD, value={"text": " "})) is None


def test_a_sentence_that_is_no_point_can_only_become_one_and_stays_it() -> None:
    letter = Reply((Point("p0", "The notice is void.", is_other=True), FIRST), language="en")
    for edit in (Edit("p0", action=UP), Edit("p0", action="agree"), Edit("p0", text="Yes.")):
        assert taken(letter, edit) is None
    once = after(letter, Edit("p0", action=POINT))
    assert after(once, Edit("p0", action=POINT)) == once


def test_what_only_says_something_is_agreed_to_or_not() -> None:
    letter = Reply((Point("p0", "The notice is void.", is_other=True), FIRST), language="en", is_strong=True)
    reply = after(letter, Edit("p0", action=POINT), Edit("p0", action="refuse"))
    assert answers(reply)["p0"].endswith("We do not accept this.")
    assert [point.id for point in to_word(after(reply, Edit("p1", action="agree")))] == ["p1"]
    assert answers(after(reply, Edit("p1", action="refuse")))["p1"].endswith("comply with this.")


def test_another_sentence_becomes_a_point_in_its_place() -> None:
    letter = Reply((Point("p0", "It is 18 °C.", is_other=True), FIRST, SECOND), language="en")
    (others,) = (each for each in report_of("Reply", letter, is_exported=False).sections if each.is_folded)
    assert [each.id for each in others.statements] == ["p0"]
    assert "p0" not in answers(letter)
    added = after(letter, Edit("p0", action=POINT))
    assert [point.id for point in added.shown] == ["p0", "p1", "p2"]
    assert "18 °C" in answers(added)["p0"]
    moved = after(letter, Edit("p2", action=UP))
    assert [point.id for point in (*moved.shown, *moved.others)] == ["p2", "p1", "p0"]


def test_the_place_of_a_point_is_said_in_the_language_of_who_reads_it() -> None:
    span = Span("d", 1, 0, 9)
    point = Point("p1", "Come.", (span,), "part", offers=(Offer("It rains.", span, "lease.docx", "part"),))
    assert (point.place, point.offers[0].place) == ("part 1", "lease.docx, part 1")
    assert in_language("de", lambda: point.place) == "Teil 1"
    assert in_language("de", lambda: point.offers[0].place) == "lease.docx, Teil 1"


def test_what_a_person_wrote_stays_as_it_is_until_another_stance() -> None:
    reply = after(REPLY, Edit("p1", action="agree"), Edit("p1", text="No keys here."))
    worded = with_point(reply, changed(FIRST, stance="agree", answer="M", is_asked=True))
    assert answers(joined(worded, reply))["p1"] == "No keys here."
    reply = after(reply, Edit("p1", action="refuse"))
    assert answers(reply)["p1"] != "No keys here."


def test_a_model_words_only_the_stance_that_it_was_asked_for() -> None:
    asked = with_point(REPLY, changed(FIRST, stance="agree", answer="M", is_asked=True))
    now = after(REPLY, Edit("p1", action="refuse"))
    assert answers(joined(asked, now))["p1"] != "M"
    now = after(REPLY, Edit("p1", action="agree"))
    assert answers(joined(asked, now))["p1"] == "M"


def test_a_line_of_an_address_may_have_commas() -> None:
    lines = ("Müller, Meier & Partner", "z. Hd. Dr. A, B", "50667 Köln")
    reply = after(REPLY, Edit("recipient", text="\n".join(lines)))
    assert letter_of(reply).recipient == lines
    address, *__ = (each for each in report_of("Reply", reply, is_exported=False).sections if each.id == "address")
    shown = next(each.text for each in address.statements if each.id == "recipient")
    assert letter_of(after(reply, Edit("recipient", text=f" {shown}\n"))).recipient == lines


def test_a_line_of_ones_own_is_said() -> None:
    reply = after(
        REPLY,
        Edit("p2", action="agree"),
        Edit("p2", action=SAY, value={"text": "my brother"}),
    )
    assert answers(reply)["p2"].endswith("My brother.")


def test_the_window_shows_each_point_with_what_is_chosen() -> None:
    report = report_of("Reply", after(REPLY, Edit("p1", action="agree")), is_exported=False)
    (section,) = (each for each in report.sections if each.id == "points")
    first, second, more = section.statements
    assert (first.other, first.chosen, first.rank) == (FIRST.text, "agree", 1)
    assert second.chosen == ""
    assert more.actions == (ADD,)
    assert report.lead == "2 points, 1 left open"


def test_a_model_is_named_where_a_sentence_of_it_stands() -> None:
    worded = changed(FIRST, stance="agree", answer="We will.", is_asked=True)
    assert letter_of(with_point(REPLY, worded)).model == "M"
    failed = changed(worded, answer=own_answer(worded, "en"))
    for point in (failed, changed(worded, is_edited=True), changed(worded, is_left_out=True)):
        assert letter_of(with_point(REPLY, point)).model == ""
