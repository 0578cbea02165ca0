"""Reads values of an untrusted GGUF header through a small window and never beyond a limit."""

from __future__ import annotations

import struct
from io import RawIOBase
from typing import TYPE_CHECKING, TypeAlias

from slmdesk.base.errors import KnownError, SlmdeskError
from slmdesk.base.labels import CUT, clean_bytes
from slmdesk.base.record import Record
from slmdesk.gguf.tables import ARRAY, BOOL, SCALARS, STRING, VALUE_TYPES

if TYPE_CHECKING:
    Scalar: TypeAlias = bool | int | float | str

MAX_HEADER_BYTES = 64 << 20
MAX_STRINGS = 800_000
"""Strings in all lists of one header; the largest vocabulary known, 262,144 tokens, has 777,050 with its merges."""
MAX_KEY_BYTES = 65_535
MAX_TEXT_BYTES = 4096
"""Of one text kept; a longer one is cut and marked."""
MAX_KEPT_NUMBERS, MAX_KEPT_STRINGS = 1024, 64
"""Longer lists are summarised: one number for each layer, or the languages of a model, are kept."""

_U32, _U64, _LENGTHS = struct.Struct("<I"), struct.Struct("<Q"), struct.Struct("<Q").unpack_from
_WINDOW_BYTES = 1 << 18


class CutShort(SlmdeskError):
    """The file ends before `needed`, a position in bytes."""

    def __init__(self, needed: int) -> None:
        super().__init__(str(needed))
        self.needed = needed


class ListSummary(Record):
    type: str
    count: int
    items: tuple[bool | int | float | str, ...] | None


def damaged(reason: str) -> KnownError:
    return KnownError("model.damaged", reason=reason)


class HeaderReader:
    """Little-endian values from the start of a file of `size` bytes.  Every method raises CutShort and KnownError."""

    def __init__(self, file: RawIOBase, size: int) -> None:
        self._file = file
        self._size = size
        self._window = b""
        self._start = 0  # where the window lies in the file
        self._at = 0  # where the next value lies in the window
        self._strings = 0

    @property
    def position(self) -> int:
        return self._start + self._at

    def u32(self) -> int:
        value: int = _U32.unpack(self.raw(4))[0]
        return value

    def u64(self) -> int:
        value: int = _U64.unpack(self.raw(8))[0]
        return value

    def raw(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._window):
            self._fill(count)
            end = count
        piece = self._window[self._at : end]
        self._at = end
        return piece

    def skip(self, count: int) -> None:
        self._check(self.position + count)
        self._at += count

    def string(self, keep: int) -> tuple[bytes, int]:
        length = self.u64()
        self._check(self.position + length)
        kept = self.raw(min(length, keep))
        self._at += length - len(kept)
        return kept, length

    def value(self, kind: int, *, keep: bool) -> Scalar | ListSummary | None:
        """A value of a type by number; texts and lists shortened, or without `keep` passed over."""
        if kind == ARRAY:
            return self._list(MAX_KEPT_NUMBERS if keep else 0, MAX_KEPT_STRINGS if keep else 0)
        if kind == STRING:
            if keep:
                return self._text()
            self.string(0)
            return None
        return self._number(kind)

    def texts(self) -> list[bytes]:
        kind, count = self.u32(), self.u64()
        if kind != STRING:
            raise damaged("a list of texts holds something else")
        self._check(self.position + 8 * count)
        return [self.raw(self.u64()) for _ in range(count)]

    def _number(self, kind: int) -> bool | int | float:
        packed = SCALARS.get(kind)
        if packed is None:
            raise damaged(f"a value of the unknown type {kind}")
        number: int | float = packed.unpack(self.raw(packed.size))[0]
        return bool(number) if kind == BOOL else number

    def _text(self) -> str:
        kept, length = self.string(MAX_TEXT_BYTES)
        text = kept.decode("utf-8", "replace")
        return text if len(kept) == length else text.rstrip("\N{REPLACEMENT CHARACTER}") + CUT

    def _list(self, most_numbers: int, most_strings: int) -> ListSummary:
        kind, count = self.u32(), self.u64()
        if kind == ARRAY:
            raise damaged("a list inside a list")
        if kind == STRING:
            return self._strings_of(count, most_strings)
        packed = SCALARS.get(kind)
        if packed is None:
            raise damaged(f"a list of the unknown type {kind}")
        if count > most_numbers:
            self.skip(count * packed.size)
            return ListSummary(VALUE_TYPES[kind], count, None)
        self._check(self.position + count * packed.size)
        numbers = tuple(one[0] for one in packed.iter_unpack(self.raw(count * packed.size)))
        return ListSummary(VALUE_TYPES[kind], count, tuple(map(bool, numbers)) if kind == BOOL else numbers)

    def _strings_of(self, count: int, most: int) -> ListSummary:
        self._check(self.position + 8 * count)
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise damaged(f"lists of {self._strings:,} texts")
        if count <= most:
            return ListSummary("string", count, tuple(self._text() for _ in range(count)))
        self._skip_strings(count)
        return ListSummary("string", count, None)

    def _skip_strings(self, count: int) -> None:
        while count:
            window, at, last = self._window, self._at, len(self._window) - 8
            for left in range(count, 0, -1):
                if at > last:
                    count = left
                    break
                at += 8 + _LENGTHS(window, at)[0]
            else:
                count = 0
            self._check(self._start + at)
            self._at = at
            if count:
                self._fill(8)

    def _check(self, end: int) -> None:
        if end > MAX_HEADER_BYTES:
            raise damaged(f"a header of more than {MAX_HEADER_BYTES >> 20} MiB")
        if end > self._size:
            raise CutShort(end)

    def _fill(self, count: int) -> None:
        start = self.position
        self._check(start + count)
        self._file.seek(start)
        window = self._file.read(max(count, _WINDOW_BYTES)) or b""
        while len(window) < count:
            more = self._file.read(count - len(window))
            if not more:  # the file became shorter while it was read
                raise CutShort(start + count)
            window += more
        self._window, self._start, self._at = window, start, 0


def name_of(untrusted: bytes) -> str:
    return clean_bytes(untrusted, 80)
