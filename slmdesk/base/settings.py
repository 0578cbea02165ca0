"""The settings: a record that is saved in a JSON file. Reading tolerates errors, writing is atomic.

A wrong value is replaced by the default and reported in `problems`. An unknown key of a newer version is kept. A file
of a newer format is copied with a date before it is written in ours. An unreadable file is renamed with a date, so
that nothing of the user's is ever overwritten.

If the history is encrypted, the names of folders and hosts in the file are encrypted too; see `SettingsFile.use_key`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import dated_name, write_atomically
from slmdesk.base.paths import Paths
from slmdesk.base.policy import (
    MOST_DAYS,
    MOST_LOCK_MINUTES,
    MOST_SAVED_MIB,
    Policy,
    is_endpoint,
    is_host,
    is_proxy,
    load_policy,
    registry_policy,
    without_password,
)
from slmdesk.base.record import Record, changed, field
from slmdesk.base.sealing import SEALED, SealBroken, names_sealed, names_unsealed
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.base.untrusted import json_bytes, object_in, read_file

FORMAT = 1
"""Number of the file's format. It rises when a known name gets another meaning, not with a new name."""
NAMES_TOLD = ("automatic", "always", "never")
THEMES = ("system", "light", "dark", "contrast")
TOKEN_PLACES = ("ask", "keyring", "file")
PASSWORD_PLACES = ("", "keyring", "file")


class Settings(Record):
    """The settings that a person chose, or their defaults. Not hashable; compared by value."""

    theme: str = "system"
    """One of system, light, dark."""
    language: str = "system"
    """Language of the window: system, en or de. Takes effect at the next start."""
    context_tokens: int = 4096
    """Most tokens of a request with its answer."""
    models_folder: str = ""
    """Folder of the models. Empty means `paths.models`."""
    idle_unload_minutes: int = 15
    """Minutes without use after which a model is unloaded. 0 means never."""
    saved_states_mib: int = 2048
    """Most MiB of saved model states, which save a model from reading a document again. 0 means that none are saved."""
    sequences: int = 0
    """Number of answers at the same time. 0 means as many as the measured cost suggests."""
    use_graphics_card: bool = True
    font_scale: int = 100
    """Size of all text in percent."""
    system_font: bool = False
    """Whether the window uses the system's font instead of the one that comes with slmdesk."""
    shortcuts: str = ""
    """Shortcuts that a person changed. Each line has a shortcut's name and its keys; no keys means no shortcut."""
    offline: bool = True
    offline_enforced: bool = False
    """Whether the system itself refuses every connection while offline (Linux). Takes effect at the next start."""
    hub_endpoint: str = ""
    """https address of a mirror of the Hub. Empty means HF_ENDPOINT, or the Hub."""
    hub_hosts: str = ""
    """More hosts for files, such as a mirror's storage, split by spaces. ".example.org" means all hosts below it."""
    proxy: str = "system"
    """Either system, none, or http://host:port, without a password."""
    proxy_password_place: str = ""  # where the password is kept, not the password
    """Where the proxy's password is kept: keyring or file. Empty if there is no password."""
    ca_file: str = ""
    """PEM file with certificates to trust instead of the system's. Empty means the system's."""
    token_place: str = "ask"  # noqa: S105 (a place, no token)
    """Where the Hub's access token is kept: keyring, file, or ask (only in memory until slmdesk ends)."""
    token_host: str = ""
    """Host that the access token belongs to. Empty if no token is kept."""
    speed_limit_kib: int = 0
    """Most KiB per second of all downloads together. 0 means no limit."""
    downloads_at_once: int = 1
    notify: bool = True
    """Whether the system shows a notification when a download or job ends while the window is not in front."""
    notify_names: str = "automatic"
    """Whether notifications name chats, documents and models: always, never, or automatic. Automatic means yes, unless
    the history is encrypted.
    """
    model_for_chat: str = ""
    """Id of the default model for this kind of work. Empty means the last used. The next three are alike."""
    model_for_summaries: str = ""
    model_for_translation: str = ""
    model_for_embedding: str = ""
    default_preset: str = ""
    model_titles: bool = True
    """Whether the model writes the titles of chats, when it has nothing else to do."""
    model_line: bool = True
    """Whether a line in what is exported says that a model wrote in it. A property of the file says so always."""
    writing_history: bool = True
    """Whether texts that are written on the page Write, or typed on the page Translate, are kept."""
    spelling: bool = True
    spelling_language: str = ""
    """Code of the dictionary for all text, such as en_GB. Empty means that the language of the text decides."""
    speech_language: str = ""
    """Code of the language that is dictated. Empty means that of the window."""
    private_copies: bool = True
    """Whether copied text is marked so that the system keeps it out of its clipboard history and out of any cloud."""
    delete_after_days: int = 0
    """Days without a change after which chats go to the trash, and documents that nothing uses are forgotten. 0 means
    never.
    """
    letter_sender: str = ""
    """Lines of a person's own address, as letters have it. The first is the name below a letter."""
    letter_template: str = ""
    """Word file into which letters are written. Empty means our own form."""
    letter_sources: bool = True
    """Whether letters have their sources as comments."""
    lock_minutes: int = 15
    """Minutes without activity after which an encrypted history locks. 0 means that it never locks by itself."""
    lock_with_screen: bool = True
    extra: Mapping[str, Json] = field(default_factory=dict)
    """Keys of a newer version, kept unchanged."""


