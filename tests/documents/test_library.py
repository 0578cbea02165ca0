"""Documents on the app: read once, kept, taken up again, read again when changed; a dead reader ends one of them."""

from __future__ import annotations

import email
import email.message
import email.policy
import queue
import sys
from pathlib import Path

import pytest
from fakes.einvoices import ubl
from fakes.recorder import ECHO, Recorder, result_of

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.records import DocumentStatus
from slmdesk.base.runtime.events import DocumentChanged, DocumentGone, DocumentProgress
from slmdesk.base.runtime.messages import Problem
from slmdesk.documents.types import file_of, info_of, parent_of
from slmdesk.services import COMMANDS, open_services

pytestmark = pytest.mark.process

FAKE_READER = """
import json, os, sys, threading, time
def send(**shape):
    sys.stdout.write(json.dumps(shape) + "\\n"); sys.stdout.flush()
send(type="hello", version=1, role="reader", capabilities=["read", "page_image"], pid=os.getpid())
def beat():
    while True:
        send(type="heartbeat", work=int(time.time() * 10), busy=True); time.sleep(0.5)
threading.Thread(target=beat, daemon=True).start()
for line in sys.stdin:
    told = json.loads(line)
    if told["type"] == "cancel":
        send(type="cancelled", job=told["job"])
    if told["type"] != "start":
        continue
    name = os.path.basename(told["payload"]["path"])
    blocks = [dict(kind="paragraph", start=0, end=12)]
    page = dict(number=1, label="1", text="secret words", status="read", blocks=blocks)
    if name.startswith("deadly"):
        send(type="partial", job=told["job"], key="1", value=page); os._exit(3)
    if name.startswith("odd"):
        blocks = [dict(kind="paragraph", start=0, end=99), dict(kind="paragraph", start=5, end=2)]
        send(type="partial", job=told["job"], key="1", value=dict(page, text="a\\ud800b", blocks=blocks))
        send(type="partial", job=told["job"], key="2", value=dict(page, number=-1))
        send(type="partial", job=told["job"], key="3", value=dict(page, number="x"))
    if name.startswith("scan"):
        known = told["payload"].get("recognised", [])
        for number in (1, 2, 3):
            if number in known:
                value = dict(page, number=number, text="", blocks=[], reason="recognised before")
            elif number == 3 and not known:
                break
            else:
                whole = [dict(kind="paragraph", start=0, end=13)]
                value = dict(page, number=number, text=f"secret page {number}", reason="by OCR, 94 %", blocks=whole)
            send(type="progress", job=told["job"], done=number, total=4, unit="page")
            send(type="partial", job=told["job"], key=str(number), value=value)
        else:
            send(type="done", job=told["job"], result=dict(format="pdf", pages=3))
        continue
    if name.startswith("slow"):
        send(type="partial", job=told["job"], key="1", value=page)
        continue
    if name.startswith("locked"):
        if told["payload"].get("password") != "open sesame":
            code = "document.wrong_password" if told["payload"].get("password") else "document.locked"
            send(type="failed", job=told["job"], code=code, args={"path": name}); continue
        send(type="partial", job=told["job"], key="1", value=page)
    if told["kind"] == "page_image" and told["payload"]["number"] == 13:
        os._exit(3)
    if told["kind"] == "page_image":
        width = told["payload"]["width"]
        send(type="done", job=told["job"], result=dict(png="UE5H", width=width, height=7, boxes=[[[0, 0, 1, 0.5]]]))
        continue
    send(type="done", job=told["job"], result=dict(format="txt", pages=1))
"""


@pytest.fixture
def services():
    opened = open_services(find_paths(), commands=COMMANDS | {"engine": ECHO})
    yield opened
    opened.close()


@pytest.fixture
def faked(tmp_path):
    """Services whose reader does as it is told by the file's name."""
    script = tmp_path / "reader.py"
    script.write_text(FAKE_READER)
    opened = open_services(find_paths(), commands={"engine": ECHO, "reader": [sys.executable, str(script)]})
    yield opened
    opened.close()


