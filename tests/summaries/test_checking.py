from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import changed
from slmdesk.claims.types import Mark
from slmdesk.summaries.checking import Judged, Said, checked, unsaid
from slmdesk.summaries.lines import Line
from slmdesk.summaries.linking import Piece, Point, Source, headings_above
from slmdesk.summaries.told import paper_of
from slmdesk.text.checks.support import Rarity

pytestmark = pytest.mark.pure


def source(language: str, *texts: str, is_translated: bool = False) -> Source:
    kinds = [BlockKind.HEADING if text.startswith("# ") else BlockKind.PARAGRAPH for text in texts]
    pieces = [
        Piece("d", 1, 0, len(text), kind, text.removeprefix("# "), 1) for text, kind in zip(texts, kinds, strict=True)
    ]
    return Source(pieces, Rarity(piece.text for piece in pieces), language, is_translated, headings_above(pieces))


PENSION = source(
    "de",
    "# Ihre Rente",
    "Ab dem 1. Mai 2026 beträgt Ihre Rente 842,10 Euro im Monat, bisher waren es 811,40 Euro.",
    "Gegen den Bescheid können Sie bis zum 4. Juni 2026 Widerspruch einlegen, sofern Sie ihn unterschreiben.",
    "Bitte teilen Sie uns bis zum 20. Mai 2026 Ihre neue Bankverbindung mit.",
    "Die Zulage für Kinder wird nicht mehr gezahlt.",
)
LEASE = source(
    "en",
    "# Lease of the workshop",
    "The tenant shall pay a rent of £1,450 on the third working day of each month.",
    "The landlord holds a deposit of £4,350 and returns it within 30 days of the end of the lease.",
    "The tenant may not sublet the workshop unless the landlord has agreed in writing.",
    "The lease ends on 30 June 2029. Repairs above £900 are paid by the landlord.",
    "Sales of the year came to £3,910,000, of which 38 to 42 per cent were exports.",
)
FUITE = source(
    "fr",
    "Le devis de la cuisine doit nous parvenir avant le 12 mars 2027.",
    "L'expert passera le 3 février 2027 pour constater les dégâts de la salle de bains.",
    "La franchise de 160 euros n'est pas remboursée, sauf si le voisin reconnaît sa faute.",
)
OBRA = source(
    "es",
    "La comunidad debe pagar la primera cuota de 1.200 euros antes del 15 de abril de 2026.",
    "Las obras del tejado empiezan el 2 de mayo de 2026 y no afectan a los garajes.",
    "Si no está conforme con la valoración, puede nombrar un perito propio en el plazo de cuarenta días.",
)
AFFITTO = source(
    "it",
    "La domanda di rimborso va presentata entro il 31 gennaio 2027 allo sportello.",
    "L'assemblea si riunisce il 10 febbraio 2027 e l'ascensore non è in funzione fino a marzo.",
)
NAJEM = source(
    "pl",
    "Wniosek o dotację trzeba złożyć do 20 listopada 2026 r. w sekretariacie.",
    "Remont sali zaczyna się 5 stycznia 2027 r. i nie obejmuje szatni.",
)
CONDOMINIO = source(
    "pt",
    "A primeira prestação de 300 euros deve ser paga até 10 de março de 2026.",
    "A reunião sobre o telhado é no dia 22 de abril de 2026.",
)
ORDER = source(
    "de",
    "Köln, 3. März 2026",
    "Wir bestätigen die Mahnung vom 20.02.2026, eingegangen am 27. Februar 2026 um 15:12:34,60 Uhr.",
    "Zahlen Sie binnen zwei Wochen die Rechnungen über 610,10 Euro und 330,30 Euro.",
    "Mahngebühr Januar | 25,50 Euro",
    "Mahngebühr Februar | 35,50 Euro",
    "abzüglich Gutschrift | – 80,00 Euro",
    "Ab sofort unterlassen wir jede Auslieferung der Ware.",
    "Die Ware wurde ohne eine Prüfung abgegeben.",
    "Wer sofort zahlt, hat 10 % Nachlass.",
    "Die Ersatzteile liefern wir weiter, solange der Käufer die Raten pünktlich bezahlt.",
    "Vom Schaden, 9.000 Euro, trägt der Kunde 2.500 Euro.",
)
HUUR = source(
    "nl",
    "De huurder mag geen huisdieren houden, tenzij de verhuurder schriftelijk toestemming geeft.",
    "De huur van 910 euro moet op de eerste dag van de maand zijn betaald.",
)


