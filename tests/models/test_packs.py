from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
from fakes.recorder import import_model, result_of
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_adapter, tiny_bert, tiny_llama, tiny_projector, tiny_qwen2, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.models.packs import (
    END,
    MANIFEST,
    Manifest,
    PackedModel,
    PackProgress,
    PackResult,
    Text,
    open_pack,
    padding,
    tar_header,
)
from slmdesk.runtime.events import ModelsChanged, Pending
from slmdesk.runtime.file_io import Pace
from slmdesk.runtime.messages import Problem

pytestmark = pytest.mark.process


@pytest.fixture
def folder(recorder) -> Path:
    return recorder.services.paths.models


def import_file(recorder, path: Path):
    return import_model(recorder.services, path).model


def pack(recorder, names, target: Path) -> PackResult | Problem:
    return result_of(recorder.services, lambda: recorder.services.packs.pack(names, target))


def unpack(recorder, path: Path, expected: str = "", only=None, progress: list | None = None) -> PackResult | Problem:
    services, seen = recorder.services, [] if progress is None else progress
    return result_of(services, lambda: services.packs.unpack(path, expected=expected, only=only).listen(seen.append))


def inside(path: Path, name: str) -> bytes:
    with tarfile.open(path) as archive:
        return archive.extractfile(name).read()


def models(recorder):
    return recorder.ask(lambda services: services.models.list())


def forget(recorder) -> None:
    """As if this were another PC."""
    for model in models(recorder):
        recorder.services.service_thread.call(lambda one=model: recorder.services.models.remove(one.id))


@pytest.fixture
def made(recorder, tmp_path) -> tuple[Path, PackResult]:
    """A pack of two models that are not here any more."""
    first = import_file(recorder, write(tmp_path / "a.gguf", tiny_llama()))
    second = import_file(recorder, write(tmp_path / "b.gguf", tiny_qwen2()))
    change = {"source": "huggingface:bartowski/SmolLM2-135M-Instruct-GGUF/x.gguf@1"}
    recorder.ask(lambda services: services.store.models.change(first.id, **change))
    end = pack(recorder, [first.id, second.name, first.name], tmp_path / "two.tar")
    assert isinstance(end, PackResult)
    forget(recorder)
    return tmp_path / "two.tar", end


# ---- packs that are what they say


def test_a_pack_brings_its_models_with_names_sums_and_licences(recorder, made, folder) -> None:
    path, end = made
    manifest = inside(path, MANIFEST)
    assert end.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    assert end.bytes == path.stat().st_size
    begin = len(recorder.events)
    progress: list[PackProgress] = []
    got = unpack(recorder, path, end.manifest_sha256.upper(), progress=progress)
    assert [(model.model.name, model.is_new, model.license) for model in got.models] == [
        ("Tiny llama", True, "apache-2.0"), ("Tiny qwen", True, "apache-2.0"),
    ]  # fmt: skip
    assert got.manifest_sha256 == end.manifest_sha256
    assert [model.id for model in models(recorder)] == [model.model.id for model in got.models]
    assert got.models[0].model.source.startswith("pack:huggingface:")
    for model in got.models:
        place = Path(os.fsdecode(model.model.path))
        assert place.parent == folder
        assert hashlib.sha256(place.read_bytes()).hexdigest() == model.model.sha256
        assert place.stat().st_mode & 0o777 == 0o600
    assert len(list(folder.iterdir())) == 2
    assert recorder.of(ModelsChanged, begin)
    last = progress[-1]
    assert last.done_bytes == last.total_bytes == sum(model.model.bytes for model in got.models)


def test_what_the_catalogue_says_travels_along(recorder, tmp_path) -> None:
    from slmdesk.hub.search import load_catalogue

    entry = load_catalogue()[0]
    model = import_file(recorder, write(tmp_path / "a.gguf", tiny_llama()))
    source = f"huggingface:{entry.repo}/x.gguf@1"
    recorder.ask(lambda services: services.store.models.change(model.id, source=source))
    assert isinstance(pack(recorder, [model.id], tmp_path / "p.tar"), PackResult)
    about = unpack(recorder, tmp_path / "p.tar").models[0].about
    assert (about["weakness"], about["licence"], about["title"]) == (entry.weakness, entry.licence, entry.title)
    assert entry.weakness in inside(tmp_path / "p.tar", "about.txt").decode()


