from __future__ import annotations

import re
from collections.abc import Generator
from itertools import pairwise

import pytest

from benchmarks.quality import is_aside
from benchmarks.quality.expectations import MATTERS, documents
from slmdesk.base.documents import BlockKind
from slmdesk.base.record import changed
from slmdesk.formats import mail as eml
from slmdesk.formats.reading import Reading, reader_of
from slmdesk.formats.text import markdown_pages
from slmdesk.jobs.runner import Yield
from slmdesk.summaries.choosing import allowed_words, choose, joint
from slmdesk.summaries.lines import PIECES_AT_ONCE, Line, by_day, count_words, joined, lines_of
from slmdesk.summaries.linking import Piece, Point, pieces_of
from slmdesk.summaries.papers import paper_of, replaces
from slmdesk.summaries.types import Length, Paper
from slmdesk.text.sentences import sentence_spans

pytestmark = pytest.mark.pure
USUAL = {"lease-mill-lane", "protokoll-vorstandssitzung", "bakery-quarter.fr", "pension-letter.pl"}
PAPERS = [
    pytest.param(document, id=document.name, marks=[] if document.name in USUAL else pytest.mark.soak)
    for document in (*documents(), *documents(folder=MATTERS))
    if not is_aside(document.name)
]

LETTER = "\n\n".join(
    (
        "# Notice on your parking permit",
        "**Town of Elmbridge** Parking Office, PO Box 7",
        "Mr Ian Cole, 4 High Street, Elmbridge, 3 March 2026",
        "Dear Mr Cole,",
        "Thank you for your letter of 2 February 2026, which reached us on 5 February 2026.",
        "## Our decision",
        "Your application is granted in part. You get one permit, not two.",
        "| Permit | Fee (£) |\n| --- | --- |\n| First car | 120.00 |\n| Second car | not granted |\n| Total | 120.00 |",
        "## Reasons",
        "Only one car was registered at your address on 1 January 2026.",
        "## What you have to do",
        "Please pay the £120.00 by 31 March 2026; it can be paid in two parts. If it is not paid, the permit lapses.",
        "You can appeal to the tribunal within 28 days. You can ring us on 01632 960 001, Monday to Friday.",
        "Yours sincerely,",
        "Ann Shaw, head of office, has 3 assistants.",
    )
)
MAILS = "\n\n".join(
    (
        "# Boiler",
        "**From:** Petra **To:** Tom **Sent:** 3 March 2026 **Subject:** Boiler",
        "The new boiler is delivered on Thursday, 12 March, at 8.",
        "**From:** Petra **To:** Tom **Sent:** 5 March 2026 **Subject:** Re: Boiler",
        "The new boiler is now delivered on Monday, 16 March, at 9.",
    )
)


def pieces(text: str) -> list[Piece]:
    return [piece for page in markdown_pages(text) for piece in pieces_of("d", page)[0]]


def returned(steps: Generator[Yield, None, list[Line]]) -> list[Line]:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def lines(text: str, language: str = "en") -> list[Line]:
    some = pieces(text)
    paper = paper_of(text, [piece.text for piece in some if piece.is_heading])
    return returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, language), language, paper))


def test_what_several_documents_say_without_a_place_is_said_without_one() -> None:
    """In another language a point without a name or a figure is linked to nothing."""
    points = [Point("A letter.", ()), Point("The roof must be repaired soon.", ())]
    assert [(point.text, point.links) for point in joint([points, points])][2:] == [(points[1].text, ())]


def texts(some: list[Line]) -> list[str]:
    return [point.text for point in some]


def line(text: str, worth: float = 1.0, section: int = 0, *, needs_last: bool = False) -> Line:
    return Line(0, 0, len(text), text, worth, section, needs_last=needs_last)


