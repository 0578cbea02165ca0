from __future__ import annotations

from types import SimpleNamespace

import pytest

from slmdesk.evaluation.exams import SKILLS, ExamResult, Skill, items, may_write
from slmdesk.evaluation.model_cards import lines_of
from slmdesk.summaries.exam import WORDS, SummaryPapers, papers
from slmdesk.summaries.lines import count_words
from slmdesk.summaries.linking import Point
from slmdesk.text.sentences import detect

pytestmark = pytest.mark.pure

GOOD = {
    "en": """Northgate Water read the meter and asks Ms Adeyemi for a difference of £61.40.
The £61.40 is due by 31 March.
If the reading seems wrong, she must send a photograph by 17 March; nothing is collected until the meter is tested.
The test costs £25, only if the meter is right.
The monthly payment rises to £44 from May; the direct debit must not be cancelled.""",
    "de": """Die Begehung mit Herrn Brandt ist am Donnerstag, 28. Mai, um 9 Uhr statt am 21. Mai.
Jonas muss Petra bis 15. Mai die Liste der Feuerlöscher schicken; den Grundriss braucht sie nicht mehr.
Die Werkstatt bleibt am 28. Mai geschlossen.
Hat Jonas keine Zeit, vertritt ihn Frau Yilmaz; dann gibt er ihr die Schlüssel bis zum 27. Mai.""",
    "fr": """Ateliers Mercier commande à la Papeterie Duval 40 chaises et 6 tables pour 2 150 euros hors taxes.
La Papeterie Duval doit confirmer avant le 14 avril, sinon la commande n'est pas valable.
Elle livre au plus tard le 24 avril à l'entrepôt de Lille et paie le transport.
Si les chaises sont en retard, Mercier peut annuler les tables ; le paiement suit trente jours après la livraison.""",
    "es": """La junta aprobó reparar el ascensor con Salvatierra por 8.600 euros y rechazó cambiar la puerta del garaje.
Cada propietario paga 430 euros antes del 30 de abril, salvo los locales de la planta baja.
La señora Quiroga pide la subvención antes del 1 de marzo; si se concede, cada uno recibe 120 euros.
La obra empieza el 18 de mayo.""",
    "it": """La signora Ferri affitta alla ditta Bassani per 780 euro al mese, da pagare entro il giorno 5.
La conduttrice può recedere con tre mesi di preavviso, la locatrice con sei e solo alla fine di un anno.
Tetto e caldaia spettano alla locatrice.
La cauzione di 2.340 euro torna entro 60 giorni, se i locali sono senza danni.
Il subaffitto è vietato senza consenso scritto.""",
    "pt": """A senhora Teixeira esteve internada por pneumonia; o antibiótico terminou e não deve ser continuado.
São pedidas análises aos rins até 16 de junho e uma radiografia do tórax dentro de seis semanas.
Se tiver febre ou falta de ar, deve voltar à urgência.
A furosemida passa para 20 mg; o ibuprofeno foi suspenso, pode tomar paracetamol.
É alérgica à penicilina.""",
    "nl": """De Kerkstraat is van 7 tot en met 18 september dicht voor het riool; fietsers kunnen erlangs, auto's niet.
Bewoners halen vóór 4 september bij het stadhuis een kaart om gratis op het Marktplein te parkeren.
Het vuilnis wordt op woensdag opgehaald.
Schade meldt u binnen tien dagen na het werk bij aannemer De Boer.""",
    "pl": """Kontrola kuchni szkolnej: lodówka ma 9 stopni, kuchnia nie musi zostać zamknięta.
Lodówkę trzeba naprawić do 21 października, a szkolenie pracowników odbyć do 30 listopada.
Do czasu naprawy nie wolno przechowywać w lodówce mięsa.
Jeżeli naprawa się opóźni, szkoła zapłaci 1500 złotych.
Następna kontrola jest w styczniu; kierownik przyśle listę temperatur.""",
}
"""What a careful person writes."""

