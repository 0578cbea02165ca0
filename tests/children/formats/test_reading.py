"""Plain text and Markdown become pages of blocks; nothing is lost, blocks forever or is guessed in silence."""

from __future__ import annotations

import io
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.documents import FORMATS, BlockKind, Page, PageStatus, format_of
from slmdesk.base.errors import KnownError
from slmdesk.children.formats import reading, text
from slmdesk.children.formats import text as markdown
from slmdesk.children.formats.reading import READERS, Reading
from slmdesk.children.formats.text import NotTextError, decode

pytestmark = pytest.mark.pure


def test_every_format_has_a_reader():
    assert set(READERS) == {known.id for known in FORMATS}


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    assert format_of(tmp_path / "A.MD").id == "md"
    with pytest.raises(KnownError) as caught:
        format_of(tmp_path / "a.xyz")
    assert caught.value.args_for_people["suffix"] == ".xyz"
    known = caught.value.args_for_people["known"].split()
    assert known == [suffix for about in FORMATS if about.id != "code" for suffix in about.suffixes]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16", "utf-32"])
def test_marks_tell_the_encoding_and_are_no_text(encoding):
    decoded = decode("Größe 𝄞\n".encode(encoding))
    assert decoded.text == "Größe 𝄞\n"
    assert decoded.doubt == ""


def test_a_guess_is_called_one():
    assert "guessed" in decode("Größe €".encode("cp1252")).doubt
    assert decode(b"M\x81ller").text == "Müller"  # never a control letter
    for bad in (b"\xef\xbb\xbf\xff", b"\xff\xfea", b"a\0b", b"\xff\0"):
        with pytest.raises(NotTextError):
            decode(bad)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data):
    try:
        decoded = decode(data)
    except NotTextError:
        return
    assert not decoded.text.startswith("\ufeff") or data.startswith(b"\xef\xbb\xbf\xef\xbb\xbf") or decoded.doubt == ""


def test_x7_what_is_no_regular_file_never_blocks(tmp_path):
    fifo, sock = tmp_path / "f", tmp_path / "s"
    os.mkfifo(fifo)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(sock))
        for path in (fifo, sock, tmp_path, loop, "/dev/zero", "/dev/tty", "a\0b", tmp_path / ("x" * 300)):
            with pytest.raises(KnownError) as caught:
                Reading(str(path)).text_bytes()
            assert caught.value.code == "document.unreadable", path
            assert caught.value.args_for_people["reason"]


def test_x7_sizes_are_checked_before_reading(tmp_path):
    sparse = tmp_path / "sparse.txt"
    with sparse.open("wb") as file:
        file.truncate(100 << 30)
    with pytest.raises(KnownError, match=r"document\.too_large"):
        Reading(str(sparse)).text_bytes()
    with pytest.raises(KnownError, match=r"file\.missing"):
        Reading(str(tmp_path / "none")).text_bytes()
    small = tmp_path / "small"
    small.write_bytes(b"x" * 100)
    assert Reading(str(small)).text_bytes() == b"x" * 100
    assert reading.MAX_TEXT_BYTES < 64 << 20


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")

    class Watched(io.FileIO):
        def read(self, size=-1):
            with path.open("ab") as file:
                file.write(b"!")
            return super().read(size) if path.stat().st_size < 5 else b""

    with Watched(path) as file, pytest.raises(KnownError) as caught:
        reading.read_all(file, str(path), 1000)
    assert caught.value.args_for_people["reason"] == "changed while it was read"


def test_plain_text_has_pages_and_paragraphs():
    pages = [*text.pages_of("a\nb\n\n c\n\f\n\fend")]
    assert [page.text for page in pages] == ["a\nb\n\n c\n", "\n", "end"]
    assert [page.status for page in pages] == [PageStatus.READ, PageStatus.EMPTY, PageStatus.READ]
    assert [pages[0].text[block.start : block.end] for block in pages[0].blocks] == ["a\nb", " c"]


@given(st.text(alphabet="ab \n\f#-`|>*1.=", max_size=300))
def test_no_character_is_lost_and_every_word_is_in_a_block(given_text):
    for reader, parts in ((text.pages_of, given_text.split("\f")), (markdown.markdown_pages, [given_text])):
        pages = [*reader(given_text)]
        assert "".join(page.text for page in pages) == "".join(parts)
        for page in pages:
            inside = "".join(page.text[block.start : block.end] for block in page.blocks)
            assert "".join(inside.split()) == "".join(page.text.split())


