"""Says the program's own words about an answer in the language of its question."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.record import Record
from slmdesk.base.text.sentences import question_language
from slmdesk.base.texts import chosen_catalogue


class AnswerWords(Record):
    name: str
    not_found: str
    nearest_head: str
    perhaps: str
    no_passage: str
    no_model: str


ANSWERS: Mapping[str, AnswerWords] = {
    "en": AnswerWords("English", "Not in the text.", "The nearest passages:",
        "Perhaps: these passages share words with the question.",
        "No passage with these words.", "No model here can answer from a text."),
    "de": AnswerWords("German", "Das steht nicht im Text.", "Die nächsten Stellen:",
        "Vielleicht: Diese Stellen enthalten Wörter der Frage.",
        "Keine Stelle mit diesen Wörtern.", "Kein Modell hier kann aus einem Text antworten."),
    "fr": AnswerWords("French", "Ce n’est pas dans le texte.", "Les passages les plus proches :",
        "Peut-être : ces passages contiennent des mots de la question.",
        "Aucun passage avec ces mots.", "Aucun modèle ici ne sait répondre à partir d’un texte."),
    "es": AnswerWords("Spanish", "No está en el texto.", "Los pasajes más cercanos:",
        "Quizá: estos pasajes contienen palabras de la pregunta.",
        "Ningún pasaje con estas palabras.", "Ningún modelo de aquí sabe responder a partir de un texto."),
    "it": AnswerWords("Italian", "Non è nel testo.", "I passi più vicini:",
        "Forse: questi passi contengono parole della domanda.",
        "Nessun passo con queste parole.", "Nessun modello qui sa rispondere da un testo."),
    "pt": AnswerWords("Portuguese", "Não está no texto.", "Os trechos mais próximos:",
        "Talvez: estes trechos contêm palavras da pergunta.",
        "Nenhum trecho com estas palavras.", "Nenhum modelo aqui sabe responder a partir de um texto."),
    "nl": AnswerWords("Dutch", "Dat staat niet in de tekst.", "De meest nabije passages:",
        "Misschien: deze passages bevatten woorden uit de vraag.",
        "Geen passage met deze woorden.", "Geen model hier kan uit een tekst antwoorden."),
    "pl": AnswerWords("Polish", "Nie ma tego w tekście.", "Najbliższe fragmenty:",
        "Być może: te fragmenty zawierają słowa z pytania.",
        "Brak fragmentu z tymi słowami.", "Żaden model tutaj nie umie odpowiadać na podstawie tekstu."),
}  # fmt: skip


def answers_in(question: str, text: str = "") -> AnswerWords:
    """Return the words in the language of a question, else of the text it is about, else of the program."""
    catalogue = chosen_catalogue()
    ours = catalogue.info().get("language", "en") if catalogue else "en"
    return ANSWERS.get(question_language(question, text)) or ANSWERS.get(ours) or ANSWERS["en"]