MERGER = source(
    "en",
    "The European Commission has received the referral of the concentration under Regulation (EC) No 139/2004.",
    "Each KPI is told at once.",
)
DISCHARGE = source(
    "en",
    "Mr Gareth Lowe, born on 12 May 1958, came to the ward on 4 March 2026. He left it on 7 March 2026.",
    "He was told of the operation on 2 March 2026 by Dr Osei.",
    "The check of the wound is on 14 July 2026 at 16:45.",
    "The ward keeps his file, K-21/2026, until 30 September 2036. Visits end at 12:00.",
)
SETTLEMENT = source(
    "de",
    "Die Firma zahlt eine Abfindung von 12.926,92 EUR. Bei Nichtzahlung verfällt das Angebot am 20. Mai 2026.",
    "Die Kasse der Werkstatt prüft Frau Conrad im Herbst; die Kasse des Lagers prüft Herr Dorn.",
    "Der Umzug beginnt am Dienstag, 14. April 2026, um 10:30 Uhr.",
    "Das Lager wird von der Firma, nicht vom Vermieter, geräumt. Den Umzug bezahlt zu 20 % die Kasse.",
    "Die Stadt verpflichtet sich, am Bahnhof keine weiteren Kioskflächen zu vermieten.",
    "Herr Ude beantragt einen Anbau an der Halle. Die Stadt hat ihn abgelehnt.",
)
WORKS = source(
    "fr",
    "Le conseil a décidé le 26 janvier 2027 de remplacer la conduite d'eau de la rue du Moulin.",
    "Le chantier sera ouvert du 30 mars 2027 au 4 juin 2027.",
    "Les branchements en plomb sont changés sans frais jusqu'au compteur avant le 12 mai 2027.",
    "Le modèle passe à 4 390 euros. Le compresseur neuf coûtait 4 180 euros, pose comprise, l'ancien 2 650 euros.",
)
RELANCE = source("fr", "Pour payer la facture, indiquez son numéro.", "Aucun règlement en espèces n'est accepté.")


def judged(text: str, where: Source) -> tuple[int, list[str]]:
    check = checked([Said(text)], where, range(len(where.pieces)))
    return check.marked, [point.text for point in check.points]


