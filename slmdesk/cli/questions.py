"""The command `slmdesk ask`: asks documents a question and prints the answer with the passages that support it."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import click

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import CollectionRecord, DocumentRecord, Status
from slmdesk.base.runtime.events import Event, MessageEnded, PromptProgress
from slmdesk.base.types import Json, parts_words
from slmdesk.cli.console import (
    Console,
    NamedFile,
    ReportedError,
    json_option,
    no_save_option,
    refuse,
)
from slmdesk.cli.reading import ask_password, each_read, index, open_document
from slmdesk.documents.types import CollectionStatus, folder_words, info_of, unread, unread_parts
from slmdesk.services import Services
from slmdesk.tasks.questions.prompt import Answered
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered, QuestionPlanned


@click.command()
@click.argument("files", nargs=-1, type=NamedFile(), metavar="FILE_OR_FOLDER...")
@click.argument("question")
@click.option("-m", "--model", help="Id or name, or its beginning.")
@click.option("-q", "--item", help="A question this one follows; without files it is put to the same ones.")
@click.option("--password", is_flag=True, help="Ask for the password of each locked document first.")
@no_save_option
@json_option
@click.pass_obj
def ask(
    console: Console,
    files: tuple[Path, ...],
    question: str,
    model: str | None,
    item: str | None,
    password: bool,
    no_save: bool,
) -> int | None:
    """Ask documents, or all documents of a folder, the QUESTION.  Each citation is verified to be on the page it names.

    New documents in a folder are read first.
    """
    folders = [file for file in files if file.is_dir()]
    refuse(not question.strip(), "The question is empty.")
    refuse(not files and not item, "Missing argument 'FILE_OR_FOLDER...'.")
    refuse(no_save and item, "--no-save keeps nothing, so it cannot go on with a saved question (-q).")
    refuse(folders and len(files) > 1, "Give one folder, or files.")
    locked = files if password and not folders else ()
    secrets = {file: ask_password(file) for file in locked}
    with console.services(lambda _settings: not no_save) as services:
        asked = _asked(console, services, files, secrets, item)
        if item and files:
            _say_change(console, services, item, asked)
        ended, answered = _answer(console, services, asked.request(question, item, model))
        if ended.problem is not None:
            raise ReportedError(ended.problem)
        if answered is None:
            raise KeyboardInterrupt
        unsaved = services.call.chats.answers.save_end(ended.message.id)
        shape: dict[str, Json] = {}
        if console.as_json:
            shape = _shape_of(services, ended, asked, is_kept=not no_save)
        else:
            console.say(ended.message.text)
            for note in filter(None, (answered.reading_words, answered.documents_words, *asked.unread_words)):
                console.notify(f"note: {note}")
        if unsaved is not None:
            console.fail(unsaved.code, unsaved.sentence, unsaved.args, shape)
            console.notify("note: the answer is whole, but the history does not have it.")
            return 1
        if console.as_json:
            console.give(shape)
        with suppress(KeyboardInterrupt):  # what was read is saved for the next question
            console.result_of(services, services.states.when_quiet)
    return 1 if asked.failed else None


class _Asked(Record):
    documents: Sequence[DocumentRecord]
    folder: CollectionRecord | None = None
    failed: Sequence[Mapping[str, Json]] = ()
    unread: Sequence[tuple[DocumentRecord, Sequence[Page]]] = ()

    @property
    def unread_words(self) -> Iterator[str]:
        """Sentences on what in the documents was not read, with their names. A folder's own line counts its files."""
        for document, pages in self.unread:
            yield f"{document.name}: {unread(list(pages), info_of(document).page_kind)}"
        for document in () if self.folder else self.documents:
            if words := parts_words(unread_parts(document.info)):
                yield f"{document.name}: {words}"

    @property
    def ids(self) -> tuple[str, ...]:
        """Id of the folder, or those of the documents."""
        return (self.folder.id,) if self.folder else tuple(document.id for document in self.documents)

    @property
    def names(self) -> str:
        return self.folder.name if self.folder else ", ".join(document.name for document in self.documents)

    def request(self, question: str, item: str | None, model: str | None) -> AskRequest:
        if self.folder:
            return AskRequest(question, (), collection=self.folder.id, item=item, model=model)
        return AskRequest(question, self.ids, item=item, model=model)


