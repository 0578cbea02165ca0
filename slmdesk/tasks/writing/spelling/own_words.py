"""The person's own words.

The words are in a plain text file, one word a line, which may be edited by hand. If the history is encrypted, the file
is encrypted too. A file that is still plain, or has an earlier key, is encrypted again when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.sealing import SealBroken, seal, unseal
from slmdesk.base.texts import _

if TYPE_CHECKING:
    pass


MOST_BYTES = 4 << 20
MOST_LETTERS = 200
_MARK = b"SLMDESK WORDS 1\n"


class OwnWords:
    """The person's own words, stored in a file that is read again when it has changed. Service thread."""

    def __init__(self, path: Path, keys: Callable[[], Sequence[bytes]] = lambda: (b"",)) -> None:
        """Use the file at `path`.

        `keys` returns the current 32-byte key, which is empty while the history is not encrypted, and then the earlier
        keys that may still open the file.
        """
        self._path, self._keys = path, keys
        self._seen: tuple[int, int] | None = None
        self._words: frozenset[str] = frozenset()
        self._is_current = True
        """Whether the file is encrypted with the current key, or plain if there is none."""

    def words(self) -> frozenset[str]:
        """Return all words. Raises KnownError `file.unreadable`."""
        try:
            about = self._path.stat()
            if (seen := (about.st_mtime_ns, about.st_size)) != self._seen:
                self._words, self._seen = self._read(about.st_size), seen
                if not self._is_current:
                    with suppress(KnownError):  # the next reading tries again
                        self._write(self._words)
        except FileNotFoundError:
            self._words, self._seen = frozenset(), None
        except (OSError, ValueError) as err:
            reason = getattr(err, "strerror", None) or _("it is no text in UTF-8")
            raise KnownError("file.unreadable", path=str(self._path), reason=reason) from err
        return self._words

    def has(self, word: str) -> bool:
        """Return whether a word is included, also if it is capitalised at the beginning of a sentence."""
        return word in self._words or (word[:1].isupper() and word[:1].lower() + word[1:] in self._words)

    def add(self, words: frozenset[str]) -> None:
        """Add words. Raises KnownError `file.…`, `disk.full`; then the file stays unchanged."""
        self._write(self.words() | words)

    def remove(self, words: frozenset[str]) -> None:
        """Remove words. Raises as `add` does."""
        self._write(self.words() - words)

    def reseal(self) -> None:
        """Write the file again with the current key of the history, or plain if there is none, unless it is so already.

        Raises KnownError file.…, `disk.full`
        """
        self._seen = None
        words = self.words()
        if not self._is_current:
            self._write(words)

    def _read(self, size: int) -> frozenset[str]:
        if size > MOST_BYTES:
            raise KnownError("file.unreadable", path=str(self._path), reason=_("it is too large for a list of words"))
        untrusted, (key, *former) = self._path.read_bytes(), self._keys()
        opened_by = b""
        if untrusted.startswith(_MARK):
            opened_by, untrusted = self._opened(untrusted.removeprefix(_MARK), (key, *former))
        lines = untrusted.decode("utf-8-sig").splitlines()
        words = frozenset(word for line in lines if (word := line.strip()) and len(word) <= MOST_LETTERS)
        self._is_current = opened_by == key
        return words

    def _opened(self, sealed: bytes, keys: Sequence[bytes]) -> tuple[bytes, bytes]:
        for key in filter(None, keys):
            with suppress(SealBroken):
                return key, unseal(key, sealed, _MARK)
        raise KnownError("file.unreadable", path=str(self._path), reason=_("it is sealed otherwise"))

    def _write(self, words: frozenset[str]) -> None:
        data = "".join(f"{word}\n" for word in sorted(words)).encode()
        key = self._keys()[0]
        write_atomically(self._path, _MARK + seal(key, data, _MARK) if key else data)
        self._words, self._seen, self._is_current = words, None, True