def test_a_reader_without_end_leaves_nothing(tmp_path, monkeypatch):
    """Pages in good order, more of them than such a file can have: those that still wait are not even stored."""
    monkeypatch.setattr("slmdesk.documents.reading.KEEP_GAP_S", 1e9)
    path = write(tmp_path / "note.txt", "words")
    fake = str(Path(__file__).resolve().parents[1] / "fakes" / "endless_child.py")
    commands = COMMANDS | {"engine": ECHO, "reader": [sys.executable, fake, "full pages", "reader"]}
    services = open_services(find_paths(), commands=commands)
    try:
        problem = opened(services, path)
        assert problem.code == "document.reader_died"
        assert "sent more than such a file holds" in problem.sentence
        (record,) = services.service_thread.call(services.documents.recent)
        assert record.status is DocumentStatus.FAILED
        assert texts(services, record) == []
        assert services.service_thread.call(lambda: services.store.passages.count([record.id])) == (0, 0)
        kept = [file.stat().st_size for file in find_paths().data.rglob("*") if file.is_file()]
        assert sum(kept) < 8 << 20, "half of what came before its end was seen"
    finally:
        services.close()


def opened(services, path, **request):
    return result_of(services, lambda: services.documents.open(path, **request))


def texts(services, record):
    return [page.text for page in services.service_thread.call(lambda: services.documents.pages(record.id))]


def write(path, *pages):
    path.write_text("\f".join(pages), encoding="utf-8")
    return path


def test_a_document_is_read_once_and_taken_up_at_the_next_opening(services, tmp_path, monkeypatch):
    recorder = Recorder(services)
    path = write(tmp_path / "note.txt", "The pump stops at 12 bar.", "", "The valve opens.")
    first = opened(services, path)
    assert (first.status, first.pages, first.format) == (DocumentStatus.READ, 3, "txt")
    assert info_of(first).pages == 3
    assert texts(services, first)[::2] == ["The pump stops at 12 bar.", "The valve opens."]
    progress = recorder.of(DocumentProgress)
    assert progress[-1].done == 3
    assert [change.document.status for change in recorder.of(DocumentChanged)] == ["reading", "read"]
    passages = services.service_thread.call(lambda: services.store.passages.find(["pump"], [first.id]))
    assert passages[0].page == 1
    begin = len(recorder.events)
    again = opened(services, path)
    assert again.id == first.id
    assert again.opened > first.opened
    assert not recorder.of(DocumentProgress, begin), "it was read again"
    assert opened(services, path, force=True).id == first.id
    assert recorder.of(DocumentProgress, begin)
    assert [document.id for document in services.service_thread.call(services.documents.recent)] == [first.id]
    info = first.info | {"notes": [Note.OCR_MISSING]}  # text recognition may have been installed since
    services.service_thread.call(lambda: services.store.documents.change(first.id, info=info))
    begin = len(recorder.events)
    for is_here in (False, True):
        monkeypatch.setattr("slmdesk.documents.service.find_spec", lambda _name, is_here=is_here: is_here or None)
        assert bool(info_of(opened(services, path)).notes) is not is_here
        assert bool(recorder.of(DocumentProgress, begin)) is is_here


def test_a_changed_file_is_told_and_read_again_under_the_same_id(services, tmp_path):
    recorder = Recorder(services)
    path = write(tmp_path / "note.txt", "one", "two", "three")
    first = opened(services, path)
    assert result_of(services, lambda: services.documents.check(first.id)) is True
    write(path, "one", "zwei")
    assert result_of(services, lambda: services.documents.check(first.id)) is False
    second = opened(services, path)
    assert (second.id, second.pages) == (first.id, 2)
    assert texts(services, second) == ["one", "zwei"]
    assert recorder.of(DocumentChanged)[-1].was_changed
    assert services.service_thread.call(lambda: services.store.passages.find(["three"], [first.id])) == []
    assert services.service_thread.call(lambda: services.store.passages.find(["zwei"], [first.id]))
    path.unlink()
    gone = result_of(services, lambda: services.documents.check(first.id))
    assert gone.code == "file.missing"
    assert opened(services, path).code == "file.missing"
    assert services.service_thread.call(lambda: services.documents.document(first.id)).status == DocumentStatus.READ


def test_a_copy_beside_a_file_is_a_document_of_its_own(services, tmp_path):
    folder = tmp_path / "invoices"
    folder.mkdir()
    first, copy = folder / "inv1.txt", folder / "inv2.txt"
    for path in (first, copy):
        path.write_text("Rechnung 0012345\n")
    ids = [opened(services, path).id for path in (first, copy, first, copy)]
    assert ids[:2] == ids[2:]
    assert [document.name for document in services.call.documents.recent(9)] == ["inv2.txt", "inv1.txt"]
    read = result_of(services, lambda: services.documents.read_folder(folder, 9))
    assert len(read.documents) == read.total == 2


