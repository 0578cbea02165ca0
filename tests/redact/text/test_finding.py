"""What is found by its shape, by the words around it, by the person's list, and everywhere else."""

from __future__ import annotations

import itertools

import pytest

from slmdesk.redact import Certainty, Find, Finder, Kind, Listed, finding
from slmdesk.redact.finding import WordIndex, find_private

pytestmark = pytest.mark.pure
SURE, LIKELY, UNSURE = Certainty.SURE, Certainty.LIKELY, Certainty.UNSURE


def _found(text: str, language: str = "en", least: Certainty = LIKELY) -> list[tuple[Kind, str]]:
    return [
        (find.kind, find.text)
        for find in find_private(text, language=language)
        if least is UNSURE or find.certainty is not UNSURE
    ]


@pytest.mark.parametrize(
    ("text", "language", "kind", "words"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00.", "de", Kind.IBAN, "DE89 3704 0044 0532 0130 00"),
        ("auf NL91ABNA0417164300 bitte", "de", Kind.IBAN, "NL91ABNA0417164300"),
        ("Karte 4111 1111 1111 1111, gültig", "de", Kind.CARD, "4111 1111 1111 1111"),
        ("My card is 4111111111111111.", "en", Kind.CARD, "4111111111111111"),
        ("IBAN: DE88 3704 0044 0532\n0130 00 bis 12. Mai", "de", Kind.IBAN, "DE88 3704 0044 0532\n0130 00"),
        ("IBAN DE88 3704 0044\n0532 01 und", "de", Kind.IBAN, "DE88 3704 0044\n0532 01"),
        ("iban: de88370400440532013000 bitte", "de", Kind.IBAN, "de88370400440532013000"),
        ("(07700 900 263)", "en", Kind.PHONE, "07700 900 263"),
        ("moi – 06-39-98-41-07 – ou", "fr", Kind.PHONE, "06-39-98-41-07"),
        ("Tel.: 030 901\n820123 oder", "de", Kind.PHONE, "030 901\n820123"),
        ("Tel. 030 901820\n10115 Berlin", "de", Kind.PHONE, "030 901820"),
        ("Tel. 030 901820\n12.03.25", "de", Kind.PHONE, "030 901820"),
        ("Steuer-ID: 36 574 261 809", "de", Kind.NUMBER, "36 574 261 809"),
        ("PESEL 44051401359", "pl", Kind.NUMBER, "44051401359"),
        ("NIP: 526-000-12-46", "pl", Kind.NUMBER, "526-000-12-46"),
        ("codice fiscale RSSMRA85T10A562S", "it", Kind.NUMBER, "RSSMRA85T10A562S"),
        ("con DNI 54362315K", "es", Kind.NUMBER, "54362315K"),
        ("NIE X2482300W", "es", Kind.NUMBER, "X2482300W"),
        ("NIR 2 95 10 99 126 111 93", "fr", Kind.NUMBER, "2 95 10 99 126 111 93"),
        ("BSN 111222333", "nl", Kind.NUMBER, "111222333"),
        ("SVNR 1237 010180", "de", Kind.NUMBER, "1237 010180"),
        ("Rentenversicherungsnummer 15 070649 C 103", "de", Kind.NUMBER, "15 070649 C 103"),
        ("Aktenzeichen: 63.2-2025-00781", "de", Kind.REFERENCE, "63.2-2025-00781"),
        ("Az.: 3 Ca 412/25 vom 12. Mai", "de", Kind.REFERENCE, "3 Ca 412/25"),
        ("(Az. 40 OWi-83 Js 7411/26)", "de", Kind.REFERENCE, "40 OWi-83 Js 7411/26"),
        ("Unser Zeichen S 12 AS 345/24", "de", Kind.REFERENCE, "S 12 AS 345/24"),
        ("Ihre Kundennummer lautet 4711.", "de", Kind.REFERENCE, "4711"),
        ("Kundennummer\n4711-0815 Am 3. Mai", "de", Kind.REFERENCE, "4711-0815"),
        ("Vertragsnummer K-0417 / Ausfertigung", "de", Kind.REFERENCE, "K-0417"),
        ("Kennzeichen: C-AB 123", "de", Kind.REFERENCE, "C-AB 123"),
        ("Our ref: JS/AB/1234.5", "en", Kind.REFERENCE, "JS/AB/1234.5"),
        ("Policy number: 123 456 789", "en", Kind.REFERENCE, "123 456 789"),
        ("N° de dossier : 24/01234", "fr", Kind.REFERENCE, "24/01234"),
        ("Expediente 123/2024", "es", Kind.REFERENCE, "123/2024"),
        ("Numero di pratica: 2024/118-B", "it", Kind.REFERENCE, "2024/118-B"),
        ("sygn. akt II C 345/24", "pl", Kind.REFERENCE, "II C 345/24"),
        ("Write to anna.berg@example.com.", "en", Kind.EMAIL, "anna.berg@example.com"),
        ("Call 020 7946 0123 today", "en", Kind.PHONE, "020 7946 0123"),
        ("Tel.: +49 30 901820123", "de", Kind.PHONE, "+49 30 901820123"),
        ("geb. 12.03.1970", "de", Kind.BIRTH, "12.03.1970"),
        ("née le 3 mai 1962 à Paris", "fr", Kind.BIRTH, "3 mai 1962"),
        ("urodzony 5.04.1961 w", "pl", Kind.BIRTH, "5.04.1961"),
        ("her date of birth (our list has 23 July 1988) is", "en", Kind.BIRTH, "23 July 1988"),
        ("nací el 11 de septiembre de 1961 y", "es", Kind.BIRTH, "11 de septiembre de 1961"),
        ("DOB      13/08/1939", "en", Kind.BIRTH, "13/08/1939"),
        ("in der Lindenstraße 7, bei", "de", Kind.ADDRESS, "Lindenstraße 7"),
        ("Lindenstraße 7, 3. OG links, 04229 Leipzig", "de", Kind.ADDRESS, "04229 Leipzig"),
        ("Lindenstraße 7, Hinterhaus, 2. Stock,\n04229 Leipzig ist", "de", Kind.ADDRESS, "04229 Leipzig"),
        ("at 12 Larkspur Road in", "en", Kind.ADDRESS, "12 Larkspur Road"),
        ("14 bis, rue des Forges", "fr", Kind.ADDRESS, "14 bis, rue des Forges"),
        ("en Calle Mayor, 3, 2º B", "es", Kind.ADDRESS, "Calle Mayor, 3, 2º B"),
        ("in Via dell'Olmo, 12/B", "it", Kind.ADDRESS, "Via dell'Olmo, 12/B"),
        ("ul. Jana Pawła II 3/12", "pl", Kind.ADDRESS, "ul. Jana Pawła II 3/12"),
        ("the contract with Hollowell & Sons Ltd ends", "en", Kind.FIRM, "Hollowell & Sons Ltd"),
        ("Die Wehrbach & Söhne KG hat", "de", Kind.FIRM, "Wehrbach & Söhne KG"),
        ("to Ms Edith Ashworth of Hollowell & Sons Ltd:", "en", Kind.FIRM, "Hollowell & Sons Ltd"),
        ("Nordlicht SE\nHafenstraße 28\n20457 Hamburg", "de", Kind.FIRM, "Nordlicht SE"),
        ("to Ms Edith Ashworth of Hollowell & Sons Ltd:", "en", Kind.PERSON, "Edith Ashworth"),
        ("to Mr. Paul Whitcombe of Hollowell Ltd", "en", Kind.PERSON, "Paul Whitcombe"),
        ("as Mr Whitcombe said", "en", Kind.PERSON, "Whitcombe"),
        ("mit Herrn Dr. Oehlschläger", "de", Kind.PERSON, "Oehlschläger"),
        ("Sehr geehrte Frau von der Tann,", "de", Kind.PERSON, "von der Tann"),
        ("Gentile Signor De Santis,", "it", Kind.PERSON, "De Santis"),
        ("poprosiliśmy panią Halinę Żmudę o", "pl", Kind.PERSON, "Halinę Żmudę"),
        ("Kind regards\n\nUna Abernathy\n", "en", Kind.PERSON, "Una Abernathy"),
        ("Name: Berg, Anna\n", "en", Kind.PERSON, "Berg"),
        ("RA'in Karla Wehr\nKanzlei", "de", Kind.PERSON, "Karla Wehr"),
        ("Parteien: Lena Berg (Klägerin) ./. Stadtwerke", "de", Kind.PERSON, "Lena Berg"),
        ("Erkweg 48, 12043 Berlin. Vertreten durch", "de", Kind.ADDRESS, "12043 Berlin."),
        ("Her SSN is 536-22-8145.", "en", Kind.NUMBER, "536-22-8145"),
        ("the passport of the deceased (533380006)", "en", Kind.NUMBER, "533380006"),
        ("his driving licence HALLO 412059 B99AB.", "en", Kind.NUMBER, "HALLO 412059 B99AB"),
        ("NI number QQ 12 34 56 C", "en", Kind.NUMBER, "QQ 12 34 56 C"),
        ("NHS: 943 476 5919", "en", Kind.NUMBER, "943 476 5919"),
        ("sort code 20-45-18, account 73829104", "en", Kind.NUMBER, "20-45-18"),
        ("sort code 20-45-18, account 73829104", "en", Kind.NUMBER, "73829104"),
        ("Versichertennummer bei der AOK ist K482915637, falls", "de", Kind.NUMBER, "K482915637"),
        ("Personalausweis Nr. L01X00T471 vor", "de", Kind.NUMBER, "L01X00T471"),
        ("con matrícula 4521 KLM.", "es", Kind.NUMBER, "4521 KLM"),
        ("sécurité sociale est le 2 58 04 45 155 012 42.", "fr", Kind.NUMBER, "2 58 04 45 155 012 42"),
        ("die Akte BR-26/017 an", "de", Kind.REFERENCE, "BR-26/017"),
        ("Kundennummer 4007 1123 99\n", "de", Kind.REFERENCE, "4007 1123 99"),
        ("Ring 905-674-3793 or", "en", Kind.PHONE, "905-674-3793"),
        ("Sie ist am 5. Mai 1970 in Danzig geboren", "de", Kind.BIRTH, "5. Mai 1970"),
        ("at 4821 Juniper Hollow Ln, Apt 12, Round Rock, TX 78664.", "en", Kind.ADDRESS, "Round Rock, TX 78664"),
        ("at 7 Elm St, Montréal, QC H2X 1Y4", "en", Kind.ADDRESS, "Montréal, QC H2X 1Y4"),
        ("see http://claims.example.org/90417, or", "en", Kind.WEB, "http://claims.example.org/90417"),
        ("from 10.44.12.7 at", "en", Kind.WEB, "10.44.12.7"),
        ("the Balcombe Insurance Group had", "en", Kind.FIRM, "Balcombe Insurance Group"),
        ("das Klinikum Nordheide hat", "de", Kind.FIRM, "Klinikum Nordheide"),
    ],
)
def test_each_kind_is_found(text: str, language: str, kind: Kind, words: str) -> None:
    assert (kind, words) in _found(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Pay 1,250.00 EUR by 12 March 2025, reference K-913/21.", "en"),
        ("The Supreme Court in New York met on Tuesday. Dear Sir or Madam,", "en"),
        ("Das Amtsgericht Hamburg hat am 12.03.2025 die Klage abgewiesen.", "de"),
        ("Sehr geehrte Damen und Herren, die Rechnung über 1.250,00 Euro ist offen.", "de"),
        ("Madame, Monsieur, le Tribunal de Paris se réunira mardi.", "fr"),
        ("years\t4019\t2020\t4021\t2025\n4111\n1111\n1111\n1111\n", "en"),
        ("parts\t0161\t4961234\n01614\n961235\n", "en"),
        ("no 12 345 678\n90 123 (2024-1234-567)", "en"),
        ("Date: 28 Jan 2026 09:47 +0100\nSubject: Rent", "en"),
        ("at 9:47 GMT+0100 Berlin", "en"),
        ("4111 1111 1111 1112 and 12345 parts in 2025", "en"),
        ("wie VGT/2026/0309-ARB, und Frist (Vertrag)", "de"),
        ("BGH, Urteil vom 1. März 2020 – VIII ZR 17/24, Rn. 12", "de"),
        ("Rechnungsnummer: 12.03.2026", "de"),
        ("Aktenzeichen 12,50 EUR", "de"),
        ("The file of 2020 and reference to clause 12.3", "en"),
        ("Her passport was renewed in 2019, the licence on 3 May 2021.", "en"),
        ("Die HRB 145231 B, AG Charlottenburg.", "de"),
        ("During 1971, it was version 3.1.2 of 10:45:12.", "en"),
        ("In der Regel 14 Tage, am Markt 12 Uhr, im Mai 30 Anträge, zur Sitzung 12 Personen.", "de"),
        ("An der Lindenstraße 608 Anwohner", "de"),
        ("En la Plaza Mayor 300 vecinos, en la calle Mayor, 608 personas y en la avenida Real 12 días.", "es"),
        ("Hors de la rue Basse, 608 personnes, et avenue Neuve 30 logements.", "fr"),
    ],
)
def test_what_is_not_private_stays(text: str, language: str) -> None:
    assert _found(text, language) == []