_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "context_tokens": (256, 1 << 20),
        "idle_unload_minutes": (0, 7 * 24 * 60),
        "sequences": (0, 64),
        "saved_states_mib": (0, MOST_SAVED_MIB),
        "font_scale": (50, 300),
        "speed_limit_kib": (0, 1 << 24),
        "downloads_at_once": (1, 4),
        "delete_after_days": (0, MOST_DAYS),
        "lock_minutes": (0, MOST_LOCK_MINUTES),
    }
)
NAMES_OF_PEOPLE = frozenset(
    {
        "models_folder", "ca_file", "hub_endpoint", "hub_hosts", "proxy", "token_host", "letter_sender",
        "letter_template",
    }
)  # fmt: skip
"""Settings that contain names of people, folders, computers or a proxy account. They are encrypted with the history."""
GONE = frozenset(
    {
        "continue_typing", "exams_at_first_use", "global_key", "lock_covers", "spelling_place", "translate_beside",
        "translate_doubts",
        "translate_favourites", "translate_font_percent", "translate_history", "translate_properties",
        "translate_recent", "translate_sheet_names", "translate_source", "translate_target", "translate_together",
    }
)  # fmt: skip
"""Settings of earlier versions. They are not kept as those of a newer version are."""
_PURPOSE = b"slmdesk settings"
_MAX_TEXT = 64_000
_NAMES = tuple(name for name in Settings.__struct_fields__ if name != "extra")
_DEFAULTS = Settings()
_CHOICES = {
    "theme": THEMES,
    "language": ("system", "en", "de"),
    "token_place": TOKEN_PLACES,
    "notify_names": NAMES_TOLD,
}
_KINDS = {bool: _("yes or no"), int: _("a whole number"), str: _("words")}


def reason_against(key: str, value: object) -> str:
    """Return in a few words why `value` is not valid for the setting `key`. Empty if it is valid."""
    default = getattr(_DEFAULTS, key)
    if type(value) is not type(default):
        return _("expected {kind}").format(kind=_KINDS[type(default)])
    if key in _CHOICES and value not in _CHOICES[key]:
        return _("expected one of ") + ", ".join(_CHOICES[key])
    if key == "proxy_password_place" and value not in PASSWORD_PLACES:
        return _("expected keyring, file or nothing")
    if isinstance(value, int) and key in _RANGES:
        low, high = _RANGES[key]
        return "" if low <= value <= high else _("expected {low} to {high}").format(low=low, high=high)
    if isinstance(value, str):
        if len(value) > _MAX_TEXT or "\0" in value:
            return _("text too long or with a NUL")
        if key in ("models_folder", "ca_file") and value and not Path(value).is_absolute():
            return _("expected an absolute path")
        if key == "proxy" and not is_proxy(value):
            return _("expected system, none, or http://host:port")
        if key == "hub_endpoint" and value and not is_endpoint(value):
            return _("expected an address that begins with https://")
        if key == "hub_hosts" and not all(map(is_host, value.split())):
            return _("expected names of hosts, such as files.example.org")
    return ""


def check(settings: Settings) -> None:
    """Raise KnownError `setting.invalid`, which names the key, if a value is invalid."""
    for key in _NAMES:
        if reason := reason_against(key, getattr(settings, key)):
            raise KnownError("setting.invalid", key=key, reason=reason)


def policy_of(paths: Paths) -> Policy:
    """Return the organisation's rules that apply: the rules of the whole PC, which only administrators can write, or
    else the rules in this home.
    """
    policy = registry_policy()
    return policy or load_policy(paths.policy_files, of_administrators=(paths.policy_files[0],))