def marks_of(text: str, where: Source) -> list[Mark]:
    among = [at for at, piece in enumerate(where.pieces) if piece.document == "d"]
    return Judged(Said(text), paper_of(where, among), among).marks


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Die Rente steigt zum 1.5.2026 von 811,40 auf 842,10 €.", PENSION),
        ("Widerspruch ist bis 4. Juni 2026 möglich, wenn er unterschrieben ist.", PENSION),
        ("Die neue Bankverbindung ist bis 20. Mai mitzuteilen.", PENSION),
        ("Für Kinder gibt es keine Zulage mehr.", PENSION),
        ("Rent is £1,450 a month; the deposit is £4,350.", LEASE),
        ("Subletting needs the landlord's agreement in writing.", LEASE),
        ("The deposit comes back within thirty days after the lease has ended.", LEASE),
        ("The landlord pays for repairs of more than 900 pounds.", LEASE),
        ("Sales were 3.91 million pounds, 38–42 % of them exports.", LEASE),
        ("Le devis de la cuisine est à envoyer avant le 12/03/2027.", FUITE),
        ("Les 160 euros de franchise ne sont remboursés que si le voisin reconnaît sa faute.", FUITE),
        ("Hay que pagar 1200 € antes del 15 de abril.", OBRA),
        ("Puede nombrar un perito propio en cuarenta días.", OBRA),
        ("La domanda di rimborso è da presentare entro il 31/01/2027.", AFFITTO),
        ("Wniosek o dotację należy złożyć do 20.11.2026.", NAJEM),
        ("A primeira prestação, 300 euros, paga-se até 10 de março.", CONDOMINIO),
        ("Huisdieren mogen alleen met schriftelijke toestemming van de verhuurder.", HUUR),
        ("Die beiden Rechnungen machen 940,40 € aus.", ORDER),
        ("Binnen zwei Wochen nach diesem Schreiben, also bis 17. März 2026, ist zu zahlen.", ORDER),
        ("Die Mahngebühren von zusammen 61 € trägt der Kunde.", ORDER),
        ("Eingang der Mahnung war um 15:12 Uhr, am 27.2.2026.", ORDER),
        ("Nach Abzug der Gutschrift von 80 Euro bleibt die Lieferung eingestellt.", ORDER),
        ("Niemand darf die Ware weiter ausliefern.", ORDER),
        ("The rent is due no later than on the third working day.", LEASE),
        ("Die Ware wurde ungeprüft abgegeben.", ORDER),
        ("Von der Rechnung über 610,10 Euro bleiben nach 10 % Nachlass, also 61,01 Euro, 549,09 Euro.", ORDER),
        ("Die Mahnung vom 20. Februar kam sieben Tage danach an, am 27. Februar 2026.", ORDER),
        ("Die Auslieferung wird eingestellt, zwei Wochen vorher war es der 17. Februar 2026.", ORDER),
        ("Der Kunde trägt 2.500, der Lieferant den Rest des Schadens, also 6.500 Euro.", ORDER),
        ("The European Commission has received the referral of the concentration.", MERGER),
        ("It is to be told of the KPIs.", MERGER),
        ("The ward keeps his file, K-21/2026, until 30 September 2036.", DISCHARGE),
        ("Gareth Lowe, 67, came to the ward on 4 March 2026.", DISCHARGE),
        ("A 67-year-old, Mr Lowe, came to the ward in March.", DISCHARGE),
        ("Mr Lowe came to the ward on 4 March 2026 and left it three days later.", DISCHARGE),
        ("His wound is checked on 14 July at a quarter to five.", DISCHARGE),
        ("La facture reste due et on ne peut pas payer en liquide.", RELANCE),
        ("Die Firma zahlt 12.927 € Abfindung.", SETTLEMENT),
        ("Zahlt sie nicht, verfällt das Angebot am 20. Mai 2026.", SETTLEMENT),
        ("Herr Ude darf keinen Anbau an die Halle setzen.", SETTLEMENT),
        ("Herr Dorn prüft die Kasse des Lagers.", SETTLEMENT),
        ("Der Umzug beginnt am 14.4.2026 um halb elf (Lager).", SETTLEMENT),
        ("Das Lager des Vermieters räumt die Firma.", SETTLEMENT),
        ("Ein Fünftel des Umzugs bezahlt die Kasse.", SETTLEMENT),
        ("Die Stadt will am Bahnhof einen Kiosk vermieten.", SETTLEMENT),
        ("La conduite de la rue du Moulin est remplacée du 30 mars au 4 juin 2027.", WORKS),
        ("Avant le 12 mai, les branchements en plomb sont changés gratuitement.", WORKS),
        ("Il coûte 4 390 € au lieu de 4 180 €, pose comprise.", WORKS),
    ],
)
def test_other_words_for_the_same_are_right(text, where) -> None:
    assert judged(text, where) == (0, [text])


