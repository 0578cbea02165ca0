"""The network log as a page: each request or none, what restricts each process, sums of files; it is unsigned."""

from __future__ import annotations

import sys

import pytest
from fakes.recorder import result_of

from slmdesk.base.documents import Paper
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.base.records import Answered, NetworkLogRow, Outgoing
from slmdesk.base.walls import Wall, Walls
from slmdesk.doctor import examine
from slmdesk.models.online.log_page import MOST_ROWS, Chain, Page, chain_of, paper_of
from slmdesk.models.online.network import Exported
from slmdesk.models.online.program import FilesCompared

CHAIN = Chain(1_700_000_000_000_000, 3, "ab" * 32, None, 2)
ROW = NetworkLogRow(2, 1_700_000_000.0, "hub.example", "GET", "/x", "search", 2048)
PAGE = Page(1_700_000_900.0, "", 0, 0, [], CHAIN, "slmdesk itself sends nothing.", {"reader": "walled"}, 9, "cd" * 32,
            FilesCompared("RECORD of 1 libraries", "ef" * 32, 4), [])  # fmt: skip


def words_of(paper: Paper) -> str:
    return " ".join([paper.title, paper.subtitle, *map(str, paper.pieces)])


def said(**values: object) -> str:
    return words_of(paper_of(changed(PAGE, **values)))


@pytest.mark.pure
def test_a_page_without_requests_says_so_and_that_it_is_unsigned() -> None:
    words = said()
    for wanted in ("From 2023-11-14", "Not signed.", "no request of this program", "not sent: 2", "ab" * 32, "None.",
                   "this program", "slmdesk itself sends nothing.", "reader", "9 files", "cd" * 32,
                   "their lists of files", "ef" * 32, "are as the lists say"):  # fmt: skip
        assert wanted in words, wanted


@pytest.mark.pure
def test_each_request_is_listed_up_to_so_many() -> None:
    words = said(count=1, hosts=1, listed=[ROW])
    assert "1 request of this program over the network, to 1 host" in words
    assert "hub.example/x" in words
    many = said(count=MOST_ROWS + 5, hosts=1, listed=[ROW] * MOST_ROWS, words="hub")
    assert "with the words “hub”" in many
    assert "5 older ones are left out here" in many


@pytest.mark.pure
def test_what_is_not_as_it_was_is_said() -> None:
    compared = changed(PAGE.compared, changed=("small: a.py",), missing=("small: b.py",))
    words = said(chain=changed(CHAIN, broken_at=2), compared=compared, elsewhere=["LD_PRELOAD is set"])
    for wanted in (
        "broken at row 2",
        "1 libraries: 1 changed, 1 missing (small: a.py, small: b.py)",
        "LD_PRELOAD is set",
    ):
        assert wanted in words, wanted
    assert "whole" not in words


@pytest.mark.pure
def test_it_speaks_the_language_of_the_export() -> None:
    walled = Walls(Wall.PARTLY, ("reach the network", "start any program")).words
    page = changed(PAGE, count=1, hosts=1, listed=[changed(ROW, purpose="header of x.gguf")])
    words = words_of(in_language("de", paper_of, page))
    for wanted in ("Netzwerkprotokoll", "Nicht signiert.", "1 Anfrage dieses Programms", "x.gguf", "Empfangen"):
        assert wanted in words, wanted
    assert "header of" not in words
    assert walled == "partly walled (if taken over it could reach the network and start any program)"
    german = in_language("de", lambda: Walls(Wall.PARTLY, ("reach the network",)).words)
    assert german == "teilweise abgeschottet (übernommen könnte er das Netz erreichen)"


@pytest.mark.process
@pytest.mark.real_child
def test_it_is_written_as_pdf(opened, tmp_path) -> None:
    import pypdfium2

    services, target = opened(model=False).services, tmp_path / "log.pdf"
    ledger = services.store.ledger
    n = services.service_thread.call(lambda: ledger.record(Outgoing("hub.example", "GET", "/x", "search", 443, "none")))
    services.service_thread.call(lambda: ledger.finish(n, Answered(2048, 200)))
    result_of(services, lambda: examine(services))
    assert result_of(services, lambda: services.log_pages.write(target)) == Exported(str(target), 1)
    with pypdfium2.PdfDocument(target) as document:
        words = " ".join("".join(page.get_textpage().get_text_range() for page in document).split())
    head = services.service_thread.call(ledger.head)
    for wanted in ("hub.example", "not signed", head.hash, "libraries"):
        assert wanted in words, wanted
    if sys.platform == "linux":
        assert "walled (no network" in words
    rows = services.service_thread.call(lambda: ledger.rows(1, 100))
    assert chain_of(rows).broken_at is None
    rows[0] = changed(rows[0], data="{}")
    assert chain_of(rows).broken_at == 1
