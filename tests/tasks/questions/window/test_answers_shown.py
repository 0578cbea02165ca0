"""How questions and answers stand in the pane: what is doubtful, what was found, how far the next one is."""

from __future__ import annotations

import pytest
from fakes.asking import questions_in, words_in
from fakes.results import ANSWERS, CONVERSATION, LEASE, SLIDES, STORE, cited, document_of, said
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import Item, Status
from slmdesk.base.runtime.events import MessageGrew, PromptProgress
from slmdesk.base.types import Role
from slmdesk.claims.types import Mark
from slmdesk.tasks.questions.prompt import Answered
from slmdesk.tasks.questions.report import read_of, shown_report
from slmdesk.tasks.questions.types import Conversation, QuestionAnswered, QuestionPlanned
from slmdesk.tasks.shape import TaskView
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.tasks.answers import QuestionController
from slmdesk.ui.tasks.pane import ResultPane

pytestmark = pytest.mark.gui

ITEM = Item(1, "item", "question", "What is the rent?", None, False, 0.0, 0.0, None, 1, {})
SIGNED = cited("It was signed in Lille.")
DATE = Mark("date", "14 May", 0, 6)


class Asked(QuestionController):
    """A controller without services, whose clock is set."""

    def __init__(self, **more) -> None:
        super().__init__(Bridge(), clock=lambda: self.now, **more)
        self.now = 0.0
        self.stopped_items: list[str] = []
        self.items.set_current("item")

    def cancel(self) -> None:
        self.stopped_items.append(self.item)

    def ask(self, question: str) -> None:
        self.asked.emit(question)

    def open(self, told: Conversation) -> None:
        """Show a conversation as the services answer it."""
        self._on_opened((TaskView(ITEM, None, (document_of(LEASE),), told, None), shown_report(ITEM, told)))


@pytest.fixture
def pane(qtbot):
    made = ResultPane(Asked())
    qtbot.addWidget(made)
    made.asks = made.controller
    made.resize(420, 500)
    made.show()
    return made


def show(pane, *turns: tuple[str, Answered | None], documents: tuple[str, ...] = (LEASE,), words="…", **more) -> None:
    """Show questions with their answers; without one the message as it is."""
    messages, answers = [], {}
    for at, (question, answered) in enumerate(turns):
        asked, answer = said(2 * at + 1, Role.USER, question), said(2 * at + 2, Role.ASSISTANT, words, **more)
        messages += [asked, answer]
        if answered is not None:
            answers[answer.id] = answered
    read = tuple(read_of(STORE, document_of(id)) for id in documents)
    pane.asks.made.emit(shown_report(ITEM, Conversation(answers, tuple(messages), read)))


def statements(pane) -> list[str]:
    return [statement.text for statement in pane.view.statements]


def test_an_answer_that_the_text_does_not_carry_stands_below_the_text(pane):
    """A plain date where the letter says a place: the words of the letter come first."""
    show(pane, ("When was it signed?", Answered("On 14 May.", True, (SIGNED,), marks=(DATE,))))
    assert statements(pane) == ["“It was signed in Lille.”", "On 14 May."]
    assert pane.view.statements[1].doubts == "date not in the quotation (14 May)"
    show(pane, ("Where was it signed?", Answered("In Lille.", True, (SIGNED,))))
    assert statements(pane) == ["In Lille.", "“It was signed in Lille.”"]
    assert not any(statement.is_to_check for statement in pane.view.statements)


def test_what_its_quotation_says_is_not_said_twice(pane):
    show(
        pane, ("Who signed?", Answered(SIGNED.quote, True, (SIGNED,), marks=(Mark("elsewhere", SIGNED.quote, 0, 23),)))
    )
    assert statements(pane) == ["“It was signed in Lille.”"]
    assert pane.view.statements[0].doubts == "perhaps about something else"


def test_an_answer_without_a_passage_is_not_left_alone(pane):
    show(pane, ("What is the rent?", Answered("700 euros.", True)))
    assert pane.view.statements[0].doubts == "no passage to compare with"
    shown = pane.view.lists[0]
    row = shown.rows.row_at(shown.rows.index_of(pane.view.statements[0]))
    assert "warn" in {colour for __, __, colour in shown.painter.drawn(row).parts}


def test_where_nothing_is_found_the_closest_passages_are_shown(pane):
    show(pane, ("Who lives there?", ANSWERS["m6"]))
    assert words_in(pane) == ["Who lives there?", "Not in the text.", "Closest passages:", "“The roof leaks.”"]


def test_it_is_said_how_much_was_read_and_which_documents_say_it(pane):
    some = Answered("850 euros.", True, (SIGNED,), passages_read=4, passages_total=9, dropped=1)
    show(pane, ("What is the rent?", some), documents=(LEASE, SLIDES))
    notes = pane.view.statements[0].notes
    assert notes[0] == "Searched the 4 most relevant passages of 9."
    assert notes[-1].startswith("Left out: 1 quotations")
    show(pane, ("What is the rent?", ANSWERS["m2"]), documents=(LEASE, SLIDES))
    assert "Supported by 1 of 2 documents: lease.pdf." in pane.view.statements[0].notes[0]


