"""Syntax colours for closed code blocks, by Pygments."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QFont, QTextCharFormat

from slmdesk.window.markdown.parser import Deadline
from slmdesk.window.markdown.style import ViewStyle

LONGEST = 20_000
"""Characters; longer code stays in one colour."""

LANGUAGES = {
    name: name for name in (
        "bash", "c", "cpp", "csharp", "css", "diff", "go", "haskell", "html", "ini", "java", "javascript", "json",
        "julia", "kotlin", "latex", "lua", "makefile", "matlab", "perl", "php", "powershell", "python", "r", "ruby",
        "rust", "scala", "sql", "swift", "toml", "typescript", "xml", "yaml",
    )
} | {
    "c++": "cpp", "cs": "csharp", "c#": "csharp", "js": "javascript", "jsx": "javascript", "md": "", "py": "python",
    "python3": "python", "rb": "ruby", "rs": "rust", "sh": "bash", "shell": "bash", "tex": "latex", "ts": "typescript",
    "yml": "yaml", "zsh": "bash", "kt": "kotlin", "make": "makefile",
}  # fmt: skip
"""Names that stand behind a fence, to Pygments' own.  A closed list: a lexer is run on text nobody has looked at."""

_KINDS = (
    ("Token.Comment", "comment"), ("Token.Keyword", "word"), ("Token.Operator.Word", "word"),
    ("Token.Literal.String", "string"), ("Token.Literal.Number", "number"), ("Token.Name.Tag", "word"),
    ("Token.Name.Function", "name"), ("Token.Name.Class", "name"), ("Token.Name.Decorator", "number"),
    ("Token.Name.Attribute", "number"), ("Token.Generic.Deleted", "deleted"), ("Token.Generic.Inserted", "string"),
)  # fmt: skip


class Highlighter:
    def __init__(self, style: ViewStyle) -> None:
        theme = style.theme
        tokens = {
            "comment": "muted", "word": "code_word", "string": "code_string", "number": "code_number",
            "name": "accent", "deleted": "danger",
        }  # fmt: skip
        self._plain = style.mono
        self._formats: dict[str, QTextCharFormat] = {}
        for kind, token in tokens.items():
            made = QTextCharFormat(style.mono)
            made.setForeground(theme.colour(token))
            if theme.name == "contrast" and kind == "word":  # one ink: weight tells what colour cannot
                made.setFontWeight(QFont.Weight.Bold)
            self._formats[kind] = made

    def pieces(self, code: str, language: str, deadline: Deadline) -> Iterator[tuple[str, QTextCharFormat]]:
        """The code in order, nothing added or lost; one piece where the language is unknown.

        Raises FormattingTimeoutError.
        """
        name = LANGUAGES.get(language.lower(), "")
        if not name or len(code) > LONGEST:
            yield code, self._plain
            return
        from pygments.lexers import get_lexer_by_name  # here: 25 ms that a chat without code does not pay

        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
        for kind, piece in lexer.get_tokens(code):
            deadline.check()
            yield piece, self._format(str(kind))

    def _format(self, kind: str) -> QTextCharFormat:
        for start, name in _KINDS:
            if kind.startswith(start):
                return self._formats[name]
        return self._plain