@pytest.mark.parametrize(
    ("fault", "text", "where"),
    [
        ("deadline", "Widerspruch ist bis 20. Mai 2026 möglich, wenn er unterschrieben ist.", PENSION),
        ("amount", "Die Rente steigt zum 1.5.2026 auf 872,10 €.", PENSION),
        ("not", "Die Zulage für Kinder wird gezahlt.", PENSION),
        ("condition", "Gegen den Bescheid ist bis 4. Juni 2026 Widerspruch möglich.", PENSION),
        ("noun", "Rent is £4,350 a month.", LEASE),
        ("not", "The tenant may sublet the workshop.", LEASE),
        ("condition", "The tenant may not sublet the workshop.", LEASE),
        ("foreign", "The lease ends on 30 June 2029, and the garage costs £75.", LEASE),
        ("deadline", "Le devis de la cuisine est à envoyer avant le 3 février 2027.", FUITE),
        ("condition", "La franchise de 160 euros n'est pas remboursée.", FUITE),
        ("deadline", "La primera cuota de 1.200 euros se paga antes del 2 de mayo de 2026.", OBRA),
        ("not", "Las obras del tejado afectan a los garajes.", OBRA),
        ("deadline", "La domanda di rimborso è da presentare entro il 10 febbraio 2027.", AFFITTO),
        ("not", "Remont sali obejmuje szatnię.", NAJEM),
        ("deadline", "Wniosek o dotację należy złożyć do 5 stycznia 2027.", NAJEM),
        ("deadline", "A primeira prestação paga-se até 22 de abril de 2026.", CONDOMINIO),
        ("condition", "De huurder mag geen huisdieren houden.", HUUR),
        ("age", "Gareth Lowe, 71, came to the ward on 4 March 2026.", DISCHARGE),
        ("days", "Mr Lowe came to the ward on 4 March 2026 and left it nine days later.", DISCHARGE),
        ("hour", "His wound is checked on 14 July at a quarter to eight.", DISCHARGE),
        ("count", "His wound is checked on 14 July by five doctors.", DISCHARGE),
        ("code", "The ward keeps his file, K-77/2026, until 30 September 2036.", DISCHARGE),
        ("number", "The ward keeps his file no. 7714203355 until 30 September 2036.", DISCHARGE),
        ("condition", "Ersatzteile werden weiter geliefert.", ORDER),
        ("person", "Die Kasse der Werkstatt prüft Herr Ude im Herbst.", SETTLEMENT),
        ("not", "Raten der Ersatzteile bezahlt der Käufer nicht pünktlich.", ORDER),
    ],
)
def test_a_fault_gives_way_to_the_document(fault, text, where) -> None:
    marked, points = judged(text, where)
    assert marked == 1, fault
    assert text not in points
    assert all(any(point in piece.text for piece in where.pieces) for point in points)


def test_the_next_sentence_may_tell_the_condition() -> None:
    said = [
        Said("The tenant may not sublet the workshop."),
        Said("That is, unless the landlord has agreed in writing."),
    ]
    assert checked(said, LEASE, range(len(LEASE.pieces))).marked == 0


def test_no_sentence_of_the_document_stands_twice() -> None:
    wrong = [Said("The tenant may sublet the workshop."), Said("The tenant may always sublet the workshop.")]
    check = checked(wrong, LEASE, range(len(LEASE.pieces)))
    assert (check.marked, check.replaced, len(check.points)) == (2, 2, 1)
    assert check.points[0].quotation == check.points[0].text == LEASE.pieces[3].text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The rent is £1,500 a month.", "amount"),
        ("Rent and deposit are £5,900 together.", "amount"),
        ("The lease ends on 31 May 2029.", "date"),
        ("The deposit was returned to Amos Okonkwo.", "name"),
        ("The 'guarantee' is £4,350.", "name"),
        ("Penguins breed on distant frozen islands.", "words"),
    ],
)
def test_what_the_document_does_not_have_is_marked(text, kind) -> None:
    assert kind in {mark.kind for mark in marks_of(text, LEASE)}


def test_the_header_of_a_table_says_what_its_figures_mean() -> None:
    table = "| Source | £ million | ; | Loan | 8.2 | ; | Grant | 5.0 | ; "
    where = Source([Piece("d", 1, 0, len(table), BlockKind.TABLE_ROW, table, 1)], Rarity([table]), "en")
    assert marks_of("The grant is £5.0 million.", where) == []
    assert [mark.kind for mark in marks_of("The grant is £6.0 million.", where)] == ["amount"]


def test_a_value_of_another_document_bears_nothing_out() -> None:
    other = changed(LEASE.pieces[1], document="e", text="The rent is £1,900 a month.")
    assert marks_of("The rent is £1,900 a month.", changed(LEASE, pieces=[*LEASE.pieces, other]))


def test_in_another_language_figures_and_names_are_compared() -> None:
    where = source("de", "The rent is 900 euros.", "Mrs Adeyemi signed for the owner.", is_translated=True)
    said = [Said("Frau Adeyemi hat unterschrieben."), Said("Die Mischung bleibt."), Said("Frau Moore zahlt.")]
    check = checked(said, where, [0, 1])
    assert [point.links for point in check.points] == [(1,), (), ()]
    assert [[mark.kind for mark in point.flags] for point in check.points] == [[], [], ["name"]]