def test_long_pages_are_parted_at_line_ends(monkeypatch):
    monkeypatch.setattr(text, "MAX_PAGE_CHARACTERS", 10)
    assert list(text.pieces_of("12345\n12345\n" + "x" * 25)) == ["12345\n", "12345\n", "x" * 10, "x" * 10, "x" * 5]


def test_a_long_section_is_parted_and_its_blocks_with_it(monkeypatch):
    monkeypatch.setattr(markdown, "MAX_PAGE_CHARACTERS", 20)
    monkeypatch.setattr(text, "MAX_PAGE_CHARACTERS", 20)
    source = "# One\n\nfour words are here\n\n" + "x" * 50 + "\n# Two\n"
    pages = [*markdown.markdown_pages(source)]
    assert "".join(page.text for page in pages) == source
    assert [page.label for page in pages] == ["One"] * 6 + ["Two"]
    assert all("".join(page.text[b.start : b.end] for b in page.blocks).strip() == page.text.strip() for page in pages)


def test_markdown_has_sections_and_kinds_of_blocks():
    source = (
        "intro\n\nTitle\n=====\ntext\ntwo\n- one\n  more\n- two\n\n| a | b |\n|---|---|\n"
        "```py\n# no heading\n\nx\n```\n"
        "## Sub ##\n> quote\n> more\n### deep\n1. first"
    )
    pages = [*markdown.markdown_pages(source)]
    assert [page.label for page in pages] == ["1", "Title", "Sub"]
    kinds = [(block.kind, page.text[block.start : block.end]) for page in pages for block in page.blocks]
    assert kinds == [
        (BlockKind.PARAGRAPH, "intro"),
        (BlockKind.HEADING, "Title\n====="),
        (BlockKind.PARAGRAPH, "text\ntwo"),
        (BlockKind.LIST_ITEM, "- one\n  more"),
        (BlockKind.LIST_ITEM, "- two"),
        (BlockKind.TABLE_ROW, "| a | b |"),
        (BlockKind.TABLE_ROW, "|---|---|"),
        (BlockKind.CODE, "```py\n# no heading\n\nx\n```"),
        (BlockKind.HEADING, "## Sub ##"),
        (BlockKind.QUOTE, "> quote\n> more"),
        (BlockKind.HEADING, "### deep"),
        (BlockKind.LIST_ITEM, "1. first"),
    ]


def test_a_file_that_was_opened_for_us_is_read_at_places_of_our_own(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(range(256)) * 20_000)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with (
            reading.open_file("not its name", limit_bytes=1 << 30, descriptor=descriptor) as stream,
            reading.open_file("not its name", limit_bytes=1 << 30, descriptor=descriptor) as other,
        ):
            assert stream.read(300) == path.read_bytes()[:300]
            assert other.seek(-10, os.SEEK_END) == path.stat().st_size - 10
            assert other.read() == path.read_bytes()[-10:]
            assert stream.tell() == 300
            assert reading.read_all(stream, "a", 1 << 30) == path.read_bytes()[300:]
            with pytest.raises(OSError, match="Invalid argument"):
                stream.seek(-1)
        os.fstat(descriptor)  # it is not ours to close
        with pytest.raises(KnownError, match=r"document\.too_large"):
            reading.open_file("a", limit_bytes=10, descriptor=descriptor)
    finally:
        os.close(descriptor)


def test_thousands_of_headings_share_sections_and_an_ordinary_text_keeps_one_for_each() -> None:
    def sections(headings: int) -> list[Page]:
        text = "".join(f"# Heading {at}\n\nSome words.\n\n" for at in range(headings))
        pages = list(markdown.read_markdown(Reading("a.md", data=text.encode())))
        assert "".join(page.text for page in pages) == text
        return pages

    assert [page.label for page in sections(2_000)] == [f"Heading {at}" for at in range(2_000)]
    many = sections(10_000)
    assert len(many) < 1_000
    assert all(page.text.startswith(f"# {page.label}\n") for page in many)
    headings = [block for page in many for block in page.blocks if block.kind is BlockKind.HEADING]
    assert len(headings) == 10_000
