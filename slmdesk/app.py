"""Starts and ends the window: folders, settings, services, the children's command lines, a quick and safe exit."""

from __future__ import annotations

import builtins
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import HOME_VARIABLE, Paths, find_paths, make_folders
from slmdesk.base.texts import _

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from slmdesk.history.erasing import Erasure
    from slmdesk.services import Services
    from slmdesk.ui.kit.base.bridge import Bridge
    from slmdesk.ui.kit.base.reading_order import ReadingOrder
    from slmdesk.ui.shell.composition import Frame

NO_DISPLAY = 3
"""Exit status without a screen: whoever started the window may offer the terminal instead."""
NO_HOME = 1
"""Exit status where the folders of this home cannot be made."""
NOT_ALONE = 4
"""Exit status when another window holds this home but does not answer: it hangs, or runs on another computer."""
NOT_ERASED = 5
"""Exit status where not everything could be deleted."""
LOCK_OPENING_S = 0.2
"""How long a lock waits for services that are just being opened."""
END_MS = 1900
"""After this the process ends, whatever still hangs: all text is in the store by then."""
CLIPBOARD = "--clipboard"
LOCKED = "--locked"
"""The window begins with the lock page, and nothing opens the history by itself: it has just been locked."""
STARTER_VARIABLE = "SLMDESK_STARTER_MODEL"


def has_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    if not platform.startswith(("linux", "freebsd")):
        return True
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if chosen and not chosen.startswith(("xcb", "wayland")):
        return True  # offscreen, vnc and others bring their own
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def import_plainly() -> None:
    """Import as Python does.  PySide's own import reads the source of each module to look for its name, and keeps it:
    8 MB when the window is shown and 18 MB with all its pages, for features that it does not use.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


def choose_language(paths: Paths) -> None:
    """Choose the window's language, before any module with constant texts is imported."""
    from PySide6.QtCore import QLocale

    import_plainly()
    from slmdesk.base.language import language_of, use_language

    system = QLocale.system().uiLanguages()
    language = language_of(paths.settings_file, system)
    if not system or not system[0].startswith(language):
        QLocale.setDefault(QLocale(language))
    use_language(language)


