"""Model files that are dragged onto the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QDropEvent

MODEL_SUFFIX = ".gguf"
MODEL_FILTER = "Model files (*.gguf);;All files (*)"
"""For file dialogs."""


def model_files(event: QDropEvent) -> list[Path]:
    """The model files among what is dragged, judged by name alone."""
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for url in urls if (path := Path(url.toLocalFile())).suffix.lower() == MODEL_SUFFIX]
