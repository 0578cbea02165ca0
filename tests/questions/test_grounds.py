"""What is kept of a model's words: right answers with their place, and nothing that rests on something else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slmdesk.base.documents import Block, BlockKind, page_of
from slmdesk.base.records import Passage
from slmdesk.library.search import RankedPassages
from slmdesk.questions.grounds import LEAST_SAID, SURE, UNTOLD, Grounds, Weights, asked_words, asks_yes_or_no
from slmdesk.questions.plan import CONTRADICTED, UNDECIDED, AnswerContext, Evidence
from slmdesk.questions.prompt import NOT_FOUND, Source
from slmdesk.text.folding import fold_for_search

pytestmark = pytest.mark.pure

MINUTES = (
    "Minutes of the building committee\nPresent: Ingrid Halvorsen (chair), Marco Rossi, Tomasz Wrona, Leila Benali.",
    "Budget\nThe project is 60,000 euros over its budget, since the price of steel rose. The reserve covers 40,000 "
    "euros of it. Ingrid Halvorsen reports to the management board.",
    "Works council\nTomasz Wrona asked whether the works council has been told of the move. Ingrid Halvorsen meets it "
    "in October.",
    "Opening\nIf the fire inspection fails, the opening moves to 9 February 2026. Otherwise it is on 12 January.",
)
REPORT = (
    "Quarterly report\nSales of jackets and boots rose in all regions.",
    "Regions\nSales in Austria were 16.9 million euros. Sales in Italy were 9.1 million euros.",
    "Profit\nThe operating profit fell because freight rates and wages rose, and because of one-off costs of 0.6 "
    "million euros for Linz.",
    "People\nAnders Lindqvist is head of finance since 2019. Maria Ruiz leads the shop in Linz.",
    "Bicycles\nElectric bicycles fell to 11.1 million euros; subsidies ended in Norway in June.",
)
LEASE = (
    "1. Premises\nThe Landlord lets the ground floor. The upper floors are let as flats.",
    "2. Rent\nThe rent is 46,800 pounds a year, exclusive of value added tax.",
    "3. Repairs\nThe Landlord keeps the roof in good repair. In particular, the Tenant does not answer for the damp on "
    "the north wall of the basement.",
    "4. Insurance\nThe Landlord insures the building against fire and storm for its full cost.",
    "Lease in force from 1 May 2027\nBoth parties have a copy.",
)
VORSTAND = (
    "Protokoll\nAnwesend: Annegret Thiele (Vorstandsvorsitzende), Uwe Hartung, Sabine Krohn.",
    "Wirtschaftliche Lage\nDie Rückstände der Mieter sind von 96.000 auf 71.000 Euro zurückgegangen.",
    "Verschiedenes\nFrau Thiele ist vom 6. bis 17. Oktober im Urlaub; sie wird von Frau Krohn vertreten.",
)


class Pages:
    """A document of pages, each a heading and a paragraph, that is a passage of its own."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.pages = {number: _page(number, text) for number, text in enumerate(texts, 1)}
        self.passages = tuple(Passage(n, "d", n, n, 0, len(page.text), page.text) for n, page in self.pages.items())

    def page_of(self, _document, number):
        return self.pages.get(number)

    def evidence(self, question: str) -> Evidence:
        store = SimpleNamespace(
            passages=SimpleNamespace(count=lambda ids: (len(self.passages), 100), of_document=lambda id: self.passages),
            pages=SimpleNamespace(of_document=lambda id, begin, limit: [self.pages[begin]]),
        )
        sources = tuple(Source(passage.n, passage, "d.txt") for passage in self.passages)
        reading = AnswerContext(RankedPassages(self.passages, ()), sources, True, 100, 4096, len(self.passages))
        return Evidence(store, question, (SimpleNamespace(id="d", name="d.txt"),), reading)  # type: ignore[arg-type]

    def part(self, question: str, words: str):
        return self.evidence(question).part(question, words)


def _page(number, text):
    blocks, at = [], 0
    for line in text.split("\n"):
        blocks.append(Block(BlockKind.HEADING if not at else BlockKind.PARAGRAPH, at, at + len(line)))
        at += len(line) + 1
    return page_of(number, str(number), text, blocks)


