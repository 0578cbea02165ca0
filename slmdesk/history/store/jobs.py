"""Store jobs and their steps. A job is owned by a running instance. Each result is saved as soon as it is there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobRecord, JobStatus, JobStep, StepStatus
from slmdesk.base.types import Json
from slmdesk.history.store.database import RowLike, StorePart, is_instance_alive, mapping_from, merged, new_id, row_to

ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)
ALONE_AFTER = 2
"""Number of crashes of the child process during a step after which the step is run alone."""


class Jobs(StorePart):
    def add(
        self,
        kind: str,
        title: str,
        *,
        model_sha256: str,
        steps: Sequence[tuple[str, Mapping[str, Json]]],
        item: str | None = None,
        settings: Mapping[str, Json] | None = None,
    ) -> JobRecord:
        """Add an open job with steps of (key, input). A step whose key is done in any job takes that result at once."""
        ident, now = new_id(), self._clock()
        with self._db.writing():
            self._insert("jobs", {
                "id": ident, "kind": kind, "title": title, "status": JobStatus.OPEN, "item": item,
                "model_sha256": model_sha256, "settings": settings or {}, "error_args": {}, "created": now,
                "updated": now,
            })  # fmt: skip
            self._insert_steps(ident, steps)
            return self.get(ident)

    def add_steps(self, job: str, steps: Sequence[tuple[str, Mapping[str, Json]]]) -> bool:
        """Add the new ones of these steps to a job of this instance. Returns False if another instance owns the job."""
        with self._db.writing():
            if not self.is_mine(self.get(job)):
                return False
            here = {row["key"] for row in self._db.rows("select key from steps where job = ?", (job,))}
            self._insert_steps(job, [(key, requested) for key, requested in steps if key not in here])
            self._update("jobs", {"updated": self._clock()}, "id = ?", job)
            return True

    def step_values(self, job: str) -> dict[str, dict[str, Json]]:
        rows = self._db.rows("select key, value from steps where job = ? and status = 'done'", (job,))
        return {row["key"]: mapping_from(row["value"]) for row in rows}

    def get(self, id: str) -> JobRecord:
        return self._get(JobRecord, "jobs", id, _WITH_COUNTS)

    def page(self, limit: int = 100, kind: str = "") -> list[JobRecord]:
        return self._all(JobRecord, f"{_WITH_COUNTS} where ? in ('', kind) order by n desc limit ?", (kind, limit))

    def of_item(self, item: str) -> list[JobRecord]:
        return self._all(JobRecord, f"{_WITH_COUNTS} where item = ? order by n desc", (item,))

    def unfinished(self, kind: str = "") -> list[JobRecord]:
        where = "where ? in ('', kind) and status in ('open', 'running', 'paused')"
        return self._all(JobRecord, f"{_WITH_COUNTS} {where} order by n", (kind,))

    def ended(self, *, after: float = 0.0, before: tuple[float, int] | None = None, limit: int = 50) -> list[JobRecord]:
        """Return jobs that ended after `after`, last first. `before` is (updated, n) of the last job already shown."""
        # the inner query selects the page first; sorting in one query would count the steps of all jobs
        return self._all(
            JobRecord,
            f"{_WITH_COUNTS} where n in (select n from jobs where status in ('done', 'failed', 'cancelled')"
            " and updated > ? and (updated, n) < (?, ?) order by updated desc, n desc limit ?)"
            " order by updated desc, n desc",
            (after, *(before or (1e300, 0)), limit),
        )

    def cleared_at(self) -> float:
        (time,) = self._column_of("select coalesce(max(value), 0) from meta where key = 'jobs_cleared'")
        return float(time)

    def clear(self, until: float) -> None:
        """Hide jobs that ended until then. The jobs are kept, since later jobs reuse the results of their steps."""
        with self._db.writing():
            self._db.run("insert or replace into meta (key, value) values ('jobs_cleared', ?)", (until,))

    def is_mine(self, job: JobRecord) -> bool:
        return job.status is JobStatus.RUNNING and job.owner == self._shared.instance_id

    def is_elsewhere(self, job: JobRecord) -> bool:
        return job.status is JobStatus.RUNNING and self._is_held(job)

    def is_run(self, job: JobRecord) -> bool:
        """Return whether a job runs, here or elsewhere. One whose instance has ended does not."""
        return self.is_mine(job) or self.is_elsewhere(job)

    def note(self, id: str, changes: Mapping[str, Json]) -> JobRecord:
        """Update the details of any instance's job. A value of None removes the key. Raises KnownError job.unknown."""
        with self._db.writing():
            job = self.get(id)
            values = {"settings": merged(job.settings, changes), "updated": self._clock()}
            self._update("jobs", values, "id = ?", job.id)
            return self.get(job.id)

    def claim(self, id: str) -> JobRecord | None:
        """Make this instance own an open job, or one whose owner has ended. Returns None if it cannot be claimed."""
        with self._db.writing():
            job = self.get(id)
            if job.status not in (JobStatus.OPEN, JobStatus.RUNNING) or self._is_held(job):
                return None
            self._set_status(job.id, JobStatus.RUNNING, owner=self._shared.instance_id)
            return self.get(job.id)

    def leave(
        self, id: str, status: JobStatus, *, error_code: str | None = None, error_args: Mapping[str, Json] | None = None
    ) -> JobRecord:
        """Release a job that this instance owns and set its new status. A job of another instance is left unchanged."""
        with self._db.writing():
            job = self.get(id)
            if job.owner == self._shared.instance_id and job.status is JobStatus.RUNNING:
                self._set_status(job.id, status, error_code=error_code, error_args=error_args)
            return self.get(job.id)

    def change(self, id: str, status: JobStatus, *, revive: bool = False) -> JobRecord:
        """Pause, cancel or reopen a job, whichever instance runs it; that instance notices the change. Reopening tries
        failed steps again. `revive` reopens a cancelled job too. Raises KnownError job.unknown, job.ended,
        job.elsewhere.
        """
        with self._db.writing():
            job = self.get(id)
            reopened = (JobStatus.FAILED, JobStatus.CANCELLED) if revive else (JobStatus.FAILED,)
            if job.status in ENDED and not (job.status in reopened and status is JobStatus.OPEN):
                raise KnownError("job.ended", id=job.id, status=job.status.value)
            if status is JobStatus.OPEN:
                if job.status is JobStatus.RUNNING and self._is_held(job):
                    raise KnownError("job.elsewhere", id=job.id)
                values = {"status": StepStatus.OPEN, "deaths": 0, "error_code": None, "error_args": {}}
                self._update("steps", values, "job = ? and status = 'failed'", job.id)
            self._set_status(job.id, status)
            return self.get(job.id)

    def open_steps(self, job: str, limit: int, *, but: Collection[str] = ()) -> list[JobStep]:
        """Return open steps in order, without the steps in `but`, which are being worked on. Steps that may have
        crashed the child process come last.
        """
        steps = self._all(
            step_from,
            "select * from steps where job = ? and status = 'open' order by deaths >= ?, n limit ?",
            (job, ALONE_AFTER, limit + len(but)),
        )
        return [step for step in steps if step.key not in but][:limit]

    def steps(self, job: str) -> list[JobStep]:
        return self._all(step_from, "select * from steps where job = ? order by n", (job,))

    def save_step(self, job: str, key: str, value: Mapping[str, Json]) -> bool:
        """Save the result of a step. It is on the disk when this returns. Returns False if the step has a result
        already, or another instance owns the job. Raises store.*.
        """
        return self._end_step(job, key, {"status": StepStatus.DONE, "value": value})

    def fail_step(self, job: str, key: str, code: str, args: Mapping[str, Json]) -> bool:
        return self._end_step(job, key, {"status": StepStatus.FAILED, "error_code": code, "error_args": args})

    def note_deaths(self, job: str, keys: Collection[str]) -> None:
        with self._db.writing():
            for key in keys:
                self._db.run("update steps set deaths = deaths + 1 where job = ? and key = ?", (job, key))

    def forget_index_jobs(self, collection: str, *, but: str = "") -> None:
        """Delete finished jobs that read this folder, except `but`. They pile up: each change of a file makes one."""
        with self._db.writing():
            self._delete(
                "kind = 'index' and status in ('done', 'failed', 'cancelled') and id <> ?"
                " and json_extract(settings, '$.collection') = ?",
                but,
                collection,
            )

    def forget_of_preset(self, preset: str, *, but: str = "") -> None:
        """Delete the jobs that scored the examples of a preset, except `but`."""
        with self._db.writing():
            self._delete("kind = 'examples' and id <> ? and json_extract(settings, '$.preset') = ?", but, preset)

    def delete_of_item(self, item: str) -> None:
        """Delete the jobs of an item with their steps. Call inside a transaction."""
        self._delete("item = ?", item)

    def _delete(self, which: str, *values: str) -> None:
        self._db.run(f"delete from steps where job in (select id from jobs where {which})", values)
        self._db.run(f"delete from jobs where {which}", values)

    def _end_step(self, job: str, key: str, values: Mapping[str, object]) -> bool:
        with self._db.writing():
            changed = self._update(
                "steps",
                values,
                "job = ? and key = ? and status = 'open' and exists"
                " (select 1 from jobs where id = ? and owner = ? and status = 'running')",
                *(job, key, job, self._shared.instance_id),
            )
            self._update("jobs", {"updated": self._clock()}, "id = ?", job)
        return changed == 1

    def _insert_steps(self, job: str, steps: Sequence[tuple[str, Mapping[str, Json]]]) -> None:
        for key, requested in steps:
            known = self._db.row("select value from steps where key = ? and status = 'done' limit 1", (key,))
            self._insert("steps", {
                "job": job, "key": key, "input": requested, "status": StepStatus.DONE if known else StepStatus.OPEN,
                "value": known["value"] if known else None, "deaths": 0, "error_args": {},
            })  # fmt: skip

    def _is_held(self, job: JobRecord) -> bool:
        owner = job.owner
        return owner is not None and owner != self._shared.instance_id and is_instance_alive(self._shared.paths, owner)

    def _set_status(
        self,
        id: str,
        status: JobStatus,
        *,
        owner: str | None = None,
        error_code: str | None = None,
        error_args: Mapping[str, Json] | None = None,
    ) -> None:
        values = {
            "status": status, "owner": owner, "error_code": error_code, "error_args": error_args or {},
            "updated": self._clock(),
        }  # fmt: skip
        self._update("jobs", values, "id = ?", id)


_WITH_COUNTS = (
    "select *, (select count(*) from steps where job = jobs.id) as total,"
    " (select count(*) from steps where job = jobs.id and status = 'done') as done,"
    " (select count(*) from steps where job = jobs.id and status = 'failed') as failed from jobs"
)


def step_from(row: RowLike) -> JobStep:
    return row_to(JobStep, row, value={} if row["value"] is None else mapping_from(row["value"]))
