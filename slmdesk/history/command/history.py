"""`slmdesk history`: list, show, search, export, rename, delete and restore what is kept."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from json import loads
from pathlib import Path
from typing import Any

import click

from slmdesk.base.attached import used_words
from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import to_json
from slmdesk.base.records import DocumentRecord, Item, Message, Rescued
from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.chat.conversation import words_of
from slmdesk.command.console import Console, NamedFile, json_option, table
from slmdesk.command.numbers import FiniteRange
from slmdesk.command.opening import key_of_backup
from slmdesk.command.output_files import check_file
from slmdesk.exports.chats import iso_time
from slmdesk.history.command.imports import import_chats
from slmdesk.history.day_labels import day_lines
from slmdesk.history.rescue_labels import rescued_words
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services

PAGE = 200
FORMS = ("md", "json", "html", "docx", "pdf", "xlsx", "csv")
HIT_MARKS = {0xE000: None, 0xE001: None}


@click.group()
def history() -> None:
    """Manage what is kept: chats, summaries, questions, tables, comparisons, translations."""


@history.command("list")
@click.option("--deleted", is_flag=True, help="Those in the bin.")
@click.option("--kind", metavar="KIND", help="Only these: chat, summary, question, translation…  Else all.")
@json_option
@click.pass_obj
def list_items(console: Console, deleted: bool, kind: str | None) -> None:
    """List everything that is kept, newest first."""
    requested = kind.strip().lower() if kind else None
    items: list[Item] = []
    with console.services() as services:
        while page := services.service_thread.call(
            partial(services.history.items, requested, **_after(items), deleted=deleted)
        ):
            items += page
    if console.as_json:
        console.give([_item(one) for one in items])
    elif items:
        table(console, [_row(one) for one in items])


@history.command()
@click.argument("chat", metavar="ID")
@json_option
@click.pass_obj
def show(console: Console, chat: str) -> None:
    """Print the text of an item; with --json all versions of its answers."""
    with console.services() as services:
        item = services.service_thread.call(lambda: services.history.item(chat))
        held = services.service_thread.call(lambda: services.chats.open(item.id))
        everything = services.service_thread.call(lambda: services.history.messages(item.id))
        segments: dict[str, Json] = {}
        if item.kind == "translation":  # its text is in segments, not messages
            form = "json" if console.as_json else "md"
            text = console.result_of(services, lambda: services.exports.give(item.id, form)).decode("utf-8")
            if console.as_json:
                segments = {name: value for name, value in loads(text).items() if name in ("segments", "left")}
        elif not console.as_json:
            text = services.service_thread.call(lambda: services.history.export(item.id, "md"))
    if console.as_json:
        rows: list[Json] = [_message(one) for one in everything]
        console.give({**_item(held.item), "messages": rows, "shown": [one.id for one in held.messages], **segments})
    else:
        console.write(text)


@history.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@click.pass_obj
def search(console: Console, words: tuple[str, ...], limit: int) -> None:
    """Find messages and titles that contain WORDS, newest first; if only a title matches, the message is empty.

    Translations with WORDS in one of their sentences, in either language, come after them.
    """
    requested = " ".join(words)
    with console.services() as services:
        found = list(services.service_thread.call(lambda: services.history.search(requested, limit=limit)))
        reported = {one.item for one in found if one.message}
        translated = console.result_of(services, lambda: services.typed.search(requested))
    titles = {one.item for one in found} - reported
    more = {item.id: snippet for item, snippet in translated.found if item.id not in reported}
    found = [one for one in found if one.item not in titles or one.item not in more]
    hits = [(one.item, one.message, one.title, one.snippet) for one in found]
    hits += [(item.id, "", item.title, more[item.id]) for item, _ in translated.found if item.id in more]
    hits = [(item, message, title, snippet.translate(HIT_MARKS)) for item, message, title, snippet in hits]
    rows: list[Json] = [
        {"chat": item, "message": message, "title": title, "snippet": snippet}
        for item, message, title, snippet in hits[:limit]
    ]
    if console.as_json:
        console.give(rows)
    elif hits:
        table(
            console,
            [(item, clean_label(title, 30), clean_label(snippet, 300)) for item, _, title, snippet in hits[:limit]],
        )
    if len(hits) >= limit:
        console.notify(f"note: only the newest {limit} are shown; --limit shows more.")
    if translated.was_cut:
        console.notify("note: the oldest translations were not looked through.")


@history.command()
@click.argument("chats", metavar="[ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="All chats, newest first, instead of ID...")
@click.option("--format", "form", type=click.Choice(FORMS), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), help="A file.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@json_option
@click.pass_obj
def export(console: Console, chats: tuple[str, ...], is_all: bool, form: str, output: Path | None, force: bool) -> None:
    """Export an item to stdout or into a file; xlsx holds its tables, csv is for tables of documents only.

    Several chats become one file, with their titles at its beginning: md, json, html, docx and pdf.
    """
    if is_all == bool(chats):
        raise click.UsageError("Give the ID of an item, those of several chats, or --all.")
    if output is None and form in ("docx", "pdf", "xlsx") and not console.as_json and sys.stdout.isatty():
        raise click.UsageError(f"A terminal cannot show {form}; -o FILE writes it to a file.")
    target = output.absolute() if output is not None and str(output) != "-" else None
    if output is not None and target is not None:
        named = output.suffix.lower().removeprefix(".")
        if named in FORMS and named != form:
            raise click.UsageError(f"“{output.name}” ends in .{named}, but --format says {form}.")
        check_file(output, replace=force)
    with console.services() as services:
        ids = _ids_of(services, chats, is_all)
        shape: dict[str, Json] = {"id": ids[0]} if len(chats) == 1 else {"ids": list(ids)}
        if target is None:
            data = console.result_of(services, partial(_given, services, ids, form, is_one=len(chats) == 1))
        else:
            size = console.result_of(
                services, partial(_given, services, ids, form, is_one=len(chats) == 1, target=target, replace=force)
            )
            if console.as_json:
                console.give({**shape, "format": form, "path": str(output), "bytes": size})
            console.notify(f"Written to {output}.")
            return
    is_text = form in ("md", "json", "html", "csv")
    if console.as_json and is_text:
        console.give({**shape, "format": form, "text": data.decode("utf-8-sig")})
    elif console.as_json:
        console.give({**shape, "format": form, "base64": b64encode(data).decode("ascii")})
    elif is_text and form != "csv":  # whose line ends and encoding mark must not change
        console.write(data.decode("utf-8"))
    else:
        console.write_bytes(data)


def _ids_of(services: Services, wanted: Sequence[str], is_all: bool) -> list[str]:
    """The ids of these items, or of all chats that are not in the bin."""
    if not is_all:
        return [services.service_thread.call(partial(services.history.item, one)).id for one in wanted]
    items: list[Item] = []
    while page := services.service_thread.call(partial(services.history.items, "chat", **_after(items))):
        items += page
    return [one.id for one in items]


def _given(
    services: Services,
    ids: Sequence[str],
    form: str,
    *,
    is_one: bool,
    target: Path | None = None,
    replace: bool = False,
) -> Pending[Any]:
    """The export of an item or of several chats: its bytes, or its size once it is written to `target`."""
    exports = services.exports
    if target is None:
        return exports.give(ids[0], form) if is_one else exports.give_several(ids, form)
    if is_one:
        return exports.write(ids[0], form, target, replace=replace)
    return exports.write_several(ids, form, target, replace=replace)


history.add_command(import_chats)


@history.command()
@click.argument("chat", metavar="ID")
@click.argument("title")
@json_option
@click.pass_obj
def rename(console: Console, chat: str, title: str) -> None:
    """Change the title of an item."""
    _reported(console, lambda services: services.history.rename(chat, title))


with_documents = click.option(
    "--with-documents", is_flag=True, help="Forget the text of its documents too, where nothing else uses them."
)


@history.command()
@click.argument("chat", metavar="ID")
@click.option("--for-good", is_flag=True, help="Leave its words in no file; cannot be undone.")
@with_documents
@json_option
@click.pass_obj
def delete(console: Console, chat: str, for_good: bool, with_documents: bool) -> None:
    """Move an item to the trash, from which `restore` takes it back."""
    if not for_good:
        if with_documents:
            raise click.UsageError("--with-documents goes with --for-good.")
        _reported(console, lambda services: services.history.trash(chat))
        return
    with console.services() as services:
        pairs = services.service_thread.call(lambda: services.history.remembered(chat))
        documents = services.service_thread.call(lambda: services.history.documents_only_of([chat]))
        gone, copies = services.service_thread.call(lambda: services.history.delete_for_good(chat))
        forgotten = _forget(console, services, documents) if with_documents else []
    for copy in copies:
        _report_aside(console, copy)
    if pairs:
        console.notify(
            f"note: the memory forgot what you wrote in it too: {pairs} {'pair' if pairs == 1 else 'pairs'}."
        )
    _list_documents(console, documents, forgotten)
    if console.as_json:
        remain: list[Json] = [str(one) for one in copies]
        reported: dict[str, Json] = {"id": gone, "deleted": "for_good", "memory_pairs": pairs, "may_remain_in": remain}
        console.give(reported | _documents_shape(documents, forgotten))
    else:
        console.say(gone)


@history.command("empty-trash")
@click.option("--older-than", "days", type=FiniteRange(0), default=0, help="Only what lay there so many days.")
@with_documents
@json_option
@click.pass_obj
def empty_trash(console: Console, days: float, with_documents: bool) -> None:
    """Delete everything in the trash for good.  This cannot be undone, and never happens by itself."""
    with console.services() as services:
        emptied = services.service_thread.call(lambda: services.history.empty_trash(days * 86_400))
        forgotten = _forget(console, services, emptied.documents) if with_documents else []
    for copy in emptied.may_remain_in:
        _report_aside(console, copy)
    _list_documents(console, emptied.documents, forgotten)
    if console.as_json:
        remain: list[Json] = [str(one) for one in emptied.may_remain_in]
        reported: dict[str, Json] = {"deleted": list(emptied.ids), "may_remain_in": remain}
        console.give(reported | _documents_shape(emptied.documents, forgotten))
    else:
        console.say(f"{len(emptied.ids)} deleted for good")


def _forget(console: Console, services: Services, documents: Sequence[DocumentRecord]) -> list[str]:
    return [console.result_of(services, partial(services.documents.forget, one.id)).id for one in documents]


def _list_documents(console: Console, documents: Sequence[DocumentRecord], forgotten: Sequence[str]) -> None:
    if forgotten:
        names = ", ".join(f"“{one.name}”" for one in documents)
        console.notify(f"note: the text of {names} was forgotten too; the files are where they were.")
        return
    for one in documents:
        console.notify(
            f"note: the text of “{one.name}” is still kept here, and nothing else uses it. To forget it: "
            f"slmdesk documents forget {one.id} (or delete --with-documents the next time)."
        )


def _documents_shape(documents: Sequence[DocumentRecord], forgotten: Sequence[str]) -> dict[str, Json]:
    kept: list[Json] = [{"id": one.id, "name": one.name} for one in documents if one.id not in forgotten]
    return {"documents_kept": kept, "documents_forgotten": list(forgotten)}


@history.command("forget-day")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@json_option
@click.pass_obj
def forget_day(console: Console, day: datetime, yes: bool) -> int | None:
    """Delete what was made on a day for good: chats, questions, summaries …, and documents that nothing else uses.

    What is older and was only changed on that day stays, and so does what is on hold.
    """
    with console.services() as services:
        found = services.service_thread.call(lambda: services.days.look(day.date()))
        for line in day_lines(found):
            console.notify(line)
        if not yes and not found.is_empty and not _agrees():
            console.notify("Nothing was deleted; --yes does it without asking.")
            return 1
        if not found.is_empty:
            found = console.result_of(services, lambda: services.days.forget(day.date()))
    if console.as_json:
        counts: dict[str, Json] = dict(found.counts)
        console.give({
            "day": found.day.isoformat(), "deleted": list(found.ids), "counts": counts,
            "documents_forgotten": list(found.documents), "held": found.held, "older": found.older,
        })  # fmt: skip
    elif not found.is_empty:
        console.say(f"{found.day.isoformat()} is forgotten.")
    return None


def _agrees() -> bool:
    return sys.stdin.isatty() and click.confirm("Delete it for good?", err=True)


@history.command()
@click.argument("chat", metavar="ID")
@json_option
@click.pass_obj
def restore(console: Console, chat: str) -> None:
    """Take an item out of the trash."""
    _reported(console, lambda services: services.history.restore(chat))


@history.command()
@click.argument("file", type=NamedFile(), required=False)
@json_option
@click.pass_obj
def rescue(console: Console, file: Path | None) -> int:
    """Recover what can be read of a damaged history: of FILE, or of all that were set aside."""
    done: list[tuple[Path, Rescued]] = []
    bad: list[Path] = []
    with console.services() as services:
        for one in [file] if file else services.service_thread.call(services.history.damaged):
            try:
                found = _rescued(console, services, one)
            except KnownError as err:
                if file or err.code.startswith(("store.", "disk.", "key.")):
                    raise
                bad.append(one)  # the others may be more readable
                continue
            done.append((one, found))
    for one in bad:
        console.notify(f"error: Nothing could be read in {one}.")
    if console.as_json:
        rows: list[Json] = [{"file": str(one), **to_json(found)} for one, found in done]
        console.give(rows)
        return int(bool(bad))
    if not done and not bad:
        console.notify("No damaged history was set aside.")
    for one, found in done:
        console.say(f"{one}: {rescued_words(found)}")
    return int(bool(bad))


def _rescued(console: Console, services: Services, damaged: Path) -> Rescued:
    """Rescue a file; of one that is encrypted with other keys than the history now, ask for what opens it."""
    try:
        return services.service_thread.call(partial(services.history.rescue, damaged))
    except KnownError as known:
        if known.code != "key.missing":
            raise
    key = key_of_backup(console, damaged)
    return services.service_thread.call(partial(services.history.rescue, damaged, key))


def _after(items: Sequence[Item]) -> dict[str, Any]:
    return {"limit": PAGE, "before": (items[-1].updated, items[-1].n) if items else None}


def _report_aside(console: Console, copy: Path) -> None:
    console.notify(f"note: {copy} is a history that was set aside; the words may still be in it.")


def _reported(console: Console, request: Callable[[Services], Item]) -> None:
    with console.services() as services:
        item = services.service_thread.call(lambda: request(services))
    if console.as_json:
        console.give(_item(item))
    else:
        console.say(f"{item.id}  {clean_label(item.title, 80)}")


def _item(item: Item) -> dict[str, Json]:
    return {
        **picked(item, "id", "kind", "title"),
        "created": iso_time(item.created),
        "updated": iso_time(item.updated),
        "deleted": iso_time(item.deleted_at) if item.deleted_at is not None else None,
    }


def _message(message: Message) -> dict[str, Json]:
    return {
        "id": message.id,
        "parent": message.parent,
        "role": str(message.role),
        "text": words_of(message),
        "attachments": [{"file": one.attached.name, "read": used_words(one.attached)} for one in message.attachments],
        "status": str(message.status),
        "created": iso_time(message.created),
        "model": message.model_name,
        "preset": message.preset,
        "is_edited": message.original is not None,
        "finish_reason": message.finish_reason,
        "error": message.error_code,
    }


def _row(item: Item) -> tuple[str, str, str, str]:
    return item.id, iso_time(item.updated)[:16].replace("T", " "), item.kind, clean_label(item.title, 80)
