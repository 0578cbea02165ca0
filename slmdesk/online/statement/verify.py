"""Check a statement of slmdesk: python3 -I verify.py FILE [EARLIER …]

Python 3.9 is all it needs, and ssh-keygen for the signature.  Take it from the source of slmdesk, not the audited PC.
"""

# ruff: noqa: T201, B905
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
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

NAMES = ["statement.json", "ledger.csv", "statement.pdf", "SHA256SUMS", "SHA256SUMS.sig"]
COLUMNS = ["n", "time", "monotonic", "boot", "kind", "data", "hash"]
NAMESPACE = "slmdesk-statement"
JUMP_US = 120_000_000
"""Microseconds by which a clock may be changed without being reported. Such small corrections are normal."""
REFUSED, ALLOWED, BY_SYSTEM, DESK = "refused by the system", "allowed", "the system", "this program"
NO_PDF = "statement.pdf: read these figures, not its pages"
BAD = (OSError, tarfile.TarError, ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)


class Wrong(Exception): ...


class Counts:
    def __init__(self) -> None:
        self.requests: dict[tuple[str, ...], list[int]] = {}
        self.refused: dict[tuple[str, ...], int] = {}
        self.number = {"start": 0, "stop": 0, "link": 0}
        self.imported = 0
        self.lists: dict[str, list[Any]] = {"offline": [], "policy": [], "restore": [], "jump": [], "unclean": []}
        self.statements: list[Any] = []
        self.begun: dict[int, str] = {}
        self._open: dict[int, list[int]] = {}
        self._last: tuple[int, int, str] | None = None

    def add(self, row: Sequence[Any]) -> None:
        n, time, monotonic, boot, kind = int(row[0]), int(row[1]), int(row[2]), row[3], row[4]
        data, when = data_in(row[5]), iso(time)
        host, purpose, code = (
            data[key] if isinstance(data.get(key), str) else "" for key in ("host", "purpose", "code")
        )
        self.number[kind] = self.number.get(kind, 0) + 1
        if data.get("imported") is True:
            self.imported += 1
        else:
            self._look_for_jump(n, time, monotonic, boot)
        if kind == "request":
            of = self.requests.setdefault((when[:10], host, purpose), [0, 0, 0])
            of[0] += 1
            of[2] += 1
            self._open[n] = of
        if kind in ("request", "end"):
            self._answer(n if kind == "request" else data.get("of"), data.get("bytes"))
        elif kind == "refused":
            self.refused[when[:10], host, purpose, code] = self.refused.get((when[:10], host, purpose, code), 0) + 1
        elif kind == "start":
            unclean = data.get("unclean")
            for start in unclean if isinstance(unclean, list) else []:
                began = self.begun.get(start) if isinstance(start, int) else None
                self.lists["unclean"].append({"start": start, "began": began, "seen": when})
            self.begun[n] = when
        elif kind in ("offline", "policy", "restore"):
            self.lists[kind].append({"n": n, "time": when, **data})
        elif kind == "statement":
            self.statements.append(data)

    def _answer(self, of: Any, size: Any) -> None:
        if isinstance(of, int) and isinstance(size, int) and of in self._open:
            counted = self._open.pop(of)
            counted[1] += size
            counted[2] -= 1

    def _look_for_jump(self, n: int, time: int, monotonic: int, boot: str) -> None:
        """Note a clock jump. Within a boot the monotonic clock shows it; between boots only a step back can be seen."""
        if self._last:
            before, ticks, last_boot = self._last
            gone = time - before - (monotonic - ticks if boot == last_boot else 0)
            if gone < -JUMP_US or (gone > JUMP_US and boot == last_boot):
                self.lists["jump"].append({"n": n, "time": iso(time), "seconds": round(gone / 1e6)})
        self._last = time, monotonic, boot

    def said(self) -> dict[str, Any]:
        requests = ("day", "host", "purpose", "requests", "bytes", "without_an_answer")
        refused = ("day", "host", "purpose", "reason", "times")
        number, lists = self.number, self.lists
        return {
            "requests": [dict(zip(requests, (*of, *counted))) for of, counted in sorted(self.requests.items())],
            "refused": [dict(zip(refused, (*of, times))) for of, times in sorted(self.refused.items())],
            "starts": {
                "starts": number["start"],
                "ends_in_order": number["stop"],
                "ends_without_a_word": lists["unclean"],
            },
            "network_allowed_or_forbidden": lists["offline"],
            "policies": lists["policy"],
            "restores": lists["restore"],
            "clock_jumps": lists["jump"],
            "smallest_clock_jump_s": JUMP_US // 1_000_000,  # not a count: the limit used for the list above
            "links_opened_in_the_browser": number["link"],
        }


