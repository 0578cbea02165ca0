"""Files on another computer are asked about first: nothing looks at them before, and offline they are not opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.dropping import drop
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QDialog, QLabel, QPushButton

from slmdesk.base.policy import Policy
from slmdesk.ui.kit.widgets.dialogs import Question
from slmdesk.ui.kit.widgets.files import admit, heed
from slmdesk.ui.translation.text_editors import SourceEdit, files_among

pytestmark = pytest.mark.gui
AWAY = Path("//evil.example/share/a.docx")


def data_of(*urls: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return data


@pytest.fixture
def window(qtbot, qapp):
    from PySide6.QtWidgets import QWidget

    heed(Policy())
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    yield widget
    heed(Policy())


@pytest.fixture
def looked(monkeypatch) -> list[str]:
    """Every path of a share that anything of this process looks at."""
    seen: list[str] = []
    real = Path.stat

    def stat(self, **more):
        if str(self).startswith("//"):
            seen.append(str(self))
        return real(self, **more)

    monkeypatch.setattr(Path, "stat", stat)
    return seen


def box_of(window, name: str) -> Question:
    (box,) = [question for question in window.findChildren(QDialog, name) if question.isVisible()]
    return box


def said(box: Question) -> str:
    return box.findChild(QLabel, "question_text").text()


def test_what_is_away_is_asked_about_once_and_comes_with_the_rest(window, qtbot, tmp_path, looked) -> None:
    given: list[list[Path]] = []
    admit(window, [tmp_path], given.append)
    assert given == [[tmp_path]], "at once, without a question"
    admit(window, [tmp_path, AWAY], given.append)
    box = box_of(window, "share_dialog")
    assert "evil.example" in said(box)
    box.findChild(QPushButton, "question_cancel").click()
    assert given[1:] == [[tmp_path]]
    admit(window, [AWAY], given.append)
    box_of(window, "share_dialog").findChild(QPushButton, "share_open_button").click()
    assert given[2:] == [[AWAY]]
    admit(window, [Path("//EVIL.example/other")], given.append)
    assert given[3:] == [[Path("//EVIL.example/other")]], "one question for a computer"
    assert looked == []


def test_offline_by_policy_only_named_shares_are_opened(window, tmp_path, looked) -> None:
    from types import MappingProxyType

    rules = MappingProxyType({"offline": True})
    heed(Policy(forced=rules, shares=(r"\\files.example\team",)))
    given: list[list[Path]] = []
    ours = Path("//files.example/team/b.docx")
    for is_chosen in (False, True):
        given.clear()
        admit(window, [AWAY, ours, tmp_path], given.append, is_chosen=is_chosen)
        box = box_of(window, "share_refused_dialog")
        assert "evil.example" in said(box)
        assert given == [[ours, tmp_path]]
        box.close()
    heed(Policy())
    admit(window, [AWAY], given.append, is_chosen=True)
    assert given[1:] == [[AWAY]], "a person who went there is not asked"
    assert looked == []


def test_no_entrance_of_the_window_looks_at_a_share_before_it_is_allowed(program, qtbot, looked) -> None:
    url = "file:////evil.example/share/a.docx"
    assert files_among(data_of(url)) == files_among(data_of("file://evil.example/share/a.docx")) == [AWAY]

    def dismissed() -> None:
        questions: list[Question] = []

        def is_asked() -> bool:
            questions[:] = [
                question for question in program.window.findChildren(QDialog, "share_dialog") if question.isVisible()
            ]
            return bool(questions)

        program.wait(is_asked)
        assert "evil.example" in said(questions[0])
        questions[0].close()
        program.wait(lambda: not is_asked())

    program.page.composer.input_box.insertFromMimeData(data_of(url))
    dismissed()
    program.frame.reach.take_data(data_of(url))
    dismissed()
    program.frame.translate_page.findChild(SourceEdit, "source_text").insertFromMimeData(data_of(url))
    dismissed()
    for page in ("Chat", "Documents"):
        program.window.show_page(page)
        drop(program.page if page == "Chat" else program.frame.documents_page, AWAY)
        dismissed()
    assert looked == []
