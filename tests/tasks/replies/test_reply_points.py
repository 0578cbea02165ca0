from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import changed
from slmdesk.tasks.replies.points import MOST_LINES, is_offer, pattern, points_of, sentences_of
from slmdesk.tasks.replies.types import LANGUAGES, Point
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.papers import item_spans

pytestmark = pytest.mark.pure


def points(*lines: str, language: str = "en") -> list[str]:
    return texts(pieces_of(*lines), language)


def pieces_of(*lines: str) -> list[Piece]:
    pieces = []
    for line in lines:
        kind = BlockKind.LIST_ITEM if line.startswith("- ") else BlockKind.PARAGRAPH
        text = line.removeprefix("- ")
        pieces.append(Piece("d", 1, 0, len(text), kind, text))
    return pieces


def texts(pieces: list[Piece], language: str) -> list[str]:
    return [point.text for point in read(pieces, language) if not point.is_other]


def others(*lines: str, language: str = "en") -> list[str]:
    return [point.text for point in read(pieces_of(*lines), language) if point.is_other]


def read(pieces: list[Piece], language: str) -> list[Point]:
    return points_of(sentences_of(pieces, range(len(pieces)), language))


@pytest.mark.parametrize(
    ("language", "greeting", "asked", "told"),
    [
        (
            "de",
            "Sehr geehrte Frau Adler,",
            "Bitte senden Sie uns den Vertrag.",
            "Die Heizung wurde am Dienstag ersetzt.",
        ),
        (
            "de",
            "Sehr geehrte Frau Adler,",
            "Wir fordern die Zahlung von 120 Euro.",
            "Der Keller ist trocken.",
        ),
        (
            "en",
            "Dear Mrs Adeyemi,",
            "You must return the keys by 3 May.",
            "The boiler was replaced on Tuesday.",
        ),
        (
            "fr",
            "Madame,",
            "Nous vous prions de nous adresser les clés.",
            "La chaudière a été remplacée mardi.",
        ),
        (
            "es",
            "Estimada señora:",
            "Le rogamos que nos envíe las llaves.",
            "La caldera se cambió el martes.",
        ),
    ],
)
def test_what_asks_is_a_point_and_what_tells_is_none(language: str, greeting: str, asked: str, told: str) -> None:
    assert points(greeting, f"{told} {asked}", language=language) == [asked]


def test_lines_without_an_end_are_not_all_one_sentence() -> None:
    found = read(pieces_of("Dear Sir,", "Please pay for:", *["water and gas"] * 40), "en")
    assert max(len(point.spans) for point in found) <= MOST_LINES


def test_a_question_is_a_point_below_the_signature_too() -> None:
    found = points("Dear Sir,", "All is well.", "Yours sincerely", "PS: Who has it?")
    assert found == ["PS: Who has it?"]


def test_courtesy_is_no_point() -> None:
    courtesy = "Please do not hesitate to contact us."
    assert points("Dear Sir,", courtesy, "Please pay.") == ["Please pay."]


@pytest.mark.parametrize("lead", ["Please send us:", "We call upon you,"])
def test_each_item_that_is_asked_for_is_a_point(lead: str) -> None:
    found = points("Dear Sir,", lead, "- the lease", "- the old keys", "It rains.")
    assert found == ["the lease", "the old keys"]


def test_each_marked_line_of_one_paragraph_is_an_item() -> None:
    listed = "1. Permits\n- The permit of 2007 with all annexes.\n- The permit of 2019 with its reasons."
    assert points("Dear Sir,", "We ask for access to:", listed) == [
        "The permit of 2007 with all annexes.",
        "The permit of 2019 with its reasons.",
    ]


@pytest.mark.parametrize(
    "lines", [("We ask for: - the lease - the plan - the keys",), ("We ask for:", "• the lease • the plan • the keys")]
)
def test_a_list_whose_lines_became_one_has_its_items(lines: tuple[str, ...]) -> None:
    assert points("Dear Sir,", *lines) == ["the lease", "the plan", "the keys"]


def test_a_numbered_list_goes_on_in_the_next_paragraph() -> None:
    lines = ("We ask for access to: 1. the lease; 2. the plan;", "3. the keys; 4. the bill.")
    assert points("Dear Sir,", *lines) == ["the lease;", "the plan;", "the keys;", "the bill."]


