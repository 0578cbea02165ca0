"""The one way to a good model: from the question that was typed to its answer, by clicks, against the fake Hub."""

from __future__ import annotations

import pytest
from fakes import tiny_gguf
from fakes.asking import ask, quotations_in
from fakes.dropping import drop
from fakes.fake_hub import FakeHub, Fault, online
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from slmdesk.base.records import Status
from slmdesk.models.evaluation.recommendation import recommend
from slmdesk.models.hub.search import Skill, load_catalogue
from slmdesk.models.hub.transfer import TransferLimits
from slmdesk.models.importer import Place
from slmdesk.models.service import Pc
from slmdesk.ui.shell import better

pytestmark = pytest.mark.gui
PAGES = ("Start", "Chat", "Documents", "Translate", "Write")
OFFER = recommend(Skill.SUMMARIES, Pc(0, total_bytes=8 << 30))
FINDER = next(entry for entry in load_catalogue() if Skill.EMBEDDING in entry.good_at)


@pytest.fixture
def hub():
    finder = {FINDER.file: tiny_gguf.tiny_bert().data}
    with FakeHub() as it:
        it.add(FINDER.repo, finder, license="apache-2.0")
        it.add(OFFER.entry.repo, {OFFER.entry.file: tiny_gguf.tiny_llama().data}, license="apache-2.0")
        yield it


@pytest.fixture
def first(start, home, hub, monkeypatch):
    """A first start on Start: a PC of 8 GB, offline, without a starter. What is fetched counts as large."""
    monkeypatch.setattr(better, "FIRST_BYTES", 1000)

    def begin(gigabytes: int = 8, **settings):
        monkeypatch.setattr("slmdesk.models.running.total_bytes", lambda: gigabytes << 30)
        online(home, hub, **{"offline": True, **settings})
        return start(page="")

    return begin


def card(program, page: str = "Start") -> QWidget:
    cards = program.window.page(page).findChildren(QWidget, "better_card")
    assert len(cards) == 1
    return cards[0]


def part(program, name: str, page: str = "Start"):
    widget = card(program, page).findChild(QWidget, f"better_{name}")
    assert widget is not None, name
    return widget


def press(program, name: str, page: str = "Start") -> None:
    program.wait(lambda: part(program, name, page).isVisible())
    program.click(part(program, name, page))


def title(program, page: str = "Start") -> str:
    cards = program.window.page(page).findChildren(QWidget, "better_card")  # none where it never had a thing to say
    return part(program, "title", page).text() if cards and cards[0].isVisible() else ""


def is_offline(program) -> bool:
    return program.ask(lambda services: services.settings.current.offline)


def test_the_question_that_was_typed_is_answered_by_the_model_that_the_card_fetches(first, hub):
    program = first()
    program.wait(lambda: title(program) == "Better answers: Qwen 3 4B Instruct 2507 (2.6 GB, about 10 minutes here)")
    program.type_into(program.page.composer.input_box, "What is an objection?")
    press(program, "button")
    program.wait(lambda: title(program).startswith("Download 2.6 GB from 127.0.0.1?"))
    assert "offline again afterwards" in title(program)
    assert "With it comes Granite Embedding 97M R2" in title(program)
    assert part(program, "file_button").isVisible()
    assert not hub.seen, "nothing is requested before the person has agreed"
    press(program, "button")
    program.wait(lambda: program.window.current_page == "Chat")
    program.wait(lambda: program.messages() and program.last().status is Status.COMPLETE)
    assert program.messages()[0].words == "What is an objection?"
    assert not program.page.composer.text
    program.wait(lambda: program.ask(lambda services: services.embedding.model()))
    program.wait(lambda: is_offline(program))
    program.window.show_page("Start")
    program.wait(lambda: not card(program).isVisible())