def test_words_grow_with_the_paper_and_no_length_has_less_than_a_shorter_one() -> None:
    assert allowed_words(550, Length.MEDIUM) == 165
    assert (allowed_words(400, Length.SHORT), allowed_words(4000, Length.SHORT)) == (60, 105)
    assert (allowed_words(6000, Length.MEDIUM), allowed_words(6000, Length.LONG)) == (400, 1000)
    assert allowed_words(40_000, Length.LONG) == 2500
    assert allowed_words(9, Length.LONG) == 9
    assert (allowed_words(60, Length.SHORT), allowed_words(0, Length.SHORT)) == (15, 1)
    assert allowed_words(550, 90) == 90
    for words in range(1, 20_000, 97):
        assert all(allowed_words(words, shorter) <= allowed_words(words, two) for shorter, two in pairwise(Length))
    assert count_words("The fee – £120 – is due.") == 5
    assert count_words("会议于三月一日举行") == 5


@pytest.mark.parametrize("document", PAPERS)
def test_no_summary_has_more_words_than_its_length_and_what_is_due_by_a_day_is_never_left_out(document) -> None:
    some, total = lines(document.text, document.language), count_words(document.text)
    has_enough = sum(count_words(point.text) for point in some if point.worth)
    due = {point.place for point in choose(some, 10_000).actions if point.is_due}
    for words in (*(allowed_words(total, length) for length in Length), 50, 120, 200, 300):
        chosen = choose(some, words)
        said = sum(count_words(point.text) for point in chosen.every)
        assert due <= {point.place for point in chosen.every}
        assert said <= words or not chosen.points
        most = sum(count_words(point.text) for point in choose(some, int(1.1 * words)).every)
        assert max(said, most) >= 0.9 * words or has_enough < 1.3 * words, words
        assert chosen.is_over or said <= words
        assert not set(chosen.rest) & set(chosen.every)


@pytest.mark.parametrize("document", PAPERS)
def test_words_of_a_line_stand_at_its_place(document) -> None:
    some = pieces(document.text)
    for other_line in lines(document.text, document.language):
        passage = some[other_line.piece]
        words = re.findall(r"\w+", other_line.text.removeprefix(other_line.head).lower())
        if passage.kind is not BlockKind.TABLE_ROW and not other_line.is_first:  # heads of columns, several parties
            assert set(words) <= set(re.findall(r"\w+", passage.text[other_line.start : other_line.end].lower()))


def test_letter_gives_its_outcome_its_duties_and_rows_that_say_something_alone() -> None:
    points = lines(LETTER)
    assert points[0].text == "Notice on your parking permit, 3 March 2026: Your application is granted in part."
    passage = pieces(LETTER)[points[0].piece].text[points[0].start : points[0].end]
    assert points[0].head + passage == points[0].text
    assert "First car: Fee (£) 120.00" in texts(points)
    assert [point.text for point in points if point.is_action] == ["Please pay the £120.00 by 31 March 2026"]
    assert [point.text[:5] for point in points if point.needs_last] == ["It ca", "If it"]
    said = " ".join(texts(points))
    assert not any(word in said for word in ("Thank", "PO Box", "High Street", "ring us", "Ann Shaw", "assistants"))


def test_what_is_the_readers_says_something_alone_in_a_german_letter() -> None:
    letter = (
        "# Bescheid vom 20. November 2026\n\nSehr geehrter Herr Weiß,\n\nIhr Antrag auf Wohngeld wird abgelehnt, weil "
        "das Einkommen zu hoch ist.\n\nGegen diesen Bescheid können Sie innerhalb eines Monats nach Bekanntgabe "
        "Widerspruch erheben.\n\nMit freundlichen Grüßen\nSabine Kühn"
    )
    chosen = lines(letter, "de")
    assert "Ihr Antrag auf Wohngeld wird abgelehnt" in chosen[0].text
    assert [line.text[:13] for line in chosen if line.is_action] == ["Gegen diesen "]


def test_what_is_to_come_is_worth_more_than_reasons() -> None:
    worth = {other_line.text: other_line.worth for other_line in lines(LETTER)}
    reason = worth["Only one car was registered at your address on 1 January 2026."]
    assert reason < worth["You get one permit, not two."] < worth["You can appeal to the tribunal within 28 days."]