def run_window(arguments: Sequence[str] = ()) -> int:
    """Show the window until it is closed, and end the process; a second start raises the first.

    Returns the exit status where no window was shown. This window, or the first, opens files among the arguments as
    documents, or imports them as models; with `translate --clipboard` it translates what is on the clipboard.
    """
    if not has_display():
        print(  # noqa: T201
            "slmdesk: there is no display here; `slmdesk chat` talks in the terminal, `slmdesk --help` says more",
            file=sys.stderr,
        )
        return NO_DISPLAY
    from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
    from PySide6.QtWidgets import QApplication

    from slmdesk.base.language import keep_numbers
    from slmdesk.base.runtime.window_channel import OPEN, RAISE, TRANSLATE
    from slmdesk.ui.shell.single_instance import SingleInstance

    app = QApplication([sys.argv[0] if sys.argv else "slmdesk"])
    keep_numbers()
    app.setApplicationName("slmdesk")
    app.setDesktopFileName("slmdesk")
    app.setQuitOnLastWindowClosed(False)
    qt_texts = QTranslator(app)
    if qt_texts.load(QLocale(), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(qt_texts)
    if (paths := usable_home()) is None:
        return NO_HOME
    instance = SingleInstance(paths.data)
    is_to_translate = CLIPBOARD in arguments
    files = [] if is_to_translate else [Path(each).absolute() for each in arguments if each != LOCKED]
    if is_to_translate:
        request = TRANSLATE
    elif files:
        request = OPEN
    else:
        request = RAISE
    outcome = instance.take_or_raise_other(request=request, files=files)
    if outcome == "raised":
        return 0
    if outcome == "silent":
        words = _("slmdesk is already open for this home, but its window does not answer. Close it first, or wait.")
        return _say_no_window(app, words, NOT_ALONE)
    if outcome == "first":
        instance.listen()
    key = None
    if not _needs_no_key(paths):
        from slmdesk.ui.shell.lock_window import ask_for_key

        door = ask_for_key(app, paths, instance, by_itself=LOCKED not in arguments)
        if door.is_left:
            instance.release()
            return _leave(0)
        key = door.key
    run = WindowRun(app, paths, key=key)
    instance.raise_requested.connect(run.come_forward)
    instance.translate_requested.connect(run.translate_clipboard)
    instance.open_requested.connect(partial(run.open_files, instance.files))
    instance.lock_requested.connect(run.lock)
    run.frame.privacy.encryption_shown.connect(instance.allow_lock)
    if instance.files:
        run.open_files(instance.files)
    if is_to_translate:
        run.frame.reach.take_clipboard_in_front()
    status = run.run()
    instance.release()
    if words := run.erase():
        return _leave(_say_no_window(app, words, NOT_ERASED))
    if run.is_restarting:
        from slmdesk.ui.shell.session import replace_process

        replace_process(["--window"])
    return _leave(status)


def usable_home() -> Paths | None:
    """Return the folders of the program. While they cannot be made, ask for others; None: the person gave up."""
    while True:
        paths = find_paths()
        try:
            make_folders(paths)
        except KnownError as err:
            from slmdesk.base.runtime.messages import problem_for  # late: not needed before the window shows

            if not _change_home(problem_for(err).sentence):
                return None
        else:
            return paths


def _change_home(words: str) -> bool:
    """Ask whether to try again, with another home for this run if the person chooses one, or to quit."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QFileDialog, QMessageBox

    print(f"slmdesk: {words}", file=sys.stderr)  # noqa: T201
    box = QMessageBox(QMessageBox.Icon.Warning, "slmdesk", words)
    box.setObjectName("no_home_dialog")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(_("Another folder is used until you quit."))
    choose = box.addButton(_("Choose a folder…"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(_("Try again"), QMessageBox.ButtonRole.ResetRole)
    leave = box.addButton(_("Quit"), QMessageBox.ButtonRole.RejectRole)
    box.exec()
    if box.clickedButton() is choose and (folder := QFileDialog.getExistingDirectory(None, _("Choose a folder"))):
        os.environ[HOME_VARIABLE] = folder
    return box.clickedButton() is not leave


def _needs_no_key(paths: Paths) -> bool:
    """Whether nothing here is encrypted for certain, by a few bytes: the store, which knows, is loaded later."""
    if any(os.path.lexists(keys) for keys in (paths.keys_file, paths.keys_copy, paths.next_keys_file)):
        return False
    try:
        with paths.database.open("rb") as file:
            header = file.read(21)
    except OSError as err:
        return isinstance(err, FileNotFoundError)
    return header.startswith(b"SQLite format 3\0") and header[20:] == b"\0"  # an encrypted page has reserved bytes


def find_starter(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The starter model's file, where the set-up has put one beside the program."""
    given = environment.get(STARTER_VARIABLE)
    folder = Path(__file__).resolve().parent.parent / ".cache" / "starter-model"
    paths = [Path(given)] if given else sorted(folder.glob("*.gguf"))
    return paths[0] if paths and paths[0].is_file() else None


def _leave(status: int) -> NoReturn:
    """End the process at once: everything is saved.

    Python's own way out stops daemon threads wherever they are; a thread inside Qt takes the process down with
    SIGABRT or SIGSEGV (2 of 100 ends in test_c1_fifty_double_starts).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _say_no_window(app: QApplication, words: str, status: int) -> int:
    """Show a sentence, in the terminal and on the screen, instead of the window.  Returns `status`."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QMessageBox

    print(f"slmdesk: {words}", file=sys.stderr)  # noqa: T201
    box = QMessageBox(QMessageBox.Icon.Warning, "slmdesk", words, QMessageBox.StandardButton.Close)
    box.setObjectName("no_window_dialog")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.finished.connect(app.quit)
    box.open()
    app.exec()
    return status


def _folders(paths: Paths) -> tuple[tuple[str, str], ...]:
    return (
        (_("Chats, documents read, translations, settings of the history"), str(paths.data)),
        (_("Models"), str(paths.models)),
        (_("Settings"), str(paths.config)),
        (_("Backups"), str(paths.backups)),
        (_("Logs, without what you write"), str(paths.logs)),
    )


class WindowRun:
    """A run of the window: shown at once, with the services opened beside it, closed in order."""

    def __init__(
        self,
        app: QApplication,
        paths: Paths,
        *,
        key: Any = None,
        replace: Callable[[Sequence[str]], object] | None = None,
    ) -> None:
        """`key`: of an encrypted history; `replace`: puts a fresh process in the place of this one."""
        from slmdesk.base.runtime.events import ItemGone
        from slmdesk.base.settings import SettingsFile, policy_of
        from slmdesk.models.hub.barriers import is_enforced
        from slmdesk.ui.kit.base.bridge import Bridge
        from slmdesk.ui.kit.base.garbage import GarbageCollector
        from slmdesk.ui.kit.base.window_state import WindowStateFile, forget_folders, keep_inside, keep_nowhere
        from slmdesk.ui.kit.widgets.files import heed
        from slmdesk.ui.shell.composition import Frame
        from slmdesk.ui.shell.session import replace_process

        self._app, self._paths, self._key = app, paths, key
        self.replace = replace or replace_process
        self._services: Services | None = None
        self._is_closing = False
        self._reading_order: ReadingOrder | None = None
        policy = policy_of(paths)
        self._settings = SettingsFile(paths.settings_file, policy, is_kept_offline=is_enforced())
        self._erasure: Erasure | None = None
        self._state = WindowStateFile(paths.window_file)
        if key is None:
            keep_inside(paths.dialogs_file)
        else:
            keep_nowhere(paths.dialogs_file)
        heed(self._settings.policy)
        self.bridge: Bridge = Bridge(app)
        self.frame: Frame = Frame(
            app,
            self.bridge,
            self._settings.current,
            self._state,
            models_folder=str(paths.models),
            starter=find_starter(),
            folders=_folders(paths),
        )
        self.frame.close_requested.connect(self.close)
        self.is_restarting = False
        self.frame.restart_requested.connect(self.restart)
        if key is not None:
            from slmdesk.history.privacy.opening import Ways

            self.frame.locking.know(Ways(by_words=True, by_keyring=False))
        self.frame.locking.lock_requested.connect(self.lock)
        self.frame.erase_requested.connect(self._on_erase_requested)
        self.bridge.on(ItemGone, lambda _event: forget_folders())
        self.frame.privacy.encryption_shown.connect(self._on_encryption_shown)
        self._garbage = GarbageCollector(app)
        self._opening = threading.Thread(target=self._open, name="open-services", daemon=True)

    def run(self) -> int:
        from slmdesk.ui.shell.single_instance import SignalDoor

        self.bridge.closed.connect(self._app.quit)
        signals = SignalDoor(self._app, self.close)
        self.start()
        status = int(self._app.exec())
        signals.close()
        self.end()
        return status

    def start(self) -> None:
        from PySide6.QtCore import QTimer

        self.frame.errors.install()
        self._app.focusWindowChanged.connect(self._on_focus_window)
        self.frame.window.show()
        if (window := self.frame.window.windowHandle()) is not None:
            self.frame.presence.watch(window)
        self.frame.chat_page.composer.setFocus()
        QTimer.singleShot(0, self._opening.start)

    def _on_focus_window(self) -> None:
        """Serve an assistive tool that was started before or since."""
        from PySide6.QtGui import QAccessible

        if QAccessible.isActive() and self._reading_order is None:
            from slmdesk.ui.kit.base.reading_order import ReadingOrder

            self._reading_order = ReadingOrder(self._app, self.frame.window)

    def end(self) -> None:
        self._app.focusWindowChanged.disconnect(self._on_focus_window)
        self.bridge.end()
        self.frame.errors.remove()
        self._garbage.stop()
        self._garbage.deleteLater()

    def erase(self) -> str:
        """After the end: delete all, if a person asked. Returns a sentence on what could not be deleted, or ''."""
        from slmdesk.base.runtime.messages import problem_for
        from slmdesk.history.erasing import erase

        if self._erasure is None:
            return ""
        try:
            left = erase(self._paths, self._erasure)
        except KnownError as err:
            return problem_for(err).sentence
        return (
            _("These files could not be deleted: {names}").format(names=", ".join(map(str, left[:5]))) if left else ""
        )

    def _on_erase_requested(self, erasure: Erasure) -> None:
        self._erasure = erasure
        self.close()

    def come_forward(self, activation_token: str = "") -> None:
        """Bring the window to the front; the token is Wayland's leave to do so."""
        if activation_token:
            os.environ["XDG_ACTIVATION_TOKEN"] = activation_token  # read by Qt when it asks the compositor
        self.frame.window.come_forward()

    def open_files(self, given: list[Path], activation_token: str = "") -> None:
        """Bring the window to the front and open these files, once the services are there. `given` is emptied."""
        files = given.copy()
        given.clear()
        self.come_forward(activation_token)
        self.bridge.when_open(partial(self.frame.open_files, files))

    def translate_clipboard(self, activation_token: str = "") -> None:
        """Bring the window to the front and translate what is on the clipboard."""
        self.come_forward(activation_token)
        self.frame.reach.take_clipboard_in_front()

    def lock(self) -> None:
        """Hide everything, save, end the children, and go on as a fresh process that shows the lock page, in a second.

        A job's finished steps are kept, and the jobs go on after unlocking.
        """
        if self._is_closing:
            return
        from slmdesk.ui.kit.base.clipboard import clear_clipboard
        from slmdesk.ui.shell.session import hide_windows

        self._is_closing = True
        try:
            hide_windows()
            clear_clipboard()
            self._keep_words()
        finally:  # whatever fails, it is locked
            threading.Thread(target=self._lock_services, name="lock-services").start()

    def close(self) -> None:
        """Hide the window, save, end the children: within two seconds `bridge.closed` follows."""
        if self._is_closing:
            return
        self._is_closing = True
        self._keep_words()
        self.frame.window.hide()
        threading.Thread(target=self._close_services, name="close-services", daemon=True).start()
        self.frame.end_timer.start(END_MS)

    def restart(self) -> None:
        """Close, and begin anew as a fresh process, which reads the settings."""
        self.is_restarting = True
        self.close()

    def _on_encryption_shown(self, is_encrypted: bool) -> None:
        """Keep no name beside an encrypted history: neither folders of dialogs nor the author searched for last."""
        from slmdesk.ui.kit.base.window_state import keep_inside, keep_nowhere

        if is_encrypted:
            keep_nowhere(self._paths.dialogs_file)
        else:
            keep_inside(self._paths.dialogs_file)
        self.bridge.ask(lambda _services: self._state.keep_words(not is_encrypted), None, lambda _problem: None)

    def _keep_words(self) -> None:
        """Have the service thread save what is on the pages and not yet in the history."""
        from slmdesk.ui.kit.base.window_state import forget_folders

        if self.frame.locking.ways is not None:
            forget_folders()
        self.frame.keep_layout()
        self.frame.keep_words()

    def _open(self) -> None:
        """Runs on a thread of its own: it must not delay the first frame."""
        from slmdesk.base.runtime.events import Event
        from slmdesk.base.runtime.messages import problem_for
        from slmdesk.services import open_services

        try:
            services = open_services(self._paths, key=self._key)
            self._services = services
            services.service_thread.call(lambda: services.settings.listeners.append(self.bridge.publish_settings))
            services.on(Event, self.bridge.publish)
        except Exception as err:  # noqa: BLE001 - a thread's end: the window must say why there is nothing
            self.bridge.post_to_ui(partial(self.bridge.open_failed.emit, problem_for(err)))
        else:
            self.bridge.post_to_ui(partial(self._attach, services))

    def _attach(self, services: Services) -> None:
        from slmdesk.base.runtime.messages import problem_for

        self.bridge.attach(services)
        if self._key is not None:  # names of folders and hosts were sealed when the window read its settings
            self.bridge.ask(lambda opened: opened.settings.current, self.bridge.settings_changed.emit)
        for (
            problem
        ) in self._settings.problems:  # read here first: a broken file was set aside before the services saw it
            self.bridge.problem_met.emit(problem_for(problem))
        self.bridge.ask(self.bridge.services.network.today(), self.frame.settings.show_requests)
        self.bridge.ask(self.bridge.services.start_background(), self.frame.jobs.say_taken_up)

    def _lock_services(self) -> None:
        """Runs on a thread of its own: a hanging child or disk cannot delay it."""
        try:
            self._opening.join(LOCK_OPENING_S)
            if self._services is not None:
                self._services.lock()
        finally:  # whatever fails, nothing of it stays in memory
            self.replace(["--window", LOCKED])

    def _close_services(self) -> None:
        """Runs on a thread of its own, so that a hanging child cannot delay the exit."""
        self._opening.join(END_MS / 1000)
        if self._services is not None:
            self._services.close()
        self.bridge.post_to_ui(self.bridge.closed.emit)
