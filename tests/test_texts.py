"""Every text that a window shows passes `_()` or `ngettext()`, so that a catalogue of another language finds it."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from slmdesk.base import language, texts
from slmdesk.base.charts import svg
from slmdesk.base.documents import Chart, ChartKind, Series
from slmdesk.base.paths import find_paths
from slmdesk.base.records import title_words
from slmdesk.base.runtime.messages import problem_of
from slmdesk.base.texts import _ as translated
from slmdesk.base.translation import SegmentFlag
from slmdesk.base.types import page_word, told_place
from slmdesk.tasks.translation.types import flag_words
from slmdesk.ui.kit.base.text import day_in_figures, short_day

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parent.parent / "slmdesk"
TEXTS = Path(__file__).parent.parent / "packaging" / "texts.py"
WINDOWS = sorted(ROOT.glob("ui/**/*.py"))
SHOWN = {
    "setText": 0, "setToolTip": 0, "setWindowTitle": 0, "setPlaceholderText": 0, "setAccessibleName": 0, "setTitle": 0,
    "setAccessibleDescription": 0, "setStatusTip": 0, "setLabelText": 0, "setHeaderLabels": 0, "addAction": 0,
    "addMenu": 0, "addSection": 0, "addItem": 0, "addTab": 1, "QLabel": 0, "QPushButton": 0, "QCheckBox": 0,
    "QRadioButton": 0, "QAction": 0, "QMenu": 0, "QGroupBox": 0, "CheckBox": 0, "button": 0, "tool_button": 2,
    "text_line": 2, "plain_label": 0, "passing": 2, "show_words": 1, "add": 1, "offer": 1, "Notice": 0, "TextDialog": 0,
    "add_choice": 0, "add_button": 0,
}  # fmt: skip
"""Calls that show a text, and which of their arguments it is."""
NAMES = {"label", "tip", "title", "hint", "words", "action", "sentence", "spoken", "clears", "intro"}
"""Arguments by name that are texts, whatever is called."""
LEFT = {"CSV", "PDF", "slmdesk"}


def texts_in(node: ast.expr) -> Iterator[ast.expr]:
    """The strings an argument can be, without those that have passed a function."""
    if isinstance(node, ast.IfExp):
        yield from (*texts_in(node.body), *texts_in(node.orelse))
    elif isinstance(node, ast.BoolOp | ast.List | ast.Tuple):
        for part in node.values if isinstance(node, ast.BoolOp) else node.elts:
            yield from texts_in(part)
    elif isinstance(node, ast.BinOp):
        yield from (*texts_in(node.left), *texts_in(node.right))
    elif isinstance(node, ast.Constant | ast.JoinedStr):
        yield node


def is_words(node: ast.expr) -> bool:
    """Whether a person reads words in it; an address is none."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return bool(re.search(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>|\S*(?:://|\.example\.)\S*", "", text))) and text not in LEFT


def calls(code: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))


def bare_texts(code: str) -> Iterator[tuple[int, str]]:
    for call in calls(code):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        at = SHOWN.get(name, len(call.args))
        shown = [*call.args[at : at + 1], *(keyword.value for keyword in call.keywords if keyword.arg in NAMES)]
        for node in (node for argument in shown for node in texts_in(argument)):
            if is_words(node):
                yield node.lineno, ast.unparse(node)


def test_texts_of_windows_pass_the_function():
    assert WINDOWS
    places = [
        f"{file.relative_to(ROOT)}:{line} {text}" for file in WINDOWS for line, text in bare_texts(file.read_text())
    ]
    assert not places, "\n".join(places)


@pytest.mark.parametrize("call", ['setText("Save")', 'setText(f"{n} pages")', 'row(label="a" if x else "The b")'])
def test_a_bare_text_is_found(call):
    assert list(bare_texts(call))


@pytest.mark.parametrize("call", ['setText(_("Save"))', 'setText("")', 'setText(f"{n} %")', 'named(x, "save_button")'])
def test_what_passed_the_function_is_not(call):
    assert not list(bare_texts(call))


def test_the_catalogues_have_the_messages_of_the_code_all_translated():
    checked = subprocess.run([sys.executable, TEXTS, "--check"], capture_output=True, text=True, timeout=300)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
def german(monkeypatch):
    monkeypatch.setenv(language.VARIABLE, "")
    language.use_language("de")
    yield
    texts.use_catalogue(None)


def test_a_text_is_translated_with_its_numbers(german):
    assert translated("Cancel") == "Abbrechen"
    assert translated("{size} of {total}").format(size="3 MB", total="7 MB") == "3 MB von 7 MB"
    assert translated("{size} of {texts}").format(size="17 MB", texts=texts.ngettext("one text", "{n} texts", 1)) == (
        "17 MB (ein Text)"
    )
    assert texts.ngettext("{n:,} word", "{n:,} words", 1) == "1 Wort"
    assert texts.ngettext("{n:,} word", "{n:,} words", 2100) == "2.100 Wörter"
    assert translated("{share:.0%} certain").format(share=0.754) == "75 % sicher"
    assert "fehlt" in problem_of("translation.tags", {"tag": 1, "kind": "missing"}).sentence
    assert [texts.decimal(number) for number in (0.05, 40)] == ["0,05", "40"]
    assert translated("no message of the catalogue") == "no message of the catalogue"


def test_a_chart_writes_its_figures_as_the_language_does(german):
    chart = Chart("Stimmung", ChartKind.BARS, ("Mai",), (Series("positiv", (1240,)),))
    assert chart.rows[1:] == (("Mai", "1.240"), ("Gesamt", "1.240"))
    assert ">1.240<" in svg(chart)