def test_decision_of_a_meeting_is_said_with_its_heading_and_a_table_of_tasks_is_to_be_done() -> None:
    points = lines(
        "# Minutes of 3 March 2026\n\n**Present:** Ann Shaw\n\n## 1. Floodlights\n\nMr Cole moved that two be put "
        "up for £5,300. The motion was lost by two votes to four.\n\n## 2. Tasks\n\n| What | Who | By |\n"
        "|---|---|---|\n| Letter to the club | Ms Shaw | 31 March |\n\nThe minutes are displayed in the hall."
    )  # fmt: skip
    assert texts(points)[0] == "Minutes of 3 March 2026"
    assert texts(points)[2:] == ["Floodlights: The motion was lost by two votes to four.", points[3].text]
    assert [point.text for point in points if point.is_action] == ["Letter to the club – Ms Shaw – 31 March"]


def test_short_sentence_without_a_figure_is_said_with_its_heading() -> None:
    points = lines(
        "# Report\n\nWe lost £40,000 last year.\n\n## The pool\n\nThree ways are weighed. These ways cost £900 each."
    )
    assert [(line.text, line.needs_last) for line in points[-2:]] == [
        ("The pool: Three ways are weighed.", False),
        ("These ways cost £900 each.", True),
    ]


def test_letter_is_called_by_the_heading_above_its_salutation_not_by_its_sender() -> None:
    sender = "# Elm Water\n\n5 High Street\n\n## {}\n\nDear customer,\n\nThe water is off on 3 May."
    assert lines(sender.format("Subject: notice of an interruption"))[0].head == "Notice of an interruption: "
    assert lines(sender.format("Summary"))[0].head == "Elm Water: "


def test_deadline_after_a_condition_is_one_not_that_of_the_condition() -> None:
    points = lines(
        "If you agree, the form has to be with us by 12 June. If nobody objects by 14 June the work begins. "
        "The form, if it is signed, must reach us by 15 June. Below you find what the board checks by 18 June."
    )
    assert [point.text[-8:-1] for point in points if point.is_action] == ["12 June", "15 June"]


@pytest.mark.parametrize("heading", ["VERTRAGSPARTEIEN", "VERTRAGSGEGENSTAND"])
def test_heading_of_a_part_of_a_contract_is_not_its_title(heading) -> None:
    text = (
        f"TERM SHEET\n\n{heading}\n\nVermieter: Straßenbahn AG\n\nKONDITIONEN\n\nDie Miete beträgt 825,00 EUR im Monat."
    )
    assert not [line.text for line in lines(text, "de") if heading in line.text]


def test_contract_begins_with_its_parties() -> None:
    points = lines(
        "# Cleaning contract\n\nbetween **Elm Dental LLP**, 4 High Street (“the Practice”),\n\n"
        "and **Fern Ltd**, 6 Low Street (“the Contractor”).\n\n## 1. Term\n\nThe contract begins on 1 March 2026."
    )  # fmt: skip
    assert points[0].text == "Cleaning contract: Elm Dental LLP (the Practice) – Fern Ltd (the Contractor)"


def test_later_mail_corrects_an_earlier_one() -> None:
    points = lines(MAILS)
    assert [(point.text, point.worth > 0) for point in points] == [
        ("Boiler: The new boiler is now delivered on Monday, 16 March, at 9.", True),
        ("The new boiler is delivered on Thursday, 12 March, at 8.", False),
    ]


OFFER = (
    "Dear Mr Short,\n\nWe offer you the shop at 2,400 pounds a month from 1 May 2025.\n"
    "Please confirm by 14 March 2025.\n\nKind regards\nAnna"
)
ANSWER = "We do not take the shop.\n\nPlease return our deposit of 500 pounds within 14 days."
HEAD = "From: Anna <a@x>\nSent: 3 March 2025 16:20\nTo: Bernd Short\nSubject: The shop\n"
WROTE = "On Mon, 3 Mar 2025 at 16:20, Anna <a@x> wrote:\n"
MARKED = re.sub("(?m)^", "> ", OFFER)
OWN_HEAD = HEAD.replace("Anna <a@x>", "Bernd").replace("3 March", "4 March")