@pytest.mark.parametrize(
    ("language", "lead", "holder", "account", "asked"),
    [
        ("de", "Bitte zahlen Sie auf:", "Kontoinhaber: Linde GmbH", "Konto-Nr. 53201 bei uns", "Kontoauszug Mai"),
        ("en", "Please transfer it to:", "Account name: Linden Ltd", "Sort code: 12-34-56", "Bank statements of 2026"),
        ("fr", "Veuillez payer sur :", "Titulaire : Agence Tilleul", "IBAN FR76 3000 chez AGRI", "Compte rendu de mai"),
        ("es", "Por favor, pague a:", "Titular: Tilo", "IBAN ES91 2100 0418 en CaixaBank", "Cuenta de gastos de mayo"),
    ],
)  # fmt: skip
def test_bank_details_are_no_points(language: str, lead: str, holder: str, account: str, asked: str) -> None:
    assert points("Hello,", lead, f"- {holder}", f"- {account}", language=language) == [lead]
    assert points("Hello,", lead, f"- {asked}", f"- {account}", language=language) == [asked]


def test_a_number_within_a_sentence_begins_no_item() -> None:
    piece = pieces_of("2. Please paint the flat in Mill Street 17, 3. floor.")[0]
    assert item_spans(piece) == [(0, len(piece.text))]


def test_a_line_below_what_asks_is_no_list() -> None:
    assert points("Dear Sir,", "Please send us the plan.", "- Ada Adeyemi") == ["Please send us the plan."]


def test_a_name_in_the_closing_sentence_is_no_salutation() -> None:
    letter = (
        "Une pétition réunit 608 signatures. " * 9 + "Nous vous demandons une audience. "
        "Veuillez agréer, Madame la Préfète, nos salutations."
    )
    assert points(letter, "Ada Morel", language="fr") == ["Nous vous demandons une audience."]


def test_reasons_below_a_declaration_are_no_points() -> None:
    lead = "We hereby terminate the lease for these reasons:"
    assert points("Dear Sir,", lead, "- Arrears since May.", "- Noise at night.") == [lead]


def test_items_that_nobody_asks_for_are_no_points() -> None:
    assert points("Dear Sir,", "The flat has:", "- two rooms", "- a balcony") == []


def test_a_heading_can_ask_for_the_items_below() -> None:
    pieces = pieces_of("Sehr geehrte Damen und Herren,", "Unsere Forderungen:", "- Zahlung von 80 Euro")
    pieces[1] = changed(pieces[1], kind=BlockKind.HEADING)
    assert texts(pieces, "de") == ["Zahlung von 80 Euro"]


def test_a_line_that_parts_a_list_asks_for_the_items_below() -> None:
    above, below = ("- the lease", "- the plan"), ("- the keys", "- the badge")
    listed = ("Please send us:", "Papers of the flat", *above, "Things of the house", *below)
    shown = ["the lease", "the plan", "the keys", "the badge"]
    assert points("Dear Sir,", *listed, "We thank you.", "- It rains.") == shown


def test_a_sentence_that_a_day_cuts_is_one_point() -> None:
    for lines in (
        ("Wir fordern Sie auf, uns bis zum", "15. März 2026", "die Unterlagen zu schicken."),
        ("Wir bitten Sie, uns dies bis zum", "1. Mai schriftlich mitzuteilen."),
    ):
        found = points("Sehr geehrte Damen und Herren,", *lines, language="de")
        assert found == [" ".join(lines)]


def test_what_stands_before_a_name_in_the_last_paragraph_is_read() -> None:
    last = "Nous vous demandons une réponse. Dans l'attente, Monsieur le maire, recevez nos salutations."
    assert points("Madame,", last, language="fr") == ["Nous vous demandons une réponse."]


def test_the_head_and_the_earlier_mail_are_no_points() -> None:
    found = points("Please recycle.", "Dear Sir,", "It rains.", "Please come.")
    assert found == ["Please come."]


def test_an_offer_asks_for_nothing() -> None:
    assert is_offer("We propose a meeting in May.", "en")
    assert not is_offer("Please confirm what we propose.", "en")


def test_each_other_sentence_is_kept_in_its_order() -> None:
    lines = ("It rains. Please come. It snows.", "The rent", "rose in May.")
    assert others("Dear Sir,", *lines) == ["It rains.", "It snows.", "The rent rose in May."]


def test_a_word_and_what_is_said_below_the_signature_are_no_points_by_themselves() -> None:
    asked = ("Please send us:", "- passport", "- the old keys")
    lines = ("Dear Sir,", *asked, "Yours sincerely", "Ada Adeyemi", "Please return the form.")
    assert points(*lines) == ["the old keys"]
    assert others(*lines) == [asked[0], "passport", lines[-1]]