FAULTS = [
    ("en", "The difference of £61.40 is due by 17 March."),
    ("en", "A photograph of the meter must be sent by 31 March."),
    ("en", "The test costs £25."),
    ("en", "The payment rises from £44 to £38."),
    ("de", "Die Begehung ist am 21. Mai um 14 Uhr."),
    ("de", "Die Begehung der Werkstatt ist am 21. Mai."),
    ("de", "Jonas muss Petra bis 28. Mai die Liste der Feuerlöscher schicken."),
    ("de", "Jonas soll den Grundriss schicken."),
    ("de", "Frau Yilmaz vertritt Jonas am 28. Mai."),
    ("de", "Petra Lindner soll die Liste der Feuerlöscher schicken."),
    ("fr", "La Papeterie Duval commande 40 chaises et 6 tables."),
    ("fr", "La commande doit être confirmée avant le 24 avril."),
    ("fr", "La livraison se fait au magasin le 24 avril."),
    ("fr", "Mercier peut annuler les tables."),
    ("es", "La junta aprobó reparar el ascensor y cambiar la puerta del garaje."),
    ("es", "La junta decidió reparar el ascensor y cambiar la puerta."),
    ("es", "Cada propietario pagará 430 euros antes del 1 de marzo."),
    ("es", "Se devolverán 120 euros a cada propietario."),
    ("es", "Los locales de la planta baja también pagan 430 euros."),
    ("it", "La locatrice può recedere con un preavviso di tre mesi."),
    ("it", "Il tetto e la caldaia spettano alla conduttrice."),
    ("it", "La cauzione di 2.340 euro è restituita entro 60 giorni."),
    ("it", "Gli animali non sono ammessi."),
    ("pt", "A furosemida passa de 20 para 40 mg."),
    ("pt", "Pode tomar ibuprofeno contra as dores."),
    ("pt", "Foi suspenso o paracetamol por causa dos rins."),
    ("pt", "A doente fará uma radiografia do tórax até 16 de junho."),
    ("pt", "A doente deve voltar à urgência."),
    ("nl", "Fietsers kunnen er niet langs."),
    ("nl", "Schade meldt u binnen tien dagen bij de gemeente."),
    ("nl", "Het vuilnis wordt op dinsdag opgehaald."),
    ("pl", "Lodówkę trzeba naprawić do 30 listopada."),
    ("pl", "Szkoła zapłaci 1500 złotych."),
    ("pl", "Kuchnia musi zostać zamknięta."),
    ("pl", "Zamrażarka jest zepsuta i wymaga naprawy."),
]


RIGHT = [
    ("en", "She has until March 31 to pay the difference, or until March 17 to send a photo."),
    ("de", "Die Begehung findet nicht am 21. Mai um 14 Uhr statt, sondern am 28. Mai um 9 Uhr."),
    ("fr", "Duval doit confirmer la commande avant le 14 avril et livrer à Lille avant le 24 avril."),
    ("es", "No se aprobó cambiar la puerta del garaje."),
    ("it", "Il preavviso è di tre mesi per la conduttrice e di sei mesi per la locatrice."),
    ("pt", "O ibuprofeno foi suspenso; para as dores deve tomar paracetamol."),
    ("nl", "Het vuilnis wordt op woensdag in plaats van dinsdag opgehaald."),
    ("pl", "W lodówce jest 9 stopni, a powinno być najwyżej 5; zamrażarka działa."),
]


def judged(**told: str):
    """The result of an exam in which all is written well but what `told` says, by language."""
    texts = [(GOOD | told)[paper.language] for paper in papers()]
    cut = "- What was cut o"
    return SummaryPapers().judged(["\n".join([*(f"- {line}" for line in text.splitlines()), cut]) for text in texts])


def test_the_papers_are_short_one_in_each_language() -> None:
    assert sorted(paper.language for paper in papers()) == sorted(GOOD)
    for paper in papers():
        assert detect(paper.text)[0] == paper.language
        assert 60 <= count_words(paper.text) <= 110
        assert paper.points([" ".join(paper.text.split())]) == paper.most_points
    assert len({str(step) for step in SummaryPapers().steps()}) == 8


