"""Turns a conversation into a prompt: by the file's own template where it is usable, else by its family's."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import psutil

from slmdesk.base.errors import KnownError
from slmdesk.base.frozen import is_frozen, role_command
from slmdesk.base.record import Record, converted
from slmdesk.base.texts import N_, _
from slmdesk.base.types import THINKING_LEVELS as LEVELS
from slmdesk.base.types import THINKING_OFF as OFF
from slmdesk.base.types import THINKING_ON as ON
from slmdesk.base.types import THINKING_USUAL as USUAL
from slmdesk.base.types import ChatMessage, Origin, PromptPart
from slmdesk.children.engine.llama import template_sandbox
from slmdesk.children.engine.llama.template_sandbox import (
    MAX_TEMPLATE_BYTES,
    MAX_TRIAL_MEMORY_BYTES,
    ChatTemplate,
    Layout,
    TemplateUnusableError,
    Turn,
    fold_system,
    merge_same,
    together,
)
from slmdesk.children.engine.llama.thinking import ThoughtMarks, find_marks
from slmdesk.children.engine.llama.vocabulary import Vocabulary, breaker_of, word_marks
from slmdesk.models.gguf.header import families

TRIAL_WALL_SECONDS = 8.0
"""For a machine so busy that the child does not get its 2 s of computing time; below the heartbeat's 10 s."""
_POLL_SECONDS = 0.05
SWITCHES = ("enable_thinking", "thinking", "enable_reasoning")
"""Variables by which templates switch thinking on and off; which of them a template knows is tried."""
EFFORT = "reasoning_effort"


class TryTemplate(Protocol):
    def __call__(self, text: str, *, bos: str, eos: str) -> str:
        """Return '' for a usable template, else why it is not."""


class RenderedChat(Record):
    parts: tuple[PromptPart, ...]
    missing: tuple[int, ...] = ()
    """Indices of the messages the template left out."""
    problem: str = ""
    """Why the file's template could not be used for this conversation and its family's format was; else empty."""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


