"""The boxes of marks, whose answers may come in another order than they were asked for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject
from PySide6.QtGui import QImage

from slmdesk.documents.reading import PageImage
from slmdesk.ui.documents.controller import PagesController
from slmdesk.ui.kit.base.bridge import Bridge

pytestmark = pytest.mark.gui
OLD, NEW = ((0, 5),), ((7, 9), (12, 14))
BOX = (0.1, 0.1, 0.2, 0.2)


class HeldBridge(Bridge):
    """Keeps what is asked for until the test answers."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = []

    def follow(self, _request, answered=None, _refused=None, _progressed=None):
        self.waiting.append(answered)


def png() -> bytes:
    image, data = QImage(4, 4, QImage.Format.Format_RGB32), QByteArray()
    image.fill(0)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def test_a_picture_asked_for_with_marks_of_before_does_not_wipe_those_of_now(qapp):
    bridge, parent = HeldBridge(), QObject()
    pages = PagesController(bridge, parent)
    pages.leave("document")
    pictures, boxes = [], []
    pages.picture_received.connect(lambda *args: pictures.append(args))
    pages.boxes_received.connect(lambda *args: boxes.append(args))
    pages.marks = {1: OLD}
    pages.ask_picture(1, 800)
    pages.ask_picture(1, 0)
    pages.marks = {1: NEW}
    pages.ask_picture(1, 0)
    picture, old, new = bridge.waiting
    new(PageImage(b"", 0, 0, ((BOX,), (BOX,))))
    old(PageImage(b"", 0, 0, ((BOX,),)))
    picture(PageImage(png(), 4, 4, ((BOX,),)))
    assert boxes == [(1, ((BOX,), (BOX,)))]
    ((number, image, marks),) = pictures
    assert (number, image.width(), marks) == (1, 4, None)
    pages.ask_picture(1, 800)
    bridge.waiting[-1](PageImage(png(), 4, 4, ((BOX,), (BOX,))))
    assert pictures[-1][2] == ((BOX,), (BOX,))