@pytest.mark.parametrize("language", GOOD)
def test_no_right_sentence_is_called_wrong_and_most_is_told_in_the_words_allowed(language) -> None:
    (paper,) = (paper for paper in papers() if paper.language == language)
    sentences = GOOD[language].splitlines()
    assert [sentence for sentence in sentences if paper.contradicts(sentence)] == []
    assert paper.points(sentences) >= 0.9 * paper.most_points
    assert sum(map(count_words, sentences)) <= 1.15 * WORDS


@pytest.mark.parametrize(
    ("language", "sentence", "expected"),
    [*((*fault, True) for fault in FAULTS), *((*sample, False) for sample in RIGHT)],
)
def test_what_is_exchanged_or_lost_is_wrong(language, sentence, expected) -> None:
    (paper,) = (paper for paper in papers() if paper.language == language)
    assert paper.contradicts(sentence) is expected


def test_who_writes_well_may_write() -> None:
    assert (judged().skill, judged().level) == (Skill.SUMMARY, "good")


def test_who_exchanges_or_leaves_out_may_not(monkeypatch) -> None:
    def unchecked(said, _source, _among):
        return [Point(sentence.text, ()) for sentence in said]

    monkeypatch.setattr("slmdesk.summaries.exam.checked", unchecked)
    assert judged().level == "good"
    exchanged = {"en": GOOD["en"].replace("31 March", "17 March"), "fr": GOOD["fr"].replace("24", "14")}
    assert judged(**exchanged).level == "fair"
    assert judged(en=GOOD["en"].replace(", only if the meter is right", ""), fr=exchanged["fr"]).level == "fair"
    first = {language: text.splitlines()[0] for language, text in GOOD.items()}
    assert judged(**first).level == "weak"
    assert judged(**dict(list(first.items())[:4])).level == "fair"
    assert judged(**dict.fromkeys(GOOD, "")).passed == 0
    assert judged(**dict.fromkeys(GOOD, GOOD["en"])).passed < 0.2 * judged().total
    whole = {paper.language: paper.text for paper in papers()}
    assert judged(**whole).level != "good"  # copies of the papers are not read to their end


NAMES = {"qwen": "Qwen3-4B-Instruct-2507 Qwen3-4B-Instruct-2507 Qwen3 4B Instruct 2507", "phi": "Phi 4 phi"}


@pytest.mark.parametrize(
    ("names", "parameters", "level", "expected"),
    [
        (NAMES["qwen"], 4_022_468_096, "", True),
        ("Qwen3-8B Qwen3", 8_190_735_360, "", True),
        ("Gemma 3 12b It gemma-3 Gemma 3 12b Pt", 11_765_788_416, "", True),
        (NAMES["phi"], 14_659_507_200, "", True),
        ("Qwen3 0.6B Qwen3", 596_049_920, "", False),
        ("Qwen3-4B-abliterated", 4_022_468_096, "", False),  # what somebody made of it
        ("Qwen3-4B-Thinking-2507", 4_022_468_096, "", False),
        ("Gemma 4 E4B", 8_000_000_000, "", False),  # nobody measured it
        (NAMES["qwen"], None, "", False),
        (NAMES["qwen"], 4_022_468_096, "fair", False),  # the exam here goes before
        (NAMES["qwen"], 4_022_468_096, "weak", False),
        ("Gemma 4 E4B", 8_000_000_000, "good", True),
    ],
)
def test_who_may_write_is_told_by_the_exam_here_or_by_what_others_measured(names, parameters, level, expected) -> None:
    skill = {"skill": "summary", "level": level, "passed": 1, "total": 2}
    info = {SKILLS: {"version": items()[0], "skills": [skill]}} if level else {}
    record = SimpleNamespace(name="", sha256="0" * 64, info=info, header={"names": names, "parameters": parameters})
    assert may_write(record) is expected


def test_what_the_exam_found_is_said() -> None:
    (line,) = lines_of(ExamResult("1", 0.0, (judged(),)))
    assert line.startswith("Writes summaries; slmdesk checks each sentence: ")
