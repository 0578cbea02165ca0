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
from slmdesk.base.language import in_language
from slmdesk.base.record import Record
from slmdesk.base.records import BEGINNING, Kind, LedgerRow, NetworkLogRow, chain_hash
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.base.texts import _, in_quotes, ngettext
from slmdesk.base.untrusted import clean_label
from slmdesk.base.walls import Walls, system_name
from slmdesk.exports.papers import iso_time
from slmdesk.models.online.network import Exported, NetworkService, purpose_words
from slmdesk.models.online.program import FilesCompared, code_from_elsewhere, compare_files, package_sum

BATCH = 1000
MOST_ROWS = 1000
"""Most requests in the table. The CSV file has all of them."""
MOST_LETTERS = 90
MOST_FILES = 10


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
    compared: FilesCompared
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
    def write(self, target: Path, words: str = "", *, headings: str = "") -> Slices[Exported]:
        """Write the page as PDF, in the language `headings` ("": that of the program). An existing file is replaced.

        It says of a child process only what that process reported after its start, so start each one before.
        """
        is_there(target)
        walls = in_language(headings, self._walls_words)
        enforcement = in_language(headings, lambda: self._network.enforcement.words)

        def collect() -> Page:
            rows = list(self._network.all_requests(words))
            chain = chain_of(self._rows())
            count, checksum = package_sum()
            return Page(
                datetime.now(UTC).timestamp(), words, len(rows), len({row.host for row in rows}), rows[:MOST_ROWS],
                chain, enforcement, walls, count, checksum, compare_files(),
                in_language(headings, code_from_elsewhere),
            )  # fmt: skip

        page: Page = yield pending_on_file_thread(self._service_thread, collect, name="export-ledger")
        pdf: bytes = yield self._print(in_language(headings, paper_of, page))
        yield pending_on_file_thread(self._service_thread, lambda: write_out(target, pdf), name="export-ledger")
        return Exported(str(target), page.count)

    def _walls_words(self) -> dict[str, str]:
        return {name: wall.words if wall else _("not started") for name, wall in self._walls().items()}

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
    begin = _("the beginning") if page.chain.first_us is None else iso_time(page.chain.first_us / 1e6)
    subtitle = _("From {begin} to {end}. Not signed.").format(begin=begin, end=iso_time(page.made))
    pieces = [*_in_short(page), *_requests(page), *_restrictions(page), *_program(page)]
    return Paper(_("Network log"), tuple(pieces), subtitle)


def _in_short(page: Page) -> Iterator[Piece]:
    chain = page.chain
    yield heading(_("In short"))
    if page.words:
        searched = in_quotes(clean_label(page.words, MOST_LETTERS))
        yield item(_("Only requests with the words {words} are counted and listed.").format(words=searched))
    if page.count:
        hosts = ngettext("to {n} host", "to {n} hosts", page.hosts)
        yield item(
            ngettext(
                "The log has {n:,} request of this program over the network, {hosts}.",
                "The log has {n:,} requests of this program over the network, {hosts}.", page.count, hosts=hosts,
            )
        )  # fmt: skip
    else:
        yield item(_("The log has no request of this program over the network."))
    yield item(_("Requests that were refused and not sent: {count:,}.").format(count=chain.refused))
    if chain.broken_at is not None:
        words = _(
            "The log was changed by hand: its chain of hashes is broken at row {row:,}. Nothing that it says from "
            "there on can be relied on."
        )
        yield item(words.format(row=chain.broken_at))
    else:
        words = _("Its chain of hashes is whole. It ends at row {row:,}: {hash}")
        yield item(words.format(row=chain.last, hash=chain.hash))
    yield item(_("This page is not signed. Whoever can change this PC can change the page, the log and the program."))


def _requests(page: Page) -> Iterator[Piece]:
    yield heading(_("Requests, the newest first"))
    rows = tuple(
        (
            iso_time(row.time),
            row.method,
            _cut(f"{row.host}{row.path}"),
            _("not ended") if row.bytes is None else bytes_for_people(row.bytes),
            purpose_words(_cut(row.purpose)) or "-",
        )
        for row in page.listed
    )
    if not rows:
        yield paragraph(_("None."))
        return
    yield table((_("Time"), _("Method"), _("Address"), _("Data received"), _("Purpose")), rows)
    if page.count > len(rows):
        words = _("{count:,} older ones are left out here; the log exported as CSV has all.")
        yield small(words.format(count=page.count - len(rows)))


def _restrictions(page: Page) -> Iterator[Piece]:
    yield heading(_("What keeps the network away"))
    rows = ((_("this program"), page.enforcement), *page.walls.items())
    yield table((_("Process"), _("What holds it")), rows)
    yield small(_("Of the other processes it is what took effect, as they said themselves, not what was asked for."))
    yield from map(item, page.elsewhere)


def _program(page: Page) -> Iterator[Piece]:
    yield heading(_("The program’s files"))
    rows = (
        (f"slmdesk {slmdesk.__version__}", _("{count:,} files").format(count=page.files), page.sha256),
        (_("its libraries"), _("their lists of files"), page.compared.sha256),
    )
    yield table((_("Part"), _("Over"), _("Checksum (SHA-256)")), rows)
    compared = page.compared
    if compared.are_as_built:
        yield paragraph(_("The files of the libraries are as the lists say that they came with."))
    else:
        odd = [*compared.changed, *compared.extra, *compared.missing]
        names = clean_label(", ".join(odd[:MOST_FILES]), 600)
        if len(odd) > MOST_FILES:
            names += _(" and {count} more").format(count=len(odd) - MOST_FILES)
        missing = len(compared.missing)
        counts = _("{changed} changed, {missing} missing").format(changed=len(odd) - missing, missing=missing)
        yield item(f"{compared.list}: {counts} ({names})")
    yield small(_("Made on {system}.").format(system=system_name()))


def _cut(words: str) -> str:
    return clean_label(words, MOST_LETTERS)