def test_what_is_given_away_stays_english(german):
    flag = SegmentFlag("number", "12", "13")
    shown = flag_words(flag), page_word("page"), texts.grouped(1240), day_in_figures(date(2026, 3, 1))
    assert shown == ("Zahl prüfen: „13“ → „12“", "Seiten", "1.240", "01.03.2026")
    given = texts.in_english(lambda: [flag_words(flag), texts.in_english(page_word, "page"), texts.grouped(1240)])
    assert given == ["Check number: “13” → “12”", "pages", "1,240"]
    with pytest.raises(ZeroDivisionError):
        texts.in_english(divmod, 1, 0)
    assert page_word("page") == "Seiten"
    assert translated("") == ""


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("its header describes 1,234 bytes, but the file has 5,000",
         "der Kopf beschreibt 1.234 Bytes, die Datei hat 5.000"),
        ("12 documents", "12 Dokumente"), ("Something that nobody translated", "Something that nobody translated"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_stored_in_english_is_told_again(german, stored, told):
    assert texts.retold(stored) == told
    assert texts.in_english(texts.retold, stored) == stored


@pytest.mark.parametrize(
    ("title", "kind", "told"),
    [
        ("Continued: Bill", "chat", "Fortsetzung: Bill"), ("Summary: Bill", "chat", "Summary: Bill"),
        ("Table: 001.xlsx and 1 more", "extraction", "Tabelle: 001.xlsx und 1 mehr"),
        ("Compare: Terms and rules.docx and b.docx", "versions", "Vergleich: Terms and rules.docx und b.docx"),
        ("page.md → German", "translation", "page.md → Deutsch"), ("a → b", "translation", "a → b"),
    ],
)  # fmt: skip
def test_a_title_is_told_in_the_language_of_the_window(german, title, kind, told):
    assert title_words(title, kind) == told


def test_an_error_is_told_with_its_reason_its_place_and_no_path(german, qapp):
    problem = problem_of("document.damaged", {"path": "/home/me/a.pdf", "reason": "it has no pages"})
    assert problem.short == "Das Dokument a.pdf ist beschädigt und lässt sich nicht öffnen (es hat keine Seiten)."
    assert told_place("slide 2, notes") == "Folie 2, Notizen"
    assert told_place("Sales, rows 1–200") == "Sales, Zeilen 1–200"
    assert told_place("notes on rows") == "notes on rows"
    assert short_day(3, 5) == "3. May"


def test_a_month_is_named_as_the_window_speaks_whatever_the_system_counts_time_by():
    code = "from slmdesk.ui.kit.base.text import short_day; print(short_day(3, 5))"
    spoken = {"LANG": "de_DE.UTF-8", "LC_TIME": "en_US.UTF-8"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    done = subprocess.run([sys.executable, "-c", code], env=kept | spoken, capture_output=True, text=True, check=True)
    assert done.stdout == "3 Mai\n"


EARLY = """
import sys
from slmdesk.base import texts
found, looked_up = [], texts._
def note(text):
    found.append(sys._getframe(1).f_globals["__name__"])
    return looked_up(text)
texts._ = note
import slmdesk.app
print(*sorted(set(found)))
"""


def test_no_text_is_looked_up_before_the_language_is_chosen():
    assert not subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, check=True).stdout.strip()


def test_reasons_of_errors_pass_a_function():
    """What an error says is stored in English: a catalogue tells it again if it knows it."""
    places = []
    for file in ROOT.rglob("*.py"):
        code = "" if "cli" in file.parts else file.read_text()
        for call in calls(code) if re.search(r"\b(?:reason|what|note)=(?!=)", code) else ():
            told = [keyword.value for keyword in call.keywords if keyword.arg in ("reason", "what", "note")]
            nodes = [node for value in told for node in texts_in(value)]
            places += [f"{file.name}:{node.lineno}" for node in nodes if is_words(node) and " " in ast.unparse(node)]
    assert not places


START = """
from slmdesk import app
from slmdesk.__main__ import main
class Read(app.WindowRun):
    def start(self):
        super().start()
        from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
        shown = (one for one in QApplication.allWidgets() if isinstance(one, QAbstractButton | QLabel))
        print("\\n".join(one.text() for one in shown), flush=True)
        app.os._exit(0)
app.WindowRun = Read
main(["--window"])
"""


@pytest.mark.process
def test_a_window_begins_in_the_language_of_the_settings(home):
    settings = find_paths(home).settings_file
    settings.parent.mkdir(parents=True)
    settings.write_text('{"language": "de"}')
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    started = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, env=environment, timeout=120
    )
    read = started.stdout.splitlines()
    assert "Was möchten Sie tun?" in read, started.stderr
    assert not {"What do you want to do?", "Settings", "Documents"} & set(read)


@pytest.mark.parametrize(
    ("file", "system", "chosen"),
    [
        ('{"language": "de"}', ["en-GB"], "de"), ('{"language": "en"}', ["de-DE"], "en"), ("{}", ["de-AT", "en"], "de"),
        ('{"language": "system"}', ["fr-FR", "de"], "de"), ('{"language": "xx"}', ["fr-FR"], "en"),
        ('{"language": ["de"]}', [], "en"), ("no settings", ["de_DE"], "de"), ("[1]", ["C"], "en"),
    ],
)  # fmt: skip
def test_the_language_is_that_of_the_settings_else_of_the_system(tmp_path, file, system, chosen):
    (tmp_path / "settings.json").write_text(file)
    assert language.language_of(tmp_path / "settings.json", system) == chosen
    assert language.language_of(tmp_path / "missing.json", system) in language.LANGUAGES