def test_a_copy_is_opened_as_the_document_in_the_list_unless_it_has_changed(services, tmp_path):
    first, copy = write(tmp_path / "note.txt", "words"), write(tmp_path / "copy.txt", "words")
    known = opened(services, first)
    again = opened(services, copy, by_content=True)
    assert (again.id, again.name, file_of(again)) == (known.id, "note.txt", first)
    write(copy, "other words")
    assert opened(services, copy, by_content=True).id != known.id
    paths = [write(tmp_path / f"{name}.txt", *map(str, range(300))) for name in "ab"]
    answers = queue.SimpleQueue()
    both = lambda: [services.documents.open(path, by_content=True).then(answers.put) for path in paths]  # noqa: E731
    services.service_thread.call(both)
    assert answers.get(timeout=120).id == answers.get(timeout=40).id


def test_a_moved_file_is_known_by_its_bytes(services, tmp_path):
    path = write(tmp_path / "note.txt", "words")
    first = opened(services, path)
    moved = path.rename(tmp_path / "moved.txt")
    again = opened(services, moved)
    assert (again.id, again.name) == (first.id, "moved.txt")


def test_two_requests_for_one_document_read_it_once(services, tmp_path):
    recorder = Recorder(services)
    path = write(tmp_path / "note.txt", *(f"page {number}" for number in range(300)))
    answers = queue.SimpleQueue()
    services.service_thread.call(lambda: [services.documents.open(path).then(answers.put) for _ in range(2)])
    first, second = answers.get(timeout=120), answers.get(timeout=40)
    assert (first.id, first.pages) == (second.id, 300)
    assert [change.document.status for change in recorder.of(DocumentChanged)].count("reading") == 1


def test_what_is_no_document_fails_and_the_next_is_read(services, tmp_path):
    (tmp_path / "program.txt").write_bytes(b"\x7fELF" + bytes(2000))
    assert opened(services, tmp_path / "program.txt").code == "document.binary"
    assert opened(services, tmp_path).code == "document.unreadable"
    (kept,) = services.service_thread.call(services.documents.recent)
    assert (kept.status, kept.error_code) == (DocumentStatus.FAILED, "document.binary")
    assert opened(services, write(tmp_path / "note.txt", "words")).status == DocumentStatus.READ


def test_x7_what_is_too_large_is_refused_before_a_byte_is_read(services, tmp_path):
    """Its checksum alone would take minutes."""
    path = tmp_path / "sparse.pdf"
    with path.open("wb") as file:
        file.truncate(100 << 30)
    problem = opened(services, path)
    assert problem.code == "document.too_large"
    assert "sparse.pdf" in problem.sentence


def test_a_folder_becomes_its_documents(services, tmp_path):
    folder = tmp_path / "folder"
    (folder / "deeper").mkdir(parents=True)
    for name in ("b.txt", "a.md", ".hidden.txt", "deeper/c.txt", "x.py", "y.xyz"):
        (folder / name).write_text(name)
    (folder / "e.xml").write_bytes(ubl())
    (folder / "settings.xml").write_text("<a/>")
    loose = tmp_path / "z.py"
    loose.write_text("1")
    records = result_of(services, lambda: services.documents.expand([folder, loose]))
    assert [document.name for document in records] == ["a.md", "b.txt", "c.txt", "e.xml", "z.py"]
    missing = result_of(services, lambda: services.documents.expand([tmp_path / "none.txt"]))
    assert [document.name for document in missing] == ["none.txt"], "whether it is there is said when it is opened"


def test_a_document_is_searched_and_forgotten(services, tmp_path):
    recorder = Recorder(services)
    record = opened(services, write(tmp_path / "note.txt", "The maxi-\nmum pressure", "Maximum!", "nothing"))
    search = result_of(services, lambda: services.documents.find(record.id, "maximum"))
    assert [(place.page, place.start) for place in search.places] == [(1, 4), (2, 0)]
    few = result_of(services, lambda: services.documents.find(record.id, "m", limit=2))
    assert (len(few.places), few.is_all) == (2, False)
    services.service_thread.call(lambda: services.documents.forget(record.id))
    assert recorder.wait(DocumentGone).id == record.id
    assert services.service_thread.call(services.documents.recent) == []
    with pytest.raises(KnownError, match=r"document\.unknown"):
        services.service_thread.call(lambda: services.documents.document(record.id))
    assert opened(services, tmp_path / "note.txt").id != record.id


