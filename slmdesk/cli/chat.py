"""The commands `slmdesk chat` and `presets`: chats on the command line, and what teaches a task."""

from __future__ import annotations

import os
import queue
import re
import select
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slmdesk.base.protocol import picked
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import Message, Status
from slmdesk.base.runtime.events import (
    Event,
    MessageChanged,
    MessageEnded,
    MessageGrew,
    ModelState,
    ModelStateChanged,
    ThoughtGrew,
)
from slmdesk.base.types import Json, Sampling, used_words
from slmdesk.chat.conversation import blanks_note, window_then
from slmdesk.chat.settings import EVERY, MODEL, MOST_STOP, SAMPLED, STOP, Setting, is_stop
from slmdesk.chat.types import (
    ASK,
    ASTRAY,
    LEAVE_OUT,
    SUMMARIZE,
    AttachRequest,
    NotesBegun,
    QuotesFound,
    SendRequest,
    TurnsLeftOut,
)
from slmdesk.cli.console import (
    Console,
    FiniteRange,
    NamedFile,
    json_option,
    link_shared,
    list_out,
    refuse,
)
from slmdesk.cli.opening import named_model, read_stdin
from slmdesk.models.service import STARTER, is_starter
from slmdesk.services import Services

if TYPE_CHECKING:
    from slmdesk.chat.examples import Score
    from slmdesk.chat.types import Quoted
    from slmdesk.claims.types import Mark

Command = Callable[..., Any]
MOST_TEMPERATURE = 5


def _stops(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(is_stop, values)):
        raise click.BadParameter(f"a stop text has 1 to {MOST_STOP} characters.")
    return values


def _option_of(setting: Setting) -> Callable[[Command], Command]:
    flag = f"--{setting.name.replace('_', '-')}"
    words = setting.help or setting.words
    if setting is STOP:
        return click.option(flag, multiple=True, metavar="TEXT", callback=_stops, help=words)
    if setting is MODEL:
        return click.option("-m", flag, help=words)
    if setting.is_whole:
        whole = click.IntRange(int(setting.least), None if setting.name == "max_tokens" else int(setting.most))
        return click.option(flag, type=whole, metavar="N", help=words)
    if setting.is_number:
        most = MOST_TEMPERATURE if setting.name == "temperature" else setting.most
        return click.option(flag, type=FiniteRange(setting.least, most), metavar="N", help=words)
    return click.option(flag, type=click.Choice(setting.codes) if setting.codes else None, help=words)


GIVEN = tuple(setting for setting in EVERY if setting.name not in ("answer_length", "answer_language"))
KEPT = tuple(setting.name for setting in GIVEN if setting.name not in (MODEL.name, *SAMPLED))
"""Names of the settings that are kept for the chat; the others hold for this answer."""


def setting_options(command: Command) -> Command:
    """Add the options of a chat's settings to a command.

    It receives those of the answer as `sampling`, a Sampling, those that are kept for the chat as `kept`, and `model`.
    """

    @wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        sampling = Sampling(**{name: given.pop(name) for name in SAMPLED})
        kept = {name: value for name in KEPT if (value := given.pop(name)) is not None}
        return command(*args, sampling=sampling, kept=kept, **given)

    made: Command = run
    for setting in reversed(GIVEN):
        made = _option_of(setting)(made)
    return made


WHEN_FULL = {"ask": ASK, "leave-out": LEAVE_OUT, "summarize": SUMMARIZE}
PATIENCE_S = 0.5
"""Seconds for which a pipe on stdin may stay silent when a PROMPT is given."""
ADVICE = {
    "model.out_of_memory": "note: --anyway loads it all the same; this PC may become slow.",
    "context.full": "note: --when-full leave-out or summarize goes on without the oldest turns.",
}
"""What an option could do about a problem, by its code."""


