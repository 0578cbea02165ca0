"""A line to the session's D-Bus, or the system's: calls and signals, without waiting.  The only importer of jeepney.

QtDBus cannot be used for it: from Python it can be given neither an array of structures, which shortcuts are bound
with, nor an unsigned number.  jeepney makes and reads the bytes; a local socket of Qt carries them.  The bus is reached
through a socket of this computer or not at all: an address of another kind (tcp) is passed over.
"""

from __future__ import annotations

import os
import struct
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

BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
SESSION_ADDRESS, SYSTEM_ADDRESS = "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"
USUAL_SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
ANSWER_MS = 30_000
"""For the answer to a call: the bus may have to start the program that gives it."""
MAX_MESSAGE_BYTES = 1 << 20
NO_ANSWER = "org.freedesktop.DBus.Error.NoReply"
_BROKEN = (ValueError, LookupError, TypeError, AssertionError, AttributeError, RecursionError, struct.error)
"""What jeepney raises for bytes that are no messages; an odd end of the bus must not be the window's."""


class Call(Record):
    """One method of one object; `signature` and `body` are what goes along, as jeepney takes it."""

    service: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[Any, ...] = ()


class Answer(Record):
    """The result of a call.  `untrusted` holds the values; `error` is the name of an error, or empty."""

    untrusted: tuple[Any, ...] = ()
    error: str = ""
    sender: str = ""


class BusSignal(Record):
    """A signal from `sender`; the bus vouches for that name only."""

    sender: str
    path: str
    interface: str
    member: str
    untrusted: tuple[Any, ...]


class SessionBus(QObject):
    """One connection; lives on the window's thread.

    Emits `opened` when calls can be made, `signal_received` with a BusSignal, and `lost` once, when there is no bus or
    the connection has ended.  Calls still open then are never answered.
    """

    opened = Signal()
    signal_received = Signal(object)
    lost = Signal()

    def __init__(self, parent: QObject, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(parent, objectName="session_bus")
        self._environment = environment
        self.name = ""
        """Ours on the bus, such as :1.42; empty until `opened`."""
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
        """Connect; `opened` or `lost` follows, `lost` possibly before this returns."""
        place = socket_of(self._environment)
        if not place:
            self._fail()
            return
        if place.startswith("\0"):
            self._socket.setSocketOptions(QLocalSocket.SocketOption.AbstractNamespaceOption)
        QTimer.singleShot(ANSWER_MS, self, self._on_patience_over)
        self._socket.connectToServer(place.removeprefix("\0"))

    def close(self) -> None:
        """End the connection: nothing more is emitted."""
        self._is_over = True
        self._waiting.clear()
        self._socket.abort()

    def call(self, call: Call, answered: Callable[[Answer], None] | None = None) -> None:
        """Call a method; `answered` is called with the result, within half a minute."""
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
            received = [_received(one) for one in iter(self._parser.get_next_message, None)]
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
    """The serial of the call a message answers, or 0, and its content; None for anything but an answer or a signal.

    Raises one of _BROKEN.
    """
    fields, kind = message.header.fields, message.header.message_type
    sender, body = str(fields.get(HeaderFields.sender, "")), tuple(message.body)
    if kind is MessageType.signal:
        requested = (HeaderFields.path, HeaderFields.interface, HeaderFields.member)
        path, interface, member = (str(fields[one]) for one in requested)
        return 0, BusSignal(sender, path, interface, member, body)
    if kind in (MessageType.method_return, MessageType.error):
        error = str(fields.get(HeaderFields.error_name, "")) if kind is MessageType.error else ""
        return int(fields[HeaderFields.reply_serial]), Answer(body, error, sender)
    return 0, None


def socket_of(environment: Mapping[str, str]) -> str:
    """The path of the session bus's socket; an abstract one begins with NUL; empty where there is none.

    A bus is never started for this.
    """
    if address := environment.get(SESSION_ADDRESS, ""):
        try:
            return str(next(iter(get_connectable_addresses(address)), ""))
        except (RuntimeError, ValueError, KeyError):  # of jeepney: another kind of socket, or no address at all
            return ""
    folder = environment.get("XDG_RUNTIME_DIR", "")
    usual = Path(folder, "bus")  # where systemd has it, named or not
    return str(usual) if folder and usual.is_socket() else ""


def of_system(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment by which a SessionBus connects to the system's bus instead."""
    return {SESSION_ADDRESS: environment.get(SYSTEM_ADDRESS, "") or USUAL_SYSTEM_BUS}


def handle_from(call: Call, environment: Mapping[str, str], *, patience_s: float) -> int | None:
    """Call a method of the system's bus that answers with an open file; its descriptor, to be closed by the caller.

    None where there is no such bus or service.  Blocks: Qt's sockets do not carry open files.
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