@pytest.mark.parametrize(
    ("text", "format_id"),
    [
        (f"{ANSWER}\n\nBernd\n\n{HEAD}\n{OFFER}", "eml"),
        (f"{ANSWER}\n\nKind regards\nBernd\n{HEAD}{OFFER}", "eml"),
        (f"{ANSWER}\n\n{WROTE}\n{MARKED}", "eml"),
        (f"{WROTE}{MARKED}\n\n{ANSWER}\n\n-- \nBernd has 3 shops.", "eml"),
        (f"{WROTE}> We offer you the shop at 2,400 pounds a month from 1 May 2025.\n\nWe do not take the shop.\n\n"
         "> Please confirm by 14 March 2025.\n\n> Kind regards\n\n"
         "Please return our deposit of 500 pounds within 14 days.", "eml"),
        (f"Dear Anna,\n\n{ANSWER}\n\n-----Original Message-----\n{HEAD}\n{OFFER}", "eml"),
        (f"{OWN_HEAD}{ANSWER}\n\n{HEAD}{OFFER}", "txt"),
        (f"{ANSWER}\n\n{HEAD}{OFFER}\n\n{HEAD.replace('3 March', '1 March')}\nWe need a bigger shop.", "txt"),
    ],
)  # fmt: skip
def test_newest_mail_is_told_and_what_it_quotes_is_background(text, format_id) -> None:
    mail = f"From: Bernd\nDate: Tue, 4 Mar 2025 09:00:00 +0000\nSubject: Re: The shop\n\n{text}"
    pages = reader_of(format_id)(Reading("a", (mail if format_id == "eml" else text).encode()))
    some = [piece for page in pages for piece in pieces_of("d", page)[0]]
    paper = paper_of(" ".join(piece.text for piece in some), file_format=format_id)
    points = returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, "en"), "en", paper))
    assert re.fullmatch("The shop(, .* 2025)?: We do not take the shop.", points[0].text)
    chosen = choose(points, 40)
    assert [line.text for line in chosen.actions if not line.is_earlier] == [ANSWER.partition("\n\n")[2]]
    assert all(line.is_earlier for line in chosen.points)
    earlier = {line.text for line in points if line.is_earlier}
    offer = {"We offer you the shop at 2,400 pounds a month from 1 May 2025.", "Please confirm by 14 March 2025."}
    assert offer <= earlier <= {*offer, "We need a bigger shop."}
    assert not any(word in line.text for line in points for word in ("Sent", "wrote", "Original", "3 shops", ">"))


@pytest.mark.parametrize(
    "text",
    [
        f"{ANSWER}\n\n--\n{HEAD}\n{OFFER}",
        f"Hinweis\n\n--\n\n{ANSWER}\n\n"
        + "Wir sind bis Mai im Haus und danach nicht mehr da, was auch geschieht. " * 8,
    ],
)
def test_rule_in_a_mail_is_no_signature(text) -> None:
    mail = f"From: Bernd\nDate: Tue, 4 Mar 2025 09:00:00 +0000\nSubject: Geht das?\n\n{text}"
    some = [piece for page in eml.read(Reading("a", mail.encode())) for piece in pieces_of("d", page)[0]]
    points = returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, "de"), "de", Paper.LETTER))
    assert any(ANSWER.partition("\n\n")[2] in line.text for line in points)
    assert not any("Subject" in line.text for line in points)


def test_forwarded_mail_without_a_word_above_it_is_the_mail() -> None:
    mail = (
        f"From: Bernd\nDate: Tue, 4 Mar 2025 09:00:00 +0000\nSubject: Fwd\n\n-- Forwarded message --\n{HEAD}\n{OFFER}"
    )
    some = [piece for page in eml.read(Reading("a", mail.encode())) for piece in pieces_of("d", page)[0]]
    points = returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, "en"), "en", Paper.LETTER))
    assert [line.text for line in points if line.is_action and not line.is_earlier] == [
        "Please confirm by 14 March 2025."
    ]


