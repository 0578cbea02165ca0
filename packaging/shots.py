"""Screenshots of the real window with the real model: `make shots`.

Runs the program in a home of its own, types and clicks like a person, waits for the answers and grabs the window.
Without a display it draws offscreen. The pictures go to docs/screenshots; contact sheets of all pages, one for each
language, theme and size of text, go to build/shots, to be looked at.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from slmdesk.base.language import use_language

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
SHEETS = ROOT / "build" / "shots"
LANGUAGES = ("en", "de")
PAGES = ("Start", "Chat", "Documents", "Translate", "Write", "Models", "Jobs", "Settings")
sys.path.insert(0, str(ROOT))
if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
PATIENCE_S = 600
QUESTIONS = (
    "Write a small Python function that counts the words of a text, with a short explanation.",
    "List five things to pack for a weekend at the sea.",
    "Write a short, friendly reply that declines an invitation to a party on Friday.",
)

Step = Callable[[], bool] | int
"""A condition to wait for, or milliseconds to let the window paint."""


class Photographer:
    """Drives the window by its own event loop, one step after another."""

    def __init__(self, run, folder: Path, language: str) -> None:
        self._run, self._folder, self._language = run, folder, language
        self._is_for_docs = language == LANGUAGES[0]
        self._frame = run.frame
        self._page = run.frame.chat_page
        self._window = run.frame.window

    def story(self) -> Iterator[Step]:
        """What is done, and what is waited for in between."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from slmdesk.base.runtime.events import ModelState

        window, page, change = self._window, self._page, self._frame.settings.change
        window.resize(1280, 800)
        change("theme", "light")
        yield lambda: self._frame.models.state.state is ModelState.READY
        yield 300
        for question in QUESTIONS:
            window.show_page("Start")
            page.composer.input_box.insertPlainText(question)
            QTest.keyClick(page.composer.input_box, Qt.Key.Key_Return)
            yield lambda: bool(self._words()) and not self._frame.chat.is_busy
            yield 1200
        self._drop_notices()
        yield 300
        self._grab("chat-light")
        yield from self._documents()
        yield from self._translate()
        yield from self._sheets()
        if self._is_for_docs:
            yield from self._confidential()

    def _sheets(self) -> Iterator[Step]:
        """A contact sheet of all pages for each theme, at 100 and 150 %."""
        from PySide6.QtGui import QPainter, QPixmap

        frame, window = self._frame, self._window
        for theme in ("light", "dark"):
            for scale in (100, 150):
                frame.settings.change("theme", theme)
                frame.settings.change("font_scale", scale)
                yield 600
                sheet = QPixmap(4 * 640, 2 * 400)
                painter = QPainter(sheet)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                for at, title in enumerate(PAGES):
                    window.show_page(title)
                    yield 500
                    self._drop_notices()
                    yield 200
                    painter.drawPixmap(at % 4 * 640, at // 4 * 400, 640, 400, window.grab())
                painter.end()
                SHEETS.mkdir(parents=True, exist_ok=True)
                sheet.save(str(SHEETS / f"{self._language}-{theme}-{scale}.png"))
                print(f"build/shots/{self._language}-{theme}-{scale}.png", flush=True)
        frame.settings.change("font_scale", 100)
        frame.settings.change("theme", "light")
        yield 600

    def _documents(self) -> Iterator[Step]:
        """A document and its summary."""
        from PySide6.QtWidgets import QWidget
        from shots_samples import write_pdf

        frame, window = self._frame, self._window
        path = self._folder / "lease.pdf"
        write_pdf(path)
        window.show_page("Documents")
        frame.documents.open_files([path])
        pane = frame.documents_area.summary_pane
        yield lambda: pane.report is not None and window.findChild(QWidget, "summary_export").isVisible()
        yield 800
        self._drop_notices()
        yield 400
        self._grab("documents-light")

    def _translate(self) -> Iterator[Step]:
        """A text, from a person's translations and, where there is none, the starter model's."""
        from shots_samples import PAIRS, TYPED

        from slmdesk.base.translation import Origin

        frame, window = self._frame, self._window
        self._run.bridge.ask(lambda services: services.store.memory.remember("en", "de", PAIRS, origin=Origin.PERSON))
        window.show_page("Translate")
        frame.reach.take_text(TYPED)
        yield lambda: frame.translate.last.is_done and len(frame.translate.last.text) > len(TYPED) // 2
        yield 1500
        self._drop_notices()
        yield 400
        self._grab("translate-light")

    def _confidential(self) -> Iterator[Step]:
        """An encrypted history and its lock page."""
        from PySide6.QtWidgets import QWidget

        from slmdesk.ui.shell.lock_window import LockWindow

        frame, window = self._frame, self._window
        window.show_page("Settings")
        yield from self._encrypt()
        page = LockWindow(frame.locking.ways)
        page.show()
        yield 500
        self._grab("lock-page", page)
        page.close_for_good()
        assert window.findChild(QWidget, "encrypt_dialog") is None

    def _encrypt(self) -> Iterator[Step]:
        """As a person does it, with the recovery key typed back."""
        from PySide6.QtWidgets import QLabel, QLineEdit

        window, words = self._window, "four words on a wall"
        self._press("settings_privacy")
        yield 300
        self._press("encrypt_button")
        yield lambda: window.findChild(QLineEdit, "passphrase_field") is not None
        for name in ("passphrase_field", "passphrase_again_field"):
            window.findChild(QLineEdit, name).setText(words)
        self._press("encrypt_dialog_next")
        yield 300
        key = window.findChild(QLabel, "recovery_key").text()
        self._press("encrypt_dialog_next")
        window.findChild(QLineEdit, "recovery_field").setText(key)
        self._press("encrypt_dialog_next")
        yield lambda: self._frame.locking.ways is not None
        yield 500

    def _press(self, name: str) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QWidget

        QTest.mouseClick(self._window.findChild(QWidget, name), Qt.MouseButton.LeftButton)

    def _words(self) -> str:
        ids = list(self._frame.chat.message_ids)
        return self._frame.chat.shown.by_id[ids[-1]].words if ids else ""

    def _drop_notices(self) -> None:
        for bar in self._window.notices.bars:
            self._window.notices.drop_text(bar.notice.text)

    def _grab(self, name: str, widget=None) -> None:
        self._save((widget or self._window).grab(), name)

    def _save(self, picture, name: str) -> None:
        if not self._is_for_docs:
            return
        TARGET.mkdir(parents=True, exist_ok=True)
        file = TARGET / f"{name}.png"
        picture.save(str(file))
        few = Image.open(file).convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(file, optimize=True)  # a third of the bytes
        print(f"docs/screenshots/{name}.png", flush=True)


def main(languages: Sequence[str] = LANGUAGES) -> int:
    """Take all pictures, in a process for each language.  Returns the exit status."""
    if len(languages) > 1:
        return max(subprocess.run([sys.executable, __file__, language]).returncode for language in languages)
    use_language(languages[0])  # before the windows, whose constants are texts
    with tempfile.TemporaryDirectory(prefix="slmdesk-shots-") as home:
        os.environ["SLMDESK_HOME"] = home
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from slmdesk.app import WindowRun
        from slmdesk.base.paths import find_paths, make_folders

        paths = find_paths()
        make_folders(paths)
        app = QApplication(["slmdesk"])
        app.setQuitOnLastWindowClosed(False)
        run = WindowRun(app, paths)
        failed: list[str] = []
        story = Photographer(run, Path(home), languages[0]).story()

        def go(step: Step | None = None, since: float = 0.0) -> None:
            if callable(step) and not step():
                if time.monotonic() - since > PATIENCE_S:
                    failed.append("the window did not come to the next picture")
                    run.close()
                else:
                    QTimer.singleShot(50, lambda: go(step, since))
                return
            following = next(story, None)
            if following is None:
                run.close()
            else:
                delay = following if isinstance(following, int) else 0
                QTimer.singleShot(delay, lambda: go(following, time.monotonic()))

        QTimer.singleShot(500, go)
        status = run.run()
        for reason in failed:
            print(f"shots: {reason}", file=sys.stderr)
        return 1 if failed else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or LANGUAGES))
