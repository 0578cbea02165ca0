"""The network log as a page to show: what left this PC, what keeps everything else from leaving, and what program it
is. Nothing in it is signed, and it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import slmdesk
from slmdesk.base.documents import Paper, Piece, heading, item, paragraph, small, table
from slmdesk.base.files import is_there, write_out
from slmdesk.base.record import Record
from slmdesk.base.records import BEGINNING, Kind, LedgerRow, NetworkLogRow, chain_hash
from slmdesk.base.texts import in_english
from slmdesk.base.untrusted import clean_label
from slmdesk.base.walls import Walls, system_name
from slmdesk.exports.papers import iso_time
from slmdesk.online.network import Exported, NetworkService
from slmdesk.online.program import Library, code_from_elsewhere, libraries, list_sum, package_sum
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced

BATCH = 1000
MOST_ROWS = 1000
"""Most requests in the table. The CSV file has all of them."""
MOST_LETTERS = 90
MOST_FILES = 5


class Chain(Record):
    """What the ledger's chain of hashes shows. Times are in microseconds since 1970."""

    first_us: int | None = None
    last: int = 0
    hash: str = BEGINNING
    broken_at: int | None = None
    """Number of the first row whose hash does not follow from the row before, or None."""
    refused: int = 0


class Page(Record):
    made: float
    words: str
    """Words that the listed requests contain. Empty if all are listed."""
    count: int
    hosts: int
    listed: Sequence[NetworkLogRow]
    chain: Chain
    enforcement: str
    walls: Mapping[str, str]
    """What restricts each kind of child process."""
    files: int
    sha256: str
    libraries: Sequence[Library]
    elsewhere: Sequence[str]


class LogPageService(Service):
    def __init__(
        self,
        runtime: Runtime,
        network: NetworkService,
        print_pdf: Callable[[Paper], Pending[bytes]],
        walls: Callable[[], Mapping[str, Walls | None]],
    ) -> None:
        super().__init__(runtime)
        self._network, self._print, self._walls = network, print_pdf, walls

    @sliced
    def write(self, target: Path, words: str = "") -> Slices[Exported]:
        """Write the page as PDF. An existing file is replaced.

        It says of a child process only what that process reported after its start, so start each one before.
        """
        is_there(target)
        walls = {name: wall.words if wall else "not started" for name, wall in self._walls().items()}
        enforcement = in_english(lambda: self._network.enforcement.words)  # as the rest of the page

        def collect() -> Page:
            rows = list(self._network.all_requests(words))
            chain = chain_of(self._rows())
            count, checksum = package_sum()
            return Page(
                datetime.now(UTC).timestamp(), words, len(rows), len({row.host for row in rows}), rows[:MOST_ROWS],
                chain, enforcement, walls, count, checksum, libraries(), code_from_elsewhere(),
            )  # fmt: skip

        page: Page = yield pending_on_file_thread(self._service_thread, collect, name="export-ledger")
        pdf: bytes = yield self._print(in_english(paper_of, page))
        yield pending_on_file_thread(self._service_thread, lambda: write_out(target, pdf), name="export-ledger")
        return Exported(str(target), page.count)

    def _rows(self) -> Iterator[LedgerRow]:
        last = 0
        while rows := self._service_thread.call(lambda: self._store.ledger.rows(last + 1, last + BATCH)):  # noqa: B023 (at once)
            yield from rows
            last += BATCH


def chain_of(rows: Iterable[LedgerRow]) -> Chain:
    n, before, first, broken, refused = 0, BEGINNING, None, None, 0
    for n, row in enumerate(rows, 1):
        right = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if broken is None and (row.n, row.hash) != (n, right):
            broken = n
        first, before = row.time if first is None else first, row.hash
        refused += row.kind == Kind.REFUSED
    return Chain(first, n, before, broken, refused)


def paper_of(page: Page) -> Paper:
    begin = "the beginning" if page.chain.first_us is None else iso_time(page.chain.first_us / 1e6)
    pieces = [*_in_short(page), *_requests(page), *_walls(page), *_program(page)]
    return Paper("Network log", tuple(pieces), f"From {begin} to {iso_time(page.made)}. Not signed.", "en")


def _in_short(page: Page) -> Iterator[Piece]:
    chain = page.chain
    yield heading("In short")
    with_words = f" with the words “{clean_label(page.words, MOST_LETTERS)}”" if page.words else ""
    if page.count:
        noun, hosts = "request" if page.count == 1 else "requests", "host" if page.hosts == 1 else "hosts"
        yield item(
            f"The log has {page.count:,} {noun} of this program over the network{with_words}, to {page.hosts} {hosts}."
        )
    else:
        yield item(f"The log has no request of this program over the network{with_words}.")
    yield item(f"Requests that were refused and not sent: {chain.refused:,}.")
    if chain.broken_at is not None:
        yield item(
            f"The log was changed by hand: its chain of hashes is broken at row {chain.broken_at:,}. Nothing that it "
            "says from there on can be relied on."
        )
    else:
        yield item(f"Its chain of hashes is whole. It ends at row {chain.last:,}: {chain.hash}")
    yield item("This page is not signed. Whoever can change this PC can change the page, the log and the program.")


def _requests(page: Page) -> Iterator[Piece]:
    yield heading("Requests, the newest first")
    rows = tuple(
        (
            iso_time(row.time), row.method, _cut(f"{row.host}{row.path}"),
            "not ended" if row.bytes is None else bytes_for_people(row.bytes), _cut(row.purpose) or "-",
        )
        for row in page.listed
    )  # fmt: skip
    if not rows:
        yield paragraph("None.")
        return
    yield table(("Time", "Method", "Address", "Received", "Purpose"), rows)
    if page.count > len(rows):
        yield small(f"{page.count - len(rows):,} older ones are left out here; the log exported as CSV has all.")


def _walls(page: Page) -> Iterator[Piece]:
    yield heading("What keeps the network away")
    rows = (("this program", page.enforcement), *page.walls.items())
    yield table(("Process", "What holds it"), rows)
    yield small("Of the other processes it is what took effect, as they said themselves, not what was asked for.")
    yield from map(item, page.elsewhere)


def _program(page: Page) -> Iterator[Piece]:
    yield heading("The program’s files")
    rows = (
        (f"slmdesk {slmdesk.__version__}", f"{page.files:,} files", page.sha256),
        ("its libraries", "their lists of files", list_sum(page.libraries)),
    )
    yield table(("Part", "Over", "Checksum (SHA-256)"), rows)
    odd = [each for each in page.libraries if each.changed or each.missing]
    if not odd:
        yield paragraph("The files of the libraries are as the lists say that they came with.")
    for each in odd:
        files = [*each.changed, *each.missing]
        more = f" and {len(files) - MOST_FILES:,} more" if len(files) > MOST_FILES else ""
        counts = f"{len(each.changed)} changed, {len(each.missing)} missing"
        yield item(f"{each.name}: {counts} ({clean_label(', '.join(files[:MOST_FILES]), 600)}{more})")
    yield small(f"Made on {system_name()}.")


def _cut(words: str) -> str:
    return clean_label(words, MOST_LETTERS)
