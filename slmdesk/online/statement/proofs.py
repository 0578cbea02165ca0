"""A statement's proofs: signature, test of which process can reach the network, comparison of the installed files."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slmdesk
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.protocol import stored_dict, stored_from
from slmdesk.base.record import Record, field
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label, object_in
from slmdesk.base.walls import ALLOWED, REFUSED, outcome_of, try_all
from slmdesk.hub.vault import PrivateFile, SystemKeyring, Vault
from slmdesk.online.statement.verify import NAMESPACE, is_control, is_refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SERVICE = "slmdesk: key that signs statements for auditors"
"""Name under which the system's keyring lists the key."""
NAME = "statement key"
KIND = b"ssh-ed25519"
MAGIC = b"SSHSIG"
HASH = b"sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class StatementKey(Record):
    key: Ed25519PrivateKey
    place: str

    @property
    def public(self) -> bytes:
        return _string(KIND) + _string(self.key.public_key().public_bytes_raw())

    @property
    def line(self) -> str:
        return f"{KIND.decode()} {base64.b64encode(self.public).decode()}"

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the key, as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.public).digest()).decode().rstrip("=")

    def sign(self, message: bytes) -> bytes:
        signature = _string(KIND) + _string(self.key.sign(_signed(message)))
        parts = (self.public, NAMESPACE.encode(), b"", HASH, signature)
        blob = MAGIC + struct.pack(">I", 1) + b"".join(map(_string, parts))
        lines = textwrap.wrap(base64.b64encode(blob).decode(), 70)
        return "\n".join((_BEGIN, *lines, _END, "")).encode()


class StatementKeys:
    """Stores the key in the system's keyring. Where there is no keyring, in a file that only its owner can read."""

    def __init__(self, paths: Paths) -> None:
        self.vaults: dict[str, Vault] = {
            "keyring": SystemKeyring(service=SERVICE),
            "file": PrivateFile(paths.statement_key_file),
        }

    def open(self, *, was_in: str = "", is_new: bool = False) -> StatementKey:
        """Return the key of this account. Make a new key if there is none, or if `is_new`.

        `was_in` is the place where the key was last. If that is a keyring that does not answer, KnownError
        `statement.key` is raised: a second key made silently would look like another PC.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # 30 ms

        try:
            places = self._places()
            if was_in and was_in not in places and not is_new:
                raise KnownError("token.keyring", reason=self.vaults[was_in].missing())
            for place in places if not is_new else ():
                if secret := self.vaults[place].get(NAME):
                    return StatementKey(Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret)), place)
            key = Ed25519PrivateKey.generate()
            self.vaults[places[0]].put(NAME, base64.b64encode(key.private_bytes_raw()).decode())
        except KnownError as err:
            if err.code in ("disk.full", "file.unwritable"):
                raise
            raise KnownError("statement.key", reason=str(err.args_for_people.get("reason", err.code))) from None
        except ValueError:  # its message would quote the key
            raise KnownError("statement.key", reason=_("it is damaged")) from None
        return StatementKey(key, places[0])

    def forget(self) -> None:
        """Delete the key wherever it is stored. Raises KnownError as the vaults do."""
        for place in self._places():
            self.vaults[place].remove(NAME)

    def _places(self) -> list[str]:
        """Return where the key may be, a new key's place first. A key made without a keyring stays in its file."""
        return ["file"] if self.vaults["keyring"].missing() else ["keyring", "file"]