def test_what_the_starter_could_not_answer_is_asked_again(first, tmp_path, monkeypatch):
    named = {"general.name": ("string", "SmolLM2 Tiny")}
    starter = tiny_gguf.write(tmp_path / "smol.gguf", tiny_gguf.tiny_llama(change=named, seed=2))
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(starter))
    program = first()
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.wait(lambda: part(program, "line").text().startswith("SmolLM2 Tiny chats in English only"))
    program.say("Schreibe mir bitte eine kurze Absage an einen Bewerber.")
    assert program.last().error_code == "model.english_only"
    press(program, "button", "Chat")
    press(program, "button", "Chat")
    program.wait(lambda: program.last().status is Status.COMPLETE)
    assert program.messages()[0].words.startswith("Schreibe")
    program.wait(lambda: not card(program, "Chat").isVisible())


QUESTION = "How much does the tenant pay?"


def test_a_question_about_a_document_that_got_passages_alone_is_asked_again(first, tmp_path):
    program = first()
    lease = tmp_path / "lease.md"
    lease.write_text("# Lease\n\nThe tenant pays a rent of 1,200 EUR on the third day of each month.\n")
    program.open_documents()
    drop(program.documents, lease)
    program.wait(lambda: program.frame.documents.current)
    program.choose_tab("questions")
    ask(program, QUESTION)
    pane, questions = program.find("question_pane"), program.frame.documents_area.questions
    program.wait(lambda: questions.is_unanswered and program.find("question_ask").isEnabled())
    press(program, "button", "Documents")
    press(program, "button", "Documents")
    program.wait(lambda: [section.title for section in questions.report.sections].count(QUESTION) == 2)
    program.wait(lambda: program.find("question_ask").isEnabled() and quotations_in(pane))


def test_the_download_is_paused_gone_on_with_and_cancelled_in_the_same_place(first, hub):
    hub.storage_faults = [Fault(stall_at=80_000)]
    program = first()
    press(program, "button")
    program.wait(lambda: title(program).startswith("Download"))
    press(program, "cancel_button")
    program.wait(lambda: title(program).startswith("Better answers"))
    press(program, "button")
    program.wait(lambda: part(program, "button").text() == "Download")
    press(program, "button")
    program.wait(hub.stalled.is_set)
    program.wait(lambda: title(program).startswith("Qwen 3 4B Instruct 2507: "))
    program.wait(lambda: part(program, "bar").isVisible())
    program.wait(lambda: part(program, "button").text() == "Pause")
    press(program, "button")
    program.wait(lambda: part(program, "button").text() == "Resume")
    program.wait(lambda: is_offline(program))
    hub.storage_faults = [Fault(stall_at=90_000)]
    hub.stalled.clear()
    press(program, "button")
    program.wait(hub.stalled.is_set)
    press(program, "cancel_button")
    program.wait(lambda: title(program).startswith("Better answers"))
    program.wait(lambda: is_offline(program))
    folder = program.ask(lambda services: services.models.folder)
    program.wait(lambda: not list(folder.glob(".download-*.part")))


def test_what_goes_wrong_is_said_in_a_sentence_and_can_be_tried_again(first, hub):
    hub.api_fault = Fault(status=404)
    program = first(offline=False)
    press(program, "button")
    program.wait(lambda: title(program).startswith("Download 2.6 GB"))
    assert "offline" not in title(program)
    press(program, "button")
    program.wait(lambda: part(program, "trouble").isVisible())
    assert part(program, "trouble").text()
    assert part(program, "file_button").isVisible()
    hub.api_fault = None
    assert part(program, "button").text() == "Try again"
    press(program, "button")
    program.wait(lambda: not card(program).isVisible())


def test_without_a_connection_it_can_be_tried_again_or_taken_from_a_stick_and_the_pc_is_offline_again(first, hub):
    hub.api_fault = Fault(reset=True, cut_at=0)
    program = first()
    program.services.downloads.limits = TransferLimits(ask_s=0.5)
    press(program, "button")
    program.wait(lambda: title(program).startswith("Download 2.6 GB"))
    press(program, "button")
    program.wait(lambda: title(program) == "Qwen 3 4B Instruct 2507: No connection")
    assert "could not be reached" in part(program, "trouble").text()
    assert part(program, "button").text() == "Try again"
    assert part(program, "file_button").isVisible()
    program.wait(lambda: is_offline(program))
    hub.api_fault = None
    press(program, "button")
    program.wait(lambda: not card(program).isVisible())
    program.wait(lambda: is_offline(program))


