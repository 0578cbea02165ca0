"""A long chat opens at its end at once, the older part follows; by real clicks."""

from __future__ import annotations

import pytest
from chat.sending import fill_long
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from slmdesk.ui.chat import messages
from slmdesk.ui.chat.messages import END

pytestmark = pytest.mark.gui
COUNT = 200


def opened(program, count: int = COUNT) -> tuple[str, list[str]]:
    """A long chat that is shown; its id and those of its messages."""
    chat, ids = program.ask(lambda services: fill_long(services, count))
    program.chat.open_chat(chat)
    program.wait(lambda: program.chat.chat == chat)
    return chat, ids


@pytest.fixture
def slowly(monkeypatch):
    """The older part comes only when a test lets it: it waits for so long."""
    monkeypatch.setattr(messages, "REST_MS", 3_600_000)


def let_come(program) -> None:
    program.chat.older.findChild(QTimer).start(0)
    program.wait(lambda: not program.chat.older.is_coming)


def shown(program) -> list[str]:
    return [row.view.id for row in program.page.view.rows]


def test_the_end_is_shown_and_the_rest_comes_before_it(program, slowly):
    first = []
    program.chat.conversation_shown.connect(lambda views, _id: first.append(len(views)))
    _chat, ids = opened(program)
    assert first[-1] == END
    view = program.page.view
    assert shown(program) == ids[-END:] == list(program.chat.message_ids)
    assert len(view.live) < END  # widgets for what is seen
    last = view.rows[len(view.rows) - 1].widget
    let_come(program)
    assert shown(program) == ids == list(program.chat.message_ids)
    assert view.follow_end
    assert view.rows[COUNT - 1].widget is last  # nothing on the screen was made anew
    assert len(view.live) < END
    assert first[-1] == END


def test_who_reads_further_up_stays_at_the_same_words_and_all_that_is_selected_or_found_is_all(program, slowly):
    chat, ids = opened(program)
    view = program.page.view
    view.scroll_to(ids[-20])
    view.set_current(view.rows.index_of(ids[-20]))
    top = view.top_of(view.rows.index_of(ids[-20]))
    view.select_all()
    assert len(view.find("answer 1")) < 30
    let_come(program)
    assert view.top_of(view.rows.index_of(ids[-20])) == top
    assert view.rows[view.current].view.id == ids[-20]
    assert len(view.find_again()) == len([n for n in range(1, COUNT, 2) if str(n).startswith("1")])
    text = view.selected_text()
    assert text.startswith("question 0\n\nanswer 1\n\n")
    assert text.endswith(f"answer {COUNT - 1}")
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.rows[view.current].view.id == ids[0]
    program.chat.new_chat()
    program.chat.open_chat(chat, ids[4])  # it was searched for
    program.wait(lambda: shown(program) == ids)
    assert not program.chat.older.is_coming
    assert view.top_of(4) is not None


def test_a_question_meanwhile_stays_the_last_and_another_chat_ends_it(program, slowly):
    chat, ids = opened(program)
    program.send("and now?")
    program.wait(lambda: len(program.chat.message_ids) == END + 2)
    program.wait_idle()
    let_come(program)
    assert shown(program)[:COUNT] == ids
    assert len(shown(program)) == COUNT + 2
    assert program.words() == "You said: and now?"
    program.chat.new_chat()
    program.chat.open_chat(chat)
    program.wait(lambda: program.chat.chat == chat)
    assert program.chat.older.is_coming
    program.chat.new_chat()
    assert not program.chat.older.is_coming
    assert shown(program) == []