def test_the_zone_of_a_time_and_the_next_header_are_not_offered_as_a_town() -> None:
    assert _found("09:47 +0100\nSubject: Rent\nNo. 1204\nReply-To: us, +0100 Berlin", least=UNSURE) == []


def test_what_stands_behind_a_town_is_none_of_it() -> None:
    assert (Kind.ADDRESS, "80333 München") in _found("Ringweg 8, 80333 München Tel: 1", "de")


def test_a_number_of_a_house_may_stand_before_any_other_word() -> None:
    text = "Lindenstraße 7 Berlin, Ringweg 8 wohnt sie, Calle Mayor, 3 bajos, C/ Sol 12 vive Ana, Am Hof 3\nTage"
    streets = [words for _, words in _found(text, "de")]
    assert streets == ["Lindenstraße 7", "Ringweg 8", "Calle Mayor, 3", "C/ Sol 12", "Am Hof 3"]


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("The noise troubles 221 Baker Street residents.", "221 Baker Street"),
        ("We pay for 12 High Street EUR 500 a month.", "12 High Street"),
        ("Goethestraße 14 Zimmer 3", "Goethestraße 14"),
    ],
)
def test_only_a_number_counts_what_stands_behind_it(text: str, street: str) -> None:
    assert (Kind.ADDRESS, street) in _found(text, "")


