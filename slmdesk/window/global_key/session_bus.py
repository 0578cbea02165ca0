"""A connection to the D-Bus of the session or the system, for calls and signals without blocking. The only module that
imports jeepney.

QtDBus cannot be used: from Python it can send neither an array of structures, which binding shortcuts needs, nor an
unsigned number. jeepney encodes and decodes the messages, and a local socket of Qt transports them. Only a bus with a
socket on this computer is used; other kinds of addresses (tcp) are skipped.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, Parser, new_method_call
from jeepney.auth import BEGIN, AuthenticationError, Authenticator
from jeepney.bus import get_connectable_addresses
from jeepney.fds import FileDescriptor
from jeepney.io.blocking import open_dbus_connection
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalSocket

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.window.global_key.controller import KeyState, KeyStatus

BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
SESSION_ADDRESS, SYSTEM_ADDRESS = "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"
USUAL_SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
ANSWER_MS = 30_000
"""Milliseconds to wait for the answer to a call. The bus may first have to start the program that answers."""
MAX_MESSAGE_BYTES = 1 << 20
NO_ANSWER = "org.freedesktop.DBus.Error.NoReply"
_BROKEN = (ValueError, LookupError, TypeError, AssertionError, AttributeError, RecursionError, struct.error)
"""Errors that jeepney raises for bytes that are not valid messages. They must not end the window."""


class Call(Record):
    """Call of one method of one object. `signature` and `body` describe the arguments in jeepney's format."""

    service: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[Any, ...] = ()


class Answer(Record):
    """Result of a call. `untrusted` has the returned values, `error` the name of an error, or ""."""

    untrusted: tuple[Any, ...] = ()
    error: str = ""
    sender: str = ""


class BusSignal(Record):
    """A signal from `sender`. The bus guarantees the sender only, not the rest."""

    sender: str
    path: str
    interface: str
    member: str
    untrusted: tuple[Any, ...]


class SessionBus(QObject):
    """One connection to a bus. It lives on the window's thread.

    It emits `opened` when calls can be made, and `signal_received` with each BusSignal. It emits `lost` once, if there
    is no bus or the connection has ended. Calls that are still open then are never answered.
    """

    opened = Signal()
    signal_received = Signal(object)
    lost = Signal()

    def __init__(self, parent: QObject, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(parent, objectName="session_bus")
        self._environment = environment
        self.name = ""
        """Name of this connection on the bus, such as :1.42. Empty until `opened`."""
        self._serials = count(1)
        self._waiting: dict[int, Callable[[Answer], None]] = {}
        self._auth, self._parser = Authenticator(), Parser()
        self._is_over = False
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._on_connected)
        self._socket.readyRead.connect(self._on_ready_read)
        self._socket.errorOccurred.connect(self._fail)
        self._socket.disconnected.connect(self._fail)

    def open(self) -> None:
        """Connect to the bus. `opened` or `lost` is emitted afterwards; `lost` may be emitted before this returns."""
        place = socket_of(self._environment)
        if not place:
            self._fail()
            return
        if place.startswith("\0"):
            self._socket.setSocketOptions(QLocalSocket.SocketOption.AbstractNamespaceOption)
        QTimer.singleShot(ANSWER_MS, self, self._on_patience_over)
        self._socket.connectToServer(place.removeprefix("\0"))

    def close(self) -> None:
        """End the connection. Nothing more is emitted."""
        self._is_over = True
        self._waiting.clear()
        self._socket.abort()

    def call(self, call: Call, answered: Callable[[Answer], None] | None = None) -> None:
        """Call a method. `answered` is called with the result within half a minute."""
        if self._is_over:
            return
        address = DBusAddress(call.path, bus_name=call.service, interface=call.interface)
        message = new_method_call(address, call.member, call.signature or None, call.body)
        serial = next(self._serials)
        if answered is not None:
            self._waiting[serial] = answered
            QTimer.singleShot(ANSWER_MS, self, partial(self._answer, serial, Answer(error=NO_ANSWER)))
        self._socket.write(message.serialise(serial))

    def listen(self, rule: str) -> None:
        self.call(Call(BUS, BUS_PATH, BUS, "AddMatch", "s", (rule,)))

    def _on_connected(self) -> None:
        self._socket.write(self._auth.data_to_send() or b"")

    def _on_ready_read(self) -> None:
        untrusted = bytes(self._socket.readAll().data())
        try:
            if not self._auth.authenticated:
                self._auth.feed(untrusted)
                if self._auth.authenticated:
                    self._socket.write(BEGIN)
                    self.call(Call(BUS, BUS_PATH, BUS, "Hello"), self._on_hello)
                return
            self._parser.add_data(untrusted)
            received = [_received(raw) for raw in iter(self._parser.get_next_message, None)]
            is_too_long = self._parser.bytes_desired() > MAX_MESSAGE_BYTES
        except _BROKEN:
            self._fail()
            return
        for serial, reported in received:
            if self._is_over:
                return
            if isinstance(reported, Answer):
                self._answer(serial, reported)
            elif reported is not None:
                self.signal_received.emit(reported)
        if is_too_long:
            self._fail()

    def _on_hello(self, answer: Answer) -> None:
        match answer.untrusted:
            case (str(name),) if name and not answer.error:
                self.name = name
                self.opened.emit()
            case _:
                self._fail()

    def _answer(self, serial: int, answer: Answer) -> None:
        answered = self._waiting.pop(serial, None)
        if answered is not None:
            answered(answer)

    def _on_patience_over(self) -> None:
        if not self.name:
            self._fail()

    def _fail(self) -> None:
        if self._is_over:
            return
        self.close()
        self.lost.emit()


