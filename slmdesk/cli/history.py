"""Commands `slmdesk history`, `backup`, `restore` and `delete-everything`: what is kept."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from json import loads
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.protocol import picked
from slmdesk.base.record import to_json
from slmdesk.base.records import DOCUMENT, KINDS, Brought, DocumentRecord, HistoryContents, Item, Message, Rescued
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.types import Json, used_words
from slmdesk.base.untrusted import clean_label
from slmdesk.cli.console import Console, NamedFile, answer, headings_option, json_option, list_out, refuse
from slmdesk.cli.opening import key_of_backup, keys_for_restoring
from slmdesk.cli.output import check_file, naming
from slmdesk.cli.terminal import one_line
from slmdesk.exports.papers import iso_time
from slmdesk.history.backups import backups, last_replaced, look_into, restore, undo
from slmdesk.history.erasing import CONFIRMATION, Erasure, erase
from slmdesk.history.imports import ImportProgress
from slmdesk.history.labels import brought_lines, replacing_words, rescued_words
from slmdesk.services import Services


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=NamedFile(), metavar="FILE...")
@json_option
@click.pass_obj
def import_chats(console: Console, files: tuple[Path, ...]) -> int:
    """Import the chats in FILE..., files or folders.

    Exports of ChatGPT (the zip file, or conversations.json) and JSON exports of slmdesk. A
    chat that is here already is not added again.
    """

    def progressed(progress: ImportProgress) -> None:
        console.progress(f"{progress.file}: chats", progress.added + progress.known, 0)

    with console.services() as services:
        paths = [file.absolute() for file in files]
        report = console.result_of(services, lambda: services.imports.import_files(paths), progressed)
    for _name, problem in report.problems:
        console.notify(f"error: {problem.sentence}")
    problems: list[Json] = [
        {"file": name, "code": problem.code, "message": problem.sentence} for name, problem in report.problems
    ]
    counts = picked(report, "unknown", "too_large", "empty")
    left_out = dict(report.left_out or {})
    shape: Json = {
        "imported": list(report.added),
        "already_here": report.known,
        "left_out": left_out,
        **counts,
        "problems": problems,
    }
    answer(console, shape, *report.counts)
    return int(bool(report.problems))


PAGE = 200
NO_TEXT = ("docx", "pdf", "xlsx")
FORMS = ("md", "json", "html", "docx", "pdf", "xlsx", "csv", "ics")
HIT_MARKS = {0xE000: None, 0xE001: None}
ITEM_KINDS = (*(kind for kind in KINDS if kind not in ("", DOCUMENT)), "space")


@click.group()
def history() -> None:
    """Manage what is kept: chats, summaries, questions, tables, comparisons, translations."""


@history.command("list")
@click.option("--deleted", is_flag=True, help="Those in the trash.")
@click.option(
    "--kind", type=click.Choice(ITEM_KINDS, case_sensitive=False), metavar="KIND",
    help="Only these: chat, summary, question, translation …",
)  # fmt: skip
@json_option
@click.pass_obj
def list_items(console: Console, deleted: bool, kind: str | None) -> None:
    """List everything that is kept, newest first."""
    with console.services() as services:
        items = _all_items(services, kind, deleted=deleted)
    list_out(console, [_item(item) for item in items], [_row(item) for item in items])


@history.command()
@click.argument("chat", metavar="ID")
@json_option
@click.pass_obj
def show(console: Console, chat: str) -> None:
    """Print the text of an item; with --json all versions of its answers."""
    with console.services() as services:
        item = services.call.history.item(chat)
        held = services.call.chats.open(item.id)
        everything = services.call.history.messages(item.id)
        form = "json" if console.as_json else "md"
        if item.kind == "translation":  # its text is in segments, not messages
            text = console.result_of(services, lambda: services.exports.give(item.id, form)).decode("utf-8")
        else:
            text = services.call.history.export(item.id, form)
    if not console.as_json:
        console.write(text)
        return
    rows: list[Json] = [_message(message) for message in everything]
    segments = {name: value for name, value in loads(text).items() if name in ("segments", "left")}
    console.give({**_item(held.item), "messages": rows, "shown": [message.id for message in held.messages], **segments})


@history.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), metavar="N", default=50, show_default=True)
@json_option
@click.pass_obj
def search(console: Console, words: tuple[str, ...], limit: int) -> None:
    """Find messages, titles and translations that contain WORDS, newest first."""
    requested = " ".join(words)
    with console.services() as services:
        messages = list(services.call.history.search(requested, limit=limit))
        translated = console.result_of(services, lambda: services.translations.search(requested))
    by_words = {hit.item for hit in messages if hit.message}
    # a translation is found by its sentences rather than by its title alone
    more = {item.id: (item.title, snippet) for item, snippet in translated.found if item.id not in by_words}
    hits = [(hit.item, hit.message, hit.title, hit.snippet) for hit in messages if hit.item not in more]
    hits += [(item, "", title, snippet) for item, (title, snippet) in more.items()]
    shapes: list[Json] = []
    rows: list[Sequence[str]] = []
    for item, message, title, marked in hits[:limit]:
        snippet = marked.translate(HIT_MARKS)
        shapes.append({"chat": item, "message": message, "title": title, "snippet": snippet})
        rows.append((item, clean_label(title, 30), clean_label(snippet, 300)))
    list_out(console, shapes, rows)
    if len(hits) >= limit:
        console.notify(f"note: only the newest {limit} are shown; --limit shows more.")
    if translated.was_cut:
        console.notify("note: the oldest translations were not looked through.")


@history.command()
@click.argument("chats", metavar="[ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="All chats, newest first, instead of ID...")
@click.option("--format", "form", type=click.Choice(FORMS), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), help="A file.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@headings_option
@json_option
@click.pass_obj
def export(console: Console, chats: tuple[str, ...], is_all: bool, form: str, output: Path | None, force: bool) -> None:
    """Export an item to stdout or into a file; xlsx holds its tables, csv is for tables of documents only.

    Several chats become one file, with their titles at its beginning: md, json, html, docx and pdf.
    """
    refuse(is_all == bool(chats), "Give the ID of an item, those of several chats, or --all.")
    is_shown = output is None and not console.as_json and sys.stdout.isatty()
    refuse(is_shown and form in NO_TEXT, f"A terminal cannot show {form}; -o FILE writes it to a file.")
    target = output.absolute() if output is not None and str(output) != "-" else None
    if output is not None and target is not None:
        named = output.suffix.lower().removeprefix(".")
        is_other = named in FORMS and named != form
        refuse(is_other, f"“{output.name}” ends in .{named}, but --format says {form}.")
        check_file(output, replace=force)
    with console.services() as services:
        ids = _ids_of(services, chats, is_all)
        shape: dict[str, Json] = {"id": ids[0]} if len(chats) == 1 else {"ids": list(ids)}
        exports, is_one = services.exports, len(chats) == 1
        if target is None:
            give = partial(exports.give, ids[0]) if is_one else partial(exports.give_several, ids)
            data = console.result_of(services, partial(give, form, headings=console.headings))
        else:
            write = partial(exports.write, ids[0]) if is_one else partial(exports.write_several, ids)
            write = partial(write, form, target, replace=force, headings=console.headings)
            with naming(console, output):
                size = console.result_of(services, write)
            if console.as_json:
                console.give({**shape, "format": form, "path": str(output), "bytes": size})
            console.notify(f"Written to {output}.")
            return
    is_bytes = form in (*NO_TEXT, "ics")
    if console.as_json and is_bytes:
        console.give({**shape, "format": form, "base64": b64encode(data).decode("ascii")})
    elif console.as_json:
        console.give({**shape, "format": form, "text": data.decode("utf-8-sig")})
    elif is_bytes or form == "csv":  # csv keeps its line ends and byte order mark
        console.write_bytes(data)
    else:
        console.write(data.decode("utf-8"))


def _ids_of(services: Services, wanted: Sequence[str], is_all: bool) -> list[str]:
    """Return the ids of these items, or of all chats that are not in the trash."""
    if not is_all:
        return [services.call.history.item(id).id for id in wanted]
    return [item.id for item in _all_items(services, "chat")]


def _all_items(services: Services, kind: str | None, *, deleted: bool = False) -> list[Item]:
    items: list[Item] = []
    while True:
        before = (items[-1].updated, items[-1].n) if items else None
        page = partial(services.history.items, kind, limit=PAGE, before=before, deleted=deleted)
        if not (more := services.service_thread.call(page)):
            return items
        items += more


history.add_command(import_chats)


with_documents = click.option(
    "--with-documents", is_flag=True, help="Forget its documents too, where nothing else uses them."
)


@history.command()
@click.argument("chat", metavar="ID")
@click.option("--for-good", is_flag=True, help="Leave its words in no file; cannot be undone.")
@with_documents
@json_option
@click.pass_obj
def delete(console: Console, chat: str, for_good: bool, with_documents: bool) -> None:
    """Move an item to the trash, from which the window takes it back."""
    refuse(with_documents and not for_good, "--with-documents goes with --for-good.")
    if not for_good:
        with console.services() as services:
            item = services.call.history.trash(chat)
        answer(console, _item(item), f"{item.id}  {clean_label(item.title, 80)}")
        return
    with console.services() as services:
        pairs = services.call.history.remembered(chat)
        documents = services.call.history.documents_only_of([chat])
        gone, copies = services.call.history.delete_for_good(chat)
        forgotten = _forget(console, services, documents) if with_documents else []
    shape: dict[str, Json] = {"id": gone, "deleted": "for_good", "memory_pairs": pairs}
    _report_deleted(console, shape, gone, copies, documents, forgotten, pairs)


def _forget(console: Console, services: Services, documents: Sequence[DocumentRecord]) -> list[str]:
    return [console.result_of(services, partial(services.documents.forget, document.id)).id for document in documents]


def _report_deleted(
    console: Console,
    shape: dict[str, Json],
    words: str,
    copies: Sequence[Path],
    documents: Sequence[DocumentRecord],
    forgotten: Sequence[str],
    pairs: int = 0,
) -> None:
    """Print what was deleted, where its words may remain, and whether the text of its documents was deleted."""
    for copy in copies:
        console.notify(f"note: {copy} is a history that was set aside; the words may still be in it.")
    if pairs:
        memory = f"the memory forgot what you wrote in it too: {pairs} {'pair' if pairs == 1 else 'pairs'}."
        console.notify(f"note: {memory}")
    if forgotten:
        names = ", ".join(f"“{document.name}”" for document in documents)
        console.notify(f"note: the text of {names} was forgotten too; the files are where they were.")
    kept = [document for document in documents if document.id not in forgotten]
    for document in kept:
        console.notify(
            f"note: the text of “{document.name}” is still kept here, and nothing else uses it. To forget it: "
            f"slmdesk documents forget {document.id} (or delete --with-documents the next time)."
        )
    shape |= {
        "may_remain_in": list(map(str, copies)),
        "documents_kept": [picked(document, "id", "name") for document in kept],
        "documents_forgotten": list(forgotten),
    }
    answer(console, shape, words)


@history.command()
@click.argument("file", type=NamedFile(), required=False)
@json_option
@click.pass_obj
def rescue(console: Console, file: Path | None) -> int:
    """Recover what can be read of a damaged history: of FILE, or of all that were set aside."""
    done: list[tuple[Path, Rescued]] = []
    bad: list[Path] = []
    with console.services() as services:
        for path in [file] if file else services.call.history.damaged():
            try:
                rescued = _rescued(console, services, path)
            except KnownError as err:
                if file or err.code.startswith(("store.", "disk.", "key.")):
                    raise
                bad.append(path)  # other copies may be readable
                continue
            done.append((path, rescued))
    for path in bad:
        console.notify(f"error: Nothing could be read in {path}.")
    if not (done or bad or console.as_json):
        console.notify("No damaged history was set aside.")
    rows: list[Json] = [{"file": str(path), **to_json(rescued)} for path, rescued in done]
    answer(console, rows, *(one_line(f"{path}: {rescued_words(rescued)}") for path, rescued in done))
    return int(bool(bad))


def _rescued(console: Console, services: Services, damaged: Path) -> Rescued:
    """Rescue a damaged history. If its encryption key is not the current one, ask for passphrase or recovery key."""
    try:
        return services.call.history.rescue(damaged)
    except KnownError as known:
        if known.code != "key.missing":
            raise
    key = key_of_backup(console, damaged)
    return services.call.history.rescue(damaged, key)


def _item(item: Item) -> dict[str, Json]:
    return {
        **picked(item, "id", "kind", "title"),
        "created": iso_time(item.created),
        "updated": iso_time(item.updated),
        "deleted": iso_time(item.deleted_at) if item.deleted_at is not None else None,
    }


def _message(message: Message) -> dict[str, Json]:
    attached = [attachment.attached for attachment in message.attachments]
    return {
        "id": message.id, "parent": message.parent, "role": str(message.role), "text": message.words,
        "attachments": [{"file": file.name, "read": used_words(file)} for file in attached],
        "status": str(message.status), "created": iso_time(message.created), "model": message.model_name,
        "preset": message.preset, "is_edited": message.original is not None,
        "finish_reason": message.finish_reason, "error": message.error_code,
    }  # fmt: skip


def _row(item: Item) -> tuple[str, str, str, str]:
    when = datetime.fromtimestamp(item.updated).astimezone().isoformat(" ", "minutes")
    return item.id, when, item.kind, clean_label(item.title, 80)


@click.command()
@click.argument("file", type=NamedFile(dir_okay=False), required=False)
@click.option("--list", "is_list", is_flag=True, help="Show the copies slmdesk has made by itself, newest first.")
@click.option("--plain", is_flag=True, help="Of an encrypted history: without encryption, readable by everybody.")
@json_option
@click.pass_obj
def backup(console: Console, file: Path | None, is_list: bool, plain: bool) -> None:
    """Copy the history to FILE and verify the copy.  The window must be closed.

    The copy of an encrypted history is encrypted, too.
    """
    refuse((file is None) != is_list, "Give a FILE, or --list.")
    if file is None:
        _list(console)
        return
    target = file.absolute()

    with console.services() as services:
        made = console.result_of(
            services,
            lambda: services.backups.make(target, plain=plain),
            lambda report: console.progress("backup", *report),
        )
    if plain:
        console.notify(f"note: {file} is not encrypted. Whoever has the file can read the whole history.")
    answer(console, picked(made, "bytes", "sha256"), _copied(f"{file}", made.bytes, made.sha256))


def _copied(name: str, size: int, sha256: str) -> str:
    return one_line(f"{name}  {size:,} bytes  sha256 {sha256}")


def _list(console: Console) -> None:
    copies = backups(find_paths(console.home))  # without opening the history, which may be damaged
    shape: list[Json] = [{"path": str(copy.path), "time": iso_time(copy.time), "bytes": copy.bytes} for copy in copies]
    rows = [(iso_time(copy.time), f"{copy.bytes:,} bytes", str(copy.path)) for copy in copies]
    list_out(console, shape, rows, nothing="There are no copies.")


@click.command("restore")
@click.argument("file", type=NamedFile(), required=False)
@click.option("--undo", "is_undo", is_flag=True, help="Bring back the history that the last restore replaced.")
@click.option(
    "--brought",
    type=click.Choice(["use", "leave"]),
    help="Use what the backup brings, or leave it out.  Also without FILE.",
)
@click.option("--yes", is_flag=True, help="Replace without asking.")
@json_option
@click.pass_obj
def restore_history(console: Console, file: Path | None, is_undo: bool, brought: str | None, yes: bool) -> int | None:
    """Replace the history by the backup FILE; the old history is set aside.  The window must be closed.

    Models, presets and folders to watch that only the backup knows are not used before
    you say so; unfinished jobs are paused.
    """
    has_one_source = is_undo if file is None else not is_undo
    is_only_brought = file is None and not is_undo and brought is not None
    refuse(not (has_one_source or is_only_brought), "Give a FILE, or --undo, or --brought.")
    asks = sys.stdin.isatty() and not yes and not console.as_json
    if is_only_brought:
        with console.services() as services:
            _decide(console, services, brought, asks=False)
        return None
    paths = find_paths(console.home)
    source = last_replaced(paths) if file is None else file.absolute()
    key, source_key = keys_for_restoring(console, paths, source)
    if asks and not is_undo and not _is_wanted(*look_into(paths, source, key=key, source_key=source_key)):
        console.notify("Nothing was changed.")
        return 1
    if is_undo:
        done = undo(paths, key=key, source_key=source_key)
        key, source_key = (source_key, None) if source_key else (key, None)
    else:
        done = restore(paths, source, key=key, source_key=source_key)
    with console.services(key=key or source_key) as services:  # opening it prints the notices there are
        found = _decide(console, services, brought, asks=asks and not is_undo)
    aside = str(done.aside) if done.aside else None
    shape: Json = {**picked(done, "bytes", "sha256"), "set_aside": aside, "brought": _shape_of(found)}
    answer(console, shape, _copied(f"{file or source.name}", done.bytes, done.sha256))
    if aside and not console.as_json:
        console.notify(f"note: the history that was there is now {done.aside}; slmdesk restore --undo brings it back.")
    return None


def _is_wanted(theirs: HistoryContents, mine: HistoryContents | None) -> bool:
    words = replacing_words(theirs, mine or HistoryContents({}, 0, 0.0))
    return click.confirm("\n".join((*words, "Replace?")), err=True)


def _decide(console: Console, services: Services, brought: str | None, *, asks: bool) -> Brought:
    """Use or leave out what the backup brought, as `brought` says, or as a person on the terminal does. Return what
    there was to decide.
    """
    found = services.call.backups.brought()
    if found.is_empty:
        for line in brought_lines(found) if not console.as_json else ():
            console.notify(f"note: {line}")
        return found
    if brought is None and asks:
        lines = "\n".join(f"  {line}" for line in brought_lines(found))
        is_used = click.confirm(f"The backup also brings:\n{lines}\nUse this here?", err=True)
        brought = "use" if is_used else "leave"
    if brought == "leave":
        services.call.backups.leave_brought()
    elif brought == "use":
        for problem in console.result_of(services, lambda: services.backups.use_brought()):
            console.notify(f"note: {problem.sentence}")
    elif not console.as_json:
        console.notify("note: the backup also brings this, which is not used:")
        for line in brought_lines(found):
            console.notify(f"  {line}")
        console.notify("  slmdesk restore --brought use (or leave) decides on it.")
    return found


def _shape_of(brought: Brought) -> dict[str, Json]:
    return {
        "models": [{"name": model.name, "path": os.fsdecode(model.path)} for model in brought.models],
        "folders": [os.fsdecode(folder.path) for folder in brought.folders],
        "presets": [preset.name for preset in brought.presets],
        "jobs": len(brought.jobs),
    }


@click.command("delete-everything")
@click.option("--models", is_flag=True, help="The models too, but those that are linked.")
@json_option
@click.pass_obj
def delete_everything(console: Console, models: bool) -> int | None:
    """Delete the history, settings, backups, logs and secrets in the keyring, for good; the models stay.

    You type words to confirm it; without a terminal they are read from stdin. Close the window first.
    """
    with console.services() as services:
        erasure = console.result_of(services, lambda: services.erasing.look(models=models))
        if not _is_confirmed(console, erasure, services.models.folder):
            console.notify("Nothing was deleted.")
            return 1
        kept = console.result_of(services, services.erasing.forget_secrets)
    left = erase(find_paths(console.home), erasure)
    for name in kept:
        console.notify(f"note: {name} is still in the system's keyring; remove it there, under “slmdesk”.")
    _report(console, erasure, left)
    return 1 if left or kept else None


def _is_confirmed(console: Console, erasure: Erasure, models: Path) -> bool:
    console.notify(f"This deletes {erasure.files:,} files ({bytes_for_people(erasure.bytes)}) for good:")
    for folder in (*erasure.folders, *erasure.models):
        console.notify(f"  {folder}")
    if not erasure.models:
        console.notify(f"The files of the models stay, in {models}.")
    console.notify("Backups, exports and copies that you made elsewhere stay where they are.")
    if sys.stdin.isatty():
        console.notify(f"To go on, type: {CONFIRMATION}")
    try:
        return input("> " if sys.stdin.isatty() else "").strip() == CONFIRMATION
    except (EOFError, UnicodeDecodeError):
        return False


def _report(console: Console, erasure: Erasure, left: Sequence[Path]) -> None:
    for path in left:
        console.notify(f"error: {path} could not be deleted.")
    models = "" if erasure.models else " and the files of models"
    words = () if left else (f"{erasure.files:,} files deleted. What is left of slmdesk here: the program{models}.",)
    answer(console, {**picked(erasure, "files", "bytes"), "left": list(map(str, left))}, *words)