def test_a_sum_behind_a_street_is_no_town() -> None:
    finds = _found("Die Lindenstraße 7, 3. OG links, 12000 Euro und Ringweg 8, 9000 CHF", "de")
    assert [words for _, words in finds] == ["Lindenstraße 7", "Ringweg 8"]


def test_a_name_that_stands_small_in_addresses_only_is_no_other_word() -> None:
    text = "kupfer-pfaff@kupfer-pfaff.de\nPost an Kupfer-Pfaff\nFrau Miriam Kupfer-Pfaff\nwww.kupfer-pfaff.de"
    people = [find for find in find_private(text, language="de") if find.kind is Kind.PERSON]
    assert {name.text: name.certainty for name in people} == {"Kupfer-Pfaff": LIKELY, "Miriam Kupfer-Pfaff": LIKELY}


def test_figures_in_columns_are_not_tried_as_parts_of_a_telephone_number(monkeypatch) -> None:
    import phonenumbers

    tried, parse = [], phonenumbers.parse
    monkeypatch.setattr(phonenumbers, "parse", lambda *said: tried.append(said) or parse(*said))
    assert _found("1204\t3391\t87\n5\t60213\t4478\n" * 20) == []
    assert tried == []


def test_wrong_check_digits_are_unsure_but_behind_their_label_likely() -> None:
    assert (Kind.IBAN, "DE88 3704 0044 0532 0130 00") in _found("on DE88 3704 0044 0532 0130 00", least=UNSURE)
    assert _found("on DE88 3704 0044 0532 0130 00") == []
    assert (Kind.NUMBER, "36574261800") in _found("Steuer-ID 36574261800", "de")


