"""Compound files of old Office programs and Outlook ([MS-CFB], version 3); one is a mail ([MS-OXMSG])."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
MINI_SECTOR, LIMIT = 64, 4096
"""Streams shorter than the limit lie in small sectors inside the root's own stream."""


@dataclass
class Entry:
    name: str
    kind: int
    child: int = FREE
    right: int = FREE
    start: int = END
    size: int = 0

    def packed(self):
        name = self.name.encode("utf-16-le")
        return struct.pack(
            "<64sHBBIII16sIQQIQ",
            name, len(name) + 2, self.kind, 1, FREE, self.right, self.child, b"", 0, 0, 0, self.start, self.size,
        )  # fmt: skip


@dataclass
class Compound:
    entries: list[Entry] = field(default_factory=lambda: [Entry("Root Entry", 5)])
    sectors: list[bytes] = field(default_factory=list)
    fat: list[int] = field(default_factory=list)
    small: bytes = b""
    small_fat: list[int] = field(default_factory=list)

    def small_chain(self, data):
        first, count = len(self.small_fat), -(-len(data) // MINI_SECTOR)
        self.small += data.ljust(count * MINI_SECTOR, b"\0")
        self.small_fat += [*range(first + 1, first + count), END]
        return first

    def chain(self, data):
        first, count = len(self.fat), -(-len(data) // SECTOR)
        self.sectors += [data[at * SECTOR : (at + 1) * SECTOR].ljust(SECTOR, b"\0") for at in range(count)]
        self.fat += [*range(first + 1, first + count), END]
        return first

    def add(self, tree, parent):
        """Siblings hang on the right of each other, in the order the format wants: a list is a tree too."""
        before = None
        for name in sorted(tree, key=lambda name: (len(name), name.upper())):
            index = len(self.entries)
            value = tree[name]
            entry = Entry(name, 2 if isinstance(value, bytes) else 1)
            self.entries.append(entry)
            if before is None:
                self.entries[parent].child = index
            else:
                before.right = index
            before = entry
            if isinstance(value, bytes):
                entry.size = len(value)
                if value:
                    entry.start = (self.chain if len(value) >= LIMIT else self.small_chain)(value)
            else:
                self.add(value, index)


def compound_file(tree):
    """Bytes of a file that holds `tree`: names to bytes (a stream) or to another tree (a storage)."""
    made = Compound()
    made.add(tree, 0)
    root = made.entries[0]
    root.size, small_fat = len(made.small), END
    if made.small:
        root.start = made.chain(made.small)
        table = [*made.small_fat, *[FREE] * (-len(made.small_fat) % (SECTOR // 4))]
        small_fat = made.chain(struct.pack(f"<{len(table)}I", *table))
    directory = made.chain(b"".join(entry.packed() for entry in made.entries))
    count = 1
    while count * (SECTOR // 4) < len(made.fat) + count:
        count += 1
    places = [*range(len(made.fat), len(made.fat) + count)]
    table = [*made.fat, *[FAT] * count]
    table += [FREE] * (count * (SECTOR // 4) - len(table))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, count, directory, 0, LIMIT,
        small_fat, -(-len(made.small_fat) // (SECTOR // 4)), END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", *places, *[FREE] * (109 - count))
    return header + b"".join(made.sectors) + struct.pack(f"<{len(table)}I", *table)


def properties(header, fixed=(), texts=(), binaries=()):
    """The streams of fields: pid to a whole number (or its type and the number), to a text, to bytes."""
    lines, streams = [], {}
    for pid, value in dict(fixed).items():
        kind, number = value if isinstance(value, tuple) else (3, value)
        lines.append(struct.pack("<HHIQ", kind, pid, 6, number))
    for pid, text in dict(texts).items():
        data = text.encode("utf-16-le")
        lines.append(struct.pack("<HHIII", 0x1F, pid, 6, len(data) + 2, 0))
        streams[f"__substg1.0_{pid:04X}001F"] = data
    for pid, data in dict(binaries).items():
        lines.append(struct.pack("<HHIII", 0x102, pid, 6, len(data), 0))
        streams[f"__substg1.0_{pid:04X}0102"] = data
    return {"__properties_version1.0": header + b"".join(lines), **streams}


def outlook_mail(texts, *, people=(), enclosed=(), binaries=(), fixed=(), broken=()):
    """Bytes of a mail; people are (name, address, 1 to | 2 cc), enclosed are (name or None, data or None).

    `broken`: paths of streams to other bytes, or to None where the stream is gone.
    """
    header = struct.pack("<8x4I8x", len(people), len(enclosed), len(people), len(enclosed))
    tree = properties(header, texts=texts, binaries=binaries, fixed={0x340D: 0x40000, **dict(fixed)})
    for number, (name, address, kind) in enumerate(people):
        tree[f"__recip_version1.0_#{number:08X}"] = properties(
            bytes(8), fixed={0x0C15: kind}, texts={0x3001: name, 0x39FE: address, 0x3003: address}
        )
    for number, (name, data) in enumerate(enclosed):
        tree[f"__attach_version1.0_#{number:08X}"] = properties(
            bytes(8),
            fixed={0x3705: 1},
            texts={} if name is None else {0x3707: name},
            binaries={} if data is None else {0x3701: data},
        )
    for path, data in dict(broken).items():
        *storages, name = path.split("/")
        held = tree
        for storage in storages:
            held = held[storage]
        del held[name]
        if data is not None:
            held[name] = data
    return compound_file(tree)
