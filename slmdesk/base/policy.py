"""The organisation's rules: a small TOML file, or keys in Windows' registry, that an administrator writes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed, field
from slmdesk.base.sealing import KEY_BYTES
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label, is_share, owner_of, read_file, why_not_theirs

KEY = r"SOFTWARE\Policies\slmdesk"
SWITCHES = frozenset({("network", "offline")})
"""Rules that are true or false in the file. The registry stores them as 0 or 1."""
OF_NO_KNOWN_TYPE = "?"
"""Stands for a registry value of an unknown type. No rule accepts this value."""
Value = int | str | Sequence[str] | None


def shape_of(values: Mapping[str, Value], tables: Mapping[str, Mapping[str, Value]]) -> dict[str, object]:
    """Return the content of a policy file with these rules. A value of an unknown type is reported as wrong later."""
    content: dict[str, object] = {name: _plain("", name, value) for name, value in values.items()}
    for table, held in tables.items():
        content[table] = {name: _plain(table, name, value) for name, value in held.items()}
    return content


def _plain(table: str, name: str, value: Value) -> object:
    if (table, name) in SWITCHES and value in (0, 1) and isinstance(value, int):
        return bool(value)
    if value is None:
        return OF_NO_KNOWN_TYPE
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def read_registry() -> dict[str, object] | None:
    """Return the rules in this PC's registry as a policy file would hold them. Returns None if there are none or this
    is not Windows. Raises OSError.
    """
    if sys.platform != "win32":
        return None
    import winreg

    return rules_in(winreg)


def rules_in(winreg: Any) -> dict[str, object] | None:
    """Return the rules in a registry as a policy file would hold them, or None if there are none. Raises OSError."""
    access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, KEY, 0, access) as top:
            tables = {}
            for at in range(winreg.QueryInfoKey(top)[0]):
                name = winreg.EnumKey(top, at)
                with winreg.OpenKey(top, name, 0, access) as key:
                    tables[name] = _values(winreg, key)
            return shape_of(_values(winreg, top), tables) or None
    except FileNotFoundError:
        return None


def _values(winreg: Any, key: Any) -> dict[str, Value]:
    known = (winreg.REG_DWORD, winreg.REG_QWORD, winreg.REG_SZ, winreg.REG_MULTI_SZ)
    rules: dict[str, Value] = {}
    for at in range(winreg.QueryInfoKey(key)[1]):
        name, value, kind = winreg.EnumValue(key, at)
        rules[name] = value if kind in known else None
    return rules


class EncryptionRules(Record):
    required: bool = False
    """Whether the history must be encrypted, and cannot be decrypted on this PC."""
    recovery_key: bytes = b""
    """The organisation's public key (X25519), for which the history's key is wrapped. Empty if there is none."""
    plain_exports: bool = True


def encryption_rules(table: Mapping[str, object], wrong: Callable[[str], object]) -> EncryptionRules:
    """Parse the table. `wrong` is called for each invalid entry; an invalid entry makes the rules stricter."""
    required, exports = table.get("required", False), table.get("plain_exports", True)
    for name, value in (("required", required), ("plain_exports", exports)):
        if not isinstance(value, bool):
            wrong(_("encryption.{name} is neither true nor false").format(name=name))
    key = public_key_of(table.get("recovery_key", ""))
    if key is None:
        wrong(_("encryption.recovery_key is no public key as slmdesk encrypt organisation-key makes it"))
    return EncryptionRules(required is not False, key or b"", exports is True)


def public_key_of(text: object) -> bytes | None:
    """Return the 32 bytes of a public key in base 64; an empty value for an empty text, None for an invalid key."""
    if text == "":
        return b""
    try:
        key = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def shown_key(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


# The organisation's rules. The rules are a small TOML file that an administrator writes and slmdesk only reads.
# Reading never fails. An invalid part is reported, and makes the rules stricter, never looser: slmdesk is then
# offline.


VERSION = 1
NEAR = 2
"""Most letters by which an unknown name may differ from a known name and count as mistyped."""
_KNOWN = {
    "network": ("offline", "endpoints", "hosts", "proxy", "ca_file", "speed_limit_kib"),
    "models": ("folder", "saved_states_mib"),
    "features": ("hidden",),
    "files": ("shares",),
    "retention": ("days",),
    "statement": (),
    "encryption": ("required", "recovery_key", "plain_exports", "lock_minutes"),
}
_GONE = frozenset(
    {
        ("models", "exams"),
        ("retention", "trash_days"),
        ("retention", "documents"),
        ("retention", "hold"),
        ("statement", "heads"),
    }
)
"""Rules of earlier versions. They are reported, without effect."""
MAX_SPEED_KIB = 1 << 24
MOST_DAYS = 36_500
MOST_SAVED_MIB = 1 << 20
MOST_LOCK_MINUTES = 24 * 60
LEAST_LOCK_MINUTES = 1
"""Minutes that apply if the number in a policy is invalid."""
FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "hub.search": _("Search on the Hub"),
        "hub.download": _("Download of models"),
        "models.import": _("Adding model files"),
        "models.formats": _("Models in other formats"),
        "settings.network": _("Settings of the network"),
        "token": _("Access token"),
        "microphone": _("Dictation"),
    }
)
"""Features that an organisation may hide, with their names for people."""
GONE_FEATURES = frozenset({"models.compare", "models.packs"})
"""Features of older versions, which a policy may still name."""


class Policy(Record):
    path: str = ""
    forced: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Allowed values of settings. The first value applies unless another is chosen."""
    models_folder: str = ""
    """A folder of shared models. They are used where they are, and nothing is written there."""
    hidden: frozenset[str] = frozenset()
    """Names in FEATURES that the window does not show and the command line refuses."""
    shares: tuple[str, ...] = ()
    """Network shares whose files may be opened without asking, also while slmdesk works offline."""
    lock_minutes: int = 0
    """Most minutes without activity before an encrypted history locks. 0 means as the person chose."""
    encryption: EncryptionRules = field(default_factory=EncryptionRules)
    problems: tuple[KnownError, ...] = ()
    sha256: str = ""
    """SHA-256 of the file, or of the registry's rules as sorted JSON."""
    owner: str = ""

    @property
    def managed(self) -> frozenset[str]:
        return frozenset((*self.forced, *(key for key, allowed in self.choices.items() if len(allowed) == 1)))

    def refuse(self, key: str, value: object) -> None:
        """Raise KnownError `setting.managed` if the policy does not allow this value."""
        is_too_late = key == "lock_minutes" and value != self.limited_minutes(value)
        if is_too_late or key in self.forced or value not in self.choices.get(key, (value,)):
            raise KnownError("setting.managed", key=key)

    def limited_minutes(self, minutes: object) -> object:
        most = self.lock_minutes
        return most if most and isinstance(minutes, int) and not 0 < minutes <= most else minutes

    def require(self, feature: str) -> None:
        """Raise KnownError `feature.hidden` if the organisation has switched off this feature."""
        if feature in self.hidden:
            raise KnownError("feature.hidden", feature=FEATURES[feature])


