"""Runs a chat template from a model file over random placeholders; and the throwaway process that tries it first.

A template is a program by whoever made the file.  It sees roles and placeholders, never a person's text.  This module
imports nothing of slmdesk, so that the throwaway process starts fast and small: `python template_sandbox.py` reads a
template from stdin and writes a verdict to stdout, under limits on time and memory.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeAlias

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox

from slmdesk.base.record import Record
from slmdesk.base.texts import _

MAX_TEMPLATE_BYTES = 256 * 1024
MAX_RENDERED_CHARACTERS = 16 * 1024 * 1024
"""With placeholders only: the markers of a prompt, so far less than a person's text may add."""
MAX_TRIAL_CPU_SECONDS = 2
MAX_TRIAL_MEMORY_BYTES = 512 * 1024 * 1024
MAX_REASON_CHARACTERS = 200
_MAX_POWER = 64

Turn: TypeAlias = tuple[str, tuple[int, ...]]
"""A role and the numbers of the messages that make this turn."""

TRIALS: tuple[tuple[str, ...], ...] = (
    ("user",),
    ("system", "user"),
    ("user", "assistant", "user"),
    ("system", "user", "assistant", "user", "assistant", "user"),
    ("system", *("user", "assistant") * 20, "user"),
)


class TemplateUnusableError(Exception):
    """A template cannot be used; the message says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split())[:MAX_REASON_CHARACTERS])


class Layout(Record):
    pieces: tuple[str | int, ...]
    """Words of the template (trusted), and numbers of messages."""
    missing: tuple[int, ...] = ()


class _GenerationBlocks(jinja2.ext.Extension):
    """`{% generation %}…{% endgeneration %}`, which marks answers for training: the body is kept."""

    tags = {"generation"}  # noqa: RUF012  Jinja declares it so

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Sandbox(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """Jinja without a way out of the template, and without the easiest ways to exhaust memory.

    Other ways (a template that waits for its hundredth message) are caught by the heartbeat's time limit.
    """

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and not (isinstance(right, int | float) and abs(right) <= _MAX_POWER):
            raise OverflowError("a power too large")
        if operator == "*":
            for sized, times in ((left, right), (right, left)):
                if isinstance(sized, str | list | tuple) and isinstance(times, int):
                    _check_size(len(sized) * times)
        if operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
            _check_size(len(left) + len(right))
        if operator == "%" and isinstance(left, str):
            raise TypeError("text formatting is not offered")
        return super().call_binop(context, operator, left, right)


class ChatTemplate:
    """A compiled template.  Never for two threads together."""

    def __init__(self, text: str, *, bos: str, eos: str, clock: Callable[[], datetime] = datetime.now) -> None:
        """Compiling alone can exhaust time and memory: only after `main` has tried the same text in a child.

        `bos` and `eos` are the model's tokens as text.  Raises TemplateUnusableError.
        """
        if len(text.encode("utf-8", "replace")) > MAX_TEMPLATE_BYTES:
            raise TemplateUnusableError(
                _("larger than {max_template_bytes} KiB").format(max_template_bytes=MAX_TEMPLATE_BYTES // 1024)
            )
        environment = _Sandbox(
            trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationBlocks, jinja2.ext.loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = lambda pattern: clock().strftime(pattern)
        self._names = {"bos_token": bos, "eos_token": eos, "unk_token": "", "pad_token": "", "tools": None}
        self._template = _guarded(lambda: environment.from_string(text))

    def layout(self, roles: Sequence[str], variables: Mapping[str, Any] | None = None) -> Layout:
        """Lay out a conversation of these roles, each "system", "user" or "assistant", with a place for the answer.

        `variables`: what the template is given by these names.

        A template that refuses or leaves out a system message, or two turns of a role, is given them in a single turn.
        Raises TemplateUnusableError when it fails, or outputs a message twice.
        """
        given: list[Turn] = [(role, (n,)) for n, role in enumerate(roles)]
        ways = [given, fold_system(given), merge_same(given), merge_same(fold_system(given))]
        best: Layout | None = None
        problem = TemplateUnusableError(_("no messages"))
        for n, turns in enumerate(ways):
            if turns in ways[:n]:
                continue
            try:
                layout = self._try(turns, variables or {})
            except TemplateUnusableError as err:
                problem = err if n == 0 else problem
                continue
            if not layout.missing:
                return layout
            best = best or layout
        if best is None:
            raise problem
        return best

    def _try(self, turns: Sequence[Turn], variables: Mapping[str, Any]) -> Layout:
        mark = "x" + secrets.token_hex(12)
        messages = [{"role": role, "content": f"{mark}q{n}q"} for n, (role, __) in enumerate(turns)]
        text = _guarded(lambda: self._render(messages, variables))
        words = re.split(f"{mark}q([0-9]+)q", text)
        slots = [int(n) for n in words[1::2]]
        if len(slots) != len(set(slots)):
            raise TemplateUnusableError(_("gives a message twice"))
        pieces: list[str | int] = [words[0]]
        for slot, behind in zip(slots, words[2::2], strict=True):
            pieces += [*together(turns[slot][1]), behind]
        missing = sorted(n for slot, (__, numbers) in enumerate(turns) if slot not in slots for n in numbers)
        return Layout(tuple(piece for piece in pieces if piece != ""), tuple(missing))

    def _render(self, messages: list[dict[str, str]], variables: Mapping[str, Any]) -> str:
        texts: list[str] = []
        size = 0
        names = {**variables, **self._names}
        for text in self._template.generate(messages=messages, add_generation_prompt=True, **names):
            size += len(text)
            _check_size(size)
            texts.append(text)
        return "".join(texts)


def fold_system(turns: Sequence[Turn]) -> list[Turn]:
    """The same turns, with each system message at the start of the user turn after it (else a user turn itself)."""
    folded: list[Turn] = []
    waiting: tuple[int, ...] = ()
    for role, numbers in turns:
        if role == "system":
            waiting += numbers
        elif role == "user":
            folded.append((role, waiting + numbers))
            waiting = ()
        else:
            folded.append((role, numbers))
    return [*folded, ("user", waiting)] if waiting else folded


def merge_same(turns: Sequence[Turn]) -> list[Turn]:
    merged: list[Turn] = []
    for role, numbers in turns:
        if merged and merged[-1][0] == role:
            numbers = merged.pop()[1] + numbers
        merged.append((role, numbers))
    return merged


def together(numbers: Sequence[int]) -> list[str | int]:
    """The messages of a turn, with an empty line between them."""
    pieces: list[str | int] = []
    for number in numbers:
        pieces += ["\n\n", number] if pieces else [number]
    return pieces


def find_problem(text: str, *, bos: str, eos: str) -> str:
    """Compile a template and lay out `TRIALS`.  Returns '' or why it is unusable.  In a throwaway process only."""
    try:
        template = ChatTemplate(text, bos=bos, eos=eos)
        for roles in TRIALS:
            if template.layout(roles).missing:
                return "leaves out messages"
    except TemplateUnusableError as err:
        return str(err)
    return ""


def main() -> int:
    """The throwaway process: reads an object with template, bos and eos on stdin, writes {problem} on stdout."""
    request = json.loads(sys.stdin.buffer.read())
    _limit_this_process()
    problem = find_problem(request["template"], bos=request["bos"], eos=request["eos"])
    sys.stdout.write(json.dumps({"problem": problem}))
    return 0


def _limit_this_process() -> None:
    """Set the system's limits on time and memory where it has them; elsewhere only the parent watches."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + MAX_TRIAL_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # macOS counts address space that is never used
        resource.setrlimit(resource.RLIMIT_AS, (MAX_TRIAL_MEMORY_BYTES, MAX_TRIAL_MEMORY_BYTES))


def _guarded(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except TemplateUnusableError:
        raise
    except MemoryError as err:
        raise TemplateUnusableError(_("needs too much memory")) from err
    except RecursionError as err:
        raise TemplateUnusableError(_("nested too deeply")) from err
    except Exception as err:  # a template may raise anything: it is foreign code
        raise TemplateUnusableError(f"{type(err).__name__}: {err}") from err


def _check_size(size: int) -> None:
    if size > MAX_RENDERED_CHARACTERS:
        raise TemplateUnusableError(_("makes too much text"))


def _raise_exception(message: object) -> NoReturn:
    raise TemplateUnusableError(_("refuses: {message}").format(message=message))


def _to_json(value: object, **options: Any) -> str:
    known: Mapping[str, Any] = {name: options.get(name) for name in ("indent", "separators")}
    return json.dumps(value, ensure_ascii=False, sort_keys=bool(options.get("sort_keys")), **known)


if __name__ == "__main__":
    sys.exit(main())
