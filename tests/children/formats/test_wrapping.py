"""Lines that a mail program broke at its margin are one; lines that somebody ended stay."""

from __future__ import annotations

import pytest

from slmdesk.children.formats.wrapping import margin_of, rejoined

pytestmark = pytest.mark.pure

PROSE = [
    "wir haben den Schaden am 22. Januar dem Grunde nach anerkannt, und der",
    "Carport wurde in aller Form und Sorgfalt vom Architek-",
    "turbuero Brettner vermessen, das seit vielen Jahren die Metall-",
    "und Elektrobetriebe berät. Wir bitten um eine Antwort spätestens bis zum",
    "12. Mai 2026 an die Adresse in Lehrte.",
    "Ein eigener Satz.",
    "Noch einer.",
]
LINES = [
    "Die Rechnung enthält folgende Posten, die wir bis zum Monatsende prüfen werden:",
    "- Miete für Mai in der vereinbarten Höhe, ohne die Kosten der Heizung und",
    "  ohne Strom",
    "- Strom für den Keller, die Treppe und das Licht vor dem Haus im Winter",
    "1. Schaden am Dach, der dem Verwalter im März schriftlich gemeldet worden",
    "Betrag: 40 Euro",
    "Name  Betrag der letzten Rechnung vor dem Einzug in die neue Wohnung links",
    "Boekenkamp & Trautmannsdorf Rechtsanwaltsgesellschaft mbH im Haus am Markt",
    "Taunusanlage 9",
    "Der Vertrag liegt unter dieser Adresse, solange die Verhandlungen dauern,",
    "https://example.org/vertrag",
]


def test_prose_is_rejoined():
    margin = margin_of(PROSE)
    assert margin == len(PROSE[3])
    assert rejoined(PROSE, margin, drops_hyphens=True) == [
        "wir haben den Schaden am 22. Januar dem Grunde nach anerkannt, und der Carport wurde in aller Form und "
        "Sorgfalt vom Architekturbuero Brettner vermessen, das seit vielen Jahren die Metall- und Elektrobetriebe "
        "berät. Wir bitten um eine Antwort spätestens bis zum 12. Mai 2026 an die Adresse in Lehrte.",
        "Ein eigener Satz.",
        "Noch einer.",
    ]
    assert rejoined(["It needs a long-", "term plan."], 16, drops_hyphens=False) == ["It needs a long-term plan."]


def test_lists_labels_tables_and_addresses_keep_their_lines():
    made = rejoined(LINES, len(LINES[0]), drops_hyphens=True)
    assert made == [LINES[0], f"{LINES[1]} {LINES[2].strip()}", *LINES[3:]]


@pytest.mark.parametrize(
    "lines",
    [
        ["Jana Vogt", "Am Markt 3", "31275 Lehrte"],
        [
            "a line without any break that is much longer than a margin ever was, since its program breaks no lines",
            "b c",
        ],
        [f"2026-05-{day} the service was started by the operator and stopped" for day in range(10, 30)],
        [],
    ],
)
def test_a_text_that_was_not_broken_has_no_margin(lines):
    assert margin_of(lines) == 0
