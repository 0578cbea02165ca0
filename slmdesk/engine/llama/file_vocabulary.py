"""The vocabulary of a model file that is not loaded, for counting tokens."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.engine.llama.vocabulary import Vocabulary, open_vocabulary
from slmdesk.gguf.read import check_file


class FileVocabulary:
    """Counts tokens with the vocabulary of a file; the one last used stays open.  Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: tuple[object, Vocabulary, ExitStack] | None = None

    def count(self, path: Path, texts: Sequence[str]) -> list[int]:
        """Raises KnownError `model.…`."""
        with self._lock:
            vocabulary = self._vocabulary_of(path)
            return [vocabulary.count(text) for text in texts]

    def close(self) -> None:
        with self._lock:
            self._close()

    def _vocabulary_of(self, path: Path) -> Vocabulary:
        header = check_file(path)
        if header.kind not in ("model", "vocabulary", "encoder", "split"):
            raise KnownError("model.wrong_kind", kind=header.kind)
        info = path.stat()
        identity = (str(path), info.st_size, info.st_mtime_ns)
        if self._opened is None or self._opened[0] != identity:
            self._close()
            stack = ExitStack()
            self._opened = (identity, stack.enter_context(open_vocabulary(path)), stack)
        return self._opened[1]

    def _close(self) -> None:
        if self._opened is not None:
            self._opened[2].close()
            self._opened = None
