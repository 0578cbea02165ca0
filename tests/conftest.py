"""Isolation for all tests: a home of their own, no screen, no network, and the real starter model where wanted."""

from __future__ import annotations

import gc
import locale
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from slmdesk.base.record import changed
from slmdesk.base.runtime import service

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

service.factor = 0.05
settings.register_profile("slmdesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slmdesk")  # no test fails because the machine was busy

os.environ["QT_QPA_PLATFORM"] = os.environ.get("SLMDESK_TEST_PLATFORM", "offscreen")
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["PYTHONFAULTHANDLER"] = "1"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # neither a person's own nor another test's
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of hundreds of children would compile the whole package anew
sys.dont_write_bytecode = False
if os.name == "posix":
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:  # the environment names one that is not made here
        locale.setlocale(locale.LC_CTYPE, "C")
os.environ["LC_ALL"] = "C.UTF-8"  # exports of the command line speak the locale's language; Qt wants UTF-8
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job ignores it, and so would the children
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


pytest_plugins = ("fakes.opened_services", "fakes.command_runs", "fakes.window_driver")
FLOORS = {"base/text", "children", "exports", "history/store", "models/gguf", "models/hub", "quality"}
"""Folders of tests that start no services."""
LIMIT_S = 400
"""For one test: one that waits for ever shall fail, not keep all others from being run."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """No tests and modules are garbage, a million objects that Python would look through again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files of the slowest tests of the last run, so that none is left for one worker at the end."""
    seconds = ROOT / ".cache" / "test-seconds.txt"
    if seconds.is_file() and not config.pluginmanager.hasplugin("randomly"):
        modules = re.findall(r"(\S+?)::", seconds.read_text(encoding="utf-8"))
        ranks = {module: rank for rank, module in enumerate(dict.fromkeys(modules))}

        def rank(item: pytest.Item) -> int:
            name = item.nodeid.partition("::")[0]  # `location` would take each worker a second
            return ranks.get(name.removesuffix(".py").replace("/", "."), len(ranks))

        items.sort(key=rank)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Every test ends, but for the full counts."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took more than {LIMIT_S} s")

    if item.get_closest_marker("soak") is None and hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, over)
        signal.alarm(LIMIT_S)
    try:
        return (yield)
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Beside other workers a real model has one core, so its engine takes one thread: llama.cpp's threads wait for each
    other by spinning, and the engines of two workers would hold up each other many times over.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not worker or item.get_closest_marker("model") is None or not hasattr(os, "sched_setaffinity"):
        return (yield)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[int(worker) % len(cores)]})  # its children inherit it
    try:
        return (yield)
    finally:
        os.sched_setaffinity(0, cores)


KINDS = {"pure", "process", "gui", "model"}
COMPUTED = pytest.StashKey[float]()


def _computed() -> float:
    """Processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to count what a test computes."""
    item.stash[COMPUTED] = _computed()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """The report of a test names its kind and its processor seconds, for the summary at the end of `make test`."""
    if call.when == "teardown":
        kind = next((mark.name for mark in item.iter_markers() if mark.name in KINDS), "other")
        item.user_properties += [("kind", kind), ("computed", _computed() - item.stash[COMPUTED])]


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Temporary files of the program and of its children lie beside the homes: each worker has its own."""
    tempfile.tempdir = os.environ["TMPDIR"] = str(tmp_path_factory.getbasetemp())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh SLMDESK_HOME for every test, and none of the system's dictionaries."""
    folder = tmp_path / "home"
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    monkeypatch.setenv("SLMDESK_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def local_children(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Children run on threads of the test where the process is not its subject (`real_child`), and a new history of the
    services is a copy.
    """
    room, *inside = request.path.relative_to(ROOT / "tests").parts
    is_floor = not inside or room in FLOORS or f"{room}/{inside[0]}" in FLOORS
    usual = not is_floor and not request.node.get_closest_marker("real_child")
    if not getattr(request, "param", usual):
        yield
        return
    from fakes import blank_history, local_child

    monkeypatch.setattr("slmdesk.children.client.child.start_process", local_child.start)
    monkeypatch.setattr("slmdesk.services.open_store", blank_history.open_store)
    yield
    local_child.end_all()


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """Qt's application as the program makes it for a window in English, whatever this computer's language is."""
    from PySide6.QtCore import QLocale

    from slmdesk.base.language import keep_numbers

    keep_numbers()
    for kind in (locale.LC_MESSAGES, locale.LC_TIME):  # the system's own sentences, and names of months
        locale.setlocale(kind, "C")
    QLocale.setDefault(QLocale("en_US"))
    return qapp


@pytest.fixture
def measured_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real model counts as known on this PC: a first load that tries out batches computes for seconds."""
    from slmdesk.models.loader import model_loader

    known = {"cost_curve": ((1, 1.0), (4, 3.6), (16, 9.0)), "behaves": True, "template_checked": True}
    spec_for = model_loader.spec_for
    monkeypatch.setattr(model_loader, "spec_for", lambda *given, **more: changed(spec_for(*given, **more), **known))


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The real SmolLM2 file; a missing one is a failure, not a skip: `make test` fetches it."""
    given = os.environ.get("SLMDESK_STARTER_MODEL")
    models = [Path(given)] if given else sorted((ROOT / ".cache" / "starter-model").glob("*.gguf"))
    if not models or not models[0].is_file():
        pytest.fail("the starter model is not there: run `make model`")
    return models[0]