class ChatFormat:
    """The chat format of a loaded model.  Never for two threads together.

    The text of a message is never trusted, unless the program itself wrote it (Origin.PROGRAM), and is not changed: a
    template that would trim it only sees a placeholder.  What looks like a turn is broken where no person wrote it.
    """

    def __init__(
        self,
        *,
        family: Family,
        template: ChatTemplate | None,
        vocabulary: Vocabulary,
        problem: str = "",
        marks: ThoughtMarks | None = None,
    ) -> None:
        """Use `for_model` instead.  `family` is the fallback for `template`, or else the format itself."""
        self._family = family
        self._template = template
        self._bos = vocabulary.text_of(vocabulary.bos)
        self._eos = vocabulary.text_of(vocabulary.eos)
        self._add_bos = vocabulary.add_bos
        self._vocabulary = vocabulary
        self._breakers: dict[frozenset[str], Callable[[str], str]] = {}
        self.problem = problem
        """Why the file's own template is not used, in a few words; empty when it is, or when there is none."""
        self.marks = marks
        """How the model marks what it thinks aloud; None: it does not."""
        self._switch = next((switch for switch in SWITCHES if marks and self._changes(switch, True, False)), "")
        self._has_levels = bool(marks and self._changes(EFFORT, LEVELS[0], LEVELS[-1]))
        self.answer_lead = self._find_answer_lead()
        """A space with which an answer begins that is not part of it: the template writes it itself in later turns.

        The engine drops it from the start of a fresh answer (without answer_prefix); '' where there is none.
        """

    @classmethod
    def for_model(
        cls,
        *,
        template: str | None,
        architecture: str,
        name: str,
        vocabulary: Vocabulary,
        requested: str | None = None,
        checked: bool = False,
        clock: Callable[[], datetime] = datetime.now,
        trial: TryTemplate | None = None,
    ) -> ChatFormat:
        """The format for a model whose file contains `template` (None or blank: none).

        `wanted`: None or "file" for the file's own, else the name of a built-in family ("builtin:NAME" too) or
        "plain".  `checked`: the template was found usable before, under the file's checksum; else it is tried in a
        throwaway child first, which takes about 0.3 s, at worst 8 s, and blocks.  An unusable template is not an
        error: the family's format takes its place and `problem` says why.  `trial`: used instead of `try_template` in a
        process that may not start programs.
        Raises KnownError `request.invalid` for an unknown name.
        """
        if requested not in (None, "file"):
            return cls(family=_family_named(requested or ""), template=None, vocabulary=vocabulary)
        if template is None or not template.strip():
            return cls(family=PLAIN, template=None, vocabulary=vocabulary)
        bos, eos = vocabulary.text_of(vocabulary.bos), vocabulary.text_of(vocabulary.eos)
        family = find_family(
            template=template,
            architecture=architecture,
            name=name,
            is_control=lambda text: _is_control(vocabulary, text),
        )
        compiled: ChatTemplate | None = None
        problem = "" if checked else (trial or try_template)(template, bos=bos, eos=eos)
        if not problem:
            try:
                compiled = ChatTemplate(template, bos=bos, eos=eos, clock=clock)
            except TemplateUnusableError as err:
                problem = str(err)
        marks = find_marks(template, lambda text: _is_control(vocabulary, text))
        return cls(family=family or PLAIN, template=compiled, vocabulary=vocabulary, problem=problem, marks=marks)

    @property
    def source(self) -> str:
        """'file', 'builtin:NAME' or 'plain'."""
        if self._template is not None:
            return "file"
        return "plain" if self._family is PLAIN else f"builtin:{self._family.name}"

    @property
    def has_chat_template(self) -> bool:
        """Whether the model has a format of its own: False means the plain dialogue, which the interface says."""
        return self.source != "plain"

    @property
    def stop_strings(self) -> tuple[str, ...]:
        """Strings that end an answer in this format, besides the model's own end tokens."""
        return () if self._template is not None else self._family.stop

    @property
    def thinking(self) -> tuple[str, ...]:
        """What `thinking` may be; empty: the model does not think aloud."""
        if self.marks is None:
            return ()
        return (OFF, *LEVELS) if self._has_levels else (OFF, ON)

    def render(self, messages: Sequence[ChatMessage], answer_prefix: str = "", thinking: str = OFF) -> RenderedChat:
        """The prompt for the next answer.  `answer_prefix`: text it already has, untrusted; its thought is over.

        `thinking`: as in Sampling; a model that does not think aloud, or not by levels, takes what comes nearest.

        Never raises because of a template: a template that fails on this conversation is replaced by its family's
        format for this prompt, and `problem` says so.
        """
        thinking = OFF if answer_prefix else thinking
        layout, problem = self._lay_out([message.role.value for message in messages], self._variables(thinking))
        parts: list[PromptPart] = []
        broken = self._breaker_of(layout)
        for piece in layout.pieces:
            if isinstance(piece, str):
                parts.append(PromptPart(piece, trusted=True))
                continue
            parts += [PromptPart("", trusted=True, picture=picture) for picture in messages[piece].pictures]
            for part in messages[piece].parts:
                is_own = part.origin in (Origin.PROGRAM, Origin.PERSON)
                parts.append(PromptPart(part.text if is_own else broken(part.text), part.origin is Origin.PROGRAM))
        if self._add_bos and not "".join(part.text for part in parts[:2]).startswith(self._bos):
            parts.insert(0, PromptPart(self._bos, trusted=True))
        if thinking == OFF:
            parts.append(PromptPart(self._no_thought(layout), trusted=True))
        if answer_prefix:
            parts += [PromptPart(self.answer_lead, trusted=True), PromptPart(broken(answer_prefix), trusted=False)]
        return RenderedChat(tuple(part for part in parts if part.text or part.picture), layout.missing, problem)

    def _breaker_of(self, layout: Layout) -> Callable[[str], str]:
        pieces = frozenset(piece for piece in layout.pieces if isinstance(piece, str))
        if pieces not in self._breakers:
            self._breakers = {pieces: breaker_of(word_marks("\n".join(sorted(pieces)), self._vocabulary))}
        return self._breakers[pieces]

    def _variables(self, thinking: str) -> dict[str, bool | str]:
        if thinking == USUAL:
            return {}
        if self._has_levels:
            return {EFFORT: {OFF: LEVELS[0], ON: LEVELS[1]}.get(thinking, thinking)}
        return {self._switch: thinking != OFF} if self._switch else {}

    def _no_thought(self, layout: Layout) -> str:
        """What is written behind a layout so that the answer begins without a thought: an empty one.

        A template with a switch has done that itself, by its model's own rules, unless it opened a thought.
        """
        if self.marks is None:
            return ""
        last = max((at for at, piece in enumerate(layout.pieces) if isinstance(piece, int)), default=-1)
        end = "".join(str(piece) for piece in layout.pieces[last + 1 :])
        if self.marks.is_open_in(end):
            return f"\n{self.marks.ends[0]}\n\n"
        return "" if self._switch or self.marks.is_closed_in(end) else self.marks.empty

    def _changes(self, name: str, value: bool | str, other: bool | str) -> bool:
        if self._template is None:
            return False
        try:
            return self._template.layout(("user",), {name: value}) != self._template.layout(("user",), {name: other})
        except TemplateUnusableError:
            return False

    def _lay_out(self, roles: Sequence[str], variables: Mapping[str, bool | str] | None = None) -> tuple[Layout, str]:
        if self._template is not None:
            try:
                return self._template.layout(roles, variables), ""
            except TemplateUnusableError as err:
                return self._lay_out_by_family(roles), str(err)
        return self._lay_out_by_family(roles), ""

    def _lay_out_by_family(self, roles: Sequence[str]) -> Layout:
        """The family's layout without a space at its end, which a model writes with its first word."""
        layout = lay_out(self._family, roles, bos=self._bos, eos=self._eos)
        *before, last = layout.pieces
        if isinstance(last, str) and last.endswith(" "):
            return Layout((*before, last[:-1]) if last != " " else tuple(before), layout.missing)
        return layout

    def _find_answer_lead(self) -> str:
        """The text between the prompt's end and an answer once that is history, if it is a single space."""
        fresh = self._lay_out(("user",))[0].pieces
        reported = self._lay_out(("user", "assistant", "user"))[0].pieces
        try:
            before_fresh = "".join(str(piece) for piece in fresh[fresh.index(0) + 1 :])
            before_reported = "".join(str(piece) for piece in reported[reported.index(0) + 1 : reported.index(1)])
        except ValueError:  # the template leaves a message out
            return ""
        return " " if before_reported == before_fresh + " " else ""


