"""Pictures in chats: a model that sees is shown them, and no other."""

from __future__ import annotations

import base64
import struct
import zlib
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from fakes import tiny_vision
from fakes.recorder import LLAMA, Recorder, import_model, open_echo
from fakes.tiny_gguf import tiny_llama, write
from PIL import Image, ImageDraw

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Status
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.types import AttachMode, Sampling
from slmdesk.chat.types import AttachRequest, ChatOptions, SendRequest

pytestmark = pytest.mark.model

SHORT = ChatOptions(temperature=0.0)
FEW = Sampling(max_tokens=6)


def drawn(path: Path, size: tuple[int, int] = (320, 240), colour: str = "white") -> Path:
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((20, 20, 200, 90), fill="black")
    image.save(path)
    return path


@pytest.fixture
def seeing(home, measured_before, tmp_path):
    """Services with a tiny model that sees, and one that does not."""
    with closing(open_echo(LLAMA)) as services:
        recorder = Recorder(services)
        recorder.calls.settings.change(context_tokens=2048)
        for path in tiny_vision.qwen25vl(tmp_path):
            assert import_model(services, path, link=True).model
        yield recorder


def test_a_picture_is_seen_kept_and_not_read_twice(seeing, tmp_path: Path) -> None:
    chats = seeing.calls.chats
    model, projector = sorted(seeing.calls.models.list(), key=lambda model: model.kind)
    assert (model.kind, projector.kind) == ("model", "projector")
    assert seeing.calls.models.choose(None).id == model.id
    assert chats.sees("")
    made = chats.pictures.take(drawn(tmp_path / "site.png"))
    assert isinstance(made, AttachRequest), made
    assert made.mode is AttachMode.PICTURE
    assert made.size == (320, 240)
    first = chats.send(SendRequest("What is it?", attach=(made,), options=SHORT, sampling=FEW))
    answer = seeing.end_of(first.answer.id)
    assert answer.problem is None, answer.problem
    assert answer.message.tokens_in > 60
    second = chats.send(SendRequest("And now?", chat=first.item.id, sampling=FEW))
    again = seeing.end_of(second.answer.id).message
    assert again.status is Status.COMPLETE
    assert again.tokens_reused >= answer.message.tokens_in - 20  # the picture too
    [part] = chats.open(first.item.id).messages[0].attachments
    kept = Image.open(BytesIO(base64.b64decode(part.attached.source[0])))
    assert (kept.format, kept.size) == ("JPEG", made.size)
    seen = chats.seen_by_model(second.answer.id)
    assert seen.tokens >= again.tokens_in


def test_a_model_that_cannot_see_is_sent_no_picture(seeing, tmp_path: Path) -> None:
    chats = seeing.calls.chats
    blind = import_model(seeing.services, write(tmp_path / "blind.gguf", tiny_llama()), link=True).model
    made = chats.pictures.take(drawn(tmp_path / "site.png"))
    with pytest.raises(KnownError) as raised:
        chats.send(SendRequest("What is it?", model=blind.id, attach=(made,)))
    assert raised.value.code == "model.blind"
    with pytest.raises(KnownError, match=r"request\.invalid"):
        chats.send(SendRequest("What are they?", model=blind.id, attach=(made,) * 9))


def test_what_is_no_picture_is_told(seeing, tmp_path: Path) -> None:
    take = seeing.calls.chats.pictures.take
    (tmp_path / "page.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing" * 20)
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    bomb = head + b"\0\0\0\0IDAT5\xaf\x06\x1e\0\0\0\0IEND\xaeB`\x82"
    for source in (tmp_path / "page.png", b"no picture at all", tmp_path / "gone.png", bomb):
        assert isinstance(take(source), Problem)
    small = take(drawn(tmp_path / "small.jpg", (30, 3000), "red").read_bytes())
    assert small.size[1] <= 4096
    assert small.name == "Picture"
