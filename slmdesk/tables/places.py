"""Places on the pages of a document, and the search for words there.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slmdesk.base.documents import Page
from slmdesk.base.record import Record
from slmdesk.text.passages.quotes import FoldedText

MOST_QUOTE = 400


class Place(Record):
    page: int
    start: int
    end: int


class PageTexts:
    def __init__(self, pages: Sequence[Page], language: str = "") -> None:
        self.language = language
        self.texts: Mapping[int, str] = {one.number: one.text for one in pages if one.text}
        self._folded: dict[int, FoldedText] = {}

    def find(self, words: str, among: Sequence[Place] = ()) -> Iterator[Place]:
        if among:
            for place in among:
                inside = FoldedText(self.texts[place.page][place.start : place.end])
                for start, end in inside.find_all(words):
                    yield Place(place.page, place.start + start, place.start + end)
            return
        for number, text in self.texts.items():
            if number not in self._folded:
                self._folded[number] = FoldedText(text)
            for start, end in self._folded[number].find_all(words):
                yield Place(number, start, end)

    def whole(self) -> list[Place]:
        return [Place(number, 0, len(text)) for number, text in self.texts.items()]

    def words(self, place: Place) -> str:
        return " ".join(self.texts[place.page][place.start : place.end].split())

    def around(self, place: Place) -> Place:
        """Return the line or lines around a place; of long ones the nearest part."""
        text = self.texts[place.page]
        start = max(text.rfind("\n", 0, place.start) + 1, place.start - MOST_QUOTE // 2)
        end = text.find("\n", place.end)
        return Place(place.page, start, min(len(text) if end < 0 else end, place.end + MOST_QUOTE // 2))

    def within(self, place: Place, start: int, end: int) -> Place:
        """Return a stretch of the words of a place, as `words` gives them."""
        raw = self.texts[place.page][place.start : place.end]
        found = FoldedText(raw).find(" ".join(raw.split())[start:end])
        if found is None:
            return place
        return Place(place.page, place.start + found[0], place.start + found[1])
