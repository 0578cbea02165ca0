"""Hears on Windows and macOS that the screen is locked or the PC goes to sleep.

Never run: written from the manuals. Windows: https://learn.microsoft.com/windows/win32/api/wtsapi32/nf-
wtsapi32-wtsregistersessionnotification, WM_WTSSESSION_CHANGE and WM_POWERBROADCAST. macOS:
CGSessionCopyCurrentDictionary, checked every few seconds. Sleep is not detected there, but the screen is usually locked
with it.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractNativeEventFilter, QCoreApplication, QObject, QTimer
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    pass


WM_POWERBROADCAST, PBT_APMSUSPEND = 0x0218, 0x0004
WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK = 0x02B1, 0x7
SESSION_LOOK_MS = 3_000
LOCKED_KEY = b"CGSSessionScreenIsLocked"
UTF8 = 0x08000100
CORE_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"


def meaning_of(message: int, w_param: int) -> str:
    """Return what a Windows message means: "locked", "sleep", or "" for anything else."""
    known = {(WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK): "locked", (WM_POWERBROADCAST, PBT_APMSUSPEND): "sleep"}
    return known.get((message, w_param), "")


class WindowsSession(QAbstractNativeEventFilter):
    """Calls `heard` with "locked" or "sleep". Windows only. The window must exist already."""

    def __init__(self, window: QWidget, heard: Callable[[str], object]) -> None:
        super().__init__()
        self._heard = heard
        if sys.platform == "win32":
            with suppress(OSError, AttributeError):
                ctypes.windll.wtsapi32.WTSRegisterSessionNotification(int(window.winId()), 0)
        if (app := QCoreApplication.instance()) is not None:
            app.installNativeEventFilter(self)

    def nativeEventFilter(self, event_type: Any, message: Any) -> Any:
        if bytes(event_type) == b"windows_generic_MSG":
            from ctypes import wintypes

            read = wintypes.MSG.from_address(int(message))
            if meaning := meaning_of(read.message, read.wParam):
                self._heard(meaning)
        return False, 0


class MacSession(QObject):
    """Calls `heard` with "locked" if the screen was locked since the last check. macOS only."""

    def __init__(self, parent: QObject, heard: Callable[[str], object], is_locked: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._heard, self._is_locked = heard, is_locked
        self._was = False
        self._timer = QTimer(self, interval=SESSION_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        was, self._was = self._was, self._is_locked()
        if self._was and not was:
            self._heard("locked")


def mac_screen_is_locked() -> bool:
    try:
        graphics, foundation = ctypes.CDLL(CORE_GRAPHICS), ctypes.CDLL(CORE_FOUNDATION)
        graphics.CGSessionCopyCurrentDictionary.restype = ctypes.c_void_p
        foundation.CFStringCreateWithCString.restype = ctypes.c_void_p
        foundation.CFDictionaryGetValue.restype = ctypes.c_void_p
        foundation.CFBooleanGetValue.restype = ctypes.c_bool
        session = ctypes.c_void_p(graphics.CGSessionCopyCurrentDictionary())
        if not session:
            return False
        key = ctypes.c_void_p(foundation.CFStringCreateWithCString(None, LOCKED_KEY, UTF8))
        value = ctypes.c_void_p(foundation.CFDictionaryGetValue(session, key))
        is_locked = bool(value) and bool(foundation.CFBooleanGetValue(value))
        foundation.CFRelease(key)
        foundation.CFRelease(session)
    except (OSError, AttributeError):
        return False
    return is_locked