@pytest.mark.parametrize(
    ("language", "earlier", "later"),
    [
        ("en", "We need a deposit of £200 for the hall by 15 May.", "The deposit rises to £300 and is due by 20 May."),
        ("en", "We deliver at 11:00 through the goods entrance.", "We shall be there at 10:30 rather than 11:00."),
        ("en", "Two of our staff serve and charge £18 an hour.", "We no longer charge the staff by the hour."),
        ("de", "Die Abnahme ist am 17. Februar.", "Wir verschieben die Abnahme auf den 24. Februar."),
        ("fr", "La livraison aura lieu le 3 mars.", "La livraison est reportée au 9 mars."),
        ("es", "La reunión será el 24 de septiembre.", "La reunión se traslada al 28 de septiembre."),
        ("it", "La consegna avviene il 3 marzo.", "La consegna viene spostata al 9 marzo."),
        ("pl", "Zebranie odbędzie się 21 kwietnia.", "Przenosimy zebranie na 19 maja."),
    ],
)
def test_later_mail_replaces_a_value_of_an_earlier_one(language, earlier, later) -> None:
    assert replaces(later, earlier, language)


@pytest.mark.parametrize(
    "later",
    [
        "The concert in the hall is on 5 June.",  # another thing
        "The deposit of £200 is not changed, and the chairs cost £90.",
        "You may cancel the hall and its deposit.",
    ],
)
def test_later_mail_on_another_thing_replaces_nothing(later) -> None:
    assert not replaces(later, "We need a deposit of £200 for the hall by 15 May.", "en")


def test_question_of_an_earlier_mail_is_no_task_and_replaces_nothing() -> None:
    mails = MAILS.replace("on Thursday, 12 March, at 8.", "on 12 March. Could you tell us your terms?")
    assert not [point.text for point in lines(mails) if point.is_action]
    asked = lines(MAILS.replace("is now delivered on Monday, 16 March, at 9.", "cannot come on 16 March, can it?"))
    assert [point.worth > 0 for point in asked if "12 March" in point.text] == [True]


def test_medical_report_begins_with_its_main_diagnosis_however_short() -> None:
    report = "# Discharge report\n\nDear Dr Goss,\n\n{}\n\n## Course\n\nShe was given 2 units of blood on 3 March."
    known = "## Secondary diagnoses\n\nType 2 diabetes since 2009.\n\n## Diagnoses\n\n- Hip fracture\n- Gout, stage 2"
    listed = "## Diagnoses\n\nKnown: type 2 diabetes since 2009.\n\nHip fracture"
    assert {lines(report.format(diagnosis))[0].text for diagnosis in (known, listed)} == {
        "Discharge report: Hip fracture"
    }


def test_what_has_to_be_done_is_never_left_out_and_the_rest_gives_way() -> None:
    some = lines(LETTER)
    chosen = choose(some, 12)
    assert [action.text for action in chosen.actions] == ["Please pay the £120.00 by 31 March 2026"]
    assert (chosen.is_over, chosen.points) == (True, ())
    assert "You can appeal to the tribunal within 28 days." in [point.text for point in chosen.rest]
    assert not choose(some, 80).is_over


def test_words_are_kept_and_lengths_after_shortening_let_more_in() -> None:
    some = [line(f"Item {number} costs {number * 100} euros a month in the house", 2.0, number) for number in range(9)]
    whole, shortened = choose(some, 30), choose(some, 30, [5] * 9)
    assert sum(count_words(point.text) for point in whole.points) <= 30
    assert (len(whole.points), len(shortened.points), len(shortened.rest)) == (3, 6, 3)


def test_two_lines_on_one_thing_are_one() -> None:
    some = [line("The fee of 120 euros is due on 31 March."), line("The fee is due on 31 March: 120 euros.", 2.0)]
    assert (choose(some, 100).points, choose(some, 100).rest) == ((some[1],), ())


def test_what_is_due_is_said_though_the_line_with_the_title_has_its_words_and_figures() -> None:
    words = "Your space 14, 3 November 2026: The price of your space stays at £480."
    first = Line(0, 0, 1, words, 1.0, 0, is_first=True)
    due = Line(1, 0, 1, "Write to keep your space by 30 November 2026.", 1.0, 0, is_action=True, is_due=True)
    again = changed(due, piece=2, text="You must write by 30 November 2026 to keep your space.")
    title = changed(first, text=words.replace("3 Nov", "30 Nov"))
    assert choose([title, due, again], 40).actions == (due,)


