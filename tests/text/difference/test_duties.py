"""Duties, conditions and definitions that were added or removed, and those that were only worded otherwise."""

from __future__ import annotations

import pytest

from slmdesk.text.difference.alignment import hunks_of
from slmdesk.text.difference.duties import conditions_in, is_duty, term_defined
from slmdesk.text.difference.facts import facts_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("The Tenant must test the wiring.", "en"),
        ("The Tenant pays for a survey every third year.", "en"),
        ("The Tenant may not keep pets.", "en"),
        ("At the end of the lease the Tenant returns the keys.", "en"),
        ("During the term the Supplier does not sell it to others.", "en"),
        ("If the survey shows damage, the Landlord has it repaired and the Tenant pays half.", "en"),
        ("The Contractor is obliged to keep records.", "en"),
        ("Der Mieter hat die Heizung jährlich warten zu lassen.", "de"),
        ("Der Mieter ist verpflichtet, die Heizung warten zu lassen.", "de"),
        ("Der Mieter darf die Wohnung nicht untervermieten.", "de"),
        ("Am Ende zahlt der Mieter die Reinigung.", "de"),
        ("Der Auftragnehmer meldet Störungen unverzüglich.", "de"),
        ("Le Prestataire vérifie chaque sauvegarde.", "fr"),
        ("Le Prestataire doit en fournir la preuve.", "fr"),
        ("Le Client ne peut pas céder le contrat.", "fr"),
        ("El arrendatario paga los gastos.", "es"),
        ("Il conduttore non può sublocare.", "it"),
        ("Najemca nie może podnajmować lokalu.", "pl"),
    ],
)
def test_a_duty_is_found(sentence: str, language: str) -> None:
    assert is_duty(sentence, language)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("The Tenant may keep one dog.", "en"),
        ("Each party may terminate it without notice for good cause.", "en"),
        ("The Licensee is not obliged to install them.", "en"),
        ("The Landlord is not liable for lost profit.", "en"),
        ("The goods remain the property of the Supplier until they have been paid for.", "en"),
        ("The agreement is governed by English law.", "en"),
        ("If the Tenant dies, the lease ends.", "en"),
        ("The consent of the Buyer counts.", "en"),
        ("It applies to all flats.", "en"),
        ("Der Mieter darf einen Hund halten.", "de"),
        ("Der Mieter erhält die Schlüssel.", "de"),
        ("Der Vertrag beginnt am 1. Mai 2025.", "de"),
        ("Der Vermieter haftet nicht für Schäden.", "de"),
        ("Le Client peut résilier le contrat.", "fr"),
        ("Le contrat est régi par le droit français.", "fr"),
        ("Le Client devient propriétaire du site.", "fr"),
        ("El arrendatario puede tener un perro.", "es"),
        ("Il contratto inizia il 1 maggio.", "it"),
    ],
)
def test_what_is_no_duty_is_not_found(sentence: str, language: str) -> None:
    assert not is_duty(sentence, language)


def named(old: str, new: str, language: str = "") -> list[tuple[str, str, str]]:
    return [(fact.kind, fact.old, fact.new) for fact in facts_of(old, new, hunks_of(old, new), language)]


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ("", "The Tenant must test the wiring.", [("duty added", "", "The Tenant must test the wiring.")]),
        ("The Tenant keeps it clean.", "", [("duty removed", "The Tenant keeps it clean.", "")]),
        ("", "The flat has two rooms.", []),
        ("The Tenant may paint the walls.", "The Tenant must paint the walls.", [("duty added", "may", "must")]),
        ("The Tenant shall paint the walls.", "The Tenant may paint the walls.", [("duty removed", "shall", "may")]),
        ("The Tenant shall paint the walls.", "The Tenant must paint the walls.", []),
        ("The Tenant shall pay the rent in advance.", "The Tenant pays the rent in advance.", []),
        (
            "The Licensor installs the program and moves the data of two years from the old system.",
            "The Licensor installs the program.",
            [("duty removed", "and moves the data of two years from the old system", "")]
        ),
        (
            "The Licensor defends the Licensee at its own cost.",
            "The Licensor defends the Licensee at its own cost, provided that it is informed within ten days.",
            [("condition", "", "provided that it is informed within ten days")]
        ),
        (
            "Der Vermieter erstattet die Kosten, wenn er vorher zugestimmt hat.",
            "Der Vermieter erstattet die Kosten.",
            [("condition", "wenn er vorher zugestimmt hat", "")]
        ),
        ("The deposit is returned if the flat is clean.", "The deposit is returned provided the flat is clean.", []),
        ("The rent is paid at the bank.", "The rent is paid at the bank where the Landlord has it.", []),
        (
            "“Fault” means that a roster cannot be opened.",
            "“Fault” means that a roster cannot be printed.",
            [("definition", "Fault", "Fault")]
        ),
        ("It is updated without waiting for a request.", "It is updated unasked.", []),
        ("The Buyer pays for repairs.", "The Supplier pays for repairs.", [("duty shifted", "Buyer", "Supplier")]),
        ("The Landlord may enter.", "The Tenant may enter.", [("duty shifted", "Landlord", "Tenant")]),
        ("Repairs are paid by the landlord.", "The tenant pays for repairs.", [("duty shifted", "landlord", "tenant")]),
        ("The Employer's notice is in writing.", "The Employee's notice is in writing.",
         [("duty shifted", "Employer's", "Employee's")]),
        ("The Tenant pays for repairs.", "The Lessee pays for repairs.", [("name", "Tenant", "Lessee")]),
        ("The Buyer and the Supplier pay.", "The Buyer pays.", [("duty shifted", "Buyer + Supplier", "Buyer")]),
        ("The Buyer pays.", "The Buyer pays in ten days.", [("period", "", "ten days")]),
    ],
)  # fmt: skip
def test_what_was_added_or_removed_is_named(old: str, new: str, facts: list[tuple[str, str, str]]) -> None:
    assert named(old, new) == facts