def test_other_programs_can_read_a_pack_and_check_its_sums(made, tmp_path) -> None:
    path, _end = made
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xf", path, "-C", out], check=True, capture_output=True)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, check=True, capture_output=True)
    with tarfile.open(path) as archive:
        assert [one.isreg() for one in archive] == [True] * 5


def test_models_that_are_here_are_recognised_and_damaged_ones_mended(recorder, made, folder) -> None:
    path, _end = made
    first = unpack(recorder, path)
    again = unpack(recorder, path)
    assert [model.is_new for model in again.models] == [False, False]
    assert [model.model.id for model in again.models] == [model.model.id for model in first.models]
    place = Path(os.fsdecode(first.models[0].model.path))
    place.write_bytes(b"x" * place.stat().st_size)
    mended = unpack(recorder, path)
    assert [model.is_new for model in mended.models] == [True, False]
    assert mended.models[0].model.id == first.models[0].model.id
    assert hashlib.sha256(place.read_bytes()).hexdigest() == first.models[0].model.sha256
    assert len(list(folder.iterdir())) == len(models(recorder)) == 2


def test_a_name_that_is_taken_gets_a_number(recorder, made, tmp_path) -> None:
    other = import_file(recorder, write(tmp_path / "c.gguf", tiny_llama(seed=9)))
    assert other.name == "Tiny llama"
    assert [model.model.name for model in unpack(recorder, made[0]).models] == ["Tiny llama (2)", "Tiny qwen"]


def test_a_pack_is_never_written_over_a_file_nor_of_a_changed_model(recorder, tmp_path, folder) -> None:
    model = import_file(recorder, write(tmp_path / "a.gguf", tiny_llama()))
    (tmp_path / "there.tar").write_text("mine")
    assert pack(recorder, [model.id], tmp_path / "there.tar").code == "file.exists"
    assert (tmp_path / "there.tar").read_text() == "mine"
    assert pack(recorder, [model.id], tmp_path / "nowhere" / "p.tar").code == "file.unwritable"
    place = Path(os.fsdecode(model.path))
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(data)
    before = sorted(tmp_path.iterdir())
    assert pack(recorder, [model.id], tmp_path / "p.tar").code == "model.changed"
    place.write_bytes(data + b"more")
    assert pack(recorder, [model.id], tmp_path / "p.tar").code == "model.changed"
    assert sorted(tmp_path.iterdir()) == before
    assert recorder.ask(lambda services: services.store.models.all())


def test_d12_a_disk_without_room_is_said_with_the_amounts(recorder, made, monkeypatch, tmp_path, folder) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")(10, 9, 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    end = unpack(recorder, made[0])
    assert (end.code, end.args["available_bytes"]) == ("disk.full", 1)
    assert list(folder.iterdir()) == []


