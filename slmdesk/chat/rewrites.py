"""Answers written once more, shorter, longer or simpler: the model is shown its answer and asked for another.

The request is in the language of the answer, because small models answer in the language they were asked in last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from slmdesk.base.record import changed
from slmdesk.base.records import Message
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.base.wire import stored_from
from slmdesk.text.checks.words import tongue


class Rewrite(StrEnum):
    SHORTER = "shorter"
    LONGER = "longer"
    SIMPLER = "simpler"


LABELS: Mapping[Rewrite, str] = {
    Rewrite.SHORTER: "Shorter",
    Rewrite.LONGER: "Longer",
    Rewrite.SIMPLER: "Simpler",
}
_REQUESTS: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "Write your answer again in about half as many words. Keep its facts, names and numbers. Write the answer "
        "alone.",
        "Write your answer again in more detail. Add no facts that you are not sure of. Write the answer alone.",
        "Write your answer again in plain words and short sentences, so that anybody understands it. Keep its facts, "
        "names and numbers. Write the answer alone.",
    ),
    "de": (
        "Schreibe deine Antwort noch einmal mit etwa halb so vielen Wörtern. Behalte Tatsachen, Namen und Zahlen bei. "
        "Schreibe nur die Antwort.",
        "Schreibe deine Antwort noch einmal ausführlicher. Füge keine Tatsachen hinzu, bei denen du nicht sicher bist. "
        "Schreibe nur die Antwort.",
        "Schreibe deine Antwort noch einmal in einfachen Worten und kurzen Sätzen, sodass jeder sie versteht. Behalte "
        "Tatsachen, Namen und Zahlen bei. Schreibe nur die Antwort.",
    ),
    "fr": (
        "Réécris ta réponse avec environ deux fois moins de mots. Garde les faits, les noms et les nombres. N’écris "
        "que la réponse.",
        "Réécris ta réponse avec plus de détails. N’ajoute aucun fait dont tu n’es pas sûr. N’écris que la réponse.",
        "Réécris ta réponse avec des mots simples et des phrases courtes, pour que tout le monde la comprenne. Garde "
        "les faits, les noms et les nombres. N’écris que la réponse.",
    ),
    "es": (
        "Escribe tu respuesta otra vez con la mitad de palabras. Conserva los hechos, los nombres y los números. "
        "Escribe solo la respuesta.",
        "Escribe tu respuesta otra vez con más detalle. No añadas hechos de los que no estés seguro. Escribe solo la "
        "respuesta.",
        "Escribe tu respuesta otra vez con palabras sencillas y frases cortas, para que cualquiera la entienda. "
        "Conserva los hechos, los nombres y los números. Escribe solo la respuesta.",
    ),
    "it": (
        "Riscrivi la tua risposta con circa la metà delle parole. Mantieni fatti, nomi e numeri. Scrivi solo la "
        "risposta.",
        "Riscrivi la tua risposta con più dettagli. Non aggiungere fatti di cui non sei sicuro. Scrivi solo la "
        "risposta.",
        "Riscrivi la tua risposta con parole semplici e frasi brevi, in modo che tutti la capiscano. Mantieni fatti, "
        "nomi e numeri. Scrivi solo la risposta.",
    ),
}


def request_for(rewrite: Rewrite, answer: str) -> str:
    requests = _REQUESTS.get(tongue(answer), _REQUESTS["en"])
    return requests[list(Rewrite).index(rewrite)]


def kept_of(rewrite: Rewrite, answer: Message) -> dict[str, Json]:
    return {"rewrite": rewrite, "rewrite_of": answer.id}


def rewrite_of(message: Message) -> Rewrite | None:
    return stored_from(Rewrite, message.sampling.get("rewrite"))


def asked_with(before: Sequence[Message], answer: Message, messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return the messages that an answer was asked for with: those before it, and for one written once more also the
    answer it came from and the request.

    `messages`: all of the chat.  Where the answer it came from was deleted, those before it.
    """
    rewrite, of = rewrite_of(answer), answer.sampling.get("rewrite_of")
    old = next((one for one in messages if one.id == of), None)
    if rewrite is None or old is None or not before:
        return tuple(before)
    request = (TextPart(request_for(rewrite, old.text), Origin.PERSON),)
    return (*before, old, changed(before[-1], id="", parent=old.id, role=Role.USER, parts=request, text=""))