def _asked(
    console: Console, services: Services, files: Sequence[Path], secrets: Mapping[Path, str], item: str | None
) -> _Asked:
    """Return the documents or folder to ask, having them read if needed. Raises KnownError if nothing could be read."""
    if not files and item:
        folder, known = services.call.questions.about(item)
        return _folder(console, services, Path(os.fsdecode(folder.path))) if folder else _documents(services, known)
    # a document read before can be asked although its drive is not connected now
    if files[0].is_dir() or services.call.collections.at(files[0]):
        return _folder(console, services, files[0])
    records, failed = each_read(
        console, files, lambda file: open_document(console, services, file, password=secrets.get(file, ""))
    )
    return _documents(services, records, failed)


def _folder(console: Console, services: Services, place: Path) -> _Asked:
    known = services.call.collections.at(place)
    state = index(console, services, place)
    if not state.documents and state.status is CollectionStatus.CURRENT:
        id = state.record.id
        if not known:  # the folder was only added for this question
            console.result_of(services, lambda: services.collections.forget(id))
        code = "collection.empty"
        if state.later:
            code = "collection.changing"
        raise KnownError(code, name=state.record.name)
    if state.status is not CollectionStatus.CURRENT or state.unread or state.later:
        console.notify(f"note: {folder_words(state)}")
    return _Asked(services.call.collections.readable(state.record.id), state.record)


def _documents(
    services: Services, records: Sequence[DocumentRecord], failed: Sequence[Mapping[str, Json]] = ()
) -> _Asked:
    def pages_of(document: DocumentRecord) -> list[Page]:
        return services.documents.pages(document.id, limit=max(1, document.pages), with_text=False)

    pages = services.service_thread.call(lambda: [(record, pages_of(record)) for record in records])
    without = [(document, [page for page in parts if page.status is not PageStatus.READ]) for document, parts in pages]
    return _Asked(records, None, failed, [(document, missing) for document, missing in without if missing])


def _say_change(console: Console, services: Services, item: str, asked: _Asked) -> None:
    folder, documents = services.call.questions.about(item)
    was = _Asked(documents, folder)
    if set(was.ids) != set(asked.ids):
        console.notify(f"note: this conversation was about {was.names}; from here on it is about {asked.names}.")


def _answer(console: Console, services: Services, request: AskRequest) -> tuple[MessageEnded, Answered | None]:
    """Ask the question and wait. Return how the answer ended and its verified result (None if it did not end well)."""
    received: queue.SimpleQueue[Event] = queue.SimpleQueue()
    services.on(Event, received.put)
    sent = services.call.questions.ask(request)
    ended: MessageEnded | None = None
    try:
        while True:
            event = console.next_of(received)
            if isinstance(event, QuestionPlanned) and event.message == sent.answer.id:
                what = "the whole text" if event.is_whole else f"the {event.passages} best passages"
                console.notify(f"reading {what}, {event.tokens:,} tokens")
            elif isinstance(event, PromptProgress) and event.message == sent.answer.id:
                console.progress("reading", event.read, event.total)
            elif isinstance(event, MessageEnded) and event.message.id == sent.answer.id:
                console.end_progress()
                ended = event
                if event.message.status is not Status.COMPLETE:
                    return event, None
            elif isinstance(event, QuestionAnswered) and event.message == sent.answer.id and ended:
                return ended, event.answered
    except KeyboardInterrupt:
        services.service_thread.call(lambda: services.questions.stop(sent.answer.id), 5.0)
        raise


def _shape_of(services: Services, ended: MessageEnded, asked: _Asked, *, is_kept: bool) -> dict[str, Json]:
    view = services.call.tasks.open(ended.message.item)
    task = services.tasks.task(view.item.kind)
    shape = services.service_thread.call(lambda: task.shape(view, services.task_context))
    if not is_kept:
        shape |= {"item": None, "message": None}
    if asked.failed:
        shape["failed"] = list(asked.failed)
    return shape
