"""What a restored backup brings that would act on this PC: models, presets, watched folders, unfinished jobs.

A backup may be of somebody else's making. So what this PC's own history does not have in the same words is marked, and
is not used until a person was asked; jobs are paused.
"""

from __future__ import annotations

import json

from slmdesk.base.records import BROUGHT, Brought, CollectionRecord, JobRecord, ModelRecord
from slmdesk.history.store.database import Connection, StorePart, mapping_from
from slmdesk.history.store.jobs import Jobs
from slmdesk.history.store.presets import preset_from
from slmdesk.history.store.store import Models

_MARK = f'"{BROUGHT}":true'
"""How the mark stands in stored JSON, which `_marked_in` writes without spaces."""
_IS_OWN_MODEL = f"instr(facts, '{_MARK}') = 0"
BY_BACKUP = "backup"
"""Value of `source` in the record of a model that a backup brought and a person took."""
_MODEL_COLUMNS = "id, name, path, linked, bytes, sha256, mtime_ns, inode, header, source, added, last_used, facts"
_IS_NEW_PRESET = "(id, name, value) not in (select id, name, value from old.presets)"
_IS_NEW_FOLDER = "(id, path) not in (select id, path from old.collections where watched)"
_ALL = "1"
"""Condition that every row meets."""
_UNFINISHED = "status in ('open', 'running')"
_OF_OTHERS = ("former-keys", "former-rules")
"""Keys of `meta` that speak of the files beside the backup's history, and of rules that would delete."""


def mark(conn: Connection, *, knows: bool) -> None:
    """Mark in the restored history what is new to this PC. `knows`: the history of this PC is attached as `old`. Its
    models take the place of the same ones of the backup, since the files did not change. Call in a transaction.
    """
    is_new_preset = _ALL
    is_new_folder = _ALL
    if knows:
        is_new_preset = _IS_NEW_PRESET
        is_new_folder = _IS_NEW_FOLDER
    _mark(conn, "models", "facts", _ALL)
    _mark(conn, "presets", "value", is_new_preset)
    _mark(conn, "collections", "settings", f"watched and {is_new_folder}")
    _mark(conn, "jobs", "settings", _UNFINISHED)
    # slmdesk deletes the file of a model that it removes, unless it is linked: a backup's path may name any file here
    conn.execute("update main.models set linked = 1")
    conn.execute(f"update main.collections set watched = 0 where {_marked('settings')}")
    conn.execute(f"update main.jobs set status = 'paused', owner = null where {_UNFINISHED}")
    conn.executemany("delete from main.meta where key = ?", [(key,) for key in _OF_OTHERS])
    if knows:
        conn.execute(
            "delete from main.models where exists"
            f" (select 1 from old.models as mine where {_IS_OWN_MODEL} and {_is_same('mine', 'models')})"
        )
        conn.execute(
            f"insert into main.models ({_MODEL_COLUMNS}) select {_MODEL_COLUMNS} from old.models where {_IS_OWN_MODEL}"
        )


def add_models(conn: Connection) -> None:
    """Add the models of the history attached as `old` that a history of this PC lacks, but those that the restored
    backup brought. Call in a transaction.
    """
    conn.execute(
        f"insert into main.models ({_MODEL_COLUMNS}) select {_MODEL_COLUMNS} from old.models as theirs"
        f" where {_IS_OWN_MODEL} and source <> '{BY_BACKUP}' and not exists"
        f" (select 1 from main.models as mine where {_is_same('mine', 'theirs')})"
    )


def _is_same(mine: str, theirs: str) -> str:
    """Return the condition that two tables have the same model: by its id, or by its path and what is there."""
    by_file = f"({mine}.sha256 = {theirs}.sha256 and {mine}.path = {theirs}.path)"
    return f"({mine}.id = {theirs}.id or {by_file})"


def mark_rescued(table: str, values: dict[str, str | bytes | int | float | None]) -> None:
    """Mark a row that is rescued from a file of elsewhere, in the same way."""
    if table == "models":
        values |= {"facts": _marked_in(values["facts"]), "linked": 1}
    elif table == "presets":
        values["value"] = _marked_in(values["value"])


def _mark(conn: Connection, table: str, column: str, which: str) -> None:
    for n, held in conn.execute(f"select n, {column} from main.{table} where {which}").fetchall():
        conn.execute(f"update main.{table} set {column} = ? where n = ?", (_marked_in(held), n))


def _marked_in(held: object) -> str:
    return json.dumps({**mapping_from(held), BROUGHT: True}, ensure_ascii=False, separators=(",", ":"))


class BroughtParts(StorePart):
    """What a restored backup brought and nobody has decided on yet."""

    def all(self) -> Brought:
        return Brought(
            models=tuple(Models(self._shared).brought()),
            folders=tuple(self._all(CollectionRecord, f"select * from collections where {_marked('settings')}")),
            presets=tuple(self._all(preset_from, f"select * from presets where {_marked('value')} order by place, n")),
            jobs=tuple(job for job in Jobs(self._shared).unfinished() if job.settings.get(BROUGHT)),
        )

    def take_folders_and_presets(self) -> list[str]:
        """Watch the folders and use the presets. Returns the ids of the folders."""
        with self._db.writing():
            found = self.all()
            for folder in found.folders:
                self._update(
                    "collections", {"watched": True, "settings": _without(folder.settings)}, "id = ?", folder.id
                )
            for preset in found.presets:
                self._update("presets", {"value": _without(preset.value)}, "id = ?", preset.id)
            self._forget_jobs(found.jobs)
        return [folder.id for folder in found.folders]

    def take_model(self, brought: ModelRecord, id: str, name: str) -> None:
        """Give the model `id`, which was just added for the one that was brought, its id and last use, and a name."""
        with self._db.writing():
            self.forget_model(brought.id)
            values = {"id": brought.id, "name": name, "last_used": brought.last_used, "source": BY_BACKUP}
            self._update("models", values, "id = ?", id)

    def forget_model(self, id: str) -> None:
        """Forget a model that was brought, if nobody has taken it."""
        with self._db.writing():
            self._db.run(f"delete from models where id = ? and {_marked('facts')}", (id,))

    def leave_out(self) -> None:
        """Forget the models and presets. Folders stay, looked at when a person asks for it, and jobs stay paused."""
        with self._db.writing():
            found = self.all()
            for model in found.models:
                self.forget_model(model.id)
            for preset in found.presets:
                self._db.run("delete from presets where id = ?", (preset.id,))
            for folder in found.folders:
                self._update("collections", {"settings": _without(folder.settings)}, "id = ?", folder.id)
            self._forget_jobs(found.jobs)
            if found.presets:
                self._shared.request_purge()

    def _forget_jobs(self, jobs: tuple[JobRecord, ...]) -> None:
        for job in jobs:
            self._update("jobs", {"settings": _without(job.settings)}, "id = ?", job.id)


def _marked(column: str) -> str:
    return f"instr({column}, '{_MARK}')"


def _without(held: object) -> dict[str, object]:
    assert isinstance(held, dict)
    return {key: value for key, value in held.items() if key != BROUGHT}
