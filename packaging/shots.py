"""Screenshots of the real window with the real model, for docs/screenshots: `make shots`.

Runs the program in a home of its own, types and clicks like a person, waits for the answers and grabs the window.
Without a display it draws offscreen.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
sys.path.insert(0, str(ROOT))
if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
PATIENCE_S = 120
QUESTIONS = (
    "Explain in three sentences why the sky is blue.",
    "Write a short, friendly reply that declines an invitation to a party on Friday.",
    "Write a small Python function that counts the words of a text, with a short explanation.",
)

Step = Callable[[], bool] | int
"""A condition to wait for, or milliseconds to let the window paint."""


class Photographer:
    """Drives the window by its own event loop, one step after another."""

    def __init__(self, run) -> None:
        self._run = run
        self._frame = run.frame
        self._page = run.frame.chat_page
        self._window = run.frame.window

    def story(self) -> Iterator[Step]:
        """What is done, and what is waited for in between."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QWidget

        window, page, change = self._window, self._page, self._frame.settings.change
        window.resize(1100, 760)
        change("theme", "light")
        starter = window.findChild(QWidget, "starter_button")
        yield lambda: starter.isVisible()
        yield 300
        self._drop_notices()
        yield 300
        self._grab("first-start")
        QTest.mouseClick(starter, Qt.MouseButton.LeftButton)
        yield lambda: "ready" in page.picker.button.text()
        yield 300
        self._grab("new-chat")
        for question in QUESTIONS:
            self._frame.chat.new_chat()
            page.composer.input_box.insertPlainText(question)
            QTest.keyClick(page.composer.input_box, Qt.Key.Key_Return)
            if question == QUESTIONS[-1]:
                yield lambda: (self._frame.chat.is_busy and len(self._words()) > 200) or not self._frame.chat.is_busy
                self._grab("streaming")
            yield lambda: bool(self._words()) and not self._frame.chat.is_busy
            yield 1200
        self._grab("chat-light")
        change("theme", "dark")
        yield 400
        self._drop_notices()
        yield 300
        self._grab("chat-dark")
        window.show_page("Models")
        yield 300
        self._grab("models-dark")
        window.show_page("Settings")
        yield 300
        self._grab("settings-dark")
        change("theme", "light")
        yield 400
        self._drop_notices()
        yield 300
        self._grab("settings-light")
        window.show_page("Models")
        yield 300
        self._grab("models-light")
        window.show_page("Chat")
        change("font_scale", 150)
        yield 400
        self._drop_notices()
        yield 500
        self._grab("chat-150-percent")
        window.resize(900, 600)
        yield 400
        self._grab("chat-150-percent-900x600")

    def _words(self) -> str:
        ids = list(self._frame.chat.message_ids)
        return self._frame.chat.text_of(ids[-1]) if ids else ""

    def _drop_notices(self) -> None:
        for bar in self._window.notices.bars:
            self._window.notices.drop_text(bar.notice.text)

    def _grab(self, name: str) -> None:
        TARGET.mkdir(parents=True, exist_ok=True)
        self._window.grab().save(str(TARGET / f"{name}.png"))
        print(f"docs/screenshots/{name}.png", flush=True)


def main() -> int:
    """Take all pictures.  Returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="slmdesk-shots-") as home:
        os.environ["SLMDESK_HOME"] = home
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from slmdesk.app import WindowRun
        from slmdesk.paths import find_paths, make_folders

        paths = find_paths()
        make_folders(paths)
        app = QApplication(["slmdesk"])
        app.setQuitOnLastWindowClosed(False)
        run = WindowRun(app, paths)
        failed: list[str] = []
        story = Photographer(run).story()

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
    sys.exit(main())
