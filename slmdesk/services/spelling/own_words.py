"""The person's own words: a plain list in a file of the home, a word a line, which may be edited by hand.

Of an encrypted history the list is sealed; one that is not yet is sealed when it is first read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.files import write_atomically
from slmdesk.core.sealing import KEY_BYTES, SealBroken, seal, unseal

MOST_BYTES = 4 << 20
MOST_LETTERS = 200
_MARK = b"SLMDESK WORDS 1\n"


class OwnWords:
    """The words of the file, read again when it has changed.  Service thread."""

    def __init__(self, path: Path, key: Callable[[], bytes] = bytes) -> None:
        """`key`: 32 bytes; empty while the history is not encrypted."""
        self._path, self._key = path, key
        self._seen: tuple[int, int] | None = None
        self._words: frozenset[str] = frozenset()

    def words(self) -> frozenset[str]:
        """The words.  Raises KnownError `file.unreadable`."""
        try:
            about = self._path.stat()
            if (seen := (about.st_mtime_ns, about.st_size)) != self._seen:
                self._words, self._seen = self._read(about.st_size), seen
        except FileNotFoundError:
            self._words, self._seen = frozenset(), None
        except (OSError, ValueError) as err:
            reason = getattr(err, "strerror", None) or "it is no text in UTF-8"
            raise KnownError("file.unreadable", path=str(self._path), reason=reason) from err
        return self._words

    def has(self, word: str) -> bool:
        """Whether a word is among them, also with a capital letter at the beginning of a sentence."""
        return word in self._words or (word[:1].isupper() and word[:1].lower() + word[1:] in self._words)

    def add(self, words: frozenset[str]) -> None:
        """Add some words.  Raises KnownError `file.…`, `disk.full`; the file is then as it was."""
        self._write(self.words() | words)

    def remove(self, words: frozenset[str]) -> None:
        """Remove some words.  Raises as `add` does."""
        self._write(self.words() - words)

    def reseal(self) -> None:
        """The history has another key, or none any more: write the list, which was read before, as it asks for.

        Raises KnownError file.…
        """
        if self._words:
            self._write(self._words)

    def _read(self, size: int) -> frozenset[str]:
        if size > MOST_BYTES:
            raise KnownError("file.unreadable", path=str(self._path), reason="it is too large for a list of words")
        untrusted, key = self._path.read_bytes(), self._key()
        is_sealed = untrusted.startswith(_MARK)
        if is_sealed:
            try:
                untrusted = unseal(key or bytes(KEY_BYTES), untrusted.removeprefix(_MARK), _MARK)
            except SealBroken as err:
                raise KnownError("file.unreadable", path=str(self._path), reason="it is sealed otherwise") from err
        lines = untrusted.decode("utf-8-sig").splitlines()
        words = frozenset(word for line in lines if (word := line.strip()) and len(word) <= MOST_LETTERS)
        if bool(key) != is_sealed:
            with suppress(KnownError):  # the next reading tries again
                self._write(words)
        return words

    def _write(self, words: frozenset[str]) -> None:
        data, key = "".join(f"{word}\n" for word in sorted(words)).encode(), self._key()
        write_atomically(self._path, _MARK + seal(key, data, _MARK) if key else data)
        self._words, self._seen = words, None
