"""A GGUF file cut into parts as llama.cpp's gguf-split does it.

parts = split(tiny_llama().data, 3)      # bytes of -00001-of-00003 and so on
"""

from __future__ import annotations

import io
import struct

from gguf import GGUFReader

ALIGNMENT = 32


def split(data: bytes, count: int) -> list[bytes]:
    """`count` parts; the first carries all keys, the tensors are shared out in order."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.gguf"
        path.write_bytes(data)
        reader = GGUFReader(path)
        infos = [
            (tensor.name, list(map(int, tensor.shape)), int(tensor.tensor_type), tensor.data.tobytes())
            for tensor in reader.tensors
        ]
        fields = [field for field in reader.fields.values() if not field.name.startswith("GGUF.")]
        keys = b"".join(b"".join(part.tobytes() for part in field.parts) for field in fields)
        key_count = len(fields)
    step = -(-len(infos) // count)
    shares = [infos[number * step : (number + 1) * step] for number in range(count)]
    return [
        _part(keys if number == 0 else b"", key_count if number == 0 else 0, share, number, count, len(infos))
        for number, share in enumerate(shares)
    ]


def _part(keys: bytes, key_count: int, share: list, number: int, count: int, all_tensors: int) -> bytes:
    out = io.BytesIO()
    out.write(b"GGUF" + struct.pack("<IQQ", 3, len(share), key_count + 3) + keys)
    for name, kind, packing, value in (
        ("split.no", 2, "<H", number),
        ("split.count", 2, "<H", count),
        ("split.tensors.count", 5, "<i", all_tensors),
    ):
        out.write(_string(name) + struct.pack("<I", kind) + struct.pack(packing, value))
    offset, blobs = 0, b""
    for name, shape, tensor_type, blob in share:
        out.write(_string(name) + struct.pack("<I", len(shape)))
        out.write(b"".join(struct.pack("<Q", size) for size in shape) + struct.pack("<IQ", tensor_type, offset))
        blobs += blob + bytes(-len(blob) % ALIGNMENT)
        offset = len(blobs)
    out.write(bytes(-out.tell() % ALIGNMENT))
    return out.getvalue() + blobs


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()
