"""The folders of the program: found once, handed down, never asked for from afar."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from slmdesk.core.files import private_folder

APP = "slmdesk"
HOME_VARIABLE = "SLMDESK_HOME"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things are.  All of it is private to the owner (folders 0700, files 0600)."""

    data: Path
    models: Path
    cache: Path
    logs: Path
    config: Path

    @property
    def database(self) -> Path:
        """Chats, messages, the model library and the network ledger."""
        return self.data / "slmdesk.sqlite3"

    @property
    def settings_file(self) -> Path:
        """The settings, JSON."""
        return self.config / "settings.json"

    @property
    def token_file(self) -> Path:
        """The access token of the Hub, where a person chose a file for it instead of the system's keyring."""
        return self.config / "access-token.json"

    @property
    def proxy_password_file(self) -> Path:
        """The password of the proxy, where the system has no keyring."""
        return self.config / "proxy-password.json"

    @property
    def dialogs_file(self) -> Path:
        """What Qt keeps of the window's file dialogs, under the name it gives it."""
        return self.config / "QtProject.conf"

    @property
    def policy_file(self) -> Path:
        """The organisation's rules for one person or USB stick, TOML, read only."""
        return self.config / "policy.toml"

    @property
    def policy_files(self) -> tuple[Path, ...]:
        """Where rules are looked for: that of the whole PC, which a person cannot change, comes first."""
        return (system_policy_file(), self.policy_file)

    @property
    def backups(self) -> Path:
        """Verified copies of the database, made before a migration and kept 30 days."""
        return self.data / "backups"

    @property
    def states(self) -> Path:
        """What models have read of documents, kept so that it need not be read again."""
        return self.data / "states"

    @property
    def instance_locks(self) -> Path:
        """A file per running desk, locked while it lives."""
        return self.data / "desks"

    @property
    def schema_lock(self) -> Path:
        """Held shared by every instance, alone by a migration or a backup."""
        return self.data / "schema.lock"


def find_paths(home: Path | None = None) -> Paths:
    """The folders under `home`, else under SLMDESK_HOME, else where this system keeps such things.  Makes nothing."""
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
    """The organisation's rules for everybody on this PC; written by an administrator."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / APP / "policy.toml"
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / APP / "policy.toml"
    return Path("/etc") / APP / "policy.toml"


def make_folders(paths: Paths) -> None:
    """Make the folders, readable by their owner alone.  Raises KnownError `file.unwritable` or `disk.full`."""
    for folder in (paths.data, paths.models, paths.cache, paths.logs, paths.config):
        private_folder(folder)