@click.command()
@click.argument("prompt", required=False)
@click.option("-s", "--system", help="Instructions for the model.")
@click.option("-p", "--preset", help="Preset for this chat from now on: name or id, or “none”.")
@click.option("-c", "--chat", "chat_id", help="Go on with this chat (id or unique prefix).")
@setting_options
@click.option("--space", help="Begin the chat in this space, with its instructions and documents: name or id.")
@click.option(
    "--when-full",
    type=click.Choice(list(WHEN_FULL)),
    help="When the chat no longer fits the context, from now on: refuse (ask), leave out the oldest turns, or take the "
    "model's notes for them (summarize).",
)
@click.option(
    "--attach",
    "files",
    multiple=True,
    type=NamedFile(),
    metavar="FILE",
    help="Give it this document, or those of this folder (can be repeated).",
)
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    type=NamedFile(),
    metavar="FILE[#PAGE]",
    help="Show it this picture, or a page of this PDF (can be repeated).",
)
@click.option("--password", is_flag=True, help="Ask for the password of each locked document first.")
@click.option("--anyway", is_flag=True, help="Load the model even where memory looks too short for it.")
@click.option("--no-save", is_flag=True, help="Keep nothing of it on the disk.")
@json_option
@click.pass_obj
def chat(
    console: Console,
    prompt: str | None,
    model: str | None,
    system: str | None,
    preset: str | None,
    chat_id: str | None,
    sampling: Sampling,
    kept: dict[str, Json],
    space: str | None,
    when_full: str | None,
    files: tuple[Path, ...],
    pictures: tuple[Path, ...],
    password: bool,
    anyway: bool,
    no_save: bool,
) -> int:
    """Ask PROMPT, or the text on stdin; on a terminal without either, chat until Ctrl-D.

    With PROMPT, text from a file or pipe on stdin is added below it: slmdesk chat "Say it shorter:" < letter.txt

    Attachments are read in full where they fit, else the passages that match the question.
    """
    console.is_streaming = True
    refuse(no_save and chat_id, "--no-save keeps nothing, so it cannot go on with a saved chat (-c).")
    refuse(space and chat_id, "--space begins a new chat, so it cannot go with a saved one (-c).")
    interactive = prompt is None and sys.stdin.isatty()
    if prompt in (None, "-") and not interactive:
        prompt = read_stdin()
    elif prompt is not None and (more := _given_beside(console)):
        prompt = f"{prompt}\n\n{more}"
    prompt = prompt or ""
    refuse(not interactive and not prompt.strip(), "There is nothing to say: give a PROMPT, or words on stdin.")
    changes: dict[str, Json] = {"system": system, "preset": preset, **kept, "when_full": WHEN_FULL.get(when_full or "")}
    for name in ("preset", "lora"):
        if changes.get(name) == "none":
            changes[name] = ""
    request = SendRequest(
        text=prompt,
        chat=chat_id,
        model=model,
        sampling=sampling,
        changes={name: value for name, value in changes.items() if value is not None},
        space=space or "",
        anyway=anyway,
        save=not no_save,
    )
    with console.services() as services:
        link_shared(console, services)
        unread: list[dict[str, Json]] = []
        if files:
            read, unread = attached(console, services, files, password=password, save=not no_save)
            request = changed(request, attach=read)
        for path in pictures:
            request = changed(request, attach=(*request.attach, _picture(console, services, path)))
        talk = _ChatRun(console, services, unread)
        return (talk.go_on(request) if interactive else talk.say(request)) or (1 if unread else 0)


OF_ANSWER = (ThoughtGrew, MessageGrew, NotesBegun, TurnsLeftOut, QuotesFound)
"""Events of an answer, which have its id as `message`."""