def test_line_that_says_nothing_alone_comes_with_the_one_before() -> None:
    first, second = line("The swings were found rotten.", 0.1), line("They stay closed.", 5.0, needs_last=True)
    assert choose([first, second], 20).points == (first, second)
    assert choose([first, second], 6).points == (first,)


def test_sections_are_heard_before_one_is_heard_again() -> None:
    some = [line(f"{word} is paid for by the {word} itself now", 2.0, 0) for word in ("roof", "door")]
    other = line("garden stays open to everybody in the summer", 1.9, 1)
    assert other in choose([*some, other], 18).points


def test_report_values_its_summary_whole_dates_and_what_a_paragraph_is_about() -> None:
    points = lines(
        "# Annual report 2025\n\n3 March 2026\n\n## The year in brief\n\n"
        "The yard cost £412,000. We taught 21 riders more.\n\n"
        "## The yard\n\nThe floor was laid in 3 weeks. The roof had to wait. The doors were painted green. "
        "The gate had to wait as well.\n\nThe lease of the paddock ends on 30 September 2026.\n\n"
        "The lease of the garden ends on 30 September.\n\nThe committee proposed a fee of £40."
    )
    worth = {point.text: point.worth for point in points}
    garden = "The lease of the garden ends on 30 September."
    paddock = "The lease of the paddock ends on 30 September 2026."
    assert worth["We taught 21 riders more."] > worth[paddock] > worth[garden]
    assert worth["The floor was laid in 3 weeks."] > worth["The yard: The roof had to wait."]
    assert worth["The committee proposed a fee of £40."] > worth["The yard: The roof had to wait."]


def test_number_of_a_task_is_not_said() -> None:
    points = lines(
        "# Report\n\n## Tasks\n\n| No | What | Who | By |\n|---|---|---|---|\n"
        "| R1 | Order the boiler | Ms Shaw | 31 March |\n| R2 | Pay the fee | Mr Cole | 3 May |"
    )
    tasks = ["Order the boiler – Ms Shaw – 31 March", "Pay the fee – Mr Cole – 3 May"]
    assert [point.text for point in points if point.is_action] == tasks


def test_section_gets_a_third_of_the_points_of_a_paper_with_many() -> None:
    some = [line(f"Item {number} costs {number + 100} euros", 9.0, 0) for number in range(30)]
    others = [line(f"Wall {number} costs {number + 500} euros", 1.0, number) for number in range(1, 5)]
    points = choose([*some, *others], 300).points
    assert [sum(point in part for point in points) for part in (some, others)] == [6, 4]
    assert len(choose(some, 100).points) == 20


def test_a_date_at_the_beginning_is_no_number_of_an_item_and_a_day_of_birth_no_date_of_a_letter() -> None:
    text = "# Letter\n\nMario Rossi, born 30 January 1958\n\nDear doctor,\n\n9 June: the stitches are removed.\n\n"
    first, second = lines(text + "14 tablets at 900 euros are paid back by 3 May 2031.", "en")[:2]
    assert "1958" not in first.text
    assert {first.text, second.text} == {
        "Letter: 9 June: the stitches are removed.",
        "14 tablets at 900 euros are paid back by 3 May 2031.",
    }


def test_a_deadline_of_three_words_is_a_line() -> None:
    points = lines("Die Marke ist angemeldet (Nr. 12). Widerspruch: bis 14.04.2026. Nr. 12. Danke sehr.", "de")
    assert texts(points)[1:] == ["Widerspruch: bis 14.04.2026."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("51.000 EUR des Darlehens wurden am 3. Mai ins Ausland überwiesen.", ""),
        ("§ 8 Abs. 1 Nr. 4 AStG nimmt solche Einkünfte aus der Besteuerung heraus.", ""),
        ("§ 126 BGB erfordert die Schrift auf Papier.", ""),
        ("§ 3 GmbHG gilt auch bei der Kapitalerhöhung.", ""),
        ("§ 4 Die Kosten des Rechtsstreits trägt die Beklagte.", "Die Kosten des Rechtsstreits trägt die Beklagte."),
        ("4.2 Der Mieter reinigt die Treppe jede Woche.", "Der Mieter reinigt die Treppe jede Woche."),
    ],
)
def test_an_amount_or_a_law_at_the_beginning_is_no_number_of_an_item(text, said) -> None:
    assert [line.text for line in lines(text, "de")] == [said or text]