def load_policy(places: Sequence[Path], *, of_administrators: Collection[Path] = ()) -> Policy:
    """Load the first policy file that exists. A file that cannot be read or parsed forces offline, and the policy
    reports it. So does a file that an unauthorised account may have written or can change. Authorised are
    administrators and, except for files in `of_administrators`, also this account.
    """
    for path in places:
        file = _File(path, or_ours=path not in of_administrators)
        try:
            untrusted = read_file(path, file.examine)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as err:
            return _broken(path, err.strerror or _("it cannot be read"))
        why = file.why_not_theirs
        policy = _broken(path, why) if why else _read(path, untrusted)
        return changed(policy, sha256=hashlib.sha256(untrusted).hexdigest(), owner=file.owner)
    return Policy()


def registry_policy(read: Callable[[], Mapping[str, object] | None] = read_registry) -> Policy | None:
    """Load the rules in Windows' registry. Returns None if there are none. Unreadable rules force offline."""
    path = PureWindowsPath("HKEY_LOCAL_MACHINE", KEY)
    try:
        shape = read()
    except OSError as err:
        return _broken(path, err.strerror or _("it cannot be read"))
    if shape is None:
        return None
    text = json.dumps(shape, sort_keys=True, separators=(",", ":"))
    return changed(_Reading(path).policy(shape), sha256=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())


def _read(path: Path, untrusted: bytes) -> Policy:
    import tomllib  # few PCs have a policy

    try:
        shape = tomllib.loads(untrusted.decode("utf-8-sig"))
    except (ValueError, RecursionError) as err:
        return _broken(path, _("it is no TOML: {err}").format(err=err))
    return _Reading(path).policy(shape)


class _File:
    def __init__(self, path: Path, *, or_ours: bool) -> None:
        self._path, self._or_ours = path, or_ours
        self.owner = self.why_not_theirs = ""

    def examine(self, handle: int) -> None:
        self.owner = owner_of(os.fstat(handle))
        self.why_not_theirs = why_not_theirs(handle, self._path, or_ours=self._or_ours)


