"""The settings: a record saved in a JSON file.  Reading tolerates errors, writing is atomic.

A wrong value becomes the default and is reported in `problems`; an unknown key of a newer version is kept.  A file
that cannot be read is renamed with a date, so that nothing of the user's is ever overwritten.

Of an encrypted history the names of folders and hosts are sealed in it; see `SettingsFile.use_key`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import dated_name, write_atomically
from slmdesk.base.paths import Paths
from slmdesk.base.policy import (
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

NAMES_TOLD = ("automatic", "always", "never")
THEMES = ("system", "light", "dark")
TOKEN_PLACES = ("ask", "keyring", "file")
PASSWORD_PLACES = ("", "keyring", "file")


class Settings(Record):
    """What a person chose, or the defaults.  Not hashable; compared by value."""

    theme: str = "system"
    """system, light or dark."""
    context_tokens: int = 4096
    """The limit of a request, in tokens."""
    models_folder: str = ""
    """Empty: the folder of paths.models."""
    idle_unload_minutes: int = 15
    """0: a model stays loaded."""
    saved_states_mib: int = 2048
    """How much of the disk what was read of documents may take, so that it need not be read again; 0: nothing."""
    sequences: int = 0
    """Answers at once; 0: chosen from the measured cost."""
    use_graphics_card: bool = True
    font_scale: int = 100
    """Percent."""
    shortcuts: str = ""
    """The keys a person changed: a line for each, the shortcut's name and its keys, without keys where it has none."""
    offline: bool = True
    offline_enforced: bool = False
    """While offline, the system itself refuses every connection (Linux); from the next start on."""
    hub_endpoint: str = ""
    """https address of a mirror; empty: HF_ENDPOINT, else the Hub."""
    hub_hosts: str = ""
    """Further hosts files may come from, such as a mirror's storage; by spaces, ".example.org" for all below it."""
    proxy: str = "system"
    """system, none, or http://host:port, without a password."""
    proxy_password_place: str = ""  # where the password is kept, not the password
    """Where the password for that address is kept: keyring or file; empty: there is none."""
    ca_file: str = ""
    """Certificates to trust instead of the system's, PEM."""
    token_place: str = "ask"  # noqa: S105 (a place, no token)
    """Where the access token of the Hub is kept: keyring, file, or ask (in memory until slmdesk ends)."""
    token_host: str = ""
    """Whose it is; empty: none is kept."""
    speed_limit_kib: int = 0
    """Of all downloads together, KiB a second; 0: none."""
    downloads_at_once: int = 1
    notify: bool = True
    """Say through the system that a download or a job has ended, while the window is not in front."""
    notify_names: str = "automatic"
    """Whether that names chats, documents and models: always, never, or automatic: unless the history is encrypted or
    something is on hold.
    """
    model_for_chat: str = ""
    """Id of the model that is the default for this job; empty: the last used.  The next three likewise."""
    model_for_summaries: str = ""
    model_for_translation: str = ""
    model_for_embedding: str = ""
    default_preset: str = ""
    model_titles: bool = True
    """Titles of chats are written by the model, when it has nothing else to do."""
    exams_at_first_use: bool = True
    """A model's short exam is offered once it was chatted with."""
    translate_source: str = ""
    """Code of the language of typed text; empty: detected."""
    translate_target: str = ""
    """Code of the language last translated into; empty: none yet."""
    translate_favourites: str = ""
    """Codes of languages, by spaces; they stand on top where a language is chosen.  The next likewise."""
    translate_recent: str = ""
    translate_font_percent: int = 100
    """Of the letters of typed texts, beside `font_scale`."""
    translate_pairs: bool = False
    translate_doubts: bool = False
    global_key: bool = False
    """The desktop is asked for a key that works in every program and translates what is on the clipboard."""
    translate_history: bool = True
    writing_history: bool = True
    translate_sheet_names: bool = False
    """Of documents: the names of sheets are translated too.  The next likewise."""
    translate_properties: bool = False
    translate_beside: bool = False
    spelling: bool = True
    spelling_language: str = ""
    """Code of the dictionary for all text, such as en_GB; empty: by the language of the text."""
    spelling_place: str = ""
    """Folder or file of the dictionaries; empty: those of the system."""
    continue_typing: bool = True
    """The loaded model continues a text at the cursor, in grey, on the page Write."""
    private_copies: bool = True
    """What is copied is marked, so that the system keeps it in no history of its clipboard and in no cloud."""
    lock_minutes: int = 15
    """An encrypted history locks when nobody has worked here for so long; 0: never by itself."""
    lock_covers: bool = False
    """By itself it only covers the window, and jobs go on."""
    lock_with_screen: bool = True
    extra: Mapping[str, Json] = field(default_factory=dict)
    """Keys of a newer version, kept as they were."""