class _ChatRun:
    def __init__(self, console: Console, services: Services, unread: Sequence[Mapping[str, Json]] = ()) -> None:
        self._console, self._services, self._unread = console, services, unread
        self._info: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.chat: str | None = None
        self._thinks = False
        """Whether it was said that the model thinks."""
        self._answered = ""
        """Id of the model that answered last."""
        services.on(Event, self._info.put)

    def go_on(self, request: SendRequest) -> int:
        """Ask and answer until Ctrl-D. Ctrl-C stops an answer; when none is being written, it ends the conversation."""
        self._console.notify("Ctrl-D ends the conversation, Ctrl-C stops an answer.")
        self.chat = request.chat
        while True:
            try:
                text = input("> ")
            except EOFError:
                self._console.notify("")
                return 0
            except UnicodeDecodeError as err:
                raise click.UsageError("The terminal sent what is no UTF-8 text.") from err
            if text.strip():
                self.say(changed(request, text=text, chat=self.chat))
                request = changed(request, attach=())  # later messages need not attach them again

    def say(self, request: SendRequest) -> int:
        """Send one question and print its answer.  Returns the exit status."""
        services = self._services
        sent = services.call.chats.send(self._checked(request), explicit_model=bool(request.model))
        self.chat = sent.item.id
        answer = sent.answer.id
        record = services.call.models.by_sha256(sent.answer.model_sha256)
        if record is not None and is_starter(record) and not self._console.as_json:
            better = "A better one: slmdesk models recommend"
            self._console.notify(f"note: {STARTER.format(name=record.name)} {better}")
        if record is not None and self._answered not in ("", record.id):
            self._console.notify(f"note: {record.name} answers from now on.")
        self._answered = record.id if record else ""
        try:
            return self._print(answer, saved=request.save)
        except KeyboardInterrupt:
            self._stop(answer)
            return self._print(answer, saved=request.save)
        except BaseException:
            self._stop(answer)
            raise

    def _stop(self, answer: str) -> None:
        """Stop an answer without waiting for it: on a busy PC that took longer than any limit."""
        services = self._services
        services.service_thread.post(lambda: services.chats.stop(answer))

    def _checked(self, request: SendRequest) -> SendRequest:
        """Replace a shortened chat id by the full one."""
        if request.chat is None or request.chat == self.chat:
            return request
        return changed(request, chat=self._services.call.history.item(request.chat).id)

    def _print(self, answer: str, *, saved: bool) -> int:
        shows: dict[type[Event], Callable[[Any], object]] = {
            ModelStateChanged: self._show_loading,
            ThoughtGrew: self._show_thinking,
            MessageGrew: self._show_words,
            NotesBegun: lambda _event: self._console.notify("summarizing the earlier part of the chat\u2026"),
            TurnsLeftOut: lambda event: self._console.notify(left_out_words(event)),
            MessageChanged: lambda event: say_read(self._console, event.message),
        }
        ended: MessageEnded | None = None
        self._thinks = False
        while True:
            event = self._console.next_of(self._info)
            if isinstance(event, OF_ANSWER) and event.message != answer:
                continue
            if isinstance(event, MessageEnded) and event.message.id == answer:
                ended = event
                if event.message.status is not Status.COMPLETE or not self._has_attachments(event.message.item):
                    return self._end(event, saved=saved)
            elif isinstance(event, QuotesFound) and ended:
                quotes = [quote for quote in event.quotes if not quote.is_near]
                return self._end(ended, quotes, event.marks, saved=saved)
            elif type(event) in shows:
                shows[type(event)](event)

    def _show_loading(self, event: ModelStateChanged) -> None:
        if event.state is ModelState.LOADING:
            self._console.progress(f"loading {event.name}", event.fraction, 1.0)
        else:
            self._console.end_progress()

    def _show_thinking(self, _event: ThoughtGrew) -> None:
        if not self._thinks:
            self._thinks = True
            self._console.notify("thinking…")

    def _show_words(self, event: MessageGrew) -> None:
        if self._console.as_json:
            self._console.give({"type": "token", "text": event.text})
        else:
            self._console.write(event.text)

    def _has_attachments(self, item: str) -> bool:
        return any(message.attachments for message in self._services.call.chats.open(item).messages)

    def _end(
        self, ended: MessageEnded, quotes: Sequence[Quoted] = (), marks: Sequence[Mark] = (), *, saved: bool
    ) -> int:
        console, message = self._console, ended.message
        if not console.as_json and message.text and not message.text.endswith("\n"):
            console.say()
        if message.status is Status.COMPLETE:
            if (unsaved := self._services.call.chats.answers.save_end(message.id)) is not None:
                console.fail(unsaved.code, unsaved.sentence, unsaved.args, {"text": message.text})
                console.notify("note: the answer is whole, but the history does not have all of it.")
                return 1
            self._say_done(ended, quotes, marks, saved=saved)
            console.result_of(self._services, lambda: self._services.chats.keep_examples(message.id))
            return 0
        if message.status is Status.CANCELLED:
            if console.as_json:
                console.give({"type": "cancelled", "chat": message.item if saved else None})
            return 130
        problem = ended.problem
        assert problem is not None  # an answer that was neither completed nor stopped has failed
        console.fail(problem.code, problem.sentence, problem.args)
        if problem.code in ADVICE:
            console.notify(ADVICE[problem.code])
        return 1

    def _say_done(self, ended: MessageEnded, quotes: Sequence[Quoted], marks: Sequence[Mark], *, saved: bool) -> None:
        console, message = self._console, ended.message
        if console.as_json:
            read = attachments_of(self._services, message)
            failed: dict[str, Json] = {"failed": list(self._unread)} if self._unread else {}
            opened = self._services.call.chats.open(message.item)
            left_out = len(window_then(opened.item, message).left_out(opened.messages))
            done = {**_done(ended, saved=saved), "left_out": left_out, "attachments": read}
            cited: list[Json] = [{"file": quote.name, "page": quote.page, "quote": quote.quote} for quote in quotes]
            console.give({**done, "citations": cited, "marks": list(map(to_json, marks)), **failed})
            return
        from slmdesk.claims.types import check_words  # late: the question is sent first

        for quote in quotes:
            console.notify(f"\u201c{quote.quote}\u201d \u2014 {quote.name}, page {quote.page}")
        for words in filter(None, (blanks_note(message), check_words(marks))):
            console.notify(f"note: {words[0].lower()}{words[1:]}")
        if message.finish_reason in ASTRAY:
            console.notify(f"note: {ASTRAY[message.finish_reason]}")
        elif message.finish_reason == "length" and saved:
            console.notify(f"note: the answer was cut at its limit; the chat is {message.item}.")
        elif sys.stderr.isatty() and ended.timing and saved:
            console.notify(f"chat {message.item}, {ended.timing.tokens_per_s:.0f} tokens/s")


