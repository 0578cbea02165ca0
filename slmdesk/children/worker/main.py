"""The main loop of a child: hello, then lines in and lines out until its stdin closes."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial

from slmdesk.base import protocol
from slmdesk.base.protocol import (
    Cancel,
    CountTokens,
    EndOfSteps,
    Failed,
    Hello,
    Load,
    ProtocolBroken,
    Rejected,
    Shutdown,
    Start,
    Step,
    ToChild,
    Unload,
    decoder_of_child,
    lines_of,
)
from slmdesk.base.types import Priority
from slmdesk.base.walls import HELPER
from slmdesk.children.reach import reach_from
from slmdesk.children.tasks.base import Job
from slmdesk.children.worker.handles import Handles
from slmdesk.children.worker.hardening import harden
from slmdesk.children.worker.jobs import Jobs
from slmdesk.children.worker.output import Output, take_pipes
from slmdesk.children.worker.roles import EngineRole, PrinterRole, ReaderRole, Role, SpellerRole, llama_engine
from slmdesk.children.worker.trials import TemplateTrials, TryTemplate, start_trials
from slmdesk.engine.base import Engine

HEARTBEAT_S = 1.0
EXIT_HUNG = 78
"""A job could not be ended: the next child starts clean."""
END_S = 1.5
"""After its stdin has closed, a child lives no longer than this, whatever its threads do."""


def run_worker(arguments: Sequence[str], make_engine: Callable[[], Engine] | None = None) -> int:
    """Run a child of the role in `arguments` until stdin closes; then end the process with 0.

    `make_engine`: makes another engine than llama.cpp's.
    The role `template` is different: a throwaway process that tries one template and returns its status.
    """
    name = _role_named(arguments)
    if name == "template":
        from slmdesk.engine.llama.template_sandbox import main

        return main()
    source, target = take_pipes()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the app
    trials = _start_trials((source, target)) if name == "engine" and make_engine is None else None
    secured = harden(name, reach_from(os.environ))
    if trials is not None:
        secured += tuple(f"{HELPER}{one}" for one in trials.facts())
    handles = Handles(os.environ)
    role = _role(name, make_engine or partial(llama_engine, trials))
    output = Output(target)
    output.send(Hello(protocol.VERSION, name, (*role.kinds, *secured), os.getpid()))
    threading.Thread(target=_beat, args=(role, output), name="heartbeat", daemon=True).start()
    jobs = Jobs(output.send)
    read_messages(source, partial(obey, role=role, jobs=jobs, output=output, handles=handles), output)
    _end(role, jobs, trials)
    return 0


def _role(name: str, make_engine: Callable[[], Engine]) -> Role:
    match name:
        case "reader":
            return ReaderRole()
        case "printer":
            return PrinterRole()
        case "speller":
            return SpellerRole()
        case _:
            return EngineRole(make_engine)


def _role_named(arguments: Sequence[str]) -> str:
    parser = argparse.ArgumentParser(prog="slmdesk --worker")
    parser.add_argument("role", choices=("engine", "reader", "printer", "speller", "template"))
    return str(parser.parse_args(arguments).role)


def _start_trials(pipes: tuple[int, int]) -> TemplateTrials | None:
    """Start the helper that tries templates, where the engine will not be able to start programs itself."""
    if sys.platform != "linux":
        return None

    def try_template() -> TryTemplate:
        from slmdesk.engine.llama.templates import try_template as found

        return found

    return start_trials(try_template, close=pipes)


def _beat(role: Role, output: Output) -> None:
    pause = threading.Event()
    while True:
        if (late := role.overdue()) is not None:
            job, seconds = late
            output.send(Failed(job, "child.hung", {"seconds": seconds}))
            os._exit(EXIT_HUNG)
        output.send(role.heartbeat())
        pause.wait(HEARTBEAT_S)


def read_messages(source: int, obey: Callable[[ToChild], None], output: Output) -> None:
    """Handle lines until `source`, which is closed then, ends."""
    decoder = decoder_of_child()
    with open(source, "rb") as stream:
        for untrusted_line in lines_of(stream):
            if untrusted_line is None:
                output.send(Rejected("line too long"))
                continue
            try:
                message = decoder.decode(untrusted_line)
            except ProtocolBroken as err:
                output.send(Rejected(str(err)))
                continue
            if isinstance(message, Shutdown):
                return
            if message is not None:
                obey(message)


def obey(message: ToChild, *, role: Role, jobs: Jobs, output: Output, handles: Handles) -> None:
    """Start, feed or cancel the job of a message."""
    match message:
        case Cancel(job):
            jobs.cancel(job)
        case Step():
            jobs.add_step(message)
        case EndOfSteps(job):
            jobs.end_steps(job)
        case Start(ident, kind, payload, priority):
            urgent = Priority.BACKGROUND if priority == Priority.BACKGROUND else Priority.INTERACTIVE
            started = jobs.start(Job(ident, payload, urgent, handles.take(ident, payload)), partial(role.task_of, kind))
        case Load() | Unload() | CountTokens():
            payload = message.spec if isinstance(message, Load) else {}
            started = jobs.start(Job(message.job, payload), partial(role.task_of_request, message))
    if isinstance(message, Start | Load | Unload | CountTokens) and not started:
        output.send(Rejected("a job of that name runs"))


def _end(role: Role, jobs: Jobs, trials: TemplateTrials | None) -> None:
    """Free everything if that is quick; end in any case."""
    last = threading.Timer(END_S, os._exit, (0,))
    last.daemon = True
    last.start()
    if trials is not None:
        trials.close()
    jobs.cancel_all(END_S)
    role.close()
    os._exit(0)  # no destructors: native libraries may hang or crash in theirs
