"""Names of files for code blocks."""

from __future__ import annotations

import re

OTHERS = {
    "": "txt", "text": "txt", "plaintext": "txt", "txt": "txt", "csv": "csv", "tsv": "tsv", "svg": "svg", "r": "R",
    "makefile": "mk", "make": "mk", "jsx": "jsx", "mermaid": "mmd", "shell": "sh",
}  # fmt: skip
"""Extensions of what Pygments has no lexer for, or calls otherwise."""

_ENDING = re.compile(r"\*\.([A-Za-z0-9_+]{1,10})")


def file_name_of(untrusted_language: str) -> str:
    """The name proposed for code in this language, such as "code.py"; "code.txt" for an unknown one."""
    language = untrusted_language.lower()[:40]
    if language in OTHERS:
        return f"code.{OTHERS[language]}"
    from pygments.lexers import get_lexer_by_name  # here: 25 ms that a chat without code does not pay
    from pygments.util import ClassNotFound

    try:
        patterns = get_lexer_by_name(language).filenames
    except ClassNotFound:
        patterns = []
    endings = (found[1] for pattern in patterns if (found := _ENDING.fullmatch(pattern)))
    return f"code.{next(endings, 'txt')}"