def test_in_another_language_a_wrong_sentence_stays_and_is_marked() -> None:
    where = source("fr", "The rent is 900 euros.", is_translated=True)
    check = checked([Said("Le loyer est de 800 euros."), Said("Le loyer est de 900 euros.")], where, [0])
    assert [point.is_supported for point in check.points] == [False, True]
    assert (check.marked, check.replaced) == (1, 0)


def test_what_must_be_known_and_no_sentence_says_is_told() -> None:
    lines = [
        Line(at, 0, len(piece.text), piece.text, 5.0, is_action=at in (2, 3)) for at, piece in enumerate(PENSION.pieces)
    ][1:]
    texts = ("Die Rente steigt am 1.5.2026 von 811,40 auf 842,10 €.", "Zulagen für Kinder entfallen.")
    said = [Point(text, ()) for text in texts]
    assert [line.piece for line in unsaid(lines, said, PENSION)] == [2, 3]
    said.append(Point("Widerspruch mit Unterschrift bis 4.6.2026; neue Bankverbindung bis 20.5.2026.", ()))
    assert unsaid(lines, said, PENSION) == []


BOAT = source(
    "en",
    "The club asks the members to do the following before the regatta on 14 June 2027:",
    "____________________ (signature of the members before the regatta)",
    "Members pay the mooring fee of £340 before 14 June 2027. The jetty stays closed during the regatta.",
    "Berth | Mooring fee £340 | Members",
)
OFEN = source(
    "de",
    "Der Schornsteinfeger hat den Ofen am 4. März 2027 geprüft und keine Mängel festgestellt.",
    "vertreten durch die Hausverwaltung, der Ofen am 18. März 2027",
    "Der Eigentümer muss den Ofen bis zum 30. September 2027 stilllegen, wenn er die Grenzwerte nicht einhält.",
)
VELO = source(
    "fr",
    "Le vélo volé est remboursé à hauteur de 620 euros, si la facture est envoyée avant le 9 avril 2027.",
    "La facture du vélo volé n'est pas encore parvenue à l'assurance.",
)


@pytest.mark.parametrize(
    ("text", "where", "instead"),
    [
        (
            "Before 14 June 2027 members pay a mooring fee of £430.",
            BOAT,
            ["Members pay the mooring fee of £340 before 14 June 2027."],
        ),
        (
            "Der Eigentümer muss den Ofen bis zum 4. März 2027 stilllegen.",
            OFEN,
            [OFEN.pieces[2].text],
        ),
        ("Le vélo volé est remboursé à hauteur de 260 euros.", VELO, [VELO.pieces[0].text]),
        ("The treasurer resigned in 2019 after a quarrel about money.", BOAT, []),
    ],
)  # fmt: skip
def test_what_takes_the_place_carries_the_sentence(text, where, instead) -> None:
    points = checked([Said(text)], where, range(len(where.pieces))).points
    assert [point.quotation.strip() for point in points if point.quotation] == instead
    assert instead or points[0].flags


def test_nothing_of_an_earlier_message_and_nothing_twice() -> None:
    wrong, right = "Members pay a mooring fee of £430.", "Members pay the mooring fee of £340 before 14 June 2027."
    (point,) = checked([Said(wrong)], BOAT, range(4), earlier=[2]).points
    assert point.text == wrong
    assert [point.text for point in checked([Said(wrong), Said(right)], BOAT, range(4)).points] == [right]


def test_a_poor_summary_gets_more_of_what_must_be_known() -> None:
    lines = [
        Line(0, 0, 9, text, 2.0 + 3 * (at == 0))
        for at, text in enumerate(["Members pay £340.", "The jetty is closed.", "A lifeguard is hired."])
    ]
    texts = [line.text for line in lines]

    def rest(*said: str) -> list[str]:
        return [line.text for line in unsaid(lines, [Point(text, (0,)) for text in said], BOAT)]

    assert rest(*texts[:2]) == []
    assert rest(texts[1]) == [texts[0], texts[2]]