class SettingsFile:
    """The settings and their file. Belongs to the service thread. Loading never fails.

    The organisation's `policy` overrides the file, but the file keeps the person's own choice. `is_kept_offline` means
    that the system refuses every connection of this process, whatever is chosen now.
    """

    def __init__(self, path: Path, policy: Policy | None = None, *, is_kept_offline: bool = False) -> None:
        self._path = path
        self.policy = policy or Policy()
        self.is_kept_offline = is_kept_offline
        self._keep_old = self._is_once = self._has_plain_names = self._is_sealed_otherwise = False
        self._key, self._former = b"", tuple[bytes, ...]()
        self._seen = self._signature()
        self.problems: list[KnownError] = []
        self.listeners: list[Callable[[Settings], None]] = []
        """Functions that are called with the new settings after each real change."""
        self._own = self._load()
        self.current = self._ruled(self._own)

    def put(self, new: Settings, *, tells: bool = False) -> None:
        """Check and save the settings, and notify the listeners. Raises KnownError: `setting.invalid`,
        `setting.managed` if the organisation has set the value, `network.enforced`, or the error that prevented saving.

        Values that another instance saved meanwhile are kept, unless they are changed here. `tells` makes other
        instances read the file again even if no value has changed.
        """
        check(new)
        requested = {key: getattr(new, key) for key in _NAMES if getattr(new, key) != getattr(self.current, key)}
        for key, value in requested.items():
            self._refuse(key, value)
        self.refresh()
        new = changed(self._own, **requested)
        if new == self._own:
            if tells and self._seen is not None:
                with contextlib.suppress(KnownError, OSError):
                    os.utime(self._path)
                self._seen = self._signature()
            return
        self._save(new)

    def change(self, **values: Any) -> Settings:
        """Change some values with `put` and return the new settings. Raises the errors of `put`."""
        for key in values:
            if key not in _NAMES:
                raise KnownError("setting.invalid", key=key, reason=_("unknown"))
        if self._is_once and "offline" in values:
            self._is_once = False
            self._take(self._own)
        self.put(changed(self.current, **values), tells=values.get("offline") is True)
        return self.current

    @property
    def is_once(self) -> bool:
        return self._is_once and not self.current.offline

    def allow_once(self) -> None:
        """Allow the network until this process ends or a person switches to offline. Nothing is saved.

        Raises KnownError `setting.managed` if the organisation has set the value, and `network.enforced`.
        """
        self._refuse("offline", False)
        if self.current.offline:
            self._is_once = True
            self._take(self._own)

    def refresh(self) -> None:
        """Load what another instance or an editor has saved since, and notify the listeners. Cheap when nothing has
        changed.

        A missing or unreadable file changes nothing and stays where it is, since somebody may be writing it at this
        moment. An invalid value changes nothing either.
        """
        seen = self._signature()
        if seen in (self._seen, None):
            return
        self._seen = seen
        try:
            shape = self._opened(object_in(read_file(self._path)))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError):
            self._keep_old = True
            return
        good, extra, wrong = _sorted(shape)
        self._keep_old = bool(wrong) or _format_of(shape) > FORMAT
        loaded = Settings(**{key: getattr(self._own, key) for key in wrong}, **good, extra=extra)
        was_once = self._is_once
        if loaded.offline:  # somebody chose it explicitly
            self._is_once = False
        if loaded != self._own or was_once != self._is_once:
            self._take(loaded)

    def use_key(self, key: bytes, *former: bytes) -> None:
        """Encrypt names of folders and hosts with this key of 32 bytes from now on, and decrypt encrypted names. b""
        means no encryption.

        `former` are keys with which the names may still be encrypted. The file is rewritten if its names are plain or
        encrypted with a former key, and older dated copies of the file are deleted, since they contain the names too.
        Raises KnownError if the file cannot be saved.
        """
        if key == self._key and not former:
            return
        self._key, self._former, self._seen = key, former, None
        if key or former:
            self.refresh()
        if self._has_plain_names or self._is_sealed_otherwise or not key:
            self._save(self._own)
            patterns = (f"{self._path.stem}.*-*{self._path.suffix}", f".{self._path.name}.*.new") if key else ()
            for copy in (path for pattern in patterns for path in self._path.parent.glob(pattern)):
                copy.unlink(missing_ok=True)

    def _opened(self, shape: dict[str, Any]) -> dict[str, Any]:
        """Return the content of the file. Names that are encrypted with the current or a former key are decrypted."""
        self._has_plain_names = bool(NAMES_OF_PEOPLE & shape.keys())
        self._is_sealed_otherwise = False
        if not self._key and not self._former:
            return shape
        for key in filter(None, (self._key, *self._former)):
            with contextlib.suppress(SealBroken):
                content = names_unsealed(shape, key, _PURPOSE)
                self._is_sealed_otherwise = SEALED in shape and key != self._key
                return content
        self._note(SEALED, _("sealed with another key"))  # the encrypted names stay, and saving makes a copy
        return shape

    def _refuse(self, key: str, value: object) -> None:
        self.policy.refuse(key, value)
        if key == "offline" and not value and self.is_kept_offline:
            raise KnownError("network.enforced")

    def _save(self, new: Settings) -> None:
        if self._keep_old or (self._key and SEALED in new.extra):  # the old content may still be needed
            self._copy_old()
        shape = _shape_of(new)
        if self._key:
            new = changed(new, extra={key: value for key, value in new.extra.items() if key != SEALED})
            shape = names_sealed(shape, NAMES_OF_PEOPLE, self._key, _PURPOSE)
        write_atomically(self._path, json_bytes(shape))
        self._has_plain_names = not self._key
        self._seen = self._signature()
        self._take(new)

    def _take(self, new: Settings) -> None:
        self._own = new
        before, self.current = self.current, self._ruled(new)
        if self.current == before:
            return
        for listener in tuple(self.listeners):
            listener(self.current)

    def _ruled(self, own: Settings) -> Settings:
        """Return the settings in force: the person's own, as far as the organisation and this run allow them."""
        values: dict[str, Any] = {}
        if self._is_once:
            values["offline"] = False
        values |= self.policy.forced
        for key, allowed in self.policy.choices.items():
            if getattr(own, key) not in allowed:
                values[key] = allowed[0]
        if self.is_kept_offline:
            values["offline"] = True
        values["lock_minutes"] = self.policy.limited_minutes(own.lock_minutes)
        return changed(own, **values)

    def _signature(self) -> tuple[int, int, int] | None:
        """Return a value that differs after every save, as each save creates a new file. None if there is no file."""
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_ino, about.st_mtime_ns, about.st_size

    def _load(self) -> Settings:
        try:
            untrusted = read_file(self._path)
        except FileNotFoundError:
            return Settings()
        except OSError as err:
            self._note(self._path.name, err.strerror or _("cannot be read"))
            self._keep_old = True
            return Settings()
        try:
            shape = self._opened(object_in(untrusted))
        except (ValueError, RecursionError):
            self._note(self._path.name, self._set_aside())
            return Settings()
        if (number := _format_of(shape)) > FORMAT:
            self.problems.append(KnownError("setting.newer", path=str(self._path), version=number))
            self._keep_old = True
        good, extra, wrong = _sorted(shape)
        for key, reason in wrong.items():
            self._note(key, reason)
            self._keep_old = True
        return Settings(**good, extra=extra)

    def _copy_old(self) -> None:
        self._keep_old = False
        with contextlib.suppress(OSError):
            kept = dated_name(self._path, "old")
            try:
                shutil.copy2(self._path, kept)
            except OSError:  # a folder, a FIFO or a forbidden file is only renamed
                kept.unlink(missing_ok=True)
                self._path.replace(kept)

    def _note(self, key: str, reason: str) -> None:
        self.problems.append(KnownError("setting.invalid", key=key, reason=reason))

    def _set_aside(self) -> str:
        """Rename the unreadable file. Returns the message about it."""
        try:
            aside = dated_name(self._path, "broken")
            self._path.replace(aside)
        except (OSError, KnownError):
            self._keep_old = True
            return "damaged"
        return _("damaged, kept as {name}").format(name=aside.name)


def peek(path: Path) -> Settings:
    """Return a settings file's values, or the defaults if it cannot be read. Changes and reports nothing."""
    try:
        good, extra, _wrong = _sorted(object_in(read_file(path)))
    except (OSError, ValueError, RecursionError):
        return Settings()
    return Settings(**good, extra=extra)


def _sorted(shape: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Json], dict[str, str]]:
    """Split the content of the file into valid values, keys of a newer version, and problems with the other values."""
    good: dict[str, Any] = {}
    extra: dict[str, Json] = {}
    wrong: dict[str, str] = {}
    for key, value in shape.items():
        if key == "format" or key in GONE:
            continue
        if key not in _NAMES:
            extra[key] = value
        elif reason := reason_against(key, value):
            wrong[key] = reason
        else:
            good[key] = value
    return good, extra, wrong


def _format_of(shape: Mapping[str, Any]) -> int:
    number = shape.get("format")
    return number if type(number) is int else FORMAT


def _shape_of(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON, without the proxy's password, which online/proxy_password.py keeps elsewhere."""
    shape = {**settings.extra, "format": FORMAT, **{key: getattr(settings, key) for key in _NAMES}}
    shape["proxy"] = without_password(settings.proxy)[0]
    return shape
