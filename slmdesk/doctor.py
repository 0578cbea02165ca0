"""Examines this PC and the program for `slmdesk doctor` and for reports: what works, and what is missing."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import slmdesk
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.policy import Policy
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, record_from
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.home_place import home_problems
from slmdesk.base.runtime.messages import Problem, bytes_for_people, problem_for, problem_of
from slmdesk.base.runtime.service import Slices, in_slices
from slmdesk.base.saved_states import states_in
from slmdesk.base.settings import policy_of
from slmdesk.base.texts import _
from slmdesk.base.types import Backends, Device, Json
from slmdesk.base.untrusted import clean_label
from slmdesk.base.walls import landlock_of, system_name
from slmdesk.children.reach import UNTRIED_VARIABLE
from slmdesk.history.store import SQLITE_VERSION
from slmdesk.models.loader.model_loader import processor
from slmdesk.models.online.network import certificates_in
from slmdesk.models.online.offline import sets_of
from slmdesk.models.online.program import code_from_elsewhere
from slmdesk.services import Services

_PARTS = {"window": "PySide6", "engine": "llama_cpp", "hub": "huggingface_hub", "store": "sqlite_utils",
          "encryption": "sqlcipher3"}  # fmt: skip
LLAMA_BINDING, LLAMA_COMMIT = "0.3.36", "0c1e57098"
"""The pinned version of llama-cpp-python and the commit of llama.cpp in its source, as packaging/llama.py checks it."""
HEIF = "libheif.so.1"
MOST_DECODERS, _HEVC = 8, 1
_PACKAGES = ("llama-cpp-python", "PySide6-Essentials", "huggingface-hub", "sqlite-utils", "sqlcipher3",
             "cryptography", "numpy", "psutil", "jinja2")  # fmt: skip

TINY_MODEL = Path(__file__).parent / "models" / "gguf" / "tiny.gguf"
"""An encoder of drawn weights: what must be loaded and computed before the engine is said to work."""


def examine(services: Services) -> Pending[dict[str, Json]]:
    """Examine everything. Each child process is started once as a test. Service thread."""
    return in_slices(services.service_thread, _examined(services))


def _examined(services: Services) -> Slices[dict[str, Json]]:
    tried = {name: _tried(services, name) for name in services.clients}
    graphics = _graphics(services)
    keyring: Pending[str] = Pending()
    services.tokens.places().then(
        lambda outcome: keyring.end(outcome.sentence if isinstance(outcome, Problem) else outcome.no_keyring or "works")
    )
    states = states_in(services.paths.states)
    shape: dict[str, Json] = {
        **examine_computer(services.paths, services.models.folder),
        "history": {
            "read_only": services.read_only,
            "encrypted": services.store.key is not None,
            "bytes": _size_of(services.paths.database),
            "models": len(services.models.list()),
        },
        "saved_states": {
            "files": len(states),
            "bytes": sum(state.bytes for state in states),
            "limit_mib": services.settings.current.saved_states_mib,
        },
        "speed": _speed(services),
        "network": {
            "offline": services.network.is_offline,
            "enforced": services.network.enforcement.by_system,
            "enforcement": services.network.enforcement.words,
            "requests_today": services.network.today(),
            "token": services.tokens.state().place or None,
        },
        "keyring": (yield keyring),
    }
    shape["graphics"] = yield graphics
    children: dict[str, Json] = {}
    for name, verdict in tried.items():
        children[name] = yield verdict
    return {**shape, "children": children, "walls": _walls(services)}


def _tried(services: Services, name: str) -> Pending[str]:
    """Test a child process: the engine with a step of a tiny model, the others with a request that they can always
    answer, if only with "no such file".

    Return a verdict in words.
    """
    tried: Pending[str] = Pending()

    def on_event(event: FromChild) -> None:
        if verdict := _verdict(event, may_refuse=name != "engine"):
            services.service_thread.post(lambda: tried.end(verdict))

    missing = str(services.paths.models / ".none")
    if name == "engine":
        services.engine.start("embed", {"path": str(TINY_MODEL), "texts": ["a step"]}, on_event)
    elif name == "printer":
        services.printer.start("print", {"page": "none"}, on_event)
    else:
        client = services.listener if name == "listener" else services.reader
        client.start("read", {"path": missing, "format": "txt"}, on_event)
    return tried


def _graphics(services: Services) -> Pending[dict[str, Json]]:
    pending: Pending[dict[str, Json]] = Pending()
    setting = "automatic" if services.settings.current.use_graphics_card else "off"

    def on_event(event: FromChild) -> None:
        shape: dict[str, Json] = {"setting": setting, "backends": [], "cards": []}
        if isinstance(event, Done):
            with suppress(KnownError):
                seen = record_from(Backends, event.result)
                shape |= {"backends": list(seen.names), "cards": [_card_words(device) for device in seen.devices]}
        if isinstance(event, Done | Failed | Cancelled):
            services.service_thread.post(lambda: pending.end(shape))

    services.engine.start("backends", {}, on_event)
    return pending


def _card_words(card: Device) -> str:
    kind = ", integrated" if card.is_integrated else ""
    free, total = bytes_for_people(card.free_bytes), bytes_for_people(card.memory_bytes)
    return f"{card.name}{kind}, {free} of {total} free"


def examine_computer(paths: Paths, models_folder: Path | None = None) -> dict[str, Json]:
    """Examine everything that does not need the history. Any thread."""
    return {
        "slmdesk": slmdesk.__version__,
        "computer": _computer(),
        "versions": versions(),
        "paths": _paths(paths, models_folder or paths.models),
        "policy": _policy(paths),
        "code_from_elsewhere": [*code_from_elsewhere()],
        "pictures": "models that see can be shown pictures" if _reads_pictures() else "no: llama.cpp was built without",
        "missing": [name for name, package in _PARTS.items() if find_spec(package) is None],
    }


def _reads_pictures() -> bool:
    package = find_spec("llama_cpp")
    folders = package.submodule_search_locations if package else None
    return any((Path(folder) / "lib").glob("*mtmd*") for folder in folders or ())


def _walls(services: Services) -> dict[str, Json]:
    said = [landlock_of(facts) for facts in services.capabilities().values()]
    answers: dict[str, Json] = {name: walls.words if walls else None for name, walls in services.walls().items()}
    if sys.platform != "linux":
        answers["system"] = f"not tried on such a system, and off unless {UNTRIED_VARIABLE}=1"
    return {**answers, "landlock": max(said) or None}


def _verdict(event: FromChild, *, may_refuse: bool) -> str:
    if isinstance(event, Done):
        return "works"
    if isinstance(event, Failed):
        is_up = may_refuse and event.code.startswith(("file.", "document.", "request."))
        return "works" if is_up else f"does not work: {problem_of(event.code, event.args).sentence}"
    return "ended" if isinstance(event, Cancelled) else ""


def _computer() -> dict[str, Json]:
    import psutil  # 17 ms

    memory = psutil.virtual_memory()
    return {
        "system": system_name(),
        "processor": processor(),
        "cores": psutil.cpu_count(logical=False) or 0,
        "threads": os.cpu_count() or 0,
        "memory_bytes": int(memory.total),
        "available_bytes": int(memory.available),
        "memory": f"{bytes_for_people(memory.available)} of {bytes_for_people(memory.total)} free",
    }


def versions() -> dict[str, Json]:
    versions: dict[str, Json] = {"python": platform.python_version(), "sqlite": SQLITE_VERSION}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    is_pinned = str(versions["llama-cpp-python"]).partition("+")[0] == LLAMA_BINDING
    return {**versions, "llama.cpp": LLAMA_COMMIT if is_pinned else None, "HEIC": heif_version()}


def heif_version() -> str | None:
    """Return the system's library that opens photos of phones, and what it unpacks them with; None if it has none."""
    try:
        heif = ctypes.CDLL(HEIF)
    except OSError:
        return None
    heif.heif_get_version.restype = heif.heif_decoder_descriptor_get_name.restype = ctypes.c_char_p
    decoders, count = (ctypes.c_void_p * MOST_DECODERS)(), 0
    with suppress(AttributeError):  # before 1.15 it does not name them
        count = heif.heif_get_decoder_descriptors(_HEVC, decoders, MOST_DECODERS)
    names = [heif.heif_decoder_descriptor_get_name(ctypes.c_void_p(each)) for each in decoders[: max(0, count)]]
    told = "; ".join(name.decode(errors="replace") for name in names if name)
    return clean_label(f"libheif {heif.heif_get_version().decode(errors='replace')}, {told or 'decoder not named'}")


