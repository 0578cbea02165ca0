"""Split models become the file they were split from."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_llama, tiny_qwen2, write

from slmdesk.base.errors import KnownError
from slmdesk.models.gguf.read import check_file, join, plain_metadata, require_chat_model

pytestmark = pytest.mark.pure


def parts_of(folder, contents, count):
    paths = []
    for number, data in enumerate(split(contents, count)):
        paths.append(folder / f"part{number}.gguf")
        paths[-1].write_bytes(data)
    return paths


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("make", [tiny_llama, tiny_qwen2])
def test_the_joined_file_is_the_one_it_was_split_from(tmp_path, make, count) -> None:
    whole = write(tmp_path / "whole.gguf", make())
    out, reported = io.BytesIO(), []
    sha256 = join(parts_of(tmp_path, make().data, count), out, reported.append)
    joined = tmp_path / "joined.gguf"
    joined.write_bytes(out.getvalue())
    assert sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert reported[-1] == len(out.getvalue())
    header, original = check_file(joined), check_file(whole)
    require_chat_model(header)
    assert plain_metadata(header) == plain_metadata(original)
    assert (header.tensors, header.chat_template) == (original.tensors, original.chat_template)
    mine, theirs = tensors_of(joined), tensors_of(whole)
    assert mine.keys() == theirs.keys()
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)


def tensors_of(path):
    from gguf import GGUFReader

    return {tensor.name: np.array(tensor.data) for tensor in GGUFReader(path).tensors}


def test_parts_that_do_not_belong_together_are_refused(tmp_path) -> None:
    first, second, third = parts_of(tmp_path, tiny_llama().data, 3)
    for wrong in ([first, third, second], [first, second], [second, third], [first, first, third]):
        with pytest.raises(KnownError, match=r"model\.damaged"):
            join(wrong, io.BytesIO(), lambda _n: None)
    second.write_bytes(second.read_bytes()[:-100])
    with pytest.raises(KnownError, match=r"model\.incomplete"):
        join([first, second, third], io.BytesIO(), lambda _n: None)