@pytest.mark.parametrize(
    ("document", "question", "words", "page"),
    [
        (MINUTES, "By how much is the project over budget?",
         '[2] "The project is 60,000 euros over its budget"\nAnswer: By 60,000 euros.', 2),
        (MINUTES, "What happens if the fire inspection fails?",
         '[4] "If the fire inspection fails, the opening moves to 9 February 2026."\n'
         "Answer: The opening moves to 9 February 2026.", 4),
        (REPORT, "Why did the operating profit fall?",
         '[3] "freight rates and wages rose"\nAnswer: Freight rates and wages rose, and there were one-off costs of '
         "0.6 million euros for Linz.", 3),
        (REPORT, "Why did the operating profit fall?",
         '[1] "Sales of jackets and boots rose in all regions."\nAnswer: Because freight rates and wages rose.', 3),
        (LEASE, "What is the rent?", '[1] "made up by the model"\nAnswer: 46,800 pounds a year.', 2),
        (LEASE, "From when is the lease in force?", "From 1 May 2027.", 5),
        (VORSTAND, "Wer vertritt Frau Thiele während ihres Urlaubs?",
         '[1] "Frau Krohn vertritt sie im Urlaub gern"\nAntwort: Sie wird von Frau Krohn vertreten.', 3),
    ],
)  # fmt: skip
def test_a_right_answer_stays_and_is_cited_where_it_stands(document, question, words, page):
    part = Pages(document).part(question, words)
    assert (part.found, part.marks) == (True, ())
    assert [citation.page for citation in part.citations] == [page]


@pytest.mark.parametrize(
    ("document", "question", "words"),
    [
        *((REPORT, "What were the sales in France?", f'[2] "Sales in Austria were 16.9 million euros."\nAnswer: {said}')
          for said in ("The sales in France were 16.9 million euros.", "16.9 million euros.")),
        (LEASE, "What rent do the occupiers of the flats on the upper floors pay?",
         '[2] "The rent is 46,800 pounds a year"\nAnswer: They pay 46,800 pounds a year.'),
        (LEASE, "Which animals may the tenant keep?", '[2] "The tenant keeps dogs"\nAnswer: Dogs climb on high trees.'),
        (LEASE, "Does it rain?", '[9] "It rains all day"\nAnswer: Yes.'),
        (REPORT, "How much do the jackets and boots cost?",
         '[1] "Sales of jackets and boots rose in all regions."\nAnswer: Jackets and boots cost 120 euros in all.'),
    ],
)  # fmt: skip
def test_what_rests_on_nothing_is_not_in_the_text(document, question, words):
    part = Pages(document).part(question, words)
    assert (part.answer, part.found, part.citations, part.marks) == (NOT_FOUND, False, (), ())


@pytest.mark.parametrize(("certainty", "is_kept"), [(UNTOLD, True), (-0.1, False)])
@pytest.mark.parametrize(
    ("document", "question", "words"),
    [
        (MINUTES, "Who was elected as the new chair of the works council?",
         "Marco Rossi was elected as the new chair of the works council."),
        (REPORT, "Who is the new head of marketing?", "The new head of marketing is Anders Lindqvist."),
    ],
)  # fmt: skip
def test_a_name_of_another_matter_is_to_be_checked_unless_the_model_knows_better(
    document, question, words, certainty, is_kept
):
    part = Pages(document).evidence(question).part(question, words, certainty)
    assert (part.found, [mark.kind for mark in part.marks]) == (is_kept, ["elsewhere"] if is_kept else [])


HANDBOOK = (
    "Leave\nStaff have twenty-five paid vacation days a year and carry over up to four of them.",
    "Sickness\nAn illness is reported on its first day.",
    "Copies\nCopies are made every six hours and kept for 30 days.",
    "Fees\nA late fee of 5 percent applies to late payment. The library of the house closes at 6 pm.",
)
HAUSBUCH = (
    "Urlaub\nAngestellte haben fünfundzwanzig bezahlte Urlaubstage im Jahr.",
    "Krankheit\nEine Krankheit ist am ersten Tag zu melden.",
    "Gebühren\nNach Fälligkeit wird eine Mahngebühr von 5 Prozent berechnet.",
)
PLAZOS = (
    "Informes\nLa empresa entrega informes mensuales en un plazo de 12 días, informes trimestrales en un plazo de 40 "
    "días y las cuentas en un plazo de 90 días.",
)
NOTICE = (
    "Hours\nThe shop opens from 6:00 to 20:00, the counter opens from 9:30 to 16:30.",
    "Filing\nThe court moved the filing date from April 3, 2026 to May 8, 2026.",
    "Dates\nLoss of the goods: May 4, 2026; report to the broker: May 11, 2026.",
    "Objection\nThe club and 14 persons object to the order of June 22, 2026.",
    "Court\nCase 7 O 315/24. Judge: Mr Tobias Lenz. The clerk of the court is Mr Ivo Stark; the usher is Ms Ada Quist.",
    "Hearing\nCourtroom 12 at Mill Street 45 is the place of the hearing.",
)


