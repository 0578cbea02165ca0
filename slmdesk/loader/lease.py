"""A model in use, from the request for it to the end of the work with it, which lets it go by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json, LoadedModel
from slmdesk.runtime.events import Problem

if TYPE_CHECKING:
    from slmdesk.children.client import JobHandle
    from slmdesk.loader.model_loader import ModelLoader


class Lease:
    """A model that is waited for and then used; made by `ModelLoader.acquire`.  Service thread.

    The model is held while a job of the lease runs: nobody unloads it or loads another one.  It is released when the
    last job has ended and its listener has returned, or by `release` before that.
    """

    def __init__(
        self,
        loader: ModelLoader,
        record: ModelRecord,
        ready: Callable[[Lease], object],
        failed: Callable[[Problem | None], None],
        *,
        is_choice: bool = False,
    ) -> None:
        self._loader, self.record, self._ready, self._failed = loader, record, ready, failed
        self.is_choice = is_choice
        """No work waits: the model was chosen, and another choice takes its place."""
        self.is_over = False
        """Released, or there is no model; nothing is called any more."""
        self.job: JobHandle | None = None
        self._model: LoadedModel | None = None
        self._generation = 0
        self._running = 0

    @property
    def model(self) -> LoadedModel:
        """The loaded model; raises LookupError while it is waited for."""
        if self._model is None:
            raise LookupError("not loaded")
        return self._model

    @property
    def was_replaced(self) -> bool:
        """Whether the child that had the model was replaced before the job reached it."""
        return self.job is not None and self.job.generation != self._generation

    def start(
        self,
        kind: str,
        payload: Mapping[str, Json],
        on_event: Callable[[FromChild], None],
        *,
        priority: str = "interactive",
    ) -> JobHandle:
        """Start a job with the model; `on_event` gets its events on the service thread, up to its end or `release`.

        A job started by `on_event` at the end of the one before keeps the model.
        """
        self._generation = self._loader.generation
        self._running += 1
        self._loader.hold(self)
        post = self._loader.service_thread.post
        self.job = self._loader.client.start(
            kind,
            {"handle": self.model.handle, **payload},
            lambda event: post(lambda: self._on_event(on_event, event)),
            priority=priority,
        )
        return self.job

    def release(self) -> None:
        """Withdraw the request or cancel the job, and let the model go.  May be called twice.

        A load that is running continues, because the model is likely to be used soon.
        """
        if not self.is_over:
            self.is_over = True
            if self.job:
                self.job.cancel()
            self._loader.let_go(self)

    # ---- for the loader

    def serve(self, model: LoadedModel) -> None:
        if not self.is_over:
            self._model = model
            self._ready(self)

    def fail(self, problem: Problem | None) -> None:
        """Report why there is no model; None: loading was cancelled."""
        if not self.is_over:
            self.is_over = True
            self._failed(problem)

    def _on_event(self, on_event: Callable[[FromChild], None], event: FromChild) -> None:
        if self.is_over:
            return
        is_end = isinstance(event, Done | Failed | Cancelled)
        try:
            on_event(event)
        finally:
            self._running -= is_end
            if is_end and not self._running:
                self.release()