def _received(message: Message) -> tuple[int, Answer | BusSignal | None]:
    """Return the serial number of the call that a message answers, or 0, and the content of the message.

    The content is None if the message is neither an answer nor a signal. Raises one of _BROKEN.
    """
    fields, kind = message.header.fields, message.header.message_type
    sender, body = str(fields.get(HeaderFields.sender, "")), tuple(message.body)
    if kind is MessageType.signal:
        requested = (HeaderFields.path, HeaderFields.interface, HeaderFields.member)
        path, interface, member = (str(fields[name]) for name in requested)
        return 0, BusSignal(sender, path, interface, member, body)
    if kind in (MessageType.method_return, MessageType.error):
        error = str(fields.get(HeaderFields.error_name, "")) if kind is MessageType.error else ""
        return int(fields[HeaderFields.reply_serial]), Answer(body, error, sender)
    return 0, None


def socket_of(environment: Mapping[str, str]) -> str:
    """Return the path of the session bus's socket, or "" if there is none. An abstract socket begins with NUL.

    A bus is never started for this.
    """
    if address := environment.get(SESSION_ADDRESS, ""):
        try:
            return str(next(iter(get_connectable_addresses(address)), ""))
        except (
            RuntimeError,
            ValueError,
            KeyError,
        ):  # raised by jeepney for another kind of socket, or no address at all
            return ""
    folder = environment.get("XDG_RUNTIME_DIR", "")
    usual = Path(folder, "bus")  # the usual path with systemd, even if no variable names it
    return str(usual) if folder and usual.is_socket() else ""


def of_system(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that makes a SessionBus connect to the system's bus."""
    return {SESSION_ADDRESS: environment.get(SYSTEM_ADDRESS, "") or USUAL_SYSTEM_BUS}


def handle_from(call: Call, environment: Mapping[str, str], *, patience_s: float) -> int | None:
    """Call a method of the system's bus that answers with an open file, and return its descriptor. The caller must
    close it.

    Return None if there is no such bus or service. Blocks, since Qt's sockets cannot transport open files.
    """
    address = of_system(environment)[SESSION_ADDRESS]
    if not socket_of({SESSION_ADDRESS: address}):
        return None
    target = DBusAddress(call.path, bus_name=call.service, interface=call.interface)
    try:
        with open_dbus_connection(address, enable_fds=True, auth_timeout=patience_s) as line:
            asked = new_method_call(target, call.member, call.signature, call.body)
            answer = line.send_and_get_reply(asked, timeout=patience_s)
    except (OSError, AuthenticationError, *_BROKEN):
        return None
    match answer.body:
        case (FileDescriptor() as handle,):
            return int(handle.to_raw_fd())
        case _:
            return None


# ---- the portal for global shortcuts of Linux desktops
#
# It uses one session and one key. The interface: https://flatpak.github.io/xdg-desktop-portal/docs/doc-
# org.freedesktop.portal.GlobalShortcuts.html. The desktop decides which key it is, and may ask the person; it
# remembers the answer under the program's name.


SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REGISTRY = "org.freedesktop.host.portal.Registry"
REQUEST, SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
NOT_ALLOWED = "org.freedesktop.portal.Error.NotAllowed"
APP_ID = "slmdesk"
"""Name of the .desktop file, by which the portal identifies a program."""
SHORTCUT = "translate-clipboard"
DESCRIPTION = _("Translate what is on the clipboard")
REQUESTED = "CTRL+ALT+SHIFT+t"
"""Keys proposed to the desktop, in the notation of the shortcuts specification. Hardly any program uses them."""
HELD_S = 0.5
"""Seconds within which repeated presses count as one. Some desktops report a key again and again while it is held down
(hyprwm/Hyprland#4827).
"""
MOST_RETURNS = 3
"""Most times that a restarted portal is asked again, as otherwise one that the request crashes would crash forever."""
MOST_TOKEN = 512
DONE, DECLINED = 0, 1
"""Answers of a portal to a request. Any other answer means that the request ended in some other way."""


class PortalKey(QObject):
    """Global shortcut of the desktop portal. It lives on the window's thread and never blocks it.

    Emits `state_changed` with a KeyState, and `pressed` with the desktop's activation token, which may be empty.
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
        # Must be the first call. An error is ignored: the interface is missing, or the program is known already.
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
                # portals before 0.9 use another name for it
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
        """React if the portal has ended, and the session with it, or if the portal is back."""
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
        ours = [row[1] for row in listed if isinstance(row, tuple) and len(row) == 2 and row[0] == SHORTCUT]
        trigger = _value(ours[0], "trigger_description") if ours else ""
        words = trigger if isinstance(trigger, str) else ""
        self._notify(KeyStatus.READY if words.strip() else KeyStatus.NO_KEY, words)

    def _give_up(self, status: KeyStatus) -> None:
        self._end_line()
        self._notify(status)

    def _end_line(self) -> None:
        """Close the connection. The portal then ends the session."""
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
    """Return a name that cannot be guessed, for an object of the portal."""
    return f"slmdesk_{secrets.token_hex(8)}"


def _value(untrusted: object, key: str) -> object:
    """Return the value of a key in a dictionary of D-Bus variants (signature, value), or None."""
    found = untrusted.get(key) if isinstance(untrusted, Mapping) else None
    return found[1] if isinstance(found, tuple) and len(found) == 2 else None