class _Reading:
    def __init__(self, path: PurePath) -> None:
        self._path = path
        self._version: int | None = None
        self._forced: dict[str, Json] = {}
        self._choices: dict[str, tuple[str, ...]] = {}
        self._problems: list[KnownError] = []

    def policy(self, shape: Mapping[str, object]) -> Policy:
        tables: dict[str, Mapping[str, object]] = {}
        shape = dict(shape)
        self._read_version(shape.pop("version", None))
        for name, value in shape.items():
            if name in _KNOWN and isinstance(value, dict):
                tables[name] = value
                for key in sorted(value.keys() - set(_KNOWN[name])):
                    if (name, key) in _GONE:
                        self._without_effect(f"{name}.{key}")
                    else:
                        self._unknown(f"{name}.{key}", is_mistyped=_near(key, _NAMES))
            elif name in _KNOWN:
                self._wrong(_("{name} is no table").format(name=name))
            else:
                self._unknown(name, is_mistyped=True)
        network = tables.get("network", {})
        self._offline(network.get("offline", False))
        self._endpoints(network)
        self._way(network)
        self._saved(tables.get("models", {}).get("saved_states_mib"))
        self._retention(tables.get("retention", {}))
        folder = self._folder(tables.get("models", {}).get("folder", ""))
        return Policy(
            str(self._path),
            forced=MappingProxyType(self._forced),
            choices=MappingProxyType(self._choices),
            models_folder=folder,
            hidden=self._hidden(tables.get("features", {}).get("hidden", [])),
            shares=self._shares(tables.get("files", {}).get("shares", [])),
            lock_minutes=self._lock_minutes(tables.get("encryption", {}).get("lock_minutes")),
            encryption=encryption_rules(tables.get("encryption", {}), self._wrong),
            problems=tuple(self._problems),
        )

    def _read_version(self, value: object) -> None:
        if type(value) is int and value >= 1:
            self._version = value
        elif value is not None:
            self._wrong(_("version is no whole number from 1 on"))

    def _offline(self, value: object) -> None:
        if value is True:
            self._forced["offline"] = True
        elif value is not False:
            self._wrong(_("network.offline is neither true nor false"))

    def _saved(self, value: object) -> None:
        """Read how many MiB of saved model states may be kept on disk. An invalid number counts as 0."""
        if value is None:
            return
        is_number = type(value) is int and 0 <= value <= MOST_SAVED_MIB
        self._forced["saved_states_mib"] = value if isinstance(value, int) and is_number else 0
        if not is_number:
            self._wrong(_("models.saved_states_mib is no whole number of MiB"))

    def _endpoints(self, network: Mapping[str, object]) -> None:
        if "endpoints" not in network:
            if "hosts" in network:
                self._wrong(_("network.hosts stands without network.endpoints"))
            return
        endpoints, hosts = _words(network["endpoints"]), _words(network.get("hosts", []))
        if not endpoints or not all(map(is_endpoint, endpoints)):
            self._wrong(_("network.endpoints is no list of addresses that begin with https://"))
        elif hosts is None or not all(map(is_host, hosts)):
            self._wrong(_("network.hosts is no list of names of hosts"))
        else:
            self._choices["hub_endpoint"] = tuple(endpoint.rstrip("/") for endpoint in endpoints)
            self._forced["hub_hosts"] = " ".join(hosts)

    def _way(self, network: Mapping[str, object]) -> None:
        proxy, ca_file = network.get("proxy"), network.get("ca_file")
        speed = network.get("speed_limit_kib")
        if isinstance(proxy, str) and is_proxy(proxy):
            self._forced["proxy"] = proxy
        elif proxy is not None:
            self._wrong(_("network.proxy is neither system nor none nor http://host:port"))
        if isinstance(ca_file, str) and "\0" not in ca_file and Path(ca_file).is_absolute():
            self._forced["ca_file"] = ca_file
        elif ca_file is not None:
            self._wrong(_("network.ca_file is no absolute path"))
        if type(speed) is int and 0 <= speed <= MAX_SPEED_KIB:
            self._forced["speed_limit_kib"] = speed
        elif speed is not None:
            self._wrong(_("network.speed_limit_kib is no whole number"))

    def _folder(self, value: object) -> str:
        if isinstance(value, str) and "\0" not in value and (not value or Path(value).is_absolute()):
            return value
        self._wrong(_("models.folder is no absolute path"))
        return ""

    def _hidden(self, value: object) -> frozenset[str]:
        names = _words(value)
        if names is None:
            self._wrong(_("features.hidden is no list of names"))
            return frozenset()
        for unknown in sorted({*names} - {*FEATURES} - GONE_FEATURES):
            self._unknown(_("features.hidden: {unknown}").format(unknown=unknown), is_mistyped=_near(unknown, FEATURES))
        return frozenset(names) & frozenset(FEATURES)

    def _shares(self, value: object) -> tuple[str, ...]:
        shares = _words(value)
        if shares is None or not all(map(is_share, shares)):
            self._wrong(_(r"files.shares is no list of shares such as \\server\share"))
            return ()
        return shares

    def _retention(self, retention: Mapping[str, object]) -> None:
        """Read after how many days chats and documents are deleted. An invalid number means never, as deleted items
        cannot be brought back; so does a hold of an earlier version.
        """
        days = retention.get("days")
        if days is not None and not (type(days) is int and 1 <= days <= MOST_DAYS):
            self._wrong(_("retention.days is no whole number from 1 to {most_days}").format(most_days=MOST_DAYS))
            days = 0
        if "hold" in retention:
            days = 0
        if isinstance(days, int):
            self._forced["delete_after_days"] = days

    def _lock_minutes(self, value: object) -> int:
        if value is None:
            return 0
        if type(value) is int and 1 <= value <= MOST_LOCK_MINUTES:
            return value
        self._wrong(_("encryption.lock_minutes is no whole number of minutes"))
        return LEAST_LOCK_MINUTES

    def _wrong(self, reason: str) -> None:
        self._forced["offline"] = True
        self._problems.append(_invalid(self._path, reason))

    def _unknown(self, key: str, *, is_mistyped: bool) -> None:
        """Handle an unknown key. It is an error if the file has our version or an older one. In a file without a
        version it is an error if it looks mistyped.
        """
        is_wrong = is_mistyped if self._version is None else self._version <= VERSION
        if is_wrong:
            self._wrong(_("“{key}” is not known").format(key=key))
            return
        self._without_effect(key)

    def _without_effect(self, key: str) -> None:
        self._problems.append(KnownError("policy.key", path=str(self._path), key=clean_label(key, 80)))


