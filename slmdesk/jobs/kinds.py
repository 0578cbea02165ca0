"""The kinds of jobs and their names for people; a new kind is added here."""

from __future__ import annotations

RUNNERS = DOWNLOAD, FOLDER = "download", "index"
"""Kinds that have a runner of their own and need no engine; a download counts bytes."""
EXAM = "exam"
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
