"""A hold beats every way of deleting.  The ways are taken from the code: a new one has to be named here, guarded."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest
from fakes.recorder import Recorder, open_echo, result_of

import slmdesk.store
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DAY_S, Status, Then
from slmdesk.base.types import Attached, AttachmentPart, Origin, Role, TextPart
from slmdesk.history.erasing import restore_backup

pytestmark = pytest.mark.process

PROTECTED = "items messages segments results documents pages passages collections item_documents jobs steps".split()  # noqa: SIM905
GUARDS = {
    "documents.Collections.forget": "require_folder_free",
    "documents.Documents.forget": "require_document_free",
    "messages.Items.delete": "require_free",
    "messages.Messages.remove": "require_free",
}
"""Functions that delete rows, and what they ask before."""
INSIDE = {
    "documents.Documents.unlink": "Store._delete, after it has asked; a chat's documents are linked anew",
    "jobs.Jobs._delete": "Store._delete; jobs and steps of what is done",
    "messages.Messages.delete_of_item": "Store._delete",
    "documents.Pages.forget": "Documents.forget; a document that is read anew",
    "documents.Passages.delete": "Pages.forget",
    "documents.Passages.forget_some": "DocumentService.forget, after it has asked; a document that is read anew",
    "messages.Results.delete": "Store._delete",
    "translations.Segments.forget": "Store._delete; a translation that is made anew",
}
"""Functions that delete rows for somebody who has asked."""


def deleting() -> dict[str, str]:
    """The functions of the store in whose SQL rows of what people keep are deleted, and their code."""
    found = {}
    for file in sorted(Path(slmdesk.store.__file__).parent.glob("*.py")):
        tree = ast.parse(file.read_text())
        for cls in [one for one in tree.body if isinstance(one, ast.ClassDef)]:
            for fn in [one for one in cls.body if isinstance(one, ast.FunctionDef)]:
                code = ast.unparse(fn)
                if re.search(rf"delete from ({'|'.join(PROTECTED)})\b", code):
                    found[f"{file.stem}.{cls.name}.{fn.name}"] = code
    return found


def test_every_function_that_deletes_asks_for_holds_or_is_called_by_one_that_has():
    found = deleting()
    assert found.keys() == GUARDS.keys() | INSIDE.keys(), "a new way of deleting: say here how a hold stands before it"
    for name, guard in GUARDS.items():
        code = found[name]
        assert guard in code, name
        assert code.index(guard) < code.index("delete from"), f"{name} asks before it deletes"


class Desk:
    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.services = open_echo()
        self.recorder = Recorder(self.services)
        letter = tmp_path / "letter.txt"
        letter.write_text("The pump stops at 12 bar.")
        folder = tmp_path / "papers"
        folder.mkdir()
        self.document = self.result(lambda: self.services.documents.open(letter)).id
        store = self.services.store

        def fill() -> None:
            self.space = store.items.add("space", "Matter 12").id
            self.item = store.items.add("chat", "A chat").id
            store.items.place(self.item, space=self.space)
            self.message = store.messages.add(
                self.item, parent=None, role=Role.USER, parts=[TextPart("When?")], status=Status.COMPLETE
            ).id
            store.documents.link(self.item, [self.document])

        self.do(fill)
        self.folder = self.do(lambda: store.collections.add(name="papers", path=folder, watched=False)).id

    def do(self, fn):
        return self.services.service_thread.call(fn)

    def result(self, begin):
        return result_of(self.services, begin)

    def everything(self) -> list:
        rows = ("items", "messages", "documents", "pages", "passages", "collections", "item_documents")
        return [
            [tuple(row) for row in self.do(lambda name=name: self.services.store.database.rows(
                f"select {'id' if name in ('items', 'messages', 'documents', 'collections') else '*'} from {name}"))]
            for name in rows
        ]  # fmt: skip


@pytest.fixture
def desk(home, tmp_path):
    it = Desk(tmp_path)
    yield it
    it.services.close()


def for_good(desk: Desk) -> None:
    desk.do(lambda: desk.services.history.delete_for_good(desk.item))


def empty_trash(desk: Desk) -> None:
    desk.do(lambda: desk.services.history.trash(desk.item))
    if desk.item not in desk.do(desk.services.history.empty_trash).ids:
        raise KnownError("hold.item", name="A chat", who="you")


def sweep(desk: Desk) -> None:
    run, then = desk.services.store.database.run, (time.time() - 100 * DAY_S,)
    desk.do(lambda: run("update items set updated = ?1, arrived = ?1", then))
    desk.do(lambda: run("update documents set opened = ?", then))
    desk.do(lambda: desk.services.retention.add_rule("", days=90, then=Then.DELETE))
    desk.do(lambda: desk.services.retention.add_rule("document", days=90, then=Then.DELETE))
    if not desk.result(desk.services.retention.run).deleted:
        raise KnownError("hold.item", name="A chat", who="you")


def forget_document(desk: Desk) -> None:
    desk.result(lambda: desk.services.documents.forget(desk.document))


def forget_folder(desk: Desk) -> None:
    desk.result(lambda: desk.services.collections.forget(desk.folder))


def delete_message(desk: Desk) -> None:
    desk.do(lambda: desk.services.chats.edits.delete(desk.message, alone=True))


def out_of_the_space(desk: Desk) -> None:
    desk.do(lambda: desk.services.chats.places.change([desk.item], space=""))


def restored(desk: Desk) -> None:
    target = desk.tmp_path / "copy.sqlite3"
    target.unlink(missing_ok=True)
    desk.result(lambda: desk.services.backups.make(target))
    result = desk.result(lambda: desk.services.backups.restore(target))
    if getattr(result, "code", ""):
        raise KnownError(result.code, **result.args)


def restored_by_a_command(desk: Desk) -> None:
    target = desk.tmp_path / "copy.sqlite3"
    target.unlink(missing_ok=True)
    desk.result(lambda: desk.services.backups.make(target))
    paths = desk.services.paths
    desk.services.close()
    try:
        restore_backup(paths, target)
    finally:
        desk.services = open_echo()


OF_ITEMS = [for_good, empty_trash, sweep, forget_document, delete_message, restored, restored_by_a_command]
WAYS = [
    *[("item", way) for way in OF_ITEMS],
    *[("space", way) for way in (*OF_ITEMS, out_of_the_space)],
    *[("document", way) for way in (forget_document, restored)],
    *[("folder", way) for way in (forget_folder, restored)],
    *[("", way) for way in (*OF_ITEMS, forget_folder)],
]


@pytest.mark.parametrize(("what", "way"), WAYS)
def test_what_is_held_stays_and_goes_when_it_is_released(desk, what, way):
    target = getattr(desk, what) if what else ""
    hold = desk.do(lambda: desk.services.retention.hold(target, reason="a case"))
    before = desk.everything()
    with pytest.raises(KnownError, match=r"hold\."):
        way(desk)
    assert desk.everything() == before
    desk.do(lambda: desk.services.retention.release(hold.id))
    way(desk) if way is not restored else None  # the control: now it is possible


def test_a_hold_is_told_and_set_once(desk):
    first = desk.do(lambda: desk.services.retention.hold(desk.item[:8], reason=" a case "))
    assert (first.target, first.reason) == (desk.item, "a case")
    assert desk.do(lambda: desk.services.retention.hold(desk.item)) == first
    assert desk.do(lambda: desk.services.retention.hold_on(desk.item)) == first
    with pytest.raises(KnownError, match=r"item\.unknown"):
        desk.do(lambda: desk.services.retention.hold("ffff"))
    with pytest.raises(KnownError, match=r"hold\.unknown"):
        desk.do(lambda: desk.services.retention.release("ffff"))
    desk.do(lambda: desk.services.retention.release(first.id))
    assert desk.do(lambda: desk.services.retention.hold_on(desk.item)) is None


@pytest.mark.parametrize("place", ["message", "draft"])
@pytest.mark.parametrize("what", ["item", "space"])
def test_a_document_attached_to_what_is_held_stays(desk, tmp_path, place, what):
    file = tmp_path / "contract.txt"
    file.write_text("It ends in May.")
    attached = desk.result(lambda: desk.services.documents.open(file)).id
    other = tmp_path / "other.txt"
    other.write_text("It ends in June.")
    free = desk.result(lambda: desk.services.documents.open(other)).id
    store = desk.services.store

    def attach() -> None:
        if place == "draft":
            desk.services.chats.keep_draft(desk.item, "", [{"document": attached, "name": "contract.txt"}])
        else:
            contract = AttachmentPart("It ends in May.", Origin.DOCUMENT, Attached("contract.txt", document=attached))
            store.messages.add(
                desk.item, parent=None, role=Role.USER, parts=[contract, TextPart("When?")], status=Status.COMPLETE
            )
        store.documents.change(attached, collection=desk.folder, opened=0.0)

    desk.do(attach)
    assert (desk.item, attached) in desk.do(store.documents.uses), "the control: it is attached"
    hold = desk.do(lambda: desk.services.retention.hold(getattr(desk, what)))
    before = desk.everything()
    with pytest.raises(KnownError, match=r"hold\.folder"):
        forget_folder(desk)
    with pytest.raises(KnownError, match=r"hold\.document"):
        desk.result(lambda: desk.services.documents.forget(attached, with_folder=True))
    assert desk.everything() == before
    desk.result(lambda: desk.services.documents.forget(free))
    desk.do(lambda: desk.services.retention.release(hold.id))
    forget_folder(desk)


@pytest.mark.parametrize("late", [False, True], ids=["in this instance", "by another, at the end"])
def test_a_hold_set_while_a_document_is_forgotten_leaves_it_whole(desk, tmp_path, late):
    file = tmp_path / "long.txt"
    file.write_text("\n\n".join(f"Paragraph {n}. " + "word and word. " * 80 for n in range(600)))
    id = desk.result(lambda: desk.services.documents.open(file)).id
    store, documents = desk.services.store, desk.services.documents

    def state() -> tuple:
        return desk.do(
            lambda: (
                store.documents.get(id).status,
                [one.text for one in store.passages.of_document(id)],
                [one.text for one in store.pages.of_document(id, limit=10_000)],
                [hit.document for hit in documents.search("paragraph", 1)],
            )
        )

    before = state()
    assert len(before[1]) > 300, "the control: it goes in several pieces"
    ended: list = []

    def begin() -> None:
        documents.forget(id).then(ended.append)
        if not late:
            desk.services.retention.hold(id)

    if late:
        forget_some = store.passages.forget_some

        def last(document: str) -> bool:
            more = forget_some(document)
            if not more and not ended and not store.holds.all():
                desk.services.retention.hold(id)
            return more

        store.passages.forget_some = last
    desk.do(begin)
    while not ended:
        time.sleep(0.01)
    assert ended[0].code == "hold.document"
    assert state() == before
    assert [one.id for one in desk.do(documents.recent)][:1] == [id]
    hold = desk.do(desk.services.retention.holds)[0]
    desk.do(lambda: desk.services.retention.release(hold.id))
    assert desk.result(lambda: documents.forget(id)).id == id, "the control: released, it goes"