@pytest.mark.parametrize(
    ("document", "question", "words"),
    [
        (HANDBOOK, "How many paid vacation days do staff have?", "Staff have 25 paid vacation days."),
        (HANDBOOK, "How many paid vacation days do staff have?",
         "According to the documents provided, staff have **25** paid vacation days a year [1]. This information is "
         "given on page 1. If you need more details, please let me know."),
        (HANDBOOK, "How many paid vacation days do staff have?",
         "Staff have 25 paid vacation days. Up to four of them are carried over."),
        (HANDBOOK, "What fee applies to late payment?",
         "A late fee of 5% applies. The handbook does not mention any other fee."),
        (HANDBOOK, "How long are copies kept?", "They are kept for 30 days."),
        (NOTICE, "When does the counter open?", "The counter opens from 9:30 to 16:30."),
        (NOTICE, "To what day was the filing date moved?",
         "It was delayed from 3 April, so that papers are now due on 8 May 2026."),
        (NOTICE, "To what day was the filing date moved?", "The filing date was moved to May 8, 2026."),
        (NOTICE, "In which courtroom is the hearing?", "The hearing is in courtroom 12."),
        (NOTICE, "Who is the clerk of the court?", "The clerk of the court is Mr Ivo Stark."),
        (MINUTES, "Who is the chair?", "The chair is Ingrid Halvorsen."),
        (NOTICE, "Who is the judge in case 7 O 315/24?", "The judge is Tobias Lenz."),
        (HAUSBUCH, "Wie viele bezahlte Urlaubstage haben Angestellte?",
         "Laut den vorliegenden Dokumenten haben Angestellte 25 bezahlte Urlaubstage (Quelle: [1])."),
    ],
)  # fmt: skip
def test_politeness_sources_and_true_words_more_cost_nothing(document, question, words):
    part = Pages(document).part(question, words)
    assert (part.found, part.marks) == (True, ())


@pytest.mark.parametrize(
    ("document", "question", "words"),
    [
        (HANDBOOK, "How many paid sick days do staff have?", "Staff have 25 paid vacation days a year."),
        (HANDBOOK, "How many paid sick days do staff have?", "Staff have twenty-five paid sick days a year."),
        (HANDBOOK, "What is the fee for late delivery?", "A late fee of 5 percent applies."),
        (HANDBOOK, "How often are copies made?", "Copies are made every 30 days."),
        (NOTICE, "When does the counter open?", "The counter opens from 6:00 to 20:00."),
        (NOTICE, "How many persons object?", "22 persons object."),
        (NOTICE, "When was the loss reported to the broker?", "The loss was reported to the broker on May 4, 2026."),
        (PLAZOS, "¿En qué plazo se entregan los informes trimestrales?",
         "Los informes trimestrales se entregan en un plazo de 90 días."),
        (NOTICE, "What was the filing date moved to?", "The filing date was moved to April 3, 2026."),
        (NOTICE, "Until when was the filing date moved?", "April 3, 2026."),
        (HAUSBUCH, "Wie viele bezahlte Krankheitstage gibt es?", "Es gibt 25 bezahlte Krankheitstage."),
        (HAUSBUCH, "Wie hoch ist die Gebühr bei verspäteter Lieferung?", "Sie beträgt 5 Prozent."),
    ],
)  # fmt: skip
def test_a_value_that_stands_beside_another_thing_is_not_in_the_text(document, question, words):
    part = Pages(document).part(question, words)
    assert not part.found or [mark.kind for mark in part.marks] == ["elsewhere"]


@pytest.mark.parametrize(
    ("document", "question", "words"),
    [
        (HANDBOOK, "How many paid sick days do staff have?",
         "Staff have 25 paid vacation days a year. However, there is no mention of paid sick days."),
        (HANDBOOK, "How many paid sick days do staff have?",
         "The provided documents do not mention sick days; they only state that staff have 25 paid vacation days."),
        (HANDBOOK, "Which bank is the fee paid to?",
         "The handbook only says that a late fee of 5 percent applies; the bank is not identified."),
        (HAUSBUCH, "Wie viele bezahlte Krankheitstage gibt es?",
         "Das Handbuch nennt 25 bezahlte Urlaubstage. Zu Krankheitstagen finden sich keine Angaben."),
    ],
)  # fmt: skip
def test_an_answer_to_something_else_and_the_word_that_it_is_not_said_are_not_in_the_text(document, question, words):
    assert not Pages(document).part(question, words).found


