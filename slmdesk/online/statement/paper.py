"""The statement as an auditor reads it: what is in statement.json, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slmdesk.base.labels import clean_label
from slmdesk.base.paper import Paper, Piece, heading, item, paragraph, small, table
from slmdesk.runtime.messages import bytes_for_people

MOST_ROWS = 300
"""Of one table on paper; all are in statement.json."""
MOST_LETTERS = 90
MOST_FILES = 5
NOT_COVERED = (
    "Other programs on this PC, among them the browser and everything that is opened in it.",
    "Folders that another program keeps in step with a cloud or another PC, and files on network drives.",
    "The clipboard, where the system or another program passes it on.",
    "Paper, screens and people.",
    "An administrator of this PC, and whoever can change programs on it: they can change this one too.",
    "What the system sends by itself, such as updates, and what a driver or the firmware does.",
    "The time before the ledger was begun, and rows marked as imported: they were chained afterwards.",
)
LEVELS = {
    "kernel": "The system itself refuses the network to this program and to all of its processes.",
    "children only": (
        "The system refuses the network to the processes that open models and documents. This program itself is kept "
        "from it by its own check alone, which writes every request down first."
    ),
    "program only": (
        "The system refuses the network to none, or not to all, of the processes, or that could not be shown. What "
        "keeps them from it is how this program is written, not the system."
    ),
}


def paper_of(statement: Mapping[str, Any]) -> Paper:
    pieces = [
        *_in_short(statement), *_program(statement), *_walls(statement), *_self_test(statement), *_traffic(statement),
        *_happened(statement), *_not_covered(statement), *_to_check(statement),
    ]  # fmt: skip
    period = statement["period"]
    begin, end = period["from"] or "the beginning", period["to"] or "now"
    return Paper(
        "Statement about the network", tuple(pieces), f"From {begin} to {end}. Made {statement['made']}.", "en"
    )


def _in_short(statement: Mapping[str, Any]) -> Iterator[Piece]:
    ledger = statement["ledger"]
    sent = sum(one["requests"] for one in statement["requests"])
    hosts = len({one["host"] for one in statement["requests"]})
    refused = sum(one["times"] for one in statement["refused"])
    yield heading("In short")
    if ledger["chain_broken_at"] is not None:
        yield item(
            f"The ledger was changed by hand: its chain is broken at row {ledger['chain_broken_at']}. "
            "Nothing that it says from there on can be relied on."
        )
    if sent:
        to = f"to {hosts} host{'s' * (hosts != 1)}"
        yield item(f"The ledger holds {sent:,} request{'s' * (sent != 1)} {to} in this period, listed below.")
    else:
        yield item("The ledger holds no request of this program over the network in this period.")
    yield item(f"Requests that were refused and not sent: {refused:,}.")
    yield item(LEVELS[statement["enforcement"]["level"]])
    yield item(f"Ledger: rows {ledger['first']:,} to {ledger['last']:,} of {ledger['head']['n']:,}.")


def _program(statement: Mapping[str, Any]) -> Iterator[Piece]:
    pc, program, policy = statement["pc"], statement["program"], statement["policy"]
    libraries: Mapping[str, Any] = program["installed"]["libraries"]
    package = program["installed"]["package"]
    odd = {name: one for name, one in libraries.items() if one["changed"] or one["missing"]}
    yield heading("This PC and the program")
    rows = [
        ("PC", pc["name"] or "not named in this statement"),
        ("System", pc["system"]),
        ("slmdesk", f"{package['version']}, {package['files']} files, checksum {package['sha256']}"),
        ("Python", program["python"]),
        ("Engine", program["engine"]),
        ("Policy file", _policy_words(policy)),
        ("It sets", ", ".join(f"{key} = {value}" for key, value in policy["sets"].items()) or "nothing"),
    ]
    yield table(("What", "Is"), tuple((name, _cut(value, 300)) for name, value in rows))
    for one in program["code_from_elsewhere"]:
        yield item(one)
    checked = sum(one["files_as_built"] for one in libraries.values())
    yield paragraph(
        f"Compared with the lists made when they were built: {len(libraries)} libraries; {checked:,} files are as "
        f"listed{'.' if not odd else ', others are not:'}"
    )
    for name, one in sorted(odd.items()):
        files = [*one["changed"], *one["missing"]]
        more = f" and {len(files) - MOST_FILES:,} more, in statement.json" if len(files) > MOST_FILES else ""
        counts = f"{len(one['changed'])} changed, {len(one['missing'])} missing"
        yield item(f"{name} {one['version']}: {counts} ({_cut(', '.join(files[:MOST_FILES]), 600)}{more})")
    left = sum(one["without_a_checksum"] for one in libraries.values())
    yield small(f"{left:,} files have no checksum there or were compiled by Python itself, and were not compared.")


def _policy_words(policy: Mapping[str, Any]) -> str:
    if not policy["file"]:
        return "none"
    owner = f", owned by {policy['owner']}" if policy.get("owner") else ""
    return f"{policy['file']}{owner}, checksum {policy['sha256'] or 'not known: it cannot be read'}"


def _walls(statement: Mapping[str, Any]) -> Iterator[Piece]:
    enforcement = statement["enforcement"]
    yield heading("What keeps the network away")
    rows = tuple(
        (name, one["network"], one["walls"], ", ".join(one["facts"]) or "-")
        for name, one in enforcement["processes"].items()
    )
    yield table(("Process", "Kept from the network by", "Walls", "What took effect, as it said itself"), rows)
    yield small("Only what was seen to take effect is listed, never what was asked for.")


def _self_test(statement: Mapping[str, Any]) -> Iterator[Piece]:
    test = statement["self_test"]
    yield heading("Self-test, made with this statement")
    yield paragraph(
        "A process without walls listened on this PC (127.0.0.1), and each process tried to reach it. Nothing left the "
        "PC. The control shows that the listener can be reached where nothing forbids it."
    )
    ways = list(dict.fromkeys(way for one in _tests(test).values() for way in one))
    rows = tuple((who, *(tries.get(way, "-") for way in ways)) for who, tries in _tests(test).items())
    yield table(("Process", *ways), rows)
    if not test["control_reached_the_listener"]:
        yield paragraph(
            "The control did not reach the listener either. Where the system forbids this program the network, it "
            "forbids it to every process that this one starts. So the refusals above show nothing."
        )
    said = test["check_of_the_program"]
    yield small(f"The program's own check was asked for a request to another PC as well: {said}.")


def _tests(test: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    return {"control (no walls)": test["control"], "this program": test["this_program"], **test["children"]}


def _traffic(statement: Mapping[str, Any]) -> Iterator[Piece]:
    yield heading("Requests by day, host and purpose")
    requests = [
        (one["day"], one["host"], one["purpose"] or "-", f"{one['requests']:,}", bytes_for_people(one["bytes"]))
        for one in statement["requests"]
    ]
    yield from _table(("Day (UTC)", "Host", "Purpose", "Requests", "Received"), requests)
    yield heading("Refused, not sent")
    refused = [
        (one["day"], one["host"], one["purpose"] or "-", one["reason"], f"{one['times']:,}")
        for one in statement["refused"]
    ]
    yield from _table(("Day (UTC)", "Host", "Purpose", "Reason", "Times"), refused)


def _happened(statement: Mapping[str, Any]) -> Iterator[Piece]:
    starts = statement["starts"]
    unclean = starts["ends_without_a_word"]
    yield heading("Starts, ends, changes")
    yield item(
        f"Starts of a window or a command: {starts['starts']:,}. Ends in order: {starts['ends_in_order']:,}. "
        f"Ends without a word (killed, crashed, or the PC was switched off): {len(unclean):,}."
    )
    yield item(f"Addresses that a person opened in the browser: {statement['links_opened_in_the_browser']:,}.")
    for one in unclean[:MOST_ROWS]:
        yield item(f"Ended without a word: begun {one['began'] or 'before'}, seen {one['seen']}", level=2)
    rows = [
        *((one["time"], _switch_words(one)) for one in statement["network_allowed_or_forbidden"]),
        *((one["time"], _change_words(one)) for one in statement["policies"]),
        *((one["time"], "The history was replaced by a backup; the ledger goes on") for one in statement["restores"]),
        *((one["time"], f"The clock was set by {one['seconds']:+,} s") for one in statement["clock_jumps"]),
    ]
    if rows:
        yield from _table(("When", "What"), sorted(rows))
    else:
        yield item("No change of the policy, of who may use the network, of the history by a backup, or of the clock.")


def _switch_words(one: Mapping[str, Any]) -> str:
    what = "forbidden" if one.get("offline") else "allowed"
    once = ", until slmdesk is closed" if one.get("once") else ""
    return f"The network was {what}{once}, by {'the policy' if one.get('by') == 'policy' else 'a person'}"


def _change_words(one: Mapping[str, Any]) -> str:
    if problem := one.get("problem"):
        return f"The head of the ledger could not be left in the folder of the policy: {problem}"
    return f"Another policy: {one.get('file') or 'none'}, checksum {one.get('sha256') or 'none'}"


def _not_covered(statement: Mapping[str, Any]) -> Iterator[Piece]:
    yield heading("What this statement does not cover")
    for one in statement["not_covered"]:
        yield item(one)


def _to_check(statement: Mapping[str, Any]) -> Iterator[Piece]:
    key, ledger = statement["key"], statement["ledger"]
    yield heading("How to check it")
    yield paragraph(
        "The ledger is a chain: whoever changes a row must compute all later ones anew, and then its end is another. "
        "The owner of a PC can do that. Two statements show it: keep each one, and compare the next with it."
    )
    yield item("slmdesk statement verify FILE --earlier EARLIER-FILE", mark="1.")
    yield item(
        "or verify.py from the source of slmdesk, not from this PC: python3 -I verify.py FILE EARLIER-FILE", mark="2."
    )
    yield item(
        "The firewall's log of this PC and period must show no connection of this program that the ledger lacks.",
        mark="3.",
    )
    place = {"keyring": "the system's keyring", "file": "a file that only this account can read"}[key["place"]]
    yield paragraph(f"Signed with the key {key['fingerprint']}, kept in {place}. Note it at the first statement.")
    if key["earlier"]:
        yield paragraph(f"Earlier statements were signed with other keys: {', '.join(key['earlier'])}.")
    yield paragraph(f"End of the ledger: row {ledger['head']['n']:,}, {ledger['head']['hash']}")
    earlier = [(f"{one['n']:,}", one["time"], one["hash"]) for one in statement["earlier"]]
    yield heading("Ends of the ledger in earlier statements", 3)
    yield from _table(("Row", "Made", "Hash"), earlier, letters=64)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, letters: int = MOST_LETTERS) -> Iterator[Piece]:
    if not rows:
        yield paragraph("None.")
        return
    yield table(head, tuple(tuple(_cut(cell, letters) for cell in one) for one in rows[:MOST_ROWS]))
    if len(rows) > MOST_ROWS:
        yield small(f"{len(rows) - MOST_ROWS:,} more are in statement.json, and every row is in ledger.csv.")


def _cut(words: str, letters: int) -> str:
    return clean_label(words, letters)