def read(path: str) -> dict[str, Any]:
    """Return the files of a statement, what it says, and its rows. Raises Wrong if something does not fit together."""
    try:
        with tarfile.open(path, "r:") as archive:
            members = archive.getmembers()
            if [member.name for member in members if member.isreg()] != NAMES or len(members) != len(NAMES):
                raise Wrong(f"it does not hold exactly {', '.join(NAMES)}")
            files = {member.name: (archive.extractfile(member) or io.BytesIO()).read() for member in members}
        said = json.loads(files["statement.json"])
        rows = list(csv.reader(io.StringIO(files["ledger.csv"].decode("utf-8-sig"), newline="")))
        chain, earlier = said["ledger"], {row["n"]: row["hash"] for row in said["earlier"]}
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
        counts = counted(rows[1:], said)
        return {
            "path": path, "files": files, "said": said, "counts": counts, "earlier": earlier,
            "rows": {row[0]: row for row in rows},
        }  # fmt: skip
    except BAD as err:
        raise Wrong(f"it is no statement, or damaged ({err})") from err


def counted(rows: Sequence[Sequence[str]], said: Mapping[str, Any]) -> Counts:
    """Count the rows and compare the result with the statement. Raises Wrong if the statement says anything else."""
    counts, unclean = Counts(), said["starts"]["ends_without_a_word"]
    for row in rows:
        counts.add(row)
    found = counts.said()
    for end, other in zip(found["starts"]["ends_without_a_word"], unclean):
        if isinstance(end["start"], int) and end["start"] < said["ledger"]["first"]:
            end["began"] = other["began"]  # its row is not in this statement
    found["ledger"] = {**said["ledger"], "from_before_the_chain": counts.imported}
    for name, value in found.items():
        if said[name] != value:
            raise Wrong(f"what it says under “{name}” is not what its rows say")
    ends = [(statement.get("n"), statement.get("head"), statement.get("key")) for statement in counts.statements]
    if not {*ends} <= {(row["n"], row["hash"], row["key"]) for row in said["earlier"]}:
        raise Wrong("it does not name all earlier statements that its rows name")
    ledger, period = said["ledger"], said["period"]
    if (not period["from"] and ledger["first"] != 1) or (not period["to"] and ledger["last"] != ledger["head"]["n"]):
        raise Wrong("it lacks rows of the period that it names")
    check_days(said["made"], period)
    test, enforcement = said["self_test"], said["enforcement"]
    if test["control_reached_the_listener"] is not is_control(test["control"]):
        raise Wrong("what it says of its control is not what the control found")
    if enforcement["level"] != level_of(enforcement["processes"], test):
        raise Wrong(f"its self-test does not bear out the level {enforcement['level']!r}")
    return counts


def check_days(made: str, period: Mapping[str, str]) -> None:
    """Check that the printed dates are valid. Raises ValueError if one is not a time or a day."""
    datetime.strptime(made, "%Y-%m-%dT%H:%M:%SZ")
    for day in filter(None, period.values()):
        date.fromisoformat(day)


def level_of(processes: Mapping[str, Any], test: Mapping[str, Any]) -> str:
    tried = {**test["children"], DESK: test["this_program"]}
    kept = {
        name: other_process["network"] == BY_SYSTEM and is_refused(tried[name])
        for name, other_process in processes.items()
    }
    is_desk_kept = kept.pop(DESK, False)
    if not (kept and all(kept.values()) and is_control(test["control"])):
        return "program only"
    return "kernel" if is_desk_kept else "children only"


def is_refused(ways: Mapping[str, str]) -> bool:
    return {way for way in ways.values() if not way.startswith("not tried")} == {REFUSED}