def is_good(message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        text = signature.decode("ascii").strip()
        if not (text.startswith(_BEGIN) and text.endswith(_END)):
            return False
        blob = base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
        if blob[:10] != MAGIC + struct.pack(">I", 1):
            return False
        public, namespace, reserved, kind, made = _strings(blob[10:], 5)
        (key_kind, raw), (made_kind, raw_signature) = _strings(public, 2), _strings(made, 2)
        if (namespace, reserved, kind, key_kind, made_kind) != (NAMESPACE.encode(), b"", HASH, KIND, KIND):
            return False
        Ed25519PublicKey.from_public_bytes(raw).verify(raw_signature, _signed(message))
    except (ValueError, binascii.Error, struct.error, InvalidSignature):
        return False
    return True


def _signed(message: bytes) -> bytes:
    """Return the bytes that are really signed: the namespace and the hash of the message (format SSHSIG of OpenSSH)."""
    parts = (NAMESPACE.encode(), b"", HASH, hashlib.sha512(message).digest())
    return MAGIC + b"".join(map(_string, parts))


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes, count: int) -> list[bytes]:
    found, at = [], 0
    for __ in range(count):
        (size,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(data):
        raise ValueError("cut, or longer than it says")
    return found


# ---- tries, at the moment of a statement, who of our processes can reach a listener on this PC
#
# A control process must reach the listener. Nothing leaves the PC: all goes to 127.0.0.1. The thread must live until
# the end, since the processes die with it.


ROLES = ("engine", "reader", "printer")
WAIT_S = 60.0
COMMAND = (sys.executable, "-m", "slmdesk.children.worker.try_network")
_NOBODY = 9, 9


class Tried(Record):
    who: str
    ways: Mapping[str, str]

    @property
    def is_refused(self) -> bool:
        return is_refused(self.ways)


class SelfTest(Record):
    control: Tried
    desk: Tried
    children: tuple[Tried, ...]
    guard: str
    """Error code with which the guard refused a request."""
    heard: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_control(self) -> bool:
        """True if the process without restrictions reached the listener. Only then does a refusal prove something."""
        return is_control(self.control.ways)

    def to_json(self) -> dict[str, Json]:
        return {
            "control": dict(self.control.ways),
            "control_reached_the_listener": self.has_control,
            "this_program": dict(self.desk.ways),
            "children": {child.who: dict(child.ways) for child in self.children},
            "check_of_the_program": self.guard,
            "heard_by_the_listener": dict(self.heard),
        }


class Control:
    """Process without restrictions that listens on this PC. Start it before anything blocks this process's network."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._process = subprocess.Popen(
            [*command, "control"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        self._said = self._read()

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    @property
    def ports(self) -> tuple[int, int]:
        return stored_from(tuple[int, int], self._said.get("ports")) or _NOBODY

    def tried(self) -> Tried:
        if "ports" in self._said:
            return Tried("control", stored_dict(str, self._read().get("tries")))
        reason = REFUSED if self._said.get("errno") in (1, 13) else str(self._said.get("error", "it did not start"))
        return Tried("control", dict.fromkeys(("connection", "name look-up"), reason))

    def heard(self) -> dict[str, int]:
        """End the process and return how often it was reached."""
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        heard = stored_dict(int, self._read().get("heard"))
        self.close()
        return heard

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return _object(self._process.stdout.readline() if not self._process.stdout.closed else b"")


def run_self_test(
    guard: Callable[[], None],
    *,
    control: Control,
    desk_ways: Mapping[str, Callable[[int], None]] | None = None,
    command: Sequence[str] = COMMAND,
) -> SelfTest:
    """Test which processes can reach the listener of `control`. Takes a second or two.

    `guard` makes a request that must be refused. `desk_ways` are further ways by which this process tries to reach a
    port.
    """
    tried = control.tried()
    stream, datagram = control.ports
    more = {name: outcome_of(lambda way=way: way(stream)) for name, way in (desk_ways or {}).items()}  # type: ignore[misc]
    desk = Tried("this program", {**try_all(stream, datagram), **more})
    children = tuple(_tried_by(role, (stream, datagram), command) for role in ROLES)
    return SelfTest(tried, desk, children, _refusal_of(guard), control.heard())


def _tried_by(role: str, ports: tuple[int, int], command: Sequence[str]) -> Tried:
    """Start a process with the restrictions of the child process `role`, and return which connections it could make."""
    try:
        done = subprocess.run(
            [*command, role, *map(str, ports)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=WAIT_S, check=False, env=_environment(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as err:
        return Tried(role, {"start": f"failed: {type(err).__name__}"})
    tries = stored_dict(str, _object(done.stdout).get("tries"))
    return Tried(role, tries or {"start": f"failed: status {done.returncode}"})


def _refusal_of(guard: Callable[[], None]) -> str:
    try:
        guard()
    except KnownError as err:
        return err.code
    return ALLOWED


def _object(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        return object_in(line)
    return {}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SLMDESK_")}


# ---- compares the installed files of the program and of the libraries it needs with the list made when …
#
# they were built, and names what runs in this process and was not installed with it Each library brings a list of its
# files with their checksums (RECORD, PyPA's specification of installed projects).


PROGRAM = "slmdesk"
LOADERS = ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP")
"""Environment variables that make every program run additional code of the account."""
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/opt", "/app", "/snap", "/nix/store", "/gnu/store")
CLOSURES = "/memfd:libffi (deleted)"
"""Name of the memory in which the system's libffi keeps the callbacks of ctypes."""
DECEIVES = "code that did not come with slmdesk can deceive its self-test"
MOST_LETTERS = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OnFile = Callable[[int, int], None]


def installed(on_file: OnFile = lambda _done, _total: None) -> dict[str, Json]:
    """Return which installed files differ from the lists made when they were built. Reads every file, so never call it
    on the service thread. Raises what `on_file` raises.
    """
    found = [metadata.distribution(name) for name in sorted(_needed())]
    total, done = sum(len(distribution.files or ()) for distribution in found), 0
    libraries: dict[str, Json] = {}
    for each in found:
        libraries[each.name] = _compared(each)
        done += len(each.files or ())
        on_file(done, total)
    return {"package": _package(Path(slmdesk.__file__).parent), "libraries": libraries}


def code_from_elsewhere(environment: Mapping[str, str] = os.environ, maps: Path = Path("/proc/self/maps")) -> list[str]:
    """Return sentences about code in this process that belongs neither to the program nor to the system. Any thread."""
    found = [f"{name} is set: {DECEIVES}." for name in LOADERS if environment.get(name)]
    try:
        lines = maps.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return found
    own = (sys.prefix, sys.base_prefix, sys.exec_prefix, Path(slmdesk.__file__).parent.parent)
    known = (*map(Path, (*SYSTEM, CLOSURES)), *(Path(path).resolve() for path in own))
    mapped = {parts[5] for parts in (line.split(maxsplit=5) for line in lines) if len(parts) == 6 and "x" in parts[1]}
    others = (at for at in sorted(mapped) if at.startswith("/") and not any(map(Path(at).is_relative_to, known)))
    return [*found, *(f"{clean_label(path, MOST_LETTERS)} is loaded: {DECEIVES}." for path in others)]


def _needed() -> set[str]:
    seen: dict[str, str] = {}
    waiting = [PROGRAM]
    while waiting:
        name = waiting.pop()
        if _key(name) in seen:
            continue
        try:
            requires = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue
        seen[_key(name)] = name
        waiting += [match.group() for require in requires if (match := _NAME.match(require))]
    return set(seen.values())


def _compared(each: metadata.Distribution) -> dict[str, Json]:
    changed, missing, compared, unlisted = [], [], 0, 0
    for file in each.files or ():
        if file.hash is None or "__pycache__" in file.parts:  # Python writes its compiled files itself
            unlisted += 1
            continue
        try:
            digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
        except (OSError, ValueError):
            missing.append(str(file))
            continue
        compared += 1
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != file.hash.value:
            changed.append(str(file))
    record = each.read_text("RECORD")
    return {
        "version": each.version,
        "files_as_built": compared - len(changed),
        "changed": sorted(changed),
        "missing": sorted(missing),
        "without_a_checksum": unlisted,
        "record_sha256": hashlib.sha256(record.encode()).hexdigest() if record is not None else None,
    }


def _package(folder: Path) -> dict[str, Json]:
    """Return one checksum over all files of the program itself. A program that runs from its source has no RECORD."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    names = [name for name in sorted(paths) if "__pycache__" not in paths[name].parts and paths[name].is_file()]
    sums = "".join(f"{hashlib.sha256(paths[name].read_bytes()).hexdigest()}  {name}\n" for name in names)
    return {"version": slmdesk.__version__, "files": len(names), "sha256": hashlib.sha256(sums.encode()).hexdigest()}


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