def choose(program, path) -> None:
    press(program, "file_button")
    dialog = next(each for each in program.window.findChildren(QFileDialog, "better_file_dialog") if each.isVisible())
    dialog.fileSelected.emit(str(path))
    dialog.reject()


def test_a_file_from_a_stick_is_copied_and_used_and_one_that_is_no_model_is_named(first, tmp_path, model_file):
    program = first()
    bad = tmp_path / "letter.gguf"
    bad.write_bytes(b"%PDF-1.7 nothing")
    press(program, "button")
    choose(program, bad)
    program.wait(lambda: part(program, "trouble").isVisible())
    assert "letter.gguf" in part(program, "trouble").text().replace("\u200b", "")
    program.wait(lambda: title(program).startswith("Better answers"))
    choose(program, tmp_path / "gone.gguf")
    program.wait(lambda: "gone.gguf" in part(program, "trouble").text().replace("\u200b", ""))
    choose(program, model_file)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    assert not program.ask(lambda services: services.models.list())[0].linked


def test_a_model_of_another_program_is_offered_at_once_and_linked(first, tmp_path, monkeypatch):
    there = tmp_path / "lmstudio" / "somebody" / "tiny"
    there.mkdir(parents=True)
    file = tiny_gguf.write(there / "tiny-chat-Q4_K_M.gguf", tiny_gguf.tiny_llama())
    places = (Place("LM Studio", tmp_path / "lmstudio"),)
    monkeypatch.setattr("slmdesk.models.importer.all_places", lambda *_: places)
    monkeypatch.setattr(better, "SMALL_BYTES", 1000)
    program = first()
    program.wait(lambda: title(program).endswith(" of LM Studio is on this PC."))
    assert part(program, "button").text() == "Use"
    press(program, "button")
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    (model,) = program.ask(lambda services: services.models.list())
    assert (model.linked, file.is_file()) == (True, True)


def test_a_model_of_another_program_that_is_gone_is_said_and_another_is_offered(first, tmp_path, monkeypatch):
    there = tmp_path / "jan"
    there.mkdir()
    file = tiny_gguf.write(there / "tiny.gguf", tiny_gguf.tiny_llama())
    monkeypatch.setattr("slmdesk.models.importer.all_places", lambda *_: (Place("Jan", there),))
    monkeypatch.setattr(better, "SMALL_BYTES", 1000)
    program = first()
    program.wait(lambda: title(program).endswith(" of Jan is on this PC."))
    file.unlink()
    press(program, "button")
    program.wait(lambda: "tiny.gguf" in part(program, "trouble").text().replace("\u200b", ""))
    program.wait(lambda: title(program).startswith("Better answers"))


def test_an_organisation_that_forbids_the_network_leaves_the_stick(first, home):
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "policy.toml").write_text("[network]\noffline = true\n")
    program = first()
    program.wait(lambda: title(program) == "Better answers: Qwen 3 4B Instruct 2507 (2.6 GB)")
    assert not part(program, "button").isVisible()
    assert part(program, "file_button").isVisible()


