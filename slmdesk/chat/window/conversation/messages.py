"""Converts stored messages into what the view shows: notes, actions, details."""

from __future__ import annotations

from time import localtime, strftime

from slmdesk.base.records import Message, Status
from slmdesk.base.types import Json, Role
from slmdesk.chat.answer_form import TITLES
from slmdesk.chat.conversation import REDACTION, blanks_note, can_continue, words_of
from slmdesk.chat.rewrites import LABELS, rewrite_of
from slmdesk.chat.samplers import BIAS_TITLE, SETTINGS, STOP_TITLE
from slmdesk.chat.window.view import MessageView
from slmdesk.chat.window.view.message import DELETIONS, REWRITES
from slmdesk.redaction.labels import put_back_words
from slmdesk.redaction.service import kept_from
from slmdesk.runtime.messages import problem_of
from slmdesk.window.base.answer_progress import Live

_SAMPLING = {**{one.name: one.title for one in SETTINGS}, "max_tokens": "Tokens at most", "thinking": "Thinking"}
ENDS = {
    "stop": "the model", "stop_string": "a stop text", "length": "the limit of tokens", "repeat": "repetition",
    "cancelled": "you",
}  # fmt: skip
CUT = "The answer reached its limit. “Continue” asks for more."
REPEATED = "The model repeated itself, so the answer was ended."
STOPPED = "Stopped. The words so far are kept."
EDITED = "Answer, edited by you"
INTERRUPTED = "slmdesk ended while this was written. The words so far are kept."


def view_of(
    message: Message,
    live: Live | None = None,
    version: int = 0,
    versions: int = 0,
    *,
    is_thought_open: bool = False,
) -> MessageView:
    """What the view shows of a message, as version number `version` of `versions`."""
    details = details_of(message)
    chosen = chosen_of(message) if details else ""
    return MessageView(
        id=message.id,
        role=str(message.role),
        text=words_of(message),
        status=message.status,
        note="  ·  ".join(part for part in (note_of(message, live), redaction_note(message)) if part),
        actions=actions_of(message),
        details=details,
        details_tip="  ·  ".join(part for part in (details, chosen) if part),
        author=EDITED if message.original is not None else "",
        version=version,
        versions=versions,
        resembling=_kept_redaction(message)[1],
        thought_line=thought_line_of(message, live),
        thought=message.thought.strip() if is_thought_open else "",
        is_thought_open=is_thought_open,
        is_thinking=_is_thinking(message),
    )


def note_of(message: Message, live: Live | None = None) -> str:
    """A sentence under a message that did not end normally; '' for one that did."""
    match message.status:
        case Status.STREAMING:
            return _waiting_note(message, live)
        case Status.CANCELLED:
            return STOPPED
        case Status.INTERRUPTED:
            return INTERRUPTED
        case Status.FAILED:
            return problem_of(message.error_code or "bug", message.error_args).sentence
        case _:
            ended = {"length": CUT, "repeat": REPEATED}.get(message.finish_reason or "", "")
            return " ".join(part for part in (ended, blanks_note(message)) if part)


def redaction_note(message: Message) -> str:
    """How many substitutes were put back into an answer, and which words only resemble one."""
    count, resembling = _kept_redaction(message)
    return "" if count is None else put_back_words(count, resembling)


def _kept_redaction(message: Message) -> tuple[int | None, tuple[str, ...]]:
    """How many substitutes were put back, and the words that only resemble one; None where nothing is known of it."""
    if message.status is Status.STREAMING or REDACTION not in message.sampling or message.original is not None:
        return None, ()
    count, marked = kept_from(message.sampling[REDACTION])
    return count, tuple(message.text[start:end] for start, end in marked)


def thought_line_of(message: Message, live: Live | None = None) -> str:
    if not message.thought:
        return ""
    seconds = message.thought_seconds if message.thought_seconds is not None else live.thought_seconds if live else 0.0
    time = f" {seconds:.0f} s" if seconds >= 1 else ""
    if _is_thinking(message):
        return f"Thinking…{time}"
    return f"Thought for{time}" if time else "Thought"


def _is_thinking(message: Message) -> bool:
    return message.status is Status.STREAMING and bool(message.thought) and not message.text


def actions_of(message: Message) -> frozenset[str]:
    actions = {"copy"} if words_of(message) else set()
    if message.status is Status.STREAMING:
        return frozenset(actions)
    if actions:
        actions |= {"translate", "edit"}
    actions |= {"fork", *DELETIONS}
    if message.role is Role.ASSISTANT:
        actions |= {"try_again", "seen", "details"}
        if message.text:
            actions |= set(REWRITES)
        if message.original is not None:
            actions.add("original")
        if can_continue(message) and message.text:
            actions.add("continue")
    return frozenset(actions)


