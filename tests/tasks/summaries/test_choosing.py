from __future__ import annotations

import re
from collections.abc import Generator
from itertools import pairwise

import pytest

from benchmarks.quality import is_aside
from benchmarks.quality.expectations import MATTERS, documents
from slmdesk.base.documents import BlockKind
from slmdesk.base.record import changed
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.children.formats import mail as eml
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.formats.text import markdown_pages
from slmdesk.tasks.jobs.runner import Yield
from slmdesk.tasks.summaries.choosing import allowed_words, choose, joint
from slmdesk.tasks.summaries.lines import PIECES_AT_ONCE, Line, count_words, joined, lines_of
from slmdesk.tasks.summaries.linking import Piece, Point, pieces_of
from slmdesk.tasks.summaries.papers import letterhead_of
from slmdesk.tasks.summaries.types import Length

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
PAY = "Please pay the £120.00 by 31 March 2026; it can be paid in two parts."


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
    return returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, language), language))


def test_what_several_documents_say_without_a_place_is_said_without_one() -> None:
    """In another language a point without a name or a figure is linked to nothing."""
    points = [Point("A letter.", ()), Point("The roof must be repaired soon.", ())]
    assert [(point.text, point.links) for point in joint([points, points])][2:] == [(points[1].text, ())]


def texts(some: list[Line]) -> list[str]:
    return [point.text for point in some]


def line(text: str, worth: float = 1.0, *, at: int = 0, rests_on: tuple[int, int] = (-1, -1)) -> Line:
    return Line(at, 0, len(text), text, worth, rests_on=rests_on)


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
    assert "Our decision: First car: Fee (£) 120.00" in texts(points)
    assert [point.text for point in points if point.is_action] == [PAY]
    assert [point.text[:5] for point in points if point.rests_on[0] >= 0] == ["If it"]
    said = " ".join(texts(points))
    assert not any(word in said for word in ("PO Box", "High Street", "Ann Shaw", "assistants"))


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


def test_letter_is_called_by_the_heading_above_its_salutation_not_by_its_sender() -> None:
    sender = "# Elm Water\n\n5 High Street\n\n## {}\n\nDear customer,\n\nThe water is off on 3 May."
    assert lines(sender.format("Subject: notice of an interruption"))[0].head == "Notice of an interruption: "
    assert lines(sender.format("Summary"))[0].head == "Elm Water: "


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
        (f"{WROTE}{MARKED}\n\n{ANSWER}\n\n-- \nBernd", "eml"),
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
    points = returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, "en"), "en"))
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
    points = returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, "de"), "de"))
    assert any(ANSWER.partition("\n\n")[2] in line.text for line in points)
    assert not any("Subject" in line.text for line in points)


def test_each_item_of_a_list_in_a_mail_is_a_piece() -> None:
    listed = "We need by 3 May:\n- the lease\n  of 2019\n• the keys\nIt is urgent.\n● the plan"
    mail = f"From: Bernd\nSubject: The shop\n\n{listed}\n\n- 3 - 2 = 1\n2019-2020"
    pieces = [piece for page in eml.read(Reading("a", mail.encode())) for piece in pieces_of("d", page)[0]]
    assert [(piece.kind, piece.text) for piece in pieces if piece.text[:1] in "W-•●"] == [
        (BlockKind.PARAGRAPH, "We need by 3 May:"),
        (BlockKind.LIST_ITEM, "- the lease of 2019"),
        (BlockKind.LIST_ITEM, "• the keys It is urgent."),
        (BlockKind.LIST_ITEM, "● the plan"),
        (BlockKind.LIST_ITEM, "- 3 - 2 = 1 2019-2020"),
    ]