def left_out_words(event: TurnsLeftOut) -> str:
    words = "the oldest message is" if event.count == 1 else f"the {event.count:,} oldest messages are"
    instead = "; it reads notes on them instead" if event.has_notes else ""
    return f"note: {words} left out of what the model reads{instead}. The chat keeps them."


def _given_beside(console: Console) -> str:
    """Read stdin in addition to a PROMPT, if it is a file or a pipe that has text or ends soon.

    A pipe that stays silent is ignored, because cron and build servers leave one open.
    """
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISFIFO(mode) and os.name != "nt":  # Windows can only wait for sockets
        if not select.select([sys.stdin], [], [], PATIENCE_S)[0]:
            console.notify("note: nothing came on stdin; only PROMPT was asked.")
            return ""
    elif not stat.S_ISREG(mode):
        return ""
    return read_stdin().strip()


def _done(ended: MessageEnded, *, saved: bool) -> dict[str, Json]:
    message = ended.message
    done: dict[str, Json] = {"type": "done", "chat": None, "message": None, "usage": {}, "timing": {}}
    if saved:
        done |= {"chat": message.item, "message": message.id}
    if ended.usage:
        done["usage"] = to_json(ended.usage)
    if ended.timing:
        done["timing"] = to_json(ended.timing)
    sampling = {name: message.sampling.get(name) for name in ("lora", "lora_scale", "reproducible")}
    return {**done, **picked(message, "text", "finish_reason", "seed"), "model": message.model_name, **sampling}


def attached(
    console: Console, services: Services, files: Sequence[Path], *, password: bool, save: bool
) -> tuple[tuple[AttachRequest, ...], list[dict[str, Json]]]:
    """Have documents read so that they can be attached. Nothing of them is stored unless `save`.

    A document that cannot be read does not stop the others; the failures are printed and returned. Raises KnownError
    document.…, file.… if no document can be attached.
    """
    from slmdesk.cli.reading import ask_password, documents_among, each_read, open_document

    def read(file: Path) -> AttachRequest:
        secret = ask_password(file) if password else ""
        if not save or services.read_only:
            return _unsaved(console, services, file, secret)
        record = open_document(console, services, file, password=secret)
        return AttachRequest(record.id, record.name)

    requests, failed = each_read(console, documents_among(console, services, files), read)
    return tuple(requests), failed


def _picture(console: Console, services: Services, file: Path) -> AttachRequest:
    from slmdesk.base.documents import has_page_pictures  # only a picture needs it

    paged, number = re.fullmatch(r"(.+)#(\d{1,9})", file.name), 1
    if paged and has_page_pictures(Path(paged[1])):
        file, number = file.with_name(paged[1]), int(paged[2])
    return console.result_of(services, lambda: services.chats.pictures.take(file, number=number))


def _unsaved(console: Console, services: Services, file: Path, secret: str) -> AttachRequest:
    from slmdesk.chat.attachment_text import page_text

    read = console.result_of(services, lambda: services.documents.read(file, password=secret))
    source = tuple(page_text(page) for page in read.pages)
    return AttachRequest(name=file.name, source=source, page_kind=str(read.info.page_kind))


def say_read(console: Console, question: Message) -> None:
    for part in question.attachments:
        about = part.attached
        tokens = f", {about.tokens:,} tokens" if about.tokens else ""
        is_partly = about.words_left_out and not about.is_gone
        left_out = f"; {about.words_left_out:,} of {about.words_total:,} words left out" if is_partly else ""
        console.notify(f"{about.name}: {used_words(about)}{tokens}{left_out}")


