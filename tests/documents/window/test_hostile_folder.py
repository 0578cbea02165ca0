"""X1 to X7 in the whole program: a folder of hostile documents is dropped on the window, beside some that are good."""

from __future__ import annotations

import os
import sys

import pytest
from fakes.dropping import drop
from fakes.hostile_documents import GOOD, write_folder
from PySide6.QtCore import QPoint

from slmdesk.base.records import DocumentStatus
from slmdesk.base.runtime.events import DocumentChanged
from slmdesk.documents.types import file_of

pytestmark = pytest.mark.gui


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text, pipes, sparse files")
def test_every_hostile_file_has_its_verdict_and_the_others_are_read(program, tmp_path):
    made = write_folder(tmp_path / "folder")
    ends: dict[bytes, str] = {}

    def receive(event: DocumentChanged) -> None:
        if event.document.status is not DocumentStatus.READING:
            ends[os.fsencode(file_of(event.document).name)] = event.document.error_code or "read"

    refused: list[str] = []
    program.bridge.notice_raised.connect(lambda notice: refused.append(f"{notice.text} {notice.full}"))
    program.ask(lambda services: services.on(DocumentChanged, receive))
    drop(program.documents, tmp_path / "folder")
    program.wait(lambda: any("holds" in bar.notice.text for bar in program.window.notices.bars))
    # too large ones have no record: they are refused before
    unread = {name for name, file in made.items() if file.sparse_bytes > 1 << 30}
    due = set(made) - unread
    program.qtbot.waitUntil(lambda: due <= set(ends), timeout=60_000)
    for name, sample in made.items():
        if name not in unread:
            assert ends[name] in sample.verdicts, (name, ends[name])
    program.wait(lambda: any("sparse.pdf" in refusal for refusal in refused))
    assert not [refusal for refusal in refused if "<img" in refusal and "&lt;" in refusal]
    _looks_and_works(program, made)


def _looks_and_works(program, made) -> None:
    """The list shows them as plain text, and a good one can be opened and asked for its pages."""
    model = program.find("document_view").model()
    shown = [model.index(row).data() for row in range(model.rowCount())]
    assert "<img src=x onerror=y>.txt" in shown
    assert not [label for label in shown if "\n" in label or "\u202e" in label]
    view = program.find("document_view")
    for name in [label for label in shown if label in GOOD]:

        def place(name=name) -> QPoint:  # when the press comes: the list may move until then
            index = next(cell for cell in map(model.index, range(model.rowCount())) if cell.data() == name)
            view.scrollTo(index)
            return view.visualRect(index).center()

        program.click(view.viewport(), place)
        program.wait(lambda name=name: program.find("document_title").full_text == name)
        program.wait(lambda: program.documents.view.count >= 1)
    assert program.window.isVisible()
