"""Deleted for good, whatever it was, is in no file of slmdesk: row H10, over everything that holds words."""

from __future__ import annotations

import json
import random
import string
import threading
from pathlib import Path

import pytest
from fakes.contents import contents
from fakes.encrypted import encrypt
from fakes.recorder import Recorder
from fakes.translations import Edits
from history.store.conftest import readable
from tasks.summaries.test_summaries import page
from tasks.tables.test_tables import COLUMNS

from slmdesk.base.paths import find_paths
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import DocumentGone
from slmdesk.base.saved_states import states_in
from slmdesk.base.translation import Origin
from slmdesk.chat.service import SendRequest
from slmdesk.history.store import DataKey
from slmdesk.history.store.backup import backup, kept_copies
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered
from slmdesk.tasks.service import ReportMade
from slmdesk.tasks.summaries.types import SummaryRequest
from slmdesk.tasks.tables.request import TableRequest
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.types import LiveTranslated, TranslationRequest
from slmdesk.tasks.versions.types import VersionRequest

pytestmark = pytest.mark.process


COPY = "slmdesk-20991231-235959-before-5.sqlite3"


def marker() -> str:
    """A word nobody else writes."""
    return "zq" + "".join(random.choices(string.ascii_lowercase, k=12))


def files_with(home: Path, word: str, key: DataKey | None = None) -> list[str]:
    """Files that hold the word; also for somebody who has the key."""
    needles = [word.encode(), word.upper().encode(), word.capitalize().encode(), word.encode("utf-16-le")]
    files = [(path, held if key is None else readable(path, key)) for path, held in contents(home)]
    paths = [path for path, held in files if any(needle in held for needle in needles)]
    return sorted(str(path.relative_to(home)) for path in paths)


class Maker:
    """Makes one thing of each kind, all of them about a word."""

    def __init__(self, recorder: Recorder, word: str) -> None:
        self.recorder, self.word = recorder, word

    def call(self, work):
        return self.recorder.services.service_thread.call(lambda: work(self.recorder.services))

    def document(self, name: str, text: str):
        return self.call(lambda services: self._kept(services.store, name, text))

    def _kept(self, store, name: str, text: str):
        from slmdesk.base.text.passages import PassageBuilder

        record = store.documents.add(
            path=f"/x/{name}".encode(), name=name, sha256=name, format="pdf", bytes=1, mtime_ns=1, reader="1"
        )
        sheet = page(1, text, "The garden is green in summer and white in winter.")
        builder = PassageBuilder(record.id)
        store.pages.save(record.id, [sheet])
        store.pages.save(record.id, (), [*builder.feed(sheet), *builder.finish()])
        return store.documents.change(record.id, status="read", info={"format": "pdf", "pages": 1})

    def chat(self) -> str:
        sent = self.call(lambda services: services.chats.send(SendRequest(f"Who is {self.word}?")))
        self.recorder.end_of(sent.answer.id)
        return sent.item.id

    def question(self, document) -> str:
        request = AskRequest(f"List all that is said of {self.word}.", (document.id,))
        sent = self.call(lambda services: services.questions.ask(request))
        self.recorder.end_of(sent.answer.id)
        self.recorder.wait(QuestionAnswered, lambda event: event.message == sent.answer.id)
        return sent.item.id

    def summary(self, document) -> str:
        request = SummaryRequest((document.id,), focus=self.word, language="de")
        item = self.call(lambda services: services.tasks.begin("summary", request))
        self.recorder.wait(ReportMade, lambda event: event.item == item.id)
        return item.id

    def extraction(self, document) -> str:
        item = self.call(lambda services: services.tasks.begin("extraction", TableRequest((document.id,), COLUMNS)))
        self.recorder.wait(ReportMade, lambda event: event.item == item.id)
        return item.id

    def comparison(self, old, new) -> str:
        item = self.call(
            lambda services: services.tasks.begin("versions", VersionRequest(old.id, new.id, with_words=False))
        )
        self.recorder.wait(ReportMade, lambda event: event.item == item.id)
        return item.id

    def translation(self, path: Path) -> str:
        """Of a document; one of its sentences was said otherwise, one asked with a request."""
        item = self.call(
            lambda services: services.tasks.begin("translation", TranslationRequest("de", str(path), source="en"))
        )
        self.recorder.wait(JobChanged, lambda event: event.title == item.title and event.status is JobStatus.DONE)
        edits = Edits(self.recorder)
        edits.edit(item.id, 0, f"{self.word} wohnt hier.")
        edits.reword(item.id, 1, f"Say {self.word}.")
        return item.id

    def typed(self) -> str:
        """Typed, one sentence in a person's words, kept, and edited once more."""
        manner, text = TranslationStyle("de", "en"), f"We know {self.word} well. It is late."
        self.translated(text, manner)
        self.call(lambda services: services.live.put(0, f"Wir kennen {self.word}."))
        item = self.call(lambda services: services.translations.keep(text, manner, services.live.segments()))
        longer = f"{text} And {self.word} sleeps."
        self.translated(longer, manner)
        return self.call(lambda services: services.translations.keep(longer, manner, services.live.segments(), item))

    def translated(self, text: str, manner: TranslationStyle) -> None:
        record = self.call(lambda services: services.models.choose(None))
        begin = len(self.recorder.events)
        self.call(lambda services: services.live.translate(text, manner, record))
        self.recorder.wait(LiveTranslated, lambda event: event.is_done, begin)

    def delete(self, items: list[str], way: str) -> None:
        history = self.recorder.calls.history
        for item in items:
            (history.delete_for_good if way == "delete for good" else history.trash)(item)
        if way == "empty the trash":
            history.empty_trash()

    def copy(self) -> None:
        """As before a migration."""
        paths = find_paths()
        paths.backups.mkdir(mode=0o700, exist_ok=True)
        key = self.recorder.services.store.key
        name = COPY if key is None else COPY.replace(".sqlite3", ".slmbackup")
        self.call(lambda _services: backup(paths, paths.backups / name, key=key))
        assert kept_copies(paths)