def test_forwarded_mail_without_a_word_above_it_is_the_mail() -> None:
    mail = (
        f"From: Bernd\nDate: Tue, 4 Mar 2025 09:00:00 +0000\nSubject: Fwd\n\n-- Forwarded message --\n{HEAD}\n{OFFER}"
    )
    some = [piece for page in eml.read(Reading("a", mail.encode())) for piece in pieces_of("d", page)[0]]
    points = returned(lines_of(some, range(len(some)), lambda words: sentence_spans(words, "en"), "en"))
    assert [line.text for line in points if line.is_action and not line.is_earlier] == [
        "Please confirm by 14 March 2025."
    ]


def test_what_has_to_be_done_is_never_left_out_and_the_rest_gives_way() -> None:
    some = lines(LETTER)
    chosen = choose(some, 12)
    assert [action.text for action in chosen.actions] == [PAY]
    assert (chosen.is_over, chosen.points) == (True, ())
    assert "You can appeal to the tribunal within 28 days." in [point.text for point in chosen.rest]
    assert not choose(some, 80).is_over


def test_words_are_kept_and_lengths_after_shortening_let_more_in() -> None:
    some = [
        line(f"Item {number} costs {number * 100} euros a month in the house", 2.0, at=number) for number in range(9)
    ]
    whole, shortened = choose(some, 30), choose(some, 30, [5] * 9)
    assert sum(count_words(point.text) for point in whole.points) <= 30
    assert (len(whole.points), len(shortened.points), len(shortened.rest)) == (3, 6, 3)


def test_two_lines_on_one_thing_are_one() -> None:
    some = [line("The fee of 120 euros is due on 31 March."), line("The fee is due on 31 March: 120 euros.", 2.0)]
    assert (choose(some, 100).points, choose(some, 100).rest) == ((some[1],), ())


def test_what_is_due_is_said_though_the_line_with_the_title_has_its_words_and_figures() -> None:
    head = "Your space 14, 30 November 2026: "
    first = Line(0, 0, 1, f"{head}The price of your space stays at £480.", 1.0, head=head, is_first=True)
    due = Line(1, 0, 1, "Write to keep your space by 30 November 2026.", 1.0, is_action=True, is_due=True)
    again = changed(due, piece=2, text="You must write by 30 November 2026 to keep your space.")
    assert choose([first, due, again], 40).actions == (due,)


def test_line_that_says_nothing_alone_comes_with_the_one_before() -> None:
    first, second = line("The swings were found rotten.", 0.1), line("They stay closed.", 5.0, at=1, rests_on=(0, 0))
    assert choose([first, second], 20).points == (first, second)
    assert choose([first, second], 6).points == (first,)


def test_a_date_at_the_beginning_is_no_number_of_an_item_and_a_day_of_birth_no_date_of_a_letter() -> None:
    text = "# Letter\n\nMario Rossi, born 30 January 1958\n\nDear doctor,\n\n9 June: the stitches are removed.\n\n"
    first, second = lines(text + "14 tablets at 900 euros are paid back by 3 May 2031.", "en")[:2]
    assert "1958" not in first.text
    assert {first.text, second.text} == {
        "Letter: 9 June: the stitches are removed.",
        "14 tablets at 900 euros are paid back by 3 May 2031.",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("51.000 EUR des Darlehens wurden am 3. Mai ins Ausland überwiesen.", ""),
        ("§ 8 Abs. 1 Nr. 4 AStG nimmt solche Einkünfte aus der Besteuerung heraus.", ""),
        ("§ 126 BGB erfordert die Schrift auf Papier.", ""),
        ("§ 3 GmbHG gilt auch bei der Kapitalerhöhung.", ""),
        ("4.2 Der Mieter reinigt die Treppe jede Woche.", "Der Mieter reinigt die Treppe jede Woche."),
    ],
)
def test_an_amount_or_a_law_at_the_beginning_is_no_number_of_an_item(text, said) -> None:
    assert [line.text for line in lines(text, "de")] == [said or text]


def test_a_long_paper_lets_other_work_run_in_between() -> None:
    some = pieces(LETTER) * 50
    steps = lines_of(some, range(len(some)), lambda words: sentence_spans(words, "en"), "en")
    assert sum(isinstance(step, Yield) for step in steps) >= len(some) // PIECES_AT_ONCE > 1


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