_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "context_tokens": (256, 1 << 20),
        "idle_unload_minutes": (0, 7 * 24 * 60),
        "sequences": (0, 64),
        "saved_states_mib": (0, MOST_SAVED_MIB),
        "font_scale": (50, 300),
        "speed_limit_kib": (0, 1 << 24),
        "downloads_at_once": (1, 4),
        "translate_font_percent": (50, 300),
        "lock_minutes": (0, MOST_LOCK_MINUTES),
    }
)
NAMES_OF_PEOPLE = frozenset(
    {"models_folder", "ca_file", "spelling_place", "hub_endpoint", "hub_hosts", "proxy", "token_host"}
)
"""Settings with names in them: of folders, of computers, of an account at a proxy."""
_PURPOSE = b"slmdesk settings"
_MAX_TEXT = 64_000
_NAMES = tuple(name for name in Settings.__struct_fields__ if name != "extra")
_DEFAULTS = Settings()
_KINDS = {bool: _("yes or no"), int: _("a whole number"), str: _("words")}


def reason_against(key: str, value: object) -> str:
    """Why `value` is not valid for the setting `key`, in short; empty when it is."""
    default = getattr(_DEFAULTS, key)
    if type(value) is not type(default):
        return _("expected {kind}").format(kind=_KINDS[type(default)])
    if key == "theme" and value not in THEMES:
        return _("expected one of ") + ", ".join(THEMES)
    if key == "token_place" and value not in TOKEN_PLACES:
        return _("expected one of ") + ", ".join(TOKEN_PLACES)
    if key == "notify_names" and value not in NAMES_TOLD:
        return _("expected one of ") + ", ".join(NAMES_TOLD)
    if key == "proxy_password_place" and value not in PASSWORD_PLACES:
        return _("expected keyring, file or nothing")
    if isinstance(value, int) and key in _RANGES:
        low, high = _RANGES[key]
        return "" if low <= value <= high else _("expected {low} to {high}").format(low=low, high=high)
    if isinstance(value, str):
        if len(value) > _MAX_TEXT or "\0" in value:
            return _("text too long or with a NUL")
        if key in ("models_folder", "ca_file", "spelling_place") and value and not Path(value).is_absolute():
            return _("expected an absolute path")
        if key == "proxy" and not is_proxy(value):
            return _("expected system, none, or http://host:port")
        if key == "hub_endpoint" and value and not is_endpoint(value):
            return _("expected an address that begins with https://")
        if key == "hub_hosts" and not all(map(is_host, value.split())):
            return _("expected names of hosts, such as files.example.org")
    return ""


def check(settings: Settings) -> None:
    """Raises KnownError `setting.invalid`, which names the key, for an invalid value."""
    for key in _NAMES:
        if reason := reason_against(key, getattr(settings, key)):
            raise KnownError("setting.invalid", key=key, reason=reason)


def policy_of(paths: Paths) -> Policy:
    """The organisation's rules that hold: those of the whole PC, which only administrators can have written, else those
    in this home.
    """
    found = registry_policy()
    return found or load_policy(paths.policy_files, of_administrators=(paths.policy_files[0],))


