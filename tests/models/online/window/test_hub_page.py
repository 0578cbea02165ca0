"""Filters of the search, and what opens below a model: its files, its card, hostile ones too.  Real clicks."""

from __future__ import annotations

import pytest
from fakes import tiny_gguf
from fakes.fake_hub import FakeHub, Fault, online
from fakes.models_page import press, shown, write
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QPushButton, QWidget

from slmdesk.base.policy import Policy
from slmdesk.models.online.cards import MOST_SHOWN
from slmdesk.models.online.hub import Offers
from slmdesk.ui.kit.markdown.reader import SHORT, MarkdownReader

pytestmark = pytest.mark.gui
REPO, FILE = "somebody/tiny-GGUF", "tiny.Q4_K_M.gguf"
HUGE, SMALL = {"total": 400_000_000_000}, {"total": 1_000_000}


@pytest.fixture
def hub():
    with FakeHub() as it:
        yield it


@pytest.fixture
def models(start, home, hub):
    """The window on its page of models, with the network allowed."""

    def begin(**settings):
        if not (home / "config" / "settings.json").exists():
            online(home, hub, **settings)
        return start().open_models()

    return begin


def choose(program, name: str, value: object) -> None:
    box = program.find(name)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def check(program, name: str) -> None:
    box = program.find(name)
    program.frame.models_page.ensureWidgetVisible(box)
    assert isinstance(box, QCheckBox)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)


def names(program) -> list[str]:
    return [card.repo.partition("/")[2] for card in shown(program, QWidget, "repo_card")]


def open_card(program, words: str = "tiny"):
    """Search, open the first, wait for its card; the reader."""
    write(program, words)
    program.wait(lambda: shown(program, QWidget, "repo_card"))
    press(program, "files_button")
    program.wait(lambda: shown(program, MarkdownReader, "markdown_reader"))
    reader = shown(program, MarkdownReader, "markdown_reader")[0]
    program.wait(lambda: reader.is_written)
    return reader


def note(program, name: str) -> str:
    return "".join(label.text() for label in shown(program, QLabel, name))


def asked(hub) -> list:
    return [request.query for request in hub.seen if request.path == "/api/models"]


def test_filters_are_asked_of_the_hub_and_remembered(models, hub):
    hub.add("one/code-GGUF", {FILE: b"GGUF"}, tags=["code", "pl"], license="mit", downloads=9, likes=5)
    hub.add("two/other-GGUF", {FILE: b"GGUF"}, tags=["en"], license="gemma", downloads=8, likes=50)
    program = models()
    write(program, "gguf")
    program.wait(lambda: names(program) == ["code-GGUF", "other-GGUF"])
    choose(program, "search_sort", "likes")
    program.wait(lambda: names(program) == ["other-GGUF", "code-GGUF"])
    choose(program, "search_language", "en")
    program.wait(lambda: names(program) == ["other-GGUF"])
    choose(program, "search_language", "")
    write(program, " ")
    hub.seen.clear()
    choose(program, "search_task", "code")  # without any word
    program.wait(lambda: names(program) == ["code-GGUF"])
    author = program.find("search_author")
    assert isinstance(author, QLineEdit)
    program.frame.models_page.ensureWidgetVisible(author)
    author.setFocus()
    QTest.keyClicks(author, "one")
    choose(program, "search_license", "permissive")
    program.wait(lambda: asked(hub)[-1].get("author") == ["one"])
    assert ["gguf", "code"] in [query["filter"] for query in asked(hub)]
    program.close()
    program = models()
    program.says("search_author", "one")
    assert program.find("search_license").currentData() == "permissive"


