"""A result that comes later: how every service method that takes time answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for

T = TypeVar("T")
U = TypeVar("U")


class Pending(Generic[T]):
    """The result of work that goes on after the method that began it has returned: a value, or a Problem.

    Made, ended, cancelled and listened to on the service thread only.  The window follows one by `Bridge.follow`, the
    command line waits for one by `Console.result_of`, tests by `fakes.recorder.result_of`.
    """

    __slots__ = ("_cancel", "_on_end", "_on_progress", "_result")

    def __init__(self, cancel: Callable[[], object] | None = None) -> None:
        """`cancel` ends the work early; whether it then reports an end, and which, is said by the method."""
        self._cancel = cancel
        self._on_end: list[Callable[[T | Problem], object]] = []
        self._on_progress: list[Callable[[Any], object]] = []
        self._result: tuple[T | Problem] | None = None

    @property
    def is_ended(self) -> bool:
        return self._result is not None

    @property
    def result(self) -> T | Problem:
        """The result; raises LookupError before the end."""
        if self._result is None:
            raise LookupError("not ended")
        return self._result[0]

    def then(self, on_end: Callable[[T | Problem], object]) -> Pending[T]:
        """Call `on_end` with the result, at once where there is one; returns itself."""
        if self._result is None:
            self._on_end.append(on_end)
        else:
            on_end(self._result[0])
        return self

    def listen(self, on_progress: Callable[[Any], object]) -> Pending[T]:
        self._on_progress.append(on_progress)
        return self

    def map(self, convert: Callable[[T], U]) -> Pending[U]:
        """One that ends with `convert` of the result, with the same Problem, or with the one that `convert` raises.

        It reports the same progress, and cancelling it cancels this one.
        """
        mapped: Pending[U] = Pending(self.cancel)

        def end(result: T | Problem) -> None:
            converted: U | Problem
            try:
                converted = result if isinstance(result, Problem) else convert(result)
            except Exception as err:  # noqa: BLE001  whoever waits gets an answer, also for our own fault
                converted = problem_for(err)
            mapped.end(converted)

        self.listen(mapped.progress).then(end)
        return mapped

    def cancel(self) -> None:
        """End the work early; does nothing after the end or where it cannot be cancelled."""
        if self._result is None and self._cancel is not None:
            self._cancel()

    # ---- for whoever does the work

    def end(self, result: T | Problem) -> None:
        """Report the result; what comes after the first is dropped."""
        if self._result is not None:
            return
        self._result = (result,)
        waiting, self._on_end, self._on_progress, self._cancel = self._on_end, [], [], None
        for on_end in waiting:
            on_end(result)

    def progress(self, report: Any) -> None:
        for on_progress in self._on_progress:
            on_progress(report)


def ended(result: T | Problem) -> Pending[T]:
    pending: Pending[T] = Pending()
    pending.end(result)
    return pending
