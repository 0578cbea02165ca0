"""In which language an export speaks: its headings, columns, states and dates."""

from __future__ import annotations

from slmdesk.base.records import Item
from slmdesk.history.store import Store

DOCUMENT = "document"
"""Stands for the language of the document, or of the words of a chat."""
MOST_CHARACTERS = 4000


def spoken(headings: str, document: str) -> str:
    """Return the language of an export of a document in the language `document` ("" for not known)."""
    return (document or "en") if headings == DOCUMENT else headings


def headings_of(store: Store, item: Item, form: str, headings: str = "") -> str:
    """Return the language in which an item is exported, as `base.language.in_language` takes it.

    `headings`: its code, DOCUMENT, or "" for the language of the program. JSON is English, as programs read it.
    """
    if form == "json":
        return "en"
    return spoken(headings, _of_document(store, item) if headings == DOCUMENT else "")


def _of_document(store: Store, item: Item) -> str:
    known = (store.results.get(item.id) or {}).get("language")
    if isinstance(known, str) and known:
        return known
    from slmdesk.base.text.sentences import LANGUAGES, detect  # late: few exports ask for it

    documents = store.documents.of_item(item.id)
    words = [page.text for document in documents for page in store.pages.of_document(document.id, limit=1)]
    words = words or [message.words for message in store.messages.of_item(item.id)]
    return detect("\n".join(words)[:MOST_CHARACTERS], LANGUAGES)[0] or ""