_NAMES = ("version", *_KNOWN, *(key for keys in _KNOWN.values() for key in keys))


def _near(name: str, known: Iterable[str]) -> bool:
    return any(_letters_between(name.casefold(), other) <= NEAR for other in known)


def _letters_between(word: str, other: str) -> int:
    """Return how many letters to change, add or remove to turn one word into the other. Any number above NEAR is
    returned as NEAR + 1 or more.
    """
    if abs(len(word) - len(other)) > NEAR:
        return NEAR + 1
    row = list(range(len(other) + 1))
    for at, letter in enumerate(word, 1):
        above, row = row, [at]
        for to, theirs in enumerate(other, 1):
            row.append(min(above[to] + 1, row[-1] + 1, above[to - 1] + (letter != theirs)))
    return row[-1]


def _words(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return None
    return tuple(value)


def is_endpoint(text: str) -> bool:
    """Tell if this is an https address of a host. Plain http is only allowed for this PC, as in the network guard."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_plain = parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")
    return bool(host) and text.isprintable() and " " not in text and (parts.scheme == "https" or is_plain)


def is_proxy(text: str) -> bool:
    """Tell whether this is system, none, or http://host:port, which may include a name and a password."""
    if text in ("system", "none"):
        return True
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    is_word = text.isprintable() and " " not in text
    return parts.scheme == "http" and bool(parts.hostname) and port != 0 and is_bare and is_word


def without_password(proxy: str) -> tuple[str, str | None]:
    """Split a proxy's address. Returns the address without the password, and the password as written or None."""
    parts = urlsplit(proxy)
    login, _at, host = parts.netloc.rpartition("@")
    user, colon, password = login.partition(":")
    if not colon:
        return proxy, None
    return parts._replace(netloc=f"{user}@{host}" if user else host).geturl(), password


def with_password(proxy: str, password: str) -> str:
    parts = urlsplit(proxy)
    user, _at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{password}@{host}").geturl()


def shown_proxy(proxy: str) -> str:
    """Return the proxy setting for display: its password is replaced by "…"."""
    address, password = without_password(proxy)
    return proxy if password is None else with_password(address, "…")


def is_host(text: str) -> bool:
    """Tell whether this names a host. A leading dot means all hosts below it; a port is allowed for this PC."""
    return bool(text) and text.isascii() and text.isprintable() and not set(text) & set(" /@")


def _broken(path: PurePath, reason: str) -> Policy:
    return Policy(str(path), forced=MappingProxyType({"offline": True}), problems=(_invalid(path, reason),))


def _invalid(path: PurePath, reason: str) -> KnownError:
    return KnownError("policy.invalid", path=str(path), reason=clean_label(reason, 160))