def attachments_of(services: Services, answer: Message) -> list[Json]:
    def question() -> Message | None:
        path = services.chats.open(answer.item).messages
        return next((message for message in path if message.id == answer.parent), None)

    asked = services.service_thread.call(question)
    return [
        {
            "file": about.name,
            "tokens": about.tokens,
            "whole": about.is_whole,
            "pages_used": len(about.pages_used),
            "pages_total": about.pages_total,
            "pages": list(about.pages_used),
            "pages_without_words": list(about.pages_unread),
            "words_read": about.words_read,
            "words_left_out": about.words_left_out,
        }
        for about in (part.attached for part in (asked.attachments if asked else ()))
    ]


@click.command()
@click.argument("name", required=False)
@click.option(
    "--add",
    "file",
    type=NamedFile(dir_okay=False),
    metavar="FILE",
    help="Add the examples of FILE (CSV or TSV with two columns, JSON lines), to a new preset if there is none.",
)
@click.option("--teach", is_flag=True, help="Make examples of the answers that you corrected in chats with it.")
@click.option("--score", is_flag=True, help="Ask the model each example with all others, and compare.")
@click.option("-m", "--model", help="With --score: id or name, or its beginning.")
@json_option
@click.pass_obj
def presets(
    console: Console, name: str | None, file: Path | None, model: str | None, *, teach: bool, score: bool
) -> int:
    """List the presets, or show the examples of the preset NAME, of which the model learns a task."""
    if name is None:
        refuse(file or teach or score, "Name the preset.")
        return _list_presets(console)
    with console.services() as services:
        shape = _taught(console, services, name, file, teach=teach)
        preset = services.call.chats.presets.get(str(shape["id"]))
        if score:
            from slmdesk.cli.progress import follow

            named_model(services, model)
            follow(console, services, services.call.examples.begin(preset.id, model))
        scored = services.call.examples.score(preset.id)
        words = f"{len(preset.options.examples)} examples"
        if services.call.models.list():
            room = console.result_of(services, lambda: services.examples.room(preset.options))
            shape |= {"tokens": room.tokens, "context": room.context}
            words = f"{words}, {room.words}"
    if console.as_json:
        shape["examples"] = [[example.question, example.answer] for example in preset.options.examples]
        if scored:
            tried: list[Json] = list(map(to_json, scored.tried))
            shape["score"] = {"model": scored.model, "same": scored.same, "total": scored.total, "tried": tried}
        console.give({"name": preset.name, **shape})
        return int(bool(shape.get("wrong")))
    if not (file or score):
        for example in preset.options.examples:
            console.say(f"{example.question}\n\u2192 {example.answer}\n")
    console.say(f"{preset.name}: {words}")
    if scored:
        _say_score(console, scored)
    return int(bool(shape.get("wrong")))


def _list_presets(console: Console) -> int:
    with console.services() as services:
        presets = services.call.chats.presets.list()
    counted = [(preset, len(preset.options.examples)) for preset in presets]
    shapes: list[Json] = [{**picked(preset, "id", "name"), "examples": count} for preset, count in counted]
    list_out(console, shapes, [(preset.id, preset.name, f"{count} examples") for preset, count in counted])
    return 0


def _say_score(console: Console, score: Score) -> None:
    console.say(f"{score.model}: {score.words}")
    for trial in score.tried:
        if not trial.is_same:
            said = trial.problem or f"{trial.answer or '(nothing)'}  ({trial.likeness:.0%} alike)"
            console.say(f"\n{trial.question}\n  you wrote:  {trial.wanted}\n  it answers: {said}")


def _taught(console: Console, services: Services, name: str, file: Path | None, *, teach: bool) -> dict[str, Json]:
    """Add what was asked for to a preset. Return its id, and what was added and left out."""
    if not (file or teach):
        return {"id": services.call.chats.presets.get(name).id}
    services.store.require_writable()
    wrong: list[Json] = []
    if file:
        read = services.call.examples.read(file)
        taught = services.call.examples.add(name, read.pairs)
        wrong += [{"row": number, "reason": reason} for number, reason in read.wrong]
        if read.wrong:
            console.notify(f"note: {read.sentence}")
    if teach:
        taught = services.call.examples.teach(taught.preset.id if file else name)
    made = f"; the preset {taught.preset.name} was made" if taught.before is None else ""
    console.notify(f"note: {taught.added} examples were added{made}.")
    return {"id": taught.preset.id, "added": taught.added, "wrong": wrong}
