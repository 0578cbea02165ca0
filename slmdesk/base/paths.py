"""The program's folders. They are determined once at start and passed to all code that needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from slmdesk.base.files import private_files, private_folder

APP = "slmdesk"
HOME_VARIABLE = "SLMDESK_HOME"
PORTABLE, PORTABLE_HOME = "portable.txt", "home"
"""A file beside the frozen program that keeps everything in the folder beside it, as on a stick."""


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
        """The journal of a move of the models folder that an older version began."""
        return self.data / "models-move.json"

    @property
    def piped(self) -> Path:
        """The folder in which documents for standard output are written first."""
        return self.cache / "piped"

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.json"

    @property
    def window_file(self) -> Path:
        """The file in which the window saves its layout, as JSON. The command line never writes it."""
        return self.config / "window.json"

    @property
    def token_file(self) -> Path:
        """The Hub's access token, if the person chose a file instead of the system's keyring."""
        return self.config / "access-token.json"

    @property
    def proxy_password_file(self) -> Path:
        """The proxy's password, if the system has no keyring."""
        return self.config / "proxy-password.json"

    @property
    def dialogs_file(self) -> Path:
        """The file in which Qt saves the folders of the window's file dialogs. Qt chose the name."""
        return self.config / "QtProject.conf"

    @property
    def policy_file(self) -> Path:
        """The organisation's rules for one person or USB stick (TOML). slmdesk only reads it."""
        return self.config / "policy.toml"

    @property
    def policy_files(self) -> tuple[Path, ...]:
        """Policy files in order of precedence. The whole PC's file, which a normal user cannot change, comes first."""
        return (system_policy_file(), self.policy_file)

    @property
    def own_words(self) -> Path:
        """The words that the person added to the dictionaries, one per line."""
        return self.data / "my-words.txt"

    @property
    def backups(self) -> Path:
        """The folder of verified database copies, which are made before a migration and kept for 30 days."""
        return self.data / "backups"

    @property
    def states(self) -> Path:
        """The folder of saved model states. A state saves what a model has read, to avoid reading it again."""
        return self.data / "states"

    @property
    def keys_file(self) -> Path:
        """The wrapped keys of an encrypted history. Without this file or its copy the history cannot be opened."""
        return self.data / "keys.json"

    @property
    def keys_copy(self) -> Path:
        return self.data / "keys.json.1"

    @property
    def next_keys_file(self) -> Path:
        """The new keys of a history, while its keys are being changed."""
        return self.data / "keys.json.next"

    @property
    def instance_locks(self) -> Path:
        """The folder with one file per running instance. The file is locked while the instance runs."""
        return self.data / "desks"

    @property
    def schema_lock(self) -> Path:
        """A lock file that all instances share, and that a migration or a backup locks exclusively."""
        return self.data / "schema.lock"


def find_paths(home: Path | None = None) -> Paths:
    """Return the folders under `home`, else under SLMDESK_HOME, else those of a portable copy, else at this system's
    usual places. Creates nothing.
    """
    if home is None:
        home = Path(given) if (given := os.environ.get(HOME_VARIABLE)) else _portable_home()
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


def _portable_home() -> Path | None:
    folder = Path(sys.executable).parent
    return folder / PORTABLE_HOME if getattr(sys, "frozen", False) and (folder / PORTABLE).is_file() else None


def system_policy_file() -> Path:
    if sys.platform == "win32":
        from slmdesk.base.disks import program_data

        return (program_data() or Path(r"C:\ProgramData")) / APP / "policy.toml"
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / APP / "policy.toml"
    return Path("/etc") / APP / "policy.toml"


def make_folders(paths: Paths) -> None:
    """Create the folders, readable by their owner only. All files in the folders for data and settings become private
    too, whoever put them there. Raises KnownError `file.unwritable` or `disk.full`.
    """
    for folder in (paths.data, paths.models, paths.cache, paths.logs, paths.config):
        private_folder(folder)
    for folder in (paths.data, paths.config):
        private_files(folder, but=paths.policy_file)