def test_what_is_asked_of_a_name_of_another_paper_is_about_another_thing():
    pages = [_page(1, "Kirsch\nMs Kirsch has a flat."), _page(2, "Plan\nThe payment for leavers is 900 euros.")]
    passages = tuple(Passage(n, str(n), 1, 1, 0, len(page.text), page.text) for n, page in enumerate(pages, 1))
    grounds = Grounds(passages, lambda document, _: pages[int(document) - 1])
    ((claim,), _) = grounds.claims("What payment does Ms Kirsch get?", "She gets a payment of 900 euros.")
    assert [citation.document for citation in claim.citations] == ["2"]
    assert grounds.is_about_another("What payment does Ms Kirsch get?", claim, is_sure=True)
    assert not grounds.is_about_another("What payment do leavers get?", claim, is_sure=True)


def test_a_denial_that_the_text_itself_has_is_an_answer():
    judgment = Pages(("Reasons\nThe letter of 3 May does not mention any deadline.", "Costs\nThe defendant pays them."))
    question = "What does the letter of 3 May say about a deadline?"
    assert judgment.part(question, "The letter of 3 May does not mention any deadline.").found


def test_a_long_number_in_words_is_found():
    texts = ("House\nTwo hundred and ten volunteers give us their time.", "Shops\nThe shops have 186 customers a day.")
    part = Pages(texts).part("How many volunteers are there?", "There are 210 volunteers.")
    assert (part.found, part.marks) == (True, ())


def test_short_capitals_in_a_question_name_a_kind_and_no_one():
    text = (
        "Award\nNorthgrid was chosen as the company for the computers, since its offer was the cheapest.",
        "Annex\n1",
    )
    question = "Which IT company was chosen for the computers?"
    assert Pages(text).part(question, "Northgrid was chosen.").found


def test_the_name_of_a_document_says_what_is_asked_about():
    pages = Pages(("1\nThe machine stops after 20 minutes.", "2\nUse clean water. Empty the tray."))
    grounds = Grounds(pages.passages, pages.page_of, {"d": "Coffee machine manual.pdf"})
    question, answer = "When does it stop according to the manual?", "After 20 minutes."
    (claim,), _ = grounds.claims(question, answer)
    assert claim.relation > Grounds(pages.passages, pages.page_of).relation(question, claim.citations)


def test_a_sentence_that_says_no_is_the_answer_where_the_model_says_yes():
    part = Pages(LEASE).part("Does the tenant answer for the damp in the basement?", "Yes, the tenant does.")
    assert part.answer.startswith("In particular, the Tenant does not answer for the damp")
    assert (part.found, part.marks) == (True, ())


@pytest.mark.parametrize(
    ("text", "question", "words", "is_supported"),
    [
        ("You can appeal to the tribunal within a month.", "Is there a charge for an appeal?", "Yes, there is.", False),
        ("No dividend is paid to shareholders.", "Will shareholders be paid a dividend?", "No.", True),
        ("The shop in Marlow Road is closed.", "Is the shop in Marlow Road closed?", "Yes.", True),
    ],
)
def test_a_yes_or_no_stands_only_where_the_quotation_bears_it_out(text, question, words, is_supported):
    evidence = Pages((f"Letter\n{text}", "Annex\nForms are enclosed.")).evidence(question)
    part = evidence.part(question, words, -1.0 if words == "No." else 1.0)
    assert (part.answer, part.found, not part.marks) == (words if is_supported else text, True, is_supported)


def test_a_bare_no_without_a_sentence_about_the_matter_is_not_in_the_text():
    question = "Will shareholders get a dividend?"
    evidence = Pages(("Letter\nThe shareholders met. No smoking is allowed.", "Annex\nForms.")).evidence(question)
    assert not evidence.part(question, "No.", -3.0).found