def test_d12_a_stick_that_takes_no_large_files_is_named(tmp_path) -> None:
    """FAT32 says EFBIG; a limit on the size of files says the same."""
    code = """
import sys, threading, pathlib, hashlib
from slmdesk.models.packs import PackedModel, write_pack
from slmdesk.base.errors import KnownError
model = pathlib.Path(sys.argv[1]); data = model.read_bytes()
listed = PackedModel("models/a.gguf", len(data), hashlib.sha256(data).hexdigest(), "a")
try:
    write_pack(pathlib.Path(sys.argv[2]), [(model, listed)], {}, lambda *_: None, threading.Event())
except KnownError as err:
    print(err.code, err.args_for_people["reason"])
"""
    model = write(tmp_path / "a.gguf", tiny_llama())
    (tmp_path / "stick").mkdir()

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = subprocess.run(
        [sys.executable, "-c", code, str(model), str(tmp_path / "stick" / "p.tar")],
        capture_output=True, text=True, preexec_fn=limit, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith("file.unwritable"), done.stderr
    assert "exFAT" in done.stdout
    assert list((tmp_path / "stick").iterdir()) == []


def test_cancel_leaves_nothing(recorder, made, tmp_path, folder, monkeypatch) -> None:
    services = recorder.services
    path, _end = made
    is_cancelled = threading.Event()

    class StandsUntilCancelled(Pace):
        """A small pack would be whole before it is cancelled."""

        def left_s(self, done: int, total: int) -> float | None:
            assert is_cancelled.wait(30)
            return super().left_s(done, total)

    monkeypatch.setattr("slmdesk.runtime.file_io.CHUNK_BYTES", 64)
    monkeypatch.setattr("slmdesk.models.packs.Pace", StandsUntilCancelled)

    def cancelled(pending: Pending[PackResult]) -> Pending[PackResult]:
        pending.cancel()
        is_cancelled.set()
        return pending

    assert result_of(services, lambda: cancelled(services.packs.unpack(path))) == PackResult(str(path))
    assert list(folder.iterdir()) == []
    model = import_file(recorder, write(tmp_path / "c.gguf", tiny_llama(seed=9)))
    before, target = sorted(tmp_path.iterdir()), tmp_path / "q.tar"
    is_cancelled.clear()
    assert result_of(services, lambda: cancelled(services.packs.pack([model.id], target))) == PackResult(str(target))
    assert sorted(tmp_path.iterdir()) == before


def test_models_in_parts_encoders_and_adapters_travel_too(recorder, tmp_path, folder) -> None:
    for number, data in enumerate(split(tiny_llama().data, 2), 1):
        (tmp_path / f"large-{number:05}-of-00002.gguf").write_bytes(data)
    kinds = [
        import_file(recorder, tmp_path / "large-00001-of-00002.gguf"),
        import_file(recorder, write(tmp_path / "encoder.gguf", tiny_bert())),
        import_file(recorder, write(tmp_path / "adapter.gguf", tiny_adapter())),
    ]
    assert all(kinds)
    assert isinstance(pack(recorder, [kind.id for kind in kinds], tmp_path / "p.tar"), PackResult)
    forget(recorder)
    got = unpack(recorder, tmp_path / "p.tar")
    assert [model.model.kind for model in got.models] == ["model", "encoder", "adapter"]
    assert [model.model.sha256 for model in got.models] == [kind.sha256 for kind in kinds]


def contents(recorder, path: Path):
    return result_of(recorder.services, lambda: recorder.services.packs.contents(path))


def test_a_pack_can_be_looked_into_and_taken_in_part(recorder, made, folder) -> None:
    path, end = made
    found = contents(recorder, path)
    assert (found.manifest_sha256, found.bytes) == (end.manifest_sha256, path.stat().st_size)
    assert [(model.listed.name, model.here) for model in found.models] == [("Tiny llama", ""), ("Tiny qwen", "")]
    assert list(folder.iterdir()) == []
    assert unpack(recorder, path, only=["nothing"]).code == "pack.no_model"
    got = unpack(recorder, path, only=[found.models[1].listed.sha256])
    assert [model.model.name for model in got.models] == ["Tiny qwen"]
    assert len(list(folder.iterdir())) == 1
    again = contents(recorder, path)
    assert [model.here for model in again.models] == ["", got.models[0].model.id]


def test_what_is_not_wanted_is_checked_all_the_same(recorder, made, tmp_path, folder) -> None:
    data = bytearray(made[0].read_bytes())
    at = data.index(b"GGUF") + 5000  # in the first model
    data[at] ^= 1
    (tmp_path / "bad.tar").write_bytes(data)
    assert unpack(recorder, tmp_path / "bad.tar", only=["Tiny qwen"]).code == "pack.damaged"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["a text", "an ordinary tar", "a newer version", "a manifest cut", "missing"])
def test_a_look_into_what_is_no_pack_is_a_sentence(recorder, tmp_path, kind) -> None:
    path = tmp_path / "p.tar"
    if kind != "missing":
        path.write_bytes(HOSTILE[kind][0])
    found = contents(recorder, path)
    assert found.code == ("file.missing" if kind == "missing" else HOSTILE[kind][1])


def test_a_plan_says_exactly_what_a_pack_takes(recorder, tmp_path) -> None:
    model = import_file(recorder, write(tmp_path / "a.gguf", tiny_llama()))

    def plan():
        return result_of(recorder.services, lambda: recorder.services.packs.plan([model.id], tmp_path / "p.tar"))

    first = plan()
    assert (first.problem, first.free_bytes > 0) == (None, True)
    assert pack(recorder, [model.id], tmp_path / "p.tar").bytes == first.bytes
    assert plan().problem.code == "file.exists"