def test_a_condition_ends_with_its_clause() -> None:
    text = "If it is late, the Buyer may refuse it, unless the Supplier has said so before."
    conditions = [text[start:end] for start, end in conditions_in(text, "en")]
    assert conditions == ["If it is late", "unless the Supplier has said so before"]
    assert list(conditions_in("It is paid at the place where it was made.", "en")) == []
    assert list(conditions_in("It is paid, if any.", "en")) == []


@pytest.mark.parametrize(
    ("sentence", "language", "term"),
    [
        ('2.1 "Users" means employees with an account.', "en", "Users"),
        ("„Werktage“ bedeutet Montag bis Freitag.", "de", "Werktage"),
        ("2.1 « Anomalie bloquante » désigne tout défaut.", "fr", "Anomalie bloquante"),
        ('The program "Duty Desk" runs on servers.', "en", ""),
    ],
)
def test_a_definition_names_its_term(sentence: str, language: str, term: str) -> None:
    assert term_defined(sentence, language) == term


@pytest.mark.parametrize(
    ("old", "new", "language", "parties"),
    [
        ("Die Schönheitsreparaturen trägt der Vermieter.", "Die Schönheitsreparaturen trägt der Mieter.", "de",
         ("Vermieter", "Mieter")),
        ("Die Kosten gehen zu Lasten des Vermieters.", "Die Kosten gehen zu Lasten der Mieterin.", "de",
         ("Vermieters", "Mieterin")),
        ("Eine Mieterhöhung teilt der Vermieter mit.", "Eine Mietänderung teilt der Vermieter mit.", "de", None),
        ("Das zahlt der Mieter am Ende.", "Das zahlt die Mieterin am Ende.", "de", None),
        ("Le bailleur paie les travaux.", "Le locataire paie les travaux.", "fr", ("bailleur", "locataire")),
        ("El vendedor paga los gastos.", "El comprador paga los gastos.", "es", ("vendedor", "comprador")),
        ("Il locatore paga le spese.", "Il conduttore paga le spese.", "it", ("locatore", "conduttore")),
        ("O empregador paga as despesas.", "O empregado paga as despesas.", "pt", ("empregador", "empregado")),
        ("De verhuurder betaalt de kosten.", "De huurder betaalt de kosten.", "nl", ("verhuurder", "huurder")),
        ("Koszty ponosi wynajmujący.", "Koszty ponosi najemca.", "pl", ("wynajmujący", "najemca")),
        ("Die Reinigung trägt der Mieter.", "Die Reinigung tragen die Parteien.", "de", ("Mieter", "Parteien")),
        ("The insurer pays for it.", "The policyholder pays for it.", "en", ("insurer", "policyholder")),
        ("Die Meier GmbH reinigt die Treppe.", "Die Weber AG reinigt die Treppe.", "de", ("Meier GmbH", "Weber AG")),
        ("Anna Smith cleans the stairs.", "Peter Brown cleans the stairs.", "en", ("Anna Smith", "Peter Brown")),
        ("Anna Smith is the contact.", "Peter Brown is the contact.", "en", None),
    ],
)  # fmt: skip
def test_a_duty_that_changes_sides_is_a_duty(old, new, language, parties) -> None:
    shifts = [fact[1:] for fact in named(old, new, language) if fact[0] == "duty shifted"]
    assert shifts == ([parties] if parties else [])