def _speed(services: Services) -> dict[str, Json]:
    measured, pace = services.measuring.measured, services.measuring.pace
    if measured is None:
        return {"measured": False}
    return {
        "measured": True,
        "memory_bytes_per_s": round(measured.bytes_per_s),
        "memory": f"{bytes_for_people(measured.bytes_per_s)} a second",
        "threads": measured.threads,
        "graphics_cards": [f"{device.name}, {bytes_for_people(device.memory_bytes)}" for device in measured.devices],
        "models_measured": len(pace.measured),
        "compared_with_expected": None if pace.calibration is None else round(pace.calibration, 2),
    }


def _paths(paths: Paths, folder: Path) -> dict[str, Json]:
    facts: dict[str, Json] = {
        name: str(getattr(paths, name)) for name in ("data", "models", "cache", "logs", "config", "database")
    }
    try:
        facts["disk_free_bytes"] = shutil.disk_usage(folder).free
        facts["disk_free"] = bytes_for_people(shutil.disk_usage(folder).free)
    except OSError:
        facts["disk_free_bytes"] = None
    facts["warnings"] = [problem.sentence for problem in home_problems(paths)]
    return facts


def _policy(paths: Paths) -> dict[str, Json]:
    policy = policy_of(paths)
    return {
        "file": policy.path or None,
        "owner": policy.owner or None,
        "sha256": policy.sha256 or None,
        "looked_for": [str(file) for file in paths.policy_files],
        "sets": sets_of(policy),
        "models_folder": policy.models_folder or None,
        "hidden": sorted(policy.hidden),
        "problems": [problem_for(problem).sentence for problem in (*policy.problems, *_not_there(policy))],
    }


def _not_there(policy: Policy) -> Iterator[KnownError]:
    if policy.models_folder and not Path(policy.models_folder).is_dir():
        yield KnownError("file.unreadable", path=policy.models_folder, reason=_("it is no folder that is there now"))
    if ca_file := str(policy.forced.get("ca_file") or ""):
        try:
            certificates_in(Path(ca_file))
        except KnownError as err:
            yield KnownError("file.unreadable", path=ca_file, reason=str(err.args_for_people["reason"]))


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
