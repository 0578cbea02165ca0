"""The headers of earlier mails in a text, as mail programs write them in the languages of the program."""

from __future__ import annotations

import pytest

from slmdesk.base.text.threads import ends_earlier, headers_in

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "header",
    [
        "Von: Anna <a@x>\nGesendet: Montag, 3. März 2025 10:00\nAn: B\nBetreff: Miete",
        "From: Anna\nSent: 3 March 2025\nTo: B; C <c@x>;\nd@x; e@x\nSubject: Rent",
        "De : Anna\nEnvoyé : lundi 3 mars 2025\nÀ : B\nObjet : Loyer",
        "De: Anna\nEnviado: lunes\nPara: B\nAsunto: Renta",
        "De: Anna\nEnviada em: segunda\nPara: B\nAssunto: Renda",
        "Da: Anna\nInviato: lunedì\nA: B\nOggetto: Canone",
        "Van: Anna\nVerzonden: maandag\nAan: B\nOnderwerp: Huur",
        "Od: Anna\nWysłano: poniedziałek\nDo: B\nTemat: Czynsz",
        "Betreff: Miete\nDatum: 3.3.2025\nVon: Anna\nAn: B",
        "*Von:* Anna\n*Datum:* 3.3.2025\n*Betreff:* Miete",
        "________________________________\nFrom: Anna\nSent: Monday\nTo: B",
        "-----Original Message-----\nFrom: Anna\nTo: B",
        "-------- Weitergeleitete Nachricht --------\nBetreff: Miete\nVon: Anna",
        "---------- Forwarded message ---------\nVon: Anna\nDate: Mo., 3. März 2025 um 10:00 Uhr",
        "--- forwarded text from Jonas, 18 May 2026 21:53 ---",
        "Anfang der weitergeleiteten Nachricht:",
        "> Von: Anna\n> Datum: 3.3.2025\n> An: B",
        "On Mon, 3 Mar 2025 at 10:00, Anna Smith <a@x> wrote:",
        "On Mon, 3 Mar 2025 at 10:00, Anna Smith\n<a@x>\nwrote:",
        "Am Mo., 3. März 2025 um 10:00 Uhr schrieb Anna <a@x>:",
        "Am 3.3.25 um 10:00 schrieb Anna:",
        "Am 03.03.2025 schrieb Anna:\n>",
        "Anna <a@x> schrieb am Mo., 3. März 2025:",
        "Le lun. 3 mars 2025 à 10:00, Anna <a@x> a écrit :",
        "El lun, 3 mar 2025 a las 10:00, Anna (<a@x>) escribió:",
        "Il giorno lun 3 mar 2025 alle ore 10:00 Anna <a@x> ha scritto:",
        "Op ma 3 mrt 2025 om 10:00 schreef Anna <a@x>:",
        "W dniu 3.03.2025 o 10:00, Anna pisze:",
        "pon., 3 mar 2025 o 10:00 Anna <a@x> napisał(a):",
        "Em seg., 3 de mar. de 2025 às 10:00, Anna <a@x> escreveu:",
        "Von: Anna Gesendet: Montag, 3. März 2025 10:00 An: B Betreff: Miete",
    ],
)
def test_header_of_an_earlier_mail(header) -> None:
    lines = header.split("\n")
    size = len(lines) - (lines[-1] == ">")
    assert [*headers_in(["Danke.", *lines])] == [(1, 1 + size)]
    assert [*headers_in([*lines, "> Hello", "Bye."])] == [(0, size)]


@pytest.mark.parametrize(
    "text",
    [
        "Am 3. März schrieb die Vermieterin:",
        "On 3 March the landlord wrote:",
        "Von: Berlin\nPreis: 30 Euro",
        "An: die Mieter",
        "Betreff: Miete\nDatum: 3.3.2025",
        "-----",
        "He wrote to a@x that the original message was lost.",
        "Wir treffen uns:\nAm 3.3. um 10:00.",
    ],
)
def test_sentence_that_tells_of_a_letter_is_none(text) -> None:
    assert [*headers_in([*text.split("\n"), "Hello"])] == []


def test_end_of_a_quoted_mail() -> None:
    assert [ends_earlier(line) for line in ("--- end ---", "--- Ende der Nachricht ---", "---", "the end")] == [
        True,
        True,
        False,
        False,
    ]
