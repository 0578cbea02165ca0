"""The kinds of jobs there are; a new one has its line here."""

from __future__ import annotations

DOWNLOAD, FOLDER = "download", "index"
"""Kinds that have a runner of their own; a download counts bytes."""
KINDS = {
    "download": "Download",
    "exam": "Exam",
    "pair_exam": "Exam",
    "summary": "Summary",
    "question": "Question",
    "extraction": "Table",
    "comparison": "Comparison",
    "versions": "Comparison",
    "index": "Folder",
    "translation": "Translation",
}
"""What a kind of jobs is called; of others the kind itself is shown."""
