"""Presets of chats: named sets of instructions, sampling options, reasoning mode, model (optional) and examples.

A chat copies the values of its preset, so later changes to the preset do not affect the chat. The shipped presets are
in presets.toml and cannot be changed. A person's own presets are in the store. Service thread.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.record import Record, changed
from slmdesk.base.records import PresetRecord
from slmdesk.base.runtime.service import Runtime, Service
from slmdesk.base.texts import _, chosen_catalogue
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label, json_bytes, object_in, read_file
from slmdesk.chat.settings import EVERY
from slmdesk.chat.types import (
    ChatOptions,
    PresetsChanged,
    check_options,
    options_from,
)

FORM = "slmdesk_preset"
"""Key that marks an exported preset file. Its value is the version of the file format."""
VERSION = 1
MOST_NAME, MOST_SYSTEM = 80, 20_000


def _inside(title: str) -> str:
    """Return a title as it stands within a sentence. In other languages than English a capital may be a noun's."""
    words = re.sub(r"\s*\(.*\)", "", title)
    return words.lower() if chosen_catalogue() is None else words


WORDS: Mapping[str, str] = {
    "system": _("instructions"),
    **{setting.name: _inside(setting.title) for setting in EVERY if setting.of_preset},
    "examples": _("examples"),
}
OF_PRESET = tuple(WORDS)
SHARED = tuple(name for name in WORDS if name != "model")
"""What is in a preset's file for other people."""
"""Options that a preset sets. All other options of a chat stay unchanged."""


class Preset(Record):
    """A preset. An option at its default leaves the value of the model or of the program."""

    id: str
    name: str
    options: ChatOptions
    words: str = ""
    is_shipped: bool = False


class PresetService(Service):
    def __init__(self, runtime: Runtime, forget: Callable[[str], None]) -> None:
        """Create the service. `forget` is called with the id of a preset that has changed or is gone."""
        super().__init__(runtime)
        self._forget = forget

    def list(self) -> Sequence[Preset]:
        """Return the person's own presets in their order, then the shipped ones."""
        return (*map(preset_of, self._store.presets.all()), *shipped())

    def get(self, wanted: str) -> Preset:
        """Return a preset by id or by name, ignoring case. Raises KnownError `preset.unknown`."""
        return named_in(self.list(), wanted, "preset.unknown")

    def of(self, id: str) -> Preset | None:
        """Return a preset by id; None for "" or a deleted one."""
        return next((preset for preset in self.list() if preset.id == id), None) if id else None

    def name_of(self, id: str) -> str:
        preset = self.of(id)
        return preset.name if preset else ""

    def add(self, name: str, options: ChatOptions) -> Preset:
        """Save the options of a chat as a preset. Raises KnownError `request.invalid`, store.*."""
        made = preset_of(self._store.presets.add(checked(name, MOST_NAME, options.system), _value(options)))
        self._publish(PresetsChanged())
        return made

    def change(self, id: str, name: str, options: ChatOptions) -> Preset:
        """Change an own preset. Raises KnownError `preset.unknown` (also for a shipped one), `request.invalid`."""
        old = self._store.presets.get(id)
        new = self._store.presets.change(id, checked(name, MOST_NAME, options.system), _value(options))
        if new.value != old.value:
            self._forget(id)
        self._publish(PresetsChanged())
        return preset_of(new)

    def duplicate(self, id: str) -> Preset:
        """Copy any preset to an own preset. Raises KnownError `preset.unknown`, store.*."""
        old = self.get(id)
        return self.add(f"{old.name} (copy)", old.options)

    def delete(self, id: str) -> PresetRecord:
        """Delete an own preset and return it for `put_back`. Raises KnownError `preset.unknown`, store.*."""
        gone = self._store.presets.delete(id)
        self._forget(id)
        if self._settings.current.default_preset == id:
            self._settings.change(default_preset="")
        self._publish(PresetsChanged())
        return gone

    def put_back(self, record: PresetRecord) -> None:
        """Undo `delete`.  Raises KnownError store.*."""
        self._store.presets.put_back(record)
        self._publish(PresetsChanged())

    def move(self, id: str, by: int) -> None:
        """Move an own preset up (`by` -1) or down (1) in the list. Raises KnownError `preset.unknown`, store.*."""
        ids = [preset.id for preset in self._store.presets.all()]
        at = ids.index(self._store.presets.get(id).id)
        ids.insert(min(max(at + by, 0), len(ids) - 1), ids.pop(at))
        self._store.presets.order(ids)
        self._publish(PresetsChanged())

    def export_file(self, id: str, path: Path) -> None:
        """Write a preset to a file for other people. Its model is left out.

        Raises KnownError `preset.unknown`, and `file.…` and `disk.…` like other exports.
        """
        preset = self.get(id)
        value = {key: option for key, option in _value(preset.options).items() if key in SHARED}
        write_out(path, json_bytes({FORM: VERSION, "name": preset.name, **value}))

    def import_file(self, path: Path) -> Preset:
        """Add the preset in a file. Raises KnownError `preset.invalid` with the reason, `file.unreadable`, store.*."""
        name, options = preset_in(path)
        return self.add(name, options)

    def for_new_chats(self) -> ChatOptions:
        return with_preset(ChatOptions(), self.of(self._settings.current.default_preset))


class Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def named_in(known: Sequence[N], wanted: str, code: str) -> N:
    """Return what has this id, or this name, ignoring case. Raises KnownError `code`."""
    folded = wanted.strip().casefold()
    by_id = {each.id: each for each in known}
    by_name = {each.name.casefold(): each for each in reversed(known)}
    found = by_id.get(wanted) or by_name.get(folded)
    if found is None:
        raise KnownError(code, id=wanted[:80])
    return found


def checked(name: str, most: int, system: str) -> str:
    """Check the name and the instructions of a preset or a space. Return the name. Raises KnownError
    `request.invalid`.
    """
    clean = clean_label(name, most).strip()
    if not clean:
        raise KnownError("request.invalid", what=_("no name"))
    if len(system) > MOST_SYSTEM:
        what = _("instructions of more than {most_system:,} characters").format(most_system=MOST_SYSTEM)
        raise KnownError("request.invalid", what=what)
    return clean


@cache
def shipped() -> tuple[Preset, ...]:
    text = files("slmdesk.chat").joinpath("presets.toml").read_text("utf-8")
    return tuple(
        Preset(
            told["id"], _(told["name"]), _options_of(told | {"system": told["system"].strip()}), _(told["words"]), True
        )
        for told in tomllib.loads(text)["preset"]
    )


def with_preset(options: ChatOptions, preset: Preset | None) -> ChatOptions:
    """Return a chat's options with a preset's values. For None, the options that presets set get their defaults."""
    of = preset.options if preset else ChatOptions()
    return changed(options, preset=preset.id if preset else "", **{name: getattr(of, name) for name in OF_PRESET})


def differences(options: ChatOptions, preset: Preset) -> tuple[str, ...]:
    return tuple(WORDS[name] for name in OF_PRESET if getattr(options, name) != getattr(preset.options, name))


def bytes_in(path: Path) -> bytes:
    """Read a file of a person. Raises KnownError `file.unreadable`."""
    try:
        return read_file(path)
    except OSError as err:
        raise KnownError("file.unreadable", path=str(path), reason=err.strerror or str(err)) from err


def preset_in(path: Path) -> tuple[str, ChatOptions]:
    """Return the name and options of an exported preset.

    Raises KnownError `preset.invalid` with the reason, `file.unreadable`.
    """
    try:
        untrusted = object_in(bytes_in(path))
    except (ValueError, RecursionError):
        raise KnownError("preset.invalid", path=str(path), reason=_("it is no JSON object")) from None
    if untrusted.get(FORM) != VERSION:
        reason = (
            _("it is no preset of this program") if FORM not in untrusted else _("a newer version of slmdesk wrote it")
        )
        raise KnownError("preset.invalid", path=str(path), reason=reason)
    given = {key: untrusted[key] for key in SHARED if untrusted.get(key) is not None}
    options = _options_of(given)
    for key, value in given.items():
        read = getattr(options, key)
        if not (isinstance(value, list) and len(read) == len(value) if isinstance(read, tuple) else read == value):
            raise KnownError(
                "preset.invalid", path=str(path), reason=_("“{key}” has a value it cannot have").format(key=key)
            )
    name = untrusted.get("name")
    if not isinstance(name, str) or not clean_label(name, MOST_NAME).strip():
        raise KnownError("preset.invalid", path=str(path), reason=_("it has no name"))
    return name, options


def preset_of(record: PresetRecord) -> Preset:
    return Preset(record.id, record.name, _options_of(record.value))


def _options_of(untrusted: Mapping[str, Json]) -> ChatOptions:
    return options_from({key: value for key, value in untrusted.items() if key in OF_PRESET})


def _value(options: ChatOptions) -> dict[str, Json]:
    check_options(options)
    return {key: value for key, value in options.settings_of_new.items() if key in OF_PRESET}
