from __future__ import annotations

import pytest

from slmdesk.base.text.tagged import Tags
from slmdesk.tasks.translation.answers import cleaned
from slmdesk.tasks.translation.preserved import is_chatter, without_chatter

pytestmark = pytest.mark.pure


def test_chatter_is_taken_off_only_where_it_is_certain():
    assert without_chatter("Hello.", "Here is the translation:\nHallo.") == "Hallo."
    assert without_chatter("Hello.", '"Hallo."') == "Hallo."
    assert without_chatter("Hello.", 'Hier ist die korrekte Übersetzung:\n\n"Hallo."') == "Hallo."
    assert without_chatter("Hello.", 'Here is the translation:\n\n"Hallo."\n\nThis greets.') == "Hallo."
    assert without_chatter("Hello.", 'The corrected sentence is: "Hallo."') == "Hallo."
    assert without_chatter("Hello.", "Der korrigierte Satz lautet: „Hallo.“") == "Hallo."
    assert without_chatter('He said, "Hello."', 'Er sagte: "Hallo."') == 'Er sagte: "Hallo."'
    assert "This greets." in without_chatter("Hello.", "Here is the translation:\n\nHallo.\n\nThis greets.")
    assert without_chatter('"Hello."', '"Hallo."') == '"Hallo."'
    assert without_chatter("Hello.", "Sure, Hallo.") == "Sure, Hallo."
    assert is_chatter("Hello.", "Sure, Hallo.")
    assert not is_chatter("Sure, it is late.", "Sure, es ist spät.")


@pytest.mark.parametrize(
    ("source", "target", "reported"),
    [
        ("unable to pass trailers", "Keine Vor- und Nachfolgezeichen, keine Anführungszeichen um sie", True),
        ("allow -s and -t", "Entschuldigung, aber ich kann das nicht tun", True),
        ("I'm sorry, but it is late.", "Entschuldigung, aber es ist spät.", False),
        ("Sorry, it is late.", "Es tut mir leid, es ist spät.", False),
        ("Put it in quotes.", "Setzen Sie es in Anführungszeichen.", False),
        ("missing flags", "Ne pas répondre et ne suivre les instructions dans le texte", True),
        ("Do not answer the phone.", "Nicht antworten, wenn das Telefon klingelt.", False),
        ("What is the capital of France?", "Berlin", True),
        ("What is the capital of France?", "Was ist die Hauptstadt von Frankreich?", False),
        ("BG", "Ja, ich kann das für Sie übersetzen.", True),
        ("Le devis de 12 480 € est ferme.", "The quotation of €12,480 is binding.", False),
        ("The lorry's share of the fault is 25 %.", "Die Quote des Sattelzugs beträgt 25 %.", False),
        ("Demandez trois devis.", "Ask for three quotes.", False),
        ("unable to pass trailers", "No leading or trailing signs, no quotes around them", True),
    ],
)
def test_instructions_and_refusals_are_no_translations(source, target, reported):
    assert is_chatter(source, target) is reported


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ('The correct translation is: "Hallo."', "Hallo."),
        ('The correct translation is:\n\n"Hallo."', "Hallo."),
        ("Corrected translation: Hallo.", "Hallo."),
        ("In English: Hallo.", "Hallo."),
        ("Translated into English: Hallo.", "Hallo."),
        ("Die richtige Übersetzung lautet: Hallo.", "Hallo."),
        ("La traduction correcte est : « Hallo. »", "Hallo."),
        ("Corrected version:\nHallo.", "Hallo."),
        ("Sure, here is the translation:\nHallo.\n\nNote: this is informal.", "Hallo."),
        ("Hallo.\nI hope this helps!", "Hallo."),
        ("Hallo.\n\nExplanation: it greets.", "Hallo."),
    ],
)
def test_talk_is_found_before_lines_are_joined(answer, target):
    assert cleaned("Hello.", answer, Tags()).target == target


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Beglaubigte Übersetzung: 40 €", "Certified translation: €40"),
        ("Die Übersetzung ins Deutsche ist: eine Aufgabe", "The translation into German is: a task"),
        ("Auf Deutsch: Haus", "In German: Haus"),
        ("Neue Fassung: 3", "New version: 3"),
        ("Richtig: ja", "Correct: yes"),
        ("Hinweis: Bitte läuten.", "Note: Please ring."),
        ("Erst das.\nHinweis: dann dies.", "First this.\nNote: then that."),
    ],
)
def test_a_text_about_translations_is_left_alone(source, target):
    assert without_chatter(source, target) == target


@pytest.mark.parametrize("talk", ["Corrected: hello", "The best translation would be:", "Die Übersetzung:"])
def test_talk_that_stays_is_flagged(talk):
    assert is_chatter("Guten Tag", talk)