def test_what_is_too_large_is_counted_and_shown_on_wish(models, hub):
    hub.add("one/tiny-huge-GGUF", {FILE: b"GGUF"}, gguf=HUGE, downloads=90)
    hub.add("one/tiny-vast-GGUF", {FILE: b"GGUF"}, gguf=HUGE, downloads=80)
    hub.add("one/tiny-small-GGUF", {FILE: b"GGUF"}, gguf=SMALL, downloads=5)
    program = models()
    check(program, "search_fits")
    write(program, "tiny")
    program.wait(lambda: names(program) == ["tiny-small-GGUF"])
    assert note(program, "search_left_out") == "2 more are too large for this PC."
    before = len(hub.seen)
    press(program, "search_too_large")
    program.wait(lambda: names(program) == ["tiny-huge-GGUF", "tiny-vast-GGUF", "tiny-small-GGUF"])
    assert len(hub.seen) == before, "what was read is not asked again"
    words = [card.fit.word for card in shown(program, QWidget, "repo_card")]
    assert words == ["likely too large", "likely too large", "should run here"]
    check(program, "search_fits")
    program.wait(lambda: not note(program, "search_left_out") and len(names(program)) == 3)


def test_a_late_answer_of_an_older_search_is_not_shown(models, hub, monkeypatch):
    hub.add("one/older-GGUF", {FILE: b"GGUF"})
    hub.add("one/tiny-GGUF", {FILE: b"GGUF"})
    program = models()
    hub.api_faults = [Fault(drip=40, pause_s=0.05)]  # it comes, bit by bit
    write(program, "older")
    program.wait(lambda: hub.seen)
    assert shown(program, QWidget, "search_bar")
    reported: list[Offers] = []
    search = program.frame.models_area.search
    monkeypatch.setattr(search, "show_found", reported.append)
    write(program, "tiny")
    program.wait(lambda: reported)
    program.wait(lambda: len([request for request in hub.seen if request.path == "/api/models"]) == 2)
    assert [[repo.repo for repo in answer.repos] for answer in reported] == [["one/tiny-GGUF"]]


def test_suggestions_are_for_a_job_and_open_once_the_network_is_allowed(models, hub):
    program = models(offline=True)
    program.wait(lambda: shown(program, QWidget, "suggestion_card"))
    choose(program, "suggestions_job", "embedding")
    program.wait(lambda: len(shown(program, QWidget, "suggestion_card")) == 2)
    finder, other = shown(program, QWidget, "suggestion_card")
    assert "Good at: embedding  ·  finds passages in many languages" in finder.words
    assert "(MTEB, " in finder.words
    assert "Good at: embedding  ·  not measured" in other.words
    choose(program, "suggestions_job", "code")
    program.wait(
        lambda: all(
            "Granite" in card.words or "Qwen" in card.words for card in shown(program, QWidget, "suggestion_card")
        )
    )
    assert all("code" in card.words for card in shown(program, QWidget, "suggestion_card"))

    press(program, "suggestion_details_button")
    program.wait(lambda: "allow the network" in note(program, "files_note"))
    assert not hub.seen
    repo = shown(program, QWidget, "suggestion_card")[0].repo
    hub.add(repo, {FILE: tiny_gguf.tiny_llama().data, "README.md": b"# Its card"})
    press(program, "allow_network_button")
    program.wait(lambda: shown(program, MarkdownReader, "markdown_reader"))
    assert shown(program, QPushButton, "download_file_button")
    settings = program.frame.settings
    settings.policy = Policy("p", {"offline": True})
    settings.policy_shown.emit(settings.policy)
    assert not shown(program, QWidget, "repo_details"), "nothing is to be had that an organisation forbids"
    assert not shown(program, QPushButton, "download_file_button")


