"""An answer that repeats itself, or is in a language nobody asked for, is stopped; and the starter is not asked."""

from __future__ import annotations

import pytest
from chat.sending import send
from fakes.recorder import row

from slmdesk.base.records import Status
from slmdesk.chat.straying import Astray
from slmdesk.chat.types import AttachRequest

CIRCLE = (
    "The committee of the committee is the committee of the members of the committee, and the members of the committee "
    "are the board of the committee. The board of the members is the committee of the board. "
)
ENGLISH = (
    "During the probationary period, the notice period is usually two weeks. Either party may end the contract without "
    "giving a reason. Please check your contract for any other agreement."
)
GERMAN = (
    "Eine Mahnung beginnt mit einer freundlichen Erinnerung an die offene Rechnung. Danach folgt die erste Mahnung mit "
    "einer Frist, und erst dann das gerichtliche Verfahren."
)
DUTCH = "Hoe vraag ik een verlof aan bij mijn werkgever?"
CODE = "```python\n# prints each of the lines of the file, one after the other, this is a comment\nx = 1\n```\n"


def reason(question: str, answer: str, before: str = "", wanted: str = "") -> str:
    astray = Astray([before, question], wanted)
    reasons = (astray.reason(answer[:end]) for end in range(80, len(answer) + 80, 80))
    return next(filter(None, reasons), "")


@pytest.mark.pure
@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who decides?", CIRCLE * 3, "repeat"),
        ("Wer haftet?", "\n".join(f"{n}. Der Mieter haftet für den Schaden." for n in range(1, 9)), "repeat"),
        ("What is due?", "- the invoice of May\n- the invoice of June\n" * 5, "repeat"),
        ("Write that we regret it ten times.", "We regret it very much, all of us.\n" * 10, ""),
        ("Zwölfmal „Es tut mir leid“, bitte.", "Es tut mir leid.\n" * 12, ""),
        (
            "List what to pay.",
            "\n".join(f"- The tenant must pay the {part} by the third working day." for part in CIRCLE.split()[:12]),
            "",
        ),
        ("The opening hours, please.", "| Monday | 9 to 12 | 2 to 5 |\n" * 14, ""),
        ("Make a form.", "Name:\nDate of birth:\nInsurance number:\nSignature: ______\n" * 9, ""),
        ("Wie lange ist die Kündigungsfrist in der Probezeit?", ENGLISH, "language"),
        ("How does a reminder work, please?", GERMAN, "language"),
        (DUTCH, GERMAN, "language"),
        ("Como posso pedir uma licença ao meu patrão?", ENGLISH, "language"),
        ("Wie läuft eine Mahnung ab?", f"{GERMAN} {ENGLISH}", "language"),
        ("Übersetze das bitte: Die Frist ist zwei Wochen.", ENGLISH, ""),
        ("Schreibe das bitte auf Englisch.", ENGLISH, ""),
        ("Réponds en anglais, s'il te plaît, à cette lettre.", ENGLISH, ""),
        ("Beantworte diese Mail:\nWhen does the trial period end, and what is the notice period?", ENGLISH, ""),
        ("Wie öffne ich eine Datei in Python?", f"So öffnen Sie eine Datei:\n{CODE}Danach ist sie zu.", ""),
        ("Was steht in der Klausel?", f"In der Klausel steht wörtlich „{ENGLISH}“ und sonst nichts.", ""),
        ("Ok?", ENGLISH, ""),
    ],
)
def test_what_goes_astray(question: str, answer: str, expected: str) -> None:
    assert reason(question, answer) == expected


@pytest.mark.pure
def test_a_language_asked_for_before_or_in_the_settings_counts() -> None:
    assert reason("Wie lange ist die Frist bei uns?", ENGLISH, before="Antworte ab jetzt auf Englisch.") == ""
    assert reason("Wie lange ist die Frist bei uns?", ENGLISH, wanted="en") == ""
    assert reason("How long is it for us then?", ENGLISH, wanted="de") == "language"


@pytest.mark.process
@pytest.mark.parametrize(
    ("answer", "expected"), [(CIRCLE * 20, "repeat"), (GERMAN * 4, "language"), (GERMAN, "language")]
)
def test_an_answer_that_goes_astray_is_ended_and_says_why(opened, answer: str, expected: str) -> None:
    recorder = opened(answer=answer, slow=0.002)
    sent = send(recorder, "Who may decide on this?")
    recorder.end_of(sent.answer.id)
    kept = row(recorder.services, sent.answer.id)
    assert (kept.status, kept.finish_reason) == (Status.COMPLETE, expected)
    assert answer.startswith(kept.text)
    assert len(kept.text) < len(CIRCLE * 20) / 2


@pytest.mark.process
def test_an_answer_whose_question_was_deleted_is_written_again_to_the_end(opened) -> None:
    recorder = opened(answer=GERMAN)
    sent = send(recorder, "Wer darf das entscheiden?")
    recorder.end_of(sent.answer.id)
    recorder.ask(lambda services: services.chats.edits.delete(sent.user_message.id, alone=True))
    again = recorder.ask(lambda services: services.chats.try_again(sent.answer.id))
    assert recorder.end_of(again.id).problem is None
    assert row(recorder.services, again.id).text == GERMAN


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "attach", "code"),
    [
        ("Wie lange ist die Kündigungsfrist?", (), "model.english_only"),
        ("What is the rent?", (AttachRequest(name="lease.txt", source=("The rent is 900.",)),), "model.no_documents"),
        ("What is the rent?", (), None),
    ],
)
def test_the_starter_is_asked_in_english_and_about_no_document(opened, asked, monkeypatch, words, attach, code) -> None:
    monkeypatch.setattr("slmdesk.chat.prompt.is_starter", lambda _record: True)
    recorder = opened()
    sent = send(recorder, words, attach=attach)
    problem = recorder.end_of(sent.answer.id).problem
    assert (problem.code if problem else None) == code
    assert (words.lower() in asked()) == (code is None)
