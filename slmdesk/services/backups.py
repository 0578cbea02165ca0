"""A copy of everything but the models, checked before it is called one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from slmdesk.core.errors import KnownError, SlmdeskError
from slmdesk.paths import Paths
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Problem
from slmdesk.services.sentences import problem_for
from slmdesk.store import BackupResult, Store, backup


class BackupService:
    """Makes backups.  On the desk thread; the copying has a file thread of its own."""

    def __init__(self, desk: Desk, store: Store, paths: Paths) -> None:
        self._desk, self._store, self._paths = desk, store, paths

    def make(
        self,
        target: Path,
        ended: Callable[[BackupResult | Problem], None],
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Copy the history to `target`; `ended` is called once, on the desk thread.

        `on_progress(done, total)` in pages, on the file thread.  Raises KnownError `store.in_use` while another desk
        runs, `file.exists`.
        """
        if target.exists():
            raise KnownError("file.exists", path=str(target))
        held = ExitStack()
        held.enter_context(self._store.alone())

        def finish(result: BackupResult | Problem) -> None:
            held.close()
            ended(result)

        def work() -> None:
            result: BackupResult | Problem
            try:
                result = backup(self._paths, target, on_progress)
            except SlmdeskError as err:
                result = problem_for(err)
            except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
                result = problem_for(err)
            self._desk.post(lambda: finish(result))

        threading.Thread(target=work, name="backup", daemon=True).start()
