"""The portal for global shortcuts of Linux desktops: one session in it, and one key.

The interface: https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.GlobalShortcuts.html.
The desktop decides which key it is, and may ask the person; it remembers the answer under the program's name.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from slmdesk.window.global_key.session_bus import BUS, Answer, BusSignal, Call, SessionBus
from slmdesk.window.global_key.states import KeyState, KeyStatus

SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REGISTRY = "org.freedesktop.host.portal.Registry"
REQUEST, SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
NOT_ALLOWED = "org.freedesktop.portal.Error.NotAllowed"
APP_ID = "slmdesk"
"""The name of the .desktop file: the portal knows a program by it."""
SHORTCUT = "translate-clipboard"
DESCRIPTION = "Translate what is on the clipboard"
REQUESTED = "CTRL+ALT+SHIFT+t"
"""Proposed to the desktop, in the words of the shortcuts specification: hardly any program has it."""
HELD_S = 0.5
"""Some desktops tell a key that is held down again and again (hyprwm/Hyprland#4827): that is one request."""
MOST_RETURNS = 3
"""How often a restarted portal is asked again: one that crashes from it must not do so for ever."""
MOST_TOKEN = 512
DONE, DECLINED = 0, 1
"""What a request of a portal may answer; anything else: it was ended some other way."""


class PortalKey(QObject):
    """Lives on the window's thread and never blocks it.

    Emits `state_changed` with a KeyState, and `pressed` with the desktop's activation token (may be empty).
    """

    state_changed = Signal(object)
    pressed = Signal(str)

    def __init__(
        self,
        parent: QObject,
        environment: Mapping[str, str] = os.environ,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent, objectName="portal_key")
        self._environment, self._clock = environment, clock
        self._bus: SessionBus | None = None
        self._portal = self._session = ""
        self._requests: dict[str, Callable[[int, Mapping[str, Any]], None]] = {}
        self._status = KeyStatus.OFF
        self._returns = 0
        self._last_press = float("-inf")

    def start(self) -> None:
        self._end_line()
        self._notify(KeyStatus.ASKING)
        bus = self._bus = SessionBus(self, self._environment)
        bus.opened.connect(self._on_opened)
        bus.signal_received.connect(self._on_signal_received)
        bus.lost.connect(self._on_lost)
        bus.open()

    def stop(self) -> None:
        self._returns = 0
        self._end_line()
        self._notify(KeyStatus.OFF)

    # ---- asking, one answer after the other

    def _on_opened(self) -> None:
        bus = self._bus
        assert bus is not None
        bus.listen(f"type='signal',sender='{SERVICE}',path_namespace='{PATH}'")
        bus.listen(f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{SERVICE}'")
        # Before all else, or it is too late.  Where it is not there, or we are known already, that is no trouble.
        bus.call(Call(SERVICE, PATH, REGISTRY, "Register", "sa{sv}", (APP_ID, {})))
        bus.call(Call(SERVICE, PATH, PROPERTIES, "Get", "ss", (SHORTCUTS, "version")), self._on_version)

    def _on_version(self, answer: Answer) -> None:
        if answer.error:
            self._give_up(KeyStatus.MISSING)
            return
        self._portal = answer.sender
        options = {"session_handle_token": ("s", _token())}
        self._request("CreateSession", "", (), options, self._on_session)

    def _on_session(self, response: int, results: Mapping[str, Any]) -> None:
        handle = _value(results, "session_handle")
        if response != DONE or not isinstance(handle, str) or not handle:
            self._give_up(KeyStatus.REFUSED)
            return
        self._session = handle
        shortcut = (SHORTCUT, {"description": ("s", DESCRIPTION), "preferred_trigger": ("s", REQUESTED)})
        self._request("BindShortcuts", "oa(sa{sv})s", (handle, [shortcut], ""), {}, self._on_bound)

    def _on_bound(self, response: int, results: Mapping[str, Any]) -> None:
        if response == DONE:
            self._returns = 0
            self._show_trigger(_value(results, "shortcuts"))
        else:
            self._give_up(KeyStatus.DECLINED if response == DECLINED else KeyStatus.REFUSED)

    def _request(
        self,
        member: str,
        signature: str,
        body: tuple[Any, ...],
        options: Mapping[str, Any],
        responded: Callable[[int, Mapping[str, Any]], None],
    ) -> None:
        """Make a call whose result arrives later, as a signal of an object that the call creates."""
        bus, token = self._bus, _token()
        assert bus is not None
        expected = f"{PATH}/request/{bus.name.removeprefix(':').replace('.', '_')}/{token}"
        self._requests[expected] = responded

        def answered(answer: Answer) -> None:
            if answer.error:
                self._requests.clear()
                unknown = answer.error == NOT_ALLOWED
                self._give_up(KeyStatus.UNKNOWN_PROGRAM if unknown else KeyStatus.REFUSED)
            elif expected in self._requests and answer.untrusted and isinstance(answer.untrusted[0], str):
                # portals before 0.9 name it in their own way
                self._requests[answer.untrusted[0]] = self._requests.pop(expected)

        request = (*body, {**options, "handle_token": ("s", token)})
        bus.call(Call(SERVICE, PATH, SHORTCUTS, member, f"{signature}a{{sv}}", request), answered)

    # ---- events

    def _on_signal_received(self, reported: BusSignal) -> None:
        if reported.sender == BUS:
            self._on_owner(reported)
        elif reported.sender == self._portal:
            self._on_portal_signal(reported)

    def _on_portal_signal(self, reported: BusSignal) -> None:
        match reported.interface, reported.member, reported.untrusted:
            case (str(), "Response", (int(response), dict(results))) if reported.interface == REQUEST:
                if (responded := self._requests.pop(reported.path, None)) is not None:
                    responded(response, results)
            case (str(), "Closed", _) if reported.interface == SESSION and reported.path == self._session:
                self._give_up(KeyStatus.CLOSED)
            case (str(), "ShortcutsChanged", (session, shortcuts)) if session == self._session:
                self._show_trigger(shortcuts)
            case (str(), "Activated", (session, name, _, options)) if (session, name) == (self._session, SHORTCUT):
                self._on_activated(options)

    def _on_activated(self, untrusted_options: object) -> None:
        now = self._clock()
        is_held, self._last_press = now - self._last_press < HELD_S, now
        if is_held or not self._session:
            return
        token = _value(untrusted_options, "activation_token")
        is_fit = isinstance(token, str) and token.isascii() and token.isprintable() and len(token) <= MOST_TOKEN
        self.pressed.emit(token if is_fit else "")

    def _on_owner(self, reported: BusSignal) -> None:
        """The portal has gone, and the session with it; or it is back."""
        match reported.member, reported.untrusted:
            case ("NameOwnerChanged", (name, old, new)) if name == SERVICE:
                if old and old == self._portal:
                    self._session = self._portal = ""
                    self._requests.clear()
                    self._notify(KeyStatus.LOST)
                if new and self._status is KeyStatus.LOST and self._returns < MOST_RETURNS:
                    self._returns += 1
                    self.start()

    def _on_lost(self) -> None:
        was_there = bool(self._bus is not None and self._bus.name)
        self._give_up(KeyStatus.LOST if was_there else KeyStatus.MISSING)

    def _show_trigger(self, untrusted: object) -> None:
        listed = untrusted if isinstance(untrusted, list) else []
        ours = [one[1] for one in listed if isinstance(one, tuple) and len(one) == 2 and one[0] == SHORTCUT]
        trigger = _value(ours[0], "trigger_description") if ours else ""
        words = trigger if isinstance(trigger, str) else ""
        self._notify(KeyStatus.READY if words.strip() else KeyStatus.NO_KEY, words)

    def _give_up(self, status: KeyStatus) -> None:
        self._end_line()
        self._notify(status)

    def _end_line(self) -> None:
        """Close the connection; with it the portal ends the session."""
        self._portal = self._session = ""
        self._requests.clear()
        if self._bus is not None:
            self._bus.close()
            self._bus.deleteLater()
            self._bus = None

    def _notify(self, status: KeyStatus, trigger: str = "") -> None:
        self._status = status
        self.state_changed.emit(KeyState(status, trigger))


def _token() -> str:
    """An unguessable name for an object of the portal."""
    return f"slmdesk_{secrets.token_hex(8)}"


def _value(untrusted: object, key: str) -> object:
    """The value of a key in a dictionary of variants (signature, value); None where there is none."""
    found = untrusted.get(key) if isinstance(untrusted, Mapping) else None
    return found[1] if isinstance(found, tuple) and len(found) == 2 else None