def test_a_long_paper_lets_other_work_run_in_between() -> None:
    some = pieces(LETTER) * 50
    steps = lines_of(some, range(len(some)), lambda words: sentence_spans(words, "en"), "en", Paper.ARTICLE)
    assert sum(isinstance(step, Yield) for step in steps) == -(-len(some) // PIECES_AT_ONCE) > 1


@pytest.mark.parametrize(
    ("date", "said", "order"),
    [
        ("12 November 2026", ("by 15 January 2027", "by 31 December 2026", "at once", "by 3 May 2026"), (3, 1, 0, 2)),
        ("12 November 2026", ("by 31 January", "by 31 December", "by 12 November", "by 1 November"), (2, 1, 0, 3)),
        ("12 November 2026", ("by 31 January", "by 31 December 2026", "by 2 January 2027"), (1, 2, 0)),
        ("", ("by 15 January 2027", "by 31 December 2026"), (1, 0)),
        ("", ("by 15 January", "by 31 December 2026"), (0, 1)),
        ("12 November 2026", ("your letter of 1 March 2026 by 3 May 2027", "by 2 May 2027"), (1, 0)),
    ],
)  # fmt: skip
def test_what_has_to_be_done_goes_by_its_days(date, said, order) -> None:
    """A date without a year is the next one after the letter's own date."""
    some = pieces(f"# Your rent\n\nMr Ian Cole, 4 High Street, {date}\n\nDear Mr Cole,\n\nPlease write to us.")
    given = [line(f"Please write to us {words}.") for words in said]
    assert by_day(given, some, range(len(some)), "en") == [given[at] for at in order]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Can you get two more offers for the paint?"),
        ("de", "Kümmerst du dich um die Schlüssel?"),
        ("de", "Bitte pruefen Sie die Zaehler im Keller."),
        ("fr", "Nous vous remercions de contrôler les coordonnées avant le 10 février."),
        ("es", "Tiene usted que mandarme el seguro firmado."),
        ("es", "Ha de hablar con el portero del edificio."),
        ("it", "Puoi mandarmi le chiavi della cantina?"),
        ("pl", "Możesz przygotować klucze do piwnicy?"),
        ("pt", "Podes enviar as chaves da cave?"),
        ("nl", "Kun je de sleutels van de kelder sturen?"),
    ],
)
def test_what_is_asked_of_somebody_has_to_be_done(language, said) -> None:
    some = lines(f"Hotel Astoria Milano: 300 euros.\n\n{said}", language)
    assert [line.text for line in some if line.is_action] == [said]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Thank you for sending us the form last week."),
        ("fr", "Nous vous remercions de votre lettre du 2 janvier."),
        ("de", "Wir bitten um Ihr Verständnis für die Verzögerung."),
        ("es", "Gracias por el presupuesto de la semana pasada."),
    ],
)
def test_thanks_and_courtesies_are_not_said(language, said) -> None:
    assert not lines(said, language)


def test_a_letter_begins_below_its_salutation_and_not_below_its_address() -> None:
    address = "Caisse Primaire\n\nMadame Claire Vasseur\n\nObjet : votre demande de transport\n\nMadame,\n\n"
    points = lines(f"{address}Votre demande est acceptée pour six mois à partir du 1er mars.", "fr")
    assert points[0].head == "Votre demande de transport: "
    page = "Town Hall, 3 May 2026 Subject: your permit Dear Mr Cole, we grant the permit for two cars from now on. "
    assert lines(page + "It costs 120 pounds a year. " * 10)[0].text == (
        "Your permit, 3 May 2026: We grant the permit for two cars from now on."
    )
    told = f"{address}La lettre du 3 avril 2026 dit :\n\nVotre demande est acceptée pour six mois."
    assert "3 avril" not in lines(told, "fr")[0].text, "a date before a colon is not the letter's own"