def test_a_question_of_courtesy_is_in_sight() -> None:
    asked = "Bei Fragen: Haben Sie noch Fragen?"
    assert others("Sehr geehrte Damen und Herren,", "Bitte zahlen Sie.", asked, language="de") == [asked]


def test_what_only_introduces_points_is_none_of_its_own() -> None:
    items = ("1. Please send the keys.", "2. Please pay the rent.")
    shown = ["Please send the keys.", "Please pay the rent."]
    assert points("Dear Mrs Adeyemi,", "Please do the following:", *items) == shown


@pytest.mark.parametrize(
    ("language", "greeting", "asked"),
    [
        ("en", "Dear Sir,", "The board wishes to close the matter and respectfully requests Mr Hill's cooperation."),
        ("en", "Dear Sir,", "We leave at nine so ensure that he is there."),
        ("en", "Dear Sir,", "The hall needs cleaning daily."),
        ("es", "Estimada señora:", "Le escribo para exigirle una respuesta."),
        ("de", "Sehr geehrte Frau Adler,", "Die Auskunft ist kostenlos, spätestens aber im Mai zu erteilen."),
        ("de", "Sehr geehrte Frau Adler,", "Im Mai haben Sie uns, wie vereinbart, über die Kosten zu informieren."),
        ("en", "Dear Sir,", "I am writing to formally dispute this invoice."),
        ("fr", "Madame,", "Je vous donne congé de mon logement."),
        ("es", "Estimada señora:", "Quiero cancelar mi contrato."),
        ("de", "Sehr geehrte Frau Adler,", "Hiermit fechte ich den Vertrag wegen Täuschung an."),
        ("fr", "Madame,", "Je viens par la présente solliciter un délai."),
        ("fr", "Madame,", "Je vous mets formellement en demeure de payer."),
        ("de", "Sehr geehrte Frau Adler,", "Sollte keine Zahlung eingehen, werden wir klagen."),
        ("de", "Sehr geehrte Frau Adler,", "Die Mieterin ist zu einem Treffen am Montag bereit."),
        ("en", "Dear Sir,", "I would like to borrow the hall in May."),
        ("en", "Dear Sir,", "Unless the rent arrives, we will cancel the lease."),
        ("en", "Dear Sir,", "I am happy to complete the form."),
        ("fr", "Madame,", "Votre réponse est attendue en mai."),
        ("fr", "Madame,", "Sans règlement de votre part, nous résilierons le bail."),
        ("fr", "Madame,", "Je reste ouverte à une rencontre."),
        ("es", "Estimada señora:", "Nos comunicamos para citarlos a una reunión."),
        ("es", "Estimada señora:", "A falta de pago, acudiremos al juez."),
    ],
)
def test_what_a_longer_sentence_asks_is_a_point(language: str, greeting: str, asked: str) -> None:
    assert points(greeting, asked, language=language) == [asked]