def is_control(ways: Mapping[str, str]) -> bool:
    return {way for way in ways.values() if not way.startswith("not tried")} == {ALLOWED}


def figures(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures to read instead of the PDF, counted from the rows, except the period, date and level."""
    said, counts = statement["said"], statement["counts"]
    times = [iso(int(row[1])) for n, row in statement["rows"].items() if n != "n"] or ["none"]
    return {
        "made": said["made"],
        "from": said["period"]["from"] or "the beginning",
        "to": said["period"]["to"] or "then",
        "level": said["enforcement"]["level"],
        "rows": len(statement["rows"]) - 1,
        "first row": times[0],
        "last row": times[-1],
        "requests": counts.number.get("request", 0),
        "refused": counts.number.get("refused", 0),
        "starts": counts.number["start"],
        "ends without a word": len(counts.lists["unclean"]),
        "network allowed or forbidden": len(counts.lists["offline"]),
        "changes of the policy": len(counts.lists["policy"]),
        "restored backups": len(counts.lists["restore"]),
        "jumps of the clock": len(counts.lists["jump"]),
        "links opened": counts.number["link"],
    }


def iso(time_us: int) -> str:
    """Return a time of the ledger in ISO 8601 and UTC, or the bare number if no calendar has this time."""
    try:
        when = datetime(1970, 1, 1) + timedelta(microseconds=time_us)
    except OverflowError:
        return str(time_us)
    return f"{when.isoformat(timespec='seconds')}Z"


def data_in(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def compare(later: dict[str, Any], earlier: dict[str, Any]) -> str:
    """Return a sentence on how an earlier statement fits. Raises Wrong if the ledger was rewritten since."""
    chain, old, name = later["said"]["ledger"], earlier["said"]["ledger"], earlier["path"]
    if later["earlier"].get(old["head"]["n"]) != old["head"]["hash"]:
        raise Wrong(f"{name} is not among its earlier statements: the ledger was begun anew or rewritten since")
    changed = [int(n) for n in later["rows"].keys() & earlier["rows"].keys() if later["rows"][n] != earlier["rows"][n]]
    if changed or (chain["first"] == old["last"] + 1 and chain["before"] != old["hash"]):
        raise Wrong(f"the ledger was another one in {name} (row {min(changed, default=old['last'])})")
    end = old["head"]["n"], old["head"]["hash"]
    of_old = [
        statement for statement in later["counts"].statements if (statement.get("n"), statement.get("head")) == end
    ]
    sums = hashlib.sha256(earlier["files"]["SHA256SUMS"]).hexdigest()
    if of_old and sums not in [file.get("sums_sha256") for file in of_old]:
        raise Wrong(f"{name} is not the file that was made then: the ledger has another checksum of it")
    gap = f"; rows {old['last'] + 1} to {chain['first'] - 1} are in neither" if chain["first"] > old["last"] + 1 else ""
    return f"It goes on from {name}, which ends at row {old['last']}{gap}."


def signer(signature: bytes) -> str:
    """Return the fingerprint of the key that the signature names, as ssh-keygen prints it."""
    blob = base64.b64decode(re.sub(rb"-----[A-Z ]+-----|\s", b"", signature) + b"==")
    digest = hashlib.sha256(blob[14 : 14 + int.from_bytes(blob[10:14], "big")]).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def is_signed(files: dict[str, bytes]) -> "bool | None":
    """Return whether ssh-keygen accepts the signature, or None if there is no ssh-keygen."""
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
        print("The files fit their checksums, the chain of the ledger holds, and what is said above it fits its rows.")
        if (good := is_signed(new["files"])) is False:
            raise Wrong("the signature is not good")
        print("The signature is good." if good else "NOT CHECKED: the signature, as ssh-keygen is not here.")
        print(f"It names the key {signer(new['files']['SHA256SUMS.sig'])}: compare that with the one you noted.")
        print("\n".join(f"  {name}: {value}" for name, value in figures(new).items()))
        print(f"NOT CHECKED: {NO_PDF}.")
        print("NOT CHECKED: the level and the self-test, which are what that PC says of itself.")
        print("\n".join(compare(new, read(path)) for path in sys.argv[2:]) or "NOT CHECKED: earlier statements.")
    except Wrong as err:
        sys.exit(f"WRONG: {err}.")
