"""Downloads through the services, over the fake Hub: from the question to the record in the library."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest
from fakes import tiny_hearing, tiny_vision
from fakes.fake_hub import Fault, part_size
from fakes.recorder import result_of, wait_until
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_bert, tiny_llama, tiny_projector, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import DownloadChanged, DownloadState, ModelsChanged
from slmdesk.base.runtime.file_io import Claim
from slmdesk.base.runtime.messages import Problem
from slmdesk.models.gguf.read import check_file
from slmdesk.models.hub.search import RemotePart
from slmdesk.models.hub.transfer import Part, TransferLimits
from slmdesk.models.online.downloads import ENDS
from slmdesk.models.online.hub import Filters
from slmdesk.models.service import fit_by_size

pytestmark = pytest.mark.process

FAST = TransferLimits(first_wait_s=0.001, longest_wait_s=0.002, silence_s=20.0)
REPO, NAME = "some/tiny-GGUF", "tiny.Q4_K_M.gguf"


@pytest.fixture
def data() -> bytes:
    """A model, and some bytes behind it, so that there is something to cut."""
    return tiny_llama().data + random.Random(1).randbytes(2 << 20)


@pytest.fixture
def recorder(opened, hub, data):
    hub.add(REPO, {NAME: data, "README.md": b"# Tiny"}, license="mit")
    it = opened(model=False)
    it.services.downloads.limits = FAST
    return it


class Download:
    """One download and the facts of it."""

    def __init__(self, recorder, repo=REPO, file="", quantization="") -> None:
        self.recorder, self.begin = recorder, len(recorder.events)
        services = recorder.services
        self.id = services.service_thread.call(lambda: services.downloads.start(repo, file, quantization))

    def do(self, what: str) -> None:
        services = self.recorder.services
        self.begin = len(self.recorder.events)
        services.service_thread.call(lambda: getattr(services.downloads, what)(self.id))

    def wait(self, *states: DownloadState) -> DownloadChanged:
        return self.recorder.wait(
            DownloadChanged, lambda change: change.id == self.id and change.state in states, self.begin
        )

    def end(self) -> DownloadChanged:
        return self.wait(*ENDS)

    def notes(self) -> list[str]:
        events = [event for event in self.recorder.of(DownloadChanged, self.begin) if event.note]
        return list(dict.fromkeys(event.note.code for event in events))


def wait_for_part(home: Path) -> None:
    """Until what the server sent before it fell silent is on the disk."""
    wait_until(lambda: part_size(home) >= 1 << 20)


def left_overs(recorder):
    return recorder.ask(lambda services: services.downloads.left_overs())


def files_in(home: Path) -> set[str]:
    return {path.name for path in (home / "models").iterdir()}


def test_a_download_becomes_a_model_of_the_library(recorder, hub, data, home) -> None:
    end = Download(recorder).end()
    assert end.problem is None
    model = end.model
    assert (end.state, end.done_bytes, end.total_bytes, end.resumed_from) == ("done", len(data), len(data), 0)
    assert (model.sha256, model.bytes, model.linked) == (hub.sha256(data), len(data), False)
    assert model.source == f"huggingface:{REPO}/{NAME}@{'a' * 40}"
    assert model.header["license"] == "apache-2.0", "the file's own word goes first"
    path = Path(os.fsdecode(model.path))
    assert path.read_bytes() == data
    assert path.name == f"tiny.Q4_K_M-{hub.sha256(data)[:12]}.gguf"
    assert files_in(home) == {path.name}
    recorder.wait(ModelsChanged)
    rows = recorder.ask(lambda services: services.network.requests())
    assert [row.purpose for row in rows] == [f"download of {REPO}/{NAME}"] * 2 + [f"files of {REPO}"]
    wait_until(  # the bytes of a request are noted when its answer is closed
        lambda: len(data) in [request.bytes for request in recorder.ask(lambda services: services.network.requests())]
    )


def test_what_is_here_already_is_not_fetched_again(recorder, hub) -> None:
    first = Download(recorder).end().model
    hub.seen.clear()
    hub.add("other/copy-GGUF", hub.repos[REPO].files)
    again = Download(recorder, "other/copy-GGUF").end()
    assert again.model.id == first.id
    assert hub.requests("storage") == []


def test_what_is_here_already_needs_no_file_in_the_folder_of_models(recorder, hub, home, data) -> None:
    first = Download(recorder).end().model
    part = Part(home / "models", REPO, RemotePart(NAME, len(data), hub.sha256(data)))
    claim = Claim.take(part.lock)  # nobody else can write there now
    assert claim is not None
    try:
        assert Download(recorder).end().model.id == first.id
    finally:
        claim.release()


def test_offline_said_meanwhile_stops_what_runs(recorder, hub) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    download = Download(recorder)
    assert hub.stalled.wait(20)
    recorder.ask(lambda services: services.network.set_offline(True))
    hub.release.set()
    assert download.end().problem.code == "network.offline"


def test_pause_resume_and_cancel(recorder, hub, data, home) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    download = Download(recorder)
    wait_for_part(home)
    download.do("pause")
    paused = download.end()
    assert (paused.state, paused.done_bytes, paused.problem) == ("paused", 1 << 20, None)
    (left,) = left_overs(recorder)
    assert (left.repo, left.name, left.bytes, left.expected, left.is_bad) == (REPO, NAME, 1 << 20, len(data), False)
    hub.storage_faults = [Fault(stall_at=2 << 20)]
    hub.stalled.clear()
    download.do("resume")
    assert hub.stalled.wait(20)
    assert left_overs(recorder) == [], "it is running"
    download.do("cancel")
    cancelled = download.end()
    assert (cancelled.state, cancelled.done_bytes) == ("cancelled", 0)
    assert (left_overs(recorder), files_in(home)) == ([], set())
    hub.release.set()
    with pytest.raises(KnownError, match=r"^job\.ended "):
        download.do("resume")
    again = Download(recorder)
    assert again.end().model
    assert (again.end().resumed_from, again.id != download.id) == (0, True)


def test_a_fault_of_ours_while_parts_are_deleted_ends_the_download_and_is_told(recorder, hub, home, monkeypatch):
    looked = threading.Event()

    def fail(*_args):
        assert looked.wait(60)
        raise RuntimeError("odd")

    hub.storage_faults = [Fault(stall_at=1 << 20)]
    download = Download(recorder)
    wait_for_part(home)
    download.do("pause")
    assert download.end().state == "paused"
    monkeypatch.setattr("slmdesk.models.online.downloads.remove_parts_of", fail)
    monkeypatch.setattr("slmdesk.models.online.downloads.ModelDownload.remove_parts", fail)
    download.do("cancel")
    services = recorder.services
    services.service_thread.call(services.downloads.look_again)  # it is cancelled in the table, but not done with
    looked.set()
    end = download.end()
    assert (end.state, end.problem.code) == ("failed", "bug")


def test_one_cancelled_when_its_thread_has_just_ended_leaves_no_part(recorder, hub, home) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    download = Download(recorder)
    wait_for_part(home)
    services = recorder.services

    def pause_and_cancel() -> None:
        services.downloads.pause(download.id)
        wait_until(lambda: "download" not in [thread.name for thread in threading.enumerate()])
        services.downloads.cancel(download.id)

    services.service_thread.call(pause_and_cancel)
    download.wait(DownloadState.CANCELLED)
    assert files_in(home) == set()
    assert recorder.ask(lambda services: services.jobs.get(download.id)).status is JobStatus.CANCELLED


def test_one_cancelled_just_before_the_end_of_slmdesk_leaves_no_part(recorder, hub, home, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.models.online.downloads.REMOVE_S", 60.0)  # this PC may be slow
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    download = Download(recorder)
    wait_for_part(home)
    services = recorder.services

    def cancel_and_close() -> None:
        services.downloads.cancel(download.id)
        services.downloads.close()

    services.service_thread.call(cancel_and_close)
    services.close()
    assert files_in(home) == set()


def test_a_paused_one_can_be_cancelled_and_a_left_over_discarded(recorder, hub, home) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20), Fault(stall_at=1 << 20)]
    download = Download(recorder)
    wait_for_part(home)
    download.do("pause")
    assert download.end().state == "paused"
    download.do("cancel")
    assert download.end().state == "cancelled"
    assert files_in(home) == set()
    second = Download(recorder)
    wait_for_part(home)
    second.do("pause")
    second.end()
    (left,) = left_overs(recorder)
    assert recorder.ask(lambda services: services.downloads.discard(left.id)) == 1 << 20
    assert files_in(home) == set()


def test_one_of_a_renamed_repository_leaves_no_part_when_it_is_cancelled_in_another_run(
    recorder, opened, hub, home
) -> None:
    former = "some/former-GGUF"
    hub.repos[former] = hub.repos[REPO]
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    download = Download(recorder, former)
    wait_for_part(home)
    assert left_overs(recorder) == [], "it is running"
    download.do("pause")
    assert download.end().state == "paused"
    recorder.services.close()
    download.recorder = again = opened(model=False)
    again.ask(lambda services: services.downloads.take_up())
    download.do("cancel")
    assert download.end().state == "cancelled"
    assert files_in(home) == set()


def test_d3_what_was_kept_and_thrown_away_was_not_resumed_from(recorder, hub) -> None:
    hub.storage_faults, hub.storage_fault = [Fault(cut_at=1 << 20)], Fault(status=503)
    assert Download(recorder).end().problem.code == "download.gave_up"
    hub.storage_fault = Fault(ignore_range=True)
    end = Download(recorder).end()
    assert (end.state, end.resumed_from) == ("done", 0)


def test_d4_a_file_that_changed_on_the_server_is_fetched_as_it_is_now(recorder, hub, data) -> None:
    new = tiny_llama(seed=5).data + data[-1000:]
    hub.storage_faults = [Fault(silent=True)]
    download = Download(recorder)
    assert hub.stalled.wait(20)
    hub.add(REPO, {NAME: new}, license="mit")
    hub.release.set()  # the connection ends, and the next answer of the Hub names another sum
    assert download.end().model.sha256 == hub.sha256(new)
    assert "download.started_over" in download.notes()


def test_d5_damaged_twice_is_refused_and_kept_aside(recorder, hub, data, home) -> None:
    hub.storage_fault = Fault(flip_at=1 << 20)
    end = Download(recorder).end()
    assert end.problem.code == "download.damaged"
    assert len(hub.requests("storage")) == 2, "two full tries without asking"
    (left,) = left_overs(recorder)
    assert (left.is_bad, left.bytes) == (True, len(data))
    recorder.ask(lambda services: services.downloads.discard(left.id))
    assert files_in(home) == set()


def test_d5_damaged_once_is_fetched_again_by_itself(recorder, hub) -> None:
    hub.storage_faults = [Fault(flip_at=1 << 20)]
    download = Download(recorder)
    assert download.end().model
    assert download.notes() == ["download.started_over"]


def test_d6_a_hub_in_trouble_is_asked_again(recorder, hub) -> None:
    hub.api_faults = [Fault(status=503), Fault(status=429)]
    download = Download(recorder)
    assert download.end().model
    assert download.notes() == ["hub.error", "hub.busy"]
    assert download.end().note is None, "what it waited for is over"
    hub.api_fault = Fault(status=503)
    hub.seen.clear()
    assert Download(recorder).end().problem.code == "hub.error"
    assert len(hub.seen) == FAST.tries


def test_without_a_connection_the_first_question_ends_soon(recorder, hub) -> None:
    hub.api_fault = Fault(reset=True, cut_at=0)
    assert Download(recorder).end().problem.code == "network.failed"
    assert len(hub.seen) == FAST.tries, "the control: these tries take no time"
    hub.seen.clear()
    recorder.services.downloads.limits = changed(FAST, first_wait_s=1.0, longest_wait_s=1.0, ask_s=0.5)
    assert Download(recorder).end().problem.code == "network.failed"
    assert len(hub.seen) == 1


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (tiny_projector().data, "hub.no_chat"),
        (b"<html>no model at all", "model.not_gguf"),
        (tiny_llama().data[:5000], "model.incomplete"),
    ],
)
def test_what_is_no_model_for_chatting_is_not_kept(recorder, hub, home, file, code) -> None:
    hub.add(REPO, {NAME: file})
    end = Download(recorder).end()
    assert end.problem.code == code
    assert files_in(home) == set()


def test_the_projector_of_a_model_that_sees_comes_with_it(recorder, hub, home, tmp_path) -> None:
    model, projector = tiny_vision.qwen25vl(tmp_path)
    eyes = projector.read_bytes()
    hub.add(REPO, {NAME: model.read_bytes(), "mmproj-F16.gguf": eyes, "mmproj-BF16.gguf": eyes + bytes(32)})
    download, total = Download(recorder), model.stat().st_size + len(eyes)
    end = download.end()
    assert (end.problem, end.name, end.done_bytes, end.total_bytes) == (None, NAME, total, total)
    told = {event.total_bytes for event in recorder.of(DownloadChanged, download.begin)}
    assert told <= {0, total}, "both are told from the first on"
    assert end.model.can_chat
    known = {model.kind: model for model in recorder.calls.models.list()}
    assert known.keys() == {"model", "projector"}
    assert known["projector"].source.partition("@")[0].endswith("mmproj-F16.gguf")
    assert recorder.calls.models.sees(known["model"])
    assert len(files_in(home)) == 2


def test_a_projector_that_is_here_already_is_not_counted_with_another_file_of_its_model(
    recorder, hub, tmp_path
) -> None:
    model, projector = (path.read_bytes() for path in tiny_vision.qwen25vl(tmp_path))
    other = "tiny.Q8_0.gguf"
    hub.add(REPO, {NAME: model, other: model + bytes(64), "mmproj-F16.gguf": projector})
    assert Download(recorder, file=NAME).end().problem is None
    download, total = Download(recorder, file=other), len(model) + 64
    end = download.end()
    assert (end.problem, end.name, end.done_bytes, end.total_bytes) == (None, other, total, total)
    assert {event.total_bytes for event in recorder.of(DownloadChanged, download.begin)} <= {0, total}


@pytest.mark.parametrize("file", ["Qwen3-ASR-0.6B-Q8_0.gguf", ""])
def test_the_projector_of_a_model_that_hears_comes_with_it(recorder, hub, home, tmp_path, file) -> None:
    model, projector = (path.read_bytes() for path in tiny_hearing.qwen3_asr(tmp_path))
    files = {"Qwen3-ASR-0.6B-Q8_0.gguf": model, "mmproj-Qwen3-ASR-0.6B-Q8_0.gguf": projector}
    hub.add("some/Qwen3-ASR-0.6B-GGUF", files, tags=("gguf", "automatic-speech-recognition"))
    download = Download(recorder, repo="some/Qwen3-ASR-0.6B-GGUF", file=file)
    end = download.end()
    assert (end.problem, end.done_bytes) == (None, len(model) + len(projector))
    assert {record.kind for record in recorder.calls.models.list()} == {"asr", "projector"}
    assert recorder.calls.voice.ready(recorder.services.listener, tmp_path, "de").keys() == {"model", "projector"}


def test_where_a_header_shows_a_draft_head_the_next_best_file_is_taken(recorder, hub) -> None:
    tokens = ("array", ("string", [f"token number {number}" for number in range(150_000)]))
    head = tiny_llama(change={"llama.block_count": ("u32", 65), "tokenizer.ggml.tokens": tokens}).data + bytes(8 << 20)
    hub.add(REPO, {"tiny.Q8_0.gguf": head, NAME: tiny_llama().data + bytes(3 << 20)})
    hub.storage_faults = [Fault(stall_at=2 << 20)]  # before the end of its vocabulary
    download = Download(recorder)
    end = download.end()
    assert end.name == NAME
    assert end.model.can_chat
    assert download.notes() == ["download.instead"]
    assert Download(recorder, file="tiny.Q8_0.gguf").end().problem.code == "model.wrong_kind", "named: not exchanged"


def test_the_wrong_kind_is_told_before_it_is_all_fetched(recorder, hub) -> None:
    hub.add(REPO, {NAME: tiny_projector().data + bytes(40 << 20)})
    problem = Download(recorder).end().problem
    assert problem.code == "hub.no_chat"
    assert f"{NAME} (a projector" in problem.sentence
    assert hub.sent < 30 << 20


def test_what_is_taken_instead_is_not_all_fetched_either_where_it_is_of_the_wrong_kind(recorder, hub) -> None:
    wrong = tiny_projector().data
    files = {"tiny.Q8_0.gguf": wrong + bytes(81 << 20), "tiny.Q6_K.gguf": wrong + bytes(80 << 20)}
    hub.add(REPO, {**files, NAME: tiny_llama().data})
    assert Download(recorder).end().name == NAME
    assert hub.sent < 80 << 20


def test_of_a_repository_that_is_not_for_chatting_a_language_model_is_taken_by_name_alone(recorder, hub) -> None:
    data = tiny_llama().data + bytes(40 << 20)
    hub.add("some/tiny-reranker-GGUF", {NAME: data})
    assert Download(recorder, "some/tiny-reranker-GGUF").end().problem.code == "hub.no_chat"
    assert hub.sent < 30 << 20
    assert Download(recorder, "some/tiny-reranker-GGUF", file=NAME).end().model


def test_of_such_a_repository_no_part_of_a_split_model_is_fetched_unless_it_is_named(recorder, hub) -> None:
    parts = {f"big-Q8_0-{n:05}-of-00003.gguf": part for n, part in enumerate(split(tiny_llama().data, 3), 1)}
    hub.add("some/big-reranker-GGUF", parts)
    assert Download(recorder, "some/big-reranker-GGUF").end().problem.code == "hub.no_chat"
    assert hub.requests("storage") == []
    assert Download(recorder, "some/big-reranker-GGUF", file=next(iter(parts))).end().model


def test_a_split_model_is_one_download_and_one_model(recorder, hub, home) -> None:
    whole = tiny_llama().data
    parts = {f"big-Q8_0-{n:05}-of-00003.gguf": part for n, part in enumerate(split(whole, 3), 1)}
    hub.add("some/big-GGUF", parts)
    hub.storage_faults = [None, Fault(cut_at=100), Fault(stall_at=5000)]
    download = Download(recorder, "some/big-GGUF")
    assert hub.stalled.wait(20)
    download.do("pause")
    assert download.end().state == "paused"
    hub.release.set()
    download.do("resume")
    end = download.end()
    assert end.problem is None
    path = Path(os.fsdecode(end.model.path))
    assert files_in(home) == {path.name}
    assert path.name.startswith("big-Q8_0-")
    assert check_file(path).tensors == check_file(write(home / "whole.gguf", tiny_llama())).tensors
    assert end.total_bytes == sum(map(len, parts.values()))
    first, *others = [request.path for request in hub.requests("storage")]
    assert others.count(first) == 0, "what was whole was not fetched again"
    hub.seen.clear()
    assert Download(recorder, "some/big-GGUF").end().model.id == end.model.id
    assert hub.requests("storage") == []


@pytest.mark.parametrize("name", ["../../evil.gguf", "a\nb.gguf"])
def test_d10_whatever_its_name_it_lies_in_the_models_folder(recorder, hub, data, home, tmp_path, name) -> None:
    before = {path for path in tmp_path.rglob("*") if home not in path.parents}
    hub.add(REPO, {name: data})
    end = Download(recorder).end()
    assert {path for path in tmp_path.rglob("*") if home not in path.parents} == before
    if end.model:
        path = Path(os.fsdecode(end.model.path))
        assert path.parent == home / "models"
        assert path.name.isprintable()
        assert len(path.name) < 100
    assert len(files_in(home)) <= 1


def test_d11_a_list_without_a_sum_is_refused(recorder, hub, data, home) -> None:
    hub.add(REPO, {NAME: data}).lies[NAME] = {"sha256": None}
    assert Download(recorder).end().problem.code == "hub.unverifiable"
    assert files_in(home) == set()


def test_an_embedding_model_is_fetched_and_kept_apart(recorder, hub) -> None:
    hub.add(REPO, {NAME: tiny_bert().data})
    record = Download(recorder).end().model
    assert record is not None
    assert not record.can_chat


def search(recorder):
    services = recorder.services
    asked = services.hub.begin_search("tiny", Filters())
    return result_of(services, lambda: services.hub.read_search(asked, with_files=True))


def test_one_repository_that_cannot_be_asked_spoils_no_search(recorder, hub) -> None:
    hub.api_faults = [None, Fault(status=404)]
    (repo,) = search(recorder).found
    assert repo.problem.code == "hub.missing"
    hub.api_faults = [None, Fault(status=503)]
    failed = search(recorder)
    assert isinstance(failed, Problem)
    assert failed.code == "hub.error"


@pytest.mark.pure
def test_the_verdict_by_size() -> None:
    gib = 1 << 30
    verdicts = [fit_by_size(size, 8 * gib) for size in (0, gib, 6 * gib, 8 * gib)]
    assert verdicts == ["unknown", "fits", "tight", "too_large"]