def test_a_document_that_kills_its_reader_fails_alone(faked, tmp_path):
    recorder = Recorder(faked)
    answers = queue.SimpleQueue()
    names = ("deadly.txt", "fine.txt")
    for name in names:
        (tmp_path / name).write_text(name)
    faked.service_thread.call(lambda: [faked.documents.open(tmp_path / name).then(answers.put) for name in names])
    results = [answers.get(timeout=120) for _ in names]
    died = next(result for result in results if isinstance(result, Problem))
    assert died.code == "document.reader_died"
    assert "deadly.txt" in died.sentence
    fine = next(result for result in results if not isinstance(result, Problem))
    assert (fine.name, fine.status) == ("fine.txt", DocumentStatus.READ)
    failed = [change for change in recorder.of(DocumentChanged) if change.problem]
    assert [(change.document.name, change.problem.code) for change in failed] == [
        ("deadly.txt", "document.reader_died")
    ]


def test_a_password_is_asked_for_used_for_pictures_and_never_stored(faked, tmp_path, home):
    path = write(tmp_path / "locked.txt", "x")
    assert opened(faked, path).code == "document.locked"
    assert opened(faked, path, password="wrong").code == "document.wrong_password"
    record = opened(faked, path, password="open sesame")
    assert record.status == DocumentStatus.READ
    image = result_of(faked, lambda: faked.documents.page_image(record.id, 1, 200, marks=[(0, 6)]))
    assert (image.png, image.width, image.boxes) == (b"PNG", 200, (((0.0, 0.0, 1.0, 0.5),),))
    assert result_of(faked, lambda: faked.documents.page_image(record.id, 1, 200, marks=[(0, 6)])) is image
    faked.close()
    assert not [path for path in home.rglob("*") if path.is_file() and b"open sesame" in path.read_bytes()]


def test_a_picture_that_kills_the_reader_fails_alone(faked, tmp_path):
    record = opened(faked, write(tmp_path / "fine.txt", "x"))
    answers = queue.SimpleQueue()
    slow = write(tmp_path / "slow.txt", "y")
    recorder = Recorder(faked)
    faked.service_thread.call(lambda: faked.documents.open(slow).then(answers.put))
    recorder.wait(DocumentProgress)
    pictures = queue.SimpleQueue()
    for number in (13, 1):
        faked.service_thread.call(
            lambda number=number: faked.documents.page_image(record.id, number, 10).then(pictures.put)
        )
    recorder.wait(DocumentProgress, begin=len(recorder.events))  # the slow one is read anew, and is not to blame
    faked.service_thread.call(lambda: faked.documents.cancel(services_slow(faked)))
    assert answers.get(timeout=120).code == "document.stopped"
    ends = [pictures.get(timeout=120) for _ in range(2)]
    assert sorted(getattr(end, "code", "made") for end in ends) == ["document.reader_died", "made"]


def services_slow(services):
    return next(document.id for document in services.documents.recent() if document.name == "slow.txt")


def test_reading_is_stopped_and_counts_as_stopped(faked, tmp_path):
    recorder = Recorder(faked)
    path = write(tmp_path / "slow.txt", "x")
    answers = queue.SimpleQueue()
    pending = faked.service_thread.call(lambda: faked.documents.open(path).then(answers.put))
    recorder.wait(DocumentProgress)
    faked.service_thread.call(pending.cancel)
    assert answers.get(timeout=120).code == "document.stopped"
    (kept,) = faked.service_thread.call(faked.documents.recent)
    assert (kept.status, kept.error_code, kept.pages) == (DocumentStatus.FAILED, "document.stopped", 1)


@pytest.mark.parametrize("is_forced", [False, True])
def test_a_scan_that_was_cut_off_goes_on_behind_the_pages_recognised_before(faked, tmp_path, monkeypatch, is_forced):
    monkeypatch.setattr("slmdesk.documents.reading.MOST_AT_ONCE", 1)
    path = write(tmp_path / "scan.pdf", "x")
    recorder, answers = Recorder(faked), queue.SimpleQueue()
    pending = faked.service_thread.call(lambda: faked.documents.open(path).then(answers.put))
    recorder.wait(DocumentProgress, lambda event: event.done == 2)
    faked.service_thread.call(pending.cancel)
    assert answers.get(timeout=120).code == "document.stopped"
    begin = len(recorder.events)
    record = opened(faked, path, force=is_forced)
    times = [event.eta_s for event in recorder.of(DocumentProgress, begin) if event.done <= 2]
    assert times == [None] * len(times), "pages that were kept tell nothing of how long the others take"
    assert (record.status, record.pages) == (DocumentStatus.READ, 3)
    assert texts(faked, record) == ["secret page 1", "secret page 2", "secret page 3"]
    passages = faked.service_thread.call(lambda: faked.store.passages.of_document(record.id))
    words = " ".join(passage.text for passage in passages)
    assert all(f"secret page {number}" in words for number in (1, 2, 3))