def details_of(message: Message) -> str:
    """Model, speed and tokens of an answer, in a line; from stored values, so that it stays the same."""
    if message.role is not Role.ASSISTANT or message.status is Status.STREAMING:
        return ""
    rewrite = rewrite_of(message)
    parts = [message.model_name or "", _adapter(message), LABELS[rewrite].lower() if rewrite else ""]
    if message.tokens_out and message.seconds:
        parts.append(f"{message.tokens_out / message.seconds:.1f} tokens/s")
        parts.append(f"{message.tokens_out:,} tokens in {message.seconds:.1f} s")
    elif message.tokens_out is not None:
        parts.append(f"{message.tokens_out:,} tokens")
    if message.tokens_in is not None:
        parts.append(
            f"{message.tokens_in:,} read" + (f", {message.tokens_reused:,} reused" if message.tokens_reused else "")
        )
    return "  ·  ".join(part for part in parts if part)


def all_details_of(message: Message) -> list[str]:
    said, rewrite = message.sampling, rewrite_of(message)
    times = f"{message.seconds:.1f} s" if message.seconds else ""
    if message.seconds and message.tokens_out:
        times += f", {message.tokens_out / message.seconds:.1f} tokens a second"
    again = {True: "yes", False: "no"}.get(said["reproducible"] is True, "") if "reproducible" in said else ""
    rows = [
        ("Model", message.model_name or ""),
        ("Preset", message.preset or ""),
        ("Adapter", _adapter(message).removeprefix("with ")),
        ("Written once more", LABELS[rewrite].lower() if rewrite else ""),
        ("Edited by you", "yes" if message.original is not None else ""),
        ("Time", strftime("%Y-%m-%d %H:%M", localtime(message.created))),
        ("Tokens read", _count(message.tokens_in)),
        ("Of them known already", _count(message.tokens_reused)),
        ("Tokens written", _count(message.tokens_out)),
        ("Writing", times),
        ("Time of thinking", f"{message.thought_seconds:.1f} s" if message.thought_seconds else ""),
        ("Seed", "" if message.seed is None else str(message.seed)),
        ("Same answer again", again),
        *((words, _number(said[name])) for name, words in _SAMPLING.items() if name in said),
        ("Form of the answer", next((words for name, words in TITLES.items() if said.get(name)), "")),
        (STOP_TITLE, _joined(said.get("stop"))),
        (BIAS_TITLE, _joined(said.get("word_bias"))),
        ("Ended by", ENDS.get(message.finish_reason or "", message.finish_reason or "")),
        ("Model file (SHA-256)", message.model_sha256 or ""),
    ]
    return [f"{name}: {value}" for name, value in rows if value]


def _count(tokens: int | None) -> str:
    return "" if tokens is None else f"{tokens:,}"


def _joined(value: Json) -> str:
    """A list of texts, or of words with their weights, in one line."""
    items = value if isinstance(value, list | tuple) else ()
    some = [" ".join(map(_number, one)) if isinstance(one, list | tuple) else f"“{one}”" for one in items]
    return ", ".join(some).replace("\n", "\\n")


def _number(value: Json) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def chosen_of(message: Message) -> str:
    """The sampling settings of an answer, as far as they are known, and whether the same answer would come again."""
    said = message.sampling
    parts = []
    if isinstance(said.get("temperature"), int | float):
        parts.append(f"temperature {said['temperature']:g}")
    if isinstance(said.get("top_p"), int | float):
        parts.append(f"top-p {said['top_p']:g}")
    if isinstance(said.get("max_tokens"), int):
        parts.append(f"at most {said['max_tokens']:,} tokens")
    if message.seed is not None:
        again = {True: ", reproducible", False: ", not reproducible"}.get(said.get("reproducible") is True, "")
        parts.append(f"seed {message.seed}" + (again if isinstance(said.get("reproducible"), bool) else ""))
    return "  ·  ".join(parts)


def _adapter(message: Message) -> str:
    name, scale = message.sampling.get("lora_name"), message.sampling.get("lora_scale")
    if not isinstance(name, str) or not name:
        return ""
    return f"with {name}" + (f" at {scale:.0%}" if isinstance(scale, int | float) and scale != 1 else "")


def _waiting_note(message: Message, live: Live | None) -> str:
    if live is None:
        return ""
    if message.text:
        return live.writing_words
    if message.thought:
        return ""  # its own line says so
    return "Loading the model…" if live.is_loading else live.reading_words
