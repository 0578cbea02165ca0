"""The microphone and the loudspeaker, by miniaudio. Sound is in memory alone.

Devices are opened and watched on a thread of their own, since a system may take seconds for that. Decoded samples alone
come here: files are decoded in a child.
"""

from __future__ import annotations

from collections.abc import Generator
from threading import Event, Thread
from typing import Any

from PySide6.QtCore import QObject, Signal

RATE = 16_000
"""Samples a second, mono, each 16 bit signed, little endian."""
PIECE_MS = 100
WATCH_S = 3.0
"""Seconds without sound after which a microphone counts as gone. A silent one gives zeros."""


class Device(QObject):
    """A device that is open from `start` until `stop`, or until `failed`. Base class."""

    kind: str
    """Of miniaudio's devices, the class."""
    failed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._over = Event()
        self._count = 0
        """Pieces of sound that went through. Its own thread counts them."""

    def start(self) -> None:
        over = self._over = Event()
        Thread(target=self._run, args=(over,), name=type(self).__name__, daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def _sound(self, over: Event) -> Generator[Any, Any, None]:
        raise NotImplementedError

    def _run(self, over: Event) -> None:
        import miniaudio  # late: loads a library

        backends = miniaudio.get_enabled_backends() - {miniaudio.Backend.NULL}
        form = {"sample_rate": RATE, "nchannels": 1, "buffersize_msec": PIECE_MS, "app_name": "slmdesk"}
        try:
            opened = getattr(miniaudio, self.kind)
            with opened(**form, backends=sorted(backends, key=lambda each: each.value)) as device:
                sound = self._sound(over)
                next(sound)
                device.start(sound)
                seen = -1
                while not over.wait(WATCH_S) and seen != self._count:
                    seen = self._count
        except miniaudio.MiniaudioError:
            pass
        if not over.is_set():
            self._emit(self.failed)

    @staticmethod
    def _emit(signal: Any, *given: object) -> None:
        try:
            signal.emit(*given)
        except RuntimeError:  # its window was destroyed meanwhile
            return


class Microphone(Device):
    kind = "CaptureDevice"
    heard = Signal(bytes)

    def _sound(self, over: Event) -> Generator[None, bytes, None]:
        while not over.is_set():
            piece = yield
            self._count += 1
            self._emit(self.heard, bytes(piece))


class Speaker(Device):
    """Plays `sound` from `at` on, and silence after its end."""

    kind = "PlaybackDevice"

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sound = b""
        self.at = 0
        """Where in `sound` it plays, in bytes. May be set at any time, to an even number."""

    def _sound(self, over: Event) -> Generator[bytes, int, None]:
        wanted = yield b""
        while not over.is_set():
            at = self.at
            piece = self.sound[at : at + 2 * wanted]
            self.at, self._count = at + len(piece), self._count + 1
            wanted = yield piece + bytes(2 * wanted - len(piece))
