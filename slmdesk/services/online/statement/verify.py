"""Check a statement of slmdesk: python3 verify.py FILE [EARLIER …]

Python 3.9 is all it needs, and ssh-keygen for the signature.  Take it from the source of slmdesk, not the audited PC.
"""

# ruff: noqa: T201
import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

NAMES = ["statement.json", "ledger.csv", "statement.pdf", "SHA256SUMS", "SHA256SUMS.sig"]
COLUMNS = ["n", "time", "monotonic", "boot", "kind", "data", "hash"]
NAMESPACE = "slmdesk-statement"
BAD = (OSError, tarfile.TarError, ValueError, LookupError, TypeError, RecursionError, csv.Error)


class Wrong(Exception):
    """What is wrong with a statement, in words."""


def read(path: str) -> dict[str, Any]:
    """The files of a statement, what it says, its rows.  Raises Wrong where something does not fit."""
    try:
        with tarfile.open(path, "r:") as archive:
            members = archive.getmembers()
            if [one.name for one in members if one.isreg()] != NAMES or len(members) != len(NAMES):
                raise Wrong(f"it does not hold exactly {', '.join(NAMES)}")
            files = {one.name: (archive.extractfile(one) or io.BytesIO()).read() for one in members}
        said = json.loads(files["statement.json"])
        rows = list(csv.reader(io.StringIO(files["ledger.csv"].decode("utf-8-sig"), newline="")))
        chain, earlier = said["ledger"], {one["n"]: one["hash"] for one in said["earlier"]}
        before, first, last, head = chain["before"], chain["first"], chain["last"], chain["head"]
        if rows[:1] != [COLUMNS] or len(rows) != last - first + 2 or (first == 1 and before != "0" * 64):
            raise Wrong("ledger.csv does not hold the rows that statement.json names")
        sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in NAMES[:3])
        if files["SHA256SUMS"] != sums.encode():
            raise Wrong("a file in it has another checksum than the one that was signed")
        for n, row in enumerate(rows[1:], first):
            before = hashlib.sha256("\n".join([before, *row[:6]]).encode()).hexdigest()
            if len(row) != len(COLUMNS) or row[0] != str(n) or row[6] != before:
                raise Wrong(f"the chain is broken at row {n} of the ledger: one was changed, taken out, added or moved")
        if before != chain["hash"] or (head["n"] == last and head["hash"] != before) or head["n"] < last:
            raise Wrong("the chain of the ledger does not end where statement.json says")
        if chain["chain_broken_at"] is not None:
            raise Wrong(f"the chain was broken at row {chain['chain_broken_at']} on the PC already, as it says itself")
        return {"path": path, "files": files, "said": said, "earlier": earlier, "rows": {row[0]: row for row in rows}}
    except BAD as err:
        raise Wrong(f"it is no statement, or damaged ({err})") from err


def compare(later: dict[str, Any], earlier: dict[str, Any]) -> str:
    """How an earlier statement fits, in a sentence.  Raises Wrong where the ledger was rewritten since."""
    chain, old, name = later["said"]["ledger"], earlier["said"]["ledger"], earlier["path"]
    if later["earlier"].get(old["head"]["n"]) != old["head"]["hash"]:
        raise Wrong(f"{name} is not among its earlier statements: the ledger was begun anew or rewritten since")
    changed = [int(n) for n in later["rows"].keys() & earlier["rows"].keys() if later["rows"][n] != earlier["rows"][n]]
    if changed or (chain["first"] == old["last"] + 1 and chain["before"] != old["hash"]):
        raise Wrong(f"the ledger was another one in {name} (row {min(changed, default=old['last'])})")
    gap = f"; rows {old['last'] + 1} to {chain['first'] - 1} are in neither" if chain["first"] > old["last"] + 1 else ""
    return f"It goes on from {name}, which ends at row {old['last']}{gap}."


def signer(signature: bytes) -> str:
    """The fingerprint of the key that the signature names, as ssh-keygen prints it."""
    blob = base64.b64decode(re.sub(rb"-----[A-Z ]+-----|\s", b"", signature) + b"==")
    digest = hashlib.sha256(blob[14 : 14 + int.from_bytes(blob[10:14], "big")]).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def is_signed(files: dict[str, bytes]) -> "bool | None":
    """Whether ssh-keygen finds the signature good; None: there is no ssh-keygen."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sig").write_bytes(files["SHA256SUMS.sig"])
        command = ["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(Path(folder, "sig"))]
        try:
            return subprocess.run(command, input=files["SHA256SUMS"], capture_output=True).returncode == 0
        except FileNotFoundError:
            return None


if __name__ == "__main__":
    try:
        new = read(sys.argv[1])
        print("The files fit their checksums, and the chain of the ledger holds.")
        if (good := is_signed(new["files"])) is False:
            raise Wrong("the signature is not good")
        print("The signature is good." if good else "NOT CHECKED: the signature, as ssh-keygen is not here.")
        print(f"It names the key {signer(new['files']['SHA256SUMS.sig'])}: compare that with the one you noted.")
        print("\n".join(compare(new, read(path)) for path in sys.argv[2:]) or "NOT CHECKED: earlier statements.")
    except Wrong as err:
        sys.exit(f"WRONG: {err}.")
