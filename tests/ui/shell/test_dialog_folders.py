"""What Qt keeps of file dialogs (folders and their names) stays inside the home, and goes with *Delete for good*."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QListView, QToolButton
from shiboken6 import isValid

from slmdesk.ui.kit.widgets.files import ask_files, ask_new_file, document_folder, note_document_folder
from slmdesk.ui.kit.widgets.notices import ask_folder

pytestmark = pytest.mark.gui
MARKER = "Mueller-Bank"
TESTS = Path(__file__).resolve().parents[2]

SCRIPT = """
import os
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from shiboken6 import delete
from slmdesk.app import WindowRun
from slmdesk.ui.kit.widgets.files import ask_files, note_document_folder
from slmdesk.base.paths import find_paths, make_folders

app = QApplication([])
if sys.argv[2] == "inside":
    paths = find_paths()
    make_folders(paths)
    run = WindowRun(app, paths)
if sys.argv[2] == "encrypted":
    from fakes.encrypted import encrypt
    paths = find_paths()
    make_folders(paths)
    os.close(os.open(paths.dialogs_file, os.O_CREAT, 0o600))
    paths.dialogs_file.write_text("left by a plain history: " + sys.argv[1])
    run = WindowRun(app, paths, key=encrypt(paths))
note_document_folder(Path(sys.argv[1]) / "x")
dialog = ask_files(None, "Open", print, name="d", filters="")
app.processEvents()
dialog.close()
delete(dialog)
sys.stdout.flush()
os._exit(0)
"""


def files_with(folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and MARKER.encode() in path.read_bytes()
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="where Qt keeps its settings")
@pytest.mark.parametrize("how", ["outside", "inside", "encrypted"])
def test_a_file_dialog_writes_nothing_outside_the_home(tmp_path, how) -> None:
    account, chosen = tmp_path / "account", tmp_path / MARKER
    account.mkdir()
    chosen.mkdir()
    env = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    env |= {"HOME": str(account), "SLMDESK_HOME": str(account / "desk"), "QT_QPA_PLATFORM": "offscreen"}
    env |= {"PYTHONPATH": os.pathsep.join([str(TESTS), env.get("PYTHONPATH", "")])}
    subprocess.run([sys.executable, "-c", SCRIPT, str(chosen), how], env=env, check=True, timeout=120)
    assert (
        files_with(account)
        == {
            "outside": [".config/QtProject.conf"],  # the control: what Qt does by itself
            "inside": ["desk/config/QtProject.conf"],
            "encrypted": [],
        }[how]
    )
    if how != "outside":
        assert not (account / ".config").exists()
        assert stat.S_IMODE((account / "desk" / "config" / "QtProject.conf").stat().st_mode) == 0o600


def shown_and_closed(program, dialog: QFileDialog) -> None:
    program.wait(dialog.isVisible)
    dialog.close()
    program.wait(lambda: not isValid(dialog))


def test_delete_for_good_takes_the_names_of_folders_along(program, paths, tmp_path) -> None:
    folder = tmp_path / MARKER
    folder.mkdir()
    program.say("hello")
    note_document_folder(folder / "x")
    shown_and_closed(program, ask_files(program.window, "Open", lambda _paths: None, name="d", filters=""))
    note_document_folder(tmp_path / "x")
    assert files_with(paths.config) == ["QtProject.conf"]
    program.frame.chats.delete_all([program.chat.chat])
    program.wait(lambda: program.chat.chat == "")
    assert files_with(paths.config) == ["QtProject.conf"]
    program.window.show_page("Settings")
    program.click("setting_deleted_chats")
    dialog = program.find("deleted_chats")
    program.wait(lambda: program.find("deleted_list", dialog).count() == 1)
    program.click(program.find("delete_for_good_button", dialog))
    program.click(program.find("delete_sure_button"))
    program.wait(lambda: program.find("deleted_list", dialog).count() == 0)
    assert files_with(paths.config) == []
    dialog.close()
    ask_folder(program.window, "Where to", lambda _path: None)
    shown_and_closed(program, program.window.findChild(QFileDialog, "folder_dialog"))
    assert files_with(paths.config) == [], "nor do the dialogs of this run know it"
    assert stat.S_IMODE((paths.config / "QtProject.conf").stat().st_mode) == 0o600


def test_the_next_run_begins_in_the_folder_of_the_last(start, tmp_path) -> None:
    program, app = start(), QApplication.instance()
    (folder := tmp_path / MARKER).mkdir()
    note_document_folder(folder / "x")
    shown_and_closed(program, ask_files(program.window, "Open", lambda _paths: None, name="d", filters=""))
    program.close()
    app.setProperty("last_document_folder", None)  # a new process knows nothing of it
    start()
    assert document_folder() == str(folder)
    folder.rmdir()
    assert document_folder() == str(Path.home())


@pytest.mark.parametrize("kind", ["folder", "files", "new"])
def test_a_typed_path_is_taken_with_the_first_return(program, tmp_path, kind):
    path, got = tmp_path / "in", []
    path.mkdir()
    (tmp_path / "above").mkdir()
    note_document_folder(tmp_path / "x")
    if kind == "folder":
        dialog = ask_folder(program.window, "Open", lambda folder: got.append([folder]), place=str(tmp_path))
    elif kind == "files":
        path = path / "a.txt"
        path.write_text("a")
        dialog = ask_files(program.window, "Open", got.append, name="d", filters="")
    else:
        path, proposed = path / "b.txt", tmp_path / "c.txt"
        dialog = ask_new_file(program.window, "Save", lambda file: got.append([file]), name="d", proposed=proposed)
    line, view = dialog.findChild(QLineEdit, "fileNameEdit"), dialog.findChild(QListView, "listView")
    dialog.activateWindow()
    line.setFocus()
    program.wait(lambda: line.hasFocus() and view.model().rowCount(view.rootIndex()) > 1)
    line.setText(str(path))
    above = view.model().index(0, 0, view.rootIndex())  # as Qt does while such a path is typed
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().select(above, flags.Select | flags.Rows)
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: got)
    assert got == [[path]]


@pytest.mark.parametrize(
    ("typed", "filters", "written"),
    [
        ("Antwort vom 30.11", "Word (*.docx)", "Antwort vom 30.11.docx"),
        ("Antwort", "Word (*.docx)", "Antwort.docx"),
        ("Antwort.DOCX", "Word (*.docx)", "Antwort.DOCX"),
        ("terms.tbx", "", "terms.tbx"),
    ],
)
def test_a_new_file_has_the_suffix_of_its_kind(program, tmp_path, typed, filters, written):
    got: list[Path] = []
    proposed = tmp_path / "a.docx"
    dialog = ask_new_file(program.window, "Save", got.append, name="d", proposed=proposed, filters=filters)
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    dialog.activateWindow()
    line.setFocus()
    program.wait(line.hasFocus)
    line.setText(typed)
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: got)
    assert got == [tmp_path / written]


def test_a_folder_that_is_typed_for_a_new_file_is_opened(program, tmp_path):
    (tmp_path / "in").mkdir()
    got: list[Path] = []
    proposed = tmp_path / "a.docx"
    dialog = ask_new_file(program.window, "Save", got.append, name="d", proposed=proposed, filters="Word (*.docx)")
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    dialog.activateWindow()
    line.setFocus()
    program.wait(line.hasFocus)
    line.setText(str(tmp_path / "in"))
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: dialog.directory().path() == str(tmp_path / "in"))
    assert got == []
    dialog.close()


def test_the_icons_of_a_file_dialog_can_be_seen_in_the_dark(start, tmp_path):
    program = start()
    program.frame.keeper.set_choice("dark")
    dialog = QFileDialog(program.window, "Open", str(tmp_path))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.show()
    dialog.activateWindow()
    program.wait(lambda: QApplication.focusWidget() is not None and QApplication.focusWidget().window() is dialog)
    picture = dialog.findChild(QToolButton, "toParentButton").icon().pixmap(18, 18).toImage()
    seen = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
    assert max(colour.lightness() for colour in seen if colour.alpha() > 200) > 128
    dialog.close()
    dialog.deleteLater()