@pytest.mark.parametrize("way", ["delete for good", "empty the trash"])
def test_h10_of_translations_nothing_is_left_and_the_memory_forgets_what_came_of_them(
    opened, home, tmp_path, way
) -> None:
    word = marker()
    recorder = opened(turned=True)
    made = Maker(recorder, word)
    path = tmp_path / f"{word}.txt"
    path.write_text(f"{word} lives here.\n{word} pays 900 euros.\n12 % {word}@example.org\n")
    items = [made.translation(path), made.typed()]
    remember = recorder.services.store.memory.remember
    made.call(lambda _services: remember("en", "de", [("Stay.", "Bleib.")], origin=Origin.IMPORT))
    assert [recorder.calls.history.remembered(item) for item in items] == [1, 1]
    made.copy()
    assert {Path(path).name for path in files_with(home, word)} >= {
        "slmdesk.sqlite3", COPY
    }, "the control: it is found"  # fmt: skip
    made.delete(items, way)
    assert files_with(home, word) == [], "also while the program still runs"
    assert [pair.source for pair in made.call(lambda services: services.store.memory.page())] == ["Stay."]
    recorder.services.close()
    assert files_with(home, word) == []


def test_p3_what_is_not_to_be_kept_and_passwords_are_in_no_file(opened, home, tmp_path) -> None:
    word, secret = marker(), marker()
    recorder = opened(turned=True)
    made = Maker(recorder, word)
    made.call(lambda services: services.settings.change(writing_history=False))
    made.translated(f"We know {word} well.", TranslationStyle("de", "en"))
    keep, segments = recorder.services.translations.keep, recorder.services.live.segments
    assert made.call(lambda _services: keep(word, TranslationStyle("de"), segments())) == ""
    path = tmp_path / "letter.txt"
    path.write_text("We go out.\n")
    request = TranslationRequest("de", str(path), source="en")
    item = made.call(lambda services: services.tasks.begin("translation", request))
    recorder.wait(JobChanged, lambda event: event.title == item.title and event.status is JobStatus.DONE)
    made.call(lambda services: services.translations.use_password(item.id, secret))
    made.call(lambda services: services.tasks.again(item.id))
    assert files_with(home, word) == files_with(home, secret) == []
    recorder.services.close()
    assert files_with(home, word) == files_with(home, secret) == []
    assert files_with(home, "We go out"), "the control"


@pytest.mark.parametrize(
    ("way", "is_encrypted"), [("delete for good", False), ("empty the trash", False), ("delete for good", True)]
)
def test_h10_whatever_was_made_of_a_word_is_in_no_file(opened, home, way, is_encrypted, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.tasks.questions.service.WORTH_S", -1.0)
    word = marker()
    key = encrypt(find_paths()) if is_encrypted else None
    says = json.dumps({"text": word})
    recorder = opened(key=key, answer=f'[1] "{word} lives here"\nAnswer: {word}. {says}')
    made = Maker(recorder, word)
    document = made.document("lease.pdf", f"{word} lives here, at number 12, and pays 900 euros a month.")
    other = made.document("new lease.pdf", f"{word} lives here, at number 14, and pays 950 euros a month.")
    items = [made.chat(), made.question(document)]
    quiet = threading.Event()  # what was read is kept once the engine is free, and before it reads something else
    made.call(lambda services: services.states.when_quiet().then(lambda _none: quiet.set()))
    assert quiet.wait(40)
    items += [made.summary(document), made.extraction(document), made.comparison(document, other)]
    assert states_in(find_paths().states), "the control: what was read is kept"
    made.copy()
    assert {Path(path).name for path in files_with(home, word, key)} >= {
        "slmdesk.sqlite3", kept_copies(find_paths())[0].name
    }, "the control: it is found"  # fmt: skip
    made.delete(items, way)
    assert states_in(find_paths().states) == []
    for record in (document, other):
        made.call(lambda services, record=record: services.documents.forget(record.id))
        recorder.wait(DocumentGone, lambda event, record=record: event.id == record.id)
    made.call(lambda _services: None)  # what was posted meanwhile
    assert files_with(home, word, key) == [], "also while the program still runs"
    assert kept_copies(find_paths()), "the copies are made anew, not dropped"
    recorder.services.close()
    assert files_with(home, word, key) == []
    assert list(find_paths().states.iterdir()) == []
