"""The program's folders: determined once at start and passed to whatever needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from slmdesk.base.files import private_files, private_folder

APP = "slmdesk"
HOME_VARIABLE = "SLMDESK_HOME"


class Paths(NamedTuple):
    """The folders and files of the program, all private to the owner (folders 0700, files 0600)."""

    data: Path
    models: Path
    cache: Path
    logs: Path
    config: Path

    @property
    def database(self) -> Path:
        return self.data / "slmdesk.sqlite3"

    @property
    def models_move_file(self) -> Path:
        """The journal of a move of the models folder; there is none between moves."""
        return self.data / "models-move.json"

    @property
    def piped(self) -> Path:
        """Where documents that go to standard output are made."""
        return self.cache / "piped"

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.json"

    @property
    def window_file(self) -> Path:
        """What the window remembers of its layout, as JSON; the command line never writes it."""
        return self.config / "window.json"

    @property
    def token_file(self) -> Path:
        """The Hub's access token, where a person chose a file for it instead of the system's keyring."""
        return self.config / "access-token.json"

    @property
    def proxy_password_file(self) -> Path:
        """The proxy's password, where the system has no keyring."""
        return self.config / "proxy-password.json"

    @property
    def statement_key_file(self) -> Path:
        """The key that signs statements for auditors, where the system has no keyring."""
        return self.config / "statement-key.json"

    @property
    def dialogs_file(self) -> Path:
        """Where Qt keeps the folders of the window's file dialogs; Qt chose the name."""
        return self.config / "QtProject.conf"

    @property
    def policy_file(self) -> Path:
        """The organisation's rules for one person or USB stick, TOML, read-only."""
        return self.config / "policy.toml"

    @property
    def policy_files(self) -> tuple[Path, ...]:
        """Policy files in order of precedence: that of the whole PC, which a person cannot change, comes first."""
        return (system_policy_file(), self.policy_file)

    @property
    def own_words(self) -> Path:
        """The words the person added to the dictionaries, one a line."""
        return self.data / "my-words.txt"

    @property
    def backups(self) -> Path:
        """The folder of verified database copies, made before a migration and kept 30 days."""
        return self.data / "backups"

    @property
    def states(self) -> Path:
        """The folder of model states after reading documents, kept so that they need not be read again."""
        return self.data / "states"

    @property
    def keys_file(self) -> Path:
        """The keys of an encrypted history, wrapped: nothing can be opened without this file or its copy."""
        return self.data / "keys.json"

    @property
    def keys_copy(self) -> Path:
        return self.data / "keys.json.1"

    @property
    def next_keys_file(self) -> Path:
        """While a history gets new keys: those it will have."""
        return self.data / "keys.json.next"

    @property
    def instance_locks(self) -> Path:
        """The folder with one file per running instance, locked while it runs."""
        return self.data / "desks"

    @property
    def schema_lock(self) -> Path:
        """A lock that every instance shares, and that a migration or a backup holds exclusively."""
        return self.data / "schema.lock"


def find_paths(home: Path | None = None) -> Paths:
    """The folders under `home`, else under SLMDESK_HOME, else where this system keeps them.  Creates nothing."""
    if home is None and (given := os.environ.get(HOME_VARIABLE)):
        home = Path(given)
    if home is not None:
        home = home.expanduser().absolute()
        return Paths(
            data=home / "data",
            models=home / "models",
            cache=home / "cache",
            logs=home / "logs",
            config=home / "config",
        )
    import platformdirs  # 20 ms, not needed with a home of its own

    data = platformdirs.user_data_path(APP, appauthor=False)
    config = platformdirs.user_config_path(APP, appauthor=False)
    return Paths(
        data=data / "data" if data == config else data,
        models=data / "models",
        cache=platformdirs.user_cache_path(APP, appauthor=False),
        logs=platformdirs.user_log_path(APP, appauthor=False),
        config=config,
    )


def system_policy_file() -> Path:
    if sys.platform == "win32":
        from slmdesk.base.disks import program_data

        return (program_data() or Path(r"C:\ProgramData")) / APP / "policy.toml"
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / APP / "policy.toml"
    return Path("/etc") / APP / "policy.toml"


def make_folders(paths: Paths) -> None:
    """Create the folders, readable by their owner only, as are the files in those for data and settings from then on,
    however they came there.  Raises KnownError `file.unwritable` or `disk.full`.
    """
    for folder in (paths.data, paths.models, paths.cache, paths.logs, paths.config):
        private_folder(folder)
    for folder in (paths.data, paths.config):
        private_files(folder, but=paths.policy_file)