def try_template(
    text: str,
    *,
    bos: str,
    eos: str,
    command: Sequence[str] | None = None,
    confine: Callable[[], None] | None = None,
) -> str:
    """Compile and render a template once in a throwaway process.  Returns '' when it is usable, else why not.

    `confine` is called in that process before its program begins (not on Windows).

    The process has 2 s of computing time and 512 MiB; on systems without such limits this process watches both.
    """
    if len(text.encode("utf-8", "replace")) > MAX_TEMPLATE_BYTES:
        return f"larger than {MAX_TEMPLATE_BYTES // 1024} KiB"
    try:
        process = subprocess.Popen(
            list(command or trial_command()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            preexec_fn=confine,
        )
    except OSError as err:
        return f"cannot be tried: {err.strerror}"
    with process:
        out, problem = _watch(process, json.dumps({"template": text, "bos": bos, "eos": eos}).encode("ascii"))
    if problem:
        return problem
    if process.returncode != 0:
        # SIGXCPU, then SIGKILL, come from the limit on computing time
        return N_("takes too long") if process.returncode in (-24, -9) else N_("crashes the template reader")
    try:
        return str(json.loads(out)["problem"])
    except (ValueError, KeyError, TypeError):
        return N_("crashes the template reader")


def trial_command() -> list[str]:
    """The command of the throwaway process; in a frozen program it is a role of the program."""
    if is_frozen():
        return [*role_command("template")]
    return [sys.executable, "-P", str(Path(template_sandbox.__file__))]


def _watch(process: subprocess.Popen[bytes], request: bytes) -> tuple[bytes, str]:
    """Wait for the process within its limits.  Returns (its output, '') or (b'', why it was stopped)."""
    answers: list[bytes] = []
    # On a thread: communicate() with a time limit, called again, forgets what it has not yet written (Python 3.11).
    talk = threading.Thread(target=lambda: answers.append(process.communicate(request)[0]), daemon=True)
    talk.start()
    deadline = time.monotonic() + TRIAL_WALL_SECONDS
    problem = ""
    while talk.is_alive() and not problem:
        talk.join(_POLL_SECONDS)
        if _resident_bytes(process.pid) > MAX_TRIAL_MEMORY_BYTES:
            problem = N_("needs too much memory")
        elif time.monotonic() > deadline:
            problem = N_("takes too long")
    process.kill()
    talk.join()
    return (b"".join(answers), "") if not problem else (b"", problem)


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _family_named(requested: str) -> Family:
    family = FAMILIES_BY_NAME.get(requested.removeprefix("builtin:"))
    if family is None:
        raise KnownError("request.invalid", what=_("template {requested}").format(requested=requested[:40]))
    return family


def _is_control(vocabulary: Vocabulary, text: str) -> bool:
    tokens = vocabulary.tokenize(text, special=True)
    return len(tokens) == 1 and tokens[0] in vocabulary.marker_tokens


BOS, EOS = "{bos}", "{eos}"
"""Stand for the model's own tokens in the texts below."""


class Family(Record):
    name: str
    user: tuple[str, str]
    assistant: tuple[str, str]
    answer: str
    system: tuple[str, str] | None = None
    """None: the system message is in the first user turn, …"""
    folded_system: tuple[str, str] = ("", "\n\n")
    """… between these."""
    start: str = ""
    stop: tuple[str, ...] = ()
    """Words with which such a model, having no token for it, begins the next turn by itself."""
    needs: tuple[str, ...] = ()
    """Texts that must each be a control token of the vocabulary."""
    marks: tuple[tuple[str, ...], ...] = ()
    """A template that holds all texts of any of these groups belongs to this family."""
    architectures: tuple[str, ...] = ()
    """Beginnings of architecture names as the header gives them."""


FAMILIES_BY_NAME = {family.name: family for family in converted(families().format, tuple[Family, ...])}
PLAIN = FAMILIES_BY_NAME["plain"]
FAMILIES = tuple(family for name, family in FAMILIES_BY_NAME.items() if name not in ("plain", "bare"))
"""Looked through in this order: the first that fits is taken."""


def find_family(*, template: str, architecture: str, name: str, is_control: Callable[[str], bool]) -> Family | None:
    """The family of a model: by the marks in its template, else by its architecture or name.

    `is_control` says whether a text is a control token of the model.
    """
    able = [family for family in FAMILIES if all(map(is_control, family.needs))]
    for family in able:
        if any(all(mark in template for mark in group) for group in family.marks):
            return family
    for family in able:
        if architecture.lower().startswith(family.architectures) or family.name in name.lower():
            return family
    return None


def lay_out(family: Family, roles: Sequence[str], *, bos: str, eos: str) -> Layout:
    turns: list[Turn] = [(role, (n,)) for n, role in enumerate(roles)]
    systems = {n for n, role in enumerate(roles) if role == "system"}
    if family.system is None:
        turns = fold_system(turns)
    pieces: list[str | int] = [family.start]
    for role, numbers in merge_same(turns):
        before, after = _around(family, role)
        inside = together(numbers)
        if family.system is None:
            inside = _folded(family, numbers, systems)
        pieces += [before, *inside, after]
    pieces.append(family.answer)
    texts = (piece.replace(BOS, bos).replace(EOS, eos) if isinstance(piece, str) else piece for piece in pieces)
    return Layout(tuple(piece for piece in texts if piece != ""))


def _around(family: Family, role: str) -> tuple[str, str]:
    if role == "system" and family.system is not None:
        return family.system
    return family.assistant if role == "assistant" else family.user


def _folded(family: Family, numbers: Sequence[int], systems: set[int]) -> list[str | int]:
    pieces: list[str | int] = []
    before, after = family.folded_system
    for number in numbers:
        if number in systems:
            pieces += [before, number, after]
        else:
            pieces += ["\n\n", number] if pieces and isinstance(pieces[-1], int) else [number]
    return pieces