ASKED = {
    "questions": {
        "de": "Welche Akten es gibt.",
        "en": "How many cars there are.",
        "fr": "Combien il y en a.",
        "es": "Cuántos hay.",
    },
    "requests": {
        "de": "Ich fordere Sie auf zu zahlen.",
        "en": "We are asking parents for £85.",
        "fr": "Je sollicite une réunion.",
        "es": "Reiteramos nuestra petición.",
    },
    "wishes": {
        "de": "Unser Wunsch wäre ein Termin im Mai.",
        "en": "A reply before Easter would be helpful.",
        "fr": "Il serait utile de connaître la date.",
        "es": "Una respuesta sería de agradecer.",
    },
    "duties": {
        "de": "Die Mappe ist bis Mai einzureichen.",
        "en": "Cheques should be made out to us.",
        "fr": "Il vous appartient de payer.",
        "es": "Sólo debe asistir un padre.",
    },
    "imperatives": {
        "de": "Herr Eck: Prüfen Sie den Vertrag.",
        "en": "Return the keys.",
        "fr": "Envoyez les clés.",
        "es": "Envíenos las llaves.",
    },
    "threats": {
        "de": "Wenn Sie nicht zahlen, klagen wir.",
        "en": "If you do not pay, we will sue.",
        "fr": "À défaut, nous irons en justice.",
        "es": "De lo contrario iremos al juez.",
    },
    "offers": {
        "de": "Wir sind bereit, 80 Euro zu zahlen.",
        "en": "We are prepared to pay half.",
        "fr": "Nous vous proposons un rendez-vous.",
        "es": "Estamos dispuestos a pagar.",
    },
    "declarations": {
        "de": "Hiermit lege ich gegen den Bescheid vom 3. Mai Widerspruch ein.",
        "en": "I hereby cancel my contract.",
        "fr": "Par la présente, je résilie le contrat.",
        "es": "Por la presente desisto del contrato.",
    },
}
TOLD = {
    "de": [
        "Wir danken für Ihr Verständnis.",
        "Sie hätten zahlen müssen.",
        "Wir müssen davon ausgehen.",
        "Er soll gelogen haben.",
        "Ihre Bitte um Akteneinsicht liegt uns vor.",
        "Wir sind gezwungen, den Vertrag zu beenden.",
        "Er verlangt deshalb keinen Ersatz.",
        "Wichtig ist uns, dass wir Parks haben.",
        "Wir kündigen Ihnen schon heute eine Prüfung an.",
        "Er hat Widerspruch eingelegt.",
    ],
    "en": [
        "I must say that it rains.",
        "It is due to you.",
        "You should have paid.",
        "Please find the lease enclosed.",
        "I trust that you and yours are all well.",
        "I look forward to seeing you at the fair.",
        "I would like to thank the team.",
        "I am happy to hear that.",
        "We do not expect a reply.",
        "Nothing changes if I cancel the order.",
    ],
    "fr": [
        "Soyez assurés, Monsieur, de notre respect.",
        "Vous demeurez notre client.",
        "Nous vous remercions de votre aide.",
        "Nous sommes contents.",
        "Nous vous souhaitons un bel été.",
        "Nous ne demandons rien.",
    ],
    "es": ["Gracias por su atención.", "Presenté un escrito en julio.", "No reclamo nada."],
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", ASKED)
def test_a_sentence_asks_or_states_in_one_of_eight_ways(act: str, language: str) -> None:
    text = ASKED[act][language]
    assert pattern(language, act).search(text)
    assert is_offer(text, language) == (act in ("offers", "declarations"))


@pytest.mark.parametrize(("language", "told"), [(each, told) for each in TOLD for told in TOLD[each]])
def test_a_sentence_that_only_tells_is_no_point(language: str, told: str) -> None:
    assert points("Dear Sir,", told, language=language) == []


def test_lines_without_marks_are_items_below_words_that_ask_until_a_sentence_comes() -> None:
    found = points(
        "Dear Mrs Adeyemi,",
        "Please bring the following:",
        "Your identity card",
        "The lease of 2019;",
        "Phone: 0117 496 0000",
        "We are open until five.",
        "a copy of our price list",
    )
    assert found == ["Please bring the following:", "Your identity card", "The lease of 2019;"]
    assert points("Dear Mrs Adeyemi,", "Please bring:", "your identity card")[1:] == ["your identity card"]


@pytest.mark.parametrize(
    "lines",
    [
        ("Acme Insurance Ltd", "12 High Street", "Leeds LS1 2AB"),
        ("Acme Insurance Ltd 12 High Street Leeds LS1 2AB",),
        ("Mary Poole", "Room 204"),
        ("Phone: 0117 496 0000", "Until five"),
    ],
)
def test_whom_to_write_to_is_no_item(lines) -> None:
    asked = "Please return the form to:"
    assert points("Dear Mrs Adeyemi,", asked, *lines) == [asked]


def test_lines_below_words_that_only_tell_are_none() -> None:
    assert not points("Dear Mrs Adeyemi,", "We enclose the following:", "a copy of the lease", "the invoice of May")


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("de", "Sollten wir nichts von Ihnen hören, müssen wir das Zimmer vergeben."),
        ("de", "Ich behalte mir vor, die Miete zu mindern."),
        ("de", "Diese Änderung können wir nicht akzeptieren."),
        ("en", "You are hereby called upon to clear the arrears."),
        ("en", "Failure to reply will lead to court action."),
        ("en", "Your child is expected to wear a coat."),
        ("fr", "C'est pourquoi, nous, riverains, vous sollicitons aujourd'hui."),
        ("fr", "Sans réponse avant le 3 mai, votre compte sera fermé."),
        ("fr", "Je vous informe de ma volonté de résilier le bail."),
        ("fr", "Je me verrais contraint de porter plainte."),
        ("es", "Intimo a usted a que registre la relación laboral."),
        ("es", "En su defecto, me reservo el derecho a reclamar."),
        ("es", "Está prohibido el uso de teléfonos en clase."),
        ("es", "No hemos recibido el pago de la factura."),
    ],
)
def test_other_forms_of_asking_of_grammars_are_points(language, asked) -> None:
    assert points("", asked, language=language) == [asked]