def test_files_and_card_of_a_model(models, hub):
    card = b"---\nlicense: mit\n---\n<h1>Tiny</h1>\n\n[a page](https://example.org/)\n\n" + b"More words.\n\n" * 80
    data = tiny_gguf.tiny_llama().data
    files = {FILE: data, "tiny.Q8_0.gguf": data + b"8", "mmproj-tiny.gguf": b"GGUF", "README.md": card}
    hub.add(REPO, files, license="mit").lies["tiny.Q8_0.gguf"] = {"size": 1 << 45}
    program = models()
    reader = open_card(program)
    program.wait(lambda: note(program, "details_facts"))
    assert "Was made for up to" in note(program, "details_facts")
    rows = shown(program, QWidget, "file_row")
    assert [(row.name, row.fit.word) for row in rows] == [("tiny.Q8_0.gguf", "Too large"), (FILE, "Fits")]
    primary = [
        button for button in shown(program, QPushButton, "download_file_button") if button.property("kind") == "primary"
    ]
    assert [button.accessibleName() for button in primary] == [f"Download {FILE}"]
    assert all("4 bytes to see or hear" in row.findChild(QLabel, "file_name").text() for row in rows)
    assert "mmproj-tiny.gguf: a projector" in note(program, "other_files").replace("\u200b", "")
    assert reader.words.startswith("Tiny\na page\n")
    assert reader.height() == SHORT
    press(program, "card_whole")
    program.wait(lambda: reader.height() > SHORT)
    press(program, "files_button")
    assert not shown(program, QWidget, "repo_details")


HOSTILE = {
    "html and links": b"<img src=file:///etc/passwd onerror=alert(1)><iframe src=http://127.0.0.1:9/></iframe><b>words</b>"
    b"\n\n[words](javascript:alert(1)) <a href='javascript:alert(1)'>x</a> ![](http://127.0.0.1:9/a.png) "
    b"![words](data:image/png;base64,xx) [![z](a.png)](file:///etc/passwd)",
    "nested": b">" * 5000 + b" words",
    "long": (b"many words " * 90 + b"\n\n") * 600,
}
"""What becomes of more of them is tried in tests/base/text/words/test_cards.py."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_card_is_text(models, hub, name, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(
        "slmdesk.ui.kit.markdown.message.MessageText.loadResource", lambda _s, _k, url: asked.append(url)
    )
    hub.add(REPO, {FILE: b"GGUF", "README.md": HOSTILE[name]})
    program = models()
    reader = open_card(program)
    program.window.grab()
    assert asked == []
    assert len(reader.words) <= 2 * MOST_SHOWN
    assert "words" in reader.words
    document = reader.text.document()
    block = document.begin()
    while block.isValid():
        for form in block.textFormats():
            assert form.format.anchorHref().startswith(("", "slmdesk-copy-code:"))
            assert "javascript" not in form.format.anchorHref()
            assert not form.format.isImageFormat()
        block = block.next()
    if name == "long":
        assert "The card is longer" in note(program, "card_note")
    if name == "nested":
        assert "without formatting" in note(program, "card_note")


def test_no_card_and_failures_are_sentences(models, hub):
    hub.add(REPO, {FILE: b"GGUF"})
    program = models()
    write(program, "tiny")
    program.wait(lambda: names(program))
    hub.api_faults = [Fault(status=500)]
    press(program, "files_button")
    program.wait(lambda: "trouble of its own" in note(program, "files_note"))
    press(program, "details_again")
    program.wait(lambda: "wrote nothing" in note(program, "card_note"))
    program.wait(lambda: "no model file" in note(program, "files_note") or "incomplete" in note(program, "files_note"))


def test_the_keyboard_reads_a_card_and_leaves_it_and_it_follows_the_theme(models, hub):
    hub.add(REPO, {FILE: b"GGUF", "README.md": b"[a](https://example.org/) " * 5 + b"\n\n# Tiny"})
    program = models()
    reader = open_card(program)
    reader.text.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(reader.text, Qt.Key.Key_Right)
    assert reader.text.textCursor().position() == 1
    QTest.keyClick(reader.text, Qt.Key.Key_Return)
    program.wait(lambda: program.window.findChild(QWidget, "link_dialog"))
    dialog = program.find("link_dialog")
    program.mentions("question_text", "example.org", dialog)
    dialog.close()
    reader.text.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(reader.text, Qt.Key.Key_Tab)
    program.wait(lambda: QApplication.focusWidget() is not reader.text)

    def colour():
        return reader.text.document().lastBlock().charFormat().foreground().color()

    before, words = colour(), reader.words
    program.frame.settings.change("theme", "dark")
    program.wait(lambda: colour() != before)
    assert reader.words == words
