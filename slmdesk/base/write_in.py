"""The line that asks a model to write in a language, for every prompt that is itself in English."""

from __future__ import annotations

from collections.abc import Mapping

WRITE_IN: Mapping[str, str] = {
    "en": "Write in English.",
    "de": "Schreibe auf Deutsch.",
    "fr": "Écris en français.",
    "es": "Escribe en español.",
    "it": "Scrivi in italiano.",
    "pt": "Escreve em português.",
    "nl": "Schrijf in het Nederlands.",
    "pl": "Pisz po polsku.",
}
"""By language. It is in the language itself, and asked last: small models answer in the language they read last."""
