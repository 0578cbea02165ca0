"""The signature of a statement: the form of OpenSSH, checked by its own program; the key and where it is kept."""

from __future__ import annotations

import base64
import hashlib
import shutil
import stat
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.vaults import MemoryVault

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.online.statement import proofs
from slmdesk.online.statement.proofs import StatementKey, StatementKeys, code_from_elsewhere, installed, is_good
from slmdesk.online.statement.verify import signer

pytestmark = pytest.mark.pure
SUMS = b"0" * 64 + b"  statement.json\n"
KNOWN = StatementKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "file")


def ssh_keygen(*words: str, message: bytes = SUMS) -> subprocess.CompletedProcess:
    return subprocess.run(["ssh-keygen", *words], input=message, capture_output=True, check=False)


def test_a_signature_is_always_the_same_and_wrapped_as_openssh_does():
    made = KNOWN.sign(SUMS)
    assert made == KNOWN.sign(SUMS)
    lines = made.decode().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
    assert max(map(len, lines)) <= 70
    assert is_good(SUMS, made)
    assert signer(made) == KNOWN.fingerprint


def test_what_was_changed_is_not_good():
    made = KNOWN.sign(SUMS)
    assert not is_good(SUMS + b"x", made)
    assert not is_good(SUMS, KNOWN.sign(b"other"))
    for at in range(30, len(made) - 30, 7):
        other = bytearray(made)
        other[at] = ord("A") if other[at] != ord("A") else ord("B")
        assert not is_good(SUMS, bytes(other)), at
    for odd in (b"", b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----", b"\xff" * 100, made[:100]):
        assert not is_good(SUMS, odd)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not here")
def test_ssh_keygen_takes_it_and_refuses_another(tmp_path):
    signature, allowed = tmp_path / "sums.sig", tmp_path / "allowed"
    signature.write_bytes(KNOWN.sign(SUMS))
    allowed.write_text(f"office {KNOWN.line}\n")
    words = ("-Y", "verify", "-f", str(allowed), "-I", "office", "-n", "slmdesk-statement", "-s", str(signature))
    good = ssh_keygen(*words)
    assert good.returncode == 0, good.stderr
    assert KNOWN.fingerprint.encode() in good.stdout
    assert ssh_keygen(*words, message=SUMS + b"x").returncode != 0, "the control"
    other = StatementKey(Ed25519PrivateKey.generate(), "file")
    allowed.write_text(f"office {other.line}\n")
    assert ssh_keygen(*words).returncode != 0, "the key of somebody else"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not here")
def test_a_signature_of_ssh_keygen_is_good_here_too(tmp_path):
    key = tmp_path / "key"
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-f", str(key))
    (tmp_path / "sums").write_bytes(SUMS)
    ssh_keygen("-Y", "sign", "-f", str(key), "-n", "slmdesk-statement", str(tmp_path / "sums"))
    made = (tmp_path / "sums.sig").read_bytes()
    assert is_good(SUMS, made)
    assert signer(made).encode() in ssh_keygen("-l", "-f", str(key)).stdout
    ssh_keygen("-Y", "sign", "-f", str(key), "-n", "file", str(tmp_path / "sums"))
    (tmp_path / "sums.sig").unlink()
    ssh_keygen("-Y", "sign", "-f", str(key), "-n", "file", str(tmp_path / "sums"))
    assert not is_good(SUMS, (tmp_path / "sums.sig").read_bytes()), "made for something else"


def keys(*, keyring: MemoryVault | None = None) -> StatementKeys:
    made = StatementKeys(find_paths())
    made.vaults["keyring"] = keyring or MemoryVault("this system has none")
    return made


def test_the_key_is_made_once_and_kept_in_a_private_file_without_a_keyring(home):
    first = keys().open()
    assert first.place == "file"
    assert keys().open().fingerprint == first.fingerprint
    file = find_paths().statement_key_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys().forget()
    assert not file.exists()
    assert keys().open().fingerprint != first.fingerprint


def test_the_key_is_kept_in_the_keyring_where_there_is_one(home):
    keyring = MemoryVault()
    first = keys(keyring=keyring).open()
    assert first.place == "keyring"
    assert not find_paths().statement_key_file.exists()
    assert keys(keyring=keyring).open(was_in="keyring").fingerprint == first.fingerprint
    with pytest.raises(KnownError, match=r"statement\.key"):
        keys().open(was_in="keyring")
    assert not find_paths().statement_key_file.exists(), "no second key in silence"
    other = keys().open(was_in="keyring", is_new=True)
    assert (other.place, other.fingerprint != first.fingerprint) == ("file", True)


def test_a_key_file_that_is_damaged_makes_no_new_key(home):
    keys().open()
    file = find_paths().statement_key_file
    for harm in (b"{", b'{"statement key": "AAAA"}', b'{"statement key": "\xc3\xa9"}'):
        file.write_bytes(harm)
        with pytest.raises(KnownError, match=r"statement\.key"):
            keys().open()
        assert file.read_bytes() == harm


# ---- the installed files are compared with the list they were built with: what was changed or is missing is named


def sum_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


@pytest.fixture
def library(tmp_path: Path, monkeypatch) -> Path:
    """A library of four files that the program is said to need."""
    about, package = tmp_path / "small-1.0.dist-info", tmp_path / "small"
    files = {"one.py": b"1\n", "two.py": b"2\n", "data/three.bin": b"\0" * 9, "__pycache__/one.pyc": b"compiled"}
    rows = []
    for name, data in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        rows.append(f"small/{name},sha256={sum_of(data)},{len(data)}")
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
    (about / "RECORD").write_text("\n".join([*rows, "small-1.0.dist-info/RECORD,,", ""]))
    real = metadata.distribution
    found = metadata.PathDistribution(about)
    monkeypatch.setattr(proofs.metadata, "distribution", lambda name: found if name == "small" else real(name))
    monkeypatch.setattr(proofs, "_needed", lambda: {"small"})
    return package


def test_what_was_changed_or_is_missing_is_named(library):
    seen = []
    found = installed(lambda done, total: seen.append((done, total)))["libraries"]["small"]
    assert (found["version"], found["files_as_built"], found["changed"], found["missing"]) == ("1.0", 3, [], [])
    assert found["without_a_checksum"] == 2, "the list itself, and what Python compiled"
    assert seen == [(5, 5)]
    (library / "two.py").write_bytes(b"3\n")
    (library / "data" / "three.bin").unlink()
    (library / "__pycache__" / "one.pyc").write_bytes(b"anew")
    found = installed()["libraries"]["small"]
    assert (found["files_as_built"], found["changed"]) == (1, ["small/two.py"])
    assert found["missing"] == ["small/data/three.bin"]


def test_the_program_itself_has_one_checksum_wherever_it_runs_from(library, tmp_path, monkeypatch):
    first = installed()["package"]
    assert first["files"] > 300
    assert installed()["package"] == first
    copy = tmp_path / "copy"
    (copy / "a").mkdir(parents=True)
    (copy / "__init__.py").write_bytes(b"")
    monkeypatch.setattr(proofs.slmdesk, "__file__", str(copy / "__init__.py"))
    small = installed()["package"]
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert installed()["package"] == small
    (copy / "a" / "b.py").write_bytes(b"x")
    assert installed()["package"]["sha256"] != small["sha256"]


MAPS = f"""\
7f00-7f01 r-xp 00000000 00:00 1                  /usr/lib/libc.so.6
7f00-7f01 r-xp 00000000 00:00 1                  {sys.prefix}/lib/one.so (deleted)
7f00-7f01 r--p 00000000 00:00 1                  /home/me/data.so
7f00-7f01 rw-p 00000000 00:00 0
7f00-7f01 r-xp 00000000 00:00 0                  [vdso]
7f00-7f01 r-xp 00000000 00:01 2                  /memfd:libffi (deleted)
"""
HOOK = "7f00-7f01 r-xp 00001000 00:00 2                  {}\n"


@pytest.mark.parametrize(
    "path",
    [
        "/home/me/hook one.so", "/tmp/hook.so (deleted)", "/memfd:x (deleted)", "/memfd:libffi.so (deleted)",
        "/usrlocal/x.so",
    ],
)  # fmt: skip
def test_a_library_from_elsewhere_is_named(tmp_path, path):
    maps = tmp_path / "maps"
    maps.write_text(MAPS)
    assert code_from_elsewhere({}, maps) == []
    maps.write_text(MAPS + HOOK.format(path) * 2)
    (line,) = code_from_elsewhere({}, maps)
    assert path in line


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_AUDIT", "PYTHONPATH", "PYTHONSTARTUP"])
def test_what_brings_code_from_elsewhere_is_named(tmp_path, name):
    (line,) = code_from_elsewhere({name: "x", "HOME": "/home/me"}, tmp_path / "there is none")
    assert line.startswith(f"{name} is set")
    assert code_from_elsewhere({name: ""}, tmp_path / "there is none") == []
