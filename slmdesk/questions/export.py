"""Exports questions about documents, with their answers and with the coverage of each document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from slmdesk.base.documents import PageStatus
from slmdesk.base.protocol import stored_dict
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import Item
from slmdesk.base.texts import retold
from slmdesk.base.types import Json
from slmdesk.chat.service import ChatService
from slmdesk.exports.papers import ReadDocument, chat_shape, question_paper
from slmdesk.library.types import SkippedDocument, info_of, unread_parts
from slmdesk.questions.prompt import Answered
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.store import Store

FORMAT = "slmdesk-question"


def export_question(
    store: Store, chats: ChatService, unread: Callable[[str], Sequence[SkippedDocument]], item: Item, form: str
) -> Make:
    held, documents, missing = chats.open(item.id), _read_of(store, item), _not_read_of(store, unread, item)
    if form == "json":
        chat = chat_shape(held.item, chats.messages(item.id), held.messages)
        answers = stored_dict(Answered, (store.results.get(item.id) or {}).get("answers"))
        states: Json = {id: {**to_json(answer), "state": answer.state} for id, answer in answers.items()}
        skipped: list[Json] = [{"name": name, "reason": reason} for name, reason in missing]
        about = {"documents": [_json_of(document) for document in documents], "not_read": skipped, "answers": states}
        return lambda: json_bytes({**chat, "format": FORMAT, **about})
    return lambda: question_paper(held.item, held.messages, list(map(_retold, documents)), missing)


def _retold(document: ReadDocument) -> ReadDocument:
    return changed(document, unread=[(page, retold(reason)) for page, reason in document.unread])


def _read_of(store: Store, item: Item) -> list[ReadDocument]:
    documents: list[ReadDocument] = []
    for document in store.documents.of_item(item.id):
        pages = store.pages.of_document(document.id, limit=max(1, document.pages), with_text=False)
        unread = [
            (page.number, page.reason or page.status.value) for page in pages if page.status is not PageStatus.READ
        ]
        kind, parts = info_of(document).page_kind.value, unread_parts(document.info)
        documents.append(ReadDocument(document.name, kind, len(pages), unread, parts))
    return documents


def _json_of(document: ReadDocument) -> Json:
    read = document.pages - len(document.unread)
    reasons: list[Json] = [{"page": page, "reason": reason} for page, reason in document.unread]
    coverage: dict[str, Json] = {"pages_total": document.pages, "pages_read": read, "unreadable": reasons}
    if document.parts:
        coverage["parts"] = list(document.parts)
    return {"name": document.name, "page_kind": document.page_kind, "coverage": coverage}


def _not_read_of(store: Store, unread: Callable[[str], Sequence[SkippedDocument]], item: Item) -> list[tuple[str, str]]:
    folder = item.settings.get("collection")
    if not isinstance(folder, str) or all(collection.id != folder for collection in store.collections.all()):
        return []
    return [(Path(document.path).name, document.sentence) for document in unread(folder)]
