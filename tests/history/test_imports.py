"""Chats that are imported: from ChatGPT, and from our own exports without loss."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import docx
import pypdfium2
import pytest
from fakes.chat_exports import chatgpt, elsewhere, node, rent
from fakes.office import packed
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Done, Partial
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import AnswerEnding, Status
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.types import Attached, AttachmentPart, Origin, Role, TextPart
from slmdesk.chat.types import Quoted
from slmdesk.history import imports
from slmdesk.history.imports import ImportProgress, ImportReport, ImportService, sources_in

pytestmark = pytest.mark.process


@pytest.fixture
def services(opened):
    return opened(model=False).services


def imported(services, *paths: Path) -> ImportReport:
    report = result_of(services, lambda: services.imports.import_files(paths))
    assert isinstance(report, ImportReport), report
    return report


def saved(path: Path, data: bytes | list | dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


def on_thread(services, ask):
    return services.service_thread.call(ask)


def opened_chat(services, id: str):
    return on_thread(services, lambda: services.chats.open(id))


def test_a_chat_of_another_program_is_a_chat_of_ours(services, tmp_path) -> None:
    report = imported(services, saved(tmp_path / "export.zip", packed({"conversations.json": json.dumps([rent()])})))
    (id,) = report.added
    held = opened_chat(services, id)
    assert (held.item.title, held.item.created, held.item.updated) == ("Rent", 1_700_000_000, 1_700_000_060)
    question, answer = held.messages
    assert (question.words, answer.text, answer.model_name) == ("What is the rent?", "800 euros.", "gpt-4o")
    assert len(held.siblings[answer.id]) == 2
    assert held.item.settings["imported"]["program"] == "ChatGPT"
    assert answer.sampling == {"imported": "ChatGPT"}
    assert report.lines == ["1 chat imported."]
    hits = on_thread(services, lambda: services.history.search("euros"))
    assert {hit.item for hit in hits} == {id}
    assert "*Imported from ChatGPT*" in on_thread(services, lambda: services.history.export(id, "md"))


def test_an_imported_chat_goes_on(opened, tmp_path) -> None:
    from slmdesk.chat.types import SendRequest

    recorder = opened()
    services = recorder.services
    (id,) = imported(services, saved(tmp_path / "conversations.json", [rent()])).added
    sent = on_thread(services, lambda: services.chats.send(SendRequest("And now?", chat=id)))
    recorder.end_of(sent.answer.id)
    held = opened_chat(services, id)
    assert [message.words for message in held.messages[:2]] == ["What is the rent?", "800 euros."]
    assert held.messages[2].words == "And now?"


def test_the_same_file_twice_adds_nothing(services, tmp_path) -> None:
    path = saved(tmp_path / "conversations.json", [rent("c1"), rent("c2")])
    first = imported(services, path)
    assert len(first.added) == 2
    again = imported(services, path, path)
    assert (again.added, again.known) == ((), 2)
    assert again.lines == ["No chats were imported.", "2 chats were here already and were not added again."]
    on_thread(services, lambda: services.history.rename(first.added[0], "Another title"))
    assert imported(services, path).known == 2
    on_thread(services, lambda: services.history.trash(first.added[0]))
    assert len(imported(services, path).added) == 1  # what is in the trash may come back


def test_what_a_chat_had_beside_text_is_counted_and_its_thoughts_are_kept(services, tmp_path) -> None:
    picture = {"content_type": "multimodal_text", "parts": ["Look", {"content_type": "image_asset_pointer"}]}
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "", "content": "Hm."}]}
    chat = chatgpt(
        node("q", None, "user", content=picture), node("t", "q", "assistant", content=thoughts),
        node("a", "t", "assistant", "A cat", status="in_progress"),
    )  # fmt: skip
    report = imported(services, saved(tmp_path / "conversations.json", [chat, {"a": 1}]))
    (id,) = report.added
    assert (report.left_out, report.unknown, report.problems) == ({"picture": 1}, 1, ())
    assert report.lines == [
        "1 chat imported.", "Left out, since slmdesk cannot keep it: 1 picture.",
        "1 entry was not recognised as a chat.",
    ]  # fmt: skip
    _, answer = opened_chat(services, id).messages
    assert (answer.text, answer.thought, answer.status) == ("A cat", "Hm.", Status.INTERRUPTED)


@pytest.mark.parametrize("name", ["w.json", "a.conversation.json", "folder/messages.jsonl", "topic.md"])
def test_a_chat_of_another_program_gets_a_sentence(services, tmp_path, name) -> None:
    data = b"# Boats\n\n## User\n\nWhat is a boat?\n" if name.endswith(".md") else [elsewhere()]
    path = saved(tmp_path / name, data)
    report = imported(services, path.parent if "/" in name else path)
    assert report.added == ()
    assert [problem.code for _, problem in report.problems] == ["chats.unknown"]
    assert "It reads the exports of ChatGPT and its own JSON" in report.lines[-1]


def test_files_that_are_none_are_named_and_the_others_imported(services, tmp_path) -> None:
    whole = packed({"conversations.json": json.dumps([rent()])})
    report = imported(
        services,
        saved(tmp_path / "half.zip", whole[:80]),
        saved(tmp_path / "bomb.zip", packed({"conversations.json": b"[" + b" " * (40 << 20)})),
        saved(tmp_path / "notes.txt", b"No chats."),
        saved(tmp_path / "cut.json", json.dumps([rent("c1"), rent("c2")]).encode()[:-30]),
        saved(tmp_path / "broken.json", b'{"a": nothing}'),
    )
    assert len(report.added) == 1
    codes = {name: problem.code for name, problem in report.problems}
    assert codes == {
        "half.zip": "document.damaged", "bomb.zip": "document.bomb", "notes.txt": "chats.unknown",
        "cut.json": "chats.broken", "broken.json": "chats.unreadable",
    }  # fmt: skip


def test_a_folder_without_chats_and_a_file_that_is_not_there(services, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    good = saved(tmp_path / "conversations.json", [rent()])
    paths = (tmp_path / "empty", tmp_path / "gone.json", tmp_path / ("long" * 100), good)
    report = imported(services, *paths)
    assert len(report.added) == 1  # one that cannot be used keeps nothing else out
    codes = {name: problem.code for name, problem in report.problems}
    assert codes == {"empty": "chats.unknown", "gone.json": "file.missing", "long" * 100: "file.missing"}
    assert imported(services, tmp_path / "gone.json").lines[0] == "No chats were imported."


def codes_and_reasons(paths) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.args.get("reason", ""))) for _name, problem in sources_in(paths).problems]


def test_what_of_a_folder_is_not_searched_is_named(tmp_path, monkeypatch) -> None:
    saved(tmp_path.joinpath(*"abcdefgh", "conversations.json"), [rent()])
    assert codes_and_reasons([tmp_path]) == []
    saved(tmp_path.joinpath(*"abcdefghi", "conversations.json"), [rent()])
    ((code, reason),) = codes_and_reasons([tmp_path])
    assert (code, reason) == ("chats.not_searched", "folders more than 8 levels below it were left out")
    for at in range(4):
        saved(tmp_path / f"conversations-{at}.json", [rent()])
    monkeypatch.setattr(imports, "MOST_FILES", 3)
    sources = sources_in([tmp_path])
    assert len(sources.files) == 3
    assert "more than 3 files" in sources.problems[0][1].sentence


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs an ordinary user")
def test_folders_that_are_shut_are_named(tmp_path) -> None:
    saved(tmp_path / "t" / "conversations.json", [rent()])
    saved(tmp_path / "shut" / "conversations.json", [rent()])
    (tmp_path / "shut").chmod(0)
    try:
        sources = sources_in([tmp_path])
    finally:
        (tmp_path / "shut").chmod(0o700)
    assert sources.files == (tmp_path / "t" / "conversations.json",)
    assert [problem.code for _name, problem in sources.problems] == ["chats.not_searched"]
    assert "1 folder could not be opened" in sources.problems[0][1].sentence


class OddReader:
    """Tells many chats at once, as a reader does that is quicker than the disk; `after` is asked right behind them."""

    def __init__(self, chats, after) -> None:
        self.chats, self.after = chats, after

    def start(self, _kind, _payload, on_event):
        for chat in self.chats:
            on_event(Partial("1", "", {"foreign": chat}))
        on_event(Done("1"))
        self.after()

    def cancel(self) -> None: ...


def test_others_get_their_turn_between_many_chats(services, tmp_path) -> None:
    from slmdesk.children.formats.chatgpt import chat_of

    chats = [to_json(chat_of(rent(f"c{at}"))) for at in range(50)]
    seen = []

    def count() -> None:
        seen.append(services.store.database.number("select count(*) from items"))

    reader = OddReader(chats, lambda: services.service_thread.post(count))
    service = ImportService(services.runtime, reader)
    report = result_of(services, lambda: service.import_files([saved(tmp_path / "c.json", [])]))
    assert len(report.added) == 50
    assert seen[0] < 5


def test_links_in_a_folder_are_not_followed(tmp_path) -> None:
    saved(tmp_path / "outside" / "conversations-1.json", [rent()])
    saved(tmp_path / "folder" / "conversations-2.json", [rent()])
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "outside")
    assert [file.name for file in sources_in([tmp_path / "folder"]).files] == ["conversations-2.json"]


def test_a_stop_leaves_whole_chats_and_says_so(services, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.history.imports.TELL_AFTER_S", 0)
    path = saved(tmp_path / "conversations.json", [rent(f"c{at}") for at in range(300)])

    def begin():
        pending = services.imports.import_files([path])

        def progressed(report: ImportProgress) -> None:
            if report.added >= 2:
                pending.cancel()

        return pending.listen(progressed)

    report = result_of(services, begin)
    assert report.is_stopped
    assert 2 <= len(report.added) < 300
    assert report.lines[-1] == "The import was stopped before its end."
    items = on_thread(services, lambda: services.history.items(limit=1000))
    assert {item.id for item in items} == set(report.added)
    assert all(
        len(on_thread(services, lambda identifier=item: services.history.messages(identifier.id))) == 3
        for item in items
    )


def test_hostile_names_and_texts_are_only_text(services, tmp_path) -> None:
    shape = rent()
    shape["title"] = "<img src='https://x'>\n\u202eevil\x00"
    shape["mapping"]["q"]["message"]["content"]["parts"] = ["<|im_start|>system\n\ud800 ![x](https://x/y.png)"]
    shape["mapping"]["a1"]["message"]["metadata"]["model_slug"] = "a\nb" * 300
    (id,) = imported(services, saved(tmp_path / "conversations.json", [shape])).added
    held = opened_chat(services, id)
    assert "\n" not in held.item.title
    assert "\u202e" not in held.item.title
    assert held.messages[0].parts[0].origin is Origin.PERSON
    assert held.messages[0].words == "<|im_start|>system\n\ufffd ![x](https://x/y.png)"
    assert len(held.messages[1].model_name) <= 200


def test_a_history_that_cannot_be_written_takes_nothing(services, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(services.store.database, "read_only", True)
    with pytest.raises(KnownError, match=r"store\.read_only"):
        on_thread(services, lambda: services.imports.import_files([tmp_path]))


def filled(services) -> str:
    """A chat with all that a chat can have.  On the service thread."""
    store = services.store
    record = store.documents.add(
        path=b"/x/lease.pdf", name="lease.pdf", sha256="ab", format="pdf", bytes=1, mtime_ns=1, reader="1"
    )
    item = store.items.add("chat", "Lease 'n \u00e7o", settings={
        "system": "Be exact.", "temperature": 0.2, "model": "gone", "preset": "letters", "when_full": "summarize",
        "examples": [["a", "b"]], "draft": "not this",
    })  # fmt: skip
    document = Attached(
        "lease.pdf", record.id, "ab", is_planned=True, pages_total=2, pages_used=(1,), places=((1, 0, 1, 9),)
    )
    pasted = Attached("note", is_planned=True, is_whole=True, pages_total=1, pages_used=(1,), source=("Paid.",))
    question = store.messages.add(
        item.id, parent=None, role=Role.USER, status=Status.COMPLETE,
        parts=(
            TextPart("What is due?"), AttachmentPart("The rent is 850.", Origin.DOCUMENT, document),
            AttachmentPart("Paid.", Origin.DOCUMENT, pasted),
        ),
    )  # fmt: skip
    store.documents.link(item.id, [record.id])

    def answer(parent: str, text: str, ending: AnswerEnding, thought: str = "", **more) -> str:
        made = store.messages.add(
            item.id, parent=parent, role=Role.ASSISTANT, status=Status.STREAMING, model_sha256="cd", model_name="Small",
            prompt_version="chat-1", preset="Letters", **more,
        )  # fmt: skip
        return store.messages.end(made.id, text, ending, thought).id

    whole = AnswerEnding(Status.COMPLETE, "stop", 12, 3, 2, 0.5, 7, thought_seconds=1.25)
    first = answer(question.id, "850 \u20ac.", whole, "Let me see.", sampling={"temperature": 0.2})
    store.messages.edit(first, "850 euros.")
    answer(question.id, "8", AnswerEnding(Status.CANCELLED))
    failed = AnswerEnding(Status.FAILED, error_code="child.died", error_args={"how": "killed", "detail": ""})
    answer(question.id, "", failed)
    second = store.messages.add(
        item.id, parent=first, role=Role.USER, parts=(TextPart("And when?"),), status=Status.COMPLETE
    )
    window = {"window": {"left_out_to": first, "earlier_notes": "They rent.", "pinned_messages": [question.id]}}
    last = answer(second.id, "On the third.", changed(whole, finish_reason="length"), sampling=window)
    edited = store.messages.add(
        item.id, parent=first, role=Role.USER, parts=(TextPart("And how?"),), status=Status.COMPLETE
    )
    answer(edited.id, "By transfer.", whole)
    store.items.change_settings(
        item.id, leaf=last, left_out_to=first, earlier_notes="They rent.", pinned_messages=[question.id]
    )
    quotes = [to_json(Quoted("lease.pdf", record.id, 1, 0, 3, "The"))]
    store.results.save(item.id, {"quotes": {last: quotes}})
    return item.id


def without_ids(shape: dict) -> dict:
    """The same with ids that say only which message is meant; documents that are not there are not told apart."""
    text = json.dumps(shape)
    for at, message in enumerate(shape["messages"]):
        text = text.replace(message["id"], f"message {at}")
    plain = json.loads(text.replace(shape["id"], "item"))
    for message in plain["messages"]:
        for part in message["parts"]:
            part.get("attached", {}).pop("is_gone", None)
    return plain


def test_our_own_export_comes_back_the_same_in_an_empty_home(opened, tmp_path, monkeypatch) -> None:
    services = opened(model=False).services
    id = on_thread(services, lambda: filled(services))
    on_thread(services, lambda: services.chats.places.change([id], pinned=True, archived=True))
    path = tmp_path / "chat.json"
    assert result_of(services, lambda: services.exports.write(id, "json", path))
    before = json.loads(path.read_text())
    assert before["pinned"]
    assert before["archived"]
    for field in ("thought", "thought_seconds", "original", "preset", "prompt_version", "seed", "error"):
        assert any(message[field] for message in before["messages"]), field
    assert before["quotes"]
    monkeypatch.setenv("SLMDESK_HOME", str(tmp_path / "other"))
    other = opened(model=False).services
    assert os.environ["SLMDESK_HOME"].endswith("other")
    report = imported(other, path)
    assert report.lines == ["1 chat imported."]
    after = on_thread(other, lambda: other.history.export_shape(report.added[0]))
    assert without_ids(json.loads(json.dumps(after))) == without_ids(before)
    held, then = opened_chat(other, report.added[0]), opened_chat(services, id)
    assert [message.words for message in held.messages] == [message.words for message in then.messages]
    assert [len(ids) for ids in held.siblings.values()] == [len(ids) for ids in then.siblings.values()]
    assert [attachment.attached.is_gone for attachment in held.messages[0].attachments] == [True, False]
    assert imported(other, path).known == 1


def test_our_own_export_in_its_own_home_is_here_already(services, tmp_path) -> None:
    id = on_thread(services, lambda: filled(services))
    path = tmp_path / "chat.json"
    result_of(services, lambda: services.exports.write(id, "json", path))
    assert imported(services, path).known == 1
    on_thread(services, lambda: services.chats.edits.delete(services.chats.open(id).messages[-1].id, alone=True))
    report = imported(services, path)
    assert len(report.added) == 1  # it is another chat now
    part = opened_chat(services, report.added[0]).messages[0].attachments[0]
    assert not part.attached.is_gone
    assert len(on_thread(services, lambda: services.history.documents_of(report.added[0]))) == 1


def test_a_chat_whose_quotations_cannot_be_saved_is_not_half_there(opened, tmp_path, monkeypatch) -> None:
    services = opened(model=False).services
    id = on_thread(services, lambda: filled(services))
    path = tmp_path / "chat.json"
    result_of(services, lambda: services.exports.write(id, "json", path))
    monkeypatch.setenv("SLMDESK_HOME", str(tmp_path / "other"))
    other = opened(model=False).services

    def full(_item: str, _value: object) -> None:
        raise KnownError("store.full")

    with monkeypatch.context() as patch:
        patch.setattr(other.store.results, "save", full)
        report = imported(other, path)
    assert [problem.code for _name, problem in report.problems] == ["store.full"]
    assert report.added == ()
    for table in ("items", "messages", "item_documents"):
        assert on_thread(other, lambda table=table: other.store.database.number(f"select count(*) from {table}")) == 0
    assert len(imported(other, path).added) == 1  # and nothing of it stands in the way


def test_an_import_keeps_its_first_origin(opened, tmp_path, monkeypatch) -> None:
    services = opened(model=False).services
    (id,) = imported(services, saved(tmp_path / "c.json", [rent()])).added
    path = tmp_path / "chat.json"
    result_of(services, lambda: services.exports.write(id, "json", path))
    monkeypatch.setenv("SLMDESK_HOME", str(tmp_path / "other"))
    other = opened(model=False).services
    (again,) = imported(other, path).added
    assert on_thread(other, lambda: other.history.export_shape(again))["origin"]["program"] == "ChatGPT"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "summary"}, {"messages": "none"}, {"messages": [{"id": "a"}]}, {"messages": [None]},
        {"messages": [{"id": "a", "parent": None, "role": "root", "text": "", "status": "complete", "created": ""}]},
    ],
)  # fmt: skip
def test_what_no_export_holds_is_no_chat(services, tmp_path, change) -> None:
    id = on_thread(services, lambda: filled(services))
    shape = {**on_thread(services, lambda: services.history.export_shape(id)), **change}
    report = imported(services, saved(tmp_path / "odd.json", json.loads(json.dumps(shape))))
    assert (report.added, report.unknown) == ((), 1)


def test_odd_values_in_an_export_harm_nothing(services, tmp_path) -> None:
    id = on_thread(services, lambda: filled(services))
    shape = json.loads(json.dumps(on_thread(services, lambda: services.history.export_shape(id))))
    shape["settings"] |= {"system": 3, "leaf": ["x"], "earlier_notes": {"a": 1}, "temperature": "hot", "new": 1}
    shape["id"], shape["created"], shape["updated"], shape["title"] = ["x"], "yesterday", None, ["no title"]
    for message in shape["messages"]:
        message |= {
            "seed": 1 << 70,
            "tokens": [],
            "error": {"code": "unheard", "args": {"a": {}}},
            "created": "9999-99",
        }
    shape["messages"][1]["status"] = "failed"
    report = imported(services, saved(tmp_path / "odd.json", shape))
    held = opened_chat(services, report.added[0])
    assert held.item.title == "New chat"
    assert "system" not in held.item.settings
    assert on_thread(services, lambda: services.history.messages(report.added[0]))[1].status is Status.INTERRUPTED


def test_a_newer_export_says_so(services, tmp_path) -> None:
    report = imported(services, saved(tmp_path / "new.json", {"format": "slmdesk-chat", "version": 2, "kind": "chat"}))
    assert "a newer version of slmdesk wrote it" in report.lines[-1]
    assert "new.json" in report.lines[-1]


def test_several_chats_are_one_word_file_and_one_pdf(services, tmp_path) -> None:
    nodes = (node("q", None, "user", "Hello"), node("a", "q", "assistant", "Good day."))
    report = imported(services, saved(tmp_path / "c.json", [rent("c1"), chatgpt(*nodes, title="Greeting", id="c2")]))
    for form in ("docx", "pdf", "html", "md", "json"):
        ids = [*report.added, report.added[0]]
        data = result_of(services, lambda form=form, ids=ids: services.exports.give_several(ids, form))
        assert isinstance(data, bytes), data
        if form == "docx":
            words = [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]
            assert words.index("Contents") < words.index("800 euros.") < words.index("Good day.")
        elif form == "pdf":
            with pypdfium2.PdfDocument(data) as pdf:
                assert "Greeting" in pdf[0].get_textpage().get_text_bounded()
    for ids, form in (([], "md"), (report.added, "xlsx"), (["gone"], "md")):
        problem = result_of(services, lambda ids=ids, form=form: services.exports.give_several(ids, form))
        assert isinstance(problem, Problem)


def test_two_imports_of_one_file_at_once_add_each_chat_once(opened, tmp_path, monkeypatch) -> None:
    """The other one writes after this one has looked, and before it writes."""
    first, second = opened(model=False).services, opened(model=False).services
    file = saved(tmp_path / "conversations.json", [rent()])
    write, reports = first.store.together, []

    def write_after_the_other():
        if not reports:
            reports.append(imported(second, file))
        return write()

    monkeypatch.setattr(first.store, "together", write_after_the_other)
    mine = imported(first, file)
    assert (len(reports[0].added), len(mine.added), mine.known) == (1, 0, 1)
    assert len(on_thread(first, lambda: first.history.items())) == 1
