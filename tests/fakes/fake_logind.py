"""systemd's logind, in a process of its own: `fake_logind.py ADDRESS {json}`.

It prints a JSON line for each call it was asked ("ready" first; "released" once nothing holds sleep back any more), and
obeys lines on its standard input: `lock` `lock-other` `hint` `sleep` `wake`.  `options`: `no_session`.
"""

from __future__ import annotations

import json
import os
import queue
import select
import sys
import threading
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME, PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
MANAGER, SESSION = f"{NAME}.Manager", f"{NAME}.Session"
OURS, OTHER = f"{PATH}/session/_32", f"{PATH}/session/_37"


class Logind:
    def __init__(self, address: str, options: dict[str, Any]) -> None:
        self.options = options
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.held: list[int] = []
        self.line = open_dbus_connection(bus=address, enable_fds=True)
        self.line.send_and_get_reply(message_bus.RequestName(NAME))
        notify({"call": "ready"})

    def run(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            self.look_at_held()
            try:
                message = self.line.receive(timeout=0.02)
            except TimeoutError:
                while not self.lines.empty():
                    self.obey(self.lines.get())
            else:
                if message.header.message_type is MessageType.method_call:
                    self.take(message)

    def _read(self) -> None:
        for line in sys.stdin:
            self.lines.put(line.strip())

    def look_at_held(self) -> None:
        for descriptor in select.select(self.held, [], [], 0)[0]:
            os.close(descriptor)
            self.held.remove(descriptor)
            notify({"call": "released"})

    def take(self, message) -> None:
        member, body = message.header.fields[HeaderFields.member], message.body
        notify({"call": member, "body": body})
        if member == "Inhibit":
            ours, theirs = os.pipe()
            self.held.append(ours)
            self.line.send(new_method_return(message, "h", (theirs,)))
            os.close(theirs)
        elif member.startswith("GetSession") and not self.options.get("no_session"):
            self.line.send(new_method_return(message, "o", (OURS,)))
        else:
            self.line.send(new_error(message, f"{NAME}.NoSessionForPID", "s", ("no session",)))

    def obey(self, word: str) -> None:
        if word in ("lock", "lock-other"):
            self.emit(OURS if word == "lock" else OTHER, SESSION, "Lock", "", ())
        elif word == "hint":
            changed = {"LockedHint": ("b", True)}
            body = (SESSION, changed, [])
            self.emit(OURS, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", body)
        else:
            self.emit(PATH, MANAGER, "PrepareForSleep", "b", (word == "sleep",))

    def emit(self, path: str, interface: str, member: str, signature: str, body: tuple) -> None:
        self.line.send(new_signal(DBusAddress(path, interface=interface), member, signature, body))


def notify(what: dict) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    Logind(sys.argv[1], json.loads(sys.argv[2])).run()