def test_a_name_is_found_everywhere_once_a_context_has_told_it() -> None:
    text = "Dear Ms Ashworth,\n\nAshworth's lease ended. Nobody told ASHWORTH so. Ash and worth are words."
    assert [words for kind, words in _found(text) if kind is Kind.PERSON] == ["Ashworth", "Ashworth", "ASHWORTH"]


@pytest.mark.parametrize(
    ("text", "language", "sure", "perhaps"),
    [
        ("Thanks, Peter.\nTom", "en", ["Tom"], []),
        ("Gentile Dott.ssa Anna Berg,\nvi scrivo", "it", ["Anna Berg"], []),
        ("C. Haftung\nA. Miete ist zu zahlen.\nB. Frist\nD. Haftung besteht.", "de", [], []),
        ("Ihre Unterlagen\n\nMietvertrag\n\nDer Mietvertrag fehlt.", "de", [], []),
        ("Ihre\nAnna Berg", "de", ["Anna Berg"], []),
        ("Madame la Préfète, Monsieur de la Tour,", "fr", ["de la Tour"], []),
        ("Mr le Carré wrote, and Frau la Torre.", "en", ["le Carré", "la Torre"], []),
    ],
)
def test_a_capital_that_the_beginning_of_a_line_gives_tells_no_name(text, language, sure, perhaps) -> None:
    people = [find for find in find_private(text, language=language) if find.kind is Kind.PERSON]
    assert [person.text for person in people if person.certainty is not UNSURE] == sure
    assert [person.text for person in people if person.certainty is UNSURE] == perhaps


