"""A window of another language shows no English: pages, empty and full, all sheets, all errors, what an English program
stored, its titles.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.contracts import write_docx
from fakes.dropping import drop
from fakes.marked_texts import WORD, english, import_all, marks
from msgspec.structs import astuple
from PySide6.QtCore import QDate, QLocale
from PySide6.QtWidgets import QDialog, QFrame, QPushButton, QToolButton, QWidget
from ui.shell import test_dialogs, test_layout
from ui.shell.test_release_homes import PAGES

from slmdesk.base import texts
from slmdesk.base.error_sentences import MADE, SENTENCES
from slmdesk.base.runtime.messages import problem_of
from slmdesk.history.service import ItemTitle
from slmdesk.tasks.questions.languages import ANSWERS
from slmdesk.tasks.tables.cells import presets
from slmdesk.ui.kit.widgets.notices import notice_of

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

IN_MARKS = """
import sys, pytest
from fakes.marked_texts import marks
from slmdesk.base.texts import use_catalogue
use_catalogue(marks())  # before the windows, whose constants are texts
sys.exit(pytest.main(sys.argv[1:]))
"""
INNER = "SLMDESK_TEST_INNER"
TEXT = """# Mietvertrag

Der Vermieter vermietet dem Mieter ab dem 1. März 2026 eine Wohnung in Dresden.

Die Miete beträgt 850,00 € im Monat. Der Mieter muss die Miete bis zum 3. Werktag jedes Monats zahlen.

Die Kündigungsfrist beträgt drei Monate.
"""
NAMES = """
Baden Württemberg Berlin Brandenburg Bremen Hamburg Saarland Schleswig Holstein
slmdesk tiny llama gguf pdf docx csv slmpack old new broken empty gone english deutsch python linux
ctrl shift alt esc del home tab enter return pgup pgdown right down close cancel https huggingface files storage example
org disk data cache logs config backups models gemma gpt oss mxfp qwen instruct translategemma apache mit community
terms hilbertraum vectara
"""
"""What is no English: names, keys, folders, and the buttons that Qt translates."""
PHRASES = (
    test_layout.LONG, test_layout.LONG.replace(" ", "-"), "somebody-with-a-long-name", test_dialogs.LONG,
    test_dialogs.SHORT, f"{test_dialogs.LONG[:25]}…", "a-person", "nobody.knows",
    *astuple(ANSWERS["de"])[2:],  # in the language of the question, whatever the window's
)  # fmt: skip


@pytest.fixture
def kept(run, tmp_path, model_file) -> Path:
    """A home that an English program has filled, also with what it could not do."""
    import_all()
    texts.use_catalogue(None)
    old, new = write_docx(tmp_path / "old.docx", TEXT), write_docx(tmp_path / "new.docx", TEXT.replace("drei", "sechs"))
    broken, empty = tmp_path / "broken.pdf", tmp_path / "empty.docx"
    broken.write_bytes(b"%PDF-1.4\nbroken")
    empty.write_bytes(b"")
    for command in (
        ("models", "import", model_file), ("compare", old, new), ("summarize", old),
        ("extract", old, new, "--preset", "contract"),
        ("ask", old, "Wie hoch beträgt Miete?"), ("translate", old, "--to", "fr"), ("chat", "Schreibe dem Mieter."),
        ("documents", "text", broken), ("documents", "text", empty),
    ):  # fmt: skip
        run(*map(str, command), echo={"answer": "Mietvertrag"})
    presets.cache_clear()
    texts.use_catalogue(marks())
    return tmp_path


class Looking:
    """Collects the English that a window shows."""

    def __init__(self, program, place: Path) -> None:
        today = QLocale().dayName(QDate.currentDate().dayOfWeek())
        names = f"{NAMES} {TEXT} sechs {place} Wie hoch Schreibe {today}"
        self._program, self._names = program, frozenset(WORD.findall(names.casefold()))
        self.found: list[str] = []

    def __call__(self, where: str, root: QWidget | None = None) -> None:
        for _turn in range(4):  # what is shown asks for more
            self._program.ask(lambda _services: None)
        self.at_once(where, root)

    def at_once(self, where: str, root: QWidget | None = None) -> None:
        shown = english(root or self._program.window, self._names, *PHRASES)
        self.found.extend(f"{where}: {line}" for line in shown)


inner = pytest.mark.skipif(INNER not in os.environ, reason="in a process that has not loaded its texts yet")


@inner
def test_empty(start, tmp_path):
    import_all()
    program = start(page="")
    look = Looking(program, tmp_path)
    for name, show in {**test_layout.VIEWS, **test_layout.EMPTY}.items():
        if "Documents, " not in name:  # there are tabs only of a document
            show(program)
            look(f"{name}, empty")
    for code in (*SENTENCES, *MADE, "nobody.knows"):
        program.window.notices.show_notice(notice_of(problem_of(code, {"path": "/broken.pdf", "model": "tiny"})))
        look.at_once(code, program.window.notices)
    assert not look.found, "\n".join(dict.fromkeys(look.found))


@inner
def test_shown(kept, start):
    program = start()
    look = Looking(program, kept)
    for name, show in test_layout.VIEWS.items():
        if not name.startswith("Documents"):
            show(program)
            look(name)
        if name == "Models":
            for toggle in ("details_button", "suggestion_details_button"):
                program.window.findChildren(QToolButton, toggle)[0].click()
            look("details of models")
    for item in program.ask(lambda services: services.history.items(None, limit=20)):
        program.frame.opener.item(ItemTitle(item.id, item.kind, item.title, ""))
        program.wait(lambda kind=item.kind: program.window.current_page == PAGES.get(kind, "Documents"))
        look(item.kind)
    program.window.show_page("Documents")
    for record in program.ask(lambda services: services.documents.recent()):
        program.frame.documents.show_document(record.id)
        look(record.name)
    files = [kept / name for name in ("broken.pdf", "empty.docx", "gone.pdf")]
    for some in (files[:2], files):  # of one alone its page says it
        drop(program.frame.documents_page, *some)
        program.wait(lambda: any(bar.isVisible() for bar in program.window.notices.bars))
        look(f"{len(some)} files")
        bar = program.window.notices.bars[-1]
        bar.findChild(QPushButton, "notice_more").click()
        look("all of a notice", program.window.findChildren(QDialog, "text_dialog")[-1])
        if bar in program.window.notices.bars:  # some go by themselves
            bar.closed.emit()
    dialogs(program, kept, look)
    assert not look.found, "\n".join(dict.fromkeys(look.found))


def dialogs(program, kept: Path, look: Callable[[str, QWidget], None]) -> None:
    program.window.show_page("Chat")
    for name in ("panel_button", "option_more_button", "panel_button"):
        program.click(name)
    program.frame.jobs_popover.hide()  # makes it
    program.build_panes()
    for name, (view, button) in test_layout.POPOVERS.items():
        test_layout.VIEWS[view](program)
        popover = program.window.findChild(QFrame, name)
        popover.toggle(program.window.findChild(QWidget, button))
        look(name, popover)
        popover.dismiss()
    maker = test_dialogs.Maker(program)
    for kind in test_dialogs.dialogs():
        sheet = maker.build(kind)
        sheet.show()
        look(kind.__name__, sheet)
        sheet.close()


def test_a_window_of_another_language_shows_no_english(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", IN_MARKS, "-q", "-s", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist",
         *(f"{__file__}::{each.__name__}" for each in (test_empty, test_shown))],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path]), INNER: "1", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-40_000:] + run.stderr[-4000:]
