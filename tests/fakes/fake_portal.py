"""A desktop's portal for global shortcuts, in a process of its own: `fake_portal.py ADDRESS {json}`.

It prints a JSON line for each call it was asked ("ready" first), and obeys lines on its standard input:
`press` `other` (a key of another session) `close` `rebind KEY` `vanish` (leaves the bus) `return` (comes back).
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
KEYS = "a(sa{sv})"


class Portal:
    """`options`: `absent` (no such interface), `bind` and `create` (responses), `error` (of CreateSession), `key` (what
    the desktop gives; empty: none), `silent` (binds when told to: `answer`), `token`.
    """

    def __init__(self, address: str, options: dict[str, Any]) -> None:
        self.address, self.options = address, options
        self.session = self.client = ""
        self.asked: tuple[str, list] = ("", [])
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.join()

    def join(self) -> None:
        self.line = open_dbus_connection(bus=self.address)
        self.line.send_and_get_reply(message_bus.RequestName(NAME))
        notify({"call": "ready"})

    def run(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            try:
                message = self.line.receive(timeout=0.02)
            except TimeoutError:
                while not self.lines.empty():
                    self.obey(*self.lines.get().split(" ", 1))
            else:
                if message.header.message_type is MessageType.method_call:
                    self.take(message)

    def _read(self) -> None:
        for line in sys.stdin:
            self.lines.put(line.strip())

    def take(self, message) -> None:
        fields, body = message.header.fields, message.body
        member, self.client = fields[HeaderFields.member], fields[HeaderFields.sender]
        notify({"call": member, "body": body, "sender": self.client})
        if member == "Register":
            self.line.send(new_error(message, "org.freedesktop.portal.Error.Failed", "s", ("no such app",)))
        elif member == "Get" and self.options.get("absent"):
            self.line.send(new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "s", ("No such interface",)))
        elif member == "Get":
            self.line.send(new_method_return(message, "v", (("u", 1),)))
        elif member == "CreateSession" and self.options.get("error"):
            self.line.send(new_error(message, self.options["error"], "s", ("An app id is required",)))
        elif member == "CreateSession":
            (options,) = body
            self.session = f"{PATH}/session/{self._escaped}/{options['session_handle_token'][1]}"
            handle = self._handle(message, options)
            self.respond(handle, self.options.get("create", 0), {"session_handle": ("s", self.session)})
        elif member == "BindShortcuts":
            self.asked = (self._handle(message, body[3]), body[1])
            if not self.options.get("silent"):
                self.obey("answer")
        else:
            self.line.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", (member,)))

    @property
    def _escaped(self) -> str:
        return self.client.removeprefix(":").replace(".", "_")

    def _handle(self, message, options) -> str:
        handle = f"{PATH}/request/{self._escaped}/{options['handle_token'][1]}"
        self.line.send(new_method_return(message, "o", (handle,)))
        return handle

    def respond(self, handle: str, response: int, results: dict) -> None:
        self.emit(handle, "org.freedesktop.portal.Request", "Response", "ua{sv}", (response, results))

    def emit(self, path: str, interface: str, member: str, signature: str, body: tuple) -> None:
        reported = new_signal(DBusAddress(path, interface=interface), member, signature, body)
        reported.header.fields[HeaderFields.destination] = self.client
        self.line.send(reported)

    def obey(self, word: str, rest: str = "") -> None:
        if word == "answer":
            handle, shortcuts = self.asked
            key = self.options.get("key", "Ctrl+Alt+Shift+T")
            bound = [(name, {"description": given["description"], "trigger_description": ("s", key)})
                     for name, given in shortcuts if key]  # fmt: skip
            self.respond(handle, self.options.get("bind", 0), {"shortcuts": (KEYS, bound)})
        elif word in ("press", "other"):
            session = self.session if word == "press" else f"{self.session}x"
            options = {"activation_token": ("s", self.options.get("token", "leave-42"))}
            self.emit(PATH, SHORTCUTS, "Activated", "osta{sv}", (session, "translate-clipboard", 7, options))
        elif word == "rebind":
            named = {"trigger_description": ("s", rest)}
            self.emit(PATH, SHORTCUTS, "ShortcutsChanged", f"o{KEYS}", (self.session, [("translate-clipboard", named)]))
        elif word == "close":
            self.emit(self.session, "org.freedesktop.portal.Session", "Closed", "a{sv}", ({},))
        elif word == "vanish":
            self.line.close()
            self.join()
        elif word == "end":
            raise SystemExit


def notify(what: dict) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    Portal(sys.argv[1], json.loads(sys.argv[2])).run()