def test_a_list_is_said_with_the_words_above_it() -> None:
    text = (
        "The tax office waits.\n\nWe need you to send us by 8 April 2026:\n\n1. All invoices.\n\n2. The list of flats."
    )
    points = [line for line in lines(text) if line.is_action]
    said = joined(points, pieces(text))
    assert [line.text for line in said] == ["We need you to send us by 8 April 2026: All invoices. The list of flats."]
    assert said[0].pieces == tuple(dict.fromkeys(line.piece for line in points))


def test_an_amount_is_said_with_the_sentence_that_names_it() -> None:
    text = "The hall costs 18,400 pounds.\n\nThe licence comes in May.\n\nThe amount is paid in three parts."
    hall, _, amount = lines(text)
    assert (amount.rests_on, choose([hall, amount], 30).also) == (hall.place, (amount,))
    assert joined([hall, amount], pieces(text))[0].text == f"{hall.text} {amount.text}"


def test_what_is_asked_without_a_day_takes_at_most_half_of_the_words() -> None:
    asked = [changed(line(f"Please paint {at} of the {word}"), is_action=True) for at, word in enumerate(WORDS, 20)]
    days = [line("Send the keys to Mr Cole by 3 May"), line("Pay the deposit for the hall by 9 June")]
    due = [changed(point, is_action=True, is_due=True) for point in days]
    told = [line(f"The {word} costs {at}00 pounds a month in all", 2.0) for at, word in enumerate(WORDS, 2)]
    chosen = choose([*asked, *due, *told], 60)
    assert set(due) <= set(chosen.actions)
    assert sum(count_words(point.text) for point in chosen.actions) <= 30
    assert chosen.points
    assert chosen.is_over
    assert set(asked) - set(chosen.actions) <= set(chosen.rest)


WORDS = ("roof", "door", "wall", "fence", "gate", "shed", "stairs", "cellar")


def test_words_without_umlauts_are_known_and_a_heading_of_each_page_is_none() -> None:
    assert lines("Wir koennen die Genehmigung fuer 300 Euro erteilen.", "de")[0].worth > 4
    page = "# Amtsgericht Mitte\n\nDer Antrag wird {}.\n\n"
    assert not any(
        "Amtsgericht" in line.text for line in lines(page.format("abgelehnt") + page.format("geprueft"), "de")[1:]
    )


@pytest.mark.parametrize(
    ("language", "said", "duties"),
    [
        (
            "de",
            "Wir fordern Sie auf, den Betrag bis zum 15.02.2026 zu erstatten sowie die Schäden (eine Wärmebrücke und "
            "Schimmel) bis zum 28.02.2026 zu beseitigen.",
            [
                "Wir fordern Sie auf, den Betrag bis zum 15.02.2026 zu erstatten",
                "Wir fordern Sie auf, die Schäden (eine Wärmebrücke und Schimmel) bis zum 28.02.2026 zu beseitigen.",
            ],
        ),
        (
            "en",
            "Please pay the fee by 15 February 2026 and return the signed form by 28 February 2026.",
            ["Please pay the fee by 15 February 2026", "Return the signed form by 28 February 2026."],
        ),
        ("en", "Please pay the fee by 15 February 2026 and by 28 February 2026.", None),
        ("de", "Bitte reichen Sie die Liste bis zum 3. Mai 2026 und den Bericht bis zum 9. Mai 2026 ein.", None),
    ],
)
def test_two_duties_with_two_days_are_two_lines(language, said, duties):
    above = {"de": "Wir vertreten Herrn Hannes Roth.", "en": "We act for Mr Hannes Roth."}[language]
    some = lines(f"{above}\n\n{said}", language)
    assert texts([line for line in some if line.is_due]) == (duties or [said])


@pytest.mark.parametrize("word", ["Sachverständigengutachten", "Schreiben"])
def test_a_sentence_that_begins_with_its_noun_says_something_alone(word):
    said = f"Wir bitten Sie, den Betrag bis zum 15.02.2026 zu erstatten.\n\nDas {word} des Prüfers belegt die Ursache."
    assert lines(said, "de")[-1].rests_on == (-1, -1)