def test_polish_forms_of_a_name_are_found() -> None:
    text = "Szanowny Panie Kowalski,\n\npismo Kowalskiego dotyczy umowy z Kowalskim, a Kowalskiemu nie odpowiedziano."
    assert [words for _, words in _found(text, "pl")] == ["Kowalski", "Kowalskiego", "Kowalskim", "Kowalskiemu"]


def test_a_name_that_is_a_word_too_is_unsure_where_it_may_be_the_word() -> None:
    text = "Sehr geehrter Herr Koch,\n\nder Koch kam spät. Kochs Brief liegt bei."
    finds = find_private(text, language="de")
    assert [(find.text, find.certainty) for find in finds] == [("Koch", LIKELY), ("Koch", UNSURE), ("Kochs", LIKELY)]


def test_the_list_is_sure_and_counts_for_parts_of_names() -> None:
    listed = (Listed("Anna Berg", Kind.PERSON), Listed("Project Nightjar", Kind.OTHER))
    finds = find_private("yesterday Berg spoke of project Nightjar", language="en", listed=listed)
    assert [(find.kind, find.text, find.certainty) for find in finds] == [
        (Kind.PERSON, "Berg", SURE),
        (Kind.OTHER, "project Nightjar", SURE),
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Frau Sabine Krüger Tannenweg 8, 09112 Chemnitz", ["Sabine Krüger"]),
        ("Monsieur Luc Perrin 14 rue des Forges", ["Luc Perrin"]),
        ("Mr Peter Lomax 12 Larkspur Road", ["Peter Lomax"]),
        ("Mit freundlichen Grüßen\nIm Auftrag\nWiechmann", ["Wiechmann"]),
        ("Yours sincerely\n\nOn behalf of\nPeter Lomax", ["Peter Lomax"]),
        ("Im Auftrag\nS. Lührs\nÄrztin", ["S. Lührs"]),
    ],
)
def test_a_name_ends_before_a_street_and_none_is_what_somebody_signs_for(text: str, names: list[str]) -> None:
    found = _found(text, language="")
    assert [words for kind, words in found if kind is Kind.PERSON] == names
    left = text
    for __, words in found:
        left = left.replace(words, "")
    assert not any(letter.isdigit() for letter in left)


def test_no_part_is_lost_where_words_of_a_person_overlap_with_something_else() -> None:
    text = "Write to Ms Anna Krause owes IBAN GB33 BUKB 2020 1555 5555 55 now"
    listed = (Listed("Krause owes"), Listed("owes IBAN GB33 BUKB"))
    finds = find_private(text, language="en", listed=listed)
    assert [find.text for find in finds] == ["Anna", "Krause", "owes IBAN", "GB33 BUKB 2020 1555 5555 55"]
    assert all(text[find.start : find.end] == find.text for find in finds)


def _other(text: str, words: str, kind: Kind = Kind.PERSON) -> Find:
    start = text.index(words)
    return Find(kind, start, start + len(words), words, LIKELY, "finder", (Finder.SMALL,))


def test_a_small_word_that_a_firm_leaves_of_a_name_is_nobody() -> None:
    finds = find_private("in Vollmacht Ihrer Vermieterin, der Hanselux Wohnen GmbH, kündigen wir.", language="de")
    assert [find.text for find in finds] == ["Hanselux Wohnen GmbH"]


def test_finds_are_in_order_and_do_not_overlap() -> None:
    text = "Mr Peter Lomax of Hollowell Ltd lives at 12 Larkspur Road, Exeter EX1 1HB. Call Lomax: 020 7946 0123."
    others = [_other(text, "Lomax of"), _other(text, "12 Larkspur Road, Exeter", Kind.ADDRESS)]
    finds = find_private(text, language="en", others=others)
    assert all(a.end <= b.start for a, b in itertools.pairwise(finds))
    assert all(text[find.start : find.end] == find.text for find in finds)
    assert [find.text for find in finds if find.kind is Kind.ADDRESS] == ["12 Larkspur Road, Exeter EX1 1HB"]