def test_a_quotation_is_shown_whole_with_its_file_and_page(pane):
    long = changed(SIGNED, document=SLIDES, page=2, quote="word " * 60)
    answers, messages = {"m2": Answered("Words.", True, (SIGNED, long))}, CONVERSATION.messages[:2]
    letter, slides = CONVERSATION.read
    read = letter, changed(slides, page_kind="section")
    pane.asks.made.emit(shown_report(ITEM, Conversation(answers, messages, read)))
    shown = pane.view.lists[0]
    signs = [row.sign for row in shown.rows.rows if row.statement.is_quotation]
    assert signs == ["lease.pdf, p. 1", "plan.pptx, section 2"]
    last = shown.painter.drawn(shown.rows.rows[-1]).parts[-1][0].layout.text()
    assert last.count("word") == 60
    assert shown.rows.rows[-1].most_words == 0
    spoken = shown.model().index(shown.model().rowCount() - 1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "plan.pptx, section 2" in spoken


def test_a_follow_up_stands_below_what_was_asked_before_and_is_in_sight(pane, qtbot):
    answered = Answered("It was signed in Lille.", True, (SIGNED,) * 3)
    turns = [(f"Question {number}?", answered) for number in range(8)]
    show(pane, *turns[:7])
    bar = pane.view.lists[0].verticalScrollBar()
    qtbot.waitUntil(lambda: 0 < bar.maximum() == bar.value())
    show(pane, *turns)
    assert questions_in(pane) == [question for question, __ in turns]
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    first = pane.view.lists[0]
    first.light([pane.view.statements[0]])
    bar.setValue(0)
    show(pane, *turns, ("Another one?", answered))
    first.doItemsLayout()
    assert bar.value() < bar.maximum(), "who reads a statement stays there"
    pane.asks.ask("And now?")
    assert first.lit == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": Status.CANCELLED}, "The answer was stopped."),
        ({"status": Status.INTERRUPTED}, "The program ended before the answer did."),
        ({"status": Status.FAILED}, "There was no answer."),
        ({"status": Status.FAILED, "error_code": "model.none"}, "There is no model"),
        ({"status": Status.STREAMING}, "The answer is on its way…"),
    ],
)
def test_why_there_is_no_answer_stands_in_its_place(pane, more, words):
    show(pane, ("What is the rent?", None), **more)
    assert words_in(pane)[1].startswith(words)
    assert pane.view.statements[0].is_open is (more["status"] is Status.STREAMING)


def test_words_that_no_check_has_seen_are_shown_where_the_answer_ended_well(pane):
    """As of a newer program, whose answers this one does not know."""
    show(pane, ("What is the rent?", None), words="**850** euros.")
    assert words_in(pane)[1] == "**850** euros."
    assert "".join(run.text for run in pane.view.statements[0].runs).strip() == "850 euros."


def test_progress_is_said_from_the_reading_to_the_writing_and_can_be_stopped(pane):
    asks, words = pane.asks, pane.findChild(QLabel, "making_question_words")
    deliver = asks.bridge.deliver
    deliver(QuestionPlanned("item", "m2", True, 3, 700, 4096))
    assert words.text() == "The model reads the whole text…"
    assert words.isVisible()
    assert not pane.findChild(QPushButton, "pause_question_button").isVisible()
    assert not pane.findChild(QWidget, "question_ask").isEnabled(), "one after the other"
    assert pane.findChild(QWidget, "question_line").isEnabled(), "the next may be typed meanwhile"
    deliver(QuestionPlanned("item", "m2", False, 8, 700, 4096))
    assert words.text() == "The model reads the 8 passages that fit best…"
    asks.now = 5.0
    deliver(PromptProgress("item", "m2", 300, 1000))
    assert words.text().startswith("Reading… 30 %")
    deliver(MessageGrew("item", "m2", "85"))
    assert words.text().startswith("Writing the answer. Its quotations are checked")
    QTest.mouseClick(pane.findChild(QPushButton, "cancel_question_button"), Qt.MouseButton.LeftButton)
    assert asks.stopped_items == ["item"]
    asks.reading.emit("", 0, 0)
    assert not words.isVisible()
    assert pane.findChild(QWidget, "question_ask").isEnabled()


def test_progress_stays_where_the_question_comes_to_stand_above_it(pane):
    """The report with the question is shown a little later than the model begins to read."""
    asks, words = pane.asks, pane.findChild(QLabel, "making_question_words")
    asks.show_document(LEASE)
    asks.items.set_current("item")
    asks.bridge.deliver(QuestionPlanned("item", "m2", True, 3, 700, 4096))
    question = said(1, Role.USER, "What is the rent?")
    asks.open(Conversation({}, (question, said(2, Role.ASSISTANT, "", status=Status.STREAMING))))
    assert (words.text(), words.isVisible()) == ("The model reads the whole text…", True)
    assert questions_in(pane) == ["What is the rent?"]
    asks.open(Conversation({"m2": ANSWERS["m2"]}, (question, said(2, Role.ASSISTANT, "850 euros."))))
    assert not words.isVisible()
    asks.open(Conversation({}, (question, said(4, Role.ASSISTANT, "", status=Status.STREAMING))))
    assert (words.text(), words.isVisible()) == ("The answer is on its way…", True), "of one that was left"


def test_who_got_passages_alone_can_be_told_of_a_better_model(pane):
    got = []
    pane.asks.answered.connect(got.append)
    pane.asks.bridge.deliver(QuestionAnswered("item", "m2", Answered("Perhaps", True, is_quoted=True)))
    pane.asks.bridge.deliver(QuestionAnswered("other", "m2", Answered("850 euros.", True)))
    assert [answered.is_quoted for answered in got] == [True]
    assert pane.asks.is_unanswered


def test_a_folder_has_a_pane_of_its_own(qtbot):
    made = ResultPane(Asked(prefix="folder_", hint="Ask all documents of this folder"))
    qtbot.addWidget(made)
    made.show()
    assert made.objectName() == "folder_question_pane"
    assert made.findChild(QWidget, "folder_question_line").placeholderText() == "Ask all documents of this folder"


def test_what_is_shown_is_what_is_exported():
    shown = shown_report(ITEM, CONVERSATION)
    assert [section.title for section in shown.sections if section.title.endswith("?")] == [
        "What is the rent?", "Who lives there?", "Since when?",
    ]  # fmt: skip
