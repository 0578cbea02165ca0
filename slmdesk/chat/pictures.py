"""Pictures in chats: made small by the reader's child when attached, unpacked there before a model is shown them.

A picture is kept in its message as a JPEG, so that it stays in the history. Service thread.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import record_from
from slmdesk.base.record import changed
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Runtime, Service, Slices, sliced
from slmdesk.base.texts import N_, _
from slmdesk.base.types import AttachMode, ChatMessage, Json, Picture
from slmdesk.base.untrusted import clean_label
from slmdesk.chat.types import AttachRequest
from slmdesk.documents.reading import start_reader

if TYPE_CHECKING:
    from slmdesk.children.client import ChildClient
    from slmdesk.documents.service import DocumentText

NAME = N_("Picture")


class Pictures(Service):
    def __init__(self, runtime: Runtime, reader: Callable[[], ChildClient]) -> None:
        super().__init__(runtime)
        self._reader = reader

    def take(
        self, source: Path | bytes, *, name: str = "", number: int = 1, password: str = ""
    ) -> Pending[AttachRequest]:
        """Make a picture to attach: of a file (a picture, or page `number` of a document) or of a picture's bytes.

        Ends with a Problem document.* where it cannot be made, such as `document.no_page`.
        """
        named = clean_label(name or (source.name if isinstance(source, Path) else _(NAME)), 200)
        given: dict[str, Json] = {"number": number, "password": password}
        if isinstance(source, Path):
            given["path"] = str(source.absolute())
        else:
            given["data"] = base64.b64encode(source).decode()

        def attached(result: Mapping[str, Json]) -> AttachRequest:
            made = record_from(Picture, result)
            pages = record_from(int, result.get("pages"))
            return AttachRequest(
                name=_("{name}, page {page}").format(name=named, page=number) if pages > 1 else named,
                source=(made.data,), page_kind="picture", mode=AttachMode.PICTURE,
                size=(made.width, made.height), pages=pages,
            )  # fmt: skip

        return self._asked("sight", given, named).map(attached)

    @sliced
    def words(self, data: bytes, read: Callable[[Path], Pending[DocumentText]]) -> Slices[DocumentText]:
        """Read the words on a picture, given as the bytes of its file, by `read`, which stores nothing."""
        from tempfile import TemporaryDirectory  # late: few pictures are read

        with TemporaryDirectory(dir=self._paths.cache) as folder:
            file = Path(folder) / "picture.png"
            file.write_bytes(data)
            read_words: DocumentText = yield read(file)
        return read_words

    def shown(self, turns: Sequence[ChatMessage]) -> Slices[tuple[ChatMessage, ...]]:
        """Return the turns with the pixels of their pictures, as the engine takes them."""
        pictures = {picture.id: picture for turn in turns for picture in turn.pictures}
        result = yield self._asked("pixels", {"jpegs": [picture.data for picture in pictures.values()]}, _(NAME))
        made = record_from(tuple[Picture, ...], result.get("pictures"))
        if [(picture.width, picture.height) for picture in made] != [
            (picture.width, picture.height) for picture in pictures.values()
        ]:
            raise KnownError("child.protocol", reason=_("picture"))
        pixels = {id: changed(picture, id=id) for id, picture in zip(pictures, made, strict=True)}
        return tuple(changed(turn, pictures=tuple(pixels[picture.id] for picture in turn.pictures)) for turn in turns)

    def _asked(self, kind: str, payload: Mapping[str, Json], name: str) -> Pending[Mapping[str, Json]]:
        return start_reader(self._service_thread, self._reader(), kind, payload, name=name)[1]