def test_d12_a_disk_that_fills_up_in_the_middle_keeps_nothing(recorder, made, folder, monkeypatch) -> None:
    real, count = os.fsync, 0

    def full(handle):
        nonlocal count
        if ".import-" in str(Path(f"/proc/self/fd/{handle}").readlink()):
            count += 1
            if count == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle)

    monkeypatch.setattr(os, "fsync", full)
    end = unpack(recorder, made[0])
    assert (end.code, count) == ("disk.full", 2)
    assert list(folder.iterdir()) == []
    assert models(recorder) == []


def test_time_left_goes_by_the_last_seconds() -> None:
    from slmdesk.runtime.file_io import Pace

    now = 0.0
    pace = Pace(lambda: now)
    assert pace.left_s(5, 100) is None
    now = 2.0
    assert pace.left_s(20, 100) == pytest.approx(8.0)


# ---- hostile packs


MODEL = tiny_llama().data
SUM = hashlib.sha256(MODEL).hexdigest()
LISTED = PackedModel("models/a.gguf", len(MODEL), SUM, "A model")


def member(name: str, data: bytes, header: bytes | None = None) -> bytes:
    return (header or tar_header(name, len(data))) + data + padding(len(data))


def built(manifest: Manifest | bytes, *members: bytes, end: bytes = END) -> bytes:
    first = manifest if isinstance(manifest, bytes) else manifest.to_bytes()
    return b"".join([member(MANIFEST, first), *members, end])


def shape(**changes) -> bytes:
    return json.dumps(json.loads(Manifest((LISTED,)).to_bytes()) | changes).encode()


def with_model(**changes) -> bytes:
    return shape(models=[json.loads(Manifest((LISTED,)).to_bytes())["models"][0] | changes])


def info(name: str, **fields) -> bytes:
    found = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(found, key, value)
    return found.tobuf(tarfile.USTAR_FORMAT)


def ordinary_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        found = tarfile.TarInfo("../../evil.gguf")
        found.size = len(MODEL)
        archive.addfile(found, io.BytesIO(MODEL))
    return out.getvalue()