@pytest.mark.parametrize(
    ("text", "seen", "found"),
    [
        ("de la rue Pierre Mourgues, 608 personnes", "rue Pierre Mourgues, 608", ["rue Pierre Mourgues"]),
        ("by 608 residents of Mill Lane", "608", []),
        ("at 12 Mill Lane", "12 Mill Lane", ["12 Mill Lane"]),
        ("rue Basse 12 bis", "rue Basse 12", ["rue Basse 12"]),
    ],
)
def test_what_another_finder_takes_for_an_address_ends_before_a_number_that_counts(text, seen, found) -> None:
    finds = find_private(text, language="en", others=[_other(text, seen, Kind.ADDRESS)])
    assert [find.text for find in finds] == found


@pytest.mark.parametrize(
    ("text", "seen", "found"),
    [
        ("as Mr Lomax said to Lomax", "Lomax", [("Lomax", ("rule", "finder")), ("Lomax", ("rule", "finder"))]),
        ("as Jess said, and Jess went", "Jess", [("Jess", ("finder",)), ("Jess", ("finder",))]),
        ("then Leiva flew to town", "Leiva flew", [("Leiva", ("finder",))]),
        ("in Meza's song", "Meza's", [("Meza", ("finder",))]),
        ("and killers of", "killers", []),
        ("von der Polizei", "Polizei", []),
        ("die RAin schrieb", "RAin", []),
    ],
)
def test_what_another_finder_sees_is_cut_to_the_name_and_says_who_found_it(text, seen, found) -> None:
    finds = find_private(text, language="en", others=[_other(text, seen)])
    assert [(find.text, find.by) for find in finds] == found


ODD = (
    "", " ", "\0", "@" * 5_000, "A" * 20_000, "1" * 20_000, " " * 20_000, "Mr " * 5_000, "Aa-" * 5_000, "DE00 " * 4_000
)  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=map(str, range(len(ODD))))
def test_odd_texts_are_no_fault(text: str) -> None:
    find_private(text, language="en")


def test_of_many_words_only_those_that_may_stand_in_a_text_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    class Text(str):
        __slots__ = ()

        def __contains__(self, word: object) -> bool:
            tried.append(word)
            return str(word) in str(self)

    squeezed = finding.squeezed
    monkeypatch.setattr(finding, "squeezed", lambda text: Text(squeezed(text)))
    listed = finding.WordList(f"{number:05}" for number in range(15_000))
    assert listed.places_in("x 12340 y") == [(2, 7, 12_340)]
    assert len(tried) < 50


def test_an_index_finds_words_of_any_length() -> None:
    assert WordIndex(["", "b", "bcd", "abcde", "bcdef", "a", "z"]).numbers_in("abcde") == [0, 1, 2, 3, 5]
    assert WordIndex(["", "a"]).numbers_in("") == [0]


def test_what_another_finder_takes_for_a_name_may_begin_small() -> None:
    seen = Find(Kind.PERSON, 0, 4, "eBay", LIKELY, "finder", (Finder.SMALL,))
    assert find_private("eBay has written.", language="en", others=[seen]) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Herr Jens Richter kommt.", "Jens Richter"),
        ("Mr James Judge has come.", "James Judge"),
        ("Frau Tannenkamps Anwältin kommt.", "Tannenkamps"),
        ("Frau Müller Geschäftsführerin", "Müller"),
    ],
)
def test_a_job_behind_a_first_name_alone_is_a_surname(text: str, name: str) -> None:
    assert [find.text for find in find_private(text)] == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Bitte rufen Sie Herrn Richter an.", ["Richter"]),
        ("Frau Richter hat gekündigt.", ["Richter"]),
        ("Sehr geehrte Frau Sonntag, wir kommen am Sonntag.", ["Sonntag"]),
        ("Mr West moved to the west of West Street.", ["West"]),
        ("Sehr geehrter Herr Kollege, ich komme.", []),
        ("Das weiß der Herr Richter schon.", []),
        ("Das weiß Herr Richter am Landgericht.", []),
        ("Gestern kam, Herr Vorsitzender, ein Brief.", []),
        ("An Herrn Rechtsanwalt\nin Köln", []),
        ("Er schrieb meiner Frau Ende Mai.", []),
        ("Das ist eine Frau Mitte vierzig.", []),
    ],
)
def test_who_is_called_by_another_word_is_found_behind_the_form_of_address(text: str, names: list[str]) -> None:
    assert [find.text for find in find_private(text) if find.kind is Kind.PERSON] == names