def test_a_salutation_may_have_a_number_and_an_address_is_none() -> None:
    letter = pieces("Housing Office\n\nDear resident of 12 Mill Lane,\n\nYour permit is granted.")
    assert letterhead_of(letter, range(len(letter)), "en") == 1
    address = pieces("Mairie\n\nMadame Claire Vasseur 4, impasse du Puits\n\nVotre demande est acceptée.")
    assert letterhead_of(address, range(len(address)), "fr") == -1


def test_a_list_is_said_with_the_words_above_it() -> None:
    text = (
        "The tax office waits.\n\nWe need you to send us by 8 April 2026:\n\n1. All invoices.\n\n2. The list of flats."
    )
    points = [line for line in lines(text) if line.is_action]
    said = joined(points)
    assert [line.text for line in said] == ["We need you to send us by 8 April 2026: All invoices. The list of flats."]
    assert said[0].pieces == tuple(dict.fromkeys(line.piece for line in points))


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


def test_a_sentence_is_never_cut_at_the_end_of_a_page() -> None:
    first = "The club keeps the boats in the shed. Members who want to take part in the regatta pay the"
    second = "fee of £340 to the treasurer by 14 June 2027. The jetty stays closed."
    some = [Piece("d", page, 0, len(text), BlockKind.PARAGRAPH, text) for page, text in ((1, first), (2, second))]
    points = returned(lines_of(some, range(2), lambda words: sentence_spans(words, "en"), "en"))
    due = next(point for point in points if point.is_action)
    assert due.text == f"{first.partition('shed. ')[2]} fee of £340 to the treasurer by 14 June 2027."
    assert due.pieces == (0, 1)
    assert [point.text for point in points if point.piece == 1] == ["The jetty stays closed."]


def test_the_first_line_says_what_is_decided_and_not_what_happened_before() -> None:
    text = (
        "# Your application\n\nDear Mr Cole,\n\nYou told us on 2 May 2026 that the flat has 3 rooms for 900 pounds. "
        "Your application is rejected."
    )
    assert lines(text)[0].text == "Your application: Your application is rejected."


def test_the_first_line_begins_a_paragraph_if_one_that_does_says_what_is_decided() -> None:
    text = "# Minutes\n\nFireworks cost 900 pounds. The motion is rejected.\n\nThe roof is approved for 4,000 pounds."
    assert lines(text)[0].text == "Minutes: The roof is approved for 4,000 pounds."


def test_a_word_within_a_sentence_is_no_salutation() -> None:
    text = "Angheben propone di riprendere lo spettacolo pirotecnico, con una spesa di 4.200 euro."
    assert [line.text for line in lines(text, "it")] == [text]


def test_a_sentence_that_refers_to_nothing_is_no_line() -> None:
    points = lines("It costs 900 pounds a month.\n\nThe hall costs 300 pounds. It is let by the day.")
    assert [(point.text, point.rests_on[0]) for point in points] == [
        ("The hall costs 300 pounds.", -1), ("It is let by the day.", 1)
    ]  # fmt: skip


def test_what_is_named_before_is_referred_to_and_the_paper_itself_is_not() -> None:
    text = "Die Frist beginnt am 3. Mai 2026. Diese Frist endet am 3. Juni 2026. Diese Richtlinie gilt für alle Büros."
    assert [line.rests_on for line in lines(text, "de")] == [(-1, -1), (0, 0), (-1, -1)]


def test_rows_and_items_that_are_no_sentence_stand_below_their_heading_which_is_said_once() -> None:
    text = (
        "# Bill\n\nDear Mr Cole,\n\n## Lift\n\n| Deposit | 300 EUR |\n\n- Two keys\n- The stairs stay open.\n- A badge"
    )
    some = [point.text for point in joined(lines(text))]
    assert some == ["Bill: The stairs stay open.", "Lift: Deposit: 300 EUR", "Two keys", "A badge"]
