"""A connection to the system's D-Bus, for calls and signals without blocking. The only module that imports jeepney.

QtDBus cannot be used: from Python it cannot send an unsigned number. jeepney encodes and decodes the messages, and a
local socket of Qt transports them. Only a bus with a socket on this computer is used; other kinds of addresses (tcp)
are skipped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
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
ADDRESS = "DBUS_SYSTEM_BUS_ADDRESS"
USUAL_ADDRESS = "unix:path=/run/dbus/system_bus_socket"
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


class BusSignal(Record):
    """A signal. Of what is in it the bus guarantees nothing but the sender, by whom `listen` chooses."""

    path: str
    interface: str
    member: str
    untrusted: tuple[Any, ...]


class SystemBus(QObject):
    """One connection to the bus. It lives on the window's thread.

    It emits `opened` when calls can be made, and `signal_received` with each BusSignal. If there is no bus, or the
    connection has ended, nothing more is emitted, and calls that are still open are never answered.
    """

    opened = Signal()
    signal_received = Signal(object)

    def __init__(self, parent: QObject, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(parent, objectName="system_bus")
        self._environment = environment
        self.is_open = self.is_over = False
        self._serials = count(1)
        self._waiting: dict[int, Callable[[Answer], None]] = {}
        self._auth, self._parser = Authenticator(), Parser()
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._on_connected)
        self._socket.readyRead.connect(self._on_ready_read)
        self._socket.errorOccurred.connect(self.close)
        self._socket.disconnected.connect(self.close)

    def open(self) -> None:
        """Connect to the bus. `opened` is emitted afterwards, if it can be reached."""
        place = socket_of(self._environment)
        if not place:
            self.close()
            return
        if place.startswith("\0"):
            self._socket.setSocketOptions(QLocalSocket.SocketOption.AbstractNamespaceOption)
        QTimer.singleShot(ANSWER_MS, self, self._on_patience_over)
        self._socket.connectToServer(place.removeprefix("\0"))

    def close(self) -> None:
        """End the connection. Nothing more is emitted."""
        if not self.is_over:
            self.is_over = True
            self._waiting.clear()
            self._socket.abort()

    def call(self, call: Call, answered: Callable[[Answer], None] | None = None) -> None:
        """Call a method. `answered` is called with the result within half a minute."""
        if self.is_over:
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
            self.close()
            return
        for serial, reported in received:
            if self.is_over:
                return
            if isinstance(reported, Answer):
                self._answer(serial, reported)
            elif reported is not None:
                self.signal_received.emit(reported)
        if is_too_long:
            self.close()

    def _on_hello(self, answer: Answer) -> None:
        match answer.untrusted:
            case (str(name),) if name and not answer.error:
                self.is_open = True
                self.opened.emit()
            case _:
                self.close()

    def _answer(self, serial: int, answer: Answer) -> None:
        answered = self._waiting.pop(serial, None)
        if answered is not None:
            answered(answer)

    def _on_patience_over(self) -> None:
        if not self.is_open:
            self.close()


def _received(message: Message) -> tuple[int, Answer | BusSignal | None]:
    """Return the serial number of the call that a message answers, or 0, and the content of the message.

    The content is None if the message is neither an answer nor a signal. Raises one of _BROKEN.
    """
    fields, kind = message.header.fields, message.header.message_type
    body = tuple(message.body)
    if kind is MessageType.signal:
        requested = (HeaderFields.path, HeaderFields.interface, HeaderFields.member)
        path, interface, member = (str(fields[name]) for name in requested)
        return 0, BusSignal(path, interface, member, body)
    if kind in (MessageType.method_return, MessageType.error):
        error = str(fields.get(HeaderFields.error_name, "")) if kind is MessageType.error else ""
        return int(fields[HeaderFields.reply_serial]), Answer(body, error)
    return 0, None


def socket_of(environment: Mapping[str, str]) -> str:
    """Return the path of the bus's socket, or "" if there is none. An abstract socket begins with NUL."""
    try:
        return str(next(iter(get_connectable_addresses(address_in(environment))), ""))
    except (RuntimeError, ValueError, KeyError):  # raised by jeepney for another kind of socket, or no address at all
        return ""


def address_in(environment: Mapping[str, str]) -> str:
    return environment.get(ADDRESS, "") or USUAL_ADDRESS


def handle_from(call: Call, environment: Mapping[str, str], *, patience_s: float) -> int | None:
    """Call a method of the system's bus that answers with an open file, and return its descriptor. The caller must
    close it.

    Return None if there is no such bus or service. Blocks, since Qt's sockets cannot transport open files.
    """
    if not socket_of(environment):
        return None
    target = DBusAddress(call.path, bus_name=call.service, interface=call.interface)
    try:
        with open_dbus_connection(address_in(environment), enable_fds=True, auth_timeout=patience_s) as line:
            asked = new_method_call(target, call.member, call.signature, call.body)
            answer = line.send_and_get_reply(asked, timeout=patience_s)
    except (OSError, AuthenticationError, *_BROKEN):
        return None
    match answer.body:
        case (FileDescriptor() as handle,):
            return int(handle.to_raw_fd())
        case _:
            return None