@pytest.mark.parametrize(
    ("text", "question", "words"),
    [
        ("You must repay the 540 pounds by 1 May.", "When must I pay the 540 pounds back?", "By 1 May."),
        ("Zahlen Sie das Darlehen bis 1. Mai zurück.", "Wann ist das Darlehen zurückzuzahlen?", "Bis 1. Mai."),
        ("Das Darlehen ist bis 1. Mai zurückzuzahlen.", "Wann zahle ich das Darlehen zurück?", "Bis 1. Mai."),
        ("El Proveedor revisa las máquinas y no las impresoras cada mes.", "¿Cada cuánto se revisan las máquinas?",
         "Cada mes."),
        ("Die Nachzahlung wird wegen der Kasse einbehalten.", "Aus welchem Grund wird die Nachzahlung einbehalten?",
         "Wegen der Kasse.")
    ],
)  # fmt: skip
def test_other_forms_of_the_words_and_a_contrast_do_not_hide_the_answer(text, question, words):
    evidence = Pages((f"1\n{text}", "2\nForms, Formulare, formularios.")).evidence(question)
    assert evidence.part(question, words, 0.5).found


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("May the tenant keep a dog?", True), ("Gehört das Kühlgerät zum Vertrag?", True),
        ("Peut-on tailler les haies ?", True), ("La commune fait-elle payer le terrain ?", True),
        ("What may the tenant do?", False), ("Wer gehört dazu?", False), ("Was hat das gekostet?", False),
        ("Was kostet der Bauleiter?", False), ("Is de huur betaald?", True), ("Wat kost de huur?", False),
        ("Prüft die Behörde die Grenze?", True), ("Frist für die Zahlung?", False), ("Seit wann gilt das?", False),
        ("Do której godziny pracują?", False), ("A quanto ammonta il canone?", False),
    ],
)  # fmt: skip
def test_yes_or_no_questions(question, expected):
    assert asks_yes_or_no(question) is expected


def test_half_of_a_compound_is_not_what_was_asked_for():
    back = "Darlehen\nDie Frist für die Rückzahlung beträgt zwei Jahre."
    loan = Pages(
        (back, "Widerruf\nDie Widerrufsfrist beträgt vierzehn Tage.", "Zinsen\nDer Zinssatz ist drei Prozent.")
    )
    question = "Wie lang ist die Rückzahlungsfrist?"
    right = loan.evidence(question).part(question, "Zwei Jahre.", 0.6)
    assert (right.found, right.marks) == (True, ())
    wrong = loan.evidence(question).part(question, "Vierzehn Tage.", 0.6)
    assert not wrong.found or wrong.marks


def test_nothing_is_near_that_has_hardly_a_word_of_the_question():
    lease = Pages(LEASE)
    grounds = Grounds(lease.passages, lease.page_of)
    rent, damp = grounds.places[2].citation, grounds.places[4].citation
    assert grounds.is_near("How high is the rent?", rent)
    assert not grounds.is_near("May the tenant keep a dog?", damp)


def test_an_answer_in_another_language_than_the_text_is_not_refused_for_its_words():
    words = '[2] "The rent is 46,800 pounds a year"\nAntwort: Die Miete beträgt 46,800 Pfund im Jahr.'
    part = Pages(LEASE).part("Wie hoch ist die Miete und was ist darin enthalten?", words)
    assert (part.found, [citation.page for citation in part.citations]) == (True, [2])


def test_a_question_in_another_language_is_not_refused_for_its_words():
    """Its small words tell: "się", without its accent, is a German word, too."""
    ended = Pages(("Arbeitsvertrag\nDas Arbeitsverhältnis beginnt am 1. Juli und endet am 30. September 2021.",))
    part = ended.part("Kiedy skończyła się praca wakacyjna?", "30 września 2021.")
    assert (part.found, [citation.page for citation in part.citations]) == (True, [1])


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("You may object on grounds of hardship. The period is one month from receipt.", True),
        ("You may object on grounds of hardship. Write to us. The period is one month from receipt.", False),
    ],
)
def test_what_the_sentence_before_is_about_may_be_what_is_asked(text, is_found):
    part = Pages((f"Advice\n{text}", "Damp\nThe landlord must prove it.")).part(
        "By when must hardship be claimed?", "One month from receipt."
    )
    assert (part.found, bool(part.marks)) == (is_found, is_found)