def test_on_the_page_of_models_the_card_alone_says_how_far_its_download_is(first, hub):
    hub.storage_faults = [Fault(stall_at=80_000)]
    program = first()
    program.window.show_page("Models")
    press(program, "button", "Models")
    press(program, "button", "Models")
    program.wait(hub.stalled.is_set)
    program.wait(lambda: title(program, "Models").startswith("Qwen 3 4B Instruct 2507: "))
    assert not program.find("downloads", program.frame.models_page).isVisible()
    hub.release.set()
    program.wait(lambda: program.find("downloads", program.frame.models_page).isVisible())
    program.wait(lambda: program.is_said("is ready and used from now on."))
    program.wait(lambda: [row for row in downloads(program) if row.accessibleName() == "Tiny bert" and is_done(row)])
    assert len(program.notices()) == 1, "where it is and that it is used are one thing"
    offers = {row.accessibleName(): row.findChild(QWidget, "use_download_button") for row in downloads(program)}
    assert not offers["Tiny bert"].isVisible(), "no chat can use it"


def downloads(program) -> list[QWidget]:
    return program.frame.models_page.findChildren(QWidget, "download_row")


def is_done(row: QWidget) -> bool:
    return any("Complete" in label.text() for label in row.findChildren(QLabel))


def test_the_same_card_stands_on_every_page_and_is_put_off_on_all_but_that_of_models(
    first, start, tmp_path, monkeypatch
):
    named = {"general.name": ("string", "SmolLM2 Tiny")}
    starter = tiny_gguf.write(tmp_path / "smol.gguf", tiny_gguf.tiny_llama(change=named, seed=2))
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(starter))
    monkeypatch.setattr(better, "FIRST_BYTES", 1_500_000_000)
    program = first()
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    for page in PAGES:
        program.window.show_page(page)
        program.wait(lambda page=page: title(program, page).startswith("Better answers"))
    press(program, "all_button", "Write")
    program.wait(lambda: program.window.current_page == "Models")
    program.wait(lambda: program.frame.models_page.all_models.isVisible())
    program.window.show_page("Write")
    press(program, "later_button", "Write")
    for page in PAGES:
        program.window.show_page(page)
        program.wait(lambda page=page: not title(program, page))
    program.window.show_page("Models")
    program.wait(lambda: title(program, "Models").startswith("Better answers"))
    assert not part(program, "later_button", "Models").isVisible()
    program.close()
    again = start(page="")
    again.window.show_page("Start")
    again.wait(lambda: again.frame.better.is_of_use)
    assert not title(again)


def test_where_a_good_model_is_nothing_is_offered(start, model_file, monkeypatch):
    monkeypatch.setattr(better, "FIRST_BYTES", 1000)
    program = start().with_model(model_file)
    program.ask(lambda _services: None)
    for page in PAGES:
        program.window.show_page(page)
        assert not title(program, page)


def test_a_licence_with_conditions_is_said_before_anything_is_fetched(first):
    program = first(gigabytes=4)
    press(program, "button")
    program.wait(lambda: "Its licence (LFM 1.0) has conditions." in title(program))


def test_at_the_foot_of_a_page_it_takes_one_low_line(start):
    program = start().open_documents()
    cards = program.documents.findChildren(QWidget, "better_card")
    program.wait(lambda: cards or cards.extend(program.documents.findChildren(QWidget, "better_card")))
    program.wait(cards[0].isVisible)
    assert cards[0].height() <= 48


def test_beside_a_small_model_start_alone_offers_a_better_one_until_the_small_one_fails(start, model_file, tmp_path):
    program = start().with_model(model_file)
    lease = tmp_path / "lease.md"
    lease.write_text("# Lease\n\nThe tenant pays a rent of 1,200 EUR on the third day of each month.\n")
    program.window.show_page("Start")
    program.wait(lambda: title(program).startswith("Better answers"))
    for page in PAGES[1:]:
        program.window.show_page(page)
        assert not title(program, page)
    program.open_documents()
    drop(program.documents, lease)
    program.wait(lambda: program.frame.documents.current)
    assert not title(program, "Documents")
    program.choose_tab("questions")
    ask(program, "How much does the tenant pay?")
    program.wait(lambda: title(program, "Documents").startswith("Better answers"))
    other = tmp_path / "other.md"
    other.write_text("The pump stops at 12 bar.\n")
    drop(program.documents, other)
    program.wait(lambda: not title(program, "Documents"))