class SettingsFile:
    """The settings and their file.  Belongs to the service thread; loading never fails.

    The organisation's `policy` overrides the file; the file keeps the person's own choice.  `is_kept_offline`: the
    system refuses this process every connection, whatever is chosen now.
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
        """Called with the new settings after each real change."""
        self._own = self._load()
        self.current = self._ruled(self._own)

    def put(self, new: Settings, *, tells: bool = False) -> None:
        """Check, save, notify the listeners.  Raises KnownError: `setting.invalid`, `setting.managed` for what the
        organisation has set otherwise, `network.enforced`, or the error that prevented saving.

        What another instance saved meanwhile is kept, except for the values changed here.  `tells`: make other
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

    def drop_unknown(self, keys: Collection[str]) -> None:
        """Remove these from the keys that are kept although unknown.  Raises KnownError where this cannot be saved."""
        self.refresh()
        left = {key: value for key, value in self._own.extra.items() if key not in keys}
        if left != self._own.extra:
            self._save(changed(self._own, extra=left))

    def change(self, **values: Any) -> Settings:
        """Change some values and `put` them.  Returns the new settings.  Raises as `put` does."""
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
        """Allow the network until this process ends or someone switches to offline; nothing is saved.

        Raises KnownError `setting.managed` when the organisation has set it otherwise, and `network.enforced`.
        """
        self._refuse("offline", False)
        if self.current.offline:
            self._is_once = True
            self._take(self._own)

    def refresh(self) -> None:
        """Load what another instance, or an editor, has saved since, and notify the listeners; cheap when nothing
        changed.

        A missing or unreadable file changes nothing and is left where it is: someone may be writing it just
        now.  A wrong value changes nothing.
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
        self._keep_old = bool(wrong)
        loaded = Settings(**{key: getattr(self._own, key) for key in wrong}, **good, extra=extra)
        was_once, self._is_once = self._is_once, self._is_once and not loaded.offline  # someone has chosen explicitly
        if loaded != self._own or was_once != self._is_once:
            self._take(loaded)

    def use_key(self, key: bytes, *former: bytes) -> None:
        """Seal names of folders and hosts with this key of 32 bytes, and open those that are sealed; b"": neither.

        `former`: keys with which they may still be sealed; the file is then written anew, as one is that has other
        names in it, and the copies of it with a date are deleted, which have them too.
        Raises KnownError where it cannot be saved.
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
        """What the file holds, with the names if they are sealed with our key or a former one."""
        self._has_plain_names = bool(NAMES_OF_PEOPLE & shape.keys())
        self._is_sealed_otherwise = False
        if not self._key and not self._former:
            return shape
        for key in filter(None, (self._key, *self._former)):
            with contextlib.suppress(SealBroken):
                found = names_unsealed(shape, key, _PURPOSE)
                self._is_sealed_otherwise = SEALED in shape and key != self._key
                return found
        self._note(SEALED, _("sealed with another key"))  # it stays among the unknown keys, and in a copy once saved
        return shape

    def _refuse(self, key: str, value: object) -> None:
        self.policy.refuse(key, value)
        if key == "offline" and not value and self.is_kept_offline:
            raise KnownError("network.enforced")

    def _save(self, new: Settings) -> None:
        if self._keep_old or (self._key and SEALED in new.extra):  # it may still matter to whoever wrote it
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
        values: dict[str, Any] = {**({"offline": False} if self._is_once else {}), **self.policy.forced}
        for key, allowed in self.policy.choices.items():
            if getattr(own, key) not in allowed:
                values[key] = allowed[0]
        if self.is_kept_offline:
            values["offline"] = True
        values["lock_minutes"] = self.policy.limited_minutes(own.lock_minutes)
        return changed(own, **values)

    def _signature(self) -> tuple[int, int, int] | None:
        """Identifies the saved file: it differs after every save, since each creates a new file."""
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
            except OSError:  # a folder, a FIFO, a file we may not read: renamed out of the way, whole
                kept.unlink(missing_ok=True)
                self._path.replace(kept)

    def _note(self, key: str, reason: str) -> None:
        self.problems.append(KnownError("setting.invalid", key=key, reason=reason))

    def _set_aside(self) -> str:
        """Rename the file that cannot be read.  Returns the message about it."""
        try:
            aside = dated_name(self._path, "broken")
            self._path.replace(aside)
        except (OSError, KnownError):
            self._keep_old = True
            return "damaged"
        return _("damaged, kept as {name}").format(name=aside.name)


def peek(path: Path) -> Settings:
    """What stands in a settings file, changing and reporting nothing; the defaults where it cannot be read."""
    try:
        good, extra, _wrong = _sorted(object_in(read_file(path)))
    except (OSError, ValueError, RecursionError):
        return Settings()
    return Settings(**good, extra=extra)


def _sorted(shape: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Json], dict[str, str]]:
    """Split into valid values, keys of a newer version, and problems with the rest."""
    good: dict[str, Any] = {}
    extra: dict[str, Json] = {}
    wrong: dict[str, str] = {}
    for key, value in shape.items():
        if key not in _NAMES:
            extra[key] = value
        elif reason := reason_against(key, value):
            wrong[key] = reason
        else:
            good[key] = value
    return good, extra, wrong


def _shape_of(settings: Settings) -> dict[str, Any]:
    """The settings as JSON, without the proxy's password, which online/proxy_password.py keeps elsewhere."""
    shape = {**settings.extra, **{key: getattr(settings, key) for key in _NAMES}}
    shape["proxy"] = without_password(settings.proxy)[0]
    return shape