GOOD = member(LISTED.file, MODEL)
BESIDE = tiny_projector().data
BESIDE_LISTED = PackedModel("models/a.gguf", len(BESIDE), hashlib.sha256(BESIDE).hexdigest(), "B")
JUNK = b"not a model" * 50
JUNK_LISTED = PackedModel("models/z.gguf", len(JUNK), hashlib.sha256(JUNK).hexdigest(), "Z")
OTHER = bytes([MODEL[0] ^ 1]) + MODEL[1:]
HOSTILE = {
    "empty": (b"", "pack.invalid"),
    "a text": (b"hello" * 500, "pack.invalid"),
    "an ordinary tar": (ordinary_tar(), "pack.invalid"),
    "no manifest": (GOOD + END, "pack.invalid"),
    "a manifest that never ends": (tar_header(MANIFEST, 1 << 30) + b"{" * 5000, "pack.invalid"),
    "a manifest cut": (built(Manifest((LISTED,)))[:700], "pack.incomplete"),
    "a manifest that is no JSON": (built(b"{nonsense", GOOD), "pack.invalid"),
    "a manifest nested deep": (built(b"[" * 200_000, GOOD), "pack.invalid"),
    "a manifest with a key twice": (built(b'{"format": "slmdesk-pack", "format": "x"}', GOOD), "pack.invalid"),
    "another format": (built(shape(format="other"), GOOD), "pack.invalid"),
    "a newer version": (built(shape(version=2), GOOD), "pack.newer"),
    "no version": (built(shape(version=True), GOOD), "pack.invalid"),
    "models that are no list": (built(shape(models={"a": 1}), GOOD), "pack.invalid"),
    "too many models": (built(shape(models=[{}] * 1001), GOOD), "pack.invalid"),
    "a name with ..": (built(with_model(file="models/../../a.gguf"), GOOD), "pack.invalid"),
    "an absolute name": (built(with_model(file="/etc/a.gguf"), GOOD), "pack.invalid"),
    "a name with a newline": (built(with_model(file="models/a.gguf\n"), GOOD), "pack.invalid"),
    "a negative size": (built(with_model(bytes=-1), GOOD), "pack.invalid"),
    "a size that is true": (built(with_model(bytes=True), GOOD), "pack.invalid"),
    "a size of many digits": (built(with_model(bytes=10**400), GOOD), "pack.invalid"),
    "a sum that is none": (built(with_model(sha256="../x"), GOOD), "pack.invalid"),
    "a name that is no text": (built(with_model(name=["x"]), GOOD), "pack.invalid"),
    "an entry twice": (built(Manifest((LISTED, LISTED)), GOOD, GOOD), "pack.invalid"),
    "one sum twice": (built(Manifest((LISTED, changed(LISTED, file="models/b.gguf"))), GOOD, GOOD), "pack.invalid"),
    "a member twice": (built(Manifest((LISTED,)), GOOD, GOOD), "pack.incomplete"),
    "a member that is not listed": (built(Manifest(()), GOOD), "pack.incomplete"),
    "a member missing": (built(Manifest((LISTED,))), "pack.incomplete"),
    "a link": (
        built(Manifest((LISTED,)), member("", MODEL, info(LISTED.file, type=b"2", linkname="/etc/passwd"))),
        "pack.invalid",
    ),
    "a hard link": (
        built(Manifest((LISTED,)), member("", MODEL, info(LISTED.file, type=b"1", linkname="x", size=len(MODEL)))),
        "pack.invalid",
    ),
    "a device": (built(Manifest((LISTED,)), member("", MODEL, info(LISTED.file, type=b"3"))), "pack.invalid"),
    "another name than listed": (built(Manifest((LISTED,)), member("../a.gguf", MODEL)), "pack.invalid"),
    "a member that lies about its size": (
        built(Manifest((LISTED,)), member("", MODEL, tar_header(LISTED.file, len(MODEL) + 7))),
        "pack.invalid",
    ),
    "a list that lies about a size": (built(with_model(bytes=len(MODEL) + 512), GOOD), "pack.incomplete"),
    "a list that promises a bomb": (built(with_model(bytes=1 << 59), GOOD), "pack.incomplete"),
    "words in the padding": (built(Manifest((LISTED,)), GOOD[:-1] + b"x"), "pack.invalid"),
    "words in the end": (built(Manifest((LISTED,)), GOOD, end=END[:-1] + b"x"), "pack.invalid"),
    "other bytes": (built(Manifest((LISTED,)), member(LISTED.file, OTHER)), "pack.damaged"),
    "a text with other bytes": (
        built(Manifest((LISTED,), (Text("about.txt", 3, "0" * 64),)), member("about.txt", b"abc"), GOOD),
        "pack.damaged",
    ),
    "a text that is the list": (
        built(Manifest((LISTED,), (Text(MANIFEST, 3, "0" * 64),)), member(MANIFEST, b"abc"), GOOD),
        "pack.invalid",
    ),
    "trailing data": (built(Manifest((LISTED,)), GOOD) + b"x", "pack.incomplete"),
    "trailing data instead of the end": (built(Manifest((LISTED,)), GOOD, end=b"x" * 1024), "pack.invalid"),
    "no end": (built(Manifest((LISTED,)), GOOD, end=b""), "pack.incomplete"),
    "no model at all behind a good one": (
        built(Manifest((LISTED, JUNK_LISTED)), GOOD, member(JUNK_LISTED.file, JUNK)),
        "model.not_gguf",
    ),
    "a projector": (built(Manifest((BESIDE_LISTED,)), member(BESIDE_LISTED.file, BESIDE)), "model.wrong_kind"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_d10_hostile_packs_are_refused_and_nothing_stays(recorder, tmp_path, folder, kind) -> None:
    data, code = HOSTILE[kind]
    path = tmp_path / "hostile.tar"
    path.write_bytes(data)
    before = sorted(path for path in tmp_path.rglob("*") if "home" not in path.parts)
    end = unpack(recorder, path)
    assert isinstance(end, Problem)
    assert end.code == code, end.sentence
    assert end.sentence.isprintable()
    assert list(folder.iterdir()) == []
    assert models(recorder) == []
    assert sorted(path for path in tmp_path.rglob("*") if "home" not in path.parts) == before


def test_d10_the_control_a_pack_built_the_same_way_is_taken(recorder, tmp_path) -> None:
    (tmp_path / "good.tar").write_bytes(built(Manifest((LISTED,)), GOOD))
    end = unpack(recorder, tmp_path / "good.tar")
    assert [model.model.name for model in end.models] == ["A model"]


def test_m3_a_pack_cut_anywhere_is_refused(recorder, made, tmp_path, folder) -> None:
    data = made[0].read_bytes()
    cut = tmp_path / "cut.tar"
    for size in [*range(1, len(data), len(data) // 12), len(data) - 1]:
        cut.write_bytes(data[:size])
        assert unpack(recorder, cut).code in ("pack.incomplete", "pack.invalid"), size
    assert list(folder.iterdir()) == []


def test_m4_a_flipped_byte_anywhere_is_found(recorder, made, tmp_path, folder) -> None:
    data = made[0].read_bytes()
    sum_of_list = made[1].manifest_sha256
    bad = tmp_path / "bad.tar"
    for at in range(7, len(data), len(data) // 15):
        bad.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        assert unpack(recorder, bad, sum_of_list).code.startswith("pack."), at
    assert list(folder.iterdir()) == []


def read_all(path: Path, expected: str) -> None:
    """As unpacking reads it.  What is only said otherwise, such as a name, is told by the checksum of the list."""
    with open_pack(path) as found:
        for text in (*found.manifest.texts, *found.manifest.models):
            found.check(text, lambda *_: None, threading.Event())
        found.finish()
        if found.manifest_sha256 != expected:
            raise KnownError("pack.other")


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.soak)])
def test_d10_packs_spoilt_at_random_are_known_errors(tmp_path, count) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    good = built(Manifest((LISTED,), (Text("about.txt", 3, hashlib.sha256(b"abc").hexdigest()),)),
                 member("about.txt", b"abc"), GOOD)  # fmt: skip
    path, refused = tmp_path / "p.tar", 0
    path.write_bytes(good)
    with open_pack(path) as found:
        expected = found.manifest_sha256
    read_all(path, expected)  # the control
    for _ in range(count):
        data = bytearray(good)
        for _each in range(chance.randint(1, 3)):
            at = chance.randrange(3500 if chance.random() < 0.9 else len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.choice(b'\0\x80\xff"{}[],:0123456789-.e/7')
                case 1:
                    del data[at : at + chance.choice((1, 7, 512))]
                case 2:
                    data[at:at] = bytes(chance.choice((1, 512)))
        if data == good:
            continue
        path.write_bytes(data)
        refused += 1
        with pytest.raises(KnownError) as err:
            read_all(path, expected)
        assert err.value.code.startswith("pack."), err.value
    assert refused > count * 0.9


def test_a_pack_with_another_list_than_told_is_refused(recorder, made, folder) -> None:
    end = unpack(recorder, made[0], "0" * 64)
    assert (end.code, end.args["sha256"]) == ("pack.other", made[1].manifest_sha256)
    assert list(folder.iterdir()) == []


def test_m11_names_of_a_pack_are_labels_and_nothing_else(recorder, tmp_path, folder) -> None:
    manifest = with_model(name="../../\x1b[31m\u202e<b>evil", license="L\nicence", source="huggingface:x/y")
    (tmp_path / "p.tar").write_bytes(built(manifest, GOOD))
    (one,) = unpack(recorder, tmp_path / "p.tar").models
    assert one.model.name.isprintable()
    assert [each.parent for each in folder.iterdir()] == [folder]
    assert one.license == "L icence"


@pytest.mark.parametrize("make", ["folder", "fifo", "missing"])
def test_m10_what_is_no_regular_file_is_not_opened(recorder, tmp_path, make) -> None:
    path = tmp_path / "thing"
    if make == "folder":
        path.mkdir()
    elif make == "fifo":
        os.mkfifo(path)
    end = unpack(recorder, path)
    assert end.code == ("file.missing" if make == "missing" else "file.unreadable")


def test_sizes_of_eight_gigabytes_and_more_have_a_header_tar_reads() -> None:
    found = tarfile.TarInfo.frombuf(tar_header("models/a.gguf", 9 << 30), "ascii", "strict")
    assert (found.size, found.name, found.isreg()) == (9 << 30, "models/a.gguf", True)


def test_an_unknown_model_is_named(recorder, tmp_path) -> None:
    with pytest.raises(KnownError, match=r"^model\.unknown "):
        recorder.ask(lambda services: services.packs.pack(["nothing"], tmp_path / "p.tar"))