def test_what_a_hostile_reader_sends_is_checked(faked, tmp_path):
    record = opened(faked, write(tmp_path / "odd.txt", "x"))
    (page,) = faked.service_thread.call(lambda: faked.documents.pages(record.id))
    assert (page.text, page.blocks) == ("a\ufffdb", ())


def test_a_reading_that_was_cut_off_counts_as_stopped_and_is_read_anew(services, tmp_path):
    path = write(tmp_path / "note.txt", "words")
    record = opened(services, path)
    services.service_thread.call(
        lambda: services.store.documents.change(record.id, status="reading")
    )  # as kill -9 leaves it
    (kept,) = services.service_thread.call(services.documents.recent)
    assert (kept.status, kept.error_code) == (DocumentStatus.FAILED, "document.stopped")
    assert opened(services, path).status == DocumentStatus.READ


MAIL = b"""From: a@example.org
To: b@example.org
Subject: Offer
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain; charset=utf-8

See what is attached.
--x
Content-Type: text/plain; charset=utf-8; name="offer.txt"
Content-Disposition: attachment; filename="offer.txt"

The pump costs 700 euros.
--x--
"""


def test_what_is_attached_to_a_mail_is_a_document_of_its_own(services, tmp_path):
    path = tmp_path / "mail.eml"
    path.write_bytes(MAIL)
    mail = opened(services, path)
    (attached,) = info_of(mail).attachments
    offer = result_of(services, lambda: services.documents.open_attachment(mail.id, attached.index))
    assert (offer.name, offer.status) == ("offer.txt", DocumentStatus.READ)
    assert "700 euros" in texts(services, offer)[0]
    assert offer.id != mail.id
    again = result_of(services, lambda: services.documents.open_attachment(mail.id, attached.index))
    assert again.id == offer.id, "it is taken up as it was read"
    assert opened(services, path).id == mail.id, "the mail is still the mail"
    with pytest.raises(KnownError, match=r"request\.invalid"):
        services.service_thread.call(lambda: services.documents.open_attachment(mail.id, 7))


def test_a_mail_in_a_mail_gives_what_is_attached_to_it(services, tmp_path):
    inner = email.message_from_bytes(MAIL, policy=email.policy.default)
    outer = email.message.EmailMessage()
    outer["From"], outer["Subject"] = "c@example.org", "Fwd"
    outer.set_content("See below.")
    outer.add_attachment(b"Another text.", maintype="text", subtype="plain", filename="other.txt")
    outer.add_attachment(inner)
    path = tmp_path / "outer.eml"
    path.write_bytes(outer.as_bytes())
    mail = opened(services, path)
    within = result_of(services, lambda: services.documents.open_attachment(mail.id, 1))
    assert (within.name, parent_of(within)) == ("Offer.eml", (mail.id, "outer.eml"))
    (attached,) = info_of(within).attachments
    offer = result_of(services, lambda: services.documents.open_attachment(within.id, attached.index))
    assert "700 euros" in texts(services, offer)[0]
    assert (offer.name, parent_of(offer)) == ("offer.txt", (within.id, "Offer.eml"))
    assert parent_of(mail) == ("", "")


def test_f19_a_document_that_is_exchanged_before_it_is_read_is_not_kept_under_the_other_s_checksum(
    services, tmp_path, monkeypatch
):
    from slmdesk.documents import service

    path = write(tmp_path / "shared.txt", "The words of the one.")
    look_at = service.look_at

    def exchanged(*asked, **how):
        stat = look_at(*asked, **how)
        write(tmp_path / "other.txt", "The words of another.").replace(path)
        return stat

    monkeypatch.setattr(service, "look_at", exchanged)
    refused = opened(services, path)
    assert isinstance(refused, Problem)
    assert (refused.code, refused.args["reason"]) == ("document.unreadable", "changed before it was read")
    monkeypatch.setattr(service, "look_at", look_at)
    assert texts(services, opened(services, path)) == ["The words of another."]  # the control