@pytest.mark.parametrize(
    ("question", "answer", "is_kept"),
    [
        ("Who has to prove that the rooms were aired badly?", "The burden of proof lies with the landlord.", True),
        ("Who has to prove that the rooms were aired badly?", "Badly aired rooms have to be proved.", False),  # an echo
        ("How long may the rooms be damp?", "From 10:15.", False),  # another kind
        ("By when must the rooms be dry?", "By 3 March 2031.", False),  # not in the text
    ],
)
def test_what_a_model_first_refused_is_kept_to_be_checked_where_it_stands_in_the_text(question, answer, is_kept):
    text = "Damp\nFor faults in airing rooms the burden of proof lies with the landlord. He comes at 10:15."
    other = "Costs\nWhoever has to prove that a repair was badly done pays for it. Rooms must be dry and clean."
    part = Pages((text, other)).evidence(question).part(question, answer, CONTRADICTED)
    assert (part.found, bool(part.marks)) == (is_kept, is_kept)


def test_what_a_model_says_that_did_not_know_whether_it_is_there_is_always_marked():
    question = "What does the operating profit say of freight rates?"
    parts = [
        Pages(REPORT).evidence(question).part(question, "Freight rates and wages rose.", certainty)
        for certainty in (CONTRADICTED, UNDECIDED)
    ]
    assert [(part.found, bool(part.marks)) for part in parts] == [(True, False), (True, True)]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How far did pensions rise in July 2024?", "From 01/07/2024 pensions were raised by 4.57 %."),
        ("How far did pensions rise on 1 July?", "From 2024-07-01 pensions were raised by 4.57 %."),
        ("Um wie viel stiegen die Renten im Juli 2024?", "Ab 01.07.2024 wurden die Renten um 4,57 % erhöht."),
    ],
)
def test_a_date_of_the_question_stands_there_however_it_is_written(question, text):
    grounds = Pages((f"News\n{text}",)).evidence(question)._grounds
    citations = [place.citation for place in grounds.places]
    other = question.replace("2024", "2023").replace("July", "May")
    assert grounds.relation(question, citations) > grounds.relation(other, citations)
    assert grounds.relation(question, citations) > grounds.weights.share(asked_words(question), text)


@pytest.mark.parametrize("word", ["angekündigt", "anzukündigen", "angekündigte"])
def test_a_german_verb_is_its_noun(word):
    assert Weights([]).share([fold_for_search(word)], "Ankündigung mindestens sechs Wochen vorher") > LEAST_SAID


@pytest.mark.parametrize(("certainty", "expected"), [(2.0, False), (SURE, True)])
def test_a_quotation_with_nothing_of_the_question_is_no_answer_unless_the_model_is_very_sure(certainty, expected):
    evidence = Pages(LEASE).evidence("What do the occupants owe?")
    assert evidence.part("What do the occupants owe?", "46,800 pounds a year.", certainty).found is expected


def test_a_proven_model_is_doubted_where_its_words_are_not_the_texts_and_not_denied():
    question, answer = "Why is there a vacancy?", "Nobody applied."
    evidence = Pages(("Trainees\nFor want of candidates a place stayed empty.",)).evidence(question)
    parts = [evidence.part(question, answer, certainty) for certainty in (SURE - 0.1, SURE)]
    assert [(part.found, bool(part.marks)) for part in parts] == [(False, False), (True, True)]


@pytest.mark.parametrize(("value", "expected"), [("2 rooms.", False), ("3 rooms.", True)])
def test_the_number_of_an_item_is_no_value(value, expected):
    text = "Cleaning\n2. The treatment rooms are cleaned with the nurse present. The contractor cleans 3 rooms."
    part = Pages((text,)).part("How many rooms are cleaned?", value)
    assert (part.found and not part.marks) is expected


@pytest.mark.parametrize(("certainty", "expected"), [(0.7, False), (1.4, True)])
def test_words_that_stand_there_are_kept_to_be_checked_if_the_model_says_that_they_do(certainty, expected):
    """Although another sentence has more of the question's words."""
    pages = Pages((
        "Tender\nThe company that made the offer for the supplement of staff is named in annex 3.",
        "Analysis\nKraftplus, a supplement, comes from Nordwerk in Kiel. Labor Hansen examined it.",
    ))  # fmt: skip
    question = "Which company made the supplement?"
    part = pages.evidence(question).part(question, "Nordwerk in Kiel.", certainty)
    assert (part.found, bool(part.marks)) == (expected, expected)


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who leads the shop in Linz?", "Maria Ruiz leads the shop.", True),
        ("Did sales of boots rise in Italy?", "Yes, sales of bicycles fell to 11.1 million euros.", False),
    ],
)
def test_what_another_sentence_has_far_more_of_is_not_answered_by_this_one(question, answer, expected):
    assert Pages(REPORT).evidence(question).part(question, answer, 2.0).found is expected
