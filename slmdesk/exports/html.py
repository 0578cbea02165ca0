"""Writes a `Paper` as an HTML file, which loads and runs nothing."""

from __future__ import annotations

from html import escape
from itertools import groupby

from slmdesk.base.charts import svg
from slmdesk.base.documents import Paper, Piece, PieceKind, Run, model_properties, plain

_STYLE = """
body {
  font: 16px/1.55 system-ui, sans-serif;
  max-width: 46rem;
  margin: 2.5rem auto;
  padding: 0 1rem;
  color: #1b1f24;
}
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .5em; }
h1 { margin-top: 0; }
pre {
  background: #f3f4f6;
  padding: .8rem;
  border-radius: 6px;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
code { font: .92em ui-monospace, monospace; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid #c9ced6; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #c9ced6; padding: .35rem .6rem; }
th, td { text-align: left; vertical-align: top; }
th { background: #f3f4f6; }
.said { padding-left: 1rem; border-left: 3px solid #6b8fb5; }
h5, h6 { margin: 1em 0 .5em; }
.small, .cite { color: #59636e; font-size: .88em; }
.item { margin: .25em 0; text-indent: -1.4em; }
p, .item, td, th { overflow-wrap: anywhere; }
del { color: #a3262b; }
ins { color: #1d6b3a; }
@media (prefers-color-scheme: dark) {
body { background: #16191d; color: #e6e9ec; }
pre, th { background: #23272d; }
.small, .cite { color: #a4adb8; }
th, td { border-color: #3d444d; }
del { color: #f0979b; }
ins { color: #86d3a1; }
}
""".strip()


def to_html(paper: Paper) -> str:
    """Return the whole HTML file.

    Its content security policy forbids loading or running anything.
    """
    title = escape(plain(paper.title))
    body = [f"<h1>{title}</h1>"]
    if paper.subtitle:
        body.append(f'<p class="small">{escape(plain(paper.subtitle))}</p>')
    for is_framed, pieces in groupby(paper.pieces, key=lambda piece: piece.said):
        blocks = map(_block, pieces)
        if is_framed:
            body += ['<div class="said">', *blocks, "</div>"]
        else:
            body += blocks
    language = ""
    if paper.language:
        language = f' lang="{escape(paper.language)}"'
    head = ['<meta charset="utf-8">', _POLICY, _VIEWPORT]
    for name, value in model_properties(paper.model).items():
        head.append(f'<meta name="{name}" content="{escape(value)}">')
    head += [f"<title>{title}</title>", f"<style>\n{_STYLE}\n</style>"]
    lines = [
        "<!DOCTYPE html>",
        f"<html{language}>",
        "<head>",
        *head,
        "</head>",
        "<body>",
        *body,
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'


def _block(piece: Piece) -> str:
    words = "".join(_run(run) for run in piece.runs)
    match piece.kind:
        case PieceKind.HEADING:
            return f"<h{piece.level}>{words}</h{piece.level}>"
        case PieceKind.ITEM:
            mark = "&emsp;"
            if piece.mark:
                mark = f"{escape(plain(piece.mark))}&ensp;"
            style = f"margin-left: {piece.level * 1.6:.1f}em"
            return f'<p class="item" style="{style}">{mark}{words}</p>'
        case PieceKind.CODE:
            return f"<pre><code>{escape(plain(piece.text))}</code></pre>"
        case PieceKind.QUOTE:
            return f"<blockquote><p>{words}</p></blockquote>"
        case PieceKind.TABLE:
            rows = [_row(row, "th") for row in piece.rows[:1]]
            rows += [_row(row, "td") for row in piece.rows[1:]]
            return "<table>\n" + "\n".join(rows) + "\n</table>"
        case PieceKind.SMALL:
            return f'<p class="small">{words}</p>'
        case PieceKind.RULE:
            return "<hr>"
        case PieceKind.CHART:
            if piece.chart is None:
                return ""
            return svg(piece.chart)
        case PieceKind.PARAGRAPH:
            return f"<p>{words}</p>"


def _row(cells: tuple[str, ...], tag: str) -> str:
    words = "".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in cells)
    return f"<tr>{words}</tr>"


def _run(run: Run) -> str:
    words = _text(run.text)
    if run.code:
        words = f"<code>{words}</code>"
    if run.italic:
        words = f"<em>{words}</em>"
    if run.bold:
        words = f"<strong>{words}</strong>"
    if run.cite:
        words = f'<span class="cite">{words}</span>'
    if run.change:
        words = f"<{run.change}>{words}</{run.change}>"
    return words


def _text(text: str) -> str:
    return escape(plain(text)).replace("\n", "<br>")
